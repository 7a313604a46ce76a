"""One meaning of a clean row: the same for a lesson, a nightly job and a cluster, in any form."""

import json
import os
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from helpers import data, warehouse
from tests import dirty
from tests.common import deeper, examples

EXAMPLES = int(os.environ.get("DIRTY_TABLES", examples(8)))


# not shrunk: that takes minutes, and the tables are small enough to look at
@deeper
@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(dirty.tables())
def test_a_row_means_the_same_to_every_engine_and_in_every_form(tmp_path_factory, drawn):
    table, cleaning, form = drawn
    folder = tmp_path_factory.mktemp("dirty")
    source = dirty.write(table, form, folder)
    seen = dirty.as_seen(table, form, source)
    reasons, rows = dirty.second_opinion(seen, **cleaning)
    expected = Counter(reason for reason in reasons if reason)

    transactions, report = data.read_transactions(source, **cleaning)
    assert report.rejected == dict(expected)
    assert (report.read, report.kept) == (len(table), len(transactions))
    kept = [row for row, reason in zip(rows, reasons, strict=True) if reason is None]
    pairs = Counter((row["customer_id"], row["product_id"]) for row in kept)
    assert (
        Counter(zip(transactions["customer_id"], transactions["product_id"], strict=True)) == pairs
    )

    chosen = warehouse.Settings(n=3, n_parts=1)
    for engine in ("scipy", "duckdb"):
        said = warehouse.score(engine, source, folder / engine, chosen, cleaning=cleaning)
        assert said["rejected"] == dict(expected) and said["kept"] == len(kept)
        assert json.loads((folder / engine / "report.json").read_text())["read"] == len(table)
    ours, theirs = (warehouse.read_lists(folder / engine) for engine in ("scipy", "duckdb"))
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, atol=1e-6)


def test_the_second_opinion_notices_a_changed_rule(tmp_path, monkeypatch):
    """Without this, both could be wrong alike."""
    table = pd.DataFrame(
        {"customer_id": ["a"] * 3, "product_id": ["A", "B", "B"],
         "transaction_date": "01-02-2024", "total_amount": ["0", "5", "-5"]}
    )  # fmt: skip
    reasons, _ = dirty.second_opinion(table)
    expected = {"total_amount not above zero": 1, "return or cancellation": 1,
                "purchase that was returned": 1}  # fmt: skip
    assert Counter(reasons) == expected
    source = dirty.write(table, "csv", tmp_path)
    assert data.read_transactions(source)[1].rejected == expected
    monkeypatch.delitem(data.WHY_NO_PURCHASE, "total_amount not above zero")
    assert data.read_transactions(source)[1].rejected != expected


@pytest.mark.parametrize("form", dirty.FORMS)
def test_a_row_without_anything_is_empty_and_no_guest_s(form, tmp_path):
    """Random tables have one now and then: both opinions know it."""
    rows = [("c1", "A", "01-02-2024"), ("", "A", "01-02-2024"), ("  ", "", ""), ("c2", "B", "")]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "transaction_date"])
    source = dirty.write(table, form, tmp_path)
    reasons, _ = dirty.second_opinion(dirty.as_seen(table, form, source))
    assert reasons == [None, "no customer id", "empty row", "no date"]
    assert data.read_transactions(source)[1].rejected == Counter(reasons[1:])


SHOP = [("k1", "A"), ("k1", "B"), ("k2", "A"), ("k2", "C"), ("k3", "B"), ("k3", "C"), ("k4", "A")]


def parts_of_a_shop(folder):
    """Seven purchases in three files whose columns stand in three orders."""
    table = pd.DataFrame(SHOP, columns=["customer_id", "product_id"])
    table = table.assign(transaction_date="01-02-2024", quantity="1")
    folder.mkdir()
    table[:3].to_csv(folder / "a.csv", index=False)
    table[3:5][["product_id", "customer_id", "transaction_date"]].to_csv(
        folder / "B.CSV", index=False
    )
    more = table[5:].assign(colour="red")[
        ["quantity", "colour", "transaction_date", "product_id", "customer_id"]
    ]
    more.to_csv(folder / "c.csv.gz", index=False)
    (folder / "d.csv").touch()
    (folder / "_SUCCESS").touch()
    return folder


@pytest.mark.parametrize("engine", ["scipy", "duckdb"])
@pytest.mark.parametrize("pattern", ["", "*.[cC]*"])
def test_parts_are_matched_by_the_names_of_their_columns(tmp_path, engine, pattern):
    folder = parts_of_a_shop(tmp_path / "parts")
    source = str(folder / pattern) if pattern else folder
    report = warehouse.score(engine, source, tmp_path / "out", warehouse.Settings(n_parts=1))
    assert (report["read"], report["kept"]) == (7, 7)
    assert (report["customers"], report["products"]) == (4, 3)
    assert set(data.load_transactions(source)["customer_id"]) == {"k1", "k2", "k3", "k4"}


def test_a_folder_with_something_else_in_it_is_not_read_in_silence(tmp_path):
    folder = parts_of_a_shop(tmp_path / "parts")
    (folder / "notes.docx").write_text("?")
    with pytest.raises(data.DataError, match=r"notes\.docx.*take it out|notes\.docx.*Take it out"):
        data.load_transactions(folder)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"decimal": "comma"}, ["decimal", "'comma'"]),
        ({"merge_case": "no"}, ["merge_case", "true or false"]),
        ({"non_products": "POST"}, ["non_products", "a list"]),
        ({"non_product": ["POST"]}, ["non_product", "non_products"]),
        ({"cancellation_prefix": 5}, ["cancellation_prefix", "text"]),
    ],
)
def test_an_option_that_is_none_is_said(options, words):
    for read in (
        lambda: data.load_shop(cleaning=options),
        lambda: warehouse.purchases(data.BUNDLED["transactions"], cleaning=options),
    ):
        with pytest.raises(data.DataError) as error:
            read()
        for word in words:
            assert word in str(error.value)


@pytest.mark.parametrize(
    ("prices", "decimal", "expected"),
    [
        (["1.000", "2.500", "12.750"], ",", [1000, 2500, 12750]),
        (["1.000", "2.500", "12.750"], ".", [1, 2.5, 12.75]),
        (["1.000", "2.500", "12.750"], None, None),  # nobody can tell
        (["12,345", "3,5", "7,125"], None, None),  # one clear value against two that may be either
        (["1.234", "1,234", "5"], None, None),
        (["1.234,50", "2,50", "3"], None, [1234.5, 2.5, 3]),
        (["1,234.50", "2.50", "3"], None, [1234.5, 2.5, 3]),
        (["0.500", "12.750", "1250.125"], None, [0.5, 12.75, 1250.125]),
        (["1,234.50", "2.50", "3"], ",", None),  # not 1.2345
        (["2,50", "3,75", "4"], ".", None),  # not 250
    ],
)
def test_decimal_marks_are_read_as_told_or_as_the_file_says_clearly(
    tmp_path, prices, decimal, expected
):
    table = pd.DataFrame({"customer_id": list("abc"), "product_id": list("ABC")})
    table = table.assign(transaction_date="01-02-2024", unit_price=prices)
    table.to_csv(tmp_path / "shop.csv", index=False, sep=";")
    if expected is None:
        with pytest.raises(data.DataError, match="unit_price.*decimal"):
            data.load_transactions(tmp_path / "shop.csv", decimal=decimal)
    else:
        read = data.load_transactions(tmp_path / "shop.csv", decimal=decimal)
        assert read["unit_price"].tolist() == expected


def test_all_numbers_of_a_file_speak_for_its_decimal_mark(tmp_path):
    table = pd.DataFrame({"customer_id": list("abc"), "product_id": list("ABC")})
    table = table.assign(transaction_date="01-02-2024", unit_price=["2,50", "3,75", "4,20"],
                         quantity=["1.000", "2", "3"])  # fmt: skip
    table.to_csv(tmp_path / "shop.csv", index=False, sep=";")
    assert data.load_transactions(tmp_path / "shop.csv")["quantity"].tolist() == [1000, 2, 3]


def test_one_product_keeps_the_spelling_that_most_rows_have(tmp_path):
    table = pd.DataFrame({"customer_id": list("abcd"), "product_id": ["sku-a"] * 3 + ["SKU-A"]})
    table.assign(transaction_date="01-02-2024").to_csv(tmp_path / "shop.csv", index=False)
    read = data.load_transactions(tmp_path / "shop.csv", merge_case=True)
    assert set(read["product_id"]) == {"sku-a"}


def test_events_of_which_no_type_is_known_are_refused_with_what_was_found(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("customer_id,event_date,event_type\na,01-02-2024,view\nb,01-02-2024,view\n")
    with pytest.raises(data.DataError, match=r"events\.csv.*product_view.*view \(2\)"):
        data.load_events(path)


def two_parts(folder, first, second):
    """Two parquet parts of purchases that differ in the types of some columns."""
    folder.mkdir()
    for number, more in enumerate((first, second)):
        table = pd.DataFrame({"customer_id": list("abcd"), "product_id": list("ABCD")})
        table = table.assign(
            transaction_date=pd.Timestamp("2024-01-01") + pd.Timedelta(days=number)
        )
        table.assign(**more).to_parquet(folder / f"{number}.parquet", index=False)
    return folder


def everywhere(source, folder, **cleaning):
    """What a lesson and both engines of a batch job keep and reject; they must agree."""
    transactions, report = data.read_transactions(source, **cleaning)
    chosen = warehouse.Settings(n_parts=1, n=3)
    for engine in ("scipy", "duckdb"):
        said = warehouse.score(engine, source, folder / engine, chosen, cleaning=cleaning)
        assert (said["kept"], said["rejected"]) == (report.kept, report.rejected)
    ours, theirs = (warehouse.read_lists(folder / engine) for engine in ("scipy", "duckdb"))
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, atol=1e-6)
    return transactions, report


@pytest.mark.parametrize(
    ("first", "second", "decimal", "prices"),
    [
        # a number is a number, whatever mark the text beside it has
        ({"unit_price": 1.125}, {"unit_price": "2,50"}, ",", [1.125, 2.5]),
        ({"quantity": 1500.0}, {"quantity": "1.500"}, ",", None),
        ({"quantity": 2.0}, {"quantity": "2"}, None, None),
        ({"x": True}, {"x": 5}, None, None),
        ({"x": pd.Timestamp("2024-01-01").date()}, {"x": pd.Timestamp("2024-01-01")}, None, None),
        ({"x": [[1]] * 4}, {"x": "text"}, None, None),
        ({"quantity": np.float32(1.5)}, {"quantity": 1}, None, None),
        ({"file_row_number": 3}, {"Note": "n"}, None, None),
        ({"Note": "n"}, {"note": "n"}, None, None),
    ],
)
def test_parts_of_several_types_mean_the_same_everywhere(tmp_path, first, second, decimal, prices):
    source = two_parts(tmp_path / "parts", first, second)
    table, report = everywhere(source, tmp_path, decimal=decimal)
    assert report.kept == 8
    if prices:
        assert sorted(set(table["unit_price"])) == prices
    if first.get("quantity") == 1500.0:
        assert set(table["quantity"]) == {1500}


def test_ids_of_several_types_are_one_kind_of_ids(tmp_path):
    source = two_parts(
        tmp_path / "parts",
        {"product_id": [1.0, 2.0, 3.0, 4.0], "customer_id": [17850.0, 1.0, 2.0, 3.0]},
        {"product_id": ["1.5", "2", "3", "4"], "customer_id": [17850, 1, 2, 3]},
    )
    table, _ = everywhere(source, tmp_path)
    assert set(table["customer_id"]) == {"17850", "1", "2", "3"}
    assert set(table["product_id"]) == {"1", "1.5", "2", "3", "4"}


def test_numbers_and_dates_in_a_sheet_stay_what_they_are_beside_text(tmp_path):
    table = pd.DataFrame({"customer_id": list("abcd"), "product_id": ["A", "B", 7, 7.5]})
    dates = [pd.Timestamp("2024-01-05"), "06-01-2024", pd.Timestamp("2024-01-07"), "08-01-2024"]
    table = table.assign(transaction_date=dates, unit_price=[1.125, "2,50", 3, "4,75"])
    table.to_excel(tmp_path / "shop.xlsx", index=False)
    read, _ = everywhere(tmp_path / "shop.xlsx", tmp_path, decimal=",")
    assert read["unit_price"].tolist() == [1.125, 2.5, 3, 4.75]
    assert read["transaction_date"].dt.day.tolist() == [5, 6, 7, 8]
    assert read["product_id"].tolist() == ["A", "B", "7", "7.5"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    for name, customer, products in (("march[1]", "right", "AB"), ("march1", "wrong", "ABC")):
        table = pd.DataFrame({"customer_id": customer, "product_id": list(products)})
        table = table.assign(transaction_date=pd.Timestamp("2024-01-01"))
        table.to_parquet(tmp_path / f"{name}.parquet")
    (tmp_path / "lists [1]").mkdir()
    read, _ = everywhere(tmp_path / "march[1].parquet", tmp_path / "lists [1]")
    assert set(read["customer_id"]) == {"right"}


def test_a_pattern_takes_folders_of_parts_too_and_each_file_once(tmp_path):
    parts_of_a_shop(tmp_path / "day-1")
    assert len(data.load_transactions(str(tmp_path / "day-*"))) == 7
    twice = [str(tmp_path / "day-1" / "a.csv"), str(tmp_path / "day-*")]
    assert data.read_transactions(twice)[1].read == 7


@pytest.mark.parametrize("amount", [-5, "-5"])
def test_money_that_goes_back_is_a_return_also_where_a_quantity_is_blank(tmp_path, amount):
    table = pd.DataFrame({"customer_id": list("aab"), "product_id": list("AAA")})
    table = table.assign(transaction_date="01-02-2024", quantity=["1", "", "1"],
                         total_amount=[5, amount, 5])  # fmt: skip
    table.to_csv(tmp_path / "shop.csv", index=False)
    read, report = everywhere(tmp_path / "shop.csv", tmp_path)
    assert read["customer_id"].tolist() == ["b"]
    assert report.rejected == {"return or cancellation": 1, "purchase that was returned": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"path": []}, "list of files is empty"),
        ({"columns": ["a", "b"]}, "their name: our name"),
        ({"date_format": 5}, "date_format is 5"),
        ({"date_format": None}, "date_format is None"),
        ({"date_format": []}, "date_format is"),
        ({"date_format": "mixed"}, "guess"),
        ({"non_products": [None]}, "non_products"),
        ({"non_products": [False]}, "a list of product codes"),
    ],
)
def test_what_cannot_be_meant_is_said_and_never_read_as_something_else(arguments, words):
    with pytest.raises(data.DataError, match=words):
        data.read_transactions(**arguments)


def test_a_prefix_without_a_column_for_it_is_said(tmp_path):
    parts_of_a_shop(tmp_path / "parts")
    with pytest.raises(data.DataError, match="cancellation_prefix.*transaction_id"):
        data.load_transactions(tmp_path / "parts", cancellation_prefix="C")


def test_events_of_which_none_can_be_used_are_refused(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("customer_id,event_date,event_type\n,01-02-2024,search\n")
    with pytest.raises(data.DataError, match="none of the 1 events.*no customer id: 1"):
        data.load_events(path)


def test_events_take_over_the_spelling_that_the_purchases_chose(tmp_path):
    shop, visits = tmp_path / "shop.csv", tmp_path / "events.csv"
    shop.write_text("customer_id,product_id,transaction_date\n"
                    "a,sku-A,01-02-2024\nb,sku-A,01-02-2024\nc,SKU-A,01-02-2024\n")  # fmt: skip
    seen = ["a,02-02-2024,product_view,SKU-a", "b,02-02-2024,product_view,other"]
    visits.write_text("\n".join(["customer_id,event_date,event_type,product_id", *seen]))
    _, events = data.load_shop(shop, visits, cleaning={"merge_case": True})
    assert events["product_id"].tolist() == ["sku-A", "other"]
    assert data.load_shop(shop, visits)[1]["product_id"].tolist() == ["SKU-a", "other"]
