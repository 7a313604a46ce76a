"""Lesson 00's look back: the customer by a rule, luck by hand, and shops that can't be judged."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from helpers import evaluate
from helpers.course import start


@pytest.fixture(scope="module")
def look(shop):
    return start.look_back(*shop)


def bought(*rows):
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "transaction_date"])
    return table.assign(transaction_date=pd.to_datetime(table["transaction_date"]))


def test_luck_is_what_counting_all_lists_gives():
    lists = list(combinations(range(7), 3))  # products 0 and 1 are wanted
    hits = pd.Series([len({0, 1} & set(each)) for each in lists])
    counted = hits.value_counts(normalize=True).sort_index()
    pd.testing.assert_series_equal(start.chance_of_hits(3, 2, 7), counted, check_names=False,
                                   check_index_type=False)  # fmt: skip


def test_luck_adds_up_and_refuses_the_impossible():
    by_chance = start.chance_of_hits(5, 3, 51)
    assert np.isclose(by_chance.sum(), 1)
    assert np.isclose((by_chance.index * by_chance).sum(), 5 * 3 / 51)
    assert start.chance_of_hits(2, 5, 5).tolist() == pytest.approx([0, 0, 1])
    assert start.chance_of_hits(5, 0, 9).tolist() == [1]
    for places, wanted, candidates in [(6, 1, 5), (1, 6, 5), (-3, -1, 5)]:
        with pytest.raises(ValueError, match="candidates"):
            start.chance_of_hits(places, wanted, candidates)


def test_the_engine_has_not_seen_the_weeks_it_is_judged_by(look, shop):
    transactions, _ = shop
    assert look.engine.trained_until < look.split.test_start
    assert look.transactions["transaction_date"].max() < look.split.test_start
    later = transactions[transactions["transaction_date"] >= look.split.test_start]
    mine = later[later["customer_id"] == look.customer]
    assert set(look.later) == set(mine["product_id"]) - set(look.owned)


def test_the_customer_is_the_first_with_a_list_and_something_new(look):
    assert look.customer == look.judged.min()
    assert (look.own_list["source"] == "purchases").any()
    assert not set(look.own_list["product_id"]) & set(look.owned)
    assert not set(look.best_sellers) & set(look.owned)
    assert len(look.candidates) + len(look.owned) == look.matrix.shape[1]
    assert set(look.wanted) == set(look.later) & set(look.candidates)


def test_the_trail_has_each_product_once_and_marks_the_lists(look):
    trail = look.trail
    assert trail.index.is_unique and trail["day"].is_monotonic_increasing
    assert (trail["hidden"] == (trail["day"] >= look.split.test_start)).all()
    marked = trail.index[trail[start.BEST_SELLERS]]
    assert set(marked) == set(look.best_sellers) & set(look.later)


def test_hits_of_everybody_are_those_of_the_lists(look):
    hits = look.hits
    assert list(hits) == [start.OURS, start.BEST_SELLERS, start.BLIND]
    assert hits.index.equals(look.judged)
    mine = hits.loc[look.customer]
    assert mine[start.OURS] == look.own_list["product_id"].isin(look.later).sum()
    assert mine[start.BEST_SELLERS] == look.best_sellers.isin(look.later).sum()
    table = start.share_with_a_hit(hits)
    assert table["share"].tolist() == (hits > 0).mean().tolist()
    low, high = evaluate.interval(hits[start.BLIND] > 0)
    assert table.loc[start.BLIND, ["share_low", "share_high"]].tolist() == [low, high]


def test_blind_lists_hit_as_often_as_the_napkin_says(look):
    """Over everybody, lists drawn by chance have as many hits as places x wanted / candidates."""
    owned = look.transactions.groupby("customer_id")["product_id"].nunique()
    later = look.bought_later
    later = later[later["product_id"].isin(look.matrix.products)]
    wanted = later["customer_id"].value_counts()
    expected = (5 * wanted / (look.matrix.shape[1] - owned))[look.judged].sum()
    found = look.hits[start.BLIND].sum()
    assert abs(found - expected) < 4 * np.sqrt(expected)


def test_reasons_of_the_first_place_are_the_ones_it_prints(look):
    printed = look.own_list["reason"].iloc[0]
    for share in look.first_reason[:2]:
        assert f"({share}%)" in printed
    assert abs(sum(look.first_reason) - 100) <= len(look.first_reason)


def test_products_shown(look):
    shown = look.products_shown()
    everyone = look.engine.recommend(look.matrix.customers, 5)
    assert shown["homepage today"] == 5
    assert shown[start.OURS] == everyone["product_id"].nunique()
    assert shown[start.BLIND] == look.matrix.shape[1]


def test_four_options_and_their_ticks(look):
    options = look.four_options()
    assert list(options) == ["rule-based", "content-based", "user-based", "item-based"]
    assert options["rule-based"].tolist() == look.best_sellers.tolist()
    names = pd.Series(options.stack().unique(), options.stack().unique()) + "!"
    ticked = start.with_ticks(options, names, look.later)
    for name in options:
        for product, text in zip(options[name], ticked[name], strict=True):
            assert text == f"{product}!" + (" ✓" if product in look.later else "")


def test_a_shop_of_one_day_has_a_customer_and_nobody_to_judge(shop):
    transactions, events = shop
    day = transactions["transaction_date"].max()
    one_day = transactions.head(3_000).assign(transaction_date=day)
    look = start.look_back(one_day, None)
    assert look.split is None and not len(look.judged) and look.hits.empty
    assert not len(look.later) and not len(look.wanted)
    assert len(look.own_list) and look.customer in set(one_day["customer_id"])
    assert look.trail["hidden"].sum() == 0


def test_a_shop_where_nobody_comes_back():
    rows = [(f"c{n}", f"p{n % 4}", "2024-01-01") for n in range(8)]
    rows += [(f"c{n}", f"p{(n + 1) % 4}", "2024-01-01") for n in range(8)]
    rows += [("new", "p9", "2024-06-01")]
    look = start.look_back(bought(*rows), test_days=10)
    assert not len(look.judged) and look.customer == "c0"
    assert len(look.own_list)
    # neither categories nor prices: contents can't be compared
    assert "content-based" not in look.four_options()


def test_a_product_that_is_new_to_the_shop_is_no_candidate():
    rows = [(customer, product, "2024-01-01") for customer in ("a", "b") for product in "xy"]
    rows += [("a", "z", "2024-01-02"), ("b", "new", "2024-06-01"), ("b", "z", "2024-06-02")]
    look = start.look_back(bought(*rows), test_days=10)
    assert look.customer == "b"
    assert look.later.tolist() == ["new", "z"] and look.wanted.tolist() == ["z"]
    assert look.candidates.tolist() == ["z"]
