"""From an export's bytes to tables of text: whatever its encoding, separator or packing.

Finding out is left to libraries (pandas for text and workbooks, Arrow for parquet,
charset-normalizer for code pages); this module asks them in the right order and turns their
failures into sentences. Tables come in batches, so that a file may be larger than the memory.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_CODE_PAGES = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp932", "gb18030", "big5"]
_SEPARATORS = [",", ";", "\t", "|"]
_PACKED = {".gz", ".zip", ".bz2", ".xz"}
_TEXT = {".csv", ".tsv", ".txt"}
# Rows of a text file that are held at a time.
_BATCH = 500_000


class DataError(ValueError):
    """Input that cannot be used. The message names file, column, row and what to do."""

    def _render_traceback_(self):
        """In a notebook the sentence is enough; this is what IPython asks for."""
        return [f"DataError: {self}"]


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
    source : path-like or list of them
        A file, a folder of parts, a glob, or several of these.

    Returns
    -------
    list of Path
        In the order of their names. In a folder hidden files and markers (``_SUCCESS``) are
        passed over.

    Raises
    ------
    DataError
        If there is none, if they are of different kinds, or if a folder has a file of which
        nobody can say whether it is a part of the table.
    """
    if isinstance(source, (list, tuple)):
        if not source:
            raise DataError("The list of files is empty. Name at least one.")
        # a file that is named twice is read once
        found = list(dict.fromkeys(path for each in source for path in input_files(each)))
        source = ", ".join(map(str, source))
    else:
        found = _files_of(at_home(source))
    if not found:
        raise DataError(f"There is no file {source}. Check the path in your parameters.")
    if len({kind_of(path) for path in found}) > 1:
        raise DataError(
            f"{source} has files of different kinds ({found[0].name}, {found[-1].name}); name "
            "those to be read, for example with *.parquet."
        )
    return found


def _files_of(path):
    if path.is_dir():
        found = [each for each in sorted(path.rglob("*")) if each.is_file()]
        found = [each for each in found if not _is_passed_over(each.relative_to(path))]
        odd = [
            each.name for each in found if kind_of(each) == "text" and not _looks_like_text(each)
        ]
        if odd:
            raise DataError(
                f"{path} has {odd[0]!r}, which is no CSV, parquet or xlsx file by its name. Take "
                "it out of the folder, or name the parts, for example with *.csv."
            )
        return found
    if path.exists():
        return [path]
    if any(mark in str(path) for mark in "*?["):
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        pattern = str(path.relative_to(path.anchor) if path.anchor else path)
        found = [
            each for each in sorted(anchor.glob(pattern)) if not _is_passed_over(Path(each.name))
        ]
        return [path for each in found for path in _files_of(each)]
    return []


def _is_passed_over(path):
    return any(part.startswith((".", "_")) for part in path.parts)


def _looks_like_text(path):
    endings = [each.lower() for each in path.suffixes]
    return bool(endings) and (
        endings[-1] in _TEXT or (endings[-1] in _PACKED and set(endings[:-1]) & _TEXT)
    )


def kind_of(path: Path) -> str:
    """How a file is read, by its ending: "parquet", "xlsx" or "text" (plain or packed)."""
    ending = path.suffix.lower()
    return ending[1:] if ending in (".parquet", ".xlsx") else "text"


def memory_needed(paths: list[Path]) -> float:
    """Bytes that a lesson takes to work on these files, at its peak.

    Measured: about 20 times a plain text file, whose packed forms are smaller.
    """
    return sum(path.stat().st_size * (20 if path.suffix.lower() in _TEXT else 90) for path in paths)


class TextFile:
    """One file as batches of columns: text, or the types that a parquet file or workbook has.

    Parameters
    ----------
    path : Path
    encoding : str, optional
        Of a text file; detected over the whole file if left out.

    Attributes
    ----------
    header : list of str
        Names of the columns; none for a file without any byte.
    findings : dict of str to str or int
        Encoding, separator and the like, for the health report.

    Raises
    ------
    DataError
        If the file is missing, damaged or no table; also while its batches are read.
    """

    def __init__(self, path: Path, encoding: str | None = None):
        self.path, self.encoding, self.findings = path, encoding, {}
        with self._sentences():
            if path.stat().st_size == 0:
                self.header = []
            elif kind_of(path) == "parquet":
                import pyarrow.parquet as pq

                self.findings["format"] = "parquet"
                self.schema = pq.read_schema(path)
                self.header = self.schema.names
            elif kind_of(path) == "xlsx":
                self.findings["format"] = "xlsx, first sheet"
                self._sheet = pd.read_excel(
                    path, dtype=object, keep_default_na=False, na_values=[""]
                )
                self.header = [str(name) for name in self._sheet]
            else:
                try:
                    self._look_at_text()
                except pd.errors.EmptyDataError:  # a blank line, or a byte-order mark
                    self.header = []

    def batches(self) -> Iterator[pa.Table]:
        """The rows, some at a time; the first batch has none, only the columns."""
        with self._sentences():
            if kind_of(self.path) == "parquet":
                import pyarrow.parquet as pq

                file = pq.ParquetFile(self.path)
                yield _plain(file.schema_arrow.empty_table())
                yield from (_plain(_as_table(each)) for each in file.iter_batches(_BATCH))
            elif kind_of(self.path) == "xlsx":
                yield _arrow(self._sheet).slice(0, 0)
                yield _arrow(self._sheet)
            else:
                for chunk in self._text():
                    yield _arrow(chunk)

    def _look_at_text(self):
        encoding = self.encoding
        if encoding is None:
            encoding, odd_lines = detect_encoding(self.path)
            if odd_lines:
                self.findings["lines that are not UTF-8"] = odd_lines
        self._encoding, self._separator = encoding, _separator(self.path, encoding)
        name = {"\t": "tab"}.get(self._separator, self._separator)
        self.findings = {"encoding": encoding, "separator": name, **self.findings}
        self.header = list(pd.read_csv(self.path, nrows=0, **self._dialect()))

    def _dialect(self):
        return {
            "sep": self._separator,
            "encoding": self._encoding,
            "dtype": str,
            "keep_default_na": False,
            "na_values": [""],
            "skip_blank_lines": False,
        }

    def _text(self):
        yield pd.DataFrame(columns=self.header, dtype="str")
        with pd.read_csv(self.path, chunksize=_BATCH, **self._dialect()) as chunks:
            for chunk in chunks:
                # more fields than names: pandas takes the first columns for row names
                if len(chunk) and not isinstance(chunk.index, pd.RangeIndex):
                    raise DataError(
                        f"{self.path.name}: the rows have more fields than the header. Give "
                        "every column a name."
                    )
                yield chunk

    @contextmanager
    def _sentences(self):
        path, encoding = self.path, self.encoding
        try:
            yield
        except (DataError, MemoryError, GeneratorExit):
            raise
        except FileNotFoundError:
            raise DataError(
                f"There is no file {path}. Check the path in your parameters."
            ) from None
        except (UnicodeError, LookupError) as error:
            advice = (
                "Leave `encoding` out to have it detected."
                if encoding
                else "Set `encoding` under `cleaning` to what wrote the file, or save it as UTF-8."
            )
            what = encoding or "text in an encoding that could be detected"
            raise DataError(f"{path.name} is not {what}: {error}. {advice}") from None
        except Exception as error:  # each reader has exceptions of its own; all mean the same here
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise DataError(
                f"{path.name} could not be read as a table: {reason}. Open it, and export it "
                "again as CSV, parquet or xlsx."
            ) from None


#: Columns that stand beside a column of text: its cells that are numbers with a fraction (whose
#: point is no thousands mark), and those that are dates.
NUMBERS_OF, DATES_OF = "numbers: {}", "dates: {}"


def _arrow(table):
    """A pandas table as Arrow; a column with several types of cells becomes several columns."""
    columns = {}
    for name in table:
        column = table[name].reset_index(drop=True)
        if column.dtype == object:
            columns |= _by_type(str(name), column.where(column.notna(), None))
        else:
            columns[str(name)] = column
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(table)))
    return pa.Table.from_pandas(frame, preserve_index=False)


def _by_type(name, column):
    dates = column.map(lambda cell: isinstance(cell, datetime.date))
    fractions = column.map(lambda cell: isinstance(cell, float) and not cell.is_integer())
    whole = column.map(lambda cell: isinstance(cell, float) and cell.is_integer())
    text = column.mask(dates | fractions, None).mask(whole, column[whole].map(int))
    split = {name: text.map(str, na_action="ignore").astype("str")}
    if fractions.any():
        split[NUMBERS_OF.format(name)] = column.where(fractions).astype("float64")
    if dates.any():
        moments = pd.to_datetime(column.where(dates), errors="coerce")
        if split[name].isna().all():
            return {name: moments}
        split[DATES_OF.format(name)] = moments
    return split


def _plain(table):
    """Without types that other engines do not read."""
    for at, field in enumerate(table.schema):
        if pa.types.is_float16(field.type):
            table = table.set_column(at, field.name, table.column(at).cast(pa.float32()))
    return table


def _as_table(batch):
    return pa.Table.from_batches([batch])


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
