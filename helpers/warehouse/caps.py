"""What a cap on histories leaves of the pairs, and what it does to the lists: lesson 10."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers import evaluate
from helpers.warehouse.batch import NO_CAP, Settings, read_lists, score
from helpers.warehouse.growth import pairs


def try_caps(
    tries: Mapping[str, tuple[pd.DataFrame, int]],
    relevant: pd.DataFrame,
    customers: pd.Index,
    n: int,
    folder: Path,
) -> tuple[pd.DataFrame, float]:
    """Lists with a cap beside lists without, judged by what the same customers bought later.

    Parameters
    ----------
    tries : mapping of str to (DataFrame, int)
        By name: purchases to learn from, and the cap.
    relevant : DataFrame
        From :func:`helpers.evaluate.relevant_products`.
    customers : Index
        Who judges.
    n : int
        Length of the lists.
    folder : Path
        For the job's files.

    Returns
    -------
    tried : DataFrame
        One row per try: ``pairs``, as a share of those without a cap; ``difference`` of the NDCG to
        that of the same purchases without a cap, ``difference_low`` and ``difference_high``.
    quality : float
        NDCG without a cap, of the first try's purchases.
    """

    def ndcg(past, cap):
        past.to_parquet(folder / "past.parquet")
        settings = Settings(n=n, n_parts=1, history_cap=cap)
        score("duckdb", folder / "past.parquet", folder / "capped", settings)
        lists = read_lists(folder / "capped")
        return evaluate.ndcg_at_k(*evaluate.hits_of(lists, relevant, customers, n))

    without, rows = {}, {}
    for name, (past, cap) in tries.items():
        if id(past) not in without:
            without[id(past)] = ndcg(past, NO_CAP)
        change = ndcg(past, cap) - without[id(past)]
        of_all = pairs(past, NO_CAP)
        share = pairs(past, cap) / of_all if of_all else 0.0
        rows[name] = [share, change.mean(), *evaluate.interval(change)]
    names = ["pairs", "difference", "difference_low", "difference_high"]
    tried = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    return tried, float(next(iter(without.values())).mean())
