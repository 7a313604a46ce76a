"""Lesson 00. One customer's list, what came true of it, and what dice would have drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from helpers import evaluate
from helpers.data import display_names, product_table
from helpers.matrix import InteractionMatrix, build_interaction_matrix
from helpers.production import Engine, build_engine
from helpers.recommend import INTENT_DAYS

#: The lists that are compared, by name. The best sellers are those of the last 30 days, which
#: also fill the engine's places where it knows too little.
OURS, BEST_SELLERS, DICE = "our engine", "best sellers", "drawn by dice"


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
    names : Series of str
        By product id, before and after the cut; no name comes twice.
    """

    transactions: pd.DataFrame
    split: evaluate.Split | None
    engine: Engine
    n: int
    matrix: InteractionMatrix
    names: pd.Series

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
        # in a reason, products are called what they are called in the list
        rules = self.engine.rules
        products = rules.products.assign(product_name=self.names.reindex(rules.products.index))
        called = replace(self.engine, rules=replace(rules, products=products))
        return table.assign(reason=called.explain(table).to_numpy())

    @cached_property
    def best_sellers(self) -> pd.Index:
        """The best sellers that were new to the customer, as many as a list has places."""
        table = self.engine.popular.recommend([self.customer], self.n)
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
    def _judged_lists(self):
        """By list: how many products of it each judged customer bought, and the lists."""
        return {
            name: evaluate.per_customer(each, self.split, self.n)
            for name, each in {OURS: self.engine, BEST_SELLERS: self.engine.popular}.items()
        }

    @cached_property
    def hits(self) -> pd.DataFrame:
        """For each judged customer, how many products of each list came true.

        Returns
        -------
        DataFrame of int, shape (n_judged, 2)
        """
        if not len(self.judged):
            return pd.DataFrame(columns=[OURS, BEST_SELLERS], dtype=int)
        scores = {name: each[0]["precision"] for name, each in self._judged_lists.items()}
        return (pd.DataFrame(scores) * self.n).round().astype(int)

    @cached_property
    def filled_up(self) -> tuple[float, float]:
        """How much of the engine's lists for judged customers is best sellers, by its fallback.

        Returns
        -------
        tuple of float
            Shares of the places, and of the hits (0 without a hit).
        """
        if not len(self.judged):
            return 0.0, 0.0
        lists = self._judged_lists[OURS][1]
        popular = lists["source"] == "popularity"
        pair = ["customer_id", "product_id"]
        later = pd.MultiIndex.from_frame(self.bought_later[pair])
        hit = pd.MultiIndex.from_frame(lists[pair]).isin(later)
        return popular.mean(), popular[hit].mean() if hit.any() else 0.0

    @cached_property
    def by_dice(self) -> pd.DataFrame:
        """For each judged customer, the chances of 0, 1, 2, … hits in a list drawn by dice.

        Drawn from what the shop had sold before the cut and the customer didn't own; from fewer
        products than a list has places, all are drawn.

        Returns
        -------
        DataFrame of float
            Indexed like :attr:`hits`, with a column for each number of hits; rows add up to 1.
        """
        owned = np.diff(self.matrix.values.tocsr().indptr)
        owned = pd.Series(owned, self.matrix.customers)[self.judged]
        candidates = (self.matrix.shape[1] - owned).to_numpy()[:, None]
        wanted = self.listable.to_numpy()[:, None]
        hits = np.arange(self.n + 1)
        chances = hypergeom.pmf(hits, candidates, wanted, np.minimum(self.n, candidates))
        return pd.DataFrame(chances, self.judged, hits)

    @cached_property
    def listable(self) -> pd.Series:
        """How many of the products bought later a list could have: those sold before the cut."""
        later = self.bought_later
        later = later[later["product_id"].isin(self.matrix.products)]
        return later["customer_id"].value_counts().reindex(self.judged, fill_value=0)

    @cached_property
    def newcomers(self) -> tuple[int, int, int]:
        """Who bought after the cut; of these, without a purchase before; of these, unknown.

        Returns
        -------
        tuple of int
            The last are those for whom the engine has best sellers only.
        """
        buyers = pd.Index([] if self.split is None else self.split.test["customer_id"].unique())
        new = buyers.difference(self.matrix.customers)
        if not len(new):
            return len(buyers), 0, 0
        sources = self.engine.recommend(new, self.n).groupby("customer_id")["source"]
        unknown = sources.apply(lambda source: (source == "popularity").all()).sum()
        return len(buyers), len(new), int(unknown)


def look_back(
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    test_days: int = 60,
    n_recommendations: int = 5,
    undone: pd.DataFrame | None = None,
) -> FirstLook:
    """Hide the last weeks, and let an engine learn from what was before.

    Its settings are chosen by the past alone, too, as in lesson 05a.

    Parameters
    ----------
    transactions, events : DataFrame
        From :mod:`helpers.data`.
    test_days : int
        Days to hide. If nothing were left to learn from, nothing is hidden.
    n_recommendations : int
        Length of a list.
    undone : DataFrame, optional
        ``HealthReport.undone``: what was returned after the cut was a purchase before it.

    Returns
    -------
    FirstLook
    """
    names = display_names(product_table(transactions))
    try:
        split = evaluate.split_by_time(transactions, events, test_days, undone)
    except evaluate.TooShortError:
        split, model = None, None
    else:
        transactions, events = split.train, split.train_events
        model = evaluate.choose_item_based(split, n_recommendations)
        model.intent_days = None if events is None else INTENT_DAYS
    # what was bought and returned before all else has a name, too
    gone = display_names(product_table(transactions)).drop(names.index, errors="ignore")
    matrix = build_interaction_matrix(transactions)
    engine = build_engine(transactions, events, model)
    return FirstLook(
        transactions, split, engine, n_recommendations, matrix, pd.concat([names, gone])
    )


def chance_of_hits(places: int, wanted: int, candidates: int) -> pd.Series:
    """How many hits a list has that is drawn by dice, each product at most once.

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


#: What a lead says, see :func:`what_a_lead_says`.
WORTH_IT, MAY_BE, CANNOT_TELL = "promising", "may be worth it", "can't tell yet"
TOO_SMALL, NO_LEAD, THEY_WIN = "too small", "no lead worth having", "best sellers win"


def what_a_lead_says(low: float, high: float, line: float) -> str:
    """What the range of a lead says, compared with 0 and with the line, and with nothing else.

    Whether there are enough customers for a range is asked before.

    Parameters
    ----------
    low, high : float
        The ends of the range.
    line : float
        The smallest lead worth having, above 0, in the same unit.

    Returns
    -------
    str
        :data:`THEY_WIN` below 0 as a whole. Above 0 as a whole: :data:`WORTH_IT` if all of it
        reaches the line, :data:`MAY_BE` if a part does, else :data:`TOO_SMALL`. With 0 in it:
        :data:`CANNOT_TELL` if it reaches the line, or is wider than twice the line (as in
        :func:`helpers.evaluate.ruled_out`), else :data:`NO_LEAD`.

    Examples
    --------
    >>> what_a_lead_says(-2, 14, line=6), what_a_lead_says(-2, 4, line=6)
    ("can't tell yet", 'no lead worth having')
    """
    if high < 0:
        return THEY_WIN
    if low > 0:
        return TOO_SMALL if high < line else MAY_BE if low < line else WORTH_IT
    return NO_LEAD if evaluate.ruled_out(low, high, line) else CANNOT_TELL


def share_with_a_hit(hits: pd.DataFrame, by_dice: pd.DataFrame) -> pd.DataFrame:
    """Of all judged customers, how many have a hit in each list.

    Parameters
    ----------
    hits : DataFrame of int
        From :attr:`FirstLook.hits`.
    by_dice : DataFrame of float
        From :attr:`FirstLook.by_dice`.

    Returns
    -------
    DataFrame
        One row per list, the last for lists drawn by dice (computed, not drawn): ``share``.
    """
    table = pd.DataFrame({"share": (hits > 0).mean()})
    table.loc[DICE, "share"] = 1 - by_dice[0].mean()
    return table
