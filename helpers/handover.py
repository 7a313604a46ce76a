"""What a run knows already is handed over to its lessons: nothing is read or judged twice.

A run names a folder in an environment variable. There lies, as parquet and JSON, what it has read
(:mod:`helpers.reading.once`), and what takes long and several lessons ask: whoever asks first
leaves it for the others, under a fingerprint of all that it was made from. Without the variable
everything is read and computed: a lesson that somebody opens needs no run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy import sparse

#: The environment variable that names the folder.
FOLDER = "COURSE_HANDED_OVER"
_SAID = "said.json"


@dataclass(frozen=True)
class Found:
    """What came out of reading a table, or of a computation.

    Attributes
    ----------
    tables : dict of str to DataFrame
    said : dict
        What JSON can hold: numbers and texts.
    """

    tables: dict[str, pd.DataFrame]
    said: dict = field(default_factory=dict)


@contextmanager
def handed_over(folder: Path) -> Iterator[None]:
    """Let readers look into a folder first, here and in every process that is started here."""
    before = os.environ.get(FOLDER)
    os.environ[FOLDER] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[FOLDER]
        else:
            os.environ[FOLDER] = before


# What lessons find out for each other


def in_a_run() -> bool:
    """Whether a run has started this process, so that something may have been handed over."""
    return FOLDER in os.environ


def shared(find: Callable[[], Found], what: str, asked: list) -> Found:
    """What `find` finds, once in a run: the first lesson that asks leaves it for the others.

    Parameters
    ----------
    find : callable
    what : str
        What is asked.
    asked : list
        All that decides the answer, as JSON has it; of a table its :func:`fingerprint`.

    Returns
    -------
    Found
    """
    if not in_a_run():
        return find()
    digest = digest_of([what, asked])
    known = taken(digest)
    if known is None:
        known = find()
        folder = Path(os.environ[FOLDER])
        # no folder: the run is over; no room: this lesson has what it needs all the same
        with suppress(OSError, pa.ArrowException):
            write(known, folder / digest)
    return known


def sparse_tables(**arrays: sparse.csr_array) -> dict[str, pd.DataFrame]:
    """Sparse arrays as tables of a :class:`Found`; :func:`sparse_array` makes them again."""
    tables = {}
    for name, array in arrays.items():
        entries = {"column": array.indices, "value": array.data}
        tables[name] = pd.DataFrame(entries, copy=False)
        tables[f"{name}_ends"] = pd.DataFrame({"end": array.indptr}, copy=False)
    return tables


def sparse_array(found: Found, name: str, shape: tuple[int, int]) -> sparse.csr_array:
    """One of the arrays that were given to :func:`sparse_tables`."""
    entries, ends = found.tables[name], found.tables[f"{name}_ends"]["end"].to_numpy()
    parts = entries["value"].to_numpy(), entries["column"].to_numpy(), ends
    return sparse.csr_array(parts, shape=shape)


def fingerprint(*tables: pd.DataFrame | np.ndarray | sparse.csr_array | None) -> str:
    """A short text for what tables or arrays say: all cells in their order, names and types.

    Two that are equal have the same one, however they lie in memory.
    """
    total = hashlib.blake2b(digest_size=16)
    for table in tables:
        if sparse.issparse(table):
            places = (each.astype(np.int64) for each in (table.indices, table.indptr))
            total.update(f"{table.shape} {fingerprint(table.data, *places)}".encode())
            continue
        if not isinstance(table, pd.DataFrame):
            table = pd.DataFrame({} if table is None else {"": np.ravel(table)})
        total.update(f"{list(table.columns)} {list(table.dtypes)} {len(table)}".encode())
        for _, column in table.items():
            _add(total, column)
    return total.hexdigest()


def _add(total, column):
    """What a column says: numbers as they lie, texts by their lengths and letters."""
    if column.dtype.kind in "biufM":
        total.update(np.ascontiguousarray(column.to_numpy()).view(np.uint8))
        return
    texts = pa.chunked_array(pa.array(column, pa.large_string()))
    total.update(pc.binary_length(texts).fill_null(-1).to_numpy().astype(np.int64).view(np.uint8))
    for part in texts.chunks:
        places = np.frombuffer(part.buffers()[1], np.int64)[part.offset :][: len(part) + 1]
        if len(part) and part.buffers()[2]:
            total.update(memoryview(part.buffers()[2])[places[0] : places[-1]])


# How it lies in the folder


def digest_of(value) -> str:
    """A short text for what JSON can hold; models of pydantic and paths may be in it."""
    text = json.dumps(value, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value):
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)


def write(found: Found, place: Path) -> None:
    """Put all of it under its name at once: whoever looks sees the whole or nothing."""
    part = Path(tempfile.mkdtemp(prefix=".", dir=place.parent))
    try:
        for name, table in found.tables.items():
            # it is read a few times and soon removed: making it small takes longer than it saves
            pq.write_table(
                pa.Table.from_pandas(table), part / f"{name}.parquet", compression="none"
            )
        said = json.dumps({"tables": list(found.tables), "said": found.said})
        (part / _SAID).write_text(said, encoding="utf-8")
        part.rename(place)  # fails where another lesson was faster
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def taken(digest: str) -> Found | None:
    """What lies in the run's folder under a name; None where nothing does, or there is no run."""
    if not in_a_run():
        return None
    place = Path(os.environ[FOLDER]) / digest
    try:
        known = json.loads((place / _SAID).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    tables = {
        name: pq.read_table(place / f"{name}.parquet").to_pandas() for name in known["tables"]
    }
    return Found(tables, known["said"])
