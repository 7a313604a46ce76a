"""Reading a test: what was dealt out by chance, the customer, is what is counted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pandas as pd

from helpers import data
from helpers.experiments.arms import HOLDOUT, MISMATCH, sample_ratio_mismatch
from helpers.experiments.doubts import (
    SUCCESSES,
    doubts,
    extreme_customers,
    far_off,
    of_extremes,
    thin_window,
)
from helpers.experiments.looks import spending_limits
from helpers.experiments.rule import CANNOT, KEEP, SHIP, STOP, decide
from helpers.reading.parameters import LiveTest

MEASURES = ["clicked", "carted", "bought", "revenue", "visits"]
#: Arms of these names are the base of a comparison where no plan says which is.
BASES = ["a", "control", "base", "baseline", "old", "today", "popular", "0"]
#: A test may have so many arms; with more, the column is probably another one.
MOST_ARMS = 10


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
    rows = _with_visits(rows)
    grouped = rows.groupby("customer_id", sort=True)
    sums = grouped[[name for name in MEASURES if name in rows]].sum()
    sums.insert(0, "arm", grouped["arm"].first())
    return sums


def counted(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Leave out what some arm does not count at all: blank is not zero.

    Parameters
    ----------
    rows : DataFrame
        From :func:`helpers.data.read_test_results`.

    Returns
    -------
    rows : DataFrame
        Without the columns that are empty in an arm.
    nowhere : dict of str to list of str
        Those columns, and in which arms they are empty.
    """
    counts = rows.groupby("arm")[[name for name in MEASURES if name in rows]].count()
    nowhere = {name: list(counts.index[counts[name] == 0]) for name in counts}
    nowhere = {name: arms for name, arms in nowhere.items() if arms}
    return rows.drop(columns=list(nowhere)), nowhere


def columns_of(metric: str, customers: pd.DataFrame) -> tuple[str, str | None]:
    """Which column is divided by which; None where customers themselves are counted.

    Raises
    ------
    ValueError
        If the table has not what the metric needs.
    """
    numerator, unit = metric.split(" per ")
    denominator = None if unit == "customer" else "visits"
    if missing := [name for name in (numerator, denominator) if name and name not in customers]:
        raise ValueError(
            f"{metric!r} needs a column {missing[0]!r}, which is not there. "
            f"There are: {', '.join(name for name in MEASURES if name in customers)}."
        )
    return numerator, denominator


def ratio(numerator: str, denominator: str | None, **options):
    """The library's metric for a ratio of means per customer; see :func:`compare`."""
    from tea_tasting import RatioOfMeans

    return RatioOfMeans(numerator, denominator, **options)


def aggregates(customers: pd.DataFrame, numerator: str, denominator: str | None) -> dict:
    """All that an interval needs, by arm: customers, means, variances and covariance.

    Parameters
    ----------
    customers : DataFrame
        One row per customer, with ``arm`` and the columns of a metric.
    numerator, denominator : str
        From :func:`columns_of`.

    Returns
    -------
    dict of str to tea_tasting.aggr.Aggregates
    """
    from tea_tasting.aggr import Aggregates

    columns = sorted({numerator, denominator or numerator})
    found = {}
    for arm, part in customers.groupby("arm"):
        values = part[columns].to_numpy(dtype=float)
        spread = np.atleast_2d(np.cov(values, rowvar=False)) if len(values) > 1 else None
        ends = range(len(columns))
        found[arm] = Aggregates(
            count_=len(values),
            mean_=dict(zip(columns, values.mean(axis=0).tolist(), strict=True)),
            var_={columns[i]: 0.0 if spread is None else float(spread[i, i]) for i in ends},
            cov_={(columns[i], columns[j]): 0.0 if spread is None else float(spread[i, j])
                  for i in ends for j in ends if i < j},
        )  # fmt: skip
    return found


def compare(
    customers: pd.DataFrame, metric: str, base: str, variant: str, level: float = 0.95
) -> dict[str, float]:
    """How much an arm is above another one, with intervals.

    Parameters
    ----------
    customers : DataFrame
        From :func:`by_customer`.
    metric : str
        Such as ``"carted per visit"``: all carts of an arm over all its visits. Or ``"revenue per
        customer"``.
    base, variant : str
        Names of arms, with at least two customers in each.
    level : float
        Of the intervals.

    Returns
    -------
    dict
        ``base`` and ``value`` (the metric in each arm), ``difference`` with ``low`` and ``high``,
        ``lift`` (relative) with ``lift_low`` and ``lift_high``, and ``error`` (standard error of
        the difference) and ``base_error`` (of `base`). Ends are missing where nothing happened,
        and of a lift where an arm is not above zero.

    Notes
    -----
    From tea-tasting: Welch's interval (1947), the variance of a ratio by the delta method (Deng,
    Knoblich and Lu 2018), the lift's interval on the logarithm. Two visits of one customer are not
    independent, and an interval that counts visits is too narrow.
    """
    numerator, denominator = columns_of(metric, customers)
    with np.errstate(all="ignore"):
        two = customers[customers["arm"].isin([base, variant])]
        arms = aggregates(two, numerator, denominator)
        found = ratio(numerator, denominator, confidence_level=level).analyze_aggregates(
            arms[base], arms[variant]
        )
    names = {"base": "control", "value": "treatment", "difference": "effect_size",
             "low": "effect_size_ci_lower", "high": "effect_size_ci_upper",
             "lift": "rel_effect_size", "lift_low": "rel_effect_size_ci_lower",
             "lift_high": "rel_effect_size_ci_upper"}  # fmt: skip
    read = {ours: float(getattr(found, theirs)) for ours, theirs in names.items()}
    each = [arms[arm].with_zero_div() for arm in (base, variant)]
    variances = [arm.ratio_var(numerator, denominator) / arm.count() for arm in each]
    if not (read["base"] > 0 and read["value"] > 0):  # refunds above sales: no share of that
        read |= {"lift_low": math.nan, "lift_high": math.nan}
    if not read["base"] > 0:
        read["lift"] = math.nan
    errors = {"error": sum(variances), "base_error": variances[0]}
    return read | {name: math.sqrt(max(variance, 0)) for name, variance in errors.items()}


def confidence(plan: LiveTest, looks: int = 1, alpha: float = 0.05) -> float:
    """The level of the interval that decides at the last look, of so many evenly spread ones.

    All comparisons of new arms with today's, at all looks, are wrong in `alpha` of the tests
    together: each arm gets its part (Bonferroni).
    """
    from scipy.stats import norm

    each = alpha / (len(plan.arms) - 1)
    if looks == 1:
        return 1 - each
    return float(1 - 2 * norm.sf(spending_limits(np.arange(1, looks + 1), each)[-1]))


def read_test(
    rows: pd.DataFrame, plan: LiveTest, source: str = "the test", findings: Mapping | None = None
) -> dict:
    """Read a test by its plan: was it run as planned, what happened, what do we decide?

    Parameters
    ----------
    rows : DataFrame
        From :func:`helpers.data.read_test_results`.
    plan : LiveTest
        As written before the test.
    source : str
        What to call the rows in messages.
    findings : mapping, optional
        How the file was read, from its report: some doubts need it.

    Returns
    -------
    dict
        ``doubts``: list of dict, from :mod:`helpers.experiments.doubts`; ``readable``: whether
        the arms may be compared, which a broken split and a doubt that stops forbid; ``window``:
        ``first`` and ``last`` day that count, ``weeks`` over, ``ended``, rows ``counted``, of them
        ``undated``, and rows left out: ``before`` and ``after`` it, and of the
        ``holdout``; ``shown``: whether what decides may be looked at yet; ``blank``: cells without
        a count, read as zero; ``split``: customers by arm, ``p_value``, ``broken``, ``words``;
        ``means``: DataFrame, one row per arm (customers only, unless `shown`); ``comparisons``:
        DataFrame, one row per new arm and metric, as :func:`compare`, with its ``role``
        (``decides``, ``guardrail``, ``beside``) and, for guardrails, ``state`` (``fine``,
        ``harmed``, ``not sure``); ``decisions``: by new arm, with ``because``; ``decision``,
        ``arm`` and ``because`` of the whole test; ``money``: by new arm, a year's worth with
        the lift's interval, where a value is known and the arms can be compared; ``level``: of the
        intervals that decide.

    Raises
    ------
    DataError
        If the arms are not those of the plan, or the file has not what the metric needs.

    Notes
    -----
    Before the planned end of a test with one look, what decides is not shown: whoever sees it
    decides by it. Only the split and surely harmed guardrails speak early, at 99.9 %.
    """
    everything = len(rows)
    rows = planned = _arms_of_the_plan(_with_visits(rows), plan, source)
    rows, window = _within(rows, plan)
    if rows.empty and window["before"]:
        raise data.DataError(
            f"{source}: all {window['before']:,} rows are before the first day of the plan, "
            f"{plan.starts}. Is `starts` right, and the format of the dates?"
        )
    window["counted"] = len(rows)
    window["holdout"] = everything - len(rows) - window["before"] - window["after"]
    rows, nowhere = counted(rows)
    customers = by_customer(rows)
    sizes = customers["arm"].value_counts().reindex(list(plan.arms), fill_value=0)
    if sizes.min() < 2:
        outside = window["before"] + window["after"]
        raise data.DataError(
            f"{source}: the arm {sizes.idxmin()!r} has {sizes.min()} customers in the weeks that "
            "count; a comparison takes two at least. Is its list shown, and logged?"
            + f" Are `starts` and the dates right? {outside:,} rows are outside of these weeks."
            * bool(outside)
        )
    split = sample_ratio_mismatch(sizes, list(plan.arms.values()))
    shown = window["ended"] or (plan.looks == "weekly" and window["weeks"] > 0)
    found = doubts(rows, customers, findings, window["first"]) + _of_window(planned, window)
    try:
        level = _level(rows, plan, window) if shown else 1 - MISMATCH
        table = _comparisons(customers, plan, level, shown)
    except ValueError as error:
        nothing = not set(customers) & set(SUCCESSES)
        hint = " Where each row is an event, make a column of 0 and 1 for each kind." * nothing
        raise data.DataError(f"{source}: {error}{hint}") from None
    found += _of_results(customers, table, plan, split, window, level, shown)
    found.sort(key=lambda doubt: not doubt.stops)
    decisions = _decisions(customers, table, plan, split, window, found)
    readable = not split["broken"] and not any(doubt.stops for doubt in found)
    fair = [arm for arm in decisions
            if shown and readable and not _visits_differ(customers, plan, arm)]  # fmt: skip
    arm = _best(decisions, table, plan)
    means = customers.groupby("arm").mean().reindex(list(plan.arms))
    means.insert(0, "customers", sizes)
    blank = {name: int(rows[name].isna().sum()) for name in MEASURES if name in rows}
    return {
        "window": window,
        "shown": bool(shown),
        "doubts": [asdict(doubt) for doubt in found],
        "readable": readable,
        "not_compared": nowhere,
        "blank": {name: n for name, n in blank.items() if n},
        "split": {"customers": sizes.to_dict(), **split},
        "means": means if shown else means[["customers"]],
        "comparisons": table,
        "level": level,
        "decisions": decisions,
        "arm": arm,
        **decisions[arm],
        "money": _money(table[table["arm"].isin(fair)], customers, plan, window),
    }


def _of_window(rows, window):
    """Whether the weeks that count are those in which something happened."""
    if window["first"] is None:
        return []
    day = rows["date"].dt.normalize()
    inside = day.between(window["first"], window["last"])
    found = thin_window(
        int(inside.sum()), (window["last"] - window["first"]).days + 1,
        int((day.notna() & ~inside).sum()), day[~inside].nunique(),
    )  # fmt: skip
    return [found] if found else []


def _of_results(customers, table, plan, split, window, level, shown):
    """Doubts that only the comparisons show: lifts that no list has, one customer who decides."""
    deciding = table[table["role"] != "beside"]
    found = [each for each in [far_off(deciding)] if each]
    needed = {name for metric in [plan.metric, *plan.guardrails]
              for name in columns_of(metric, customers) if name}  # fmt: skip
    extremes = extreme_customers(customers, sorted(needed))
    rest = customers.drop(index=extremes.index)
    if extremes.empty or not shown or rest["arm"].value_counts().reindex(plan.arms).min() < 2:
        return found
    made = _decisions(customers, table, plan, split, window)
    without = _decisions(rest, _comparisons(rest, plan, level, shown), plan, split, window)
    said = [tuple(each["decision"] for each in some.values()) for some in (made, without)]
    at = next((n for n, pair in enumerate(zip(*said, strict=True)) if len(set(pair)) > 1), 0)
    return [*found, of_extremes(extremes, said[0][at], said[1][at])]


def _decisions(customers, table, plan, split, window, found=()):
    """By new arm: the decision, and why."""
    decisions = {}
    for variant in list(plan.arms)[1:]:
        mine = table[table["arm"] == variant].set_index("metric")
        differ = _visits_differ(customers, plan, variant)
        decision, because = _decide(mine, plan, split, window, differ, found)
        decisions[variant] = {"decision": decision, "because": because}
    return decisions


def _with_visits(rows):
    """With a column of visits: each row is one, where the file has several rows of a customer."""
    if "visits" not in rows and rows["customer_id"].duplicated().any():
        return rows.assign(visits=1)
    return rows


def _arms_of_the_plan(rows, plan, source):
    """Rows of the plan's arms, called as there; other arms are an error."""
    called = {arm.strip().lower(): arm for arm in plan.arms}
    arms = rows["arm"].str.strip().str.lower()
    rows = rows[arms != HOLDOUT].assign(arm=arms.map(called))
    strange = sorted(set(arms) - set(called) - {HOLDOUT})
    missing = sorted(set(called) - set(arms))
    if strange or missing:
        raise data.DataError(
            f"{source}: the plan has the arms {', '.join(plan.arms)}; the column of arms "
            + " and ".join(
                ([f"has {', '.join(strange[:5])}"] if strange else [])
                + ([f"lacks {', '.join(missing)}"] if missing else [])
            )
            + ". Name them alike, or name the right column in `test_columns`."
        )
    return rows


def _within(rows, plan):
    """Rows of the whole weeks that the plan asks for, and how far the test is."""
    if "date" not in rows or rows["date"].isna().all():
        return rows, {"first": None, "last": None, "weeks": plan.weeks, "ended": True,
                      "before": 0, "after": 0, "undated": len(rows)}  # fmt: skip
    day = rows["date"].dt.normalize()
    first = pd.Timestamp(plan.starts) if plan.starts else day.min()
    # a quiet last day is no unfinished week
    weeks = min(max(((day.max() - first).days + 2) // 7, 0), plan.weeks)
    ended = weeks >= plan.weeks
    # an unfinished week waits for the next look: Saturdays are no Tuesdays
    counted = max(weeks, 1) if plan.looks == "weekly" or ended else plan.weeks
    end = first + pd.Timedelta(days=7 * counted)
    inside = (day >= first) & (day < end)
    window = {
        "first": first,
        "last": min(end - pd.Timedelta(days=1), day.max()),
        "weeks": weeks,
        "ended": ended,
        "before": int((day < first).sum()),
        "after": int((day >= end).sum()),
        "undated": int(day.isna().sum()),
    }
    return rows[inside | day.isna()], window


def _level(rows, plan, window):
    """The level of the intervals that decide, at the look that is due."""
    from scipy.stats import norm

    if plan.looks == "end":
        return confidence(plan)
    if window["first"] is None:  # taken to be the whole test, of which this is the last look
        return confidence(plan, plan.weeks)
    weeks = np.arange(1, window["weeks"] + 1)
    known = pd.Series([_information(rows, plan, window["first"], week) for week in weeks])
    # what is known never shrinks, and a week in which nothing happened tells hardly anything
    known = known.where(known > 0, known.max() * 1e-6).cummax() * (1 + 1e-6 * weeks)
    if not known.min() > 0:
        known = pd.Series(weeks.astype(float))
    limit = spending_limits(known, 0.05 / (len(plan.arms) - 1), weeks / plan.weeks)[-1]
    return float(1 - 2 * norm.sf(limit))


def _information(rows, plan, first, week):
    """1 / (standard error of the first new arm's difference) ** 2, after so many weeks."""
    customers = by_customer(rows[rows["date"] < first + pd.Timedelta(days=7 * week)])
    base, variant = list(plan.arms)[:2]
    if customers["arm"].value_counts().reindex([base, variant], fill_value=0).min() < 2:
        return 0.0
    error = compare(customers, plan.metric, base, variant)["error"]
    return 1 / error**2 if error > 0 else 0.0


def _comparisons(customers, plan, level, shown):
    """One row per new arm and metric, with the interval that its role asks for."""
    base, *variants = plan.arms
    beside = [f"{name} per customer" for name in MEASURES if name in customers]
    roles = dict.fromkeys(beside, "beside") | dict.fromkeys(plan.guardrails, "guardrail")
    roles |= {plan.metric: "decides"}
    many = sum(role == "beside" for role in roles.values()) * len(variants)
    rows = []
    for variant in variants:
        for metric, role in roles.items():
            columns_of(metric, customers)  # refuses what the file lacks, also before the end
            if role != "guardrail" and not shown:
                continue
            # beside: wide enough to be true of all of them together
            at = 1 - (1 - level) / max(many, 1) if role == "beside" else level
            read = compare(customers, metric, base, variant, at)
            row = {"arm": variant, "metric": metric, "role": role, "level": at, **read}
            if role == "guardrail":
                row["state"] = _state(read, plan.guardrails[metric])
            rows.append(row)
    table = pd.DataFrame(rows, columns=["arm", "metric", "role", "level", "base", "value",
                                        "difference", "low", "high", "lift", "lift_low",
                                        "lift_high", "error", "base_error", "state"])  # fmt: skip
    order = ["decides", "guardrail", "beside"]
    by_role = table["role"].map(order.index)
    return table.iloc[by_role.argsort(kind="stable")].reset_index(drop=True)


def _visits_differ(customers, plan, variant):
    """Whether the list changed how often customers come: then visits are no fair divisor."""
    if not plan.metric.endswith("per visit"):
        return False
    base = next(iter(plan.arms))
    read = compare(customers, "visits per customer", base, variant, 1 - MISMATCH)
    return read["low"] > 0 or read["high"] < 0


def _state(read, tolerated):
    if read["lift_low"] > -tolerated:
        return "fine"
    return "harmed" if read["high"] < 0 else "not sure"


def _decide(mine, plan, split, window, visits_differ, found=()):
    """The decision on one new arm, and the reason for it."""
    so_far = f"after {window['weeks']} of {plan.weeks} planned weeks"
    open_end = CANNOT if window["ended"] else KEEP
    if split["broken"]:
        return CANNOT, (
            "The arms did not get their shares of the customers, and who is missing may not be "
            "missing by chance. Find out why, and start anew."
        )
    stops = [f"{doubt.seen} {doubt.matters}" for doubt in found if doubt.stops]
    if stops:
        return CANNOT, " ".join(stops)
    harmed = mine[mine["state"] == "harmed"]
    if len(harmed):
        name = harmed.index[0]
        return STOP, (
            f"It does harm: the whole interval of {name} is below zero, and the fall may be larger "
            f"than the {percent(plan.guardrails[name], '')} that the plan tolerates."
        )
    if plan.metric not in mine.index:
        if plan.looks == "weekly":
            return KEEP, "No week of it is over yet."
        return KEEP, f"It is read once, at the planned end; this is {so_far}."
    if visits_differ:
        return CANNOT, (
            "The arms differ in visits per customer, so a rate per visit compares unlike visits. "
            "Plan the next test per customer."
        )
    read, worth = mine.loc[plan.metric], f"what is worth having ({percent(plan.worth_having, '')})"
    low, high = read["lift_low"], read["lift_high"]
    if read["high"] < 0:
        return STOP, f"It is worse than today: the whole interval of {plan.metric} is below zero."
    if not (math.isfinite(low) and math.isfinite(high)):
        return open_end, f"Too little was counted in {plan.metric} to speak of a lift, {so_far}."
    # the difference's interval says whether it is above zero: with skewed money it keeps its
    # promise better than the lift's
    above_zero = read["low"] > 0
    decision = decide(read["low"], high, plan.worth_having, window["ended"])
    above = "is above zero as a whole" if above_zero else "includes zero"
    why = {
        SHIP: f"it is above zero as a whole, and reaches {worth}",
        STOP: f"it {above} and stays below {worth}",
        CANNOT: f"it includes both zero and {worth}, and the planned weeks are over",
        KEEP: f"it includes both zero and {worth}, {so_far}",
    }[decision]
    because = f"The lift's interval goes from {percent(low)} to {percent(high)}: {why}."
    if above_zero != (low > 0):
        because += " (For zero, the difference's interval counts.)"
    return decision, because


def _best(decisions, table, plan):
    """The arm that the decision is about: the best of those to ship, else what is still open."""
    lift = table[table["role"] == "decides"].set_index("arm")["lift"]
    for decision in (SHIP, KEEP, CANNOT, STOP):
        arms = [arm for arm, found in decisions.items() if found["decision"] == decision]
        if arms:
            return max(arms, key=lambda arm: lift.get(arm, 0))
    raise AssertionError


def _money(table, customers, plan, window):
    """What each new arm would earn in a year for everybody who is not held out.

    The ends are those of the lift, so that lift x today is what the page says it is.
    """
    numerator, denominator = plan.metric.split(" per ")
    value = plan.value or (1.0 if numerator == "revenue" else None)
    if value is None or not window["weeks"] or table.empty:
        return {}
    units = len(customers) if denominator == "customer" else customers["visits"].sum()
    per_year = value * units / sum(plan.arms.values()) * 52 / window["weeks"]
    found = {}
    for _, row in table[(table["role"] == "decides") & table["low"].notna()].iterrows():
        money = {name: float(per_year * row[name]) for name in ("difference", "low", "high")}
        money["today"] = today = float(per_year * row["base"])
        # one interval: what the lift's ends make of today. The difference's own ends lie elsewhere
        if math.isfinite(row["lift_low"]) and math.isfinite(row["lift_high"]):
            money |= {"low": today * row["lift_low"], "high": today * row["lift_high"]}
        if plan.cost_per_year is not None:
            money["cost"] = plan.cost_per_year
            money["break_even_lift"] = plan.cost_per_year / today if today > 0 else math.nan
        found[row["arm"]] = money
    return found


def describe_test(
    rows: pd.DataFrame, source: str = "the test", findings: Mapping | None = None
) -> dict:
    """What happened in a test without a plan: all that can be compared, and no decision.

    Parameters
    ----------
    rows : DataFrame
        From :func:`helpers.data.read_test_results`.
    source : str
    findings : mapping, optional
        As in :func:`read_test`.

    Returns
    -------
    dict
        As :func:`read_test`, as far as there is no plan needed; ``base``: the arm that the others
        are compared with; ``holdout``: rows of it, left out. Intervals are wide enough to be true
        of all of them together.

    Raises
    ------
    DataError
        If the arms can't be compared.
    """
    held_out = rows["arm"].str.strip().str.lower() == HOLDOUT
    rows, nowhere = counted(_with_visits(rows)[~held_out])
    customers = by_customer(rows)
    sizes = customers["arm"].value_counts().sort_index()
    if not 1 < len(sizes) <= MOST_ARMS or sizes.min() < 2:
        found = ", ".join(f"{arm} ({n:,})" for arm, n in sizes.head(MOST_ARMS).items())
        raise data.DataError(
            f"{source}: a comparison takes 2 to {MOST_ARMS} arms, with two customers in "
            f"each; the column of arms has {len(sizes):,}: {found}. Name the right one in "
            "`test_columns`."
        )
    base = next((arm for arm in sizes.index if arm.lower() in BASES), sizes.index[0])
    variants = [arm for arm in sizes.index if arm != base]
    metrics = [f"{name} per customer" for name in MEASURES if name in customers]
    level = 1 - 0.05 / max(len(metrics) * len(variants), 1)
    compared = [
        {"arm": arm, "metric": metric, "role": "beside", "level": level,
         **compare(customers, metric, base, arm, level)}
        for arm in variants for metric in metrics
    ]  # fmt: skip
    means = customers.groupby("arm").mean().reindex([base, *variants])
    means.insert(0, "customers", sizes)
    split = sample_ratio_mismatch(sizes)
    found = doubts(rows, customers, findings)
    return {
        "base": base,
        "holdout": int(held_out.sum()),
        "not_compared": nowhere,
        "split": {"customers": sizes.to_dict(), **split},
        "doubts": [asdict(doubt) for doubt in found],
        "readable": not split["broken"] and not any(doubt.stops for doubt in found),
        "means": means,
        "comparisons": pd.DataFrame(compared, columns=None if compared else ["arm"]),
        "level": level,
    }


def words(read: dict, plan: LiveTest | None = None) -> list[str]:
    """A test in sentences: the split, each comparison, the decision.

    Parameters
    ----------
    read : dict
        From :func:`read_test`, or from :func:`describe_test` without a plan.
    plan : LiveTest, optional
    """
    split, window = read["split"], read.get("window")
    sizes = ", ".join(f"{n:,} customers in {arm}" for arm, n in split["customers"].items())
    planned = "planned" if plan else "equal shares would be"
    said = "broken: find out why before reading on" if split["broken"] else f"as {planned}"
    lines = [f"Your test: {sizes}. The split is {said}."]
    if window and window["first"] is not None:
        weeks = f"week {window['weeks']} of {plan.weeks} is over"
        weeks = "the planned weeks are over" if window["ended"] else weeks
        lines.append(f"It is read from {window['first']:%Y-%m-%d} to {window['last']:%Y-%m-%d}: "
                     f"{weeks}.")  # fmt: skip
        outside = {"before that": "before", "after that": "after", "of the holdout": "holdout"}
        outside = [f"{window[n]:,} rows {said}" for said, n in outside.items() if window[n]]
        lines += [f"Left out: {', '.join(outside)}."] if outside else []
    if window and window["first"] is None:
        lines.append("The file has no dates, so it is taken to be the whole test and nothing else.")
    base = next(iter(plan.arms)) if plan else read["base"]
    if not plan:
        lines += [f"{doubt['seen']} {doubt['matters']} {doubt['mend']}"
                  for doubt in read["doubts"] if doubt["stops"]]  # fmt: skip
    lines += [
        f"Not known: {doubt['seen'][0].lower()}{doubt['seen'][1:]}"
        for doubt in read["doubts"]
        if not doubt["stops"]
    ]
    lines += [f"{name} is not counted in {', '.join(arms)}, so it is not compared."
              for name, arms in read["not_compared"].items()]  # fmt: skip
    for row in read["comparisons"].to_dict("records"):
        # a broken split compares unlike customers; before the end only harm speaks
        if read["readable"] and (read.get("shown", True) or row["state"] == "harmed"):
            lines.append(f"{row['arm']} above {base}, {sentence(row)}")
    if not len(read["comparisons"]) and not plan:
        lines.append(f"The file counts nothing ({', '.join(MEASURES)}), so no more can be said.")
    if plan is None:
        lines.append("No plan was written before the test (`live_test`), so nothing is decided.")
        return lines
    for arm, found in read["decisions"].items():
        lines.append(f"Decision on {arm}: {found['decision']}. {found['because']}")
    if not split["broken"]:
        lines += [doubt["mend"] for doubt in read["doubts"] if doubt["stops"]]
    return lines


def sentence(row: dict) -> str:
    """One comparison in words: the difference and the lift, each with its interval."""
    metric, unit = row["metric"].split(" per ")
    times, per = (100, "100 visits") if unit == "visit" else (1, "customer")
    name = f"{metric} per {per}"
    if not math.isfinite(row["low"]):
        return f"{name}: nothing was counted, or the same of everybody"
    ends = (times * row[name] for name in ("difference", "low", "high"))
    difference, low, high = (f"{value:+,.3g}" for value in ends)
    text = f"{name}: {difference} ({low} to {high})"
    if math.isfinite(row["lift_low"]):
        ends = (percent(row[name]) for name in ("lift", "lift_low", "lift_high"))
        text += ", a lift of {} ({} to {})".format(*ends)
    if row["low"] > 0:
        return text + ": better; the interval is above zero"
    if row["high"] < 0:
        borne = row.get("role") == "guardrail" and row.get("state") == "fine"
        within = ", within the fall that the plan tolerates" if borne else ""
        return text + ": worse; the interval is below zero" + within
    which = "the difference's" if row["lift_low"] > 0 or row["lift_high"] < 0 else "the"
    return text + f": {which} interval includes zero, so this may be chance"


def percent(share: float, sign: str = "+") -> str:
    """A share in words, with about two digits: an end just above zero must not look like zero."""
    digits = 0 if abs(share) >= 0.0995 or share == 0 else 1 if abs(share) >= 0.0095 else 2
    text = f"{100 * share:{sign},.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if digits else text} %"


def plain(read: dict) -> dict:
    """A reading as plain numbers and texts, for a file of figures; what is missing is None."""
    tables = {"comparisons": read["comparisons"].to_dict("records"),
              "means": read["means"].to_dict("index")}  # fmt: skip
    return {name: _as_json(tables.get(name, value)) for name, value in read.items()}


def _as_json(value):
    if isinstance(value, dict):
        return {str(name): _as_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_json(each) for each in value]
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def of_export(rows: pd.DataFrame, report: data.HealthReport, plan: LiveTest | None = None) -> dict:
    """Read an export by its plan, or describe it; a refusal says what the reader left out.

    Parameters
    ----------
    rows, report
        From :func:`helpers.data.read_test_results`.
    plan : LiveTest, optional

    Returns
    -------
    dict
        From :func:`read_test`, or from :func:`describe_test` without a plan.

    Raises
    ------
    DataError
        As these.
    """
    try:
        if plan:
            return read_test(rows, plan, report.source, report.findings)
        return describe_test(rows, report.source, report.findings)
    except data.DataError as error:
        left = ", ".join(f"{reason}: {n:,}" for reason, n in report.rejected.items())
        raise data.DataError(f"{error} Rows left out: {left}." if left else str(error)) from None


_OF_TESTS = {"test_results_path", "test_columns", "test_date_format", "test_cleaning", "time_zone",
             "live_test"}  # fmt: skip


def own_test(reading: dict | None = None, date_format=data.DATE_FORMAT) -> dict | None:
    """Read the export of a test of one's own, by its plan where there is one.

    Parameters
    ----------
    reading : dict, optional
        A lesson's parameter: `test_results_path`, `live_test` and what else to know of that file;
        see :func:`helpers.data.read_test_results`.
    date_format : str or list of str
        Where `reading` has no `test_date_format`.

    Returns
    -------
    dict or None
        None without a file. ``words``: sentences on the split, each comparison and the decision;
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
    plan = parameters.live_test
    read = of_export(rows, report, plan)
    figures = plain(read)
    figures["rows"] = {"read": report.read, "kept": report.kept, "rejected": report.rejected}
    lines = words(read, plan)
    if several := report.findings["customers in several arms"]:
        lines.insert(1, f"Customers who stand in several arms, left out: {several:,}.")
    return {"words": "\n".join(lines), "means": read["means"], "figures": figures}
