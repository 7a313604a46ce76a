"""The rule, the facts and the page of the decision memo."""

import copy
import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalogue, colours, data, evaluate, experiments, memo, production, writing
from helpers.plausibility import Doubt
from helpers.reading.parameters import LiveTest
from helpers.recommend import ItemBased, MostPopular
from tests.common import deeper, examples

CLEAR = {
    "doubts": 0, "rows_kept": 0.9, "customers_judged": 800, "hits": 200, "worth_having": 0.02,
    "signal_low": 0.05, "signal_high": 0.07, "gain_low": 0.02, "gain_high": 0.04,
    "best_lift": 0.4, "smallest_lift": 0.36,
}  # fmt: skip
#: Assumptions of the lesson, for the bundled shop.
STORY = memo.Assumptions(visits_per_week=4_200, cost_per_year=8_000)
DOUBTS = [
    Doubt("a hole", "no purchase <here>.", "It matters.", "name all files."),
    Doubt("turned dates", "dates are turned.", "It spoils.", "set `date_format: x`.", stops=True),
]


@pytest.mark.parametrize(
    ("change", "decision", "asked"),
    [
        (
            {},
            "ship a test",
            "Every question answered so far is a yes. Still open: legal's sign-off.",
        ),
        # before anything else: figures of wrong data say nothing, not even "don't"
        ({"doubts": 1}, "fix the data first", "look like what happened"),
        ({"doubts": 2, "rows_kept": 0.1, "gain_high": -0.1}, "fix the data first", "happened"),
        ({"rows_kept": 0.49}, "not yet", "half of the file"),
        ({"customers_judged": 99}, "not yet", "100 customers"),
        ({"hits": 19}, "not yet", "find something"),
        # the test could have seen a signal worth having, and there is none
        ({"signal_low": -0.01, "signal_high": 0.01}, "don't", "purchases predict enough"),
        # it could not: the interval includes what is worth having, or is wide
        ({"signal_low": -0.01, "signal_high": 0.03}, "not yet", "purchases predict surely above"),
        ({"signal_low": -0.03, "signal_high": 0.015}, "not yet", "purchases predict surely above"),
        ({"gain_low": -0.04, "gain_high": -0.02}, "don't", "beat the best sellers"),
        ({"gain_low": -0.01, "gain_high": 0.01}, "don't", "beat the best sellers"),
        ({"gain_low": -0.01}, "not yet", "best sellers surely above"),
        # real, but not worth building
        ({"gain_low": 0.005, "gain_high": 0.019}, "don't", "beat the best sellers"),
        ({"signal_low": 0.005, "signal_high": 0.019}, "don't", "purchases predict enough"),
        ({"gain_low": 0.005, "gain_high": 0.021}, "ship a test", "Still open: legal's"),
        ({"smallest_lift": 0.41}, "not yet", "12 weeks"),
        # the first no decides: too few customers, or hits, to say that there is no signal
        ({"customers_judged": 20, "signal_high": -0.1}, "not yet", "100 customers"),
        # a real shop: of 355 customers one had a hit, so the interval was narrow and near zero
        (
            {
                "customers_judged": 355,
                "hits": 1,
                "worth_having": 0.003,
                "signal_low": -0.0005,
                "signal_high": 0.0017,
            },
            "not yet",
            "find something",
        ),
        (
            {"signal_low": -0.01, "signal_high": 0.01, "smallest_lift": 5},
            "don't",
            "purchases predict enough",
        ),
    ],
)
def test_the_first_no_decides(change, decision, asked):
    result = memo.decide(CLEAR | change)
    assert result["decision"] == decision
    assert asked in result["because"]
    assert len(result["checks"]) == len(memo.CHECKS)


@given(st.sets(st.sampled_from(sorted(CLEAR)), min_size=1), st.sampled_from([None, float("nan")]))
def test_what_is_not_known_never_ships(missing, unknown):
    result = memo.decide(CLEAR | dict.fromkeys(missing, unknown))
    # only the traffic may stay open
    assert (result["decision"] == "ship a test") == (missing <= {"best_lift", "smallest_lift"})
    assert result["decision"] != "don't"
    for check in result["checks"]:
        assert check["passed"] is True or check["answer"] == "not known"


def test_without_traffic_the_length_of_the_test_stays_open():
    result = memo.decide(CLEAR | {"smallest_lift": None})
    assert result["checks"][-1]["passed"] is None
    assert "enter the weekly visits by known customers" in result["what_to_do"]
    assert result["because"] == (
        "Every question answered so far is a yes. Still open: the test's length and legal's "
        "sign-off."
    )
    # it never hides another question's no
    assert memo.decide(CLEAR | {"smallest_lift": None, "hits": 3})["decision"] == "not yet"


def test_a_test_that_can_notice_nothing_is_said_in_words(tmp_path):
    """Too few customers for any test: the smallest lift is infinite, for which JSON has no sign."""
    nothing = {"smallest_lift": float("inf"), "floor_lift": float("inf")}
    result = memo.decide(CLEAR | nothing)
    assert result["decision"] == "not yet"
    assert "no rise in carts, however large" in result["what_to_do"]
    assert not re.search(r"\binf\b|inf%", f"{result}")
    assert (
        "nothing below 50% more" in memo.decide(CLEAR | dict.fromkeys(nothing, 0.5))["what_to_do"]
    )
    writing.record(tmp_path, "memo", {"plan": nothing, "lifts": [np.float64("nan"), 1.5]})
    found = json.loads((tmp_path / "figures" / "memo.json").read_text(), parse_constant=pytest.fail)
    assert found == {"plan": dict.fromkeys(nothing), "lifts": [None, 1.5]}


@given(st.floats(-0.2, 0.2), st.floats(1e-4, 0.2), st.floats(1e-3, 0.1), st.integers(100, 10_000))
def test_as_many_customers_as_the_memo_asks_for_settle_the_question(middle, half, worth, customers):
    shop = CLEAR | {
        "customers_judged": customers, "worth_having": worth,
        "signal_low": middle - half, "signal_high": middle + half,
    }  # fmt: skip
    result = memo.decide(shop)
    if "surely above" in result["because"]:
        asked_for = re.search(r"about ([\d,]+) customers", result["what_to_do"])[1]
        needed = int(asked_for.replace(",", ""))
        assert needed >= customers
        half *= (customers / needed) ** 0.5
        assert middle - half > -1e-9 or evaluate.ruled_out(
            middle - half, middle + half - 1e-9, worth
        )


def test_thin_data_are_never_a_dont_unless_surely_worse():
    assert not evaluate.ruled_out(-0.03, 0.019, 0.02) and not evaluate.ruled_out(-0.01, 0.02, 0.02)
    assert evaluate.ruled_out(-0.01, 0.019, 0.02) and evaluate.ruled_out(-0.3, -0.01, 0.02)
    assert not evaluate.ruled_out(0.001, 0.002, 0.02), "small, but there"
    assert memo.too_little(0.001, 0.019, 0.02) and not memo.too_little(0.001, 0.021, 0.02)
    assert not memo.too_little(-0.03, 0.019, 0.02) and memo.too_little(-0.01, 0.019, 0.02)


def test_a_gain_worth_having_is_hardly_ever_a_dont():
    """Whatever the number of customers, chance says so once in forty shops or less often."""
    rng = np.random.default_rng(0)
    for error in (0.1, 0.5, 1, 3):  # of the gain, in units of what is worth having
        seen = rng.normal(1, error, 4_000)
        said = [memo.too_little(each - 1.96 * error, each + 1.96 * error, 1) for each in seen]
        assert np.mean(said) < 0.035


def test_what_is_worth_having_comes_from_the_money_where_that_is_known():
    shop = memo.Assumptions(visits_per_week=1_000, click_rate=0.1, cart_rate=0.1, cost_per_year=390,
                            buy_rate=0.5)  # fmt: skip
    # 52,000 visits, 520 carts, of which every second earns 40 % of 25
    found = memo.lift_worth_having(shop, 25.0)
    assert found["lift"] == pytest.approx(390 / 2_600) and found["lift_from"] == "cost"
    # half of the customers have to earn the same
    assert memo.lift_worth_having(shop, 25.0, 0.5)["lift"] == pytest.approx(0.3)
    assert memo.lift_worth_having(replace(shop, lift=0.07), 25.0)["lift"] == 0.07
    for unknown in (replace(shop, cost_per_year=None), replace(shop, visits_per_week=None)):
        fifth = {"lift": 0.2, "lift_from": "fifth", "more_hits": 0.2}
        assert memo.lift_worth_having(unknown, 25.0) == fifth
    assert memo.lift_worth_having(shop, None)["lift_from"] == "fifth"


def test_customers_who_come_unequally_often_make_a_test_longer():
    """Of 400 customers each tenth comes ten times as often: 1.9 visits on average, 4.2 times."""
    rng = np.random.default_rng(0)
    often = np.where(np.arange(400) % 10 == 0, 10, 1)
    rows = [(customer, week) for week in range(20) for customer in range(400)
            for _ in range(rng.poisson(often[customer] / 20))]  # fmt: skip
    events = pd.DataFrame(rows, columns=["customer_id", "week"])
    # each visit on a day of its own, so that no day has two
    events["event_date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        7 * events["week"] + events.groupby(["customer_id", "week"]).cumcount(), unit="D"
    )
    expected = (often**2).mean() / often.mean() ** 2 - 1
    assert experiments.unevenness(events, 400, 20) == pytest.approx(expected, rel=0.15)
    even = memo.smallest_lifts(STORY, 400, None)
    uneven = memo.smallest_lifts(STORY, 400, events)
    assert (even.diff().dropna() < 0).all() and uneven.loc[12] > 1.2 * even.loc[12]
    # ever less: four times the weeks never halve it where the same customers come again
    assert even.loc[12] > even.loc[3] / 2
    assert memo.smallest_lifts(replace(STORY, visits_per_week=1), 400).notna().all()


@pytest.fixture(scope="module")
def facts(shop):
    transactions, events = shop
    report = data.read_transactions()[1]
    return memo.collect(transactions, events, report, assumed=STORY, made_up_consent=True)


def test_the_bundled_shop_ships_a_test(facts, shop):
    assert facts["decision"]["decision"] == "ship a test"
    methods = facts["quality"]["methods"]
    assert list(methods)[0] == "personal list" and list(methods)[2] == "drawn by dice"
    assert methods["personal list"]["hit_rate_low"] > 1.4 * methods[facts["quality"]["rival"]][
        "hit_rate"
    ]  # fmt: skip
    bought = [example["n_bought"] for example in facts["examples"]]
    assert len(bought) == 5 and bought == sorted(bought) and bought[0] < bought[-1]
    known = pd.concat([shop[0]["customer_id"], shop[1]["customer_id"]]).nunique()
    assert facts["data"]["customers"] < sum(facts["served"].values()) <= known
    plan = facts["plan"]
    assert plan["lifts"][plan["weeks"]] <= plan["lift"] < plan["lifts"][plan["weeks"] - 1]
    assert plan["smallest_lift"] == plan["lifts"][memo.MAX_WEEKS]
    assert plan["lift_from"] == "cost" and facts["decision"]["only_for"] == ""
    assert (
        sum(each["customers"] for each in facts["quality"]["groups"].values())
        == (facts["quality"]["customers"])
    )
    # by the lesson's own comparison
    split = evaluate.split_by_time(*shop)
    gain = evaluate.paired_difference(
        evaluate.settings_for(*shop), MostPopular(30), split, k=5, metric="hit_rate"
    )  # fmt: skip
    assert facts["quality"]["rival"] == "best sellers of 30 days"
    assert facts["quality"]["gain"] == pytest.approx(gain, rel=1e-4)


def test_a_shop_that_gains_too_little_for_the_cost_is_a_dont(shop):
    """The same shop, the same gain: what it must earn decides."""
    dear = replace(STORY, cost_per_year=300_000)
    facts = memo.collect(*shop, data.read_transactions()[1], assumed=dear)
    assert facts["quality"]["gain"]["low"] > 0.1
    assert facts["decision"]["decision"] == "don't"
    assert "enough" in facts["decision"]["because"]


@pytest.fixture(scope="module")
def groups_differ(shop):
    """The same shop, but whoever had bought one product comes back for a best seller."""
    split = evaluate.split_by_time(shop[0])
    recent = split.train["transaction_date"] >= split.test_start - pd.Timedelta(days=30)
    best = split.train.loc[recent, "product_id"].value_counts().index[:3].to_numpy()
    bought = split.train.groupby("customer_id")["product_id"].nunique()
    one = shop[0]["customer_id"].isin(bought.index[bought == 1])
    changed = one & (shop[0]["transaction_date"] >= split.test_start)
    product = shop[0]["product_id"].mask(changed, np.resize(best, len(shop[0])))
    return shop[0].assign(product_id=product)


def test_a_test_leaves_out_customers_for_whom_a_gain_is_ruled_out(groups_differ):
    report = data.HealthReport("made up", len(groups_differ), len(groups_differ), {})
    facts = memo.collect(groups_differ, None, report, assumed=STORY)
    decision, groups = facts["decision"], facts["quality"]["groups"]
    assert groups[memo.ONE]["says"] == memo.RULED_OUT
    assert decision["decision"] == "ship a test" and decision["only_for"] == "several products"
    told = "Only customers who have bought several products take part: for the others, a gain"
    assert decision["what_to_do"].startswith(told)
    # those others dilute the gain, so the rule was asked of the rest
    assert decision["asked_of"] == "several products"
    plan = facts["plan"]
    assert plan["customers"] == plan["sizes"][memo.SEVERAL] < facts["data"]["customers"]
    page = " ".join(memo.page(facts, "shop").split())
    assert told in page
    asks = f"half of the {plan['customers']:,} customers who have bought several products see "
    assert f"{asks}personal lists for 3 weeks, half best sellers." in page
    year = plan["earns"] * plan["visits_per_week"]
    assert (
        f"Today's list earns {year:,.0f} a year in margin from these customers (at assumed rates): "
        in page
    )


def judged(low, high, customers=400, hits=100):
    gain = {"difference": (low + high) / 2, "low": low, "high": high}
    return {"customers": customers, "hits": hits, "gain": gain}


@pytest.mark.parametrize(
    ("everybody", "one", "several", "decision", "only_for"),
    [
        (judged(0.03, 0.05), judged(0.01, 0.04), judged(0.03, 0.06), "ship a test", ""),
        # merely uncertain, or too few to tell: the group stays in
        (judged(0.03, 0.05), judged(-0.03, 0.03), judged(0.03, 0.06), "ship a test", ""),
        (judged(0.03, 0.05), judged(0, 0) | {"gain": None}, judged(0.03, 0.06), "ship a test", ""),
        (judged(0.02, 0.04), judged(-0.01, 0.01), judged(0.03, 0.06), "ship a test", "several"),
        (judged(0.02, 0.04), judged(0.03, 0.06), judged(0.001, 0.01), "ship a test", "one"),
        # everybody together says no, one group surely gains
        (judged(-0.01, 0.03), judged(-0.03, 0.03), judged(0.03, 0.06), "ship a test", "several"),
        (judged(-0.01, 0.01), judged(-0.03, 0.01), judged(0.03, 0.06), "ship a test", "several"),
        # both uncertain; nobody gains
        (judged(-0.01, 0.03), judged(-0.03, 0.03), judged(-0.01, 0.05), "not yet", ""),
        (judged(-0.01, 0.01), judged(-0.01, 0.01), judged(-0.01, 0.01), "don't", ""),
    ],
)
def test_groups_fixed_before_decide_for_whom_the_test_is(
    everybody, one, several, decision, only_for
):
    quality = everybody | {"groups": {memo.ONE: dict(one), memo.SEVERAL: dict(several)}}
    quality |= {"rival": "best", "methods": {"best": {"hit_rate": 0.1}}}  # a fifth of it: .02
    plan = memo._planner(memo.Assumptions(), no_structure(0), None)
    found = memo._recommend(
        quality, {"low": 0.05, "high": 0.07}, plan, {"doubts": 0, "rows_kept": 1}
    )
    assert found["decision"]["decision"] == decision
    assert found["decision"]["only_for"].split(" ")[0] == only_for


YES = {"ship a test": 3, "not yet": 2, "don't": 1, "fix the data first": 0}
COSTS, VISITS = st.floats(10, 1e6), st.floats(1, 1e6)


def asked(transactions, gains, cost, visits, lift=None):
    """The recommendation for gains of everybody and of both groups, with their half widths."""
    everybody, one, several = (judged(middle - half, middle + half) for middle, half in gains)
    quality = everybody | {"groups": {memo.ONE: one, memo.SEVERAL: several}}
    quality |= {"rival": "best", "methods": {"best": {"hit_rate": 0.1}}}
    shop = memo.Assumptions(visits, cost_per_year=cost, lift=lift, exchange_rate=1)
    found = memo._recommend(
        quality, {"low": 0.2, "high": 0.9}, memo._planner(shop, transactions, None),
        {"doubts": 0, "rows_kept": 1},
    )  # fmt: skip
    return found


@deeper
@settings(deadline=None, max_examples=examples(12))
@given(st.lists(st.tuples(st.floats(-0.1, 0.5), st.floats(0.001, 0.2)), min_size=3, max_size=3),
       COSTS, VISITS, st.floats(0.01, 1), st.floats(1, 100), st.floats(0, 0.3))  # fmt: skip
def test_cheaper_busier_or_surely_better_lists_never_get_a_weaker_answer(
    shop, gains, cost, visits, cheaper, busier, better
):
    def answer(*args):
        return asked(shop[0], *args)["decision"]["decision"]

    before = answer(gains, cost, visits)
    assert YES[answer(gains, cost * cheaper, visits)] >= YES[before]
    assert YES[answer(gains, cost, visits * busier)] >= YES[before]
    if before == "ship a test":
        gains = [(middle + better, half) for middle, half in gains]
        assert answer(gains, cost, visits) == "ship a test"


@pytest.mark.parametrize("cost", [8_000, 6_000, 4_000, 400])
def test_a_lower_cost_keeps_a_yes_though_no_test_could_notice_the_line(shop, cost):
    """Twelve weeks notice 60 %, the lists pay from less, and the best case is 190 %."""
    gains = [(0.17, 0.02)] * 3
    found = asked(shop[0], gains, cost, 4_200)
    assert found["decision"]["decision"] == "ship a test"
    assert found["evidence"]["best_lift"] == pytest.approx(1.9)
    plan = found["plan"]
    assert plan["weeks"] == {8_000: 3, 6_000: 6}.get(cost, 12)
    assert (plan["lift"] < plan["smallest_lift"]) == (cost < 6_000)
    assert cost < 6_000 or plan["lifts"][plan["weeks"]] <= plan["lift"]
    # a gain that no test could notice is no reason to start one, whatever the lists cost
    assert asked(shop[0], [(0.03, 0.01)] * 3, cost, 4_200)["decision"]["decision"] != "ship a test"


def test_how_often_the_rule_says_what_is_of_the_test_as_it_will_be():
    """A test that notices twice the line finds the line in three of ten cases, not in eight."""

    def noticing(lift):
        """The noise of two arms of a test that finds this lift four times in five."""
        variance = (lift / 2.8) ** 2 / (2 + lift)
        return {12: {"today": variance, "within": variance, "between": 0.0}}

    plan = {"lift": 0.3, "weeks": 12}
    exactly = memo._chances(plan | {"noise": noticing(0.6)}).loc["exactly worth having"]
    planned = memo._chances(plan | {"noise": noticing(0.3)}).loc["exactly worth having"]
    assert planned["ship"] == pytest.approx(0.8, abs=0.02)
    assert exactly["ship"] == pytest.approx(0.31, abs=0.04)
    # a busy shop's weeks see far more than the line, and are hardly ever wrong
    sharp = memo._chances(plan | {"noise": noticing(0.03)})
    assert sharp.loc["half of it", "stop"] > 0.99
    # where no test is to be started, of one that would be long enough
    assert memo._chances(plan | {"weeks": None}).loc["exactly worth having", "ship"] > 0.75


def test_the_memo_says_how_likely_the_test_settles_the_question(facts, shop):
    told, page = memo.will_it_settle(facts), said(memo.page(facts, "shop"))
    assert told.replace("%", " %") in page and told.startswith(
        "Is 4 weeks enough? Of 100 such tests, "
    )
    parts = {
        "exactly worth having": "{} would give a clear answer if the lists really bring 96% more",
        "twice that": "{} if they bring twice that",
        "half of it": "{} if half that,",
        "no effect": "and {} if nothing. The rest couldn't tell.",
    }
    for name, words in parts.items():
        decided = 100 * (facts["chances"][name]["ship"] + facts["chances"][name]["stop"])
        assert words.format(f"{decided:.0f}") in told
    # as the planner has it, of the week that the plan takes
    plan = facts["plan"]
    test = LiveTest(worth_having=plan["lift"])
    noise = pd.DataFrame.from_dict(plan["noise"], orient="index")
    computed = experiments.plan_chances(test, noise, 4)
    assert computed["needed"] == plan["weeks"] == 4
    decided = 1 - computed["chances"]["cannot tell"].to_numpy()
    names = ["no effect", "exactly worth having", "twice that"]
    assert [facts["settled"]["chances"][name] for name in names] == pytest.approx(list(decided))

    def asked_of(visits, answer="ship a test", **cost):
        assumed = memo.Assumptions(visits, **cost)
        found = memo._planner(assumed, *shop)(memo.GROUPS)
        settled = memo._settled(found, memo._chances(found))
        decision = facts["decision"] | {"decision": answer}
        return {**facts, "plan": found, "settled": settled, "decision": decision}

    busy = memo.will_it_settle(asked_of(10_000_000, lift=5))
    assert busy.startswith("Is 1 week enough?") and "over 99 if half" in busy
    assert "over 99 if they bring twice" in busy
    quiet = memo.will_it_settle(asked_of(50, memo.NOT_YET, lift=0.3))
    assert quiet.startswith("No test is proposed. Would 12 weeks be enough?")
    assert int(re.search(r"Of 100 such tests, (\d+) would", quiet)[1]) < 50
    assert "weekly visits are known" in memo.will_it_settle(asked_of(None))
    assert "data are fixed" in memo.will_it_settle(asked_of(4_200, memo.FIX_DATA))
    never = {**asked_of(50, memo.DONT), "settled": {"weeks": 12, "chances": None}}
    assert memo.will_it_settle(never) == (
        "No test is proposed. Not even 12 weeks would give a clear answer: too few customers come."
    )
    no = asked_of(50, memo.NOT_YET, lift=0.3)
    assert f"<td>{memo.will_it_settle(no)[:40]}" in memo.page(no, "shop")
    older = {name: value for name, value in facts.items() if name != "settled"}
    assert memo.will_it_settle(older) == "" and "clear answer" not in memo.page(older, "shop")


@pytest.mark.parametrize(
    ("visits", "cost", "lift", "said"),
    [
        (4_200, 8_000, None, None),
        (4_200, None, 0.3, None),
        (
            None,
            8_000,
            None,
            ["one number is", "visits by known customers", 'into "not yet"', 'into "don\'t"'],
        ),
        (
            None,
            None,
            None,
            [
                "two numbers are",
                "shown (`visits_per_week`) and the cost of the first",
                "currency per 1,000 weekly visits turns",
                "customers comes once a week, the best case earns about",
            ],
        ),
        (4_200, None, None, ["one number is", "the cost of the first year", "A cost of more than"]),
        (None, None, 0.3, ["one number is", "visits by known customers", 'into "not yet"']),
    ],
)
def test_what_nobody_has_entered_is_no_yes(shop, visits, cost, lift, said):
    gains = [(0.17, 0.02)] * 3
    decision = asked(shop[0], gains, cost, visits, lift)["decision"]
    assert decision["decision"] == "ship a test"
    if said is None:
        assert decision["holds_once"] == ""
        return
    assert decision["holds_once"].startswith(f"This holds only once {said[0]} filled in: ")
    assert all(part in decision["holds_once"] for part in said), decision["holds_once"]
    assert memo.headline(decision) == f"ship a test, once {said[0]} filled in and legal has signed"
    # what is said to turn it turns it
    text = decision["holds_once"].replace(",", "")
    if found := re.search(r"Fewer than about (\d+) visits", text):
        turn = int(found[1])
        assert asked(shop[0], gains, 1, 1.1 * turn)["decision"]["decision"] == "ship a test"
        assert asked(shop[0], gains, 1, 0.8 * turn)["decision"]["decision"] == "not yet"
    if found := re.search(r"Fewer than (\d+) turn it into", text):
        turn = int(found[1])
        assert asked(shop[0], gains, cost, 1.1 * turn)["decision"]["decision"] != "don't"
        assert asked(shop[0], gains, cost, 0.9 * turn)["decision"]["decision"] == "don't"
    if found := re.search(r"cost of more than about (\d+) in", text):
        assert "at assumed rates and this shop's average purchase of " in text
        turn = int(found[1]) * (1 if visits else 4.2)
        assert asked(shop[0], gains, 0.9 * turn, 4_200)["decision"]["decision"] == "ship a test"
        assert asked(shop[0], gains, 1.1 * turn, 4_200)["decision"]["decision"] == "don't"
    if found := re.search(r"each of the (\d+) customers comes once .* earns about (\d+) in", text):
        customers, most = int(found[1]), int(found[2])
        assert customers == shop[0]["customer_id"].nunique()
        assert asked(shop[0], gains, 0.9 * most, customers)["decision"]["decision"] == memo.SHIP
        assert asked(shop[0], gains, 1.1 * most, customers)["decision"]["decision"] == memo.DONT


def test_few_customers_and_unknown_visits_are_told_what_to_expect():
    plan = memo._planner(memo.Assumptions(exchange_rate=1), no_structure(0), None)
    group = judged(0.03, 0.05)
    quality = group | {"groups": {memo.ONE: dict(group), memo.SEVERAL: dict(group)}}
    quality |= {"rival": "best", "methods": {"best": {"hit_rate": 0.1}}}
    signal, fine = {"low": 0.05, "high": 0.07}, {"doubts": 0, "rows_kept": 1}
    decision = memo._recommend(quality, signal, plan, fine)["decision"]
    assert 'expect "not yet": however often they come' in decision["holds_once"]
    assert "the gain at its best is 50% more" in decision["wanted"][0]["turns"]
    known = memo._planner(memo.Assumptions(1e8, lift=0.2, exchange_rate=1), no_structure(0), None)
    decision = memo._recommend(quality, signal, known, fine)["decision"]
    assert decision["decision"] == "not yet" and "more customers, not more visits" in decision[
        "what_to_do"
    ]  # fmt: skip


def test_a_signal_that_is_there_is_no_decoration():
    real = memo.decide(CLEAR | {"signal_low": 0.005, "signal_high": 0.019})
    assert "Earlier purchases predict something" in real["what_to_do"]
    none = memo.decide(CLEAR | {"signal_low": -0.01, "signal_high": 0.01})
    assert "decoration" in none["what_to_do"]
    worse = {"signal_low": -0.01, "signal_high": 0.01, "gain_low": -0.04, "gain_high": -0.02}
    assert "worse" in memo.decide(CLEAR | worse)["what_to_do"]
    assert "too small to pay off" in memo.decide(CLEAR | {"gain_high": 0.019, "gain_low": 0.01})[
        "what_to_do"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("share", "sign", "said"),
    [(0.1, "", "10"), (0.2, "+", "+20"), (0.0996, "", "10"), (0.0004, "+", "+0.04"), (0, "+", "0"),
     (-0.0004, "+", "−0.04"), (-0.1, "+", "−10"), (0.1694, "+", "+16.9"), (1e-9, "+", "0"),
     (0.3, "", "30"), (-1e-9, "+", "0")],
)  # fmt: skip
def test_points_are_never_rounded_to_nothing(share, sign, said):
    assert memo.points(share, sign) == said


def test_without_tastes_it_says_dont(shop):
    """The control: the same shop with its customers dealt at random."""
    transactions = shop[0]
    for seed in range(2):
        stranger = np.random.default_rng(seed).permutation(transactions["customer_id"])
        shuffled = transactions.assign(customer_id=stranger)
        report = data.HealthReport("shuffled", len(shuffled), len(shuffled), {})
        assert memo.collect(shuffled, None, report)["decision"]["decision"] == "don't"


def no_structure(seed, n_customers=793, n_products=1_862, n_orders=4_997):
    """A shop like a public export: everybody buys anything, two products an order."""
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2014-01-03") + pd.to_timedelta(rng.integers(0, 1_458, n_orders), unit="D")
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, n_customers, n_orders).repeat(2).astype(str),
            "product_id": rng.integers(0, n_products, 2 * n_orders).astype(str),
            "transaction_date": np.repeat(day, 2),
        }
    )


def decision_of(transactions, events=None):
    report = data.HealthReport("made up", len(transactions), len(transactions), {})
    return memo.collect(transactions, events, report)["decision"]


def test_thin_data_are_not_yet_and_say_how_much_is_missing():
    decision = decision_of(no_structure(0))
    assert decision["decision"] == "not yet"
    assert "too few customers to tell" in decision["what_to_do"]
    assert re.search(r"about [\d,]+ customers .* and have \d+", decision["what_to_do"])


def test_a_thin_part_of_a_shop_with_tastes_is_never_a_dont(shop):
    everyone = shop[0]["customer_id"].unique()
    for size, seed in [(100, 0), (300, 1), (500, 2), (900, 3)]:
        some = np.random.default_rng(seed).choice(everyone, size, replace=False)
        part = shop[0][shop[0]["customer_id"].isin(some)]
        wanted = {"not yet"} if size <= 300 else {"not yet", "ship a test"}
        assert decision_of(part)["decision"] in wanted


def test_where_nothing_can_be_judged_it_says_why(shop):
    transactions = shop[0][shop[0]["customer_id"] < "CUST00200"]
    one_day = transactions.assign(transaction_date=pd.Timestamp("2024-01-01"))
    report = data.HealthReport("small", len(transactions), len(transactions), {})
    facts = memo.collect(one_day, None, report)
    assert facts["quality"] is None and facts["decision"]["decision"] == "not yet"
    page = memo.page(facts, "one day")
    assert "Not known. All purchases fall" in page and "not yet" in page
    assert "How many weeks it takes is not known" in page


def test_every_customer_is_in_one_group_and_full_means_full(shop):
    """One customer has bought everything, one all but two."""
    rest = shop[0][shop[0]["customer_id"] < "CUST00300"]
    products = shop[0].drop_duplicates("product_id")
    whole = pd.concat(
        [rest, products.assign(customer_id="ALL"), products.iloc[2:].assign(customer_id="NEARLY")]
    )
    report = data.HealthReport("odd", len(whole), len(whole), {})
    facts = memo.collect(whole, None, report)
    assert sum(facts["served"].values()) == whole["customer_id"].nunique()
    assert facts["served"]["bought nearly all"] == facts["served"]["bought everything"] == 1
    page = memo.page(facts, "odd")
    assert "1 gets a shorter list: of what may be shown, fewer than 5 products" in page
    assert "1 has bought everything that may be shown, so there is nothing left" in page
    shown = [int(number.replace(",", "")) for number in re.findall(r"<li>(?:Can't be served "
             r"personally: )?([\d,]+) (?:customers?|ha(?:ve|s)|get)", page)]  # fmt: skip
    assert f"Together {sum(shown):,} customers" in page
    assert sum(shown) == whole["customer_id"].nunique()
    # they hold up no publication: for one there is no list, for the other a shorter one
    engine = production.build_engine(whole)
    checks = production.health_checks(engine, production.score_everyone(engine))
    assert production.stopped_by(checks) == [] and checks.set_index("check").loc[
        "every list is full", "passed"
    ]  # fmt: skip


def test_an_example_has_something_that_may_be_named_and_the_quiet_are_counted(shop):
    transactions, events = shop
    some = transactions["customer_id"].unique()
    kept = transactions[transactions["customer_id"].isin(some[:60])]
    rare = kept["product_category"].value_counts().index[-1]
    denied = [each for each in kept["product_category"].unique() if each != rare]
    only = data.Parameters.of({"deny_categories": denied[:-1], "deny_customers": list(some[:3])})
    rules = catalogue.shop_rules(kept, only)
    engine = production.build_engine(kept, None, rules=rules)
    lists = production.score_everyone(engine, 5)
    named = set(rules.products.index[rules.products["may_be_named"]])
    unsayable = kept.groupby("customer_id")["product_id"].agg(lambda own: not named & set(own))
    assert unsayable.any()
    found = memo._examples(kept, lists, engine, n_customers=60)
    assert found and all(example["bought"] for example in found)
    assert not {example["customer_id"] for example in found} & set(unsayable.index[unsayable])
    report = data.HealthReport("shop", len(kept), len(kept), {})
    facts = memo.collect(kept, None, report, n=1, rules=rules)
    page = " ".join(memo.page(facts, "shop").split())
    assert sum(facts["served"].values()) == 60
    assert facts["served"]["best sellers"] >= 3 and "want no personal list: 3" in page


def test_a_shop_whose_data_cannot_be_right_is_told_what_to_mend(shop):
    part = shop[0][shop[0]["customer_id"] < "CUST00300"]
    report = data.HealthReport("doubtful", len(part), len(part), {}, doubts=DOUBTS)
    facts = memo.collect(part, None, report)
    assert facts["evidence"]["doubts"] == 1
    assert facts["decision"]["decision"] == memo.FIX_DATA
    assert facts["decision"]["checks"][0]["passed"] is False
    page = memo.page(facts, "doubtful")
    assert 'class="verdict no"' in page and "Recommendation: fix the data first" in page
    top = page[page.index("Recommendation:") : page.index("</div>")]
    assert "Dates are turned. Set <code>date_format: x</code>" in top
    assert "<b>Dates are turned.</b> It spoils. Set <code>" in page
    assert "<b>No purchase &lt;here&gt;.</b> It matters. Name all files. (Only a remark.)" in page
    assert "Made, but not recommended" in page and "Collect" not in page
    top, rest = memo.top_and_rest(page)
    assert "Dates are turned." in top and "Fix first" in rest
    assert "How the test runs" not in page and "Of 100 customers who" not in page
    assert "We ask for corrected data: until then, no figure here counts." in said(page)
    assert "At stake: we can't put a figure on it until the data are fixed." in said(page)
    assert "Who fixes it: by when: Decision for: by (date): Yes or no:" in said(page)
    money = {"lift_low": 1.2, "lift_high": 1.6, "low": 10_000.0, "high": 13_000.0}
    first = memo.page(facts | {"money": money}, "doubtful").split("The rule, and what it rests")[0]
    assert "Of 100 customers who bought" not in first, (
        "no number is quoted before the data are mended"
    )
    assert "What it may bring" not in first


def test_a_remark_decides_nothing_but_stands_before_the_advice(shop):
    part = shop[0][shop[0]["customer_id"] < "CUST00300"]
    report = data.HealthReport("remark", len(part), len(part), {}, doubts=DOUBTS[:1])
    facts = memo.collect(part, None, report)
    decision = facts["decision"]
    assert decision["checks"][0]["passed"] and decision["decision"] == "not yet"
    assert decision["what_to_do"].startswith("First check this in the data: a hole.")
    assert "Worth checking in the data" in memo.page(facts, "remark")


def test_what_was_left_out_on_purpose_speaks_not_against_a_file(shop):
    """Of a till's rows most may be guests', of a log's most are views: that can't be mended."""
    part = shop[0][shop[0]["customer_id"] < "CUST00300"]
    n = len(part)
    rejected = {"left out by drop_where": 3 * n, "no customer id": 2 * n, "no date": n // 2}
    report = data.HealthReport("till", n + sum(rejected.values()), n, rejected)
    facts = memo.collect(part, None, report)
    assert facts["evidence"]["rows_kept"] == n / (n + n // 2)
    check = facts["decision"]["checks"][1]
    assert check["passed"] and f"(not counting {5 * n:,} left out on purpose" in check["answer"]
    # what can't be read does
    report = data.HealthReport("broken", 3 * n, n, {"unreadable date": 2 * n})
    check = memo.collect(part, None, report)["decision"]["checks"][1]
    assert not check["passed"] and check["answer"] == "33% of the rows were kept"


def test_the_memo_judges_and_shows_the_runs_own_engine(shop, tmp_path):
    """Whatever settings the run's engine has, the memo's figures are of those."""
    transactions, report = shop[0], data.read_transactions()[1]
    settings = ItemBased(n_neighbors=3, scale_customers=False, trend_days=14)
    engine = production.build_engine(transactions, None, settings)
    production.save_engine(engine, tmp_path / "engine.zip")
    facts = memo.collect(transactions, None, report, output_dir=tmp_path)
    split = evaluate.split_by_time(transactions)
    table = evaluate.compare({"same": settings, "other": ItemBased()}, split)
    own = facts["quality"]["methods"]["personal list"]
    assert own["hit_rate"] == pytest.approx(table.loc["same", "hit_rate"])
    assert own["hit_rate"] != pytest.approx(table.loc["other", "hit_rate"])
    assert facts["quality"]["trend_days"] == 14 and facts["quality"]["recommender"] == "ItemBased"
    customer = facts["examples"][0]["customer_id"]
    names = [product["product_name"] for product in facts["examples"][0]["products"]]
    assert names == engine.names[engine.recommend([customer], 3)["product_id"]].tolist()


class Tags(HTMLParser):
    """All tags with their attributes, and whether they are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in ("meta", "rect", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "rect":
            assert self.open.pop() == tag, tag


def test_names_in_the_examples_stand_as_in_the_data(facts):
    odd = {
        "customer_id": "C 5% -7",
        "bought": ["100% cotton", "Gloves -5 <b>"],
        "n_bought": 2,
        "products": [{"product_name": "Vitamin 50 % extra", "because": "bought 100% wool"}],
    }
    page = memo.page(facts | {"examples": [odd]}, "shop")
    for name in ("C 5% -7<", ">100% cotton, Gloves -5 &lt;b&gt;<", ">Vitamin 50 % extra<",
                 "(bought 100% wool)"):  # fmt: skip
        assert name in page


def test_the_page_is_one_file_that_needs_nothing_else(facts):
    page = memo.page(facts, "<b>&shop</b>")
    tags = Tags(page)
    assert not tags.open
    names = [name for name, _ in tags.found]
    assert not {"script", "link", "img", "iframe"} & set(names)
    assert "http" not in page and "url(" not in page and "@import" not in page
    assert "&lt;b&gt;&amp;shop" in page and "<b>&shop" not in page
    for name, attributes in tags.found:
        if name == "svg":
            assert re.search(r"\d+%, between \d+% and \d+%", attributes["aria-label"])
    # what it says is what the facts say
    share = facts["quality"]["methods"]["personal list"]["hit_rate"]
    assert f"<b>{100 * share:.0f}</b> personal list" in page
    bars = page.index('<div class="big">')
    counted = "<b>Why:</b> of 100 customers who bought something new, this many would have found"
    assert page.index(counted) < bars, "first what they count"
    assert "Recommendation: ship a test" in page
    assert f"e-mail {facts['channels']['email']:,} customers" in page
    assert f"<b>{facts['plan']['weeks']} weeks</b> at 4,200 visits a week notice that rise" in page
    line = f"worth building from a rise of <b>{100 * facts['plan']['lift']:.0f}\xa0%</b>"
    assert line in page and "course arms" in page


@pytest.mark.parametrize("one_group", [False, True])
def test_below_so_few_carts_the_rule_says_dont_and_not_above(facts, shop, one_group):
    """Asked again at a little more and a little less."""
    quality, evidence = copy.deepcopy(facts["quality"]), facts["evidence"]
    if one_group:  # a group that gains so much that it could earn the cost alone
        quality["groups"][memo.SEVERAL]["gain"] = {"difference": 0.5, "low": 0.4, "high": 0.6}
        signal = {"low": 0.4, "high": 0.6}
    else:
        signal = {"low": evidence["signal_low"], "high": evidence["signal_high"]}
    known = {name: evidence[name] for name in ("doubts", "rows_kept")}

    def asked(share):
        assumed = replace(STORY, cart_rate=share * STORY.cart_rate)
        plan = memo._planner(assumed, *shop)
        return {"quality": quality} | memo._recommend(quality, signal, plan, known)

    today = asked(1)
    fewest = memo.too_few_carts(today) / STORY.carts_per_visit
    assert today["decision"]["decision"] == memo.SHIP and 0.1 < fewest < 0.9
    assert asked(0.999 * fewest)["decision"]["decision"] == memo.DONT
    just_above = asked(1.001 * fewest)["decision"]
    assert just_above["decision"] == memo.SHIP
    assert just_above["only_for"] == (memo.SEVERAL if one_group else "")
    assert asked(0.3 * fewest)["decision"]["decision"] == memo.DONT
    for change in ({"lift_from": "fifth"}, {"lift_from": "lift"}):
        assert memo.too_few_carts(today | {"plan": today["plan"] | change}) is None
    for change in ({"decision": memo.NOT_YET}, {"only_for": memo.ONE}):
        assert memo.too_few_carts(today | {"decision": today["decision"] | change}) is None
    assert [memo._rounded_down(each) for each in (0.4467, 0.45, 1.999, 23.6, 0.00301)] == [
        "0.44", "0.45", "1.9", "23", "0.003"
    ]  # fmt: skip


def test_clicks_that_nobody_counted_are_asked_for(facts):
    plan = facts["plan"] | {"entered": [], "click_rate": 0.1, "cart_rate": 0.08}
    evidence = facts["evidence"]
    page = said(memo.page(facts | {"plan": plan}, "shop"))
    assert "the data team counts clicks and carts, legal signs" in page
    fewest = memo._rounded_down(100 * memo.too_few_carts(facts))
    assert f"Fewer than {fewest} carts per 100 visits (we assumed 0.8): don't build it." in page
    entered = facts | {"plan": plan | {"lift_from": "lift"}}
    assert "carts per 100 visits" not in said(memo.page(entered, "shop"))
    known = {"plan": plan | {"entered": ["click_rate", "cart_rate"]}, "evidence": evidence}
    assert memo.assumed_for_the_line(plan) == "assumed clicks"
    assert memo.assumed_for_the_line(known["plan"]) == ""
    assert memo.assumed_for_the_test(plan) == "assumed clicks"
    assert memo.assumed_for_the_test(known["plan"]) == ""
    assert memo.assumed_for_the_test(plan | {"visits_per_week": None}) == "", "no weeks to rest on"
    for line_on, test_on, told in (("", "", ""), ("x", "", ", partly based on x"),
                                   ("", "y", ", partly based on y"),
                                   ("x", "x", ", partly based on x"),
                                   ("x", "y", ", partly based on x and y")):  # fmt: skip
        rests = evidence | {"assumed": line_on, "test_assumed": test_on}
        yes = f"is a yes{told}."
        found = memo.decide(rests)
        so_far = "Every question answered so far"
        assert found["because"] == f"{so_far} {yes} Still open: legal's sign-off." and found[
            "waits"
        ] == ["legal"]
        rests["stops"] = memo.what_stops({"forbidden": 0})
        found = memo.decide(rests)
        assert found["because"] == f"Every question {yes}" and not found["waits"]
        yes = yes.replace(" and y", "").replace(", partly based on y", "")
        rests["smallest_lift"] = None
        assert memo.decide(rests)["because"] == f"{so_far} {yes} Still open: the test's length."
    page = said(memo.page(facts | known, "shop"))
    assert (
        "counts clicks" not in page and f"than {fewest} carts per 100 visits (today: 0.8)" in page
    )


def test_the_first_half_says_what_is_asked_what_it_may_bring_and_what_would_change_it(facts):
    page = " ".join(memo.page(facts, "shop").split())
    first = page[: page.index("The rule, and what it rests on")]
    plan, evidence, quality = facts["plan"], facts["evidence"], facts["quality"]
    asks = said(f"<main>{memo.top_and_rest(page)[0]}")
    many = f"{plan['customers']:,} customers"
    ask = f"We ask for a test: half of {many} see personal lists for {plan['weeks']} weeks, half "
    ask += f"best sellers. It risks at most {memo.lost_at_most(plan):,} in lost margin. A roll-out"
    assert f"Recommendation: ship a test, once legal has signed {ask}" in asks, "the second line"
    assert "First, engineering sets up the lists, the data team" in asks
    assert "clicks and carts, legal signs off what is forbidden and the homepage hides what" in asks
    assert "____" not in asks, "the first screen is no form"
    assert "Before the test" not in asks, "once is enough"
    assert "visits or revenue clearly fall (past any limit set), or returns or unsubsc" in asks
    half = plan["carts_per_year"] * plan["margin"] * plan["weeks"] / 52 / 2
    assert half <= memo.lost_at_most(plan) < 1.1 * half
    most = f"{memo.lost_at_most(plan):,}"
    assert (
        f"If personal lists sold nothing all that time, half of the visits would earn {most} less."
        in said(page)
    )
    for unknown in ("visits_per_week", "earns", "weeks"):
        assert memo.lost_at_most(plan | {unknown: None}) is None
    assert (
        asks.index("Recommendation")
        < asks.index("Why: of 100 customers who")
        < asks.index("How the test runs")
    )
    base = quality["methods"][quality["rival"]]["hit_rate"]
    low, high = (
        evidence[end] / base * plan["carts_per_year"] * plan["margin"]
        for end in ("gain_low", "gain_high")
    )
    low_rise, high_rise = (evidence[end] / base for end in ("gain_low", "gain_high"))
    once, twice = (
        " to ".join(f"{memo.rounded(rate * each):,.0f}" for each in (low, high)) for rate in (1, 2)
    )
    gains = " to ".join(f"{100 * rise:.0f} %" for rise in (low_rise, high_rise))
    told = f"Compared with best sellers, {gains} more customers find something (“finders”)."
    assert told in said(page)
    worse = facts | {"money": facts["money"] | {"lift_low": -0.1}}
    told = f"customers who find something (“finders”) changes by −10 % to +{100 * high_rise:.0f} %."
    assert told in said(memo.page(worse, "shop"))
    best, worst = evaluate.rates_that_pay(plan["lift"], *gain_of(quality), base)
    assert 1 < best < worst < plan["exchange_rate"] == 2
    rates = re.search('<div class="bring">.*?<table class="what-if">(.*?)</table>', page)[1]
    rates = rates.replace('</td><td class="number">', " ")
    rows = [said(f"<main>{row}") for row in re.findall("<td>(.*?)</td>", rates)]
    assert rows == ["no more sales 0", f"1 % more sales {once}",
                    f"{best:.1f} % to {worst:.1f} % more sales (break-even) 8,000",
                    f"2 % more sales (at most) {twice}"]  # fmt: skip
    pays = f"{100 * plan['lift']:.0f} %"
    rule = re.search('<table class="decides">(.*?)</table>', page, flags=re.S)[1]
    rule = [said(f"<main>{row.replace('</td><td>', ' ')}")
            for row in re.findall("<tr>(.*?)</tr>", rule, flags=re.S)]  # fmt: skip
    assert rule == [f"entirely above {pays} (break-even) roll out",
                    f"above 0, but only partly above {pays} roll out in steps",
                    f"entirely below {pays} drop the lists",
                    "anything else keep today's list: we can't tell"]  # fmt: skip
    assert "the rise in carts decides. If its likely range (95 %) is … entirely" in said(page), (
        "with its table"
    )
    assert "rise in carts decides" not in asks
    stake = f"It risks at most {most} in lost margin. A roll-out"
    ends = "0", twice.split(" to ")[1]  # nothing, if hits sell nothing
    net = [f"{float(each.replace(',', '')) - 8_000:+,.0f}".replace("-", "−") for each in ends]
    stake += f" would cost 8,000 in its first year and may add {' to '.join(ends)} in margin "
    stake += f"(at assumed rates): {' to '.join(net)} net."
    assert stake in asks
    year = f"Today's list earns {plan['earns'] * 4_200:,.0f} a year in margin (at assumed rates): "
    year += "1,747 carts at 4.78 each. "
    assert (
        f"{year}Personal lists cost 8,000 in the first year, so they pay off only if they sell"
        in said(page)
    )
    assert first.count('<th scope="row"') == 5, "five customers"
    unknown = {**facts, "money": None}
    assert "What it may bring" not in memo.page(unknown, "shop")
    assert "may add" not in memo.page(unknown, "shop")
    checks = [{"question": "Is it so?", "answer": "3 of 5", "passed": False}]
    no = {**facts, "decision": facts["decision"] | {"decision": memo.DONT, "checks": checks}}
    told = said(memo.page(no, "shop"))
    assert (
        "Why: our rule stops at the first question that isn't a yes: Is it so? No: 3 of 5." in told
    )
    assert "We ask for no test: the best sellers stay." in told and "How the test" not in told


def test_a_runs_memo_leads_to_its_appendix_and_says_its_time_once(facts):
    nothing = "There are no earlier lists in this folder to compare with."
    row = {"what": nothing, "before": "", "now": "", "change": ""}
    found = {"read": 9, "kept": 8, "rejected": {"unit_price is 0": 1}}
    found["findings"] = {"n": 3, "dots": 0, "lines": 0}
    metrics = {"data": {"transactions": found}, "comparison": {"with": None, "rows": [row]}}
    ran = [{"name": name, "ran": "2 March, 02:00", "error": ""} for name in ("01", "02")]
    beside = {"metrics.json": "", "comparison.csv": ""}
    page = memo.page(facts, "shop", metrics, ran, beside)
    assert "comparison.csv" not in page, "a first run has nothing to compare with"
    assert page.index(" Made 2 March, 02:00.") < page.index("Recommendation: ")
    first = page[page.index("Recommendation: ") : page.index('<div class="big">')]
    to = re.findall('href="#([^"]+)"', first)
    assert to == ["files", "run", "transactions"] and all(f'id="{each}"' in page for each in to)
    assert page.count("2 March, 02:00") == 1 and ">change<" not in page and nothing in page
    assert re.search(r"8 kept. Rejected:\s+unit price is 0: 1", page)
    assert "metrics.json</a></td><td>all figures of the run" in page
    assert "none found: dots; lines." in page and "<td>dots" not in page and "<td>n</td>" in page
    metrics["comparison"] = {"with": "2026-03-01", "rows": [row | {"what": "customers"}]}
    ran[1]["ran"] = "3 March, 02:00"
    page = memo.page(facts, "shop", metrics, ran, beside)
    assert ">comparison.csv</a>" in page
    assert '<a href="#compared">what changed</a>' in page and ">change<" in page
    assert "run on 2 March, 02:00" in page and "run on 3 March, 02:00" in page
    assert 'href="#' not in memo.page(facts, "shop")


def test_inside_a_notebook_the_memo_needs_no_page_around_it(facts):
    page = memo.page(facts, "shop")
    part = memo.inside(page)
    tags = Tags(part)
    assert not tags.open and not {"html", "style", "main", "h1", "h2"} & {
        name for name, _ in tags.found
    }
    assert "<h3>What customers may want next: shop</h3>" in part
    whole = page[page.index("<main>") : page.index("</main>")]
    on_paper = '<(span|p|tr) class="(?:soft )?paper">.*?</\\1>'
    assert len(re.findall(on_paper, whole, flags=re.S)) == 2
    words = re.sub("<[^>]+>", "", re.sub(on_paper, "", whole, flags=re.S)).split()
    assert re.sub("<[^>]+>|________", "", part).split() == words
    assert part.count("________") == 6 + 3 + 6
    assert part.index("<blockquote>") < part.index("ship a test")


def gain_of(quality):
    return quality["gain"]["low"], quality["gain"]["high"]


def test_each_answer_is_a_decision_of_a_person_by_a_day(facts):
    for answer in (memo.NOT_YET, memo.DONT, memo.FIX_DATA):
        left = {"decision": answer, "wanted": [], "waits": []}
        no = facts | {"decision": facts["decision"] | left}
        no["decision"]["ask"] = "one day" if answer == memo.NOT_YET else ""
        top, rest = (said(f"<main>{each}") for each in memo.top_and_rest(memo.page(no, "shop")))
        assert top.startswith(f"Recommendation: {answer} We ask for "), top
        assert "At stake: " in top and "____" not in top
        assert "Decision for: ________ by (date): ________ Yes or no: ________ Signed by" in rest
        assert ("One new look on: ________" in rest) == (answer == memo.NOT_YET)
        fixes = "Who fixes it: ________ by when: ________ Decision for: "
        assert (fixes in rest) == (answer == memo.FIX_DATA)
        assert "All ready by" not in rest and "by finance" not in rest
        older = no | {"decision": {k: v for k, v in no["decision"].items() if k != "ask"}}
        assert ("We ask for" in said(memo.page(older, "shop"))) == (answer != memo.NOT_YET)
        assert len(top.split()) < 200 and ("8,000" in top) == (answer != memo.FIX_DATA)


def test_what_is_at_stake_names_what_nobody_knows(facts):
    plan = facts["plan"]

    def stake(money=facts["money"], **change):
        return memo.at_stake(facts | {"plan": plan | change, "money": money})

    ends = {"low": -400.0, "high": 8_000.0}
    year = f"today's list earns {plan['earns'] * 4_200:,.0f} a year in margin (at assumed rates)"
    then, rates = "a roll-out", "in margin (at assumed rates)"
    costs, unsaid = "would cost 8,000 in its first year", "nobody has said what"
    assert stake(ends, cost_per_year=None, lift_from="fifth") == (
        f"{then} may add −800 to 16,000 a year {rates}; {unsaid} personal lists would cost."
    )
    assert stake(None) == f"{then} {costs}; {year}."
    assert stake(None, visits_per_week=None) == f"{then} {costs}; {unsaid} today's list earns."
    no = facts | {"decision": facts["decision"] | {"decision": memo.DONT}, "money": None}
    costs = "personal lists would cost 8,000 in their first year"
    assert memo.at_stake(no) == f"{costs}; {year}.", "no test comes before"
    assert stake(None, earns=None).endswith(f"; {unsaid} today's list earns.")
    lift = {"cost_per_year": None, "lift_from": "lift", "lift": 0.3}
    assert stake(ends, **lift) == (
        f"{then} pays off if it sells 30% more than today's list, and may add −800 to 16,000 a "
        f"year {rates}."
    )
    # at the highest rate, whatever a lower one would bring lies between; at 0, hits sell nothing
    assert stake(ends).endswith(f"year and may add −800 to 16,000 {rates}: −8,800 to +8,000 net.")
    never = stake({"low": -400.0, "high": -200.0})
    assert f"may add −800 to 0 {rates}: −8,800 to −8,000 net." in never, "no minus nothing"
    assert stake(ends | {"low": 400.0, "high": 4_000.0}).endswith(
        f"add 0 to 8,000 {rates}: −8,000 to 0 net."
    )
    told = f"would cost EUR 8,000 in its first year and may add EUR −200 to 4,000 {rates}: "
    told += "−8,200 to −4,000 net."
    assert stake(ends, exchange_rate=0.5, currency="EUR") == f"{then} {told}"


def test_an_interval_too_rough_for_a_dont_says_so_beside_its_yes():
    rough = memo.decide(CLEAR | {"gain_low": -0.06, "gain_high": 0.015})
    answers = {check["question"]: check for check in rough["checks"]}
    asked = answers["Could the lists beat the best sellers by enough?"]
    assert rough["decision"] == memo.NOT_YET and asked["passed"]
    assert asked["answer"].endswith("enough is 2, but the range is too wide to rule that out")
    assert "too wide" not in f"{memo.decide(CLEAR)}"
    assert "too wide" not in f"{memo.decide(CLEAR | {'gain_low': -0.01, 'gain_high': 0.015})}"


def words(part):
    return re.sub("<[^>]+>", " ", part).split()


def test_the_top_of_the_memo_decides_and_the_rest_is_all_else(facts):
    page = memo.page(facts, "shop")
    top, rest = memo.top_and_rest(page)
    assert sorted(words(top) + words(rest)) == sorted(words(memo.inside(page)))
    headings = re.findall("<h4[^>]*>(.*?)</h4>", top)
    assert headings == ["How the test runs", "What would change our mind"]
    assert "Recommendation: ship a test" in top and "if a forbidden product" in top
    assert top.count("<svg") == 3 and len(words(top)) < 200
    assert "If best sellers win in another season, we wait." in top and "window" not in said(page)
    assert len(re.findall(r"^<span>.*________.*</span>", rest, flags=re.M)) == 15
    assert rest.count("</span><br>") == 5 + 8, "a line for each who signs"
    assert "by legal: ________" in rest and "The rule, and what it rests on" in rest
    assert not Tags(top).open and not Tags(rest).open


def test_the_page_speaks_of_best_sellers_and_dice_only(facts):
    page = re.sub("<[^>]+>", "", memo.page(facts, "shop").split("</style>")[1])
    assert "best sellers" in page
    page, dice = re.subn(r"picked at random \(dice\)", "", page)
    assert dice == 1, "named once, as the lessons have it"
    assert not re.search("rival|popular|random|chance list", page)
    assert colours.PERSONAL in memo.page(facts, "shop")


def test_a_page_without_facts_says_so():
    assert "Lesson 11 did not run" in memo.page(None, "x")


def test_what_stops_is_never_weighed_against_the_gain():
    """However large the gain: a test that the figures speak for is not started."""
    fine = {"forbidden": 0, "sold_out": 0, "without_consent": 0}
    assert memo.decide(CLEAR | {"stops": memo.what_stops(fine)}) == memo.decide(CLEAR) | {
        "because": "Every question is a yes.", "waits": []
    }  # fmt: skip
    result = memo.decide(CLEAR | {"stops": memo.what_stops(fine | {"forbidden": 3})})
    assert result["decision"] == "not yet" and "3 places" in result["because"]
    assert (
        "stops the test, however large the gain" in result["because"] and "legal" in result["ask"]
    )
    assert len(result["checks"]) == len(memo.CHECKS)
    # a mail or a place is no reason to hold up the homepage, but to be mended before the start
    wanted = {"sold_out": "the homepage hides what is sold out",
              "without_consent": "e-mails and reminders go only to those who agreed"}  # fmt: skip
    for name, what in wanted.items():
        result = memo.decide(CLEAR | {"stops": memo.what_stops(fine | {name: 3})})
        assert (
            result["decision"] == "ship a test" and result["because"] == "Every question is a yes."
        )
        assert "Before the test: 3 " in result["what_to_do"] and what in result["what_to_do"]
    # it makes no "don't" milder, and no data right
    broken = {"stops": memo.what_stops({"forbidden": 3})}
    assert memo.decide(CLEAR | {"gain_high": -0.1} | broken)["decision"] == "don't"
    assert memo.decide(CLEAR | {"doubts": 1} | broken)["decision"] == "fix the data first"


def test_a_memo_that_a_stop_holds_up_asks_for_new_lists(open_facts):
    """And names no question as the one that decided, though the test's length is open."""
    evidence = open_facts["evidence"] | {"stops": memo.what_stops({"forbidden": 3})}
    decision = memo.decide(evidence) | {"only_for": "", "asked_of": ""}
    assert decision["decision"] == memo.NOT_YET and decision["checks"][-1]["passed"] is None
    page = said(memo.page(open_facts | {"decision": decision, "stops": evidence["stops"]}, "shop"))
    top = page.split("The rule, and what it rests on")[0]
    assert "Why: the numbers favour a test, but the lists show what they must not" in top
    assert "We ask for new lists, checked again and signed by legal." in top
    assert "mind New lists, checked again and signed by legal." in top
    assert "question above" not in top and "the first question with" not in top
    assert "Signed by decider" in page and "by finance" not in page, (
        "nothing to sign before there is a test"
    )


def test_silence_is_no_yes():
    result = memo.decide(CLEAR | {"stops": memo.what_stops({})})
    assert result["decision"] == "ship a test"
    told = (
        "Before the test: legal signs off what is forbidden; the homepage hides what is sold out."
    )
    assert result["what_to_do"] == told and "; ".join(result["before"]) in told
    # without consents no mail goes out, which holds up no test on the homepage
    assert "agreed" not in result["what_to_do"]


def test_the_lists_of_all_places_are_counted_anew(shop):
    """Whatever made them: a forbidden product on a list is found, and a mail without consent."""
    known = data.product_table(shop[0])
    rules = catalogue.rules_for(known, shop=data.Parameters.of({"deny_products": ["PROD_001"]}))
    lists = pd.DataFrame({"customer_id": ["a", "b"], "product_id": ["PROD_001", "PROD_002"]})
    places = {"homepage": lists, "email": lists, "cart": lists.iloc[:0]}
    assert memo._counted(places, rules, ["a"]) == {
        "forbidden": 2, "sold_out": None, "without_consent": 1,
    }  # fmt: skip
    # what is sold out isn't forbidden, and the other way round
    stock = pd.DataFrame({"in_stock": (known.index != "PROD_002").astype(float)}, known.index)
    both = catalogue.rules_for(known, stock, data.Parameters.of({"deny_products": ["PROD_001"]}))
    found = memo._counted(places, both, None)
    assert found == {"forbidden": 2, "sold_out": 2, "without_consent": 0}
    found = memo._counted(places, catalogue.rules_for(known, stock), None)
    assert found["forbidden"] is None and found["sold_out"] == 2
    free = catalogue.rules_for(known)
    assert memo._counted(places, free, [])["forbidden"] is None
    assert memo._counted(places, free, [])["without_consent"] is None
    assert memo._counted(places, free, None)["without_consent"] == 0


def test_payback_feeds_the_upkeep_first():
    assert memo.payback(5_000, 250, 1_000, 0.5) == 20
    assert memo.payback(5_000, 250, 1_000, 0.25) == memo.payback(1, 0, 1_000, 0) == float("inf")
    # the line of a year: the cost of the first year is back at its end
    assert memo.payback(5_000, 250, 1_000, (5_000 + 12 * 250) / 12_000) == pytest.approx(12)


def test_the_page_has_room_for_a_name_a_date_and_the_gates(facts):
    page = " ".join(memo.page(facts, "shop").split())
    gates = ("finance", "legal", "merchandising", "engineering", "data team")
    assert "Owner" not in page, "one name"
    blanks = ("Decision for", "by (date)", "Yes or no", "All ready by", "Test starts on")
    blanks += ("Hours of work", "Payback", "Revenue may fall", "Returns may rise")
    for who in (*blanks, "Signed by decider", *(f"by {gate}" for gate in gates)):
        assert f"<span>{who}: <b" in page
    said = {True: "yes", False: "no", None: "nobody has said"}
    for stop in facts["stops"]:
        assert f"{stop['short']} <b>{said[stop['passed']]}</b>" in page
    closed = {**facts, "stops": memo.what_stops({"forbidden": 2})}
    assert "may everything be shown? <b>no, 2 places have a product" in memo.page(closed, "shop")
    # the page of an older run, which had none
    older = {name: value for name, value in facts.items() if name != "stops"}
    assert "Recommendation: ship a test" in memo.page(older, "shop")


def test_a_test_that_may_miss_what_just_pays_says_so(shop):
    cheap = memo.Assumptions(4_200, cost_per_year=4_000)
    facts = memo.collect(*shop, data.read_transactions()[1], assumed=cheap)
    assert facts["decision"]["decision"] == "ship a test"
    page = " ".join(memo.page(facts, "shop").split())
    assert "All <b>12 weeks</b>" in page and "a rise that just pays may be missed" in page
    exactly = facts["chances"]["exactly worth having"]
    assert (
        exactly["ship"] < 0.6 and f"just worth building {100 * exactly['ship']:.0f} times" in page
    )


def test_only_who_finds_something_in_one_list_tells_two_lists_apart():
    """As lesson 05a's rule counts: a hit in both lists says nothing of which one is better."""
    everyone = pd.RangeIndex(200)

    def scores(*found):
        hit = pd.Series(everyone.isin(np.concatenate(found)), everyone).astype(float)
        return pd.DataFrame({"hit_rate": hit})

    both = np.arange(100)
    for apart, gain in ((19, False), (20, True)):
        ours, theirs = scores(both, 100 + np.arange(apart)), scores(both)
        assert memo._compare(ours, theirs)["hits"] == apart
        assert (memo._group(ours, theirs)["gain"] is not None) == gain
        assert evaluate.too_few_to_compare(ours["hit_rate"], theirs["hit_rate"]) != gain
        said = memo.decide(CLEAR | {"hits": apart})["decision"]
        assert (said == memo.SHIP) == gain


def test_the_owner_reads_that_lists_which_earn_half_are_often_shipped(facts):
    page = " ".join(memo.page(facts, "shop").split())
    half = facts["chances"]["half of it"]["ship"]
    assert 0.2 < half < 0.5
    assert f"<b>lists with half of that rise {100 * half:.0f} times</b>" in page
    assert "today's list stays, and a larger test is planned, or none" in page


def test_one_of_a_thing_is_no_plural(facts):
    one = {**facts, "served": dict.fromkeys(facts["served"], 1),
           "channels": dict.fromkeys(facts["channels"], 1), "consent": {"ids": 3, "customers": 1},
           "data": facts["data"] | {"read": 1, "kept": 1, "customers": 1, "products": 1,
                                    "events": 1}}  # fmt: skip
    for few in (one, one | {"consent_known": False, "plan": facts["plan"] | {"customers": 1}}):
        page = re.sub("<[^>]+>", "", memo.page(few, "shop").split("</style>")[1])
        plurals = "customers|products|rows|events|ids|people|places|have|get|are"
        assert not re.search(rf"\b1 ({plurals})\b", " ".join(page.split()))
    assert memo.what_stops({"without_consent": 1})[2]["answer"] == (
        "1 person gets an e-mail without having agreed"
    )
    assert "1 reason to doubt it" in memo.decide(CLEAR | {"doubts": 1})["checks"][0]["answer"]


def test_formats_of_dates_are_said_in_words():
    said = memo._format_in_words("dates that fit %d-%m-%Y %H:%M only")
    assert said == "dates that fit day-month-year hour:minute only"


def test_its_examples_stand_at_even_steps_among_those_with_a_list_of_their_own(shop):
    """Read plainly: by how many products each has bought, equals in the order of their ids."""
    transactions, events = shop
    engine = production.shop_engine(transactions, events)
    some = transactions["customer_id"].drop_duplicates().sample(frac=0.5, random_state=0)
    lists = production.score_everyone(engine, 5)
    lists = lists[lists["customer_id"].isin(some)]
    products = engine.rules.products
    few = np.random.default_rng(0).random(len(products)) < 0.05
    engine.rules = replace(engine.rules, products=products.assign(may_be_named=few))
    told = memo._examples(transactions, lists, engine)
    pairs = transactions[["customer_id", "product_id"]].drop_duplicates()
    own = pairs[pairs["customer_id"].isin(lists.loc[lists["source"] == "purchases", "customer_id"])]
    sayable = own["product_id"].isin(products.index[few]).groupby(own["customer_id"]).any()
    counts = own.groupby("customer_id").size()[sayable].reset_index(name="n")
    counts = counts.sort_values(["n", "customer_id"], ignore_index=True)
    places = [int(len(counts) * share) for share in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert [each["customer_id"] for each in told] == counts["customer_id"][places].tolist()
    assert [each["n_bought"] for each in told] == counts["n"][places].tolist()


def said(page):
    """The words of a page, its appendix too."""
    text = html.unescape(re.sub("<[^>]+>", "", page[page.index("<main>") :]))
    return " ".join(text.replace("\xa0", " ").split())


@pytest.fixture(scope="module")
def open_facts(shop):
    """The bundled shop, of which nobody has entered anything."""
    return memo.collect(*shop, data.read_transactions()[1])


def test_a_yes_that_waits_for_numbers_says_so_in_its_first_line_and_names_them(open_facts):
    page = said(memo.page(open_facts, "shop"))
    told = "Every question answered so far is a yes, partly based on an assumed line. Still open: "
    assert (
        f"{told}the test's length and legal's sign-off."
        in page.split("The rule, and what it rests on")[1]
    )
    told = "once two numbers are filled in and legal has signed We ask for a test: half of "
    assert told in page and f"see personal lists for up to {memo.MAX_WEEKS} weeks, half" in page
    assert "To fill in Weekly visits: Year-one cost: All ready by: " in page
    decided = open_facts["decision"] | {"decision": memo.NOT_YET, "wanted": []}
    stake = memo.at_stake(open_facts | {"decision": decided})
    assert stake == "nobody has said what personal lists would cost or what today's list earns."
    top = page[: page.index("What would change our mind")]
    assert "Recommendation: ship a test, once two numbers are filled in" in top
    assert re.search(
        r"gets fewer than about [\d,]+ weekly visits by known customers, not yet: a test couldn't "
        r"notice even the best case\. If year one costs more than about [\d,]+ per 1,000 weekly "
        r"visits, don't: even the best case won't pay it back \(at assumed rates\)\.",
        top,
    )
    assert page.count("turn it into") == 1 and "turn it into" not in top, "once is enough"
    assert top.index("We ask for") < top.index("Why: "), "the request, then the reason"
    asks = page[page.index("How the test runs") :]
    assert "First, engineering sets up" in asks and "(assumed)roll out" in asks
    signed = {"wanted": [], "waits": []}
    assert memo.headline(open_facts["decision"] | signed) == "ship a test"
    # whoever has said both is asked for nothing
    assert "once" not in memo.headline({"decision": memo.DONT})


@pytest.mark.parametrize("known", [{}, {"visits_per_week": 4_200}, {"cost_per_year": 8_000}])
@pytest.mark.parametrize("amounts", [True, False])
def test_what_waits_for_numbers_is_as_short_as_what_does_not(shop, known, amounts):
    """Whatever is open, the top has fewer than 200 words, and the rest says why it turns."""
    transactions = shop[0] if amounts else shop[0].drop(columns=["unit_price"])
    facts = memo.collect(transactions, shop[1], data.read_transactions()[1],
                         assumed=memo.Assumptions(**known))  # fmt: skip
    top, rest = memo.top_and_rest(memo.page(facts, "shop"))
    assert "Recommendation: ship a test, once " in top and len(words(top)) < 200
    for each in facts["decision"]["wanted"]:
        assert bool(each["limit"]) == bool(each["turns"])
        assert each["turns"] in html.unescape(said(f"<main>{rest}"))


def test_no_parameter_stands_on_the_page_without_its_meaning_and_value(facts, open_facts):
    for each in (facts, open_facts):
        page = memo.page(each, "shop")
        lines = re.findall(
            "<li>((?:(?!</li>).)*<code>[a-z_]+</code>)</li>", page.replace("</span></li>", "</li>")
        )
        named = [re.search("<code>(.*?)</code>", line)[1] for line in lines]
        assert {"visits_per_week", "click_rate", "cost_per_year", "lift"} <= set(named)
        assert all(re.search("[a-z]: <b>.+</b>", line) for line in lines), lines
        top, _ = memo.top_and_rest(page)
        assert "_" not in said(f"<main>{top}").replace("________", ""), "no name in what decides"
    page = said(memo.page(open_facts, "shop"))
    line = memo.points(open_facts["evidence"]["worth_having"], "")
    assert f"Smallest gain worth building: 20 % more carts, here {line} points, assumed" in page
    assert "nobody has entered one" in page and page.count(": not filled in,") == 2
    assert "run: 8,000 in the shop's currency, entered" in said(memo.page(facts, "shop"))
    assert "per 100 visits today: 10, assumed" in page


def test_what_is_entered_is_not_called_assumed(open_facts):
    plan = open_facts["plan"] | {"click_rate": 0.125, "visits_per_customer": 1.5}
    told = {each["key"]: each for each in memo._assumptions(plan, None)}
    assert (told["click_rate"]["value"], told["click_rate"]["how"]) == ("12.5", "entered")
    assert told["visits_per_customer"]["value"] == "1.5" and told["cart_rate"]["how"] == "assumed"
    counted = open_facts | {"plan": plan | {"entered": ["click_rate", "cart_rate"]}}
    assert "% today. The lists are worth" in said(memo.page(counted, "shop"))
    assert "today (assumed, see below)" in said(memo.page(open_facts, "shop"))
    as_assumed = plan | {"entered": ["cart_rate"]}  # a number may be what we would have assumed
    told = {each["key"]: each["how"] for each in memo._assumptions(as_assumed, None)}
    assert told["cart_rate"] == "entered" and told["margin_share"] == "assumed"
    assert memo._rates(as_assumed, memo._OF_CARTS) == "at the rates entered"
    assert "visits_per_customer" not in {
        each["key"] for each in memo._assumptions(open_facts["plan"], None)
    }


def test_bars_and_rule_count_the_same_customers(facts):
    page = said(memo.page(facts, "shop"))
    assert page.index("A point is one customer in 100") < page.index("points"), "before the first"
    plan, quality = facts["plan"], facts["quality"]
    own, best = (
        quality["methods"][name]["hit_rate"] for name in ("personal list", quality["rival"])
    )
    assert quality["gain"]["difference"] == pytest.approx(own - best)
    line, high = (facts["evidence"][name] for name in ("worth_having", "gain_high"))
    assert line == pytest.approx(plan["lift"] / 2 * best)
    assert facts["evidence"]["best_lift"] == pytest.approx(2 * high / best)
    told = f"gain of {memo.points(line, '')} points, {50 * plan['lift']:.0f} % more than the best "
    told += (
        f"sellers' {memo.points(best, '')}: if 1 % more finders mean 2 % more sales, the most we "
    )
    assert f"{told}assume, that is {100 * plan['lift']:.0f} % more sales." in page
    # with few customers the line is a single hit, and no share of anything
    few = facts | {"evidence": facts["evidence"] | {"worth_having": 0.2}}
    assert "the best sellers'" not in said(memo.page(few, "shop")).split("A point is")[1][:150]


def test_money_has_a_currency_or_says_whose(shop):
    report = replace(data.read_transactions()[1], currency="EUR")
    found = {code: memo.collect(*shop, replace(report, currency=code), assumed=assumed)
             for code, assumed in (("EUR", STORY), ("", memo.Assumptions()))}  # fmt: skip
    page = said(memo.page(found["EUR"], "shop"))
    assert re.search(r"1 % more salesEUR [\d,]+ to [\d,]+ [\d.]+ % to [\d.]+ % more sales \(", page)
    assert re.search(r"\(break-even\)EUR 8,000 2 % more sales \(at most\)EUR [\d,]+ to", page)
    assert re.search(r"Today's list earns EUR [\d,]+ a year in margin \(at assumed rates\): ", page)
    assert "run: EUR 8,000, entered" in page and "carts a year earn EUR 4." in page
    assert "in the shop's currency" not in page
    page = said(memo.page(found[""], "shop"))
    assert re.search(r"more than about [\d,]+ in the shop's currency per 1,000", page)


def test_the_title_is_the_shops_name_or_says_which_file(shop, tmp_path):
    part = shop[0][shop[0]["customer_id"] < "CUST00300"]
    named = part.assign(transaction_date=part["transaction_date"].dt.strftime("%d-%m-%Y"))
    named.to_csv(tmp_path / "till_2024.csv", index=False)
    own = {"transactions_path": str(tmp_path / "till_2024.csv")}
    for written, title in [({}, "a made-up shop"), (own, "your shop (till_2024.csv)"),
                         (own | {"shop_name": "Lamps & Co"}, "Lamps & Co")]:  # fmt: skip
        parameters = data.Parameters.of(written)
        report = data.read_shop(parameters)[0][1]
        assert report.shop == data.shop_called(parameters) == title
    facts = memo.collect(part, None, replace(report, currency="EUR"))
    page = memo.page(facts, "runs/2026-11-28")
    assert "<h1>What customers may want next: Lamps &amp; Co</h1>" in page
    assert "<title>Decision memo: Lamps &amp; Co</title>" in page and "2026-11-28" not in page
    # and a yes or no of another kind has no number to wait for
    assert facts["decision"]["decision"] != memo.SHIP and "once" not in memo.headline(
        facts["decision"]
    )


@pytest.mark.parametrize("code", ["eur", "€", "EURO", "$"])
def test_a_currency_is_a_code(code):
    with pytest.raises(data.DataError, match="currency .*a code of three letters"):
        data.Parameters.of({"currency": code})


def test_the_test_is_a_table_that_can_be_read_line_by_line(facts):
    page = memo.page(facts, "shop")
    table = page[page.index('class="stack test online"') :].split("</table>")[0]
    rows = [said(f"<main>{row}") for row in re.findall("<tr.*?</tr>", table, flags=re.S)]
    assert len(rows) == table.count('<th scope="row">') == 5
    assert max(len(row.split()) for row in rows) <= 60, "no wall of text"
    paragraphs = re.findall("<p[ >].*?</p>", page[page.index("<main>") :], flags=re.S)
    assert max(len(said(f"<main>{each}").split()) for each in paragraphs) <= 80


def test_a_limit_says_what_it_rests_on(shop, open_facts):
    visits, cost = (each["turns"] for each in open_facts["decision"]["wanted"])
    average = f"{data.line_amounts(shop[0]).mean():.2f} in the shop's currency"
    assert visits.endswith('"not yet" (at assumed rates).')
    bare = average.removesuffix(" in the shop's currency")
    assert f"(at assumed rates and this shop's average purchase of {bare})" in cost
    assert f"An average purchase: {average}, measured" in said(memo.page(open_facts, "shop"))
    plan = open_facts["plan"]
    entered = plan | {"click_rate": 0.2, "cart_rate": 0.1}
    assert memo._rates(entered, memo._OF_CARTS) == "at the rates entered"
    assert memo._rates(entered, memo._OF_SALES) == "at rates that are partly assumed"
    # where the purchases have no amounts there is none
    assert "An average" not in str(memo._assumptions(plan | {"amount": None}, None))


def test_an_example_of_the_cost_is_none_where_so_few_visits_are_too_few():
    """A best case that needs ten visits a week of each customer."""
    shop = no_structure(0, n_customers=4_000, n_orders=20_000).assign(quantity=1, unit_price=10.0)
    plan = memo._planner(memo.Assumptions(exchange_rate=1), shop, None)
    planned = plan(memo.GROUPS)
    best = plan.smallest_lift(10 * planned["customers"], 1)
    quality = {"rival": "best", "methods": {"best": {"hit_rate": 0.1}}}
    for rise, enough in ((best, False), (5 * best, True)):
        gain = {"best_lift": rise, "gain_high": rise / 10, "signal_high": 1}
        visits, cost = memo._wanted(planned, gain, quality, plan.smallest_lift)
        assert ("isn't enough" in visits["turns"]) != enough
        assert ("comes once a week" in cost["turns"]) == enough


def test_an_assumed_line_is_named_in_the_answers_that_rest_on_it(facts, open_facts):
    rows = said(memo.page(open_facts, "shop"))
    assert len(re.findall("yes, at an assumed line, [+][0-9.]+ to", rows)) == 2
    assert "at an assumed line" not in said(memo.page(facts, "shop"))


def test_paper_has_one_line_for_the_data_and_none_for_what_is_above_zero_anyway(facts):
    rule = memo.page(facts, "shop").split('<table class="stack rule">')[1].split("</table>")[0]
    rows = re.findall(r"<tr([^>]*)><td>(.*?)</td>", rule)
    assert all(check["passed"] for check in facts["decision"]["checks"][:8])
    shown = [question for kind, question in rows if "online" not in kind]
    assert shown[0].startswith("Are the data good enough") and "enough" in shown[1] + shown[2]
    on_screen = [question for kind, question in rows if "paper" not in kind]
    assert on_screen[:9] == [check["question"] for check in facts["decision"]["checks"]]
    assert [question for question in on_screen if question not in shown] == [
        *on_screen[:4], *[each for each in on_screen if "surely above zero" in each], on_screen[-1]
    ]  # fmt: skip
    open_question = copy.deepcopy(facts)
    unsure = [
        check
        for check in open_question["decision"]["checks"]
        if "gain over the best sellers surely above zero" in check["question"]
    ]
    unsure[0]["passed"] = False
    rule = memo.page(open_question, "shop").split('<table class="stack rule">')[1]
    kinds = re.findall(r"<tr([^>]*)><td>(.*?)</td>", rule.split("</table>")[0])
    on_paper = [question for kind, question in kinds if "online" not in kind]
    assert on_paper[0].startswith("Are the data good enough")  # whatever the gain is
    assert unsure[0]["question"] in on_paper


def test_the_shuffle_tests_scores_are_told_from_those_of_the_lists(facts):
    own = facts | {"signal": facts["signal"] | {"own": 0.08, "stranger": 0.021}}
    told = said(memo.page(own, "shop"))
    assert (
        "history predicts 8.0 points, a stranger's 2.1. These aren't the scores of our lists"
        in told
    )


@pytest.mark.parametrize(
    ("last", "warns"),
    [("2011-12-09", True), ("2011-12-24", True), ("2011-11-27", True), ("2011-11-26", False),
     ("2011-12-25", False), ("2012-06-30", False)],
)  # fmt: skip
def test_weeks_before_christmas_are_named(facts, last, warns):
    page = said(memo.page(facts | {"data": facts["data"] | {"to": last}}, "shop"))
    assert ("Our data end just before Christmas. If best sellers win" in page) == warns


def test_steps_are_one_sentence_and_a_comma_in_one_parts_them_more_strongly():
    assert memo._listed(["legal signs"]) == "legal signs"
    assert memo._listed(["legal signs", "finance pays", "it starts"]) == (
        "legal signs, finance pays and it starts"
    )
    assert memo._listed(["legal, or its head, signs", "finance pays", "it starts"]) == (
        "legal, or its head, signs; finance pays and it starts"
    )
