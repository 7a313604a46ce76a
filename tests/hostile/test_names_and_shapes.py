"""Names that are markup or formulas, rows in any order, and a shop of enormous width."""

import json
import os
import subprocess

import numpy as np
import pandas as pd
import pytest

from tests.common import command, course, thorough

NAMES = [
    "<script>alert(1)</script>",
    "</details><b>x",
    "$5 and $6",
    "=1+1",
    "{{ tea }}",
    "a|b",
    "ü",
]


@pytest.fixture(scope="module")
def hostile_shop(tmp_path_factory):
    """Names that are markup, formulas or templates; two copies in another order of rows."""
    folder = tmp_path_factory.mktemp("names")
    draw = np.random.default_rng(1)
    product = draw.integers(0, len(NAMES), 2_000)
    days = pd.Timestamp("2023-06-01") + pd.to_timedelta(draw.integers(0, 400, 2_000), unit="D")
    table = pd.DataFrame(
        {
            "customer_id": [f"=c{n}" for n in draw.integers(0, 600, 2_000)],
            "product_id": [f"<i>{n}" for n in product],
            "transaction_date": days.strftime("%d-%m-%Y"),
            "product_name": [NAMES[n] for n in product],
        }
    )
    table.to_csv(folder / "a.csv", index=False)
    table.sample(frac=1, random_state=0).to_csv(folder / "b.csv", index=False)
    done = course("run", "06", "11", *run_of("a", folder), PYTHONHASHSEED="1")
    assert done.exit_code == 0, done.output
    return folder


def run_of(name, folder):
    return "-p", "transactions_path", folder / f"{name}.csv", "--out", folder / name


@thorough
def test_same_rows_in_any_order_give_the_same_bytes(hostile_shop):
    child = subprocess.run(
        command("06", *run_of("b", hostile_shop)),
        env=os.environ | {"PYTHONHASHSEED": "2"}, capture_output=True, text=True,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    first, second = (hostile_shop / name / "recommendations.csv" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_names_are_text_wherever_they_are_shown(hostile_shop):
    pages = [hostile_shop / "a" / "index.html", *(hostile_shop / "a" / "html").glob("[0-9]*.html")]
    assert len(pages) == 3
    texts = [page.read_text("utf-8") for page in pages]
    for page, text in zip(pages, texts, strict=True):
        assert "<script>alert(1)" not in text, page.name
        assert "</details><b>x" not in text, page.name
    # the memo names five customers' products; lesson 06 names none
    assert "&lt;script&gt;alert(1)" in texts[0] or "&lt;/details&gt;" in texts[0]


def test_names_are_no_formulas_and_ids_stay_exact(hostile_shop):
    table = pd.read_csv(hostile_shop / "a" / "recommendations.csv", dtype=str)
    assert "'=1+1" in set(table["product_name"])
    assert table["customer_id"].str.startswith("=c").all()


@thorough
def test_fifty_thousand_products_and_a_customer_with_ten_thousand_purchases(tmp_path):
    """No step holds customers times products, or stumbles over one enormous basket."""
    rng = np.random.default_rng(0)
    product = np.concatenate([np.arange(50_000), rng.permutation(50_000)[:10_000]])
    customer = np.concatenate([rng.integers(0, 1_500, 50_000), np.full(10_000, 1_500)])
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 200, 60_000), unit="D")
    export = tmp_path / "wide.csv"
    pd.DataFrame(
        {
            "customer_id": np.char.add("C", customer.astype(str)),
            "product_id": np.char.add("P", product.astype(str)),
            "transaction_date": days.strftime("%d-%m-%Y"),
        }
    ).to_csv(export, index=False)
    out = tmp_path / "out"
    done = course("run", "06", "-p", "transactions_path", export, "--out", out)
    assert done.exit_code == 0, done.output
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    # five places for 1,501 customers: the run says what an unattended reader has to know
    failed = metrics["recommendations"]["failed_checks"]
    assert "a fifth of the catalogue is shown" in failed and "best score first" not in failed
    assert f"Look at the lists. Not true: {'; '.join(failed)}." in done.stderr
    assert metrics["recommendations"]["published"] and not metrics["recommendations"]["stopped_by"]
    table = pd.read_parquet(out / "recommendations.parquet")
    assert table["customer_id"].nunique() == metrics["recommendations"]["customers"] == 1_501
    heavy = table[table["customer_id"] == "C1500"]
    assert len(heavy) == 5
    bought = set(np.char.add("P", product[customer == 1_500].astype(str)))
    assert not bought & set(heavy["product_id"])
