// On a run's pages the list of sections is open where there is room beside the text; elsewhere it
// folds itself once a section is chosen.
document.addEventListener("DOMContentLoaded", () => {
  const list = document.querySelector(".contents details"), room = matchMedia("(min-width: 78rem)");
  if (!list) return;
  const fit = () => { list.open = room.matches; };
  fit();
  room.addEventListener("change", fit);
  list.addEventListener("click", (event) => { if (event.target.closest("a")) fit(); });
});
