"""Which room of helpers/ may use which: the table of lessons, read from top to bottom."""

import ast
import doctest
import importlib
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from helpers.data import PROJECT

# a room uses rooms before it; the lessons, then what shows, makes up and runs them
LESSONS = ["data", "matrix", "similarity", "recommend", "evaluate", "first_look", "catalogue",
           "production", "channels", "experiments", "audiences", "warehouse", "memo",
           "trust"]  # fmt: skip
ROOMS = [*LESSONS, "simulation", "cases", "course", "plots", "explorables"]
# below a lesson, and of use to it only: who may ask
MACHINERY = {
    "reading": {"data", "channels", "experiments", "warehouse", "memo", "course", "plausibility"},
    "plausibility": {"data", "course", "memo"},
    "kernels": {"similarity", "recommend", "evaluate", "catalogue", "course"},
    "writing": set(ROOMS),
    "handover": {
        "data",
        "recommend",
        "evaluate",
        "production",
        "course",
        "reading",
        "kernels",
        "warehouse",
    },
    "packaged": {"cases", "course"},
    "progress": {"course", "reading", "warehouse"},
    "telling": {"plots", "cases", "course", "explorables", "memo", "experiments"},
    "colours": {"course", "experiments", "explorables", "memo", "plots"},
}


@cache
def modules():
    """The text of every module of helpers/, by its dotted name."""
    found = {}
    for path in sorted((PROJECT / "helpers").rglob("*.py")):
        parts = path.relative_to(PROJECT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path.read_text("utf-8")
    return found


def room(module):
    """The part of helpers/ that a module stands in; empty for helpers/ itself."""
    return [*module.split("."), ""][1]


@cache
def imports(text):
    """What a module's text imports from helpers/, anywhere in it: (module, name or None)."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "write imports out: `from helpers.…`"
            found += [(node.module, alias.name) for alias in node.names]
    return [(module, name) for module, name in found if module.split(".")[0] == "helpers"]


def imported(text, known):
    """The modules among the known ones that a module's text imports."""
    wholes = {(module, name): f"{module}.{name}" for module, name in imports(text)}
    return {whole if whole in known else module for (module, _), whole in wholes.items()}


def violations(texts):
    """Sentences on whatever stands in no room, or uses what it should not know of."""
    said = []
    uses = {module: imported(text, texts) for module, text in texts.items()}
    for module, targets in uses.items():
        user = room(module)
        if user and user not in ROOMS and user not in MACHINERY:
            said.append(f"{module} stands in no room")
        for target in sorted(targets):
            used = room(target)
            if used in ("", user):
                continue
            if used in MACHINERY:
                allowed = user in MACHINERY[used]
            else:
                allowed = {user, used} <= set(ROOMS) and ROOMS.index(used) < ROOMS.index(user)
            if not allowed:
                said.append(f"{module} uses {target}")
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as error:
        said.append(f"a circle: {' → '.join(error.args[1])}")
    return said


def test_a_room_uses_the_rooms_above_it_and_its_own_machinery():
    assert violations(modules()) == []


def test_the_rooms_are_the_ones_there_are():
    assert {room(module) for module in modules()} - {""} == {*ROOMS, *MACHINERY}


@pytest.mark.parametrize(
    ("module", "text", "said"),
    [
        ("helpers.matrix", "from helpers.similarity import x", "helpers.matrix uses"),
        ("helpers.matrix", "def f():\n    from helpers import memo", "uses helpers.memo"),
        ("helpers.memo", "import helpers.simulation.world", "uses helpers.simulation.world"),
        ("helpers.memo", "from helpers.course.runs import x", "uses helpers.course.runs"),
        ("helpers.production", "from helpers import kernels", "uses helpers.kernels"),
        ("helpers.writing", "from helpers import data", "helpers.writing uses helpers.data"),
        ("helpers.course.runs", "from helpers import plots", "uses helpers.plots"),
        ("helpers.utils", "", "helpers.utils stands in no room"),
        ("helpers.audiences.churn", "from helpers.audiences.offers import x", "a circle"),
        ("helpers.audiences.churn", "from helpers import audiences", "a circle"),
    ],
)
def test_what_should_not_be_is_found(module, text, said):
    house = modules() | {module: text}
    house["helpers.audiences.offers"] = "from helpers.audiences.churn import risk"
    assert any(said in each for each in violations(house))


def test_what_may_be_is_not_complained_about():
    text = "import pandas\nfrom helpers import __version__, data\nfrom helpers.writing import x"
    assert violations(modules() | {"helpers.memo": text}) == violations(modules())


def test_a_figure_has_no_name_of_a_file_of_figures():
    """Importing such a file later would put it in the place of the figure."""
    folder = PROJECT / "helpers" / "plots"
    imported = {
        name.asname or name.name
        for node in ast.parse((folder / "__init__.py").read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert imported and not imported & {path.stem for path in folder.glob("*.py")}


@pytest.mark.parametrize("module", [name for name, text in modules().items() if ">>> " in text])
def test_the_examples_in_docstrings_are_true(module):
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted and not found.failed
