"""Does the export look like a test? Doubts about its rows, before anybody decides by them.

Every row may be readable and the answer still be wrong: days that one arm did not log, only those
who bought, a robot with ten thousand visits. Each check looks for one such shape. What *stops* is
what no sound test shows by itself, as far as we know: nothing is compared until it is mended or
left out. The rest is a remark. Of sound tests, simulated, hardly any may be stopped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: What a list may change. Visits are no part of it: who never came is in no export.
COUNTS = ("clicked", "carted", "bought")
SUCCESSES = (*COUNTS, "revenue")
#: A shape that chance shows less often than this is no chance.
_CHANCE = 0.001
#: Fewer rows, customers or days than this show no shape.
_ENOUGH, _DAYS = 20, 7
#: More of the customers than this in several arms: the arms were not kept.
_IN_SEVERAL = 0.1
#: One customer with more than this share of all that an arm counts; money is more uneven.
_EXTREME = {"revenue": 0.2}
_EXTREME_COUNT = 0.1


@dataclass(frozen=True)
class Doubt:
    """A reason not to believe the export of a test.

    Attributes
    ----------
    name : str
        A few words.
    seen : str
        What was seen; of a remark, what is therefore not known.
    matters, mend : str
        Of a doubt that stops: why it matters, and what to do.
    stops : bool
        Whether nothing is compared before that is mended.
    """

    name: str
    seen: str
    matters: str = ""
    mend: str = ""
    stops: bool = False


def doubts(
    rows: pd.DataFrame,
    customers: pd.DataFrame,
    findings: Mapping | None = None,
    first: pd.Timestamp | None = None,
) -> list[Doubt]:
    """All doubts about the rows of a test, those that stop first.

    Parameters
    ----------
    rows : DataFrame
        Those that count: one per visit, per day or per customer.
    customers : DataFrame
        The same by customer, from :func:`helpers.experiments.by_customer`.
    findings : mapping, optional
        How the file was read, from its report.
    first : Timestamp, optional
        The first day that counts; that of the rows, if left out.

    Returns
    -------
    list of Doubt
    """
    findings = findings or {}
    dated = rows[rows["date"].notna()] if "date" in rows else rows.iloc[:0]
    if sums := summed(dated):  # what else looks odd comes from that
        return [sums]
    found = [
        several_arms(findings.get("customers in several arms", 0), len(customers)),
        only_successes(rows, customers),
        doubled(rows),
        running_totals(dated),
        uneven_blanks(rows),
        gaps(dated),
        quiet_days(dated, first),
        fractions(rows),
        never_back(dated),
        spoiled_ids(findings),
    ]
    return sorted((each for each in found if each), key=lambda each: not each.stops)


def several_arms(several: int, customers: int) -> Doubt | None:
    """Many customers stand in several arms: they were dealt anew, or share an id."""
    if several < _ENOUGH / 2 or several <= _IN_SEVERAL * (several + customers):
        return None
    return Doubt(
        "arms not kept",
        f"{several:,} of {several + customers:,} customers stand in several arms.",
        "They saw several lists, and who comes often is among them more often.",
        "Find out whether customers were dealt anew, or whether the id is not the customer's.",
        stops=True,
    )


def only_successes(rows: pd.DataFrame, customers: pd.DataFrame) -> Doubt | None:
    """Nobody without a success: those who did nothing are not in the export.

    Notes
    -----
    With counts of a mean m, none of them zero, at least n / (exp(r) - 1) zeros would be expected
    beside them, where r / (1 - exp(-r)) = m (a Poisson distribution without its zeros; customers
    who differ have more zeros).
    """
    tables = [(customers, "customers")]
    if "visits" in rows and (rows["visits"] == 1).all():
        tables.append((rows, "visits"))
    for table, what in tables:
        for name in SUCCESSES:
            if name not in table:
                continue
            for arm, values in table.groupby("arm")[name]:
                if _zeros_are_missing(values.to_numpy(dtype=float), name):
                    did = "revenue" if name == "revenue" else f"something {name}"
                    return Doubt(
                        "only successes",
                        f"Each of the {len(values):,} {what} of {arm} has {did}.",
                        "Those without seem to be missing, and a list may change how many they "
                        "are.",
                        f"Export all {what}, also those without.",
                        stops=True,
                    )
    return None


def _zeros_are_missing(values, name):
    if len(values) < _ENOUGH or not (values > 0).all():
        return False
    mean = values.mean()
    if name == "revenue" or mean <= 1:
        return True
    low, high = 1e-9, mean  # of the Poisson's rate, by halving
    for _ in range(60):
        rate = (low + high) / 2
        low, high = (rate, high) if rate / -math.expm1(-rate) < mean else (low, rate)
    return len(values) / math.expm1(min(rate, 700)) > -math.log(_CHANCE)


def summed(dated: pd.DataFrame) -> Doubt | None:
    """One row for each arm and day: sums, with a day in the place of the customer."""
    days = dated["date"].dt.normalize() if len(dated) else pd.Series(dtype=object)
    if days.nunique() < _DAYS or len(dated) > days.nunique() * dated["arm"].nunique():
        return None
    if dated.assign(day=days).duplicated(["arm", "day"]).any():
        return None
    if dated["customer_id"].duplicated().any():
        return None
    return Doubt(
        "sums by day",
        f"There is one row for each arm and day ({len(dated):,} rows), and no customer comes "
        "twice.",
        "These seem to be sums. Customers were dealt, so customers must be counted.",
        "Export one row for each customer or visit, with the customer's id.",
        stops=True,
    )


def doubled(rows: pd.DataFrame) -> Doubt | None:
    """All rows of an arm, or of one of its days, stand there twice."""
    columns = [name for name in rows if name != "arm"]
    keys = pd.DataFrame({
        "arm": rows["arm"], "day": rows["date"].dt.normalize() if "date" in rows else pd.NaT,
        "row": pd.util.hash_pandas_object(rows[columns], index=False),
    })  # fmt: skip
    copies = keys.groupby(["arm", "day", "row"], dropna=False, sort=False).size()
    parts = copies.groupby(level=["arm", "day"], dropna=False, sort=True).agg(["size", "min"])
    twice = parts[(parts["size"] >= _ENOUGH) & (parts["min"] > 1)]
    if twice.empty:
        return None
    arms = " and of ".join(twice.index.get_level_values("arm").unique())
    days = twice.index.get_level_values("day").dropna().nunique()
    return Doubt(
        "rows twice",
        f"Each row of {arms} has an equal one{f', on {_days(days)}' if days else ''}.",
        "No two visits in a row of many are alike by chance, so it was exported or logged twice.",
        "Export it once.",
        stops=True,
    )


def running_totals(dated: pd.DataFrame) -> Doubt | None:
    """Counts that never fall, from row to row of a customer: totals so far, not of the day."""
    if not dated["customer_id"].duplicated().any():
        return None
    ordered = dated.sort_values(["customer_id", "date"], kind="stable")
    same = ordered["customer_id"].eq(ordered["customer_id"].shift())
    for name in SUCCESSES:
        if name not in ordered:
            continue
        now = ordered[name].fillna(0)
        before = now.shift()
        pairs = same & (before > 0)
        if pairs.sum() < _ENOUGH or (now < before)[pairs].any() or not (now > before)[pairs].any():
            continue
        return Doubt(
            "running totals",
            f"From row to row of a customer, {name} never falls.",
            "It seems to be a total so far, and adding totals counts the first days again and "
            "again.",
            "Export what happened in each visit or on each day, or the last total only.",
            stops=True,
        )
    return None


def uneven_blanks(rows: pd.DataFrame) -> Doubt | None:
    """Blank cells in one arm, beside zeros that are written: something was not logged there."""
    from scipy.stats import chi2_contingency

    for name in ("date", *SUCCESSES, "visits"):
        if name not in rows or not rows[name].isna().any():
            continue
        if name != "date" and not (rows[name] == 0).any():
            continue  # blank is how this file writes zero
        # of customers, since rows of one customer go together
        blank = rows[name].isna().groupby([rows["arm"], rows["customer_id"]]).any()
        blank = blank.groupby(level="arm").agg(["sum", "size"])
        share = blank["sum"] / blank["size"]
        if share.max() < 0.01 or share.min() > share.max() / 2:
            continue
        table = np.array([blank["sum"], blank["size"] - blank["sum"]])
        if (table.sum(axis=1) == 0).any() or chi2_contingency(table).pvalue < _CHANCE:
            shares = ", ".join(f"{arm} {100 * each:.0f} %" for arm, each in share.items())
            return Doubt(
                "blanks in one arm",
                f"{name} is blank, of customers: {shares}.",
                "Blank cells are not spread by chance, so what they stand for differs between the "
                "arms.",
                f"Fill {name} in, or write 0 where nothing happened.",
                stops=True,
            )
    return None


def gaps(dated: pd.DataFrame) -> Doubt | None:
    """Days, or weeks, on which an arm has less than half of what its share leads to expect."""
    if dated.empty:
        return None
    day = dated["date"].dt.normalize()
    day = (day - day.min()).dt.days.rename("day")
    for name in ("customers", *SUCCESSES):
        if name != "customers" and name not in dated:
            continue
        some = dated[name] > 0 if name != "customers" else np.ones(len(dated), dtype=bool)
        seen = dated[["customer_id", "arm"]].assign(day=day)[some].drop_duplicates()
        for length, what in ((1, "day"), (7, "week")):
            found = _gap(pd.crosstab(seen["day"] // length, seen["arm"]))
            if found is None:
                continue
            arm, periods = found
            begin = dated["date"].min().normalize()
            when = f"{begin + pd.Timedelta(days=length * int(periods[0])):%Y-%m-%d}"
            counts = "customers" if name == "customers" else f"customers with {name}"
            return Doubt(
                "gap in one arm",
                f"On {_days(len(periods), what)}, the first from {when}, {arm} has less than half "
                f"of the {counts} that its share leads to expect.",
                "That looks like a gap in its log, a list that failed, or another first day.",
                "Log them anew, or leave these days out of all arms.",
                stops=True,
            )
    return None


def _gap(counts):
    """The arm and the periods in which it has far too few: each for itself, or all together."""
    from scipy.stats import binom, chi2

    if len(counts) < 2 or counts.shape[1] < 2:
        return None
    total = counts.sum(axis=1).to_numpy()
    many = {}
    for arm in counts:
        share = counts[arm].sum() / total.sum()
        expected, seen = share * total, counts[arm].to_numpy()
        few = seen < expected / 2
        surely = few & (binom.cdf(seen, total, share) < _CHANCE / counts.size)
        if surely.any():
            return arm, list(counts.index[surely])
        # many small gaps: the shares of the periods differ by more than chance (Pearson 1900)
        large = np.minimum(expected, total - expected) >= 5
        off = ((seen - expected) ** 2 / np.maximum(expected * (1 - share), 1e-9))[large].sum()
        if (few & large).any() and chi2.sf(off, large.sum() - 1) < _CHANCE**2:
            many[arm] = counts.index[few & large]
    arm = max(many, key=lambda each: len(many[each]), default=None)
    return (arm, list(many[arm])) if many else None


def quiet_days(dated: pd.DataFrame, first: pd.Timestamp | None = None) -> Doubt | None:
    """Days without anybody, between the first one that counts and the last one with rows."""
    if dated.empty:
        return None
    days = dated["date"].dt.normalize()
    span = (days.max() - (days.min() if first is None else first)).days + 1
    quiet = span - days.nunique()
    # where few come, nobody comes on some days
    if not quiet or len(dated) < _ENOUGH * days.nunique():
        return None
    return Doubt("quiet days", f"Why nobody came on {quiet:,} of {_days(span)}, in any arm.")


def fractions(rows: pd.DataFrame) -> Doubt | None:
    """Counts with fractions: rates, or shares of a purchase."""
    for name in (*COUNTS, "visits"):
        if name in rows and (rows[name] % 1 > 0).any():
            example = rows.loc[rows[name] % 1 > 0, name].iloc[0]
            return Doubt(
                "fractions",
                f"What {name} counts: it has fractions, such as {example:.3g}. A rate of each "
                "customer is not to be added up.")  # fmt: skip
    return None


def never_back(dated: pd.DataFrame) -> Doubt | None:
    """Nobody comes twice in two weeks: the id may be the visit's."""
    if len(dated) < 10 * _ENOUGH or dated["customer_id"].duplicated().any():
        return None
    if (dated["date"].max() - dated["date"].min()).days < 13:
        return None
    if "visits" in dated and (dated["visits"] != 1).any():
        return None
    return Doubt(
        "nobody comes back",
        f"Whether the ids are customers': each of the {len(dated):,} has one row. If they are of "
        "visits, the intervals are too narrow.")  # fmt: skip


def spoiled_ids(findings: Mapping) -> Doubt | None:
    """What the reader says about the ids of customers that is no certain repair."""
    # no id as an example: the page goes around
    said = [
        f"{name}: {str(n).split(', such as')[0]}"
        for name, n in findings.items()
        if name.startswith("customer ids") and n and "read as" not in f"{name} {n}"
    ]
    if not said:
        return None
    return Doubt("ids", f"Whether each id is one customer; {'; '.join(said)}.")


def thin_window(counted: int, days: int, outside: int, days_outside: int) -> Doubt | None:
    """Hardly anything on the days that count, and much on others: another first day, or format."""
    if outside <= counted or counted / max(days, 1) > outside / max(days_outside, 1) / 5:
        return None
    return Doubt(
        "hardly anything in the weeks that count",
        f"The weeks that count have {counted:,} rows, and the days outside of them {outside:,}.",
        "So these are not the weeks of the test.",
        "Name the first day in the plan (starts), and look at the format of the dates.",
        stops=True,
    )


def far_off(table: pd.DataFrame) -> Doubt | None:
    """A lift of ten times, or of a tenth, for sure: two units, or two ways of counting."""
    far = table[(table["lift_low"] > 9) | (table["lift_high"] < -0.9)]
    if far.empty:
        return None
    row = far.iloc[0]
    return Doubt(
        "too good, or too bad",
        f"{row['metric']} is {row['value'] / row['base']:,.3g} times as large in {row['arm']}.",
        "No list does that; it looks like two units, or two ways of counting.",
        "Find out whether the arms are logged in the same way.",
        stops=True,
    )


def extreme_customers(customers: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Customers with more than a tenth of all that an arm counts, or a fifth of its revenue.

    Parameters
    ----------
    customers : DataFrame
        One row per customer.
    columns : list of str
        What decides, or guards.

    Returns
    -------
    DataFrame
        One row for each of them: index ``customer_id``, ``arm``, ``column``, ``amount``, ``share``.
    """
    found = []
    for name in columns:
        for arm, values in customers.groupby("arm")[name]:
            values = values[values > 0]
            # of few, one has a tenth by chance
            if len(values) < 50 or not math.isfinite(values.sum()):
                continue
            share = values / values.sum()
            much = share.index[share > _EXTREME.get(name, _EXTREME_COUNT)]
            found += [(each, arm, name, values[each], share[each]) for each in much]
    table = pd.DataFrame(found, columns=["customer_id", "arm", "column", "amount", "share"])
    return table.drop_duplicates("customer_id").set_index("customer_id")


def of_extremes(extremes: pd.DataFrame, decision: str, without: str) -> Doubt:
    """What one customer does to the decision."""
    first = extremes.iloc[0]
    one = f"One customer of {first['arm']} has {first['amount']:,.10g} {first['column']}"
    if len(extremes) > 1:
        one = f"{len(extremes):,} customers have very much of what an arm counts. {one}"
    seen = f"{one}, {100 * first['share']:.0f} % of the arm's."
    if without == decision:
        same = f"Without, the decision is the same: {decision}."
        seen = f"Whether that is a customer: {seen[0].lower()}{seen[1:]} {same}"
        return Doubt("extreme customers", seen)
    return Doubt(
        "extreme customers",
        seen,
        f"The decision hangs on that: {decision} with, {without} without.",
        "Find out who it is. If it is a robot, a test account or a shared id, leave it out "
        "(drop_where under test_cleaning); if it is a customer, these data can't tell.",
        stops=True,
    )


def _days(number, what="day"):
    return f"{number:,} {what}{'' if number == 1 else 's'}"
