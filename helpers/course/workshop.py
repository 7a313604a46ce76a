"""What an instructor hands out: the learners' notebooks, the instructor's, and slides.

All three come from the committed lessons, so they cannot drift apart.
"""

from __future__ import annotations

import copy
import re
import shutil
from importlib import util
from pathlib import Path

from helpers import cases
from helpers.course.notebooks import ANSWER, FOLDER, MADE_UP, UNSEEN, lessons, number
from helpers.course.publishing import without_diagrams

_KEYS = range(1, 37)  # shops whose key the instructor gets
_WORDS_UNDER_A_RESULT = 60  # more would not fit below a figure
_OUR_STYLE = """<style>
.reveal iframe { height: 560px; }  /* the memo */
.reveal img { max-height: 320px; }
/* a figure and what it means share a slide */
.reveal .jp-RenderedMarkdown, .reveal .jp-RenderedHTML { zoom: .75; }
.reveal .jp-RenderedMarkdown table { font-size: 75%; }
</style></head>"""
_ANSWER = re.compile(r"<details><summary>Answer</summary>.*?</details>\n*", flags=re.S)
_ASKED = re.compile(r"<details><summary>([^<]*\?)</summary>.*?</details>\n*", flags=re.S)
_REVEAL = ("sphinx_revealjs", "_static/revealjs")
# nbconvert's page starts the slides through require.js and jQuery, from the network
_THEIR_START = re.compile(r"<script>\s*require\(.*?</script>", flags=re.S)
_OUR_START = """<script src="reveal/dist/reveal.js"></script>
<script>Reveal.initialize({hash: true, controls: true, progress: true});</script>"""


class WorkshopError(ValueError):
    """A set that can't be written. The message says why."""


def write_workshop(out) -> dict[str, int]:
    """Write the learners' set, the instructor's set and the slides.

    Parameters
    ----------
    out : path-like
        Receives ``learner/``, ``instructor/`` and ``slides/``; earlier ones are replaced.

    Returns
    -------
    dict
        Files in each.

    Raises
    ------
    WorkshopError
        If the slides' JavaScript is not installed.
    """
    import nbformat

    out = Path(out)
    talking = talking_points((FOLDER / "instructor_guide.md").read_text(encoding="utf-8"))
    sets = {"learner": learner_notebook, "instructor": instructor_notebook}
    for name, make in sets.items():
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)
        for path in lessons():
            points = talking.get(number(path), "")
            if number(path) in MADE_UP:
                points += f"\n\nThe key, by the number of the shop:\n\n{cases.keys(_KEYS)}"
            notebook = make(nbformat.read(path, as_version=4), points)
            nbformat.write(notebook, out / name / path.name)
        shutil.copy(FOLDER / "glossary.md", out / name)
    shutil.copy(FOLDER / "instructor_guide.md", out / "instructor")
    write_slides(out / "slides")
    return {
        name: len(list((out / name).glob("[0-9]*"))) for name in ("learner", "instructor", "slides")
    }


def talking_points(guide: str) -> dict[str, str]:
    """The guide's part on each lesson, by its number."""
    parts = re.split(r"^### (\d\d[a-z]?) .*\n", guide, flags=re.M)
    return {
        lesson: text.split("\n## ")[0].strip()
        for lesson, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def learner_notebook(notebook, talking: str = ""):
    """A lesson without its answers and outputs; quizzes stay."""
    notebook.cells = [
        cell for cell in notebook.cells if ANSWER not in cell.metadata.get("tags", [])
    ]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _ANSWER.sub("", cell.source).strip() or "&nbsp;"
        else:
            cell.outputs, cell.execution_count = [], None
    return notebook


def instructor_notebook(notebook, talking: str):
    """A lesson with every answer open, and what to say after its title."""
    import nbformat

    for cell in notebook.cells:  # a computed sentence may fold, too
        cell.source = cell.source.replace("<details>", "<details open>")
        for output in cell.get("outputs", []):
            for kind, text in output.get("data", {}).items():
                if kind.startswith("text/"):
                    output.data[kind] = text.replace("<details>", "<details open>")
    notes = nbformat.v4.new_markdown_cell(f"> **For the instructor**\n\n{talking}", id="talking")
    notebook.cells.insert(1, notes)
    return notebook


def write_slides(out: Path) -> None:
    """Write one page of slides per lesson: prose and results, no code, and it works offline."""
    import nbformat
    from nbconvert import SlidesExporter

    found = util.find_spec(_REVEAL[0])
    if found is None:
        raise WorkshopError(
            "Slides need the extra `site`: `uv run --extra site course workshop --out DIR`."
        )
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(Path(found.origin).parent / _REVEAL[1], out / "reveal")
    nowhere = {"require_js_url": "", "jquery_url": "", "mathjax_url": "", "font_awesome_url": ""}
    exporter = SlidesExporter(
        reveal_url_prefix="reveal",
        reveal_theme="white",  # the default one loads its letters from the network
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        **nowhere,
    )
    for path in lessons():
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = list(_slides(notebook.cells))
        page, _ = exporter.from_notebook_node(notebook)
        page = without_diagrams(page).replace("</head>", _OUR_STYLE, 1)
        page, replaced = _THEIR_START.subn(_OUR_START, page)
        if not replaced:
            raise WorkshopError("This version of nbconvert starts slides in another way.")
        (out / f"{path.stem}.html").write_text(page, encoding="utf-8")


def _slides(cells):
    """Cells for the slides: a heading begins one; below it each result with what it means."""
    import nbformat

    after_result = False
    for cell in cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and UNSEEN in tags and not _has_result(cell):
            text = "\n\n".join(output.data["text/markdown"] for output in cell.outputs)
        elif cell.cell_type == "code":
            if cell.outputs and "exercise" not in tags:
                for part in _one_result_each(cell):
                    part.metadata["slideshow"] = {"slide_type": "subslide"}
                    yield part
                after_result = True
            continue
        else:
            text = re.sub(r"## Quiz.*?(?=## (?:Recap|What you))", "", cell.source, flags=re.S)
        # what is asked in the meeting stands on the slide for the room to answer
        text = _ASKED.sub(r"- \1\n", _ANSWER.sub("", text))
        for part in re.split(r"^(?=##? )", text, flags=re.M):
            if not part.strip():
                continue
            next_topic = part.startswith("**") and cell.cell_type == "markdown"
            short = len(part.split()) <= _WORDS_UNDER_A_RESULT
            with_result = after_result and short and not next_topic
            kind = "slide" if part.startswith("#") else "-" if with_result else "subslide"
            after_result = False
            part = nbformat.v4.new_markdown_cell(part.strip())
            part.metadata["slideshow"] = {"slide_type": kind}
            yield part


def _has_result(cell):
    """Whether a cell shows more than sentences: a figure or a table."""
    return any(map(_is_result, cell.outputs))


def _is_result(output):
    return "text/markdown" not in output.get("data", {})


def _one_result_each(cell):
    """A cell's copies, each with a figure or with tables, and the sentences that follow."""
    parts = [[]]
    for output in cell.outputs:
        before = [each for each in parts[-1] if _is_result(each)]
        figures = any("image/png" in each.get("data", {}) for each in [output, *before])
        if before and _is_result(output) and figures:
            parts.append([])
        parts[-1].append(output)
    for place, outputs in enumerate(parts, start=1):
        part = copy.deepcopy(cell)
        part.outputs = outputs
        part.id = f"{cell.id}-{place}"
        yield part
