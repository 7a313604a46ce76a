"""How time, memory and disk grow, and the same job on SciPy, DuckDB and Spark.

    python tests/benchmarks/scale.py arrays             # growth on SciPy, one quantity at a time
    python tests/benchmarks/scale.py scipy duckdb       # the whole job on every size of JOBS: 1 h
    python tests/benchmarks/scale.py spark              # on one of them
    python tests/benchmarks/scale.py resellers          # what a cap does where resellers buy

Every measurement is a process of its own, and the fastest of its turns counts: what else a machine
does only adds (leave it alone meanwhile). Memory is the peak of the process and all that it started
(Spark's Java), disk the peak of its output folder. Results go to `data/scale.csv`, which lesson 10
reads; what was not measured now stays. What a cap does goes to `data/caps.csv`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from speed import make_matrix

from helpers import data, evaluate, warehouse

OUT = data.PROJECT / "data" / "scale.csv"
CAPS = data.PROJECT / "data" / "caps.csv"
GROWTH = {  # customers, products, purchases per customer
    "customers": [(n, 5_000, 20) for n in (100_000, 200_000, 400_000, 800_000)],
    "products": [(100_000, n, 20) for n in (2_500, 5_000, 10_000, 20_000)],
    "history": [(100_000, 5_000, n) for n in (20, 40, 80, 160)],
}
# customers, products, purchases per customer, turns; the first shows what starting up takes
JOBS = [
    (100, 50, 5, 3),
    *((n, 5_000, 20, 3) for n in (25_000, 50_000, 100_000)),
    (200_000, 5_000, 20, 1),
    (100_000, 20_000, 20, 1),
    (100_000, 5_000, 40, 1),
    (400_000, 5_000, 20, 1),
    (1_000_000, 20_000, 20, 1),
]
SPARK = (100_000, 5_000, 20)  # the others take hours on two cores


def write_purchases(values, path: Path) -> None:
    """Write a matrix of purchases as a parquet file, on random days and in random order."""
    row, column = values.tocoo().coords
    rng = np.random.default_rng(0)
    customers = np.char.add("C", np.char.zfill(np.arange(values.shape[0]).astype(str), 8))
    products = np.char.add("P", np.char.zfill(np.arange(values.shape[1]).astype(str), 6))
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


def watch(process: subprocess.Popen, folder: Path) -> dict[str, float]:
    """Wait for a process; the largest memory it and its children had, and disk, in MB."""
    memory, disk, watched = 0.0, 0.0, psutil.Process(process.pid)
    while process.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            family = [watched, *watched.children(recursive=True)]
            memory = max(memory, sum(each.memory_info().rss for each in family) / 1e6)
        disk = max(disk, size_of(folder) / 1e6)
        time.sleep(0.2)
    return {"peak_mb": memory, "disk_mb": disk}


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, some of which vanish while it is read."""
    total = 0
    for inside, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.stat(os.path.join(inside, name)).st_size
    return total


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


def score(engine: str, path: Path, out: Path) -> dict[str, float]:
    """The whole batch job in a process of its own."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "helpers.course.command", "score", "--engine", engine, "--n", "10",
         "--transactions", str(path), "--out", str(out), "--conf", "spark.driver.memory=6g"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    found = watch(process, out)
    if process.returncode:
        raise SystemExit(f"{engine} failed on {path}")
    return found | {"seconds": time.perf_counter() - start}


def engines(names: list[str]) -> list[dict]:
    """The whole batch job, from a parquet file to everybody's list."""
    rows = []
    for n_customers, n_products, history, turns in JOBS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "purchases.parquet"
            values = make_matrix(n_customers, n_products, n_customers * history)
            write_purchases(values, path)
            about = {"what": "job", "customers": n_customers, "products": n_products,
                     "purchases": values.nnz,
                     "spread": warehouse.spread(np.diff(values.indptr))}  # fmt: skip
            del values
            for name in names:
                if name == "spark" and (n_customers, n_products, history) != SPARK:
                    continue
                measured = [score(name, path, Path(folder) / f"{name}-{t}") for t in range(turns)]
                rows.append(about | {"engine": name} | min(measured, key=lambda m: m["seconds"]))
                print(rows[-1], [round(m["seconds"], 1) for m in measured], flush=True)
                keep(rows)
    return rows


def keep(rows: list[dict]) -> None:
    """Put what was measured into the table, in the place of the same measured before."""
    table = pd.DataFrame(rows)
    if OUT.exists():
        key = ["what", "engine", "customers", "products", "purchases"]
        table = pd.concat([pd.read_csv(OUT), table]).drop_duplicates(key, keep="last")
    decimals = {"fit": 3, "recommend": 3, "seconds": 3, "peak_mb": 0, "disk_mb": 0}
    table.round(decimals | {"spread": 4}).to_csv(OUT, index=False, lineterminator="\n")


def resellers() -> None:
    """Caps on histories, with and without 20 resellers who bought 2,000 to 5,000 products each.

    A hundred thousand customers, 5,000 products. The last purchase of every ordinary customer is
    held out, the lists of ten of a sixteenth of them are judged by it (NDCG), and each cap is
    compared with no cap on the same customers. Processor time is that of all steps up to the
    neighbours: those that a cap touches.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_purchases(make_matrix(100_000, 5_000, 2_000_000), folder / "all.parquet")
        table = pd.read_parquet(folder / "all.parquet")
        table = table.sort_values(["transaction_date", "product_id"])
        last = ~table.duplicated("customer_id", keep="last")
        last &= table.duplicated("customer_id", keep=False)
        held_out, past = table[last], table[~last]
        rows = []
        for n_resellers in (0, 20):
            shop = warehouse.with_resellers(past, n_resellers, 2_000, 5_000)
            shop.to_parquet(folder / "past.parquet")
            for cap in (warehouse.NO_CAP, 1_000, 100, 20, 1):
                work = folder / f"{n_resellers} {cap}"
                cpu, ndcg = _capped(folder / "past.parquet", work, cap, held_out)
                if cap == warehouse.NO_CAP:
                    without = ndcg
                low, high = evaluate.interval(ndcg - without)
                rows.append({
                    "resellers": n_resellers, "cap": cap, "pairs": warehouse.pairs(shop, cap),
                    "cpu": cpu, "judged": len(ndcg), "ndcg": ndcg.mean(),
                    "difference": (ndcg - without).mean(), "difference_low": low,
                    "difference_high": high,
                })  # fmt: skip
                print(rows[-1], flush=True)
    decimals = {"cpu": 1} | {name: 5 for name in rows[0] if name.startswith(("ndcg", "diff"))}
    pd.DataFrame(rows).round(decimals).to_csv(CAPS, index=False, lineterminator="\n")


def _capped(path, work, cap, held_out):
    """Processor time up to the neighbours, and the NDCG of each customer of the first part."""
    start = time.process_time()
    engine, settings = warehouse.DuckDB(work), warehouse.Settings(n=10, history_cap=cap)
    export, cleaning = warehouse.purchases(path)
    warehouse.prepare(engine, export, settings, cleaning)
    cpu = time.process_time() - start
    part = settings.parts[0]
    engine.write(warehouse.sql("recommendations"), {"part": part, "n": 10}, work / f"part={part}")
    engine.close()
    lists = warehouse.read_lists(work)
    customers = pd.Index(held_out["customer_id"])
    customers = customers[np.array(warehouse.part_of(customers, settings.digits)) == part]
    found = evaluate.hits_of(lists, held_out, customers.sort_values(), 10)
    return cpu, evaluate.ndcg_at_k(*found)


def main(arguments):
    """Measure what is asked for."""
    if "arrays" in arguments:
        keep(growth())
    if names := [name for name in arguments if name in ("scipy", "duckdb", "spark")]:
        engines(names)
    if "resellers" in arguments:
        resellers()


if __name__ == "__main__":
    main(sys.argv[1:])
