"""Each file is read and cleaned once: what a run has read is what its lessons get.

A run puts the clean tables into its staging folder. Its lessons call the same readers with the same
parameters as ever: where the run has read the same source in the same way, they find it there.
Whatever else they ask for is read from the files.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyarrow as pa

from helpers.handover import Found, digest_of, taken, write
from helpers.reading.errors import DataError
from helpers.reading.files import input_files

_collected: dict[str, Found] | None = None


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
    digest = digest_of([what, [str(source) for source in sources], how])
    files = _as_they_are(sources)
    if _collected is not None and digest in _collected:
        known = _copy(_collected[digest])
    else:
        known = taken(digest)
    if known is None:
        known = read()
        if _collected is not None:
            _collected[digest] = _copy(known)
            _collected[digest].said["files"] = files
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


def _copy(found):
    """As it is now: whoever gets the other one may change it."""
    tables = {name: table.copy(deep=False) for name, table in found.tables.items()}
    return Found(tables, copy.deepcopy(found.said))


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
def collected() -> Iterator[dict[str, Found]]:
    """Remember what is read in here, for :func:`hand_over`."""
    global _collected
    _collected = {}
    try:
        yield _collected
    finally:
        _collected = None


def hand_over(collected: dict[str, Found], folder: Path) -> None:
    """Write what was read into a folder; see :func:`collected`."""
    folder.mkdir(parents=True)
    for digest, found in collected.items():
        with suppress(pa.ArrowException):  # what parquet can't hold, lessons read themselves
            write(found, folder / digest)
