"""Lesson 03's figures show their tables, on odd shops, too."""

import re
from itertools import combinations
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Polygon

from helpers import colours, data, plots
from helpers.matrix import build_interaction_matrix
from helpers.similarity import (
    common_buyers,
    nearest_in_same_category,
    nearest_is_of_category,
    pages,
    product_groups,
    product_similarity,
    row_by_buyers,
)
from tests.common import purchases, thorough


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were drawn, with what is said to those who can't see them."""
    figures = []

    def keep(figure, alt):
        figure.canvas.draw()
        figures.append(SimpleNamespace(figure=figure, axes=figure.axes, alt=alt))

    monkeypatch.setattr(plots.style, "show", keep)
    yield figures
    for each in figures:
        plt.close(each.figure)


def dots(axes):
    """All points of an axes: (x, y, colour)."""
    return [(x, y, to_hex(line.get_color())) for line in axes.lines if line.get_marker() == "o"
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]  # fmt: skip


def words(axes):
    return [text.get_text() for text in axes.texts]


def circles(axes):
    """Centre and radius of the two circles that are drawn as lines."""
    found = [patch for patch in axes.patches if isinstance(patch, Circle) and not patch.get_fill()]
    return [(np.array(patch.center), patch.radius) for patch in found]


SMALL = build_interaction_matrix(data.miniature()).to_frame().astype(int)


@pytest.mark.parametrize(("one", "other"), [("A", "C"), ("C", "D"), ("A", "B"), ("B", "D")])
def test_people_stand_in_the_circles_of_what_they_bought(drawn, one, other):
    plots.circles(SMALL, [(one, other)])
    [axes] = drawn[0].axes
    (left, radius), (right, smaller) = circles(axes)
    assert (smaller / radius) ** 2 == pytest.approx(SMALL[other].sum() / SMALL[one].sum())
    people = {text.get_text(): np.array(text.get_position()) for text in axes.texts
              if re.fullmatch(r"\d", text.get_text())}  # fmt: skip
    bought = SMALL[(SMALL[one] + SMALL[other]) > 0]
    assert sorted(people) == [name.split()[-1] for name in bought.index]
    for person, place in people.items():
        row = SMALL.loc[f"customer {person}"]
        assert (np.linalg.norm(place - left) < radius) == (row[one] == 1)
        assert (np.linalg.norm(place - right) < smaller) == (row[other] == 1)
    both = (SMALL[one] & SMALL[other]).sum()
    assert f"bought both: {both}" in words(axes)
    assert f"{one} and {other} have {both} " in drawn[0].alt


def test_an_arrow_is_as_long_as_the_root_of_its_buyers_and_turned_by_the_similarity(drawn):
    plots.arrows(SMALL, [("A", "C"), ("C", "D")])
    for axes, (one, other) in zip(drawn[0].axes, [("A", "C"), ("C", "D")], strict=True):
        tips = [np.array(text.xy) for text in axes.texts if getattr(text, "arrow_patch", None)]
        lengths = [np.linalg.norm(tip) for tip in tips]
        assert lengths == pytest.approx([SMALL[each].sum() ** 0.5 for each in (one, other)])
        cosine = tips[0] @ tips[1] / np.prod(lengths)
        assert cosine == pytest.approx((SMALL[one] * SMALL[other]).sum() / np.prod(lengths))
        assert f"cosine {cosine:.2f}".replace("0.", ".") in words(axes)
        names = [next(text for text in axes.texts if text.get_text() == each)
                 for each in (one, other)]  # fmt: skip
        for name, tip, length in zip(names, tips, lengths, strict=True):
            place = np.array(name.get_position())
            assert place @ tip == pytest.approx(np.linalg.norm(place) * length), "beside its tip"


def test_a_product_keeps_its_colour(drawn):
    plots.circles(SMALL, [("A", "C"), ("C", "D")])
    left, right = (
        {text.get_text(): to_hex(text.get_color()) for text in axes.texts} for axes in drawn[0].axes
    )
    assert left["bought C"] == right["bought C"]
    assert len({left["bought A"], left["bought C"], right["bought D"]}) == 3


def test_best_sellers_and_the_pages_that_show_them(drawn, bundled_matrix, shop):
    one = pages(common_buyers(bundled_matrix, 4))
    two = pages(product_similarity(bundled_matrix, 4))
    buyers = pd.Series(bundled_matrix.values.sum(axis=0), bundled_matrix.products)
    names = data.display_names(data.product_table(shop[0]))
    plots.pages_per_product(one, two, names, buyers)
    [axes] = drawn[0].axes
    best = buyers.nlargest(6).index
    assert [label.get_text() for label in axes.get_yticklabels()] == names[best].tolist()
    shown = dots(axes)
    orange, blue = (to_hex(colour) for colour in (colours.POPULAR, colours.PERSONAL))
    assert [x for x, _, colour in shown if colour == orange] == one[best].tolist()
    assert [x for x, _, colour in shown if colour == blue] == two[best].tolist()
    assert [y for _, y, colour in shown if colour == blue] == list(range(6))
    average = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert average[0].get_xdata()[0] == one.mean() == 4
    assert f"on {one[best[0]]} of 53 pages with proposal 1, on {two[best[0]]} with" in drawn[0].alt


TRAIL = purchases(
    ("c", "early", "2024-01-01"), ("c", "page", "2024-02-01"), ("c", "a", "2024-02-01"),
    ("c", "b", "2024-03-01"), ("c", "other", "2024-04-01"), ("c", "b", "2024-05-01"),
    ("d", "z", "2024-01-01"),
)  # fmt: skip


def test_a_trail_marks_what_was_shown_and_bought_later(drawn):
    names = pd.Series({each: each.upper() for each in ["early", "page", "a", "b", "other", "z"]})
    rows = {"proposal 1": ["b", "early", "a"], "proposal 2": ["b", "other", "z"]}
    plots.trail(TRAIL, names, "c", "page", rows)
    [axes] = drawn[0].axes
    place = {text.get_text(): text.xy[1] for text in axes.texts if hasattr(text, "xy")}
    assert sorted(place, key=place.get) == ["EARLY", "A", "PAGE", "B", "OTHER"]
    orange, blue = (to_hex(colour) for colour in (colours.POPULAR, colours.PERSONAL))
    marked = {
        colour: [y for _, y, each in dots(axes) if each == colour] for colour in (orange, blue)
    }
    assert marked == {orange: [place["B"]], blue: [place["B"], place["OTHER"]]}
    assert "bought 1 of proposal 1 and 2 of proposal 2" in drawn[0].alt
    plots.trail(TRAIL, names, "c", "page", rows, most=3)
    assert "2 more are not drawn" in drawn[1].axes[0].get_xlabel()
    assert {"PAGE"} < {text.get_text() for text in drawn[1].axes[0].texts}


def test_names_stay_off_the_columns_of_the_trail(drawn):
    names = pd.Series({each: "a very long name of a thing" for each in ["page", "b"]})
    plots.trail(TRAIL[TRAIL["product_id"].isin(["page", "b"])], names, "c", "page",
                {"one": ["b"], "two": ["b"]})  # fmt: skip
    [axes] = drawn[0].axes
    right = axes.get_window_extent().x1
    written = [text.get_window_extent() for text in axes.texts if hasattr(text, "xy")]
    assert all(box.x1 <= right * 1.03 for box in written)


def row_of(same, **attrs):
    table = pd.DataFrame({"same": same, "weeks": [0, 1, 4.6, 30][: len(same)]},
                         index=[1, 3, 10, 100][: len(same)])  # fmt: skip
    table.attrs = {
        "half": 0.6,
        "popular": 0.3,
        "chance": 0.08,
        "rival": "our best sellers",
        "products": 9,
    }
    table.attrs |= attrs
    return table


def test_the_curve_and_its_rivals(drawn):
    row = row_of([0.2, 0.3, 0.4, 0.58])
    plots.buyers_needed(row)
    [axes] = drawn[0].axes
    [curve] = [line for line in axes.lines if line.get_marker() == "o"]
    assert curve.get_xdata().tolist() == [1, 3, 10, 100]
    assert curve.get_ydata().tolist() == row["same"].tolist()
    levels = {to_hex(line.get_color()) + line.get_linestyle(): line.get_ydata()[0]
              for line in axes.lines if line is not curve}  # fmt: skip
    assert levels == {
        to_hex(colours.POPULAR) + "-": 0.3,
        to_hex(colours.CHANCE) + "--": 0.08,
    }
    assert {"20%", "30%", "40%", "58%", "best\nsellers"} <= set(words(axes))
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert ticks == ["1\nat once", "3\na week", "10\n5 weeks", "100\n30 weeks"]
    assert axes.get_title(loc="left") == "3 buyers: 30%; 100 buyers: 58% of the row is confirmed"


@pytest.mark.parametrize(
    "row",
    [
        row_of([0.0, 0.0, 0.0], half=0.0, popular=0.007, chance=0.003),
        row_of([0.045, 0.032, 0.04, 0.035], half=0.045, popular=0.06, chance=0.04),
        row_of([0.2], half=0.2, popular=0.2, chance=0.2),
        row_of([0.0, 0.001, 0.02, 0.5], half=0.54, popular=0.015, chance=0.001),
    ],
)
def test_the_names_of_the_lines_cover_no_other_line_and_no_other_name(drawn, row):
    plots.buyers_needed(row)
    [axes] = drawn[0].axes
    named = [text for text in axes.texts if "%" not in text.get_text()]
    boxes = [text.get_window_extent() for text in named]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    # beside the axes, where neither a line nor the curve comes
    assert all(box.x0 > axes.get_window_extent().x1 for box in boxes)
    levels = [row.attrs[name] for name in ["popular", "chance"]]
    heights = [text.xy[1] for text in named]
    assert all(height >= level for height, level in zip(heights, levels, strict=True))
    order = np.argsort(levels, kind="stable")
    if len(set(levels)) == len(levels):
        assert order.tolist() == np.argsort(heights).tolist()
    assert heights[order[-1]] < axes.get_ylim()[1] * 1.1


def test_nothing_to_tell_from_is_no_figure(drawn):
    single = purchases(("1", "a"), ("2", "b"))
    matrix = build_interaction_matrix(single)
    plots.buyers_needed(row_by_buyers(single, matrix, data.product_table(single)))
    plots.product_map(product_groups(matrix), data.product_table(single))
    assert drawn == []


def symbols(axes):
    return [(x, y) for x, y, _ in dots(axes)]


def boxes(axes):
    """Where each name stands, without what only moves it."""
    return {text: text.get_window_extent() for text in axes.texts}


def test_the_map_names_its_groups_and_covers_nothing(drawn, shop, bundled_matrix):
    products = data.product_table(shop[0])
    groups = product_groups(bundled_matrix)
    plots.product_map(groups, products)
    [axes] = drawn[0].axes
    assert sorted(symbols(axes)) == sorted(zip(groups["x"], groups["y"], strict=True))
    assert len({colour for *_, colour in dots(axes)}) == groups["group"].nunique() == 7
    assert sum(isinstance(patch, Polygon) for patch in axes.patches) == 7
    names = products["product_name"]
    labels = [text for text in axes.texts if text.get_text() in set(names)]
    assert 14 <= len(labels) <= 18
    assert len(axes.texts) == len(labels) + 7
    for text in axes.texts:
        assert text.get_fontsize() >= 10
    for one, other in combinations(boxes(axes).values(), 2):
        assert not one.overlaps(other)
    # a name stands beside its own product, or a line leads there; no other is near
    points = axes.transData.transform(groups[["x", "y"]].to_numpy())
    lines = [line for line in axes.lines if line.get_marker() == "None"]
    led = {(line.get_xdata()[0], line.get_ydata()[0]) for line in lines}
    for text in labels:
        [product] = names.index[names == text.get_text()]
        box = text.get_window_extent()
        nearest = np.clip(points, [box.x0, box.y0], [box.x1, box.y1])
        away = pd.Series(np.hypot(*(points - nearest).T), groups.index)
        with_line = any(np.allclose(groups.loc[product, ["x", "y"]].tolist(), at) for at in led)
        own = 0 if with_line else away[product]
        assert own + 5 * drawn[0].figure.dpi / 72 < away.drop(product).min()
    # a group's name is nearest to one of its own products
    for number, text in enumerate(axes.texts[:7]):
        box = text.get_window_extent()
        nearest = np.clip(points, [box.x0, box.y0], [box.x1, box.y1])
        assert groups["group"].iloc[np.hypot(*(points - nearest).T).argmin()] == number
    # a group has the name of a category only if that is at least half of it
    for number, text in enumerate(axes.texts[:7]):
        members = groups[groups["group"] == number]
        common = products["product_category"].reindex(members.index).value_counts()
        central = names[members["centrality"].idxmax()]
        mostly = common.iloc[0] >= len(members) / 2
        assert text.get_text() == (f"mostly {common.index[0]}" if mostly else f"around {central}")
    title = axes.get_title(loc="left").replace("\n", " ")
    assert title.startswith("7 groups of products")
    assert title in drawn[0].alt


@pytest.mark.parametrize("odd", ["one category", "no category", "same names", "$ and <b>", "long"])
def test_odd_shops_have_a_map(drawn, shop, bundled_matrix, odd):
    products = data.product_table(shop[0])
    match odd:
        case "one category":
            products["product_category"] = "All"
        case "no category":
            products["product_category"] = pd.NA
        case "same names":
            products["product_name"] = "Mug"
        case "$ and <b>":
            products["product_name"] = [f"$x_{n}$ <b>**" for n in range(len(products))]
        case "long":
            products["product_name"] = [f"{n} a name without an end" * 5 for n in range(53)]
    plots.product_map(product_groups(bundled_matrix), products)
    [axes] = drawn[0].axes
    assert len(symbols(axes)) == 53 and len(axes.texts) <= 32
    for one, other in combinations(boxes(axes).values(), 2):
        assert not one.overlaps(other)
    if "category" in odd:
        assert axes.get_title(loc="left").startswith("7 groups of products")
        assert axes.texts[0].get_text().startswith("around ")


@pytest.mark.parametrize("n_products", [2, 3, 4])
def test_hardly_any_products(drawn, n_products):
    bought = data.miniature()
    bought = bought[bought["product_id"] < "ABCDE"[n_products]]
    matrix, products = build_interaction_matrix(bought), data.product_table(bought)
    names = data.display_names(products)
    buyers = pd.Series(matrix.values.sum(axis=0), matrix.products)
    plots.product_map(product_groups(matrix), products)
    assert {text.get_text() for text in drawn[0].axes[0].texts} == set(names)
    assert "No clear groups" in drawn[0].axes[0].get_title(loc="left").replace("\n", " ")
    counted, scaled = pages(common_buyers(matrix, 4)), pages(product_similarity(matrix, 4))
    plots.pages_per_product(counted, scaled, names, buyers)
    plots.buyers_needed(row_by_buyers(bought, matrix, products))
    assert len(drawn) == 3


def test_what_is_asked_for_is_named_first(drawn, shop, bundled_matrix):
    products, groups = data.product_table(shop[0]), product_groups(bundled_matrix)
    least = groups.sort_values("centrality").index[:3]
    plots.product_map(groups, products, named=least)
    assert set(products["product_name"][least]) <= set(words(drawn[0].axes[0]))


@thorough
def test_thousands_of_products(drawn):
    rng = np.random.default_rng(0)
    customers = pd.Series(rng.integers(0, 3_000, 60_000)).map("c{:05d}".format)
    things = pd.Series(rng.integers(0, 20_000, 60_000)).map("p{:05d}".format)
    table = pd.DataFrame({"customer_id": customers, "product_id": things})
    table["transaction_date"] = pd.Timestamp("2024-01-01")
    matrix, products = build_interaction_matrix(table), data.product_table(table)
    plots.product_map(product_groups(matrix), products)
    plots.buyers_needed(row_by_buyers(table, matrix, products))
    assert len(symbols(drawn[0].axes[0])) <= 60
    assert len(drawn[0].axes[0].texts) <= 34


def test_rings_are_products_whose_nearest_is_of_another_category(drawn, shop, bundled_matrix):
    products, groups = data.product_table(shop[0]), product_groups(bundled_matrix)
    similarity = product_similarity(bundled_matrix)
    own = nearest_is_of_category(similarity, products)
    plots.product_map(groups, products, in_category=own)
    category, values = products["product_category"], similarity.to_frame()
    elsewhere = {
        product
        for product in groups.index
        if category[product] != category[values[product].idxmax()]
    }
    [axes] = drawn[0].axes
    rings = {
        (x, y)
        for line in axes.lines
        if line.get_markerfacecolor() == "white"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    assert rings == set(zip(*groups.loc[list(elsewhere), ["x", "y"]].to_numpy().T, strict=True))
    title = axes.get_title(loc="left").replace("\n", " ")
    assert title.startswith(f"{len(elsewhere)} of 53 products (rings)")
    same, *_ = nearest_in_same_category(similarity, products)
    assert same == pytest.approx(1 - len(elsewhere) / 53)
