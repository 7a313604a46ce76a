"""Lesson 04. From similar products to a ranked list for every customer, each with its reason.

All recommenders share one form: ``fit(matrix, ...)`` learns, ``recommend(customers, n)`` answers
with a tidy table. They differ in what they learn (``_fit``) and in how they score every product
for a block of customers (``_scores``). Three rank a block in a way of their own (``_rank_block``):
Random looks at ids instead of purchases; MostPopular and ItemBased find the best products without
writing down the scores of all. Only products with a score above zero are recommended: zero means
"nothing speaks for it".
"""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
from scipy import sparse

from helpers import handover
from helpers.kernels import BLOCK, scale_rows, top_n, top_n_of_product
from helpers.matrix import InteractionMatrix
from helpers.similarity import ProductSimilarity, product_similarity

#: What an event says about intent, in purchases: putting into the cart counts like a purchase.
EVENT_WEIGHTS = {"product_view": 0.3, "search": 0.3, "add_to_cart": 1.0}

#: Events of so many days still say what somebody is about to buy.
INTENT_DAYS = 30


#: What customers did that speaks for a product.
HOW = np.array(["bought", "looked at"])

#: The widest table of products x products that EASE solves in a blend: its memory grows with the
#: square, its time with the cube. More products ranked no better, see ``tests/benchmarks``.
MOST_PRODUCTS = 4_000
_KEPT_OF_EASE = 400
_CUSTOMERS_TO_SCALE_BY = 1_000
_CAUSES = 1_000_000


class NotFittedError(ValueError, AttributeError):
    """A recommender was asked before it has learned; both its parents as in scikit-learn."""


class MissingDataError(ValueError):
    """A recommender cannot be fitted: the shop lacks a table or a column that it learns from."""


def get_recommendations(
    customer_id,
    interaction_matrix: InteractionMatrix,
    product_similarity: ProductSimilarity,
    n_recommendations: int = 5,
) -> list:
    """Recommend to one customer, in four readable steps.

    Parameters
    ----------
    customer_id : str
    interaction_matrix : InteractionMatrix
    product_similarity : ProductSimilarity
    n_recommendations : int

    Returns
    -------
    list of product ids
        Best score first, ties to the smaller id. Shorter than asked for where nothing else
        resembles what the customer bought.

    Raises
    ------
    KeyError
        If the customer is unknown: a silent list of best sellers would hide a wrong id.
    """
    if customer_id not in interaction_matrix.customers:
        raise KeyError(f"There is no customer {customer_id!r}; ids look like "
                       f"{interaction_matrix.customers[0]!r}.")  # fmt: skip
    row = interaction_matrix.customers.get_loc(customer_id)
    purchases = interaction_matrix.values[[row]].astype(np.float64)
    scores = (purchases @ product_similarity.values).toarray()[0]
    scores[purchases.indices] = 0  # already bought
    # sorted by *score*: sorting (product, score) pairs as they are would sort by product id;
    # as float32, so that what differs by the order of adding only is a tie
    best_first = np.argsort(-scores.astype(np.float32), kind="stable")
    best_first = best_first[scores[best_first] > 0][:n_recommendations]
    return product_similarity.products[best_first].tolist()


class Recommender:
    """What all recommenders share: who is known, what they bought, and ranking by score.

    Attributes
    ----------
    customers_, products_ : Index
        Who and what is known after ``fit``.
    purchases_ : csr_array, shape (n_customers + 1, n_products)
        The interaction matrix; the additional last row is the customer we know nothing about.
    """

    def fit(
        self,
        matrix: InteractionMatrix,
        transactions: pd.DataFrame | None = None,
        events: pd.DataFrame | None = None,
        products: pd.DataFrame | None = None,
    ) -> Recommender:
        """Learn from purchases.

        Parameters
        ----------
        matrix : InteractionMatrix
        transactions : DataFrame, optional
            For recommenders that look at dates.
        events : DataFrame, optional
            For recommenders that look at behaviour. Only events before the moment of
            recommending may be in it.
        products : DataFrame, optional
            From :func:`helpers.data.product_table`, for recommenders that look at content.

        Returns
        -------
        self

        Raises
        ------
        MissingDataError
            If a table or column is missing that this recommender learns from.
        """
        self.customers_, self.products_ = matrix.customers, matrix.products
        self.purchases_ = _with_unknown(matrix.values)
        self._fit(matrix, transactions, events, products)
        return self

    def recommend(self, customers=None, n: int = 5, exclude_purchased: bool = True) -> pd.DataFrame:
        """Rank products for customers.

        Parameters
        ----------
        customers : list of ids, optional
            Everyone known, if left out. An unknown customer gets what a customer without any
            history gets: a popularity list from :class:`MostPopular`, one drawn by chance from
            :class:`Random`, nothing from the others.
        n : int
            Length of the list; shorter where fewer products score above zero.
        exclude_purchased : bool
            Leave out what the customer already bought. Switch off where things are bought again.

        Returns
        -------
        DataFrame
            ``customer_id``, ``rank`` (from 1), ``product_id``, ``score``.

        Raises
        ------
        ValueError
            If `n` is below 1.
        NotFittedError
            Before ``fit``.
        """
        _check_fitted(self)
        if n < 1:
            raise ValueError(f"n is {n}; ask for at least one recommendation.")
        known = self.customers_ if customers is None else pd.Index(customers).unique()
        rows = self.customers_.get_indexer(known)
        row, column, rank, score = self._rank(rows, n, exclude_purchased, known)
        return pd.DataFrame(
            {
                "customer_id": known[row],
                "rank": rank,
                "product_id": self.products_[column],
                "score": score,
            }
        )

    def _rank(self, rows, n, exclude_purchased, customers=None):
        """Rows, columns, ranks and scores of the best products for these rows."""
        step = max(1, self._block_size())
        if len(rows) <= step:
            return self._rank_block(rows, customers, n, exclude_purchased)
        wholes, filled = None, 0
        for start in range(0, len(rows), step):
            some = slice(start, start + step)
            ids = None if customers is None else customers[some]
            row, *rest = self._rank_block(rows[some], ids, n, exclude_purchased)
            part = row + start, *rest
            if wholes is None:  # room for all lists at once: put together later, they'd be twice
                most = len(rows) * min(n, len(self.products_))
                wholes = [np.empty(most, each.dtype) for each in part]
            for whole, each in zip(wholes, part, strict=True):
                whole[filled : filled + len(each)] = each
            filled += len(row)
        return tuple(whole[:filled] for whole in wholes)

    def _block_size(self):
        return BLOCK // max(len(self.products_), 1)

    def _rank_block(self, rows, customers, n, exclude_purchased):
        """The best products for a block of customers: rows in the block, columns, ranks, scores."""
        return self._best(self._scores(rows), rows, n, exclude_purchased)

    def _best(self, scores, rows, n, exclude_purchased):
        if exclude_purchased:
            bought = self.purchases_[rows]
            scores[np.repeat(np.arange(len(rows)), np.diff(bought.indptr)), bought.indices] = 0
        row, column, rank = top_n(scores, n)
        return row, column, rank, scores[row, column]

    def _fit(self, matrix, transactions, events, products):
        raise NotImplementedError

    def _scores(self, rows) -> np.ndarray:
        """Scores of all products for the customers in these rows: (len(rows), n_products)."""
        raise NotImplementedError


class Random(Recommender):
    """Any product, by chance: what every other recommender must beat.

    A customer's list follows from the seed, the customer's id and the ids of the products alone:
    it is the same whoever else is asked. Unknown customers get a list, too.

    Parameters
    ----------
    random_state : int
    """

    def __init__(self, random_state: int = 0):
        self.random_state = random_state

    def _fit(self, matrix, transactions, events, products):
        self._keys = pd.util.hash_pandas_object(matrix.products, index=False).to_numpy()

    def _block_size(self):
        return BLOCK // 8 // max(len(self.products_), 1)  # stays in the processor's cache

    def _rank_block(self, rows, customers, n, exclude_purchased):
        seed = _mixed(np.array([self.random_state % 2**64], dtype=np.uint64))
        of_customer = pd.util.hash_pandas_object(customers, index=False).to_numpy()
        numbers = _mixed((of_customer ^ seed)[:, None] + self._keys)
        # above 0 and up to 1
        scores = ((numbers >> np.uint64(11)) + np.uint64(1)) * 2.0**-53
        return self._best(scores, rows, n, exclude_purchased)


def _mixed(numbers):
    """Turn different numbers into numbers that look drawn by chance.

    The last steps of SplitMix64 (Steele, Lea and Flood, *Fast splittable pseudorandom number
    generators*, 2014): products of 64-bit numbers that overflow on purpose.
    """
    numbers ^= numbers >> np.uint64(30)
    numbers *= np.uint64(0xBF58476D1CE4E5B9)
    numbers ^= numbers >> np.uint64(27)
    numbers *= np.uint64(0x94D049BB133111EB)
    numbers ^= numbers >> np.uint64(31)
    return numbers


class MostPopular(Recommender):
    """The products with the most buyers, the same for everyone.

    Parameters
    ----------
    days : int, optional
        Count only the last so many days before the newest purchase; all time if left out.
    """

    def __init__(self, days: int | None = None):
        self.days = days

    def _fit(self, matrix, transactions, events, products):
        if self.days is None:
            self.buyers_ = (matrix.values > 0).sum(axis=0).astype(np.float64)
        else:
            self.buyers_ = recent_buyers(_needed(transactions, "transactions", self),
                                         matrix.products, self.days)  # fmt: skip

    def showing(self, shown: np.ndarray) -> MostPopular:
        """The same recommender, for those products only that may be shown.

        Parameters
        ----------
        shown : ndarray of bool, shape (n_products,)
        """
        some = copy.copy(self)
        some.buyers_ = self.buyers_ * shown
        return some

    def _rank_block(self, rows, customers, n, exclude_purchased):
        # the same one row of scores for everybody
        everyone = sparse.csr_array(np.ones((len(rows), 1)))
        excluded = self.purchases_[rows] if exclude_purchased else None
        buyers = sparse.csr_array(self.buyers_[None, :])
        return top_n_of_product(everyone, buyers, n, excluded)


class ContentBased(Recommender):
    """Products of the categories and price levels that the customer bought from.

    A product is described by its category and by its price level (a quarter of the catalogue
    each), a customer by the sum of the products bought; the score is their dot product, with
    products scaled to length 1.
    """

    def _fit(self, matrix, transactions, events, products):
        described = _needed(products, "products", self).reindex(matrix.products)
        parts = []
        if described["product_category"].notna().any():
            parts.append(pd.get_dummies(described["product_category"], dtype=np.float64))
        if described["price"].notna().any():
            level = pd.qcut(described["price"].rank(method="first"), 4, labels=False)
            # half a category: two products of one category and far prices are still closer
            parts.append(pd.get_dummies(level, dtype=np.float64) * 0.5)
        if not parts:
            raise MissingDataError(
                "ContentBased needs a product_category or a price; there is neither."
            )
        features = scale_rows(sparse.csr_array(np.hstack([part.to_numpy() for part in parts])))
        self.features_ = features

    def _scores(self, rows):
        return ((self.purchases_[rows] @ self.features_) @ self.features_.T).toarray()


class UserBased(Recommender):
    """What the customers most like this one bought.

    Parameters
    ----------
    n_neighbors : int
        How many similar customers have a say, by the cosine of their purchases.
    """

    def __init__(self, n_neighbors: int = 50):
        self.n_neighbors = n_neighbors

    def _fit(self, matrix, transactions, events, products):
        self._length = np.sqrt(self.purchases_.multiply(self.purchases_).sum(axis=1))
        self._length[self._length == 0] = 1

    def _scores(self, rows):
        scores = np.zeros((len(rows), len(self.products_)))
        # every customer is compared with every other: the memory, and the reason why shops with
        # many customers prefer product similarity
        step = max(1, BLOCK // self.purchases_.shape[0])
        for start in range(0, len(rows), step):
            block = rows[start : start + step]
            # counted first and scaled once: equal cosines stay equal, whatever the machine
            alike = (self.purchases_[block] @ self.purchases_.T).toarray() / self._length
            alike[np.arange(len(block)), block] = 0
            row, neighbour, _ = top_n(alike, self.n_neighbors)
            weights = sparse.csr_array((alike[row, neighbour], (row, neighbour)), alike.shape)
            scores[start : start + step] = (weights @ self.purchases_).toarray()
        return scores


class ItemBased(Recommender):
    """Products bought by the same people as what this customer bought (or looked at).

    The score of a product is the sum of its similarities with the customer's own purchases, so
    it splits into reasons: see :meth:`contributions`.

    Parameters
    ----------
    n_neighbors : int, optional
        Keep each product's nearest products only. ``None`` keeps all.
    scale_customers : bool
        Heavy buyers don't drown the rest; see :func:`helpers.similarity.product_similarity`.
    trend_days : int, optional
        Multiply scores by each product's trend over so many days; needs `transactions`.
    intent_days : int, optional
        Let events of the last so many days speak too, for customers with or without purchases;
        needs `events`. Where none of them names a product of the shop, purchases speak alone.
    n_jobs : int
        Threads for fitting and recommending, -1 for one per processor; results do not depend on
        it.
    event_weights : dict of str to float, optional
        What an event of each type counts, where a purchase counts 1; :data:`EVENT_WEIGHTS` if left
        out. Types that are not named count nothing.

    Attributes
    ----------
    similarity_ : ProductSimilarity
        Which products go with which.
    pairs_ : csr_array, shape (n_products, n_products)
        What a purchase (row) says for each product (column), whenever that sold: the similarity.
    weights_ : csr_array, shape (n_products, n_products)
        The same, times trend.

    Notes
    -----
    ``ItemBased(None, False)`` is the textbook: cosine and nothing else.
    """

    #: What it was told, rather than learned, and is kept in a saved engine.
    SETTINGS = ("n_neighbors", "scale_customers", "trend_days", "intent_days")

    def __init__(
        self,
        n_neighbors: int | None = 50,
        scale_customers: bool = True,
        trend_days: int | None = None,
        intent_days: int | None = None,
        n_jobs: int = 2,
        event_weights: dict[str, float] | None = None,
    ):
        self.n_jobs = n_jobs
        self.event_weights = event_weights
        self.n_neighbors = n_neighbors
        self.scale_customers = scale_customers
        self.trend_days = trend_days
        self.intent_days = intent_days

    def settings(self) -> dict:
        """What it was told: the arguments that a saved engine keeps, by name."""
        return {name: getattr(self, name) for name in self.SETTINGS}

    def with_settings(self, **changes) -> ItemBased:
        """One of the same kind and settings, but for some, that has learned nothing yet."""
        return type(self)(**self.settings() | changes)

    def _fit(self, matrix, transactions, events, products):
        self.similarity_, self.pairs_ = self._learn_pairs(matrix, transactions)
        self.trend_ = np.ones(len(matrix.products))
        if self.trend_days is not None:
            dated = _needed(transactions, "transactions", self)
            self.trend_ = product_trend(dated, matrix, self.trend_days)
        self.intent_ = None
        if self.intent_days is not None:
            self._add_intent(matrix, _needed(events, "events", self), transactions)
        self._finish()

    def _learn_pairs(self, matrix, transactions):
        """The similarity, and what a purchase says for each product, both without trend."""
        similarity = product_similarity(matrix, self.n_neighbors, self.scale_customers, self.n_jobs)
        return similarity, similarity.values

    def _add_intent(self, matrix, events, transactions):
        """Widen the known customers by those with events, and remember who looked at what."""
        if "product_id" not in events:
            return
        newest = events["event_date"].max()
        if transactions is not None:
            newest = max(newest, transactions["transaction_date"].max())
        recent = events[events["event_date"] > newest - pd.Timedelta(days=self.intent_days)]
        product = matrix.products.get_indexer(recent["product_id"])
        counts = EVENT_WEIGHTS if self.event_weights is None else self.event_weights
        weight = recent["event_type"].map(counts).fillna(0).to_numpy(dtype=np.float64)
        useful = (product >= 0) & (weight > 0)
        if not useful.any():
            return
        self.customers_ = matrix.customers.union(recent["customer_id"][useful].unique())
        bought = sparse.coo_array(matrix.values)
        rows = self.customers_.get_indexer(matrix.customers)[bought.coords[0]]
        shape = (len(self.customers_), len(matrix.products))
        purchases = sparse.csr_array((bought.data, (rows, bought.coords[1])), shape=shape)
        self.purchases_ = _with_unknown(purchases)
        who = self.customers_.get_indexer(recent["customer_id"][useful])
        intent = sparse.csr_array((weight[useful], (who, product[useful])), shape=shape)
        # what was bought since is no longer an intent
        intent = intent - intent.multiply(purchases > 0)
        intent.eliminate_zeros()
        self.intent_ = _with_unknown(intent)

    @classmethod
    def restore(
        cls,
        settings: dict,
        customers: pd.Index,
        similarity: ProductSimilarity,
        trend: np.ndarray,
        purchases: sparse.csr_array,
        intent: sparse.csr_array | None,
        pairs: sparse.csr_array | None = None,
    ) -> ItemBased:
        """Make a fitted recommender again from its parts, e.g. from a file.

        Parameters
        ----------
        settings : dict
            The arguments it was made with.
        customers, similarity, trend, purchases, intent
            Its attributes ``customers_``, ``similarity_``, ``trend_``, ``purchases_``,
            ``intent_``.
        pairs
            Its attribute ``pairs_``, where that is not the similarity.
        """
        model = cls(**settings)
        model.customers_, model.products_ = customers, similarity.products
        model.similarity_, model.trend_ = similarity, trend
        model.pairs_ = similarity.values if pairs is None else pairs
        model.purchases_, model.intent_ = purchases, intent
        model._finish()
        return model

    def _finish(self):
        """What scoring needs, in the form in which it is fast."""
        self.weights_ = self.pairs_.astype(np.float64)
        self.weights_.data *= self.trend_[self.weights_.indices]
        if self.intent_ is not None:
            # a product looked at speaks for itself as well as for its neighbours
            own = sparse.diags_array(self.trend_)
            self._weights_with_self = sparse.csr_array(self.weights_ + own)

    def showing(self, shown: np.ndarray) -> ItemBased:
        """The same recommender, for those products only that may be shown.

        What it has learned stays, also from the others.

        Parameters
        ----------
        shown : ndarray of bool, shape (n_products,)
        """
        some, only = copy.copy(self), sparse.diags_array(shown.astype(np.float64))
        some.weights_ = sparse.csr_array(self.weights_ @ only)
        if self.intent_ is not None:
            some._weights_with_self = sparse.csr_array(self._weights_with_self @ only)
        return some

    def _block_size(self):
        return 100_000

    def _rank_block(self, rows, customers, n, exclude_purchased):
        bought = self.purchases_[rows]
        history, weights = bought, self.weights_
        if self.intent_ is not None:
            history = sparse.hstack([bought, self.intent_[rows]], format="csr")
            weights = sparse.vstack([weights, self._weights_with_self], format="csr")
        excluded = bought if exclude_purchased else None
        return top_n_of_product(history, weights, n, excluded, n_jobs=self.n_jobs)

    def contributions(self, recommendations: pd.DataFrame) -> pd.DataFrame:
        """Split each score over what caused it.

        Parameters
        ----------
        recommendations : DataFrame
            With ``customer_id`` and ``product_id``, e.g. from :meth:`recommend`.

        Returns
        -------
        DataFrame
            ``customer_id``, ``product_id``, ``because_of`` (a product), ``how`` ("bought" or
            "looked at") and ``contribution``, largest first. The contributions of one
            recommendation add up to its score; those of a :class:`Blend` may be negative.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        _check_fitted(self)
        at, cause, how, size = self.causes(recommendations)
        parts = pd.DataFrame(
            {"because_of": self.products_[cause], "how": HOW[how], "contribution": size}
        )
        order = parts.assign(at=at).sort_values(
            ["at", "contribution", "because_of"], ascending=[True, False, True]
        )
        asked = recommendations[["customer_id", "product_id"]].take(order["at"])
        parts = order.drop(columns="at").reset_index(drop=True)
        return pd.concat([asked.reset_index(drop=True), parts], axis=1)

    def causes(self, recommendations: pd.DataFrame) -> tuple[np.ndarray, ...]:
        """The same as :meth:`contributions` in numbers, for whoever needs few of very many.

        Parameters
        ----------
        recommendations : DataFrame
            As there.

        Returns
        -------
        at, cause, how, contribution : ndarray
            Row of `recommendations`, product's place in ``products_``, place in :data:`HOW`, and
            contribution. Row by row.
        """
        rows = self.customers_.get_indexer(recommendations["customer_id"])
        columns = self.products_.get_indexer(recommendations["product_id"])
        did = [(self.purchases_, self.weights_)]
        if self.intent_ is not None:
            did.append((self.intent_, self._weights_with_self))
        parts = []
        for how, (history, weights) in enumerate(did):
            speaks_for = _with_unknown(weights.T.tocsr())
            # as many at a time as keep the tables small
            step = max(1, _CAUSES // max(1, weights.nnz // max(1, weights.shape[0])))
            for start in range(0, max(1, len(rows)), step):
                some = slice(start, start + step)
                # row k: what customer rows[k] did, times what each of it says for columns[k]
                part = history[rows[some]].multiply(speaks_for[columns[some]])
                part = sparse.coo_array(part)
                at, cause = part.coords
                how_many = np.full(part.nnz, how, np.int8)
                parts.append((at.astype(np.int64) + start, cause, how_many, part.data))
        parts = [np.concatenate(part) for part in zip(*parts, strict=True)]
        if len(did) > 1:
            order = np.argsort(parts[0], kind="stable")
            parts = [part[order] for part in parts]
        return tuple(parts)


class Blend(ItemBased):
    """Two tables of what a purchase says for each product, mixed: EASE and similarity.

    EASE lets two purchases that tell the same story share its weight, and knows what a purchase
    speaks against; similarity holds on where data are thin. The score is still a sum over the
    customer's own purchases.

    Parameters
    ----------
    ease_share : float
        EASE's share, 0 to 1; the rest is similarity's. Each table counts in units of what it gives
        customers for their best product, on average.
    regularization : float
        As in :class:`EASE`.
    half_life_days : float, optional
        In both tables, a purchase counts half as much for every so many days before the newest;
        needs `transactions`. A customer's own list rests on all purchases alike: that fading was
        tried as well, and brought nothing.
    trend_days, n_neighbors, scale_customers, intent_days, n_jobs, event_weights
        As in :class:`ItemBased`.
    max_products, min_customers : int
        EASE weighs the best-sold products only: so many at most, with so many buyers at least.
        For and from the others, similarity speaks alone.

    Attributes
    ----------
    similarity_ : ProductSimilarity
        Of purchases that fade.
    pairs_ : csr_array, shape (n_products, n_products)
        The mixture, on the scale of the similarity; also below zero.

    Notes
    -----
    Of EASE, each product keeps the 400 largest weights, above or below zero: on Online Retail
    (3,700 products) that ranks as well as all of them, and so do the 3,100 products with five
    buyers or more; a grocer's 1,000 best sold ranked better than 8,000. See ``tests/benchmarks``.
    """

    SETTINGS = ("ease_share", "regularization", "half_life_days", *ItemBased.SETTINGS)

    def __init__(
        self,
        ease_share: float = 0.7,
        regularization: float = 800.0,
        half_life_days: float | None = None,
        trend_days: int | None = None,
        n_neighbors: int | None = 50,
        scale_customers: bool = True,
        intent_days: int | None = None,
        n_jobs: int = 2,
        event_weights: dict[str, float] | None = None,
        max_products: int = MOST_PRODUCTS,
        min_customers: int = 5,
    ):
        super().__init__(
            n_neighbors, scale_customers, trend_days, intent_days, n_jobs, event_weights
        )
        self.ease_share = ease_share
        self.regularization = regularization
        self.half_life_days = half_life_days
        self.max_products = max_products
        self.min_customers = min_customers

    def _learn_pairs(self, matrix, transactions):
        if self.half_life_days is not None:
            dated = _needed(transactions, "transactions", self)
            matrix = _faded(matrix, dated, self.half_life_days)
        if not handover.in_a_run():
            return self._mixed_pairs(matrix)

        def find():
            similarity, pairs = self._mixed_pairs(matrix)
            return handover.Found(handover.sparse_tables(similarity=similarity.values, pairs=pairs))

        # trend and intent come later, so blends that differ in these have the same pairs
        names = ("ease_share", "regularization", "n_neighbors", "scale_customers", "max_products",
                 "min_customers")  # fmt: skip
        made_of = [getattr(self, name) for name in names]
        made_of.append(handover.fingerprint(matrix.values, self.purchases_))
        found = handover.shared(find, "blended pairs", made_of)
        shape = (len(self.products_), len(self.products_))
        similarity, pairs = (
            handover.sparse_array(found, name, shape) for name in ("similarity", "pairs")
        )
        return ProductSimilarity(similarity, self.products_), pairs

    def _mixed_pairs(self, matrix):
        similarity, alike = super()._learn_pairs(matrix, None)
        weighed = _best_sold(matrix.values, self.max_products, self.min_customers)
        if not len(weighed):
            return similarity, alike
        ease = _ease_weights(
            matrix.values[:, weighed], self.regularization, np.float32, _KEPT_OF_EASE
        )
        ease = _placed(ease, weighed, matrix.shape[1])
        some = np.unique(np.linspace(0, matrix.shape[0] - 1, _CUSTOMERS_TO_SCALE_BY).astype(int))
        bought = self.purchases_[some]
        ours, theirs = (
            top_n_of_product(bought, table, 1, bought, self.n_jobs)[3].sum()
            for table in (alike, ease)
        )
        if theirs == 0:  # EASE has nothing to recommend
            return similarity, alike
        share = self.ease_share
        pairs = (1 - share) * alike + (share * ours / theirs) * ease
        return similarity, sparse.csr_array(pairs, dtype=np.float32)


class EASE(Recommender):
    """Let the data choose the weights: how much each purchase says for each product.

    Where :class:`ItemBased` counts who bought two products, this solves for the weights that
    best rebuild everybody's purchases from their *other* purchases, so that two products that
    tell the same story share its weight instead of counting twice.

    Parameters
    ----------
    regularization : float
        Pulls all weights towards zero; the smaller the shop, the more of it.
    trend_days : int, optional
        As in :class:`ItemBased`.
    max_products : int
        The weights are a full table, products x products, whose memory grows with the square
        and whose time with the cube of the catalogue: of 10,000, .4 GB and 11 seconds.

    Notes
    -----
    Steck, *Embarrassingly shallow autoencoders for sparse data*, 2019.
    """

    def __init__(
        self,
        regularization: float = 100.0,
        trend_days: int | None = None,
        max_products: int = 10_000,
    ):
        self.regularization = regularization
        self.trend_days = trend_days
        self.max_products = max_products

    def _fit(self, matrix, transactions, events, products):
        if (n_products := matrix.shape[1]) > self.max_products:
            raise ValueError(
                f"EASE needs a table of {n_products:,} x {n_products:,} weights; it is set up for "
                f"at most {self.max_products:,} products. Use Blend."
            )
        weights = _ease_weights(matrix.values, self.regularization).toarray()
        trend = 1.0
        if self.trend_days is not None:
            dated = _needed(transactions, "transactions", self)
            trend = product_trend(dated, matrix, self.trend_days)
        self.weights_ = weights * trend

    def _scores(self, rows):
        return self.purchases_[rows] @ self.weights_


def _best_sold(values, most, min_customers):
    """Columns of the products with the most buyers, in their order; of equal ones the first."""
    buyers = np.bincount(values.indices, minlength=values.shape[1])
    best = np.argsort(-buyers, kind="stable")[:most]
    return np.sort(best[buyers[best] >= min_customers])


def _placed(table, at, n_products):
    """A square table of some products as one of all of them, empty elsewhere."""
    table = sparse.coo_array(table)
    at = at.astype(table.coords[0].dtype)  # no larger numbers than the table's
    places = tuple(at[each] for each in table.coords)
    return sparse.csr_array((table.data, places), shape=(n_products, n_products))


def _ease_weights(values, regularization, dtype=np.float64, kept=None):
    """EASE's weights: what a purchase (row) says for each product (column).

    Parameters
    ----------
    values : csr_array, shape (n_customers, n_products)
    regularization : float
    dtype : dtype
        Of the inverse: the time and the memory of float32 are half.
    kept : int, optional
        So many of the largest weights of each column, above or below zero, and those as large as
        the last of them; all, if left out.

    Returns
    -------
    csr_array, shape (n_products, n_products)
    """
    inverse = _inverse_of_together(values.astype(np.float64), regularization, dtype)
    variance = inverse.diagonal().copy()
    n_products = len(inverse)
    kept = n_products if kept is None else min(kept, n_products)
    parts = []
    for start, stop in _blocks(n_products):
        # the inverse is symmetric, so the columns asked for lie together, as rows
        block = -inverse[start:stop] / variance[start:stop, None]
        block[np.arange(stop - start), np.arange(start, stop)] = 0  # no product explains itself
        size = np.abs(block)
        # below the first of the two, it is rounding
        least = np.full((stop - start, 1), 10 * np.finfo(dtype).eps, dtype)
        if kept < n_products:
            kept_last = n_products - kept
            least = np.maximum(least, np.partition(size, kept_last)[:, [kept_last]])
        block[size < least] = 0
        parts.append(sparse.csr_array(block))
    return sparse.csr_array(sparse.vstack(parts, format="csr").T)


def _inverse_of_together(values, regularization, dtype):
    """The inverse of who bought what together, ``values.T @ values``, with the penalty added.

    One table of products x products is held and all is done in its place: Cholesky's factor, then
    the inverse, of which LAPACK writes one half.
    """
    from scipy.linalg.lapack import get_lapack_funcs

    n_products = values.shape[1]
    table, by_product = np.empty((n_products, n_products), dtype), values.T.tocsr()
    for start, stop in _blocks(n_products):
        table[start:stop] = (by_product[start:stop] @ values).toarray()
    table[np.diag_indices(n_products)] += regularization
    factor, invert = get_lapack_funcs(("potrf", "potri"), (table,))
    # seen transposed, it has the order that LAPACK wants, and need not be copied
    _, failed = factor(table.T, lower=1, overwrite_a=1)
    if not failed:
        _, failed = invert(table.T, lower=1, overwrite_c=1)
    if failed:
        raise ValueError(
            f"EASE can't solve for its weights with a regularization of {regularization:g}: "
            "take a larger one."
        )
    for start, stop in _blocks(n_products):
        table[start:stop, :start] = table[:start, start:stop].T
        square = table[start:stop, start:stop]
        square[:] = np.triu(square) + np.triu(square, 1).T
    return table


def _blocks(n_products):
    step = max(1, BLOCK // max(n_products, 1))
    return [(start, min(start + step, n_products)) for start in range(0, n_products, step)]


def _faded(matrix, transactions, half_life_days):
    """The matrix with each purchase worth less by its age: half for every half-life."""
    pair = ["customer_id", "product_id"]
    last = transactions.groupby(pair, sort=False)["transaction_date"].max().reset_index()
    age = (last["transaction_date"].max() - last["transaction_date"]).dt.days.to_numpy()
    row = matrix.customers.get_indexer(last["customer_id"])
    column = matrix.products.get_indexer(last["product_id"])
    known = (row >= 0) & (column >= 0)
    # a floor, so that what was bought long ago still says more than what never was
    fading = np.maximum(0.5 ** (age[known] / half_life_days), 1e-6)
    fading = sparse.csr_array((fading, (row[known], column[known])), matrix.shape)
    values = sparse.csr_array(matrix.values.astype(np.float64).multiply(fading))
    return InteractionMatrix(values, matrix.customers, matrix.products)


class SortedById(Recommender):
    """The bug that shipped, kept so that lesson 04 can show it: the last ids of the catalogue.

    Pairs of product and score, sorted as they are with the largest in front, are sorted by
    product: the score is looked at only where two products are equal, which they never are.
    """

    def _fit(self, matrix, transactions, events, products):
        self._similarity = product_similarity(matrix).values

    def _scores(self, rows):
        has_a_score = (self.purchases_[rows] @ self._similarity).toarray() > 0
        return has_a_score * np.arange(1.0, len(self.products_) + 1)  # products_ are in order


class BuyAgain(Recommender):
    """What the customer bought before, most often and most recently first.

    Each purchase of a product counts 1 on the newest day in the data and half as much for every
    `half_life_days` before. Only for lists that may repeat: with ``exclude_purchased`` nothing
    is left.

    Parameters
    ----------
    half_life_days : float
    """

    def __init__(self, half_life_days: float = 90.0):
        self.half_life_days = half_life_days

    def _fit(self, matrix, transactions, events, products):
        dated = _needed(transactions, "transactions", self)
        age = (dated["transaction_date"].max() - dated["transaction_date"]).dt.days.to_numpy()
        # a floor, so that what was bought long ago still stands before what never was
        weight = np.maximum(0.5 ** (age / self.half_life_days), 1e-9)
        row = matrix.customers.get_indexer(dated["customer_id"])
        column = matrix.products.get_indexer(dated["product_id"])
        known = (row >= 0) & (column >= 0)
        history = sparse.coo_array((weight[known], (row[known], column[known])), matrix.shape)
        self.history_ = _with_unknown(history.tocsr())

    def _scores(self, rows):
        return self.history_[rows].toarray()


class WithFallback:
    """Fill each customer's list from the first recommender, then the second, and so on.

    Parameters
    ----------
    recommenders : dict of str to Recommender
        In order of preference; the names become the column ``source``. Fitted ones can be asked
        at once.
    """

    def __init__(self, recommenders: dict[str, Recommender]):
        self.recommenders = recommenders

    def fit(
        self,
        matrix: InteractionMatrix,
        transactions: pd.DataFrame | None = None,
        events: pd.DataFrame | None = None,
        products: pd.DataFrame | None = None,
    ) -> WithFallback:
        """Let all recommenders learn; parameters as in :meth:`Recommender.fit`.

        Copies of them learn and take their places here: the ones that were handed over stay as
        they are, so that they can serve elsewhere.

        Returns
        -------
        self
        """
        self.recommenders = {
            name: copy.copy(recommender).fit(matrix, transactions, events, products)
            for name, recommender in self.recommenders.items()
        }
        return self

    @property
    def customers_(self) -> pd.Index:
        """Everyone whom at least one of the recommenders knows."""
        for recommender in self.recommenders.values():
            _check_fitted(recommender)
        known = [r.customers_ for r in self.recommenders.values()]
        everyone = known[0]
        for more in known[1:]:
            everyone = everyone.union(more)
        return everyone

    def recommend(self, customers=None, n: int = 5, exclude_purchased: bool = True) -> pd.DataFrame:
        """Rank products; as :meth:`Recommender.recommend`, with ``source`` added."""
        customers = self.customers_ if customers is None else pd.Index(customers).unique()
        lists, waiting = [], customers
        for order, (source, recommender) in enumerate(self.recommenders.items()):
            some = recommender.recommend(waiting, n, exclude_purchased)
            lists.append(some.assign(source=source, order=order))
            # only those whose list is still short ask the next one; two recommenders may name
            # the same product, so a list is sure to be full only if one of them fills it
            full = some.loc[some["rank"] == n, "customer_id"]
            waiting = waiting.difference(full, sort=False)
        merged = pd.concat(lists, ignore_index=True)
        merged["at"] = customers.get_indexer(merged["customer_id"])
        merged = merged.sort_values(["at", "order", "rank"], ignore_index=True)
        merged = merged.drop_duplicates(["at", "product_id"])
        merged["rank"] = merged.groupby("at").cumcount() + 1
        merged = merged[merged["rank"] <= n].reset_index(drop=True)
        return merged[["customer_id", "rank", "product_id", "score", "source"]]


def ladder(model: Recommender, popular: Recommender) -> WithFallback:
    """The order in which a customer's list is filled: the model first, then best sellers.

    (A product's page has no customer to ask about: see :func:`helpers.channels.product_page`.)

    Parameters
    ----------
    model, popular : Recommender

    Returns
    -------
    WithFallback
        Its sources are called "purchases" and "popularity".
    """
    return WithFallback({"purchases": model, "popularity": popular})


class FromScores(Recommender):
    """Rank by scores that are already known, such as the true preferences of a made-up world.

    Parameters
    ----------
    scores : DataFrame, shape (n_customers, n_products)
        Customers as its index, products as its columns; above zero.
    """

    def __init__(self, scores: pd.DataFrame):
        self.scores = scores

    def _fit(self, matrix, transactions, events, products):
        known = self.scores.reindex(index=matrix.customers, columns=matrix.products, fill_value=0)
        self._known = np.vstack([known.to_numpy(), np.zeros(len(matrix.products))])

    def _scores(self, rows):
        return self._known[rows]


def recent_buyers(transactions: pd.DataFrame, products: pd.Index, days: int) -> np.ndarray:
    """Distinct buyers of each product in the last `days` days before the newest purchase.

    Returns
    -------
    ndarray of float, shape (n_products,)
    """
    newest = transactions["transaction_date"].max()
    recent = transactions[transactions["transaction_date"] > newest - pd.Timedelta(days=days)]
    pairs = recent[["customer_id", "product_id"]].drop_duplicates()
    column = products.get_indexer(pairs["product_id"])
    return np.bincount(column[column >= 0], minlength=len(products)).astype(np.float64)


def product_trend(transactions: pd.DataFrame, matrix: InteractionMatrix, days: int) -> np.ndarray:
    """How much of a product's popularity is recent.

    ``(buyers in the last days + 1) / (buyers ever + 10)``: the added constants keep products
    with a handful of buyers from jumping to the top.

    Returns
    -------
    ndarray of float, shape (n_products,)
    """
    ever = (matrix.values > 0).sum(axis=0)
    return (recent_buyers(transactions, matrix.products, days) + 1) / (ever + 10)


def _with_unknown(values):
    """Add an empty last row, which position -1 (pandas' answer for "not found") picks."""
    ends = np.append(values.indptr, values.indptr[-1:])
    shape = (values.shape[0] + 1, values.shape[1])
    return sparse.csr_array((values.data, values.indices, ends), shape)


def _needed(table, name, recommender):
    if table is None:
        raise MissingDataError(
            f"{type(recommender).__name__} needs `{name}` in fit() as it is set up."
        )
    return table


def _check_fitted(recommender):
    if not hasattr(recommender, "customers_"):
        raise NotFittedError(
            f"This {type(recommender).__name__} has not learned anything yet: call fit() first."
        )
