"""Purchases from a database, and lists into one; SQLite, which needs no server."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from helpers import data, warehouse, writing
from helpers.course import delivering
from helpers.reading import databases
from helpers.reading.databases import Query, Rows
from helpers.reading.errors import masked
from helpers.reading.parameters import ParameterError, Parameters
from tests import dirty, exports
from tests.common import course, deeper, examples, thorough

HIDDEN = "hunter2hunter2"


def database(path, **tables):
    """A database with some tables, of text where they have text."""
    with closing(sqlite3.connect(path)) as connection:
        for name, table in tables.items():
            table.to_sql(name, connection, index=False)
        connection.commit()
    return f"sqlite:///{path}"


def asked(url, query, *more):
    """What `course health` says of a query."""
    return course(
        "health", "-p", "transactions_path", url, "-p", "transactions_query", query, *more
    )


@pytest.fixture
def orders(tmp_path):
    lines = exports.purchases()
    table = pd.DataFrame(
        {
            "customer_id": lines["customer"].map("{:05d}".format),
            "product_id": lines["product"].map("P{}".format),
            "transaction_date": lines["time"].dt.strftime("%Y-%m-%d"),
            "quantity": lines["quantity"],
            "unit_price": lines["price"],
        }
    )
    return database(tmp_path / "shop.db", orders=table), table


@deeper
@settings(max_examples=examples(8), deadline=None, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(dirty.tables())
def test_a_query_is_cleaned_like_the_file(tmp_path_factory, drawn):
    """The same rows kept and rejected for the same reasons; only rows are counted from 1."""
    table, cleaning, _ = drawn
    folder = tmp_path_factory.mktemp("dirty")
    file = dirty.write(table, "csv", folder)
    url = database(folder / "shop.db", orders=table.where(table != "", None))
    kept, report = data.read_transactions(file, **cleaning)
    ours, said = data.read_transactions(Query(url, "SELECT * FROM orders"), **cleaning)
    pd.testing.assert_frame_equal(ours, kept)
    assert said.rejected == report.rejected and said.read == report.read
    assert said.doubts == report.doubts
    before = {reason: [row - 1 for row in rows] for reason, rows in report.examples.items()}
    assert said.examples == before


def batches(values, rows, monkeypatch):
    """A column as it comes out of batches of a few rows, and the batches' types."""
    monkeypatch.setattr(databases, "_ROWS", rows)
    seen, before = [], None
    for at in range(0, len(values), rows):
        seen.append(databases._typed(values[at : at + rows], before))
        before = seen[-1].type
    return [each for part in seen for each in part.to_pylist()], {str(part.type) for part in seen}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([None, None, 3, 4], [None, None, 3, 4]),
        ([1, 2, None, None, 2.5, 1, 7, 8], [1, 2, None, None, 2.5, 1, 7, 8]),
        ([Decimal("1234.50"), None, Decimal("7"), Decimal("0")], [1234.5, None, 7, 0]),
        ([2**70, 1], [str(2**70), "1"]),
        ([Decimal(2**60 + 1), None], [str(2**60 + 1), None]),
        ([Decimal("NaN"), Decimal("1234.567")], [None, 1234.567]),
        (["a", 1, 2.5, None], ["a", "1", 2.5, None]),
        ([date(2024, 3, 1), None], [date(2024, 3, 1), None]),
        ([b"caf\xc3\xa9", memoryview(b"x")], ["café", "x"]),
        ([{"a": 1}, None], ["{'a': 1}", None]),
        ([True, None], [True, None]),
    ],
)
def test_every_kind_of_value_is_a_number_a_date_or_text(values, expected, monkeypatch):
    found, kinds = batches(values, 2, monkeypatch)
    assert [None if each != each else each for each in found] == expected
    assert len(kinds) <= 3


@pytest.mark.parametrize("with_spark", ["", "1"])
def test_times_with_a_zone_keep_it(with_spark, monkeypatch):
    monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", with_spark)  # which PySpark sets
    berlin = timezone(timedelta(hours=1))
    found = databases._typed([datetime(2024, 3, 1, 0, 30, tzinfo=berlin)], None)
    assert "+01:00" in str(found.type)
    [utc] = found.cast(pa.timestamp("us", tz="UTC")).to_pylist()
    assert utc.replace(tzinfo=None) == datetime(2024, 2, 29, 23, 30)


def test_a_result_of_many_batches_is_one_table(orders, monkeypatch):
    url, table = orders
    monkeypatch.setattr(databases, "_ROWS", 301)
    read, report = data.read_transactions(Query(url, "SELECT * FROM orders"), date_format="iso")
    assert report.read == len(table) and len(read) > 0.9 * len(table)
    bad = "SELECT * FROM orders UNION ALL SELECT NULL, 'P1', '2024-01-01', 1, 2.5"
    _, report = data.read_transactions(Query(url, bad), date_format="iso")
    assert report.examples["no customer id"] == [len(table) + 1]


def test_a_query_is_asked_once_for_a_table(orders, monkeypatch):
    asks = []
    monkeypatch.setattr(Rows, "_ask", lambda self, ask=Rows._ask: asks.append(1) or ask(self))
    data.read_transactions(Query(orders[0], "SELECT * FROM orders"), date_format="iso")
    assert len(asks) == 1


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM ordres", "no such table: ordres. Check the names of the tables"),
        ("SELECT kunde FROM orders", "no such column: kunde. Check the names of the columns"),
        ("SELECT * FROM orders WHERE 1 = 0", "the query gives no row"),
        ("SELECT customer_id FROM orders", "There is no column for product_id, transaction_date"),
        ("SELECT 1 AS a, 2 AS a", "has 'a' more than once"),
        ("SELEC 1", "syntax error. Write one SELECT as transactions_query."),
        ("SELECT 1; DROP TABLE orders", "Write one SELECT"),
        ("DELETE FROM orders", "it is only read: write a SELECT"),
        ("DROP TABLE orders", "it is only read: write a SELECT"),
        ("DELETE FROM orders RETURNING *", "it is only read: write a SELECT"),
        ("PRAGMA query_only = OFF", "gives no table"),
        (" ", "no transactions_query says what to read there"),
    ],
)
def test_a_query_that_cannot_be_read_is_a_sentence_and_changes_nothing(
    orders, tmp_path, query, says
):
    before = (tmp_path / "shop.db").read_bytes()
    result = asked(orders[0], query)
    assert result.exit_code == 2 and says in result.output, result.output
    assert "Traceback" not in result.output and result.output.startswith("Error: ")
    assert (tmp_path / "shop.db").read_bytes() == before


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:///gone.db", "There is no database"),
        ("sqlite:///README.md", "file is not a database"),
        ("postgresql://shop:${NOBODY_SET_THIS}@127.0.0.1:1/shop", "NOBODY_SET_THIS, which is not"),
        ("postgresql://shop@127.0.0.1:1/shop", "Does the database run"),
        ("postgresql://shop@no.such.host.invalid/shop", "Check the name of the host"),
        ("postgres://shop@127.0.0.1/shop", "Write postgresql:// in its place"),
        ("postgresql://shop@127.0.0.1:port/shop", "no URL of a database"),
        ("oracle://shop@127.0.0.1/shop", "driver oracledb of this database is not installed"),
        ("nosuch://shop@127.0.0.1/shop", "SQLAlchemy knows no database 'nosuch'"),
        ("https://example.com/orders.csv", "orders.csv is not on this machine"),
        ("orders.csv", "transactions_path names no database"),
    ],
)
def test_a_database_that_cannot_be_asked_is_a_sentence(url, says):
    result = asked(url, "SELECT * FROM orders")
    assert result.exit_code == 2 and says in result.output, result.output
    assert "Traceback" not in result.output
    assert not (data.PROJECT / "gone.db").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://example.com/orders.csv", "https://example.com/orders.csv is not on this machine"),
        ("S3://shop/orders.parquet", "Copy it here"),
        ("file:///orders.csv", "write the file's path, without file://"),
    ],
)
def test_an_address_elsewhere_is_a_sentence_that_keeps_it_as_written(url, says):
    for name in ("transactions_path", "products_path", "consent_path"):
        with pytest.raises(ParameterError, match=f"{name}: .*{re.escape(says)}"):
            Parameters.of({name: url})
    with pytest.raises(ParameterError, match=re.escape(says)):
        Parameters.of({"events_path": ["a.csv", url]})
    described = course("describe", url)
    assert described.exit_code == 2 and says in described.output


def test_a_url_and_a_query_need_each_other():
    for table in ("transactions", "events", "products"):
        url = Parameters.of({f"{table}_path": "sqlite:///shop.db"})
        with pytest.raises(ParameterError, match=f"no {table}_query says what"):
            url.source(table)
        query = Parameters.of({f"{table}_query": "SELECT 1"})
        with pytest.raises(ParameterError, match=f"{table}_path names no database"):
            query.source(table)
    for name in ("consent_path", "test_results_path"):
        with pytest.raises(ParameterError, match=f"{name} names a database"):
            Parameters.of({name: "sqlite:///shop.db"})
    with pytest.raises(ParameterError, match="join.0.path names a database"):
        Parameters.of({"join": [{"path": "sqlite:///shop.db", "by": "id"}]})
    with pytest.raises(ParameterError, match="a list with a database in it"):
        Parameters.of({"transactions_path": ["a.csv", "sqlite:///shop.db"]})


def test_relative_files_of_sqlite_are_found_from_any_folder(tmp_path):
    given = Parameters.of({"transactions_path": "sqlite:///shop.db", "transactions_query": "x"})
    absolute = given.in_folder(tmp_path)
    assert absolute.transactions_path == f"sqlite:///{tmp_path}/shop.db"
    assert absolute.in_folder(tmp_path.parent) == absolute
    url = {"transactions_path": "postgresql://shop:${SHOP_PASSWORD}@h/shop"}
    assert Parameters.of(url).in_folder(tmp_path) == Parameters.of(url)
    # the query reaches every lesson, and no file beside the notebooks
    assert given.for_lesson({"transactions_path", "reading"})["reading"] == {
        "transactions_query": "x"
    }


@pytest.mark.parametrize(
    "written",
    [
        "transactions_path: postgresql://shop:{}@db.example.com/shop",
        'transactions_path: ["postgresql://shop:{}@db.example.com/shop"]',
        "products_path: postgresql://shop:x{}:y@db.example.com/shop",
        "events_path: postgresql://shop@azure:{}@db.example.com/shop",
        "events_path: postgresql://db.example.com/shop?user=shop&password={}",
        "transactions_path: mssql+pyodbc:///?odbc_connect=DRIVER%3Dx;PWD%3D{};UID=shop",
        "consent_path: postgresql://shop:{}@db.example.com/shop",
        "join: [{{path: postgresql://shop:{}@db.example.com/shop, by: id}}]",
        # what is wrong beside it is said without it
        "transactions_path: {{postgresql://shop:{0}{0}{0}{0}{0}{0}{0}@db.example.com/shop: 1}}",
        "transactions_path: postgresql://shop:{}@db.example.com/shop: 1",
        "n_recommendations: postgresql://shop:{}@db.example.com/shop",
        "transactions_path: https://shop:{}@db.example.com/shop.csv",
    ],
)
def test_a_password_that_is_written_is_refused_and_not_repeated(written, tmp_path):
    file = tmp_path / "shop.yaml"
    file.write_text(written.format(HIDDEN) + "\n")
    result = course("health", "-f", file)
    assert result.exit_code == 2 and "Error: " in result.output
    assert HIDDEN[:5] not in result.output, result.output
    assert "Traceback" not in result.output
    result = course("describe", f"postgresql://shop:{HIDDEN}@h/shop", "--query", "SELECT 1")
    assert "postgresql://shop:${SHOP_PASSWORD}@h/shop" in result.output
    assert HIDDEN not in result.output


def test_the_name_of_a_variable_is_no_secret():
    for text in (
        "postgresql://shop:${SHOP_PASSWORD}@h/shop",
        "a://b/c@d",
        "12:30 me@home",
        "postgresql://shop@h:5432/shop",
        "postgresql://shop@h:${X}@h/shop",
    ):
        assert masked(text) == text
    assert masked("x postgresql://shop:p@ss:w/rd@h/shop y") == "x postgresql://shop:***@h/shop y"


def test_without_sqlalchemy_the_sentence_names_the_extra(orders, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    result = asked(orders[0], "SELECT * FROM orders")
    assert result.exit_code == 2 and "uv run --extra database course" in result.output


def test_describe_and_score_take_a_url(orders, tmp_path):
    url, table = orders
    result = course("describe", url)
    assert result.exit_code == 2 and "It has: orders." in result.output
    file = tmp_path / "shop.yaml"
    result = course("describe", url, "--query", "SELECT * FROM orders", "--out", file)
    assert result.exit_code == 0, result.output
    result = course("health", "-f", file)
    assert f"shop.db (transactions_query): {len(table):,} rows read" in result.output
    assert course("describe", "x.csv", "--query", "SELECT 1").exit_code == 2
    assert course("describe", url, "--events-query", "SELECT 1").exit_code == 2

    table.to_csv(tmp_path / "orders.csv", index=False)
    lists = []
    for source in (tmp_path / "orders.csv", Query(url, "SELECT * FROM orders")):
        out = tmp_path / f"lists{len(lists)}"
        warehouse.score("duckdb", source, out, warehouse.Settings(n_parts=1), date_format="iso")
        lists.append(warehouse.read_lists(out))
    pd.testing.assert_frame_equal(*lists)


def test_a_job_asks_the_database_anew(orders, tmp_path):
    url, table = orders
    chosen, query = warehouse.Settings(n_parts=1), Query(url, "SELECT * FROM orders")
    first = warehouse.score("duckdb", query, tmp_path / "lists", chosen, date_format="iso")
    database(tmp_path / "shop.db", more=table.assign(product_id="P99").head(50))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("INSERT INTO orders SELECT * FROM more")
        connection.commit()
    again = warehouse.score("duckdb", query, tmp_path / "lists", chosen, date_format="iso")
    assert again["read"] == first["read"] + 50 and again["products"] == first["products"] + 1


# Lists into a database


def lists(customers, product="P1", n=2):
    return pd.DataFrame(
        {
            "customer_id": [each for each in customers for _ in range(n)],
            "rank": list(range(1, n + 1)) * len(customers),
            "product_id": product,
            "product_name": "=Mug & 'more'",
            "score": 1 / 3,
            "reason": "bought Tea",
            "source": "purchases",
        }
    )


def run_folder(folder, table, held_back=(), made="2026-03-01T02:00:00+00:00"):
    """What `publish` needs of a run's folder."""
    folder.mkdir(exist_ok=True)
    writing.write_recommendations(table, folder)
    channel = table.drop(columns=["score", "source"])
    writing.write_csv(channel, folder / "homepage.csv")
    held = pd.DataFrame({"customer_id": table["customer_id"].unique(), "eligible": True})
    writing.write_csv(held, folder / "retention_holdout.csv")
    files = dict.fromkeys(("recommendations.csv", "homepage.csv", "retention_holdout.csv"), made)
    metrics = {
        "as_of": {"recommendations": made},
        "files": files,
        "held_back": dict.fromkeys(held_back, made),
        "recommendations": {"stopped_by": ["nobody gets what they own"] * bool(held_back)},
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def table_in(path, name):
    with closing(sqlite3.connect(path)) as connection:
        return pd.read_sql(f"SELECT * FROM {name}", connection)


def publish(folder, path, *more):
    return course("publish", "--to", f"sqlite:///{path}", "--out", folder, *more)


CUSTOMERS = [f"{n:04d}" for n in range(40)]


def test_lists_are_published_and_the_last_ones_kept(tmp_path):
    target, folder = tmp_path / "lists.db", tmp_path / "run"
    first, second = lists(CUSTOMERS), lists(CUSTOMERS[1:], "P2")
    result = publish(run_folder(folder, first), target)
    assert result.exit_code == 0, result.output
    assert "course_recommendations: 80 rows, of the run of 2026-03-01" in result.output
    found = table_in(target, "course_recommendations")
    pd.testing.assert_frame_equal(found, first, check_dtype=False)  # the apostrophe is the CSV's
    assert found["customer_id"][0] == "0000" and found["rank"].dtype == "int64"
    assert table_in(target, "course_homepage")["product_name"].unique() == ["=Mug & 'more'"]
    assert table_in(target, "course_retention_holdout")["eligible"].tolist() == [1] * 40

    run_folder(folder, second)
    (folder / "homepage.csv").unlink()
    assert publish(folder, target).exit_code == 0
    for name, expected in (("", second), ("_previous", first)):
        found = table_in(target, f"course_recommendations{name}")
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    with closing(sqlite3.connect(target)) as connection:
        tables = {name for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")}  # fmt: skip
    # what the run does not have is not left standing as if it were of today
    assert tables == {
        "course_published", "course_recommendations", "course_recommendations_previous",
        "course_homepage_previous", "course_retention_holdout",
        "course_retention_holdout_previous",
    }  # fmt: skip
    assert publish(folder, target).exit_code == 0, "a third time, with no homepage to rename"


def test_what_fails_a_check_is_not_published(tmp_path):
    target, folder = tmp_path / "lists.db", tmp_path / "run"
    assert publish(run_folder(folder, lists(CUSTOMERS)), target).exit_code == 0
    before = target.read_bytes()
    result = publish(run_folder(folder, lists(CUSTOMERS, "P2"), ["recommendations.csv"]), target)
    assert result.exit_code == 3 and "nobody gets what they own" in result.output
    result = publish(run_folder(folder, lists(CUSTOMERS[:30], "P2")), target)
    assert result.exit_code == 3 and "10 of 40 lost" in result.output
    assert target.read_bytes() == before
    assert publish(folder, target, "--publish-anyway").exit_code == 0
    assert table_in(target, "course_recommendations")["customer_id"].nunique() == 30


def test_a_table_of_somebody_else_is_not_touched(tmp_path):
    folder, theirs = run_folder(tmp_path / "run", lists(CUSTOMERS)), pd.DataFrame({"a": [1]})
    for number, name in enumerate(("course_homepage", "course_homepage_previous",
                                   "course_homepage_new")):  # fmt: skip
        target = tmp_path / f"{number}.db"
        database(target, **{name: theirs})
        result = publish(folder, target)
        assert result.exit_code == 2 and f"a table {name} that" in result.output
        pd.testing.assert_frame_equal(table_in(target, name), theirs)
        with closing(sqlite3.connect(target)) as connection:
            assert connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (1,)


def test_what_cannot_be_published_is_a_sentence(tmp_path, monkeypatch):
    folder, target = run_folder(tmp_path / "run", lists(CUSTOMERS)), tmp_path / "lists.db"

    def says(*arguments):
        result = course("publish", *arguments)
        assert result.exit_code == 2 and "Traceback" not in result.output
        return result.output

    assert "no folder of a run" in says("--to", f"sqlite:///{target}", "--run", tmp_path)
    written = says("--to", f"postgresql://a:{HIDDEN}@h/x", "--run", folder)
    assert "--to has a password written in it" in written and HIDDEN not in written
    monkeypatch.setattr(delivering, "TRANSACTIONAL", ("postgresql",))
    assert "one transaction" in says("--to", f"sqlite:///{target}", "--run", folder)
    (folder / "recommendations.csv").unlink()
    monkeypatch.undo()
    assert "Run lesson 06" in says("--to", f"sqlite:///{target}", "--run", folder)
    assert not target.exists()


@thorough
def test_whoever_kills_it_leaves_the_old_lists_whole(tmp_path):
    target, folder = tmp_path / "lists.db", tmp_path / "run"
    old = lists(CUSTOMERS)
    assert publish(run_folder(folder, old), target).exit_code == 0
    many = lists([f"{n:06d}" for n in range(12_000)], "P2", 5)
    run_folder(folder, pd.concat([lists(CUSTOMERS, "P2"), many]))
    writer = subprocess.Popen(
        [sys.executable, "-m", "helpers.course.command", "publish", "--to", f"sqlite:///{target}",
         "--run", folder]
    )  # fmt: skip
    # as long as the journal is there, the transaction is not over
    journal, size = target.with_name("lists.db-journal"), target.stat().st_size
    deadline = time.monotonic() + 300
    while writer.poll() is None and time.monotonic() < deadline:
        if journal.exists() and target.stat().st_size > 2 * size:
            break
        time.sleep(0.005)
    writer.send_signal(signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL, "it was over before"
    assert journal.exists() and target.stat().st_size > 2 * size, "not in the middle"
    pd.testing.assert_frame_equal(
        table_in(target, "course_recommendations"), old, check_dtype=False
    )
    assert not table_in(target, "sqlite_master")["name"].str.endswith("_new").any()
    assert publish(folder, target).exit_code == 0, "the next one goes through"
    assert len(table_in(target, "course_recommendations")) == 60_080
