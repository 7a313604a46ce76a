"""Retention offers on the made-up shop: what to offer, and to whom."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import production
from helpers.audiences.churn import churn_features, churn_risk
from helpers.audiences.customers import day_after, product_amounts, rfm, stayed_away
from helpers.audiences.offers import OfferRules, expected_profit, lifetime_value
from helpers.simulation.visits import acceptance
from helpers.simulation.world import World, make_world, owned_penalty

BEST_SELLER, NEXT_PRODUCT = "best seller to everybody", "next product to everybody"


def simulate_campaigns(
    world: World,
    past: pd.DataFrame,
    lists: dict[str, pd.DataFrame],
    away: pd.Series,
    rules: OfferRules,
    slope: float = 1.0,
    rivals: dict[str, str] | None = None,
    n_resamples: int = 400,
    random_state: int = 0,
) -> pd.DataFrame:
    """Send offers to the made-up shop's customers, whose true tastes are known.

    A customer uses an offer with the chance 1 / (1 + exp(reluctance - slope x liking)), where
    liking is the true preference for the product offered, less what has been bought already. The
    reluctance is set so that the *first* list gets ``rules.response``; no other list is looked
    at. An offer **saves** a purchase if it is used by somebody who, as the shop's later purchases
    show, would not have come back alone. Used by anybody else it only costs. Those who left
    answer like those who stay: a generous assumption, the same for every list.

    Parameters
    ----------
    world : World
    past : DataFrame
        Purchases up to the offer.
    lists : dict of str to DataFrame
        ``customer_id`` and ``product_id``, one row per offer and at most one per customer.
    away : Series of bool
        Who would not have come back, by customer id; from :func:`stayed_away`.
    rules : OfferRules
        Margin, costs and the first list's response.
    slope : float
        Of the response curve, see :func:`acceptance`.
    rivals : dict of str to str, optional
        Which list each list is compared with; the first one, if left out.
    n_resamples, random_state : int
        In each resample the customers are drawn anew, and a dice is thrown for each; the same
        customers and dice for all lists, so that differences are paired.

    Returns
    -------
    DataFrame
        One row per list: ``offers``; ``liked`` (share whose product is among the five that the
        customer truly likes best of what is not owned); ``used`` (share); ``saved_per_100`` and
        ``profit_per_100`` offers; ``saved`` and ``profit`` in all; ``offers_per_saved``; and the
        differences to the rival, ``saved_per_100_more``, ``profit_per_100_more`` and
        ``profit_more``. All but the first three have 95 % intervals (``_low``, ``_high``).
    """
    customers, rivals = away.index, rivals or {}
    names, first = list(lists), next(iter(lists))
    rival = [names.index(rivals.get(name, first)) for name in names]
    amounts, gone = product_amounts(past), away.to_numpy()
    attraction = attraction_of(world, past, customers)
    liking = {name: liking_of(attraction, offers) for name, offers in lists.items()}
    reluctance = reluctance_of(liking[first], rules.response, slope)
    # lists x customers: is an offer sent, is it used, and what does its use gain
    shape = len(lists), len(customers)
    sent, chance, gain = np.zeros(shape, dtype=bool), np.zeros(shape), np.zeros(shape)
    described = {}
    for number, (name, offers) in enumerate(lists.items()):
        row = customers.get_indexer(offers["customer_id"])
        sent[number, row] = True
        chance[number, row] = acceptance(liking[name], reluctance, slope)
        margin = rules.margin_share * offers["product_id"].map(amounts).to_numpy()
        gain[number, row] = np.where(gone[row], margin, 0) - rules.offer_cost
        better = (attraction.to_numpy()[row] > liking[name][:, None]).sum(axis=1)
        described[name] = {
            "offers": len(row),
            "liked": (better < 5).mean(),
            "used": chance[number, row].mean(),
        }

    def figures(drawn, use):
        """One column per figure; `drawn`: customers; `use`: chances, or what the dice say."""
        sends = sent[:, drawn].sum(axis=1)
        saved = (use * gone[drawn]).sum(axis=1)
        profit = (use * gain[:, drawn]).sum(axis=1) - rules.contact_cost * sends
        offers = np.maximum(sends, 1)
        per_100 = {"saved_per_100": 100 * saved / offers, "profit_per_100": 100 * profit / offers}
        values = per_100 | {"saved": saved, "profit": profit}
        more = {
            f"{name}_more": value - value[rival]
            for name, value in values.items()
            if name != "saved"
        }
        return values | {"offers_per_saved": offers / np.maximum(saved, 1e-9)} | more

    table = pd.DataFrame(figures(np.arange(len(customers)), chance), index=names)
    rng = np.random.default_rng(random_state)
    resamples = []
    for _ in range(n_resamples):
        drawn = rng.integers(0, len(customers), len(customers))
        use = rng.random(len(customers)) < chance[:, drawn]
        resamples.append(np.transpose(list(figures(drawn, use).values())))
    if resamples:
        for number, name in enumerate(list(table)):
            ends = np.percentile(np.array(resamples)[:, :, number], [2.5, 97.5], axis=0)
            table[f"{name}_low"], table[f"{name}_high"] = ends
    described = pd.DataFrame.from_dict(described, orient="index")
    return described.join(table).rename_axis("campaign")


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


def campaign_lists(
    world: World, rules: OfferRules, days: int = 90, share: float = 0.25
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], pd.Series]:
    """Who is sent what, by the ways that the lesson compares.

    The shop stands `days` before its last day and knows nothing of what comes. Everybody gets the
    best seller they don't own, or the own next product; or only so large a `share` of the
    customers gets the next product: who spent most so far, who has the highest estimated lifetime
    value, who is riskiest, whose offer has the highest expected profit. The last list goes to all
    whose offer is expected to pay, if it is for anybody.

    Returns
    -------
    past : DataFrame
        Purchases before that day.
    lists : dict of str to DataFrame
    away : Series of bool
        Who then stayed away: the lists know nothing of it.
    """
    cut = day_after(world.transactions) - pd.Timedelta(days=days)
    past = world.transactions[world.transactions["transaction_date"] < cut]
    past_events = world.events[world.events["event_date"] < cut]
    customers, popular, own = next_products(past, past_events)
    known = churn_features(past, cut, days, past_events)
    risk = churn_risk(past, cut, days, past_events)
    amount = own.set_index("customer_id")["product_id"].map(product_amounts(past))
    profit = expected_profit(amount.reindex(customers), risk, rules)
    lists = {BEST_SELLER: popular, NEXT_PRODUCT: own}
    by = {
        "spent most so far": known["spent"],
        "highest lifetime value": lifetime_value(known, risk, days, 1)["lifetime_value"],
        "riskiest": risk,
        "highest expected profit": profit,
    }
    for name, score in by.items():
        chosen = score.sort_values(ascending=False, kind="stable").index[: int(share * len(score))]
        lists[f"next product: {name}"] = own[own["customer_id"].isin(chosen)]
    if (profit > 0).any():
        lists["next product: all that should pay"] = own[own["customer_id"].map(profit > 0)]
    return past, lists, stayed_away(world.transactions, cut, days)


def layered_campaigns(
    world: World,
    rules: OfferRules,
    days: int = 90,
    slope: float = 1.0,
    share: float = 0.25,
    random_state: int = 0,
) -> pd.DataFrame:
    """What it changes what is offered, and to whom.

    Parameters
    ----------
    world : World
        :func:`make_world` takes its seed and the strength of tastes.
    rules : OfferRules
        Margin and costs; its consent, categories and holdout are not used here.
    days : int
    slope : float
        Of the response curve.
    share : float
        Of the customers, where not everybody gets an offer.
    random_state : int

    Returns
    -------
    DataFrame
        As :func:`simulate_campaigns`; the next product to everybody is compared with the best
        seller to everybody, and each choice of customers with the next product to everybody
        (which, per 100 offers, is also what customers drawn by chance would give).
    """
    past, lists, away = campaign_lists(world, rules, days, share)
    rivals = {name: NEXT_PRODUCT for name in lists} | {NEXT_PRODUCT: BEST_SELLER}
    rivals[BEST_SELLER] = BEST_SELLER
    return simulate_campaigns(
        world, past, lists, away, rules, slope, rivals, random_state=random_state
    )


def campaign_sensitivity(
    rules: OfferRules,
    settings=((0.25, 1), (0.5, 1), (1, 1), (2, 1), (1, 0.5), (1, 0)),
    seeds=(1, 2, 3),
) -> pd.DataFrame:
    """Do the findings of :func:`layered_campaigns` depend on what was assumed?

    Parameters
    ----------
    rules : OfferRules
    settings : sequence of (float, float)
        Slope of the response curve, and strength of the tastes.
    seeds : sequence of int
        One made-up shop each.

    Returns
    -------
    DataFrame
        One row per setting: ``product`` (saved per 100 offers by the next product, more than by
        the best seller) and ``choice`` (profit per 100 offers by the highest expected profits,
        more than by the next product to everybody): the mean over the shops, with the lowest
        (``_low``) and the highest (``_high``).
    """
    chosen = "next product: highest expected profit"
    rows = []
    for taste_strength in dict.fromkeys(taste for _, taste in settings):
        for seed in seeds:
            world = make_world(seed, taste_strength)
            past, lists, away = campaign_lists(world, rules)
            lists = {name: lists[name] for name in (BEST_SELLER, NEXT_PRODUCT, chosen)}
            for slope in (slope for slope, taste in settings if taste == taste_strength):
                table = simulate_campaigns(
                    world, past, lists, away, rules, slope, {chosen: NEXT_PRODUCT}, n_resamples=0
                )
                row = {
                    "product": table.loc[NEXT_PRODUCT, "saved_per_100_more"],
                    "choice": table.loc[chosen, "profit_per_100_more"],
                }
                rows.append({"slope": slope, "taste": taste_strength} | row)
    grouped = pd.DataFrame(rows).groupby(["slope", "taste"])
    table = grouped.mean().loc[list(settings)]
    for end, ends in {"low": grouped.min(), "high": grouped.max()}.items():
        table = table.join(ends.add_suffix(f"_{end}"))
    return table
