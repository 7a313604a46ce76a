(() => {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  // confirmed: of each product looked at, the share of its row, by count of buyers and for the rival
  const compare = (confirmed, buyers, chance) => {
    const lead = confirmed[buyers].map((share, product) => share - confirmed.rival[product]);
    const ahead = mean(lead), same = mean(confirmed[buyers]);
    const variance = lead.reduce((sum, each) => sum + (each - ahead) ** 2, 0) / (lead.length - 1);
    const error = Math.sqrt(variance / lead.length);
    // the words of the lesson
    const state = ahead < -2 * error ? "clearly less" : !(ahead > 2 * error) ? "can't tell"
      : same > 2 * chance ? "clearly more" : "near chance";
    return { same, popular: mean(confirmed.rival), ahead, error, state };
  };
  const wait = (weeks) => {
    if (weeks < 1 / 7) return "on the day";
    const days = digits(7 * weeks, 0);
    if (weeks < 0.9) return `within ${days} day${weeks * 7 >= 1.5 ? "s" : ""}`;
    return weeks < 1.5 ? "within a week" : `within ${digits(weeks, 0)} weeks`;
  };
  const { make, digits, of100, swatch, chart, beside, slider } = window.explorable;
  window.buyersNeeded = { compare, wait };

  for (const place of document.querySelectorAll('[data-explorable="buyers_needed"]:not([data-ready])')) {
    place.dataset.ready = "yes";
    const { steps, confirmed, chance, products, rival, page, start, colours } = JSON.parse(place.dataset.facts);
    const compared = steps.map(({ buyers }) => compare(confirmed, buyers, chance));
    const own = { name: "our row", dash: "solid", colour: colours[0], values: compared.map(({ same }) => 100 * same) };
    const level = (name, dash, colour, share) => ({ name, dash, colour, values: steps.map(() => 100 * share) });
    const lines = [own, level(rival, "dashed", colours[1], compared[0].popular)];
    const last = steps.length - 1;
    const labels = steps.map(({ buyers }, step) => ((last - step) % 2 ? "" : String(buyers)));
    const ends = ({ values }) => `from ${digits(values[0], 0)} to ${digits(values[last], 0)}`;
    const range = `for a minimum of ${steps[0].buyers} to ${steps[last].buyers} buyers`;
    const title = "Places of 100 that later buyers confirm:";
    const drawn = [
      chart({ title, labels, lines, rival: 1, told: `${title} ${lines.map((line) => `${line.name} ${ends(line)}`).join("; ")}, ${range}.` }),
    ];

    const legend = make("p", "", "margin: .3rem 0");
    lines.forEach((line) => {
      const one = make("span", "", "white-space: nowrap; margin-right: 1.2em");
      one.append(swatch(line), line.name);
      legend.append(one, " ");
    });
    const said = make("p"), row = make("p");
    said.setAttribute("aria-live", "polite");
    const control = slider({
      label: "Buyers that a product needs for a row of its own:", steps: steps.length,
      start: steps.findIndex(({ buyers }) => buyers === start),
      words: (step) => String(steps[step].buyers),
      move: (step) => {
        const { buyers, waiting, weeks: typical, row: shown } = steps[step];
        const { same, popular, state } = compared[step];
        const [mine, theirs] = of100([same, popular]), some = `${buyers} buyer${buyers === 1 ? "" : "s"}`;
        drawn.forEach(({ mark }) => mark(step));
        said.textContent = `From ${some}: later buyers confirm ${mine} of 100 places of our row, and ${theirs} of ${rival}: ${state}${buyers < 3 ? ", on hardly anybody" : ""}. ` +
          (buyers > 1 ? `Half of the products that found ${some} had them ${wait(typical)}.` : "") +
          (waiting ? ` Today ${waiting} of ${products} products have fewer.` : "");
        row.textContent = shown === null ? `${page} found too few buyers to show its row from ${some}.`
          : `${page}, from its first ${some}: ${shown.map(([name, kept]) => name + (kept ? " ✓" : "")).join(", ") || "an empty row"}. (✓: in the later buyers' row, too.)`;
      },
    });
    place.replaceChildren(control.whole, beside(drawn, legend, [said, row]));
    control.begin();
  }
})();
