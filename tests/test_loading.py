"""What lesson 01 computes before it believes a file: small tables whose answers are known."""

import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers import data, plots, telling
from helpers.course import notebooks
from helpers.plausibility import Doubt
from tests.common import purchases


def events(*rows):
    """An events table from (customer, kind, product, date) tuples."""
    table = pd.DataFrame(rows, columns=["customer_id", "event_type", "product_id", "event_date"])
    return table.assign(event_date=pd.to_datetime(table["event_date"]))


def test_dates_are_turned_where_that_gives_a_date():
    right = pd.Series(pd.to_datetime(["2023-04-03", "2023-12-24", "2023-05-05", "2024-02-12"]))
    wrong = data.other_reading(right).dt.strftime("%Y-%m-%d").tolist()
    assert wrong == ["2023-03-04", "2023-12-24", "2023-05-05", "2024-12-02"]
    assert data.other_reading(data.other_reading(right)).equals(right)


def test_a_careless_program_reads_the_course_s_file_as_the_lesson_says():
    raw = pd.read_csv(data.BUNDLED["transactions"], usecols=["transaction_date"])
    raw = raw["transaction_date"]
    right = pd.to_datetime(raw, format="%d-%m-%Y")
    careless = pd.to_datetime(raw, format="%m-%d-%Y", errors="coerce").fillna(right)
    assert (data.other_reading(right) == careless).all()


def test_a_year_of_equal_sales_moves_as_on_the_napkin():
    year = pd.Series(pd.date_range("2023-01-01", "2023-12-31"))
    assert (data.other_reading(year).dt.month != year.dt.month).sum() == 132


def test_best_sellers_of_the_last_days():
    table = purchases(
        ("1", "B", "2024-01-01"), ("2", "B", "2024-01-01"), ("3", "B", "2024-01-01"),
        ("1", "A", "2024-03-01"), ("2", "C", "2024-03-02"), ("3", "C", "2024-03-31"),
    )  # fmt: skip
    assert data.best_sellers(table) == ["B", "C", "A"]
    assert data.best_sellers(table, n=1) == ["B"]
    assert data.best_sellers(table, pd.Timestamp("2024-03-02")) == ["B", "A", "C"]
    assert data.best_sellers(table, pd.Timestamp("2024-03-31"), days=30) == ["C"]


def test_what_a_transaction_number_numbers():
    rows = purchases(("1", "A"), ("1", "B"), ("2", "A"))
    assert data.receipts(rows) == "missing"
    assert data.receipts(rows.assign(transaction_id=["r1", "r1", "r2"])) == "receipts"
    assert data.receipts(rows.assign(transaction_id=["r1", "r2", "r3"])) == "lines"
    assert data.receipts(rows.iloc[1:].assign(transaction_id=["r1", "r2"])) == "unknown"


def test_a_spoiled_copy_is_mended_by_the_loader_and_by_nobody_else(tmp_path):
    true = data.load_transactions()
    spoiled = data.spoil(true)
    faults = spoiled["fault"].value_counts()
    orders = true[["customer_id", "transaction_date"]].drop_duplicates()
    ranked = data.best_sellers(true, n=6)
    assert faults[""] == len(true) and faults["postage"] == len(orders)
    assert faults["return"] == -(-true["product_id"].eq(ranked[5]).sum() // 2)
    assert set(spoiled.loc[spoiled["fault"] == "return", "product_id"]) == {ranked[5]}
    again = spoiled[spoiled["fault"] == "twice"].drop(columns="fault")
    first = spoiled[spoiled["fault"] == ""].drop(columns="fault")
    assert len(again.merge(first)) == len(again) > 0
    assert data.best_sellers(spoiled)[0] == data.POSTAGE
    path = tmp_path / "spoiled.csv"
    spoiled.drop(columns="fault").to_csv(path, index=False)
    mended = data.load_transactions(path, date_format="iso", non_products=[data.POSTAGE])
    assert data.best_sellers(mended) == ranked[:5] != data.best_sellers(spoiled)
    guests = spoiled[spoiled["fault"] == "guest"]
    assert guests["customer_id"].isna().all() and len(guests) == -(-len(again) // 2)
    assert spoiled["customer_id"].isna().sum() == len(guests)
    of_that_code = true.replace({"product_id": {ranked[0]: data.POSTAGE}})
    assert data.spoil(of_that_code).attrs["postage"] == "POSTAGE_"
    assert not mended.duplicated("transaction_id").any()


SEEN = [
    ("1", "product_view", "A", "2024-01-01"),
    ("1", "product_view", "A", "2024-01-02"),
    ("1", "add_to_cart", "A", "2024-01-02"),
    ("2", "product_view", "A", "2024-01-03"),
    ("2", "product_view", "B", "2024-01-09"),
    ("3", "search", None, "2024-01-03"),
    ("4", "product_view", "B", "2024-01-03"),
]
BOUGHT = [("1", "A", "2024-01-02"), ("1", "A", "2024-01-05"), ("2", "B", "2024-01-08")]


def test_a_part_of_a_large_shop_is_small_and_made_of_whole_customers():
    shop = data.load_transactions()
    assert data.some_customers(shop, len(shop)) is shop  # as large as may be: nothing is drawn
    lines = shop["customer_id"].value_counts()
    for most in (3_000, lines.max(), 2):
        some = data.some_customers(shop, most)
        drawn = some["customer_id"].value_counts()
        assert 0 < len(some) <= most and drawn.equals(lines[drawn.index])
        if most > 2 * lines.max():
            assert len(some) > most - lines.max()  # as many as there is room for
    one = shop[shop["customer_id"] == lines.index[0]]
    assert len(data.some_customers(one, 2)) == len(one)  # never an empty shop
    some = data.some_customers(shop, 3_000)
    ours, theirs = (each["transaction_date"].quantile([0.1, 0.9]) for each in (some, shop))
    assert (ours - theirs).abs().max() < pd.Timedelta(days=45)  # of all times, not the first ones


@pytest.mark.parametrize("most", [3_000, 1_000_000])
def test_lesson_01_says_so_if_it_spoils_a_part_only(most, monkeypatch):
    [path] = notebooks.FOLDER.glob("01_*.ipynb")
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    some, told = data.some_customers, []
    monkeypatch.setattr(data, "some_customers", lambda shop: some(shop, most))
    monkeypatch.setattr(telling, "say", told.append)
    monkeypatch.setattr(plots, "lists_beside", lambda lists: None)
    [spoils] = [cell for cell in cells if "data.spoil(" in cell.source]
    here = {}
    for cell in (*cells[:2], spoils):
        exec(cell.source, here)
    faults = here["spoiled"]["fault"].value_counts()
    whole = len(here["transactions"])
    assert faults[""] == len(here["some"]) <= most
    says = f"we spoil a part: {faults['']:,} of {whole:,} purchases"
    assert (says in told[0]) == (most < whole) and told[-1].startswith("Postage")


def test_lines_pairs_and_people():
    table = data.lines_pairs_people(purchases(*BOUGHT), events(*SEEN))
    assert table.to_numpy().tolist() == [[5, 4, 3], [1, 1, 1], [3, 2, 2]]
    alone = data.lines_pairs_people(purchases(*BOUGHT), None)
    assert alone.index.tolist() == ["bought"]


def test_the_funnel_and_its_chance():
    steps, bought = data.funnel(purchases(*BOUGHT), events(*SEEN))
    assert steps.to_dict() == {"viewed": 4, "also in the cart": 1, "also bought": 1}
    # of four pairs viewed, 1-A and 2-B were bought; 1 and 2 bought one of two products each
    # of two pairs, 1 has one and A is one: by chance, 1 has A with a half; so has 2 A and B
    assert bought == {
        "viewed": 0.5, "viewed by chance": pytest.approx(3 / 8), "in the cart": 1,
        "in the cart by chance": pytest.approx(1 / 2), "not in the cart": pytest.approx(1 / 3),
        "not in the cart by chance": pytest.approx((4 * 3 / 8 - 1 / 2) / 3),
    }  # fmt: skip
    for without in (None, events(("3", "search", None, "2024-01-03"))):
        assert data.funnel(purchases(*BOUGHT), without)[1] == {}


def test_the_funnels_chance_keeps_what_is_popular():
    """Where buying and looking are dealt at random, the chance is what comes out."""
    rng = np.random.default_rng(0)
    popular = np.arange(1, 21) / np.arange(1, 21).sum()

    def dealt(n):
        return zip(rng.integers(500, size=n), rng.choice(20, size=n, p=popular), strict=True)

    rows = [(f"c{who}", f"P{what}", "2024-01-02") for who, what in dealt(3_000)]
    views = [(f"c{who}", "product_view", f"P{what}", "2024-01-01") for who, what in dealt(2_000)]
    _, bought = data.funnel(purchases(*rows), events(*views))
    assert bought["viewed"] == pytest.approx(bought["viewed by chance"], rel=0.1)
    assert bought["viewed"] > 1.2 * len(set(rows)) / 500 / 20  # all products alike: too little


def test_nobody_on_the_platform_is_counted_twice():
    groups = data.platform(purchases(*BOUGHT), events(*SEEN), registered=6)
    assert groups.tolist() == [2, 1, 1, 2] and groups.sum() == 6
    assert data.platform(purchases(*BOUGHT)).tolist() == [2, 0, 0]


def test_looks_of_long_ago_fill_no_list():
    """Once, whoever had ever looked was promised a list; it takes looks of the last 30 days."""
    bought = purchases(("1", "A", "2024-03-01"))
    seen = events(
        ("2", "product_view", "A", "2024-02-01"),
        ("3", "product_view", "A", "2024-01-31"),
        ("3", "page_view", None, "2024-02-28"),
        ("1", "product_view", "A", "2024-02-28"),
    )
    groups = data.platform(bought, seen, lately=30)
    assert groups.to_dict() == {
        "bought": 1,
        "came for a product lately": 1,
        "came for a product earlier": 1,
        "came, but for no product": 0,
    }
    assert data.platform(bought, lately=30).tolist() == [1, 0, 0, 0]


def test_what_was_seen_before_it_was_bought():
    """1 viewed A before buying it; 2 viewed B the day after, and A, one of two products, before."""
    share, chance = data.seen_before_bought(purchases(*BOUGHT), events(*SEEN))
    # two of four pairs viewed are of A, two of B
    assert (share, chance) == (0.5, pytest.approx((1 / 2 + 1 / 2) / 2))
    nothing = events(("3", "search", None, "2024-01-03"))
    later = events(("1", "product_view", "A", "2025-01-03"))
    for none in (nothing, later):
        assert np.isnan(data.seen_before_bought(purchases(*BOUGHT), none)).all()


def report(kept=900, doubts=(), **rejected):
    rejected = {name.replace("_", " "): rows for name, rows in rejected.items()}
    read = kept + sum(rejected.values())
    return data.HealthReport("file.csv", read, kept, rejected, doubts=list(doubts))


@pytest.mark.parametrize(
    ("of_the_file", "verdict"),
    [
        (report(), "go"),
        (report(unreadable_date=40, no_product_id=7), "go"),
        (report(unreadable_date=60), "mend"),
        (report(unreadable_date=301), "send back"),
        (report(no_customer_id=284), "mend"),
        (report(no_customer_id=1000), "send back"),
        (report(return_or_cancellation=500, not_a_product=2000), "go"),
        (report(duplicate_of_another_row=300), "mend"),
        (report(duplicate_of_another_row=1900), "send back"),
        (report(doubts=[Doubt("odd", "", "", "")]), "mend"),
        (report(doubts=[Doubt("odd", "", "", "", stops=True)]), "send back"),
    ],
)
def test_the_rule(of_the_file, verdict):
    table = data.may_it_be_used(of_the_file, purchases(*BOUGHT), rows_sent=of_the_file.read)
    assert table.attrs["verdict"] == verdict
    assert (table["answer"] != "go").sum() == (verdict != "go")


def test_the_rule_sees_rows_that_disappeared_and_shares_of_what_could_teach():
    lost = report(no_customer_id=100)
    lost.rejected["return or cancellation"] = 1000  # settled, so no part of the share
    lost.read += 1007
    table = data.may_it_be_used(lost, purchases(*BOUGHT), None, lost.read).set_index("question")
    assert table.loc[data.SENT, "figure"] == 7
    assert table.loc["No customer, in the worst month?", "figure"] == pytest.approx(0.1)
    assert table.attrs["verdict"] == "ask"


def test_nobody_knows_whether_a_file_is_whole_before_somebody_says_how_many_rows_were_sent():
    whole = report(kept=900, no_customer_id=10)
    first = data.may_it_be_used(whole, purchases(*BOUGHT)).iloc[0]
    assert first["question"] == data.SENT and first["answer"] == "ask" and np.isnan(first["figure"])
    for sent, figure, verdict in [(910, 0, "go"), (911, 1, "ask"), (900, -10, "ask")]:
        table = data.may_it_be_used(whole, purchases(*BOUGHT), rows_sent=sent)
        assert (table["figure"].iloc[0], table.attrs["verdict"]) == (figure, verdict)


def test_dates_without_a_proof_are_asked_about():
    def verdict():
        table = data.may_it_be_used(found, purchases(*BOUGHT), None, found.read)
        return table.attrs["verdict"]

    found = report()
    found.findings = {"dates that fit %d-%m-%Y only": 0,
                      "dates that would be another day by %m-%d-%Y": 9}  # fmt: skip
    assert verdict() == "ask"
    found.findings["dates that fit %d-%m-%Y only"] = 3
    assert verdict() == "go"
    found.findings["dates that would be another day by %m-%d-%Y"] = 690  # three typing errors
    assert verdict() == "ask"
    found.rejected["duplicate of another row"] = 100  # a second fault makes nothing milder
    found.read += 100
    assert verdict() == "ask"


def by_day(**months):
    """A report's days: per month, how many were sold and how many of them to guests, each day."""
    days = []
    for month, (sold, guests) in months.items():
        period = pd.Period(f"{month[1:5]}-{month[5:]}")
        each = pd.date_range(period.start_time, period.end_time.normalize())
        days.append(pd.DataFrame({"kept": sold - guests, "no customer id": guests}, each))
    return pd.concat(days)


def test_the_worst_month_decides_about_guests():
    found = report(kept=900, no_customer_id=100)
    found.by_day = by_day(m202409=(10, 0), m202410=(10, 6))
    table = data.may_it_be_used(found, purchases(*BOUGHT)).set_index("question")
    assert table.loc["No customer, in the worst month?"].tolist() == [0.6, "send back"]
    found.by_day = by_day(m202409=(10, 0), m202410=(3, 2))  # too few to decide
    table = data.may_it_be_used(found, purchases(*BOUGHT)).set_index("question")
    assert table.loc["No customer, in the worst month?", "answer"] == "mend"


def test_the_day_since_which_guests_come_is_found():
    days = by_day(m202408=(40, 1), m202409=(40, 1), m202410=(40, 1))
    late = days.index >= "2024-10-19"
    days.loc[late, ["kept", "no customer id"]] = 28, 12
    found = report()
    found.by_day = days
    sold = data.sold_by_day(found, purchases(*BOUGHT))
    assert sold["sold"].eq(40).all()
    assert data.guests_since(sold) == pd.Timestamp("2024-10-19")
    assert data.guests_by_month(sold)["share"].iloc[0] == 1 / 40
    assert data.guests_since(sold.assign(guests=0)) is None


def test_a_report_knows_its_days():
    table, found = data.read_transactions()
    assert found.by_day.to_numpy().sum() == found.read
    assert data.sold_by_day(found, table)["sold"].sum() == len(table)
    found.by_day = None
    assert data.sold_by_day(found, table)["sold"].sum() == len(table)


def test_december_is_measured_by_the_day_and_against_a_whole_november():
    sold = pd.concat(
        pd.Series(each, pd.date_range(f"{month}-01", periods=pd.Period(month).days_in_month))
        for month, each in [("2023-11", 30), ("2023-12", 39), ("2024-11", 50), ("2024-12", 54)]
    )
    rises = data.december_rises(sold)
    assert rises["rise"].tolist() == pytest.approx([0.3, 0.08])
    assert rises.loc[2024, "error"] == pytest.approx(1.08 * (1 / 1500 + 1 / 1674) ** 0.5)
    assert data.december_rises(sold[:"2024-12-09"]).index.tolist() == [2023]
    assert data.december_rises(sold[:"2023-11-20"]).empty


def test_lines_with_numbers_of_their_own_are_compared_without_them():
    rows = purchases(("1", "A"), ("1", "A"), ("1", "B"))
    assert data.alike_but_for_the_number(rows.assign(transaction_id=["1", "2", "3"])) == 1
    assert data.alike_but_for_the_number(rows.assign(transaction_id="1")) == 0
    assert data.alike_but_for_the_number(rows) == 0


def test_files_of_different_times_are_not_compared():
    late = events(("1", "product_view", "A", "2025-01-03"))
    table = data.may_it_be_used(report(), purchases(*BOUGHT), late)
    assert "Buyers without an event?" not in table["question"].tolist()


def test_the_rule_asks_whether_both_tables_know_the_same_people():
    def strangers(*seen):
        table = data.may_it_be_used(report(), purchases(*BOUGHT), events(*seen))
        return table.set_index("question").loc["Buyers without an event?"]

    assert strangers(*SEEN).tolist() == [0, "go"]
    lost_zeros = [(f"0{customer}", *rest) for customer, *rest in SEEN]
    assert strangers(*lost_zeros).tolist() == [1, "send back"]
    # few are tracked, but those who are have bought: the ids meet
    few = data.may_it_be_used(
        report(), purchases(*[(f"c{n}", "A", "2024-01-02") for n in range(100)]),
        events(("c1", "product_view", "A", "2024-01-02")),
    )  # fmt: skip
    assert few["answer"].iloc[-1] == "mend"
    # who bought when nothing was recorded yet can't be in the events
    late = [("2", "product_view", "B", "2024-01-06"), ("9", "page_view", None, "2024-01-09")]
    assert strangers(*late)["figure"] == 0
