"""The rule, the facts and the page of the decision memo."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import data, memo

CLEAR = {
    "rows_kept": 0.9, "customers_judged": 800, "signal_low": 0.05, "signal_high": 0.07,
    "gain_low": 0.02, "gain_high": 0.04, "days_of_test": 42,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "decision", "asked"),
    [
        ({}, "ship a test", "All questions"),
        ({"rows_kept": 0.49}, "not yet", "half of the purchase file"),
        ({"customers_judged": 99}, "not yet", "100 customers"),
        ({"signal_low": 0.0}, "don't", "shuffle test"),
        ({"gain_low": -0.04, "gain_high": -0.02}, "don't", "no worse"),
        ({"gain_low": -0.01}, "not yet", "surely better"),
        ({"days_of_test": 91}, "not yet", "twelve weeks"),
        # the first no decides: too few customers to say that there is no signal
        ({"customers_judged": 20, "signal_low": -0.1}, "not yet", "100 customers"),
        ({"signal_low": -0.1, "days_of_test": 500}, "don't", "shuffle test"),
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
    if missing != {"signal_high"}:
        assert result["decision"] == "not yet"
    assert any(check["answer"] == "not known" for check in result["checks"])


@pytest.fixture(scope="module")
def facts(shop):
    transactions, events = shop
    report = data.read_transactions()[1]
    return memo.collect(transactions, events, report, made_up_consent=True)


def test_the_bundled_shop_ships_a_test(facts, shop):
    assert facts["decision"]["decision"] == "ship a test"
    methods = facts["quality"]["methods"]
    assert list(methods)[0] == "personal list" and list(methods)[2] == "drawn by chance"
    assert methods["personal list"]["hit_rate_low"] > 1.4 * methods[facts["quality"]["rival"]][
        "hit_rate"
    ]  # fmt: skip
    bought = [example["n_bought"] for example in facts["examples"]]
    assert len(bought) == 5 and bought == sorted(bought) and bought[0] < bought[-1]
    known = pd.concat([shop[0]["customer_id"], shop[1]["customer_id"]]).nunique()
    assert facts["data"]["customers"] < sum(facts["served"].values()) <= known
    assert (
        facts["plan"]["days"] * facts["plan"]["clicks_per_day"]
        >= 2 * (facts["plan"]["clicks_per_arm"])
    )


def test_without_tastes_it_says_dont(shop):
    """The control: the same shop with its customers dealt at random."""
    transactions = shop[0]
    for seed in range(3):
        stranger = np.random.default_rng(seed).permutation(transactions["customer_id"])
        shuffled = transactions.assign(customer_id=stranger)
        report = data.HealthReport("shuffled", len(shuffled), len(shuffled), {})
        assert memo.collect(shuffled, None, report)["decision"]["decision"] == "don't"


def test_too_little_to_judge_is_not_yet(shop):
    transactions = shop[0][shop[0]["customer_id"] < "CUST00200"]
    report = data.HealthReport("small", len(transactions), len(transactions), {})
    small = memo.collect(transactions, None, report)
    assert small["decision"]["decision"] == "not yet"
    one_day = transactions.assign(transaction_date=pd.Timestamp("2024-01-01"))
    facts = memo.collect(one_day, None, report)
    assert facts["quality"] is None and facts["decision"]["decision"] == "not yet"
    page = memo.page(facts, "one day")
    assert "Not known. All purchases fall" in page and "not yet" in page


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
    assert f"<b>{100 * share:.0f}</b> find one of it" in page
    assert "Recommendation: ship a test" in page
    assert f"e-mail {facts['channels']['email']:,} customers" in page
    assert f"{facts['plan']['clicks_per_arm']:,} clicks in each arm" in page


def test_a_page_without_facts_says_so():
    assert "Lesson 10 did not run" in memo.page(None, "x")
