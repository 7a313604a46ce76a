"""Lesson 04's figures say what their tables say."""

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from helpers import colours, data, plots
from helpers.matrix import build_interaction_matrix
from helpers.similarity import product_similarity
from tests.figures import title


@pytest.fixture
def drawn(monkeypatch):
    """Figures that were drawn, with their text alternatives."""
    found = []
    monkeypatch.setattr(plots.style, "show", lambda figure, alt: found.append((figure, alt)))
    return found


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def widths(axes):
    return [bar.get_width() for bar in axes.patches]


def test_a_score_is_the_sum_of_its_arrows(drawn):
    similar = product_similarity(build_interaction_matrix(data.miniature())).to_frame()
    plots.score_drawing(similar.loc[["B", "D"], ["A", "C"]])
    [(figure, alt)] = drawn
    [axes] = figure.axes
    assert "0.41 + 0.41 = 0.82" in texts(axes) and "0.00 + 0.58 = 0.58" in texts(axes)
    assert title(axes) == "Whoever owns A and C sees B first"
    arrows = [text.arrow_patch for text in axes.texts if getattr(text, "arrow_patch", None)]
    thickness = [arrow.get_linewidth() for arrow in arrows]
    assert np.argmax(thickness) == 3 and thickness[0] == pytest.approx(thickness[1])
    assert "B: 0.41 + 0.41 = 0.82" in alt


def test_strips_are_shares_and_name_the_largest(drawn):
    many = pd.Series(1 / 3_000, [f"P{n}" for n in range(3_000)])
    strips = {"with the bug": pd.Series({"Z": 0.9, "Y": 0.1}), "by score": many}
    plots.who_leads(strips, pd.Series({"Z": "$5 <b>", "Y": "Pan", "P0": "x" * 90}))
    [(figure, alt)] = drawn
    [axes] = figure.axes
    assert widths(axes)[:2] == pytest.approx([0.9, 0.1])
    assert sum(widths(axes)[3:]) == pytest.approx(1)
    assert "2,960 others" in texts(axes)
    assert len(axes.patches) < 60
    assert "$5 <b>: 90%" in texts(axes) and "by score" in texts(axes)
    assert title(axes) == "With the bug, 90% of customers see one product first"
    assert "less than 0.1%" in alt
    assert all(len(text) < 60 for text in texts(axes))


def test_parts_begin_where_the_one_before_ends(drawn):
    parts = pd.Series(np.arange(10.0, 0, -1), ["Mug"] * 10)
    plots.score_parts(parts, "Teapot", most=3)
    [(figure, alt)] = drawn
    [axes] = figure.axes
    assert widths(axes) == [10, 9, 8, 28, 55]
    assert [bar.get_x() for bar in axes.patches] == [0, 10, 19, 27, 0]
    assert [label.get_text() for label in axes.get_yticklabels()][3:] == ["7 more", "the score"]
    assert title(axes) == "Teapot: the largest of 10 reasons brings 18% of the score"
    assert "together 55.000" in alt
    plots.score_parts(parts[:1], "Teapot")
    assert title(drawn[1][0].axes[0]) == "Teapot: one reason brings the whole score"
    plots.score_parts(parts / 10_000, "Teapot", most=3)  # small scores have digits, too
    assert "Mug 0.00100; Mug 0.00090" in drawn[2][1] and "together 0.00550" in drawn[2][1]
    assert "0.00550" in texts(drawn[2][0].axes[0])
    assert "0.00100 (18%)" in texts(drawn[2][0].axes[0])


def test_what_speaks_against_a_product_goes_back_in_another_colour(drawn):
    plots.score_parts(pd.Series([0.5, 0.3, -0.2], ["Mug", "Cup", "Jug"]), "Teapot")
    [axes] = drawn[0][0].axes
    np.testing.assert_allclose(widths(axes), [0.5, 0.3, -0.2, 0.6])
    np.testing.assert_allclose([bar.get_x() for bar in axes.patches], [0, 0.5, 0.8, 0])
    shades = [to_hex(bar.get_facecolor()) for bar in axes.patches[:3]]
    assert shades == [to_hex(colours.PERSONAL)] * 2 + [to_hex(colours.WARNING)]
    assert axes.get_xlim()[1] > 0.8
    parts = pd.Series([0.5, 0.3, 0.1, -0.1, -0.2], ["Mug"] * 5)
    plots.score_parts(parts, "Teapot", most=2)
    label = drawn[1][0].axes[0].get_yticklabels()[2].get_text()
    assert label == "3 more, 2 against it"


def step_table(**more):
    table = pd.DataFrame(
        {
            "customers": [80, 5, 15],
            "share": [0.8, 0.05, 0.15],
            "judged": [40, 0, 3],
            "came_true": [0.5, np.nan, 0.33],
            "best_sellers": [0.3, np.nan, 0.33],
            "chance": [0.2, np.nan, 0.1],
            "status": ["better", "not judged", "too few"],
        },
        ["purchases", "intent", "popularity"],
    )
    return table.assign(**more)


def test_steps_carry_their_figures(drawn):
    plots.steps(step_table())
    [(figure, alt)] = drawn
    said = "\n".join(texts(figure.axes[0]))
    for words in ("came true: 50%", "best sellers: 30%", "nobody to judge by", "everybody else"):
        assert words in said.replace("\n", ", ") and words in alt
    assert title(figure.axes[0]) == "Lists from purchases came true for 50%, best sellers for 30%"
    assert len(re.findall(r"\d+%", said + alt.split(".")[0])) <= 4, "the rest is for a table"


def test_a_ladder_of_few_people_counts_them(drawn):
    unjudged = ["too few", "not judged", "too few"]
    few = {"customers": [10, 0, 4], "share": [10 / 14, 0, 4 / 14]}
    plots.steps(step_table(**few, status=unjudged))
    assert title(drawn[0][0].axes[0]) == "Of those we know, 4 of 14 stand below the first step"
    plots.steps(step_table(status=unjudged))
    said = "\n".join(texts(drawn[1][0].axes[0]))
    assert "too few judged to tell" in said and "came true" not in said


def test_steps_of_a_shop_without_events(drawn):
    alone = {"customers": [9, 0, 0], "share": [1.0, 0, 0]}
    plots.steps(step_table(**alone, status=["not judged"] * 3))
    assert "One step serves everybody" in title(drawn[0][0].axes[0])
    assert "nobody today" in "\n".join(texts(drawn[0][0].axes[0]))
    plots.steps(step_table(), joined=False)
    assert "counts people twice" in title(drawn[1][0].axes[0])
    plots.steps(step_table(customers=[9, 5, 0]))
    said = "\n".join(texts(drawn[2][0].axes[0]))
    assert "nobody today" in said and "everybody else" not in said


def test_what_followed_shows_shares_chance_and_weights(drawn):
    table = pd.DataFrame(
        {"later": [0.35, 0.19], "chance": [0.02, 0.03], "low": [0.3, 0.1], "high": [0.36, 0.2],
         "ours": [0.3, 1.0]}, ["product_view", "add_to_cart"])  # fmt: skip
    plots.what_followed(table, "contradict")
    [(figure, alt)] = drawn
    [axes] = figure.axes
    assert widths(axes) == [0.35, 0.02, 0.19, 0.03]
    assert [text.strip() for text in texts(axes)] == [
        "35%, our weight: 0.3", "2.0% by chance", "19%, our weight: 1.0", "3.0% by chance"
    ]  # fmt: skip
    assert title(axes) == "Bought furthest above chance: what was viewed before"
    assert "put into the cart: 19%, by chance 3.0%" in alt
    plots.what_followed(table.assign(high=0.36, low=0.1), "too few")
    plots.what_followed(table, "open")
    assert all("which comes first isn't certain" in title(each[0].axes[0]) for each in drawn[1:])
    plots.what_followed(table.assign(low=-0.1), "contradict")
    plots.what_followed(table, "nothing")
    assert all(title(each[0].axes[0]).startswith("Nothing is clearly") for each in drawn[3:])


def test_an_unknown_id_always_gets_a_list(drawn):
    plots.unknown_id()
    figure, alt = drawn[0]
    said = "\n".join(texts(figure.axes[0]))
    assert said.count("best sellers") == 3 and said.count("intent") == 1
    assert (said.count("no\n"), said.count("yes")) == (3, 3)
    assert all(f"counter {number}" in said for number in (1, 2, 3, 4))
    assert "typo" in alt and "stranger" in alt


def test_bought_again_beside_dice(drawn):
    table = pd.DataFrame(
        {"share": [0.3, 0.12, 0.2], "chance": [0.1, 0.14, 0.12], "row": [True, False, True],
         "purchases": [200, 150, 350]},
        ["tea", "x" * 50, "all products"],
    )  # fmt: skip
    plots.bought_again(table)
    figure, alt = drawn[0]
    [axes] = figure.axes
    assert widths(axes) == [0.3, 0.12, 0.2]
    assert [line.get_xdata()[0] for line in axes.lines] == [0.1, 0.14, 0.12]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert [label.split()[-1] for label in labels] == ["30%", "12%", "20%"]
    plots.bought_again(table, most=1)
    assert "not shown: 1 more" in drawn.pop()[0].axes[0].get_xlabel()
    assert to_hex(axes.patches[0].get_facecolor()) == to_hex(colours.PERSONAL)
    assert to_hex(axes.patches[1].get_facecolor()) != to_hex(colours.PERSONAL)
    assert title(axes) == "Clearly bought again: 1 of 2 products"
    assert "tea 30%, by chance 10%" in alt
    plots.bought_again(table.iloc[-1:])
    assert title(drawn[1][0].axes[0]).startswith("The shop as a whole earns a row")
    plots.bought_again(table.assign(row=False))
    assert title(drawn[2][0].axes[0]).startswith("Nothing is bought again")
    # the one that earns a row is drawn, and small ones aren't, whatever their share
    many = pd.DataFrame({"share": [0.9, 0.5, 0.3, 0.1], "row": [False, False, True, False],
                         "chance": 0.1, "purchases": [3, 150, 200, 353]},
                        ["dust", "rugs", "tea", "all products"])  # fmt: skip
    plots.bought_again(many, most=1)
    [axes] = drawn[3][0].axes
    assert widths(axes) == [0.3, 0.1]
    assert "not shown: 1 more; 1 with fewer than 100 purchases" in axes.get_xlabel()
    # so are all that earn one
    plots.bought_again(table.assign(row=[True, True, False]), most=1)
    assert widths(drawn[4][0].axes[0]) == [0.3, 0.12, 0.2]
