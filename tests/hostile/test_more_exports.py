"""Further kinds of exports as shops and their programs write them: read right, doubted, or told."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers import data, warehouse
from helpers.course.describing import describe
from helpers.course.describing.dates import dates_of
from helpers.reading.dates import DateReader
from helpers.reading.errors import DataError
from helpers.reading.numbers import are_several, bare_number

N = 240


def shop(**columns):
    """Orders with our names; a column that is given takes the place of ours."""
    at = np.arange(N)
    days = pd.Timestamp("2024-01-02") + pd.to_timedelta(at, unit="D")
    plain = {
        "customer_id": pd.Series(at * 5 % 37).map("C{}".format),
        "product_id": pd.Series(at * 7 % 17).map("P{}".format),
        "transaction_date": days.strftime("%d-%m-%Y"),
        "unit_price": [f"{4 + n % 9}.50" for n in at],
    }
    return pd.DataFrame(plain | columns)


def read(folder, table, date_format=data.DATE_FORMAT, columns=None, form="csv", **options):
    path = folder / f"shop.{form}"
    table.to_csv(path, index=False) if form == "csv" else table.to_parquet(path, index=False)
    return data.read_transactions(path, columns, date_format, **options)


def doubt(report, name):
    return [each for each in report.doubts if each.name == name]


def proposed(folder, table, name="shop.csv", **options):
    table.to_csv(folder / name, index=False, **options)
    return " ".join(describe([str(folder / name)]).replace("#", " ").split())


# Money


@pytest.mark.parametrize(
    ("signs", "several"),
    [(["EUR", "USD"], True), (["$", "€"], True), (["£", "€"], True), (["CA$", "US$"], True),
     (["kr", "EUR"], True), (["$", "USD", "US$"], False), (["€", "EUR", "Euro"], False),
     (["US $", "USD"], False), (["MEX$", "MXN"], False), (["kr", "SEK"], False),
     (["¥", "円", "JPY"], False), (["$", "CAD"], False), ([], False)],
)  # fmt: skip
def test_signs_that_can_not_mean_one_currency(signs, several):
    assert are_several(signs) == several


@pytest.mark.parametrize("forms", [("{} EUR", "{} USD"), ("${}", "€{}"), ("£{}", "{} kr")])
def test_amounts_of_two_currencies_in_one_column_are_doubted(tmp_path, forms):
    table = shop()
    table["unit_price"] = [forms[n % 5 == 0].format(x) for n, x in enumerate(table["unit_price"])]
    _, report = read(tmp_path, table)
    [found] = doubt(report, "several currencies")
    assert "(192)" in found.seen and "(48)" in found.seen and "ignore: [unit_price]" in found.mend
    table, report = read(tmp_path, table, ignore=["unit_price"])
    assert not report.doubts and "unit_price" not in table


@pytest.mark.parametrize("forms", [("{}", "${}"), ("€{}", "{} EUR"), ("{} kr", "SEK {}")])
def test_one_currency_in_two_ways_is_no_doubt(tmp_path, forms):
    table = shop()
    table["unit_price"] = [forms[n % 5 == 0].format(x) for n, x in enumerate(table["unit_price"])]
    assert not read(tmp_path, table)[1].doubts


def test_a_column_of_several_currencies_is_doubted_and_of_countries_is_not(tmp_path):
    table = shop(currency=["EUR", "EUR", "USD"] * (N // 3))
    [found] = doubt(read(tmp_path, table)[1], "several currencies")
    assert "EUR 160" in found.seen and "USD 80" in found.seen
    assert not read(tmp_path, table, drop_where={"currency": ["USD"]})[1].doubts
    assert not read(tmp_path, table, drop_where={"currency": []})[1].doubts
    assert not read(tmp_path, table.drop(columns="unit_price"))[1].doubts
    for values in (["EUR"] * 3, ["FR", "KR", "RS"], ["FRA", "DEU", "KOR"], ["R", "P", "Fr"]):
        assert not read(tmp_path, shop(where=values * (N // 3)))[1].doubts


def test_what_is_no_number_is_not_blamed_on_the_decimal_mark(tmp_path):
    some = pd.Series(shop()["unit_price"]).where(np.arange(N) % 5 > 0, "on request")
    with pytest.raises(DataError, match="are not numbers.*Mend the column, or leave") as said:
        read(tmp_path, shop(unit_price=some))
    assert "decimal" not in str(said.value)
    with pytest.raises(DataError, match="are not numbers.*Set `decimal`"):
        read(tmp_path, shop(unit_price="4,50"), decimal=".")


def test_a_column_is_asked_about_once(tmp_path):
    """Two marks in one column: one question, and no second hint about the same values."""
    with pytest.raises(DataError, match="'4,50' has a decimal comma, and '4.50' a dec") as said:
        read(tmp_path, shop(unit_price=["4,50", "4.50"] * (N // 2)))
    assert "are not numbers" not in str(said.value)
    with pytest.raises(DataError, match="and '7.50' of column total_amount a decimal point"):
        read(tmp_path, shop(unit_price="4,50", total_amount="7.50"))


@pytest.mark.parametrize(
    ("text", "bare"),
    [("2 pcs", "2"), ("1 Stk.", "1"), ("x3", "3"), ("3 x", "3"), ("2×", "2"), ("4 ST", "4"),
     ("-1 pc", "-1"), ("250 g", None), ("2 x 6", None), ("5 %", None)],
)  # fmt: skip
def test_pieces_behind_a_quantity(text, bare):
    assert bare_number(text) == bare


def test_a_mark_that_one_column_shows_holds_for_those_that_may_be_either(tmp_path):
    table = shop(quantity="1,000", unit_price="4,50")
    said = proposed(tmp_path, table, sep=";")
    assert 'decimal: ","' in said and "one file has one mark" in said
    assert "decimal: TODO" in proposed(tmp_path, shop(quantity="1,000", unit_price="4,500"))


@pytest.mark.parametrize(
    "name", ["Refunded Amount", "Discount Amount", "Tax total", "Rabatt Betrag"]
)
def test_an_amount_that_nobody_paid_is_not_proposed_and_doubted_if_it_is_named(tmp_path, name):
    table = shop().assign(**{name: np.where(np.arange(N) % 9, "0.00", "4.50")})
    assert "total_amount" not in proposed(tmp_path, table)
    _, report = read(tmp_path, table, columns={name: "total_amount"})
    [found] = doubt(report, "amounts of zero")
    assert name in found.seen and "ignore: [total_amount]" in found.mend and found.stops
    assert not doubt(read(tmp_path, table)[1], "amounts of zero")


@pytest.mark.parametrize(
    "name", ["row_total_incl_tax", "Net amount after discount", "Betrag ohne Steuer"]
)
def test_an_amount_with_or_without_what_it_names_is_one_that_was_paid(tmp_path, name):
    table = shop().assign(**{name: "4.50"})
    assert f"{name}: total_amount" in proposed(tmp_path, table).replace('"', "")


@pytest.mark.parametrize("kinds", [(pa.string_view(), pa.binary_view()), (pa.binary(),) * 2])
def test_texts_of_other_types_in_a_parquet_file_are_texts(tmp_path, kinds):
    customers = shop()["customer_id"].str.replace("C", "Ä")
    table = shop(customer_id=customers)
    table["transaction_date"] = pd.to_datetime(table["transaction_date"], dayfirst=True)
    table, path = pa.Table.from_pandas(table, preserve_index=False), tmp_path / "shop.parquet"
    for at, kind in enumerate(kinds):
        table = table.set_column(at, table.column_names[at], table.column(at).cast(kind))
    pq.write_table(table, path)
    found, report = data.read_transactions(path)
    sets = [set(found[name]) for name in ("customer_id", "product_id")]
    assert report.kept == N and sets == [set(ids) for ids in (customers, shop()["product_id"])]
    said = warehouse.score("duckdb", path, tmp_path / "lists", warehouse.Settings(n=3, n_parts=1))
    assert (
        said["kept"] == N
        and set(warehouse.read_lists(tmp_path / "lists")["customer_id"]) == sets[0]
    )


# Dates


@pytest.mark.parametrize(
    ("date_format", "text", "day"),
    [("%d%m%Y", "3012024", "2024-01-03"), ("%d%m%Y", "1112024", "2024-11-01"),
     ("%d%m%Y", "03012024", "2024-01-03"), ("%y%m%d", "40103", "2004-01-03"),
     ("%Y%m%d", "2024113", None), ("%Y%m%d", "20240113", "2024-01-13"),
     ("%Y%m%d %H:%M", "2024113 10:00", None), ("%d%m%Y", "312024", None)],
)  # fmt: skip
def test_digits_without_marks_are_not_cut_where_they_happen_to_fit(date_format, text, day):
    [found] = DateReader(date_format).read(pd.Series([text]))
    assert (None if pd.isna(found) else f"{found:%Y-%m-%d}") == day


@pytest.mark.parametrize(
    ("text", "date_format", "asked"),
    [("1/3/2024  8:45:00 PM", "%m/%d/%Y %I:%M:%S %p", None), ("20240103.0", "%Y%m%d", None),
     ("Jan  3 2024  8:45PM", "%b %d %Y %I:%M%p", None),
     ("Jan  3 2024  8:45PM", "%b %d %Y %I:%M%p", "%b  %d %Y  %I:%M%p"),
     ("Wed Jan 03 2024 20:45:00 GMT+0100 (Central European Standard Time)", None,
      "%a %b %d %Y %H:%M:%S GMT%z")],
)  # fmt: skip
def test_blanks_and_tails_of_programs_in_dates(text, date_format, asked):
    days = pd.date_range("2024-01-13", periods=17)
    column = pd.Series([text, *(text.replace("03", f"{n}").replace(" 3", f" {n}").replace(
        "/3/", f"/{n}/") for n in days.day)])  # fmt: skip
    if date_format:
        assert dates_of(column).formats == [date_format]
    assert (DateReader(asked or date_format).read(column).dt.day == [3, *days.day]).all()


def test_zeros_for_a_date_are_none(tmp_path):
    for nothing in ("00.00.0000", "00000000"):
        table = shop(transaction_date=[nothing, *shop()["transaction_date"][1:]])
        assert read(tmp_path, table)[1].rejected == {"no date": 1}


@pytest.mark.parametrize("date_format", ["iso", "%Y-%m-%d %H:%M:%S %Z"])
def test_zones_by_their_names(date_format):
    texts = [f"2024-01-03 20:30:00 {zone}" for zone in ("CET", "EST", "UTC", "MEZ")]
    written = DateReader(date_format)
    assert written.read(pd.Series(texts)).nunique() == 1
    assert "EST -05:00" in str(written.findings())
    brought = DateReader(date_format, "Europe/Berlin").read(pd.Series(texts))
    assert brought.dt.strftime("%d %H").tolist() == ["03 20", "04 02", "03 21", "03 20"]


@pytest.mark.parametrize(
    ("text", "zone", "hour", "unclear"),
    [("CST", "Asia/Shanghai", "03 20", False), ("CST", "America/Chicago", "03 20", False),
     ("CST", "America/New_York", "03 21", True), ("IST", "Asia/Jerusalem", "03 20", False),
     ("IST", "Asia/Kolkata", "03 20", False), ("IST", "Europe/Berlin", "03 16", True),
     ("EST", "Europe/Berlin", "04 02", False)],
)  # fmt: skip
def test_a_name_that_zones_share_is_the_shops_own_or_doubted(tmp_path, text, zone, hour, unclear):
    reader = DateReader("iso", zone)
    [found] = reader.read(pd.Series([f"2024-01-03 20:30:00 {text}"]))
    assert f"{found:%d %H}" == hour
    table = shop()
    days = pd.to_datetime(table["transaction_date"], dayfirst=True)
    table["transaction_date"] = days.dt.strftime("%Y-%m-%d 20:30:00 ") + text
    _, report = read(tmp_path, table, "iso", time_zone=zone)
    assert len(doubt(report, "names of zones with two meanings")) == unclear
    # the day that is written holds wherever it was, so that there is nothing to doubt
    _, report = read(tmp_path, table, "iso")
    assert not doubt(report, "names of zones with two meanings")
    assert ("names of zones with two meanings" in report.findings) == (text != "EST")
    assert ("elsewhere it is" in proposed(tmp_path, table)) == (text != "EST")


def test_summer_and_winter_by_name_are_proposed_with_their_zone(tmp_path):
    at = pd.date_range("2024-01-02", periods=N, freq="25h", tz="America/Los_Angeles")
    table = shop(transaction_date=at.strftime("%b %d, %Y %I:%M:%S %p %Z"))
    said = proposed(tmp_path, table)
    assert 'date_format: "%b %d, %Y %I:%M:%S %p %z"' in said
    assert 'time_zone: "America/Los_Angeles"' in said
    found, report = read(tmp_path, table, "%b %d, %Y %I:%M:%S %p %Z")
    assert found["transaction_date"].tolist() == at.tz_localize(None).tolist()
    assert not doubt(report, "times of several zones")


def test_times_of_zones_far_apart_are_doubted_until_the_shop_has_one(tmp_path):
    days = pd.date_range("2024-01-02", periods=N)
    zones = ["+01:00", "EST", "Z", "CET"]
    table = shop(transaction_date=[f"{d:%Y-%m-%d} 22:00:00 {zones[d.day % 4]}" for d in days])
    [found] = doubt(read(tmp_path, table, "iso")[1], "times of several zones")
    assert "-5 to +1 hours" in found.seen and "time_zone" in found.mend
    _, report = read(tmp_path, table, "iso", time_zone="Europe/Berlin")
    assert report.kept == N and not report.doubts


def test_the_zone_is_the_one_that_has_the_offset_on_these_days(tmp_path):
    """In winter, one hour before UTC is Berlin, and not London in summer."""
    for month, zone in ((1, "Europe/Berlin"), (7, "Europe/London")):
        at = pd.date_range(f"2024-{month:02d}-03", periods=N, freq="h")
        found = dates_of(pd.Series(at.strftime("%Y-%m-%dT%H:%M:%S+01:00")))
        assert (found.formats, found.zone) == (["iso"], zone)


@pytest.mark.parametrize(
    ("written", "date_format"),
    [("%a, %d %b %Y %H:%M:%S +0000", "%a, %d %b %Y %H:%M:%S %z"),
     ("%A, %B %d, %Y", "%A, %B %d, %Y"), ("%Y%m%d%H%M%S", "%Y%m%d%H%M%S"),
     ("%d%m%Y", "%d%m%Y"), ("%Y %m %d", "%Y %m %d")],
)  # fmt: skip
def test_more_formats_are_found(written, date_format):
    at = pd.date_range("2024-01-02 10:00", periods=N)
    assert dates_of(pd.Series(at.strftime(written))).formats == [date_format]


def test_halves_of_the_day_with_points():
    texts = pd.Series(["03/01/2024 08:05 p.m.", "03/01/2024 08:05 a. m."])
    read = DateReader("%d/%m/%Y %I:%M %p").read(texts)
    assert read.dt.hour.tolist() == [20, 8]


@pytest.mark.parametrize(
    ("written", "words"),
    [("%G-W%V", "weeks"), ("%Y-%m", "months"), ("%b-%y", "months")],
)
def test_what_says_no_day_is_told(written, words):
    found = dates_of(pd.Series(pd.date_range("2024-01-02", periods=N).strftime(written)))
    assert not found.formats and any(words in why for why in found.why)


@pytest.mark.parametrize(
    ("texts", "words"),
    [([f"1.7043{n:02d}E+12" for n in range(60)], "rounded"),
     ([f"{n:02d}/13/2024" for n in range(1, 10)] + [f"453{n:02d}" for n in range(20)], "Excel's")],
)  # fmt: skip
def test_what_a_spreadsheet_or_program_made_of_dates_is_told(texts, words):
    found = dates_of(pd.Series(texts))
    assert not found.formats and any(words in why for why in found.why)


def test_hints_do_not_send_in_a_circle(tmp_path):
    """One format and then a list, and of the list one again."""
    days = pd.date_range("2024-01-02", periods=N)
    table = shop(transaction_date=[f"{d:%d/%m/%Y}" if d.day % 2 else f"{d:%m/%d/%Y}" for d in days])
    for date_format in ("%d/%m/%Y", ["%d/%m/%Y", "%m/%d/%Y"]):
        with pytest.raises(DataError, match="nobody can tell which is meant") as said:
            read(tmp_path, table, date_format)
        assert "in one form where you export" in str(said.value)
        assert "Keep one" not in str(said.value) and "a list" not in str(said.value)


def test_a_date_in_parts_is_known_by_its_year(tmp_path):
    table = shop(Year=2024, Month=1, Day=2).drop(columns="transaction_date")
    with pytest.raises(DataError, match='"Year . Month . Day": transaction_date'):
        read(tmp_path, table)


def test_dates_to_come_do_not_stretch_the_span(tmp_path):
    table = shop()
    table.loc[::40, "transaction_date"] = "05-01-2055"
    assert "to 2024-08-" in proposed(tmp_path, table)


# Columns


@pytest.mark.parametrize(("form", "kind"), [("csv", int), ("parquet", int), ("csv", float)])
def test_year_month_and_day_of_their_own_are_one_date(tmp_path, form, kind):
    table = shop()
    day = pd.to_datetime(table.pop("transaction_date"), format="%d-%m-%Y")
    table["Year"], table["Month"], table["Day"] = (
        getattr(day.dt, part).astype(kind) for part in ("year", "month", "day")
    )
    columns = {"year + month + Day": "transaction_date"}
    found, report = read(tmp_path, table, "%Y %m %d", columns, form)
    assert found["transaction_date"].tolist() == day.tolist()
    said = warehouse.score(
        "duckdb", tmp_path / f"shop.{form}", tmp_path / "lists",
        warehouse.Settings(n=3, n_parts=1), columns=columns, date_format="%Y %m %d",
    )  # fmt: skip
    assert (said["kept"], said["rejected"]) == (report.kept, report.rejected)
    said = proposed(tmp_path, table)
    assert '"Year + Month + Day": transaction_date' in said and '"%Y %m %d"' in said
    with pytest.raises(DataError, match="no column 'Year . Mouth . Day'"):
        read(tmp_path, table, "%Y %m %d", {"Year + Mouth + Day": "transaction_date"})


def test_a_real_date_is_preferred_to_its_parts(tmp_path):
    day = pd.date_range("2024-01-02", periods=N)
    table = shop(year=day.year, month=day.month, day=day.day)
    assert "+ month" not in proposed(tmp_path, table)


def test_a_product_and_its_size_may_be_one(tmp_path):
    table = shop(size=["S", None, "L"] * (N // 3)).rename(columns={"product_id": "sku"})
    found, _ = read(tmp_path, table, columns={"sku + size": "product_id"})
    assert found["product_id"].head(3).tolist() == ["P0 S", "P7", "P14 L"]


def test_a_column_of_sales_and_returns_is_no_category(tmp_path):
    table = shop(type=["Sale"] * (N - 6) + ["Return"] * 6)
    said = proposed(tmp_path, table)
    assert "product_category" not in said and '"Return"' in said


# Ids


def test_ids_that_a_spreadsheet_has_rounded_are_doubted(tmp_path):
    table = shop(product_id=[f"4.01{n % 17:02d}E+12" for n in range(N)])
    [found] = doubt(read(tmp_path, table)[1], "rounded ids")
    assert found.stops and "4.0100E+12" in found.seen
    assert not doubt(read(tmp_path, table, drop_where={"product_id": []})[1], "rounded ids")


@pytest.mark.parametrize("word", ["(blank)", "(not set)", "(none)", "(Leer)"])
def test_words_for_nothing_in_brackets_are_no_customer(tmp_path, word):
    table = shop()
    table.loc[:9, "customer_id"] = word
    assert read(tmp_path, table)[1].rejected == {"no customer id": 10}


# Rows


def test_a_report_that_names_each_customer_once_is_told(tmp_path):
    table = shop().sort_values("customer_id", kind="stable")
    table["transaction_id"] = np.arange(N) // 2 + 100
    table.loc[table["customer_id"].duplicated(), "customer_id"] = ""
    [found] = doubt(read(tmp_path, table)[1], "a report with groups")
    assert found.stops and "203 of 240 rows" in found.seen and "fill_down" not in found.mend


def test_a_day_that_is_written_once_is_told(tmp_path):
    table = shop(transaction_id=np.arange(N) // 3 + 100)
    day = table["transaction_date"].where(np.arange(N) % 6 == 0, "")
    [found] = doubt(read(tmp_path, table.assign(transaction_date=day))[1], "rows without a date")
    assert found.stops and "200 rows (83%)" in found.seen and "repeat it" in found.mend
    day = table["transaction_date"].where(np.arange(N) % 3 == 0, "")
    [found] = doubt(read(tmp_path, table.assign(transaction_date=day))[1], "rows without a date")
    assert "fill_down: [transaction_date]" in found.mend
    assert read(tmp_path, table.assign(transaction_date=day), fill_down=["transaction_date"])[
        1
    ].kept


@pytest.mark.parametrize(
    "types",
    [("view_item", "purchase"), ("Viewed Product", "Ordered Product"), ("addtocart", "view")],
)
def test_a_log_of_events_is_no_list_of_purchases(tmp_path, types):
    table = shop(what=[types[n % 3 == 0] for n in range(N)])
    [found] = doubt(read(tmp_path, table)[1], "a log of events")
    assert found.stops and types[0] in found.mend
    assert not doubt(read(tmp_path, table, drop_where={"what": [types[0]]})[1], "a log of events")
    plain = shop(what=["search", "view", "click"] * (N // 3))  # may be anything
    assert not read(tmp_path, plain)[1].doubts


def test_a_price_that_grows_with_the_quantity_is_of_the_line(tmp_path):
    at = np.arange(N)
    quantity, price = at % 3 + 1, 3 + at * 7 % 17
    table = shop(quantity=quantity, unit_price=price * quantity)
    [found] = doubt(read(tmp_path, table)[1], "a price of the line")
    assert "to total_amount" in found.mend
    assert '"unit_price": total_amount' in proposed(tmp_path, table)
    for prices in (price, price * quantity * 0.8 + 1):  # and dear packs, or reductions
        assert not doubt(
            read(tmp_path, shop(quantity=quantity, unit_price=prices))[1], "a price of the line"
        )


def test_dates_that_were_cut_off_are_not_blamed_on_the_format(tmp_path):
    table = shop()
    table.loc[::4, "transaction_date"] = "########"
    with pytest.raises(DataError, match="all other dates fit") as said:
        read(tmp_path, table)
    assert "Set `date_format`" not in str(said.value)
    said = " ".join(describe([str(tmp_path / "shop.csv")]).replace("#   ", "").split())
    assert "but 60 rows, such as ########, have no such date" in said


@pytest.mark.parametrize(
    ("written", "date_format"),
    [("%d-%b-%y %I.%M.%S.%f %p", "%d-%b-%y %I.%M.%S.%f %p"), ("%d%b%Y:%H:%M:%S", "%d%b%Y:%H:%M:%S"),
     ("%d/%b/%Y:%H:%M:%S +0000", "%d/%b/%Y:%H:%M:%S %z"), ("%b %dth, %Y", "%b %d, %Y")],
)  # fmt: skip
def test_dates_of_databases_and_logs_are_found(written, date_format):
    at = pd.Series(pd.date_range("2024-01-02 10:00", periods=N).strftime(written)).str.upper()
    assert dates_of(at.str.replace("TH", "th")).formats == [date_format]


def test_a_separator_that_is_not_known_is_said_by_describe(tmp_path):
    with pytest.raises(DataError, match="what separates its values"):
        proposed(tmp_path, shop(), sep="~")


def test_a_sheet_with_dates_and_texts_needs_a_format(tmp_path):
    table = shop()
    day = pd.to_datetime(table["transaction_date"], format="%d-%m-%Y")
    mixed = [d.to_pydatetime() if d.day <= 12 else f"{d:%d/%m/%Y}" for d in day]
    shop(transaction_date=mixed).to_excel(tmp_path / "shop.xlsx", index=False)
    said = describe([str(tmp_path / "shop.xlsx")])
    assert "no format is needed" not in said and "%d/%m/%Y" in said


@pytest.mark.parametrize("mark", ["|", "; ", ", "])
def test_orders_with_all_products_in_one_cell_are_told(tmp_path, mark):
    ids = [f"P{n % 17}" + f"{mark}P{n % 5}" * (n % 2) for n in range(N)]
    [found] = doubt(read(tmp_path, shop(product_id=ids))[1], "several products in one cell")
    assert found.stops and "50% of the rows" in found.seen
    ids = [f"shirt{n % 17}{mark}red{mark}{'SML'[n % 3]}" for n in range(N)]  # one id of three parts
    assert not doubt(read(tmp_path, shop(product_id=ids))[1], "several products in one cell")


@pytest.mark.parametrize("written", [
    json.dumps, str, lambda ids: "{" + ",".join(ids) + "}",
    lambda ids: json.dumps([{"sku": each, "qty": 2} for each in ids]),
    lambda ids: "<items>" + "".join(f'<item sku="{each}"/>' for each in ids) + "</items>",
    "\n".join, " + ".join, " / ".join, lambda ids: ";".join([*ids, "P29"]),
])  # fmt: skip
def test_lists_of_all_spellings_are_told_by_the_check_and_no_product_in_the_draft(
    tmp_path, written
):
    orders = [[f"P{n % 17}", *[f"P{n % 5}", f"P{n % 7}"][: n % 3]] for n in range(N)]
    table = shop(product_id=[written(ids) for ids in orders])
    [found] = doubt(read(tmp_path, table)[1], "several products in one cell")
    assert found.stops
    text = proposed(tmp_path, table)
    assert "TODO product_id" in text and "product_id has several values in one cell" in text
    assert "export a row for each product" in text


@pytest.mark.parametrize("ids", [
    [f"{{3F2504E0-4F89-11D3-9A0C-{n % 17:012}}}" for n in range(N)],  # one id of Microsoft's
    [f"{n % 40}|{n % 17}" for n in range(N)],  # a shop and a product
    [["Tea", "Tea & Cake", "Cake", "Bread", "Jam/Tea"][n % 5] for n in range(N)],
])  # fmt: skip
def test_one_id_with_marks_in_it_is_no_list(tmp_path, ids):
    assert not doubt(read(tmp_path, shop(product_id=ids))[1], "several products in one cell")
    assert "TODO product_id" not in proposed(tmp_path, shop(product_id=ids))


def test_a_flag_of_test_orders_is_seen_and_a_group_of_a_test_is_not(tmp_path):
    flag = [n % 25 == 0 for n in range(N)]
    [found] = doubt(read(tmp_path, shop(is_test=flag))[1], "a status")
    assert "is_test" in found.mend
    assert not read(tmp_path, shop(test=flag))[1].doubts
    assert not read(tmp_path, shop(test_group=["a", "b"] * (N // 2)))[1].doubts


# Names


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_names_that_come_twice_are_no_matter_where_nobody_needs_them(tmp_path, form):
    table = shop(a="x", b="y").rename(columns={"a": "Notes", "b": "notes"})
    twice = table.rename(columns={"Notes": "notes"})
    path = tmp_path / f"shop.{form}"
    twice.to_csv(path, index=False) if form == "csv" else twice.to_excel(path, index=False)
    found, _ = data.read_transactions(path)
    assert len(found) == N
    assert data.read_transactions(path, drop_where={"notes (2)": ["y"]})[1].kept == 0
    mapped = {"notes": "product_name"}
    with pytest.raises(DataError, match="has 'notes' more than once.*notes .1.: product_name"):
        data.read_transactions(path, mapped)
    found, _ = data.read_transactions(path, {"notes (2)": "product_name"})
    assert set(found["product_name"]) == {"y"}


def test_a_name_of_ours_that_comes_twice_is_asked_about(tmp_path):
    table = shop(other=1.0).rename(columns={"other": "Unit_Price"})
    with pytest.raises(DataError, match="'unit_price' more than once") as said:
        read(tmp_path, table)
    assert "no column" not in str(said.value)
    found, _ = read(tmp_path, table, columns={"unit_price (1)": "unit_price"})
    assert found["unit_price"].max() > 1
    assert '(1)": unit_price' in proposed(tmp_path, table)


def test_empty_lines_between_the_rows_do_not_hide_what_columns_mean(tmp_path):
    lines = shop().to_csv(index=False).replace("\n", "\r\r\n")  # as written twice through Windows
    (tmp_path / "shop.csv").write_bytes(lines.encode())
    said = describe([str(tmp_path / "shop.csv")])
    assert "TODO" not in said.split("columns:")[1] and '"product_id": product_id' in said
    assert data.read_transactions(tmp_path / "shop.csv")[1].kept == N


def test_the_month_may_stand_first(tmp_path):
    at = pd.Series(pd.date_range("2024-01-02", periods=N))
    for written in ("%b-%d-%y", "%b-%d-%Y"):
        assert dates_of(at.dt.strftime(written)).formats == [written]


def test_products_beside_each_other_are_not_read_as_one(tmp_path):
    two = shop()["product_id"].sample(frac=1, random_state=1).to_numpy()
    table = shop(transaction_id=np.arange(N), **{"Item 1": shop()["product_id"], "Item 2": two})
    text = proposed(tmp_path, table.drop(columns="product_id"))
    assert "TODO product_id" in text and "Item 1, Item 2 have the same ids" in text
    other = shop(ean13=np.arange(N) % 17 + 4_000, ean8=np.arange(N) % 17 + 90)
    assert "TODO product_id" not in proposed(tmp_path, other.drop(columns="product_id"))


@pytest.mark.parametrize("said", [("Payment", "Refund"), ("Express Payment", "Payment Refund")])
def test_lines_below_zero_that_are_called_refunds_take_back(tmp_path, said):
    back = np.arange(N) % 10 == 9
    table = shop(Type=np.where(back, said[1], said[0]), product_qty=np.where(back, -1, 1))
    assert f'returns_where: {{"Type": ["{said[1]}"]}}' in proposed(tmp_path, table)
    table = table.assign(product_qty=1)
    assert f'drop_where: {{"Type": ["{said[1]}"]}}' in proposed(tmp_path, table)


def test_a_coupon_is_no_amount_that_was_paid(tmp_path):
    table = shop(coupon_amount=np.arange(N) % 7, product_net_revenue=np.arange(N) % 11 + 0.5)
    assert '"coupon_amount": total' not in proposed(tmp_path, table)


@pytest.mark.parametrize("written", ["%Y-%m", "%Y%m", "%YM%m", "%b %y", "%G-W%V", "%V/%G"])
def test_a_period_is_told_to_be_no_day(tmp_path, written):
    at = pd.Series(pd.date_range("2024-01-02", periods=N)).dt.strftime(written)
    text = proposed(tmp_path, shop(period=at).drop(columns="transaction_date"))
    assert "TODO transaction_date" in text and f"period ({at[0]}, " in text
    assert " says no day" not in proposed(tmp_path, shop(SKU="ABC-12"))


def test_columns_for_months_are_told_to_be_no_purchases(tmp_path):
    wide = shop(**{f"{month} 2024": 1 for month in ("Jan", "Feb", "Mar")})
    text = proposed(tmp_path, wide.drop(columns="transaction_date"))
    assert "Jan 2024, Feb 2024, Mar 2024 are columns for periods" in text


def test_totals_in_the_column_of_dates_can_be_left_out(tmp_path):
    table = shop()
    table.loc[9::10, "transaction_date"] = "Ergebnis"
    with pytest.raises(DataError, match="do not fit"):
        read(tmp_path, table)
    _, report = read(tmp_path, table, drop_where={"transaction_date": ["Ergebnis"]})
    assert (report.rejected["left out by drop_where"], report.kept) == (24, N - 24)
