"""The batch job: everyone's list, step by step and part by part.

Every step's result is kept as parquet in the work folder, so that a job that dies goes on where
it was. Lists that were made before stay where they are until the new ones are complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from helpers import catalogue, data, production, progress, writing
from helpers.reading.cleaning import clean
from helpers.reading.databases import Query
from helpers.reading.export import Export
from helpers.reading.files import memory_needed
from helpers.reading.parameters import Cleaning, Parameters
from helpers.recommend import ItemBased
from helpers.warehouse.engines import KEPT, DuckDB, Spark, placeholders, sql

STEPS = ["clean", "products", "customers", "pairs", "trend", "histories", "neighbours"]
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
    history_cap : int
        A customer speaks for the similarity of products with so many of the latest purchases at
        most. The pairs of a history grow with its square: without a cap, one reseller can make as
        many as a million customers. Lists are made from all purchases.
    n_parts : {1, 16, 256}
        Into how many parts the customers are dealt.
    """

    n: int = 5
    n_neighbors: int = 50
    trend_days: int | None = None
    history_cap: int = NO_CAP
    n_parts: int = 16

    @property
    def digits(self) -> int:
        """How many digits of the customer id's MD5 name the part."""
        return {1: 0, 16: 1, 256: 2}[self.n_parts]

    @property
    def parts(self) -> list[str]:
        """Names of the parts: "" for the only one, else "0" to "f" or "00" to "ff"."""
        return [f"{k:0{self.digits}x}" for k in range(self.n_parts)] if self.digits else [""]


def purchases(source, columns=None, date_format=data.DATE_FORMAT, cleaning=None, time_zone=None,
              join=()):  # fmt: skip
    """An export of purchases and how to clean it, as lesson 01 reads them.

    Parameters
    ----------
    source, columns, date_format, time_zone, join
        As in :func:`helpers.data.read_transactions`.
    cleaning : dict, optional
        Further options of :func:`helpers.data.read_transactions`.

    Returns
    -------
    export : Export
    cleaning : Cleaning

    Raises
    ------
    DataError
        If a file, column or option is missing or wrong.
    """
    options = Cleaning.of(cleaning)
    export = Export(source, data.TRANSACTIONS, columns, date_format, options, time_zone, join)
    if export.problems:
        raise data.DataError(f"{export.name}: " + " ".join(export.problems))
    return export, options


class Forbidden:
    """What a batch job must not show to whom.

    Parameters
    ----------
    shop : Parameters
        Its catalogue and rules. Those of the channels don't matter here; places for new products
        are for `course run`.

    Raises
    ------
    DataError
        If the catalogue can't be read, or categories are denied that it does not have: the job
        reads none from the purchases.
    """

    def __init__(self, shop: Parameters | None = None):
        of_channels = {"places_for_new": 0, "one_of_category": []}
        self.shop = (shop or Parameters()).model_copy(update=of_channels)
        self.catalogue = data.load_products(self.shop)
        known = () if self.catalogue is None else self.catalogue
        if self.shop.deny_categories and "product_category" not in known:
            raise data.DataError(
                "deny_categories: a batch job knows the categories of a catalogue only. Name one "
                "in `products_path` that has them, or list the products in `deny_products`."
            )

    def rules(self, product_ids: pd.Index, customers: pd.Index) -> catalogue.Rules:
        """The rules for a shop with these products, and (at least) the denied of its customers."""
        products = self.catalogue
        if self.shop.cleaning.merge_case and products is not None:
            products = data.load_products(self.shop, product_ids)
        return catalogue.rules_for(pd.DataFrame(index=product_ids), products, self.shop, customers)

    def mark(self) -> list:
        """Changes with whatever changes the rules."""
        names = ("deny_products", "deny_categories", "deny_customers", "margin_floor")
        products, coming = self.catalogue, None
        if products is not None:
            if "launched" in products:
                coming = products.index[products["launched"] > pd.Timestamp.now()].tolist()
            products = production.data_fingerprint(products.reset_index())
        return [products, coming, *(getattr(self.shop, name) for name in names)]


def prepare(
    engine: DuckDB | Spark,
    export: Export,
    settings: Settings,
    cleaning: Cleaning | None = None,
    forbidden: Forbidden | None = None,
) -> dict:
    """All steps but the last: everything up to each product's neighbours, kept in the work folder.

    Parameters
    ----------
    engine : DuckDB or Spark
    export : Export
        From :func:`purchases`.
    settings : Settings
    cleaning : Cleaning, optional
    forbidden : Forbidden, optional

    Returns
    -------
    dict
        ``read``, ``kept`` and ``rejected`` (rows by reason), ``unknown`` (names in the rules that
        the purchases don't have), ``customers``, ``products``; ``steps`` (rows of the table that
        each of :data:`STEPS` leaves).

    Raises
    ------
    DataError
        If the export cannot be read, or nothing of it can be used.
    """
    report = _clean_once(engine, export, cleaning or Cleaning())
    ids = engine.frame("SELECT DISTINCT product_id FROM clean WHERE reason IS NULL")["product_id"]
    forbidden = forbidden or Forbidden()
    customers = _equal_but_for_case(engine, forbidden.shop.deny_customers)
    rules = forbidden.rules(pd.Index(ids.astype("str")).sort_values(), customers)
    report |= {"unknown": rules.unknown}
    ids = rules.products.index
    engine.small_table("not_for_sale", {"code": ids[~rules.shown(ids)].tolist()})
    engine.small_table("no_personal_list", {"code": sorted(set(rules.no_personal_list))})
    values = {
        "digits": settings.digits,
        "with_trend": settings.trend_days is not None,
        "history_cap": settings.history_cap,
        "n_neighbors": settings.n_neighbors,
    }
    for step in STEPS[1:]:
        if step == "trend":
            newest = engine.frame("SELECT MAX(last_bought) AS newest FROM pairs", {}).iat[0, 0]
            for name, days in (
                ("trend_from", settings.trend_days or 0),
                ("popular_from", production.POPULAR_DAYS),
            ):
                values[name] = (pd.Timestamp(newest) - pd.Timedelta(days=days)).to_pydatetime()
        engine.keep(step, sql(step), {name: values[name] for name in placeholders(step)})
    counts = engine.frame(
        "SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {step}) AS {step}" for step in STEPS), {}
    )
    steps = {step: int(counts[step].iat[0]) for step in STEPS}
    return report | {"steps": steps} | {each: steps[each] for each in ("customers", "products")}


def _equal_but_for_case(engine, asked):
    """The customers in the table ``clean`` who are called like these, whatever the case."""
    asked = {f"asked_{n}": e.lower() for n, e in enumerate(data.clean_ids(asked) if asked else [])}
    if not asked:
        return pd.Index([], dtype="str")
    any_of = ", ".join(f"${name}" for name in asked)
    query = f"SELECT DISTINCT customer_id FROM clean WHERE LOWER(customer_id) IN ({any_of})"
    return pd.Index(engine.frame(query, asked)["customer_id"].astype("str"))


def _clean_once(engine, export, cleaning):
    """Lesson 01 in the engine: the table ``clean``, and what became of the rows."""
    note = engine.work / "report.json"
    if note.exists():
        engine.keep("clean", "", {})
        return json.loads(note.read_text(encoding="utf-8"))
    engine.open(export)
    clean(engine, export, data.WHY_NO_PURCHASE, cleaning, KEPT)
    counts = engine.frame("SELECT reason, COUNT(*) AS n FROM clean GROUP BY reason", {})
    counts = counts.assign(reason=counts["reason"].fillna("")).set_index("reason")["n"]
    rejected = {r: int(counts[r]) for r in data.WHY_NO_PURCHASE if r in counts}
    report = {"read": int(counts.sum()), "kept": int(counts.get("", 0)), "rejected": rejected}
    _check_any(report, export)
    with writing.replacing(note) as file:
        file.write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
    return report


def _check_any(report, export):
    if not report["kept"]:
        reasons = ", ".join(f"{reason}: {n:,}" for reason, n in report["rejected"].items())
        raise data.DataError(
            f"{export.name}: none of the {report['read']:,} rows could be used"
            + (f" ({reasons})." if reasons else ".")
            + " Look at the file, the columns and the date_format."
        )


def part_of(customers: Iterable[str], digits: int) -> list[str]:
    """The part each customer belongs to: the first digits of the id's MD5, as in the SQL."""
    return [hashlib.md5(each.encode()).hexdigest()[:digits] for each in customers]


class SciPy:
    """The course's own engine behind the same face: for data that fit into memory.

    Similarity alone, as in SQL: a blend with EASE, which needs an inverse, is for `course run`.
    """

    def __init__(self, export: Export, settings: Settings, cleaning: Cleaning,
                 forbidden: Forbidden):  # fmt: skip
        table, report = data.clean_purchases(export, cleaning)
        self.report = {"read": report.read, "kept": report.kept, "rejected": report.rejected}
        _check_any(self.report, export)
        model = ItemBased(settings.n_neighbors, trend_days=settings.trend_days)
        ids = pd.Index(table["product_id"].unique()).sort_values()
        rules = forbidden.rules(ids, catalogue.all_customers(table))
        self.report["unknown"] = rules.unknown
        self.engine = production.build_engine(table, None, model, rules)
        customers = self.engine.model.customers_
        self.report |= {"customers": len(customers), "products": len(self.engine.model.products_)}
        self.parts = pd.Series(part_of(customers, settings.digits), index=customers)

    def lists(self, part: str, n: int) -> pd.DataFrame:
        """The lists of one part of the customers."""
        return self.engine.recommend(self.parts.index[self.parts == part], n)


def choose_engine(paths: list[Path], free_bytes: int) -> tuple[str, str]:
    """SciPy while the data fit, else DuckDB; and the reason in a line.

    How much memory they need is said in :func:`helpers.reading.files.memory_needed`.

    Returns
    -------
    engine : {"scipy", "duckdb"}
    reason : str
    """
    size, need = sum(path.stat().st_size for path in paths), memory_needed(paths)
    engine = "scipy" if need < free_bytes else "duckdb"
    what = "one file" if len(paths) == 1 else f"{len(paths)} files"
    return engine, (
        f"engine: {engine} ({what} of {size / 1e6:,.0f} MB; about {need / 1e9:,.1f} of "
        f"{free_bytes / 1e9:,.1f} GB free memory)"
    )


def score(
    engine_name: str,
    source,
    out: Path,
    settings: Settings,
    columns: dict[str, str] | None = None,
    date_format: str | list[str] = data.DATE_FORMAT,
    cleaning: dict | None = None,
    csv: bool = False,
    master: str = "local[*]",
    conf: dict | None = None,
    time_zone: str | None = None,
    join: list = (),
    shop: Parameters | None = None,
) -> dict:
    """The batch job: everyone's list, part by part, into a folder of parquet files.

    A job that is started again with the same input and settings goes on with the parts that are
    missing; otherwise it begins anew. What lies in the folder is replaced when all is complete.

    Parameters
    ----------
    engine_name : {"scipy", "duckdb", "spark"}
        Where to compute; the lists are the same.
    source : path-like or list of them, or Query
        A file, several, a folder of parts or a glob; or a query, which every job asks anew.
    out : Path
        Receives ``part=.../``, ``report.json`` and, if asked for, ``recommendations.csv``.
    settings : Settings
    columns, date_format, cleaning
        As in :func:`purchases`.
    csv : bool
    master, conf
        For Spark.
    time_zone, join
        As in :func:`purchases`.
    shop : Parameters, optional
        The catalogue, and what must not be shown; see :class:`Forbidden`.

    Returns
    -------
    dict
        What :func:`prepare` returns, and ``parts`` written now and ``rows`` in all.

    Raises
    ------
    DataError
        If the input can't be used, or another job writes into the folder.
    """
    export, options = purchases(source, columns, date_format, cleaning, time_zone, join)
    if engine_name == "scipy" and settings.history_cap != NO_CAP:
        raise data.DataError("history_cap is for the engines duckdb and spark: SciPy needs none.")
    forbidden = Forbidden(shop)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / ".lock", timeout=0):
            _publish(out)
            made_from = [engine_name, asdict(settings), columns, date_format, options.model_dump(),
                         time_zone, [each.model_dump() for each in join],
                         forbidden.mark()]  # fmt: skip
            places = _begin(out, _mark(export, made_from))
            fresh, waiting = places[0], _waiting(places, settings.parts)
            report = {}
            if waiting:
                jobs = _lists_by_part(engine_name, export, settings, options, forbidden, fresh,
                                      master, conf)  # fmt: skip
                report = next(jobs)
                for part in progress.customers(waiting, report["customers"], settings.n_parts):
                    jobs.send(part)
                jobs.close()
                _write_json(fresh / "report.json", report)
            if csv and (waiting or not (out / CSV).exists()):
                writing.write_csv(read_lists(*places), fresh / CSV)
            (fresh / ".complete").touch()
            _publish(out)
    except Timeout:
        raise data.DataError(
            f"Another job is writing into {out}. Wait for it, or choose another --out."
        ) from None
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report | {"parts": len(waiting), "rows": _count(out)}


CSV = "recommendations.csv"


def _lists_by_part(engine_name, export, settings, options, forbidden, fresh, master, conf):
    """Prepare, say what was read, then write the list of every part that is sent."""
    work = fresh / ".work"
    if engine_name == "scipy":
        scipy = SciPy(export, settings, options, forbidden)
        report, close = scipy.report, lambda: None
    else:
        engine = DuckDB(work) if engine_name == "duckdb" else Spark(work, master, conf)
        report, close = prepare(engine, export, settings, options, forbidden), engine.close
    part = yield report
    try:
        while True:
            unfinished = fresh / f".part-{part}"
            shutil.rmtree(unfinished, ignore_errors=True)
            if engine_name == "scipy":
                unfinished.mkdir()
                lists = scipy.lists(part, settings.n)
                lists.to_parquet(unfinished / "part-0.parquet", index=False)
            else:
                values = {"part": part, "n": settings.n}
                engine.write(sql("recommendations"), values, unfinished)
            unfinished.rename(_folder(fresh, part))
            part = yield
    finally:
        close()


def _folder(out, part):
    return out / f"part={part or 'all'}"


def _mark(export, made_from):
    """Changes with the content of any file and with any setting; of a query with every job."""
    total = hashlib.sha256(json.dumps(made_from, default=str).encode())
    for file in export.files:
        if isinstance(file.path, Query):  # who knows what it gave last time
            total.update(os.urandom(16))
            continue
        with file.path.open("rb") as handle:
            total.update(hashlib.file_digest(handle, "sha256").digest())
    return total.hexdigest()


def _begin(out, mark):
    """The folder in which the new results grow; and the old one, if its lists are still good."""
    fresh = out / ".next"
    if _read(fresh / ".job") != mark:
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        with writing.replacing(fresh / ".job") as file:
            file.write_text(mark)
    if not (out / "report.json").exists():  # somebody took it away: the lists are made anew
        (out / ".job").unlink(missing_ok=True)
    return [fresh, out] if _read(out / ".job") == mark else [fresh]


def _waiting(places, parts):
    return [part for part in parts if not any(_folder(each, part).exists() for each in places)]


def _publish(out):
    """Put complete results in the place of the old ones; a publishing that died is finished.

    First the old ones go into the new folder, then the new ones come out of it. A note says which
    of the two it was at.
    """
    fresh = out / ".next"
    if not (fresh / ".complete").exists():
        return
    if not (fresh / ".cleared").exists():
        if _read(out / ".job") != _read(fresh / ".job"):
            (fresh / ".old").mkdir(exist_ok=True)
            for old in _results(out):
                old.rename(fresh / ".old" / old.name)
        (fresh / ".cleared").touch()
    for new in _results(fresh):
        new.replace(out / new.name)
    if (fresh / ".job").exists():
        (fresh / ".job").replace(out / ".job")
    shutil.rmtree(fresh)


def _results(folder):
    return [
        *folder.glob("part=*"),
        *(p for n in ("report.json", CSV) if (p := folder / n).exists()),
    ]


def _read(path):
    return path.read_text() if path.exists() else ""


def _write_json(path, value):
    with writing.replacing(path) as file:
        file.write_text(json.dumps(value, indent=2, ensure_ascii=False), encoding="utf-8")


def _count(out):
    import pyarrow.parquet as pq

    files = out.glob("part=*/*.parquet")
    return sum(pq.ParquetFile(file).metadata.num_rows for file in files)


def read_lists(*folders: Path) -> pd.DataFrame:
    """All parts as one table, ordered by customer and rank."""
    files = [file for each in folders for file in sorted(Path(each).glob("part=*/*.parquet"))]
    table = pd.concat([pd.read_parquet(file, partitioning=None) for file in files])
    return table.sort_values(["customer_id", "rank"], ignore_index=True)
