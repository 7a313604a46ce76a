"""How work grows with the shop, and what a larger one would need: lesson 10."""

from __future__ import annotations

import numpy as np
import pandas as pd

_SIZE_OF = {"customers": "customers", "products": "products", "history": "purchases"}


def what_doubling_does(measured: pd.DataFrame) -> pd.DataFrame:
    """Twice as many customers, products, or purchases of everybody: how much more work?

    Parameters
    ----------
    measured : DataFrame
        ``what`` grows, its sizes, and ``seconds`` until everybody's list is made; from
        ``tests/benchmarks/scale.py``. A history's size is counted in purchases.

    Returns
    -------
    DataFrame
        One row per quantity: ``seconds``, as 2^b by the power law seconds = a x size^b (least
        squares on the logarithms); ``rows``: pairs of products within a history
        (:func:`tables`), which SQL makes one by one; and ``possible``: pairs of the catalogue, the
        most rows that a table of added-up pairs can have. For histories of twenty, all equally
        long.
    """
    shop = {"customers": 100_000, "products": 5_000, "history": 20, "spread": 1}
    before = tables(**shop)["rows"]["pairs, before adding up"]
    rows = {}
    for what, column in _SIZE_OF.items():
        points = measured[measured["what"] == what]
        exponent = np.polyfit(np.log(points[column]), np.log(points["seconds"]), 1)[0]
        pairs_now = tables(**shop | {what: 2 * shop[what]})["rows"]["pairs, before adding up"]
        products = shop["products"] * (2 if what == "products" else 1)
        possible = products * (products - 1) / (shop["products"] * (shop["products"] - 1))
        rows[what] = {"seconds": 2**exponent, "rows": pairs_now / before, "possible": possible}
    return pd.DataFrame.from_dict(rows, orient="index")


def longest_histories(
    transactions: pd.DataFrame, share: float = 0.1, random_state: int = 0
) -> pd.Series:
    """How much of the purchases, and of the pairs, the customers with the longest histories make.

    Parameters
    ----------
    transactions : DataFrame
    share : float
        Of the customers; at least one.
    random_state : int

    Returns
    -------
    Series
        Shares of ``customers``, ``purchases`` (a product counts once a customer) and ``pairs``
        (missing where nobody bought two products); ``by_luck``: what the longest would make of the
        pairs if everybody had one purchase and all others were dealt out by chance;
        ``longest``: products of the longest history; ``alone``: its share of the pairs (missing as
        above); ``usual``: what at least 99 of 100 customers have at most.
    """
    sizes = transactions.groupby("customer_id")["product_id"].nunique()
    sizes = sizes.sort_values(ascending=False)
    n_longest = max(1, round(share * len(sizes)))
    dealt = 1 + np.random.default_rng(random_state).multinomial(
        sizes.sum() - len(sizes), np.full(len(sizes), 1 / len(sizes))
    )

    def of_the_pairs(lengths, n=n_longest):
        made = lengths * (lengths - 1) / 2
        return made[:n].sum() / made.sum() if made.sum() else np.nan

    return pd.Series(
        {
            "customers": n_longest / len(sizes),
            "purchases": sizes.iloc[:n_longest].sum() / sizes.sum(),
            "pairs": of_the_pairs(sizes.to_numpy()),
            "by_luck": of_the_pairs(np.sort(dealt)[::-1]),
            "longest": sizes.iloc[0],
            "alone": of_the_pairs(sizes.to_numpy(), 1),
            "usual": sizes.quantile(0.99, interpolation="higher"),
        }
    )


def looked_that_day(transactions: pd.DataFrame, events: pd.DataFrame | None) -> float:
    """Share of the purchases whose customer looked at another product on the same day.

    Only there can a list made in real time know more than the last night's. Looks after the
    purchase count as well, so that the share is a most; missing without events of products.

    Parameters
    ----------
    transactions : DataFrame
    events : DataFrame or None
    """
    key = ["customer_id", "day", "product_id"]
    if events is None or not events["product_id"].notna().any():
        return np.nan
    bought = transactions.assign(day=transactions["transaction_date"].dt.floor("D"))[key]
    looks = events.assign(day=events["event_date"].dt.floor("D"))[key].dropna().drop_duplicates()
    of_day = looks.groupby(key[:2]).size().rename("looks")
    found = bought.merge(of_day, "left", key[:2])["looks"].fillna(0).to_numpy()
    own = bought.merge(looks.assign(own=1), "left", key)["own"].fillna(0).to_numpy()
    return float((found > own).mean())


def purchases_that_fit(measured: pd.DataFrame, gigabytes: float) -> float:
    """How many purchases SciPy holds in so much memory, in proportion to its largest run."""
    largest = measured[measured["engine"] == "scipy"].nlargest(1, "purchases").iloc[0]
    return gigabytes * 1_000 / largest["peak_mb"] * largest["purchases"]


def yearly_bill(
    cores: int, price: float, hours_a_run: float, people: float, runs: int = 365, left_on=True
) -> pd.Series:
    """A year of a job, with what is easily forgotten: machines that wait, and people.

    Parameters
    ----------
    cores : int
        Of all machines together.
    price : float
        Of a core for an hour.
    hours_a_run : float
    people : float
        What the people cost who build and look after it, in a year.
    runs : int
        A year.
    left_on : bool
        Whether the machines stay on between the runs.

    Returns
    -------
    Series
        ``computing``, ``waiting`` and ``people``, in money.
    """
    computing = cores * price * hours_a_run * runs
    waiting = cores * price * (24 * 365 - hours_a_run * runs) if left_on else 0.0
    return pd.Series({"computing": computing, "waiting": waiting, "people": people}, dtype=float)


# Bytes of a row by the types that the SQL gives: INT and REAL 4, DOUBLE, BIGINT and a date 8, and
# texts as long as in most shops: an id 10, a part 2, a source 10.
_BYTES = {
    "purchases, cleaned": 10 + 10 + 8,  # customer, product, date
    "customers, numbered": 10 + 2 + 4 + 1,  # customer, part, number, may have a list
    "who has what": 2 + 4 + 4 + 8,  # part, customer, product, date
    "histories": 2 + 4 + 4 + 8,  # part, customer, product, weight
    "pairs, before adding up": 4 + 4 + 8,  # two products, weight
    "pairs, added up, from both sides": 4 + 4 + 4,  # two products, similarity
    "neighbours": 4 + 4 + 4 + 8,  # two products, similarity, weight
    "scores, before adding up": 4 + 4 + 8,  # customer, product, weight
    "lists": 10 + 8 + 10 + 8 + 10,  # customer, rank, product, score, source
}
_PASSING = [
    "pairs, before adding up",
    "pairs, added up, from both sides",
    "scores, before adding up",
]


def spread(sizes) -> float:
    """How unequal histories are: mean square over squared mean, 1 if all are equally long."""
    sizes = np.asarray(sizes, dtype=float)
    return (sizes**2).mean() / sizes.mean() ** 2


def pairs(transactions: pd.DataFrame, cap: int) -> int:
    """Pairs of products in all histories, of which each speaks with ``cap`` products at most."""
    sizes = transactions.groupby("customer_id")["product_id"].nunique().clip(upper=cap)
    return int((sizes * (sizes - 1) // 2).sum())


def with_resellers(
    transactions: pd.DataFrame, n: int = 20, least: int = 250, most: int = 500, random_state=0
) -> pd.DataFrame:
    """The purchases of a shop and of some made-up customers who buy nearly anything.

    Parameters
    ----------
    transactions : DataFrame
        Of it, customer, product and date stay.
    n : int
        Number of resellers.
    least, most : int
        Each has bought so many different products, drawn at random (all, if there are fewer), on
        days of other purchases.
    random_state : int
    """
    rng = np.random.default_rng(random_state)
    shop = transactions[["customer_id", "product_id", "transaction_date"]]
    products = shop["product_id"].unique()
    bought = [rng.permutation(products)[:size] for size in rng.integers(least, most, n)]
    made_up = [
        pd.DataFrame(
            {
                "customer_id": f"made-up reseller {number}",
                "product_id": own,
                "transaction_date": rng.choice(shop["transaction_date"], len(own)),
            }
        )
        for number, own in enumerate(bought, 1)
    ]
    return pd.concat([shop, *made_up], ignore_index=True)


def tables(
    customers: int, products: int, history: float, spread: float, neighbours: int = 50, n: int = 5
) -> pd.DataFrame:
    """Rows and bytes of the tables that the SQL makes for a shop, but those of a row per product.

    Parameters
    ----------
    customers, products : int
    history : float
        Different products of a customer, on average.
    spread : float
        From :func:`spread`: a few long histories make most of the pairs.
    neighbours : int
        Kept per product.
    n : int
        Length of a list.

    Returns
    -------
    DataFrame
        ``rows``, ``bytes_a_row``, ``gigabytes`` (without compression) and ``kept``: whether the
        table is still on disk at the end. Pairs before adding up, customers, who has what and
        histories are exact, purchases if nothing is bought twice. The others are upper bounds: no
        two customers share a pair as long as the catalogue has enough of them, and every product
        has all its neighbours.
    """
    purchases, neighbours = customers * history, min(neighbours, products - 1)
    pairs = customers * (spread * history**2 - history) / 2
    rows = {
        "purchases, cleaned": purchases,
        "customers, numbered": customers,
        "who has what": purchases,
        "histories": purchases,
        "pairs, before adding up": pairs,
        "pairs, added up, from both sides": min(2 * pairs, products * (products - 1)),
        "neighbours": products * neighbours,
        "scores, before adding up": purchases * neighbours,
        "lists": customers * n,
    }
    table = pd.DataFrame({"rows": rows, "bytes_a_row": _BYTES}, index=list(rows))
    table["gigabytes"] = table["rows"] * table["bytes_a_row"] / 1e9
    return table.assign(kept=~table.index.isin(_PASSING))
