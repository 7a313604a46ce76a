// A lesson's quiz has one fold per option, which works without a script. With one, it becomes a
// question with radio buttons. What was chosen stays in this browser.
(() => {
  const key = `quiz:${location.pathname.split("/").pop()}`;
  const load = () => { try { return JSON.parse(remembered.get(key)) || {}; } catch { return {}; } };
  const save = (chosen) => remembered.set(key, JSON.stringify(chosen));

  function questions(heading) {
    const found = [];
    let current = null;
    for (let part = heading.nextElementSibling; part && part.tagName !== "H2"; part = part.nextElementSibling) {
      if (part.tagName === "P" && part.querySelector("strong")) current = { asked: part, options: [] };
      if (part.tagName === "DETAILS" && current) {
        if (!current.options.length) found.push(current);
        current.options.push(part);
      }
    }
    return found;
  }

  function build(heading) {
    const asked = questions(heading), section = heading.parentElement;
    if (!asked.length) return;
    const how = heading.nextElementSibling;
    if (how && !how.querySelector("strong")) how.textContent = "Choose an option, and read why.";
    const first = load();  // question number -> option chosen first
    const score = document.createElement("p");
    score.className = "quiz-score";
    score.setAttribute("role", "status");
    const right = (question, option) => /^Right\./.test(reason(question.options[option]));
    const tell = () => {
      const answered = asked.filter((_, each) => each in first).length;
      const good = asked.filter((question, each) => each in first && right(question, first[each])).length;
      score.textContent = answered ? `${good} of ${answered} right at the first try` +
        (answered < asked.length ? `, ${asked.length - answered} to go.` : ".") : "";
      again.hidden = !answered;
      remembered.set(key.replace("quiz:", "done:"), answered === asked.length ? "yes" : null);
      document.dispatchEvent(new Event("quiz-told"));
    };
    asked.forEach((question, number) => section.insertBefore(form(question, number), question.asked));
    asked.forEach((question) => {
      const folds = document.createElement("div");
      folds.className = "quiz-folds";
      section.insertBefore(folds, question.asked);
      folds.append(question.asked, ...question.options);
    });
    const again = document.createElement("button");
    again.type = "button";
    again.className = "quiz-again";
    again.textContent = "Start again";
    again.addEventListener("click", () => {
      for (const each of Object.keys(first)) delete first[each];
      save(first);
      section.querySelectorAll("fieldset.quiz input").forEach((each) => { each.checked = false; });
      section.querySelectorAll("fieldset.quiz output").forEach((each) => { each.textContent = ""; });
      tell();
      section.querySelector("fieldset.quiz input").focus();
    });
    const after = asked.at(-1).asked.parentElement.nextElementSibling;
    section.insertBefore(score, after);
    section.insertBefore(again, after);
    tell();

    function form(question, number) {
      const field = document.createElement("fieldset");
      field.className = "quiz";
      const legend = document.createElement("legend");
      legend.innerHTML = question.asked.innerHTML;
      const said = document.createElement("output");
      said.setAttribute("aria-live", "polite");
      field.append(legend);
      question.options.forEach((option) => {
        const label = document.createElement("label");
        const button = document.createElement("input");
        button.type = "radio";
        button.name = `question-${number}`;
        const text = document.createElement("span");
        text.innerHTML = option.querySelector("summary").innerHTML;
        label.append(button, text);
        field.append(label);
      });
      const answer = (place) => {
        const good = right(question, place);
        said.innerHTML = "";
        said.classList.toggle("right", good);
        const mark = document.createElement("span");
        mark.className = "mark";
        mark.textContent = good ? "✓ " : "✗ ";
        said.append(mark, reason(question.options[place]));
      };
      field.append(said);
      whenChosen(field, said, (place) => {
        if (!(number in first)) { first[number] = place; save(first); }
        answer(place);
        tell();
      });
      if (number in first && question.options[first[number]]) {
        field.querySelectorAll("input")[first[number]].checked = true;
        answer(first[number]);
      }
      return field;
    }
  }

  function reason(fold) {
    const copy = fold.cloneNode(true);
    copy.querySelector("summary").remove();
    return copy.textContent.trim();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const heading = [...document.querySelectorAll("h2")].find((each) => /^Quiz\b/.test(each.innerText));
    if (heading) build(heading);
  });
})();
