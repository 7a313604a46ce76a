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
    by_window,
    described,
    equally_empty_shops,
    full_rows,
    leaders,
    megabytes,
    product_views,
    products_per_customer,
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


def test_rows_and_columns_of_the_miniature():
    small = build_interaction_matrix(data.miniature())
    assert products_per_customer(small).tolist() == [2, 2, 3, 2]
    assert buyers_per_product(small).to_dict() == {"A": 3, "B": 2, "C": 3, "D": 1}
    row = described({"small": small}).loc["small"]
    assert (row["customers"], row["products"], row["empty"]) == (4, 4, 7 / 16)
    assert (row["mean"], row["median"], row["only_one"]) == (2.25, 2, 0)
    assert (row["buyers_mean"], row["buyers_median"]) == (2.25, 2.5)


def test_only_the_median_tells_the_two_shops_apart():
    table = described(equally_empty_shops())
    for name in ("customers", "products", "empty", "mean"):
        assert table[name].nunique() == 1, name
    assert table["empty"].iloc[0] == pytest.approx(0.8)
    assert table["median"].tolist() == [1, 2]
    assert table["only_one"].tolist() == [0.8, 0]


def test_memory_is_what_scipy_takes():
    small = build_interaction_matrix(data.miniature())
    sizes = megabytes(*small.shape, small.values.nnz) * 1e6
    stored = small.values
    assert sizes["sparse"] == stored.data.nbytes + stored.indices.nbytes + stored.indptr.nbytes
    assert sizes["dense"] == stored.toarray().nbytes


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
    table = bought_later(bought, looked, days=10)
    assert table.attrs["day"] == pd.Timestamp("2024-01-05")
    # 3 customers x 3 products, 4 filled; 1-B and 3-B were filled later
    assert table.loc["all empty cells", ["cells", "bought"]].tolist() == [5, 2]
    assert table.loc["viewed", ["cells", "bought"]].tolist() == [2, 1]
    assert table.loc["not viewed", ["cells", "bought"]].tolist() == [0, 0]
    assert table.loc["viewed", "share"] == 0.5
    assert table.attrs["customers"] == 2 and table.attrs["again"] == 1
    assert table.attrs["empty"] == pytest.approx(5 / 9)
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


def test_viewed_cells_are_compared_with_the_same_products():
    people = [f"{n}" for n in range(1, 7)]
    bought = purchases(
        *[(person, "X", 1) for person in people], ("0", "A", 1), ("0", "B", 1),
        *[(person, "A", 20) for person in people[:4]], ("6", "B", 31),
    )  # fmt: skip
    looked = events(
        *[(person, "A", 15, "product_view") for person in people[:2]],
        *[(person, "X", 15, "product_view") for person in people],
        *[(person, "B", 15, "product_view") for person in people[2:]],
    )
    table = bought_later(bought, looked, days=12)
    # A: two of the four others bought it; B: none of the two others did
    assert table.loc["viewed", ["cells", "bought"]].tolist() == [6, 3]
    assert table.loc["not viewed", ["cells", "bought"]].tolist() == [6, 2]
    assert table.attrs["expected"] == pytest.approx(2 * 2 / 4 + 4 * 0)


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
    assert leaders(bought, days=7).to_dict() == {
        "buyers": "A", "repeats": "B", "money": "C", "recent buyers": "D"
    }  # fmt: skip
    assert leaders(bought.drop(columns="total_amount"), days=7)["money"] is None
    twice = purchases(("1", "A", 1), ("1", "B", 1))
    assert leaders(twice, days=1)["buyers"] == "A", "of equals, the first"
    assert leaders(twice, days=1)["repeats"] is None, "nobody came back"


def test_a_full_row_has_more_pairs_than_cells():
    # ten customers of two products each, and one who bought all of them
    table = pd.DataFrame(0, [f"c{n:02d}" for n in range(11)], list("ABCDEF"))
    for customer in range(10):
        table.iloc[customer, [customer % 2, 2 + customer % 2]] = 1
    table.iloc[10] = 1
    matrix = InteractionMatrix.from_frame(table)
    out = full_rows(matrix, [2, 6])
    assert out["customers"].tolist() == [1, 0]
    assert out.loc[2, "cells"] == pytest.approx(6 / 26)
    assert out.loc[2, "pairs"] == pytest.approx(15 / 25)
    assert out.loc[2, "scaled"] == pytest.approx(2.5 / 7.5)
    assert out.loc[6, ["cells", "pairs", "scaled"]].tolist() == [0] * 3
    # the same scale as the recommender's
    votes = scale_rows(matrix.values)
    together = (votes.T @ votes).toarray()
    assert np.triu(together, 1).sum() == pytest.approx(7.5)


def test_rows_of_one_product_make_no_pairs():
    single = InteractionMatrix.from_frame(pd.DataFrame(np.eye(3)))
    assert full_rows(single, [0])[["pairs", "scaled"]].to_numpy().tolist() == [[0, 0]]


def test_windows_reach_back_from_the_last_purchase():
    bought = purchases(("1", "A", 1), ("2", "B", 20), ("3", "C", 31))
    matrices = by_window(bought, [365, 12, 11])
    assert list(matrices) == ["all 31 days", "last 12 days", "last 11 days"]
    assert [matrix.shape for matrix in matrices.values()] == [(3, 3), (2, 2), (1, 1)]
    assert list(by_window(bought.tail(1), [7])) == ["a single day"]
