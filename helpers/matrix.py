"""Lesson 02. From purchases to the interaction matrix: customers x products."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from helpers.data import line_amounts

#: Buyers on whom a product's list can rest: a guess, until lesson 03 measures it.
ENOUGH_BUYERS = 30


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
        1 for "bought", or the number of lines.

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


def buyers_per_week(transactions: pd.DataFrame) -> pd.DataFrame:
    """Count each product's buyers, and how many came per week since its first sale.

    Parameters
    ----------
    transactions : DataFrame

    Returns
    -------
    DataFrame
        By product id, most buyers first: ``buyers``; ``weeks``, from the product's first sale to
        the end of the file, both days included; ``per_week``.
    """
    day = transactions["transaction_date"].dt.normalize()
    first = day.groupby(transactions["product_id"]).min()
    table = pd.DataFrame({"buyers": buyers_per_product(build_interaction_matrix(transactions))})
    table["weeks"] = ((day.max() - first).dt.days + 1) / 7
    table["per_week"] = table["buyers"] / table["weeks"]
    return table.sort_values("buyers", ascending=False, kind="stable")


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
        product), ``buyers_mean`` and ``buyers_median`` (per product), ``covered``: the products
        with at least :data:`ENOUGH_BUYERS`, and ``pairs``, how many the customers'
        products make.
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
            "covered": (buyers >= ENOUGH_BUYERS).sum(),
            "pairs": (bought * (bought - 1)).sum() // 2,
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.astype({"customers": int, "products": int, "covered": int, "pairs": int})


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


def product_views(events: pd.DataFrame | None) -> pd.DataFrame | None:
    """The events in which a customer looked at a product; None where a shop has none of them."""
    if events is None:
        return None
    views = events[(events["event_type"] == "product_view") & events["product_id"].notna()]
    return None if views.empty else views


def viewed_cells(transactions: pd.DataFrame, events: pd.DataFrame | None) -> pd.DataFrame | None:
    """Of the empty and of the filled cells, how many the events know a view of.

    Parameters
    ----------
    transactions : DataFrame
    events : DataFrame or None

    Returns
    -------
    DataFrame or None
        Rows ``empty`` and ``filled``; columns ``cells``, ``viewed`` and ``share`` (viewed of
        cells). A filled cell counts if its first purchase lies between the first and the last day
        with a view, and as viewed if a view is not later than the day of that purchase. In
        ``attrs``: ``begins`` and ``ends``, those two days. None where the events tell of no views.
    """
    views = product_views(events)
    if views is None:
        return None
    matrix = build_interaction_matrix(transactions)
    cell = ["customer_id", "product_id"]
    bought = transactions.groupby(cell)["transaction_date"].min().dt.normalize().rename("bought")
    viewed = views.groupby(cell)["event_date"].min().dt.normalize().rename("viewed")
    first = pd.concat([bought, viewed], axis=1)
    begins, ends = (views["event_date"].agg(each).normalize() for each in ("min", "max"))
    counted = first["bought"].between(begins, ends)
    before = (counted & (first["viewed"] <= first["bought"])).sum()
    filled = _filled_places(matrix)
    empty = np.setdiff1d(_places(views, matrix), filled, assume_unique=True)
    cells = np.array([matrix.shape[0] * matrix.shape[1] - len(filled), counted.sum()])
    table = pd.DataFrame({"cells": cells, "viewed": [len(empty), before]})
    table["share"] = table["viewed"] / table["cells"]
    table.attrs = {"begins": begins, "ends": ends}
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
        How long before the day of the last purchase the matrix is looked at, in the evening; a
        view counts if it falls on that day or into as many days before it.

    Returns
    -------
    DataFrame
        Rows: ``all empty cells`` and, where there are such views, ``viewed`` and ``not viewed``
        (the other empty cells of the customers who viewed something). Columns: ``cells``,
        ``bought`` (filled by the end) and ``share``. In ``attrs``:

        - ``day``, and ``again``: how many filled cells were bought once more;
        - ``by_popularity``: the share of the cells bought (again) that would have been empty, had
          the same customers bought as many products by these days' popularity alone, and
          ``give_or_take``, by how much chance moves that (95 %);
        - ``older``: cells and bought of those whose only views are older than that;
        - ``expected``: how many of the viewed cells would have been bought, had they been bought
          like the cells not viewed of customers as busy and of products as popular (None below 20
          bought of those), and ``times``, from :func:`times_as_often`.

    Raises
    ------
    ValueError
        If nobody bought anything up to that day.
    """
    day, matrix, filled, after = _before_and_after(transactions, days)
    n_customers, n_products = matrix.shape
    later = np.setdiff1d(after, filled, assume_unique=True)
    n_empty = n_customers * n_products - len(filled)
    rows = {"all empty cells": (n_empty, len(later))}
    told = {"day": day, "again": len(after) - len(later), "older": (0, 0)}
    told |= _blanks_by_popularity(matrix, after)
    views = product_views(events)
    if views is not None:
        looked = views["event_date"].dt.normalize()
        begins = day - pd.Timedelta(days=days)
        viewed, older = (
            np.setdiff1d(_places(views[when], matrix), filled, assume_unique=True)
            for when in (looked.between(begins, day), looked < begins)
        )
        older = np.setdiff1d(older, viewed, assume_unique=True)
        told["older"] = (len(older), len(np.intersect1d(older, later)))
        people = np.unique(viewed // n_products)
        if len(people):
            # the people's rows: what they had, what they viewed, what they bought of the others
            others = np.setdiff1d(later[np.isin(later // n_products, people)], viewed)
            both = len(np.intersect1d(viewed, later))
            table = matrix.values[people]
            seen, found = (_table(places, people, matrix) for places in (viewed, others))
            expected = _expected_of_viewed(table, seen, found) if len(others) >= 20 else None
            n_others = len(people) * n_products - table.nnz - len(viewed)
            rows |= {"viewed": (len(viewed), both), "not viewed": (n_others, len(others))}
            told |= {"expected": expected, "times": times_as_often(both, expected, len(others))}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["cells", "bought"])
    table["share"] = table["bought"] / table["cells"]
    table.attrs = told
    return table


def filled_or_blank(transactions: pd.DataFrame, days: int, products: Collection) -> pd.Series:
    """Of these products, which cells were bought later: those filled already, or the empty ones?

    Parameters
    ----------
    transactions : DataFrame
    days : int
        As in :func:`bought_later`.
    products : collection of product ids
        What people buy again, say, or the others. Together they mislead: the one hides the other.

    Returns
    -------
    Series
        ``filled`` cells and how many were bought ``again``; ``blank`` ones and how many were
        ``found`` (bought for the first time); ``new``, the share of those bought that had been
        empty; ``by_popularity`` and ``give_or_take`` as in :func:`bought_later`. The last three
        are missing where nothing was bought.
    """
    _, matrix, filled, after = _before_and_after(transactions, days)
    columns = np.flatnonzero(matrix.products.isin(list(products)))
    filled, after = (each[np.isin(each % matrix.shape[1], columns)] for each in (filled, after))
    again = len(np.intersect1d(filled, after, assume_unique=True))
    told = {
        "filled": len(filled),
        "again": again,
        "blank": matrix.shape[0] * len(columns) - len(filled),
        "found": len(after) - again,
        "new": 1 - again / len(after) if len(after) else np.nan,
    }
    return pd.Series(told | _blanks_by_popularity(matrix, after), dtype=float)


def _before_and_after(transactions, days):
    """The day, the matrix of that evening, its filled places, and those bought afterwards."""
    day = transactions["transaction_date"].max().normalize() - pd.Timedelta(days=days)
    known = transactions["transaction_date"] < day + pd.Timedelta(days=1)
    matrix = build_interaction_matrix(transactions[known])
    return day, matrix, _filled_places(matrix), _places(transactions[~known], matrix)


def _blanks_by_popularity(matrix, after):
    """The share of blanks that the buyers of these cells would pick by popularity, and +/-."""
    if not len(after):
        return {"by_popularity": np.nan, "give_or_take": np.nan}
    popular = np.bincount(after % matrix.shape[1], minlength=matrix.shape[1]) / len(after)
    picks = np.bincount(after // matrix.shape[1], minlength=matrix.shape[0])
    blank = 1 - (matrix.values != 0).astype(float) @ popular
    spread = np.sqrt((picks * blank * (1 - blank)).clip(min=0).sum()) / len(after)
    return {"by_popularity": picks @ blank / len(after), "give_or_take": 1.96 * spread}


def _expected_of_viewed(owned, viewed, found):
    """How many viewed cells would be bought at the rate of the unviewed ones.

    A cell's rate is a customer's busyness times a product's popularity; both are fitted in turns,
    until they add up to what was found in the rows and columns of the unviewed empty cells.
    """
    taken = (owned != 0).astype(float) + viewed  # neither counts as an unviewed empty cell
    by_customer, by_product = found.sum(axis=1), found.sum(axis=0)
    busy = np.ones(found.shape[0])
    for _ in range(30):
        popular = by_product / np.maximum(busy.sum() - taken.T @ busy, 1e-9)
        busy = by_customer / np.maximum(popular.sum() - taken @ popular, 1e-9)
    rows, columns = viewed.nonzero()
    return float(np.minimum(busy[rows] * popular[columns], 1).sum())


def times_as_often(found: int, expected: float, others: int) -> tuple[float, float]:
    """How many times as often as expected something happened: from, to, with 95 % confidence.

    Parameters
    ----------
    found : int
        How often it happened.
    expected : float or None
        How often it would have, at the others' rate.
    others : int
        How often it happened to the others, which the rate rests on.

    Returns
    -------
    tuple of float
        Zero and infinity if nothing can be said. Exact for counts that come independently
        (Clopper and Pearson's interval of the share ``found / (found + others)``).
    """
    from scipy.stats import beta  # takes half a second to import

    if not expected or not others:
        return 0.0, float("inf")
    low = beta.ppf(0.025, found, others + 1) if found else 0.0
    high = beta.ppf(0.975, found + 1, others)
    return tuple(float(share / (1 - share) * others / expected) for share in (low, high))


def leaders(transactions: pd.DataFrame, days: int) -> pd.Series:
    """Which product leads, by what is counted, and which others may lead as well.

    Parameters
    ----------
    transactions : DataFrame
    days : int
        What is recent: so many days up to the last purchase.

    Returns
    -------
    Series of list of product ids
        By what is counted: ``buyers``, ``repeats`` (days with a purchase after a customer's first
        such day), ``money`` and ``recent buyers``. The leader comes first, and after it the
        products so close that the order can be chance (95 %, in counts or amounts that come
        independently). Empty where nothing can be counted: nobody came back for a product, the
        file has no amounts, or it is not longer than what is recent.
    """
    cell = ["customer_id", "product_id"]
    dates = transactions["transaction_date"]
    day = dates.dt.normalize()
    recent = dates > dates.max() - pd.Timedelta(days=days)
    days_bought = transactions.assign(day=day).drop_duplicates([*cell, "day"])
    amounts = line_amounts(transactions)
    counted = {
        "buyers": transactions.drop_duplicates(cell),
        "repeats": days_bought[days_bought.duplicated(cell)],
        "money": transactions.head(0) if amounts is None else transactions.assign(worth=amounts),
        "recent buyers": transactions[recent & ~recent.all()].drop_duplicates(cell),
    }
    lead = {}
    for name, lines in counted.items():
        worth = lines["worth"] if "worth" in lines else pd.Series(1.0, lines.index)
        total = worth.groupby(lines["product_id"]).sum().sort_values(ascending=False, kind="stable")
        noise = (worth**2).groupby(lines["product_id"]).sum().reindex(total.index)
        near = total.iloc[:1].sum() - total <= 1.96 * np.sqrt(noise.iloc[:1].sum() + noise)
        near.iloc[:1] = True
        lead[name] = total.index[near & (total > 0)].tolist()
    return pd.Series(lead, dtype=object)


def full_rows(matrix: InteractionMatrix, shares: list[float]) -> pd.DataFrame:
    """How loud the fullest rows are.

    Parameters
    ----------
    matrix : InteractionMatrix
    shares : list of float
        Of the customers, 0 to 1: the fullest hundredth, say; at least one customer.

    Returns
    -------
    DataFrame
        A row per share: how many ``customers``, the fewest ``products`` among them, their share of
        the filled ``cells`` and of the ``pairs`` (a row with n products makes n (n - 1) / 2), and
        of the pairs once rows are ``scaled`` to length 1: then a pair of a row with n products
        counts 1 / n.
    """
    bought = np.sort(products_per_customer(matrix).to_numpy())[::-1]
    loud = {"cells": bought, "pairs": bought * (bought - 1) / 2, "scaled": (bought - 1) / 2}
    rows = {}
    for share in shares:
        full = max(1, round(share * len(bought)))
        rows[share] = {"customers": full, "products": bought[full - 1]} | {
            name: each[:full].sum() / max(each.sum(), 1e-9) for name, each in loud.items()
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.astype({"customers": int, "products": int})


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


def short_enough(windows: pd.DataFrame) -> str | None:
    """The shortest window that keeps nearly everything the whole file knows.

    Parameters
    ----------
    windows : DataFrame
        :func:`described` matrices of :func:`by_window`: the whole file first, the longest window
        next.

    Returns
    -------
    str or None
        The name of a window that keeps at least nine tenths of the customers, the pairs, the
        products covered, the median of products and the median of buyers; None where none does.
    """
    kept = ["customers", "pairs", "covered", "median", "buyers_median"]
    enough = (windows[kept] >= 0.9 * windows[kept].iloc[0]).all(axis=1)
    names = windows.index[1:][enough.iloc[1:]]
    return names[-1] if len(names) else None


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


def _table(places, people, matrix):
    """These rows' places as a sparse table of ones."""
    rows, columns = np.searchsorted(people, places // matrix.shape[1]), places % matrix.shape[1]
    shape = (len(people), matrix.shape[1])
    return sparse.coo_array((np.ones(len(places)), (rows, columns)), shape=shape).tocsr()


def _codes(ids):
    """Each id's position among the sorted ids, and the sorted ids."""
    codes, names = pd.factorize(ids, sort=True)
    return codes.astype(np.int32), pd.Index(names, name=ids.name)
