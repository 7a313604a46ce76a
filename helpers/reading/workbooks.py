"""Workbooks (xlsx, xls, xlsb, ods) as tables of text, numbers and dates."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from helpers.reading.columns import (
    checked_header,
    no_such_row,
    plain_name,
    refuse_preamble,
    seeming_header,
)
from helpers.reading.encodings import ENTITY
from helpers.reading.errors import DataError, listed
from helpers.reading.texts import mended, unescaped

#: Columns that stand beside a column of text: its cells that are numbers with a fraction (whose
#: point is no thousands mark), and those that are dates. No file's column is called so.
NUMBERS_OF, DATES_OF = "\x1fnumbers: {}", "\x1fdates: {}"

_FIRST_ROWS = 60
# A sheet is held as a rectangle: one with a lonely cell far away would fill the memory.
_MOST_CELLS = 200_000_000
_DIMENSION = re.compile(rb'<dimension ref="[A-Z]+[0-9]+:([A-Z]+)([0-9]+)"')


class Sheet:
    """A sheet as batches of columns: text, numbers or dates.

    Parameters
    ----------
    book : str
        Name of the workbook.
    name : str
    rows : list of list
        The cells, from the sheet's first row on.
    options : FileOptions
        ``header_row`` is used.

    Attributes
    ----------
    name : str
    header : list of str
    first_row : int
    findings : dict of str to str or int
    """

    def __init__(self, book, name, rows, options):
        self.name, self.findings = name, {"format": f"workbook, sheet {name!r}"}
        before = (options.header_row or 1) - 1
        while not options.header_row and before < len(rows) and _is_empty(rows[before]):
            before += 1
        if options.header_row and (before >= len(rows) or _is_empty(rows[before])):
            raise no_such_row(f"{book}, sheet {name!r}", options.header_row)
        first = rows[before : before + _FIRST_ROWS]
        if not options.header_row and (at := seeming_header(first)):
            refuse_preamble(book, before + at + 1)
        self.header = []
        if first:
            self.header = checked_header(map(_name, first[0]), book, may_repeat=True)
        self.first_row, self._rows = before + 2, rows[before + 1 :]

    def batches(self) -> Iterator[pa.Table]:
        """All rows; the first batch has none, only the columns."""
        table = pd.DataFrame(self._rows, columns=self.header, dtype=object)
        columns = {}
        for name in self.header:
            columns |= by_type(name, table[name])
        frame = pd.DataFrame(columns, index=table.index)
        rows, n = mended(pa.Table.from_pandas(frame, preserve_index=False), ENTITY, unescaped)
        if n:
            self.findings["HTML entities decoded"] = n
        yield rows.slice(0, 0)
        yield rows


def sheets(source, options) -> list[Sheet]:
    """The tables of a workbook: the sheets that were asked for, or all if they are alike.

    Parameters
    ----------
    source : Source
    options : FileOptions
        ``sheet`` and ``header_row`` are used.

    Raises
    ------
    DataError
        If the sheet is not there, or none is named and the sheets differ.
    """
    import python_calamine

    content = source.path.open("rb") if source.is_plain else source.whole()
    with content:
        _refuse_giants(content, source.name)
        content.seek(0)
        book = python_calamine.CalamineWorkbook.from_filelike(content)
    seen = [
        each.name
        for each in book.sheets_metadata
        if str(each.visible).endswith(".Visible") and str(each.typ).endswith(".WorkSheet")
    ]
    if options.sheet:
        asked = [options.sheet] if isinstance(options.sheet, str) else options.sheet
        seen = [_called(name, book, source) for name in dict.fromkeys(asked)]
    cells = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in seen}
    cells = {name: rows for name, rows in cells.items() if any(map(any, rows))}
    # what somebody has named belongs together
    if options.sheet or len(cells) == 1 or len(set(map(_first_names, cells.values()))) == 1:
        return [Sheet(source.name, name, rows, options) for name, rows in cells.items()]
    if not cells:
        return []
    tables = []
    if options.header_row:
        tables = [Sheet(source.name, name, rows, options) for name, rows in cells.items()]
    if not tables or len({tuple(map(plain_name, each.header)) for each in tables}) > 1:
        raise DataError(
            f"{source.name} has {len(cells)} sheets that differ: {listed(cells)}. Set `sheet` "
            "under `cleaning` to the one to be read, or to a list of those that belong together."
        )
    return tables


def _called(asked, book, source):
    """The sheet that somebody names, as the workbook calls it."""
    fitting = [name for name in book.sheet_names if plain_name(name) == plain_name(asked)]
    if not fitting:
        raise DataError(
            f"{source.name} has no sheet {asked[:60]!r}; it has: {listed(book.sheet_names)}. "
            "Set `sheet` under `cleaning` to one of them."
        )
    return fitting[0]


def by_type(name: str, column: pd.Series) -> dict[str, pd.Series]:
    """A column with several types of cells as several columns, see :data:`NUMBERS_OF`.

    Parameters
    ----------
    name : str
    column : Series of objects
        Blank text or missing where there is nothing.
    """
    is_date = column.map(lambda cell: isinstance(cell, datetime.date))
    fractions = column.map(lambda cell: isinstance(cell, float) and not cell.is_integer())
    text = pd.Series(map(_text, column.mask(is_date | fractions, None)), column.index, dtype="str")
    split = {name: text}
    if fractions.any():
        split[NUMBERS_OF.format(name)] = column.where(fractions).astype("float64")
    if is_date.any():
        moments = pd.to_datetime(column.where(is_date), errors="coerce")
        if text.isna().all():
            return {name: moments}
        split[DATES_OF.format(name)] = moments
    return split


def _text(cell):
    if cell is None or cell == "" or cell != cell:
        return None
    return str(int(cell)) if isinstance(cell, float) else str(cell)


def _refuse_giants(file, name):
    """End in a sentence where a sheet says that it is larger than any table."""
    if not zipfile.is_zipfile(file):
        return
    with zipfile.ZipFile(file) as archive:
        for part in archive.namelist():
            if not re.search(r"worksheets/[^/]*\.xml$", part):
                continue
            with archive.open(part) as sheet:
                found = _DIMENSION.search(sheet.read(4_000))
            if found and _column(found.group(1)) * int(found.group(2)) > _MOST_CELLS:
                raise DataError(
                    f"{name} has a sheet whose last cell is {found.group(1).decode()}"
                    f"{int(found.group(2))}: too large for a table. Delete the columns and rows "
                    "behind your data, and save it again."
                )


def _column(letters):
    number = 0
    for letter in letters.decode():
        number = 26 * number + ord(letter) - 64
    return number


def _is_empty(row):
    return all(cell in ("", None) for cell in row)


def _first_names(rows):
    first = next(row for row in rows if not _is_empty(row))
    return tuple(plain_name(_name(cell)) for cell in first)


def _name(cell):
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell)) if whole else str(cell)
