"""Lesson 04: from similarities to a list, who leads the lists, and who is served by what."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.patches import FancyBboxPatch

from helpers.colours import CHANCE, INK, OTHER, PERSONAL, POPULAR, WARNING
from helpers.first_look import ROW_FROM
from helpers.plots import style
from helpers.telling import percent, share_of

_PALE = "#E4E4E4"


def _box(axes, centre, size, text, colour, weight="normal", fontsize=style.SMALL) -> None:
    corner = (centre[0] - size[0] / 2, centre[1] - size[1] / 2)
    axes.add_patch(
        FancyBboxPatch(corner, *size, "round,pad=0,rounding_size=0.1", fc="white", ec=colour, lw=2)
    )
    axes.text(*centre, text, ha="center", va="center", color=INK, fontsize=fontsize,
              fontweight=weight, linespacing=1.25)  # fmt: skip


def _arrow(axes, start, end, colour=INK, width=1.5, style_="-") -> None:
    look = {"arrowstyle": "-|>", "color": colour, "lw": width, "linestyle": style_,
            "shrinkA": 0, "shrinkB": 0}  # fmt: skip
    axes.annotate("", end, start, arrowprops=look)


def _canvas(width, height, inches):
    figure, axes = style.figure(inches)
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    style.bare(axes, equal=False)
    return figure, axes


def score_drawing(similar: pd.DataFrame) -> None:
    """How a score comes about: every purchase sends its similarity to every candidate.

    Parameters
    ----------
    similar : DataFrame
        Rows: candidates. Columns: what the customer owns. The similarities of both.
    """
    figure, axes = _canvas(10, 4.4, 3.0)
    scores = similar.sum(axis=1)
    left = np.linspace(3.4, 1.0, len(similar.columns))
    right = np.linspace(3.4, 1.0, len(similar))
    axes.text(0.9, 4.2, "owns", ha="center", color=INK, fontweight="bold")
    axes.text(7.9, 4.2, "score", ha="center", color=PERSONAL, fontweight="bold")
    told = []
    for owned, high in zip(similar.columns, left, strict=True):
        _box(axes, (0.9, high), (1.1, 0.8), owned, INK, "bold", 13)
    for candidate, high in zip(similar.index, right, strict=True):
        _box(axes, (5.3, high), (1.1, 0.8), candidate, PERSONAL, "bold", 13)
        for owned, low in zip(similar.columns, left, strict=True):
            value = similar.loc[candidate, owned]
            look = (PERSONAL, 1 + 5 * value, "-") if value else (CHANCE, 1, ":")
            # heads that come from another height don't run into the level one's
            end = high + 0.2 * np.sign(low - high)
            _arrow(axes, (1.55, low), (4.68, end), *look)
            axes.text(2.74, low + (end - low) * 0.38, f"{value:.2f}", ha="center", va="center",
                      color=INK, bbox={"fc": "white", "ec": "none", "pad": 1.5})  # fmt: skip
        parts = " + ".join(f"{value:.2f}" for value in similar.loc[candidate])
        axes.text(6.1, high, f"{parts} = {scores[candidate]:.2f}", va="center",
                  color=PERSONAL, fontsize=11.5, fontweight="bold")  # fmt: skip
        told.append(f"{candidate}: {parts} = {scores[candidate]:.2f}")
    first = scores.idxmax()
    owned = " and ".join(similar.columns)
    style.title(axes, f"Whoever owns {owned} sees {first} first")
    style.show(figure, f"Arrows from {owned} to the candidates, added up. {'; '.join(told)}.")


def who_leads(strips: dict[str, pd.Series], names: pd.Series) -> None:
    """How a whole splits over products: one strip for each, the largest product named.

    Parameters
    ----------
    strips : dict of str to Series
        Shares by product id, largest first: of lists, by the product in first place.
    names : Series of str
        By product id.
    """
    figure, axes = style.figure(0.95 * len(strips) + 0.9)
    colours = [WARNING, PERSONAL, CHANCE]
    told = []
    for place, (label, shares) in enumerate(strips.items()):
        colour = colours[place % len(colours)]
        many = shares.iloc[:40]
        start = 0.0
        for number, share in enumerate([*many, max(1 - many.sum(), 0)]):
            fill = colour if number == 0 else _PALE if number < len(many) else "#F4F4F4"
            # white edges would hide a slice that is thinner than they are
            edge = min(0.6, 150 * share)
            axes.barh(place, share, left=start, color=fill, edgecolor="white", height=0.5, lw=edge)
            start += share
        best = style.short(names.get(shares.index[0], shares.index[0]), 30)
        first = f"{best}: {percent(shares.iloc[0])}"
        axes.text(0, place - 0.34, f"{label}", va="bottom", color=INK)
        if len(shares) > len(many) and 1 - many.sum() > 0.15:
            axes.text(0.99, place, f"{len(shares) - len(many):,} others", va="center", ha="right",
                      color=INK, fontsize=style.SMALL)  # fmt: skip
        # beside the label, in the colour of its piece: inside, it would name its neighbours
        ink = INK if colour == CHANCE else colour
        axes.text(1, place - 0.34, first, va="bottom", ha="right", color=ink, fontweight="bold")
        told.append(f"{label}, {first}")
    axes.set_ylim(len(strips) - 0.6, -0.75)
    axes.set_xlim(0, 1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    largest = next(iter(strips.values()))
    finding = f"With the bug, {percent(largest.iloc[0])} of customers see one product first"
    alt = f"Strips that split over products; the largest is named. {'; '.join(told)}."
    style.finish(
        figure, axes, finding, "share of lists, by the product in first place", "", alt, "x"
    )


def score_parts(parts: pd.Series, product: str, most: int = 6) -> None:
    """One score taken apart: every purchase adds its piece where the one before it ends.

    Parameters
    ----------
    parts : Series of float
        What each purchase adds, by its name, largest first; what speaks against the product is
        below zero, and has the colour of a warning.
    product : str
        Whose score it is.
    most : int
        So many are drawn alone; the others are added up.
    """
    shown = parts.iloc[:most]
    labels = [style.short(name) for name in shown.index]
    values = shown.tolist()
    if len(parts) > most:
        against = int((parts.iloc[most:] < 0).sum())
        said = f", {against:,} against it" if against else ""
        labels.append(f"{len(parts) - most:,} more{said}")
        values.append(parts.iloc[most:].sum())
    total = parts.sum()
    digits = 3 if total >= 0.1 else 5
    figure, axes = style.figure(0.4 * (len(values) + 1) + 1.2)
    start = furthest = 0.0
    for place, value in enumerate(values):
        colour = PERSONAL if value >= 0 else WARNING
        axes.barh(place, value, left=start, color=colour, height=0.6)
        right = max(start, start + value)
        share = f" ({percent(value / total)})" if value > 0 else ""
        axes.text(right + 0.01 * total, place, f"{value:.{digits}f}{share}", va="center")
        start, furthest = start + value, max(furthest, right)
    axes.barh(len(values), total, color=INK, height=0.6)
    axes.text(total * 1.01, len(values), f"{total:.{digits}f}", va="center", fontweight="bold")
    axes.set_yticks(range(len(values) + 1), [*labels, "the score"])
    axes.set_xlim(0, max(total, furthest) * 1.4)
    axes.invert_yaxis()
    largest = percent(shown.iloc[0] / total)
    finding = f"{style.short(product, 40)}: the largest of {len(parts):,} reasons "
    finding += f"brings {largest} of the score"
    if len(parts) == 1:
        finding = f"{style.short(product, 40)}: one reason brings the whole score"
    told = "; ".join(
        f"{label} {value:.{digits}f}" for label, value in zip(labels, values, strict=True)
    )
    alt = f"{finding}. {told}; together {total:.{digits}f}."
    style.finish(figure, axes, finding, "what each adds to the score", "because of", alt)


def steps(table: pd.DataFrame, joined: bool = True) -> None:
    """The ladder as stairs: who stands on which step, and what a decision on it needs.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.first_look.steps`. Its other figures are for a table.
    joined : bool
        Whether purchases and events know people by the same ids.
    """
    figure, axes = _canvas(10, 5.6, 3.05)
    colours = {"purchases": PERSONAL, "intent": OTHER, "popularity": POPULAR}
    what = {
        "purchases": "bought something: purchases,\nand what was looked at lately",
        "intent": "looked, searched or filled a\ncart lately",
        "popularity": "nothing that we can use:\nwhat others bought in 30 days",
    }
    told = []
    for place, (step, row) in enumerate(table.iterrows()):
        left, height = 0.05 + 0.4 * place, 4.1 - 1.98 * place
        axes.add_patch(FancyBboxPatch((left, height), 5.3, 1.5, "round,pad=0,rounding_size=0.1",
                                      fc=colours[step], ec="none", alpha=0.17))  # fmt: skip
        label = "best sellers" if step == "popularity" else step
        axes.text(left + 0.15, height + 1.22, label, fontweight="bold", color=INK, va="center")
        axes.text(
            left + 0.15, height + 0.53, what[step], color=INK, va="center", fontsize=style.SMALL
        )
        lines = [] if row["customers"] else ["nobody today"]
        if step == "popularity":  # there is no rival to judge best sellers by
            lines = lines or ["everybody else"]
        elif row["status"] == "not judged":
            lines.append("nobody to judge by")
        elif row["status"] == "too few":
            lines.append("too few judged to tell")
        else:
            lines.append(f"came true: {percent(row['came_true'])}")
            lines.append(f"best sellers: {percent(row['best_sellers'])}")
        axes.text(left + 5.45, height + 0.75, "\n".join(lines), va="center", color=INK,
                  linespacing=1.35)  # fmt: skip
        if place < len(table) - 1:
            _arrow(axes, (left + 0.27, height - 0.03), (left + 0.27, height - 0.45), INK)
            axes.text(
                left + 0.48, height - 0.25, "else", va="center", fontsize=style.SMALL, color=INK
            )
        told.append(f"{label}: {', '.join(lines)}")
    first = table.iloc[0]
    people = round(table["customers"].sum() / table["share"].sum())
    below = share_of(1 - first["share"], people)
    if not joined:
        finding = "The ids don't meet, so this ladder counts people twice"
    elif first["status"] not in ("not judged", "too few"):
        finding = f"Lists from {table.index[0]} came true for {percent(first['came_true'])}, "
        finding += f"best sellers for {percent(first['best_sellers'])}"
    elif first["customers"] == table["customers"].sum():
        finding = "One step serves everybody who gets a list today"
    else:
        finding = f"Of those we know, {below} stand below the first step"
    style.title(axes, finding)
    style.show(figure, f"{finding}. {'; '.join(told)}.")


def what_followed(table: pd.DataFrame, verdict: str, days: int = 30) -> None:
    """What is bought after a view, a search, a cart, beside chance.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.first_look.followed_by_purchase`.
    verdict : str
        From :func:`helpers.first_look.what_events_say`: the title must not say more.
    days : int
    """
    words = {"product_view": "viewed", "search": "searched", "add_to_cart": "put into the cart"}
    figure, axes = style.figure(0.75 * len(table) + 1.5)
    told = []
    widest = max(table[["later", "chance"]].max(axis=None), 0.01)
    for place, (kind, row) in enumerate(table.iterrows()):
        axes.barh(place - 0.17, row["later"], color=PERSONAL, height=0.34)
        axes.barh(place + 0.17, row["chance"], color=CHANCE, height=0.34)
        for value, shift, more in (
            (row["later"], -0.17, f", our weight: {row['ours']:.1f}"),
            (row["chance"], 0.17, " by chance"),
        ):
            axes.text(
                value, place + shift, f" {percent(value)}{more}", va="center", fontsize=style.SMALL
            )
        told.append(
            f"{words[kind]}: {percent(row['later'])}, by chance {percent(row['chance'])}, "
            f"our weight {row['ours']:.1f}"
        )
    axes.set_xlim(0, 1.7 * widest)
    axes.invert_yaxis()
    axes.set_yticks(range(len(table)), [words[kind] for kind in table.index])
    first = table.iloc[0]
    finding = f"Bought furthest above chance: what was {words[table.index[0]]} before"
    noise = len(table) > 1 and first["low"] <= table["high"].iloc[1:].max()
    if verdict == "nothing" or not (table["low"] > 0).any():
        finding = "Nothing is clearly bought more often than by chance"
    elif verdict == "open" or noise:
        finding = "Above chance, but which comes first isn't certain"
    xlabel = f"share bought on a later day, within {days} days"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {'; '.join(told)}.", "x")


def bought_again(table: pd.DataFrame, most: int = 10, least: int = 100) -> None:
    """How many purchases are repeats, by product, beside products dealt by dice.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.first_look.repeats`, by the products' names.
    most : int
        So many products are drawn, first those that are shown again, then those with the largest
        share; and all products together. Those that are shown again are all drawn, up to twelve.
    least : int
        Products with fewer purchases are not drawn.
    """
    last = table.index[-1]
    enough = table.iloc[:-1][table["purchases"].iloc[:-1] >= least]
    enough = enough.sort_values("row", ascending=False, kind="stable")
    most = max(most, min(int(enough["row"].sum()), 12))
    shown = pd.concat([enough.head(most), table.iloc[-1:]])
    figure, axes = style.figure((0.42 if len(shown) < 7 else 0.29) * len(shown) + 1.6)
    told = []
    widest = max(shown[["share", "chance"]].max(axis=None), 0.01)
    for place, (name, row) in enumerate(shown.iterrows()):
        axes.barh(place, row["share"], color=PERSONAL if row["row"] else _PALE, height=0.62)
        axes.plot([row["chance"]] * 2, [place - 0.4, place + 0.4], color=INK, linewidth=3)
        if row["share"] >= ROW_FROM and row["share"] > row["chance"] and not row["row"]:
            axes.text(row["share"], place, "  may be chance", va="center", fontsize=style.SMALL)
        told.append(f"{name} {percent(row['share'])}, by chance {percent(row['chance'])}")
    labels = zip(shown.index, shown["share"], strict=True)
    labels = [f"{style.short(name, 18)} {percent(share)}" for name, share in labels]
    axes.set_yticks(range(len(shown)), labels)
    chance = shown["chance"].iloc[0]
    axes.text(chance, -0.48, "by chance", ha="center", va="bottom", fontsize=style.SMALL)
    axes.set_xlim(0, 1.1 * widest)
    axes.locator_params(axis="x", nbins=5)
    axes.set_ylim(len(shown) - 0.4, -1.1)
    rows = table.index[table["row"]].drop(last, errors="ignore") if len(table) > 1 else []
    if len(rows):
        finding = f"Clearly bought again: {len(rows):,} of {len(table) - 1:,} products"
    elif table.loc[last, "row"]:
        finding = "The shop as a whole earns a row for what is bought again"
    else:
        finding = "Nothing is bought again often enough for a row of its own"
    xlabel = f"share of repeats; blue: {percent(ROW_FROM)} or more, clearly above chance"
    left_out = []
    if len(enough) > most:
        left_out.append(f"{len(enough) - most:,} more")
    if len(enough) < len(table) - 1:
        left_out.append(f"{len(table) - 1 - len(enough):,} with fewer than {least} purchases")
    if left_out:
        xlabel += f"\n(not shown: {'; '.join(left_out)})"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {'; '.join(told)}.", "x")


def unknown_id() -> None:
    """What happens when an id arrives that never bought: three questions, four endings."""
    figure, axes = _canvas(10, 7.2, 4.6)
    questions = ["Does it look like\nour ids?", "Registered, or seen\non the site?",
                 "Looked at anything\nin the last 30 days?"]  # fmt: skip
    ends = [
        ("no", "a typo, or a test", "best sellers, counter 1"),
        ("no", "a stranger", "best sellers, counter 2"),
        ("no", "known, but quiet", "best sellers, counter 3"),
    ]
    for place, (question, (word, who, gets)) in enumerate(zip(questions, ends, strict=True)):
        high = 6.3 - 2.05 * place
        _box(axes, (2.15, high), (4.1, 1.2), question, INK)
        _arrow(axes, (4.25, high), (5.45, high), INK)
        axes.text(4.8, high + 0.25, word, ha="center", fontsize=style.SMALL)
        colour = POPULAR if place else WARNING
        _box(axes, (7.7, high), (4.4, 1.2), f"{who}:\n{gets}", colour)
        _arrow(axes, (2.15, high - 0.62), (2.15, high - (1.4 if place < 2 else 1.15)), INK)
        axes.text(
            2.3, high - (1.0 if place < 2 else 0.88), "yes", va="center", fontsize=style.SMALL
        )
    _box(axes, (2.15, 0.55), (4.1, 0.85), "known, and looking:\nintent, counter 4", OTHER)
    style.title(axes, "An unknown id: the page gets a list, and somebody counts")
    told = (
        "An id that does not look like ours is a typo or a test: best sellers, counter 1. One that "
        "is neither registered nor seen is a stranger: best sellers, counter 2. A known id without "
        "a look lately gets best sellers, counter 3; one that looked at something lately gets "
        "intent, counter 4."
    )
    style.show(figure, told)
