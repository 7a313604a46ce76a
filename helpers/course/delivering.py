"""``course publish``: a run's lists and channel tables into a database, all of them or none.

The tables are written under new names and take the place of the last ones in the same transaction:
whoever reads sees the old lists or the new ones, and if the command dies, the old ones, whole. The
last ones stay as ``..._previous``. Which tables are ours is written down in ``course_published``; a
table of somebody else is never touched.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from helpers import production, writing
from helpers.course import publishing, runs
from helpers.reading.databases import Database
from helpers.reading.errors import DataError

TABLES = [publishing.LISTS[0], *publishing.CHANNELS, publishing.OFFERS, publishing.HOLDOUT]
PREFIX, PREVIOUS, FRESH = "course_", "_previous", "_new"
BOOK = f"{PREFIX}published"
LISTS = f"{PREFIX}recommendations"
#: Databases in which tables are made and renamed within a transaction.
TRANSACTIONAL = ("postgresql", "sqlite")
_NUMBERS = {"rank": "Integer", "eligible": "Boolean"} | dict.fromkeys(
    ("score", "similarity", "value", "risk", "expected_profit"), "Double"
)
# Rows that are sent at a time, and seconds to wait for those who read.
_ROWS, _PATIENCE = 10_000, 60


class HeldBackError(DataError):
    """Lists that must not go out: a health check failed. Nothing was changed."""


@dataclass(frozen=True)
class Delivered:
    """A table that was published: its name, how many rows, and from when its run is."""

    table: str
    rows: int
    made: str


def deliver(
    url: str, folder: Path, schema: str | None = None, anyway: bool = False
) -> list[Delivered]:
    """Publish what lies in a run's folder under its final name.

    Parameters
    ----------
    url : str
        Of a PostgreSQL or SQLite database; its password by the name of an environment variable.
    folder : Path
        Of ``course run``.
    schema : str, optional
        Where the tables stand; left out, where the database puts them.
    anyway : bool
        Also where a tenth of the customers whose lists are in the database would lose them.

    Returns
    -------
    list of Delivered

    Raises
    ------
    RunError
        If there are no lists.
    HeldBackError
        If the run's newest lists failed a health check, or customers would lose their lists.
    DataError
        If the database can't be reached or written, or somebody else's table has the name of one
        of ours. Nothing was changed then.
    """
    from filelock import FileLock, Timeout

    database = Database(url, "--to", may_be_new=True)
    if database.kind not in TRANSACTIONAL:
        raise runs.RunError(
            f"Lists are published into {' or '.join(TRANSACTIONAL)} only, which make and rename "
            f"tables in one transaction; in {database.kind} somebody could see half of them. Load "
            "recommendations.parquet and the channel tables there by its own means."
        )
    if not (folder / "metrics.json").exists():
        raise runs.RunError(f"{folder} is no folder of a run: it has no metrics.json.")
    try:
        with FileLock(folder / ".lock", timeout=0):
            runs.remove_left_overs(folder)
            metrics = publishing.earlier_metrics(folder)
            _refuse_held_back(metrics)
            results = {name: _read(folder / name) for name in TABLES if (folder / name).exists()}
    except Timeout:
        raise runs.RunError(f"A run is writing into {folder}. Wait for it.") from None
    if TABLES[0] not in results:
        raise runs.RunError(f"{folder} has no lists. Run lesson 06 into it: `course run 06`.")
    made = {name: metrics["files"].get(name) or publishing.modified(folder / name)
            for name in results}  # fmt: skip
    with database.sentences("the lists"), database.writing() as connection:
        if database.kind == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE}s'")
        return _Swap(connection, schema).all(results, made, anyway)


def _refuse_held_back(metrics):
    if metrics["held_back"]:
        stopped = metrics.get("recommendations", {}).get("stopped_by") or ["a health check"]
        raise HeldBackError(
            f"The newest lists are held back, because this is not true of them: "
            f"{'; '.join(stopped)}. Nothing was published; mend the export and run again, or "
            "overrule it by `course run ... --publish-anyway`."
        )


def _read(path):
    """A result of a run as it was before it became a CSV."""
    exact = path.with_suffix(".parquet")
    return pd.read_parquet(exact) if exact.exists() else writing.read_csv(path)


def table_of(name: str) -> str:
    """What a file of a run is called in a database."""
    return PREFIX + Path(name).stem


class _Swap:
    """New tables in the place of the last ones, within the transaction of a connection."""

    def __init__(self, connection, schema):
        import sqlalchemy

        self.sql, self.connection, self.schema = sqlalchemy, connection, schema
        self.there = set(sqlalchemy.inspect(connection).get_table_names(schema))
        self.quote = connection.dialect.identifier_preparer.quote
        self.book = sqlalchemy.Table(
            BOOK,
            sqlalchemy.MetaData(schema=schema),
            sqlalchemy.Column("table_name", sqlalchemy.Text, primary_key=True),
            sqlalchemy.Column("rows", sqlalchemy.BigInteger),
            sqlalchemy.Column("made_by_run_of", sqlalchemy.Text),
            sqlalchemy.Column("published", sqlalchemy.DateTime(timezone=True)),
        )
        self.book.create(connection, checkfirst=True)
        self.ours = set(connection.scalars(sqlalchemy.select(self.book.c.table_name)))

    def all(self, results, made, anyway):
        tables = {table_of(name): frame for name, frame in results.items()}
        self._refuse_strangers(tables)
        if not anyway:
            self._refuse_loss(tables[LISTS])
        for name, frame in tables.items():
            self._write(name, frame)
        # a table that this run does not have would be out of date under its name
        for name in sorted(self.ours | set(tables)):
            self._drop(name + PREVIOUS)
            self._rename(name, name + PREVIOUS)
            self._rename(name + FRESH, name)
        done = [Delivered(table_of(n), len(frame), made[n]) for n, frame in results.items()]
        now = datetime.now(UTC)
        self.connection.execute(self.book.delete())
        self.connection.execute(
            self.book.insert(),
            [{"table_name": each.table, "rows": each.rows, "made_by_run_of": each.made,
              "published": now} for each in done],
        )  # fmt: skip
        return done

    def _refuse_strangers(self, tables):
        names = {name + ending for name in set(tables) - self.ours for ending in ("", PREVIOUS)}
        names |= {name + FRESH for name in tables}
        if strange := sorted(names & self.there):
            raise DataError(
                f"The database has a table {strange[0]} that `course publish` did not write, and "
                "it stays as it is. Rename it, or choose another --schema."
            )

    def _refuse_loss(self, lists):
        """The run's own check, held against what the database has."""
        if LISTS not in self.ours & self.there:
            return
        before = self.sql.table(LISTS, self.sql.column("customer_id"), schema=self.schema)
        ids = self.connection.scalars(self.sql.select(before.c.customer_id).distinct())
        check, passed, _, detail = production.kept_customers(
            lists, pd.DataFrame({"customer_id": list(ids)})
        )
        if not passed:
            raise HeldBackError(
                f"Nothing was published, because beside the lists in the database this is not true "
                f"of the new ones: {check} ({detail}). Is the export complete? Overrule it with "
                "--publish-anyway."
            )

    def _write(self, name, frame):
        """A table under its new name, for those who could read the last one."""
        sql = self.sql
        columns = [sql.Column(each, getattr(sql, _NUMBERS.get(each, "Text"))) for each in frame]
        table = sql.Table(name + FRESH, sql.MetaData(schema=self.schema), *columns)
        # found by what they are asked for; names of indexes are taken while the last ones stay
        sql.Index(f"{name}_{uuid.uuid4().hex[:12]}", columns[0])
        table.create(self.connection)
        for start in range(0, len(frame), _ROWS):
            part = _typed(frame.iloc[start : start + _ROWS])
            self.connection.execute(table.insert(), part.to_dict("records"))
        if self.connection.dialect.name == "postgresql" and name in self.ours & self.there:
            self._grant(name)

    def _grant(self, name):
        rights = self.sql.text(
            "SELECT grantee, privilege_type FROM information_schema.table_privileges "
            "WHERE table_schema = COALESCE(:schema, current_schema()) AND table_name = :name "
            "AND grantee <> current_user"
        )
        given = self.connection.execute(rights, {"schema": self.schema, "name": name}).all()
        for whom, right in given:
            whom = "PUBLIC" if whom == "PUBLIC" else self.quote(whom)
            grant = f"GRANT {right} ON {self._named(name + FRESH)} TO {whom}"
            self.connection.exec_driver_sql(grant)

    def _rename(self, old, new):
        if old in self.sql.inspect(self.connection).get_table_names(self.schema):
            statement = f"ALTER TABLE {self._named(old)} RENAME TO {self.quote(new)}"
            self.connection.exec_driver_sql(statement)

    def _drop(self, name):
        self.connection.exec_driver_sql(f"DROP TABLE IF EXISTS {self._named(name)}")

    def _named(self, name):
        return f"{self.quote(self.schema)}.{self.quote(name)}" if self.schema else self.quote(name)


def _typed(part):
    """Values as the database takes them: numbers, yes and no, and None where nothing is."""
    columns = {}
    for name in part:
        values = part[name]
        if _NUMBERS.get(name) == "Boolean":
            values = values.astype("str").map({"True": True, "False": False})
        elif name in _NUMBERS:
            values = pd.to_numeric(values)
        columns[name] = values.astype(object).where(values.notna(), None)
    return pd.DataFrame(columns)
