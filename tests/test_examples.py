"""The parameter files that come along read exports of their shape, and count what counts."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from helpers import data
from helpers.course.command import gather_parameters
from helpers.reading.parameters import (
    Cleaning,
    FileOptions,
    Join,
    LiveTest,
    Parameters,
    Written,
    reference,
)
from tests import exports
from tests.common import course, thorough

EXAMPLES = data.PROJECT / "data" / "examples"
RETAIL = Path(__file__).resolve().parents[2] / "shared" / "data" / "OnlineRetail.csv.xz"
# the others say themselves what the file is called
# a plan, of the bundled shop: see test_live_test_commands.py
PLAN = "live_test"
NAMED = {"online_retail": "OnlineRetail.csv", "complete_journey": "grocer.parquet"}


@pytest.mark.parametrize("name", sorted({path.stem for path in EXAMPLES.glob("*.yaml")} - {PLAN}))
def test_an_example_reads_an_export_of_its_shape(name, tmp_path, monkeypatch):
    expected = getattr(exports, name)(tmp_path, exports.purchases(80))
    monkeypatch.chdir(tmp_path)
    typed = [("transactions_path", NAMED[name])] if name in NAMED else []
    shop = gather_parameters([EXAMPLES / f"{name}.yaml"], typed).in_folder(tmp_path)
    (purchases, report), (events, _) = data.read_shop(shop)
    exports.check(purchases, expected)
    assert report.kept + sum(report.rejected.values()) == report.read
    assert (events is not None) == bool(shop.events_path)
    if events is not None:
        assert set(events["event_type"]) == set(data.EVENT_TYPES)
    # every column that the example names is found
    missing = set(shop.columns.values()) - set(purchases.columns)
    assert not missing


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_says_where_its_file_comes_from(path):
    text = path.read_text("utf-8")
    assert text.startswith("# ") and len(text.splitlines()[0]) <= 100
    assert Written(text, path.name).values  # and is YAML without surprises


@pytest.mark.skipif(not RETAIL.exists(), reason="the real file is not beside the checkout")
@thorough
def test_a_real_export(tmp_path):
    """Online Retail, packed as it comes, without a step by hand."""
    result = course(
        "run", "06", "11", "-f", EXAMPLES / "online_retail.yaml",
        "-p", "transactions_path", RETAIL, "--out", tmp_path,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "Recommendation: ship a test, once two numbers are filled in" in result.stdout
    metrics = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    report = metrics["memo"]["data"]
    assert report["read"] == 541_909
    assert report["kept"] + sum(report["rejected"].values()) == report["read"]
    assert report["rejected"]["no customer id"] == 135_080
    methods = metrics["memo"]["quality"]["methods"]
    rival = methods[metrics["memo"]["quality"]["rival"]]
    assert methods["personal list"]["hit_rate"] > rival["hit_rate"]
    kept = pd.read_parquet(tmp_path / "recommendations.parquet")["customer_id"].nunique()
    assert kept == metrics["recommendations"]["customers"] > 4_000


def known_names():
    models = (Parameters, Cleaning, FileOptions, Join, LiveTest)
    return {name for model in models for name in model.model_fields}


def test_the_guide_to_own_data_names_only_parameters_that_exist():
    text = (data.PROJECT / "notebooks" / "own_data_guide.md").read_text("utf-8")
    section = text.split("\n## A live test")[0]
    tables = (data.TRANSACTIONS, data.EVENTS, data.PRODUCTS, data.TEST_RESULTS)
    columns = {name for table in tables for name in table.names}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", section)) | set(
        re.findall(r"-p ([a-z_]+)", section)
    )
    assert {"join", "test_days"} <= named <= known_names() | columns
    # and its example is one that a run would take
    examples = re.findall(r"```yaml\n(.*?)```", section, re.S)
    assert examples
    for example in examples:
        written = Written(example, "own_data_guide.md")
        Parameters.of(written.values, written)


def test_course_parameters_lists_every_parameter_with_what_it_must_be():
    said = course("parameters")
    assert said.exit_code == 0 and said.output.startswith(reference())
    for contract in (data.TRANSACTIONS, data.EVENTS):
        assert f"{', '.join(contract.required)}; optional: {', '.join(contract.optional)}" in (
            said.output
        )
    for name, field in Parameters.model_fields.items():
        flat = " ".join(said.output.split())
        assert f"{name}: {field.description}; {field.json_schema_extra['expected']}" in flat
    for model in (Cleaning, Join, LiveTest):
        for name in model.model_fields:
            assert f"\n    {name}: " in said.output
    assert "[60]" in said.output
