// After a "Guess first" the answer waits behind a button. Without a script, on paper and for
// whoever searches the page for a word, it is there. A run's pages have a switch for all answers at
// once, for whoever reads them each month; the next page remembers it.
(() => {
  const ASKED = /(^|[.!?)…”"]\s)Guess( first|, and write it down)?[:.]/;
  const STOPS = "section, h1, h2, h3, fieldset, .quiz-folds, nav";
  const RESULT = "img, table, svg, .explorable";

  // what stands after it on the page, whatever it is nested in
  function following(part) {
    while (part && !part.nextElementSibling && !part.matches("article, section")) part = part.parentElement;
    return part && !part.matches("article, section") ? part.nextElementSibling : null;
  }

  function answer(question) {
    const found = [];
    for (let part = following(question); part && found.length < 6; part = following(part)) {
      if (part.matches(STOPS) || asks(part) || part.querySelector("h2, h3")) break;
      if (part.matches("details") || !part.textContent.trim() && !part.querySelector(RESULT)) continue;
      if (part.querySelector("details.hide, details.set-up") && !part.querySelector(".cell_output, .output, .output_wrapper")) continue;
      found.push(part);
      if (part.querySelector(RESULT) || part.matches(RESULT)) return found;
    }
    return found;
  }

  const asks = (part) => [part, ...part.querySelectorAll("p")].some(
    (each) => each.matches("p") && ASKED.test(each.textContent));

  document.addEventListener("DOMContentLoaded", () => {
    const asked = [...document.querySelectorAll("article p")].filter(
      (each) => ASKED.test(each.textContent) && !each.closest("details, fieldset"));
    const opens = [];
    for (const question of asked) {
      const parts = answer(question);
      if (!parts.length) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "guessed";
      button.textContent = "I have guessed: show me";
      const open = () => {
        parts.forEach((part) => part.removeAttribute("hidden"));
        button.remove();
      };
      opens.push(open);
      button.addEventListener("click", () => {
        open();
        parts[0].tabIndex = -1;
        parts[0].focus({ preventScroll: true });
      });
      for (const part of parts) {
        part.setAttribute("hidden", "until-found");
        part.addEventListener("beforematch", open);
        part.classList.add("guess-first");
      }
      question.after(button);
    }
    const all = document.querySelector(".all-results"), key = "all-results";
    if (all && opens.length) {
      let shown = false;
      const show = () => {
        shown = true;
        opens.forEach((open) => open());
        all.textContent = "Let me guess first";
      };
      all.textContent = "Show all results";
      all.hidden = false;
      try { if (localStorage.getItem(key)) show(); } catch { /* private */ }
      all.addEventListener("click", () => {
        try { if (shown) localStorage.removeItem(key); else localStorage.setItem(key, "yes"); } catch { /* private */ }
        if (shown) location.reload(); else show();
      });
    }
    // a link into an answer opens it
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const veiled = target && target.closest("[hidden]");
    if (veiled) { veiled.dispatchEvent(new Event("beforematch")); target.scrollIntoView(); }
  });
})();
