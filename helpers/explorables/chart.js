window.explorable ??= (() => {
  const make = (tag, text = "", style = "") => {
    const made = Object.assign(document.createElement(tag), { textContent: text });
    made.style.cssText = style;
    return made;
  };
  // halves go to the even digit, as in Python
  const digits = (value, n) => new Intl.NumberFormat("en", {
    minimumFractionDigits: n, maximumFractionDigits: n, roundingMode: "halfEven",
  }).format(value);
  // shares as numbers of 100, with one number of digits for all, so that they can be subtracted
  const of100 = (shares) => {
    const least = Math.min(...shares.filter((share) => share > 0));
    const n = least < 0.00095 ? 2 : least < 0.0995 || shares.some((share) => share > 0.99 && share < 1) ? 1 : 0;
    return shares.map((share) => digits(100 * share, n));
  };
  const less = (a, b) => digits(Math.abs(a - b), Math.max(...[a, b].map((each) => (each.split(".")[1] || "").length)));

  // a page may be dark: lines mix their colour with that of its words, which differs from its ground
  const tint = (colour) => `color-mix(in srgb, ${colour} 72%, currentColor)`;
  const DASHES = { solid: "", dashed: "8 4", dotted: "2 4" };
  const swatch = ({ colour, dash, plain = false }) => {
    const line = make("span", "", `display: inline-block; width: 1.8em; margin: 0 .4em .25em 0; border-top: 3px ${dash} ${plain ? colour : tint(colour)}`);
    line.setAttribute("aria-hidden", "true");
    return line;
  };

  // lines over steps; mark(step) moves the upright line, thick from the first line to its rival
  const chart = ({ title, labels, lines, rival = 0, told }) => {
    const wide = 320, high = 180, left = 34, base = high - 24;
    const set = (drawn, names) => Object.entries(names).forEach(([name, value]) => drawn.setAttribute(name, value));
    const draw = (tag, names) => {
      const drawn = document.createElementNS("http://www.w3.org/2000/svg", tag);
      const { stroke, fill, ...rest } = names;
      set(drawn, rest);
      if (stroke) drawn.style.stroke = stroke;
      if (fill) drawn.style.fill = fill;
      return drawn;
    };
    const picture = draw("svg", { viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": told });
    const part = (tag, names) => picture.appendChild(draw(tag, names));
    const most = Math.max(...lines.flatMap(({ values }) => values)) || 1;
    const rough = most / 4, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((each) => each * power >= rough);
    const x = (place) => left + 10 + ((wide - left - 24) * place) / Math.max(1, labels.length - 1);
    const y = (value) => base - ((base - 10) * value) / (step * Math.ceil(most / step));
    const word = (text, at, height, anchor) =>
      part("text", { x: at, y: height, "text-anchor": anchor, "font-size": 12, fill: "currentColor" }).textContent = text;
    for (let value = 0; value <= most + step * 0.999; value += step) {
      part("line", { x1: left, x2: wide - 8, y1: y(value), y2: y(value), stroke: "color-mix(in srgb, currentColor 14%, transparent)" });
      word(String(Number(value.toPrecision(3))), left - 5, y(value) + 4, "end");
    }
    labels.forEach((label, place) => word(label, x(place), high - 7, "middle"));
    const upright = part("line", { y1: 6, y2: base, stroke: "currentColor", "stroke-width": 1 });
    const lead = part("line", { stroke: "currentColor", "stroke-width": 5 });
    const dots = lines.map(({ values, colour, dash }) => {
      const points = values.map((value, place) => `${x(place).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
      part("polyline", { points, fill: "none", stroke: tint(colour), "stroke-width": 2.5, "stroke-dasharray": DASHES[dash] });
      return part("circle", { r: 4.5, fill: tint(colour) });
    });
    const mark = (place) => {
      const heights = lines.map(({ values }) => y(values[place]));
      [upright, lead].forEach((line) => set(line, { x1: x(place), x2: x(place) }));
      set(lead, { y1: heights[0], y2: heights[rival] });
      dots.forEach((dot, each) => set(dot, { cx: x(place), cy: heights[each] }));
    };
    const whole = make("div", "", "flex: 1 1 15rem; min-width: 0");
    whole.append(make("p", title, "margin: .3rem 0"), picture);
    return { whole, mark };
  };

  const flex = (align, parts) => {
    const whole = make("div", "", `display: flex; flex-wrap: wrap; align-items: ${align}; gap: .3rem 1rem`);
    whole.append(...parts);
    return whole;
  };
  // charts side by side, what explains them below, and the words beside all that where there is room
  const beside = (charts, below, words) => {
    const left = make("div", "", charts.length > 1 ? "flex: 2 1 30rem; min-width: 0" : "flex: 1 1 20rem; min-width: 0; max-width: 34rem"), right = make("div", "", "flex: 1 1 16rem; min-width: 0");
    left.append(flex("flex-end", charts.map(({ whole }) => whole)), below);
    words.forEach((each) => { each.style.margin = ".5rem 0"; });
    right.append(...words);
    return flex("flex-start", [left, right]);
  };

  // an input from the first to the last step, told in words
  const slider = ({ label, steps, start, words, move }) => {
    const whole = make("label", label, "display: block; font-weight: 600"), value = make("output", "", "margin-left: .4em");
    const input = make("input", "", "display: block; width: 100%; margin: .3rem 0");
    Object.assign(input, { type: "range", min: 0, max: steps - 1, step: 1, value: start });
    input.addEventListener("input", () => {
      value.textContent = words(Number(input.value));
      input.setAttribute("aria-valuetext", value.textContent);
      move(Number(input.value));
    });
    // the sentence below is read out, not this number as well
    value.setAttribute("aria-live", "off");
    whole.append(value, input);
    return { whole, begin: () => input.dispatchEvent(new Event("input")) };
  };

  return { make, digits, of100, less, swatch, tint, chart, beside, slider };
})();
