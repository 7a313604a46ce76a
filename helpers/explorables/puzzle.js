(() => {
  // cosine similarity of two columns of 0 and 1, and the sum of a row times the similarities
  const common = (bought, a, b) => bought.filter((row) => row[a] && row[b]).length;
  const buyers = (bought, a) => common(bought, a, a);
  const similarity = (bought, a, b) => {
    const both = common(bought, a, b);
    return a === b || !both ? 0 : both / Math.sqrt(buyers(bought, a) * buyers(bought, b));
  };
  const score = (bought, row, product) =>
    bought[row].reduce((sum, owned, other) => sum + (owned ? similarity(bought, other, product) : 0), 0);
  window.puzzle = { similarity, score };

  for (const place of document.querySelectorAll('[data-explorable="puzzle"]:not([data-ready])')) {
    place.dataset.ready = "yes";
    const { customers, products, bought, customer } = JSON.parse(place.dataset.facts);
    const row = customers.indexOf(customer);
    const make = (tag, text = "") => Object.assign(document.createElement(tag), { textContent: text });
    const table = make("table"), said = make("div");
    table.append(make("caption", "Click: who bought what?"));
    const head = make("tr");
    head.append(make("th"), ...products.map((name) => make("th", name)));
    table.append(head);
    customers.forEach((name, i) => {
      const line = make("tr");
      const whose = make("th", name);
      whose.style.whiteSpace = "nowrap";
      line.append(whose);
      products.forEach((product, j) => {
        const button = make("button");
        const tell = () => {
          button.textContent = bought[i][j] ? "1" : "·";
          button.setAttribute("aria-pressed", String(Boolean(bought[i][j])));
        };
        button.type = "button";
        button.setAttribute("aria-label", `${name} bought ${product}`);
        button.addEventListener("click", () => { bought[i][j] = 1 - bought[i][j]; tell(); show(); });
        tell();
        const cell = make("td");
        cell.append(button);
        line.append(cell);
      });
      table.append(line);
    });
    said.setAttribute("aria-live", "polite");
    const show = () => {
      said.textContent = "";
      const owned = products.map((_, j) => j).filter((j) => bought[row][j]);
      const open = products.map((_, j) => j).filter((j) => !bought[row][j])
        .sort((a, b) => score(bought, row, b) - score(bought, row, a));
      if (!owned.length) said.append(make("p", `${customer} owns nothing: no row to add up.`));
      else if (!open.length) said.append(make("p", `${customer} owns everything.`));
      else open.forEach((j, place) => {
        const each = owned.map((o) => similarity(bought, o, j).toFixed(2)).join(" + ");
        const how = owned.map((o) => `${common(bought, o, j)} ÷ √(${buyers(bought, o)} × ${buyers(bought, j)})`);
        const line = make("p", `${products[j]}: ${each} = ${score(bought, row, j).toFixed(2)}`);
        line.title = how.join(" + ");
        if (!place) line.className = "first";
        const small = make("small", `  (${owned.map((o, i) => `with ${products[o]}: ${how[i]}`).join("; ")})`);
        line.append(small);
        said.append(line);
      });
    };
    place.replaceChildren(table, make("p", `For ${customer}, the sum over what is owned:`), said);
    show();
  }
})();
