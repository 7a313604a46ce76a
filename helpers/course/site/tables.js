// On a phone, a table of sentences has columns of two words. There each of its rows becomes a card
// whose lines begin with the name of their column; see course.css.
(() => {
  const LONG = 45;  // letters of a cell that is a sentence
  document.addEventListener("DOMContentLoaded", () => {
    for (const table of document.querySelectorAll("article table")) {
      const heads = [...table.querySelectorAll("thead tr:last-child > *")].map((each) => each.textContent.trim());
      const rows = [...table.querySelectorAll("tbody tr")].map((row) => [...row.children]);
      const told = rows.flat().some((cell) => cell.textContent.trim().length >= LONG);
      const whole = rows.every((row) => row.length === heads.length);
      if (heads.length < 3 || !told || !whole || table.closest(".explorable")) continue;
      table.classList.add("cards");
      let head = "";  // what a row without one of its own goes on with
      for (const [first] of rows) {
        const own = first.textContent.trim();
        if (!own && head) first.dataset.head = head;
        head = own || head;
      }
      for (const row of rows) row.forEach((cell, place) => { if (place && heads[place]) cell.dataset.column = heads[place]; });
    }
  });
})();
