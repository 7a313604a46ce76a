"""Visits to the made-up shop's homepage, and live tests among its customers.

A live test here and a company's own one are read by the same functions: :func:`live_test` returns
what a company exports, one row per visit. All that is assumed about the customers of the made-up
shop stands in this file: how often they come (:data:`VISITS_PER_WEEK`), how they react to a list
(:class:`Choice`), and how often a cart is paid for (:data:`BOUGHT_OF_CARTS`). How much their tastes
differ is a parameter of :func:`helpers.simulation.make_world`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.experiments import HOLDOUT, fraction
from helpers.matrix import build_interaction_matrix
from helpers.recommend import ItemBased, MostPopular, Recommender, WithFallback, ladder
from helpers.simulation.world import World, owned_penalty

#: Visits of a customer in a week, mean of all customers. They are unequal, as exponential waiting
#: times are: a fifth of the customers make half of the visits. How often somebody comes belongs to
#: the customer, and no list changes it.
VISITS_PER_WEEK = 1.0
#: Share of the carts that are paid for, on the same day, one piece each.
BOUGHT_OF_CARTS = 0.3
#: Of today's list, and of no other: share of visits with a click, of clicks that reach the cart.
CLICK_RATE, CART_RATE = 0.10, 0.08
FIRST_MONDAY = "2025-01-06"  # after the last purchase of the bundled data


def acceptance(liking: np.ndarray, reluctance: float, slope: float = 1.0) -> np.ndarray:
    """Chance that a customer takes what is offered: 1 / (1 + exp(reluctance - slope x liking)).

    The one way in which made-up customers react to an offer: a cart after a click (this module),
    a voucher (:mod:`helpers.simulation.persuasion`). The *response curve* is its `slope`, an
    assumption: near 0, customers take what they like no sooner than anything else.
    """
    return 1 / (1 + np.exp(reluctance - slope * liking))


@dataclass(frozen=True)
class Choice:
    """How a customer of the made-up shop behaves in front of a list.

    A visitor clicks at most one of the products shown: product *j* with a chance proportional
    to exp(`slope` x liking of *j*), against exp(`outside`) for clicking none (a multinomial logit,
    McFadden 1974). A click becomes a cart by :func:`acceptance`. Liking is the world's true
    preference; the constants are the same for everybody and for every list.
    """

    outside: float
    reluctance: float
    slope: float = 1.0

    def chances(self, liking: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Chances of a click on each product shown, and of a cart after it.

        Parameters
        ----------
        liking : ndarray, shape (n_visits, k)
            Minus infinity for an empty place.

        Returns
        -------
        click, cart : ndarray, shape (n_visits, k)
        """
        shown = liking > -np.inf
        attraction = np.where(shown, np.exp(self.slope * np.where(shown, liking, 0)), 0)
        click = attraction / (np.exp(self.outside) + attraction.sum(axis=1, keepdims=True))
        return click, acceptance(np.where(shown, liking, 0), self.reluctance, self.slope) * shown


def fit_choice(
    liking: np.ndarray,
    click_rate: float = CLICK_RATE,
    cart_rate: float = CART_RATE,
    slope: float = 1.0,
    weight: np.ndarray | None = None,
) -> Choice:
    """Set the two constants so that *today's* list has today's rates; no other list is looked at.

    Parameters
    ----------
    liking : ndarray, shape (n_customers, k)
        Of what customers see today.
    click_rate : float
        Share of the visits with a click.
    cart_rate : float
        Share of the clicks that reach the cart.
    slope : float
        Of the response curve; an assumption, see :func:`acceptance`.
    weight : ndarray, shape (n_customers,), optional
        Visits of each customer; equal ones, if left out.
    """
    from scipy.optimize import brentq

    def clicks(outside):
        return np.average(Choice(outside, 0, slope).chances(liking)[0].sum(axis=1), weights=weight)

    outside = brentq(lambda x: clicks(x) - click_rate, -100, 100)

    def carts(reluctance):
        click, cart = Choice(outside, reluctance, slope).chances(liking)
        return np.average((click * cart).sum(axis=1), weights=weight)

    reluctance = brentq(lambda x: carts(x) - click_rate * cart_rate, -100, 100)
    return Choice(outside, reluctance, slope)


def true_liking(world: World, lists: pd.DataFrame, customers: pd.Index, k: int) -> np.ndarray:
    """What each customer really thinks of the products in the list.

    Parameters
    ----------
    world : World
    lists : DataFrame
        ``customer_id``, ``rank``, ``product_id``.
    customers : Index
    k : int
        Length of the lists.

    Returns
    -------
    ndarray, shape (n_customers, k)
        Minus infinity where the list is shorter. What the customer owns is liked less, as when
        the shop was made.
    """
    lists = lists[lists["rank"] <= k]
    row = customers.get_indexer(lists["customer_id"])
    lists, row = lists[row >= 0], row[row >= 0]
    column = world.preference.columns.get_indexer(lists["product_id"])
    liking = np.full((len(customers), k), -np.inf)
    truth = world.preference.loc[customers].to_numpy()[row, column]
    owner = customers.get_indexer(world.transactions["customer_id"])
    product = world.preference.columns.get_indexer(world.transactions["product_id"])
    owned = np.zeros((len(customers), world.preference.shape[1]), bool)
    owned[owner[owner >= 0], product[owner >= 0]] = True
    consumable = world.products.set_index("product_id")["consumable"]
    penalty = owned_penalty(lists["product_id"].map(consumable))
    liking[row, lists["rank"] - 1] = truth - owned[row, column] * penalty
    return liking


def react(
    click: np.ndarray, cart: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Throw the dice of visits.

    Parameters
    ----------
    click, cart : ndarray, shape (n_visits, k)
        Chances, from :meth:`Choice.chances`.
    rng : Generator

    Returns
    -------
    place : ndarray of int, shape (n_visits,)
        What was clicked, from 0; -1 for nothing.
    carted : ndarray of bool, shape (n_visits,)
    """
    place = (rng.random((len(click), 1)) >= click.cumsum(axis=1)).sum(axis=1)
    clicked = place < click.shape[1]
    chance = cart[np.arange(len(click)), np.where(clicked, place, 0)] * clicked
    return np.where(clicked, place, -1), rng.random(len(click)) < chance


def visits_per_week(customers: pd.Index) -> np.ndarray:
    """How often each customer comes, on average; always the same for the same customer."""
    drawn = np.array([fraction(each, "visits of the made-up shop") for each in customers])
    return -VISITS_PER_WEEK * np.log1p(-drawn)


def two_lists(transactions: pd.DataFrame) -> dict[str, Recommender | WithFallback]:
    """The two lists of our story: today's, ``popular``, and lesson 04's, ``improved``."""
    matrix = build_interaction_matrix(transactions)
    popular = MostPopular().fit(matrix)
    return {"popular": popular, "improved": ladder(ItemBased().fit(matrix), popular)}


@dataclass(frozen=True)
class Homepage:
    """The made-up shop's homepage during a test: what each arm shows to whom, and what it does.

    From :func:`prepare_homepage`; :meth:`visits` may then be drawn many times.

    Attributes
    ----------
    customers : Index
        Who may come: all who have bought something.
    visits_per_week : ndarray, shape (n_customers,)
    click, cart, price : dict of str to ndarray, shape (n_customers, k)
        By arm, of each place in the list: chance of a click, of a cart after it, and the price.
    """

    customers: pd.Index
    visits_per_week: np.ndarray
    click: dict[str, np.ndarray]
    cart: dict[str, np.ndarray]
    price: dict[str, np.ndarray]

    def visits(
        self,
        assigned: pd.DataFrame | None = None,
        first_day: str | pd.Timestamp = FIRST_MONDAY,
        weeks: int = 4,
        random_state: int = 0,
    ) -> pd.DataFrame:
        """Let customers come for some weeks; see :func:`live_test`."""
        first_day = pd.Timestamp(first_day)
        rng = np.random.default_rng([random_state, first_day.toordinal()])
        came = rng.poisson(self.visits_per_week * weeks)
        customer = rng.permutation(np.repeat(np.arange(len(came)), came))
        day = np.sort(rng.integers(0, 7 * weeks, len(customer)))
        arm = self._arms_of(assigned)[customer]
        customer, day, arm = customer[arm >= 0], day[arm >= 0], arm[arm >= 0]
        names = [*self.click, HOLDOUT]
        sees = np.where(arm == len(self.click), 0, arm)  # held out: today's list
        click, cart, price = (
            np.stack([*table.values()])[sees, customer]
            for table in (self.click, self.cart, self.price)
        )
        place, carted = react(click, cart, rng)
        bought = carted & (rng.random(len(place)) < BOUGHT_OF_CARTS)
        return pd.DataFrame(
            {
                "customer_id": self.customers[customer],
                "arm": pd.Series(names, dtype="str").to_numpy()[arm],
                "date": first_day + pd.to_timedelta(day, unit="D"),
                "clicked": (place >= 0).astype(int),
                "carted": carted.astype(int),
                "bought": bought.astype(int),
                "revenue": np.where(bought, price[np.arange(len(place)), place], 0.0),
            }
        )

    def expected(self) -> pd.DataFrame:
        """The truth that a test looks for: what each arm makes of all visits, without dice.

        Returns
        -------
        DataFrame
            One row per arm: ``clicked``, ``carted``, ``bought`` and ``revenue`` per visit, if
            everybody saw its list.
        """
        rows = {}
        for arm, click in self.click.items():
            carts = click * self.cart[arm]
            places = {"clicked": click, "carted": carts, "bought": BOUGHT_OF_CARTS * carts,
                      "revenue": BOUGHT_OF_CARTS * carts * self.price[arm]}  # fmt: skip
            rows[arm] = {
                name: np.average(table.sum(axis=1), weights=self.visits_per_week)
                for name, table in places.items()
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("arm")

    def expected_lift(self, arm: str, metric: str = "carted") -> float:
        """The true lift of an arm above today's list: per visit, which is also per customer."""
        expected = self.expected()[metric]
        return float(expected[arm] / expected.iloc[0] - 1)

    def _arms_of(self, assigned):
        """Number of each customer's arm: one more than the last for the holdout, -1 for no arm."""
        if assigned is None:
            return np.zeros(len(self.customers), dtype=int)
        names = [*self.click, HOLDOUT]
        row = self.customers.get_indexer(assigned["customer_id"])
        number = pd.Index(names).get_indexer(assigned["arm"])
        if (number < 0).any():
            strange = ", ".join(sorted(set(assigned["arm"]) - set(names)))
            raise ValueError(f"No list for {strange}; there are lists for {', '.join(self.click)}.")
        if (row < 0).any() or assigned["customer_id"].duplicated().any():
            raise ValueError(
                "Each customer can be in one arm only, and must have bought something in this "
                f"world: {(row < 0).sum():,} of {len(row):,} have not."
            )
        arm = np.full(len(self.customers), -1)
        arm[row] = number
        return arm


def prepare_homepage(
    world: World,
    arms: dict[str, Recommender | WithFallback],
    k: int = 5,
    slope: float = 1.0,
) -> Homepage:
    """Make every arm's list for everybody, and what customers think of it.

    Parameters
    ----------
    world : World
    arms : dict of str to fitted recommender
        The first one is today's: customers are set to react to it with :data:`CLICK_RATE` and
        :data:`CART_RATE`; nothing is set for the others.
    k : int
        Length of the lists.
    slope : float
        Of the response curve: how much sooner customers take what they like. 0: they don't care.

    Returns
    -------
    Homepage
    """
    customers = pd.Index(world.transactions["customer_id"].unique()).sort_values()
    often = visits_per_week(customers)
    price_of = world.products.set_index("product_id")["price"]
    click, cart, price, choice = {}, {}, {}, None
    for name, recommender in arms.items():
        lists = recommender.recommend(customers, k)
        liking = true_liking(world, lists, customers, k)
        choice = choice or fit_choice(liking, slope=slope, weight=often)
        click[name], cart[name] = choice.chances(liking)
        price[name] = np.zeros(liking.shape)
        place = customers.get_indexer(lists["customer_id"]), lists["rank"] - 1
        price[name][place] = lists["product_id"].map(price_of)
    return Homepage(customers, often, click, cart, price)


def live_test(
    world: World,
    arms: dict[str, Recommender | WithFallback],
    assigned: pd.DataFrame | None = None,
    first_day: str | pd.Timestamp = FIRST_MONDAY,
    weeks: int = 4,
    k: int = 5,
    slope: float = 1.0,
    random_state: int = 0,
) -> pd.DataFrame:
    """Play a live test on the made-up shop's homepage, and export it as a company would.

    Parameters
    ----------
    world : World
    arms : dict of str to fitted recommender
        Today's list first; customers are set to react to it as they do today, see
        :func:`prepare_homepage`.
    assigned : DataFrame, optional
        ``customer_id`` and ``arm``, from :func:`helpers.experiments.assign_arms`. The holdout sees
        today's list; who is not in the table does not come. Left out, everybody sees today's list:
        a log of the weeks before a test, to plan with.
    first_day : date
        Another one gives other visits, so a log and the test after it differ.
    weeks : int
    k : int
        Length of the lists.
    slope : float
        Of the response curve.
    random_state : int
        Of the visits and of what happens in them. The same one gives the same visits, whoever is
        in which arm.

    Returns
    -------
    DataFrame
        One row per visit, by date: what :data:`helpers.data.TEST_RESULTS` asks for
        (``customer_id``, ``arm``, ``date``; ``clicked``, ``carted``, ``bought``, each 0 or 1; and
        ``revenue``).

    Raises
    ------
    ValueError
        If `assigned` names an arm without a list, a customer twice, or one without a purchase.

    Notes
    -----
    A customer's visits are Poisson with a mean of their own (:func:`visits_per_week`), so a
    customer who likes what is shown puts it into the cart again and again: visits of one customer
    are not independent. Nothing is used up during a test: what is bought stays in the list.
    """
    return prepare_homepage(world, arms, k, slope).visits(assigned, first_day, weeks, random_state)
