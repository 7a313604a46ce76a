"""Lesson 09, first layer. Who is worth it: recency, frequency, monetary value, and segments.

Every function that looks back takes a cut-off and uses what happened *before* that day only;
whatever happened on the day or later is the future that a model is judged by.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

# each name says what its rule asks for, and nothing else: it can't disagree with the figures
SEGMENTS = [
    "Bought much, lately",
    "Bought less, lately",
    "In between",
    "Bought much, long ago",
    "Bought less, long ago",
]


def quantile_scores(table: pd.DataFrame, n: int = 5) -> pd.DataFrame:
    """Score each of the three from 1 (worst fifth) to `n` (best fifth); equal values, equal score.

    Parameters
    ----------
    table : DataFrame
        From :func:`rfm`.
    n : int

    Returns
    -------
    DataFrame of int
        Same shape; a small recency is good.
    """
    turned = table.assign(recency=-table["recency"])
    return np.ceil(turned.rank(pct=True, method="average") * n).clip(1, n).astype(int)


def segment_by_scores(table: pd.DataFrame) -> pd.Series:
    """Name every customer's segment by two rules that fit on a slide.

    Last seen lately or long ago, compared with the shop's other customers (recency score 4 and 5,
    or 1 and 2), and bought much or less (mean of the scores for frequency and monetary value at
    least 4, or below).

    Parameters
    ----------
    table : DataFrame
        From :func:`rfm`.

    Returns
    -------
    Series of str
        One of :data:`SEGMENTS`, by customer id.
    """
    score = quantile_scores(table)
    valuable = score[["frequency", "monetary"]].mean(axis=1) >= 4
    recent, long_ago = score["recency"] >= 4, score["recency"] <= 2
    much, less, between, much_once, less_once = SEGMENTS
    rules = [recent & valuable, recent, long_ago & valuable, long_ago]
    names = np.select(rules, [much, less, much_once, less_once], between)
    return pd.Series(names, index=table.index, name="segment", dtype="str")
