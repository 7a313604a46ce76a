"""Read any exported table as text: whatever its encoding, separator or packing.

Finding out is left to libraries (pandas for the formats, charset-normalizer for code pages); this
module asks them in the right order and turns their failures into sentences.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CODE_PAGES = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5"]
_SEPARATORS = [",", ";", "\t", "|"]


class DataError(ValueError):
    """Input that cannot be used. The message names file, column, row and what to do."""

    def _render_traceback_(self):
        """In a notebook the sentence is enough; this is what IPython asks for."""
        return [f"DataError: {self}"]


@dataclass(frozen=True)
class TextTable:
    """A file's content as text, and how it was read.

    Attributes
    ----------
    table : DataFrame
        Text columns (dates where the file has real dates), missing where empty.
    findings : dict
        Encoding, separator and the like, for the health report.
    """

    table: pd.DataFrame
    findings: dict[str, str | int]


def read_table(path: Path, encoding: str | None = None) -> TextTable:
    """Read a file by its ending: parquet, xlsx, else delimited text (plain or packed).

    Parameters
    ----------
    path : Path
    encoding : str, optional
        Of a text file; detected over the whole file if left out.

    Returns
    -------
    TextTable

    Raises
    ------
    DataError
        If the file is missing, empty, damaged or no table.
    """
    if not path.is_file():
        raise DataError(f"There is no file {path}. Check the path in your parameters.")
    try:
        if path.suffix.lower() == ".parquet":
            return TextTable(_as_text(pd.read_parquet(path)), {"format": "parquet"})
        if path.suffix.lower() == ".xlsx":
            table = pd.read_excel(path, dtype=object)
            return TextTable(_as_text(table.infer_objects()), {"format": "xlsx, first sheet"})
        return _read_delimited(path, encoding)
    except (DataError, MemoryError):
        raise
    except pd.errors.EmptyDataError:
        raise DataError(f"{path.name} is empty: it has not even a header line.") from None
    except (UnicodeError, LookupError) as error:
        raise DataError(
            f"{path.name} is not {encoding}: {error}. Leave `encoding` out to have it detected."
        ) from None
    except Exception as error:  # each reader has exceptions of its own; all mean the same here
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{path.name} could not be read as a table: {reason}. Open it, and export it again "
            "as CSV, parquet or xlsx."
        ) from None


def _read_delimited(path, encoding):
    findings = {}
    if encoding is None:
        encoding, odd_lines = detect_encoding(path)
        if odd_lines:
            findings["lines that are not UTF-8"] = odd_lines
    separator = _separator(path, encoding)
    table = pd.read_csv(
        path,
        sep=separator,
        dtype=str,
        keep_default_na=False,
        na_values=[""],
        encoding=encoding,
        skip_blank_lines=False,
    )
    if not isinstance(table.index, pd.RangeIndex):
        raise DataError(
            f"{path.name}: the rows have more fields than the header. Give every column a name."
        )
    name = {"\t": "tab"}.get(separator, separator)
    return TextTable(table, {"encoding": encoding, "separator": name, **findings})


def _separator(path, encoding):
    """The separator that makes most of the header line."""
    with _opened(path) as handle:
        text = io.TextIOWrapper(handle, encoding=encoding, newline="")
        header = text.readline(1_000_000)
    fields = {mark: len(next(csv.reader([header], delimiter=mark), [])) for mark in _SEPARATORS}
    best = max(fields, key=fields.get)
    names = [name.strip().lower() for name in next(csv.reader([header], delimiter=best), [])]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise DataError(
            f"{path.name}: the header has {twice[0]!r} more than once. Rename one of the columns."
        )
    return best


def detect_encoding(path: Path) -> tuple[str, int]:
    """Find a text file's encoding from all of its bytes.

    A byte-order mark decides; else UTF-8 if the whole file decodes; else the code page in which
    charset-normalizer recognises a language in the lines that are not UTF-8 (a preview of the
    first thousand lines would miss them); else cp1252, the commonest.

    Returns
    -------
    encoding : str
        A Python codec name, e.g. ``"utf-8"`` or ``"cp1252"``.
    odd_lines : int
        Lines that are not UTF-8.
    """
    with _opened(path) as handle:
        start = handle.read(4)
        for mark, name in _MARKS.items():
            if start.startswith(mark):
                return name, 0
    with _opened(path) as handle:
        odd = [line for line in handle if not line.isascii() and not _is_utf8(line)]
    if not odd:
        return "utf-8", 0
    from charset_normalizer import from_bytes

    likely = from_bytes(b"".join(odd)[:200_000], cp_isolation=_CODE_PAGES).best()
    # a few odd letters fit many code pages; without a recognised language, the commonest
    return (likely.encoding if likely and likely.coherence > 0.1 else "cp1252"), len(odd)


def _is_utf8(line):
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _opened(path):
    """The file's bytes, unpacked by its ending as pandas does."""
    from pandas.io.common import get_handle

    return get_handle(path, "rb", compression="infer", is_text=False).handle


def _as_text(table):
    """A typed table as text, so that one path of checks serves every kind of file.

    Only dates that are dates already stay as they are.
    """
    text = pd.DataFrame(index=pd.RangeIndex(len(table)))
    for name in table:
        column = table[name].reset_index(drop=True)
        dated = pd.api.types.is_datetime64_any_dtype(column)
        text[str(name)] = column if dated else column.astype("str").where(column.notna())
    return text
