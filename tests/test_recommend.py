"""Recommenders: hand-worked scores, a slow reference, ties, cold starts, reasons that add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.kernels import top_n
from helpers.matrix import InteractionMatrix, build_interaction_matrix
from helpers.recommend import (
    EASE,
    BuyAgain,
    ContentBased,
    FromScores,
    ItemBased,
    MostPopular,
    NotFittedError,
    Random,
    UserBased,
    WithFallback,
    get_recommendations,
    product_trend,
)
from helpers.similarity import product_similarity
from tests.common import purchases
from tests.test_matrix_and_similarity import random_matrices

TEXTBOOK = {"n_neighbors": None, "scale_customers": False}


def lists(table):
    return table.groupby("customer_id")["product_id"].agg(list).to_dict()


def test_customer_4_by_hand(small_matrix):
    """B: sim(A, B) + sim(C, B) = 2 / root 6; D: sim(A, D) + sim(C, D) = 0 + 1 / root 3."""
    similarity = product_similarity(small_matrix)
    assert get_recommendations("customer 4", small_matrix, similarity) == ["B", "D"]
    table = ItemBased(**TEXTBOOK).fit(small_matrix).recommend(["customer 4"])
    assert table["product_id"].tolist() == ["B", "D"]
    np.testing.assert_allclose(table["score"], [2 / np.sqrt(6), 1 / np.sqrt(3)], rtol=1e-6)


@settings(max_examples=60, deadline=None)
@given(random_matrices(), st.integers(1, 9))
def test_item_based_equals_a_slow_and_obvious_reference(matrix, n):
    bought = matrix.to_frame()
    similarity = product_similarity(matrix).to_frame().astype(float)
    model = ItemBased(**TEXTBOOK).fit(matrix)
    ours = lists(model.recommend(n=n))
    for customer in bought.index:
        own = [p for p in bought.columns if bought.loc[customer, p]]
        scores = {p: sum(similarity.loc[o, p] for o in own) for p in bought.columns if p not in own}
        best = sorted(
            (p for p in scores if scores[p] > 1e-9), key=lambda p: (-np.float32(scores[p]), p)
        )
        assert ours.get(customer, []) == best[:n]
        assert get_recommendations(customer, matrix, product_similarity(matrix), n) == best[:n]


def test_the_bug_that_shipped_cannot_come_back(bundled_matrix):
    """Sorting (product, score) pairs by the pair gives nearly everyone PROD_053 first."""
    first = ItemBased(**TEXTBOOK).fit(bundled_matrix).recommend(n=1)["product_id"]
    assert first.value_counts(normalize=True).iloc[0] < 0.3
    similarity = product_similarity(bundled_matrix)
    customers = bundled_matrix.customers[:300]
    leaders = [get_recommendations(c, bundled_matrix, similarity, 1)[0] for c in customers]
    assert pd.Series(leaders).value_counts(normalize=True).iloc[0] < 0.3
    with pytest.raises(KeyError, match="CUST_00001.*CUST00001"):
        get_recommendations("CUST_00001", bundled_matrix, similarity)


def test_one_customer_and_everyone_get_the_same_list(bundled_matrix):
    similarity = product_similarity(bundled_matrix)
    everyone = lists(ItemBased(**TEXTBOOK).fit(bundled_matrix).recommend(n=5))
    for customer in bundled_matrix.customers[::200]:
        assert everyone[customer] == get_recommendations(customer, bundled_matrix, similarity)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([0, 0.5, 1, 2]), min_size=5, max_size=5), min_size=1),
    st.integers(1, 7),
)
def test_top_n_breaks_ties_by_column(scores, n):
    rows, columns, ranks = top_n(np.array(scores, dtype=float), n)
    for row, values in enumerate(scores):
        best = sorted((c for c in range(5) if values[c] > 0), key=lambda c: (-values[c], c))[:n]
        assert columns[rows == row].tolist() == best
        assert ranks[rows == row].tolist() == list(range(1, len(best) + 1))


def test_recommend_answers_every_odd_request(small_matrix):
    model = ItemBased(**TEXTBOOK).fit(small_matrix)
    assert len(model.recommend(n=100)) <= 7  # the empty cells
    assert model.recommend(["nobody"]).empty
    popular = MostPopular().fit(small_matrix)
    assert popular.recommend(["nobody"], n=2)["product_id"].tolist() == ["A", "C"]
    assert model.recommend([]).empty
    assert list(model.recommend([])) == ["customer_id", "rank", "product_id", "score"]
    with pytest.raises(ValueError, match="at least one"):
        model.recommend(n=0)
    everything = build_interaction_matrix(purchases(("1", "a"), ("1", "b"), ("2", "a")))
    assert "1" not in set(ItemBased().fit(everything).recommend()["customer_id"])
    alone = build_interaction_matrix(purchases(("1", "a")))
    for recommender in (ItemBased(), MostPopular(), UserBased(), Random()):
        assert recommender.fit(alone).recommend().empty


def test_exclude_purchased_can_be_switched_off(small_matrix):
    shown = lists(MostPopular().fit(small_matrix).recommend(n=4, exclude_purchased=False))
    assert shown["customer 1"] == ["A", "C", "B", "D"]
    assert lists(MostPopular().fit(small_matrix).recommend(n=4))["customer 1"] == ["B", "D"]


def test_most_popular_window():
    table = purchases(
        *[(f"{n}", "old", "2023-01-01") for n in range(5)], ("9", "new", "2024-01-01")
    )
    matrix = build_interaction_matrix(table)
    assert lists(MostPopular().fit(matrix).recommend(["x"], 1))["x"] == ["old"]
    recent = MostPopular(days=30).fit(matrix, table)
    assert lists(recent.recommend(["x"], 2))["x"] == ["new"]  # nobody bought the old one lately
    with pytest.raises(ValueError, match="transactions"):
        MostPopular(days=30).fit(matrix)


def test_trend_by_hand():
    old = [(f"{n}", "a", "2023-01-01") for n in range(3)]
    table = purchases(*old, ("7", "b", "2024-01-01"), ("8", "b", "2023-12-20"))
    trend = product_trend(table, build_interaction_matrix(table), days=30)
    np.testing.assert_allclose(trend, [(0 + 1) / (3 + 10), (2 + 1) / (2 + 10)])


def test_content_stays_in_category_and_price_level():
    table = purchases(("1", "tea"), ("2", "cup"), ("3", "pan"), ("4", "rug"))
    matrix = build_interaction_matrix(table)
    products = pd.DataFrame(
        {
            "product_category": ["kitchen", "kitchen", "home", "food"],
            "price": [5.0, 60.0, 70.0, 4.0],
        },
        index=["cup", "pan", "rug", "tea"],
    )
    first = lists(ContentBased().fit(matrix, products=products).recommend(n=1))
    assert first["2"] == ["pan"]  # the same category
    bare = products.assign(product_category=pd.NA, price=pd.NA)
    with pytest.raises(ValueError, match="neither"):
        ContentBased().fit(matrix, products=bare)


def test_user_based_by_hand():
    table = purchases(("1", "a"), ("1", "b"), ("2", "a"), ("2", "b"), ("2", "c"), ("3", "d"))
    model = UserBased(n_neighbors=1).fit(build_interaction_matrix(table))
    assert lists(model.recommend())["1"] == ["c"]
    assert "3" not in lists(model.recommend())  # resembles nobody


@pytest.fixture
def looked_at():
    return pd.DataFrame(
        {
            "customer_id": ["new", "new", "1", "long ago"],
            "event_date": pd.to_datetime(["2024-01-09", "2024-01-10", "2024-01-10", "2023-01-01"]),
            "event_type": ["product_view", "add_to_cart", "product_view", "add_to_cart"],
            "product_id": ["a", "b", "a", "a"],
        }
    )


def test_intent_serves_customers_without_purchases(looked_at):
    table = purchases(("1", "a"), ("1", "c"), ("2", "a"), ("2", "b"))
    model = ItemBased(**TEXTBOOK, intent_days=30)
    model.fit(build_interaction_matrix(table), table, looked_at)
    shown = model.recommend(["new"], n=3)
    # the cart counts more than the view; both count more than their neighbours
    assert shown["product_id"].tolist() == ["b", "a", "c"]
    cosine = 1 / np.sqrt(2)
    np.testing.assert_allclose(
        shown["score"], [1 + 0.3 * cosine, 0.3 + cosine, 0.3 * cosine], rtol=1e-6
    )
    # what was bought is no intent any more, and old events have faded
    assert "a" not in lists(model.recommend())["1"]
    assert "long ago" not in model.customers_


@pytest.mark.parametrize(
    "options", [TEXTBOOK, {}, {"trend_days": 30}, {"intent_days": 30, "trend_days": 30}]
)
def test_reasons_add_up_to_the_score(shop, bundled_matrix, options):
    transactions, events = shop
    model = ItemBased(**options).fit(bundled_matrix, transactions, events)
    table = model.recommend(model.customers_[::10], n=5)
    parts = model.contributions(table)
    total = parts.groupby(["customer_id", "product_id"])["contribution"].sum()
    wanted = pd.MultiIndex.from_frame(table[["customer_id", "product_id"]])
    np.testing.assert_allclose(total.reindex(wanted), table["score"], rtol=1e-9)
    bought = set(zip(transactions["customer_id"], transactions["product_id"], strict=True))
    because = parts[parts["how"] == "bought"]
    assert set(zip(because["customer_id"], because["because_of"], strict=True)) <= bought
    nothing = table.head(2).assign(customer_id=["nobody", table["customer_id"].iloc[1]])
    assert model.contributions(nothing.assign(product_id="no product")).empty


def test_fallback_fills_in_order():
    matrix = build_interaction_matrix(purchases(("1", "a"), ("2", "a"), ("2", "b"), ("3", "c")))
    layers = {"purchases": ItemBased().fit(matrix), "popularity": MostPopular().fit(matrix)}
    table = WithFallback(layers).recommend(["1", "nobody"], n=2)
    assert table["product_id"].tolist() == ["b", "c", "a", "b"]
    assert table["source"].tolist() == ["purchases", "popularity", "popularity", "popularity"]
    assert table["rank"].tolist() == [1, 2, 1, 2]


def test_from_scores(small_matrix):
    scores = pd.DataFrame(1.0, small_matrix.customers, small_matrix.products)
    scores["D"] = 9.0
    shown = lists(FromScores(scores).fit(small_matrix).recommend(n=1))
    assert shown["customer 1"] == ["D"] and shown["customer 3"] == ["A"]


def test_bundled_names_are_there(shop):
    assert data.product_table(shop[0])["product_name"].loc["PROD_001"] == "Coffee"


def test_ease_lets_the_data_choose(bundled_matrix, shop):
    """The closed form solves its least-squares problem: any small change of weights is worse."""
    model = EASE(regularization=50).fit(bundled_matrix)
    values, weights = bundled_matrix.values.toarray().astype(float), model.weights_
    assert (weights.diagonal() == 0).all()

    def loss(weights):
        return ((values - values @ weights) ** 2).sum() + 50 * (weights**2).sum()

    rng = np.random.default_rng(0)
    for _ in range(5):
        step = rng.normal(0, 1e-3, weights.shape)
        np.fill_diagonal(step, 0)
        assert loss(weights + step) > loss(weights)
    trendy = EASE(50, trend_days=30).fit(bundled_matrix, shop[0])
    trend = product_trend(shop[0], bundled_matrix, 30)
    np.testing.assert_allclose(trendy.weights_, weights * trend)
    with pytest.raises(ValueError, match="at most 20 products"):
        EASE(max_products=20).fit(bundled_matrix)


def test_buy_again_by_hand():
    table = purchases(("1", "coffee"), ("1", "tea"), ("1", "coffee"), ("2", "rug"))
    table["transaction_date"] = pd.to_datetime(
        ["2024-01-01", "2024-03-31", "2024-01-01", "2024-03-31"]
    )
    matrix = build_interaction_matrix(table)
    again = BuyAgain(half_life_days=90).fit(matrix, table)
    first = again.recommend(["1"], exclude_purchased=False)
    # coffee: twice, ninety days ago; tea: once, today
    assert first["product_id"].tolist() == ["coffee", "tea"]
    assert first["score"].tolist() == [pytest.approx(1.0), 1.0]
    assert again.recommend(["1", "2"]).empty


@pytest.mark.parametrize(
    "model",
    [BuyAgain(), ContentBased(), EASE(), FromScores(None), ItemBased(), MostPopular(), Random(),
     UserBased(), WithFallback({"purchases": ItemBased(), "popularity": MostPopular()})],
    ids=lambda model: type(model).__name__,
)  # fmt: skip
def test_asked_before_fit(model):
    for customers in (None, ["1"]):
        with pytest.raises(NotFittedError, match="call fit"):
            model.recommend(customers)
    if isinstance(model, ItemBased):
        with pytest.raises(NotFittedError, match="call fit"):
            model.contributions(pd.DataFrame({"customer_id": ["1"], "product_id": ["a"]}))
    # as in scikit-learn, whose callers catch either
    assert issubclass(NotFittedError, ValueError) and issubclass(NotFittedError, AttributeError)


def test_fallback_fits_copies(shop, bundled_matrix):
    layers = {"purchases": ItemBased(trend_days=30), "popularity": MostPopular(30)}
    asked = [*bundled_matrix.customers[:50], "nobody"]
    ours = WithFallback(layers).fit(bundled_matrix, shop[0]).recommend(asked)
    with pytest.raises(NotFittedError):
        layers["purchases"].recommend()  # the caller's own have learned nothing
    fitted = {name: model.fit(bundled_matrix, shop[0]) for name, model in layers.items()}
    pd.testing.assert_frame_equal(ours, WithFallback(fitted).recommend(asked))


def test_a_random_list_depends_on_its_customer_only(bundled_matrix):
    model = Random().fit(bundled_matrix)
    everyone = model.recommend(n=5)
    some = bundled_matrix.customers[[7, 4000, 3]]
    wanted = everyone[everyone["customer_id"].isin(some)]
    for customers in (some, some[::-1]):
        assert lists(model.recommend(customers, n=5)) == lists(wanted)
    for customer in some:
        assert lists(model.recommend([customer], n=5))[customer] == lists(wanted)[customer]
    strangers = lists(model.recommend(["nobody", "somebody"], n=5))
    assert strangers["nobody"] != strangers["somebody"]
    assert strangers["nobody"] == lists(model.recommend(["nobody"], n=5))["nobody"]
    other = Random(random_state=1).fit(bundled_matrix).recommend(some, n=5)
    assert lists(other) != lists(wanted)


def test_random_is_uniform_and_independent(bundled_matrix):
    n_customers, n_products = 20_000, bundled_matrix.shape[1]
    strangers = [f"stranger {n}" for n in range(n_customers)]
    table = Random().fit(bundled_matrix).recommend(strangers, n=2)
    place = bundled_matrix.products.get_indexer(table["product_id"]).reshape(-1, 2)
    first, second = place.T
    next_first = np.roll(first, 1)
    assert (first != second).all()
    off_diagonal = first * (n_products - 1) + second - (second > first)
    for cell, n_cells in (
        (first, n_products),
        (off_diagonal, n_products * (n_products - 1)),  # the order within a list
        (first * n_products + next_first, n_products**2),  # a customer and the next one
    ):
        expected = n_customers / n_cells
        counts = np.bincount(cell, minlength=n_cells)
        chi_square = ((counts - expected) ** 2 / expected).sum()
        # it varies by the root of twice its degrees of freedom: five times that is wide
        assert abs(chi_square - n_cells) < 5 * np.sqrt(2 * n_cells)


@pytest.mark.parametrize("case", ["no column", "unknown products", "no weight", "no rows"])
def test_events_that_name_no_product_leave_purchases_alone(looked_at, case):
    table = purchases(("1", "a"), ("1", "c"), ("2", "a"), ("2", "b"))
    matrix = build_interaction_matrix(table)
    events = {
        "no column": looked_at.drop(columns="product_id"),
        "unknown products": looked_at.assign(product_id=pd.NA),
        "no weight": looked_at.assign(event_type="page_view"),
        "no rows": looked_at.iloc[:0],
    }[case]
    model = ItemBased(intent_days=30).fit(matrix, table, events)
    plain = ItemBased().fit(matrix)
    pd.testing.assert_frame_equal(model.recommend(), plain.recommend())
    pd.testing.assert_frame_equal(
        model.contributions(plain.recommend()), plain.contributions(plain.recommend())
    )
    assert model.recommend(["new"]).empty


@pytest.mark.parametrize(
    "recommender",
    [ItemBased(), WithFallback({"purchases": ItemBased(), "popularity": MostPopular()})],
)
def test_without_further_words_a_list_has_five_products_that_are_not_owned(
    bundled_matrix, shop, recommender
):
    lists = recommender.fit(bundled_matrix, shop[0]).recommend()
    assert (lists.groupby("customer_id").size() == 5).mean() > 0.99
    owned = pd.MultiIndex.from_frame(shop[0][["customer_id", "product_id"]])
    assert not pd.MultiIndex.from_frame(lists[["customer_id", "product_id"]]).isin(owned).any()


def test_blocks_of_customers_are_put_together_as_one_and_purchases_are_kept_once():
    draw = np.random.default_rng(0)
    values = (draw.random((40, 12)) < 0.3).astype(np.float32)
    matrix = InteractionMatrix.from_frame(pd.DataFrame(values))
    model = ItemBased().fit(matrix)
    assert np.shares_memory(model.purchases_.indices, matrix.values.indices)
    assert np.shares_memory(model.purchases_.data, matrix.values.data)
    whole = model.recommend(n=3)
    model._block_size = lambda: 7
    pd.testing.assert_frame_equal(model.recommend(n=3), whole)
    assert model.recommend([], n=3).empty
