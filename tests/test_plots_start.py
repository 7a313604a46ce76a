"""Lesson 00's figures show what their tables say, on odd shops, too."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import colours, data, plots
from helpers.course import start
from helpers.matrix import build_interaction_matrix
from helpers.plots.start import few_dates


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were drawn: axes and text alternative."""
    figures = []
    monkeypatch.setattr(
        plots.style, "show", lambda figure, alt: figures.append((figure.axes[0], alt))
    )
    return figures


def words(axes):
    return " ".join(text.get_text() for text in axes.texts).replace("\n", " ")


def test_the_flow_has_both_tables_and_the_fallback(drawn):
    plots.tables_to_list(1_234, 567, n=3)
    plots.tables_to_list(1_234, None)
    both, alone = (words(axes) for axes, _ in drawn)
    assert "1,234 rows" in both and "567 rows" in both and "3 products" in both
    assert "best sellers" in both and "not in these files" not in both
    assert "not in these files" in alone and "1,234 rows" in alone
    # arrows: two tables to the engine, the engine to two lists
    assert [len([t for t in axes.texts if hasattr(t, "arrow_patch") and t.arrow_patch])
            for axes, _ in drawn] == [4, 4]  # fmt: skip


def trail(n_before, n_after, listed=(), popular=()):
    days = pd.date_range("2024-01-01", periods=n_before + n_after, freq="D")
    ids = [f"P{place}" for place in range(n_before + n_after)]
    table = pd.DataFrame({"day": days, "hidden": np.arange(len(days)) >= n_before}, ids)
    table[start.OURS] = table.index.isin(listed)
    table[start.BEST_SELLERS] = table.index.isin(popular)
    return table


def hidden_weeks(table, names=None, customer="C1"):
    cut = table.loc[table["hidden"], "day"].min()
    names = pd.Series(table.index, table.index) if names is None else names
    plots.hidden_weeks(table, cut, names, customer, table["day"].max() + pd.Timedelta(days=3))


def dots(axes):
    """Per list, the names beside its dots."""
    labels = [label.get_text() for label in axes.get_yticklabels()]
    return {
        line.get_label(): [labels[int(place)] for place in line.get_ydata()]
        for line in axes.lines
        if line.get_label() in (start.OURS, start.BEST_SELLERS)
    }


def test_what_came_true_is_marked_beside_its_product(drawn):
    hidden_weeks(trail(2, 3, listed=["P3", "P4"], popular=["P3"]))
    [(axes, alt)] = drawn
    assert [label.get_text() for label in axes.get_yticklabels()] == ["P0", "P1", "P2", "P3", "P4"]
    assert dots(axes) == {start.OURS: ["P3", "P4"], start.BEST_SELLERS: ["P3"]}
    assert "3 new products" in alt and "our engine listed 2, best sellers listed 1" in alt
    assert words(axes).count("–") == 3, "what no list had"
    marked = [to_hex(line.get_color()) for line in axes.lines if line.get_label() == start.OURS]
    assert marked == [to_hex(colours.PERSONAL)]


def test_a_long_trail_is_cut_and_says_so_and_keeps_what_came_true(drawn):
    hidden_weeks(trail(50, 40, listed=["P89", "P60"]), customer="a customer of a very long name")
    [(axes, alt)] = drawn
    assert dots(axes)[start.OURS] == ["P60", "P89"]
    assert "44 products bought earlier" in axes.get_xlabel()
    assert "28 bought later" in axes.get_xlabel()
    assert "40 new products" in alt


def test_dates_find_their_steps_whatever_time_they_span():
    end = pd.Timestamp("2024-12-31")
    axis = plt.figure().add_subplot().xaxis
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for days in range(2, 1_500):
            locator = few_dates()
            locator.set_axis(axis)
            ticks = locator.tick_values(end - pd.Timedelta(days=days), end)
            assert 1 <= len(ticks) <= 6, days
    plt.close("all")


def test_one_product_bought_earlier_is_not_products(drawn):
    hidden_weeks(trail(7, 1))
    assert "not drawn: 1 product bought earlier" in drawn[0][0].get_xlabel()


def test_names_in_a_trail_may_be_long_or_the_same(drawn):
    table = trail(1, 2, listed=["P2"])
    hidden_weeks(table, pd.Series("$5 mug " * 20, table.index))
    [(axes, _)] = drawn
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert len(labels) == 3 and all(len(label) <= 26 for label in labels)


@pytest.mark.parametrize(
    ("places", "wanted", "candidates", "with_a_hit"),
    [
        (5, 3, 51, 27),
        (5, 3, 50, 28),
        (5, 2, 25, 37),
        (5, 1, 19_000, 0),
        (2, 2, 2, 100),
        (9, 2, 3_506, 1),
        (5, 0, 9, 0),
    ],
)
def test_a_hundred_lists_drawn_by_dice(drawn, places, wanted, candidates, with_a_hit):
    by_chance = start.chance_of_hits(places, wanted, candidates)
    plots.lists_by_dice(by_chance, places)
    [(axes, alt)] = drawn
    assert len(axes.lines) == 100
    filled = [line for line in axes.lines if line.get_color() != "white"]
    assert len(filled) == len(axes.texts) == with_a_hit
    expected = 100 * (by_chance.index * by_chance).sum()
    found = sum(int(text.get_text()) for text in axes.texts)
    assert abs(found - expected) < 2
    title = axes.get_title(loc="left").replace("\n", " ")
    shown = {0: "hardly one has", 1: "about 1 has"}.get(with_a_hit, f"about {with_a_hit} have")
    assert shown in title and shown in alt
    assert bool(axes.get_xlabel()) == (with_a_hit > 0), "what stands in a dot"


def who(ours, best_sellers, dice):
    hits = pd.DataFrame({start.OURS: ours, start.BEST_SELLERS: best_sellers})
    return start.share_with_a_hit(hits, pd.DataFrame({0: dice, 1: [1 - none for none in dice]}))


def dots_by_colour(axes):
    """List by list: empty dots, and filled ones, which have their list's colour."""
    pairs = list(zip(axes.lines[::2], axes.lines[1::2], strict=True))
    filled = [to_hex(each.get_color()) for _, each in pairs]
    assert filled == [to_hex(each) for each in (colours.PERSONAL, colours.POPULAR, colours.CHANCE)]
    return [tuple(len(each.get_xdata()) for each in pair) for pair in pairs]


def test_who_finds_something_is_what_the_table_says(drawn):
    table = who([0, 1, 2, 0], [0, 0, 1, 0], [0.8, 0.9, 1, 0.9])
    plots.who_finds_something(table, 4)
    [(axes, alt)] = drawn
    assert dots_by_colour(axes) == [(2, 2), (3, 1), (4, 0)]
    assert "2 of 4 our engine 1 of 4 best sellers (last 30 days) about 0.4 of 4" in words(axes)
    assert "2 of 4 find a later purchase in our list, 1 in the best sellers" in alt
    assert "about 0.4 of 4" in alt
    assert axes.get_xlabel() == "of 4 customers who came back (a dot: one of them)"


def test_a_single_judged_customer_is_called_so(drawn):
    plots.who_finds_something(who([1], [0], [0.9]), 1)
    [(_, alt)] = drawn
    assert "Of the one customer, 1 finds a later purchase in our list" in alt


def test_of_many_it_says_how_many_of_a_hundred(drawn):
    plots.who_finds_something(who([1] * 54 + [0] * 46, [1] * 31 + [0] * 69, [0.8] * 100), 100)
    [(axes, alt)] = drawn
    assert "54 of 100 find a later purchase in our list, 31 in the best sellers" in alt
    assert dots_by_colour(axes) == [(46, 54), (69, 31), (80, 20)]
    empty, filled = axes.lines[:2]
    assert filled.get_ydata().max() <= empty.get_ydata().min(), "filled from the bottom up"
    assert len({*zip(*filled.get_data(), strict=True), *zip(*empty.get_data(), strict=True)}) == 100


def test_the_dots_are_as_many_as_the_number_above_them_says(drawn):
    table = pd.DataFrame({"share": {"our engine": 0.546, "best sellers": 0.307, "dice": 0.199}})
    plots.who_finds_something(table, 1_000)
    [(axes, alt)] = drawn
    assert [len(line.get_xdata()) for line in axes.lines[1::2]] == [55, 31, 20]
    assert "55 of 100 find a later purchase in our list, 31 in the best sellers" in alt


def test_leads_are_drawn_against_nothing_and_the_bar(drawn):
    plots.leads({"promising": (8, 12), "too small": (1, 3), "they win": (-9, -2)}, line=6)
    [(axes, alt)] = drawn
    ranges = [tuple(line.get_xdata()) for line in axes.lines if line.get_linewidth() == 5]
    assert ranges == [(8, 12), (1, 3), (-9, -2)]
    middles = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert middles == [10, 2, -5.5]
    assert (
        words(axes) == "no lead line"
        and "8 to 12: promising" in alt
        and "\u22129 to \u22122" in alt
    )
    colour = [to_hex(line.get_color()) for line in axes.lines if line.get_marker() == "o"]
    assert colour == [to_hex(each) for each in (colours.PERSONAL, colours.CHANCE, colours.POPULAR)]


def test_leads_by_luck_are_as_many_as_their_chances(drawn):
    """As the lesson's fold says it: two clear ones on each side, so about one of fifty wins."""
    tosses = np.random.default_rng(0).binomial(100, 0.5, 100_000)
    plots.leads_by_luck(10)
    [(axes, alt)] = drawn
    stacks = {
        int(line.get_xdata()[0]): (len(line.get_ydata()), line.get_color())
        for line in axes.lines
        if line.get_marker() == "o" and len(line.get_xdata())
    }
    counts = pd.Series({lead: count for lead, (count, _) in stacks.items()})
    assert counts.sum() == 100
    often = pd.Series(2 * tosses - 100).value_counts(normalize=True).mul(100)
    assert (often.reindex(range(-40, 42, 2), fill_value=0) - counts).abs().max() <= 1
    either_way = counts.groupby(abs(counts.index)).sum()
    assert either_way.loc[10:].sum() == 37 and either_way.loc[21:].sum() == 4
    assert counts.loc[21:].sum() == counts.sort_index().loc[:-21].sum() == 2
    assert all((abs(lead) > 20) == (colour != "white") for lead, (_, colour) in stacks.items())
    title = axes.get_title(loc="left").replace("\n", " ")
    assert title == "By luck alone, 37 of 100 leads are 10 or more either way, and 4 beyond 20"
    assert title in alt and "\u221224 on 1" in alt and "0 on 8" in alt


def test_the_puzzle_asks_for_what_the_customer_does_not_own(drawn):
    small = build_interaction_matrix(data.miniature()).to_frame().astype(int)
    plots.puzzle(small, "customer 4")
    [(axes, alt)] = drawn
    large = [line for line in axes.lines if line.get_markersize() > 10]
    bought = {(int(line.get_ydata()[0]), int(line.get_xdata()[0])) for line in large}
    assert bought == set(zip(*map(list, np.nonzero(small.to_numpy())), strict=True))
    asked = [text.get_position() for text in axes.texts if text.get_text() == "?"]
    assert asked == [(1, 3), (3, 3)]
    assert "B or D?" in alt and "customer 3 bought B, C, D" in alt
