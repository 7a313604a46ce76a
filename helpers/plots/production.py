"""Figures of lesson 06: the contract, the night, broken tables, old lists, noise, and her data."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from helpers.colours import CHANCE, INK, PERSONAL, POPULAR, WARNING
from helpers.plots import style
from helpers.production import EXPORT_BY, TABLE_BY

#: The first lines of the contract, of both sides; :func:`helpers.production.the_contract` has all.
OWED = {
    "product owes": [f"the export, by {EXPORT_BY}", "what must not be shown"],
    "engineering owes": [f"the table, by {TABLE_BY}", "a list for everybody"],
}
#: Where a customer's data lie, and what is done there when she asks to be forgotten.
PLACES = [
    ("orders, events, backups", "deleted by their owners"),
    ("lists, old ones too; mails", "deleted"),
    ("her row in the engine", "deleted"),
    ("similarities", "retrained without her"),
    ("list of the forgotten", "yours to keep: a code of her id"),
]

_YOUNGEST = 30  # days: where lists last so long, younger ones aren't drawn


def contract() -> None:
    """What product and engineering owe each other, before the night of the lesson."""
    figure, axes = style.figure(height=2.4)
    for (who, owed), middle, colour in zip(OWED.items(), (2.6, 8.4), (INK, PERSONAL),
                                           strict=True):  # fmt: skip
        style.box(axes, middle, 4.55, 5.1, 0.75, who, colour, filled=True)
        for row, text in enumerate(owed):
            style.box(axes, middle, 3.5 - 0.95 * row, 5.1, 0.75, text, colour)
    axes.set_xlim(0, 11)
    axes.set_ylim(2.05, 5)
    style.bare(axes, equal=False)
    finding = "Four lines, and none for a missing row"
    style.title(axes, finding)
    told = "; ".join(f"{who}: {', '.join(owed)}" for who, owed in OWED.items())
    style.show(figure, f"{finding}. {told}.")


def one_night() -> None:
    """From the export to the page, and the way around a table that fails a check."""
    figure, axes = style.figure(height=2.9)
    steps = [("export", EXPORT_BY), ("engine", ""), ("table", "3 am"), ("checks", "3:04 am"),
             ("page", TABLE_BY)]  # fmt: skip
    for place, (name, when) in enumerate(steps):
        style.box(axes, 2.3 * place, 2, 1.65, 0.8, name, INK if name == "checks" else PERSONAL,
             filled=True)  # fmt: skip
        axes.text(2.3 * place, 2.68, when, ha="center", va="center")
        if place:
            style.arrow(axes, (2.3 * place - 1.46, 2), (2.3 * place - 0.84, 2))
    style.arrow(axes, (6.3, 1.6), (6.3, 0.52), WARNING)
    axes.text(6.3, 1.13, "stop", ha="center", va="center", color=WARNING, fontweight="bold",
              bbox=style.ON_WHITE)  # fmt: skip
    style.box(axes, 5.18, 0.1, 2.8, 0.8, "held back:\na person looks", WARNING)
    style.box(axes, 8.42, 0.1, 3.25, 0.8, "yesterday's table", PERSONAL)
    style.arrow(axes, (9.2, 0.52), (9.2, 1.59), PERSONAL, line="--")
    axes.set_xlim(-0.9, 10.1)
    axes.set_ylim(-0.35, 3)
    style.bare(axes, equal=False)
    finding = "Yesterday's table stays until a new one has passed"
    style.title(axes, finding)
    told = " → ".join(f"{name} ({when})" if when else name for name, when in steps)
    style.show(figure, f"{finding}. {told}. A table that fails a check that stops is held back.")


def checks_by_night(drill: pd.DataFrame) -> None:
    """Which checks notice which broken night.

    Parameters
    ----------
    drill : DataFrame
        From :func:`helpers.production.fire_drill`, or some of its nights. Checks that pass every
        night share a row, those of the table alone and those beside earlier nights.
    """
    nights = [name for name in drill.columns if name not in ("check", "stops", "beside")]
    rows = drill.sort_values("beside", kind="stable").reset_index(drop=True)
    quiet = rows[nights].all(axis=1)
    told = "; ".join(
        f"{night}: {', '.join(rows.loc[~rows[night], 'check']) or 'all pass'}" for night in nights
    )
    own = rows[~rows["beside"]]
    parts = []
    for beside in (False, True):  # what only passes shares a row of its part
        part = rows[rows["beside"] == beside]
        number = int(quiet[part.index].sum())
        parts.append(part[~quiet[part.index]])
        if number:
            more = "more" if number < len(part) else ""
            text = " ".join(f"{number} {more} check{'' if number == 1 else 's'}".split())
            together = {"check": text, "stops": False, "beside": beside}
            parts.append(pd.DataFrame([dict.fromkeys(nights, True) | together]))
    rows = pd.concat(parts, ignore_index=True)
    n_own = int((~rows["beside"]).sum())
    heights = [-place - (1.2 if place >= n_own else 0) for place in range(len(rows))]
    few = len(nights) <= 3  # then each name of a check has room for one line
    wide, room = (48, 5.1) if few else (22, 3.95)
    figure, axes = style.figure(height=(0.29 if few else 0.4) * (len(rows) + 2.8) + 1.2)
    for height, row in zip(heights, rows.to_dict("records"), strict=True):
        label = "\n".join(textwrap.wrap(row["check"], wide))
        axes.text(-0.6, height, label, ha="right", va="center", fontsize=style.SMALL,
                  linespacing=1.0)  # fmt: skip
        for column, night in enumerate(nights):
            colour = style.PALE if row[night] else WARNING if row["stops"] else style.LIMIT
            axes.add_patch(
                Rectangle((column - 0.45, height - 0.4), 0.9, 0.8, facecolor=colour,
                          edgecolor="white")
            )  # fmt: skip
            if not row[night]:
                axes.text(column, height, "S" if row["stops"] else "R", color="white",
                          ha="center", va="center", fontsize=11, fontweight="bold")  # fmt: skip
    for height, text in ((0.75, "the table alone"), (-n_own - 0.4, "beside earlier nights")):
        axes.text(
            -0.6, height, text, ha="right", va="center", fontweight="bold", fontsize=style.SMALL
        )
    for column, night in enumerate(nights):
        lines = textwrap.wrap(night, 8 if few else 6, break_long_words=False)
        axes.text(column, 2.0, "\n".join(lines), ha="center", va="center",
                  fontsize=style.SMALL)  # fmt: skip
    for below, text, colour in (
        (1.1, "S: stops the table", WARNING),
        (1.8, "R: reports", style.LIMIT),
    ):
        axes.text(-0.4, heights[-1] - below, text, color=colour, va="center", fontsize=style.SMALL)
    axes.set_xlim(-room, len(nights) - 0.4)
    axes.set_ylim(heights[-1] - 2.2, 2.9)
    style.bare(axes, equal=False)
    notices = own["stops"] & own[nights[0]]  # what fails tonight anyway tells nothing
    missed = [night for night in nights[1:] if not (notices & ~own[night]).any()]
    finding = "The table alone stops every broken night"
    if len(missed) == len(nights) - 1:
        finding = "The table alone lets every broken night through"
    elif missed:
        finding = f"The table alone lets {len(missed)} of {len(nights) - 1} broken nights through"
    style.title(axes, finding)
    style.show(figure, f"{finding}. Checks that fail. {told}.")


def stop_or_publish(missed: float, half: float) -> None:
    """What customers lose after a stop, and what they would lose with half a table.

    Parameters
    ----------
    missed, half : float
        Finds in a hundred people: with yesterday's lists, and with half a table whose empty places
        best sellers fill.
    """
    figure, axes = style.figure(height=2.0)
    bars = {"stop:\nyesterday's lists": (missed, PERSONAL),
            "publish:\nhalf a table": (half, WARNING)}  # fmt: skip
    said = [f"{lost:.{0 if lost >= 9.5 else 1}f}" for lost, _ in bars.values()]
    for place, (text, (lost, colour)) in enumerate(zip(said, bars.values(), strict=True)):
        axes.barh(place, lost, color=colour, height=0.6)
        axes.text(lost, place, f" {text}", color=colour, va="center", fontweight="bold")
    axes.set_yticks(range(len(bars)), list(bars))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    finding = f"Yesterday's lists lose {said[0]} finds, half a table {said[1]}"
    alt = f"{finding}, even with best sellers in its empty places."
    style.finish(figure, axes, finding, "finds lost, in a hundred people", "", alt)


def hits_by_age(by_age: pd.DataFrame, shown: int | None = None) -> None:
    """What lists lose while they age, beside best sellers; and if only the similarities age.

    Parameters
    ----------
    by_age : DataFrame
        From :func:`helpers.production.lists_by_age`.
    shown : int, optional
        From :func:`helpers.production.oldest_age`: up to it, lists clearly beat best sellers. Where
        they do so for weeks, the figure begins at thirty days: what a night costs is told apart.
    """
    popular = by_age.attrs["best_sellers"]
    fresh = by_age["hit_rate"].iloc[0]
    old = by_age.index >= _YOUNGEST
    if shown and shown >= _YOUNGEST and old.sum() > 1:
        by_age = by_age[old]
    ages = by_age.index.to_numpy()
    steps, place = np.diff(ages), np.arange(len(ages))
    to_scale = len(steps) > 0 and steps.min() >= (ages[-1] - ages[0]) / 8  # their names fit
    if to_scale:
        place = (len(ages) - 1) * (ages - ages[0]) / (ages[-1] - ages[0])
    figure, axes = style.figure(height=4.1)
    axes.fill_between(place, fresh + by_age["low"], fresh + by_age["high"], color=PERSONAL,
                      alpha=0.15, linewidth=0)  # fmt: skip
    axes.plot(place, by_age["hit_rate"], color=PERSONAL, linewidth=2.5, marker="o")
    axes.plot(place, by_age["old_pairs"], color=INK, linewidth=2, linestyle="--", marker="s")
    axes.plot(place, np.full(len(place), popular), color=POPULAR, linewidth=2)
    # what chance leaves open for the similarities
    axes.vlines(place[-1], fresh + by_age["pairs_low"].iloc[-1],
                fresh + by_age["pairs_high"].iloc[-1], color=INK, linewidth=1.5)  # fmt: skip
    last = place[-1] + 0.12
    ends = {"whole engine\nthis old": (by_age["hit_rate"].iloc[-1], PERSONAL),
            "only the\nsimilarities old": (by_age["old_pairs"].iloc[-1], INK)}  # fmt: skip
    top = 1.15 * max(by_age["hit_rate"].max(), by_age["old_pairs"].max(), popular, 0.01)
    room, below = 0.14 * top, -np.inf
    for text, (height, colour) in sorted(ends.items(), key=lambda end: end[1][0]):
        below = max(height, below + room)
        axes.text(last, below, text, color=colour, va="center", linespacing=0.95)
    top = max(top, below + 0.7 * room)
    label = "best sellers, fresh"
    if shown in by_age.index:  # the two numbers that the title compares
        lists, at = by_age["hit_rate"][shown], place[list(by_age.index).index(shown)]
        label += f": {100 * popular:.1f}"
        axes.vlines(at, popular, lists, color=INK, linewidth=1.2, linestyle=":")
        axes.scatter([at], [popular], color=POPULAR, s=55, zorder=3)
        last_one = at == place[-1]  # right of it stand the lines' names
        axes.annotate(f"{100 * lists:.1f}", (at, lists), (-5, -9) if last_one else (6, 6),
                      textcoords="offset points", ha="right" if last_one else "left",
                      va="top" if last_one else "bottom", color=PERSONAL,
                      fontweight="bold")  # fmt: skip
    # on its line, on the side on which the lists aren't
    under = by_age["hit_rate"].iloc[0] >= popular > 0.1 * top
    axes.annotate(label, (place[0], popular), (0, -5 if under else 5), color=POPULAR,
                  textcoords="offset points", va="top" if under else "bottom",
                  fontweight="bold")  # fmt: skip
    axes.set_xlim(-0.2, place[-1] + 0.62 * max(2, len(place) / 2.6))
    axes.set_ylim(0, top)
    axes.set_xticks(place, [f"{age:,}" for age in by_age.index])
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    lost = by_age.index[by_age["high"] < 0]
    oldest = f"{by_age.index[-1]} day{'' if by_age.index[-1] == 1 else 's'}"
    finding = f"No age up to {oldest} clearly loses"
    if len(lost):
        days = f"{lost[0]} day{'' if lost[0] == 1 else 's'}"
        older = by_age.index[by_age.index >= lost[0]]
        finding = f"Of the ages measured, lists lose at {days}"
        if len(older) == len(lost) > 1:
            finding = f"Of the ages measured, lists lose from {days} on"
    if shown:
        after = f"{shown} day{'' if shown == 1 else 's'}"
        finding = f"After {after}, old lists still beat best sellers"
    told = ", ".join(f"at age {age} {100 * rate:.1f}" for age, rate in by_age["hit_rate"].items())
    if by_age.index[0] > 0:
        told = f"fresh {100 * fresh:.1f}, {told}"
    pairs = by_age["old_pairs"].iloc[-1]
    alt = (f"{finding}. Finds in a hundred people: {told}; with old similarities alone "
           f"{100 * pairs:.1f}; best sellers {100 * popular:.1f}.")  # fmt: skip
    label = "age in days as the judged weeks begin" + (" (not to scale)" if not to_scale else "")
    label += "\nband and stroke: what chance leaves open"
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{round(100 * share, 4):g}"))
    style.finish(figure, axes, finding, label, "finds in a hundred people", alt)


def many_gauges(rings: np.ndarray) -> None:
    """Gauges of pure noise, night by night, and the nights on which at least one rings.

    Parameters
    ----------
    rings : ndarray of bool, shape (gauges, nights)
        From :func:`helpers.production.quiet_gauges`.
    """
    gauges, nights = rings.shape
    any_rings = rings.any(axis=0)
    figure, axes = style.figure(height=3.7)
    for night in range(nights):
        for gauge in range(gauges):
            axes.add_patch(
                Rectangle((night, gauge + 2), 0.86, 0.86,
                          facecolor=WARNING if rings[gauge, night] else style.PALE)
            )  # fmt: skip
        axes.add_patch(
            Rectangle((night, 0), 0.86, 1.3, facecolor=WARNING if any_rings[night] else style.PALE)
        )
    axes.text(-0.5, 0.65, "any of them", ha="right", va="center", fontweight="bold")
    axes.text(-0.5, 2 + gauges / 2, f"{gauges} gauges,\nall well", ha="right", va="center")
    axes.text(nights / 2, -0.9, f"{nights} nights", ha="center", va="center")
    axes.set_xlim(-0.27 * nights, nights)
    axes.set_ylim(-1.7, gauges + 2.2)
    style.bare(axes, equal=False)
    finding = f"Nothing is wrong, and {any_rings.sum()} of {nights} nights ring"
    style.title(axes, finding)
    alt = f"{finding}: {gauges} gauges that measure nothing but luck, {rings.sum()} rings in all."
    style.show(figure, alt)


def where_data_lie() -> None:
    """Where a customer's data lie, and what is done there when she asks to be forgotten."""
    figure, axes = style.figure(height=3.5)
    for row, (place, done) in enumerate(PLACES):
        own = row < 3
        colour = WARNING if own else PERSONAL if row == 3 else CHANCE
        style.box(axes, 2.35, -row, 4.5, 0.72, place, colour)
        style.arrow(axes, (4.7, -row), (5.5, -row), colour)
        axes.text(5.65, -row, done, ha="left", va="center", color=INK)
    axes.set_xlim(0, 11.2)
    axes.set_ylim(-len(PLACES) + 0.45, 0.55)
    style.bare(axes, equal=False)
    finding = "To forget takes more than one deletion"
    style.title(axes, finding)
    told = "; ".join(f"{place}: {done}" for place, done in PLACES)
    style.show(figure, f"{finding}. {told}.")
