"""How time and memory grow, and the same job on SciPy, DuckDB and Spark.

    python tests/benchmarks/scale.py                   # growth on SciPy; the engines on M
    python tests/benchmarks/scale.py M L --spark       # L takes an hour with Spark

Every measurement is a process of its own; memory is the peak of the process and all that it
started (Spark's Java). Results go to `data/scale.csv`, which lesson 09 reads.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from speed import SIZES, make_matrix

from helpers import data

OUT = data.PROJECT / "data" / "scale.csv"
GROWTH = {  # customers, products, purchases per customer
    "customers": [(n, 5_000, 20) for n in (100_000, 200_000, 400_000, 800_000)],
    "products": [(100_000, n, 20) for n in (2_500, 5_000, 10_000, 20_000)],
    "history": [(100_000, 5_000, n) for n in (20, 40, 80, 160)],
}


def write_purchases(size, path: Path) -> int:
    """Make purchases of a size as a parquet file; returns their number."""
    values = make_matrix(*size)
    row, column = values.tocoo().coords
    rng = np.random.default_rng(0)
    customers = np.char.add("C", np.char.zfill(np.arange(size[0]).astype(str), 8))
    products = np.char.add("P", np.char.zfill(np.arange(size[1]).astype(str), 6))
    days = pd.to_timedelta(rng.integers(0, 365, len(row)), unit="D")
    table = pd.DataFrame(
        {
            "customer_id": pd.Categorical.from_codes(row, customers),
            "product_id": pd.Categorical.from_codes(column, products),
            "transaction_date": pd.Timestamp("2024-01-01") + days,
        }
    )
    table = table.sample(frac=1, random_state=0)
    table.astype({"customer_id": "str", "product_id": "str"}).to_parquet(path, index=False)
    return len(table)


ARRAYS = """
import sys, time, numpy as np, pandas as pd
sys.path.insert(0, sys.argv[4])
from speed import make_matrix
from helpers.matrix import InteractionMatrix
from helpers.recommend import ItemBased
size = tuple(map(int, sys.argv[1:4]))
values = make_matrix(size[0], size[1], size[0] * size[2])
matrix = InteractionMatrix(values, pd.RangeIndex(size[0]), pd.RangeIndex(size[1]))
rows = np.arange(size[0])
best = [np.inf, np.inf]
for _ in range(3):
    start = time.perf_counter()
    model = ItemBased().fit(matrix)
    middle = time.perf_counter()
    model._rank(rows, 10, True)
    best = np.minimum(best, [middle - start, time.perf_counter() - middle])
print(values.nnz, *best)
"""


def peak_of(process: subprocess.Popen) -> float:
    """Wait for a process; the largest memory it and its children had, in MB."""
    peak, watched = 0.0, psutil.Process(process.pid)
    while process.poll() is None:
        try:
            family = [watched, *watched.children(recursive=True)]
            peak = max(peak, sum(each.memory_info().rss for each in family) / 1e6)
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.2)
    return peak


def growth() -> list[dict]:
    """Array work on SciPy, one quantity growing at a time."""
    rows = []
    for what, sizes in GROWTH.items():
        for size in sizes:
            command = [sys.executable, "-c", ARRAYS, *map(str, size), str(Path(__file__).parent)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            purchases, fit, recommend = map(float, said.split())
            rows.append({"what": what, "engine": "scipy arrays", "customers": size[0],
                         "products": size[1], "purchases": int(purchases), "fit": fit,
                         "recommend": recommend, "seconds": fit + recommend})  # fmt: skip
            print(rows[-1], flush=True)
    return rows


def engines(size_name: str, names: list[str]) -> list[dict]:
    """The whole batch job, from a parquet file to everybody's list."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "purchases.parquet"
        purchases = write_purchases(SIZES[size_name], path)
        for name in names:
            start = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, "-m", "helpers.course.command", "score", "--engine", name,
                 "--transactions", str(path), "--out", f"{folder}/{name}", "--n", "10", "--conf",
                 "spark.driver.memory=6g"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            peak = peak_of(process)
            if process.returncode:
                raise SystemExit(f"{name} failed on {size_name}")
            rows.append({"what": size_name, "engine": name, "customers": SIZES[size_name][0],
                         "products": SIZES[size_name][1], "purchases": purchases,
                         "seconds": time.perf_counter() - start, "peak_mb": peak})  # fmt: skip
            print(rows[-1], flush=True)
    return rows


def main(arguments):
    """Measure and write the table."""
    names = ["scipy", "duckdb"] + ["spark"] * ("--spark" in arguments)
    rows = [] if "--no-growth" in arguments else growth()
    for size_name in [each for each in arguments if each in SIZES] or ["M"]:
        rows += engines(size_name, names)
    table = pd.DataFrame(rows)
    if OUT.exists():
        # what was not measured now stays
        old = pd.read_csv(OUT)
        key = ["what", "engine", "customers", "products", "purchases"]
        table = pd.concat([old, table]).drop_duplicates(key, keep="last")
    table = table.round({"fit": 3, "recommend": 3, "seconds": 3, "peak_mb": 0})
    table.to_csv(OUT, index=False, lineterminator="\n")
    print(table.to_string())


if __name__ == "__main__":
    main(sys.argv[1:])
