// In the menu, a lesson whose quiz was answered in this browser has a tick.
(() => {
  const tick = () => {
    document.querySelectorAll(".done").forEach((each) => each.remove());
    for (const link of document.querySelectorAll(".sidebar-tree .toctree-l1 > a, nav li > a")) {
      const page = link.pathname.split("/").pop();  // that of a link to the page itself, too
      if (!remembered.get(`done:${page}`)) continue;
      const done = document.createElement("span");
      done.className = "done";
      done.textContent = "✓";
      done.setAttribute("role", "img");
      done.setAttribute("aria-label", "quiz answered");
      done.title = "quiz answered";
      link.after(done);
    }
  };
  document.addEventListener("DOMContentLoaded", tick);
  document.addEventListener("quiz-told", tick);
})();
