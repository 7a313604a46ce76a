"""`course run`: a small own export from end to end, and what it says when it can't."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import psutil
import pytest
from click.testing import CliRunner

from helpers.course import runs
from helpers.course.command import main

RETAIL = Path(__file__).resolve().parents[2] / "shared" / "data" / "OnlineRetail.csv.xz"


COMMAND = [sys.executable, "-m", "helpers.course.command"]


def course(*arguments):
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def own_shop(shop, tmp_path_factory):
    """Part of the bundled shop as somebody else's export: other names, format and encoding."""
    folder = tmp_path_factory.mktemp("own")
    table = shop[0][shop[0]["customer_id"] < "CUST01500"]
    export = pd.DataFrame(
        {
            "Kunde": table["customer_id"].str[4:],
            "Artikel": table["product_id"].str[5:] + "£",
            "Datum": table["transaction_date"].dt.strftime("%m/%d/%Y"),
        }
    )
    export.loc[len(export)] = ["", "001£", "01/01/2024"]
    export.to_csv(folder / "export.csv", index=False, encoding="cp1252")
    (folder / "shop.yaml").write_text(
        "columns: {Kunde: customer_id, Artikel: product_id, Datum: transaction_date}\n"
        'date_format: "%m/%d/%Y"\nn_recommendations: 3\n'
    )
    return folder


@pytest.fixture(scope="module")
def own_run(own_shop):
    out = own_shop / "out"
    result = course(
        "run", "-f", own_shop / "shop.yaml", "-p", "transactions_path", own_shop / "export.csv",
        "--out", out,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return out


def test_own_run_writes_everything(own_run, own_shop):
    metrics = json.loads((own_run / "metrics.json").read_text("utf-8"))
    export = pd.read_csv(own_shop / "export.csv", encoding="cp1252")
    report = metrics["data"]["transactions"]
    assert report["read"] == len(export)
    assert report["rejected"] == {"no customer id": 1}
    assert report["kept"] + 1 == report["read"]
    assert metrics["data"]["events"] is None
    assert metrics["matrix"]["customers"] == export["Kunde"].nunique()
    assert metrics["evaluation"]["k"] == 3
    methods = metrics["evaluation"]["methods"]
    assert {"random", "most_popular", "item_based"} <= set(methods)
    assert "oracle" not in methods, "nobody knows a real shop's truth"
    assert methods["item_based"]["ndcg_low"] > methods["most_popular"]["ndcg_high"]
    assert metrics["failed"] == {}

    # the memo's figures are those of the lessons
    memo = metrics["memo"]
    personal = memo["quality"]["methods"]["personal list"]
    assert {name: personal[name] for name in ("hit_rate", "ndcg", "ndcg_low", "ndcg_high")} == {
        name: methods["item_based"][name] for name in ("hit_rate", "ndcg", "ndcg_low", "ndcg_high")
    }
    assert memo["signal"] == metrics["evaluation"]["shuffle_test"]
    for name, size in memo["channels"].items():
        assert pd.read_csv(own_run / f"{name}.csv").iloc[:, 0].nunique() == size, name

    table = pd.read_csv(own_run / "recommendations.csv", dtype={"customer_id": str})
    assert list(table)[:6] == [
        "customer_id", "rank", "product_id", "product_name", "score", "reason",
    ]  # fmt: skip
    assert table["customer_id"].str.fullmatch(r"\d{5}").all(), "leading zeros are gone"
    assert metrics["recommendations"] == {
        "customers": table["customer_id"].nunique(),
        "rows": len(table),
        "failed_checks": [],
    }
    assert len(pd.read_parquet(own_run / "recommendations.parquet")) == len(table)
    assert not list(own_run.glob(".staging*")), "a staging folder was left behind"


def test_own_run_pages(own_run):
    page = (own_run / "index.html").read_text("utf-8")
    assert "Recommendation: ship a test" in page
    assert "no customer id 1" in page and "recommendations.csv" in page
    for path in (own_run / "notebooks").glob("*.ipynb"):
        assert (own_run / "html" / f"{path.stem}.html").stat().st_size > 10_000
        first = nbformat.read(path, as_version=4)
        tags = [cell.metadata.get("tags", []) for cell in first.cells]
        assert ["injected-parameters"] in tags


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-p", "test_dys", "3"], ["'test_dys'", "'test_days'"]),
        (["-p", "transactions_path", "nowhere.csv"], ["no file", "nowhere.csv"]),
        (["-f", "nowhere.yaml"], ["nowhere.yaml"]),
        (["-y", "columns: ["], ["YAML"]),
        (["-y", "- 1"], ["name: value"]),
        (["99"], ["'99'", "05_evaluation"]),
    ],
)
def test_what_cannot_run_is_said_in_a_sentence(arguments, words, tmp_path):
    result = CliRunner().invoke(main, ["run", *arguments, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert result.output.startswith("Error: ") and "Traceback" not in result.output
    for word in words:
        assert word in result.output


def test_a_failing_lesson_is_named_and_the_others_stay(tmp_path, monkeypatch):
    """All purchases on one day: nothing to hold out, but a matrix there is."""
    export = tmp_path / "day.csv"
    rows = [f"{c},{p},01-01-2024" for c in range(30) for p in "abcdef" if (c + ord(p)) % 3]
    export.write_text("customer_id,product_id,transaction_date\n" + "\n".join(rows))
    out = tmp_path / "out"
    result = course("run", "02", "05", "-p", "transactions_path", export, "--out", out)
    assert result.returncode == 1
    assert "05_evaluation failed: ValueError: All purchases fall" in result.stderr
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert list(metrics["failed"]) == ["05_evaluation"]
    assert metrics["matrix"]["customers"] == 30
    assert "All purchases fall" in (out / "notebooks" / "05_evaluation.ipynb").read_text("utf-8")


def test_two_runs_into_one_folder(tmp_path):
    from filelock import FileLock

    run = runs.plan_run(runs.select_lessons(("02",)), {}, tmp_path)
    with FileLock(tmp_path / ".lock"), pytest.raises(runs.RunError, match="Another run"):
        runs.execute(run)


@pytest.mark.skipif(not RETAIL.exists(), reason="the real file is not beside the checkout")
def test_a_real_export(tmp_path):
    """Online Retail, packed as it comes, without a step by hand."""
    examples = runs.data.PROJECT / "data" / "examples"
    result = course(
        "run", "01", "06", "10", "-f", examples / "online_retail.yaml",
        "-p", "transactions_path", RETAIL, "--out", tmp_path,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Recommendation: ship a test." in result.stdout
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    report = metrics["data"]["transactions"]
    assert report["read"] == 541_909
    assert report["kept"] + sum(report["rejected"].values()) == report["read"]
    assert report["rejected"]["no customer id"] == 135_080
    methods = metrics["memo"]["quality"]["methods"]
    assert methods["personal list"]["ndcg"] > methods[metrics["memo"]["quality"]["rival"]]["ndcg"]
    kept = pd.read_parquet(tmp_path / "recommendations.parquet")["customer_id"].nunique()
    assert kept == metrics["recommendations"]["customers"] > 4_000


def test_lessons_run_side_by_side_where_memory_allows(tmp_path, monkeypatch):
    export = tmp_path / "shop.csv"
    export.write_bytes(b"x" * 1_000_000)
    parameters = {"transactions_path": str(export)}

    def free(megabytes):
        memory = type("Memory", (), {"available": megabytes * 1_000_000})
        monkeypatch.setattr(runs.psutil, "virtual_memory", lambda: memory)
        return runs.side_by_side(parameters)

    assert (free(30), free(20)) == (2, 1)
    export.rename(tmp_path / "shop.parquet")
    parameters["transactions_path"] = str(tmp_path / "shop.parquet")
    assert (free(130), free(100)) == (2, 1)
    assert runs.side_by_side({}) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there are no POSIX signals")
def test_stopping_a_run_stops_its_kernels(tmp_path):
    run = subprocess.Popen(
        [*COMMAND, "run", "05", "06", "--out", str(tmp_path / "out")],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    process, kernels, deadline = psutil.Process(run.pid), [], time.monotonic() + 30
    while len(kernels) < 2 and time.monotonic() < deadline:
        with contextlib.suppress(psutil.Error):  # a child may be gone before it is looked at
            kernels = [
                each for each in process.children() if "ipykernel_launcher" in each.cmdline()
            ]
        time.sleep(0.1)
    assert len(kernels) == 2
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=20) != 0
    assert not psutil.wait_procs(kernels, timeout=10)[1]
    assert not (tmp_path / "out" / "metrics.json").exists()
