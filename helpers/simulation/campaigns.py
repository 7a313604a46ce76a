"""What customers of the made-up shop think of an offer, whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import production
from helpers.audiences.customers import rfm
from helpers.simulation.visits import acceptance
from helpers.simulation.world import World, owned_penalty


def reluctance_of(liking: np.ndarray, response: float, slope: float) -> float:
    """The constant of :func:`acceptance` with which so large a share of the offers is used."""
    from scipy.optimize import brentq

    return brentq(lambda x: acceptance(liking, x, slope).mean() - response, -60, 60)


def attraction_of(world: World, past: pd.DataFrame, customers: pd.Index) -> pd.DataFrame:
    """True preference of each customer for every product, less what is owned at the time.

    As :func:`true_liking` has it in lesson 08, on the purchases up to the offer only.
    """
    preference = world.preference.loc[customers]
    row = customers.get_indexer(past["customer_id"])
    column = preference.columns.get_indexer(past["product_id"])
    owned = np.zeros(preference.shape, dtype=bool)
    owned[row[row >= 0], column[row >= 0]] = True
    consumable = world.products.set_index("product_id")["consumable"]
    return preference - owned * owned_penalty(consumable[preference.columns])


def liking_of(attraction: pd.DataFrame, offers: pd.DataFrame) -> np.ndarray:
    """Each offer's true liking, from :func:`attraction_of`; shape (n_offers,)."""
    row = attraction.index.get_indexer(offers["customer_id"])
    column = attraction.columns.get_indexer(offers["product_id"])
    return attraction.to_numpy()[row, column]


def next_products(past: pd.DataFrame, past_events: pd.DataFrame):
    """The customers so far, and for each the best seller that they don't own and the next product.

    Returns
    -------
    customers : Index
    popular, own : DataFrame
        ``customer_id``, ``product_id`` and ``score``, one row per customer.
    """
    # the default settings, which validation chooses in this world of slow fashions, too; so the
    # control without tastes differs in tastes only, never in settings chosen by chance
    engine = production.build_engine(past, past_events)
    customers = rfm(past).index
    return customers, engine.popular.recommend(customers, 1), engine.recommend(customers, 1)
