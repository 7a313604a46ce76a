"""Faults: killed, out of space, folder gone. Complete files or none, and the next run works."""

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import production, runs
from helpers.notebooks import lessons

NAMES = [
    "<script>alert(1)</script>",
    "</details><b>x",
    "$5 and $6",
    "=1+1",
    "{{ tea }}",
    "a|b",
    "ü",
]


def command(*arguments):
    return [sys.executable, "-m", "helpers.cli", "run", *map(str, arguments)]


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
    production.write_recommendations(table, staged)
    production.record(staged, "recommendations", {"rows": len(table), "customers": 1})
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
            time.sleep(moments.uniform(0.01, min(one_round * 1.2, 0.7)))
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


@pytest.fixture(scope="module")
def hostile_shop(tmp_path_factory):
    """Names that are markup, formulas or templates; two copies in another order of rows."""
    folder = tmp_path_factory.mktemp("names")
    draw = np.random.default_rng(1)
    product = draw.integers(0, len(NAMES), 2_000)
    days = pd.Timestamp("2023-06-01") + pd.to_timedelta(draw.integers(0, 400, 2_000), unit="D")
    table = pd.DataFrame(
        {
            "customer_id": [f"=c{n}" for n in draw.integers(0, 600, 2_000)],
            "product_id": [f"<i>{n}" for n in product],
            "transaction_date": days.strftime("%d-%m-%Y"),
            "product_name": [NAMES[n] for n in product],
        }
    )
    table.to_csv(folder / "a.csv", index=False)
    table.sample(frac=1, random_state=0).to_csv(folder / "b.csv", index=False)
    for name, seed in (("a", "1"), ("b", "2")):
        child = subprocess.run(
            command("00", "06", "-p", "transactions_path", folder / f"{name}.csv",
                    "--out", folder / name),
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True,
        )  # fmt: skip
        assert child.returncode == 0, child.stderr
    return folder


def test_same_rows_in_any_order_give_the_same_bytes(hostile_shop):
    first, second = (hostile_shop / name / "recommendations.csv" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_names_are_text_wherever_they_are_shown(hostile_shop):
    pages = [hostile_shop / "a" / "index.html", *(hostile_shop / "a" / "html").glob("*.html")]
    assert len(pages) == 3
    for page in pages:
        text = page.read_text("utf-8")
        assert "<script>alert(1)" not in text, page.name
        assert "</details><b>x" not in text, page.name
        assert "&lt;script&gt;alert(1)" in text or "&lt;/details&gt;" in text, page.name


def test_names_are_no_formulas_and_ids_stay_exact(hostile_shop):
    table = pd.read_csv(hostile_shop / "a" / "recommendations.csv", dtype=str)
    assert "'=1+1" in set(table["product_name"])
    assert table["customer_id"].str.startswith("=c").all()


def test_no_signal_is_said_plainly(hostile_shop):
    said = runs.verdict({"evaluation": {"shuffle_test": {"signal": False}}})
    assert "carry no information" in said and "popular" in said
    assert runs.verdict({}) == ""


def test_fifty_thousand_products_and_a_customer_with_ten_thousand_purchases(tmp_path):
    """No step holds customers times products, or stumbles over one enormous basket."""
    rng = np.random.default_rng(0)
    product = np.concatenate([np.arange(50_000), rng.permutation(50_000)[:10_000]])
    customer = np.concatenate([rng.integers(0, 1_500, 50_000), np.full(10_000, 1_500)])
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, 60_000), unit="D")
    export = tmp_path / "wide.csv"
    pd.DataFrame(
        {
            "customer_id": np.char.add("C", customer.astype(str)),
            "product_id": np.char.add("P", product.astype(str)),
            "transaction_date": days.strftime("%d-%m-%Y"),
        }
    ).to_csv(export, index=False)
    out = tmp_path / "out"
    done = subprocess.run(
        command("02", "06", "-p", "transactions_path", export, "--out", out),
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert metrics["matrix"]["products"] == 50_000
    table = pd.read_parquet(out / "recommendations.parquet")
    assert table["customer_id"].nunique() == metrics["matrix"]["customers"] == 1_501
    heavy = table[table["customer_id"] == "C1500"]
    assert len(heavy) == 5
    bought = set(np.char.add("P", product[customer == 1_500].astype(str)))
    assert not bought & set(heavy["product_id"])
