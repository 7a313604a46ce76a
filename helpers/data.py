"""Lesson 01. From exported files to two clean, typed tables, with every row accounted for.

Reading has three steps, the same for both tables:

1. read the files as text, whatever their encoding, separator or packing;
2. find our columns under their names, and turn text into dates and numbers;
3. sort every row into *kept* or into exactly one reason for rejection.

The reasons stand below, in the order in which they are asked. What is under them lies in
:mod:`helpers.reading`.
"""

from __future__ import annotations

import difflib
import re
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import xlogy

from helpers import handover, plausibility
from helpers.plausibility import Doubt
from helpers.reading import answers
from helpers.reading.cleaning import clean, first_reason, trimmed_ids
from helpers.reading.columns import Contract
from helpers.reading.databases import Query
from helpers.reading.export import Export
from helpers.reading.files import DataError
from helpers.reading.ids import BLANKS, NOTHING
from helpers.reading.once import once
from helpers.reading.parameters import (
    DATE_FORMAT,
    Cleaning,
    FileOptions,
    ParameterError,
    Parameters,
)
from helpers.reading.tables import Tables, let_go

PROJECT = Path(__file__).resolve().parent.parent
BUNDLED = {
    "transactions": PROJECT / "data" / "cdp_transactions.csv",
    "events": PROJECT / "data" / "cdp_behavioral_events.csv",
}

TRANSACTIONS = Contract(
    required=("customer_id", "product_id", "transaction_date"),
    optional=("transaction_id", "product_category", "product_name", "quantity", "unit_price",
              "total_amount", "payment_method"),
    date="transaction_date",
    numbers=("quantity", "unit_price", "total_amount"),
)  # fmt: skip
EVENTS = Contract(
    required=("customer_id", "event_date", "event_type"),
    optional=("event_id", "product_id", "product_category"),
    date="event_date",
)
TEST_RESULTS = Contract(
    required=("customer_id", "arm"),
    optional=("date", "visits", "clicked", "carted", "bought", "revenue"),
    date="date",
    numbers=("visits", "clicked", "carted", "bought", "revenue"),
)
EVENT_TYPES = ("page_view", "product_view", "add_to_cart", "search")
PRODUCTS = Contract(
    required=("product_id",),
    optional=("product_name", "product_category", "price", "margin", "in_stock", "launched",
              "allowed"),
    date="launched",
    numbers=("price", "margin"),
)  # fmt: skip

# Marks that write what follows from right to left, on the page it is shown on, too.
_TURNS_TEXT = "[\u202a-\u202e\u2066-\u2069]"

RETURNED = "purchase that was returned"
#: Why a row of purchases is left out: the first reason whose condition is true. Conditions are
#: SQL, so that a lesson, a nightly job and a cluster mean the same by them. What counts as returned
#: is said in :func:`helpers.reading.cleaning.with_reasons`.
WHY_NO_PURCHASE = {
    "empty row": "is_empty",
    "left out by drop_where": "left_out",
    "a total, not a purchase": "is_total",
    "no customer id": "customer_id IS NULL",
    "no product id": "product_id IS NULL",
    "no date": "NOT date_given",
    "unreadable date": "transaction_date IS NULL",
    "date before 1990": "transaction_date < CAST('1990-01-01' AS TIMESTAMP)",
    "date in the future": "transaction_date > $tomorrow",
    "unreadable quantity": "quantity_given AND quantity IS NULL",
    "unreadable unit_price": "unit_price_given AND unit_price IS NULL",
    "unreadable total_amount": "total_amount_given AND total_amount IS NULL",
    "not a product": "no_product",
    # a return takes back earlier purchases of the same customer and product
    "return or cancellation": "returned",
    RETURNED: "units_bought > 0 AND units_back >= units_bought",
    "duplicate of another row": "copy > 1",
    "quantity is zero": "quantity = 0",
    "unit_price not above zero": "unit_price <= 0",
    "total_amount not above zero": "total_amount <= 0",
}

#: Of these reasons, those that are no fault of the file: what somebody left out, and guests.
NOT_TO_BE_USED = (
    "empty row", "left out by drop_where", "a total, not a purchase", "no customer id",
    "not a product",
)  # fmt: skip

UNKNOWN_TYPE = "unknown event type"
#: The same for events.
WHY_NO_EVENT = {
    "empty row": "is_empty",
    "left out by drop_where": "left_out",
    "no customer id": "customer_id IS NULL",
    "no date": "NOT date_given",
    "unreadable date": "event_date IS NULL",
    "date before 1990": "event_date < CAST('1990-01-01' AS TIMESTAMP)",
    "date in the future": "event_date > $tomorrow",
    UNKNOWN_TYPE: "event_type IS NULL OR event_type NOT IN ("
    + ", ".join(f"'{each}'" for each in EVENT_TYPES)
    + ")",
    "duplicate of another row": "copy > 1",
}

_YES_OR_NO = {"in_stock", "allowed"}
#: The same for the catalogue.
WHY_NO_PRODUCT = {
    "empty row": "is_empty",
    "left out by drop_where": "left_out",
    "no product id": "product_id IS NULL",
    "unreadable launched": "date_given AND launched IS NULL",
    "unreadable price": "price_given AND price IS NULL",
    "unreadable margin": "margin_given AND margin IS NULL",
    **{f"unreadable {each}": f"{each} NOT IN ('yes', 'no')" for each in ("in_stock", "allowed")},
    "duplicate of another row": "copy > 1",
}


_COUNTS = ("visits", "clicked", "carted", "bought")
IN_SEVERAL_ARMS = "customer in several arms"
#: The same for the export of a live test. Equal rows are no mistake: two visits may be alike.
WHY_NO_TEST_RESULT = {
    "empty row": "is_empty",
    "left out by drop_where": "left_out",
    "a total, not a customer": "is_total",
    "no customer id": "customer_id IS NULL",
    "no arm": "arm IS NULL",
    "unreadable date": "date_given AND date IS NULL",
    "date in the future": "date > $tomorrow",
    **{f"unreadable {each}": f"{each}_given AND {each} IS NULL" for each in TEST_RESULTS.numbers},
    **{f"{each} below zero": f"{each} < 0" for each in _COUNTS},
    # asked last, over all rows that are left: see read_test_results
    IN_SEVERAL_ARMS: "FALSE",
}


@dataclass
class HealthReport:
    """What happened to every row of one file.

    Attributes
    ----------
    source : str
        The file's name; of several, the first one's.
    read, kept : int
        Rows in the file (without the header) and rows that came out.
    rejected : dict of str to int
        Rows by reason. ``kept + sum(rejected.values()) == read``, always.
    findings : dict of str to str or int
        What is worth knowing and was not rejected.
    examples : dict of str to list
        The first rows of each reason; the header is row 1, as in a spreadsheet. Of several files
        also which: "7 of march.csv". In a query's result the first row is row 1.
    doubts : list of Doubt
        Why the data may not be what happened; see :mod:`helpers.plausibility`.
    undone : DataFrame or None
        All lines of the customers and products of which something was returned, purchases and
        returns: what is needed to know them as they were known on an earlier day; see
        :func:`helpers.evaluate.as_known_on`. Columns of the purchases, ``returned`` (the line is a
        return), ``units``, and ``usable`` (nothing but a return speaks against it).
    by_day : DataFrame or None
        Of purchases: how many rows of each readable day have which outcome, ``kept`` or a reason.
    shop, currency : str
        What to call the shop of these purchases, and what their amounts are in; empty where nobody
        has said.
    entered : list of str
        Parameters that a run's file states: their values are nobody's assumptions.
    """

    source: str
    read: int
    kept: int
    rejected: dict[str, int]
    findings: dict[str, str | int] = field(default_factory=dict)
    examples: dict[str, list] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    undone: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    by_day: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    shop: str = ""
    currency: str = ""
    entered: list[str] = field(default_factory=list)

    @property
    def set_aside(self) -> int:
        """Rows that speak neither for nor against a file: left out on purpose, or nobody's."""
        return sum(self.rejected.get(reason, 0) for reason in NOT_TO_BE_USED)

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
            "doubts": [asdict(doubt) for doubt in self.doubts],
        }


def _once(read, *asked):
    """A table and its report: what `read` finds, or what the run that asked the same has found."""

    def found():
        rows, report = read()
        parts = {each.name: getattr(report, each.name) for each in fields(report)}
        tables = {name: each for name, each in parts.items() if isinstance(each, pd.DataFrame)}
        said = {name: each for name, each in parts.items() if name not in tables}
        said["doubts"] = [asdict(doubt) for doubt in report.doubts]
        return handover.Found({"rows": rows, **tables}, said)

    known = once(found, *asked)
    tables, said = dict(known.tables), dict(known.said)
    said["doubts"] = [Doubt(**doubt) for doubt in said["doubts"]]
    return tables.pop("rows"), HealthReport(**said, **tables)


@contextmanager
def _named(table: str):
    """Name in messages the parameters of a table that is none of purchases: `event_columns` ..."""
    try:
        yield
    except DataError as error:
        ours = re.sub(r"`(cleaning|columns|date_format)\b", rf"`{table}_\1", str(error))
        raise type(error)(ours) from None


def load_transactions(
    path=None, columns: dict[str, str] | None = None, date_format: str = DATE_FORMAT, **cleaning
) -> pd.DataFrame:
    """Load purchases: one clean, typed row per product bought.

    Parameters
    ----------
    path : path-like or list of them, optional
        CSV (plain, gz, zip, bz2, xz), parquet or a workbook (xlsx, xls, xlsb, ods); a file,
        several, a folder of parts or a glob. Parts are matched by the names of their columns.
        Or a :class:`helpers.reading.databases.Query`. The bundled file if left out.
    columns : dict, optional
        Their column name: ours, e.g. ``{"StockCode": "product_id"}``. Names that already match
        need no entry.
    date_format : str or list of str
        As in :meth:`datetime.datetime.strftime`, or ``iso``, ``epoch_s``, ``epoch_ms``,
        ``epoch_us``, ``epoch_ns`` or ``excel`` (day numbers). Never guessed: ``03-04-2024`` is two
        dates.
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
    path=None, columns: dict[str, str] | None = None, date_format: str = DATE_FORMAT, **options
) -> pd.DataFrame:
    """Load behavioural events; parameters and errors as in :func:`load_transactions`.

    Returns
    -------
    DataFrame
        ``customer_id``, ``event_date``, ``event_type``, ``product_id`` (missing where an event
        has no product) and, where present, ``event_id`` and ``product_category``.
    """
    return read_events(path, columns, date_format, **options)[0]


def read_transactions(
    path=None,
    columns: dict[str, str] | None = None,
    date_format: str | list[str] = DATE_FORMAT,
    time_zone: str | None = None,
    join: list = (),
    **cleaning,
) -> tuple[pd.DataFrame, HealthReport]:
    """Load purchases, and say what happened to every row.

    Parameters
    ----------
    path, columns, date_format
        As in :func:`load_transactions`.
    time_zone : str, optional
        The shop's: times that have a zone are brought to its days. Left out, a time belongs to
        the day that is written.
    join : list of Join
        Further tables, looked up for every line.
    **cleaning
        The options of :class:`helpers.reading.parameters.Cleaning`.

    Returns
    -------
    transactions : DataFrame
    report : HealthReport

    Notes
    -----
    A return takes back what was bought on its day or before; one whose purchase is older than the
    file takes nothing back. Where a customer has sent back all units of a product, the purchase
    lines go too: a cancelled purchase says nothing about what the customer wants. What was known
    before a return is kept in ``report.undone``.
    """
    cleaning = Cleaning.of(cleaning)
    path = BUNDLED["transactions"] if path in (None, "") else path
    asked = [columns, date_format, cleaning, time_zone, list(join)]

    def read():
        export = Export(path, TRANSACTIONS, columns, date_format, cleaning, time_zone, join)
        return clean_purchases(export, cleaning)

    return _once(read, "purchases", [path, *(each.path for each in join)], asked)


def clean_purchases(export: Export, cleaning: Cleaning) -> tuple[pd.DataFrame, HealthReport]:
    """The second and third step of reading purchases: types, and a reason for every row.

    Parameters
    ----------
    export : Export
        Of purchases.
    cleaning : Cleaning

    Returns
    -------
    transactions : DataFrame
    report : HealthReport
    """
    but_for_returns = {name: rule for name, rule in WHY_NO_PURCHASE.items() if name != RETURNED}
    wanted = ["no_product", "marked", "returned", "counts", "units", "units_back"]
    wanted.append(f"{first_reason(but_for_returns)} IS NULL AS usable")
    rows, findings, labels = _judged(export, WHY_NO_PURCHASE, cleaning, wanted)
    findings |= _transaction_findings(rows, export, cleaning.cancellation_prefix, findings)
    report = _report(rows, export, WHY_NO_PURCHASE, findings)
    report.undone = _undone(rows, export)
    outcomes = rows["reason"].astype(object).fillna("kept").rename("outcome")
    days = rows["transaction_date"].dt.normalize().rename("day")
    report.by_day = outcomes.groupby([days, outcomes]).size().unstack(fill_value=0)
    called = {ours: export.theirs(ours) for ours in export.found}
    purchases = plausibility.Purchases(
        rows,
        labels,
        called,
        {**cleaning.drop_where, **cleaning.returns_where},
        export.dates.formats[0],
        findings,
    )
    report.doubts = plausibility.doubts(purchases, *export.line_breaks())
    return _kept(rows, export), report


def _undone(rows, export):
    """Lines of pairs of which something was returned."""
    lines = rows[rows["counts"] & (rows["units_back"] > 0)]
    table = lines[[*export.found, "returned", "units", "usable"]].reset_index(drop=True)
    return _with_whole_units(table)


@_named("event")
def read_events(
    path=None,
    columns: dict[str, str] | None = None,
    date_format: str | list[str] = DATE_FORMAT,
    time_zone: str | None = None,
    event_types: dict[str, str] | None = None,
    spelled_like: pd.DataFrame | None = None,
    **options,
) -> tuple[pd.DataFrame, HealthReport]:
    """Load behavioural events, and say what happened to every row.

    Parameters
    ----------
    path, columns, date_format, time_zone
        As in :func:`read_transactions`.
    event_types : dict, optional
        Their event type: ours; case and blanks around don't count.
    spelled_like : DataFrame, optional
        Purchases in which ids that are equal but for case are one (`merge_case`): the events' ids
        of customers and products take over their spelling.
    **options
        Those of :class:`helpers.reading.parameters.FileOptions`.

    Raises
    ------
    DataError
        As in :func:`read_transactions`, and where no event can be used: nobody could learn
        anything from such a file.
    """
    path = BUNDLED["events"] if path in (None, "") else path
    options = FileOptions.of(options, "event_cleaning")
    _check_types(event_types)
    spelling = None
    if spelled_like is not None:
        spelling = {name: _spelling(spelled_like[name].unique()) for name in _IDS}
    asked = [columns, date_format, options, time_zone, event_types, spelling]

    def read():
        export = Export(path, EVENTS, columns, date_format, options, time_zone)
        return _clean_events(export, options, event_types, spelling)

    return _once(read, "events", [path], asked)


_IDS = ("customer_id", "product_id")


def _spelling(ids):
    """How ids are spelled, by their small letters."""
    return dict(zip(pd.Index(ids, dtype="str").str.lower(), ids, strict=True))


def _spelled(ids, spelling):
    return ids.str.lower().map(pd.Series(spelling, dtype="str")).fillna(ids)


def _clean_events(export, options, event_types, spelling):
    """The second and third step of reading events."""
    cleaning = Cleaning(**dict(options), merge_case=spelling is not None)
    renamed = {"event_type": event_types} if event_types else None
    rows, findings, _ = _judged(export, WHY_NO_EVENT, cleaning, renamed=renamed)
    types = rows["event_type"]
    unknown = types[rows["reason"] == UNKNOWN_TYPE].value_counts().head(5)
    if len(rows) and not types.isin(EVENT_TYPES).any():
        most = types.value_counts().head(5)
        found = ", ".join(f"{name[:40]} ({count:,})" for name, count in most.items()) or "none"
        theirs = most.index[0][:40] if len(most) else "view"
        raise DataError(
            f"{export.name}: no event has a type that is known. Known are "
            f"{', '.join(EVENT_TYPES)}; the column {export.theirs('event_type')} has {found}. Say "
            f"in `event_types` what they mean, such as {{{theirs}: product_view}}, or leave the "
            "events out."
        )
    if len(unknown):
        findings["event types that are not known; name them in event_types"] = ", ".join(
            f"{name[:40]} ({count:,})" for name, count in unknown.items()
        )
    kept, report = _kept(rows, export), _report(rows, export, WHY_NO_EVENT, findings)
    if kept.empty:
        why = ", ".join(f"{reason}: {n:,}" for reason, n in report.rejected.items())
        raise DataError(
            f"{export.name}: none of the {report.read:,} events could be used"
            + (f" ({why})" if why else "")
            + ". Mend the file, or leave the events out."
        )
    if "product_id" not in kept:  # an export of visits may know no products
        kept["product_id"] = pd.Series(pd.NA, kept.index, dtype="str")
    for name in spelling or ():
        kept[name] = _spelled(kept[name], spelling[name])
    findings["events without a product"] = int(kept["product_id"].isna().sum())
    return kept, report


@_named("test")
def read_test_results(parameters: Parameters) -> tuple:
    """Load the export of a live test, and say what happened to every row.

    Parameters
    ----------
    parameters : Parameters
        With `test_results_path`, `test_columns`, `test_date_format` and `test_cleaning`.

    Returns
    -------
    rows : DataFrame or None
        One row per visit or per customer, as the file has them: ``customer_id``, ``arm`` and
        what else the file has of :data:`TEST_RESULTS`. Without customers who stand in several
        arms: nobody knows which list they saw. None where no file is named.
    report : HealthReport or None

    Raises
    ------
    DataError
        As in :func:`read_transactions`, and where nothing is left.
    """
    if not parameters.test_results_path:
        return None, None
    path, options = parameters.test_results_path, parameters.test_cleaning
    asked = [parameters.test_columns, parameters.test_date_format or parameters.date_format,
             options, parameters.time_zone]  # fmt: skip

    def read():
        columns, date_format, options, time_zone = asked
        export = _TestExport(path, TEST_RESULTS, columns, date_format, options, time_zone)
        return _clean_test_results(export, options)

    return _once(read, "test results", [path], asked)


def _clean_test_results(export, options):
    """The second and third step of reading the export of a live test."""
    rows, findings, _ = _judged(export, WHY_NO_TEST_RESULT, Cleaning(**dict(options)))
    good = rows["reason"].isna()
    # equal but for case: the arm is called as it is most often
    arms = rows.loc[good, "arm"]
    spelled = arms.groupby(arms.str.lower()).agg(lambda same: same.value_counts().index[0])
    rows["arm"] = rows["arm"].str.lower().map(spelled)
    if arms.nunique() > len(spelled):
        findings["arms equal but for case, read as one"] = int(arms.nunique() - len(spelled))
    arms = rows[good].groupby("customer_id")["arm"].nunique()
    several = arms.index[arms > 1]
    rows.loc[good & rows["customer_id"].isin(several), "reason"] = IN_SEVERAL_ARMS
    findings["customers in several arms"] = len(several)
    kept, report = _kept(rows, export), _report(rows, export, WHY_NO_TEST_RESULT, findings)
    if kept.empty:
        why = ", ".join(f"{reason}: {n:,}" for reason, n in report.rejected.items())
        raise DataError(
            f"{export.name}: none of the {report.read:,} rows of the live test could be used"
            + (f" ({why})" if why else "")
            + ". Mend the file, or leave `test_results_path` out."
            + " Is the column of customers the customer's id?" * (len(several) > 0)
        )
    return kept, report


class _Answered(Export):
    """An export in which some columns answer yes or no, in the words of many languages.

    Attributes
    ----------
    answers : dict of str to function
        By our name of a column: what becomes of a text.
    """

    answers: dict = {}  # noqa: RUF012

    def batches(self, number):
        for batch in super().batches(number):
            for name in set(self.answers) & set(batch.column_names):
                text = batch[name].cast(pa.string()).to_pandas()
                becomes = {each: self.answers[name](each) for each in text.dropna().unique()}
                column = pa.array(text.map(becomes), pa.string())
                batch = batch.set_column(batch.column_names.index(name), name, column)
            yield batch


def _count_or_answer(text):
    """In the export of a test, yes and no may stand where counts are asked for."""
    said = answers.word(text)
    return "1" if said in answers.YES else "0" if said in answers.NO else text


def _yes_or_no(text):
    if text.strip(BLANKS) in NOTHING:
        return None
    found = answers.is_there(text)
    return text if found is None else "yes" if found else "no"


class _TestExport(_Answered):
    answers = dict.fromkeys(_COUNTS, _count_or_answer)

    def _names_of(self, file, columns):
        names = super()._names_of(file, columns)
        if "customer_id" not in names.values():
            self.problems.append(
                "Sums by arm or day can't be read: customers were dealt, so each row must be of "
                "one customer."
            )
        return names


class _Catalogue(_Answered):
    answers = dict.fromkeys(_YES_OR_NO, _yes_or_no)


def _check_types(event_types):
    for theirs, ours in (event_types or {}).items():
        if ours not in EVENT_TYPES:
            near = difflib.get_close_matches(str(ours), EVENT_TYPES, 1)
            raise DataError(
                f"`event_types` maps {theirs!r} to {ours!r}, which is none of our types"
                + (f"; did you mean {near[0]!r}?" if near else f" ({', '.join(EVENT_TYPES)}).")
            )


def _strangers(events, purchases):
    """How many events are of customers and products that nobody bought, or that are called else."""
    findings = {}
    for name, what in (("customer_id", "customers"), ("product_id", "products")):
        seen = events[name].value_counts()
        findings[f"events of {what} without a purchase"] = int(
            seen[seen.index.difference(purchases[name].unique())].sum()
        )
    return findings


@_named("product")
def read_products(
    shop: Parameters, spelled_like: pd.Index | None = None
) -> tuple[pd.DataFrame | None, HealthReport | None]:
    """Read the catalogue: what is known of each product, whether anybody bought it or not.

    Parameters
    ----------
    shop : Parameters
        Its `products_path`, `product_columns`, `product_date_format` and `product_cleaning`.
    spelled_like : Index of product ids, optional
        Those of the purchases. With `merge_case` the catalogue's take over their spelling.

    Returns
    -------
    products : DataFrame or None
        Indexed by ``product_id``, with those columns of the contract that the file has.
        ``in_stock`` and ``allowed`` are 1 (yes), 0 (no) or missing (``in_stock`` only). None
        without a `products_path`.
    report : HealthReport or None

    Raises
    ------
    DataError
        As in :func:`read_transactions`, and where no row can be used.

    Notes
    -----
    Of several rows of one product (its sizes, its stores) the last counts; but it is in stock if
    it is so in one of them, and allowed if all of them allow it.
    """
    source = shop.source("products")
    if not source:
        return None, None
    path, options = source, shop.product_cleaning
    asked = [shop.product_columns, shop.product_date_format or shop.date_format, options,
             shop.time_zone]  # fmt: skip
    spelling = None
    if spelled_like is not None and shop.cleaning.merge_case:
        spelling = _spelling(spelled_like)

    def read():
        columns, date_format, options, time_zone = asked
        export = _Catalogue(path, PRODUCTS, columns, date_format, options, time_zone)
        return _clean_products(export, options, spelling)

    return _once(read, "products", [path], [*asked, spelling])


def _clean_products(export, options, spelling):
    """The second and third step of reading the catalogue."""
    rows, findings, _ = _judged(export, WHY_NO_PRODUCT, Cleaning(**dict(options)))
    findings |= _say_what_is_no_answer(rows, export)
    table, report = _kept(rows, export), _report(rows, export, WHY_NO_PRODUCT, findings)
    if table.empty:
        why = ", ".join(f"{reason}: {n:,}" for reason, n in report.rejected.items()) or "no rows"
        raise DataError(
            f"{export.name}: no product of the catalogue could be read ({why}). Mend the file, or "
            "leave an optional column out with `ignore` under `product_cleaning`."
        )
    for name in _YES_OR_NO & set(table):
        table[name] = table[name].map({"yes": 1.0, "no": 0.0})
    if "allowed" in table:  # what one row leaves open, another does not allow
        unclear = rows.loc[rows["reason"] == "unreadable allowed", "product_id"]
        unclear = unclear.tolist() + table.loc[table["allowed"].isna(), "product_id"].tolist()
        table.loc[table["product_id"].isin(unclear), "allowed"] = 0.0
    if spelling is not None:
        table["product_id"] = _spelled(table["product_id"], spelling)
    findings["products with several rows"] = int(table["product_id"].value_counts().gt(1).sum())
    by_product = table.groupby("product_id", sort=True)
    products = by_product.tail(1).set_index("product_id").sort_index()
    for name, chosen in (("in_stock", "max"), ("allowed", "min")):
        if name in products:
            products[name] = by_product[name].agg(chosen)
    return products, report


def load_products(shop: Parameters, spelled_like: pd.Index | None = None) -> pd.DataFrame | None:
    """The catalogue without its report; see :func:`read_products`."""
    return read_products(shop, spelled_like)[0]


def _say_what_is_no_answer(rows, export):
    """Findings on words that are neither yes nor no; where most are, the column is another one."""
    findings = {}
    for name in sorted(_YES_OR_NO & set(rows)):
        odd = rows.loc[rows["reason"] == f"unreadable {name}", name]
        if odd.empty:
            continue
        words = ", ".join(f"{text[:40]!r} ({n:,})" for text, n in odd.value_counts()[:5].items())
        n = rows[name].notna().sum()
        if 2 * len(odd) > n:
            raise DataError(
                f"{export.name}: of the column {export.theirs(name)}, {len(odd):,} of "
                f"{n:,} values are neither yes nor no: {words}. Write yes or no there, or "
                "how many there are; or leave the column out: "
                f"`product_cleaning: {{ignore: [{name}]}}`."
            )
        findings[f"words in {name} that are neither yes nor no"] = words
    return findings


def clean_ids(ids: list[str]) -> list[str]:
    """Customer ids from elsewhere, such as a list of consents, by the rules for purchases' ids.

    Parameters
    ----------
    ids : list of str

    Returns
    -------
    list of str
        As :mod:`helpers.reading.ids` reads them: ``17850`` for ``17850.0``; words for nothing left
        out.
    """
    tables = Tables([])
    tables.connection.register("export", pa.table({"customer_id": pa.array(ids, pa.string())}))
    return trimmed_ids(tables)


def as_known(ids, known) -> list[str]:
    """Ids from elsewhere as the shop spells them.

    Parameters
    ----------
    ids : iterable of str
    known : iterable of str
        The shop's.

    Returns
    -------
    list of str
        An id that the shop has stays as it is. Another becomes all of the shop's that are equal
        but for case; where there are none, it stays.
    """
    exact, spelled = set(known), {}
    for each in exact:
        spelled.setdefault(each.lower(), []).append(each)
    found = [[each] if each in exact else spelled.get(each.lower(), [each]) for each in ids]
    return list(dict.fromkeys(one for several in found for one in sorted(several)))


#: From so many rows on, the memory that cleaning took is worth more than opening all anew.
_MANY = 200_000


def _judged(export, rules, cleaning, wanted=(), renamed=None):
    """Every row with its types and its reason, in the order of the files; and labels of them."""
    parts = export.tables()
    labels = plausibility.labels(parts, [name for file in export.files for name in file.header])
    tables = Tables(parts)
    del parts  # so that they can go once they are cleaned
    wanted = [*export.found, "file_no", "row_no", "copy", *wanted]
    wanted += ["padded"] * ("product_name" in export.found)
    said = clean(tables, export, rules, cleaning, ", ".join(wanted), renamed)
    found = _in_order(tables.take("clean"))
    tables.close()
    if len(found) > _MANY:
        let_go()
    rows = found.to_pandas()
    return rows, export.findings() | said, labels


def _in_order(rows):
    """Rows as they stand in the files, whatever order a query has left them in."""
    file, row = rows["file_no"].to_numpy(), rows["row_no"].to_numpy()
    same = file[1:] == file[:-1]
    if ((file[1:] > file[:-1]) | same & (row[1:] > row[:-1])).all():
        return rows
    return rows.take(np.lexsort((row, file)))


def _kept(rows, export):
    """The rows without a reason, with the columns that the export has."""
    return _with_whole_units(rows.loc[rows["reason"].isna(), export.found].reset_index(drop=True))


def _with_whole_units(table):
    if "quantity" in table and (table["quantity"] % 1 == 0).all():
        table["quantity"] = table["quantity"].astype("int64")
    return table


def _report(rows, export, rules, findings):
    counts = rows["reason"].value_counts()
    rejected = {reason: int(counts[reason]) for reason in rules if reason in counts}
    examples = {}
    for reason in rejected:
        first = rows.loc[rows["reason"] == reason, ["file_no", "row_no"]].head(3)
        examples[reason] = [export.place(*each) for each in first.itertuples(index=False)]
    kept = int(rows["reason"].isna().sum())
    return HealthReport(export.name, len(rows), kept, rejected, findings, examples)


def load_shop(
    transactions_path="",
    events_path="",
    columns: dict[str, str] | None = None,
    event_columns: dict[str, str] | None = None,
    date_format: str | list[str] = DATE_FORMAT,
    cleaning: dict | None = None,
    reading: dict | None = None,
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
    reading : dict, optional
        What else :class:`helpers.reading.parameters.Parameters` knows of the files.

    Returns
    -------
    transactions : DataFrame
    events : DataFrame or None
    """
    shop = shop_parameters(
        transactions_path, events_path, columns, event_columns, date_format, cleaning, reading
    )
    (transactions, _), (events, _) = read_shop(shop)
    return transactions, events


def shop_parameters(
    transactions_path="",
    events_path="",
    columns: dict[str, str] | None = None,
    event_columns: dict[str, str] | None = None,
    date_format: str | list[str] = DATE_FORMAT,
    cleaning: dict | None = None,
    reading: dict | None = None,
    rules: dict | None = None,
) -> Parameters:
    """A lesson's parameters, checked; they are those of :func:`load_shop`.

    `rules` are what :class:`helpers.reading.parameters.Parameters` knows of what must not be shown.

    Raises
    ------
    ParameterError
        If one is not known or of another kind.
    """
    given = {
        "transactions_path": transactions_path,
        "events_path": events_path,
        "columns": columns,
        "event_columns": event_columns,
        "date_format": date_format,
        "cleaning": cleaning,
    }
    return Parameters.of(given | (reading or {}) | (rules or {}))


def read_shop(parameters: Parameters) -> tuple[tuple, tuple]:
    """Read both tables as the parameters say; bundled ones only if no file is the user's own.

    Parameters
    ----------
    parameters : Parameters

    Returns
    -------
    tuple of DataFrame and HealthReport
        The purchases.
    tuple of DataFrame and HealthReport, or of None and None
        The events.

    Raises
    ------
    DataError
        With what is wrong with both files.
    """
    of_purchases, of_events = parameters.source("transactions"), parameters.source("events")
    own = bool(of_purchases)
    described = parameters.model_fields_set & OF_OWN_FILES
    if not own and (wrong := sorted(n for n in described if getattr(parameters, n))):
        raise ParameterError(
            f"{wrong[0]} is given, but no transactions_path: name your purchases as well. (Without "
            "both, the bundled shop is used.)"
        )
    purchases, visits, problems = (None, None), (None, None), []
    try:
        purchases = read_transactions(
            of_purchases, parameters.columns, parameters.date_format,
            parameters.time_zone, parameters.join, **dict(parameters.cleaning),
        )  # fmt: skip
    except DataError as error:
        problems.append(str(error))
    if of_events or not own:
        try:
            visits = read_events(
                of_events, parameters.event_columns,
                parameters.event_date_format or parameters.date_format, parameters.time_zone,
                parameters.event_types, purchases[0] if parameters.cleaning.merge_case else None,
                **dict(parameters.event_cleaning),
            )  # fmt: skip
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError(" ".join(problems))
    if visits[0] is not None:
        visits[1].findings.update(_strangers(visits[0], purchases[0]))
    purchases[1].shop, purchases[1].currency = shop_called(parameters), parameters.currency
    purchases[1].entered = sorted(parameters.model_fields_set)
    return purchases, visits


def shop_called(parameters: Parameters) -> str:
    """What to call the shop: its name, or that it is the user's, and which file tells of it.

    Examples
    --------
    >>> shop_called(Parameters.of({})), shop_called(Parameters.of({"shop_name": "Lamps"}))
    ('a made-up shop', 'Lamps')
    >>> shop_called(Parameters.of({"transactions_path": ["till/may.csv", "till/june.csv"]}))
    'your shop (may.csv and others)'
    """
    source = parameters.source("transactions")
    if parameters.shop_name or not source:
        return parameters.shop_name or "a made-up shop"
    if isinstance(source, Query):
        return "your shop (from its database)"
    paths = source if isinstance(source, list) else [source]
    return f"your shop ({Path(paths[0]).name}{' and others' if len(paths) > 1 else ''})"


#: Parameters that speak of files which the bundled shop does not have.
OF_OWN_FILES = {"events_path", "products_path", "columns", "event_columns", "product_columns",
                "join"}  # fmt: skip


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


# What a lesson looks at before it believes a file: dates, faults, counts, and a decision


def other_reading(dates: pd.Series) -> pd.Series:
    """What a careless program makes of dates: day and month turned, where that gives a date.

    Parameters
    ----------
    dates : Series of timestamps
        As they were meant.

    Returns
    -------
    Series of timestamps
        Days up to the twelfth change places with their month; later ones have one reading only.
    """
    day, month = dates.dt.day, dates.dt.month
    two = day <= 12
    parts = {"year": dates.dt.year, "month": day.where(two, month), "day": month.where(two, day)}
    return pd.to_datetime(pd.DataFrame(parts))


def best_sellers(transactions: pd.DataFrame, end=None, days: int | None = None, n: int = 5) -> list:
    """The products with the most lines, the same for everyone.

    Parameters
    ----------
    transactions : DataFrame
    end : timestamp, optional
        The last day that counts; all days if left out.
    days : int, optional
        Only so many days up to `end`.
    n : int

    Returns
    -------
    list of product ids
        Among equals, the first in the alphabet.
    """
    counts = pd.Series(True, transactions.index)
    if end is not None:
        dates = transactions["transaction_date"].dt.normalize()
        counts = dates <= end
        if days is not None:
            counts &= dates > end - pd.Timedelta(days=days)
    sold = transactions.loc[counts, "product_id"].value_counts().sort_index()
    return sold.sort_values(ascending=False, kind="stable").index[:n].tolist()


def receipts(transactions: pd.DataFrame) -> str:
    """What the transaction numbers number, seen where a customer has several lines on one day.

    Parameters
    ----------
    transactions : DataFrame

    Returns
    -------
    str
        ``receipts`` (lines of a customer and day share numbers), ``lines`` (no two of them do),
        ``unknown`` (nobody has two lines on one day) or ``missing`` (no numbers).
    """
    if "transaction_id" not in transactions:
        return "missing"
    numbered = transactions[transactions["transaction_id"].notna()]
    if numbered.empty:
        return "missing"
    by = [numbered["customer_id"], numbered["transaction_date"].dt.normalize()]
    numbers = numbered.groupby(by)["transaction_id"].agg(["size", "nunique"])
    several = numbers[numbers["size"] > 1]
    if several.empty:
        return "unknown"
    return "receipts" if (several["nunique"] < several["size"]).mean() > 0.05 else "lines"


POSTAGE = "POSTAGE"
#: Of a larger shop, lesson 01 spoils the lines of some customers: they show the same, and of all,
#: the copy would need more memory and time than all other lessons.
SPOILED_LINES = 100_000


def some_customers(transactions: pd.DataFrame, most: int = SPOILED_LINES) -> pd.DataFrame:
    """All lines of some customers, drawn by lot: a shop small enough to try something out.

    Parameters
    ----------
    transactions : DataFrame
    most : int
        So many lines at most. (A single customer with more is taken alone.)

    Returns
    -------
    DataFrame
        The table itself, if it isn't larger.
    """
    if len(transactions) <= most:
        return transactions
    number, customers = pd.factorize(transactions["customer_id"])
    lines = np.bincount(number, minlength=len(customers))
    order = np.random.default_rng(0).permutation(len(customers))
    order = order[lines[order] <= most]
    if not len(order):
        order = [lines.argmin()]
    drawn = order[: max(1, np.searchsorted(lines[order].cumsum(), most, side="right"))]
    return transactions[np.isin(number, drawn)]


def spoil(transactions: pd.DataFrame, n: int = 5) -> pd.DataFrame:
    """A copy of purchases as a careless export has them, with four faults of real files.

    Parameters
    ----------
    transactions : DataFrame
    n : int
        The product that comes after the first n is the one that is sent back.

    Returns
    -------
    DataFrame
        ``transaction_id``, ``customer_id``, ``product_id``, ``transaction_date``, ``quantity``, and
        ``fault``: empty for a line as it was; ``postage`` (a line of postage for each customer and
        day), ``return`` (every second line of one product comes back as a line of its own, with a
        negative quantity), ``twice`` (the last tenth of the time is there again) or ``guest``
        (in that tenth, guests without a customer id add half as many lines). In
        ``attrs["postage"]`` the code of postage, which is none of the shop's own.
    """
    code, known = POSTAGE, set(transactions["product_id"])
    while code in known:
        code += "_"
    columns = ["customer_id", "product_id", "transaction_date"]
    lines = transactions[columns].assign(quantity=1, fault="")
    if "quantity" in transactions:
        lines["quantity"] = transactions["quantity"].abs().fillna(1).replace(0, 1)
    lines["transaction_id"] = [f"L{number}" for number in range(len(lines))]
    dates = lines["transaction_date"]
    orders = lines.groupby(["customer_id", dates.dt.normalize()]).head(1)
    postage = orders.assign(product_id=code, fault="postage")
    ranked = best_sellers(transactions, n=n + 1)
    back = lines[lines["product_id"] == ranked[-1]].iloc[::2]
    back = back.assign(
        quantity=-back["quantity"], fault="return", transaction_id="R" + back["transaction_id"]
    )
    last = dates >= dates.max() - (dates.max() - dates.min()) / 10
    twice = lines[last].assign(fault="twice")
    guests = lines[last].iloc[::2].assign(customer_id=None, fault="guest")
    guests["transaction_id"] = "G" + guests["transaction_id"]
    order = ["transaction_id", "customer_id", "product_id", "transaction_date", "quantity", "fault"]
    spoiled = pd.concat([lines, postage, back, twice, guests], ignore_index=True)[order]
    spoiled.attrs["postage"] = code
    return spoiled


def lines_pairs_people(transactions: pd.DataFrame, events: pd.DataFrame | None) -> pd.DataFrame:
    """Three ways to count what happened: lines, pairs of customer and product, and customers.

    Parameters
    ----------
    transactions : DataFrame
    events : DataFrame or None

    Returns
    -------
    DataFrame
        Indexed by ``product viewed``, ``put into the cart`` (without events: not there) and
        ``bought``; columns ``lines``, ``pairs`` and ``customers``. Events without a product don't
        count: they are no pair.
    """
    tables = {"bought": transactions}
    if events is not None:
        named = events[events["product_id"].notna()]
        kinds = {"product viewed": "product_view", "put into the cart": "add_to_cart"}
        tables = {n: named[named["event_type"] == kind] for n, kind in kinds.items()} | tables
    counts = {
        name: {
            "lines": len(table),
            "pairs": len(table[["customer_id", "product_id"]].drop_duplicates()),
            "customers": table["customer_id"].nunique(),
        }
        for name, table in tables.items()
    }
    return pd.DataFrame.from_dict(counts, orient="index")


def funnel(transactions: pd.DataFrame, events: pd.DataFrame | None) -> tuple[pd.Series, dict]:
    """From looking to buying, in pairs of customer and product.

    Parameters
    ----------
    transactions : DataFrame
    events : DataFrame or None

    Returns
    -------
    steps : Series of int
        ``viewed``, ``also in the cart``, ``also bought``, each among the step before; without
        views, ``bought`` only.
    bought : dict of str to float
        Which share was bought, whatever the steps between, of the pairs ``viewed``, ``in the
        cart`` and ``not in the cart`` (viewed only); and what chance gives for each, such as
        ``viewed by chance``. Empty without views.

    Notes
    -----
    Chance keeps how much each customer bought and how popular each product is: what is popular is
    looked at more and bought more, without one leading to the other. A customer who bought *k* of
    all *n* pairs has bought a product with *m* buyers with a probability of *k m / n*. Nobody asks
    what came first; see :func:`seen_before_bought`.
    """
    pair = ["customer_id", "product_id"]
    bought = transactions[pair].drop_duplicates()
    if events is None:
        return pd.Series({"bought": len(bought)}), {}
    named = events[events["product_id"].notna()]
    viewed = named.loc[named["event_type"] == "product_view", pair].drop_duplicates()
    carts = named.loc[named["event_type"] == "add_to_cart", pair].drop_duplicates()
    if viewed.empty:
        return pd.Series({"bought": len(bought)}), {}
    carted = viewed.merge(carts)  # pairs that are in both
    steps = {"viewed": viewed, "also in the cart": carted, "also bought": carted.merge(bought)}
    each, buyers = (bought[name].value_counts() for name in pair)

    def by_chance(pairs):
        of_each = pairs["customer_id"].map(each.to_dict()).astype(float).fillna(0)
        of_those = pairs["product_id"].map(buyers.to_dict()).astype(float).fillna(0)
        chances = of_each * of_those / len(bought)
        return float(chances.clip(upper=1).mean()) if len(pairs) else 0.0

    looked_only = pd.concat([viewed, carted]).drop_duplicates(keep=False)
    viewed_bought = len(viewed.merge(bought))
    shares = {
        "viewed": viewed_bought / len(viewed),
        "viewed by chance": by_chance(viewed),
        "in the cart": len(carts.merge(bought)) / max(len(carts), 1),
        "in the cart by chance": by_chance(carts),
        "not in the cart": (viewed_bought - len(steps["also bought"])) / max(len(looked_only), 1),
        "not in the cart by chance": by_chance(looked_only),
    }
    return pd.Series({name: len(table) for name, table in steps.items()}), shares


def platform(
    transactions, events=None, registered: int | None = None, lately: int | None = None
) -> pd.Series:
    """Who is on the platform, by what is known of them; nobody is counted twice.

    Parameters
    ----------
    transactions : DataFrame
    events : DataFrame or None
    registered : int, optional
        How many accounts there are; left out, only those in the files are known.
    lately : int, optional
        Looks of so many days, before the newest day of both files, still fill a list.

    Returns
    -------
    Series of int
        ``bought``, ``came for a product``, ``came, but for no product`` and, where
        `registered` is given, ``in no file``. With `lately`, the second is two groups:
        ``came for a product lately`` and ``came for a product earlier``.
    """
    bought = set(transactions["customer_id"])
    came, looked, recent = set(), set(), set()
    if events is not None:
        came = set(events["customer_id"]) - bought
        named = events[events["product_id"].notna()]
        looked = came & set(named["customer_id"])
        if lately and len(events):
            newest = max(events["event_date"].max(), transactions["transaction_date"].max())
            late = named["event_date"] > newest - pd.Timedelta(days=lately)
            recent = looked & set(named.loc[late, "customer_id"])
    groups = {"bought": len(bought)}
    if lately:
        groups["came for a product lately"] = len(recent)
        groups["came for a product earlier"] = len(looked - recent)
    else:
        groups["came for a product"] = len(looked)
    groups["came, but for no product"] = len(came - looked)
    if registered:
        groups["in no file"] = max(0, registered - len(bought | came))
    return pd.Series(groups)


def seen_before_bought(transactions: pd.DataFrame, events: pd.DataFrame) -> tuple[float, float]:
    """How many purchases had shown themselves before: the customer had viewed the product.

    Parameters
    ----------
    transactions, events : DataFrame

    Returns
    -------
    tuple of (float, float)
        Of the pairs of customer and product that were bought in the events' time, the share viewed
        on the day of the first purchase or before; and the share by chance, if what each customer
        had viewed by then were products drawn as often as all customers view them. No numbers
        (NaN) where nothing was bought in that time, or no buyer has viewed anything.
    """
    pair = ["customer_id", "product_id"]
    views = events[(events["event_type"] == "product_view") & events["product_id"].notna()]
    seen = views.groupby(pair)["event_date"].min().dt.normalize().rename("seen").reset_index()
    bought = transactions.groupby(pair)["transaction_date"].min().dt.normalize()
    day = events["event_date"].dt.normalize()
    bought = bought[bought.between(day.min(), day.max())].rename("day").reset_index()
    if bought.empty or not seen["customer_id"].isin(bought["customer_id"]).any():
        return float("nan"), float("nan")
    same = bought.merge(seen, on=pair)
    share = (same["seen"] <= same["day"]).sum() / len(bought)
    # how many products each customer had viewed by the day of each purchase
    popular = seen["product_id"].value_counts(normalize=True)
    known = bought.sort_values("day").rename(columns={"product_id": "product"})
    seen = seen.sort_values("seen")
    seen["viewed"] = seen.groupby("customer_id").cumcount() + 1
    known = pd.merge_asof(
        known, seen.drop(columns="product_id"), left_on="day", right_on="seen", by="customer_id"
    )
    by_chance = known["viewed"].fillna(0) * known["product"].map(popular.to_dict()).fillna(0)
    return float(share), float(by_chance.clip(upper=1).mean())


def sold_by_day(report: HealthReport, transactions: pd.DataFrame) -> pd.DataFrame:
    """Purchases of each day, those of guests included: a loss of ids is no loss of sales.

    Parameters
    ----------
    report : HealthReport
        Of the purchases.
    transactions : DataFrame
        What was kept: counted where the report knows no days.

    Returns
    -------
    DataFrame
        By day, in order: ``sold``, and ``guests``, those of them without a customer.
    """
    known = report.by_day
    if known is None:
        days = transactions["transaction_date"].dt.normalize()
        return pd.DataFrame({"sold": days.value_counts().sort_index()}).assign(guests=0)
    nothing = pd.Series(0, known.index)
    guests = known.get("no customer id", nothing)
    table = pd.DataFrame({"sold": known.get("kept", nothing) + guests, "guests": guests})
    return table[table["sold"] > 0]


def guests_by_month(by_day: pd.DataFrame) -> pd.DataFrame:
    """Purchases and the share without a customer, by month; by_day as from `sold_by_day`."""
    months = by_day.groupby(by_day.index.to_period("M")).sum()
    return months.assign(share=months["guests"] / months["sold"])


def guests_since(by_day: pd.DataFrame) -> pd.Timestamp | None:
    """The day from which on more purchases have no customer.

    Parameters
    ----------
    by_day : DataFrame
        From :func:`sold_by_day`.

    Returns
    -------
    Timestamp or None
        Of all days, the one that divides the file into two parts, each with a share of its own,
        as likely as possible. None where the share of guests never rises.
    """
    sums = by_day[["sold", "guests"]].cumsum().set_axis(["n", "k"], axis=1)
    before, after = sums.iloc[:-1], sums.iloc[-1] - sums.iloc[:-1]
    rises = (after["k"] / after["n"] > before["k"] / before["n"]).to_numpy()
    if not rises.any():
        return None
    fit = sum(xlogy(part["k"], part["k"] / part["n"])
              + xlogy(part["n"] - part["k"], 1 - part["k"] / part["n"])
              for part in (before, after))  # fmt: skip
    return by_day.index[1 + int(np.where(rises, fit, -np.inf).argmax())]


def whole_months(days: pd.Series | pd.DatetimeIndex) -> pd.PeriodIndex:
    """The months of which a file has all days, but for two at its ends (weekends).

    Parameters
    ----------
    days : Series or index of timestamps

    Returns
    -------
    PeriodIndex
    """
    first, last = days.min(), days.max()
    months = pd.period_range(first, last, freq="M")
    begun = months.start_time >= first.normalize() - pd.Timedelta(days=2)
    ended = months.end_time.normalize() <= last.normalize() + pd.Timedelta(days=2)
    return months[begun & ended]


def december_rises(sold: pd.Series) -> pd.DataFrame:
    """How much more was sold a day in December than in the November before, year by year.

    Parameters
    ----------
    sold : Series of int
        By day.

    Returns
    -------
    DataFrame
        By year, where both months are whole: ``sold`` in the weaker of both, the ``rise`` as a
        share, and its standard ``error`` if purchases came independently.
    """
    whole = whole_months(sold.index)
    months = sold.groupby(sold.index.to_period("M")).sum().reindex(whole).fillna(0)
    rows = {}
    for december in whole[(whole.month == 12) & (whole - 1).isin(whole)]:
        before, now = months[december - 1], months[december]
        if before and now:
            times = (now / 31) / (before / 30)
            error = times * (1 / before + 1 / now) ** 0.5
            rows[december.year] = {"sold": min(before, now), "rise": times - 1, "error": error}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["sold", "rise", "error"])


#: From the mildest to the worst.
GO, MEND, ASK, SEND_BACK = ANSWERS = ("go", "mend", "ask", "send back")
#: What is settled row by row: it takes nothing away that could have been learned from.
_SETTLED = {*NOT_TO_BE_USED, "return or cancellation", RETURNED, "duplicate of another row"} - {
    "no customer id"
}
#: Up to which share a file is fine, and up to which it can be mended.
LIMITS = {"unreadable": (0.05, 0.25), "nobody": (0.05, 0.5), "copies": (0.05, 0.5),
          "strangers": (0.5, 0.95)}  # fmt: skip
#: Fewer dates than one in twenty prove nothing: the loader lets so many misfit the other way round.
PROOF = 0.05
#: So many purchases has a month whose share of guests decides.
LARGE_ENOUGH = 100
IDS_MEET = "Buyers without an event?"
#: The questions about faults, by the fault whose limits they have.
FAULTS = {"unreadable": "Purchases that can't be read?",
           "nobody": "No customer, in the worst month?",
           "copies": "Copies of other rows?", "strangers": IDS_MEET}  # fmt: skip
SENT = "Rows sent, minus kept and rejected?"
_PROVEN = "Dates that prove their format?"
_ODD = "Anything odd or impossible?"
#: The questions whose figure is a share.
SHARES = {_PROVEN, *FAULTS.values()}
#: Of each question, what is answered with go, mend, ask and send back; empty where nothing is.
RULE = {
    # the file's own sum always adds up: only who sent the rows can say how many there were
    SENT: ("0", "", "not told yet, or not 0", ""),
    _PROVEN: (f"{PROOF:.0%} or more have a day above 12", "", "fewer", ""),
    _ODD: (
        "nothing", "odd, such as 1,000 soaps on one line", "",
        "impossible, such as receipt numbers as customers"),
} | {
    FAULTS[fault]: (f"up to {fine:.0%}", f"up to {mended:.0%}", "", "more")
    for fault, (fine, mended) in LIMITS.items()
}  # fmt: skip
# of those who are tracked, some did buy: then few are, and the ids meet all the same
RULE[IDS_MEET] = (*RULE[IDS_MEET][:3], "more, and hardly anybody in the events bought")


def may_it_be_used(
    report: HealthReport,
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    rows_sent: int | None = None,
) -> pd.DataFrame:
    """A few questions to an export, and what its figures say: go, mend, ask or send back.

    Parameters
    ----------
    report : HealthReport
        Of the purchases.
    transactions : DataFrame
    events : DataFrame or None
    rows_sent : int, optional
        Purchases that the data team says it sent. Until it does, the first question is open: its
        figure is NaN, and the answer *ask*.

    Returns
    -------
    DataFrame
        A row per question: ``question``; ``figure``, as a number; ``answer``, one of the four
        words. In ``attrs["verdict"]`` the worst of the answers. Whether the dates prove their
        format is asked only where they have two readings, and the last question only where
        somebody bought in the time of the events.

    Notes
    -----
    The limits are a rule of thumb of this course, in :data:`LIMITS`: agree on your own before you
    see the figures. Of purchases without a customer, the worst month decides, if it is large
    enough. Where every line has a number of its own, no line can be a copy, number included; so
    lines count that are alike but for it.
    """
    lost = {reason: n for reason, n in report.rejected.items() if reason not in _SETTLED}
    nobody = lost.pop("no customer id", 0)
    could_teach = max(report.kept + sum(lost.values()) + nobody, 1)
    unreadable = sum(lost.values()) / could_teach
    months = guests_by_month(sold_by_day(report, transactions))
    large = months.loc[months["sold"] >= LARGE_ENOUGH, "share"]
    nobody = max([nobody / could_teach, *large])
    missing = np.nan if rows_sent is None else rows_sent
    missing -= report.kept + sum(report.rejected.values())
    copies = report.rejected.get("duplicate of another row", 0) + alike_but_for_the_number(
        transactions
    )
    copies = copies / max(report.read, 1)
    stops = sum(doubt.stops for doubt in report.doubts)
    answer = SEND_BACK if stops else MEND if report.doubts else GO
    proving, ambiguous = (
        sum(rows for what, rows in report.findings.items() if words in what)
        for words in ("dates that fit", "dates that would be another day")
    )
    rows = [
        (SENT, missing, GO if missing == 0 else ASK),
        (_ODD, len(report.doubts), answer),
        (FAULTS["unreadable"], unreadable, _within("unreadable", unreadable)),
        (FAULTS["nobody"], nobody, _within("nobody", nobody)),
        (FAULTS["copies"], copies, _within("copies", copies)),
    ]
    if ambiguous:
        proof = proving / (proving + ambiguous)
        rows.insert(1, (_PROVEN, proof, GO if proof >= PROOF else ASK))
    day = transactions["transaction_date"].dt.normalize()
    if events is not None and len(events):
        seen = events["event_date"].dt.normalize()
        buyers = pd.Index(
            transactions.loc[day.between(seen.min(), seen.max()), "customer_id"].unique()
        )
    else:
        buyers = pd.Index([])
    if len(buyers):
        came = pd.Index(events["customer_id"].unique())
        strangers = float(1 - buyers.isin(came).mean())
        answer = _within("strangers", strangers)
        if answer == SEND_BACK and came.isin(transactions["customer_id"]).mean() >= 0.05:
            answer = MEND  # few are tracked, and those who are buy: the ids meet
        rows.append((IDS_MEET, strangers, answer))
    table = pd.DataFrame(rows, columns=["question", "figure", "answer"])
    table.attrs["verdict"] = max(table["answer"], key=ANSWERS.index)
    return table


def alike_but_for_the_number(transactions: pd.DataFrame) -> int:
    """Lines that repeat another but for the transaction's number, where that numbers lines."""
    if receipts(transactions) != "lines":
        return 0
    same = ["customer_id", "product_id", "transaction_date", "quantity"]
    return int(transactions.duplicated([name for name in same if name in transactions]).sum())


def _within(name, share):
    fine, mended = LIMITS[name]
    return GO if share <= fine else MEND if share <= mended else SEND_BACK


def line_amounts(transactions: pd.DataFrame) -> pd.Series | None:
    """What each purchase line cost, in the shop's currency; None where the export has no money.

    ``total_amount`` where known, else ``quantity`` (1 if unknown) times ``unit_price``, else 0.
    """
    if not {"total_amount", "unit_price"} & set(transactions):
        return None
    empty = pd.Series(np.nan, index=transactions.index)
    units = transactions.get("quantity", empty).fillna(1)
    amounts = transactions.get("total_amount", empty)
    return amounts.fillna(units * transactions.get("unit_price", empty)).fillna(0).clip(lower=0)


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
    if "product_name" in transactions:
        products["product_name"] = products["product_name"].str.replace(_TURNS_TEXT, "", regex=True)
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


def _transaction_findings(rows, export, cancellation_prefix, found):
    """Counts over all rows that a PM should see and decide about."""
    twins = "product ids equal but for case"
    findings = {twins: found.get(twins, 0)}
    if "product_name" in export.found:
        findings["names padded with blanks"] = int(rows["padded"].sum())
        several = rows.groupby("product_id")["product_name"].nunique()
        findings["products with several names"] = int((several > 1).sum())
    if "transaction_id" in export.found:
        lines = rows[["transaction_id", "product_id"]].dropna(subset=["product_id"])
        findings["further lines of one product in one transaction"] = int(lines.duplicated().sum())
    if "quantity" in export.found:
        negative = rows["quantity"] < 0
        findings["rows with a negative quantity"] = int(negative.sum())
        largest = rows["quantity"].abs()
        if largest.notna().any():
            at = rows.loc[largest.idxmax()]
            place = export.place(at["file_no"], at["row_no"])
            findings["largest quantity"] = f"{largest.max():,.0f} in row {place}"
    if cancellation_prefix and "transaction_id" in export.found:
        marked = rows["marked"]
        findings["rows marked as a cancellation"] = int(marked.sum())
        if "quantity" in export.found:
            findings["negative quantity, not marked"] = int((negative & ~marked).sum())
    if "unit_price" in export.found:
        findings["rows with price zero"] = int((rows["unit_price"] == 0).sum())
        if below := int((rows["unit_price"] < 0).sum()):
            findings["rows with a price below zero"] = below
    findings["exact duplicates"] = int((rows["copy"] > 1).sum())
    findings["rows of codes that are no products"] = int(rows["no_product"].sum())
    undone = rows.loc[rows["reason"] == RETURNED, ["customer_id", "product_id"]]
    findings["pairs of customer and product fully returned"] = len(undone.drop_duplicates())
    return findings
