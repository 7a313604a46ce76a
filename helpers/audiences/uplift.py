"""Lesson 09. Whom an offer moves: the difference it makes, learned from a randomised campaign."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.audiences.churn import ChurnModel


class TwoModels:
    """Uplift by two models: who buys with the offer, who buys without, and the difference.

    Known as a T-learner (Künzel and others 2019). It needs a past campaign in which *chance*
    decided who got the offer; each model is a logistic regression, as for churn.
    """

    def fit(self, features: pd.DataFrame, bought: pd.Series, offered: pd.Series) -> TwoModels:
        """Learn from a past campaign.

        Parameters
        ----------
        features : DataFrame
            What was known before, one row per customer; from :func:`churn_features`, say.
        bought, offered : Series of bool
            Whether the customer bought in the window after, and whether an offer was sent.

        Raises
        ------
        ValueError
            If everybody got the offer, or nobody: there is nothing to compare with.
        """
        if offered.nunique() < 2:
            raise ValueError(
                "In this campaign everybody got the offer, or nobody. Without a holdout drawn by "
                "chance nobody knows what the offer changed."
            )
        offered = offered.to_numpy(dtype=bool)
        self.with_offer_ = ChurnModel().fit(features[offered], ~bought[offered])
        self.without_ = ChurnModel().fit(features[~offered], ~bought[~offered])
        return self

    def predict(self, features: pd.DataFrame) -> pd.Series:
        """How much more likely each customer buys with the offer than without, -1 to 1."""
        stays_away = self.without_.predict_proba(features)
        return (stays_away - self.with_offer_.predict_proba(features)).rename("uplift")


def uplift_by_group(campaign: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """What an offer changed in each group: buyers with it, less buyers without.

    Parameters
    ----------
    campaign : DataFrame
        One row per customer: ``bought`` and ``offered``, both bool; chance has decided who got
        the offer.
    group : Series
        By customer, in the same order.

    Returns
    -------
    DataFrame
        One row per group: ``offers`` and ``held_out`` (customers), ``with_offer`` and ``without``
        (shares that bought, 0 to 1), ``uplift`` (their difference) and ``error`` (its standard
        error: a difference of two shares).
    """
    arms = campaign.groupby([group.to_numpy(), campaign["offered"].to_numpy()])["bought"]
    share, count = arms.mean().unstack(), arms.size().unstack()
    table = pd.DataFrame(
        {
            "offers": count[True],
            "held_out": count[False],
            "with_offer": share[True],
            "without": share[False],
        }
    )
    variance = share * (1 - share) / count
    return table.assign(
        uplift=share[True] - share[False], error=np.sqrt(variance[True] + variance[False])
    )


def add_mailings(mailings: pd.DataFrame) -> dict[str, float]:
    """What several mailings changed, together: differences are added, never heads.

    Each mailing is compared with its own holdout, in its own weeks. The differences are averaged;
    the surer a mailing, the more it counts (weights 1 / variance).

    Parameters
    ----------
    mailings : DataFrame
        One row per mailing: ``offers``, ``held_out`` (customers), ``bought_offers``,
        ``bought_held_out`` (buyers among them).

    Returns
    -------
    dict
        ``uplift`` (0 to 1), ``low``, ``high`` (its 95 % interval, as if the mailings went to
        different people), and ``by_heads``: what comes out if heads are added, which misleads
        where the holdout's share and the season change together (Simpson 1951).
    """
    offered, held = mailings["offers"], mailings["held_out"]
    rate, base = mailings["bought_offers"] / offered, mailings["bought_held_out"] / held
    weight = 1 / (rate * (1 - rate) / offered + base * (1 - base) / held)
    uplift = float(np.average(rate - base, weights=weight))
    reach = 1.96 / np.sqrt(weight.sum())
    sums = mailings.sum()
    by_heads = sums["bought_offers"] / sums["offers"] - sums["bought_held_out"] / sums["held_out"]
    return {"uplift": uplift, "low": uplift - reach, "high": uplift + reach, "by_heads": by_heads}


def gain_curve(score: pd.Series, gain: pd.Series, shares) -> pd.Series:
    """What is gained if offers go to the highest scores first: a Qini curve, in money.

    Parameters
    ----------
    score : Series of float
        By customer id; a customer with a higher one gets an offer sooner. Ties are split evenly.
    gain : Series of float
        What an offer to each customer gains.
    shares : sequence of float
        Of the customers, 0 to 1.

    Returns
    -------
    Series of float
        By share: gained per 100 customers of the shop, those without an offer included.

    Notes
    -----
    Radcliffe (2007) draws purchases won against customers mailed; this is the same in money.
    """
    # customers of one score are worth their average, whichever of them comes first
    worth = gain.groupby(score.reindex(gain.index)).transform("mean").to_numpy()
    order = np.argsort(-score.reindex(gain.index).to_numpy(), kind="stable")
    total = np.concatenate([[0.0], np.cumsum(worth[order])])
    mailed = np.linspace(0, 1, len(total))
    return pd.Series(100 * np.interp(shares, mailed, total) / len(gain), index=list(shares))
