"""Lesson 07. Live tests: planning, reading, and one on the made-up shop, whose truth is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.recommend import Recommender, WithFallback
from helpers.synthetic import REBUY_PENALTY, World


def visitors_per_arm(
    rate: float, lift: float, power: float = 0.8, significance: float = 0.05
) -> int:
    """How many visitors each arm of a test needs.

    Parameters
    ----------
    rate : float
        The rate of today, e.g. 0.08 of clicks reach the cart.
    lift : float
        Relative improvement worth finding: 0.1 for 8 % -> 8.8 %.
    power : float
        Chance to find it if it is there.
    significance : float
        Chance of a false alarm if it is not, both sides together.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If a rate is not between 0 and 1, or the lift is zero.

    Notes
    -----
    Normal approximation with Cohen's effect size h (Cohen 1988), from statsmodels.
    """
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    better = rate * (1 + lift)
    if not (0 < rate < 1 and 0 < better < 1):
        raise ValueError(f"Rates must lie between 0 and 1; these are {rate} and {better}.")
    if lift == 0:
        raise ValueError("A lift of 0 can't be found, however long the test.")
    effect = abs(proportion_effectsize(better, rate))
    needed = NormalIndPower().solve_power(effect, power=power, alpha=significance)
    return math.ceil(needed)


def test_days(per_arm: int, visitors_per_day: float, arms: int = 2) -> int:
    """How many days a test takes: whole weeks, since Saturdays are no Tuesdays."""
    if visitors_per_day <= 0:
        raise ValueError("Without visitors a test never ends.")
    return 7 * math.ceil(per_arm * arms / visitors_per_day / 7)


test_days.__test__ = False  # pytest, this is no test


def false_alarms(
    rate: float, per_arm: int, looks: int, n_tests: int = 2_000, random_state: int = 0
) -> dict[str, float]:
    """What peeking does: tests of two *equal* arms, stopped at the first "significant" look.

    Parameters
    ----------
    rate : float
        Of both arms.
    per_arm : int
        Visitors at the end.
    looks : int
        How often somebody looks, evenly spread; the last look is the end.
    n_tests, random_state : int

    Returns
    -------
    dict
        ``at the end``: share of the tests that are significant (5 %) at the last look;
        ``at any look``: share that were at least once.
    """
    rng = np.random.default_rng(random_state)
    seen = np.diff(np.linspace(0, per_arm, looks + 1).astype(int))
    counts = rng.binomial(seen, rate, size=(2, n_tests, looks)).cumsum(axis=2)
    visitors = seen.cumsum()
    pooled = counts.sum(axis=0) / (2 * visitors)
    error = np.sqrt(np.maximum(2 * pooled * (1 - pooled) / visitors, 1e-12))
    significant = np.abs(counts[1] - counts[0]) / visitors / error > 1.96
    return {
        "at the end": float(significant[:, -1].mean()),
        "at any look": float(significant.any(axis=1).mean()),
    }


def read_out(base: tuple[int, int], variant: tuple[int, int]) -> dict[str, float | str]:
    """Read a finished test: the difference of two rates with its interval, in numbers and words.

    Parameters
    ----------
    base, variant : tuple of (successes, visitors)

    Returns
    -------
    dict
        ``rate`` and ``base_rate``, ``difference`` with its 95 % interval ``low``, ``high``,
        ``lift`` (relative), and ``words``.

    Notes
    -----
    Newcombe's interval (1998), from statsmodels.
    """
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(*variant, *base, method="newcomb", compare="diff")
    rate, base_rate = variant[0] / variant[1], base[0] / base[1]
    verdict = "no difference can be told from chance"
    if low > 0:
        verdict = "better, and not by chance"
    elif high < 0:
        verdict = "worse, and not by chance"
    return {
        "rate": rate,
        "base_rate": base_rate,
        "difference": rate - base_rate,
        "low": float(low),
        "high": float(high),
        "lift": rate / base_rate - 1 if base_rate else math.nan,
        "words": f"{100 * (rate - base_rate):+.1f} points "
        f"({100 * low:+.1f} to {100 * high:+.1f}): {verdict}",
    }


def sample_ratio_mismatch(visitors, shares=None) -> dict[str, float | str]:
    """Did each arm get its share of the visitors? If not, don't read the test.

    Parameters
    ----------
    visitors : sequence of int
        By arm.
    shares : sequence of float, optional
        What was planned; equal ones, if left out.

    Returns
    -------
    dict
        ``p_value`` of a chi-squared test, and ``words``. Below 0.001 something is broken.
    """
    from scipy.stats import chisquare

    visitors = np.asarray(visitors, dtype=float)
    shares = np.full(len(visitors), 1 / len(visitors)) if shares is None else np.asarray(shares)
    p_value = float(chisquare(visitors, visitors.sum() * shares / shares.sum()).pvalue)
    broken = p_value < 0.001
    words = "the split is broken: find out why before reading on" if broken else "as planned"
    return {"p_value": p_value, "words": words}


@dataclass(frozen=True)
class Choice:
    """How a customer of the made-up shop behaves in front of a list.

    A visitor clicks at most one of the products shown: product *j* with a chance proportional
    to exp(liking of *j*), against exp(`outside`) for clicking none (a multinomial logit, McFadden
    1974). A click becomes a cart with the chance 1 / (1 + exp(`reluctance` - liking)). Liking is
    the world's true preference; the constants are the same for everybody and for every list.
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
        return click, 1 / (1 + np.exp(self.reluctance - liking))


def calibrate(liking: np.ndarray, click_rate: float = 0.10, cart_rate: float = 0.08) -> Choice:
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
    penalty = np.where(lists["product_id"].map(consumable), REBUY_PENALTY, 4.5)
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


def live_test(
    world: World,
    arms: dict[str, Recommender | WithFallback],
    n_visits: int = 20_000,
    k: int = 5,
    random_state: int = 0,
) -> pd.DataFrame:
    """Let fitted recommenders compete for clicks and carts on the made-up shop's homepage.

    Customers who have bought something are dealt to the arms by chance and stay there. The first
    arm is today's list: the choice model is calibrated on it (10 % of the visits click, 8 % of
    the clicks reach the cart), and on nothing else.

    Parameters
    ----------
    world : World
    arms : dict of str to fitted recommender
    n_visits : int
        Per arm.
    k : int
        Length of the lists.
    random_state : int

    Returns
    -------
    DataFrame
        One row per arm: ``customers``, ``visits``, ``clicks``, ``carts``, ``carts_per_click``,
        ``carts_per_visit``, and the difference of the latter to the first arm with its 95 %
        interval (``difference``, ``low``, ``high``).
    """
    rng = np.random.default_rng(random_state)
    customers = pd.Index(world.transactions["customer_id"].unique()).sort_values()
    arm_of = rng.permutation(np.arange(len(customers)) % len(arms))
    rows, choice = {}, None
    for number, (name, recommender) in enumerate(arms.items()):
        likings = true_liking(world, recommender.recommend(customers, k), customers, k)
        if choice is None:
            choice = calibrate(likings)
        visits = simulate_visits(choice, likings[arm_of == number], n_visits, rng)
        clicks, carts = int((visits["clicked"] >= 0).sum()), int(visits["carted"].sum())
        rows[name] = {
            "customers": int((arm_of == number).sum()),
            "visits": n_visits,
            "clicks": clicks,
            "carts": carts,
            "carts_per_click": carts / max(clicks, 1),
            "carts_per_visit": carts / n_visits,
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("arm")
    base = table.iloc[0]
    for name, row in table.iloc[1:].iterrows():
        result = read_out((base["carts"], base["visits"]), (row["carts"], row["visits"]))
        for key in ("difference", "low", "high"):
            table.loc[name, key] = result[key]
    return table


def retraining_rounds(
    world: World,
    make,
    n_rounds: int = 4,
    visits_per_round: int = 20_000,
    k: int = 5,
    random_state: int = 0,
) -> pd.DataFrame:
    """What happens when a recommender learns from the carts that it caused itself?

    Parameters
    ----------
    world : World
    make : callable
        Receives the transactions so far, returns a fitted recommender.
    n_rounds, visits_per_round, k, random_state : int
        Each round is one month: lists, visits, carts become purchases, learn again.

    Returns
    -------
    DataFrame
        One row per round: ``carts``, ``coverage`` (share of the catalogue in anybody's list),
        ``personalization`` and ``categories`` (different ones in a list, on average).
    """
    from helpers.evaluate import catalogue_coverage, personalization

    rng = np.random.default_rng(random_state)
    customers = pd.Index(world.transactions["customer_id"].unique()).sort_values()
    category = world.products.set_index("product_id")["product_category"]
    transactions, choice, rows = world.transactions, None, []
    for number in range(1, n_rounds + 1):
        lists = make(transactions).recommend(customers, k)
        liking = true_liking(world, lists, customers, k)
        choice = choice or calibrate(liking)
        visits = simulate_visits(choice, liking, visits_per_round, rng)
        carted = visits[visits["carted"]]
        place = lists.set_index(["customer_id", "rank"])["product_id"]
        pairs = pd.MultiIndex.from_arrays(
            [customers[carted["customer"]], carted["clicked"] + 1], names=place.index.names
        )
        bought = pd.DataFrame({"customer_id": customers[carted["customer"]]})
        bought["product_id"] = place.reindex(pairs).to_numpy()
        bought["transaction_date"] = world.transactions["transaction_date"].max() + pd.Timedelta(
            days=30 * number
        )
        transactions = pd.concat([transactions, bought], ignore_index=True)
        rows.append(
            {
                "round": number,
                "carts": len(bought),
                "coverage": catalogue_coverage(lists, len(category)),
                "personalization": personalization(lists),
                "categories": lists.assign(category=lists["product_id"].map(category))
                .groupby("customer_id")["category"]
                .nunique()
                .mean(),
            }
        )
    return pd.DataFrame(rows).set_index("round")
