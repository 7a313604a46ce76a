"""Pieces of a lesson to play with: HTML and plain JavaScript, no library and no network.

They work in JupyterLab once their cell has run, on the website and in a run's pages. Beside each
stands a figure for paper. What they compute is tested against the helpers, on random inputs.
"""

from __future__ import annotations

import html
import json
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import experiments
from helpers.telling import show_page

_FOLDER = Path(__file__).parent


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
    })  # fmt: skip


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
        "limits": np.round(limits, 4).tolist(), "once": round(float(norm.isf(alpha / 2)), 4)
    })  # fmt: skip


def _show(name, what, facts):
    """The fragment with its facts; without scripts it says where one can play."""
    # as in an attribute: no name from the data can end it
    data = html.escape(json.dumps(facts), quote=True)
    script = (_FOLDER / f"{name}.js").read_text(encoding="utf-8")
    style = (_FOLDER / "explorables.css").read_text(encoding="utf-8")
    show_page(
        f"to play with: {what}",
        f'<div class="explorable" data-explorable="{name}" data-facts="{data}">'
        f"<p>To play with: {what}. Run this cell, or open the lesson on the website.</p></div>"
        f"<style>{style}</style><script>{script}</script>",
    )
