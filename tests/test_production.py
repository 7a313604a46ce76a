"""The engine: same answers after a round trip, refused when damaged, checks that can fail."""

import json
import zipfile

import numpy as np
import pandas as pd
import pytest

from helpers import data, production, writing
from helpers.recommend import ItemBased
from tests.common import examples, purchases


@pytest.fixture(scope="module")
def engine(shop):
    return production.build_engine(*shop, ItemBased(trend_days=30, intent_days=30))


@pytest.fixture(scope="module")
def table(engine):
    return production.score_everyone(engine, n=5)


def test_saved_and_loaded_engine_answers_the_same(engine, table, tmp_path):
    loaded = production.load_engine(production.save_engine(engine, tmp_path / "engine.zip"))
    pd.testing.assert_frame_equal(production.score_everyone(loaded, n=5), table)
    assert (loaded.fingerprint, loaded.version) == (engine.fingerprint, engine.version)
    assert [p.name for p in tmp_path.iterdir()] == ["engine.zip"]


def test_no_pickle_inside(engine, tmp_path):
    path = production.save_engine(engine, tmp_path / "engine.zip")
    with zipfile.ZipFile(path) as archive:
        assert {name.rsplit(".")[-1] for name in archive.namelist()} == {"npz", "parquet", "json"}


def test_damaged_engines_are_refused_in_a_sentence(engine, tmp_path):
    path = production.save_engine(engine, tmp_path / "engine.zip")
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"not a zip"):
        path.write_bytes(damaged)
        with pytest.raises(production.EngineError, match="Build it again"):
            production.load_engine(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": 99}))
    with pytest.raises(production.EngineError, match="format 99"):
        production.load_engine(path)
    with pytest.raises(production.EngineError, match="no engine"):
        production.load_engine(tmp_path / "none.zip")


def test_tampering_is_noticed(engine, tmp_path):
    path = production.save_engine(engine, tmp_path / "engine.zip")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
        digest = archive.comment
    members["customers.parquet"] = members["products.parquet"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = digest
    with pytest.raises(production.EngineError, match="changed since it was saved"):
        production.load_engine(path)


@pytest.mark.parametrize("name", ["letter.txt", "products.parquet"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_more_is_noticed(engine, tmp_path, name):
    path = production.save_engine(engine, tmp_path / "engine.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"more")
    with pytest.raises(production.EngineError, match="changed since it was saved"):
        production.load_engine(path)


def test_an_engine_that_would_fill_the_memory_is_not_unpacked(engine, tmp_path):
    path = production.save_engine(engine, tmp_path / "engine.zip")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.npz", bytes(100_000_000))
    with pytest.raises(production.EngineError, match="would unpack to 100,"):
        production.load_engine(path)


def test_every_flipped_bit_is_noticed_in_a_sentence(tmp_path):
    engine = production.build_engine(data.miniature())
    path = production.save_engine(engine, tmp_path / "engine.zip")
    content = path.read_bytes()
    draw = np.random.default_rng(0)
    for position in draw.choice(8 * len(content), examples(150), replace=False):
        damaged = bytearray(content)
        damaged[position // 8] ^= 1 << position % 8
        path.write_bytes(damaged)
        with pytest.raises(production.EngineError, match="Build"):
            production.load_engine(path)


def test_the_same_engine_is_the_same_file(engine, tmp_path):
    paths = [production.save_engine(engine, tmp_path / f"{name}.zip") for name in "ab"]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_runs_engine_is_built_once_and_anew_for_other_data(tmp_path, monkeypatch):
    table = data.miniature()
    first = production.shop_engine(table, output_dir=tmp_path)
    monkeypatch.setattr(production, "build_engine", lambda *_: pytest.fail("built twice"))
    assert production.shop_engine(table, output_dir=tmp_path).fingerprint == first.fingerprint
    monkeypatch.undo()
    other = production.shop_engine(table.iloc[1:], output_dir=tmp_path)
    assert other.fingerprint != first.fingerprint
    (tmp_path / "engine.zip").write_bytes(b"damaged")
    assert production.shop_engine(table, output_dir=tmp_path).fingerprint == first.fingerprint


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), writing.replacing(path) as part:
        part.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_recommend_products(engine, table):
    customer = table["customer_id"].iloc[0]
    products = engine.recommend_products(customer, 5)
    assert products == table.loc[table["customer_id"] == customer, "product_id"].tolist()
    answer = engine.recommend_products(customer, 3, include_reasoning=True)
    assert answer["customer_id"] == customer
    assert answer["recommendations"] == products[:3]
    assert len(answer["reasoning"]) == 3 and answer["reasoning"][0].startswith("bought ")
    stranger = engine.recommend_products("CUST_00001", include_reasoning=True)
    assert len(stranger["recommendations"]) == 5
    assert all("nothing is known of 'CUST_00001'" in reason for reason in stranger["reasoning"])


def test_reasons_name_what_was_bought_with_its_share(engine, shop):
    one = engine.recommend(["CUST00001"], 1)
    parts = engine.model.contributions(one)
    share = parts["contribution"].iloc[0] / parts["contribution"].sum()
    name = engine.names[parts["because_of"].iloc[0]]
    assert engine.explain(one).iloc[0].startswith(f"bought {name} ({share:.0%})")


def test_sources_follow_what_is_known(engine, table, shop):
    transactions, events = shop
    buyers = set(transactions["customer_id"])
    by_source = table.groupby("source")["customer_id"].agg(set)
    assert by_source["purchases"] <= buyers
    assert by_source["intent"].isdisjoint(buyers)
    assert by_source["intent"] <= set(events["customer_id"])


def test_batches_do_not_matter(engine, table):
    pd.testing.assert_frame_equal(production.score_everyone(engine, 5, batch_size=333), table)


def test_health_checks_pass_and_can_fail(engine, table):
    assert production.health_checks(engine, table)["passed"].all()

    def failing(broken):
        checks = production.health_checks(engine, broken)
        return set(checks.loc[~checks["passed"], "check"])

    def stopping(broken):
        checks = production.health_checks(engine, broken)
        return set(checks.loc[~checks["passed"] & checks["stops"], "check"])

    bug = table.assign(product_id=[f"PROD_{54 - rank:03d}" for rank in table["rank"]])
    assert {"no product leads more than half of the lists", "no product leads nearly all lists",
            "a fifth of the catalogue is shown",
            "nothing that was already bought"} <= failing(bug)  # fmt: skip
    assert failing(table[table["rank"] < 5]) == {"every list is full"}
    assert stopping(table[table["rank"] < 5]) == set()
    assert "a fifth of the catalogue is shown" not in stopping(bug)
    assert "no product leads nearly all lists" in stopping(bug)
    season = table["product_id"].where((table["rank"] != 1) | (table.index % 10 > 5), "PROD_001")
    season = table.assign(product_id=season)
    assert "no product leads more than half of the lists" in failing(season) - stopping(season)
    assert "every known customer has a list" in failing(table.iloc[5:])
    assert "scores are numbers" in failing(table.assign(score=np.nan))
    assert "best score first" in failing(table.assign(score=-table["score"]))
    twice = pd.concat([table, table.head(1)], ignore_index=True)
    assert stopping(twice) == {"no product twice in a list"}


def test_customers_and_products_are_matched_not_counted(engine, table):
    def details(broken):
        checks = production.health_checks(engine, broken).set_index("check")
        assert checks.loc[~checks["passed"], "stops"].all()
        return checks.loc[~checks["passed"], "detail"].to_dict()

    thirty = table["customer_id"].unique()[:30]
    for stranger in ("CUST99{}", None):  # as many strangers as are missing; ids that got lost
        swapped = table.assign(
            customer_id=table["customer_id"].map(
                {each: stranger and stranger.format(each) for each in thirty}
            ).where(table["customer_id"].isin(thirty), table["customer_id"])
        )  # fmt: skip
        found = details(swapped)
        assert found["every known customer has a list"] == "30 without"
        assert found["every customer is known"] == f"{30 if stranger else 1} unknown"
    known = table["product_id"].where(table["rank"] != 2, "NOPE")
    assert details(table.assign(product_id=known)) == {"every product is known": "1 unknown"}
    lost = details(table.assign(product_id=table["product_id"].where(table["rank"] != 2)))
    assert lost == {"every product is known": "1 unknown"}


@pytest.mark.parametrize("columns", ["typed", "untyped"])
def test_an_empty_table_is_stopped_and_no_error(engine, table, columns):
    empty = table.head(0) if columns == "typed" else pd.DataFrame(columns=list(table))
    checks = production.health_checks(engine, empty).set_index("check")
    assert not checks.loc["the table has rows", "passed"] and checks.loc["the table has rows"].stops
    assert checks.loc["every known customer has a list", "detail"] == (
        f"{table['customer_id'].nunique():,} without"
    )


def test_whoever_bought_nearly_everything_stops_nothing():
    """A list is as long as what is left to recommend; nobody can be given more."""
    rows = [(f"c{c}", p) for c in range(12) for p in "abcdef" if (c + ord(p)) % 3]
    rows += [("all", p) for p in "abcdef"] + [("nearly", p) for p in "abcde"]
    engine = production.build_engine(purchases(*rows))
    table = production.score_everyone(engine, 5)
    assert "all" not in set(table["customer_id"]) and (table["customer_id"] == "nearly").sum() == 1
    checks = production.health_checks(engine, table).set_index("check")
    assert checks.loc["every known customer has a list", "passed"]
    assert checks.loc["every list is full", "passed"]
    assert (checks["passed"] | ~checks["stops"]).all()


def test_drift(engine, shop):
    transactions = shop[0]
    calm = production.drift(engine, transactions).set_index("sign")["value"]
    assert (calm < 0.02).all()
    moved = transactions.tail(500).assign(product_id="PROD_999", customer_id="CUST99999")
    assert production.drift(engine, moved)["look_into_it"].all()


def test_fingerprint_sees_values_and_not_their_order(shop):
    transactions, events = shop
    mark = production.data_fingerprint(transactions, events)
    assert production.data_fingerprint(transactions.sample(frac=1, random_state=0), events) == mark
    changed = transactions.copy()
    changed.loc[0, "quantity"] += 1
    assert production.data_fingerprint(changed, events) != mark
    renamed = transactions.rename(columns={"quantity": "quantz"})
    assert sorted(renamed).index("quantz") == sorted(transactions).index("quantity")
    assert production.data_fingerprint(renamed, events) != mark


def test_csv_is_safe_in_a_spreadsheet_and_parquet_is_exact(table, tmp_path):
    risky = table.head(5).assign(product_name=["=1+1", "+a", "-b", "@c", "plain"], customer_id="-7")
    writing.write_recommendations(risky, tmp_path)
    written = pd.read_csv(tmp_path / "recommendations.csv", dtype=str)
    assert written["product_name"].tolist() == ["'=1+1", "'+a", "'-b", "'@c", "plain"]
    assert (written["customer_id"] == "-7").all()
    exact = pd.read_parquet(tmp_path / "recommendations.parquet")
    assert exact["product_name"].tolist()[0] == "=1+1"
    writing.write_recommendations(table, "")  # in class: nothing


def test_smallest_shop():
    engine = production.build_engine(data.miniature())
    assert engine.recommend_products("customer 4", 2) == ["B", "D"]
    assert engine.recommend_products("customer 4", 99) == ["B", "D"]
