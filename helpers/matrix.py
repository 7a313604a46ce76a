"""Lesson 02. From purchases to the interaction matrix: customers x products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from helpers.data import line_amounts


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


def products_per_customer(matrix: InteractionMatrix) -> pd.Series:
    """Count each customer's different products: the filled cells of the row.

    Parameters
    ----------
    matrix : InteractionMatrix

    Returns
    -------
    Series of int
        By customer id.
    """
    return pd.Series(np.diff(matrix.values.indptr), matrix.customers)


def buyers_per_product(matrix: InteractionMatrix) -> pd.Series:
    """Count each product's different buyers: the filled cells of the column.

    Parameters
    ----------
    matrix : InteractionMatrix

    Returns
    -------
    Series of int
        By product id.
    """
    filled = np.bincount(matrix.values.indices, minlength=len(matrix.products))
    return pd.Series(filled, matrix.products)


def described(matrices: dict[str, InteractionMatrix]) -> pd.DataFrame:
    """What to compare two matrices by.

    Parameters
    ----------
    matrices : dict of str to InteractionMatrix

    Returns
    -------
    DataFrame
        A row per matrix: ``customers``, ``products``, ``empty`` (share of the cells), ``mean`` and
        ``median`` of the products per customer, ``only_one`` (share of the customers with a single
        product), ``buyers_mean`` and ``buyers_median`` (per product).
    """
    rows = {}
    for name, matrix in matrices.items():
        bought, buyers = products_per_customer(matrix), buyers_per_product(matrix)
        rows[name] = {
            "customers": len(bought),
            "products": len(buyers),
            "empty": matrix.sparsity,
            "mean": bought.mean(),
            "median": bought.median(),
            "only_one": (bought == 1).mean(),
            "buyers_mean": buyers.mean(),
            "buyers_median": buyers.median(),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.astype({"customers": int, "products": int})


def equally_empty_shops() -> dict[str, InteractionMatrix]:
    """Two made-up shops of ten customers, ten products and twenty filled cells.

    Returns
    -------
    dict of str to InteractionMatrix
        ``"one heavy buyer"``: one customer bought everything, and nearly all others one product.
        ``"two products each"``: everybody bought two.
    """
    customers = [f"customer {number:02d}" for number in range(1, 11)]
    own = np.eye(10)
    uneven = own.copy()
    uneven[0] = 1
    uneven[1, 2] = 1
    even = own + np.roll(own, 1, axis=1)
    return {
        name: InteractionMatrix.from_frame(pd.DataFrame(values, customers, list("ABCDEFGHIJ")))
        for name, values in [("one heavy buyer", uneven), ("two products each", even)]
    }


def shares_by_tenth(per_customer: pd.Series) -> pd.Series:
    """How the filled cells are spread over ten equally large groups of customers.

    Parameters
    ----------
    per_customer : Series of int
        From :func:`products_per_customer`; at least ten customers.

    Returns
    -------
    Series of float
        By group, 1 (fewest products) to 10 (most); sums to 1.
    """
    groups = np.array_split(np.sort(per_customer.to_numpy()), 10)
    return pd.Series([group.sum() for group in groups], range(1, 11)) / per_customer.sum()


def megabytes(n_customers: int, n_products: int, n_filled: float) -> pd.Series:
    """Memory of a matrix, with its zeros and without, in millions of bytes.

    Parameters
    ----------
    n_customers, n_products : int
    n_filled : float
        Cells that are not zero.

    Returns
    -------
    Series
        ``dense``: four bytes for every cell. ``sparse``: for every filled cell four bytes of value
        and four of column number, and four for where each row begins.
    """
    dense = 4 * n_customers * n_products
    sparse_bytes = 8 * n_filled + 4 * (n_customers + 1)
    return pd.Series({"dense": dense, "sparse": sparse_bytes}) / 1e6


def product_views(events: pd.DataFrame | None) -> pd.DataFrame | None:
    """The events in which a customer looked at a product; None where a shop has none of them."""
    if events is None:
        return None
    views = events[(events["event_type"] == "product_view") & events["product_id"].notna()]
    return None if views.empty else views


def viewed_cells(matrix: InteractionMatrix, events: pd.DataFrame | None) -> pd.DataFrame | None:
    """Of the empty and of the filled cells, how many the events know a view of.

    Parameters
    ----------
    matrix : InteractionMatrix
    events : DataFrame or None

    Returns
    -------
    DataFrame or None
        Rows ``empty`` and ``filled``; columns ``cells``, ``viewed`` and ``share`` (viewed of
        cells). None where the events tell of no views.
    """
    views = product_views(events)
    if views is None:
        return None
    filled = _filled_places(matrix)
    viewed = _places(views, matrix)
    both = len(np.intersect1d(viewed, filled, assume_unique=True))
    n_cells = matrix.shape[0] * matrix.shape[1]
    cells = np.array([n_cells - len(filled), len(filled)])
    table = pd.DataFrame({"cells": cells, "viewed": [len(viewed) - both, both]})
    table["share"] = table["viewed"] / table["cells"]
    return table.set_axis(["empty", "filled"])


def bought_later(
    transactions: pd.DataFrame, events: pd.DataFrame | None, days: int
) -> pd.DataFrame:
    """What became of the cells that were empty some days before the purchases end.

    Parameters
    ----------
    transactions : DataFrame
    events : DataFrame or None
    days : int
        How long before the last purchase the matrix is looked at; views count if they fall into
        as many days before that.

    Returns
    -------
    DataFrame
        Rows: ``all empty cells`` and, where there are views before that day, ``viewed`` and ``not
        viewed`` (the other empty cells of the customers who viewed something). Columns: ``cells``,
        ``bought`` (filled by the end) and ``share``. In ``attrs``: the ``day``, how many
        ``customers`` filled a cell, and ``again``, how many filled cells were bought once more.

    Raises
    ------
    ValueError
        If nobody bought anything up to that day.
    """
    day = transactions["transaction_date"].max() - pd.Timedelta(days=days)
    known = transactions["transaction_date"] <= day
    matrix = build_interaction_matrix(transactions[known])
    n_customers, n_products = matrix.shape
    filled = _filled_places(matrix)
    after = _places(transactions[~known], matrix)
    later = np.setdiff1d(after, filled, assume_unique=True)
    rows = {"all empty cells": (n_customers * n_products - len(filled), len(later))}
    views = product_views(events)
    if views is not None:
        recent = views["event_date"].between(day - pd.Timedelta(days=days), day)
        viewed = np.setdiff1d(_places(views[recent], matrix), filled, assume_unique=True)
        people = np.unique(viewed // n_products)
        if len(people):
            theirs = [np.isin(places // n_products, people).sum() for places in (filled, later)]
            found = len(np.intersect1d(viewed, later, assume_unique=True))
            others = len(people) * n_products - theirs[0] - len(viewed)
            rows["viewed"] = (len(viewed), found)
            rows["not viewed"] = (others, theirs[1] - found)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["cells", "bought"])
    table["share"] = table["bought"] / table["cells"]
    people = len(np.unique(later // n_products))
    table.attrs = {"day": day, "customers": people, "again": len(after) - len(later)}
    return table


def leaders(transactions: pd.DataFrame, days: int) -> pd.Series:
    """Which product leads, by what is counted.

    Parameters
    ----------
    transactions : DataFrame
    days : int
        What is recent: so many days up to the last purchase.

    Returns
    -------
    Series of product ids
        By what is counted: ``buyers``, ``purchases``, ``money`` (missing where the file has no
        amounts) and ``recent buyers``. Of equals, the first id.
    """
    once = transactions.drop_duplicates(["customer_id", "product_id"])
    last = transactions["transaction_date"].max()
    recent = transactions[transactions["transaction_date"] > last - pd.Timedelta(days=days)]
    recent = recent.drop_duplicates(["customer_id", "product_id"])
    amounts = line_amounts(transactions)
    counted = {
        "buyers": once.groupby("product_id").size(),
        "purchases": transactions.groupby("product_id").size(),
        "money": None if amounts is None else amounts.groupby(transactions["product_id"]).sum(),
        "recent buyers": recent.groupby("product_id").size(),
    }
    first = {name: None if each is None else each.idxmax() for name, each in counted.items()}
    return pd.Series(first, dtype=object)


def left_out(
    matrix: InteractionMatrix, limits: list[int], n_draws: int = 5, seed: int = 0
) -> pd.DataFrame:
    """What goes with the fullest rows, and whether anybody else would notice.

    Parameters
    ----------
    matrix : InteractionMatrix
    limits : list of int
        Customers with more different products than this are left out.
    n_draws, seed : int
        How often customers are drawn for comparison, and the seed of the draws.

    Returns
    -------
    DataFrame
        A row per limit: ``customers`` left out, their share of the filled ``cells`` and of the
        ``pairs`` (a row with n products makes n (n - 1) / 2); ``changed``, the share of products
        whose most frequent companion is another one without these rows, and ``by_chance``, that
        share if as many filled cells are taken from customers drawn at random.
    """
    bought = products_per_customer(matrix).to_numpy()
    pairs = bought * (bought - 1) / 2
    before = _companions(matrix, bought >= 0)
    rng = np.random.default_rng(seed)
    rows = {}
    for limit in limits:
        heavy = bought > limit
        drawn = []
        for _ in range(n_draws):
            order = rng.permutation(len(bought))
            taken = np.cumsum(bought[order]) <= bought[heavy].sum()
            stays = np.ones(len(bought), dtype=bool)
            stays[order[taken]] = False
            drawn.append((_companions(matrix, stays) != before).mean())
        rows[limit] = {
            "customers": heavy.sum(),
            "cells": bought[heavy].sum() / bought.sum(),
            "pairs": pairs[heavy].sum() / max(pairs.sum(), 1),
            "changed": (_companions(matrix, ~heavy) != before).mean(),
            "by_chance": np.mean(drawn),
        }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"customers": int})


def by_window(transactions: pd.DataFrame, days: list[int]) -> dict[str, InteractionMatrix]:
    """Matrices of all purchases and of the last so many days.

    Parameters
    ----------
    transactions : DataFrame
    days : list of int
        Windows; those that reach as far back as the file are left out.

    Returns
    -------
    dict of str to InteractionMatrix
        ``"all 730 days"``, ``"last 365 days"`` …
    """
    dates = transactions["transaction_date"]
    ago = (dates.max().normalize() - dates.dt.normalize()).dt.days
    whole = int(ago.max()) + 1
    name = f"all {whole:,} days" if whole > 1 else "a single day"
    matrices = {name: build_interaction_matrix(transactions)}
    for window in days:
        if window < whole:
            recent = transactions[ago < window]
            matrices[f"last {window:,} days"] = build_interaction_matrix(recent)
    return matrices


def _companions(matrix, kept, most=200):
    """The product bought most along with each of the best-sold products; the first of equals."""
    products = np.argsort(-buyers_per_product(matrix).to_numpy(), kind="stable")[:most]
    values = matrix.values[np.flatnonzero(kept)]
    together = (values[:, products].T @ values).toarray()
    together[np.arange(len(products)), products] = -1
    return together.argmax(axis=1)


def _filled_places(matrix):
    """The filled cells, numbered row by row."""
    rows, columns = matrix.values.nonzero()
    return rows.astype(np.int64) * matrix.shape[1] + columns


def _places(table, matrix):
    """The cells that a table's customers and products lead to, each once, numbered row by row."""
    rows = matrix.customers.get_indexer(table["customer_id"]).astype(np.int64)
    columns = matrix.products.get_indexer(table["product_id"])
    known = (rows >= 0) & (columns >= 0)
    return np.unique(rows[known] * matrix.shape[1] + columns[known])


def _codes(ids):
    """Each id's position among the sorted ids, and the sorted ids."""
    codes, names = pd.factorize(ids, sort=True)
    return codes.astype(np.int32), pd.Index(names, name=ids.name)
