"""Exercises: the printed answer is right, a blank is a blank, each likely mistake gets its hint.

Each lesson runs once, in this process; at every exercise its variations are tried.
"""

import contextlib
import io
import re
from pathlib import Path

import matplotlib
import nbformat
import pytest
import yaml

from helpers import exercises
from helpers.notebooks import lessons

MISTAKES = yaml.safe_load(Path(__file__).with_name("exercise_mistakes.yaml").read_text("utf-8"))
BLANK = "answer = ..."


def printed(source, names):
    """What a cell prints when it runs with these names."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, "cell", "exec"), dict(names))
    return output.getvalue()


def walk(path):
    """Run a lesson; yield (exercise id, cell source, printed answer's code, names so far)."""
    cells = nbformat.read(path, as_version=4).cells
    names = {"__name__": "lesson", "display": lambda *things, **options: None}
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type != "code":
            continue
        if "exercise" in cell.metadata.get("tags", []):
            folded = re.search(r"<details>.*?```python\n(.*?)```", following.source, flags=re.S)
            yield re.search(r'check\(\s*"([\d-]+)"', cell.source)[1], cell.source, folded[1], names
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(cell.source, path.name, "exec"), names)


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_every_exercise(path, monkeypatch):
    matplotlib.use("agg")
    monkeypatch.setattr("helpers.plots.display", lambda *things, **options: None)
    monkeypatch.chdir(path.parent)
    seen = []
    for name, source, answer, names in walk(path):
        seen.append(name)
        assert source.startswith(BLANK + "\n"), name
        assert printed(source, names).startswith("Not answered yet"), name
        right = printed(source.replace(BLANK, answer), names)
        assert right.startswith("Correct: "), f"{name}: the printed answer gets: {right}"
        assert MISTAKES.get(name), f"{name} has no listed mistakes"
        for mistake in MISTAKES[name]:
            wrong = printed(source.replace(BLANK, f"answer = {mistake['answer']}"), names)
            assert wrong.startswith("Not yet: "), f"{name}: {mistake['answer']} gets: {wrong}"
            assert mistake["hint"] in wrong, f"{name}: {mistake['answer']} gets: {wrong}"
        for odd in ("None", "'?'", "[]", "{}", "object()", "float('nan')"):
            reply = printed(source.replace(BLANK, f"answer = {odd}"), names)
            assert reply.startswith("Not yet: "), f"{name}: {odd} gets: {reply}"
    assert 2 <= len(seen) <= 5


def test_number_choice_and_list():
    assert exercises.number(3.001, 3, "yes")[0]
    assert exercises.number(4, 3, "yes")[1].endswith("too high.")
    assert exercises.number(7, 3, "yes", [(7, "you added")]) == (False, "you added")
    assert not exercises.number(True, 1, "yes")[0]
    assert exercises.choice(" B ", "b", "yes", {}, ["a", "b"])[0]
    assert "another order" in exercises.id_list(["b", "a"], ["a", "b"], "yes")[1]
