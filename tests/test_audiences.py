"""Segments, churn risk without a look into the future, the offer list, and what each layer adds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from helpers import audiences, data, production, simulation
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
    assert audiences.spent_after(dated, CUT, 31).tolist() == [1, 0, 1, 0]


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
        "Best customers", "Light buyers", "Could go either way", "Slipping away", "Gone quiet"
    ]  # fmt: skip
    groups = audiences.segment_by_kmeans(table.loc[["a", "a", "e"]].set_axis(list("xyz")))
    assert groups.tolist() == ["group 1", "group 1", "group 2"]


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


def test_events_that_reach_too_short_back_are_not_used(shop):
    transactions, events = shop
    cut = audiences.day_after(transactions)
    recent = events[events["event_date"] > cut - pd.Timedelta(days=100)]
    pd.testing.assert_series_equal(
        audiences.churn_risk(transactions, cut, 90, recent),
        audiences.churn_risk(transactions, cut, 90),
    )


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
    assert judged.loc["model", "auc_gain_low"] > 0
    assert judged.loc["noise", "auc_low"] < 0.5 < judged.loc["noise", "auc_high"]
    # for coming back, chance is the share of those who do
    assert judged.loc["noise", "average_precision"] == pytest.approx((~away).mean(), abs=0.03)
    assert judged.loc["model", "average_precision"] > 0.55
    assert ((judged["auc_high"] - judged["auc_low"]) < 0.06).all()


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


# The offer list


@pytest.fixture
def layers():
    """Six customers; a to c valuable, a, b and d at risk. Candidates: two products each."""
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
    value_share=0.5, risk_share=0.5, margin_share=0.4, offer_cost=5, contact_cost=0.1,
    response=0.05, deny_categories=["Health"], consent=["a", "b", "c"],
)  # fmt: skip


def test_offer_list_and_funnel_by_hand(layers):
    offers, funnel = audiences.retention_offers(*layers, RULES)
    # a: the pill is denied, so the lamp: .05 x (8 - 5) - .1 = .05. b: the lamp pays as well
    assert offers["customer_id"].tolist() == ["a", "b"]
    assert offers["product_id"].tolist() == ["lamp", "lamp"]
    assert offers["expected_profit"].tolist() == pytest.approx([0.05, 0.05])
    assert funnel["customers"].tolist() == [6, 3, 3, 2, 2, 2, 2]
    assert funnel["products"].tolist() == [12, 6, 6, 4, 4, 3, 3]
    assert funnel["left_out"].sum() + len(offers) == 6


def test_whoever_had_all_contacts_in_a_reminder_gets_no_offer(layers):
    offers, funnel = audiences.retention_offers(*layers, replace(RULES, reminded=["b", "c"]))
    assert offers["customer_id"].tolist() == ["a"]
    assert funnel["step"].iloc[2] == "get no cart reminder already (contact_cap)"
    assert funnel["customers"].tolist() == [6, 3, 1, 1, 1, 1, 1, 1]
    assert funnel["left_out"].sum() + len(offers) == 6


def test_the_margin_rule_takes_the_next_product_or_nobody(layers):
    dear = replace(RULES, offer_cost=7)  # the lamp: .05 x (8 - 7) - .1 < 0
    offers, funnel = audiences.retention_offers(*layers, dear)
    assert dict(zip(offers["customer_id"], offers["product_id"], strict=True)) == {"b": "rug"}
    assert funnel["customers"].iloc[-2:].tolist() == [2, 1]


def test_rules_that_cannot_be_applied_say_so(layers):
    customers, candidates, products, _ = layers
    nameless = products.assign(product_category=pd.NA)
    open_rules = replace(RULES, consent=None)
    offers, funnel = audiences.retention_offers(customers, candidates, nameless, None, open_rules)
    assert offers["product_id"].tolist() == ["pill", "lamp"]
    assert funnel["step"].str.contains("not checked").sum() == 3
    partly = products.assign(product_category=["Health", None, "Home"])
    offers, _ = audiences.retention_offers(customers, candidates, partly, None, RULES)
    assert "lamp" not in set(offers["product_id"])  # its category is unknown: better not
    none = replace(RULES, consent=["z"])
    assert audiences.retention_offers(*layers, none)[0].empty


def test_popular_products_are_nothing_personal(layers):
    customers, candidates, products, amounts = layers
    offers, _ = audiences.retention_offers(
        customers, candidates.assign(source="popularity"), products, amounts, RULES
    )
    assert offers.empty


def test_written_offers_are_no_formulas(layers, tmp_path):
    offers, _ = audiences.retention_offers(*layers, RULES)
    audiences.write_offers(offers, "")
    audiences.write_offers(offers, tmp_path)
    written = pd.read_csv(tmp_path / "retention_offers.csv")
    assert len(written) == len(offers) and written["product_name"].eq("'=name").all()


# The made-up shop


@pytest.fixture(scope="module")
def world():
    return simulation.make_world()


@pytest.fixture(scope="module")
def layered(world):
    return simulation.layered_campaigns(world, audiences.OfferRules())


def test_saved_purchases_by_hand(world):
    customers = world.preference.index[:4]
    product = world.preference.columns[0]
    past = world.transactions.head(2_000)
    past = past[~past["customer_id"].isin(customers)]  # they own nothing
    offers = pd.DataFrame({"customer_id": customers, "product_id": product})
    away = pd.Series([True, True, False, False], index=customers)
    rules = audiences.OfferRules(response=0.2)
    worth = pd.Series(1.0, index=customers)
    lists = {"all": offers, "away": offers.iloc[:2]}
    result = simulation.simulate_campaigns(world, past, lists, away, worth, rules)
    assert result.loc["all", "used"] == pytest.approx(0.2)
    used = result.loc["away", "used"]  # whoever uses it here is saved
    assert result.loc["away", "saved_per_100"] == pytest.approx(100 * used)
    assert result.loc["all", "saved"] == pytest.approx(result.loc["away", "saved"])
    assert result.loc["away", "offers_per_saved"] == pytest.approx(1 / used)
    margin = 0.4 * audiences.product_amounts(past)[product]
    assert result.loc["away", "profit_per_100"] == pytest.approx(100 * (used * (margin - 5) - 0.05))
    subsidised = 0.2 * 4 - result.loc["all", "saved"]
    expected = 25 * (result.loc["all", "saved"] * margin - 5 * (0.8)) - 5
    assert subsidised > 0
    assert result.loc["all", "profit_per_100"] == pytest.approx(expected)


def test_the_product_layer_adds_with_tastes_and_nothing_without(layered):
    rules = audiences.OfferRules()
    product = layered.loc["value x risk x product"]
    assert product["adds_low"] > 3 and product["liked"] > 2 * layered.loc["blanket", "liked"]
    assert layered.loc["risk", "adds_low"] > 0
    assert layered.loc["blanket", "used"] == pytest.approx(rules.response)
    low, high = layered["saved_per_100_low"], layered["saved_per_100_high"]
    assert layered["saved_per_100"].between(low, high).all()
    without = simulation.layered_campaigns(simulation.make_world(taste_strength=0), rules)
    for name in ("saved_per_100", "profit_per_100", "offers_per_saved"):
        assert without[name].between(without[f"{name}_low"], without[f"{name}_high"]).all(), name
    control = without.loc["value x risk x product"]
    assert control["adds_low"] < 0 < control["adds_high"]
    assert abs(control["adds"]) < 1


def test_campaigns_know_nothing_of_later_purchases(world, layered):
    """Change what is bought after the offer: whom it saves changes, the lists do not."""
    cut = audiences.day_after(world.transactions) - pd.Timedelta(days=90)
    later = world.transactions["transaction_date"] >= cut
    last_day = world.transactions["transaction_date"].max()
    keep = ~later | (world.transactions["transaction_date"] == last_day)
    quiet = replace(world, transactions=world.transactions[keep])
    other = simulation.layered_campaigns(quiet, audiences.OfferRules())
    same = ["offers", "liked", "used"]
    pd.testing.assert_frame_equal(layered[same], other[same])
    assert (other["saved"] > 1.1 * layered["saved"]).all()


# Lifetime value and variety


def test_lifetime_value_by_hand():
    features = pd.DataFrame(
        {"days_since_first": [180.0, 3], "purchase_days": [4.0, 1], "spent": [100.0, 30]},
        index=["old", "new"],
    )
    risk = pd.Series([0.5, 0.0], index=["old", "new"])
    table = audiences.lifetime_value(features, risk, 90, margin_share=0.4, n_windows=2)
    assert table["purchases_per_window"].tolist() == [2, 1]
    assert table["windows_left"].tolist() == [0.75, 2]
    assert table["lifetime_value"].tolist() == pytest.approx([0.4 * 2 * 25 * 0.75, 0.4 * 30 * 2])


def test_lifetime_value_ranks_better_than_past_spending(shop):
    transactions, events = shop
    cut = audiences.day_after(transactions) - pd.Timedelta(days=90)
    features = audiences.churn_features(transactions, cut, 90, events)
    risk = audiences.churn_risk(transactions, cut, 90, events)
    estimate = audiences.lifetime_value(features, risk, 90, 1, n_windows=1)
    judged = audiences.judge_value(estimate, transactions, cut, 90)["rank_correlation"]
    assert judged["lifetime value"] > judged["spent so far"] + 0.3


def test_variety_over_rounds(shop):
    transactions, _ = shop
    category = data.product_table(transactions)["product_category"]
    few = transactions[transactions["customer_id"] < "CUST00600"]
    free = simulation.variety_rounds(few, category, n_rounds=2)
    capped = simulation.variety_rounds(few, category, n_rounds=2, per_category=1)
    assert free.index.tolist() == [1, 2]
    assert (capped["categories"] > free["categories"]).all() and capped["categories"].max() <= 5
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
    offers, funnel = audiences.retention_offers(
        customers, candidates, data.product_table(bare), audiences.product_amounts(bare), rules
    )
    assert len(offers) == funnel["customers"].iloc[-1] > 0
    assert "expected_profit" not in offers
    assert (
        audiences.compare_segmentations(bare, today - pd.Timedelta(days=days), days)
        .notna()
        .all(axis=None)
    )


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
