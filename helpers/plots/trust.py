"""Figures of lesson 05b: a score on its ruler, histories dealt anew, gains beside lines, gaps."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from helpers import evaluate, trust
from helpers.colours import CHANCE, INK, ORACLE, PERSONAL, POPULAR, WARNING, meaning
from helpers.plots import style


def _points(share: float) -> str:
    """A difference of two shares, in points: customers in a hundred."""
    value = round(100 * share) + 0  # no minus zero
    return f"{value:,} point{'' if abs(value) == 1 else 's'}".replace("-", "−")


def _exactly(share: float) -> str:
    """A difference of two shares, in points, with one decimal."""
    value = round(100 * share, 1) + 0  # no minus zero
    return f"{value:,.1f} points".replace("-", "−")


def _beside_zero(share: float) -> str:
    """In whole points, with one decimal below one: a dot beside zero isn't at zero."""
    return _exactly(share) if abs(share) < 0.0095 else _points(share)


def _few(count: float) -> str:
    """A count that may be less than one: 100, 8, 2.4, 0.54."""
    return f"{count:,.0f}" if count >= 10 else f"{count:.2g}"


def _whole(axis, points: bool) -> None:
    """Ticks at whole numbers: points where the axis is of differences, else percentages."""
    sign = "" if points else "%"
    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{100 * value:.3g}{sign}".replace("-", "−"))
    )


def _squares(axes, left, height, filled, colour, side=0.5, marks=True) -> None:
    """A row of squares; the filled ones carry a tick."""
    for place, full in enumerate(filled):
        corner = (left + place * side * 1.16, height - side / 2)
        face = colour if full else "white"
        axes.add_patch(Rectangle(corner, side, side, facecolor=face, edgecolor=colour, lw=1.8))
        if full and marks:
            middle = (corner[0] + side / 2, height)
            axes.text(*middle, "✓", color="white", ha="center", va="center", fontweight="bold")


def dice_on_four_customers(bought: pd.DataFrame) -> None:
    """Rows of squares: what each customer owns, and what a list of one, drawn by dice, can show.

    Parameters
    ----------
    bought : DataFrame of 0 and 1
        Rows: customers. Columns: products. Everyone is to buy one more product.
    """
    candidates = (bought == 0).sum(axis=1)
    chance = trust.chance_of_a_hit(candidates, np.minimum(candidates, 1), 1)
    figure, axes = style.figure(height=0.62 * len(bought) + 1.2)
    for row, (customer, owned) in enumerate(bought.iterrows()):
        axes.text(-0.3, -row, customer, ha="right", va="center")
        for column, (product, has) in enumerate(owned.items()):
            colour = INK if has else CHANCE
            face = INK if has else "white"
            corner = (column * 0.9, -row - 0.36)
            axes.add_patch(Rectangle(corner, 0.72, 0.72, facecolor=face, edgecolor=colour, lw=2))
            shade = "white" if has else INK
            axes.text(column * 0.9 + 0.36, -row, product, color=shade, ha="center", va="center")
        n = candidates.iloc[row]
        told = f"dice hit 1 time in {n}" if n > 1 else "dice always hit"
        axes.text(len(bought.columns) * 0.9 + 0.3, -row, told, color=INK, va="center")
    axes.text(0, 0.62, "black: owned", color=INK, va="bottom")
    axes.text(len(bought.columns) * 0.9 + 0.3, 0.62, "white: can be shown", color=INK, va="bottom")
    axes.set_xlim(-2.2, len(bought.columns) * 0.9 + 3.4)
    axes.set_ylim(-len(bought) + 0.45, 1.1)
    style.bare(axes)
    each = " + ".join("1" if n == 1 else f"1/{n}" for n in candidates)
    finding = f"With one place, dice already hit ({each}) ÷ {len(bought)} = "
    finding += f"{100 * chance.mean():.3g}% on average"
    style.title(axes, finding)
    style.show(figure, f"Four customers and what they don't own yet. {finding}.")


def ruler(marks: pd.Series) -> None:
    """Hit rates on one scale, from nothing to everybody.

    Parameters
    ----------
    marks : Series of float
        Hit rates of ``"dice"``, ``"best sellers"``, ``"our lists"`` and, where it is known, the
        ``"oracle"``.
    """
    colours = {"dice": CHANCE, "best sellers": POPULAR, "our lists": PERSONAL, "oracle": ORACLE}
    labels = {"oracle": "ceiling"}
    rival, ours = marks["best sellers"], marks["our lists"]
    figure, axes = style.figure(height=2.7)
    axes.plot([0, 1], [0, 0], color=style.PALE, linewidth=9)
    if "oracle" in marks and marks["oracle"] > max(ours, rival):
        axes.plot([max(ours, rival), marks["oracle"]], [0, 0], color=ORACLE, lw=9, alpha=0.35)
    axes.plot([rival, ours], [0, 0], color=PERSONAL if ours >= rival else WARNING, linewidth=9)
    taken, reach = {1: [], -1: []}, 1.1
    for number, (name, value) in enumerate(marks.sort_values(kind="stable").items()):
        side = 1 if number % 2 else -1
        level = sum(abs(value - other) < 0.26 for other in taken[side])
        taken[side].append(value)
        height = side * (0.55 + 0.75 * level)
        reach = max(reach, abs(height) + 0.55)
        axes.plot([value, value], [0, height], color=colours[name], linewidth=2)
        axes.plot(value, 0, "o", color=colours[name], markersize=11)
        align = "left" if value < 0.1 else "right" if value > 0.9 else "center"
        told = f"{labels.get(name, name)} {value:.0%}"
        axes.text(value, height + side * 0.06, told, color=colours[name], ha=align,
                  va="bottom" if side > 0 else "top", fontweight="bold",
                  bbox=style.ON_WHITE)  # fmt: skip
    axes.set_ylim(-reach, reach)
    axes.set_xlim(-0.02, 1.02)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_yticks([])
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    way = np.nan
    if "oracle" in marks:
        way = trust.share_of_the_way(ours, rival, marks["oracle"])
    if way == way and ours > rival:
        most = _exactly(marks["oracle"] - rival)
        finding = f"Our lists come {way:.0%} of the way from best sellers to the ceiling"
        told_way = f"{finding}: {100 * (ours - rival):.1f} of {most}"
    else:
        word = "above" if ours >= rival else "below"
        finding = told_way = f"Our lists: {_points(abs(ours - rival))} {word} the best sellers"
    told = ", ".join(f"{name} {value:.0%}" for name, value in marks.items())
    xlabel = "customers with a hit (hit rate)"
    style.finish(figure, axes, finding, xlabel, "", f"A ruler: {told}. {told_way}.", percent="x")


def whose_history(customer: str, pasts: dict[str, int], hits: dict[str, list[bool]]) -> None:
    """One customer's later purchases, predicted from two pasts.

    Parameters
    ----------
    customer : str
        An id.
    pasts : dict of str to int
        Products in the history, under ``"own"`` and ``"stranger"``.
    hits : dict of str to list of bool
        Under the same names: which places of the list were bought later by `customer`.
    """
    figure, axes = style.figure(height=2.9)
    length = len(hits["own"])
    side = min(0.62, 4.4 / (1.16 * length))
    rows = [
        ("own", PERSONAL, "own products", 1.0),
        ("stranger", CHANCE, "a stranger's products", -0.7),
    ]
    for name, colour, label, height in rows:
        shown = min(pasts[name], 5)
        axes.text(0, height + 0.55, label, color=colour, fontweight="bold")
        _squares(axes, 0, height, [True] * shown, colour, 0.42, marks=False)
        more = pasts[name] - shown
        end = shown * 0.42 * 1.16
        if more:
            axes.text(end + 0.05, height, f"+{more:,}", color=colour, va="center")
            end += 0.65
        style.arrow(axes, (max(end, 2.5) + 0.35, height), (4.25, height), colour)
        axes.text(4.5, height + 0.55, "list", color=colour, fontweight="bold")
        _squares(axes, 4.5, height, hits[name], colour, side)
        told = f"{sum(hits[name])} bought later"
        axes.text(4.5 + length * side * 1.16 + 0.1, height, told, color=colour, va="center")
    axes.set_xlim(-0.1, 10.9)
    axes.set_ylim(-1.25, 1.95)
    style.bare(axes)
    own, stranger = sum(hits["own"]), sum(hits["stranger"])
    finding = f"{customer}: own past finds {own}, a stranger's {stranger}"
    style.title(axes, finding)
    style.show(figure, f"Two lists for the same later purchases. {finding}.")


def own_or_stranger(tests: pd.DataFrame, worth: float, verdict: str) -> None:
    """How much more customers' own histories find than a stranger's, and what that says.

    Parameters
    ----------
    tests : DataFrame
        One row per test: ``difference`` and its interval ``low``, ``high``, in hit rate. The first
        is of the real histories, the others are controls.
    worth : float
        Smallest difference worth a look. It decides nothing where there is a signal, so there it
        isn't drawn.
    verdict : str
        From :func:`helpers.trust.histories`.
    """
    signal = verdict == evaluate.SIGNAL
    figure, axes = style.figure(height=0.62 * len(tests) + 1.7)
    for place, (_, row) in enumerate(tests.iterrows()):
        colour = CHANCE if place else PERSONAL
        axes.plot([row["low"], row["high"]], [place] * 2, color=colour, linewidth=4)
        axes.plot(row["difference"], place, "o", color=colour, markersize=10)
        told = _beside_zero(row["difference"])
        axes.text(row["difference"], place - 0.2, told, color=colour,
                  ha="center", va="bottom", fontweight="bold", bbox=style.ON_WHITE)  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1)
    low, high = np.nanmin([*tests["low"], *tests["difference"], 0]), tests["high"].max()
    high = np.nanmax([high, tests["difference"].max(), 0 if signal else worth])
    room = 0.12 * (high - low)
    axes.set_xlim(low - room, high + room)
    if not signal:
        axes.axvline(worth, color=style.LIMIT, linewidth=1.6, linestyle="--")
        axes.text(worth, len(tests) - 0.42, " worth a look ", color=style.LIMIT, va="center",
                  ha="left" if worth < (low + high) / 2 else "right")  # fmt: skip
    axes.set_yticks(range(len(tests)), list(tests.index))
    axes.set_ylim(len(tests) - 0.2, -0.7)
    finding = "Own or a stranger's past: these customers can't tell"
    if signal:
        more = _points(tests["difference"].iloc[0])
        finding = f"Their own past finds {more} more than a stranger's"
    elif verdict == trust.NOTHING:
        finding = "A stranger's past finds as much as their own"
    told = "; ".join(f"{name}: {_beside_zero(row['difference'])}" for name, row in tests.iterrows())
    told = " ".join(told.split())
    xlabel = "own minus stranger's, in points of hit rate, with 95 % interval"
    alt = f"{finding}. {told}" + ("." if signal else f"; worth a look: {_points(worth)}.")
    _whole(axes.xaxis, points=True)
    style.finish(figure, axes, finding, xlabel, "", alt)


def four_outcomes() -> None:
    """Where an interval can lie beside zero and the smallest gain worth a live test."""
    worth = 2.0
    examples = [(0.8, 3.6), (0.3, 1.6), (-1.6, 1.2), (-1.7, -0.3), (-0.9, 3.3)]
    rules = ["above zero, reaches the line",
             "above zero, short of the line",
             "includes zero, short of the line, narrow",
             "wholly below zero",
             "any other that includes zero"]  # fmt: skip
    figure, axes = style.figure(height=3.3)
    for place, (low, high) in enumerate(examples):
        answer = trust.outcome(low, high, worth)
        colour = PERSONAL if answer == trust.WORTH_IT else INK
        axes.plot([low, high], [place, place], color=colour, linewidth=5)
        axes.plot((low + high) / 2, place, "o", color=colour, markersize=11)
        axes.text(-2.1, place - 0.2, answer, ha="right", va="center", fontweight="bold")
        axes.text(-2.1, place + 0.22, rules[place], ha="right", va="center")
    axes.plot([0, 0], [-0.45, 4.5], color=INK, linewidth=1)
    axes.plot([worth] * 2, [-0.45, 4.5], color=style.LIMIT, linewidth=1.8, linestyle="--")
    axes.text(0, -0.62, "no gain", ha="center", color=INK)
    axes.text(worth, -0.62, "the line", ha="center", color=style.LIMIT)
    narrow = "narrow: at most twice the line wide"
    axes.text(3.8, 4.95, narrow, ha="right", va="center", fontsize=style.SMALL)
    axes.set_xlim(-9.6, 3.8)
    axes.set_ylim(5.2, -0.9)
    style.bare(axes, equal=False)
    style.title(axes, "Where the gain's interval lies says what to do")
    answers = "; ".join(
        f"{trust.outcome(*each, worth)}: {' '.join(rule.split())}"
        for each, rule in zip(examples, rules, strict=True)
    )
    style.show(figure, f"Five intervals beside zero and the line. {answers}. {narrow}.")


def gain_against_line(gain: dict[str, float], worth: float, answer: str, most: float = 1.0) -> None:
    """Our gain over the best sellers beside the smallest one worth a live test.

    Parameters
    ----------
    gain : dict
        ``difference``, ``low``, ``high``, in hit rate.
    worth : float
        The line, drawn where it is within reach; NaN where there is none.
    answer : str
        From :func:`helpers.trust.outcome`.
    most : float
        The largest gain that any list could have: what the best sellers leave.
    """
    figure, axes = style.figure(height=2.3)
    ends = [value for value in (gain["low"], gain["high"]) if value == value]
    reached = [0, gain["difference"], *ends]
    reach = max(np.ptp(reached), 0.02)
    within = worth <= max(reached) + 2 * reach
    low, high = min(reached), max([*reached, worth] if within else reached)
    room = 0.15 * (high - low or 1)
    axes.set_xlim(low - room, high + room)
    axes.plot([gain["low"], gain["high"]], [0, 0], color=PERSONAL, linewidth=6)
    axes.plot(gain["difference"], 0, "o", color=PERSONAL, markersize=13)
    axes.axvline(0, color=INK, linewidth=1)
    axes.text(gain["difference"], 0.25, f"gain: {_exactly(gain['difference'])}", color=PERSONAL,
              ha="center", va="bottom", fontweight="bold", bbox=style.ON_WHITE)  # fmt: skip
    if within:
        axes.axvline(worth, color=style.LIMIT, linewidth=1.8, linestyle="--")
        side = "left" if worth < (low + high) / 2 else "right"
        axes.text(worth, -0.6, f" the line: {_exactly(worth)} ", color=style.LIMIT, ha=side)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.8, 0.75)
    line = f"line at {_exactly(worth)}" if worth <= most else "no list can reach the line"
    if worth != worth:
        line = "no line yet"
    elif not within:
        axes.text(1, 0.04, f"the line: {_exactly(worth)} →", color=style.LIMIT, ha="right",
                  transform=axes.transAxes)  # fmt: skip
    finding = f"Gain {_exactly(gain['difference'])}, {line}: {answer}"
    told = f"The interval: {' to '.join(_exactly(end) for end in ends)}."
    alt = f"{finding}. {told if ends else 'There is no interval.'}"
    xlabel = "our lists minus best sellers, in points of hit rate, with 95 % interval"
    _whole(axes.xaxis, points=True)
    style.finish(figure, axes, finding, xlabel, "", alt)


def false_alarms(groups: pd.DataFrame) -> None:
    """Groups in which nothing differs; some intervals miss zero all the same.

    Parameters
    ----------
    groups : DataFrame
        From :func:`helpers.trust.groups_without_a_difference`.
    """
    figure, axes = style.figure(height=3.6)
    alarms = (groups["low"] > 0) | (groups["high"] < 0)
    for place, (_, row) in enumerate(groups.iterrows()):
        colour = WARNING if alarms.iloc[place] else CHANCE
        axes.plot([place] * 2, [row["all_low"], row["all_high"]], color=colour, lw=1.3)
        axes.plot([place] * 2, [row["low"], row["high"]], color=colour, linewidth=5)
        axes.plot(place, row["gain"], "o", color=colour, markersize=8)
        if alarms.iloc[place]:
            axes.text(place, row["all_low"] - 0.01, "alarm", color=colour, ha="center", va="top",
                      fontweight="bold")  # fmt: skip
    axes.axhline(0, color=INK, linewidth=1)
    axes.set_xticks(range(len(groups)), range(1, len(groups) + 1))
    axes.margins(y=0.14)
    axes.text(0.01, 0.985, "thick: for one group", color=INK, transform=axes.transAxes, va="top")
    axes.text(0.5, 0.985, f"thin: for all {len(groups)}", color=INK, transform=axes.transAxes,
              va="top")  # fmt: skip
    finding = f"Nothing differs, and {alarms.sum()} of {len(groups)} groups raises an alarm"
    if alarms.sum() != 1:
        finding = finding.replace("raises", "raise")
    alt = f"Intervals of {len(groups)} groups drawn from the same pot. {finding}."
    _whole(axes.yaxis, points=True)
    style.finish(figure, axes, finding, "group", "gain in points", alt)


def gain_by_group(by_group: pd.DataFrame, too_little: Collection[str] = ()) -> None:
    """What each group gains over the best sellers, with intervals for all groups together.

    Parameters
    ----------
    by_group : DataFrame
        From :func:`helpers.evaluate.compare_groups`.
    too_little : collection of str
        Groups whose gain is not worth having, even at best: they keep the best sellers, too.
    """
    shown = trust.whom_to_show_what(by_group)
    losing = int((shown == trust.BEST_SELLERS).sum())
    shown = shown.mask(shown.index.isin(list(too_little)), trust.BEST_SELLERS)
    colours = {trust.PERSONAL: PERSONAL, trust.BEST_SELLERS: POPULAR, trust.NO_VERDICT: CHANCE}
    figure, axes = style.figure(height=0.62 * len(by_group) + 1.5)
    for place, (name, row) in enumerate(by_group.iterrows()):
        colour = colours[shown[name]]
        enough = bool(row["enough"])
        axes.plot([row["gain_low"], row["gain_high"]], [place] * 2, color=colour, linewidth=4)
        axes.plot(row["gain"], place, "o", color=colour, markersize=10,
                  markerfacecolor=colour if enough else "white")  # fmt: skip
        told = _points(row["gain"]) if enough else f"{_points(row['gain'])}?"
        axes.text(row["gain"], place - 0.18, told, color=colour, ha="center", va="bottom",
                  fontweight="bold", bbox=style.ON_WHITE)  # fmt: skip
    axes.axvline(0, color=INK, linewidth=1)
    sizes = by_group["customers"].astype(int)
    labels = [
        f"{name}\n{size:,} customers" if enough else f"{name}\n{size:,}: {trust.NO_VERDICT}"
        for (name, size), enough in zip(sizes.items(), by_group["enough"], strict=True)
    ]
    axes.set_yticks(range(len(by_group)), labels)
    axes.set_ylim(len(by_group) - 0.5, -0.75)
    axes.margins(x=0.15)
    judged = by_group["enough"].astype(bool)
    n_judged = int(judged.sum())
    finding = "No group clearly loses"
    if n_judged == 0:
        finding = "No group has enough customers to say anything"
    elif losing:
        finding = f"{losing} of {n_judged} groups clearly lose{'s' if losing == 1 else ''}"
    told = "; ".join(f"{name}: {shown[name]}" for name in by_group.index)
    xlabel = "gain over best sellers, in points; intervals for all groups"
    _whole(axes.xaxis, points=True)
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {told}.")


def from_hit_to_sale(click_rate: float, cart_rate: float, paid_rate: float) -> None:
    """Steps from a visit to a sale we would not have had, and what no past purchase knows of each.

    Parameters
    ----------
    click_rate, cart_rate, paid_rate : float
        Of visits that click, of clicks that reach the cart, of carts that are paid for.
    """
    visits = 1_000
    clicks = visits * click_rate
    carts = clicks * cart_rate
    steps = [
        (f"{visits:,} visits", "does anyone look at the list?", 1.0),
        (f"{_few(clicks)} clicks", "is it wanted today?", 0.8),
        (f"{_few(carts)} in the cart", "is it in stock, at this price?", 0.66),
        (f"{_few(carts * paid_rate)} paid for", "kept? or bought anyway?", 0.58),
        ("? extra sales", "", 0.54),
    ]
    figure, axes = style.figure(height=3.7)
    for place, (told, gap, width) in enumerate(steps):
        last = place == len(steps) - 1
        colour = WARNING if last else PERSONAL
        corner = (2.1 - 2.1 * width, -place - 0.32)
        axes.add_patch(Rectangle(corner, 4.2 * width, 0.64, facecolor=colour, alpha=0.18))
        axes.text(2.1, -place, told, ha="center", va="center", fontweight="bold", color=INK)
        axes.text(4.5, -place - 0.5, gap, va="center", color=INK)  # between two steps
    axes.set_xlim(-0.1, 9.3)
    axes.set_ylim(-len(steps) + 0.5, 0.6)
    style.bare(axes, equal=False)
    style.title(axes, "From a visit to a sale (widths not to scale)")
    told = ", ".join(step for step, *_ in steps)
    style.show(figure, f"A funnel from visits to extra sales: {told}.")


def exposure_loop() -> None:
    """What is shown is bought, what is bought is data, and data decide what is shown."""
    figure, axes = style.figure(height=3.5)
    places = {"shown": (0, 1), "bought": (2.6, 0), "data": (0, -1), "new list": (-2.6, 0)}
    words = {"shown": "on the homepage", "bought": "bought a little more",
             "data": "counted as “wanted”", "new list": "best sellers again"}  # fmt: skip
    names = list(places)
    for name, place in places.items():
        colour = POPULAR if name in ("shown", "new list") else INK
        axes.text(*place, words[name], ha="center", va="center", color="white", fontweight="bold",
                  bbox={"boxstyle": "round,pad=0.5", "facecolor": colour,
                        "edgecolor": colour})  # fmt: skip
    edges = [((1.3, 1), (2.6, 0.22)), ((2.6, -0.22), (1.45, -1)),
             ((-1.45, -1), (-2.6, -0.22)), ((-2.6, 0.22), (-1.3, 1))]  # fmt: skip
    for start, end in edges:
        style.arrow(axes, start, end, INK, -0.25)
    axes.text(0, 0, "what they\nwould buy\nwithout a push\nis nowhere in it", ha="center",
              va="center", color=WARNING)  # fmt: skip
    axes.set_xlim(-4.1, 4.1)
    axes.set_ylim(-1.5, 1.5)
    style.bare(axes, equal=False)
    style.title(axes, "What we show is bought, and what is bought we show")
    style.show(figure, f"A loop: {' → '.join(words[name] for name in names)}, and so on.")


def two_futures(futures: pd.DataFrame) -> None:
    """The same lists judged by two futures, and without what was shown: dots, and the lead.

    Parameters
    ----------
    futures : DataFrame
        From :func:`helpers.simulation.two_futures`.
    """
    figure, axes = style.figure(height=0.85 * len(futures) + 1.2)
    for place, (_, row) in enumerate(futures.iterrows()):
        ends = row["best sellers"], row["personal lists"]
        axes.plot(ends, [place, place], color=style.PALE, linewidth=6, zorder=1)
        for name in ("best sellers", "personal lists"):
            colour = meaning(name, PERSONAL)
            axes.plot(row[name], place, "o", color=colour, markersize=13)
            axes.text(row[name], place + 0.22, f"{row[name]:.0%}", color=colour, ha="center",
                      va="top", fontweight="bold")  # fmt: skip
        axes.text(np.mean(ends), place - 0.12, f"lead {_points(row['lead'])}", ha="center",
                  va="bottom", color=INK)  # fmt: skip
    for name in ("best sellers", "personal lists"):
        axes.text(futures[name].iloc[0], -0.48, name.replace(" ", "\n"), fontweight="bold",
                  color=meaning(name, PERSONAL), ha="center", va="bottom")  # fmt: skip
    axes.set_yticks(
        range(len(futures)),
        [name.replace(", ", ",\n").replace("homepage ", "homepage\n") for name in futures.index],
    )
    axes.set_ylim(len(futures) - 0.45, -1.08)
    axes.margins(x=0.2)
    leads = [_points(lead) for lead in futures["lead"]]
    first, then = (_points(lead).split(" ")[0] for lead in futures["lead"].iloc[:2])
    finding = f"Without the push, the lead goes from {first} to {leads[1]}"
    told = "; ".join(
        f"{name}: best sellers {row['best sellers']:.0%}, "
        f"personal lists {row['personal lists']:.0%}"
        for name, row in futures.iterrows()
    )
    _whole(axes.xaxis, points=False)
    style.finish(figure, axes, finding, "hit rate", "", f"{finding}. {told}.")
