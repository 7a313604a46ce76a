"""`course run`: a small own export from end to end, and what it says when it can't."""

import contextlib
import copy
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import psutil
import pytest

from helpers import production
from helpers.course import publishing, runs
from helpers.reading.parameters import Parameters
from tests.common import command, course, thorough


def seasonal_purchases(n_customers=1_400, tastes=6, n_seasons=10, n=9_000):
    """Six tastes, and ten seasons in each: what is in season now was not a while ago."""
    draw = np.random.default_rng(0)
    customer, day = draw.integers(0, n_customers, n), draw.integers(0, 480, n)
    own = draw.integers(0, tastes, n_customers)[customer]
    taste = np.where(draw.random(n) < 0.85, own, draw.integers(0, tastes, n))
    in_season = np.linspace(0, 365, n_seasons, endpoint=False)
    weight = np.exp(3 * np.cos(2 * np.pi * (day[:, None] - in_season) / 365)).cumsum(axis=1)
    season = (weight / weight[:, -1:] > draw.random((n, 1))).argmax(axis=1)
    return customer, taste * n_seasons + season, day


@pytest.fixture(scope="module")
def own_shop(tmp_path_factory):
    """A shop of quick fashions as somebody else's export: other names, format and encoding."""
    folder = tmp_path_factory.mktemp("own")
    customer, product, day = seasonal_purchases()
    date = pd.Timestamp("2023-06-01") + pd.to_timedelta(day, unit="D")
    export = pd.DataFrame(
        {
            "Kunde": [f"{each:05d}" for each in customer],
            "Artikel": [f"{each:03d}£" for each in product],
            "Datum": date.strftime("%m/%d/%Y"),
        }
    ).drop_duplicates(ignore_index=True)
    (folder / "agreed.txt").write_text("\n".join(export["Kunde"].unique()))
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
        "-p", "consent_path", own_shop / "agreed.txt", "--out", out,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
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
    same = ("hit_rate", "hit_rate_low", "hit_rate_high")
    assert personal == {name: methods["item_based"][name] for name in same}
    assert memo["signal"] == metrics["trust"]["shuffle_test"]
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
        "stopped_by": [],
        "published": True,
    }
    assert set(metrics["as_of"]) == set(metrics) - set(publishing.BOOKS)
    assert set(metrics["files"]) == set(publishing.RESULTS) and not metrics["held_back"]
    assert len(pd.read_parquet(own_run / "recommendations.parquet")) == len(table)
    assert not list(own_run.glob(".staging*")), "a staging folder was left behind"
    page = (own_run / "index.html").read_text("utf-8")
    beside = re.findall(r'<td><a href="([^"]+)">[^<]+</a>[^<]*</td><td>([^<]*)</td>', page)
    assert len(beside) > 8 and all(what for _, what in beside), "each file says what it holds"


def test_all_tables_of_a_run_come_from_one_model(own_run):
    """In a shop of quick fashions the settings that validation chooses are not the default."""
    lists = pd.read_parquet(own_run / "recommendations.parquet")
    engine = production.load_engine(own_run / "engine.zip")
    assert engine.model.trend_days is not None
    default = copy.copy(engine.model)
    default.trend_ = np.ones_like(default.trend_)
    default._finish()
    first = lists[lists["rank"] == 1].set_index("customer_id")["product_id"]
    by_default = default.recommend(first.index, 1).set_index("customer_id")["product_id"]
    assert (first == by_default).mean() < 0.5, "this shop cannot tell one model from the other"
    for name in ("homepage", "email", "retention_offers"):
        table = pd.read_csv(own_run / f"{name}.csv", dtype=str)
        if "rank" in table:
            table = table[table["rank"] == "1"]
        assert len(table) > 50, name
        assert (first[table["customer_id"]].to_numpy() == table["product_id"]).all(), name


def test_a_partial_run_with_bad_lists_keeps_the_memo_and_the_published_lists(
    own_run, own_shop, tmp_path
):
    """Nearly all customers would see one and the same product first."""
    out = tmp_path / "out"
    shutil.copytree(own_run, out)
    rows = [f"{c:05d},{c % 40:03d}£" for c in range(500)]
    rows += [f"{c:05d},hit" for c in range(40)]
    bad = tmp_path / "bad.csv"
    bad.write_text("Kunde,Artikel,Datum\n" + "".join(f"{row},03/01/2024\n" for row in rows))
    lists, memo = (
        (out / "recommendations.csv").read_bytes(),
        (out / "index.html").read_text("utf-8"),
    )
    before = json.loads((out / "metrics.json").read_text("utf-8"))
    again = ["run", "06", "-f", own_shop / "shop.yaml", "-p", "transactions_path", bad,
               "-p", "n_recommendations", "2", "--out", out]  # fmt: skip

    result = course(*again)
    assert result.exit_code == 3, result.output
    assert "Recommendation" not in result.stdout, "that was an earlier run"
    check = "no product leads nearly all lists"
    # and they are of another shop's customers
    untrue = f"{check}; nine in ten customers are still there ("
    assert f"Nothing was published, because this is not true of the new lists: {untrue}" in (
        result.stderr
    )
    assert "The data have changed since: figures and tables of lessons 00 to 05 and 07 to 11 " in (
        result.stderr
    )
    assert "Parameters have changed since lessons 00 to 05 and 07 to 11 ran: n_recom" in (
        result.stderr
    )
    held = {path.name for path in (out / "held_back").iterdir()}
    assert held == {"recommendations.csv", "recommendations.parquet", "summary.csv",
                    "comparison.csv", "engine.zip"}  # fmt: skip
    wrote = result.stdout.split("wrote ")[1].strip().split(", ")
    assert set(wrote) == {
        *(str(out / "held_back" / name) for name in held),
        str(out / "metrics.json"), str(out / "index.html"),
    }  # fmt: skip
    assert (out / "recommendations.csv").read_bytes() == lists
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    delivered = metrics["recommendations"]
    assert delivered["published"] is False and check in delivered["failed_checks"]
    for name, moment in before["as_of"].items():
        if name not in ("recommendations", "comparison", "drift"):
            assert metrics[name] == before[name] and metrics["as_of"][name] == moment
    assert metrics["as_of"]["recommendations"] > before["as_of"]["recommendations"]
    page = (out / "index.html").read_text("utf-8")
    assert "Recommendation: ship a test" in page and "Recommendation: ship a test" in memo
    assert "The decision is of " in page and "is of" not in memo.split("<h2>")[0]

    result = course(*again, "--publish-anyway")
    assert result.exit_code == 0, result.output
    assert f"Published as asked, although this is not true of the lists: {untrue}" in result.stderr
    assert not (out / "held_back").exists()
    assert (out / "recommendations.csv").read_bytes() != lists
    assert json.loads((out / "metrics.json").read_text("utf-8"))["recommendations"]["published"]


def leave(folder, started, lessons, data="same data", parameters=None, **more):
    """Publish what lessons would have left: figures by section, files, and errors."""
    run = runs.Run([], Parameters.of(parameters), folder, started=started, fingerprint=data, **more)
    staging = folder / ".staging-test"
    for stem, (figures, files, error) in lessons.items():
        (staging / stem / "figures").mkdir(parents=True)
        for section, value in figures.items():
            (staging / stem / "figures" / f"{section}.json").write_text(json.dumps(value))
        for name in files:
            (staging / stem / name).write_text(f"{name} of {started}")
        run.outcomes.append(runs.Outcome(Path(f"{stem}.ipynb"), 1.0, error))
    publishing.publish(run, staging)
    shutil.rmtree(staging)
    return run, json.loads((folder / "metrics.json").read_text("utf-8"))


MONDAY, TUESDAY = "2026-03-02T02:00:00+01:00", "2026-03-03T02:00:00+01:00"


def test_a_lesson_that_fails_keeps_its_earlier_figures_and_files_marked_as_older(tmp_path):
    leave(
        tmp_path,
        MONDAY,
        {
            "02_matrix": ({"matrix": {"customers": 1}}, [], ""),
            "07_channels": ({"channels": {"email": 1}}, ["email.csv"], ""),
        },
    )
    half = {"07_channels": ({"channels": {"email": 2}}, ["email.csv"], "KeyError: x")}
    run, metrics = leave(tmp_path, TUESDAY, half)
    assert metrics["failed"] == {"07_channels": "KeyError: x"}
    assert metrics["channels"] == {"email": 1} and metrics["as_of"]["channels"] == MONDAY
    assert (tmp_path / "email.csv").read_text() == f"email.csv of {MONDAY}"
    assert "Lesson 07 stopped with an error; its results are those of 2 March 2026, 02:00." in (
        run.remarks
    )
    page = (tmp_path / "index.html").read_text("utf-8")
    assert run.remarks[0] in page
    assert re.search(r"02 An empty cell: does it mean no\?</a>, run on 2 March 2026, 02:00", page)
    assert re.search(r"07 Four places, one list\?</a>, run on 3 March 2026, 02:00\s+<span", page)
    assert 'email.csv">email.csv</a> (of 2 March 2026, 02:00)' in page
    # it works again: nothing is left to say
    good = {"07_channels": ({"channels": {"email": 3}}, ["email.csv"], "")}
    run, metrics = leave(tmp_path, TUESDAY, good)
    assert metrics["failed"] == {} and metrics["channels"] == {"email": 3} and not run.remarks


def test_tables_of_a_run_without_lesson_06_are_checked_all_the_same(tmp_path, monkeypatch):
    engine = production.build_engine(runs.data.miniature())
    (tmp_path / ".staging-test").mkdir()
    production.save_engine(engine, tmp_path / ".staging-test" / "engine.zip")
    table = production.score_everyone(engine)
    half = table[table["customer_id"] > "customer 2"]
    monkeypatch.setattr(production, "score_everyone", lambda *_: half)
    mails = {"07_channels": ({}, ["email.csv"], "")}
    run, metrics = leave(tmp_path, MONDAY, mails)
    assert run.held_back and "every known customer has a list" in run.stopped_by
    assert not (tmp_path / "email.csv").exists()
    assert metrics["held_back"] == {"email.csv": MONDAY}


@pytest.mark.parametrize(
    "left",
    [
        "{",
        "[]",
        '{"memo": {"decision": 7}, "matrix": {"customers": 1}}',
        '{"lessons": {"02_matrix": 7, "05a_evaluation": {"ran": "soon"}},'
        ' "comparison": {"with": 7},'
        ' "files": {"email.csv": 3}, "held_back": {"cart.csv": "soon"}, "as_of": {"memo": 0}}',
    ],
)
def test_what_an_older_course_has_left_is_no_obstacle(tmp_path, left):
    (tmp_path / "metrics.json").write_text(left)
    run, metrics = leave(tmp_path, MONDAY, {"03_similarity": ({}, [], "")})
    assert metrics["lessons"]["03_similarity"]["ran"] == MONDAY
    assert metrics.get("matrix", {"customers": 1}) == {"customers": 1}
    assert set(metrics["as_of"]) == set(metrics) - set(publishing.BOOKS)
    assert "03 Which products" in (tmp_path / "index.html").read_text("utf-8")


def test_lessons_in_words():
    stems = ["00_a", "01_b", "02_c", "05_d", "07_e", "08_f"]
    assert publishing.numbers(stems) == "lessons 00 to 02, 05 and 07 to 08"
    assert publishing.numbers(stems[:1]) == "lesson 00"


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
        (["99"], ["'99'", "05a_evaluation"]),
    ],
)
def test_what_cannot_run_is_said_in_a_sentence(arguments, words, tmp_path):
    result = course("run", *arguments, "--out", tmp_path / "out")
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
    assert result.exit_code == 1
    assert "05a_evaluation failed: TooShortError: All purchases fall" in result.stderr
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert list(metrics["failed"]) == ["05a_evaluation", "05b_trust"]
    assert metrics["matrix"]["customers"] == 30
    assert "All purchases fall" in (out / "notebooks" / "05a_evaluation.ipynb").read_text("utf-8")


def test_two_runs_into_one_folder(tmp_path):
    from filelock import FileLock

    run = runs.plan_run(runs.select_lessons(("02",)), Parameters(), tmp_path)
    with FileLock(tmp_path / ".lock"), pytest.raises(runs.RunError, match="Another run"):
        runs.execute(run)


def test_lessons_run_side_by_side_where_memory_allows(tmp_path, monkeypatch):
    export = tmp_path / "shop.csv"
    export.write_bytes(b"x" * 1_000_000)
    parameters = {"transactions_path": str(export)}

    def free(megabytes):
        memory = type("Memory", (), {"available": megabytes * 1_000_000})
        monkeypatch.setattr(runs.psutil, "virtual_memory", lambda: memory)
        return runs.side_by_side(Parameters.of(parameters))

    assert (free(45), free(35)) == (2, 1)
    export.rename(tmp_path / "shop.parquet")
    parameters["transactions_path"] = str(tmp_path / "shop.parquet")
    assert (free(190), free(170)) == (2, 1)
    assert runs.side_by_side(Parameters()) == 2
    # of a database only the rows are known, once they are read
    query = {"transactions_path": "sqlite:///shop.db", "transactions_query": "SELECT 1"}
    of_rows = [runs.side_by_side(Parameters.of(query), rows) for rows in (70_000, 80_000)]
    assert of_rows == [2, 1]


@thorough
@pytest.mark.skipif(sys.platform == "win32", reason="there are no POSIX signals")
def test_stopping_a_run_stops_its_kernels(tmp_path):
    run = subprocess.Popen(
        command("05", "06", "--out", tmp_path / "out"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        # a shell's job in the background would not hear it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    process, kernels, deadline = psutil.Process(run.pid), [], time.monotonic() + 300
    while len(kernels) < 2 and time.monotonic() < deadline:
        with contextlib.suppress(psutil.Error):  # a child may be gone before it is looked at
            # on Linux they are forks of a child
            ready = [each for each in process.children() if each.children()]
            kernels = [each for loaded in ready for each in loaded.children()] or [
                each for each in process.children() if "ipykernel_launcher" in each.cmdline()
            ]
        time.sleep(0.1)
    assert len(kernels) == 2
    time.sleep(0.5)
    run.send_signal(signal.SIGINT)
    assert run.wait(timeout=120) != 0
    assert not psutil.wait_procs(kernels, timeout=60)[1]
    assert not (tmp_path / "out" / "metrics.json").exists()
