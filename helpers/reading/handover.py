"""What a run has read is handed over to its lessons: each file is read and cleaned once.

A run puts the clean tables into its staging folder (as parquet, and what is said of them as JSON)
and names that folder in an environment variable. Its lessons call the same readers with the same
parameters as ever: where the run has read the same source in the same way, they find it there.
Whatever else is asked for is read from the files, and without the variable everything is: a lesson
that somebody opens needs no run.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.reading.errors import DataError
from helpers.reading.files import input_files

#: The environment variable that names the folder.
FOLDER = "COURSE_CLEAN_TABLES"
_SAID = "said.json"
_collected: list | None = None


@dataclass(frozen=True)
class Found:
    """What came out of reading one table.

    Attributes
    ----------
    tables : dict of str to DataFrame
    said : dict
        What JSON can hold: numbers and texts.
    """

    tables: dict[str, pd.DataFrame]
    said: dict = field(default_factory=dict)


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
    given = Path(os.environ[FOLDER]) / digest if FOLDER in os.environ else None
    if given and given.exists():
        return _taken(given, files)
    found = read()
    if _collected is not None:  # as it is now: whoever gets it may change it
        tables = {name: table.copy(deep=False) for name, table in found.tables.items()}
        _collected.append((digest, files, Found(tables, copy.deepcopy(found.said))))
    return found


def _digest(value):
    text = json.dumps(value, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _plain(value):
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)


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
        stats = [path.stat() for path in paths]
        found += [
            [str(path), stat.st_size, stat.st_mtime_ns]
            for path, stat in zip(paths, stats, strict=True)
        ]
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
    for digest, files, found in collected:
        place = folder / digest
        place.mkdir(parents=True)
        for name, table in found.tables.items():
            pq.write_table(pa.Table.from_pandas(table), place / f"{name}.parquet")
        said = {"files": files, "tables": list(found.tables), "said": found.said}
        (place / _SAID).write_text(json.dumps(said), encoding="utf-8")


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


def _taken(place, files):
    known = json.loads((place / _SAID).read_text(encoding="utf-8"))
    if known["files"] != files:
        earlier = {tuple(each) for each in known["files"]}
        changed = sorted({path for path, *_ in earlier ^ {tuple(each) for each in files}})
        raise DataError(
            f"{Path(changed[0]).name} has changed since this run began, and all lessons of a run "
            "must speak of the same data. Start it again when nobody writes to the file."
        )
    tables = {
        name: pq.read_table(place / f"{name}.parquet").to_pandas() for name in known["tables"]
    }
    return Found(tables, known["said"])
