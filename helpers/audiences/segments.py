"""Lesson 09, first layer. Who is worth it: recency, frequency, monetary value, and segments.

Every function that looks back takes a cut-off and uses what happened *before* that day only;
whatever happened on the day or later is the future that a model is judged by.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.audiences.customers import (
    MOST_RESAMPLED,
    add_ends,
    rfm,
    spent_after,
    stayed_away,
)

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


def segment_by_kmeans(table: pd.DataFrame, n_segments: int = 5, random_state: int = 0) -> pd.Series:
    """Let k-means find groups of customers that are near each other.

    Parameters
    ----------
    table : DataFrame
        From :func:`rfm`; logarithms are taken and scaled, or the big spenders would decide alone.
    n_segments : int
        Fewer where there are fewer different customers.
    random_state : int

    Returns
    -------
    Series of str
        "group 1" (spends most) to "group 5", by customer id. Names are up to you.
    """
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    values = StandardScaler().fit_transform(np.log1p(table))
    n_segments = min(n_segments, len(np.unique(values, axis=0)))
    label = KMeans(n_segments, n_init=5, random_state=random_state).fit_predict(values)
    spent = table["monetary"].groupby(label).median().rank(ascending=False, method="first")
    names = "group " + pd.Series(label, index=table.index).map(spent).astype(int).astype("str")
    return names.rename("segment")


def describe_segments(table: pd.DataFrame, segment: pd.Series) -> pd.DataFrame:
    """How large each segment is and what its typical customer is like.

    Returns
    -------
    DataFrame
        One row per segment: ``customers``, ``share_of_customers`` and ``share_of_value`` (0 to
        1), and medians of ``recency``, ``frequency``, ``monetary``.
    """
    groups = table.groupby(segment)
    described = groups.median()
    described.insert(0, "customers", groups.size())
    share = groups["monetary"].sum() / max(table["monetary"].sum(), 1e-12)
    described.insert(1, "share_of_customers", described["customers"] / len(table))
    described.insert(2, "share_of_value", share)
    order = [name for name in SEGMENTS if name in described.index] or described.index
    return described.loc[order]


def compare_segmentations(
    transactions: pd.DataFrame, cut, days: int, n_resamples: int = 200, random_state: int = 0
) -> pd.DataFrame:
    """Score rules and k-means by what a segment is for: to last, and to tell futures apart.

    Parameters
    ----------
    transactions : DataFrame
    cut : Timestamp
        Segments are made before it and judged by the `days` after it.
    days : int
    n_resamples, random_state : int
        For the bootstrap over customers (Efron 1979).

    Returns
    -------
    DataFrame
        One row per method: ``smallest`` (share of customers in the smallest segment),
        ``stays_the_same`` (adjusted Rand index, Hubert and Arabie 1985, between the segments of
        half of the customers made alone and made among all; 1: nobody moves; mean of five halves),
        ``explains_return`` and ``explains_spending`` (share of the variance, 0 to 1, of coming
        back and of the logarithm of what is spent, that lies between segments), and how much more
        they are than in the first row (``…_more``) with 95 % intervals (``_low``, ``_high``),
        paired: the same customers drawn for both methods.
    """
    from sklearn.metrics import adjusted_rand_score

    table = rfm(transactions, cut)
    returned = (~stayed_away(transactions, cut, days)).astype(float)
    outcomes = {
        "explains_return": returned,
        "explains_spending": np.log1p(spent_after(transactions, cut, days)),
    }
    rng = np.random.default_rng(random_state)
    halves = [rng.permutation(len(table))[: (len(table) + 1) // 2] for _ in range(5)]
    size = min(len(table), MOST_RESAMPLED)
    samples = [rng.integers(0, len(table), size) for _ in range(n_resamples)]
    rows, drawn = {}, {}
    for name, method in {"rules": segment_by_scores, "k-means": segment_by_kmeans}.items():
        whole = method(table)
        alone = [method(table.iloc[half]) for half in halves]
        same = [adjusted_rand_score(whole[part.index], part) for part in alone]
        rows[name] = {
            "smallest": whole.value_counts(normalize=True).min(),
            "stays_the_same": np.mean(same),
        }
        group = pd.factorize(whole)[0]
        for what, outcome in outcomes.items():
            value = outcome.to_numpy()
            rows[name][what] = _explained(value, group)
            drawn[name, what] = np.array([_explained(value[r], group[r]) for r in samples])
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("segments by")
    for what in outcomes:
        table[f"{what}_more"] = table[what] - table[what].iloc[0]
        more = [drawn[name, what] - drawn["rules", what] for name in table.index]
        add_ends(table, f"{what}_more", np.transpose(more), np.sqrt(size / len(returned)))
    return table


def _explained(values, group):
    """Eta squared: variance between groups (numbered from 0), as a share of all variance."""
    count = np.bincount(group)
    sums = np.bincount(group, weights=values)
    total = ((values - values.mean()) ** 2).sum()
    between = (sums**2 / np.maximum(count, 1)).sum() - len(values) * values.mean() ** 2
    return float(between / total) if total else 0.0
