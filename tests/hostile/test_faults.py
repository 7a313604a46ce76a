"""Faults: killed, out of space, folder gone. Complete files or none, and the next run works."""

import copy
import itertools
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from helpers import data, production, writing
from helpers.course import publishing, runs
from helpers.course.notebooks import lessons
from helpers.reading.parameters import Parameters
from tests.common import command, course, thorough


def complete(folder):
    """Every file under a final name can be read to its end."""
    for path in folder.rglob("*"):
        if path.name.startswith(".") or any(part.startswith(".") for part in path.parts):
            continue
        if path.suffix == ".json":
            json.loads(path.read_text("utf-8"))
        elif path.suffix == ".parquet":
            assert len(pd.read_parquet(path))
        elif path.suffix == ".csv":
            assert path.read_text("utf-8").endswith("\n")
        elif path.suffix == ".html":
            assert path.read_text("utf-8").rstrip().endswith("</html>")
        elif path.suffix == ".zip":
            production.load_engine(path)


def staged(folder, engine, name, number):
    """What a run of lesson 02 and lesson 06 leaves before it is published; every file says which.

    Returns the run; its staging folder is ``folder / name``.
    """
    run = runs.Run([], Parameters(), folder / "run", started=f"2026-03-0{number}T02:00:00+01:00")
    run.outcomes = [runs.Outcome(path, 1.0) for path in (lessons()[2], lessons()[6])]
    staging = folder / name
    (staging / "notebooks").mkdir(parents=True)
    for outcome in run.outcomes:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(f"of {name}")])
        nbformat.write(notebook, staging / "notebooks" / outcome.lesson.name)
    scored = staging / lessons()[6].stem
    table = production.score_everyone(engine, number)
    writing.write_recommendations(table, scored)
    engine.trained_until = pd.Timestamp(f"2026-03-0{number}")
    production.save_engine(engine, scored / "engine.zip")
    writing.record(scored, "recommendations", {"rows": len(table), "stopped_by": []})
    writing.record(staging / lessons()[2].stem, "matrix", {"customers": number})
    return run


def contents(folder):
    """Every file under its final name; the glossary is the same whatever the run."""
    paths = [path.relative_to(folder) for path in folder.rglob("*.*") if path.is_file()]
    return {
        path: (folder / path).read_bytes()
        for path in paths
        if not any(part.startswith(".") for part in path.parts) and path.name != "glossary.html"
    }


def killed_at_move(number, run, staging):
    """Publish in a process that dies without notice before it moves its `number`-th file.

    Returns whether it died; with fewer files to move it lives.
    """

    def publish():
        moves, move = itertools.count(), os.replace

        def counted(source, target):
            if staging not in Path(target).parents and next(moves) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            move(source, target)

        os.replace = counted
        publishing.publish(run, staging)

    child = multiprocessing.get_context("fork").Process(target=publish)
    child.start()
    child.join()
    return child.exitcode == -signal.SIGKILL


@thorough
def test_killed_at_every_move_each_file_is_old_or_new_and_the_next_one_finishes(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(
        publishing, "lesson_html", lambda path, beside: f"{path.read_text('utf-8')}</html>\n"
    )
    engine = production.build_engine(data.miniature())
    folder = tmp_path / "run"
    old = staged(tmp_path, engine, "old", 1)
    new = staged(tmp_path, engine, "new", 2)
    folder.mkdir()

    def begin():
        """The old run is published, the new one waits in its staging folder."""
        shutil.rmtree(folder)
        folder.mkdir()
        for name in ("old", "new"):
            shutil.copytree(tmp_path / name, folder / f"{runs.STAGING}{name}")
        publishing.publish(copy.deepcopy(old), folder / f"{runs.STAGING}old")
        return folder / f"{runs.STAGING}new"

    staging = begin()
    before = contents(folder)
    assert not killed_at_move(99, new, staging)
    after = contents(folder)
    assert set(before) == set(after) and len(after) == 11
    assert all(before[path] != after[path] for path in after), "a mixture could not be seen"

    seen = []
    for number in range(len(after) + 1):
        assert killed_at_move(number, new, begin())
        now = contents(folder)
        assert set(now) == set(after)
        is_new = {path: now[path] == after[path] for path in now}
        assert all(is_new[path] or now[path] == before[path] for path in now)
        assert not is_new[Path("metrics.json")] or all(
            is_new[path] for path in now if path.name != "index.html"
        )
        complete(folder)
        runs.remove_left_overs(folder)
        assert not list(folder.rglob(".*"))
        finished = contents(folder) == after
        assert finished or contents(folder) == before
        seen.append((sum(is_new.values()), finished))
    # the first move puts everything into the folder; each kill after it came one file later, and
    # whoever comes next finishes what was begun
    assert seen == [(0, False), *((number, True) for number in range(len(after)))]


@thorough
def test_killed_runs_keep_the_earlier_results_and_the_next_run_works(tmp_path):
    """Another shop than before, and killed at two moments of the run, whenever they come."""
    out, export = tmp_path / "out", tmp_path / "other.csv"
    rows = [f"{c},{p},01-01-2024" for c in range(30) for p in "abcdef" if (c + ord(p)) % 3]
    export.write_text("customer_id,product_id,transaction_date\n" + "\n".join(rows))
    other = command("02", "--out", out, "-p", "transactions_path", export)
    assert course("run", "02", "--out", out).exit_code == 0
    before = contents(out)
    for moment in (".staging-*/02_matrix", ".staging-*/notebooks/02_matrix.ipynb"):
        runs.remove_left_overs(out)  # or the last one's would be taken for this one's
        child = subprocess.Popen(other)
        while not list(out.glob(moment)):
            assert child.poll() is None, f"over before {moment}"
            time.sleep(0.005)
        child.kill()
        child.wait()
        assert contents(out) == before, moment
    assert course("run", "02", "--out", out, "-p", "transactions_path", export).exit_code == 0
    after = contents(out)
    assert set(after) == set(before)
    changed = {path.name for path in after if after[path] != before[path]}
    assert changed >= {"metrics.json", "02_matrix.html", "02_matrix.ipynb"}
    assert not list(out.glob(".staging-*")), "the next run clears away what the killed one left"
    assert json.loads(after[Path("metrics.json")])["matrix"]["customers"] == 30


@thorough
def test_no_space_left(tmp_path):
    out = tmp_path / "out"
    assert course("run", "06", "--out", out).exit_code == 0
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and p.name != ".lock"}

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    result = subprocess.run(
        command("06", "--out", out), preexec_fn=small_files, capture_output=True, text=True
    )
    assert result.returncode in (1, 2)
    assert "Traceback" not in result.stderr
    assert "cannot be written" in result.stderr or "failed" in result.stderr
    complete(out)
    for name in ("recommendations.csv", "recommendations.parquet", "metrics.json"):
        assert (out / name).read_bytes() == before[out / name]


@pytest.mark.parametrize("place", ["file", "device"])
def test_a_folder_that_cannot_be_written(tmp_path, place):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    out = {"file": blocked / "out", "device": Path("/proc/no/such/place")}[place]
    result = course("run", "02", "--out", out)
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@thorough
def test_a_folder_that_vanishes(tmp_path):
    out = tmp_path / "out"
    child = subprocess.Popen(
        command("02", "--out", out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not list(out.glob(".staging-*")):
        time.sleep(0.05)
    # all at once: while its files are removed one by one, the run may clear up, too
    out.rename(tmp_path / "elsewhere")
    stdout, stderr = child.communicate(timeout=300)
    assert child.returncode in (1, 2)
    assert "Traceback" not in stderr
    complete(out)
