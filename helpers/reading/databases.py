"""Rows of a database: the result of a query as a table, streamed, with the types that it has.

The URL is SQLAlchemy's (``postgresql://...``, ``sqlite:///...``). A password never stands in it
but as the name of an environment variable, ``${SHOP_PASSWORD}``, which is looked up when a
connection is opened and nowhere else; so whatever keeps or prints the URL keeps and prints that
name.
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from helpers.reading.columns import checked_header
from helpers.reading.encodings import ENTITY
from helpers.reading.errors import DataError, listed
from helpers.reading.texts import mended, unescaped

# Rows that are fetched at a time, and seconds that a server has to answer.
_ROWS, _PATIENCE = 50_000, 20
_URL = re.compile(r"([a-z][a-z0-9_.+]*)://", re.I)
# What else begins like a URL; nothing is ever loaded from there.
_NO_DATABASES = {"http", "https", "ftp", "sftp", "file", "s3", "gs", "abfs", "hdfs"}
# How SQLite's URLs begin that name no path.
_NO_FILES = (":memory:", "file:")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PASSWORD = re.compile(r"(?<=://)([^/?:]*:)([^@]*)(?=@)")
_SECRET = re.compile(
    r"([?&][^=&]*(?:pass|pwd|secret|token)[^=&]*=|pwd(?:=|%3d))([^&;]*)", re.IGNORECASE
)

# How databases are told that a transaction only reads; PostgreSQL's drivers know it themselves.
_READ_ONLY = {
    "mysql": "START TRANSACTION READ ONLY",
    "mariadb": "START TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}


def is_database(source) -> bool:
    """Whether a path is the URL of a database."""
    found = _URL.match(source) if isinstance(source, str) else None
    return found is not None and found[1].lower() not in _NO_DATABASES


def elsewhere(source) -> str:
    """What to do about an address that is neither a file nor a database; empty for others."""
    found = _URL.match(source) if isinstance(source, str) else None
    kind = found[1].lower() if found else ""
    if kind not in _NO_DATABASES:
        return ""
    if kind == "file":
        return f"{source} is a URL; write the file's path, without file://."
    return f"{source} is not on this machine, and nothing is loaded from elsewhere. Copy it here."


def absolute(url: str, folder: Path) -> str:
    """The same URL; SQLite's file with its whole path, which may be relative to a folder."""
    start, file = re.match(r"(sqlite[^:]*:///)?(.*)", url, re.S).groups()
    if not start or not file or file.startswith(_NO_FILES):
        return url
    return f"{start}{folder / Path(file).expanduser()}"


def refuse_written_password(url: str, name: str) -> None:
    """End in a sentence where a password stands in a URL, which says what to write there.

    Parameters
    ----------
    url : str
    name : str
        Of the parameter.
    """
    written = [found[2] for pattern in (_PASSWORD, _SECRET) for found in pattern.finditer(url)]
    if any(secret and not _VARIABLE.fullmatch(secret) for secret in written):
        safe = _SECRET.sub(r"\1${SHOP_PASSWORD}", _PASSWORD.sub(r"\1${SHOP_PASSWORD}", url))
        raise DataError(
            f"{name} has a password written in it, and whoever sees the file would have it. Put "
            f"the password into an environment variable, and name that: {safe[:200]} (on a command "
            "line in single quotes, or the shell fills it in)."
        )


@dataclass(frozen=True)
class Query:
    """A table of a database: what stands in the place of a file's path.

    Attributes
    ----------
    url : str
        As it is written: variables of the environment by their names.
    text : str
        The SELECT.
    parameter : str
        What says it, for messages: ``transactions_query``, ``--query``.
    """

    url: str
    text: str
    parameter: str = "query"

    @property
    def name(self) -> str:
        """What to call it in messages: the database, and the parameter with the query."""
        path = _URL.sub("", self.url, count=1).partition("?")[0].partition("/")[2]
        return f"{Path(path).name or 'the database'} ({self.parameter})"

    @property
    def database(self) -> Database:
        """Where to ask; errors as there."""
        is_parameter = self.parameter.endswith("_query")
        return Database(self.url, self.parameter.replace("_query", "_path") if is_parameter else
                        "the URL")  # fmt: skip


class Database:
    """A database that can be connected to.

    Parameters
    ----------
    url : str
    name : str
        What says the URL, for messages: ``transactions_path``.
    may_be_new : bool
        Whether a file of SQLite may be made.

    Attributes
    ----------
    kind : str
        SQLAlchemy's name of it: "postgresql", "sqlite" ...
    engine : sqlalchemy.Engine

    Raises
    ------
    DataError
        If the URL is none, has a password in it or names a variable that is not set, or if its
        driver is not installed here.
    """

    def __init__(self, url: str, name: str, may_be_new: bool = False):
        refuse_written_password(url, name)
        try:
            import sqlalchemy
        except ImportError:
            raise DataError(_not_installed("SQLAlchemy")) from None
        self._secrets = {}
        try:
            written = sqlalchemy.make_url(url)
        except Exception:  # says so in several ways
            raise DataError(
                f"{name} is {url[:100]!r}, which is no URL of a database; it must be such as "
                "'postgresql://shop:${SHOP_PASSWORD}@db.example.com:5432/shop' or "
                "'sqlite:///shop.db'."
            ) from None
        self.kind = written.get_backend_name()
        self._where = written.set(password=None, query={}).render_as_string()
        if self.kind == "sqlite" and not may_be_new:
            file = written.database or ":memory:"
            if not file.startswith(_NO_FILES) and not Path(file).is_file():
                raise DataError(f"There is no database {file}. Check {name}.")
        self._variables = sorted(set(_VARIABLE.findall(url)))
        patience = {"connect_timeout": _PATIENCE} if self.kind == "postgresql" else {}
        try:
            self.engine = sqlalchemy.create_engine(
                self._expanded(written, name), poolclass=sqlalchemy.NullPool, connect_args=patience
            )
        except sqlalchemy.exc.NoSuchModuleError:
            hint = "Write postgresql:// in its place." if self.kind == "postgres" else (
                "Its driver brings it along: install it beside the course."
            )  # fmt: skip
            raise DataError(f"{name}: SQLAlchemy knows no database {self.kind!r}. {hint}") from None
        except ModuleNotFoundError as error:
            raise DataError(_not_installed(error.name)) from None

    def _expanded(self, url, name):
        """The URL with what the environment has for its variables."""

        def value(found):
            if found[1] not in os.environ:
                raise DataError(
                    f"{name} names the environment variable {found[1]}, which is not set. Set it "
                    "where the command is started, for example by "
                    f"`read -rs {found[1]}; export {found[1]}`, which asks for it."
                )
            return os.environ[found[1]]

        def put(text):
            return _VARIABLE.sub(value, text) if isinstance(text, str) else text

        url = url.set(**{part: put(getattr(url, part)) for part in
                         ("username", "password", "host", "database")},
                      query={key: put(text) for key, text in url.query.items()})  # fmt: skip
        hidden = (value for key, value in url.query.items() if _SECRET.match(f"?{key}="))
        self._secrets = [url.password, *hidden]
        return url

    @contextmanager
    def reading(self):
        """A connection whose transaction can't change anything, and is never committed.

        PostgreSQL, MySQL, MariaDB and SQLite refuse to write in it; of other databases only the
        second is true. Nothing is set for longer than the transaction, since a pool of connections
        may stand between.
        """
        with self.engine.connect() as connection:
            if self.kind == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True)
            elif self.kind in _READ_ONLY:
                connection.exec_driver_sql(_READ_ONLY[self.kind])
            yield connection

    @contextmanager
    def writing(self):
        """A connection in one transaction: at the end all of it is there, or nothing."""
        import sqlalchemy

        if self.kind == "sqlite":  # whose driver would commit a new table by itself

            def by_hand(connection, _record):
                connection.isolation_level = None

            def begin(connection):
                connection.exec_driver_sql("BEGIN IMMEDIATE")

            sqlalchemy.event.listen(self.engine, "connect", by_hand)
            sqlalchemy.event.listen(self.engine, "begin", begin)
        with self.engine.begin() as connection:
            yield connection

    def tables(self) -> list[str]:
        """Names of its tables and views."""
        import sqlalchemy

        with self.sentences(), self.reading() as connection:
            inspector = sqlalchemy.inspect(connection)
            return sorted([*inspector.get_table_names(), *inspector.get_view_names()])

    @contextmanager
    def sentences(self, query: str = "the query"):
        """Turn what goes wrong into a sentence: what the database says, and what to do.

        Parameters
        ----------
        query : str
            What says the query, for messages.
        """
        try:
            yield
        except (DataError, MemoryError, GeneratorExit):
            raise
        except Exception as error:  # each driver has exceptions of its own
            said = str(getattr(error, "orig", None) or error)
            said = " ".join(_BESIDE.sub("", said).split())
            for secret in filter(None, self._secrets):
                said = said.replace(secret, "***")
            what = next(what for pattern, what in _WHAT_TO_DO if re.search(pattern, said, re.I))
            variables = f" (which {listed(self._variables)} must hold)" * bool(self._variables)
            what = what.format(query=query, variables=variables)
            raise DataError(f"{self._where}: {said[:300].rstrip('.')}. {what}") from None


# What a driver says beside it: of our cursor, and what stands below in better words.
_BESIDE = re.compile(r"connection failed: |\nLINE .*|\s*Is the server running.*", re.S)
#: What a database says, and what to do about it.
_WHAT_TO_DO = [
    ("relation .* does not exist|table .* (does not|doesn't) exist|no such table",
     "Check the names of the tables in {query}."),
    ("column .* does not exist|no such column|unknown column",
     "Check the names of the columns in {query}."),
    ("password|authentication|access denied|role .* does not exist",
     "Check the user in the URL and the password{variables}."),
    ("translate host|resolve|getaddrinfo|unknown.*host|not known",
     "Check the name of the host in the URL."),
    ("refused|timed? ?out|unreachable|no route", "Does the database run, and does it let this "
     "computer in? Check host and port in the URL."),
    ("database .* does not exist|unknown database", "Check the database's name in the URL."),
    ("read.?only", "{query} would change the database, and here it is only read: write a SELECT."),
    ("locked|lock timeout|deadlock", "Somebody is using those tables: try again later."),
    ("permission|privilege", "Ask those who run the database for the right to it."),
    ("syntax|one statement|multiple commands|declare cursor", "Write one SELECT as {query}."),
    ("", "Try {query} in another program, and change it there until it runs."),
]  # fmt: skip


_DRIVERS = {"MySQLdb": "pymysql` and mysql+pymysql:// in the URL"}


def _not_installed(module):
    if module in ("SQLAlchemy", "psycopg"):
        return (
            f"{module} is not installed here, without which no database can be read. It comes with "
            "the extra `database`: `uv run --extra database course ...`."
        )
    return (
        f"The driver {module} of this database is not installed here. Install it beside the "
        f"course, for example by `uv pip install {_DRIVERS.get(module, f'{module}`')}."
    )


class Rows:
    """The result of a query as batches; it is asked for once, however large it is.

    The query runs in a read-only transaction where the database knows such a thing (PostgreSQL,
    MySQL, MariaDB, SQLite), elsewhere in one that is never committed: a query that would delete or
    change something ends in a sentence, or changes nothing.

    Parameters
    ----------
    query : Query

    Attributes
    ----------
    header : list of str
    first_row : int
        1: rows are counted as the query gives them.
    findings : dict of str to str or int

    Raises
    ------
    DataError
        If there is no such database, table or column, or the query gives no table; while the
        batches are read, if it gives no row.
    """

    def __init__(self, query: Query):
        self._query = query
        self._database = query.database
        self.findings, self.first_row = {"format": f"query, {self._database.kind}"}, 1
        self._opened = ExitStack()
        weakref.finalize(self, self._opened.close)
        self._result = self._ask()
        self.header = checked_header(self._result.keys(), query.name)

    def _ask(self):
        with self._database.sentences(self._query.parameter):
            connection = self._opened.enter_context(self._database.reading())
            # rows come as they are needed; a `%` or `:` in the query is none of ours
            options = {"stream_results": True, "yield_per": _ROWS, "no_parameters": True}
            connection = connection.execution_options(**options)
            result = connection.exec_driver_sql(self._query.text)
        if not result.returns_rows:
            raise DataError(
                f"{self._query.name}: the query gives no table. Write one SELECT as "
                f"{self._query.parameter}."
            )
        return result

    def batches(self) -> Iterator[pa.Table]:
        """The rows, some at a time; the first batch has none, only the columns."""
        result, self._result = self._result or self._ask(), None
        kinds, n = {}, 0
        with self._opened, self._database.sentences(self._query.parameter):
            for rows in result.partitions(_ROWS):
                columns = zip(*rows, strict=True)
                arrays = {
                    name: _typed(values, kinds.get(name))
                    for name, values in zip(self.header, columns, strict=True)
                }
                table, entities = mended(pa.table(arrays), ENTITY, unescaped)
                if entities:
                    before = self.findings.get("HTML entities decoded", 0)
                    self.findings["HTML entities decoded"] = before + entities
                if not n:
                    yield table.slice(0, 0)
                n, kinds = n + len(rows), dict(zip(self.header, table.schema.types, strict=True))
                yield table
        if not n:
            raise DataError(
                f"{self._query.name}: the query gives no row. Look at its conditions, and at "
                "whether the tables are filled."
            )


def _typed(values, before):
    """A column of one batch: numbers, dates, or text; `before` is its type in the last batch."""
    array = _array(values)
    if pa.types.is_null(array.type):
        return array.cast(before or pa.string())
    if pa.types.is_decimal(array.type):
        # a whole number may be an id, of which no digit must be lost
        exact = pa.int64() if array.type.precision <= _DIGITS else pa.string()
        array = array.cast(exact if array.type.scale <= 0 else pa.float64())
    if pa.types.is_integer(array.type) and before == pa.float64():
        return array.cast(before)
    return array


# So many fit into an integer of Arrow's.
_DIGITS = 18
_KEPT = (
    pa.types.is_null,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_boolean,
    pa.types.is_string,
    pa.types.is_date,
    pa.types.is_timestamp,
)


def _in_utc(time):
    return time.astimezone(UTC).replace(tzinfo=None) if time is not None and time.tzinfo else time


def _array(values):
    """Values as Arrow has them; what is neither number, date nor text becomes text."""
    try:
        array = pa.array(values)
        if pa.types.is_timestamp(array.type) and array.type.tz:
            # PySpark sets PYARROW_IGNORE_TIMEZONE, by which Arrow takes our clock for UTC's
            array = pa.array([_in_utc(each) for each in values], array.type)
        if any(is_kind(array.type) for is_kind in _KEPT):
            return array
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        pass  # of several types, or too large a number
    given = [each for each in values if each is not None]
    if all(isinstance(each, int | float | Decimal) for each in given) and not all(
        isinstance(each, int) for each in given
    ):
        return pa.array([None if each is None else float(each) for each in values])
    return pa.array([None if each is None else _text(each) for each in values], pa.string())


def _text(value):
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)
