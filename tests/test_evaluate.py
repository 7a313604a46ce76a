"""Evaluation: no peeking, metrics against ranx on the same definition, honest intervals."""

import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from helpers import evaluate, simulation
from helpers.recommend import (
    ContentBased,
    FromScores,
    ItemBased,
    MissingDataError,
    MostPopular,
    NotFittedError,
    Random,
    WithFallback,
)
from tests.common import purchases


@pytest.fixture(scope="module")
def split(shop):
    return evaluate.split_by_time(*shop, test_days=60)


@pytest.fixture(scope="module")
def table(split):
    truth = np.exp(simulation.make_world().preference)
    worst = FromScores(
        pd.DataFrame(np.tile(np.arange(1.0, 54), (5000, 1)), truth.index, truth.columns)
    )
    return evaluate.compare(
        {
            "random": Random(),
            "most_popular": MostPopular(),
            "most_popular_7_days": MostPopular(7),
            "most_popular_30_days": MostPopular(30),
            "by_product_id": worst,
            "textbook": ItemBased(None, False),
            "item_based": evaluate.choose_item_based(split),
            "oracle": FromScores(truth),
        },
        split,
    )


def test_split_has_no_future_in_it(split):
    assert split.train["transaction_date"].max() < split.test_start
    assert split.train_events["event_date"].max() < split.test_start
    assert split.test["transaction_date"].min() >= split.test_start
    assert split.test_days == 60
    inner = evaluate.validation_split(split)
    assert inner.test["transaction_date"].max() < split.test_start


def test_split_by_hand():
    shop = purchases(("1", "a", "2024-01-01"), ("1", "b", "2024-01-09"), ("1", "c", "2024-01-10"))
    split = evaluate.split_by_time(shop, test_days=2)
    assert split.test["product_id"].tolist() == ["b", "c"]
    with pytest.raises(evaluate.TooShortError, match="test_days"):
        evaluate.split_by_time(shop, test_days=10)


def test_metrics_by_hand():
    shown = pd.DataFrame(
        {
            "customer_id": ["1", "1", "1", "2", "2"],
            "rank": [1, 2, 3, 1, 2],
            "product_id": ["a", "b", "c", "a", "b"],
        }
    )
    bought = pd.DataFrame({"customer_id": ["1", "1", "2", "3"], "product_id": ["b", "c", "z", "a"]})
    hits, n = evaluate.hits_of(shown, bought, pd.Index(["1", "2", "3"]), k=3)
    assert hits.tolist() == [[False, True, True], [False] * 3, [False] * 3]
    assert n.tolist() == [2, 1, 1]
    assert evaluate.hit_rate(hits, n).tolist() == [1, 0, 0]
    assert evaluate.precision(hits, n)[0] == pytest.approx(2 / 3)
    assert evaluate.recall(hits, n)[0] == 1
    assert evaluate.mrr(hits, n)[0] == 1 / 2
    ideal = 1 + 1 / np.log2(3)
    assert evaluate.ndcg_at_k(hits, n)[0] == pytest.approx((1 / np.log2(3) + 1 / 2) / ideal)


def test_metrics_equal_ranx(split):
    matrix, tables = split.training()
    model = ItemBased().fit(matrix, **tables)
    customers = evaluate.relevant_products(split)["customer_id"].drop_duplicates().head(150)
    scores, lists = evaluate.per_customer(model, split, k=5, customers=pd.Index(customers))
    relevant = evaluate.relevant_products(split)
    relevant = relevant[relevant["customer_id"].isin(scores.index)]
    qrels = {
        customer: dict.fromkeys(group, 1)
        for customer, group in relevant.groupby("customer_id")["product_id"]
    }
    run = {
        customer: dict(zip(group["product_id"], -group["rank"].astype(float), strict=True))
        for customer, group in lists.groupby("customer_id")
    }
    # in a process of its own without numba's compiler, which takes longer than ranx's loops;
    # our own compiled loops must not be switched off with it
    script = (
        "import json, sys; from ranx import Qrels, Run, evaluate; "
        "qrels, run, metrics = json.load(sys.stdin); "
        "print(json.dumps(evaluate(Qrels(qrels), Run(run), metrics, make_comparable=True)))"
    )
    question = json.dumps([qrels, run, [f"{name}@5" for name in evaluate.METRICS]])
    answer = subprocess.run(
        [sys.executable, "-c", script], input=question, capture_output=True, text=True, check=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    theirs = json.loads(answer.stdout.strip().splitlines()[-1])
    for name in evaluate.METRICS:
        assert scores[name].mean() == pytest.approx(theirs[f"{name}@5"]), name


def test_coverage_and_personalization_by_hand():
    same = pd.DataFrame({"customer_id": list("1122"), "product_id": list("abab")})
    other = pd.DataFrame({"customer_id": list("1122"), "product_id": list("abcd")})
    half = pd.DataFrame({"customer_id": list("1122"), "product_id": list("abac")})
    assert [evaluate.personalization(t) for t in (same, other, half)] == [0, 1, 0.5]
    assert evaluate.catalogue_coverage(half, 6) == 0.5


def test_there_is_something_to_learn(table):
    """The bundled shop: what its data card promises."""
    popular = table.loc[[name for name in table.index if name.startswith("most_popular")]]
    best = popular.loc[popular["hit_rate"].idxmax()]
    ours = table.loc["item_based"]
    assert ours["hit_rate"] >= 1.5 * best["hit_rate"]
    assert ours["hit_rate_low"] > best["hit_rate_high"]
    assert table.loc["oracle", "hit_rate_low"] > ours["hit_rate_high"]
    wrong = table.loc["by_product_id"]
    assert wrong["hit_rate"] <= table.loc["random", "hit_rate_high"]


def test_random_looks_perfect_on_the_wrong_metrics(table):
    assert table.loc["random", "coverage"] == 1
    assert table.loc["random", "personalization"] > table.loc["item_based", "personalization"]
    assert table.loc["random", "ndcg"] < table.loc["most_popular", "ndcg"]


def test_shuffle_test_sees_taste_and_sees_none_where_there_is_none(split):
    found = evaluate.shuffle_test(split)
    assert found["signal"] and found["difference"] > found["half_width"]
    assert found["half_width"] == pytest.approx(found["high"] - found["difference"])
    flat = simulation.make_world(taste_strength=0)
    blind = evaluate.split_by_time(flat.transactions, flat.events, 60)
    result = evaluate.shuffle_test(blind)
    # complements are left in this world, so a trace may remain; a tenth of the real one at most
    assert result["difference"] < found["difference"] / 10


def test_paired_difference(split):
    result = evaluate.paired_difference(ItemBased(), MostPopular(), split)
    assert 0 < result["low"] < result["difference"] < result["high"]
    nothing = evaluate.paired_difference(ItemBased(), ItemBased(), split)
    assert nothing == {"difference": 0, "low": 0, "high": 0}


def test_judging_leaves_the_callers_recommenders_alone(split, bundled_matrix):
    """One that serves today must not forget the days that were held out."""
    serving, layers = ItemBased().fit(bundled_matrix), {"popularity": MostPopular()}
    before = serving.recommend(bundled_matrix.customers[:20])
    evaluate.paired_difference(serving, WithFallback(layers), split)
    evaluate.compare({"serving": serving, "ladder": WithFallback(layers)}, split)
    evaluate.choose({"serving": serving, "ladder": WithFallback(layers)}, split)
    pd.testing.assert_frame_equal(before, serving.recommend(bundled_matrix.customers[:20]))
    with pytest.raises(NotFittedError):
        layers["popularity"].recommend()


def test_interval_covers_as_often_as_it_says():
    draws = np.random.default_rng(0).random((1000, 200)) < 0.3
    low, high = zip(*(evaluate.interval(row) for row in draws), strict=True)
    covered = np.mean((np.array(low) < 0.3) & (np.array(high) > 0.3))
    assert 0.92 < covered < 0.97


def test_choice_never_sees_the_test_window(split):
    options = {"steady": ItemBased(), "trend": ItemBased(trend_days=30)}
    chosen = evaluate.choose(options, split)
    scrambled = evaluate.Split(
        split.train,
        split.test.assign(product_id="PROD_001"),
        split.train_events,
        split.test_start,
    )
    assert evaluate.choose(options, scrambled) == chosen


class Broken(ItemBased):
    def _fit(self, matrix, transactions, events, products):
        raise ValueError("programming error deep inside")


def test_only_a_short_past_leads_to_the_default(split, shop, monkeypatch):
    with pytest.raises(ValueError, match="deep inside"):
        evaluate.choose({"broken": Broken(), "popular": MostPopular()}, split)
    for short in (
        purchases(("1", "a", "2024-01-01"), ("2", "b", "2024-01-05"), ("1", "b", "2024-01-09")),
        purchases(("1", "a", "2024-01-01"), ("2", "b", "2024-01-05"), ("1", "c", "2024-01-05")),
    ):
        assert evaluate.settings_for(short, test_days=3).trend_days is None
        options = {"popular": MostPopular(), "item_based": ItemBased()}
        assert evaluate.choose(options, evaluate.split_by_time(short, test_days=3)) == "popular"

    def unrelated(*_):
        raise ValueError("unrelated bug")

    monkeypatch.setattr(evaluate, "choose_item_based", unrelated)
    with pytest.raises(ValueError, match="unrelated bug"):
        evaluate.settings_for(*shop)


def test_what_cannot_be_fitted_is_not_chosen():
    """No categories, no prices: whether the past can be split or not."""
    short = purchases(("1", "a", "2024-01-01"), ("2", "b", "2024-01-05"), ("1", "b", "2024-01-09"))
    longer = purchases(
        *[(f"{n}", product, f"2024-01-{day:02d}")
          for n in range(9) for product, day in (("a", 1), ("b", 5 + n % 2), ("c", 9))]
    )  # fmt: skip
    for shop in (short, longer):
        split = evaluate.split_by_time(shop, test_days=3)
        options = {"content": ContentBased(), "popular": MostPopular()}
        assert evaluate.choose(options, split) == "popular"
        with pytest.raises(MissingDataError, match="content"):
            evaluate.choose({"content": ContentBased()}, split)
