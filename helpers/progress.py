"""Bars on a terminal while a command reads and scores; nothing where nobody looks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_READING = ContextVar("_READING", default=None)


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Let what happens in this block show how far it is, if stderr is a terminal."""
    with _bar(bar_format="reading: {n:,} rows [{elapsed}]") as bar:
        token = _READING.set(bar)
        try:
            yield
        finally:
            _READING.reset(token)


def rows(n: int) -> None:
    """Another `n` rows have been read."""
    if (bar := _READING.get()) is not None:
        bar.update(n)


def customers(parts: list[str], n: int, n_parts: int) -> Iterator[str]:
    """Go through parts of the customers, and show how many customers are done.

    Parameters
    ----------
    parts : list of str
        Those that are left to do, of `n_parts` of about the same size.
    n : int
        Customers of all parts.
    n_parts : int

    Yields
    ------
    str
        Each part.
    """
    if (reading := _READING.get()) is None:
        yield from parts
        return
    reading.close()
    form = "scoring: {percentage:.0f} %|{bar:30}| {n:,} of {total:,} customers [{elapsed}]"
    before = n_parts - len(parts)
    with _bar(total=n, initial=n * before // n_parts, bar_format=form) as bar:
        for done, part in enumerate(parts, start=before + 1):
            yield part
            bar.update(n * done // n_parts - bar.n)


def _bar(**options):
    from tqdm import tqdm

    return tqdm(disable=None, **options)
