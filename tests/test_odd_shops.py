"""Odd shops go through the lessons: each cell runs, or stops with a sentence that is expected.

The lessons' cells run in this process, without kernels, and without those that look at the
made-up shop only. The oddest shops see the lessons that could care about what is odd in them; with
``THOROUGH=all`` in the environment every shop sees every cell of every lesson.
"""

import ast
import contextlib
import functools
import io
import re
import warnings

import matplotlib
import nbformat
import numpy as np
import pandas as pd
import pytest

from helpers import data, plots, simulation
from helpers.course import runs
from helpers.course.notebooks import MADE_UP, lessons
from helpers.course.notebooks import number as number_of
from helpers.reading.parameters import Parameters
from tests.common import THOROUGH, deeper, thorough

LESSONS = {number_of(path): path for path in lessons() if number_of(path) not in MADE_UP}
# cells that do the same whatever the shop
MADE_UP = re.compile(
    r"world = |load_transactions\(\)|read_transactions\(\)|check_laptop\(\)|false_alarm\("
)
CASES = {
    "one category": "00 03 05a 05b 07 09",
    "no names": "00 01 03 06 11",
    "same names": "02 03 04 07",
    "no prices": "00 01 05a 05b 09",
    "only what is required": " ".join(LESSONS),
    "a customer with everything": "04 05a 05b 06 11",
    "one day": "01 04 05a 05b 09 10 11",
    "no pairs for lift": "03 04 05a 05b 07 11",
    "one order each": "05a 05b 07 08 09 10 11",
    "best seller alone": "00 04 05a 05b 07",
    "events without products": "01 05a 05b 07 09",
    "20,000 products": "03",
}
# the test command takes the shop that is odd in most respects; CI takes all of them
# the run in test_run.py is of a shop that has only what is required
QUICK = ["one day"]
CASES = {
    name: " ".join(LESSONS) if THOROUGH else asked
    for name, asked in CASES.items()
    if THOROUGH or name in QUICK
}
# what such a shop is told, in place of a lesson's result
SENTENCES = {
    ("one day", "05a"): "the last 60 days leave none to learn from",
    ("one day", "05b"): "the last 60 days leave none to learn from",
    ("one day", "09"): "nobody can say who stays away",
    ("one day", "10"): "the last 60 days leave none to learn from",
    ("one order each", "05a"): "No customer bought before and after the cut",
    ("one order each", "05b"): "No customer bought before and after the cut",
    ("one order each", "10"): "No customer bought before and after the cut",
}


WORLD = functools.cache(simulation.make_world)  # some lessons make the same one

# what a rerun on the bundled shop may ask for instead
OTHER_NUMBERS = {
    "test_days": 30,
    "n_recommendations": 3,
    "visits_per_week": 2_000,
    "visits_per_customer": 2,
    "click_rate": 0.2,
    "cart_rate": 0.1,
    "buy_rate": 0.2,
    "lift": 0.1,
    "cost_per_year": 3_000,
    "margin_share": 0.2,
    "exchange_rate": 1,
    "voucher_share": 0.2,
    "voucher_response": 0.1,
    "holdout_share": 0.2,
    "deny_categories": [],
}


def drawn_shop(n_customers, n_products, each, seed=0):
    """Purchases drawn by chance: nobody has a taste."""
    rng = np.random.default_rng(seed)
    n_rows = n_customers * each
    product = rng.permutation(np.arange(n_rows) % n_products)
    customer = pd.Series(np.repeat(np.arange(n_customers), each)).map("C{:05d}".format)
    return pd.DataFrame(
        {
            "customer_id": customer,
            "product_id": pd.Series(product).map("P{:05d}".format),
            "transaction_date": pd.Timestamp("2023-01-01")
            + pd.to_timedelta(rng.integers(0, 700, n_rows), unit="D"),
            "product_name": pd.Series(product).map("Thing {}".format),
            "product_category": pd.Series(product % 9).map("Shelf {}".format),
            "unit_price": 1.0 + product % 50,
        }
    )


def odd_shop(name, transactions, events):
    """The tables of one of the shops; most are a part of the bundled one with something odd."""
    match name:
        case "one category":
            return [table.assign(product_category="All") for table in (transactions, events)]
        case "no names":
            return transactions.drop(columns="product_name"), events
        case "same names":
            names = transactions["product_id"].map(lambda product: "ABC"[int(product[-1]) % 3])
            return transactions.assign(product_name=names), events
        case "no prices":
            return transactions.drop(columns=["unit_price", "total_amount", "quantity"]), events
        case "only what is required":
            return transactions[["customer_id", "product_id", "transaction_date"]], None
        case "a customer with everything":
            one = transactions.drop_duplicates("product_id").assign(customer_id="ALL")
            return pd.concat([transactions, one]).assign(transaction_id=np.nan), events
        case "one day":
            day = transactions["transaction_date"].max()
            return transactions.assign(transaction_date=day), events.assign(event_date=day)
        case "no pairs for lift":
            return drawn_shop(300, 700, 12), None
        case "one order each":
            table = drawn_shop(300, 700, 3)
            dates = table.groupby("customer_id")["transaction_date"]
            return table.assign(transaction_date=dates.transform("first")), None
        case "best seller alone":
            buyers = [f"A{number}" for number in range(300)]
            card = transactions.tail(300).assign(customer_id=buyers, product_id="GIFT_CARD")
            return pd.concat([transactions, card]).assign(transaction_id=np.nan), events
        case "events without products":
            return transactions, events.drop(columns=["product_id", "product_category"])
        case "20,000 products":
            return drawn_shop(500, 20_000, 60), None


@pytest.fixture(scope="module")
def part_of_the_shop(shop):
    transactions, events = shop
    some = [f"CUST{number:05d}" for number in range(1, 401)]
    return [table[table["customer_id"].isin(some)] for table in (transactions, events)]


def written(folder, transactions, events):
    """Both tables as files, and the parameters that name them."""
    folder.mkdir(exist_ok=True)
    parameters = {"output_dir": str(folder / "run")}
    (folder / "run").mkdir(exist_ok=True)
    tables = {"transactions_path": transactions, "events_path": events}
    for parameter, table in tables.items():
        if table is not None:
            parameters[parameter] = str(folder / f"{parameter}.csv")
            table.to_csv(parameters[parameter], index=False, date_format=data.DATE_FORMAT)
    return parameters


def names_in(source):
    """Names that a cell assigns, and all that it reads."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    stored = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    stored |= {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    return stored, {node.id for node in nodes if isinstance(node.ctx, ast.Load)}


def said(parameters):
    """What a user's parameter file would say of them."""
    return Parameters.of({n: value for n, value in parameters.items() if n != "output_dir"})


def run_lesson(path, parameters, lines=None):
    """Run a lesson's cells with parameters, and other lines; return all that they print."""
    names = {"__name__": "lesson", "display": lambda *things, **options: None}
    missing, output = set(), io.StringIO()
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            continue
        for line, other in (lines or {}).items():
            cell.source = cell.source.replace(line, other)
        stored, read = names_in(cell.source)
        if not THOROUGH and (MADE_UP.search(cell.source) or missing & (read - stored)):
            missing |= stored - set(names)
            continue
        try:
            with contextlib.redirect_stdout(output):
                exec(compile(cell.source, f"{path.stem} {cell.id}", "exec"), names)
        except ValueError as error:
            return output.getvalue(), str(error)
        if "parameters" in cell.metadata.get("tags", []):
            names |= {name: value for name, value in parameters.items() if name in names}
    return output.getvalue(), ""


@deeper
@pytest.mark.parametrize("name", CASES)
def test_an_odd_shop_goes_through_the_lessons(name, part_of_the_shop, tmp_path, monkeypatch):
    matplotlib.use("agg")
    monkeypatch.setattr(plots.style, "display", lambda *things, **options: None)
    monkeypatch.setattr(simulation, "make_world", WORLD)
    monkeypatch.chdir(LESSONS["00"].parent)
    parameters = written(tmp_path / name, *odd_shop(name, *part_of_the_shop))
    runs.check_data(said(parameters))  # a run lets this shop in
    for number in CASES[name].split():
        with warnings.catch_warnings():
            warnings.simplefilter(
                "error", RuntimeWarning
            )  # a mean of nothing is a figure of nothing
            _, stopped = run_lesson(LESSONS[number], parameters)
        expected = SENTENCES.get((name, number), "")
        assert bool(stopped) == bool(expected) and expected in stopped, f"{number}: {stopped}"


def other_numbers():
    """For each lesson, what it may be asked for: all at once, and one by one where it is money."""
    for number, path in LESSONS.items():
        cells = nbformat.read(path, as_version=4).cells
        given = next(c.source for c in cells if "parameters" in c.metadata.get("tags", []))
        asked = {name: OTHER_NUMBERS[name] for name in names_in(given)[0] & {*OTHER_NUMBERS}}
        if asked:
            yield number, asked
        if "cost_per_year" in asked:
            yield from ((number, {name: asked[name]}) for name in sorted(asked))


@thorough
@pytest.mark.parametrize(("number", "asked"), list(other_numbers()))
def test_the_bundled_shop_takes_other_numbers(number, asked, monkeypatch):
    """A cell that asserts the story's figures does so for the story's numbers alone."""
    matplotlib.use("agg")
    monkeypatch.setattr(plots.style, "display", lambda *things, **options: None)
    monkeypatch.setattr(simulation, "make_world", WORLD)
    monkeypatch.chdir(LESSONS["00"].parent)
    printed, stopped = run_lesson(LESSONS[number], asked)
    assert stopped == ""
    if "cost_per_year" in asked:
        assert "3,000" in printed, "what is given counts"


def assumed():
    """What a lesson assumes in a cell of its own, for a reader to change there."""
    given = re.compile(r"^(\w+) = ([\d_.]+)  # .+$", re.M)
    for number, path in LESSONS.items():
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
                for found in given.finditer(cell.source):
                    for times in (0.5, 2):
                        other = type(ast.literal_eval(found[2]))(times * float(found[2])) or 2
                        yield number, found[0], f"{found[1]} = {other}"


@thorough
@pytest.mark.parametrize(("number", "line", "other"), list(assumed()))
def test_what_a_lesson_assumes_may_be_changed_where_it_stands(number, line, other, monkeypatch):
    monkeypatch.setattr(plots.style, "display", lambda *things, **options: None)
    monkeypatch.setattr(simulation, "make_world", WORLD)
    monkeypatch.chdir(LESSONS["00"].parent)
    assert run_lesson(LESSONS[number], {}, {line: other})[1] == ""


def test_a_shop_of_three_products_is_refused_in_a_sentence(part_of_the_shop, tmp_path):
    transactions, events = part_of_the_shop
    few = transactions["product_id"].isin(["PROD_001", "PROD_002", "PROD_003"])
    parameters = written(tmp_path, transactions[few], events)
    with pytest.raises(data.DataError, match="3 products.*at least 10, 5 and 5"):
        runs.check_data(said(parameters))


def test_a_shop_that_sells_each_product_once_is_refused_in_a_sentence(tmp_path):
    parameters = written(tmp_path, drawn_shop(20, 100, 5), None)
    with pytest.raises(data.DataError, match="100 products was bought by one customer only"):
        runs.check_data(said(parameters))


def test_no_pairs_for_lift_is_said(part_of_the_shop, tmp_path, monkeypatch):
    monkeypatch.setattr(plots.style, "display", lambda *things, **options: None)
    parameters = written(tmp_path, *odd_shop("no pairs for lift", *part_of_the_shop))
    printed, _ = run_lesson(LESSONS["07"], parameters)
    assert "**So no pair says enough for a page yet:**" in printed
    assert not re.search(r"\bnan\b", printed)


def test_a_file_of_nine_days_with_guests_is_told_what_is_true_of_it(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(plots.style, "display", lambda *things, **options: None)
    transactions, _ = shop
    nine = transactions[transactions["transaction_date"].between("2024-03-01", "2024-03-09")]
    guests = nine["customer_id"].mask(np.arange(len(nine)) % 25 == 0)
    parameters = written(tmp_path, nine.assign(customer_id=guests), None)
    printed, _ = run_lesson(LESSONS["01"], parameters)
    assert (
        "would miss some of the last 30 days' purchases" in printed
    )  # all of them are of the last 30 days
    assert "such as the lines we left out, tax, postage or late returns" in printed


def test_product_groups_are_advised_only_where_there_are_some(
    part_of_the_shop, tmp_path, monkeypatch
):
    monkeypatch.setattr(plots.style, "display", lambda *things, **options: None)
    transactions, _ = part_of_the_shop
    few = transactions[transactions["customer_id"] <= "CUST00100"]
    printed, _ = run_lesson(LESSONS["02"], written(tmp_path / "groups", few, None))
    assert "thin: fewer than 30 buyers" in printed
    assert "add columns for categories" in printed or "of their category" in printed
    without = few.drop(columns="product_category")
    printed, _ = run_lesson(LESSONS["02"], written(tmp_path / "none", without, None))
    assert "take best sellers, since our file has no categories" in printed
    assert "categories, and learn" not in printed


def test_one_leader_of_most_lists_is_a_stop(tmp_path, monkeypatch):
    """Whoever says "no bug in sight" has read the table above it."""
    monkeypatch.setattr(plots.style, "display", lambda *things, **options: None)
    rng = np.random.default_rng(0)
    product = np.minimum(59, rng.exponential(12, 4_000).astype(int))
    product[rng.random(4_000) < 0.4] = 0  # nearly everybody has it, and is offered the next
    table = drawn_shop(1_000, 60, 4).assign(product_id=pd.Series(product).map("P{:02d}".format))
    table = table[["customer_id", "product_id", "transaction_date"]]
    printed, _ = run_lesson(LESSONS["04"], written(tmp_path, table, None))
    leading = re.search(r"who leads\?.*?: (\d+)\D.*?(stop|passed)", printed)
    assert int(leading[1]) > 50 and leading[2] == "stop"
    assert "So *not yet*: 1 of the five looks said stop" in printed
    assert "No bug in sight" not in printed
