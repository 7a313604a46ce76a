"""Quality on real data: our options beside other people's, over rolling windows.

    python tests/benchmarks/quality.py OnlineRetail.csv

Seven windows of 30 days, one after the other, back from the newest purchase; for each, everything
before it is the past. Judged are products not bought before, top 10, NDCG, all customers with
a past. No setting was chosen on these windows except where the table says "tuned".
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from environments import run_peer

from helpers import data, evaluate
from helpers.recommend import EASE, ItemBased, MostPopular, Random, UserBased

K = 10
WINDOW_DAYS = 30
N_WINDOWS = 7
REFERENCE = "item-based"

OURS = {
    "random": lambda: Random(),
    "popular ever": lambda: MostPopular(),
    "popular 30 days": lambda: MostPopular(30),
    "popular 7 days": lambda: MostPopular(7),
    "user-based": lambda: UserBased(),
    "textbook cosine": lambda: ItemBased(None, False),
    "item-based": lambda: ItemBased(trend_days=14),
    "  30 days of trend": lambda: ItemBased(trend_days=30),
    "  without trend": lambda: ItemBased(),
    "  without row scaling": lambda: ItemBased(scale_customers=False, trend_days=14),
    "  all neighbours": lambda: ItemBased(None, trend_days=14),
    "EASE": lambda: EASE(200),
    "EASE with trend": lambda: EASE(200, trend_days=14),
}
PEERS = ["implicit_cosine", "implicit_als", "implicit_bpr", "rectools_ease", "lenskit_knn"]


def load(path: Path) -> pd.DataFrame:
    """Online Retail, cleaned as the example's parameter file says."""
    examples = data.PROJECT / "data" / "examples" / "online_retail.yaml"
    parameters = yaml.safe_load(examples.read_text("utf-8"))
    transactions, _ = data.load_shop(
        str(path), "", parameters["columns"], {}, parameters["date_format"],
        parameters.get("cleaning", {}),
    )  # fmt: skip
    return transactions


def windows(transactions: pd.DataFrame):
    """Splits, the newest first."""
    day = transactions["transaction_date"].dt.normalize()
    for number in range(N_WINDOWS):
        last = day.max() - pd.Timedelta(days=WINDOW_DAYS * number)
        yield evaluate.split_by_time(transactions[day <= last], test_days=WINDOW_DAYS)


def judge_peer(name: str, split: evaluate.Split, folder: Path) -> pd.Series:
    """NDCG per customer of a peer that runs in its own environment."""
    matrix, _ = split.training()
    relevant = evaluate.relevant_products(split)
    customers = matrix.customers.intersection(relevant["customer_id"].unique()).sort_values()
    lists, _ = run_peer(name, matrix.values, K, matrix.customers.get_indexer(customers), folder)
    row, place = np.nonzero(lists >= 0)
    table = pd.DataFrame(
        {
            "customer_id": customers[row],
            "rank": place + 1,
            "product_id": matrix.products[lists[row, place]],
        }
    )
    hits, n_relevant = evaluate.hits_of(table, relevant, customers, K)
    return pd.Series(evaluate.ndcg_at_k(hits, n_relevant), customers)


def main(path):
    """Print one table."""
    splits = list(windows(load(Path(path))))
    values = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, split in enumerate(splits):
            matrix, tables = split.training()
            for name, make in OURS.items():
                model = make().fit(matrix, **tables)
                values[name, number] = evaluate.per_customer(model, split, K)[0]["ndcg"]
            for name in PEERS:
                values[name, number] = judge_peer(name, split, Path(folder))
            print(f"window {number + 1} of {N_WINDOWS}: {split.test_start:%Y-%m-%d}", flush=True)
    rows = []
    for name in [*OURS, *PEERS]:
        means = [values[name, number].mean() for number in range(N_WINDOWS)]
        gaps = pd.concat(
            [values[REFERENCE, n] - values[name, n] for n in range(N_WINDOWS)], ignore_index=True
        )
        low, high = evaluate.interval(gaps)
        rows.append(
            {
                "method": name,
                **{f"{s.test_start:%b %d}": m for s, m in zip(splits, means, strict=True)},
                "mean": np.mean(means),
                "behind": gaps.mean(),
                "low": low,
                "high": high,
            }
        )
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        print(
            f"\nNDCG@{K} of products not bought before; 'behind' {REFERENCE}, customer by customer"
        )
        print(pd.DataFrame(rows).set_index("method").round(3).to_string())


if __name__ == "__main__":
    main(sys.argv[1])
