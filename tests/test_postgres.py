"""The same from and into a real PostgreSQL; skipped, and said so, where there is none."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import quote

import pandas as pd
import pytest
import sqlalchemy as sql

from helpers import data
from helpers.reading.databases import Database, Query, Rows
from tests import exports, postgres
from tests.common import course, thorough
from tests.test_databases import CUSTOMERS, lists, run_folder

pytestmark = pytest.mark.skipif(
    postgres.programs() is None, reason="no PostgreSQL here (Debian: apt-get install postgresql)"
)


@pytest.fixture(scope="module")
def running():
    with postgres.server() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_PASSWORD", postgres.PASSWORD)
        yield url


@pytest.fixture(scope="module")
def orders(running):
    """A shop's lines with the types that a database has."""
    lines = exports.purchases(n_customers=400)
    table = pd.DataFrame(
        {
            "customer_id": lines["customer"].map("{:05d}".format),
            "product_id": lines["product"],
            "transaction_date": lines["time"].dt.normalize(),
            "quantity": lines["quantity"],
            "unit_price": lines["price"],
            "category": lines["product"].mod(4).map("taste {}".format),
        }
    )
    # what is rejected has its reason, and its row
    table.loc[[3, 5], "customer_id"] = None
    table.loc[7, "unit_price"] = -1.25
    kinds = {"transaction_date": sql.Date, "unit_price": sql.Numeric(12, 3)}
    with writing(running) as connection:
        table.to_sql("orders", connection, index=False, dtype=kinds)
    return table


@contextmanager
def writing(url):
    with Database(url, "the tests").engine.begin() as connection:
        yield connection


def rows(url, query):
    with writing(url) as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def read(url, query, **options):
    return data.read_transactions(Query(url, query, "transactions_query"), **options)


def test_rows_are_those_of_the_file(running, orders, tmp_path):
    """Dates are dates, whatever `date_format` says; numbers numbers; NULL is nothing."""
    orders.to_csv(tmp_path / "orders.csv", index=False)
    from_file, of_file = data.read_transactions(tmp_path / "orders.csv", date_format="iso")
    found, report = read(running, "SELECT * FROM orders", date_format="%d.%m.%Y")
    pd.testing.assert_frame_equal(found, from_file)
    assert report.rejected == of_file.rejected and report.rejected["no customer id"] == 2
    assert report.examples["no customer id"] == [4, 6]
    assert report.examples["unit_price not above zero"] == [8]
    assert found["unit_price"].mod(1).ne(0).any()


def test_every_type_of_the_database_has_a_meaning(running, orders):
    query = """
        SELECT 'c' || n AS customer_id, gen_random_uuid() AS product_id, 1234.567::numeric AS
            unit_price, 9007199254740993::numeric AS transaction_id, 2::smallint AS quantity,
            ARRAY[1, 2] AS tags, '{"a": 1}'::jsonb AS more, true AS gift, NULL::numeric AS
            total_amount, interval '1 day' AS lasted, 'ä:b %s %(x)s'::bytea AS picture,
            TIMESTAMPTZ '2024-03-31 23:30:00+00' AS transaction_date
        FROM generate_series(1, 3) AS n WHERE ':x' LIKE '%x'
    """
    found, report = read(running, query)
    assert report.kept == 3 and set(found["transaction_id"]) == {"9007199254740993"}
    assert set(found["unit_price"]) == {1234.567} and found["product_id"].str.len().eq(36).all()
    assert set(found["transaction_date"]) == {pd.Timestamp("2024-03-31 23:30")}
    found, report = read(running, query, time_zone="Europe/Berlin")
    assert set(found["transaction_date"]) == {pd.Timestamp("2024-04-01 01:30")}
    assert report.findings["times with a zone"] == "brought to Europe/Berlin"


def test_rows_are_fetched_as_they_are_needed(running):
    """A result that nobody could hold: its first rows come at once."""
    batches = Rows(Query(running, "SELECT generate_series(1, 10000000000) AS id")).batches()
    assert len(next(batches)) == 0 and next(batches)["id"].to_pylist()[:2] == [1, 2]
    batches.close()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT * FROM ordres", 'relation "ordres" does not exist. Check the names of the tables'),
        ("SELECT kunde FROM orders", 'column "kunde" does not exist. Check the names of the col'),
        ("SELECT * FROM orders WHERE false", "the query gives no row"),
        ("DELETE FROM orders", "Write one SELECT"),
        ("DROP TABLE orders", "Write one SELECT"),
        ("SELECT 1; COMMIT; DROP TABLE orders", "Write one SELECT"),
        ("WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone", "Write one SELECT"),
        ("SELECT empty_it()", "it is only read: write a SELECT"),
        ("SELECT nextval('counted')", "it is only read: write a SELECT"),
        ("SELECT * FROM private", "Ask those who run the database"),
    ],
)
def test_a_query_that_cannot_be_read_is_a_sentence_and_changes_nothing(
    running, orders, query, says
):
    with writing(running) as connection:
        connection.exec_driver_sql("""
            CREATE OR REPLACE FUNCTION empty_it() RETURNS int LANGUAGE sql AS
                'DELETE FROM orders; SELECT 1';
            CREATE SEQUENCE IF NOT EXISTS counted;
            CREATE TABLE IF NOT EXISTS private (a int);
            DO $$ BEGIN CREATE ROLE reader LOGIN PASSWORD 'reader'; EXCEPTION WHEN
                duplicate_object THEN NULL; END $$;
            GRANT SELECT, DELETE ON orders TO reader;
        """)
    url = running
    if "private" in query:
        url = running.replace(postgres.USER, "reader").replace("SHOP_", "READER_")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("READER_PASSWORD", "reader")
        result = course("health", "-p", "transactions_path", url, "-p", "transactions_query", query)
    assert result.exit_code == 2 and says in result.output, result.output
    assert "Traceback" not in result.output and postgres.PASSWORD not in result.output
    assert rows(running, "SELECT COUNT(*) FROM orders") == [(len(orders),)]
    assert rows(running, "SELECT is_called FROM counted") == [(False,)]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("shopkeeper", "nobody", "Check the user in the URL and the password (which SHOP_PASSWORD"),
        ("127.0.0.1", "no.such.host.invalid", "Check the name of the host"),
        ("/postgres", "/shop", 'database "shop" does not exist'),
        (":{port}/", ":1/", "Does the database run"),
    ],
)
def test_a_server_that_says_no_is_a_sentence(running, old, new, says):
    url = running.replace(old.format(port=running.split(":")[-1].split("/")[0]), new)
    assert url != running
    result = course(
        "health", "-p", "transactions_path", url, "-p", "transactions_query", "SELECT 1"
    )
    assert result.exit_code == 2 and says in result.output, result.output
    assert postgres.PASSWORD not in result.output and "Traceback" not in result.output


def test_a_wrong_password_is_a_sentence_without_it(running, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "the wrong one")
    result = course("publish", "--to", running, "--run", data.PROJECT)
    assert result.exit_code == 2
    result = course("describe", running)
    assert "Check the user in the URL and the password" in result.output
    assert "the wrong one" not in result.output


@thorough
def test_a_run_from_the_database_is_that_from_the_file_and_keeps_no_password(
    running, orders, tmp_path
):
    orders.to_csv(tmp_path / "orders.csv", index=False)
    (tmp_path / "shop.yaml").write_text(
        f"transactions_path: {running}\ntransactions_query: SELECT * FROM orders\n"
        "columns: {category: product_category}\ndate_format: iso\n"
    )
    file = ["-p", "transactions_path", tmp_path / "orders.csv", "-p", "transactions_query", ""]
    folders, said = [tmp_path / "from_file", tmp_path / "from_database"], []
    for folder, source in zip(folders, (file, []), strict=True):
        result = course("run", "01", "06", "-f", tmp_path / "shop.yaml", *source, "--out", folder)
        assert result.exit_code == 0, result.output
        said.append(result.output)
    expected, found = ((each / "recommendations.csv").read_bytes() for each in folders)
    assert found == expected
    expected, found = (
        json.loads((each / "metrics.json").read_text())["data"]["transactions"] for each in folders
    )
    assert found["rejected"] == expected["rejected"] and found["rejected"]["no customer id"] == 2

    result = course("publish", "--to", running, "--run", folders[1])
    assert result.exit_code == 0, result.output
    [(n,)] = rows(running, "SELECT COUNT(*) FROM course_recommendations")
    assert n == len(pd.read_parquet(folders[1] / "recommendations.parquet"))

    said += [result.output]
    said += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()]
    assert any("${SHOP_PASSWORD}" in each for each in said), "the notebooks name it"
    # as it is, in JSON, in a URL
    forms = {postgres.PASSWORD, json.dumps(postgres.PASSWORD)[1:-1], quote(postgres.PASSWORD, "")}
    for form in forms | {each.encode().decode("latin-1") for each in forms}:
        assert not any(form in each for each in said)


def test_published_tables_have_types_and_keep_their_readers(running, tmp_path):
    folder, schema = run_folder(tmp_path / "run", lists(CUSTOMERS)), ["--schema", "lists"]
    rows_of = "SELECT DISTINCT product_id FROM lists.course_recommendations"
    with writing(running) as connection:
        connection.exec_driver_sql("CREATE SCHEMA lists")
        connection.exec_driver_sql('CREATE ROLE "the website"')
    assert course("publish", "--to", running, "--run", folder, *schema).exit_code == 0
    with writing(running) as connection:
        connection.exec_driver_sql(
            'GRANT SELECT ON lists.course_recommendations TO "the website", PUBLIC'
        )
    assert rows(running, rows_of) == [("P1",)]
    run_folder(folder, lists(CUSTOMERS, "P2"))
    for _ in range(2):
        assert course("publish", "--to", running, "--run", folder, *schema).exit_code == 0
        assert rows(running, rows_of) == [("P2",)]
        for reader in ("'the website'", "'public'"):
            right = f"has_table_privilege({reader}, 'lists.course_recommendations', 'SELECT')"
            assert rows(running, f"SELECT {right}") == [(True,)]
    types = dict(rows(running, """
        SELECT column_name, data_type FROM information_schema.columns
        WHERE table_schema = 'lists' AND table_name = 'course_recommendations'
    """))  # fmt: skip
    texts = dict.fromkeys(("customer_id", "product_id", "product_name", "reason", "source"), "text")
    assert types == texts | {"rank": "integer", "score": "double precision"}
    [(kind,)] = rows(running, "SELECT DISTINCT pg_typeof(eligible)::text "
                              "FROM lists.course_retention_holdout")  # fmt: skip
    assert kind == "boolean"


def test_whoever_kills_it_leaves_the_old_lists_whole(running, tmp_path):
    """Killed when all is written but the tables are not swapped: somebody still reads."""
    folder, old = tmp_path / "run", lists(CUSTOMERS)
    with writing(running) as connection:
        connection.exec_driver_sql("CREATE SCHEMA killed")
    arguments = ["publish", "--to", running, "--run", folder, "--schema", "killed"]
    assert course(*arguments[:4], run_folder(folder, old), *arguments[5:]).exit_code == 0
    run_folder(folder, lists(CUSTOMERS, "P2"))
    reader = Database(running, "the tests").engine.connect()
    seen = reader.exec_driver_sql("SELECT COUNT(*) FROM killed.course_recommendations").scalar()
    writer = subprocess.Popen(
        [sys.executable, "-m", "helpers.course.command", *map(str, arguments)]
    )
    waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    deadline = time.monotonic() + 300
    while rows(running, waiting) == [(0,)]:
        assert writer.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    writer.send_signal(signal.SIGKILL)
    assert writer.wait() == -signal.SIGKILL
    # whoever was in the middle of reading goes on with the old lists
    found = pd.read_sql("SELECT * FROM killed.course_recommendations", reader)
    pd.testing.assert_frame_equal(found, old, check_dtype=False)
    assert seen == len(old)
    reader.close()
    while rows(running, waiting) != [(0,)]:
        time.sleep(0.05)
    tables = sql.inspect(Database(running, "the tests").engine).get_table_names("killed")
    assert set(tables) == {
        "course_published", "course_recommendations", "course_homepage",
        "course_retention_holdout",
    }  # fmt: skip
    found = rows(running, "SELECT DISTINCT product_id FROM killed.course_recommendations")
    assert found == [("P1",)]
    assert course(*map(str, arguments)).exit_code == 0, "the next one goes through"
    found = rows(running, "SELECT DISTINCT product_id FROM killed.course_recommendations")
    assert found == [("P2",)]
