"""Looking before the end: what it does to false alarms, and limits that allow for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_GRID = 601


def peeking(
    looks: int, limits: Sequence[float] | None = None, n_tests: int = 20_000, random_state: int = 0
) -> dict[str, float]:
    """What looking does: tests of two *equal* arms, stopped at the first "significant" look.

    Parameters
    ----------
    looks : int
        How often somebody looks, evenly spread; the last look is the end.
    limits : sequence of float, optional
        Standard errors that a difference must exceed at each look to count; 1.96 each time, as if
        it were the only look, if left out.
    n_tests, random_state : int

    Returns
    -------
    dict
        ``at the end``: share of the tests that are significant at the last look; ``at any look``:
        share that were at least once.

    Notes
    -----
    With enough customers the difference moves like a random walk, whatever the metric: what comes
    in between two looks is normal and independent of what was before (Armitage, McPherson and
    Rowe 1969).
    """
    limits = np.full(looks, 1.96) if limits is None else np.asarray(limits, dtype=float)
    walk = np.random.default_rng(random_state).normal(size=(n_tests, looks)).cumsum(axis=1)
    significant = np.abs(walk) / np.sqrt(np.arange(1, looks + 1)) > limits
    return {
        "at the end": float(significant[:, -1].mean()),
        "at any look": float(significant.any(axis=1).mean()),
    }


def spending_limits(information: Sequence[float], alpha: float = 0.05, spent_by=None) -> np.ndarray:
    """How many standard errors a difference must exceed at each look to count.

    Parameters
    ----------
    information : sequence of float, increasing
        What is known at each look so far: 1 / (standard error of the difference) ** 2, or the
        customers, in any unit.
    alpha : float
        Chance of a false alarm at any of the looks, both sides together.
    spent_by : sequence of float, optional
        Share of the test that is over at each look, by the calendar; `information` over its last
        value, if left out. By the calendar nobody need know beforehand how many customers come.

    Returns
    -------
    ndarray, shape (n_looks,)
        An interval of so many standard errors around the difference is one of a *sequence of
        repeated confidence intervals* (Jennison and Turnbull 1989): all of them together include
        the truth with the chance 1 - `alpha`.

    Notes
    -----
    The alpha-spending approach of Lan and DeMets (1983) with their O'Brien-Fleming type of
    spending function: hardly anything is spent early, so the last look costs little. Computed by
    the recursive integration of Armitage, McPherson and Rowe (1969).
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    information = np.asarray(information, dtype=float)
    time = information / information[-1] if spent_by is None else np.asarray(spent_by, dtype=float)
    spent = 4 * norm.sf(norm.isf(alpha / 4) / np.sqrt(time))
    steps = np.diff(spent, prepend=0)
    grew = np.sqrt(np.diff(information, prepend=0))
    at, density = np.zeros(1), np.ones(1)  # the walk starts at 0 for sure
    limits = np.empty(len(information))
    for look, (step, spread) in enumerate(zip(steps, grew, strict=True)):

        def beyond(limit, at=at, density=density, spread=spread):
            return density @ (norm.sf((limit - at) / spread) + norm.cdf((-limit - at) / spread))

        far = 40 * np.sqrt(information[look])
        edge = far if beyond(far) >= step else brentq(lambda x: beyond(x) - step, 0, far)  # noqa: B023
        limits[look] = edge / np.sqrt(information[look])
        here = np.linspace(-edge, edge, _GRID)
        weight = np.full(_GRID, here[1] - here[0])
        weight[[0, -1]] /= 2
        density = weight * (norm.pdf((here[:, None] - at) / spread) / spread @ density)
        at = here
    return limits
