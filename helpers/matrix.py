"""Lesson 02. From purchases to the interaction matrix: customers x products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse


@dataclass(frozen=True)
class InteractionMatrix:
    """Who bought what: one row per customer, one column per product.

    Attributes
    ----------
    values : csr_array of float32, shape (n_customers, n_products)
        Only what is not zero is stored.
    customers, products : Index
        The ids of rows and columns, sorted.
    """

    values: sparse.csr_array
    customers: pd.Index
    products: pd.Index

    @property
    def shape(self) -> tuple[int, int]:
        """(number of customers, number of products)."""
        return self.values.shape

    @property
    def sparsity(self) -> float:
        """Share of the cells that are empty, 0 to 1."""
        return 1 - self.values.nnz / (self.shape[0] * self.shape[1])

    def to_frame(self) -> pd.DataFrame:
        """The matrix as a DataFrame, with its zeros: for small matrices and for looking at."""
        return pd.DataFrame(self.values.toarray(), self.customers, self.products)

    @classmethod
    def from_frame(cls, table: pd.DataFrame) -> InteractionMatrix:
        """Make one from a small table with customers as its index and products as its columns."""
        table = table.sort_index(axis=0).sort_index(axis=1)
        values = sparse.csr_array(table.to_numpy(dtype=np.float32))
        return cls(values, table.index, table.columns)


def build_interaction_matrix(
    transactions: pd.DataFrame, weight: str = "binary"
) -> InteractionMatrix:
    """Build the interaction matrix from purchases.

    Parameters
    ----------
    transactions : DataFrame
        With ``customer_id`` and ``product_id``.
    weight : {"binary", "count"}
        1 for "bought", or the number of times bought.

    Returns
    -------
    InteractionMatrix

    Raises
    ------
    ValueError
        If there are no transactions, or `weight` is unknown.
    """
    if weight not in ("binary", "count"):
        raise ValueError(f"weight is {weight!r}; it must be 'binary' or 'count'.")
    if transactions.empty:
        raise ValueError("There are no transactions, so there is no matrix to build.")
    customers, customer_ids = _codes(transactions["customer_id"])
    products, product_ids = _codes(transactions["product_id"])
    ones = np.ones(len(transactions), dtype=np.float32)
    shape = (len(customer_ids), len(product_ids))
    # repeated (customer, product) pairs are added up on the way to CSR
    values = sparse.coo_array((ones, (customers, products)), shape=shape).tocsr()
    if weight == "binary":
        values.data[:] = 1
    return InteractionMatrix(values, customer_ids, product_ids)


def _codes(ids):
    """Each id's position among the sorted ids, and the sorted ids."""
    codes, names = pd.factorize(ids, sort=True)
    return codes.astype(np.int32), pd.Index(names, name=ids.name)
