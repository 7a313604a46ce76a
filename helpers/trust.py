"""Lesson 05b. Can I trust that? What a sceptic asks before a budget is signed.

Chance worked out instead of drawn, the way from the honest rival to the ceiling, histories dealt
anew, a gain beside the smallest one worth a live test, and who is left out of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers import evaluate
from helpers.matrix import InteractionMatrix

# what the shuffle test says of a customer's own history
NOTHING = "clearly nothing"
MOST_PLACES = 0.5  # of the products left: longer lists can't tell two customers apart
# a gain beside the smallest one worth a live test
WORTH_IT, TOO_SMALL = "worth a live test", "real but too small"
NOT_WORTH_IT, CANNOT_TELL_YET = "not worth it", "can't tell yet"
FILL_IN = "fill in your numbers"
# what a group of customers is shown in that test
PERSONAL, BEST_SELLERS, NO_VERDICT = "personal lists", "best sellers", "too few to say"
# the budget for it; FILL_IN is an answer, too
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


def without_products(split: evaluate.Split, products) -> evaluate.Split:
    """The same past and future, as if some products had never been there.

    Parameters
    ----------
    split : Split
    products : array-like of str
        Those a page has pushed, say. They are neither learned from nor shown nor judged by.

    Returns
    -------
    Split
    """

    def kept(table):
        if table is None or "product_id" not in table:
            return table
        return table[~table["product_id"].isin(products)]

    tables = ("train", "test", "train_events", "undone")
    return replace(split, **{name: kept(getattr(split, name)) for name in tables})


def most_shown(lists: pd.DataFrame, n: int) -> list[str]:
    """The products that stand in most lists: a stand-in for what a page with such lists pushes.

    Parameters
    ----------
    lists : DataFrame
        ``product_id``, a row per place of a list.
    n : int
        How many of them, at most.

    Returns
    -------
    list of str
        The most frequent first; equals by their id.

    Notes
    -----
    For best sellers, those of the days that the list counts. The best sellers of all time may
    stand in none of its lists, and then to leave them out would change nothing.
    """
    counts = lists["product_id"].value_counts().rename_axis("product_id").reset_index(name="lists")
    counts = counts.sort_values(["lists", "product_id"], ascending=[False, True])
    return counts["product_id"].head(n).tolist()


def places_taken(matrix: InteractionMatrix, pairs: pd.DataFrame, k: int) -> float:
    """How much of what can still be shown one list of the shuffle test holds.

    Parameters
    ----------
    matrix : InteractionMatrix
        Of the past.
    pairs : DataFrame
        From :func:`helpers.evaluate.own_and_stranger`: ``stranger`` by customer id.
    k : int
        Length of the list.

    Returns
    -------
    float
        List length over the products that neither of the two owns, 1 at most; mean over the pairs.
        Near 1 two lists hold the same products, whatever the model knows, and the shuffle test is
        blind.
    """
    owned = matrix.values.astype(bool)
    own, other = (matrix.customers.get_indexer(ids) for ids in (pairs.index, pairs["stranger"]))
    either = np.asarray((owned[own] + owned[other]).sum(axis=1)).ravel()
    return float(np.minimum(1, k / np.maximum(matrix.shape[1] - either, 1)).mean())


def histories(
    low: float, high: float, look: float, hits: int, customers: int, taken: float = 0.0
) -> str:
    """What the shuffle test says of a customer's own history.

    Parameters
    ----------
    low, high : float
        95 % interval of own minus stranger's; NaN if there is none.
    look : float
        Smallest difference worth a look.
    hits : int
        Customers for whom the better of the two lists finds something.
    customers : int
        Judged by.
    taken : float
        From :func:`places_taken`. Above :data:`MOST_PLACES` the lists can hardly differ.

    Returns
    -------
    str
        :data:`helpers.evaluate.SIGNAL` if the interval is above zero; :data:`NOTHING` if a
        difference worth a look is ruled out, see :func:`helpers.evaluate.ruled_out`, by lists that
        can differ; else, and wherever there are too few hits or customers,
        :data:`helpers.evaluate.CANNOT_TELL`.
    """
    if customers < evaluate.MIN_CUSTOMERS or hits < evaluate.MIN_HITS:
        return evaluate.CANNOT_TELL
    if low > 0:
        return evaluate.SIGNAL
    seen = taken <= MOST_PLACES and evaluate.ruled_out(low, high, look)
    return NOTHING if seen else evaluate.CANNOT_TELL


def place_earns(assumed, amount: float | None) -> float:
    """What the place of the list earns in a month, with the list that it shows today.

    Parameters
    ----------
    assumed : helpers.memo.Assumptions
        Of the memo: visits, the rates from visit to paid cart, and the margin.
    amount : float or None
        Of an average purchase line.

    Returns
    -------
    float
        In the currency of the purchases; NaN where visits or prices are not known.
    """
    if not assumed.visits_per_week or not amount:
        return np.nan
    sales = 52 / 12 * assumed.visits_per_week * assumed.carts_per_visit * assumed.buy_rate
    return sales * amount * assumed.margin_share


def smallest_gain(cost: float | None, today: float, rival: float, exchange: float) -> float:
    """The gain in hit rate that could pay for itself.

    Parameters
    ----------
    cost : float or None
        Of personal lists in a month: building, spread over a year, and upkeep.
    today : float
        What the place of the list earns in a month; see :func:`place_earns`.
    rival : float
        Hit rate of the list that is there today.
    exchange : float
        Per cent more sales from this place for one per cent more customers with a hit. An
        assumption until a live test; it belongs to one length of list and one window.

    Returns
    -------
    float
        As a share: 0.02 are two customers in a hundred. NaN where `cost` or `today` is not known.
    """
    if cost is None or not today > 0:
        return np.nan
    return cost / today * rival / exchange


def outcome(low: float, high: float, worth: float) -> str:
    """What the interval of a gain says beside the smallest gain worth a live test.

    A test is to find out, so it is enough that the interval reaches the line. That is generous:
    where most of the cost is spent before the test, ask that the middle of it does.

    Parameters
    ----------
    low, high : float
        95 % interval of the gain; NaN if there is none.
    worth : float
        Above zero; NaN if nobody has drawn a line.

    Returns
    -------
    str
        Above zero as a whole: :data:`WORTH_IT` if it reaches the line, :data:`TOO_SMALL` if not.
        With zero inside: :data:`NOT_WORTH_IT` if a gain worth having is ruled out (see
        :func:`helpers.evaluate.ruled_out`: the interval ends below the line, and is no wider than
        twice the line), else :data:`CANNOT_TELL_YET`. Below zero: :data:`NOT_WORTH_IT`, with or
        without a line. Without one: :data:`FILL_IN` if above zero, :data:`CANNOT_TELL_YET` if zero
        is inside.
    """
    if high < 0:
        return NOT_WORTH_IT
    if not low > 0:
        return NOT_WORTH_IT if evaluate.ruled_out(low, high, worth) else CANNOT_TELL_YET
    if worth != worth:
        return FILL_IN
    return WORTH_IT if high >= worth else TOO_SMALL


def false_alarm(groups: int) -> float:
    """Chance that at least one of so many 95 % intervals misses zero though nothing differs."""
    return 1 - 0.95**groups


def groups_without_a_difference(
    n_groups: int = 12, size: int = 100, random_state: int = 124
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
    """What each group sees in a live test: only who clearly loses is left out.

    Parameters
    ----------
    by_group : DataFrame
        From :func:`helpers.evaluate.compare_groups`.

    Returns
    -------
    Series of str, indexed by group
        :data:`BEST_SELLERS` where the interval of the gain lies below zero, :data:`NO_VERDICT`
        where there is none, else :data:`PERSONAL`. Groups without a verdict go along as well: the
        whole decides whether there is a test.
    """
    loses = by_group["gain_high"] < 0
    shown = np.where(loses, BEST_SELLERS, PERSONAL)
    return pd.Series(np.where(by_group["enough"].astype(bool), shown, NO_VERDICT), by_group.index)


def gain_of_those_who_go_along(by_group: pd.DataFrame) -> float:
    """The shop's gain if groups that clearly lose keep the best sellers: a weighted average.

    Parameters
    ----------
    by_group : DataFrame
        From :func:`helpers.evaluate.compare_groups`.

    Returns
    -------
    float
        Each group's share of the customers times its gain, summed; a group left out gains nothing.
    """
    share = by_group["customers"] / by_group["customers"].sum()
    goes = whom_to_show_what(by_group) != BEST_SELLERS
    return float((share * by_group["gain"] * goes).sum())


def budget(signal: str, worth_it: str) -> str:
    """Is there a reason to pay for a live test? The gain decides.

    Parameters
    ----------
    signal : str
        From :func:`histories`. It may say no where no gain is to be seen, never where one is.
    worth_it : str
        From :func:`outcome`.

    Returns
    -------
    str
        :data:`YES`, :data:`NO`, :data:`NOT_YET` or :data:`FILL_IN`.
    """
    if worth_it == CANNOT_TELL_YET:
        return NO if signal == NOTHING else NOT_YET
    return {WORTH_IT: YES, FILL_IN: FILL_IN}.get(worth_it, NO)
