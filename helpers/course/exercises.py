"""Instant feedback on the exercises of all lessons.

``check`` never raises: it answers every attempt, however odd, in a sentence. The sentences stand
in ``exercises.yaml``, a block per exercise. Where what is right depends on the lesson's tables, a
function here computes it, so exercises work on any shop's data.
"""

from __future__ import annotations

import difflib
import inspect
import numbers
import re
from functools import cache
from pathlib import Path

import pandas as pd
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from helpers import cases
from helpers.evaluate import compare
from helpers.experiments import plan_test, smallest_lift
from helpers.packaged import packaged_yaml

_TEXTS = Path(__file__).with_name("exercises.yaml")
#: Relative to the right number, where an exercise says nothing.
TOLERANCE = 0.005
#: What is said to a blank.
BLANK = re.compile(r"Not answered yet|(\w+: not answered yet\n?)+$")
#: In an output's metadata: see :func:`worked_out`.
WORKED_OUT = "exercise"
_COMPUTED = {}
# of cases, whose key depends on the shop dealt: the wrong answers so far, by exercise and shop
_TRIED = {}


def check(name: str, answer, **facts) -> None:
    """Say whether an answer is right, and if not, what to look at.

    Parameters
    ----------
    name : str
        Lesson and number, e.g. ``"02-1"``.
    answer : object
        What the learner found; ``...`` is "not answered yet".
    **facts
        The tables that the right answer is computed from: the arguments of the function
        registered here for `name`, none where the answer is fixed. Of a form on an unseen shop,
        ``case``.
    """
    reply = _reply(name, answer, facts)
    known = worked_out(name, facts) if BLANK.match(reply) else {}
    if known and InteractiveShell.initialized():
        display({"text/plain": reply}, raw=True, metadata={WORKED_OUT: known})
    else:
        print(reply)


def worked_out(name: str, facts: dict) -> dict:
    """What pages can't know of an exercise, since they are made from what a lesson printed.

    Parameters
    ----------
    name : str
    facts : dict
        As for :func:`check`.

    Returns
    -------
    dict
        The right number and likely wrong ones with their hints; of a dealt shop, its form. Empty
        where ``exercises.yaml`` has all, where an answer takes code, or where the facts are odd.
    """
    text = texts()[name]
    if "right" in text or text.get("takes") == "code":
        return {}
    try:
        if "form" in text:
            return cases.form(facts["case"])
        right, hints = solution(name, facts)
        return {"right": float(right), "wrong": [[float(value), hint] for value, hint in hints]}
    except Exception:
        return {}


@cache
def texts() -> dict[str, dict]:
    """What ``exercises.yaml`` says, by exercise."""
    return packaged_yaml(_TEXTS)


def _reply(name, answer, facts):
    mistake = _authors_mistake(name, facts)
    if mistake:
        return f"A mistake in the lesson, not in your answer: {mistake}"
    if "form" in texts()[name]:
        return _form(name, answer, facts["case"])
    if answer is ...:
        return "Not answered yet: replace the three dots in the first line, then run the cell."
    try:
        right, hints = solution(name, facts)
    except Exception as error:
        return (
            f"Your answer is not to blame: exercise {name} can't be worked out from "
            f"{' and '.join(facts)} ({type(error).__name__}: {error}). Run the lesson again from "
            "its first cell."
        )
    try:
        correct, message = judge(answer, right, hints, texts()[name])
    except Exception:
        correct = False
        message = f"this exercise expects another kind of answer than {type(answer).__name__}."
    return ("Correct: " if correct else "Not right: ") + message


def _form(name, answer, case):
    """Judge the three answers on an unseen shop; the key is the shop's, not the exercise's."""
    try:
        tried = _TRIED.setdefault((name, case.shop, case.truth.kind), {})
        return cases.judge(case, answer, tried)[1]
    except Exception as error:
        return (
            f"Your answer is not to blame: exercise {name} can't be judged "
            f"({type(error).__name__}: {error}). Run the lesson again from its first cell."
        )


def _authors_mistake(name, facts):
    """What is wrong with a call of `check` whatever the answer is; empty if nothing."""
    if name not in texts():
        nearest = difflib.get_close_matches(str(name), texts(), n=1, cutoff=0)[0]
        return f"there is no exercise {name!r}. Is it {nearest!r}?"
    if "form" in texts()[name]:
        needed = ["case"]
    elif name in _COMPUTED:
        needed = list(inspect.signature(_COMPUTED[name]).parameters)
    elif "right" in texts()[name]:
        needed = []
    else:
        return f"exercise {name} has no right answer in exercises.yaml, nor a function for it."
    missing = [fact for fact in needed if fact not in facts]
    unneeded = [fact for fact in facts if fact not in needed]
    if missing:
        return f"exercise {name} needs {' and '.join(missing)} as well."
    if unneeded:
        return f"exercise {name} has no use for {' and '.join(unneeded)}."
    return ""


def solution(name: str, facts: dict) -> tuple[object, list]:
    """Give an exercise's right answer, and likely wrong ones with the hint to each."""
    text = texts()[name]
    hints = {wrong: each["hint"] for wrong, each in text.get("wrong", {}).items()}
    if name in _COMPUTED:
        right, values = _COMPUTED[name](**facts)
    else:
        right, values = text["right"], {wrong: text["wrong"][wrong]["answer"] for wrong in hints}
    return right, [(values[wrong], hint) for wrong, hint in hints.items()]


def judge(answer, right, hints, text) -> tuple[bool, str]:
    """Judge an answer by the kind of the right one: a choice, a list of ids or a number.

    Parameters
    ----------
    answer : object
    right : str, list of ids or number
    hints : list of (object, str)
        Likely wrong answers, and what to say to each.
    text : dict
        The exercise's block in ``exercises.yaml``.

    Returns
    -------
    tuple of (bool, str)
    """
    if "options" in text:
        return choice(answer, right, text["options"])
    if isinstance(right, list):
        return id_list(answer, right, text["because"], hints)
    return number(answer, right, text["because"], hints, text.get("tolerance", TOLERANCE))


def number(answer, right, because, hints=(), tolerance=TOLERANCE):
    """Judge a number.

    Parameters
    ----------
    answer : number
    right : number
    because : str
        What a right answer means.
    hints : list of (number, str)
        Likely wrong answers, and what to say to each.
    tolerance : float
        Relative to `right`.

    Returns
    -------
    tuple of (bool, str)
    """
    if isinstance(answer, bool) or not isinstance(answer, numbers.Real):
        return False, f"a number is asked for, and this is of type {type(answer).__name__}."
    if answer != answer:
        return False, "this is no number (nan): something was divided by zero, or is missing."

    def near(a, b):
        return abs(a - b) <= max(tolerance, 1e-9) * max(abs(b), 1e-9)  # 0.35 - 0.25 isn't 0.1

    if near(answer, right):
        return True, because
    for wrong, hint in hints:
        if near(answer, wrong):
            return False, hint
    if right <= 1 and near(answer / 100, right):
        return False, "give it as a share, between 0 and 1."
    return False, f"{answer:,} is too {'high' if answer > right else 'low'}."


def choice(answer, right, options):
    """Judge a choice among a few texts.

    Parameters
    ----------
    answer : str
    right : str
        One of the options.
    options : dict of str to str
        What to say to each.

    Returns
    -------
    tuple of (bool, str)
    """
    given = str(answer).strip().lower().replace("’", "'")  # as a phone writes it
    for option, message in options.items():
        if given == option.lower():
            return option == right, message
    return False, f"choose one of {', '.join(map(repr, options))}."


def id_list(answer, right, because, hints=()):
    """Judge a list of ids in order.

    Parameters
    ----------
    answer : list, Index or Series of ids
    right : list of ids
    because : str
    hints : list of (list of ids, str)

    Returns
    -------
    tuple of (bool, str)
    """
    given = [answer] if isinstance(answer, str) else list(pd.Series(list(answer)))
    if given == list(right):
        return True, because
    for wrong, hint in hints:
        if given == list(wrong):
            return False, hint
    if sorted(map(str, given)) == sorted(map(str, right)):
        return False, "these are the right ids in another order."
    if len(given) != len(right):
        return False, f"{len(right)} ids are asked for, and these are {len(given)}."
    return False, "some of these ids do not belong here."


def computed(name):
    """Register how an exercise is worked out.

    The function takes the exercise's facts and returns the right answer and a dict of likely wrong
    ones, whose names are those under ``wrong`` in ``exercises.yaml``.
    """

    def register(function):
        _COMPUTED[name] = function
        return function

    return register


# Lesson 01: loading the data


@computed("01-3")
def _(kept):
    return kept + 1, {"as before": kept, "the return as well": kept + 2, "only the new ones": 1}


# Lesson 02: the interaction matrix


@computed("02-5")
def _(small):
    bought = [*small.sum(axis=1), small.shape[1]]
    pairs = [size * (size - 1) / 2 for size in bought]
    return pairs[-1] / sum(pairs), {
        "a fifth": 1 / len(bought),
        "share of cells": bought[-1] / sum(bought),
        "a third": 1 / 3,
        "of the old pairs": pairs[-1] / sum(pairs[:-1]),
        "rows scaled": (bought[-1] - 1) / sum(size - 1 for size in bought),
        "number of pairs": pairs[-1],
    }


# Lesson 03: similarity


@computed("03-2")
def _(small):
    together = (small["B"] * small["D"]).sum()
    buyers_before, buyers_d = small["B"].sum(), small["D"].sum()
    buyers = (buyers_before + 2) * buyers_d
    return together / buyers**0.5, {
        "before": together / (buyers_before * buyers_d) ** 0.5,
        "a new common buyer": (together + 1) / buyers**0.5,
        "no root": together / buyers,
    }


# Lesson 04: recommendations


@computed("04-1")
def _(tied):
    a_part, b_part = tied.loc["A", "C"], tied.loc["B", "C"]
    return a_part + 2 * 0.3 * b_part, {
        "one purchase": a_part,
        "one view": a_part + 0.3 * b_part,
        "views as purchases": a_part + b_part,
        "two purchases": a_part + 2 * b_part,
        "D": 2 * 0.3 * tied.loc["B", "D"],
    }


# Lesson 05b: can I trust that?


@computed("05b-1")
def _():
    more = 600 / 4_000  # from this place
    return 100 * more * 0.30 / 2, {
        "no exchange rate": 100 * more * 0.30,
        "more hits": 100 * more / 2,
        "share": more * 0.30 / 2,
        "twice": 100 * more * 0.30 * 2,
        "upside down": 4_000 / 600 * 0.30 / 2,
    }


@computed("05b-5")
def _(methods, split, dealt, n):
    model = {"ours": methods["item_based"]}
    plain = {name: methods[name] for name in ("most_popular", "most_popular_30_days")}
    popular = compare(plain, split, n)["hit_rate"]
    return compare(model, dealt, n).loc["ours", "hit_rate"], {
        "as it was": compare(model, split, n).loc["ours", "hit_rate"],
        "best sellers": popular["most_popular"],
        "best sellers of 30 days": popular["most_popular_30_days"],
        "zero": 0,
    }


# Lesson 06: production


@computed("06-3")
def _():
    usual = 45 * 0.06
    return (5 - usual) / usual**0.5, {
        "shares": (5 / 45 - 0.06) / (0.06 * 0.94 / 45) ** 0.5,
        "last night's": (5 - usual) / 5**0.5,
        "no root": (5 - usual) / usual,
        "points": 5 - usual,
        "times": 5 / usual,
    }


# Lesson 07: channels


@computed("07-4")
def _(small_bought):
    one, other = small_bought["A"].sum(), small_bought["C"].sum()
    both, customers = (small_bought["A"] * small_bought["C"]).sum(), len(small_bought)
    return both * (customers + 4) / (one * other), {
        "before": both * customers / (one * other),
        "similarity": both / (one * other) ** 0.5,
        "support": both / (customers + 4),
        "half": both * customers / 2 / (one * other),
    }


# Lesson 08: live tests


@computed("08-5")
def _(plan, log):
    before = plan_test(plan, log, [plan.weeks]).iloc[0]
    held = smallest_lift(plan, log, 0.05)
    return held, {
        "as it was": before["smallest_lift"],
        "by the napkin": before["smallest_lift"] * (1 / 0.05 + 1 / 0.95) ** 0.5 / 2,
        "the other way": smallest_lift(plan, log, 0.95),
        "points": held * before["smallest_difference"] / before["smallest_lift"],
        "half a year": smallest_lift(plan, log, 0.05, log["date"].dt.normalize().nunique() // 7),
    }


# Lesson 10: scale


@computed("10-4")
def _():
    computing, machines, engineer = 20 * 0.05 * 2 * 365, 20 * 0.05 * 8_760, 4 * 52 * 60
    bill = machines + engineer
    return computing / bill, {
        "without people": computing / machines,
        "without waiting": computing / (computing + engineer),
        "machines": machines / bill,
        "per cent": 100 * computing / bill,
        "money": computing,
    }


@computed("10-5")
def _(small):
    sizes = small.groupby("customer_id")["product_id"].nunique()
    before = (sizes * (sizes - 1) // 2).sum()
    return before + sizes.sum(), {
        "as before": before,
        "one each": before + len(sizes),
        "only the new ones": sizes.sum(),
        "doubled": 2 * before,
    }
