"""What a cap on histories leaves of the pairs, and what it does to the lists: lesson 10."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from helpers import evaluate, production
from helpers.matrix import InteractionMatrix
from helpers.recommend import ItemBased
from helpers.similarity import product_similarity
from helpers.warehouse.batch import NO_CAP, Settings
from helpers.warehouse.growth import pairs


def try_caps(
    tries: Mapping[str, tuple[pd.DataFrame, int]],
    relevant: pd.DataFrame,
    customers: pd.Index,
    settings: Settings,
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
        engine = capped_engine(past, replace(settings, history_cap=cap))
        lists = engine.recommend(customers, settings.n)
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


def capped_engine(past: pd.DataFrame, settings: Settings) -> production.Engine:
    """The course's own engine with a cap on histories: the job's lists, without its tables.

    Parameters
    ----------
    past : DataFrame
        Purchases to learn from.
    settings : Settings

    Returns
    -------
    Engine
        A history above the cap says with its latest purchases only what goes together; lists are
        made from all of it.
    """
    model = ItemBased(settings.n_neighbors, trend_days=settings.trend_days)
    engine = production.build_engine(past, None, model)
    model = engine.model
    latest = _latest(past, model, settings.history_cap)
    similarity = product_similarity(latest, settings.n_neighbors, scale_customers=True)
    told = {"n_neighbors": settings.n_neighbors, "trend_days": settings.trend_days}
    capped = ItemBased.restore(
        told, model.customers_, similarity, model.trend_, model.purchases_, None
    )
    return replace(engine, model=capped)


def _latest(past, model, cap):
    """The interaction matrix of each customer's latest purchases: the step `histories`."""
    last = past.groupby(["customer_id", "product_id"], sort=True)["transaction_date"].max()
    last = last.reset_index().sort_values("transaction_date", ascending=False, kind="stable")
    last = last.groupby("customer_id", sort=False).head(cap)
    places = (
        model.customers_.get_indexer(last["customer_id"]),
        model.products_.get_indexer(last["product_id"]),
    )
    shape = (len(model.customers_), len(model.products_))
    values = sparse.coo_array((np.ones(len(last), dtype=np.float32), places), shape=shape)
    return InteractionMatrix(values.tocsr(), model.customers_, model.products_)
