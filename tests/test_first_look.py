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


def test_a_customers_lists_stand_side_by_side():
    names = pd.Series({"A": "Pan", "B": "Oil", "C": "Salt", "D": "Pot"})
    scores = pd.Series({"A": 0.5, "B": 0.25, "C": 0.1, "D": 0})
    lists = {"wrong": pd.DataFrame({"product_id": ["D", "C"]}),
             "right": pd.DataFrame({"product_id": ["C"]})}  # fmt: skip
    table = first_look.side_by_side(lists, scores, names)
    assert table.to_dict("list") == {"place": [1, 2],
                                     "wrong": ["D 0.000 Pot", "C 0.100 Salt"],
                                     "right": ["C 0.100 Salt", ""]}  # fmt: skip
    none = {"wrong": lists["wrong"].iloc[:0]}
    assert first_look.side_by_side(none, scores, names).empty
    unnamed = first_look.side_by_side(lists, scores, pd.Series(names.index, names.index))
    assert unnamed["wrong"].tolist() == ["D 0.000", "C 0.100"]


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
    for figure in ("coverage", "personalization"):
        assert table[figure].nunique() == 1, figure
    assert table.loc["ours", "owned"] == 0
    pairs = {(row.customer_id, row.product_id) for row in data.miniature().itertuples()}
    owned = [(row.customer_id, row.product_id) in pairs for row in moved.itertuples()]
    assert table.loc["moved", "owned"] == pytest.approx(np.mean(owned)) and any(owned)


def test_a_list_rises_only_within_one_source():
    lists = pd.DataFrame({"customer_id": list("aaabbbcc"), "rank": [1, 2, 3, 1, 2, 3, 2, 1],
                          "score": [0.4, 0.1, 0.3, 3.0, 2.0, 40.0, 0.1, 0.2]})  # fmt: skip
    assert first_look.rising(lists).to_dict() == {"a": True, "b": True, "c": False}
    lists["source"] = ["purchases"] * 5 + ["popularity"] + ["purchases"] * 2
    assert first_look.rising(lists).to_dict() == {"a": True, "b": False, "c": False}


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
    assert views["chance"] == 0
    assert carts["chance"] == 0  # nobody else bought C within 30 days
    assert views["above"] == pytest.approx(1 / 3)
    assert views["ours"] == EVENT_WEIGHTS["product_view"]
    recent = first_look.followed_by_purchase(purchases, events, 30, DAY + pd.Timedelta(days=1))
    assert recent.empty  # all pairs began on day 0 or are too young


def test_events_before_everything_and_of_strange_products_do_no_harm():
    purchases = bought(("one", "A", 50), ("two", "A", 90))
    events = done(("one", "A", -400, "search"), ("one", "X", 0, "search"))
    table = first_look.followed_by_purchase(purchases, events)
    assert table.loc["search", ["pairs", "later"]].tolist() == [1, 0]
    assert first_look.followed_by_purchase(purchases, events[:0]).empty


def test_chance_after_an_event_is_of_the_same_people_and_of_what_sells():
    """One buys once within the days, when three others buy A and one buys B."""
    purchases = bought(
        ("one", "C", 0), ("one", "D", 10), ("two", "A", 10), ("three", "A", 10), ("four", "A", 10),
        ("five", "B", 10), ("six", "C", 99),
    )  # fmt: skip
    events = done(("one", "A", 1, "product_view"))
    chance = first_look.followed_by_purchase(purchases, events).loc["product_view", "chance"]
    # three of the four that others bought; C, two of all seven, is owned and can't be bought
    assert chance == pytest.approx(min(3 / 4 / (1 - 2 / 7), 1))


def test_products_dealt_by_dice_contradict_nobody(shop):
    transactions, events = shop
    generator = np.random.default_rng(3)
    dealt = transactions.assign(product_id=generator.permutation(transactions["product_id"]))
    cut = dealt["transaction_date"].max().normalize() - pd.Timedelta(days=59)
    before = first_look.followed_by_purchase(
        dealt[dealt["transaction_date"] < cut], events[events["event_date"] < cut]
    )
    after = first_look.followed_by_purchase(dealt, events, since=cut)
    assert first_look.what_events_say(before, after) in ("nothing", "open")
    assert (before["above"].abs() < 0.01).all()


def followed(low, high, pairs=500):
    kinds = ["product_view", "add_to_cart"]
    return pd.DataFrame({"open": pairs, "low": low, "high": high}, kinds)


def test_events_contradict_only_beyond_noise_and_twice():
    views, carts = followed([0.3, 0.1], [0.4, 0.2]), followed([0.1, 0.3], [0.2, 0.4])
    noise, none = followed([0.1, 0.1], [0.3, 0.3]), followed([-0.1, -0.1], [0.1, 0.1])
    say = first_look.what_events_say
    assert say(views, views) == "contradict" and say(carts, carts) == "agree"
    assert say(none, none) == "nothing"
    for after in (carts, noise):
        assert say(views, after) == "open"
    few = followed([0.3, 0.1], [0.4, 0.2], 20)
    assert say(views, few) == "too few" and say(few, views) == "too few"
    assert say(none, none[:1]) == "too few"


def test_two_times_do_not_overlap_and_both_have_pairs(shop):
    transactions, events = shop
    before, after, cut = first_look.two_times(transactions, events)
    last = transactions["transaction_date"].max() - pd.Timedelta(days=30)
    assert events["event_date"].min() < cut < last
    assert (after["pairs"] >= 50).all() and (before["pairs"] > after["pairs"]).all()
    everything = first_look.followed_by_purchase(transactions, events)["pairs"]
    assert (before["pairs"] + after["pairs"] <= everything).all()
    one_day = transactions.assign(transaction_date=DAY)
    assert first_look.two_times(one_day, events[:0])[0].empty


def test_the_same_weights_change_nobody_and_no_weights_somebody(shop):
    transactions, events = shop
    same = first_look.weights_tried(transactions, events, EVENT_WEIGHTS)
    assert same["changed"] == same["more"] == 0 and same["judged"] > 100
    none = first_look.weights_tried(transactions, events, dict.fromkeys(EVENT_WEIGHTS, 0))
    assert none["changed"] > 0 and abs(none["more"]) <= none["changed"]
    assert none["low"] <= none["more"] / none["judged"] <= none["high"]


def test_events_that_have_stopped():
    purchases = bought(("one", "A", 50))
    assert first_look.days_silent(purchases, done(("one", "A", 10, "search"))) == 40
    assert first_look.days_silent(purchases, done(("one", "A", 60, "search"))) == 0
    assert first_look.days_silent(purchases, done(("one", "A", 60, "search"))[:0]) == 0


def test_newcomers_and_ids_of_another_system():
    purchases = bought(("C1", "A", 0), ("C2", "A", 0))
    same = done(("C1", "A", 0, "search"), ("C3", "A", 0, "search"))
    found = first_look.newcomers(purchases, same)
    assert (found["people"], found["fits"], found["buyers"]) == (1, 1, 0.5)
    assert found["share"] == pytest.approx(1 / 3) and not first_look.other_ids(found)
    other = same.assign(customer_id=["c-1", "c-2"])
    assert first_look.other_ids(first_look.newcomers(purchases, other))
    guests = pd.concat([same, same[1:].assign(customer_id="guest-1")])
    found = first_look.newcomers(purchases, guests)
    assert found["example"] == "guest-1" and not first_look.other_ids(found)
    crowd = done(("C1", "A", 0, "search"), *((f"x{n}", "A", 0, "search") for n in range(400)))
    found = first_look.newcomers(purchases, crowd)
    assert (found["buyers"], found["met"]) == (pytest.approx(1 / 401), 0.5)
    assert not first_look.other_ids(found)  # visitors without a login
    nobody = first_look.newcomers(purchases, same[:1])
    assert nobody["people"] == 0 and not first_look.other_ids(nobody)


def test_an_id_that_nobody_has():
    assert first_look.no_id("CUST00001", ["CUST00001"]) == "CUST_00001"
    assert first_look.no_id("CUST00001", ["CUST00001", "CUST_00001"]) == "CUST_00001_"
    assert first_look.no_id("17", ["17"]) == "17_"


def judged(**more):
    row = {"judged": 200, "one_only": 60, "low": 0.1, "high": 0.3}
    return first_look.status(pd.Series(row | more))


def test_one_rule_for_every_step():
    assert judged() == "better"
    assert judged(low=-0.1) == "open"
    assert judged(low=-0.3, high=-0.1) == "worse"
    assert judged(judged=99) == "too few"
    assert judged(one_only=19) == "too few"
    assert judged(judged=0) == "not judged"


def test_every_person_stands_on_one_step(shop):
    transactions, events = shop
    engine = production.build_engine(transactions, events)
    table = first_look.steps(engine, transactions, events)
    buyers = transactions["customer_id"].nunique()
    everybody = len({*transactions["customer_id"], *events["customer_id"]})
    assert table["customers"].sum() == everybody and table["share"].sum() == pytest.approx(1)
    assert table.loc["purchases", "customers"] == buyers
    assert (table["unseen"] <= table["came_true"]).all()
    assert table.loc["intent", "unseen"] < table.loc["intent", "came_true"]
    assert (table["best_unseen"] <= table["best_sellers"]).all()
    assert table.loc["popularity", "unseen"] == table.loc["popularity", "best_unseen"]
    assert table.loc["popularity", "came_true"] == table.loc["popularity", "best_sellers"]
    more = table["came_true"] - table["best_sellers"]
    assert (table["low"] <= more).all()
    assert table.loc["popularity", "one_only"] == 0
    # each of them is a 1 or a −1 in the difference, so the interval's width tells how many
    # of too few no verdict is told, so they widen no other step's interval
    assert table["status"].tolist() == ["better", "too few", "too few"]
    spread = (table["high"] - table["low"]) / 2 / evaluate._normal_quantile(1)
    n = table["judged"]
    np.testing.assert_allclose(table["one_only"], spread**2 * n * (n - 1) + n * more**2, atol=1e-6)


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
    found = first_look.repeats(bought(*rows))
    assert found["share"].to_dict() == {
        "A": 0.5, "B": 0, first_look.ALL_PRODUCTS: pytest.approx(1 / 3)
    }  # fmt: skip
    assert found.loc["A", "early"] == found.loc["A", "late"] == 7 and not found["row"].any()
    assert found["purchases"].tolist() == [2, 1, 3]


def test_a_row_for_what_is_bought_again_more_than_dice_would():
    """Everybody buys one tea of two again and again; everybody buys rugs by dice."""
    generator = np.random.default_rng(0)
    rows = [(f"c{n}", f"tea{n % 2}", day) for n in range(160) for day in (0, 20, 40)]
    rows += [(f"c{n}", f"rug{generator.integers(3)}", day) for n in range(160) for day in (1, 21)]
    found = first_look.repeats(bought(*rows))
    assert found["row"].to_dict() == {
        "tea0": True, "tea1": True, "rug0": False, "rug1": False, "rug2": False,
        first_look.ALL_PRODUCTS: True,
    }  # fmt: skip
    assert found.loc["tea0", "share"] == pytest.approx(2 / 3)
    assert (found.loc["tea0", "early"], found.loc["tea0", "late"]) == (20, 20)
    assert found.loc["rug0", "share"] > 0.1 and found.loc["tea0", "chance"] < 0.6


def test_a_category_hides_no_product_that_nobody_buys_again():
    """Creams are used up, a hair dryer isn't; both are beauty."""
    rows = [(f"c{n}", "cream", day) for n in range(200) for day in (0, 30)]
    rows += [(f"c{n}", "dryer", 10) for n in range(150)]
    rows += [(f"c{n}", f"book{(n + day) % 97}", day) for n in range(900) for day in (5, 15, 25)]
    table = bought(*rows)
    of_beauty = table["product_id"].isin(["cream", "dryer"])
    table["product_category"] = np.where(of_beauty, "beauty", "books")
    found = first_look.repeats(table)
    assert found.index[found["row"]].tolist() == ["cream"]
    assert found.loc["dryer", "high"] < 0
    assert found.loc[["book0", "book1"], ["low", "high"]].isna().all(axis=None), "too few"


def test_the_more_products_are_looked_at_the_more_one_must_lead():
    """A lead that is clear for one product alone may be luck among many."""
    tea = [(f"c{n}", "tea", day) for n in range(120) for day in (0, 30)[: 1 + n % 2]]
    widths = []
    for buyers in (99, 100):  # of each other product: too few to be looked at, or just enough
        rows = [(f"d{n}", f"p{m}", 3) for n in range(buyers) for m in range(40)]
        found = first_look.repeats(bought(*tea, *rows), draws=1)
        widths.append(found.loc["tea", "high"] - found.loc["tea", "low"])
    wider = evaluate._normal_quantile(41) / evaluate._normal_quantile(1)
    assert widths[1] / widths[0] == pytest.approx(wider)
