"""Whole runs: time and memory of this checkout beside another one.

    git worktree add ../before COMMIT
    python tests/benchmarks/runs.py ../before bundled
    python tests/benchmarks/runs.py ../before online --online OnlineRetail.csv
    python tests/benchmarks/runs.py ../before million five_million --turns 1

Both checkouts run `course run` on the same shop in turns, so that whatever else the machine does
meets both; medians and the ratio are printed. Memory is the peak of all processes of a run
together, counted so that shared pages count once (PSS, Linux). `processor` are the seconds that all
processes worked: of them a busy machine says more than of the time on the clock.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
from pyarrow import csv

HERE = Path(__file__).resolve().parent.parent.parent
#: Made-up shops: customers, products, lines.
MADE_UP = {"million": (40_000, 5_000, 1_000_000), "five_million": (200_000, 5_000, 5_000_000)}
_SECONDS_BETWEEN = 0.5


def made_up_shop(path: Path, customers: int, products: int, lines: int, seed: int = 0) -> None:
    """Write purchases of customers with tastes, over two years, as CSV.

    Parameters
    ----------
    path : Path
    customers, products, lines : int
    seed : int

    Notes
    -----
    A product's popularity falls with its rank, and customers differ as much in how often they come.
    Of ten lines, seven are of the customer's own taste, one of fifty.
    """
    rng = np.random.default_rng(seed)
    n_tastes = 50
    often = rng.lognormal(0, 1, customers)
    customer = rng.choice(customers, lines, p=often / often.sum())
    popular = 1 / np.arange(10, products // n_tastes + 10)
    in_taste = rng.choice(len(popular), lines, p=popular / popular.sum())
    taste = np.where(rng.random(lines) < 0.7, customer % n_tastes, rng.integers(0, n_tastes, lines))
    product = in_taste * n_tastes + taste
    order = np.argsort(day := rng.integers(0, 730, lines), kind="stable")
    customer, product, day = customer[order], product[order], day[order]
    quantity = rng.integers(1, 4, lines)
    price = np.round(rng.lognormal(2.5, 0.7, products), 2)[product]
    days = np.array([f"{each:%d-%m-%Y}" for each in pd.date_range("2023-01-01", periods=730)])
    ids = {"T": np.arange(lines), "C": customer, "P": product}
    of = {name: np.char.add(name, number.astype("U8")) for name, number in ids.items()}
    table = pa.table(
        {
            "transaction_id": of["T"],
            "customer_id": of["C"],
            "transaction_date": pa.array(days).take(pa.array(day)),
            "product_id": of["P"],
            "product_category": np.char.add("Category ", taste.astype("U2")),
            "quantity": quantity,
            "unit_price": price,
        }
    )
    csv.write_csv(table, path)


def shop_arguments(shop: str, checkout: Path, folder: Path, online: str) -> list[str]:
    """What a checkout's `course run` needs for a shop; a made-up one is written into the folder.

    Each checkout reads its own example: an older one need not know all names of a newer one.
    """
    if shop == "bundled":
        return []
    if shop == "online":
        example = checkout / "data" / "examples" / "online_retail.yaml"
        return ["-f", str(example), "-p", "transactions_path", str(Path(online).absolute())]
    path = folder / f"{shop}.csv"
    if not path.exists():
        made_up_shop(path, *MADE_UP[shop])
    return ["-p", "transactions_path", str(path)]


class Peak(threading.Thread):
    """Watches a process and all that it started: memory of all together in bytes, work in seconds.

    The last half second of each process is missed; the system's own sum lacks those for which none
    waits, such as a run's kernels.
    """

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self.process, self.bytes, self.over = psutil.Process(pid), 0, threading.Event()
        self.worked = {}

    def run(self):
        while not self.over.wait(_SECONDS_BETWEEN):
            self.bytes = max(self.bytes, self._now())

    def _now(self):
        total = 0
        try:
            tree = [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        for each in tree:
            try:
                total += each.memory_full_info().pss
                self.worked[each.pid, each.create_time()] = sum(each.cpu_times()[:2])
            except psutil.Error:  # it has ended meanwhile
                continue
        return total


def whole_run(checkout: Path, arguments: list[str], out: Path) -> dict[str, float]:
    """Seconds on the clock and of the processors, and the peak of memory, of one run.

    Raises
    ------
    RuntimeError
        If the run fails: half a run is no time to compare with.
    """
    command = [sys.executable, "-m", "helpers.course.command", "run", *arguments, "--out", out]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    log = out.with_suffix(".log")
    begin = time.perf_counter()
    with log.open("wb") as into:
        process = subprocess.Popen(
            command, cwd=checkout, env=environment, stdout=into, stderr=subprocess.STDOUT
        )
        peak = Peak(process.pid)
        peak.start()
        status = process.wait()
    seconds = time.perf_counter() - begin
    peak.over.set()
    said = log.read_text("utf-8", errors="replace")
    # a run may end well and still hold its lists back; a lesson that failed is another matter
    if " failed in " in said or "wrote" not in said:
        raise RuntimeError(f"{checkout}: the run ended with {status}:\n{said[-3000:]}")
    return {
        "seconds": seconds,
        "processor": sum(peak.worked.values()),
        "peak, GB": peak.bytes / 1e9,
    }


def main():
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="the checkout to compare with")
    parser.add_argument("shops", nargs="+", choices=["bundled", "online", *MADE_UP])
    parser.add_argument("--online", default="OnlineRetail.csv", help="UCI Online Retail")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="for shops and results; else a temporary one")
    given = parser.parse_args()
    checkouts = {"other": given.other.resolve(), "this": HERE}
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        folder, rows = given.folder or Path(scratch), []
        for shop in given.shops:
            for turn in range(given.turns):
                for name, checkout in checkouts.items():
                    arguments = shop_arguments(shop, checkout, folder.absolute(), given.online)
                    out = Path(scratch) / f"{shop}-{name}-{turn}"
                    rows.append(
                        {"shop": shop, "checkout": name, **whole_run(checkout, arguments, out)}
                    )
                    print(rows[-1], flush=True)
    table = pd.DataFrame(rows).groupby(["shop", "checkout"], sort=False).median()
    print(table.round(2).to_string())
    this, other = (table.xs(name, level="checkout") for name in ("this", "other"))
    print("\nthis / other\n" + (this / other).round(2).to_string())


if __name__ == "__main__":
    main()
