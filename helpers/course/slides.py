"""Slides of a lesson: one finding each, one figure or table, and the rest as speaker notes.

Made from the notebook as it is stored: its headings, its figures and tables, the sentences beside
them, and the tags of its cells (set-up, exercises). Nothing is written twice, so the slides say
what the lesson says.

At most :data:`MOST_WORDS` words are read on a slide, beside its figure or table: the headline, and
one sentence below a figure or two where there is none, if they fit. The speaker has the rest.
:func:`whole` names what is shown as it is. A list, which is gone through item by item, has a slide
if at most :data:`MOST_LISTED` words are read there, else a slide for each item; a table of the text
has one where it can be read from the last row, and a table of many rows and columns has two. What
a question leans on ("which of the three") stands with it: the sentences right before it, or what
the slide before shows, up to :data:`MOST_ASKED` words. Questions of colleagues lie below; they are
not counted, and a clicker passes them by.

Where no sentence beside it could stand over a figure, a table, a list, a quotation or a question,
the metadata of its cell has one: ``"slide": ["Lines, pairs and people differ"]``, with an entry for
each of them, in order. An empty one takes what stands beside it, and ``null`` leaves it out. There
is no number in them, since it would not follow the data.

The room guesses, and then a slide answers: a figure or table, else the sentence that a cell
computed. Which sentence of several it is, the cell's metadata may say: ``"answer": "The low one"``,
as it begins; ``null`` says none.

``"slide_halves": true`` gives a figure that is too tall to be read two slides.

``"slide_columns": ["the page", "who says so"]`` shows those columns of a cell's tables. The speaker
sees the whole table.

What is said in the meeting has blanks. So the metadata of its cell says where the lesson's own
sentences have what fills them, for the speaker's notes: ``"aloud": ["a median of ____ different"]``
(see :mod:`helpers.course.speaking`).
"""

from __future__ import annotations

import base64
import html
import io
import itertools
import math
import re
from dataclasses import dataclass, field, replace

from PIL import Image

from helpers.course.notebooks import lesson_and_questions

MOST_WORDS = 25  # on a slide, beside its figure or table
MOST_LISTED = 45  # on a slide with a list
MOST_ASKED = 48  # on a slide that asks, with what the question leans on
MOST_NOTED = 60  # of the speaker's notes, before the rest folds
_LONG = 28  # words of a headline, from which on its letters are smaller
_KEYS = (
    '<p class="keys"><kbd>→</kbd> next &nbsp; <kbd>↓</kbd> a question of a colleague &nbsp; '
    "<kbd>S</kbd> your notes &nbsp; <kbd>O</kbd> all slides</p>"
)
_BARE = (3, 4)  # words of a sentence that says nothing on its own below a figure
_HEADLINE = 24  # words at most, where a sentence becomes the headline of a table
_TALL = 0.5  # height by width, from which on a figure has its words beside it
_UPRIGHT = 0.8  # from which on the headline stands beside it, too: it has the whole height
_SIZES = (1.3, 1.15, 1.0, 0.9, 0.8, 0.7, 0.6)  # of a table's letters, by the slide's
_DARK = "#004b76"  # behind a question to the room
_WIDE, _HIGH = 64, 15.5  # what a table may take: letters of size 1, and their heights
# words that answer a question which is asked in the text, and on no slide
_ANSWERS = re.compile(r"\W*(Yes|No|Neither|Both|Nobody|Not|Because)\b[^:]")
_FOLD = re.compile(r"<details><summary>(.*?)</summary>\s*(.*?)</details>\n*", flags=re.S)
_GUESS = re.compile(r"\*\*Guess")
_LISTED = re.compile(r"(?:[-*]|\d\.) ")
_ASKS = re.compile(r"\?\W*$")
_QUOTE = re.compile(">")
_PICTURE = re.compile(r"<img [^>]*>")
_CHOICE = "- **A.** "  # begins a list to choose from
_ROWS, _COLUMNS = 6, 4  # with more rows and as many columns, a table has two slides
_SHORT = 7  # words of a question that tells nothing of what it is about
_NUMBERS = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty"
_COUNTED = re.compile(rf"\bthe ({_NUMBERS})\b", flags=re.I)
# a question that can't be answered without what stands before it
_LEANS = re.compile(
    r"^\W*And\b|\bWhich\b(?!.*(?::|, or ).* or )|\bit\b(?! cost)"
    rf"|\b(?:its|they|them|their|that|those|these|ours|each|the (?:{_NUMBERS}))\b",
    flags=re.I,
)
_NAMED = re.compile(r"\bWhich (?!of\b)(\w{4,}?)s?\b|\b(ours)\b", flags=re.I)
# a sentence that means nothing without the one before
_BACK = "It|Its|That|This|These|They|Their"
_GOES_ON = re.compile(rf"\W*(?:So|{_BACK}|Then|And|But|Such|One|Each)\b")
# what the speaker says and asks, and what leads on: these notes come first
_FIRST = re.compile(
    r"\*\*(?:Time|Ask|Ask for hands|Say it whole|With .+ figures|Show it|Next|Right)\b[^*]*\*\*"
)
# a headline above which nothing says what it speaks of
_POINTS_BACK = re.compile(rf"\W*(?:{_BACK})\b")
_MONDAY, _WORK = "On Monday", "Exercises"
# an exercise with all that it gives: what follows are its answer, or the next one
_TASK = re.compile(r"^\*\*\d\.\*\* .*?(?=\n\n(?:\*\*\d\.|[<`#])|\Z)", flags=re.M | re.S)
_SOLVED = re.compile(
    r"<details><summary>Answer</summary>\s*```python\n(.*?)```\s*(.*?)</details>\s*", flags=re.S
)

_LEFT_OUT = ("Quiz", "To look at")
_ASKED = "Guess first"
_HOME, SAY = "What you take home", "**Say it in a meeting:**"
_SENTENCES = re.compile(  # where one ends, closing quotation marks and stars included
    r"(?:(?<=[.?!])|(?<=[.?!][*”\"])|(?<=[.?!][*”\"]{2})) +(?=[*“\"`(]*[\dA-Z_])"
)
_SAID = {  # on the first slide of parts that the room works through
    "Exercises": "In the notebook, alone or in pairs. Then we compare.",
    "Asked in the meeting": "Answer aloud. Each question has a slide below this one.",
    "In another business": "What changes, what stays? Each business has a slide below this one.",
}


@dataclass
class Slide:
    """One slide.

    Attributes
    ----------
    headline : str
        Markdown, one line.
    kicker : str
        The section it belongs to.
    shown : str
        HTML of its figure or table; empty where it has none.
    told : str
        Markdown of a list or a table that stands in the text.
    said : str
        Markdown.
    quoted : str
        Markdown: a letter, or an answer word for word.
    notes : list of str
        What the speaker sees, in Markdown.
    titled : bool
        The headline stands in the figure already, and is there for screen readers only.
    tall : bool
        The figure has its words to the right.
    below : bool
        Reached by going down: a question of a colleague.
    asked : bool
        The room is to guess.
    answers : bool
        The headline is what the room was to guess.
    written : bool
        The headline is the metadata's, and needs no other words.
    section : str
        What it stands in, by its heading.
    """

    headline: str
    kicker: str = ""
    shown: str = ""
    told: str = ""
    said: str = ""
    quoted: str = ""
    notes: list[str] = field(default_factory=list)
    titled: bool = False
    tall: bool = False
    below: bool = False
    asked: bool = False
    answers: bool = False
    written: bool = False
    section: str | None = None

    @property
    def worked(self) -> bool:
        """Whether the room works through its section: exercises, questions, other businesses."""
        return self.section in _SAID


def slides_of(cells) -> list[Slide]:
    """The slides of a lesson.

    Parameters
    ----------
    cells : list of NotebookNode
        Of the stored notebook.

    Returns
    -------
    list of Slide
        In order; the first has the lesson's title.
    """
    slides, section, waiting = [], "", []
    for kind, content in _parts(cells):
        _belong(slides, section)
        if kind == "computed" and (printed := re.match(r"## (?:\d\. )?(.+)", content[0])):
            section = printed[1]
        if kind == "heading":
            if slides:
                slides[-1].notes += waiting
            waiting, section = [], re.sub(r"^\d\. ", "", content)
            if not section.startswith(_LEFT_OUT):
                slides.append(Slide(section, said=_SAID.get(section, "")))
        elif section.startswith(_LEFT_OUT):
            continue
        elif kind == "asked":
            question, answer = content
            if section in _SAID and slides[-1].headline == section:  # the first one opens it
                slides[-1].headline, slides[-1].kicker, slides[-1].said = question, section, ""
                slides[-1].notes = [answer]
                continue
            slides.append(Slide(question, section, notes=[answer], below=True))
        elif kind == "shown":
            if slides[-1].answers and not slides[-1].written:  # the figure does
                slides[-1:], answer = [], slides[-1]
                slides[-1].notes += answer.notes
            said = slides[-1].notes if slides and not slides[-1].asked else []
            lead = (waiting or said)[-1:]
            slides.append(_with_result(content, section, waiting, lead))
            waiting = []
        elif kind == "told":
            *content, headline = content
            fits = len(slides) > 1 and headline is not None
            slide = _with_told(content, section) if fits else None
            if slide and headline:
                slide.headline, slide.kicker = headline, section
            if slide and section not in _SAID and section != _HOME:
                slide.notes = [*waiting, *slide.notes]
                slides.append(slide)
                waiting = []
            elif section != _HOME and headline is not None and (claim := _plan(content[0])):
                # the list fits no slide: what is decided does
                slides.append(Slide(claim, _MONDAY, notes=[*waiting, content[1]]))
                waiting = []
            else:
                _say(slides[-1], content[1], waiting)
        elif kind == "solved":
            slides.append(_solution(*content, section))
        elif kind == "quoted":
            text, written = content
            kicker = section if written else ""
            quoted = "\n".join(itertools.takewhile(_QUOTE.match, text.split("\n")))
            slides.append(Slide(written or section, kicker, quoted=quoted, notes=[*waiting, text]))
            waiting = []
        elif kind == "guess" and content[1] is not None:
            asked = _question(content[0], section, waiting)
            if content[1]:
                asked.headline, asked.said, asked.written = content[1], "", True
            if slides[-1].quoted:  # the letter that the question is about
                letter = slides.pop()
                asked.quoted, asked.notes = letter.quoted, letter.notes + asked.notes
            elif len(slides) > 1 and _only_opens(slides[-1]) and not slides[-1].worked:
                opening = slides.pop()
                both = f"{opening.said} {asked.said}".strip()
                asked.kicker = opening.headline
                if not asked.written:
                    asked.said = _short(both) if opening.said else both
                asked.notes = opening.notes + asked.notes
            slides.append(asked)
            waiting = []
        elif kind == "computed" and (answer := _answer(*content, slides[-1])) and not waiting:
            slides.append(answer)
        elif kind in ("guess", "computed"):
            _say(slides[-1], content[0], waiting)
        elif section == _WORK and not slides[-1].quoted and (task := _TASK.search(content)):
            slides[-1].quoted = task[0]
        elif section == _HOME and SAY in content:
            slides[-1] = _last(content)
        else:
            _say(slides[-1], content, waiting)
    slides[-1].notes += waiting
    _belong(slides, section)
    first, *others = _with_answers(_without_openings(slides))
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    sections = dict(re.findall(r"^## (\d)\. (.+)$", "\n".join(texts), flags=re.M))
    for slide in others:
        for name in ("headline", "told", "said", "quoted"):
            setattr(slide, name, _placeless(getattr(slide, name), sections))
        if "<img" not in slide.shown:
            slide.shown = _placeless(slide.shown, sections)
    fitted = _show_again([part for slide in others for part in _fitted(slide)])
    return [first, *(part for slide in fitted for part in _parted(slide))]


def _placeless(text, sections):
    """Without references to other places of the notebook: nobody in the room sees them."""
    text = re.sub(r" \((?:\*|<em>)?To look up[^)]*\)|,? below(?=</td>)", "", text)
    text = re.sub(r" \(section \d\)|: (?:see )?section \d\b|,? as in section \d\b", "", text)
    text = re.sub(r"section \d(?:['’]|&#x27;|&#39;)s ", "the ", text)
    return re.sub(
        r"section (\d)\b", lambda at: f"“{sections.get(at[1], at[0]).strip(chr(34))}”", text
    )


def words(*texts: str) -> int:
    """How many words somebody reads."""
    return sum(len(re.findall(r"\w[\w'’%/-]*", text)) for text in texts)


def bare(text: str) -> str:
    """Without signs, to see whether two say the same."""
    return " ".join(re.findall(r"\w+", re.sub(r"<[^>]*>", " ", text).lower()))


def visible(slide: Slide) -> list[str]:
    """What is read on a slide beside its figure or table."""
    listed = "" if slide.told.startswith("|") else re.sub(r"^\d\. ", "", slide.told, flags=re.M)
    kicker = re.sub(r"^\d/\d$", "", slide.kicker)  # a mark, such as a page's number
    return [kicker, slide.headline, slide.said, slide.quoted, listed]


def whole(slide: Slide) -> str:
    """Why all of a slide is shown, however many words it has; empty if nothing speaks for it."""
    if slide.told.startswith("- ") and (
        slide.below or slide.asked or slide.told.startswith(_CHOICE)
    ):
        return "a choice"
    if slide.asked and slide.quoted:
        return "a letter that the room answers"
    if slide.below or slide.section in _SAID and slide.kicker == slide.section:
        return "a colleague's question"
    if slide.kicker == SAY.strip("*:"):
        return "what is said in a meeting"
    if slide.headline == _WORK:
        return "the first exercise"
    if slide.quoted and slide.kicker and not slide.shown:
        return "an answer, word for word"  # its first sentence may say the opposite
    return ""


def _fitted(slide):
    """As much of a slide as is read at a glance; a list that is too long has a slide an item."""
    if whole(slide):
        return [slide]
    if slide.asked and (slide.written or _lean_on(slide)):
        return [slide]
    said, slide.said = sentences(slide.said), ""
    quoted, slide.quoted = slide.quoted, ""
    if words(slide.kicker, slide.headline) > MOST_WORDS:
        slide.kicker = ""
    if slide.told and not slide.told.startswith("|"):
        items = _items(slide.told)
        before = words(slide.headline)
        slide.told = _list(items, MOST_WORDS - before, MOST_LISTED - before)
        if not slide.told or min(map(words, slide.told.split("\n"))) < _BARE[0]:
            halves = _by_halves(slide, items, said)
            if halves or not slide.told:
                return halves or _by_item(slide, items, said)
        if words(*visible(slide)) > MOST_LISTED:
            slide.kicker = ""
    if quoted:
        slide.quoted = _few(quoted, MOST_WORDS - words(*visible(slide)))
    exhibit = slide.shown or slide.told
    if slide.answers and words(slide.headline, *said[:1]) <= MOST_WORDS:
        slide.kicker = slide.kicker if words(*visible(slide), *said[:1]) <= MOST_WORDS else ""
    for sentence in said[: 1 if exhibit else 2]:
        # on a slide that shows or answers, a question's own answer would be missing
        asks = (exhibit or slide.answers) and _ASKS.search(sentence)
        if asks or words(sentence, *visible(slide)) > MOST_WORDS:
            break
        if exhibit and words(sentence) in _BARE and not re.search(r'\*\*|["“]', sentence):
            break  # "In 12 of 20.": a bridge, or what the figure says
        if bare(sentence) in bare(slide.headline):
            continue
        slide.said = f"{slide.said} {sentence}".strip()
    if slide.asked and not slide.said:  # what the question leans on stands right before it
        leads = [_GUESS.split(note)[0] for note in slide.notes if _GUESS.search(note)]
        last = "".join(sentences("".join(leads).strip().replace("\n", " "))[-1:])
        if not last.startswith("(") and words(last, *visible(slide)) <= MOST_WORDS:
            slide.said = last
    return [slide]


def _lean_on(slide):
    """With a question, the sentences right before it, if it leans on them; whether it does."""
    told, own = _before_the_guess(slide)
    if not (own or _LEANS.search(slide.headline)):
        return False
    kept, room = [], MOST_ASKED - words(slide.headline, _ASKED)
    for sentence in reversed(told):
        if words(sentence, *kept) > room:
            break
        kept.insert(0, sentence)
    while 1 < len(kept) < len(told) and _GOES_ON.match(kept[0]) and not _GOES_ON.match(kept[1]):
        kept.pop(0)
    if name := _NAMED.search(slide.headline):  # the sentence that names them
        word = re.compile(rf"\b{name[1] or name[2]}", flags=re.I)
        naming = [each for each in told if word.search(each)][-1:]
        if naming and not any(word.search(each) for each in kept):
            while kept and words(*naming, *kept) > room:
                kept.pop(0)
            kept = [*naming, *kept]
    if not kept:
        return False
    slide.said = " ".join(kept)
    if words(slide.kicker, slide.headline, slide.said) > MOST_ASKED:
        slide.kicker = _ASKED
    return True


def _before_the_guess(slide):
    """The sentences before a question, and whether the last ones stand in its own paragraph."""
    told, own, headline = [], False, bare(slide.headline)
    for note in slide.notes:
        guess = _GUESS.search(note)
        before = note[: guess.start()] if guess else note
        paragraphs = [part for part in before.split("\n\n") if not re.match(r"[-|>#]|\d\.", part)]
        told += [each for part in paragraphs for each in sentences(part.replace("\n", " ").strip())]
        if guess:
            asked = re.sub(r"\*\*Guess[^*]*\*\*:?", "", note[guess.start() :]).strip()
            story = sentences(asked.split("\n\n")[0].replace("\n", " "))
            story = list(itertools.takewhile(lambda each: bare(each) not in headline, story))
            own = bool(story) or bool(before.strip())
            told += [each[:1].upper() + each[1:] for each in story]
            break
    plain = [
        re.sub(r"^\*\*What it means:\*\* ?", "", each)
        for each in told
        if not (each.startswith("(") or each.endswith(":") or bare(each) in headline)
    ]
    return plain, own


def _show_again(slides):
    """What a question asks about, on its own slide: the slide before, if it stands alone, goes."""
    kept = []
    for slide in slides:
        before = next((each for each in reversed(kept) if not each.below), None)
        kept.append(slide)
        if not (before and slide.asked) or slide.quoted or slide.told or slide.shown:
            continue
        number = _COUNTED.search(slide.headline)
        named = number and re.search(rf"\b{number[1]}\b", slide.said, flags=re.I)
        listed = number and re.search(rf"\b{number[1]}\b", before.headline, flags=re.I)
        alone = not slide.said and words(slide.headline) <= _SHORT
        if before.section == slide.section and (alone or listed and not named):
            slide.told, slide.shown, slide.tall = before.told, before.shown, before.tall
            if kept[-2] is before and before.section and (slide.told or slide.shown):
                del kept[-2]
                slide.notes = [*before.notes, *slide.notes]
        elif slide.said[:1].isalpha() and _GOES_ON.match(
            slide.said
        ):  # what "it" is, was said on the slide before
            names = {each for each in bare(slide.headline).split() if len(each) > 4}
            told = sentences("\n\n".join(before.notes).replace("\n", " "))
            naming = [each for each in told if names & set(bare(each).split())][-1:]
            if naming and words(slide.headline, slide.said, _ASKED, *naming) <= MOST_ASKED:
                slide.said = f"{naming[0]} {slide.said}"
    return kept


def _parted(slide):
    """A table of many rows and columns as two slides, each with its head; a tall figure, too."""
    if (pictures := _PICTURE.findall(slide.shown)) and len(pictures) > 1:
        halves = [replace(slide, shown=picture) for picture in pictures]
        for at, half in enumerate(halves, start=1):
            half.kicker = f"{slide.kicker} {at}/{len(halves)}".strip()
        halves[0].said, halves[1].notes = "", []
        return halves
    if slide.below or not (table := _rows(slide)):
        return [slide]
    head, rows, columns = table
    if len(rows) <= _ROWS or columns < _COLUMNS:
        return [slide]
    made, half = [], math.ceil(len(rows) / 2)
    for at, part in enumerate((rows[:half], rows[half:]), start=1):
        one = replace(slide, kicker=f"{slide.kicker} {at}/2".strip())
        if slide.told:
            one.told = "\n".join([head, *part]) + "\n"
        else:
            start = slide.shown.index(head) + len(head)
            above, end = slide.shown[:start], slide.shown.rindex(rows[-1]) + len(rows[-1])
            between = slide.shown[start:end].partition("<tr")[0]
            one.shown = f"{above}{between}{''.join(part)}{slide.shown[end:]}"
            size = f"font-size: {_letters(one.shown):.2f}em"
            one.shown = re.sub(r"font-size: [\d.]+em", size, one.shown, count=1)
        made.append(one)
    made[0].said, made[1].notes = "", []
    return made


def _rows(slide):
    """Of a slide's table its head, its rows and the number of its columns; None without one."""
    if slide.told.startswith("|"):
        lines = slide.told.strip().split("\n")
        return "\n".join(lines[:2]), lines[2:], lines[0].strip().strip("|").count("|") + 1
    if slide.shown.count("<table") != 1 or "rowspan" in slide.shown:
        return None
    head, *rows = re.findall(r"<tr\b.*?</tr>", slide.shown, flags=re.S)
    return (head, rows, len(re.findall(r"<t[hd]\b", rows[-1]))) if rows else None


def first_notes(notes: list[str]) -> tuple[list[str], list[str]]:
    """What the speaker says and asks, and the bridge; and the rest, which folds.

    Parameters
    ----------
    notes : list of str

    Returns
    -------
    tuple of (list of str, list of str)
        The first have at most :data:`MOST_NOTED` words, but for a sentence that is said whole.
    """
    whole = [re.match(r"\*\*(Say it whole|With )", note) is not None for note in notes]
    leading = [at for at, note in enumerate(notes) if _FIRST.match(note)]
    leading.sort(key=lambda at: not (whole[at] or notes[at].startswith(("**Time", "**Next"))))
    told = [at for at, note in enumerate(notes) if note.startswith("- ")]
    kept, full = set(), False
    for at in [*leading, *told]:
        fits = words(*(notes[each] for each in [*kept, at])) <= MOST_NOTED
        if whole[at] or (fits and not (full and at in told)):
            kept.add(at)
        full = full or (at in told and not fits)
    return ([note for at, note in enumerate(notes) if at in kept],
            [note for at, note in enumerate(notes) if at not in kept])  # fmt: skip


def _few(quoted, room):
    """The first sentences of a quotation that fit, with its marks."""
    marks = r'((?:> )?(?:\*?[“"])?)(.*?)((?:[”"]\*?)?)\s*'
    opening, text, closing = re.fullmatch(marks, quoted, flags=re.S).groups()
    kept = []
    for sentence in sentences(text.split("\n\n")[0]):
        if words(*kept, sentence) > room:
            break
        kept.append(sentence)
    return f"{opening}{' '.join(kept)}{closing}" if kept else ""


def _items(told):
    """The items of a list, each with its mark."""
    return [
        item.replace("\n", " ").split(" ", 1) for item in re.split(r"\n(?=(?:[-*]|\d\.) )", told)
    ]


def _list(items, room, most=0):
    """A list in so many words: its first sentences, or what stands before a colon; empty if none.

    Before it is cut at its colons, its first sentences may take up to `most` words.
    Pieces of a sentence, each in a line of its own, need no signs between them.
    """
    opened = [_opening(text) for _, text in items]
    first = [text for text, _ in opened]
    for parts, fit in (
        ([text for _, text in items], room),
        # of one word, what it means
        ([" ".join([text, *more[: words(text) == 1]]) for text, more in opened], room),
        (first, room),
        ([re.sub(r" \([^)]*\)", "", text) for text in first], room),
        (first, most),
        ([re.sub(r" \([^)]*\)", "", text) for text in first], most),
        ([sentences(text)[0] for _, text in items], room),  # questions without their answers
        ([re.sub(r":(\*?).*", r"\1", text) for text in first], room),
    ):
        if words(*parts) <= fit and all(parts):
            parts = [_unended(text) for text in parts]
            if all(re.fullmatch(r"\*\*[^*]+\*\*", text) for text in parts):
                parts = [text.strip("*") for text in parts]  # all bold, so none is
            return "\n".join(f"{a} {text}" for (a, _), text in zip(items, parts, strict=True))
    return ""


def _unsigned(text):
    """Without the sign that leads on to the next line."""
    return re.sub(r"[:,;](\**)$", r"\1", text)


def _unended(text):
    text = _unsigned(text)
    return re.sub(r"\.(\**)$", r"\1", text) if len(sentences(text)) == 1 else text


def _opening(text):
    """An item's first sentence, with its answer if it asks, and the others."""
    first, *more = sentences(text)
    return (f"{first} {more[0]}", more[1:]) if more and _ASKS.search(first) else (first, more)


def _by_halves(slide, items, said):
    """A list of three items or more on two slides, if each half fits one; else nothing."""
    if len(items) < 3:
        return []
    made, before, cut = [], words(slide.headline) + 1, math.ceil(len(items) / 2)
    for at, half in enumerate((items[:cut], items[cut:]), start=1):
        told = _list(half, MOST_WORDS - before, MOST_LISTED - before)
        if min(map(words, told.split("\n"))) < 3:  # none, or one cut to its first word
            return []
        notes = [text for _, text in half]
        made.append(replace(slide, kicker=f"{at}/2", told=told, said="", quoted="", notes=notes))
    if all(words(slide.kicker, *visible(part)) < MOST_LISTED for part in made):
        for part in made:
            part.kicker = f"{slide.kicker} {part.kicker}".strip()
    if said and words(said[0], *visible(made[1])) <= MOST_WORDS:
        made[1].said = said[0]
    return _with_notes(made, slide)


def _with_notes(made, slide):
    """Slides of one list, with the notes before and after it."""
    block = next(at for at, note in enumerate(slide.notes) if _LISTED.match(note))
    made[0].notes = slide.notes[:block] + made[0].notes
    made[-1].notes += slide.notes[block + 1 :]
    return made


def _by_item(slide, items, said):
    """A list that fits no slide: a slide for each item."""
    made, lead = [], re.sub(r"[*_]", "", slide.headline)
    for at, (_, text) in enumerate(items, start=1):
        claim, rest = _claim(_unsigned(text))
        kicker = f"{lead} {at}/{len(items)}"
        if words(kicker, claim, *sentences(rest)[: bool(_ASKS.search(claim))]) > MOST_WORDS:
            kicker = f"{at}/{len(items)}"
        made.append(Slide(claim, kicker, said=rest, notes=[text], section=slide.section))
    made[-1].said = made[-1].said or " ".join(said)
    return [part for each in _with_notes(made, slide) for part in _fitted(each)]


def _belong(slides, section):
    for slide in slides:
        if slide.section is None:
            slide.section = section


def _without_openings(slides):
    """What opens a section is said, and what comes first there is shown."""
    kept, waiting, below = [], [], []
    for place, slide in enumerate(slides):
        opens = place and _only_opens(slide)
        later = next((each for each in slides[place + 1 :] if not each.below), slide)
        if opens and later is not slide and later.section == slide.section and not slide.worked:
            waiting += slide.notes
            if (
                later.headline == slide.section and slide.said and not later.kicker
            ):  # a table or list without a finding
                claim, rest = _claim(slide.said)
                later.headline, later.kicker = claim, slide.section
                later.said = later.said or rest
            continue
        if opens and _is_a_label(slide.headline):
            slide.kicker = slide.headline  # a label: what happens is the better headline
            slide.headline, slide.said = _claim(slide.said)
        if slide.below and waiting:  # a question about what is shown next
            below.append(slide)
            continue
        slide.notes = waiting + slide.notes
        kept += [slide, *below]
        waiting, below = [], []
    return kept


def _only_opens(slide):
    return not (slide.shown or slide.told or slide.quoted or slide.below or slide.kicker)


def _is_a_label(headline):
    return headline not in _SAID and not headline.endswith(("?", '"'))


def _with_answers(slides):
    """A speaker who asks the room knows what comes: the findings until the next question."""
    for place, slide in enumerate(slides):
        if slide.asked:
            later = itertools.takewhile(lambda each: not each.asked, slides[place + 1 :])
            if findings := [each.headline for each in later if each.shown or each.answers][:3]:
                slide.notes = [*slide.notes, f"*What comes:* {'; then: '.join(findings)}"]
    return slides


def to_say(text: str) -> str:
    """What is said in a meeting, word for word, of the text that has it."""
    told = text[text.find(SAY) :].removeprefix(SAY).split("\n\n")[0]
    return told.replace("\n", " ").strip(' "“”')


def _last(text):
    """What everybody takes to the next meeting: a claim, and what bears it out."""
    return say_aloud(Slide("", SAY.strip("*:"), notes=[text]), to_say(text))


def say_aloud(slide: Slide, told: str) -> Slide:
    """Show what is said in a meeting: its first sentences that have no blanks left.

    Parameters
    ----------
    slide : Slide
        Changed in place.
    told : str
        Word for word.

    Returns
    -------
    Slide
    """
    said = sentences(told)
    begun = itertools.dropwhile(lambda each: "____" in each, said)
    claim, *rest = [*itertools.takewhile(lambda each: "____" not in each, begun)] or said
    slide.headline, slide.said = f"“{_claim(claim)[0]}”", ""
    for sentence in rest:
        if words(slide.headline, slide.said, sentence) > MOST_ASKED:
            break
        slide.said = f"{slide.said} {sentence}".strip()
    return slide


def _answer(text, begins, slide):
    """A slide that answers the question before; None where a text doesn't."""
    if not (slide.asked or begins):
        return None
    first = text if begins else text.split("\n\n")[0]
    first = re.sub(r"^\*\*What it means:\*\* ?(\w?)", lambda at: at[1].upper(), first)
    told = sentences(first.replace("\n", " "))
    bold = [each for each in told if "**" in each and not _GOES_ON.match(each)]
    wanted = [each for each in told if begins and each.lower().startswith(begins.lower())]
    if begins and not wanted:
        return None
    start, kicker = told.index([*wanted, *bold, *told][0]), slide.section or slide.kicker
    if to := re.fullmatch(r"\*\*([^*]+):\*\* \*(.+)\*", told[start]):  # somebody is told
        kicker, told[start] = to[1], to[2]
    claim, rest = _claim(" ".join(told[start:]))
    claim = re.sub(r"^(?:But|So) (\w)", lambda at: at[1].upper(), claim.replace("**", ""))
    rest = " ".join(each for each in sentences(rest) if not each.startswith("("))
    if claim.endswith(":") or words(claim) > MOST_WORDS:
        return None
    return Slide(claim, kicker, said=rest, notes=[text], answers=True, written=bool(begins))


def _solution(typed, why, section):
    """Below what the room works out: what is right, and why."""
    right = " · ".join(re.findall(r'= "(.+)"', typed))
    because = sentences(why.split("\n\n")[0].replace("\n", " "))
    return Slide(right, section, said=" ".join(because[:2]), notes=[why.strip()], below=True)


def _say(slide, text, waiting):
    """Words after a slide's result or headline: the first that fit are shown, all are noted."""
    if waiting or slide.below:
        waiting.append(text)
        return
    slide.notes.append(text)
    if slide.said or slide.quoted or slide.asked:
        return
    if slide.answers and not text.startswith("**What it means:"):
        return
    first = text.split("\n\n")[0]
    if slide.shown and re.fullmatch(r'\*[“"].*[”"]\*', first):
        slide.quoted = first  # a colleague's words
        return
    said = "" if slide.shown and _ANSWERS.match(text) else _short(text)
    said = re.sub(r"^\*\*What it means:\*\* ?(\w?)", lambda first: first[1].upper(), said)
    claim, rest = _claim(said)
    if (slide.shown or slide.told) and not slide.kicker and 0 < len(claim.split()) <= _HEADLINE:
        slide.headline, slide.kicker, slide.said = claim, slide.headline, rest
    else:
        slide.said = said


def _claim(said):
    """The first sentence, to be a headline, and the rest."""
    claim, *rest = sentences(said) or [""]
    return re.sub(r"\.(\**)$", r"\1", claim[:1].upper() + claim[1:]), " ".join(rest)


def sentences(text: str) -> list[str]:
    """Split where a sentence ends, but not within quotation marks, parentheses or emphasis."""
    told, kept = "", []
    for piece in _SENTENCES.split(text):
        told = f"{told} {piece}".strip()
        pairs = (told.count(opening) - told.count(closing) for opening, closing in ("“”", "()"))
        if not (any(told.count(sign) % 2 for sign in ("*", "**", '"')) or any(pairs)):
            kept.append(told)
            told = ""
    return [*kept, told] if told else kept


def _with_result(content, section, before, lead):
    shown, headline, tall, written, titled, *whole_table = content
    before = [*before, *whole_table]
    if written:
        return Slide(written, section, shown, notes=list(before), tall=tall)
    if not headline:
        said = sentences(lead[0].split("\n\n")[-1])[-1:] if lead else []
        if said and re.search(r"[?:][”\"*]*$", said[0]) and len(said[0].split()) <= _HEADLINE:
            headline = _claim(said[0].removesuffix(":"))[0]
            return Slide(headline, section, shown, notes=list(before), tall=tall)
        return Slide(section, shown=shown, notes=list(before), tall=tall)
    return Slide(headline, section, shown, notes=list(before), titled=titled, tall=tall)


def _with_told(content, section):
    """A list or a table of the text, under the words that lead to it; None where it fits none."""
    lead, block, columns = content
    told = _read(_only(block, columns))
    if not told:
        return None
    lead = lead.split("\n\n")[-1].replace("\n", " ").strip()
    plan = f"**{_MONDAY}:**" in lead
    lead = re.sub(r"^#+ |^\*\*(?:What it means|On Monday):\*\* ?", "", lead)
    said = sentences(lead) or [""]
    headline = said[-1]
    leads = not re.search(r"[.?!][”\"*)]*$", headline) and 0 < len(headline.split()) <= _HEADLINE
    if not leads:  # what the list or table bears out
        plain = [each for each in said if not each.startswith("(")]
        headline = next((each for each in plain if 3 < len(each.split()) <= _HEADLINE), "")
        headline, leads = _claim(headline)[0], bool(headline)
    if leads and _POINTS_BACK.match(headline) and len(said) > 1:
        before = re.sub(r" \([^)]*\)", "", said[-2])
        headline = before if 3 < len(before.split()) <= _HEADLINE else headline
        headline = _claim(headline)[0]
    headline = _unsigned(headline) if leads else _MONDAY if plan else section
    headline = re.sub(r"^\*\*([^*]+)\*\*$", r"\1", headline)
    kicker = section if leads or plan else ""
    return Slide(headline[:1].upper() + headline[1:], kicker, told=told, notes=[block])


def _plan(lead):
    """What is decided before a list of who does what; empty if nothing."""
    decided = lead.partition(f"**{_MONDAY}:**")[2].replace("\n", " ").strip(" *")
    return _claim(decided)[0] if decided.endswith(".") and words(decided) <= _HEADLINE else ""


def _read(block):
    """A table or a list that somebody can read; empty where nobody could."""
    if block.startswith("|"):
        return f"{block}\n" if _size(_cells(block)) else ""
    items = _items(block)
    fits = 1 < len(items) < 7 and max(words(sentences(text)[0]) for _, text in items) <= MOST_WORDS
    return "\n".join(" ".join(item) for item in items) if fits else ""


def _only(table, columns):
    """Of a table in Markdown or HTML the columns with these heads; all of it if it lacks one."""
    rows = _html_rows(table) if "<table" in table else table.splitlines()
    cells = [_html_cells(row) if "<t" in row else row.strip().strip("|").split("|") for row in rows]
    heads = [_plain_cell(cell) for cell in cells[0]] if cells else []
    if not columns or not set(columns) <= set(heads):
        return table
    kept = [[row[heads.index(name)] for name in columns] for row in cells]
    if "<table" not in table:
        return "\n".join(f"|{'|'.join(row)}|" for row in kept)
    for row, old, new in zip(rows, cells, kept, strict=True):
        table = table.replace(row, row.replace("".join(old), "".join(new)))
    return table


def _html_rows(table):
    return re.findall(r"<tr\b.*?</tr>", table, flags=re.S)


def _html_cells(row):
    return re.findall(r"<t[hd]\b.*?</t[hd]>", row, flags=re.S)


def _in_markdown(table):
    head, *rows = [[_plain_cell(cell) for cell in _html_cells(row)] for row in _html_rows(table)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _plain_cell(cell):
    return html.unescape(re.sub(r"<[^>]*>|[*`]", "", cell)).strip()


def _cells(table):
    """The cells of a table in Markdown, as they are read."""
    rows = [line.strip().strip("|").split("|") for line in table.splitlines()]
    return [[re.sub(r"[*`]", "", cell).strip() for cell in row] for row in rows[:1] + rows[2:]]


def _question(text, section, before):
    """What the room is to guess, before it sees."""
    start = _GUESS.search(text).start()
    lead, asked = text[:start], text[start:]
    asked = re.sub(r"\*\*Guess(?: first|, and write it down)?[:.]?(\*\*:?)? ?", "", asked)
    asked = asked.replace("**", "")
    first = asked.split("\n\n")[0].strip()
    if first.endswith(":"):  # it leads to what isn't shown
        first = " ".join(sentences(first.replace("\n", " "))[:-1])
    if not first:  # the question stands before the word
        first, lead = lead.strip(), ""
    if len(first.split()) > MOST_WORDS:  # a small story, and then the question
        *story, last = sentences(first.replace("\n", " "))
        if story and last.endswith("?"):
            lead = " ".join(story)
            first, lead = last, lead[:1].upper() + lead[1:]
    return Slide(first[:1].upper() + first[1:], _ASKED, said=_short(lead), notes=[*before, text],
                 asked=True)  # fmt: skip


def _short(text):
    """The first sentences of a text that fit on a slide; empty if not even the first does."""
    text = text.split("\n\n")[0].strip()
    if text.startswith("> **Your question today:**"):
        text = text.replace("\n> ", " ").removeprefix("> **Your question today:** ")
        text = text[0].upper() + text[1:]
    if re.match(r"[-|>\d#`]|\*\*\d", text):
        return ""
    kept = []
    for sentence in sentences(text.replace("\n", " ")):
        if len(re.findall(r"\w[\w'’%-]*", " ".join([*kept, sentence]))) > MOST_WORDS:
            break
        kept.append(sentence)
    while kept and kept[-1].rstrip("*").endswith(":"):  # it leads to what isn't shown
        kept.pop()
    return " ".join(kept)


def _parts(cells):
    """A lesson as ("heading", …), ("text", …), ("asked", (question, answer)), …

    A talk has no second half to look up: each question stands with the section that it is on, and
    what one takes home comes last.
    """
    lesson, questions = lesson_and_questions(cells)
    asked, exercises, section = _by_section(questions), False, None
    home = [cell for cell in lesson if f"## {_HOME}" in cell.source]
    for cell in [*(cell for cell in lesson if cell not in home), *questions[1:], *home]:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            named = _named(cell)
            for kind, content in _text_parts(_unlinked(cell.source)):
                if kind == "heading":
                    exercises = content == "Exercises"
                    for where in [*asked] if exercises else [section]:  # a cell prints a heading
                        yield from asked.pop(where, [])
                    section = content
                yield named(kind, content)
        elif not exercises and not {"exercise", "parameters"} & set(tags):
            solved = "answer" in tags
            yield from (part for part in _results(cell) if not solved or part[0] == "solved")


def _named(cell, computed=False, written=None):
    """Adds what the metadata of a cell writes over a list, a table or a question of its text."""
    written = iter(cell.metadata.get("slide", [])) if written is None else written
    begins = cell.metadata.get("answer", "")
    computed = computed and begins is not None

    def named(kind, content):
        if kind == "told":
            return kind, (*content, cell.metadata.get("slide_columns"), next(written, ""))
        if kind == "text" and _GUESS.search(content):
            return "guess", (content, next(written, ""))
        if kind == "text" and (computed or begins and begins in content):
            return "computed", (content, begins)
        return kind, content

    return named


def _by_section(questions):
    """The questions on each section, by its heading."""
    text = _unlinked(questions[0].source) if questions else ""
    parts = re.split(r"^### On (?:section (?=\d: ))?(.+)\n", text, flags=re.M)
    return {
        re.sub(r"^(\d): ", r"\1. ", where).strip("“”"): [
            ("asked", (question, answer.strip()))
            for question, answer in _FOLD.findall(told)
            if question.endswith("?")
        ]
        for where, told in zip(parts[1::2], parts[2::2], strict=True)
    }


def _unlinked(text):
    """Slides lead nowhere else."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def _text_parts(source):
    for part in re.split(r"^(?=#{1,2} )", source, flags=re.M):
        if heading := re.match(r"#{1,2} (.+)\n?", part):
            yield "heading", heading[1].strip()
            part = part[heading.end() :]
        if text := _FOLD.sub("", part).strip():
            works = heading and heading[1].strip() == _WORK  # a task has its table or list
            yield from [("text", text)] if works else _paragraphs(text)
        for question, answer in _FOLD.findall(part):
            if question.endswith("?"):
                yield "asked", (question, answer.strip())


def _paragraphs(text):
    """Split where a guess begins or ends, so that it is shown before its answer, and at lists."""
    kept, before = [], ""
    for paragraph in text.split("\n\n"):
        listed = paragraph.startswith("|") or _LISTED.match(paragraph)
        if listed or _GUESS.search(paragraph):
            if kept:
                yield "text", "\n\n".join(kept)
            yield ("told", (before, paragraph)) if listed else ("text", paragraph)
            kept = []
        else:
            kept.append(paragraph)
        before = paragraph
    if kept:
        yield "text", "\n\n".join(kept)


def _results(cell):
    written = iter(cell.metadata.get("slide", []))
    named = _named(cell, True, written)
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            headline = next(written, "")
            if headline is not None:
                halves = cell.metadata.get("slide_halves", False)
                picture, title, tall, within = _figure(output, bool(headline), halves)
                yield "shown", (picture, title, tall, headline, within)
        elif "text/html" in data and "<details" not in data["text/html"]:  # nothing folded
            headline, table = next(written, ""), data["text/html"]
            part = _only(table, cell.metadata.get("slide_columns"))
            if headline is not None and (size := _letters(part)):
                style = f'class="table" style="font-size: {size:.2f}em"'
                noted = [_in_markdown(table)] if part != table else []
                shown = f"<div {style}>{part}</div>"
                yield "shown", (shown, "", False, headline, False, *noted)
        elif solved := _SOLVED.fullmatch(data.get("text/markdown", "")):
            yield "solved", solved.groups()
        elif "text/markdown" in data:
            text = _unlinked(_FOLD.sub("", data["text/markdown"]))
            if text.startswith(">"):
                yield "quoted", (text, next(written, ""))
            elif text.strip():
                yield from itertools.starmap(named, _paragraphs(text))


def _figure(output, whole=False, halves=False):
    """HTML, headline, whether its words stand beside it, and the headline within it.

    The title of a figure becomes the headline, in letters as large as on all slides; beside a
    headline of its cell the figure stays whole.
    """
    size = output.metadata["image/png"]
    png, alt = output.data["image/png"].strip(), size["alt"]
    high, title = size["height"], "" if whole else size.get("title", "")
    if title:
        png, high = _without_title(png, size), high - size["foot"]
    if halves:
        parts, high = _halves(png), high / 2
        shape = f'data-high="{high / size["width"]:.2f}"'
        texts = html.escape(alt), ""  # the first tells it all
        picture = "".join(
            f'<img alt="{text}" {shape} src="data:image/png;base64,{part}">'
            for text, part in zip(texts, parts, strict=True)
        )
        return picture, title or alt.split(". ")[0], False, not title
    shape = f'data-high="{high / size["width"]:.2f}"'  # by its width
    picture = f'<img alt="{html.escape(alt)}" {shape} src="data:image/png;base64,{png}">'
    headline = re.split(r"(?<=[a-z\d%)])[.?] ", alt)[0]
    if len(headline.split()) > 2 * MOST_WORDS:  # its numbers, one by one
        headline = headline.split(":")[0]
    return picture, title or headline, high > _TALL * size["width"], not title


def _halves(png):
    """The upper and the lower part of a picture, cut near its middle where it is emptiest."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        width, height = picture.size
        light = picture.convert("L").resize((1, height), Image.Resampling.BOX).tobytes()
        middle = range(round(0.4 * height), round(0.6 * height))
        cut = max(middle, key=lambda row: (light[row], -abs(row - height / 2)))
        made = []
        for box in ((0, 0, width, cut), (0, cut, width, height)):
            saved = io.BytesIO()
            picture.crop(box).save(saved, format="png")
            made.append(base64.b64encode(saved.getvalue()).decode())
    return made


def _without_title(png, size):
    """The picture from below its title on."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as picture:
        foot = round(size["foot"] * picture.height / size["height"])
        rest = picture.crop((0, foot, *picture.size))
    saved = io.BytesIO()
    rest.save(saved, format="png")
    return base64.b64encode(saved.getvalue()).decode()


def _letters(table):
    """The largest size at which a table fits; 0: at none, so it stays in the notebook."""
    if "<table" not in table:
        return 0.8  # something to play with
    rows = [
        [html.unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in cells]
        for cells in (
            re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, flags=re.S)
            for row in re.findall(r"<tr.*?</tr>", table, flags=re.S)
        )
    ]
    return _size(rows)


def _size(rows):
    columns = list(zip(*rows, strict=True))
    widths = [max(len(cell) + 3 for cell in column) for column in columns]
    words = sum(
        max(len(word) + 3 for cell in column for word in [*cell.split(), ""]) for column in columns
    )
    for size in _SIZES:
        narrowed = min(1, _WIDE / size / sum(widths))
        lines = [
            max(
                math.ceil((len(cell) + 3) / narrowed / width)
                for cell, width in zip(row, widths, strict=True)
            )
            for row in rows
        ]
        high = size * sum(1.35 * line + 0.35 for line in lines)
        if high <= _HIGH and size * words <= _WIDE:
            return size
    return 0


def page(title: str, slides: list[Slide], markdown) -> str:
    """The slides as one page that starts without a network, with a view for the speaker (key S).

    Parameters
    ----------
    title : str
    slides : list of Slide
    markdown : callable
        Markdown to HTML.
    """
    stacks = []
    for slide in slides:
        if slide.below:
            stacks[-1].append(_section(slide, markdown))
        else:
            stacks.append([_section(slide, markdown, first=not stacks)])
    body = "\n".join(
        stack[0] if len(stack) == 1 else "<section>\n" + "\n".join(stack) + "\n</section>"
        for stack in stacks
    )
    return _PAGE.replace("{title}", html.escape(title)).replace("{body}", body)


def _section(slide, markdown, first=False):
    level = "h1" if first else "h2"
    hidden = ' class="read-aloud"' if slide.titled else ""
    headline = re.sub(r"^<p>|</p>\s*$", "", markdown(slide.headline).strip())
    layout = "slide" if slide.shown or slide.told else "slide opening"
    if level == "h1":
        layout += " title"
    dark = slide.asked and not (slide.shown or slide.told)
    if slide.asked:
        layout += " asks"
    if len(slide.headline.split()) > _LONG:
        hidden = hidden or ' class="long"'
    high = re.search(r' data-high="([\d.]+)"', slide.shown)
    if high and float(high[1]) >= _UPRIGHT:
        layout += " upright"
    paper = f' data-background-color="{_DARK}"' if dark else ""
    lines = [f"<section{paper}>", f'<div class="{layout}">']
    if slide.kicker:
        lines.append(f'<p class="kicker">{html.escape(slide.kicker)}</p>')
    lines.append(f"<{level}{hidden}>{headline}</{level}>")
    quoted = f'<div class="quoted">{markdown(slide.quoted)}</div>' if slide.quoted else ""
    if quoted and not slide.shown:
        lines.append(quoted)
    beside = ' class="beside"' if slide.tall and slide.said else ""
    if slide.shown:
        lines.append(f"<div{beside}>{slide.shown}")
    if slide.told.startswith("|"):
        style = f'style="font-size: {_size(_cells(slide.told)):.2f}em"'
        lines.append(f'<div class="told table" {style}>{markdown(slide.told)}</div>')
    elif slide.told:
        lettered = slide.below and not slide.told.startswith(_CHOICE)
        choice = " choice" if lettered and whole(slide) == "a choice" else ""
        lines.append(f'<div class="told{choice}">{markdown(slide.told)}</div>')
    if quoted and slide.shown:
        lines.append(quoted)
    if slide.said:
        lines.append(f'<div class="said">{markdown(slide.said)}</div>')
    if level == "h1":
        lines.append(_KEYS)
    lines.append("</div>" * (2 if slide.shown else 1))
    if slide.notes:
        said, more = first_notes(slide.notes)
        notes = markdown("\n\n".join(said)) if said else ""
        if more:
            more = markdown("\n\n".join(more))
            notes += f"<details><summary>more</summary>\n{more}</details>"
    else:  # a figure alone: what it shows, which is escaped already
        alts = re.findall(r'<img alt="([^"]*)"', slide.shown)
        notes = "\n".join(f"<p>{alt.replace('?. ', '? ')}</p>" for alt in alts)
    lines.append(f'<aside class="notes">{notes}</aside>\n</section>')
    return "\n".join(lines)


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="reveal/dist/reset.css">
<link rel="stylesheet" href="reveal/dist/reveal.css">
<style>
.reveal { font: 30px/1.35 system-ui, sans-serif; color: #222; }
.reveal section { text-align: left; height: 100%; }
.slide { display: flex; flex-direction: column; height: 100%; box-sizing: border-box;
  padding: 12px 20px 44px; }
.slide > div:not(.said, .quoted, .told) { flex: 1 1 0; min-height: 0; display: flex; gap: 14px;
  flex-direction: column; }
.slide > .beside { flex-direction: row !important; align-items: center; gap: 30px !important; }
.reveal h1, .reveal h2 { font-weight: 700; line-height: 1.15; margin: 0 0 .4em; }
.reveal h1 { font-size: 2.2em; } .reveal h2 { font-size: 1.4em; }
.slide.opening { justify-content: center; padding-bottom: 80px; font-size: 1.2em; }
.opening h2 { font-size: 1.6em; }
/* the room's turn */
.reveal .asks .kicker { align-self: start; background: #0072B2; color: #fff; font-weight: 700; }
.reveal .asks .kicker { padding: .1em .6em; border-radius: 4px; }
.asks.opening { color: #fff; } .asks.opening h2 { font-size: 1.8em; }
.reveal .asks.opening .kicker { background: #fff; color: #004b76; }
.reveal .asks.opening .quoted { border-color: #fff; }
.reveal.has-dark-background :is(.slide-number, .controls) { color: #fff; }
.reveal.has-dark-background .progress { color: #fff; }
.reveal h2.long { font-size: 1.15em; }
.title::before { content: ""; width: 96px; height: 8px; background: #0072B2; margin: 0 0 26px; }
.title .keys { color: #666; font-size: 20px; margin: 1.5em 0 0; }
.reveal kbd { font: inherit; border: 1px solid #999; border-radius: 4px; padding: 0 .35em; }
.reveal .slide-number { color: #666; background: none; left: 20px; right: auto; bottom: 10px; }
.reveal .slide-number { font: 16px system-ui, sans-serif; } .slide-number a { color: inherit; }
.reveal .kicker { color: #0072B2; font-size: 22px; margin: 0 0 .4em; }
.reveal img { display: block; flex: 1 1 0; min-height: 0; width: 100%; margin: 0; }
.reveal img { max-width: none; max-height: none; object-fit: contain; object-position: center top; }
.beside img { flex: 0 0 auto; width: auto !important; height: 100%; max-width: 900px !important; }
.beside img { object-position: left center !important; }
/* an upright figure has the whole height, and all words beside it */
.slide.upright { display: grid; grid-template: auto auto 1fr / auto minmax(0, 1fr); }
.slide.upright { column-gap: 40px; padding-bottom: 36px; }
.slide.upright > div:not(.said, .quoted, .told) { display: contents !important; }
.upright img { grid-area: 1 / 1 / -1 / 2; width: auto !important; height: 672px !important; }
.upright > :is(.kicker, h2, h1), .upright .said { grid-column: 2; }
.reveal .upright h2 { font-size: 1.2em; } .reveal .upright .said p { margin-right: 0; }
.reveal .said p { margin: 0 80px .3em 0; } .beside .said { min-width: 250px; }
.reveal .beside .said p { margin-right: 0; }
.reveal .quoted { border-left: 6px solid #0072B2; padding-left: 24px; font-size: .85em; }
.reveal .quoted :is(blockquote, p) { all: unset; display: block; margin-bottom: .4em; }
div + .quoted { margin-right: 90px; }
.reveal .controls :is(.navigate-left, .navigate-right) { display: none; } /* they hide words */
.reveal table { border-collapse: collapse; font-size: 1em; min-width: 100%; margin: 0; }
.reveal table :is(th, td) { padding: var(--row, .15em) .5em; }
.reveal table :is(th, td) { text-align: right; border-bottom: 1px solid #ccc; }
.reveal thead th { font-size: .8em; color: #555; vertical-align: bottom;
  border-bottom: 2px solid #555; }
.reveal .quoted :is(ul, ol) { margin-left: 1.2em; }
.reveal thead:not(:has(th:not(:empty))) { display: none; }
.reveal table :is(th, td).number { text-align: right !important; }
.told { margin-bottom: .6em; } .told:not(.table) { margin-block: auto; }
.quoted + .said { margin-top: .8em; }
.reveal .told :is(th, td) { text-align: left; vertical-align: top; }
.reveal .told :is(ul, ol) { display: block; margin: .3em 80px 0 1em; font-size: 1.15em; }
.reveal .told ol { margin-left: 1.35em; } /* its numbers begin where the headline does */
.reveal .choice ul { list-style: upper-alpha; margin-left: 1.4em; }
.reveal .told li { margin-bottom: .55em; } .reveal .told td:first-child { font-weight: 700; }
.reveal .explorable { max-width: none; }
.explorable:has(> :is(table, svg)) { display: grid; grid-template-columns: auto 1fr; }
.explorable:has(> :is(table, svg)) { column-gap: 40px; grid-template-rows: repeat(8, auto) 1fr; }
.explorable:has(> svg) { grid-template-columns: 2fr 1fr; }
.explorable > :is(table, svg) { grid-column: 1; grid-row: 1 / span 9; align-self: start; }
.explorable > :not(table, svg) { grid-column: 2; margin-top: 0; }
.reveal .explorable svg { width: auto; max-width: 100%; height: 340px; }
.reveal .explorable > svg { width: 100%; height: auto; }
.reveal .explorable > table { min-width: 0; }
/* charts side by side, below them what they mean in one sentence: the rest is in the notes */
.explorable.wide > div { display: grid !important; grid-template-columns: 1fr 1fr; }
.explorable.wide > div > div:first-child { display: contents; }
.explorable.wide > div > div:first-child > div { grid-column: 1 / -1; }
.explorable.wide > div > div:last-child > p + p { display: none; }
.reveal .progress { color: #0072B2; background: none; }
.reveal em { font-style: italic; } .reveal strong { font-weight: 700; }
.read-aloud { position: absolute; width: 1px; height: 1px; overflow: hidden; }
.read-aloud { clip-path: inset(50%); }
@media print { .reveal img { height: auto; } }
</style></head><body>
<div class="reveal"><div class="slides">
{body}
</div></div>
<script src="reveal/dist/reveal.js"></script>
<script src="reveal/plugin/notes/notes.js"></script>
<script>// a clicker and the space bar go on with the lesson: a colleague's questions wait for ↓
const turn = (by) => () => Reveal.slide(Math.max(0, Reveal.getIndices().h + by), 0);
const number = (slide) => {
  const { h, v } = Reveal.getIndices(slide);
  return v ? [h + 1, ".", v] : [h + 1, "/", Reveal.getHorizontalSlides().length];
};
Reveal.initialize({hash: true, width: 1280, height: 720, margin: 0.03, center: false,
  transition: "none", backgroundTransition: "none", slideNumber: number,
  keyboard: {32: turn(1), 33: turn(-1), 34: turn(1)},
  plugins: [RevealNotes]});
// nor does a slider or a field that was played with keep a clicker's keys to itself
addEventListener("keydown", (event) => {
  const by = { PageDown: 1, PageUp: -1 }[event.key];
  if (!by || !event.target.closest(".explorable")) return;
  event.preventDefault();
  event.stopPropagation();
  event.target.blur();
  turn(by)();
}, true);
// its words don't run into the number at the foot
const full = (slide) => {
  const all = slide.getBoundingClientRect();
  const last = [...slide.querySelectorAll(".said, .quoted, .told, .table")].pop() || slide;
  const foot = all.bottom - 44 * all.height / slide.offsetHeight;
  return slide.scrollHeight > slide.clientHeight
    || last !== slide && last.getBoundingClientRect().bottom > foot + 1;
};
// a number and its unit, or two ends of a range, stay on one line
for (const cell of document.querySelectorAll(".table td"))
  if (/\\d/.test(cell.textContent) && cell.textContent.trim().length < 15)
    cell.style.whiteSpace = "nowrap";
// numbers below each other are read by their last digits
for (const table of document.querySelectorAll(".reveal table:not(.explorable *)"))
  for (const head of table.querySelectorAll("thead tr:last-child > *")) {
    const at = head.cellIndex;
    const cells = [...table.tBodies[0].rows].map((row) => row.cells[at]).filter(Boolean);
    const number = /^[-+−]?[\\d.,]+( ?%)?$|^[–-]?$/;
    if (cells.every((cell) => number.test(cell.textContent.trim())))
      [head, ...cells].forEach((cell) => cell.classList.add("number"));
  }
// a headline has two lines at most, if its letters may be smaller
const lower = (headline) => {
  headline.style.fontSize = "";
  const letters = () => parseFloat(getComputedStyle(headline).fontSize);
  for (let size = letters(); size > 36 && headline.offsetHeight > 2.5 * size; size -= 2)
    headline.style.fontSize = `${size - 2}px`;
};
// what is shown is as large as its headline and words leave room for
const grow = (part, most, least, step, set) => {
  const slide = part.closest(".slide");
  for (let size = most; size >= least; size -= step) {
    set(size);
    if (!full(slide) && part.scrollWidth <= part.clientWidth + 1) return;
  }
};
const fit = () => {
  const slide = Reveal.getCurrentSlide();
  slide.querySelectorAll(".slide:not(.upright) > h2:not(.read-aloud)").forEach(lower);
  const [table, list, toy] = [".table", ".told:not(.table)", ".explorable"].map(
    (each) => slide.querySelector(each));
  if (toy) grow(toy, 2.4, 0.5, 0.05, (size) => { toy.style.zoom = size; });
  else if (table) {
    table.style.removeProperty("--row");
    grow(table, 42, 12, 0.5, (size) => { table.style.fontSize = `${size}px`; });
    grow(table, 0.7, 0.14, 0.05, (size) => { table.style.setProperty("--row", `${size}em`); });
  } else if (list) grow(list, 50, 16, 1, (size) => { list.style.fontSize = `${size}px`; });
};
Reveal.on("ready", fit);
Reveal.on("slidechanged", fit);</script>
</body></html>
"""
