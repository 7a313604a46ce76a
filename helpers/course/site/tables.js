// On a phone a table of many columns may break its words; where they fit, they stay whole.
(() => {
  const fit = () => {
    for (const table of document.querySelectorAll("article table")) {
      const around = table.parentElement, right = parseFloat(getComputedStyle(around).paddingRight);
      table.classList.add("whole");
      const room = around.getBoundingClientRect().right - right - table.getBoundingClientRect().right;
      table.classList.toggle("whole", room > -0.5);
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    fit();
    addEventListener("resize", fit);
    // what was folded or hidden had no width
    document.addEventListener("toggle", fit, true);
    document.addEventListener("click", fit);
  });
})();
