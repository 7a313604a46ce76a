"""Figures of lesson 10: pairs, what doubling does, caps, SQL, ties, machines and their bill."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from helpers.colours import CHANCE, INK, OTHER, PERSONAL, PINK, POPULAR, WARNING
from helpers.plots import style
from helpers.telling import percent
from helpers.warehouse import SAME, TIES

_GROWS = {"customers": "customers", "products": "products", "history": "history"}
_CAUSE = "another input or rule"  # what is neither the same nor only a tie
_ENGINES = {
    "scipy": ("our engine (SciPy)", PERSONAL),
    "duckdb": ("DuckDB", OTHER),
    "spark": ("Spark", INK),
}


def _on(colour: str) -> str:
    """The colour of letters that stand on this one."""
    return INK if colour in (OTHER, PINK) else "white"


def _times(value: float) -> str:
    return f"× {value:.1f}"


def pairs_of_histories(sizes: tuple[int, ...] = (2, 3, 5, 10)) -> None:
    """Products of a history as dots, every pair of them as a line.

    Parameters
    ----------
    sizes : tuple of int
        Products in each history, in growing order.
    """
    figure, axes = style.figure(height=2.9)
    pairs = [size * (size - 1) // 2 for size in sizes]
    for place, (size, count) in enumerate(zip(sizes, pairs, strict=True)):
        angles = np.pi / 2 + 2 * np.pi * np.arange(size) / size
        x, y = 2.6 * place + 0.95 * np.cos(angles), 0.95 * np.sin(angles)
        for one in range(size):
            for other in range(one):
                axes.plot(x[[one, other]], y[[one, other]], color=OTHER, linewidth=1.2, zorder=1)
        axes.plot(x, y, "o", color=INK, markersize=7, zorder=2)
        told = f"{size} products\n{count} pair{'' if count == 1 else 's'}"
        axes.text(2.6 * place, -1.3, told, ha="center", va="top")
    axes.set_ylim(-2.15, 1.15)
    axes.set_xlim(-1.3, 2.6 * (len(sizes) - 1) + 1.3)
    style.bare(axes)
    finding = f"{sizes[-1]} products make {pairs[-1]} pairs, {sizes[-2]} products only {pairs[-2]}"
    style.title(axes, finding)
    told = "; ".join(f"{size} products: {each}" for size, each in zip(sizes, pairs, strict=True))
    style.show(figure, f"Each pair of products in a history is a line. {told}.")


def who_makes_the_pairs(shares: pd.Series) -> None:
    """The customers with the longest histories: their share of people, purchases and pairs.

    Beside the pairs stands what luck alone would give the longest.

    Parameters
    ----------
    shares : Series
        From :func:`helpers.warehouse.longest_histories`.
    """
    figure, axes = style.figure(height=3.2)
    names = {"customers": "of all customers", "purchases": "of what was bought",
             "by_luck": "of the pairs, if\ndealt by chance", "pairs": "of the pairs"}  # fmt: skip
    colours = [OTHER, OTHER, CHANCE, WARNING]
    for place, (name, colour) in enumerate(zip(names, colours, strict=True)):
        share = 0 if np.isnan(shares[name]) else shares[name]
        axes.barh(place, share, color=colour, height=0.65)
        axes.text(share + 0.015, place, percent(share), va="center", color=INK)
    axes.set_yticks(range(4), list(names.values()))
    axes.set_ylim(3.6, -0.6)
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if np.isnan(shares["pairs"]):
        finding = "Nobody bought two products: there are no pairs"
    else:
        finding = (
            f"The longest {percent(shares['customers'])} of the histories make "
            f"{percent(shares['pairs'])} of the pairs"
        )
    alt = f"{finding}, and {percent(shares['purchases'])} of the purchases"
    if not np.isnan(shares["by_luck"]):
        alt += f"; dealt by chance, they would make {percent(shares['by_luck'])} of the pairs"
    alt += "."
    style.finish(figure, axes, finding, "share of the longest histories", "", alt, "x")


def what_doubling_does(doubled: pd.DataFrame) -> None:
    """Twice as many customers, products or purchases each: times the seconds and the rows.

    Parameters
    ----------
    doubled : DataFrame
        From :func:`helpers.warehouse.what_doubling_does`. Possible pairs are told, not drawn.
    """
    figure, axes = style.figure(height=3.8)
    names = {"customers": "twice the\ncustomers", "products": "twice the\nproducts",
             "history": "histories\ntwice as long"}  # fmt: skip
    bars = {"seconds": ("seconds of our engine's arithmetic, measured", PERSONAL),
            "rows": ("rows of pairs in a database, computed", WARNING)}  # fmt: skip
    for place, what in enumerate(names):
        for shift, (column, (_, colour)) in zip((-0.19, 0.19), bars.items(), strict=True):
            value = doubled.loc[what, column]
            axes.barh(place + shift, value, height=0.34, color=colour)
            axes.text(value + 0.06, place + shift, _times(value), va="center", color=colour)
    axes.plot([1, 1], [-0.45, 2.6], color=INK, linewidth=1, linestyle="--", zorder=0)
    most = 1.18 * max(2, doubled[list(bars)].max(axis=None))
    for height, (told, colour) in zip((-1.0, -0.65), bars.values(), strict=True):
        axes.text(most, height, told, color=colour, ha="right", va="center", fontweight="bold")
    axes.set_yticks(range(3), list(names.values()))
    axes.set_ylim(2.6, -1.25)
    axes.set_xlim(0, most)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    most_rows = doubled["rows"].idxmax()
    finding = f"Twice the {_GROWS[most_rows]}: {doubled['rows'].max():.1f} times the rows of pairs"
    told = "; ".join(f"{what}: seconds {_times(row['seconds'])}, rows {_times(row['rows'])}"
                     for what, row in doubled.iterrows())  # fmt: skip
    xlabel = "times the work (dashed: as before)"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. Doubled: {told}.")


def what_a_cap_does(tried: pd.DataFrame, usual: str, quality: float = 0.0) -> None:
    """Pairs that a cap leaves, and what it changes in the quality of the lists.

    Parameters
    ----------
    tried : DataFrame
        From :func:`helpers.warehouse.try_caps`. Index: what each row is called.
    usual : str
        The row that the title speaks of.
    quality : float
        NDCG with no cap: changes are then per cent of it. Zero: they are NDCG.
    """
    if quality:
        changes = ["difference", "difference_low", "difference_high"]
        tried = tried.assign(**tried[changes] * 100 / quality)

    digits, sign = (1, " %") if quality else (3, "")

    def change_of(value):
        return f"{round(value, digits) + 0:+.{digits}f}"  # no minus before nothing

    def from_to(row):
        if np.isnan(row["difference_low"]):
            return "one judge"
        return f"{change_of(row['difference_low'])} to {change_of(row['difference_high'])}"

    figure, axes = style.figure(height=0.68 * len(tried) + 1.5)
    for place, (name, row) in enumerate(tried.iterrows()):
        colour = PERSONAL if name == usual else WARNING if "reseller" in name else INK
        axes.plot([row["difference_low"], row["difference_high"]], [place] * 2, color=colour,
                  linewidth=4)  # fmt: skip
        axes.plot(row["difference"], place, "o", color=colour, markersize=9)
        numbers = f"{change_of(row['difference'])}{sign}\n({from_to(row)})"
        told = f"{name}: {_of_the_pairs(row)}"
        white = {"facecolor": axes.get_facecolor(), "edgecolor": "none", "pad": 1}
        about = {"color": colour, "transform": axes.get_yaxis_transform(), "bbox": white}
        axes.text(0, place - 0.2, told, ha="left", va="bottom", zorder=3, **about)
        axes.text(1, place, numbers, ha="right", va="center", zorder=3, **about)
    axes.axvline(0, color=INK, linewidth=1.2, zorder=0)
    axes.set_yticks([])
    axes.set_ylim(len(tried) - 0.5, -0.9)
    values = tried[["difference", "difference_low", "difference_high"]].to_numpy()
    least, most = min(0, np.nanmin(values)), max(0, np.nanmax(values))
    room = (most - least) or 0.1  # one customer, and nothing changed
    axes.set_xlim(least - 0.06 * room, most + 0.6 * room)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.spines["left"].set_visible(False)
    row = tried.loc[usual]
    low, high = row["difference_low"], row["difference_high"]
    if np.isnan(low):
        change = "one customer can't judge it"
    elif low == high == 0:
        change = "no list changes its quality"
    elif low <= 0 <= high:
        change = "a loss can't be told from none"
    else:
        change = "the lists get worse" if high < 0 else "the lists get better"
    finding = f"{usual[:1].upper()}{usual[1:]}: {change}"
    told = "; ".join(
        f"{name}: {_of_the_pairs(each)}, {change_of(each['difference'])}{sign} ({from_to(each)})"
        for name, each in tried.iterrows()
    )
    xlabel = "change in NDCG against the shop with no cap (95 %)"
    if quality:
        xlabel = "change in NDCG against no cap, in per cent (95 %)"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {told}.")


def _of_the_pairs(row):
    share = row["pairs"]
    return f"{percent(share)} of the pairs" if share <= 1 else f"{share:.2f} times the pairs"


def join_by_hand(own: list[str], neighbours: pd.DataFrame) -> None:
    """What a customer has, beside the neighbours of it: rows with the same product are added up.

    Parameters
    ----------
    own : list of str
        Products of one customer.
    neighbours : DataFrame
        ``product_id``, ``other``, ``weight``: neighbours of products.
    """
    met = neighbours[neighbours["product_id"].isin(own) & ~neighbours["other"].isin(own)]
    scores = met.groupby("other")["weight"].sum().sort_values(ascending=False)
    colours = dict(zip(scores.index, [PERSONAL, POPULAR, *style.COLOURS[4:]], strict=False))
    rows = len(met)
    figure, axes = style.figure(height=0.5 * rows + 1.6)
    middle = (rows - 1) / 2
    for x, told in ((0.6, "has"), (3.6, "neighbour, weight"), (8.8, "added up")):
        axes.text(x, 1.0, told, ha="center", fontweight="bold")
    places = {name: -middle + 0.9 * ((len(own) - 1) / 2 - k) for k, name in enumerate(own)}
    for name, y in places.items():
        style.box(axes, 0.6, y, 0.8, 0.6, name)
    ends = {name: -middle + 1.1 * ((len(scores) - 1) / 2 - k)
            for k, name in enumerate(scores.index)}  # fmt: skip
    for place, row in enumerate(met.sort_values(["product_id", "other"]).to_dict("records")):
        colour = colours[row["other"]]
        told = f"{row['product_id']} → {row['other']}   {row['weight']:.3f}"
        style.box(axes, 3.6, -place, 2.6, 0.72, told, colour)
        style.arrow(axes, (1.05, places[row["product_id"]]), (2.25, -place))
        style.arrow(axes, (4.95, -place), (6.3, ends[row["other"]]), colour)
    for name, y in ends.items():
        parts = met.loc[met["other"] == name, "weight"]
        sums = " + ".join(f"{part:.3f}" for part in parts)
        told = f"{name}   {sums} = {scores[name]:.3f}" if len(parts) > 1 else f"{name}   {sums}"
        style.box(axes, 8.8, y, 4.9, 0.72, told, colours[name])
    axes.set_xlim(0.1, 11.3)
    axes.set_ylim(-rows + 0.3, 1.5)
    style.bare(axes, equal=False)
    finding = f"JOIN puts rows side by side, SUM adds them up: {scores.index[0]} leads"
    style.title(axes, finding)
    told = "; ".join(f"{name} {score:.3f}" for name, score in scores.items())
    style.show(figure, f"A customer has {' and '.join(own)}. {finding}. Scores: {told}.")


def programs_compared(compared: Mapping[str, pd.DataFrame], n: int, stranger: float) -> None:
    """How many customers get the same list from another program, and how much is in common.

    Parameters
    ----------
    compared : mapping of str to DataFrame
        By what the program is called: from :func:`helpers.warehouse.compare_lists`.
    n : int
        Length of the lists.
    stranger : float
        Share in common with another customer's list: what chance gives.
    """
    figure, axes = style.figure(height=0.95 * len(compared) + 1.6)
    colours = {SAME: PERSONAL, TIES: OTHER, _CAUSE: WARNING}
    shares = {}
    for place, (name, table) in enumerate(compared.items()):
        seen = table["verdict"].where(table["verdict"].isin([SAME, TIES]), _CAUSE)
        found = seen.value_counts(normalize=True)
        shares[name] = found
        left = 0
        for verdict, colour in colours.items():
            share = found.get(verdict, 0)
            axes.barh(place, share, left=left, height=0.42, color=colour)
            if share >= 0.1:
                axes.text(left + share / 2, place, percent(share), color=_on(colour), ha="center",
                          va="center", fontweight="bold")  # fmt: skip
            left += share
        told = f"{name}: {n * table['in_common'].mean():.1f} of {n} products in common"
        axes.text(0, place - 0.26, told, va="bottom")
    # in the key: what is wide enough to be seen
    met = set().union(*(found.index[found >= 0.005] for found in shares.values()))
    style.key(axes, {name: colour for name, colour in colours.items() if name in met}, -0.95)
    axes.set_yticks([])
    axes.set_ylim(len(compared) - 0.6, -1.3)
    axes.set_xlim(0, 1)
    axes.spines["left"].set_visible(False)
    bad = {name: 1 - found.get(SAME, 0) - found.get(TIES, 0) for name, found in shares.items()}
    worst = max(bad, key=bad.get)
    name = f"{worst[:1].upper()}{worst[1:]}"
    finding = f"{name}: {percent(bad[worst])} differ in more than ties"
    if bad[worst] < 1e-9:
        finding = "Apart from ties, every customer gets the same list"
    told = "; ".join(
        f"{name}: "
        + ", ".join(
            f"{verdict} {percent(found[verdict])}" for verdict in colours if verdict in found
        )
        + f", in common {n * compared[name]['in_common'].mean():.1f}"
        for name, found in shares.items()
    )
    told += "" if np.isnan(stranger) else f"; a stranger's list has {n * stranger:.1f} in common"
    style.finish(figure, axes, finding, "of the customers", "", f"{finding}. {told}.", "x")


def jobs_measured(jobs: pd.DataFrame) -> None:
    """Seconds and memory of the whole job, by size of the shop and engine.

    Parameters
    ----------
    jobs : DataFrame
        ``purchases``, ``customers``, ``engine``, ``seconds``, ``peak_mb``; from
        ``tests/benchmarks/scale.py``.
    """
    sizes = sorted(jobs["purchases"].unique())
    figure, axes = style.figure(height=0.5 * len(jobs) + 0.4 * len(sizes) + 1.4)
    most, place, told = jobs["seconds"].max(), 0.0, []
    for size in sizes:
        of_size = jobs[jobs["purchases"] == size].sort_values("seconds")
        millions = f"{size / 1e6:.0f} million purchases"
        customers = f"{of_size['customers'].iloc[0]:,} customers"
        axes.text(0, place, f"{customers}, {millions}", va="center", fontweight="bold")
        for row in of_size.to_dict("records"):
            place += 0.95
            name, colour = _ENGINES[row["engine"]]
            axes.barh(place, row["seconds"], height=0.66, color=colour)
            words = f"{name}: {row['seconds']:.0f} s, {row['peak_mb'] / 1_000:.1f} GB"
            inside = row["seconds"] > 0.6 * most
            axes.text(row["seconds"] + (-1 if inside else 1) * 0.015 * most, place, words,
                      va="center", ha="right" if inside else "left",
                      color=_on(colour) if inside else INK)  # fmt: skip
            told.append(f"{customers}, {words}")
        place += 1.15
    axes.set_yticks([])
    axes.set_ylim(place - 0.6, -0.5)
    axes.set_xlim(0, 1.02 * most)
    axes.spines["left"].set_visible(False)
    largest = jobs[jobs["purchases"] == sizes[-1]].nsmallest(1, "seconds").iloc[0]
    finding = (
        f"{largest['customers']:,} customers, two cores: all lists in {largest['seconds']:.0f} s"
    )
    xlabel = "seconds, from a file of purchases to all lists"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {'; '.join(told)}.")


def which_machine() -> None:
    """Which program, and then whether it is done by morning: every shop comes to one end."""
    parts = {
        "1. Which program?": [
            ("May the data leave\nthe warehouse?", "no", "our SQL,\nin the warehouse"),
            ("Does the job fit in\nhalf of the memory?", "yes", "our engine,\non one machine"),
            ("DuckDB,\non one machine",),
        ],
        "2. Is it done by morning, in a rehearsal?": [
            ("As it is?", "yes", "we take it"),
            ("With an earlier start, a cap\nor a larger machine?", "yes", "we take that"),
            ("a cluster,\nrehearsed as well",),
        ],
    }
    figure, axes = style.figure(height=7)
    y, told = 0.0, []
    for heading, ways in parts.items():
        axes.text(0.1, y, heading, va="center", fontweight="bold")
        told.append(heading)
        y -= 0.85
        for question, *ends in ways:
            if ends:
                answer, end = ends
                style.box(axes, 2.2, y, 4.2, 0.98, question)
                style.box(axes, 7.8, y, 2.9, 0.98, end, PERSONAL, filled=True)
                style.arrow(axes, (4.4, y), (6.25, y), PERSONAL)
                axes.text(5.3, y + 0.1, answer, ha="center", va="bottom")
                style.arrow(axes, (2.2, y - 0.52), (2.2, y - 0.88))
                axes.text(2.4, y - 0.7, "yes" if answer == "no" else "no", va="center")
                told.append(f"{question} {answer.capitalize()}: {end}.")
            else:
                colour = WARNING if "cluster" in question else PERSONAL
                style.box(axes, 2.2, y, 4.2, 0.98, question, colour, filled=True)
                told.append(f"Otherwise {question}.")
            y -= 1.4
        y += 0.35
    axes.set_xlim(0, 9.4)
    axes.set_ylim(y + 0.4, 0.4)
    style.bare(axes, equal=False)
    finding = "The cluster is the last answer"
    style.title(axes, finding)
    style.show(figure, f"{finding}. {' '.join(told)}".replace("\n", " "))


def yearly_bills(bills: pd.DataFrame) -> None:
    """A year's bill of several ways to run the job, by what is paid for.

    Parameters
    ----------
    bills : DataFrame
        One row per way; ``computing``, ``waiting`` and ``people``, in money.
    """
    colours = {"computing": PERSONAL, "waiting": WARNING, "people": INK}
    figure, axes = style.figure(height=0.75 * len(bills) + 1.3)
    totals = bills.sum(axis=1)
    for place, (name, row) in enumerate(bills.iterrows()):
        left = 0
        for part, colour in colours.items():
            axes.barh(place, row[part], left=left, height=0.42, color=colour)
            left += row[part]
        axes.text(0, place - 0.25, f"{name}: {totals[name]:,.0f}", va="bottom")
    seen = bills.max() > 0.004 * totals.max()
    for part in bills.columns[~seen]:  # too thin to be seen: a line says that it is there
        for place in np.flatnonzero(bills[part] > 0):
            axes.plot([0, 0], [place - 0.21, place + 0.21], color=colours[part], linewidth=4,
                      solid_capstyle="butt", clip_on=False)  # fmt: skip
    # and the key how much it is
    named = {part if seen[part] else f"{part}: {_exactly(bills[part].max())}": colour
             for part, colour in colours.items()}  # fmt: skip
    style.key(axes, named, -0.95)
    axes.set_yticks([])
    axes.set_ylim(len(bills) - 0.6, -1.3)
    axes.set_xlim(0, 1.02 * totals.max())
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.spines["left"].set_visible(False)
    dearest = totals.idxmax()
    most = bills.loc[dearest].idxmax()
    name = f"{dearest[:1].upper()}{dearest[1:]}"
    finding = f"{name}: {most} cost{'' if most == 'people' else 's'} most"
    told = "; ".join(
        f"{name}: " + ", ".join(f"{part} {_exactly(row[part])}" for part in colours)
        for name, row in bills.iterrows()
    )
    style.finish(
        figure, axes, finding, "a year's bill, in your currency", "", f"{finding}. {told}."
    )


def _exactly(amount: float) -> str:
    return f"{amount:,.2f}".removesuffix(".00")
