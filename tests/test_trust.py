"""Lesson 05b: chance worked out, histories dealt anew, gains beside lines, a pushing page."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import evaluate, memo, simulation, trust
from helpers.course.notebooks import FOLDER
from helpers.matrix import build_interaction_matrix
from helpers.recommend import EASE, ItemBased, MostPopular, Random
from helpers.simulation.world import N_DAYS, make_products, replay_purchases
from tests.common import purchases, thorough


@pytest.fixture(scope="module")
def split(shop):
    return evaluate.split_by_time(*shop, 60)


def test_chance_of_a_hit_by_hand():
    assert trust.chance_of_a_hit([2, 2, 1, 2], [1, 1, 1, 1], 1) == pytest.approx([0.5, 0.5, 1, 0.5])
    # five places, fifty products, two bought: the dice miss both with 45/50 x 44/49
    assert trust.chance_of_a_hit(50, 2, 5) == pytest.approx(1 - 45 / 50 * 44 / 49)
    assert trust.chance_of_a_hit([3, 3, 0], [0, 2, 0], 3) == pytest.approx([0, 1, 0])
    assert trust.chance_of_a_hit(3, 2, 9) == 1


def test_chance_is_what_many_throws_of_the_dice_find(split):
    """The mean of random lists strays by less than half a point, and everyone is judged."""
    chance = trust.chance_per_customer(split, 5)
    matrix, tables = split.training()
    thrown = [
        evaluate.per_customer(Random(random_state=seed).fit(matrix, **tables), split, 5)[0][
            "hit_rate"
        ]
        for seed in range(8)
    ]
    assert (thrown[0].index == chance.index).all()
    assert np.mean(thrown) == pytest.approx(chance.mean(), abs=0.007)


def test_what_was_first_sold_after_the_cut_is_out_of_reach_of_the_dice():
    table = purchases(("1", "A"), ("2", "B"), ("3", "C"), ("1", "new"), ("2", "A"))
    table["transaction_date"] = pd.to_datetime(["2024-01-01"] * 3 + ["2024-03-01"] * 2)
    late = evaluate.split_by_time(table, test_days=10)
    assert trust.chance_per_customer(late, 1).to_dict() == {"1": 0, "2": 0.5}


def test_the_share_of_the_way():
    assert trust.share_of_the_way(0.5, 0.3, 0.7) == pytest.approx(0.5)
    assert trust.share_of_the_way(0.2, 0.3, 0.7) == pytest.approx(-0.25)
    assert np.isnan(trust.share_of_the_way(0.5, 0.7, 0.7))


def test_dealt_histories_are_everybody_elses(split):
    dealt = trust.deal_histories(split)
    before = split.train.groupby("customer_id")["product_id"].apply(sorted)
    after = dealt.train.groupby("customer_id")["product_id"].apply(sorted)
    assert set(before.index) == set(after.index)
    assert sorted(map(tuple, before)) == sorted(map(tuple, after)), "whole histories are dealt"
    # a permutation without a fixed point: the map is the same for every row of a customer
    owners = pd.Series(dealt.train["customer_id"].to_numpy(), split.train["customer_id"])
    assert (owners.groupby(level=0).nunique() == 1).all()
    assert (owners.index != owners.to_numpy()).all()
    pd.testing.assert_frame_equal(dealt.test, split.test)
    assert (dealt.train["product_id"] == split.train["product_id"]).all()


def test_the_control_finds_nothing_and_the_lists_fall_to_popularity(split):
    differences = [
        evaluate.shuffle_test(trust.deal_histories(split, seed), metric="hit_rate")["difference"]
        for seed in range(5)
    ]
    real = evaluate.shuffle_test(split, metric="hit_rate")["difference"]
    assert abs(np.mean(differences)) < 0.02 < real / 5
    rates = evaluate.compare(
        {"ours": ItemBased(), "popular": MostPopular()}, trust.deal_histories(split)
    )["hit_rate"]
    assert rates["ours"] == pytest.approx(rates["popular"], abs=0.04)


def test_the_shuffle_test_is_the_mean_of_its_customers(split):
    pairs, found = evaluate.own_and_stranger(split)
    result = evaluate.shuffle_test(split, metric="hit_rate")
    assert result["own"] == found["own"].any(axis=1).mean()
    assert result["stranger"] == found["stranger"].any(axis=1).mean()
    assert (pairs["stranger"] != pairs.index).all() and pairs["stranger"].is_unique
    assert (found["own"].sum(axis=1) <= pairs["bought"]).all()
    low, high = evaluate.interval(found["own"].any(axis=1) * 1.0 - found["stranger"].any(axis=1))
    assert (result["low"], result["high"]) == pytest.approx((low, high))


def test_the_smallest_gain_pays_for_itself():
    gain = trust.smallest_gain(cost=600, today=4_000, rival=0.3, exchange=2)
    assert gain == pytest.approx(0.0225)
    assert 4_000 * 2 * gain / 0.3 == pytest.approx(600)
    assert np.isnan(trust.smallest_gain(None, 4_000, 0.3, 2))
    assert np.isnan(trust.smallest_gain(600, np.nan, 0.3, 2))


@given(st.floats(1, 1e6), st.floats(1, 1e6), st.floats(0.01, 1), st.floats(0.1, 5))
def test_the_line_is_the_memos(visits, cost, rival, rate):
    """Both lessons that draw it draw the same one."""
    assumed = memo.Assumptions(visits_per_week=visits, cost_per_year=cost, exchange_rate=rate)
    today = trust.place_earns(assumed, 40.0)
    assert today == pytest.approx(visits * 52 / 12 * 0.008 * 0.3 * 40 * 0.4)
    line = trust.smallest_gain(cost / 12, today, rival, assumed.exchange_rate)
    assert line == pytest.approx(rival * memo.lift_worth_having(assumed, 40.0)["more_hits"])


def test_without_visits_or_prices_nobody_knows_what_a_place_earns():
    assumed = memo.Assumptions(visits_per_week=4_200, cost_per_year=8_000)
    assert np.isnan(trust.place_earns(assumed, None))
    assert np.isnan(trust.place_earns(memo.Assumptions(), 40.0))


def test_products_are_left_out_of_past_and_future(split):
    gone = split.train["product_id"].value_counts().index[:5]
    without = trust.without_products(split, gone)
    assert not without.train["product_id"].isin(gone).any()
    assert len(without.test) == (~split.test["product_id"].isin(gone)).sum() < len(split.test)


@pytest.mark.parametrize(
    ("low", "high", "hits", "answer"),
    [
        (0.01, 0.03, 90, evaluate.SIGNAL),
        (-0.02, 0.02, 90, trust.NOTHING),
        (-0.2, 0.2, 90, evaluate.CANNOT_TELL),
        (0.01, 0.03, 19, evaluate.CANNOT_TELL),
        (np.nan, np.nan, 90, evaluate.CANNOT_TELL),
    ],
)
def test_what_histories_say(low, high, hits, answer):
    assert trust.histories(low, high, 0.06, hits, 500) == answer
    assert trust.histories(low, high, 0.06, hits, 99) == evaluate.CANNOT_TELL
    blind = evaluate.CANNOT_TELL if answer == trust.NOTHING else answer
    assert trust.histories(low, high, 0.06, hits, 500, taken=0.51) == blind
    assert trust.histories(low, high, 0.06, hits, 500, taken=0.5) == answer


def test_places_taken_by_hand():
    """What neither of the two owns can be shown: one product, or four and one."""
    matrix = build_interaction_matrix(purchases(("1", "A"), ("1", "B"), ("2", "A"), ("2", "C"),
                                                ("3", "C"), ("3", "D")))  # fmt: skip
    pairs = pd.DataFrame({"stranger": ["2", "3"]}, ["1", "2"])
    assert trust.places_taken(matrix, pairs, 1) == 1
    matrix = build_interaction_matrix(purchases(("1", "A"), ("2", "B"), ("3", "C"), ("3", "D"),
                                                ("3", "E"), ("3", "F")))  # fmt: skip
    assert trust.places_taken(matrix, pairs, 1) == pytest.approx((1 / 4 + 1 / 1) / 2)


def test_a_trend_can_be_tested_too(split):
    plain, same, trend = (
        evaluate.own_and_stranger(split, model=model)[1]["own"]
        for model in (None, ItemBased(), ItemBased(trend_days=30))
    )
    assert (plain == same).all() and (plain != trend).any()


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (3, 5, trust.WORTH_IT),
        (2, 5, trust.WORTH_IT),
        (1, 1.9, trust.TOO_SMALL),
        (-1, 1.9, trust.NOT_WORTH_IT),
        (-3, -1, trust.NOT_WORTH_IT),
        (1, 3, trust.WORTH_IT),
        (-1, 2, trust.CANNOT_TELL_YET),
        (np.nan, np.nan, trust.CANNOT_TELL_YET),
    ],
)
def test_four_outcomes(low, high, answer):
    assert trust.outcome(low, high, 2) == answer


def test_false_alarms_come_as_often_as_the_napkin_says():
    slides = [trust.groups_without_a_difference(random_state=seed) for seed in range(300)]
    plain = [((each["low"] > 0) | (each["high"] < 0)).any() for each in slides]
    wide = [((each["all_low"] > 0) | (each["all_high"] < 0)).any() for each in slides]
    assert trust.false_alarm(12) == pytest.approx(0.4596, abs=1e-4)
    assert np.mean(plain) == pytest.approx(trust.false_alarm(12), abs=0.08)
    assert np.mean(wide) < 0.1
    shown = trust.groups_without_a_difference()
    assert ((shown["high"] < 0) | (shown["low"] > 0)).sum() == 1 == (shown["high"] < 0).sum()
    assert (shown["all_high"] > 0).all() and (shown["all_low"] < 0).all()
    assert abs(shown["gain"].mean()) < 0.005 and 5 <= (shown["gain"] > 0).sum() <= 7


def history(*sizes):
    """Customers 0, 1, … with so many products each."""
    rows = [(str(c), f"P{p}") for c, size in enumerate(sizes) for p in range(size)]
    return build_interaction_matrix(purchases(*rows))


def test_groups_by_purchases_are_in_order_and_of_about_one_size():
    sizes = [1] * 5 + [2, 3, 4, 10, 11, 12, 30, 40, 50]
    matrix = history(*sizes)
    group = trust.groups_by_purchases(matrix, matrix.customers)
    assert list(group.cat.categories) == [
        "1 product", "2 to 4 products", "5 to 12 products", "13 products or more",
    ]  # fmt: skip
    assert group.value_counts().to_dict() == {
        "1 product": 5, "2 to 4 products": 3, "5 to 12 products": 3, "13 products or more": 3,
    }  # fmt: skip
    assert group["5"] == "2 to 4 products" and group["11"] == "13 products or more"


@pytest.mark.parametrize(
    ("sizes", "labels"),
    [
        ([1, 1, 1], ["1 product"]),
        ([1, 2, 2, 2], ["1 product", "2 products"]),
        ([3, 3, 3], ["1 product", "2 to 3 products"]),
        ([2, 2, 2, 9], ["1 product", "2 products", "3 products or more"]),
    ],
)
def test_groups_where_many_have_the_same_number(sizes, labels):
    matrix = history(*sizes)
    group = trust.groups_by_purchases(matrix, matrix.customers)
    assert list(group.cat.categories) == labels and group.notna().all()


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [(1, 2, trust.FILL_IN), (-1, 2, trust.CANNOT_TELL_YET), (-2, -1, trust.NOT_WORTH_IT)],
)
def test_without_a_line_nobody_says_no_to_a_gain(low, high, answer):
    assert trust.outcome(low, high, np.nan) == answer


def test_only_who_clearly_loses_is_left_out():
    table = pd.DataFrame(
        {"gain_high": [0.3, 0.1, -0.1, np.nan], "gain": [0.2, 0.0, -0.2, 0.5],
         "customers": [40, 20, 30, 10], "enough": [True, True, True, False]}, list("abcd"),
    )  # fmt: skip
    assert trust.whom_to_show_what(table).to_dict() == {
        "a": trust.PERSONAL, "b": trust.PERSONAL, "c": trust.BEST_SELLERS, "d": trust.NO_VERDICT,
    }  # fmt: skip
    assert trust.gain_of_those_who_go_along(table) == pytest.approx(0.4 * 0.2 + 0.1 * 0.5)


def test_the_gain_decides_and_the_shuffle_test_never_overrules_it():
    for signal in (evaluate.SIGNAL, evaluate.CANNOT_TELL, trust.NOTHING):
        assert trust.budget(signal, trust.WORTH_IT) == trust.YES
        assert trust.budget(signal, trust.FILL_IN) == trust.FILL_IN
        assert trust.budget(signal, trust.TOO_SMALL) == trust.NO
        assert trust.budget(signal, trust.NOT_WORTH_IT) == trust.NO
    assert trust.budget(trust.NOTHING, trust.CANNOT_TELL_YET) == trust.NO
    assert trust.budget(evaluate.CANNOT_TELL, trust.CANNOT_TELL_YET) == trust.NOT_YET


def test_the_four_lines_in_the_fold_are_ease(bundled_matrix):
    values = bundled_matrix.values.toarray().astype(float)
    together = values.T @ values
    inverse = np.linalg.inv(together + 100 * np.eye(len(together)))
    weights = -inverse / inverse.diagonal()
    np.fill_diagonal(weights, 0)
    np.testing.assert_allclose(weights, EASE(100).fit(bundled_matrix).weights_)


# What is bought is partly what was shown


def test_a_replay_without_a_push_is_the_bundled_shop(shop):
    columns = ["customer_id", "product_id", "transaction_date"]
    replayed = replay_purchases(np.zeros((1, 53)))
    for each in (replayed, shop[0]):
        assert len(each) == 24_419
    pd.testing.assert_frame_equal(
        *(each[columns].sort_values(columns, ignore_index=True) for each in (replayed, shop[0])),
        check_dtype=False,
    )


def test_a_push_sells_what_is_pushed_and_changes_nothing_before_it():
    pushed = np.zeros((N_DAYS, 53))
    pushed[400:, 7] = np.log(3)
    plain, later = replay_purchases(np.zeros((1, 53))), replay_purchases(pushed)
    day = (plain["transaction_date"] - plain["transaction_date"].min()).dt.days
    assert (plain["transaction_date"] == later["transaction_date"]).all(), "the same visits"
    early = day < 400
    assert (plain["product_id"][early] == later["product_id"][early]).all()
    product = make_products()["product_id"][7]
    sold = [(each["product_id"][~early] == product).sum() for each in (plain, later)]
    assert sold[1] > 1.4 * sold[0]


@thorough
def test_a_homepage_that_pushes_flatters_the_best_sellers():
    futures = simulation.two_futures()
    goes_on, stops = futures.loc["homepage goes on"], futures.loc["homepage stops"]
    assert goes_on["best sellers"] > stops["best sellers"] + 0.1
    left_out = futures.loc["goes on, pushed ones left out"]
    assert goes_on["lead"] + 0.03 < min(stops["lead"], left_out["lead"])
    assert left_out["shown"] == 0
    assert goes_on["shown"] > 1.5 * stops["shown"]
    for _, row in futures.iterrows():
        assert row["lead"] == pytest.approx(row["personal lists"] - row["best sellers"])
    nobody_looks = simulation.two_futures(push=1)
    pd.testing.assert_series_equal(*(nobody_looks.iloc[n] for n in (0, 1)), check_names=False)


def test_other_strangers_say_the_same(split):
    """As a fold of lesson 05b says of twenty more draws."""
    lesson = (FOLDER / "05b_trust.ipynb").read_text(encoding="utf-8")
    assert "twenty more draws found 22 to 26 %, and all said *a signal*" in lesson
    model = evaluate.choose_item_based(split, 5)
    draws = [evaluate.shuffle_test(split, 5, seed, "hit_rate", model) for seed in range(1, 21)]
    found = [each["stranger"] for each in draws]
    assert f"{min(found):.0%} {max(found):.0%}" == "22% 26%"
    assert all(each["signal"] for each in draws)


@thorough
def test_in_most_made_up_shops_the_lead_grows_once_the_push_stops():
    """As a fold of lesson 05b says of ten more shops."""
    lesson = (FOLDER / "05b_trust.ipynb").read_text(encoding="utf-8")
    assert "In eight of them our lead grew. In two it shrank a little" in lesson
    leads = [simulation.two_futures(seed=seed)["lead"].iloc[:2] for seed in range(1, 11)]
    grew = np.array([stops - goes_on for goes_on, stops in leads])
    assert (grew > 0.02).sum() == 8 and (grew > -0.03).all()


def test_what_a_list_shows_most_need_not_be_what_sold_most():
    """Lesson 05b leaves out what the best sellers' lists show, not what sold best years ago."""
    lists = pd.DataFrame({"customer_id": list("uuvvw"), "product_id": list("cabca")})
    assert trust.most_shown(lists, 2) == ["a", "c"]  # equals by their id
    assert trust.most_shown(lists, 9) == ["a", "c", "b"]

    day = pd.to_datetime(["2024-01-01"] * 6 + ["2024-03-01"] * 2)
    purchases = pd.DataFrame({
        "customer_id": [*"123456", "7", "8"], "product_id": ["old"] * 6 + ["new", "new"],
        "transaction_date": day, "quantity": 1,
    })  # fmt: skip
    assert purchases["product_id"].value_counts().index[0] == "old"
    matrix = build_interaction_matrix(purchases)
    recent = MostPopular(30).fit(matrix, transactions=purchases).recommend(n=1)
    assert trust.most_shown(recent, 1) == ["new"]
