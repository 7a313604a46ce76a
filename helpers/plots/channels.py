"""Figures of lesson 07: what four places show, who may change a list, and what a change costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from helpers.channels import CHANNELS
from helpers.colours import CHANCE, INK, PERSONAL, POPULAR, WARNING
from helpers.plots import style
from helpers.telling import percent

_PALE = "#E3E3E3"
_ON_WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # where a line passes behind
_LONGEST = 22  # letters of a name in a figure


def _short(name) -> str:
    name = " ".join(str(name).split())
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


def _arrow(axes, start, end, colour=INK, bend=0.0) -> None:
    axes.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=15, color=colour, linewidth=2,
                        connectionstyle=f"arc3,rad={bend}", shrinkA=0, shrinkB=0)
    )  # fmt: skip


def _box(axes, corner, width, height, text="", face="white", edge=INK, letters=INK, **more) -> None:
    axes.add_patch(Rectangle(corner, width, height, facecolor=face, edgecolor=edge, lw=1.8))
    if text:
        axes.text(corner[0] + width / 2, corner[1] + height / 2, text, color=letters,
                  ha="center", va="center", **more)  # fmt: skip


def _panel(axes, corner, width, height, edge=INK, face="white") -> None:
    axes.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle="round,pad=0,rounding_size=0.12",
                       facecolor=face, edgecolor=edge, linewidth=1.8)
    )  # fmt: skip


def holes(table: pd.DataFrame, fair: float) -> None:
    """In how many rows something is missing, as what most rows show sells out.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.channels.holes`.
    fair : float
        The napkin's answer for one product: places of a row, divided by the products.
    """
    figure, axes = style.figure(3.6)
    n, reserve = table.attrs["n"], table.attrs["reserve"]
    for name, colour, label in [
        ("no reserve", POPULAR, f"exactly {n} stored"),
        ("reserve", PERSONAL, f"{n} and a reserve of {reserve}"),
    ]:
        axes.plot(table.index, table[name], "-o", color=colour, linewidth=2.5, markersize=6)
        axes.annotate(label, (table.index[-1], table[name].iloc[-1]), (0, 9), color=colour,
                      textcoords="offset points", ha="right", fontweight="bold",
                      bbox=_ON_WHITE)  # fmt: skip
    one = int(table.index[min(1, len(table) - 1)])
    axes.plot(one, fair, "D", color=CHANCE, markersize=8)
    axes.annotate(f"napkin: {percent(fair)}", (one, fair), (9, -3), color=CHANCE,
                  textcoords="offset points", bbox=_ON_WHITE)  # fmt: skip
    top = max(table.to_numpy().max(), fair)
    axes.set_ylim(-0.03 * top, 1.18 * top)
    axes.set_xlim(-0.3, table.index[-1] + 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    share = percent(table["no reserve"][one])
    finding = f"One product sold out: a hole in {share} of the rows"
    last = f"{table.index[-1]} sold out: {percent(table['no reserve'].iloc[-1])} without a reserve"
    alt = f"{finding}. {last}, {percent(table['reserve'].iloc[-1])} with one of {reserve}."
    xlabel = "products sold out since the night, the most shown first"
    style.finish(figure, axes, finding, xlabel, "rows with a hole", alt, percent="y")


def night_and_noon() -> None:
    """A list of eight made at night; at noon one sells out; the page shows the first five left."""
    figure, axes = style.figure(3.1)
    rows = [("3 am", "list made", list("ABCDEFGH"), ""), ("noon", "C sells out", [], "C"),
            ("3 pm", "page looks", list("ABDEF"), "")]  # fmt: skip
    for height, (clock, what, shown, gone) in zip((2.2, 1.1, 0.0), rows, strict=True):
        axes.text(-0.2, height + 0.45, clock, ha="right", va="center", fontweight="bold")
        axes.text(-0.2, height + 0.12, what, ha="right", va="center", fontsize=10.5)
        for place, letter in enumerate(shown):
            in_row = place < 5
            colour = PERSONAL if in_row else CHANCE
            face = PERSONAL if in_row else "white"
            _box(axes, (place * 0.82, height), 0.66, 0.56, letter, face, colour,
                 "white" if in_row else CHANCE, fontweight="bold")  # fmt: skip
        if gone:
            _box(axes, (2 * 0.82, height), 0.66, 0.56, gone, "white", WARNING, WARNING,
                 fontweight="bold")  # fmt: skip
            axes.plot([1.56, 2.38], [height - 0.04, height + 0.6], color=WARNING, linewidth=2.5)
            axes.text(2.65, height + 0.28, "stock says: gone", color=WARNING, va="center")
    axes.text(2.05, 2.95, "row", color=PERSONAL, ha="center", fontweight="bold")
    axes.text(5.25, 2.95, "reserve", color=CHANCE, ha="center", fontweight="bold")
    axes.text(4.3, 0.28, "D, E and F moved up", color=PERSONAL, va="center")
    axes.set_xlim(-1.75, 7.2)
    axes.set_ylim(-0.15, 3.25)
    style.bare(axes)
    finding = "The night proposes eight; the page looks up the stock and shows five"
    style.title(axes, finding)
    style.show(figure, f"A list made at 3 am, a product that sells out at noon. {finding}.")


_WHERE = {
    "homepage": ("looks around", "a personal row"),
    "product_page": ("weighs one thing", "what goes with it"),
    "email": ("does something else", "three, each with a reason"),
    "cart": ("left something", "that, and what goes with it"),
}


def four_places(reach: Mapping[str, int]) -> None:
    """One table of lists and the four places that show it, each with how many lists it has.

    Parameters
    ----------
    reach : mapping of str to int
        Lists of each place, by the names of :data:`helpers.channels.CHANNELS`.
    """
    figure, axes = style.figure(3.9)
    _panel(axes, (-2.35, 1.15), 1.75, 1.7, PERSONAL)
    axes.text(-1.475, 2.0, "one table\nof lists,\nmade at\nnight", color=PERSONAL, ha="center",
              va="center", fontweight="bold")  # fmt: skip
    told = []
    for height, (name, (does, shows)) in zip((3.15, 2.1, 1.05, 0.0), _WHERE.items(), strict=True):
        title, unit = CHANNELS[name]
        _arrow(axes, (-0.55, 2.0), (0.0, height + 0.4), CHANCE)
        _panel(axes, (0.05, height), 4.95, 0.86, INK)
        axes.text(0.2, height + 0.6, title, fontweight="bold", va="center")
        axes.text(0.2, height + 0.24, f"{does}: {shows}", va="center", fontsize=10)
        axes.text(5.15, height + 0.6, f"{reach[name]:,}", color=PERSONAL, va="center",
                  fontweight="bold")  # fmt: skip
        axes.text(5.15, height + 0.24, unit, color=PERSONAL, va="center", fontsize=10)
        told.append(f"{title}: {reach[name]:,} {unit}")
    axes.set_xlim(-2.4, 6.5)
    axes.set_ylim(-0.1, 4.1)
    style.bare(axes)
    style.title(axes, "One table, four places, each with rules of its own")
    style.show(figure, f"One table of lists feeds four places. {'; '.join(told)}.")


def three_numbers(bought: pd.DataFrame, one: str, other: str) -> None:
    """Support, confidence and lift of a pair, each as people: who is counted, among whom.

    Parameters
    ----------
    bought : DataFrame of 0 and 1
        Rows: customers, whose label ends in a number. Columns: products.
    one, other : str
        Two of the products: the one in view, and the one to be shown.
    """
    has_one, has_other = bought[one] > 0, bought[other] > 0
    both = has_one & has_other
    number = pd.Series(bought.index.str.split().str[-1], bought.index)
    everyone = pd.Series(True, bought.index)
    support, confidence = both.mean(), both.sum() / has_one.sum()
    share = has_other.mean()
    lift = confidence / share
    panels = [
        ("support", f"bought both, of all\n{both.sum()} of {len(bought)}", support,
         [(everyone, both)]),
        ("confidence", f"bought {other}, of {one}'s buyers\n{both.sum()} of {has_one.sum()}",
         confidence, [(has_one, both)]),
        ("lift", f"that, beside all who\nbought {other}: {has_other.sum()} of {len(bought)}", lift,
         [(has_one, both), (everyone, has_other)]),
    ]  # fmt: skip
    figure, drawn = style.figure(3.0, ncols=3)
    for axes, (name, told, value, rows) in zip(drawn, panels, strict=True):
        for height, (counted, marked) in zip((0.55, -0.55) if len(rows) > 1 else (0.0,), rows,
                                             strict=True):  # fmt: skip
            people = number[counted].tolist()
            left = -(len(people) - 1) / 2
            for place, (person, full) in enumerate(zip(people, marked[counted], strict=True)):
                middle = (left + place) * 0.62
                face = PERSONAL if full else "white"
                axes.plot(middle, height, "o", markersize=19, markerfacecolor=face,
                          markeredgecolor=PERSONAL, markeredgewidth=1.8)  # fmt: skip
                axes.text(middle, height, person, color="white" if full else PERSONAL,
                          ha="center", va="center", fontsize=10)  # fmt: skip
        if len(rows) > 1:
            axes.text(0, 0, "÷", ha="center", va="center", fontsize=15)
        axes.set_title(f"{name} {value:.2f}", loc="center", fontsize=12.5)
        axes.text(0, -1.12, told, ha="center", va="top", fontsize=10)
        axes.set_xlim(-1.4, 1.4)
        axes.set_ylim(-1.85, 1.0)
        style.bare(axes)
    style.show(
        figure,
        f"Who is counted for {one} and {other}: support {both.sum()} of {len(bought)}, confidence "
        f"{both.sum()} of {has_one.sum()}, lift {confidence:.2f} / {share:.2f} = {lift:.2f}.",
    )


def lift_melts(melted: pd.DataFrame, usual: float) -> None:
    """The highest early lifts, and what they became, by the common buyers that were asked for.

    Parameters
    ----------
    melted : DataFrame
        From :func:`helpers.similarity.lift_that_melts`, not empty.
    usual : float
        Lift of any two products of the shop.
    """
    figure, axes = style.figure(0.62 * len(melted) + 1.8)
    early, later = melted["lift"].to_numpy(), melted["lift_later"].to_numpy()
    for place, (then, now) in enumerate(zip(early, later, strict=True)):
        axes.plot([now, then], [place] * 2, color=_PALE, linewidth=7, solid_capstyle="butt")
        axes.plot(then, place, "o", color=POPULAR, markersize=12)
        axes.plot(now, place, "o", color=PERSONAL, markersize=12)
        for value, colour, away in [(then, POPULAR, now), (now, PERSONAL, then)]:
            right = value > away or (value == away and colour == POPULAR)
            axes.annotate(f"{value:,.1f}", (value, place), (10 if right else -10, 0), color=colour,
                          textcoords="offset points", ha="left" if right else "right",
                          va="center", fontweight="bold", bbox=_ON_WHITE)  # fmt: skip
    low, high = min(*early, *later, usual), max(*early, *later, usual)
    room = 0.16 * (high - low or 1)
    axes.set_xlim(min(0, low - room), high + room)
    axes.axvline(usual, color=CHANCE, linestyle="--")
    axes.text(usual, len(melted) - 0.45, f" any two products: {usual:.1f}", color=CHANCE,
              va="center", bbox=_ON_WHITE)  # fmt: skip
    axes.text(early[0], -0.55, "early", color=POPULAR, ha="center", fontweight="bold")
    if abs(early[0] - later[0]) > 0.12 * (high - low or 1):
        axes.text(later[0], -0.55, "in all data", color=PERSONAL, ha="center", fontweight="bold")
    axes.set_yticks(range(len(melted)), [f"{n:,} or more" for n in melted.index])
    axes.set_ylim(len(melted) - 0.15, -0.95)
    finding = f"The ten highest early lifts: {early[0]:,.1f} became {later[0]:,.1f}"
    told = "; ".join(
        f"{n:,} or more: {then:,.1f} became {now:,.1f}"
        for n, then, now in zip(melted.index, early, later, strict=True)
    )
    alt = f"{finding}. By common buyers at the time: {told}. Any two products: {usual:.1f}."
    style.finish(figure, axes, finding, "lift, mean of ten pairs", "common buyers then", alt)


def instead_or_together() -> None:
    """Two questions about a pair, four kinds of pairs, each with an example."""
    figure, axes = style.figure(4.0)
    kinds = [
        ((0, 1), "kettle & kettle", "instead of each other", "while choosing", WARNING),
        ((1, 1), "lipstick & lipstick", "one is not enough", "before and after", PERSONAL),
        ((0, 0), "kettle & novel", "nothing to do with it", "nowhere", CHANCE),
        ((1, 0), "kettle & tea", "as well", "once chosen", PERSONAL),
    ]
    for (column, row), pair, what, where, colour in kinds:
        corner = (column * 3.05, row * 1.5)
        _panel(axes, corner, 2.9, 1.36, colour)
        middle = corner[0] + 1.45
        axes.text(middle, corner[1] + 1.05, pair, ha="center", va="center", fontweight="bold")
        axes.text(middle, corner[1] + 0.67, what, ha="center", va="center")
        axes.text(middle, corner[1] + 0.28, f"show: {where}", color=colour, ha="center",
                  va="center", fontweight="bold", fontsize=10.5)  # fmt: skip
    for column, often in enumerate(["rarely", "often"]):
        text = f"{often} bought by\nthe same people"
        axes.text(column * 3.05 + 1.45, 3.05, text, ha="center", va="bottom")
    for row, text in enumerate(["different\nthings", "much the\nsame thing"]):
        axes.text(-0.15, row * 1.5 + 0.68, text, ha="right", va="center")
    axes.set_xlim(-1.55, 6.05)
    axes.set_ylim(-0.1, 3.75)
    style.bare(axes)
    style.title(axes, "Much the same thing, and rarely bought together: instead of each other")
    told = "; ".join(f"{pair}: {what}, show {where}" for _, pair, what, where, _ in kinds)
    style.show(figure, f"Four kinds of pairs. {told}.")


def inside_categories(within: pd.DataFrame, most: int = 12) -> None:
    """How often products of one category are bought by the same people, beside any two.

    Parameters
    ----------
    within : DataFrame
        From :func:`helpers.channels.within_categories`, not empty.
    most : int
        Draw no more categories: the lowest.
    """
    drawn, usual = within.head(most), within.attrs["usual"]
    figure, axes = style.figure(0.36 * len(drawn) + 1.6)
    for place, (_, row) in enumerate(drawn.iterrows()):
        colour = WARNING if row["high"] < usual else PERSONAL if row["low"] > usual else INK
        axes.plot([row["low"], row["high"]], [place] * 2, color=colour, linewidth=3)
        axes.plot(row["times_chance"], place, "o", color=colour, markersize=8)
    axes.axvline(usual, color=CHANCE, linestyle="--")
    axes.text(usual, -0.85, f" any two products: {usual:.1f}", color=CHANCE, va="center",
              bbox=_ON_WHITE)  # fmt: skip
    low, high = np.nanmin([*drawn["low"], usual, 0]), np.nanmax([*drawn["high"], usual])
    high = max(high, drawn["times_chance"].max())
    axes.set_xlim(low, high + 0.05 * (high - low or 1))
    axes.set_yticks(range(len(drawn)), [_short(name) for name in drawn.index])
    axes.set_ylim(len(drawn) - 0.4, -1.3)
    below, above = (within["high"] < usual).sum(), (within["low"] > usual).sum()
    of_all = f"{below:,} of {len(within):,} categor{'y' if len(within) == 1 else 'ies'}"
    finding = f"Clearly less than any two products: {of_all}"
    told = "; ".join(f"{name} {row['times_chance']:.2f}" for name, row in drawn.iterrows())
    alt = f"{finding}, clearly more: {above}. {told}; any two products {usual:.2f}."
    style.finish(figure, axes, finding, "bought by the same people, times chance", "", alt)


def tie_break(prices: pd.DataFrame, chosen: float | None, most: float = 0.05) -> None:
    """What a tie-break gains in worth and costs in hits, the wider it is.

    Parameters
    ----------
    prices : DataFrame
        From :func:`helpers.channels.price_of_margin`.
    chosen : float or None
        The tolerance that is within the limit.
    most : float
        Loss of hits agreed on.
    """
    figure, axes = style.figure(4.0)
    place = np.arange(len(prices))
    for name, colour, label in [("worth", INK, "worth of the hits"), ("hits", PERSONAL, "hits")]:
        change, low, high = (prices[f"{name}_{part}"] for part in ("change", "low", "high"))
        axes.vlines(place, low, high, color=colour, linewidth=2, alpha=0.45)
        axes.plot(place, change, "-o", color=colour, linewidth=2.5, markersize=7)
        axes.annotate(label, (place[-1], change.iloc[-1]), (12, 0), color=colour,
                      textcoords="offset points", va="center", fontweight="bold",
                      annotation_clip=False)  # fmt: skip
    axes.axhline(0, color=CHANCE, linewidth=1)
    axes.axhline(-most, color=WARNING, linestyle="--", linewidth=1.6)
    axes.text(len(prices) + 0.7, -most, f"agreed: at most\n{most:.0%} fewer hits", color=WARNING,
              ha="right", va="center", fontsize=10.5, bbox=_ON_WHITE)  # fmt: skip
    if chosen is not None:
        at = list(prices.index).index(chosen)
        axes.axvline(at, color=PERSONAL, linewidth=14, alpha=0.13)
    axes.set_xticks(place, [f"{tolerance:.0%}" for tolerance in prices.index])
    axes.set_xlim(-0.4, len(prices) + 0.75)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:+.3g}%"))
    finding = "No tie-break that is within the limit and surely earns more"
    if chosen is not None:
        row = prices.loc[chosen]
        finding = (
            f"A tie-break of {chosen:.0%}: hits {100 * row['hits_change']:+.1f}%, "
            f"their worth {100 * row['worth_change']:+.1f}%"
        )
    last = prices.iloc[-1]
    alt = (
        f"{finding}. By worth alone: hits {100 * last['hits_change']:+.1f}%, their worth "
        f"{100 * last['worth_change']:+.1f}%."
    )
    style.finish(figure, axes, finding, "how far below the best score a product may be",
                 "change", alt)  # fmt: skip


def place_values(table: pd.DataFrame) -> None:
    """What each place of the row found, beside dice; the last is the one that a launch would get.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.channels.hits_by_place`: the last row is the first product not shown.
    """
    figure, axes = style.figure(3.7)
    n = len(table) - 1
    chance = table.attrs["chance"]
    share = table["hits"].iloc[n - 1] / max(1e-9, table["hits"].iloc[:n].sum())
    for place, (_, row) in enumerate(table.iterrows()):
        last, outside = place == n - 1, place == n
        colour = WARNING if last else CHANCE if outside else PERSONAL
        axes.bar(place, row["hits"], 0.7, facecolor="white" if outside else colour,
                 edgecolor=colour, linewidth=1.8, linestyle="--" if outside else "-")  # fmt: skip
        axes.plot([place, place], [row["low"], row["high"]], color=INK, linewidth=1.5)
        axes.annotate(f"{row['hits']:.1f}", (place, np.nanmax([row["hits"], row["high"]])),
                      (0, 3), textcoords="offset points", ha="center", color=colour,
                      fontweight="bold")  # fmt: skip
    axes.axhline(chance, color=CHANCE, linestyle="--")
    axes.text(len(table) - 0.45, chance, f"dice:\n{chance:.2g}", color=CHANCE, va="center")
    names = [f"place {place}" for place in table.index[:-1]]
    axes.set_xticks(range(len(table)), [*names, "not\nshown"])
    if n > 6:
        axes.set_xticks(range(len(table)), [str(place) for place in table.index[:-1]] + ["–"])
    axes.set_ylim(0, 1.2 * np.nanmax([table["high"].max(), table["hits"].max(), chance, 0.1]))
    axes.set_xlim(-0.6, len(table) + 0.1)
    finding = f"The last place brings {percent(share)} of the row's hits"
    told = ", ".join(f"{place}: {row['hits']:.1f}" for place, row in table.iterrows())
    alt = f"{finding}. Hits per 100 customers by place: {told} (not shown). Dice: {chance:.1f}."
    style.finish(figure, axes, finding, "", "hits per 100 customers", alt)


def consent_gates(people: pd.DataFrame) -> None:
    """What each place has to ask, and how many pass.

    Parameters
    ----------
    people : DataFrame
        Indexed by the names of :data:`helpers.channels.CHANNELS`: ``before`` and ``after``, who
        would get a list and who does.
    """
    asks = {
        "homepage": "objected? best sellers",
        "product_page": "nothing personal in it",
        "email": "yes to mails?",
        "cart": "yes to reminders?",
    }
    figure, axes = style.figure(3.4)
    told = []
    for height, (name, row) in zip((2.7, 1.8, 0.9, 0.0), people.iterrows(), strict=True):
        title, unit = CHANNELS[name]
        before, after = int(row["before"]), int(row["after"])
        closed = after < before
        axes.text(-0.15, height + 0.3, title, ha="right", va="center", fontweight="bold")
        axes.text(0.75, height + 0.3, f"{before:,}", ha="right", va="center")
        _arrow(axes, (0.85, height + 0.3), (1.25, height + 0.3), CHANCE)
        _box(axes, (1.3, height), 2.7, 0.6, asks[name], "white", WARNING if closed else INK,
             fontsize=10.5)  # fmt: skip
        _arrow(axes, (4.05, height + 0.3), (4.45, height + 0.3), CHANCE)
        axes.text(4.55, height + 0.3, f"{after:,} {unit}", color=PERSONAL, va="center",
                  fontweight="bold")  # fmt: skip
        told.append(f"{title}: {before:,} before, {after:,} after")
    axes.set_xlim(-1.75, 6.75)
    axes.set_ylim(-0.15, 3.5)
    style.bare(axes)
    name = "cart" if people.loc["cart", "before"] else "email"
    before, after = people.loc[name, ["before", "after"]].astype(int)
    sent = "cart reminders" if name == "cart" else "mails"
    finding = f"Of {before:,} {sent}, {after:,} may go out"
    style.title(axes, finding)
    style.show(figure, f"Four gates. {finding}. {'; '.join(told)}.")


def three_taps() -> None:
    """Where a sensitive purchase goes: into the scores, into a reason, into a row."""
    figure, axes = style.figure(3.4)
    _panel(axes, (-0.1, 1.05), 1.75, 1.0, WARNING)
    axes.text(0.775, 1.55, "a sensitive\npurchase", color=WARNING, ha="center", va="center",
              fontweight="bold")  # fmt: skip
    _panel(axes, (3.05, 1.05), 1.15, 1.0, INK)
    axes.text(3.625, 1.55, "scores", ha="center", va="center", fontweight="bold")
    ends = [(2.75, "itself in the row"), (1.55, "“because …”"), (0.35, "all else in the row")]
    for height, text in ends:
        _panel(axes, (6.2, height - 0.36), 2.35, 0.72, WARNING if height < 1 else CHANCE)
        axes.text(7.375, height, text, ha="center", va="center", fontsize=10.5)
    _arrow(axes, (1.65, 1.55), (3.05, 1.55), WARNING)
    for height, _ in ends:
        _arrow(axes, (4.2, 1.55), (6.2, height), WARNING if height < 1 else CHANCE)
    taps = [((2.3, 1.55), "input:\nopen", "o"), ((5.4, 2.27), "output:\nclosed", "X"),
            ((5.4, 1.55), "reason: closed", "X")]  # fmt: skip
    for (x, y), text, mark in taps:
        face = "white" if mark == "o" else INK
        edge = WARNING if mark == "o" else "white"
        axes.plot(x, y, mark, markersize=13, markerfacecolor=face, markeredgecolor=edge,
                  markeredgewidth=2 if mark == "o" else 1)  # fmt: skip
        below = text.startswith("reason")
        axes.text(x - 0.1, y + (-0.22 if below else 0.2), text, ha="center", fontsize=10.5,
                  va="top" if below else "bottom", fontweight="bold",
                  bbox=_ON_WHITE if below else None)  # fmt: skip
    axes.set_xlim(-0.2, 8.65)
    axes.set_ylim(-0.15, 3.3)
    style.bare(axes)
    finding = "Three taps: with the input open, the row still tells"
    style.title(axes, finding)
    style.show(
        figure,
        "A sensitive purchase flows into the scores (tap: input, open), from there to itself in "
        f"the row (output, closed), a reason (closed) and all else in the row. {finding}.",
    )


def traces(table: pd.DataFrame, name: str) -> None:
    """In how many rows a hidden, unnamed purchase still shows, beside the rows of all others.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.channels.traces`.
    name : str
        What was hidden.
    """
    figure, axes = style.figure(2.4)
    labels = {"buyers": "bought or\nviewed it", "others": "all others"}
    for place, (who, colour) in enumerate([("buyers", WARNING), ("others", CHANCE)]):
        share = table.loc[who, "rows"]
        if share != share:
            continue
        axes.barh(place, share, 0.6, color=colour)
        axes.text(share, place, f" {percent(share)}", color=colour, va="center", fontweight="bold")
    axes.set_yticks([0, 1], [labels[who] for who in ("buyers", "others")])
    axes.set_ylim(1.5, -0.5)
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    share = table.loc["buyers", "rows"]
    finding = f"Hidden, unnamed, and {percent(share)} of the rows carry a trace"
    others = percent(table.loc["others", "rows"])
    alt = f"{_short(name)}: {finding.lower()}; of all others' rows, {others} change."
    xlabel = "rows that would differ, had it never been known"
    style.finish(figure, axes, finding, xlabel, "", alt, percent="x")
