"""Do the data look like what happened? Doubts about a table of purchases, before anybody judges.

Every row may be readable and the table still be wrong: an order number in the place of the
customer, half of the dates turned, cancelled orders counted. Each check here looks for one such
shape, and says what was seen, why it matters and which key of the parameter file mends it.

A doubt that *stops* is one that no shop shows by itself, as far as we know; the others are remarks.
The thresholds were set so that real shops (a gift shop with resellers, a grocer, seasonal, young
and small ones) pass in silence: a false alarm costs as much as a miss.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.reading.dates import MIXED_ZONES, UNCLEAR_ZONES
from helpers.reading.ids import TOTALS, drawn_alike
from helpers.reading.numbers import are_several, is_currency

#: Fewer customers, or orders, than this show no shape.
MIN_CUSTOMERS, MIN_ORDERS = 100, 200


@dataclass(frozen=True)
class Doubt:
    """A reason not to believe the data.

    Attributes
    ----------
    name : str
        A few words.
    seen, matters, mend : str
        What was seen, why it matters, and which key of the parameter file mends it.
    stops : bool
        Whether the data must be mended, or explained, before anything is recommended.
    """

    name: str
    seen: str
    matters: str
    mend: str
    stops: bool = False


@dataclass
class Purchases:
    """What the checks look at.

    Attributes
    ----------
    rows : DataFrame
        All rows of the files in their order, with our columns, ``file_no``, ``row_no`` and
        ``reason`` (missing: kept).
    labels : DataFrame
        From :func:`labels`.
    called : dict of str to str
        Our columns: what the file calls them.
    dropped : mapping of str to list
        The options ``drop_where`` and ``returns_where``: columns and values that somebody has
        decided about.
    date_format : str
        Of the file, to name a date as it stands there.
    findings : mapping
        What the reader found.
    """

    rows: pd.DataFrame
    labels: pd.DataFrame
    called: Mapping[str, str]
    dropped: Mapping[str, list]
    date_format: str = "%Y-%m-%d"
    findings: Mapping = field(default_factory=dict)

    def __post_init__(self):
        kept = self.rows.loc[self.rows["reason"].isna(), [*self.called, "file_no", "row_no"]]
        self.kept = kept.assign(day=kept["transaction_date"].dt.normalize())
        # who comes on a day counts once, however many lines the basket has
        self.orders = self.kept[["customer_id", "day"]].drop_duplicates()
        days = self.orders["day"]
        self.span = (days.max() - days.min()).days + 1 if len(days) else 0
        self.buyers = self.kept[["customer_id", "product_id"]].drop_duplicates()
        self.n_customers = self.kept["customer_id"].nunique()

    def looked_at(self, column: str) -> bool:
        """Whether somebody has decided about a column's values: an option names it."""
        return _plain(column) in map(_plain, self.dropped)


def doubts(purchases: Purchases, line_breaks: int = 0, longest: int = 0) -> list[Doubt]:
    """All doubts about a table, those that stop first.

    Parameters
    ----------
    purchases : Purchases
    line_breaks, longest : int
        How many line breaks stand inside values, and lines of the longest row.

    Returns
    -------
    list of Doubt
    """
    found = [doubt for check in _CHECKS if (doubt := check(purchases))]
    read = len(purchases.rows)
    if doubt := swallowed_lines(read + line_breaks, read, longest):
        found.append(doubt)
    if any(doubt.name == TURNED for doubt in found):  # turned dates make thin months
        found = [doubt for doubt in found if doubt.name not in (THIN_END, HOLE)]
    return sorted(found, key=lambda doubt: not doubt.stops)


def swallowed_lines(lines: int, read: int, longest: int = 0) -> Doubt | None:
    """Were lines of the file swallowed, for example by a quote that is never closed?

    Parameters
    ----------
    lines : int
        Lines of the file that are not blank, without the header.
    read : int
        Rows that came out.
    longest : int
        Lines of the longest row, where that is known. Notes of a few lines are usual in exports; a
        row of twenty lines is none.
    """
    missing = lines - read
    if missing <= max(1, 0.01 * lines) and longest <= 20:
        return None
    of_one = f", of them {longest:,} in one row" if longest > 1 else ""
    return Doubt(
        "swallowed lines",
        f"the file has {lines:,} lines, but only {read:,} rows were read{of_one}.",
        "A quote that is not closed swallows the lines up to the next quote, without an error. "
        "(Values with line breaks in them are fine.)",
        'Look for a single quote sign (") in the export, and export again with quotes around '
        "texts.",
        stops=longest > 20,
    )


# Dates

TURNED, THIN_END, HOLE = "turned dates", "an empty end", "a hole"
_DATES_MATTER = (
    "Lists are judged by the last days, and best sellers are counted over them: dates must be true."
)


def _turned_in_order(shop):
    """Rows that break the order of a file, and would not with day and month turned."""
    rows = shop.kept[["file_no", "day"]].sort_values("file_no", kind="stable")
    day = rows["day"]
    clear = (day.dt.day > 12) | (day.dt.day == day.dt.month)
    # a file in order of dates, up or down: nearly all clear dates follow one another
    steps = day[clear].diff().dt.days[rows["file_no"][clear].diff() == 0]
    if len(steps) < 100 or day[clear].nunique() < 20:
        return None
    rising, falling = (steps >= 0).mean(), (steps <= 0).mean()
    if max(rising, falling) < 0.99:
        return None
    before = day.where(clear).groupby(rows["file_no"]).ffill()
    after = day.where(clear).groupby(rows["file_no"]).bfill()
    if falling > rising:
        before, after = after, before
    doubtful = day[~clear]
    turned = pd.to_datetime(
        {"year": doubtful.dt.year, "month": doubtful.dt.day, "day": doubtful.dt.month}
    )
    before, after = before[~clear], after[~clear]
    as_it_is, as_turned = ((day >= before) & (day <= after) for day in (doubtful, turned))
    only_turned = as_turned & ~as_it_is
    neither = ~as_turned & ~as_it_is & before.notna() & after.notna()
    # in a file that is in order, twenty rows of five days are no chance
    days = doubtful[only_turned].nunique()
    if only_turned.sum() < max(20, 3 * neither.sum()) or days < 5:
        return None
    return (
        f"the file is in order of its dates, but for {only_turned.sum():,} rows that would be so "
        "with day and month turned."
    )


def _turned_in_months(shop):
    """Months with purchases on days 1 to 12 only, beside months that have all days."""
    day = shop.orders["day"]
    late = day.dt.day > 12
    if shop.span < 60 or late.all() or not late.any():
        return None
    months = pd.DataFrame({"early": ~late, "late": late}).groupby(day.dt.to_period("M")).sum()
    if len(months) < 4:
        return None
    if day.max().day <= 12:  # a month that has only begun
        months = months.iloc[:-1]
    odd, others = months[months["late"] == 0], months[months["late"] > 0]
    share = others["late"].sum() / max(others.to_numpy().sum(), 1)
    # .4: elsewhere later days are usual (.6); 20 orders, all early by chance: one in 10 million
    if len(odd) < 2 or odd["early"].sum() < 20 or len(others) < 2 or share < 0.4:
        return None
    return (
        f"in {len(odd)} months from {odd.index[0]} to {odd.index[-1]} all {odd['early'].sum():,} "
        f"orders fall on days 1 to 12; in the other months {share:.0%} fall later."
    )


def _turned_away(shop):
    """Months in a row whose early days went to other months.

    Turned, 3 September is 9 March, and what stays in a September are the days that are numbers of
    turned months themselves: of September to December the days 9 to 12.
    """
    days = shop.orders["day"]
    if days.empty:
        return None
    month = days.dt.to_period("M")
    months = pd.crosstab(month, days.dt.day.clip(upper=13)).reindex(
        index=pd.period_range(month.min(), month.max(), freq="M"),
        columns=range(1, 14), fill_value=0,
    )  # fmt: skip
    counts, numbers = months.to_numpy(), months.index.month.to_numpy()
    for start, length in itertools.product(range(len(counts) - 1), range(6, 1, -1)):
        own, inside = numbers[start : start + length], counts[start : start + length]
        # at the edges a part of a month may be turned
        stay = numbers[max(start - 1, 0) : start + length + 1]
        gone = [day for day in range(1, 13) if day not in stay]
        others = counts.sum(axis=0) - inside.sum(axis=0)
        # a tenth: elsewhere those days are usual (.13 and more); 100 orders, all on others by
        # chance: one in 40,000
        if (
            len(inside) == length
            and inside[:, np.array(gone) - 1].sum() == 0
            and inside[:, own - 1].sum(axis=0).all()
            and inside[:, 12].all()
            and inside.sum() >= 100
            and others[np.array(gone) - 1].sum() >= 0.1 * max(others.sum(), 100)
        ):
            return (
                f"in the months from {months.index[start]} to {months.index[start + length - 1]} "
                f"none of {inside.sum():,} orders falls on days {', '.join(map(str, gone))}, as "
                "if those were turned to other months."
            )
    return None


def _turned_everywhere(shop):
    """Nothing after the twelfth of any month."""
    days = shop.orders["day"].dt.day
    # boxes that are sent on fixed days have few different ones
    if shop.span < 90 or len(days) < MIN_ORDERS or days.max() > 12 or days.nunique() < 6:
        return None
    return f"all {len(days):,} orders in {shop.span:,} days fall on days 1 to 12 of a month."


def _turned_dates(shop):
    if len(shop.orders) < MIN_ORDERS:
        return None
    checks = (_turned_in_order, _turned_in_months, _turned_away, _turned_everywhere)
    seen = next((said for check in checks if (said := check(shop))), None)
    return seen and Doubt(
        TURNED,
        seen,
        "So day and month were turned in a part of the file, for example where a spreadsheet took "
        "03-04 for 4 March. " + _DATES_MATTER,
        'Export the dates again as year-month-day and set `date_format: "%Y-%m-%d"`; a list of '
        "formats can't tell the two apart.",
        stops=True,
    )


def _blocks(daily):
    """Orders by weeks, counted from the last day; longer blocks where a week has too few."""
    for length in (7, 14, 28, 91):
        whole = len(daily) // length * length
        counts = daily[len(daily) - whole :].reshape(-1, length).sum(axis=1)
        # from 20 in a usual block on, an empty one is no chance
        if len(counts) and np.quantile(counts[counts > 0], 0.75, method="higher") >= 20:
            return counts, length
    return np.array([]), 0


def _daily(days):
    """Orders by day from the first to the last, days without any included."""
    numbers = (days - days.min()).dt.days.to_numpy()
    return np.bincount(numbers)


def _thin_end(shop):
    """The last weeks hold next to nothing, after weeks that were as usual."""
    if not shop.span:
        return None
    daily = _daily(shop.orders["day"])
    counts, length = _blocks(daily)
    if not length:
        return None
    busy = np.flatnonzero(counts > 0.2 * np.quantile(counts[counts > 0], 0.75, method="higher"))
    tail, before = counts[busy[-1] + 1 :], counts[: busy[-1] + 1][-13:]
    days = len(tail) * length
    # a season fades out; what was cut off, or never happened, ends from one week to the next
    usual = np.median(before)
    if days < 14 or len(before) < 4 or usual < 20 or before[-2:].max() < 0.5 * usual:
        return None
    share = tail.mean() / usual
    # ... neither in three blocks before against three after, nor over all of them
    if max(share, tail[:3].mean() / before[-4:-1].mean()) > 0.15:
        return None
    year = daily[-days - 365 : -365] if len(daily) > days + 365 else []
    if len(year) and np.mean(year) * length < 0.3 * usual:  # so it was a year ago: a season
        return None
    # where the busy days end within a block: at the first empty week
    sold = np.flatnonzero(daily)
    sold = sold[sold >= len(daily) - days - length]
    empty = np.flatnonzero(np.diff(sold) > 7)
    if len(empty):
        days = len(daily) - 1 - int(sold[empty[0]])
    end = shop.orders["day"].max()
    late = shop.kept[shop.kept["day"] > end - pd.Timedelta(days=days)]
    first = late["day"].min()
    when = f"on {end:%Y-%m-%d}" if first == end else f"from {first:%Y-%m-%d} to {end:%Y-%m-%d}"
    rows = usual * len(shop.kept) / len(shop.orders)
    seen = (
        f"the last {days:,} days hold {_count(len(late), 'purchase')}, {when}; before them, about "
        f"{rows:,.0f} in {length} days were usual."
    )
    mend = "Export up to the last full day (of a season, where there is one)"
    if late["day"].nunique() <= 3 and "%" in shop.date_format:
        texts = late["transaction_date"].dt.strftime(shop.date_format).unique()[:5]
        mend += f", or leave out what came later: {_drop(shop.called['transaction_date'], texts)}"
    return Doubt(
        THIN_END,
        seen,
        "The last days (test_days) are what lists are judged by, and best sellers are counted over "
        "them: there is nobody to judge by.",
        mend + ".",
        # a twentieth of the usual, for three weeks: less than any lull we know
        stops=bool(share <= 0.05 and days >= 21),
    )


def _hole(shop):
    """Three weeks and more without any purchase, between busy ones, and not every year."""
    if not shop.span:
        return None
    daily = _daily(shop.orders["day"])
    at = np.flatnonzero(daily)
    gaps = np.diff(at) - 1
    found = []
    # where orders come once a month, a month without is none
    usual = np.median(gaps) if len(gaps) else 0
    for number in np.flatnonzero(gaps >= max(21, 2 * usual)):
        start, end = at[number] + 1, at[number + 1]  # first empty day, first busy one
        around = daily[max(start - 91, 0) : start], daily[end : end + 91]
        rates = [part.sum() / max(len(part), 28) for part in around]
        rate = min(rates)
        if rate * (end - start) < 20 or rate < 0.3 * max(rates):
            continue
        # a season comes and goes; what is missing has an edge
        edges = [part.sum() / 14 for part in (around[0][-14:], around[1][:14])]
        if min(edges) < 0.5 * rate:
            continue
        others = [daily[start + move : end + move] for move in (-365, 365)
                  if start + move >= 0 and end + move <= len(daily)]  # fmt: skip
        if not any(each.mean() < 0.2 * rate for each in others):  # no yearly holiday
            found.append((end - start, start, end))
    if not found:
        return None
    days, start, end = max(found)
    first = shop.orders["day"].min()
    dates = [first + pd.Timedelta(days=int(day)) for day in (start - 1, end)]
    more = f", and {len(found) - 1} more such times" if len(found) > 1 else ""
    return Doubt(
        HOLE,
        f"no purchase for {days} days, between {dates[0]:%Y-%m-%d} and {dates[1]:%Y-%m-%d}{more}.",
        "If the shop was open, a file is missing, and with it what customers bought.",
        "Name all files in `transactions_path` (a list, a folder or a glob).",
    )


def _old_dates(shop):
    """A few purchases long before all others: placeholders such as 1970-01-01, or tests."""
    days = shop.orders["day"].sort_values()
    early = days.iloc[: len(days) // 100 + 1]
    gaps = days.diff().dt.days.iloc[: len(early) + 1]
    if len(days) < MIN_ORDERS or gaps.max() <= 365:
        return None
    count = int(gaps.to_numpy()[1:].argmax()) + 1
    return Doubt(
        "old dates",
        f"{_count(count, 'order')} of {len(days):,} lie {gaps.max():,.0f} days before all others, "
        f"the first on {days.iloc[0]:%Y-%m-%d}.",
        "A date that stands for no date, or a test, makes products and customers look old.",
        "Leave such rows out with `drop_where`, or export from the real beginning.",
    )


def _days_of_month(shop):
    """Days of the month that never occur."""
    days = shop.orders["day"].dt.day
    if shop.span < 90 or len(days) < MIN_ORDERS:
        return None
    if days.nunique() == 1:
        return Doubt(
            "dates by the month",
            f"all {len(days):,} orders fall on day {days.iloc[0]} of a month.",
            "If dates know the month only, a month's purchases can't be put in order.",
            "Map the column with the day of the order to transaction_date, under `columns`.",
        )
    missing = sorted(set(range(1, 29)) - set(days))
    # open on eight of each day of the month: none at all is no chance. A market on Mondays meets
    # few of them in a year.
    if not missing or shop.orders["day"].nunique() < 8 * 31 or len(days) < 20 * 31:
        return None
    return Doubt(
        "days of the month missing",
        f"no order falls on day {', '.join(map(str, missing[:8]))} of any month, in "
        f"{shop.span:,} days.",
        "Rows with those dates were lost or read as other days. " + _DATES_MATTER,
        "Compare `date_format` with the file.",
    )


def _one_day(shop):
    """Everything, or half of it, on one day."""
    if len(shop.orders) < MIN_ORDERS:
        return None
    counts = shop.kept["day"].value_counts()
    day, share = counts.index[0], counts.iloc[0] / len(shop.kept)
    # a sale or a launch is a tenth of a year; three tenths of a quarter would be a wonder
    if shop.span > 1 and (share < 0.3 or shop.span < 90):
        return None
    return Doubt(
        "one day",
        f"{'all' if share == 1 else f'{share:.0%} of'} {len(shop.kept):,} purchases fall on "
        f"{day:%Y-%m-%d}.",
        "That may be the day of an export or of a move to a new system. " + _DATES_MATTER,
        "Map the column with the day of the order to transaction_date, under `columns`.",
        stops=bool(share >= 0.5),
    )


def _future(shop):
    return _another_time(shop, "date in the future", "dates in the future", "after today")


def _long_ago(shop):
    return _another_time(shop, "date before 1990", "dates before 1990", "before 1990")


def _another_time(shop, reason, name, when):
    rows = int((shop.rows["reason"] == reason).sum())
    share = rows / max(len(shop.rows), 1)
    if share < 0.01:
        return None
    return Doubt(
        name,
        f"{rows:,} rows ({share:.0%}) have a date {when}, and are left out.",
        "Then the dates that are not are probably wrong, too.",
        "Compare `date_format` with the file: order of day and month, two or four digits of the "
        "year, another calendar.",
        stops=share >= 0.05,
    )


def _worthless(shop):
    """Amounts of zero in a large part of the lines: another column's, such as the refunds?"""
    for name in ("total_amount", "unit_price"):
        rows = int((shop.rows["reason"] == f"{name} not above zero").sum())
        share = rows / max(len(shop.rows), 1)
        if share >= 0.2:
            theirs = _short(shop.called[name])
            return Doubt(
                "amounts of zero",
                f"{rows:,} rows ({share:.0%}) have no {theirs} above zero, and are left out.",
                f"What was given away is no purchase, but it is rarely so much: is {theirs} what "
                "was paid for the line?",
                f"If it is not: map another column to {name} under `columns`, or leave it out: "
                f"`ignore: [{name}]` under `cleaning`.",
                stops=share >= 0.5,
            )
    return None


# Customers

# Ids that stand for nobody, in the tills and shops we know.
_NOBODY = re.compile(
    r"^(0+|-1|9{4,}|n/?a|none|null|nan|unknown|guests?|anonym\w*|walk.?in|cash.*|pos|default|dummy"
    r"|laufkund\w*|gast|unbekannt|invit[eé]|anonyme|inconnu|invitado|an[oó]nimo|desconocido|ospite"
    r"|(no|kein|sans|sin).?(customer|kunde|client|cliente)|[-_.?]+)$"
)
_TEST = re.compile(r"^(test|testing|tester)([\W_\d].*)?$|.*[\W_]test([\W_\d].*)?$")


def _one_customer(shop):
    """Ids with many rows, which nobody else comes near, or that mean nobody: guests?"""
    counts = shop.kept["customer_id"].value_counts()
    if len(counts) < 50 or shop.looked_at(shop.called["customer_id"]):
        return None
    rows = len(shop.kept)
    many = counts.index[counts >= 0.02 * rows]
    nobody = many[many.str.lower().str.strip().str.match(_NOBODY)]
    who = nobody if len(nobody) else counts.index[:1]
    share, following = counts[who].sum() / rows, max(counts.drop(who), default=0)
    alone = counts[who].sum() >= 10 * following
    # the largest of a real shop's: 2 % (a reseller). A real customer does not come every day.
    own = shop.orders["customer_id"].isin(who)
    daily = own.sum() >= 0.4 * shop.orders["day"].nunique()
    if not len(nobody) and not (alone and share >= 0.1):
        return None
    have, they, one = f"customer {_short(who[0])} has", "it is no customer", "it is one"
    if len(who) > 1:
        names = [*map(_short, who[:12]), *[f"{len(who) - 12} more"] * (len(who) > 12)]
        have = f"customers {', '.join(names[:-1])} and {names[-1]} have"
        they, one = "they are no customers", "they are"
    return Doubt(
        "one customer",
        f"{have} {share:.0%} of the rows; the next one {following / rows:.1%}.",
        "An id under which all guests buy is no customer: its list is nobody's, and what strangers "
        "bought counts as bought together.",
        f"If {they}: {_drop(shop.called['customer_id'], who[:12])}. (With an empty list, [], you "
        f"say that {one}.)",
        stops=bool(share >= 0.1 and alone and (len(nobody) or (share >= 0.2 and daily))),
    )


def _test_customers(shop):
    ids = pd.Series(shop.kept["customer_id"].unique())
    tests = ids[ids.str.lower().str.match(_TEST)]
    # a shop for tests, or a brand called so
    if not len(tests) or len(tests) > 20 or shop.looked_at(shop.called["customer_id"]):
        return None
    return Doubt(
        "test customers",
        f"{_count(len(tests), 'customer')} may be {'a test' if len(tests) == 1 else 'tests'}: "
        f"{', '.join(map(_short, tests[:3]))}.",
        "Test orders say nothing about what customers want.",
        f"{_drop(shop.called['customer_id'], tests[:5])}.",
    )


# Ids are equal but for what one of these takes off, or all of them in this order.
_SPELLINGS = {
    "braces around": lambda ids: ids.str.strip("{}"),
    "blanks": lambda ids: ids.str.replace(" ", ""),
    "letters or digits of another script": lambda ids: ids.map(
        lambda each: each if each.isascii() else drawn_alike(each)
    ),
    "case": lambda ids: ids.str.lower(),
    "a .0 behind": lambda ids: ids.str.replace(r"^([0-9]+)[.,]0+$", r"\1", regex=True),
    "zeros in front": lambda ids: ids.str.replace(
        r"^([^\W\d_]*[-_ ]?)0+([1-9][0-9]*)$", r"\1\2", regex=True
    ),
}
# What is told: one customer in fifty. In codes such as aB, whose case counts, fewer are alike by
# chance; elsewhere so many customers are no chance.
_SHARE_OF_TWINS, _MANY_TWINS = 0.02, 20


def _two_spellings(shop):
    """Customers who differ from another only by what a program changed, or what nobody sees."""
    ids = pd.Series(shop.kept["customer_id"].unique(), dtype="str")
    if len(ids) < MIN_CUSTOMERS:
        return None
    ways = {how: fold(ids) for how, fold in _SPELLINGS.items()}
    twins = {how: folded.duplicated(keep=False) for how, folded in ways.items()}
    if twins["case"].mean() < _SHARE_OF_TWINS and ids.str.contains("[a-z][A-Z]").mean() > 0.5:
        del twins["case"]
    same, kinds = ids, []
    for how in twins:
        same = _SPELLINGS[how](same)
    for how in sorted(twins, key=lambda each: -twins[each].sum()):
        if (n := int(twins[how].sum())) > 1:
            one, other = ids[ways[how] == ways[how][twins[how]].iloc[0]].iloc[:2]
            kinds.append(f"{how} ({n:,}, such as {_short(one)} and {_short(other)})")
    n = int(same.duplicated(keep=False).sum())
    if n < min(_MANY_TWINS, _SHARE_OF_TWINS * len(ids)) or not n:
        return None
    mend = "Export the ids of all parts from one system, as text, so that each is written one way."
    if "case" in twins and twins["case"].any():
        others = f" For the rest: {mend[0].lower()}{mend[1:]}" if len(kinds) > 1 else ""
        mend = f"If those in another case are one: `merge_case: true` under `cleaning`.{others}"
    return Doubt(
        "customers written in two ways",
        f"{n:,} of the {len(ids):,} customers ({n / len(ids):.1%}) are equal to another but "
        f"for {'; '.join(kinds) or 'several things at once'}.",
        "If they are the same people, what each of them bought is cut in two, and recommended to "
        "them again.",
        mend,
    )


def _order_as_customer(shop):
    """An id that is new with every order."""
    if "transaction_id" in shop.kept:
        both = shop.kept.dropna(subset=["transaction_id"])
        same = (both["customer_id"] == both["transaction_id"]).mean() if len(both) else 0
        if same > 0.5:
            return _no_customer(shop, f"in {same:.0%} of the rows the customer is the order number")
    days = shop.orders["customer_id"].value_counts()
    # 199 of 200: where people buy once in a life, a few in a hundred come back all the same
    once = (days == 1).mean() if len(days) else 0
    if len(days) < MIN_CUSTOMERS or shop.span < 60 or once < 0.995:
        return None
    who = "every customer" if once == 1 else f"{once:.1%} of the customers"
    return _no_customer(shop, f"{who} bought on one day only, in {shop.span:,} days")


def _no_customer(shop, seen):
    return Doubt(
        "a customer for every order",
        f"{seen}: is {_short(shop.called['customer_id'])} the order number?",
        "Nobody comes back, so nothing can be said about what somebody buys next. Shops give "
        "guests a new id with every order.",
        "Map the column that stays the same for a person (an account, an e-mail address) to "
        "customer_id, under `columns`.",
        stops=True,
    )


def _customer_is_a_branch(shop):
    """Customers who buy on most days: a shop, a till, a country?"""
    days = shop.orders["customer_id"].value_counts()
    if shop.span < 60 or len(days) < 3 or days.median() < 0.5 * shop.span:
        return None
    return Doubt(
        "customers who come every day",
        f"half of the {len(days):,} customers bought on {days.median():,.0f} days or more, of "
        f"{shop.span:,}.",
        "That may be a branch, a till or a country in the place of the customer.",
        "Map the column that tells people apart to customer_id, under `columns`.",
    )


def _lines_without_customer(shop):
    """An order's first line has the customer, the others don't."""
    rows = shop.rows
    has_customer = rows["customer_id"].notna()
    lost = ~has_customer & rows["product_id"].notna()
    if lost.sum() / max(len(rows), 1) < 0.005:  # as in most files
        return None
    order = rows.get("transaction_id", pd.Series(None, rows.index, dtype="str"))
    # numbers that begin anew every year, or in every branch, come with another date
    day = rows["transaction_date"].dt.normalize()
    known = has_customer.groupby([order, day], dropna=False).transform("any")
    known |= day.isna() & has_customer.groupby(order, dropna=False).transform("any")
    numbered = lost & order.notna() & known
    # without an order number: neither customer nor date, as below a merged cell
    merged = lost & order.isna() & rows["transaction_date"].isna()
    merged &= rows["reason"] != "unreadable date"
    count = int((numbered | merged).sum())
    share = count / max(len(rows), 1)
    if (found := rows["customer_id"].dropna()).is_unique and count < 0.5 * lost.sum():
        return _outline(len(found), int(lost.sum()), len(rows))
    if share < 0.005:
        return None
    how = "have no date either, as if the line above held for them"
    mend = "`fill_down: [customer_id, transaction_date]` under `cleaning`"
    if numbered.any():
        how = "belong to an order of which another line has one"
    else:
        mend += ", once every line has its order number (mapped to transaction_id in `columns`)"
    names = [shop.called[name] for name in ("customer_id", "transaction_date")]
    return Doubt(
        "lines without a customer",
        f"{count:,} rows ({share:.0%}) have no customer, but {how}.",
        f"Only the first line of an order seems to have {' and '.join(map(_short, names))}; what "
        "the others hold is lost, and may be recommended to those who bought it.",
        f"{mend}.",
        stops=share >= 0.05,
    )


def _outline(customers, lost, rows):
    """A report with groups: whose rows they are stands above them, or in the first one."""
    if customers < 5 or lost < 0.2 * rows:
        return None
    return Doubt(
        "a report with groups",
        f"{lost:,} of {rows:,} rows have no customer, and each of {customers:,} customers stands "
        "in one row only.",
        "The file seems to be a report that names a customer once, and the rows below belong to "
        "it: they are lost.",
        "Export the plain list of lines, or repeat the customer in every row (in a pivot table of "
        "Excel: Design, Report Layout, Repeat All Item Labels).",
        stops=True,
    )


def _lines_without_date(shop):
    """A day that is written once, above its rows or in the first one."""
    rows = shop.rows
    lost = rows["reason"] == "no date"
    share = lost.sum() / max(len(rows), 1)
    if share < 0.05:
        return None
    mend = "If a date holds for the rows below it, repeat it in every row where you export."
    if "transaction_id" in rows:
        order = rows["transaction_id"]
        if order[lost].isin(order[rows["transaction_date"].notna()]).mean() > 0.5:
            mend = "`fill_down: [transaction_date]` under `cleaning`: their orders have one."
    return Doubt(
        "rows without a date",
        f"{lost.sum():,} rows ({share:.0%}) have a customer and a product, but no date.",
        "They are left out: what these customers have already may be recommended to them.",
        mend,
        stops=True,
    )


# What people did before they bought, as logs of events call it: for certain, or beside such a one.
_EVENTS = """
    pageview viewpage viewitem viewitemlist selectitem itemview itemviewed productview productviewed
    viewedproduct viewproduct productdetail viewcontent addtocart addedtocart productadded cartadd
    addtobasket addtobag removefromcart removedfromcart viewcart begincheckout startedcheckout
    checkoutstarted addtowishlist sessionstart screenview productclick productclicked
"""
_PERHAPS_EVENTS = {"view", "views", "click", "search", "cart", "detail", "visit", "impression"}
_EVENTS = set(_EVENTS.split())


def _event_log(shop):
    """A log of everything that happened, whose views would count as purchases."""
    if shop.labels.empty:
        return None
    kept = shop.labels.reindex(pd.MultiIndex.from_frame(shop.kept[["file_no", "row_no"]]))
    for column in kept:
        counts = kept[column].str.strip().value_counts()
        if shop.looked_at(column) or len(counts) > 50 or not any(map(_is_event, counts.index)):
            continue
        events = [each for each in counts.index if _is_event(each, _EVENTS | _PERHAPS_EVENTS)]
        n = counts[events].sum()
        if n < 0.02 * len(kept):
            continue
        said = ", ".join(f"{_short(value)} {rows:,}" for value, rows in counts.head(6).items())
        return Doubt(
            "a log of events",
            f"the column {_short(column)} is not used, and says of rows that count as purchases: "
            f"{said} (of {len(kept):,}).",
            "Who looked at a product has not bought it: views and carts count as purchases now.",
            f"{_drop(column, events)}, and the same file as `events_path`, if you like.",
            stops=True,
        )
    return None


def _is_event(value, words=_EVENTS):
    return re.sub(r"[\W_]+", "", str(value).casefold()) in words


# Products


# A list or a record of JSON, Python, PostgreSQL or XML.
_PACKED = r"""(?s)^\[.*["',].*\]$|^\{.*["',].*\}$|^<.*[/"'].*>$"""


def several_in_a_cell(ids: pd.Series) -> tuple[float, str]:
    """How many of some products' ids are lists of products, and one of these lists.

    Parameters
    ----------
    ids : Series of str

    Returns
    -------
    share : float
        Of the rows; 0 if it is less than a twentieth.
    example : str
    """
    ids = ids.dropna()
    cells = pd.Series(ids.unique(), dtype="str")
    for lists in (cells[cells.str.contains(_PACKED)], _listed(cells, "[;|,]", 0.5, 0),
                  _listed(cells, r"[/+&\s]", 0.9, 0.5)):  # fmt: skip
        share = ids.isin(set(lists)).mean() if len(lists) else 0.0
        if share >= 0.05:
            return share, next((each for each in lists if "," in each), lists.iloc[0])
    return 0.0, ""


def _listed(cells, marks, known, least):
    """The cells that marks separate into ids that stand elsewhere; none if too few parts do.

    The parts of one id, such as shirt|red|M, are no products elsewhere. Nor have they a number
    that varies, and one part now here, now there: so are lists where no product stands alone.
    """
    parts = cells.str.strip().str.split(rf"\s*{marks}\s*", regex=True).explode()
    parts = parts[parts.str.len() > 0]
    length = parts.groupby(level=0).size()
    length = length[length > 1]
    if len(length) <= least * len(cells):
        return cells[:0]
    parts = parts[parts.index.isin(length.index)]
    elsewhere = parts.isin(set(cells))
    if length.nunique() > 1 and not least:
        elsewhere |= parts.groupby(level=0).cumcount().groupby(parts.array).transform("nunique") > 1
    return cells[length.index] if elsewhere.mean() >= known else cells[:0]


def _several_in_a_cell(shop):
    """Orders with all their products in one cell: A12; B7, or ["A12", "B7"]."""
    share, example = several_in_a_cell(shop.kept["product_id"])
    if not share:
        return None
    return Doubt(
        "several products in one cell",
        f"{share:.0%} of the rows have several products in one cell, such as {_short(example)}.",
        "Each such list counts as one product, which nobody can buy and which is like no other.",
        "Export the lines of the orders, with one product in each row.",
        stops=True,
    )


# What begins or ends with a word for a total: "Grand total", "Total C17", "Shop 1 total:".
_WORDS = "|".join(sorted({re.escape(word.rstrip(":")) for word in TOTALS}, key=len, reverse=True))
_SAYS_TOTAL = re.compile(rf"({_WORDS})(?=[\s:]|$)|.*\s({_WORDS}):?$", re.DOTALL)


def says_total(column: pd.Series) -> pd.Series:
    """The word for a total that a column's values begin or end with; missing where they don't."""
    known = {value: said[1] or said[2] for value in column.dropna().unique()
             if (said := _SAYS_TOTAL.match(value.strip().casefold()))}  # fmt: skip
    return column.map(known).astype("str")


def totals_in(columns: list[pd.Series], amounts: list[pd.Series]) -> list[pd.Series]:
    """The rows that are totals of others: by a word, and nearly all of those by their amount, too.

    Parameters
    ----------
    columns : list of Series of str
        In the order of the file.
    amounts : list of Series of float
        The first that the rows of a column have is looked at.

    Returns
    -------
    list of Series of bool
        For each column: the amount of each row is the sum of the others before it or behind it, as
        far as the next total by that word; or of all others. A name such as Total Quartz is none.
    """
    said = [says_total(column) for column in columns]
    is_other = pd.concat(said, axis=1).isna().all(axis=1)
    return [_sums_of(words, is_other, amounts) for words in said]


def _sums_of(words, is_other, amounts):
    is_total = words.notna()
    amount = next((each for each in amounts if each[is_total].notna().mean() >= 0.9), None)
    fits = pd.Series(False, words.index)
    if amount is None:
        return fits
    running = amount.where(is_other).fillna(0).cumsum()
    for _, above in running[is_total].groupby(words[is_total]):
        last = above * 0 + running.iloc[-1]
        for sums in (above.diff().fillna(above), above.shift(-1).fillna(last) - above, last):
            fits[above.index] |= np.isclose(amount[above.index], sums, 1e-6, 0.011) & (sums != 0)
    return is_total & (fits[is_total].mean() >= 0.9)


def _totals_among_purchases(shop):
    """Subtotals of customers or orders, each with a customer, a product and a date."""
    rows = shop.rows
    amounts = [rows[each] for each in ("total_amount", "quantity", "unit_price")
               if each in shop.called]  # fmt: skip
    counted = rows["reason"].isna() | (rows["reason"] == "no date")
    names = [each for each in ("customer_id", "product_id", "product_name") if each in shop.called]
    for name, total in zip(names, totals_in([rows[each] for each in names], amounts), strict=True):
        column = shop.called[name]
        if shop.looked_at(name) or shop.looked_at(column):
            continue
        values = rows.loc[total & counted, name]
        if len(values):
            return Doubt(
                "totals among purchases",
                f"{_short(column)} has a word for a total in {_count(len(values), 'row')}, such as "
                f"{_short(values.iloc[0])}: each is the sum of other rows by its amount.",
                "A total counts as one more purchase, and doubles what its rows are worth.",
                _drop(column, sorted(set(values))) + "."
                if values.nunique() <= 12
                else "Export without totals and subtotals.",
                stops=True,
            )
    return None


def _product_of_everybody(shop):
    """A product that (nearly) everybody has, and no other comes near: a bag, postage, a deposit."""
    if shop.n_customers < MIN_CUSTOMERS or shop.buyers["product_id"].nunique() < 5:
        return None
    of_customers = shop.buyers["product_id"].value_counts() / shop.n_customers
    lines = shop.kept["product_id"].value_counts()
    if lines.iloc[0] < 0.6 * len(shop.orders) and of_customers.iloc[0] < 0.8:
        return None
    baskets = shop.kept.drop_duplicates(["customer_id", "day", "product_id"])
    of_orders = baskets["product_id"].value_counts() / len(shop.orders)
    # groceries: nine in ten buy milk, and bread, and bananas. A bag stands alone.
    if of_orders.iloc[0] >= max(0.6, 3 * of_orders.iloc[1]):
        shares, what = of_orders, "orders have"
    elif of_customers.iloc[0] >= max(0.8, 2 * of_customers.iloc[1]):
        shares, what = of_customers, "customers bought"
    else:
        return None
    product, name = shares.index[0], ""
    if "product_name" in shop.kept:
        names = shop.kept.loc[shop.kept["product_id"] == product, "product_name"].dropna()
        name = f" ({_short(names.iloc[0])})" if len(names) else ""
    return Doubt(
        "a product of everybody",
        f"{shares.iloc[0]:.0%} of the {what} {_short(product)}{name}; the next product has "
        f"{shares.iloc[1]:.0%}.",
        "Postage, a bag or a deposit says nothing about tastes, and would be recommended to "
        "everybody else.",
        f"If it is no product: `non_products: {_list([product])}` under `cleaning`.",
    )


def _unique_products(shop):
    """Products that were bought once: the number of an order or its line, or of a single piece."""
    buyers = shop.buyers["product_id"].value_counts()
    if len(buyers) < 500 or (buyers == 1).mean() < 0.95:
        return None
    # parts that are made for one customer are bought again
    if (shop.kept.groupby("product_id")["day"].nunique() == 1).mean() < 0.95:
        return None
    return Doubt(
        "a product for every row",
        f"{(buyers == 1).mean():.0%} of the {len(buyers):,} products were bought by one customer "
        f"only: is {_short(shop.called['product_id'])} the number of an order or its line?",
        "Nobody can say what goes together.",
        "Map the column that names the product, a model or a kind of product, to product_id, under "
        "`columns`.",
        stops=True,
    )


_ENCODINGS = ("cp1252", "latin-1", "cp1250", "cp1251", "cp850", "mac_roman")


def _is_garbled(text):
    """Is this UTF-8 that was read as something else? Real words do not turn into UTF-8 so."""
    if "\ufffd" in text:
        return True
    if text.isascii():
        return False
    for encoding in _ENCODINGS:
        try:
            back = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if len(back) < len(text):
            return True
    return False


def _garbled_names(shop):
    columns = ("product_name", "product_category", "customer_id", "product_id")
    broken, marks, example, key = 0, 0, "", False
    for column in columns:
        if column not in shop.kept:
            continue
        counts = shop.kept[column].value_counts()
        texts = pd.Series(counts.index, dtype="str")
        odd = texts[~texts.map(str.isascii)]
        garbled = odd[odd.map(_is_garbled)]
        if len(garbled):
            example = example or garbled.iloc[0]
            broken = max(broken, int(counts[garbled].sum()))
            key |= column.endswith("_id")
        asked = texts[texts.str.contains(r"[^\W\d_]\?[^\W\d_]", regex=True)]
        # Cyrillic or Chinese read as a western code page: no word has so many accents in a row
        foreign = odd[odd.str.contains("[À-ÖØ-öø-ÿ]{4}", regex=True)]
        if len(foreign) >= max(3, 0.005 * len(texts)):
            example = example or foreign.iloc[0]
            broken = max(broken, int(counts[foreign].sum()))
        if not column.endswith("_id") and len(asked) >= max(3, 0.005 * len(texts)):
            example = example or asked.iloc[0]
            marks = max(marks, int(counts[asked].sum()))
    if not broken and not marks:
        return None
    share = max(broken, marks) / len(shop.kept)
    return Doubt(
        "garbled letters",
        f"{max(broken, marks):,} rows ({share:.1%}) have letters that were lost or garbled, such "
        f"as {_short(example)}.",
        "Customers would see such names; ids that differ by a letter may have become one.",
        'Set `encoding` under `cleaning` to that of the export (such as "utf-8" or "cp1252"), '
        "or export again as UTF-8 if the letters are wrong in the file itself.",
        # lost letters are stored as a question mark in some shops' own systems: only a remark
        stops=bool(broken) and (share >= 0.02 or key),
    )


def _jumping_prices(shop):
    """One product at 4.50 and at 450: the decimal mark was lost in a part of the file."""
    needed = [name for name in ("unit_price", "quantity", "total_amount") if name in shop.kept]
    if "unit_price" not in needed:
        return None
    price = shop.kept["unit_price"].where(lambda values: values > 0)
    by_product = price.groupby(shop.kept["product_id"])
    low, high, rows = by_product.min(), by_product.max(), by_product.count()
    enough = rows >= 4
    jump = high / low
    # a discount or a larger pack is a factor of ten at most; what jumps is fifty times as much
    jumps = enough & (jump >= 50)
    # ... in one product of fifty: single odd prices (samples, corrections) are in every shop
    if jumps.sum() < 5 or jumps.sum() < 0.02 * enough.sum():
        return None
    product = rows[jumps].index[0]
    return Doubt(
        "prices that jump",
        f"{jumps.sum():,} of {enough.sum():,} products cost fifty times as much in one row as in "
        f"another, such as {_short(product)}: {low[product]:,.2f} and {high[product]:,.2f}.",
        "A decimal mark was lost or misread in a part of the file: amounts, offers and what counts "
        "as valuable are wrong.",
        'Set `decimal` under `cleaning` to "," or ".", by column if they differ, or leave the '
        "prices out: `ignore: [unit_price]`.",
    )


_MONEY = ("unit_price", "total_amount")


def _currencies(shop):
    """Amounts in euros and in dollars, added up as if they were one."""
    amounts = [name for name in _MONEY if name in shop.kept]
    matters = (
        "Lists need no money, but prices and amounts are added up and compared as if they were of "
        "one currency."
    )
    leave_out = f"leave the amounts out: `ignore: [{', '.join(amounts)}]`"
    for name in amounts:
        if said := shop.findings.get(f"several currencies in {name}"):
            return Doubt(
                "several currencies",
                f"column {shop.called[name]} has amounts in several currencies: {said}.",
                matters,
                f"Convert them to one currency where you export, or {leave_out}, under `cleaning`.",
            )
    if not amounts or shop.labels.empty:
        return None
    kept = shop.labels.reindex(pd.MultiIndex.from_frame(shop.kept[["file_no", "row_no"]]))
    for column in kept:
        counts = kept[column].str.strip().value_counts()
        if shop.looked_at(column) or not all(map(is_currency, counts.index)):
            continue
        if are_several(counts.index):
            said = ", ".join(f"{_short(value)} {n:,}" for value, n in counts.head(5).items())
            return Doubt(
                "several currencies",
                f"column {_short(column)} names several currencies: {said} (of {len(shop.kept):,} "
                "rows).",
                matters,
                f"If the amounts are in these, convert them to one where you export, or "
                f"{leave_out}, under `cleaning`. If they are all in one, say so: "
                f"{_drop(column, [])}.",
            )
    return None


# 4.0123E+12, as a spreadsheet shows a long number
_ROUNDED = r"[0-9](?:[.,][0-9]+)?[eE][+][0-9]{1,3}"


def _rounded_ids(shop):
    """Long numbers that a spreadsheet has rounded: several ids became one."""
    for name, what in (("customer_id", "customer"), ("product_id", "product")):
        ids = pd.Series(shop.kept[name].unique(), dtype="str")
        rounded = shop.kept[name].isin(set(ids[ids.str.fullmatch(_ROUNDED)]))
        decided = shop.looked_at(name) or shop.looked_at(shop.called[name])
        if decided or not rounded.any() or rounded.mean() < 0.01:
            continue
        example = shop.kept.loc[rounded, name].iloc[0]
        return Doubt(
            "rounded ids",
            f"{rounded.sum():,} rows ({rounded.mean():.0%}) have a {what} id such as "
            f"{_short(example)}.",
            f"A spreadsheet has rounded long numbers, so that several {what}s may have become one, "
            "and no list finds its way back to the shop.",
            "Export the file anew, and read it without opening and saving it in a spreadsheet; or "
            "make the column a text there. (If the ids are so, say it: "
            f"{_drop(shop.called[name], [])}.)",
            stops=bool(rounded.mean() >= 0.05),
        )
    return None


def _mixed_zones(shop):
    """Times of several zones: the same hour is another day, by where the program stood."""
    if MIXED_ZONES not in shop.findings:
        return None
    return Doubt(
        MIXED_ZONES,
        f"the times are of several zones: {shop.findings[MIXED_ZONES]}.",
        "Each row has the day of its own zone: what was bought at one time may stand on two days, "
        "and in the wrong order.",
        'Name the shop\'s zone, and all are brought to it: `time_zone: "Europe/Berlin"`, for '
        "example.",
    )


def _unclear_zones(shop):
    """Names of zones that several countries have, brought to the shop's own zone."""
    if UNCLEAR_ZONES not in shop.findings or "brought to" not in shop.findings["times with a zone"]:
        return None
    return Doubt(
        UNCLEAR_ZONES,
        f"names of zones mean several things: {shop.findings[UNCLEAR_ZONES]}.",
        "With the wrong one, what was bought in the evening stands on another day.",
        "Export the times with their offset from UTC, such as -06:00, in place of the name.",
    )


def grows_with_quantity(price: pd.Series, quantity: pd.Series, product: pd.Series) -> bool:
    """Whether a price is of the whole line: two pieces cost twice as much as one, and so on.

    Parameters
    ----------
    price, quantity : Series of float
    product : Series of str

    Returns
    -------
    bool
        By the products that were bought singly and several at a time.
    """
    table = pd.DataFrame({"price": price, "quantity": quantity, "product": product})
    table = table[(table["price"] > 0) & (table["quantity"] >= 1)].dropna()
    single = table[table["quantity"] == 1].groupby("product")["price"].median().rename("single")
    several = table[table["quantity"] > 1].join(single, on="product").dropna()
    if several["product"].nunique() < 5 or len(several) < 20:
        return False
    times = several["price"] / several["single"]
    # reductions for several stay far from the price of one
    return bool((times / several["quantity"]).between(0.95, 1.05).mean() > 0.8)


def _price_of_line(shop):
    """The price of a line in the place of the price of a piece."""
    kept = shop.kept
    if "unit_price" not in kept or "quantity" not in kept:
        return None
    if not grows_with_quantity(kept["unit_price"], kept["quantity"], kept["product_id"]):
        return None
    theirs = shop.called["unit_price"]
    instead = "total_amount" not in kept
    return Doubt(
        "a price of the line",
        f"column {_short(theirs)} grows with the quantity: two pieces cost twice as much as one.",
        "It is the amount of the whole line, and would be counted once more for every piece.",
        f"Map {_short(theirs)} to total_amount in place of unit_price, under `columns`."
        if instead
        else "Leave it out: `ignore: [unit_price]` under `cleaning`.",
    )


def _quantities_of_one(shop):
    if "quantity" not in shop.kept or len(shop.kept) < 1_000:
        return None
    if not (shop.kept["quantity"] == 1).all():
        return None
    repeated = 0
    if "transaction_id" in shop.kept:
        known = shop.kept.dropna(subset=["transaction_id"])
        repeated = known.duplicated(["transaction_id", "product_id"]).sum()
    # usual where people buy pieces; two lines of one product in an order say that units are lines
    if repeated:
        return None
    return Doubt(
        "quantities of one",
        f"all {len(shop.kept):,} quantities are 1, and no order has a product twice.",
        "That is usual for furniture or fashion; elsewhere the units were lost, and with them "
        "which purchases were returned in part.",
        "If there is another column with the units, map it to quantity, under `columns`.",
    )


# Files


# What a spreadsheet holds, without the header: old and new.
_SHEETS = (65_535, 1_048_575)
_ROUND = {step * size for size in (10_000, 100_000, 1_000_000) for step in (1, 2, 5)}


def _capped(shop):
    """Exactly as many rows as a spreadsheet or an export allows."""
    rows = shop.rows["file_no"].value_counts()
    for count in rows:
        sheet = count in _SHEETS
        if sheet or count in _ROUND:
            why = "all that a spreadsheet holds" if sheet else "a round number"
            return Doubt(
                "a cut-off file",
                f"a file has exactly {count:,} rows: {why}.",
                "Exports stop at such limits without a word; what comes after is missing.",
                "Export in parts (by month, for example) and name them all in `transactions_path`.",
                stops=sheet,
            )
    return None


# Before the number of a document by which something comes back: words, and what may be one.
_CREDIT_NOTE = """
    rma return refund credit creditnote cancel void gutschrift storno retoure avoir devolucion reso
"""
_PERHAPS_ONE = """
    ret retn rtn rfd ref cn crn cnote cr can rev gs gut st rk rt av dev nc ncr kn zwr
"""
_CREDIT_NOTE, _PERHAPS_ONE = set(_CREDIT_NOTE.split()), set(_PERHAPS_ONE.split())


def _credit_notes(shop):
    """Documents whose number says that something came back, and whose lines count as purchases."""
    if "transaction_id" not in shop.kept:
        return None
    row, once = pd.factorize(shop.kept["transaction_id"])  # many lines have the same number
    number = pd.Series(once).str.extract(r"^(([A-Za-z]{2,12})(?:[-_/ ]|(?=\d)))").reindex(row)
    begins = number[1].str.lower()
    for prefix, rows in (
        number.loc[begins.isin(_CREDIT_NOTE | _PERHAPS_ONE), 0].value_counts().items()
    ):
        marked = (number[0] == prefix).to_numpy()
        word = begins[marked].iloc[0] in _CREDIT_NOTE
        beside = _share_with_another(marked, shop.kept, ["customer_id", "product_id"], marked)
        if (word and beside > 0.9) or takes_back(marked, shop.kept):
            return Doubt(
                "credit notes",
                f"{rows:,} rows that count as purchases have a transaction_id that begins with "
                f"{prefix}, and nearly all of them have another line of the same customer and "
                "product.",
                "What came back says nothing about what customers want.",
                f"If they are returns: `cancellation_prefix: {json.dumps(prefix)}` under "
                "`cleaning`.",
                stops=bool(rows >= 0.05 * len(shop.kept)),
            )
    return None


# Words for an order that came to nothing: in a status whatever is beside them, or alone.
_UNDONE = """
    cancelled canceled refunded returned voided failed declined rejected expired abandoned
    chargeback fraud lost undelivered reversed disputed deleted trashed
    gelöscht supprimé supprimée eliminado eliminada eliminato eliminata verwijderd usunięte
    zahlungsfehler creditmemo creditnote kreditnota creditnota
    storniert abgebrochen erstattet retourniert zurückgegeben zurückgeschickt fehlgeschlagen
    abgelehnt annulliert
    annulé annulée annule annulee remboursé remboursée retourné retournée échoué échouée refusé
    refusée expiré
    cancelado cancelada reembolsado reembolsada devuelto devuelta fallido fallida rechazado
    rechazada anulado anulada estornado devolvido falhou recusado
    annullato annullata rimborsato rimborsata restituito fallito rifiutato
    geannuleerd terugbetaald geretourneerd mislukt geweigerd
    anulowane anulowany zwrócone zwrócony odrzucone stornováno zrušeno vráceno
    avbruten återbetald makulerad annulleret refunderet peruttu palautettu
    отменен отменён отменена возвращен возврат iptal iade
    キャンセル 返品 返金 取消 已取消 退款 已退款 취소 환불
"""
_ALONE = """
    cancel cancellation refund return void storno stornierung retoure rückgabe gutschrift
    remboursement annulation devolución reembolso anulación rimborso annullamento reso retour
    zwrot rejection ablehnung absage rejet abgru test
"""
# Two words that say it together: payment error, credit memo; in whatever order.
_TOGETHER = [
    ("payment paiement pago pagamento betaling", "error erreur errore erro fout problem"),
    ("credit crédit crédito credito", "memo note nota"),
]
_TOGETHER = [tuple(set(words.split()) for words in pair) for pair in _TOGETHER]
# What may stand beside one of these in the name of a column: is_return, refund_date.
_BESIDE = """
    is ist es was flag kennzeichen kz indicator ind yn status reason grund code id date datum day at
    am on time zeit ts amount betrag value qty quantity menge anzahl units order line item type
"""
# Not yet paid: named as well, but something may come of them.
_OPEN = "pending unpaid onhold offen ausstehend impayé pendiente pendente draft"
_NOT = "not no non never nicht kein keine pas sans sin ohne un partial partially teilweise partiel"
# Beside one of these, "test" is a group of an experiment.
_GROUPS = {"control", "kontrolle", "holdout", "treatment", "variant"}
_UNDONE, _ALONE, _BESIDE, _OPEN, _NOT = (
    set(words.split()) for words in (_UNDONE, _ALONE, _BESIDE, _OPEN, _NOT)
)
_NO_VALUES = {"", "0", "false", "no", "n", "nein", "non", "f", "null", "none", "nan", "nat", "-"}
_YES_VALUES = {"1", "true", "yes", "y", "ja", "oui", "si", "sí", "x", "t", "j"}


def labels(tables: list[pa.Table], header: list[str]) -> pd.DataFrame:
    """Of the export's unused columns, those that may say that an order came to nothing, that there
    was none, or in which currency it was.

    Parameters
    ----------
    tables : list of pa.Table
        From :meth:`helpers.reading.export.Export.tables`; columns we do not use are called
        ``other: ...``.
    header : list of str
        The columns as the files call them.

    Returns
    -------
    DataFrame
        Text, by ``file_no`` and ``row_no``: the columns with few values of which one is a word for
        it ("cancelled") or for an event ("view_item"), those whose name is ("cancelled_at"), and
        those of several currencies' codes. Most exports have none.
    """
    parts, called = [], {_plain(name): name for name in header}
    for table in tables:
        chosen = {}
        for name in table.column_names:
            if not name.startswith("other: "):
                continue
            theirs = called.get(name[7:], name[7:])
            values = _as_labels(table[name], _is_named_undone(theirs))
            if values is not None:
                chosen[theirs] = values.to_pandas()
        if chosen:
            index = [table["_file"].to_pandas(), table["_row"].to_pandas()]
            parts.append(pd.DataFrame(chosen).set_index(index))
    return pd.concat(parts) if parts else pd.DataFrame()


def _as_labels(values, named):
    """A column as text, if it may be a status."""
    kind = values.type
    if pa.types.is_nested(kind) or not (named or pa.types.is_string(kind)
                                        or pa.types.is_large_string(kind)
                                        or pa.types.is_dictionary(kind)):  # fmt: skip
        return None
    text = values.cast(pa.string())
    if named:
        return text
    # a look at the first rows spares most columns the count
    if pc.count_distinct(text.slice(0, 1_000)).as_py() > 50:
        return None
    unique = pc.unique(text)
    values = [each for each in unique.to_pylist() if each and each.strip()]
    if len(unique) > 50 or not values:
        return None
    if any(map(state_of, values)) or any(map(_is_event, values)):
        return text
    return text if len(values) > 1 and all(map(is_currency, values)) else None


def _words(text):
    return re.findall(r"[^\W\d_]+", str(text or "").lower().replace("-hold", "hold"))


def _is_undone(words):
    words = set(words)
    said = _UNDONE & words or any(one & words and other & words for one, other in _TOGETHER)
    return bool(said) and not _NOT & words


def _is_named_undone(column):
    """Whether a column is called after what came to nothing: cancelled_at, isReturn, RefundQty."""
    words = set(_words(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(column))))
    if words in ({"is", "test"}, {"test", "order"}, {"is", "test", "order"}):
        return True
    return _is_undone(words) or (
        bool(words & (_ALONE - {"test"})) and words <= _ALONE - {"test"} | _BESIDE
    )


def state_of(value) -> str:
    """What a value of a column says of an order: "undone", "open", or nothing.

    Parameters
    ----------
    value : str
    """
    words = _words(value)
    if not words or len(words) > 6 or _NOT & set(words):
        return ""
    ends = _ALONE | {"order", "payment", "completed", "complete"}
    alone = len(words) <= 2 and words[0] in _ALONE and words[-1] in ends
    alone |= len(words) == 2 and words[0] in {"order", "payment"} and words[1] in _ALONE - {"test"}
    if _is_undone(words) or alone:
        return "undone"
    return "open" if len(words) <= 3 and _OPEN & set(words) else ""


def states_of(values) -> pd.Series:
    """What the values of one column say of orders, each one.

    Parameters
    ----------
    values : iterable of str

    Returns
    -------
    Series of str
        By the values; see :func:`state_of`. Beside a control group, "test" is the other group.
    """
    states = pd.Series({value: state_of(value) for value in values}, dtype="str")
    if any(_GROUPS & set(_words(value)) for value in states.index):
        states = states.mask(states.index.str.strip().str.lower() == "test", "")
    return states


def flagged(name: str, values) -> list[str]:
    """The values by which a column that is named after it says that an order came to nothing.

    Parameters
    ----------
    name : str
        Of the column, such as ``is_cancelled``.
    values : iterable of str

    Returns
    -------
    list of str
        None if it is called something else, or says more than yes and no.
    """
    values = list(values)
    if not _is_named_undone(name) or not {v.lower() for v in values} <= _YES_VALUES | _NO_VALUES:
        return []
    return [value for value in values if _says_yes(value)]


def is_of_whom(undone: np.ndarray, rows: pd.DataFrame, who=("customer_id", "product_id"),
               day: str = "day") -> bool:  # fmt: skip
    """Does a column speak of a person or a product ("Lost", "expired"), and not of an order?

    Parameters
    ----------
    undone : ndarray of bool
        Rows whose value is a word for an order that came to nothing.
    rows : DataFrame
    who : tuple of str
        Columns of `rows` with ids.
    day : str
        Column of `rows`. Only who comes on several days can tell.

    Returns
    -------
    bool
        True if nearly all who have such a value once have it every time.
    """
    for name in who:
        of_each = pd.DataFrame({"undone": undone, "day": rows[day].to_numpy()}).groupby(
            rows[name].to_numpy()
        )
        seen = of_each.agg(undone=("undone", "mean"), days=("day", "nunique"))
        seen = seen[(seen["undone"] > 0) & (seen["days"] > 1)]
        if len(seen) >= 5 and (seen["undone"] == 1).mean() > 0.9:
            return True
    return False


def takes_back(
    undone: np.ndarray, rows: pd.DataFrame, who=("customer_id", "product_id"), order=None
) -> bool:
    """Are rows of returns lines of their own, beside the lines of what they take back?

    Parameters
    ----------
    undone : ndarray of bool
        Rows whose value is a word for what came to nothing.
    rows : DataFrame
    who : tuple of str
        Columns of `rows`: customer and product.
    order : str, optional
        Its column of transactions.

    Returns
    -------
    bool
        True if nearly all of these rows have a line of the same customer and product (in the same
        transaction) that is none of them, and most other lines are the only one of theirs.
    """
    return any(
        _share_with_another(undone, rows, by, undone) > 0.9
        and _share_with_another(undone, rows, by, ~undone) < 0.5
        for by in ([*who], *([[*who, order]] if order in rows else []))
    )


def stand_beside(undone: np.ndarray, rows: pd.DataFrame, who) -> bool:
    """Whether nearly all of these rows have a line of the same customer and product beside them.

    They may be returns, as in :func:`takes_back`; where people buy the same thing often, nobody can
    tell.
    """
    return _share_with_another(undone, rows, [*who], undone) > 0.9


def _share_with_another(undone, rows, by, of):
    """Of some rows, how many have another one of the same key that came to something."""
    if not of.any():
        return 0.0
    key = rows.groupby(by, sort=False, dropna=False).ngroup().to_numpy()
    bought = np.bincount(key[~undone], minlength=key.max() + 1)
    return float((bought[key] - ~undone > 0)[of].mean())


def _undone_orders(shop):
    """A status column that nobody looked at: cancelled orders count as purchases."""
    if shop.labels.empty and "payment_method" not in shop.kept:
        return None
    kept = pd.DataFrame(index=shop.kept.index)
    if len(shop.labels):
        kept = shop.labels.reindex(pd.MultiIndex.from_frame(shop.kept[["file_no", "row_no"]]))
    if "payment_method" in shop.kept:
        kept[shop.called["payment_method"]] = shop.kept["payment_method"].to_numpy()
    for column in kept:
        if shop.looked_at(column) or kept[column].isna().all():
            continue
        counts = kept[column].str.strip().value_counts()
        states = states_of(counts.index)
        undone = kept[column].str.strip().isin(states.index[states == "undone"]).to_numpy()
        if undone.any() and is_of_whom(undone, shop.kept):
            continue
        if undone.any() and len(counts) <= 50:
            named, undone_values = counts[states != ""], counts[states == "undone"]
            back = takes_back(undone, shop.kept, order="transaction_id")
            doubt = _undone(shop, column, named, undone_values, back)
        elif _is_named_undone(column):
            said = kept[column].str.strip().map(_says_yes, na_action="ignore").eq(True).to_numpy()
            back = takes_back(said, shop.kept, order="transaction_id")
            of_whom = is_of_whom(said, shop.kept)
            doubt = None if of_whom else _undone_flag(shop, column, counts, back)
        else:
            continue
        if doubt:
            return doubt
    return None


def _undone(shop, column, named, undone, back):
    share = undone.sum() / len(shop.kept)
    some = ", ".join(f"{_short(value)} {rows:,}" for value, rows in named.head(6).items())
    return Doubt(
        "a status",
        f"the column {_short(column)} is not used, and says of rows that count as purchases: "
        f"{some} (of {len(shop.kept):,}).",
        "What was cancelled, refunded or never paid says nothing about what customers want.",
        _mend_status(column, undone.index[:12] if back else named.index[:12], back),
        # a few in a hundred that were cancelled do no harm to lists
        stops=bool(share >= 0.05),
    )


def _mend_status(column, values, back):
    """The key that mends it: rows that were not bought are left out, or take a purchase back."""
    if back:
        return (
            f"{_option('returns_where', column, values)}: each has a purchase of the same customer "
            "and product, which it takes back. (With an empty list, [], you keep them all.)"
        )
    return (
        f"{_option('drop_where', column, values)}. Where such a row stands beside the purchase "
        "that it takes back, write `returns_where` in its place. (With an empty list, [], you keep "
        "them all.)"
    )


def _undone_flag(shop, column, counts, back):
    """A column named after it: a flag, a date or an amount."""
    said = counts[[_says_yes(value) for value in counts.index]]
    share = said.sum() / len(shop.kept)
    if not len(said) or share > 0.9:  # what every row has is no mark
        return None
    few = len(said) <= 12
    flag = few and set(said.index.str.lower()) <= _YES_VALUES
    return Doubt(
        "a status",
        f"the column {_short(column)} is not used, and has something for {said.sum():,} rows that "
        f"count as purchases, such as {_short(said.index[0])}.",
        "What was cancelled or refunded says nothing about what customers want.",
        _mend_status(column, said.index, back)
        if few
        else "Export without those orders. (With an empty list under `drop_where`, you keep them "
        "all.)",
        stops=bool(flag and share >= 0.05),
    )


def _says_yes(value):
    value = value.lower().strip()
    try:
        return float(value) not in (0.0,)
    except ValueError:
        return value not in _NO_VALUES


# Words


def _plain(name):
    return str(name).strip().lower().replace(" ", "_")


def _short(value):
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def _count(number, what):
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _list(values):
    return "[" + ", ".join(json.dumps(str(each), ensure_ascii=False) for each in values) + "]"


def _drop(column, values):
    return _option("drop_where", column, values)


def _option(option, column, values):
    name = column if re.fullmatch(r"[A-Za-z_]\w*", column) else json.dumps(column)
    return f"`{option}: {{{name}: {_list(values)}}}` under `cleaning`"


_CHECKS: list[Callable[[Purchases], Doubt | None]] = [
    _undone_orders, _credit_notes, _lines_without_customer, _order_as_customer, _one_customer,
    _two_spellings, _unique_products, _worthless,
    _turned_dates, _one_day, _thin_end, _capped, _future, _long_ago, _garbled_names, _hole,
    _old_dates,
    _days_of_month, _jumping_prices, _product_of_everybody, _customer_is_a_branch, _test_customers,
    _quantities_of_one, _currencies, _rounded_ids, _mixed_zones, _unclear_zones, _event_log,
    _totals_among_purchases, _lines_without_date, _price_of_line, _several_in_a_cell,
]  # fmt: skip
