"""The bundled data: headline figures, the truth behind them, and something to find."""

import pandas as pd
import pytest

from helpers import simulation
from helpers.data import PROJECT


@pytest.fixture(scope="module")
def world():
    return simulation.make_world()


def test_committed_files_are_what_the_generator_writes(world, tmp_path):
    for path in simulation.world.write_csv(world, tmp_path):
        assert path.read_bytes() == (PROJECT / "data" / path.name).read_bytes(), path.name


def test_owning_a_product_costs_what_the_world_says():
    penalty = simulation.world.owned_penalty([True, False])
    assert list(penalty) == [simulation.world.REBUY_PENALTY, simulation.world.OWNED_PENALTY]
    # the same rule makes the shop and answers in front of a list
    world = simulation.make_world()
    pairs = world.transactions[["customer_id", "product_id"]].drop_duplicates("customer_id")
    pairs = pairs.assign(rank=1)
    customers = pd.Index(pairs["customer_id"])
    liking = simulation.true_liking(world, pairs, customers, 1)[:, 0]
    truth = [world.preference.at[pair] for pair in zip(customers, pairs["product_id"], strict=True)]
    consumable = pairs["product_id"].map(world.products.set_index("product_id")["consumable"])
    assert truth - liking == pytest.approx(simulation.world.owned_penalty(consumable))


def test_another_seed_is_another_shop(world):
    assert not simulation.make_world(1).transactions.equals(world.transactions)


def test_headline_figures():
    data = PROJECT / "data"
    transactions = pd.read_csv(data / "cdp_transactions.csv", dtype=str)
    events = pd.read_csv(data / "cdp_behavioral_events.csv", dtype=str)
    assert list(transactions) == [
        "transaction_id", "customer_id", "transaction_date", "product_id", "product_category",
        "product_name", "quantity", "unit_price", "total_amount", "payment_method",
    ]  # fmt: skip
    assert list(events) == [
        "event_id", "customer_id", "event_date", "event_type", "product_id", "product_category",
    ]  # fmt: skip
    assert (len(transactions), len(events)) == (24_419, 27_560)
    assert transactions["customer_id"].nunique() == 4_290
    assert transactions["customer_id"].max() == "CUST05000"
    assert set(transactions["product_id"]) == {f"PROD_{n:03d}" for n in range(1, 54)}
    pairs = len(transactions.drop_duplicates(["customer_id", "product_id"]))
    assert f"{1 - pairs / (4_290 * 53):.1%}" == "90.0%"
    for table, date in ((transactions, "transaction_date"), (events, "event_date")):
        assert table[date].str.fullmatch(r"\d\d-\d\d-\d{4}").all()
        dates = pd.to_datetime(table[date], format="%d-%m-%Y")
        assert dates.min() >= pd.Timestamp("2023-01-01")
        assert dates.max() <= pd.Timestamp("2024-12-31")
    cents = (transactions[["unit_price", "total_amount"]].astype(float) * 100).round().astype(int)
    assert (
        cents["total_amount"] == cents["unit_price"] * transactions["quantity"].astype(int)
    ).all()


def test_nothing_is_bought_or_viewed_before_its_launch(world):
    launch = world.products.set_index("product_id")["launch_date"]
    sold = world.transactions
    assert (sold["transaction_date"] >= sold["product_id"].map(launch)).all()
    seen = world.events.dropna(subset="product_id")
    assert (seen["event_date"] >= seen["product_id"].map(launch)).all()


def test_non_buyers_mostly_have_events(world):
    buyers = set(world.transactions["customer_id"])
    silent = set(world.taste.index) - buyers
    with_events = silent & set(world.events["customer_id"])
    assert len(silent) == 710
    assert len(silent) / 2 < len(with_events) < len(silent)


def test_purchases_follow_the_true_taste(world):
    """The product bought ranks far above the middle of its buyer's true preferences."""
    ranks = world.preference.rank(axis=1, pct=True)
    bought = world.transactions
    position = ranks.to_numpy()[
        ranks.index.get_indexer(bought["customer_id"]),
        ranks.columns.get_indexer(bought["product_id"]),
    ]
    assert position.mean() > 0.75
    flat = simulation.make_world(taste_strength=0).preference
    assert (flat.nunique() == 1).all(), "without taste everyone must like the same products"
