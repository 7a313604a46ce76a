"""The blend of EASE and similarity: equal to its definition, explained, kept, and chosen for cause.

On matrices so small that no weight is left out, its scores are worked out again with NumPy alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import evaluate, handover, production, recommend
from helpers.course import forgetting
from helpers.matrix import build_interaction_matrix
from helpers.recommend import Blend, ItemBased, MissingDataError, product_trend
from tests.common import purchases
from tests.test_matrix_and_similarity import random_matrices

NEWEST = pd.Timestamp("2024-03-01")


@st.composite
def dated_purchases(draw):
    """A few purchases of a few products, up to a year old."""
    row = st.tuples(st.integers(0, 7), st.integers(0, 5), st.integers(0, 365))
    rows = draw(st.lists(row, min_size=3, max_size=30))
    return purchases(*((f"c{c}", f"p{p}", NEWEST - pd.Timedelta(days=age)) for c, p, age in rows))


def by_hand(table, share=0.7, penalty=5.0, half_life=None, trend_days=None, most=99, least=1):
    """All scores of all customers, from the definition and with no code of ours but the cosine."""
    owned = pd.crosstab(table["customer_id"], table["product_id"]).clip(upper=1).astype(float)
    buyers = owned.sum().sort_values(ascending=False, kind="stable").head(most)
    weighed = owned.columns.isin(buyers.index[buyers >= least])
    values = owned.copy()
    if half_life is not None:
        age = (table["transaction_date"].max() - table["transaction_date"]).dt.days
        newest = age.groupby([table["customer_id"], table["product_id"]]).min().unstack()
        values *= (0.5 ** (newest / half_life)).clip(lower=1e-6).fillna(0)
    values, heavy = values.to_numpy(), (values**2).sum(axis=1).to_numpy()[:, None]
    together = (values / heavy).T @ values  # rows of length 1: both factors at once
    cosine = together / np.sqrt(np.outer(np.diag(together), np.diag(together)))
    np.fill_diagonal(cosine, 0)
    solved = values[:, weighed]
    inverse = np.linalg.inv(solved.T @ solved + penalty * np.eye(solved.shape[1]))
    ease = np.zeros_like(cosine)
    ease[np.ix_(weighed, weighed)] = -inverse / np.diag(inverse)
    np.fill_diagonal(ease, 0)
    free = owned.to_numpy() == 0
    best = [np.maximum(owned.to_numpy() @ each * free, 0).max(axis=1).sum()
            for each in (cosine, ease)]  # fmt: skip
    pairs = cosine
    if best[1] > 1e-9:
        pairs = (1 - share) * cosine + share * best[0] / best[1] * ease
    trend = 1.0
    if trend_days is not None:
        trend = product_trend(table, build_interaction_matrix(table), trend_days)
    return pd.DataFrame(owned.to_numpy() @ (pairs * trend), owned.index, owned.columns).where(free)


@settings(max_examples=60, deadline=None)
@given(
    dated_purchases(),
    st.sampled_from([None, 60.0]),
    st.sampled_from([None, 30]),
    st.sampled_from([1, 2, 3, 99]),
    st.sampled_from([1, 2, 4]),
)
def test_scores_are_those_of_the_definition(table, half_life, trend_days, most, least):
    model = Blend(0.7, 5.0, half_life, trend_days, max_products=most, min_customers=least)
    model.fit(build_interaction_matrix(table), table)
    ours = model.recommend(n=9).pivot(index="customer_id", columns="product_id", values="score")
    expected = by_hand(table, 0.7, 5.0, half_life, trend_days, most, least)
    shown = expected.where(expected > 1e-4)
    ours = ours.reindex(index=expected.index, columns=expected.columns)
    np.testing.assert_allclose(ours.where(shown.notna()), shown, rtol=2e-3, atol=2e-5)
    assert (ours[shown.isna()].max().max() < 2e-4) or ours[shown.isna()].isna().all().all()


@settings(max_examples=60, deadline=None)
@given(random_matrices(), st.sampled_from([0.1, 10.0]), st.sampled_from([0.0, 0.7, 1.0]))
def test_reasons_add_up_also_where_some_speak_against(matrix, penalty, share):
    model = Blend(share, penalty).fit(matrix)
    table = model.recommend(n=8)
    parts = model.contributions(table)
    pair = ["customer_id", "product_id"]
    total = parts.groupby(pair)["contribution"].sum()
    total = total.reindex(pd.MultiIndex.from_frame(table[pair]))
    np.testing.assert_allclose(total, table["score"], rtol=1e-9)
    # strongest first: what speaks against a product stands behind what speaks for it
    assert (parts.groupby(pair, sort=False)["contribution"].diff().fillna(0) <= 0).all()


def test_without_ease_it_is_item_based(bundled_matrix, shop):
    blend = Blend(ease_share=0.0, trend_days=30).fit(bundled_matrix, shop[0])
    plain = ItemBased(trend_days=30).fit(bundled_matrix, shop[0])
    ours, theirs = (model.recommend(n=5) for model in (blend, plain))
    pd.testing.assert_frame_equal(ours, theirs)


def test_single_precision_and_few_weights_change_hardly_a_list(bundled_matrix, monkeypatch):
    exact = recommend._ease_weights(bundled_matrix.values, 200.0).toarray()
    single = recommend._ease_weights(bundled_matrix.values, 200.0, np.float32).toarray()
    np.testing.assert_allclose(single, exact, atol=1e-5)
    few = recommend._ease_weights(bundled_matrix.values, 200.0, np.float32, 10).toarray()
    for column in range(len(exact)):
        left_out = few[:, column] == 0
        assert (~left_out).sum() == 10
        kept = np.abs(single[~left_out, column])
        assert np.abs(single[left_out, column]).max() <= kept.min()
    # in blocks as at once
    monkeypatch.setattr(recommend, "BLOCK", 7 * 53)
    blocks = recommend._ease_weights(bundled_matrix.values, 200.0, np.float32).toarray()
    np.testing.assert_allclose(blocks, single, atol=1e-7)


def test_events_speak_as_in_item_based(bundled_matrix, shop):
    model = Blend(intent_days=30).fit(bundled_matrix, *shop)
    table = model.recommend(model.customers_.difference(bundled_matrix.customers)[:50])
    parts = model.contributions(table)
    assert len(table) and set(parts["how"]) == {"looked at"}
    total = parts.groupby(["customer_id", "product_id"], sort=False)["contribution"].sum()
    np.testing.assert_allclose(total, table["score"], rtol=1e-9)


def test_a_missing_table_is_said(bundled_matrix):
    with pytest.raises(MissingDataError, match="Blend needs `transactions`"):
        Blend(half_life_days=60).fit(bundled_matrix)
    with pytest.raises(ValueError, match="take a larger one"):
        Blend(regularization=-1e9).fit(bundled_matrix)


def test_in_a_run_blends_of_other_settings_share_no_table(bundled_matrix, tmp_path):
    with handover.handed_over(tmp_path):
        few, again, all_of_them, none = (
            Blend(**settings).fit(bundled_matrix).pairs_
            for settings in (
                {"max_products": 20}, {"max_products": 20}, {}, {"min_customers": 10_000},
            )
        )  # fmt: skip
    assert (few != again).nnz == 0
    assert (few != all_of_them).nnz > 0 and (none != all_of_them).nnz > 0


# In an engine


@pytest.fixture(scope="module")
def engine(shop):
    return production.build_engine(*shop, Blend(0.9, 20, 180, trend_days=30, intent_days=30))


def test_saved_and_loaded_it_answers_the_same(engine, tmp_path):
    some = engine.model.customers_[::40]
    loaded = production.load_engine(production.save_engine(engine, tmp_path / "engine.zip"))
    assert type(loaded.model) is Blend and loaded.model.settings() == engine.model.settings()
    ours, theirs = (each.recommend(some) for each in (engine, loaded))
    pd.testing.assert_frame_equal(ours, theirs)
    pd.testing.assert_series_equal(engine.explain(ours), loaded.explain(theirs))
    again = production.save_engine(loaded, tmp_path / "again.zip")
    assert again.read_bytes() == (tmp_path / "engine.zip").read_bytes()


def test_learned_anew_it_stays_a_blend(engine, shop):
    night = production.night_before(engine, *shop)
    assert type(night.model) is Blend and night.model.settings() == engine.model.settings()
    mixed = production._with_similarity_of(night.model, engine.model)
    assert type(mixed) is Blend
    at = night.model.products_.get_indexer(engine.model.products_)
    expected = night.model.pairs_.toarray()[np.ix_(at, at)] * engine.model.trend_
    np.testing.assert_allclose(mixed.weights_.toarray(), expected)


def test_what_speaks_against_a_product_is_said_and_the_rest_adds_up(engine):
    table = engine.recommend(engine.model.customers_[::20])
    table = table[table["source"] == "purchases"].reset_index(drop=True)
    parts = engine.model.contributions(table)
    said = engine.explain(table, n_reasons=99)
    although = said.str.contains(", although you ")
    assert although.any() and not although.all()
    for number in [*np.flatnonzero(although)[:5], *np.flatnonzero(~although)[:5]]:
        one = table.loc[number, ["customer_id", "product_id"]]
        own = parts[(parts[["customer_id", "product_id"]] == one).all(axis=1)]
        speaks = own["contribution"].clip(lower=0).sum()
        first, last = own.iloc[0], own.iloc[-1]
        name = engine.names[first["because_of"]]
        assert said[number].startswith(
            f"{first['how']} {name} ({first['contribution'] / speaks:.0%})"
        )
        if although[number]:
            name = engine.names[last["because_of"]]
            share = last["contribution"] / speaks
            assert share <= -0.1
            assert said[number].endswith(f", although you {last['how']} {name} ({share:.0%})")
        else:
            assert last["contribution"] / speaks > -0.1
    # a mail names what speaks for it, and no more
    short = engine.explain(table, n_reasons=1, shares=False)
    assert not short.str.contains("although|%").any()


def test_forgetting_leaves_nothing_of_the_customer(engine, shop, tmp_path):
    """Their row goes from the file; and learned anew without them, no weight is as with them."""
    path = production.save_engine(engine, tmp_path / "engine.zip")
    customer = shop[0]["customer_id"].iloc[0]
    before = production.load_engine(path).model
    forgetting._engine(path, forgetting._Wanted([customer]), True)
    after = production.load_engine(path).model
    assert customer in before.customers_ and customer not in after.customers_
    assert after.purchases_.shape[0] == before.purchases_.shape[0] - 1
    others = after.customers_[:50]
    pd.testing.assert_frame_equal(before.recommend(others), after.recommend(others))
    without = [table[table["customer_id"] != customer] for table in shop]
    anew = production.learned_anew(production.load_engine(path), *without).model
    fresh = production.build_engine(*without, engine.model.with_settings()).model
    assert (anew.pairs_ != fresh.pairs_).nnz == 0 and (anew.pairs_ != before.pairs_).nnz > 0


# The choice


def made_shop(pays: bool, customers: int = 4_000):
    """Everybody owns nearly all of ten common things; one thing more tells what comes next.

    Added up, the common things speak for what sells most, and drown the one that tells; EASE lets
    them share one voice. Where it doesn't pay, everything is drawn blindly.
    """
    draw = np.random.default_rng(1)
    popular = [0.4, 0.3, 0.2, 0.1]
    rows = []
    for number in range(customers):
        kind = draw.choice(len(popular), p=popular)
        owned = [f"common{thing}" for thing in np.flatnonzero(draw.random(10) < 0.95)]
        owned.append(f"tells{kind}")
        later = [f"next{kind}-{thing}" for thing in draw.permutation(5)[:3]]
        if not pays:
            owned, later = np.split(draw.permutation(30)[:11].astype(str), [8])
        rows += [(number, thing, draw.integers(200)) for thing in owned]
        days = draw.integers(30, size=3) + [200, 230, 260]
        rows += [(number, thing, day) for thing, day in zip(later, days, strict=True)]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "day"])
    date = pd.Timestamp("2023-01-01") + pd.to_timedelta(table.pop("day"), unit="D")
    return table.assign(customer_id="c" + table["customer_id"].astype(str), transaction_date=date)


@pytest.mark.parametrize("pays", [True, False])
def test_it_is_chosen_where_it_pays_and_only_there(pays):
    split = evaluate.split_by_time(made_shop(pays), test_days=30)
    plain = ItemBased()
    tried = evaluate.blend_beside(plain, split, 6)
    assert (tried["low"] > 0) == pays, tried
    chosen = evaluate.choose_item_based(split, 6)
    assert isinstance(chosen, Blend) == pays and not hasattr(chosen, "weights_")
    # by the past alone
    scrambled = evaluate.Split(split.train, split.test.assign(product_id="tells1"), None,
                               split.test_start)  # fmt: skip
    assert evaluate.choose_item_based(scrambled, 6).settings() == chosen.settings()


def test_few_customers_keep_the_plainer_list():
    table = made_shop(True)
    few = table[table["customer_id"].isin([f"c{number}" for number in range(90)])]
    assert evaluate.blend_beside(ItemBased(), evaluate.split_by_time(few, test_days=30), 6) is None


def test_the_widest_catalogue_may_have_its_blend(monkeypatch):
    """Of 20,000 products that hardly anybody buys, EASE weighs none, and its lists gain."""
    table = made_shop(True)
    rare = table.iloc[::2].assign(
        product_id=[f"rare{row % 20_000}" for row in range(0, len(table), 2)]
    )
    split = evaluate.split_by_time(pd.concat([table, rare]), test_days=30)
    solved, weights = [], recommend._ease_weights

    def noted(values, *rest):
        solved.append(values.shape[1])
        return weights(values, *rest)

    monkeypatch.setattr(recommend, "_ease_weights", noted)
    assert isinstance(evaluate.choose_item_based(split, 6), Blend)
    assert len(solved) >= 2 and max(solved) <= 34  # ten common things, four that tell, twenty next


def test_the_bundled_shop_keeps_the_plainer_list(shop):
    split = evaluate.split_by_time(*shop)
    tried = evaluate.blend_beside(ItemBased(), split)
    assert not tried["low"] > 0
    assert type(evaluate.settings_for(*shop)) is ItemBased


def test_equal_scores_added_in_another_order_are_no_fault(engine):
    """Scores are ranked as float32; a table must not be held back for what is left beyond."""
    table = production.score_everyone(engine, n=5)
    for step, passes in ((1e-9, True), (1e-3, False)):
        checks = production.health_checks(engine, table.assign(score=1 + step * table["rank"]))
        assert checks.set_index("check")["passed"]["best score first"] == passes
