"""Figures for any table: bars, lines, a histogram, shades, intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, MaxNLocator

from helpers.colours import BLUE, GREY, ORANGE, OTHER, PERSONAL, WARNING, meaning
from helpers.plots import style
from helpers.plots.style import COLOURS


def bars(values: pd.Series, title, xlabel, ylabel="", alt="", highlight=(), percent="") -> None:
    """Horizontal bars, first value on top, each with its number beside it.

    Parameters
    ----------
    values : Series
        Its index names the bars; two of one name are two bars.
    title, xlabel, ylabel, alt : str
    highlight : collection of index labels
        Drawn in the colour of warnings, unless the name is that of a list with a colour of its
        own; see :func:`meaning`.
    percent : str
        ``"x"`` where the values are shares.
    """
    figure, axes = style.figure(height=max(2.2, 0.27 * len(values) + 1.1))
    colours = [meaning(name, WARNING if name in highlight else BLUE) for name in values.index]
    drawn = axes.barh(range(len(values)), values.to_numpy(), color=colours)
    axes.set_yticks(range(len(values)), [str(name) for name in values.index])
    form = "{:.0%}" if "x" in percent else "{:,.0f}" if values.abs().max() >= 20 else "{:.2f}"
    axes.bar_label(drawn, fmt=form.format, padding=3)
    axes.margins(x=0.1)
    axes.invert_yaxis()
    style.finish(figure, axes, title, xlabel, ylabel, alt, percent)


def lines(table: pd.DataFrame, title, xlabel, ylabel, alt="", percent="", mark=None) -> None:
    """One line per column, the first in the strongest colour, told apart by dashes as well.

    Parameters
    ----------
    table : DataFrame
        Its index is the x axis.
    title, xlabel, ylabel, alt, percent
        As in :func:`bars`.
    mark : tuple of (number, str), optional
        A horizontal line at a value worth seeing, and what it is.
    """
    figure, axes = style.figure()
    if mark:
        axes.axhline(mark[0], color="#444444", linewidth=1, label=mark[1])
    dashes = ["-", "--", ":", "-.", (0, (5, 1, 1, 1))]
    for number, name in enumerate(table):
        axes.plot(
            table.index,
            table[name],
            color=COLOURS[number % len(COLOURS)],
            linestyle=dashes[number % len(dashes)],
            linewidth=2,
            label=name,
        )
    axes.set_ylim(bottom=min(0, table.min(axis=None)))  # heights compare only from zero
    if table.shape[1] > 1 or mark:
        axes.legend(frameon=False)
    if isinstance(table.index, pd.DatetimeIndex):
        figure.autofmt_xdate()
    elif pd.api.types.is_integer_dtype(table.index):  # between whole numbers there is nothing
        few = len(table) <= 12
        axes.xaxis.set_major_locator(
            FixedLocator(table.index) if few else MaxNLocator(integer=True)
        )
    style.finish(figure, axes, title, xlabel, ylabel, alt, percent)


def histogram(values, title, xlabel, ylabel="customers", alt="", bins=None, mark=None) -> None:
    """How often each size occurs; `mark` draws a vertical line at a value worth seeing.

    Parameters
    ----------
    values : array-like of numbers
    title, xlabel, ylabel, alt : str
    bins : int or sequence, optional
        One bar per whole number, or 30 bars where that would be too many.
    mark : tuple of (number, str), optional
    """
    figure, axes = style.figure()
    values = np.asarray(values)
    if bins is None:
        narrow = np.ptp(values) <= 60 and (values == values.round()).all()
        bins = np.arange(values.min() - 0.5, values.max() + 1) if narrow else 30
    axes.hist(values, bins=bins, color=BLUE, edgecolor="white")
    if mark:
        axes.axvline(mark[0], color=ORANGE, linewidth=2)
        axes.text(mark[0], axes.get_ylim()[1] * 0.95, f" {mark[1]}", color=ORANGE, va="top")
    style.finish(figure, axes, title, xlabel, ylabel, alt)


def intervals(table: pd.DataFrame, metric, title, xlabel, alt="", highlight=(), percent="") -> None:
    """Each method's mean as a dot, with its 95 % interval as a line.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.evaluate.compare`.
    metric : str
        A column; its interval is in ``metric_low`` and ``metric_high``.
    title, xlabel, alt : str
    highlight : collection of str
        Methods drawn in the colour of personal lists, unless they have a colour of their own.
    percent : str
        As in :func:`bars`.
    """
    figure, axes = style.figure(height=max(2.2, 0.32 * len(table) + 1.2))
    for place, (name, row) in enumerate(table.iterrows()):
        stands_out = name in highlight or not len(highlight)
        colour = meaning(name, PERSONAL if stands_out else OTHER)
        axes.plot([row[f"{metric}_low"], row[f"{metric}_high"]], [place] * 2, color=colour, lw=3)
        axes.plot(row[metric], place, "o", color=colour, markersize=8)
    axes.set_yticks(range(len(table)), [str(name).replace("_", " ") for name in table.index])
    axes.invert_yaxis()
    lowest = table[f"{metric}_low"].min()
    axes.set_xlim(left=0 if lowest >= 0 else None)
    if lowest < 0:  # does an interval hold zero?
        axes.axvline(0, color="#444444", linewidth=1)
    axes.grid(axis="x", color="#E5E5E5")
    style.finish(figure, axes, title, xlabel, "", alt, percent)


def calibration(table: pd.DataFrame, title, xlabel, ylabel, alt="") -> None:
    """Predicted chances against what happened; honest ones lie on the dashed line.

    Parameters
    ----------
    table : DataFrame
        ``predicted``, ``happened`` and its 95 % interval ``low``, ``high``: one row per group.
    title, xlabel, ylabel, alt : str
    """
    figure, axes = style.figure()
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="honest")
    axes.vlines(table["predicted"], table["low"], table["high"], color=BLUE, linewidth=3)
    label = "a group of customers, with 95 % interval"
    axes.plot(table["predicted"], table["happened"], "o", color=BLUE, markersize=8, label=label)
    axes.legend(frameon=False)
    style.finish(figure, axes, title, xlabel, ylabel, alt, percent="xy")
