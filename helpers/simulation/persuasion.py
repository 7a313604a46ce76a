"""Whom an offer moves on the made-up shop, where it is known: risk against persuadability."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers import production
from helpers.audiences.churn import ChurnModel, churn_features, churn_risk
from helpers.audiences.customers import day_after, product_amounts, stayed_away
from helpers.audiences.offers import OfferRules
from helpers.audiences.segments import SEGMENTS, segment_by_scores
from helpers.audiences.uplift import TwoModels, gain_curve
from helpers.simulation.visits import acceptance, true_liking
from helpers.simulation.world import World, make_world

# Assumptions: the lesson shows what becomes of its finding where they are not true
REACH_DAYS = 90.0  # of silence, after which a mail reaches only half of the customers
ANNOYED = 0.1  # share of those who buy without looking around whom a mail reminds to leave
REGULARS = 5.0  # in the control: who comes anyway uses a voucher so many times as readily
HIDDEN = 0.5  # standard deviation, in log-odds, of what no feature tells about coming back
POLICIES = ["win-back segment", "risk", "predicted response", "expected profit", "uplift",
            "the truth"]  # fmt: skip


@dataclass(frozen=True)
class People:
    """Customers on the day of a campaign, numbered: what the shop knows of them, and the truth.

    Attributes
    ----------
    features : DataFrame
        What the shop knows: :func:`churn_features`, and the engine's score of the next product.
    risk : Series
        The shop's own estimate, recalibrated.
    truth : DataFrame
        Chances: ``alone`` (buys without an offer), ``uses`` (buys with the voucher), ``won`` (the
        same, and would have stayed away), ``leaves`` (would have bought, and is reminded by the
        mail to leave), ``with_offer`` (buys with an offer); ``effect`` (the difference);
        ``gain`` (of one offer, in the shop's currency); ``gain_popular`` (the same, if the best
        seller is offered).
    voucher : float
        Cost of a used voucher, as a share of a purchase's margin.
    """

    features: pd.DataFrame
    risk: pd.Series
    truth: pd.DataFrame
    voucher: float

    def kinds(self) -> pd.Series:
        """Shares of the four kinds of customers; they sum to 1."""
        truth = self.truth
        chances = {
            "persuadables: buy only with the offer": truth["won"],
            "sure things: buy anyway": truth["alone"] - truth["leaves"],
            "lost causes: buy in neither case": 1 - truth["alone"] - truth["won"],
            "sleeping dogs: buy only without it": truth["leaves"],
        }
        return pd.Series({kind: chance.mean() for kind, chance in chances.items()})


def make_people(
    world: World,
    rules: OfferRules,
    days: int = 90,
    reach_days: float = REACH_DAYS,
    annoyed: float = ANNOYED,
    random_state: int = 0,
    regulars: float = 1.0,
) -> People:
    """Customers `days` before the made-up shop's last day, and what an offer would do to each.

    *Alone*: as likely as customers like this came back in the window that followed, more or less
    by what nobody sees. *Uses* the voucher for the next product: by :func:`acceptance`, if the mail
    is read at all, for which the chance halves with every `reach_days` of silence. *Leaves*: of
    those who looked at nothing in the window before, and would have bought, the share `annoyed`.
    Of customers alike in all the shop knows, who would have come anyway uses the voucher
    `regulars` times as readily as who would have stayed away.
    Every purchase is worth the same margin here, so that only people differ.

    Parameters
    ----------
    world : World
    rules : OfferRules
        The money, and the response of the best seller, by which the curve is set.
    days : int
    reach_days : float
        Infinite: everybody reads the mail, and risk tells well whom it moves.
    annoyed : float
        0: no sleeping dogs.
    random_state : int
    regulars : float
        1: both use it alike, as :func:`helpers.audiences.expected_profit` takes it. More: as many
        vouchers are used, but fewer by those whom they win.
    """
    before = _before_the_mail(world, rules, days, random_state)
    return _mailed(*before, rules, reach_days, annoyed, regulars)


def _before_the_mail(world, rules, days, random_state):
    """What holds whether mails are read or not: features, risk, chances and a purchase's margin."""
    cut = day_after(world.transactions) - pd.Timedelta(days=days)
    past = world.transactions[world.transactions["transaction_date"] < cut]
    past_events = world.events[world.events["event_date"] < cut]
    known = churn_features(past, cut, days, past_events)
    # the default settings, which validation chooses in this world of slow fashions, too; so the
    # control without tastes differs in tastes only, never in settings chosen by chance
    engine = production.build_engine(past, past_events)
    own, popular = (each.recommend(known.index, 1) for each in (engine, engine.popular))
    at_the_time = replace(world, transactions=past)
    likes, likes_popular = (
        true_liking(at_the_time, each, known.index, 1)[:, 0] for each in (own, popular)
    )
    reluctance = _reluctance(likes_popular, rules.response)
    takes, takes_popular = (acceptance(each, reluctance) for each in (likes, likes_popular))
    own = own.set_index("customer_id").loc[known.index]

    away = stayed_away(world.transactions, cut, days)
    stays_away = ChurnModel().fit(known, away).predict_proba(known).clip(1e-6, 1 - 1e-6)
    unseen = np.random.default_rng(random_state).normal(0, HIDDEN, len(known))
    alone = 1 / (1 + np.exp(np.log(stays_away / (1 - stays_away)) + unseen))
    margin = rules.margin_share * own["product_id"].map(product_amounts(past)).mean()
    features = known.assign(score=own["score"])
    chances = pd.DataFrame({"alone": alone, "takes": takes, "takes_popular": takes_popular})
    tables = features, churn_risk(past, cut, days, past_events), chances
    return *(each.reset_index(drop=True) for each in tables), margin


def _mailed(
    features, risk, chances, margin, rules, reach_days=REACH_DAYS, annoyed=ANNOYED, regulars=1.0
):
    """The same customers where mails go unread, and annoy, as assumed."""
    alone = chances["alone"]
    reads = 0.5 ** (features["days_since_last"] / reach_days)

    def changes(uses):
        """Who is won, who is reminded to leave, what the offer changes, and what it gains."""
        share = uses / (1 + (regulars - 1) * alone)  # of those who would have stayed away
        won = np.maximum((1 - alone) * share, uses - alone)  # all who would have come use it
        without = np.maximum(alone - (uses - won), 0)  # come anyway, and leave the voucher unused
        leaves = annoyed * without * (features["recent_events"] == 0)
        effect = won - leaves
        return won, leaves, effect, margin * effect - rules.offer_cost * uses - rules.contact_cost

    uses = chances["takes"] * reads
    won, leaves, effect, gain = changes(uses)
    truth = pd.DataFrame(
        {
            "alone": alone,
            "uses": uses,
            "won": won,
            "leaves": leaves,
            "with_offer": alone + effect,
            "effect": effect,
            "gain": gain,
            "gain_popular": changes(chances["takes_popular"] * reads)[3],
        }
    )
    return People(features, risk, truth, voucher=rules.offer_cost / margin)


def _reluctance(liking, response):
    """The constant of :func:`acceptance` with which so large a share of the offers is used."""
    from scipy.optimize import brentq

    return brentq(lambda x: acceptance(liking, x).mean() - response, -60, 60)


def past_campaign(people: People, customers: pd.Index, rng: np.random.Generator) -> pd.DataFrame:
    """A campaign of the past, in which a coin decided who got the offer.

    Parameters
    ----------
    people : People
    customers : Index
        Who takes part; one drawn twice stands for two customers alike.
    rng : Generator

    Returns
    -------
    DataFrame of bool
        In the order of `customers`: ``offered``, ``used`` and ``bought``.
    """
    truth = people.truth.loc[customers]
    offered = rng.random(len(truth)) < 0.5
    used = offered & (rng.random(len(truth)) < truth["uses"].to_numpy())
    bought = np.where(offered, truth["with_offer"], truth["alone"])
    # who used the voucher has bought; the others make up the rest of the chance
    uses = np.where(offered, truth["uses"], 0)
    others = rng.random(len(truth)) < (bought - uses) / np.maximum(1 - uses, 1e-12)
    return pd.DataFrame(
        {"offered": offered, "used": used, "bought": used | others}, index=truth.index
    )


def scores(people: People, campaign: pd.DataFrame, customers: pd.Index) -> dict[str, pd.Series]:
    """Whom each way of targeting mails first, learned from a past campaign.

    Parameters
    ----------
    people : People
    campaign : DataFrame
        From :func:`past_campaign`.
    customers : Index
        Whom to score.

    Returns
    -------
    dict of str to Series
        :data:`POLICIES`: segments (silent long ago, those who bought much first); the risk of
        staying away; the chance that the voucher is used (learned from those who had one); the
        expected profit, as :func:`helpers.audiences.expected_profit` has it, with that chance;
        the uplift by :class:`TwoModels` in money, less the vouchers that are used, like its
        rivals; the true gain.
    """
    now = people.features.loc[customers]
    names = {"days_since_last": "recency", "purchase_days": "frequency", "spent": "monetary"}
    segment = segment_by_scores(now[list(names)].rename(columns=names))
    first, second = SEGMENTS[3:]
    found = {
        "win-back segment": 2 * (segment == first) + (segment == second),
        "risk": people.risk.reindex(customers),
        "the truth": people.truth.loc[customers, "gain"],
    }
    found |= _learned(people, campaign, now, found["risk"])
    return {name: found[name] for name in POLICIES}


def _learned(people, campaign, now, risk):
    """What a past campaign tells of customers as they are now."""
    then = people.features.loc[campaign.index]
    had_one = campaign["offered"].to_numpy()
    unused = ChurnModel().fit(then[had_one], ~campaign["used"][had_one])
    response = 1 - unused.predict_proba(now)
    uplift = TwoModels().fit(then, campaign["bought"], campaign["offered"]).predict(now)
    return {
        "predicted response": response,
        # in margins; sending costs the same for all
        "expected profit": response * (risk - people.voucher),
        # in margins, too: people alone are no money
        "uplift": uplift - response * people.voucher,
    }


def compare_targeting(
    peoples: list[People],
    sizes: list[int],
    share: float = 0.25,
    n_campaigns: int = 6,
    random_state: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Learn from past campaigns of several sizes, mail other customers, count the true gain.

    Half of the customers have been in the past campaign (drawn anew up to its size, so that
    there are campaigns larger than the shop); the other half is mailed.

    Parameters
    ----------
    peoples : list of People
        From several made-up shops.
    sizes : list of int
        Customers of the past campaign, half of them with an offer.
    share : float
        So many of the customers are mailed.
    n_campaigns : int
        Past campaigns per shop.
    random_state : int

    Returns
    -------
    table : DataFrame
        Index ``size`` and ``policy`` (:data:`POLICIES`): ``gain`` per 100 offers; ``more``, than
        an offer to anybody gains (to everybody, or by chance); ``than_risk``, more than by risk;
        ``than_profit``, more than by expected profit:
        each the mean over all shops and campaigns, and between which values 95 % of them lie
        (``_low``, ``_high``). The differences are within one campaign. The policy ``next
        product`` mails anybody, and is compared with the best seller to anybody.
    curves : DataFrame
        Of the largest size: gain per 100 customers by the share mailed, one column per policy,
        and one for chance; the mean over all shops and campaigns.
    """
    rng = np.random.default_rng(random_state)
    shares = np.linspace(0, 1, 41)
    rows, curves = [], []
    for people in peoples:
        customers = people.truth.index
        for _ in range(n_campaigns):
            mixed = customers[rng.permutation(len(customers))]
            before, now = np.split(mixed, [len(mixed) // 2])
            gain = people.truth.loc[now, "gain"]
            anybody = 100 * gain.mean()
            popular = 100 * people.truth.loc[now, "gain_popular"].mean()
            for size in sizes:
                drawn = before[rng.integers(0, len(before), size)]
                campaign = past_campaign(people, drawn, rng)
                order = scores(people, campaign, now)
                curve = {name: gain_curve(each, gain, shares) for name, each in order.items()}
                curve = pd.DataFrame(curve).assign(**{"at random": shares * anybody})
                at = {name: np.interp(share, shares, curve[name]) / share for name in curve}
                found = {name: (each, each - anybody) for name, each in at.items()}
                found["next product"] = anybody, anybody - popular
                rows += [
                    {"size": size, "policy": name, "gain": each, "more": more,
                     "than_risk": each - at["risk"],
                     "than_profit": each - at["expected profit"]}
                    for name, (each, more) in found.items()
                ]  # fmt: skip
                if size == max(sizes):
                    curves.append(curve)
    grouped = pd.DataFrame(rows).groupby(["size", "policy"], sort=False)
    table = grouped.mean()
    for end, part in {"low": 0.025, "high": 0.975}.items():
        table = table.join(grouped.quantile(part).add_suffix(f"_{end}"))
    return table, sum(curves) / len(curves)


def layers_added(
    rules: OfferRules, sizes=(1_000, 16_000), seeds=(1, 2, 3), n_campaigns: int = 12
) -> pd.DataFrame:
    """What each layer adds to an offer, in one unit: profit per 100 offers, a quarter mailed.

    In the made-up shop of :func:`make_people`, in which mails go unread and annoy; and in another,
    in which whoever comes anyway uses the voucher :data:`REGULARS` times as readily, which the
    formula of the expected profit does not know.

    Parameters
    ----------
    rules : OfferRules
    sizes : sequence of int
        Customers of the past campaign from which is learned; half of them had an offer.
    seeds : sequence of int
        One made-up shop each.
    n_campaigns : int
        Past campaigns per shop.

    Returns
    -------
    DataFrame
        One row per layer. ``gain``: profit per 100 offers. ``more``: profit per 100 offers, more
        than from the next product to anybody; in the rows of ``next product``, more than from the
        best seller to anybody; in those of ``uplift, on top``, more than by the expected profit,
        both learned from the largest size. Rows with ``regulars``: the same, where these use it
        more readily. With ``more_low`` and ``more_high``, between which 95 % of the simulated
        campaigns lie. What learns from a campaign has a row per size.
    """
    few, many = min(sizes), max(sizes)
    before = [_before_the_mail(make_world(seed), rules, 90, seed) for seed in seeds]
    as_assumed = [_mailed(*each, rules) for each in before]
    used_by_regulars = [_mailed(*each, rules, regulars=REGULARS) for each in before]
    found, _ = compare_targeting(as_assumed, [few, many], n_campaigns=n_campaigns)
    # the same campaigns and dice as above, so that only the assumption differs
    other, _ = compare_targeting(used_by_regulars, [few, many], n_campaigns=n_campaigns)

    def on_top(found):
        row = found.loc[(many, "uplift")]
        added = row.filter(like="than_profit")
        return added.rename(lambda name: name.replace("than_profit", "more")).combine_first(
            row[["gain"]]
        )

    rows = {"next product": found.loc[(many, "next product")]}
    rows |= {name: found.loc[(many, name)] for name in ("win-back segment", "risk")}
    learned = [(name, size) for name in ("expected profit", "uplift") for size in (few, many)]
    rows |= {f"{name}, {size:,}": found.loc[(size, name)] for name, size in learned}
    rows["uplift, on top"] = on_top(found)
    rows["the truth"] = found.loc[(many, "the truth")]
    rows["expected profit, regulars"] = other.loc[(many, "expected profit")]
    rows["uplift, on top, regulars"] = on_top(other)
    columns = ["gain", "more", "more_low", "more_high"]
    return pd.DataFrame({name: row[columns] for name, row in rows.items()}).T
