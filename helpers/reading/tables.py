"""Tables of one export inside this process, asked in SQL."""

from __future__ import annotations

import ctypes
import functools
from contextlib import suppress

import duckdb
import pandas as pd
import pyarrow as pa

from helpers.reading.export import DATE, DATE_GIVEN, FILE, ROW

_FLOATS = ("DOUBLE", "FLOAT", "DECIMAL")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
            "UINTEGER", "UBIGINT")  # fmt: skip


class Tables:
    """An export and what is made from it, in memory.

    Parameters
    ----------
    tables : list of pa.Table
        The export's, one for each shape of files; see :meth:`Export.tables`.

    Attributes
    ----------
    kinds : list of dict of str to str
        For each of the views ``export_0``, ``export_1`` ... its columns: "text", "float" or
        "number".
    """

    def __init__(self, tables: list[pa.Table]):
        self.connection = _database().cursor()
        self._kept = {}
        for number, table in enumerate(tables):
            self.connection.register(f"export_{number}", table)
        self.kinds = [kinds_of(self.connection, number) for number in range(len(tables))]

    def frame(self, query: str, parameters: dict | None = None) -> pd.DataFrame:
        """The result of a query, as a table."""
        return self.arrow(query, parameters).to_pandas()

    def arrow(self, query: str, parameters: dict | None = None) -> pa.Table:
        """The result of a query, as an Arrow table."""
        return self.connection.sql(query, params=parameters or None).to_arrow_table()

    def keep(self, name: str, query: str, parameters: dict) -> None:
        """Keep the result of a query as a table."""
        # as Arrow has it: half of what a table of DuckDB's takes in memory
        self._kept[name] = self.arrow(query, parameters)
        self.connection.register(name, self._kept[name])

    def take(self, name: str) -> pa.Table:
        """What was kept, which is forgotten here."""
        table = self._kept[name]
        self.drop(name)
        return table

    def view(self, name: str, query: str) -> None:
        """Call a query by a name."""
        self.connection.execute(f"CREATE TEMP VIEW {name} AS {query}")

    def drop(self, name: str) -> None:
        """Forget a table that is not needed any more."""
        if name == "export":
            for number in range(len(self.kinds)):
                self.connection.unregister(f"export_{number}")
        elif self._kept.pop(name, None) is not None:
            self.connection.unregister(name)

    def close(self) -> None:
        """Let go of all tables."""
        self.connection.close()

    def small_table(self, name: str, columns: dict[str, list]) -> None:
        """Make a small table of texts."""
        texts = {each: pa.array(list(values), pa.string()) for each, values in columns.items()}
        self.connection.register(name, pa.table(texts))


def let_go() -> None:
    """Give the memory that reading took back to the system; the next table opens all anew."""
    if _database.cache_info().currsize:
        _database().close()
        _database.cache_clear()
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError, TypeError):  # the C library of Linux keeps it for later
        ctypes.CDLL(None).malloc_trim(0)


@functools.cache
def _database():
    """One for the process, since opening one takes longer than reading a small file."""
    return duckdb.connect(config=SETTINGS)


#: A table loads nothing from elsewhere, and its clock shows UTC.
SETTINGS = {"autoinstall_known_extensions": False, "TimeZone": "UTC"}


def kinds_of(connection, number: int) -> dict[str, str]:
    """The kind of each of a part's own columns: "text", "float" or "number"."""
    added = {DATE, DATE_GIVEN, FILE, ROW}
    kinds = {}
    for name, kind, *_ in connection.execute(f"DESCRIBE export_{number}").fetchall():
        if name not in added:
            whole = "number" if kind.startswith(_NUMBERS) else "text"
            kinds[name] = "float" if kind.startswith(_FLOATS) else whole
    return kinds
