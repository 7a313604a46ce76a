"""Lesson 07. Live tests: planning and reading them."""

from __future__ import annotations

import math


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
