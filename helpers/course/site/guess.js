// After a "Guess first" the answer waits until somebody has chosen one of the options that the
// question names, or typed something, or asks to see it; what was said stays above the answer, and
// the text below tells what is right. Without a script, on paper and for whoever searches the page
// for a word, the answer is there. A run's pages have a switch for all answers at once, for whoever
// reads them each month; the next page remembers it.
(() => {
  const ASKED = /(^|[.!?)…”"]\s)Guess( first|, and write it down)?[:.]/;
  const STOPS = "section, h1, h2, h3, fieldset, .quiz-folds, nav";
  const RESULT = "img, table, svg, .explorable";
  const OPEN = /\b(how|which|what|who|whom|whose|why)\b/i;  // asks for more than yes or no
  const VERB = "(?:is|are|was|were|do|does|did|may|can|could|will|would|must|should|has|have)\\b";

  // what is asked, a sentence each: behind the word "Guess", or before it
  function sentences(question) {
    const text = question.textContent.replace(/\s+/g, " "), { index, 0: word } = ASKED.exec(text);
    const asked = (part) => part.replace(/([.?!][)”"]?) /g, "$1\n").split("\n").map((each) => each.trim())
      .filter((each) => /\?[)”"]?$/.test(each));
    const after = asked(text.slice(index + word.length));
    return after.length ? after : asked(text.slice(0, index + 1)).slice(-1);
  }

  // the options that a question names, such as "5, 10 or 25", or yes and no; where that isn't sure, none
  function options(asked) {
    if (asked.length !== 1) return [];
    const [sentence] = asked, found = (pattern) => (pattern.exec(sentence) || []).slice(1);
    const list = (text, words) => {
      const parts = text.split(/,? or |, /).map((each) => each.trim());
      const fits = (part) => part && part.split(" ").length <= words && !OPEN.test(part) && !new RegExp(`^${VERB}`, "i").test(part);
      return / or /.test(text) && parts.every(fits) && new Set(parts).size === parts.length ? parts : [];
    };
    const letters = found(/(?:^|[^,]\s)([A-Z])(?: \([^)]*\))? or ([A-Z])(?![\w’'])/);
    if (letters.length) return letters;
    const named = list(found(/: ([^:?]+)\?$/).join(), 6);
    if (named.length) return named;
    const whole = /^(and|if|so|but)\b/i.test(sentence) ? [] : list(sentence.replace(/\?$/, ""), 3);
    if (whole.length) return whole;
    if (OPEN.test(sentence) || !new RegExp(`(^|[,:] )${VERB}`, "i").test(sentence)) return [];
    if (!/\bor\b/.test(sentence)) return ["yes", "no"];
    const [, ...parallel] = found(/\b(to|from|in|at|on|by|with|for) ([^,?]+), or \1 ([^,?]+)\?$/);
    if (parallel.length) return parallel;
    const pair = found(/ (\p{L}+) or (\p{L}+)\?$/u);
    return pair.includes("not") ? [] : pair;
  }

  function element(name, about = {}, ...inside) {
    const made = Object.assign(document.createElement(name), about);
    made.append(...inside);
    return made;
  }

  // where a guess is given: `show` is told what was said, which may be nothing
  function place(question, show) {
    const asked = sentences(question), named = options(asked), box = element("span", { className: "guessing" });
    const button = (text, said) => {
      const made = element("button", { type: "button", className: "guessed", textContent: text });
      made.addEventListener("click", () => show(said()));
      return made;
    };
    if (named.length) {
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "Your guess");
      box.append(...named.map((each) => button(each, () => each)), button("Show me", () => ""));
      box.lastChild.classList.add("quiet");
      return box;
    }
    const input = element("input", { type: "text", maxLength: 60, autocomplete: "off" });
    const counts = asked.length === 1 && /\b(how (many|far)|what share)\b/i.test(asked[0]) && !/\beach\b/.test(asked[0]);
    if (counts) input.inputMode = "decimal";
    const said = () => input.value.trim();
    input.addEventListener("keydown", ({ key }) => { if (key === "Enter") show(said()); });
    box.append(element("label", { className: counts ? "short" : "" }, "Your guess ", input), button("Show me", said));
    return box;
  }

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
      const box = place(question, (said) => {
        open();
        let first = parts[0];
        if (said) {
          first = element("span", { className: "you-said" }, "You said: ", element("strong", { textContent: said }));
          question.append(" ", first);
        }
        first.tabIndex = -1;
        first.focus({ preventScroll: true });
      });
      const open = () => {
        const before = [...opens].find(([, other]) => other.next === question);
        if (before) before[1].open();
        parts.forEach((part) => part.removeAttribute("hidden"));
        box.remove();
        if (!opens.has(next)) return;
        next.removeAttribute("hidden");
        opens.get(next).box.removeAttribute("hidden");
      };
      opens.set(question, { open, box, next });
      for (const part of parts) hide(part, open);
      question.append(box);
    }
    for (const { next, open } of opens.values()) {
      if (!opens.has(next)) continue;
      hide(next, open);
      opens.get(next).box.hidden = true;
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
