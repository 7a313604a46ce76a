"""What lesson 02 counts in the matrix: averages, views, what became of empty cells, full rows."""

import numpy as np
import pandas as pd
import pytest

from helpers import data
from helpers.kernels import scale_rows
from helpers.matrix import (
    InteractionMatrix,
    bought_later,
    build_interaction_matrix,
    buyers_per_product,
    buyers_per_week,
    by_window,
    described,
    equally_empty_shops,
    filled_or_blank,
    full_rows,
    leaders,
    product_views,
    products_per_customer,
    short_enough,
    times_as_often,
    viewed_cells,
)


def purchases(*lines):
    """Of (customer, product, day of January), and an amount if there is a fourth."""
    table = pd.DataFrame(
        [line[:3] for line in lines], columns=["customer_id", "product_id", "transaction_date"]
    )
    days = pd.to_timedelta(table["transaction_date"] - 1, "D")
    table["transaction_date"] = pd.Timestamp("2024-01-01") + days
    if len(lines[0]) > 3:
        table["total_amount"] = [float(line[3]) for line in lines]
    return table


def events(*lines):
    """Of (customer, product, day of January, type)."""
    table = pd.DataFrame(lines, columns=["customer_id", "product_id", "event_date", "event_type"])
    days = pd.to_timedelta(table["event_date"] - 1, "D")
    return table.assign(event_date=pd.Timestamp("2024-01-01") + days)


def test_buyers_per_week_count_from_the_first_sale():
    bought = purchases(("a", "old", 1), ("b", "old", 2), ("b", "old", 9), ("c", "new", 8),
                       ("d", "old", 14))  # fmt: skip
    table = buyers_per_week(bought)
    assert table.index.tolist() == ["old", "new"], "most buyers first"
    assert table["buyers"].tolist() == [3, 1], "each once"
    assert table["weeks"].tolist() == [2, 1], "both days included"
    assert table["per_week"].tolist() == [1.5, 1]


def test_rows_and_columns_of_the_miniature():
    small = build_interaction_matrix(data.miniature())
    assert products_per_customer(small).tolist() == [2, 2, 3, 2]
    assert buyers_per_product(small).to_dict() == {"A": 3, "B": 2, "C": 3, "D": 1}
    row = described({"small": small}).loc["small"]
    assert (row["customers"], row["products"], row["empty"]) == (4, 4, 7 / 16)
    assert (row["mean"], row["median"], row["only_one"]) == (2.25, 2, 0)
    assert (row["buyers_mean"], row["buyers_median"], row["pairs"]) == (2.25, 2.5, 6)
    assert row["covered"] == 0, "thirty buyers are needed"
    many = InteractionMatrix.from_frame(pd.DataFrame({"A": [1] * 30, "B": [1] * 29 + [0]}))
    assert described({"many": many}).loc["many", "covered"] == 1


def test_only_the_median_tells_the_two_shops_apart():
    table = described(equally_empty_shops())
    for name in ("customers", "products", "empty", "mean"):
        assert table[name].nunique() == 1, name
    assert table["empty"].iloc[0] == pytest.approx(0.8)
    assert table["median"].tolist() == [1, 2]
    assert table["only_one"].tolist() == [0.8, 0]


def test_views_of_empty_and_filled_cells():
    bought = purchases(
        ("1", "A", 2), ("1", "A", 9), ("1", "C", 9), ("2", "A", 8), ("2", "B", 20), ("3", "C", 8)
    )  # fmt: skip
    looked = events(
        ("1", "C", 9, "product_view"),  # on the day of the purchase
        ("1", "C", 6, "product_view"),  # the same cell
        ("2", "A", 9, "product_view"),  # after the purchase
        ("1", "B", 5, "product_view"),  # empty
        ("3", "C", 7, "add_to_cart"),  # no view
        ("a stranger", "A", 6, "product_view"),
        ("2", "Z", 6, "product_view"),
        ("2", None, 10, "product_view"),
    )
    table = viewed_cells(bought, looked)
    # 1-A was bought before the views begin, 2-B after they end
    assert table["cells"].to_dict() == {"empty": 4, "filled": 3}
    assert table["viewed"].to_dict() == {"empty": 1, "filled": 1}
    assert table.loc["filled", "share"] == pytest.approx(1 / 3)
    begins, ends = table.attrs["begins"], table.attrs["ends"]
    assert (begins.day, ends.day) == (5, 9)
    late = looked.assign(event_date=pd.Timestamp("2024-06-01"))
    assert viewed_cells(bought, late).loc["filled", "cells"] == 0
    assert viewed_cells(bought, None) is None
    assert viewed_cells(bought, looked[looked["event_type"] == "add_to_cart"]) is None
    assert len(product_views(looked)) == 6


def test_what_became_of_empty_cells():
    bought = purchases(
        ("1", "A", 1), ("2", "B", 2), ("3", "C", 3), ("3", "A", 3),  # known on the fifth
        ("1", "B", 7), ("1", "B", 8), ("2", "B", 9), ("3", "B", 15), ("4", "A", 9),
        ("1", "Z", 9),
    )  # fmt: skip
    looked = events(
        ("1", "B", 4, "product_view"), ("1", "C", 4, "product_view"),
        ("1", "A", 4, "product_view"), ("2", "C", 12, "product_view"),  # too late
    )  # fmt: skip
    longer_ago = events(("3", "B", 1, "product_view"), ("1", "B", 1, "product_view"))
    longer_ago["event_date"] -= pd.Timedelta(days=20)
    table = bought_later(bought, looked, days=10)
    assert table.attrs["day"] == pd.Timestamp("2024-01-05")
    # 3 customers x 3 products, 4 filled; 1-B and 3-B were filled later
    assert table.loc["all empty cells", ["cells", "bought"]].tolist() == [5, 2]
    assert table.loc["viewed", ["cells", "bought"]].tolist() == [2, 1]
    assert table.loc["not viewed", ["cells", "bought"]].tolist() == [0, 0]
    assert table.loc["viewed", "share"] == 0.5
    assert table.attrs["again"] == 1
    # of the days' three cells two are B: 1 and 3 have no B, 2 has one
    assert table.attrs["by_popularity"] == pytest.approx((1 + 1 + 0) / 3)
    assert table.attrs["give_or_take"] == 0
    assert table.attrs["older"] == (0, 0)
    assert table.attrs["expected"] is None and table.attrs["times"] == (0, np.inf), "too few"
    both = bought_later(bought, pd.concat([looked, longer_ago]), days=10)
    assert both.attrs["older"] == (1, 1), "3-B; 1-B was looked at lately as well"
    pd.testing.assert_frame_equal(both, table)
    hours = bought.assign(transaction_date=bought["transaction_date"] + pd.Timedelta(hours=13))
    evening = bought_later(hours, looked, days=10)
    pd.testing.assert_frame_equal(evening, table)
    assert bought_later(bought, None, days=10).index.tolist() == ["all empty cells"]
    late = looked[looked["event_date"] > "2024-01-10"]
    assert bought_later(bought, late, days=10).index.tolist() == ["all empty cells"]
    early = looked.assign(event_date=pd.Timestamp("2023-06-01"))
    assert bought_later(bought, early, days=10).index.tolist() == ["all empty cells"]
    with pytest.raises(ValueError, match="no transactions"):
        bought_later(bought, None, days=100)


def random_shop(seed, look=1.0, spread=1.2):
    """Busy and idle customers, popular products; who looked buys `look` times as readily."""
    rng = np.random.default_rng(seed)
    busy, popular = np.exp(spread * rng.normal(size=800)), rng.dirichlet(np.full(20, 2.0))
    rate = np.minimum(busy[:, None] * popular / 4, 1)

    def cells(share):
        return np.argwhere(rng.random(rate.shape) < share)

    first, viewed = cells(np.minimum(2 * rate, 1)), cells(rate)
    looked_at = np.zeros(rate.shape, dtype=bool)
    looked_at[tuple(viewed.T)] = True
    later = cells(np.minimum(rate * np.where(looked_at, look, 1), 1))
    bought = purchases(
        *[(f"{who}", f"{what}", 1) for who, what in first],
        *[(f"{who}", f"{what}", 31) for who, what in later],
    )
    return bought, events(*[(f"{who}", f"{what}", 15, "product_view") for who, what in viewed])


def test_viewed_cells_are_compared_with_people_as_busy_and_products_as_popular():
    shops = [bought_later(*random_shop(seed), days=12) for seed in range(12)]
    ratios = [shop.loc["viewed", "bought"] / shop.attrs["expected"] for shop in shops]
    raw = [shop.loc["viewed", "share"] / shop.loc["not viewed", "share"] for shop in shops]
    assert np.mean(raw) > 1.3, "busy people look and buy, at the popular things"
    assert np.mean(ratios) == pytest.approx(1, abs=0.07)
    assert sum(shop.attrs["times"][0] > 1 for shop in shops) <= 2
    helped = bought_later(*random_shop(0, look=3), days=12)
    low, high = helped.attrs["times"]
    assert 1.5 < low < high < 5


def test_blanks_are_compared_with_what_popularity_explains():
    # looks apart, the shop's customers buy by chance: the more they have, the more they buy
    shops = [bought_later(*random_shop(seed), days=12) for seed in range(12)]
    beyond = []
    for shop in shops:
        found = shop.loc["all empty cells", "bought"]
        gap = found / (found + shop.attrs["again"]) - shop.attrs["by_popularity"]
        beyond.append(gap / shop.attrs["give_or_take"])
    assert np.mean(np.abs(beyond)) < 1
    kept = purchases(*[(f"{n}", f"{n % 10}", day) for n in range(60) for day in (1, 31)])
    loyal = bought_later(kept, None, days=12).attrs
    assert loyal["by_popularity"] == pytest.approx(0.9) and loyal["again"] == 60
    assert np.isnan(bought_later(purchases(("1", "A", 1), ("2", "B", 31)), None, 12).attrs[
        "by_popularity"
    ])  # fmt: skip


def test_what_is_bought_again_and_what_is_bought_once_are_told_apart():
    # everybody's coffee is bought again; nobody buys a second rug, but the others buy their first
    habit = [(f"{n}", "coffee", day) for n in range(40) for day in (1, 31)]
    first = [(f"{n}", "coffee", 31) for n in range(40, 50)]
    rugs = [(f"{n}", "rug", 1 if n >= 40 else 31) for n in range(80)]
    shop = purchases(*habit, *first, *rugs)
    together = bought_later(shop, None, days=12)
    new = together.loc["all empty cells", "bought"]
    assert new / (new + together.attrs["again"]) == pytest.approx(50 / 90), "says neither"
    coffee, rug = (filled_or_blank(shop, 12, [name]) for name in ("coffee", "rug"))
    assert coffee[["filled", "again", "blank", "found"]].tolist() == [40, 40, 40, 10]
    assert rug[["filled", "again", "blank", "found"]].tolist() == [40, 0, 40, 40]
    assert (coffee["new"], rug["new"]) == (pytest.approx(0.2), 1)
    both = filled_or_blank(shop, 12, ["coffee", "rug"])
    assert both["found"] == new and both["again"] == together.attrs["again"]
    assert both["by_popularity"] == pytest.approx(together.attrs["by_popularity"])
    assert np.isnan(filled_or_blank(shop, 12, ["tea"])["new"])


def test_times_as_often_says_little_about_few():
    low, high = times_as_often(0, 0.1, 600)
    assert low == 0 and high > 1
    low, high = times_as_often(53, 19.7, 614)
    assert 1.9 < low < 53 / 19.7 < high < 3.7
    low, high = times_as_often(2, 30, 800)
    assert high < 1
    assert times_as_often(5, 0, 0) == (0, float("inf"))
    # no difference: a verdict in hardly more than one case of twenty
    rng = np.random.default_rng(0)
    pairs = zip(rng.poisson(15, 500), rng.poisson(600, 500), strict=True)
    ranges = [times_as_often(found, 15 * others / 600, others) for found, others in pairs]
    assert np.mean([low > 1 or high < 1 for low, high in ranges]) < 0.07


def test_who_leads_depends_on_what_is_counted():
    bought = purchases(
        ("1", "A", 1, 1), ("2", "A", 1, 1), ("3", "A", 1, 1),  # most buyers
        *[("1", "B", day, 1) for day in (1, 2, 3, 4)],  # most repeats
        *[("1", "E", 1, 1)] * 9,  # many lines, all of one day
        ("2", "C", 2, 99),  # most money
        ("2", "D", 30, 1), ("3", "D", 31, 1),  # wanted now
    )  # fmt: skip
    lead = leaders(bought, days=7)
    assert {name: near[0] for name, near in lead.items()} == {
        "buyers": "A", "repeats": "B", "money": "C", "recent buyers": "D"
    }  # fmt: skip
    assert len(lead["money"]) > 1, "a single sale can be chance"
    assert set(lead["buyers"]) >= {"A", "D"}, "three buyers and two can be chance"
    assert leaders(bought.drop(columns="total_amount"), days=7)["money"] == []
    assert leaders(bought, days=31)["recent buyers"] == [], "the same as all"
    twice = purchases(("1", "A", 1), ("1", "B", 1))
    assert leaders(twice, days=1)["buyers"] == ["A", "B"], "of equals, both"
    assert leaders(twice, days=1)["repeats"] == [], "nobody came back"
    many = purchases(*[(f"{n}", "A", 1) for n in range(60)], *[(f"{n}", "B", 1) for n in range(30)])
    assert leaders(many, days=7)["buyers"] == ["A"], "sixty and thirty are no chance"


def test_a_full_row_has_more_pairs_than_cells():
    # ten customers of two products each, and one who bought all of them
    table = pd.DataFrame(0, [f"c{n:02d}" for n in range(11)], list("ABCDEF"))
    for customer in range(10):
        table.iloc[customer, [customer % 2, 2 + customer % 2]] = 1
    table.iloc[10] = 1
    matrix = InteractionMatrix.from_frame(table)
    out = full_rows(matrix, [0.01, 0.2, 1])
    assert out["customers"].tolist() == [1, 2, 11], "at least one"
    assert out["products"].tolist() == [6, 2, 2]
    assert out.loc[0.01, "cells"] == pytest.approx(6 / 26)
    assert out.loc[0.01, "pairs"] == pytest.approx(15 / 25)
    assert out.loc[0.01, "scaled"] == pytest.approx(2.5 / 7.5)
    assert out.loc[0.2, "pairs"] == pytest.approx(16 / 25)
    assert out.loc[1, ["cells", "pairs", "scaled"]].tolist() == [1] * 3
    # the same scale as the recommender's
    votes = scale_rows(matrix.values)
    together = (votes.T @ votes).toarray()
    assert np.triu(together, 1).sum() == pytest.approx(7.5)


def test_rows_of_one_product_make_no_pairs():
    single = InteractionMatrix.from_frame(pd.DataFrame(np.eye(3)))
    assert full_rows(single, [0.5])[["pairs", "scaled"]].to_numpy().tolist() == [[0, 0]]


def test_windows_reach_back_from_the_last_purchase():
    bought = purchases(("1", "A", 1), ("2", "B", 20), ("3", "C", 31))
    matrices = by_window(bought, [365, 12, 11])
    assert list(matrices) == ["all 31 days", "last 12 days", "last 11 days"]
    assert [matrix.shape for matrix in matrices.values()] == [(3, 3), (2, 2), (1, 1)]
    assert list(by_window(bought.tail(1), [7])) == ["a single day"]


def test_a_window_is_short_enough_if_it_keeps_nearly_all():
    def windows(**second):
        whole = {"customers": 100, "pairs": 1_000, "covered": 50, "median": 4.0}
        whole |= {"buyers_median": 40.0}
        third = {name: value / 2 for name, value in whole.items()}
        names = ["all 365 days", "last 182 days", "last 91 days"]
        return pd.DataFrame([whole, whole | second, third], names)

    assert short_enough(windows()) == "last 182 days"
    assert short_enough(windows(customers=92, pairs=905, median=3.9)) == "last 182 days"
    less = {"customers": 89, "pairs": 890, "covered": 44, "median": 3, "buyers_median": 35}
    for name, value in less.items():
        assert short_enough(windows(**{name: value})) is None, name
    assert short_enough(windows().head(1)) is None
