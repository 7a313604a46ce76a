// Arrow keys choose every radio button on their way. So what they choose is an answer only when
// Enter or the space bar is pressed, or when the keyboard goes on; a click answers at once.
function whenChosen(field, said, judge) {
  let passing = false, waiting = null;
  const settle = () => {
    if (waiting === null) return;
    const place = waiting;
    waiting = null;
    judge(place);
  };
  field.addEventListener("keydown", ({ key }) => {
    passing = key.startsWith("Arrow");
    if (key === "Enter" || key === " ") settle();
  });
  field.addEventListener("keyup", () => { passing = false; });
  field.addEventListener("change", ({ target }) => {
    waiting = [...field.querySelectorAll("input")].indexOf(target);
    if (!passing) return settle();
    said.classList.remove("right");
    said.textContent = "Enter says whether this is right.";
  });
  field.addEventListener("focusout", ({ relatedTarget }) => { if (!field.contains(relatedTarget)) settle(); });
}
