"""What the speaker sees beside a slide: time, what to ask, the usual mistake, and what comes next.

All of it stands in the course already: the minutes on a lesson's first lines, its quiz, the hints
of its exercises, the instructor guide, and the sentences of the notebook that are on no slide. A
quiz question stands at the end of the section that teaches it, and so does a mistake of the guide:
at the end of the section with which it shares most of its rare words.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from functools import cache

from helpers.course.exercises import texts as exercise_texts
from helpers.course.notebooks import QUIZZES, quiz_options
from helpers.course.slides import SAY, Slide, bare, say_aloud, sentences, to_say
from helpers.packaged import packaged_yaml

_LEAST = 0.4  # of the weight of its words, from which on a mistake belongs to a section
_TOY = re.compile(r"To play with: (.+?)\. Run this cell")
_EXERCISE = re.compile(r"^\*\*(\d)\.\*\* (.+)\n((?:(?!\*\*\d\.\*\*).*\n?)*)", flags=re.M)
_ANSWER = re.compile(
    r"<summary>Answer</summary>\s*(?:```python.*?```\s*)?(.+?)\s*</details>", flags=re.S
)
# an answer that a cell computed, word for word
_QUOTED = re.compile(r"(?:^> |head of product: \*)([“\"][^”\"]{200,}[”\"])", flags=re.M)
_WHOLE = ("*What comes:*", "**Next:**")
_BLOCKS = ("|", "```")
_BLANK, _SKIPPED = "____", "…"
# what the notebook says to whoever reads it alone
_FORM = re.compile(
    r"00 start|guess first|your question today|afterwards you can|\d+ minutes to read"
)


def add_notes(slides, cells, lesson: str, guide: str = "", plan=None) -> None:
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
    plan : tuple of int, optional
        Minutes to talk and to work in the notebook, of the guide's day; else what the lesson says.
    """
    told, main = _guided(guide), [slide for slide in slides if not slide.below]
    aloud = _aloud(main[-1], cells)
    helps = _placed(slides, told)
    asked = [(_last_of(main, at), question) for at, question in _quiz(lesson)]
    for slide, question in asked:
        helps[id(slide)].append(f"**Ask the room** (↓): {question.headline}")
    times = _times(main, cells, plan)
    for place, slide in enumerate(slides):
        after = next((each for each in slides[place + 1 :] if not each.below), None)
        rest = [] if slide.headline == "Exercises" else _rest(slide, after)
        asks = [] if slide.below or slide is main[-1] else [
            each for each in rest
            if each.rstrip('*_”"').endswith("?") and not each.startswith(_WHOLE)
        ]  # fmt: skip
        lines = [times[id(slide)]] if id(slide) in times else []
        lines += ["**Ask for hands** before you go on."] if slide.asked else []
        lines += [f"**Ask:** {each}" for each in asks] + helps[id(slide)]
        if slide is main[0]:
            lines += [f"**{name}:** {told[name]}" for name in ("Discuss", "When late")
                      if name in told]  # fmt: skip
        if slide is main[-1]:
            lines += aloud
        if toy := _TOY.search(slide.shown):
            lines.append(f"**Show it:** {toy[1]}")
        if slide.headline == "Exercises":
            lines += _hints(lesson, cells)
        lines += [each if each.startswith((*_WHOLE, *_BLOCKS)) else f"- {each}"
                  for each in rest if each not in asks]  # fmt: skip
        slide.notes = lines if slide.below else [*lines, *_afterwards(slides, place, after)]
    for slide, question in reversed(asked):
        question.kicker = question.section = slide.section
        slides.insert(1 + next(at for at, each in enumerate(slides) if each is slide), question)


def _aloud(slide, cells):
    """What is said in the meeting, if its slide, which gets its figures here, has only part of it.

    Figures are those that a cell computed, or else those that the text works out by hand.
    """
    home = next((cell for cell in cells if SAY in cell.source), None)
    told = to_say(home.source) if home else ""
    if not told:
        return []
    name = "Say it whole"
    if _BLANK in told:
        computed = [output for cell in cells for output in cell.get("outputs", [])]
        if phrases := home.metadata.get("aloud"):
            by_hand = [_bare_text(cell.source) for cell in cells if cell.cell_type == "markdown"]
            told = filled(told, phrases, "\n".join([*map(_plain, computed), *by_hand]))
            name = "With the lesson's figures"
        else:
            texts = "\n".join(
                output.get("data", {}).get("text/markdown", "") for output in computed
            )
            quotes = _QUOTED.findall(texts)[-1:]
            if not quotes:
                return []
            told = re.sub(r"\s*(?:\n>[ -]*)+", " ", quotes[0]).strip('“”"')
            name = "With this shop's figures"
        say_aloud(slide, told)
    if name == "Say it whole" and bare(told) == bare(f"{slide.headline} {slide.said}"):
        return []
    left = " (What is still blank, your own shop fills.)" if _BLANK in told else ""
    return [f"**{name}:** “{told}”{left}"]


def filled(sentence: str, phrases, told: str) -> str:
    """A sentence whose blanks have what the lesson computed.

    Parameters
    ----------
    sentence : str
        With ``____`` for each figure.
    phrases : list of str or None
        Each with blanks, in their order, as in ``a median of ____ different``: what stands there in
        `told` fills the next blanks. ``…`` skips some words. ``None`` leaves a blank.
    told : str
        What the lesson tells.

    Returns
    -------
    str
        A blank whose phrase isn't found stays.
    """
    figures = []
    for phrase in phrases:
        if phrase is None:
            figures.append(_BLANK)
            continue
        pattern = re.escape(phrase).replace(_BLANK, "(.{1,40}?)").replace(_SKIPPED, ".{1,40}?")
        at = re.search(pattern, told)
        figures += at.groups() if at else [_BLANK] * phrase.count(_BLANK)
    parts = sentence.split(_BLANK)
    ends = [*figures, *[_BLANK] * len(parts)][: len(parts) - 1] + [""]
    return "".join(itertools.chain.from_iterable(zip(parts, ends, strict=True)))


def _plain(output):
    """What an output tells: its words, or a figure's description."""
    data = output.get("data", {})
    told = data.get("text/markdown") or re.sub(r"<[^>]+>", " ", data.get("text/html", ""))
    told += output.get("metadata", {}).get("image/png", {}).get("alt", "")
    return _bare_text(told)


def _bare_text(told):
    """In one line, without stars and links."""
    return re.sub(r"\s+", " ", re.sub(r"\[([^\]]+)\]\([^)]+\)|\*", r"\1", told))


def _afterwards(slides, place, after):
    below = itertools.takewhile(lambda each: each.below, slides[place + 1 :])
    asked = " · ".join(each.headline for each in below)
    lines = [f"**If somebody asks** (↓): {asked}"] if asked else []
    if not after:
        return lines
    goes_on = after.headline == slides[place].headline  # on two slides
    return [*lines, f"**Next:** {'the rest of it' if goes_on else after.headline}"]


def _times(slides, cells, plan):
    """For each slide, by which minute it is done: the talk's minutes, shared out evenly."""
    stated = {
        what: int(many)
        for many, what in re.findall(
            r"(\d+)(?: minutes)? (?:for the )?(to read|exercises)",
            cells[0].source.split("*Afterwards")[0],
        )
    }
    if "to read" not in stated:
        return {}
    talk, hands = plan or (stated["to read"], stated["exercises"])
    told = f"**Time:** {talk} minutes to talk, {hands} to work in the notebook"
    noted = {id(slides[0]): f"{told} ({'one day, in the guide' if plan else 'as the lesson says'})"}
    taught = [slide for slide in slides[1:] if not slide.worked]
    for at, slide in enumerate(taught, start=1):
        noted[id(slide)] = (
            f"**Time:** done by minute {math.ceil(talk * at / len(taught))} of {talk}"
        )
    for slide in slides:
        if slide.headline == "Exercises":
            noted[id(slide)] = f"**Time:** {hands} minutes"
    return noted


@cache
def _quizzes():
    return packaged_yaml(QUIZZES)


def _quiz(lesson):
    """After which section to ask, and a slide to choose from: what to say is in its notes."""
    for number, each in enumerate(_quizzes().get(lesson, []), start=1):
        wrong, right = each["wrong"][0], each["right"]
        options = quiz_options(each, lesson, number)
        letter = {option["text"]: "ABCDEF"[at] for at, (_, option) in enumerate(options)}
        notes = [
            f"**The usual wrong answer:** {letter[wrong['text']]}, “{wrong['text']}”. "
            f"**Say:** {wrong['why']}",
            f"**Right:** {letter[right['text']]}, “{right['text']}”. {right['why']}",
        ]
        told = "\n".join(f"- {option['text']}" for _, option in options)
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
            answers[at] = _answer(answer[1])
    for name, says in exercise_texts().items():
        if name.rpartition("-")[0] != lesson:
            continue
        at = name.rpartition("-")[2]
        lines += [f"**Exercise {at}:** {asked[at]}"] if at in asked else []
        right = f"“{says['right']}”. " if "right" in says else ""
        first, *more = answers.get(at, []) or [""]
        lines += [f"**Exercise {at}, the answer:** {right}{first}".strip(), *more] * (at in answers)
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


def _answer(text):
    """Its first sentence; if it begins with a table, all of it, the table apart."""
    blocks = text.split("\n\n")
    if not blocks[0].startswith("|"):
        return [sentences(blocks[0].replace("\n", " "))[0]]
    return ["", *(block if block.startswith("|") else block.replace("\n", " ") for block in blocks)]


def _guided(guide):
    """The guide's points on a lesson, by their names."""
    return dict(re.findall(r"^- ([A-Z][\w ]+): (.+)$", guide, flags=re.M))


def _placed(slides, told):
    """Mistakes and things to do, at the end of the section whose words they share most."""
    found = {id(slide): [] for slide in slides}
    last, known = {}, {}
    for slide in slides[1:-1]:
        if not slide.worked:
            known.setdefault(slide.section, set()).update(_words(_all(slide)))
            if not (slide.below or slide.asked):
                last[slide.section] = slide
    common = Counter(word for words in known.values() for word in words)
    most = math.log(1 + len(known))

    def shared(words, section):
        """Which part of the words a section knows; rare ones weigh more."""
        told = sum(math.log((1 + len(known)) / common[word]) for word in words & known[section])
        return told / (most * max(1, len(words)))

    for name, kind, parts in (
        ("Common mistakes", "A common mistake", told.get("Common mistakes", "").split("; ")),
        ("Talk about", "For the room", sentences(told.get("Talk about", ""))),
    ):
        left = []
        for part in filter(None, parts):
            part = part if part.endswith("?") else f"{part.removesuffix('.')}."
            part = part[:1].upper() + part[1:]
            share, section = max((shared(_words(part), each), each) for each in last)
            if share >= _LEAST:
                found[id(last[section])].append(f"**{kind}:** {part}")
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
        if part.startswith(("#", SAY)):  # what is said has its own note
            continue
        if part.startswith(_BLOCKS):
            kept += [] if bare(part) in shown or slide.told else [part]
            continue
        text = re.sub(r"^\*\*(?:What it means:|On Monday:|Guess[^*]*)\*\* ?", "", part)
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
