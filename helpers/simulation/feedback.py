"""Rounds of retraining: what happens when a recommender learns from what it caused itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from helpers.evaluate import catalogue_coverage, personalization
from helpers.recommend import Recommender, WithFallback
from helpers.simulation.visits import (
    BOUGHT_OF_CARTS,
    fit_choice,
    react,
    true_liking,
    two_lists,
    visits_per_week,
)
from helpers.simulation.world import World

_WEEKS = 4  # of a round


def retraining_rounds(
    world: World,
    arms: dict[str, Callable[[pd.DataFrame], Recommender | WithFallback]] | None = None,
    n_rounds: int = 4,
    k: int = 5,
    random_state: int = 0,
) -> pd.DataFrame:
    """What happens when a recommender learns from the purchases that it caused itself?

    Each arm gets a copy of the shop for itself: the same customers, the same visits, the same dice.
    So what the arms differ in comes from their lists.

    Parameters
    ----------
    world : World
    arms : dict of str to callable
        Each receives the transactions of its copy so far, and returns a fitted recommender. One
        that returns the same recommender every time does not learn: a control. The first one is
        today's; the choice model is calibrated on its first lists. Left out: the story's two lists,
        which learn, and the improved one as it is today, for ever.
    n_rounds : int
        Each is four weeks: lists, visits, some carts are paid for, learn again. What somebody owns
        is liked less from the next round on.
    k : int
        Length of the lists.
    random_state : int

    Returns
    -------
    DataFrame
        One row per arm and round: ``carts``; ``expected_carts``, the sum of their chances, in which
        this round's dice play no part; ``coverage`` (share of the catalogue in anybody's list),
        ``personalization`` and ``categories`` (different ones in a list, on average).
    """
    if arms is None:
        today = _improved(world.transactions)
        arms = {
            "popular": _popular,
            "improved": _improved,
            "improved, never learns": lambda _: today,
        }
    customers = pd.Index(world.transactions["customer_id"].unique()).sort_values()
    often = visits_per_week(customers)
    category = world.products.set_index("product_id")["product_category"]
    last = world.transactions["transaction_date"].max()
    choice, rows = None, []
    for arm, make in arms.items():
        transactions = world.transactions
        for number in range(1, n_rounds + 1):
            lists = make(transactions).recommend(customers, k)
            liking = true_liking(replace(world, transactions=transactions), lists, customers, k)
            choice = choice or fit_choice(liking, weight=often)
            click, cart = choice.chances(liking)
            rng = np.random.default_rng([random_state, number])  # the same dice in each arm
            came = np.repeat(np.arange(len(customers)), rng.poisson(_WEEKS * often))
            place, carted = react(click[came], cart[came], rng)
            paid = carted & (rng.random(len(came)) < BOUGHT_OF_CARTS)
            bought = pd.DataFrame({"customer_id": customers[came[paid]], "rank": place[paid] + 1})
            bought = bought.merge(lists, on=["customer_id", "rank"])[["customer_id", "product_id"]]
            bought = bought.assign(transaction_date=last + pd.Timedelta(weeks=_WEEKS * number))
            transactions = pd.concat([transactions, bought], ignore_index=True)
            rows.append(
                {
                    "arm": arm,
                    "round": number,
                    "carts": int(carted.sum()),
                    "expected_carts": _WEEKS * often @ (click * cart).sum(axis=1),
                    "coverage": catalogue_coverage(lists, len(category)),
                    "personalization": personalization(lists),
                    "categories": variety(lists, category).mean(),
                }
            )
    return pd.DataFrame(rows).set_index(["arm", "round"])


def variety(lists: pd.DataFrame, category: pd.Series) -> pd.Series:
    """Distinct categories in each customer's list; an unknown one does not count."""
    named = lists.assign(category=lists["product_id"].map(category))
    return named.groupby("customer_id")["category"].nunique()


def _popular(transactions):
    return two_lists(transactions)["popular"]


def _improved(transactions):
    return two_lists(transactions)["improved"]
