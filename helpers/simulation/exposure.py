"""What is bought is partly what was shown: the same shop, with a homepage that pushes products."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import evaluate
from helpers.recommend import ItemBased, MostPopular
from helpers.simulation.world import FIRST_DAY, N_DAYS, SEED, make_products, replay_purchases

_FIRST_DAYS = 60  # whose best sellers stay on the homepage ever after


def two_futures(
    push: float = 3.0, n_shown: int = 5, k: int = 5, test_days: int = 60, seed: int = SEED
) -> pd.DataFrame:
    """Judge the same lists twice: while a homepage pushes its favourites, and after it stopped.

    The best sellers of the first two months go onto the homepage and stay there. Whoever shops
    finds them `push` times as attractive as they are; tastes don't change. Lists are made from
    these purchases, and judged by two futures: the homepage goes on, or it shows nothing in the
    test window. Before the cut the two are the same, purchase by purchase. A third row judges again
    what can be judged without a made-up shop: the homepage goes on, and its products are left out.

    Parameters
    ----------
    push : float
        1 is a homepage that nobody looks at.
    n_shown : int
        Products on the homepage.
    k : int
        Length of the lists.
    test_days : int
    seed : int

    Returns
    -------
    DataFrame
        Rows ``"homepage goes on"``, ``"homepage stops"`` and
        ``"goes on, pushed ones left out"``. Columns: hit rates of the ``best sellers`` (of
        all time, 30 or 7 days, whichever do best) and the ``personal lists``; ``lead`` of the
        personal lists, customer by customer, with its 95 % interval ``lead_low``, ``lead_high``;
        ``customers``; ``shown``, the share of later purchases that are products from the homepage.
    """
    products = make_products()["product_id"]
    pushed = np.zeros((N_DAYS, len(products)))
    early = replay_purchases(pushed, seed)
    early = early[early["transaction_date"] < FIRST_DAY + pd.Timedelta(days=_FIRST_DAYS)]
    shown = early["product_id"].value_counts().index[:n_shown]
    pushed[_FIRST_DAYS:, products.isin(shown)] = np.log(push)
    stopped = pushed.copy()
    stopped[N_DAYS - test_days :] = 0
    rows = {}
    goes_on, stops = replay_purchases(pushed, seed), replay_purchases(stopped, seed)
    left = goes_on[~goes_on["product_id"].isin(shown)]
    cases = {"homepage goes on": goes_on, "homepage stops": stops}
    for name, bought in (cases | {"goes on, pushed ones left out": left}).items():
        split = evaluate.split_by_time(bought, test_days=test_days)
        matrix, tables = split.training()
        models = (ItemBased(), MostPopular(), MostPopular(30), MostPopular(7))
        personal, *plain = (
            evaluate.per_customer(model.fit(matrix, **tables), split, k)[0]["hit_rate"]
            for model in models
        )
        popular = max(plain, key=lambda scores: scores.mean())
        low, high = evaluate.interval(personal - popular)
        rows[name] = {
            "best sellers": popular.mean(),
            "personal lists": personal.mean(),
            "lead": (personal - popular).mean(),
            "lead_low": low,
            "lead_high": high,
            "customers": len(popular),
            "shown": split.test["product_id"].isin(shown).mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
