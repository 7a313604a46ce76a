"""Parquet files as tables, with the types that they have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq

from helpers.reading.columns import checked_header
from helpers.reading.packed import refuse_bombs

# Rows that are held at a time, and rows that show how large the others are.
_BATCH, _FIRST_ROWS = 500_000, 100


class Parquet:
    """A parquet file as batches.

    Parameters
    ----------
    source : Source

    Attributes
    ----------
    header : list of str
        The columns, also those that pandas wrote as an index.
    schema : pa.Schema
    first_row : int
    findings : dict of str to str or int
    """

    def __init__(self, source):
        self.findings, self.first_row, self._source = {"format": "parquet"}, 2, source
        with self._opened() as file:
            self.schema = file.schema_arrow.remove_metadata()
            self.header = checked_header(self.schema.names, source.name)
            self._refuse_bombs(file)

    def nested(self, columns: list[str]) -> list[str]:
        """Those of some columns whose values are no single ones (lists, structs, maps)."""
        return [name for name in columns if pa.types.is_nested(self.schema.field(name).type)]

    def batches(self) -> Iterator[pa.Table]:
        """The rows, some at a time; the first batch has none, only the columns."""
        with self._opened() as file:
            yield _plain(self.schema.empty_table())
            for batch in file.iter_batches(_BATCH):
                yield _plain(pa.Table.from_batches([batch]).replace_schema_metadata(None))

    def _opened(self):
        return pq.ParquetFile(self._source.path if self._source.is_plain else self._source.whole())

    def _refuse_bombs(self, file):
        rows = file.metadata.num_rows
        first = next(file.iter_batches(_FIRST_ROWS), None)
        if first is not None and len(first):
            size = max(first.nbytes / len(first), 8 * len(self.header))
            packed = file.metadata.serialized_size + sum(
                file.metadata.row_group(n).column(c).total_compressed_size
                for n in range(file.metadata.num_row_groups)
                for c in range(file.metadata.num_columns)
            )
            refuse_bombs(size * rows, packed, self._source.name)


def is_text_of_another_type(kind: pa.DataType) -> bool:
    """Whether a column may be text that is not called so: Impala and older programs write bytes."""
    tests = (pa.types.is_string_view, pa.types.is_binary_view, pa.types.is_binary,
             pa.types.is_large_binary, pa.types.is_fixed_size_binary)  # fmt: skip
    return any(test(kind) for test in tests)


def _plain(table):
    """Without types that other engines do not read, or read otherwise."""
    for at, field in enumerate(table.schema):
        if pa.types.is_float16(field.type):
            table = table.set_column(at, field.name, table.column(at).cast(pa.float32()))
        elif is_text_of_another_type(field.type):
            with suppress(pa.ArrowInvalid):  # pictures, and not texts
                table = table.set_column(at, field.name, table.column(at).cast(pa.string()))
        elif pa.types.is_dictionary(field.type):
            plain = table.column(at).cast(field.type.value_type)
            table = table.set_column(at, field.name, plain)
    return table
