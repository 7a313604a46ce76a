"""Lesson 03. From the interaction matrix to products that are bought by the same customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

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


def product_similarity(
    matrix: InteractionMatrix, n_neighbors: int | None = None, scale_customers: bool = False
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
    """
    if n_neighbors is not None and n_neighbors < 1:
        raise ValueError(f"n_neighbors is {n_neighbors}; a product needs at least one neighbour.")
    # float64 while adding up, so that near-ties do not depend on the order of the customers
    values = matrix.values.astype(np.float64)
    if scale_customers:
        values = scale_rows(values)
    together = (values.T @ values).tocsr()
    length = np.sqrt(together.diagonal())
    together.setdiag(0)
    together.eliminate_zeros()
    product = np.repeat(np.arange(len(length)), np.diff(together.indptr))
    together.data /= length[product] * length[together.indices]
    # rounded to float32 before neighbours are chosen: equal numbers must tie
    similarity = together.astype(np.float32)
    if n_neighbors is not None:
        similarity = _keep_largest(similarity, n_neighbors)
    similarity.sort_indices()
    return ProductSimilarity(similarity, matrix.products)


def scale_rows(values: sparse.csr_array) -> sparse.csr_array:
    """Scale each row to length 1; empty rows stay empty."""
    length = np.sqrt(values.multiply(values).sum(axis=1))
    return sparse.csr_array(sparse.diags_array(1 / np.where(length > 0, length, 1)) @ values)


def _keep_largest(values, n):
    """The n largest of each row; ties go to the smaller column."""
    row = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
    order = np.lexsort((values.indices, -values.data, row))
    rank = np.arange(len(row)) - values.indptr[row]  # rows keep their place in the order
    kept = order[rank < n]
    return sparse.csr_array(
        (values.data[kept], (row[kept], values.indices[kept])), shape=values.shape
    )


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
    together = sparse.coo_array(bought.T @ bought)
    first, second = together.coords
    wanted = (first != second) & (together.data >= min_customers)
    first, second, both = first[wanted], second[wanted], together.data[wanted]
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
