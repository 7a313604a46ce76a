"""What a run has read is what its lessons get: the same to the last type, from nobody else."""

import contextlib
import copy
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy import sparse

from helpers import data, evaluate, handover, kernels, production, recommend
from helpers.course import kernel, runs
from helpers.course.command import gather_parameters
from helpers.matrix import build_interaction_matrix
from helpers.reading import tables
from helpers.reading.consents import read_consents
from helpers.reading.once import collected, hand_over
from helpers.reading.parameters import Parameters
from helpers.recommend import Blend, ContentBased, ItemBased, MostPopular, Random, ladder
from tests import dirty, exports
from tests.common import command, course, deeper, examples, thorough

SHOPS = sorted({path.stem for path in (data.PROJECT / "data" / "examples").glob("*.yaml")})
NAMED = {"online_retail": "OnlineRetail.csv", "complete_journey": "grocer.parquet"}


def equal(ours, theirs):
    """Two answers of a reader, or parts of them, are the same in everything that can be seen."""
    assert type(ours) is type(theirs)
    if isinstance(ours, tuple):
        for one, other in zip(ours, theirs, strict=True):
            equal(one, other)
    elif isinstance(ours, pd.DataFrame):
        pd.testing.assert_frame_equal(
            ours, theirs, check_exact=True, check_column_type="exact", check_index_type="exact"
        )
        assert ours.attrs == theirs.attrs
    elif isinstance(ours, data.HealthReport):
        assert ours == theirs  # but for two tables
        equal((ours.undone, ours.by_day), (theirs.undone, theirs.by_day))
        equal(ours.to_frame(), theirs.to_frame())
        assert list(ours.findings.items()) == list(theirs.findings.items())
    else:
        assert ours == theirs


def passed_on(read, folder, monkeypatch):
    """What a reader finds by itself, and what it is given where nothing can be read."""
    with collected() as found:
        alone = read()
    hand_over(found, folder / "clean")
    with monkeypatch.context() as patch, handover.handed_over(folder / "clean"):
        patch.setattr(data, "_judged", None)
        patch.setattr("helpers.reading.consents._read", None)
        return alone, read()


@deeper
@settings(max_examples=examples(8), deadline=None, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(dirty.tables())
def test_a_dirty_export_is_the_same_handed_over(tmp_path_factory, drawn):
    table, cleaning, form = drawn
    folder = tmp_path_factory.mktemp("dirty")
    source = dirty.write(table, form, folder)
    with pytest.MonkeyPatch.context() as patch:
        read = lambda: data.read_transactions(source, **cleaning)  # noqa: E731
        equal(*passed_on(read, folder, patch))


@pytest.mark.parametrize("name", [*SHOPS, "bundled"])
def test_a_shop_is_the_same_handed_over(name, tmp_path, monkeypatch):
    shop = Parameters()
    if hasattr(exports, name):
        getattr(exports, name)(tmp_path, exports.purchases(80))
        monkeypatch.chdir(tmp_path)
        typed = [("transactions_path", NAMED[name])] if name in NAMED else []
        example = data.PROJECT / "data" / "examples" / f"{name}.yaml"
        shop = gather_parameters([example], typed).in_folder(tmp_path)
    equal(*passed_on(lambda: data.read_shop(shop), tmp_path, monkeypatch))


def small_shop(folder):
    """Purchases, events, a catalogue, a live test and consents, with spellings that differ."""
    lines = [f"C{c},p{p},0{1 + c % 9}-01-2024" for c in range(30) for p in range(6) if (c + p) % 3]
    (folder / "bought.csv").write_text(
        "customer_id,product_id,transaction_date\n" + "\n".join(lines) + "\nc1,P2,02-01-2024\n,,\n"
    )
    (folder / "seen.csv").write_text(
        "customer_id,product_id,event_type,event_date\nc1,P2,product_view,01-01-2024\n"
        "C2,,search,02-01-2024\nC3,p9,add_to_cart,02-01-2024\nC3,p9,wink,02-01-2024\n"
    )
    (folder / "known.csv").write_text(
        "product_id,price,in_stock,launched\nP1,2.5,yes,01-01-2023\nP1,3,no,\np7,,maybe,\n"
        "p8,1,yes,\np9,1,no,\n"
    )
    (folder / "test.csv").write_text(
        "customer_id,arm,visits,bought\nC1,old,3,1\nC2,New,2,0\nC3,new,x,0\nC4,new,2,yes\n"
    )
    (folder / "agreed.csv").write_text("customer_id,agreed\nC1,yes\nc2,no\nC3,yes\n")
    return Parameters.of(
        {
            "transactions_path": "bought.csv", "events_path": "seen.csv",
            "products_path": "known.csv", "test_results_path": "test.csv",
            "consent_path": "agreed.csv", "cleaning": {"merge_case": True},
        }
    ).in_folder(folder)  # fmt: skip


def test_all_tables_of_a_shop_are_the_same_handed_over(tmp_path, monkeypatch):
    shop = small_shop(tmp_path)

    def read():
        tables = data.read_shop(shop)
        known = pd.Index(tables[0][0]["product_id"].unique())
        products = data.read_products(shop, known)
        agreed = read_consents(shop.consent_path)
        return (*tables, products, data.read_test_results(shop), agreed)

    alone, given = passed_on(read, tmp_path, monkeypatch)
    equal(alone, given)
    assert alone[1][0]["customer_id"].tolist() == ["C1", "C2", "C3"], "spelled as the purchases"


def test_other_parameters_are_read_anew_and_a_changed_file_is_noticed(tmp_path):
    shop = small_shop(tmp_path)
    parts = tmp_path / "parts"
    parts.mkdir()
    bought = (tmp_path / "bought.csv").read_bytes()
    (parts / "1.csv").write_bytes(bought)
    shop = shop.model_copy(update={"transactions_path": str(parts)})
    with collected() as found:
        (ours, _), _ = data.read_shop(shop)
    hand_over(found, tmp_path / "clean")
    other = shop.model_copy(update={"cleaning": shop.cleaning.model_copy(
        update={"drop_where": {"product_id": ["p2"]}})})  # fmt: skip
    expected = data.read_shop(other)
    assert len(expected[0][0]) < len(ours)
    with handover.handed_over(tmp_path / "clean"):
        equal(data.read_shop(other), expected)
        # a part more, and a part that is written anew: neither the old tables nor a mixture
        (parts / "2.csv").write_bytes(bought)
        with pytest.raises(data.DataError, match=r"2\.csv has changed since this run began"):
            data.read_shop(shop)
        (parts / "2.csv").unlink()
        data.read_shop(shop)
        (parts / "1.csv").write_bytes(bought + b"C99,p1,01-01-2024\n")
        with pytest.raises(data.DataError, match=r"1\.csv has changed since this run began"):
            data.read_shop(shop)
    assert len(data.read_shop(shop)[0][0]) == len(ours) + 1, "without a run everything is read"


def test_who_asks_twice_while_it_is_collected_gets_the_same(tmp_path, monkeypatch):
    shop = small_shop(tmp_path)
    with collected() as found:
        first = data.read_shop(shop), read_consents(shop.consent_path)
        first[0][0][1].findings["noticed"] = "later"
        monkeypatch.setattr(data, "_judged", None)
        again = data.read_shop(shop), read_consents(shop.consent_path)
    assert again[0][0][1].findings != first[0][0][1].findings
    equal(again[1], first[1])
    hand_over(found, tmp_path / "clean")
    assert len(list((tmp_path / "clean").iterdir())) == len(found) == 3


def test_what_was_handed_over_is_as_it_was_read(tmp_path):
    """Whoever reads first may change the table and the report."""
    shop = small_shop(tmp_path)
    expected = data.read_transactions(shop.transactions_path)
    with collected() as found:
        table, report = data.read_transactions(shop.transactions_path)
    table["quantity"] = 1
    table.loc[0, "product_id"] = "another"
    report.findings["noticed"] = "later"
    hand_over(found, tmp_path / "clean")
    with handover.handed_over(tmp_path / "clean"):
        equal(data.read_transactions(shop.transactions_path), expected)


cells = st.one_of(st.none(), st.text(max_size=3))


@settings(deadline=None)
@given(st.lists(cells, max_size=6), st.integers(0, 6), st.lists(cells, max_size=6))
def test_a_fingerprint_tells_tables_apart_however_they_lie_in_memory(texts, cut, others):
    def table(values):
        return pd.DataFrame({"a": pd.Series(values, dtype="str")})

    whole = table(texts)
    first, last = whole.iloc[:cut], whole.iloc[cut:]
    pieces = pd.concat([first, last])
    cut_out = table(["x", *texts, None])[1:-1]
    for same in (pieces, cut_out):
        assert handover.fingerprint(same) == handover.fingerprint(whole)
    assert (handover.fingerprint(table(others)) == handover.fingerprint(whole)) == (others == texts)


def test_a_fingerprint_sees_types_names_numbers_and_days():
    day = pd.DataFrame({"a": pd.to_datetime(["2024-01-01", None])})
    different = [
        None, day, day.fillna(pd.Timestamp("2024-01-02")), day.rename(columns={"a": "b"}),
        pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [2, 1]}),
        pd.DataFrame({"a": ["1", "2"]}), np.array([1, 2]), np.array([1, 2], dtype="int32"),
    ]  # fmt: skip
    assert len({handover.fingerprint(each) for each in different}) == len(different)


def test_what_lessons_ask_for_again_is_the_same_and_computed_once(shop, tmp_path, monkeypatch):
    """Judging recommenders: with and without what another lesson has left, to the last digit."""
    split = evaluate.split_by_time(*shop)
    rivals = {
        "dice": Random(1), "popular": MostPopular(30), "content": ContentBased(),
        "trend": ItemBased(trend_days=30), "events": ItemBased(intent_days=30),
        "ladder": ladder(ItemBased(), MostPopular()),
    }  # fmt: skip
    alone = evaluate.judge(rivals, split)
    (tmp_path / "clean").mkdir()
    with handover.handed_over(tmp_path / "clean"):
        first = evaluate.judge(rivals, split)
        chosen = evaluate.choose_item_based(split)
        monkeypatch.setattr(evaluate, "_judged", None)
        again = evaluate.judge(rivals, evaluate.split_by_time(*data.load_shop()))
        assert vars(evaluate.choose_item_based(split)) == vars(chosen)
        with pytest.raises(TypeError):  # who is told something else is another one
            evaluate.judge({"trend": ItemBased(trend_days=14, n_neighbors=7)}, split)
        with pytest.raises(TypeError):  # other purchases
            evaluate.judge(rivals, evaluate.split_by_time(shop[0].iloc[:-1], shop[1]))
    for found in (first, again):
        equal(found[0], alone[0])
        for ours, theirs in zip(found[1:], alone[1:], strict=True):
            assert list(ours) == list(theirs)
            for name in ours:
                equal(ours[name], theirs[name])


def test_neighbours_are_found_once(tmp_path, monkeypatch):
    draw = np.random.default_rng(0)
    values = sparse.csr_array((draw.random((40, 9)) < 0.4).astype(float))
    weight = draw.random(40)
    alone = kernels.nearest_columns(values, 3, weight)
    (tmp_path / "clean").mkdir()
    with handover.handed_over(tmp_path / "clean"):
        kernels.nearest_columns(values, 3, weight)
        monkeypatch.setattr(kernels, "_nearest_dense", None)
        again = kernels.nearest_columns(values, 3, weight)
        for other in ((values, 2, weight), (values, 3, weight + 1), (values * 2, 3, weight)):
            with pytest.raises(TypeError):
                kernels.nearest_columns(*other)
    for ours, theirs in zip(again, alone, strict=True):
        assert ours.dtype == theirs.dtype and (ours == theirs).all()


def test_a_blend_is_solved_once_whatever_its_trend(shop, tmp_path, monkeypatch):
    matrix = build_interaction_matrix(shop[0])
    dated = {"transactions": shop[0]}
    kinds = [Blend(trend_days=days, half_life_days=60) for days in (None, 14)]
    alone = [copy.copy(kind).fit(matrix, **dated) for kind in kinds]
    (tmp_path / "clean").mkdir()
    with handover.handed_over(tmp_path / "clean"):
        first = copy.copy(kinds[0]).fit(matrix, **dated)
        monkeypatch.setattr(recommend, "_ease_weights", None)
        found = [first, *(copy.copy(kind).fit(matrix, **dated) for kind in kinds)]
        for settings in ({"regularization": 9}, {"half_life_days": 9}, {"ease_share": 0.1},
                         {"n_neighbors": 9}, {"scale_customers": False}):  # fmt: skip
            with pytest.raises(TypeError):
                kinds[0].with_settings(**settings).fit(matrix, **dated)
        with pytest.raises(TypeError):  # other purchases
            fewer = shop[0].iloc[:-50]
            copy.copy(kinds[0]).fit(build_interaction_matrix(fewer), transactions=fewer)
    for ours, theirs in zip(found, [alone[0], *alone], strict=True):
        for name in ("weights_", "pairs_"):
            assert (getattr(ours, name) != getattr(theirs, name)).nnz == 0
        assert (ours.similarity_.values != theirs.similarity_.values).nnz == 0
        equal(ours.recommend(n=5), theirs.recommend(n=5))


def test_everyones_lists_are_made_once_for_the_same_engine_and_rules(shop, tmp_path, monkeypatch):
    engine = production.build_engine(*shop)
    alone = production.score_everyone(engine, 3)
    best = alone["product_id"].mode()[0]
    some = engine.rules.products.index == best
    hidden = engine.rules.products.assign(may_be_shown=~some)
    silent = engine.rules.products.assign(may_be_named=~some)
    without = production.learned_anew(engine, shop[0][shop[0]["product_id"] != best], shop[1])
    rules = [{"products": hidden}, {"products": silent}, {"no_personal_list": ("C00001",)}]
    others = [replace(engine, rules=replace(engine.rules, **each)) for each in rules]
    (tmp_path / "clean").mkdir()
    with handover.handed_over(tmp_path / "clean"):
        first = production.score_everyone(engine, 3)
        path = production.save_engine(engine, tmp_path / "engine.zip")
        monkeypatch.setattr(production, "_scored", None)
        equal(production.score_everyone(engine, 3), alone)
        equal(production.score_everyone(production.load_engine(path), 3), alone)
        for other, n in [(engine, 2), (without, 3), *((each, 3) for each in others)]:
            with pytest.raises(TypeError):
                production.score_everyone(other, n)
    equal(first, alone)


def test_a_lesson_whose_run_is_gone_makes_no_folder_and_goes_on(tmp_path):
    with handover.handed_over(tmp_path / "gone"):
        kernels.nearest_columns(sparse.csr_array(np.eye(3) + 1), 1, np.ones(3))
        assert len(data.load_transactions())
    assert not list(tmp_path.iterdir())


def test_what_reading_took_is_let_go_and_the_next_file_is_read_all_the_same(tmp_path):
    shop = small_shop(tmp_path)
    before = data.read_shop(shop)
    tables.let_go()
    assert not tables._database.cache_info().currsize
    equal(data.read_shop(shop), before)


# Whole runs


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Which process of a run's lessons has opened the purchases: a list that can be looked at."""
    log = tmp_path / "opened.txt"
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def seen(event, arguments):\n"
        "    if event == 'open' and str(arguments[0]).endswith('bought.csv'):\n"
        f"        with open({str(log)!r}, 'a') as file:\n"
        "            file.write(f'{os.getpid()}\\n')\n"
        "sys.addaudithook(seen)\n"
    )
    here = os.pathsep.join([str(tmp_path / "hook"), str(data.PROJECT)])
    monkeypatch.setenv("PYTHONPATH", here)
    monkeypatch.setattr(kernel._Loaded, "_talk", None)  # kernels of earlier runs lack the hook
    return lambda: log.read_text().split() if log.exists() else []


@thorough
def test_the_lessons_of_a_run_open_no_file_that_it_has_read(tmp_path, monkeypatch, opened):
    shop = small_shop(tmp_path)
    path = ("-p", "transactions_path", shop.transactions_path)
    result = course("run", "02", *path, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert opened() == []
    assert handover.FOLDER not in os.environ
    left = [each.name for each in (tmp_path / "out").rglob("*") if each.suffix == ".parquet"]
    assert not left and not list((tmp_path / "out").glob(".staging*"))
    # and this would be seen: nothing handed over
    monkeypatch.setattr(handover, "handed_over", lambda _: contextlib.nullcontext())
    result = course("run", "02", *path, "--out", tmp_path / "out")
    assert result.exit_code == 0 and opened()


@thorough
@pytest.mark.skipif(sys.platform == "win32", reason="there are no POSIX signals")
def test_a_run_that_is_killed_leaves_no_customer_behind(tmp_path):
    out = tmp_path / "out"
    for sent in (signal.SIGTERM, signal.SIGKILL):
        run = subprocess.Popen(
            command("05a", "--out", out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 300
        while not list(out.glob(".staging-*/clean/*/said.json")) and time.monotonic() < deadline:
            time.sleep(0.1)
        [staging] = out.glob(".staging-*")
        assert staging.stat().st_mode & 0o077 == 0, "others on the machine may look into it"
        time.sleep(1)
        run.send_signal(sent)
        assert run.wait(timeout=120) != 0
        # nobody can tidy up when killed so; the next run does
        assert bool(list(out.glob(".staging-*"))) == (sent == signal.SIGKILL)
    deadline = time.monotonic() + 60  # its kernels take a while to see that they are alone
    while list(out.glob(".staging-*")) and time.monotonic() < deadline:
        runs.remove_left_overs(out)
        time.sleep(2)
    assert not list(out.glob(".staging-*"))


def test_what_threads_still_write_doesnt_keep_a_folder(tmp_path):
    staging = tmp_path / ".staging-1"
    (staging / "notebooks").mkdir(parents=True)
    written = []

    def write():
        with contextlib.suppress(FileNotFoundError):
            for each in range(20_000):
                (staging / "notebooks" / f"{each}.ipynb").write_text("{}")
                written.append(each)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(written) < 50:
        time.sleep(0.01)
    runs._remove(staging)
    for thread in threads:
        thread.join(60)
    assert not list(tmp_path.iterdir())
