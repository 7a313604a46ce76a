"""What a cap on histories leaves of the pairs, and what it does to the lists: lesson 10."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from helpers import evaluate
from helpers.warehouse.batch import NO_CAP, Settings, read_lists, score
from helpers.warehouse.growth import pairs


def try_caps(
    tries: Mapping[str, tuple[pd.DataFrame, int]],
    relevant: pd.DataFrame,
    customers: pd.Index,
    settings: Settings,
    folder: Path,
) -> tuple[pd.DataFrame, float]:
    """Lists with a cap beside the shop's without, judged by what the same customers bought later.

    Parameters
    ----------
    tries : mapping of str to (DataFrame, int)
        By name: purchases to learn from, and the cap. The first one's purchases are the shop's.
    relevant : DataFrame
        From :func:`helpers.evaluate.relevant_products`.
    customers : Index
        Who judges.
    settings : Settings
        Of all lists, but for the cap.
    folder : Path
        For the job's files.

    Returns
    -------
    tried : DataFrame
        One row per try: ``pairs``, as a share of the shop's without a cap; ``difference`` of the
        NDCG to the shop's without a cap, ``difference_low`` and ``difference_high`` (missing if a
        single customer judges).
    quality : float
        The shop's NDCG without a cap.
    """

    def ndcg(past, cap):
        past.to_parquet(folder / "past.parquet")
        capped = replace(settings, history_cap=cap)
        score("duckdb", folder / "past.parquet", folder / "capped", capped)
        lists = read_lists(folder / "capped")
        return evaluate.ndcg_at_k(*evaluate.hits_of(lists, relevant, customers, settings.n))

    shop, _ = next(iter(tries.values()))
    without, of_all, rows = ndcg(shop, NO_CAP), pairs(shop, NO_CAP), {}
    for name, (past, cap) in tries.items():
        change = ndcg(past, cap) - without
        share = pairs(past, cap) / of_all if of_all else 0.0
        rows[name] = [share, change.mean(), *evaluate.interval(change)]
    names = ["pairs", "difference", "difference_low", "difference_high"]
    tried = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    return tried, float(without.mean())
