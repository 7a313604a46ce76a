"""Loading: typed tables, every row accounted for, clear sentences for what can't be used."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.evaluate import as_known_on
from tests.common import deeper, examples

HEADER = "customer_id,product_id,transaction_date,transaction_id,product_name,quantity,unit_price\n"


def write(tmp_path, text, name="shop.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_bundled_tables_are_typed_and_complete(shop):
    transactions, events = shop
    assert (len(transactions), len(events)) == (24_419, 27_560)
    assert transactions["transaction_date"].dt.year.isin([2023, 2024]).all()
    # day first: a month-first reading would fail for days after the 12th, or move sales
    assert (transactions["transaction_date"].dt.day > 12).mean() > 0.5
    assert transactions["customer_id"].str.fullmatch(r"CUST\d{5}").all()
    assert (transactions["total_amount"] > 0).all()
    assert events.loc[events["event_type"] == "page_view", "product_id"].isna().all()


def test_ids_stay_text(tmp_path):
    rows = (
        "00123,7,01-02-2024,1,Tea,1,2\nabc,007,01-02-2024,2,Tea,1,2\nNan,1e5,01-02-2024,3,x,1,2\n"
    )
    table = data.load_transactions(write(tmp_path, HEADER + rows))
    assert table["customer_id"].tolist() == ["00123", "abc", "Nan"]
    assert table["product_id"].tolist() == ["7", "007", "1e5"]


def test_ids_that_went_through_floats_are_whole_again(tmp_path):
    """Also where only part of the rows did; not where .0 is one of several fractions."""
    rows = "17850.0,1.0,01-02-2024,1,Tea,1,2\n17850,1.5,01-02-2024,2,Tea,1,2\n"
    rows += "017,X1.0,01-02-2024,3,Tea,1,2\n17851.0,v,01-02-2024,4,Tea,1,2\n"
    table = data.load_transactions(write(tmp_path, HEADER + rows))
    assert table["customer_id"].tolist() == ["17850", "17850", "017", "17851"]
    assert table["product_id"].tolist() == ["1.0", "1.5", "X1.0", "v"]
    comma = write(tmp_path, "customer_id;product_id;transaction_date\n12346,0;A;01-02-2024\n")
    assert data.load_transactions(comma)["customer_id"].tolist() == ["12346"]


def test_each_reason_counts_its_rows_and_nothing_is_lost(tmp_path):
    rows = [
        "1,A,01-02-2024,1,Tea,2,3",  # kept
        ",A,01-02-2024,2,Tea,1,3",  # no customer
        "1, ,01-02-2024,3,Tea,1,3",  # no product
        "1,A,31-02-2024,4,Tea,1,3",  # no such day
        "1,A,01-02-2024,5,Tea,many,3",  # no number
        "1,POST,01-02-2024,6,Postage,1,3",  # no product
        "1,B,01-02-2024,7,Cup,1,3",  # taken back by the next
        "1,B,02-02-2024,8,Cup,-1,3",
        "1,C,01-02-2024,9,Pot,3,3",  # only partly taken back: stays
        "1,C,02-02-2024,10,Pot,-1,3",
        "1,A,01-02-2024,1,Tea,2,3",  # duplicate of the first
        "1,D,01-02-2024,11,Mug,0,3",
        "1,D,01-02-2024,12,Mug,1,0",
    ] + [f"2,E,01-02-2024,{n},Jam,1,3" for n in range(100, 120)]
    path = write(tmp_path, HEADER + "\n".join(rows) + "\n")
    table, report = data.read_transactions(path, non_products=["POST"])
    assert report.rejected == {
        "no customer id": 1,
        "no product id": 1,
        "unreadable date": 1,
        "unreadable quantity": 1,
        "not a product": 1,
        "return or cancellation": 2,
        "purchase that was returned": 1,
        "duplicate of another row": 1,
        "quantity is zero": 1,
        "unit_price not above zero": 1,
    }
    assert report.kept + sum(report.rejected.values()) == report.read == len(rows)
    assert report.examples["purchase that was returned"] == [8]  # the header is row 1
    assert table["product_id"].drop_duplicates().tolist() == ["A", "C", "E"]


@deeper
@settings(max_examples=examples(25), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "", " ", "ü"]),
            st.sampled_from(["A", "B", "POST", ""]),
            st.sampled_from(["01-02-2024"] * 30 + ["99-99-2024", ""]),
            st.sampled_from(["1", "-1", "0", "x", ""]),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_kept_and_rejected_always_add_up(tmp_path_factory, rows):
    text = "customer_id,product_id,transaction_date,quantity\n"
    text += "".join(",".join(row) + "\n" for row in rows)
    path = write(tmp_path_factory.mktemp("d"), text)
    try:
        table, report = data.read_transactions(path, non_products=["POST"])
    except data.DataError as error:
        assert "Column transaction_date" in str(error) or "Column quantity" in str(error)
        return
    assert len(table) == report.kept
    assert report.kept + sum(report.rejected.values()) == report.read == len(rows)


def test_cancellation_prefix_takes_back_without_a_negative_quantity(tmp_path):
    rows = "1,A,01-02-2024,5,Tea,2,3\n1,A,02-02-2024,C6,Tea,2,3\n1,B,02-02-2024,7,Cup,2,3\n"
    path = write(tmp_path, HEADER + rows)
    table, report = data.read_transactions(path, cancellation_prefix="C")
    assert table["product_id"].tolist() == ["B"]
    assert report.rejected == {"return or cancellation": 1, "purchase that was returned": 1}


@pytest.mark.parametrize(
    ("lines", "stays"),
    [
        ([("01-02-2024", -1), ("05-02-2024", 1)], True),  # its purchase is older than the file
        ([("05-02-2024", 1), ("01-02-2024", -1)], True),  # in whatever order they stand
        ([("05-02-2024", 1), ("05-02-2024", -1)], False),
        ([("01-02-2024", 1), ("02-02-2024", -3), ("05-02-2024", 1)], True),
        ([("01-02-2024", 2), ("02-02-2024", -1), ("05-02-2024", -1)], False),
        ([("01-02-2024", 1), ("02-02-2024", -1), ("05-02-2024", 1), ("09-02-2024", -1)], False),
    ],
)
def test_a_return_takes_back_what_was_bought_before_it(tmp_path, lines, stays):
    rows = "".join(f"1,A,{day},{n},Tea,{n},3\n" for day, n in lines) + "1,B,01-02-2024,7,Cup,1,3\n"
    table, report = data.read_transactions(write(tmp_path, HEADER + rows))
    assert ("A" in set(table["product_id"])) == stays
    assert report.kept + sum(report.rejected.values()) == report.read == len(lines) + 1


def test_within_a_day_nobody_asks_which_hour_came_first(tmp_path):
    lines = [
        ("05-02-2024 11:00", "A", 1),
        ("05-02-2024 10:00", "A", -1),
        ("05-02-2024 9:00", "B", 1),
    ]
    rows = "".join(f"1,{product},{day},{n},Tea,{n},3\n" for day, product, n in lines)
    path = write(tmp_path, HEADER + rows)
    table, report = data.read_transactions(path, date_format="%d-%m-%Y %H:%M")
    assert table["product_id"].tolist() == ["B"]
    known = as_known_on(table, report.undone, pd.Timestamp(2024, 2, 6))
    assert known["product_id"].tolist() == ["B"]


@deeper
@settings(max_examples=examples(15), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("12"), st.sampled_from("AB"), st.integers(1, 9),
                  st.sampled_from([-2, -1, 1, 2])),
        min_size=2, max_size=25,
    ),
    st.integers(2, 9),
)  # fmt: skip
def test_the_past_is_what_a_file_of_that_day_would_have_held(tmp_path_factory, lines, cut):
    folder = tmp_path_factory.mktemp("past")
    # somebody buys every day, so that each file has purchases and the same last day
    lines = [("9", "C", day, 1) for day in range(1, 10)] + lines

    def read(kept):
        rows = "".join(
            f"{customer},{product},{day:02d}-02-2024,{number},Tea,{units},3\n"
            for number, (customer, product, day, units) in enumerate(lines)
            if kept(day)
        )
        return data.read_transactions(write(folder, HEADER + rows))

    table, report = read(lambda day: True)
    then, _ = read(lambda day: day < cut)
    known = as_known_on(table, report.undone, pd.Timestamp(2024, 2, cut))
    assert sorted(known["transaction_id"]) == sorted(then["transaction_id"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_are_found_beyond_the_first_thousand_lines(tmp_path, encoding):
    rows = "".join(f"{n},A,01-02-2024,{n},Tea,1,2\n" for n in range(5_000))
    path = write(tmp_path, HEADER + rows + "9999,B,01-02-2024,9999,Café £,1,2\n", encoding=encoding)
    table = data.load_transactions(path)
    assert table["product_name"].iloc[-1] == "Café £"


def test_packed_and_typed_files(tmp_path, small_shop):
    plain = write(tmp_path, HEADER + "1,A,01-02-2024,1,Tea,1,2\n")
    packed = tmp_path / "shop.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    expected = data.load_transactions(plain)
    pd.testing.assert_frame_equal(data.load_transactions(packed), expected)
    expected.to_parquet(tmp_path / "shop.parquet")
    pd.testing.assert_frame_equal(
        data.load_transactions(tmp_path / "shop.parquet"), expected, check_dtype=False
    )


def test_their_column_names(tmp_path):
    path = write(
        tmp_path, "Kunde, Product_ID ,transaction_date,transaction_amount\n1,A,01-02-2024,3\n"
    )
    table = data.load_transactions(path, columns={"Kunde": "customer_id"})
    assert table["total_amount"].tolist() == [3]
    # a mapped column wins over one that happens to have our name
    path = write(tmp_path, "customer_id,sku,product_id,transaction_date\n1,S,A,01-02-2024\n")
    assert data.load_transactions(path, {"sku": "product_id"})["product_id"].tolist() == ["S"]


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("", {}, ["shop.csv", "empty"]),
        (
            "CustomerID,product_id,transaction_date\n",
            {},
            ["customer_id", "CustomerID: customer_id"],
        ),
        (
            "customer_id,product_id,transaction_date\n1,A,2024-02-01\n",
            {},
            ["transaction_date", "row 2", "'2024-02-01'", "%Y-%m-%d"],
        ),
        ("a,b\n1,2\n", {"columns": {"c": "customer_id"}}, ["'c'", "a, b"]),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path, text, arguments, words):
    with pytest.raises(data.DataError) as error:
        data.load_transactions(write(tmp_path, text), **arguments)
    for word in words:
        assert word in str(error.value)


def test_missing_file_and_missing_events(tmp_path):
    with pytest.raises(data.DataError, match="no file"):
        data.load_transactions(tmp_path / "none.csv")
    path = write(tmp_path, HEADER + "1,A,01-02-2024,1,Tea,1,2\n")
    assert data.load_shop(path)[1] is None
    assert data.load_shop()[1] is not None


def test_events_without_product_stay_and_unknown_types_go(tmp_path):
    path = write(
        tmp_path,
        "customer_id,event_date,event_type,product_id\n1,01-02-2024,page_view,\n"
        "1,01-02-2024,add_to_cart,A\n1,01-02-2024,wiggle,A\n",
    )
    table, report = data.read_events(path)
    assert table["product_id"].isna().tolist() == [True, False]
    assert report.rejected == {"unknown event type": 1}


def test_product_table_takes_the_most_frequent_name(tmp_path):
    rows = "1,A,01-02-2024,1,Tee,1,2\n2,A,01-02-2024,2,Tea,1,4\n3,A,03-02-2024,3,Tea,1,4\n"
    products = data.product_table(data.load_transactions(write(tmp_path, HEADER + rows)))
    assert products.loc["A", "product_name"] == "Tea"
    assert products.loc["A", "price"] == 4
    bare = write(tmp_path, "customer_id,product_id,transaction_date\n1,A,01-02-2024\n")
    assert data.product_table(data.load_transactions(bare)).loc["A", "product_name"] == "A"


def test_a_line_costs_its_amount_or_price_times_quantity_and_never_less_than_nothing():
    table = pd.DataFrame({"total_amount": [5.0, np.nan, np.nan, -2.0],
                          "unit_price": [1.0, 3.0, np.nan, 2.0],
                          "quantity": [1.0, 2.0, 2.0, 1.0]})  # fmt: skip
    assert data.line_amounts(table).tolist() == [5, 6, 0, 0]
    assert data.line_amounts(table[["unit_price"]]).tolist() == [1, 3, 0, 2]
    assert data.line_amounts(table[["quantity"]]) is None


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(2, 9)), unique=True, max_size=12))
def test_rows_come_back_as_they_stand_in_the_files(places):
    table = pa.table(pd.DataFrame(places, columns=["file_no", "row_no"]).astype("int64"))
    rows = data._in_order(table).to_pandas()
    assert [*rows.itertuples(index=False, name=None)] == sorted(places)
