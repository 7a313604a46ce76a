"""What the speaker sees beside a slide: time, what to ask, the usual mistake, and what comes next.

All of it stands in the course already: the minutes on a lesson's first lines, its quiz, the hints
of its exercises, the instructor guide, and the sentences of the notebook that are on no slide. A
quiz question stands at the end of the section that teaches it; a mistake of the guide belongs to
the slide with which it shares most of its rare words.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from functools import cache

from helpers.course.exercises import texts as exercise_texts
from helpers.course.notebooks import QUIZZES, quiz_options
from helpers.course.slides import Slide, sentences
from helpers.packaged import packaged_yaml

_FOLD = re.compile(r"<details.*?</details>", flags=re.S)
_LEAST = 0.4  # of the weight of its words, from which on a mistake belongs to a section
_TOY = re.compile(r"To play with: (.+?)\. Run this cell")
_EXERCISE = re.compile(r"^\*\*(\d)\.\*\* (.+)\n((?:(?!\*\*\d\.\*\*).*\n?)*)", flags=re.M)
_ANSWER = re.compile(r"<summary>Answer</summary>\s*(?:```python.*?```\s*)?([^\n<]+)", flags=re.S)
_WHOLE = ("*What comes:*", "**Next:**")
# what the notebook says to whoever reads it alone
_FORM = re.compile(
    r"00 start|guess first|your question today|afterwards you can|\d+ minutes to read"
)
_MOST = 2  # mistakes and things to do on one slide


def add_notes(slides, cells, lesson: str, guide: str = "") -> None:
    """Write the speaker's notes of a lesson's slides, in place; quiz questions get slides, too.

    Parameters
    ----------
    slides : list of Slide
        With the lesson's own sentences as their notes.
    cells : list of NotebookNode
        Of the stored notebook.
    lesson : str
        Its number.
    guide : str
        What the instructor guide says about it.
    """
    told, main = _guided(guide), [slide for slide in slides if not slide.below]
    helps = _placed(slides, told)
    asked = [(_last_of(main, at), question) for at, question in _quiz(lesson)]
    for slide, question in asked:
        helps[id(slide)].append(f"**Ask the room** (↓): {question.headline}")
    times = _times(main, cells)
    for place, slide in enumerate(slides):
        after = next((each for each in slides[place + 1 :] if not each.below), None)
        rest = [] if slide.headline == "Exercises" else _rest(slide, after)
        asks = [] if slide.below or slide is main[-1] else [
            each for each in rest if each.rstrip('*_”"').endswith("?")
        ]  # fmt: skip
        lines = [times[id(slide)]] if id(slide) in times else []
        lines += ["**Ask for hands** before you go on."] if slide.asked else []
        lines += [f"**Ask:** {each}" for each in asks] + helps[id(slide)]
        if slide is main[0]:
            lines += [f"**{name}:** {told[name]}" for name in ("Discuss", "When late")
                      if name in told]  # fmt: skip
        if toy := _TOY.search(slide.shown):
            lines.append(f"**Show it:** {toy[1]}")
        if slide.headline == "Exercises":
            lines += _hints(lesson, cells)
        lines += [each if each.startswith(_WHOLE) else f"- {each}"
                  for each in rest if each not in asks]  # fmt: skip
        slide.notes = lines if slide.below else [*lines, *_afterwards(slides, place, after)]
    for slide, question in reversed(asked):
        question.kicker = question.section = slide.section
        slides.insert(1 + next(at for at, each in enumerate(slides) if each is slide), question)


def _afterwards(slides, place, after):
    below = itertools.takewhile(lambda each: each.below, slides[place + 1 :])
    asked = " · ".join(each.headline for each in below)
    lines = [f"**If somebody asks** (↓): {asked}"] if asked else []
    return [*lines, f"**Next:** {after.headline}"] if after else lines


def _times(slides, cells):
    """For each slide, how long its section takes, by its share of the words to read."""
    stated = dict(
        (what, int(many))
        for many, what in re.findall(
            r"(\d+)(?: minutes)? (?:for the )?(to read|exercises|questions|meeting)",
            cells[0].source.split("*Afterwards")[0],
        )
    )
    words, section = Counter(), ""
    for cell in cells:
        if "## Exercises" in cell.source:
            break
        said = [cell.source] if cell.cell_type == "markdown" else [
            output.get("data", {}).get("text/markdown", "") for output in cell.get("outputs", [])
        ]  # fmt: skip
        for text in said:
            for part in re.split(r"^(?=## )", _FOLD.sub("", text), flags=re.M):
                if heading := re.match(r"## (?:\d\. )?(.+)", part):
                    section = heading[1].strip()
                if section:
                    words[section] += len(part.split())
    noted, gone = {}, 0.0
    for section, many in words.items():
        shown = [slide for slide in slides if slide.section == section]
        if not shown or "to read" not in stated:
            continue
        before, gone = gone, gone + stated["to read"] * many / sum(words.values())
        minutes = max(1, round(gone) - round(before))
        for at, slide in enumerate(shown, start=1):
            noted[id(slide)] = (
                f"**Time:** {minutes} min for this section (slide {at} of {len(shown)}), "
                f"done by minute {max(1, round(gone))} of {stated['to read']}"
            )
    if stated and slides:
        parts = [f"{many} min {what}" for what, many in stated.items()]
        noted[id(slides[0])] = f"**Time:** {', '.join(parts)}"
    for slide in slides:
        worked = {"Exercises": ("exercises",), "Asked in the meeting": ("questions", "meeting")}
        for name in worked.get(slide.headline, ()):
            if name in stated:
                noted[id(slide)] = f"**Time:** {stated[name]} minutes"
    return noted


@cache
def _quizzes():
    return packaged_yaml(QUIZZES)


def _quiz(lesson):
    """After which section to ask, and a slide to choose from: what to say is in its notes."""
    for number, each in enumerate(_quizzes().get(lesson, []), start=1):
        wrong, right = each["wrong"][0], each["right"]
        options = [option["text"] for _, option in quiz_options(each, lesson, number)]
        notes = [
            f"**The usual wrong answer:** “{wrong['text']}”. **Say:** {wrong['why']}",
            f"**Right:** “{right['text']}”. {right['why']}",
        ]
        told = "\n".join(f"- {option}" for option in options)
        yield each["after"], Slide(each["ask"], told=told, notes=notes, below=True)


def _last_of(slides, at):
    """The last slide of a section that asks nothing: 0 is the opening, 1 has the number 1."""
    names = list(dict.fromkeys(slide.section for slide in slides[1:]))
    return [each for each in slides[1:] if each.section == names[at] and not each.asked][-1]


def _hints(lesson, cells):
    """On each exercise: what is asked, the likely wrong answers, and what to say to them."""
    lines = []
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = text.partition("## Exercises")[2].partition("## Quiz")[0]
    asked, answers = {}, {}
    for at, question, below in _EXERCISE.findall(text):
        asked[at] = question
        if answer := _ANSWER.search(below):
            answers[at] = sentences(answer[1].replace("\n", " "))[0]
    for name, says in exercise_texts().items():
        if name.rpartition("-")[0] != lesson:
            continue
        at = name.rpartition("-")[2]
        lines += [f"**Exercise {at}:** {asked[at]}"] if at in asked else []
        right = f"“{says['right']}”. " if "right" in says else ""
        lines += [f"**Exercise {at}, the answer:** {right}{answers[at]}"] if at in answers else []
        lines += [
            f"**Exercise {at}, whoever says “{option}”:** {hint}"
            for option, hint in says.get("options", {}).items()
            if option != says.get("right")
        ]
        lines += [
            f"**Exercise {at}, “{wrong}”:** {each['hint']}"
            for wrong, each in says.get("wrong", {}).items()
        ]
    return lines


def _guided(guide):
    """The guide's points on a lesson, by their names."""
    return dict(re.findall(r"^- ([A-Z][\w ]+): (.+)$", guide, flags=re.M))


def _placed(slides, told):
    """Mistakes and things to do, each at the slide that it speaks about."""
    found = {id(slide): [] for slide in slides}
    main = [slide for slide in slides[1:-1] if not (slide.below or slide.worked)]
    sections = {}
    for slide in slides[1:-1]:
        if not slide.worked:
            sections.setdefault(slide.section, set()).update(_words(_all(slide)))
    common = Counter(word for words in sections.values() for word in words)
    most = math.log(1 + len(sections))

    def weight(words):
        return sum(math.log((1 + len(sections)) / common[word]) for word in words if common[word])

    def nearest(text, closed):
        """The slide, and which part of the text's words its section knows."""
        words = _words(text)
        near = [
            (weight(words & sections[each.section]), weight(words & _words(_all(each))), -at)
            for at, each in enumerate(main)
            if id(each) not in closed
        ]
        first, _, at = max(near, default=(0, 0, 1))
        return (None, 0) if at > 0 else (main[-at], first / (most * max(1, len(words))))

    full = Counter()
    for name, kind, parts, closed in (
        ("Common mistakes", "A common mistake", told.get("Common mistakes", "").split("; "),
         {id(slide) for slide in main if slide.asked}),
        ("Talk about", "For the room", sentences(told.get("Talk about", "")), set()),
    ):  # fmt: skip
        left = []
        for part in filter(None, parts):
            part = part if part.endswith("?") else f"{part.removesuffix('.')}."
            slide, share = nearest(
                part, closed | {at for at, many in full.items() if many >= _MOST}
            )
            if slide and share >= _LEAST:
                full[id(slide)] += 1
                found[id(slide)].append(f"**{kind}:** {part[:1].upper()}{part[1:]}")
            else:
                left.append(part)
        if left:
            found[id(slides[0])].append(f"**{name}:** {' '.join(left)}")
    return found


def _all(slide):
    alts = re.findall(r'alt="([^"]*)"', slide.shown)
    return " ".join([slide.headline, slide.said, slide.told, slide.quoted, *slide.notes, *alts])


def _words(text):
    """Its words, by their beginnings: *buyer* and *buyers* are one."""
    found = re.findall(r"[a-z]{3,}", re.sub(r"<[^>]*>", " ", text).lower())
    return {word[:6].rstrip("s") for word in found}


def bare(text):
    """Without signs, to see whether two say the same."""
    return " ".join(re.findall(r"\w+", re.sub(r"<[^>]*>", " ", text).lower()))


def _rest(slide, after):
    """The lesson's sentences about it that are neither on the slide nor on the next one."""
    shown, headline = bare(_visible(slide)), bare(slide.headline)
    soon = bare(_visible(after)) if after else ""
    notes = slide.notes
    if not notes:  # a figure alone: how it reads
        notes = [alt.replace("?. ", "? ") for alt in re.findall(r'alt="([^"]*)"', slide.shown)]
    kept = []
    for part in "\n\n".join(notes).split("\n\n"):
        part = part.strip()
        if part.startswith(_WHOLE):
            kept.append(part)
            continue
        if part.startswith(("|", "```", "#")):
            kept += [] if bare(part) in shown or slide.told else [part]
            continue
        text = re.sub(r"^\*\*(?:What it means|On Monday):\*\* ?", "", part)
        for item in re.split(r"\n(?=(?:[-*>]|\d\.) )", text):
            item = re.sub(r"^(?:[-*>]|\d\.) ", "", item).replace("\n> ", " ").replace("\n", " ")
            for sentence in sentences(item):
                said = bare(sentence)
                known = said in shown or said in soon or headline in said or _FORM.match(said)
                whole = said and not sentence.endswith((":", "¶"))  # neither half nor a heading
                if whole and not known:
                    kept.append(sentence[:1].upper() + sentence[1:])
    return kept


def _visible(slide):
    return f"{slide.headline}\n{slide.kicker}\n{slide.said}\n{slide.told}\n{slide.quoted}"
