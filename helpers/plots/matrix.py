"""Figures of lesson 02: purchases dropping into the matrix, empty cells and full rows."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator

from helpers.colours import BLUE, CHANCE, INK, PERSONAL, WARNING
from helpers.plots import style
from helpers.telling import percent

_EMPTY = "#E8E8E8"
_WORDS = {3: "three", 4: "four", 5: "five"}


def _show_below(figure, finding, told="") -> None:
    """Show a figure of two panels below one title."""
    figure.suptitle(finding, x=0.01, ha="left", fontsize=13, fontweight="bold")
    style.show(figure, f"{finding}. {told}." if told else f"{finding}.")


def one_row(matrix, labels: pd.Series, customer, most: int = 4) -> None:
    """One customer's row: a stroke for every product, dark where bought, with a few names.

    Parameters
    ----------
    matrix : InteractionMatrix
    labels : Series of str
        Names of the products, by id.
    customer : str
    most : int
        At most so many names are written.
    """
    place = matrix.customers.get_loc(customer)
    columns = np.sort(matrix.values[[place]].indices)
    n_products = len(matrix.products)
    figure, axes = style.figure(height=2)
    width = style.WIDTH * 72 / n_products  # of a cell, in points
    axes.add_patch(Rectangle((0, 0), n_products, 1, facecolor=_EMPTY))
    axes.vlines(columns + 0.5, 0, 1, color=PERSONAL, linewidth=max(1.2, 0.85 * width))
    if n_products <= 80:
        axes.vlines(range(n_products + 1), 0, 1, color="white", linewidth=1)
    told = columns[np.linspace(0, len(columns) - 1, min(most, len(columns))).astype(int)]
    lines = 1
    for number, column in enumerate(told):
        middle = (number + 0.5) / len(told) * n_products
        axes.plot([column + 0.5, middle], [-0.05, -0.5], color=CHANCE, linewidth=1)
        name = textwrap.shorten(str(labels[matrix.products[column]]), 40, placeholder=" …")
        name = textwrap.fill(name, 14, break_long_words=False)
        lines = max(lines, name.count("\n") + 1)
        axes.text(middle, -0.6, name, ha="center", va="top", fontsize=11)
    axes.set_xlim(0, n_products)
    axes.set_ylim(-0.65 - 0.33 * lines, 1.05)
    style.bare(axes)
    axes.set_aspect("auto")
    empty = n_products - len(columns)
    filled = "1 cell is" if len(columns) == 1 else f"{len(columns):,} cells are"
    finding = (
        f"{customer}: {filled} filled, {empty:,} " + ("is" if empty == 1 else "are") + " empty"
    )
    style.finish(figure, axes, finding, alt=f"The row of {finding}.")


def purchases_into_matrix(purchases: pd.DataFrame, bought: pd.DataFrame, customer) -> None:
    """The lines of a file on the left, the table they drop into on the right.

    Parameters
    ----------
    purchases : DataFrame
        A dozen lines at most, with ``customer_id`` and ``product_id``.
    bought : DataFrame of 0 and 1
        Customers x products.
    customer : str
        The one whose arrows are drawn in colour.
    """
    figure, axes = style.figure(height=4.1)
    n_rows, n_columns = bought.shape
    left, step = 5.6, len(purchases) / n_rows
    for row, name in enumerate(bought.index):
        ink = PERSONAL if name == customer else INK
        axes.text(left - 0.15, (row + 0.5) * step, name, ha="right", va="center", color=ink,
                  fontweight="bold" if name == customer else None, zorder=4,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
        for column in range(n_columns):
            filled = bought.iat[row, column] > 0
            axes.add_patch(Rectangle((left + column, row * step), 1, step, edgecolor="white",
                                     facecolor=ink if filled else _EMPTY, linewidth=3))  # fmt: skip
            if filled:
                middle = (left + column + 0.5, (row + 0.5) * step)
                axes.text(*middle, "1", ha="center", va="center", color="white", fontweight="bold")
    for column, name in enumerate(bought):
        axes.text(left + column + 0.5, -0.25, name, ha="center", fontweight="bold")
    for line, purchase in enumerate(purchases.itertuples()):
        mine = purchase.customer_id == customer
        ink = PERSONAL if mine else INK
        text = f"{purchase.customer_id}   {purchase.product_id}"
        axes.text(0, line + 0.5, text, va="center", color=ink, fontsize=11)
        target = (bought.index.get_loc(purchase.customer_id) + 0.5) * step
        axes.annotate("", (3.6, target), (2.05, line + 0.5), zorder=1,
                      arrowprops={"arrowstyle": "->", "lw": 2 if mine else 1,
                                  "color": PERSONAL if mine else "#C4C4C4"})  # fmt: skip
    axes.text(0, -0.25, "the file, line by line", fontweight="bold")
    axes.set_xlim(-0.1, left + n_columns)
    axes.set_ylim(len(purchases) + 0.1, -0.9)
    style.bare(axes)
    axes.set_aspect("auto")
    filled = int((bought > 0).to_numpy().sum())
    finding = f"{len(purchases)} lines drop into {bought.size} cells; "
    finding += f"{bought.size - filled} stay empty"
    mine = ", ".join(bought.columns[bought.loc[customer] > 0])
    style.finish(figure, axes, finding, alt=f"{finding}. The row of {customer}: {mine}.")


def two_shops(matrices: dict, table: pd.DataFrame) -> None:
    """Two small matrices side by side, each with its mean and its median.

    Parameters
    ----------
    matrices : dict of str to InteractionMatrix
        Two of them.
    table : DataFrame
        From :func:`helpers.matrix.described`, of the same matrices.
    """
    figure, panels = style.figure(height=3.7, ncols=2)
    for axes, (name, matrix) in zip(panels, matrices.items(), strict=True):
        rows, columns = matrix.shape
        axes.add_patch(Rectangle((0, 0), columns, rows, facecolor=_EMPTY))
        for row, column in zip(*matrix.values.nonzero(), strict=True):
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=PERSONAL, edgecolor="white"))
        axes.set_xlim(0, columns)
        axes.set_ylim(rows, 0)
        style.bare(axes)
        axes.set_title(name, loc="center", fontsize=12)
        row = table.loc[name]
        axes.set_xlabel(f"mean {row['mean']:g}, median {row['median']:g}\n"
                        f"one product only: {row['only_one']:.0%}", fontsize=12)  # fmt: skip
    first, second = (table.loc[name] for name in matrices)
    alike = "Equally empty, the same mean" if (
        np.isclose(first["empty"], second["empty"]) and np.isclose(first["mean"], second["mean"])
    ) else "Two shops"  # fmt: skip
    finding = f"{alike}: the medians are {first['median']:g} and {second['median']:g}"
    told = "; ".join(f"{name}: {percent(table.loc[name, 'empty'])} empty" for name in matrices)
    _show_below(figure, finding, told)


def products_per_customer(per_customer: pd.Series) -> None:
    """How many customers have how many products, with median and mean.

    Parameters
    ----------
    per_customer : Series of int
        From :func:`helpers.matrix.products_per_customer`.
    """
    median, mean = per_customer.median(), per_customer.mean()
    # whoever is far out stands in the last bar, so that the rest can be seen
    last = int(max(per_customer.quantile(0.98), np.ceil(mean) + 1, 5))
    width = int(np.ceil(last / 40))
    bins = np.arange(0.5, last + width + 1, width)
    figure, axes = style.figure()
    counted, edges, _ = axes.hist(per_customer.clip(upper=bins[-1] - 0.5), bins, color=BLUE,
                                  edgecolor="white")  # fmt: skip
    top = counted.max()
    drawn = [(median, "median", INK, 1.22, "center"), (mean, "mean", WARNING, 1.1, "left")]
    if abs(mean - median) < 0.05:
        drawn = [(median, "median and mean", INK, 1.22, "center")]
    for value, name, colour, height, side in drawn:
        axes.vlines(value, 0, 1.06 * top, color=colour, linewidth=2)
        side = "left" if value < 0.25 * last else side
        axes.text(value, height * top, f" {name} {value:,.1f} ".replace(".0 ", " "), color=colour,
                  ha=side, va="center", fontweight="bold")  # fmt: skip
    axes.set_ylim(0, 1.32 * top)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    beyond = int((per_customer > bins[-2]).sum())
    if beyond and per_customer.max() > bins[-1]:
        begins = int(bins[-2] + 0.5)
        ticks = [int(tick) for tick in axes.get_xticks() if 0 < tick < 0.93 * begins]
        middle = (bins[-2] + bins[-1]) / 2
        axes.set_xticks([*ticks, middle], [*(f"{tick:,}" for tick in ticks), f"{begins:,}+"])
        text = f"{begins:,} or more:\n{beyond:,} customers"
        axes.text(
            bins[-1], 0.12 * top + counted[-1], text, ha="right", va="bottom", fontsize=style.SMALL
        )
    things = "product" if median == 1 else "products"
    typical, average = (f"{value:,.1f}".removesuffix(".0") for value in (median, mean))
    finding = f"The typical customer has {typical} different {things}; the mean is {average}"
    style.finish(figure, axes, finding, "different products bought", "customers", f"{finding}.")


MEANINGS = {
    "not wanted": ("saw it and\ndecided against it", "leave it out", WARNING),
    "has one": ("needs no second: bought in\nanother shop, or long ago", "leave it out", WARNING),
    "never seen": ("doesn't know\nthat we have it", "show it", PERSONAL),
    "not yet": ("will want it\nnext month", "show it in time", "#006B4E"),
}


def meanings() -> None:
    """One empty cell, four stories behind it, and what each asks for."""
    figure, axes = style.figure(height=4.4)
    axes.add_patch(Rectangle((0, 1.65), 1.3, 1.3, facecolor=_EMPTY, edgecolor=INK, linewidth=2))
    axes.text(0.65, 2.3, "empty", ha="center", va="center")
    for place, (meaning, (story, action, colour)) in enumerate(MEANINGS.items()):
        height = 4.1 - 1.2 * place
        axes.annotate("", (1.9, height), (1.35, 2.3), arrowprops={"arrowstyle": "->", "lw": 2,
                                                                  "color": colour})  # fmt: skip
        box = FancyBboxPatch((2, height - 0.62), 4.1, 1.0, boxstyle="round,pad=0.03",
                             facecolor="white", edgecolor=colour, linewidth=2)  # fmt: skip
        axes.add_patch(box)
        axes.text(2.15, height, meaning, va="bottom", color=colour, fontweight="bold")
        axes.text(2.15, height - 0.04, story, va="top", fontsize=style.SMALL)
        axes.annotate("", (6.55, height), (6.2, height), arrowprops={"arrowstyle": "->", "lw": 2,
                                                                     "color": colour})  # fmt: skip
        axes.text(6.65, height, action, va="center", color=colour, fontweight="bold")
    axes.set_xlim(-0.05, 9.3)
    axes.set_ylim(-0.25, 4.6)
    style.bare(axes)
    axes.set_aspect("auto")
    finding = f"An empty cell has one of {_WORDS.get(len(MEANINGS), len(MEANINGS))} stories"
    told = "; ".join(f"{meaning}: {action}" for meaning, (_, action, _) in MEANINGS.items())
    style.finish(figure, axes, finding, alt=f"{finding}. {told}.")


def bought_since(share: float) -> None:
    """Of a hundred purchases, those of products that were blank before: the plan hides them.

    Parameters
    ----------
    share : float
        Of the purchases, how many were of something new to the customer.
    """
    hidden = round(100 * share)
    figure, axes = style.figure(height=2)
    for dot in range(100):
        here = Circle((dot % 25, -(dot // 25)), 0.4, edgecolor=WARNING, linewidth=1.5,
                      facecolor=WARNING if dot < hidden else "white")  # fmt: skip
        axes.add_patch(here)
    axes.text(12, -4.3, "filled: new to the customer, so hidden; empty: bought before",
              ha="center", va="center")  # fmt: skip
    axes.set_xlim(-0.6, 24.6)
    axes.set_ylim(-4.9, 0.6)
    style.bare(axes)
    finding = f"Of 100 products bought since, the plan would have hidden {hidden}"
    style.finish(figure, axes, finding, alt=f"{finding}; {100 - hidden} were bought before.")


def loud_rows(customers: int, rows: float, pairs: float, scaled: float) -> None:
    """The share of the longest rows: of all rows, of all pairs, and of the votes once scaled.

    Parameters
    ----------
    customers : int
        How many rows these are.
    rows, pairs, scaled : float
        Their shares.
    """
    bars = {
        "of all rows": (rows, CHANCE),
        "of all pairs": (pairs, WARNING),
        "of all votes, if each row's\npairs are divided\nby its products": (scaled, PERSONAL),
    }
    figure, axes = style.figure(height=2.4)
    for place, (share, colour) in enumerate(bars.values()):
        axes.barh(-place, share, color=colour, height=0.6)
        axes.text(share, -place, f" {percent(share)}", va="center", color=colour,
                  fontweight="bold")  # fmt: skip
    axes.set_yticks([0, -1, -2], list(bars))
    axes.set_xlim(0, 1.15 * max(share for share, _ in bars.values()))
    axes.set_xticks([])
    axes.spines[["bottom"]].set_visible(False)
    who = "The longest row has" if customers == 1 else f"The {customers:,} longest rows have"
    finding = f"{who} {percent(pairs)} of all pairs"
    told = "; ".join(f"{' '.join(name.split())}: {percent(share)}"
                     for name, (share, _) in bars.items())  # fmt: skip
    style.finish(figure, axes, finding, alt=f"{finding}. {told}.")


def votes(sizes: list[int]) -> None:
    """Rows of some lengths: a dot for every product, a line for every pair of them.

    Parameters
    ----------
    sizes : list of int
        Different products in each row; at most four rows, at least one product each.
    """
    figure, panels = style.figure(height=2.9, ncols=len(sizes))
    told = []
    for axes, size in zip(np.atleast_1d(panels), sizes, strict=True):
        angles = 2 * np.pi * np.arange(size) / size + np.pi / 2
        places = 0.9 * np.column_stack([np.cos(angles), np.sin(angles)])
        for one in range(size):
            for other in range(one):
                axes.plot(*places[[one, other]].T, color=CHANCE, linewidth=0.9, zorder=1)
        axes.plot(*places.T, "o", color=PERSONAL, markersize=9)
        axes.set_xlim(-1.15, 1.15)
        axes.set_ylim(-1.15, 1.15)
        style.bare(axes)
        pairs = size * (size - 1) // 2
        axes.set_title(f"{size} product" + "s" * (size != 1), loc="center", fontsize=12)
        axes.set_xlabel(f"{pairs} pair" + "s" * (pairs != 1), color=INK, fontsize=12)
        told.append(f"{size} product" + "s" * (size != 1) + f", {pairs}")
    times = sizes[-1] / sizes[-2]
    louder = sizes[-1] * (sizes[-1] - 1) / (sizes[-2] * (sizes[-2] - 1))
    finding = f"{times:.2g} times the products make {louder:.2g} times the pairs"
    _show_below(figure, finding, "; ".join(told) + " pairs")
