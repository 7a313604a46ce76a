(() => {
  // Abramowitz and Stegun 26.2.17: the normal distribution function, to 1e-7
  const normal = (z) => {
    const t = 1 / (1 + 0.2316419 * Math.abs(z));
    const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    const tail = (Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI)) * sum;
    return z > 0 ? 1 - tail : tail;
  };
  // as helpers.experiments.decision_chances, which says why
  const decide = (lift, worth, today, fresh, limit) => {
    const below = (rate) => normal((rate - 1 - lift) / fresh);
    let weights = 0, ship = 0, stop = 0;
    for (let step = -120; step <= 120; step += 1) {
      const weight = Math.exp(-((step / 20) ** 2) / 2);
      const seen = Math.max(1 + (today * step) / 20, 0.01);
      const a = (limit * today / seen) ** 2, b = (limit * fresh) ** 2;
      const tooLow = (rate) => Math.log(rate / seen) + Math.sqrt(a + b / rate ** 2) < Math.log1p(worth);
      const lowest = Math.sqrt((2 * b) / (1 + Math.sqrt(1 + 4 * a)));
      const [low, high] = [1e-9 * seen, Math.max(seen * (1 + worth), lowest)].map((outside) => {
        if (!tooLow(lowest)) return 0;
        let inside = lowest;
        for (let half = 0; half < 50; half += 1) {
          const middle = (inside + outside) / 2;
          if (tooLow(middle)) inside = middle;
          else outside = middle;
        }
        return inside;
      });
      const better = seen + limit * Math.hypot(today, fresh);
      weights += weight;
      stop += weight * (below(high) - below(low));
      ship += weight * (1 - below(better) - Math.max(below(high) - below(Math.max(low, better)), 0));
    }
    const rest = Math.max(0, 1 - (ship + stop) / weights);
    return { ship: ship / weights, "cannot tell": rest, stop: stop / weights };
  };
  // as helpers.experiments.plan_chances; a week is known by its place among those of the facts
  const plan = ({ weeks, today, within, between, limit, power }, worth, times, place) => {
    const errors = (lift, at) => [
      Math.sqrt(today[at] / times),
      Math.sqrt(((1 + lift) * within[at] + (1 + lift) ** 2 * between[at]) / times),
    ];
    const enough = weeks.findIndex((_, at) => (limit + power) * Math.hypot(...errors(worth, at)) <= worth);
    return {
      error: Math.hypot(...errors(0, place)),
      needed: enough < 0 ? null : weeks[enough],
      chances: [0, worth, 2 * worth].map((lift) => decide(lift, worth, ...errors(lift, place), limit)),
    };
  };
  window.planner = { normal, plan };

  for (const place of document.querySelectorAll('[data-explorable="planner"]:not([data-ready])')) {
    place.dataset.ready = "yes";
    const facts = JSON.parse(place.dataset.facts);
    const make = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);
    const field = (text, about) => {
      const label = make("label", `${text} `), input = make("input", "", about);
      label.append(input);
      input.addEventListener("input", () => show());
      return [label, input];
    };
    const [lifts, lift] = field("Break-even, in %", { type: "number", min: 1, max: 1000, step: 1, value: Math.round(100 * facts.worth) });
    const [visits, visit] = field("Visits a week", { type: "number", min: 1, step: 100, value: Math.round(facts.visits) });
    const [slide, slider] = field("Weeks", { type: "range", min: 0, max: facts.weeks.length - 1, step: 1, value: facts.weeks.indexOf(facts.planned) });
    const shown = make("output"), said = make("p"), table = make("table", "", { className: "wide" });
    slide.append(shown);
    said.setAttribute("aria-live", "polite");
    const { tint } = window.explorable;
    const colours = { ship: "#0072B2", "cannot tell": "#8A8A8A", stop: "#A3003D" };
    const of100 = (share) => (share < 0.0005 ? "0" : share > 0.9995 ? "100" : (100 * share).toFixed(share < 0.0995 || share > 0.9905 ? 1 : 0));
    const show = () => {
      const at = Number(slider.value), week = facts.weeks[at], many = week === 1 ? "week" : "weeks";
      shown.textContent = ` ${week}`;
      slider.setAttribute("aria-valuetext", `${week} ${many}`);
      table.replaceChildren();
      const worth = lift.valueAsNumber / 100, times = visit.valueAsNumber / facts.visits;
      if (!(worth > 0 && worth <= 10 && times > 0)) {
        said.textContent = "It takes a lift between 1 and 1000\u00a0%, and visits.";
        return;
      }
      const { error, needed, chances } = plan(facts, worth, times, at);
      const takes = needed === null ? `No week up to ${facts.weeks.at(-1)} finds a lift of ${lift.value}\u00a0% four times in five.`
        : `Finding a lift of ${lift.value}\u00a0% four times in five takes ${needed} week${needed === 1 ? "" : "s"}.`;
      said.textContent = `${takes} After ${week} ${many}, luck alone typically moves the lift by ${(100 * error).toFixed(error < 0.1 ? 1 : 0)} points ` +
        `(its standard error), and of 100 lists that just pay, the rule ships ${of100(chances[1].ship)}.`;
      table.append(make("caption", "What the rule says in 100 such tests"));
      const head = make("tr");
      head.append(make("th", "the list really brings"));
      Object.entries(colours).forEach(([name, colour]) => {
        const cell = make("th", name);
        cell.style.borderBottom = `4px solid ${tint(colour)}`;
        head.append(cell);
      });
      table.append(head);
      ["nothing", `just enough, ${lift.value}\u00a0%`, "twice that"].forEach((truth, i) => {
        const line = make("tr"), drawn = make("tr"), bar = make("td", "", { colSpan: 4, className: "bar" });
        line.append(make("th", truth));
        drawn.setAttribute("aria-hidden", "true");
        Object.entries(colours).forEach(([name, colour]) => {
          line.append(make("td", of100(chances[i][name])));
          const part = make("span");
          part.style.cssText = `width: ${100 * chances[i][name]}%; background: ${tint(colour)}`;
          bar.append(part);
        });
        drawn.append(bar);
        table.append(line, drawn);
      });
    };
    place.replaceChildren(lifts, visits, slide, said, table);
    show();
  }
})();
