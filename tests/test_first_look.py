"""Lesson 04: what to look at before any metric, and what events are followed by."""

import numpy as np
import pandas as pd
import pytest

from helpers import data, evaluate, first_look, production
from helpers.matrix import build_interaction_matrix
from helpers.recommend import EVENT_WEIGHTS, ItemBased, SortedById

DAY = pd.Timestamp("2024-03-01")


def bought(*rows):
    """Purchases: (customer, product, days after DAY)."""
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "transaction_date"])
    table["transaction_date"] = DAY + pd.to_timedelta(table["transaction_date"], unit="D")
    return table


def done(*rows):
    """Events: (customer, product, days after DAY, type)."""
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "event_date", "event_type"])
    table["event_date"] = DAY + pd.to_timedelta(table["event_date"], unit="D")
    return table


@pytest.fixture
def small():
    return build_interaction_matrix(data.miniature())


def test_the_bug_begins_with_the_last_id_and_leaves_out_what_is_owned(small):
    lists = SortedById().fit(small).recommend(n=4).groupby("customer_id")["product_id"].agg(list)
    assert lists["customer 4"] == ["D", "B"]
    assert lists["customer 2"] == ["D", "C"]
    assert lists["customer 3"] == ["A"]


def test_leaders_are_shares_of_customers():
    lists = pd.DataFrame({"customer_id": list("aabbc"), "rank": [1, 2, 1, 2, 1],
                          "product_id": list("XYXZY")})  # fmt: skip
    assert first_look.leaders(lists).to_dict() == pytest.approx({"X": 2 / 3, "Y": 1 / 3})


def test_lists_at_the_next_door_look_the_same_from_outside(small):
    lists = ItemBased(None, False).fit(small).recommend(n=2)
    moved = first_look.handed_to_the_next(lists)
    assert moved["customer_id"].unique().tolist() == [f"customer {n}" for n in (2, 3, 4, 1)]
    assert moved["product_id"].tolist() == lists["product_id"].tolist()
    table = first_look.glance({"ours": lists, "moved": moved}, small)
    for figure in ("coverage", "personalization", "led by one"):
        assert table[figure].nunique() == 1, figure
    assert table.loc["ours", "owned"] == 0
    pairs = {(row.customer_id, row.product_id) for row in data.miniature().itertuples()}
    owned = [(row.customer_id, row.product_id) in pairs for row in moved.itertuples()]
    assert table.loc["moved", "owned"] == pytest.approx(np.mean(owned)) and any(owned)


def test_the_shape_of_ids():
    assert first_look.id_shape(["CUST00001", "CUST00002", "guest"])[0] == "aaaa00000"
    assert not first_look.has_shape("aaaa00000", "CUST_00001")
    assert first_look.has_shape("aaaa00000", "KUND12345")
    assert first_look.id_shape(["12", "134", "156"]) == ("000", pytest.approx(2 / 3))


def test_what_events_are_followed_by():
    purchases = bought(
        ("one", "A", 5),  # viewed on day 0
        ("one", "B", 0),  # put into the cart and bought the same day
        ("two", "A", 0),  # bought before it was viewed
        ("two", "C", 40),  # viewed on day 0, bought too late
        ("one", "D", 100),  # the newest purchase: there is time to see
    )
    events = done(
        ("one", "A", 0, "product_view"),
        ("one", "A", 1, "product_view"),  # the first one counts
        ("one", "B", 0, "add_to_cart"),
        ("one", "C", 0, "add_to_cart"),
        ("two", "A", 3, "product_view"),
        ("two", "C", 0, "product_view"),
        ("two", "C", 95, "search"),  # nobody knows yet
        ("three", "D", 0, "product_view"),  # never bought anything
        ("one", None, 0, "page_view"),
    )
    table = first_look.followed_by_purchase(purchases, events, days=30)
    assert table.index.tolist() == ["product_view", "add_to_cart"]
    views, carts = table.loc["product_view"], table.loc["add_to_cart"]
    assert (views["pairs"], views["open"], views["later"]) == (3, 3, pytest.approx(1 / 3))
    assert (carts["pairs"], carts["open"], carts["later"]) == (2, 1, 0)
    assert (views["same_day"], carts["same_day"]) == (0, 0.5)
    # one: B is bought that day, so of C and D, none within 30 days; the others: none
    assert views["chance"] == 0
    # one and C: of A and D, A
    assert carts["chance"] == pytest.approx(1 / 2)
    assert views["by_data"] == 1 and carts["by_data"] == 0
    assert views["ours"] == EVENT_WEIGHTS["product_view"]


def test_events_before_everything_and_of_strange_products_do_no_harm():
    purchases = bought(("one", "A", 50), ("two", "A", 90))
    events = done(("one", "A", -400, "search"), ("one", "X", 0, "search"))
    table = first_look.followed_by_purchase(purchases, events)
    assert table.loc["search", ["pairs", "later"]].tolist() == [1, 0]
    assert first_look.followed_by_purchase(purchases, events[:0]).empty


@pytest.fixture(scope="module")
def split(shop):
    return evaluate.split_by_time(*shop)


def test_weights_are_tried_on_the_same_people(split):
    tried = first_look.try_weights(split, {"ours": EVENT_WEIGHTS, "again": EVENT_WEIGHTS, "no": {}})
    assert tried.loc["again", ["changed", "difference", "low", "high"]].tolist() == [0, 0, 0, 0]
    assert tried.loc["ours", "came_true"] == tried.loc["again", "came_true"]
    assert 0 < tried.loc["no", "changed"] <= 1
    assert tried.index.tolist()[-2:] == ["best sellers", "drawn by chance"]
    assert tried["came_true"].idxmin() == "drawn by chance"
    assert 0 < tried.attrs["with_purchases"] < tried.attrs["customers"]
    nothing = {"views of nothing": {"page_view": 1.0}}
    assert first_look.try_weights(split, nothing).empty


def test_every_person_stands_on_one_step(shop):
    transactions, events = shop
    engine = production.build_engine(transactions, events)
    table = first_look.steps(engine, transactions, events)
    buyers = transactions["customer_id"].nunique()
    everybody = len({*transactions["customer_id"], *events["customer_id"]})
    assert table["customers"].sum() == everybody and table["share"].sum() == pytest.approx(1)
    assert table.loc["purchases", "customers"] == buyers
    assert table.loc["intent", "age"] < 30 < table.loc["popularity", "age"]
    assert table.loc["popularity", "came_true"] == table.loc["popularity", "best_sellers"]
    assert (table["low"] <= table["came_true"] - table["best_sellers"]).all()


def test_steps_without_events_or_without_a_past(shop):
    transactions = shop[0].head(3_000)
    engine = production.build_engine(transactions)
    table = first_look.steps(engine, transactions)
    assert table["customers"].tolist() == [transactions["customer_id"].nunique(), 0, 0]
    one_day = transactions.assign(transaction_date=DAY)
    table = first_look.steps(production.build_engine(one_day), one_day)
    assert not table["judged"].any() and table["came_true"].isna().all()


def test_repeats_are_of_another_day():
    rows = [("one", "A", 0), ("one", "A", 0), ("one", "A", 7), ("two", "B", 0)]
    table = bought(*rows).assign(product_category=["tea", "tea", "tea", "rugs"])
    shares = first_look.repeats(table)
    assert shares.to_dict() == {"tea": 0.5, "rugs": 0}
    assert shares.attrs["all"] == pytest.approx(1 / 3)
    assert first_look.repeats(bought(*rows)).empty


def test_the_question_picks_the_winner():
    """Everybody buys the same again, and once something else."""
    rows = [(f"c{n}", f"P{n % 7}", day) for n in range(60) for day in (0, 30, 70)]
    rows += [(f"c{n}", f"P{(n + 1) % 7}", 71) for n in range(60)]
    split = evaluate.split_by_time(bought(*rows), test_days=20)
    table = first_look.two_questions(split, n=1)
    assert table.loc["the same again", "new"] == 0
    assert table.loc["the same again", "anything"] == 1
    assert table.attrs["customers"] == {"new": 60, "anything": 60}
