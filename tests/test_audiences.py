"""Segments, churn risk without a look into the future, the offer list, and what each layer adds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from helpers import audiences, data, production, simulation
from helpers.course import publishing
from tests.common import purchases

CUT = pd.Timestamp("2024-03-01")


@pytest.fixture
def dated():
    """The four customers with dates around a cut-off on the first of March."""
    return purchases(
        ("1", "A", "2024-01-05"), ("1", "C", "2024-03-01"),
        ("2", "A", "2024-01-20"), ("2", "B", "2024-01-20"),
        ("3", "B", "2024-02-10"), ("3", "C", "2024-02-25"), ("3", "D", "2024-03-10"),
        ("4", "A", "2024-02-01"), ("4", "C", "2024-04-01"),
    )  # fmt: skip


def test_rfm_by_hand(dated):
    table = audiences.rfm(dated, CUT)
    assert table["recency"].tolist() == [56, 41, 5, 29]
    assert table["frequency"].tolist() == [1, 1, 2, 1]
    assert table["monetary"].tolist() == [1, 2, 2, 1]  # lines: there is no money in the table
    priced = dated.assign(unit_price=3.0, quantity=2.0)
    priced.loc[0, "total_amount"] = 5.0
    assert audiences.rfm(priced, CUT)["monetary"].tolist() == [5, 12, 12, 6]
    assert audiences.rfm(dated)["recency"].tolist() == [32, 73, 23, 1]  # today: the second of April


def test_the_window_begins_on_the_cut_and_ends_before_its_last_midnight(dated):
    assert audiences.stayed_away(dated, CUT, 31).tolist() == [False, True, False, True]
    assert audiences.stayed_away(dated, CUT, 32).tolist() == [False, True, False, False]
    late = dated.assign(transaction_date=dated["transaction_date"] + pd.Timedelta(hours=23))
    assert audiences.stayed_away(late, CUT, 31).tolist() == [False, True, False, True]


def test_scores_and_names():
    table = pd.DataFrame(
        {
            "recency": [1, 2, 100, 200, 300],
            "frequency": [9, 1, 4, 8, 1],
            "monetary": [90.0, 10.0, 40.0, 80.0, 10.0],
        },
        index=list("abcde"),
    )
    assert audiences.quantile_scores(table)["recency"].tolist() == [5, 4, 3, 2, 1]
    assert audiences.quantile_scores(table)["frequency"].tolist() == [5, 2, 3, 4, 2]  # a tie
    assert audiences.segment_by_scores(table).tolist() == [
        "Bought much, lately", "Bought less, lately", "In between", "Bought much, long ago",
        "Bought less, long ago",
    ]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(1, 9), st.integers(1, 99)), min_size=1
    ),
)  # fmt: skip
def test_names_of_segments_agree_with_their_figures(drawn):
    """Any shop: "lately" is more recent than "in between", which is more recent than "long ago"."""
    table = pd.DataFrame(drawn, columns=["recency", "frequency", "monetary"]).astype(float)
    segment = audiences.segment_by_scores(table)
    when = segment.str.extract("(lately|between|long ago)")[0]
    recency = table["recency"].groupby(when).agg(["min", "max"])
    recency = recency.reindex(["lately", "between", "long ago"]).dropna()
    assert (recency["max"].to_numpy()[:-1] < recency["min"].to_numpy()[1:]).all()
    for time in ("lately", "long ago"):
        much, less = (table[segment == f"Bought {n}, {time}"] for n in ("much", "less"))
        bought = ["frequency", "monetary"]
        # nobody who bought less outdoes everybody who bought much, in both
        assert len(much) == 0 or not (less[bought] > much[bought].max()).all(axis=1).any()


rows = st.tuples(
    st.sampled_from("123456"), st.sampled_from("ABCD"), st.integers(0, 120), st.integers(0, 99)
)


def table_of(drawn):
    table = pd.DataFrame(drawn, columns=["customer_id", "product_id", "day", "total_amount"])
    date = CUT + pd.to_timedelta(table["day"] * 23, unit="h")
    return table.assign(transaction_date=date, event_date=date)


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1), st.lists(rows), st.lists(rows), st.randoms())
def test_the_future_never_changes_a_feature(past, future, other, random):
    """Purchases and events on the cut-off day or later: added, changed, dropped or shuffled."""
    past = table_of(past).assign(total_amount=lambda t: t["total_amount"].astype(float))
    past[["transaction_date", "event_date"]] -= pd.Timedelta(days=121)
    tables = []
    for later in (future, other, []):
        whole = pd.concat([past, table_of(later)]) if later else past
        whole = whole.iloc[random.sample(range(len(whole)), len(whole))]
        tables.append(audiences.churn_features(whole, CUT, 30, whole))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(tables[0], table)


def test_risk_is_learned_from_labels_that_were_complete(shop):
    transactions, events = shop
    cut = audiences.day_after(transactions) - pd.Timedelta(days=90)
    risk = audiences.churn_risk(transactions, cut, 90, events)
    before = transactions[transactions["transaction_date"] < cut]
    known = audiences.churn_risk(before, cut, 90, events[events["event_date"] < cut])
    pd.testing.assert_series_equal(risk, known)
    # and the window just before the cut is what it learns from
    earlier = before[before["transaction_date"] < cut - pd.Timedelta(days=90)]
    assert (audiences.churn_risk(earlier, cut, 90) - risk.reindex(earlier["customer_id"].unique())
            ).abs().max() > 0.01  # fmt: skip


def test_recalibration_turns_a_boastful_risk_honest_and_keeps_the_order():
    rng = np.random.default_rng(0)
    honest = pd.Series(rng.beta(4, 2, 40_000))
    away = pd.Series(rng.random(40_000) < honest)
    then, now = honest.index[:20_000], honest.index[20_000:]
    for boastful in (honest**0.3, honest**3, 0.4 + honest / 2, honest):
        mended = audiences.recalibrate(boastful[now], boastful[then], away[then])
        pd.testing.assert_series_equal(mended.rank(), boastful[now].rank())
        judged = audiences.judge_calibration({"raw": boastful[now], "mended": mended}, away[now])
        assert abs(judged["predicted"] - judged["happened"])["mended"] < 0.02
        assert judged.loc["mended", "average_gap"] < 0.03
        if boastful is not honest:
            assert judged.loc["raw", "average_gap"] > 0.05
            assert judged.loc["mended", "brier_change_high"] < 0
    turned = audiences.recalibrate(honest[now], 1 - honest[then], away[then])
    pd.testing.assert_series_equal(turned, honest[now])  # no order to trust
    nobody = pd.Series(False, index=then)
    pd.testing.assert_series_equal(
        audiences.recalibrate(honest[now], honest[then], nobody), honest[now]
    )
    with pytest.raises(ValueError, match="same customers"):
        audiences.recalibrate(honest[now], honest[then], away[now])


def test_calibration_is_judged_by_hand():
    away = pd.Series([True] * 6 + [False] * 4)
    half, right = pd.Series(0.5, away.index), pd.Series(0.6, away.index)
    table = audiences.judge_calibration({"half": half, "right": right}, away)
    assert table["predicted"].tolist() == pytest.approx([0.5, 0.6])
    assert table["average_gap"].tolist() == pytest.approx([0.1, 0])
    rng = np.random.default_rng(0)  # honest risks are off by luck alone
    honest = pd.Series(rng.random(600))
    luck = [
        audiences.judge_calibration({"": honest}, honest > rng.random(600)).iloc[0][
            ["average_gap", "luck_gap"]
        ]
        for _ in range(60)
    ]
    assert np.divide(*np.mean(luck, axis=0).astype(float)) == pytest.approx(1, abs=0.1)
    assert table["brier"].tolist() == pytest.approx([0.25, 0.24])
    assert table.loc["right", "brier_change"] == pytest.approx(-0.01)
    # six fall by .09, four rise by .11
    margin = 1.96 * np.std([-0.09] * 6 + [0.11] * 4) / np.sqrt(10)
    assert table.loc["right", "brier_change_high"] == pytest.approx(-0.01 + margin)


def test_recalibrated_risk_is_nearer_the_truth_on_the_window_nobody_had_seen(shop):
    transactions, events = shop
    cut = audiences.day_after(transactions) - pd.Timedelta(days=90)
    raw, mended = (
        audiences.churn_risk(transactions, cut, 90, events, how) for how in (False, True)
    )
    away = audiences.stayed_away(transactions, cut, 90)
    judged = audiences.judge_calibration({"raw": raw, "mended": mended}, away)
    assert judged.loc["mended", "brier_change_high"] < 0
    assert judged["average_gap"]["mended"] < 0.7 * judged["average_gap"]["raw"]
    assert raw.rank().equals(mended.rank())


def test_events_that_reach_too_short_back_are_not_used(shop):
    transactions, events = shop
    cut = audiences.day_after(transactions)
    recent = events[events["event_date"] > cut - pd.Timedelta(days=100)]
    pd.testing.assert_series_equal(
        audiences.churn_risk(transactions, cut, 90, recent),
        audiences.churn_risk(transactions, cut, 90),
    )


def test_events_are_in_both_models_or_in_none(shop):
    """Where only today's model could have them, another model's errors would correct it."""
    transactions, events = shop
    cut = audiences.day_after(transactions)
    half = events[events["event_date"] > cut - pd.Timedelta(days=200)]  # of 270 that both need
    pd.testing.assert_series_equal(
        audiences.churn_risk(transactions, cut, 90, half),
        audiences.churn_risk(transactions, cut, 90),
    )
    assert not audiences.churn_risk(transactions, cut, 90, events).equals(
        audiences.churn_risk(transactions, cut, 90)
    )


def test_a_correction_is_judged_in_every_window_by_what_was_known_before_it(shop):
    transactions, _ = shop
    cut = audiences.day_after(transactions) - pd.Timedelta(days=90)
    table = audiences.recalibration_by_window(transactions, cut, 90)
    assert list(table.index) == [cut - pd.Timedelta(days=90 * n) for n in range(4)]
    # the third window, as it was judged when nothing later had happened
    start = table.index[2]
    then = transactions[transactions["transaction_date"] < start + pd.Timedelta(days=90)]
    before = audiences.recalibration_by_window(then, start, 90, n_windows=1)
    pd.testing.assert_frame_equal(before, table.loc[[start]])
    # one season's gain is not another's
    assert table["brier_change_high"].min() < 0 < table["brier_change_low"].max()
    recent = transactions[transactions["transaction_date"] >= cut - pd.Timedelta(days=280)]
    assert len(audiences.recalibration_by_window(recent, cut, 90)) == 1


def test_risk_beats_the_rule_of_thumb_and_its_interval_holds_scikit_learns_value(shop):
    transactions, events = shop
    cut = audiences.day_after(transactions) - pd.Timedelta(days=90)
    away = audiences.stayed_away(transactions, cut, 90)
    known = audiences.churn_features(transactions, cut, 90)
    risk = audiences.churn_risk(transactions, cut, 90, events)
    rng = np.random.default_rng(0)
    noise = pd.Series(rng.random(len(away)), away.index)
    judged = audiences.judge_risk(
        {"rule": known["days_since_last"], "model": risk, "noise": noise}, away, 60
    )
    assert judged.loc["model", "auc"] == pytest.approx(roc_auc_score(away, risk))
    assert judged.loc["model", "found_gain_low"] > 0
    named = risk.sort_values().index[-round(len(risk) / 4) :]
    assert judged.loc["model", "found"] == pytest.approx(away[named].mean())
    assert judged.loc["rule", "found_gain"] == 0
    assert judged.loc["noise", "auc_low"] < 0.5 < judged.loc["noise", "auc_high"]
    # by chance it is the share of all who stayed away
    assert judged.loc["noise", "found"] == pytest.approx(away.mean(), abs=0.05)
    assert ((judged["auc_high"] - judged["auc_low"]) < 0.06).all()


def test_of_customers_with_one_risk_as_many_count_as_are_named():
    """Eight customers, two named: the riskiest, and one of three who tie."""
    away = pd.Series([True, True, False, False, True, False, False, False])
    risk = pd.Series([0.9, 0.8, 0.8, 0.8, 0.1, 0.1, 0.1, 0.1])
    judged = audiences.judge_risk({"alike": risk * 0, "risk": risk}, away, 10)
    assert judged["found"].tolist() == pytest.approx([3 / 8, (1 + 1 / 3) / 2])
    assert judged.loc["risk", "found_gain"] == pytest.approx((1 + 1 / 3) / 2 - 3 / 8)


def test_calibration_of_an_honest_and_of_a_boastful_risk():
    rng = np.random.default_rng(0)
    risk = pd.Series(rng.random(20_000))
    away = pd.Series(rng.random(20_000) < risk)
    honest = audiences.calibration(risk, away)
    assert honest["customers"].sum() == 20_000
    inside = (honest["low"] <= honest["predicted"]) & (honest["predicted"] <= honest["high"])
    assert inside.sum() >= 8
    boastful = audiences.calibration(risk**0.3, away)
    assert (boastful["predicted"] > boastful["high"]).sum() >= 7


def test_where_all_stay_away_everyones_risk_is_equal(dated):
    features = audiences.churn_features(dated, CUT, 31)
    away = pd.Series(True, index=features.index)
    assert audiences.ChurnModel().fit(features, away).predict_proba(features).tolist() == [1.0] * 4
    assert audiences.judge_risk({"x": features["lateness"]}, away)["auc"].isna().all()
    with pytest.raises(ValueError, match="same customers"):
        audiences.ChurnModel().fit(features, away.iloc[:2])


def test_windows_fit_the_history(shop, dated):
    assert audiences.churn_window(shop[0]) == 90
    assert audiences.churn_window(dated) == 21  # 87 days
    with pytest.raises(ValueError, match="who stays away"):
        audiences.churn_window(data.miniature())


def test_calibration_of_one_risk_for_all():
    away = pd.Series([True, False, True, True])
    table = audiences.calibration(pd.Series(0.75, index=away.index), away)
    assert table[["predicted", "happened", "customers"]].to_numpy().tolist() == [[0.75, 0.75, 4]]


def test_percentages_are_judged_where_they_are_used():
    """The average gap over all groups was taken for a bound at the break-even."""
    groups = pd.DataFrame(
        {"predicted": [0.3, 0.6, 0.9], "happened": [0.36, 0.41, 0.91],
         "low": [0.33, 0.38, 0.7], "high": [0.39, 0.44, 1.0]}
    )  # fmt: skip
    assert audiences.gap_near(groups, 0.25) == pytest.approx(0.06)
    assert audiences.gap_near(groups, 0.55) == pytest.approx(0.19)
    assert audiences.gap_near(groups, 2) == pytest.approx(0.15)  # so much luck alone can make


# The offer list


@pytest.fixture
def layers():
    """Six customers, of whom c is not at risk. Candidates: two products each."""
    customers = pd.DataFrame(
        {"value": [90.0, 80, 70, 3, 2, 1], "risk": [0.9, 0.8, 0.1, 0.9, 0.2, 0.1]},
        index=list("abcdef"),
    )
    candidates = pd.DataFrame(
        {
            "customer_id": np.repeat(list("abcdef"), 2),
            "rank": [1, 2] * 6,
            "product_id": ["pill", "lamp", "lamp", "rug"] + ["rug", "lamp"] * 4,
            "product_name": "=name",
            "source": "purchases",
            "reason": "bought X",
        }
    )
    products = pd.DataFrame(
        {"product_category": ["Health", "Home", "Home"]}, index=["pill", "lamp", "rug"]
    )
    amounts = pd.Series({"pill": 100.0, "lamp": 20.0, "rug": 50.0})
    return customers, candidates, products, amounts


RULES = audiences.OfferRules(
    margin_share=0.4, offer_cost=5, contact_cost=0.1, response=0.05, holdout_share=0,
    deny_categories=["Health"], consent=["a", "b", "c"],
)  # fmt: skip


def test_offer_list_and_funnel_by_hand(layers):
    offers, funnel, held_out = audiences.retention_offers(*layers, RULES)
    # a: the pill is denied, so the lamp: .05 x (.9 x 8 - 5) - .1 = .01. b, the lamp:
    # .05 x (.8 x 8 - 5) - .1 < 0, so the rug: .05 x (.8 x 20 - 5) - .1. c comes anyway
    assert offers["customer_id"].tolist() == ["b", "a"]
    assert offers["product_id"].tolist() == ["rug", "lamp"]
    assert offers["expected_profit"].tolist() == pytest.approx([0.45, 0.01])
    assert funnel["customers"].tolist() == [6, 3, 3, 3, 2, 2]
    assert funnel["products"].tolist() == [12, 6, 6, 5, 2, 2]
    assert funnel["left_out"].sum() + len(offers) == 6
    assert held_out.empty


def test_whoever_comes_anyway_is_no_gain():
    """The voucher is paid for all who use it, the margin is gained from the gone only."""
    rules = replace(RULES, contact_cost=0)
    assert audiences.expected_profit(50, 1.0, rules) == pytest.approx(0.05 * (20 - 5))
    assert audiences.expected_profit(50, 0.25, rules) == pytest.approx(0)
    assert audiences.expected_profit(50, 0.0, rules) == pytest.approx(-0.05 * 5)


def test_whoever_had_all_contacts_in_a_reminder_gets_no_offer(layers):
    offers, funnel, held_out = audiences.retention_offers(
        *layers, replace(RULES, reminded=["b", "c"], holdout_share=0.99)
    )
    assert offers.empty and held_out["customer_id"].tolist() == ["a"]
    assert funnel["step"].iloc[2] == "get no cart reminder already (contact_cap)"
    assert funnel["customers"].tolist() == [6, 3, 1, 1, 1, 1, 0]
    assert funnel["left_out"].sum() + len(offers) == 6


def test_a_dear_voucher_leaves_who_would_buy_something_dear(layers):
    dear = replace(RULES, offer_cost=7)  # the lamp: .05 x (.9 x 8 - 7) - .1 < 0
    offers, funnel, _ = audiences.retention_offers(*layers, dear)
    assert dict(zip(offers["customer_id"], offers["product_id"], strict=True)) == {"b": "rug"}
    assert funnel["customers"].iloc[-2:].tolist() == [1, 1]


def test_the_holdout_is_permanent_of_the_right_size_and_gets_nothing():
    ids = [f"C{number}" for number in range(20_000)]
    tenth = audiences.in_holdout(ids, 0.1)
    assert tenth.mean() == pytest.approx(0.1, abs=0.007)  # three standard errors
    assert (audiences.in_holdout(ids[::-1], 0.1)[::-1] == tenth).all()
    assert audiences.in_holdout(ids, 0.2)[tenth].all(), "a larger one keeps the smaller one"
    other = audiences.in_holdout(ids, 0.1, "another")
    assert (tenth & other).mean() == pytest.approx(0.01, abs=0.003)
    # written down: whoever changes the hash mails those who were held out
    assert np.flatnonzero(audiences.in_holdout(list("abcdefghij"), 0.3)).tolist() == [
        1,
        3,
        4,
        5,
        7,
        8,
    ]
    assert not audiences.in_holdout(ids, 0).any() and audiences.in_holdout(ids, 1).all()
    with pytest.raises(ValueError, match="holdout_share is 10"):
        audiences.OfferRules(holdout_share=10)


def test_nobody_in_the_holdout_is_in_the_offers_and_the_comparison_is_fair():
    ids = pd.Index([f"C{number}" for number in range(400)], name="customer_id")
    customers = pd.DataFrame({"risk": np.linspace(0, 1, 400)}, index=ids)
    candidates = pd.DataFrame({"customer_id": ids, "rank": 1, "product_id": "rug"})
    candidates = candidates.assign(product_name="Rug", source="purchases", reason="")
    products = pd.DataFrame({"product_category": ["Home"]}, index=["rug"])
    layers = customers, candidates, products, pd.Series({"rug": 50.0})
    rules = replace(RULES, consent=list(ids[::2]), holdout_share=0.25)
    offers, funnel, held_out = audiences.retention_offers(*layers, rules)
    everybody, _, nobody = audiences.retention_offers(*layers, replace(rules, holdout_share=0))
    assert nobody.empty and not set(offers["customer_id"]) & set(held_out["customer_id"])
    # eligible: exactly those who would have had an offer
    eligible = held_out.loc[held_out["eligible"], "customer_id"]
    assert sorted([*offers["customer_id"], *eligible]) == sorted(everybody["customer_id"])
    assert 20 < len(eligible) < len(held_out) < 75
    assert funnel["left_out"].iloc[-1] == len(eligible)
    assert not set(held_out["customer_id"]) - set(rules.consent)


def test_what_a_holdout_can_show_is_what_it_shows():
    """At the smallest visible difference, four of five intervals do not include zero."""
    difference = audiences.smallest_visible(1_800, 200, 0.2)
    assert difference == pytest.approx(2.8 * np.sqrt(0.16 * (1 / 1_800 + 1 / 200)))
    rng = np.random.default_rng(0)
    offered = rng.binomial(1_800, 0.2 + difference, 4_000) / 1_800
    held = rng.binomial(200, 0.2, 4_000) / 200
    error = np.sqrt(offered * (1 - offered) / 1_800 + held * (1 - held) / 200)
    assert (offered - held > 1.96 * error).mean() == pytest.approx(0.8, abs=0.04)
    assert audiences.smallest_visible(10, 0, 0.2) == np.inf


def test_a_holdout_is_planned_by_hand():
    plan = audiences.holdout_plan(1_000, 0.8, 0.05, [0.1, 0.5])
    # 2.8^2 x .16 / .04^2 x (1 / .9 + 1 / .1)
    assert plan["needed"].tolist() == pytest.approx([8_711.1, 3_136.0], abs=0.1)
    assert plan["visible"].tolist() == pytest.approx([0.11806, 0.07084], abs=1e-4)
    assert (plan["expected"] == 0.05 * 0.8).all()
    # at the needed number, what is visible is what is expected
    again = audiences.holdout_plan(3_136, 0.8, 0.05, [0.5])
    assert again["visible"].iloc[0] == pytest.approx(0.04)
    # ... which four of five such mailings find, give or take 1.96 / 2.8 of it
    assert again["chance"].iloc[0] == pytest.approx(0.8, abs=0.001)
    assert again["give_or_take"].iloc[0] == pytest.approx(0.028)
    assert plan["chance"].between(0, 0.8).all() and plan["chance"].is_monotonic_increasing
    for risk in (0.0, 1.0):  # nobody stays away, or all
        odd = audiences.holdout_plan(0, risk, 0.05)
        assert len(odd) == 19 and not odd.isna().any(axis=None)
    assert np.isinf(audiences.holdout_plan(9, 0.5, 0.0)["needed"]).all()
    # above a break-even of 2 in 100 instead of zero: half the way, so four times the customers
    pays = audiences.holdout_plan(4 * 3_136, 0.8, 0.05, [0.5], must_beat=0.02)
    assert pays["needed"].iloc[0] == pytest.approx(4 * 3_136)
    assert pays["visible"].iloc[0] == pytest.approx(0.04)
    assert np.isinf(audiences.holdout_plan(9, 0.8, 0.05, [0.5], must_beat=0.05)["needed"].iloc[0])
    # if only half of response x risk is won, as much as one may hope for by half the response
    half = audiences.holdout_plan(3_136, 0.8, 0.05, [0.5], comes_true=0.5)
    pd.testing.assert_frame_equal(half, audiences.holdout_plan(3_136, 0.8, 0.025, [0.5]))
    assert half["chance"].iloc[0] == pytest.approx(0.288, abs=0.001)  # not 0.8
    # so large a mailing ends above break-even four times in five
    rng, arm = np.random.default_rng(0), 2 * 3_136
    offered, held = (rng.binomial(arm, rate, 4_000) / arm for rate in (0.24, 0.2))
    error = np.sqrt((offered * (1 - offered) + held * (1 - held)) / arm)
    assert (offered - held - 1.96 * error > 0.02).mean() == pytest.approx(0.8, abs=0.05)


def test_from_which_risk_on_an_offer_pays():
    rules = replace(RULES, offer_cost=4, contact_cost=0.04)
    line = audiences.break_even_risk(40, rules)
    assert line == pytest.approx((4 + 0.04 / 0.05) / 16)
    assert audiences.expected_profit(40, line, rules) == pytest.approx(0)
    assert np.isnan(audiences.break_even_risk(np.nan, rules))
    assert np.isnan(audiences.break_even_risk(0, rules))
    assert np.isnan(audiences.break_even_risk(40, replace(rules, response=0)))
    # of 100 offers: 5 vouchers of 4, 100 mails of .04, and a purchase earns 16
    assert audiences.break_even_difference(40, rules) == pytest.approx((5 * 4 + 4) / 16 / 100)
    assert np.isnan(audiences.break_even_difference(np.nan, rules))


def test_private_purchases_are_told_by_their_category():
    products = pd.DataFrame({"product_category": [" Health", "Toys", None]}, list("abc"))
    bought = pd.DataFrame({"product_id": list("abcaz")})
    private = audiences.is_private(bought, products, ["HEALTH "])
    assert private.tolist() == [True, False, False, True, False]
    assert not audiences.is_private(bought, products, []).any()


def test_a_correction_must_help_for_more_than_luck():
    def helps(*changes):
        return audiences.correction_helps(pd.DataFrame({"brier_change": changes}))

    assert not helps(-0.0046, -0.0018, 0.0017, 0.0031)  # two of four, and a mean below zero
    assert not helps(-0.001, -0.002, -0.003, -0.006)  # 2.8 standard errors, of which t asks 3.2
    assert not helps(-0.01)  # one window alone
    assert helps(-0.010, -0.012, -0.009, -0.011)
    assert not helps(0.010, 0.012, 0.009)


def test_who_never_gets_an_offer():
    customers = pd.Index(list("abcde"))
    groups = pd.Series(list("xxyyy"), customers)
    shares = audiences.offered_share(groups, ["a", "c", "d", "e"])
    assert shares.index.tolist() == ["x", "y"] and shares["share"].tolist() == [0.5, 1]
    assert shares["customers"].tolist() == [2, 3]
    assert audiences.offered_share(groups, ["a", "b"]).index.tolist() == ["y", "x"]


def test_rules_that_cannot_be_applied_say_so(layers):
    customers, candidates, products, _ = layers
    nameless = products.assign(product_category=pd.NA)
    open_rules = replace(RULES, consent=None)
    offers, funnel, _ = audiences.retention_offers(
        customers, candidates, nameless, None, open_rules
    )
    assert offers["customer_id"].tolist() == list("adbecf")  # the riskiest first
    assert funnel["step"].str.contains("not checked").sum() == 3
    partly = products.assign(product_category=["Health", None, "Home"])
    offers = audiences.retention_offers(customers, candidates, partly, None, RULES)[0]
    assert "lamp" not in set(offers["product_id"])  # its category is unknown: better not
    none = replace(RULES, consent=["z"])
    assert audiences.retention_offers(*layers, none)[0].empty


def test_popular_products_are_nothing_personal(layers):
    customers, candidates, products, amounts = layers
    offers = audiences.retention_offers(
        customers, candidates.assign(source="popularity"), products, amounts, RULES
    )[0]
    assert offers.empty


def test_written_offers_are_no_formulas_and_the_holdout_lies_beside_them(layers, tmp_path):
    rules = replace(RULES, consent=None, holdout_share=0.4)
    offers, _, held_out = audiences.retention_offers(*layers, rules)
    audiences.write_offers(offers, held_out, "")
    audiences.write_offers(offers, held_out, tmp_path)
    written = pd.read_csv(tmp_path / "retention_offers.csv")
    assert len(written) == len(offers) > 0 and written["product_name"].eq("'=name").all()
    beside = pd.read_csv(tmp_path / "retention_holdout.csv")
    assert list(beside) == ["customer_id", "eligible"] and len(beside) == len(held_out) > 0
    assert {"retention_offers.csv", "retention_holdout.csv"} <= set(publishing.RESULTS)


# The made-up shop


@pytest.fixture(scope="module")
def world():
    return simulation.make_world()


def test_what_is_owned_at_the_time_of_an_offer_is_liked_less(world):
    past = world.transactions.head(3_000)
    customers = pd.Index(past["customer_id"].unique()[:200])
    offers = pd.DataFrame({"customer_id": customers, "rank": 1})
    offers["product_id"] = past.drop_duplicates("customer_id")["product_id"].to_numpy()[:200]
    offers.loc[::2, "product_id"] = world.preference.columns[7]
    then = simulation.true_liking(replace(world, transactions=past), offers, customers, 1)[:, 0]
    pairs = pd.MultiIndex.from_frame(offers[["customer_id", "product_id"]])
    owned = pairs.isin(pd.MultiIndex.from_frame(past[["customer_id", "product_id"]]))
    consumable = offers["product_id"].map(world.products.set_index("product_id")["consumable"])
    truth = [world.preference.at[pair] for pair in pairs]
    assert truth - then == pytest.approx(owned * simulation.world.owned_penalty(consumable))
    assert owned[1::2].all() and not owned.all()


# Risk and persuadability


@pytest.fixture(scope="module")
def rules(world):
    return audiences.rules_for(world.transactions)


@pytest.fixture(scope="module")
def people(world, rules):
    return simulation.make_people(world, rules)


def test_two_models_find_the_effect_that_a_campaign_had():
    rng = np.random.default_rng(0)
    features = pd.DataFrame({"x": rng.integers(0, 2, 40_000)}, dtype=float)
    offered = pd.Series(rng.random(40_000) < 0.3)
    chance = 0.2 + offered * (0.15 * features["x"] - 0.05)  # 10 points, or 5 the wrong way
    bought = pd.Series(rng.random(40_000) < chance)
    uplift = audiences.TwoModels().fit(features, bought, offered).predict(features)
    assert uplift[features["x"] == 1].iloc[0] == pytest.approx(0.10, abs=0.02)
    assert uplift[features["x"] == 0].iloc[0] == pytest.approx(-0.05, abs=0.02)
    with pytest.raises(ValueError, match="holdout"):
        audiences.TwoModels().fit(features, bought, offered | True)


def test_uplift_by_group_by_hand():
    rows = [("x", True, person < 3) for person in range(10)]
    rows += [("x", False, person < 2) for person in range(10)]
    rows += [("y", True, person < 1) for person in range(4)] + [("y", False, False)] * 5
    campaign = pd.DataFrame(rows, columns=["group", "offered", "bought"])
    table = audiences.uplift_by_group(campaign, campaign["group"])
    assert table.loc["x", ["offers", "held_out"]].tolist() == [10, 10]
    assert table["with_offer"].tolist() == [0.3, 0.25] and table["without"].tolist() == [0.2, 0]
    assert table["uplift"].tolist() == pytest.approx([0.1, 0.25])
    assert table["error"].tolist() == pytest.approx(
        [np.sqrt(0.3 * 0.7 / 10 + 0.2 * 0.8 / 10), np.sqrt(0.25 * 0.75 / 4)]
    )


def test_mailings_are_added_by_their_differences():
    two = pd.DataFrame(
        {"offers": [900, 500], "bought_offers": [279, 55],
         "held_out": [100, 500], "bought_held_out": [30, 50]}
    )  # fmt: skip
    together = audiences.add_mailings(two)
    assert together["uplift"] == pytest.approx(0.01)
    assert together["by_heads"] == pytest.approx(334 / 1_400 - 80 / 600)
    one = audiences.add_mailings(two.iloc[[1]])
    reach = 1.96 * np.sqrt(0.11 * 0.89 / 500 + 0.1 * 0.9 / 500)
    assert one["high"] - one["uplift"] == pytest.approx(reach)
    assert one["uplift"] - one["low"] == pytest.approx(reach)
    small = audiences.add_mailings(two.iloc[[0]])
    error = np.sqrt(0.31 * 0.69 / 900 + 0.3 * 0.7 / 100)
    assert small["high"] - small["low"] == pytest.approx(2 * 1.96 * error)
    # four equal ones halve the error
    four = audiences.add_mailings(pd.concat([two.iloc[[1]]] * 4))
    assert four["high"] - four["uplift"] == pytest.approx(reach / 2)


def test_gain_curve_by_hand():
    gain = pd.Series([3.0, -1, 2, 0])
    best = audiences.gain_curve(gain, gain, [0, 0.25, 0.5, 1])
    assert best.tolist() == [0, 75, 125, 100]
    # who scores the same is worth the average, in whatever order they come
    level = audiences.gain_curve(pd.Series(1.0, gain.index), gain, [0.25, 0.5, 1])
    assert level.tolist() == [25, 50, 100]


def test_the_four_kinds_and_the_money_add_up(people, rules):
    truth, kinds = people.truth, people.kinds()
    assert kinds.sum() == pytest.approx(1) and (kinds > 0).all()
    persuaded, _, _, dogs = kinds
    assert persuaded - dogs == pytest.approx(truth["effect"].mean())
    assert truth[["alone", "uses", "leaves", "with_offer"]].stack().between(0, 1).all()
    assert (truth["leaves"] <= truth["alone"]).all()
    assert (truth["leaves"][people.features["recent_events"] > 0] == 0).all()
    paid = rules.offer_cost * truth["uses"] + rules.contact_cost
    margin = (truth["gain"] + paid) / truth["effect"]
    assert margin.round(6).nunique() == 1 and margin.iloc[0] > 0


def test_a_past_campaign_is_randomised_and_has_the_true_chances(people):
    customers = people.truth.index.repeat(40)
    campaign = simulation.past_campaign(people, customers, np.random.default_rng(0))
    offered = campaign["offered"]
    assert offered.mean() == pytest.approx(0.5, abs=0.01)
    truth = people.truth.loc[customers]
    assert abs(np.corrcoef(offered, truth["alone"])[0, 1]) < 0.01
    for arm, chance in ((offered, "with_offer"), (~offered, "alone")):
        assert campaign["bought"][arm].mean() == pytest.approx(truth[chance][arm].mean(), abs=0.005)
    assert campaign["used"][offered].mean() == pytest.approx(truth["uses"].mean(), abs=0.003)
    assert not campaign["used"][~offered].any() and campaign["bought"][campaign["used"]].all()


def test_risk_is_not_persuadability_unless_everybody_reads_the_mail(world, rules, people):
    table, curves = simulation.compare_targeting([people], [1_000, 30_000])
    more = table["more"].unstack(0)[30_000]
    assert more["risk"] < 0 < more["uplift"] < more["the truth"]
    assert table.loc[(30_000, "uplift"), "than_risk_low"] > 0
    assert (table["more"][:, "the truth"] >= table["more"].groupby("size").max()).all()
    # learned from few, it varies more and gains less
    few, many = (table.loc[(size, "uplift")] for size in (1_000, 30_000))
    assert few["more"] < many["more"]
    assert few["more_low"] < many["more_low"]
    assert curves.iloc[0].eq(0).all() and np.ptp(curves.iloc[-1]) < 1e-9
    assert curves["the truth"].max() >= curves.max().max()
    readers = simulation.make_people(world, rules, reach_days=np.inf, annoyed=0)
    table, _ = simulation.compare_targeting([readers], [1_000])
    assert table.loc[(1_000, "risk"), "more_low"] > 0
    assert table.loc[(1_000, "uplift"), "than_risk"] < 0


def test_where_regulars_use_vouchers_more_readily_the_formula_promises_too_much(world, rules):
    """Would stay away x uses the voucher is the share won only where both use it alike."""
    alike, more = (simulation.make_people(world, rules, regulars=each) for each in (1, 5))
    promised, another = ((1 - each.truth["alone"]) * each.truth["uses"] for each in (alike, more))
    assert promised.equals(another)  # what the shop can know, and multiplies, is the same
    assert np.allclose(promised, alike.truth["won"])
    assert promised.sum() > 2 * more.truth["won"].sum()
    truth = more.truth
    assert truth[["won", "leaves", "with_offer"]].stack().between(0, 1).all()
    assert (truth["won"] <= truth["uses"]).all()
    # whoever used it has bought, so the chance to buy is never below the chance to use
    assert (truth["with_offer"] >= truth["uses"] - 1e-12).all()
    assert more.kinds().sum() == pytest.approx(1) and (more.kinds() > 0).all()
    # by hand: four of five users would have come, if these use it five times as readily
    ordinary = (truth["alone"] - 0.5).abs().idxmin()
    alone, uses, won = truth.loc[ordinary, ["alone", "uses", "won"]]
    assert (uses - won) / alone == pytest.approx(5 * won / (1 - alone))
    campaign = simulation.past_campaign(more, truth.index.repeat(40), np.random.default_rng(0))
    offered = campaign["offered"]
    found = campaign["bought"][offered].mean() - campaign["bought"][~offered].mean()
    assert found == pytest.approx(truth["effect"].mean(), abs=0.006)


def test_each_layer_is_counted_in_one_unit(rules):
    table = simulation.layers_added(rules, sizes=(500, 2_000), seeds=(1, 2), n_campaigns=2)
    assert table["more"].between(table["more_low"] - 1e-9, table["more_high"] + 1e-9).all()
    assert {"expected profit, 500", "expected profit, 2,000", "uplift, 500"} <= set(table.index)
    more = table["more"]
    # both within the same campaigns, so the means' difference is the mean difference
    on_top = more["uplift, 2,000"] - more["expected profit, 2,000"]
    assert more["uplift, on top"] == pytest.approx(on_top)
    assert more["next product"] > 5 and more["risk"] < 0
    # who trusts the formula where regulars use the voucher mails those, and pays for it
    gain = table["gain"]
    assert gain["expected profit, regulars"] < 0
    assert gain["expected profit, regulars"] < gain["expected profit, 2,000"] - 10
    added = gain["uplift, on top, regulars"] - gain["expected profit, regulars"]
    assert more["uplift, on top, regulars"] == pytest.approx(added)
    assert more["the truth"] == more.max()


def test_without_tastes_a_personal_product_adds_nothing(rules):
    shop = simulation.make_people(simulation.make_world(1, 0), rules, random_state=1)
    found, _ = simulation.compare_targeting([shop], [500], n_campaigns=4)
    assert abs(found.loc[(500, "next product"), "more"]) < 1


# Variety


def test_variety_counts_categories():
    lists = pd.DataFrame({"customer_id": list("xxy"), "product_id": list("abz")})
    assert simulation.variety(lists, pd.Series({"a": "c", "b": "c"})).tolist() == [1, 0]


def test_a_shop_without_money_names_or_events_gets_a_list(shop):
    bare = shop[0][["customer_id", "product_id", "transaction_date"]].iloc[-3_000:]
    today, days = audiences.day_after(bare), audiences.churn_window(bare)
    values = audiences.rfm(bare)
    customers = pd.DataFrame({"value": values["monetary"]})
    customers["risk"] = audiences.churn_risk(bare, today, days)
    candidates = production.score_everyone(production.build_engine(bare), 3)
    rules = audiences.rules_for(bare, deny_categories=["Health"])
    offers, funnel, held_out = audiences.retention_offers(
        customers, candidates, data.product_table(bare), audiences.product_amounts(bare), rules
    )
    assert held_out["eligible"].any()
    assert len(offers) == funnel["customers"].iloc[-1] > 0
    assert "expected_profit" not in offers


def test_a_category_as_text_would_deny_nothing_and_is_refused():
    with pytest.raises(ValueError, match=r"must be a list, such as \[Health\]"):
        audiences.OfferRules(deny_categories="Health")


def test_events_of_the_recent_past_are_counted_from_its_first_day_to_the_day_before_the_cut():
    bought = purchases(("a", "A", "2024-01-01"), ("a", "B", "2024-02-01"))
    days = ["2024-01-30", "2024-01-31", "2024-02-09", "2024-02-10"]
    events = pd.DataFrame({"customer_id": "a", "event_date": pd.to_datetime(days)})
    features = audiences.churn_features(bought, "2024-02-10", 10, events)
    assert features.loc["a", "recent_events"] == 2
    assert features.loc["a", "recent_purchase_days"] == 1
