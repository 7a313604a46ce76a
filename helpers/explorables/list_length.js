(() => {
  // hits: judges with the same ranks of hits stand together, as [judges, rank, rank, …]
  const sum = (hits, count) => hits.reduce((total, [judges, ...ranks]) => total + judges * count(ranks), 0);
  const hitRate = (hits, judges, k) => sum(hits, (ranks) => Number(ranks.some((rank) => rank <= k))) / judges;
  const precision = (hits, judges, k) => sum(hits, (ranks) => ranks.filter((rank) => rank <= k).length) / (judges * k);
  window.listLength = { hitRate, precision };

  const { make, of100, less, swatch, chart, beside, slider } = window.explorable;
  for (const place of document.querySelectorAll('[data-explorable="list_length"]:not([data-ready])')) {
    place.dataset.ready = "yes";
    const { lists, longest, named } = JSON.parse(place.dataset.facts);
    const lengths = Array.from({ length: longest }, (_, each) => each + 1);
    const over = (metric) => lists.map(({ hits, judges }) => lengths.map((k) => metric(hits, judges, k)));
    const found = over(hitRate), hit = over(precision);
    const at = (table, k) => of100(table.map((values) => values[k - 1]));
    const ends = (table, list) => `from ${at(table, 1)[list]} to ${at(table, longest)[list]}`;
    const [ours, rival, dice] = [0, 1, 2], every = 5 * Math.ceil(longest / 25);

    const drawn = [["Judges of 100 who find something:", found], ["Places of 100 that are hits:", hit]].map(([title, table]) => chart({
      title,
      rival: dice,
      told: `${title} ${lists.map(({ name }, list) => `${name} ${ends(table, list)}`).join("; ")}, for lists of 1 to ${longest}.`,
      labels: lengths.map((k) => (k === 1 || k % every === 0 ? String(k) : "")),
      lines: lists.map((list, each) => ({ ...list, values: table[each].map((share) => 100 * share) })),
    }));

    const table = make("table"), head = make("tr"), said = make("p");
    head.append(make("td"), make("th", "judges of 100"), make("th", "places of 100"));
    table.append(head);
    const cells = lists.map((list) => {
      const line = make("tr"), name = make("th", "", "text-align: left; padding-left: 2.3em; text-indent: -2.3em"), two = [make("td"), make("td")];
      name.scope = "row";
      name.append(swatch(list), list.name);
      line.append(name, ...two);
      table.append(line);
      return two;
    });
    said.setAttribute("aria-live", "polite");
    const lead = (values) => [dice, rival].map((list) => {
      const [mine, theirs] = [values[ours], values[list]];
      return `${less(mine, theirs)} ${Number(mine) < Number(theirs) ? "fewer" : "more"} than with ${lists[list].name}`;
    }).join(", ");
    const control = slider({
      label: "Length of the list:", steps: longest, start: Math.min(named, longest) - 1,
      words: (step) => `${step + 1} place${step ? "s" : ""}`,
      move: (step) => {
        const now = [at(found, step + 1), at(hit, step + 1)];
        now.forEach((values, column) => values.forEach((value, list) => { cells[list][column].textContent = value; }));
        drawn.forEach(({ mark }) => mark(step));
        said.textContent = `Lists of ${step + 1}: of 100 judges, ${now[0][ours]} find something in ours, ${lead(now[0])}. ` +
          `Of 100 places, ${now[1][ours]} are hits, ${lead(now[1])}.`;
      },
    });
    const moral = `From 1 place to ${longest}, ours go ${ends(found, ours)} of 100 judges, but dice, too, ${ends(found, dice)}; ` +
      `hits in 100 places go ${ends(hit, ours)}, with dice ${ends(hit, dice)}. So compare lists of one length, and look at the lead. ` +
      `(We named ${named} beforehand; other lengths decide nothing.)`;
    place.replaceChildren(control.whole, beside(drawn, table, [said, make("p", moral)]));
    control.begin();
  }
})();
