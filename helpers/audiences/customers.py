"""Lesson 09. What is known of each customer before a cut-off, and what happened after it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.data import line_amounts

# Resampling more customers than this costs time and changes no digit that is shown.
MOST_RESAMPLED = 20_000


def add_ends(table: pd.DataFrame, name: str, drawn, shrink: float = 1.0) -> None:
    """Add both ends of a column's 95 % interval as columns: percentiles of the resamples.

    Parameters
    ----------
    table : DataFrame
        Gets ``{name}_low`` and ``{name}_high``.
    name : str
    drawn : array, shape (n_resamples, rows of the table)
    shrink : float
        Below 1 where fewer were drawn than there are: a smaller sample varies more.
    """
    for end, percent in {"low": 2.5, "high": 97.5}.items():
        away_from_mean = np.percentile(drawn, percent, axis=0) - table[name]
        table[f"{name}_{end}"] = table[name] + shrink * away_from_mean


def day_after(transactions: pd.DataFrame) -> pd.Timestamp:
    """Midnight after the newest purchase: the cut-off that means "today"."""
    return transactions["transaction_date"].max().normalize() + pd.Timedelta(days=1)


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
    back = customers.isin(_window(transactions, cut, days)["customer_id"].unique())
    return pd.Series(~back, index=customers, name="stayed_away")
