"""Figures of lesson 12: the routine, a shop's months, and the figure to hold beside another."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Mapping

import pandas as pd

from helpers.colours import CHANCE, INK, PERSONAL
from helpers.plots import style
from helpers.plots.decision import VERDICTS

#: The routine: a question, where it was taught, and what a no makes of the decision.
ROUTINE = [
    ("Are the data right?", "01", "fix the data first"),
    ("If a test ended: is its split fair?", "08", "fix the data first"),
    ("Did the lists know the past only?", "05a", "score anew, go on"),
    ("Enough judges?", "05a", "not yet"),
    ("Could it reach the line?", "05b", "don't"),
    ("Is it surely above zero?", "05a", "not yet"),
    ("May all of it be shown?", "06", "not yet"),
    ("Does it hold up in every group?", "05b", "for this group only"),
]
#: After this many questions, a fair test is asked whether it can pay, before any score.
_TEST_SPEAKS_AFTER, _TEST_ASKS = 2, ("If fair: can it pay?", "08", "don't")
_ANSWERS = VERDICTS | {"score anew, go on": INK, "for this group only": PERSONAL}
#: A number that somebody sends, and the one to hold beside it.
BESIDE = [
    ("“every row was read”", "do they show the\nshop as it is?"),
    ("“sales doubled”,\n“sales collapsed”", "who bought, and\nuntil which day?"),
    ("“only a quarter\ncame back”", "how many people\nis that?"),
    ("“54 of 100 find\nsomething”", "how many judges?\nwhat was known?"),
    ("“more than the\nbest sellers”", "which best sellers?\nlast week's?"),
    ("“plus 10 on average”", "which groups gain?"),
    ("“the list is better”", "may all of it\nbe shown?"),
    ("“lift +20 %, for sure”", "how many people\nin each arm?"),
]


def _in_box(text: str, width: int) -> str:
    """A text in one line, or in two that are about equally long."""
    return text if len(text) <= width else textwrap.fill(text, len(text) // 2 + 3)


def routine() -> None:
    """The course in eight questions: the first no decides; a fair test has one more."""
    figure, axes = style.figure(height=8.2)
    numbered = [(str(place), *row) for place, row in enumerate(ROUTINE, start=1)]
    numbered.insert(_TEST_SPEAKS_AFTER, ("", *_TEST_ASKS))
    for place, (number, question, lesson, word) in enumerate(numbered):
        y, colour = -place, _ANSWERS[word]
        style.box(axes, 2.55, y, 5.1, 0.76, _in_box(question, 26), INK)
        axes.text(-0.15, y + 0.14, number, ha="right", va="center", color=INK, fontweight="bold")
        axes.text(-0.15, y - 0.2, f"lesson {lesson}", ha="right", va="center", color=CHANCE,
                  fontsize=style.SMALL)  # fmt: skip
        style.arrow(axes, (5.15, y), (6.05, y), colour)
        axes.text(5.55, y + 0.08, "no", ha="center", va="bottom", color=colour)
        style.box(axes, 7.6, y, 3.0, 0.76, _in_box(word, 14), colour, filled=True)
        style.arrow(axes, (2.55, y - 0.39), (2.55, y - 0.61), INK)
        axes.text(2.75, y - 0.5, "yes", va="center", color=INK, fontsize=style.SMALL)
    last = -len(numbered)
    style.box(axes, 2.55, last, 3.4, 0.62, "ship a test", PERSONAL, True)
    axes.set_xlim(-1.6, 9.15)
    axes.set_ylim(last - 0.45, 0.55)
    style.bare(axes, equal=False)
    finding = "The routine: the first no decides"
    style.title(axes, finding)
    told = [f"{f'{number}. ' * bool(number)}{question} no: {word}"
            for number, question, _, word in numbered]  # fmt: skip
    told = "; ".join(told)
    style.show(figure, f"{finding}. {told}; all yes: ship a test.")


def at_a_glance(read: Mapping) -> None:
    """A shop's purchases month by month.

    Parameters
    ----------
    read : mapping
        From :func:`helpers.cases.gauges`.
    """
    known = read["rows"]["months"]
    every = pd.period_range(min(known), max(known), freq="M").astype(str)
    months = {month: known.get(month, 0) for month in every}
    figure, axes = style.figure(height=2.4)
    axes.bar(range(len(months)), list(months.values()), color=INK, width=0.75)
    first, last = every[0], every[-1]
    axes.set_xticks([0, len(months) - 1], [first, last])
    axes.set_yticks([0, max(months.values())], ["0", f"{max(months.values()):,}"])
    missing = len(months) - len(known)
    gaps = f"Months missing: {missing}" if missing else "No month is missing"
    usual = statistics.median(months.values())
    style.title(axes, f"{gaps}; purchases in the last: {months[last]:,}, usually {usual:,.0f}")
    counts = ", ".join(f"{month} {count:,}" for month, count in months.items())
    style.show(figure, f"Purchases by month: {counts}.")


def figure_beside() -> None:
    """What somebody sends, and what to ask for beside it, as pairs."""
    figure, axes = style.figure(height=7.2)
    for place, (sent, beside) in enumerate(BESIDE):
        style.box(axes, 1.95, -place, 3.9, 0.8, sent, INK, fontsize=13)
        style.arrow(axes, (3.95, -place), (4.6, -place), INK)
        style.box(axes, 6.65, -place, 4.0, 0.8, beside, PERSONAL, fontsize=13)
    axes.text(1.95, 0.68, "what they send", ha="center", va="center", color=INK,
              fontweight="bold")  # fmt: skip
    axes.text(6.65, 0.68, "what you ask for", ha="center", va="center", color=PERSONAL,
              fontweight="bold")  # fmt: skip
    axes.set_xlim(-0.1, 8.75)
    axes.set_ylim(-len(BESIDE) + 0.5, 0.95)
    style.bare(axes, equal=False)
    finding = "A number alone decides nothing: ask for the one beside it"
    style.title(axes, finding)
    told = "; ".join(" ".join(f"{sent}: {beside}".split()) for sent, beside in BESIDE)
    style.show(figure, f"{finding}. {told}.")
