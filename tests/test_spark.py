"""Spark for real: a master and two workers on the loopback interface, and one of them killed.

Skipped where Spark (the extra ``spark``) or Java 17 is missing.
"""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from helpers import data, warehouse
from helpers.course.laptop import java_version
from tests import dirty

pyspark = pytest.importorskip("pyspark", reason="the extra `spark` is not installed")
pytestmark = pytest.mark.skipif(java_version() < 17, reason="there is no Java 17")
CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(log, *arguments):
    environment = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_NO_DAEMONIZE": "1"}
    return subprocess.Popen([CLASS, *map(str, arguments)], stdout=log, stderr=log, env=environment)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A standalone master and two workers with one core each: (master's address, workers)."""
    folder, port = tmp_path_factory.mktemp("cluster"), free_port()
    address = f"spark://127.0.0.1:{port}"
    package = "org.apache.spark.deploy"
    with (folder / "log.txt").open("w") as log:
        master = start(log, f"{package}.master.Master", "--host", "127.0.0.1", "--port", port,
                       "--webui-port", free_port())  # fmt: skip
        workers = [
            start(log, f"{package}.worker.Worker", "--host", "127.0.0.1", "--webui-port",
                  free_port(), "--cores", 1, "--memory", "1g", "--work-dir", folder / str(number),
                  address)
            for number in range(2)
        ]  # fmt: skip
        deadline = time.monotonic() + 300
        while (folder / "log.txt").read_text().count("Successfully registered with master") < 2:
            assert time.monotonic() < deadline, (folder / "log.txt").read_text()[-3000:]
            time.sleep(0.3)
        yield address, workers
        for process in (*workers, master):
            end(process)


def end(process):
    """Kill a process and all that it has started."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for each in family:
        each.kill()
    process.wait()


def job(source, out, master, *more):
    return [sys.executable, "-m", "helpers.course.command", "score", "--engine", "spark",
            "--transactions", str(source), "--out", str(out), "--master", master,
            "--conf", "spark.executor.memory=512m", "--conf", "spark.driver.host=127.0.0.1",
            "--conf", "spark.sql.shuffle.partitions=4", *more]  # fmt: skip


def agree(source, out, folder, shop=None, **others):
    chosen = warehouse.Settings(**others)
    warehouse.score("scipy", source, folder / "scipy", chosen, shop=shop)
    ours, theirs = (warehouse.read_lists(path) for path in (folder / "scipy", out))
    assert len(ours) == len(theirs)
    for name in ("customer_id", "rank", "product_id", "source"):
        assert (ours[name].astype(str) == theirs[name].astype(str)).all(), name
    np.testing.assert_allclose(ours["score"], theirs["score"], atol=1e-6)


@pytest.fixture(scope="module")
def random_shop(tmp_path_factory):
    """Random histories with many ties, in several parquet files."""
    folder = tmp_path_factory.mktemp("shop")
    rng = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "customer_id": np.char.add("c", rng.integers(0, 300, 1_500).astype(str)),
            "product_id": np.char.add("p", (rng.random(1_500) ** 2 * 60).astype(int).astype(str)),
            "transaction_date": pd.Timestamp("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 90, 1_500), unit="D"),
        }
    )
    (folder / "parts").mkdir()
    for number in range(3):
        table.iloc[number::3].to_parquet(folder / "parts" / f"{number}.parquet", index=False)
    table.to_parquet(folder / "whole.parquet", index=False)
    return folder


def test_two_workers_agree_with_scipy_on_random_shops(cluster, random_shop, tmp_path):
    """Also on what must not be shown to whom."""
    rules = {"deny_products": ["p1", "p7"], "deny_customers": ["c1", "c2"]}
    rules["products_path"] = str(tmp_path / "products.csv")
    stock = [f"p{number},{number % 4 > 0:d}" for number in range(55)]
    (tmp_path / "products.csv").write_text("\n".join(["product_id,in_stock", *stock]))
    (tmp_path / "shop.yaml").write_text(json.dumps(rules))
    command = job(random_shop / "parts", tmp_path / "spark", cluster[0], "--parts", "1",
                  "--trend-days", "20", "--n", "4", "--neighbors", "3",
                  "-f", tmp_path / "shop.yaml")  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    agree(
        random_shop / "whole.parquet",
        tmp_path / "spark",
        tmp_path,
        data.Parameters.of(rules),
        trend_days=20,
        n=4,
        n_neighbors=3,
    )


def test_a_killed_worker_does_not_stop_the_job(cluster, tmp_path):
    """The bundled shop, from its CSV; one worker and its executor die in the middle."""
    master, workers = cluster
    out = tmp_path / "spark"
    running = subprocess.Popen(
        job(data.BUNDLED["transactions"], out, master),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 600  # on a busy machine
    while len(list(out.glob(".next/part=*"))) < 3 and running.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert len(list(out.glob(".next/part=*"))) in range(3, 16), "killed too late to prove anything"
    assert psutil.Process(workers[0].pid).children(), "this worker has no executor"
    end(workers[0])
    said, _ = running.communicate(timeout=300)
    assert running.returncode == 0, said
    assert len(list(out.glob("part=*"))) == 16
    agree(data.BUNDLED["transactions"], out, tmp_path)
    # what lesson 10 shows as Spark's
    stored = pd.read_csv(data.PROJECT / "data" / "spark_lists.csv")
    made = warehouse.read_lists(out).iloc[: len(stored)]
    assert (stored[["customer_id", "product_id"]].to_numpy()
            == made[["customer_id", "product_id"]].to_numpy()).all()  # fmt: skip
    np.testing.assert_allclose(stored["score"], made["score"], atol=1e-6)


SPARK_EXAMPLES = int(os.environ.get("DIRTY_TABLES_ON_SPARK", 5))


@settings(max_examples=SPARK_EXAMPLES, deadline=None, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck), derandomize=True)  # fmt: skip
@given(dirty.tables())
def test_a_row_means_the_same_on_spark(tmp_path_factory, drawn):
    """Dirty tables in every form: same reasons, same rows kept, same lists as in a lesson."""
    table, cleaning, form = drawn
    folder = tmp_path_factory.mktemp("dirty")
    source = dirty.write(table, form, folder)
    _, report = data.read_transactions(source, **cleaning)
    chosen = warehouse.Settings(n=3, n_parts=1)
    conf = {"spark.sql.shuffle.partitions": "1"}
    said = warehouse.score("spark", source, folder / "spark", chosen, cleaning=cleaning,
                           master="local[2]", conf=conf)  # fmt: skip
    assert said["rejected"] == report.rejected
    assert (said["read"], said["kept"]) == (report.read, report.kept)
    warehouse.score("scipy", source, folder / "scipy", chosen, cleaning=cleaning)
    ours, theirs = (warehouse.read_lists(folder / name) for name in ("scipy", "spark"))
    columns = ["customer_id", "rank", "product_id", "source", "score"]
    pd.testing.assert_frame_equal(ours[columns], theirs[columns], check_dtype=False, atol=1e-6)
