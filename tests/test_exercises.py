"""Exercises: the printed answer is right, a blank is a blank, each likely mistake gets its hint.

Each lesson runs once, in this process; at every exercise its variations are tried.
"""

import ast
import contextlib
import io
import re
from pathlib import Path

import matplotlib
import nbformat
import pytest
import yaml

from helpers.course import exercises
from helpers.course.notebooks import lessons

MISTAKES = yaml.safe_load(Path(__file__).with_name("exercise_mistakes.yaml").read_text("utf-8"))
BLANK = "answer = ..."


def printed(source, names):
    """What a cell prints when it runs with these names."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, "cell", "exec"), dict(names))
    return output.getvalue()


OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
             ast.Pow: ast.Mult, ast.Eq: ast.NotEq, ast.GtE: ast.Lt}  # fmt: skip
METHODS = {"mean": "sum", "sum": "mean", "idxmax": "idxmin"}


def mutate(node, other):
    """Change one part of a solution in place; say whether it is a part that can be changed."""
    match node:
        case ast.Constant(value=str()):
            node.value = "A" if other else node.value + "?"
        case ast.Constant(value=int() | float()):
            node.value = 1 if other else node.value + 1
        case ast.BinOp() if type(node.op) in OPERATORS:
            node.op = OPERATORS[type(node.op)]()
        case ast.Compare() if type(node.ops[0]) in OPERATORS:
            node.ops = [OPERATORS[type(node.ops[0])]()]
        case ast.Attribute() if node.attr in METHODS:
            node.attr = METHODS[node.attr]
        case _:
            return False
    return True


def mutants(source):
    """The code with one number, text, operator or method changed, each in turn."""
    for place, _ in enumerate(ast.walk(ast.parse(source))):
        for other in (False, True):
            tree = ast.parse(source)
            if mutate(list(ast.walk(tree))[place], other):
                yield ast.unparse(tree)


def value(source, names):
    """What the code answers with these names; None where it fails."""
    names = dict(names)
    try:
        exec(compile(source, "answer", "exec"), names)
    except Exception:
        return None
    return names["answer"]


def differs(answer, solution):
    """Whether another answer is another one; code that fails answers nothing."""
    if answer is None:
        return False
    if isinstance(solution, str | list):
        return answer != solution
    return bool(abs(answer - solution) > 0.01 * abs(solution))


def walk(path):
    """Run a lesson; yield (exercise id, question, source, printed answer's code, names so far)."""
    cells = nbformat.read(path, as_version=4).cells
    names = {"__name__": "lesson", "display": lambda *things, **options: None}
    for place, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        if "exercise" in cell.metadata.get("tags", []):
            before, after = cells[place - 1].source, cells[place + 1].source
            folded = re.search(r"<details>.*?```python\n(.*?)```", after, flags=re.S)
            name = re.search(r'check\(\s*"([\d-]+)"', cell.source)[1]
            ask = before.split(f"**{name[-1]}.**")[1]
            yield name, ask, cell.source, folded[1], names
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(cell.source, path.name, "exec"), names)


@pytest.mark.filterwarnings("ignore:divide by zero")  # some mutants do
@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_every_exercise(path, monkeypatch):
    matplotlib.use("agg")
    monkeypatch.setattr("helpers.plots.display", lambda *things, **options: None)
    monkeypatch.chdir(path.parent)
    questions, answers = {}, {}
    for name, ask, source, answer, names in walk(path):
        questions[name], answers[name] = ask, answer
        assert source.startswith(BLANK + "\n"), name
        assert printed(source, names).startswith("Not answered yet"), name
        right = printed(source.replace(BLANK, answer), names)
        assert right.startswith("Correct: "), f"{name}: the printed answer gets: {right}"
        assert len(MISTAKES.get(name, [])) >= 2, f"{name} needs its likely mistakes"
        for mistake in MISTAKES[name]:
            wrong = printed(source.replace(BLANK, f"answer = {mistake['answer']}"), names)
            assert wrong.startswith("Not yet: "), f"{name}: {mistake['answer']} gets: {wrong}"
            assert mistake["hint"] in wrong, f"{name}: {mistake['answer']} gets: {wrong}"
        for odd in ("None", "'?'", "[]", "{}", "object()", "float('nan')"):
            reply = printed(source.replace(BLANK, f"answer = {odd}"), names)
            assert reply.startswith("Not yet: "), f"{name}: {odd} gets: {reply}"
        solution = value(answer, names)
        values = {code: value(code, names) for code in set(mutants(answer))}
        wrong = {repr(other): code for code, other in values.items() if differs(other, solution)}
        for code in wrong.values():
            reply = printed(source.replace(BLANK, code), names)
            assert reply.startswith("Not yet: "), f"{name}: the mutant {code} gets: {reply}"
        assert wrong, f"{name}: no change to the printed answer changes it"
    assert 3 <= len(questions) <= 5
    assert any("redict" in ask for ask in questions.values()), "nothing to predict"
    assert any(re.fullmatch(r'answer = "[^"]+"\n', code) for code in answers.values()), (
        "no decision"
    )


def test_number_choice_and_list():
    assert exercises.number(3.001, 3, "yes")[0]
    assert exercises.number(4, 3, "yes")[1].endswith("too high.")
    assert exercises.number(7, 3, "yes", [(7, "you added")]) == (False, "you added")
    assert not exercises.number(True, 1, "yes")[0]
    assert exercises.choice(" B ", "b", "yes", {}, ["a", "b"])[0]
    assert "another order" in exercises.id_list(["b", "a"], ["a", "b"], "yes")[1]
