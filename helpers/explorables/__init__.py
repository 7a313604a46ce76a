"""Pieces of a lesson to play with: HTML and plain JavaScript, no library and no network.

They work in JupyterLab once their cell has run, on the website and in a run's pages. Beside each
stands a figure for paper. What they compute is tested against the helpers, on random inputs.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import experiments
from helpers.colours import CHANCE, PERSONAL, POPULAR, WARNING
from helpers.telling import show_page

_FOLDER = Path(__file__).parent


def buyers_needed(
    row: pd.DataFrame, example: pd.DataFrame, names: pd.Series, page: str, start: int | None = None
) -> None:
    """The minimum of buyers to move: what is confirmed, what the rival gets, and the wait.

    Parameters
    ----------
    row : DataFrame
        From :func:`helpers.similarity.row_by_buyers`; with fewer than two counts nothing is shown.
    example : DataFrame
        From :func:`helpers.similarity.rows_of_first_buyers`, of one page and the same counts.
    names : Series
        Every product's name, by product id.
    page : str
        The page's product id.
    start : int, optional
        The count to begin with; the largest, if it is none of them.
    """
    if len(row) < 2:
        return
    later = set(example["later"])
    steps = [
        {
            "buyers": int(buyers),
            "waiting": round((1 - each["reached"]) * len(names)),
            "weeks": each["weeks"],
            "row": [[str(names[one]), one in later] for one in example[buyers].dropna()]
            if buyers in example
            else None,
        }
        for buyers, each in row.iterrows()
    ]
    facts = {name: row.attrs[name] for name in ("confirmed", "chance")}
    facts["rival"] = "best sellers"
    _show("buyers_needed", "move the minimum of buyers, and see what a row is worth", facts | {
        "steps": steps,
        "products": len(names),
        "page": str(names[page]),
        "start": int(start if start in row.index else row.index[-1]),
        "colours": [PERSONAL, POPULAR],
    }, uses_chart=True, wide=False)  # fmt: skip


def puzzle(bought: pd.DataFrame, customer: str) -> None:
    """Who bought what, to click: similarities and the customer's scores move.

    Parameters
    ----------
    bought : DataFrame of 0 and 1
        Customers by products, few of both.
    customer : str
        Whose list it is.
    """
    _show("puzzle", "click purchases, and see similarities and scores move", {
        "customers": [str(name) for name in bought.index],
        "products": [str(name) for name in bought.columns],
        "bought": bought.to_numpy().astype(int).tolist(),
        "customer": str(customer),
    })  # fmt: skip


def planner(plan: experiments.plan.LiveTest, noise: pd.DataFrame) -> None:
    """A live test to plan: the chance of each decision, by smallest lift, visits and weeks.

    Nothing is shown where the plan reads weekly, since these chances are of one reading at the
    end, or where no week has two customers in each arm.

    Parameters
    ----------
    plan : LiveTest
        With what is set at the start; of its weeks the nearest one that is known.
    noise : DataFrame
        From :func:`helpers.experiments.planned_noise`.
    """
    from scipy.stats import norm

    noise = noise[noise["today"].gt(0) & noise["visits"].gt(0)]
    if plan.looks != "end" or noise.empty:
        return
    weeks = noise.index.to_numpy()
    parts = {
        part: [float(f"{value:.8g}") for value in noise[part]]
        for part in ("today", "within", "between")
    }
    _show("planner", "plan a test, and see the chance of each decision", parts | {
        "weeks": weeks.tolist(), "planned": int(weeks[abs(weeks - plan.weeks).argmin()]),
        "visits": float(noise["visits"].iloc[-1] / weeks[-1]), "worth": plan.worth_having,
        "limit": float(norm.isf((1 - experiments.confidence(plan)) / 2)),
        "power": round(float(norm.isf(0.2)), 8),
    }, uses_chart=True, wide=False)  # fmt: skip


def list_length(hits: Mapping[str, np.ndarray], length: int) -> None:
    """The length of the list to move: who finds something, and what a place is worth.

    Parameters
    ----------
    hits : mapping of name to array of bool, shape (judges, longest)
        From :func:`helpers.evaluate.hits_at_ranks`: our list, its rival and dice, in this order.
        A list may have several rows for each judge, such as rolls of dice. Without judges, or with
        lists of one place, nothing is shown.
    length : int
        That of the lesson's lists, to begin with.
    """
    judges, longest = next(iter(hits.values())).shape
    if not judges or longest < 2:
        return
    marks = zip((PERSONAL, POPULAR, CHANCE), ("solid", "dashed", "dotted"), strict=True)
    lists = [
        {
            "name": str(name),
            "colour": colour,
            "dash": dash,
            "judges": len(each),
            "hits": _together(each),
        }
        for (name, each), (colour, dash) in zip(hits.items(), marks, strict=True)
    ]
    _show("list_length", "move the length of the list, and see whom it reaches", {
        "lists": lists, "longest": longest, "named": length
    }, uses_chart=True)  # fmt: skip


def _together(hits):
    """Judges with hits at the same ranks, as [how many, rank, rank, …]: far fewer than judges."""
    kinds, counts = np.unique(hits[hits.any(axis=1)], axis=0, return_counts=True)
    return [
        [int(count), *(np.flatnonzero(kind) + 1).tolist()]
        for kind, count in zip(kinds, counts, strict=True)
    ]


def peeking(limits: np.ndarray, alpha: float = 0.05) -> None:
    """A hundred tests of two equal lists, drawn anew at each click, and how often one looks won.

    Parameters
    ----------
    limits : array of shape (looks,)
        How many standard errors each of the looks asks for, from
        :func:`helpers.experiments.spending_limits`.
    alpha : float
        Chance of a false alarm where somebody looks once.
    """
    from scipy.stats import norm

    _show("peeking", "draw a hundred tests of two equal lists", {
        "limits": np.round(limits, 4).tolist(), "once": round(float(norm.isf(alpha / 2)), 4),
        "colours": [WARNING, PERSONAL],
    }, uses_chart=True, wide=False)  # fmt: skip


def _show(name, what, facts, uses_chart=False, wide=True):
    """The fragment with its facts; without scripts it says where one can play."""
    # as in an attribute: no name from the data can end it
    data = html.escape(json.dumps(facts), quote=True)
    scripts = [*["chart.js"] * uses_chart, f"{name}.js"]
    script = "".join((_FOLDER / each).read_text(encoding="utf-8") for each in scripts)
    style = (_FOLDER / "explorables.css").read_text(encoding="utf-8")
    classes = "explorable wide" if uses_chart and wide else "explorable"
    show_page(
        f"to play with: {what}",
        f'<div class="{classes}" data-explorable="{name}" data-facts="{data}">'
        f"<p>To play with: {what}. Run this cell, or open the lesson on the website.</p></div>"
        f"<style>{style}</style><script>{script}</script>",
    )
