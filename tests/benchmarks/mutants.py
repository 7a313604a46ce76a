"""Would the tests notice? Changes one place of helpers/ at a time and runs the tests meant for it.

    python tests/benchmarks/mutants.py --number 100 --seed 1 [--module evaluate] [--workers 2]

Each mutant lives in a copy of the project, so the checkout stays as it is. What the module's own
tests let through is tried on the notebooks as well (strict nbval). Printed at the end: the share
that was noticed, and every survivor with its line.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# module (by how its path begins): its tests
TESTS = {
    "data": [
        "test_data.py",
        "test_one_cleaning.py",
        "hostile/test_hostile_files.py",
        "test_plots.py",
        "test_recommend.py",
    ],
    "reading": ["test_data.py", "test_one_cleaning.py", "hostile/test_hostile_files.py"],
    "matrix": ["test_matrix_and_similarity.py"],
    "similarity": ["test_matrix_and_similarity.py", "test_recommend.py"],
    "kernels": ["test_matrix_and_similarity.py", "test_recommend.py"],
    "recommend": ["test_recommend.py", "test_evaluate.py", "test_production.py"],
    "evaluate": ["test_evaluate.py", "test_memo.py"],
    "production": ["test_production.py", "test_channels.py"],
    "writing": ["test_production.py", "test_run.py"],
    "channels": ["test_channels.py"],
    "experiments": ["test_experiments.py"],
    "simulation": ["test_experiments.py", "test_synthetic.py", "test_audiences.py"],
    "audiences": ["test_audiences.py"],
    "warehouse": ["test_warehouse.py", "test_one_cleaning.py"],
    "memo": ["test_memo.py"],
    "colours": ["test_plots.py", "test_memo.py"],
    "plots": ["test_plots.py"],
    "course/exercises": ["test_exercises.py"],
    "course/laptop": ["test_setup.py"],
    "course/notebooks": ["test_notebooks.py", "test_teaching.py"],
    "course/workshop": ["test_teaching.py"],
    "course/website": ["test_teaching.py", "browser/test_pages.py"],
    "course": ["test_run.py", "hostile/test_faults.py"],
}
COMPARED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
            ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot,
            ast.IsNot: ast.Is}  # fmt: skip
COMPUTED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
            ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.FloorDiv: ast.Mult}  # fmt: skip


def places(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """What can be changed: the node's number in a walk, and how."""
    skipped = set()
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                skipped |= set(ast.walk(getattr(node, name)))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                skipped |= set(ast.walk(first))
        if isinstance(node, ast.Raise):  # the wording of a message
            skipped |= set(ast.walk(node))
        if isinstance(node, ast.JoinedStr):
            skipped |= set(ast.walk(node))
    for number, node in enumerate(ast.walk(tree)):
        if node in skipped:
            continue
        if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
            yield number, "compare"
        elif isinstance(node, ast.BinOp) and type(node.op) in COMPUTED:
            yield number, "compute"
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield number, "number"
        elif isinstance(node, ast.Constant) and type(node.value) is bool:
            yield number, "turn"
        elif isinstance(node, (ast.If, ast.IfExp)):
            yield number, "condition"
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.Invert, ast.USub)):
            yield number, "sign"


def changed(text: str, number: int, how: str) -> tuple[str, int, str]:
    """The module with one place changed, the place's line, and what was done."""
    tree = ast.parse(text)
    node = list(ast.walk(tree))[number]
    before = ast.unparse(node).splitlines()[0]
    if how == "compare":
        node.ops[0] = COMPARED[type(node.ops[0])]()
    elif how == "compute":
        node.op = COMPUTED[type(node.op)]()
    elif how == "number":
        node.value = node.value + 1 if node.value != 1 else 0
    elif how == "turn":
        node.value = not node.value
    elif how == "condition":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    else:
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else ast.Not()
        node.operand = ast.UnaryOp(ast.Not(), node.operand) if how == "sign" and isinstance(
            node.op, ast.Not) else node.operand  # fmt: skip
    ast.fix_missing_locations(tree)
    return ast.unparse(tree), node.lineno, f"{before}  ->  {ast.unparse(node).splitlines()[0]}"


def tests_of(path: str) -> list[str]:
    """The tests meant for a module."""
    module = path.removeprefix("helpers/").removesuffix(".py")
    best = max((key for key in TESTS if module.startswith(key)), key=len)
    return [f"tests/{name}" for name in TESTS[best]]


def passes(folder: Path, what: list[str]) -> bool:
    """Whether the tests pass in a copy; one that hangs has noticed."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
    # the copy before anything that is installed
    environment = os.environ | {"PYTHONPATH": str(folder), "DIRTY_TABLES": "15",
                                "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
    try:
        done = subprocess.run(
            command + what, cwd=folder, env=environment, capture_output=True, timeout=600
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def try_one(job):
    """One mutant: where it is, what was done, and who noticed."""
    path, number, how, notebooks = job
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "project"
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(
            ".git", ".venv", "runs", "__pycache__", "site"))  # fmt: skip
        text, line, what = changed((folder / path).read_text("utf-8"), number, how)
        (folder / path).write_text(text, "utf-8")
        survived = passes(folder, tests_of(path))
        if survived and notebooks:
            survived = passes(folder, [f"notebooks/{name}" for name in notebooks])
    print("SURVIVED" if survived else "noticed ", f"{path}:{line}", what, flush=True)
    return survived


def main():
    """Draw the mutants and try them."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--number", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--skip", type=int, default=0, help="of those that were drawn")
    arguments.add_argument("--module", default="")
    arguments.add_argument("--workers", type=int, default=2)
    arguments.add_argument("--no-notebooks", action="store_true")
    given = arguments.parse_args()
    pool = []
    for file in sorted((PROJECT / "helpers").rglob("*.py")):
        path = file.relative_to(PROJECT).as_posix()
        if path.startswith(f"helpers/{given.module}") and file.name != "__init__.py":
            pool += [(path, *each) for each in places(ast.parse(file.read_text("utf-8")))]
    chosen = random.Random(given.seed).sample(pool, min(given.number, len(pool)))
    chosen = chosen[given.skip :]
    notebooks = sorted(path.name for path in (PROJECT / "notebooks").glob("*.ipynb"))
    notebooks = [] if given.no_notebooks else notebooks
    with ThreadPoolExecutor(given.workers) as threads:
        survived = list(threads.map(try_one, [(*each, notebooks) for each in chosen]))
    noticed = len(survived) - sum(survived)
    print(f"{noticed} of {len(survived)} noticed ({noticed / len(survived):.0%}), "
          f"seed {given.seed}, drawn from {len(pool):,} places")  # fmt: skip


if __name__ == "__main__":
    main()
