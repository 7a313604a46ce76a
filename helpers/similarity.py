"""Lesson 03. From the interaction matrix to products that are bought by the same customers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from helpers.matrix import InteractionMatrix

# From so many multiplications and cells on, loading the compiled loop pays.
_MANY = 25_000_000

# A block of a dense table holds about so many numbers (8 bytes each).
_BLOCK = 8_000_000


@dataclass(frozen=True)
class ProductSimilarity:
    """How alike the buyers of two products are, 0 (none in common) to 1 (the same people).

    Attributes
    ----------
    values : csr_array of float32, shape (n_products, n_products)
        Row: a product; columns: its nearest products. The diagonal is empty.
    products : Index
        The ids of rows and columns, sorted.
    """

    values: sparse.csr_array
    products: pd.Index

    def to_frame(self) -> pd.DataFrame:
        """The similarities as a DataFrame, with zeros: for small catalogues."""
        return pd.DataFrame(self.values.toarray(), self.products, self.products)


def textbook_similarity(matrix: InteractionMatrix) -> ProductSimilarity:
    """Cosine similarity of all products in four readable lines.

    :func:`product_similarity` gives the same numbers; it needs less time and memory on large
    catalogues.
    """
    together = (matrix.values.T @ matrix.values).toarray().astype(np.float64)
    length = np.sqrt(together.diagonal())
    similarity = together / np.outer(length, length)
    np.fill_diagonal(similarity, 0)
    return ProductSimilarity(sparse.csr_array(similarity.astype(np.float32)), matrix.products)


def product_similarity(
    matrix: InteractionMatrix,
    n_neighbors: int | None = None,
    scale_customers: bool = False,
    n_threads: int = 2,
    compiled: bool | None = None,
) -> ProductSimilarity:
    """Cosine similarity between the columns of the interaction matrix.

    Parameters
    ----------
    matrix : InteractionMatrix
    n_neighbors : int, optional
        Keep only each product's nearest products; ties go to the smaller product id.
    scale_customers : bool
        First scale each customer's row to length 1, so that one customer who bought half the shop
        does not tell the shop that everything goes with everything.
    n_threads : int
        The result does not depend on it.
    compiled : bool, optional
        Use the compiled loop of :mod:`helpers.kernels` or dense blocks in NumPy; chosen by the
        amount of work if left out.

    Returns
    -------
    ProductSimilarity

    Raises
    ------
    ValueError
        If `n_neighbors` is below 1.

    Notes
    -----
    For products *a* and *b* bought by the sets of customers A and B, cosine is
    ``|A and B| / sqrt(|A| * |B|)`` (Sarwar et al., *Item-based collaborative filtering
    recommendation algorithms*, 2001).

    The table of all pairs is never held: small shops go through it in blocks of rows, large ones
    pair by pair in a compiled loop. The two differ in speed only.
    """
    if n_neighbors is not None and n_neighbors < 1:
        raise ValueError(f"n_neighbors is {n_neighbors}; a product needs at least one neighbour.")
    n_products = matrix.shape[1]
    n = min(n_neighbors or n_products, n_products)
    values = matrix.values.astype(np.float64)
    customer_weight = np.ones(len(values.indptr) - 1)
    if scale_customers:
        # a product of two scaled rows: both factors at once
        customer_weight = 1 / np.maximum(_row_sums_of_squares(values), 1e-300)
    of_purchase = np.repeat(customer_weight, np.diff(values.indptr))
    squares = np.bincount(values.indices, of_purchase * values.data**2, minlength=n_products)
    # counted first and scaled once, so that equal cosines stay equal
    inverse_length = 1 / np.sqrt(np.where(squares > 0, squares, 1))
    basket = np.diff(values.indptr).astype(np.int64)
    if compiled is None:
        compiled = (basket**2).sum() + n_products**2 > _MANY and n < n_products
    neighbours = _neighbours_compiled if compiled else _neighbours_dense
    if n == n_products and not compiled:  # nothing to choose from
        neighbours = _all_neighbours
    row, column, cosine = neighbours(values, customer_weight, inverse_length, n, n_threads)
    shape = (n_products, n_products)
    return ProductSimilarity(sparse.csr_array((cosine, (row, column)), shape), matrix.products)


def _all_neighbours(values, customer_weight, inverse_length, n, n_threads):
    """Every pair that shares a buyer: no ranking, so no need for the cells that stay empty."""
    together = sparse.coo_array(values.T @ sparse.diags_array(customer_weight) @ values)
    row, column = together.coords
    other = (row != column) & (together.data > 0)
    row, column = row[other], column[other]
    cosine = together.data[other] * (inverse_length[row] * inverse_length[column])
    return row, column, cosine.astype(np.float32)


def _neighbours_dense(values, customer_weight, inverse_length, n, n_threads):
    """Blocks of rows of the table of all pairs, one after the other."""
    weighted = sparse.csr_array(sparse.diags_array(customer_weight) @ values)
    by_product = values.T.tocsr()
    n_products = len(inverse_length)
    step = max(1, _BLOCK // n_products)
    parts = []
    for start in range(0, n_products, step):
        block = (by_product[start : start + step] @ weighted).toarray()
        row = np.arange(len(block))
        block[row, row + start] = 0
        block *= np.outer(inverse_length[row + start], inverse_length)
        row, column, _ = top_n(block, n)
        cosine = block[row, column].astype(np.float32)
        parts.append(((row + start).astype(np.int32), column.astype(np.int32), cosine))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _neighbours_compiled(values, customer_weight, inverse_length, n, n_threads):
    """All pairs of products that share a buyer, spread over threads; then the best of each."""
    from helpers.kernels import best_neighbours

    n_products = len(inverse_length)
    # where each purchase stands in the baskets, product by product
    position = np.arange(values.nnz, dtype=values.indices.dtype)
    position = sparse.csr_array((position, values.indices, values.indptr), values.shape)
    position = position.T.tocsr()
    customer = position.indices
    weight = customer_weight[customer]
    others = values.data[:0]
    if (values.data != 1).any():
        weight, others = weight * values.data[position.data], values.data
    by_product = (
        _as(position.indptr, np.int64),
        _as(position.data + 1, np.int32),
        _as(values.indptr[1:][customer], np.int32),
        weight,
    )
    baskets = (_unsigned(values.indices), others)
    columns = np.zeros((n_threads, n_products, n), dtype=np.int32)
    scores = np.zeros((n_threads, n_products, n), dtype=np.float32)

    def solve(worker):
        best_neighbours(
            by_product, baskets, inverse_length, worker, n_threads, columns[worker], scores[worker]
        )

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(solve, range(n_threads)))
    # one list per worker and product: put them side by side
    columns, scores = (np.hstack(list(part)) for part in (columns, scores))
    order = np.lexsort((columns, -scores))[:, :n]
    columns, scores = (np.take_along_axis(part, order, axis=1) for part in (columns, scores))
    row, place = np.nonzero(scores)
    return row, columns[row, place], scores[row, place]


def top_n_of_product(
    left: sparse.csr_array,
    right: sparse.csr_array,
    n: int,
    excluded: sparse.csr_array | None = None,
    n_threads: int = 2,
    compiled: bool | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The n best columns of each row of ``left @ right``, which is never formed as a whole.

    Parameters
    ----------
    left : csr_array, shape (n_rows, n_causes)
    right : csr_array, shape (n_causes, n_columns)
        No entry of either may be below zero.
    n : int
    excluded : csr_array, shape (n_rows, n_columns), optional
        Cells stored in it are left out of the answer.
    n_threads : int
        The result does not depend on it.
    compiled : bool, optional
        Use the compiled loop of :mod:`helpers.kernels` or dense blocks in NumPy. They differ in
        speed only; chosen by the amount of work if left out.

    Returns
    -------
    rows, columns, ranks, scores : ndarray
        Row by row, best first; ranks count from 1. Scores are compared as float32, ties go to
        the smaller column, and zero never survives.
    """
    n = min(n, right.shape[1])
    right = right.astype(np.float64, copy=False)
    if excluded is None:
        excluded = sparse.csr_array((left.shape[0], right.shape[1]))
    if compiled is None:
        work = left.nnz * right.nnz / max(right.shape[0], 1)
        compiled = work + left.shape[0] * right.shape[1] > _MANY
    if compiled:
        return _top_n_compiled(left, right, n, excluded, n_threads)
    return _top_n_dense(left, right, n, excluded)


def _top_n_dense(left, right, n, excluded):
    """Blocks of the dense product, one after the other."""
    right = right.toarray() if right.shape[0] < 500 else right
    step = max(1, _BLOCK // max(right.shape[1], 1))
    parts = []
    for start in range(0, max(left.shape[0], 1), step):
        block = left[start : start + step] @ right
        block = block.toarray() if sparse.issparse(block) else block
        hidden = excluded[start : start + step]
        block[np.repeat(np.arange(len(block)), np.diff(hidden.indptr)), hidden.indices] = 0
        row, column, rank = top_n(block, n)
        parts.append((row + start, column, rank, block[row, column]))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _top_n_compiled(left, right, n, excluded, n_threads):
    """Ranges of rows with about the same number of entries, in threads."""
    from helpers.kernels import best_of_rows

    n_rows, n_columns = excluded.shape
    columns = np.full((n_rows, n), -1, dtype=np.int32)
    scores = np.zeros((n_rows, n))
    shares = np.linspace(0, left.nnz, 16 * n_threads + 1)[1:-1].astype(left.indptr.dtype)
    edges = np.unique([0, *np.searchsorted(left.indptr, shares), n_rows])
    tables = [_plain(left), _plain(right), _plain(excluded)[:2]]

    def solve(first, last):
        best_of_rows(*tables, n_columns, first, last, n, columns, scores)

    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(solve, edges[:-1], edges[1:]))
    found = columns >= 0
    row, place = np.nonzero(found)
    return row, columns[found], place + 1, scores[found]


def _plain(table):
    """A sparse table's arrays, in the types that the compiled loop knows."""
    return _as(table.indptr, np.int64), _unsigned(table.indices), _as(table.data, np.float64)


def _unsigned(indices):
    """Positions that cannot be negative: no check for it in the innermost loop."""
    return _as(indices, np.int32).view(np.uint32)


def _as(array, dtype):
    return np.require(array, dtype, ["C_CONTIGUOUS", "WRITEABLE"])


def top_n(scores: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The n best columns of each row.

    Parameters
    ----------
    scores : ndarray, shape (n_rows, n_columns)
    n : int

    Returns
    -------
    rows, columns, ranks : ndarray
        Positions of the survivors, row by row, best first. Scores are compared as float32, so
        that what differs by the order of adding only is equal; ties go to the smaller column;
        scores of zero or less never survive. Ranks count from 1.
    """
    n_rows, n_columns = scores.shape
    n = min(n, n_columns)
    # one whole number for score and column: the bits of a float32 above zero grow with it, and a
    # smaller column makes the number larger; so all differ, and plain sorting settles ties
    strength = np.maximum(scores, 0).astype(np.float32)
    key = (strength.view(np.int32).astype(np.int64) << 32) - np.arange(n_columns)
    if n < n_columns:
        key.partition(n_columns - n, axis=1)
    key = np.sort(key[:, n_columns - n :], axis=1)[:, ::-1]
    column = -key & 0xFFFFFFFF
    # a score of zero leaves nothing but the column
    rows, places = np.nonzero(key > 0)
    return rows, column[rows, places], places + 1


def scale_rows(values: sparse.csr_array) -> sparse.csr_array:
    """Scale each row to length 1; empty rows stay empty."""
    length = np.sqrt(_row_sums_of_squares(values))
    scaled = values.data / np.repeat(length, np.diff(values.indptr))
    return sparse.csr_array((scaled, values.indices, values.indptr), shape=values.shape)


def _row_sums_of_squares(values):
    row = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    return np.bincount(row, values.data.astype(np.float64) ** 2, minlength=values.shape[0])


def similar_products(similarity: ProductSimilarity, product_id, n: int = 5) -> pd.DataFrame:
    """The products most like one product.

    Parameters
    ----------
    similarity : ProductSimilarity
    product_id : str
    n : int

    Returns
    -------
    DataFrame
        ``product_id`` and ``similarity``, best first; fewer than `n` rows where fewer products
        share a buyer.

    Raises
    ------
    KeyError
        If the product is unknown.
    """
    if product_id not in similarity.products:
        raise KeyError(f"There is no product {product_id!r}; ids look like "
                       f"{similarity.products[0]!r}.")  # fmt: skip
    start, stop = similarity.values.indptr[similarity.products.get_loc(product_id) + np.arange(2)]
    columns = similarity.values.indices[start:stop]
    values = similarity.values.data[start:stop]
    best = np.lexsort((columns, -values))[:n]
    return pd.DataFrame(
        {"product_id": similarity.products[columns[best]], "similarity": values[best]}
    )


def product_affinity(matrix: InteractionMatrix, min_customers: int = 1) -> pd.DataFrame:
    """Which products are bought by the same customers: support, confidence and lift.

    Parameters
    ----------
    matrix : InteractionMatrix
    min_customers : int
        Leave out pairs with fewer common customers: their lift is mostly chance.

    Returns
    -------
    DataFrame
        One row per ordered pair, highest lift first: ``product_id``, ``other_product_id``,
        ``customers`` (who bought both), ``support`` (their share of all customers),
        ``confidence`` (share of the first product's buyers who also bought the other) and
        ``lift`` (confidence / share of all customers who bought the other; 1 is chance).

    Notes
    -----
    Definitions of Agrawal, Imielinski and Swami (1993) and Brin et al. (1997), with the customer
    in place of the basket.
    """
    bought = matrix.values.astype(bool).astype(np.float64)
    buyers = bought.sum(axis=0)
    by_product = bought.T.tocsr()
    step = max(1, _BLOCK // matrix.shape[1])
    parts = []
    for start in range(0, matrix.shape[1], step):
        together = sparse.coo_array(by_product[start : start + step] @ bought)
        row, column = together.coords
        kept = (together.data >= min_customers) & (row + start != column)
        parts.append((row[kept] + start, column[kept], together.data[kept]))
    first, second, both = (np.concatenate(part) for part in zip(*parts, strict=True))
    n_customers = matrix.shape[0]
    confidence = both / buyers[first]
    pairs = pd.DataFrame(
        {
            "product_id": matrix.products[first],
            "other_product_id": matrix.products[second],
            "customers": both.astype(int),
            "support": both / n_customers,
            "confidence": confidence,
            # one product of whole numbers, so that both directions get the same lift
            "lift": both * n_customers / (buyers[first] * buyers[second]),
        }
    )
    order = ["lift", "product_id", "other_product_id"]
    return pairs.sort_values(order, ascending=[False, True, True], ignore_index=True)
