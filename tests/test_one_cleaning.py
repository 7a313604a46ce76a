"""One meaning of a clean row: the same for a lesson, a nightly job and a cluster, in any form."""

import json
import os
from collections import Counter

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from helpers import data, warehouse
from tests import dirty

EXAMPLES = int(os.environ.get("DIRTY_TABLES", 20))


# not shrunk: that takes minutes, and the tables are small enough to look at
@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(dirty.tables())
def test_a_row_means_the_same_to_every_engine_and_in_every_form(tmp_path_factory, drawn):
    table, cleaning, form = drawn
    folder = tmp_path_factory.mktemp("dirty")
    source = dirty.write(table, form, folder)
    seen = pd.read_parquet(source) if form == "dated" else table
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
