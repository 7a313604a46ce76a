"""The course as a website: a static book of executed notebooks that loads nothing from elsewhere.

Nothing is executed: the pages show what is stored in the notebooks.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import util
from pathlib import Path

from helpers import colours
from helpers.course.notebooks import (
    FOLDED,
    FOLDER,
    UNSEEN,
    glossary,
    lesson_and_questions,
    lessons_in,
    pictures,
    titles,
    to_be_read,
)
from helpers.course.pages import ASSETS, INJECTED, LINE_OF_LESSONS, SCRIPTS, parted
from helpers.course.signs import curled
from helpers.data import PROJECT

_PAGES = ["glossary.md", "own_data_guide.md", "instructor_guide.md", "maintainer_guide.md"]
# around a table the theme repeats the names that lead to it
_TWICE = re.compile(
    r'(<div class="table-wrapper[^>]* id="([^"]+)">\s*)'
    r'((?:<span id="[^"]+"></span>)*?)\3<table([^>]*) id="\2">'
)
_FULL_SIZE = '<a class="reference internal image-reference"'
_TERM = "term-"  # what the anchors in lessons begin with
_PRINTED = re.compile(r"(#{2,4} [^\n]+)(?:\n+|\Z)")  # a heading that a cell prints
_INDEX = """# {title}

{lead}

```{{toctree}}
:maxdepth: 1
:caption: Lessons
{hidden}
{lessons}
```

```{{toctree}}
:maxdepth: 1
:caption: Besides
:hidden:

{pages}
```
"""
_RUN_LEAD = """The lessons as they were executed on this data. The result on one page:
<a href="memo.html">the decision memo</a>."""
_SCRIPTS = (*SCRIPTS, "terms.js")
_NAME = "Recommender course for PMs"
_QUESTION = "What does each customer want to buy next?"
_CONFIGURATION = {
    "extensions": ["myst_nb", "sphinx_copybutton"],
    "html_theme": "furo",  # light and dark, and no script or letters of half a megabyte
    "html_title": _NAME,  # the bar's and the menu's; each page has its own heading below
    "html_theme_options": {
        "light_css_variables": {
            "color-brand-primary": colours.BLUE,
            "color-brand-content": colours.BLUE,
        },
        "dark_css_variables": {
            "color-brand-primary": colours.OTHER,
            "color-brand-content": colours.OTHER,
        },
        "footer_icons": [],
    },
    "templates_path": ["templates"],
    "html_favicon": "favicon.svg",
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_show_copyright": False,
    "project": _NAME,
    "nb_execution_mode": "off",
    "nb_code_prompt_show": "Show code",
    "nb_code_prompt_hide": "Hide code",
    # widgets would come from the network; the lessons have none
    "nb_ipywidgets_js": {},
    "copybutton_selector": "div.cell_input div.highlight pre, div.highlight-default pre",
    "myst_heading_anchors": 3,
    # quotes and dots, not dashes: of "--out" a command's option it would make a word
    "smartquotes_action": "qe",
    "nb_render_markdown_format": "gfm",  # a table in a computed text is a table
    "html_static_path": ["course.css", "search.js", *_SCRIPTS],
    "html_css_files": ["course.css"],
    "html_js_files": [[script, {"defer": "defer"}] for script in _SCRIPTS],
    "language": "en",
    "suppress_warnings": ["myst.header"],
}


class SiteError(ValueError):
    """A site that can't be built. The message says why."""


def build_site(out, run=None) -> Path:
    """Build the book of the committed lessons, or of a run.

    Parameters
    ----------
    out : path-like
        Folder for the pages; what an earlier build left there is replaced.
    run : path-like, optional
        A run's folder, from ``course run``.

    Returns
    -------
    Path
        The first page.

    Raises
    ------
    SiteError
        If Sphinx is not installed, there is nothing to build, or the folder holds other things.
    """
    if util.find_spec("furo") is None:
        raise SiteError("The website needs the extra `site`: `uv run --extra site course site`.")
    out = Path(out).absolute()
    if out.exists() and any(out.iterdir()) and not (out / "objects.inv").exists():
        raise SiteError(f"{out} holds other files. Choose an empty folder for the site.")
    folder = Path(run) / "notebooks" if run else FOLDER
    lessons = lessons_in(folder)
    if not lessons:
        raise SiteError(f"There are no executed lessons in {folder}.")
    with tempfile.TemporaryDirectory() as scratch:
        source, built = Path(scratch) / "source", Path(scratch) / "html"
        source.mkdir()
        pages = [] if run else [name for name in _PAGES if (folder / name).exists()]
        figures = {}
        for path in lessons:
            figures |= _copy_lesson(path, source, {each.name for each in lessons} | set(pages))
        for name in pages:
            text = (folder / name).read_text(encoding="utf-8")
            text = re.sub(r"\[([^\]]+)\]\(\.\./[^)]*\)", r"\1", text)  # not on the site
            (source / name).write_text(text, encoding="utf-8")
        if "glossary.md" in pages:
            _with_letters(source / "glossary.md")
        if not run:
            shutil.copytree(folder / "images", source / "images")
        _write_index(source, lessons, pages, run)
        for asset in ("course.css", "favicon.svg", "search.js", *_SCRIPTS):
            shutil.copy(ASSETS / asset, source)
        (source / "templates").mkdir()
        shutil.copy(ASSETS / "search.html", source / "templates")
        lines = [f"{name} = {value!r}" for name, value in _CONFIGURATION.items()]
        (source / "conf.py").write_text("\n".join(lines), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-b",
            "html",
            "-W",
            "-q",
            str(source),
            str(built),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SiteError(f"Sphinx stopped: {done.stderr.strip()[-500:]}")
        stems = [path.stem for path in lessons]
        for page in built.glob("*.html"):
            text = _with_own_words(page.read_text(encoding="utf-8"), figures)
            page.write_text(_placed(_mended(text), page.stem, stems), encoding="utf-8")
        if run:
            shutil.copy(Path(run) / "index.html", built / "memo.html")
        elif "glossary.md" in pages:
            _link_back(built / "glossary.html")
        if out.exists():
            shutil.rmtree(out)
        shutil.copytree(built, out)
    return out / "index.html"


def _with_own_words(page, figures):
    """Each figure with its own text and size: Sphinx gives one to all figures of a cell."""

    def told(found):
        if found[1] not in figures:
            return found[0]
        alt, width, height = figures[found[1]]
        return (
            f'<img alt="{html.escape(alt)}" height="{height}" src="_images/{found[1]}.png" '
            f'width="{width}"'
        )

    return re.sub(r'<img [^>]*src="_images/([0-9a-f]{64})\.png"[^>/]*', told, page)


def _mended(page):
    """A page of the theme: headings with their level, no name twice, words before pictures.

    Each figure leads to itself in full size, which Sphinx sees to; here it says so.
    """
    page = page.replace('role="heading">', 'role="heading" aria-level="2">')
    page = page.replace(_FULL_SIZE, f'{_FULL_SIZE} title="Open in full size"')
    page = curled(parted(_TWICE.sub(r"\1\3<table\4>", page)))
    return page.replace("<img ", '<img loading="lazy" ')


def _placed(page, stem, stems):
    """A lesson says how far it is; its questions, which no menu has, lead back to it."""
    lesson = stem.removesuffix("_questions")
    if lesson not in stems:
        return page
    place = stems.index(lesson)
    if stem == lesson:
        told = (f'<p class="place" style="--part: {round(100 * (place + 1) / len(stems))}%">'
                f"Lesson {place + 1} of {len(stems)}</p>")  # fmt: skip
        return page.replace("<h1>", f"{told}\n<h1>", 1)
    item = '<li class="toctree-l1{}"><a class="reference internal" href="{}.html">'
    page = page.replace(item.format("", lesson), item.format(" current", lesson))
    back = (
        f'<a class="prev-page" href="{lesson}.html">'
        '<svg class="furo-related-icon"><use href="#svg-arrow-right"></use></svg>'
        '<div class="page-info"><div class="context"><span>Back to the lesson</span></div>'
        f'<div class="title">{html.escape(titles()[lesson])}</div></div></a>'
    )
    return re.sub(
        r'(<div class="related-pages">)\s*(</div>)', lambda found: found[1] + back + found[2], page
    )


def _write_index(source, lessons, pages, run):
    text = _INDEX.format(
        hidden="" if run else ":hidden:\n",
        title=Path(run).name if run else _QUESTION,
        lead=_RUN_LEAD if run else _first_page(),
        lessons="\n".join(path.stem for path in lessons),
        pages="\n".join(Path(name).stem for name in pages),
    )
    if not pages:
        text = text[: text.rindex("```{toctree}")]
    (source / "index.md").write_text(text, encoding="utf-8")


def _first_page() -> str:
    """What the course is, for whom, and what it found: pictures from lesson 00 and the README."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^\| lesson \|.*?(?=\n\n)", readme, flags=re.M | re.S)[0]
    minutes = [int(each) for each in re.findall(r"<br>(\d+) min \|", table)]
    table = re.sub(r"<br>(\d+) min", " | \\1\N{NO-BREAK SPACE}min", table)
    table = table.replace("| lesson |", "| lesson | time |", 1).replace(
        "| --- |", "| --- | --- |", 1
    )
    return (ASSETS / "first_page.md").read_text(encoding="utf-8").format(
        **{name: text for name, (text, _) in pictures(lessons_in(FOLDER)).items()},
        table=table.replace("](notebooks/", "]("),
        lessons=len(minutes),
        shortest=min(minutes),
        longest=max(minutes),
        hours=round(sum(minutes) / 60),
    )  # fmt: skip


def _with_letters(path):
    """A line of letters on top, each leading to its first term."""
    text = path.read_text(encoding="utf-8")
    first = {}
    for term, slug in glossary().items():
        first.setdefault(term[0].upper(), slug)
    letters = " · ".join(f"[{letter}](#{slug})" for letter, slug in first.items())
    row = f'<div class="letters">\n\n{letters}\n\n</div>'
    path.write_text(text.replace("\n### ", f"\n{row}\n\n### ", 1), encoding="utf-8")


def _link_back(page):
    """From a term to the paragraph of the lesson that introduces it."""
    text, lessons = page.read_text(encoding="utf-8"), {}

    def linked(found):
        name, slug = found[2], found[1]
        if name not in lessons:
            lessons[name] = (page.parent / name).read_text(encoding="utf-8")
        there = f'id="{_TERM}{slug}"' in lessons[name]
        return f"{found[0]}#{_TERM}{slug}" if there else found[0]

    entry = r'<section id="([^"]+)">(?:(?!<section).)*?<a [^>]*href="(\d\d\w*\.html)'
    page.write_text(re.sub(entry, linked, text, flags=re.S), encoding="utf-8")


def _teach(notebook, lesson):
    """Mark where a lesson introduces the glossary's terms: the search leads there first."""
    terms = {slug: term for slug, (term, where) in _introduced().items() if where == lesson}
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        parts = cell.source.split("\n\n")
        for slug in re.findall(r"\[\*\*[^]]+\*\*\]\(glossary\.md#([^)]+)\)", cell.source):
            if slug not in terms:
                continue
            place = next(i for i, part in enumerate(parts) if f"(glossary.md#{slug})" in part)
            parts.insert(place, f"```{{index}} ! {terms.pop(slug)}\n:name: {_TERM}{slug}\n```")
        cell.source = "\n\n".join(parts)


@functools.cache
def _introduced():
    """Each term of the glossary by its address: as it is searched for, and the lesson's file."""
    text = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    where = dict(re.findall(r"^### (.+)\n\n\[[^]]*\]\(([^)]+)\)", text, flags=re.M))
    return {slug: (re.sub("[!;]", " ", term), where.get(term)) for term, slug in glossary().items()}


def _pages(notebook, path):
    """A lesson, and what is asked about it on a page of its own, with links to and fro."""
    from nbformat import v4

    lesson, questions = lesson_and_questions(notebook.cells)
    if not questions:
        return [(path.name, notebook)]
    number, title = re.match(r"# (\S+) (.+)", lesson[0].source).groups()
    apart = f"{path.stem}_questions.ipynb"
    there = (
        f"**To look up:** [what is asked about this lesson]({apart}), by section, in meetings, and "
        "in other businesses."
    )
    asked = questions[0].source.partition("\n\n")[2]
    by_section = asked.replace("\n### On ", "\n## Section by section\n\n### On ", 1)
    head = f"# Questions about {number}: {title}\n\n[Back to the lesson]({path.name})"
    questions[0].source = f"{head}\n\n{by_section}"
    metadata = dict(notebook.metadata)
    # for Sphinx an orphan: in no menu, the lesson leads there
    pages = ((path.name, [*lesson, v4.new_markdown_cell(there)], {}),
             (apart, questions, {"orphan": True}))  # fmt: skip
    return [(name, v4.new_notebook(cells=cells, metadata=metadata | more))
            for name, cells, more in pages]  # fmt: skip


def headings_as_text(notebook) -> None:
    """Make a heading that a cell prints a text cell: in an output, Sphinx takes it for no heading.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place. A cell that prints a heading is parted there, and what it shows after the
        heading stands in a cell whose code isn't shown.
    """
    from nbformat import v4

    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type != "code":
            continue
        outputs, cell.outputs = [each for one in cell.outputs for each in _by_heading(one)], []
        for output in outputs:
            text = output.get("data", {}).get("text/markdown", "")
            if heading := _PRINTED.match(text):
                hidden = {"tags": [UNSEEN], "jupyter": {"source_hidden": True}}
                # a code cell without code would be left out
                after = v4.new_code_cell(cell.source, metadata=hidden)
                cells += [v4.new_markdown_cell(heading[1]), after]
                output.data["text/markdown"] = text = text[heading.end() :]
                if not text:
                    continue
            cells[-1].outputs.append(output)
    notebook.cells = cells


def _by_heading(output):
    """An output, or its parts where a computed text has headings in its middle."""
    from nbformat import v4

    parts = re.split(r"\n\n(?=#{2,4} )", output.get("data", {}).get("text/markdown", ""))
    if len(parts) == 1:
        return [output]
    return [v4.new_output("display_data", {"text/markdown": part}) for part in parts]


def _copy_lesson(path, source, available):
    """A lesson for the book, whose links stay inside; its figures, by the names Sphinx gives."""
    import nbformat

    figures = {}
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell.metadata["tags"].append(FOLDED)
    to_be_read(notebook)
    headings_as_text(notebook)
    if "glossary.md" in available:
        _teach(notebook, path.name)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(\.\./README\.md(#[\w-]+)?\)", "](index.md)", cell.source)
            cell.source = LINE_OF_LESSONS.sub("", cell.source)
            if "glossary.md" not in available:
                cell.source = re.sub(r"\[([^\]]+)\]\(glossary\.md#[^)]*\)", r"\1", cell.source)
            # a run of some lessons has no page for the others
            cell.source = re.sub(
                r"\[([^\]]+)\]\((\d\d[a-z]?_\w+\.ipynb)\)",
                lambda link: link[0] if link[2] in available else link[1],
                cell.source,
            )
            continue
        for output in cell.outputs:
            if text := output.get("data", {}).get("text/markdown"):  # Sphinx leaves its links alone
                text = text.replace("](glossary.md#", "](glossary.html#")
                if "glossary.md" not in available:
                    text = re.sub(r"\[([^\]]+)\]\(glossary\.html#[^)]*\)", r"\1", text)
                output.data["text/markdown"] = text
            picture = output.get("metadata", {}).get("image/png", {})
            if picture:
                # with a width, Sphinx links it to itself; text and size follow, see _with_own_words
                cell.metadata["mystnb"] = {"image": {"width": f"{picture['width']}px"}}
                file = base64.b64decode(output["data"]["image/png"])
                sizes = picture["alt"], picture["width"], picture["height"]
                figures[hashlib.sha256(file).hexdigest()] = sizes
    for name, page in _pages(notebook, path):
        nbformat.write(page, source / name)
    return figures
