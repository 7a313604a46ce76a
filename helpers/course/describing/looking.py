"""A bounded look at an export: a sample of its rows as text, and how the file is packed."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from helpers.course.describing.words import ranks, squeezed, written_out
from helpers.reading.databases import Database, Query, is_database
from helpers.reading.errors import listed
from helpers.reading.files import DATES_OF, NUMBERS_OF, DataError, input_files, tables_of
from helpers.reading.parameters import FileOptions

# The first rows are all looked at, then so many of each further batch.
FIRST, OF_EACH, BATCHES = 200_000, 2_000, 20


@dataclass
class Sample:
    """What was looked at of a table.

    Attributes
    ----------
    given : list of str
        The paths as the user wrote them.
    name : str
        Of the first file.
    frame : DataFrame of str
        Rows in their order; missing where a cell is blank.
    rows : int
        How many rows of the files went by, most of them unseen if the files are large.
    is_whole, is_counted : bool
        Whether every row was looked at, or at least went by.
    findings : dict
        Encoding and separator, as the reader found them.
    header_row : int
        Where the names of the columns stand.
    sheet, sheets : str or list of str, list of str
        The sheet of a workbook (or several alike ones), and all that it has.
    dates : set of str
        Columns whose cells are dates already.
    files : list of TextFile
        All that were opened.
    """

    given: list[str]
    name: str
    frame: pd.DataFrame
    rows: int
    is_whole: bool
    is_counted: bool
    findings: dict
    header_row: int = 1
    sheet: str | list[str] = ""
    sheets: list[str] = field(default_factory=list)
    dates: set[str] = field(default_factory=set)
    files: list = field(default_factory=list)

    @property
    def header(self) -> list[str]:
        """Names of the columns."""
        return list(self.frame.columns)

    def seen(self) -> str:
        """What the figures in the comments are of."""
        if self.is_whole:
            return f"all {self.rows:,} rows"
        more = "" if self.is_counted else "more than "
        return f"the first {FIRST:,} of {more}{self.rows:,} rows, and a spread of those behind,"


def look_at(given: list[str], asked: str | None = None, option: str = "--query") -> Sample:
    """Look at the files of one table.

    Parameters
    ----------
    given : list of str
        Files, folders or globs; or the URL of a database.
    asked : str, optional
        The query of a database.
    option : str
        The option of the command that says it.

    Returns
    -------
    Sample

    Raises
    ------
    DataError
        If there is no file, or one is no table.
    """
    source = given if len(given) > 1 else given[0]
    if asked or any(map(is_database, given)):
        source = _query(given, asked, option)
    paths = input_files(source)
    options, sheets = _options_for(paths[0])
    opened = [file for path in paths for file in tables_of(path, options) if file.header]
    if not opened:
        raise DataError(f"{paths[0].name} is empty: it has not even a header line.")
    frame, rows, is_whole, is_counted, dates = _rows_of(opened)
    return Sample(given, paths[0].name, frame, rows, is_whole, is_counted, opened[0].findings,
                  options.header_row or 1, options.sheet or "", sheets, dates, opened)  # fmt: skip


def _query(given, asked, option):
    """The query of a database; without one, a sentence with the tables that there are."""
    if len(given) > 1 or not is_database(given[0]):
        raise DataError(
            f"{option} asks one database, and it is given with {listed(given)}. Give one URL, or "
            "files without a query."
        )
    if asked:
        return Query(given[0], asked, option)
    tables = listed(Database(given[0], "the URL").tables(), 30) or "no table"
    raise DataError(
        f'Say with {option} what to read of this database, such as {option} "SELECT * FROM '
        f'orders". It has: {tables}.'
    )


def _options_for(path):
    """What the reader needs to be told of a file, and the sheets to choose from."""
    if isinstance(path, Query):
        return FileOptions(), []
    try:
        return _with_header_row(path, FileOptions()), []
    except DataError:
        sheets = _sheets(path)
        if len(sheets) < 2:
            raise
    # several sheets that differ: the one with most columns that we know the meaning of, and those
    # that have the same
    known = set().union(*map(ranks, ("customer_id", "product_id", "transaction_date", "quantity",
                                     "unit_price", "product_name")))  # fmt: skip
    best, most, alike = None, -1, {}
    for sheet in sheets:
        try:
            options = _with_header_row(path, FileOptions(sheet=sheet))
            header = [name for file in tables_of(path, options) for name in file.header]
        except DataError:  # a sheet that is no table
            continue
        kind = options.header_row, frozenset(map(squeezed, header))
        alike.setdefault(kind, []).append(sheet)
        score = sum(squeezed(name) in known or written_out(name) in known for name in header)
        if score > most:
            best, most = kind, score
    if best is None:
        raise DataError(f"{path.name}: none of its {len(sheets)} sheets could be read as a table.")
    named = alike[best]
    named = named[0] if len(named) == 1 else named
    return FileOptions(sheet=named, header_row=best[0]), sheets


def _with_header_row(path, options):
    """The options, with the row of the header where the reader says that it is not the first."""
    try:
        tables_of(path, options)
    except DataError as error:
        row = re.search(r"`header_row: (\d+)`", str(error))
        if row is None:
            raise
        return options.model_copy(update={"header_row": int(row.group(1))})
    return options


def _sheets(path):
    """The names of a workbook's sheets; none if it is no workbook."""
    try:
        with pd.ExcelFile(path, engine="calamine") as book:
            return list(map(str, book.sheet_names))
    except Exception:  # whatever it is, the reader has said so
        return []


def _rows_of(opened):
    """Rows from the front and a spread of those behind; how many went by; whether that is all."""
    taken, rows, kept, dates = [], 0, 0, set()
    batches = (batch for file in opened for batch in file.batches())
    n_batches = 2 * len(opened) + BATCHES  # the first of each file has no row
    is_whole = True
    for batch in itertools.islice(batches, n_batches):
        first = min(len(batch), max(FIRST - kept, 0))
        step = max((len(batch) - first) // OF_EACH, 1)
        at = [*range(first), *range(first, len(batch), step)]
        table, typed = _as_text(batch if len(at) == len(batch) else batch.take(at))
        taken, rows, kept, dates = [*taken, table], rows + len(batch), kept + len(at), dates | typed
        is_whole &= len(at) == len(batch)
    is_counted = next(batches, None) is None
    frame = pd.concat(taken, ignore_index=True).astype("str")
    frame = frame.apply(lambda column: column.str.strip())
    frame = frame.mask(frame == "").dropna(how="all", ignore_index=True)
    return frame, rows, is_whole and is_counted, is_counted, dates


def _as_text(batch: pa.Table):
    """A batch as text, and the columns that are dates."""
    columns, dates = {}, set()
    for name in batch.column_names:
        column = batch[name]
        beside = next((f[:-2] for f in (NUMBERS_OF, DATES_OF) if name.startswith(f[:-2])), "")
        bare = name.removeprefix(beside)
        # texts beside dates need a format
        texts = len(batch) - batch[bare].null_count if beside and bare in batch.column_names else 0
        is_whole = not beside or texts < 0.01 * len(batch)  # the first batch has no rows
        if pa.types.is_temporal(column.type) and is_whole:
            dates.add(bare)
        text = column.to_pandas()
        if pd.api.types.is_float_dtype(text):
            text = text.map(lambda x: str(int(x)) if x == x and x == int(x) else str(x),
                            na_action="ignore")  # fmt: skip
        text = text.astype("str").where(text.notna())
        columns[bare] = columns[bare].fillna(text) if bare in columns else text
    return pd.DataFrame(columns, dtype="str"), dates
