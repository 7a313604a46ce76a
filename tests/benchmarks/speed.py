"""Speed and memory: fit plus recommend to everyone, ours beside other people's.

    python tests/benchmarks/speed.py            # sizes S and M
    python tests/benchmarks/speed.py S M L      # L takes a quarter of an hour and 8 GB of disk

Every method runs in a process of its own, the methods take turns, and medians over the turns are
printed with their ratio to ours: machines differ, ratios less so. Peers too slow for all
customers are timed on some of them and scaled up (marked ~).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from environments import run_peer
from scipy import sparse

from helpers.matrix import build_interaction_matrix

# customers, products, purchases
SIZES = {
    "S": (4_290, 53, 22_700),
    "M": (100_000, 5_000, 2_000_000),
    "L": (1_000_000, 20_000, 20_000_000),
}
TURNS = {"S": 5, "M": 3, "L": 2}
REPEATS = {"S": 3, "M": 3, "L": 2}  # inside one process; the first warms up
K = 10
# name: how many customers it is asked for, by size; None: everyone; absent: not run
METHODS = {
    "ours": {"S": None, "M": None, "L": None},
    "sparse_dot_topn": {"S": None, "M": None, "L": None},
    "implicit_cosine": {"S": None, "M": None, "L": None},
    "rectools_knn": {"S": None, "M": None},
    "lenskit_knn": {"S": 500, "M": 500},
    "pandas_loop": {"S": 500},
}


def make_matrix(n_customers: int, n_products: int, n_purchases: int, seed: int = 0):
    """Customers with one of 40 tastes, baskets of very different size, power-law popularity."""
    rng = np.random.default_rng(seed)
    popularity = np.cumsum(1 / np.arange(1, n_products + 1) ** 0.8)
    basket = rng.lognormal(0, 0.8, n_customers)
    # repeats of a product are dropped, so draw some more than needed
    basket = np.maximum(1, basket * n_purchases * 1.12 / basket.sum()).astype(int)
    row = np.repeat(np.arange(n_customers, dtype=np.int32), basket)
    column = np.searchsorted(popularity, rng.random(len(row)) * popularity[-1])
    taste = rng.integers(0, 40, n_customers)[row]
    by_taste = rng.random(len(row)) < 0.6
    column = np.where(by_taste, (column * 40 + taste) % n_products, column)
    column = rng.permutation(n_products).astype(np.int32)[np.minimum(column, n_products - 1)]
    values = sparse.csr_array(
        (np.ones(len(row), np.float32), (row, column)), shape=(n_customers, n_products)
    )
    values.data[:] = 1
    return values


def same_up_to_ties(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Share of the places at which the same product stands in both lists."""
    return (ours == theirs).mean()


def loading(values, folder: Path) -> dict[str, float]:
    """Seconds to read a table of purchases from parquet and to build the matrix from it."""
    row, column = values.tocoo().coords
    table = pd.DataFrame({"customer_id": row, "product_id": column})
    table = table.sample(frac=1, random_state=0, ignore_index=True)
    for name, letter in (("customer_id", "C"), ("product_id", "P")):
        names = np.char.add(letter, np.char.zfill(np.arange(table[name].max() + 1).astype(str), 7))
        table[name] = pd.Categorical.from_codes(table[name], names)
    path = folder / "purchases.parquet"
    table.to_parquet(path, index=False)
    start = time.perf_counter()
    table = pd.read_parquet(path)
    read = time.perf_counter()
    build_interaction_matrix(table)
    return {"read parquet": read - start, "build matrix": time.perf_counter() - read}


def main(sizes):
    """Print one table per size."""
    for size in sizes:
        values = make_matrix(*SIZES[size])
        n_customers = values.shape[0]
        taken, lists = {}, {}
        with tempfile.TemporaryDirectory() as folder:
            for turn in range(TURNS[size]):
                for name, asked in METHODS.items():
                    if size not in asked or (asked[size] and turn):
                        continue
                    some = np.arange(asked[size]) if asked[size] else None
                    repeats = REPEATS[size] if asked[size] is None else 1
                    lists[name], figures = run_peer(name, values, K, some, Path(folder), repeats)
                    if asked[size]:
                        figures["recommend"] *= n_customers / asked[size]
                    taken.setdefault(name, []).append(figures)
                print(f"{size}: turn {turn + 1} of {TURNS[size]}", file=sys.stderr, flush=True)
            load = loading(values, Path(folder)) if size != "S" else {}
        table = pd.DataFrame({name: pd.DataFrame(t).median() for name, t in taken.items()}).T
        table["total"] = table["fit"] + table["recommend"]
        table["ratio to ours"] = table["total"] / table.loc["ours", "total"]
        table["us per customer"] = table["recommend"] / n_customers * 1e6
        estimated = [name for name in table.index if METHODS[name][size]]
        table = table.rename(index={name: f"~{name}" for name in estimated})
        print(f"\n{size}: {values.shape[0]:,} x {values.shape[1]:,}, {values.nnz:,} purchases, "
              f"top {K} for everyone; medians of {TURNS[size]} turns")  # fmt: skip
        print(table.drop(columns="start_mb").round(4).to_string())
        for name, seconds in load.items():
            print(f"{name}: {seconds:.2f} s, {seconds / table.loc['ours', 'fit']:.2f} x our fit")
        flush = sys.stdout.flush
        flush()


if __name__ == "__main__":
    main(sys.argv[1:] or ["S", "M"])
