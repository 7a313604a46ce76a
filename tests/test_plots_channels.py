"""Figures of lesson 07 show what their tables say, on odd shops, too."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import channels, colours, data, plots
from helpers.matrix import build_interaction_matrix
from tests.figures import dots, no_overlap, title, written


def test_holes_are_where_the_table_says(figures):
    table = pd.DataFrame({"no reserve": [0, 0.3, 0.5], "reserve": [0, 0, 0.1]})
    table.attrs = {"n": 5, "reserve": 3}
    plots.holes(table)
    [axes] = figures[0].axes
    curves = {to_hex(line.get_color()): line.get_ydata().tolist() for line in axes.lines}
    assert curves[to_hex(colours.INK)] == table["no reserve"].tolist()
    assert curves[to_hex(colours.PERSONAL)] == table["reserve"].tolist()
    assert "30% of the rows" in title(axes)


def test_each_place_is_named(figures):
    plots.four_places()
    [axes] = figures[0].axes
    assert {called for called, _ in channels.CHANNELS.values()} <= set(written(axes))
    no_overlap(axes)


@pytest.mark.parametrize(("one", "other"), [("A", "C"), ("D", "C"), ("C", "D")])
def test_three_numbers_count_the_people_who_are_filled(figures, one, other):
    bought = build_interaction_matrix(data.miniature()).to_frame()
    plots.three_numbers(bought, one, other)
    filled = [[to_hex(line.get_markerfacecolor()) != "#ffffff" for line in axes.lines]
              for axes in figures[0].axes]  # fmt: skip
    support, confidence, lift = (each.get_title(loc="center") for each in figures[0].axes)
    assert f"{np.mean(filled[0]):.2f}" in support
    assert f"{np.mean(filled[1]):.2f}" in confidence
    buyers = int(bought[one].sum())
    value = np.mean(filled[2][:buyers]) / np.mean(filled[2][buyers:])
    assert f"{value:.2f}" in lift
    # what the title says of chance: so many of the one's buyers would have bought the other
    by_chance = bought[one].sum() * bought[other].mean()
    assert f"= {by_chance:g} common buyers" in figures[0].get_supxlabel()


@pytest.mark.parametrize("later", [[3.0, 3.5, 2.5], [12.0, 8.0, 4.0], [0.0, 0.0, 0.0]])
def test_lifts_melt_from_their_early_to_their_later_value(figures, later):
    pairs = list(zip([12.0, 9.0, 6.0], later, strict=True))
    melted = pd.DataFrame({"lift": [9.0], "lift_later": [np.mean(later)], "pairs": 771}, [1])
    melted.attrs["each"] = {1: pairs}
    plots.lift_melts(melted, 1.4)
    [axes] = figures[0].axes
    lines = [tuple(line.get_ydata()) for line in axes.lines if list(line.get_xdata()) == [0, 1]
             and line.get_marker() == "o"]  # fmt: skip
    assert lines == [*pairs, (9.0, np.mean(later))], "the mean is drawn last, on the others"
    assert f"3 highest of 771 early lifts: 9.0 became {np.mean(later):.1f}" in title(axes)
    assert any(list(line.get_ydata()) == [1.4, 1.4] for line in axes.lines)
    low, high = axes.get_ylim()
    assert low < min(0, *later) and high > 12
    no_overlap(axes)


def test_two_kinds_of_pairs_stand_beside_what_chance_gives(figures):
    plots.instead_or_together()
    [axes] = figures[0].axes
    told = [text.split(": ") for text in written(axes) if ": " in text]
    assert [bar.get_width() for bar in axes.patches] == [int(both) for both, _ in told]
    assert told[0] == ["4", "instead of each other"]
    assert list(axes.lines[0].get_xdata()) == [20, 20]
    no_overlap(axes)


def test_a_category_is_marked_only_if_all_of_its_interval_is_below(figures):
    rows = {"kettles": [0.5, 0.4, 0.6], "pans": [1.2, 0.9, 1.6], "$a$": [2.5, 2.1, 2.9]}
    within = pd.DataFrame.from_dict(rows, "index", columns=["times_chance", "low", "high"])
    within.attrs["usual"] = 1.4
    plots.inside_categories(within)
    [axes] = figures[0].axes
    assert dots(axes) == [(0.5, 0, to_hex(colours.WARNING)), (1.2, 1, to_hex(colours.INK)),
                          (2.5, 2, to_hex(colours.PERSONAL))]  # fmt: skip
    assert "clearly less in 1 of 3 categories, more in 1" in title(axes)
    assert channels.one_is_enough(within) == ["kettles"]


def prices():
    rows = {0: [0, 0, 0, 0, 0, 0], 0.1: [-0.01, -0.03, 0.01, 0.06, 0.03, 0.09],
            np.inf: [-0.4, -0.5, -0.3, 0.1, 0.01, 0.2]}  # fmt: skip
    names = [f"{what}_{part}" for what in ("hits", "worth") for part in ("change", "low", "high")]
    return pd.DataFrame.from_dict(rows, "index", columns=names)


def test_a_tie_break_has_both_of_its_prices(figures):
    table = prices()
    chosen = channels.affordable_tolerance(table)
    assert chosen == 0.1
    plots.tie_break(table, chosen)
    plots.tie_break(table, None)
    [axes] = figures[0].axes
    drawn = {to_hex(line.get_color()): list(line.get_xdata()) for line in axes.lines
             if line.get_marker() == "o"}  # fmt: skip
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "0%\nwide", "10%\nwide", "value\nalone"
    ]  # fmt: skip
    assert "By value alone: hits -40.0%" in figures[1].alt
    # a loss that would press all others together is named at the edge
    assert drawn[to_hex(colours.PERSONAL)] == [0, -0.01]
    assert drawn[to_hex(colours.INK)] == table["worth_change"].tolist()
    [edge] = [line for line in axes.lines if line.get_marker() == "<"]
    assert edge.get_color() == colours.PERSONAL and -0.2 < edge.get_xdata()[0] < -0.1
    assert "hits -40.0%" in written(axes)
    no_overlap(axes)
    assert title(axes) == "A tie-break of 10%: hits -1.0%, their value +6.0%"
    assert title(figures[1].axes[0]).startswith("No tie-break")


@pytest.mark.parametrize("n", [2, 5, 10])
def test_the_last_place_is_the_marked_one(figures, n):
    hits = np.linspace(20, 8, n)
    table = pd.DataFrame({"hits": hits, "low": hits - 2, "high": hits + 2}, range(1, n + 1))
    table.attrs = {"chance": 4.6, "customers": 100}
    plots.place_values(table)
    [axes] = figures[0].axes
    assert [bar.get_height() for bar in axes.patches] == hits.tolist()
    marked = [to_hex(bar.get_facecolor()) == to_hex(colours.INK) for bar in axes.patches]
    assert marked == [place == n - 1 for place in range(n)]
    assert f"{hits[-1] / hits.sum():.0%}" in title(axes) or n == 10


@pytest.mark.parametrize("shares", [{"its buyers": 0.63, "all others": 0.096}, {"its buyers": 0}])
def test_rows_that_changed_are_as_long_as_their_shares(figures, shares):
    plots.rows_that_changed(shares)
    [axes] = figures[0].axes
    assert [bar.get_width() for bar in axes.patches] == [*shares.values()]
    assert f"{shares['its buyers']:.0%} of its buyers get another row" in title(axes)
    no_overlap(axes)


def test_the_names_of_the_taps_stand_clear_of_each_other(figures):
    plots.three_taps()
    [axes] = figures[0].axes
    no_overlap(axes)
    taps = {"input:\nopen", "output:\nclosed", "reason: closed"}
    assert taps <= {text.get_text() for text in axes.texts}
