"""A run's pages: each executed lesson as one file of HTML that loads nothing from elsewhere.

They look like the website (the same style and the same quiz), and lead from lesson to lesson, to
the memo and to the glossary.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import jinja2

from helpers.course.notebooks import FOLDED, FOLDER, UNSEEN, titles, to_be_read
from helpers.course.signs import curled

INJECTED = "injected-parameters"  # papermill's cell
#: The line of all lessons at the head of each: on pages, a menu has it.
LINE_OF_LESSONS = re.compile(r"^(\*\*)?00 start(\*\*)? → .*\n*", re.M)
ASSETS = Path(__file__).parent / "site"
#: What the pages of the website and of a run have in common.
SCRIPTS = ("remembered.js", "choosing.js", "quiz.js", "answers.js", "guess.js", "tables.js",
           "done.js")  # fmt: skip
# set-up folds open, and the source of a computed sentence is left out
_CELLS = f"""{{%- extends "basic/index.html.j2" -%}}
{{%- block input_group -%}}
{{%- if "{UNSEEN}" in cell.metadata.tags -%}}
{{%- elif "{FOLDED}" in cell.metadata.tags or "{INJECTED}" in cell.metadata.tags -%}}
<details class="set-up"><summary>Show code</summary>{{{{ super() }}}}</details>
{{%- else -%}}{{{{ super() }}}}{{%- endif -%}}
{{%- endblock input_group -%}}
{{%- block in_prompt -%}}{{%- endblock in_prompt -%}}
{{%- block output_area_prompt -%}}{{%- endblock output_area_prompt -%}}
"""


def lesson_html(notebook: Path, beside: Collection[str] = ()) -> str:
    """An executed lesson as a page.

    Parameters
    ----------
    notebook : Path
    beside : collection of str
        The stems of all lessons that have a page in the same folder.

    Returns
    -------
    str
    """
    import nbformat

    names = sorted({notebook.stem, *beside})
    lesson = nbformat.read(notebook, as_version=4)
    for cell in lesson.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell.metadata["tags"].append(FOLDED)
        if cell.cell_type == "markdown" and len(names) > 1:
            cell.source = LINE_OF_LESSONS.sub("", cell.source)
    to_be_read(lesson)
    body = _exporter().from_notebook_node(lesson)[0]
    body = re.sub(  # a run has no page of lesson 12, or of those that were not asked for
        r'<a href="(\d\d[a-z]?_\w+)\.ipynb[^>]*>(.*?)</a>',
        lambda link: link[0] if link[1] in names else link[2],
        body,
    )
    body = re.sub(r'href="(\d\d[a-z]?_\w+|glossary)\.(ipynb|md)', r'href="\1.html', body)
    place = names.index(notebook.stem)
    return _page(body, title=_called(notebook.stem), names=names, place=place, of=_of(lesson))


def _of(lesson):
    """The shop, if it has a name, and the day, where a run made the lesson."""
    made = lesson.metadata.get("papermill", {})
    if not made.get("start_time"):
        return ""
    began = datetime.fromisoformat(made["start_time"]).astimezone()
    shop = made["parameters"].get("reading", {}).get("shop_name")
    return ", ".join(filter(None, [shop, f"{began.day} {began:%B %Y}"]))


def glossary_html() -> str:
    """The glossary as such a page, for the lessons to link to; its addresses are in lower case."""
    import nbformat

    text = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)  # a run may lack the lesson
    cell = nbformat.v4.new_markdown_cell(text, id="glossary")
    body = _exporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))[0]
    body = re.sub(r'(?<=<h3 id=")[^"]+', lambda term: term[0].lower(), body)
    return _page(body, title="Glossary", names=[], place=None, of="")


def _called(stem):
    """A lesson's name by its file's; that of the file where the course has no such lesson."""
    return titles().get(stem, stem.replace("_", " "))


def _page(body, **about):
    template = jinja2.Environment(autoescape=True).from_string(_asset("page.html.j2"))
    style = f"{_asset('course.css')}\n{_colours_of_code()}"
    script = "".join(map(_asset, (*SCRIPTS, "figures.js", "contents.js")))
    body = curled(parted(body))
    about |= {"body": body, "sections": _sections(body), "called": _called}
    return template.render(style=style, script=script, **about)


def _sections(body):
    """The address and the name of each section of a page, as HTML."""
    headings = re.findall(r'<h2 id=[^>]+>(.*?)<a class="anchor-link" href="([^"]+)"', body)
    return [(address, re.sub(r"<[^>]*>", "", name)) for name, address in headings]


_HEAD = re.compile(r"(<th\b[^>]*>)([^<]*_[^<]*)(?=</th>)")


def parted(page: str) -> str:
    """A page on which the head of a column called ``transaction_id`` may break behind the ``_``."""
    return _HEAD.sub(lambda head: head[1] + head[2].replace("_", "_<wbr>"), page)


@functools.cache
def _asset(name):
    return (ASSETS / name).read_text(encoding="utf-8")


@functools.cache
def _colours_of_code():
    from pygments.formatters import HtmlFormatter

    light, dark = (
        HtmlFormatter(style=style).get_style_defs(".highlight")
        for style in ("default", "github-dark")
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


@functools.cache
def _exporter():
    """One for all lessons: its templates are compiled once."""
    from nbconvert import HTMLExporter

    ours = jinja2.DictLoader({"cells.html.j2": _CELLS})
    exporter = HTMLExporter(template_name="basic", extra_loaders=[ours])
    exporter.template_file = "cells.html.j2"
    return exporter
