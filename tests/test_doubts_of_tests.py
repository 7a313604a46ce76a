"""Doubts about the export of a live test: each shape stops the decision, sound tests do not."""

import numpy as np
import pandas as pd
import pytest

from helpers import experiments
from helpers.experiments.doubts import gaps
from helpers.reading.parameters import LiveTest
from tests.common import thorough

PLAN = LiveTest(name="t", arms={"old": 0.5, "new": 0.5}, weeks=4, metric="carted per customer",
                starts="2024-03-04")  # fmt: skip


def visits(seed=0, n=1500, lift=0.0, rate=0.1):
    """A sound test of four weeks, one row per visit."""
    draw = np.random.default_rng(seed)
    arm = draw.integers(0, 2, n)
    who = np.repeat(np.arange(n), draw.poisson(draw.exponential(4, n)))
    day = draw.choice(28, len(who), p=np.tile([1, 1, 1, 1, 1, 0.5, 0.3], 4) / 23.2)
    carted = (draw.random(len(who)) < rate * (1 + lift * arm[who])).astype(int)
    return pd.DataFrame({
        "customer_id": np.char.add("c", who.astype(str)),
        "arm": np.array(["old", "new"])[arm[who]],
        "date": pd.Timestamp("2024-03-04") + pd.to_timedelta(day, unit="D")
        + pd.to_timedelta(draw.integers(0, 86_400, len(who)), unit="s"),
        "visits": 1,
        "carted": carted,
        "revenue": (carted * draw.lognormal(3, 1, len(who))).round(2),
    })  # fmt: skip


def read(rows, findings=None, **plan):
    return experiments.read_test(rows, PLAN.model_copy(update=plan), "x", findings)


def stopped(found):
    assert (found["decision"] == "cannot tell") == (not found["readable"]), found["because"]
    return [doubt["name"] for doubt in found["doubts"] if doubt["stops"]]


@thorough
def test_sound_tests_are_hardly_ever_stopped():
    """Large and small, with an effect and without, by visit, by day and by customer."""
    false = []
    for seed in range(24):
        n, rate, lift = (100, 1500)[seed % 2], (0.02, 0.3)[seed // 2 % 2], (0, 0.5)[seed // 4 % 2]
        rows = visits(seed, n, lift, rate)
        if seed % 3 == 1:
            rows = rows.assign(date=rows["date"].dt.normalize())
        elif seed % 3 == 2:
            rows = rows.drop(columns="date").groupby(["customer_id", "arm"]).sum().reset_index()
        for metric in ("carted per visit", "revenue per customer"):
            found = read(rows, metric=metric)
            false += [(seed, each["seen"]) for each in found["doubts"] if each["stops"]]
    assert len(false) <= 1, false


def without(rows, arm, days):
    return rows[~((rows["arm"] == arm) & days(rows["date"].dt.day))]


def robot(rows, arm, n=10_000, **counted):
    one = rows.head(1).assign(customer_id="robot", arm=arm, visits=1, revenue=0.0, **counted)
    return pd.concat([rows, *[one] * n], ignore_index=True)


SHAPES = {
    "one day missing": (
        "gap in one arm", lambda rows: without(rows, "new", lambda day: day == 15)
    ),
    "a later start": ("gap in one arm", lambda rows: without(rows, "new", lambda day: day < 7)),
    "carts of every other day": (
        "gap in one arm",
        lambda rows: rows.assign(
            carted=rows["carted"].where((rows["arm"] == "old") | (rows["date"].dt.day % 2 == 0), 0)
        ),
    ),
    "only who bought": (
        "only successes",
        lambda rows: rows[rows.groupby("customer_id")["carted"].transform("sum") > 0],
    ),
    "only visits with a cart": ("only successes", lambda rows: rows[rows["carted"] > 0]),
    "exported twice": ("rows twice", lambda rows: pd.concat([rows, rows])),
    "one arm twice": ("rows twice", lambda rows: pd.concat([rows, rows[rows["arm"] == "new"]])),
    "customers twice, no dates": (
        "rows twice",
        lambda rows: pd.concat([rows.drop(columns="date").groupby(["customer_id", "arm"])
                                .sum().reset_index()] * 2),
    ),
    "totals so far": (
        "running totals",
        lambda rows: rows.sort_values("date").assign(
            carted=lambda t: t.groupby("customer_id")["carted"].cumsum()
        ),
    ),
    "sums by day": (
        "sums by day",
        lambda rows: rows.assign(date=rows["date"].dt.normalize()).groupby(["arm", "date"])
        .sum(numeric_only=True).reset_index()
        .assign(customer_id=lambda t: t["arm"] + t["date"].astype(str)),
    ),
    "blank in one arm": (
        "blanks in one arm",
        lambda rows: rows.drop(columns="date").assign(
            carted=rows["carted"].where((rows["arm"] == "old") | (rows.index % 2 == 0))
        ),
    ),
    "dates of one arm": (
        "blanks in one arm", lambda rows: rows.assign(date=rows["date"].where(rows["arm"] == "old"))
    ),
    "a robot with carts": ("extreme customers", lambda rows: robot(rows, "new", carted=1)),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_that_no_sound_test_has_stops_the_decision(shape):
    name, broken = SHAPES[shape]
    assert stopped(read(visits(lift=0.0))) == []
    assert name in stopped(read(broken(visits(lift=0.0))))


def test_a_robot_is_said_also_where_it_changes_nothing():
    rows = robot(visits(lift=3), "old", carted=0)
    found = read(rows, metric="carted per customer", guardrails={"visits per customer": 1.0})
    assert found["decision"] == "ship" and found["readable"]
    remark = next(each for each in found["doubts"] if each["name"] == "extreme customers")
    assert "10,000 visits" in remark["seen"] and "the same: ship" in remark["seen"]


def test_money_in_two_units():
    rows = visits()
    rows["revenue"] *= np.where(rows["arm"] == "new", 100, 1)
    found = read(rows, metric="revenue per customer")
    assert "too good, or too bad" in stopped(found) and found["money"] == {}


def test_a_stray_row_does_not_move_the_first_day():
    stray = (
        visits()
        .drop_duplicates("customer_id")
        .groupby("arm")
        .head(2)
        .assign(date=pd.Timestamp("2024-01-01"))
    )
    stray["customer_id"] += "x"
    found = read(pd.concat([stray, visits()]), starts=None)
    assert stopped(found) == ["hardly anything in the weeks that count"]
    # a test that ran longer than planned is sound
    later = visits(1).assign(date=lambda t: t["date"] + pd.Timedelta(days=28))
    later["customer_id"] += "y"
    assert stopped(read(pd.concat([visits(lift=2), later]))) == []


def test_many_customers_in_several_arms():
    rows = visits(lift=2)
    assert stopped(read(rows, {"customers in several arms": 60})) == []
    assert stopped(read(rows, {"customers in several arms": 600})) == ["arms not kept"]


def test_what_is_only_odd_is_said_and_stops_nothing():
    rows = visits(lift=2)
    weekend = rows[rows["date"].dt.day_of_week >= 5]
    assert "nobody came on 20 of 28 days" in said(weekend)
    assert "nobody came on 14 of 28 days" in said(rows[rows["date"].dt.day >= 18])
    assert "has fractions" in said(rows.assign(carted=rows["carted"] / 3))
    assert "If they are of visits" in said(rows.drop_duplicates("customer_id"))
    twins = {"customer ids equal but for case": "2,041, such as A@x.com and a@x.com"}
    text = said(rows, twins)
    assert "equal but for case: 2,041" in text and "x.com" not in text


def said(rows, findings=None):
    found = read(rows, findings)
    assert found["readable"]
    return "\n".join(experiments.words(found, PLAN))


def test_the_gap_is_in_the_arm_that_lacks_something():
    rows = visits(n=800)
    for arm in ("old", "new"):
        assert f", {arm} has less than half" in gaps(without(rows, arm, lambda d: d % 2 == 0)).seen


def test_nothing_is_compared_before_it_is_mended():
    found = read(without(visits(lift=1), "old", lambda day: day < 11), value=2.0)
    text = "\n".join(experiments.words(found, PLAN))
    assert "new above old" not in text and "leave these days out of all arms" in text
    # without a plan, too
    text = "\n".join(experiments.words(experiments.describe_test(
        without(visits(lift=1), "old", lambda day: day < 11))))  # fmt: skip
    assert "new above old" not in text and "less than half" in text
