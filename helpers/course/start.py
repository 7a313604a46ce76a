"""Lesson 00. One customer's list, what came true of it, and what blind luck would have given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from helpers import evaluate
from helpers.data import product_table
from helpers.matrix import InteractionMatrix, build_interaction_matrix
from helpers.production import Engine, build_engine
from helpers.recommend import ContentBased, MissingDataError, MostPopular, Random, UserBased

#: The lists that are compared, by name.
OURS, BEST_SELLERS, BLIND = "our engine", "best sellers", "drawn by chance"


@dataclass(frozen=True)
class FirstLook:
    """An engine that has not seen the last weeks, and what they say about its lists.

    Attributes
    ----------
    transactions : DataFrame
        What it has learned from: the purchases before the cut, or all of them without one.
    split : Split or None
        None where the purchases cover too short a time to hide some of it.
    engine : Engine
    n : int
        Length of a list.
    matrix : InteractionMatrix
        Of `transactions`.
    rivals : dict of str to Recommender
        Fitted on the same purchases: :data:`BEST_SELLERS` and :data:`BLIND`.
    """

    transactions: pd.DataFrame
    split: evaluate.Split | None
    engine: Engine
    n: int
    matrix: InteractionMatrix
    rivals: dict

    @cached_property
    def bought_later(self) -> pd.DataFrame:
        """What each customer bought for the first time after the cut: distinct pairs."""
        if self.split is None:
            return self.transactions.head(0)[["customer_id", "product_id"]]
        return evaluate.relevant_products(self.split)

    @cached_property
    def judged(self) -> pd.Index:
        """Customers with a purchase before the cut and a new product after it, by id."""
        later = pd.Index(self.bought_later["customer_id"].unique())
        return self.matrix.customers.intersection(later).sort_values()

    @cached_property
    def customer(self) -> str:
        """The first by id who can be judged and has a list of their own.

        Where nobody can be judged: the first with a list of their own. Where nobody has one, the
        first.
        """
        candidates = self.judged if len(self.judged) else self.matrix.customers.sort_values()
        with_list = self.engine.model.recommend(candidates, 1)["customer_id"]
        return with_list.iloc[0] if len(with_list) else candidates[0]

    @cached_property
    def owned(self) -> pd.Index:
        """What the customer had bought before the cut, the latest last."""
        return self._first_bought(self.transactions).index

    @cached_property
    def later(self) -> pd.Index:
        """The new products that the customer bought after the cut, in their order."""
        if self.split is None:
            return pd.Index([])
        new = self._first_bought(self.split.test).index
        return new[~new.isin(self.owned)]

    @property
    def candidates(self) -> pd.Index:
        """The shop's products before the cut that were new to the customer."""
        return self.matrix.products.difference(self.owned)

    @property
    def wanted(self) -> pd.Index:
        """Those of the candidates that the customer bought after the cut."""
        return self.later[self.later.isin(self.candidates)]

    @cached_property
    def own_list(self) -> pd.DataFrame:
        """The engine's list for the customer, with ``reason``."""
        table = self.engine.recommend([self.customer], self.n)
        return table.assign(reason=self.engine.explain(table).to_numpy())

    @cached_property
    def first_reason(self) -> list[int]:
        """How much of the reason each cause of the first place is: percentages, largest first.

        Empty where the place was filled by the fallback.
        """
        first = self.own_list.head(1)
        if not first["source"].isin(["purchases", "intent"]).any():
            return []
        parts = self.engine.model.contributions(first)["contribution"]
        return (100 * parts / parts.sum()).round().astype(int).tolist()

    @cached_property
    def best_sellers(self) -> pd.Index:
        """The best sellers that were new to the customer, as many as a list has places."""
        table = self.rivals[BEST_SELLERS].recommend([self.customer], self.n)
        return pd.Index(table["product_id"])

    def _first_bought(self, purchases):
        mine = purchases[purchases["customer_id"] == self.customer]
        return mine.groupby("product_id")["transaction_date"].min().sort_values(kind="stable")

    @cached_property
    def trail(self) -> pd.DataFrame:
        """The customer's purchases, each product once, by the day it was first bought.

        Returns
        -------
        DataFrame
            Indexed by product id: ``day``, ``hidden`` (after the cut), and for the two lists
            whether the product is on them.
        """
        days = [self._first_bought(self.transactions)]
        if self.split is not None:
            days.append(self._first_bought(self.split.test)[self.later])
        day = pd.concat(days)
        return pd.DataFrame(
            {
                "day": day,
                "hidden": day.index.isin(self.later),
                OURS: day.index.isin(self.own_list["product_id"]),
                BEST_SELLERS: day.index.isin(self.best_sellers),
            }
        )

    @cached_property
    def hits(self) -> pd.DataFrame:
        """For each judged customer, how many products of each list came true.

        Returns
        -------
        DataFrame of int, shape (n_judged, 3)
        """
        lists = {OURS: self.engine, **self.rivals}
        if not len(self.judged):
            return pd.DataFrame(columns=list(lists), dtype=int)
        return pd.DataFrame(
            {
                name: (
                    evaluate.per_customer(each, self.split, self.n)[0]["precision"] * self.n
                ).round()
                for name, each in lists.items()
            }
        ).astype(int)

    def products_shown(self) -> pd.Series:
        """How many different products at least one customer gets to see.

        Returns
        -------
        Series of int
            For today's homepage (the same best sellers for all), the engine, and lists drawn by
            chance: of these, what is to be expected.
        """
        customers, products = self.matrix.shape
        places = min(self.n, products)
        engine = self.engine.recommend(self.matrix.customers, self.n)["product_id"].nunique()
        blind = products * (1 - (1 - places / products) ** customers)
        return pd.Series({"homepage today": places, OURS: engine, BLIND: round(blind)})

    def four_options(self) -> pd.DataFrame:
        """The customer's list by each of the four kinds of recommender.

        Returns
        -------
        DataFrame of product ids
            One row per place, one column per kind; missing where a list is shorter. Without
            categories and prices there is nothing to compare contents by, and no such column.
        """
        products = product_table(self.transactions)
        # the last is the engine itself, before its fallback fills up
        options = {
            "rule-based": self.rivals[BEST_SELLERS],
            "content-based": ContentBased(),
            "user-based": UserBased(),
            "item-based": self.engine.model,
        }
        for name in ("content-based", "user-based"):
            try:
                options[name].fit(self.matrix, products=products)
            except MissingDataError:
                del options[name]
        lists = {
            name: option.recommend([self.customer], self.n)["product_id"]
            for name, option in options.items()
        }
        return pd.DataFrame({name: each.reset_index(drop=True) for name, each in lists.items()})


def look_back(
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    test_days: int = 60,
    n_recommendations: int = 5,
) -> FirstLook:
    """Hide the last weeks, and let an engine learn from what was before.

    Its settings are chosen by the past alone, too.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    test_days : int
        Days to hide. If nothing were left to learn from, nothing is hidden.
    n_recommendations : int
        Length of a list.

    Returns
    -------
    FirstLook
    """
    try:
        split = evaluate.split_by_time(transactions, events, test_days)
        transactions, events = split.train, split.train_events
        model = evaluate.settings_for(transactions, events, test_days, n_recommendations)
    except evaluate.TooShortError:
        split, model = None, None
    matrix = build_interaction_matrix(transactions)
    rivals = {BEST_SELLERS: MostPopular().fit(matrix), BLIND: Random().fit(matrix)}
    engine = build_engine(transactions, events, model)
    return FirstLook(transactions, split, engine, n_recommendations, matrix, rivals)


def chance_of_hits(places: int, wanted: int, candidates: int) -> pd.Series:
    """How many hits a list has that is drawn blindly, each product at most once.

    Parameters
    ----------
    places : int
        Length of the list.
    wanted : int
        How many of the candidates the customer bought later.
    candidates : int
        Products that could have been drawn.

    Returns
    -------
    Series of float
        The probability of 0, 1, 2, … hits (the hypergeometric distribution). Their mean is
        places x wanted / candidates.

    Raises
    ------
    ValueError
        If there are fewer candidates than places, or than products wanted.
    """
    if not 0 <= max(places, wanted) <= candidates:
        raise ValueError(f"{places} places and {wanted} wanted, but {candidates} candidates.")
    hits = np.arange(min(places, wanted) + 1)
    return pd.Series(hypergeom.pmf(hits, candidates, wanted, places), hits)


def share_with_a_hit(hits: pd.DataFrame) -> pd.DataFrame:
    """Of all judged customers, how many found at least one product in their list.

    Parameters
    ----------
    hits : DataFrame of int
        From :attr:`FirstLook.hits`.

    Returns
    -------
    DataFrame
        One row per list: ``share`` and the ends of its 95 % interval, ``share_low`` and
        ``share_high``.
    """
    found = (hits > 0).astype(float)
    low, high = zip(*(evaluate.interval(found[name]) for name in found), strict=True)
    return pd.DataFrame({"share": found.mean(), "share_low": low, "share_high": high})


def with_ticks(lists: pd.DataFrame, names: pd.Series, bought: pd.Index) -> pd.DataFrame:
    """Lists by name, with a tick where the product was bought later.

    Parameters
    ----------
    lists : DataFrame of product ids
        One column per list, missing where it is shorter.
    names : Series of str, by product id
    bought : Index of product ids

    Returns
    -------
    DataFrame of str
    """
    named = lists.apply(lambda ids: ids.map(names))
    return named.mask(lists.isin(bought), named + " ✓")
