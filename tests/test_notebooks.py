"""Every lesson: normal form, skeleton and budgets. (nbval executes them: see pyproject.toml.)"""

import ast
import inspect
import re
import statistics

import nbformat
import pytest

from helpers import data, evaluate, memo, production, warehouse
from helpers.course.exercises import texts
from helpers.course.notebooks import (
    FOLDED,
    MADE_UP,
    UNSEEN,
    export_pictures,
    lesson_and_questions,
    lessons,
    normalise,
    number,
    to_be_read,
)
from helpers.course.website import headings_as_text
from helpers.plots import style
from helpers.reading.parameters import Parameters
from helpers.telling import typeset

LESSONS = lessons()
STANDARD_PARAMETERS = ["transactions_path", "events_path", "columns", "event_columns",
                       "date_format", "cleaning", "reading", "output_dir"]  # fmt: skip
# what one needs to go on: how a notebook works, the way through, what to type
TO_BEGIN = {"New to notebooks?", "Lesson by lesson, with minutes",
            "In the notebook: what exactly goes into the three lines?"}  # fmt: skip
GROUPS = {"reading", "rules", "output_dir"}


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def seen(notebook):
    """Code whose source is shown at once: not set-up, and no computed sentence."""
    return [cell for cell in code(notebook) if not {FOLDED, UNSEEN} & set(tags(cell))]


def prose(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"## Quiz.*?(?=## (?:Recap|What you take home))", "", text, flags=re.S)
    text = re.sub(r"^.*00 start.* → .*$", "", text, flags=re.M)  # the map
    return without_folds(text)


def without_folds(text):
    return re.sub(r"<details>.*?</details>", "", text, flags=re.S)


def said(notebook):
    """What the computed sentences say."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return "\n".join(output.get("data", {}).get("text/markdown", "") for output in outputs)


def test_lessons_00_to_12_are_there():
    assert [number(path) for path in LESSONS] == ["00", "01", "02", "03", "04", "05a", "05b", "06",
                                                  "07", "08", "09", "10", "11", "12"]  # fmt: skip


def test_no_sentence_says_a_raw_number(notebook):
    """A name that was given twice can put a number where a paragraph belongs."""
    assert not re.findall(r"\d\.\d{5,}", said(notebook))


def test_normal_form(path, notebook):
    stored = path.read_text(encoding="utf-8")
    assert stored == nbformat.writes(normalise(notebook)).rstrip("\n") + "\n"


def test_percentages_and_minus_signs_are_those_of_print(notebook):
    for output in (output for cell in code(notebook) for output in cell.outputs):
        data = output.get("data", {})
        # beside a table, its text is for whoever sees no table, and raw rows stay raw
        for kind in {"text/markdown", "text/html"} & set(data) or {"text/plain"} & set(data):
            told = re.sub(r">-(\d+)<", r">−\1<", "".join(data[kind]))  # alone, it may be an id
            assert told == typeset(told)


def test_figures_are_equally_wide(notebook):
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    sizes = [each.metadata["image/png"] for each in outputs if "image/png" in each.get("data", {})]
    assert {size["width"] for size in sizes} <= {round(style.WIDTH * 104)}


def test_no_machine_in_it_and_no_error(path, notebook):
    assert not re.search(
        r"(?<![\w.])/(work|root|home|tmp|farm)/\w", path.read_text(encoding="utf-8")
    )
    for cell in code(notebook):
        assert not cell.source.rstrip().endswith(";"), "nbval fails falsely on it"
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


def test_skeleton(notebook):
    first = notebook.cells[0].source
    assert re.match(r"# \d\d[a-z]? ", first)
    for part in ("minutes", "Your question today:", "*Afterwards you can*", "00 start"):
        assert part in first, part
    assert 1 <= len(re.findall(r"^- ", first, flags=re.M)) <= 3
    tagged = [cell for cell in code(notebook) if "parameters" in tags(cell)]
    assert tagged == code(notebook)[:1]
    lesson, questions = lesson_and_questions(notebook.cells)
    last = [cell.source for cell in lesson if cell.cell_type == "markdown"][-1]
    assert "**Say it in a meeting:**" in last and "data team" in last


def test_what_is_plumbing_is_folded(notebook):
    """In JupyterLab by its own mark, on the site and in a run's pages by the tag."""
    folded = [cell for cell in code(notebook) if {FOLDED, UNSEEN} & set(tags(cell))]
    assert code(notebook)[:2] == folded[:2], "parameters and set-up"
    for cell in folded:
        assert cell.metadata["jupyter"]["source_hidden"]
        if "parameters" not in tags(cell):
            assert cell.source.startswith("# "), "JupyterLab shows the first line of a folded cell"
    for cell in seen(notebook):
        assert not re.search(r"(?<!\w)say\(", cell.source), cell.source
        assert not re.search(r"\b(alt|title|xlabel)=", cell.source), "a figure names itself"
    record = [place for place, cell in enumerate(notebook.cells) if "writing.record" in cell.source]
    assert record in ([], [len(notebook.cells) - 1]), "for reruns: the last cell"


def test_parameters_have_the_same_names_everywhere(notebook, path):
    declared = {}
    exec(code(notebook)[0].source, {}, declared)
    if number(path) in MADE_UP:  # nobody's data enter it: a number deals its shops
        assert declared == {"shop": 1}
        return
    assert [name for name in declared if name in STANDARD_PARAMETERS] == STANDARD_PARAMETERS
    for name in GROUPS & set(declared):
        assert declared.pop(name) in ({}, "")
    # the story's shop is careful with offers; a shop of one's own says itself what to leave out
    assert declared.pop("deny_categories", ["Health"]) == ["Health"]
    # the same defaults as the one list of parameters has
    known = Parameters().model_dump() | {"cleaning": {}}
    assert declared == {name: known[name] for name in declared}


def test_budgets(notebook):
    lesson = notebook.copy()
    lesson.cells = lesson_and_questions(notebook.cells)[0]
    words = len(re.findall(r"\w[\w'-]*", prose(lesson) + said(lesson)))
    assert words <= 2_200
    lines = [
        sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in seen(notebook)
    ]
    assert len(notebook.cells) <= 41
    assert max(lines) <= 15 and statistics.median(lines) <= 5


def test_the_main_reading_leaves_room_to_breathe(notebook):
    """What comes before the exercises: at most seven sections, and few enough words to breathe."""
    first = next(
        n for n, cell in enumerate(notebook.cells) if "\n## Exercises" in f"\n{cell.source}"
    )
    before = notebook.copy()
    before.cells = [*notebook.cells[:first], notebook.cells[first].copy()]
    before.cells[-1]["source"] = notebook.cells[first].source.split("## Exercises")[0]
    text = prose(before)
    told = without_folds(said(before))
    assert len(re.findall(r"\w[\w'-]*", text + told)) <= 1_600
    assert len(re.findall(r"^## ", text, flags=re.M)) <= 7


def test_questions_wait_until_the_lesson_is_done(notebook):
    """The reading goes on without folds of text; each question names the section it is on."""
    lesson, questions = lesson_and_questions(notebook.cells)
    first = next(n for n, cell in enumerate(lesson) if "## Exercises" in cell.source)
    read = [cell.source for cell in lesson[: first + 1] if cell.cell_type == "markdown"]
    folds = re.findall(r"<summary>(.*?)</summary>", "\n".join(read).split("## Exercises")[0])
    assert set(folds) <= TO_BEGIN
    headings = re.findall(r"^## (.+)", "\n".join([*read, said(notebook)]), flags=re.M)
    told, *others = [cell.source for cell in questions if cell.cell_type == "markdown"]
    for where in re.findall(r"^### On (.+)", told, flags=re.M):
        assert re.sub(r"^section (\d): ", r"\1. ", where).strip("“”") in headings, where
    assert told.count("<details>") >= 5
    assert {"## Asked in the meeting", "## In another business"} <= {
        text.split("\n")[0] for text in others
    }


def test_what_colleagues_ask_has_a_whole_answer(notebook):
    """Folded, to be answered aloud first; a slide shows the questions alone."""
    sections = {"## Asked in the meeting": (9, 13), "## In another business": (5, 8)}
    for heading, (least, most) in sections.items():
        asked = [cell.source for cell in notebook.cells if cell.source.startswith(heading)]
        assert len(asked) == 1
        answers = re.findall(r"<details><summary>([^<]*\?)</summary>\n\n(.*?)\n\n</details>",
                             asked[0], flags=re.S)  # fmt: skip
        assert least <= len(answers) == asked[0].count("<details>") <= most
        for question, answer in answers:
            assert 30 <= len(answer.split()) <= 150, question
            # the answer first, and what to do last; what is reckoned stands between them
            *first, last = answer.split("\n\n")
            assert first and "**On Monday:**" in last, question
            assert "**What would change our mind:**" in last, question


def test_plots_have_titles_and_alt_text(notebook):
    pictures = 0
    for cell in code(notebook):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                pictures += 1
                assert len(output.metadata["image/png"]["alt"]) > 20
    assert pictures >= 2


def test_names_are_words(notebook):
    for cell in code(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Name):
                short = node.id not in ("pd", "np") and len(node.id) < 3
                assert not short, f"{node.id} in: {cell.source}"


def test_no_figures_typed_into_prose(notebook):
    """Shares, decimals and large numbers come from cells; only the story's own are typed."""
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", prose(notebook), flags=re.S)
    # napkins, and situations in a table or an exercise
    text = re.sub(r"^\|.*$|^.*( [×÷=] |\bmakes \d).*$", "", text, flags=re.M)
    text = re.sub(r"## Exercises.*?(?=## What you take home|\Z)", "", text, flags=re.S)
    figures = re.findall(r"\d+(?:[.,]\d+)* ?%|\d+[.,]\d+|\d{3,}", text)
    assert set(figures) <= {"8 %", "5,000", "95 %", "100 %"}


def test_the_readme_shows_what_lessons_show(tmp_path):
    export_pictures(tmp_path / "images")
    for made in (tmp_path / "images").iterdir():
        assert made.read_bytes() == (LESSONS[0].parent / "images" / made.name).read_bytes()


def test_a_heading_that_a_cell_prints_is_a_heading_of_the_site():
    v4 = nbformat.v4
    texts = ["Half.\n\n### So what?\n\nWe ask.", "## 7. Four", "# of rows: 3"]
    printed = [v4.new_output("display_data", {"text/markdown": text}) for text in texts]
    notebook = v4.new_notebook(cells=[v4.new_code_cell("say()", outputs=printed)])
    headings_as_text(notebook)
    shown = [
        cell.source
        if cell.cell_type == "markdown"
        else [output.data["text/markdown"] for output in cell.outputs]
        for cell in notebook.cells
    ]
    assert shown == [["Half."], "### So what?", ["We ask."], "## 7. Four", ["# of rows: 3"]]
    assert UNSEEN in notebook.cells[2].metadata["tags"]
    assert all(cell.source for cell in notebook.cells), "the site leaves out what has no source"


def test_a_page_says_once_how_answers_are_checked_and_scolds_nobody(notebook):
    """Before the first exercise, wherever that stands; a form stands where the scolding would."""
    asked = {cell.id for cell in code(notebook) if "exercise" in tags(cell)}
    to_be_read(notebook)
    said_so = [n for n, cell in enumerate(notebook.cells) if "checked on this page" in cell.source]
    first = next(n for n, cell in enumerate(notebook.cells) if cell.id in asked)
    assert len(said_so) == 1 and said_so[0] < first
    shown = [cell.outputs for cell in code(notebook) if cell.id in asked]
    texts_shown = ["".join(each.data.values()) for [each] in shown]
    assert all("answer-form" in each or "takes code" in each for each in texts_shown)
    lesson = re.search(r'check\("(\w+)-', "".join(cell.source for cell in code(notebook)))[1]
    by_code = [name for name, text in texts().items()
               if name.startswith(f"{lesson}-") and text.get("takes") == "code"]  # fmt: skip
    assert sum("takes code" in each for each in texts_shown) == len(by_code)


def test_links_lead_somewhere(path, notebook):
    for target in re.findall(r"\]\(([^)#:]+)\)", prose(notebook)):
        assert (path.parent / target).exists(), target


def test_defaults_are_the_same_in_every_lesson_and_in_the_code():
    """A run without parameters, a lesson in class, a function called by hand: one shop."""
    from papermill import inspect_notebook

    stated = {}
    for path in lessons():
        for name, parameter in inspect_notebook(str(path)).items():
            stated.setdefault(name, set()).add(repr(ast.literal_eval(parameter["default"])))
    assert all(len(values) == 1 for values in stated.values()), stated
    calls = [production.shop_engine, evaluate.settings_for, memo.collect, data.load_shop]
    calls += [evaluate.split_by_time, memo.Assumptions]
    for call in calls:
        for name, parameter in inspect.signature(call).parameters.items():
            if (
                name in ("test_days", "n_recommendations", "date_format")
                or call is memo.Assumptions
            ):
                assert {repr(parameter.default)} == stated[name], (call, name)
    assert {str(warehouse.Settings().n)} == stated["n_recommendations"]
