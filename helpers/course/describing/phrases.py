"""Figures and values of an export as they stand in a comment."""

from __future__ import annotations

import pandas as pd


def percent(share: float) -> str:
    """A share in words; what is not all or nothing does not read so."""
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 < share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def one_line(text, most: int = 40) -> str:
    """A value for a comment: on one line, printable, and short."""
    text = "".join(c if c.isprintable() else " " for c in " ".join(str(text).split()))
    return text if len(text) <= most else f"{text[: most - 4]} ..."


def examples(column: pd.Series, n: int = 3) -> str:
    """Some values of a column, the commonest first if there are few."""
    values = column.dropna()
    values = values.value_counts().index if values.nunique() < 20 else values.unique()
    return ", ".join(one_line(value) for value in values[:n])
