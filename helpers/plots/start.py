"""Lesson 00's drawings: where a list comes from, what came true of it, and blind luck beside it."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.patches import FancyBboxPatch
from matplotlib.transforms import ScaledTranslation

from helpers.colours import CHANCE, INK, OTHER, PERSONAL, POPULAR, meaning
from helpers.plots import style
from helpers.telling import percent

_LONGEST = 26  # letters of a name in a drawing
_ROWS = 6  # of a customer's purchases before the cut, and of those after it


def _short(name) -> str:
    name = " ".join(str(name).split())
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"


def _box(axes, x, y, width, height, words, colour, dashed=False, ink="") -> None:
    """A box with words in it; `x` and `y` are its middle."""
    corner = (x - width / 2, y - height / 2)
    edge = {"edgecolor": colour, "linewidth": 1.8, "linestyle": "--" if dashed else "-"}
    axes.add_patch(
        FancyBboxPatch(
            corner, width, height, "round,pad=0,rounding_size=0.08", facecolor="white", **edge
        )  # fmt: skip
    )
    axes.text(x, y, words, ha="center", va="center", color=ink or colour, fontsize=11)


def _arrow(axes, start, end, colour=INK, words="", at=None) -> None:
    shape = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=shape)
    if words:
        axes.text(*at, words, color=colour, fontsize=10.5, ha="center", va="center")


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
    behaviour = "behaviour\nwho looked at\nwhat, and when\n"
    behaviour += "(not in these files)" if n_events is None else f"{n_events:,} rows"
    other = CHANCE if n_events is None else INK
    _box(
        axes, 1.1, 3.1, 2, 1.25, f"purchases\nwho bought\nwhat, and when\n{n_purchases:,} rows", INK
    )
    _box(axes, 1.1, 1.1, 2, 1.25, behaviour, other, dashed=n_events is None)
    _box(axes, 3.85, 2.1, 2.1, 1.25, "the engine\nwhich products go\nto the same people?", PERSONAL)
    _box(axes, 6.7, 3.1, 2.1, 1.25, f"a list for you\n{n} products,\neach with a reason", PERSONAL)
    _box(axes, 6.7, 1.1, 2.1, 1.25, "best sellers\nand the page calls\nthem best sellers", POPULAR)
    _arrow(axes, (2.1, 2.9), (2.8, 2.45))
    _arrow(axes, (2.1, 1.3), (2.8, 1.75), other)
    _arrow(axes, (4.9, 2.45), (5.65, 2.9), PERSONAL, "we know\nyou", (4.85, 3.05))
    _arrow(axes, (4.9, 1.75), (5.65, 1.3), POPULAR, "we don't", (4.85, 1.2))
    axes.set_xlim(0, 7.85)
    axes.set_ylim(0.35, 3.85)
    style.bare(axes)
    finding = "From two tables to a list"
    if n_events is None:
        finding = "From a table to a list: purchases are enough to begin"
    style.title(axes, finding)
    alt = (
        f"{finding}. The engine learns from {n_purchases:,} purchases "
        + ("alone" if n_events is None else f"and {n_events:,} rows of behaviour")
        + f". Whoever it knows gets {n} products with reasons; whoever it does not know gets best "
        "sellers, and the page calls them that."
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
    figure, axes = style.figure(0.31 * len(drawn) + 1.9)
    first, span = drawn["day"].min(), end - drawn["day"].min()
    axes.axvspan(cut, end, color=CHANCE, alpha=0.18, linewidth=0)
    axes.axvline(cut, color=INK, linewidth=1.2)
    axes.plot(drawn["day"], range(len(drawn)), "o", color=INK, markersize=7, zorder=3)
    for number, name in enumerate(lists):
        on_it = np.flatnonzero(drawn[name])
        # so many inches right of the time, however wide the names on the left are
        aside = ScaledTranslation(0.45 + 0.75 * number, 0, figure.dpi_scale_trans)
        beside = {
            "color": meaning(name, PERSONAL),
            "transform": axes.get_yaxis_transform() + aside,
        }
        axes.plot([1] * len(on_it), on_it, "o", markersize=11, clip_on=False, label=name, **beside)
        axes.text(1, -1.25, name.replace(" ", "\n"), ha="center", va="center",
                  fontsize=10.5, fontweight="bold", **beside)  # fmt: skip
    late = cut > first + span / 2
    axes.text(cut, -1.25, "hidden: " if late else " hidden", ha="right" if late else "left",
              va="center", color=INK, fontsize=10.5)  # fmt: skip
    axes.set_ylim(len(drawn) - 0.4, -2)
    axes.set_xlim(first - span * 0.04, end)
    axes.set_yticks(range(len(drawn)), [_short(names[product]) for product in drawn.index])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=4))
    axes.xaxis.set_major_formatter(DateFormatter("%d %b\n%Y"))
    hits = ", by ".join(f"{name}: {int(after[name].sum())}" for name in lists)
    new = "a new product" if len(after) == 1 else f"{len(after)} new products"
    finding = f"{customer} went on to buy {new}. Listed by {hits}"
    left_out = [f"{earlier:,} products bought earlier"] * (earlier > 0)
    left_out += [f"{more:,} bought later"] * (more > 0)
    left_out = ", ".join(left_out)
    label = "day of purchase (grey: what the engine has not seen)"
    axes.set_xlabel(label + (f"\nnot drawn: {left_out}" if left_out else ""))
    figure.suptitle("\n".join(textwrap.wrap(finding, 60)), x=0, ha="left", fontsize=13,
                    fontweight="bold")  # fmt: skip
    style.show(figure, f"{finding}. Cut on {cut:%d %B %Y}.")


def blind_lists(by_chance: pd.Series, places: int, n_lists: int = 100) -> None:
    """A hundred lists drawn blindly, each a dot with its hits in it.

    Parameters
    ----------
    by_chance : Series of float
        From :func:`helpers.course.start.chance_of_hits`: the probability of 0, 1, 2, … hits.
    places : int
        Length of a list.
    n_lists : int
        How many are drawn; in rows of twenty.
    """
    hits = np.repeat(by_chance.index, _whole_parts(by_chance.to_numpy(), n_lists))[::-1]
    figure, axes = style.figure(2.6)
    for number, found in enumerate(hits):
        spot = number % 20, -(number // 20)
        full = found > 0
        axes.plot(*spot, "o", markersize=18, markeredgecolor=CHANCE, markeredgewidth=1.2,
                  color=CHANCE if full else "white")  # fmt: skip
        if full:
            axes.text(*spot, str(found), color="white", ha="center", va="center_baseline",
                      fontsize=11)  # fmt: skip
    axes.set_xlim(-0.7, 19.7)
    axes.set_ylim(-(len(hits) - 1) // 20 - 0.3, 0.7)
    style.bare(axes)
    some = int((hits > 0).sum())
    whole = f"Of {n_lists} lists of {places} drawn blindly, "
    finding = whole + (f"{some} have a hit" if some != 1 else "one has a hit")
    if not some:
        finding = whole + "not even one has a hit"
    style.title(axes, f"{finding} (its number of hits is in the dot)" if some else finding)
    told = ", ".join(f"{(hits == found).sum()} with {found}" for found in by_chance.index)
    style.show(figure, f"{finding}: {told}.")


def _whole_parts(shares, total):
    """Whole numbers in proportion to the shares that add up to the total (largest remainders)."""
    exact = shares / shares.sum() * total
    parts = np.floor(exact).astype(int)
    parts[np.argsort(parts - exact, kind="stable")[: total - parts.sum()]] += 1
    return parts


def who_finds_something(table: pd.DataFrame, n_customers: int) -> None:
    """The share of judged customers with a hit, list by list, with 95 % intervals.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.course.start.share_with_a_hit`.
    n_customers : int
        Judged by.
    """
    figure, axes = style.figure(0.62 * len(table) + 1.6)
    for place, (name, row) in enumerate(table.iterrows()):
        colour = meaning(name, PERSONAL)
        axes.plot([0, row["share"]], [place] * 2, color=colour, linewidth=2, alpha=0.35)
        axes.plot([row["share_low"], row["share_high"]], [place] * 2, color=colour, linewidth=5)
        axes.plot(row["share"], place, "o", color=colour, markersize=10)
        axes.text(0, place - 0.3, f" {name}: {percent(row['share'])}", color=colour,
                  fontweight="bold")  # fmt: skip
    axes.set_yticks([])
    axes.set_ylim(len(table) - 0.5, -0.75)
    ends = table[["share", "share_high"]].max(axis=None)
    axes.set_xlim(0, min(1.02, max(1.15 * ends, 0.01)))
    told = [f"{name}: {percent(share)}" for name, share in table["share"].items()]
    people = "the one customer" if n_customers == 1 else f"{n_customers:,} customers"
    finding = f"Who finds something? Of {people}, {told[0]}; {', '.join(told[1:])}"
    label = "customers with at least one hit (thick line: 95 % interval)"
    style.finish(figure, axes, finding, label, percent="x")


def products_shown(counts: pd.Series, n_products: int) -> None:
    """How many different products at least one customer gets to see.

    Parameters
    ----------
    counts : Series of int
        From :meth:`helpers.course.start.FirstLook.products_shown`.
    n_products : int
        In the shop.
    """
    figure, axes = style.figure(3)
    colours = [meaning(name, PERSONAL) for name in counts.index]
    axes.barh(range(len(counts)), counts.to_numpy(), 0.42, color=colours)
    for place, (name, count) in enumerate(counts.items()):
        axes.text(0, place - 0.3, f" {name}: {count:,}", color=colours[place], fontweight="bold")
    axes.set_xlim(0, n_products)
    axes.set_ylim(len(counts) - 0.6, -0.75)
    axes.set_yticks([])
    today, ours = counts.iloc[0], counts.iloc[1]
    finding = f"Of {n_products:,} products, {today:,} get a chance today, with our engine {ours:,}"
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    label = "different products shown to somebody; the axis ends with the whole shop"
    style.finish(figure, axes, finding, label, alt=f"{finding}. {told}.")


#: Which option for which shop, asked from top to bottom: the question, the answer that ends it,
#: and what it ends in.
_QUESTIONS = [
    ("Must a person answer for it?\n(law, safety, a campaign)", "yes", "a rule", POPULAR),
    ("Do we know anything\nabout this customer?", "no", "the fallback:\nbest sellers", POPULAR),
    ("Do many products have\nbuyers in common?", "no", "content-based, if products\n"
     "are described; else a rule", OTHER),
    ("Few customers,\nwho buy a lot each?", "yes", "user-based", PERSONAL),
]  # fmt: skip


def which_option() -> None:
    """Four questions from top to bottom that lead to a kind of recommender."""
    figure, axes = style.figure(5.2)
    told = []
    for place, (question, ends, option, colour) in enumerate(_QUESTIONS):
        y = -1.35 * place
        _box(axes, 1.75, y, 3.3, 0.85, question, INK)
        _box(axes, 6.25, y, 3.1, 0.85, option, colour, ink=INK if colour == OTHER else "")
        _arrow(axes, (3.4, y), (4.7, y), colour, ends, (4.0, y + 0.2))
        goes_on = "no" if ends == "yes" else "yes"
        _arrow(axes, (1.75, y - 0.43), (1.75, y - 0.92), INK, goes_on, (2.1, y - 0.66))
        told.append(f"{question} {ends}: {option}".replace("\n", " "))
    _box(axes, 1.75, -1.35 * len(_QUESTIONS), 3.3, 0.85, "item-based: our engine", PERSONAL)
    axes.set_xlim(0, 7.9)
    axes.set_ylim(-1.35 * len(_QUESTIONS) - 0.5, 0.5)
    style.bare(axes)
    finding = "Which kind of list? Ask from top to bottom"
    style.title(axes, finding)
    style.show(figure, f"{finding}. {'; '.join(told)}; otherwise item-based.")


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
