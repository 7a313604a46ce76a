"""What dealing alone does: the same customers, dealt to two arms again and again."""

from __future__ import annotations

from itertools import combinations, islice

import numpy as np
import pandas as pd

from helpers.experiments.arms import MISMATCH

#: So many deals are listed one by one; of more, some are drawn.
_ALL = 1_000
_BLOCK = 500  # deals that are computed at once


def dealt_anew(
    customers: pd.DataFrame,
    in_b: int | None = None,
    numerator: str = "carted",
    denominator: str = "visits",
    n_deals: int = 4_000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Deal customers to arms A and B again and again, as if both lists were equal.

    Nothing that a customer did changes with the arm, so every difference is luck.

    Parameters
    ----------
    customers : DataFrame
        One row per customer, from :func:`helpers.experiments.by_customer`.
    in_b : int, optional
        How many go to arm B; half of them, if left out. At least two stay in each arm.
    numerator, denominator : str
        Columns; the rate is the sum of one over the sum of the other.
    n_deals : int
        How many are drawn. Where there are no more than 1,000 ways to deal, each comes once.
    random_state : int

    Returns
    -------
    DataFrame
        One row per deal: ``difference`` of the rates, B minus A, and its standard error counted
        by customers (``by_customers``, the delta method, as in
        :func:`helpers.experiments.compare`) and as if each visit were somebody else's
        (``by_visits``).
    """
    count = customers[numerator].to_numpy(dtype=float)
    visits = customers[denominator].to_numpy(dtype=float)
    n = len(customers)
    in_b = n // 2 if in_b is None else in_b
    parts = np.column_stack([count, visits, count**2, count * visits, visits**2])
    ways = list(islice(combinations(range(n), in_b), _ALL + 1))
    if len(ways) <= _ALL:
        return _differences([np.array(ways).reshape(len(ways), in_b)], parts)
    rng = np.random.default_rng(random_state)
    sizes = [min(_BLOCK, n_deals - done) for done in range(0, n_deals, _BLOCK)]
    drawn = (np.argpartition(rng.random((size, n)), in_b, axis=1)[:, :in_b] for size in sizes)
    return _differences(drawn, parts)


def _differences(blocks, parts):
    """The rates' difference and its errors, for blocks of deals: who is in arm B, a row each."""
    found = []
    for members in blocks:
        dealt = np.zeros((len(members), len(parts)))
        np.put_along_axis(dealt, members, 1, axis=1)
        in_b, n = members.shape[1], len(parts)
        difference, variance, by_visits = 0, 0, 0
        for sign, sums, size in ((1, dealt @ parts, in_b), (-1, (1 - dealt) @ parts, n - in_b)):
            counted, came, squares, products, squared = sums.T
            rate = counted / came
            # of what each customer has above the arm's rate
            surplus = squares - 2 * rate * products + rate**2 * squared
            difference = difference + sign * rate
            variance = variance + np.maximum(surplus, 0) / (size - 1) / size / (came / size) ** 2
            by_visits = by_visits + np.maximum(rate * (1 - rate), 0) / came
        errors = {"by_customers": np.sqrt(variance), "by_visits": np.sqrt(by_visits)}
        found.append(pd.DataFrame({"difference": difference, **errors}))
    return pd.concat(found, ignore_index=True)


def peeking_paths(looks: int, n_tests: int = 20, random_state: int = 0) -> np.ndarray:
    """Some tests of two *equal* arms: where the difference stands at each look.

    Parameters
    ----------
    looks : int
        Evenly spread; the last one is the end.
    n_tests, random_state : int

    Returns
    -------
    ndarray, shape (n_tests, looks)
        In standard errors of that look, as in :func:`helpers.experiments.peeking`.
    """
    walk = np.random.default_rng(random_state).normal(size=(n_tests, looks)).cumsum(axis=1)
    return walk / np.sqrt(np.arange(1, looks + 1))


def deviation_allowed(customers: int, share: float = 0.5) -> float:
    """How many customers an arm of two may be off its share before the split counts as broken.

    Parameters
    ----------
    customers : int
        Of both arms.
    share : float
        Planned for the arm.

    Returns
    -------
    float
        About 3.3 standard deviations of the number that chance deals to it, each of which is
        sqrt(customers x share x (1 - share)): the same limit as that of
        :func:`helpers.experiments.sample_ratio_mismatch`, whose chi-squared is the square of it.
    """
    from scipy.stats import norm

    return float(norm.isf(MISMATCH / 2) * np.sqrt(customers * share * (1 - share)))
