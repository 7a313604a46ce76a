"""A bounded look at an export: a sample of its rows as text, and how the file is packed."""

from __future__ import annotations

import csv
import io
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from helpers.course.describing.words import ranks, squeezed
from helpers.reading import files
from helpers.reading.files import DATES_OF, NUMBERS_OF, DataError, TextFile, input_files

# The first rows are all looked at, then so many of each further batch.
FIRST, OF_EACH, BATCHES = 200_000, 2_000, 20
_PREAMBLE = 40
_WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}


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
    sheet, sheets : str, list of str
        The sheet of a workbook, and all that it has.
    dates : set of str
        Columns whose cells are dates already.
    """

    given: list[str]
    name: str
    frame: pd.DataFrame
    rows: int
    is_whole: bool
    is_counted: bool
    findings: dict
    header_row: int = 1
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    dates: set[str] = field(default_factory=set)

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


def look_at(given: list[str]) -> Sample:
    """Look at the files of one table.

    Parameters
    ----------
    given : list of str
        Files, folders or globs.

    Returns
    -------
    Sample

    Raises
    ------
    DataError
        If there is no file, or one is no table.
    """
    paths = input_files(given if len(given) > 1 else given[0])
    try:
        sheets = _sheets(paths[0])
        sheet = _best_sheet(paths[0], sheets) if len(sheets) > 1 else ""
        header_row = _header_row(_first_rows(paths[0], sheet))
    except Exception:  # the reader meets the same, and says what it is
        sheets, sheet, header_row = [], "", 1
    opened = [_open(path, header_row, sheet) for path in paths]
    opened = [file for file in opened if file.header]
    if not opened:
        raise DataError(f"{paths[0].name} is empty: it has not even a header line.")
    seen, rows, is_whole, is_counted, dates = _rows_of(opened)
    name, findings = opened[0].path.name, opened[0].findings
    return Sample(given, name, seen, rows, is_whole, is_counted, findings, header_row, sheet, sheets,
                  dates)  # fmt: skip


def _open(path, header_row, sheet):
    return TextFile(path)


def _rows_of(opened):
    """Rows from the front and a spread of those behind; how many went by; whether that is all."""
    taken, rows, kept, dates = [], 0, 0, set()
    batches = (batch for file in opened for batch in file.batches())
    n_batches = len(opened) + BATCHES
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
    return frame.mask(frame == ""), rows, is_whole and is_counted, is_counted, dates


def _as_text(batch: pa.Table):
    """A batch as text, and the columns that are dates."""
    columns, dates = {}, set()
    for name in batch.column_names:
        column = batch[name]
        beside = next((f[:-2] for f in (NUMBERS_OF, DATES_OF) if name.startswith(f[:-2])), "")
        bare = name.removeprefix(beside)
        if pa.types.is_temporal(column.type):
            dates.add(bare)
        text = column.to_pandas()
        if pd.api.types.is_float_dtype(text):
            text = text.map(lambda x: str(int(x)) if x == x and x == int(x) else str(x),
                            na_action="ignore")  # fmt: skip
        text = text.astype("str").where(text.notna())
        columns[bare] = columns[bare].fillna(text) if bare in columns else text
    return pd.DataFrame(columns, dtype="str"), dates


def _sheets(path):
    if path.suffix.lower() not in _WORKBOOKS:
        return []
    with pd.ExcelFile(path) as book:
        return list(map(str, book.sheet_names))


def _best_sheet(path, sheets):
    """The sheet with most columns that we know the meaning of; of equals the first."""
    known = set().union(*(ranks(name) for name in ("customer_id", "product_id", "transaction_date",
                                                   "quantity", "unit_price", "product_name")))  # fmt: skip

    def score(sheet):
        rows = _first_rows(path, sheet)
        header = rows[_header_row(rows) - 1] if rows else []
        return sum(squeezed(cell) in known for cell in header), min(len(rows), 2)

    return max(sheets, key=score)


def _first_rows(path: Path, sheet: str) -> list[list[str]]:
    """The first rows of a file as they stand; none for parquet."""
    if path.suffix.lower() in _WORKBOOKS:
        table = pd.read_excel(path, sheet_name=sheet or 0, header=None, nrows=_PREAMBLE, dtype=str)
        return table.fillna("").to_numpy().tolist()
    if path.suffix.lower() == ".parquet" or path.stat().st_size == 0:
        return []
    encoding, _ = files.detect_encoding(path)
    with files._opened(path) as handle:
        text = io.TextIOWrapper(handle, encoding=encoding, errors="replace", newline="")
        lines = [line for line in itertools.islice(text, _PREAMBLE) if len(line) < 1_000_000]
    tables = [list(csv.reader(lines, delimiter=mark)) for mark in ",;\t|"]
    return max(tables, key=lambda rows: max((len(row) for row in rows[-5:]), default=0))


def _header_row(rows: list[list[str]]) -> int:
    """Where the names of the columns seem to stand: the first row as wide as those behind it.

    What stands before it is a preamble: a title, filters, blank lines.
    """
    if not rows:
        return 1
    filled = [sum(bool(str(cell).strip()) for cell in row) for row in rows]
    widest = sorted(len(row) for row in rows[len(rows) // 2 :])[len(rows[len(rows) // 2 :]) // 2]
    for number, (row, cells) in enumerate(zip(rows, filled, strict=True), 1):
        texts = [str(cell).strip() for cell in row]
        names = [text for text in texts if text and not text.replace(".", "").isdigit()]
        if len(row) >= widest and cells >= max(0.6 * widest, min(widest, 2)):
            return number if len(names) >= 0.8 * cells else 1
    return 1
