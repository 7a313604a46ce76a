"""One table of an export, from one file or many: parts are matched by the *names* of columns.

What comes out is text (or the types that the files have) under our names, with dates read. It is
cleaned by :mod:`helpers.reading.cleaning`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers import progress
from helpers.reading.columnar import is_text_of_another_type
from helpers.reading.columns import (
    Contract,
    is_another_header,
    match_columns,
    other_columns,
    plain_name,
)
from helpers.reading.dates import DateReader, as_text, dates_in_names, is_given
from helpers.reading.files import (
    DATES_OF,
    NUMBERS_OF,
    DataError,
    input_files,
    tables_of,
)
from helpers.reading.joining import with_joined, with_together
from helpers.reading.parameters import DATE_FORMAT, FileOptions

#: Columns that are added to the file's: the date that was read, whether there was anything to
#: read, and where the row stands (number of the file; the header is row 1).
DATE, DATE_GIVEN, FILE, ROW = "_date", "_date_given", "_file", "_row"


class Export:
    """Files that together are one table.

    Parameters
    ----------
    source : path-like or list of them
        See :func:`helpers.reading.files.input_files`.
    contract : Contract
    columns : dict of str to str, optional
        Theirs: ours; several of theirs with " + " between them are one of ours together.
    date_format : str or list of str
    options : FileOptions
    time_zone : str, optional
        The shop's.
    join : list of Join

    Attributes
    ----------
    files : list of TextFile
        Without those that have no byte.
    name : str
        What to call it in messages.
    problems : list of str
        What is wrong with the columns, a sentence each.

    Raises
    ------
    DataError
        If a file is missing, damaged or no table.
    """

    def __init__(self, source, contract: Contract, columns=None, date_format=DATE_FORMAT,
                 options: FileOptions | None = None, time_zone=None, join=()):  # fmt: skip
        if not isinstance(columns or {}, dict):
            raise DataError(
                f"`columns` is {columns!r}; it must have lines of the form `their name: our name`."
            )
        paths = input_files(source)
        self.contract, self.problems = contract, []
        self.name = paths[0].name if len(paths) == 1 else f"{paths[0].name} and others"
        self.dates = DateReader(date_format, time_zone)
        self.options = options or FileOptions()
        self.files = [table for path in paths for table in tables_of(path, self.options)]
        self.files = [file for file in self.files if file.header]
        if not self.files:
            raise DataError(f"{paths[0].name} is empty: it has not even a header line.")
        self.files = with_together(with_joined(self.files, join), columns)
        self._of_files: dict[str, list[str]] = {}  # of each problem, the files that have it
        self.names = [self._names_of(file, columns) for file in self.files]
        if contract.date in contract.required and contract.date not in self.found:
            self.problems += filter(None, [dates_in_names(self.files)])
        for problem, names in self._of_files.items():
            more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
            where = f"In {names[0]}{more}: " if len(self.files) > 1 else ""
            self.problems.append(where + problem)
        self._ignore(self.options.ignore)

    def _names_of(self, file, columns):
        """A file's own columns, theirs to ours; a part may lack what another part has."""
        here = {plain_name(each) for each in file.header}
        anywhere = {plain_name(each) for other in self.files for each in other.header}
        asked = {
            theirs: ours
            for theirs, ours in (columns or {}).items()
            if plain_name(theirs) in here or plain_name(theirs) not in anywhere
        }
        names, problems = match_columns(file.header, self.contract, asked)
        if problems and "lines that are not UTF-8" in file.findings:
            problems.append(
                f"It was read as {file.findings['encoding']}: if letters look wrong, set "
                "`encoding` under `cleaning`."
            )
        for theirs in file.nested(list(names)):
            problems.append(
                f"Column {theirs} has lists or records in its cells, and "
                f"{names[theirs]} must have one value in each. Export it flattened."
            )
        for problem in problems:
            self._of_files.setdefault(problem, []).append(file.name)
        return names

    def _ignore(self, columns):
        """Leave optional columns out."""
        for name in columns:
            if name in self.contract.required:
                self.problems.append(
                    f"`ignore` names {name}, without which nothing can be learned."
                )
            elif name not in self.contract.names:
                near = difflib.get_close_matches(name, self.contract.optional, 1)
                have = near or self.contract.optional
                self.problems.append(
                    f"`ignore` names {name[:60]!r}, which is none of our names; "
                    + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(have)}.")
                )
        for names in self.names:
            for theirs in [theirs for theirs, ours in names.items() if ours in columns]:
                del names[theirs]

    @property
    def found(self) -> list[str]:
        """Our columns that at least one of the files has, in our order."""
        found = set().union(*(names.values() for names in self.names))
        return [name for name in self.contract.names if name in found]

    def theirs(self, ours: str) -> str:
        """What the files call one of our columns."""
        return next(t for names in self.names for t, name in names.items() if name == ours)

    def called(self, column: str) -> str:
        """What a column that the user names is called here: by our name, or by the file's.

        Raises
        ------
        DataError
            If no file has it.
        """
        plain, names = (
            plain_name(column),
            dict(item for each in self.names for item in each.items()),
        )
        if plain in self.found:
            return plain
        for theirs, ours in names.items():
            if plain_name(theirs) == plain:
                return ours
        header = [each for file in self.files for each in file.header]
        if plain in map(plain_name, header):
            return f"other: {plain}"
        near = difflib.get_close_matches(column, header, 1)
        have = ", ".join(dict.fromkeys(header))[:200]
        raise DataError(
            f"There is no column {column[:60]!r}; "
            + (f"did you mean {near[0]!r}?" if near else f"the file has {have}.")
        )

    def is_typed(self) -> bool:
        """Whether an engine can read the files by itself: parquet with real dates in it."""
        return all(
            file.kind == "parquet"
            and file.is_plain
            and names == self.names[0]
            and not any(is_text_of_another_type(field.type) for field in file.schema)
            and self._is_date(file.schema.field(inverse(names)[self.contract.date]).type)
            for file, names in zip(self.files, self.names, strict=True)
        )

    def _is_date(self, kind):
        # nanoseconds are read by pandas only: Spark refuses them; zones are one reader's matter
        if pa.types.is_timestamp(kind):
            plain = kind.tz is None or (kind.tz == "UTC" and not self.dates.time_zone)
            return plain and kind.unit != "ns"
        return pa.types.is_date(kind)

    def batches(self, number: int) -> Iterator[pa.Table]:
        """The rows of one file, some at a time; the first batch has none.

        Our columns have our names, the others are called ``other: ...``.
        """
        file, names = self.files[number], self.names[number]
        row = file.first_row
        for read in file.batches():
            batch = read.rename_columns(our_names(read.column_names, names))
            dates, given = self._dates(batch)
            # a header has no date: few rows have to be looked at
            if not self.problems:  # the first line may be no header either
                self._refuse_other_headers(read, np.flatnonzero(pd.isna(dates)), file, row)
            rows = np.arange(row, row + len(batch))
            batch = batch.append_column(DATE, pa.array(dates, pa.timestamp("us")))
            batch = batch.append_column(DATE_GIVEN, pa.array(given, pa.bool_()))
            batch = batch.append_column(FILE, pa.array(np.full(len(batch), number), pa.int32()))
            yield batch.append_column(ROW, pa.array(rows, pa.int64()))
            row += len(batch)
            progress.rows(len(batch))

    def _refuse_other_headers(self, batch, rows, file, first_row):
        """End in a sentence if one of some rows is a header: of columns in another order."""
        header = [plain_name(name) for name in file.header]
        known = {*header, *self.contract.names}
        own = [name for name in batch.column_names if name in file.header]
        batch, likely = batch.select(own).take(rows), np.zeros(len(rows), bool)
        for column in batch.columns:
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                text = pc.utf8_lower(pc.utf8_trim_whitespace(column))
                likely |= pc.is_in(text, pa.array(known, text.type)).to_numpy()
        for at in np.flatnonzero(likely):
            cells = list(batch.slice(at, 1).to_pylist()[0].values())
            if [*map(plain_name, cells)] != header and is_another_header(cells, known):
                raise other_columns(file.name, first_row + int(rows[at]), cells)

    def _dates(self, batch):
        """The batch's dates, and whether there was anything to read."""
        if self.contract.date not in batch.column_names:
            return [None] * len(batch), [False] * len(batch)
        column = batch[self.contract.date]
        if pa.types.is_date(column.type):
            column = column.cast(pa.timestamp("us"))
        text = column.to_pandas()
        fractions = NUMBERS_OF.format(self.contract.date)
        if fractions in batch.column_names:  # a sheet with days and text in one column
            text = as_text(text).fillna(as_text(batch[fractions].to_pandas()))
        given = text.notna()
        if not pd.api.types.is_datetime64_any_dtype(text):
            given = is_given(as_text(text))
        dates = self.dates.read(text)
        typed = DATES_OF.format(self.contract.date)
        if typed in batch.column_names:  # a sheet with dates and text in one column
            typed = batch[typed].to_pandas().astype("datetime64[us]")
            return dates.fillna(typed), given | typed.notna()
        return dates, given

    def tables(self) -> list[pa.Table]:
        """All rows: one table for the files that have the same columns of the same types."""
        groups = {}
        for number in range(len(self.files)):
            for batch in self.batches(number):
                groups.setdefault(shape_of(batch.schema), []).append(batch)
        return [pa.concat_tables(batches) for batches in groups.values()]

    def place(self, file: int, row: int) -> int | str:
        """Where a row stands, for people: the row, and the file if there are several."""
        row = int(row)
        return row if len(self.files) == 1 else f"{row} of {self.files[int(file)].name}"

    def line_breaks(self) -> tuple[int, int]:
        """Line breaks inside values of all files, and lines of the longest row."""
        inside, longest = zip(*(file.line_breaks for file in self.files), strict=True)
        return sum(inside), max(longest)

    def findings(self) -> dict[str, str | int]:
        """How the files were read."""
        table = pd.DataFrame([file.findings for file in self.files])
        found = {"files": len(self.files)} if len(self.files) > 1 else {}
        for name in table:
            values = table[name].dropna()
            if pd.api.types.is_numeric_dtype(values):
                found[name] = int(values.sum())
            else:
                found[name] = ", ".join(dict.fromkeys(values))
        return found | self.dates.findings()


def inverse(names: dict[str, str]) -> dict[str, str]:
    """Ours to theirs, from theirs to ours."""
    return {ours: theirs for theirs, ours in names.items()}


def our_names(header: list[str], names: dict[str, str]) -> list[str]:
    """What a file's columns are called here; case and blanks don't tell the others apart."""
    taken, called = set(), []
    for theirs in header:
        beside = next((f for f in (NUMBERS_OF, DATES_OF) if theirs.startswith(f[:-2])), "{}")
        bare = theirs.removeprefix(beside[:-2])
        name = beside.format(names.get(bare, f"other: {plain_name(bare)}"))
        while name in taken:
            name += " again"
        taken.add(name)
        called.append(name)
    return called


def shape_of(schema: pa.Schema) -> tuple:
    """What files must have in common to stand together: columns and their types."""
    return tuple((field.name, str(field.type)) for field in schema)
