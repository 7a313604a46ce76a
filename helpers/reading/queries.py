"""Pieces of SQL from which the queries of cleaning are put together."""

from __future__ import annotations


def quoted(column: str) -> str:
    """A column's name as SQL has it, whatever is in it."""
    return '"' + column.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text of ours as SQL has it."""
    return "'" + text.replace("'", "''") + "'"


def select(chosen: dict[str, str], table: str) -> str:
    """The query of some values under their names."""
    columns = ", ".join(f"{value} AS {name}" for name, value in chosen.items())
    return f"SELECT {columns} FROM {table}"


def count(condition: str, rows: str = "1") -> str:
    """How many rows fulfil a condition; 0 of none."""
    return f"CAST(COALESCE(SUM(CASE WHEN {condition} THEN {rows} ELSE 0 END), 0) AS BIGINT)"


def matches(column: str, pattern: str) -> str:
    """Whether a column fits a regular expression that RE2 and Java read alike."""
    return f"REGEXP_MATCHES({column}, {literal(pattern)})"


def one_of(column: str, texts) -> str:
    """Whether a column is one of some texts of ours."""
    return f"{column} IN ({', '.join(map(literal, texts))})"
