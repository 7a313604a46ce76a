"""Hostile exports through the real command: it works with every row accounted for, or it says
in a sentence what to change. Each test is one kind of file that people really have."""

import gzip
import lzma
import zipfile

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.course.command import main
from tests.common import deeper, examples

SCHEMA = pa.DataFrameSchema(
    {
        "customer_id": pa.Column(str, pa.Check.str_length(min_value=1)),
        "product_id": pa.Column(str, pa.Check.str_length(min_value=1)),
        "transaction_date": pa.Column("datetime64[us]"),
        "quantity": pa.Column(float, pa.Check.gt(0), required=False, nullable=True, coerce=True),
        "unit_price": pa.Column(float, pa.Check.gt(0), required=False, nullable=True, coerce=True),
    }
)


def shop_rows(n=60):
    """A small sane shop: customer, product, date, quantity, price."""
    draw = np.random.default_rng(0)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 200, n), unit="D")
    return pd.DataFrame(
        {
            "customer_id": [f"{c:03d}" for c in draw.integers(0, 15, n)],
            "product_id": [f"P{p}" for p in draw.integers(0, 8, n)],
            "transaction_date": days.strftime("%d-%m-%Y"),
            "quantity": draw.integers(1, 4, n),
            "unit_price": draw.integers(100, 900, n) / 100,
        }
    ).drop_duplicates(ignore_index=True)


def health(path, *arguments):
    """The report that `course health` prints, or its sentence; never a traceback."""
    result = CliRunner().invoke(main, ["health", "-p", "transactions_path", str(path), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in (0, 2), result.output
    if result.exit_code == 2:
        assert "Error: " in result.output
    assert "Traceback" not in result.output
    return result


def accounted(path, *arguments, **options):
    """Load, check the schema and that kept + rejected = read."""
    table, report = data.read_transactions(path, *arguments, **options)
    SCHEMA.validate(table)
    assert report.kept + sum(report.rejected.values()) == report.read
    assert report.kept == len(table)
    return table, report


@pytest.fixture
def rows():
    return shop_rows()


# encodings, separators, packing


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(rows, tmp_path, separator):
    path = tmp_path / "shop.csv"
    rows.to_csv(path, index=False, sep=separator)
    _, report = accounted(path)
    assert report.kept == len(rows)
    assert report.findings["separator"] == {"\t": "tab"}.get(separator, separator)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encoding_is_named_in_the_report(rows, tmp_path, encoding):
    path = tmp_path / "shop.csv"
    rows.assign(product_name="Crème brûlée").to_csv(path, index=False, encoding=encoding)
    assert f"encoding: {encoding}" in health(path).output
    assert set(data.load_transactions(path)["product_name"]) == {"Crème brûlée"}


def test_a_language_other_than_the_commonest_is_recognised(rows, tmp_path):
    path = tmp_path / "shop.csv"
    text = "Привет мир, чай и кофе для всех покупателей"
    rows.assign(product_name=text).to_csv(path, index=False, encoding="cp1251")
    assert set(data.load_transactions(path)["product_name"]) == {text}


def test_every_ending(rows, tmp_path):
    text = rows.to_csv(index=False).encode()
    (tmp_path / "a.csv").write_bytes(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text))
    (tmp_path / "a.csv.xz").write_bytes(lzma.compress(text))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", text)
    rows.to_parquet(tmp_path / "a.parquet")
    rows.to_excel(tmp_path / "a.xlsx", index=False)
    expected = data.load_transactions(tmp_path / "a.csv")
    for name in ("a.csv.gz", "a.csv.xz", "a.zip", "a.parquet", "a.xlsx"):
        pd.testing.assert_frame_equal(
            data.load_transactions(tmp_path / name), expected, check_dtype=False
        )


def test_real_dates_in_a_workbook_need_no_format(rows, tmp_path):
    dated = rows.assign(
        transaction_date=pd.to_datetime(rows["transaction_date"], format="%d-%m-%Y")
    )
    dated.to_excel(tmp_path / "a.xlsx", index=False)
    dated.to_parquet(tmp_path / "a.parquet")
    for name in ("a.xlsx", "a.parquet"):
        table = data.load_transactions(tmp_path / name)
        assert (table["transaction_date"] == dated["transaction_date"]).all()


def test_quoted_newlines_and_separators(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.assign(product_name='two\nlines, "quoted"').to_csv(path, index=False)
    table, report = accounted(path)
    assert len(table) == len(rows)
    assert set(table["product_name"]) == {'two\nlines, "quoted"'}


@pytest.mark.parametrize(
    ("written", "decimal"),
    [(["1,50", "12,00", "1.250,75"], ","), (["1.50", "1,250.75", "3"], ".")],
)
def test_decimal_marks(rows, tmp_path, written, decimal):
    path = tmp_path / "shop.csv"
    rows = rows.assign(unit_price=[written[n % 3] for n in range(len(rows))])
    rows.to_csv(path, index=False, sep=";")
    table, report = accounted(path)
    assert 1250.75 in set(table["unit_price"]) and 1.5 in set(table["unit_price"])
    assert report.findings["decimal mark of unit_price"] == decimal


def test_an_ambiguous_comma_is_asked_about(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.assign(unit_price="1,234").to_csv(path, index=False, sep=";")
    assert "decimal" in health(path).output and "'1,234'" in health(path).output
    assert set(accounted(path, decimal=",")[0]["unit_price"]) == {1.234}
    assert set(accounted(path, decimal=".")[0]["unit_price"]) == {1234}


# headers


def test_headers_in_other_case_with_blanks(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.rename(columns=lambda name: f" {name.upper()} ").to_csv(path, index=False)
    assert accounted(path)[1].kept == len(rows)


def test_all_problems_at_once_with_the_likely_column(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows = rows.rename(columns={"customer_id": "Customer ID No", "product_id": "ProductID"})
    rows["transaction_date"] = "2024/13/45"
    rows.to_csv(path, index=False)
    output = health(path).output
    assert "ProductID: product_id" in output
    assert "no column for customer_id, product_id" in output
    assert "transaction_date" in output and "'2024/13/45'" in output and "row 2" in output


def test_both_files_problems_at_once(rows, tmp_path):
    purchases, events = tmp_path / "p.csv", tmp_path / "e.csv"
    purchases.write_text("a,b\n1,2\n")
    events.write_text("c,d\n1,2\n")
    result = CliRunner().invoke(
        main,
        ["run", "-p", "transactions_path", str(purchases), "-p", "events_path", str(events)],
    )
    assert result.exit_code == 2
    assert "p.csv" in result.output and "e.csv" in result.output


def test_doubled_headers_and_long_rows(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text("customer_id,product_id,transaction_date,Product_ID\n1,2,01-01-2024,3\n")
    assert "more than once" in health(path).output
    path.write_text("customer_id,product_id,transaction_date\n1,2,01-01-2024,x\n")
    assert "more fields than the header" in health(path).output
    path.write_text("customer_id,product_id,transaction_date\n1,2,01-01-2024\n1,2,3,4,5\n")
    assert "line 3" in health(path).output


# ids


def test_odd_ids_stay_exact(tmp_path):
    ids = ["00123", "abc", "Nan", "nul", "17850.0", "1.5", "1e5", "😀", "x" * 500, "=1+1", "  7 "]
    path = tmp_path / "shop.csv"
    table = pd.DataFrame({"customer_id": ids, "product_id": ids, "transaction_date": "01-02-2024"})
    table.to_csv(path, index=False)
    kept, _ = accounted(path)
    assert kept["customer_id"].tolist() == [*ids[:-1], "7"]


def test_ids_equal_but_for_case_are_reported_and_merged_only_when_asked(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.loc[0, "product_id"] = rows.loc[1, "product_id"].lower()
    rows.to_csv(path, index=False)
    assert "equal but for case: 1" in health(path).output
    assert accounted(path)[0]["product_id"].nunique() == 9
    assert accounted(path, merge_case=True)[0]["product_id"].nunique() == 8


# dates


@pytest.mark.parametrize(
    ("written", "date_format"),
    [
        ("%Y-%m-%dT%H:%M:%S+02:00", "%Y-%m-%dT%H:%M:%S%z"),
        ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S"),
        ("%Y-%m-%d", "ISO8601"),
        ("%d.%m.%y", "%d.%m.%y"),
    ],
)
def test_date_formats(rows, tmp_path, written, date_format):
    path = tmp_path / "shop.csv"
    days = pd.to_datetime(rows["transaction_date"], format="%d-%m-%Y")
    rows.assign(transaction_date=(days + pd.Timedelta(hours=9)).dt.strftime(written)).to_csv(
        path, index=False
    )
    table, _ = accounted(path, date_format=date_format)
    assert (table["transaction_date"].dt.normalize() == days).all()


def test_several_formats_in_one_column(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.loc[:9, "transaction_date"] = "2024-03-01"
    rows.to_csv(path, index=False)
    assert "do not fit" in health(path).output
    table, report = accounted(path, date_format=["%d-%m-%Y", "%Y-%m-%d"])
    assert report.kept == len(rows)
    assert (table["transaction_date"].head(10) == pd.Timestamp("2024-03-01")).all()


def test_day_or_month_first_is_reported_with_the_evidence(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.to_csv(path, index=False)
    day = rows["transaction_date"].str[:2].astype(int)
    month = rows["transaction_date"].str[3:5].astype(int)
    output = health(path).output
    assert f"dates that fit %d-%m-%Y only: {(day > 12).sum()}" in output
    both = ((day <= 12) & (day != month)).sum()
    assert f"dates that would be another day by %m-%d-%Y: {both}" in output


def test_impossible_missing_and_future_dates_are_rejected_by_row(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.loc[[0, 1, 2], "transaction_date"] = ["31-02-2024", "", "01-01-2999"]
    rows.to_csv(path, index=False)
    _, report = accounted(path)
    assert report.rejected == {"no date": 1, "unreadable date": 1, "date in the future": 1}
    assert report.examples["date in the future"] == [4]


def test_a_nonsensical_format_is_a_sentence(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.to_csv(path, index=False)
    assert "date_format" in health(path, "-p", "date_format", "%Q").output


# purchases


def test_optional_columns_may_be_missing_or_have_gaps(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows["quantity"] = rows["quantity"].astype(object)
    rows.loc[0, "quantity"] = ""
    rows.to_csv(path, index=False)
    assert accounted(path)[1].kept == len(rows)
    rows[["customer_id", "product_id", "transaction_date"]].drop_duplicates().to_csv(
        path, index=False
    )
    assert accounted(path)[1].rejected == {}


def test_returns_without_quantities_go_by_the_amount(tmp_path):
    path = tmp_path / "shop.csv"
    path.write_text(
        "customer_id,product_id,transaction_date,total_amount\n"
        "1,A,01-01-2024,5\n1,A,02-01-2024,-5\n1,B,01-01-2024,5\n"
    )
    table, report = accounted(path)
    assert table["product_id"].tolist() == ["B"]
    assert report.findings["pairs of customer and product fully returned"] == 1


def test_one_absurd_quantity_is_shown(rows, tmp_path):
    path = tmp_path / "shop.csv"
    rows.loc[4, "quantity"] = 80_995
    rows.to_csv(path, index=False)
    assert "largest quantity: 80,995 in row 6" in health(path).output


# shapes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("customer_id,product_id,transaction_date\n", "0 rows are left"),
        ("customer_id,product_id,transaction_date\n1,A,01-01-2024\n", "1 rows are left"),
        ("\x00\x01\x02", "Error"),
        ("PK\x03\x04 not a zip", "damaged or incomplete zip"),
    ],
)
def test_files_with_next_to_nothing(tmp_path, content, words):
    path = tmp_path / "shop.csv"
    path.write_text(content)
    assert words in health(path).output


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx", "a.csv.gz", "a.zip", "a.csv.xz"])
def test_damaged_files(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"this is none of them")
    assert health(path).exit_code == 2


def test_everybody_bought_everything(tmp_path):
    path = tmp_path / "shop.csv"
    pairs = [f"c{c},p{p},01-01-2024" for c in range(12) for p in range(6)]
    path.write_text("customer_id,product_id,transaction_date\n" + "\n".join(pairs))
    assert "nothing left to recommend" in health(path).output


@pytest.mark.parametrize(("customers", "products"), [(1, 30), (30, 1)])
def test_one_customer_or_one_product(tmp_path, customers, products):
    path = tmp_path / "shop.csv"
    pairs = [f"c{c},p{p},01-01-2024" for c in range(customers) for p in range(products)]
    path.write_text("customer_id,product_id,transaction_date\n" + "\n".join(pairs))
    assert "at least 10, 5 and 5" in health(path).output


# anything


SANE = shop_rows(40).to_csv(index=False).encode()


@deeper
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(draw=st.data())
def test_corrupted_files_work_or_are_refused_in_a_sentence(tmp_path, draw):
    content = bytearray(SANE)
    for _ in range(draw.draw(st.integers(1, 5))):
        at = draw.draw(st.integers(0, len(content) - 1))
        kind = draw.draw(st.sampled_from(["byte", "cut", "insert", "repeat"]))
        if kind == "byte":
            content[at] = draw.draw(st.integers(0, 255))
        elif kind == "insert":
            odd = [b'"', b"\n", b",", b";", b"\x00", b"\xff\xfe", b"\r", b"=", "é".encode()]
            content[at:at] = draw.draw(st.sampled_from(odd))
        elif kind == "repeat":
            content[at:at] = content[at : at + 40]
        elif len(content) > 50:
            del content[at : at + draw.draw(st.integers(1, 30))]
    path = tmp_path / "shop.csv"
    path.write_bytes(content)
    try:
        accounted(path)
    except data.DataError as error:
        assert str(error).startswith("shop.csv")
