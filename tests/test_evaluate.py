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
def judged(split):
    matrix, tables = split.training()
    models = {"item_based": ItemBased(), "popular": MostPopular(30)}
    return {
        name: evaluate.per_customer(model.fit(matrix, **tables), split)[0]
        for name, model in models.items()
    }


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


def test_the_verdict_has_three_answers(split):
    """Thin data are no "nothing there"."""
    assert evaluate.verdict(0.05, 0.07, 0.02) == evaluate.SIGNAL
    assert evaluate.verdict(-0.01, 0.01, 0.02) == evaluate.NONE_WORTH_HAVING
    assert evaluate.verdict(-0.05, -0.01, 0.02) == evaluate.NONE_WORTH_HAVING
    assert evaluate.verdict(-0.01, 0.03, 0.02) == evaluate.CANNOT_TELL
    assert evaluate.verdict(0.001, 0.01, 0.02) == evaluate.NONE_WORTH_HAVING, "as the memo says"
    assert evaluate.verdict(0.001, 0.03, 0.02) == evaluate.SIGNAL
    few = split.test["customer_id"].unique()[:40]
    thin = evaluate.Split(
        split.train, split.test[split.test["customer_id"].isin(few[:12])], None, split.test_start
    )
    result = evaluate.shuffle_test(thin)
    worth = evaluate.worth_having(0.1, result["customers"])
    thin_verdict = evaluate.verdict(result["low"], result["high"], worth)
    assert thin_verdict == evaluate.CANNOT_TELL
    assert evaluate.worth_having(0.1, 1000) == pytest.approx(0.02)
    assert evaluate.worth_having(0.001, 100) == pytest.approx(0.01)


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


def test_long_lists_begin_with_the_hits_of_shorter_ones(split):
    models = {"random": Random(), "popular": MostPopular(30), "item_based": ItemBased()}
    hits = evaluate.hits_at_ranks(models, split, longest=100)
    for k in (1, 5, 12):
        results = evaluate.compare(models, split, k)
        for name, each in hits.items():
            shorter = each[:, :k], np.ones(len(each))
            assert evaluate.hit_rate(*shorter).mean() == pytest.approx(results["hit_rate"][name])
            assert evaluate.precision(*shorter).mean() == pytest.approx(results["precision"][name])
    assert {each.shape for each in hits.values()} == {(results["customers"].iloc[0], 53)}


@pytest.mark.parametrize(("of", "minus"), [("item_based", None), ("popular", None),
                                           ("item_based", "popular")])  # fmt: skip
def test_intervals_cover_as_often_as_they_say(judged, of, minus):
    """NDCG is skewed, most customers have no hit; samples of the shop's own customers."""
    values = judged[of]["ndcg"] - (judged[minus]["ndcg"] if minus else 0)
    draw = np.random.default_rng(0)
    for size in (100, 300):
        samples = values.to_numpy()[draw.integers(0, len(values), (1500, size))]
        low, high = np.transpose([evaluate.interval(each) for each in samples])
        covered = np.mean((low <= values.mean()) & (values.mean() <= high))
        assert 0.925 < covered < 0.97, (size, covered)


def test_intervals_for_several_comparisons_cover_all_together():
    draws = np.random.default_rng(0).normal(size=(2000, 6, 100))
    for comparisons, least, most in ((6, 0.935, 0.97), (1, 0.5, 0.8)):
        ends = [[evaluate.interval(values, comparisons) for values in draw] for draw in draws]
        low, high = np.moveaxis(np.array(ends), 2, 0)
        assert least < np.mean(((low < 0) & (high > 0)).all(axis=1)) < most, comparisons


def test_nobody_is_lost_among_the_judged_and_the_left_out(split):
    counts = evaluate.who_is_judged(split)
    assert counts.tolist() == [1056, 142, 65, 3027]
    assert counts.iloc[:3].sum() == split.test["customer_id"].nunique()
    small = purchases(
        ("judged", "a", "2024-01-01"), ("judged", "b", "2024-01-09"),
        ("repeats", "a", "2024-01-01"), ("repeats", "a", "2024-01-10"),
        ("first", "b", "2024-01-09"), ("gone", "b", "2024-01-01"), ("gone too", "b", "2024-01-02"),
    )  # fmt: skip
    assert evaluate.who_is_judged(evaluate.split_by_time(small, test_days=2)).tolist() == [
        1, 1, 1, 2,
    ]  # fmt: skip


def test_groups_are_judged_beside_a_rival_and_the_others():
    draw = np.random.default_rng(1)
    groups = pd.Series(np.repeat(["small", "worse", "as good"], [20, 400, 600]))
    rival = pd.Series(draw.random(1020) < 0.2, dtype=float)
    ours = pd.Series(draw.random(1020) < np.where(groups == "worse", 0.3, 0.5), dtype=float)
    table = evaluate.compare_groups(ours, rival, groups)
    assert table["customers"].to_dict() == {"as good": 600, "small": 20, "worse": 400}
    assert table["enough"].to_dict() == {"as good": True, "small": False, "worse": True}
    of_small = table.loc["small", [name for name in table if name.endswith(("_low", "_high"))]]
    assert of_small.isna().all(), "nothing can be said of twenty customers"
    assert table.loc["worse", "beside_others_high"] < 0 < table.loc["as good", "beside_others_low"]
    worse = (groups == "worse").to_numpy()
    gain = ours[worse].mean() - rival[worse].mean()
    assert table.loc["worse", "gain"] == pytest.approx(gain)
    assert table.loc["worse", "gain_low"] < gain < table.loc["worse", "gain_high"]


def test_groups_without_a_difference_are_rarely_found_worse():
    draw = np.random.default_rng(2)
    groups = pd.Series(np.repeat(list("abcd"), 150))
    found = 0
    for _ in range(300):
        ours = pd.Series(draw.random(600) < 0.4, dtype=float)
        table = evaluate.compare_groups(ours, 0 * ours, groups)
        low, high = table["beside_others_low"], table["beside_others_high"]
        found += bool(((low > 0) | (high < 0)).any())
    assert found / 300 < 0.08, "the one that looks worst of four is found in 5 % of shops"


@pytest.mark.parametrize(("rate", "sizes"), [(0.02, [100, 100, 3000]), (0.5, [120, 3])])
def test_few_hits_and_few_others_find_no_group_worse(rate, sizes):
    """A hundred customers without any hit vary by nothing, and look surely worse."""
    draw = np.random.default_rng(3)
    groups = pd.Series(np.repeat(list("abc")[: len(sizes)], sizes))
    found = 0
    for _ in range(200):
        ours = pd.Series(draw.random(len(groups)) < rate, dtype=float)
        found += (evaluate.compare_groups(ours, 0 * ours, groups)["beside_others_high"] < 0).any()
    assert found / 200 < 0.08


def test_a_group_that_finds_nothing_where_others_do_is_worse():
    groups = pd.Series(np.repeat(["nothing", "others"], [200, 600]))
    ours = pd.Series(np.r_[np.zeros(200), np.arange(600) % 2])
    table = evaluate.compare_groups(ours, 0 * ours, groups)
    assert table.loc["nothing", "enough"] and table.loc["nothing", "beside_others_high"] < 0


def test_thin_data_are_few_customers_or_few_hits():
    for customers, hits, expected in ((99, 50, True), (100, 20, False), (1000, 19, True)):
        rates = {"hit_rate": [0, hits / customers], "customers": customers}
        assert evaluate.thin(pd.DataFrame(rates)) is expected, (customers, hits)


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


def test_a_split_that_remembers_gives_everybody_a_table_of_their_own(split):
    asked = (evaluate.relevant_products(split), evaluate.relevant_products(split, new_only=False))
    for new_only, theirs in zip((True, False), asked, strict=True):
        theirs["customer_id"] = "nobody"
        assert "nobody" not in set(evaluate.relevant_products(split, new_only)["customer_id"])
    theirs = split.training()[1]["products"]
    theirs["product_name"] = "nothing"
    assert "nothing" not in set(split.training()[1]["products"]["product_name"])
