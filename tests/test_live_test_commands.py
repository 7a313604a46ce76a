"""`course arms`, `rehearse` and `readout`: from a plan to a decision, and bad input on the way."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import data, experiments
from helpers.course.livetest import LISTS, read_arms
from helpers.experiments.readout import percent
from helpers.reading.parameters import LiveTest
from tests.common import course

EXAMPLE = data.PROJECT / "data" / "examples" / "live_test.yaml"
PLAN = {"name": "t", "arms": {"old": 0.5, "new": 0.5}, "weeks": 2, "metric": "carted per customer"}


def write(folder, plan=None, rows=None, header="customer_id,arm,date,carted", **more):
    """A parameter file with a plan and, with rows, an export; the path of the former."""
    given = dict(more)
    if plan is not None:
        given["live_test"] = PLAN | plan
    if rows is not None:
        (folder / "test.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        given |= {"test_results_path": str(folder / "test.csv"), "test_date_format": "%Y-%m-%d"}
    path = folder / "plan.yaml"
    path.write_text(yaml.safe_dump(given, sort_keys=False), encoding="utf-8")
    return path


def dated(n=40, days=14, arms=("old", "new"), carts=(0, 1, 0, 0)):
    """Rows of an export: each customer comes once, on all days in turn."""
    many = len(arms)
    return [
        f"c{k},{arms[k % many]},2024-03-{4 + k // many % days:02d},{carts[k // many % len(carts)]}"
        for k in range(n)
    ]


def readout(folder, *arguments):
    """What the command says, the page and the figures."""
    result = course("readout", "-f", folder / "plan.yaml", "--out", folder / "out", *arguments)
    if result.exit_code:
        return result.output, None, None
    text = (folder / "out" / "readout.html").read_text("utf-8")
    return result.output, text, json.loads((folder / "out" / "readout.json").read_text("utf-8"))


def refused(result, *words):
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.output, result.output


# the commands of the guide to own data


def commands_of_the_guide():
    text = (data.PROJECT / "notebooks" / "own_data_guide.md").read_text("utf-8")
    section = text.split("## A live test")[1].split("\n## ")[0]
    lines = re.findall(r"^uv run course (.*)$", section, re.M)
    return [line.split("#")[0].split() for line in lines]


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """A folder in which the guide's commands have run, one after the other, and what they said."""
    folder = tmp_path_factory.mktemp("guide")
    (folder / "data" / "examples").mkdir(parents=True)
    shutil.copy(EXAMPLE, folder / "data" / "examples")
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for number, command in enumerate(commands_of_the_guide()):
            result = course(*command)
            assert result.exit_code == 0, result.output
            said.append(result.output)
            if command[0] == "readout":
                shutil.copytree("runs/live_test", f"after {number}")
    return folder, said


def test_the_commands_of_the_guide(rehearsed):
    folder, said = rehearsed
    names = [command[0] for command in commands_of_the_guide()]
    assert names == ["arms", "rehearse", "readout", "rehearse", "readout"]
    arms = read_arms(folder / "runs" / "live_test" / "arms.csv")
    assert arms["arm"].value_counts(normalize=True)["holdout"] == pytest.approx(0.05, abs=0.015)
    assert "weeks are enough for the smallest lift worth having, 96 %" in said[0]
    example = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    plan = example["live_test"]
    visits = 52 * example["visits_per_week"] * (1 - plan["holdout"])
    earns = visits * example["click_rate"] * example["cart_rate"] * plan["value"]
    assert plan["worth_having"] == pytest.approx(plan["cost_per_year"] / earns, abs=0.02)
    found, nothing = (
        json.loads((folder / f"after {number}" / "readout.json").read_text("utf-8"))
        for number in (2, 4)
    )
    # tastes are there to be found, then they are not
    assert found["decision"] == "ship" and nothing["decision"] in ("stop", "cannot tell")
    assert found["money"]["personal"]["low"] > 0 > nothing["money"]["personal"]["low"]
    assert "Decision on personal: ship" in (folder / "after 2" / "readout.html").read_text("utf-8")
    for number, figures in ((2, found), (4, nothing)):
        # the page's sentence on money is true of its lift, too
        page = (folder / f"after {number}" / "readout.html").read_text("utf-8")
        [row] = [row for row in figures["comparisons"] if row["role"] == "decides"]
        needed = figures["money"]["personal"]["break_even_lift"]
        assert ("Even the lower end pays that" in page) == (row["lift_low"] > needed)
        assert ("Not even the upper end pays that" in page) == (row["lift_high"] < needed)
    for figures in (found, nothing):
        window, rows = figures["window"], figures["rows"]
        assert rows["read"] == rows["kept"] + sum(rows["rejected"].values())
        parts = ("counted", "before", "after", "holdout")
        assert rows["kept"] == sum(window[part] for part in parts)
        assert figures["rehearsed"] and window["weeks"] == 6 and not figures["split"]["broken"]


def test_a_rehearsal_plays_the_arms_that_were_dealt(rehearsed):
    folder, _ = rehearsed
    arms = read_arms(folder / "runs" / "live_test" / "arms.csv").set_index("customer_id")["arm"]
    export = pd.read_csv(folder / "runs" / "live_test" / "test_results.csv", dtype=str)
    assert (export["arm"] == export["customer_id"].map(arms)).all()
    assert "Every customer stands in the arm that" in (
        folder / "after 2" / "readout.html"
    ).read_text("utf-8")


# arms


def shop(folder, ids):
    rows = [f'"{each.replace(chr(34), chr(34) * 2)}",P{n % 7},01-02-2024,{5 + n % 3}'
            for n, each in enumerate(ids) for _ in range(2)]  # fmt: skip
    path = folder / "shop.csv"
    text = "\n".join(["customer_id,product_id,transaction_date,total_amount", *rows])
    path.write_text(text, encoding="utf-8")
    return str(path)


ODD = ["00123", "a,b", 'q"q', "=cmd|1", "-5", "Клиент 7", "17850"]


def test_arms_are_those_of_before_when_the_shop_has_grown(tmp_path):
    ids = ODD + [f"K{n}" for n in range(200)]
    plan = {"arms": {"-old": 0.4, "new": 0.3}, "holdout": 0.1}
    write(tmp_path, plan, transactions_path=shop(tmp_path, ids))
    command = ("arms", "-f", tmp_path / "plan.yaml", "--out", tmp_path / "out")
    first = course(*command)
    assert first.exit_code == 0, first.output
    before = read_arms(tmp_path / "out" / "arms.csv")
    assert set(before["arm"]) == {"-old", "new", "holdout"}, "as written, for whoever compares it"
    expected = experiments.assign_arms(ids, plan["arms"], "t", 0.1)
    assert dict(before.to_numpy()) == dict(expected.to_numpy())
    left = len(ids) - len(before)
    assert left > 0 and f"not in the test: {left} customers" in first.output
    shop(tmp_path, [f"L{n}" for n in range(100)] + ids[::-1])
    assert course(*command).exit_code == 0
    after = read_arms(tmp_path / "out" / "arms.csv").set_index("customer_id")["arm"]
    assert len(after) > len(before)
    assert (after[before["customer_id"]].to_numpy() == before["arm"].to_numpy()).all()
    # another name would deal everybody anew: not over a running test
    content = (tmp_path / "out" / "arms.csv").read_bytes()
    write(tmp_path, plan | {"name": "u"}, transactions_path=str(tmp_path / "shop.csv"))
    refused(course(*command), "change their arm", "take", "away first")
    assert (tmp_path / "out" / "arms.csv").read_bytes() == content


@pytest.mark.parametrize(
    ("plan", "more", "said"),
    [
        ({"metric": "revenue per customer"}, {}, "revenue per customer today"),
        ({"metric": "carted per visit"}, {}, "carted per 100 visits today"),
        ({"metric": "clicked per customer"}, {"visits_per_week": 4000}, "and plan per visit"),
        ({"metric": "clicked per visit"}, {"visits_per_week": 4000}, "per 100 visits today: 10 ("),
        ({"metric": "carted per visit"}, {"visits_per_week": 4000.0}, "visits today: 0.8 ("),
        ({"metric": "visits per customer", "weeks": 20}, {}, "(planned)"),
        ({"worth_having": 0.001}, {}, "are too short for the smallest lift worth having, 0.1 %"),
    ],
)
def test_how_long_the_test_must_run(plan, more, said, tmp_path):
    write(tmp_path, plan, **more)
    result = course("arms", "-f", tmp_path / "plan.yaml", "--out", tmp_path)
    assert result.exit_code == 0 and said in result.output, result.output
    assert "nan" not in result.output
    lifts = [line for line in result.output.splitlines() if re.match(r" +\d+  \d", line)]
    assert len(lifts) == (13 if plan.get("weeks") == 20 else 12) * ("can't" not in result.output)


def test_a_shop_without_amounts_or_events_says_what_is_missing(tmp_path):
    path = shop(tmp_path, [f"K{n}" for n in range(50)])
    for metric, missing in (
        ("carted per visit", "no events with add_to_cart"),
        ("bought per customer", "is the same of all customers seen"),  # all came on one day
    ):
        write(tmp_path, {"metric": metric}, transactions_path=path)
        result = course("arms", "-f", tmp_path / "plan.yaml", "--out", tmp_path / "out")
        assert result.exit_code == 0 and missing in result.output, result.output
        assert (tmp_path / "out" / "arms.csv").exists()
    write(tmp_path, {"metric": "revenue per customer"}, transactions_path=shop(tmp_path, ["a"]))
    result = course("arms", "-f", tmp_path / "plan.yaml", "--out", tmp_path / "one")
    assert result.exit_code == 0 and "can't be said" in result.output, result.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("live_test: {arms: {new: .5, today: .5}}", "today's list first"),
        ("live_test: {arms: {a: 0, b: 1}}", "shares above 0"),
        ("live_test: {arms: {a: .6, b: .6}}", "together at most 1"),
        ("live_test: {arms: {a: .5, holdout: .5}}", "none called holdout"),
        ("live_test: {arms: {a: .5, A: .5}}", "at least two arms"),
        ("live_test: {arms: {a: .5, a: .5}}", "stands in line 1 and again"),
        ("live_test: {weeks: 2}\nlive_test: {weeks: 3}", "stands in line 1 and again in line 2"),
        ("live_test: {metric: carts}", "clicked per visit"),
        ("live_test: {starts: soon}", "a day such as"),
        ("live_test: {starts: 2024-W10}", "a day such as"),
        ("live_test: {weeks: 0}", "from 1 to 52"),
        ("live_test: {holdout: 1}", "from 0 to 0.5"),
        ("live_test: [a, b]", "lines of the form"),
        ("test_days: 60", "has no plan of a test"),
    ],
)
def test_a_plan_that_is_none_is_a_sentence(text, said, tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    refused(course("arms", "-f", path, "--out", tmp_path), said)
    assert not (tmp_path / "arms.csv").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must have the columns"),
        (b"customer_id,arm\n", "and rows"),
        (b"id,group\n1,a\n", "must have the columns customer_id and arm"),
        (b"customer_id,arm\nCUST00001,blue\n", "has the arm 'blue'"),
        (b"customer_id,arm\nCUST00001\n", "has the arm ''"),
        (b"customer_id,arm\nX1,old\n", "no customer of the made-up shop"),
        (b"customer_id,arm\nCUST00001,old\nCUST00001,new\n", "1 customers in several rows"),
        (b"\xff\xfe\x00", "no CSV file in UTF-8"),
    ],
)
def test_arms_of_another_test_or_of_none(content, said, tmp_path):
    (tmp_path / "arms.csv").write_bytes(content)
    write(tmp_path, {})
    result = course("rehearse", "-f", tmp_path / "plan.yaml", "--arms", tmp_path / "arms.csv",
                    "--out", tmp_path / "test.csv")  # fmt: skip
    refused(result, said)
    assert not (tmp_path / "test.csv").exists()


@pytest.mark.parametrize(
    ("plan", "revenue", "reasons"),
    [
        ({"worth_having": 0.3}, "steady", []),
        ({"worth_having": 0.9}, "steady", ["low end"]),  # +64 % to +143 %
        ({"worth_having": 0.3}, "noisy", ["not sure about revenue per customer"]),
        ({"worth_having": 0.9}, "noisy", ["low end", "not sure about revenue per customer"]),
        # what it costs is known: break-even is at +19 %, or at +96 %
        ({"worth_having": 0.9, "value": 1.0, "cost_per_year": 1_000}, "steady", []),
        ({"worth_having": 0.3, "value": 1.0, "cost_per_year": 5_000}, "steady", ["low end"]),
        # not even the middle pays, +100 %
        ({"worth_having": 1.2}, "steady", ["low end", "Not even the middle"]),
        (
            {"worth_having": 0.3, "value": 1.0, "cost_per_year": 6_000},
            "steady",
            ["low end", "Not even the middle"],
        ),
    ],
)
def test_what_the_test_leaves_open_is_shipped_in_steps(plan, revenue, reasons, tmp_path):
    """To everybody but the holdout where the low end pays and no guardrail is unsure."""
    rows = []
    for k in range(800):
        new, each = k % 2, k // 2
        spent = {"steady": 10 * (each % 10 != 0), "noisy": 10 * (each % 10 == new)}[revenue]
        carted = each % (2 if new else 4) == 0
        day = f"2024-03-{4 + each % 14:02d}"
        rows.append(f"c{k},{'new' if new else 'old'},{day},{carted:d},{spent}")
    write(tmp_path, plan | {"guardrails": {"revenue per customer": 0.1}, "holdout": 0.05}, rows,
          "customer_id,arm,date,carted,revenue")  # fmt: skip
    _, text, figures = readout(tmp_path)
    assert figures["decision"] == "ship"
    assert ("Show new in steps" in text) == bool(reasons)
    assert ("Show new to everybody" in text) == (not reasons)
    assert all(reason in text.split("Show new")[1].split("</div>")[0] for reason in reasons)
    assert ("the low end" in text) == ("low end" in reasons)
    assert ("take the first step only" in text) == ("Not even the middle" in reasons)
    if "cost_per_year" in plan:
        assert ("Even the lower end pays that" in text) == (not reasons)


# rehearse


def test_only_the_made_up_shop_is_rehearsed(tmp_path):
    write(tmp_path, {}, transactions_path=shop(tmp_path, ["a", "b"]))
    refused(course("rehearse", "-f", tmp_path / "plan.yaml"), "for the made-up shop only")
    many = {f"arm {n}": 0.1 for n in range(len(LISTS) + 1)}
    write(tmp_path, {"arms": many})
    refused(course("rehearse", "-f", tmp_path / "plan.yaml"), f"only {len(LISTS)} lists")
    write(tmp_path, {})
    refused(course("rehearse", "-f", tmp_path / "plan.yaml"), "Name the file to write")
    for path in ("test.parquet", "folder", ["a.csv", "b.csv"]):
        write(tmp_path, {}, test_results_path=path)
        refused(course("rehearse", "-f", tmp_path / "plan.yaml"), "one file that ends in .csv")


def test_a_rehearsal_stays_off_a_real_export(tmp_path):
    write(tmp_path, {}, dated())
    content = (tmp_path / "test.csv").read_bytes()
    refused(course("rehearse", "-f", tmp_path / "plan.yaml"), "was not rehearsed; it stays")
    assert (tmp_path / "test.csv").read_bytes() == content
    assert "A rehearsal:" not in readout(tmp_path)[1]


def test_a_rehearsal_writes_as_the_plan_says_that_the_export_looks(tmp_path):
    """Three arms, their columns' names and dates; a reading back of it finds them all."""
    write(tmp_path, {"arms": {"old": 0.3, "new": 0.3, "third": 0.4}},
          test_results_path=str(tmp_path / "test.csv"),
          test_columns={"Kunde": "customer_id", "Gruppe": "arm"},
          test_date_format=["%d.%m.%y", "iso"])  # fmt: skip
    result = course("rehearse", "-f", tmp_path / "plan.yaml", "--seed", 7)
    assert result.exit_code == 0 and "third: textbook item-based" in result.output, result.output
    export = pd.read_csv(tmp_path / "test.csv", dtype=str)
    assert {"Kunde", "Gruppe", "date", "carted", "rehearsed"} <= set(export)
    assert export["date"].str.fullmatch(r"\d\d\.\d\d\.\d\d").all()
    said, text, figures = readout(tmp_path)
    assert set(figures["decisions"]) == {"new", "third"} and "A rehearsal:" in text
    assert figures["window"]["first"] == "2025-01-06", said
    # again over itself is fine
    assert course("rehearse", "-f", tmp_path / "plan.yaml").exit_code == 0
    write(tmp_path, {}, test_results_path=str(tmp_path / "x.csv"), test_date_format="epoch_s")
    refused(course("rehearse", "-f", tmp_path / "plan.yaml"), "writes dates as text")


# readout


def test_what_decides_is_not_shown_before_the_end(tmp_path):
    """Neither by the command nor on the page nor among the figures."""
    write(tmp_path, {"weeks": 4, "starts": "2024-03-04"}, dated(400, carts=(3, 3, 7, 3)))
    said, text, figures = readout(tmp_path)
    assert figures["decision"] == "keep running" and "2 of 4 planned weeks" in text
    assert "read it again on 2024-04-01" in text
    assert figures["comparisons"] == [] and figures["money"] == {}
    assert figures["means"]["new"] == {"customers": 200}
    assert "carted per customer:" not in said
    # with weekly looks it is, and the interval is wider than at the end
    write(tmp_path, {"weeks": 4, "looks": "weekly"}, dated(400, carts=(3, 3, 7, 3)))
    _, text, weekly = readout(tmp_path)
    assert weekly["comparisons"][0]["level"] > 0.99 and "after every week" in text
    assert "Of 100 tests that find what is worth having four times in five" in text


def test_a_broken_split_is_not_compared(tmp_path):
    rows = dated(600, arms=("old", "old", "old", "new"))
    write(tmp_path, {"value": 3.0, "guardrails": {"carted per customer": 0.1}}, rows)
    said, text, figures = readout(tmp_path)
    assert figures["split"]["broken"] and figures["decision"] == "cannot tell"
    assert figures["money"] == {} and "a year" not in text and "carted per customer:" not in said
    assert "less than 0.01\xa0%" in text and "The split is broken" in text


def test_every_row_is_accounted_for(tmp_path):
    rows = [*dated(60), "c0,old,2024-02-01,1", "c1,new,2024-05-01,1", "h1,Holdout,2024-03-05,1",
            "x1,old,2024-03-05,1", "x1,new,2024-03-06,1", "y,old,2024-03-05,-1",
            "y,old,2024-03-05,many", ",old,2024-03-05,1"]  # fmt: skip
    write(tmp_path, {"starts": "2024-03-04"}, rows)
    _, text, figures = readout(tmp_path)
    assert figures["rows"]["read"] == 68 and figures["rows"]["kept"] == 63
    assert (
        figures["window"] | {"counted": 60, "before": 1, "after": 1, "holdout": 1}
        == (figures["window"])
    )
    assert "68 rows read, 63 kept" in text and "carted below zero: 1" in text
    assert "before it: 1, after it: 1, of the holdout: 1" in text
    assert "Customers in several arms, left out: 1" in text
    assert "What the customer did who stands in several arms: 2 rows" in text


def test_a_line_of_totals_is_no_customer(tmp_path):
    rows = [*dated(60), "Total,new,2024-03-17,15"]
    write(tmp_path, {}, rows)
    _, text, figures = readout(tmp_path)
    assert figures["rows"]["rejected"] == {"a total, not a customer": 1}
    assert sum(figures["split"]["customers"].values()) == 60 and "not a customer: 1" in text


def test_a_gap_in_one_arm_stands_on_the_page_in_the_place_of_the_decision(tmp_path):
    rows = [row for row in dated(1400) if not (",new," in row and "03-09" in row)]
    write(tmp_path, {"value": 2.0}, rows)
    said, text, figures = readout(tmp_path)
    assert figures["decision"] == "cannot tell" and figures["money"] == {}
    assert "On 1 day, the first from 2024-03-09, new has less than half" in text
    assert "leave these days out of all arms" in text and "before that is mended" in text
    assert "new above old" not in said
    write(tmp_path, None, rows)
    _, text, figures = readout(tmp_path)
    assert "new has less than half" in text and not figures["readable"]


def test_customers_who_moved_are_counted(tmp_path):
    ids = [f"c{n}" for n in range(200)]
    dealt = experiments.assign_arms(ids, PLAN["arms"], "t").set_index("customer_id")["arm"]
    for moved, said in ((0, "Every customer stands in the arm"), (6, "6 of 200 customers stand"),
                        (100, "dealt by something else than this plan")):  # fmt: skip
        other = {"old": "new", "new": "old"}
        arms = [other[arm] if n < moved else arm for n, arm in enumerate(dealt)]
        rows = [f"{each},{arm.upper()},2024-03-{4 + n % 14:02d},{n % 3}"
                for n, (each, arm) in enumerate(zip(ids, arms, strict=True))]  # fmt: skip
        write(tmp_path, {}, rows)
        assert said in readout(tmp_path)[1]


EVIL = '<img src=x onerror="document.title=1">'


def test_names_stay_text_and_nothing_is_loaded_from_elsewhere(tmp_path):
    rows = [row.replace("new", '"<img src=x onerror=""document.title=1"">"') for row in dated()]
    write(tmp_path, {"name": f"{EVIL}{{{{ 7 * 7 }}}}", "arms": {"old": 0.5, EVIL: 0.5}}, rows)
    _, text, _ = readout(tmp_path)
    assert "<img" not in text and "&lt;img src=x" in text and "{{ 7 * 7 }}" in text
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?https?:|<script|<link|@import""", text)
    assert text.count("<main>") == 1 and text.rstrip().endswith("</html>")


def test_without_a_plan_nothing_is_decided(tmp_path):
    write(tmp_path, None, dated(60))
    said, text, figures = readout(tmp_path)
    assert "No decision: there is no plan" in text and "nothing is decided" in said
    assert "decision" not in figures and figures["base"] == "old"
    # the holdout is no arm to compare
    write(tmp_path, None, [*dated(60), *[f"h{n},holdout,2024-03-05,1" for n in range(9)]])
    _, text, figures = readout(tmp_path)
    assert set(figures["split"]["customers"]) == {"old", "new"} and figures["holdout"] == 9
    assert not figures["split"]["broken"] and "left out: 9 rows" in text


@pytest.mark.parametrize(
    ("plan", "rows", "header", "said"),
    [
        ({}, None, None, "There is no export to read"),
        ({}, [], "customer_id,arm,date,carted", "test.csv"),
        ({}, dated(), "customer_id,gruppe,date,carted", "arm"),
        ({}, dated(arms=("old",)), None, "lacks new"),
        ({}, dated(arms=("", "new")), None, "Rows left out: no arm: 20."),
        ({}, dated(), "day,arm,date,carted", "Sums by arm or day can't be read"),
        ({}, dated(), "customer_id,arm,date,event", "make a column of 0 and 1"),
        ({}, dated(arms=("old", "blue")), None, "has blue and lacks new"),
        ({}, dated(1), None, "lacks new"),
        ({}, dated(3), None, "'new' has 1 customers"),
        ({}, [f"c{n},{n},2024-03-05,1" for n in range(40)], None, "the plan has the arms old, new"),
        (None, [f"c{n},{n},2024-03-05,1" for n in range(40)], None, "has 40"),
        (None, dated(1), None, "the column of arms has 1"),
        ({"starts": "2025-01-01"}, dated(), None, "are before the first day of the plan"),
        ({"metric": "carted per visit"}, dated(), None, "needs a column 'visits'"),
        ({"metric": "revenue per customer"}, dated(), None, "needs a column 'revenue'"),
        ({"guardrails": {"revenue per visit": 0.1}}, dated(), None, "needs a column 'revenue'"),
        ({}, [row.replace("2024-", "24/") for row in dated()], None, "date"),
        ({}, [f"c{n},old,2024-03-05,1" for n in range(3)] + ["c0,new,2024-03-05,1"], None,
         "lacks new"),
    ],
)  # fmt: skip
def test_an_export_that_cannot_be_read_is_a_sentence(plan, rows, header, said, tmp_path):
    write(tmp_path, plan, rows, header or "customer_id,arm,date,carted")
    result = course("readout", "-f", tmp_path / "plan.yaml", "--out", tmp_path / "out")
    refused(result, said)
    assert result.output.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_export_without_dates_is_the_whole_test(tmp_path):
    rows = [",".join(row.split(",")[:2] + row.split(",")[3:]) for row in dated(200)]
    write(tmp_path, {"guardrails": {}}, rows, "customer_id,arm,carted")
    said, text, figures = readout(tmp_path)
    assert "has no dates" in said and "The export has no dates" in text
    assert figures["window"]["ended"] and figures["window"]["first"] is None
    # who may have looked every week reads it by the last look's interval
    write(tmp_path, {"guardrails": {}, "weeks": 6, "looks": "weekly"}, rows,
          "customer_id,arm,carted")  # fmt: skip
    assert 0.95 < readout(tmp_path)[2]["level"] < 0.97
    # blank is read as zero, and said
    write(tmp_path, {}, [*rows, "z,old,", "zz,new,"], "customer_id,arm,carted")
    _, text, figures = readout(tmp_path)
    assert figures["blank"] == {"carted": 2} and "carted 2" in text


count = st.sampled_from(["", "0", "1", "3", "-1", "0.5", "x", "99999999999", "1e308"])
export = st.lists(
    st.tuples(
        st.sampled_from([f"c{n}" for n in range(12)] + ["", "00123", '"a,b"']),
        st.sampled_from(["old", "new", "OLD", " New ", "holdout", "", "third"]),
        st.sampled_from(["", "2024-03-04", "2024-03-17", "2024-03-18", "2023-01-01", "soon"]),
        count, count, count,
    ).map(",".join),
    max_size=60,
)  # fmt: skip


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    rows=export,
    arms=st.sampled_from([("old", "new"), ("old", "new", "third")]),
    metric=st.sampled_from(["carted per visit", "carted per customer", "revenue per customer",
                            "visits per customer", "clicked per visit"]),
    plan=st.fixed_dictionaries({}, optional={
        "looks": st.just("weekly"), "starts": st.just("2024-03-04"), "value": st.just(2.0),
        "cost_per_year": st.just(0.0), "weeks": st.integers(1, 3),
        "guardrails": st.just({"revenue per customer": 0.1}),
    }),
    planned=st.booleans(),
)  # fmt: skip
def test_whatever_the_export_there_is_a_page_or_a_sentence(
    tmp_path_factory, rows, arms, metric, plan, planned
):
    folder = tmp_path_factory.mktemp("fuzz")
    plan = {"arms": dict.fromkeys(arms, 0.3), "metric": metric} | plan
    # two customers in each arm, so that not all of it is refused
    rows = [*rows, *[f"{arm}{n},{arm},2024-03-0{4 + n},{n},{n % 2},{n}"
                     for arm in arms for n in range(3)]]  # fmt: skip
    header = "customer_id,arm,date,carted,visits,revenue"
    write(folder, plan if planned else None, rows, header)
    said, text, figures = readout(folder)
    if text is None:
        assert said.startswith("Error: ") and len(said) < 700
        return
    readable = re.sub("<style>.*?</style>", "", text, flags=re.S)
    for each in (said, readable):
        assert not re.search(r"\b(nan|NaN|inf|None|Undefined)\b", each), each
    assert figures["rows"]["read"] == len(rows)


# what the read-out says


def customers(old, new, **more):
    rows = [
        {"customer_id": f"{arm}{n}", "arm": arm, "carted": value, **more}
        for arm, values in (("old", old), ("new", new))
        for n, value in enumerate(values)
    ]
    return pd.DataFrame(rows)  # fmt: skip


def test_there_is_no_lift_of_what_is_not_above_zero():
    """Refunds above sales: the logarithm of a ratio gave an interval with its ends turned."""
    table = experiments.by_customer(customers([-5, -3, -4], [1, 2, 0]).rename(
        columns={"carted": "revenue"}))  # fmt: skip
    read = experiments.compare(table, "revenue per customer", "old", "new")
    assert np.isfinite([read["low"], read["high"]]).all()
    assert np.isnan([read["lift"], read["lift_low"], read["lift_high"]]).all()


def test_a_list_that_nobody_takes_is_stopped():
    """No lift can be said of it, but the difference is below zero as a whole."""
    draw = np.random.default_rng(0)
    plan = LiveTest(**PLAN)
    read = experiments.read_test(customers(draw.poisson(1, 300), np.zeros(300)), plan)
    assert read["decision"] == "stop" and "worse than today" in read["because"]
    read = experiments.read_test(customers(np.zeros(300), np.zeros(300)), plan)
    assert read["decision"] == "cannot tell" and "Too little was counted" in read["because"]
    assert not any("nan" in line for line in experiments.words(read, plan))
    json.dumps(experiments.plain(read), allow_nan=False)


def test_a_first_week_in_which_each_customer_came_once_has_visits_too():
    """The file has no column of visits: each row is one, in all weeks or in none."""
    rows = customers(range(20), range(20)).assign(date=pd.Timestamp("2024-03-04"))
    rows = pd.concat([rows, rows.assign(date=pd.Timestamp("2024-03-17"))])
    plan = LiveTest(**(PLAN | {"looks": "weekly", "metric": "carted per visit"}))
    assert experiments.read_test(rows, plan)["window"]["weeks"] == 2


def test_a_list_that_is_better_but_by_too_little_is_stopped():
    draw = np.random.default_rng(0)
    table = customers(draw.normal(10, 1, 4000), draw.normal(10.5, 1, 4000))
    read = experiments.read_test(table, LiveTest(**(PLAN | {"worth_having": 0.2})))
    assert read["decision"] == "stop"
    assert "above zero as a whole and stays below what is worth having (20 %)" in read["because"]


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.5, "+50 %"), (0.026, "+2.6 %"), (0.003, "+0.3 %"), (0.0004, "+0.04 %"), (0, "+0 %"),
     (-0.1, "-10 %"), (0.0996, "+10 %"), (12.345, "+1,234 %"), (0.05, "+5 %")],
)  # fmt: skip
def test_a_share_just_above_zero_does_not_look_like_zero(share, said):
    assert percent(share) == said


def test_a_customer_is_forgotten_in_the_folder_of_a_live_test(rehearsed, tmp_path):
    folder = shutil.copytree(rehearsed[0] / "runs" / "live_test", tmp_path / "live_test")
    arms = read_arms(folder / "arms.csv")
    gone = pd.read_csv(folder / "test_results.csv", dtype=str)["customer_id"].iloc[0]
    result = course("forget", gone, "--run", folder)
    assert result.exit_code == 0, result.output
    assert "arms.csv: 1 row" in result.output and "has a copy of arms.csv" in result.output
    assert len(read_arms(folder / "arms.csv")) == len(arms) - 1
    assert not any(gone in path.read_text("utf-8") for path in folder.glob("[!.]*"))
