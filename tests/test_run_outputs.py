"""What a run leaves beside its lessons, wherever it is put and whatever the computer is like."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalogue, data, production, writing
from helpers.course import comparing, publishing, runs
from helpers.data import BUNDLED
from helpers.reading.parameters import Parameters
from tests.common import course, thorough

COMMAND = [sys.executable, "-m", "helpers.course.command"]


def process(*arguments, **environment):
    """The command in a process of its own, as a user starts it."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, timeout=600,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"), env=os.environ | environment,
    )  # fmt: skip


@thorough
def test_a_folder_may_have_any_name_and_another_pythons_kernel_is_left_alone(tmp_path):
    """Braces were filled in by papermill; a kernel ``python3`` may lead to another Python."""
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    other = {"argv": ["/usr/bin/false"], "display_name": "Another Python", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(other))
    out = tmp_path / "out {2024} {} %d [a-z] 'q' ~nobody" / "Läden"
    export = tmp_path / "Заказы {0}.csv"
    export.write_bytes(BUNDLED["transactions"].read_bytes())
    result = process(
        "run", "02", "-p", "transactions_path", export, "--out", out,
        JUPYTER_PATH=str(tmp_path / "jupyter"), PYTHONIOENCODING="cp1252",
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert (out / "html" / "02_matrix.html").exists()
    assert json.loads((out / "metrics.json").read_text("utf-8"))["matrix"]["customers"] > 0
    notebook = nbformat.read(out / "notebooks" / "02_matrix.ipynb", as_version=4)
    assert notebook.metadata.papermill.parameters.transactions_path == str(export)


def test_a_name_that_the_outputs_code_page_lacks_is_no_error(tmp_path):
    export = tmp_path / "Заказы.csv"
    export.write_bytes(BUNDLED["transactions"].read_bytes())
    result = process("health", "-p", "transactions_path", export, PYTHONIOENCODING="cp1252")
    assert result.returncode == 0, result.stderr
    assert r"\u0417\u0430\u043a\u0430\u0437\u044b.csv: 24,419 rows read" in result.stdout


@pytest.mark.parametrize("command", ["run 02", "data", "workshop", "score --transactions {}"])
@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("a file/sub", "there is a file where a folder should be"),
        ("x" * 300, "file name too long"),
    ],
)
def test_a_folder_that_cannot_be_is_said_in_a_sentence(command, out, why, tmp_path):
    (tmp_path / "a file").touch()
    words = command.format(BUNDLED["transactions"]).split()
    result = course(*words, "--out", tmp_path / out)
    assert result.exit_code == 2, result.output
    said = result.stderr.splitlines()[-1]
    assert said.startswith("Error: ") and why in said and len(said) <= 500


# What is in the lists, and what changed


def lists(**products):
    """Lists by customer: the products' letters in the order of their places."""
    rows = [
        (customer, rank, letter, f"Product {letter}", "purchases")
        for customer, letters in products.items()
        for rank, letter in enumerate(letters, start=1)
    ]
    columns = ["customer_id", "rank", "product_id", "product_name", "source"]
    return pd.DataFrame(rows, columns=columns)


def test_the_summary_counts_each_customer_once_by_source_and_by_segment():
    table = lists(c1="ABC", c2="AB", c3="AC", c4="D")
    table.loc[table["customer_id"] == "c4", "source"] = "popularity"
    segments = pd.Series({"c1": "Best", "c2": "Best", "c3": "Gone quiet"})
    found = comparing.summary(table, segments, 3).set_index(["by", "group"])
    assert found["customers"].to_dict() == {
        ("everyone", ""): 4, ("source", "popularity"): 1, ("source", "purchases"): 3,
        ("segment", "Best"): 2, ("segment", "Gone quiet"): 1, ("segment", "no purchase yet"): 1,
    }  # fmt: skip
    assert found.loc[("everyone", ""), "mean_length"] == 2
    assert found.loc[("everyone", ""), "full_lists"] == 0.25
    assert found.loc[("segment", "Best"), "full_lists"] == 0.5
    assert found.loc[("everyone", ""), "most_shown"] == (
        "Product A (75%); Product B (50%); Product C (50%)"
    )


def judged(ndcg, half, k=3):
    figures = {"ndcg": ndcg, "ndcg_low": ndcg - half, "ndcg_high": ndcg + half}
    return {"k": k, "methods": {"item_based": figures}}


def row(comparison, begin):
    [found] = [each for each in comparison["rows"] if each["what"].startswith(begin)]
    return found


def test_a_comparison_by_hand():
    """c1 keeps two of three, c2 all in another order, c3 lost its list, c4 gained one."""
    before = comparing.Delivered(
        lists(c1="ABC", c2="ABD", c3="ABC"),
        {"read": 100, "kept": 90, "customers": 3, "products": 4},
        judged(0.30, 0.03),
        "2026-03-02T02:00:00+01:00",
    )
    now = comparing.Delivered(
        lists(c1="ABE", c2="BAD", c4="ABC"),
        {"read": 150, "kept": 150, "customers": 3, "products": 5},
        judged(0.34, 0.04),
    )
    found = comparing.compare(before, now)
    assert found["with"] == "2026-03-02"
    assert found["customers"] == {"before": 3, "now": 3, "gained": 1, "lost": 1}
    assert found["changed_lists"] == {
        "customers": 2, "changed": 1.0, "products_kept": pytest.approx((2 / 3 + 1) / 2),
    }  # fmt: skip
    assert found["most_shown_products"] == {"entered": ["Product E"], "left": []}
    assert found["quality"]["low"] == pytest.approx(0.04 - 0.05)
    assert not found["quality"]["moved"]
    assert found["data"]["read"] == {"before": 100, "now": 150}
    assert found["data"]["rejected"] == {"before": pytest.approx(0.1), "now": 0}
    assert row(found, "rows of purchases")["change"] == "50 more"
    assert len(found["rows"]) <= 10
    # half of the difference of the intervals less, and it has moved
    now.quality = judged(0.36, 0.04)
    assert comparing.compare(before, now)["quality"]["moved"]


SIDE = st.dictionaries(st.sampled_from("abcdef"), st.permutations("UVWXYZ"), min_size=1)


@settings(max_examples=30, deadline=None)
@given(SIDE, SIDE)
def test_whoever_is_compared_is_counted_once(then, today):
    then, today = ({c: "".join(each[:3]) for c, each in side.items()} for side in (then, today))
    found = comparing.compare(
        comparing.Delivered(lists(**then)), comparing.Delivered(lists(**today))
    )
    counts, both = found["customers"], set(then) & set(today)
    assert counts["before"] + counts["gained"] - counts["lost"] == counts["now"]
    if not both:
        assert found["changed_lists"] is None
        return
    changed = sum(then[c] != today[c] for c in both)
    assert found["changed_lists"]["changed"] == pytest.approx(changed / len(both))
    kept = sum(len(set(then[c]) & set(today[c])) for c in both)
    assert found["changed_lists"]["products_kept"] == pytest.approx(kept / 3 / len(both))


def test_what_cannot_be_compared_is_said():
    three, two = lists(c1="ABC"), lists(c1="AB")
    for quality in ({}, {"methods": 7}, {"k": None, "methods": {"item_based": {}}}):
        found = comparing.compare(
            comparing.Delivered(three, {"read": "many"}, quality),
            comparing.Delivered(two, {}, judged(0.3, 0.1)),
        )
        assert row(found, "quality")["change"] == "not compared: nobody judged before (lesson 05)"
        assert row(found, "lists of those")["change"] == "not compared: lists of another length"
        assert row(found, "rows of purchases")["before"] == "not known"
    for before in (None, comparing.Delivered(None)):
        [said] = comparing.compare(before, comparing.Delivered(three))["rows"]
        assert "earlier lists" in said["what"]


def delivered(folder, table, day, counts, held_back=False, engine=None):
    """Publish what lesson 06 would have left."""
    run = runs.Run([], Parameters(n_recommendations=3), folder, fingerprint=f"data of {day}",
                   started=f"2026-03-0{day}T02:00:00+01:00", counts=counts)  # fmt: skip
    staging = folder / ".staging-test"
    left = staging / "06_production"
    left.mkdir(parents=True)
    writing.write_recommendations(table.assign(score=1.0, reason=""), left)
    for each in [staging, left] if engine else []:
        production.save_engine(engine, each / publishing.ENGINE)
    stopped_by = ["every known customer has a list"] if held_back else []
    writing.record(left, "recommendations", {"rows": len(table), "stopped_by": stopped_by})
    run.outcomes = [runs.Outcome(Path("06_production.ipynb"), 1.0)]
    publishing.publish(run, staging)
    shutil.rmtree(staging)
    return run, json.loads((folder / "metrics.json").read_text("utf-8"))


def test_each_run_is_compared_with_what_was_published_not_with_what_was_held_back(tmp_path):
    counts = {"read": 10, "kept": 9, "customers": 2, "products": 3}
    _, metrics = delivered(tmp_path, lists(c1="ABC", c2="ABC"), 1, counts)
    assert "no earlier lists" in (tmp_path / "comparison.csv").read_text("utf-8")
    assert (tmp_path / "summary.csv").exists() and "summary.csv" in metrics["files"]

    run, metrics = delivered(tmp_path, lists(c1="ABC"), 2, counts | {"read": 5}, held_back=True)
    assert metrics["comparison"]["customers"]["lost"] == 1
    assert (tmp_path / "held_back" / "comparison.csv").exists()
    book = metrics["lessons"]["06_production"]
    assert (book["data"], book["published"]["data"]) == ("data of 2", "data of 1")
    said = "The published tables of lesson 06, of 1 March 2026, 02:00, are of other purchases"
    assert said in " ".join(run.remarks)

    run, metrics = delivered(tmp_path, lists(c1="ABC", c2="ABC", c3="ABC"), 3, counts)
    assert metrics["comparison"]["customers"] == {"before": 2, "now": 3, "gained": 1, "lost": 0}
    assert metrics["comparison"]["data"]["read"] == {"before": 10, "now": 10}
    assert not (tmp_path / "held_back").exists() and said not in " ".join(run.remarks)
    page = (tmp_path / "index.html").read_text("utf-8")
    assert "Compared with the lists of 2026-03-01" in page
    assert "1 gained a list, 0 lost theirs" in page

    (tmp_path / "recommendations.parquet").write_bytes(b"half of")
    (tmp_path / "metrics.json").write_text('{"lessons": {"06_production": {"as_of": null}}}')
    _, metrics = delivered(tmp_path, lists(c1="ABC"), 4, counts)
    [said] = metrics["comparison"]["rows"]
    assert "can't be read" in said["what"]


def test_lists_that_lose_a_tenth_of_the_customers_stay_behind(tmp_path):
    """Half an export makes a table that is right in itself."""
    counts = {"read": 10, "kept": 9, "customers": 2, "products": 3}
    whole = lists(**{f"c{n}": "ABC" for n in range(20)})
    delivered(tmp_path, whole, 1, counts)
    published = (tmp_path / "recommendations.csv").read_bytes()
    few = whole[~whole["customer_id"].isin(["c0", "c1"])]  # a tenth may be lost
    run, _ = delivered(tmp_path, few, 2, counts)
    assert not run.held_back and (tmp_path / "recommendations.csv").read_bytes() != published
    delivered(tmp_path, whole, 3, counts)
    run, metrics = delivered(tmp_path, few[few["customer_id"] != "c2"], 4, counts)
    assert run.stopped_by == ["nine in ten customers are still there (3 of 20 lost)"]
    assert run.held_back and "3 of 20 lost" in " ".join(run.remarks)
    assert "--publish-anyway overrules" in " ".join(run.remarks)
    assert (tmp_path / "recommendations.csv").read_bytes() == published
    assert not metrics["recommendations"]["published"]
    others = whole.assign(customer_id="new " + whole["customer_id"])  # as many, under other ids
    run, _ = delivered(tmp_path, others, 5, counts)
    assert run.held_back and run.stopped_by == [
        "nine in ten customers are still there (20 of 20 lost)"
    ]


def test_lists_that_know_much_less_or_forbid_nothing_any_more_stay_behind(tmp_path, shop):
    """Nobody is lost, and every list is right in itself."""
    transactions, counts = shop[0], {"read": 10, "kept": 9, "customers": 2, "products": 3}
    whole = production.build_engine(transactions)
    products = whole.rules.products
    products = products.assign(is_forbidden=products.index.isin(products.index[:9]))
    whole = replace(whole, rules=replace(whole.rules, products=products))
    table = lists(c1="ABC", c2="ABC")
    assert not delivered(tmp_path, table, 1, counts, engine=whole)[0].held_back
    less = replace(production.build_engine(transactions.iloc[::2]), rules=whole.rules)
    run, _ = delivered(tmp_path, table, 2, counts, engine=less)
    [said] = run.stopped_by
    assert run.held_back and said.startswith("four in five purchases are still there (")
    lifted = replace(whole, rules=production.build_engine(transactions).rules)
    run, _ = delivered(tmp_path, table, 3, counts, engine=lifted)
    assert run.held_back
    assert run.stopped_by == ["most of what was forbidden still is (9 of 9 let in again)"]
    (tmp_path / publishing.ENGINE).write_bytes(b"half of")  # nothing to compare with any more
    assert not delivered(tmp_path, table, 4, counts, engine=lifted)[0].held_back


def test_a_run_of_channels_alone_is_held_against_the_published_engine_too(tmp_path, shop):
    engine = production.build_engine(shop[0])
    products = engine.rules.products
    products = products.assign(is_forbidden=products.index.isin(products.index[:9]))
    forbidding = replace(engine, rules=replace(engine.rules, products=products))
    staging = tmp_path / "staging"
    (staging / "07_channels").mkdir(parents=True)
    (staging / "07_channels" / "homepage.csv").write_text("customer_id,product_id\n")
    run = runs.Run([], Parameters(), tmp_path)
    run.outcomes = [runs.Outcome(Path("07_channels.ipynb"), 1.0)]
    production.save_engine(forbidding, tmp_path / publishing.ENGINE)
    for made, stopped in (
        (forbidding, []),
        (engine, ["most of what was forbidden still is"]),
    ):
        production.save_engine(made, staging / publishing.ENGINE)
        found = publishing.stopping_checks(run, staging)
        assert [each.split(" (")[0] for each in found] == stopped


def test_a_source_that_dries_up_at_the_end_is_named(tmp_path, shop):
    """Half of the newest week hardly changes the number of all rows."""
    transactions, events = shop
    newest = transactions["transaction_date"].max().normalize()
    last_week = transactions["transaction_date"] >= newest - pd.Timedelta(days=6)
    half = transactions.drop(transactions.index[last_week][::2])
    for table, complete in ((transactions, True), (half, False)):
        run = runs.Run([], Parameters(), tmp_path)
        report = data.HealthReport("purchases", len(table), len(table), {})
        runs._look_at(run, table, events, report)
        publishing.publish(run, tmp_path / ".staging-test")
        named = [each for each in run.remarks if each.startswith("The newest days have fewer")]
        assert complete == (not named)
    assert f"week {last_week.sum() // 2:,} (at least" in named[0]


def test_a_source_that_lost_rows_is_named_and_stops_nothing(tmp_path):
    counts = {"read": 100, "kept": 90, "customers": 2, "products": 3, "events": 50}
    table = lists(c1="ABC", c2="ABC")
    run, metrics = delivered(tmp_path, table, 1, counts)
    assert "is the export complete" not in " ".join(run.remarks)
    run, metrics = delivered(tmp_path, table, 2, counts | {"read": 91, "events": 0})
    [said] = [each for each in run.remarks if "is the export complete" in each]
    assert said.startswith("Of events, 0 rows came, and 50 for the lists before")
    assert not run.held_back and "rows of events" in (tmp_path / "comparison.csv").read_text(
        "utf-8"
    )
    run, metrics = delivered(tmp_path, table, 3, counts | {"read": 60, "events": 0})
    [said] = [each for each in run.remarks if "is the export complete" in each]
    assert said.startswith("Of purchases, 60 rows came, and 91")
    # a shop without events isn't asked for any, and what an older course left knows of none
    without = counts | {"read": 60, "events": 0}
    run, metrics = delivered(tmp_path, table, 4, without)
    assert "events" not in metrics["comparison"]["data"]


def test_earlier_tables_that_must_not_go_out_today_are_named(tmp_path):
    """Sold out since, consent withdrawn since; what this run wrote itself is not looked at."""
    row = pd.DataFrame({"customer_id": ["a", "b", "c"], "product_id": ["A", "B", "00"]})
    for name in ("homepage", "email", "retention_offers", "recommendations"):
        row.to_csv(tmp_path / f"{name}.csv", index=False)
    (tmp_path / "cart.csv").write_text("somebody's\nnotes\n")
    shop = data.Parameters.of({"deny_products": ["A"], "deny_customers": ["b"]})
    rules = catalogue.shop_rules(data.miniature(), shop)
    run = runs.Run([], shop, tmp_path, rules=rules, agreed=["a", "b"])
    said = publishing.outdated(run, [Path("recommendations.csv")])
    assert len(said) == 1
    assert "homepage.csv: 1, email.csv: 3, retention_offers.csv: 3. " in said[0]
    run.rules = catalogue.shop_rules(data.miniature(), data.Parameters())
    run.agreed = None
    assert publishing.outdated(run, []) == []
