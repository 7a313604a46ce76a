"""Execute the committed notebooks and keep them in one normal form.

The normal form: fixed cell ids, execution counts from 1 upwards, no clock times, no machine's
paths, neighbouring output texts joined. So a change in a notebook shows as just that change.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from pathlib import Path

import yaml

# nbformat and the exercises take a second to import: the functions that need them import them
from helpers.data import PROJECT

FOLDER = PROJECT / "notebooks"
QUIZZES = FOLDER / "quizzes.yaml"
#: The kernel managers for lessons, by their names: they take a second to import.
THIS_PYTHON = "helpers.course.kernel.ThisPython"
LOADED_PYTHON = "helpers.course.kernel.LoadedPython"
#: Lessons that deal made-up shops of their own: nobody's data enter them.
MADE_UP = ("12",)
_LESSON = re.compile(r"\d\d[a-z]?_")
#: Cells whose source is not shown: set-up folds open, a computed sentence is text like any other.
FOLDED, UNSEEN = "hide-input", "remove-input"
#: A cell that says an answer which depends on the shop dealt.
ANSWER = "answer"
#: Where a lesson is done, and its questions begin: by section, in meetings, in other businesses.
LOOK_UP = "## To look up"
#: Figures outside the lessons: by name, the lesson and how what they say begins.
_PICTURES = {
    "flow": ("00", "From two tables to a list"),
    "customers": ("00", r"[\d.]+ of \d+ find a later purchase"),
}
_EXERCISES = re.compile(r"^(## Exercises)\n(\nReplace the three dots[^\n]*\n)?", re.M)
_NOT_HERE = (
    "*Your answer is checked on this page and stays in your browser.* "
    "<noscript><em>(Without scripts nothing runs here: answer on paper and open the fold below, or "
    "open the lesson in JupyterLab.)</em></noscript>"
)
_TAKES_CODE = "*This one takes code: open the lesson in JupyterLab.*"
# of a cell's metadata; see slides.py
_KEPT = ("tags", "slide", "slide_halves", "slide_columns", "answer", "aloud")
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def lessons() -> list[Path]:
    """All lesson notebooks, in order."""
    return lessons_in(FOLDER)


def lessons_in(folder: Path) -> list[Path]:
    """The lessons in a folder, in order: ``04_…``, ``05a_…``."""
    return sorted(path for path in folder.glob("*.ipynb") if _LESSON.match(path.name))


def number(path: Path) -> str:
    """What a lesson is called by: ``"04"``, ``"05a"``."""
    return path.name.split("_")[0]


@functools.cache
def titles() -> dict[str, str]:
    """What each lesson is called wherever it is named: its heading, by the stem of its file."""
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in lessons()}
    heads = {stem: "".join(notebook["cells"][0]["source"]) for stem, notebook in read.items()}
    return {stem: head.splitlines()[0].removeprefix("# ") for stem, head in heads.items()}


def normalise(notebook):
    """Bring a notebook that was run from top to bottom into the normal form.

    Parameters
    ----------
    notebook : NotebookNode

    Returns
    -------
    NotebookNode
        A changed copy.
    """
    import nbformat

    notebook = nbformat.from_dict(notebook)
    notebook.metadata = nbformat.from_dict(_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    _put_quiz(notebook)
    _link_terms(notebook)
    count = 0
    for position, cell in enumerate(notebook.cells, start=1):
        tags = cell.metadata.get("tags")
        kept = {name: cell.metadata[name] for name in _KEPT if cell.metadata.get(name)}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code" and {FOLDED, UNSEEN} & set(tags or []):
            cell.metadata["jupyter"] = {"source_hidden": True}  # this is how JupyterLab folds
        cell.id = f"cell-{position:02d}"
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = _joined(cell.outputs)
        for output in cell.outputs:
            output.pop("transient", None)
            if "execution_count" in output:
                output.execution_count = count
    return notebook


def to_be_read(notebook) -> None:
    """Make a lesson fit for pages on which nothing can be run.

    Set-up cells that follow each other fold open together, exercises say where they are done, and
    become forms in place of what they say before they are answered.

    Parameters
    ----------
    notebook : NotebookNode
        It is changed.
    """
    from nbformat import v4

    kept, told = [], False
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        if "exercise" in tags and not told:  # the first one may come before the exercises
            kept.append(v4.new_markdown_cell(_NOT_HERE))
            told = True
        if cell.cell_type == "markdown":
            notice = "" if told else f"\n\n{_NOT_HERE}"
            told |= bool(_EXERCISES.search(cell.source))
            cell.source = _EXERCISES.sub(rf"\1{notice}\n", cell.source)
        else:
            if "exercise" in tags:
                _as_form(cell)
            before = kept[-1] if kept else None
            if before is not None and before.cell_type == "code" and not before.outputs:
                folded = FOLDED in tags and FOLDED in before.metadata.get("tags", [])
                if folded and not {"exercise", "answer"} & tags:
                    cell.source = f"{before.source}\n\n{cell.source}"
                    kept.pop()
        kept.append(cell)
    notebook.cells = kept


def _as_form(cell):
    """What an exercise says to a blank makes way for a form, where there is one."""
    from nbformat import v4

    from helpers.course.exercises import BLANK, WORKED_OUT
    from helpers.course.forms import form

    known, kept = {}, []
    for output in cell.outputs:
        said = output.get("text") or output.get("data", {}).get("text/plain", "")
        if BLANK.match("".join(said)):
            known = output.get("metadata", {}).get(WORKED_OUT, {})
        else:
            kept.append(output)
    asked = form(cell.source, known)
    shown = {"text/html": asked} if asked else {"text/markdown": _TAKES_CODE}
    kept.append(v4.new_output("display_data", shown))
    cell.outputs = kept


def quiz_text(lesson: str) -> str:
    """The quiz of a lesson as Markdown: each option folds open to say why it is right or wrong.

    No code and no server: it works in JupyterLab, on the website, with the keyboard, and on
    GitHub. The website prints every option open.

    Parameters
    ----------
    lesson : str
        Its number: ``"04"``, ``"05a"``.
    """
    questions = yaml.safe_load(QUIZZES.read_text(encoding="utf-8"))[lesson]
    lines = ["## Quiz", "", "Choose an option and open it.", ""]
    for number, question in enumerate(questions, start=1):
        lines += [f"**{number}.** {question['ask']}", ""]
        for verdict, option in quiz_options(question, lesson, number):
            text, why = option["text"], option["why"]
            apart = 'style="margin: 0.5em 0"'  # JupyterLab has no style of its own for folds
            lines.append(f"<details {apart}><summary>{text}</summary>{verdict} {why}</details>")
        lines.append("")
    return "\n".join(lines)


def quiz_options(question: dict, lesson: str, number: int) -> list[tuple[str, dict]]:
    """What can be chosen, each with its verdict: the right one stands in another place each time.

    Parameters
    ----------
    question : dict
        Of the quizzes' file.
    lesson : str
    number : int
        Of the question in its lesson, from 1.
    """
    options = [("Right.", question["right"])]
    options += [("Not this one.", wrong) for wrong in question["wrong"]]
    turn = (int(lesson[:2]) + number) % len(options)
    return options[-turn:] + options[:-turn]


def _put_quiz(notebook):
    """A lesson's last cell of text holds its quiz, then what to take home."""
    first = notebook.cells[0].source
    last = [cell for cell in lesson_and_questions(notebook.cells)[0]
            if cell.cell_type == "markdown"][-1]  # fmt: skip
    ending = re.search(r"^## (Recap|What you take home)$", last.source, flags=re.M)
    if not re.match(r"# \d\d", first) or not ending:
        return
    before = last.source[: ending.start()].split("## Quiz")[0].rstrip()
    quiz = quiz_text(first.split()[1])
    parts = (before, f"{quiz}\n{last.source[ending.start() :]}")
    last.source = "\n\n".join(part for part in parts if part)


def lesson_and_questions(cells) -> tuple[list, list]:
    """What is read through, and what waits behind it until somebody asks.

    Parameters
    ----------
    cells : list of NotebookNode

    Returns
    -------
    lesson, questions : list of NotebookNode
        The second begins with the heading *To look up*; empty if there is none.
    """
    for place, cell in enumerate(cells):
        if cell.cell_type == "markdown" and cell.source.startswith(LOOK_UP):
            return cells[:place], cells[place:]
    return cells, []


def glossary() -> dict[str, str]:
    """The glossary's terms as its headings name them, and the address of each on its page."""
    text = (FOLDER / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^### (.+)$", text, flags=re.M)
    return {term: re.sub(r"[^\w -]", "", term.lower()).replace(" ", "-") for term in terms}


def _link_terms(notebook):
    """Where a lesson first sets a term of the glossary in bold, the term links to its entry."""
    known = {re.sub(r" \(.*\)", "", term).lower(): slug for term, slug in glossary().items()}
    met = set()

    def linked(bold):
        word = bold[1].lower()
        term = next((each for each in (word, word.removesuffix("s")) if each in known), None)
        if term is None or term in met:
            return bold[0]
        met.add(term)
        return f"[{bold[0]}](glossary.md#{known[term]})"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"\[(\*\*[^*\n]+\*\*)\]\(glossary\.md#[^)]*\)", r"\1", cell.source)
            taught, *rest = re.split(r"^(?=## Quiz)", text, maxsplit=1, flags=re.M)
            # bold words that stand in a heading, a link or an answer are left alone
            parts = re.split(r"(^#[^\n]*$|\[[^\]]*\]\([^)]*\)|<details[^>]*>.*?</details>)", taught,
                             flags=re.M | re.S)  # fmt: skip
            parts[::2] = [re.sub(r"\*\*([^*\n]+)\*\*", linked, part) for part in parts[::2]]
            cell.source = "".join([*parts, *rest])


def _joined(outputs):
    """Join neighbouring pieces of one stream: how they were cut depends on timing."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def execute(path: Path) -> None:
    """Run a lesson from top to bottom and store it in the normal form.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails; the file is then left as it was.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        kernel_manager_class=THIS_PYTHON,
        resources=resources,
        extra_arguments=["--log-level=CRITICAL"],
    ).execute()
    write(normalise(notebook), path)


def pictures(notebooks: list[Path]) -> dict[str, tuple[str, bytes]]:
    """The figures of the lessons that the README and the website's first page show.

    Parameters
    ----------
    notebooks : list of Path
        All lessons.

    Returns
    -------
    dict
        By name: what the figure says, and the PNG.
    """
    import nbformat

    found = {}
    for name, (lesson, begins) in _PICTURES.items():
        [path] = [path for path in notebooks if number(path) == lesson]
        outputs = (
            output
            for cell in nbformat.read(path, as_version=4).cells
            for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})
        )
        shown = {
            each.metadata["image/png"]["alt"]: base64.b64decode(each.data["image/png"])
            for each in outputs
        }
        [alt] = [alt for alt in shown if re.match(begins, alt)]
        found[name] = alt, shown[alt]
    return found


def export_pictures(folder: Path = FOLDER / "images") -> None:
    """Save the README's figures as the lessons have stored them."""
    folder.mkdir(exist_ok=True)
    for name, (_, picture) in pictures(lessons()).items():
        (folder / f"{name}.png").write_bytes(picture)


def write(notebook, path: Path) -> None:
    """Write a notebook as committed: sorted keys, one space of indentation, a last newline."""
    import nbformat

    path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")
