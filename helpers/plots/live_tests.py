"""Figures of lesson 08: people in two arms, what luck does, early looks, the rule, the money."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.patches import Circle, Rectangle
from matplotlib.ticker import MaxNLocator

from helpers.colours import CHANCE, INK, ORACLE, PERSONAL, POPULAR, WARNING
from helpers.experiments import SHIP, STOP, decide, deviation_allowed
from helpers.plots import style
from helpers.telling import percent

_ANSWERS = {"ship": PERSONAL, "stop": WARNING, "cannot tell": CHANCE, "keep running": CHANCE}


def people_and_visits(customers: pd.DataFrame) -> None:
    """Each customer of a small test with their visits, those that reached the cart filled.

    Parameters
    ----------
    customers : DataFrame
        ``customer_id``, ``arm`` (two of them, today's first), ``visits`` and ``carted``.
    """
    arms = list(dict.fromkeys(customers["arm"]))
    colours = dict(zip(arms, (INK, PERSONAL), strict=True))
    most = customers["visits"].max()
    figure, axes = style.figure(height=0.46 * len(customers) + 1.5)
    for place, row in enumerate(customers.to_dict("records")):
        colour = colours[row["arm"]]
        axes.add_patch(Circle((0, -place), 0.33, facecolor=colour, edgecolor=colour))
        axes.text(0, -place, row["customer_id"], color="white", ha="center", va="center",
                  fontweight="bold")  # fmt: skip
        for visit in range(row["visits"]):
            full = visit < row["carted"]
            axes.add_patch(
                Rectangle(
                    (0.65 + 0.62 * visit, -place - 0.25),
                    0.5,
                    0.5,
                    edgecolor=colour,
                    lw=1.6,
                    facecolor=colour if full else "white",
                )  # fmt: skip
            )
    sums = customers.groupby("arm")[["visits", "carted"]].sum()
    for arm in arms:
        rows = np.flatnonzero(customers["arm"] == arm)
        carts, visits = sums.loc[arm, "carted"], sums.loc[arm, "visits"]
        told = f"arm {arm}: {len(rows)} people\n{carts} carts ÷ {visits} visits = "
        axes.text(1.1 + 0.62 * most, -rows.mean(), f"{told}{carts / visits:.2f}", va="center",
                  color=colours[arm])  # fmt: skip
    axes.text(0.65, 0.62, "a square: a visit; filled: something in the cart", va="center")
    axes.set_xlim(-0.5, 1.1 + 0.62 * most + 4.3)
    axes.set_ylim(-len(customers) + 0.4, 1)
    style.bare(axes)
    counted = f"{len(customers)} people, {customers['visits'].sum()} visits"
    finding = f"{counted}: people were dealt"
    if customers["carted"].max() > 1:
        finding = "Count visits, and one keen customer passes for several"
    style.title(axes, finding)
    told = "; ".join(f"arm {arm}: {sums.loc[arm, 'carted']} carts in {sums.loc[arm, 'visits']} "
                     "visits" for arm in arms)  # fmt: skip
    style.show(figure, f"{finding}. {counted}; {told}.")


def what_dealing_does(deals: pd.DataFrame) -> None:
    """Differences between equal lists, and how far each way of counting says that luck reaches.

    Parameters
    ----------
    deals : DataFrame
        From :func:`helpers.experiments.dealt_anew`.
    """
    figure, axes = style.figure(height=3.9)
    per_100 = 100 * deals["difference"]
    axes.hist(per_100, bins=41, color=style.PALE, edgecolor="white")
    top = axes.get_ylim()[1]
    alarms = {}
    ways = {"by_visits": ("visits", WARNING, 1.2), "by_customers": ("customers", PERSONAL, 1.03)}
    for column, (name, colour, height) in ways.items():
        alarms[name] = (deals["difference"].abs() > 1.96 * deals[column]).mean()
        edge = 196 * deals[column].mean()
        for side in (-edge, edge):
            axes.plot([side, side], [0, top], color=colour, linewidth=2)
        told = f"by {name}: 5% should lie outside, {percent(alarms[name])} do"
        axes.text(
            0, height * top, told, color=colour, ha="center", va="bottom", bbox=style.ON_WHITE
        )
    axes.set_ylim(0, 1.36 * top)
    reach = 1.08 * max(per_100.abs().max(), 196 * deals["by_customers"].mean())
    axes.set_xlim(-reach, reach)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    finding = f"Counted by visits, equal lists differ in {percent(alarms['visits'])} of the deals"
    by_customers = percent(alarms["customers"])
    alt = f"{len(deals):,} deals of equal lists. {finding}; by customers: {by_customers}."
    style.finish(figure, axes, finding, "B minus A, in carts per 100 visits", "", alt)


def deals_of_a_few(deals: pd.DataFrame, observed: float) -> None:
    """Every way to deal a handful of customers, those with at least our difference marked.

    Parameters
    ----------
    deals : DataFrame
        From :func:`helpers.experiments.dealt_anew`.
    observed : float
        The difference of the deal that was made.
    """
    differences = deals["difference"].sort_values()
    extreme = differences.abs() >= abs(observed) - 1e-9
    near = 0.05 * np.ptp(differences)  # so wide is a dot
    height, last = [], {}
    for value in differences:  # the lowest row in which there is room
        row = next(row for row in range(len(deals)) if value - last.get(row, -np.inf) >= near)
        last[row] = value
        height.append(row)
    figure, axes = style.figure(height=2.9)
    for value, level, far in zip(differences, height, extreme, strict=True):
        axes.plot(value, level, "o", color=WARNING if far else CHANCE, markersize=13)
    for side, place in ((-1, "right"), (1, "left")):
        edge = side * abs(observed)
        axes.axvline(edge, color=INK, linewidth=1, linestyle="--")
        told = "as far the other way " if side * observed < 0 else " ours, or further"
        axes.text(edge, max(height) + 1.1, told, ha=place, va="center", color=INK)
    axes.set_ylim(-0.6, max(height) + 1.7)
    axes.margins(x=0.12)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    finding = f"By luck alone, {extreme.sum()} of {len(deals)} deals differ as much as ours"
    alt = f"Differences of all {len(deals)} ways to deal the same customers. {finding}."
    style.finish(figure, axes, finding, "B minus A, in carts per visit", "", alt)


def weeks_needed(planned: pd.DataFrame, worth_having: float) -> None:
    """The smallest lift that a test finds, week by week, beside the smallest one that pays.

    Parameters
    ----------
    planned : DataFrame
        From :func:`helpers.experiments.plan_test`.
    worth_having : float
        The smallest lift worth having.
    """
    least = planned["smallest_lift"].replace(np.inf, np.nan)
    figure, axes = style.figure(height=3.6)
    axes.plot(least.index, least, color=PERSONAL, linewidth=2.5, marker="o")
    axes.axhline(worth_having, color=style.LIMIT, linewidth=1.8, linestyle="--")
    last = planned.index.max()
    axes.annotate(f"break-even: {worth_having:.0%}", (last, worth_having), (0, 5), va="bottom",
                  textcoords="offset points", ha="right", color=style.LIMIT)  # fmt: skip
    enough = least.index[least <= worth_having]
    finding = f"No planned week finds a lift of {worth_having:.0%}"
    if len(enough):
        week = enough[0]
        axes.plot(week, least[week], "o", color=PERSONAL, markersize=13)
        weeks = f"{week} week{'' if week == 1 else 's'}"
        finding = f"Finding a lift of {worth_having:.0%} takes {weeks}"
    axes.set_ylim(0, 1.12 * np.nanmax([least.max(), worth_having]))
    axes.set_xlim(0, last + 0.5)
    axes.set_xticks(planned.index)
    told = ", ".join(f"{lift:.0%} after {week}" for week, lift in least.dropna().items())
    alt = f"{finding}. Smallest lift found, after weeks: {told}."
    style.finish(figure, axes, finding, "weeks that the test runs", "smallest lift found", alt, "y")


def peeking_paths(paths: np.ndarray) -> None:
    """Tests of equal lists, look by look; those that were "significant" at some look are marked.

    Parameters
    ----------
    paths : ndarray, shape (n_tests, looks)
        From :func:`helpers.experiments.peeking_paths`.
    """
    days = np.arange(1, paths.shape[1] + 1)
    beyond = np.abs(paths) > 1.96
    figure, axes = style.figure(height=4)
    for path, out in zip(paths, beyond, strict=True):
        axes.plot(days, path, color=WARNING if out.any() else style.PALE, linewidth=1.4,
                  zorder=3 if out.any() else 2)  # fmt: skip
        if out.any():
            first = int(out.argmax())
            axes.plot(days[first], path[first], "o", color=WARNING, markersize=9, zorder=4)
    for side in (-1.96, 1.96):
        axes.axhline(side, color=INK, linewidth=1.2, linestyle="--")
    axes.text(
        days[0], 4.1, "beyond a dashed line: “significant”", ha="left", va="center", color=INK
    )
    if beyond.any():
        axes.text(days[-1], -4.1, "dot: the first such day", ha="right", va="center", color=WARNING)
    axes.set_ylim(-4.6, 4.6)
    axes.set_xlim(0.5, days[-1] + 0.5)
    axes.set_yticks([0])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    n = int(beyond.any(axis=1).sum())
    finding = f"Equal lists: {n} of {len(paths)} tests “significant” on some day"
    alt = f"{finding}; at the last look: {beyond[:, -1].sum()}."
    style.finish(figure, axes, finding, "day of the test", "lead of one half", alt)


def split_beside_chance(sizes: dict[str, tuple[int, int]]) -> None:
    """How many customers an arm got, beside what chance deals to it, half and half.

    Parameters
    ----------
    sizes : dict of str to (int, int)
        What each split is called, and its customers in arms A and B.
    """
    figure, axes = style.figure(height=0.75 * len(sizes) + 1.6)
    reach = 0
    broken = []
    for place, (name, (base, new)) in enumerate(sizes.items()):
        n = base + new
        off, allowed = (new - base) / 2, deviation_allowed(n)
        out = abs(off) > allowed
        broken += [(name, f"{abs(off):,.0f}", f"{allowed:,.0f}")] if out else []
        colour = WARNING if out else PERSONAL
        axes.plot([-allowed, allowed], [place, place], color=style.PALE, linewidth=16)
        axes.plot(off, place, "o", color=colour, markersize=12)
        axes.text(0, place - 0.36, f"{name}: {base:,} and {new:,}, "
                  f"{abs(off):,.0f} off, {allowed:,.0f} allowed", va="center",
                  color=colour, ha="left", transform=axes.get_yaxis_transform())  # fmt: skip
        reach = max(reach, abs(off), allowed)
        axes.plot([0, 0], [place - 0.16, place + 0.16], color=INK, linewidth=1)
    axes.set_xlim(-1.15 * reach, 1.15 * reach)
    axes.set_ylim(len(sizes) - 0.5, -0.75)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    finding = "Chance explains all of these splits"
    if broken:
        finding = f"Broken: {', '.join(name for name, *_ in broken)}"
        if len(broken) == 1:
            [(_, far, most)] = broken
            finding += f" is {far} customers off, where chance allows {most}"
    told = "; ".join(f"{name}: {a:,} and {b:,}" for name, (a, b) in sizes.items())
    xlabel = "customers that arm B has above half (grey: what chance does)"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {told}.")


def rule_in_questions() -> None:
    """The rule that decides, as a chain of questions in three parts: who answers first, decides."""
    parts = {
        "On any day": [
            ("Are split and export sound?", "no", "cannot tell"),
            ("Did a guardrail surely fall,\nperhaps too far?", "yes", "stop"),
        ],
        "May we read it?": [
            ("Is this a look\nthat the plan has?", "no", "keep running"),
            ("Counted per visit: do people\nof one arm come more often?", "yes", "cannot tell"),
        ],
        "The lift's interval": [
            ("Is even the upper end\nbelow break-even?", "yes", "stop"),
            ("Is the whole interval\nabove zero?", "yes", "ship"),
            ("Are the planned weeks over?", "yes", "cannot tell"),
        ],
    }
    steps = [step for part in parts.values() for step in part]
    figure, axes = style.figure(height=7.4)
    y = 0.0
    for name, questions in parts.items():
        axes.text(0, y + 0.5, name, ha="left", va="bottom", color=INK, fontweight="bold")
        for place, (question, word, answer) in enumerate(questions):
            last = place == len(questions) - 1
            down = 1.8 if last and question != steps[-1][0] else 1.25
            style.box(axes, 2.3, y, 4.6, 0.85, question, INK)
            style.box(axes, 8.05, y, 2.5, 0.7, answer, _ANSWERS[answer], filled=True)
            style.arrow(axes, (4.65, y), (6.75, y), _ANSWERS[answer])
            axes.text(5.6, y + 0.12, word, ha="center", va="bottom", color=_ANSWERS[answer])
            style.arrow(axes, (3.6, y - 0.45), (3.6, y - down + 0.43))
            other = "no" if word == "yes" else "yes"
            axes.text(3.8, y - down / 2 - 0.01, other, va="center", color=INK)
            y -= down
    style.box(axes, 3.3, y + 0.06, 2.6, 0.7, "keep running", CHANCE, filled=True)
    axes.set_xlim(-0.15, 9.4)
    axes.set_ylim(y - 0.4, 1.1)
    style.bare(axes, equal=False)
    finding = "The rule, written before the test: the first arrow to the right decides"
    style.title(axes, finding)
    told = "; ".join(f"{' '.join(question.split())} {word}: {answer}"
                     for question, word, answer in steps)  # fmt: skip
    style.show(figure, f"{finding}. {told}; otherwise keep running.")


def lifts_decided(lifts: list[tuple[float, float]], worth_having: float) -> None:
    """Intervals of lifts beside zero and break-even, with the rule's answer to each.

    Parameters
    ----------
    lifts : list of (float, float)
        The ends of each interval.
    worth_having : float
        The smallest lift that pays.
    """
    figure, axes = style.figure(height=0.75 * len(lifts) + 1.4)
    for side, colour, dash in ((0, INK, "-"), (worth_having, style.LIMIT, (0, (2, 1)))):
        for place in range(len(lifts)):  # beside its interval, not through a sentence
            axes.plot([side, side], [place - 0.13, place + 0.2], color=colour, linewidth=1.6,
                      linestyle=dash, zorder=3)  # fmt: skip
    left = min(0, *(low for low, _ in lifts))
    reach = max(worth_having, *(high for _, high in lifts)) - left
    told = []
    for place, (low, high) in enumerate(lifts):
        answer = decide(low, high, worth_having)
        colour = _ANSWERS[answer]
        why = "zero is inside"
        if answer == STOP:
            why = "even the upper end is below break-even"
        elif answer == SHIP:
            why = "even the low end pays"
            if low < worth_having:
                why, answer = "the low end is below break-even", f"{SHIP} in steps"
        axes.plot([low, high], [place, place], color=colour, linewidth=7)
        axes.text(left - 0.1 * reach, place - 0.4, f"{why}: {answer}", color=colour, ha="left",
                  va="center", fontweight="bold")  # fmt: skip
        told.append(f"{low:+.0%} to {high:+.0%}, {why}: {answer}")
    axes.text(worth_having, -0.85, f"this shop's break-even, {worth_having:.0%}", color=style.LIMIT,
              ha="center", va="center")  # fmt: skip
    axes.set_xlim(left - 0.12 * reach, left + 1.04 * reach)
    axes.set_ylim(len(lifts) - 0.5, -1.2)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    finding = "The first sentence from the top that is true decides"
    alt = f"Intervals, with break-even at {worth_having:.0%}. {finding}: {'; '.join(told)}."
    style.finish(
        figure, axes, finding, "lift of the new list, with its 95 % interval", "", alt, "x"
    )


def lift_in_money(lift: dict[str, float], worth_having: float, earned: dict[str, float],
                  decision: str, beside: dict[str, float] | None = None) -> None:  # fmt: skip
    """A test's lift with its interval beside zero and break-even, and what the ends earn.

    Parameters
    ----------
    lift : dict
        ``lift``, ``lift_low``, ``lift_high``.
    worth_having : float
        The smallest lift that pays.
    earned : dict
        ``low``, ``high``: what the lists add in a year at the ends; ``cost``: what they cost.
    decision : str
    beside : dict, optional
        The same as `lift`, of revenue, which does not decide: a second, grey bar.
    """
    rows = [("carts, which decide", lift, _ANSWERS.get(decision, CHANCE))]
    rows += [] if beside is None else [("revenue, beside it", beside, CHANCE)]
    figure, axes = style.figure(height=1.3 + 1.5 * len(rows))
    ends = [[row["lift_low"], row["lift_high"]] for _, row, _ in rows]
    low = min(0, *(end for each in ends for end in each))
    high = max(worth_having, *(end for each in ends for end in each))
    for side, colour, dash in ((0, INK, "-"), (worth_having, style.LIMIT, "--")):
        axes.axvline(side, color=colour, linewidth=1.6, linestyle=dash, zorder=1)
    for place, (name, row, colour) in enumerate(rows):
        y = -1.5 * place
        axes.plot(ends[place], [y, y], color=colour, linewidth=6)
        axes.plot(row["lift"], y, "o", color=colour, markersize=13)
        # right of the lines, where there is room
        beyond = max(0, worth_having) + 0.02 * (high - low)
        right = beyond < low + 0.4 * (high - low)
        axes.text(max(row["lift_low"], beyond) if right else row["lift"], y + 0.2,
                  f"{name}: {row['lift']:+.0%}", color=colour, ha="left" if right else "center",
                  va="bottom", fontweight="bold", bbox=style.ON_WHITE)  # fmt: skip
        for end, share in zip(("low", "high"), ends[place], strict=True):
            money = "" if place else f"\n{earned[end]:+,.0f} a year"
            # off the line of break-even, where there is room
            off = end == "low" and worth_having < share and np.ptp(ends[place]) > 0.4 * (high - low)
            align = "left" if off else "center"
            if end == "low" and abs(share) < 0.1 * (high - low) and not money:
                align, share_text = "right", f"{share:+.0%} "
            else:
                share_text = f"{share:+.0%}"
            axes.text(share, y - 0.2, f"{share_text}{money}", ha=align,
                      va="top", color=colour,
                      bbox=None if align == "right" else style.ON_WHITE)  # fmt: skip
    axes.text(worth_having, 0.95, f" break-even {worth_having:.0%}, cost {earned['cost']:,.0f} ",
              color=style.LIMIT, va="center",
              ha="left" if worth_having < (low + high) / 2 else "right")  # fmt: skip
    room = 0.2 * (high - low)
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(-1.5 * (len(rows) - 1) - 0.85, 1.2)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    told = [f"{each[0]:+.0%} to {each[1]:+.0%}" for each in ends]
    finding = f"Carts {told[0]}, break-even at {worth_having:.0%}: {decision}"
    alt = f"The lift and its interval. {finding}. A year: {earned['low']:,.0f} to "
    alt += f"{earned['high']:,.0f}, cost {earned['cost']:,.0f}."
    alt += f" Revenue: {told[1]}." if beside is not None else ""
    xlabel = "lift of the new list, with its 95 % interval"
    style.finish(figure, axes, finding, xlabel, "", alt, "x")


def no_taste_control(tests: pd.DataFrame, labels: list[str], controls: list[str]) -> None:
    """The same test in other made-up shops; in the controls there is nothing to find.

    Parameters
    ----------
    tests : DataFrame
        From :func:`helpers.simulation.sensitivity`.
    labels : list of str
        What to call each row.
    controls : list of str
        Those labels that are controls.
    """
    figure, axes = style.figure(height=0.5 * len(tests) + 1.5)
    for place, (label, row) in enumerate(zip(labels, tests.to_dict("records"), strict=True)):
        colour = CHANCE if label in controls else PERSONAL
        axes.plot([row["lift_low"], row["lift_high"]], [place] * 2, color=colour, linewidth=4)
        axes.plot(row["lift"], place, "o", color=colour, markersize=9)
        # above the bar, for it may hide the end that decides
        axes.plot(row["true_lift"], place - 0.22, "D", color=ORACLE, markersize=7, zorder=4)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(tests)), labels)
    axes.set_ylim(len(tests) - 0.5, -1)
    axes.margins(x=0.06)
    axes.text(0.99, 0.98, "◆ the true lift", color=ORACLE, ha="right", va="top",
              transform=axes.transAxes)  # fmt: skip
    rows = tests.set_axis(labels)
    found = [name for name in controls if not rows.at[name, "lift_low"] <= 0
             <= rows.at[name, "lift_high"]]  # fmt: skip
    finding = "Without tastes the interval includes zero"
    if found:
        finding = "Without tastes the interval misses zero: by luck, or by a mistake"
    told = "; ".join(f"{name}: {row['lift']:+.0%} ({row['lift_low']:+.0%} to "
                     f"{row['lift_high']:+.0%})" for name, row in rows.iterrows())  # fmt: skip
    xlabel = "lift of the personal list, with 95 % interval"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {told}.", "x")


def rounds_beside_holdout(carts: pd.DataFrame) -> None:
    """Carts of two copies of a shop, round by round: beside the start, and beside each other.

    Parameters
    ----------
    carts : DataFrame
        Index: rounds of four weeks. Columns ``popular`` and ``improved``, and perhaps ``improved,
        never learns``.
    """
    figure, axes = style.figure(height=3.5)
    for name, told, colour in (("improved", "personal lists", PERSONAL),
                               ("popular", "best sellers", POPULAR)):  # fmt: skip
        axes.plot(carts.index, carts[name], color=colour, linewidth=2.5, marker="o")
        axes.text(carts.index[0], carts[name].iloc[0] + 0.05 * carts.max(axis=None), told,
                  color=colour, fontweight="bold")  # fmt: skip
    if (frozen := "improved, never learns") in carts:
        axes.plot(carts.index, carts[frozen], color=INK, linewidth=1.4, linestyle="--", zorder=4)
        axes.text(carts.index[-1], 1.1 * carts[frozen].max(), "dashed: never learns again",
                  color=INK, ha="right", va="bottom")  # fmt: skip
    first, last = carts.iloc[0], carts.iloc[-1]
    change, lead = last["improved"] / first["improved"] - 1, last["improved"] / last["popular"] - 1
    axes.annotate("", (carts.index[-1], last["improved"]), (carts.index[-1], last["popular"]),
                  arrowprops={"arrowstyle": "<->", "color": INK})  # fmt: skip
    axes.text(carts.index[-1] - 0.08, last.mean(), f"{lead:+.0%}", ha="right", va="center",
              fontweight="bold")  # fmt: skip
    axes.set_ylim(0, 1.25 * carts.max(axis=None))
    axes.set_xticks(carts.index)
    went = "fell" if change < 0 else "rose"
    led = "lead" if lead >= 0 else "trail"
    finding = f"Personal lists {went} by {abs(change):.0%}, and {led} by {abs(lead):.0%}"
    alt = f"Carts to expect, by round. {finding}."
    if frozen in carts:
        alt += f" A list that never learns again ends at {carts[frozen].iloc[-1]:.0f}, "
        alt += f"the learning one at {last['improved']:.0f}."
    style.finish(figure, axes, finding, "round of four weeks", "carts to expect", alt)
