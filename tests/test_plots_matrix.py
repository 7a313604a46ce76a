"""Lesson 02's figures show what their tables hold, on odd shops as well."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from helpers import data, plots
from helpers.colours import PERSONAL
from helpers.matrix import (
    build_interaction_matrix,
    described,
    equally_empty_shops,
    products_per_customer,
)


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were drawn, each with its text for those who can't see it."""
    found = []
    monkeypatch.setattr(plots.style, "show", lambda figure, alt: found.append((figure, alt)))
    yield found
    plt.close("all")


@pytest.fixture
def small():
    return build_interaction_matrix(data.miniature())


def texts(axes):
    return [text.get_text() for text in axes.texts]


def headline(figure):
    return " ".join(figure.get_suptitle().split())


def title(axes):
    return " ".join(axes.get_title(loc="left").split())


def squares(axes, colour=PERSONAL):
    """The corners of the rectangles of one colour."""
    found = [each for each in axes.patches if isinstance(each, Rectangle)]
    return sorted(each.get_xy() for each in found if to_hex(each.get_facecolor()) == colour.lower())


def heights(bars):
    return [bar.get_height() for bar in bars]


def test_a_row_has_a_stroke_where_it_is_filled(drawn, small):
    labels = pd.Series({"A": "$5 mug", "B": "$5 mug (B)", "C": "<b>", "D": "lamp"})
    plots.one_row(small, labels, "customer 3")
    [(figure, alt)] = drawn
    [axes] = figure.axes
    strokes = [segment[0][0] for segment in axes.collections[0].get_segments()]
    assert strokes == [1.5, 2.5, 3.5]
    assert texts(axes) == ["$5 mug (B)", "<b>", "lamp"]
    assert title(axes) == "customer 3: 3 cells are filled, 1 is empty"
    assert "3 cells are filled" in alt


@pytest.mark.parametrize("n_products", [3, 80, 20_000])
def test_a_row_of_any_length_names_a_few_products(drawn, n_products):
    bought = pd.DataFrame(
        {"customer_id": "c", "product_id": [f"{n:05d}" for n in range(n_products)]}
    )
    matrix = build_interaction_matrix(bought)
    plots.one_row(matrix, pd.Series("Mug", matrix.products), "c")
    axes = drawn[0][0].axes[0]
    assert len(texts(axes)) == min(4, n_products)
    assert axes.get_xlim() == (0, n_products)


def test_lines_drop_into_the_cells_they_belong_to(drawn, small):
    bought = small.to_frame()
    plots.purchases_into_matrix(data.miniature(), bought, "customer 3")
    [(figure, alt)] = drawn
    [axes] = figure.axes
    assert texts(axes).count("1") == 9
    mine = squares(axes)
    assert [x for x, _ in mine] == [6.6, 7.6, 8.6] and len({y for _, y in mine}) == 1
    assert title(axes) == "9 lines drop into 16 cells; 7 stay empty"
    assert alt.endswith("The row of customer 3: B, C, D.")
    arrows = [each for each in axes.texts if getattr(each, "arrow_patch", None)]
    ends = [round(each.xy[1] / 2.25 - 0.5) for each in arrows]
    assert ends == [0, 0, 1, 1, 2, 2, 2, 3, 3]


def test_two_shops_show_their_cells_mean_and_median(drawn):
    shops = equally_empty_shops()
    plots.two_shops(shops, described(shops))
    [(figure, alt)] = drawn
    for axes, matrix in zip(figure.axes, shops.values(), strict=True):
        rows, columns = matrix.values.nonzero()
        assert squares(axes) == sorted(zip(columns, rows, strict=True))
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "mean 2, median 1\none product only: 80%",
        "mean 2, median 2\none product only: 0%",
    ]
    assert headline(figure) == "Equally empty, the same mean: the medians are 1 and 2"
    assert "two products each: 80% empty" in alt
    shops["two products each"] = build_interaction_matrix(data.miniature())
    plots.two_shops(shops, described(shops))
    assert headline(drawn[1][0]).startswith("Two shops: the medians are 1 and 2")


def test_products_per_customer_has_everybody_in_a_bar(drawn):
    bought = pd.Series([1] * 4 + [2] * 3 + [3, 4, 400])
    plots.products_per_customer(bought)
    axes = drawn[0][0].axes[0]
    bars = heights(axes.patches)
    assert bars[0] >= 4
    assert sum(bars) == len(bought)
    assert title(axes) == "The typical customer has 2 different products; the mean is 41.7"
    places = [lines.get_segments()[0][0][0] for lines in axes.collections]
    assert places == [bought.median(), bought.mean()]
    assert any("median 2" in text for text in texts(axes))
    assert axes.get_xticklabels()[-1].get_text().endswith("+"), "the last bar holds all beyond"
    plots.products_per_customer(pd.Series([2] * 12))
    axes = drawn[1][0].axes[0]
    assert sum(heights(axes.patches)) == 12
    assert len(axes.collections) == 1 and any("median and mean 2" in text for text in texts(axes))


def test_meanings_lead_to_actions(drawn):
    plots.meanings()
    [(figure, alt)] = drawn
    written = texts(figure.axes[0])
    for meaning, action in [("not wanted", "leave it out"), ("has one", "leave it out"),
                            ("never seen", "show it"),
                            ("not yet", "show it in time")]:  # fmt: skip
        row = figure.axes[0].texts
        place = {text.get_position()[1] for text in row if text.get_text() == meaning}
        assert place <= {text.get_position()[1] for text in row if text.get_text() == action}
        assert f"{meaning}: {action}" in alt
    assert "empty" in written


@pytest.mark.parametrize(("share", "filled"), [(0.912, 91), (0, 0), (1, 100)])
def test_a_dot_is_filled_for_each_purchase_that_the_plan_hides(drawn, share, filled):
    plots.bought_since(share)
    [(figure, alt)] = drawn
    [axes] = figure.axes
    white = [to_hex(dot.get_facecolor()) == "#ffffff" for dot in axes.patches]
    assert white == [False] * filled + [True] * (100 - filled)
    assert title(axes).endswith(f"the plan would have hidden {filled}")
    assert f"{100 - filled} were bought before" in alt


def test_loud_rows_have_a_bar_for_each_share(drawn):
    plots.loud_rows(43, 0.01, 0.16, 0.054)
    plots.loud_rows(1, 0.2, 0.5, 0.3)
    (figure, alt), (one, _) = drawn
    axes = figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.01, 0.16, 0.054]
    assert title(axes) == "The 43 longest rows have 16% of all pairs"
    assert title(one.axes[0]) == "The longest row has 50% of all pairs"
    assert "by its products: 5.4%" in alt and texts(axes) == [" 1.0%", " 16%", " 5.4%"]


def test_every_pair_of_a_row_is_a_line(drawn):
    plots.votes([1, 4, 10])
    [(figure, alt)] = drawn
    for axes, size, pairs in zip(figure.axes, (1, 4, 10), (0, 6, 45), strict=True):
        *lines, dots = axes.lines
        assert (len(lines), len(dots.get_xdata())) == (pairs, size)
        ends = {tuple(np.round(line.get_xydata(), 6).ravel()) for line in lines}
        assert len(ends) == pairs, "each pair once"
    assert [axes.get_xlabel() for axes in figure.axes] == ["0 pairs", "6 pairs", "45 pairs"]
    assert headline(figure) == "2.5 times the products make 7.5 times the pairs"
    assert "10 products, 45" in alt


@pytest.mark.parametrize("n_customers", [10, 500])
def test_shops_of_any_size_are_drawn(drawn, n_customers):
    rng = np.random.default_rng(0)
    bought = pd.DataFrame(
        {
            "customer_id": [f"c{n % n_customers}" for n in range(3 * n_customers)],
            "product_id": [f"p{n}" for n in rng.integers(0, 3, 3 * n_customers)],
        }
    )
    matrix = build_interaction_matrix(bought)
    plots.products_per_customer(products_per_customer(matrix))
    assert len(drawn) == 1
