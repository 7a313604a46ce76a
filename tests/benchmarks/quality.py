"""Quality on real data: our options beside other people's, over rolling windows.

    python tests/benchmarks/quality.py OnlineRetail.csv
    python tests/benchmarks/quality.py purchases.csv --example complete_journey [--again]

The file is read as the example of that name in ``data/examples`` says. Seven windows of 30 days,
one after the other, back from the newest purchase; for each, everything before it is the past.
Judged are products not bought before (``--again``: all), top 10, NDCG, all customers with a past.
What is called "chosen" is chosen anew for each window, on the 30 days before it; no setting of
ours was chosen on the windows themselves. Peers recommend nothing again, so ``--again`` leaves
them out, and so does ``--alone``.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from environments import run_peer

from helpers import data, evaluate
from helpers.recommend import EASE, Blend, BuyAgain, ItemBased, MostPopular, Random, UserBased

K = 10
WINDOW_DAYS = 30
N_WINDOWS = 7
REFERENCE = "chosen"

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
    "blend": lambda: Blend(trend_days=14),
    "  fading, less penalty": lambda: Blend(0.7, 200, half_life_days=60, trend_days=14),
    "  without similarity": lambda: Blend(1.0, trend_days=14),
    "buy again": lambda: BuyAgain(),
}
CHOSEN = "item-based, chosen"
PEERS = ["implicit_cosine", "implicit_als", "implicit_bpr", "rectools_ease", "lenskit_knn"]


def load(path: Path, example: str, product: str | None = None) -> pd.DataFrame:
    """A shop's purchases, cleaned as an example says, perhaps with another column as product."""
    file = data.PROJECT / "data" / "examples" / f"{example}.yaml"
    parameters = yaml.safe_load(file.read_text("utf-8"))
    columns = parameters["columns"]
    if product:
        columns = {name: ours for name, ours in columns.items() if ours != "product_id"}
        columns[product] = "product_id"
    transactions, _ = data.load_shop(
        str(path), "", columns, {}, parameters.get("date_format", data.DATE_FORMAT),
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


def chosen(split: evaluate.Split) -> dict:
    """What the validation window chooses: the plainer list, and what a shop gets."""
    return {
        CHOSEN: evaluate.choose_trend(split, K),
        REFERENCE: evaluate.choose_item_based(split, K),
    }


def main(path, example, again, alone):
    """Print one table."""
    splits = list(windows(load(path, example)))
    values, peers = {}, [] if again or alone else PEERS
    with tempfile.TemporaryDirectory() as folder:
        for number, split in enumerate(splits):
            matrix, tables = split.training()
            models = {name: make() for name, make in OURS.items()} | chosen(split)
            if not again:  # nothing would be left of its lists
                models.pop("buy again")
            for name, model in models.items():
                model.fit(matrix, **tables)
                found = evaluate.per_customer(model, split, K, new_only=not again)[0]
                values[name, number] = found["ndcg"]
            for name in peers:
                values[name, number] = judge_peer(name, split, Path(folder))
            settings = models[REFERENCE].settings()
            print(
                f"window {number + 1} of {N_WINDOWS}: {split.test_start:%Y-%m-%d}, "
                f"{matrix.shape[0]:,} x {matrix.shape[1]:,}, "
                f"chosen: {type(models[REFERENCE]).__name__} {settings}",
                flush=True,
            )
    rows = []
    for name in [*models, *peers]:
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
            f"\nNDCG@{K} of {'all products' if again else 'products not bought before'}; "
            f"'behind' {REFERENCE}, customer by customer"
        )
        print(pd.DataFrame(rows).set_index("method").round(3).to_string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--example", default="online_retail")
    parser.add_argument("--again", action="store_true", help="what was bought before counts, too")
    parser.add_argument("--alone", action="store_true", help="without other people's libraries")
    main(**vars(parser.parse_args()))
