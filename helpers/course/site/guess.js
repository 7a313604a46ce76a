// After a "Guess first" the answer waits behind a button. Without a script, on paper and for
// whoever searches the page for a word, it is there.
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
    // a link into an answer opens it
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const veiled = target && target.closest("[hidden]");
    if (veiled) { veiled.dispatchEvent(new Event("beforematch")); target.scrollIntoView(); }
  });
})();
