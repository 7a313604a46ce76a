"""The figures of lesson 03: buyers in common, arrows, product pages, a customer, the map."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.patches import Circle, Polygon
from matplotlib.transforms import Bbox
from scipy.optimize import brentq
from scipy.spatial import ConvexHull, QhullError

from helpers.colours import CHANCE, GREY, INK, PERSONAL, POPULAR
from helpers.data import display_names
from helpers.plots import style
from helpers.plots.style import COLOURS
from helpers.telling import percent

# two things of one kind, without a meaning of their own
_ONE, _OTHER = COLOURS[9], COLOURS[7]
_MAP, _NAME = 6, 13  # inches; points
_ALWAYS = 2  # products of a group that are named, with a line where it takes one
_CLEARLY = 7  # points that a name on the map is nearer to its own dot than to another


def _circle(axes, centre, radius, colour) -> None:
    axes.add_patch(Circle(centre, radius, facecolor=colour, alpha=0.13))
    axes.add_patch(Circle(centre, radius, fill=False, edgecolor=colour, linewidth=2))


@style.larger
def circles(bought: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> None:
    """Who bought the one, the other, or both, as overlapping circles with people in them.

    Parameters
    ----------
    bought : DataFrame of 0 and 1
        Rows: customers, whose label ends in a number. Columns: products.
    pairs : sequence of (str, str)
        A panel each; the first product of a pair has at least as many buyers as the second.
        Areas are in proportion to the number of buyers.
    """
    figure, panels = style.figure(2.9, ncols=len(pairs), squeeze=False)
    told = []
    # a product has one colour, in whichever pair it stands
    shown = list(dict.fromkeys(product for pair in pairs for product in pair))
    of = dict(zip(shown, cycle([_ONE, _OTHER, COLOURS[2]]), strict=False))
    for axes, (one, other) in zip(panels[0], pairs, strict=True):
        has_one, has_other = bought[one] > 0, bought[other] > 0
        number = pd.Series(bought.index.str.split().str[-1], bought.index)
        only_one, both, only_other = (
            number[chosen].tolist()
            for chosen in (has_one & ~has_other, has_one & has_other, has_other & ~has_one)
        )
        radius = 1.1
        smaller = radius * (has_other.sum() / has_one.sum()) ** 0.5
        centre = radius - smaller - 0.08
        if only_other:
            centre = _distance(1, smaller / radius, len(both) / has_one.sum()) * radius
        _circle(axes, (0, 0), radius, of[one])
        _circle(axes, (centre, 0), smaller, of[other])
        for middle, people in [
            ((centre - smaller - radius) / 2, only_one),
            ((centre + radius - smaller) / 2 if only_other else centre, both),
            ((centre + smaller + radius) / 2, only_other),
        ]:
            for place, person in enumerate(people):
                height = (place - (len(people) - 1) / 2) * 0.58
                axes.plot(middle, height, "o", markersize=15, color=INK)
                axes.text(middle, height, person, color="white", ha="center", va="center")
        axes.text(-0.35, 1.24, f"bought {one}", color=of[one], ha="center", fontweight="bold")
        axes.text(
            1.25 if only_other else 1,
            1.24,
            f"bought {other}",
            color=of[other],
            ha="center",
            fontweight="bold",
        )
        axes.text(0.45, -1.5, f"bought both: {len(both)}", ha="center")
        axes.set_xlim(-1.25, 2.2)
        axes.set_ylim(-1.65, 1.55)
        style.bare(axes)
        told.append(f"{one} and {other} have {len(both)} buyer{'s' * (len(both) != 1)} in common")
    question = "Which pair belongs together more?" if len(pairs) > 1 else "Who bought both?"
    figure.suptitle(question)
    style.show(figure, f"Circles of buyers that overlap: {'; '.join(told)}.")


@style.larger
def arrows(bought: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> None:
    """Two products as arrows: as long as the root of their buyers, the cosine between them.

    Any two arrows lie in one plane, however many customers they have a direction for, so lengths
    and angle are drawn as they are.

    Parameters
    ----------
    bought : DataFrame of 0 and 1
        Rows: customers. Columns: products.
    pairs : sequence of (str, str)
        A panel each.
    """
    figure, panels = style.figure(2.6, ncols=len(pairs), squeeze=False)
    told = []
    shown = list(dict.fromkeys(product for pair in pairs for product in pair))
    of = dict(zip(shown, cycle([_ONE, _OTHER, COLOURS[2]]), strict=False))
    longest = bought[shown].sum().max() ** 0.5
    cosines = {}
    for axes, pair in zip(panels[0], pairs, strict=True):
        lengths = [bought[product].sum() ** 0.5 for product in pair]
        cosine = (bought[pair[0]] * bought[pair[1]]).sum() / (lengths[0] * lengths[1])
        angle = np.arccos(min(1, cosine))
        cosines[" and ".join(pair)] = cosine
        written = f"{cosine:.2f}".removeprefix("0")
        for product, length, turn in zip(pair, lengths, (0, angle), strict=True):
            tip = length * np.array([np.cos(turn), np.sin(turn)])
            axes.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "-|>", "lw": 3,
                                                       "color": of[product]})  # fmt: skip
            axes.text(*(1 + 0.14 / length) * tip, product, color=of[product], ha="center",
                      va="center", fontweight="bold")  # fmt: skip
        between = np.linspace(0, angle, 30)
        axes.plot(0.45 * np.cos(between), 0.45 * np.sin(between), color=INK)
        axes.text(0.52 * np.cos(angle / 2), 0.52 * np.sin(angle / 2),
                  f"{np.degrees(angle):.0f}°", va="center")  # fmt: skip
        axes.text(0, -0.32, f"cosine {written}", va="center")
        axes.set_xlim(-0.15, longest + 0.3)
        axes.set_ylim(-0.45, longest + 0.15)
        style.bare(axes)
        told.append(f"{' and '.join(pair)} {np.degrees(angle):.0f} degrees, cosine {written}")
    nearest = max(cosines, key=cosines.get)
    figure.suptitle(f"The narrower the angle, the more alike: {nearest}")
    style.show(figure, f"Arrows of products, with the angle between them: {'; '.join(told)}.")


@style.larger
def pages_per_product(
    counted: pd.Series, scaled: pd.Series, names: pd.Series, buyers: pd.Series, most: int = 6
) -> None:
    """On how many product pages the top sellers are shown, under two proposals.

    Parameters
    ----------
    counted, scaled : Series of int, indexed by product id
        Number of pages, for proposal 1 and 2.
    names : Series of str, indexed by product id
    buyers : Series of int, indexed by product id
        Tells which the top sellers are.
    most : int
        So many of them.
    """
    best = buyers.sort_values(ascending=False, kind="stable").index[:most]
    figure, axes = style.figure(0.42 * len(best) + 1.8)
    one, two = counted[best].to_numpy(), scaled[best].to_numpy()
    for place in range(len(best)):
        axes.plot([two[place], one[place]], [place] * 2, color="#CCCCCC", linewidth=3)
    axes.plot(one, range(len(best)), "o", color=POPULAR, markersize=13)
    axes.plot(two, range(len(best)), "o", color=PERSONAL, markersize=8)
    turn = counted.sum() / len(counted)
    widest = max(one.max(), two.max(), turn)
    apart = abs(one[0] - two[0]) > 0.3 * widest
    for value, colour, label, height in [
        (one[0], POPULAR, "proposal 1", -0.75),
        (two[0], PERSONAL, "proposal 2", -0.75 if apart else -1.3),
    ]:
        align = "left" if value < 0.15 * widest else "right" if value > 0.85 * widest else "center"
        axes.text(value, height, label, color=colour, ha=align, fontweight="bold")
    axes.axvline(turn, color=CHANCE, linestyle="--")
    axes.text(turn + 0.01 * widest, len(best) - 0.35, "shared evenly", color=INK)
    axes.set_yticks(range(len(best)), [style.short(names[product]) for product in best])
    axes.set_ylim(len(best) - 0.1, -1.3 if apart else -1.9)
    axes.set_xlim(0, widest * 1.08)
    pages = "pages" if len(counted) != 1 else "page"
    title = (
        f"{style.short(names[best[0]])}, our top seller: on {one[0]:,} of {len(counted):,} "
        f"{pages} with proposal 1, on {two[0]:,} with proposal 2"
    )
    style.finish(figure, axes, title, "product pages that show it", "", f"{title}.")


@style.larger
def trail(
    transactions: pd.DataFrame,
    names: pd.Series,
    customer,
    page,
    rows: Mapping[str, Sequence],
    most: int = 12,
) -> None:
    """One customer's first purchases of each product over time, beside what two rows would show.

    Parameters
    ----------
    transactions : DataFrame
    names : Series of str, indexed by product id
    customer : str
    page : product id
        The page on which the rows would stand.
    rows : mapping of name to product ids
        Two of them: proposal 1 and proposal 2.
    most : int
        Draw no more purchases than that: what is in a row, then the earliest.
    """
    mine = transactions[transactions["customer_id"] == customer]
    first = mine.groupby("product_id")["transaction_date"].min().dt.normalize()
    first = first.sort_values(kind="stable")
    shown = set().union(*rows.values())
    wanted = sorted(
        range(len(first)),
        key=lambda place: (first.index[place] not in {page, *shown}, place),
    )[:most]
    drawn = first.iloc[sorted(wanted)]
    figure, axes = style.figure(0.36 * len(drawn) + 1.5)
    for place, (product, day) in enumerate(drawn.items()):
        axes.plot(day, place, "o", color=INK, markersize=6)
        weight = "bold" if product == page else "normal"
        axes.annotate(style.short(names[product]), (day, place), (9, 0), textcoords="offset points",
                      va="center", fontweight=weight)  # fmt: skip
        for row, colour, column in zip(rows.values(), (POPULAR, PERSONAL), (1.12, 1.4),
                                       strict=True):  # fmt: skip
            if product in set(row) and day > first[page]:
                axes.plot(column, place, "o", color=colour, markersize=11, clip_on=False,
                          transform=axes.get_yaxis_transform())  # fmt: skip
    for label, colour, column in [("proposal\n1", POPULAR, 1.12), ("proposal\n2", PERSONAL, 1.4)]:
        axes.text(column, -0.75, label, color=colour, ha="center", fontweight="bold",
                  transform=axes.get_yaxis_transform())  # fmt: skip
    axes.set_ylim(len(drawn) - 0.4, -1.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    # room for the last name
    begin, end = drawn.min(), drawn.max()
    length = max(end - begin, pd.Timedelta(days=7))
    room = 0.027 * max(len(style.short(names[product])) for product in drawn.index)
    axes.set_xlim(begin - 0.04 * length, begin + length / (1 - room))
    days = pd.DatetimeIndex([begin, end]).unique()
    axes.set_xticks(days, [f"{day:%d %b %Y}".lstrip("0") for day in days])
    later = {
        name: sum(product in first.index and first[product] > first[page] for product in set(row))
        for name, row in rows.items()
    }
    (one, hits), (two, other_hits) = later.items()
    title = (
        f"Customer {style.short(customer)} later bought {hits} of proposal 1 and {other_hits} of "
        "proposal 2"
    )
    rest = len(first) - len(drawn)
    xlabel = f"first purchase; {rest:,} more are not drawn" if rest else "first purchase"
    style.finish(figure, axes, title, xlabel, "", f"{title}.")


def _distance(one, other, area) -> float:
    """How far apart two circles are that have an area (in units of pi) in common."""
    nearest, farthest = abs(one - other), one + other

    def too_much(distance):
        half = (distance**2 + one**2 - other**2) / (2 * distance)
        rest = distance - half
        first = one**2 * np.arccos(np.clip(half / one, -1, 1))
        second = other**2 * np.arccos(np.clip(rest / other, -1, 1))
        root = max(0.0, one**2 - half**2) ** 0.5
        return (first + second - distance * root) / np.pi - area

    if area >= min(one, other) ** 2 * 0.999:
        return nearest * 0.8
    return float(brentq(too_much, max(nearest, 1e-6), farthest - 1e-9)) if area > 0 else farthest


def buyers_needed(row: pd.DataFrame) -> None:
    """The price on both sides: how much of a row holds, and how long a product has to wait.

    Parameters
    ----------
    row : DataFrame
        From :func:`helpers.similarity.row_by_buyers`. Nothing is drawn of an empty one.
    """
    if row.empty:
        return
    figure, axes = style.figure(4.4)
    top = max(row["same"].max(), row.attrs["popular"], row.attrs["chance"], 0.12)
    lines = [
        ("popular", POPULAR, "-", "best\nsellers"),
        ("chance", CHANCE, "--", "drawn\nby dice"),
    ]
    highest = 1.14 * top
    heights = _apart([row.attrs[name] for name, *_ in lines], 0.15 * highest)
    edges = row.index[0] * 0.42, row.index[-1] * 1.25
    for (name, colour, dashes, label), height in zip(lines, heights, strict=True):
        axes.axhline(row.attrs[name], color=colour, linestyle=dashes, linewidth=2)
        axes.annotate(label, (edges[1], height), (6, 0), textcoords="offset points", color=colour,
                      va="center", annotation_clip=False)  # fmt: skip
    axes.plot(row.index, row["same"], "-o", color=PERSONAL, linewidth=2.5, markersize=8)
    white = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    for buyers, same in row["same"].items():
        struck = any(same < row.attrs[name] < same + 0.11 * top for name, *_ in lines)
        place = (buyers * 1.12, same - 0.03 * top) if struck else (buyers * 0.9, same + 0.022 * top)
        axes.text(*place, percent(same).replace("less than ", "<"), color=PERSONAL,
                  ha="left" if struck else "right", va="top" if struck else "baseline",
                  fontweight="bold", bbox=white)  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(
        row.index,
        [f"{n:,}\n{_wait(w)}" for n, w in row["weeks"].items()],
    )
    axes.minorticks_off()
    axes.set_xlim(*edges)
    axes.set_ylim(0, highest)
    few, many = row.index[min(1, len(row) - 1)], row.index[-1]
    title = (
        "; ".join(
            f"{n:,} buyer{'s' if n != 1 else ''}: {percent(row['same'][n])}"
            for n in dict.fromkeys([few, many])
        )
        + " of the row is confirmed"
    )
    style.finish(
        figure,
        axes,
        title,
        "a product's first buyers, and the typical time until then",
        "share of the row that others confirm",
        f"{title}; {row.attrs['rival']}: {percent(row.attrs['popular'])}.",
        percent="y",
    )


def _wait(weeks) -> str:
    if weeks < 1 / 7:
        return "at once"
    if weeks < 0.9:
        return f"{weeks * 7:.0f} day{'s' if weeks * 7 >= 1.5 else ''}"
    return f"{weeks:.0f} weeks" if weeks >= 1.5 else "a week"


def _apart(levels, gap) -> list[float]:
    """Heights for labels: at their own level, or above it as far as the others ask for."""
    heights, lowest = [0.0] * len(levels), gap / 2
    for number in sorted(range(len(levels)), key=lambda each: (levels[each], -each)):
        heights[number] = max(levels[number], lowest)
        lowest = heights[number] + gap
    return heights


@style.larger
def product_map(
    groups: pd.DataFrame,
    products: pd.DataFrame,
    n_labels: int = 18,
    named: Collection = (),
    in_category: pd.Series | None = None,
) -> None:
    """Products on a plane, those with the same buyers near each other, their groups shaded.

    With categories, a full dot has its nearest neighbour in its own category, a ring elsewhere.

    Parameters
    ----------
    groups : DataFrame
        From :func:`helpers.similarity.product_groups`. Nothing is drawn of an empty one.
    products : DataFrame
        From :func:`helpers.data.product_table`.
    n_labels : int
        At most so many products are named, the most central of each group, and only where their
        names cover nothing.
    named : collection of product ids
        Named before all others, with a line to their dot where no place is free beside it.
    in_category : Series, optional
        From :func:`helpers.similarity.nearest_is_of_category`.
    """
    if groups.empty:
        return
    figure, axes = style.figure(_MAP)
    names = display_names(products)
    clear = groups.attrs["clear"]
    by_group = list(groups.groupby("group"))
    known = pd.Series() if in_category is None else in_category.reindex(groups.index).dropna()
    elsewhere = known.index[~known.astype(bool)]
    spread = np.ptp(groups[["x", "y"]].to_numpy(), axis=0).max() or 1.0
    for number, members in by_group:
        colour = COLOURS[number % len(COLOURS)]
        if clear:
            _shade(axes, members[["x", "y"]].to_numpy(), colour, 0.001 * spread)
        ring = members.index.isin(elsewhere)
        for inside, part in [(colour, members[~ring]), ("white", members[ring])]:
            axes.plot(
                part["x"], part["y"], "o", color=colour, markerfacecolor=inside,
                markeredgewidth=1.6, markersize=6, zorder=3,
            )  # fmt: skip
    style.bare(axes, equal=False)
    axes.margins(0.16, 0.12)
    if len(known):
        finding = (
            f"{len(elsewhere)} of {len(known)} products (rings) have their nearest in another "
            "category"
        )
    elif clear:
        finding = (
            f"{len(by_group)} groups of products; near means bought by many of the same people"
        )
    else:
        finding = "Near each other: bought by many of the same people. No clear groups"
    style.title(axes, finding)
    figure.canvas.draw()  # places are final from here on
    placer = _Labels(figure, axes, groups[["x", "y"]].to_numpy())
    for number, members in by_group if clear else []:
        placer.above(
            np.flatnonzero(groups["group"] == number),
            _name_of_group(members, products, names),
            COLOURS[number % len(COLOURS)],
        )
    told = []
    ranked = groups.assign(
        rank=groups.groupby("group")["centrality"].rank(ascending=False, method="first")
    )
    ranked["later"] = ~ranked.index.isin(named)
    for product in ranked.sort_values(["later", "rank", "group"]).index:
        if len(told) < n_labels and placer.beside(
            groups.loc[product, ["x", "y"]].to_numpy(float),
            style.short(names[product]),
            always=product in named or ranked["rank"][product] <= _ALWAYS,
        ):
            told.append(product)
    placer.trim(figure)
    alt = f"Map of {len(groups)} products: {finding}."
    if clear:
        named = (_name_of_group(members, products, names) for _, members in by_group)
        alt += f" Groups: {'; '.join(each.replace(chr(10), ' ') for each in named)}."
    style.show(figure, alt)


def _name_of_group(members, products, names) -> str:
    """The category of at least half of its products, or else its most central product."""
    if products["product_category"].nunique() > 1:
        common = products["product_category"].reindex(members.index).value_counts()
        if len(common) and common.iloc[0] >= len(members) / 2:
            return f"mostly {style.short(common.index[0])}"
    return f"around {style.short(names[members['centrality'].idxmax()])}"


def _shade(axes, points, colour, least) -> None:
    """A soft area around the points."""
    if len(points) > 2:
        try:
            points = points[ConvexHull(points).vertices]
        except QhullError:  # on one line
            points = points[np.lexsort(points.T)][[0, -1]]
    points = points + least * np.array([[0, 0], [1, 0], [0, 1]])[np.arange(len(points)) % 3]
    light = 1 - 0.16 * (1 - np.array(_rgb(colour)))
    axes.add_patch(
        Polygon(
            points,
            closed=True,
            facecolor=light,
            edgecolor=light,
            linewidth=26,
            joinstyle="round",
            capstyle="round",
            zorder=1,
        )  # fmt: skip
    )


def _rgb(colour):
    return [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]


class _Labels:
    """Names on a figure that cover neither each other nor a point."""

    def __init__(self, figure, axes, points):
        self.axes = axes
        self.renderer = figure.canvas.get_renderer()
        self.pixels = figure.dpi / 72
        self.frame = axes.get_window_extent(self.renderer)
        half = 4.5 * self.pixels
        self.middles = axes.transData.transform(points)
        self.points = [
            Bbox.from_bounds(x - half, y - half, 2 * half, 2 * half) for x, y in self.middles
        ]
        self.taken = []

    def _put(self, places, text, members, own=None, apart=0, lined=False, **look) -> bool:
        for (x, y), ha, va in places:
            artist = self.axes.text(
                *self.axes.transData.inverted().transform((x, y)), text, ha=ha, va=va, **look
            )
            box = artist.get_window_extent(self.renderer).padded(1.5 * self.pixels)
            beside = [point for place, point in enumerate(self.points) if place != own]
            free = not any(box.overlaps(other) for other in [*self.taken, *beside])
            if free:  # nearer to its own than to any other, and seen to be
                near = np.clip(self.middles, [box.x0, box.y0], [box.x1, box.y1])
                away = np.hypot(*(self.middles - near).T)
                reach = 0 if lined else away[list(members)].min()
                away[list(members)] = np.inf
                free = reach + apart * self.pixels <= away.min()
            whole = self.frame.x0 <= box.x0 and box.x1 <= self.frame.x1
            if free and whole and self.frame.y0 <= box.y0 and box.y1 <= self.frame.y1:
                self.taken.append(box)
                return True
            artist.remove()
        return False

    def trim(self, figure) -> None:
        """Leave out what is empty above and below, without moving anything else."""
        far = 16 * self.pixels  # a group's shade is wider than its points
        low = min([self.middles[:, 1].min() - far, *(box.y0 for box in self.taken)])
        high = max([self.middles[:, 1].max() + far, *(box.y1 for box in self.taken)])
        low, high = max(low, self.frame.y0), min(high, self.frame.y1)
        ends = self.axes.transData.inverted().transform([(0, low), (0, high)])[:, 1]
        self.axes.set_ylim(*ends)
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height - (self.frame.height - (high - low)) / figure.dpi)

    def above(self, members, text, colour) -> bool:
        """The name of a group: over it, or under it; not where another group is nearer."""
        places = self.middles[members]
        (left, low), (right, high) = places.min(axis=0), places.max(axis=0)
        far = 15 * self.pixels
        tries = []
        for step in range(6):
            gap = far + 9 * step * self.pixels
            for x, ha in [((left + right) / 2, "center"), (left, "left"), (right, "right")]:
                tries += [((x, high + gap), ha, "bottom"), ((x, low - gap), ha, "top")]
        return self._put(
            tries,
            text,
            set(members),
            color=[0.7 * part for part in _rgb(colour)],
            fontsize=_NAME,
            fontweight="bold",
            zorder=5,
        )

    def beside(self, point, text, always=False) -> bool:
        """The name of a product beside its point; if it must be told, farther off with a line."""
        x, y = self.axes.transData.transform(point)
        own = int(np.abs(self.middles - [x, y]).sum(axis=1).argmin())
        gap = 5 * self.pixels
        tries = [((x + gap, y), "left", "center"), ((x - gap, y), "right", "center")]
        tries += [((x, y + gap), "center", "bottom"), ((x, y - gap), "center", "top")]
        look = {"color": INK, "fontsize": _NAME, "zorder": 4}
        if self._put(tries, text, {own}, own, apart=_CLEARLY, **look):
            return True
        if not always:
            return False
        turns = np.linspace(0, 2 * np.pi, 16, endpoint=False)
        for step, turn in ((step, turn) for step in range(3, 12) for turn in turns):
            far = np.array([np.cos(turn), np.sin(turn)]) * 6 * step * self.pixels
            ha = "center" if abs(far[0]) < 1 else "left" if far[0] > 0 else "right"
            along = np.linspace(0.1, 1, 20)[:, None] * far + (x, y)
            others = np.delete(self.middles, own, axis=0)[:, None]
            crossed = (np.hypot(*np.moveaxis(others - along, -1, 0)) < 6 * self.pixels).any()
            crossed |= any(box.contains(*at) for box in self.taken for at in along)
            if not crossed and self._put(
                [((x, y) + far, ha, "center")], text, {own}, apart=2 * _CLEARLY, lined=True, **look
            ):
                line = self.axes.transData.inverted().transform([(x, y), (x, y) + 0.96 * far])
                self.axes.plot(*line.T, color=GREY, linewidth=0.8, zorder=2)
                return True
        return False
