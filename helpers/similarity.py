"""Lesson 03. From the interaction matrix to products that are bought by the same customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from helpers import kernels
from helpers.matrix import InteractionMatrix, build_interaction_matrix

#: Groups are on a map if they stand out more than in each of so many shops without tastes, by this.
WITHOUT_TASTES, CLEARLY = 20, 1.25
#: Best sellers are those of so many days, as in lesson 04.
_MONTH = 30


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
    values, customer_weight = matrix.values, np.ones(matrix.shape[0])
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


def common_buyers(matrix: InteractionMatrix, n_neighbors: int) -> ProductSimilarity:
    """The plainest rival of cosine: how many customers bought both, and nothing divided.

    Parameters
    ----------
    matrix : InteractionMatrix
        Of 0 and 1.
    n_neighbors : int
        Keep only the products with most buyers in common; ties go to the smaller product id.

    Returns
    -------
    ProductSimilarity
        Whose values are numbers of customers.
    """
    n_products = matrix.shape[1]
    by_product = matrix.values.T.tocsr()
    itself = sparse.eye_array(n_products, format="csr")
    row, column, _, count = kernels.top_n_of_product(
        by_product, matrix.values, n_neighbors, excluded=itself
    )
    values = sparse.csr_array((count, (row, column)), (n_products, n_products))
    return ProductSimilarity(values, matrix.products)


def pages(nearest: ProductSimilarity, n: int = 4) -> pd.Series:
    """On how many product pages each product is shown.

    Parameters
    ----------
    nearest : ProductSimilarity
        With at least `n` neighbours of each product, where so many share a buyer.
    n : int
        Products shown on a page.

    Returns
    -------
    Series of int, indexed by product id
        Zero for what is shown nowhere. The sum is the number of places filled.
    """
    shown = np.concatenate([row for row, _ in _best_of_each(nearest, n)])
    counts = np.bincount(shown, minlength=len(nearest.products))
    return pd.Series(counts, nearest.products)


def pages_that_differ(one: ProductSimilarity, other: ProductSimilarity, n: int = 4) -> set:
    """The product ids whose pages would not show the same products.

    Parameters
    ----------
    one, other : ProductSimilarity
        Of the same products.
    n : int
        Products shown on a page; their order is no difference.

    Returns
    -------
    set of product ids
    """
    both = zip(_best_of_each(one, n), _best_of_each(other, n), strict=True)
    rows = zip(one.products, both, strict=True)
    return {product for product, (a, b) in rows if set(a[0]) != set(b[0])}


def resting_on_few(
    matrix: InteractionMatrix, similarity: ProductSimilarity, most: int = 2, n: int = 4
) -> float:
    """The share of filled places on all pages whose pair has hardly a buyer in common.

    Parameters
    ----------
    matrix : InteractionMatrix
        Of 0 and 1.
    similarity : ProductSimilarity
        Of the same matrix.
    most : int
        So many common buyers count as hardly any.
    n : int
        Products shown on a page.

    Returns
    -------
    float
        NaN where no place is filled.
    """
    buyers = np.asarray(matrix.values.sum(axis=0), dtype=float)
    common = [
        value * np.sqrt(buyers[place] * buyers[column])
        for place, (column, value) in enumerate(_best_of_each(similarity, n))
    ]
    common = np.concatenate(common)
    return float((common < most + 0.5).mean()) if len(common) else float("nan")


def _best_of_each(nearest, n):
    """Per product: positions and values of its n nearest, best first; ties by position."""
    values = nearest.values
    for start, stop in pairwise(values.indptr):
        column, value = values.indices[start:stop], values.data[start:stop]
        best = np.lexsort((column, -value))[:n]
        yield column[best], value[best]


def neighbours_beside_chance(
    matrix: InteractionMatrix, similarity: ProductSimilarity, product_id, n: int = 6
) -> pd.DataFrame:
    """A product's neighbours, and how many buyers they would share by chance.

    Parameters
    ----------
    matrix : InteractionMatrix
        Of 0 and 1.
    similarity : ProductSimilarity
        Of the same matrix.
    product_id : str
    n : int

    Returns
    -------
    DataFrame
        Best first: ``product_id``, ``buyers``, ``common`` (customers who bought both),
        ``by_chance`` (as many as if the two had nothing to do with each other: buyers of the one
        times buyers of the other, divided by all customers), ``times_chance`` and ``similarity``.
    """
    nearest = similar_products(similarity, product_id, n)
    buyers = np.asarray(matrix.values.sum(axis=0), dtype=float)
    here = matrix.products.get_loc(product_id)
    there = matrix.products.get_indexer(nearest["product_id"])
    columns = matrix.values[:, [here, *there]].tocsc()
    common = np.asarray((columns[:, [0]].T @ columns[:, 1:]).todense(), dtype=float).ravel()
    by_chance = buyers[here] * buyers[there] / matrix.shape[0]
    return pd.DataFrame(
        {
            "product_id": nearest["product_id"],
            "buyers": buyers[there].astype(int),
            "common": common.astype(int),
            "by_chance": by_chance,
            "times_chance": common / by_chance,
            "similarity": nearest["similarity"],
        }
    )


def usual_times_chance(matrix: InteractionMatrix) -> float:
    """What any two products of this shop share, in times chance.

    Some customers buy much more than others, and whoever buys much makes common buyers of
    products that have nothing to do with each other. So in most shops this is above 1.

    Parameters
    ----------
    matrix : InteractionMatrix
        Of 0 and 1.

    Returns
    -------
    float
        The common buyers of all pairs of products, divided by as many as chance would give (see
        :func:`neighbours_beside_chance`); NaN with fewer than two products.
    """
    buyers = np.asarray(matrix.values.sum(axis=0), dtype=float)
    owned = np.asarray(matrix.values.sum(axis=1), dtype=float)
    by_chance = (buyers.sum() ** 2 - (buyers**2).sum()) / max(1, matrix.shape[0])
    return float((owned * (owned - 1)).sum() / by_chance) if by_chance > 0 else float("nan")


def _nearest_of_each(similarity):
    """Position of each product's nearest neighbour, -1 where it has none."""
    best = _best_of_each(similarity, 1)
    return np.array([column[0] if len(column) else -1 for column, _ in best], dtype=int)


def nearest_is_of_category(
    similarity: ProductSimilarity, products: pd.DataFrame
) -> pd.Series | None:
    """Whether each product's nearest neighbour is of its own category.

    Parameters
    ----------
    similarity : ProductSimilarity
    products : DataFrame
        From :func:`helpers.data.product_table`.

    Returns
    -------
    Series of object, or None
        True, False, or missing (no category, or no neighbour), indexed by product id. None where
        the shop has no categories, or only one, or no product with a category has a neighbour.
    """
    category = products["product_category"].reindex(similarity.products)
    nearest = _nearest_of_each(similarity)
    asked = category.notna().to_numpy() & (nearest >= 0)
    if category.nunique() < 2 or not asked.any():
        return None
    same = category.to_numpy()[asked] == category.fillna("").to_numpy()[nearest[asked]]
    return pd.Series(same, similarity.products[asked], dtype=object).reindex(similarity.products)


def nearest_in_same_category(
    similarity: ProductSimilarity, products: pd.DataFrame, n_shuffles: int = 200, n: int = 1
) -> tuple[float, float, float] | None:
    """How often a product's nearest neighbours are of its own category, and how often by chance.

    Parameters
    ----------
    similarity : ProductSimilarity
    products : DataFrame
        From :func:`helpers.data.product_table`.
    n_shuffles : int
        Deal the categories to the products so often, to learn how far luck moves the share.
    n : int
        So many neighbours of each product, as in a row of its page.

    Returns
    -------
    tuple of (float, float, float), or None
        Shares of the neighbours of all products that have a category. By chance: if each
        neighbour was drawn among all other products, each as likely as the next. Noise: the
        standard deviation of the share in shops whose categories are shuffled. None where the
        shop has no categories, or only one.
    """
    category = products["product_category"].reindex(similarity.products)
    if nearest_is_of_category(similarity, products) is None:
        return None
    nearest = [places for places, _ in _best_of_each(similarity, n)]
    page = np.repeat(np.arange(len(nearest)), [len(places) for places in nearest])
    place = np.concatenate(nearest).astype(int)
    asked = category.notna().to_numpy()[page]
    page, place = page[asked], place[asked]
    others = category.iloc[page].map(category.value_counts()) - 1
    rng = np.random.default_rng(0)
    code = category.factorize()[0]
    known = np.flatnonzero(code >= 0)
    shuffled = []
    for _ in range(n_shuffles):
        dealt = code.copy()
        dealt[known] = rng.permutation(code[known])
        shuffled.append((dealt[page] == dealt[place]).mean())
    same = (code[page] == code[place]).mean()
    by_chance = (others / (len(category) - 1)).mean()
    return float(same), float(by_chance), float(np.std(shuffled))


def shared_with_nearest(matrix: InteractionMatrix, most: int = 1_000) -> pd.DataFrame:
    """What two customers have in common, and two products: how much a comparison rests on.

    Parameters
    ----------
    matrix : InteractionMatrix
        Of 0 and 1.
    most : int
        Look for the nearest of at most so many customers and products, drawn by chance (always
        the same ones).

    Returns
    -------
    DataFrame
        Two rows, ``customers`` and ``products``: ``how_many`` there are, and three medians, each
        taken for itself and rounded up: ``own``, the ``nearest_own`` of the one with the highest
        cosine, and what is ``shared`` with it.
    """
    result = {}
    for name, values in [("customers", matrix.values), ("products", matrix.values.T.tocsr())]:
        n_rows = values.shape[0]
        size = np.diff(values.indptr).astype(np.int64)
        rng = np.random.default_rng(0)
        asked = np.sort(rng.choice(n_rows, min(most, n_rows), replace=False))
        typical = _nearest_rows(values, size, asked)
        result[name] = {
            "how_many": n_rows,
            **typical.median().apply(np.ceil).to_dict(),
        }
    return pd.DataFrame(result).T.astype(
        {"how_many": int, "own": int, "nearest_own": int, "shared": int}
    )


def _nearest_rows(values, size, asked):
    """For some rows, the other row with the highest cosine: sizes of both, and what they share."""
    columns = values.T.tocsr()
    step = max(1, kernels.BLOCK // values.shape[0])
    parts = []
    for start in range(0, len(asked), step):
        rows = asked[start : start + step]
        common = np.asarray((values[rows] @ columns).todense(), dtype=float)
        common[np.arange(len(rows)), rows] = 0
        cosine = common / np.sqrt(np.outer(size[rows], size))
        best = cosine.argmax(axis=1)
        shared = common[np.arange(len(rows)), best]
        parts.append(np.column_stack([size[rows], size[best], shared]))
    return pd.DataFrame(np.concatenate(parts).astype(int), columns=["own", "nearest_own", "shared"])


def first_page(transactions: pd.DataFrame, among: Collection = ()) -> tuple[str, str]:
    """A customer and the page they were on, by a rule: nobody picked them for the story.

    Parameters
    ----------
    transactions : DataFrame
    among : collection of product ids
        Pages that are worth a look; used where one of them can be had.

    Returns
    -------
    tuple of (customer id, product id)
        The first customer by id whose first purchase has at least a tenth of the best seller's
        buyers, and who bought something else on a later day. In a shop without one: the best
        seller, and the first of its buyers.
    """
    first = transactions.groupby(["customer_id", "product_id"], as_index=False)
    first = first["transaction_date"].min()
    buyers = first["product_id"].value_counts()
    by_customer = first.groupby("customer_id")["transaction_date"]
    opening = first["transaction_date"].eq(by_customer.transform("min"))
    known = first["product_id"].map(buyers) >= buyers.max() / 10
    went_on = by_customer.transform("max") > first["transaction_date"]
    found = first[opening & known & went_on]
    if found["product_id"].isin(among).any():
        found = found[found["product_id"].isin(among)]
    if found.empty:
        found = first[first["product_id"] == buyers.index[buyers == buyers.max()].min()]
    one = found.sort_values(["customer_id", "product_id"]).iloc[0]
    return one["customer_id"], one["product_id"]


def bought_later(
    transactions: pd.DataFrame, product_id, rows: Mapping[str, Sequence]
) -> pd.DataFrame:
    """What became of some rows: per buyer of a product, how many of a row's products came later.

    Parameters
    ----------
    transactions : DataFrame
    product_id : str
        The page.
    rows : mapping of name to product ids
        What could stand on it.

    Returns
    -------
    DataFrame of int
        Index: the product's buyers, sorted. Column: a row. A product counts if its first purchase
        was on a later day than the first purchase of the page's product.
    """
    shown = {product_id}.union(*rows.values())
    table = transactions[transactions["product_id"].isin(shown)]
    first = table.groupby(["customer_id", "product_id"])["transaction_date"].min().dt.normalize()
    first = first.unstack()
    first = first[first[product_id].notna()].sort_index()
    return pd.DataFrame(
        {
            name: first[[each for each in row if each in first]]
            .gt(first[product_id], axis=0)
            .sum(axis=1)
            .astype(int)
            for name, row in rows.items()
        }
    )


def bought_later_on_all_pages(
    transactions: pd.DataFrame,
    matrix: InteractionMatrix,
    one: ProductSimilarity,
    other: ProductSimilarity,
    n: int = 4,
) -> pd.DataFrame:
    """What became of two proposals over all product pages, customer by customer.

    Parameters
    ----------
    transactions : DataFrame
    matrix : InteractionMatrix
        Of these transactions.
    one, other : ProductSimilarity
        Of its products.
    n : int
        Products shown on a page.

    Returns
    -------
    DataFrame of int
        Indexed by customer, ``one`` and ``other``: how often the customer bought, on a later day
        than the page's product, something that only this proposal shows there; summed over the
        pages of what the customer owns. What both show can't tell them apart.
    """
    known = _Known(transactions, matrix)
    counts = np.zeros((matrix.shape[0], 2), dtype=int)
    came = np.full(matrix.shape[0], known.days)  # never: nothing is bought later
    for place, rows in enumerate(zip(_best_of_each(one, n), _best_of_each(other, n), strict=True)):
        (first, _), (second, _) = rows
        people, day = known.bought(place)
        came[people] = day
        for side, shown in enumerate((np.setdiff1d(first, second), np.setdiff1d(second, first))):
            for column in shown:
                owners, bought = known.bought(column)
                counts[owners[bought > came[owners]], side] += 1
        came[people] = known.days
    return pd.DataFrame(counts, matrix.customers, ["one", "other"])


def bought_later_without_tastes(
    transactions: pd.DataFrame, matrix: InteractionMatrix, n_products: int = 300, shops: int = 5
) -> pd.DataFrame:
    """What the count over all pages finds where nobody has a taste.

    Parameters
    ----------
    transactions : DataFrame
    matrix : InteractionMatrix
        Of these transactions; of 0 and 1.
    n_products : int
        Of the products with most buyers (fewer, where very many customers would need the memory).
    shops : int
        Deal the purchases by chance so often: every customer keeps the number of products and the
        days on which they came, every product the number of buyers.

    Returns
    -------
    DataFrame of int
        A row per shop. ``one`` and ``other``: the sums of :func:`bought_later_on_all_pages`, with
        rows of common buyers and of similarity that are made from that shop's purchases. In
        ``attrs``: how many ``products`` these shops have.
    """
    buyers = np.asarray(matrix.values.sum(axis=0), dtype=int)
    n_products = min(n_products, max(2, 3 * 10**7 // matrix.shape[0]))
    chosen = np.sort(np.argsort(-buyers, kind="stable")[:n_products])
    values = matrix.values[:, chosen]
    known = transactions[transactions["product_id"].isin(matrix.products[chosen])]
    first = known.groupby(["customer_id", "product_id"])["transaction_date"].min()
    row = matrix.customers.get_indexer(first.index.get_level_values("customer_id"))
    when, row = first.to_numpy()[np.argsort(row, kind="stable")], np.sort(row)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(shops):
        dealt = _dealt(values, rng)
        order = np.lexsort([rng.random(len(row)), row])  # a customer's days change places
        table = pd.DataFrame(
            {
                "customer_id": matrix.customers[row],
                "product_id": matrix.products[chosen][dealt.indices],
                "transaction_date": when[order],
            }
        )
        shop = InteractionMatrix(dealt, matrix.customers, matrix.products[chosen])
        rows = common_buyers(shop, n_neighbors=4), product_similarity(shop, n_neighbors=4)
        found.append(bought_later_on_all_pages(table, shop, *rows).sum())
    table = pd.DataFrame(found).reset_index(drop=True)
    table.attrs["products"] = len(chosen)
    return table


def somebody_who_bought(
    transactions: pd.DataFrame, product_id, row: Sequence, rival: Sequence = ()
) -> tuple[str, int, int]:
    """The customer for whom a row beats its rival by most: for whoever wants to sell it.

    Parameters
    ----------
    transactions : DataFrame
    product_id : str
        The page.
    row, rival : sequence of product ids
        What stands on it, and what would stand there instead.

    Returns
    -------
    tuple of (customer id, int, int)
        The first by id among equals, and how many products of the row and of the rival this
        customer bought after the page's product.
    """
    later = bought_later(transactions, product_id, {"row": row, "rival": rival})
    lead = (later["row"] - later["rival"]).to_numpy()
    best = later.iloc[np.lexsort((-later["row"].to_numpy(), -lead))[0]]
    return best.name, int(best["row"]), int(best["rival"])


class _Known:
    """What was known on a day: first purchases, in order of time."""

    def __init__(self, transactions, matrix):
        day = transactions["transaction_date"].dt.normalize()
        table = pd.DataFrame(
            {
                "column": matrix.products.get_indexer(transactions["product_id"]),
                "day": (day - day.min()).dt.days.to_numpy(),
                "row": matrix.customers.get_indexer(transactions["customer_id"]),
            }
        )
        table = table.sort_values(["column", "day", "row"]).drop_duplicates(["column", "row"])
        column, self.day, self.row = (table[name].to_numpy() for name in table)
        # days begin at 1: a 0 would be no entry
        self.table = sparse.csr_array((self.day + 1, (self.row, column)), matrix.shape)
        self.first = np.searchsorted(column, np.arange(matrix.shape[1] + 1))
        self.days = int(self.day.max()) + 1
        self.order = column * self.days + self.day
        #: A product that is put on sale once a third of the purchases have been made.
        self.launch = int(np.quantile(self.day, 1 / 3, method="lower"))
        if self.launch == self.days - 1:  # all on one day
            self.launch = -1

    def buyers(self, day):
        """Of every product, by the end of that day."""
        last = np.arange(len(self.first) - 1) * self.days + day
        return np.searchsorted(self.order, last, side="right") - self.first[:-1].astype(float)

    def since_launch(self):
        """How many buyers every product found after the launch day."""
        return self.buyers(self.days - 1) - self.buyers(self.launch)

    def bought(self, place):
        """A product's buyers, in order of time, and on which day each came."""
        one = slice(self.first[place], self.first[place + 1])
        return self.row[one], self.day[one]

    def arrivals(self, place):
        """A product's buyers after the launch day, in order of time, and on which day each came."""
        row, day = self.bought(place)
        after = day > self.launch
        return row[after], day[after]

    def weeks(self, count):
        """From the launch day, or a later first sale, to the buyer of that number.

        The median of all products that found so many since. Counted from each product's first sale
        in the file, it would mostly tell how slowly the shop itself began.
        """
        took = []
        for place in np.flatnonzero(self.since_launch() >= count):
            _, day = self.arrivals(place)
            took.append(day[count - 1] - max(self.launch, self.day[self.first[place]]))
        return np.median(took) / 7

    def row_of(self, place, people, day, n, least=1, damping=0.0):
        """The n most similar products, as far as these buyers tell on that day."""
        part = self.table[people]
        common = np.bincount(part.indices[part.data <= day + 1], minlength=part.shape[1])
        cosine = common / np.sqrt(len(people) * np.maximum(self.buyers(day), 1))
        cosine *= common / np.maximum(common + damping, 1)
        cosine[(common < least) | (np.arange(len(common)) == place)] = 0
        return kernels.top_n(cosine[None, :], n)[1]

    def bought_after(self, place, people):
        """Of every product: the share of these buyers who bought it on a later day than this."""
        part = self.table[people]
        own = np.repeat(part[:, [place]].toarray().ravel(), np.diff(part.indptr))
        later = part.indices[part.data > own]
        return np.bincount(later, minlength=part.shape[1]) / max(1, len(people))

    def later_row(self, place, people, n):
        """What the later half of the buyers gives, by all that is known today."""
        return self.row_of(place, people[len(people) // 2 :], self.days, n)


def row_by_buyers(
    transactions: pd.DataFrame,
    matrix: InteractionMatrix,
    products: pd.DataFrame,
    counts: Sequence[int] = (1, 3, 10, 30, 100),
    n: int = 4,
    most: int = 300,
) -> pd.DataFrame:
    """How much of a product's row can be told from its first buyers.

    Every product is looked at as if it had been launched on the day by which a third of the
    purchases had been made: buyers are counted from then on. A row is made on the day of its last
    buyer, with what had been bought by then.

    Parameters
    ----------
    transactions : DataFrame
    matrix : InteractionMatrix
        Of these transactions.
    products : DataFrame
        From :func:`helpers.data.product_table`.
    counts : sequence of int
        Make a row from the first so many buyers of each product.
    n : int
        Products in a row.
    most : int
        Look at no more products than that, drawn by chance (always the same ones).

    Returns
    -------
    DataFrame
        Indexed by those `counts` of which ten products have twice as many buyers. The products
        that reach the largest are looked at for all counts: a curve over other products at every
        point would compare products, not counts. Empty where no product has two buyers.

        ``same``: the mean share of a row that the *later half* of the product's buyers gives as
        well (other people, so that nobody confirms themselves). ``ahead``: how far that is above
        the rival, and ``error``: the standard error of it, product by product. As that judge is a
        row itself, a second one: ``bought``, how many of the row's products one of the later half
        bought on a later day than the page's product, on average; ``best_bought``, the same for
        the best sellers of the last 30 days before the row was made (of the category or the shop,
        like the rival); and ``lead`` and ``lead_error`` of the one over the other. Of all products
        of the file, ``reached``: the share that has so many buyers, and ``weeks``: the median
        time in which products found so many, counted from the launch day or, if that was later,
        from their first sale.

        In ``attrs``: how many ``products``; the same share for the first half of the buyers, by
        all that is known today (``half``), for best sellers of the launch day (``popular``;
        ``rival`` says which: the category's or the shop's, whichever does better), and by
        ``chance``. What ``same`` and ``popular`` are the means of, product by product, is in
        ``confirmed``: by count, and by ``"rival"``.
    """
    known = _Known(transactions, matrix)
    n_products = matrix.shape[1]
    n = max(1, min(n, n_products - 1))
    since = known.since_launch()
    reached = [count for count in counts if (since >= 2 * count).sum() >= 10] or [counts[0]]
    category = products["product_category"].reindex(matrix.products)
    sold = known.buyers(max(0, known.launch))
    found, bought = [], []
    for place in _some_with(since, 2 * reached[-1], most):
        people, days = known.arrivals(place)
        late = known.later_row(place, people, n)
        own = (category == category.iloc[place]).fillna(False).to_numpy()
        rows = {
            "half": known.row_of(place, people[: len(people) // 2], known.days, n),
            "category": _best_sellers(sold + sold.sum() * own, place, n),
            "shop": _best_sellers(sold, place, n),
        }
        after = known.bought_after(place, people[len(people) // 2 :])
        counted = {}
        for count in reached:
            day = days[count - 1]
            rows[count] = known.row_of(place, people[:count], day, n)
            month = known.buyers(day) - known.buyers(max(-1, day - _MONTH))
            counted["own", count] = after[rows[count]].sum()
            for kind, favoured in (("category", own), ("shop", 0)):
                best = _best_sellers(month + matrix.shape[0] * favoured, place, n)
                counted[kind, count] = after[best].sum()
        each = {name: len(np.intersect1d(row, late)) / n for name, row in rows.items()}
        found.append(each | {"chance": len(late) / max(1, n_products - 1)})
        bought.append(counted)
    found, bought = pd.DataFrame(found), pd.DataFrame(bought)
    columns = ["same", "ahead", "error", "bought", "best_bought", "lead", "lead_error"]
    columns += ["weeks", "reached"]
    if found.empty:
        return pd.DataFrame(columns=columns)
    by_category = category.nunique() > 1 and found["category"].mean() >= found["shop"].mean()
    rival = found["category" if by_category else "shop"]
    rows = {}
    for count in reached:
        ahead = found[count] - rival
        best = bought["category" if by_category else "shop", count]
        lead = bought["own", count] - best
        rows[count] = {
            "same": found[count].mean(),
            "ahead": ahead.mean(),
            "error": ahead.std() / len(ahead) ** 0.5,
            "bought": bought["own", count].mean(),
            "best_bought": best.mean(),
            "lead": lead.mean(),
            "lead_error": lead.std() / len(lead) ** 0.5,
            "weeks": known.weeks(count),
            "reached": (known.buyers(known.days) >= count).mean(),
        }
    table = pd.DataFrame(rows).T.rename_axis("buyers")[columns]
    table.attrs = {
        "products": len(found),
        "half": float(found["half"].mean()),
        "popular": float(rival.mean()),
        "rival": "the category's best sellers" if by_category else "the shop's best sellers",
        "chance": float(found["chance"].mean()),
        "confirmed": found[reached].assign(rival=rival).to_dict("list"),
    }
    return table


def rows_of_first_buyers(
    transactions: pd.DataFrame,
    matrix: InteractionMatrix,
    product_id,
    counts: Sequence[int] = (3, 30),
    n: int = 4,
) -> pd.DataFrame:
    """One product's rows, from its first buyers and from the later half of all its buyers.

    Parameters
    ----------
    transactions : DataFrame
    matrix : InteractionMatrix
        Of these transactions.
    product_id : str
        Its buyers are counted from the launch day of :func:`row_by_buyers` on.
    counts : sequence of int
        Make a row from the first so many buyers, for those counts of which the product has twice
        as many: so nobody is in both.
    n : int
        Products in a row.

    Returns
    -------
    DataFrame
        Product ids, best first: a column for each count, and ``later``. Where a row is shorter,
        None.
    """
    known = _Known(transactions, matrix)
    place = matrix.products.get_loc(product_id)
    n = max(1, min(n, matrix.shape[1] - 1))
    people, days = known.arrivals(place)
    rows = {
        count: known.row_of(place, people[:count], days[count - 1], n)
        for count in counts
        if len(people) >= 2 * count
    }
    rows["later"] = known.later_row(place, people, n) if len(people) else []
    return pd.DataFrame(
        {name: pd.Series(matrix.products[row], dtype=object) for name, row in rows.items()}
    )


def beside_the_rival(row: pd.DataFrame, errors: float = 2) -> pd.Series:
    """What can be said of rows from so many buyers, beside best sellers.

    Parameters
    ----------
    row : DataFrame
        From :func:`row_by_buyers`.
    errors : float
        How many standard errors are clear.

    Returns
    -------
    Series of str
        Per count: ``"ahead"``, ``"behind"``, each by more than luck; ``"can't tell"``; or ``"near
        chance"``: ahead, and not above twice what chance finds.
    """
    luck = errors * row["error"]
    state = pd.Series("can't tell", row.index, dtype=object)
    state[row["ahead"] < -luck] = "behind"
    state[row["ahead"] > luck] = "ahead"
    state[(state == "ahead") & ~(row["same"] > 2 * row.attrs.get("chance", 0))] = "near chance"
    return state


def enough_buyers(row: pd.DataFrame, errors: float = 2) -> int | None:
    """From how many buyers on a row of its own beats the rival.

    Parameters
    ----------
    row : DataFrame
        From :func:`row_by_buyers`.
    errors : float
        By more than so many standard errors; 0 asks only for being ahead.

    Returns
    -------
    int or None
        The smallest count that passes together with every larger one, and there finds more than
        twice what chance does; None, if there is none. Fewer than three are no count to decide
        for, however well they do: a row from one person shows what that person bought.
    """
    found, state = None, beside_the_rival(row, errors)
    for count in reversed(row.index[row.index >= 3]):
        if state[count] != "ahead":
            break
        found = int(count)
    return found


def buyers_for_a_row(row: pd.DataFrame, errors: float = 2) -> int | None:
    """From how many buyers on a row of its own may enter a test.

    Two judges have to agree, as each has a liking. What other buyers' *row* confirms favours rows;
    what other buyers *bought* favours best sellers, which are bought anyway.

    Parameters
    ----------
    row : DataFrame
        From :func:`row_by_buyers`.
    errors : float
        How many standard errors are clear.

    Returns
    -------
    int or None
        The smallest count from which on a row is clearly ahead of its rival (see
        :func:`enough_buyers`) and, there and at all larger counts, is not clearly behind the best
        sellers in what other buyers bought later. None, if there is none.
    """
    least = enough_buyers(row, errors)
    if least is None:
        return None
    behind = row.index[row["lead"] < -errors * row["lead_error"]]
    passed = row.index[(row.index >= least) & (row.index > max(behind, default=0))]
    return int(passed[0]) if len(passed) else None


def pair_settings(
    transactions: pd.DataFrame,
    matrix: InteractionMatrix,
    products: pd.DataFrame,
    buyers: int,
    minimums: Sequence[int] = (1, 2, 3, 5),
    damping: float = 10,
    by_category: bool = True,
    n: int = 4,
    most: int = 300,
    of: int = 0,
) -> pd.DataFrame:
    """What a minimum of common buyers costs and gains in the rows of products with few buyers.

    Parameters
    ----------
    transactions : DataFrame
    matrix : InteractionMatrix
        Of these transactions.
    products : DataFrame
        From :func:`helpers.data.product_table`.
    buyers : int
        Each row is made from the first so many buyers of a product that has twice as many, as in
        :func:`row_by_buyers`.
    minimums : sequence of int
        Common buyers that a pair needs; the first is what the others are compared with.
    damping : float
        For the last setting: a similarity is multiplied by common / (common + `damping`).
    by_category : bool
        Gaps are filled with the best sellers of the product's category, or of the whole shop.
    n : int
        Products in a row.
    most : int
        Look at no more products than that, drawn by chance (always the same ones).
    of : int
        Look only at products with twice so many buyers. With the largest count of
        :func:`row_by_buyers` both look at the same products, and so give the same numbers.

    Returns
    -------
    DataFrame
        Indexed by the minimum, and ``damping``. ``filled``: the share of places that something
        stands in. ``confirmed``: the mean share of what is shown that the later half of the
        buyers gives as well. ``whole``: the mean share of all places, gaps filled with best
        sellers, that it gives. ``gain`` of the whole row over the first setting and its
        ``error``, product by product.
    """
    known = _Known(transactions, matrix)
    n = max(1, min(n, matrix.shape[1] - 1))
    category = products["product_category"].reindex(matrix.products)
    sold = known.buyers(max(0, known.launch))
    settings = {least: (least, 0.0) for least in minimums} | {"damping": (minimums[0], damping)}
    filled, confirmed, whole = [], [], []
    for place in _some_with(known.since_launch(), 2 * max(buyers, of), most):
        people, days = known.arrivals(place)
        late = known.later_row(place, people, n)
        own = (category == category.iloc[place]).fillna(False).to_numpy() & by_category
        best = _best_sellers(sold + sold.sum() * own, place, 2 * n)
        rows = {
            name: known.row_of(place, people[:buyers], days[buyers - 1], n, least, damp)
            for name, (least, damp) in settings.items()
        }
        hits = {name: len(np.intersect1d(row, late)) for name, row in rows.items()}
        full = {
            name: np.concatenate([row, best[~np.isin(best, row)][: n - len(row)]])
            for name, row in rows.items()
        }
        filled.append({name: len(row) / n for name, row in rows.items()})
        confirmed.append(
            {name: hits[name] / len(row) if len(row) else np.nan for name, row in rows.items()}
        )
        whole.append({name: len(np.intersect1d(row, late)) / n for name, row in full.items()})
    filled, confirmed, whole = (
        pd.DataFrame(each, columns=list(settings), dtype=float)
        for each in (filled, confirmed, whole)
    )
    gain = whole.sub(whole[minimums[0]], axis=0)
    return pd.DataFrame(
        {
            "filled": filled.mean(),
            "confirmed": confirmed.mean(),
            "whole": whole.mean(),
            "gain": gain.mean(),
            "error": gain.std() / max(1, len(gain)) ** 0.5,
        }
    )


def _some_with(buyers, least, most):
    """Positions of products with so many buyers; at most so many, always the same ones."""
    asked = np.flatnonzero(buyers >= least)
    return np.sort(np.random.default_rng(0).choice(asked, min(most, len(asked)), replace=False))


def _best_sellers(score, place, n):
    score = score.copy()
    score[place] = 0
    return kernels.top_n(score[None, :], n)[1]


def product_groups(matrix: InteractionMatrix, n_products: int = 60) -> pd.DataFrame:
    """Groups of products with the same buyers, and a place for each product on a flat map.

    Parameters
    ----------
    matrix : InteractionMatrix
    n_products : int
        Of the products with most buyers; those that share no buyer with another are left out.

    Returns
    -------
    DataFrame
        Indexed by product id: ``group``, from 0, the largest first (all 0 where there are no clear
        groups), ``centrality`` (sum of the similarities to its own group), and ``x``, ``y``
        without a unit. ``attrs["clear"]``: whether there are groups.

    Notes
    -----
    Spectral clustering (Ng, Jordan and Weiss, 2001): as many groups as there are eigenvalues of
    the scaled similarities before their largest gap, up to nine. There are none if one of
    `WITHOUT_TASTES` shops, in which the purchases are dealt by chance, has nearly such a gap. The
    map is t-SNE (van der Maaten and Hinton, 2008), started from the eigenvectors.
    """
    buyers = np.asarray(matrix.values.sum(axis=0), dtype=int)
    chosen = np.sort(np.argsort(-buyers, kind="stable")[:n_products])
    values = matrix.values[:, chosen]
    similarity = _cosines(values)
    joined = similarity.sum(axis=1) > 0
    chosen, similarity = chosen[joined], similarity[joined][:, joined]
    if not len(chosen):
        empty = pd.DataFrame(columns=["group", "centrality", "x", "y"], index=matrix.products[:0])
        empty.attrs["clear"] = False
        return empty
    n_groups, gap, vectors = _largest_gap(similarity)
    rng = np.random.default_rng(0)
    values = values[:, np.flatnonzero(joined)]
    clear = gap > 0 and all(
        gap > CLEARLY * _largest_gap(_cosines(_dealt(values, rng)))[1]
        for _ in range(WITHOUT_TASTES)
    )
    group = _clusters(vectors, n_groups) if clear else np.zeros(len(chosen), dtype=int)
    inside = np.where(group[:, None] == group, similarity, 0).sum(axis=1)
    place = _flat(vectors[:, : n_groups if clear else 6])
    table = pd.DataFrame(
        {"group": group, "centrality": inside, "x": place[:, 0], "y": place[:, 1]},
        index=matrix.products[chosen],
    )
    table.attrs["clear"] = clear
    return table


def nearest_without_tastes(
    matrix: InteractionMatrix, n_products: int = 60, shops: int = 5
) -> pd.DataFrame:
    """Each product's nearest neighbour, beside what noise alone makes of the same purchases.

    Parameters
    ----------
    matrix : InteractionMatrix
        Of 0 and 1.
    n_products : int
        Of the products with most buyers.
    shops : int
        Deal the purchases by chance so often: every customer keeps the number of products, every
        product the number of buyers.

    Returns
    -------
    DataFrame
        Indexed by product id: ``nearest``, its highest similarity, and ``clear``: whether that is
        above the highest similarity of any pair in all the shops dealt by chance. In ``attrs``
        that level, ``highest_by_chance``, and ``shops``. Empty with fewer than two products.
    """
    buyers = np.asarray(matrix.values.sum(axis=0), dtype=int)
    chosen = np.sort(np.argsort(-buyers, kind="stable")[:n_products])
    if len(chosen) < 2:
        return pd.DataFrame(columns=["nearest", "clear"], index=matrix.products[:0])
    values = matrix.values[:, chosen]
    rng = np.random.default_rng(0)
    highest = max(float(_cosines(_dealt(values, rng)).max()) for _ in range(shops))
    nearest = _cosines(values).max(axis=1)
    table = pd.DataFrame(
        # what differs by rounding only is no difference
        {"nearest": nearest, "clear": nearest > highest + 1e-9},
        index=matrix.products[chosen],
    )
    table.attrs = {"highest_by_chance": highest, "shops": shops}
    return table


def _cosines(values):
    """All pairs of a few columns of 0 and 1."""
    common = (values.T @ values).toarray().astype(np.float64)
    length = np.sqrt(np.maximum(common.diagonal(), 1))
    cosine = common / np.outer(length, length)
    np.fill_diagonal(cosine, 0)
    return cosine


def _dealt(values, rng, rounds=10):
    """Who bought what by chance: each customer as many products, each product as many buyers."""
    row, column = (each.astype(np.int64) for each in sparse.coo_array(values).coords)
    n_products = values.shape[1]
    bought = np.zeros(values.shape[0] * n_products, dtype=bool)
    bought[row * n_products + column] = True
    taker = np.zeros(len(bought), dtype=np.int32)
    half = len(row) // 2
    for _ in range(rounds):
        # two purchases change their products, if both customers then have something new
        order = rng.permutation(len(row))
        one, other = order[:half], order[half : 2 * half]
        new = row[[one, other]] * n_products + column[[other, one]]
        number = np.arange(half)
        taker[new] = number  # of those who want the same, the last
        kept = (~bought[new] & (taker[new] == number)).all(axis=0)
        one, other, new = one[kept], other[kept], new[:, kept]
        for each in (one, other):
            bought[row[each] * n_products + column[each]] = False
        column[one], column[other] = column[other], column[one]
        bought[new] = True
    ones = np.ones(len(row), dtype=np.float32)
    return sparse.csr_array((ones, (row, column)), values.shape)


def _largest_gap(similarity):
    """Number of groups, how clearly they stand out, and each product's place among them."""
    total = np.maximum(similarity.sum(axis=1), 1e-12)
    strength, vectors = np.linalg.eigh(similarity / np.sqrt(np.outer(total, total)))
    strength, vectors = strength[::-1], vectors[:, ::-1]
    gaps = -np.diff(strength)[1 : max(1, min(9, len(total) // 3))]  # after two groups, three, …
    n_groups, gap = (int(gaps.argmax()) + 2, float(gaps.max())) if len(gaps) else (1, 0.0)
    vectors = vectors[:, : max(n_groups, min(6, len(total)))]
    # a direction has no sign of its own: fix it, so that the map is the same on every machine
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])])
    return n_groups, gap, vectors


def _clusters(vectors, n_groups):
    """A group for each product, the largest is 0."""
    from sklearn.cluster import KMeans

    space = _directions(vectors[:, :n_groups])
    label = KMeans(n_groups, n_init=10, random_state=0).fit_predict(space)
    sizes = np.bincount(label, minlength=n_groups)
    return np.argsort(np.argsort(-sizes, kind="stable"))[label]


def _flat(vectors):
    """Points in many directions as points on a plane, near ones near."""
    from sklearn.manifold import TSNE

    if len(vectors) < 5:
        angle = 2 * np.pi * np.arange(len(vectors)) / len(vectors)
        return np.column_stack([np.cos(angle), np.sin(angle)])
    space = _directions(vectors)
    start = np.pad(space, ((0, 0), (0, 2)))[:, 1:3]
    # points on one line would never leave it
    start = start + 0.1 * start.std() * np.random.default_rng(0).normal(size=start.shape)
    start = 1e-4 * start / max(start.std(), 1e-12)
    perplexity = min(8, (len(space) - 1) / 3)
    tsne = TSNE(2, perplexity=perplexity, init=start, method="exact", random_state=0)
    return tsne.fit_transform(space).astype(float)


def _directions(vectors):
    """Rows of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


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
    alphabet = matrix.products.argsort()
    products, bought = matrix.products[alphabet], matrix.values.astype(bool).astype(np.float64)
    bought = bought[:, alphabet]
    buyers, n_customers = bought.sum(axis=0), matrix.shape[0]
    parts = list(_bought_by_the_same(bought, min_customers))
    first, second, both = (np.concatenate(part) for part in zip(*parts, strict=True))
    del parts
    # one product of whole numbers, so that both directions get the same lift
    lift = both * n_customers / (buyers[first] * buyers[second])
    # there may be millions of pairs: they lie in the order of their ids, which need not be compared
    order = np.argsort(-lift, kind="stable")
    first, both = first[order], both[order]
    return pd.DataFrame(
        {
            "product_id": products[first],
            "other_product_id": products[second[order]],
            "customers": both.astype(int),
            "support": both / n_customers,
            "confidence": both / buyers[first],
            "lift": lift[order],
        }
    )


def _bought_by_the_same(bought, min_customers):
    """Ordered pairs and their common customers, in the order of their places; block by block."""
    by_product = bought.T.tocsr()
    step = max(1, kernels.BLOCK // bought.shape[1])
    for start in range(0, bought.shape[1], step):
        together = by_product[start : start + step] @ bought
        together.sort_indices()
        together = together.tocoo()
        row, column = (each.astype(np.int32) for each in together.coords)
        kept = (together.data >= min_customers) & (row + start != column)
        yield row[kept] + np.int32(start), column[kept], together.data[kept]


def many_common_customers(
    matrix: InteractionMatrix, min_customers: int = 1, share: float = 0.1, least: int = 20
) -> float:
    """From how many common customers on a pair belongs to those with the most.

    There may be so many pairs that their table would not fit into the memory; this only counts
    them, so that :func:`product_affinity` can be asked for the best alone.

    Parameters
    ----------
    matrix : InteractionMatrix
    min_customers : int
        Pairs with fewer don't count.
    share : float
        Of the pairs, those with the most common customers.
    least : int
        But not fewer than so many.

    Returns
    -------
    float
        No more than the pair with the most has; 0 if there is no pair.
    """
    bought = matrix.values.astype(bool).astype(np.float64)
    pairs = np.zeros(matrix.shape[0] + 1, dtype=np.int64)  # by common customers
    for _, _, both in _bought_by_the_same(bought, min_customers):
        pairs += np.bincount(both.astype(np.int64), minlength=len(pairs))
    up_to = pairs.cumsum()
    if not up_to[-1]:
        return 0.0
    place = (1 - share) * (up_to[-1] - 1)  # as in a sorted list, between two neighbours
    low, high = np.searchsorted(up_to, [np.floor(place), np.ceil(place)], side="right")
    among_the_best = low + (high - low) * (place - np.floor(place))
    return float(min(max(least, among_the_best), np.flatnonzero(pairs)[-1]))


def lift_that_melts(
    transactions: pd.DataFrame,
    minimums: Sequence[int] = (1, 3, 5, 10),
    share: float = 0.05,
    n: int = 10,
) -> pd.DataFrame:
    """What became of the highest early lifts in the purchases made since.

    The early purchases are left out of the later lift: whoever bought both then would go on
    counting, and with every stranger who comes the lift would even rise.

    Parameters
    ----------
    transactions : DataFrame
    minimums : sequence of int
        Common buyers that an early pair needs.
    share : float
        Early means the time until this share of the purchases had been made.
    n : int
        So many early pairs with the highest lift; a pair counts once, not in both directions.

    Returns
    -------
    DataFrame
        Indexed by minimum, without those that no early pair reaches: the means of ``customers``
        and ``lift`` at the time and of ``lift_later`` (0 for a pair that nobody has bought since),
        ``lift_that_stayed``, their ratio; ``pairs``, how many early pairs reach the minimum,
        ``top``, of how many these are the means, and ``never_again``, how many of those nobody has
        bought since. In ``attrs``: ``each``, by minimum the lift at the time and later of each pair
        of the top.
    """
    date = transactions["transaction_date"]
    cut = date.quantile(share)
    early = product_affinity(build_interaction_matrix(transactions[date <= cut]), min(minimums))
    early = early[early["product_id"] < early["other_product_id"]]
    columns = ["customers", "lift", "lift_later", "lift_that_stayed", "pairs", "top",
               "never_again"]  # fmt: skip
    since = transactions[date > cut]
    since = build_interaction_matrix(since) if len(since) else None
    rows, each = {}, {}
    for least in minimums:
        pairs = early[early["customers"] >= least]
        if pairs.empty:
            continue
        top = pairs.head(n)
        later = _lifts_of(since, top["product_id"], top["other_product_id"])
        lift = top["lift"].mean()
        each[least] = list(zip(top["lift"].tolist(), later.tolist(), strict=True))
        rows[least] = [top["customers"].mean(), lift, later.mean(), later.mean() / lift,
                       len(pairs), len(top), (later == 0).sum()]  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    counts = ["pairs", "top", "never_again"]
    table = table.astype(dict.fromkeys(counts, int)).rename_axis("common buyers, at least")
    table.attrs["each"] = each
    return table


def _lifts_of(matrix, ones, others):
    """The lift of each pair; 0 without a common buyer, also where a product has no buyers."""
    lifts = np.zeros(len(ones))
    if matrix is None:
        return lifts
    places = [matrix.products.get_indexer(ids) for ids in (ones, others)]
    known = np.minimum(*places) >= 0
    bought = sparse.csc_array(matrix.values.astype(bool).astype(np.float64))
    one, other = (bought[:, place[known]] for place in places)
    both = np.asarray(one.multiply(other).sum(axis=0)).ravel()
    by_chance = np.asarray(one.sum(axis=0) * other.sum(axis=0)).ravel() / matrix.shape[0]
    lifts[known] = both / by_chance
    return lifts
