"""Lesson 05a's figures: two lists, one future, and the people who judge both."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.patches import FancyBboxPatch, Rectangle

from helpers.colours import CHANCE, INK, OTHER, PERSONAL, POPULAR, WARNING, meaning
from helpers.evaluate import BETTER, NOT_KNOWN, WORSE
from helpers.plots import style
from helpers.telling import percent

#: What the methods are called by people.
IN_WORDS = {
    "random": "dice",
    "most_popular": "best sellers ever",
    "most_popular_30_days": "best sellers of 30 days",
    "most_popular_7_days": "best sellers of 7 days",
    "content_based": "same kind",
    "user_based": "people like you",
    "item_based_textbook": "lesson 04's napkin",
    "item_based": "ours",
    "item_based_with_events": "ours, with views and carts",
    "oracle": "true tastes (oracle)",
}
DECISIONS = {
    BETTER: "better: if it pays, on to 05b",
    NOT_KNOWN: "can't tell: more weeks",
    WORSE: "worse: keep the best sellers",
}
_PALE = "#E9E9E9"
_BLUE_WORDS = "#1F77A8"  # the light blue of other methods, dark enough to be read


def _of_100(difference, _=None):
    """A difference of shares as customers of a hundred, with its sign."""
    return f"{100 * difference:+.3g}".replace("-", "−") if abs(difference) > 1e-9 else "0"


def _point(difference):
    """The same to one place, as the sentences beside the figure say it."""
    told = f"{100 * difference:+.1f}".replace("-", "−")
    return "0.0" if told in ("+0.0", "−0.0") else told


def in_words(method: str) -> str:
    """What a method is called by people: ``"dice"`` for ``"random"``."""
    return IN_WORDS.get(method, str(method).replace("_", " "))


@style.larger
def variety(table: pd.DataFrame) -> None:
    """Coverage and personalization of some lists, in two panels.

    Parameters
    ----------
    table : DataFrame
        Rows: methods, one of them ``random``; columns: figures between 0 and 1.
    """

    def called(method):  # there is one of each kind here
        if method == "item_based":
            return "compares products"
        return in_words(method).removesuffix(" ever")

    figure, panels = style.figure(0.42 * len(table) + 1.5, ncols=table.shape[1], sharey=True)
    for axes, name in zip(np.atleast_1d(panels), table, strict=True):
        colours = [meaning(method, OTHER) for method in table.index]
        drawn = axes.barh(range(len(table)), table[name].to_numpy(), color=colours)
        axes.bar_label(drawn, fmt=percent, padding=3)
        axes.set_xlim(0, 1.18)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.set_title(name, fontsize=style.LARGER, fontweight="normal")
        axes.set_yticks(range(len(table)), [called(method) for method in table.index])
    axes.invert_yaxis()
    won = [name for name in table if table[name].idxmax() == "random"]
    finding = f"The dice win at {' and at '.join(won)}" if won else "The dice are not even last"
    if not won and (table.loc["random"] <= table.drop("random").min()).any():
        finding = "The dice score as well, without knowing anything"
    figure.suptitle(finding, fontweight="bold", fontsize=13, x=0.01, ha="left")
    told = "; ".join(
        f"{called(method)} {' and '.join(percent(value) for value in row)}"
        for method, row in table.iterrows()
    )
    style.show(figure, f"{' and '.join(table)}: {told}. {finding}.")


@style.larger
def time_split(timeline: pd.DataFrame) -> None:
    """Purchases over time: what we learn from, what chooses settings, what is hidden.

    Parameters
    ----------
    timeline : DataFrame
        From :func:`helpers.evaluate.timeline`.
    """
    words = {
        "learn": ("learn", INK),
        "validation": ("validation: choose", OTHER),
        "test": ("test: compare", WARNING),
    }
    figure, axes = style.figure(3.4)
    height = timeline["purchases"] / timeline["days"]
    top = max(height.max(), 1e-9)
    for part, rows in timeline.groupby("part", sort=False):
        word, colour = words[part]
        width = [pd.Timedelta(days=0.85 * days) for days in rows["days"]]
        axes.bar(rows["start"], height[rows.index], width, align="edge", color=colour)
        end = rows["start"].iloc[-1] + pd.Timedelta(days=int(rows["days"].iloc[-1]))
        # the later parts may be narrow: their words end where they end, on two levels
        left, level = part == "learn", 1.3 if part == "test" else 1.08
        words_colour = _BLUE_WORDS if part == "validation" else colour
        axes.text(rows["start"].iloc[0] if left else end, level * top, word, color=words_colour,
                  ha="left" if left else "right", va="bottom", fontweight="bold")  # fmt: skip
    hidden = timeline["part"] == "test"
    cut = timeline.loc[hidden, "start"].iloc[0]
    axes.plot([cut, cut], [0, 1.06 * top], color=style.LIMIT, linewidth=1.5, linestyle="--")
    axes.set_ylim(0, 1.5 * top)
    axes.margins(x=0.01)
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    share = timeline.loc[hidden, "purchases"].sum() / timeline["purchases"].sum()
    finding = f"Hidden from {cut.day} {cut:%B %Y} on: {percent(share)} of the purchases"
    alt = f"Time line of purchases a day, cut into: {', '.join(timeline['part'].unique())}."
    days = int(timeline["days"].max())
    piece = "a bar is about a week" if days >= 6 else f"a bar is {days} day{'s' * (days != 1)}"
    style.finish(figure, axes, finding, f"{piece}; dashed: the cut",
                 "purchases a day,\non average", f"{alt} {finding}.")  # fmt: skip


@style.larger
def hits_on_lists(shown: dict[str, list], bought_later: dict[str, list]) -> None:
    """Lists with their hits marked, a customer per row.

    Parameters
    ----------
    shown, bought_later : dict of customer to list of products
        What was in the list, from place 1 on, and what was bought in the hidden weeks.
    """
    found = [bool(set(shown[customer]) & set(bought_later[customer])) for customer in shown]
    finding = f"{sum(found)} of {len(found)} customers found something"
    after = [f"later bought {', '.join(bought_later[customer])}" for customer in shown]
    places = max(map(len, shown.values()))
    figure, axes = style.figure(0.85 * len(shown) + 0.9)
    for row, (name, products) in enumerate(shown.items()):
        for place, product in enumerate(products):
            hit = product in bought_later[name]
            box = FancyBboxPatch(
                (place + 0.08, row + 0.12), 0.84, 0.72,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor=INK if hit else "white", edgecolor=INK,
            )  # fmt: skip
            axes.add_patch(box)
            axes.text(place + 0.5, row + 0.48, product, ha="center", va="center",
                      color="white" if hit else INK, fontsize=13,
                      fontweight="bold" if hit else "normal")  # fmt: skip
        axes.text(-0.12, row + 0.48, textwrap.fill(name, 12), ha="right", va="center")
        axes.text(places + 0.12, row + 0.48, textwrap.fill(after[row], 13), va="center")
    axes.set_xlim(-1.1, places + 1.35)
    axes.set_ylim(len(shown), 0)
    style.bare(axes)
    axes.set_aspect("auto")
    style.title(axes, finding)
    told = "; ".join(f"{name}: {', '.join(map(str, shown[name]))}" for name in shown)
    style.show(figure, f"Lists with their hits filled in. {told}. {finding}.")


@style.larger
def chance_of_a_hit(n_products: int, owned: float, k: int, dice: float | None = None) -> None:
    """The dice's chance when one product is bought: so many squares of those that are not owned.

    Parameters
    ----------
    n_products : int
        That were sold before the cut.
    owned : float
        How many of them a customer has already, on average; no list shows those.
    k : int
        Places in the list.
    dice : float, optional
        The share of judges who find something in a random list.
    """
    had = min(round(owned), n_products - 1)
    free = n_products - had
    columns = int(min(max(n_products, 1), max(18, np.ceil(np.sqrt(4 * n_products)))))
    rows = int(np.ceil(n_products / columns))
    figure, axes = style.figure(0.34 * min(rows, 12) + 1.2)
    # no real dice: spread over the shop, the same in every run
    chosen = {int((place + 0.5) * free / k) for place in range(k)}
    for square in range(n_products):
        row, column = divmod(square, columns)
        colour = CHANCE if square in chosen else _PALE if square < free else "white"
        axes.add_patch(Rectangle((column + 0.08, row + 0.08), 0.84, 0.84, facecolor=colour,
                                 edgecolor=_PALE if square < free else "#9A9A9A"))  # fmt: skip
    axes.set_xlim(-0.05, columns + 0.05)
    axes.set_ylim(rows + 0.05, -0.05)
    style.bare(axes)
    finding = f"{len(chosen)} of the {free} products that this customer doesn't own yet"
    if dice is not None:
        hundred = percent(dice).removesuffix("%").strip()
        finding = f"Dice find something for {hundred} of 100, with {len(chosen)} of {free} products"
    style.title(axes, finding)
    axes.set_xlabel("dark: on the random list; white: owned already")
    alt = f"{n_products} squares, {had} of them white, {len(chosen)} dark. {finding}."
    style.show(figure, alt)


@style.larger
def who_is_judged(counts: pd.Series) -> None:
    """How many customers can judge the lists, and why the others can't.

    Parameters
    ----------
    counts : Series of int
        From :func:`helpers.evaluate.who_is_judged`.
    """
    figure, axes = style.figure(0.66 * len(counts) + 0.9)
    for place, (name, number) in enumerate(counts.items()):
        judge = name.startswith("judged")
        axes.barh(place, number, height=0.45, color=PERSONAL if judge else "#BBBBBB")
        axes.text(0, place - 0.3, name, va="bottom", color=INK)
        axes.text(number, place, f" {number:,}", va="center")
    axes.set_ylim(len(counts) - 0.6, -0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.12)
    judged = int(counts[[name.startswith("judged") for name in counts.index]].sum())
    finding = f"{judged:,} of {counts.sum():,} customers can judge the lists"
    told = "; ".join(f"{name}: {number:,}" for name, number in counts.items())
    style.finish(figure, axes, finding, "customers", "", f"{finding}. {told}.")


@style.larger
def hit_rates(results: pd.DataFrame, rival: str, k: int) -> None:
    """What each list's hit rate is on the same future.

    Parameters
    ----------
    results : DataFrame
        From :func:`helpers.evaluate.compare`.
    rival : str
        The row of the best sellers that did best.
    k : int
        Length of the lists.
    """
    figure, axes = style.figure(0.36 * len(results) + 1.5)
    for place, (name, row) in enumerate(results.iterrows()):
        colour = meaning(name, OTHER)
        ours = name in ("item_based", rival)
        axes.barh(place, row["hit_rate"], height=0.6, color=colour)
        axes.text(row["hit_rate"], place, f"  {percent(row['hit_rate'])}", va="center", color=INK,
                  fontweight="bold" if ours else "normal")  # fmt: skip
    axes.set_yticks(range(len(results)), [in_words(name) for name in results.index])
    for label, name in zip(axes.get_yticklabels(), results.index, strict=True):
        label.set_fontweight("bold" if name in ("item_based", rival) else "normal")
    axes.invert_yaxis()
    high = results["hit_rate"].max()
    axes.set_xlim(0, 1.15 * high if high > 0 else 1)
    axes.set_axisbelow(True)
    axes.grid(axis="x", color="#E5E5E5")
    rate = results["hit_rate"]
    finding = f"Ours find something for {percent(rate['item_based'])} of the judges, "
    finding += f"best sellers for {percent(rate[rival])}"
    if "random" in rate:
        finding += f", dice for {percent(rate['random'])}"
    judges = results["customers"].max() if "customers" in results else 0
    whose = f"of {judges:,} judges," if judges else "judges"
    xlabel = f"hit rate at {k}: {whose} who bought at least one of {k}"
    xlabel += "\nbold: ours and the honest rival"
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
    style.finish(figure, axes, finding, xlabel, "", f"Hit rate of all methods. {finding}.")


@style.larger
def list_lengths(hits: Mapping[str, np.ndarray], k: int) -> None:
    """Longer lists reach more people, dice's too, and their places are worth less.

    Parameters
    ----------
    hits : mapping of name to array of bool, shape (customers, places)
        From :func:`helpers.evaluate.hits_at_ranks`: our list, its rival and dice, in this order.
        A list may have several rows for each customer, such as rolls of dice. Of lists with one
        place nothing is drawn.
    k : int
        The length to mark.
    """
    longest = next(iter(hits.values())).shape[1]
    if longest < 2:
        return
    lengths = np.arange(1, longest + 1)
    found = {name: np.maximum.accumulate(each, axis=1).mean(axis=0) for name, each in hits.items()}
    hit = {name: each.mean(axis=0).cumsum() / lengths for name, each in hits.items()}
    figure, panels = style.figure(3.6, ncols=2)
    marks = list(zip((PERSONAL, POPULAR, CHANCE), ("-", "--", ":"), strict=True))
    words = {"judges who find something": found, "places that are hits": hit}
    for axes, (what, shares) in zip(panels, words.items(), strict=True):
        for (name, values), (colour, dashes) in zip(shares.items(), marks, strict=True):
            axes.plot(lengths, values, dashes, color=colour, linewidth=2.5, label=name)
        axes.axvline(min(k, longest), color=INK, linewidth=1, zorder=0)
        axes.set_title(what, fontsize=style.LARGER, fontweight="normal")
        axes.set_xlabel("length of the list")
        axes.set_xticks(sorted({1, min(k, longest), longest}))
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  frameon=False, labelcolor="linecolor")  # fmt: skip
    ours, _, dice = (percent(each[0]) for each in found.values())
    finding = f"With one place, ours reach {ours}, dice {dice}"
    figure.suptitle(finding)
    told = "; ".join(
        f"{what}: "
        + ", ".join(
            f"{name} {percent(each[0])} to {percent(each[-1])}" for name, each in of.items()
        )
        for what, of in words.items()
    )
    style.show(figure, f"{finding}. By length, {told}.")


@style.larger
def groups_of_customers(groups: pd.DataFrame) -> None:
    """The same list, judged by many groups: how far the score moves, and the rule of thumb.

    Parameters
    ----------
    groups : DataFrame
        From :func:`helpers.evaluate.groups_drawn`.
    """
    middle = groups.attrs["all"]
    figure, axes = style.figure(0.8 * groups.shape[1] + 1.4)
    labels = []
    for place, size in enumerate(groups):
        half = 2 * np.sqrt(middle * (1 - middle) / size)
        low, high = np.clip([middle - half, middle + half], 0, 1)
        axes.barh(place, high - low, left=low, height=0.8, color=_PALE)
        labels.append(f"{size:,} customers\n± {100 * half:.2g} points")
        # dots that would hide each other are stacked
        dots = np.sort(groups[size].to_numpy())
        column = (dots / 0.02).round()
        same = pd.Series(column).groupby(column)
        lift = (same.cumcount() - (same.transform("size") - 1) / 2).to_numpy()
        room = min(0.12, 0.72 / max(same.size().max(), 1))
        axes.plot(dots, place + room * lift, "o", color=PERSONAL, markersize=4.5, alpha=0.8)
    axes.axvline(middle, color=INK, linewidth=1)
    axes.set_yticks(range(groups.shape[1]), labels)
    axes.set_ylim(groups.shape[1] - 0.5, -0.5)
    axes.margins(x=0.05)
    if np.ptp(groups.to_numpy()) == 0:  # all groups alike
        axes.set_xlim(max(middle - 0.1, -0.005), min(middle + 0.1, 1.005))
    small, large = groups.columns[0], groups.columns[-1]
    spans = [f"{percent(groups[size].min())} to {percent(groups[size].max())}"
             for size in (small, large)]  # fmt: skip
    ranges = f"Groups of {small:,}: {spans[0]}. Groups of {large:,}: {spans[1]}"
    finding = ranges
    if 0 < middle < 1 and (np.diff(np.log(groups.columns)).round(9) == np.log(4).round(9)).all():
        finding = "Four times the customers, half the ±"
    xlabel = f"hit rate of the same list: {len(groups)} dots a row, a dot is a group"
    xlabel += "\ngrey: the ± round the score of all judges"
    alt = f"The same list judged by {len(groups)} groups of each size. {ranges}."
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
    style.finish(figure, axes, finding, xlabel, "", alt)


@style.larger
def two_judges() -> None:
    """An easy and a hard customer, who judge a list each, and who judge both."""
    figure, axes = style.figure(2.9)
    who = ["easy\ncustomer", "hard\ncustomer"]
    # who judges which list: a hit, none, or not asked
    panels = {
        "each judges one": ([(True, None), (None, False)], "ours win, by luck"),
        "each judges both": ([(True, True), (False, False)], "twice a draw"),
    }
    for panel, (how, (rows, result)) in enumerate(panels.items()):
        left = 3.1 * panel
        middle = left + 1.05
        axes.text(middle, -0.8, how, ha="center", fontweight="bold")
        for column, (name, ink) in enumerate([("ours", PERSONAL), ("theirs", POPULAR)]):
            axes.text(left + 0.5 + 1.1 * column, -0.22, name, ha="center", color=ink)
        for row, found in enumerate(rows):
            for column, hit in enumerate(found):
                box = FancyBboxPatch(
                    (left + 1.1 * column, row + 0.06), 1.0, 0.8,
                    boxstyle="round,pad=0,rounding_size=0.08",
                    facecolor=INK if hit else "white", edgecolor="#BBBBBB" if hit is None else INK,
                    linestyle=":" if hit is None else "-",
                )  # fmt: skip
                axes.add_patch(box)
                word = "not asked" if hit is None else "hit" if hit else "no hit"
                ink = "white" if hit else "#767676" if hit is None else INK
                axes.text(left + 0.5 + 1.1 * column, row + 0.46, word.replace(" a", "\na"),
                          ha="center", va="center", color=ink, fontsize=style.LARGER)  # fmt: skip
        axes.text(middle, 2.3, result, ha="center", fontweight="bold",
                  color=WARNING if panel == 0 else INK)  # fmt: skip
    for row, name in enumerate(who):
        axes.text(-0.15, row + 0.46, name, ha="right", va="center")
    axes.set_xlim(-1.5, 5.4)
    axes.set_ylim(2.45, -1.1)
    style.bare(axes, equal=False)
    finding = "Whoever judges both lists favours neither"
    style.title(axes, finding)
    style.show(
        figure,
        "An easy customer finds something in any list, a hard one in none. If the easy one judges "
        "ours and the hard one theirs, ours win by luck; if both judge both, it is twice a draw. "
        f"{finding}.",
    )


@style.larger
def four_boxes(boxes: dict[str, int], rival: str) -> None:
    """Who found something in both lists, in one of them, in neither.

    Parameters
    ----------
    boxes : dict of str to int
        From :func:`helpers.evaluate.agreement`.
    rival : str
        What the other list is called.
    """
    figure, axes = style.figure(3.3)
    places = {"both": (0, 0), "only_ours": (1, 0), "only_theirs": (0, 1), "neither": (1, 1)}
    words = {"both": "both", "only_ours": "only ours", "only_theirs": "only theirs",
             "neither": "neither"}  # fmt: skip
    colours = {"only_ours": PERSONAL, "only_theirs": POPULAR}
    for name, (x, y) in places.items():
        face = colours.get(name, _PALE)
        ink = "white" if name in colours else INK
        axes.add_patch(Rectangle((2.2 * x + 0.05, y + 0.04), 2.1, 0.92, color=face))
        axes.text(2.2 * x + 1.1, y + 0.36, f"{boxes[name]:,}", ha="center", va="center",
                  color=ink, fontsize=20, fontweight="bold")  # fmt: skip
        axes.text(2.2 * x + 1.1, y + 0.76, words[name], ha="center", va="center", color=ink)
    for x, word in enumerate(["hit", "no hit"]):
        axes.text(2.2 * x + 1.1, -0.08, word, ha="center", color=POPULAR, fontweight="bold")
    for y, word in enumerate(["hit", "no hit"]):
        axes.text(-0.1, y + 0.5, word, ha="right", va="center", color=PERSONAL, fontweight="bold")
    axes.text(2.2, -0.36, rival, ha="center", color=POPULAR)
    axes.text(-0.95, 1, "ours", ha="right", va="center", color=PERSONAL)
    axes.set_xlim(-1.6, 4.5)
    axes.set_ylim(2.05, -0.6)
    style.bare(axes)
    axes.set_aspect("auto")
    n_customers = sum(boxes.values())
    decide = boxes["only_ours"] + boxes["only_theirs"]
    finding = f"{decide:,} of {n_customers:,} customers decide; for the others it is a draw"
    style.title(axes, finding)
    told = ", ".join(f"{words[name]} {boxes[name]:,}" for name in places)
    style.show(figure, f"Customers by where they found something: {told}. {finding}.")


@style.larger
def same_or_different(table: pd.DataFrame) -> None:
    """Our list minus others: the interval of the same people on that of different ones.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.evaluate.side_by_side`.
    """
    figure, axes = style.figure(0.62 * len(table) + 1.6)
    for place, row in enumerate(table.itertuples()):
        axes.plot([row.apart_low, row.apart_high], [place] * 2, color="#C8C8C8", lw=12)
        axes.plot([row.low, row.high], [place] * 2, color=meaning(row.Index, OTHER), lw=5)
        axes.plot(row.difference, place, "o", color=meaning(row.Index, OTHER), markersize=8)
        # both intervals in numbers, right of the picture
        for lift, low, high, ink in [
            (-0.2, row.low, row.high, INK), (0.2, row.apart_low, row.apart_high, "#6E6E6E")
        ]:  # fmt: skip
            told = f"{_point(low)} to {_point(high)}" if np.isfinite(low) else ""
            axes.text(1.02, place + lift, told, transform=axes.get_yaxis_transform(),
                      va="center", color=ink, fontsize=style.LARGER)  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1.5)
    axes.set_yticks(range(len(table)), [in_words(name) for name in table.index])
    axes.set_ylim(len(table) - 0.5, -1.3)
    for lift, who, ink in [(-1.1, "same judges", INK), (-0.7, "different", "#6E6E6E")]:
        axes.text(1.02, lift, who, transform=axes.get_yaxis_transform(), va="center",
                  color=ink, fontsize=style.LARGER, fontweight="bold")  # fmt: skip
    same, apart = clear_differences(table)
    gained = [in_words(name) for name in same if name not in apart]
    finding = "Ours minus theirs: the same people (colour), different people (grey)"
    if gained:
        finding = f"Only the same judges tell ours from {' and '.join(gained)}"
    xlabel = "ours minus theirs: points (customers of 100)"
    xlabel += "\ncolour: the same people judge both lists\ngrey: as if different people judged each"
    axes.xaxis.set_major_formatter(_of_100)
    alt = f"Ours minus other lists, with two intervals each. {finding}."
    style.finish(figure, axes, finding, xlabel, "", alt)


def clear_differences(table: pd.DataFrame) -> tuple[list, list]:
    """Methods whose interval leaves zero out: by the same people, and by different ones.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.evaluate.side_by_side`.
    """
    same = table.index[(table["low"] > 0) | (table["high"] < 0)]
    apart = table.index[(table["apart_low"] > 0) | (table["apart_high"] < 0)]
    return list(same), list(apart)


@style.larger
def three_answers() -> None:
    """The rule of lesson 05a, drawn as three made-up intervals beside zero."""
    figure, axes = style.figure(2.5)
    colours = {BETTER: PERSONAL, WORSE: POPULAR, NOT_KNOWN: "#9A9A9A"}
    for place, (answer, (low, high)) in enumerate(example_intervals().items()):
        axes.plot([low, high], [place] * 2, color=colours[answer], lw=7)
        axes.text(1.25, place, DECISIONS[answer], va="center")
    _beside_zero(axes, 2, -1.3, 3.2)
    axes.set_xticks([])
    axes.spines[["left", "bottom"]].set_visible(False)  # nothing is measured along them
    finding = "Where the whole interval lies decides"
    told = "; ".join(
        f"{'above' if low > 0 else 'below' if high < 0 else 'on both sides of'} zero: "
        f"{DECISIONS[answer]}" for answer, (low, high) in example_intervals().items()
    )  # fmt: skip
    style.finish(figure, axes, finding, "", "", f"Three intervals. {told}.")


@style.larger
def gain_at_cuts(
    looks: dict[str, dict[str, float]], verdict: str, line: float, instead: str = ""
) -> None:
    """Our gain on the honest rival, at one cut or at two, beside zero and beside what pays.

    Parameters
    ----------
    looks : dict of str to dict
        By the cut's date: ``difference``, ``low`` and ``high``, from
        :func:`helpers.evaluate.difference_of`.
    verdict : str
        A key of :data:`DECISIONS`.
    line : float
        The gain from which the list pays.
    instead : str
        What to do if we can't tell, and more weeks are not the remedy: ``"a third cut"``.
    """
    figure, axes = style.figure(0.6 * len(looks) + 1.9)
    for place, look in enumerate(looks.values()):
        axes.plot([look["low"], look["high"]], [place] * 2, color=PERSONAL, lw=6)
        axes.plot(look["difference"], place, "o", color=PERSONAL, markersize=10)
    ends = [each[name] for each in looks.values() for name in ("low", "high", "difference")]
    left, right = np.nanmin([*ends, 0]), np.nanmax([*ends, line])
    # room for the words on both sides of zero
    span = max(right - left, 0.02)
    left, right = min(left, -0.5 * span), max(right, 0.5 * span)
    room = 0.05 * span
    _beside_zero(axes, len(looks) - 0.4, left - room, right + room)
    axes.plot([line, line], [-0.5, len(looks) + 0.2], color=style.LIMIT, linewidth=1.8,
              linestyle="--", zorder=0)  # fmt: skip
    side = "left" if line < 0.8 * right + 0.2 * left else "right"  # its words need a fifth
    axes.text(line, len(looks) - 0.2, f" the line: {100 * line:.3g} ", color=style.LIMIT,
              va="center", ha=side)  # fmt: skip
    axes.set_yticks(range(len(looks)), list(looks))
    finding = f"By the rule, {DECISIONS[verdict]}"
    if verdict == NOT_KNOWN and instead:
        finding = f"By the rule, can't tell: {instead}"
    xlabel = "ours minus the honest rival: points (customers of 100)"
    axes.xaxis.set_major_formatter(_of_100)
    told = "; ".join(
        f"{name}: {_of_100(round(look['difference'], 3))} of 100" for name, look in looks.items()
    )
    alt = f"Our gain beside zero and beside the line of {100 * line:.3g}. {told}. {finding}."
    style.finish(figure, axes, finding, xlabel, "", alt)


def _beside_zero(axes, last, left, right):
    axes.axvline(0, color=INK, linewidth=1.5)
    axes.set_yticks([])
    axes.set_ylim(last + 0.6, -0.95)
    axes.set_xlim(left, right)
    axes.text(0, -0.55, " ours more →", va="bottom", color=PERSONAL)
    axes.text(0, -0.55, "← rival more ", va="bottom", ha="right", color=POPULAR)


def example_intervals() -> dict[str, tuple[float, float]]:
    """An interval for each of the three answers of the rule, by answer."""
    return {BETTER: (0.25, 1.0), WORSE: (-1.0, -0.25), NOT_KNOWN: (-0.5, 0.75)}
