"""What `course describe` proposes for exports of many kinds, and that a run takes it."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.course.command import gather_parameters, main
from helpers.course.describing import dates as describing_dates
from helpers.course.describing import describe, numbers
from helpers.course.describing.dates import dates_of
from helpers.course.describing.meaning import PURCHASES, meaning_of
from helpers.reading.dates import DateReader
from helpers.reading.parameters import ParameterError, Parameters, Written
from tests import exports
from tests.common import deeper, examples, thorough

# all shops from export to memo take a minute: every one in CI only


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The folder in which a user keeps the exports."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def proposed(*arguments, **options):
    """The proposal for an export, as text and as parameters that were checked."""
    text = describe([str(each) for each in arguments], **options)
    written = Written(text, "my_shop.yaml")
    values = written.values
    if "TODO" not in "".join(line.split("#")[0] for line in text.splitlines()):
        Parameters.of(values, written)
    return text, values


def course(*arguments):
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def shop_of(table, name="shop.csv", **options):
    table.to_csv(name, index=False, **options)
    return name


def simple(n=120, **columns):
    """A shop with our names, and other columns in place of some."""
    numbers_ = np.arange(n)
    table = pd.DataFrame({
        "customer_id": pd.Series(numbers_ % 23).map("C{}".format),
        "product_id": pd.Series(numbers_ * 7 % 17).map("P{}".format),
        "transaction_date": (pd.Timestamp("2023-01-01") + pd.to_timedelta(numbers_ * 3, "D"))
        .strftime("%Y-%m-%d"),
    })  # fmt: skip
    return table.assign(**columns)


# Dates

MONTHS = ["Januar", "Februar", "M\u00e4rz", "April", "Mai", "Juni", "Juli", "August", "September",
          "Oktober", "November", "Dezember"]  # fmt: skip
WRITTEN = {
    "%Y-%m-%d": "%Y-%m-%d", "%d/%m/%Y": "%d/%m/%Y", "%m/%d/%Y": "%m/%d/%Y",
    "%d.%m.%Y": "%d.%m.%Y", "%d-%m-%Y %H:%M": "%d-%m-%Y %H:%M", "%Y%m%d": "%Y%m%d",
    "%m/%d/%Y %I:%M:%S %p": "%m/%d/%Y %I:%M:%S %p", "%d.%m.%y": "%d.%m.%y",
    "%d %b %Y": "%d %b %Y", "%B %d, %Y": "%B %d, %Y", "%m/%d/%y, %I:%M %p": "%m/%d/%y, %I:%M %p",
    "%Y-%m-%d %H:%M:%S %z": "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S.%f%z": "iso",
    "%Y-%m-%dT%H:%M:%S": "iso", "%Y-%m-%d %H:%M:%S UTC": "%Y-%m-%d %H:%M:%S UTC",
}  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
@deeper
@settings(max_examples=examples(2), deadline=None)
@given(st.integers(0, 2**31))
def test_the_format_that_wrote_the_dates_is_found(written, seed):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2019-03-01") + pd.to_timedelta(rng.integers(0, 2e8, 300), unit="s")
    text = pd.Series(days.tz_localize("UTC").strftime(written))
    found = dates_of(text)
    assert found.formats == [WRITTEN[written]]
    assert (found.days.dt.normalize() == days.normalize()).all()
    if written != "%Y-%m-%dT%H:%M:%S.%f%z" and WRITTEN[written] != "iso":
        # what is proposed is what the reader takes
        assert (DateReader(found.formats[0]).read(text).dt.normalize() == days.normalize()).all()


@pytest.mark.parametrize(
    ("name", "numbers_of"),
    [("epoch_s", lambda days: days.astype("datetime64[s]").astype("int64")),
     ("epoch_ms", lambda days: days.astype("datetime64[ms]").astype("int64")),
     ("epoch_us", lambda days: days.astype("datetime64[us]").astype("int64")),
     ("epoch_ns", lambda days: days.astype("datetime64[ns]").astype("int64")),
     ("epoch_s", lambda days: days.astype("datetime64[s]").astype("int64").map("{}.125".format)),
     ("epoch_ms", lambda days: days.astype("datetime64[ms]").astype("int64").map("{},25".format)),
     ("excel", lambda days: (days - pd.Timestamp("1899-12-30")).dt.total_seconds() / 86_400)],
)  # fmt: skip
def test_dates_that_are_numbers_are_recognised(name, numbers_of):
    days = pd.Series(pd.Timestamp("2021-06-01") + pd.to_timedelta(np.arange(200) * 7.3, unit="h"))
    found = dates_of(numbers_of(days).map(str))
    assert found.formats == [name]
    assert ((found.days - days).abs() < pd.Timedelta("1s")).all()


@pytest.mark.parametrize(
    ("written", "proposed"),
    [
        (lambda n, day: f"{day:%Y-%m-%d}" if n % 2 else f"{day:%d-%m-%Y}",
         ["%Y-%m-%d", "%d-%m-%Y"]),
        (lambda n, day: f"{day:%d.%m.%Y}" if n % 9 else f"{day:%d/%m/%Y %H:%M}",
         ["%d.%m.%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y", "%d/%m/%Y %H:%M"]),
        (lambda n, day: f"{day.day}. {MONTHS[day.month - 1]} {day.year}", "%d. %B %Y"),
    ],
    ids=["ISO and ours", "a small part with a time", "in German"],
)  # fmt: skip
def test_dates_of_two_kinds_and_in_another_language_are_proposed(written, proposed):
    days = pd.Series(pd.Timestamp("2021-01-01") + pd.to_timedelta(np.arange(300) * 3, unit="D"))
    text = pd.Series([written(n, day) for n, day in enumerate(days)])
    found = dates_of(text)
    [formats] = found.formats
    assert sorted(formats) == sorted(proposed)
    assert (DateReader(formats).read(text).dt.normalize() == days).all()


def test_a_column_of_our_name_is_chosen_though_its_dates_are_of_no_kind(here):
    text, values = proposed(
        shop_of(simple(transaction_date=[f"week {n % 52}" for n in range(120)]))
    )
    assert values["columns"]["transaction_date"] == "transaction_date"
    assert "its name says so" in text and values["date_format"] == "TODO"


@pytest.mark.parametrize("column", ["type", "Returned"])
def test_rows_that_take_a_purchase_back_are_proposed_as_returns(here, column):
    sold, back = ("Sale", "Return") if column == "type" else ("no", "yes")
    table = simple().drop_duplicates(["customer_id", "product_id"])
    lines = [table.assign(**{column: sold}), table[::6].assign(**{column: back})]
    _, values = proposed(shop_of(pd.concat(lines, ignore_index=True)))
    assert values["cleaning"]["returns_where"] == {column: [back]}
    assert "drop_where" not in values["cleaning"]


def test_day_and_month_that_nobody_can_tell_are_left_to_the_user(here):
    days = [datetime.date(2023, 1 + n % 12, 1 + n // 12 % 12) for n in range(144)]
    table = simple(144, transaction_date=[f"{day:%d/%m/%Y}" for day in sorted(days)])
    text, values = proposed(shop_of(table))
    assert values["date_format"] == "TODO"
    assert '# date_format: "%d/%m/%Y"' in text and '# date_format: "%m/%d/%Y"' in text
    # the file is in order of time by one of them, which is said and not acted on
    flat = " ".join(text.replace("#", " ").split())
    assert "%d/%m/%Y: 2023-01-01 to 2023-12-12, 12 months, 12 days of the month; 100 % of" in flat

    (here / "my_shop.yaml").write_text(text, "utf-8")
    for command in (("health",), ("run", "02"), ("score", "--out", "lists")):
        refused = course(*command, "-f", "my_shop.yaml")
        line = text.splitlines().index("date_format: TODO") + 1
        assert refused.exit_code == 2
        assert f"my_shop.yaml, line {line}: date_format is not decided yet" in refused.stderr
    decided = text.replace("date_format: TODO", 'date_format: "%d/%m/%Y"')
    (here / "my_shop.yaml").write_text(decided, "utf-8")
    assert course("health", "-f", "my_shop.yaml").exit_code == 0


def test_one_date_above_twelve_decides():
    days = pd.Series([f"{1 + n % 12:02}/{1 + n // 12:02}/2023" for n in range(144)])
    assert dates_of(days).formats == ["%d/%m/%Y", "%m/%d/%Y"] or len(dates_of(days).formats) == 2
    days[7] = "13/05/2023"
    assert dates_of(days).formats == ["%d/%m/%Y"]
    days[7] = "05/13/2023"
    assert dates_of(days).formats == ["%m/%d/%Y"]


def test_dates_turned_in_a_part_of_the_file_are_not_given_a_format():
    days = pd.Series(pd.date_range("2023-01-01", periods=300))
    text = days.dt.strftime("%d/%m/%Y").where(np.arange(300) % 3 > 0, days.dt.strftime("%m/%d/%Y"))
    found = dates_of(text)
    assert not found.formats and any("seem to be turned" in why for why in found.why)


def test_offsets_propose_a_zone_that_has_them(here):
    times = pd.date_range("2023-01-01", periods=120, freq="73h", tz="America/New_York")
    text, values = proposed(
        shop_of(simple(transaction_date=times.strftime("%Y-%m-%d %H:%M:%S %z")))
    )
    assert '# time_zone: "America/New_York"' in text and "time_zone" not in values
    assert "-0400" in text and "-0500" in text


# Columns

HEADERS = {
    "German": ["Kunden-Nr.", "Artikelnummer", "Bestelldatum", "Bestellnummer", "Menge",
               "Einzelpreis", "Artikelbezeichnung", "Warengruppe"],
    "French": ["N° client", "Référence", "Date commande", "N° commande", "Quantité",
               "Prix unitaire", "Désignation", "Famille"],
    "Spanish": ["ID Cliente", "Código producto", "Fecha pedido", "Nº pedido", "Cantidad",
                "Precio unitario", "Descripción", "Categoría"],
    "Italian": ["Codice cliente", "Codice articolo", "Data ordine", "Numero ordine", "Quantità",
                "Prezzo unitario", "Descrizione", "Reparto"],
    "Dutch": ["Klantnummer", "Artikelnummer", "Besteldatum", "Ordernummer", "Aantal",
              "Stukprijs", "Omschrijving", "Artikelgroep"],
    "Japanese": ["顧客番号", "商品コード", "注文日", "注文番号", "数量", "単価", "商品名",
                 "カテゴリ"],
    "English": ["CustomerID", "StockCode", "InvoiceDate", "InvoiceNo", "Quantity", "UnitPrice",
                "Description", "Department"],
    "cut short": ["CUST_NBR", "ITM_CD", "ord_dt", "ORD_NUM", "qnty", "prc", "prod_desc",
                  "prod_cat"],
    "a word": ["cust", "prod", "trans_dt", "txn_id", "quant", "unit_prc", "item_desc", "dept"],
    "ours": ["customer_id", "product_id", "transaction_date", "transaction_id", "quantity",
             "unit_price", "product_name", "product_category"],
}  # fmt: skip


@pytest.mark.parametrize("language", HEADERS)
def test_columns_are_known_by_their_names_in_many_languages(language):
    lines = exports.purchases(30)
    columns = [
        lines["customer"].add(500), lines["product"].map("A{:03}".format),
        lines["time"].dt.strftime("%Y-%m-%d"), lines["order"], lines["quantity"], lines["price"],
        lines["product"].map("Thing {}".format), (lines["product"] // 10).map("Group {}".format),
    ]  # fmt: skip
    frame = pd.concat(columns, axis=1).set_axis(HEADERS[language], axis=1).astype("str")
    # in another order, with something beside: places mean nothing
    frame = frame[frame.columns[::-1]].assign(Country="DE", Note="x")
    chosen = meaning_of(frame, PURCHASES, set()).chosen
    assert chosen == dict(zip(HEADERS["ours"], HEADERS[language], strict=True))


def test_tables_of_sap_are_known_by_their_columns(here):
    lines = exports.purchases(60)
    orders = lines.drop_duplicates("order")
    number = "{:010}".format
    shop_of(pd.DataFrame({
        "VBELN": lines["order"].map(number), "MATNR": lines["product"].map("{:018}".format),
        "KWMENG": lines["quantity"].map("{},000".format),
        "NETWR": lines["price"].map("{:.3f}".format).str.replace(".", ","),
    }), "VBAP.csv", sep=";")  # fmt: skip
    shop_of(pd.DataFrame({
        "VBELN": orders["order"].map(number), "KUNNR": orders["customer"].map(number),
        "AUDAT": orders["time"].dt.strftime("%d.%m.%Y"),
    }), "VBAK.csv", sep=";")  # fmt: skip
    values = proposed("VBAP.csv", "VBAK.csv")[1]
    assert set(values["columns"].values()) == {
        "customer_id", "product_id", "transaction_date", "transaction_id", "quantity",
        "total_amount"}  # fmt: skip
    assert values["cleaning"]["decimal"] == "TODO"  # 1,000 pieces, or one?


def test_nothing_measured_and_no_order_is_proposed_as_a_customer(here):
    lines = exports.purchases(60)
    table = pd.DataFrame({
        "Wer": lines["customer"].map("w{}".format), "Vorgang": lines["order"].map("v{}".format),
        "Wann": lines["time"].dt.strftime("%d.%m.%Y"), "Uhr": lines["time"].dt.strftime("%H:00"),
        "Wieviel": (lines["product"] + 0.25).map("{:.2f}".format),
        "SKU": lines["product"].map("S{}".format),
    })  # fmt: skip
    text, values = proposed(shop_of(table))
    assert '# "Wer": customer_id' in text
    for other in ("Vorgang", "Uhr", "Wieviel"):
        assert f'"{other}": customer_id' not in text


def test_customers_with_five_digits_are_no_days_of_excel(here):
    lines = exports.purchases(60)
    table = pd.DataFrame({
        "Kundennr.": lines["customer"].astype(int) + 20_000, "Payment ID": lines["order"],
        "Artikelnr.": lines["product"].add(30_000), "Wann": lines["time"].dt.strftime("%d.%m.%Y"),
    })  # fmt: skip
    columns = proposed(shop_of(table))[1]["columns"]
    assert columns == {"Wann": "transaction_date", "Kundennr.": "customer_id",
                       "Artikelnr.": "product_id"}  # fmt: skip
    unnamed = table.rename(columns={"Kundennr.": "Wer", "Payment ID": "Vorgang"})
    assert '# "Wer": customer_id' in proposed(shop_of(unnamed))[0]
    # nor is a number of a payment a way to pay, and a gross price is of a piece
    paid = table.assign(**{"VK brutto": "4,50"})[:-1]
    assert proposed(shop_of(paid))[1]["columns"]["VK brutto"] == "unit_price"


def test_events_are_known_by_the_ids_of_the_purchases(here):
    table = simple()
    events = pd.DataFrame({
        "t": table["transaction_date"], "w": table["customer_id"], "x": table["product_id"],
        "what": ["view", "glance"] * 60, "land": ["DE", "FR", "IT"] * 40,
    })  # fmt: skip
    shop_of(events, "events.csv")
    text, values = proposed(shop_of(table), events=["events.csv"])
    assert values["event_columns"] == {
        "t": "event_date", "w": "customer_id", "x": "product_id", "what": "event_type"
    }  # fmt: skip
    assert "it has the ids of the purchases" in text


def test_a_name_is_held_against_what_is_in_the_column(here):
    """`Total` of an order is no line's amount, `Date` without dates no date."""
    lines = exports.purchases(40)
    total = lines["price"].groupby(lines["order"]).transform("sum")
    table = pd.DataFrame({
        "Order": lines["order"], "Date": "n/a", "Shipped": lines["time"].dt.strftime("%d.%m.%Y"),
        "Packed": lines["time"].dt.strftime("%d.%m.%Y"), "Client": lines["customer"],
        "SKU": lines["product"].map("S{}".format), "Total": total,
    })  # fmt: skip
    text, values = proposed(shop_of(table))
    assert "Total" not in values["columns"] and '# "Total": total_amount' in text
    assert values["columns"] == {
        "TODO transaction_date": "transaction_date",
        "Client": "customer_id",
        "SKU": "product_id",
        "Order": "transaction_id",
    }
    assert '# "Shipped": transaction_date' in text and '# "Packed": transaction_date' in text
    # with one column of dates there is no doubt, whatever it is called
    columns = proposed(shop_of(table.drop(columns="Packed")))[1]["columns"]
    assert columns["Shipped"] == "transaction_date"


def test_what_differs_from_order_to_order_is_no_name_and_no_kind_of_a_product(here):
    """`Name` may be the buyer's, `Type` that of a document."""
    lines = exports.purchases(60)
    table = pd.DataFrame({
        "Date": lines["time"].dt.strftime("%Y-%m-%d"), "Item": lines["product"].map("W{}".format),
        "Name": lines["customer"].map("Acme {} Ltd".format), "Document": lines["order"],
        "Type": exports.of_order(lines, ["Invoice", "Cash Sale"], 1),
    })  # fmt: skip
    text, values = proposed(shop_of(table))
    assert not {"Name", "Type"} & set(values["columns"])
    assert '# "Name": customer_id' in text
    # a product has been renamed, and another one was moved: names and kinds all the same
    names = lines["product"].map("Widget {}".format)
    kinds = (lines["product"] // 10).map("Group {}".format)
    late = lines["product"].between(4, 9) & (lines.index > 300)
    table = table.assign(Name=names.where(~late, names + " new"), Type=kinds.mask(late, "Sale"))
    columns = proposed(shop_of(table))[1]["columns"]
    assert columns["Name"] == "product_name" and columns["Type"] == "product_category"
    # of carts, some have another product's
    mixed = names.where(lines.index % 5 > 0, names.sample(frac=1, random_state=1).to_numpy())
    assert proposed(shop_of(table.assign(Name=mixed)))[1]["columns"]["Name"] == "product_name"
    # nor is a variant's name one of a buyer
    sizes = names + exports.of_order(lines, [" / S", " / M", " / L"], 2)
    assert proposed(shop_of(table.assign(Name=sizes)))[1]["columns"]["Name"] == "product_name"
    # nor is what is written onto each piece
    engraved = names + lines.index.map(" no. {}".format)
    assert proposed(shop_of(table.assign(Name=engraved)))[1]["columns"]["Name"] == "product_name"


def test_the_id_of_people_and_of_orders_are_told_from_those_of_orders_and_lines(here):
    """One column is a new id for each order, another one for each line: neither is what it says."""
    lines = exports.purchases(60)
    table = pd.DataFrame({
        "customer_id": lines["order"].map("o{}".format),
        "customer_unique_id": lines["customer"].map("c{}".format),
        "transaction_id": range(len(lines)), "order_id": lines["order"],
        "sku": lines["product"].map("S{}".format), "date": lines["time"].dt.strftime("%Y-%m-%d"),
    })  # fmt: skip
    text, values = proposed(shop_of(table))
    assert values["columns"]["customer_unique_id"] == "customer_id"
    assert values["columns"]["order_id"] == "transaction_id"
    assert "in customer_id each id occurs on one day only" in text


def test_of_a_log_the_purchases_count(here):
    table = simple(event=["view", "view", "addtocart", "transaction"] * 30)
    assert proposed(shop_of(table))[1]["cleaning"]["drop_where"] == {"event": ["view", "addtocart"]}


def test_what_may_take_back_a_purchase_is_asked_about_where_people_buy_the_same_again(here):
    """A refund has another line of the customer and product, but so have their purchases."""
    bought = simple(status="paid")
    refunds = bought[::9].assign(status="refunded")
    again = proposed(shop_of(pd.concat([bought, bought, refunds])))
    never = proposed(shop_of(simple(status=(["paid"] * 8 + ["refunded"] * 2) * 12)))
    for _, values in (again, never):
        assert values["cleaning"] == {"drop_where": {"status": ["refunded"]}}
    assert "write `returns_where` in place of" in " ".join(again[0].split())
    assert "write `returns_where` in place of" not in " ".join(never[0].split())


def test_returns_below_zero_take_back_although_the_customer_is_not_decided(here):
    """Left out as a status, they would leave the purchase that was given back."""
    table = simple(quantity=1, Type="Invoice").rename(columns={"customer_id": "Wer"})
    back = table[::9].assign(quantity=-1, Type="Credit Memo")
    text, values = proposed(shop_of(pd.concat([table, back])))
    assert "TODO customer_id" in values["columns"]
    assert values["cleaning"] == {"returns_where": {"Type": ["Credit Memo"]}}


@pytest.mark.parametrize(("purchase", "others"), [
    ("purchase", ["view_item", "begin_checkout", "refund"]),  # a word for what came to nothing, too
    ("purchase_item", ["view_item", "add_payment_info"]),
    ("purchase", ["begin_checkout", "refund"]),
    ("purchase", ["newsletter"]),  # of which nobody knows what it is, but that it is an event
    ("checkout", ["view_item", "search"]),  # the last step that the log has
])  # fmt: skip
def test_of_a_log_all_that_is_no_purchase_is_left_out(here, purchase, others):
    kinds = pd.Series([purchase, purchase, *others])
    table = simple(event_name=kinds[np.arange(120) % len(kinds)].to_numpy())
    cleaning = proposed(shop_of(table))[1]["cleaning"]
    assert list(cleaning) == ["drop_where"]
    assert sorted(cleaning["drop_where"]["event_name"]) == sorted(others)


@pytest.mark.parametrize("name", ["Line Type", "type", "Belegart"])
def test_rows_of_orders_and_payments_beside_their_lines_are_left_out(here, name):
    """They are no purchases that nobody could read; what a vendor sells without a code is."""
    table = simple(**{name: ["Sale", *["Sale Line"] * 3, "Payment"] * 24})
    table["product_id"] = table["product_id"].where(table[name] == "Sale Line")
    values = proposed(shop_of(table))[1]
    assert values["cleaning"] == {"drop_where": {name: ["Payment", "Sale"]}}
    (_, report), _ = data.read_shop(Parameters.of(values))
    assert report.kept == 72 and report.rejected == {"left out by drop_where": 48}
    # of orders with one line each, most rows have no product
    others = table[table[name] != "Sale Line"]
    single = pd.concat([table, others, others])
    values = proposed(shop_of(single.rename(columns={"product_id": "SKU"})))[1]
    assert values["columns"]["SKU"] == "product_id"
    assert values["cleaning"] == {"drop_where": {name: ["Payment", "Sale"]}}
    vendor = table.rename(columns={name: "Vendor"})  # whose products have no code
    assert "cleaning" not in proposed(shop_of(vendor))[1]


def test_orders_beside_their_lines_in_a_log_are_left_out_with_its_views(here):
    table = simple(type=["view_item", "purchase", "purchase_item"] * 40)
    table["product_id"] = table["product_id"].where(table["type"] != "purchase")
    assert proposed(shop_of(table))[1]["cleaning"] == {
        "drop_where": {"type": ["view_item", "purchase"]}
    }


def test_a_status_with_the_word_of_an_event_is_no_log(here):
    """Ordered is a status, and shipped another one that counts as well; so is a line of a sale."""
    table = simple(status=["ordered", "ordered", "shipped", "cancelled"] * 30)
    cleaning = proposed(shop_of(table))[1]["cleaning"]
    assert cleaning["drop_where"] == {"status": ["cancelled"]}
    for words in (["ordered", "ordered", "shipped"], ["sale", "payment", "sale line"]):
        text, values = proposed(shop_of(simple(status=words * 40)))
        assert "cleaning" not in values and "a log of events" not in text


# Numbers


@pytest.mark.parametrize(
    ("values", "mark"),
    [(["1,50", "12,00", "1.234,50"], ","), (["1.50", "12.00", "1,234.50"], "."),
     (["€ 4,50", "3,99 €"], ","), (["$4.50", "$1,200.00"], "."), (["1 234,50", "2,50"], ","),
     (["1'234.50", "2.50"], "."), (["10,09 руб.", "1 200,00 руб."], ","),
     (["(1.50)", "2.50-", "Rp. 3.25"], "."), (["1.234", "2.500"], "TODO"),
     (["1,50", "1.50"], "TODO"),
     (["1", "2"], ""), (["1.234.567", "5"], ","), (["2,600", "550"], "."), (["2.600", "550"], ","),
     (["1,250", "5"], "TODO"), (["2,600", "5500", "550"], "TODO")],
)  # fmt: skip
def test_the_decimal_mark_is_proposed_where_values_say_it(values, mark):
    assert numbers.decimal_of(pd.Series(values * 5))[0] == mark


def test_a_column_that_is_no_number_is_left_out(here):
    text, values = proposed(shop_of(simple(unit_price=["ask", "12.50", "n.a. yet"] * 40)))
    assert values["cleaning"]["ignore"] == ["unit_price"]


# Rows


def test_what_is_special_about_rows_is_proposed_with_its_reason(here):
    lines = exports.purchases(60)
    table = pd.DataFrame({
        "InvoiceNo": lines["order"], "Customer": lines["customer"],
        "SKU": lines["product"].map("{:05}x".format), "Quantity": lines["quantity"],
        "Price": lines["price"], "Date": lines["time"].dt.strftime("%Y-%m-%d"),
        "Title": lines["product"].map("Postage stamp album {}".format),
        "Order status": exports.of_order(lines, ["done", "done", "Storniert"], 1),
    })  # fmt: skip
    back = table.head(25).assign(Quantity=-1)
    back["InvoiceNo"] = "C" + back["InvoiceNo"].astype(str)
    odd = [
        table.head(30).assign(SKU=code, Title=title, Price=np.arange(30) / 7)
        for code, title in [("POST", "Postage"), ("M", "Manual"), ("GIFT_CARD", "Present")]
    ]
    cased = table.tail(20)
    cased = cased.assign(SKU=cased["SKU"].str.upper())
    text, values = proposed(shop_of(pd.concat([table, back, *odd, cased])))
    cleaning = values["cleaning"]
    assert cleaning["cancellation_prefix"] == "C"
    assert sorted(cleaning["non_products"]) == ["GIFT_CARD", "M", "POST"]
    assert cleaning["drop_where"] == {"Order status": ["Storniert"]}
    assert cleaning["merge_case"] is True
    assert "25 rows have a negative quantity" in text


def test_a_status_is_known_by_its_values_whatever_its_name(here):
    table = simple(**{"Positionslage": ["geliefert", "storniert", "offen", "retourniert"] * 30})
    cleaning = proposed(shop_of(table))[1]["cleaning"]
    assert cleaning["drop_where"] == {"Positionslage": ["storniert", "retourniert"]}
    # an offer is no purchase yet, where a status says so
    for offer in ("Quotation", "Angebot", "Devis"):
        offered = simple(**{"Order status": ["Sales Order", "Sales Order", offer] * 40})
        values = proposed(shop_of(offered))[1]
        assert values["cleaning"]["drop_where"] == {"Order status": [offer]}
    # but a category is none
    assert "cleaning" not in proposed(shop_of(simple(category=["lost", "found"] * 60)))[1]


def test_what_is_said_of_people_is_no_status_and_a_flag_is_one(here):
    who = pd.Series(np.arange(120) % 23)
    left = simple(membership_status=(who % 3).map({0: "cancelled", 1: "active", 2: "active"}))
    assert "cleaning" not in proposed(shop_of(left))[1]
    flag = simple(is_cancelled=(pd.Series(range(120)) % 7 == 0))
    assert proposed(shop_of(flag))[1]["cleaning"] == {"drop_where": {"is_cancelled": ["True"]}}


def test_addresses_of_mail_that_differ_by_case_are_one_person(here):
    mail = pd.Series(np.arange(120) % 23).map("who{}@shop.example".format)
    mail = mail.where(np.arange(120) % 9 > 0, mail.str.upper())
    text, values = proposed(shop_of(simple(customer_id=mail)))
    assert values["cleaning"] == {"merge_case": True} and "customer ids are equal but" in text
    # codes may differ by it
    codes = pd.Series(["Ab", "aB", "c", "d"] * 30)
    text, values = proposed(shop_of(simple(customer_id=codes)))
    assert "cleaning" not in values and "# merge_case: true" in text


def test_lines_below_an_order_without_its_number_are_told(here):
    """Nothing says to which order they belong, where its number stands in its first row only."""
    lines = exports.purchases(60)
    first = ~lines["order"].duplicated()
    table = pd.DataFrame({
        "Order Reference": lines["order"].map("S{}".format).where(first),
        "Order Date": lines["time"].dt.strftime("%Y-%m-%d").where(first),
        "Customer": lines["customer"].map("C{}".format).where(first),
        "Order Lines/Product": lines["product"].map("[F{}]".format),
    })  # fmt: skip
    text, values = proposed(shop_of(table))
    said = " ".join(text.replace("#", "").split())
    assert values["columns"]["Order Reference"] == "transaction_id" and "cleaning" not in values
    assert "Customer and Order Date and Order Reference are blank in" in said
    assert "Repeat it in every row where you export" in said
    # a customer as the heading of a group, with the days beside the lines
    lines = lines[::3].sort_values("customer")
    groups = table.loc[lines.index, ["Order Lines/Product"]].assign(
        day=lines["time"].dt.strftime("%Y-%m-%d"),
        Customer=lines["customer"].map("C{}".format).mask(lines["customer"].duplicated()),
    )
    text, _ = proposed(shop_of(groups))
    assert "Customer is blank in" in " ".join(text.replace("#", "").split())
    # guests are none
    guests = simple(customer_id=simple()["customer_id"].where(np.arange(120) % 3 > 0))
    text, _ = proposed(shop_of(guests))
    assert "as if the row above" not in " ".join(text.replace("#", "").split())


def test_names_of_people_are_told_to_be_no_ids(here):
    who = ["Ann Smith", "J. Müller", "Li-Wei Chen", "Mary O'Neil", "Bob van Dyke"]
    people = pd.Series(who)[np.arange(120) % 5].to_numpy()
    assert "these are names: two people" in proposed(shop_of(simple(customer_id=people)))[0]
    assert "these are names" not in proposed(shop_of(simple()))[0]


def test_returns_of_what_is_bought_often_are_asked_about(here):
    """A line of the same customer and product may be what they take back, or another purchase."""
    table = simple(360, kind="Sale")
    table["product_id"] = "P" + (table["customer_id"].str[1:].astype(int) % 3).astype("str")
    text, values = proposed(shop_of(pd.concat([table, table[::30].assign(kind="Refund")])))
    assert values["cleaning"]["drop_where"] == {"kind": ["Refund"]}
    assert "write `returns_where` in place" in " ".join(text.replace("#", "").split())


def test_purchases_of_nobody_hide_no_returns(here):
    """Without a customer, all lines of a product seem to belong together."""
    table = simple(kind="Sale", customer_id=simple()["product_id"] + simple()["customer_id"])
    table["customer_id"] = table["customer_id"].where(np.arange(120) % 5 > 2)
    back = table.dropna()[::5].assign(kind="Refund")
    values = proposed(shop_of(pd.concat([table, back])))[1]
    assert values["cleaning"] == {"returns_where": {"kind": ["Refund"]}}


def test_codes_are_looked_at_where_the_product_is_not_decided(here):
    """Who names the column later has seen what else is in it."""
    lines = exports.purchases(60)
    table = pd.DataFrame({
        "Customer": lines["customer"], "Date": lines["time"].dt.strftime("%Y-%m-%d"),
        "No.": lines["product"].map("{:04}-S".format), "Lot": lines["product"] % 12 + 500,
        "Description": lines["product"].map("Desk {}".format),
    })  # fmt: skip
    freight = table[::9].assign(**{"No.": "8400", "Description": "Freight"})
    text, values = proposed(shop_of(pd.concat([table, freight])))
    assert "TODO product_id" in values["columns"] and "cleaning" not in values
    assert "these may be no products, if No. is product_id" in text
    assert '# non_products: ["8400"]' in text


def test_a_number_of_a_product_is_no_name_and_a_time_of_the_day_no_customer(here):
    table = simple(product_id=simple()["product_id"] + "ab").rename(
        columns={"customer_id": "Contact email"})  # fmt: skip
    number = table["product_id"].str.upper()
    table = table.assign(product_number=number, label="Bike " + number, Time=[
        f"{n % 12 + 1}:{n % 60:02}:00 {'AP'[n % 2]}M" for n in range(60)] * 2)  # fmt: skip
    columns = proposed(shop_of(table))[1]["columns"]
    assert columns == {"transaction_date": "transaction_date", "Contact email": "customer_id",
                       "product_id": "product_id", "label": "product_name"}  # fmt: skip
    unnamed = table.rename(columns={"Contact email": "Wer"})
    text, _ = proposed(shop_of(unnamed))
    assert '"Wer": customer_id' in text and '"Time": customer_id' not in text


def test_codes_of_documents_are_asked_about(here):
    """What nobody can read in them: RE may be a return, or an invoice."""
    for name in ("AUART", "Belegart", "Document type", "transaction_type"):
        text, values = proposed(shop_of(simple(**{name: ["TA", "TA", "RE"] * 40})))
        assert "cleaning" not in values
        assert "TA (80), RE (40): is there one that was not bought, or given back?" in text
        assert f'# drop_where: {{"{name}": ["?"]}}' in text


def test_a_number_of_many_customers_is_no_order(here):
    """Carts and lines of a till without an order share a 0."""
    order = pd.Series(np.arange(120) // 2 + 1).astype("str")
    carts = np.arange(120) % 5 == 0
    text, _ = proposed(shop_of(simple(order_id=order.mask(carts, "0"))))
    said = " ".join(text.replace("#", "").split())
    assert '"0" is no order: 23 customers have it, in 24 rows' in said
    assert 'add "order_id": ["0"] to `drop_where`' in said
    # one large order is one, and numbers that begin anew are many
    large = simple(order_id=order.mask(carts, "7")).assign(transaction_date="2024-03-01")
    large.loc[1:50, "transaction_date"] = "2024-03-02"
    for table in (large, simple(order_id=np.arange(120) % 60)):
        assert "is no order" not in proposed(shop_of(table))[0]


def test_dates_of_creation_and_amounts_of_a_unit_are_known(here):
    """`Created (UTC)` beside another date, and a unit_amount beside the amount of the line."""
    table = simple().rename(columns={"transaction_date": "Created (UTC)"})
    table = table.assign(period_start=table["Created (UTC)"], amount=900, unit_amount=300)
    table.loc[::2, ["amount", "quantity"]] = [600, 2]
    columns = proposed(shop_of(table))[1]["columns"]
    assert columns["Created (UTC)"] == "transaction_date"
    assert columns["unit_amount"] == "unit_price" and columns["amount"] == "total_amount"


def test_guests_are_named_with_the_key_that_leaves_them_out(here):
    guests = pd.Series(range(120)) % 3 == 0
    table = simple().rename(columns={"customer_id": "Client no"})
    table["Client no"] = table["Client no"].mask(guests, "0")
    text, values = proposed(shop_of(table))
    said = " ".join(line.strip(" #") for line in text.splitlines())
    assert "0 has 33 % of the rows" in said and 'add "Client no": ["0"] to `drop_where`' in said
    values["cleaning"] = {"drop_where": {"Client no": ["0"]}}
    (_, report), _ = data.read_shop(Parameters.of(values))
    assert report.rejected == {"left out by drop_where": 40}
    assert report.entered == sorted(values)
    assert '# shop_name: "' in text and '# currency: "' in text


def test_fresh_is_no_freight(here):
    """`frais` in a name is either."""
    names = pd.Series(np.arange(120) % 17).map("Œufs frais {}".format)
    fees = simple(product_id="FDP", product_name="Frais de port")[:20]
    text, values = proposed(shop_of(pd.concat([simple(product_name=names), fees])))
    assert values["cleaning"] == {"non_products": ["FDP"]}
    assert "frais" in text and "or these, too?" not in text


def test_a_plain_shop_gets_no_rule_that_it_does_not_need(here):
    text, values = proposed(shop_of(simple()))
    assert set(values) == {"transactions_path", "columns", "date_format", "test_days"}


def test_the_encoding_comes_with_words_as_they_were_decoded(here):
    table = simple(product_name=["Käse", "Crème brûlée", "Brot"] * 40)
    text, values = proposed(shop_of(table, encoding="cp1252", sep=";"))
    assert values["cleaning"]["encoding"].startswith("cp125")
    assert "Käse" in text


def test_a_preamble_is_seen_and_passed_over(here):
    body = simple().to_csv(index=False, sep=";")
    (here / "shop.csv").write_text("Sales report\nAll shops;;\n\n" + body, "utf-8")
    text, values = proposed("shop.csv")
    assert values["cleaning"]["header_row"] == 4
    assert set(values["columns"]) == {"customer_id", "product_id", "transaction_date"}


def test_of_several_sheets_the_one_with_purchases_is_named(here):
    with pd.ExcelWriter("book.xlsx") as book:
        pd.DataFrame({"Note": ["read me"]}).to_excel(book, sheet_name="About", index=False)
        simple().to_excel(book, sheet_name="Sales 2023", index=False)
    text, values = proposed("book.xlsx")
    assert values["cleaning"]["sheet"] == "Sales 2023" and "others: About" in text
    assert set(values["columns"]) == {"customer_id", "product_id", "transaction_date"}


def test_sheets_of_the_same_columns_are_read_together(here):
    """A sheet per half-year below a title, beside sheets of something else: none may be lost."""
    table = simple()
    with pd.ExcelWriter("book.xlsx") as book:
        pd.DataFrame({"Note": ["read me"]}).to_excel(book, sheet_name="About", index=False)
        for name, part in (("H1", table[:70]), ("H2", table[70:])):
            part.to_excel(book, sheet_name=name, index=False, startrow=3)
            book.sheets[name]["A1"] = "Sales report"
    text, values = proposed("book.xlsx")
    assert values["cleaning"] == {"header_row": 4, "sheet": ["H1", "H2"]}
    assert "all 120 rows were looked at" in text and "others: About" in text
    (_, report), _ = data.read_shop(Parameters.of(values))
    assert (report.read, report.kept) == (120, 120)
    values["cleaning"]["sheet"][1] = "H3"
    with pytest.raises(data.DataError, match="no sheet 'H3'; it has: About, H1, H2"):
        data.read_shop(Parameters.of(values))


def test_event_types_are_counted_and_mapped(here):
    names = ["view", "atc", "purchase_done", "search", "ping", "basket_put", "remove_from_cart",
             "pageview"]  # fmt: skip
    table = simple(event=names * 15)
    shop_of(table.rename(columns={"transaction_date": "timestamp"}), "events.csv")
    text, values = proposed(shop_of(simple()), events=["events.csv"])
    assert values["event_types"] == {"view": "product_view", "atc": "add_to_cart",
                                     "pageview": "page_view"}  # fmt: skip
    # a guess from a word in it is left to the user, and what is unknown is no view
    assert '# "basket_put": add_to_cart  # 15 events' in text
    for left_out in ("ping", "remove_from_cart", "purchase_done"):
        assert f'# "{left_out}": 15 events are left out' in text


def test_the_catalogue_is_described(here):
    shop_of(pd.DataFrame({"SKU": [f"P{n}" for n in range(20)], "Title": "Thing", "Stock": range(20),
                          "Price": "3,50"}), "stock.csv", sep=";")  # fmt: skip
    text, values = proposed(shop_of(simple()), products=["stock.csv"])
    assert values["product_columns"] == {"SKU": "product_id", "Stock": "in_stock",
                                         "Price": "price"}  # fmt: skip
    assert "100 % of the products that were bought are in it" in text


def test_launches_that_nobody_can_read_are_left_to_the_user(here):
    """Else they would be read as the purchases' dates are, and refused."""
    catalogue = {"SKU": [f"P{n}" for n in range(20)], "StockQty": range(20),
                 "LaunchDate": ["01/02/2020", "11/01/2026"] * 10}  # fmt: skip
    shop_of(pd.DataFrame(catalogue), "stock.csv")
    text, values = proposed(shop_of(simple()), products=["stock.csv"])
    assert values["product_date_format"] == "TODO"
    assert values["product_columns"]["StockQty"] == "in_stock"
    # and the errors of a table name its own keys
    (here / "shop.yaml").write_text(text.replace("TODO", '"%Y"'))
    said = course("health", "-f", "shop.yaml").output
    assert "Set `product_date_format`; what would fit: '%d/%m/%Y'" in said


def test_a_large_file_is_looked_at_in_part_and_that_is_said(here, monkeypatch):
    from helpers.course.describing import looking

    monkeypatch.setattr(looking, "FIRST", 50)
    monkeypatch.setattr(looking, "OF_EACH", 10)
    sample = looking.look_at([shop_of(simple(1000))])
    assert 50 < len(sample.frame) < 80 and sample.rows == 1000
    assert "the first 50 of 1,000 rows" in proposed("shop.csv")[0]


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@deeper
@settings(max_examples=examples(20), deadline=None)
@given(st.data())
def test_a_format_that_is_not_tried_could_not_have_been_read(data):
    formats = describing_dates._DAYS + describing_dates._COMPACT
    day = st.datetimes(datetime.datetime(2001, 1, 1), datetime.datetime(2024, 1, 1))
    hour = data.draw(st.sampled_from(["", " %H:%M", "T%H:%M:%SZ"]))
    written = data.draw(st.sampled_from(formats)) + hour
    text = [f"{each:{written}}" for each in data.draw(st.lists(day, min_size=1, max_size=5))]
    if data.draw(st.booleans()):  # one sign turned into another
        place, sign = data.draw(st.integers(0, len(text[0]) - 1)), data.draw(st.characters())
        text[0] = text[0][:place] + sign + text[0][place + 1 :]
    column = pd.Series(text, dtype="str")
    with pytest.MonkeyPatch.context() as all_tried:
        all_tried.setattr(describing_dates, "_marks", lambda each: set())
        expected = dates_of(column)
    assert repr(dates_of(column)) == repr(expected)


@deeper
@settings(max_examples=examples(12), deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=5, unique_by=lambda x: x.strip().lower()),
       st.lists(st.text(max_size=8), min_size=1, max_size=8))  # fmt: skip
def test_whatever_is_in_an_export_the_proposal_is_a_parameter_file(tmp_path_factory, names, cells):
    path = tmp_path_factory.mktemp("odd") / "odd.csv"
    pd.DataFrame({name: (cells * 5)[:20] for name in names} if len(cells) > 3 else
                 {name: cells for name in names}).to_csv(path, index=False)  # fmt: skip
    try:
        text = describe([str(path)])
    except data.DataError as error:
        assert len(str(error)) < 700
        return
    Written(text, "my_shop.yaml")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (None, "There is no file")],
)
def test_what_cannot_be_looked_at_is_a_sentence(here, content, words):
    if content is not None:
        (here / "shop.csv").write_bytes(content)
    said = course("describe", "shop.csv")
    assert said.exit_code == 2 and words in said.stderr


def test_a_parameter_file_is_never_overwritten(here):
    shop_of(simple())
    assert course("describe", "shop.csv", "--out", "my_shop.yaml").exit_code == 0
    before = (here / "my_shop.yaml").read_text("utf-8")
    again = course("describe", "shop.csv", "--out", "my_shop.yaml")
    assert again.exit_code == 2 and "my_shop.yaml exists" in again.stderr
    assert (here / "my_shop.yaml").read_text("utf-8") == before


def test_help_and_errors_point_to_it(here):
    assert "course describe FILE" in course("--help").output
    assert "course describe FILE" in course("run", "--help").output
    (here / "x.csv").write_text("a,b\n1,2\n")
    said = course("health", "-p", "transactions_path", "x.csv")
    assert said.exit_code == 2 and "`course describe FILE` looks at an export" in said.stderr


def test_a_table_that_belongs_to_nothing_is_said(here):
    shop_of(simple())
    shop_of(pd.DataFrame({"a": ["x", "x"], "b": ["y", "y"]}), "other.csv")
    with pytest.raises(data.DataError, match="other.csv: no column of it is a key"):
        describe(["shop.csv", "other.csv"])


def test_files_of_the_same_columns_are_parts(here):
    table = simple()
    paths = [shop_of(table[:60], "a.csv"), shop_of(table[60:][table.columns[::-1]], "b.csv")]
    assert proposed(*paths)[1]["transactions_path"] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("name", [
    "orders_{:%Y-%m}.csv", "orders_{0.year}Q{0.quarter}.csv", "{:%Y%m%d}.csv", "x_{:%d.%m.%y}.csv",
    "{:%Y-%m-%d}/orders.csv", "{:%Y/%m}/orders.csv", "{:%B}.csv",
])  # fmt: skip
def test_dates_in_names_only_are_said_by_the_draft_and_by_the_check(here, name):
    table = simple()
    days = pd.to_datetime(table.pop("transaction_date"))
    for path, part in table.groupby(days.map(name.format)):
        (here / "parts" / path).parent.mkdir(parents=True, exist_ok=True)
        part.to_csv(here / "parts" / path, index=False)
    text = describe(["parts"])
    assert "TODO transaction_date" in text and "Names of files, sheets and folders are not" in text
    said = course("health", "-p", "transactions_path", "parts")
    assert said.exit_code == 2 and "Names of files, sheets and folders are not read" in said.stderr
    assert "There is no column for transaction_date" in said.stderr


def test_names_without_dates_are_not_spoken_of(here):
    table = simple().drop(columns="transaction_date")
    for name in ("market.csv", "out_12.csv", "may.csv"):
        said = course("health", "-p", "transactions_path", shop_of(table, name))
        assert said.exit_code == 2 and "Names of files" not in said.stderr
    # a date in a column makes those in names no matter
    text, _ = proposed(shop_of(simple(), "orders_2023-01.csv"))
    assert "Names of files" not in text


def test_all_rows_of_many_small_files_are_looked_at(here):
    paths = [shop_of(part, f"{n}.csv") for n, part in simple().groupby(np.arange(120))]
    (here / "parts").mkdir()
    for path in paths:
        (here / path).rename(here / "parts" / path)
    assert "all 120 rows were looked at" in describe(["parts"])


def with_totals(column, word, by="customer_id", **cells):
    """Purchases with a total behind those of each customer, or behind all."""
    table = simple(quantity=np.arange(120) % 5 + 1).sort_values("customer_id", kind="stable")
    groups = [part for _, part in table.groupby(by)] if by else [table]
    parts = []
    for part in groups:
        total = {**part.iloc[0], "quantity": part["quantity"].sum(), **cells}
        total[column] = word.format(**part.iloc[0])
        parts += [part, pd.DataFrame([total])]
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("table", [
    with_totals("product_id", "Subtotal"), with_totals("product_id", "Zwischensumme")[::-1],
    with_totals("customer_id", "{customer_id} Total", product_id="all"),
    with_totals("Store", "Total of shop 1", by=None, customer_id=None),
    with_totals("Kind", "Summe", product_id=None),
    with_totals("product_id", "Grand total", by=None, quantity=7),  # no sum, but the reader knows
])  # fmt: skip
def test_totals_are_proposed_to_be_left_out_and_only_they_are(here, table):
    text, values = proposed(shop_of(table))
    (_, report), _ = data.read_shop(Parameters.of(values))
    assert (report.kept, sum(report.rejected.values())) == (120, len(table) - 120)
    if "Grand total" not in set(table["product_id"]):
        assert report.rejected == {"left out by drop_where": len(table) - 120}
        assert "each is the sum of other rows" in text and "non_products" not in text
    else:  # what is not sure stands in a comment
        assert '# drop_where: {"product_id": ["Grand total"]}' in text


def test_totals_of_two_levels_are_told_apart(here):
    table = with_totals("product_id", "Subtotal")
    amounts = table.loc[table["product_id"] != "Subtotal", "quantity"]
    whole = {"customer_id": "Total", "product_id": "P1", "transaction_date": "2023-05-05"}
    table = pd.concat([table, pd.DataFrame([{**whole, "quantity": amounts.sum()}])])
    values = proposed(shop_of(table))[1]
    assert values["cleaning"]["drop_where"] == {"customer_id": ["Total"],
                                                "product_id": ["Subtotal"]}  # fmt: skip


def test_names_with_a_word_for_a_total_are_no_totals(here):
    names = pd.Series(np.arange(120) * 7 % 17).map({3: "Total Quartz", 4: "Sum"}).fillna("Oil")
    who = names + " " + simple()["customer_id"]
    for table in (simple(product_name=names, quantity=1, customer_id=who),
                  simple(product_name=names, quantity=np.arange(120) % 5 + 1)):  # fmt: skip
        text, values = proposed(shop_of(table))
        assert "drop_where" not in text
        (_, report), _ = data.read_shop(Parameters.of(values))
        assert report.kept == 120 and "totals among purchases" not in [
            d.name for d in report.doubts
        ]


def test_totals_that_count_as_purchases_are_fixed_first(here):
    """Without a draft, too; and who has decided is not asked again."""
    for column, word in (("product_id", "Subtotal"), ("customer_id", "Total {customer_id}")):
        asked = {"transactions_path": shop_of(with_totals(column, word)), "date_format": "%Y-%m-%d"}
        (_, report), _ = data.read_shop(Parameters.of(asked))
        [found] = [each for each in report.doubts if each.name == "totals among purchases"]
        assert found.stops and "23 rows" in found.seen and report.kept == 143
        asked["cleaning"] = {"drop_where": {column: []}}
        (_, report), _ = data.read_shop(Parameters.of(asked))
        assert "totals among purchases" not in [each.name for each in report.doubts]


# From an export to a memo

# what a user writes in place of what says TODO
DECIDED = {"app": {"TODO customer_id": '"device"'}}
SHOPS = {
    "joined_tables": (["order_lines.csv", "orders.csv", "products.csv"], []),
    "shopify": (["orders_export.csv"], []),
    "woocommerce": (["orders.csv"], []),
    "point_of_sale": (["kasse.csv"], []),
    "app": (["purchases.csv"], ["--events", "events.csv"]),
}


@pytest.mark.parametrize("shop", SHOPS)
def test_a_shop_is_described_and_read_as_it_is(shop, here):
    """What counts is found: the same customers, products and days that the export was made of."""
    expected = getattr(exports, shop)(here, exports.purchases())
    written = from_describe(shop, here)
    (purchases, report), (events, of_events) = data.read_shop(gather_parameters([written]))
    exports.check(purchases, expected)
    assert (events is None) == (shop != "app")
    if events is not None:
        assert {"product_view", "add_to_cart", "search"} == set(events["event_type"])


@thorough
@pytest.mark.parametrize("shop", SHOPS)
def test_a_shop_goes_from_its_export_to_a_memo(shop, here):
    expected = getattr(exports, shop)(here, exports.purchases())
    written = from_describe(shop, here)
    done = course("run", "06", "11", "-f", written, "--out", here / "run")
    assert done.exit_code == 0, done.output + done.stderr
    assert "Recommendation: " in done.output
    metrics = json.loads((here / "run" / "metrics.json").read_text("utf-8"))
    assert metrics["memo"]["data"]["kept"] == len(expected)
    lists = pd.read_parquet(here / "run" / "recommendations.parquet")
    assert set(lists["customer_id"]) == set(expected["customer_id"])
    assert set(lists["product_id"]) <= set(expected["product_id"])


def from_describe(shop, here):
    """Describe an export, and decide what says TODO as a user would; nothing else is changed."""
    files, others = SHOPS[shop]
    said = course("describe", *files, *others, "--out", "my_shop.yaml")
    assert said.exit_code == 0, said.output
    path = here / "my_shop.yaml"
    text = path.read_text("utf-8")
    assert ("to decide (TODO)" in said.output) == (shop in DECIDED)
    for todo, choice in DECIDED.get(shop, {}).items():
        assert todo in text
        text = text.replace(todo, choice)
    path.write_text(text, "utf-8")
    return path


def test_undecided_is_said_for_names_and_values_alike():
    from helpers.course.describing import refuse_undecided

    for text, name in [("a: 1\ncolumns:\n  TODO x: customer_id", "columns"), ("b: [TODO]", "b.0"),
                       ("cleaning:\n  decimal: TODO", "cleaning.decimal")]:  # fmt: skip
        with pytest.raises(ParameterError, match=rf"line \d: {name} is not decided"):
            refuse_undecided(Written(text, "f"))
    refuse_undecided(Written('columns: {"TODOS": customer_id}', "f"))
