// On a phone, a table of sentences has columns of two words. There each of its rows becomes a card
// whose lines begin with the name of their column; see course.css. So do other tables of the same
// columns on the page. Numbers stand below each other.
(() => {
  const LONG = 45, SHORT = 6;  // letters of a cell that is a sentence, and of one that needs no room
  const NUMBER = /^[-+\u2212±]?\s?[€$£]?(?!0\d)[\d.,\s]*\d(\s?(%|min|s|ms|MB|GB))?$/, NONE = /^[-–—?]?$/;
  document.addEventListener("DOMContentLoaded", () => {
    const read = [];
    for (const table of document.querySelectorAll("article table")) {
      const heads = [...table.querySelectorAll("thead tr:last-child > *")].map((each) => each.textContent.trim());
      const rows = [...table.querySelectorAll("tbody tr")].map((row) => [...row.children]);
      const whole = rows.every((row) => row.length === heads.length);
      if (!rows.length || !whole || table.closest(".explorable")) continue;
      const columns = heads.map((_, place) => rows.map((row) => row[place].textContent.trim()));
      columns.forEach((texts, place) => {
        if (!texts.some((each) => NUMBER.test(each)) || !texts.every((each) => NUMBER.test(each) || NONE.test(each))) return;
        const head = table.querySelector("thead tr:last-child").children[place];
        for (const cell of [head, ...rows.map((row) => row[place])]) cell.classList.add("number");
      });
      const longest = columns.map((texts) => Math.max(...texts.map((each) => each.length)));
      const narrow = longest.filter((each) => each > SHORT).length === 1;  // a timetable
      const cards = heads.length > 2 && !narrow && Math.max(...longest) >= LONG;
      read.push({ table, heads, rows, cards, name: heads.join("|") });
    }
    const same = new Set(read.filter(({ cards }) => cards).map(({ name }) => name));
    for (const { table, heads, rows, name } of read) {
      if (!same.has(name)) continue;
      table.classList.add("cards");
      let head = "";  // what a row without one of its own goes on with
      for (const [first] of rows) {
        const own = first.textContent.trim();
        if (!own && head) first.dataset.head = head;
        head = own || head;
      }
      for (const row of rows) row.forEach((cell, place) => { if (place && heads[place] && cell.textContent.trim()) cell.dataset.column = heads[place]; });
    }
  });
})();
