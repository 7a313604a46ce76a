"""Visits to the made-up shop's homepage, and a live test among its customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.experiments import read_out
from helpers.recommend import Recommender, WithFallback
from helpers.simulation.world import World, owned_penalty


def acceptance(liking: np.ndarray, reluctance: float, slope: float = 1.0) -> np.ndarray:
    """Chance that a customer takes what is offered: 1 / (1 + exp(reluctance - slope x liking)).

    The one way in which made-up customers react to an offer: a cart after a click (this module),
    a voucher (:mod:`helpers.simulation.campaigns`). The *response curve* is its `slope`, an
    assumption: near 0, customers take what they like no sooner than anything else.
    """
    return 1 / (1 + np.exp(reluctance - slope * liking))


@dataclass(frozen=True)
class Choice:
    """How a customer of the made-up shop behaves in front of a list.

    A visitor clicks at most one of the products shown: product *j* with a chance proportional
    to exp(liking of *j*), against exp(`outside`) for clicking none (a multinomial logit, McFadden
    1974). A click becomes a cart by :func:`acceptance`. Liking is the world's true preference;
    the constants are the same for everybody and for every list.
    """

    outside: float
    reluctance: float

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
        attraction = np.exp(liking)
        click = attraction / (np.exp(self.outside) + attraction.sum(axis=1, keepdims=True))
        return click, acceptance(liking, self.reluctance)


def fit_choice(liking: np.ndarray, click_rate: float = 0.10, cart_rate: float = 0.08) -> Choice:
    """Set the two constants so that *today's* list has today's rates; no other list is looked at.

    Parameters
    ----------
    liking : ndarray, shape (n_customers, k)
        Of what customers see today.
    click_rate : float
        Share of the visits with a click.
    cart_rate : float
        Share of the clicks that reach the cart: 8 % in our story.
    """
    from scipy.optimize import brentq

    outside = brentq(
        lambda x: Choice(x, 0).chances(liking)[0].sum(axis=1).mean() - click_rate, -30, 30
    )

    def carts_per_click(reluctance):
        click, cart = Choice(outside, reluctance).chances(liking)
        return (click * cart).sum() / click.sum()

    return Choice(outside, brentq(lambda x: carts_per_click(x) - cart_rate, -30, 30))


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
    lists = lists[lists["customer_id"].isin(customers) & (lists["rank"] <= k)]
    row = customers.get_indexer(lists["customer_id"])
    column = world.preference.columns.get_indexer(lists["product_id"])
    liking = np.full((len(customers), k), -np.inf)
    truth = world.preference.loc[customers].to_numpy()[row, column]
    bought = pd.MultiIndex.from_frame(world.transactions[["customer_id", "product_id"]])
    owned = pd.MultiIndex.from_frame(lists[["customer_id", "product_id"]]).isin(bought)
    consumable = world.products.set_index("product_id")["consumable"]
    penalty = owned_penalty(lists["product_id"].map(consumable))
    liking[row, lists["rank"] - 1] = truth - owned * penalty
    return liking


def simulate_visits(
    choice: Choice, liking: np.ndarray, n_visits: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Let random customers visit.

    Parameters
    ----------
    choice : Choice
    liking : ndarray, shape (n_customers, k)
    n_visits : int
    rng : Generator

    Returns
    -------
    DataFrame
        One row per visit: ``customer`` (row number), ``clicked`` (place from 0, or -1),
        ``carted`` (bool).
    """
    customer = rng.integers(0, len(liking), n_visits)
    click, cart = choice.chances(liking[customer])
    draw = rng.random((n_visits, 1))
    clicked = (draw >= click.cumsum(axis=1)).sum(axis=1)
    clicked = np.where(clicked == liking.shape[1], -1, clicked)
    chance = np.where(clicked >= 0, cart[np.arange(n_visits), clicked], 0)
    return pd.DataFrame(
        {"customer": customer, "clicked": clicked, "carted": rng.random(n_visits) < chance}
    )


def deal(
    n_customers: int, n_arms: int, rng: np.random.Generator, shares: Sequence[float] | None = None
) -> np.ndarray:
    """Deal customers to arms, each by a draw of their own, as a live system does.

    Nobody counts who is in which arm, so arms are about equal, not exactly: how far from equal
    is what :func:`helpers.experiments.sample_ratio_mismatch` looks at.

    Parameters
    ----------
    n_customers, n_arms : int
    rng : Generator
    shares : sequence of float, optional
        Of the arms; equal ones, if left out. They need not sum to 1.

    Returns
    -------
    ndarray of int, shape (n_customers,)
        Number of each customer's arm.
    """
    shares = np.ones(n_arms) if shares is None else np.asarray(shares, dtype=float)
    return rng.choice(n_arms, size=n_customers, p=shares / shares.sum())


def live_test(
    world: World,
    arms: dict[str, Recommender | WithFallback],
    n_visits: int = 20_000,
    k: int = 5,
    random_state: int = 0,
    shares: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Let fitted recommenders compete for clicks and carts on the made-up shop's homepage.

    Customers who have bought something are dealt to the arms by chance and stay there. Each visit
    is one of a random customer, whatever the arm, so arms differ a little in customers and in
    visits. The first arm is today's list: the choice model is calibrated on it (10 % of the visits
    click, 8 % of the clicks reach the cart), and on nothing else.

    Parameters
    ----------
    world : World
    arms : dict of str to fitted recommender
    n_visits : int
        Per arm, on average.
    k : int
        Length of the lists.
    random_state : int
    shares : sequence of float, optional
        Of the customers in each arm; equal ones, if left out. Uneven ones, read as if they were
        equal, play a test whose split is broken.

    Returns
    -------
    DataFrame
        One row per arm: ``customers``, ``visits``, ``clicks``, ``carts``, ``carts_per_click``,
        ``carts_per_visit``, and the difference of the latter to the first arm with its 95 %
        interval (``difference``, ``low``, ``high``).

    Notes
    -----
    The intervals treat visits as independent, although a customer visits many times and was dealt
    only once; they are a little too narrow for that.
    """
    rng = np.random.default_rng(random_state)
    customers = pd.Index(world.transactions["customer_id"].unique()).sort_values()
    arm_of = deal(len(customers), len(arms), rng, shares)
    sizes = np.bincount(arm_of, minlength=len(arms))
    n_visits_of = rng.multinomial(n_visits * len(arms), sizes / len(customers))
    rows, choice = {}, None
    for number, (name, recommender) in enumerate(arms.items()):
        likings = true_liking(world, recommender.recommend(customers, k), customers, k)
        if choice is None:
            choice = fit_choice(likings)
        visits = simulate_visits(choice, likings[arm_of == number], n_visits_of[number], rng)
        clicks, carts = int((visits["clicked"] >= 0).sum()), int(visits["carted"].sum())
        rows[name] = {
            "customers": int(sizes[number]),
            "visits": len(visits),
            "clicks": clicks,
            "carts": carts,
            "carts_per_click": carts / max(clicks, 1),
            "carts_per_visit": carts / max(len(visits), 1),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("arm")
    base = table.iloc[0]
    for name, row in table.iloc[1:].iterrows():
        result = read_out((base["carts"], base["visits"]), (row["carts"], row["visits"]))
        for key in ("difference", "low", "high"):
            table.loc[name, key] = result[key]
    return table
