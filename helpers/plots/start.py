"""Lesson 00's drawings: where a list comes from, what came true of it, and luck beside it."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.dates import MONTHLY, AutoDateLocator, DateFormatter
from matplotlib.patches import FancyBboxPatch
from matplotlib.transforms import ScaledTranslation
from scipy.stats import binom

from helpers.colours import CHANCE, INK, PERSONAL, POPULAR, meaning
from helpers.plots import style
from helpers.telling import FEW, percent, share_of

_DOT = 7.2  # points, where a hundred dots stand beside two other hundreds
_ROWS = 6  # of a customer's purchases before the cut, and of those after it


def _box(axes, x, y, width, height, words, colour, dashed=False, ink="", heading="") -> None:
    """A box with words in it, under a heading if it has one; `x` and `y` are its middle."""
    corner = (x - width / 2, y - height / 2)
    edge = {"edgecolor": colour, "linewidth": 1.8, "linestyle": "--" if dashed else "-"}
    axes.add_patch(
        FancyBboxPatch(
            corner, width, height, "round,pad=0,rounding_size=0.08", facecolor="white", **edge
        )  # fmt: skip
    )
    look = {"ha": "center", "color": ink or colour, "fontsize": 11}
    if not heading:
        axes.text(x, y, words, va="center", **look)
        return
    top = y + height / 2
    axes.text(x, top - 0.1, heading, va="top", fontweight="bold", **look)
    axes.text(x, (y - height / 2 + top - 0.36) / 2, words, va="center", **look)


def _arrow(axes, start, end, colour=INK, words="", at=None) -> None:
    shape = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=shape)
    if words:
        axes.text(*at, words, color=colour, fontsize=style.SMALL, ha="center", va="center")


def tables_to_list(n_purchases: int, n_events: int | None, n: int = 5) -> None:
    """From two tables to a list, and what stands in for it where nothing is known.

    Parameters
    ----------
    n_purchases : int
        Rows of the one table.
    n_events : int or None
        Rows of the other; None where the shop has none.
    n : int
        Length of a list.
    """
    figure, axes = style.figure(3.9)
    behaviour = "looks, searches\nand carts\n"
    behaviour += "(not in these files)" if n_events is None else f"{n_events:,} rows"
    other = CHANCE if n_events is None else INK
    bought = f"who bought\nwhat, and when\n{n_purchases:,} rows"
    places = f"{n} {'product' if n == 1 else 'products'}"
    each = "" if n == 1 else "each "
    _box(axes, 1.1, 3.1, 2, 1.5, bought, INK, heading="purchases")
    _box(axes, 1.1, 1.1, 2, 1.5, behaviour, other, n_events is None, heading="behaviour")
    _box(axes, 3.85, 2.1, 2.1, 1.5, "what else\ndid the same\npeople buy?", PERSONAL,
         heading="the engine")  # fmt: skip
    _box(axes, 6.7, 3.1, 2.1, 1.5, f"{places},\n{each}with\na reason", PERSONAL,
         heading="a list for you")  # fmt: skip
    _box(axes, 6.7, 1.1, 2.1, 1.5, 'shown as\n"popular now"', POPULAR,
         heading="best sellers")  # fmt: skip
    _arrow(axes, (2.1, 2.9), (2.8, 2.45))
    _arrow(axes, (2.1, 1.3), (2.8, 1.75), other)
    _arrow(axes, (4.9, 2.45), (5.65, 2.9), PERSONAL, "it knows\nenough", (4.8, 3.2))
    _arrow(axes, (4.9, 1.75), (5.65, 1.3), POPULAR, "it knows\ntoo little", (4.78, 1.0))
    axes.set_xlim(0, 7.85)
    axes.set_ylim(0.3, 3.9)
    style.bare(axes, equal=False)
    finding = "From two tables to a list"
    if n_events is None:
        finding = "From a table to a list: purchases are enough to begin"
    style.title(axes, finding)
    alt = (
        f"{finding}. There are {n_purchases:,} purchases"
        + ("" if n_events is None else f" and {n_events:,} rows of behaviour")
        + f". Whoever the engine knows enough about gets {places}, {each}with a reason; the others "
        "get best sellers, shown as popular now."
    )
    style.show(figure, alt)


def hidden_weeks(trail: pd.DataFrame, cut, names: pd.Series, customer, end) -> None:
    """One customer's purchases on a line of time, and which of them stood on a list.

    Parameters
    ----------
    trail : DataFrame
        From :attr:`helpers.course.start.FirstLook.trail`: by product, ``day``, ``hidden`` and a
        column of True and False for each list.
    cut, end : Timestamp
        The first hidden day, and the last.
    names : Series of str, by product id
    customer : str
    """
    lists = [name for name in trail if name not in ("day", "hidden")]
    before, after = trail[~trail["hidden"]], trail[trail["hidden"]]
    earlier, more = max(len(before) - _ROWS, 0), max(len(after) - 2 * _ROWS, 0)
    # what came true is drawn whatever else has to be left out
    found = after[lists].any(axis=1)
    kept = after.loc[found.sort_values(ascending=False, kind="stable").index[: 2 * _ROWS]]
    drawn = pd.concat([before.tail(_ROWS), kept.sort_values("day", kind="stable")])
    figure, axes = style.figure(0.31 * len(drawn) + 2.2)
    first, span = drawn["day"].min(), end - drawn["day"].min()
    axes.axvspan(cut, end + span * 0.03, color=CHANCE, alpha=0.18, linewidth=0)
    axes.axvline(cut, color=INK, linewidth=1.2)
    axes.plot(drawn["day"], range(len(drawn)), "o", color=INK, markersize=7, zorder=3)
    for number, name in enumerate(lists):
        on_it = np.flatnonzero(drawn[name])
        # so many inches right of the time, however wide the names on the left are
        aside = ScaledTranslation(0.4 + 0.7 * number, 0, figure.dpi_scale_trans)
        beside = {
            "color": meaning(name, PERSONAL),
            "transform": axes.get_yaxis_transform() + aside,
        }
        [hits] = axes.plot([1] * len(on_it), on_it, "o", markersize=11, clip_on=False, label=name,
                           **beside)  # fmt: skip
        hits.set_in_layout(len(on_it) > 0)  # nothing would stand at the left edge
        for row in np.flatnonzero(drawn["hidden"] & ~drawn[name]):
            axes.text(1, row, "–", ha="center", va="center", fontsize=12, **beside)
        axes.text(1, -1.4, name.replace(" ", "\n"), ha="center",
                  va="center", fontsize=style.SMALL, fontweight="bold", **beside)  # fmt: skip
    middle = ScaledTranslation(0.4 + 0.35 * (len(lists) - 1), 0, figure.dpi_scale_trans)
    axes.text(1, -2.85, "was on the list of", ha="center", va="center", color=INK,
              fontsize=style.SMALL, transform=axes.get_yaxis_transform() + middle)  # fmt: skip
    late = cut > first + span / 2
    axes.text(cut, -1.25, "cut " if late else " cut", ha="right" if late else "left",
              va="center", color=INK, fontsize=style.SMALL)  # fmt: skip
    axes.set_ylim(len(drawn) - 0.4, -3.3)
    axes.set_xlim(first - span * 0.04, end + span * 0.03)
    axes.set_yticks(range(len(drawn)), [style.short(names[product], 26) for product in drawn.index])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(few_dates())
    axes.xaxis.set_major_formatter(DateFormatter("%d %b\n%Y"))
    new = "a new product" if len(after) == 1 else f"{len(after)} new products"
    hits = [int(after[name].sum()) for name in lists]
    listed = [f"{name} listed {number}" for name, number in zip(lists, hits, strict=True)]
    bought, listed = f"{customer} bought {new}:", ", ".join(listed)
    finding = f"{bought} {listed}"
    left_out = [f"{earlier:,} product{'' if earlier == 1 else 's'} bought earlier"] * (earlier > 0)
    left_out += [f"{more:,} bought later"] * (more > 0)
    left_out = ", ".join(left_out)
    label = "day of purchase (grey: hidden)"
    axes.set_xlabel(label + (f"\nnot drawn: {left_out}" if left_out else ""))
    lines = textwrap.wrap(bought, 60) + textwrap.wrap(listed, 60)
    figure.suptitle("\n".join(lines), x=0, ha="left", fontsize=13, fontweight="bold")
    style.show(figure, f"{finding}. Cut on {cut:%d %B %Y}.")


def few_dates() -> AutoDateLocator:
    """Two to five dates on an axis, whatever time it spans."""
    locator = AutoDateLocator(minticks=2, maxticks=4)
    # without every second month, one and a half to two years would find no step
    locator.intervald[MONTHLY] = [1, 2, 3, 4, 6, 12]
    return locator


def lists_by_dice(by_chance: pd.Series, places: int, n_lists: int = 100) -> None:
    """A hundred lists drawn by dice, as they are on average, each a dot with its hits in it.

    Parameters
    ----------
    by_chance : Series of float
        From :func:`helpers.course.start.chance_of_hits`: the probability of 0, 1, 2, … hits.
    places : int
        Length of a list.
    n_lists : int
        How many are drawn; in rows of twenty.
    """
    # those without a hit are rounded first, so that the others agree with their share
    none = min(round(n_lists * by_chance[0]), n_lists)
    with_hits = _whole_parts(by_chance.loc[1:].to_numpy(), n_lists - none)
    hits = np.repeat(by_chance.index, [none, *with_hits])[::-1]
    figure, axes = style.figure(2.6)
    for number, found in enumerate(hits):
        spot = number % 20, -(number // 20)
        full = found > 0
        axes.plot(*spot, "o", markersize=15, markeredgecolor=CHANCE, markeredgewidth=1.2,
                  color=CHANCE if full else "white")  # fmt: skip
        if full:
            axes.text(*spot, str(found), color="white", ha="center", va="center_baseline",
                      fontsize=11)  # fmt: skip
    axes.set_xlim(-0.7, 19.7)
    axes.set_ylim(-(len(hits) - 1) // 20 - 0.3, 0.7)
    style.bare(axes)
    some = int((hits > 0).sum())
    finding = f"Of {n_lists} lists of {places} drawn by dice, "
    finding += (
        f"about {some} {'has' if some == 1 else 'have'} a hit" if some else "hardly one has a hit"
    )
    style.title(axes, finding)
    if some:
        axes.set_xlabel("in the dot: how many hits")
    told = ", ".join(f"{(hits == found).sum()} with {found}" for found in by_chance.index)
    style.show(figure, f"{finding}: {told}.")


def _whole_parts(shares, total):
    """Whole numbers in proportion to the shares that add up to the total (largest remainders)."""
    if not total:
        return np.zeros(len(shares), dtype=int)
    exact = shares / shares.sum() * total
    parts = np.floor(exact).astype(int)
    parts[np.argsort(parts - exact, kind="stable")[: total - parts.sum()]] += 1
    return parts


def who_finds_something(table: pd.DataFrame, n_customers: int) -> None:
    """A hundred dots for each list, or one for each of few: customers with a hit are filled.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.course.start.share_with_a_hit`.
    n_customers : int
        Judged by.
    """
    # of many as a number of a hundred, of few as a count
    whole = 100 if n_customers >= FEW else n_customers
    across, apart = min(10, whole), 12.5
    rows = -(-whole // across)
    figure, axes = style.figure(3.3)
    for place, (name, share) in enumerate(table["share"].items()):
        colour, found = meaning(name, PERSONAL), round(whole * share)
        number = np.arange(whole)  # from the bottom row up
        left, up = apart * place + number % across, number // across
        axes.plot(left[found:], up[found:], "o", color=style.PALE, markersize=_DOT)
        axes.plot(left[:found], up[:found], "o", color=colour, markersize=_DOT)
        middle, says = apart * place + (across - 1) / 2, share_of(share, n_customers)
        days = "\n(last 30 days)" if name == "best sellers" else ""
        letters = {"color": colour, "ha": "center", "fontweight": "bold"}
        axes.annotate(says, (middle, rows - 0.5), (0, 4), textcoords="offset points",
                      fontsize=19 if len(says) < 6 else 12, **letters)  # fmt: skip
        axes.annotate(name + days, (middle, -0.5), (0, -6), textcoords="offset points",
                      va="top", **letters)  # fmt: skip
    axes.set_xlim(-1.5, apart * len(table) - 2)
    axes.set_ylim(-4.2, rows + 2)
    style.bare(axes)
    told = [f"{name}: {share_of(share, n_customers)}" for name, share in table["share"].items()]
    ours, others = (
        percent(share).removesuffix("%") if n_customers >= FEW else f"{share * n_customers:.0f}"
        for share in table["share"].iloc[:2]
    )
    if n_customers == 1:
        finding, people = f"Of the one customer, {ours} finds", "the one customer"
    else:
        finding, people = f"{ours} of {whole} find", f"{n_customers:,} customers"
    finding += f" a later purchase in our list, {others} in the best sellers"
    dots = "a dot: one of them" if whole == n_customers else "a dot: one of a hundred"
    label = f"of {people} who came back ({dots})"
    style.finish(figure, axes, finding, label, alt=f"{finding}. {'; '.join(told)}.")


def leads_by_luck(lead: int, tosses: int = 100, times: int = 100) -> None:
    """Coins tossed many times: by how much one side leads, each time a dot, as on average.

    Parameters
    ----------
    lead : int
        The title says how often luck leads by as much or more, on either side.
    tosses : int
        Of coins, each time. Leads beyond twice their square root are filled.
    times : int
        How often the coins are tossed.
    """
    heads = np.arange(tosses + 1)
    leads, chances = 2 * heads - tosses, binom.pmf(heads, tosses, 0.5)
    reach = 2 * tosses**0.5
    far, beyond = (np.abs(leads) >= lead, np.abs(leads) > reach)
    # what the title says is rounded first, so that the dots agree with it
    many, few = (round(times * chances[which].sum()) for which in (far, beyond))
    stacks = np.zeros(len(leads), dtype=int)
    for which, total in ((beyond, few), (far & ~beyond, many - few), (~far, times - many)):
        stacks[which] = _whole_parts(chances[which], total)
    figure, axes = style.figure(3.1)
    for at, stack in zip(leads, stacks, strict=True):
        colour = CHANCE if abs(at) > reach else "white"
        axes.plot([at] * stack, np.arange(stack), "o", markersize=9, color=colour,
                  markeredgecolor=CHANCE, markeredgewidth=1.2)  # fmt: skip
    top = stacks.max()
    for end in (-reach, reach):
        axes.axvline(end + np.sign(end), color=INK, linewidth=1.2, linestyle="--", zorder=0)
        axes.text(end + 4.5 * np.sign(end), 0.7, "clear", ha="center", color=CHANCE)
    axes.text(0, top + 0.3, f"give or take {reach:.0f}", ha="center", color=INK)
    axes.set_ylim(-0.7, top + 1.3)
    axes.set_xlim(-reach - 8, reach + 8)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xticks([-reach, -lead, 0, lead, reach])
    finding = f"By luck alone, {many} of {times} leads are {lead} or more either way, "
    finding += f"and {few} beyond {reach:.0f}"
    label = f"lead of heads over tails in {tosses} tosses; a dot is one of {times} times"
    drawn = zip(leads[stacks > 0], stacks[stacks > 0], strict=True)
    told = ", ".join(f"{at} on {stack}" for at, stack in drawn).replace("-", "\u2212")
    alt = f"{finding}. Leads, and on how many dots: {told}."
    style.finish(figure, axes, finding, label, alt=alt)


def leads(examples: dict[str, tuple[float, float]], line: float) -> None:
    """Ranges of a lead against no lead and against the one worth having.

    Parameters
    ----------
    examples : dict of tuple
        By what to say of it and do: the ends of the range, in customers of a hundred.
    line : float
        The smallest lead worth having.
    """
    figure, axes = style.figure(0.55 * len(examples) + 1.5)
    for place, (said, (low, high)) in enumerate(examples.items()):
        colour = POPULAR if high < 0 else PERSONAL if low > 0 and high >= line else CHANCE
        axes.plot([low, high], [place] * 2, color=colour, linewidth=5)
        axes.plot((low + high) / 2, place, "o", color=colour, markersize=9, label=said)
    for at, words in ((0, "no lead"), (line, "line")):
        axes.axvline(at, color=INK, linewidth=1.2, linestyle="-" if at == 0 else "--", zorder=0)
        side = "right" if at == 0 else "left"
        axes.text(at, -0.75, words, ha=side, va="bottom", color=INK, fontsize=style.SMALL)
    labels = [said.replace(": ", ":\n") for said in examples]
    axes.set_yticks(range(len(examples)), labels)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(examples) - 0.5, -0.7)
    told = "; ".join(
        f"{low} to {high}".replace("-", "\u2212") + f": {said}"
        for said, (low, high) in examples.items()
    )
    finding = "Promising: all of the range is above 0, and it reaches the line"
    label = "the engine's lead over best sellers, of 100 customers"
    figure.suptitle(finding, x=0, ha="left", fontsize=13, fontweight="bold")
    axes.set_xlabel(label)
    style.show(figure, f"{finding}. A line of {line}. {told}.")


def puzzle(bought: pd.DataFrame, customer: str) -> None:
    """Who bought what, as dots; question marks where one customer could be recommended something.

    Parameters
    ----------
    bought : DataFrame of 0 and 1
        Rows: customers. Columns: products.
    customer : str
        Whose empty places are asked for.
    """
    figure, axes = style.figure(3.1)
    rows, columns = bought.shape
    at = list(bought.index).index(customer)
    band = FancyBboxPatch((-1.95, at - 0.4), columns + 1.5, 0.8, "round,pad=0,rounding_size=0.1",
                          facecolor=PERSONAL, alpha=0.12, linewidth=0)  # fmt: skip
    axes.add_patch(band)
    for row, column in np.ndindex(rows, columns):
        if bought.iloc[row, column]:
            axes.plot(column, row, "o", color=INK, markersize=17)
        elif row == at:
            axes.text(column, row, "?", color=PERSONAL, fontsize=22, fontweight="bold",
                      ha="center", va="center")  # fmt: skip
        else:
            axes.plot(column, row, "o", color="#CCCCCC", markersize=4)
    for row, name in enumerate(bought.index):
        axes.text(-0.7, row, name, ha="right", va="center", fontsize=12)
    for column, name in enumerate(bought.columns):
        axes.text(column, -0.85, name, ha="center", va="center", fontsize=13, fontweight="bold")
    axes.set_xlim(-2, columns - 0.4)
    axes.set_ylim(rows - 0.4, -1.2)
    style.bare(axes)
    axes.set_aspect("auto")
    asked = " or ".join(name for name in bought.columns if not bought.loc[customer, name])
    finding = f"What next for {customer}: {asked}?"
    style.title(axes, finding)
    told = "; ".join(f"{name} bought {', '.join(bought.columns[row > 0])}"
                     for name, row in bought.iterrows())  # fmt: skip
    style.show(figure, f"{finding} {told}.")
