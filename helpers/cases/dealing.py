"""Which shop a number deals, and the check that luck hides nothing of what is to be seen."""

from __future__ import annotations

import functools

import numpy as np

from helpers import trust
from helpers.cases.desk import gains_alone, gauges, left_out
from helpers.cases.making import DECIDED, KINDS, Case, kind_of, make
from helpers.evaluate import MIN_CUSTOMERS, SIGNAL

_ATTEMPTS = 20


def deal(shop: int, kind: str | None = None) -> Case:
    """Deal a shop: the same number always gives the same one.

    Parameters
    ----------
    shop : int
        Any whole number. Three in a row are three kinds, at most one of them without a fault.
    kind : str, optional
        One of :data:`helpers.cases.KINDS`, whatever the number says: to try a kind with many
        seeds.

    Returns
    -------
    Case

    Raises
    ------
    ValueError
        If `shop` is no whole number, or there is no such kind.

    Notes
    -----
    Customers are drawn at random, and luck may hide what a shop is to show, or show what isn't
    there. Such a draw is thrown away for the next one, so a dealt shop is clearer than an average
    one. What is asked for is one symptom, and the figure that misleads; see :func:`clear`.
    """
    if isinstance(shop, bool) or not isinstance(shop, int | np.integer):
        raise ValueError(f"A shop is a whole number, such as 4; this is {shop!r}.")
    kind = kind_of(shop) if kind is None else kind
    if kind not in KINDS:
        raise ValueError(f"There is no kind {kind!r}. There are: {', '.join(KINDS)}.")
    return _dealt(int(shop), kind)


@functools.lru_cache(maxsize=32)
def _dealt(shop, kind):
    for attempt in range(_ATTEMPTS):
        case = make(shop, kind, attempt)
        if clear(kind, gauges(case), case.truth.later):
            return case
    raise RuntimeError(f"{_ATTEMPTS} draws of shop {shop} as {kind!r} show too little.")


def clear(kind: str, read: dict, later: str = "") -> bool:
    """Does a shop show its own symptoms and no other, and does the obvious figure mislead?

    Parameters
    ----------
    kind : str
    read : dict
        From :func:`helpers.cases.gauges`.
    later : str
        From :func:`helpers.cases.later_no`.
    """
    if later and not read["lists"]["failed"]:
        return False
    score, test, groups = read["score"], read["test"], list(read["groups"].values())
    rates = {name: rate[0] for name, rate in score["rates"].items()}
    handed, popular = rates["our lists"], rates["best sellers"]
    lead = score["above best sellers"][1] > 0  # what the colleague looks at: all time
    pays = score["outcome"] == trust.WORTH_IT and score["histories"] == SIGNAL
    loses = any(left_out(each, score["line"]) for each in groups)
    seen = {
        "rows": bool(read["rows"]["doubts"]),
        "split": bool(test and test["broken"]),
        "leak": score["known"] >= score["cut"],
        "lists": bool(read["lists"]["failed"]) and not later,
        "few": score["judges"] < MIN_CUSTOMERS,
    }
    own = {"turned dates": "rows", "one customer": "rows", "half a table": "rows",
           "broken split": "split", "leak": "leak", "too few": "few", "sold out": "lists",
           "forbidden": "lists"}.get(kind)  # fmt: skip
    if any(there != (name == own) for name, there in seen.items()):
        return False
    if test and not test["broken"] and not test["lift"][1] <= 0 <= test["lift"][2]:
        return False
    of_the_lists = kind in DECIDED and test and "today again" not in test["arms"]
    if of_the_lists and test["lift"][2] >= test["worth_having"]:
        return False
    # or the word would be for this group only
    together = sum(each["customers"] for each in groups)
    alone = any(
        gains_alone(each, score["line"], each["customers"] / together)
        for each in groups
        if each["customers"]
    )
    nothing = score["outcome"] == trust.NOT_WORTH_IT and score["histories"] == trust.NOTHING
    nothing = nothing and not alone
    return {
        "no taste": nothing and handed > rates["dice"],
        "leak": nothing and handed > 1.5 * popular,
        "too few": handed >= popular + 0.08,
        "last week": score["outcome"] in (trust.NOT_WORTH_IT, trust.TOO_SMALL)
        and lead and score["histories"] == SIGNAL and score["rival"] == "last 7 days"
        and not alone,
        "one group": pays and lead and groups[0]["gain_high"] < 0 < groups[-1]["gain_low"]
        and gains_alone(groups[-1], score["line"], groups[-1]["customers"] / together),
        "broken split": pays and not loses and test and test["lift"][1] > 0,
        "half a table": read["rows"]["lately"] < 0.2 * read["rows"]["usual"],
        "one customer": read["rows"]["heaviest"] > 0.2 and not loses,
    }.get(kind, pays and lead and not loses)  # fmt: skip
