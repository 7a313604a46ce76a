"""What an instructor hands out: the learners' notebooks, the instructor's, and slides.

All three come from the committed lessons, so they cannot drift apart.
"""

from __future__ import annotations

import re
import shutil
from importlib import util
from pathlib import Path

from helpers import cases
from helpers.course import slides, speaking
from helpers.course.notebooks import ANSWER, FOLDER, MADE_UP, lessons, number
from helpers.course.signs import curled

_KEYS = range(1, 37)  # shops whose key the instructor gets
_ANSWER = re.compile(r"<details><summary>Answer</summary>.*?</details>\n*", flags=re.S)
_REVEAL = ("sphinx_revealjs", "_static/revealjs")
# in the speaker's view the labels stand above the next slide, and more notes are seen at once
_LABELS = """
#upcoming-slide iframe { height: calc(100% - 40px); margin-top: 40px; }
#speaker-controls .value { font-size: 17px; line-height: 1.35; }
#speaker-controls .value :is(p, ul) { margin: 0 0 .5em; }
#upcoming-slide .label, #speaker-layout { background: none; color: #555; font-size: 16px; }
"""


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


def planned_minutes(guide: str) -> dict[str, tuple[int, int]]:
    """Minutes to talk and to work in the notebook, for each lesson of the guide's one day."""
    day = guide.partition("\n## One day\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\|.*\| (\d+) \| (\d+) \| [^|]+ \| (\d\d[a-z]?) \|$", day, flags=re.M)
    return {lesson: (int(talk), int(hands)) for talk, hands, lesson in rows}


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
        cell.source = cell.source.replace("<details", "<details open")
        for output in cell.get("outputs", []):
            for kind, text in output.get("data", {}).items():
                if kind.startswith("text/"):
                    output.data[kind] = text.replace("<details", "<details open")
    notes = nbformat.v4.new_markdown_cell(f"> **For the instructor**\n\n{talking}", id="talking")
    notebook.cells.insert(1, notes)
    return notebook


def write_slides(out: Path) -> None:
    """Write one page of slides per lesson; it works offline. See :mod:`helpers.course.slides`."""
    import nbformat
    from nbconvert.filters import markdown2html

    found = util.find_spec(_REVEAL[0])
    if found is None:
        raise WorkshopError(
            "Slides need the extra `site`: `uv run --extra site course workshop --out DIR`."
        )
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(Path(found.origin).parent / _REVEAL[1], out / "reveal")
    _unveil(out / "reveal")
    guide = (FOLDER / "instructor_guide.md").read_text(encoding="utf-8")
    talking, plan = talking_points(guide), planned_minutes(guide)
    for path in lessons():
        cells = nbformat.read(path, as_version=4).cells
        made = slides.slides_of(cells)
        lesson = number(path)
        speaking.add_notes(made, cells, lesson, talking.get(lesson, ""), plan.get(lesson))
        page = slides.page(made[0].headline, made, markdown2html)
        (out / f"{path.stem}.html").write_text(curled(page), encoding="utf-8")


def _unveil(reveal):
    """Add :data:`_LABELS` to the speaker's view, a page within each build of a script.

    What comes up is the next slide of the lesson, not a colleague's question below this one.
    """
    for path in (reveal / "plugin" / "notes").iterdir():
        text = path.read_text(encoding="utf-8").replace("{ method: 'next' }", "{ method: 'right' }")
        style = _LABELS if path.suffix == ".html" else _LABELS.replace("\n", " ")
        path.write_text(text.replace("</style>", f"{style}</style>", 1), encoding="utf-8")
