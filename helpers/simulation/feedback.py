"""Rounds of retraining: what happens when a recommender learns from what it caused itself."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.channels import at_most_per_category, first_n
from helpers.evaluate import catalogue_coverage, interval, personalization
from helpers.matrix import build_interaction_matrix
from helpers.recommend import ItemBased, MostPopular, ladder
from helpers.simulation.visits import fit_choice, simulate_visits, true_liking
from helpers.simulation.world import World


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
    rng = np.random.default_rng(random_state)
    customers = pd.Index(world.transactions["customer_id"].unique()).sort_values()
    category = world.products.set_index("product_id")["product_category"]
    transactions, choice, rows = world.transactions, None, []
    for number in range(1, n_rounds + 1):
        lists = make(transactions).recommend(customers, k)
        liking = true_liking(world, lists, customers, k)
        choice = choice or fit_choice(liking)
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


def variety(lists: pd.DataFrame, category: pd.Series) -> pd.Series:
    """Distinct categories in each customer's list; an unknown one does not count."""
    named = lists.assign(category=lists["product_id"].map(category))
    return named.groupby("customer_id")["category"].nunique()


def variety_rounds(
    transactions: pd.DataFrame,
    category: pd.Series,
    make=None,
    n_rounds: int = 4,
    n: int = 5,
    per_category: int | None = None,
) -> pd.DataFrame:
    """Everybody buys the first product shown, the recommender learns from it, and so on.

    The strongest feedback there can be: what does it do to the variety of the lists?

    Parameters
    ----------
    transactions : DataFrame
    category : Series
        By product id.
    make : callable, optional
        Receives the transactions so far, returns a fitted recommender; the course's item-based
        one, with what is popular where it has nothing to say, if left out.
    n_rounds, n : int
        Rounds of one month; length of a list.
    per_category : int, optional
        At most so many of one category in a list: a rule against bubbles.

    Returns
    -------
    DataFrame
        One row per round: ``categories`` in a list on average, with the 95 % interval over
        customers (``low``, ``high``), and ``products`` in anybody's list.
    """
    table = transactions[["customer_id", "product_id", "transaction_date"]]
    rows = []
    for number in range(1, n_rounds + 1):
        lists = (make or _item_based)(table).recommend(None, n if per_category is None else 4 * n)
        if per_category is not None:
            lists = at_most_per_category(lists, category, per_category)
        lists = first_n(lists, n)
        distinct = variety(lists, category)
        low, high = interval(distinct)
        shown = lists["product_id"].nunique()
        rows.append((number, distinct.mean(), low, high, shown))
        bought = lists.loc[lists["rank"] == 1, ["customer_id", "product_id"]]
        date = table["transaction_date"].max() + pd.Timedelta(days=30)
        table = pd.concat([table, bought.assign(transaction_date=date)], ignore_index=True)
    return pd.DataFrame(rows, columns=["round", "categories", "low", "high", "products"]).set_index(
        "round"
    )


def _item_based(transactions):
    matrix = build_interaction_matrix(transactions)
    return ladder(ItemBased().fit(matrix), MostPopular().fit(matrix))
