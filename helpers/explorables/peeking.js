(() => {
  // at which look a test first lies beyond its limit, counted from 0; -1 for never
  const first = (path, limits) => path.findIndex((z, look) => Math.abs(z) > limits[look]);
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  // the difference in standard errors of each look: a sum of equal steps, over the root of their number
  const draw = (looks) => {
    let sum = 0;
    return Array.from({ length: looks }, (_, look) => (sum += normal()) / Math.sqrt(look + 1));
  };
  const { make, swatch, tint } = window.explorable;
  window.peeking = { first, draw };

  for (const place of document.querySelectorAll('[data-explorable="peeking"]:not([data-ready])')) {
    place.dataset.ready = "yes";
    const { limits, once, colours } = JSON.parse(place.dataset.facts);
    // a phone shows half as much across
    const phone = matchMedia("(max-width: 46em)").matches;
    const looks = limits.length, wide = phone ? 320 : 640, high = 260, top = 5;
    const button = make("button", "Draw a hundred tests of two equal lists"), said = make("p");
    button.type = "button";
    said.setAttribute("aria-live", "polite");
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", "Nothing is drawn yet.");
    const x = (look) => 10 + ((wide - 20) * look) / (looks - 1);
    const y = (z) => high / 2 - (Math.max(-top, Math.min(top, z)) * (high / 2 - 8)) / top;
    const line = (points, colour, width, dash = "") => {
      const drawn = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
      drawn.setAttribute("points", points.map((z, look) => `${x(look).toFixed(1)},${y(z).toFixed(1)}`).join(" "));
      drawn.setAttribute("fill", "none");
      drawn.style.stroke = colour;
      drawn.setAttribute("stroke-width", width);
      if (dash) drawn.setAttribute("stroke-dasharray", dash);
      picture.append(drawn);
    };
    // a page may be dark: what is drawn mixes its colour with that of the page's words
    const RED = tint(colours[0]), BLUE = tint(colours[1]), FAINT = "color-mix(in srgb, currentColor 22%, transparent)";
    const legend = make("p");
    legend.style.margin = ".4rem 0";
    [["a test beyond the usual limit at some look", RED, "solid"], ["the others", FAINT, "solid"], ["usual limit", "currentColor", "dashed"], ["wide limits", BLUE, "solid"]].forEach(([name, colour, dash]) => {
      const one = make("span");
      one.style.cssText = "display: inline-block; margin-right: 1.2em";
      one.append(swatch({ colour, dash, plain: true }), name);
      legend.append(one, " ");
    });
    legend.append(`Looks 1 to ${looks}, from left to right.`);
    const total = { drawn: 0, daily: 0, spent: 0, end: 0 };
    const narrow = limits.map(() => once);
    button.addEventListener("click", () => {
      picture.replaceChildren();
      let daily = 0;
      for (let test = 0; test < 100; test += 1) {
        const path = draw(looks), at = first(path, narrow);
        daily += at >= 0;
        total.spent += first(path, limits) >= 0;
        total.end += Math.abs(path[looks - 1]) > once;
        line(path, at >= 0 ? RED : FAINT, at >= 0 ? 1.2 : 0.9);
      }
      total.drawn += 100;
      total.daily += daily;
      [1, -1].forEach((side) => {
        line(narrow.map((z) => side * z), "currentColor", 1.5, "5 4");
        line(limits.map((z) => side * z), BLUE, 2);
      });
      picture.setAttribute("aria-label", `A hundred tests; ${daily} lie beyond ${once.toFixed(2)} standard errors at some look.`);
      const share = (count) => `${((100 * count) / total.drawn).toFixed(total.drawn > 100 ? 1 : 0)} of 100`;
      said.textContent = `Red: ${daily} of these 100 "win" at some look, though nothing differs. Of all ${total.drawn} drawn: ` +
        `looked ${looks} times ${share(total.daily)}; with the wide limits (blue) ${share(total.spent)}; looked once, at the end, ${share(total.end)}.`;
    });
    place.replaceChildren(button, picture, legend, said);
    button.click();
  }
})();
