"""Lesson 05a's figures show what their tables say, on odd shops, too."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyBboxPatch, Rectangle

from helpers import colours, evaluate, plots
from helpers.recommend import MostPopular, Random, ladder
from helpers.telling import percent
from tests.figures import title


@pytest.fixture
def drawn(monkeypatch):
    """Figures that were drawn, with their alt texts."""
    figures = []
    monkeypatch.setattr(plots.style, "show", lambda figure, alt: figures.append((figure, alt)))
    return figures


def texts(axes):
    return [text.get_text() for text in axes.texts]


def colour(artist):
    return to_hex(artist.get_facecolor()).upper()


def shop(n_customers=60, n_products=12, seed=0):
    rng = np.random.default_rng(seed)
    n_rows = 8 * n_customers
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, n_customers, n_rows).astype(str),
            "product_id": rng.integers(0, n_products, n_rows).astype(str),
            "transaction_date": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 200, n_rows), unit="D"),
        }
    )


@pytest.mark.parametrize(
    ("dice", "finding"),
    [
        ([1.0, 0.9], "The dice win at coverage and at personalization"),
        ([0.5, 0.9], "The dice win at personalization"),
        ([0.5, 0.5], "The dice are not even last"),
        ([0.1, 0.5], "The dice score as well, without knowing anything"),
    ],
)
def test_variety_says_what_the_dice_win(drawn, dice, finding):
    table = pd.DataFrame(
        [[0.9, 0.8], [0.4, 0.2], dice],
        ["item_based", "most_popular", "random"],
        ["coverage", "personalization"],
    )
    plots.variety(table)
    [(figure, alt)] = drawn
    assert figure.get_suptitle() == finding and finding in alt
    for axes, name in zip(figure.axes, table, strict=True):
        assert [bar.get_width() for bar in axes.patches] == table[name].tolist()
        assert [colour(bar) for bar in axes.patches] == [
            colours.PERSONAL, colours.POPULAR, colours.CHANCE
        ]  # fmt: skip
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "compares products", "best sellers", "dice"
    ]  # fmt: skip


@pytest.mark.parametrize("test_days", [10, 60, 120])
def test_the_time_line_has_every_purchase_once_and_turns_at_the_cut(drawn, test_days):
    bought = shop()
    split = evaluate.split_by_time(bought, test_days=test_days)
    timeline = evaluate.timeline(split)
    plots.time_split(timeline)
    [(figure, _)] = drawn
    [axes] = figure.axes
    assert timeline["purchases"].sum() == len(bought)
    starts = pd.Timestamp("1970-01-01") + pd.to_timedelta(
        [bar.get_x() for bar in axes.patches], unit="D"
    )
    hidden = [colour(bar) == colours.WARNING for bar in axes.patches]
    assert (starts >= split.test_start).tolist() == hidden and any(hidden)
    heights = [bar.get_height() for bar in axes.patches]
    assert np.allclose(heights, timeline["purchases"] / timeline["days"])
    has_validation = "validation" in set(timeline["part"])
    assert has_validation == (test_days < 100)
    assert ("validation: choose" in texts(axes)) == has_validation
    share = len(split.test) / len(bought)
    assert title(axes).endswith(f": {percent(share)} of the purchases")


def test_hits_are_filled_in(drawn):
    shown = {"customer 1": ["A", "B"], "customer 2": ["C", "D"]}
    plots.hits_on_lists(shown, {"customer 1": ["B"], "customer 2": ["E"]})
    [(figure, _)] = drawn
    [axes] = figure.axes
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    assert [colour(box) == colours.INK for box in boxes] == [False, True, False, False]
    assert title(axes) == "1 of 2 customers found something"
    assert "later bought\nE" in texts(axes)


@pytest.mark.parametrize(
    ("n_products", "owned", "k"), [(53, 4.9, 5), (3, 0, 2), (300, 40, 10), (10, 2.1, 10), (4, 4, 5)]
)
def test_as_many_squares_are_dark_as_there_are_places(drawn, n_products, owned, k):
    plots.chance_of_a_hit(n_products, owned, k)
    [(figure, _)] = drawn
    squares = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    had = min(round(owned), n_products - 1)
    colours_of = [colour(square) for square in squares]
    assert len(squares) == n_products and colours_of.count("#FFFFFF") == had
    dark = colours_of.count(colours.CHANCE)
    assert dark == min(k, n_products - had)
    assert title(figure.axes[0]).startswith(f"{dark} of the {n_products - had} products")


def test_chances_count_what_a_judge_could_still_buy():
    """By hand: 1 owns two of three; after the cut comes a third, and one new in the shop."""
    rows = [(1, "A", 0), (1, "B", 0), (2, "C", 0), (1, "C", 90), (1, "D", 90), (2, "A", 90)]
    bought = pd.DataFrame(rows, columns=["customer_id", "product_id", "day"])
    bought["transaction_date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(bought["day"], "D")
    bought["customer_id"] = bought["customer_id"].astype(str)
    split = evaluate.split_by_time(bought, test_days=30)
    found = evaluate.chances(split, split.training()[0], 1)
    assert found == pytest.approx(
        {"products": 3, "owned": 1.5, "chance": 0.75, "all": False, "new": 1, "unseen": 1 / 3}
    )
    two = evaluate.chances(split, split.training()[0], 2)
    assert two["all"] and two["chance"] == 1


def test_who_is_judged_adds_up(drawn):
    split = evaluate.split_by_time(shop(), test_days=40)
    counts = evaluate.who_is_judged(split)
    plots.who_is_judged(counts)
    [(figure, _)] = drawn
    [axes] = figure.axes
    assert [bar.get_width() for bar in axes.patches] == counts.tolist()
    assert [colour(bar) == colours.PERSONAL for bar in axes.patches] == [True, False, False, False]
    assert title(axes).startswith(f"{counts.iloc[0]:,} of {counts.sum():,} ")


def results(rates):
    return pd.DataFrame({"hit_rate": rates.values()}, list(rates))


@pytest.mark.parametrize("scale", [1, 0.01, 0])
def test_hit_rates_stand_at_their_values(drawn, scale):
    rates = {"random": 0.2, "most_popular_30_days": 0.3, "user_based": 0.5, "item_based": 0.54}
    rates = {name: scale * rate for name, rate in rates.items()}
    plots.hit_rates(results(rates), "most_popular_30_days", 5)
    [(figure, alt)] = drawn
    [axes] = figure.axes
    assert [bar.get_width() for bar in axes.patches] == list(rates.values())
    assert alt.startswith("Hit rate of all methods")
    if scale == 1:
        assert title(axes) == (
            "Ours find something for 54% of the judges, best sellers for 30%, dice for 20%"
        )
        assert [text.strip() for text in texts(axes)] == ["20%", "30%", "50%", "54%"]


def test_groups_scatter_less_when_they_are_large_and_the_napkin_fits():
    scores = pd.Series(np.arange(1_000) % 2)
    groups = evaluate.groups_drawn(scores, [25, 100, 400])
    assert groups.shape == (20, 3) and groups.attrs["all"] == 0.5
    assert groups[25].std() > groups[100].std() > groups[400].std()
    many = evaluate.groups_drawn(scores, [100], 20_000)[100]
    assert 0.93 < ((many - 0.5).abs() <= 0.1).mean() < 0.98  # ± 1 / sqrt(100)
    assert groups.equals(evaluate.groups_drawn(scores, [25, 100, 400]))


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_groups_are_drawn_around_the_score_of_all(drawn, share):
    groups = evaluate.groups_drawn(pd.Series(np.arange(10) < 10 * share), [25, 100])
    plots.groups_of_customers(groups)
    [(figure, _)] = drawn
    [axes] = figure.axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    for size, line, band in zip(groups, dots, axes.patches, strict=True):
        assert sorted(line.get_xdata()) == sorted(groups[size])
        half = 2 * (share * (1 - share) / size) ** 0.5
        assert np.isclose(band.get_x(), max(share - half, 0))
        assert np.isclose(band.get_x() + band.get_width(), min(share + half, 1))
        assert len(set(zip(*line.get_data(), strict=True))) == len(groups)  # none hides another
    half = {0: "0", 0.5: "10", 1: "0"}[share]
    assert axes.get_yticklabels()[1].get_text() == f"100 customers\n± {half} points"


def test_half_the_width_is_claimed_only_of_groups_four_times_as_large(drawn):
    for sizes in ([25, 100, 400], [25, 100, 200]):
        plots.groups_of_customers(evaluate.groups_drawn(pd.Series([0.0, 1, 1]), sizes))
    claimed = [title(figure.axes[0]) for figure, _ in drawn]
    assert claimed[0] == "Four times the customers, half the ±"
    assert claimed[1].startswith("Groups of 25: ")


def test_four_boxes_hold_everyone_once(drawn):
    ours, theirs = pd.Series([1.0, 1, 1, 0, 0, 0, 0]), pd.Series([1.0, 0, 0, 1, 0, 0, 0])
    boxes = evaluate.agreement(ours, theirs)
    assert boxes == {"both": 1, "only_ours": 2, "only_theirs": 1, "neither": 3}
    plots.four_boxes(boxes, "best sellers ever")
    [(figure, _)] = drawn
    [axes] = figure.axes
    assert title(axes) == "3 of 7 customers decide; for the others it is a draw"
    words = texts(axes)
    for number, word in [("1", "both"), ("2", "only ours"), ("1", "only theirs"), ("3", "neither")]:
        assert words[words.index(word) - 1] == number
    faces = [colour(patch) for patch in axes.patches]
    assert faces[1:3] == [colours.PERSONAL, colours.POPULAR]


def found_by(correlated, n_customers=400):
    """Hit rates of a half and .45 by people who agree, or by some who don't."""
    rng = np.random.default_rng(1)
    easy = rng.random(n_customers)
    other = easy if correlated else rng.random(n_customers)
    lists = {"item_based": easy < 0.5, "user_based": other < 0.45, "random": easy < 0.2}
    return pd.DataFrame(lists).astype(float)


def test_the_same_people_are_tighter_the_more_they_agree():
    for correlated in (True, False):
        found = found_by(correlated)
        table = evaluate.side_by_side(found, "item_based")
        ours, theirs = found["item_based"], found["user_based"]
        row = table.loc["user_based"]
        assert np.isclose(row["difference"], (ours - theirs).mean())
        low, high = evaluate.interval(ours - theirs)
        assert np.isclose([row["low"], row["high"]], [low, high]).all()
        apart = 1.95996 * np.sqrt((ours.var() + theirs.var()) / len(found))
        assert np.isclose(row["apart_high"] - row["difference"], apart, rtol=1e-4)
        ratio = (high - low) / (row["apart_high"] - row["apart_low"])
        assert ratio < 0.5 if correlated else 0.9 < ratio < 1.1
    assert np.isnan(evaluate.side_by_side(found.head(1), "item_based")["apart_low"]).all()


def test_the_napkin_of_disagreeing_customers_is_the_paired_interval():
    found = found_by(correlated=False)
    ours, theirs = found["item_based"], found["user_based"]
    boxes, n_customers = evaluate.agreement(ours, theirs), len(found)
    decide = boxes["only_ours"] + boxes["only_theirs"]
    exact = evaluate.difference_of(ours, theirs)
    assert np.isclose(
        exact["difference"], (boxes["only_ours"] - boxes["only_theirs"]) / n_customers
    )
    half = (exact["high"] - exact["low"]) / 2
    assert half < 2 * decide**0.5 / n_customers < 1.05 * half


def test_lists_that_please_different_people_have_the_wider_paired_interval():
    found = pd.DataFrame({"item_based": [1.0, 0] * 100, "user_based": [0, 1.0] * 100})
    row = evaluate.side_by_side(found, "item_based").loc["user_based"]
    assert row["high"] - row["low"] > 1.3 * (row["apart_high"] - row["apart_low"])


def test_same_or_different_draws_both_intervals(drawn):
    table = evaluate.side_by_side(found_by(correlated=True), "item_based")
    plots.same_or_different(table)
    [(figure, _)] = drawn
    [axes] = figure.axes
    lines = axes.lines[:-1]  # the last is zero
    assert np.allclose(
        [line.get_xdata() for line in lines[::3]], table[["apart_low", "apart_high"]]
    )
    assert np.allclose([line.get_xdata() for line in lines[1::3]], table[["low", "high"]])
    assert np.allclose([line.get_xdata()[0] for line in lines[2::3]], table["difference"])
    same, apart = plots.clear_differences(table)
    assert (same, apart) == (["user_based", "random"], ["random"])
    assert title(axes) == "Only the same judges tell ours from people like you"
    ends = table[["low", "high", "apart_low", "apart_high"]].stack()
    told = [end.replace("−", "-") for text in texts(axes)[:-2] for end in text.split(" to ")]
    assert np.allclose([float(end) for end in told], 100 * ends, atol=0.051)


def judged(both, only_ours, only_theirs, neither):
    """Hit rates of two lists, from the four boxes."""
    boxes = [(1, 1)] * both + [(1, 0)] * only_ours + [(0, 1)] * only_theirs + [(0, 0)] * neither
    ours, theirs = np.array(boxes, float).T
    return pd.Series(ours), pd.Series(theirs)


@pytest.mark.parametrize(
    ("boxes", "answer"),
    [
        ((40, 22, 14, 124), evaluate.NOT_KNOWN),  # 4 ± 6: zero is in it
        ((400, 220, 140, 1_240), evaluate.BETTER),  # 4 ± 1.9
        ((400, 140, 220, 1_240), evaluate.WORSE),
        ((0, 60, 0, 39), evaluate.NOT_KNOWN),  # fewer than a hundred judges
        ((0, 60, 0, 40), evaluate.BETTER),
        ((50, 19, 0, 100), evaluate.NOT_KNOWN),  # fewer than 20 decide
        ((50, 20, 0, 100), evaluate.BETTER),
        ((100, 0, 0, 100), evaluate.NOT_KNOWN),
        ((0, 1, 0, 0), evaluate.NOT_KNOWN),
    ],
)
def test_the_rule_has_three_answers(boxes, answer):
    assert evaluate.is_better(*judged(*boxes)) == answer


def test_too_few_to_compare_counts_who_found_something_in_one_list_only():
    """150 customers, 44 with a hit in ours: but only 16 of them decide (lesson 05b asks, too)."""
    pair = judged(30, 14, 2, 104)
    assert evaluate.too_few_to_compare(*pair) and evaluate.is_better(*pair) == evaluate.NOT_KNOWN
    assert not evaluate.too_few_to_compare(*judged(30, 18, 2, 100))
    assert evaluate.too_few_to_compare(*judged(30, 18, 2, 49))


def test_the_rule_is_drawn_with_the_answers_of_its_examples(drawn):
    examples = plots.better.example_intervals()
    assert set(plots.DECISIONS) == set(examples)
    for answer, (low, high) in examples.items():
        assert answer == (
            evaluate.BETTER if low > 0 else evaluate.WORSE if high < 0 else evaluate.NOT_KNOWN
        )
    plots.three_answers()
    [(figure, alt)] = drawn
    lines = [list(line.get_xdata()) for line in figure.axes[0].lines]
    assert lines == [*(list(interval) for interval in examples.values()), [0, 0]]
    assert "below zero: worse" in alt


def test_whoever_judges_both_lists_favours_neither(drawn):
    plots.two_judges()
    [(figure, alt)] = drawn
    [axes] = figure.axes
    boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
    hits = [colour(box) == colours.INK for box in boxes]
    assert hits == [True, False, False, False, True, True, False, False]
    assert texts(axes).count("not\nasked") == 2 and "twice a draw" in alt


def test_the_decision_stands_beside_zero_at_each_cut(drawn):
    ours = {"difference": 0.23, "low": 0.2, "high": 0.26}
    before = {"difference": -0.1, "low": -0.2, "high": 0.0}
    cuts = {"from 02 Nov 2024": ours, "from 03 Sep 2024": before}
    plots.gain_at_cuts(cuts, evaluate.BETTER, 0.03)
    missing = {"difference": 0.0, "low": np.nan, "high": np.nan}
    plots.gain_at_cuts({"now": missing}, evaluate.NOT_KNOWN, 0.03)
    [axes] = drawn[0][0].axes
    lines = [list(line.get_xdata()) for line in axes.lines]
    assert [lines[0], lines[2], lines[4]] == [[0.2, 0.26], [-0.2, 0.0], [0, 0]]
    assert (lines[1][0], lines[3][0]) == (0.23, -0.1)
    assert lines[5][0] == 0.03 and "the line: 3" in [word.strip() for word in texts(axes)]
    for figure, _ in drawn:  # seen, whatever the gain
        low, high = figure.axes[0].get_xlim()
        assert low < 0.03 < high
    assert title(axes) == "By the rule, better: if it pays, on to 05b"
    assert title(drawn[1][0].axes[0]) == "By the rule, can't tell: more weeks"
    plots.gain_at_cuts({"now": before}, evaluate.NOT_KNOWN, 0.03, "a third cut")
    assert title(drawn[2][0].axes[0]) == "By the rule, can't tell: a third cut"


def test_the_second_look_sees_only_the_past():
    split = evaluate.split_by_time(shop(n_customers=150), test_days=40)
    look = evaluate.second_look(split, 3)
    past = evaluate.validation_split(split)
    assert look["cut"] == past.test_start == split.test_start - pd.Timedelta(days=40)
    ours = evaluate.choose_item_based(past, 3)
    methods = {"item_based": ours} | {
        f"most_popular_{days}": MostPopular(days) for days in (None, 30, 7)
    }
    table, scores, _ = evaluate.judge(methods, past, 3)
    theirs = scores[evaluate.best_of(table)]["hit_rate"]
    ours = ladder(ours, methods[evaluate.best_of(table)])  # as on the page
    ours = evaluate.judge({"ours": ours}, past, 3)[1]["ours"]["hit_rate"]
    gain = evaluate.difference_of(ours, theirs)
    assert {name: look[name] for name in gain} == gain and look["customers"] == len(theirs)
    assert look["trend_days"] == evaluate.choose_item_based(past, 3).trend_days
    assert look["chosen"] is evaluate.can_choose(past) is True
    short = evaluate.split_by_time(shop(), test_days=120)
    assert not evaluate.can_choose(short)
    assert evaluate.second_look(short, 3) is None


def test_places_filled_are_counted_for_all_judges():
    lists = pd.DataFrame({"customer_id": ["1", "1", "2"], "rank": [1, 2, 1]})
    assert evaluate.filled(lists, 3, 2) == 1


def test_judge_is_compare_and_what_it_rests_on():
    split = evaluate.split_by_time(shop(), test_days=40)
    methods = {"most_popular": MostPopular(), "random": Random()}
    table, scores, lists = evaluate.judge(methods, split, 3)
    pd.testing.assert_frame_equal(table, evaluate.compare(methods, split, 3))
    for name in methods:
        assert np.isclose(scores[name]["hit_rate"].mean(), table.loc[name, "hit_rate"])
        assert set(lists[name]["customer_id"]) == set(scores[name].index)
    paired = evaluate.paired_difference(*methods.values(), split, "hit_rate", 3)
    by_scores = evaluate.difference_of(*(scores[name]["hit_rate"] for name in methods))
    assert paired == by_scores


def test_list_lengths_are_drawn_as_the_metrics_count_them(drawn):
    rng = np.random.default_rng(0)
    hits = {name: rng.random((people, 12)) < chance  # dice may be rolled several times
            for name, chance, people in [("ours", 0.2, 50), ("best sellers", 0.1, 50),
                                         ("dice", 0.05, 150)]}  # fmt: skip
    plots.list_lengths(hits, 5)
    plots.list_lengths({name: each[:, :1] for name, each in hits.items()}, 5)
    [(figure, alt)] = drawn
    for axes, metric in zip(figure.axes, (evaluate.hit_rate, evaluate.precision), strict=True):
        for line, each in zip(axes.lines, hits.values(), strict=False):
            people = np.ones(len(each))
            means = [metric(each[:, :k], people).mean() for k in line.get_xdata()]
            assert line.get_ydata() == pytest.approx(means)
    reach = percent(evaluate.hit_rate(hits["dice"], np.ones(150)).mean())
    assert f"to {reach}" in alt
    ours, dice = (percent(hits[name][:, 0].mean()) for name in ("ours", "dice"))
    assert figure.get_suptitle() == f"With one place, ours reach {ours}, dice {dice}"
