// A field above the glossary's letters leaves the terms whose name has what is typed; if there is
// none, those whose sentences have it.
(() => {
  document.addEventListener("DOMContentLoaded", () => {
    const letters = document.querySelector(".letters");
    if (!letters) return;
    const terms = [...letters.parentElement.querySelectorAll(":scope > section")].map((section) => {
      const term = section.querySelector("h2, h3").firstChild.textContent.toLowerCase();
      return { section, term, all: section.textContent.toLowerCase() };
    });
    const field = document.createElement("input"), label = document.createElement("label");
    const count = document.createElement("span");
    field.type = "search";
    count.setAttribute("role", "status");
    label.append("Find a term ", field);
    label.className = "find-term";
    letters.before(label, count);
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      const called = terms.filter(({ term }) => term.includes(wanted));
      const shown = new Set(called.length ? called : terms.filter(({ all }) => all.includes(wanted)));
      terms.forEach((each) => { each.section.hidden = !shown.has(each); });
      letters.hidden = wanted !== "";
      count.textContent = wanted ? `${shown.size} of ${terms.length} terms` : "";
    });
  });
})();
