"""Figures of lesson 09 show what their tables say, in odd shops, too."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Rectangle

from helpers import audiences, colours, data, plots
from helpers.plots.layering import whole_dots
from tests.figures import dots, no_overlap, stripes, title, written

KINDS = ["persuadables: p", "sure things: s", "lost causes: l", "sleeping dogs: d"]


def test_a_hundred_customers_are_a_hundred_dots(drawn):
    plots.four_kinds(pd.Series([0.032, 0.309, 0.648, 0.012], KINDS))
    [axes] = drawn
    circles = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert len(circles) == 100
    blue = [dot for dot in circles if to_hex(dot.get_facecolor()) == to_hex(colours.PERSONAL)]
    assert len(blue) == 3 and all(dot.center[0] < 5 and dot.center[1] > 3.4 for dot in blue)
    assert "changes what 4 do" in title(axes)
    assert "persuadables: 3" in written(axes) and "lost causes: 65" in written(axes)
    no_overlap(axes)
    plots.four_kinds(pd.Series([0, 0, 1.0, 0], KINDS))  # nobody is moved
    assert "what 0 do" in title(drawn[-1])


def test_whole_dots_sum_up():
    assert whole_dots([0.333, 0.333, 0.334]) == [33, 33, 34]
    assert sum(whole_dots(np.random.default_rng(0).random(7))) == 100


def test_uplift_is_the_distance_between_two_dots(drawn):
    table = pd.DataFrame(
        {"without": [0.6, 0.2], "with_offer": [0.58, 0.3], "uplift": [-0.02, 0.1]}, ["old", "new"]
    )
    plots.with_and_without(table)
    [axes] = drawn
    assert [place for place, *_ in dots(axes)] == [0.6, 0.58, 0.2, 0.3]
    assert stripes(axes) == [(0.6, 0.58), (0.2, 0.3)]
    assert "−2 of 100" in written(axes) and "+10 of 100" in written(axes)
    assert title(axes) == "The offer moves these most: new"


def test_the_window_ends_before_its_last_midnight(drawn):
    dates = ["2024-01-05", "2024-03-01", "2024-01-20", "2024-01-20", "2024-02-10", "2024-02-25"]
    dates += ["2024-03-10", "2024-02-01", "2024-04-01"]
    few = data.miniature().assign(transaction_date=pd.to_datetime(dates))
    plots.before_and_after(few, "2024-03-01", 31)
    [axes] = drawn
    assert written(axes)[:4] == ["came back", "stayed away", "came back", "stayed away"]
    away = audiences.stayed_away(few, "2024-03-01", 31)
    assert [told == "stayed away" for told in written(axes)[:4]] == away.tolist()
    assert len(dots(axes)) == 9
    before = [place for place, _, colour in dots(axes) if colour == to_hex(colours.PERSONAL)]
    assert max(before) < 0
    no_overlap(axes)


def test_pairs_stand_beside_a_coin(drawn):
    judged = pd.DataFrame(
        {"auc": [0.79, 0.82], "auc_low": [0.77, 0.8], "auc_high": [0.8, 0.84]}, ["rule", "model"]
    )
    plots.pairs_in_order(judged)
    [axes] = drawn
    assert [place for place, *_ in dots(axes)] == pytest.approx([79, 82])
    assert any(list(line.get_xdata()) == [50, 50] for line in axes.lines)
    assert title(axes) == "Of 100 pairs, the model orders 82 right, the plain rule 79"
    no_overlap(axes)


def test_a_hundred_offers_are_billed(drawn):
    plots.hundred_offers(0.6, 0.05, 16, 4, 0.04)
    [axes] = drawn
    squares = [to_hex(patch.get_facecolor()) for patch in axes.patches
               if isinstance(patch, Rectangle)]  # fmt: skip
    assert len(squares) == 100
    assert squares.count(to_hex(colours.PERSONAL)) == 3
    assert squares.count(to_hex(colours.INK)) == 2
    assert title(axes) == "A hundred offers earn 24"
    plots.hundred_offers(0.2, 0.05, 16, 4, 0.04)
    assert title(drawn[-1]) == "A hundred offers lose 8"


def test_percentages_that_miss_are_marked(drawn):
    groups = pd.DataFrame(
        {"predicted": [0.2, 0.5, 0.9], "happened": [0.21, 0.3, 0.7],
         "low": [0.15, 0.2, 0.6], "high": [0.3, 0.4, 0.8]}
    )  # fmt: skip
    plots.honest_percentages(groups, 0.3)
    [axes] = drawn
    assert [colour for *_, colour in dots(axes)] == [
        to_hex(colours.PERSONAL), to_hex(colours.WARNING), to_hex(colours.WARNING)
    ]  # fmt: skip
    assert title(axes).startswith("In 2 of 3 groups")
    assert any("30% on" in text for text in written(axes))
    for line in (np.nan, 1.2):  # no amounts, or nothing pays
        plots.honest_percentages(groups.iloc[:1], line)
        assert title(drawn[-1]) == "No group is surely off" and len(written(drawn[-1])) == 1
    # one group of several is luck, one of one is not: it was called honest, in red
    plots.honest_percentages(groups.iloc[:2], np.nan)
    assert title(drawn[-1]) == "1 of 2 groups is off, which luck can do"
    plots.honest_percentages(groups.iloc[2:], np.nan)
    assert title(drawn[-1]).startswith("In 1 of 1 groups")
    plots.honest_percentages(groups, 0.3)
    plots.honest_percentages(groups, 0.8)
    no_overlap(drawn[-1])


def fifths(truth):
    return pd.DataFrame({"away": [0.3, 0.5, 0.7, 0.8, 0.9], "truth": truth})


def test_risk_stands_above_what_an_offer_wins(drawn):
    plots.risk_and_gain(fifths([0.03, 0.04, 0.02, 0.01, 0.001]))
    above = drawn[0]
    below = above.figure.axes[1]
    assert [bar.get_height() for bar in above.patches] == [0.3, 0.5, 0.7, 0.8, 0.9]
    assert [bar.get_height() for bar in below.patches] == pytest.approx([3, 4, 2, 1, 0.1])
    strong = [to_hex(bar.get_facecolor()) == to_hex(colours.PERSONAL) for bar in below.patches]
    assert strong == [False, True, False, False, False]
    assert title(above) == "Of 100 mailed, fifth 2 gains 4.0 buyers, the riskiest 0.1"
    no_overlap(below)
    plots.risk_and_gain(fifths([0.01, 0.01, 0.02, 0.03, 0.05]))
    assert title(drawn[-1]) == "The riskiest are the ones to mail"


def test_layers_are_coloured_by_what_is_sure(drawn):
    table = pd.DataFrame(
        {"more": [17, -5, 10, 59, 2, 0.0], "more_low": [15, -9, -4, 50, -16, -0.1],
         "more_high": [22, -3, 22, 72, 17, 0.1]},
        ["next product", "risk", "uplift, 1,000", "the truth", "uplift, on top",
         "next product, no tastes"],
    )  # fmt: skip
    plots.layers_beside(table)
    [axes] = drawn
    wanted = [colours.PERSONAL, colours.WARNING, colours.OTHER, colours.ORACLE, colours.OTHER,
              colours.CHANCE]  # fmt: skip
    assert [colour for *_, colour in dots(axes)] == list(map(to_hex, wanted))
    assert [place for place, *_ in dots(axes)] == [17, -5, 10, 59, 2, 0]
    told = written(axes)
    assert told[:6] == ["+17", "−5", "+10", "+59", "+2", "0"]
    assert "On top of risk × response" in told  # on top of a layer, not beside anybody
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[2] == names[4] == "uplift, from 1,000"
    assert "earns 5 less" in title(axes)
    no_overlap(axes)
    plots.layers_beside(table.assign(more=[17.0, 5, 10, 59, 2, 0]))
    assert "earns 5 more" in title(drawn[-1])


def test_heads_are_not_added(drawn):
    two = pd.DataFrame(
        {"offers": [900, 500], "bought_offers": [279, 55],
         "held_out": [100, 500], "bought_held_out": [30, 50]}, ["one", "two"]
    )  # fmt: skip
    plots.adding_up(two, audiences.add_mailings(two))
    [axes] = drawn
    ends = [place for place, *_ in dots(axes)]
    assert ends == pytest.approx([0.3, 0.31, 0.1, 0.11, 80 / 600, 334 / 1_400])
    assert written(axes)[-2:] == ["80/600 → 334/1,400", "+10.5"]
    assert title(axes) == "Each mailing: about +1 point. Heads added: +10.5"
    no_overlap(axes)


HOPES = ["what we hope for", "47% of it"]


def test_the_hope_stands_beside_what_it_takes(drawn):
    hopes = pd.DataFrame({"expected": [0.035, 0.016], "give_or_take": 0.03}, HOPES)
    plots.hope_beside_luck(hopes, 0.011)
    [axes] = drawn
    assert [place for place, *_ in dots(axes)] == pytest.approx([3.5, 1.6])
    assert [y for _, y, _ in dots(axes)] == [0, 1]  # each on a line of its own
    assert np.ravel(stripes(axes)) == pytest.approx([0.5, 6.5, -1.4, 4.6])
    [takes] = [line.get_xdata() for line in axes.lines if line.get_linestyle() == "--"]
    assert takes == pytest.approx([1.1, 1.1])
    assert title(axes) == "Even if we see all that we hope for, we can't tell"
    assert written(axes) == ["what we hope for: 3.5", "0.5", "6.5", "47% of it: 1.6", "−1.4",
                             "4.6", " it pays from 1.1 on "]  # fmt: skip
    no_overlap(axes)
    plots.hope_beside_luck(hopes.assign(expected=0.0346, give_or_take=0.0298), 0.011)
    assert written(drawn[-1])[1:3] == ["0.5", "6.5"]  # 3.5 − 3.0 and 3.5 + 3.0, not 6.4
    plots.hope_beside_luck(hopes.head(1), 0.011)  # as the lesson has it
    told = ["what we hope for: 3.5", "0.5", "6.5", " it pays from 1.1 on "]
    assert written(drawn[-1]) == told
    no_overlap(drawn[-1])


@pytest.mark.parametrize(
    ("expected", "luck", "takes", "finding"),
    [(0.035, 0.02, 0.011, "If we see all that we hope for, it surely pays"),
     (0.035, 0.0004, 0.011, "If we see all that we hope for, it surely pays"),
     (0.035, 0.024, 0.0111, "Even if we see all that we hope for, we can't tell"),
     (0.035, 0.02, np.nan, "If we see all that we hope for, it surely wins some"),
     (0.035, 0.04, np.nan, "Even if we see all that we hope for, we can't tell"),
     (0.01, 0.001, 0.02, "We hope for no more than it takes"),
     (0.02, 0.9, 1.5, "We hope for no more than it takes")],
)  # fmt: skip
def test_a_hope_is_judged_by_its_low_end(drawn, expected, luck, takes, finding):
    """In large shops, in one without amounts, in one of three customers, and at a loss."""
    hopes = pd.DataFrame({"expected": [expected, expected / 2], "give_or_take": luck}, HOPES)
    plots.hope_beside_luck(hopes, takes)
    [axes] = drawn
    assert title(axes) == finding
    [line] = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    assert line == pytest.approx(0 if np.isnan(takes) else 100 * takes)
    low, high = axes.get_xlim()
    assert all(low < place < high for place in [line, *np.ravel(stripes(axes))])
    assert ("no change: 0" in written(axes)[-1]) == np.isnan(takes)
    no_overlap(axes)


@pytest.mark.parametrize(
    ("n", "finding"),
    [(2_000, "One mailing probably won't show what we expect"),
     (4_000, "One mailing can show what we expect, with"),
     (40_000, "One mailing can show what we expect")],
)  # fmt: skip
def test_a_holdout_is_shown_beside_what_is_expected(drawn, n, finding):
    plan = audiences.holdout_plan(n, 0.8, 0.05, [0.05, 0.1, 0.3, 0.5, 0.7, 0.95])
    plots.holdout_sizes(plan, 0.1)
    [axes] = drawn
    assert title(axes).startswith(finding)
    assert ("with" in title(axes)) == (n == 4_000)
    places = {x: y for x, y, _ in dots(axes)}
    assert places[0.1] == pytest.approx(100 * plan.loc[0.1, "visible"])
    assert min(places.values()) == pytest.approx(100 * plan["visible"].min())
    assert "expected, at most: 4.0" in written(axes)
    no_overlap(axes)


def test_groups_that_get_few_are_marked(drawn):
    table = pd.DataFrame({"customers": [10, 30], "share": [0.1, 0.9]}, ["loyal", "silent, long"])
    plots.who_gets_one(table)
    [axes] = drawn
    assert [bar.get_width() for bar in axes.patches] == [0.1, 0.9]
    colour = [to_hex(bar.get_facecolor()) for bar in axes.patches]
    assert colour == [to_hex(colours.WARNING), to_hex(colours.PERSONAL)]
    assert "all: 70%" in written(axes)
    assert title(axes) == "On the list: 10% of “loyal”, 90% of “silent, long”"
    plots.who_gets_one(table.assign(share=0.0))  # nobody agreed
    assert title(drawn[-1]) == "On the list: 0% of every segment"
