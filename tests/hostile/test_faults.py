"""Faults: killed, out of space, folder gone. Complete files or none, and the next run works."""

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from helpers import production, writing
from helpers.course import runs
from helpers.course.notebooks import lessons
from tests.common import command


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


def publish_for_ever(staged, folder):
    """Save an engine and publish a run's results, over and over."""
    engine = production.load_engine(staged / "engine.zip")
    while True:
        production.save_engine(engine, folder / "saved.zip")
        staging = folder / f"{runs._STAGING}copy"
        shutil.rmtree(staging, ignore_errors=True)
        shutil.copytree(staged, staging)
        runs._publish(runs.Run([], {}, folder), staging)


def test_fifty_kills_while_saving_and_publishing(shop, tmp_path):
    staged, folder = tmp_path / "staged", tmp_path / "run"
    (staged / "notebooks").mkdir(parents=True)
    folder.mkdir()
    shutil.copy(lessons()[2], staged / "notebooks")
    engine = production.build_engine(*shop)
    production.save_engine(engine, staged / "engine.zip")
    table = production.score_everyone(engine, 3)
    writing.write_recommendations(table, staged)
    writing.record(staged, "recommendations", {"rows": len(table), "customers": 1})
    (staged / "figures" / "matrix.json").write_text(
        '{"customers": 1, "products": 1, "nonzero": 1, "sparsity": 0.5}'
    )
    moments = random.Random(0)
    fork = multiprocessing.get_context("fork")
    one_round = 30.0  # the first child is killed when it has published once, which takes so long
    for number in range(51):
        child = fork.Process(target=publish_for_ever, args=(staged, folder))
        child.start()
        start = time.monotonic()
        if number:
            time.sleep(moments.uniform(0.01, min(one_round * 1.2, 0.5)))
        while not (folder / "index.html").exists() and time.monotonic() < start + one_round:
            time.sleep(0.01)
        one_round = one_round if number else time.monotonic() - start
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        complete(folder)
    assert {path.name for path in folder.iterdir()} >= {"saved.zip", "metrics.json"}
    runs._remove_left_overs(folder)
    assert not [path for path in folder.rglob(".*") if path.name != ".lock"]


def test_killed_runs_keep_the_earlier_results_and_the_next_run_works(tmp_path):
    out = tmp_path / "out"
    assert subprocess.run(command("02", "--out", out)).returncode == 0
    before = (out / "metrics.json").read_bytes()
    for seconds in (0.7, 1.6, 2.3, 2.9):
        child = subprocess.Popen(command("02", "--out", out))
        time.sleep(seconds)
        child.kill()
        child.wait()
        complete(out)
        assert (out / "metrics.json").read_bytes() == before
    assert subprocess.run(command("02", "--out", out)).returncode == 0
    assert sorted(path.name for path in out.iterdir() if path.name != ".lock") == [
        "html", "index.html", "metrics.json", "notebooks",
    ]  # fmt: skip


def test_no_space_left(tmp_path):
    out = tmp_path / "out"
    assert subprocess.run(command("06", "--out", out)).returncode == 0
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
    result = subprocess.run(command("02", "--out", out), capture_output=True, text=True)
    assert result.returncode == 2
    assert "cannot be written" in result.stderr and "Traceback" not in result.stderr


def test_a_folder_that_vanishes(tmp_path):
    out = tmp_path / "out"
    child = subprocess.Popen(
        command("02", "--out", out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not list(out.glob(".staging-*")):
        time.sleep(0.05)
    shutil.rmtree(out)
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode in (1, 2)
    assert "Traceback" not in stderr
    complete(out)
