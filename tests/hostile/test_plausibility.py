"""Data that can be read and can't be right are doubted; shops of all kinds are not."""

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from helpers import data, plausibility
from helpers.course import command, runs
from helpers.plausibility import swallowed_lines
from helpers.reading.parameters import Parameters

START = pd.Timestamp("2022-09-05")


def made_up(seed=0, n_customers=300, n_products=40, n_days=300, n_orders=2_500, season=None,
            start=START, once=0.3):  # fmt: skip
    """Orders of a shop, in order of time: some customers come once, some often.

    `season` maps days (from the start) to how much is sold, relative to other days.
    """
    rng = np.random.default_rng(seed)
    days = np.arange(n_days)
    weight = np.ones(n_days) if season is None else np.asarray([season(day) for day in days], float)
    day = np.sort(rng.choice(days, n_orders, p=weight / weight.sum()))
    often = rng.gamma(0.7, size=n_customers) * (rng.random(n_customers) > once) + 0.05
    customer = rng.choice(n_customers, n_orders, p=often / often.sum())
    size = rng.integers(1, 5, n_orders)
    order = np.repeat(np.arange(n_orders), size)
    liked = 1 / np.arange(2, n_products + 2) ** 0.7
    product = rng.choice(n_products, len(order), p=liked / liked.sum())
    table = pd.DataFrame(
        {
            "customer_id": pd.Series(customer[order]).map("C{:05d}".format),
            "product_id": pd.Series(product).map("P{:05d}".format),
            "transaction_id": pd.Series(order + 70_000).map(str),
            "transaction_date": start + pd.to_timedelta(day[order], unit="D"),
            "product_name": pd.Series(product).map("Crème brûlée {}".format),
            "quantity": rng.integers(1, 4, len(order)),
            "unit_price": np.round(3 + product * rng.choice([0.8, 1.0], len(order)), 2),
        }
    )
    return table.drop_duplicates(["transaction_id", "product_id"], ignore_index=True)


def doubts(folder, table, **options):
    """The doubts about a table, once it is written and read again."""
    path = folder / "orders.csv"
    if pd.api.types.is_datetime64_any_dtype(table["transaction_date"]):
        table = table.assign(transaction_date=table["transaction_date"].dt.strftime("%d-%m-%Y"))
    table.to_csv(path, index=False)
    report = data.read_transactions(path, **options)[1]
    assert report.summary()["doubts"] == [vars(doubt) for doubt in report.doubts]
    for doubt in report.doubts:
        assert all((doubt.name, doubt.seen, doubt.matters, doubt.mend)), doubt
        assert len(doubt.seen + doubt.matters + doubt.mend) < 900, doubt
    return report.doubts


def winter(day):
    """Sells from November to January only, as good as nothing in between."""
    return 1.0 if (START + pd.Timedelta(days=day)).month in (11, 12, 1) else 0.02


def summer(day):
    """Ice cream: comes and goes slowly."""
    return max(0.02, np.sin(2 * np.pi * (day - 200) / 365)) ** 2


def closed_in_august(day):
    return 0 if (START + pd.Timedelta(days=day)).month == 8 else 1


def growing(day):
    return np.exp(day / 60)


SILENT = {
    "usual": {},
    "young": {"n_days": 70, "n_orders": 700},
    "two weeks old": {"n_days": 14, "n_orders": 400},
    "small": {"n_customers": 200, "n_orders": 500, "n_days": 700},
    "tiny": {"n_customers": 30, "n_orders": 90, "n_days": 400},
    "Christmas, ends in spring": {"season": winter, "n_days": 600},
    "Christmas, ends in December": {"season": winter, "n_days": 470},
    "ice cream, ends in autumn": {"season": summer, "n_days": 430},
    "closed every August": {"season": closed_in_august, "n_days": 1_000, "n_orders": 6_000},
    "growing": {"season": growing, "n_days": 400},
    "shrinking": {"season": lambda day: np.exp(-day / 60), "n_days": 400},
    "Mondays only": {"season": lambda day: float(day % 7 == 0), "n_days": 364},
    "begins and ends within a month's first days": {
        "start": pd.Timestamp("2023-01-01"), "n_days": 40, "n_orders": 900},
    "bought once in a life": {"once": 0.9, "n_customers": 2_300},
    "wide": {"n_products": 5_000},
    "groceries": {"n_customers": 150, "n_products": 60, "n_orders": 9_000, "once": 0},
    "one great sale": {"season": lambda day: 60.0 if day == 80 else 1.0},
    "few resellers": {"n_customers": 40, "once": 0, "n_orders": 2_000, "n_days": 600},
}  # fmt: skip


@pytest.mark.parametrize("name", SILENT)
def test_no_shop_is_doubted_for_what_it_is(tmp_path, name):
    seed = len(name)
    table = made_up(seed, **SILENT[name])
    assert doubts(tmp_path, table) == []
    # nor in another order, or without the optional columns
    shuffled = table.sample(frac=1, random_state=seed)
    assert doubts(tmp_path, shuffled[["customer_id", "product_id", "transaction_date"]]) == []
    assert doubts(tmp_path, table.iloc[::-1]) == []


def turned(dates, where):
    """Dates with day and month turned, where that gives a date at all."""
    possible = where & (dates.dt.day <= 12)
    other = pd.to_datetime({"year": dates.dt.year, "month": dates.dt.day, "day": dates.dt.month},
                           errors="coerce")  # fmt: skip
    return dates.mask(possible, other)


def spoiled(kind, shop, rng):
    """A shop, spoiled in one way."""
    date, customer, order = shop["transaction_date"], shop["customer_id"], shop["transaction_id"]
    some = pd.Series(rng.random(len(shop)) < 0.4)
    later = pd.Series(np.arange(len(shop)) > 0.6 * len(shop))
    first = ~order.duplicated()
    match kind:
        case "a test order two years later":
            return pd.concat([shop, shop[-1:].assign(transaction_date=date.max() + 730 * DAY)])
        case "a few test orders over months":
            days = date.max() + pd.to_timedelta([40, 41, 77, 120], unit="D")
            return pd.concat([shop, shop[:4].assign(transaction_date=days)])
        case "the last month exported in part":
            return shop[(date < date.max() - 30 * DAY) | (rng.random(len(shop)) < 0.004)]
        case "a month's file missing":
            return shop[~date.between(START + 100 * DAY, START + 130 * DAY)]
        case "old date":
            return pd.concat([shop[:1].assign(transaction_date=date.min() - 1_500 * DAY), shop])
        case "turned later on":
            return shop.assign(transaction_date=turned(date, later))
        case "turned here and there":
            return shop.assign(transaction_date=turned(date, some))
        case "turned, newest first":
            return shop.assign(transaction_date=turned(date, some)).iloc[::-1]
        case "turned, in any order":
            return shop.assign(transaction_date=turned(date, later)).sample(frac=1, random_state=0)
        case "turned later on, by customer":
            # at the end of a year: no date lies beyond it
            date = date + (pd.Timestamp("2023-12-31") - date.max())
            late = pd.Series(np.arange(len(shop)) > 0.75 * len(shop))
            return shop.assign(transaction_date=turned(date, late)).sort_values("customer_id")
        case "another century in part":
            return shop.assign(transaction_date=date.mask(some, date - pd.DateOffset(years=100)))
        case "Cyrillic as western letters":
            names = shop["product_id"].map("Товар {}".format)
            return shop.assign(
                product_name=names.map(lambda x: x.encode("cp1251").decode("cp1252"))
            )
        case "products are order numbers":
            return shop.assign(product_id="A" + order).drop(columns="transaction_id")
        case "customers are countries":
            country = dict(enumerate(["DE", "FR", "IT", "ES"]))
            return shop.assign(customer_id=pd.Series(shop.index % 4).map(country))
        case "only early days left":
            return shop[date.dt.day <= 12].sample(frac=1, random_state=0)
        case "moved to a new system":
            return shop.assign(transaction_date=date.where(later, date[later].min()))
        case "one day":
            return shop.assign(transaction_date=START)
        case "another calendar in part":
            buddhist = date.dt.strftime("%d-%m-") + (date.dt.year + 543).astype(str)
            return shop.assign(transaction_date=date.dt.strftime("%d-%m-%Y").mask(some, buddhist))
        case "order number as customer":
            return shop.assign(customer_id=order)
        case "new id for every order":
            return shop.assign(customer_id="G" + order).drop(columns="transaction_id")
        case "guests are 0" | "guests are Laufkundschaft" | "guests are K4711":
            return shop.assign(customer_id=customer.mask(order.isin(order[some]), kind[11:]))
        case "guests have several names":
            names = pd.Series(["?", "guest", "Anonymous", "0"])[order.str[-1].map(ord) % 4]
            return shop.assign(customer_id=customer.mask(order.isin(order[some]), names.to_numpy()))
        case "guests beside a reseller":
            reseller = customer.mask(order.str[-1].isin(list("012345")), "R1")
            return shop.assign(customer_id=reseller.mask(order.str[-1] == "7", "guest"))
        case "zeros lost in part" | "case changed in part" | "two alphabets":
            ways = [str.lower, lambda each: each.replace("C", "\u0421")]
            if kind[0] == "z":
                numbers = customer.str.extract(r"(\d+)")[0].str.zfill(6)
                return shop.assign(customer_id=numbers.where(~some, numbers.str.lstrip("0")))
            other = customer.map(ways[kind[0] == "t"])
            return shop.assign(customer_id=customer.where(~some, other))
        case "first line only":
            return shop.assign(
                customer_id=customer.where(first), transaction_date=date.where(first)
            )
        case "first line only, dates on all":
            return shop.assign(customer_id=customer.where(first))
        case "merged cells":
            columns = ["customer_id", "transaction_date", "transaction_id"]
            return shop.assign(**{name: shop[name].where(first) for name in columns})
        case "products are line numbers":
            return shop.assign(product_id=np.arange(len(shop))).astype({"product_id": str})
        case "a bag in every order":
            bags = shop[first].assign(product_id="BAG", product_name="Bag")
            return pd.concat([shop, bags]).sort_values("transaction_date", kind="stable")
        case "mojibake":
            garbled = shop["product_name"].map(lambda name: name.encode().decode("cp1252"))
            return shop.assign(product_name=garbled.where(some, shop["product_name"]))
        case "lost letters":
            return shop.assign(product_name=shop["product_name"].str.replace("è", "\ufffd"))
        case "question marks":
            return shop.assign(product_name=shop["product_name"].str.replace("è", "?"))
        case "decimal mark lost":
            return shop.assign(
                unit_price=shop["unit_price"].where(~later, shop["unit_price"] * 100)
            )
        case "cut off at a spreadsheet's end":
            return pd.concat([shop] * 15).head(65_535)
        case "cut off at a round number":
            return pd.concat([shop] * 5).head(10_000)
        case "tills":
            return shop.assign(customer_id="T" + (shop.index % 15).astype(str))
        case "a test customer":
            return shop.assign(customer_id=customer.mask(later & some, "test@example.org"))
        case "units lost":
            return shop.assign(quantity=1)
    raise AssertionError(kind)


DAY = pd.Timedelta(days=1)
# kind: name of the doubt, what it must say, the key that mends it, does it stop?
SPOKEN = {
    "a test order two years later": (
        "an empty end",
        "last 730 days hold 1 purchase, on ",
        "]}` under",
        True,
    ),
    "a few test orders over months": (
        "an empty end",
        "last 120 days hold 4 purchases",
        "full day",
        True,
    ),
    "the last month exported in part": ("an empty end", "last [23]. days", "last full day", True),
    "a month's file missing": ("a hole", "no purchase for 31 days", "transactions_path", False),
    "old date": ("old dates", "1 order of", "drop_where", False),
    "turned later on": ("turned dates", "in order", "date_format", True),
    "turned here and there": ("turned dates", "in order", "date_format", True),
    "turned, newest first": ("turned dates", "in order", "date_format", True),
    "turned, in any order": ("turned dates", "days 1 to 12", "date_format", True),
    "turned later on, by customer": ("turned dates", "none of", "date_format", True),
    "another century in part": ("dates before 1990", "before 1990", "date_format", True),
    "Cyrillic as western letters": ("garbled letters", "Òîâàð", "encoding", True),
    "products are order numbers": ("a product for every row", "an order", "columns", True),
    "customers are countries": ("customers who come every day", "half of the 4", "columns", False),
    "only early days left": ("turned dates", "days 1 to 12", "date_format", True),
    "moved to a new system": ("one day", "%", "columns", True),
    "one day": ("one day", "all", "columns", True),
    "another calendar in part": ("dates in the future", "%", "date_format", True),
    "order number as customer": ("a customer for every order", "100%", "columns", True),
    "new id for every order": ("a customer for every order", "one day only", "columns", True),
    "guests are 0": ("one customer", "customer 0 has", 'drop_where: {customer_id: ["0"]}', True),
    "guests are Laufkundschaft": ("one customer", "Laufkundschaft has", "drop_where", True),
    "guests are K4711": ("one customer", "K4711 has", "drop_where", True),
    "guests have several names": ("one customer", "and .* have", '"Anonymous"', True),
    "guests beside a reseller": ("one customer", "customer guest has", '["guest"]', False),
    "zeros lost in part": ("customers written in two ways", "for zeros in front", "text", False),
    "case changed in part": ("customers written in two ways", "but for case", "merge_case", False),
    "two alphabets": ("customers written in two ways", "another script", "one way", False),
    "first line only": ("lines without a customer", "belong to an order", "fill_down", True),
    "first line only, dates on all": ("lines without a customer", "order", "fill_down", True),
    "merged cells": ("lines without a customer", "no date either", "fill_down", True),
    "products are line numbers": ("a product for every row", "line", "columns", True),
    "a bag in every order": ("a product of everybody", "BAG (Bag)", "non_products", False),
    "mojibake": ("garbled letters", "CrÃ¨me", "encoding", True),
    "lost letters": ("garbled letters", "Cr\ufffdme", "encoding", True),
    "question marks": ("garbled letters", "Cr?me", "encoding", False),
    "decimal mark lost": ("prices that jump", "products cost", "decimal", False),
    "cut off at a spreadsheet's end": ("a cut-off file", "65,535", "transactions_path", True),
    "cut off at a round number": ("a cut-off file", "10,000", "transactions_path", False),
    "tills": ("customers who come every day", "half of the 15", "columns", False),
    "a test customer": ("test customers", "test@example.org", "drop_where", False),
    "units lost": ("quantities of one", "all", "quantity", False),
}


@pytest.mark.parametrize("kind", SPOKEN)
def test_what_cannot_be_is_said_with_the_key_that_mends_it(tmp_path, kind):
    name, seen, key, stops = SPOKEN[kind]
    found = doubts(tmp_path, spoiled(kind, made_up(1, n_days=400), np.random.default_rng(0)))
    assert [doubt.name for doubt in found] == [name]
    assert seen in found[0].seen or pd.Series([found[0].seen]).str.contains(seen).all()
    assert key in found[0].mend
    assert found[0].stops == stops


UNDONE = ["cancelled", "Refunded", "payment failed", "Shipped - Returned to Seller", "VOIDED",
          "storniert", "Annulée", "reembolsado", "отменён", "キャンセル", "Return",
          "test"]  # fmt: skip
DONE = ["completed", "paid", "Shipped - Delivered to Buyer", "not cancelled", "returning customer",
        "partially_refunded", "free returns", "non-refundable", "test winner 2023"]  # fmt: skip


@pytest.mark.parametrize("value", UNDONE)
def test_a_status_of_what_came_to_nothing_is_found_whatever_its_words(tmp_path, value):
    shop = made_up()
    status = pd.Series(np.where(np.arange(len(shop)) % 10 == 3, value, "completed"))
    (doubt,) = doubts(tmp_path, shop.assign(**{"Order status": status}))
    assert doubt.name == "a status" and doubt.stops and f"{value} {(status == value).sum():,}" in (
        doubt.seen
    )  # fmt: skip
    assert f'drop_where: {{"Order status": ["{value}"]}}' in doubt.mend


def test_few_cancelled_orders_are_no_harm_and_who_has_looked_is_not_asked_again(tmp_path):
    shop = made_up()
    row = np.arange(len(shop))
    rare, often = (pd.Series(np.where(row % n == 3, "VOIDED", "paid")) for n in (50, 10))
    assert not doubts(tmp_path, shop.assign(status=rare))[0].stops
    assert doubts(tmp_path, shop.assign(status=often))[0].stops
    assert doubts(tmp_path, shop.assign(status=often), drop_where={"status": []}) == []


def test_a_status_that_says_nothing_of_the_kind_is_none(tmp_path):
    shop = made_up()
    columns = {f"column {n}": [value, *["other"] * (len(shop) - 1)] for n, value in enumerate(DONE)}
    assert doubts(tmp_path, shop.assign(**columns, is_returnable="yes", cancelled="no")) == []


@pytest.mark.parametrize(
    ("of", "values"),
    [("customer_id", ["Active", "Lost", "At risk"]), ("customer_id", ["active", "cancelled"]),
     ("product_id", ["active", "expired"]), ("transaction_id", ["control", "test"])],
)  # fmt: skip
def test_what_is_said_of_a_person_a_product_or_a_group_is_no_status(tmp_path, of, values):
    """A customer who left has bought before; of a test's two groups none is a test order."""
    shop = made_up()
    codes = pd.factorize(shop[of])[0] % len(values)
    column = pd.Series(codes).map(values.__getitem__)
    assert doubts(tmp_path, shop.assign(state=column)) == []
    flag = (codes == 0).astype(int)
    if of == "customer_id":
        assert doubts(tmp_path, shop.assign(membership_cancelled=flag)) == []
    # the same words of orders
    if of == "customer_id":
        by_order = pd.Series(pd.factorize(shop["transaction_id"])[0] % len(values))
        found = doubts(tmp_path, shop.assign(state=by_order.map(values.__getitem__)))
        assert [doubt.name for doubt in found] == ["a status"]


def test_boxes_that_go_out_once_a_month_leave_no_holes(tmp_path):
    shop = made_up(n_days=700, season=lambda day: float((START + day * DAY).day == 1))
    assert [doubt.name for doubt in doubts(tmp_path, shop)] == ["dates by the month"]


@pytest.mark.parametrize(
    ("value", "said"),
    [("Erreur de paiement", "undone"), ("Payment error", "undone"), ("Credit Memo", "undone"),
     ("Nota de crédito", "undone"), ("Deleted", "undone"), ("Rejection", "undone"),
     ("Paiement accepté", ""), ("Credit card payment", ""), ("Nota fiscal", ""),
     ("not deleted", ""), ("Invoice", "")],
)  # fmt: skip
def test_words_that_say_together_that_nothing_was_bought(value, said):
    assert plausibility.state_of(value) == said


def test_a_status_of_lines_that_are_left_out_anyway_is_none(tmp_path):
    shop = made_up()
    gone = pd.Series(np.arange(len(shop)) % 10 == 3)
    shop = shop.assign(
        status=np.where(gone, "cancelled", "paid"), product_id=shop["product_id"].mask(gone, "POST")
    )
    assert doubts(tmp_path, shop, non_products=["POST"]) == []


@pytest.mark.parametrize(
    ("column", "value", "stops"),
    [("is_cancelled", "true", True), ("Returned", "1", True), ("Cancelled at", "date", False),
     ("Refunded Amount", "12.50", False), ("deleted", "1", True), ("deleted_at", "date", False),
     ("ABGRU", "92", False), ("rejection_reason", "too late", False)],
)  # fmt: skip
def test_a_column_named_after_it_is_found(tmp_path, column, value, stops):
    shop = made_up()
    some = np.arange(len(shop)) % 10 == 3
    values = shop["transaction_date"].dt.strftime("%Y-%m-%d %H:%M") if value == "date" else value
    empty = {"true": "false", "1": "0", "12.50": "0.00"}.get(value)
    (doubt,) = doubts(
        tmp_path, shop.assign(**{column: pd.Series(values, shop.index).where(some, empty)})
    )
    assert doubt.name == "a status" and column in doubt.seen and doubt.stops == stops
    assert f"{some.sum():,} rows" in doubt.seen


@pytest.mark.parametrize(
    ("column", "sold", "back"),
    [("type", "Sale", "Return"), ("isReturn", "No", "Yes"), ("refund_flag", "0", "1")],
)
def test_returns_on_lines_of_their_own_take_the_purchase_back(tmp_path, column, sold, back):
    shop = made_up()
    returned = shop.iloc[::8]
    lines = pd.concat([shop.assign(**{column: sold}), returned.assign(**{column: back})])
    (doubt,) = doubts(tmp_path, lines)
    assert doubt.name == "a status" and doubt.stops
    assert f'returns_where: {{{column}: ["{back}"]}}' in doubt.mend
    assert doubts(tmp_path, lines, returns_where={column: [back]}) == []


def test_credit_notes_are_told_from_branches_by_what_they_take_back(tmp_path):
    shop = made_up()
    orders = pd.Series(np.arange(len(shop)), shop.index).astype("str")
    shop = shop.assign(transaction_id="O" + orders)
    back = shop.iloc[::8].assign(transaction_id="RMA-" + orders.iloc[::8])
    (doubt,) = doubts(tmp_path, pd.concat([shop, back]))
    assert doubt.name == "credit notes" and doubt.stops
    assert 'cancellation_prefix: "RMA-"' in doubt.mend
    assert doubts(tmp_path, pd.concat([shop, back]), cancellation_prefix="RMA-") == []
    of_several_lines = back.assign(transaction_id="RMA-" + back["customer_id"].astype("str"))
    assert of_several_lines["transaction_id"].nunique() < len(back)
    (same,) = doubts(tmp_path, pd.concat([shop, of_several_lines]))
    assert same == doubt  # each line counts
    branch = np.arange(len(shop)) % 8 == 0
    web = shop.assign(transaction_id=shop["transaction_id"].mask(branch, "ST-" + orders))
    assert doubts(tmp_path, web) == []


def test_a_sale_that_was_refunded_takes_no_other_purchase_back(tmp_path):
    # of what people buy every week, nearly every refunded line has others of its kind beside it
    shop = made_up(n_customers=60, n_products=8, n_orders=3_000)
    status = np.where(np.arange(len(shop)) % 10 == 3, "refunded", "paid")
    (doubt,) = [d for d in doubts(tmp_path, shop.assign(status=status)) if d.name == "a status"]
    assert 'drop_where: {status: ["refunded"]}' in doubt.mend


def test_words_of_returns_in_numbers_and_names_prove_nothing_alone(tmp_path):
    shop = made_up()
    orders = pd.Series(np.arange(len(shop)), shop.index).astype("str")
    some = np.arange(len(shop)) % 8 == 0
    numbered = shop.assign(transaction_id=("VOID-" + orders).where(some, "O" + orders))
    assert doubts(tmp_path, numbered) == []
    policy = np.where(some, "30 days", "")
    assert doubts(tmp_path, shop.assign(return_policy=policy, test_flag=some.astype(int))) == []


@pytest.mark.parametrize(("twins", "said"), [(2, False), (20, True)])
def test_a_few_customers_alike_by_chance_are_no_doubt(tmp_path, twins, said):
    shop = made_up(n_days=400)
    ids = shop["customer_id"].unique()
    assert 150 < len(ids) < 1_500
    small = dict(zip(ids[:twins], pd.Series(ids[-twins:]).str.lower(), strict=True))
    found = doubts(tmp_path, shop.assign(customer_id=shop["customer_id"].replace(small)))
    assert [doubt.name for doubt in found] == ["customers written in two ways"] * said


def test_all_kinds_of_second_spellings_are_told_with_their_counts(tmp_path):
    shop = made_up(n_customers=900, n_orders=9_000, n_days=400)
    ids = shop["customer_id"].value_counts().index
    called = {old: f"C{n}" for n, old in enumerate(ids, 1)}
    # of some customers, half of the rows have another spelling
    ways = ["c{}", "C0{}", "C {}", "\u0421{}", "{{C{}}}", "{{c 0{}}}"]
    again = called | {old: ways[n % 6].format(n) for n, old in enumerate(ids[:48], 1)}
    half = pd.Series(range(len(shop)), shop.index) % 2 == 0
    spelled = shop["customer_id"].map(called).where(half, shop["customer_id"].map(again))
    (doubt,) = doubts(tmp_path, shop.assign(customer_id=spelled))
    assert doubt.name == "customers written in two ways"
    assert f"96 of the {len(ids) + 48:,} customers" in doubt.seen
    kinds = (
        "case",
        "zeros in front",
        "blanks",
        "braces around",
        "letters or digits of another script",
    )
    assert all(f"{kind} (16, such as" in doubt.seen for kind in kinds)
    assert "`merge_case: true`" in doubt.mend and "one way" in doubt.mend


@pytest.mark.parametrize(("letters", "said"), [("abcABC", False), ("ABC", True)])
def test_some_twins_in_a_large_shop_are_told_unless_case_counts_in_its_codes(
    tmp_path, letters, said
):
    shop = made_up(n_customers=1_500, n_orders=9_000, n_days=400)
    ids = shop["customer_id"].unique()
    assert len(ids) > 1_050
    rng = np.random.default_rng(3)
    codes = [
        "".join(rng.choice(list(letters), 3)) + f"{n:04}" + "".join(rng.choice(list(letters), 3))
        for n in range(len(ids))
    ]
    codes[:10] = [code.swapcase() for code in codes[-10:]]
    called = dict(zip(ids, codes, strict=True))
    found = doubts(tmp_path, shop.assign(customer_id=shop["customer_id"].map(called)))
    assert ["case (20, such as" in doubt.seen for doubt in found] == [True] * said


def test_a_shop_of_guests_only_has_nobody_to_compare_with(tmp_path):
    shop = made_up(n_days=400).drop_duplicates(["product_id", "transaction_date"]).head(2_000)
    tills = [f"cash{till}" for till in range(50)]
    found = doubts(tmp_path, shop.assign(customer_id=np.resize(tills, len(shop))))
    said = next(doubt for doubt in found if doubt.name == "one customer")
    assert "and 38 more have 100% of the rows; the next one 0.0%." in said.seen


def test_who_has_looked_at_a_large_customer_is_not_asked_again(tmp_path):
    shop = spoiled("guests are K4711", made_up(), np.random.default_rng(0))
    assert doubts(tmp_path, shop, drop_where={"customer_id": []}) == []


def test_order_numbers_that_begin_anew_every_year_are_no_orders_without_a_customer(tmp_path):
    shop = made_up(n_days=365)
    guests = shop.assign(customer_id=None, transaction_date=shop["transaction_date"] + 365 * DAY)
    again = shop.assign(
        transaction_date=guests["transaction_date"], transaction_id="N" + shop["transaction_id"]
    )
    assert doubts(tmp_path, pd.concat([shop, guests, again])) == []


def test_health_says_what_to_fix_first_and_how(tmp_path):
    spoiled("guests are 0", made_up(), np.random.default_rng(0)).assign(
        transaction_date=lambda table: table["transaction_date"].dt.strftime("%d-%m-%Y")
    ).to_csv(tmp_path / "orders.csv", index=False)
    path = tmp_path / "orders.csv"
    result = CliRunner().invoke(command.main, ["health", "-p", "transactions_path", str(path)])
    assert result.exit_code == 0
    assert "\n  fix first: customer 0 has " in result.output
    assert "\n    why it matters: " in result.output
    assert '\n    what mends it: If it is no customer: `drop_where: {customer_id: ["0"]}`' in (
        result.output
    )


def test_a_run_says_what_to_fix_before_it_recommends(tmp_path):
    said = {"seen": "dates are turned.", "mend": "Set `date_format`."}
    memo = {
        "data": {"doubts": [said | {"stops": True}, said | {"stops": False}]},
        "decision": {"decision": "fix the data first", "because": "No.", "what_to_do": "Again."},
    }
    run = runs.Run([], Parameters(), tmp_path)
    run.metrics = {"memo": memo, "as_of": {"memo": run.started}}
    assert runs.doubts(run) == ["dates are turned. Set `date_format`."]
    assert runs.verdict(run) == "Recommendation: fix the data first. No."
    run.metrics["as_of"]["memo"] = "earlier"
    assert runs.doubts(run) == [] and runs.verdict(run) == ""


def test_too_little_to_learn_from_is_explained_by_a_doubt(tmp_path):
    shop = spoiled("products are line numbers", made_up(), np.random.default_rng(0))
    shop["transaction_date"] = shop["transaction_date"].dt.strftime("%d-%m-%Y")
    shop.to_csv(tmp_path / "orders.csv", index=False)
    with pytest.raises(data.DataError, match="is product_id the number of an order or its line"):
        runs.check_data(Parameters(transactions_path=str(tmp_path / "orders.csv")))


def test_swallowed_lines_are_told_from_notes_of_several_lines():
    assert swallowed_lines(1_000, 1_000) is None and swallowed_lines(1_000, 999) is None
    assert not swallowed_lines(3_000, 1_000, longest=4).stops
    doubt = swallowed_lines(400, 10, longest=391)
    assert doubt.stops and "391 in one row" in doubt.seen
    assert swallowed_lines(500_000, 499_970, longest=31).stops


@pytest.mark.parametrize("lines, stops", [(4, False), (60, True)])
def test_a_value_over_many_lines_is_seen(lines, stops, tmp_path):
    """A note of some lines is worth a look; one of sixty is a quote that nobody closed."""
    shop = made_up().assign(note="as always")
    shop["transaction_date"] = shop["transaction_date"].dt.strftime("%d-%m-%Y")
    some = shop.index[:3] if stops else shop.index[::20]
    shop.loc[some, "note"] = "\n".join(f"line {n}" for n in range(lines))
    shop.to_csv(tmp_path / "orders.csv", index=False)
    _, report = data.read_transactions(tmp_path / "orders.csv")
    assert report.read == len(shop)
    assert [doubt.stops for doubt in report.doubts if doubt.name == "swallowed lines"] == [stops]


@pytest.mark.parametrize(
    ("text", "garbled"),
    [("CrÃ¨me", True), ("20Â°", True), ("donâ€™t", True), ("РњРёСЂ", True), ("Cr\ufffdme", True),
     ("Crème", False), ("SÃO PAULO", False), ("MAÇÃ", False), ("Мир", False), ("Übergröße", False),
     ("50 € – «où?»", False), ("日本", False), ("Łódź", False), ("ÀÉÎÕÜ", False)],
)  # fmt: skip
def test_garbled_letters_are_told_from_real_ones(text, garbled):
    assert plausibility._is_garbled(text) == garbled
