"""Lesson 03. From the interaction matrix to products that are bought by the same customers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from helpers.matrix import InteractionMatrix

# One block of products reads at most about so many purchases, and holds so many cells.
_READS = 2_000_000
_CELLS = 4_000_000


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

    The table of all pairs is never held: products are taken in blocks, and for each block the
    baskets of its buyers are gathered and added up (see :func:`_co_purchases`).
    """
    if n_neighbors is not None and n_neighbors < 1:
        raise ValueError(f"n_neighbors is {n_neighbors}; a product needs at least one neighbour.")
    values = scale_rows(matrix.values) if scale_customers else matrix.values.astype(np.float64)
    n_products = matrix.shape[1]
    by_product = values.T.tocsr()
    squares = by_product.multiply(by_product).sum(axis=1)
    inverse_length = 1 / np.sqrt(np.where(squares > 0, squares, 1))

    def neighbours(block):
        first, last = block
        together = _co_purchases(values, by_product, first, last)
        together[np.arange(last - first), np.arange(first, last)] = 0
        # a row's own length does not change its order; rounding to float32 lets equals tie
        ordering = np.multiply(together, -inverse_length, dtype=np.float64).astype(np.float32)
        if n_neighbors is not None and n_neighbors < n_products:
            limit = np.partition(ordering, n_neighbors - 1, axis=1)[
                :, n_neighbors - 1 : n_neighbors
            ]
            row, column = np.nonzero((ordering <= limit) & (ordering < 0))
            row, column = _first_n(row, column, ordering[row, column], n_neighbors)
        else:
            row, column = np.nonzero(ordering)
        cosine = together[row, column] * inverse_length[column] * inverse_length[row + first]
        return row + first, column, cosine.astype(np.float32)

    blocks = _blocks(values, by_product)
    if len(blocks) == 1 or n_threads == 1:
        parts = [neighbours(block) for block in blocks]
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            parts = list(pool.map(neighbours, blocks))
    row, column, cosine = (np.concatenate(part) for part in zip(*parts, strict=True))
    shape = (n_products, n_products)
    return ProductSimilarity(sparse.csr_array((cosine, (row, column)), shape), matrix.products)


def _blocks(values, by_product):
    """Cut the products into blocks of bounded work and bounded memory: [(first, last), ...].

    The work of a product is the total basket size of its buyers; bestsellers have most of it.
    """
    n_products = by_product.shape[0]
    basket = np.diff(values.indptr)
    reads = np.concatenate([[0], np.cumsum(basket[by_product.indices], dtype=np.int64)])
    reads = reads[by_product.indptr]
    widest = max(1, _CELLS // n_products)
    blocks, first = [], 0
    while first < n_products:
        last = int(np.searchsorted(reads, reads[first] + _READS, side="right")) - 1
        last = min(max(last, first + 1), first + widest, n_products)
        blocks.append((first, last))
        first = last
    return blocks


def _co_purchases(values, by_product, first, last):
    """Rows `first` to `last` of ``values.T @ values``, dense, without forming the rest.

    Gather the baskets of each product's buyers, put them behind one another as *one* row per
    product, and let SciPy's conversion to dense add up what occurs several times.
    """
    purchases = slice(by_product.indptr[first], by_product.indptr[last])
    baskets = values[by_product.indices[purchases]]
    baskets.data *= np.repeat(by_product.data[purchases], np.diff(baskets.indptr))
    ends = by_product.indptr[first : last + 1] - by_product.indptr[first]
    rows = (baskets.data, baskets.indices, baskets.indptr[ends])
    return sparse.csr_array(rows, shape=(last - first, values.shape[1])).toarray()


def _first_n(row, column, ordering, n):
    """The n smallest of each row, in order; ties go to the smaller column."""
    order = np.lexsort((column, ordering, row))
    row, column = row[order], column[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    return row[rank < n], column[rank < n]


def scale_rows(values: sparse.csr_array) -> sparse.csr_array:
    """Scale each row to length 1; empty rows stay empty."""
    row = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    squares = np.bincount(
        row, weights=values.data.astype(np.float64) ** 2, minlength=len(values.indptr) - 1
    )
    scaled = values.data / np.sqrt(squares)[row]
    return sparse.csr_array((scaled, values.indices, values.indptr), shape=values.shape)


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
    by_product = bought.T.tocsr()
    buyers = np.diff(by_product.indptr)
    parts = []
    for first, last in _blocks(bought, by_product):
        together = _co_purchases(bought, by_product, first, last)
        together[np.arange(last - first), np.arange(first, last)] = 0
        row, column = np.nonzero(together >= max(min_customers, 1))
        parts.append((row + first, column, together[row, column]))
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
