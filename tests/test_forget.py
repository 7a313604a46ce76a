"""`course forget`: nothing of the customer is left, nothing of the others is touched."""

import html
import io
import json
import re
import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import production, warehouse
from helpers.course.forgetting import NOTE
from tests.common import course

#: Ids as shops have them: with signs of HTML and of formulas, with zeros in front, too long to be
#: shown whole, short ones, and two of which one begins like the other.
ODD = ["<b>A&B</b> \"x\" o'y", "00123", "Клиент 7", "=cmd|1", "7", "C-1", "C-12", "cust\\_9",
       "0123456789abcdef" * 4, "12346"]  # fmt: skip


@pytest.fixture(scope="module")
def run_with_odd_ids(tmp_path_factory):
    """A run of the lessons that show customers; product 12346 is called as a customer is."""
    folder = tmp_path_factory.mktemp("odd")
    draw = np.random.default_rng(0)
    ids = ODD + [f"K{number:04d}" for number in range(140)]
    products = ["12346", *(f"P{number}" for number in range(29))]
    customer, product = draw.integers(0, len(ids), 1_500), draw.integers(0, 30, 1_500)
    # everybody has bought something, and the odd ones a lot
    customer[: len(ids)], customer[200:400] = np.arange(len(ids)), np.arange(200) % len(ODD)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(draw.integers(0, 300, 1_500), unit="D")
    pd.DataFrame(
        {
            "customer_id": np.array(ids, dtype=object)[customer],
            "product_id": np.array(products, dtype=object)[product],
            "transaction_date": day.strftime("%d-%m-%Y"),
        }
    ).to_csv(folder / "export.csv", index=False)
    (folder / "agreed.txt").write_text("\n".join(ids), encoding="utf-8")
    out = folder / "runs" / "shop"
    result = course(
        "run", "00", "06", "07", "11", "-p", "transactions_path", folder / "export.csv",
        "-p", "consent_path", folder / "agreed.txt", "--publish-anyway", "--out", out,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (out / "held_back").mkdir()
    shutil.copy(out / "homepage.csv", out / "held_back" / "homepage.csv")
    return out


@pytest.fixture
def out(run_with_odd_ids, tmp_path):
    return shutil.copytree(run_with_odd_ids, tmp_path / "shop")


def forget(folder, *arguments):
    return course("forget", "--run", folder, *arguments)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def tables(folder):
    """All tables that have customers, by name; also the engine's."""
    found = {}
    for name, content in contents(folder).items():
        if name.endswith(".csv"):
            found[name] = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        elif name.endswith(".parquet"):
            found[name] = pd.read_parquet(io.BytesIO(content))
        elif name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inside = io.BytesIO(archive.read("customers.parquet"))
            found[name] = pd.read_parquet(inside)
    return {name: table for name, table in found.items() if "customer_id" in table}


def naming(folder, customer):
    """Cells, pages and figures that name a customer, looked for in a way of its own."""
    word = re.compile(rf"(?<!\w)(?<!\d\.){re.escape(customer)}(?!\w)(?!\.\d)")
    found = []
    for name, content in contents(folder).items():
        if name.endswith(".ipynb"):
            for number, cell in enumerate(json.loads(content)["cells"]):
                shown = json.dumps(
                    [
                        {k: v for k, v in (o.get("data") or {}).items() if k != "image/png"}
                        | {"text": o.get("text"), "metadata": o.get("metadata")}
                        for o in cell.get("outputs", [])
                    ],
                    ensure_ascii=False,
                )
                for form in (customer, html.escape(customer), html.escape(customer, False)):
                    if json.dumps(form, ensure_ascii=False)[1:-1] in shown and word.search(
                        html.unescape(json.loads(json.dumps(shown)).replace('\\"', '"'))
                    ):
                        found.append((name, number))
        elif name.endswith(".html") and len(customer) > 4:
            page = re.sub(r"base64,[^\"]*|<style.*?</style>|<script.*?</script>", "",
                          content.decode(), flags=re.S)  # fmt: skip
            if word.search(page) or word.search(html.unescape(page)):
                found.append((name, None))
        elif (
            name == "metrics.json" and json.dumps(customer, ensure_ascii=False) in content.decode()
        ):
            found.append((name, None))
    return set(found)


@pytest.mark.parametrize("customer", ODD)
def test_nothing_is_left_of_the_customer_and_the_others_keep_theirs(customer, out):
    before, shown = tables(out), naming(out, customer)
    engine = production.load_engine(out / "engine.zip")
    others = [each for each in engine.model.customers_ if each != customer]
    lists = engine.recommend(others, 5)
    assert {name for name, table in before.items() if table["customer_id"].eq(customer).any()} >= {
        "recommendations.csv", "recommendations.parquet", "engine.zip", "homepage.csv",
        "held_back/homepage.csv",
    }  # fmt: skip

    result = forget(out, "--", f" {customer} ")
    assert result.exit_code == 0, result.output
    after = tables(out)
    assert set(after) == set(before)
    for name, table in before.items():
        kept = table[table["customer_id"] != customer].reset_index(drop=True)
        pd.testing.assert_frame_equal(after[name], kept)
        assert (name in result.output) == (len(kept) < len(table))
    engine = production.load_engine(out / "engine.zip")
    pd.testing.assert_frame_equal(engine.recommend(others, 5), lists)
    assert engine.recommend([customer], 5)["source"].eq("popularity").all()
    if customer != "12346":  # a product has this name, too
        assert not naming(out, customer)
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    counts = metrics["recommendations"]
    assert counts["rows"] == len(after["recommendations.csv"])
    assert counts["customers"] == after["recommendations.csv"]["customer_id"].nunique()
    notes = (out / "notebooks" / "06_production.ipynb").read_text("utf-8").count(NOTE.strip())
    assert bool(notes) == any("06_production.ipynb" in name for name, _ in shown)
    assert str(out.parent) not in result.output and "export.csv" in result.output
    # asked again, nobody is known by this name
    assert forget(out, "--", customer).exit_code == 2


def test_several_at_once_and_those_that_begin_alike_stay(out):
    before = tables(out)["recommendations.csv"]
    result = forget(out, "C-1", "00123", "K0001")
    assert result.exit_code == 0, result.output
    after = tables(out)["recommendations.csv"]
    assert set(before["customer_id"]) - set(after["customer_id"]) == {"C-1", "00123", "K0001"}
    assert "C-12" in set(after["customer_id"])


def test_an_unknown_id_and_a_dry_run_change_nothing(out):
    before = contents(out)
    result = forget(out, "C-1", "C-123")
    assert (
        result.exit_code == 2
        and "'C-123'" in result.output
        and "Ids there look like" in (result.output)
    )
    assert contents(out) == before
    result = forget(out, "C-1", "--dry-run")
    assert result.exit_code == 0 and "recommendations.csv: 5 rows" in result.output
    assert contents(out) == before
    assert forget(out.parent, "C-1").exit_code == 2


def test_customers_among_the_parameters_are_removed_also_short_ones(out):
    path = out / "notebooks" / "06_production.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    notebook["metadata"]["papermill"]["parameters"]["rules"] = {"deny_customers": ["7", "C-12"]}
    [cell] = [
        c for c in notebook["cells"] if "injected-parameters" in c["metadata"].get("tags", [])
    ]
    cell["source"] = ['rules = {"deny_customers": ["7", "C-12"]}\n', "test_days = 7\n"]
    path.write_text(json.dumps(notebook))
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    metrics["lessons"]["06_production"]["parameters"] = {"deny_customers": ["7", "C-12"]}
    (out / "metrics.json").write_text(json.dumps(metrics))
    result = forget(out, "7")
    assert result.exit_code == 0 and "short: 7" in result.output, result.output
    notebook = json.loads(path.read_text("utf-8"))
    assert notebook["metadata"]["papermill"]["parameters"]["rules"] == {"deny_customers": ["C-12"]}
    assert 'rules = {"deny_customers": ["(forgotten)", "C-12"]}\ntest_days = 7' in json.dumps(
        notebook["cells"]
    ).replace('\\"', '"').replace("\\n", "\n")
    metrics = json.loads((out / "metrics.json").read_text("utf-8"))
    assert metrics["lessons"]["06_production"]["parameters"] == {"deny_customers": ["C-12"]}


@pytest.mark.parametrize("customer", ["7", "C-12", "never bought"])
def test_whoever_wanted_no_personal_list_is_forgotten_in_the_engine_too(customer, out):
    engine = production.load_engine(out / "engine.zip")
    engine.rules = replace(engine.rules, no_personal_list=("K0001", customer))
    production.save_engine(engine, out / "engine.zip")
    result = forget(out, customer)
    assert result.exit_code == 0, result.output
    assert "deny_customers" in result.output
    assert production.load_engine(out / "engine.zip").rules.no_personal_list == ("K0001",)


def test_while_a_run_writes_nobody_is_forgotten(out):
    from filelock import FileLock

    before = contents(out)
    with FileLock(out / ".lock"):
        result = forget(out, "C-1")
    assert result.exit_code == 2 and "writing into" in result.output
    assert contents(out) == before


def test_what_cannot_be_removed_is_named_aloud(out):
    """Files of somebody else in the folder: plain, packed, and as tables."""
    theirs = pd.DataFrame({"Kunde": ["K0001", "K0002"], "x": [1, 2]})
    (out / "mine").mkdir()
    theirs.to_parquet(out / "mine" / "a.parquet")
    theirs.to_csv(out / "mine" / "b.csv", sep=";")
    theirs.to_csv(out / "mine" / "c.csv.gz")
    (out / "mine" / "d.txt").write_text("mailed K0001, not K00012")
    with zipfile.ZipFile(out / "mine" / "e.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(out / "mine" / "c.csv.gz", "c.csv.gz")
    (out / "mine" / "f.txt").write_text("K00010 and xK0001")
    result = forget(out, "K0001")
    assert result.exit_code == 1
    said = result.output.split("STILL NAMED in ")[1].split(":")[0].split(", ")
    assert said == [f"mine/{name}" for name in ("a.parquet", "b.csv", "c.csv.gz", "d.txt", "e.zip")]


def test_a_damaged_engine_is_said_before_anything_is_changed(out):
    packed = bytearray((out / "engine.zip").read_bytes())
    packed[len(packed) // 2] ^= 1
    (out / "engine.zip").write_bytes(packed)
    before = contents(out)
    result = forget(out, "K0001")
    assert result.exit_code == 2 and "engine.zip can't be opened" in result.output
    assert contents(out) == before


def test_the_lists_of_a_batch_job(run_with_odd_ids, tmp_path):
    export = run_with_odd_ids.parents[1] / "export.csv"
    settings = warehouse.Settings(n_parts=16)
    warehouse.score("scipy", export, tmp_path / "lists", settings, csv=True)
    before = warehouse.batch.read_lists(tmp_path / "lists")
    result = forget(tmp_path / "lists", "00123", "12346")
    assert result.exit_code == 0, result.output
    after = warehouse.batch.read_lists(tmp_path / "lists")
    gone = before["customer_id"].isin(["00123", "12346"])
    assert gone.sum() == 10
    pd.testing.assert_frame_equal(after, before[~gone].reset_index(drop=True))
    table = pd.read_csv(tmp_path / "lists" / "recommendations.csv", dtype=str)
    assert table["customer_id"].tolist() == after["customer_id"].tolist()
    # the job's own books are in order: started again, it has nothing to do
    again = warehouse.score("scipy", export, tmp_path / "lists", settings, csv=True)
    assert again["parts"] == 0 and again["rows"] == len(after)
