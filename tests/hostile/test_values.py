"""Odd ids, numbers, dates and rows, as exports have them: read right, or told; never in silence."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import data, evaluate, production, warehouse
from helpers.reading.dates import DateReader
from helpers.reading.errors import DataError
from helpers.reading.ids import NOTHING, plain_id
from helpers.reading.numbers import bare_number
from helpers.reading.parameters import Parameters
from helpers.recommend import ItemBased

DAY = "01-02-2024"


def shop(**columns):
    """Purchases of text: what is not given is a customer, a product or a day like any other."""
    rows = max(len(each) for each in columns.values() if isinstance(each, list))
    plain = {
        "customer_id": [f"c{n}" for n in range(rows)],
        "product_id": [f"p{n}" for n in range(rows)],
        "transaction_date": DAY,
    }
    return pd.DataFrame(plain | columns)


def written(table, folder, form="csv"):
    path = folder / f"shop.{form}"
    if form == "csv":
        table.to_csv(path, index=False)
    elif form == "xlsx":
        table.to_excel(path, index=False)
    else:
        table.to_parquet(path, index=False)
    return path


def everywhere(path, folder, date_format=data.DATE_FORMAT, time_zone=None, **cleaning):
    """What a lesson reads; DuckDB must keep and reject the same, and make the same lists of it."""
    table, report = data.read_transactions(path, None, date_format, time_zone, **cleaning)
    assert report.kept + sum(report.rejected.values()) == report.read
    said = warehouse.score(
        "duckdb", path, folder / "lists", warehouse.Settings(n=3, n_parts=1),
        date_format=date_format, time_zone=time_zone, cleaning=cleaning,
    )  # fmt: skip
    assert (said["kept"], said["rejected"]) == (report.kept, report.rejected)
    lists = production.build_engine(table, None, ItemBased()).recommend(None, 3)
    theirs = warehouse.read_lists(folder / "lists")[list(lists)]
    pd.testing.assert_frame_equal(theirs, lists, check_dtype=False, atol=1e-6)
    return table, report


def finding(report, words):
    """The one finding whose name has these words."""
    [value] = [value for name, value in report.findings.items() if words in name]
    return value


# ids


def test_marks_that_nobody_sees_and_loose_accents_do_not_make_another_customer(tmp_path):
    one = ["C1", "C\u200b1", "\u200eC1", "C1\ufeff", "C\u00ad1", "\u202aC1\u202c"]
    other = ["Jos\u00e9 P", "Jose\u0301 P", "Jos\u00e9\u00a0P"]
    path = written(shop(customer_id=one + other), tmp_path)
    table, report = everywhere(path, tmp_path)
    assert table["customer_id"].tolist() == ["C1"] * 6 + ["Jos\u00e9 P"] * 3
    said = finding(report, "customer ids with marks that nobody sees")
    assert said.startswith("6, ") and "\\xad" in said


def test_an_apostrophe_that_makes_digits_a_text_is_no_part_of_an_id(tmp_path):
    path = written(shop(customer_id=["'0012", "0012", "'s Graven", "'12 a"]), tmp_path)
    table, report = everywhere(path, tmp_path)
    assert table["customer_id"].tolist() == ["0012", "0012", "'s Graven", "'12 a"]
    assert "'0012" in finding(report, "customer ids with marks that nobody sees")


def test_marks_that_a_script_spells_with_stay():
    assert plain_id("\u0645\u06cc\u200c\u062e") == "\u0645\u06cc\u200c\u062e"
    assert plain_id("A\u200c1\u200d") == "A1"


_TEXTS = st.text(max_size=12) | st.text("aA1 \u00e9e\u0301\u200b\u200c\u200d\u00ad\u00a0\ufeff")


@given(_TEXTS)
def test_a_plain_id_stays_as_it_is(text):
    plain = plain_id(text)
    assert plain is None or plain_id(plain) == plain
    if text.isascii() and text.isalnum() and text not in NOTHING:
        assert plain == text


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_words_for_nothing_are_no_id_in_every_kind_of_file(tmp_path, form):
    words = ["NA", "NULL", "None", "nan", "N/A", "null", "#N/A"]
    products = ["a"] * 7 + ["b", "null", "Nan"]
    path = written(shop(customer_id=[*words, "c", "d", "Nan"], product_id=products), tmp_path, form)
    table, report = everywhere(path, tmp_path)
    assert report.rejected == {"no customer id": 7, "no product id": 1}
    assert table["customer_id"].tolist() == ["c", "Nan"]
    said = finding(report, "words for nothing in customer_id")
    # a workbook's own #N/A is an empty cell
    assert all(f"{word} (1)" in said for word in words[: 6 if form == "xlsx" else 7])


def test_an_id_that_a_spreadsheet_destroyed_is_said_and_stays(tmp_path):
    path = written(shop(customer_id=["1.23E+05", "123000", "1,2E+17", "1e5"]), tmp_path)
    table, report = everywhere(path, tmp_path)
    assert table["customer_id"].tolist() == ["1.23E+05", "123000", "1,2E+17", "1e5"]
    assert finding(report, "customer ids that a spreadsheet") == "2, such as '1,2E+17'"


@pytest.mark.parametrize("mark", [".", ","])
def test_ids_that_went_through_floats_are_those_of_the_parquet_file(tmp_path, mark):
    ids = [17850.0, 13047.0, 12346.0, 17850.0]
    text = [f"{each:.1f}".replace(".", mark) for each in ids[:3]] + ["17850"]  # in part of the file
    (tmp_path / "typed").mkdir()
    typed = written(shop(customer_id=ids), tmp_path / "typed", "parquet")
    from_text, report = everywhere(written(shop(customer_id=text), tmp_path), tmp_path)
    expected, _ = everywhere(typed, tmp_path / "typed")
    assert from_text["customer_id"].tolist() == expected["customer_id"].tolist()
    assert set(from_text["customer_id"]) == {"17850", "13047", "12346"}
    assert finding(report, "customer ids that went through floats").startswith("3, ")
    assert data.clean_ids([f"17850{mark}0", "C\u200b1", " ", "NULL"]) == ["17850", "C1"]


def test_one_odd_fraction_does_not_bring_the_tails_back_but_versions_stay(tmp_path):
    path = written(shop(customer_id=[f"{n}.0" for n in range(1, 60)] + ["7", "1.5"]), tmp_path)
    assert set(everywhere(path, tmp_path)[0]["customer_id"]) == {*map(str, range(1, 60)), "1.5"}
    (tmp_path / "2").mkdir()
    versions = ["1.0", "1.1", "1.2", "2.0", "2.1", "2"]
    path = written(shop(product_id=versions), tmp_path / "2")
    assert everywhere(path, tmp_path / "2")[0]["product_id"].tolist() == versions


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_long_ids_that_a_column_of_floats_destroyed_are_said(tmp_path, form):
    ids = [float(123456789012345678 + 7 * n) for n in range(100)]
    table, report = data.read_transactions(written(shop(customer_id=ids), tmp_path, form))
    assert len(table) == 100 and table["customer_id"].nunique() < 100
    words = "that a spreadsheet or float" if form == "csv" else "of 16 or more digits"
    assert finding(report, f"customer ids {words}")


def test_long_ids_that_are_whole_are_not_suspected(tmp_path):
    ids = [str(123456789012345678 + 7919 * n) for n in range(20)]
    table, report = data.read_transactions(written(shop(customer_id=ids), tmp_path))
    assert table["customer_id"].tolist() == ids
    assert not [name for name in report.findings if "16 or more" in name]


def test_twins_by_case_or_zeros_are_said_and_merged_on_request_only(tmp_path):
    table = shop(
        customer_id=["Ann", "ann", "ann", "017", "17", "A 1", "A1", "2", "2.0", "2.5"],
        product_id=list("AaBBBBBBBB"),
    )
    path = written(table, tmp_path)
    read, report = everywhere(path, tmp_path)
    assert read["customer_id"].nunique() == 9
    assert finding(report, "customer ids equal but for blanks") == "1, such as A 1 and A1"
    assert finding(report, "customer ids equal but for a .0 behind") == "1, such as 2 and 2.0"
    assert finding(report, "customer ids equal but for case") == "1, such as Ann and ann"
    assert finding(report, "customer ids equal but for leading zeros") == "1, such as 017 and 17"
    assert finding(report, "product ids equal but for case") == "1, such as A and a"
    read, _ = data.read_transactions(path, merge_case=True)
    assert read["customer_id"].tolist()[:5] == ["ann", "ann", "ann", "017", "17"]


def test_ids_that_look_alike_in_other_letters_are_said(tmp_path):
    ids = ["C12", "\u042112", "C\uff11\uff12", "C\u0661\u0662"]
    ids += ["\u0410\u0412\u0416", "A\u0412\u0416"]
    table, report = everywhere(written(shop(customer_id=ids), tmp_path), tmp_path)
    assert table["customer_id"].nunique() == 6
    said = finding(report, "customer ids equal but for letters or digits of another script")
    # three beside C12; the last two are one word in two alphabets
    assert said.startswith("4, such as ") and said.endswith(", which looks like AB\u0416")
    (tmp_path / "2").mkdir()
    # a shop that writes all its ids in one script is as it should be
    greek = shop(customer_id=["\u039112", "\u039212"], product_id=["\u4e00", "\u4e8c"])
    report = everywhere(written(greek, tmp_path / "2"), tmp_path / "2")[1]
    assert not [name for name in report.findings if "another script" in name]


def test_events_follow_the_spelling_of_customers_and_products(tmp_path):
    visits = tmp_path / "events.csv"
    seen = ["ANN,02-02-2024,product_view,SKU-A", "bob,02-02-2024,product_view,new"]
    visits.write_text("\n".join(["customer_id,event_date,event_type,product_id", *seen]))
    path = written(shop(customer_id=["Ann", "Ann"], product_id=["sku-a", "b"]), tmp_path)
    parameters = data.shop_parameters(path, visits, cleaning={"merge_case": True})
    _, (events, report) = data.read_shop(parameters)
    assert events["customer_id"].tolist() == ["Ann", "bob"]
    assert events["product_id"].tolist() == ["sku-a", "new"]
    assert report.findings["events of customers without a purchase"] == 1
    assert report.findings["events of products without a purchase"] == 1


def test_several_items_in_one_cell_are_said(tmp_path):
    path = written(shop(product_id=["A12; B7", "A12|B7", '["A","B"]', "A12", "A-7"]), tmp_path)
    assert finding(everywhere(path, tmp_path)[1], "several in one cell").startswith("3, such as")
    path = written(shop(product_id=["A12, B7", "A12", "Mug, red", "Mug, blue"]), tmp_path)
    report = everywhere(path, tmp_path / "commas")[1]
    assert finding(report, "several in one cell") == "1, such as 'A12, B7'"


# numbers

WRITTEN = {
    "-1": ["1-", "'-1", "(1)", "\u22121", "- 1", "1 -", "\u20131"],
    "-5.00": ["($5.00)", "$(5.00)", "-$5.00", "$-5.00", "5.00- EUR", "-5.00 \u20ac"],
    "1,234.50": ["$1,234.50", "US$ 1,234.50", "1,234.50 USD", "CA$1,234.50", "Rs. 1,234.50"],
    "1234,50": ["1 234,50", "1\u00a0234,50 kr", "1\u202f234,50 \u20ac", "EUR 1 234,50"],
    "1234.50": ["1'234.50", "1\u2019234.50", "CHF 1'234.50", "Fr. 1\u2009234.50"],
    "1.234,50": ["1.234,50 \u20ac", "\u20ac1.234,50", "R$ 1.234,50", "1.234,50 z\u0142"],
    "1234567.8": ["12,34,567.8", "1 234 567.8"],
    "5": ["5,-", "5.\u2013", "\uff15", "'5", "\u00a35", "+5 kr"],
}
NO_NUMBERS = ["5 %", "many", "--1", "+5-", "(-1)", "1/2", "5k", "2 kg", "12 345 67", "$", "-", "(",
              "1'23", "1.2.3", "inf", "\u00b2", "A5", "1 2"]  # fmt: skip


@pytest.mark.parametrize(("text", "bare"), [(t, bare) for bare, ts in WRITTEN.items() for t in ts])
def test_what_stands_around_a_number_is_taken_off(text, bare):
    assert bare_number(text) == bare


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_for_certain_is_none(text):
    assert bare_number(text) is None


@given(st.text(alphabet="0123456789.,-+()' \u00a0\u2212$\u20ac%eEURkr", max_size=10))
def test_a_bare_number_has_the_digits_of_the_text_and_stays_as_it_is(text):
    bare = bare_number(text)
    if bare is not None:
        assert [x for x in bare if x.isdigit()] == [x for x in text if x.isdigit()]
        assert bare_number(bare) == bare


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (["$1,234.50", "$3.00", "$1,234.50"], [1234.5, 3, 1234.5]),
        (["4,50 \u20ac", "12,00 \u20ac", "1.204,50 \u20ac"], [4.5, 12, 1204.5]),
        (["1\u202f234,50", "12,30", "7,00"], [1234.5, 12.3, 7]),
        (["1'234.50", "12.30", "7.00"], [1234.5, 12.3, 7]),
        (["1.234,50 kr", "NA", "7,00 kr"], [1234.5, None, 7]),
    ],
)
def test_prices_of_many_countries(tmp_path, prices, expected):
    table, report = everywhere(written(shop(unit_price=prices), tmp_path), tmp_path)
    assert report.kept == 3
    assert [None if pd.isna(x) else x for x in table["unit_price"]] == expected


@pytest.mark.parametrize("back", ["1-", "'-1", "(1)", "\u22121", "-1,00"])
def test_a_return_however_it_is_written(tmp_path, back):
    one = "1,00" if "," in back else "1"
    table = shop(customer_id=list("aab"), product_id=list("xxy"), quantity=[one, back, one])
    read, report = everywhere(written(table, tmp_path), tmp_path)
    assert report.rejected == {"return or cancellation": 1, "purchase that was returned": 1}
    assert read["customer_id"].tolist() == ["b"]


def test_each_column_may_have_its_own_decimal_mark(tmp_path):
    table = shop(quantity=["1.000", "2.000", "3.000"], unit_price=["1,250", "2,500", "3,750"])
    path = written(table, tmp_path)
    with pytest.raises(data.DataError, match="unit_price|quantity"):
        data.load_transactions(path)
    decimal = {"quantity": ".", "unit_price": ","}
    read, _ = everywhere(path, tmp_path, decimal=decimal)
    assert read["quantity"].tolist() == [1, 2, 3]
    assert read["unit_price"].tolist() == [1.25, 2.5, 3.75]
    with pytest.raises(data.DataError, match="'price', which is no column of numbers"):
        data.load_transactions(path, decimal={"price": ",", "quantity": "."})


def test_a_column_that_cannot_be_read_is_left_out_by_the_line_that_the_message_shows(tmp_path):
    path = written(shop(unit_price=["cheap", "dear", "fair"]), tmp_path)
    with pytest.raises(data.DataError, match=r"ignore: \[unit_price\]"):
        data.load_transactions(path)
    table, report = everywhere(path, tmp_path, ignore=["unit_price"])
    assert report.kept == 3 and "unit_price" not in table
    with pytest.raises(data.DataError, match="names customer_id, without which"):
        data.load_transactions(path, ignore=["customer_id"])
    with pytest.raises(data.DataError, match="did you mean 'unit_price'"):
        data.load_transactions(path, ignore=["unitprice"])


# dates


@pytest.mark.parametrize(
    ("date_format", "dates"),
    [
        ("excel", ["44866", "44866.75", "44867"]),
        ("epoch_s", ["1667260800", "1667325600", "1667347200"]),
        ("epoch_ms", ["1667260800000", "1667325600000", "1667347200000"]),
        ("epoch_us", ["1667260800000000", "1667325600000001", "1667347200000000"]),
        ("epoch_ns", ["1667260800000000000", "1667325600999999999", "1667347200000000000"]),
        ("iso", ["2022-11-01", "2022-11-01T18:00:00.250Z", "20221102T000000"]),
        (["iso", "excel"], ["2022-11-01", "44866.75", "2022-11-02 00:00"]),
        ("%m/%d/%Y %I:%M %p", ["11/01/2022 12:00 AM", "11/01/2022 6:00 PM", "11/02/2022 12:00 AM"]),
    ],
)
def test_dates_that_have_a_name(tmp_path, date_format, dates):
    path = written(shop(transaction_date=dates), tmp_path)
    table, _ = everywhere(path, tmp_path, date_format)
    moments = table["transaction_date"].dt.floor("s")
    assert moments.astype(str).tolist() == [
        "2022-11-01 00:00:00", "2022-11-01 18:00:00", "2022-11-02 00:00:00"
    ]  # fmt: skip
    asked = date_format if isinstance(date_format, str) else date_format[0]
    if isinstance(date_format, str):
        with pytest.raises(data.DataError) as error:
            data.load_transactions(path)
        assert asked in str(error.value) and len(str(error.value)) < 500


@pytest.mark.parametrize("date_format", ["epoch_s", "epoch_ms", "epoch_us", "epoch_ns"])
def test_numbers_since_1970_are_read_by_their_own_unit_alone(date_format):
    """What another unit has written is no date of a shop; a day's last moment stays in it."""
    units = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}
    midnight = 1_667_347_200
    for other, unit in units.items():
        reader = DateReader(date_format)
        [date] = reader.read(pd.Series([midnight * unit - 1]))
        if other == date_format:
            assert f"{date:%Y-%m-%d %H:%M:%S}" == "2022-11-01 23:59:59"
        else:
            assert not date >= pd.Timestamp("1990-01-01") and reader.fitting() == [other]


@pytest.mark.parametrize("form", ["parquet", "xlsx"])
def test_excel_days_that_are_numbers_in_the_file(tmp_path, form):
    path = written(shop(transaction_date=[44866.0, 44866.5, 44867.0]), tmp_path, form)
    table, _ = everywhere(path, tmp_path, "excel")
    assert table["transaction_date"].dt.day.tolist() == [1, 1, 2]
    assert table["transaction_date"].dt.hour.tolist() == [0, 12, 0]


EVENING = ["2023-01-05 21:30:00 -0500", "2023-07-05 23:30:00 -0400", "2023-01-06 09:00:00 -0500"]


@pytest.mark.parametrize("date_format", ["%Y-%m-%d %H:%M:%S %z", "iso"])
def test_an_evening_order_is_of_the_shops_own_day(tmp_path, date_format):
    path = written(shop(transaction_date=EVENING), tmp_path)
    table, report = everywhere(path, tmp_path, date_format)
    assert table["transaction_date"].dt.day.tolist() == [5, 5, 6]
    assert "zone" in str(report.findings)
    table, _ = everywhere(path, tmp_path / "berlin", date_format, "Europe/Berlin")
    assert table["transaction_date"].dt.day.tolist() == [6, 6, 6]


@pytest.mark.parametrize("stored", ["UTC", "America/New_York"])
def test_a_zoned_parquet_file_gives_the_days_of_the_text(tmp_path, stored):
    moments = pd.to_datetime(pd.Series(EVENING), utc=True).dt.tz_convert(stored)
    path = written(shop(transaction_date=moments.tolist()), tmp_path, "parquet")
    zone = "America/New_York"
    table, _ = everywhere(path, tmp_path, time_zone=zone)
    csv, _ = everywhere(written(shop(transaction_date=EVENING), tmp_path), tmp_path / "csv", "iso",
                        zone)  # fmt: skip
    assert table["transaction_date"].tolist() == csv["transaction_date"].tolist()
    days = everywhere(path, tmp_path / "own")[0]["transaction_date"].dt.day.tolist()
    assert days == ([6, 6, 6] if stored == "UTC" else [5, 5, 6])


def test_a_zone_that_is_none_is_said():
    for wrong in ("Europe/Berln", "../etc", "CST6"):
        with pytest.raises(data.DataError, match="no time zone; it must be a name such as"):
            data.read_transactions(time_zone=wrong)


def test_a_date_before_every_shop_is_a_default_of_some_program(tmp_path):
    dates = ["01-01-1900", "01-01-1970", "01-01-0001", "31-12-1989", "01-01-1990", DAY]
    _, report = everywhere(written(shop(transaction_date=dates), tmp_path), tmp_path)
    assert report.rejected == {"date before 1990": 4}
    assert report.examples["date before 1990"] == [2, 3, 4]
    events = "customer_id,event_date,event_type\na,01-01-1970,search\na,01-02-2024,search\n"
    (tmp_path / "events.csv").write_text(events)
    assert data.read_events(tmp_path / "events.csv")[1].rejected == {"date before 1990": 1}


def test_a_text_that_fits_two_formats_is_counted_and_many_are_refused():
    formats = ["%d-%m-%Y", "%m-%d-%Y"]
    clear = [f"{day}-01-2024" for day in range(13, 32)] * 10
    few = DateReader(formats)
    few.read(pd.Series([*clear, "03-04-2024", "04-04-2024"]))
    assert few.fits_two == 1 and not few.problems()
    assert few.findings() == {
        "dates that fit two of the formats as different days (the first was taken)": 1
    }
    many = DateReader(formats)
    many.read(pd.Series(["03-04-2024", *clear[:10]]))
    assert "'03-04-2024', fit both '%d-%m-%Y' and '%m-%d-%Y'" in many.problems()[0]
    others = DateReader(["%d.%m.%Y", "%m/%d/%Y", "iso", "epoch_s"])
    others.read(pd.Series(["03.04.2024", "03/04/2024", "20240403", "1712102400"]))
    assert not others.fits_two


def test_a_list_that_nobody_can_tell_apart_is_refused_with_an_example(tmp_path):
    path = written(shop(transaction_date=["03-04-2024", "13-04-2024"]), tmp_path)
    with pytest.raises(data.DataError, match="03-04-2024.*Keep one of the two in `date_format`"):
        data.load_transactions(path, date_format=["%d-%m-%Y", "%m-%d-%Y"])


# rows


def orders():
    return pd.DataFrame(
        {
            "customer_id": ["a", "", "b", "", "", "x", "y", ""],
            "product_id": list("pqrstuvw"),
            "transaction_date": [DAY, "", DAY, "", "", DAY, DAY, ""],
            "transaction_id": ["1", "1", "2", "2", "1", "3", "3", "3"],
        }
    )


def test_an_orders_first_line_speaks_for_its_other_lines(tmp_path):
    path = written(orders(), tmp_path)
    assert data.read_transactions(path)[1].rejected == {"no customer id": 4}
    table, report = everywhere(path, tmp_path, fill_down=["customer_id", "transaction_date"])
    # order 1 has lines apart; order 3 has two customers, so nobody knows
    bought = table.groupby("customer_id")["product_id"].agg("".join)
    assert bought.to_dict() == {"a": "pqt", "b": "rs", "x": "u", "y": "v"}
    assert report.rejected == {"no customer id": 1}
    assert finding(report, "cells of customer_id filled") == 3
    with pytest.raises(data.DataError, match="`fill_down` needs a column for transaction_id"):
        data.load_transactions(written(orders().drop(columns="transaction_id"), tmp_path),
                               fill_down=["customer_id"])  # fmt: skip


def test_lines_with_a_status_are_left_out_also_by_their_orders_first_line(tmp_path):
    table = orders().assign(State=["paid", "", "Refunded ", "", "", "paid", "", ""])
    path = written(table, tmp_path)
    options = {"drop_where": {"state": ["refunded", "void"]}}
    _, report = everywhere(path, tmp_path, **options)
    assert report.rejected == {"left out by drop_where": 1, "no customer id": 4}
    assert finding(report, "values of state in drop_where that never occur") == "void"
    fill = ["customer_id", "transaction_date", "State"]
    table, report = everywhere(path, tmp_path / "filled", fill_down=fill, **options)
    assert report.rejected["left out by drop_where"] == 2
    assert "b" not in set(table["customer_id"])
    with pytest.raises(data.DataError, match="no column 'statee'; did you mean 'State'"):
        data.load_transactions(path, drop_where={"statee": ["x"]})


def test_rows_may_be_left_out_by_a_column_that_is_ours_and_for_events(tmp_path):
    path = written(shop(method=["card", "O'Neil\\", "CARD "]), tmp_path)
    table, _ = data.read_transactions(path, {"method": "payment_method"},
                                      drop_where={"payment_method": ["o'neil\\"]})  # fmt: skip
    assert len(table) == 2
    events = "customer_id,event_date,event_type,bot\na,01-02-2024,search,1\na,01-02-2024,search,0\n"
    (tmp_path / "events.csv").write_text(events)
    _, report = data.read_events(tmp_path / "events.csv", drop_where={"bot": ["1"]})
    assert report.rejected == {"left out by drop_where": 1}


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_rows_are_left_out_by_what_was_read_of_a_column(tmp_path, form):
    ids, counts = [0.0, 1.0, 2.0, None, 4.0, 5.0], [1.0, 1.0, 1.5, 3.0, 1.0, 1.0]
    table = shop(customer_id=ids, quantity=counts)
    table["transaction_date"] = pd.to_datetime(["2024-03-25"] * 2 + ["2024-03-24"] * 4)
    path, date_format = written(table, tmp_path, form), "%Y-%m-%d"
    for column, value, first in (
        ("transaction_date", "2024-03-25", [1, 2]), ("customer_id", "0", [1]),
        ("quantity", "1.5", [3]), ("quantity", "3", [4]),
    ):  # fmt: skip
        _, report = everywhere(path, tmp_path / column / value, date_format,
                               drop_where={column: [value]})  # fmt: skip
        assert report.rejected["left out by drop_where"] == len(first), (column, value)
        assert not any("never occur" in name for name in report.findings)


@pytest.mark.parametrize(
    "written_so, asked",
    [("I\u0307PTAL", "i\u0307ptal"), ("\u0130PTAL", "\u0130ptal"), ("annule\u0301", "Annul\u00e9"),
     ("ОТМЕНЁН", "отменён")],
)  # fmt: skip
def test_values_to_leave_out_are_compared_as_people_see_them(tmp_path, written_so, asked):
    path = written(shop(status=[written_so, "paid", "paid"]), tmp_path)
    table, _ = everywhere(path, tmp_path, drop_where={"status": [asked]})
    assert len(table) == 2


def test_numbers_of_a_sheet_say_nothing_of_the_marks_in_its_texts(tmp_path):
    path = written(shop(unit_price=[1.234, "1.234,50", 4.5, "4,50"]), tmp_path, "xlsx")
    table, _ = everywhere(path, tmp_path)
    assert table["unit_price"].tolist() == [1.234, 1234.5, 4.5, 4.5]


def test_event_types_are_called_as_the_file_says(tmp_path):
    path = tmp_path / "events.csv"
    types = ["view", "View ", "cart", "purchase", "search"]
    rows = [f"a,01-02-2024,{kind},p" for kind in types]
    path.write_text("\n".join(["customer_id,event_date,event_type,product_id", *rows]))
    mapped = {"view": "product_view", "cart": "add_to_cart", "wish": "add_to_cart"}
    events, report = data.read_events(path, event_types=mapped)
    assert events["event_type"].tolist() == ["product_view"] * 2 + ["add_to_cart", "search"]
    assert report.rejected == {"unknown event type": 1}
    assert finding(report, "event types that are not known") == "purchase (1)"
    assert finding(report, "mapped and never occur") == "wish"
    with pytest.raises(data.DataError, match="did you mean 'product_view'"):
        data.read_events(path, event_types={"view": "product_views"})
    path.write_text("customer_id,event_date,event_type\na,01-02-2024,look\n")
    with pytest.raises(data.DataError, match=r"event_types.*\{look: product_view\}"):
        data.read_events(path)


def test_a_cancellation_without_an_amount_takes_back_the_line(tmp_path):
    table = shop(customer_id=list("aab"), product_id=list("xxy"), total_amount=["5", "", "5"],
                 transaction_id=["1", "C2", "3"])  # fmt: skip
    read, report = everywhere(written(table, tmp_path), tmp_path, cancellation_prefix="C")
    assert read["customer_id"].tolist() == ["b"]
    assert report.rejected == {"return or cancellation": 1, "purchase that was returned": 1}


def test_a_line_that_was_exported_twice_came_back_once(tmp_path):
    table = shop(customer_id=list("aaab"), product_id=list("xxxy"), quantity=["1", "1", "-1", "1"])
    read, report = everywhere(written(table, tmp_path), tmp_path)
    assert read["customer_id"].tolist() == ["b"]
    assert report.rejected["purchase that was returned"] == 2


@pytest.mark.parametrize("word", ["Total", "TOTAL:", "Summe", "Grand total"])
def test_a_line_of_totals_is_no_customer(tmp_path, word):
    table = shop(customer_id=["a", "b", word], quantity=["1", "2", "3"])
    _, report = everywhere(written(table, tmp_path), tmp_path)
    assert report.rejected == {"a total, not a purchase": 1}


def test_a_product_that_is_called_total_and_bought_often_is_one(tmp_path):
    table, _ = everywhere(written(shop(product_id=["Total", "Total", "x"]), tmp_path), tmp_path)
    assert table["product_id"].tolist() == ["Total", "Total", "x"]


# the past as it was known then


def late(tmp_path, more=()):
    lines = [(f"c{n % 9}", f"p{n % 4}", f"{n % 28 + 1:02d}-{n // 28 + 1:02d}-2024", 1)
             for n in range(112)]  # fmt: skip
    lines += [("c1", "px", "10-01-2024", 1), ("c2", "px", "11-01-2024", 1), *more]
    table = pd.DataFrame(
        lines, columns=["customer_id", "product_id", "transaction_date", "quantity"]
    )
    return data.read_transactions(written(table, tmp_path))


def bought_px(table):
    return sorted(table.loc[table["product_id"] == "px", "customer_id"])


def test_a_return_after_the_cut_does_not_clean_the_past(tmp_path):
    table, report = late(tmp_path, [("c1", "px", "20-04-2024", -1)])
    assert bought_px(table) == ["c2"]  # today's truth
    split = evaluate.split_by_time(table, None, 20, report.undone)
    assert bought_px(split.train) == ["c1", "c2"] and bought_px(split.test) == []
    assert bought_px(evaluate.split_by_time(table, None, 20).train) == ["c2"]
    inner = evaluate.validation_split(split)
    assert bought_px(inner.train) == ["c1", "c2"]


def test_a_return_between_the_two_cuts_is_known_at_the_later_one_only(tmp_path):
    table, report = late(tmp_path, [("c1", "px", "28-03-2024", -1)])
    split = evaluate.split_by_time(table, None, 20, report.undone)
    assert bought_px(split.train) == ["c2"]
    inner = evaluate.validation_split(split)
    assert bought_px(inner.train) == ["c1", "c2"] and bought_px(inner.test) == []


def test_what_is_bought_again_after_the_cut_was_returned_before_it(tmp_path):
    more = [("c1", "px", "12-01-2024", -1), ("c1", "px", "25-04-2024", 1)]
    table, report = late(tmp_path, more)
    assert bought_px(table) == ["c1", "c1", "c2"]
    split = evaluate.split_by_time(table, None, 20, report.undone)
    assert bought_px(split.train) == ["c2"] and bought_px(split.test) == ["c1"]


def test_what_is_bought_and_returned_after_the_cut_is_no_purchase_anywhere(tmp_path):
    more = [("c3", "px", "20-04-2024", 1), ("c3", "px", "21-04-2024", -1)]
    table, report = late(tmp_path, more)
    split = evaluate.split_by_time(table, None, 20, report.undone)
    assert bought_px(split.train) == ["c1", "c2"] and bought_px(split.test) == []


# tables that are none of purchases


def other_table(tmp_path, kind, text, **options):
    """Events, the catalogue or a live test, read with options of their own."""
    path = tmp_path / "other.csv"
    path.write_text(text)
    if kind == "event":
        return data.read_events(path, date_format=options.pop("date_format", "iso"), **options)
    name = {"product": "products", "test": "test_results"}[kind]
    given = {"transactions_path": "shop.csv", f"{name}_path": str(path), "date_format": "iso"}
    options = {f"{kind}_cleaning": options} if options else {}
    return getattr(data, f"read_{name}")(Parameters.of(given | options))


OTHERS = {
    "event": "customer_id,event_date,event_type,shop\nc1,2024-01-02,search,A\n"
    "c2,2024-01-02,search,B\n",
    "product": "product_id,launched,price,shop\np1,2024-01-02,5,A\np2,2024-01-03,5,B\n",
    "test": "customer_id,arm,date,visits,shop\nc1,a,2024-01-02,1,A\nc2,b,2024-01-03,1,B\n",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_rows_of_every_table_may_be_left_out(tmp_path, kind):
    table, report = other_table(tmp_path, kind, OTHERS[kind], drop_where={"shop": ["b"]})
    assert len(table) == report.kept == 1 and report.rejected == {"left out by drop_where": 1}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_said_of_a_table_names_its_own_parameters(tmp_path, kind):
    wrong = {
        "columns": OTHERS[kind].replace(f"{kind}_date,", "d,").replace("_id,", "_no,"),
        "cleaning": "Shop\n" + OTHERS[kind],
    }
    if kind != "event":
        wrong["date_format"] = OTHERS[kind].replace("-0", "/0")
    for parameter, text in wrong.items():
        with pytest.raises(DataError, match=f"`{kind}_{parameter}`") as caught:
            other_table(tmp_path, kind, text)
        assert f"`{parameter}`" not in str(caught.value)


@pytest.mark.parametrize("yes, no", [("Ja", "Nein"), ("TRUE", "FALSE"), ("oui", "non")])
def test_yes_and_no_of_a_live_test_in_some_languages(tmp_path, yes, no):
    text = f"customer_id,arm,clicked\nc1,a,{yes}\nc2,b,{no}\n"
    assert other_table(tmp_path, "test", text)[0]["clicked"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("date_format", "dates"),
    [
        ("%d %b %Y", ["1 janv. 2024", "2 f\u00e9vr. 2024", "3 ao\u00fbt 2024"]),
        ("%d. %B %Y", ["1. J\u00e4n. 2024", "2. Februar 2024", "3. August 2024"]),
        ("%d-%b-%y", ["01-ene-24", "02-feb-24", "03-ago-24"]),
        ("%d %B de %Y", ["1 janeiro de 2024", "2 fevereiro de 2024", "3 agosto de 2024"]),
        ("%d. %b. %Y", ["1. Jan. 2024", "2. Feb. 2024", "3. Aug. 2024"]),
        ("%d %B %Y", ["1 \u044f\u043d\u0432\u0430\u0440\u044f 2024",
                      "2 \u0444\u0435\u0432\u0440\u0430\u043b\u044f 2024",
                      "3 \u0430\u0432\u0433\u0443\u0441\u0442\u0430 2024"]),
        ("%d-%m-%Y", ["\u0660\u0661-\u0660\u0661-\u0662\u0660\u0662\u0664", "02-02-2024",
                      "\uff10\uff13-\uff10\uff18-\uff12\uff10\uff12\uff14"]),
    ],
)  # fmt: skip
def test_months_and_digits_of_other_languages(tmp_path, date_format, dates):
    path = written(shop(transaction_date=dates), tmp_path)
    table, _ = everywhere(path, tmp_path, date_format)
    assert table["transaction_date"].dt.strftime("%Y-%m-%d").tolist() == [
        "2024-01-01", "2024-02-02", "2024-08-03"
    ]  # fmt: skip


def test_a_month_that_is_none_is_not_guessed():
    read = DateReader("%d %b %Y").read(pd.Series(["4 kwietnia 2024", "4 lug 2024", "4 Foo 2024"]))
    assert read.dt.strftime("%Y-%m-%d").fillna("").tolist() == ["2024-04-04", "2024-07-04", ""]


def test_a_price_below_zero_takes_back_what_was_bought_at_that_price(tmp_path):
    table = shop(
        customer_id=list("aabbc"), product_id=list("xxyyz"),
        unit_price=["9.50", "-9.50", "9.50", "-1.00", "-9.50"],
    )  # fmt: skip
    read, report = everywhere(written(table, tmp_path), tmp_path)
    assert read[["customer_id", "product_id"]].to_numpy().tolist() == [["b", "y"]]
    assert report.rejected == {"return or cancellation": 1, "purchase that was returned": 1,
                               "unit_price not above zero": 2}  # fmt: skip
    assert finding(report, "price below zero") == 3


@pytest.mark.parametrize("asked", ["Return", " return "])
def test_rows_that_a_column_calls_returns_take_a_purchase_back(tmp_path, asked):
    table = shop(
        customer_id=list("aabbb"), product_id=list("xxyyy"), quantity=list("22211"),
        Kind=["Sale", "Return", "Sale", "RETURN", "Sale"],
    )  # fmt: skip
    read, report = everywhere(
        written(table, tmp_path), tmp_path, returns_where={"Kind": [asked, "never"]}
    )
    assert read[["customer_id", "quantity"]].to_numpy().tolist() == [["b", 2], ["b", 1]]
    assert report.rejected == {"return or cancellation": 2, "purchase that was returned": 1}
    assert finding(report, "in returns_where that never occur") == "never"
    with pytest.raises(data.DataError, match="`returns_where`.*kind"):
        data.load_transactions(written(table, tmp_path), returns_where={"kinds": ["x"]})


@pytest.mark.parametrize(("text", "bare"), [("2 CR", "-2"), ("12.50cr", "-12.50"), ("3 DR", "3")])
def test_credit_and_debit_behind_a_number_are_its_sign(text, bare):
    assert bare_number(text) == bare


def test_names_show_no_marks_that_turn_the_text_around(tmp_path):
    path = written(shop(product_name=["Lamp \u202etxet", "\u2067Cup\u2069", "Mug"]), tmp_path)
    products = data.product_table(data.load_transactions(path))
    assert products["product_name"].tolist() == ["Lamp txet", "Cup", "Mug"]
