"""The engines that run the SQL: DuckDB on this computer, Apache Spark on a cluster.

The SQL stands in plain files in ``helpers/warehouse/sql``, one step each, written once for all
engines; sqlglot turns it into another engine's dialect. Values are always bound as parameters and
names quoted, never pasted into the text.
"""

from __future__ import annotations

import functools
import glob
import os
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd

from helpers import data, handover
from helpers.reading.cleaning import with_reasons
from helpers.reading.export import (
    DATE,
    DATE_GIVEN,
    FILE,
    ROW,
    Export,
    inverse,
    our_names,
    shape_of,
)
from helpers.reading.parameters import Cleaning
from helpers.reading.queries import quoted
from helpers.reading.tables import SETTINGS, Tables, kinds_of

_SQL = Path(__file__).with_name("sql")


class EngineMissingError(data.DataError):
    """An engine that is not installed here. The message says how to get it."""


def sql(step: str, dialect: str = "duckdb") -> str:
    """The text of a step in an engine's dialect.

    Parameters
    ----------
    step : str
        One of :data:`helpers.warehouse.STEPS`, or "recommendations".
    dialect : str
        A dialect of sqlglot: "duckdb", "spark", "bigquery", "snowflake" ...

    Returns
    -------
    str
        With named placeholders, in the dialect's form.
    """
    return translated(_query(step), dialect)


def _query(step):
    if step == "clean":
        # lesson 01's rules, as for an export with all columns
        contract, cleaning = data.TRANSACTIONS, Cleaning(cancellation_prefix="C")
        return with_reasons(contract, list(contract.names), data.WHY_NO_PURCHASE, cleaning, KEPT)
    [path] = _SQL.glob(f"?_{step}.sql")
    return path.read_text(encoding="utf-8")


#: What the steps need of a clean row.
KEPT = "customer_id, product_id, transaction_date"


@functools.lru_cache(maxsize=256)  # each step is asked for by every job
def translated(query: str, dialect: str) -> str:
    """A query of ours in another engine's dialect, all names quoted."""
    import sqlglot

    tree = sqlglot.parse_one(query, read="duckdb")
    return tree.sql(dialect=dialect, identify=True, pretty=True)


@functools.cache
def placeholders(step: str) -> frozenset[str]:
    """Names of the parameters that a step needs."""
    import sqlglot

    tree = sqlglot.parse_one(sql(step), read="duckdb")
    return frozenset(place.name for place in tree.find_all(sqlglot.exp.Placeholder))


#: DuckDB's memory: in a run, and alone the last. Online Retail needs no more than the first.
_SHARED = ("200MB", "400MB", "1GB", "3GB")


class DuckDB(Tables):
    """DuckDB with its tables on disk, for data larger than the memory.

    Parameters
    ----------
    work : Path
        Folder for the tables; one that is there already is taken as it is.
    memory : str, optional
        Above it, DuckDB moves intermediate results to disk; 3 GB, if left out. Where a run makes
        several lessons share the machine, a step begins with less, and gets more if that is too
        little for what can't go to disk.
    threads : int
    """

    def __init__(self, work: Path, memory: str | None = None, threads: int = 2):
        import duckdb

        if memory is None:
            memory, *self.more = _SHARED if handover.in_a_run() else _SHARED[-1:]
        else:
            self.more = []
        self.work = Path(work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect(
            config=SETTINGS
            | {
                "memory_limit": memory,
                "threads": threads,
                "temp_directory": str(self.work / "spill"),
                "preserve_insertion_order": False,
            }
        )

    def open(self, export: Export) -> None:
        """Make the views ``export_0``, ``export_1`` ..., one for files of the same shape."""
        self.kinds = []
        for number, (paths, names) in enumerate(readable(export, self.work)):
            # a path is no pattern here
            table = self.connection.read_parquet([glob.escape(str(path)) for path in paths])
            columns = [
                f"{quoted(each)} AS {quoted(names.get(each, each))}" for each in table.columns
            ]
            if names:
                date = quoted(inverse(names)[export.contract.date])
                columns += [
                    f"CAST({date} AS TIMESTAMP) AS {DATE}", f"{date} IS NOT NULL AS {DATE_GIVEN}",
                    # nobody knows in which order several threads read rows
                    f"CAST(NULL AS INT) AS {FILE}", f"CAST(NULL AS BIGINT) AS {ROW}",
                ]  # fmt: skip
            table.project(", ".join(columns)).create_view(f"export_{number}", replace=True)
            self.kinds.append(kinds_of(self.connection, number))

    def keep(self, name: str, query: str, parameters: dict) -> None:
        """Compute a table and keep it on disk; one that is there already is taken as it is."""
        path = self.work / f"{name}.parquet"
        if not path.exists():
            self._write(query, parameters, path)
        self.connection.read_parquet(glob.escape(str(path))).create_view(name, replace=True)

    def drop(self, name: str) -> None:
        """Forget a table that is not needed any more."""
        for path in self.work.glob(f"{name}*.parquet"):
            path.unlink()

    def write(self, query: str, parameters: dict, folder: Path) -> None:
        """Compute a query and write its result into a folder, as parquet."""
        folder.mkdir(parents=True, exist_ok=True)
        self._write(query, parameters, folder / "part-0.parquet")

    def _write(self, query, parameters, path):
        import duckdb

        part = path.with_suffix(".part")
        while True:
            try:
                self.connection.sql(query, params=parameters or None).write_parquet(str(part))
            except duckdb.OutOfMemoryException:
                if not self.more:
                    raise
                self.connection.execute(f"SET memory_limit = '{self.more.pop(0)}'")
            else:
                part.rename(path)
                return


def readable(export: Export, work: Path) -> list[tuple[list[Path], dict[str, str]]]:
    """The export as parquet files that any engine reads, and which columns to call otherwise.

    Parquet files with real dates are read as they are. All others go through lesson 01's reader,
    which knows encodings, separators and date formats, and are kept as parquet in the work folder:
    one way to read text for all engines. Files with the same columns of the same types stand
    together.
    """
    import pyarrow.parquet as pq

    groups = {}
    if export.is_typed():
        for file, names in zip(export.files, export.names, strict=True):
            called = dict(zip(file.header, our_names(file.header, names), strict=True))
            groups.setdefault(shape_of(file.schema), ([], called))[0].append(file.path)
        return list(groups.values())
    for number in range(len(export.files)):
        path = work / f"export-{number}.parquet"
        batches = export.batches(number)
        first = next(batches)
        with pq.ParquetWriter(path, first.schema) as writer:
            writer.write_table(first)
            for batch in batches:
                writer.write_table(batch.cast(first.schema))
        groups.setdefault(shape_of(first.schema), ([], {}))[0].append(path)
    return list(groups.values())


def java_version() -> int:
    """The main version of the Java on the path (or in JAVA_HOME); 0 where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        return 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found.group(1)) if found else 0


class Spark:
    """Apache Spark, on this computer or on a cluster.

    Parameters
    ----------
    work : Path
        Folder for the tables; on a cluster, one that all its machines see.
    master : str
        ``local[*]``, ``spark://host:7077``, ``yarn`` ...
    conf : dict of str to str, optional
        Further settings of Spark.
    """

    def __init__(self, work: Path, master: str = "local[*]", conf: dict | None = None):
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise EngineMissingError(
                "Spark is not installed. It comes with the extra `spark`: "
                "`uv run --extra spark course score ...`; it needs Java 17."
            ) from None
        if java_version() < 17:
            raise EngineMissingError(
                "Spark needs Java 17 or newer, and there is none on the path. Install it (Debian: "
                "`apt-get install openjdk-17-jre-headless`; others: adoptium.net) and run "
                "`course check`."
            )
        self.work = Path(work).absolute()
        self.work.mkdir(parents=True, exist_ok=True)
        settings = {
            # joins and shuffles adapt to the sizes they find, and split what is skewed
            "spark.sql.adaptive.enabled": "true",
            "spark.sql.adaptive.skewJoin.enabled": "true",
            "spark.sql.session.timeZone": "UTC",
            # dates before 1900 are read, and rejected by us
            "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
            # an unreadable number or date is missing, not the end of the job
            "spark.sql.ansi.enabled": "false",
            "spark.sql.shuffle.partitions": "16",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.host": "127.0.0.1" if master.startswith("local") else None,
            **(conf or {}),
        }
        builder = SparkSession.builder.appName("recommender-course").master(master)
        for name, value in settings.items():
            if value is not None:
                builder = builder.config(name, value)
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("ERROR")

    def open(self, export: Export) -> None:
        """Make the views ``export_0``, ``export_1`` ..., one for files of the same shape."""
        from pyspark.sql import functions as make

        added, self.kinds = {DATE, DATE_GIVEN, FILE, ROW}, []
        for number, (paths, names) in enumerate(readable(export, self.work)):
            # a path is no pattern here
            paths = [
                re.sub(r"([\[\]{}*?\\])", r"\\\1", str(Path(each).absolute())) for each in paths
            ]
            table = self.session.read.parquet(*paths)
            if names:
                date = make.col(inverse(names)[export.contract.date])
                table = table.withColumns(
                    {
                        DATE: date.cast("timestamp"),
                        DATE_GIVEN: date.isNotNull(),
                        # nobody knows in which order a cluster reads rows
                        FILE: make.lit(None).cast("int"),
                        ROW: make.lit(None).cast("bigint"),
                    }
                ).withColumnsRenamed(names)
            table.createOrReplaceTempView(f"export_{number}")
            kinds = {n: _spark_kind(kind) for n, kind in table.dtypes if n not in added}
            self.kinds.append(kinds)

    def frame(self, query: str, parameters: dict | None = None) -> pd.DataFrame:
        """The result of a query, as a table; a small one."""
        table = self._table(query, parameters)
        rows = table.collect()
        return pd.DataFrame([row.asDict() for row in rows], columns=table.columns)

    def keep(self, name: str, query: str, parameters: dict) -> None:
        """Compute a table and keep it on disk; one that is there already is taken as it is."""
        path = self.work / name
        if not (path / "_SUCCESS").exists():
            self._table(query, parameters).write.mode("overwrite").parquet(str(path))
        self.session.read.parquet(str(path)).createOrReplaceTempView(name)

    def view(self, name: str, query: str) -> None:
        """Call a query by a name."""
        self._table(query, {}).createOrReplaceTempView(name)

    def small_table(self, name: str, columns: dict[str, list]) -> None:
        """Make a small table of texts."""
        rows = list(zip(*columns.values(), strict=True))
        schema = ", ".join(f"{each} STRING" for each in columns)
        self.session.createDataFrame(rows, schema).createOrReplaceTempView(name)

    def drop(self, name: str) -> None:
        """Forget a table that is not needed any more."""
        shutil.rmtree(self.work / name, ignore_errors=True)

    def write(self, query: str, parameters: dict, folder: Path) -> None:
        """Compute a query and write its result into a folder, as parquet."""
        folder = str(Path(folder).absolute())
        self._table(query, parameters).write.mode("overwrite").parquet(folder)

    def _table(self, query, parameters):
        return self.session.sql(translated(query, "spark"), args=parameters or None)

    def close(self) -> None:
        """End the session."""
        self.session.stop()


def _spark_kind(kind):
    if kind.startswith(("double", "float", "decimal")):
        return "float"
    return "number" if kind in ("tinyint", "smallint", "int", "bigint") else "text"
