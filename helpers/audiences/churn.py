"""Lesson 09, second layer. Who is leaving: churn risk without looking at the future.

Every function that looks back takes a cut-off and uses what happened *before* that day only;
whatever happened on the day or later is the future that a model is judged by.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.audiences.customers import MOST_RESAMPLED, add_ends, rfm, stayed_away

NAMED = 0.25  # of the customers: how many a risk names as the riskiest


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
            # few features: Newton's method needs a handful of steps
            self.model_ = make_pipeline(
                StandardScaler(), LogisticRegression(solver="newton-cholesky")
            )
            self.model_.fit(np.log1p(features.to_numpy()), away)
            self.weights_[:] = self.model_[-1].coef_[0]
        return self

    def predict_proba(self, features: pd.DataFrame) -> pd.Series:
        """Each customer's chance, 0 to 1, of staying away for one window."""
        risk = pd.Series(self.share_, index=features.index, name="risk")
        if self.model_ is not None and len(features):
            risk[:] = self.model_.predict_proba(np.log1p(features[self.columns_].to_numpy()))[:, 1]
        return risk


def churn_risk(
    transactions: pd.DataFrame,
    cut,
    days: int,
    events: pd.DataFrame | None = None,
    recalibrated: bool = True,
) -> pd.Series:
    """Risk on the day `cut`, by a model whose labels were complete on that day.

    It is trained `days` earlier: features up to there, and who stayed away from there to `cut`.
    A model of the same make, one window earlier still, has predicted that window, whose outcome
    is known by now: by what it got wrong the risks of today are corrected. That may help or harm,
    see :func:`recalibration_by_window`.

    Parameters
    ----------
    transactions : DataFrame
    cut : Timestamp
    days : int
    events : DataFrame, optional
        Used where they reach back far enough for both models: a correction learned without them
        is none of a model that has them.
    recalibrated : bool
        Whether to correct the risks (:func:`recalibrate`); the order of customers stays.

    Returns
    -------
    Series of float
        By customer id, for every customer with a purchase before `cut`.
    """
    cut = pd.Timestamp(cut).normalize()
    if events is not None:
        oldest = cut - pd.Timedelta(days=3 * days)  # what the earlier model counts from
        events = None if events.empty or events["event_date"].min() > oldest else events
    risk = _model_risk(transactions, cut, days, events)
    if not recalibrated:
        return risk
    earlier = cut - pd.Timedelta(days=days)
    predicted = _model_risk(transactions, earlier, days, events)
    return recalibrate(risk, predicted, stayed_away(transactions, earlier, days))


def _model_risk(transactions, cut, days, events):
    """What the model says, as it says it."""
    earlier = cut - pd.Timedelta(days=days)
    model = ChurnModel().fit(
        churn_features(transactions, earlier, days, events),
        stayed_away(transactions, earlier, days),
    )
    return model.predict_proba(churn_features(transactions, cut, days, events))


def recalibrate(risk: pd.Series, predicted: pd.Series, away: pd.Series) -> pd.Series:
    """Correct risks by how an earlier prediction of the same make turned out.

    Beta calibration (Kull, Silva Filho and Flach 2017): a logistic regression with two features,
    log(p) and -log(1 - p), of which a weight below zero is left out, so that whoever is riskier
    stays riskier.

    Parameters
    ----------
    risk : Series of float
        To be corrected, 0 to 1.
    predicted : Series of float
        Earlier risks, of a window whose outcome is known.
    away : Series of bool
        That outcome, for the same customers.

    Returns
    -------
    Series of float
        Like `risk`; as it is, where in the earlier window all stayed away, or nobody.

    Raises
    ------
    ValueError
        If prediction and outcome do not speak of the same customers.
    """
    from sklearn.linear_model import LogisticRegression

    if not predicted.index.equals(away.index):
        raise ValueError("Predictions and outcomes must have the same customers in the same order.")
    if away.nunique() < 2 or predicted.nunique() < 2:
        return risk
    used = [0, 1]
    while used:
        # C is large: there is nothing to hold back with two weights
        fitted = LogisticRegression(C=1e6, solver="newton-cholesky")
        fitted.fit(_logs(predicted)[:, used], away)
        if (fitted.coef_[0] >= 0).all():
            chance = fitted.predict_proba(_logs(risk)[:, used])[:, 1] if len(risk) else []
            return pd.Series(chance, index=risk.index, name=risk.name, dtype=float)
        used.remove(used[int(fitted.coef_[0].argmin())])
    return risk  # the riskier came back more often: no order to trust, so nothing is corrected


def _logs(chance):
    """log(p) and -log(1 - p), finite also where p is 0 or 1."""
    inside = chance.to_numpy(dtype=float).clip(1e-6, 1 - 1e-6)
    return np.column_stack([np.log(inside), -np.log1p(-inside)])


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
        comes back, the first has the higher risk) and ``found`` (share of :data:`NAMED`, the
        riskiest, that stayed away: by chance it is the share of all who did), each with its 95 %
        interval, and ``found_gain`` over the first row, with its interval from the same
        resamples. Missing where all stayed away, or nobody.
    """
    from sklearn.metrics import roc_auc_score

    outcome = away.to_numpy()
    values = {name: risk.reindex(away.index).to_numpy() for name, risk in risks.items()}
    size = min(len(outcome), MOST_RESAMPLED)
    rng = np.random.default_rng(random_state)
    samples = [rng.integers(0, len(outcome), size) for _ in range(n_resamples)]
    samples = [rows for rows in samples if 0 < outcome[rows].sum() < size]
    scores = {"auc": roc_auc_score, "found": _stayed_away_of_the_riskiest}
    table = pd.DataFrame(index=pd.Index(values, name="risk by"))
    if not 0 < outcome.sum() < len(outcome):
        return table.assign(auc=np.nan, found=np.nan, found_gain=np.nan)
    # a sample smaller than all customers varies more than all of them would
    shrink = np.sqrt(size / len(outcome))
    for metric, score in scores.items():
        point = {name: float(score(outcome, value)) for name, value in values.items()}
        drawn = np.array([[score(outcome[r], v[r]) for v in values.values()] for r in samples])
        table[metric] = point
        add_ends(table, metric, drawn, shrink)
    table["found_gain"] = table["found"] - table["found"].iloc[0]
    add_ends(table, "found_gain", drawn - drawn[:, :1], shrink)
    return table


def _stayed_away_of_the_riskiest(away: np.ndarray, risk: np.ndarray, named: float = NAMED) -> float:
    """Of the riskiest, the share that stayed away; those with the last risk that is named tie."""
    n_named = max(1, round(named * len(risk)))
    last = np.partition(risk, len(risk) - n_named)[len(risk) - n_named]
    surely = risk > last
    found = away[surely].sum() + (n_named - surely.sum()) * away[risk == last].mean()
    return float(found / n_named)


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


def gap_near(groups: pd.DataFrame, risk: float) -> float:
    """How far off percentages may be around one risk, such as the break-even.

    The average over all groups says little of one place: they may be honest at the ends, and far
    off in the middle.

    Parameters
    ----------
    groups : DataFrame
        From :func:`calibration`.
    risk : float

    Returns
    -------
    float
        Of the group whose ``predicted`` is nearest: the distance to what happened, or what luck
        alone can make (half of its 95 % interval) if that is more.
    """
    nearest = groups.loc[(groups["predicted"] - risk).abs().idxmin()]
    luck = (nearest["high"] - nearest["low"]) / 2
    return float(max(abs(nearest["happened"] - nearest["predicted"]), luck))


def judge_calibration(risks: dict[str, pd.Series], away: pd.Series) -> pd.DataFrame:
    """Can percentages be taken at their word? The first risk is the reference.

    Parameters
    ----------
    risks : dict of str to Series
        By customer id, chances of staying away.
    away : Series of bool

    Returns
    -------
    DataFrame
        One row per risk: ``predicted`` (mean risk) and ``happened`` (share that stayed away, with
        its 95 % interval ``happened_low``, ``happened_high``, Wilson 1927),
        ``average_gap`` between the two over the groups of :func:`calibration`, ``luck_gap`` (how
        large it would be on average if the risks were honest, by luck alone), ``groups`` and
        ``groups_off`` (those whose 95 % interval does not include what was predicted: honest
        risks have one in twenty), ``brier`` (mean squared error of the chances, Brier 1950;
        smaller is better) and ``brier_change`` against the first row with its 95 % interval
        (paired by customer, normal).
    """
    from statsmodels.stats.proportion import proportion_confint

    rows, outcome, reference = {}, away.to_numpy(dtype=float), None
    low, high = proportion_confint(outcome.sum(), len(outcome), method="wilson")
    for name, risk in risks.items():
        risk = risk.reindex(away.index)
        error = (risk.to_numpy() - outcome) ** 2
        reference = error if reference is None else reference
        groups = calibration(risk, away)
        off = (groups["predicted"] < groups["low"]) | (groups["predicted"] > groups["high"])
        change = error - reference
        margin = 1.96 * change.std() / np.sqrt(len(change))
        gap = (groups["predicted"] - groups["happened"]).abs()
        # the mean distance of a share from its chance (normal)
        spread = groups["predicted"] * (1 - groups["predicted"]) / groups["customers"]
        luck = np.sqrt(2 / np.pi * spread)
        rows[name] = {
            "predicted": risk.mean(),
            "happened": outcome.mean(),
            "happened_low": low,
            "happened_high": high,
            "average_gap": np.average(gap, weights=groups["customers"]),
            "luck_gap": np.average(luck, weights=groups["customers"]),
            "groups": len(groups),
            "groups_off": int(off.sum()),
            "brier": error.mean(),
            "brier_change": change.mean(),
            "brier_change_low": change.mean() - margin,
            "brier_change_high": change.mean() + margin,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("risk")


def correction_helps(windows: pd.DataFrame) -> bool:
    """Whether a correction made percentages better for more than luck, over the windows.

    Parameters
    ----------
    windows : DataFrame
        From :func:`recalibration_by_window`.

    Returns
    -------
    bool
        True if the 95 % interval of the mean change lies below zero (Student's t, over the
        windows: customers of one window share its season). One window alone proves nothing.
    """
    from scipy.stats import t

    change = windows["brier_change"]
    reach = t.ppf(0.975, len(change) - 1) * change.sem()  # missing for one window
    return bool(change.mean() + reach < 0)


def recalibration_by_window(
    transactions: pd.DataFrame,
    cut,
    days: int,
    events: pd.DataFrame | None = None,
    n_windows: int = 4,
) -> pd.DataFrame:
    """What the correction of :func:`churn_risk` changed, in the last windows one by one.

    Intervals over the customers of one window know nothing of the next window: another season,
    say. And a correction learned from few customers does harm on average: measured on customers
    drawn from the bundled shop, with up to about a thousand.

    Parameters
    ----------
    transactions : DataFrame
    cut : Timestamp
        First day of the latest window whose outcome is known.
    days : int
    events : DataFrame, optional
    n_windows : int
        Fewer where the history is shorter.

    Returns
    -------
    DataFrame
        One row per window, the latest first, by its first day: the ``brier_change`` of
        :func:`judge_calibration` by the correction, with its interval.
    """
    rows, length = {}, pd.Timedelta(days=days)
    for number in range(n_windows):
        start = pd.Timestamp(cut).normalize() - number * length
        if number and start - 3 * length < transactions["transaction_date"].min():
            break
        known = transactions, start, days, events
        risks = {name: churn_risk(*known, name == "corrected") for name in ("raw", "corrected")}
        rows[start] = judge_calibration(risks, stayed_away(*known[:3])).loc["corrected"]
    columns = ["brier_change", "brier_change_low", "brier_change_high"]
    return pd.DataFrame(rows).T[columns].rename_axis("window from")
