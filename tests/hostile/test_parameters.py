"""Parameter files as people write them: understood, or one sentence with key, line and remedy."""

import re
import traceback

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.course.command import main
from helpers.reading.parameters import READING, RULES, Cleaning, ParameterError, Parameters, Written

# a parameter file, the line that is wrong, and what the sentence must say
WRONG = {
    "not a number": ("n_recommendations: 5\ntest_days: abc", 2, "test_days is 'abc'.*whole number"),
    "no days": ("test_days: 0", 1, "test_days is 0.*from 1"),
    "days before today": ("test_days: -5", 1, "test_days is -5"),
    "a fraction": ("n_recommendations: 5.5", 1, "n_recommendations is 5.5.*whole number"),
    "true is no number": ("test_days: true", 1, "test_days is True"),
    "a share of eight": ("cart_rate: 8", 1, "cart_rate is 8.*between 0 and 1"),
    "infinite": ("visits_per_week: .inf", 1, "visits_per_week is .inf"),
    "a number as path": ("transactions_path: 5", 1, "transactions_path is 5.*path"),
    "a number among paths": ("transactions_path: [a.csv, 5]", 1, "transactions_path.*path"),
    "a number for codes": ("cleaning:\n  non_products: 5", 2, "cleaning.non_products is 5.*list"),
    "one code": ("cleaning: {non_products: POST}", 1, "non_products is 'POST'.*a list"),
    "columns as a list": ("columns: [Customer]", 1, "columns is .*their name: our name"),
    "cleaning switched on": ("cleaning: true", 1, "cleaning is True.*name: value"),
    "date format 5": ("date_format: 5", 1, "date_format is 5.*'%d-%m-%Y' in quotes"),
    "a date as format": ("date_format: 2024-01-31", 1, 'date_format is 2024.*quotes: "2024-01-31"'),
    "no date format": ("date_format: []", 1, r"date_format is \[\]"),
    "a number as key": ("\n2024: 5", 2, 'the name 2024 must be a text.*"2024"'),
    "a number as column": ("columns: {1: product_id}", 1, 'the name 1 must be a text.*"1"'),
    "NO among codes": ("cleaning:\n  non_products:\n  - POST\n  - NO", 4, 'NO.*quotes: "NO"'),
    "010 among codes": ("cleaning: {non_products: [010]}", 1, '010, which YAML.*quotes: "010"'),
    "1:20 among codes": ("cleaning: {non_products: [1:20]}", 1, 'quotes: "1:20"'),
    "NULL among codes": ("cleaning: {non_products: [NULL]}", 1, "non_products"),
    "NO as prefix": ("cleaning: {cancellation_prefix: NO}", 1, 'quotes: "NO"'),
    "no as an answer": ("cleaning: {merge_case: no}", 1, "merge_case.*true or false, without"),
    "no in quotes": ("cleaning: {merge_case: 'no'}", 1, "merge_case is 'no'.*true or false"),
    "yes as a status": ("cleaning:\n  drop_where:\n    status: [yes]", 3, 'quotes: "yes"'),
    "one status": ("cleaning: {drop_where: {status: void}}", 1, "drop_where.*lists of values"),
    "decimal in words": ("cleaning: {decimal: comma}", 1, "decimal is 'comma'.*\",\" or"),
    "% without quotes": ("columns: {}\ndate_format: %d-%m-%Y", 2, 'date_format: "%d-%m-%Y"'),
    "% in a list": ("date_format: [%d-%m-%Y, '%Y']", 1, "in quotes"),
    "5,000 digits": ("test_days: " + "9" * 5_000, 1, "test_days.*5,000 digits.*whole number"),
    "an unknown key": ("test_dayz: 3", 1, "no parameter 'test_dayz'. Did you mean 'test_days'"),
    "an unknown option": ("cleaning:\n  merge_cas: true", 2, "'merge_cas'.*mean 'merge_case'"),
    "in the wrong place": ("header_row: 3", 1, "'header_row'. It belongs under `cleaning`"),
    "too deep": ("x: " + "[" * 3_000 + "]" * 3_000, 1, "too deep"),
    "mappings too deep": ("x: " + "{a: " * 500 + "1" + "}" * 500, 1, "too deep"),
    "an alias bomb": ("a: &a [x, x]\nb: &b [*a, *a]\ncolumns: [*b, *b]", 1, "anchors"),
    "a merge key": ("<<: {b: c}", 1, "name << must be a text"),
    "a tag": ("test_days: !!python/object/apply:os.getcwd []", 1, "a tag"),
    "a list of lines": ("- test_days", None, "lines of the form `name: value`"),
    "two documents": ("test_days: 5\n---\ntest_days: 6", None, "several documents"),
    "a tab": ("cleaning:\n\tmerge_case: true", 2, "not with tabs"),
    "an open bracket": ("columns: {a: customer_id", 1, "not valid YAML"),
    "a control sign": ("x: '\0'", None, "not valid YAML"),
    "a list as key": ("? [a, b]\n: 1", 1, "a name must be a text"),
    "a join without a key": ("join:\n- path: orders.csv", 2, "join.by is missing"),
    "a join of nothing": ("join: {path: orders.csv}", 1, "join is .*list of tables"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["health", "run", "score"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_parameter_file_is_one_sentence(name, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text, line, says = WRONG[name]
    file = tmp_path / "my_shop.yaml"
    file.write_text(text, encoding="utf-8")
    more = [] if command == "health" else ["--out", "out"]
    result = CliRunner().invoke(main, [command, "-f", "my_shop.yaml", *more])
    said = result.stderr
    assert result.exit_code == 2, (said, traceback.format_exception(result.exception))
    assert said.startswith("Error: my_shop.yaml") and len(said) < 800
    assert re.search(says, said, flags=re.S), said
    if line:
        assert f"line {line}" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("first, second", [("test_days", "test_days"), ("a b", "a b")])
def test_a_doubled_key_names_both_lines(first, second):
    with pytest.raises(ParameterError, match="in line 1 and again in line 3"):
        Written(f"{first}: 1\nn_recommendations: 5\n{second}: 2", "shop.yaml")
    with pytest.raises(ParameterError, match="in line 2 and again in line 3"):
        Written(f"columns:\n  {first}: x\n  {second}: y", "shop.yaml")


@pytest.mark.parametrize(
    "text, values",
    [
        ("cleaning: {non_products: [22423, POST, '010']}", ["22423", "POST", "010"]),
        ('cleaning: {non_products: ["NO", "1:20"]}', ["NO", "1:20"]),
    ],
)
def test_codes_are_what_is_written(text, values):
    written = Written(text, "shop.yaml")
    assert Parameters.of(written.values, written).cleaning.non_products == values


def test_what_has_a_name_and_nothing_behind_it_means_the_default():
    assert Parameters.of(Written("test_days:\ncolumns:\ncleaning:", "x").values) == Parameters()
    assert Written("", "x").values == {} == Written("# nothing\n", "x").values


def test_lessons_check_the_same_way():
    with pytest.raises(data.DataError, match="merge_cas.*Did you mean 'merge_case'"):
        data.load_shop(cleaning={"merge_cas": True})
    with pytest.raises(data.DataError, match="event_types is 5"):
        data.load_shop(reading={"event_types": 5})
    with pytest.raises(data.DataError, match="cleaning is True"):
        data.load_shop(cleaning=True)


@pytest.mark.parametrize(
    "text",
    [
        "events_path: my_events.csv",
        "test_days: 5",
        "transactions_path:",
        "columns: {A: product_id}",
    ],
)
def test_a_parameter_file_never_falls_back_to_the_bundled_shop(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(text)
    result = CliRunner().invoke(main, ["health", "-f", "shop.yaml"])
    assert result.exit_code == 2 and "transactions_path" in result.stderr


@pytest.mark.parametrize(
    "more", [{"events_path": "my_events.csv"}, {"columns": {"A": "product_id"}},
             {"reading": {"products_path": "catalogue.csv"}}],
)  # fmt: skip
def test_a_lesson_never_mixes_own_files_with_the_bundled_shop(more):
    with pytest.raises(data.DataError, match="but no transactions_path"):
        data.load_shop(**more)


PLAIN = st.one_of(
    st.text(max_size=8),
    st.integers(),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
    st.sampled_from(["NO", "010", "1:20", "%Y", "*", "&a", "!x", "2024-01-01", "0x1F", "1_000"]),
)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*Parameters.model_fields, "x"]), ANYTHING, max_size=3))
def test_whatever_stands_there_is_understood_or_refused_in_a_sentence(values):
    text = yaml.safe_dump(values, allow_unicode=True)
    try:
        written = Written(text, "shop.yaml")
        Parameters.of(written.values, written)
    except ParameterError as error:
        assert str(error).startswith("shop.yaml") and "\n" not in str(error)[:20]


@given(st.text(max_size=40))
@example("a: %")
@example("a:\n- b\n -c")
@example("\ufeffa: 1")
@example("? ")
@example("--- ")
@example("...")
@example("a: |\n  x")
def test_no_text_ends_in_a_traceback(text):
    try:
        written = Written(text, "shop.yaml")
        Parameters.of(written.values, written)
    except ParameterError:
        pass


@given(ANYTHING)
def test_a_readable_yaml_value_is_read_as_pyyaml_reads_it_or_refused(value):
    """Where YAML leaves no doubt, ours is no other language."""
    text = yaml.safe_dump({"x": value}, allow_unicode=True)
    try:
        ours = Written(text, "shop.yaml").values
    except ParameterError:
        return
    if "Odd" not in repr(type_names(ours)):
        assert ours == yaml.safe_load(text)


def type_names(value):
    if isinstance(value, dict):
        return [type_names(each) for each in value.values()]
    return [type_names(each) for each in value] if isinstance(value, list) else type(value).__name__


def test_every_parameter_is_documented_and_stands_in_one_group():
    fields = Parameters.model_fields | Cleaning.model_fields
    for name, field in fields.items():
        assert field.description, name
        assert field.json_schema_extra["expected"], name
    assert not set(READING) & set(RULES)
