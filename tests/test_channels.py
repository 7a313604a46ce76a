"""Placements: every rule by hand, and what each channel promises, on the whole bundled shop."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalogue, channels, data, evaluate, memo, production, simulation
from helpers.course import publishing
from helpers.matrix import build_interaction_matrix
from helpers.recommend import FromScores
from helpers.similarity import product_affinity, product_similarity, similar_products
from tests.common import purchases


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
        "not shown": channels.not_shown_before(table, table.iloc[[0]]),
        "category": channels.at_most_per_category(table, pd.Series({"a": "x", "b": "x"}), 1),
        "first": channels.first_n(table, 1),
    }
    found = {name: (t["customer_id"] + t["product_id"]).tolist() for name, t in kept.items()}
    assert found == {
        "out of stock": ["1b", "1c", "1d", "2c"],
        "not shown": ["1b", "1c", "1d", "2a", "2c"],
        "category": ["1a", "1c", "1d", "2a", "2c"],  # c and d have no category
        "first": ["1a", "2a"],
    }


def test_lift_sorts_a_row_worse_than_similarity(shop):
    """Even with a minimum: of the other products that first buyers buy then or later, it has
    clearly fewer."""
    transactions = shop[0]
    date = transactions["transaction_date"]
    is_past = date <= date.max() - pd.Timedelta(days=90)
    past, future = transactions[is_past], transactions[~is_past]
    matrix = build_interaction_matrix(past)
    pair = ["customer_id", "product_id"]
    first = future.groupby(pair, as_index=False)["transaction_date"].min()
    first = channels.not_shown_before(first, past)
    both = first.merge(first, on="customer_id", suffixes=("", "_then"))
    both = both[both["product_id"] != both["product_id_then"]]
    both = both[both["transaction_date_then"] >= both["transaction_date"]]
    near = product_similarity(matrix)
    rows = {"similarity": pd.concat(
                similar_products(near, each, 4)[["product_id"]].assign(in_view=each)
                for each in matrix.products),
            "lift": channels.bought_together(past, 4, 20)}  # fmt: skip
    found = {}
    for order, row in rows.items():
        assert (row["in_view"].value_counts() == 4).mean() > 0.9
        shown = pd.MultiIndex.from_frame(row[["in_view", "product_id"]])
        bought = pd.MultiIndex.from_frame(both[["product_id", "product_id_then"]])
        hits = both.assign(hit=bought.isin(shown)).groupby("customer_id")["hit"].sum()
        found[order] = hits.astype(float)
    low, _ = evaluate.interval(found["similarity"] - found["lift"])
    assert low > 0


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
        table, transactions, engine, consent=everyone[50:], last_mail=last_mail
    )
    assert left_out["no consent"] == 50
    assert left_out["had a mail in the last 7 days"] == 50
    assert mails["customer_id"].nunique() + left_out.sum() == len(everyone)
    assert set(mails["customer_id"]) <= set(everyone[100:])
    assert mails["because"].str.fullmatch(r"you (bought|looked at) [^%,]+").all()
    recent = transactions[transactions["transaction_date"] > today - pd.Timedelta(days=30)]
    both = mails.merge(recent, on=["customer_id", "product_id"])
    assert both.empty and mails["rank"].max() == 3


def test_nothing_personal_means_no_mail(scored, shop):
    engine, table = scored
    table = table.assign(source="popularity")
    mails, left_out = channels.email(table, shop[0], engine)
    assert mails.empty
    assert left_out.to_dict() == {"nothing personal to say": table["customer_id"].nunique()}


@pytest.mark.parametrize("name", ["Chocolate (70%), 100 g", "(1%)", "a, b (2%), c", "%s {}"])
def test_a_reason_keeps_its_product_name_whole(name):
    table = data.miniature()
    table["product_name"] = table["product_id"].replace("A", name)
    engine = production.build_engine(table)
    candidates = production.score_everyone(engine, 4)
    mails, _ = channels.email(candidates, table, engine, recent_days=0)
    customer_4 = mails[mails["customer_id"] == "customer 4"].iloc[0]
    assert customer_4["because"] in (f"you bought {name}", "you bought C")
    assert any(mails["because"] == f"you bought {name}")
    [example] = [
        each for each in memo._examples(table, candidates, engine)
        if each["customer_id"] == "customer 2"
    ]  # fmt: skip
    assert f"bought {name}" in [product["because"] for product in example["products"]]


def test_product_page_by_hand():
    """A: most like C (2 of 3 and 3 buyers), then B; customer 3 owns B, C and D."""
    engine = production.build_engine(data.miniature())
    engine.model.scale_customers = False
    engine = production.build_engine(data.miniature(), model=engine.model)
    page = channels.product_page(engine, 2)
    assert page[page["in_view"] == "A"]["product_id"].tolist() == ["C", "B"]
    # A and D have no buyer in common: A fills up, as a best seller
    full = channels.product_page(engine, 3)
    assert full[full["in_view"] == "D"][["product_id", "why"]].to_numpy().tolist() == [
        ["B", "goes with it"],
        ["C", "goes with it"],
        ["A", "popular"],
    ]
    own = channels.product_page(engine, 3, "customer 3")
    assert own[own["in_view"] == "D"]["product_id"].tolist() == ["A"]
    assert set(own["product_id"]) == {"A"}
    stranger = channels.product_page(engine, 2, "nobody")
    pd.testing.assert_frame_equal(stranger, page)


def test_a_product_nobody_combines_gets_the_best_sellers():
    """Lately first: b has more buyers ever, c in the last 30 days."""
    day = "2024-06-01"
    table = purchases(("1", "a"), ("2", "b"), ("2", "c", day), ("3", "b"), ("3", "c", day))
    table = pd.concat([table, purchases(("4", "b"), ("4", "c"), ("5", "b"))], ignore_index=True)
    page = channels.product_page(production.build_engine(table), 2)
    alone = page[page["in_view"] == "a"]
    assert alone["product_id"].tolist() == ["c", "b"]
    assert (alone["similarity"] == 0).all() and (alone["why"] == "popular").all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 7)), min_size=2, max_size=30, unique=True),
    st.integers(1, 9),
    st.integers(0, 7),
)
def test_a_product_page_is_full_where_the_catalogue_allows_it(pairs, n, customer):
    """Also for who owns the best sellers, and for a product that nobody combines with another."""
    table = purchases(*((str(who), f"p{what}") for who, what in pairs))
    engine = production.build_engine(table)
    owned = set(table.loc[table["customer_id"] == str(customer), "product_id"])
    page = channels.product_page(engine, n, str(customer))
    assert not set(page["product_id"]) & owned
    assert not page.duplicated(["in_view", "product_id"]).any()
    assert (page["in_view"] != page["product_id"]).all()
    assert ((page["similarity"] > 0) == (page["why"] == "goes with it")).all()
    found = page["in_view"].value_counts()
    catalogue = set(engine.model.products_)
    for product in catalogue:
        remain = catalogue - owned - {product}
        assert found.get(product, 0) == min(n, len(remain))
        ranks = page.loc[page["in_view"] == product, "rank"]
        assert ranks.tolist() == list(range(1, len(ranks) + 1))


def test_a_product_page_is_full_for_every_owner_of_best_sellers(shop):
    """One product apart from the others, in the whole shop: what owners of its best sellers get."""
    transactions, _ = shop
    alone = transactions.iloc[[0]].assign(customer_id="apart", product_id="ALONE")
    engine = production.build_engine(pd.concat([transactions, alone], ignore_index=True))
    best = engine.popular.recommend([None], 5)["product_id"]
    owns = transactions[transactions["product_id"].isin(best)].groupby("customer_id")
    owns = owns["product_id"].nunique()
    assert owns.max() == 5
    for number in range(1, 6):
        page = channels.product_page(engine, 4, owns.index[owns == number][0])
        assert (page["in_view"] == "ALONE").sum() == 4


def test_minimum_support_keeps_noise_out(shop):
    raw = channels.bought_together(shop[0], 1, min_customers=1)
    solid = channels.bought_together(shop[0], 1, min_customers=30)
    assert raw["customers"].min() < 30 <= solid["customers"].min()
    assert (solid["lift"] <= raw.set_index("in_view")["lift"][solid["in_view"]].to_numpy()).all()


def test_no_common_buyers_is_an_empty_table_of_numbers(shop):
    """A shop where nobody buys two products: figures of lift are missing, not a `TypeError`."""
    one_each = shop[0].drop_duplicates("customer_id")
    pairs = channels.bought_together(one_each)
    assert pairs.empty
    assert pairs[["rank", "customers", "lift"]].dtypes.map(pd.api.types.is_numeric_dtype).all()


def carted(*rows):
    """Events from (customer, product, day of March) tuples: each put a product into the cart."""
    events = pd.DataFrame(rows, columns=["customer_id", "product_id", "day"])
    date = pd.Timestamp("2024-03-01 12:00") + pd.to_timedelta(events.pop("day") - 1, unit="D")
    return events.assign(event_type="add_to_cart", event_date=date)


def test_abandoned_carts_by_hand():
    events = carted(
        ("1", "A", 10),  # left behind; an older one of the same customer follows
        ("1", "D", 9),
        ("1", "B", 29),  # fresh, but in the cart: it does not go with it any more
        ("2", "C", 10),  # bought a day later: not left behind
        ("4", "B", 29),  # too fresh to say
        ("5", "A", 10),  # bought weeks later, long after the 48 hours: not left behind either
        ("6", "A", 10),  # owned since January: nobody needs a second one
        ("7", "A", 10),  # bought in the morning of that day; the file knows days only
    )
    looked = events.iloc[[0]].assign(customer_id="3", event_type="product_view")
    events = pd.concat([events, looked], ignore_index=True)
    later = purchases(
        ("2", "C", "2024-03-11"),
        ("5", "A", "2024-03-28"),
        ("6", "A", "2024-01-05"),
        ("7", "A", "2024-03-10"),
    )
    shop = pd.concat([data.miniature(), later], ignore_index=True)
    engine = production.build_engine(shop)
    table = channels.abandoned_carts(events, shop, engine)
    assert set(table["customer_id"]) == {"1"}
    assert table["product_id"].tolist() == ["A", "C"]
    assert table["why"].tolist() == ["left in the cart", "goes with it"]


def test_what_people_buy_again_is_reminded_of_again():
    """Coffee may run out: an owner who puts it into the cart again gets a reminder of it."""
    buyers = [str(number) for number in range(channels.BOUGHT_AGAIN_BUYERS)]
    rows = [(who, product, "2024-01-05") for who in buyers for product in ("coffee", "kettle")]
    rows += [(who, "coffee", "2024-02-05") for who in buyers[:2]]
    # one buyer who came back says nothing
    shop = purchases(*rows, ("other", "cup", "2024-01-20"), ("other", "cup", "2024-03-20"))
    assert channels.bought_again(shop).tolist() == ["coffee"]
    events = carted(("7", "coffee", 10), ("8", "kettle", 10), ("9", "coffee", 10))
    events = pd.concat([events, carted(("10", "coffee", 17))], ignore_index=True)
    since = purchases(("9", "coffee", "2024-03-19"), ("10", "coffee", "2024-03-17"))
    shop = pd.concat([shop, since], ignore_index=True)
    table = channels.abandoned_carts(events, shop, production.build_engine(shop))
    assert table[["customer_id", "product_id"]].to_numpy().tolist()[0] == ["7", "coffee"]
    assert set(table["customer_id"]) == {"7"}  # 9 has bought it since, 10 on the same day


@pytest.mark.parametrize("seed", [simulation.world.SEED, 1, 2])
def test_what_people_buy_again_is_found_from_the_data(seed):
    """The made-up shop knows its consumables; the rule sees nothing but purchases."""
    world = simulation.make_world(seed)
    consumable = world.products.loc[world.products["consumable"], "product_id"]
    assert set(channels.bought_again(world.transactions)) == set(consumable)


def test_no_cart_reminder_names_what_was_bought(scored, shop):
    """All rows of the whole shop, against the purchases themselves."""
    transactions, events = shop
    table = channels.abandoned_carts(events, transactions, scored[0])
    assert table["customer_id"].nunique() > 10
    assert (table["why"] == np.where(table["rank"] == 1, "left in the cart", "goes with it")).all()
    assert not table.duplicated(["customer_id", "product_id"]).any()
    pair = ["customer_id", "product_id"]
    bought = table.merge(transactions, on=pair)
    # what is left are things that people buy again, left in the cart after they were bought
    assert set(bought["why"]) <= {"left in the cart"}
    assert set(bought["product_id"]) <= set(channels.bought_again(transactions))
    carts = events[events["event_type"] == "add_to_cart"]
    last_cart = carts.groupby(pair)["event_date"].max()[pd.MultiIndex.from_frame(bought[pair])]
    assert (bought["transaction_date"].to_numpy() < last_cart.to_numpy()).all()


def test_channels_are_declared_once(scored, shop):
    """The tables of a run, their files, the memo and the guide speak of the same channels."""
    engine, table = scored
    placements = channels.placements(engine, table, *shop)
    assert list(placements) == list(channels.CHANNELS)
    assert all(made["rank"].min() == 1 for made in placements.values())
    assert [f"{name}.csv" for name in channels.CHANNELS] == publishing.CHANNELS
    guide = (data.PROJECT / "notebooks" / "own_data_guide.md").read_text(encoding="utf-8")
    [listed] = re.findall(r"one table per channel \(([^)]*)\)", guide)
    assert re.findall(r"`([^`]+)`", listed) == publishing.CHANNELS


def test_without_events_there_is_no_cart(scored, shop):
    engine, table = scored
    placements = channels.placements(engine, table, shop[0])
    assert placements["cart"].empty and "rank" in placements["cart"]


def test_consent_list(tmp_path):
    path = tmp_path / "agreed.txt"
    path.write_text("\ufeffCUST1\n\n 00123 \n", encoding="utf-8")
    assert channels.consent_list(path) == ["CUST1", "00123"]
    assert channels.consent_list() == [], "nobody is known to have agreed"
    assert channels.consent_list(everybody_agreed=True) is None
    assert channels.consent_list(path, everybody_agreed=True) == ["CUST1", "00123"]
    assert len(channels.consent_list("", pd.Index(range(30)))) == 27
    path.write_text("\n")
    for wrong in (path, tmp_path / "none.txt"):
        with pytest.raises(data.DataError, match="consent_path"):
            channels.consent_list(wrong)


def test_consents_are_found_however_the_ids_were_written(tmp_path):
    path = tmp_path / "consents.txt"
    path.write_text("17850.0\n\n 12346 \n\u00a012347\n", encoding="utf-8")
    assert channels.consent_list(path) == ["17850", "12346", "12347"]
    path.write_text("17850.0\n17850.5\n", encoding="utf-8")
    assert channels.consent_list(path) == ["17850.0", "17850.5"]


CUSTOMERS = pd.Index(["Ann@x.org", "bob@x.org", "b1", "B1", "C7"])


@pytest.mark.parametrize(
    ("text", "agreed"),
    [
        ("Email,Consent\nann@x.org,TRUE\nBOB@x.org,TRUE\n", ["Ann@x.org", "bob@x.org"]),
        ('\ufeff"Email";"Newsletter"\n"ann@x.org";"yes"\n"bob@x.org";"no"\n', ["Ann@x.org"]),
        ("name\tcustomer_id\nbob@x.org\tC7\n", ["C7"]),
        ("name,city,mail\nBob,Berne,bob@x.org\n", ["bob@x.org"]),
        ("C7,yes\nbob@x.org,no\n", ["C7"]),
        ("ann@x.org\nC7\n", ["Ann@x.org", "C7"]),
        ("b1\n", ["b1"]),
        # who said both did not agree
        ("id,opt_in\nC7,1\nbob@x.org,1\nC7,0\n", ["bob@x.org"]),
    ],
)
def test_a_file_of_consents_may_have_a_header_and_columns(tmp_path, text, agreed):
    path = tmp_path / "agreed.csv"
    path.write_text(text, encoding="utf-8")
    assert channels.consent_list(path, customers=CUSTOMERS) == agreed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Email,Consent\nzoe@y.org,TRUE\n", "'zoe@y.org'; ids of customers look like 'Ann@x.org'"),
        ("Email,Consent\nC7,FALSE\n", "holds no id"),
        ("Email,Unsubscribed\nC7,TRUE\n", "does not say clearly who agreed: look at 'Unsub"),
        ("Email,VIP\nC7,TRUE\n", "look at 'VIP'"),
        ("Email,Consent\nC7,2023-01-01\n", "look at 'Consent'"),
        ("Email,Accepts Mail,Accepts SMS\nC7,yes,no\n", "'Accepts Mail' and 'Accepts SMS'"),
    ],
)
def test_a_file_of_consents_that_names_nobody_or_says_it_unclearly_is_a_sentence(
    tmp_path, text, said
):
    path = tmp_path / "agreed.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(data.DataError, match="consent_path") as error:
        channels.consent_list(path, customers=CUSTOMERS)
    assert said in str(error.value) and "agreed.csv" in str(error.value)


def test_the_made_up_consent_is_of_the_same_customers_in_every_lesson():
    """Nobody gets an offer (lesson 09) who has not agreed to mails (lesson 07)."""
    line = "everyone = () if transactions_path else engine.model.customers_"
    for lesson in ("07_channels", "09_layering"):
        assert line in (data.PROJECT / "notebooks" / f"{lesson}.ipynb").read_text("utf-8")


# What each change of a list costs


def ranked(**lists):
    """A scored table from lists of product ids, best first."""
    rows = [(who, rank, product, 1 / rank) for who, row in lists.items()
            for rank, product in enumerate(row, 1)]  # fmt: skip
    return pd.DataFrame(rows, columns=["customer_id", "rank", "product_id", "score"])


def test_holes_by_hand():
    table = ranked(x="abc", y="adc", z="bd")
    found = channels.holes(table, n=2, reserve=1, most=2)
    # a and b stand in two rows each (d, too); without a reserve x and y miss a, then z misses b
    assert found.attrs["sold_out"] == ["a", "b"]
    assert found["no reserve"].tolist() == pytest.approx([0, 2 / 3, 1])
    # c moves up for x and y; x misses b as well, z has no reserve
    assert found["reserve"].tolist() == pytest.approx([0, 0, 2 / 3])
    # any two of four: a row of two stays whole in 1 of 6 cases; of three stored, one of which may
    # go, in 3 of 6
    found = channels.holes(table, n=2, reserve=1, most=2, products=4).attrs["by_chance"]
    assert found["no reserve"] == pytest.approx(5 / 6)
    assert found["reserve"] == pytest.approx((3 / 6 + 3 / 6 + 5 / 6) / 3)


def test_within_categories_by_hand():
    rows = [(f"{who}", product) for who in range(100) for product in ("tea", "pot")[: 1 + who % 2]]
    rows += [(f"{who}", "kettle A" if who < 50 else "kettle B") for who in range(100)]
    matrix = build_interaction_matrix(purchases(*rows))
    category = {"kettle A": "kettles", "kettle B": "kettles", "tea": "tea", "pot": "tea"}
    products = pd.DataFrame({"product_category": pd.Series(category)})
    found = channels.within_categories(matrix, products)
    assert found.loc["kettles", ["common", "times_chance"]].tolist() == [0, 0]
    assert found.loc["tea", ["common", "times_chance"]].tolist() == [50, 1]
    assert channels.one_is_enough(found) == ["kettles"]
    nothing = products.assign(product_category=None)
    assert channels.one_is_enough(channels.within_categories(matrix, nothing)) == []


def test_who_came_first_by_hand():
    table = purchases(("1", "a", "2024-01-01"), ("1", "b", "2024-01-02"),
                      ("2", "b", "2024-01-01"), ("2", "a", "2024-01-09"), ("2", "b", "2024-02-01"),
                      ("3", "a", "2024-01-01"), ("3", "b", "2024-01-01"),
                      ("4", "a", "2024-01-01"), ("5", "a", "2024-01-01"),
                      ("5", "b", "2024-01-03"))  # fmt: skip
    assert channels.who_came_first(table, "a", "b") == (2, 1)
    assert channels.who_came_first(table, "b", "a") == (1, 2)
    assert channels.who_came_first(table, "a", "nothing") == (0, 0)


def test_the_dearer_of_near_ties_goes_first():
    table = pd.DataFrame({"customer_id": list("xxxxy"), "rank": [1, 2, 3, 4, 1],
                          "product_id": list("abcda"),
                          "score": [1.0, 0.95, 0.9, 0.1, 1.0]})  # fmt: skip
    worth = pd.Series({"a": 1.0, "b": 2.0, "c": 3.0, "d": 9.0})

    def row(tolerance, worth=worth, table=table):
        found = channels.dearer_first(table, worth, tolerance, 3)
        assert found["rank"].tolist() == [1, 2, 3, 1]
        return "".join(found["product_id"])

    assert row(0) == "abca"
    assert row(0.06) == "baca"  # b is near a; c is near b, but not near a, the best one left
    assert row(0.1) == "cbaa"
    assert row(1) == "dcba"
    assert row(1, worth.drop("d")) == "cbaa", "what has no known worth is never moved ahead"
    assert row(1, table=table.assign(source=list("ppqqp"))) == "bada"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=7), st.floats(0, 1), st.integers(1, 9))
def test_a_tie_break_only_changes_the_order(scores, tolerance, n):
    scores = sorted(scores, reverse=True)
    table = pd.DataFrame({"customer_id": "x", "rank": range(1, len(scores) + 1),
                          "product_id": range(len(scores)), "score": scores})  # fmt: skip
    worth = pd.Series(range(len(scores)), dtype=float)
    found = channels.dearer_first(table, worth, tolerance, n)
    assert len(found) == min(n, len(scores)) and found["product_id"].is_unique
    assert found["score"].iloc[0] >= (1 - tolerance) * max(scores) - 1e-9
    same = channels.dearer_first(table, worth * np.nan, tolerance, n)
    assert same["product_id"].tolist() == list(range(len(same))), "nothing known, nothing moved"


def test_the_price_of_margin_and_of_a_place_by_hand():
    lists = ranked(x="ab", y="ba", z="ab")
    lists["score"] = 1.0
    lists["hit"] = [True, False, True, False, False, True]
    lists.attrs = {"customers": 4, "chance": 0.25}  # one of them has no list
    places = channels.hits_by_place(lists, 1)
    assert places["hits"].tolist() == [50, 25] and places.attrs["chance"] == 25
    found = channels.price_of_margin(lists, pd.Series({"a": 1.0, "b": 3.0}), 1, (0.0, 0.5))
    # all are near ties: b is shown to everybody, and hit by y and z
    assert found.loc[0.5, "hits"] == pytest.approx(200 / 3)
    assert found.loc[0.5, "worth"] == pytest.approx(100 * (3 + 3) / 3)


def test_worth_is_the_margin_or_else_the_price():
    products = pd.DataFrame({"price": [10.0, 20.0]}, index=["a", "b"])
    assert channels.worth_of(products).name == "price"
    share = pd.DataFrame({"margin": [0.5]}, index=["a"])
    worth = channels.worth_of(products, share)
    assert worth.name == "margin" and worth["a"] == 5 and np.isnan(worth["b"])
    assert channels.worth_of(products, share * 8)["a"] == 4


def test_the_lists_that_are_judged_know_nothing_of_later(scored, shop):
    engine, _ = scored
    split = evaluate.split_by_time(*shop, 60)
    lists = channels.judged_lists(engine, split, 6)
    pair = ["customer_id", "product_id"]
    early, late = (pd.MultiIndex.from_frame(table[pair]) for table in (split.train, split.test))
    shown = pd.MultiIndex.from_frame(lists[pair])
    assert not shown.isin(early).any()
    assert (lists["hit"].to_numpy() == shown.isin(late)).all()
    assert engine.model.customers_.size > lists["customer_id"].nunique(), "the engine is as it was"
    hits = channels.hits_by_place(lists, 5)["hits"]
    assert hits.iloc[:2].min() > hits.iloc[4:].max() > 100 * lists.attrs["chance"]


def test_a_hidden_purchase_leaves_traces_in_its_buyers_rows(scored, shop):
    engine, _ = scored
    what, ids = channels.sensitive_example(engine, shop[0])
    assert what == "Health" and len(ids) == 4
    found = channels.traces(engine, *shop, ids)
    assert found["customers"].sum() == len(engine.model.customers_)
    assert found.loc["buyers", "rows"] > 3 * found.loc["others", "rows"] > 0
    # nobody bought or viewed nothing, and nothing changes
    nothing = channels.traces(engine, *shop, [])
    assert nothing.loc["others", "rows"] == 0 and np.isnan(nothing.loc["buyers", "rows"])


def test_closing_the_input_costs_its_buyers_little(scored, shop):
    engine, _ = scored
    _, ids = channels.sensitive_example(engine, shop[0])
    split = evaluate.split_by_time(*shop, 60)
    found, (low, high) = channels.price_of_the_input(engine, split, ids)
    owned = split.train.loc[split.train["product_id"].isin(ids), "customer_id"]
    later = split.test.loc[~split.test["product_id"].isin(ids), "customer_id"]
    assert found.index.isin(owned).all() and found.index.isin(later).all()
    change = (found["closed"] - found["open"]).mean()
    assert low < change < high and abs(change) < 0.1 * found["open"].mean()
    # nothing hidden, nobody who bought it
    assert channels.price_of_the_input(engine, split, [])[0].empty
    assert channels.price_of_the_input(engine, split, shop[0]["product_id"].unique())[0].empty


def test_by_worth_alone_the_dearest_that_is_not_owned_is_shown():
    table = purchases(("x", "a"), ("y", "b"), ("y", "c"), ("x", "c", "2024-03-01"),
                      ("y", "a", "2024-03-01"), ("z", "b"), ("z", "b", "2024-03-01"))  # fmt: skip
    split = evaluate.split_by_time(table, None, 5)
    worth = pd.Series({"a": 9.0, "b": 5.0, "c": 1.0})
    one = channels.by_worth_alone(split, worth, 1)
    # x has a and is shown b, y is shown a; z bought nothing new
    assert one.index.tolist() == ["x", "y"]
    assert one.loc["x"].tolist() == [0, 0] and one.loc["y"].tolist() == [1, 9]
    assert channels.by_worth_alone(split, worth, 2).loc["x"].tolist() == [1, 1]
    assert channels.by_worth_alone(split, worth.drop("c"), 2).loc["x"].tolist() == [0, 0]
    nothing = channels.by_worth_alone(split, worth * np.nan, 2)
    assert (nothing == 0).all(axis=None) and set(nothing.dtypes) == {np.dtype(float)}
    lists = ranked(x="bc", y="a").assign(hit=[False, True, True])
    lists.attrs = {"customers": 2, "chance": 0.5}
    prices = channels.price_of_margin(lists, worth, 1, (0, 0.5), one)
    assert prices.index.tolist() == [0, 0.5, np.inf]
    assert prices.loc[np.inf, ["hits", "worth"]].tolist() == [50, 450]
    assert channels.affordable_tolerance(prices.assign(hits_low=0, worth_low=1)) == 0.5


def test_the_best_of_many_pairs_needs_more_to_stand_out():
    assert channels.stands_out(20, 10) and not channels.stands_out(20, 10, 138)
    assert channels.stands_out(40, 10, 138) and not channels.stands_out(10, 10)


def test_whoever_has_one_is_shown_no_second_in_any_list():
    rows = [(f"c{n}", p) for n in range(9) for p in ("kettle1", "kettle2", "cup", "tea")[n % 3 :]]
    table = purchases(*rows, ("d", "kettle1"), ("d", "tea"), ("new", "tea"))
    table["product_category"] = table["product_id"].str.replace(r"\d", "", regex=True)
    found = catalogue.rules_for(data.product_table(table),
                                shop=data.Parameters(one_of_category=["kettle"]))  # fmt: skip
    engine = production.build_engine(table, rules=found)
    candidates = production.score_everyone(engine, 4)
    second = candidates[candidates["product_id"] == "kettle2"]["customer_id"]
    assert "d" in set(second), "or there is nothing to leave out"
    placed = channels.placements(engine, candidates, table)
    for name in ("homepage", "email"):
        shown = placed[name].groupby("customer_id")["product_id"].agg(set)
        assert "kettle2" not in shown["d"] and "kettle2" in shown["new"], name
    free = replace(engine, rules=replace(found, one_of_category=()))
    assert "kettle2" in set(channels.placements(free, candidates, table)["homepage"]["product_id"])
    assert channels.not_a_second(candidates, table, free.rules).equals(candidates)


def test_rows_by_lift_find_clearly_fewer_later_purchases(shop):
    """As lesson 07 says of the made-up shop."""
    lesson = (data.PROJECT / "notebooks" / "07_channels.ipynb").read_text(encoding="utf-8")
    split = evaluate.split_by_time(*shop, 60)
    matrix, _ = split.training()
    pairs = product_affinity(matrix, min_customers=20)
    lift = pairs.pivot(index="product_id", columns="other_product_id", values="lift")
    lift = lift.reindex(index=matrix.products, columns=matrix.products).fillna(0)
    owned = matrix.values.astype(bool).astype(float).toarray()
    by_lift, by_similarity = (
        FromScores(pd.DataFrame(owned @ row, matrix.customers, matrix.products))
        for row in (lift.to_numpy(), product_similarity(matrix).values.toarray())
    )
    scores = evaluate.judge({"lift": by_lift, "similarity": by_similarity}, split, 5)[1]
    low, high = evaluate.interval(scores["lift"]["hit_rate"] - scores["similarity"]["hit_rate"])
    assert low < high < -0.02
    found = {name: f"{100 * each['hit_rate'].mean():.0f}" for name, each in scores.items()}
    assert (
        f"rows by similarity find something for {found['similarity']} of 100 customers, "
        f"rows by lift for {found['lift']}." in lesson
    )
