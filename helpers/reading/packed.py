"""The bytes of a table: a plain file, a packed one, a part of a zip; by content, not by ending.

Unpacking is watched: a file of a megabyte that unpacks to a thousand is an accident or an attack,
no export.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from helpers.reading.encodings import unmarked
from helpers.reading.errors import DataError, listed, sentences

TEXT_ENDINGS = {".csv", ".tsv", ".txt"}
PACKED_ENDINGS = {".gz", ".zip", ".bz2", ".xz"}
WORKBOOK_ENDINGS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}

# Less than this may be packed as densely as anybody likes; more must not have been packed more
# densely than this (exports reach about 30 to 1).
HARMLESS, DENSEST = 100_000_000, 200

_ZIP, _EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UNPACK = {b"\x1f\x8b\x08": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_MOST_LAYERS = 3
_NO_TABLES = {
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"SQLite format 3": "an SQLite database",
    b"7z\xbc\xaf\x27\x1c": "packed by 7-Zip",
    b"Rar!": "packed as rar",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"ARROW1": "a feather file",
    b"{\\rtf": "a text document",
}
_MARKUP = re.compile(rb"^(\xef\xbb\xbf)?\s*<(!doctype|html|table|head|body|\?xml|!--|meta)", re.I)
_JSON = re.compile(rb'^(\xef\xbb\xbf)?\s*(\[\s*)?\{\s*("|\})|^(\xef\xbb\xbf)?\s*\[\s*[\]\[]')


@dataclass(frozen=True)
class Source:
    """Where the bytes of one table are.

    Attributes
    ----------
    path : Path
    member : str, optional
        Its name inside a zip.
    """

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return f"{self.path.name}: {self.member}" if self.member else self.path.name

    @property
    def is_plain(self) -> bool:
        """Whether the file's bytes are the table's: not packed, no part of a zip."""
        if self.member:
            return False
        with self.path.open("rb") as handle:
            return _unpacker(handle.peek(8)) is None

    def open(self) -> io.BufferedIOBase:
        """The bytes, unpacked.

        Raises
        ------
        DataError
            While they are read: if there are more than is plausible.
        """
        layers, packed = [], self.path.stat().st_size
        if self.member:
            archive = zipfile.ZipFile(self.path)
            packed = archive.getinfo(self.member).compress_size
            layers = [archive, archive.open(self.member)]
        else:
            layers = [self.path.open("rb")]
        try:
            while (unpack := _unpacker(layers[-1].peek(8))) and len(layers) < 2 + _MOST_LAYERS:
                layers.append(unpack(layers[-1]))
        except BaseException:
            _close(layers)
            raise
        if len(layers) == 1:
            return layers[0]
        return io.BufferedReader(_Unpacked(layers, packed, self.name), 1 << 20)

    def whole(self) -> io.BytesIO:
        """All bytes, for formats that are not read from front to end."""
        with self.open() as handle:
            return io.BytesIO(handle.read())

    def kind(self) -> str:
        """What the bytes are: "text", "parquet", "workbook", or "" where there are none.

        Raises
        ------
        DataError
            If they are something of which no table can be read.
        """
        with self.open() as handle:
            start = handle.read(4096)
        if start.startswith((_ZIP, _OLD_WORKBOOK)):
            return "workbook"
        if start.startswith(b"PAR1"):
            return "parquet"
        what = next((what for magic, what in _NO_TABLES.items() if start.startswith(magic)), None)
        if _MARKUP.match(start):
            what = "a web page or XML, whatever its name says"
        elif _JSON.match(start):
            what = "JSON"
        elif what is None and _is_binary(start):
            what = "no text, nor a format that is known here"
        if what:
            raise DataError(
                f"{self.name} is {what}. Export the table as CSV, parquet or xlsx (a spreadsheet "
                "program may open it and save it so)."
            )
        return "text" if start else ""


class _Unpacked(io.RawIOBase):
    """A stream that ends in a sentence if far more comes out than went in."""

    def __init__(self, layers, packed, name):
        self._layers, self._packed, self._name, self._seen = layers, packed, name, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        read = self._layers[-1].readinto(buffer)
        self._seen += read
        refuse_bombs(self._seen, self._packed, self._name)
        return read

    def close(self):
        _close(self._layers)
        super().close()


def _close(layers):
    for layer in reversed(layers):
        layer.close()


def refuse_bombs(unpacked: float, packed: int, name: str) -> None:
    """End in a sentence where far more comes out of a file than can have been put in.

    Parameters
    ----------
    unpacked, packed : int
        Bytes.
    name : str
    """
    if unpacked > HARMLESS and unpacked > DENSEST * packed:
        raise DataError(
            f"{name} has {packed / 1e6:.1f} MB and unpacks to more than {unpacked / 1e6:,.0f} MB, "
            f"over {DENSEST} times as much: that is no export of a shop. If it is one, unpack it "
            "yourself and give the unpacked file."
        )


def sources(path: Path) -> list[Source]:
    """The tables in a file: one, or the parts of a zip in the order of their names.

    Raises
    ------
    DataError
        If it is a damaged or an encrypted zip, or one without a table.
    """
    with sentences(path.name), path.open("rb") as handle:
        if handle.read(4) not in (_ZIP, _EMPTY_ZIP):
            return [Source(path)]
        if not zipfile.is_zipfile(path):
            raise DataError(f"{path.name} is a damaged or incomplete zip. Export or copy it again.")
        with zipfile.ZipFile(path) as archive:
            inside = [each for each in archive.infolist() if not each.is_dir()]
    names = [each.filename for each in inside]
    if is_workbook(names):
        refuse_bombs(sum(each.file_size for each in inside), path.stat().st_size, path.name)
        return [Source(path)]
    inside = [each for each in inside if not is_passed_over(Path(each.filename))]
    tables = [each for each in inside if looks_like_table(Path(each.filename))]
    if not tables and len(inside) == 1:
        tables = inside
    if not tables:
        found = listed([each.filename for each in inside]) or "nothing"
        raise DataError(
            f"{path.name} has no part that is a table by its name; it has: {found}. Pack CSV, "
            "parquet or xlsx files."
        )
    if any(each.flag_bits & 1 for each in tables):
        raise DataError(f"{path.name} is protected by a password. Unpack it, and give the files.")
    return [Source(path, each.filename) for each in sorted(tables, key=lambda each: each.filename)]


def is_workbook(names: list[str]) -> bool:
    """Whether a zip with these parts is a workbook (xlsx, xlsb, ods)."""
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= set(names)


def is_passed_over(path: Path) -> bool:
    """Hidden files, markers (``_SUCCESS``) and what a Mac puts beside (``__MACOSX``)."""
    return any(part.startswith((".", "_")) for part in path.parts)


def looks_like_table(path: Path) -> bool:
    """Whether a file is a table by its name."""
    endings = [each.lower() for each in path.suffixes]
    while len(endings) > 1 and endings[-1] in PACKED_ENDINGS:
        endings.pop()
    known = TEXT_ENDINGS | WORKBOOK_ENDINGS | PACKED_ENDINGS | {".parquet"}
    return bool(endings) and endings[-1] in known


def _unpacker(start):
    return next((unpack for magic, unpack in _UNPACK.items() if start.startswith(magic)), None)


def _is_binary(start):
    """Many bytes that no text has."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or unmarked(start):
        return False
    odd = sum(start.count(bytes([code])) for code in [*range(9), *range(14, 26), 28, 29, 127])
    return odd > 0.05 * len(start)
