"""Lesson 01. From exported files to two clean, typed tables, with every row accounted for.

Reading has three steps, the same for both tables:

1. read the file as text, whatever its encoding, separator or packing;
2. find our columns under their names, and turn text into dates and numbers;
3. sort every row into *kept* or into exactly one reason for rejection.
"""

from __future__ import annotations

import codecs
import difflib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

PROJECT = Path(__file__).resolve().parent.parent
BUNDLED = {
    "transactions": PROJECT / "data" / "cdp_transactions.csv",
    "events": PROJECT / "data" / "cdp_behavioral_events.csv",
}
DATE_FORMAT = "%d-%m-%Y"

_TRANSACTION_COLUMNS = {
    "required": ["customer_id", "product_id", "transaction_date"],
    "optional": [
        "transaction_id",
        "product_category",
        "product_name",
        "quantity",
        "unit_price",
        "total_amount",
        "payment_method",
    ],
}
_EVENT_COLUMNS = {
    "required": ["customer_id", "event_date", "event_type"],
    "optional": ["event_id", "product_id", "product_category"],
}
EVENT_TYPES = ("page_view", "product_view", "add_to_cart", "search")
_NUMBERS = ["quantity", "unit_price", "total_amount"]
_DATES = {"transaction_date", "event_date"}
_ALIASES = {"transaction_amount": "total_amount"}

# More unreadable dates than this share are a wrong format, not bad rows.
_MOST_UNREADABLE_DATES = 0.05
_CODE_PAGES = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5"]
_COMMON_FORMATS = [
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%d-%m-%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%Y%m%d",
]


class DataError(ValueError):
    """Input that cannot be used. The message names file, column, row and what to do."""


@dataclass
class HealthReport:
    """What happened to every row of one file.

    Attributes
    ----------
    source : str
        The file's name.
    read, kept : int
        Rows in the file (without the header) and rows that came out.
    rejected : dict of str to int
        Rows by reason. ``kept + sum(rejected.values()) == read``, always.
    findings : dict of str to str or int
        What is worth knowing and was not rejected.
    examples : dict of str to list of int
        The first rows of each reason; the header is row 1, as in a spreadsheet.
    """

    source: str
    read: int
    kept: int
    rejected: dict[str, int]
    findings: dict[str, str | int] = field(default_factory=dict)
    examples: dict[str, list[int]] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """One row per outcome: rows, share of the file, first rows in the file."""
        outcomes = {"kept": self.kept, **self.rejected}
        return pd.DataFrame(
            {
                "rows": outcomes,
                "share": {name: rows / max(self.read, 1) for name, rows in outcomes.items()},
                "first_rows": {
                    name: ", ".join(map(str, self.examples.get(name, []))) for name in outcomes
                },
            }
        ).rename_axis("outcome")

    def summary(self) -> dict:
        """The report as plain numbers, for ``metrics.json``."""
        return {"read": self.read, "kept": self.kept, "rejected": dict(self.rejected)}


def load_transactions(
    path=None, columns: dict[str, str] | None = None, date_format: str = DATE_FORMAT, **cleaning
) -> pd.DataFrame:
    """Load purchases: one clean, typed row per product bought.

    Parameters
    ----------
    path : path-like, optional
        CSV (plain, gz, zip, bz2, xz), parquet or xlsx. The bundled file if left out.
    columns : dict, optional
        Their column name: ours, e.g. ``{"StockCode": "product_id"}``. Names that already match
        need no entry.
    date_format : str
        As in :meth:`datetime.datetime.strftime`. Never guessed: ``03-04-2024`` is two dates.
    **cleaning
        See :func:`read_transactions`.

    Returns
    -------
    DataFrame
        ``customer_id``, ``product_id`` (text), ``transaction_date`` (timestamp), and those
        optional columns of the data contract that the file has.

    Raises
    ------
    DataError
        If the file is missing or unreadable, a required column is missing, or the date format
        does not fit.
    """
    return read_transactions(path, columns, date_format, **cleaning)[0]


def load_events(
    path=None, columns: dict[str, str] | None = None, date_format: str = DATE_FORMAT, **cleaning
) -> pd.DataFrame:
    """Load behavioural events; parameters and errors as in :func:`load_transactions`.

    Returns
    -------
    DataFrame
        ``customer_id``, ``event_date``, ``event_type`` and, where present, ``event_id``,
        ``product_id`` and ``product_category`` (missing where an event has no product).
    """
    return read_events(path, columns, date_format, **cleaning)[0]


def read_transactions(
    path=None,
    columns: dict[str, str] | None = None,
    date_format: str = DATE_FORMAT,
    non_products: tuple[str, ...] | list[str] = (),
    cancellation_prefix: str | None = None,
    encoding: str | None = None,
) -> tuple[pd.DataFrame, HealthReport]:
    """Load purchases, and say what happened to every row.

    Parameters
    ----------
    path, columns, date_format
        As in :func:`load_transactions`.
    non_products : list of str
        Product codes that are no products (postage, fees, vouchers).
    cancellation_prefix : str, optional
        Transactions whose id begins so are cancellations, beside those of negative quantity.
    encoding : str, optional
        Detected over the whole file if left out.

    Returns
    -------
    transactions : DataFrame
    report : HealthReport

    Notes
    -----
    A return takes back a purchase. Where a customer returned at least as many units of a product
    as were ever bought, the purchase lines go too: a cancelled purchase says nothing about what
    the customer wants.
    """
    path = Path(path or BUNDLED["transactions"])
    raw, encoding = _read_text(path, encoding)
    table = _typed(raw, columns, date_format, _TRANSACTION_COLUMNS, path)
    reasons = _Reasons(raw)
    reasons.add("no customer id", table["customer_id"].isna())
    reasons.add("no product id", table["product_id"].isna())
    reasons.add("unreadable date", table["transaction_date"].isna())
    for name in _NUMBERS:
        if name in table:
            reasons.add(f"unreadable {name}", table[name].isna())
    reasons.add("not a product", table["product_id"].isin(list(non_products)))

    returned, cancelled = _returns(table, cancellation_prefix, reasons.open)
    reasons.add("return or cancellation", returned)
    reasons.add("purchase that was returned", cancelled)
    reasons.add("duplicate of another row", raw.duplicated())
    if "quantity" in table:
        reasons.add("quantity is zero", table["quantity"] == 0)
    for name in ("unit_price", "total_amount"):
        if name in table:
            reasons.add(f"{name} not above zero", table[name] <= 0)
    kept = table[reasons.open].reset_index(drop=True)
    findings = {"encoding": encoding} | _transaction_findings(kept)
    return kept, reasons.report(path, findings)


def read_events(
    path=None,
    columns: dict[str, str] | None = None,
    date_format: str = DATE_FORMAT,
    encoding: str | None = None,
) -> tuple[pd.DataFrame, HealthReport]:
    """Load behavioural events, and say what happened to every row.

    Parameters and errors as in :func:`read_transactions`.
    """
    path = Path(path or BUNDLED["events"])
    raw, encoding = _read_text(path, encoding)
    table = _typed(raw, columns, date_format, _EVENT_COLUMNS, path)
    reasons = _Reasons(raw)
    reasons.add("no customer id", table["customer_id"].isna())
    reasons.add("unreadable date", table["event_date"].isna())
    reasons.add("unknown event type", ~table["event_type"].isin(EVENT_TYPES))
    reasons.add("duplicate of another row", raw.duplicated())
    kept = table[reasons.open].reset_index(drop=True)
    findings = {"encoding": encoding}
    if "product_id" in kept:
        findings["events without a product"] = int(kept["product_id"].isna().sum())
    return kept, reasons.report(path, findings)


def load_shop(
    transactions_path="",
    events_path="",
    columns: dict[str, str] | None = None,
    event_columns: dict[str, str] | None = None,
    date_format: str = DATE_FORMAT,
    cleaning: dict | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Load both tables: how every lesson starts.

    Parameters
    ----------
    transactions_path, events_path : path-like
        Empty: the bundled shop. Own purchases without own events have no events.
    columns, event_columns : dict, optional
        Their column name: ours, for the one and the other file.
    date_format : str
        Of both files.
    cleaning : dict, optional
        Further options of :func:`read_transactions`.

    Returns
    -------
    transactions : DataFrame
    events : DataFrame or None
    """
    transactions = load_transactions(transactions_path, columns, date_format, **(cleaning or {}))
    if transactions_path and not events_path:
        return transactions, None
    return transactions, load_events(events_path, event_columns, date_format)


def miniature() -> pd.DataFrame:
    """The course's example small enough to see: four customers, products A to D.

    Returns
    -------
    DataFrame
        ``customer_id``, ``product_id``, ``transaction_date``.
    """
    bought = [(1, "A"), (1, "C"), (2, "A"), (2, "B"), (3, "B"), (3, "C"), (3, "D")]
    bought += [(4, "A"), (4, "C")]
    pairs = [(f"customer {customer}", product) for customer, product in bought]
    table = pd.DataFrame(pairs, columns=["customer_id", "product_id"])
    return table.assign(transaction_date=pd.Timestamp("2024-01-01"))


def product_table(transactions: pd.DataFrame) -> pd.DataFrame:
    """What is known of each product: its most frequent name, category and median price.

    Parameters
    ----------
    transactions : DataFrame
        From :func:`load_transactions`.

    Returns
    -------
    DataFrame
        Indexed by ``product_id``, sorted; columns ``product_name`` (the id where the file has no
        names), ``product_category`` and ``price`` (missing where the file has none), and
        ``first_sold``.
    """
    by_product = transactions.groupby("product_id", sort=True)
    products = pd.DataFrame({"first_sold": by_product["transaction_date"].min()})
    for name in ("product_name", "product_category"):
        products[name] = _most_frequent(transactions, name) if name in transactions else pd.NA
    products["product_name"] = products["product_name"].fillna(products.index.to_series())
    products["price"] = by_product["unit_price"].median() if "unit_price" in transactions else pd.NA
    return products[["product_name", "product_category", "price", "first_sold"]]


def _most_frequent(transactions, name):
    """Each product's most frequent value of a column; ties go to the first in the alphabet."""
    counts = transactions.groupby(["product_id", name]).size().rename("rows").reset_index()
    counts = counts.sort_values(["product_id", "rows", name], ascending=[True, False, True])
    return counts.drop_duplicates("product_id").set_index("product_id")[name]


class _Reasons:
    """Each row's reason for rejection: the first that applies, so that the counts add up."""

    def __init__(self, raw):
        self.open = pd.Series(True, index=raw.index)
        self.rejected, self.examples = {}, {}

    def add(self, reason, applies):
        hit = applies & self.open
        if hit.any():
            self.rejected[reason] = int(hit.sum())
            self.examples[reason] = [int(row) + 2 for row in hit.index[hit][:3]]
            self.open &= ~hit

    def report(self, path, findings):
        return HealthReport(
            path.name, len(self.open), int(self.open.sum()), self.rejected, findings, self.examples
        )


def _returns(table, cancellation_prefix, usable):
    """Which rows are returns, and which purchases they take back entirely."""
    nothing = pd.Series(False, index=table.index)
    if "quantity" not in table:
        return nothing, nothing
    returned = table["quantity"] < 0
    if cancellation_prefix and "transaction_id" in table:
        returned |= table["transaction_id"].str.startswith(cancellation_prefix, na=False)
    pair = ["customer_id", "product_id"]
    units = table[usable].groupby([*pair, returned[usable]])["quantity"].sum().abs().unstack()
    units = units.reindex(columns=[False, True], fill_value=0).fillna(0)
    undone = units.index[(units[True] >= units[False]) & (units[False] > 0)]
    cancelled = pd.MultiIndex.from_frame(table[pair]).isin(undone) & ~returned
    return returned, cancelled


def _transaction_findings(kept):
    """Counts that a PM should see and decide about; nothing is rejected for them."""
    ids = pd.Series(kept["product_id"].unique())
    findings = {"product ids equal but for case": int(len(ids) - ids.str.lower().nunique())}
    if "product_name" in kept:
        names = kept.groupby("product_id")["product_name"].nunique()
        findings["products with several names"] = int((names > 1).sum())
    if "transaction_id" in kept:
        lines = kept.duplicated(["transaction_id", "product_id"]).sum()
        findings["further lines of one product in one transaction"] = int(lines)
    return findings


def _typed(raw, columns, date_format, contract, path):
    """The file's text as a table with our names and types; what is unreadable is missing."""
    names = _name_map(raw, columns, contract, path)
    table = raw[list(names)].rename(columns=names)
    known = [c for c in contract["required"] + contract["optional"] if c in table]
    table = table[known].copy()
    for name in known:
        if name in _DATES:
            table[name] = _dates(table[name], date_format, path)
        elif name in _NUMBERS:
            table[name] = pd.to_numeric(table[name], errors="coerce")
        else:
            table[name] = table[name].str.strip().replace("", pd.NA)
            if name in ("customer_id", "product_id"):
                table[name] = _without_float_tail(table[name])
    return table


def _name_map(raw, columns, contract, path):
    """Which of the file's columns is which of ours."""
    ours = contract["required"] + contract["optional"]
    wanted = {**_ALIASES, **(columns or {})}
    missing_theirs = [theirs for theirs in (columns or {}) if theirs not in raw]
    if missing_theirs:
        raise DataError(
            f"{path.name} has no column {missing_theirs[0]!r}, which `columns` names. "
            f"It has: {', '.join(raw)}."
        )
    names = {}
    for theirs in raw:
        plain = theirs.strip().lower().replace(" ", "_")
        name = wanted.get(theirs) or _ALIASES.get(plain, plain)
        # an explicit mapping wins over a column that happens to have our name
        if name in ours and (theirs in (columns or {}) or name not in (columns or {}).values()):
            names[theirs] = name
    doubled = pd.Series(list(names.values())).loc[lambda s: s.duplicated()]
    if len(doubled):
        twice = [theirs for theirs, name in names.items() if name == doubled.iloc[0]]
        raise DataError(
            f"{path.name}: the columns {' and '.join(map(repr, twice))} both mean "
            f"{doubled.iloc[0]}. Say in `columns` which one to use."
        )
    missing = [name for name in contract["required"] if name not in names.values()]
    if missing:
        close = {name: difflib.get_close_matches(name, list(raw), 1, 0.5) for name in missing}
        hints = [f"{m[0]}: {name}" for name, m in close.items() if m]
        raise DataError(
            f"{path.name} has no column for {', '.join(missing)}. It has: {', '.join(raw)}. "
            "Name yours in the parameter `columns` (theirs: ours)"
            + (f", for example {{{', '.join(hints)}}}." if hints else ".")
        )
    return names


def _dates(text, date_format, path):
    """Dates by the given format; a wrong format is an error, single bad dates are missing."""
    if pd.api.types.is_datetime64_any_dtype(text):
        return text.dt.tz_localize(None)
    dates = pd.to_datetime(text.str.strip(), format=date_format, errors="coerce")
    given = text.notna() & (text.str.strip() != "")
    bad = given & dates.isna()
    if bad.sum() > _MOST_UNREADABLE_DATES * given.sum():
        fits = [
            other
            for other in _COMMON_FORMATS
            if pd.to_datetime(text[given], format=other, errors="coerce").notna().mean() > 0.95
        ]
        first = bad.idxmax()
        raise DataError(
            f"{path.name}, column {text.name}: {int(bad.sum()):,} of {int(given.sum()):,} dates do "
            f"not fit the format {date_format!r}, the first in row {int(first) + 2}: "
            f"{text[first]!r}. "
            + (
                f"Set `date_format`; what would fit: {' or '.join(map(repr, fits))}."
                if fits
                else "Set `date_format` to the file's own."
            )
        )
    if dates.dt.tz is not None:
        dates = dates.dt.tz_localize(None)
    return dates


def _without_float_tail(ids):
    """``17850.0`` is an id that went through a float column, if the whole column looks so."""
    given = ids.dropna()
    if len(given) and given.str.fullmatch(r"\d+\.0").all():
        return ids.str.removesuffix(".0")
    return ids


def _read_text(path, encoding):
    """The file as a table of text, and the encoding it was read with."""
    if not path.is_file():
        raise DataError(f"There is no file {path}. Check the path in your parameters.")
    ending = path.suffix.lower()
    try:
        if ending == ".parquet":
            return _as_text(pd.read_parquet(path)), "parquet"
        encoding = encoding or detect_encoding(path)
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], encoding=encoding)
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty: it has not even a header line.") from None
    except (UnicodeError, LookupError) as error:
        raise DataError(
            f"{path.name} is not {encoding}: {error}. Leave `encoding` out to have it detected."
        ) from None
    except (pd.errors.ParserError, OSError) as error:
        raise DataError(f"{path.name} could not be read as a table: {error}.") from None
    return raw, encoding


def _as_text(table):
    """A typed table as text, so that one path of checks serves every kind of file.

    Only dates that are dates already stay as they are.
    """
    text = pd.DataFrame(index=table.index)
    for name in table:
        column = table[name]
        dated = pd.api.types.is_datetime64_any_dtype(column)
        text[name] = column if dated else column.astype("str").where(column.notna())
    return text


def detect_encoding(path) -> str:
    """Find a text file's encoding from all of its bytes.

    A byte-order mark decides; else UTF-8 if the whole file decodes; else the code page in which
    charset-normalizer recognises a language in the lines that are not plain ASCII (a preview of
    the first thousand lines would miss them); else cp1252, the commonest.

    Returns
    -------
    str
        A Python codec name, e.g. ``"utf-8"`` or ``"cp1252"``.
    """
    from charset_normalizer import from_bytes
    from pandas.io.common import get_handle

    with get_handle(path, "rb", compression="infer", is_text=False) as handles:
        start = handles.handle.read(4)
        for mark, name in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if start.startswith(mark):
                return name
        handles.handle.seek(0)
        odd = b"".join(line for line in handles.handle if not line.isascii())
    try:
        odd.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        likely = from_bytes(odd[:200_000], cp_isolation=_CODE_PAGES).best()
        # a few odd letters fit many code pages; without a recognised language, the commonest
        return likely.encoding if likely and likely.coherence > 0.1 else "cp1252"
