"""How long a test must run: the smallest lift that it can find, week by week."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.data import line_amounts
from helpers.experiments.readout import aggregates, by_customer, columns_of, confidence
from helpers.experiments.rule import decision_chances
from helpers.reading.parameters import LiveTest


@dataclass(frozen=True)
class Traffic:
    """What is assumed of a place's visits where no log of them is at hand.

    Attributes
    ----------
    visits_per_week : float
        Visits to the place where the list is shown, of all customers who may come; those of a
        plan's arms, without the holdout, take their share.
    rate : float
        Share of the visits with a success today; 10 % of them click, and 8 % of the clicks reach
        the cart.
    visits_per_customer : float
        In a week, mean over all customers who may come.
    unevenness : float
        Squared coefficient of variation of that, between customers: 0 if all came equally often,
        1 if as unequal as the waiting times of an exponential distribution, more if some never
        come. 1.3 in the course's made-up shop, over all its customers.
    alike : float
        Correlation of two visits of one customer (intra-class correlation): whoever put something
        into the cart once does so again more easily. .07 in the course's made-up shop.
    """

    visits_per_week: float
    rate: float = 0.008
    visits_per_customer: float = 1.0
    unevenness: float = 1.3
    alike: float = 0.07

    def __post_init__(self):
        if not (self.visits_per_week > 0 and 0 < self.rate < 1 and self.visits_per_customer > 0):
            raise ValueError(
                "A test needs visits, and a share of them between 0 and 1 that succeed; these are "
                f"{self.visits_per_week} visits a week and a share of {self.rate}."
            )

    def design_effect(self, weeks):
        """How many visits tell as much as one would if all were of different customers.

        Notes
        -----
        1 + (m - 1) x alike, where m is the number of visits of the customer whom a random visit
        belongs to (Kish 1965). Where a customer's visits are Poisson with a mean that differs
        between customers, m - 1 is visits per customer x (1 + unevenness). It grows with the
        weeks: a longer test sees the same people again.
        """
        return 1 + self.alike * self.visits_per_customer * weeks * (1 + self.unevenness)


def unevenness(events: pd.DataFrame, customers: int, weeks: int = 12) -> float:
    """How unequally often customers come, within the last weeks of the events.

    Parameters
    ----------
    events : DataFrame
    customers : int
        All that are known, also those without an event.
    weeks : int

    Returns
    -------
    float
        Squared coefficient of variation of the number of days with an event, less what chance
        alone makes of customers who come equally often (Poisson: its variance is its mean).
    """
    day = events["event_date"].dt.normalize()
    recent = events.assign(day=day)[day > day.max() - pd.Timedelta(days=7 * weeks)]
    days = recent.drop_duplicates(["customer_id", "day"])["customer_id"].value_counts()
    mean = days.sum() / customers
    variance = (days**2).sum() / customers - mean**2
    return max((variance - mean) / mean**2, 0.0)


def shop_history(transactions: pd.DataFrame, events: pd.DataFrame | None = None) -> pd.DataFrame:
    """What customers did before a test, as the test's export would have it.

    Parameters
    ----------
    transactions, events : DataFrame

    Returns
    -------
    DataFrame
        One row per customer and day with an event or a purchase, which counts as a visit:
        ``customer_id``, ``date``, ``visits`` (1), ``carted`` (with events), ``bought``, both 0 or
        1, and ``revenue`` (where amounts are known). Of the whole shop: where a list is one place
        among many, its lift of these is smaller than its lift of its own clicks.
    """
    day = transactions["transaction_date"].dt.normalize().rename("date")
    keys = [transactions["customer_id"], day]
    parts = {"bought": transactions.groupby(keys).size().clip(upper=1)}
    amounts = line_amounts(transactions)
    if amounts is not None:
        parts["revenue"] = amounts.groupby(keys).sum()
    if events is not None:
        day = events["event_date"].dt.normalize().rename("date")
        carted = (events["event_type"] == "add_to_cart").astype(int)
        parts["carted"] = carted.groupby([events["customer_id"], day]).max()
    table = pd.concat(parts, axis=1).fillna(0).assign(visits=1)
    return table.rename_axis(["customer_id", "date"]).reset_index()


def plan_test(
    plan: LiveTest,
    seen: pd.DataFrame | Traffic,
    weeks: Iterable[int] = range(1, 13),
    power: float = 0.8,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """The smallest lift that a test finds with 80 % chance, against the weeks that it runs.

    Parameters
    ----------
    plan : LiveTest
        Its arms, metric, looks and ``worth_having`` count here.
    seen : DataFrame or Traffic
        What customers did in the weeks before, as from :func:`shop_history` or from a log of the
        place where the list is shown; or what is assumed of it.
    weeks : iterable of int
    power : float
        Chance to find the smallest lift that is given.
    alpha : float
        Chance of a false alarm, both sides together and over all arms together.

    Returns
    -------
    DataFrame
        Index ``weeks``: ``customers`` and ``visits`` of all arms together (customers only where
        they were seen), ``rate`` (the metric today), ``smallest_lift`` and
        ``smallest_difference`` (missing where an arm has a single customer), and ``enough``:
        whether that is no more than is worth having. As
        many weeks as were seen at most: nobody knows how many customers a thirteenth week adds.

    Raises
    ------
    ValueError
        If the table has not what the metric needs, or nothing of it happened.

    Notes
    -----
    Both arms' noise counts, each as it will be: with a lift d, the new arm's variance is
    (1 + d) ** 2 times what differs between customers, and 1 + d times what is chance within them
    (Poisson for counts; all of it for money: more buyers with the same baskets). The variance of a
    ratio is by the delta method, per customer (Deng, Knoblich and Lu 2018). tea-tasting's own plans
    take both arms for equally noisy, and so promise too much where the lift is large. With several
    new arms, each comparison at alpha / their number (Bonferroni), the smallest arm counts. With
    weekly looks, by the limit of the last look.
    """
    from scipy.stats import norm

    noise = planned_noise(plan, seen, weeks)
    for week, row in noise.iterrows():
        level = confidence(plan, week if plan.looks == "weekly" else 1, alpha)
        errors = norm.isf((1 - level) / 2) + norm.isf(1 - power)
        noise.loc[week, "smallest_lift"] = _smallest(row, errors)
    noise["smallest_difference"] = noise["smallest_lift"] * noise["rate"]
    noise["enough"] = noise["smallest_lift"] <= plan.worth_having
    columns = ["customers", "visits", "rate", "smallest_lift", "smallest_difference", "enough"]
    return noise[columns]


def smallest_lift(
    plan: LiveTest, seen: pd.DataFrame | Traffic, held_out: float, weeks: int | None = None
) -> float:
    """The smallest lift that is found with another share of the customers held out.

    Parameters
    ----------
    plan : LiveTest
        Its first arm is held out, the others share the rest equally.
    seen : DataFrame or Traffic
        As for :func:`plan_test`.
    held_out : float
        Share of the customers who keep today's list.
    weeks : int, optional
        By default those of the plan.

    Returns
    -------
    float
    """
    base, *new = plan.arms
    arms = {base: held_out} | {arm: (1 - held_out) / len(new) for arm in new}
    changed = plan.model_copy(update={"arms": arms})
    return float(plan_test(changed, seen, [weeks or plan.weeks])["smallest_lift"].iloc[0])


def planned_noise(
    plan: LiveTest, seen: pd.DataFrame | Traffic, weeks: Iterable[int] = range(1, 13)
) -> pd.DataFrame:
    """How far luck alone will move both arms, against the weeks that the test runs.

    Parameters
    ----------
    plan : LiveTest
    seen : DataFrame or Traffic
        As for :func:`plan_test`.
    weeks : iterable of int

    Returns
    -------
    DataFrame
        Index ``weeks``: ``customers`` and ``visits`` of all arms together, ``rate``, and three
        variances as shares of the squared rate: ``today`` of today's arm, and of the smallest new
        one ``within`` (chance within customers) and ``between`` them. With a lift d, the new arm
        has (1 + d) x within + (1 + d) ** 2 x between. Missing where an arm has a single customer.

    Raises
    ------
    ValueError
        As of :func:`plan_test`.
    """
    rows = {week: _of_weeks(plan, seen, week) for week in weeks}
    rows = {week: found for week, found in rows.items() if found is not None}
    if not rows:
        raise ValueError("What was seen is shorter than a week: nothing can be planned with it.")
    noise = pd.DataFrame.from_dict(rows, orient="index").rename_axis("weeks")
    parts = np.array(list(plan.arms.values())) / sum(plan.arms.values())
    base, new = noise["units"] * parts[0], noise["units"] * parts[1:].min()
    known = np.minimum(base, new) >= 2  # no spread can be told of a single customer
    today = noise["variance"] / noise["rate"] ** 2
    within = noise["within"] / noise["rate"] ** 2
    noise = noise[["customers", "visits", "rate"]]
    return noise.assign(
        today=(today / base).where(known),
        within=(within / new).where(known),
        between=((today - within) / new).where(known),
    )


def plan_chances(
    plan: LiveTest,
    noise: pd.DataFrame,
    weeks: int,
    times: float = 1.0,
    power: float = 0.8,
    alpha: float = 0.05,
    effects: Iterable[float] = (0, 1, 2),
) -> dict:
    """What the rule may say after so many weeks, if nothing, just enough or twice that is true.

    Parameters
    ----------
    plan : LiveTest
        Its arms and ``worth_having`` count here; it is read once, at the end.
    noise : DataFrame
        From :func:`planned_noise`.
    weeks : int
        One of those in `noise`.
    times : float
        How many times as many customers come as were seen; they come as often as those.
    power, alpha : float
        As for :func:`plan_test`.
    effects : iterable of float
        The true lifts, in units of the smallest one worth having.

    Returns
    -------
    dict
        ``error`` (standard error of the lift, as a share, if nothing is true), ``needed`` (the
        first of the weeks in `noise` in which the smallest lift worth having is found with that
        power; missing if none) and ``chances``: one row per true lift, from
        :func:`helpers.experiments.decision_chances`.
    """
    from scipy.stats import norm

    limit = norm.isf((1 - confidence(plan, 1, alpha)) / 2)
    noise, worth = noise[["today", "within", "between"]] / times, plan.worth_having

    def errors(lift):
        """Standard errors of today's arm and of the new one, week by week."""
        new = (1 + lift) * noise["within"] + (1 + lift) ** 2 * noise["between"]
        return np.sqrt(noise["today"]), np.sqrt(new)

    needed = noise.index[(limit + norm.isf(1 - power)) * np.hypot(*errors(worth)) <= worth]
    rows = {}
    for lift in (float(effect * worth) for effect in effects):
        today, new = (float(each[weeks]) for each in errors(lift))
        rows[lift] = decision_chances(lift, worth, today, new, limit)
    return {
        "error": float(np.hypot(*errors(0.0))[weeks]),
        "needed": int(needed[0]) if len(needed) else None,
        "chances": pd.DataFrame.from_dict(rows, orient="index").rename_axis("true lift"),
    }


def _of_weeks(plan, seen, week):
    """Mean, variance and number of units of all arms after so many weeks."""
    share = sum(plan.arms.values()) * (1 - plan.holdout)
    if isinstance(seen, Traffic):
        visits = seen.visits_per_week * week * share
        within = seen.rate * (1 - seen.rate)
        return {"customers": np.nan, "visits": visits, "rate": seen.rate, "units": visits,
                "variance": within * seen.design_effect(week), "within": within}  # fmt: skip
    last = seen["date"].max()
    first = last.normalize() - pd.Timedelta(days=7 * week - 1)
    if seen["date"].min().normalize() > first + pd.Timedelta(days=6):
        return None  # the first of these weeks was not seen
    customers = by_customer(seen[seen["date"] >= first].assign(arm=""))
    numerator, denominator = columns_of(plan.metric, customers)
    found = aggregates(customers, numerator, denominator)[""].with_zero_div()
    rate = found.mean(numerator) / found.mean(denominator)
    if not rate > 0:
        raise ValueError(f"Nobody has {plan.metric} above zero: there is nothing to plan with.")
    if not found.ratio_var(numerator, denominator) > 0:
        raise ValueError(f"{plan.metric} is the same of all customers seen: nothing to plan with.")
    units = found.count() * share
    visits = customers["visits"].sum() * share if "visits" in customers else np.nan
    variance = found.ratio_var(numerator, denominator)
    within = variance
    if numerator != "revenue":
        within = min(found.mean(numerator) / found.mean(denominator) ** 2, variance)
    return {"customers": units, "visits": visits, "rate": rate, "units": units,
            "variance": variance, "within": within}  # fmt: skip


def _smallest(noise, errors):
    """The lift that is so many standard errors of itself: a quadratic equation.

    Where even a lift without end would hide in its own noise, it is infinite.
    """
    today, within, between = errors**2 * noise[["today", "within", "between"]]
    # lift^2 = today + (1 + lift)^2 x between + (1 + lift) x within
    square, linear = 1 - between, 2 * between + within
    constant = today + between + within
    if square <= 0:
        return np.inf
    return (linear + np.sqrt(linear**2 + 4 * square * constant)) / (2 * square)
