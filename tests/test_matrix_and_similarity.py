"""The interaction matrix and similarity: hand-worked cases, a slow reference, scikit-learn."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity

from helpers.kernels import nearest_columns, top_n_of_product
from helpers.matrix import InteractionMatrix, build_interaction_matrix
from helpers.similarity import (
    many_common_customers,
    product_affinity,
    product_similarity,
    similar_products,
    textbook_similarity,
)
from tests.common import purchases


@st.composite
def random_matrices(draw, max_customers=12, max_products=8):
    """Small binary matrices in which every customer and product has a purchase or not."""
    shape = draw(st.integers(1, max_customers)), draw(st.integers(1, max_products))
    bits = draw(st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
    customers = [f"c{n:02d}" for n in range(shape[0])]
    products = [f"p{n:02d}" for n in range(shape[1])]
    return InteractionMatrix.from_frame(
        pd.DataFrame(np.reshape(bits, shape).astype(int), customers, products)
    )


def test_matrix_by_hand(small_matrix):
    assert small_matrix.shape == (4, 4)
    assert small_matrix.to_frame().astype(int).to_numpy().tolist() == [
        [1, 0, 1, 0],
        [1, 1, 0, 0],
        [0, 1, 1, 1],
        [1, 0, 1, 0],
    ]
    assert small_matrix.sparsity == 7 / 16
    assert small_matrix.values.dtype == np.float32


def test_counts_and_binary():
    table = purchases(("b", "y"), ("a", "x"), ("b", "y"), ("b", "x"))
    assert build_interaction_matrix(table).to_frame().to_numpy().tolist() == [[1, 0], [1, 1]]
    counts = build_interaction_matrix(table, weight="count")
    assert counts.to_frame().loc["b"].tolist() == [1, 2]


def test_matrix_does_not_depend_on_row_order(shop, bundled_matrix):
    shuffled = build_interaction_matrix(shop[0].sample(frac=1, random_state=1))
    assert (shuffled.values != bundled_matrix.values).nnz == 0
    assert shuffled.customers.equals(bundled_matrix.customers)


def test_matrix_refuses_nothing_and_nonsense(small_shop):
    with pytest.raises(ValueError, match="no transactions"):
        build_interaction_matrix(small_shop.iloc[:0])
    with pytest.raises(ValueError, match="binary"):
        build_interaction_matrix(small_shop, weight="stars")


def test_similarity_by_hand(small_matrix):
    similarity = product_similarity(small_matrix).to_frame()
    # A: customers 1, 2, 4; C: customers 1, 3, 4; two in common
    assert similarity.loc["A", "C"] == pytest.approx(2 / 3)
    assert similarity.loc["A", "B"] == pytest.approx(1 / np.sqrt(6))
    assert similarity.loc["A", "D"] == 0
    assert (np.diag(similarity) == 0).all()


def test_scaled_customers_by_hand():
    # a and b share one customer who bought nothing else, c and d one who bought everything
    table = purchases(("1", "a"), ("1", "b"), *[("2", product) for product in "cdef"])
    table = pd.concat([table, purchases(("3", "a"), ("4", "c"))])
    plain = product_similarity(build_interaction_matrix(table)).to_frame()
    scaled = product_similarity(build_interaction_matrix(table), scale_customers=True).to_frame()
    assert plain.loc["a", "b"] == pytest.approx(plain.loc["c", "d"])
    # 1/2 over the root of (1/2 + 1) x 1/2; and 1/4 over the root of (1/4 + 1) x 1/4
    assert scaled.loc["a", "b"] == pytest.approx(0.5 / np.sqrt(1.5 * 0.5))
    assert scaled.loc["c", "d"] == pytest.approx(0.25 / np.sqrt(1.25 * 0.25))


@settings(max_examples=80, deadline=None)
@given(random_matrices(), st.booleans())
def test_similarity_equals_scikit_learn(matrix, scale):
    values = matrix.values.toarray().astype(float)
    if scale:
        values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    expected = cosine_similarity(values.T)
    np.fill_diagonal(expected, 0)
    ours = product_similarity(matrix, scale_customers=scale)
    np.testing.assert_allclose(ours.values.toarray(), expected, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(random_matrices(), st.integers(1, 10), st.booleans(), st.booleans(), st.sampled_from([1, 2]))
def test_the_compiled_loop_gives_the_same_neighbours(matrix, n, scale, counts, n_jobs):
    if counts:
        matrix.values.data[:] = 1 + np.arange(matrix.values.nnz) % 3
    dense = product_similarity(matrix, n, scale, compiled=False).values
    ours = product_similarity(matrix, n, scale, n_jobs, compiled=True).values
    assert (ours.indptr == dense.indptr).all()
    assert (ours.indices == dense.indices).all()
    np.testing.assert_allclose(ours.data, dense.data, rtol=1e-6)


@st.composite
def odd_tables(draw, n_rows, n_columns):
    """Sparse tables with stored zeros, empty rows and columns, many ties, and an odd number."""
    cell = st.tuples(st.integers(0, n_rows - 1), st.integers(0, n_columns - 1))
    odd = draw(st.lists(st.sampled_from([-1, 1e-200, np.nan, np.inf]), max_size=1))
    cells = draw(st.dictionaries(cell, st.sampled_from([0, 0.5, 1, 1, 2, *odd]), max_size=30))
    row, column = zip(*cells, strict=True) if cells else ((), ())
    data = np.array(list(cells.values()), dtype=float)
    return sparse.csr_array((data, (row, column)), (n_rows, n_columns))


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 6), st.integers(1, 6), st.integers(1, 7))
def test_both_forms_agree_on_odd_tables(data, n_rows, n_columns, n):
    left = data.draw(odd_tables(n_rows, n_columns))
    right = data.draw(odd_tables(n_columns, n_columns))
    excluded = data.draw(odd_tables(n_rows, n_columns))
    dense, ours = (
        top_n_of_product(left, right, n, excluded, compiled=compiled) for compiled in (False, True)
    )
    for one, other in zip(dense, ours, strict=True):
        assert one.tolist() == other.tolist()
    assert (dense[3] > 0).all()  # no zero, and nothing that is no number
    dense, ours = (
        nearest_columns(left, n, np.ones(n_rows), compiled=compiled) for compiled in (False, True)
    )
    for one, other in zip(dense, ours, strict=True):
        assert one.tolist() == other.tolist()


def test_stored_zeros_do_no_harm():
    """They are many more than there are products: a loop that noted each would overrun its list."""
    n = 200_000
    column = (np.zeros(n), (np.arange(n), np.zeros(n, int)))
    left = sparse.csr_array(np.ones((1, n)))
    right = sparse.csr_array(column, (n, 3))
    matrix = InteractionMatrix(right, pd.RangeIndex(n), pd.Index(["a", "b", "c"]))
    for compiled in (False, True):
        assert len(top_n_of_product(left, right, 2, compiled=compiled)[0]) == 0
        assert product_similarity(matrix, 2, compiled=compiled).values.nnz == 0


def test_the_order_in_a_row_changes_nothing(bundled_matrix):
    """A customer's products may stand in any order, and one of them twice."""
    values = bundled_matrix.values.astype(float)
    turned = sparse.csr_array(
        (np.ones(2 * values.nnz) / 2,
         np.concatenate([pair for row in np.split(values.indices, values.indptr[1:-1])
                         for pair in (row[::-1], row)]),
         2 * values.indptr),
        values.shape,
    )  # fmt: skip
    for compiled in (False, True):
        wanted, got = (
            nearest_columns(v, 5, np.ones(len(v.indptr) - 1), compiled=compiled)
            for v in (values, turned)
        )
        for one, other in zip(wanted, got, strict=True):
            assert (one == other).all()


def test_a_product_without_buyers_resembles_nothing(small_matrix, recwarn):
    values = sparse.hstack([small_matrix.values, sparse.csr_array((4, 1), dtype=np.float32)])
    wider = InteractionMatrix(values.tocsr(), small_matrix.customers, pd.Index(list("ABCDE")))
    readable = textbook_similarity(wider).to_frame()
    assert (readable["E"] == 0).all() and (readable.loc["E"] == 0).all()
    assert not recwarn.list
    pd.testing.assert_frame_equal(readable, product_similarity(wider).to_frame())


def test_threads_change_nothing(bundled_matrix):
    one, *others = (
        product_similarity(bundled_matrix, 10, True, n_jobs, compiled=True).values
        for n_jobs in (1, 2, -1)
    )
    for other in others:
        assert (one.indices == other.indices).all() and (one.data == other.data).all()


@settings(max_examples=150, deadline=None)
@given(random_matrices(), st.integers(1, 10), st.booleans(), st.sampled_from([1, 2]),
       st.integers(1, 5))  # fmt: skip
def test_the_best_of_a_product(matrix, n, hide, n_jobs, against):
    """Compiled, in dense blocks, and by plain sorting; also where some of it speaks against."""
    left = matrix.values
    right = sparse.csr_array(product_similarity(matrix).values)
    right.data[against::3] *= -1
    excluded = left if hide else None
    scores = (left.astype(float) @ right.astype(float)).toarray()
    if hide:
        scores[left.toarray() > 0] = 0
    scores = scores.astype(np.float32)
    wanted = [
        sorted((c for c in range(len(row)) if row[c] > 0), key=lambda c: (-row[c], c))[:n]
        for row in scores
    ]
    for compiled in (False, True):
        row, column, rank, score = top_n_of_product(left, right, n, excluded, n_jobs, compiled)
        assert [column[row == r].tolist() for r in range(len(wanted))] == wanted
        assert all((rank[row == r] == np.arange(1, (row == r).sum() + 1)).all() for r in set(row))
        np.testing.assert_allclose(score, scores[row, column], rtol=1e-6)


def test_small_blocks_change_nothing(bundled_matrix, monkeypatch):
    similarity, pairs = product_similarity(bundled_matrix, 10), product_affinity(bundled_matrix)
    lists = top_n_of_product(bundled_matrix.values, similarity.values, 5)
    monkeypatch.setattr("helpers.kernels.BLOCK", 53 * 7)
    again = product_similarity(bundled_matrix, 10)
    assert (again.values != similarity.values).nnz == 0
    pd.testing.assert_frame_equal(pairs, product_affinity(bundled_matrix))
    for before, after in zip(
        lists, top_n_of_product(bundled_matrix.values, similarity.values, 5), strict=True
    ):
        assert (before == after).all()


def test_counts_stay_exact_where_small_types_overflow():
    """300 common buyers are 44 in 8 bits; a float32 counts to 16 million."""
    table = pd.DataFrame({"customer_id": [f"c{n}" for n in range(300)] * 2})
    table["product_id"] = ["a"] * 300 + ["b"] * 300
    matrix = build_interaction_matrix(table)
    for compiled in (False, True):
        assert product_similarity(matrix, 1, compiled=compiled).values.data.tolist() == [1, 1]
    assert product_affinity(matrix)["customers"].tolist() == [300, 300]


def test_the_readable_version_gives_the_same(bundled_matrix):
    readable = textbook_similarity(bundled_matrix).values.toarray()
    np.testing.assert_allclose(
        product_similarity(bundled_matrix).values.toarray(), readable, rtol=1e-6
    )


@settings(max_examples=80, deadline=None)
@given(random_matrices(), st.integers(1, 10))
def test_neighbours_are_the_largest_and_ties_go_to_the_smaller_id(matrix, n):
    full = product_similarity(matrix).to_frame()
    kept = product_similarity(matrix, n_neighbors=n).to_frame()
    for product in full.index:
        best = sorted(full.loc[product][full.loc[product] > 0].items(), key=lambda p: (-p[1], p[0]))
        expected = pd.Series(dict(best[:n]), dtype=np.float32).reindex(full.columns, fill_value=0)
        assert (kept.loc[product] == expected).all()


def test_similar_products(bundled_matrix):
    similarity = product_similarity(bundled_matrix)
    table = similar_products(similarity, "PROD_001", n=5)
    expected = similarity.to_frame().loc["PROD_001"].nlargest(5)
    assert table["product_id"].tolist() == expected.index.tolist()
    assert table["similarity"].is_monotonic_decreasing
    with pytest.raises(KeyError, match="PROD_999"):
        similar_products(similarity, "PROD_999")
    with pytest.raises(ValueError, match="neighbour"):
        product_similarity(bundled_matrix, n_neighbors=0)


def test_affinity_by_hand(small_matrix):
    pairs = product_affinity(small_matrix).set_index(["product_id", "other_product_id"])
    both = pairs.loc[("A", "C")]
    assert (both["customers"], both["support"]) == (2, 2 / 4)
    assert both["confidence"] == pytest.approx(2 / 3)
    assert both["lift"] == pytest.approx((2 / 3) / (3 / 4))
    assert pairs.loc[("C", "A"), "lift"] == both["lift"]
    assert ("A", "D") not in pairs.index
    assert product_affinity(small_matrix, min_customers=2)["customers"].min() == 2


def test_the_pairs_with_the_most_common_customers_are_known_without_a_table(bundled_matrix):
    rng = np.random.default_rng(0)
    shops = [bundled_matrix]
    for n, lines in ((40, 300), (300, 2_000), (60, 2_000)):
        bought = {
            "customer_id": rng.integers(0, n, lines),
            "product_id": rng.integers(0, 30, lines),
        }
        shops.append(build_interaction_matrix(pd.DataFrame(bought).astype(str)))
    for matrix, fewest, least in itertools.product(shops, (1, 2), (1, 20)):
        pairs = product_affinity(matrix, fewest)
        expected = max(least, pairs["customers"].quantile(0.9))
        expected = min(expected, pairs["customers"].max())
        many = many_common_customers(matrix, fewest, least=least)
        assert many == pytest.approx(expected)
        best = pairs[pairs["customers"] >= expected].reset_index(drop=True)
        pd.testing.assert_frame_equal(product_affinity(matrix, many), best)
    nothing = build_interaction_matrix(pd.DataFrame({"customer_id": ["1"], "product_id": ["A"]}))
    assert many_common_customers(nothing) == 0 and product_affinity(nothing, 0).empty


def test_products_too_small_for_a_float_do_not_overrun_the_compiled_loop():
    """A total that stays zero would be noted for every cause: a segmentation fault once."""
    many = sparse.csr_array(np.full((1, 200_000), 1e-200))
    found = top_n_of_product(many, sparse.csr_array(many.T), 1, compiled=True)
    assert [len(each) for each in found] == [0, 0, 0, 0]
