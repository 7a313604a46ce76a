"""Figures of lesson 07: what four places show, who may change a list, and what a change costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from helpers.channels import CHANNELS
from helpers.colours import CHANCE, INK, PERSONAL, WARNING
from helpers.plots import style
from helpers.telling import percent


def _panel(axes, corner, width, height, edge=INK, face="white") -> None:
    axes.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle="round,pad=0,rounding_size=0.12",
                       facecolor=face, edgecolor=edge, linewidth=1.8)
    )  # fmt: skip


def holes(table: pd.DataFrame) -> None:
    """In how many rows something is missing, as what most rows show sells out.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.channels.holes`.
    """
    figure, axes = style.figure(3.6)
    n, reserve = table.attrs["n"], table.attrs["reserve"]
    for name, colour, label in [
        ("no reserve", INK, f"exactly {n} stored"),
        ("reserve", PERSONAL, f"{n} and a reserve of {reserve}"),
    ]:
        axes.plot(table.index, table[name], "-o", color=colour, linewidth=2.5, markersize=6)
        axes.annotate(label, (table.index[-1], table[name].iloc[-1]), (0, 9), color=colour,
                      textcoords="offset points", ha="right", fontweight="bold",
                      bbox=style.ON_WHITE)  # fmt: skip
    one = int(table.index[min(1, len(table) - 1)])
    top = table.to_numpy().max() or 1
    axes.set_ylim(-0.03 * top, 1.18 * top)
    axes.set_xlim(-0.3, table.index[-1] + 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    share = percent(table["no reserve"][one])
    finding = f"One product sold out: a hole in {share} of the rows"
    last = f"{table.index[-1]} sold out: {percent(table['no reserve'].iloc[-1])} without a reserve"
    alt = f"{finding}. {last}, {percent(table['reserve'].iloc[-1])} with one of {reserve}."
    xlabel = "products sold out since the night, the most shown first"
    style.finish(figure, axes, finding, xlabel, "rows with a hole", alt, percent="y")


_WHERE = {
    "homepage": ("looks around", "a personal row"),
    "email": ("elsewhere (needs a yes)", "the three best scores"),
    "product_page": ("weighs one thing", "what its buyers bought, too"),
    "cart": ("left a lamp (needs a yes)", "that, and what goes with it"),
}


def four_places() -> None:
    """One engine, its two tables and the four places that show them."""
    figure, axes = style.figure(3.4)
    tables = [("a row per\ncustomer", 1.88, ("homepage", "email")),
              ("a row per\nproduct", 0.24, ("product_page", "cart"))]  # fmt: skip
    axes.text(-1.5, 1.505, "one engine", color=PERSONAL, ha="center", va="center",
              fontweight="bold")  # fmt: skip
    height, told = 2.46, []
    for table, corner, places in tables:
        _panel(axes, (-2.35, corner), 1.7, 0.89, PERSONAL)
        axes.text(-1.5, corner + 0.445, table, color=PERSONAL, ha="center", va="center",
                  fontweight="bold", fontsize=style.SMALL)  # fmt: skip
        side = 1 if corner > 1 else -1
        style.arrow(axes, (-1.5, 1.505 + 0.13 * side), (-1.5, corner + 0.445 * (1 - side)), CHANCE)
        for name in places:
            does, shows = _WHERE[name]
            title, _ = CHANNELS[name]
            style.arrow(axes, (-0.6, corner + 0.445), (-0.22, height + 0.35), CHANCE)
            _panel(axes, (-0.2, height), 5.4, 0.7, INK)
            axes.text(-0.08, height + 0.35, title, fontweight="bold", va="center",
                      fontsize=style.SMALL)  # fmt: skip
            axes.text(1.88, height + 0.35, f"{does}:\n{shows}", va="center",
                      fontsize=style.SMALL)  # fmt: skip
            told.append(f"{title}, {shows}")
            height -= 0.82
    axes.set_xlim(-2.4, 5.25)
    axes.set_ylim(-0.1, 3.25)
    style.bare(axes, equal=False)
    style.title(axes, "Four places start from a customer or from a product")
    style.show(
        figure,
        "One engine makes a row per customer, for homepage and e-mail, and a row per product, for "
        f"product page and cart reminder. {'; '.join(told)}.",
    )


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
        ("support", f"of all {len(bought)},\n{both.sum()} bought both", support,
         [(everyone, both)]),
        ("confidence", f"of {one}'s {has_one.sum()} buyers,\n{both.sum()} bought {other}, too",
         confidence, [(has_one, both)]),
        ("lift", f"that share, divided by\n{other}'s: {has_other.sum()} of all {len(bought)}", lift,
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
                          ha="center", va="center", fontsize=style.SMALL)  # fmt: skip
        if len(rows) > 1:
            axes.text(0, 0, "÷", ha="center", va="center", fontsize=15)
        axes.set_title(f"{name} {value:.2f}", loc="center", fontsize=12.5)
        axes.text(0, -1.12, told, ha="center", va="top", fontsize=style.SMALL)
        axes.set_xlim(-1.4, 1.4)
        axes.set_ylim(-1.85, 1.0)
        style.bare(axes)
    by_chance = f"{has_one.sum() * share:.2f}".rstrip("0").rstrip(".")
    figure.supxlabel(
        f"Filled: those who bought. By chance, {one} and {other} have\n{has_one.sum()} × "
        f"{has_other.sum()} ÷ {len(bought)} = {by_chance} common buyers; here they have "
        f"{both.sum()}.",
        fontsize=style.SMALL,
    )
    than = "more common buyers than" if lift > 1 else "fewer common buyers than"
    than = "as many common buyers as" if np.isclose(lift, 1) else than
    figure.suptitle(f"{one} and {other}: {than} chance gives")
    style.show(
        figure,
        f"Who is counted for {one} and {other}: support {both.sum()} of {len(bought)}, confidence "
        f"{both.sum()} of {has_one.sum()}, lift {confidence:.2f} / {share:.2f} = {lift:.2f}. "
        f"Common buyers: {both.sum()}, by chance {by_chance}.",
    )


def lift_melts(melted: pd.DataFrame, usual: float) -> None:
    """Each of the highest early lifts, and what became of it: a line a pair, a bold one their mean.

    Parameters
    ----------
    melted : DataFrame
        From :func:`helpers.similarity.lift_that_melts`, not empty; its first row is drawn.
    usual : float
        Lift of any two products of the shop.
    """
    figure, axes = style.figure(3.9)
    least, row = melted.index[0], melted.iloc[0]
    pairs, early, later = melted.attrs["each"][least], row["lift"], row["lift_later"]
    for pair in pairs:
        axes.plot([0, 1], pair, "o-", color=style.FAINT, linewidth=1.8, markersize=6)
    axes.axhline(usual, color=CHANCE, linestyle="--", zorder=0)
    axes.plot([0, 1], [early, later], "o-", color=PERSONAL, linewidth=3.5, markersize=11)
    for at, lift, side in ((0, early, "right"), (1, later, "left")):
        axes.annotate(f"{lift:,.1f}", (at, lift), (12 - 24 * (at == 0), 0), ha=side, va="center",
                      color=PERSONAL, fontweight="bold", textcoords="offset points")  # fmt: skip
    axes.text(0.5, usual, f"an ordinary pair: {usual:.1f}", color=CHANCE, ha="center", va="center",
              bbox=style.ON_WHITE)  # fmt: skip
    axes.set_xlim(-0.28, 1.28)
    axes.set_ylim(bottom=min(0, *(min(pair) for pair in pairs)) - 0.4)
    axes.set_xticks([0, 1], ["early", "since"])
    which = f"{len(pairs)} highest" if len(pairs) > 1 else "highest"
    finding = f"The {which} of {row['pairs']:,.0f} early lifts: {early:,.1f} became {later:,.1f}"
    told = "; ".join(f"{then:,.1f} became {now:,.1f}" for then, now in pairs)
    alt = f"{finding}, on average. {told}. An ordinary pair: {usual:.1f}."
    style.finish(figure, axes, finding, "", "lift (bold: the average)", alt)


def instead_or_together() -> None:
    """Fewer common buyers than chance gives, or more: two kinds of pairs."""
    figure, axes = style.figure(2.9)
    kinds = [
        (4, "instead of each other", "two kettles (many looked at both)", WARNING),
        (60, "as well", "kettle & tea", PERSONAL),
    ]
    axes.axvline(20, color=CHANCE, linestyle="--", zorder=0)
    for place, (both, what, pair, colour) in enumerate(kinds):
        axes.barh(place, both, 0.5, color=colour)
        axes.text(max(both, 20) + 2, place - 0.13, f"{both}: {what}", color=colour, va="center",
                  fontweight="bold", bbox=style.ON_WHITE)  # fmt: skip
        axes.text(
            max(both, 20) + 2,
            place + 0.2,
            pair,
            va="center",
            fontsize=style.SMALL,
            bbox=style.ON_WHITE,
        )
    axes.text(22, -0.62, "chance gives 20", color=CHANCE, va="center")
    axes.set_xlim(0, 94)
    axes.set_ylim(1.5, -0.9)
    axes.set_yticks([])
    axes.set_xticks([0, 20, 40, 60])
    axes.spines["left"].set_visible(False)
    finding = "Few bought both, though many looked at both: one or the other"
    told = "; ".join(f"{both}, {pair}: {what}" for both, what, pair, _ in kinds)
    style.finish(figure, axes, finding, "common buyers, if one has 200 of 1,000, the other 100", "",
                 f"{finding}. Chance gives 20. {told}.")  # fmt: skip


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
    axes.text(usual, -0.85, f" an ordinary pair: {usual:.1f}", color=CHANCE, va="center",
              bbox=style.ON_WHITE)  # fmt: skip
    low, high = np.nanmin([*drawn["low"], usual, 0]), np.nanmax([*drawn["high"], usual])
    high = max(high, drawn["times_chance"].max())
    axes.set_xlim(low, high + 0.05 * (high - low or 1))
    axes.set_yticks(range(len(drawn)), [style.short(name, 22) for name in drawn.index])
    axes.set_ylim(len(drawn) - 0.4, -1.3)
    below, above = (within["high"] < usual).sum(), (within["low"] > usual).sum()
    of_all = f"of {len(within):,} categor{'y' if len(within) == 1 else 'ies'}"
    finding = f"Of one kind: bought together clearly less in {below:,} {of_all}, more in {above:,}"
    told = "; ".join(f"{name} {row['times_chance']:.2f}" for name, row in drawn.iterrows())
    alt = f"{finding}. {told}; an ordinary pair {usual:.2f}."
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
    figure, axes = style.figure(0.78 * len(prices) + 1.7)
    low, high = (prices[[f"{name}_{end}" for name in ("hits", "worth")]] for end in ("low", "high"))
    near = np.isfinite(prices.index)  # what is much further away is named at the edge
    left = max(np.nanmin([-most, *low.min()]), 3 * np.nanmin([-most, *low[near].min()]))
    right = min(np.nanmax([most, *high.max()]), 3 * np.nanmax([most, *high[near].max()]))
    for side, colour, dash in ((0, CHANCE, "-"), (-most, style.LIMIT, "--")):
        axes.plot([side, side], [-0.5, len(prices) - 0.5], color=colour, linestyle=dash,
                  linewidth=1.6, zorder=0)  # fmt: skip
    axes.text(-most, -0.6, f"agreed: at most {most:.0%} fewer hits", color=style.LIMIT, ha="center",
              va="bottom", fontsize=style.SMALL)  # fmt: skip
    at = None if chosen is None else list(prices.index).index(chosen)
    for name, colour, label, aside in [("hits", PERSONAL, "hits", -0.2),
                                       ("worth", INK, "value", 0.2)]:  # fmt: skip
        change, low, high = (prices[f"{name}_{part}"] for part in ("change", "low", "high"))
        place = np.arange(len(prices)) + aside
        inside = ((change >= left) & (change <= right)).to_numpy()
        axes.hlines(place[inside], low[inside], high[inside], color=colour, linewidth=2, alpha=0.45)
        axes.plot(change[inside], place[inside], "o", color=colour, markersize=7)
        for row in np.flatnonzero(np.isfinite(change)):
            end = np.clip(np.nanmax([change.iloc[row], high.iloc[row]]), left, right)
            if not inside[row]:
                end = left if change.iloc[row] < left else right
                axes.plot(end, place[row], "<" if end == left else ">", color=colour, markersize=9)
            axes.annotate(f"{label} {100 * change.iloc[row]:+.1f}%", (end, place[row]), (9, 0),
                          textcoords="offset points", color=colour, va="center", fontweight="bold",
                          annotation_clip=False,
                          bbox=None if row == at else style.ON_WHITE)  # fmt: skip
    if chosen is not None:
        axes.axhspan(at - 0.45, at + 0.45, color=PERSONAL, alpha=0.13, linewidth=0, zorder=-1)
    labels = [f"{tolerance:.0%}\nwide" if np.isfinite(tolerance) else "value\nalone"
              for tolerance in prices.index]  # fmt: skip
    axes.set_yticks(range(len(prices)), labels)
    axes.set_ylim(len(prices) - 0.5, -0.95)
    reach = right - left
    axes.set_xlim(left - 0.04 * reach, right + 0.47 * reach)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{100 * value:+.3g}%" if value else "0%")
    )
    finding = "No tie-break that is within the limit and surely earns more"
    if chosen is not None:
        row = prices.loc[chosen]
        finding = (
            f"A tie-break of {chosen:.0%}: hits {100 * row['hits_change']:+.1f}%, "
            f"their value {100 * row['worth_change']:+.1f}%"
        )
    last = prices.iloc[-1]
    named = f"At {prices.index[-1]:.0%}" if np.isfinite(prices.index[-1]) else "By value alone"
    alt = (
        f"{finding}. {named}: hits {100 * last['hits_change']:+.1f}%, their value "
        f"{100 * last['worth_change']:+.1f}%."
    )
    style.finish(figure, axes, finding, "change, with 95 % intervals", "", alt)


def place_values(table: pd.DataFrame) -> None:
    """What each slot of the row found, beside chance; the last is the one that a launch would get.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.channels.hits_by_place`, without what isn't shown.
    """
    figure, axes = style.figure(3.7)
    n = len(table)
    chance = table.attrs["chance"]
    share = table["hits"].iloc[-1] / max(1e-9, table["hits"].sum())
    for place, (_, row) in enumerate(table.iterrows()):
        colour = INK if place == n - 1 else PERSONAL
        axes.bar(place, row["hits"], 0.7, color=colour)
        axes.plot([place, place], [row["low"], row["high"]], color=INK, linewidth=1.5)
        axes.annotate(f"{row['hits']:.1f}", (place, np.nanmax([row["hits"], row["high"]])),
                      (0, 3), textcoords="offset points", ha="center", color=colour,
                      fontweight="bold")  # fmt: skip
    axes.axhline(chance, color=CHANCE, linestyle="--")
    axes.annotate(f"at random:\n{chance:.2g}", (len(table) - 0.45, chance), (0, 4), color=CHANCE,
                  textcoords="offset points", va="bottom")  # fmt: skip
    names = [f"{place}" if n > 6 else f"slot {place}" for place in table.index]
    axes.set_xticks(range(n), names)
    axes.set_ylim(0, 1.2 * np.nanmax([table["high"].max(), table["hits"].max(), chance, 0.1]))
    axes.set_xlim(-0.6, len(table) - 0.45 + 0.17 * (len(table) + 1))
    finding = f"The last slot brings {percent(share)} of the row's hits"
    told = ", ".join(f"{place}: {row['hits']:.1f}" for place, row in table.iterrows())
    alt = f"{finding}. Hits per 100 customers by slot: {told}. At random: {chance:.1f}."
    style.finish(figure, axes, finding, "slot of the row" if n > 6 else "",
                 "hits per 100 customers", alt)  # fmt: skip


def rows_that_changed(shares: Mapping[str, float]) -> None:
    """Whose rows change if sensitive purchases are left out of the scores.

    Parameters
    ----------
    shares : dict of str to float
        Of the rows of each group; the buyers' first.
    """
    figure, axes = style.figure(0.75 * len(shares) + 0.9)
    for place, (name, share) in enumerate(shares.items()):
        axes.barh(place, share, 0.4, color=INK if place else WARNING)
        axes.text(0, place - 0.27, f"{name}: {percent(share)}", va="bottom", fontweight="bold",
                  color=INK if place else WARNING)  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(len(shares) - 0.6, -0.8)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    buyers, *_ = shares
    finding = f"Leave it out: {percent(shares[buyers])} of {buyers} get another row"
    told = "; ".join(f"{name} {percent(share)}" for name, share in shares.items())
    alt = f"{finding}. Rows that change, of {told}."
    style.finish(figure, axes, finding, "rows that change", "", alt, percent="x")


def three_taps() -> None:
    """Where a sensitive purchase goes: into the scores, into a reason, into a row."""
    figure, axes = style.figure(3.4)
    _panel(axes, (-0.1, 1.05), 1.75, 1.0, WARNING)
    axes.text(0.775, 1.55, "a sensitive\npurchase", color=WARNING, ha="center", va="center",
              fontweight="bold")  # fmt: skip
    _panel(axes, (3.05, 1.05), 1.15, 1.0, INK)
    axes.text(3.625, 1.55, "scores", ha="center", va="center", fontweight="bold")
    ends = [(2.75, "itself\nin the row"), (1.55, "“because …”"), (0.15, "all else\nin the row")]
    for height, text in ends:
        _panel(axes, (6.2, height - 0.36), 2.35, 0.72, WARNING if height < 1 else CHANCE)
        axes.text(7.375, height, text, ha="center", va="center", fontsize=style.SMALL)
    style.arrow(axes, (1.65, 1.55), (3.05, 1.55), WARNING)
    for height, _ in ends:
        style.arrow(axes, (4.2, 1.55), (6.2, height), WARNING if height < 1 else CHANCE)
    taps = [((2.3, 1.55), "input:\nopen", "o"), ((5.4, 2.27), "output:\nclosed", "X"),
            ((5.4, 1.55), "reason:\nclosed", "X")]  # fmt: skip
    for (x, y), text, mark in taps:
        face = "white" if mark == "o" else INK
        edge = WARNING if mark == "o" else "white"
        axes.plot(x, y, mark, markersize=13, markerfacecolor=face, markeredgecolor=edge,
                  markeredgewidth=2 if mark == "o" else 1)  # fmt: skip
        reason = text.startswith("reason")  # between two arrows
        text = text.replace("\n", " ") if reason else text
        at = (7.375, 0.98) if reason else (x - 0.1, y + 0.2)
        axes.text(*at, text, ha="center", fontsize=style.SMALL, va="center" if reason else "bottom",
                  fontweight="bold")  # fmt: skip
    axes.set_xlim(-0.2, 8.65)
    axes.set_ylim(-0.3, 3.3)
    style.bare(axes)
    finding = "Three taps: with the input open, the purchase still moves the row"
    style.title(axes, finding)
    style.show(
        figure,
        "A sensitive purchase flows into the scores (tap: input, open), from there to itself in "
        f"the row (output, closed), a reason (closed) and all else in the row. {finding}.",
    )
