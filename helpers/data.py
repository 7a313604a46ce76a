"""Lesson 01. From exported files to two clean, typed tables, with every row accounted for.

Reading has three steps, the same for both tables:

1. read the file as text, whatever its encoding, separator or packing;
2. find our columns under their names, and turn text into dates and numbers;
3. sort every row into *kept* or into exactly one reason for rejection.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from helpers.reading.files import DataError, read_table

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

# More unreadable values than this share are a wrong format, not bad rows.
MOST_UNREADABLE = 0.05
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
        return {
            "read": self.read,
            "kept": self.kept,
            "rejected": dict(self.rejected),
            "findings": dict(self.findings),
        }


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
        ``customer_id``, ``event_date``, ``event_type``, ``product_id`` (missing where an event
        has no product) and, where present, ``event_id`` and ``product_category``.
    """
    return read_events(path, columns, date_format, **cleaning)[0]


def read_transactions(
    path=None,
    columns: dict[str, str] | None = None,
    date_format: str | list[str] = DATE_FORMAT,
    non_products: tuple[str, ...] | list[str] = (),
    cancellation_prefix: str | None = None,
    merge_case: bool = False,
    decimal: str | None = None,
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
    merge_case : bool
        Treat product ids that are equal but for case as one product.
    decimal : {",", "."}, optional
        Decimal mark; detected from each whole column if left out.
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
    source = read_table(path, encoding)
    raw = source.table
    reader = _Columns(raw, path, _TRANSACTION_COLUMNS, columns, date_format, decimal)
    table, unreadable = reader.typed()
    if merge_case:
        table["product_id"] = table["product_id"].str.upper()
        non_products = [str(code).upper() for code in non_products]
    reasons = _Reasons(raw)
    reasons.add("empty row", raw.isna().all(axis=1))
    reasons.add("no customer id", table["customer_id"].isna())
    reasons.add("no product id", table["product_id"].isna())
    reasons.add("no date", _missing(raw, reader.names, "transaction_date"))
    reasons.add("unreadable date", table["transaction_date"].isna())
    reasons.add("date in the future", table["transaction_date"] > _tomorrow())
    for name, bad in unreadable.items():
        reasons.add(f"unreadable {name}", bad)
    no_product = table["product_id"].isin([str(code) for code in non_products])
    reasons.add("not a product", no_product)

    returned, cancelled = _returns(table, cancellation_prefix, reasons.open)
    reasons.add("return or cancellation", returned)
    reasons.add("purchase that was returned", cancelled)
    duplicated = raw.duplicated()
    reasons.add("duplicate of another row", duplicated)
    if "quantity" in table:
        reasons.add("quantity is zero", table["quantity"] == 0)
    for name in ("unit_price", "total_amount"):
        if name in table:
            reasons.add(f"{name} not above zero", table[name] <= 0)
    findings = source.findings | reader.findings
    findings |= _transaction_findings(raw, table, reader.names, cancellation_prefix)
    findings["exact duplicates"] = int(duplicated.sum())
    findings["rows of codes that are no products"] = int(no_product.sum())
    pairs = table.loc[cancelled, ["customer_id", "product_id"]]
    findings["pairs of customer and product fully returned"] = len(pairs.drop_duplicates())
    return table[reasons.open].reset_index(drop=True), reasons.report(path, findings)


def read_events(
    path=None,
    columns: dict[str, str] | None = None,
    date_format: str | list[str] = DATE_FORMAT,
    encoding: str | None = None,
) -> tuple[pd.DataFrame, HealthReport]:
    """Load behavioural events, and say what happened to every row.

    Parameters and errors as in :func:`read_transactions`.
    """
    path = Path(path or BUNDLED["events"])
    source = read_table(path, encoding)
    raw = source.table
    reader = _Columns(raw, path, _EVENT_COLUMNS, columns, date_format)
    table, _ = reader.typed()
    if "product_id" not in table:  # an export of visits may know no products
        table["product_id"] = pd.Series(pd.NA, table.index, dtype="str")
    reasons = _Reasons(raw)
    reasons.add("empty row", raw.isna().all(axis=1))
    reasons.add("no customer id", table["customer_id"].isna())
    reasons.add("no date", _missing(raw, reader.names, "event_date"))
    reasons.add("unreadable date", table["event_date"].isna())
    reasons.add("date in the future", table["event_date"] > _tomorrow())
    reasons.add("unknown event type", ~table["event_type"].isin(EVENT_TYPES))
    reasons.add("duplicate of another row", raw.duplicated())
    kept = table[reasons.open].reset_index(drop=True)
    findings = source.findings | reader.findings
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
    wanted = [
        lambda: load_transactions(transactions_path, columns, date_format, **(cleaning or {}))
    ]
    if events_path or not transactions_path:
        wanted.append(lambda: load_events(events_path, event_columns, date_format))
    tables, problems = [], []
    for load in wanted:
        try:
            tables.append(load())
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError(" ".join(problems))
    return tables[0], tables[1] if len(tables) == 2 else None


def check_enough(transactions: pd.DataFrame, source: str) -> None:
    """Refuse a table from which nothing can be learned.

    Parameters
    ----------
    transactions : DataFrame
        From :func:`load_transactions`.
    source : str
        What to call it in the message.

    Raises
    ------
    DataError
        If there are fewer than 10 customers, 5 products or 5 customers with two products, if no
        product has two buyers, or if everybody bought everything.
    """
    pairs = transactions[["customer_id", "product_id"]].drop_duplicates()
    customers, products = pairs.nunique() if len(pairs) else (0, 0)
    several = int((pairs["customer_id"].value_counts() > 1).sum())
    if customers < 10 or products < 5 or several < 5:
        raise DataError(
            f"{source}: after cleaning {len(transactions):,} rows are left, with {customers:,} "
            f"customers, {products:,} products, and {several:,} customers who bought more than "
            "one product. To learn what goes together it takes at least 10, 5 and 5: look at the "
            "rejected rows with `course health`, or export a longer period."
        )
    if not pairs["product_id"].duplicated().any():
        raise DataError(
            f"{source}: each of the {products:,} products was bought by one customer only, so "
            "nobody can say what goes together. Name a column with larger groups as `product_id`, "
            "for example a model or a kind of product."
        )
    if len(pairs) == customers * products:
        raise DataError(
            f"{source}: all {customers:,} customers bought all {products:,} products, so there "
            "is nothing left to recommend. Recommend within more products."
        )


def match_columns(header: list[str], columns: dict[str, str] | None, path: Path) -> dict[str, str]:
    """Which of a purchase file's columns means which of ours.

    Parameters
    ----------
    header : list of str
        Its column names.
    columns : dict, optional
        Their name: ours, where the names differ.
    path : Path
        For the message.

    Returns
    -------
    dict of str to str
        Theirs: ours.

    Raises
    ------
    DataError
        If a required column is missing or a name is ambiguous.
    """
    empty = pd.DataFrame(columns=list(header), dtype="str")
    reader = _Columns(empty, Path(path), _TRANSACTION_COLUMNS, columns, DATE_FORMAT)
    if reader.problems:
        raise DataError(f"{Path(path).name}: " + " ".join(reader.problems))
    return reader.names


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


def display_names(products: pd.DataFrame) -> pd.Series:
    """Names that can stand for their products: where several share one, the id follows it.

    Parameters
    ----------
    products : DataFrame
        From :func:`product_table`.

    Returns
    -------
    Series of str
        By product id; no label comes twice. ``Mug (P7)`` and ``Mug (P8)``, but ``Teapot``.
    """
    labels = products["product_name"].astype("str")
    while (shared := labels.duplicated(keep=False)).any():
        labels = labels.mask(shared, labels + " (" + labels.index.astype("str") + ")")
    return labels


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


def _tomorrow():
    return pd.Timestamp.now().normalize() + pd.Timedelta(days=1)


def _missing(raw, names, ours):
    """Rows in which the file has nothing in the column that means `ours`."""
    [theirs] = [theirs for theirs, name in names.items() if name == ours]
    column = raw[theirs]
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.isna()
    return column.isna() | (column.str.strip() == "")


def _returns(table, cancellation_prefix, usable):
    """Which rows are returns, and which purchases they take back entirely."""
    if "quantity" in table:
        units = table["quantity"].fillna(1)
    elif "total_amount" in table:
        # without quantities, money that goes back stands for what was returned
        units = table["total_amount"].fillna(0)
    else:
        units = pd.Series(1.0, index=table.index)
    returned = units < 0
    if cancellation_prefix and "transaction_id" in table:
        returned |= table["transaction_id"].str.startswith(str(cancellation_prefix), na=False)
    # only pairs with a return have to be added up
    pair = ["customer_id", "product_id"]
    touched = pd.MultiIndex.from_frame(table.loc[returned & usable, pair]).unique()
    if touched.empty:
        return returned, pd.Series(False, index=table.index)
    among = usable & pd.Series(pd.MultiIndex.from_frame(table[pair]).isin(touched), table.index)
    sums = units[among].abs().groupby([*(table.loc[among, name] for name in pair), returned[among]])
    sums = sums.sum().unstack().reindex(columns=[False, True]).fillna(0)
    undone = sums.index[(sums[True] >= sums[False]) & (sums[False] > 0)]
    cancelled = pd.MultiIndex.from_frame(table[pair]).isin(undone) & ~returned & usable
    return returned, cancelled


def _transaction_findings(raw, table, names, cancellation_prefix):
    """Counts over all rows that a PM should see and decide about."""
    ids = pd.Series(table["product_id"].dropna().unique())
    lower = ids.str.lower()
    findings = {"product ids equal but for case": int(lower.duplicated().sum())}
    for theirs, name in names.items():
        if name == "product_name":
            text = raw[theirs].dropna()
            findings["names padded with blanks"] = int((text != text.str.strip()).sum())
            several = table.groupby("product_id")["product_name"].nunique()
            findings["products with several names"] = int((several > 1).sum())
    if "transaction_id" in table:
        lines = table.dropna(subset=["product_id"]).duplicated(["transaction_id", "product_id"])
        findings["further lines of one product in one transaction"] = int(lines.sum())
    if "quantity" in table:
        negative = table["quantity"] < 0
        findings["rows with a negative quantity"] = int(negative.sum())
        largest = table["quantity"].abs()
        if largest.notna().any():
            row = int(largest.idxmax())
            findings["largest quantity"] = f"{largest[row]:,.0f} in row {row + 2}"
    if cancellation_prefix and "transaction_id" in table:
        marked = table["transaction_id"].str.startswith(str(cancellation_prefix), na=False)
        findings["rows marked as a cancellation"] = int(marked.sum())
        if "quantity" in table:
            findings["negative quantity, not marked"] = int((negative & ~marked).sum())
    if "unit_price" in table:
        findings["rows with price zero"] = int((table["unit_price"] == 0).sum())
    return findings


class _Columns:
    """Our columns in somebody's file: found, typed, and every problem collected.

    All problems of a file are said at once, so that nobody has to run again for the next one.
    """

    def __init__(self, raw, path, contract, columns, date_format, decimal=None):
        self.raw, self.path, self.contract = raw, path, contract
        self.date_formats = [date_format] if isinstance(date_format, str) else list(date_format)
        self.decimal = decimal
        self.problems, self.findings = [], {}
        self.names = self._names(columns or {})

    def typed(self):
        """The table with our names and types, and which rows have unreadable numbers.

        Raises
        ------
        DataError
            With all problems of the file.
        """
        table = self.raw[list(self.names)].rename(columns=self.names)
        order = self.contract["required"] + self.contract["optional"]
        table = table[[name for name in order if name in table]].copy()
        unreadable = {}
        for name in table:
            if name in _DATES:
                table[name] = self._dates(table[name])
            elif name in _NUMBERS:
                given = table[name].notna() & (_text(table[name]).str.strip() != "")
                table[name] = self._numbers(table[name], given)
                unreadable[name] = given & table[name].isna()
            else:
                table[name] = _text(table[name]).str.strip().replace("", pd.NA)
                if name in ("customer_id", "product_id"):
                    table[name] = _without_float_tail(table[name])
        if self.problems:
            raise DataError(f"{self.path.name}: " + " ".join(self.problems))
        return table, unreadable

    def _names(self, columns):
        """Which of the file's columns is which of ours: theirs to ours."""
        ours = self.contract["required"] + self.contract["optional"]
        plain = {theirs: _plain_name(theirs) for theirs in self.raw}
        wanted = {_plain_name(str(theirs)): name for theirs, name in columns.items()}
        for theirs, name in columns.items():
            if _plain_name(str(theirs)) not in plain.values():
                self.problems.append(f"There is no column {theirs!r}, which `columns` names.")
            if name not in ours:
                hint = difflib.get_close_matches(str(name), ours, 1)
                self.problems.append(
                    f"`columns` maps {theirs!r} to {name!r}, which is none of our names"
                    + (f"; did you mean {hint[0]!r}?" if hint else f" ({', '.join(ours)}).")
                )
        names = {}
        for theirs, bare in plain.items():
            name = wanted.get(bare) or _ALIASES.get(bare, bare)
            # an explicit mapping wins over a column that happens to have our name
            if name in ours and (bare in wanted or name not in wanted.values()):
                names[theirs] = name
        for name in ours:
            several = [theirs for theirs in names if names[theirs] == name]
            if len(several) > 1:
                self.problems.append(
                    f"The columns {' and '.join(map(repr, several))} both mean {name}. Say in "
                    "`columns` which one to use."
                )
                for theirs in several[1:]:
                    del names[theirs]
        missing = [name for name in self.contract["required"] if name not in names.values()]
        if missing:
            free = [theirs for theirs in self.raw if theirs not in names]
            close = {name: difflib.get_close_matches(name, free, 1, 0.5) for name in missing}
            hints = [f"{match[0]}: {name}" for name, match in close.items() if match]
            self.problems.append(
                f"There is no column for {', '.join(missing)}. The file has: "
                f"{', '.join(self.raw) or 'nothing'}. Name yours in the parameter `columns` "
                "(theirs: ours)" + (f", for example {{{', '.join(hints)}}}." if hints else ".")
            )
        return names

    def _too_many(self, name, bad, given, what, hint):
        """A whole column that can't be read is one problem, not many rejected rows."""
        if bad.sum() <= MOST_UNREADABLE * given.sum():
            return False
        first = bad.idxmax()
        [theirs] = [theirs for theirs, ours in self.names.items() if ours == name]
        self.problems.append(
            f"Column {theirs}: {int(bad.sum()):,} of {int(given.sum()):,} {what}, the first in "
            f"row {int(first) + 2}: {str(self.raw[theirs][first])[:60]!r}. {hint}"
        )
        return True

    def _dates(self, text):
        if pd.api.types.is_datetime64_any_dtype(text):
            return text.dt.tz_localize(None)
        text = _text(text).str.strip()
        # a date occurs many times: read each once
        codes, values = pd.factorize(text.where(text != ""))
        values = pd.Series(values, dtype="str")
        dates = _first_fit(values, self.date_formats)
        whole = dates.take(codes).set_axis(text.index) if len(values) else _no_dates(text)
        whole = whole.mask(codes < 0)
        given = pd.Series(codes >= 0, index=text.index)
        bad = given & whole.isna()
        formats = " or ".join(map(repr, self.date_formats))
        if bad.any():
            fits = [f for f in _COMMON_FORMATS if _read_dates(values, f).notna().mean() > 0.95]
            hint = (
                f"Set `date_format`; what would fit: {' or '.join(map(repr, fits))}."
                if fits
                else "Set `date_format` to the file's own, or to a list if it has several."
            )
            self._too_many(text.name, bad, given, f"dates do not fit the format {formats}", hint)
        self._say_ambiguity(values, codes)
        return whole

    def _say_ambiguity(self, values, codes):
        """How many dates prove the order of day and month, and how many fit both."""
        asked = self.date_formats[0]
        if len(self.date_formats) > 1 or not {"%d", "%m"} <= set(_parts(asked)):
            return
        swapped = asked.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
        as_asked, otherwise = _read_dates(values, asked), _read_dates(values, swapped)
        rows = pd.Series(codes[codes >= 0]).map(
            (as_asked.notna() & otherwise.isna()).astype(int)
            + 2 * (as_asked.notna() & otherwise.notna() & (as_asked != otherwise)).astype(int)
        )
        self.findings[f"dates that fit {asked} only"] = int((rows == 1).sum())
        self.findings[f"dates that would be another day by {swapped}"] = int((rows == 2).sum())

    def _numbers(self, text, given):
        text = _text(text).str.strip()
        numbers = pd.to_numeric(text, errors="coerce")
        commas = text.str.contains(",", na=False, regex=False)
        if commas.any():
            decimal = self.decimal or self._decimal(text[commas], text)
            if decimal == ",":
                text = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
            else:
                text = text.str.replace(",", "", regex=False)
            numbers = pd.to_numeric(text, errors="coerce")
        numbers = numbers.replace([float("inf"), float("-inf")], float("nan"))
        bad = given & numbers.isna()
        if bad.any():
            self._too_many(text.name, bad, given, "are not numbers", "Mend or drop the column.")
        return numbers

    def _decimal(self, with_comma, text):
        """The decimal mark that the whole column speaks for."""
        as_decimal = with_comma.str.fullmatch(r"[-+]?(\d+|\d{1,3}(\.\d{3})+),\d+")
        as_thousands = with_comma.str.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
        for_comma = (as_decimal & ~as_thousands).sum()
        for_point = (as_thousands & ~as_decimal).sum()
        for_point += (text.str.contains(".", na=False, regex=False) & ~text.isin(with_comma)).sum()
        if bool(for_comma) == bool(for_point):
            self.problems.append(
                f"Column {text.name}: {with_comma.iloc[0]!r} may have a decimal or a thousands "
                "comma, and the column does not say which. Set `decimal` under `cleaning` to "
                '"," or ".".'
            )
        decimal = "," if for_comma else "."
        self.findings[f"decimal mark of {text.name}"] = decimal
        return decimal


def _plain_name(name):
    return name.strip().lower().replace(" ", "_")


def _parts(date_format):
    return [date_format[at : at + 2] for at in range(len(date_format)) if date_format[at] == "%"]


def _text(column):
    """A column as text, also where nothing in it is text."""
    return column if pd.api.types.is_string_dtype(column) else column.astype("str")


def _no_dates(text):
    return pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")


def _read_dates(values, date_format):
    """Dates by one format, missing where it does not fit; zones are brought to UTC."""
    zoned = "%z" in date_format or date_format in ("ISO8601", "mixed")
    try:
        dates = pd.to_datetime(values, format=date_format, errors="coerce", utc=zoned)
    except ValueError as error:
        raise DataError(f"date_format {date_format!r} is no date format: {error}.") from None
    dates = dates.dt.tz_localize(None) if dates.dt.tz is not None else dates
    return dates.astype("datetime64[us]")


def _first_fit(values, formats):
    dates = _read_dates(values, formats[0])
    for other in formats[1:]:
        dates = dates.fillna(_read_dates(values, other))
    return dates


def _without_float_tail(ids):
    """``17850.0`` is an id that went through a float column, if the whole column looks so."""
    given = ids.dropna()
    if len(given) and given.str.fullmatch(r"\d+\.0").all():
        return ids.str.removesuffix(".0")
    return ids
