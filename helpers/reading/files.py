"""From an export's files to tables of text: whatever their encoding, separator or packing.

Which files there are stands here; how one is unpacked and read in :mod:`helpers.reading.packed`,
:mod:`~helpers.reading.texts`, :mod:`~helpers.reading.workbooks` and
:mod:`~helpers.reading.columnar`. What a file is, is seen by its content; its name only says what
it should be. Tables come in batches, so that a file may be larger than the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from helpers.reading.databases import Query, Rows, elsewhere
from helpers.reading.encodings import look_at
from helpers.reading.errors import DataError, sentences
from helpers.reading.packed import (
    PACKED_ENDINGS,
    TEXT_ENDINGS,
    is_passed_over,
    looks_like_table,
    sources,
)
from helpers.reading.workbooks import DATES_OF, NUMBERS_OF

# names that others look for here, with whatever belongs to files
__all__ = ["DATES_OF", "NUMBERS_OF", "DataError", "Reading", "TextFile", "at_home",
           "detect_encoding", "input_files", "kind_of", "memory_needed", "tables_of"]  # fmt: skip


def at_home(path) -> Path:
    """A path in which ``~`` is the user's own folder; another user's, if there is one."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # there is no such user: a name that begins so
        return Path(path)


def input_files(source) -> list[Path]:
    """The files that a table consists of.

    Parameters
    ----------
    source : path-like, Query, or list of paths
        A file, a folder of parts, a glob, or several of these; or the query of a database.

    Returns
    -------
    list of Path, or the Query
        In the order of their names. In a folder hidden files and markers (``_SUCCESS``) are
        passed over.

    Raises
    ------
    DataError
        If there is none, if they are of different kinds, or if a folder has a file of which
        nobody can say whether it is a part of the table.
    """
    if isinstance(source, Query):
        return [source]
    if isinstance(source, (list, tuple)):
        if not source:
            raise DataError("The list of files is empty. Name at least one.")
        # a file that is named twice is read once
        found = list(dict.fromkeys(path for each in source for path in input_files(each)))
        source = ", ".join(map(str, source))
    else:
        try:
            found = _files_of(at_home(source))
        except DataError:  # a ValueError, too, and says already what to do
            raise
        except (OSError, ValueError) as error:  # too long a name, a NUL in it, no pattern
            why = getattr(error, "strerror", None) or str(error)
            raise DataError(
                f"{str(source)[:200]!r} can't be the path of a file: {why}. Check the path in your "
                "parameters."
            ) from None
    if not found:
        raise DataError(_nothing(source))
    if len(kinds := {kind_of(path): path for path in found}) > 1:
        one, other = list(kinds.values())[:2]
        raise DataError(
            f"{source} has files of different kinds ({one.name}, {other.name}); name those to be "
            "read, for example with *.parquet."
        )
    return found


def _nothing(source):
    if where := elsewhere(str(source)):
        return where
    path = at_home(source)
    if path.is_symlink():
        return f"{source} is a link to {path.readlink()}, which is not there. Give the file itself."
    if path.is_dir():
        return f"The folder {source} has no file in it. Check the path in your parameters."
    return f"There is no file {source}. Check the path in your parameters."


def _files_of(path):
    if path.is_dir():
        next(path.iterdir(), None)  # may be forbidden, which a search would pass over
        found = [each for each in sorted(path.rglob("*")) if each.is_file()]
        found = [each for each in found if not is_passed_over(each.relative_to(path))]
        odd = [each.name for each in found if not looks_like_table(each)]
        if odd:
            raise DataError(
                f"{path} has {odd[0]!r}, which is no CSV, parquet or xlsx file by its name. Take "
                "it out of the folder, or name the parts, for example with *.csv."
            )
        return found
    if path.is_file():
        return [path]
    if path.exists():
        raise DataError(f"{path} is neither a file nor a folder. Give the file itself.")
    if any(mark in str(path) for mark in "*?["):
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        pattern = str(path.relative_to(path.anchor) if path.anchor else path)
        found = [
            each for each in sorted(anchor.glob(pattern)) if not is_passed_over(Path(each.name))
        ]
        return [path for each in found for path in _files_of(each)]
    return []


def kind_of(path: Path) -> str:
    """How a file should be read, by its ending: "parquet", "workbook" or "text" (also packed)."""
    ending = path.suffix.lower()
    if ending == ".parquet":
        return "parquet"
    plain = ending in TEXT_ENDINGS | PACKED_ENDINGS or not looks_like_table(path)
    return "text" if plain else "workbook"


#: Bytes that a lesson takes for a row of a query's result: 20 times a line of 60 letters.
MEMORY_OF_A_ROW = 1_200


def memory_needed(paths: list[Path]) -> float:
    """Bytes that a lesson takes to work on these files, at its peak.

    Measured: about 20 times a plain text file, whose packed forms are smaller.
    """
    return sum(
        path.stat().st_size * (20 if path.suffix.lower() in TEXT_ENDINGS else 90) for path in paths
    )


def detect_encoding(path: Path) -> tuple[str, int]:
    """A text file's encoding.

    Returns
    -------
    encoding : str
        A Python codec name, e.g. ``"utf-8"`` or ``"cp1252"``.
    odd_lines : int
        Lines that are not UTF-8.
    """
    found = look_at(sources(path)[0])
    return found.encoding, found.odd_lines


class TextFile:
    """One table of a file as batches of columns: text, or the types that the file has.

    Parameters
    ----------
    path : Path or Query
    encoding : str, optional
        Of a text file; detected over the whole file if left out.
    found : tuple, optional
        What reads the table, its name, kind and whether it is plain, from :func:`tables_of`.

    Attributes
    ----------
    name : str
        The file's, and the part's if it is one of a zip or a workbook.
    kind : str
        "text", "parquet", "workbook", "query", or "" for a file without any byte.
    header : list of str
        Names of the columns; none for a file without any byte.
    first_row : int
        Row of the file in which the first row after the header stands; 1 in a query's result.
    findings : dict of str to str or int
        Encoding, separator and the like, for the health report; complete when all is read.
    is_plain : bool
        Whether the file's bytes are the table's: not packed, no part of a zip.

    Raises
    ------
    DataError
        If the file is missing, damaged or no table; also while its batches are read.
    """

    def __init__(self, path: Path, encoding: str | None = None, found: tuple | None = None):
        if found is None:
            first = tables_of(path, Reading(encoding))[0]
            found = first._reader, first.name, first.kind, first.is_plain
        self.path = path
        self._reader, self.name, self.kind, self.is_plain = found
        self.header, self.first_row = self._reader.header, self._reader.first_row
        self.findings = self._reader.findings
        self.schema = getattr(self._reader, "schema", None)

    def batches(self) -> Iterator[pa.Table]:
        """The rows, some at a time; the first batch has none, only the columns."""
        with sentences(self.name):
            yield from self._reader.batches()

    @property
    def line_breaks(self) -> tuple[int, int]:
        """Line breaks inside values, and lines of the longest row; known when all is read."""
        return getattr(self._reader, "line_breaks", (0, 0))

    def nested(self, columns: list[str]) -> list[str]:
        """Those of some columns whose values are no single ones (lists, structs, maps)."""
        return self._reader.nested(columns) if self.kind == "parquet" else []


class Reading(NamedTuple):
    """Of the options of a file, those that say how its bytes are read."""

    encoding: str | None = None
    header_row: int | None = None
    sheet: str | list[str] | None = None


class _Nothing:
    """A file without any byte, or a workbook without any cell."""

    def __init__(self):
        self.header, self.first_row, self.findings = [], 2, {}

    def batches(self):
        return iter(())


def tables_of(path: Path, options) -> list[TextFile]:
    """All tables of a file: one, the parts of a zip, the sheets of a workbook; or a query's result.

    Parameters
    ----------
    path : Path or Query
    options : Reading or FileOptions

    Raises
    ------
    DataError
        If the file is missing, damaged or no table.
    """
    if isinstance(path, Query):
        set_for_files = [name for name in Reading._fields if getattr(options, name)]
        if set_for_files:
            raise DataError(
                f"{path.name} is no file, and `{set_for_files[0]}` is set under `cleaning`. Leave "
                "it out."
            )
        return [TextFile(path, None, (Rows(path), path.name, "query", False))]
    tables = []
    for source in sources(path):
        with sentences(source.name):
            kind = source.kind()
            found = list(_readers(source, kind, options)) or [(source.name, _Nothing())]
            plain = source.is_plain
        tables += [TextFile(path, None, (reader, name, kind, plain)) for name, reader in found]
    return tables


def _readers(source, kind, options):
    """The readers of a source's tables, with what to call them."""
    from helpers.reading import columnar, texts, workbooks

    if options.sheet and kind in ("text", "parquet"):
        raise DataError(
            f"{source.name} is no workbook, and `sheet` is set under `cleaning`. Leave it out."
        )
    if kind == "text":
        yield source.name, texts.Text(source, options)
    elif kind == "parquet":
        yield source.name, columnar.Parquet(source)
    elif kind == "workbook":
        found = workbooks.sheets(source, options)
        for sheet in found:
            several = f", sheet {sheet.name!r}" if len(found) > 1 else ""
            yield source.name + several, sheet
