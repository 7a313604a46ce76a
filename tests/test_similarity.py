"""Lesson 03's computations against slow plain versions, and on shops that are odd."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import data
from helpers.matrix import InteractionMatrix, build_interaction_matrix
from helpers.similarity import (
    bought_later,
    common_buyers,
    enough_buyers,
    first_page,
    lift_that_melts,
    nearest_in_same_category,
    neighbours_beside_chance,
    pages,
    pages_filled,
    product_affinity,
    product_groups,
    product_similarity,
    row_by_buyers,
    shared_with_nearest,
    similar_products,
    somebody_who_bought,
)
from tests.common import purchases


@st.composite
def matrices(draw):
    """Small tables of 0 and 1; some customers and products have nothing."""
    shape = draw(st.integers(1, 9)), draw(st.integers(1, 7))
    bits = draw(st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    customers = [f"c{n}" for n in range(shape[0])]
    products = [f"p{n}" for n in range(shape[1])]
    table = pd.DataFrame(np.reshape(bits, shape).astype(int), customers, products)
    return InteractionMatrix.from_frame(table)


def counts_of(matrix):
    """All common buyers, with zeros on the diagonal."""
    table = matrix.values.toarray().astype(int)
    common = table.T @ table
    np.fill_diagonal(common, 0)
    return common


def best(values, n):
    """Positions of the n largest values above zero; ties go to the smaller position."""
    return [place for place in sorted(range(len(values)), key=lambda p: (-values[p], p))
            if values[place] > 0][:n]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(matrices(), st.integers(1, 5))
def test_common_buyers_and_pages(matrix, n):
    common = counts_of(matrix)
    counted = common_buyers(matrix, n)
    shown = [best(row, n) for row in common]
    for place, product in enumerate(matrix.products):
        row = similar_products(counted, product, n)
        assert row["product_id"].tolist() == matrix.products[shown[place]].tolist()
        assert row["similarity"].tolist() == common[place][shown[place]].tolist()
    flat = [place for row in shown for place in row]
    expected = [flat.count(place) for place in range(len(common))]
    assert pages(counted, n).tolist() == expected
    for least, number in pages_filled(counted, [1, 2, 3], n).items():
        assert number == sum((row >= least).sum() >= n for row in common)


def test_pages_looks_at_the_n_best_of_more(bundled_matrix):
    few, many = product_similarity(bundled_matrix, 4), product_similarity(bundled_matrix)
    pd.testing.assert_series_equal(pages(few), pages(many))
    assert pages(many).sum() == 4 * bundled_matrix.shape[1]


def test_neighbours_beside_chance_by_hand(small_matrix):
    table = neighbours_beside_chance(small_matrix, product_similarity(small_matrix), "C")
    assert table["product_id"].tolist() == ["A", "D", "B"]
    first = table.iloc[0]
    assert (first["buyers"], first["common"]) == (3, 2)
    assert first["by_chance"] == 3 * 3 / 4
    assert first["times_chance"] == pytest.approx(2 / (9 / 4))
    assert first["similarity"] == pytest.approx(2 / 3)
    # the same as what bought-together pairs call lift
    pairs = product_affinity(small_matrix).set_index(["product_id", "other_product_id"])["lift"]
    assert table["times_chance"].tolist() == pytest.approx(pairs["C"][table["product_id"]].tolist())


def test_the_nearest_in_the_same_category(small_matrix):
    # nearest: A-C, B-D, C-A, D-B
    similarity = product_similarity(small_matrix)

    def shares(categories):
        return nearest_in_same_category(
            similarity, pd.DataFrame({"product_category": categories}, list("ABCD"))
        )

    assert shares(["x", "y", "x", "y"]) == pytest.approx((1, 1 / 3))
    assert shares(["x", "x", "y", "y"]) == pytest.approx((0, 1 / 3))
    # A is not asked without a category, and its neighbour C is not confirmed by it
    assert shares([None, "y", "x", "y"]) == pytest.approx((2 / 3, (1 / 3 + 0 + 1 / 3) / 3))
    assert shares(["x"] * 4) is None
    assert shares([None] * 4) is None


def test_a_product_without_neighbours_is_not_asked():
    matrix = build_interaction_matrix(purchases(("1", "a"), ("1", "b"), ("2", "c")))
    products = pd.DataFrame({"product_category": ["x", "x", "y"]}, list("abc"))
    assert nearest_in_same_category(product_similarity(matrix), products) == (1, 1 / 2)


@settings(max_examples=60, deadline=None)
@given(matrices())
def test_what_two_share(matrix):
    filled = matrix.values.toarray().astype(int)
    filled = filled[filled.any(axis=1)][:, filled.any(axis=0)]
    if not filled.size:
        return
    ids = [pd.Index(range(length)) for length in filled.shape]
    from scipy import sparse

    found = shared_with_nearest(InteractionMatrix(sparse.csr_array(filled), *ids))
    for name, table in [("customers", filled), ("products", filled.T)]:
        common = table @ table.T
        size = common.diagonal().copy()
        np.fill_diagonal(common, 0)
        n = len(table)
        assert found.loc[name, "any_two"] == pytest.approx(common.sum() / max(1, n * (n - 1)))
        triples = []
        for place in range(n):
            cosine = [round(common[place, o] / (size[place] * size[o]) ** 0.5, 9) for o in range(n)]
            nearest = int(np.argmax(cosine))
            triples.append((common[place, nearest], size[place], size[nearest]))
        row = found.loc[name]
        assert row["how_many"] == n
        middle = sorted(triple[0] for triple in triples)[n // 2]
        assert row["shared"] == middle
        assert row["shared"] <= min(row["own"], row["nearest_own"])


def test_what_two_share_of_a_part_is_the_same_every_time(bundled_matrix):
    one, other = (shared_with_nearest(bundled_matrix, most=200) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    whole = shared_with_nearest(bundled_matrix, most=10_000)
    assert abs(one.loc["customers", "shared"] - whole.loc["customers", "shared"]) <= 1


VISITS = purchases(
    ("1", "page", "2024-01-01"), ("1", "a", "2024-01-02"), ("1", "b", "2024-01-03"),
    ("2", "page", "2024-01-05"), ("2", "a", "2024-01-05"), ("2", "b", "2024-01-09"),
    ("3", "a", "2024-01-01"), ("3", "page", "2024-01-02"), ("3", "a", "2024-01-08"),
    ("4", "a", "2024-01-01"), ("4", "b", "2024-01-02"),
)  # fmt: skip


def test_bought_later_is_on_a_later_day_for_the_first_time():
    later = bought_later(VISITS, "page", {"one": ["a", "b"], "two": ["a"], "three": ["unsold"]})
    assert later.index.tolist() == ["1", "2", "3"]
    assert later["one"].tolist() == [2, 1, 0]
    assert later["two"].tolist() == [1, 0, 0]
    assert later["three"].tolist() == [0, 0, 0]
    assert somebody_who_bought(VISITS, "page", ["a", "b"]) == ("1", 2)
    assert somebody_who_bought(VISITS, "page", ["b"]) == ("1", 1)  # the first among equals


def test_the_first_page_is_found_by_a_rule(shop):
    # 1 begins with the page; a tenth of the best seller's buyers is one
    assert first_page(VISITS) == ("1", "page")
    # nobody came back: the best seller (a and page have 4 and 3 buyers) and its first buyer
    one_day = VISITS.assign(transaction_date=pd.Timestamp("2024-01-01"))
    assert first_page(one_day) == ("1", "a")
    # a product that hardly anybody has is no page for a lesson
    crowd = purchases(*[(f"x{n:02d}", "hit") for n in range(30)])
    rare = purchases(("0", "rare", "2024-01-01"), ("0", "hit", "2024-01-02"))
    back = purchases(("1", "hit", "2024-01-01"), ("1", "rare2", "2024-01-02"))
    assert first_page(pd.concat([crowd, rare, back])) == ("1", "hit")
    assert first_page(shop[0].sample(frac=1, random_state=0)) == first_page(shop[0])


def slow_row(transactions, matrix, products, counts, n, damping):
    """The same shares, one product at a time, with sets and sorted lists."""
    bought = transactions.groupby("customer_id")["product_id"].agg(set)
    buyers = transactions.groupby("product_id")["customer_id"].agg(set).map(len)
    ids = list(matrix.products)
    first = transactions.groupby(["product_id", "customer_id"])["transaction_date"].min()

    def row_of(product, people, damp=0):
        score = []
        for other in ids:
            common = sum(other in bought[person] for person in people)
            cosine = common / (len(people) * buyers[other]) ** 0.5
            score.append(0 if other == product else cosine * common / max(1, common + damp))
        return {ids[place] for place in best(np.float32(score), n)}

    found = {count: {"same": [], "damped": []} for count in counts}
    half, popular = [], []
    for product in ids:
        if buyers[product] < 2 * counts[-1]:
            continue
        people = first[product].reset_index().sort_values(["transaction_date", "customer_id"])
        people = people["customer_id"].tolist()
        late = row_of(product, people[len(people) // 2 :])
        half.append(len(late & row_of(product, people[: len(people) // 2])) / n)
        own = products.loc[product, "product_category"]
        rivals = [other for other in ids if other != product]
        rivals.sort(key=lambda o: (products.loc[o, "product_category"] != own, -buyers[o], o))
        popular.append(len(late & set(rivals[:n])) / n)
        for count in counts:
            found[count]["same"].append(len(late & row_of(product, people[:count])) / n)
            damped = row_of(product, people[:count], damping)
            found[count]["damped"].append(len(late & damped) / n)
    return found, half, popular


def test_a_row_from_few_buyers_against_the_slow_version(shop):
    part = shop[0][shop[0]["customer_id"] < "CUST00600"]
    matrix, products = build_interaction_matrix(part), data.product_table(part)
    counts = [1, 3, 10]
    table = row_by_buyers(part, matrix, products, [*counts, 1_000])
    found, half, popular = slow_row(part, matrix, products, counts, 4, 10)
    assert table.index.tolist() == counts
    assert table.attrs["products"] == len(half) >= 10
    assert table.attrs["half"] == pytest.approx(np.mean(half))
    assert table.attrs["popular"] == pytest.approx(np.mean(popular))
    assert table.attrs["chance"] == pytest.approx(4 / (matrix.shape[1] - 1))
    for count in counts:
        for name in ("same", "damped"):
            ahead = np.array(found[count][name]) - popular
            assert table.loc[count, name] == pytest.approx(np.mean(found[count][name]))
            assert table.loc[count, f"{name}_ahead"] == pytest.approx(ahead.mean())
            assert table.loc[count, f"{name}_error"] == pytest.approx(
                ahead.std(ddof=1) / len(ahead) ** 0.5
            )
    assert table.loc[1, "weeks"] == 0 and table["weeks"].is_monotonic_increasing


def test_a_row_where_there_is_little_to_tell_from(small_shop):
    matrix, products = build_interaction_matrix(small_shop), data.product_table(small_shop)
    table = row_by_buyers(small_shop, matrix, products)
    assert table.index.tolist() == [1] and table.attrs["rival"] == "best sellers"
    single = purchases(("1", "a"), ("2", "b"))
    empty = row_by_buyers(single, build_interaction_matrix(single), data.product_table(single))
    assert empty.empty and enough_buyers(empty) is None


def test_enough_buyers_holds_for_every_larger_count():
    row = pd.DataFrame(
        {"same": [0.2, 0.3, 0.3, 0.5], "same_ahead": [0.1, 0.02, 0.1, 0.3], "same_error": 0.04},
        index=[1, 3, 10, 30],
    )
    row.attrs["half"] = 0.8
    assert enough_buyers(row) == 10  # 1 is ahead as well, but 3 is not
    assert enough_buyers(row, errors=0) == 1
    assert enough_buyers(row, of_ceiling=0.5) == 30
    assert enough_buyers(row, errors=10) is None


def tasteful(n_customers, tastes, seed=0):
    """Customers of several tastes buy of their own taste's products mostly."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(n_customers):
        own = customer % tastes
        for _ in range(6):
            taste = own if rng.random() < 0.8 else rng.integers(tastes)
            rows.append((f"c{customer:04d}", f"t{taste}_{rng.integers(8)}"))
    return build_interaction_matrix(purchases(*rows))


@pytest.mark.parametrize("tastes", [2, 3, 5])
def test_groups_are_found_where_they_are(tastes):
    groups = product_groups(tasteful(600, tastes))
    assert groups.attrs["clear"]
    planted = groups.index.str[:2]
    assert pd.crosstab(planted, groups["group"]).gt(0).to_numpy().sum() == tastes
    # and a product's neighbour on the map is of its own group
    places = groups[["x", "y"]].to_numpy()
    away = np.linalg.norm(places[:, None] - places[None], axis=2) + np.diag([np.inf] * len(places))
    assert (groups["group"].to_numpy()[away.argmin(axis=1)] == groups["group"]).mean() >= 0.9


def test_no_groups_are_found_where_there_are_none():
    found = [product_groups(tasteful(400, 1, seed)).attrs["clear"] for seed in range(4)]
    rng = np.random.default_rng(0)
    rows = [(f"c{c}", f"p{p:02d}") for c in range(400) for p in rng.integers(0, 40, 1 + c % 9)]
    found.append(product_groups(build_interaction_matrix(purchases(*rows))).attrs["clear"])
    assert not any(found)


@pytest.mark.parametrize("n_products", [1, 2, 3, 4])
def test_groups_of_hardly_any_products(n_products):
    bought = data.miniature()
    matrix = build_interaction_matrix(bought[bought["product_id"] < "ABCDE"[n_products]])
    groups = product_groups(matrix)
    assert not groups.attrs["clear"] and len(groups) == (0 if n_products == 1 else n_products)
    assert np.isfinite(groups[["x", "y"]].to_numpy(float)).all()


def test_the_map_draws_the_products_with_most_buyers(bundled_matrix):
    groups = product_groups(bundled_matrix, n_products=20)
    buyers = pd.Series(bundled_matrix.values.sum(axis=0), bundled_matrix.products)
    assert set(groups.index) == set(buyers.nlargest(20).index)
    pd.testing.assert_frame_equal(groups, product_groups(bundled_matrix, n_products=20))


def test_the_lift_that_melts_by_hand():
    dates = ["2024-01-01"] * 4 + ["2024-06-01"] * 4
    table = purchases(*zip("11223344", "abacabab", dates, strict=True))
    pairs = product_affinity(build_interaction_matrix(table))
    melted = lift_that_melts(table, pairs, [1, 2], share=0.4)
    # early: two customers, a with b and a with c, one each: a has both, b and c one
    assert melted.index.tolist() == [1]
    assert melted.loc[1, "customers"] == 1
    assert melted.loc[1, "lift"] == 1  # a is bought by everybody
    assert melted.loc[1, "lift_later"] == 1 and melted.loc[1, "lift_that_stayed"] == 1


def test_the_lift_melts_in_the_shop(shop, bundled_matrix):
    melted = lift_that_melts(shop[0], product_affinity(bundled_matrix))
    assert melted.index.tolist() == [1, 3, 5, 10]
    assert melted["lift_that_stayed"].is_monotonic_increasing
    assert melted["lift"].is_monotonic_decreasing
