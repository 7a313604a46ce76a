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
    const next = part && part.nextElementSibling;
    return next && (!part.matches("article, section") || answers(next)) ? next : null;
  }

  // all from a question to the next heading: what follows a result often names it again; another
  // question comes when this one is answered
  function answer(question) {
    const found = [];
    let next = null;
    const take = (part) => {  // false: enough
      if (answers(part)) { found.push(part); return true; }
      if (part.matches(STOPS)) return false;
      if (part.matches("p") && asks(part)) { next = part; return false; }
      // a run's page has the words before a heading and the heading in one cell
      if (asks(part) || part.querySelector("h2, h3")) return [...part.children].every(take);
      const code = part.querySelector("details.hide, details.set-up");
      const shown = part.querySelector(".cell_output, .output, .output_wrapper");
      if ((!code || shown) && (part.textContent.trim() || part.querySelector(RESULT))) found.push(part);
      return true;
    };
    for (let part = following(question); part && take(part); part = following(part));
    return { found, next };
  }

  // the decision below names what was to be guessed
  const answers = (part) => {
    const heading = part.matches("section") ? part.querySelector(":scope > h3") : part.matches("h3") && part;
    return heading && heading.textContent.trim().startsWith("The answer");
  };

  const asks = (part) => [part, ...part.querySelectorAll("p")].some(
    (each) => each.matches("p") && ASKED.test(each.textContent));

  // a search of the page finds it and opens it; a bare table knows only plain hiding
  function hide(part, open) {
    part.setAttribute("hidden", part.matches("table") ? "" : "until-found");
    part.addEventListener("beforematch", open);
    part.classList.add("guess-first");
  }

  document.addEventListener("DOMContentLoaded", () => {
    const asked = [...document.querySelectorAll("article p")].filter(
      (each) => ASKED.test(each.textContent) && !each.closest("details, fieldset"));
    for (const question of asked) question.classList.add("guess");
    const opens = new Map();
    for (const question of asked) {
      const { found: parts, next } = answer(question);
      if (!parts.length) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "guessed";
      button.textContent = "I have guessed: show me";
      const open = () => {
        const before = [...opens].find(([, other]) => other.next === question);
        if (before) before[1].open();
        parts.forEach((part) => part.removeAttribute("hidden"));
        button.remove();
        if (!opens.has(next)) return;
        next.removeAttribute("hidden");
        opens.get(next).button.removeAttribute("hidden");
      };
      opens.set(question, { open, button, next });
      button.addEventListener("click", () => {
        open();
        parts[0].tabIndex = -1;
        parts[0].focus({ preventScroll: true });
      });
      for (const part of parts) hide(part, open);
      question.append(button);
    }
    for (const { next, open } of opens.values()) {
      if (!opens.has(next)) continue;
      hide(next, open);
      opens.get(next).button.hidden = true;
    }
    const all = document.querySelector(".all-results"), key = "all-results";
    if (all && opens.size) {
      let shown = false;
      const show = () => {
        shown = true;
        opens.forEach(({ open }) => open());
        all.textContent = "Let me guess first";
      };
      all.textContent = "Show all results";
      all.hidden = false;
      if (remembered.get(key)) show();
      all.addEventListener("click", () => {
        remembered.set(key, shown ? null : "yes");
        if (shown) location.reload(); else show();
      });
    }
    // a link into an answer opens it
    const uncover = () => {
      const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      const veiled = target && target.closest("[hidden]");
      if (veiled) { veiled.dispatchEvent(new Event("beforematch")); target.scrollIntoView(); }
    };
    uncover();
    window.addEventListener("hashchange", uncover);
  });
})();
