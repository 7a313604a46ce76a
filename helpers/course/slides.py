"""Slides of a lesson: one finding each, one figure or table, and the rest as speaker notes.

Made from the notebook as it is stored: its headings, its figures and tables, the sentences beside
them, and the tags of its cells (set-up, exercises). Nothing is written twice, so the slides say
what the lesson says.
"""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass, field

MOST_WORDS = 25  # on a slide, beside its headline, figure or table
_HEADLINE = 14  # words at most, where a sentence becomes the headline of a table
_TALL = 0.62  # height by width, from which on a figure has its words beside it
_LINES = 10  # of a table in letters of full size
_FOLD = re.compile(r"<details><summary>(.*?)</summary>\s*(.*?)</details>\n*", flags=re.S)
_TITLE, _GUESS = re.compile(r"^# \d\d"), re.compile(r"\*\*Guess")
_LEFT_OUT = ("Quiz", "For the curious")
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
    said : str
        Markdown, at most :data:`MOST_WORDS` words.
    notes : list of str
        What the speaker sees, in Markdown.
    titled : bool
        The headline stands in the figure already, and is there for screen readers only.
    tall : bool
        The figure has its words to the right.
    below : bool
        Reached by going down: a question of a colleague.
    """

    headline: str
    kicker: str = ""
    shown: str = ""
    said: str = ""
    notes: list[str] = field(default_factory=list)
    titled: bool = False
    tall: bool = False
    below: bool = False


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
            slides.append(Slide(question, section, notes=[answer], below=True))
        elif kind == "shown":
            slides.append(_with_result(content, section, waiting))
            waiting = []
        elif _GUESS.search(content):
            slides.append(_question(content, section, waiting))
            waiting = []
        else:
            _say(slides[-1], content, waiting)
    slides[-1].notes += waiting
    return _without_empty(slides)


def _without_empty(slides):
    """A section whose opening shows nothing but its name: the next slide has the name, too."""
    kept, waiting = [], []
    for place, slide in enumerate(slides):
        empty = place and not (slide.shown or slide.said or slide.below or slide.kicker)
        if empty and place + 1 < len(slides) and not slides[place + 1].below:
            waiting += slide.notes
            continue
        slide.notes = waiting + slide.notes
        waiting = []
        kept.append(slide)
    return kept


def _say(slide, text, waiting):
    """Words after a slide's result or headline: the first that fit are shown, all are noted."""
    if waiting or slide.below:
        waiting.append(text)
        return
    slide.notes.append(text)
    if slide.said:
        return
    said = _short(text)
    said = re.sub(r"^\*\*What it means:\*\* ?(\w?)", lambda first: first[1].upper(), said)
    claim, _, rest = said.partition(". ")
    if slide.shown and not slide.titled and 0 < len(claim.split()) <= _HEADLINE:
        slide.headline, slide.kicker, slide.said = (
            claim[:1].upper() + claim[1:],
            slide.headline,
            rest,
        )
    else:
        slide.said = said


def _with_result(content, section, before):
    shown, headline, tall = content
    if not headline:
        return Slide(section, shown=shown, notes=list(before), tall=tall)
    return Slide(headline, section, shown, notes=list(before), titled=True, tall=tall)


def _question(text, section, before):
    """What the room is to guess, before it sees."""
    start = _GUESS.search(text).start()
    lead, asked = text[:start], text[start:]
    asked = re.sub(r"\*\*Guess(?: first)?[:.]?(\*\*:?)? ?", "", asked).replace("**", "")
    first = asked.split("\n\n")[0].strip()
    if not first:  # the question stands before the word
        first, lead = lead.strip(), ""
    if len(first.split()) > 2 * MOST_WORDS:  # a small story: the question alone
        first = re.split(r"(?<=[.!]) (?=[A-Z])", first)[-1]
    return Slide(
        first[:1].upper() + first[1:], "Guess first", said=_short(lead), notes=[*before, text]
    )


def _short(text):
    """The first sentences of a text that fit on a slide; empty if not even the first does."""
    text = text.split("\n\n")[0].strip()
    if text.startswith("> **Your question today:**"):
        text = text.replace("\n> ", " ").removeprefix("> **Your question today:** ")
        text = text[0].upper() + text[1:]
    if re.match(r"[-|>\d#`]|\*\*\d", text):
        return ""
    kept = []
    for sentence in re.split(r"(?<=[.?!:])(?=(?:[*”\"]*) )", text.replace("\n", " ")):
        if len(re.findall(r"\w[\w'’%-]*", "".join([*kept, sentence]))) > MOST_WORDS:
            break
        kept.append(sentence)
    said = "".join(kept).strip()
    return "" if said.endswith(":") or said.count("**") % 2 or said.count("*") % 2 else said


def _parts(cells):
    """A lesson as ("heading", …), ("text", …), ("asked", (question, answer)), ("shown", …)."""
    exercises = False
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            for kind, content in _text_parts(_unlinked(cell.source)):
                if kind == "heading":
                    exercises = content == "Exercises"
                yield kind, content
        elif not exercises and not {"exercise", "parameters", "answer"} & set(tags):
            yield from _results(cell)


def _unlinked(text):
    """Slides lead nowhere else."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def _text_parts(source):
    for part in re.split(r"^(?=#{1,2} )", source, flags=re.M):
        if heading := re.match(r"#{1,2} (.+)\n?", part):
            yield "heading", heading[1].strip()
            part = part[heading.end() :]
        if text := _FOLD.sub("", part).strip():
            for paragraph in _paragraphs(text):
                yield "text", paragraph
        for question, answer in _FOLD.findall(part):
            if question.endswith("?"):
                yield "asked", (question, answer.strip())


def _paragraphs(text):
    """Split where a guess begins or ends, so that it is shown before its answer."""
    kept = []
    for paragraph in text.split("\n\n"):
        if _GUESS.search(paragraph):
            if kept:
                yield "\n\n".join(kept)
            yield paragraph
            kept = []
        else:
            kept.append(paragraph)
    if kept:
        yield "\n\n".join(kept)


def _results(cell):
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            alt = output.metadata["image/png"]["alt"]
            png = data["image/png"].strip()
            picture = f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{png}">'
            size = output.metadata["image/png"]
            tall = size["height"] > _TALL * size["width"]
            yield "shown", (picture, re.split(r"(?<=[a-z\d%)])[.?] ", alt)[0], tall)
        elif "text/html" in data and "<details" not in data["text/html"]:  # nothing folded
            tabular = "<table" in data["text/html"]  # else it is to play with
            size = min(1.2, _LINES / _lines(data["text/html"])) if tabular else 0.65
            table = f'<div class="table" style="font-size: {size:.2f}em">{data["text/html"]}</div>'
            yield "shown", (table, "", False)
        elif "text/markdown" in data:
            for paragraph in _paragraphs(_unlinked(data["text/markdown"])):
                yield "text", paragraph


def _lines(table):
    """How many lines a table takes, where its columns share a slide's 90 letters equally."""
    lines = 1
    for row in table.split("<tr")[1:]:
        cells = [re.sub(r"<[^>]*>", "", cell) for cell in re.split(r"<t[hd]", row)[1:]]
        lines += max([math.ceil(len(cell) * len(cells) / 90) for cell in cells], default=0)
    return lines


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
            stacks.append([_section(slide, markdown)])
    body = "\n".join(
        stack[0] if len(stack) == 1 else "<section>\n" + "\n".join(stack) + "\n</section>"
        for stack in stacks
    )
    return _PAGE.replace("{title}", html.escape(title)).replace("{body}", body)


def _section(slide, markdown):
    level = "h1" if _TITLE.match(f"# {slide.headline}") else "h2"
    hidden = ' class="read-aloud"' if slide.titled else ""
    headline = re.sub(r"^<p>|</p>\s*$", "", markdown(slide.headline).strip())
    lines = [f"<section{' class=opening' if not slide.shown else ''}>"]
    if slide.kicker:
        lines.append(f'<p class="kicker">{html.escape(slide.kicker)}</p>')
    lines.append(f"<{level}{hidden}>{headline}</{level}>")
    lines.append('<div class="beside">' if slide.tall else "<div>")
    lines.append(slide.shown)
    if slide.said:
        lines.append(f'<div class="said">{markdown(slide.said)}</div>')
    lines.append("</div>")
    notes = markdown("\n\n".join(slide.notes))
    lines.append(f'<aside class="notes">{notes}</aside>\n</section>')
    return "\n".join(lines)


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="reveal/dist/reset.css">
<link rel="stylesheet" href="reveal/dist/reveal.css">
<style>
.reveal { font: 30px/1.35 system-ui, sans-serif; color: #222; }
.reveal-viewport { background: #fff; }
.reveal section { text-align: left; height: 100%; box-sizing: border-box; padding: 10px 20px; }
.reveal h1, .reveal h2 { font-weight: 700; line-height: 1.15; margin: 0 0 .5em; }
.reveal h1 { font-size: 2em; } .reveal h2 { font-size: 1.5em; }
.reveal section.opening { padding-top: 170px; }
.reveal .kicker { color: #0072B2; font-size: .75em; margin: 0 0 .4em; }
.reveal img { display: block; width: 100%; height: 500px; }
.reveal img { object-fit: contain; object-position: left top; }
.reveal .beside { display: flex; gap: 30px; align-items: center; }
.reveal .beside img { width: auto; height: 630px; max-width: 900px; }
.reveal .said p { margin: .4em 0 0; }
.reveal .table { max-height: 500px; }
.reveal .explorable.wide { max-width: none; }
.reveal table { border-collapse: collapse; font-size: .85em; min-width: 60%; }
.reveal table :is(th, td) { padding: .15em .7em; text-align: right; border-bottom: 1px solid #ccc; }
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
<script>Reveal.initialize({hash: true, width: 1280, height: 720, margin: 0.03, center: false,
  transition: "none", plugins: [RevealNotes]});</script>
</body></html>
"""
