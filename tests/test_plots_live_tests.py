"""Figures of lesson 08 show what their tables say, in odd tests, too."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import colours, experiments, plots
from tests.figures import dots, no_overlap, stripes, title, written


@pytest.fixture
def few():
    return pd.DataFrame(
        {"customer_id": list("123456"), "arm": list("AAABBB"),
         "visits": [6, 2, 4, 5, 4, 3], "carted": [0, 0, 3, 4, 0, 2]}
    )  # fmt: skip


def test_every_visit_is_a_square_and_every_cart_a_filled_one(drawn, few):
    plots.people_and_visits(few)
    [axes] = drawn
    squares = [patch for patch in axes.patches if hasattr(patch, "get_xy") and patch.get_x() > 0.5]
    filled = [patch for patch in squares if to_hex(patch.get_facecolor()) != "#ffffff"]
    assert (len(squares), len(filled)) == (24, 9)
    for row, (visits, carts) in enumerate(zip(few["visits"], few["carted"], strict=True)):
        mine = [patch for patch in squares if round(patch.get_y() + 0.25) == -row]
        assert len(mine) == visits
        assert sum(patch in filled for patch in mine) == carts
    assert any("3 carts ÷ 12 visits = 0.25" in text for text in written(axes))
    assert any("6 carts ÷ 12 visits = 0.50" in text for text in written(axes))
    assert title(axes) == "Count visits, and one keen customer passes for several"
    assert "6 people, 24 visits" in axes.alt
    no_overlap(axes)
    plots.people_and_visits(few.assign(carted=1))
    assert title(drawn[1]) == "6 people, 24 visits: people were dealt"


def test_what_dealing_does_counts_what_lies_outside(drawn):
    difference = np.r_[np.full(90, 0.0001), np.full(10, 0.003)]
    deals = pd.DataFrame({"difference": difference, "by_visits": 0.001, "by_customers": 0.002})
    plots.what_dealing_does(deals)
    [axes] = drawn
    assert "10%" in title(axes) and "by customers: 0%" in axes.alt
    assert "by visits: 5% should lie outside, 10% do" in written(axes)
    edges = {round(line.get_xdata()[0], 6): to_hex(line.get_color()) for line in axes.lines}
    assert edges[0.196] == edges[-0.196] == to_hex(colours.WARNING)
    assert edges[0.392] == edges[-0.392] == to_hex(colours.PERSONAL)
    assert sum(patch.get_height() for patch in axes.patches) == 100
    no_overlap(axes)


def test_all_deals_of_a_few_are_dots_of_which_none_hides_another(drawn, few):
    deals = experiments.dealt_anew(few, in_b=3)
    plots.deals_of_a_few(deals, 0.25)
    [axes] = drawn
    found = dots(axes)
    assert sorted(x for x, *_ in found) == pytest.approx(sorted(deals["difference"]))
    red = [x for x, _, colour in found if colour == to_hex(colours.WARNING)]
    assert len(red) == 12 and min(map(abs, red)) >= 0.25 - 1e-9
    assert "12 of 20 deals" in title(axes)
    for place, (x, y, _) in enumerate(found):
        assert all(abs(x - other[0]) > 0.05 or y != other[1] for other in found[place + 1 :])
    no_overlap(axes)


@pytest.mark.parametrize(
    ("lifts", "finding", "marked"),
    [
        ([1.5, 0.7, 0.5], "takes 4 weeks", [(4, 0.5)]),
        ([0.4, 0.3, 0.2], "takes 1 week", [(1, 0.4)]),
        ([np.inf, 2.0, 0.9], "No planned week", []),
        ([np.inf, np.nan, np.inf], "No planned week", []),
    ],
)
def test_the_first_week_that_finds_it_is_marked(drawn, lifts, finding, marked):
    plots.weeks_needed(pd.DataFrame({"smallest_lift": lifts}, [1, 2, 4]), 0.6)
    [axes] = drawn
    assert finding in title(axes)
    assert [(x, y) for x, y, _ in dots(axes)] == marked
    assert "break-even: 60%" in written(axes)


def test_a_path_is_red_once_it_was_beyond(drawn):
    paths = np.array([[0.1, 2.5, 0.3], [0.1, -0.5, 0.3], [-1.0, -2.0, -2.1]])
    plots.peeking_paths(paths)
    [axes] = drawn
    assert "2 of 3 tests" in title(axes)
    assert "at the last look: 1" in axes.alt
    assert [(x, y) for x, y, _ in dots(axes)] == [(2, 2.5), (2, -2.0)]
    red = [line for line in axes.lines if len(line.get_xdata()) == 3
           and to_hex(line.get_color()) == to_hex(colours.WARNING)]  # fmt: skip
    assert [list(line.get_ydata()) for line in red] == [list(paths[0]), list(paths[2])]


@pytest.mark.parametrize(
    ("sizes", "broken"),
    [
        ({"ours": (1848, 1818), "page fails": (1848, 1437)}, ["page fails"]),
        ({"ours": (2000, 2000)}, []),
        ({"ours": (1896, 2104), "one more": (1895, 2105)}, ["one more"]),
    ],
)
def test_a_split_is_red_where_the_test_calls_it_broken(drawn, sizes, broken):
    plots.split_beside_chance(sizes)
    [axes] = drawn
    assert [experiments.sample_ratio_mismatch(each)["broken"] for each in sizes.values()] == [
        name in broken for name in sizes
    ]
    assert [(x, colour) for x, _, colour in dots(axes)] == [
        ((new - base) / 2, to_hex(colours.WARNING if name in broken else colours.PERSONAL))
        for name, (base, new) in sizes.items()
    ]
    assert ("Broken: " + ", ".join(broken) if broken else "Chance explains all") in title(axes)
    if len(broken) == 1:
        base, new = sizes[broken[0]]
        assert f"is {abs(new - base) / 2:,.0f} customers off" in title(axes)
    no_overlap(axes)


def test_the_rule_is_drawn_as_it_decides(drawn):
    plots.rule_in_questions()
    [axes] = drawn
    answers = [text for text in written(axes) if text in ("ship", "stop", "cannot tell",
                                                          "keep running")]  # fmt: skip
    early = ["cannot tell", "stop", "keep running", "cannot tell"]
    assert answers == [*early, "stop", "ship", "cannot tell", "keep running"]
    # the order of the last ones is that of the function
    assert experiments.decide(-0.1, 0.1, 0.2) == experiments.decide(0.01, 0.1, 0.2) == answers[4]
    assert experiments.decide(0.01, 0.3, 0.2, ended=False) == answers[5]
    assert experiments.decide(-0.1, 0.3, 0.2, ended=True) == answers[6]
    assert experiments.decide(-0.1, 0.3, 0.2, ended=False) == answers[7]
    questions = [" ".join(text.split()) for text in written(axes)]
    # nothing but harm and a broken test speaks before a look that the plan has
    look = questions.index("Is this a look that the plan has?")
    first = ("Are split and export sound?", "Did a guardrail surely fall, perhaps too far?")
    assert all(questions.index(each) < look for each in first)
    assert look < questions.index("Is the whole interval above zero?")
    no_overlap(axes)


@pytest.mark.parametrize(
    ("worth", "answers"),
    [
        (0.2, ["stop", "cannot tell", "ship in steps", "ship"]),
        (0.05, ["ship in steps", "cannot tell", "ship", "ship"]),
        (0.5, ["stop", "stop", "stop", "ship in steps"]),
    ],
)
def test_an_interval_has_the_colour_of_what_the_rule_answers(drawn, worth, answers):
    lifts = [(0.01, 0.1), (-0.1, 0.3), (0.05, 0.45), (0.25, 0.6)]
    plots.lifts_decided(lifts, worth)
    [axes] = drawn
    assert stripes(axes, 5) == lifts
    colour = {"stop": colours.WARNING, "cannot tell": colours.CHANCE, "ship": colours.PERSONAL}
    thick = [to_hex(line.get_color()) for line in axes.lines if line.get_linewidth() >= 5]
    assert thick == [to_hex(colour[answer.removesuffix(" in steps")]) for answer in answers]
    for (low, high), answer in zip(lifts, answers, strict=True):
        assert experiments.decide(low, high, worth) == answer.removesuffix(" in steps")
        assert answer.endswith("steps") == (0 < low < worth <= high)
    said = [text for text in written(axes) if ": " in text]
    assert [text.split(": ")[1] for text in said] == answers
    assert all(text in axes.alt for text in said)
    assert {line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"} == {worth}
    no_overlap(axes)


@pytest.mark.parametrize(
    ("ends", "worth", "decision"),
    [((0.9, 2.8), 0.65, "ship"), ((-0.1, 0.2), 0.65, "stop"), ((-0.2, 0.9), 0.5, "cannot tell")],
)
def test_both_ends_stand_in_money_where_they_are(drawn, ends, worth, decision):
    lift = {"lift": sum(ends) / 2, "lift_low": ends[0], "lift_high": ends[1]}
    plots.lift_in_money(lift, worth, {"low": -500, "high": 27_000, "cost": 8_000}, decision)
    [axes] = drawn
    assert stripes(axes, 5) == [ends]
    assert {line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"} == {worth}
    low, high = (next(t for t in axes.texts if t.get_text().endswith(f"{money} a year"))
                 for money in ("-500", "+27,000"))  # fmt: skip
    assert (low.get_position()[0], high.get_position()[0]) == ends
    assert title(axes).endswith(decision)


def test_revenue_stands_below_the_carts_and_brings_no_money_of_its_own(drawn):
    lift = {"lift": 1.7, "lift_low": 0.9, "lift_high": 2.8}
    revenue = {"lift": 0.64, "lift_low": -0.01, "lift_high": 1.73}
    earned = {"low": 11_000, "high": 34_000, "cost": 8_000}
    plots.lift_in_money(lift, 0.65, earned, "ship", revenue)
    [axes] = drawn
    assert stripes(axes, 5) == [(0.9, 2.8), (-0.01, 1.73)]
    assert [(x, y < 0) for x, y, _ in dots(axes)] == [(1.7, False), (0.64, True)]
    assert sum("a year" in text for text in written(axes)) == 2
    assert "Revenue: -1% to +173%" in axes.alt and "revenue, beside it: +64%" in written(axes)
    no_overlap(axes)


@pytest.mark.parametrize("low", [-0.1, 0.05])
def test_a_control_that_finds_something_is_said(drawn, low):
    tests = pd.DataFrame({"true_lift": [1.5, -0.05], "lift": [1.7, 0.2], "lift_low": [0.9, low],
                          "lift_high": [2.8, 0.5]})  # fmt: skip
    plots.no_taste_control(tests, ["as it is", "no tastes"], ["no tastes"])
    [axes] = drawn
    assert ("includes zero" in title(axes)) == (low < 0)
    assert stripes(axes, 4) == [(0.9, 2.8), (low, 0.5)]
    assert [x for x, *_ in dots(axes, "D")] == [1.5, -0.05]
    # the truth hides no end of an interval
    assert all(abs(y - place) > 0.15 for place, (_, y, *_) in enumerate(dots(axes, "D")))
    assert [c for *_, c in dots(axes)] == [to_hex(colours.PERSONAL), to_hex(colours.CHANCE)]


def test_rounds_are_compared_with_their_start_and_with_each_other(drawn):
    carts = pd.DataFrame({"improved": [300.0, 240.0], "popular": [100.0, 80.0]}, index=[1, 2])
    plots.rounds_beside_holdout(carts)
    [axes] = drawn
    assert title(axes) == "Personal lists fell by 20%, and lead by 200%"
    drawn_lines = {to_hex(line.get_color()): list(line.get_ydata()) for line in axes.lines}
    assert drawn_lines[to_hex(colours.PERSONAL)] == [300, 240]
    assert drawn_lines[to_hex(colours.POPULAR)] == [100, 80]
    plots.rounds_beside_holdout(carts.assign(**{"improved, never learns": [300.0, 250.0]}))
    assert "never learns again ends at 250, the learning one at 240" in drawn[1].alt
    assert [300, 250] in [list(line.get_ydata()) for line in drawn[1].lines]
    no_overlap(drawn[1])
