"""Lesson 07. Live tests: planning and reading them."""

from __future__ import annotations

import math

import numpy as np


def visitors_per_arm(
    rate: float, lift: float, power: float = 0.8, significance: float = 0.05
) -> int:
    """How many visitors each arm of a test needs.

    Parameters
    ----------
    rate : float
        The rate of today, e.g. 0.08 of clicks reach the cart.
    lift : float
        Relative improvement worth finding: 0.1 for 8 % -> 8.8 %.
    power : float
        Chance to find it if it is there.
    significance : float
        Chance of a false alarm if it is not, both sides together.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If a rate is not between 0 and 1, or the lift is zero.

    Notes
    -----
    Normal approximation with Cohen's effect size h (Cohen 1988), from statsmodels.
    """
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    better = rate * (1 + lift)
    if not (0 < rate < 1 and 0 < better < 1):
        raise ValueError(f"Rates must lie between 0 and 1; these are {rate} and {better}.")
    if lift == 0:
        raise ValueError("A lift of 0 can't be found, however long the test.")
    effect = abs(proportion_effectsize(better, rate))
    needed = NormalIndPower().solve_power(effect, power=power, alpha=significance)
    return math.ceil(needed)


def days_needed(per_arm: int, visitors_per_day: float, arms: int = 2) -> int:
    """How many days a test takes: whole weeks, since Saturdays are no Tuesdays."""
    if visitors_per_day <= 0:
        raise ValueError("Without visitors a test never ends.")
    return 7 * math.ceil(per_arm * arms / visitors_per_day / 7)


def false_alarms(
    rate: float, per_arm: int, looks: int, n_tests: int = 2_000, random_state: int = 0
) -> dict[str, float]:
    """What peeking does: tests of two *equal* arms, stopped at the first "significant" look.

    Parameters
    ----------
    rate : float
        Of both arms.
    per_arm : int
        Visitors at the end.
    looks : int
        How often somebody looks, evenly spread; the last look is the end.
    n_tests, random_state : int

    Returns
    -------
    dict
        ``at the end``: share of the tests that are significant (5 %) at the last look;
        ``at any look``: share that were at least once.
    """
    rng = np.random.default_rng(random_state)
    seen = np.diff(np.linspace(0, per_arm, looks + 1).astype(int))
    counts = rng.binomial(seen, rate, size=(2, n_tests, looks)).cumsum(axis=2)
    visitors = seen.cumsum()
    pooled = counts.sum(axis=0) / (2 * visitors)
    error = np.sqrt(np.maximum(2 * pooled * (1 - pooled) / visitors, 1e-12))
    significant = np.abs(counts[1] - counts[0]) / visitors / error > 1.96
    return {
        "at the end": float(significant[:, -1].mean()),
        "at any look": float(significant.any(axis=1).mean()),
    }


def read_out(base: tuple[int, int], variant: tuple[int, int]) -> dict[str, float | str]:
    """Read a finished test: the difference of two rates with its interval, in numbers and words.

    Parameters
    ----------
    base, variant : tuple of (successes, visitors)

    Returns
    -------
    dict
        ``rate`` and ``base_rate``, ``difference`` with its 95 % interval ``low``, ``high``,
        ``lift`` (relative), and ``words``.

    Raises
    ------
    ValueError
        If an arm has no visitors, or successes that are negative or more than its visitors.

    Notes
    -----
    Newcombe's interval (1998), from statsmodels.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    for arm, (successes, visitors) in {"base": base, "variant": variant}.items():
        _check_arm(arm, successes, visitors)
    low, high = confint_proportions_2indep(*variant, *base, method="newcomb", compare="diff")
    rate, base_rate = variant[0] / variant[1], base[0] / base[1]
    return {
        "rate": rate,
        "base_rate": base_rate,
        "difference": rate - base_rate,
        "low": float(low),
        "high": float(high),
        "lift": rate / base_rate - 1 if base_rate else math.nan,
        "words": f"{100 * (rate - base_rate):+.1f} points "
        f"({100 * low:+.1f} to {100 * high:+.1f}): {_verdict(low, high)}",
    }


def _verdict(low, high):
    if low > 0:
        return "better; the interval is above zero"
    if high < 0:
        return "worse; the interval is below zero"
    return "the interval includes zero, so this may be chance"


def _check_arm(arm, successes, visitors):
    if not visitors > 0:
        raise ValueError(
            f"The arm {arm!r} has {visitors} visitors: there is nothing to read. Find out whether "
            "its list was shown and its visits were counted."
        )
    if not 0 <= successes <= visitors:
        raise ValueError(
            f"The arm {arm!r} has {successes} successes of {visitors} visitors; there must be "
            "between none and all. Were the two numbers swapped, or carts counted twice?"
        )
