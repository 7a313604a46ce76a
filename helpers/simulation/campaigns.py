"""Retention offers on the made-up shop: what each layer adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from helpers import production
from helpers.audiences.churn import churn_risk
from helpers.audiences.customers import day_after, product_amounts, rfm, stayed_away
from helpers.audiences.offers import OfferRules, at_the_top
from helpers.simulation.visits import acceptance, true_liking
from helpers.simulation.world import World


def simulate_campaigns(
    world: World,
    past: pd.DataFrame,
    lists: dict[str, pd.DataFrame],
    away: pd.Series,
    worth: pd.Series,
    rules: OfferRules,
    n_resamples: int = 400,
    random_state: int = 0,
) -> pd.DataFrame:
    """Send offers to the made-up shop's customers, whose true tastes are known.

    A customer uses an offer with the chance 1 / (1 + exp(reluctance - liking)), where liking is
    the true preference for the product offered, less what has been bought already. The one
    constant is set so that the *first* list gets ``rules.response``; no other list is looked at.
    An offer **saves** a purchase if it is used by somebody who, as the shop's later purchases
    show, would not have come back alone. Used by anybody else it only costs. Those who left
    answer like those who stay: a generous assumption, the same for every list.

    Parameters
    ----------
    world : World
    past : DataFrame
        Purchases up to the offer.
    lists : dict of str to DataFrame
        ``customer_id`` and ``product_id``, one row per offer.
    away : Series of bool
        Who would not have come back, by customer id; from :func:`stayed_away`.
    worth : Series
        What a customer is worth, by customer id: :func:`rfm`'s monetary value, say.
    rules : OfferRules
        Margin, costs and the first list's response.
    n_resamples, random_state : int
        Each resample is one campaign: customers drawn anew, and a dice thrown for every offer.

    Returns
    -------
    DataFrame
        One row per list: ``offers``, ``liked`` (share whose product is among the five that the
        customer truly likes best of what is not owned), ``used`` (share), ``saved_per_100``
        offers and ``profit_per_100`` offers with 95 % intervals (``_low``, ``_high``),
        ``offers_per_saved`` with the interval, ``worth_per_saved`` (mean worth of those saved),
        ``saved`` in all, and ``adds``: saved per 100 offers above the list before, with interval.
    """
    from scipy.optimize import brentq

    customers = away.index
    amounts = product_amounts(past)
    attraction = _liking(world, past, customers)
    parts = {}
    for name, offers in lists.items():
        row = customers.get_indexer(offers["customer_id"])
        column = world.preference.columns.get_indexer(offers["product_id"])
        liking = attraction[row, column]
        better = (attraction[row] > liking[:, None]).sum(axis=1)
        margin = rules.margin_share * offers["product_id"].map(amounts).to_numpy()
        parts[name] = row, liking, better < 5, margin
    liking = next(iter(parts.values()))[1]
    reluctance = brentq(lambda x: acceptance(liking, x).mean() - rules.response, -30, 30)

    rng = np.random.default_rng(random_state)
    drawn = rng.multinomial(
        len(customers), np.full(len(customers), 1 / len(customers)), n_resamples
    )
    gone, worth = away.to_numpy(), worth.reindex(customers).to_numpy(dtype=float)
    rows, before = {}, None
    for name, (row, liking, liked, margin) in parts.items():
        chance = acceptance(liking, reluctance)
        saves = chance * gone[row]
        # all in one matrix of campaigns x offers: how many of each offer are used
        sent = drawn[:, row]
        used = rng.binomial(sent, chance)
        many = np.maximum(sent.sum(axis=1), 1)
        gain = np.where(gone[row], margin, 0) - rules.offer_cost
        saved_many = 100 * (used @ gone[row]) / many
        profit_many = 100 * ((used @ gain) / many - rules.contact_cost)
        saved = 100 * saves.mean()
        rows[name] = {
            "offers": len(row),
            "liked": liked.mean(),
            "used": chance.mean(),
            "saved": saves.sum(),
            "saved_per_100": saved,
            **_ends("saved_per_100", saved_many),
            "offers_per_saved": 100 / saved,
            **_ends("offers_per_saved", 100 / np.maximum(saved_many, 1e-9)),
            "profit_per_100": 100 * ((chance * gain).mean() - rules.contact_cost),
            **_ends("profit_per_100", profit_many),
            "worth_per_saved": (saves @ worth[row]) / saves.sum(),
        }
        if before is not None:
            rows[name]["adds"] = saved - before[0]
            rows[name].update(_ends("adds", saved_many - before[1]))
        before = saved, saved_many
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("campaign")


def _ends(name, drawn):
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {f"{name}_low": low, f"{name}_high": high}


def _liking(world, past, customers):
    """True preference of every customer for every product, less what is owned at the time."""
    # lesson 07's rule for what is owned, on the purchases up to the offer only
    everything = pd.MultiIndex.from_product(
        [customers, world.preference.columns], names=["customer_id", "product_id"]
    ).to_frame(index=False)
    n_products = world.preference.shape[1]
    everything["rank"] = np.tile(np.arange(1, n_products + 1), len(customers))
    return true_liking(replace(world, transactions=past), everything, customers, n_products)


def layered_campaigns(
    world: World, rules: OfferRules, days: int = 90, random_state: int = 0
) -> pd.DataFrame:
    """What each layer adds: blanket offers, then risk, value and next product one by one.

    The shop stands `days` before its last day and knows nothing of what comes. "Blanket" offers
    everybody the best seller they don't own; the layers then take customers away, and the last
    one offers each customer's own next product. The last row sends that to everybody.

    Parameters
    ----------
    world : World
    rules : OfferRules
        Shares, margin and costs; its consent and categories are not used here.
    days, random_state : int

    Returns
    -------
    DataFrame
        As :func:`simulate_campaigns`.
    """
    cut = day_after(world.transactions) - pd.Timedelta(days=days)
    past = world.transactions[world.transactions["transaction_date"] < cut]
    past_events = world.events[world.events["event_date"] < cut]
    worth = rfm(past, cut)["monetary"]
    risk = churn_risk(past, cut, days, past_events)
    # the default settings, which validation chooses in this world of slow fashions, too; so the
    # control without tastes differs in tastes only, never in settings chosen by chance
    engine = production.build_engine(past, past_events)
    popular = engine.popular.recommend(worth.index, 1)
    own = engine.recommend(worth.index, 1)

    at_risk = at_the_top(risk, rules.risk_share)
    both = at_risk & at_the_top(worth, rules.value_share)
    lists = {
        "blanket": popular,
        "risk": popular[popular["customer_id"].map(at_risk)],
        "value x risk": popular[popular["customer_id"].map(both)],
        "value x risk x product": own[own["customer_id"].map(both)],
        "product for everybody": own,
    }
    away = stayed_away(world.transactions, cut, days)
    return simulate_campaigns(world, past, lists, away, worth, rules, random_state=random_state)
