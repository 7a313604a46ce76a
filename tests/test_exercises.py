"""Exercises: the printed answer is right, a blank is a blank, each likely mistake gets its hint.

Each lesson runs once, in this process, without the cells that no exercise needs (nbval runs them
all); at every exercise its variations are tried.
"""

import ast
import contextlib
import copy
import io
import re
from functools import cache
from types import SimpleNamespace
from unittest import mock

import matplotlib
import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers.course import exercises
from helpers.course.notebooks import FOLDER, lessons, number

BLANK = "answer = ..."
ODD = ("None", "'?'", "[]", "{}", "object()", "float('nan')", "np.array([1, 2])")
# forms on an unseen shop are tried out in test_cases.py: their key is the shop's
FORMS = [name for name, text in exercises.texts().items() if "form" in text]
IDS = [name for name in exercises.texts() if name not in FORMS]
each_exercise = pytest.mark.parametrize("name", IDS)


# Mutants: the printed answer with one thing changed

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
COMPARISONS = (ast.Eq, ast.NotEq, ast.Gt, ast.Lt, ast.GtE)
METHODS = {"mean": ("sum", "std", "max"), "sum": ("mean", "max", "min"),
           "idxmax": ("idxmin",), "nunique": ("count",), "tolist": ()}  # fmt: skip
PER_PLACE = 3


def labels(container):
    """Per place in the brackets: the labels that can stand there."""
    match container:
        case pd.DataFrame():
            return [list(container.columns)]
        case pd.Series():
            return [list(container.index)]
        case dict():
            return [list(container)]
        case _:
            return []


def siblings(tree, names):
    """For the texts in code that select something: what else there is to select."""
    found = {}

    def read(code):
        return eval(code, dict(names))

    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            by_label = isinstance(node.value, ast.Attribute) and node.value.attr == "loc"
            keys = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if not any(isinstance(key, ast.Constant) for key in keys):
                continue
            container = read(ast.unparse(node.value.value if by_label else node.value))
            axes = container.axes if by_label else labels(container)
            found |= dict(zip(keys, map(list, axes), strict=False))
        elif isinstance(node, ast.Compare):
            [other] = node.comparators
            if isinstance(other, ast.Constant) and isinstance(other.value, str):
                found[other] = list(read(ast.unparse(node.left)).unique())
    return found


def changes(node, others, texts):
    """What can stand instead of a part of the code: pairs of a field and its new value."""
    match node:
        case ast.Constant(value=str(text)) if node in others:
            return [("value", other) for other in others[node] if other != text]
        case ast.Constant(value=str(text)) if re.search(r"\d$", text):
            return [("value", f"{text[:-1]}{digit}") for digit in range(10) if digit != text[-1]]
        case ast.Constant(value=str(text)) if " " in text:  # what somebody is called
            return [("value", other) for other in texts]
        case ast.Constant(value=int(value) | float(value)):
            other = (value + 1, value - 1, 2 * value, value / 2, 1, 3)
            return [("value", each) for each in other if each != value]
        case ast.BinOp() if isinstance(node.op, OPERATORS):
            return [("op", other()) for other in OPERATORS if not isinstance(node.op, other)]
        case ast.BinOp(op=ast.Pow()):
            return [("op", ast.Mult()), ("op", ast.Add())]
        case ast.Compare():
            return [("ops", [other()]) for other in COMPARISONS if type(node.ops[0]) is not other]
        case ast.Attribute() if node.attr in METHODS:
            return [("attr", other) for other in METHODS[node.attr]]
        case _:
            return []


def run(source, names):
    """All names after the code ran."""
    names = dict(names)
    with np.errstate(all="ignore"):
        exec(compile(source, "answer", "exec"), names)
    return names


def another(answer, solution):
    """Whether an answer is of the same kind as the right one, and another."""
    if isinstance(solution, list):
        return isinstance(answer, list) and answer != solution
    if not np.isscalar(answer) or isinstance(answer, str) or np.isnan(answer):
        return False
    return bool(abs(answer - solution) > 0.01 * abs(solution))


def mutants(source, names):
    """Yield, per part of the code that can be changed, its codes with their answers.

    At most three, and only such as run and give another answer of the same kind.
    """
    after = run(source, names)
    others = siblings(tree := ast.parse(source), after)
    texts = [value for name, value in names.items() if isinstance(value, str) and name[0] != "_"]
    for place, node in enumerate(ast.walk(tree)):
        tries, kept = changes(node, others, texts), {}
        for field, value in tries:
            mutant = copy.deepcopy(tree)
            setattr(list(ast.walk(mutant))[place], field, value)
            code = ast.unparse(mutant)
            try:
                answer = run(code, names)["answer"]
            except Exception:
                continue
            if another(answer, after["answer"]):
                kept[code] = answer
            if len(kept) == PER_PLACE:
                break
        if tries:
            yield kept
    if isinstance(answer := after["answer"], list):
        others = (answer[::-1], answer[:-1], [*answer[:-1], answer[0]])
        yield {f"answer = {other}": other for other in others if another(other, answer)}


def misspelt(option):
    """Choices that are none of the options."""
    return [f"{option}?", option[:-1], option[1:]]


# Running the lessons


def said(source, names):
    """What a cell prints when it runs with these names."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        run(source, names)
    return output.getvalue().removesuffix("\n")


def try_out(name, question, source, folded, names):
    """Give an exercise every answer: the printed one, none, likely, odd and mutated ones."""
    text = exercises.texts()[name]
    reply = cache(lambda code: said(source.replace(BLANK, code), names))
    found = SimpleNamespace(question=question, source=source, folded=folded)
    found.blank = reply(BLANK)
    with mock.patch.object(exercises, "solution", cache_by_name(exercises.solution)):
        found.printed = reply(folded)
        found.likely = {
            wrong: (reply(f"answer = {each['answer']}"), each["hint"])
            for wrong, each in text.get("wrong", {}).items()
        }
        options = text.get("options", ())
        found.options = {option: reply(f"answer = {option!r}") for option in options}
        found.odd = {odd: reply(f"answer = {odd}") for odd in ODD}
        if "options" in text:
            wrong = [option for option in options if option != text["right"]]
            places = [{each: each for each in group} for group in (wrong, misspelt(text["right"]))]
        else:
            places = list(mutants(folded, names))
        found.skipped = sum(not kept for kept in places)
        found.places = len(places)
        found.mutants = {
            code: said(source.replace(BLANK, "answer = given"), names | {"given": answer})
            for kept in places
            for code, answer in kept.items()
        }
    return found


def left_for_pages(source, names):
    """The metadata of what a notebook shows at a blank."""
    shell = mock.Mock(initialized=lambda: True)
    with mock.patch.multiple(exercises, InteractiveShell=shell, display=mock.DEFAULT) as mocked:
        said(source, names)
    return [call.kwargs["metadata"] for call in mocked["display"].call_args_list]


def cache_by_name(function):
    """The function, computed once per exercise: within one exercise its facts don't change."""
    known = {}

    def once(name, facts):
        if name not in known:
            known[name] = function(name, facts)
        return known[name]

    return once


def tried(lesson):
    """Every exercise of a lesson, tried out; a lesson that failed is not run again."""
    found, error = tried_once(lesson)
    if error:
        raise error
    return found


@cache
def tried_once(lesson):
    try:
        return walk(lesson), None
    except Exception as error:
        return None, error


def names_in(source):
    """Names that code makes or changes, and all that it reads."""
    nodes = list(ast.walk(ast.parse(source)))
    read = {node.id for node in nodes if isinstance(node, ast.Name)}
    changed = {node.id for node in nodes
               if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}  # fmt: skip
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom):
            changed |= {
                each.asname or each.name.split(".")[0] for each in getattr(node, "names", [])
            }
            changed |= {getattr(node, "name", "")}
        elif isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            changed |= {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
        elif isinstance(node, ast.Expr):  # what is called without a result may change its object
            changed |= {each.id for each in ast.walk(getattr(node.value, "func", node.value))
                        if isinstance(each, ast.Name)}  # fmt: skip
    return changed, read


def imported(cells):
    """Names of modules and of what is taken from them: to call one of them changes no name."""
    nodes = [node for cell in cells if cell.cell_type == "code"
             for node in ast.walk(ast.parse(cell.source))
             if isinstance(node, ast.Import | ast.ImportFrom)]  # fmt: skip
    return {each.asname or each.name.split(".")[0] for node in nodes for each in node.names}


def wanted_before(statements, wanted):
    """Names that must be there before statements run, for `wanted` to be there behind them."""
    for statement in reversed(statements):
        if isinstance(statement, ast.If):
            branches = (statement.body, statement.orelse)
            wanted = set().union(*(wanted_before(branch, wanted) for branch in branches))
            statement = statement.test
        elif isinstance(statement, ast.Assign):  # made anew, whatever it was
            parts = [part for target in statement.targets for part in getattr(
                target, "elts", [target])]  # fmt: skip
            wanted = wanted - {part.id for part in parts if isinstance(part, ast.Name)}
        nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        added = isinstance(statement, ast.AugAssign)
        wanted = wanted | {node.id for node in nodes if added or isinstance(node.ctx, ast.Load)}
    return wanted


def needed(cells):
    """Places of the cells that the exercises need, directly or by what these cells need."""
    wanted, places, modules = set(), set(), imported(cells)
    for place in reversed(range(len(cells))):
        if cells[place].cell_type != "code":
            continue
        source = cells[place].source
        if "exercise" in cells[place].metadata.get("tags", []):
            name = re.search(r'check\(\s*"([\w-]+)"', source)[1]
            if name in FORMS:
                continue
            likely = [each["answer"] for each in exercises.texts()[name].get("wrong", {}).values()]
            sources = [source, solution_of(cells, place), *map(str, likely)]
            wanted = wanted.union(*(names_in(each)[1] for each in sources))
        else:
            changed = names_in(source)[0] - (modules - imported([cells[place]]))
            if not changed & wanted:
                continue
            wanted = wanted_before(ast.parse(source).body, wanted)
        places.add(place)
    return places


def solution_of(cells, place):
    """The answer that is folded away below an exercise."""
    return re.search(r"<details>.*?```python\n(.*?)```", cells[place + 1].source, flags=re.S)[1]


def walk(lesson):
    """Run a lesson as far as its exercises need it; try each of them out in its place."""
    [path] = FOLDER.glob(f"{lesson}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    silent = lambda *things, **options: None  # noqa: E731
    names = {"__name__": "lesson", "display": silent, "np": np}
    found = {}
    matplotlib.use("agg")
    with mock.patch("helpers.plots.style.display", silent), contextlib.chdir(path.parent):
        for place in sorted(needed(cells)):
            cell = cells[place]
            if "exercise" in cell.metadata.get("tags", []):
                before, folded = cells[place - 1].source, solution_of(cells, place)
                name = re.search(r'check\(\s*"([\w-]+)"', cell.source)[1]
                question = before.split(f"**{name[-1]}.**")[1]
                found[name] = try_out(name, question, cell.source, folded, names)
                found[name].stored = [each.metadata for each in cell.outputs if "metadata" in each]
                found[name].left = left_for_pages(cell.source, names)
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, path.name, "exec"), names)
    return found


@pytest.fixture
def exercise(name):
    return tried(name.rpartition("-")[0])[name]


@each_exercise
def test_the_printed_answer_is_right_and_a_blank_is_a_blank(exercise):
    assert exercise.source.startswith(BLANK + "\n")
    assert exercise.blank.startswith("Not answered yet: ")
    assert exercise.printed.startswith("Correct: ")


@each_exercise
def test_a_likely_mistake_gets_its_hint(exercise, name):
    text = exercises.texts()[name]
    for wrong, (reply, hint) in exercise.likely.items():
        assert reply == f"Not right: {hint}", wrong
    for option, reply in exercise.options.items():
        verdict = "Correct: " if option == text["right"] else "Not right: "
        assert reply == verdict + text["options"][option]
    assert len(exercise.likely) + len(exercise.options) >= 2


@each_exercise
def test_pages_find_in_the_notebook_what_a_run_works_out(exercise, name):
    text = exercises.texts()[name]
    assert exercise.stored == exercise.left
    assert len(exercise.left) == ("right" not in text and text.get("takes") != "code")
    for metadata in exercise.left:
        known = metadata[exercises.WORKED_OUT]
        assert len(known["wrong"]) == len(text["wrong"]) >= 2


@each_exercise
def test_a_decision_has_the_options_of_its_question(exercise):
    if exercise.options:
        assert re.findall(r'`"([^"]+)"`', exercise.question) == list(exercise.options)


@each_exercise
def test_an_odd_answer_gets_a_sentence(exercise):
    for odd, reply in exercise.odd.items():
        assert re.fullmatch(r"Not right: [^\n]+[.?]", reply), odd


@each_exercise
def test_no_changed_answer_is_right(exercise):
    for code, reply in exercise.mutants.items():
        assert reply.startswith("Not right: "), code
    assert len(exercise.mutants) >= 3, "too few changes of the printed answer change it"


def test_hardly_a_place_of_the_printed_answers_cannot_be_changed():
    found = [exercise for path in lessons() for exercise in tried(number(path)).values()]
    assert sum(each.skipped for each in found) < 0.08 * sum(each.places for each in found)


def test_every_lesson_has_a_prediction_and_a_decision():
    for path in lessons():
        found = tried(number(path))
        assert 3 <= len(found) <= 6
        assert any("redict" in each.question for each in found.values()), path.stem
        assert any(each.options for each in found.values()), path.stem


def test_every_text_belongs_to_one_exercise():
    assert [name for path in lessons() for name in tried(number(path))] == IDS
    written = exercises._TEXTS.read_text("utf-8")
    names = re.findall(r'^"(.+)":', written, flags=re.M)
    assert [name for name in names if name not in FORMS] == IDS, "YAML drops a doubled one silently"
    for name, text in exercises.texts().items():
        if name in FORMS:
            assert list(text) == ["form"] and name not in exercises._COMPUTED
            continue
        fixed = "right" in text
        assert fixed != (name in exercises._COMPUTED), name
        assert text.get("takes", "code") == "code" and not (fixed and "takes" in text), name
        assert not fixed or ("options" in text) != ("wrong" in text), name
        assert "options" not in text or text["right"] in text["options"], name


# The judges, and what is nobody's answer's fault


def test_a_mistake_of_the_author_is_not_blamed_on_the_learner(capsys):
    for name, facts, words in [
        ("10-9", {}, "no exercise '10-9'. Is it '10-"),
        ("3-1", {}, "no exercise '3-1'. Is it '03-1'?"),
        (None, {}, "no exercise None"),
        ("02-5", {}, "exercise 02-5 needs small"),
        ("02-5", {"small": 1, "table": 2}, "exercise 02-5 has no use for table"),
        ("02-3", {"table": 2}, "exercise 02-3 has no use for table"),
    ]:
        for answer in (..., 5):
            exercises.check(name, answer, **facts)
            said = capsys.readouterr().out
            assert (
                said.startswith("A mistake in the lesson, not in your answer: ") and words in said
            )
    exercises.check("02-5", 5, small=None)
    said = capsys.readouterr().out
    assert said.startswith("Your answer is not to blame: exercise 02-5 can't be worked out from")


def test_number_choice_and_list():
    assert exercises.number(3.001, 3, "yes")[0]
    assert exercises.number(4, 3, "yes")[1].endswith("too high.")
    assert exercises.number(7, 3, "yes", [(7, "you added")]) == (False, "you added")
    assert exercises.number(30, 0.3, "yes")[1] == "give it as a share, between 0 and 1."
    assert exercises.number(300, 3, "yes")[1].endswith("too high.")
    assert not exercises.number(True, 1, "yes")[0]
    exact = 2_000 * (0.35 - 0.25) * 0.4  # 79.99999999999999
    assert exercises.number(exact, 80, "yes", tolerance=0)[0]
    assert not exercises.number(79.9999, 80, "yes", tolerance=0)[0]
    options = {"a": "no, since", "B": "yes"}
    assert exercises.choice(" b ", "B", options) == (True, "yes")
    assert exercises.choice("A", "B", options) == (False, "no, since")
    assert exercises.choice("can’t", "can't", {"can't": "yes"}) == (True, "yes")
    assert "'a', 'B'" in exercises.choice("c", "B", options)[1]
    assert "another order" in exercises.id_list(["b", "a"], ["a", "b"], "yes")[1]
    assert "2 ids are asked for" in exercises.id_list("a", ["a", "b"], "yes")[1]
