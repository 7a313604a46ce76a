"""Figures of lesson 05b show what their tables say, on odd shops, too."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import colours, data, evaluate, plots, trust
from helpers.matrix import build_interaction_matrix
from tests.figures import dots, no_overlap, stripes, title, written


def test_the_dice_can_show_what_is_not_owned(drawn):
    small = build_interaction_matrix(data.miniature()).to_frame().astype(int)
    plots.dice_on_four_customers(small)
    [axes] = drawn
    black = [to_hex(patch.get_facecolor()) == colours.INK for patch in axes.patches]
    assert np.array(black).reshape(small.shape).tolist() == (small == 1).to_numpy().tolist()
    assert [t for t in written(axes) if t.startswith("dice")] == [
        "dice always hit" if n == 1 else f"dice hit 1 time in {n}" for n in (2, 2, 1, 2)
    ]
    assert "(1/2 + 1/2 + 1 + 1/2) ÷ 4 = 62.5%" in title(axes)


@pytest.mark.parametrize(
    ("marks", "finding"),
    [
        ([0.2, 0.3, 0.5, 0.7], "Our lists come 50% of the way from best sellers to the ceiling"),
        ([0.2, 0.3, 0.5], "20 points above the best sellers"),
        ([0.01, 0.05, 0.04], "1 point below the best sellers"),
        ([0.77, 0.77, 0.73], "4 points below"),
        ([0.2, 0.3, 0.5, 0.3], "20 points above"),
        ([0.0, 0.0, 0.0], "0 points above"),
    ],
)
def test_the_ruler_has_each_mark_where_it_belongs(drawn, marks, finding):
    names = ["dice", "best sellers", "our lists", "oracle"][: len(marks)]
    plots.ruler(pd.Series(marks, names))
    [axes] = drawn
    places = {colour: x for x, _, colour in dots(axes)}
    meant = [colours.CHANCE, colours.POPULAR, colours.PERSONAL, colours.ORACLE]
    assert [places[to_hex(colour)] for colour in meant[: len(marks)]] == marks
    shown = {f"{n} {m:.0%}".replace("oracle", "ceiling") for n, m in zip(names, marks, strict=True)}
    assert set(written(axes)) == shown
    assert finding in title(axes)
    no_overlap(axes)


def test_two_pasts_have_as_many_ticks_as_hits(drawn):
    hits = {"own": [False, True, True], "stranger": [False, False, True]}
    plots.whose_history("c_1$", {"own": 2, "stranger": 60}, hits)
    [axes] = drawn
    assert written(axes).count("✓") == 3
    assert {"2 bought later", "1 bought later", "+55"} <= set(written(axes))
    assert title(axes) == "c_1$: own past finds 2, a stranger's 1"
    filled = [to_hex(patch.get_facecolor()) for patch in axes.patches if hasattr(patch, "get_x")]
    assert filled.count(to_hex(colours.PERSONAL)) == 2 + 2  # two owned, two hits
    assert filled.count(to_hex(colours.CHANCE)) == 5 + 1  # five of sixty drawn, one hit


@pytest.mark.parametrize(
    ("difference", "verdict", "finding"),
    [
        (0.27, evaluate.SIGNAL, "27 points more"),
        (0.02, trust.NOTHING, "as much as their own"),
        (0.03, evaluate.CANNOT_TELL, "can't tell"),
        (-0.02, trust.NOTHING, "as much as their own"),
    ],
)
def test_own_or_stranger_shows_intervals_and_the_line(drawn, difference, verdict, finding):
    rows = {"difference": [difference, 0.005], "low": [difference - 0.03, -0.03],
            "high": [difference + 0.03, 0.04]}  # fmt: skip
    plots.own_or_stranger(pd.DataFrame(rows, ["as\nthey are", "dealt"]), 0.06, verdict)
    [axes] = drawn
    assert [x for x, *_ in dots(axes)] == [difference, 0.005]
    assert stripes(axes) == [(difference - 0.03, difference + 0.03), (-0.03, 0.04)]
    upright = {line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"}
    assert upright == (set() if verdict == evaluate.SIGNAL else {0.06})
    assert finding in title(axes)
    assert "\n" not in axes.alt


def test_of_one_customer_there_is_no_interval_and_still_a_figure(drawn):
    nothing = {"difference": 0.0, "low": np.nan, "high": np.nan}
    plots.own_or_stranger(
        pd.DataFrame([nothing, nothing], ["as they are", "dealt"]), 1.0, evaluate.CANNOT_TELL
    )
    plots.gain_against_line(nothing, 0.1, trust.CANNOT_TELL_YET)
    assert "no interval" in drawn[1].alt


def test_the_four_outcomes_are_drawn_where_they_are_named(drawn):
    plots.four_outcomes()
    [axes] = drawn
    answers = (trust.WORTH_IT, trust.TOO_SMALL, trust.NOT_WORTH_IT, trust.CANNOT_TELL_YET)
    words = written(axes)
    named = [place for place, word in enumerate(words) if word in answers]
    rules = [words[place + 1] for place in named]
    named = [words[place] for place in named]
    assert len(set(named)) == 4
    drawn_at = stripes(axes, 5)
    assert [trust.outcome(*ends, 2.0) for ends in drawn_at] == named
    for (low, high), rule in zip(drawn_at, rules, strict=True):
        where = "above" if low > 0 else "wholly below" if high < 0 else "includes"
        assert f"{where} zero" in rule
        assert ("reaches the line" in rule) <= (high >= 2) and ("short of" in rule) <= (high < 2)
        assert ("narrow" in rule) <= (high - low <= 4)
    assert "narrow: at most twice the line wide" in words
    assert {named[n] for n, (_, high) in enumerate(drawn_at) if high < 0} == {trust.NOT_WORTH_IT}
    assert {named[n] for n, (low, high) in enumerate(drawn_at) if low <= 0 <= high} == {
        trust.NOT_WORTH_IT, trust.CANNOT_TELL_YET
    }  # fmt: skip
    no_overlap(axes)


@pytest.mark.parametrize(("worth", "seen"), [(0.13, True), (1.2, False), (0.001, True)])
def test_a_gain_stands_beside_its_line(drawn, worth, seen):
    gain = {"difference": 0.23, "low": 0.2, "high": 0.26}
    plots.gain_against_line(gain, worth, trust.outcome(0.2, 0.26, worth))
    [axes] = drawn
    assert stripes(axes) == [(0.2, 0.26)] and dots(axes)[0][0] == 0.23
    lines = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    assert lines == ([worth] if seen else [])
    low, high = axes.get_xlim()
    assert low < 0 and high > 0.26 and (not seen or low < worth < high)
    assert trust.outcome(0.2, 0.26, worth) in title(axes)
    assert "23.0 points" in title(axes) and ("no list can reach" in title(axes)) == (worth > 1)
    plots.gain_against_line(gain, worth, trust.outcome(0.2, 0.26, worth), most=0.1)
    assert ("no list can reach" in title(drawn[1])) == (worth > 0.1)


def test_an_alarm_is_an_interval_that_misses_zero(drawn):
    groups = trust.groups_without_a_difference()
    plots.false_alarms(groups)
    [axes] = drawn
    missed = ((groups["low"] > 0) | (groups["high"] < 0)).tolist()
    red = [colour == to_hex(colours.WARNING) for *_, colour in dots(axes)]
    assert red == missed and written(axes).count("alarm") == sum(missed) == 1
    assert [y for _, y, _ in dots(axes)] == groups["gain"].tolist()
    plots.false_alarms(groups[~pd.Series(missed)].reset_index(drop=True))
    assert "0 of 11 groups raise an alarm" in title(drawn[1])


def by_group(**rows):
    columns = ["customers", "gain", "gain_low", "gain_high", "enough"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename(index=lambda name: name.replace("_", " "))


def test_groups_have_the_colour_of_what_they_are_shown(drawn):
    table = by_group(one=[132, 0.15, 0.02, 0.28, True], two=[1_359, -0.2, -0.3, -0.1, True],
                     few=[12, 0.4, np.nan, np.nan, False])  # fmt: skip
    plots.gain_by_group(table)
    [axes] = drawn
    meant = [colours.PERSONAL, colours.POPULAR, colours.CHANCE]
    assert [(x, c) for x, _, c in dots(axes)] == [
        (gain, to_hex(colour)) for gain, colour in zip(table["gain"], meant, strict=True)
    ]
    assert stripes(axes)[:2] == [(0.02, 0.28), (-0.3, -0.1)]
    assert {"15 points", "−20 points", "40 points?"} == set(written(axes))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["one\n132 customers", "two\n1,359 customers", "few\n12: too few to say"]
    assert title(axes) == "1 of 2 groups clearly loses"


def test_a_group_that_gains_too_little_has_the_colour_of_best_sellers(drawn):
    table = by_group(one=[132, 0.15, 0.02, 0.28, True], two=[900, 0.02, 0.01, 0.03, True])
    plots.gain_by_group(table, ["two"])
    [axes] = drawn
    assert [c for *_, c in dots(axes)] == [to_hex(colours.PERSONAL), to_hex(colours.POPULAR)]
    assert title(axes) == "No group clearly loses" and "two: best sellers" in axes.alt


@pytest.mark.parametrize(
    ("rows", "finding"),
    [
        ({"one": [9, 0.1, np.nan, np.nan, False]}, "No group has enough customers"),
        ({"one": [900, 0.1, 0.05, 0.15, True]}, "No group clearly loses"),
        ({"one": [900, 0.1, -0.05, 0.25, True]}, "No group clearly loses"),
    ],
)
def test_titles_of_groups_are_true(drawn, rows, finding):
    plots.gain_by_group(by_group(**rows))
    assert title(drawn[0]).startswith(finding)


def test_from_a_hit_to_a_sale_multiplies(drawn):
    plots.from_hit_to_sale(0.1, 0.08, 0.3)
    [axes] = drawn
    assert {"1,000 visits", "100 clicks", "8 in the cart", "2.4 paid for"} <= set(written(axes))
    widths = [patch.get_width() for patch in axes.patches]
    assert widths == sorted(widths, reverse=True)
    no_overlap(axes)


def test_the_loop_has_four_arrows(drawn):
    plots.exposure_loop()
    [axes] = drawn
    assert len(axes.patches) == 4 and len(written(axes)) == 5
    no_overlap(axes)


def test_two_futures_have_their_scores_and_leads(drawn):
    table = pd.DataFrame(
        {"best sellers": [0.39, 0.24], "personal lists": [0.54, 0.49], "lead": [0.15, 0.25]},
        ["homepage goes on", "homepage stops"],
    )
    plots.two_futures(table)
    [axes] = drawn
    found = [(x, colour) for x, _, colour in dots(axes)]
    orange, blue = to_hex(colours.POPULAR), to_hex(colours.PERSONAL)
    assert found == [(0.39, orange), (0.54, blue), (0.24, orange), (0.49, blue)]
    assert {"lead 15 points", "lead 25 points", "39%", "54%", "24%", "49%"} <= set(written(axes))
    assert title(axes) == "Without the push, the lead goes from 15 to 25 points"
    no_overlap(axes)
