"""Orders, lines and products kept apart come together as they would by hand."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data, warehouse
from helpers.reading.export import Export
from helpers.reading.parameters import Join, Parameters

KEY = st.sampled_from(["1", "2", "3", " 2", "3 ", "x", "", "004"])
VALUE = st.sampled_from(["", "a", "b c", "ü"])
LINES = st.lists(st.tuples(KEY, VALUE, VALUE), min_size=1, max_size=12)
KEYS = st.lists(KEY, min_size=1, max_size=6, unique_by=str.strip)


def written(folder, **tables):
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return [str(folder / f"{name}.csv") for name in tables]


def joined(lines, *join):
    """All rows of an export as text, without what the reader adds."""
    export = Export(lines, data.TRANSACTIONS, join=[Join(**each) for each in join])
    table = pd.concat([each.to_pandas() for each in export.tables()], ignore_index=True)
    return export, table.rename(columns=lambda name: name.removeprefix("other: "))


@settings(max_examples=60, deadline=None)
@given(LINES, KEYS, st.data())
def test_a_join_is_that_of_pandas(tmp_path_factory, rows, keys, drawn):
    folder = tmp_path_factory.mktemp("join")
    lines = pd.DataFrame(rows, columns=["order", "sku", "note"])
    brings = drawn.draw(st.lists(VALUE, min_size=len(keys), max_size=len(keys)))
    orders = pd.DataFrame({"id": keys, "note": brings, "city": brings[::-1]})
    paths = written(folder, lines=lines, orders=orders)
    known = {key.strip() for key in keys} - {""}
    if not any(line.strip() in known for line in lines["order"]):
        with pytest.raises(data.DataError, match="None of the .* lines has its order in orders"):
            joined(paths[0], {"path": paths[1], "by": {"order": "id"}})
        return
    export, ours = joined(paths[0], {"path": paths[1], "by": {"order": "id"}})

    trimmed = lines["order"].str.strip()
    right = orders.assign(id=orders["id"].str.strip()).query("id != ''")
    expected = lines.assign(key=trimmed).merge(
        right, how="left", left_on="key", right_on="id", suffixes=("", " (orders)")
    )
    names = ["order", "sku", "note", "note (orders)", "city"]
    expected = expected[names].replace("", None)
    ours = ours[[name.replace(" (", "_(") for name in names]].set_axis(names, axis=1)
    pd.testing.assert_frame_equal(ours.replace("", None), expected, check_dtype=False)
    without = int((~trimmed.isin(known)).sum())
    assert export.findings().get("lines without their order in orders.csv", 0) == without


@pytest.fixture
def three_tables(tmp_path):
    lines = pd.DataFrame(
        [(f"O{n}", f"P{(n * k) % 7}", 1 + k) for n in range(40) for k in (1, 2, 3)],
        columns=["order_id", "product_id", "qty"],
    )
    orders = pd.DataFrame({"order_id": [f"O{n}" for n in range(40)],
                           "customer": [f"C{n % 12}" for n in range(40)],
                           "date": [f"2024-01-{1 + n % 28:02}" for n in range(40)]})  # fmt: skip
    products = pd.DataFrame({"id": [f"P{n}" for n in range(7)], "name": list("abcdefg"),
                             "quantity": 100})  # fmt: skip
    return tmp_path, lines, orders, products


def described(folder, lines, orders, products):
    paths = written(folder, lines=lines, orders=orders, products=products)
    columns = {"customer": "customer_id", "date": "transaction_date", "qty": "quantity",
               "name": "product_name"}  # fmt: skip
    return Parameters.of({
        "transactions_path": paths[0], "columns": columns, "date_format": "%Y-%m-%d",
        "join": [{"path": paths[1], "by": "order_id"},
                 {"path": paths[2], "by": {"product_id": "id"}}],
    })  # fmt: skip


def test_a_lesson_and_a_batch_job_see_the_same_joined_shop(three_tables):
    folder, *tables = three_tables
    shop = described(folder, *tables)
    (purchases, report), _ = data.read_shop(shop)
    assert report.kept == 120 and purchases["customer_id"].nunique() == 12
    # the stock that products.csv calls quantity is not taken for what was bought
    assert sorted(purchases["quantity"].unique()) == [2, 3, 4]
    for engine in ("scipy", "duckdb"):
        said = warehouse.score(engine, shop.transactions_path, folder / engine,
                               warehouse.Settings(n=3, n_parts=1), shop.columns, shop.date_format,
                               join=shop.join)  # fmt: skip
        assert (said["kept"], said["customers"], said["products"]) == (120, 12, 7)
    ours, theirs = (warehouse.read_lists(folder / engine) for engine in ("scipy", "duckdb"))
    pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, atol=1e-6)


def test_parquet_that_is_joined_is_read_with_its_join(three_tables):
    folder, lines, orders, products = three_tables
    shop = described(folder, lines, orders, products)
    typed = orders.assign(date=pd.to_datetime(orders["date"]))
    lines.to_parquet(folder / "lines.parquet")
    typed.to_parquet(folder / "orders.parquet")
    joins = [shop.join[0].model_copy(update={"path": str(folder / "orders.parquet")}), shop.join[1]]
    expected = data.read_shop(shop)[0][0]
    path = folder / "lines.parquet"
    found = data.read_transactions(path, shop.columns, shop.date_format, join=joins)[0]
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"by": "order_no"}, ["orders.csv has no column 'order_no'", "order_id, customer"]),
        ({"by": {"bill": "order_id"}}, ["lines.csv has no column 'bill'"]),
        ({"by": {"order_id": "order_id", "qty": "qty"}}, ["has 2 lines; it must have one"]),
        ({"by": {"product_id": "customer"}}, ["orders.csv has 12 values of customer more than once",
                                              "'C0' in rows 2 and 14"]),
        ({"by": {"qty": "order_id"}}, ["None of the 120 lines has its qty in orders.csv"]),
    ],
)  # fmt: skip
def test_a_join_that_cannot_be_is_a_sentence(three_tables, change, words):
    folder, lines, orders, products = three_tables
    shop = described(folder, lines, orders, products)
    join = [Join(**{"path": str(shop.join[0].path), "by": "order_id", **change})]
    with pytest.raises(data.DataError) as error:
        data.read_transactions(shop.transactions_path, shop.columns, "%Y-%m-%d", join=join)
    for word in words:
        assert word in str(error.value)
    assert len(str(error.value)) < 600


@pytest.mark.parametrize(
    "there, here",
    [
        (["7.0", "8.0"], ["7", "8"]), (["7", "8"], ["7,0", "8,00"]),
        (["K\u200b7", "K8"], ["K7", "K8\ufeff"]), (["Zoe\u0301", "b"], ["Zo\u00e9", "b"]),
        (["1.0", "1.5"], ["1.0", "1.5"]),
    ],
)  # fmt: skip
def test_keys_are_the_same_as_people_see_them(tmp_path, there, here):
    paths = written(
        tmp_path,
        lines=pd.DataFrame({"order": here, "sku": ["a", "b"]}),
        orders=pd.DataFrame({"order": there, "city": ["x", "y"]}),
    )
    export, table = joined(paths[0], {"path": paths[1], "by": "order"})
    assert table["city"].tolist() == ["x", "y"]
    assert not any("lines without" in name for name in export.findings())


def test_keys_with_other_fractions_keep_theirs(tmp_path):
    paths = written(
        tmp_path,
        lines=pd.DataFrame({"order": ["1", "1.5"]}),
        orders=pd.DataFrame({"order": ["1.0", "1.5"], "city": ["x", "y"]}),
    )
    export, table = joined(paths[0], {"path": paths[1], "by": "order"})
    assert table["city"].fillna("").tolist() == ["", "y"]
    assert export.findings()["lines without their order in orders.csv"] == 1


def test_what_is_said_of_a_joined_file_names_its_own_options(tmp_path):
    lines, orders = tmp_path / "lines.csv", tmp_path / "orders.csv"
    lines.write_text("order,sku\n1,a\n")
    orders.write_text("Report\n\norder,city,day\n1,x,2\n2,y,3\n")
    with pytest.raises(data.DataError, match="`header_row: 3` under `join`"):
        joined(str(lines), {"path": str(orders), "by": "order"})
