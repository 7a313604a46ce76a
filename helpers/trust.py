"""Lesson 05b. Can I trust that? What a sceptic asks before a budget is signed.

Chance worked out instead of drawn, the way from the honest rival to the ceiling, histories dealt
anew, a gain beside the smallest one worth having, and whom to show which list.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers import evaluate
from helpers.matrix import InteractionMatrix

# a gain beside the smallest one worth having, in one of four answers
WORTH_IT, TOO_SMALL = "clearly worth it", "real but too small"
NOT_WORTH_IT, CANNOT_TELL_YET = "clearly not worth it", "can't tell yet"
# what a group of customers is shown
PERSONAL, BEST_SELLERS, NO_VERDICT = "personal lists", "best sellers", "too few to say"
# the budget for a live test
YES, NO, NOT_YET = "yes", "no", "not yet"


def chance_of_a_hit(candidates, bought, k: int) -> np.ndarray:
    """How likely a list drawn at random has at least one product that is bought.

    Parameters
    ----------
    candidates : array-like of int
        Products that can stand in the list, for each customer.
    bought : array-like of int
        How many of these the customer buys later.
    k : int
        Length of the list.

    Returns
    -------
    ndarray
        1 minus the chance that every place misses: with n products, m of them bought, the first
        place misses with (n - m) / n, the next one with (n - 1 - m) / (n - 1), and so on.
    """
    candidates, bought = np.asarray(candidates, float), np.asarray(bought, float)
    missed = np.ones(np.broadcast(candidates, bought).shape)
    for place in range(k):
        left = candidates - place
        missed = missed * np.where(left > 0, np.maximum(left - bought, 0) / np.maximum(left, 1), 1)
    return 1 - missed


def chance_per_customer(split: evaluate.Split, k: int = 5) -> pd.Series:
    """What dice would score, for each customer that :func:`helpers.evaluate.per_customer` judges.

    Parameters
    ----------
    split : Split
    k : int
        Length of the list.

    Returns
    -------
    Series of float, indexed by customer id
        Their mean is the hit rate of random lists, without drawing any. A product that was first
        sold after the cut can't be in a list, and so can't be hit.
    """
    matrix, _ = split.training()
    relevant = evaluate.relevant_products(split)
    judged = pd.Index(relevant["customer_id"].unique()).intersection(matrix.customers).sort_values()
    known = relevant[relevant["product_id"].isin(matrix.products)]
    bought = known["customer_id"].value_counts().reindex(judged, fill_value=0)
    owned = matrix.values[matrix.customers.get_indexer(judged)].astype(bool).sum(axis=1)
    candidates = matrix.shape[1] - np.asarray(owned).ravel()
    return pd.Series(chance_of_a_hit(candidates, bought, k), judged.rename("customer_id"))


def share_of_the_way(score: float, rival: float, ceiling: float) -> float:
    """How much of the way from the honest rival to the ceiling a score has come.

    Returns
    -------
    float
        0 at the rival, 1 at the ceiling, negative below the rival; NaN if the ceiling is no higher
        than the rival.
    """
    return (score - rival) / (ceiling - rival) if ceiling > rival else np.nan


def deal_histories(split: evaluate.Split, random_state: int = 0) -> evaluate.Split:
    """Give every customer somebody else's past: the control in which histories tell nothing.

    Parameters
    ----------
    split : Split
    random_state : int

    Returns
    -------
    Split
        Purchases and events before the cut belong to another customer, those after it to the same
        as before. Nobody keeps their own past, unless there is only one customer.
    """
    customers = pd.Index(split.train["customer_id"].unique()).sort_values()
    order = np.random.default_rng(random_state).permutation(len(customers))
    given = pd.Series(customers[np.roll(order, 1)], customers[order])

    def dealt(table):
        if table is None:
            return None
        owner = table["customer_id"].map(given).fillna(table["customer_id"])
        return table.assign(customer_id=owner)

    return replace(
        split,
        train=dealt(split.train),
        train_events=dealt(split.train_events),
        undone=dealt(split.undone),
    )


def smallest_gain(cost: float, people: float, extra: float, earned: float) -> float:
    """The gain in hit rate that pays for itself.

    Parameters
    ----------
    cost : float
        Of the lists, in a month.
    people : float
        Whom the hit rate speaks of, in a month.
    extra : float
        Share of the additional hits that are additional sales. An assumption until a live test.
    earned : float
        By an additional sale, costs of the product paid.

    Returns
    -------
    float
        As a share: 0.02 are two customers in a hundred. Infinite if nothing can be earned.
    """
    income = people * extra * earned  # if everybody had a hit more
    return cost / income if income > 0 else np.inf


def outcome(low: float, high: float, worth: float) -> str:
    """What the interval of a gain says beside the smallest gain worth having.

    Parameters
    ----------
    low, high : float
        95 % interval of the gain; NaN if there is none.
    worth : float
        Above zero.

    Returns
    -------
    str
        :data:`WORTH_IT` if all of it is at the line or above; if all of it is below the line,
        :data:`TOO_SMALL` if it is above zero and :data:`NOT_WORTH_IT` otherwise; if the line is
        inside, :data:`CANNOT_TELL_YET`.
    """
    if low >= worth:
        return WORTH_IT
    if high < worth:
        return TOO_SMALL if low > 0 else NOT_WORTH_IT
    return CANNOT_TELL_YET


def false_alarm(groups: int) -> float:
    """Chance that at least one of so many 95 % intervals misses zero though nothing differs."""
    return 1 - 0.95**groups


def groups_without_a_difference(
    n_groups: int = 12, size: int = 100, random_state: int = 1
) -> pd.DataFrame:
    """Gains of groups in which nothing differs: all of them are drawn from the same pot.

    Parameters
    ----------
    n_groups, size : int
        Groups, and customers in each.
    random_state : int

    Returns
    -------
    DataFrame
        One row per group: ``gain``, its 95 % interval ``low``, ``high``, and the ends of an
        interval that is wide enough for all groups together, ``all_low``, ``all_high``.
    """
    rng = np.random.default_rng(random_state)
    # a customer finds something in the one list only, in the other only, or there is no difference
    draws = rng.choice([-1, 0, 1], p=[0.2, 0.6, 0.2], size=(n_groups, size))
    rows = [
        (each.mean(), *evaluate.interval(each), *evaluate.interval(each, n_groups))
        for each in draws
    ]
    return pd.DataFrame(rows, columns=["gain", "low", "high", "all_low", "all_high"])


def groups_by_purchases(matrix: InteractionMatrix, customers: pd.Index) -> pd.Series:
    """Sort customers by how many products they bought before the cut.

    Parameters
    ----------
    matrix : InteractionMatrix
        Of the past.
    customers : Index

    Returns
    -------
    ordered categorical Series, indexed by customer id
        One product, about which least is known, is a group of its own; the others are three groups
        of about the same size, fewer where many customers have the same number.
    """
    row = matrix.customers.get_indexer(customers)
    owned = np.asarray(matrix.values[row].astype(bool).sum(axis=1)).ravel()
    more = owned[owned > 1]
    ends = [1.0]
    if len(more):
        thirds = np.quantile(more, [1 / 3, 2 / 3], method="lower")
        ends = sorted({1, *thirds.tolist(), int(more.max())})
    labels = ["1 product"]
    for before, end in zip(ends, ends[1:], strict=False):
        last = end == ends[-1] and len(ends) > 2
        first = int(before) + 1
        same = f"{first:,} products" if first == end else f"{first:,} to {int(end):,} products"
        labels.append(f"{first:,} products or more" if last else same)
    group = pd.cut(owned, [0, *ends], labels=labels)
    return pd.Series(group, customers)


def whom_to_show_what(by_group: pd.DataFrame) -> pd.Series:
    """What each group should see.

    Parameters
    ----------
    by_group : DataFrame
        From :func:`helpers.evaluate.compare_groups`.

    Returns
    -------
    Series of str, indexed by group
        :data:`PERSONAL` where the interval of the gain lies above zero, :data:`NO_VERDICT` where
        there is none, :data:`BEST_SELLERS` otherwise: the plain list needs no proof.
    """
    gains = by_group["gain_low"] > 0
    shown = np.where(gains, PERSONAL, BEST_SELLERS)
    return pd.Series(np.where(by_group["enough"].astype(bool), shown, NO_VERDICT), by_group.index)


def budget(signal: str, worth_it: str, groups: pd.Series) -> str:
    """Is there a reason to pay for a live test?

    Parameters
    ----------
    signal : str
        From :func:`helpers.evaluate.verdict`, of the shuffle test.
    worth_it : str
        From :func:`outcome`.
    groups : Series
        From :func:`whom_to_show_what`.

    Returns
    -------
    str
        :data:`NO` if there is no signal worth having, or no gain worth the cost; :data:`YES` if
        there are both and no group to which that says otherwise has all the customers; else
        :data:`NOT_YET`.
    """
    if signal == evaluate.NONE_WORTH_HAVING or worth_it in (TOO_SMALL, NOT_WORTH_IT):
        return NO
    helped = (groups == PERSONAL).any() or (groups == NO_VERDICT).all()
    return YES if signal == evaluate.SIGNAL and worth_it == WORTH_IT and helped else NOT_YET
