"""Lesson 11. The decision memo: the facts of one shop, a rule written down before, and the page.

:func:`collect` finds the facts, :func:`decide` applies the rule, :func:`page` puts both on one
page that can be mailed, printed and read aloud in a meeting.
"""

from __future__ import annotations

import copy
import functools
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from helpers import channels, colours, evaluate, experiments, production
from helpers.catalogue import Rules
from helpers.data import HealthReport, line_amounts
from helpers.evaluate import MIN_CUSTOMERS, MIN_HITS, WORTH_HAVING, ruled_out
from helpers.reading.parameters import LiveTest
from helpers.recommend import MostPopular, Random
from helpers.telling import counted, kept, typeset

SHIP, NOT_YET, DONT = "ship a test", "not yet", "don't"
FIX_DATA = "fix the data first"

# Customers differ by what is known of them; these groups are fixed before anybody sees a figure.
GROUPS = ONE, SEVERAL = ("one product", "several products")
RULED_OUT, BETTER = "a gain worth having is ruled out", "better"
UNCERTAIN, TOO_FEW = "not certain", "too few to tell"
MAX_WEEKS = 12
_ANY_VISITS = 1e9  # a week: more than any place has

# what is asked for in one sentence, where a day to look again is what is missing
_AGAIN = "one day to look again, once enough customers have come back"
_FEW_JUDGED = "Collect purchases for longer, or judge by more of the most recent days."
_TOO_THIN = (
    "We have too few customers to tell: {why}. We need about {{customers_for_{what}:,}} customers "
    "to judge by, and have {{customers_judged:,}}. So collect purchases for longer, or judge by "
    "more of the most recent days, then look again once."
)
_UNDECIDED = "the likely range includes zero and is too wide"


def points(share: float, sign: str = "+") -> str:
    """A difference of scores, in points; what is just above or below zero keeps its side.

    Parameters
    ----------
    share : float
        .1 are ten points.
    sign : str
        "+" for a difference, empty for a line or a score.

    Examples
    --------
    >>> points(0.169), points(-0.1), points(0.0004), points(0.1, ""), points(0)
    ('+16.9', '−10', '+0.04', '10', '0')
    """
    text = f"{100 * share:{sign}.1f}".removesuffix(".0")
    if text.strip("+-") == "0" and abs(share) >= 1e-6:
        text = f"{100 * share:{sign}.1g}"
    return "0" if text.strip("+-") == "0" else text.replace("-", "−")


_UNNAMED = " in the shop's currency"


def money(amount: float, currency: str = "", digits: int = 0) -> str:
    """An amount and what it is in.

    Parameters
    ----------
    amount : float
    currency : str
        A code; empty where nobody has entered one.
    digits : int
        After the point.

    Examples
    --------
    >>> money(8_000, "EUR"), money(4.784, "EUR", 2), money(810)
    ('EUR 8,000', 'EUR 4.78', "810 in the shop's currency")
    """
    text = f"{amount:,.{digits}f}"
    return f"{currency} {text}" if currency else f"{text}{_UNNAMED}"


def rounded(number: float, digits: int = 3) -> float:
    """To few digits, the nearest: more would claim too much of what rests on assumptions.

    Examples
    --------
    >>> rounded(10_532), rounded(-13_449), rounded(0), rounded(747, 2)
    (10500.0, -13400.0, 0.0, 750.0)
    """
    return float(f"{number:.{digits}g}")


#: What stands in the files beside a run's memo.
_HOLDS = {
    "recommendations.csv": "each customer's list, with its reasons",
    "recommendations.parquet": "the same, for programs",
    "summary.csv": "who gets what, by source and segment",
    "comparison.csv": "what changed since the lists before these",
    "engine.zip": "the engine that made the lists",
    "homepage.csv": "for the homepage: a list for each customer",
    "email.csv": "for e-mails: only those who agreed",
    "product_page.csv": "for product pages: a list for each product",
    "cart.csv": "for reminders of carts left behind",
    "retention_offers.csv": "who may get an offer, and which",
    "retention_holdout.csv": "who must get no offer, so that it can be measured",
    "metrics.json": "all figures of the run, for programs",
}


def too_little(low: float, high: float, worth_having: float) -> bool:
    """Do the data say that the difference is not worth having, be it none or a small one?

    Parameters
    ----------
    low, high, worth_having : float
        As in :func:`helpers.evaluate.ruled_out`.

    Returns
    -------
    bool
        True if it is ruled out, or if the interval lies above zero, but below what is worth having
        as a whole: real, and not worth building. By chance alone this is said of a difference that
        *is* worth having in one of forty shops at most.
    """
    return ruled_out(low, high, worth_having) or high < worth_having and low > 0


def too_rough(low: float | None, high: float | None, worth_having: float | None) -> bool:
    """Whether an interval ends below the line, and is too wide to rule it out; not if unknown.

    Parameters
    ----------
    low, high, worth_having : float or None
        As in :func:`too_little`.

    Examples
    --------
    >>> too_rough(-0.09, 0.03, 0.04), too_rough(-0.02, 0.03, 0.04), too_rough(-0.02, 0.05, 0.04)
    (True, False, False)
    """
    if any(each is None or math.isnan(each) for each in (low, high, worth_having)):
        return False
    return high < worth_having and not too_little(low, high, worth_having)


@dataclass(frozen=True)
class Assumptions:
    """What no purchase tells: the visits to the place where the list is shown, and the money.

    Attributes
    ----------
    visits_per_week : float, optional
        Of known customers. Left out, the length of the test is not known, and the memo says so.
    visits_per_customer : float, optional
        In a week, mean over all customers who may come; left out, `visits_per_week` over all
        customers of the export.
    click_rate, cart_rate : float
        Share of those visits with a click on the list today, and of the clicks that reach the cart.
    buy_rate : float
        Of those carts, the share that is bought.
    lift : float, optional
        The smallest lift worth having; see :func:`lift_worth_having`.
    cost_per_year : float, optional
        What personal lists would cost in the first year, to build and to run, in the currency of
        the purchases.
    margin_share : float
        What remains of an amount after costs.
    exchange_rate : float
        Per cent more sales from this place for one per cent more customers with a hit: the highest
        rate that anybody believes. Only a live test tells the true one.
    """

    visits_per_week: float | None = None
    visits_per_customer: float | None = None
    click_rate: float = 0.1
    cart_rate: float = 0.08
    lift: float | None = None
    cost_per_year: float | None = None
    margin_share: float = 0.4
    buy_rate: float = 0.3
    exchange_rate: float = 2

    @property
    def carts_per_visit(self) -> float:
        """Today."""
        return self.click_rate * self.cart_rate

    @property
    def carts_of_a_year(self) -> float:
        """Today, from each visit of a week."""
        return 52 * self.carts_per_visit

    def margin_of_a_cart(self, amount: float) -> float:
        """Of a cart, bought or not, where an average purchase line is of this amount."""
        return amount * self.margin_share * self.buy_rate


def lift_worth_having(assumed: Assumptions, amount: float | None, share: float = 1.0) -> dict:
    """The smallest lift of carts per visit that is worth having.

    Parameters
    ----------
    assumed : Assumptions
    amount : float or None
        Of an average purchase line; None where the export has no money.
    share : float
        Of the customers who would get personal lists; they are taken to come as often as others.

    Returns
    -------
    dict
        ``lift`` (.2 is a fifth more), and ``lift_from``, what it comes from: ``"lift"`` as entered;
        ``"cost"``: the lift that earns the cost of a year, cost / (carts a year today x margin of
        an average purchase x the share of carts that are bought); else ``"fifth"``,
        :data:`helpers.evaluate.WORTH_HAVING`.
        ``more_hits``: by what share more customers must have a hit for it, at the highest exchange
        rate; without a cost or a lift a fifth, by the same convention.
        With ``"cost"`` also ``carts_per_year`` and ``margin`` (of a cart, bought or not).
    """
    if assumed.lift is not None:
        found = {"lift": assumed.lift, "lift_from": "lift"}
    elif assumed.cost_per_year and assumed.visits_per_week and amount:
        carts = assumed.visits_per_week * share * assumed.carts_of_a_year
        margin = assumed.margin_of_a_cart(amount)
        lift = assumed.cost_per_year / (carts * margin)
        found = {"lift": lift, "lift_from": "cost", "carts_per_year": carts, "margin": margin}
    else:
        return {"lift": WORTH_HAVING, "lift_from": "fifth", "more_hits": WORTH_HAVING}
    return found | {"more_hits": found["lift"] / assumed.exchange_rate}


def payback(development: float, upkeep: float, earns: float, lift: float) -> float:
    """Months until the extra earnings have paid for the building.

    Parameters
    ----------
    development : float
        Paid once.
    upkeep, earns : float
        A month: what the lists cost to run, and what the place of the list earns with today's.
    lift : float
        Of what the place earns; .2 is a fifth more.

    Returns
    -------
    float
        development / (lift x earns - upkeep); infinite where the lift does not even pay the upkeep.
    """
    left = lift * earns - upkeep
    return development / left if left > 0 else math.inf


def smallest_lifts(
    assumed: Assumptions,
    customers: int,
    events: pd.DataFrame | None = None,
    share: float = 1.0,
) -> pd.Series:
    """The smallest lift that a test of two equal halves finds four times in five, by its weeks.

    Parameters
    ----------
    assumed : Assumptions
        With `visits_per_week`.
    customers : int
        All that are known, whether they take part or not.
    events : DataFrame, optional
        They tell how unequally often customers come; left out,
        :class:`helpers.experiments.Traffic` assumes it.
    share : float
        Of the customers who take part.

    Returns
    -------
    Series
        Index 1 to :data:`MAX_WEEKS`. See :func:`helpers.experiments.plan_test`: customers are
        dealt, and the same ones come again, so it levels off.
    """
    uneven = None if events is None else experiments.unevenness(events, customers)
    return _smallest_lifts(assumed, assumed.visits_per_week, customers, uneven, share)


def _smallest_lifts(assumed, visits_per_week, customers, uneven, share):
    """The same for any number of visits; `uneven` may be None."""
    traffic = _traffic(assumed, visits_per_week, customers, uneven, share)
    return experiments.plan_test(LiveTest(), traffic, range(1, MAX_WEEKS + 1))["smallest_lift"]


def _traffic(assumed, visits_per_week, customers, uneven, share):
    """What is known of the place's visits, and assumed of the rest."""
    share = max(share, 1 / customers)
    # fewer than ten visits a week find nothing anyway
    visits = max(visits_per_week, 10 / share)
    per_customer = assumed.visits_per_customer or visits / customers
    traffic = experiments.Traffic(visits * share, assumed.carts_per_visit, per_customer)
    return traffic if uneven is None else replace(traffic, unevenness=uneven)


# The rule. Asked in this order; the first question with the answer no gives the recommendation.
# "Don't" needs data that could have seen what is worth having; thin data are "not yet".
CHECKS = [
    {
        "about": "data",
        "question": "Do the data look like what happened?",
        "short": "the data look right",
        "passes": lambda evidence: evidence["doubts"] == 0,
        "otherwise": FIX_DATA,
        "answer": "{doubts_told} to doubt it",
        "what_to_do": "{mend}",
    },
    {
        "about": "data",
        "question": "Was at least half of the file usable?",
        "short": "half of the rows are usable",
        "passes": lambda evidence: evidence["rows_kept"] >= 0.5,
        "otherwise": NOT_YET,
        "answer": "{rows_told} of the rows were kept{but_for}",
        "missing": "too few rows of the export could be used",
        "ask": "a better export",
        "what_to_do": "Find out why so many rows were rejected, and export again.",
    },
    {
        "about": "data",
        "question": f"Can we judge by at least {MIN_CUSTOMERS} customers?",
        "short": f"{MIN_CUSTOMERS} customers to judge by",
        "passes": lambda evidence: evidence["customers_judged"] >= MIN_CUSTOMERS,
        "otherwise": NOT_YET,
        "answer": "{customers_judged:,} had bought before, and bought something new in the days we "
        "judge by",
        "missing": "too few customers came back for us to judge by",
        "ask": _AGAIN,
        "what_to_do": _FEW_JUDGED,
        "if_unknown": "{not_judged}",
    },
    {
        # as lesson 05a's rule counts, see `evaluate.too_few_to_compare`: whoever finds something in
        # both lists, or in neither, doesn't tell them apart
        "about": "data",
        "question": f"Did at least {MIN_HITS} find something in only one of the lists?",
        "short": f"{MIN_HITS} found something in only one list",
        "passes": lambda evidence: evidence["hits"] >= MIN_HITS,
        "otherwise": NOT_YET,
        "answer": "{hits:,} did, and only they tell the lists apart",
        "missing": "too few of them found something in only one of the lists",
        "ask": _AGAIN,
        "what_to_do": _TOO_THIN.format(
            why="one customer either way would tip the answer", what="hits"
        ),
    },
    {
        "about": "line",
        "question": "Could earlier purchases predict enough?",
        "short": "the signal could reach the line",
        "passes": lambda evidence: (
            not too_little(
                evidence["signal_low"], evidence["signal_high"], evidence["worth_having"]
            )
        ),
        "otherwise": DONT,
        "answer": "{signal_low_points} to {signal_high_points} points against a stranger's; "
        "enough is {line_points}{signal_rough}",
        "what_to_do": "{no_signal}",
    },
    {
        "about": "line",
        "question": "Could the lists beat the best sellers by enough?",
        "short": "the gain could reach the line",
        "passes": lambda evidence: (
            not too_little(evidence["gain_low"], evidence["gain_high"], evidence["worth_having"])
        ),
        "otherwise": DONT,
        "answer": "{gain_low_points} to {gain_high_points} points against theirs; enough is "
        "{line_points}{gain_rough}",
        "what_to_do": "{no_gain}",
    },
    {
        "about": "sure",
        "question": "Is what earlier purchases predict surely above zero?",
        "short": "the signal is above zero",
        "passes": lambda evidence: evidence["signal_low"] > 0,
        "otherwise": NOT_YET,
        "answer": "{signal_low_points} points at worst",
        "missing": "we can't tell yet whether earlier purchases predict anything",
        "ask": _AGAIN,
        "what_to_do": _TOO_THIN.format(why=_UNDECIDED, what="signal"),
    },
    {
        "about": "sure",
        "question": "Is the gain over the best sellers surely above zero?",
        "short": "the gain is above zero",
        "passes": lambda evidence: evidence["gain_low"] > 0,
        "otherwise": NOT_YET,
        "answer": "{gain_low_points} points at worst",
        "missing": "there may be no gain at all",
        "ask": _AGAIN,
        "what_to_do": _TOO_THIN.format(why=_UNDECIDED, what="gain"),
    },
    {
        # asked of the gain, not of the line: that the line is reached was asked before, and a lift
        # below it needs no test. So a lower cost never makes this harder.
        "about": "test",
        "question": f"Could {MAX_WEEKS} weeks notice the gain at its best?",
        "short": f"{MAX_WEEKS} weeks can notice it",
        "passes": lambda evidence: evidence["smallest_lift"] <= evidence["best_lift"],
        "otherwise": NOT_YET,
        "answer": "they notice {noticed}; at best, the lists bring {best_lift:,.0%}",
        "missing": f"no {MAX_WEEKS}-week test could notice such a gain here",
        "ask": "a place that more customers see",
        "what_to_do": "{no_test}",
        # traffic is no property of the lists: the recommendation stands without it, the date not
        "may_stay_open": True,
        "if_unknown": "Before the start, enter the weekly visits by known customers where the list "
        "is shown (`visits_per_week`): until then, nobody knows how long the test will take.",
    },
]


#: How many of :data:`CHECKS` each of the lesson's first five questions holds; its sixth is the
#: first of :data:`STOPS`.
_HELD = (1, 3, 2, 2, 1)


# What no gain outweighs: asked of the finished lists, whatever the figures say. Only the first one
# stops the test; the others stop what they touch, and have to be mended before the start.
STOPS = [
    {
        "question": "Is nothing on a list that must not be shown?",
        "short": "may everything be shown?",
        "count": "forbidden",
        "stops": "the test and every list",
        "stops_all": True,
        "found": "{} a product that must not be shown",
        "found_where": "places have",
        "unknown": "nothing is named as forbidden",
        "until_known": "legal signs off what is forbidden",
        "start": True,
        "signs": "legal",
        "mend": "Enter it as forbidden (`deny_products` or `deny_categories`), and make all lists "
        "again.",
    },
    {
        "question": "Is nothing on a list that is sold out?",
        "short": "is everything in stock?",
        "count": "sold_out",
        "stops": "its own place",
        "stops_all": False,
        "found": "{} a product that is sold out",
        "found_where": "places have",
        "unknown": "no stock is known",
        "until_known": "the homepage hides what is sold out",
        "start": True,
        "signs": "merchandising",
        "mend": "The homepage hides what is sold out, and the next product moves up.",
    },
    {
        "question": "Did everybody who gets an e-mail agree?",
        "short": "did everybody who gets an e-mail agree?",
        "count": "without_consent",
        "stops": "mails and reminders",
        "stops_all": False,
        "found": "{} an e-mail without having agreed",
        "found_where": "people get",
        "unknown": "nobody is known to have agreed",
        "until_known": "no e-mail or reminder goes out",
        "start": False,
        "signs": "legal",
        "mend": "E-mails and reminders go only to those who agreed.",
    },
]


def six_answers(checks: Collection[Mapping], stops: Collection[Mapping] = ()) -> list[bool | None]:
    """The rule as six questions, as lesson 11 asks it: a no of one part is a no.

    Parameters
    ----------
    checks, stops : collection of mapping
        From :func:`decide` and :func:`what_stops`.

    Returns
    -------
    list
        Of each question True, False, or None where nobody can answer it yet.
    """
    answers, passed = [], [check["passed"] for check in checks]
    for many in _HELD:
        asked, passed = passed[:many], passed[many:]
        answers.append(False if False in asked else None if None in asked else True)
    return [*answers, stops[0]["passed"] if stops else None]


#: Of the six answers, what a test can be recommended without.
_OPEN = {4: "the test's length", 5: "legal's sign-off"}


def _what_got_a_yes(answers, on_the_line, on_the_test):
    """A sentence on a recommended test: all but the open answers are yes, some on assumptions."""
    waits = [name for at, name in _OPEN.items() if answers[at] is None]
    told = "Every question answered so far is a yes" if waits else "Every question is a yes"
    rests = [on for at, on in ((2, on_the_line), (4, on_the_test)) if on and answers[at]]
    partly = f", partly based on {' and '.join(dict.fromkeys(rests))}" if rests else ""
    still_open = f" Still open: {' and '.join(waits)}." if waits else ""
    return f"{told}{partly}.{still_open}"


_OF_A_STOP = ("question", "short", "stops", "stops_all", "until_known", "start", "signs", "mend")


def what_stops(counts: Mapping[str, int | None]) -> list[dict]:
    """What must hold whatever the gain is: forbidden products, stock, consent.

    Parameters
    ----------
    counts : mapping
        ``forbidden`` and ``sold_out`` (places on the lists), ``without_consent`` (people who get a
        mail); None, or missing, where nobody has said what is forbidden, sold out or agreed to.

    Returns
    -------
    list of dict
        Per question of :data:`STOPS`: ``question``, ``short``, ``answer``, ``passed`` (None: nobody
        has said), ``stops`` (what a no stops), ``stops_all`` (whether that is the test itself),
        ``until_known`` (what is done as long as nobody has said), ``start`` (whether that is to be
        done before a start), ``signs`` (who must say yes) and ``mend``.
    """
    asked = []
    for stop in STOPS:
        count = counts.get(stop["count"])
        answer = stop["unknown"]
        if count is not None:
            answer = stop["found"].format(counted(count, stop["found_where"]))
        passed = None if count is None else count == 0
        kept = {name: stop[name] for name in _OF_A_STOP}
        asked.append(kept | {"answer": answer, "passed": passed})
    return asked


def decide(evidence) -> dict:
    """Apply the rule: the first question with the answer no gives the recommendation.

    Parameters
    ----------
    evidence : mapping
        ``doubts`` (reasons to believe that the data are wrong), ``mend`` (a text: what to do about
        them), ``rows_kept`` (share of the purchase file's rows that were to be used, 0 to 1),
        ``but_for`` (a text: which were not), ``customers_judged``, ``not_judged`` (a text: what to
        do where there are none), ``hits``
        (how many of them found something in one of the two lists only), ``worth_having`` (the
        smallest gain in hit rate worth having), ``signal_low`` and ``signal_high`` (interval of
        the shuffle test), ``gain_low`` and ``gain_high`` (interval of the hit rate above the best
        sellers'), ``best_lift`` (the largest lift that this interval allows: its upper end as a
        share of the best sellers' hit rate, times the highest exchange rate) and
        ``smallest_lift`` (that a test finds within :data:`MAX_WEEKS` weeks). What is missing counts
        as no, but for the texts; only the last two may stay open, and then the recommendation says
        so. May be left out: ``assumed`` (from :func:`assumed_for_the_line`), ``test_assumed`` (from
        :func:`assumed_for_the_test`), ``floor_lift``
        (``smallest_lift`` with any number of visits); ``wanted`` (numbers that nobody has entered
        and that a yes rests on: mappings of ``what``, ``key`` and ``turns``, a sentence on what
        would turn it, and ``limit``, the same in short); ``stops``, from :func:`what_stops`.
        Where something is shown that must not be, a test that the figures speak for is
        *not yet* started; what else has the answer no is
        to be mended before the start.

    Returns
    -------
    dict
        ``decision`` ("ship a test", "not yet", "don't" or "fix the data first"), ``because`` (the
        question that gave it), ``what_to_do``, ``missing`` and ``ask`` (to be said aloud; empty
        unless "not yet"), ``wanted`` (as given; empty unless "ship a test"), ``holds_once`` (the
        same as a text), ``before`` (from :func:`before_the_start`), ``waits`` (who has to sign
        before a start and hasn't; empty unless "ship a test"), and ``checks``: a list of
        ``question``, ``answer``, ``passed`` (True, False, or None where a question stays open).
    """
    evidence = dict(evidence)
    stops = evidence.pop("stops", None) or []
    stopping = [stop for stop in stops if stop["passed"] is False and stop["stops_all"]]
    known = {name: value for name, value in evidence.items() if _is_known(value)}
    wanted = known.pop("wanted", [])
    known |= {
        "mend": "Look at what is doubtful in the data.",
        "but_for": "",
        "not_judged": _FEW_JUDGED,
        **_customers_needed(known),
        **_in_points(known),
        **_said_of(known),
        **known,
    }
    asked = [_ask(check, known) for check in CHECKS]
    checks = [{name: a[name] for name in ("question", "answer", "passed")} for a in asked]
    failed = [answer for answer in asked if answer["passed"] is False]
    still_open = [answer for answer in asked if answer["passed"] is None]
    result = {"missing": "", "ask": ""}
    if failed:
        of_the_rule = ("decision", "because", "what_to_do", "missing", "ask")
        result = {name: failed[0][name] for name in of_the_rule}
    elif stopping:
        first = stopping[0]
        result = {
            "decision": NOT_YET,
            "because": "The numbers favour a test, but the lists show what they must not: "
            f"{first['answer']}. That stops the test, however large the gain.",
            "what_to_do": first["mend"],
            "missing": "the lists show something that must not be shown",
            "ask": "new lists, checked again and signed by legal",
        }
    else:
        rests = (known.get(name) for name in ("assumed", "test_assumed"))
        result |= {
            "decision": SHIP,
            "because": _what_got_a_yes(six_answers(checks, stops), *rests),
            "what_to_do": still_open[0]["what_to_do"] if still_open and not wanted else "",
        }
    if result["decision"] != SHIP:
        wanted = []
    first, waits = [], []
    if result["decision"] == SHIP:
        first, signs = before_the_start(stops), stops or what_stops({})
        silent = (stop for stop in signs if stop["passed"] is None and stop["stops_all"])
        waits = list(dict.fromkeys(stop["signs"] for stop in silent))
    result["what_to_do"] = f"{result['what_to_do']} {_before_the_test(first)}".strip()
    result |= {"wanted": wanted, "holds_once": _holds_once(wanted), "before": first}
    return result | {"waits": waits, "checks": checks}


def _steps(before, count_clicks):
    """Who does what before a test starts."""
    told = ["engineering sets up the lists"]
    if count_clicks:
        told.append("the data team counts clicks and carts")
    legal = [] if any(step.startswith("legal signs") for step in before) else ["legal signs off"]
    return [*told, *before, *legal]


def _before_the_test(parts):
    """What is to be done before a start, as the last sentence of what to do."""
    return f"Before the test: {'; '.join(parts)}." if parts else ""


_HOW_MANY = {1: "one number is", 2: "two numbers are"}
#: A number that nobody has entered, in short.
_TO_FILL_IN = {
    "visits_per_week": "Weekly visits",
    "cost_per_year": "Year-one cost",
    "lift": "Rise that pays",
}


def _holds_once(wanted):
    """What a yes rests on that nobody has entered, as a text; empty if all is known."""
    if not wanted:
        return ""
    named = " and ".join("{what} (`{key}`)".format(**each) for each in wanted)
    turns = [each["turns"] for each in wanted if each["turns"]]
    return " ".join([f"This holds only once {_HOW_MANY[len(wanted)]} filled in: {named}.", *turns])


def headline(decision: Mapping) -> str:
    """The recommendation as the first line has it: what numbers and whose word a yes waits for.

    Parameters
    ----------
    decision : mapping
        From :func:`decide`.

    Examples
    --------
    >>> headline({"decision": "ship a test", "wanted": [{"what": "the visits of a week"}]})
    'ship a test, once one number is filled in'
    >>> headline({"decision": "ship a test", "waits": ["legal"]})
    'ship a test, once legal has signed'
    """
    wanted = decision.get("wanted") or []
    once = [f"{_HOW_MANY[len(wanted)]} filled in"] if wanted else []
    once += [f"{who} has signed" for who in decision.get("waits", [])]  # none in an older memo
    return decision["decision"] + (f", once {' and '.join(once)}" if once else "")


def before_the_start(stops: Collection[Mapping]) -> list[str]:
    """What the stops that don't stop a test still ask for, before it starts.

    Parameters
    ----------
    stops : collection of mapping
        From :func:`what_stops`.

    Returns
    -------
    list of str
        Parts of a sentence: what was found, and what is done about it; or who says what nobody has
        said yet.
    """
    told = []
    for stop in stops:
        if stop["passed"] is False and not stop["stops_all"]:
            told.append(f"{stop['answer']}, so {stop['mend'][0].lower()}{stop['mend'][1:-1]}")
        elif stop["passed"] is None and stop["start"]:
            told.append(stop["until_known"])
    return told


def _in_points(known):
    """The figures of the rule's answers, as they are read."""
    ends = ("signal_low", "signal_high", "gain_low", "gain_high")
    told = {f"{name}_points": points(known[name]) for name in ends if name in known}
    if "doubts" in known:
        many = known["doubts"]
        told["doubts_told"] = counted(many, "reasons") if many else "no reason"
    if "rows_kept" in known:
        nearly = 0.995 <= known["rows_kept"] < 1
        told["rows_told"] = "more than 99%" if nearly else f"{known['rows_kept']:.0%}"
    if "worth_having" in known:
        line = known["worth_having"]
        told["line_points"] = points(line, "") if line <= 1 else "more than 100"
        for name in ("signal", "gain"):
            rough = too_rough(known.get(f"{name}_low"), known.get(f"{name}_high"), line)
            told[f"{name}_rough"] = ", but the range is too wide to rule that out" if rough else ""
    if "smallest_lift" in known:
        told["noticed"] = noticed(known["smallest_lift"])
    return told


def noticed(lift: float | None, before: str = "") -> str:
    """What a test can notice, in words; infinity, or None in a file: too few customers for any."""
    if lift is not None and math.isfinite(lift):
        return f"{before}{lift:,.0%} more carts"
    return "no rise in carts, however large"


def _said_of(known):
    """What is to be done about a no that may have more than one reason."""
    reopen = "A cheaper version or a busier place would reopen the question."
    told = {
        "no_signal": "Show the best sellers; personal lists would be no more than decoration.",
        "no_gain": "Keep the best sellers, and state which days they are counted over.",
        "no_test": "Look for a place that more customers see, or that they see more often.",
    }
    if known.get("gain_high", 0) < 0:
        told["no_signal"] = "Show the best sellers: personal lists do worse."
    elif known.get("signal_low", 0) > 0:
        told["no_signal"] = (
            "Earlier purchases predict something, but too little for the lists to pay off. "
            f"Show the best sellers. {reopen}"
        )
    if known.get("gain_low", 0) > 0:
        told["no_gain"] += f" There is a gain, but it is too small to pay off. {reopen}"
    floor, best = known.get("floor_lift", 0), known.get("best_lift", 0)
    if floor > best > 0:
        told["no_test"] = (
            "It takes more customers, not more visits by the same ones: however often they come, "
            f"{MAX_WEEKS} weeks would notice {noticed(floor, 'nothing below ')}."
        )
        if math.isfinite(floor):
            times = (floor / best) ** 2
            told["no_test"] += f" With about {max(times, 1.1):,.1f} times as many, a test could."
    return told


def _ask(check, known):
    """One question of the rule, answered; nobody knows that a missing figure is bad."""
    question = check["question"]
    try:
        answer, passed = check["answer"].format(**known), bool(check["passes"](known))
    except KeyError:
        return {
            "question": question,
            "answer": "not known",
            "passed": None if check.get("may_stay_open") else False,
            "decision": NOT_YET,
            "missing": "not everything is known that the rule asks for",
            "ask": check.get("ask", _AGAIN),
            "because": f"The first question that nobody can answer yet: {question}",
            "what_to_do": check.get("if_unknown", "Find this out first.").format(**known),
        }
    return {
        "question": question,
        "answer": answer,
        "passed": passed,
        "decision": check["otherwise"],
        "because": f"The first question with a no: {question}",
        "what_to_do": "" if passed else check["what_to_do"].format(**known),
        "missing": check.get("missing", ""),
        "ask": check.get("ask", ""),
    }


def _is_known(value):
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _customers_needed(known):
    """How many customers to judge by would settle a question, where that can be said.

    Hits grow with the customers; an interval shrinks with their square root. Once it is narrower
    than what is worth having, it cannot include both that and zero.
    """
    needed = {}
    customers = known.get("customers_judged")
    if customers and "hits" in known:
        needed["customers_for_hits"] = _two_digits(customers * MIN_HITS / max(known["hits"], 1))
    for name in ("signal", "gain"):
        if customers and {f"{name}_low", f"{name}_high", "worth_having"} <= set(known):
            width = known[f"{name}_high"] - known[f"{name}_low"]
            needed[f"customers_for_{name}"] = _two_digits(
                customers * (width / known["worth_having"]) ** 2
            )
    return needed


def _two_digits(number):
    """Rounded up to two significant digits: more would claim too much."""
    step = 10 ** max(math.floor(math.log10(max(number, 1))) - 1, 0)
    return math.ceil(number / step) * step


def mistakes(
    measured: pd.DataFrame, sizes: Collection[int] = (100, 1_000), also_between: bool = False
) -> pd.DataFrame:
    """How often the rule says what where nothing is to be gained, and where enough is.

    Parameters
    ----------
    measured : DataFrame
        From ``data/memo_rule.csv``: a row per lift worth having, strength of tastes and size.
    sizes : collection of int
        Customers judged that are kept.
    also_between : bool
        Keep what lies between, too: a gain above zero that is short of the line.

    Returns
    -------
    DataFrame
        Indexed by what to call the row: ``truth`` ("none" or "enough" to gain, or "between", by the
        mean over the shops: a single shop's own may differ), ``lift_worth_having``,
        ``customers_judged``, ``shops``, and of these the shares that are told each answer.
    """
    answers = [SHIP, NOT_YET, DONT]
    gain, worth = measured["gain"], measured["worth_having"]
    truth = np.select([gain <= 0, gain >= worth], ["none", "enough"], "between")
    kept = measured.assign(truth=truth)
    kept = kept[kept["customers_judged"].isin(sizes)]
    kept = kept[also_between | (kept["truth"] != "between")]
    kept = kept.assign(**kept[answers].mul(kept["shops"], axis=0))
    by = ["truth", "lift_worth_having", "customers_judged"]
    pooled = kept.groupby(by)[["shops", *answers]].sum().reset_index()
    pooled[answers] = pooled[answers].div(pooled["shops"], axis=0)
    pooled = pooled.sort_values("truth", ascending=False, kind="stable")
    names = [f"line {lift:.0%},\n{size:,} customers" for lift, size in
             zip(pooled["lift_worth_having"], pooled["customers_judged"], strict=True)]  # fmt: skip
    return pooled.set_axis(names)


def collect(
    transactions: pd.DataFrame,
    events: pd.DataFrame | None,
    report: HealthReport,
    test_days: int = 60,
    n: int = 5,
    assumed: Assumptions = Assumptions(),
    consent_path="",
    made_up_consent: bool = False,
    output_dir="",
    rules: Rules | None = None,
) -> dict:
    """Find all facts that the memo speaks of.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    report : HealthReport
        Of the purchases.
    test_days, n : int
        As in lesson 05: days held out, length of a list.
    assumed : Assumptions
        For the plan of the test, and for what is worth having.
    consent_path : path-like
        As in :func:`helpers.channels.consent_list`.
    made_up_consent : bool
        For the bundled shop: everybody agreed but each tenth.
    output_dir : path-like
        A run's folder, whose engine is taken; see :func:`helpers.production.shop_engine`.
    rules : Rules, optional
        What must not be shown to whom. Quality is judged without them: nobody knows what was in
        stock then.

    Returns
    -------
    dict
        Plain numbers and texts: ``data``, ``quality`` (None where nothing can be held out; then
        ``quality_missing`` says why), ``signal``, ``examples``, ``served``, ``no_personal_list``
        (customers who want none; they are among the best sellers'), ``list_length``,
        ``best_seller_days``, ``consent`` (None: no file), ``channels``, ``stops`` (from
        :func:`what_stops`), ``plan``, ``evidence``,
        ``decision``, ``chances`` (of the live test's rule) and ``settled`` (how often the test
        ends in a decision). ``decision`` has also ``only_for``:
        the group that plan and decision are for, empty if for everybody, and ``asked_of``: the
        group that the rule's answers speak of, empty where they speak of everybody judged.
    """
    facts = {"data": _data_facts(transactions, events, report)}
    engine = production.shop_engine(
        transactions, events, test_days, n, output_dir, rules, report.undone
    )
    try:
        split = evaluate.split_by_time(transactions, events, test_days, report.undone)
        facts |= _judge(engine.model, split, n)
    except evaluate.TooShortError as error:
        facts |= {"quality": None, "signal": None, "quality_missing": str(error)}
    quality, signal = facts["quality"], facts["signal"]

    candidates = production.score_everyone(engine, 3 * n)
    lists = candidates[candidates["rank"] <= n]
    facts["examples"] = _examples(transactions, lists, engine)
    facts["served"] = served(lists, transactions["customer_id"].unique(), n)
    facts["no_personal_list"] = int(
        engine.model.customers_.isin(engine.rules.no_personal_list).sum()
    )
    facts |= {"best_seller_days": production.POPULAR_DAYS, "list_length": n}
    everyone = engine.model.customers_
    made_up_of = everyone if made_up_consent else ()
    consent = channels.consent_list(
        consent_path, made_up_of, engine.rules.everybody_agreed, customers=everyone
    )
    facts["consent_known"] = consent is None or len(consent) > 0
    facts["consent"] = None
    if consent_path:
        given = len(channels.consent_list(consent_path))
        facts["consent"] = {"ids": given, "customers": len(consent)}
    placements = channels.placements(engine, candidates, transactions, events, n, consent)
    facts["channels"] = {
        name: int(table.iloc[:, 0].nunique()) for name, table in placements.items()
    }

    facts["stops"] = what_stops(_counted(placements, engine.rules, consent))
    plan = _planner(assumed, transactions, events, report.currency, report.entered)
    of_the_data = _of_the_data(report) | {"stops": facts["stops"]}
    if quality is None:
        of_the_data["not_judged"] = facts["quality_missing"]
    facts |= _recommend(quality, signal, plan, of_the_data)
    chances = _chances(facts["plan"])
    facts["chances"] = chances.to_dict("index")
    facts["settled"] = _settled(facts["plan"], chances)
    facts["money"] = _money(quality, facts["evidence"], facts["plan"])
    if facts["decision"]["decision"] == NOT_YET and report.doubts:
        names = ", ".join(doubt.name for doubt in report.doubts)
        look = f"First check this in the data: {names}."
        facts["decision"]["what_to_do"] = f"{look} {facts['decision']['what_to_do']}"
    return facts


def _chances(plan):
    """How often the live test's rule says what: in the planned weeks, or in a test long enough."""
    if plan["weeks"]:
        return _chances_after(plan, plan["weeks"])
    return experiments.rule_chances(worth_having=plan["lift"])


def _chances_after(plan, weeks):
    """The same of a test of so many weeks, as this place's visits make it."""
    test = LiveTest().model_copy(update={"worth_having": plan["lift"]})
    noise = pd.DataFrame.from_dict(plan["noise"], orient="index")
    names, effects = zip(*experiments.EFFECTS.items(), strict=True)
    found = experiments.plan_chances(test, noise, weeks, effects=effects)
    return found["chances"].set_axis(names)


def _settled(plan, chances):
    """How often the test ends in a decision, by what is true; None where nobody can tell.

    Where no week of those planned is enough for what pays, the longest test counts.
    """
    if not plan["visits_per_week"]:
        return None
    if not plan["weeks"]:
        if not math.isfinite(plan["smallest_lift"]):
            return {"weeks": MAX_WEEKS, "chances": None}
        chances = _chances_after(plan, MAX_WEEKS)
    decided = 1 - chances["cannot tell"]
    return {"weeks": plan["weeks"] or MAX_WEEKS, "chances": decided.to_dict()}


def will_it_settle(facts: Mapping) -> str:
    """How likely the test settles the question, in a sentence or two, also where none is proposed.

    Parameters
    ----------
    facts : mapping
        From :func:`collect`.

    Returns
    -------
    str
        Settled is what ends in a roll-out or a drop. Empty for the memo of an older run.
    """
    if "settled" not in facts:
        return ""
    settled, answer = facts["settled"], facts["decision"]["decision"]
    none = "" if answer == SHIP else "No test is proposed. "
    if answer == FIX_DATA:
        return f"{none}We can only say whether one would help once the data are fixed."
    if not settled:
        return f"{none}How likely is a clear answer? We can say once the weekly visits are known."
    weeks = counted(settled["weeks"], "weeks")
    if not settled["chances"]:
        return f"{none}Not even {weeks} would give a clear answer: too few customers come."
    asked = f"Is {weeks}" if answer == SHIP else f"Would {weeks} be"  # a length of time
    nothing, half, exactly, twice = (
        _of_100(settled["chances"][name])
        for name in ("no effect", "half of it", "exactly worth having", "twice that")
    )
    return (
        f"{none}{asked} enough? Of 100 such tests, {exactly} would give a clear answer if the "
        f"lists really bring {facts['plan']['lift']:,.0%} more carts, {twice} if they bring twice "
        f"that, {half} if half that, and {nothing} if nothing. The rest couldn't tell."
    )


def _of_100(share):
    """A chance as a number of cases; never a certainty."""
    return "over 99" if share > 0.995 else "under 1" if share < 0.005 else f"{100 * share:.0f}"


def _counted(placements, rules, consent):
    """What :func:`what_stops` asks of the lists of all places, counted anew."""
    shown = [table["product_id"] for table in placements.values() if len(table)]
    places = pd.concat(shown) if shown else pd.Series(dtype=object)
    flags = rules.products[["is_forbidden", "is_sold_out"]].reindex(places, fill_value=False)
    denied, sold_out = flags.to_numpy(dtype=bool).T
    # what is hidden for another reason, such as a floor of margin, must not be shown either
    forbidden = denied | (~rules.shown(places) & ~sold_out)
    forbids = {"denied", "not allowed"} & set(rules.findings)
    people = set().union(*(placements[name]["customer_id"] for name in ("email", "cart")))
    agreed = people if consent is None else set(consent)
    nobody_said = consent is not None and not len(consent)
    return {
        "forbidden": int(forbidden.sum()) if forbids or forbidden.any() else None,
        "sold_out": int(sold_out.sum()) if "out of stock" in rules.findings else None,
        "without_consent": None if nobody_said else len(people - agreed),
    }


def _of_the_data(report):
    """What the rule asks about the purchase file."""
    stopping = [doubt for doubt in report.doubts if doubt.stops]
    evidence = {
        "doubts": len(stopping),
        "rows_kept": report.kept / max(report.read - report.set_aside, 1),
    }
    if stopping:
        seen = [f"{_sentence(doubt.seen)} {_sentence(doubt.mend)}" for doubt in stopping[:2]]
        evidence["mend"] = " ".join(seen)
    if report.set_aside:
        evidence["but_for"] = (
            f" (not counting {report.set_aside:,} left out on purpose or without a customer)"
        )
    return evidence


def _planner(assumed, transactions, events, currency="", entered=()):
    """A function that plans a test with some groups of customers, each plan once."""
    amounts = line_amounts(transactions)
    amount = None if amounts is None else float(amounts.mean())
    bought = transactions.groupby("customer_id")["product_id"].nunique()
    sizes = {ONE: int((bought == 1).sum()), SEVERAL: int((bought > 1).sum())}
    known = bought.index if events is None else bought.index.union(events["customer_id"].unique())
    uneven = None if events is None else experiments.unevenness(events, len(known))

    @functools.cache
    def lifts_at(visits, share):
        return _smallest_lifts(assumed, visits, len(known), uneven, share)

    @functools.cache
    def plan(groups):
        customers = sum(sizes[group] for group in groups)
        share = customers / len(bought)
        made = asdict(assumed) | lift_worth_having(assumed, amount, share)
        made |= {"carts_per_visit": assumed.carts_per_visit, "customers": customers, "sizes": sizes}
        made |= {"lifts": {}, "noise": {}, "smallest_lift": None, "weeks": None, "share": share}
        made |= {"currency": currency, "entered": list(entered)}
        made["floor_lift"] = plan.smallest_lift(_ANY_VISITS, share)
        # a year, from each visit of a week; not known where the purchases have no amounts
        margin = assumed.margin_of_a_cart(amount) if amount else None
        made["earns"] = margin and share * assumed.carts_of_a_year * margin
        made["amount"] = amount
        if assumed.visits_per_week:
            lifts = lifts_at(assumed.visits_per_week, share)
            enough = lifts.index[lifts <= made["lift"]]
            made |= {"lifts": lifts.to_dict(), "smallest_lift": float(lifts.iloc[-1])}
            made["weeks"] = int(enough[0]) if len(enough) else None
            traffic = _traffic(assumed, assumed.visits_per_week, len(known), uneven, share)
            noise = experiments.planned_noise(LiveTest(), traffic, lifts.index)
            made["noise"] = noise[["today", "within", "between"]].to_dict("index")
        return made

    plan.smallest_lift = lambda visits, share: float(lifts_at(visits, share).iloc[-1])

    return plan


def _recommend(quality, signal, plan, of_the_data):
    """Ask the rule for all whose gain is not ruled out; if it says no, for a group alone.

    A gain that is none lies above zero by chance in 2.5 % of shops, and in 1.25 % for each group:
    together in 5 % at most. In samples of 300 and 1,000 of the bundled shop's customers with the
    gain taken away it was 1 to 4 %.
    """

    def ask(names, judged):
        planned = dict(plan(names))
        evidence = of_the_data | _evidence(quality, signal, judged, planned)
        if judged:
            evidence["wanted"] = _wanted(planned, evidence, quality, plan.smallest_lift)
        decision = decide(evidence) | {"only_for": "", "asked_of": ""}
        seen = planned["smallest_lift"]
        if decision["decision"] == SHIP and seen and seen > planned["lift"]:
            planned["weeks"] = MAX_WEEKS  # it pays from less than they surely notice
        return {"plan": planned, "evidence": evidence, "decision": decision}

    groups = quality["groups"] if quality else {}
    for group in groups.values():
        line = _worth_having(quality, plan(GROUPS)["more_hits"])
        group["says"] = group_says(group["gain"], line)
    stay = tuple(name for name in GROUPS if groups.get(name, {}).get("says") != RULED_OUT)
    tests = [(stay, quality)] if stay else []
    tests += [((name,), group) for name, group in groups.items() if group["says"] == BETTER]
    for names, judged in tests:
        found = ask(names, judged)
        decision = found["decision"]
        if decision["decision"] == SHIP and names != GROUPS:
            why = "for all customers together, the rule recommends no test"
            if names == stay:
                why = f"for the others, {RULED_OUT}"
            decision["only_for"] = names[0]
            decision["asked_of"] = "" if judged is quality else names[0]
            whom = f"Only customers who have bought {names[0]} take part: {why}."
            decision["what_to_do"] = f"{whom} {decision['what_to_do']}"
        if decision["decision"] == SHIP:
            return found
    return ask(GROUPS, quality)


def _evidence(quality, signal, judged, planned):
    """Figures that the rule asks for, of everybody judged or of a group of them."""
    return {
        "customers_judged": judged and judged["customers"],
        "hits": judged and judged["hits"],
        "worth_having": judged and _worth_having(quality, planned["more_hits"]),
        "signal_low": signal and signal["low"],
        "signal_high": signal and signal["high"],
        "gain_low": judged and judged["gain"]["low"],
        "gain_high": judged and judged["gain"]["high"],
        "lift": planned["lift"],
        "best_lift": judged and _as_lift(quality, judged["gain"]["high"], planned["exchange_rate"]),
        "smallest_lift": planned["smallest_lift"],
        "floor_lift": planned["floor_lift"],
        "assumed": assumed_for_the_line(planned),
        "test_assumed": assumed_for_the_test(planned),
    }


def _as_lift(quality, gain, exchange_rate=1):
    """A gain as a share of the best sellers' hits, times the rate: what carts rise by."""
    best_sellers = quality["methods"][quality["rival"]]["hit_rate"]
    return exchange_rate * gain / best_sellers if best_sellers else None


def _money(quality, evidence, plan):
    """What a year brings if carts rise as hits do; None where something for it is not known."""
    if not quality or not plan["visits_per_week"] or not plan["earns"]:
        return None
    lifts = [
        _as_lift(quality, evidence[end]) for end in ("gain_low", "gain_high") if end in evidence
    ]
    if len(lifts) < 2 or None in lifts:
        return None
    low, high = lifts
    year = plan["earns"] * plan["visits_per_week"]
    return {"lift_low": low, "lift_high": high, "low": low * year, "high": high * year}


def _wanted(planned, evidence, quality, smallest_lift):
    """The numbers that nobody has entered and that a *ship a test* rests on, and what turns it."""
    best, share, floor = evidence["best_lift"], planned["share"], planned["floor_lift"]
    most = min(evidence["gain_high"], evidence["signal_high"])
    turns_at = _as_lift(quality, most, planned["exchange_rate"])
    tells = bool(best and turns_at and turns_at > 0)
    no_visits, no_line = not planned["visits_per_week"], planned["lift_from"] == "fifth"
    earns, cost, currency = planned["earns"], planned["cost_per_year"], planned["currency"]
    customers, everybody = planned["customers"], sum(planned["sizes"].values())

    def bare(amount):  # whose currency it is was said before
        return amount.removesuffix(_UNNAMED)

    carts, sales = _rates(planned, _OF_CARTS), _rates(planned, _OF_SALES)
    sales += f" and this shop's average purchase of {bare(_average(planned))}" if earns else ""
    once_a_week = tells and smallest_lift(everybody, share) <= best
    found = []
    all_carts, all_sales = (_rates(planned, keys) for keys in (_OF_CARTS, _OF_SALES))
    said_once = no_line and not cost and earns and all_carts == all_sales  # below, of the cost
    if no_visits:
        what = "the weekly visits by known customers where the list is shown"
        found.append({"what": what, "key": "visits_per_week", "turns": "", "limit": ""})
        if tells and floor > best:
            found[0]["turns"] = (
                f'With so few customers, expect "{NOT_YET}": however often they come, a test '
                f"would notice {noticed(floor, 'nothing below ')}, and the gain at its best is "
                f"{best:,.0%} more."
            )
            found[0]["limit"] = (
                f"However many weekly visits they make, expect {NOT_YET}: with so few customers, "
                "no test would notice the gain."
            )
        elif tells:
            least = _fewest_visits(lambda visits: smallest_lift(visits, share) <= best)
            found[0]["turns"] = (
                f'Fewer than about {least:,} visits turn it into "{NOT_YET}" ({carts}).'
            )
            found[0]["limit"] = (
                f"If the list gets fewer than about {least:,} weekly visits by known customers, "
                f"{NOT_YET}: a test couldn't notice even the best case"
            )
            found[0]["limit"] += "." if said_once else f" ({all_carts})."
            if not once_a_week:
                found[0]["turns"] += (
                    f" One visit a week by each of the {counted(customers, 'customers')} isn't "
                    "enough."
                )
        if tells and no_line and cost and earns:
            least = _two_digits(cost / (turns_at * earns))
            best_case = "even the best case won't pay the cost back"
            found[0]["turns"] += (
                f' Fewer than {least:,} turn it into "{DONT}": {best_case} ({sales}).'
            )
            found[0]["limit"] += f" Below {least:,}, {DONT}: {best_case} ({all_sales})."
    if no_line and earns is None:
        what = "the smallest rise in sales that pays off (these purchases have no amounts)"
        turns = f'Anything above {turns_at:,.0%} turns it into "{DONT}".' if tells else ""
        limit = f"If it takes more than {turns_at:,.0%} more sales to pay off, {DONT}: even the "
        limit = f"{limit}best case brings no more." if tells else ""
        found.append({"what": what, "key": "lift", "turns": turns, "limit": limit})
    elif no_line and not cost:
        what, turns, limit = "the cost of the first year, to build and to run", "", ""
        if tells:
            visit = turns_at * earns
            most = visit * (1_000 if no_visits else planned["visits_per_week"])
            per = " per 1,000 weekly visits" if no_visits else ""
            most = money(rounded(most, 2), currency)
            best_case = "even the best case won't pay it back"
            limit = f"If year one costs more than about {bare(most)}{per}, {DONT}: {best_case} "
            limit += f"({all_sales})."
            turns = f'A cost of more than about {most}{per} turns it into "{DONT}": {best_case} '
            turns += f"({sales})."
            if no_visits and once_a_week:
                most = bare(money(rounded(visit * everybody, 2), currency))
                turns += (
                    f" For example, if each of the {counted(customers, 'customers')} comes once a "
                    f"week, the best case earns about {most} in the first year."
                )
        found.append({"what": what, "key": "cost_per_year", "turns": turns, "limit": limit})
    return found


_OF_CARTS = ("click_rate", "cart_rate")
_OF_SALES = (*_OF_CARTS, "buy_rate", "margin_share")


def _rates(planned, keys):
    """What a limit rests on, and whether that is known."""
    assumed = sum(_is_assumed(planned, key) for key in keys)
    if assumed == len(keys):
        return "at assumed rates"
    return "at rates that are partly assumed" if assumed else "at the rates entered"


def _is_assumed(plan, key):
    """Whether nobody has entered a number: what was entered may be as large as our assumption."""
    return plan[key] == getattr(Assumptions(), key) and key not in plan.get("entered", ())


def too_few_carts(facts: Mapping) -> float | None:
    """The carts per visit below which the rule says *don't*: the same cost then takes more hits.

    Parameters
    ----------
    facts : mapping
        From :func:`collect`.

    Returns
    -------
    float or None
        None unless a test for everybody is recommended and the line comes from a cost.
    """
    decision, plan, quality = facts["decision"], facts["plan"], facts["quality"]
    if decision["decision"] != SHIP or decision.get("only_for") or plan["lift_from"] != "cost":
        return None
    evidence, sizes = facts["evidence"], plan["sizes"]
    reached = min(evidence["gain_high"], evidence["signal_high"])
    for name, group in quality["groups"].items():
        # alone, a group has to earn the same cost
        if group["gain"] and group["gain"]["low"] > 0:
            alone = min(group["gain"]["high"], evidence["signal_high"])
            reached = max(reached, alone * sizes[name] / sum(sizes.values()))
    best = _as_lift(quality, reached, plan["exchange_rate"])
    return plan["carts_per_visit"] * plan["lift"] / best if best else None


def _rounded_down(number):
    """To two digits, in words: what holds below the number holds below this, too."""
    step = 10.0 ** (math.floor(math.log10(number)) - 1)
    return f"{math.floor(number / step * (1 + 1e-9)) * step:.2g}"


def clicks_are_assumed(plan: Mapping) -> bool:
    """Whether nobody has counted the place's clicks, or what of them reaches the cart."""
    return any(_is_assumed(plan, key) for key in _OF_CARTS if key in plan)


def assumed_for_the_line(plan: Mapping) -> str:
    """What the line rests on that nobody has counted or entered; empty if nothing.

    Examples
    --------
    >>> assumed_for_the_line({"lift_from": "fifth"}), assumed_for_the_line({"lift_from": "lift"})
    ('an assumed line', '')
    """
    if plan["lift_from"] == "fifth":
        return "an assumed line"
    return "assumed clicks" if plan["lift_from"] == "cost" and clicks_are_assumed(plan) else ""


def assumed_for_the_test(plan: Mapping) -> str:
    """What a test's weeks rest on that nobody has counted; empty if nothing, or nobody knows them.

    Examples
    --------
    >>> assumed_for_the_test({"visits_per_week": None, "click_rate": 0.1})
    ''
    """
    return "assumed clicks" if plan["visits_per_week"] and clicks_are_assumed(plan) else ""


def at_stake(facts: Mapping) -> str:
    """What is at stake in a year, in one sentence: the cost, what may be added, and what is left.

    Parameters
    ----------
    facts : mapping
        From :func:`collect`.

    Returns
    -------
    str
        What is not known is named; empty where the headline names it. What may be added runs
        from nothing, if hits sell nothing, to the gain's upper end at the highest exchange
        rate; from a loss, if its lower end is below 0.
        Before a test it speaks of what comes after it.
    """
    decision, plan, bring = facts["decision"], facts["plan"], facts.get("money")
    if decision["decision"] == FIX_DATA:
        return "we can't put a figure on it until the data are fixed."
    sign = f"{plan['currency']} " if plan.get("currency") else ""
    cost, told, unknown = plan["cost_per_year"], [], []
    lists, its, pay = "personal lists", "their", "pay off if they sell"
    if decision["decision"] == SHIP:
        lists, its, pay = "a roll-out", "its", "pays off if it sells"
    if cost:
        told.append(f"{lists} would cost {sign}{cost:,.0f} in {its} first year")
    elif plan["lift_from"] == "lift":
        told.append(f"{lists} {pay} {plan['lift']:.0%} more than today's list")
    else:
        unknown.append("what personal lists would cost")
    if bring:
        rates = 0, plan["exchange_rate"]
        sums = [rounded(rate * bring[end]) for rate in rates for end in ("low", "high")]
        ends = min(sums), max(sums)
        may = "may add" if told else f"{lists} may add"
        add = f"{may} {sign}{_from_to(ends)}{'' if cost else ' a year'} in margin"
        add += f" ({_rates(plan, _OF_SALES)})"
        add += f": {_from_to([end - cost for end in ends], '+')} net" if cost else ""
        told = [(" and " if cost else ", and ").join([*told, add])]
    elif plan["earns"] and plan["visits_per_week"]:
        whose = " from these customers" if decision.get("only_for") else ""
        year = plan["earns"] * plan["visits_per_week"]
        earns = f"today's list earns {sign}{year:,.0f} a year in margin{whose}"
        told.append(f"{earns} ({_rates(plan, _OF_SALES)})")
    else:
        unknown.append("what today's list earns")
    if unknown and not decision.get("wanted"):  # else the headline says what it waits for
        told.append(f"nobody has said {' or '.join(unknown)}")
    return f"{'; '.join(told)}." if told else ""


def _from_to(ends, sign=""):
    """Two amounts as one reads them."""
    return " to ".join(f"{each + 0:{sign if each else ''},.0f}".replace("-", "−") for each in ends)


def asked_for(facts: Mapping) -> str:
    """What the memo asks for, in a sentence or two without their first words, *We ask for*.

    Parameters
    ----------
    facts : mapping
        From :func:`collect`.

    Returns
    -------
    str
        Empty for a *not yet* of an older memo, which names nothing.
    """
    decision, plan = facts["decision"], facts["plan"]
    if decision["decision"] == FIX_DATA:
        return "corrected data: until then, no figure here counts."
    if decision["decision"] == DONT:
        return "no test: the best sellers stay."
    if decision["decision"] == NOT_YET:
        asked = decision.get("ask", "")
        return f"{asked}." if asked else ""
    many, whose = counted(plan["customers"], "customers"), ""
    if decision.get("only_for"):
        many, whose = f"the {many}", f" who have bought {decision['only_for']}"
    weeks = counted(plan["weeks"], "weeks") if plan["weeks"] else f"up to {MAX_WEEKS} weeks"
    told = f"a test: half of {many}{whose} see personal lists for {weeks}, half best sellers."
    lost = lost_at_most(plan)
    if lost:
        sign = f"{plan['currency']} " if plan.get("currency") else ""
        told += f" It risks at most {sign}{lost:,} in lost margin."
    return told


def lost_at_most(plan: Mapping) -> int | None:
    """What a live test may lose at most: half of the visits sell nothing as long as it runs.

    Parameters
    ----------
    plan : mapping
        Of :func:`collect`.

    Returns
    -------
    int or None
        Margin, rounded up; None where visits, money or weeks are not known.
    """
    if not plan["visits_per_week"] or not plan["earns"] or not plan["weeks"]:
        return None
    return _two_digits(plan["earns"] * plan["visits_per_week"] * plan["weeks"] / 52 / 2)


def _average(plan):
    """What an average purchase line is worth; with the small change where that counts."""
    return money(plan["amount"], plan["currency"], 2 if plan["amount"] < 100 else 0)


def _fewest_visits(enough):
    """The smallest number of visits a week that is enough, to two digits."""
    low, high = 1.0, _ANY_VISITS
    while high > 1.01 * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return _two_digits(high)


def group_says(gain: Mapping | None, worth_having: float) -> str:
    """What the gain of a group of customers says of a test with them.

    Parameters
    ----------
    gain : mapping or None
        The ends ``low`` and ``high`` of an interval, wide enough for all groups together; None
        where too few customers can be judged by.
    worth_having : float
        As in :func:`too_little`.

    Returns
    -------
    str
        :data:`RULED_OUT`: a test leaves the group out. :data:`BETTER`: it may be for this group
        alone. :data:`UNCERTAIN` or :data:`TOO_FEW`: the group stays in, but is no reason for one.
    """
    if gain is None:
        return TOO_FEW
    if too_little(gain["low"], gain["high"], worth_having):
        return RULED_OUT
    return BETTER if gain["low"] > 0 else UNCERTAIN


def _sentence(text):
    """With a capital letter: what was seen begins anywhere in a sentence."""
    return text[:1].upper() + text[1:]


def _with_keys(text):
    """As HTML, with what is to be typed set apart."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _data_facts(transactions, events, report):
    date = transactions["transaction_date"]
    return {
        "shop": report.shop,
        "read": report.read,
        "kept": report.kept,
        "rejected": dict(report.rejected),
        "doubts": [asdict(doubt) for doubt in report.doubts],
        "from": f"{date.min():%Y-%m-%d}",
        "to": f"{date.max():%Y-%m-%d}",
        "customers": transactions["customer_id"].nunique(),
        "products": transactions["product_id"].nunique(),
        "events": None if events is None else len(events),
    }


def _judge(model, split, n):
    """Quality against chance and against the best sellers that do best, and the signal."""
    # the run's settings; a copy, so that the run's engine keeps what it learned from all data
    personal = copy.copy(model)
    windows = [None, production.POPULAR_DAYS, 7]
    popular = {
        "best sellers ever" if days is None else f"best sellers of {days} days": MostPopular(days)
        for days in windows
    }
    # the window that does best on the very days we judge by: hard to beat
    table = evaluate.compare(popular, split, n)
    best_sellers = evaluate.best_of(table, "best sellers")
    methods = {"drawn by dice": Random(), "personal list": personal}
    table = pd.concat([table.loc[[best_sellers]], evaluate.compare(methods, split, n)])
    table = table.loc[["personal list", best_sellers, "drawn by dice"]]
    figures = ["hit_rate", "hit_rate_low", "hit_rate_high"]
    matrix, tables = split.training()
    ours, theirs = (
        evaluate.per_customer(copy.copy(each).fit(matrix, **tables), split, n)[0]
        for each in (personal, popular[best_sellers])
    )
    bought = split.train.groupby("customer_id")["product_id"].nunique().reindex(ours.index)
    quality = {
        "k": n,
        "test_days": split.test_days,
        "test_start": f"{split.test_start:%Y-%m-%d}",
        "rival": best_sellers,
        "methods": table[figures].to_dict("index"),
        **_compare(ours, theirs),
        "groups": {
            name: _group(ours[who], theirs[who])
            for name, who in zip(GROUPS, (bought == 1, bought > 1), strict=True)
        },
        "trend_days": personal.trend_days,
        "recommender": type(personal).__name__,
    }
    return {"quality": quality, "signal": evaluate.shuffle_test(split, n, metric="hit_rate")}


def _group(ours, theirs):
    """One of the groups fixed before; without a gain where too few tell the lists apart."""
    found = _compare(ours, theirs, len(GROUPS))
    if evaluate.too_few_to_compare(ours["hit_rate"], theirs["hit_rate"]):
        found["gain"] = None
    return found


def _compare(ours, theirs, comparisons=1):
    """Personal lists beside the best sellers, customer by customer.

    With several comparisons each interval is wide enough for all of them together (Bonferroni).
    """
    gain = ours["hit_rate"] - theirs["hit_rate"]
    low, high = evaluate.interval(gain, comparisons)
    boxes = evaluate.agreement(ours["hit_rate"], theirs["hit_rate"])
    return {
        "customers": len(gain),
        "hits": boxes["only_ours"] + boxes["only_theirs"],
        "gain": {
            "difference": float(gain.mean()),
            "low": float(low),
            "high": float(high),
        },
    }


def _worth_having(quality, more_hits):
    """The smallest gain in hit rate worth having; never less than a single customer."""
    best_sellers = quality["methods"][quality["rival"]]["hit_rate"]
    return evaluate.worth_having(best_sellers, quality["customers"], more_hits)


def served(lists: pd.DataFrame, customers, n: int) -> dict[str, int]:
    """Count customers by what their list rests on.

    Parameters
    ----------
    lists : DataFrame
        From :func:`helpers.production.score_everyone`, at most `n` rows per customer.
    customers : sequence of ids
        Who must be counted, with or without a list: whoever bought something.
    n : int
        Length of a full list.

    Returns
    -------
    dict
        ``purchases``: a full list from own purchases. ``filled up``: too little of it, best
        sellers come after. ``intent``: no purchase, but views or carts. ``best sellers``:
        nothing known that helps, or no personal list wanted. ``bought nearly all``: a list of
        fewer than `n`, since no more are left that may be shown. ``bought everything``: none is.
        Each customer is in one group, so that they add up.
    """
    everyone = pd.Index(customers).union(lists["customer_id"].unique())
    of_customer = lists.groupby("customer_id")["source"]
    first = of_customer.first().reindex(everyone)
    mixed = lists["source"].eq("popularity").groupby(lists["customer_id"]).any()
    mixed = mixed.reindex(everyone, fill_value=False)
    length = of_customer.size().reindex(everyone, fill_value=0)
    full = length >= n
    return {
        "purchases": int((full & (first == "purchases") & ~mixed).sum()),
        "filled up": int((full & (first == "purchases") & mixed).sum()),
        "intent": int((full & (first == "intent")).sum()),
        "best sellers": int((full & (first == "popularity")).sum()),
        "bought nearly all": int((~full & (length > 0)).sum()),
        "bought everything": int((length == 0).sum()),
    }


def _examples(transactions, lists, engine, n_customers=5, n_products=3):
    """Customers with few and with many purchases: what they bought, and what they would get.

    They stand at even steps in the order of how much they bought, so nobody picked the pretty ones.
    """
    personal = lists.loc[lists["source"] == "purchases", "customer_id"].unique()
    # pairs as numbers: as texts, millions of them take a gigabyte
    customer, customers = pd.factorize(transactions["customer_id"], sort=True)
    product, products = pd.factorize(transactions["product_id"])
    customer, product = np.divmod(np.unique(customer * len(products) + product), len(products))
    # an example of which nothing may be named shows nothing
    sayable = np.bincount(customer, engine.rules.named(products)[product], len(customers)) > 0
    counts = pd.Series(np.bincount(customer, minlength=len(customers)), customers)
    counts = counts[sayable & customers.isin(personal)].sort_values(kind="stable")
    steps = (np.arange(n_customers) + 0.5) / n_customers * len(counts)
    examples = []
    for customer in dict.fromkeys(counts.index[steps.astype(int)] if len(counts) else []):
        own = transactions[transactions["customer_id"] == customer].sort_values(
            "transaction_date", ascending=False, kind="stable"
        )
        rows = lists[lists["customer_id"] == customer].head(n_products)
        rows = rows.assign(because=engine.explain(rows, n_reasons=1, shares=False).to_numpy())
        named = own.loc[engine.rules.named(own["product_id"]), "product_id"].drop_duplicates()
        reasons = " ".join(rows["because"])
        # what a reason names stands in the row, then the newest
        last = sorted(engine.names[named], key=lambda name: name not in reasons)[:3]
        examples.append(
            {
                "customer_id": customer,
                "n_bought": int(counts[customer]),
                "bought": last,
                "products": rows[["product_name", "because"]].to_dict("records"),
            }
        )
    return examples


#: What no purchase tells: the parameter, and how it is said of one shop.
_ASSUMED = {
    "visits_per_week": "Weekly visits where the list is shown",
    "visits_per_customer": "Such visits per customer a week",
    "click_rate": "Clicks on the list per 100 visits today",
    "cart_rate": "Carts per 100 such clicks",
    "buy_rate": "Purchases per 100 such carts",
    "margin_share": "Margin left from 100 in sales",
    "cost_per_year": "Cost of the first year, to build and to run",
    "exchange_rate": "Per cent more sales per 1 % more finders, at most",
    "lift": "Smallest gain worth building",
}


def _assumptions(plan, worth_having):
    """What the memo rests on that no purchase tells, in words, with its value and whose it is."""
    told, by_itself, currency = [], Assumptions(), plan.get("currency", "")
    for key, what in _ASSUMED.items():
        value, default = plan[key], getattr(by_itself, key)
        how = "assumed" if _is_assumed(plan, key) else "entered"
        if key == "lift":
            value = f"{value:,.0%} more carts"
            value += f", here {points(worth_having, '')} points" if worth_having else ""
            how = {"cost": "which earns that cost", "lift": "entered"}.get(
                plan["lift_from"], "assumed, nobody has entered one"
            )
        elif value is None:
            if key == "visits_per_customer":  # then it follows from the others
                continue
            value, how = "not filled in", ""
        elif key == "cost_per_year":
            value = money(value, currency)
        else:
            share = default is not None and key != "exchange_rate"
            value = f"{100 * value:,.3g}" if share else f"{value:,.6g}"
        told.append({"key": key, "what": what, "value": value, "how": how})
    if plan.get("amount"):
        average = {"what": "An average purchase", "value": _average(plan), "how": "measured"}
        told.append({"key": "", **average})
    return told


def inside(document: str) -> str:
    """The memo without a page around it, for a notebook: it needs no frame, style or script.

    Parameters
    ----------
    document : str
        From :func:`page`.

    Returns
    -------
    str
        HTML whose headings stand two levels lower.

    See Also
    --------
    top_and_rest : What decides, apart from what it rests on.
    """
    text = document[document.index("<main>") + len("<main>") : document.index("</main>")]
    # what stands there on paper only, in place of something longer
    text = re.sub(r'<(span|p|tr)\b[^>]*class="[^"]*\bpaper\b[^"]*".*?</\1>', "", text, flags=re.S)
    text = re.sub(r"<b[^>]*></b>", "________", text)  # blanks that the page's style draws
    text = re.sub(r"</span>(?=\s*<span>)", "</span><br>", text)  # a line for each who signs
    text = re.sub(
        r'<div class="verdict[^>]*>(.*?)</div>', r"<blockquote>\1</blockquote>", text, flags=re.S
    )
    return re.sub(r"(</?h)([12])\b", lambda tag: f"{tag[1]}{int(tag[2]) + 2}", text)


def top_and_rest(document: str) -> tuple[str, str]:
    """The memo for a notebook, in two parts: what decides, and what one may look up.

    Parameters
    ----------
    document : str
        From :func:`page`.

    Returns
    -------
    tuple of (str, str)
        HTML as :func:`inside` gives it: first the recommendation, its numbers, what is asked for
        and what would change our mind; then all else, also the blanks for who signs. The page
        itself stays whole.
    """
    text, parts = inside(document), r"<!--top-->(.*?)<!--/top-->"
    return "".join(re.findall(parts, text, flags=re.S)), re.sub(parts, "", text, flags=re.S)


def _format_in_words(finding):
    """A finding that names a format of dates, as a reader says it: "%d-%m-%Y" is day-month-year."""
    spoken = {"d": "day", "m": "month", "b": "month", "B": "month", "Y": "year", "y": "year"}
    spoken |= {"H": "hour", "I": "hour", "M": "minute", "S": "second", "p": "am/pm"}
    return re.sub(r"%-?([a-zA-Z])", lambda sign: spoken.get(sign[1], sign[0]), finding)


def _shown(method):
    """What a list's rule is called on the page."""
    named = {"drawn by dice": "picked at random (dice)", "best sellers ever": "best sellers so far"}
    return named.get(method, method)


def _listed(parts):
    """The parts of a sentence, as it is spoken; set apart where one has a comma of its own."""
    comma = "; " if any("," in each for each in parts) else ", "
    return " and ".join([comma.join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def _in_words(day):
    """``"2024-12-31"`` as a reader says it: 31 December 2024."""
    day = pd.Timestamp(day)
    return f"{day.day} {day:%B %Y}"


def page(
    facts: dict | None,
    title: str,
    metrics: dict | None = None,
    outcomes: Collection = (),
    files: Mapping[str, str] | None = None,
    remarks: Collection[str] = (),
) -> str:
    """One page of HTML that loads nothing from elsewhere: mail it, print it.

    Parameters
    ----------
    facts : dict or None
        From :func:`collect`; None where lesson 11 did not run.
    title : str
        Of the shop or the run, where the facts name no shop.
    metrics : dict, optional
        What the lessons of a run recorded; for the appendix.
    outcomes : collection of dict
        The lessons of a run, for the appendix: ``name`` (of the file), ``ran`` (when), ``error``,
        and what each is ``called``.
    files : dict of str to str, optional
        The files beside the page, and for those of an earlier run: of which.
    remarks : collection of str
        Sentences on what is not of this run; they stand on top.

    Returns
    -------
    str
    """
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["percent"] = lambda share, digits=0: f"{share:,.{digits}%}"
    environment.filters["count"] = "{:,}".format
    environment.filters["of"] = counted
    environment.filters["whole"] = "{:,.0f}".format
    environment.filters["rounded"] = rounded
    environment.filters["money"] = money
    environment.filters["headline"] = headline
    environment.filters["to_fill_in"] = _TO_FILL_IN.get
    environment.filters["sentence"] = _sentence
    environment.filters["keys"] = _with_keys
    environment.filters["holds"] = lambda name: _HOLDS.get(name, "")
    environment.filters["points"] = points
    environment.filters["one_decimal"] = lambda share: f"{100 * share:.1f}"
    environment.filters["signed"] = "{:+,.0%}".format
    environment.filters["lower_first"] = lambda text: text[:1].lower() + text[1:]
    environment.filters["day"] = _in_words
    environment.filters["noticed"] = noticed
    environment.filters["kept"] = kept
    environment.filters["format_in_words"] = _format_in_words
    environment.filters["shown"] = _shown
    environment.filters["listed"] = _listed
    environment.filters["about"] = lambda share: f"{100 * share:.0f}"
    template = environment.from_string(
        Path(__file__).with_name("memo.html.j2").read_text(encoding="utf-8")
    )
    metrics = metrics or {}
    checks, assumed, on_the_line, before_christmas, fewest = [], [], False, False, None
    pays, may_lose, to_do, before, count_clicks, decided = None, None, "", [], False, None
    if facts:
        to_do = facts["decision"]["what_to_do"]
        before = facts["decision"].get("before", [])  # none in an older memo
        to_do = to_do.removesuffix(_before_the_test(before)).strip()
        asked = zip(facts["decision"]["checks"], CHECKS, strict=False)  # fewer in an older memo
        checks = [check | {"about": rule["about"]} for check, rule in asked]
        decided = next((check for check in checks if check["passed"] is False), None)
        plan, quality = facts["plan"], facts["quality"]
        line = facts["evidence"].get("worth_having")
        base = quality and quality["methods"][quality["rival"]]["hit_rate"]
        assumed = _assumptions(plan, line)
        fewest, may_lose = too_few_carts(facts), lost_at_most(plan)
        rests_on = assumed_for_the_line(plan), assumed_for_the_test(plan)
        count_clicks = "assumed clicks" in rests_on
        if line and quality and plan["lift_from"] == "cost" and not facts["decision"]["asked_of"]:
            ends = quality["gain"]["low"], quality["gain"]["high"]
            pays = evaluate.rates_that_pay(plan["lift"], *ends, base)
        last = pd.Timestamp(facts["data"]["to"])
        before_christmas = 0 <= (pd.Timestamp(last.year, 12, 24) - last).days < 28
        # with few customers, a single one is more than that
        on_the_line = bool(line and base) and math.isclose(line, base * plan["more_hits"])
    text = template.render(
        checks=checks,
        decided=decided,
        rates=_rates(facts["plan"], _OF_SALES) if facts else "",
        assumed=assumed,
        on_the_line=on_the_line,
        max_weeks=MAX_WEEKS,
        before_christmas=before_christmas,
        too_few_carts=fewest and _rounded_down(100 * fewest),
        pays=pays if pays and pays[0] <= facts["plan"]["exchange_rate"] else None,
        pays_at_worst=pays and math.isfinite(pays[1]),
        stake=at_stake(facts) if facts else "",
        asks=asked_for(facts) if facts else "",
        to_do=to_do,
        steps=_steps(before, count_clicks) if facts else [],
        may_lose=may_lose,
        settles=will_it_settle(facts) if facts else "",
        clicks_are_assumed=bool(facts) and clicks_are_assumed(facts["plan"]),
        facts=facts,
        title=(facts or {}).get("data", {}).get("shop") or title,
        colours={
            "personal": colours.PERSONAL,
            "popular": colours.POPULAR,
            "chance": colours.CHANCE,
            "warning": colours.WARNING,
        },
        meaning=colours.meaning,
        channels=channels.CHANNELS,
        failed=metrics.get("failed"),
        reports=metrics.get("data", {}),
        comparison=metrics.get("comparison"),
        outcomes=outcomes,
        files=files or {},
        remarks=remarks,
    )
    return typeset(text)
