"""What a run knows already is handed over to its lessons: nothing is read or judged twice.

A run reads and cleans each file once. It puts the clean tables into its staging folder (as parquet,
and what is said of them as JSON) and names that folder in an environment variable. Its lessons call
the same readers with the same parameters as ever: where the run has read the same source in the
same way, they find it there. In the same manner lessons leave for each other what takes long and
several of them ask: it is found under a fingerprint of all that it was made from.

Whatever else is asked for is read or computed, and without the variable everything is: a lesson
that somebody opens needs no run.
"""

from __future__ import annotations

import copy
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

from helpers.reading.errors import DataError
from helpers.reading.files import input_files

#: The environment variable that names the folder.
FOLDER = "COURSE_CLEAN_TABLES"
_SAID = "said.json"
_collected: list | None = None


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


# Tables that the run reads


def once(read: Callable[[], Found], what: str, sources: list, how: list = ()) -> Found:
    """What `read` finds, or what the run found that started this lesson.

    Parameters
    ----------
    read : callable
    what : str
        Which table is asked for.
    sources : list
        Where it comes from: whatever :func:`helpers.reading.files.input_files` takes.
    how : list
        All else that decides what comes out: texts, numbers, lists, mappings and pydantic models.

    Returns
    -------
    Found

    Raises
    ------
    DataError
        Also if a file is no longer as it was when the run read it: lessons of one run must not
        speak of different data.
    """
    digest = _digest([what, [str(source) for source in sources], how])
    files = _as_they_are(sources)
    known = _taken(digest)
    if known is None:
        known = read()
        if _collected is not None:  # as it is now: whoever gets it may change it
            tables = {name: table.copy(deep=False) for name, table in known.tables.items()}
            _collected.append(
                (digest, Found(tables, {"files": files, **copy.deepcopy(known.said)}))
            )
        return known
    earlier = known.said.pop("files")
    if earlier != files:
        changed = {tuple(each) for each in earlier} ^ {tuple(each) for each in files}
        name = Path(min(changed)[0]).name
        raise DataError(
            f"{name} has changed since this run began, and all lessons of a run must speak of the "
            "same data. Start it again when nobody writes to the file."
        )
    return known


def _as_they_are(sources):
    """Path, size and time of the last change of all files; none of what is no file."""
    found = []
    for source in sources:
        if "://" in str(source):  # a database is asked once, and what it answered counts
            continue
        try:
            paths = input_files(source)
        except DataError:  # whoever reads it says so in a better place
            continue
        stats = [(str(path), path.stat()) for path in paths]
        found += [[path, stat.st_size, stat.st_mtime_ns] for path, stat in stats]
    return found


@contextmanager
def collected() -> Iterator[list]:
    """Remember what is read in here, for :func:`hand_over`."""
    global _collected
    _collected = []
    try:
        yield _collected
    finally:
        _collected = None


def hand_over(collected: list, folder: Path) -> None:
    """Write what was read into a folder; see :func:`collected`."""
    folder.mkdir(parents=True)
    for digest, found in collected:
        _write(found, folder / digest)


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
        All that decides the answer, as in :func:`once`; of a table its :func:`fingerprint`.

    Returns
    -------
    Found
    """
    if not in_a_run():
        return find()
    digest = _digest([what, asked])
    known = _taken(digest)
    if known is None:
        known = find()
        folder = Path(os.environ[FOLDER])
        # no folder: the run is over; no room: this lesson has what it needs all the same
        with suppress(OSError):
            _write(known, folder / digest)
    return known


def fingerprint(*tables: pd.DataFrame | np.ndarray | None) -> str:
    """A short text for what tables or arrays say: all cells in their order, names and types.

    Two that are equal have the same one, however they lie in memory.
    """
    total = hashlib.blake2b(digest_size=16)
    for table in tables:
        if not isinstance(table, pd.DataFrame):
            table = pd.DataFrame({} if table is None else {"": np.ravel(table)})
        total.update(f"{list(table.columns)} {list(table.dtypes)} {len(table)}".encode())
        for _, column in table.items():
            _add(total, column)
    return total.hexdigest()


def _add(total, column):
    """What a column says, part by part, without a copy of its texts."""
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


def _digest(value):
    text = json.dumps(value, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value):
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)


def _write(found, place):
    """Put all of it under its name at once: whoever looks sees the whole or nothing."""
    part = Path(tempfile.mkdtemp(prefix=".", dir=place.parent))
    try:
        for name, table in found.tables.items():
            pq.write_table(pa.Table.from_pandas(table), part / f"{name}.parquet")
        said = json.dumps({"tables": list(found.tables), "said": found.said})
        (part / _SAID).write_text(said, encoding="utf-8")
        part.rename(place)  # fails where another lesson was faster
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _taken(digest):
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
