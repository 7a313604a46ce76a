"""Figures of lesson 09: whom an offer moves, who leaves, what choosing adds, who is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.patches import Circle, Rectangle

from helpers.colours import CHANCE, INK, ORACLE, OTHER, PERSONAL, POPULAR, WARNING
from helpers.plots import style

_KINDS = [PERSONAL, CHANCE, style.PALE, WARNING]


def _two_lines(name) -> str:
    """A segment's name, which has a comma, in two lines."""
    return str(name).replace(", ", ",\n", 1)


def whole_dots(shares, total: int = 100) -> list[int]:
    """Shares as whole dots that sum to `total`: the largest remainders are rounded up."""
    exact = total * np.asarray(shares, dtype=float) / np.sum(shares)
    dots = np.floor(exact).astype(int)
    for place in np.argsort(dots - exact, kind="stable")[: total - dots.sum()]:
        dots[place] += 1
    return dots.tolist()


def four_kinds(kinds: pd.Series) -> None:
    """A hundred customers in four boxes: who buys with an offer, and who without.

    Parameters
    ----------
    kinds : Series
        Shares of persuadables, sure things, lost causes and sleeping dogs, in this order; from
        :meth:`helpers.simulation.People.kinds`.
    """
    dots = whole_dots(kinds)
    names = [str(kind).split(":")[0] for kind in kinds.index]
    persuaded, sure, lost, dogs = range(4)
    boxes = {persuaded: (0, 1), sure: (1, 1), lost: (0, 0), dogs: (1, 0)}  # column, row
    figure, axes = style.figure(height=4.5)
    for kind, (column, row) in boxes.items():
        left, low = 5.1 * column, 3.5 * row
        axes.add_patch(Rectangle((left, low), 4.9, 3.3, facecolor="white", edgecolor=INK, lw=1.2))
        axes.text(left + 0.2, low + 2.95, f"{names[kind]}: {dots[kind]}", va="center",
                  fontweight="bold")  # fmt: skip
        across = 13
        for dot in range(dots[kind]):
            x, y = left + 0.4 + 0.34 * (dot % across), low + 2.4 - 0.36 * (dot // across)
            axes.add_patch(Circle((x, y), 0.13, facecolor=_KINDS[kind], edgecolor=INK, lw=0.4))
    for column, told in enumerate(("without it: doesn't buy", "without it: buys")):
        axes.text(5.1 * column + 2.45, 7.1, told, ha="center", va="center")
    for row, told in enumerate(("with the offer:\ndoesn't buy", "with the offer:\nbuys")):
        axes.text(-0.5, 3.5 * row + 1.65, told, ha="center", va="center", rotation=90)
    axes.set_xlim(-1.1, 10.1)
    axes.set_ylim(-0.1, 7.5)
    style.bare(axes)
    changed = dots[persuaded] + dots[dogs]
    finding = f"Of 100 customers, the offer changes what {changed} do"
    style.title(axes, finding)
    told = ", ".join(f"{name} {count}" for name, count in zip(names, dots, strict=True))
    style.show(figure, f"{finding}: {told}.")


def with_and_without(table: pd.DataFrame) -> None:
    """Each group's buyers with an offer and without one, and the difference between the two.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.audiences.uplift_by_group`.
    """
    figure, axes = style.figure(height=0.85 * len(table) + 1.5)
    for place, row in enumerate(table.to_dict("records")):
        without, with_offer = row["without"], row["with_offer"]
        axes.plot([without, with_offer], [place] * 2, color=PERSONAL, linewidth=4)
        axes.plot(without, place, "o", color=CHANCE, markersize=11)
        axes.plot(with_offer, place, "o", color=PERSONAL, markersize=11)
        told = f"{100 * row['uplift']:+.0f} of 100".replace("-", "−")
        axes.text(max(without, with_offer) + 0.02, place, told, va="center", color=PERSONAL,
                  fontweight="bold")  # fmt: skip
        if not place:
            axes.text(without, -0.33, "held out ", ha="right", va="center", color=CHANCE)
            axes.text(with_offer, -0.33, " mailed", ha="left", va="center", color=PERSONAL)
    axes.set_yticks(range(len(table)), [str(name) for name in table.index])
    axes.set_ylim(len(table) - 0.5, -0.6)
    axes.set_xlim(0, min(1.2, 1.35 * table[["without", "with_offer"]].max(axis=None)))
    best = table["uplift"].idxmax()
    finding = f"The offer moves these most: {best}"
    told = "; ".join(f"{name}: {row['with_offer']:.0%} with, {row['without']:.0%} without"
                     for name, row in table.iterrows())  # fmt: skip
    style.finish(figure, axes, finding, "share that bought", "", f"{finding}. {told}.", "x")


def before_and_after(transactions: pd.DataFrame, cut, days: int) -> None:
    """Customers' purchases on a time line: what is known before a day, and who stays away after.

    Parameters
    ----------
    transactions : DataFrame
        A few customers.
    cut : Timestamp
    days : int
        Length of the window after it.
    """
    cut = pd.Timestamp(cut)
    end = cut + pd.Timedelta(days=days)
    customers = sorted(transactions["customer_id"].unique())
    figure, axes = style.figure(height=0.6 * len(customers) + 1.7)
    day = (transactions["transaction_date"] - cut).dt.days
    first, last = day.min() - 4, max(day.max(), days) + 4
    axes.axvspan(0, days, color=style.PALE, zorder=0)
    axes.axvline(0, color=INK, linewidth=1.5)
    back = 0
    for place, customer in enumerate(customers):
        mine = day[transactions["customer_id"] == customer]
        came = bool(((mine >= 0) & (mine < days)).any())
        back += came
        axes.plot([first, last], [place] * 2, color=CHANCE, linewidth=0.8)
        for each in mine:
            axes.plot(each, place, "o", markersize=11, color=PERSONAL if each < 0 else INK)
        axes.text(last + 1, place, "came back" if came else "stayed away", va="center",
                  color=INK if came else WARNING, fontweight="bold")  # fmt: skip
    axes.text(first + 1, -0.8, "before: what we know", ha="left", va="center", color=PERSONAL)
    axes.text(days / 2, -0.8, f"{days} days", ha="center", va="center")
    axes.set_yticks(range(len(customers)), customers)
    axes.set_ylim(len(customers) - 0.5, -1.2)
    axes.set_xlim(first, last + 0.28 * (last - first))
    away = len(customers) - back
    finding = f"Of {len(customers)} customers, {away} stayed away for {days} days"
    alt = f"Purchases on a time line, before and after {cut:%d %B}. {finding}, up to {end:%d %B}."
    axes.set_xticks([0, days], [f"{cut:%d %b}", f"{end:%d %b}"])
    style.finish(figure, axes, finding, "", "", alt)


def pairs_in_order(judged: pd.DataFrame) -> None:
    """Of a hundred pairs, one who stayed away and one who came back: how many in the right order?

    Parameters
    ----------
    judged : DataFrame
        From :func:`helpers.audiences.judge_risk`; the plain rule first.
    """
    figure, axes = style.figure(height=0.7 * len(judged) + 1.6)
    colours = [POPULAR, PERSONAL, OTHER]
    for place, row in enumerate(judged.to_dict("records")):
        colour = colours[min(place, 2)]
        low, high = 100 * row["auc_low"], 100 * row["auc_high"]
        axes.plot([low, high], [place] * 2, color=colour, linewidth=4)
        axes.plot(100 * row["auc"], place, "o", color=colour, markersize=11)
        axes.text(100 * row["auc"], place - 0.22, f"{100 * row['auc']:.0f}", color=colour,
                  ha="center", va="bottom", fontweight="bold")  # fmt: skip
    axes.axvline(50, color=CHANCE, linewidth=2, linestyle="--")
    axes.text(51, -0.62, "a coin: 50", color=CHANCE, va="center")
    axes.set_yticks(range(len(judged)), list(judged.index))
    axes.set_ylim(len(judged) - 0.5, -0.9)
    axes.set_xlim(min(45, 100 * judged["auc_low"].min() - 3), 101)
    rule, model = judged["auc"].iloc[0], judged["auc"].iloc[-1]
    finding = f"Of 100 pairs, the model orders {100 * model:.0f} right, the plain rule "
    finding += f"{100 * rule:.0f}"
    alt = f"{finding}. " + "; ".join(
        f"{name}: {row['auc']:.2f} ({row['auc_low']:.2f} to {row['auc_high']:.2f})"
        for name, row in judged.iterrows()
    )
    style.finish(figure, axes, finding, "of 100 pairs: in the right order", "", f"{alt}.")


def hundred_offers(
    risk: float, response: float, margin: float, voucher: float, sending: float
) -> None:
    """A hundred offers as squares: which are used, and by whom; and the bill.

    Parameters
    ----------
    risk, response : float
        Share that would have stayed away, and share of the offers that are used, 0 to 1.
    margin, voucher, sending : float
        Of one purchase, one used voucher, one mail.
    """
    used = round(100 * response)
    saved = round(used * risk)
    figure, axes = style.figure(height=3.3)
    for place in range(100):
        row, column = divmod(place, 20)
        colour = PERSONAL if place < saved else INK if place < used else style.PALE
        axes.add_patch(Rectangle((column, 4 - row), 0.86, 0.86, facecolor=colour))
    earns = saved * margin - used * voucher - 100 * sending
    rows = [
        (f"{saved} kept: {saved} × {margin:g} = +{saved * margin:g}", PERSONAL),
        (f"{used} vouchers, {used - saved} of no use: {used} × {voucher:g} = "
         f"−{used * voucher:g}", INK),
        (f"100 mails: 100 × {sending:g} = −{100 * sending:g}", CHANCE),
    ]  # fmt: skip
    for place, (told, colour) in enumerate(rows):
        axes.text(0, -0.75 - 1.05 * place, told, color=colour, va="center", fontweight="bold")
    axes.set_xlim(-0.2, 20.2)
    axes.set_ylim(-3.4, 5.1)
    style.bare(axes)
    sign = "earn" if earns >= 0 else "lose"
    finding = f"A hundred offers {sign} {abs(earns):g}"
    style.title(axes, finding)
    style.show(figure, f"{finding}. " + "; ".join(told for told, _ in rows) + ".")


def honest_percentages(groups: pd.DataFrame, break_even: float) -> None:
    """Predicted risk against what happened, and from which risk on an offer pays.

    Parameters
    ----------
    groups : DataFrame
        From :func:`helpers.audiences.calibration`.
    break_even : float
        From :func:`helpers.audiences.break_even_risk`; missing or above 1: not drawn.
    """
    figure, axes = style.figure(height=4.1)
    axes.plot([0, 1], [0, 1], color=CHANCE, linestyle="--")
    for row in groups.to_dict("records"):
        off = not row["low"] <= row["predicted"] <= row["high"]
        colour = WARNING if off else PERSONAL
        axes.plot([row["predicted"]] * 2, [row["low"], row["high"]], color=colour, linewidth=3)
        axes.plot(row["predicted"], row["happened"], "o", color=colour, markersize=8)
    off = int(
        ((groups["predicted"] < groups["low"]) | (groups["predicted"] > groups["high"])).sum()
    )
    axes.text(0.98, 0.05, "below the line: risk overstated", ha="right", va="center", color=CHANCE)
    if off:
        axes.text(0.98, 0.13, "red: off by more than luck", ha="right", va="center", color=WARNING)
    if break_even <= 1:
        axes.axvline(break_even, color=INK, linewidth=1.2, linestyle=":")
        right = break_even <= 0.5
        told = f" an offer pays from\n {break_even:.0%} on" if right else "an offer pays \nfrom "
        told += "" if right else f"{break_even:.0%} on "
        axes.text(break_even, 0.93, told, ha="left" if right else "right", va="center")
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.04)
    finding = "No group is surely off"
    if off > 1 or off == len(groups):
        finding = f"In {off} of {len(groups)} groups, don't take the percentage at face value"
    elif off:
        finding = f"1 of {len(groups)} groups is off, which luck can do"
    told = "; ".join(f"{row['predicted']:.0%} predicted, {row['happened']:.0%} happened"
                     for row in groups.to_dict("records"))  # fmt: skip
    style.finish(figure, axes, finding, "predicted risk of staying away", "share that stayed away",
                 f"{finding}. {told}.", "xy")  # fmt: skip


def risk_and_gain(table: pd.DataFrame) -> None:
    """By risk, in fifths: how many stay away, and how many more buy because of an offer.

    Parameters
    ----------
    table : DataFrame
        One row per fifth, the safest first: ``away`` (share, 0 to 1) and ``truth`` (what an offer
        changes).
    """
    figure, (above, below) = style.figure(height=5, nrows=2, sharex=True)
    places = np.arange(len(table))
    for place, share in zip(places, table["away"], strict=True):
        above.bar(place, share, color=CHANCE, width=0.7)
        above.text(place, share + 0.03, f"{share:.0%}", ha="center", va="bottom")
    above.set_ylim(0, 1.25)
    above.set_yticks([])
    above.spines["left"].set_visible(False)
    above.text(-0.45, 1.2, "stay away, without an offer", va="top", fontweight="bold")
    best = int(np.argmax(table["truth"]))
    for place, row in zip(places, table.to_dict("records"), strict=True):
        colour = PERSONAL if place == best else OTHER
        below.bar(place, 100 * row["truth"], color=colour, width=0.7)
        told = f"{100 * row['truth']:+.1f}".replace("-", "−")
        below.text(place, 100 * max(row["truth"], 0) + 0.15, told, ha="center",
                   va="bottom", fontweight="bold", bbox=style.ON_WHITE)  # fmt: skip
    top = 100 * max(table["truth"].max(), 0.001)
    below.set_ylim(min(100 * table["truth"].min(), 0) - 0.1 * top, 1.5 * top)
    below.axhline(0, color=INK, linewidth=1)
    below.set_yticks([])
    below.spines[["left", "bottom"]].set_visible(False)
    below.tick_params(axis="x", length=0)
    below.text(-0.45, 1.47 * top, "more buyers per 100 offers", va="top",
               fontweight="bold", color=PERSONAL)  # fmt: skip
    names = ["safest\nfifth", *map(str, range(2, len(table))), "riskiest\nfifth"]
    below.set_xticks(places, names)
    last = table["truth"].iloc[-1]
    finding = "The riskiest are the ones to mail"
    if best < len(table) - 1:
        where = f"fifth {best + 1}" if best else "the safest fifth"
        finding = f"Of 100 mailed, {where} gains {100 * table['truth'].iloc[best]:+.1f} buyers, "
        finding += f"the riskiest {100 * last:+.1f}"
        finding = finding.replace("-", "−").replace("+", "")
    style.title(above, finding)
    told = "; ".join(f"{row['away']:.0%} stay away, {100 * row['truth']:+.1f} buyers per 100"
                     for row in table.to_dict("records"))  # fmt: skip
    style.show(figure, f"{finding}. From the safest fifth to the riskiest: {told}.")


_LAYERS = {
    "What, beside the best seller": {"next product": "the next product"},
    "Whom, beside anybody": {
        "win-back segment": "bought, long ago",
        "risk": "the riskiest",
        "expected profit": "risk × response,\nfrom {}",
        "uplift": "uplift, from {}",
        "the truth": "who knows all",
    },
    "On top of risk × response": {"uplift, on top": "uplift, from {}"},
    "Controls": {
        "risk, all read it": "all read, none is\nannoyed: riskiest",
        "next product, no tastes": "no tastes:\nnext product",
    },
}


def layers_beside(table: pd.DataFrame) -> None:
    """What each layer adds, per 100 offers, with the range of the simulated campaigns.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.simulation.layers_added`.
    """
    sizes = [name.split(", ")[1] for name in table.index if name[-1].isdigit()]
    rows, heads, alt, place = [], [], [], 0.0
    for head, layers in _LAYERS.items():
        mine = [name for name in table.index if _kind(name) in layers]
        if not mine:
            continue
        heads.append((place, head))
        told = []
        for number, name in enumerate(mine, 1):
            size = name.split(", ")[1] if name[-1].isdigit() else sizes[-1] if sizes else ""
            called = layers[_kind(name)].format(size)
            rows.append((place + number, name, called))
            gain, low, high = (
                f"{table.at[name, each]:+.0f}" for each in ("more", "more_low", "more_high")
            )
            told.append(f"{' '.join(called.split())} {gain} ({low} to {high})")
        alt.append(f"{head}: {', '.join(told)}.")
        place += len(mine) + 1.2
    figure, axes = style.figure(height=0.44 * place + 1.2)
    for place, name, _ in rows:
        row, colour = table.loc[name], PERSONAL
        if name == "the truth":
            colour = ORACLE
        elif "no tastes" in name or "all read" in name:
            colour = CHANCE
        elif row["more_high"] < 0:
            colour = WARNING
        elif row["more_low"] <= 0:
            colour = OTHER
        axes.plot([row["more_low"], row["more_high"]], [place] * 2, color=colour, linewidth=4)
        axes.plot(row["more"], place, "o", color=colour, markersize=9, zorder=5)
        told = f"{row['more']:+.0f}"
        told = ("0" if told in ("+0", "-0") else told).replace("-", "−")
        # beside the line of zero, never on it
        right = max(row["more_high"], 0) + 2.5
        axes.text(right, place, told, va="center", color=colour, fontweight="bold")
    low = min(table["more_low"].min(), 0)
    for place, head in heads:
        axes.text(low, place, head, va="center", fontweight="bold", bbox=style.ON_WHITE)
    for place, *_ in rows:  # zero, but not through a head
        axes.plot([0, 0], [place - 0.5, place + 0.5], color=INK, linewidth=1, zorder=0)
    axes.set_yticks([place for place, *_ in rows], [told for *_, told in rows])
    axes.set_ylim(rows[-1][0] + 0.6, -0.7)
    axes.margins(x=0.14)
    risk = table.at["risk", "more"]
    less = "less" if risk < 0 else "more"
    finding = f"Mailing the riskiest earns {abs(risk):.0f} {less} than mailing anybody"
    alt = " ".join([f"{finding}.", *alt])
    style.finish(figure, axes, finding, "more profit per 100 offers", "", alt)


def _kind(name):
    """A layer's name without the size of the campaign from which it has learned."""
    return name.rsplit(", ", 1)[0] if name[-1].isdigit() else name


def adding_up(mailings: pd.DataFrame, together: dict) -> None:
    """Two mailings one by one, and what comes out if heads are added.

    Parameters
    ----------
    mailings : DataFrame
        Index: what each is called. As for :func:`helpers.audiences.add_mailings`.
    together : dict
        From :func:`helpers.audiences.add_mailings`.
    """
    rows = {
        name: (row["bought_held_out"], row["held_out"], row["bought_offers"], row["offers"])
        for name, row in mailings.iterrows()
    }
    sums = mailings.sum()
    rows["heads added"] = (sums["bought_held_out"], sums["held_out"], sums["bought_offers"],
                           sums["offers"])  # fmt: skip
    figure, axes = style.figure(height=0.9 * len(rows) + 1.4)
    for place, (name, (base, held, bought, offers)) in enumerate(rows.items()):
        wrong = name == "heads added"
        colour = WARNING if wrong else PERSONAL
        ends = base / held, bought / offers
        axes.plot(ends, [place] * 2, color=colour, linewidth=3)
        axes.plot(ends[0], place, "o", color=CHANCE, markersize=10)
        axes.plot(ends[1], place, "o", color=colour, markersize=10)
        middle = f"{base:,.0f}/{held:,.0f} → {bought:,.0f}/{offers:,.0f}"
        axes.text(np.mean(ends), place - 0.2, middle, ha="center", va="bottom", color=INK)
        told = f"{100 * (ends[1] - ends[0]):+.1f}".replace("-", "−")
        axes.text(max(ends) + 0.015, place, told, va="center", color=colour, fontweight="bold")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_ylim(len(rows) - 0.6, -0.7)
    highest = max(base / held for base, held, *_ in rows.values())
    highest = max(highest, *(bought / offers for *_, bought, offers in rows.values()))
    axes.set_xlim(0, max(0.51, 1.25 * highest))
    finding = f"Each mailing: about {100 * together['uplift']:+.0f} point. "
    finding += f"Heads added: {100 * together['by_heads']:+.1f}"
    told = "; ".join(f"{name}: {100 * base / held:.1f}% without, {100 * bought / offers:.1f}% with"
                     for name, (base, held, bought, offers) in rows.items())  # fmt: skip
    style.finish(figure, axes, finding, "share that bought: held out (grey) → mailed", "",
                 f"{finding}. {told}.", "x")  # fmt: skip


def hope_beside_luck(hopes: pd.DataFrame, pays_from: float) -> None:
    """New buyers that we hope for, with what luck does to them, beside what it takes.

    Parameters
    ----------
    hopes : DataFrame
        Index: what each hope is called, the full one first. ``expected`` and ``give_or_take``,
        shares of those mailed: rows of :func:`helpers.audiences.holdout_plan`.
    pays_from : float
        From :func:`helpers.audiences.break_even_difference`. Missing, without amounts: the line
        is at zero.
    """
    known = bool(np.isfinite(pays_from))
    line = 100 * pays_from if known else 0.0
    figure, axes = style.figure(height=1.05 * len(hopes) + 1.6)
    axes.axvline(line, color=style.LIMIT, linewidth=1.8, linestyle="--", zorder=1)
    told, ends = [], [line]
    for place, row in enumerate(hopes.to_dict("records")):
        name, colour = hopes.index[place], OTHER if place else PERSONAL
        hope, luck = 100 * row["expected"], 100 * row["give_or_take"]
        low, high = hope - luck, hope + luck
        ends += [low, high]
        axes.plot([low, high], [place] * 2, color=colour, linewidth=5)
        axes.plot(hope, place, "o", color=colour, markersize=13)
        axes.text(hope, place - 0.2, f"{name}: {_of_100(hope)}", color=INK, ha="center",
                  va="bottom", fontweight="bold", bbox=style.ON_WHITE)  # fmt: skip
        # as the reader adds up, and apart, however near they are
        least, most = (_of_100(round(hope, 1) + sign * round(luck, 1)) for sign in (-1, 1))
        for end, side, number in ((low, "right", least), (high, "left", most)):
            axes.text(end, place + 0.14, number, color=INK, ha=side, va="top",
                      bbox=style.ON_WHITE)  # fmt: skip
        told.append(f"{name}: {_of_100(hope)}, with luck {least} to {most}")
    takes = f"it pays from {_of_100(line)} on" if known else "no change: 0"
    left, right = min(ends), max(ends)
    rightwards = line < (left + right) / 2
    axes.text(line, -0.85, f" {takes} ", color=style.LIMIT, va="center", fontweight="bold",
              ha="left" if rightwards else "right")  # fmt: skip
    room = 0.08 * (right - left)
    axes.set_xlim(left - room, right + room)
    axes.set_ylim(len(hopes) - 0.35, -1.1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    full = hopes.iloc[0]
    finding = f"If we see all that we hope for, it surely {'pays' if known else 'wins some'}"
    if 100 * full["expected"] <= line:
        finding = "We hope for no more than it takes"
    elif 100 * (full["expected"] - full["give_or_take"]) < line:
        finding = "Even if we see all that we hope for, we can't tell"
    alt = f"{finding}. Of 100 mailed, new buyers: {'; '.join(told)}. The line: {takes}."
    luck = f"bar{'s' if len(hopes) > 1 else ''}: how far luck moves what we see"
    style.finish(figure, axes, finding, f"new buyers of 100 ({luck})", "", alt)


def _of_100(share: float) -> str:
    """With one digit and a real minus."""
    return f"{share:.1f}".replace("-", "−")


def holdout_sizes(plan: pd.DataFrame, planned: float) -> None:
    """The smallest difference that one mailing shows to pay, by the share held out.

    Parameters
    ----------
    plan : DataFrame
        From :func:`helpers.audiences.holdout_plan`.
    planned : float
        The share that is held out now; one of the plan's.
    """
    figure, axes = style.figure(height=3.7)
    visible = 100 * plan["visible"]
    axes.plot(plan.index, visible, color=PERSONAL, linewidth=2.5)
    expected = 100 * plan["expected"].iloc[0]
    axes.axhline(expected, color=style.LIMIT, linewidth=1.8, linestyle="--")
    best = visible.idxmin()
    top = max(visible.max(), expected)
    marks = {planned: (0.02, 0.02, "left"), best: (0, 0.08, "center")}
    for share, (right, up, side) in marks.items():
        axes.plot(share, visible[share], "o", color=PERSONAL, markersize=10)
        axes.text(share + right, visible[share] + up * top,
                  f"{share:.0%} held out: {visible[share]:.1f}", va="bottom", ha=side,
                  color=PERSONAL, fontweight="bold")  # fmt: skip
    axes.text(1, expected - 0.03 * top, f"expected, at most: {expected:.1f}", color=style.LIMIT,
              ha="right", va="top")  # fmt: skip
    axes.set_ylim(0, 1.1 * top)
    axes.set_xlim(0, 1.02)
    enough = plan.index[plan["visible"] <= plan["expected"]]
    finding = "One mailing probably won't show what we expect"
    if len(enough):
        finding = "One mailing can show what we expect"
        if enough[0] > planned or planned > enough[-1]:
            share = best if best in enough else enough[0]
            finding += f", with {share:.0%} held out"
    told = "; ".join(f"{share:.0%} held out: {value:.1f}" for share, value in visible.items())
    ylabel = "uplift needed to show\nthat it pays, per 100"
    alt = f"{finding}. Expected at most {expected:.1f}. {told}."
    style.finish(figure, axes, finding, "share held out", ylabel, alt, "x")


def who_gets_one(groups: pd.DataFrame) -> None:
    """Each group's share on the list.

    Parameters
    ----------
    groups : DataFrame
        From :func:`helpers.audiences.offered_share`.
    """
    overall = float(np.average(groups["share"], weights=groups["customers"]))
    figure, axes = style.figure(height=0.55 * len(groups) + 1.6)
    for place, (_, row) in enumerate(groups.iterrows()):
        few = row["share"] < overall / 2
        axes.barh(place, row["share"], height=0.65, color=WARNING if few else PERSONAL)
        inside = row["share"] > 0.2
        told = f"{row['share']:.0%}"
        axes.text(row["share"] + (-0.015 if inside else 0.015), place, told, va="center",
                  ha="right" if inside else "left", fontweight="bold",
                  color="white" if inside else INK)  # fmt: skip
    axes.plot([overall] * 2, [-0.55, len(groups) - 0.5], color=INK, linewidth=1.2, linestyle="--",
              zorder=0)  # fmt: skip
    axes.text(overall, -0.8, f"all: {overall:.0%}", ha="center", va="center", bbox=style.ON_WHITE)
    for place, customers in enumerate(groups["customers"]):
        axes.text(1.02, place, f"of {customers:,}", va="center", color=INK)
    axes.set_yticks(range(len(groups)), [_two_lines(name) for name in groups.index])
    axes.set_ylim(len(groups) - 0.5, -1.15)
    axes.set_xlim(0, 1.28)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    least, most = groups.iloc[0], groups.iloc[-1]
    finding = f"On the list: {least['share']:.0%} of “{least.name}”, "
    finding += f"{most['share']:.0%} of “{most.name}”"
    if len(groups) < 2 or least["share"] == most["share"]:
        finding = f"On the list: {overall:.0%} of every segment"
    told = "; ".join(f"{name}: {row['share']:.0%}" for name, row in groups.iterrows())
    xlabel = "share on the list, and of how many customers"
    style.finish(figure, axes, finding, xlabel, "", f"{finding}. {told}.", "x")
