"""Lesson 09. The same six steps as SQL: on DuckDB inside this process, or on Apache Spark.

The SQL stands in plain files in ``helpers/sql``, one step each, written once for all engines;
sqlglot turns it into another engine's dialect. Values are always bound as parameters and names
quoted, never pasted into the text.

Every step's result is kept as parquet in the work folder, so that a job that dies goes on where
it was.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import data, production
from helpers.recommend import ItemBased

STEPS = ["clean", "products", "customers", "pairs", "trend", "baskets", "neighbours"]
NO_CAP = 2_147_483_647
_SQL = Path(__file__).with_name("sql")
_COLUMNS = ["customer_id", "product_id", "transaction_date", "quantity", "unit_price"]
_COLUMNS += ["transaction_id"]
# what strptime calls %d is dd to Java
_JAVA = {"%d": "dd", "%m": "MM", "%Y": "yyyy", "%y": "yy", "%H": "HH", "%M": "mm", "%S": "ss"}


class EngineMissingError(data.DataError):
    """An engine that is not installed here. The message says how to get it."""


@dataclass(frozen=True)
class Settings:
    """What is to be computed; the same for every engine.

    Attributes
    ----------
    n : int
        Length of the lists.
    n_neighbors : int
    trend_days : int or None
    basket_cap : int
        A customer speaks for the similarity of products with so many of the latest purchases at
        most. The pairs of a basket grow with its square: without a cap, one reseller can outweigh
        a million customers. Lists are made from all purchases.
    n_parts : {1, 16, 256}
        Into how many parts the customers are dealt.
    """

    n: int = 5
    n_neighbors: int = 50
    trend_days: int | None = None
    basket_cap: int = NO_CAP
    n_parts: int = 16

    @property
    def digits(self) -> int:
        """How many digits of the customer id's MD5 name the part."""
        return {1: 0, 16: 1, 256: 2}[self.n_parts]

    @property
    def parts(self) -> list[str]:
        """Names of the parts: "" for the only one, else "0" to "f" or "00" to "ff"."""
        return [f"{k:0{self.digits}x}" for k in range(self.n_parts)] if self.digits else [""]


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


def input_files(pattern) -> list[Path]:
    """The files that a path, a folder of parts or a glob stands for.

    Raises
    ------
    DataError
        If there are none, or of different kinds.
    """
    path = Path(pattern)
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix in (".parquet", ".csv"))
    elif any(mark in str(pattern) for mark in "*?["):
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        found = sorted(anchor.glob(str(path.relative_to(path.anchor) if path.anchor else path)))
    else:
        found = [path] if path.is_file() else []
    found = [p for p in found if not p.name.startswith((".", "_"))]
    if not found:
        raise data.DataError(f"There is no file at {pattern}. Check the path.")
    if len({p.suffix for p in found}) > 1:
        raise data.DataError(
            f"{pattern} holds files of different kinds ({found[0].name}, {found[-1].name}); name "
            "those to be read, for example with *.parquet."
        )
    if found[0].suffix not in (".parquet", ".csv"):
        raise data.DataError(f"{found[0].name}: this engine reads CSV and parquet only.")
    return found


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
        from helpers.laptop import java_version

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


def prepare(
    engine: DuckDB | Spark,
    paths: list[Path],
    settings: Settings,
    columns: dict[str, str] | None = None,
    date_format: str = data.DATE_FORMAT,
    cleaning: dict | None = None,
) -> dict:
    """All steps but the last: everything up to each product's neighbours, kept in the work folder.

    Parameters
    ----------
    engine : DuckDB or Spark
    paths : list of Path
        From :func:`input_files`.
    settings : Settings
    columns : dict, optional
        Their column: ours.
    date_format : str
    cleaning : dict, optional
        ``cancellation_prefix`` and ``non_products`` of :func:`helpers.data.read_transactions`.

    Returns
    -------
    dict
        ``read``, ``kept`` and ``rejected`` (rows by reason), ``customers``, ``products``.

    Raises
    ------
    DataError
        If a required column is missing, or nothing is left.
    """
    cleaning = dict(cleaning or {})
    prefix = cleaning.pop("cancellation_prefix", None) or ""
    engine.name_list("no_products", [str(code) for code in cleaning.pop("non_products", ())])
    unknown = [name for name in cleaning if cleaning[name]]
    if unknown or not isinstance(date_format, str):
        raise data.DataError(
            f"{unknown[0] if unknown else 'A list as date_format'} is understood by the engine "
            "scipy only. Leave it out, or clean the export in the warehouse first."
        )
    try:
        header, dates = engine.open(paths)
    except Exception as error:  # each engine has exceptions of its own; all mean the same here
        raise data.DataError(
            f"{paths[0].name} could not be read by {type(engine).__name__}: "
            f"{str(error).strip().splitlines()[0]} Is it UTF-8, with a header line?"
        ) from None
    names = data.match_columns(header, columns, paths[0])
    [dated] = [theirs for theirs, ours in names.items() if ours == "transaction_date"]
    query = typed_purchases(names, dated in dates, engine.dialect)
    engine.register(query, date_format)
    tomorrow = pd.Timestamp.now().normalize() + pd.Timedelta(days=1)
    values = {
        "tomorrow": tomorrow.to_pydatetime(),
        "prefix": prefix,
        "digits": settings.digits,
        "with_trend": settings.trend_days is not None,
        "basket_cap": settings.basket_cap,
        "n_neighbors": settings.n_neighbors,
    }
    for step in STEPS:
        if step == "trend":
            newest = pd.Timestamp(
                engine.frame("SELECT MAX(last_bought) AS newest FROM pairs").iat[0, 0]
            )
            for name, days in (
                ("trend_from", settings.trend_days or 0),
                ("popular_from", production.POPULAR_DAYS),
            ):
                values[name] = (newest - pd.Timedelta(days=days)).to_pydatetime()
        engine.keep(step, {name: values[name] for name in placeholders(step)})
        if step == "clean":
            report = _report(engine, paths)
    counts = engine.frame(
        "SELECT (SELECT COUNT(*) FROM customers) AS customers, "
        "(SELECT COUNT(*) FROM products) AS products"
    )
    return report | {name: int(counts[name].iat[0]) for name in counts}


def _report(engine, paths):
    rows = engine.frame("SELECT reason, COUNT(*) AS n FROM clean GROUP BY reason ORDER BY reason")
    kept = int(rows.loc[rows["reason"].isna(), "n"].sum())
    rejected = rows.dropna(subset="reason").set_index("reason")["n"].astype(int).to_dict()
    if not kept:
        raise data.DataError(
            f"{paths[0].name}: none of the {sum(rejected.values()):,} rows could be used "
            f"({', '.join(f'{reason}: {n:,}' for reason, n in rejected.items())}). Look at the "
            "columns and the date_format."
        )
    read, undated = kept + sum(rejected.values()), rejected.get("no or unreadable date", 0)
    if undated > data.MOST_UNREADABLE * read:
        raise data.DataError(
            f"{paths[0].name}: {undated:,} of {read:,} rows have no date in the format of "
            "`date_format`. Set it to the file's own."
        )
    return {"read": read, "kept": kept, "rejected": rejected}


def part_of(customers: Iterable[str], digits: int) -> list[str]:
    """The part each customer belongs to: the first digits of the id's MD5, as in the SQL."""
    return [hashlib.md5(each.encode()).hexdigest()[:digits] for each in customers]


class SciPy:
    """The course's own engine behind the same face: for data that fit into memory."""

    def __init__(
        self, path, settings: Settings, columns=None, date_format=data.DATE_FORMAT, cleaning=None
    ):
        table, report = data.read_transactions(path, columns, date_format, **(cleaning or {}))
        self.report = {"read": report.read, "kept": report.kept, "rejected": report.rejected}
        self.engine = production.build_engine(table, None, ItemBased(
            settings.n_neighbors, trend_days=settings.trend_days))  # fmt: skip
        customers = self.engine.model.customers_
        self.report |= {"customers": len(customers), "products": len(self.engine.model.products_)}
        self.customers = customers.to_series().groupby(part_of(customers, settings.digits))

    def lists(self, part: str, n: int) -> pd.DataFrame:
        """The lists of one part of the customers."""
        if part not in self.customers.groups:
            return self.engine.recommend([], n)
        table = self.engine.recommend(pd.Index(self.customers.get_group(part)), n)
        return table.rename(columns={"rank": "place"})


def choose_engine(paths: list[Path], free_bytes: int) -> tuple[str, str]:
    """SciPy while the data fit, else DuckDB; and the reason in a line.

    Returns
    -------
    engine : {"scipy", "duckdb"}
    reason : str
    """
    # as in runs.side_by_side: a plain file takes about 13 times its size, a packed one 60
    size = sum(path.stat().st_size for path in paths)
    need = size * (13 if paths[0].suffix == ".csv" else 60)
    fits = need < free_bytes and len(paths) == 1
    engine = "scipy" if fits else "duckdb"
    why = "one table" if len(paths) == 1 else f"{len(paths)} files"
    return engine, (
        f"engine: {engine} ({why} of {size / 1e6:,.0f} MB; about {need / 1e9:,.1f} of "
        f"{free_bytes / 1e9:,.1f} GB free memory)"
    )


def score(
    engine_name: str,
    pattern,
    out: Path,
    settings: Settings,
    columns: dict[str, str] | None = None,
    date_format: str = data.DATE_FORMAT,
    cleaning: dict | None = None,
    csv: bool = False,
    master: str = "local[*]",
    conf: dict | None = None,
    progress=lambda parts: parts,
) -> dict:
    """The batch job: everyone's list, part by part, into a folder of parquet files.

    A part is written under another name and renamed when it is complete. A job that is started
    again with the same input and settings goes on with the parts that are missing; otherwise it
    begins anew.

    Parameters
    ----------
    engine_name : {"scipy", "duckdb", "spark"}
    pattern : path-like
        A file, a folder of parts or a glob.
    out : Path
        Receives ``part=.../``, ``report.json`` and, if asked for, ``recommendations.csv``.
    settings : Settings
    columns, date_format, cleaning
        As in :func:`helpers.data.read_transactions`; engines other than SciPy know fewer ways of
        cleaning and say so.
    csv : bool
    master, conf
        For Spark.
    progress : callable
        Wraps the list of parts, e.g. tqdm.

    Returns
    -------
    dict
        What :func:`prepare` returns, and ``parts`` written now and ``rows`` in all.
    """
    paths = input_files(pattern) if engine_name != "scipy" else [Path(pattern)]
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    work = out / ".work"
    made_from = [engine_name, asdict(settings), columns, date_format, cleaning]
    _begin_anew_if_changed(out, work, paths, made_from)
    if engine_name == "scipy":
        if settings.basket_cap != NO_CAP:
            raise data.DataError("basket_cap is for the other engines: SciPy needs none.")
        scipy = SciPy(pattern, settings, columns, date_format, cleaning)
        report, engine = scipy.report, None
    else:
        engine = DuckDB(work) if engine_name == "duckdb" else Spark(work, master, conf)
        report = prepare(engine, paths, settings, columns, date_format, cleaning)
    waiting = [part for part in settings.parts if not _folder(out, part).exists()]
    for part in progress(waiting):
        fresh = out / f".part-{part}"
        shutil.rmtree(fresh, ignore_errors=True)
        if engine is None:
            fresh.mkdir()
            lists = scipy.lists(part, settings.n)
            lists.to_parquet(fresh / "part-0.parquet", index=False)
        else:
            engine.write("recommendations", {"part": part, "n": settings.n}, fresh)
        fresh.rename(_folder(out, part))
    if engine is not None:
        engine.close()
    report |= {"parts": len(waiting), "rows": _count(out)}
    with production.replacing(out / "report.json") as file:
        file.write_text(json.dumps(report, indent=2, ensure_ascii=False), encoding="utf-8")
    if csv:
        table = read_lists(out)
        production.write_csv(table, out / "recommendations.csv")
    shutil.rmtree(work, ignore_errors=True)
    return report


def _folder(out, part):
    return out / f"part={part or 'all'}"


def _begin_anew_if_changed(out, work, paths, made_from):
    """Keep what an earlier job left only if it was made from the same input in the same way."""
    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths
             if path.exists()]  # fmt: skip
    mark = hashlib.sha256(json.dumps([files, made_from], default=str).encode()).hexdigest()
    note = out / ".job"
    if not note.exists() or note.read_text() != mark:
        for old in [*out.glob("part=*"), *out.glob(".part-*"), work]:
            shutil.rmtree(old, ignore_errors=True)
        with production.replacing(note) as file:
            file.write_text(mark)


def _count(out):
    import pyarrow.parquet as pq

    files = out.glob("part=*/*.parquet")
    return sum(pq.ParquetFile(file).metadata.num_rows for file in files)


def read_lists(out: Path) -> pd.DataFrame:
    """All parts as one table, ordered by customer and place."""
    files = sorted(Path(out).glob("part=*/*.parquet"))
    table = pd.concat([pd.read_parquet(file, partitioning=None) for file in files])
    return table.sort_values(["customer_id", "place"], ignore_index=True)


# How work grows: what lesson 09 draws

_SIZE_OF = {"customers": "customers", "products": "products", "basket": "purchases"}


def growth(measured: pd.DataFrame) -> pd.DataFrame:
    """Exponents of the power laws seconds = a x size^b, by least squares on the logarithms.

    Parameters
    ----------
    measured : DataFrame
        ``what`` grows, its sizes, and seconds to ``fit`` and to ``recommend``; from
        ``tests/benchmarks/scale.py``.

    Returns
    -------
    DataFrame
        One row per quantity: *b* of ``fit`` and of ``recommend``. A basket's size is counted in
        purchases.
    """
    rows = {}
    for what, column in _SIZE_OF.items():
        points = measured[measured["what"] == what]
        rows[what] = {
            step: np.polyfit(np.log(points[column]), np.log(points[step]), 1)[0]
            for step in ("fit", "recommend")
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("what grows")


def growth_curves(measured: pd.DataFrame) -> pd.DataFrame:
    """Seconds to fit, in those of the smallest size, by times the smallest size.

    Points of the three quantities lie at different sizes; between them it is interpolated.
    """
    curves = {}
    for what, column in _SIZE_OF.items():
        points = measured[measured["what"] == what]
        times = (points[column] / points[column].min()).round(1)
        curves[what] = pd.Series((points["fit"] / points["fit"].iloc[0]).to_numpy(), times)
    return pd.DataFrame(curves).interpolate(method="index", limit_area="inside")
