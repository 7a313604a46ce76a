"""The batch job: everyone's list, step by step and part by part.

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

import pandas as pd

from helpers import data, production, writing
from helpers.recommend import ItemBased
from helpers.warehouse.engines import DuckDB, Spark, placeholders, typed_purchases

STEPS = ["clean", "products", "customers", "pairs", "trend", "baskets", "neighbours"]
NO_CAP = 2_147_483_647


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
    with writing.replacing(out / "report.json") as file:
        file.write_text(json.dumps(report, indent=2, ensure_ascii=False), encoding="utf-8")
    if csv:
        table = read_lists(out)
        writing.write_csv(table, out / "recommendations.csv")
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
        with writing.replacing(note) as file:
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
