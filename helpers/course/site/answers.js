// An exercise's cell can't run on a page: a form stands in for it, and says what `check` would say.
// What was answered stays in this browser.
(() => {
  const recall = (name) => remembered.get(`answer:${name}`);
  const again = document.createElement("button");  // offered once there is something to clear
  const keep = (name, given) => {
    remembered.set(`answer:${name}`, given);
    again.hidden = given === null;
  };

  // 1,200 or 1 200 rows or 0.25 or 0,25 or 25 % or 1/4 or 4 €
  function read(text) {
    const [over, under, more] = text.trim().replace(/[\u2212–]/g, "-").split("/").map((part) => part.trim());
    const one = (part) => {
      const plain = part.replace(/(\d)[\s\u00a0](?=\d{3}(?!\d))/g, "$1").replace(/^[€$£]\s*/, "");
      const found = /^([-+]?[\d.,]*\d[\d.,]*)\s*(%|per ?cent)?\s*[a-z€$£ ]*$/i.exec(plain);
      if (!found) return NaN;
      const whole = /^[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(found[1]);
      return Number(whole ? found[1].replaceAll(",", "") : found[1].replace(",", ".")) / (found[2] ? 100 : 1);
    };
    if (more !== undefined) return NaN;
    return under === undefined ? one(over) : one(over) / one(under);
  }

  function judgeNumber(asked, text) {
    const given = read(text);
    if (!text.trim()) return [null, "Not answered yet."];
    if (!Number.isFinite(given)) return [false, "a number is asked for, such as 1,200 or 0.25."];
    const near = (value, number = given) =>
      Math.abs(number - value) <= Math.max(asked.tolerance, 1e-9) * Math.max(Math.abs(value), 1e-9);
    if (near(asked.right)) return [true, asked.because];
    if (/%|per ?cent/i.test(text) && near(asked.right, 100 * given)) return [false, "give the number without a per cent sign."];
    const known = asked.wrong.find(([value]) => near(value));
    if (!known && asked.right <= 1 && near(asked.right, given / 100)) return [false, "give it as a share, between 0 and 1."];
    return [false, known ? known[1] : `this is too ${given > asked.right ? "high" : "low"}.`];
  }

  const verdict = (good, why) => [good, good === null ? why : `${good ? "Correct" : "Not right"}: ${why}`];

  function element(name, about = {}, ...inside) {
    const made = Object.assign(document.createElement(name), about);
    made.append(...inside);
    return made;
  }

  function build(box) {
    const asked = JSON.parse(box.querySelector("script").textContent);
    const form = element("form", { noValidate: true });
    const said = element("output");
    said.setAttribute("aria-live", "polite");
    const tell = (lines) => {
      said.innerHTML = "";
      said.classList.toggle("right", lines.every(([good]) => good));
      for (const [good, text] of lines) {
        const line = element("span", { className: "line", innerHTML: text });
        if (good !== null) line.prepend(element("span", { className: "mark", textContent: good ? "✓ " : "✗ " }));
        said.append(line);
      }
    };
    const fields = asked.parts && asked.parts.length === 1 ? choice(asked.parts[0][1])
      : asked.parts ? several(asked.parts) : amount();
    form.append(...fields);
    form.addEventListener("submit", (event) => event.preventDefault());
    box.append(form);
    const code = box.closest(".cell").querySelector(".cell_input, .input");
    if (code) code.classList.add("answer-code");

    // what a cell takes in quotation marks is no code here
    function unquote(options) {
      const bare = (text) => text.replace(/[“”"]/g, "").replaceAll("’", "'");
      const known = options.map(([option]) => bare(element("span", { innerHTML: option }).textContent));
      for (const code of document.querySelectorAll("article p code"))
        if (/^["“]/.test(code.textContent) && known.includes(bare(code.textContent)))
          code.replaceWith(`“${bare(code.textContent)}”`);
    }

    function choice(options) {
      unquote(options);
      const field = element("fieldset", { className: "exercise" }, element("legend", { textContent: "Your answer" }));
      const answer = (place) => tell([verdict(...options[place].slice(1))]);
      options.forEach(([option], place) => {
        const button = element("input", { type: "radio", name: `answer-${asked.name}` });
        field.append(element("label", {}, button, element("span", { innerHTML: option })));
        if (recall(asked.name) === String(place)) { button.checked = true; answer(place); }
      });
      field.append(said);
      whenChosen(field, said, (place) => { keep(asked.name, place); answer(place); });
      return [field];
    }

    function amount() {
      const input = element("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
      const answer = () => tell([verdict(...judgeNumber(asked, input.value))]);
      form.addEventListener("submit", () => { keep(asked.name, input.value); answer(); });
      if (recall(asked.name)) { input.value = recall(asked.name); answer(); }
      input.addEventListener("input", () => { said.textContent = ""; said.classList.remove("right"); });
      const label = element("label", {}, "Your answer ", input);
      return [element("div", { className: "exercise amount" }, label, element("button", { textContent: "Check" }), said)];
    }

    function several(parts) {
      const tried = parts.map(() => new Set()), lists = parts.map(([part, options]) => {
        const list = element("select");
        list.append(...["…", ...options.map(([option]) => option)].map(
          (option, place) => element("option", { value: place - 1, innerHTML: option })));
        return [element("label", {}, `${part[0].toUpperCase()}${part.slice(1)} `, list), list];
      });
      const answer = () => {
        let lost = false;
        const lines = lists.map(([, list], each) => {
          const [part, options] = parts[each], [option, good, why] = options[list.value] || [];
          if (option === undefined) return [null, `${part}: not answered yet`];
          if (!good) lost = tried[each].add(option).size > 1 || lost;
          return [good, `${part}: ${why}`];
        });
        if (lines.every(([good]) => good)) lines.push([true, `All three. ${asked.clue}`]);
        else if (lost) lines.push([null, asked.where]);
        tell(lines);
      };
      form.addEventListener("submit", () => { keep(asked.name, lists.map(([, list]) => list.value).join()); answer(); });
      const before = recall(asked.name);
      if (before !== null) { before.split(",").forEach((value, each) => { lists[each][1].value = value; }); answer(); }
      return [element("div", { className: "exercise several" }, ...lists.map(([label]) => label),
        element("button", { textContent: "Check" }), said)];
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const boxes = [...document.querySelectorAll(".answer-form")];
    boxes.forEach(build);
    // options to choose from that begin with a letter need no dot before it
    for (const list of document.querySelectorAll("article ul"))
      if ([...list.children].every((each) => /^\s*[A-Z]\.\s/.test(each.textContent))) list.classList.add("lettered");
    if (!boxes.length) return;
    const names = boxes.map((box) => JSON.parse(box.querySelector("script").textContent).name);
    Object.assign(again, { type: "button", className: "quiz-again", textContent: "Clear my answers" });
    again.hidden = names.every((name) => recall(name) === null);
    again.addEventListener("click", () => {
      boxes.forEach((box, place) => {
        keep(names[place], null);
        box.querySelector("form").remove();
        build(box);
      });
      boxes[0].querySelector("input, select").focus();
    });
    // beside the sentence that says where answers stay
    const told = [...document.querySelectorAll("article p")].find((each) => /is checked on this page/.test(each.textContent));
    if (told) told.append(" ", again); else boxes.at(-1).append(again);
  });
})();
