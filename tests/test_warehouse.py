"""The six steps as SQL: the same lists as SciPy's, on DuckDB; parts, resuming, other dialects."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import sqlglot
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import catalogue, data, evaluate, handover, production, progress, warehouse
from helpers.course.command import main
from helpers.recommend import ItemBased
from tests.common import deeper, examples, purchases, thorough

BUNDLED = data.BUNDLED["transactions"]


def same_lists(ours, theirs):
    """Same customers, ranks, products and sources; scores within a millionth."""
    columns = ["customer_id", "rank", "product_id", "source"]
    ours, theirs = (table.reset_index(drop=True) for table in (ours, theirs))
    assert len(ours) == len(theirs)
    for name in columns:
        assert (ours[name].astype(str) == theirs[name].astype(str)).all(), name
    np.testing.assert_allclose(ours["score"], theirs["score"], atol=1e-6)


def scored(engine, source, out, **others):
    chosen = warehouse.Settings(**others)
    report = warehouse.score(engine, source, out, chosen)
    return warehouse.read_lists(out), report


@pytest.fixture(scope="module")
def part_of_the_shop(tmp_path_factory):
    """The bundled shop's first customers, in a file of their own: some for each of 16 parts."""
    lines = BUNDLED.read_text("utf-8").splitlines(keepends=True)
    path = tmp_path_factory.mktemp("part") / "shop.csv"
    path.write_text(
        "".join(line for line in lines if "CUST" not in line or ",CUST000" in line), "utf-8"
    )
    return path


@pytest.mark.parametrize("trend_days", [None, 30])
def test_duckdb_agrees_with_scipy_on_the_bundled_shop(tmp_path, trend_days):
    scipy, said = scored("scipy", BUNDLED, tmp_path / "scipy", trend_days=trend_days)
    duckdb, other = scored("duckdb", BUNDLED, tmp_path / "duckdb", trend_days=trend_days, n_parts=1)
    same_lists(duckdb, scipy)
    assert duckdb["customer_id"].nunique() == 4_290
    for name in ("read", "kept", "customers", "products", "rows"):
        assert said[name] == other[name]


rows = st.tuples(
    st.sampled_from(["a", "b", "Ä", "z'", "10", "9"]),
    st.sampled_from(["p1", "p2", "P1", "ß", "p;--", "10", "9", '"q"']),
    st.integers(0, 60),
)


@deeper
@settings(max_examples=examples(12), deadline=None)
@given(st.lists(rows, min_size=1, max_size=40), st.integers(1, 4), st.sampled_from([None, 10]))
def test_duckdb_agrees_with_scipy_on_any_small_shop(tmp_path_factory, drawn, n, trend_days):
    """Ties everywhere, ids of every kind, customers without neighbours."""
    folder = tmp_path_factory.mktemp("shop")
    table = pd.DataFrame(drawn, columns=["customer_id", "product_id", "transaction_date"])
    days = pd.to_timedelta(table["transaction_date"], unit="D")
    table["transaction_date"] = (pd.Timestamp("2024-01-01") + days).dt.strftime("%d-%m-%Y")
    table.to_csv(folder / "shop.csv", index=False)
    model = ItemBased(2, trend_days=trend_days)
    transactions = data.load_transactions(folder / "shop.csv")
    ours = production.build_engine(transactions, None, model).recommend(None, n)
    theirs, _ = scored("duckdb", folder / "shop.csv", folder / "out", n=n, n_neighbors=2,
                       trend_days=trend_days, n_parts=1)  # fmt: skip
    same_lists(theirs, ours)


def test_rules_that_changed_make_the_lists_anew(tmp_path):
    """A job goes on where it was only while the same may be shown to the same customers."""
    table = pd.DataFrame(
        [(f"c{n}", product, "01-01-2024") for n in range(6) for product in ("p1", f"p{n % 3 + 2}")],
        columns=["customer_id", "product_id", "transaction_date"],
    )
    table.to_csv(tmp_path / "shop.csv", index=False)
    catalogue_file, shown = tmp_path / "products.csv", []
    chosen = warehouse.Settings(n=2, n_neighbors=2, n_parts=1)
    for stock, rules in (("yes", {}), ("yes", {"deny_products": ["p2"]}), ("no", {})):
        catalogue_file.write_text(f"product_id,in_stock\np1,yes\np2,yes\np3,{stock}\np4,yes\n")
        shop = data.Parameters.of({"products_path": str(catalogue_file), **rules})
        warehouse.score("scipy", tmp_path / "shop.csv", tmp_path / "out", chosen, shop=shop)
        shown.append(set(warehouse.read_lists(tmp_path / "out")["product_id"]))
    assert {"p2", "p3"} <= shown[0]
    assert "p2" not in shown[1] and "p3" in shown[1]
    assert "p3" not in shown[2] and "p2" in shown[2]


@deeper
@settings(max_examples=examples(8), deadline=None)
@given(
    st.lists(rows, min_size=3, max_size=40),
    st.integers(1, 4),
    st.sets(st.sampled_from(["p1", "P1", "10", "p;--", "nowhere"]), max_size=3),
    st.sets(st.sampled_from(["a", "A", "Z'", "10"]), max_size=2),
    st.sets(st.sampled_from(["p1", "p2", "ß", "9", "new"])),
)
def test_what_must_not_be_shown_is_the_same_in_every_engine(
    tmp_path_factory, drawn, n, denied, alone, gone
):
    """Stock and deny lists, customers without a personal list: filled from further down."""
    folder = tmp_path_factory.mktemp("shop")
    table = pd.DataFrame(drawn, columns=["customer_id", "product_id", "transaction_date"])
    days = pd.to_timedelta(table["transaction_date"], unit="D")
    table["transaction_date"] = (pd.Timestamp("2024-01-01") + days).dt.strftime("%d-%m-%Y")
    table.to_csv(folder / "shop.csv", index=False)
    stock = {each: int(each not in gone) for each in [*table["product_id"].unique(), "new"]}
    stock = pd.Series(stock, name="in_stock").rename_axis("product_id")
    stock.drop("p2", errors="ignore").to_csv(folder / "products.csv")
    shop = data.Parameters.of(
        {"products_path": str(folder / "products.csv"), "deny_products": sorted(denied),
         "deny_customers": sorted(alone)}
    )  # fmt: skip
    transactions = data.load_transactions(folder / "shop.csv")
    chosen = warehouse.Settings(n=n, n_neighbors=2, n_parts=1)
    try:
        found = catalogue.shop_rules(transactions, shop)
    except data.DataError as error:  # nothing left: every engine says the same
        for engine in ("scipy", "duckdb"):
            with pytest.raises(data.DataError, match=str(error)[:20]):
                warehouse.score(engine, folder / "shop.csv", folder / engine, chosen, shop=shop)
        return
    ours = production.build_engine(transactions, None, ItemBased(2), found).recommend(None, n)
    for engine in ("scipy", "duckdb"):
        said = warehouse.score(engine, folder / "shop.csv", folder / engine, chosen, shop=shop)
        assert said["unknown"] == found.unknown
        theirs = warehouse.read_lists(folder / engine)
        same_lists(theirs, ours)
        assert not set(theirs["product_id"]) & (denied | gone | {"p2", "new"})


def test_a_changed_catalogue_makes_new_lists_and_denied_categories_need_one(two_shops):
    folder, chosen = two_shops
    path = folder / "products.csv"
    shop = data.Parameters.of({"products_path": str(path)})
    for gone in "PQ":
        path.write_text("product_id,in_stock\n" + "".join(f"{p},{p != gone:d}\n" for p in "PQR"))
        warehouse.score("scipy", folder / "first.csv", folder / "out", chosen, shop=shop)
        shown = set(warehouse.read_lists(folder / "out")["product_id"])
        assert shown and gone not in shown
    denying = shop.model_copy(update={"deny_categories": ["Health"]})
    with pytest.raises(data.DataError, match="categories of a catalogue only"):
        warehouse.score("scipy", folder / "first.csv", folder / "out", chosen, shop=denying)


def test_parquet_folders_and_globs_give_the_same(tmp_path, part_of_the_shop):
    table = data.load_transactions(part_of_the_shop)
    table = table[["customer_id", "product_id", "transaction_date"]]
    parts = tmp_path / "parts"
    parts.mkdir()
    for number in range(3):
        table.iloc[number::3].to_parquet(parts / f"{number}.parquet", index=False)
    (parts / "_SUCCESS").touch()
    expected, _ = scored("scipy", part_of_the_shop, tmp_path / "one", n=2)
    for number, source in enumerate((parts, str(parts / "*.parquet"))):
        lists, _ = scored("duckdb", source, tmp_path / f"out{number}", n=2, n_parts=1)
        same_lists(lists, expected)


DIRTY = """Kunde;;x,product_id,transaction_date,quantity,unit_price,transaction_id
a,p1,01-02-2024,1,2.0,T1
a,p2,02-02-2024,2,2.0,T2
a,p2,03-02-2024,-2,2.0,T3
b,p1,03-02-2024,,2.0,C4
b,p1,04-02-2024,1,2.0,T5
b,p2,05-02-2024,1,2.0,T5
 ,p2,05-02-2024,1,2.0,T6
c,,05-02-2024,1,2.0,T7
c,p3,31-31-2024,1,2.0,T8
c,p3,05-02-2999,1,2.0,T9
c,p3,06-02-2024,0,2.0,T10
c,p3,07-02-2024,1,0,T11
c,POST,07-02-2024,1,3.0,T11
 c ,p2,08-02-2024,1,2.0,T12
"""


def test_every_row_is_accounted_for_as_in_lesson_01(tmp_path):
    path = tmp_path / "dirty.csv"
    good = "".join(f"d{n},p1,09-02-2024,1,2.0,U{n}\n" for n in range(400))
    path.write_text(DIRTY + good)
    columns = {"Kunde;;x": "customer_id"}
    cleaning = {"cancellation_prefix": "C", "non_products": ["POST"]}
    _, report = data.read_transactions(path, columns, **cleaning)
    said = warehouse.score("duckdb", path, tmp_path / "out", warehouse.Settings(n_parts=1),
                           columns, cleaning=cleaning)  # fmt: skip
    assert said["rejected"] == report.rejected and len(report.rejected) == 9
    assert (said["read"], said["kept"]) == (report.read, report.kept)


def test_a_cap_lets_long_histories_speak_with_their_latest_purchases(tmp_path):
    """Two customers bought A and B; a reseller bought everything, C and D last."""
    table = purchases(
        ("1", "A"), ("1", "B"), ("2", "A"), ("2", "B"),
        ("reseller", "A", "2024-01-01"), ("reseller", "B", "2024-01-02"),
        ("reseller", "C", "2024-01-03"), ("reseller", "D", "2024-01-04"),
    )  # fmt: skip
    table.to_parquet(tmp_path / "shop.parquet", index=False)
    for cap, expected in ((warehouse.NO_CAP, ["C", "D"]), (2, [])):
        lists, _ = scored("duckdb", tmp_path / "shop.parquet", tmp_path / f"out{cap}",
                          history_cap=cap, n_parts=1, n=4)  # fmt: skip
        personal = lists[(lists["customer_id"] == "1") & (lists["source"] == "purchases")]
        assert personal["product_id"].tolist() == expected
    # a capped customer still gets a list from all of its purchases
    assert "reseller" not in set(lists["customer_id"]), "owns everything"


def test_a_job_that_died_goes_on_with_the_missing_parts(tmp_path, part_of_the_shop, monkeypatch):
    out = tmp_path / "out"
    chosen = warehouse.Settings(n=2)

    def dies(parts, *_):
        for number, part in enumerate(parts):
            if number == 5:
                raise KeyboardInterrupt
            yield part

    with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
        patch.setattr(progress, "customers", dies)
        warehouse.score("duckdb", part_of_the_shop, out, chosen)
    assert len(list(out.glob(".next/part=*"))) == 5 and not list(out.glob("part=*"))
    (out / ".next" / ".part-7").mkdir()  # what a kill in the middle of writing leaves
    stamps = {path.parent.name: path.stat().st_mtime_ns for path in out.glob(".next/part=*/*")}
    report = warehouse.score("duckdb", part_of_the_shop, out, chosen)
    assert report["parts"] == 11
    for part, stamp in stamps.items():
        assert (out / part / "part-0.parquet").stat().st_mtime_ns == stamp
    whole, _ = scored("scipy", part_of_the_shop, tmp_path / "whole", n=2)
    same_lists(warehouse.read_lists(out), whole)
    assert warehouse.score("duckdb", part_of_the_shop, out, chosen)["parts"] == 0
    # other settings: begun anew
    assert warehouse.score("duckdb", part_of_the_shop, out, warehouse.Settings(n=3))["parts"] == 16
    assert warehouse.read_lists(out)["rank"].max() == 3
    assert sorted(path.name for path in out.iterdir())[:3] == [".job", ".lock", "part=0"]


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "bigquery", "snowflake"])
def test_the_sql_is_sql_everywhere_and_nothing_is_pasted_in(dialect):
    assert len(list(warehouse.engines._SQL.glob("*.sql"))) == len(warehouse.STEPS)
    for step in [*warehouse.STEPS, "recommendations"]:
        text = warehouse.sql(step, dialect)
        tree = sqlglot.parse_one(text, read=dialect)
        known = {"bigquery": sqlglot.exp.Parameter}.get(dialect, sqlglot.exp.Placeholder)
        assert len({str(each.name) for each in tree.find_all(known)}) == len(
            warehouse.placeholders(step)
        )
        tables = {each.name for each in tree.find_all(sqlglot.exp.Table)}
        inner = {each.alias for each in tree.find_all(sqlglot.exp.CTE)}
        assert tables - inner <= {
            *warehouse.STEPS,
            "typed",
            "no_products",
            "not_for_sale",
            "no_personal_list",
        }
        assert all(each.args.get("quoted") for each in tree.find_all(sqlglot.exp.Identifier)
                   if each.name in tables)  # fmt: skip


def test_names_and_values_that_look_like_sql_stay_names_and_values(tmp_path):
    evil = 'x"; DROP TABLE clean; --'
    path = tmp_path / "shop.parquet"
    table = pd.DataFrame(
        {evil: ["1", "1", "2", "2"], "product_id": ["'; --", "b", "b", "c"],
         "transaction_date": pd.to_datetime(["2024-01-01"] * 4)}
    )  # fmt: skip
    table.to_parquet(path, index=False)
    warehouse.score("duckdb", path, tmp_path / "out", warehouse.Settings(n_parts=1, n=3),
                    {evil: "customer_id"}, cleaning={"non_products": ["c' OR '1'='1"]})  # fmt: skip
    assert set(warehouse.read_lists(tmp_path / "out")["product_id"]) == {"'; --", "c"}


def test_the_parts_are_those_of_the_ids_md5():
    # md5 of the empty text and of "a", as RFC 1321 lists them
    assert warehouse.part_of(["", "a"], 2) == ["d4", "0c"]
    assert warehouse.Settings(n_parts=1).parts == [""]
    assert warehouse.Settings(n_parts=256).parts[-1] == "ff"


def test_scipy_while_the_data_fit(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"x" * 1_000)
    assert warehouse.choose_engine([path], 21_000)[0] == "scipy"
    engine, why = warehouse.choose_engine([path], 19_000)
    assert engine == "duckdb" and "free memory" in why
    assert warehouse.choose_engine([path, path], 41_000)[0] == "scipy"
    assert warehouse.choose_engine([path, path], 39_000)[0] == "duckdb"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--transactions", "nowhere.csv"], ["no file", "nowhere.csv"]),
        (["--transactions", BUNDLED, "--engine", "duckdb", "-f", "wrong.yaml"], ["Artikel"]),
        (
            ["--transactions", BUNDLED, "--engine", "duckdb", "-f", "format.yaml"],
            ["date_format", "%d-%m-%Y"],
        ),
        (["--transactions", BUNDLED, "-f", "merge.yaml"], ["merge_cas", "merge_case"]),
        (["--transactions", BUNDLED, "-f", "typo.yaml"], ["colums", "columns"]),
        (["--transactions", BUNDLED, "-f", "long.yaml"], ["n_recommendations", "whole number"]),
        ([], ["--transactions"]),
        (["--transactions", BUNDLED, "--engine", "scipy", "--history-cap", "5"], ["history_cap"]),
        (["--transactions", BUNDLED, "--conf", "a"], ["NAME=VALUE"]),
    ],
)
def test_what_cannot_be_scored_is_said_in_a_sentence(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wrong.yaml").write_text("columns: {Artikel: product_id}")
    Path("format.yaml").write_text('date_format: "%Y/%m/%d"')
    Path("merge.yaml").write_text("cleaning: {merge_cas: true}")
    Path("typo.yaml").write_text("colums: {Artikel: product_id}")
    Path("long.yaml").write_text("n_recommendations: many")
    result = CliRunner().invoke(main, ["score", *map(str, arguments), "--out", "out"])
    assert result.exit_code == 2, result.output
    assert "Error: " in result.output and "Traceback" not in result.output
    for word in words:
        assert word in result.output


def test_spark_without_java_says_how_to_get_it(tmp_path, monkeypatch):
    pytest.importorskip("pyspark")
    monkeypatch.setattr("helpers.warehouse.engines.java_version", lambda: 11)
    with pytest.raises(data.DataError, match="Java 17"):
        warehouse.Spark(tmp_path)


def test_spark_without_the_extra_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(data.DataError, match="--extra spark"):
        warehouse.Spark(tmp_path)


def test_the_command_writes_lists_and_a_report(tmp_path, part_of_the_shop):
    command = [
        "score",
        "--transactions",
        str(part_of_the_shop),
        "--out",
        str(tmp_path / "out"),
        "--csv",
    ]
    result = CliRunner().invoke(main, [*command, "--n", "2"])
    assert result.exit_code == 0, result.output
    assert "engine: scipy" in result.output and "16 parts written now" in result.output
    table = pd.read_csv(tmp_path / "out" / "recommendations.csv")
    assert len(table) == 2 * 87
    assert "0 parts written now" in CliRunner().invoke(main, [*command, "--n", "2"]).output
    shutil.rmtree(tmp_path / "out" / "part=a")
    assert "1 parts written now" in CliRunner().invoke(main, [*command, "--n", "2"]).output


def test_growth_finds_the_exponents_of_a_law_without_noise():
    size = np.array([100, 200, 400, 800])
    rows = [
        pd.DataFrame({"what": what, "customers": size, "products": size, "purchases": size,
                      "seconds": 2.0 * size**power})
        for what, power in {"customers": 1, "products": 0.5, "history": 2}.items()
    ]  # fmt: skip
    measured = pd.concat(rows)
    doubled = warehouse.what_doubling_does(measured)
    assert doubled["seconds"].tolist() == pytest.approx([2, 2**0.5, 4])
    # of twenty products 190 pairs, of forty 780
    assert doubled["rows"].tolist() == pytest.approx([2, 1, 780 / 190])
    assert doubled["possible"].tolist() == pytest.approx([1, 2 * 9_999 / 4_999, 1])


def test_the_tables_of_a_plan_have_the_rows_and_types_that_the_sql_makes(tmp_path):
    """Exact where it is said to be, upper bounds elsewhere; bytes by the types in the SQL."""
    shop = data.load_transactions()
    shop.to_parquet(tmp_path / "shop.parquet", index=False)
    engine = warehouse.DuckDB(tmp_path / "work")
    warehouse.prepare(
        engine, *warehouse.purchases(tmp_path / "shop.parquet")[:1], warehouse.Settings()
    )
    made = {
        "who has what": "SELECT * FROM pairs",
        "histories": "SELECT * FROM histories",
        "pairs, before adding up": """
            SELECT one.product_no, other.product_no AS other_no, one.weight FROM histories AS one
            JOIN histories AS other ON other.part = one.part
            AND other.customer_no = one.customer_no AND other.product_no > one.product_no""",
        "neighbours": "SELECT * FROM neighbours",
        "scores, before adding up": """
            SELECT own.customer_no, near.other_no, near.weight FROM pairs AS own
            JOIN neighbours AS near ON near.product_no = own.product_no""",
    }
    sizes = shop.groupby("customer_id")["product_id"].nunique()
    plan = warehouse.tables(len(sizes), 53, sizes.mean(), warehouse.spread(sizes))
    n_bytes = {"INTEGER": 4, "FLOAT": 4, "DOUBLE": 8, "TIMESTAMP": 8, "VARCHAR": 2}
    for name, query in made.items():
        rows = engine.frame(f"SELECT COUNT(*) AS n FROM ({query})", {})["n"].iat[0]
        types = engine.frame(f"DESCRIBE {query}", {})["column_type"]
        types = types.replace(
            {"TIMESTAMP_NS": "TIMESTAMP", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
        )
        assert types.map(n_bytes).sum() == plan.loc[name, "bytes_a_row"], (name, list(types))
        exact = name in ("who has what", "histories", "pairs, before adding up")
        assert (
            rows == pytest.approx(plan.loc[name, "rows"])
            if exact
            else rows <= plan.loc[name, "rows"]
        )
    n_pairs = plan.loc["pairs, before adding up", "rows"]
    assert warehouse.pairs(shop, warehouse.NO_CAP) == pytest.approx(n_pairs)
    both = plan.loc["pairs, added up, from both sides"]
    assert both["rows"] == 53 * 52 and both["bytes_a_row"] == 12


def test_resellers_make_many_pairs_and_a_cap_takes_them_away(tmp_path):
    """Pairs counted by hand, and by the SQL; what an ordinary customer bought stays."""
    few = purchases(*((str(n), product) for n in range(50) for product in ("A", f"B{n}")))
    shop = warehouse.with_resellers(few, n=2, least=30, most=31)
    sizes = shop.groupby("customer_id")["product_id"].agg(["size", "nunique"])
    assert (sizes["size"] == sizes["nunique"]).all() and sizes["size"].value_counts()[30] == 2
    pd.testing.assert_frame_equal(shop[: len(few)], few[shop.columns])
    again = warehouse.with_resellers(few, n=2, least=30, most=31)
    pd.testing.assert_frame_equal(shop, again)
    shop.to_parquet(tmp_path / "shop.parquet", index=False)
    for cap, expected in ((warehouse.NO_CAP, 50 + 2 * 435), (3, 50 + 2 * 3), (1, 0)):
        assert warehouse.pairs(shop, cap) == expected
        engine = warehouse.DuckDB(tmp_path / f"cap {cap}")
        export, cleaning = warehouse.purchases(tmp_path / "shop.parquet")
        warehouse.prepare(engine, export, warehouse.Settings(history_cap=cap), cleaning)
        counted = engine.frame(
            "SELECT SUM(n * (n - 1)) / 2 AS pairs FROM (SELECT COUNT(*) AS n FROM histories "
            "GROUP BY part, customer_no)"
        )
        assert counted["pairs"].iat[0] == expected


def test_the_parameter_file_counts_in_a_batch_job_too(tmp_path, monkeypatch, part_of_the_shop):
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(f"transactions_path: {part_of_the_shop}\nn_recommendations: 2\n")
    result = CliRunner().invoke(main, ["score", "-f", "shop.yaml", "--out", "out", "--csv"])
    assert result.exit_code == 0, result.output
    assert len(pd.read_csv("out/recommendations.csv")) == 2 * 87


def contents(folder):
    """Every file that a reader of the folder sees, with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }


@pytest.fixture
def two_shops(tmp_path):
    """Two exports of the same length, and the folder with the first one's lists."""
    rows = [
        f"{c},{p},0{d}-02-2024" for c in "abcdef" for d, p in enumerate("PQR"[: ord(c) % 3 + 1], 1)
    ]
    header = "customer_id,product_id,transaction_date\n"
    (tmp_path / "first.csv").write_text(header + "\n".join(rows))
    (tmp_path / "second.csv").write_text(header + "\n".join(rows).replace("Q", "Z"))
    chosen = warehouse.Settings(n=2)
    warehouse.score("scipy", tmp_path / "first.csv", tmp_path / "out", chosen, csv=True)
    return tmp_path, chosen


@pytest.mark.parametrize("engine", ["scipy", "duckdb"])
def test_a_job_that_fails_leaves_the_last_lists_alone(two_shops, engine):
    folder, chosen = two_shops
    before = contents(folder / "out")
    (folder / "broken.csv").write_text("customer_id,product_id\na,P\n")
    with pytest.raises(data.DataError):
        warehouse.score(engine, folder / "broken.csv", folder / "out", chosen)
    (folder / "useless.csv").write_text("customer_id,product_id,transaction_date\n,P,01-01-2024\n")
    with pytest.raises(data.DataError, match="none of the 1 rows"):
        warehouse.score(engine, folder / "useless.csv", folder / "out", chosen)
    assert contents(folder / "out") == before


class Killed(BaseException):
    """As if the power had gone."""


@contextmanager
def killed_at_move(number):
    """Whatever moves a file for the so-many-th time dies before it does."""
    moves, real = [0], {name: getattr(Path, name) for name in ("rename", "replace", "touch")}

    def deadly(name):
        def move(path, *more):
            moves[0] += 1
            if moves[0] == number:
                raise Killed
            return real[name](path, *more)

        return move

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(Path, name, deadly(name))
        yield


@thorough
def test_results_are_replaced_together_whatever_moment_a_job_dies_at(two_shops, monkeypatch):
    """Until the new results are complete the old ones are untouched; then they are all new."""
    folder, _ = two_shops
    chosen = warehouse.Settings(n=2)
    old = contents(folder / "out")

    def job(out):
        return warehouse.score("scipy", folder / "second.csv", out, chosen, csv=True)

    job(folder / "new")
    new = contents(folder / "new")
    assert set(old) == set(new) and old != new

    def killed(number):
        """A folder in which a job died."""
        out = shutil.copytree(folder / "out", folder / f"killed{len(list(folder.iterdir()))}")
        with killed_at_move(number), pytest.raises(Killed):
            job(out)
        return out

    for number in (6, 12, 18):  # while it computes
        out = killed(number)
        assert contents(out) == old, number
        job(out)
        assert contents(out) == new, number
    with monkeypatch.context() as patch:  # all is complete, and nothing published yet
        patch.setattr(warehouse.batch, "_publish", lambda _: None)
        job(folder / "out")
    assert contents(folder / "out") == old and (folder / "out" / ".next" / ".complete").exists()
    number, moved = 0, False
    while not moved:
        number += 1
        out = killed(number)
        moved = contents(out) == new
        job(out)
        assert contents(out) == new, number
    assert number > 36, "there are more moves than that"


def test_a_changed_input_is_noticed_by_its_content(two_shops):
    folder, chosen = two_shops
    stat = (folder / "first.csv").stat()
    (folder / "first.csv").write_bytes((folder / "second.csv").read_bytes())
    os.utime(folder / "first.csv", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    report = warehouse.score("scipy", folder / "first.csv", folder / "out", chosen, csv=True)
    assert report["parts"] == 16
    assert "Z" in set(warehouse.read_lists(folder / "out")["product_id"])


def test_a_report_that_was_taken_away_is_made_again(two_shops):
    folder, chosen = two_shops
    before = contents(folder / "out")
    (folder / "out" / "report.json").unlink()
    warehouse.score("scipy", folder / "first.csv", folder / "out", chosen, csv=True)
    assert contents(folder / "out") == before


def test_few_customers_in_many_parts_give_one_kind_of_table(two_shops):
    """Parts without customers have the same columns; so has the CSV file."""
    folder, _ = two_shops
    table = pd.read_csv(folder / "out" / "recommendations.csv")
    assert list(table) == ["customer_id", "rank", "product_id", "score", "source"]
    assert table.notna().all(axis=None)
    lists = warehouse.read_lists(folder / "out")
    assert pd.api.types.is_integer_dtype(lists["rank"])


# Lists that agree, and lists that don't


def lists_of(*products, scores):
    return pd.DataFrame(
        {"customer_id": "one", "rank": range(1, len(products) + 1), "product_id": products,
         "score": scores, "source": "purchases"}
    )  # fmt: skip


OURS = lists_of("A", "B", "C", scores=[0.7, 0.4, 0.4])


@pytest.mark.parametrize(
    ("theirs", "verdict", "in_common"),
    [
        (OURS, warehouse.SAME, 1),
        (lists_of("A", "B", "C", scores=[0.7, 0.1 + 0.3, 0.4 + 1e-9]), warehouse.SAME, 1),
        (lists_of("A", "C", "B", scores=[0.7, 0.4, 0.4]), warehouse.TIES, 1),
        # D was as good as what stands in the last place
        (lists_of("A", "B", "D", scores=[0.7, 0.4, 0.4]), warehouse.TIES, 2 / 3),
        (lists_of("A", "B", "C", scores=[0.7, 0.41, 0.4]), warehouse.SCORES, 1),
        (lists_of("A", "B", "C", scores=[0.7, 0.4001, 0.4]), warehouse.SCORES, 1),
        (lists_of("A", "B", "D", scores=[0.7, 0.4, 0.5]), warehouse.OTHER, 2 / 3),
        # the scores agree place by place, but those of the products don't: names mixed up
        (lists_of("B", "A", "C", scores=[0.7, 0.4, 0.4]), warehouse.OTHER, 1),
        (lists_of("D", "B", "C", scores=[0.7, 0.4, 0.4]), warehouse.OTHER, 2 / 3),
        (lists_of("A", "B", scores=[0.7, 0.4]), warehouse.OTHER, 2 / 3),
        (OURS.assign(customer_id="two"), warehouse.MISSING, None),
    ],
)  # fmt: skip
def test_ties_are_told_from_differences(theirs, verdict, in_common):
    found = warehouse.compare_lists(OURS, theirs)
    assert set(found["verdict"]) == {verdict}
    if in_common is not None:
        assert found["in_common"].tolist() == pytest.approx([in_common])
    back = warehouse.compare_lists(theirs, OURS)
    pd.testing.assert_frame_equal(found.sort_index(), back.sort_index())


@deeper
@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.integers(0, 60), min_size=8, max_size=30), st.integers(1, 6))
def test_ties_are_asked_of_scores_before_rounding(hundredths, n):
    """Once, what two decimals had made equal was accepted as a tie, on any shop."""
    scores = sorted((each / 400 for each in hundredths), reverse=True)
    longer = lists_of(*(f"P{k:02d}" for k in range(len(scores))), scores=scores)
    again = warehouse.sorted_again(longer, n)
    assert again["score"].is_monotonic_decreasing and len(again) == n
    asked = warehouse.with_our_scores(again, longer)
    found = warehouse.compare_lists(longer[longer["rank"] <= n], asked)["verdict"].iloc[0]
    weaker_first = asked["score"].tolist() != scores[:n]
    allowed = [warehouse.OTHER] if weaker_first else [warehouse.SAME, warehouse.TIES]
    assert found in allowed


def test_scores_of_nearly_nothing_are_equal():
    ours, theirs = (lists_of("A", scores=[score]) for score in (1e-9, 3e-9))
    assert warehouse.compare_lists(ours, theirs)["verdict"].tolist() == [warehouse.SAME]


def test_whole_numbers_make_no_ties():
    longer = lists_of("A", "B", "C", scores=[0.9, 0.8, 0.7])
    again = warehouse.sorted_again(longer.iloc[::-1].assign(product_id=["A", "B", "C"]), 3, 0)
    assert again["product_id"].tolist() == ["A", "B", "C"], "one score, so the smaller id"
    asked = warehouse.with_our_scores(again.iloc[[2, 1, 0]].assign(rank=[1, 2, 3]), longer)
    assert asked["score"].tolist() == [0.7, 0.8, 0.9]
    assert warehouse.compare_lists(longer, asked)["verdict"].tolist() == [warehouse.OTHER]
    unknown = warehouse.with_our_scores(lists_of("A", "B", "Z", scores=[0.9, 0.8, 0.7]), longer)
    assert warehouse.compare_lists(longer, unknown)["verdict"].tolist() == [warehouse.OTHER]


def test_what_fills_up_a_list_stays_behind():
    longer = lists_of("A", "B", "C", scores=[0.7, 0.4, 12.0])
    longer["source"] = ["purchases", "purchases", "popularity"]
    assert warehouse.sorted_again(longer, 3)["product_id"].tolist() == ["A", "B", "C"]


def test_a_stranger_shares_what_chance_gives():
    same = pd.concat([OURS.assign(customer_id=each) for each in "abcd"])
    assert warehouse.in_common_with_a_stranger(same) == 1
    apart = pd.concat([lists_of(each, scores=[1.0]).assign(customer_id=each) for each in "abcd"])
    assert warehouse.in_common_with_a_stranger(apart) == 0
    assert np.isnan(warehouse.in_common_with_a_stranger(OURS))


def test_rows_by_step_count_the_tables(tmp_path):
    rows = warehouse.rows_by_step(data.miniature(), tmp_path / "new")
    assert rows.to_dict() == {"clean": 9, "products": 4, "customers": 4, "pairs": 9, "trend": 4,
                              "histories": 9, "neighbours": 10}  # fmt: skip


def test_a_job_tells_the_rows_of_its_tables(tmp_path):
    """So lesson 10 need not clean and count all purchases a second time."""
    shop, settings = data.load_transactions(), warehouse.Settings(n_parts=1)
    shop.to_parquet(tmp_path / "shop.parquet")
    job = warehouse.score("duckdb", tmp_path / "shop.parquet", tmp_path / "lists", settings)
    assert job["steps"] == warehouse.rows_by_step(shop, tmp_path / "new", settings).to_dict()
    assert list(job["steps"]) == warehouse.STEPS and job["steps"]["clean"] == len(shop)


def test_lessons_of_a_run_share_the_memory_and_a_job_alone_may_take_more(tmp_path, monkeypatch):
    def limit(name, **settings):
        engine = warehouse.DuckDB(tmp_path / name, **settings)
        limit = engine.frame("SELECT current_setting('memory_limit') AS m", {})["m"].iat[0]
        engine.close()
        return float(limit.split()[0]) * {"MiB": 2**20, "GiB": 2**30}[limit.split()[1]] / 1e9

    assert limit("alone") == pytest.approx(3, rel=0.05)
    monkeypatch.setenv(handover.FOLDER, str(tmp_path))
    assert limit("in a run") == pytest.approx(0.2, rel=0.05)
    assert limit("as told", memory="2GB") == pytest.approx(2, rel=0.05)


def test_a_step_for_which_a_run_s_memory_is_too_little_gets_more(tmp_path, monkeypatch):
    """Some of it can't go to disk: of five million purchases, lesson 10 would not make lists."""
    monkeypatch.setattr("helpers.warehouse.engines._SHARED", ("10MB", "20MB", "1GB"))
    monkeypatch.setenv(handover.FOLDER, str(tmp_path))
    engine, query = warehouse.DuckDB(tmp_path / "run"), 'SELECT LIST(range) AS "all" FROM range({})'
    engine.keep("few", query.format(10), {})
    assert engine.more == ["20MB", "1GB"]
    engine.keep("many", query.format(3_000_000), {})
    assert engine.more == [] and len(engine.frame('SELECT "all" FROM many', {}).iat[0, 0]) == 3e6
    alone = warehouse.DuckDB(tmp_path / "alone", "20MB")
    with pytest.raises(duckdb.OutOfMemoryException):
        alone.keep("many", query.format(3_000_000), {})


@thorough
def test_what_does_not_fit_into_the_memory_goes_to_disk_and_comes_back_the_same(tmp_path):
    rng = np.random.default_rng(0)
    shop = pd.DataFrame(
        {
            "customer_id": rng.integers(0, 4_000, 150_000).astype(str),
            "product_id": rng.integers(0, 3_000, 150_000).astype(str),
            "transaction_date": pd.Timestamp("2024-01-01"),
        }
    )
    shop.to_parquet(tmp_path / "shop.parquet")
    made = []
    for memory in ("60MB", "2GB"):
        engine = warehouse.DuckDB(tmp_path / memory, memory)
        source, cleaning = warehouse.purchases(tmp_path / "shop.parquet")
        warehouse.prepare(engine, source, warehouse.Settings(n_parts=1), cleaning)
        made.append(engine.frame("SELECT * FROM neighbours ORDER BY product_no, other_no", {}))
        engine.close()
    pd.testing.assert_frame_equal(*made)


def test_real_time_needs_a_look_at_something_else_on_the_same_day():
    days = pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-01"])
    bought = pd.DataFrame(
        {"customer_id": ["one", "two", "one", "three"], "product_id": list("AABA"),
         "transaction_date": days}
    )  # fmt: skip
    looks = pd.DataFrame(
        {"customer_id": ["one", "one", "two", "one", "three"],
         "product_id": ["A", "A", "A", None, "B"],
         "event_date": pd.to_datetime(["2024-01-01 09:00"] * 3 + ["2024-01-02 09:00"] * 2)
             - pd.to_timedelta([0, 0, 0, 0, 24], "h")}
    )  # fmt: skip
    assert warehouse.looked_that_day(bought, looks) == 1 / 4  # three looked at B, bought A
    assert np.isnan(warehouse.looked_that_day(bought, None))
    assert np.isnan(warehouse.looked_that_day(bought, looks[looks["product_id"].isna()]))


def test_the_longest_histories_make_most_pairs():
    bought = {"a": 5, "b": 2, "c": 2, "d": 1, "e": 1}
    rows = [(name, f"P{k}") for name, n in bought.items() for k in range(n)]
    shop = pd.DataFrame(rows, columns=["customer_id", "product_id"])
    shares = warehouse.longest_histories(shop, 0.2)
    assert shares.tolist()[:3] == pytest.approx([1 / 5, 5 / 11, 10 / 12])
    assert (shares["longest"], shares["usual"]) == (5, 5) and 0 < shares["by_luck"] <= 1
    single = shop.drop_duplicates("customer_id")
    assert np.isnan(warehouse.longest_histories(single)["pairs"])
    assert warehouse.longest_histories(single)["customers"] == 1 / 5


def test_one_customer_who_makes_nearly_all_pairs_is_found_in_a_small_shop():
    """Once "99 of 100 have at most" stood beside the longest: of sixty, that is the longest."""
    rows = [(str(name), k) for name in range(60) for k in range(3 if name else 400)]
    shares = warehouse.longest_histories(pd.DataFrame(rows, columns=["customer_id", "product_id"]))
    assert shares["longest"] == shares["usual"] == 400
    made = 400 * 399 / 2
    assert shares["alone"] == pytest.approx(made / (made + 59 * 3))


def test_the_longest_make_more_than_their_share_by_luck_alone():
    """Everybody alike, sorted: a tenth makes about three tenths of the pairs, and no finding."""
    sizes = 1 + np.random.default_rng(1).poisson(4.3, 4_000)
    rows = [(str(name), k) for name, size in enumerate(sizes) for k in range(size)]
    shares = warehouse.longest_histories(pd.DataFrame(rows, columns=["customer_id", "product_id"]))
    assert shares["by_luck"] == pytest.approx(shares["pairs"], abs=0.02)
    assert shares["pairs"] > 0.2


def test_a_year_has_waiting_machines_and_people():
    on = warehouse.yearly_bill(40, 0.05, 1, 1_000)
    assert on.tolist() == pytest.approx([730, 40 * 0.05 * 23 * 365, 1_000])
    off = warehouse.yearly_bill(40, 0.05, 1, 1_000, left_on=False)
    assert off.tolist() == pytest.approx([730, 0, 1_000])


def test_purchases_that_fit_are_in_proportion_to_the_largest_run():
    jobs = pd.DataFrame({"engine": ["scipy", "scipy", "duckdb"], "purchases": [1e6, 2e6, 9e6],
                         "peak_mb": [900, 1_000, 1]})  # fmt: skip
    assert warehouse.purchases_that_fit(jobs, 8) == pytest.approx(16e6)


@pytest.mark.parametrize(("cap", "trend_days"), [(1, None), (3, 30), (5, None)])
def test_a_cap_means_the_same_to_the_job_and_to_the_lesson(cap, trend_days, tmp_path):
    shop = warehouse.with_resellers(data.load_transactions(), n=3, least=20, most=40)
    shop.to_parquet(tmp_path / "shop.parquet")
    lists, _ = scored("duckdb", tmp_path / "shop.parquet", tmp_path / "out", n_parts=1,
                      history_cap=cap, trend_days=trend_days)  # fmt: skip
    settings = warehouse.Settings(n_parts=1, history_cap=cap, trend_days=trend_days)
    engine = warehouse.caps.capped_engine(shop, settings)
    fine = [warehouse.SAME, warehouse.TIES]
    assert warehouse.compare_lists(engine.recommend(), lists)["verdict"].isin(fine).all()
    without = production.build_engine(shop, None, ItemBased(trend_days=trend_days)).recommend()
    assert not warehouse.compare_lists(without, lists)["verdict"].isin(fine).all()


def test_caps_are_judged_by_the_same_customers():
    shop = data.load_transactions()
    split = evaluate.split_by_time(shop, None, 60)
    relevant = evaluate.relevant_products(split)
    known = split.train["customer_id"].unique()
    customers = pd.Index(relevant["customer_id"].unique()).intersection(known).sort_values()
    past = split.train
    crowd = warehouse.with_resellers(past, least=13, most=26)
    tries = {"all": (past, warehouse.NO_CAP), "few": (past, 4), "none": (past, 1),
             "resellers": (crowd, warehouse.NO_CAP)}  # fmt: skip
    chosen = warehouse.Settings(n_parts=1)
    tried, quality = warehouse.try_caps(tries, relevant, customers, chosen)
    of_the_shop = warehouse.pairs(past, warehouse.NO_CAP)
    assert tried["pairs"].tolist() == pytest.approx(
        [1, warehouse.pairs(past, 4) / of_the_shop, 0,
         warehouse.pairs(crowd, warehouse.NO_CAP) / of_the_shop]
    )  # fmt: skip
    assert tried.loc["resellers", "difference"] != 0, "beside the shop before they came"
    one = warehouse.try_caps(tries, relevant, customers[:1], chosen)[0]
    assert one["difference_low"].isna().all()
    assert tried.loc["all"].tolist()[1:] == [0, 0, 0]
    assert tried.loc["none", "difference_high"] < tried.loc["few", "difference_low"] < 0
    engine = production.build_engine(past)  # the course's own engine has no cap
    found = evaluate.hits_of(engine.recommend(customers, 5), relevant, customers, 5)
    assert quality == pytest.approx(evaluate.ndcg_at_k(*found).mean())
