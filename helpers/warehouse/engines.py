"""The engines that run the SQL: DuckDB inside this process, Apache Spark on a cluster.

The SQL stands in plain files in ``helpers/warehouse/sql``, one step each, written once for all
engines; sqlglot turns it into another engine's dialect. Values are always bound as parameters and
names quoted, never pasted into the text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd

from helpers import data

_SQL = Path(__file__).with_name("sql")
_COLUMNS = ["customer_id", "product_id", "transaction_date", "quantity", "unit_price"]
_COLUMNS += ["transaction_id"]
# what strptime calls %d is dd to Java
_JAVA = {"%d": "dd", "%m": "MM", "%Y": "yyyy", "%y": "yy", "%H": "HH", "%M": "mm", "%S": "ss"}


class EngineMissingError(data.DataError):
    """An engine that is not installed here. The message says how to get it."""


def sql(step: str, dialect: str = "duckdb") -> str:
    """The text of a step in an engine's dialect.

    Parameters
    ----------
    step : str
        One of :data:`STEPS`, or "recommendations".
    dialect : str
        A dialect of sqlglot: "duckdb", "spark", "bigquery", "snowflake" ...

    Returns
    -------
    str
        With named placeholders, in the dialect's form.
    """
    import sqlglot

    [path] = _SQL.glob(f"?_{step}.sql")
    tree = sqlglot.parse_one(path.read_text(encoding="utf-8"), read="duckdb")
    return tree.sql(dialect=dialect, identify=True, pretty=True)


def placeholders(step: str) -> set[str]:
    """Names of the parameters that a step needs."""
    import sqlglot

    tree = sqlglot.parse_one(sql(step), read="duckdb")
    return {place.name for place in tree.find_all(sqlglot.exp.Placeholder)}


def typed_purchases(names: dict[str, str], real_dates: bool, dialect: str) -> str:
    """The query that gives an export our column names and types.

    Parameters
    ----------
    names : dict of str to str
        Their column: ours.
    real_dates : bool
        Whether the dates are dates already; else they are text in the format ``date_format``,
        a bound parameter.
    dialect : str

    Returns
    -------
    str
        From the view ``export``. What can't be read is missing; ids are text without blanks
        around.
    """
    from sqlglot import exp

    theirs = {ours: name for name, ours in names.items()}
    kinds = {"quantity": "DOUBLE", "unit_price": "DOUBLE", "transaction_date": "TIMESTAMP"}
    chosen = []
    for ours in _COLUMNS:
        kind = kinds.get(ours, "VARCHAR")
        if ours not in theirs:
            chosen.append(exp.cast(exp.null(), kind).as_(ours))
            continue
        column = exp.column(theirs[ours], quoted=True)
        text = exp.func(
            "NULLIF", exp.Trim(this=exp.cast(column, "VARCHAR")), exp.Literal.string("")
        )
        if kind == "VARCHAR":
            value = text
        elif kind == "DOUBLE":
            value = exp.TryCast(this=text, to=exp.DataType.build("DOUBLE"))
        elif real_dates:
            value = exp.cast(column, "TIMESTAMP")
        else:
            reader = {"duckdb": "TRY_STRPTIME", "spark": "TRY_TO_TIMESTAMP"}[dialect]
            value = exp.Anonymous(
                this=reader, expressions=[text, exp.Placeholder(this="date_format")]
            )
        chosen.append(value.as_(ours))
    return exp.select(*chosen).from_("export").sql(dialect=dialect, identify=True)


class DuckDB:
    """DuckDB: a column database inside this process.

    Parameters
    ----------
    work : Path
        Folder for the steps' results.
    memory : str
        Above it, DuckDB moves intermediate results to disk.
    threads : int
    """

    dialect = "duckdb"

    def __init__(self, work: Path, memory: str = "3GB", threads: int = 2):
        import duckdb

        self.work = Path(work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.connection = duckdb.connect(
            config={
                "memory_limit": memory,
                "threads": threads,
                "temp_directory": str(self.work / "spill"),
                # a job loads nothing from elsewhere
                "autoinstall_known_extensions": False,
                "preserve_insertion_order": False,
            }
        )

    def open(self, paths: list[Path]) -> tuple[list[str], set[str]]:
        """Make the view ``export`` of the files; its columns, and those that are dates."""
        names = [str(path) for path in paths]
        if paths[0].suffix == ".parquet":
            table = self.connection.read_parquet(names)
        else:
            table = self.connection.read_csv(names, header=True, all_varchar=True)
        table.create_view("export", replace=True)
        kinds = dict(zip(table.columns, map(str, table.types), strict=True))
        return table.columns, {n for n, kind in kinds.items() if kind.startswith(("TIME", "DATE"))}

    def register(self, query: str, date_format: str) -> None:
        """Make the view ``purchases`` from the query of :func:`typed_purchases`."""
        # a view can't hold a bound parameter, so the small typed table is made right away
        parameters = {"date_format": date_format} if "$date_format" in query else {}
        path = self.work / "purchases.parquet"
        if not path.exists():
            self._write(query, parameters, path)
        self.connection.read_parquet(str(path)).create_view("purchases", replace=True)

    def name_list(self, name: str, values: list[str]) -> None:
        """Make a small view with one column, ``code``."""
        table = self.connection.sql(
            "SELECT UNNEST(CAST($codes AS VARCHAR[])) AS code", params={"codes": list(values)}
        )
        path = self.work / f"{name}.parquet"
        table.write_parquet(str(path))
        self.connection.read_parquet(str(path)).create_view(name, replace=True)

    def keep(self, step: str, parameters: dict) -> None:
        """Compute a step and keep it as a table; an earlier result is taken as it is."""
        path = self.work / f"{step}.parquet"
        if not path.exists():
            self._write(sql(step), parameters, path)
        self.connection.read_parquet(str(path)).create_view(step, replace=True)

    def frame(self, query: str) -> pd.DataFrame:
        """A small result."""
        return self.connection.sql(query).df()

    def write(self, step: str, parameters: dict, folder: Path) -> None:
        """Compute a step and write it into a folder, as parquet."""
        folder.mkdir(parents=True, exist_ok=True)
        self._write(sql(step), parameters, folder / "part-0.parquet")

    def _write(self, query, parameters, path):
        part = path.with_suffix(".part")
        self.connection.sql(query, params=parameters).write_parquet(str(part))
        part.rename(path)

    def close(self) -> None:
        """Let go of memory and files."""
        self.connection.close()


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
        Folder for the steps' results; on a cluster, one that all its machines see.
    master : str
        ``local[*]``, ``spark://host:7077``, ``yarn`` ...
    conf : dict of str to str, optional
        Further settings of Spark.
    """

    dialect = "spark"

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

    def open(self, paths: list[Path]) -> tuple[list[str], set[str]]:
        """Make the view ``export`` of the files; its columns, and those that are dates."""
        names = [str(Path(path).absolute()) for path in paths]
        if paths[0].suffix == ".parquet":
            table = self.session.read.parquet(*names)
        else:
            table = self.session.read.csv(names, header=True, multiLine=True, escape='"')
        table.createOrReplaceTempView("export")
        return table.columns, {n for n, kind in table.dtypes if kind.startswith(("time", "date"))}

    def register(self, query: str, date_format: str) -> None:
        """Make the view ``purchases`` from the query of :func:`typed_purchases`."""
        parameters = {}
        if ":date_format" in query:
            parameters["date_format"] = java_format(date_format)
        self.session.sql(query, args=parameters).createOrReplaceTempView("purchases")

    def name_list(self, name: str, values: list[str]) -> None:
        """Make a small view with one column, ``code``."""
        rows = [(each,) for each in values]
        self.session.createDataFrame(rows, "code STRING").createOrReplaceTempView(name)

    def keep(self, step: str, parameters: dict) -> None:
        """Compute a step and keep it as a table; an earlier result is taken as it is."""
        path = self.work / step
        if not (path / "_SUCCESS").exists():
            table = self.session.sql(sql(step, "spark"), args=parameters)
            table.write.mode("overwrite").parquet(str(path))
        self.session.read.parquet(str(path)).createOrReplaceTempView(step)

    def frame(self, query: str) -> pd.DataFrame:
        """A small result."""
        rows = self.session.sql(query).collect()
        return pd.DataFrame([row.asDict() for row in rows])

    def write(self, step: str, parameters: dict, folder: Path) -> None:
        """Compute a step and write it into a folder, as parquet."""
        table = self.session.sql(sql(step, "spark"), args=parameters)
        table.write.mode("overwrite").parquet(str(Path(folder).absolute()))

    def close(self) -> None:
        """End the session."""
        self.session.stop()


def java_format(date_format: str) -> str:
    """A date format as in :meth:`datetime.datetime.strftime`, in Java's letters.

    Raises
    ------
    DataError
        For a part that is not known here.
    """
    java, rest = "", date_format
    while rest:
        if rest[0] == "%":
            if rest[:2] not in _JAVA:
                raise data.DataError(f"date_format: Spark has no part for {rest[:2]!r}.")
            java, rest = java + _JAVA[rest[:2]], rest[2:]
        else:
            java, rest = java + (f"'{rest[0]}'" if rest[0].isalpha() else rest[0]), rest[1:]
    return java
