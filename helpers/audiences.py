"""Lesson 08. Layers on the scored table: who is worth it, who is leaving, what to offer them.

Every function that looks back takes a cut-off and uses what happened *before* that day only;
whatever happened on the day or later is the future that a model is judged by.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import production
from helpers.channels import at_most_per_category, first_n
from helpers.evaluate import interval
from helpers.experiments import true_liking
from helpers.matrix import build_interaction_matrix
from helpers.recommend import ItemBased, MostPopular, WithFallback
from helpers.synthetic import World

SEGMENTS = [
    "Best customers",
    "Light buyers",
    "Could go either way",
    "Slipping away",
    "Gone quiet",
]

# Resampling more customers than this costs time and changes no digit that is shown.
_MOST_RESAMPLED = 20_000


def day_after(transactions: pd.DataFrame) -> pd.Timestamp:
    """Midnight after the newest purchase: the cut-off that means "today"."""
    return transactions["transaction_date"].max().normalize() + pd.Timedelta(days=1)


def line_amounts(transactions: pd.DataFrame) -> pd.Series | None:
    """What each purchase line cost, in the shop's currency; None where the export has no money.

    ``total_amount`` where known, else ``quantity`` (1 if unknown) times ``unit_price``, else 0.
    """
    if not {"total_amount", "unit_price"} & set(transactions):
        return None
    empty = pd.Series(np.nan, index=transactions.index)
    units = transactions.get("quantity", empty).fillna(1)
    amounts = transactions.get("total_amount", empty)
    return amounts.fillna(units * transactions.get("unit_price", empty)).fillna(0).clip(lower=0)


def product_amounts(transactions: pd.DataFrame) -> pd.Series | None:
    """What a purchase of each product usually costs (median line), by product id; or None."""
    amounts = line_amounts(transactions)
    return None if amounts is None else amounts.groupby(transactions["product_id"]).median()


def rfm(transactions: pd.DataFrame, today=None) -> pd.DataFrame:
    """Recency, frequency and monetary value of every customer.

    Parameters
    ----------
    transactions : DataFrame
        From :mod:`helpers.data`.
    today : Timestamp, optional
        Cut-off; the day after the newest purchase, if left out.

    Returns
    -------
    DataFrame
        Index ``customer_id``: ``recency`` (days since the last purchase), ``frequency`` (days
        with a purchase), ``monetary`` (sum spent; purchase lines where the export has no money).
    """
    today = day_after(transactions) if today is None else pd.Timestamp(today)
    past = transactions[transactions["transaction_date"] < today]
    amounts = line_amounts(past)
    amounts = pd.Series(1.0, index=past.index) if amounts is None else amounts
    rows = pd.DataFrame(
        {"day": past["transaction_date"].dt.normalize(), "amount": amounts.astype(float)}
    )
    by_customer = rows.groupby(past["customer_id"], sort=True)
    return pd.DataFrame(
        {
            "recency": (today.normalize() - by_customer["day"].max()).dt.days,
            "frequency": by_customer["day"].nunique(),
            "monetary": by_customer["amount"].sum(),
        }
    )


def quantile_scores(table: pd.DataFrame, n: int = 5) -> pd.DataFrame:
    """Score each of the three from 1 (worst fifth) to `n` (best fifth); equal values, equal score.

    Parameters
    ----------
    table : DataFrame
        From :func:`rfm`.
    n : int

    Returns
    -------
    DataFrame of int
        Same shape; a small recency is good.
    """
    turned = table.assign(recency=-table["recency"])
    return np.ceil(turned.rank(pct=True, method="average") * n).clip(1, n).astype(int)


def segment_by_scores(table: pd.DataFrame) -> pd.Series:
    """Name every customer's segment by two rules that fit on a slide.

    Recent or not (recency score 4 and 5, or 1 and 2), and worth much or not (mean of the scores
    for frequency and monetary value at least 4).

    Parameters
    ----------
    table : DataFrame
        From :func:`rfm`.

    Returns
    -------
    Series of str
        One of :data:`SEGMENTS`, by customer id.
    """
    score = quantile_scores(table)
    valuable = score[["frequency", "monetary"]].mean(axis=1) >= 4
    recent, long_ago = score["recency"] >= 4, score["recency"] <= 2
    best, light, between, slipping, quiet = SEGMENTS
    rules = [recent & valuable, recent, long_ago & valuable, long_ago]
    names = np.select(rules, [best, light, slipping, quiet], between)
    return pd.Series(names, index=table.index, name="segment", dtype="str")


def segment_by_kmeans(table: pd.DataFrame, n_segments: int = 5, random_state: int = 0) -> pd.Series:
    """Let k-means find groups of customers that are near each other.

    Parameters
    ----------
    table : DataFrame
        From :func:`rfm`; logarithms are taken and scaled, or the big spenders would decide alone.
    n_segments : int
        Fewer where there are fewer different customers.
    random_state : int

    Returns
    -------
    Series of str
        "group 1" (spends most) to "group 5", by customer id. Names are up to you.
    """
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    values = StandardScaler().fit_transform(np.log1p(table))
    n_segments = min(n_segments, len(np.unique(values, axis=0)))
    label = KMeans(n_segments, n_init=5, random_state=random_state).fit_predict(values)
    spent = table["monetary"].groupby(label).median().rank(ascending=False, method="first")
    names = "group " + pd.Series(label, index=table.index).map(spent).astype(int).astype("str")
    return names.rename("segment")


def describe_segments(table: pd.DataFrame, segment: pd.Series) -> pd.DataFrame:
    """How large each segment is and what its typical customer is like.

    Returns
    -------
    DataFrame
        One row per segment: ``customers``, ``share_of_value`` (0 to 1), and medians of
        ``recency``, ``frequency``, ``monetary``.
    """
    groups = table.groupby(segment)
    described = groups.median()
    described.insert(0, "customers", groups.size())
    share = groups["monetary"].sum() / max(table["monetary"].sum(), 1e-12)
    described.insert(1, "share_of_value", share)
    order = [name for name in SEGMENTS if name in described.index] or described.index
    return described.loc[order]


def compare_segmentations(
    transactions: pd.DataFrame, cut, days: int, random_state: int = 0
) -> pd.DataFrame:
    """Score rules and k-means by what a segment is for: to last, and to tell futures apart.

    Parameters
    ----------
    transactions : DataFrame
    cut : Timestamp
        Segments are made before it and judged by the `days` after it.
    days : int
    random_state : int

    Returns
    -------
    DataFrame
        One row per method: ``smallest`` (share of customers in the smallest segment),
        ``stays_the_same`` (adjusted Rand index, Hubert and Arabie 1985, between the segments of
        half of the customers made alone and made among all; 1: nobody moves; mean of five halves),
        ``explains_return`` and ``explains_spending`` (share of the variance, 0 to 1, of coming
        back and of the logarithm of what is spent, that lies between segments).
    """
    from sklearn.metrics import adjusted_rand_score

    table = rfm(transactions, cut)
    returned = (~stayed_away(transactions, cut, days)).astype(float)
    spent = spent_after(transactions, cut, days)
    rng = np.random.default_rng(random_state)
    halves = [rng.permutation(len(table))[: (len(table) + 1) // 2] for _ in range(5)]
    rows = {}
    for name, method in {"rules": segment_by_scores, "k-means": segment_by_kmeans}.items():
        whole = method(table)
        alone = [method(table.iloc[half]) for half in halves]
        same = [adjusted_rand_score(whole[part.index], part) for part in alone]
        rows[name] = {
            "smallest": whole.value_counts(normalize=True).min(),
            "stays_the_same": np.mean(same),
            "explains_return": _explained(returned, whole),
            "explains_spending": _explained(np.log1p(spent), whole),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("segments by")


def _explained(values, groups):
    """Eta squared: variance between groups, as a share of all variance."""
    total = ((values - values.mean()) ** 2).sum()
    means = values.groupby(groups).transform("mean")
    return float(((means - values.mean()) ** 2).sum() / total) if total else 0.0


# Churn risk


def churn_window(transactions: pd.DataFrame) -> int:
    """How many days of silence we call churn: 90, or a quarter of a history that is shorter.

    Raises
    ------
    ValueError
        If the history is too short to have a before and an after twice.
    """
    dates = transactions["transaction_date"].dt.normalize()
    days = min(90, (dates.max() - dates.min()).days // 4)
    if days < 1:
        raise ValueError(
            f"All purchases fall between {dates.min():%Y-%m-%d} and {dates.max():%Y-%m-%d}, so "
            "nobody can say who stays away. Export a longer period, at least some weeks."
        )
    return days


def _window(transactions, cut, days):
    """Purchases on the day `cut` and the days after it, `days` of them."""
    cut = pd.Timestamp(cut).normalize()
    date = transactions["transaction_date"]
    return transactions[(date >= cut) & (date < cut + pd.Timedelta(days=days))]


def stayed_away(transactions: pd.DataFrame, cut, days: int) -> pd.Series:
    """The label: no purchase within `days` from the cut-off.

    Parameters
    ----------
    transactions : DataFrame
    cut : Timestamp
    days : int

    Returns
    -------
    Series of bool
        By customer id, for every customer with a purchase before the cut-off.
    """
    cut = pd.Timestamp(cut).normalize()
    past = transactions[transactions["transaction_date"] < cut]
    customers = pd.Index(past["customer_id"].unique(), name="customer_id").sort_values()
    back = customers.isin(_window(transactions, cut, days)["customer_id"])
    return pd.Series(~back, index=customers, name="stayed_away")


def spent_after(transactions: pd.DataFrame, cut, days: int) -> pd.Series:
    """What each customer with a purchase before the cut-off spent in the `days` from it.

    Purchase lines, where the export has no money.
    """
    window = _window(transactions, cut, days)
    amounts = line_amounts(window)
    amounts = pd.Series(1.0, index=window.index) if amounts is None else amounts
    sums = amounts.groupby(window["customer_id"]).sum()
    customers = stayed_away(transactions, cut, days).index
    return sums.reindex(customers, fill_value=0).rename("spent")


def churn_features(
    transactions: pd.DataFrame, cut, days: int, events: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What was known of each customer on the morning of the cut-off.

    Nothing that happened on that day or later is looked at. A test changes the future at will
    and finds the same features.

    Parameters
    ----------
    transactions : DataFrame
    cut : Timestamp
    days : int
        Length of the recent past that is counted on its own.
    events : DataFrame, optional

    Returns
    -------
    DataFrame of float
        Index ``customer_id``: ``days_since_last``, ``days_since_first``, ``purchase_days``,
        ``days_between`` (on average), ``lateness`` (days since the last purchase, in own
        averages), ``recent_purchase_days``, ``spent`` (lines, without money), and
        ``recent_events`` where there are events.
    """
    cut = pd.Timestamp(cut).normalize()
    past = transactions[transactions["transaction_date"] < cut]
    table = rfm(past, cut)
    day = past["transaction_date"].dt.normalize()
    first = (cut - day.groupby(past["customer_id"]).min()).dt.days
    recent = day >= cut - pd.Timedelta(days=days)
    recent_days = day[recent].groupby(past["customer_id"][recent]).nunique()
    between = first / table["frequency"]
    features = {
        "days_since_last": table["recency"],
        "days_since_first": first,
        "purchase_days": table["frequency"],
        "days_between": between,
        "lateness": table["recency"] / between,
        "recent_purchase_days": recent_days.reindex(table.index, fill_value=0),
        "spent": table["monetary"],
    }
    if events is not None:
        date = events["event_date"]
        seen = events[(date < cut) & (date >= cut - pd.Timedelta(days=days))]
        counts = seen.groupby("customer_id").size()
        features["recent_events"] = counts.reindex(table.index, fill_value=0)
    return pd.DataFrame(features, index=table.index).astype(float)


class ChurnModel:
    """Logistic regression on the logarithms of the features.

    Attributes
    ----------
    weights_ : Series
        By feature, per standard deviation: above zero raises the risk.
    """

    def fit(self, features: pd.DataFrame, away: pd.Series) -> ChurnModel:
        """Learn from customers whose window has passed.

        Parameters
        ----------
        features : DataFrame
            From :func:`churn_features` at a cut-off.
        away : Series of bool
            From :func:`stayed_away` at the same cut-off.

        Raises
        ------
        ValueError
            If the two do not speak of the same customers.
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        if not features.index.equals(away.index):
            raise ValueError("Features and labels must have the same customers in the same order.")
        self.columns_, self.model_ = list(features), None
        # where all stayed away, or nobody, there is nothing to tell apart: everyone's risk is equal
        self.share_ = float(away.mean()) if len(away) else 0.5
        self.weights_ = pd.Series(0.0, index=self.columns_)
        if away.nunique() == 2:
            self.model_ = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
            self.model_.fit(np.log1p(features), away)
            self.weights_[:] = self.model_[-1].coef_[0]
        return self

    def predict(self, features: pd.DataFrame) -> pd.Series:
        """Each customer's chance, 0 to 1, of staying away for one window."""
        risk = pd.Series(self.share_, index=features.index, name="risk")
        if self.model_ is not None and len(features):
            risk[:] = self.model_.predict_proba(np.log1p(features[self.columns_]))[:, 1]
        return risk


def churn_risk(
    transactions: pd.DataFrame, cut, days: int, events: pd.DataFrame | None = None
) -> pd.Series:
    """Risk on the day `cut`, by a model whose labels were complete on that day.

    It is trained `days` earlier: features up to there, and who stayed away from there to `cut`.

    Parameters
    ----------
    transactions : DataFrame
    cut : Timestamp
    days : int
    events : DataFrame, optional
        Used where they reach back far enough for both dates.

    Returns
    -------
    Series of float
        By customer id, for every customer with a purchase before `cut`.
    """
    cut = pd.Timestamp(cut).normalize()
    earlier = cut - pd.Timedelta(days=days)
    too_short = events is not None and (
        events.empty or events["event_date"].min() > earlier - pd.Timedelta(days=days)
    )
    events = None if too_short else events
    model = ChurnModel().fit(
        churn_features(transactions, earlier, days, events),
        stayed_away(transactions, earlier, days),
    )
    return model.predict(churn_features(transactions, cut, days, events))


def judge_risk(
    risks: dict[str, pd.Series], away: pd.Series, n_resamples: int = 100, random_state: int = 0
) -> pd.DataFrame:
    """Judge risks by what happened; the first one is the reference.

    Parameters
    ----------
    risks : dict of str to Series
        By customer id. Higher must mean riskier; only the order counts.
    away : Series of bool
    n_resamples, random_state : int
        For the bootstrap over customers (Efron 1979).

    Returns
    -------
    DataFrame
        One row per risk: ``auc`` (chance that of two customers, one who stays away and one who
        comes back, the first has the higher risk) and ``average_precision`` (area under the
        precision-recall curve for *coming back*, the rarer outcome: by chance it is the share of
        those who do), each with its 95 % interval, and ``auc_gain`` over the first row, with its
        interval from the same resamples. Missing where all stayed away, or nobody.
    """
    from sklearn.metrics import average_precision_score, roc_auc_score

    outcome = away.to_numpy()
    values = {name: risk.reindex(away.index).to_numpy() for name, risk in risks.items()}
    size = min(len(outcome), _MOST_RESAMPLED)
    rng = np.random.default_rng(random_state)
    samples = [rng.integers(0, len(outcome), size) for _ in range(n_resamples)]
    samples = [rows for rows in samples if 0 < outcome[rows].sum() < size]
    scores = {
        "auc": roc_auc_score,
        "average_precision": lambda truth, risk: average_precision_score(~truth, -risk),
    }
    table = pd.DataFrame(index=pd.Index(values, name="risk by"))
    if not 0 < outcome.sum() < len(outcome):
        return table.assign(auc=np.nan, average_precision=np.nan, auc_gain=np.nan)
    # a sample smaller than all customers varies more than all of them would
    shrink = np.sqrt(size / len(outcome))
    for metric, score in scores.items():
        point = {name: float(score(outcome, value)) for name, value in values.items()}
        drawn = np.array([[score(outcome[r], v[r]) for v in values.values()] for r in samples])
        table[metric] = point
        _add_ends(table, metric, drawn, shrink)
        if metric == "auc":
            gain = drawn - drawn[:, :1]
            gains = table["auc"] - table["auc"].iloc[0]
    table["auc_gain"] = gains
    _add_ends(table, "auc_gain", gain, shrink)
    return table


def _add_ends(table, name, drawn, shrink=1.0):
    """Both ends of the 95 % interval as columns: percentiles of the resamples."""
    for end, percent in {"low": 2.5, "high": 97.5}.items():
        away_from_mean = np.percentile(drawn, percent, axis=0) - table[name]
        table[f"{name}_{end}"] = table[name] + shrink * away_from_mean


def calibration(risk: pd.Series, away: pd.Series, n_groups: int = 10) -> pd.DataFrame:
    """Of the customers with a risk of about 70 %, did 70 % stay away?

    Parameters
    ----------
    risk : Series of float
    away : Series of bool
    n_groups : int
        Of equal size, by risk.

    Returns
    -------
    DataFrame
        One row per group: ``predicted`` (mean risk), ``happened`` (share that stayed away) with
        its 95 % interval (``low``, ``high``; Wilson 1927), ``customers``.
    """
    from statsmodels.stats.proportion import proportion_confint

    group = pd.qcut(risk, n_groups, labels=False, duplicates="drop").fillna(0)
    outcome = away.reindex(risk.index).astype(float)
    groups = pd.DataFrame({"risk": risk, "away": outcome}).groupby(group)
    count, total = groups["away"].sum(), groups.size()
    low, high = proportion_confint(count, total, method="wilson")
    return pd.DataFrame(
        {
            "predicted": groups["risk"].mean(),
            "happened": count / total,
            "low": low,
            "high": high,
            "customers": total,
        }
    ).reset_index(drop=True)


# Layers: value, risk, next product, margin


@dataclass(frozen=True)
class OfferRules:
    """Who gets a retention offer. The money is an *assumption*: put your own in.

    Attributes
    ----------
    value_share : float
        The most valuable so large a part of the customers counts as high value.
    risk_share : float
        The riskiest so large a part counts as high risk.
    margin_share : float
        Of a purchase's amount, what remains after costs.
    offer_cost : float
        Of an offer that is used, e.g. a voucher; in the shop's currency.
    contact_cost : float
        Of sending one offer, used or not.
    response : float
        Expected share of the offers that are used.
    deny_categories : collection of str
        Never offered: categories that tell something private. Where the shop knows categories, a
        product without one is not offered either.
    consent : collection of customer ids, optional
        Who agreed to personal offers; everybody, if left out.
    """

    value_share: float = 1 / 3
    risk_share: float = 1 / 2
    margin_share: float = 0.4
    offer_cost: float = 5.0
    contact_cost: float = 0.05
    response: float = 0.05
    deny_categories: Collection[str] = ()
    consent: Collection[str] | None = None


def rules_for(
    transactions: pd.DataFrame, margin_share: float = 0.4, voucher_share: float = 0.1, **others
) -> OfferRules:
    """Rules in the shop's own currency, from what an average purchase line costs.

    Parameters
    ----------
    transactions : DataFrame
    margin_share : float
    voucher_share : float
        The offer is a voucher worth this part of an average purchase line. Sending it costs a
        thousandth of such a line.
    **others
        Further attributes of :class:`OfferRules`.
    """
    amounts = line_amounts(transactions)
    average = 0.0 if amounts is None else float(amounts.mean())
    costs = {"offer_cost": voucher_share * average, "contact_cost": average / 1_000}
    return OfferRules(margin_share=margin_share, **costs, **others)


def at_the_top(values: pd.Series, share: float) -> pd.Series:
    """Whether each value belongs to the largest `share` of all; ties at the edge belong to it."""
    return values >= values.quantile(1 - share)


def expected_profit(amount, rules: OfferRules):
    """What one offer earns on average: response x (margin - offer cost) - contact cost.

    Parameters
    ----------
    amount : number or Series
        What a purchase of the product usually costs.
    rules : OfferRules
    """
    return rules.response * (rules.margin_share * amount - rules.offer_cost) - rules.contact_cost


def retention_offers(
    customers: pd.DataFrame,
    candidates: pd.DataFrame,
    products: pd.DataFrame,
    amounts: pd.Series | None,
    rules: OfferRules,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Layer value, risk and next product into one offer per customer.

    Parameters
    ----------
    customers : DataFrame
        Index ``customer_id``, columns ``value`` and ``risk``, and what else the list should show,
        e.g. ``segment``.
    candidates : DataFrame
        From :func:`helpers.production.score_everyone`, some products per customer: where a rule
        forbids the best one, the next one that it allows is offered.
    products : DataFrame
        From :func:`helpers.data.product_table`.
    amounts : Series or None
        From :func:`product_amounts`. None: the margin rule can't be applied.
    rules : OfferRules

    Returns
    -------
    offers : DataFrame
        One row per offer, most value at risk first: ``customer_id``, the columns of `customers`,
        ``product_id``, ``product_name``, ``reason``, and ``expected_profit`` where amounts are
        known.
    funnel : DataFrame
        One row per step: ``step``, ``customers`` that remain, ``products`` (candidates that they
        have left, all together), ``left_out`` (customers). A rule that can't be applied has a
        step that says so.
    """
    table = candidates[candidates["customer_id"].isin(customers.index)]
    steps = [("have bought something", len(customers), len(table))]

    def keep(step, customer_ids=None, rows=None):
        nonlocal table
        table = table[table["customer_id"].isin(customer_ids) if rows is None else rows]
        left = table["customer_id"].nunique() if rows is not None else len(customer_ids)
        steps.append((step, left, len(table)))

    chosen = pd.Series(True, index=customers.index)
    if rules.consent is None:
        keep("consent not checked: no list", customers.index[chosen])
    else:
        chosen &= customers.index.isin(list(rules.consent))
        keep("agreed to offers", customers.index[chosen])
    chosen &= at_the_top(customers["value"], rules.value_share)
    keep("are of high value", customers.index[chosen])
    chosen &= at_the_top(customers["risk"], rules.risk_share)
    keep("are at high risk", customers.index[chosen])
    keep("have a personal next product", rows=table["source"] != "popularity")
    if len(rules.deny_categories):
        category = table["product_id"].map(products["product_category"])
        if products["product_category"].notna().any():
            allowed = category.notna() & ~category.isin(list(rules.deny_categories))
            keep("have one that is not sensitive", rows=allowed)
        else:
            keep("categories not checked: none known", rows=category.isna())
    if amounts is None:
        keep("margin not checked: no amounts", rows=table["rank"] > 0)
    else:
        table = table.assign(
            expected_profit=expected_profit(table["product_id"].map(amounts).astype(float), rules)
        )
        keep("have one whose margin pays", rows=table["expected_profit"] > 0)

    columns = ["customer_id", "product_id", "product_name", "reason"]
    columns += ["expected_profit"] * ("expected_profit" in table)
    first = table.sort_values("rank", kind="stable").drop_duplicates("customer_id")[columns]
    offers = customers.rename_axis("customer_id").reset_index()
    offers = offers.merge(first, on="customer_id", how="inner")
    at_risk = (offers["value"] * offers["risk"]).rename("at_risk")
    order = offers.assign(at_risk=at_risk).sort_values(
        ["at_risk", "customer_id"], ascending=[False, True], kind="stable"
    )
    funnel = pd.DataFrame(steps, columns=["step", "customers", "products"])
    funnel["left_out"] = -funnel["customers"].diff().fillna(0).astype(int)
    return order.drop(columns="at_risk").reset_index(drop=True), funnel


def write_offers(offers: pd.DataFrame, output_dir) -> None:
    """Write ``retention_offers.csv`` into the run's folder; in class (empty) nothing is written."""
    if output_dir:
        production.write_csv(offers, Path(output_dir) / "retention_offers.csv")


# What each layer adds, on the made-up shop


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
    reluctance = brentq(lambda x: (1 / (1 + np.exp(x - liking))).mean() - rules.response, -30, 30)

    rng = np.random.default_rng(random_state)
    drawn = rng.multinomial(
        len(customers), np.full(len(customers), 1 / len(customers)), n_resamples
    )
    gone, worth = away.to_numpy(), worth.reindex(customers).to_numpy(dtype=float)
    rows, before = {}, None
    for name, (row, liking, liked, margin) in parts.items():
        chance = 1 / (1 + np.exp(reluctance - liking))
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


# What comes next: lifetime value, and what personal lists do to variety


def lifetime_value(
    features: pd.DataFrame, risk: pd.Series, days: int, margin_share: float, n_windows: int = 4
) -> pd.DataFrame:
    """A first estimate: purchases per window x margin of one x windows that remain.

    A customer comes back with the chance 1 - risk, again and again: of the next `n_windows`
    windows, the sum of (1 - risk), (1 - risk)^2 ... remain on average. Everything here is an
    average of the past: no growth, no season, no interest, and one risk for good.

    Parameters
    ----------
    features : DataFrame
        From :func:`churn_features`.
    risk : Series
        From :func:`churn_risk`, of the same day.
    days : int
        Length of a window.
    margin_share : float
        1 for revenue.
    n_windows : int
        The horizon; a year has four windows of 90 days.

    Returns
    -------
    DataFrame
        ``purchases_per_window``, ``average_amount``, ``windows_left``, ``lifetime_value``.
    """
    # somebody who came yesterday has not shown a pace yet: at least one window is counted
    windows_known = features["days_since_first"].clip(lower=days) / days
    stays = 1 - risk.reindex(features.index)
    table = pd.DataFrame(
        {
            "purchases_per_window": features["purchase_days"] / windows_known,
            "average_amount": features["spent"] / features["purchase_days"],
            "windows_left": sum(stays**number for number in range(1, n_windows + 1)),
        }
    )
    return table.assign(lifetime_value=margin_share * table.prod(axis=1))


def judge_value(estimate: pd.DataFrame, transactions: pd.DataFrame, cut, days: int) -> pd.DataFrame:
    """Does an estimate of the next window's spending rank customers, and does it add up?

    Parameters
    ----------
    estimate : DataFrame
        From :func:`lifetime_value` on the day `cut`, of revenue, for one window.
    transactions : DataFrame
    cut : Timestamp
    days : int

    Returns
    -------
    DataFrame
        Rows ``spent so far`` and ``lifetime value``: ``rank_correlation`` (Spearman 1904) with
        what was spent in the `days` from the cut-off. ``estimated_of_spent``: the sum of the
        estimate over the sum spent.
    """
    spent = spent_after(transactions, cut, days)
    so_far = rfm(transactions, cut)["monetary"]
    value = estimate["lifetime_value"]
    rows = {
        "spent so far": (so_far.corr(spent, method="spearman"), np.nan),
        "lifetime value": (
            value.corr(spent, method="spearman"),
            value.sum() / spent.sum() if spent.sum() else np.nan,
        ),
    }
    columns = ["rank_correlation", "estimated_of_spent"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


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
        bought = lists.loc[lists["place"] == 1, ["customer_id", "product_id"]]
        date = table["transaction_date"].max() + pd.Timedelta(days=30)
        table = pd.concat([table, bought.assign(transaction_date=date)], ignore_index=True)
    return pd.DataFrame(rows, columns=["round", "categories", "low", "high", "products"]).set_index(
        "round"
    )


def _item_based(transactions):
    matrix = build_interaction_matrix(transactions)
    models = {"purchases": ItemBased().fit(matrix), "popularity": MostPopular().fit(matrix)}
    return WithFallback(models)
