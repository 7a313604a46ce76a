"""Figures of lesson 01: what an export says, and what its faults do to lists."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.textpath import TextPath

from helpers import data
from helpers.colours import CHANCE, INK, OTHER, PERSONAL, POPULAR, WARNING
from helpers.plots import style
from helpers.telling import percent

_PALE = "#F4F4F4"
_SOFT = "#C25F80"  # half a warning


def _day(date) -> str:
    return f"{date.day} {date:%b}"


def months_moved(right: pd.Series, wrong: pd.Series) -> None:
    """Purchases per month, with dates read correctly and with day and month swapped.

    Parameters
    ----------
    right, wrong : Series of timestamps
        Of the same purchases, in the same order.
    """
    by_month = {"right": right.dt.to_period("M"), "turned": wrong.dt.to_period("M")}
    moved = (by_month["right"] != by_month["turned"]).mean()
    table = pd.DataFrame({name: months.value_counts() for name, months in by_month.items()})
    every = pd.period_range(table.index.min(), table.index.max(), freq="M")
    table = table.reindex(every).fillna(0).sort_index().to_timestamp()
    figure, axes = style.figure(height=3.5)
    marker = "o" if len(table) < 3 else ""
    for name, colour, dashes in [("right", INK, "-"), ("turned", WARNING, "--")]:
        axes.plot(table.index, table[name], color=colour, linestyle=dashes, linewidth=2.2,
                  marker=marker)  # fmt: skip
    whole = data.whole_months(right)
    complete = table[table.index.to_period("M").isin(whole)]
    peak = (complete if len(complete) else table)["right"].idxmax()
    for name, colour in [("right", INK), ("turned", WARNING)]:
        axes.plot(peak, table.loc[peak, name], "o", color=colour, markersize=8)
    up = 1 if table.loc[peak, "right"] >= table.loc[peak, "turned"] else -1
    for name, colour, place in [("right", INK, 11 * up), ("turned", WARNING, -44 * up)]:
        height = table.loc[peak, name]
        if table.loc[peak].nunique() > 1 or name == "right":
            axes.annotate(f"{peak:%b %y}: {height:,.0f}", (peak, height), (-4, place),
                          textcoords="offset points", color=colour, ha="right", va="center",
                          fontsize=style.SMALL)  # fmt: skip
    for month in table.index[~table.index.to_period("M").isin(whole)]:
        days = right[by_month["right"] == month.to_period("M")]
        if len(days) and len(table) > 2:  # a month that the file cuts off
            cut = (
                f"from {_day(days.min())}" if month == table.index[0] else f"to {_day(days.max())}"
            )
            axes.annotate(f"only\n{cut}", (month, table.loc[month, "right"]), (0, -6),
                          textcoords="offset points", color=CHANCE, ha="center", va="top",
                          fontsize=style.SMALL)  # fmt: skip
    for month in complete.index[complete.index.month == 12]:
        if month != peak:  # the season before
            axes.annotate(f"{month:%b %y}", (month, table.loc[month, "right"]), (0, 6),
                          textcoords="offset points", color=INK, ha="center", va="bottom",
                          fontsize=style.SMALL)  # fmt: skip
    axes.set_ylim(0, table.max(axis=None) * 1.6)
    for height, colour, words in [(0.97, INK, "read correctly"),
                                  (0.85, WARNING, "day and month swapped (dashed)")]:  # fmt: skip
        axes.text(0.02, height, words, transform=axes.transAxes, color=colour, va="top",
                  fontweight="bold")  # fmt: skip
    axes.xaxis.set_major_locator(_few_days(axes))
    axes.xaxis.set_major_formatter(DateFormatter("%b %y"))
    finding = f"Swap day and month, and {percent(moved)} of the purchases change their month"
    before, after = table.loc[peak]
    alt = f"{finding}. {peak:%B %Y}: {before:,.0f} purchases, swapped {after:,.0f}."
    style.finish(figure, axes, finding, "", "purchases a month", alt)


def lists_beside(lists: dict[str, list[str]], finding: str = "") -> None:
    """Ranked lists side by side; what is not in the first of them is marked.

    Parameters
    ----------
    lists : dict of str to list of str
        What each list is called, and the names of its products; the first is the true one.
    finding : str, optional
        The title; left out, how many of the second list are not in the first.
    """
    (first, true), *others = lists.items()
    wrong = {name: [each for each in names if each not in true] for name, names in others}
    if not finding:
        name, strangers = next(iter(wrong.items()))
        finding = f"{name}: {len(strangers)} of {len(lists[name])} products don't belong there"
        finding = finding[0].upper() + finding[1:]
    n = max(map(len, lists.values()))
    wide = 19 if len(lists) < 4 else 13
    figure, axes = style.figure(height=0.44 * n + 1.0)
    for place, (name, names) in enumerate(lists.items()):
        axes.text(place + 0.46, -0.55, "\n".join(textwrap.wrap(name, wide)), ha="center",
                  va="bottom", fontweight="bold")  # fmt: skip
        for rank, product in enumerate(names):
            strange = product not in true
            box = FancyBboxPatch(
                (place + 0.03, rank - 0.36), 0.86, 0.72, boxstyle="round,pad=0.01",
                mutation_aspect=3, facecolor=WARNING if strange else _PALE, edgecolor="none",
            )  # fmt: skip
            axes.add_patch(box)
            shown = textwrap.wrap(product, wide) or [""]
            if len(shown) > 2:
                shown = [shown[0], textwrap.shorten(" ".join(shown[1:]), wide, placeholder=" …")]
            axes.text(place + 0.46, rank, "\n".join(shown), ha="center", va="center",
                      fontsize=style.SMALL, color="white" if strange else INK,
                      linespacing=0.95)  # fmt: skip
    for rank in range(n):
        axes.text(-0.06, rank, str(rank + 1), ha="right", va="center", color=CHANCE)
    axes.set_xlim(-0.15, len(lists) - 0.05)
    axes.set_ylim(n - 0.45, -1.3)
    style.bare(axes, equal=False)
    told = [f"{first}: {', '.join(true)}"]
    told += [f"{name}: {', '.join(lists[name])} ({len(wrong[name])} not in it)" for name in wrong]
    style.finish(figure, axes, finding, alt=f"{finding}. {'; '.join(told)}.")


def two_tables(bought: pd.DataFrame, behaved: pd.DataFrame | None) -> None:
    """The two tables with a few real lines, and the ids by which they are joined.

    Parameters
    ----------
    bought, behaved : DataFrame
        At most two lines each; columns as they are headed, the customer in the first and the
        product in the last but one. Without behaviour: None.
    """
    figure, axes = style.figure(height=3.5)
    cards = [("transactions: one line = one product bought", bought, 0)]
    cards += [("events: one line = one thing done on the site", behaved, 3.35)]
    places = [0.1, 2.4, 4.55, 7.75]
    for heading, table, top in cards:
        axes.text(0, top - 0.1, heading, fontweight="bold", va="bottom")
        axes.add_patch(Rectangle((0, top), 10, 1.9, facecolor=_PALE, edgecolor=INK))
        if table is None:
            axes.text(5, top + 0.95, "no events file: a shop that knows purchases only",
                      ha="center", va="center", color=WARNING)  # fmt: skip
            continue
        for x, name in zip(places, table, strict=True):
            axes.text(x, top + 0.35, name, color=CHANCE, va="center")
            for line, value in enumerate(table[name].head(2)):
                shown = textwrap.shorten(str(value), 24, placeholder=" …") or str(value)[:24]
                axes.text(x, top + 0.9 + 0.6 * line, shown, va="center", fontsize=style.SMALL)
    met = behaved is not None and set(bought.iloc[:, 0]) & set(behaved.iloc[:, 0])
    if met:
        for x, name in [(places[0] + 0.6, "same customer"), (places[2] + 0.6, "same product")]:
            axes.plot([x, x], [1.95, 2.75], color=INK, linewidth=3)
            axes.text(x + 0.15, 2.35, name, color=INK, va="center")
    axes.set_xlim(-0.1, 10.1)
    axes.set_ylim(5.4, -0.6)
    style.bare(axes, equal=False)
    finding = "Two tables, joined by customer and product"
    if not met:
        finding = "Two tables: which customer of one is in the other?"
    if behaved is None:
        finding = "One table: who bought what, and when"
    told = "; ".join(
        f"{heading}, for example {', '.join(map(str, table.iloc[0]))}"
        for heading, table, _ in cards
        if table is not None and len(table)
    )
    style.finish(figure, axes, finding, alt=f"{finding}. {told}.")


def _few_days(axes):
    return AutoDateLocator(minticks=2, maxticks=5)


def _width(text: str) -> float:
    """How many points wide a small text is."""
    return TextPath((0, 0), text, prop=FontProperties(size=style.SMALL)).get_extents().width


def six_rows(rows: pd.DataFrame, reasons: list[str]) -> None:
    """Rows of a file at the door: who comes in, and who is sent away for what.

    Parameters
    ----------
    rows : DataFrame of str
    reasons : list of str
        One per row; empty where the row is kept.
    """
    figure, axes = style.figure(height=0.34 * len(rows) + 1.0)
    heads = {"transaction_id": "receipt", "transaction_date": "date", "quantity": "pieces"}
    heads = [heads.get(name, name.removesuffix("_id")) for name in rows]
    pairs = zip(heads, rows, strict=True)
    # in points, so that all gaps are equal
    columns = [[head, *rows[name].fillna("–").astype(str)] for head, name in pairs]
    widths = [max(map(_width, column)) for column in columns]
    places = [0, *np.cumsum([width + 9 for width in widths])]
    for place, head in zip(places, heads, strict=False):
        axes.text(place, -0.8, head, color=CHANCE, va="center", fontsize=style.SMALL)
    end = places[-1]
    for line, (values, reason) in enumerate(zip(rows.to_numpy(), reasons, strict=True)):
        face = "#F7DDE6" if reason else _PALE
        axes.add_patch(Rectangle((-3, line - 0.4), end, 0.8, facecolor=face))
        for place, value in enumerate(values):
            shown = "–" if pd.isna(value) else str(value)
            axes.text(places[place], line, shown, va="center", fontsize=style.SMALL)
        mark, colour = ("✗ " + reason, WARNING) if reason else ("✓ kept", INK)
        axes.text(end + 3, line, mark, va="center", color=colour, fontsize=style.SMALL)
    axes.set_xlim(-4, end + 6 + max(_width(f"✗ {reason}") for reason in reasons))
    axes.set_ylim(len(rows) - 0.4, -1.2)
    style.bare(axes, equal=False)
    gone = sum(map(bool, reasons))
    finding = f"Of {len(rows)} rows, {gone} go, each for one reason"
    alt = f"{finding}: {', '.join(reason or 'kept' for reason in reasons)}."
    style.finish(figure, axes, finding, alt=alt)


#: What each group on the platform can be shown.
SHOWN = {
    "bought": "a list from their purchases",
    "came for a product": "a list from what they looked at",
    "came for a product lately": "a list from what they looked at",
    "came for a product earlier": "best sellers, since looks get old",
    "came, but for no product": "best sellers",
    "in no file": "best sellers",
}


def platform_bar(groups: pd.Series) -> None:
    """Everybody on the platform as one bar, by what is known of them and what they can get.

    Parameters
    ----------
    groups : Series of int
        From :func:`helpers.data.platform`.
    """
    groups = groups[groups > 0]
    total = groups.sum()
    colours = {"bought": PERSONAL, "came for a product": OTHER, "in no file": "#F0B48A",
               "came for a product lately": OTHER, "came for a product earlier": POPULAR,
               "came, but for no product": POPULAR}  # fmt: skip
    figure, axes = style.figure(height=3.2 if len(groups) < 5 else 3.9)
    shares = groups / total
    tops = shares.cumsum()
    middles = (tops - shares / 2).to_numpy()
    labels = _spread(middles, 0.2)
    for (name, share), top, middle, label in zip(
        shares.items(), tops, middles, labels, strict=True
    ):
        axes.bar(0, share, bottom=top - share, width=0.5, color=colours[name], edgecolor="white",
                 linewidth=0.8)  # fmt: skip
        axes.plot([0.26, 0.4], [middle, label], color=CHANCE, linewidth=1)
        axes.text(0.43, label, f"{groups[name]:,} ({percent(share)}) {name}:\n{SHOWN[name]}",
                  va="center", linespacing=1.1)  # fmt: skip
    axes.set_xlim(-0.3, 2.6)
    axes.set_ylim(max(1.02, labels[-1] + 0.1), min(-0.02, labels[0] - 0.1))
    style.bare(axes, equal=False)
    finding = f"{percent(1 - shares.get('bought', 0))} of the people we know of never bought"
    if list(groups.index) == ["bought"]:
        finding = "Our files know buyers only"
    alt = f"{finding}: " + "; ".join(f"{name}: {n:,}" for name, n in groups.items()) + "."
    style.finish(figure, axes, finding, alt=alt)


def _spread(places, gap):
    """Places in the same order, moved apart where two are nearer than the gap."""
    spread = np.array(places, dtype=float)
    for at in range(1, len(spread)):
        spread[at] = max(spread[at], spread[at - 1] + gap)
    if len(spread) and spread[-1] > 1:
        spread[-1] = 1
        for at in range(len(spread) - 2, -1, -1):
            spread[at] = min(spread[at], spread[at + 1] - gap)
    return spread


def ten_views(n: int = 10) -> None:
    """Ten views of one product: by one person, or by ten.

    Parameters
    ----------
    n : int
    """
    figure, panels = style.figure(height=3.1, ncols=2)
    for axes, people in zip(panels, (1, n), strict=True):
        heights = np.linspace(-1, 1, n)
        axes.add_patch(Rectangle((1.0, -0.25), 0.5, 0.5, facecolor=OTHER))
        axes.text(1.25, 0.42, "product", ha="center", color=INK)
        for place, height in enumerate(heights):
            person = 0 if people == 1 else height
            bend = 0.25 * height if people == 1 else 0
            line = FancyArrowPatch(
                (-1, person), (0.98, 0.2 * height), connectionstyle=f"arc3,rad={-bend}",
                arrowstyle="-|>", mutation_scale=8, color=CHANCE, linewidth=1,
            )  # fmt: skip
            axes.add_patch(line)
            if people > 1 or not place:
                radius = 0.09 if people > 1 else 0.22
                axes.add_patch(Circle((-1 - radius, person), radius, color=INK))
        words = f"{n} events\n{people} pair{'s' * (people > 1)}\n"
        words += "1 person" if people == 1 else f"{people} people"
        axes.text(0.1, -1.3, words, ha="center", va="top")
        axes.set_xlim(-1.6, 1.75)
        axes.set_ylim(-2.3, 1.2)
        style.bare(axes)
        axes.set_title("one person" if people == 1 else f"{people} people", loc="center",
                       fontsize=11.5)  # fmt: skip
    figure.suptitle(f"{n} views each, but {n} people against one", x=0.01, ha="left",
                    fontweight="bold", fontsize=13)  # fmt: skip
    alt = f"{n} views by one person are {n} events and one pair; by {n} people, {n} pairs."
    style.show(figure, alt)


def funnel(steps: pd.Series) -> None:
    """Pairs of customer and product that reach each step.

    Parameters
    ----------
    steps : Series of int
        By the name of the step, each among the one before.
    """
    figure, axes = style.figure(height=0.75 * len(steps) + 1)
    values = steps.to_numpy(dtype=float)
    for place, (name, value) in enumerate(steps.items()):
        axes.barh(place, value, color=OTHER, height=0.8)
        text = f"{name}: {value:,.0f}"
        if place and values[place - 1]:
            text += f"\n({percent(value / values[place - 1])} of the step before)"
        inside = value > 0.6 * values[0]
        axes.text(0.02 * values[0] + (0 if inside else value), place, text, va="center",
                  fontweight="bold")  # fmt: skip
    axes.set_ylim(len(steps) - 0.5, -0.5)
    axes.set_xlim(0, max(values[0], 1))
    style.bare(axes, equal=False)
    share = values[-1] / values[0] if values[0] else 0
    finding = f"{percent(share)} of the pairs viewed were also put into the cart and bought"
    if len(steps) < 2:
        finding = "Without views there is no funnel: only what was bought"
    told = ", ".join(f"{name} {value:,.0f}" for name, value in steps.items())
    alt = f"{finding}. Pairs of customer and product: {told}."
    style.finish(figure, axes, finding, "pairs of customer and product", "", alt)


def rule_in_words(table: pd.DataFrame) -> pd.DataFrame:
    """The answers to an export's questions as people read them, both limits beside each.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.data.may_it_be_used`.

    Returns
    -------
    DataFrame of str
        A row per question: ``question``, ``this file``, ``go``, ``mend or ask``, ``answer``.
    """
    pairs = zip(table["question"], table["figure"], strict=True)
    limits = [data.RULE[question] for question in table["question"]]
    return pd.DataFrame(
        {
            "question": table["question"],
            "this file": [
                percent(figure)
                if question in data.SHARES
                else "not told yet"
                if np.isnan(figure)
                else f"{figure:,.0f}"
                for question, figure in pairs
            ],  # fmt: skip
            "go": [fine for fine, *_ in limits],
            "mend or ask": [mend or f"{ask}: ask" for _, mend, ask, _ in limits],
            "answer": table["answer"],
        }
    )


def the_rule(table: pd.DataFrame) -> None:
    """The questions to an export, and which answer this file has to each.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.data.may_it_be_used`.
    """
    answers = [data.GO, data.MEND, data.ASK, data.SEND_BACK]
    colours = [INK, _SOFT, _SOFT, WARNING]
    left = 2.6 + 1.46 * np.arange(len(answers))
    figure, axes = style.figure(height=0.5 * len(table) + 1.2)
    for start, name, colour in zip(left, answers, colours, strict=True):
        axes.text(start + 0.68, -0.55, name.replace(" ", "\n"), ha="center", va="bottom",
                  color=colour, fontweight="bold")  # fmt: skip
    told = []
    values = rule_in_words(table)["this file"]
    for line, (row, value) in enumerate(zip(table.itertuples(), values, strict=True)):
        fine, mend, ask, _ = data.RULE[row.question]
        second = "; ".join([f"mend: {mend}"] * bool(mend) + [f"{ask}: ask"] * bool(ask))
        told.append(f"{row.question} {value} (go: {fine}; {second}), so {row.answer}.")
        axes.text(0, line, textwrap.fill(row.question, 18), va="center", fontsize=style.SMALL)
        for place, start in enumerate(left):
            here = answers[place] == row.answer
            box = FancyBboxPatch(
                (start, line - 0.38), 1.36, 0.76, boxstyle="round,pad=0.02",
                facecolor=colours[place] if here else _PALE, edgecolor="none",
            )  # fmt: skip
            axes.add_patch(box)
            if here:
                text = textwrap.fill(value.replace("less than ", "< "), 9)
                axes.text(start + 0.68, line, text, ha="center", va="center", color="white",
                          fontsize=style.SMALL, fontweight="bold")  # fmt: skip
    axes.set_xlim(-0.05, 8.4)
    axes.set_ylim(len(table) - 0.5, -1.25)
    style.bare(axes, equal=False)
    finding = f"The worst answer decides. This file: {table.attrs['verdict']}"
    label = "in the filled box: what this file shows"
    style.finish(figure, axes, finding, label, alt=f"{finding}. {' '.join(told)}")
