"""Lesson 00's look back: the customer by a rule, luck by hand, and shops that can't be judged."""

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import evaluate
from helpers.course import start
from helpers.course.notebooks import QUIZZES
from helpers.recommend import INTENT_DAYS, ItemBased, Random


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
    assert list(hits) == [start.OURS, start.BEST_SELLERS]
    assert hits.index.equals(look.judged)
    mine = hits.loc[look.customer]
    assert mine[start.OURS] == look.own_list["product_id"].isin(look.later).sum()
    assert mine[start.BEST_SELLERS] == look.best_sellers.isin(look.later).sum()
    table = start.share_with_a_hit(hits, look.by_dice)
    assert table.index.tolist() == [start.OURS, start.BEST_SELLERS, start.DICE]
    assert table["share"].tolist()[:2] == (hits > 0).mean().tolist()


def test_the_rival_is_what_sold_best_in_the_last_30_days(look):
    newest = look.transactions["transaction_date"].max()
    recent = look.transactions["transaction_date"] > newest - pd.Timedelta(days=30)
    pairs = look.transactions[recent].drop_duplicates(["customer_id", "product_id"])
    buyers = pairs["product_id"].value_counts()
    best = buyers[~buyers.index.isin(look.owned)]
    assert sorted(buyers[look.best_sellers], reverse=True) == best.iloc[:5].tolist()


def test_the_settings_are_those_of_lesson_05a(shop, monkeypatch):
    """Chosen once, by the split that is judged; not by a split of its past once more."""
    asked = []

    def choose(split, k):
        asked.append(split)
        return ItemBased(trend_days=14)

    monkeypatch.setattr(evaluate, "choose_item_based", choose)
    look = start.look_back(*shop)
    assert asked == [look.split] and look.engine.model.trend_days == 14
    assert look.engine.model.intent_days == INTENT_DAYS


def test_what_was_returned_after_the_cut_was_a_purchase_before_it():
    rows = [("a", "x", "2024-01-01"), ("b", "x", "2024-01-01"), ("b", "y", "2024-01-02"),
            ("a", "z", "2024-06-01")]  # fmt: skip
    undone = bought(("a", "y", "2024-01-03"), ("a", "y", "2024-06-01"))
    undone = undone.assign(units=1, usable=True, returned=[False, True])
    plain = start.look_back(bought(*rows), test_days=10)
    known = start.look_back(bought(*rows), test_days=10, undone=undone)
    assert len(known.transactions) == len(plain.transactions) + 1
    mine = known.transactions[known.transactions["customer_id"] == "a"]
    assert set(mine["product_id"]) == {"x", "y"}


def test_luck_of_everybody_is_that_of_each(look):
    customer = look.customer
    wanted, candidates = len(look.wanted), len(look.candidates)
    by_chance = start.chance_of_hits(5, wanted, candidates)
    mine = look.by_dice.loc[customer]
    assert mine[by_chance.index].tolist() == pytest.approx(by_chance.tolist())
    assert mine.drop(by_chance.index).eq(0).all()
    assert np.allclose(look.by_dice.sum(axis=1), 1)


def test_lists_drawn_by_dice_hit_as_often_as_computed(look):
    drawn = Random().fit(look.matrix)
    scores = evaluate.per_customer(drawn, look.split, 5)[0]["hit_rate"]
    share = start.share_with_a_hit(look.hits, look.by_dice).loc[start.DICE, "share"]
    assert abs(scores.mean() - share) < 4 * np.sqrt(share * (1 - share) / len(scores))


def test_who_owns_nearly_all_can_be_drawn_only_the_rest():
    rows = [(customer, product, "2024-01-01") for customer in ("a", "b") for product in "xyzw"]
    rows = [row for row in rows if row[:2] not in (("a", "z"), ("a", "w"))]
    look = start.look_back(bought(*rows, ("a", "z", "2024-06-01")), test_days=10)
    # two candidates, five places: the one wanted is among them for sure
    assert look.by_dice.loc["a"].tolist() == [0, 1, 0, 0, 0, 0]


def test_how_much_the_fallback_fills(look):
    places, hits = look.filled_up
    lists = look.engine.recommend(look.judged, 5)
    assert places == (lists["source"] == "popularity").mean()
    lists = lists.merge(look.bought_later, on=["customer_id", "product_id"])
    assert hits == (lists["source"] == "popularity").mean()


def test_newcomers(look):
    buyers, new, unknown = look.newcomers
    first = set(look.split.test["customer_id"]) - set(look.split.train["customer_id"])
    assert buyers == look.split.test["customer_id"].nunique() and new == len(first)
    assert unknown == len(first - set(look.engine.model.customers_))


def test_a_reason_calls_a_product_what_the_list_calls_it():
    rows = [(f"c{n}", product, "2024-01-01") for n in range(4) for product in ("p1", "p2")]
    rows += [(f"c{n}", "p3", "2024-01-01") for n in range(1, 4)]
    table = bought(*rows).assign(product_name="Mug")
    look = start.look_back(table, test_days=10)
    assert look.customer == "c0" and "Mug (p1)" in look.own_list["reason"].iloc[0]


def test_a_shop_of_one_day_has_a_customer_and_nobody_to_judge(shop):
    transactions, events = shop
    day = transactions["transaction_date"].max()
    one_day = transactions.head(3_000).assign(transaction_date=day)
    look = start.look_back(one_day, None)
    assert look.split is None and not len(look.judged) and look.hits.empty
    assert look.filled_up == (0, 0) and look.newcomers == (0, 0, 0)
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


def test_a_product_that_is_new_to_the_shop_is_no_candidate():
    rows = [(customer, product, "2024-01-01") for customer in ("a", "b") for product in "xy"]
    rows += [("a", "z", "2024-01-02"), ("b", "new", "2024-06-01"), ("b", "z", "2024-06-02")]
    look = start.look_back(bought(*rows), test_days=10)
    assert look.customer == "b"
    assert look.later.tolist() == ["new", "z"] and look.wanted.tolist() == ["z"]
    assert look.candidates.tolist() == ["z"]
    assert look.listable["b"] == 1


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (16, 24, "promising"),
        (6, 7, "promising"),
        (4, 12, "may be worth it"),
        (4, 6, "may be worth it"),
        (-2, 14, "can't tell yet"),
        (0, 6, "can't tell yet"),
        (1, 5, "too small"),
        (-2, 4, "no lead worth having"),
        (-14.3, 4.9, "can't tell yet"),  # too wide to have seen such a lead
        (-5, 0, "no lead worth having"),
        (-14, -6, "best sellers win"),
    ],
)
def test_a_lead_is_compared_with_nothing_and_with_the_line_alone(low, high, said):
    assert start.what_a_lead_says(low, high, line=6) == said


def test_what_a_lead_says_agrees_with_the_rule_for_any_range():
    """Whatever the range: it wins, loses or is open for the same reasons as in the figure."""
    rng = np.random.default_rng(0)
    for low, width, line in zip(*rng.uniform([[-20], [0], [0.1]], [[20], [30], [12]], (3, 500)),
                               strict=True):  # fmt: skip
        said, high = start.what_a_lead_says(low, low + width, line), low + width
        assert (said == start.THEY_WIN) == (high < 0)
        assert (said in (start.WORTH_IT, start.MAY_BE)) == (low > 0 and high >= line)
        assert (said in (start.TOO_SMALL, start.NO_LEAD)) == (
            0 <= high < line and (low > 0 or width <= 2 * line)
        )


def test_the_quiz_asks_for_the_verdict_that_its_numbers_give():
    """Question 4: two counts of customers with a hit in one list only, and the line."""
    [_, _, _, question, _] = yaml.safe_load(QUIZZES.read_text("utf-8"))["00"]
    numbers = [int(each.replace(",", "")) for each in re.findall(r"\d[\d,]*\d", question["ask"])]
    judged, only_engine, only_simpler, line = numbers
    lead, coins = only_engine - only_simpler, 2 * (only_engine + only_simpler) ** 0.5
    assert start.what_a_lead_says(lead - coins, lead + coins, line) == start.CANNOT_TELL
    said = f"The lead is {lead}, give or take 2 × √{only_engine + only_simpler} = {coins:.0f}: "
    said += f"from −{coins - lead:.0f} to {lead + coins:.0f}."
    assert said in question["right"]["why"] and judged >= evaluate.MIN_CUSTOMERS
