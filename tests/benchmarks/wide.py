"""How many products EASE should weigh in a blend, over rolling windows of real shops.

    python tests/benchmarks/wide.py OnlineRetail.csv --least 1 5 10 20 50
    python tests/benchmarks/wide.py grocer.parquet --example complete_journey \\
        --product product_id --most 500 1000 2000 4000 8000

Windows and judges are those of ``quality.py``. `--most` limits the best-sold products that EASE
weighs, `--least` asks for so many buyers; `--product` names the export's column that is the
product, where that is not the example's.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd
from quality import K, load, windows

from helpers import evaluate
from helpers.recommend import MOST_PRODUCTS, Blend, ItemBased


def main(path, example, product, most, least):
    """Print one table."""
    tries = {"item-based": ItemBased(trend_days=14)}
    for number in most:
        tries[f"at most {number:,}"] = Blend(trend_days=14, max_products=number)
    for number in least:
        few = {"max_products": 10**9, "min_customers": number}
        tries[f"{number} buyers"] = Blend(trend_days=14, **few)
        tries[f"{number} buyers, fading, less penalty"] = Blend(
            0.7, 200, half_life_days=60, trend_days=14, **few
        )
    transactions = load(path, example, product)
    print(f"{transactions['product_id'].nunique():,} products")
    rows = []
    for split in windows(transactions):
        matrix, tables = split.training()
        for name, model in tries.items():
            begin = time.process_time()
            model.fit(matrix, **tables)
            seconds = time.process_time() - begin
            found = evaluate.per_customer(model, split, K)[0]
            rows.append((name, found["ndcg"].mean(), found["hit_rate"].mean(), seconds))
    table = pd.DataFrame(rows, columns=["blend", "ndcg", "hit rate", "fit, processor s"])
    print(table.groupby("blend", sort=False).mean().round(4).to_string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--example", default="online_retail")
    parser.add_argument("--product")
    parser.add_argument("--most", type=int, nargs="*", default=[MOST_PRODUCTS])
    parser.add_argument("--least", type=int, nargs="*", default=[])
    main(**vars(parser.parse_args()))
