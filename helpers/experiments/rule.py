"""The rule that decides, written before the test, and how often it is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.experiments.looks import spending_limits

SHIP, STOP, KEEP, CANNOT = "ship", "stop", "keep running", "cannot tell"
#: What may be true of a list, in units of the smallest lift worth having.
EFFECTS = {"no effect": 0, "half of it": 0.5, "exactly worth having": 1, "twice that": 2}


def decide(low, high, worth_having, ended=True):
    """What intervals say, by a rule that asks two questions.

    *Could it be worth having?* If even the upper end is below that: **stop**, also where the new
    list is surely better, but by too little. *Is it surely better than today?* If even the lower
    end is above zero: **ship**. Otherwise **keep running** until the planned end; then these data
    **cannot tell**.

    Parameters
    ----------
    low : float or ndarray
        Lower end of the difference, or of the lift: only its sign counts.
    high : float or ndarray
        Upper end of the lift. Missing ends decide nothing.
    worth_having : float
        The smallest lift worth having.
    ended : bool or ndarray of bool
        Whether the planned end is reached.

    Returns
    -------
    str, or ndarray of str where ends are arrays
    """
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    said = np.select(
        [high < worth_having, (low > 0) & (high >= worth_having), np.asarray(ended)],
        [STOP, SHIP, CANNOT],
        KEEP,
    )
    return said if said.ndim else str(said)


def rule_chances(
    looks: int = 1,
    worth_having: float = 0.2,
    power: float = 0.8,
    alpha: float = 0.05,
    effects: dict[str, float] | None = None,
    n_tests: int = 20_000,
    random_state: int = 0,
    planned_for: float | None = None,
) -> pd.DataFrame:
    """How often the rule says what, in a test planned for the smallest effect worth having.

    Parameters
    ----------
    looks : int
        1: only at the end. More: evenly spread, with the wider intervals of
        :func:`spending_limits`, in a test planned for those.
    worth_having : float
        The smallest lift worth having.
    power : float
        Chance to find the lift that the test was planned for.
    alpha : float
        Chance of a false alarm, both sides together.
    effects : dict of str to float
        What to call it, and the true lift in units of the smallest one worth having.
    n_tests, random_state : int
        Simulated tests per effect: normal means of two arms of equal size and noise.
    planned_for : float, optional
        The lift that the test was planned for, where that is not the smallest one worth having.

    Returns
    -------
    DataFrame
        One row per effect: shares of tests that end with ``ship``, ``stop`` and ``cannot tell``,
        and ``length``, the mean part of the planned time that they took.
    """
    from scipy.stats import norm

    if effects is None:
        effects = {"worse by as much": -1} | EFFECTS
    time = np.arange(1, looks + 1) / looks
    limits = np.array([norm.isf(alpha / 2)]) if looks == 1 else spending_limits(time, alpha)
    # of one arm's mean, where today's is 1: planned by the last look's limit, and for a new arm
    # whose noise grows with its lift as its mean does
    planned_for = planned_for or worth_having
    both = np.sqrt(2 + planned_for)
    error = planned_for / (limits[-1] + norm.isf(1 - power)) / both / np.sqrt(time)
    walk = np.random.default_rng(random_state).normal(size=(2, n_tests, looks)).cumsum(axis=2)
    today, noise = error * walk / np.sqrt(np.arange(1, looks + 1))
    today = np.maximum(1 + today, 0.01)
    rows = {}
    for name, effect in effects.items():
        mean = max(1 + effect * worth_having, 0.01)
        new = np.maximum(mean + np.sqrt(mean) * noise, 0.01)
        # as in `compare`: the difference's lower end, and the lift's upper end by the logarithm
        low = new - today - limits * error * np.sqrt(1 + mean)
        half = limits * error * np.sqrt(1 / today**2 + mean / new**2)
        high = new / today * np.exp(np.minimum(half, 50)) - 1  # beyond: no upper end at all
        said = decide(low, high, worth_having, time == 1)
        at = (said != KEEP).argmax(axis=1)
        final = said[np.arange(n_tests), at]
        rows[name] = {each: (final == each).mean() for each in (SHIP, STOP, CANNOT)}
        rows[name]["length"] = time[at].mean()
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("true effect")


def decision_chances(
    lift: float, worth_having: float, today: float, new: float, limit: float = 1.959964
) -> dict[str, float]:
    """How often the rule says what at the end of a test, by the standard errors of its two arms.

    Parameters
    ----------
    lift : float
        The true one.
    worth_having : float
        The smallest lift worth having.
    today, new : float
        Standard errors of the arms' rates, both as shares of today's true rate, above 0.
    limit : float
        How many standard errors the intervals reach to each side.

    Returns
    -------
    dict
        Chances of ``ship``, ``stop`` and ``cannot tell``; they sum to 1.

    Notes
    -----
    Computed, where :func:`rule_chances` simulates the same: over what today's arm may show
    (normal, in steps of a twentieth of its standard error), the chance that the new arm (normal)
    ends between the two rates where the lift's upper end is below what is worth having.
    """
    from scipy.stats import norm

    steps = np.arange(-120, 121) / 20
    weights = norm.pdf(steps) / norm.pdf(steps).sum()
    seen = np.maximum(1 + today * steps, 0.01)
    a, b = (limit * today / seen) ** 2, (limit * new) ** 2

    def too_low(rate):
        return np.log(rate / seen) + np.sqrt(a + b / rate**2) < np.log1p(worth_having)

    # the upper end falls with the rate, as its noise does, then rises: here it is lowest
    lowest = np.sqrt(2 * b / (1 + np.sqrt(1 + 4 * a)))
    ends = []
    for out in (1e-9 * seen, np.maximum(seen * (1 + worth_having), lowest)):
        inside, outside = lowest, out
        for _ in range(50):
            middle = (inside + outside) / 2
            inside = np.where(too_low(middle), middle, inside)
            outside = np.where(too_low(middle), outside, middle)
        ends.append(np.where(too_low(lowest), inside, 0))
    low, high = ends

    def below(rate):
        return norm.cdf((rate - 1 - lift) / new)

    surely_better = seen + limit * np.hypot(today, new)
    stop = below(high) - below(low)
    both = np.maximum(below(high) - below(np.maximum(low, surely_better)), 0)
    stop, ship = float(weights @ stop), float(weights @ (1 - below(surely_better) - both))
    return {SHIP: ship, STOP: stop, CANNOT: max(1 - ship - stop, 0.0)}
