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
    const filter = () => {
      const wanted = field.value.trim().toLowerCase();
      const called = terms.filter(({ term }) => term.includes(wanted));
      const shown = new Set(called.length ? called : terms.filter(({ all }) => all.includes(wanted)));
      terms.forEach((each) => { each.section.hidden = !shown.has(each); });
      letters.hidden = wanted !== "";
      count.textContent = wanted ? shown.size ? `${shown.size} of ${terms.length} terms` : "No term has that. Try fewer letters." : "";
    };
    field.addEventListener("input", filter);
    addEventListener("pageshow", filter);  // a browser that goes back brings what was typed
    const reach = () => {  // a link to a term that is hidden
      const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (!there || !there.closest("[hidden]")) return;
      field.value = "";
      filter();
      there.scrollIntoView();
    };
    addEventListener("hashchange", reach);
    addEventListener("click", (event) => { if (event.target.closest("a")) setTimeout(reach); });
  });
})();
