"""What lesson 02 counts in the matrix: averages, views, what became of empty cells, full rows."""

import numpy as np
import pandas as pd
import pytest

from helpers import data
from helpers.matrix import (
    InteractionMatrix,
    bought_later,
    build_interaction_matrix,
    buyers_per_product,
    by_window,
    described,
    equally_empty_shops,
    leaders,
    left_out,
    megabytes,
    product_views,
    products_per_customer,
    shares_by_tenth,
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


def test_tenths_are_sorted_and_sum_to_one():
    shares = shares_by_tenth(pd.Series([9, *[1] * 18, 3]))
    assert shares.iloc[-1] == pytest.approx(12 / 30) and shares.iloc[0] == pytest.approx(2 / 30)
    assert shares.sum() == pytest.approx(1) and shares.is_monotonic_increasing
    assert np.allclose(shares_by_tenth(pd.Series([2] * 30)), 0.1)


def test_memory_is_what_scipy_takes():
    small = build_interaction_matrix(data.miniature())
    sizes = megabytes(*small.shape, small.values.nnz) * 1e6
    stored = small.values
    assert sizes["sparse"] == stored.data.nbytes + stored.indices.nbytes + stored.indptr.nbytes
    assert sizes["dense"] == stored.toarray().nbytes


def test_views_of_empty_and_filled_cells():
    small = build_interaction_matrix(data.miniature())
    looked = events(
        ("customer 1", "A", 1, "product_view"),
        ("customer 1", "A", 2, "product_view"),  # the same cell
        ("customer 1", "B", 1, "product_view"),
        ("customer 2", "C", 1, "add_to_cart"),  # no view
        ("a stranger", "A", 1, "product_view"),
        ("customer 2", "Z", 1, "product_view"),
        ("customer 2", None, 1, "product_view"),
    )
    table = viewed_cells(small, looked)
    assert table["cells"].to_dict() == {"empty": 7, "filled": 9}
    assert table["viewed"].to_dict() == {"empty": 1, "filled": 1}
    assert table.loc["empty", "share"] == pytest.approx(1 / 7)
    assert viewed_cells(small, None) is None
    assert viewed_cells(small, looked[looked["event_type"] == "add_to_cart"]) is None
    assert len(product_views(looked)) == 5


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
    assert bought_later(bought, None, days=10).index.tolist() == ["all empty cells"]
    late = looked[looked["event_date"] > "2024-01-10"]
    assert bought_later(bought, late, days=10).index.tolist() == ["all empty cells"]
    early = looked.assign(event_date=pd.Timestamp("2023-06-01"))
    assert bought_later(bought, early, days=10).index.tolist() == ["all empty cells"]
    with pytest.raises(ValueError, match="no transactions"):
        bought_later(bought, None, days=100)


def test_who_leads_depends_on_what_is_counted():
    bought = purchases(
        ("1", "A", 1, 1), ("2", "A", 1, 1), ("3", "A", 1, 1),  # most buyers
        *[("1", "B", day, 1) for day in (1, 2, 3, 4)],  # most purchases
        ("2", "C", 2, 99),  # most money
        ("2", "D", 30, 1), ("3", "D", 31, 1),  # wanted now
    )  # fmt: skip
    assert leaders(bought, days=7).to_dict() == {
        "buyers": "A", "purchases": "B", "money": "C", "recent buyers": "D"
    }  # fmt: skip
    assert leaders(bought.drop(columns="total_amount"), days=7)["money"] is None
    twice = purchases(("1", "A", 1), ("1", "B", 1))
    assert leaders(twice, days=1)["buyers"] == "A", "of equals, the first"


def test_a_full_row_has_more_pairs_than_cells_and_may_steer():
    # ten customers of two products each, and one who bought all of them
    table = pd.DataFrame(0, [f"c{n:02d}" for n in range(11)], list("ABCDEF"))
    for customer in range(10):
        table.iloc[customer, [customer % 2, 2 + customer % 2]] = 1
    table.iloc[10] = 1
    out = left_out(InteractionMatrix.from_frame(table), [2, 6])
    assert out["customers"].tolist() == [1, 0]
    assert out.loc[2, "cells"] == pytest.approx(6 / 26)
    assert out.loc[2, "pairs"] == pytest.approx(15 / 25)
    assert out.loc[6, ["cells", "pairs", "changed", "by_chance"]].tolist() == [0] * 4
    again = left_out(InteractionMatrix.from_frame(table), [2, 6])
    pd.testing.assert_frame_equal(out, again)


def test_leaving_out_the_row_that_makes_a_companion_changes_it():
    table = pd.DataFrame(0, [f"c{n}" for n in range(6)], list("ABCD"))
    table.loc["c0"] = [1, 1, 0, 0]
    table.loc["c1"] = [1, 0, 1, 0]
    table.loc["c2"] = [1, 0, 1, 1]  # without this row, A's companion is B, the first of equals
    table.loc["c3"] = [0, 1, 0, 0]
    table.loc["c4"] = [0, 1, 0, 0]
    table.loc["c5"] = [0, 0, 0, 1]
    out = left_out(InteractionMatrix.from_frame(table), [2])
    assert out.loc[2, "customers"] == 1
    assert out.loc[2, "changed"] == pytest.approx(1 / 4)


def test_windows_reach_back_from_the_last_purchase():
    bought = purchases(("1", "A", 1), ("2", "B", 20), ("3", "C", 31))
    matrices = by_window(bought, [365, 12, 11])
    assert list(matrices) == ["all 31 days", "last 12 days", "last 11 days"]
    assert [matrix.shape for matrix in matrices.values()] == [(3, 3), (2, 2), (1, 1)]
    assert list(by_window(bought.tail(1), [7])) == ["a single day"]
