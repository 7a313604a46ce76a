"""Quizzes, glossary, instructor guide and workshop: what a teacher relies on."""

import re

import mistune
import nbformat
import pytest
import yaml

from helpers.course import workshop
from helpers.course.notebooks import FOLDER, QUIZZES, lessons, number, quiz_text

QUESTIONS = yaml.safe_load(QUIZZES.read_text("utf-8"))
GLOSSARY = re.findall(
    r"^### (.+)\n\n\[Lesson (\d\d[a-z]?)\]\(\2_\w+\.ipynb\): (.+?) \*For example:\* (.+)$",
    (FOLDER / "glossary.md").read_text("utf-8"),
    flags=re.M,
)
# words that earlier lessons use in their everyday sense
EVERYDAY = {"best-seller list", "cap", "consent", "control", "exposure", "gain", "history", "leak",
            "offline", "personalization", "score", "segment", "shuffle (Spark)",
            "signal"}  # fmt: skip
# in bold because the sentence turns on it
NO_TERMS = {"what to offer", "customer", "product", "same people", "popularity", "buy",
            "not bought before", "offline is not revenue", "and says so", "every night",
            "every month", "saved", "below zero"}  # fmt: skip


def plain(path):
    """A lesson's own sentences: without the map, quiz, answers, code and links' targets."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(
        r"## Quiz.*?(?=## (?:Recap|What you))|<details><summary>[^<]*nswer</summary>.*?</details>",
        "",
        text,
        flags=re.S,
    )
    return re.sub(
        r"\*\*Where we are.*|^(\*\*)?00 start.* → .*|^\| \[.*$|\]\([^)]*\)|`[^`]*`|\*\*Next:.*",
        "",
        text,
        flags=re.M,
    )


PROSE = {number(path): plain(path) for path in lessons()}


def uses(term, text):
    word = re.escape(re.sub(r" \(.*\)", "", term))
    return re.search(rf"(?<![\w-]){word}(?:s|es)?(?![\w-])", text, flags=re.I)


@pytest.mark.parametrize("lesson", sorted(PROSE))
def test_five_questions_each_option_explained(lesson):
    questions = QUESTIONS[lesson]
    assert len(questions) == 5
    for question in questions:
        options = [question["right"], *question["wrong"]]
        assert 3 <= len(options) <= 4
        assert len({option["text"] for option in options}) == len(options)
        for option in options:
            assert option["why"].endswith(".") and len(option["why"].split()) >= 2
            # an option is a fold on one line, in which Markdown stays as it is typed
            assert not re.search(r"[*`<>]|\]\(|\b_\w", option["text"] + option["why"])
    path = next(path for path in lessons() if number(path) == lesson)
    assert quiz_text(lesson) in "".join(
        cell.source for cell in nbformat.read(path, as_version=4).cells
    )


def test_no_stem_twice_and_the_right_option_is_not_always_at_the_same_place():
    stems = [question["ask"] for questions in QUESTIONS.values() for question in questions]
    assert len(set(stems)) == len(stems) == 5 * len(PROSE)
    places = []
    for lesson in QUESTIONS:
        for block in quiz_text(lesson).split("\n\n")[3::2]:
            places.append(
                [": Right" in row or ">Right." in row for row in block.split("\n")].index(True)
            )
    assert all(10 <= places.count(place) <= 30 for place in range(3))


def test_glossary_is_in_order_and_complete_in_form():
    terms = [term for term, *_ in GLOSSARY]
    assert len(terms) >= 75 and len(set(terms)) == len(terms)
    assert terms == sorted(terms, key=str.lower)
    text = (FOLDER / "glossary.md").read_text("utf-8")
    assert text.count("\n### ") == len(terms), "an entry is not of the form"


@pytest.mark.parametrize(("term", "lesson"), [entry[:2] for entry in GLOSSARY])
def test_a_term_is_introduced_where_the_glossary_says(term, lesson):
    assert uses(term, PROSE[lesson]), f"lesson {lesson} does not speak of {term}"
    early = [other for other in PROSE if other < lesson and uses(term, PROSE[other])]
    assert term in EVERYDAY or not early, f"{term} is used in lesson {early} already"


def in_the_glossary(term):
    entries = {re.sub(r" \(.*\)", "", entry[0]).lower() for entry in GLOSSARY}
    return any(word in entries for word in (term, term.removesuffix("s"), f"{term}s"))


@pytest.mark.parametrize("lesson", sorted(PROSE))
def test_what_a_lesson_sets_in_bold_stands_in_the_glossary(lesson):
    bold = re.findall(r"\*\*([^*\n]+)\*\*", PROSE[lesson])
    terms = {term.lower() for term in bold if not re.search(r"[.:?]$", term)} - NO_TERMS
    assert [term for term in terms if not in_the_glossary(term)] == []


GUIDE = (FOLDER / "instructor_guide.md").read_text("utf-8")


@pytest.mark.parametrize(("title", "total"), [("Half a day", 210), ("One day", 420)])
def test_schedules_add_up(title, total):
    part = GUIDE.split(f"## {title}\n")[1].split("\n## ")[0]
    rows = re.findall(
        r"^\| (\d+) \| (\d+) \| (\d*) \| (\d*) \|.*\| *([\dab]*) *\|$", part, flags=re.M
    )
    clock = 0
    for start, minutes, talk, hands_on, lesson in rows:
        assert int(start) == clock
        clock += int(minutes)
        assert bool(lesson) == bool(talk and hands_on)
        assert not lesson or int(talk) + int(hands_on) == int(minutes), lesson
    assert clock == total


def test_the_answer_of_05a_draws_the_line_that_its_section_3_drew():
    cells = nbformat.read(FOLDER / "05a_evaluation.ipynb", as_version=4).cells
    source = "\n".join(cell.source for cell in cells)
    assert re.findall(r"gain that pays: (\d+) points", source) == ["3"]
    assert re.search(
        r"Only a range above zero whose upper end reaches the 3\b[^.]* goes on", source
    )
    assert "line = 0.03  # of section 3" in source


def test_the_readme_gives_each_lesson_its_minutes():
    table = dict(
        re.findall(r"^\| \[.*\]\(notebooks/(\w+)\.ipynb\)<br>(\d+) min \|",
                   (FOLDER.parent / "README.md").read_text("utf-8"), flags=re.M)
    )  # fmt: skip
    assert set(table) == {path.stem for path in lessons()}
    for path in lessons():
        first = nbformat.read(path, as_version=4).cells[0].source
        told = re.search(r"(\d+) minutes to read[^,]*, (\d+) for the exercises", first)
        assert int(table[path.stem]) == sum(map(int, told.groups())), path.stem
    mapped = re.findall(r"\((\w+)\.ipynb\) \|[^|]*\| (\d+) \|", nbformat.writes(
        nbformat.read(lessons()[0], as_version=4)))  # fmt: skip
    assert len(mapped) >= 12
    for stem, minutes in mapped:
        first = nbformat.read(FOLDER / f"{stem}.ipynb", as_version=4).cells[0].source
        assert re.search(r"(\d+) minutes to read", first)[1] == minutes, stem


def test_a_lesson_has_one_name_wherever_it_is_named():
    named = {}
    for path in lessons():
        source = nbformat.read(path, as_version=4).cells[0].source
        named[path.stem] = re.match(r"# (.+)", source)[1]
    places = [*FOLDER.glob("*.md"), *lessons(), FOLDER.parent / "README.md"]
    link = r"\[((?:\d\d[ab]? )?[^\]\[\n]+)\]\((?:notebooks/)?(\d\d[ab]?_\w+)\.ipynb\)"
    told = [found for path in places for found in re.findall(link, path.read_text("utf-8"))]
    told = [
        (name, stem) for name, stem in told if " " in name and name.split()[0].lower() != "lesson"
    ]
    assert len(told) > 2 * len(named)
    for name, stem in told:
        assert named[stem].endswith(name), f"{stem} is called {named[stem]}, not {name}"
    headings = re.findall(r"^### (\d\d.*)", GUIDE, flags=re.M)
    assert headings == list(named.values())


def test_learners_get_no_answers_and_instructors_get_them_open():
    talking = workshop.talking_points(GUIDE)
    assert sorted(talking) == sorted(PROSE)
    for path in lessons():
        learner = workshop.learner_notebook(nbformat.read(path, as_version=4))
        text = nbformat.writes(learner)
        assert "<summary>Answer" not in text and "## Quiz" in text
        assert not any(cell.get("outputs") for cell in learner.cells)
        points = talking[number(path)]
        assert "Common mistakes:" in points and "Discuss:" in points and "When late:" in points
        teacher = workshop.instructor_notebook(nbformat.read(path, as_version=4), points)
        assert points in teacher.cells[1].source
        assert "<details>" not in nbformat.writes(teacher)
        nbformat.validate(teacher)


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_blanks_to_fill_in_stay_blanks(path):
    """CommonMark takes ``____`` beside a bracket for the start of something bold."""
    text = "\n".join(
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "markdown"
    )
    said = [line for line in text.splitlines() if "____" in line]
    for line in said:
        shown = re.sub(r"<[^>]*>", "", str(mistune.html(line)))
        assert shown.count("____") == line.count("____"), line
