"""Lesson 03. From the interaction matrix to products that are bought by the same customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from helpers import kernels
from helpers.matrix import InteractionMatrix


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
    """Cosine similarity of all products in a few readable lines.

    :func:`product_similarity` gives the same numbers; it needs less time and memory on large
    catalogues.
    """
    together = (matrix.values.T @ matrix.values).toarray().astype(np.float64)
    length = np.sqrt(together.diagonal())
    length[length == 0] = 1  # nobody bought it, so it resembles nothing
    similarity = together / np.outer(length, length)
    np.fill_diagonal(similarity, 0)
    return ProductSimilarity(sparse.csr_array(similarity.astype(np.float32)), matrix.products)


def product_similarity(
    matrix: InteractionMatrix,
    n_neighbors: int | None = None,
    scale_customers: bool = False,
    n_jobs: int = 2,
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
    n_jobs : int
        Threads; -1 is one per processor. The result does not depend on it.
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
    customer_weight = np.ones(matrix.shape[0])
    if scale_customers:
        # a product of two scaled rows: both factors at once
        customer_weight = 1 / np.maximum(kernels.row_sums_of_squares(values), 1e-300)
    row, column, cosine = kernels.nearest_columns(values, n, customer_weight, n_jobs, compiled)
    shape = (n_products, n_products)
    return ProductSimilarity(sparse.csr_array((cosine, (row, column)), shape), matrix.products)


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
    step = max(1, kernels.BLOCK // matrix.shape[1])
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
