"""Placements: every rule by hand, and what each channel promises, on the whole bundled shop."""

import pandas as pd
import pytest

from helpers import channels, data, production


def lists(*rows):
    table = pd.DataFrame(rows, columns=["customer_id", "product_id"])
    reason = "bought Tea (60%), bought Pot (9%)"
    return table.assign(product_name=table["product_id"], reason=reason, source="purchases")


@pytest.fixture(scope="module")
def scored(shop):
    transactions, events = shop
    engine = production.build_engine(transactions, events)
    return engine, production.score_everyone(engine, 15)


def test_rules_by_hand():
    table = lists(("1", "a"), ("1", "b"), ("1", "c"), ("1", "d"), ("2", "a"), ("2", "c"))
    kept = {
        "out of stock": channels.without_products(table, ["a"]),
        "allowed": channels.only_products(table, ["a", "d"]),
        "margin": channels.with_margin(table, pd.Series({"a": 0.1, "b": 0.3, "c": 0.5}), 0.3),
        "not shown": channels.not_shown_before(table, table.iloc[[0]]),
        "category": channels.at_most_per_category(table, pd.Series({"a": "x", "b": "x"}), 1),
        "first": channels.first_n(table, 1),
    }
    found = {name: (t["customer_id"] + t["product_id"]).tolist() for name, t in kept.items()}
    assert found == {
        "out of stock": ["1b", "1c", "1d", "2c"],
        "allowed": ["1a", "1d", "2a"],
        "margin": ["1b", "1c", "2c"],  # the margin of d is not known
        "not shown": ["1b", "1c", "1d", "2a", "2c"],
        "category": ["1a", "1c", "1d", "2a", "2c"],  # c and d have no category
        "first": ["1a", "2a"],
    }


def test_homepage_is_full_varied_and_fresh(scored, shop):
    engine, table = scored
    products = data.product_table(shop[0])
    first = channels.homepage(table, products)
    assert (first.groupby("customer_id").size() == 5).all()
    assert not first.duplicated(["customer_id", "product_id"]).any()
    category = first["product_id"].map(products["product_category"])
    assert first.groupby(["customer_id", category]).size().max() == 2
    again = channels.homepage(table, products, shown=first)
    seen_twice = again.merge(first, on=["customer_id", "product_id"])["customer_id"]
    left = channels.not_shown_before(table, first).groupby("customer_id").size()
    few = left.index[left < 5]
    assert set(seen_twice) <= set(few) and len(few) < 20


def test_a_short_list_is_filled_with_what_the_rules_left_out():
    table = lists(("1", "a"), ("1", "b"), ("1", "c"))
    products = pd.DataFrame({"product_category": "x"}, index=list("abc"))
    assert channels.homepage(table, products, 3, 1)["product_id"].tolist() == ["a", "b", "c"]
    shown = table.iloc[[0]]
    assert channels.homepage(table, products, 3, 1, shown)["product_id"].tolist() == ["b", "c", "a"]


def test_mails_go_to_those_who_should_get_one(scored, shop):
    engine, table = scored
    transactions = shop[0]
    everyone = pd.Index(table["customer_id"].unique())
    today = transactions["transaction_date"].max()
    last_mail = pd.Series(today - pd.Timedelta(days=2), index=everyone[:100])
    mails, left_out = channels.email(
        table, transactions, consent=everyone[50:], last_mail=last_mail
    )
    assert left_out["no consent"] == 50
    assert left_out["had a mail in the last 7 days"] == 50
    assert mails["customer_id"].nunique() + left_out.sum() == len(everyone)
    assert set(mails["customer_id"]) <= set(everyone[100:])
    assert mails["because"].str.fullmatch(r"you (bought|looked at) [^%,]+").all()
    recent = transactions[transactions["transaction_date"] > today - pd.Timedelta(days=30)]
    both = mails.merge(recent, on=["customer_id", "product_id"])
    assert both.empty and mails["place"].max() == 3


def test_nothing_personal_means_no_mail(scored, shop):
    table = scored[1].assign(source="popularity")
    mails, left_out = channels.email(table, shop[0])
    assert mails.empty
    assert left_out.to_dict() == {"nothing personal to say": table["customer_id"].nunique()}


def test_product_page_by_hand():
    """A: most like C (2 of 3 and 3 buyers), then B; customer 3 owns B, C and D."""
    engine = production.build_engine(data.miniature())
    engine.model.scale_customers = False
    engine = production.build_engine(data.miniature(), model=engine.model)
    page = channels.product_page(engine, 2)
    assert page[page["in_view"] == "A"]["product_id"].tolist() == ["C", "B"]
    own = channels.product_page(engine, 3, "customer 3")
    assert own[own["in_view"] == "D"]["product_id"].tolist() == []
    assert set(own["product_id"]) == {"A"}
    stranger = channels.product_page(engine, 2, "nobody")
    pd.testing.assert_frame_equal(stranger, page)


def test_a_product_nobody_combines_gets_the_best_sellers():
    rows = [("1", "a"), ("2", "b"), ("2", "c"), ("3", "b"), ("3", "c")]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id"])
    table = table.assign(transaction_date=pd.Timestamp("2024-01-01"), product_name="x")
    table = table.assign(product_category=None, unit_price=None)
    page = channels.product_page(production.build_engine(table), 2)
    assert page[page["in_view"] == "a"]["product_id"].tolist() == ["b", "c"]


def test_minimum_support_keeps_noise_out(shop):
    raw = channels.bought_together(shop[0], 1, min_customers=1)
    solid = channels.bought_together(shop[0], 1, min_customers=30)
    assert raw["customers"].min() < 30 <= solid["customers"].min()
    assert (solid["lift"] <= raw.set_index("in_view")["lift"][solid["in_view"]].to_numpy()).all()


def test_abandoned_carts_by_hand():
    day = pd.Timestamp("2024-03-01")
    events = pd.DataFrame(
        [
            ("1", "add_to_cart", "A", 0),  # left behind; an older one of the same customer follows
            ("1", "add_to_cart", "D", -1),
            ("2", "add_to_cart", "C", 0),  # bought a day later: not left behind
            ("3", "product_view", "A", 0),  # only looked
            ("4", "add_to_cart", "B", 9),  # too fresh to say
        ],
        columns=["customer_id", "event_type", "product_id", "days"],
    )
    events["event_date"] = day + pd.to_timedelta(events.pop("days"), unit="D")
    shop = data.miniature().assign(transaction_date=day - pd.Timedelta(days=60))
    bought = shop.iloc[[0]].assign(
        customer_id="2", product_id="C", transaction_date=day + pd.Timedelta(days=1)
    )
    shop = pd.concat([shop, bought], ignore_index=True)
    engine = production.build_engine(shop)
    table = channels.abandoned_carts(events, shop, engine, hours=48)
    assert set(table["customer_id"]) == {"1"}
    assert table.iloc[0][["product_id", "why"]].tolist() == ["A", "left in the cart"]
    assert set(table["product_id"]) <= {"A", "B", "C"} and len(table) == 3
    assert (table["why"].iloc[1:] == "goes with it").all()


def test_abandoned_carts_never_show_what_is_owned_or_in_the_cart_twice(scored, shop):
    transactions, events = shop
    table = channels.abandoned_carts(events, transactions, scored[0])
    assert table["customer_id"].nunique() > 10
    assert (table.loc[table["place"] == 1, "why"] == "left in the cart").all()
    assert not table.duplicated(["customer_id", "product_id"]).any()
    beside = table[table["why"] == "goes with it"]
    assert beside.merge(transactions, on=["customer_id", "product_id"]).empty


def test_consent_list(tmp_path):
    path = tmp_path / "agreed.txt"
    path.write_text("\ufeffCUST1\n\n 00123 \n", encoding="utf-8")
    assert channels.consent_list(path) == ["CUST1", "00123"]
    assert channels.consent_list() is None
    assert len(channels.consent_list("", pd.Index(range(30)))) == 27
    path.write_text("\n")
    for wrong in (path, tmp_path / "none.txt"):
        with pytest.raises(data.DataError, match="consent_path"):
            channels.consent_list(wrong)
