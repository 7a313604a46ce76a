"""Lesson 07. Live tests: planning and reading them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers import data

#: Arms of these names are the base of a comparison.
BASES = ["a", "control", "base", "baseline", "old", "today", "popular", "0"]
#: A test of one's own may have so many arms; with more, the column is probably another one.
MOST_ARMS = 10
_MEASURES = ["clicked", "carted", "bought", "revenue", "visits"]


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


def sample_ratio_mismatch(visitors, shares=None) -> dict[str, float | str]:
    """Did each arm get its share of the visitors? If not, don't read the test.

    Parameters
    ----------
    visitors : sequence of int
        By arm.
    shares : sequence of float, optional
        What was planned; equal ones, if left out.

    Returns
    -------
    dict
        ``p_value`` of a chi-squared test, and ``words``. Below 0.001 something is broken.
    """
    from scipy.stats import chisquare

    visitors = np.asarray(visitors, dtype=float)
    shares = np.full(len(visitors), 1 / len(visitors)) if shares is None else np.asarray(shares)
    p_value = float(chisquare(visitors, visitors.sum() * shares / shares.sum()).pvalue)
    broken = p_value < 0.001
    words = "the split is broken: find out why before reading on" if broken else "as planned"
    return {"p_value": p_value, "words": words}


def own_test(reading: dict | None = None, date_format=data.DATE_FORMAT) -> dict | None:
    """Read the export of a test of one's own: the split, and what an arm brings per customer.

    Parameters
    ----------
    reading : dict, optional
        A lesson's parameter: `test_results_path` and what else to know of that file; see
        :func:`helpers.data.read_test_results`.
    date_format : str or list of str
        Where `reading` has no `test_date_format`.

    Returns
    -------
    dict or None
        None without a file. ``words``: a sentence on the split, and one for each comparison;
        ``means``: one row per arm, ``customers`` and means per customer; ``figures``: all as
        plain numbers.

    Raises
    ------
    DataError
        If the file can't be used, or its arms can't be compared.
    """
    known = {name: value for name, value in (reading or {}).items() if name in _OF_TESTS}
    parameters = data.shop_parameters(date_format=date_format, reading=known)
    rows, report = data.read_test_results(parameters)
    if rows is None:
        return None
    customers = by_customer(rows)
    sizes = customers["arm"].value_counts().sort_index()
    if not 1 < len(sizes) <= MOST_ARMS or sizes.min() < 2:
        found = ", ".join(f"{arm} ({n:,})" for arm, n in sizes.head(MOST_ARMS).items())
        raise data.DataError(
            f"{report.source}: a comparison takes 2 to {MOST_ARMS} arms, with two customers in "
            f"each; the column of arms has {len(sizes):,}: {found}. Name the right one in "
            "`test_columns`."
        )
    base = next((arm for arm in sizes.index if arm.lower() in BASES), sizes.index[0])
    split = sample_ratio_mismatch(sizes)
    lines = [
        f"Your test: {', '.join(f'{n:,} customers in {arm}' for arm, n in sizes.items())}. "
        f"If equal shares were planned: {split['words']}."
    ]
    if several := report.findings["customers in several arms"]:
        lines.append(f"Customers who stand in several arms, left out: {several:,}.")
    figures = {"customers": sizes.to_dict(), "p_value": split["p_value"], "base": base}
    figures["rows"] = {"read": report.read, "kept": report.kept, "rejected": report.rejected}
    figures["differences"] = {}
    measures = [name for name in _MEASURES if name in customers]
    for name in [name for name in measures if name in rows]:
        counted = rows.groupby("arm")[name].count()
        if len(nowhere := counted.index[counted == 0]):  # blank is not zero
            lines.append(f"{name} is not counted in {', '.join(nowhere)}, so it is not compared.")
            measures.remove(name)
    if not measures:
        lines.append(f"The file counts nothing ({', '.join(_MEASURES)}), so no more can be said.")
    for arm in sizes.index.drop(base):
        for name in measures:
            sides = [customers.loc[customers["arm"] == each, name] for each in (base, arm)]
            read = difference_of_means(*sides)
            figures["differences"].setdefault(arm, {})[name] = read
            lines.append(f"{arm} above {base}, {name} per customer: {read['words']}")
    by_arm = customers.groupby("arm")
    means = by_arm[measures].mean()
    means.insert(0, "customers", by_arm.size())
    return {"words": "\n".join(lines), "means": means, "figures": figures}


_OF_TESTS = {"test_results_path", "test_columns", "test_date_format", "test_cleaning", "time_zone"}


def by_customer(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per customer: what was dealt out by chance is what has to be counted.

    Parameters
    ----------
    rows : DataFrame
        From :func:`helpers.data.read_test_results`: one per visit or per customer.

    Returns
    -------
    DataFrame
        Index ``customer_id``: ``arm``, ``visits`` (rows, where the file does not count them and
        has several of a customer), and sums of what else the file counts.
    """
    if "visits" not in rows and rows["customer_id"].duplicated().any():
        rows = rows.assign(visits=1)
    grouped = rows.groupby("customer_id", sort=True)
    sums = grouped[[name for name in _MEASURES if name in rows]].sum()
    sums.insert(0, "arm", grouped["arm"].first())
    return sums


def difference_of_means(base, variant) -> dict[str, float | str]:
    """The difference of two means per customer with its interval, in numbers and words.

    Parameters
    ----------
    base, variant : sequence of float
        One value per customer; at least two in each.

    Returns
    -------
    dict
        ``mean`` and ``base_mean``, ``difference`` with its 95 % interval ``low``, ``high``, and
        ``words``.

    Notes
    -----
    Welch's interval (1947). A rate per visit would take each visit for an independent trial;
    those of one customer are not.
    """
    from scipy.stats import t

    base, variant = (np.asarray(each, dtype=float) for each in (base, variant))
    errors = np.array([each.var(ddof=1) / len(each) for each in (base, variant)])
    difference, half = variant.mean() - base.mean(), 0.0
    if errors.sum() > 0:
        of_each = errors**2 / np.array([len(base) - 1, len(variant) - 1])
        half = t.ppf(0.975, errors.sum() ** 2 / of_each.sum()) * math.sqrt(errors.sum())
    low, high = difference - half, difference + half
    return {
        "mean": float(variant.mean()),
        "base_mean": float(base.mean()),
        "difference": float(difference),
        "low": float(low),
        "high": float(high),
        "words": f"{difference:+.3g} ({low:+.3g} to {high:+.3g}): {_verdict(low, high)}",
    }
