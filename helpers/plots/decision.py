"""Figures of lesson 11: who says yes, the rule, what a lift pays back, and what the page says."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from helpers.colours import CHANCE, INK, PERSONAL, WARNING
from helpers.evaluate import MIN_CUSTOMERS, MIN_HITS
from helpers.memo import (
    DONT,
    FIX_DATA,
    MAX_WEEKS,
    NOT_YET,
    SHIP,
    points,
    six_answers,
    too_rough,
)
from helpers.plots import style
from helpers.telling import percent, show

VERDICTS = {
    SHIP: PERSONAL, "surely better": PERSONAL, DONT: WARNING, FIX_DATA: WARNING,
    "leave out": WARNING, NOT_YET: CHANCE,
}  # fmt: skip
_FAR = 2.5  # a line so many times beyond all intervals is named at the edge


def _listed(words) -> str:
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _beside_the_line(shops: pd.DataFrame, says, finding: str) -> None:
    """Gains with their intervals beside zero and each one's own line, and what is said of them."""
    ends = 100 * shops[["low", "high"]].to_numpy(dtype=float)
    reach = np.nanmax(np.abs(ends)) if np.isfinite(ends).any() else 1.0
    reach = reach or 1.0
    near = [100 * line for line in shops["line"] if 100 * line <= _FAR * reach]
    left = min(0, np.nanmin(ends, initial=0)) - 0.12 * reach
    right = max([reach * 0.5, np.nanmax(ends, initial=0), *near])
    room = 0.5 * (right - left)
    figure, axes = style.figure(height=0.95 * len(shops) + 1.35)
    told = []
    for place, ((name, row), said) in enumerate(zip(shops.iterrows(), says, strict=True)):
        colour = VERDICTS.get(said, CHANCE if said else INK)
        line = 100 * row["line"]
        # zero, but not through the name
        axes.plot([0, 0], [place - 0.16, place + 0.54], color=INK, linewidth=1)
        words = "too few to measure"
        if row["low"] == row["low"]:
            axes.plot([100 * row["low"], 100 * row["high"]], [place, place], color=colour,
                      linewidth=6, zorder=3)  # fmt: skip
            axes.plot(100 * row["difference"], place, "o", color=colour, markersize=12, zorder=4)
            words = f"{points(row['difference'])} ({points(row['low'])} to "
            words += f"{points(row['high'])})"
        axes.text(left, place - 0.33, name, va="center", color=INK, fontweight="bold",
                  bbox=style.ON_WHITE, zorder=5)  # fmt: skip
        axes.text(right + room, place + 0.2, words, va="center", ha="right", color=colour)
        if line <= right:
            axes.plot([line, line], [place - 0.25, place + 0.25], color=style.LIMIT, linewidth=2,
                      linestyle=(0, (2, 1)), zorder=5)  # fmt: skip
            axes.text(line, place + 0.4, f"line {line:.1f}".removesuffix(".0"), color=style.LIMIT,
                      ha="center", va="center", bbox=style.ON_WHITE, zorder=5)  # fmt: skip
        else:
            axes.text(right, place + 0.4, f"line {line:,.0f} →", color=style.LIMIT, ha="right",
                      va="center", bbox=style.ON_WHITE, zorder=5)  # fmt: skip
        axes.text(right + room, place - 0.12, said or "?", ha="right",
                  va="center", color=colour, fontweight="bold")  # fmt: skip
        told.append(f"{name}: {words}, line {line:.1f}: {said or '?'}")
    axes.set_xlim(left, right + room)
    axes.set_ylim(len(shops) - 0.4, -0.7)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    ticks = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(left, right)
    axes.set_xticks([tick for tick in ticks if left <= tick <= right])
    xlabel = "gain over the best sellers, customers of 100"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {'; '.join(told)}.")


def three_gains(shops: pd.DataFrame, says=None) -> None:
    """Shops beside each other: the gain with its interval, the line, and what the page says.

    Parameters
    ----------
    shops : DataFrame
        Indexed by name: ``difference``, ``low``, ``high`` and ``line``, as shares (.02 are two
        points).
    says : sequence of str, optional
        The recommendations; left out where the reader is to guess.
    """
    same = shops["difference"].round(6).nunique() == 1
    if says is None:
        says = [""] * len(shops)
        finding = "The same gain: who ships a test?" if same else "Who ships a test?"
    else:
        whose = "The same gain, read by one rule" if same else "The same page says"
        whose = "Our page says" if len(shops) == 1 else whose
        finding = f"{whose}: {_listed(dict.fromkeys(says))}"
    _beside_the_line(shops, says, finding)


def for_whom(groups: pd.DataFrame) -> None:
    """Groups of customers fixed before: the gain of each beside what is worth having.

    Parameters
    ----------
    groups : DataFrame
        Indexed by name: ``difference``, ``low``, ``high`` (NaN: too few to measure), ``line`` and
        ``says``.
    """
    out = groups.index[groups["says"] == "leave out"].tolist()
    better = groups.index[groups["says"] == "surely better"].tolist()
    finding = "No group is surely better off, and none is ruled out"
    if out and better:
        finding = f"Surely better: {_listed(better)}. Ruled out: {_listed(out)}"
    elif out:
        finding = f"A gain worth having is ruled out for: {_listed(out)}"
    elif better:
        finding = f"Surely better: {_listed(better)}"
    _beside_the_line(groups, groups["says"].tolist(), finding)


def who_says_yes() -> None:
    """Five people can each say no to one thing; one person decides."""
    people = [
        ("finance", "cost, margin, the exchange rate"),
        ("legal", "what is forbidden, who gets mails"),
        ("merchandising", "in stock, no empty places"),
        ("engineering", "the hours of a test, an off switch"),
        ("data team", "the numbers, the clicks of the place"),
    ]
    figure, axes = style.figure(height=3.9)
    for place, (who, what) in enumerate(people):
        y = -0.95 * place
        style.box(axes, 2.75, y, 5.3, 0.72, "", INK)
        axes.text(0.25, y + 0.17, who, va="center", fontweight="bold", color=INK, zorder=4)
        axes.text(0.25, y - 0.17, what, va="center", color=INK, zorder=4)
        style.arrow(axes, (5.5, y), (6.75, -1.9 + 0.28 * (2 - place)), CHANCE)
    style.box(axes, 7.95, -1.9, 2.1, 1.9, "one name\ndecides,\nby the rule", PERSONAL, filled=True)
    axes.text(6.1, 0.3, "yes", ha="center", va="center", color=CHANCE, fontweight="bold")
    axes.set_xlim(-0.05, 9.1)
    axes.set_ylim(-4.3, 0.5)
    style.bare(axes, equal=False)
    finding = "Each says yes to one thing, one person decides"
    style.title(axes, finding)
    told = "; ".join(f"{who}: {what}" for who, what in people)
    style.show(figure, f"{finding}. {told}.")


# the rule's boxes: what each asks, what a no says, what is looked at or why, and what a yes means;
# in the order of `memo.six_answers`
_BOXES = [
    ("Are the data right?", FIX_DATA, "all else is counted from them", "we may read on"),
    (
        "Enough rows, customers, hits?",
        NOT_YET,
        f"at least half, {MIN_CUSTOMERS} and {MIN_HITS}",
        "enough to judge by",
    ),
    ("Could the gain reach the line?", DONT, "its upper end, the best case", "it may pay"),
    (
        "Is the gain surely above zero?",
        NOT_YET,
        "its low end, the worst case",
        "better in this count",
    ),
    ("Could 12 weeks notice it?", NOT_YET, "the best case, four times in five", "a test may tell"),
    ("Is nothing on a list forbidden?", NOT_YET, "last, as new lists can mend it", "none is"),
]


# what `memo.too_rough` asks
_TOO_ROUGH = "an interval that includes zero, and is wider than twice the line, counts as yes"


def memo_rule() -> None:
    """The memo's rule as a chain of questions, each with what it looks at or why."""
    figure, axes = style.figure(height=6.0)
    for place, (question, answer, why, _) in enumerate(_BOXES):
        y, colour = -1.4 * place, VERDICTS[answer]
        axes.text(-0.25, y, str(place + 1), ha="right", va="center", color=INK, fontweight="bold")
        style.box(axes, 2.5, y, 5.0, 0.92, "", INK)
        axes.text(2.5, y + 0.19, question, ha="center", va="center", color=INK, zorder=4)
        axes.text(2.5, y - 0.22, why, ha="center", va="center", color=CHANCE, zorder=4)
        style.box(axes, 7.75, y, 2.9, 0.66, answer, colour, filled=True)
        style.arrow(axes, (5.06, y), (6.22, y), colour)
        no = "no" if answer != DONT else "no*"
        axes.text(5.6, y + 0.1, no, ha="center", va="bottom", color=colour)
        style.arrow(axes, (2.5, y - 0.5), (2.5, y - 0.9))
        axes.text(2.7, y - 0.7, "yes", va="center", color=INK)
    style.box(axes, 2.5, -1.4 * len(_BOXES) + 0.16, 2.6, 0.64, SHIP, PERSONAL, filled=True)
    star = "* unless the bar is too rough\n   (when? see To look up)"
    axes.text(4.1, -1.4 * len(_BOXES) + 0.4, star, va="center", color=INK)
    axes.set_xlim(-0.8, 9.25)
    axes.set_ylim(-1.4 * len(_BOXES) - 0.7, 0.6)
    style.bare(axes, equal=False)
    finding = "Asked in this order, the first no decides"
    style.title(axes, finding)
    told = "; ".join(
        f"{place}. {question} ({why}) no: {answer}"
        for place, (question, answer, why, _) in enumerate(_BOXES, start=1)
    )
    told += f"; else {SHIP}. To question 3, {_TOO_ROUGH}"
    style.show(figure, f"{finding}. {told}.")


def payback(development: float, upkeep: float, earns: float, lifts) -> None:
    """Money in hand, month by month, for some lifts: when has the building paid for itself?

    Parameters
    ----------
    development : float
        Paid once.
    upkeep, earns : float
        A month: the cost of running the lists, and what the place earns today.
    lifts : sequence of float
    """
    months = np.arange(0, 25)
    figure, axes = style.figure(height=3.8)
    axes.plot(months[[0, -1]], [0, 0], color=INK, linewidth=1)
    told = []
    slopes = [lift * earns - upkeep for lift in lifts]
    after = [development / slope if slope > 0 else math.inf for slope in slopes]
    for lift, slope, paid in zip(lifts, slopes, after, strict=True):
        colour = PERSONAL if paid <= 12 else WARNING if paid > months[-1] else INK
        money = -development + slope * months
        axes.plot(months, money, color=colour, linewidth=2.5)
        when = f"{paid:.0f} months" if paid < math.inf else "never"
        if paid <= months[-1]:
            axes.plot(paid, 0, "o", color=colour, markersize=10, zorder=4)
        axes.text(months[-1] + 0.4, money[-1], f"lift {lift:.0%}:\n{when}", va="center",
                  color=colour, fontweight="bold")  # fmt: skip
        told.append(f"a lift of {lift:.0%}: {when}")
    axes.set_xlim(0, 31)
    axes.set_xticks(range(0, 25, 6))
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    soon = [lift for lift, paid in zip(lifts, after, strict=True) if paid <= 12]
    finding = "None of these lifts is paid back within a year"
    if soon:
        which = _listed(f"{lift:.0%}" for lift in soon)
        finding = f"Of these, only {which} more pay{'s' * (len(soon) == 1)} back within a year"
    style.finish(figure, axes, finding, "months after the start", "money in hand",
                 f"{finding}. {'; '.join(told)}.")  # fmt: skip


def memo_answers(decision: dict, evidence: dict, stops=(), plan=None) -> None:
    """A table of :func:`memo_rule`'s questions for one shop: our figure, and what it means.

    Parameters
    ----------
    decision, evidence : dict
        From :func:`helpers.memo.decide` and its argument.
    stops : list of dict
        From :func:`helpers.memo.what_stops`; its first one is the last box.
    plan : dict, optional
        Of the test: where fewer weeks than twelve notice the lift that pays, how many.
    """

    def told(form, *names):
        values = [evidence.get(name) for name in names]
        if any(value is None or value != value for value in values):
            return []
        return [form(*values)]

    def span(what):
        return lambda *ends: f"{what} {' to '.join(map(points, ends))}"

    def rough(name):
        return too_rough(*map(evidence.get, (f"{name}_low", f"{name}_high", "worth_having")))

    forbidden = stops[0]["passed"] if stops else None

    def noticed(least, best):
        seen = f"+{least:,.0%} in carts or more" if np.isfinite(least) else "no rise of carts"
        weeks = (plan or {}).get("weeks")
        if weeks and weeks < MAX_WEEKS and plan["lift"] > least:
            pays = f"{weeks} week{' notices' if weeks == 1 else 's notice'} +{plan['lift']:,.0%}"
            return f"{pays} in carts, 12 weeks +{least:,.0%}; the gain's best case: {best:+,.0%}"
        least = f"12 weeks notice {seen}"
        return f"{least}; the gain's best case: {best:+,.0%}"

    # of each box what is always told, and what only a box without a yes needs
    figures = [
        (told(lambda n: f"{n:,} doubt{'' if n == 1 else 's'}", "doubts"), []),
        (
            told("{:,} customers".format, "customers_judged"),
            told(lambda share: f"{percent(share)} of rows", "rows_kept")
            + told("{:,} with a hit in one list only".format, "hits"),
        ),
        (
            told(lambda high: f"gain up to {points(high)}", "gain_high")
            + told(lambda line: f"line {points(line, '')}", "worth_having"),
            told(lambda high: f"signal up to {points(high)}", "signal_high"),
        ),
        (
            told(span("gain"), "gain_low", "gain_high"),
            told(span("signal"), "signal_low", "signal_high"),
        ),
        (told(noticed, "smallest_lift", "best_lift"), []),
        (
            [{True: "nothing forbidden found", False: "something forbidden is on a list",
              None: "nobody has said what is forbidden"}[forbidden]],
            [],
        ),
    ]  # fmt: skip
    passed = six_answers(decision["checks"], stops)
    first = passed.index(False) if False in passed else len(_BOXES)
    rows = []
    for place, ((question, no, *_, yes), answer, parts) in enumerate(
        zip(_BOXES, passed, figures, strict=True)
    ):
        if place == 2 and any(map(rough, ("signal", "gain"))):
            yes = "too rough for a no"
        rests_on = evidence.get({2: "assumed", 4: "test_assumed"}.get(place))
        yes = f"{yes}, on {rests_on}" if rests_on else yes
        means = {True: f"✓ yes: {yes}", False: f"✗ no: {no}", None: "? open: the start waits"}[
            answer
        ]
        if place > first:
            means = "not asked any more"
        always, in_doubt = parts
        figure = ", ".join(always if answer else always + in_doubt) or "not known"
        rows.append((f"{place + 1}. {question}", figure, means))
    show(pd.DataFrame(rows, columns=["question", "our figure", "what it means"]))
