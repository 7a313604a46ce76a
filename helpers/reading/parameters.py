"""All parameters of a run: one typed, documented list, for the command, lessons and batch jobs.

What is not known or of another kind is a sentence with the key and, from a file, the line: nothing
is guessed. How a file is read is said in :mod:`helpers.reading.strict_yaml`.
"""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from helpers.reading.databases import (
    Query,
    absolute,
    elsewhere,
    is_database,
    refuse_written_password,
)
from helpers.reading.errors import DataError, masked
from helpers.reading.files import at_home
from helpers.reading.strict_yaml import Odd, ParameterError, Written

DATE_FORMAT = "%d-%m-%Y"

_PATHS = "the path of a file in quotes, or a list of them"
_PATHS_OR_URL = "the path of a file, a list of them, or the URL of a database, in quotes"
_SELECT = "a SELECT in quotes"
_PATH = "the path of a file, in quotes"
_NAMES = "lines of the form `their name: our name`"
_FORMATS = (
    "a format such as '%d-%m-%Y' in quotes, 'iso', 'epoch_s' (_ms, _us, _ns) or 'excel', or a "
    "list of them"
)
_SHARE = "a share between 0 and 1"
_TEXT = "a text in quotes"
_CODES = "a list of codes, such as [POST, FEE]"
_CATEGORIES = "a list of categories, such as [Health]"
_COUNT = "a whole number, at least 1"
#: What a live test can be judged by. Not by clicks as the divisor: the list itself changes them.
METRICS = (
    *(f"{each} per {unit}" for each in ("clicked", "carted", "bought", "revenue")
      for unit in ("visit", "customer")),
    "visits per customer",
)  # fmt: skip
_METRIC = f"one of: {', '.join(METRICS)}"


def _field(default, says, expected, **limits):
    """A parameter: its default, what it means, and what it must be."""
    return Field(default, description=says, json_schema_extra={"expected": expected}, **limits)


def _as_text(value):
    """Codes that are plain numbers are fine without quotes."""
    return str(value) if type(value) is int else value


def _as_list(value):
    """In Python a tuple is as good as a list."""
    return list(value) if isinstance(value, tuple) else value


Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Code = Annotated[Text, pydantic.BeforeValidator(_as_text)]
Codes = Annotated[list[Code], pydantic.BeforeValidator(_as_list)]
Names = dict[Text, Text]
Paths = Path | str | list[Path | Text] | None
Formats = Text | Annotated[list[Text], Field(min_length=1), pydantic.BeforeValidator(_as_list)]
Mark = Literal[",", "."]


def _short(value):
    text = masked(repr(value))
    return text if len(text) <= 60 else f"{text[:55]} ..."


def _checked(model, given, under="", written=None):
    """A model of what was given, or one sentence for all that is wrong."""
    if given is not None and not isinstance(given, (Mapping, model)):
        field = Parameters.model_fields.get(under)
        form = field.json_schema_extra["expected"] if field else "lines of the form `name: value`"
        raise ParameterError(f"{under or 'The file'} is {_short(given)}; it must have {form}.")
    if isinstance(given, model):
        return given
    # a name with nothing behind it means the default
    given = {n: v for n, v in (given or {}).items() if v is not None or n not in model.model_fields}
    try:
        return model.model_validate(given)
    except pydantic.ValidationError as error:
        said = [_sentence(model, each, given, under, written) for each in error.errors()]
        raise ParameterError(" ".join(dict.fromkeys(said[:5]))) from None


def _sentence(model, error, given, under, written):
    """One error of pydantic's, as a sentence that names key, line, value and what is expected."""
    keys, name, field = tuple(error["loc"]), [under] if under else [], None
    place = _place(written, keys)
    for depth, key in enumerate(keys):
        if not isinstance(key, int):
            if key not in model.model_fields:
                return _unknown(model.model_fields, key, ".".join(name), place)
            field = model.model_fields[key]
            name.append(key)
            inner = [kind for kind in _kinds(field.annotation) if hasattr(kind, "model_fields")]
            if not inner:
                keys = keys[: depth + 1]
                break
            model = inner[0]
    expected = field.json_schema_extra["expected"]
    if error["type"] == "missing":
        return f"{place}{'.'.join(name)} is missing; it must be {expected}."
    value, inside = _at(given, keys), _at(given, error["loc"])
    odd = isinstance(inside, Odd)
    said = f"{place}{'.'.join(name)} is {_short(inside if odd else value)}; it must be {expected}."
    if odd and str in _kinds(field.annotation):
        said += f' Put it in quotes: "{inside.text[:60]}".'
    return said


def _unknown(fields, key, under, place):
    nearest = difflib.get_close_matches(str(key), fields, 1)
    elsewhere = [
        place for place, model in (("under `cleaning`", Cleaning), ("at the top level", Parameters))
        if key in model.model_fields
    ]  # fmt: skip
    hint = f"There are: {', '.join(sorted(fields))}."
    if nearest:
        hint = f"Did you mean {nearest[0]!r}?"
    elif elsewhere:
        hint = f"It belongs {elsewhere[0]}."
    what = f"option {_short(key)} under `{under}`" if under else f"parameter {_short(key)}"
    return f"{place}There is no {what}. {hint}"


def _place(written, keys):
    return f"{written.place(keys)}: " if written else ""


def _at(given, keys):
    for key in keys:
        try:
            given = given[key]
        except (KeyError, IndexError, TypeError):
            break
    return given


def _kinds(annotation):
    """All types in an annotation."""
    inner = getattr(annotation, "__args__", ())
    return [annotation, *(kind for each in inner for kind in _kinds(each))]


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, validate_default=False, allow_inf_nan=False
    )


class FileOptions(_Model):
    """How a file is read, of whatever table."""

    encoding: Text | None = _field(
        None, "of text files; detected over the whole file if left out",
        'the name of an encoding, such as "cp1252"')  # fmt: skip
    header_row: int | None = _field(
        None, "row in which the names of the columns stand; rows before it are passed over",
        "the number of a row, at least 1", ge=1, le=1_000_000)  # fmt: skip
    sheet: Text | list[Text] | None = _field(
        None, "name of a workbook's sheet, or a list of alike ones; needed where several differ",
        "a sheet's name in quotes, or a list of them")  # fmt: skip
    decimal: Mark | dict[Text, Mark] | None = _field(
        None, "decimal mark of all numbers, or by our names of the columns",
        '"," or ".", or a mapping such as {unit_price: ","}')  # fmt: skip
    drop_where: dict[Text, Codes] = _field(
        {},
        "rows to leave out, by a column (any of the file, by your name or ours) and its values; "
        "case and blanks don't count",
        "a mapping of columns to lists of values, such as {status: [cancelled, refunded]}",
    )
    ignore: list[Text] = _field(
        [], "optional columns (our names) to leave out, for example because they can't be read",
        "a list of our names, such as [unit_price]")  # fmt: skip

    @classmethod
    def of(cls, given: Mapping | None, name: str = "cleaning"):
        """Check what a user wrote.

        Raises
        ------
        DataError
            If it is no mapping, or an option is unknown or of the wrong kind.
        """
        return _checked(cls, given, under=name)


class Cleaning(FileOptions):
    """How a file of purchases is read and cleaned."""

    fill_down: list[Text] = _field(
        [], "columns that only the first line of a transaction has, such as customer and date: its "
        "other lines get them, too",
        "a list of columns, such as [customer_id, transaction_date]")  # fmt: skip
    non_products: Codes = _field(
        [], "product codes that are no products (postage, fees, vouchers)",
        "a list of product codes, such as [POST, FEE]")  # fmt: skip
    returns_where: dict[Text, Codes] = _field(
        {},
        "rows that take a purchase back, by a column (any of the file) and its values, beside "
        "those of negative quantity, amount or price; case and blanks don't count",
        "a mapping of columns to lists of values, such as {type: [return, refund]}",
    )
    cancellation_prefix: str | None = _field(
        None, "transactions whose id begins so are cancellations, beside those of negative "
        "quantity", _TEXT)  # fmt: skip
    merge_case: bool = _field(
        False, "ids that are equal but for case are one, called as it is most often",
        "true or false, without quotes")  # fmt: skip


class Join(_Model):
    """Another table of the export, whose columns are looked up for every line."""

    path: Path | str | list[Path | Text] = _field(
        ..., "its file or files, with one row for each key; they must fit into memory", _PATHS
    )
    by: Text | Names = _field(
        ...,
        "the column that both have, or `the lines' name: the other's name`",
        "a column's name, or one line of the form `name in the lines: name in this table`",
    )
    header_row: int | None = _field(
        None, "row in which its names of the columns stand", "the number of a row, at least 1",
        ge=1)  # fmt: skip
    encoding: Text | None = _field(None, "as under `cleaning`", _TEXT)
    sheet: Text | list[Text] | None = _field(
        None, "as under `cleaning`", "a sheet's name in quotes, or a list of them"
    )


#: An arm that is called so is compared with, so it has to stand first.
OLD_LISTS = {"control", "base", "baseline", "old", "today", "popular"}


class LiveTest(_Model):
    """The plan of a live test: all that has to be said before it starts."""

    name: Text = _field(
        "live test", "what it is called; customers are dealt by it, so the next test needs another",
        _TEXT + ", not holdout")  # fmt: skip
    arms: dict[Text, float] = _field(
        {"today": 0.5, "new": 0.5},
        "arms and their shares of the customers, today's list first; what is left of 1 takes no "
        "part",
        "a mapping of at least two arms, none called holdout, to shares above 0, together at most "
        "1, today's list first, such as {today: 0.5, new: 0.5}",
        min_length=2, max_length=10,
    )  # fmt: skip
    holdout: float = _field(
        0.0, "share of the customers who take part in no test and get nothing new, ever: the same "
        "ones in each test", "a share from 0 to 0.5", ge=0, le=0.5)  # fmt: skip
    starts: Text | None = _field(
        None, "its first day; left out, the first day of the export",
        'a day such as "2024-03-04", in quotes')  # fmt: skip
    weeks: int = _field(4, "how long it runs", "a whole number of weeks, from 1 to 52",
                        ge=1, le=52)  # fmt: skip
    looks: Literal["end", "weekly"] = _field(
        "end", "when somebody decides by it: once at the end, or after every week",
        "end or weekly")  # fmt: skip
    metric: Text = _field(
        "carted per visit", "what decides: clicked, carted, bought or revenue, per visit or per "
        "customer", _METRIC)  # fmt: skip
    worth_having: float = _field(
        0.2, "the smallest lift of it worth having: 0.2 is a fifth more than today",
        "a number above 0", gt=0, le=10)  # fmt: skip
    guardrails: dict[Text, float] = _field(
        {},
        "what must not get worse, and by which share it may at most",
        "a mapping of metrics to shares from 0 to 1, such as {revenue per customer: 0.05}",
    )
    value: float | None = _field(
        None, "what one more of the metric earns, in money: the margin of a cart, say; with "
        "revenue, the share of it that remains", "a number above 0", gt=0)  # fmt: skip
    cost_per_year: float | None = _field(
        None, "what the new list costs in a year, in money", "a number, at least 0", ge=0
    )

    @pydantic.field_validator("name")
    @classmethod
    def _name(cls, name):
        if name == "holdout":  # deals those held out; arms dealt by it would not be independent
            raise ValueError("the holdout's")
        return name

    @pydantic.field_validator("arms")
    @classmethod
    def _shares(cls, arms):
        if not all(share > 0 for share in arms.values()) or sum(arms.values()) > 1 + 1e-9:
            raise ValueError("shares")
        names = [arm.strip().lower() for arm in arms]
        if len(set(names)) < len(arms) or set(names) & {"", "holdout"}:
            raise ValueError("equal but for case, empty, or the holdout's")
        if names[0] not in OLD_LISTS and OLD_LISTS & set(names):
            raise ValueError("today's list stands first")
        return arms

    @pydantic.field_validator("metric")
    @classmethod
    def _metric(cls, metric):
        if metric not in METRICS:
            raise ValueError("metric")
        return metric

    @pydantic.field_validator("guardrails")
    @classmethod
    def _guardrails(cls, guardrails):
        if not all(name in METRICS and 0 <= most <= 1 for name, most in guardrails.items()):
            raise ValueError("guardrails")
        return guardrails

    @pydantic.field_validator("starts")
    @classmethod
    def _day(cls, starts):
        # fromisoformat takes weeks, too: 2024-W10
        if starts is not None and date.fromisoformat(starts).isoformat() != starts:
            raise ValueError("starts")
        return starts


class Parameters(_Model):
    """Everything a parameter file may say. Paths are relative to the folder you stand in."""

    # which files
    transactions_path: Paths = _field(
        "", "purchases: a file, a list of files, a folder, a glob, a database, its password by the "
        "name of an environment variable: postgresql://shop:${SHOP_PASSWORD}@localhost/shop; "
        "empty: the bundled shop", _PATHS_OR_URL)  # fmt: skip
    transactions_query: str = _field("", "what to ask that database for", _SELECT)
    events_path: Paths = _field("", "behavioural events", _PATHS_OR_URL)
    events_query: str = _field("", "of a database", _SELECT)
    products_path: Paths = _field(
        "", "the catalogue: names, categories, price, margin, stock, launches", _PATHS_OR_URL
    )
    products_query: str = _field("", "of a database", _SELECT)
    test_results_path: Paths = _field("", "the export of a live test", _PATHS)
    consent_path: Path | str = _field(
        "", "ids of the customers who agreed to personal mails, one per line", _PATH
    )
    # what they call things
    shop_name: str = _field(
        "", "the shop's, as the memo's title has it; left out, the file's", _TEXT, max_length=100
    )
    currency: str = _field(
        "", "of all amounts, for the memo", 'a code of three letters, such as "EUR", in quotes',
        pattern="^([A-Z]{3})?$")  # fmt: skip
    columns: Names = _field(
        {},
        "purchases: your column name: ours; several columns that are one together, such as year, "
        "month and day, with a + between them",
        _NAMES,
    )
    event_columns: Names = _field({}, "events: your column name: ours", _NAMES)
    product_columns: Names = _field({}, "catalogue: your column name: ours", _NAMES)
    test_columns: Names = _field({}, "live test: your column name: ours", _NAMES)
    event_types: Names = _field(
        {}, "your event type: ours", "lines of the form `their type: our type`"
    )
    join: list[Join] = _field(
        [], "further tables of the purchases, looked up for every line (orders, products)",
        "a list of tables, each with `path` and `by`")  # fmt: skip
    # how they write dates
    date_format: Formats = _field(DATE_FORMAT, "of all tables, but those named below", _FORMATS)
    event_date_format: Formats | None = _field(None, "of the events", _FORMATS)
    product_date_format: Formats | None = _field(None, "of the catalogue", _FORMATS)
    test_date_format: Formats | None = _field(None, "of the live test", _FORMATS)
    time_zone: Text | None = _field(
        None, "the shop's, such as Europe/Berlin: days are its days where times have a zone",
        'the name of a time zone in quotes, such as "Europe/Berlin"')  # fmt: skip
    # how they are read and cleaned
    rows_sent: int | None = _field(
        None, "how many purchases the data team says it sent: lines without the header", _COUNT,
        ge=1)  # fmt: skip
    cleaning: Cleaning = _field(Cleaning(), "purchases", "lines of the form `name: value`")
    event_cleaning: FileOptions = _field(FileOptions(), "events", "lines of the form `name: value`")
    product_cleaning: FileOptions = _field(
        FileOptions(), "catalogue", "lines of the form `name: value`"
    )
    test_cleaning: FileOptions = _field(
        FileOptions(), "live test", "lines of the form `name: value`"
    )
    live_test: LiveTest | None = _field(
        None, "the plan of the live test, written before it starts: without one it is described, "
        "but nothing is decided", "lines of the form `name: value`")  # fmt: skip
    # what to do with them
    test_days: int = _field(60, "the last days, held out to judge by",
                            "a whole number of days, from 1 to 3650", ge=1, le=3650)  # fmt: skip
    n_recommendations: int = _field(5, "length of a list", "a whole number from 1 to 1000",
                                    ge=1, le=1000)  # fmt: skip
    # what must not be shown
    deny_products: Codes = _field([], "never recommended, nor named as a reason", _CODES)
    deny_categories: Codes = _field(
        [],
        "never recommended, nor named as a reason; left out, retention offers leave out Health",
        _CATEGORIES,
    )
    deny_customers: Codes = _field(
        [], "get best sellers only, no mail, reminder or offer",
        "a list of customer ids, such as [C17]")  # fmt: skip
    one_of_category: Codes = _field(
        [], "categories of which the just bought product is enough: no other of them beside it",
        _CATEGORIES)  # fmt: skip
    margin_floor: float | None = _field(
        None, "least `margin` of the catalogue to be recommended", "a number"
    )
    places_for_new: int = _field(
        0, "places of a list for products of the catalogue that nobody has bought yet",
        "a whole number, at least 0", ge=0, le=1000)  # fmt: skip
    contact_cap: int | None = _field(
        None, "personal mails and reminders a customer gets from one run at most: a cart reminder "
        "goes first; a retention offer is sent in the place of the mail", _COUNT, ge=1)  # fmt: skip
    everybody_agreed: bool = _field(
        False, "everybody agreed to mails and reminders, so that no file of consents is needed",
        "true or false, without quotes")  # fmt: skip
    # what the memo and the offers assume
    cart_rate: float = _field(
        0.08, "share of clicks on recommendations that reach the cart today", _SHARE, gt=0, lt=1
    )
    buy_rate: float = _field(0.3, "share of those carts that are bought", _SHARE, gt=0, le=1)
    lift: float | None = _field(
        None, "the smallest lift of carts per visit worth having: .2 is a fifth more; left out, "
        "the one that earns `cost_per_year`, or a fifth where that can't be told",
        "a number above 0", gt=0, le=100)  # fmt: skip
    click_rate: float = _field(
        0.1, "share of visits to the place of the list with a click on it today", _SHARE, gt=0, lt=1
    )
    visits_per_week: float | None = _field(
        None, "visits of known customers in a week, to the place where the list is shown; left "
        "out, the length of the test is not known", "a number above 0", gt=0)  # fmt: skip
    visits_per_customer: float | None = _field(
        None, "such visits in a week, mean over all customers who may come; left out, "
        "`visits_per_week` over all customers of the export", "a number above 0",
        gt=0)  # fmt: skip
    cost_per_year: float | None = _field(
        None,
        "what personal lists would cost in the first year, to build and to run, in money",
        "a number, at least 0",
        ge=0,
    )
    margin_share: float = _field(0.4, "of an amount, what remains after costs", _SHARE, gt=0, le=1)
    exchange_rate: float = _field(
        2,
        "per cent more sales from the list's place for one per cent more customers with a hit: the "
        "highest rate that anybody believes",
        "a number above 0",
        gt=0,
        le=100,
    )
    voucher_share: float = _field(
        0.1, "an offer is worth this part of an average purchase", _SHARE, ge=0, le=1
    )
    voucher_response: float = _field(
        0.05, "share of the offers that are used: a guess, until a mailing of your own tells",
        _SHARE, gt=0, le=1)  # fmt: skip
    holdout_share: float = _field(
        0.1, "of the customers: never gets an offer, to measure by", _SHARE, ge=0, lt=1
    )

    @classmethod
    def of(cls, given: Mapping | None, written: Written | None = None):
        """Check what a user wrote; see :class:`FileOptions`.

        Parameters
        ----------
        given : mapping
        written : Written, optional
            Where it stands, for the message.
        """
        parameters = _checked(cls, given, written=written)
        parameters._refuse_urls(written)
        return parameters

    def _refuse_urls(self, written):
        """No password stands in a URL, and no URL of a database where only files can be read."""
        paths = {(name,): getattr(self, name) for name in self.model_fields_set if "path" in name}
        paths |= {("join", n, "path"): join.path for n, join in enumerate(self.join)}
        for keys, value in paths.items():
            name = ".".join(map(str, keys))
            for url in map(str, value if isinstance(value, list) else [value]):
                try:
                    refuse_written_password(url, name)
                except DataError as error:
                    raise ParameterError(f"{_place(written, keys)}{error}") from None
                if where := elsewhere(url):
                    raise ParameterError(f"{_place(written, keys)}{name}: {where}")
                if not is_database(url):
                    continue
                if name.removesuffix("_path") not in _FROM_DATABASES:
                    raise ParameterError(
                        f"{_place(written, keys)}{name} names a database, and here only a file can "
                        "be read. Export the table (or, of the purchases, join it in the query)."
                    )
                if isinstance(value, list):
                    raise ParameterError(
                        f"{_place(written, keys)}{name} is a list with a database in it. Give the "
                        "URL alone, and put the tables together in the query (UNION ALL)."
                    )

    def source(self, table: str) -> Paths | Query:
        """Where a table is read from: its path as it was given, or the query of a database.

        Parameters
        ----------
        table : {"transactions", "events", "products"}

        Raises
        ------
        ParameterError
            If there is a URL without a query, or the reverse.
        """
        path, query = getattr(self, f"{table}_path"), getattr(self, f"{table}_query").strip()
        if not is_database(path):
            if query:
                raise ParameterError(
                    f"{table}_query is given, but {table}_path names no database to ask. Write "
                    f"its URL there, such as {_URL_EXAMPLE}, or leave the query out."
                )
            return path
        if not query:
            raise ParameterError(
                f"{table}_path names a database, but no {table}_query says what to read there. "
                f'Write one, such as {table}_query: "SELECT * FROM {table}".'
            )
        return Query(path, query, f"{table}_query")

    def in_folder(self, folder: Path) -> Parameters:
        """The same with absolute paths: what is relative starts at a folder."""
        paths = {name: getattr(self, name) for name in self.model_fields_set if "path" in name}
        changed = {name: _absolute(value, folder) for name, value in paths.items() if value}
        if self.join:
            changed["join"] = [
                each.model_copy(update={"path": _absolute(each.path, folder)}) for each in self.join
            ]
        return self.model_copy(update=changed)

    def given(self) -> dict:
        """What was said, as plain values."""
        return self.model_dump(exclude_unset=True)

    def for_lesson(self, names: set[str]) -> dict:
        """The parameters of a lesson: by their names, the others in groups.

        Parameters
        ----------
        names : set of str
            What the lesson declares; ``reading`` and ``rules`` are the groups.
        """
        given = self.given()
        chosen = {name: value for name, value in given.items() if name in names}
        for group, members in (("reading", READING), ("rules", RULES)):
            # what the shop's rules say, every lesson hears, also those that declare one by name
            rest = {
                n: given[n] for n in members if n in given and (group == "rules" or n not in names)
            }
            if group in names and rest:
                chosen[group] = rest
        return chosen


def reference() -> str:
    """All parameters as text: what each means, what it must be, and its default.

    Returns
    -------
    str
        Options of a table's reading stand under the first parameter that has them.
    """
    lines, seen = [], {}
    for name, field in Parameters.model_fields.items():
        lines += _entry(name, field, "")
        for model in _kinds(field.annotation):
            if model in seen:
                lines.append(f"    has the lines of {seen[model]}")
            elif hasattr(model, "model_fields"):
                seen[model] = name
                for inner, each in model.model_fields.items():
                    lines += _entry(inner, each, "    ")
    return "\n".join(lines) + "\n"


def _entry(name, field, margin):
    default = "" if field.is_required() else _default(field.default)
    said = f"{field.description}; {field.json_schema_extra['expected']}{default}"
    return textwrap.wrap(f"{name}: {said}", 98, initial_indent=margin,
                         subsequent_indent=margin + "    ")  # fmt: skip


def _default(value):
    if value in (None, "", [], {}) or isinstance(value, BaseModel):
        return ""
    return f" [{str(value).lower() if isinstance(value, bool) else value}]"


def _absolute(value, folder):
    if isinstance(value, list):
        return [_absolute(each, folder) for each in value]
    if is_database(value):
        return absolute(value, folder)
    return str(folder / at_home(value))


#: Tables that may come from a database.
_FROM_DATABASES = ("transactions", "events", "products")
_URL_EXAMPLE = "postgresql://shop:${SHOP_PASSWORD}@db.example.com/shop"
_ALL = list(Parameters.model_fields)
#: Parameters that say which files there are, and how they are read.
READING = tuple(_ALL[: _ALL.index("test_days")])
#: Parameters that say what must not be shown to whom.
RULES = tuple(_ALL[_ALL.index("deny_products") : _ALL.index("cart_rate")])
