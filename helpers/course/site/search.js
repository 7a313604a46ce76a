// On the search page: each page once, by its best place, and what is shown of it is its words,
// from the beginning of one, without code.
(() => {
  const search = Search._performSearch, NO_WORDS = ".headerlink, script, style, .highlight, summary, .guessing, .explorable";
  let entry = "";  // the glossary's, where the word is a term of it
  Search._performSearch = (...asked) => {
    const word = asked[0].trim().toLowerCase(), titles = Object.entries(Search._index.alltitles);
    const glossary = Search._index.docnames.indexOf("glossary");
    const places = titles.filter(([title]) => title.toLowerCase() === word).flatMap(([, all]) => all);
    entry = (places.find(([page, id]) => page === glossary && id) || [])[1] || "";
    const seen = new Set(), best = [];
    // the best stands last
    for (const result of search(...asked).reverse()) {
      const [page, title, , , , , kind] = result;
      if (seen.has(page)) continue;
      seen.add(page);
      if (kind === "index") result[1] = `${title} (taught here)`;
      if (page === "glossary" && entry) [result[1], result[2]] = [`Glossary: ${word}`, `#${entry}`];
      best.unshift(result);
    }
    return best;
  };
  Search.htmlToText = (page, anchor) => {
    const main = new DOMParser().parseFromString(page, "text/html").querySelector('[role="main"]');
    if (!main) return "";
    main.querySelectorAll(NO_WORDS).forEach((each) => each.remove());
    main.querySelectorAll("p, li, h1, h2, h3").forEach((each) => each.append(" "));
    main.querySelectorAll("td, th").forEach((each) => each.append(each.nextElementSibling ? " · " : " — "));
    const mark = anchor && main.querySelector(`#${CSS.escape(anchor.slice(1))}`);
    const place = mark && (mark.textContent.trim() ? mark : mark.nextElementSibling || mark.closest("p, div, section"));
    return (place || main).textContent.replace(/\s+/g, " ").trim();
  };
  Search.makeSearchSummary = (page, keywords, anchor) => {
    // a whole word, else where one begins ("lifting"), else inside of one ("uplift")
    const start = "(?<![\\p{L}\\d])", end = "(?![\\p{L}\\d])";
    const begins = (text) => [[start, end], [start, ""], ["", ""]].flatMap(([from, to]) => [...keywords].map((word) => text.search(
      new RegExp(`${from}${RegExp.escape?.(word) ?? _escapeRegExp(word)}${to}`, "iu")))).find((at) => at >= 0) ?? -1;
    let text = Search.htmlToText(page, anchor), at = begins(text);
    if (at < 0 && anchor) { text = Search.htmlToText(page); at = begins(text); }
    if (!text) return null;
    const from = at < 100 ? 0 : text.indexOf(" ", at - 100) + 1, cut = from + 240;
    const to = cut >= text.length ? text.length : text.lastIndexOf(" ", cut);
    const summary = document.createElement("p");
    summary.className = "context";
    const quoted = text.slice(from, to).replace(/^[\s·—]+|[\s·—]+$/g, "");
    summary.textContent = `${from ? "… " : ""}${quoted}${to < text.length ? " …" : ""}`;
    return summary;
  };
})();
