"""Live tests: dealing customers, planning, looking early, reading, deciding."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from helpers import data, experiments, simulation
from helpers.course.notebooks import FOLDER
from helpers.reading.parameters import LiveTest, ParameterError, Parameters
from tests.common import thorough

IDS = [f"C{number:05d}" for number in range(6_000)]
HALVES = {"today": 0.5, "new": 0.5}


# Dealing customers


def test_a_customer_keeps_the_arm_whoever_else_there_is():
    all_of_them = experiments.assign_arms(IDS, HALVES, "spring").set_index("customer_id")["arm"]
    some = experiments.assign_arms([*IDS[100:90:-1], IDS[95]], HALVES, "spring")
    assert some["customer_id"].tolist() == IDS[100:90:-1], "twice is once"
    assert (some["arm"] == some["customer_id"].map(all_of_them)).all()
    # anybody can compute it anew: the first 8 bytes of SHA-256, as a share of all there are
    drawn = int(hashlib.sha256(b"spring:C00007").hexdigest()[:16], 16) / 16**16
    assert all_of_them["C00007"] == ("today" if drawn < 0.5 else "new")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.text(max_size=5),
       st.sampled_from([0, 0.1, 0.3]), st.booleans())  # fmt: skip
def test_arms_get_their_shares_and_the_rest_takes_no_part(parts, salt, holdout, all_take_part):
    whole = sum(parts) if all_take_part else sum(parts) + 4
    shares = {f"arm {number}": part / whole for number, part in enumerate(parts)}
    dealt = experiments.assign_arms(IDS, shares, salt, holdout)["arm"].value_counts()
    expected = {arm: share * (1 - holdout) for arm, share in shares.items()}
    for arm, share in {**expected, experiments.HOLDOUT: holdout}.items():
        spread = np.sqrt(len(IDS) * share * (1 - share))
        assert abs(dealt.get(arm, 0) - len(IDS) * share) <= 4.5 * spread, arm
    assert dealt.sum() == len(IDS) or not all_take_part


def test_a_roll_out_takes_the_new_list_from_nobody_and_keeps_some_of_today():
    before, after = (
        experiments.assign_arms(IDS, {"today": share, "new": 1 - share}, "spring", 0.1)["arm"]
        for share in (0.5, 0.2)
    )
    assert (after[before == "new"] == "new").all()
    assert (before[after == "today"] == "today").all() and (after == "today").any()
    assert ((before == experiments.HOLDOUT) == (after == experiments.HOLDOUT)).all()


def test_another_test_deals_anew_but_the_holdout_stays():
    one, other = (experiments.assign_arms(IDS, HALVES, salt, 0.1)["arm"] for salt in ("a", "b"))
    held = one == experiments.HOLDOUT
    assert (held == (other == experiments.HOLDOUT)).all()
    table = pd.crosstab(one[~held], other[~held])
    assert stats.chi2_contingency(table).pvalue > 1e-4, "arms of the next test must not hang on"
    more = experiments.assign_arms(IDS, HALVES, "c", 0.2)["arm"] == experiments.HOLDOUT
    assert (held <= more).all() and more.sum() > 1.7 * held.sum()


@pytest.mark.parametrize(
    ("shares", "holdout"),
    [({}, 0), ({"a": 0.7, "b": 0.7}, 0), ({"a": 0, "b": 1}, 0), ({"holdout": 0.5, "b": 0.5}, 0),
     ({"a": 0.5, "b": 0.5}, 1.0)],
)  # fmt: skip
def test_shares_that_cannot_be_dealt_are_refused(shares, holdout):
    with pytest.raises(ValueError, match="must be"):
        experiments.assign_arms(IDS, shares, "x", holdout)
    with pytest.raises(ValueError, match="no test may be called"):
        experiments.assign_arms(IDS, HALVES, "holdout", 0.1)


def test_a_split_is_checked_against_the_planned_shares():
    fine = experiments.sample_ratio_mismatch([9_000, 1_010], [0.9, 0.1])
    assert not fine["broken"] and fine["words"] == "as planned"
    assert fine["p_value"] == pytest.approx(stats.binomtest(1_010, 10_010, 0.1).pvalue, abs=0.02)
    broken = experiments.sample_ratio_mismatch([5_000, 5_500])
    assert broken["broken"] and "broken" in broken["words"]


def test_an_intact_split_seldom_looks_broken_and_a_leak_nearly_always_does():
    rng = np.random.default_rng(0)
    intact = rng.multinomial(4_290, [1 / 3] * 3, size=2_000)
    assert np.mean([experiments.sample_ratio_mismatch(n)["broken"] for n in intact]) < 0.004
    # every fifth customer of two arms is lost on the way
    leak = rng.multinomial(4_000, np.array([1, 0.8, 0.8]) / 2.6, size=300)
    assert np.mean([experiments.sample_ratio_mismatch(n)["broken"] for n in leak]) > 0.99


# Looking early


def test_peeking_raises_false_alarms():
    alarms = experiments.peeking(20)
    # Armitage, McPherson and Rowe (1969): 0.248 for twenty looks
    assert alarms["at any look"] == pytest.approx(0.248, abs=0.012)
    assert alarms["at the end"] == pytest.approx(0.05, abs=0.006)
    once = experiments.peeking(1)
    assert once["at the end"] == once["at any look"]


def test_limits_are_the_published_ones():
    """Lan and DeMets (1983), O'Brien-Fleming type, two-sided 5 %, as tabulated for five looks."""
    limits = experiments.spending_limits([1, 2, 3, 4, 5])
    assert limits == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=2e-3)
    assert experiments.spending_limits([7]) == pytest.approx([1.95996], abs=1e-4)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.floats(0.1, 3), min_size=1, max_size=8), st.sampled_from([0.05, 0.025, 0.2]))
def test_with_the_limits_all_looks_together_give_as_many_false_alarms_as_promised(steps, alpha):
    information = np.cumsum(steps)
    time = np.arange(1, len(steps) + 1) / len(steps)
    limits = experiments.spending_limits(information, alpha, time)
    walk = np.random.default_rng(0).normal(size=(40_000, len(steps))) * np.sqrt(steps)
    alarms = (np.abs(walk.cumsum(axis=1)) / np.sqrt(information) > limits).any(axis=1).mean()
    assert alarms == pytest.approx(alpha, abs=4.5 * np.sqrt(alpha / 40_000))


# The rule


@given(st.floats(-2, 2), st.floats(0, 2), st.floats(0.01, 1), st.booleans())
def test_the_rule_ships_only_what_is_above_zero_and_may_be_worth_it(low, width, worth, ended):
    said = experiments.decide(low, low + width, worth, ended)
    assert (said == experiments.SHIP) == (low > 0 and low + width >= worth)
    assert (said == experiments.STOP) == (low + width < worth)
    assert said != (experiments.KEEP if ended else experiments.CANNOT)
    assert experiments.decide(np.nan, np.nan, worth, ended) in ("keep running", "cannot tell")


def test_the_rules_chances_are_those_of_the_normal_distribution():
    chances = experiments.rule_chances(worth_having=0.001)  # so small that all is linear
    edge = stats.norm.isf(0.025)
    planned = edge + stats.norm.ppf(0.8)
    for name, effect in {"no effect": 0, "half of it": 0.5, "exactly worth having": 1}.items():
        ship = stats.norm.sf(edge - effect * planned)
        stop = stats.norm.cdf(planned - edge - effect * planned)
        assert chances.loc[name, "ship"] == pytest.approx(ship, abs=0.012)
        assert chances.loc[name, "stop"] == pytest.approx(stop, abs=0.012)
    assert np.allclose(chances[["ship", "stop", "cannot tell"]].sum(axis=1), 1)


@pytest.mark.parametrize("worth", [0.05, 0.65, 1.5])
@pytest.mark.parametrize("planned", [0.4, 1, 2])  # in standard errors, beside the usual number
def test_the_computed_chances_are_the_simulated_ones(worth, planned):
    simulated = experiments.rule_chances(worth_having=worth, planned_for=worth / planned)
    z = stats.norm.isf(0.025)
    error = worth / planned / (z + stats.norm.ppf(0.8)) / np.sqrt(2 + worth / planned)
    for name, effect in {"no effect": 0, "exactly worth having": 1, "twice that": 2}.items():
        lift = effect * worth
        computed = experiments.decision_chances(lift, worth, error, error * np.sqrt(1 + lift), z)
        for said, chance in computed.items():
            assert chance == pytest.approx(simulated.loc[name, said], abs=0.012), (name, said)


def test_a_planned_test_has_the_chances_that_it_was_planned_for():
    plan = LiveTest(worth_having=0.3)
    weeks = range(1, 27)
    for visits in (2e4, 1e5):
        traffic = experiments.Traffic(visits)
        table = experiments.plan_test(plan, traffic, weeks)
        noise = experiments.planned_noise(plan, traffic, weeks)
        enough = table.index[table["enough"]]
        found = experiments.plan_chances(plan, noise, weeks=4)
        assert found["needed"] == (enough[0] if len(enough) else None)
        # as many customers more as there are
        thrice = experiments.planned_noise(plan, experiments.Traffic(3 * visits), weeks)
        more = experiments.plan_chances(plan, noise, 4, times=3)
        same = experiments.plan_chances(plan, thrice, 4)
        assert more["error"] == pytest.approx(same["error"]) and more["needed"] == same["needed"]
        just = table.loc[4, "smallest_lift"]
        exact = experiments.plan_chances(plan.model_copy(update={"worth_having": just}), noise, 4)
        assert exact["chances"].loc[just, "ship"] == pytest.approx(0.8, abs=1e-3)
        assert exact["chances"].loc[0, "ship"] < 0.0251


def test_a_large_lift_is_harder_to_rule_out_than_to_find():
    """Beside the new arm's noise stands today's, times 1 + the lift."""
    chances = experiments.rule_chances(worth_having=0.6)
    small = experiments.rule_chances(worth_having=0.1)
    assert chances.loc["no effect", "stop"] < small.loc["no effect", "stop"] - 0.05
    for table in (chances, small):
        assert table.loc["no effect", "ship"] < 0.035
        assert table.loc["exactly worth having", "stop"] < 0.035


def test_weekly_looks_keep_the_promise_and_save_time():
    once, weekly = experiments.rule_chances(1), experiments.rule_chances(8)
    assert weekly.loc["no effect", "ship"] < 0.03
    assert weekly.loc["exactly worth having", "ship"] > 0.78
    assert weekly.loc["exactly worth having", "stop"] < 0.03
    assert (weekly["length"] < once["length"]).all() and weekly["length"].min() < 0.5


# A shop whose truth is known: customers differ in how often they come and in what they do


def make_test(seed, lift=0.0, n=3_000, shares=HALVES, weeks=4):
    """One row per customer, as from `by_customer`; revenue is skewed and mostly nothing."""
    rng = np.random.default_rng(seed)
    arm = rng.choice(list(shares), n, p=list(shares.values()))
    visits = 1 + rng.poisson(rng.gamma(0.6, 1.6 * weeks, n))
    rate = np.minimum(rng.beta(0.5, 25, n) * np.where(arm == "today", 1, 1 + lift), 1)
    carted = rng.binomial(visits, rate)
    revenue = rng.binomial(carted, 0.5) * rng.lognormal(3, 1, n)
    table = {"arm": arm, "visits": visits, "carted": carted, "revenue": revenue}
    return pd.DataFrame(table, index=pd.Index(IDS[:n], name="customer_id"))


def rows_of(customers, weeks=4):
    """The same as rows of an export, spread over the weeks."""
    day = pd.Timestamp("2024-03-04") + pd.to_timedelta(np.arange(len(customers)) % (7 * weeks), "D")
    return customers.reset_index().assign(date=day)


def test_an_interval_is_what_a_bootstrap_over_customers_finds():
    customers = make_test(1, lift=0.5)
    rng, sides = np.random.default_rng(0), {}
    for arm in HALVES:
        part = customers[customers["arm"] == arm][["carted", "visits", "revenue"]].to_numpy(float)
        drawn = rng.integers(0, len(part), (3_000, len(part)))
        sums = np.array([part[rows].sum(axis=0) for rows in drawn])
        sides[arm] = sums[:, 0] / sums[:, 1], sums[:, 2] / len(part)
    for metric, at in {"carted per visit": 0, "revenue per customer": 1}.items():
        read = experiments.compare(customers, metric, "today", "new")
        today, new = sides["today"][at], sides["new"][at]
        width = read["high"] - read["low"]
        assert np.percentile(new - today, [2.5, 97.5]) == pytest.approx(
            [read["low"], read["high"]], abs=0.06 * width
        )
        assert np.percentile(new / today - 1, [2.5, 97.5]) == pytest.approx(
            [read["lift_low"], read["lift_high"]], abs=0.12 * (read["lift_high"] - read["lift_low"])
        )
        assert read["error"] == pytest.approx((new - today).std(), rel=0.06)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 9), min_size=2, max_size=30),
       st.lists(st.integers(0, 9), min_size=2, max_size=30))  # fmt: skip
def test_per_customer_it_is_welchs_interval(base, variant):
    customers = pd.DataFrame(
        {"arm": ["a"] * len(base) + ["b"] * len(variant), "bought": [*base, *variant]}
    )
    read = experiments.compare(customers, "bought per customer", "a", "b")
    assert read["difference"] == pytest.approx(np.mean(variant) - np.mean(base))
    if np.ptp(base) and np.ptp(variant):
        interval = stats.ttest_ind(variant, base, equal_var=False).confidence_interval()
        assert (read["low"], read["high"]) == pytest.approx((interval.low, interval.high))


@thorough
def test_intervals_include_the_truth_as_often_as_promised_and_visits_alone_would_not():
    metrics = ["carted per visit", "carted per customer", "revenue per customer"]
    inside, above, naive = dict.fromkeys(metrics, 0), dict.fromkeys(metrics, 0), 0
    # in expectation: see make_test
    rate, visits = 0.5 / 25.5, 1 + 0.6 * 1.6 * 4
    carts, spent = 0.5 * rate, 0.5 * np.exp(3.5)
    truth = dict(zip(metrics, (carts, carts * visits, carts * visits * spent), strict=True))
    n_tests = 400
    for seed in range(1_000, 1_000 + n_tests):
        customers = make_test(seed, lift=0.5)
        for metric in metrics:
            read = experiments.compare(customers, metric, "today", "new")
            inside[metric] += read["low"] <= truth[metric] <= read["high"]
            above[metric] += read["lift_low"] <= 0.5 <= read["lift_high"]
        by_arm = customers.groupby("arm")[["carted", "visits"]].sum()
        share = by_arm["carted"] / by_arm["visits"]
        half = 1.96 * np.sqrt((share * (1 - share) / by_arm["visits"]).sum())
        naive += abs(share["new"] - share["today"] - truth["carted per visit"]) <= half
    for metric in metrics:  # 95 %, give or take two and a half standard errors of 400 tests
        assert 0.922 <= inside[metric] / n_tests <= 0.978, metric
        assert 0.91 <= above[metric] / n_tests <= 0.98, metric
    assert naive / n_tests < 0.92, "these data do not tell the two ways apart"


# Planning


@thorough
def test_a_test_of_the_planned_size_finds_the_planned_lift_four_times_in_five():
    log = rows_of(make_test(5, n=6_000))
    plan = LiveTest(metric="carted per visit")
    planned = experiments.plan_test(plan, log, [4]).loc[4]
    assert planned["customers"] == 6_000 and not planned["enough"]
    found = [
        experiments.compare(make_test(seed, planned["smallest_lift"], 6_000), plan.metric,
                            "today", "new")["low"] > 0
        for seed in range(400)
    ]  # fmt: skip
    # were the new arm no noisier than today's, it would be found less often than promised
    assert np.mean(found) == pytest.approx(0.8, abs=0.07)


def test_the_smallest_lift_with_another_share_held_out():
    plan = LiveTest(arms={"a": 0.4, "b": 0.2, "c": 0.2, "d": 0.2})
    held = LiveTest(arms={"a": 0.1, "b": 0.3, "c": 0.3, "d": 0.3})
    log = rows_of(make_test(5, n=6_000))
    for weeks in (None, plan.weeks // 2):
        found = experiments.smallest_lift(plan, log, 0.1, weeks)
        planned = experiments.plan_test(held, log, [weeks or plan.weeks])["smallest_lift"].item()
        assert found == pytest.approx(planned)


def test_more_arms_weekly_looks_and_uneven_shares_cost():
    log = rows_of(make_test(5, n=6_000))
    smallest = {
        name: experiments.plan_test(LiveTest(**options), log, [4])["smallest_lift"].item()
        for name, options in {
            "plain": {},
            "three arms": {"arms": {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}},
            "uneven": {"arms": {"a": 0.9, "b": 0.1}},
            "held out": {"holdout": 0.2},
            "weekly": {"looks": "weekly"},
        }.items()
    }
    plain = smallest.pop("plain")
    assert smallest["weekly"] == pytest.approx(plain, rel=0.04) and smallest["weekly"] > plain
    # at least as much as if the new arm were no noisier than today's
    assert plain / np.sqrt(0.8) < smallest["held out"] < 1.15 * plain / np.sqrt(0.8)
    uneven = plain * (0.25 / 0.09) ** 0.5  # n s (1 - s)
    assert uneven < smallest["uneven"] < 1.6 * uneven
    assert smallest["three arms"] > 1.25 * plain


def test_an_assumed_traffic_plans_as_a_log_of_it_would():
    """Poisson visits of gamma-distributed means, and a share of successes that is beta."""
    rng, n, weeks = np.random.default_rng(2), 60_000, 4
    mean = rng.gamma(1, 1.5 * weeks, n)  # squared coefficient of variation: 1
    visits = rng.poisson(mean)
    alike, rate = 0.06, 0.02
    a, b = rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1)
    log = pd.DataFrame({"customer_id": np.arange(n).astype(str), "visits": visits,
                        "carted": rng.binomial(visits, rng.beta(a, b, n))})  # fmt: skip
    log = rows_of(log[visits > 0].set_index("customer_id"))
    from_log = experiments.plan_test(LiveTest(), log, [weeks]).loc[weeks]
    traffic = experiments.Traffic(visits.sum() / weeks, rate, 1.5, 1, alike)
    assumed = experiments.plan_test(LiveTest(), traffic, [weeks]).loc[weeks]
    assert assumed["smallest_lift"] == pytest.approx(from_log["smallest_lift"], rel=0.06)


def test_the_same_people_again_tell_less_and_less():
    traffic = experiments.Traffic(1e6, visits_per_customer=3)
    smallest = experiments.plan_test(LiveTest(), traffic, [1, 2, 4, 8, 52])["smallest_lift"]
    assert smallest.is_monotonic_decreasing and smallest[52] > 0.8 * smallest[8]
    all_others = experiments.Traffic(1e6, visits_per_customer=1e-9)
    smallest = experiments.plan_test(LiveTest(), all_others, [1, 4])["smallest_lift"]
    assert smallest[4] == pytest.approx(smallest[1] / 2, rel=0.02)


def test_a_shops_own_tables_give_a_history():
    day = pd.to_datetime(["2024-03-01 09:00", "2024-03-01 17:00", "2024-03-02 08:00"])
    bought = pd.DataFrame({"customer_id": ["a", "a", "b"], "transaction_date": day,
                           "product_id": "p", "total_amount": [2.0, 3.0, 4.0]})  # fmt: skip
    events = pd.DataFrame({"customer_id": ["a", "b", "c"], "event_date": day,
                           "event_type": ["search", "add_to_cart", "add_to_cart"]})  # fmt: skip
    seen = experiments.shop_history(bought, events).set_index(["customer_id", "date"])
    first, second = pd.Timestamp("2024-03-01"), pd.Timestamp("2024-03-02")
    assert seen.loc[("a", first)].to_dict() == {
        "bought": 1, "revenue": 5, "carted": 0, "visits": 1,
    }  # fmt: skip
    assert seen.loc[("b", first), "carted"] == 1 and seen.loc[("b", first), "revenue"] == 0
    assert seen.loc[("b", second), "revenue"] == 4 and seen.loc[("c", second), "bought"] == 0
    bare = experiments.shop_history(bought[["customer_id", "transaction_date", "product_id"]])
    assert set(bare) == {"customer_id", "date", "visits", "bought"}
    with pytest.raises(ValueError, match="needs a column 'clicked'"):
        experiments.plan_test(LiveTest(metric="clicked per visit"), bare, [1])


# Reading


def read(customers, **plan):
    return experiments.read_test(rows_of(customers), LiveTest(**plan))


def test_a_clear_win_ships_and_is_worth_money():
    found = read(make_test(3, lift=1.5), guardrails={"revenue per customer": 0.1}, value=10.0,
                 cost_per_year=1_000.0)  # fmt: skip
    assert found["decision"] == "ship" and found["arm"] == "new" and found["window"]["ended"]
    table = found["comparisons"].set_index("metric")
    assert table["role"].tolist()[:2] == ["decides", "guardrail"]
    assert table.loc["revenue per customer", "state"] == "fine"
    money = found["money"]["new"]
    row, visits = table.loc["carted per visit"], make_test(3, lift=1.5)["visits"].sum()
    assert money["difference"] == pytest.approx(10 * row["difference"] * visits * 52 / 4)
    assert money["break_even_lift"] == pytest.approx(1_000 / money["today"])


def test_lift_times_today_is_the_money_at_both_ends():
    found = read(make_test(3, lift=1.5), value=10.0, cost_per_year=1_000.0)
    row = found["comparisons"].set_index("role").loc["decides"]
    money = found["money"]["new"]
    for end, lift in (("difference", "lift"), ("low", "lift_low"), ("high", "lift_high")):
        assert money[end] == pytest.approx(money["today"] * row[lift])
    # so "even the lower end pays that" is true of the lift, too
    for cost in (0.9 * money["low"], 1.1 * money["low"], 0.9 * money["high"], 1.1 * money["high"]):
        again = read(make_test(3, lift=1.5), value=10.0, cost_per_year=cost)["money"]["new"]
        assert (again["low"] > cost) == (row["lift_low"] > again["break_even_lift"])
        assert (again["high"] < cost) == (row["lift_high"] < again["break_even_lift"])


def test_without_an_end_of_the_lift_money_has_those_of_the_difference():
    customers = make_test(3)
    customers.loc[customers["arm"] == "new", "carted"] = 0
    found = read(customers, value=10.0)
    row, money = found["comparisons"].set_index("role").loc["decides"], found["money"]["new"]
    assert np.isnan(row["lift_low"])
    assert money["low"] / money["difference"] == pytest.approx(row["low"] / row["difference"])


def test_a_sentence_says_which_interval_includes_zero():
    row = {"metric": "carted per customer", "difference": 0.5, "low": -0.1, "high": 1.1,
           "lift": 1.0, "lift_low": 0.01, "lift_high": 3.0}  # fmt: skip
    assert "the difference's interval includes zero" in experiments.readout.sentence(row)
    row["lift_low"] = -0.01
    assert ": the interval includes zero" in experiments.readout.sentence(row)


@pytest.mark.parametrize("arms", [["personal", "today"], ["new", "Control"], ["b", "c", "old"]])
def test_todays_list_stands_first(arms):
    with pytest.raises(ValueError, match="today's list stands first"):
        LiveTest(arms=dict.fromkeys(arms, 0.3))
    assert list(LiveTest(arms=dict.fromkeys(arms[::-1], 0.3)).arms) == arms[::-1]


def test_a_gain_that_is_real_but_too_small_stops():
    found = read(make_test(3, lift=1.5), worth_having=4.0)
    assert found["decision"] == "stop" and "below what is worth having" in found["because"]


def test_a_harmed_guardrail_stops_a_test_whose_metric_wins():
    customers = make_test(3, lift=1.5)
    often = np.where(customers["arm"] == "today", 2, 1)
    customers["bought"] = np.where(customers["visits"] > 2, often, 0)
    found = read(customers, guardrails={"bought per customer": 0.05})
    assert found["decision"] == "stop" and "bought per customer" in found["because"]
    half = rows_of(customers)
    half = half[half["date"] < "2024-03-20"]
    early = experiments.read_test(half, LiveTest(guardrails={"bought per customer": 0.05}))
    assert early["decision"] == "stop", "harm speaks before the end"


def test_a_broken_split_and_unlike_visits_decide_nothing():
    customers = make_test(3, lift=1.5)
    lost = customers.drop(customers.index[customers["arm"] == "new"][:250])
    found = read(lost)
    assert found["decision"] == "cannot tell" and "shares" in found["because"]
    uneven = read(make_test(3, 1.5, shares={"today": 0.8, "new": 0.2}),
                  arms={"today": 0.8, "new": 0.2})  # fmt: skip
    assert uneven["decision"] == "ship"
    more = customers.assign(visits=customers["visits"] * (1 + 2 * (customers["arm"] == "new")))
    found = read(more)
    assert found["decision"] == "cannot tell" and "visits per customer" in found["because"]
    assert read(more, metric="carted per customer")["decision"] == "ship"


def test_before_the_end_what_decides_is_not_shown():
    rows = rows_of(make_test(3, lift=1.5))
    early = rows[rows["date"] < "2024-03-27"]
    found = experiments.read_test(early, LiveTest())
    assert found["decision"] == "keep running" and not len(found["comparisons"])
    assert found["window"]["weeks"] == 3 and not found["window"]["ended"] and not found["money"]
    text = "\n".join(experiments.words(found, LiveTest()))
    assert "week 3 of 4 is over" in text and "carted" not in text
    weekly = experiments.read_test(early, LiveTest(looks="weekly"))
    assert weekly["decision"] == "ship" and weekly["level"] > 0.97
    assert weekly["window"]["last"] == pd.Timestamp("2024-03-24"), "whole weeks"
    assert weekly["window"]["after"] > 0
    first = rows[rows["date"] < "2024-03-08"]
    assert experiments.read_test(first, LiveTest(looks="weekly"))["decision"] == "keep running"


def test_what_stands_before_and_after_the_planned_weeks_does_not_count():
    rows = rows_of(make_test(3), weeks=6)
    found = experiments.read_test(rows, LiveTest(starts="2024-03-11"))
    assert found["window"]["ended"] and found["window"]["last"] == pd.Timestamp("2024-04-07")
    counted = rows[rows["date"].between("2024-03-11", "2024-04-07")]
    assert found["window"]["before"] + found["window"]["after"] == len(rows) - len(counted)
    assert found["means"]["customers"].sum() == counted["customer_id"].nunique()


def test_several_new_arms_share_the_chance_of_a_false_alarm():
    thirds = dict.fromkeys(["today", "new", "other"], 1 / 3)
    found = read(make_test(3, 1.5, shares=thirds), arms=thirds)
    assert found["level"] == pytest.approx(0.975) and found["decision"] == "ship"
    alarms = 0
    for seed in range(150):
        customers = make_test(seed, 0, 1_500, thirds)
        level = 1 - 0.05 / 2
        reads = [experiments.compare(customers, "carted per visit", "today", arm, level)
                 for arm in ("new", "other")]  # fmt: skip
        alarms += any(not each["low"] <= 0 <= each["high"] for each in reads)
    assert alarms <= 15, "5 % of 150 are 7.5"


def test_the_holdout_is_no_arm_and_other_arms_are_refused():
    rows = rows_of(make_test(3))
    held = rows.assign(arm=rows["arm"].where(rows.index % 10 > 0, " Holdout"))
    found = experiments.read_test(held, LiveTest())
    assert found["means"]["customers"].sum() == (rows.index % 10 > 0).sum()
    with pytest.raises(data.DataError, match="has b and lacks new"):
        experiments.read_test(rows.assign(arm=rows["arm"].replace("new", "b")), LiveTest())
    with pytest.raises(data.DataError, match="needs a column 'bought'"):
        experiments.read_test(rows, LiveTest(metric="bought per customer"))
    alone = rows[(rows["arm"] == "today") | (rows["customer_id"] == IDS[0])].assign(date=pd.NaT)
    with pytest.raises(data.DataError, match="a comparison takes two"):
        experiments.read_test(alone.assign(arm=np.where(alone.index, "today", "new")), LiveTest())


def test_where_nothing_happened_nothing_is_decided():
    found = read(make_test(3).assign(carted=0, revenue=0.0))
    assert found["decision"] == "cannot tell" and "Too little was counted" in found["because"]
    nothing_today = make_test(3).assign(carted=lambda t: t["carted"] * (t["arm"] == "new"))
    assert read(nothing_today)["decision"] == "cannot tell"
    for sentence in experiments.words(found, LiveTest()):
        assert "nan" not in sentence


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"arms": {"a": 0.5}}, "arms is {'a': 0.5}; it must be a mapping of at least two"),
        ({"arms": {"a": 0.6, "b": 0.6}}, "together at most 1"),
        ({"arms": {"a": 0.5, "A ": 0.5}}, "at least two arms"),
        ({"metric": "carted per click"}, "must be one of: clicked per visit"),
        ({"guardrails": {"returns per customer": 0.1}}, "mapping of metrics"),
        ({"starts": "04.03.2024"}, 'a day such as "2024-03-04"'),
        ({"looks": "daily"}, "end or weekly"),
        ({"name": "holdout"}, "a text in quotes, not holdout"),
        ({"week": 4}, "Did you mean 'weeks'"),
        ({"worth_having": 0}, "a number above 0"),
    ],
)
def test_a_plan_that_cannot_be_is_a_sentence(given, words):
    with pytest.raises(ParameterError, match=words.replace("{", r"\{").replace(".", r"\.")):
        Parameters.of({"live_test": given})


# The made-up shop, as its own simulation plays it


@thorough
def test_equal_lists_in_the_made_up_shop_differ_as_seldom_as_promised():
    """Of popular and of item-based lists; the same visits taken as independent fail the bound."""
    world = simulation.make_world()
    alarms, by_visit, n_tests = 0, 0, 300
    for number, model in enumerate(simulation.two_lists(world.transactions).values()):
        home = simulation.prepare_homepage(world, {"today": model, "new": model})
        for seed in range(number, n_tests, 2):
            dealt = experiments.assign_arms(home.customers, HALVES, f"test {seed}")
            rows = home.visits(dealt, weeks=8, random_state=seed)
            customers = experiments.by_customer(rows[["customer_id", "arm", "carted"]])
            read = experiments.compare(customers, "carted per visit", "today", "new")
            alarms += not read["low"] <= 0 <= read["high"]
            sums = customers.groupby("arm")[["carted", "visits"]].sum()
            share = sums["carted"] / sums["visits"]
            error = np.sqrt((share * (1 - share) / sums["visits"]).sum())
            by_visit += abs(share["new"] - share["today"]) > 1.96 * error
    most = 0.08 * n_tests  # 5 %, and two and a half standard errors
    assert 0.02 * n_tests <= alarms <= most < by_visit


def test_the_rise_that_a_fold_of_lesson_11_tells_is_found_four_times_in_five():
    fold = (FOLDER / "11_decision_memo.ipynb").read_text("utf-8")
    limit = stats.norm.isf(0.025)
    # forty customers each notice a rise four times in five from here on, and none much smaller
    assert "say from 20 to 50 %" in fold
    power = {
        high: stats.norm.sf(limit - (high - 0.2) / np.sqrt((0.2 * 0.8 + high * (1 - high)) / 40))
        for high in (0.45, 0.5)
    }
    assert power[0.45] < 0.8 < power[0.5] < 0.85
