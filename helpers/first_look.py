"""Lesson 04. What to look at before lists go live, and what each kind of signal is worth.

Who leads the lists, what two well-known metrics say of lists that are wrong, how often what was
viewed, searched or put into the cart is bought afterwards, who is served by which step of the
ladder, and how much of what is bought was bought before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from helpers.evaluate import (
    Split,
    TooShortError,
    catalogue_coverage,
    hit_rate,
    hits_of,
    interval,
    per_customer,
    personalization,
    relevant_products,
    split_by_time,
)
from helpers.matrix import InteractionMatrix
from helpers.recommend import (
    EVENT_WEIGHTS,
    INTENT_DAYS,
    BuyAgain,
    ItemBased,
    MostPopular,
    Random,
    ladder,
)

#: With fewer pairs still open, nobody should read a weight out of the data.
ENOUGH_PAIRS = 100


def leaders(recommendations: pd.DataFrame) -> pd.Series:
    """Share of customers whose list has each product in first place, largest first.

    Parameters
    ----------
    recommendations : DataFrame
        With ``customer_id``, ``rank``, ``product_id``.

    Returns
    -------
    Series of float, indexed by product id
        Its sum is 1; empty without lists.
    """
    first = recommendations.loc[recommendations["rank"] == 1, "product_id"]
    return first.value_counts(normalize=True)


def handed_to_the_next(recommendations: pd.DataFrame) -> pd.DataFrame:
    """Another bug: everybody gets the list that was made for the customer before.

    Parameters
    ----------
    recommendations : DataFrame
        With ``customer_id``.

    Returns
    -------
    DataFrame
        The same rows with other customers; the last one's list goes to the first.
    """
    customers = recommendations["customer_id"].unique()
    receiver = dict(zip(customers, np.roll(customers, -1), strict=True))
    return recommendations.assign(customer_id=recommendations["customer_id"].map(receiver))


def glance(lists: Mapping[str, pd.DataFrame], matrix: InteractionMatrix) -> pd.DataFrame:
    """What can be said of lists without knowing what anybody wants.

    Parameters
    ----------
    lists : dict of str to DataFrame
        Recommendations by the name of the list.
    matrix : InteractionMatrix

    Returns
    -------
    DataFrame
        One row for each of the lists: ``coverage``, ``personalization``, ``led by one`` (share of
        customers with the most frequent leader in front) and ``owned`` (share of all places whose
        product the customer has bought already).
    """
    rows = {}
    for name, table in lists.items():
        customer = matrix.customers.get_indexer(table["customer_id"])
        product = matrix.products.get_indexer(table["product_id"])
        owned = np.asarray(matrix.values[customer, product]).ravel() > 0
        rows[name] = {
            "coverage": catalogue_coverage(table, len(matrix.products)),
            "personalization": personalization(table),
            "led by one": leaders(table).max(),
            "owned": owned.mean(),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def id_shape(ids: Iterable[object]) -> tuple[str, float]:
    """How most ids look, with 0 for any digit and a for any letter, and what share of them does.

    Parameters
    ----------
    ids : iterable of str

    Returns
    -------
    tuple of (str, float)

    Examples
    --------
    >>> id_shape(["C01", "C27", "guest"])
    ('a00', 0.6666666666666666)
    """
    shapes = pd.Series([_shape(each) for each in ids]).value_counts(normalize=True)
    return str(shapes.index[0]), float(shapes.iloc[0])


def has_shape(shape: str, customer_id: object) -> bool:
    """Whether an id looks as :func:`id_shape` says.

    Parameters
    ----------
    shape : str
    customer_id : object
    """
    return _shape(customer_id) == shape


def _shape(identifier):
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", str(identifier)))


def followed_by_purchase(
    transactions: pd.DataFrame, events: pd.DataFrame, days: int = INTENT_DAYS
) -> pd.DataFrame:
    """How often a product that somebody looked at was bought by the same person afterwards.

    A pair of customer and product counts from its first event of a type, if it was not bought on
    an earlier day and `days` are left to see what happens. What is bought on the day itself is a
    purchase by the evening, before the next list is made; what is still open then is what a weight
    speaks about.

    Parameters
    ----------
    transactions, events : DataFrame
    days : int

    Returns
    -------
    DataFrame
        Indexed by those event types of :data:`helpers.recommend.EVENT_WEIGHTS` that occur, largest
        ``later`` first: ``pairs``; ``same_day``, the share of them bought on that day; ``open``,
        how many were not; ``later``, the share of the open ones bought within `days`, with its 95 %
        interval ``low``, ``high`` over pairs; ``chance``, the same share for any other product that
        these customers had not bought; ``by_data``, how far ``later`` is above chance, the largest
        being 1; ``ours``.
    """
    bought = transactions.assign(day=transactions["transaction_date"].dt.normalize())
    bought = bought.groupby(["customer_id", "product_id"])["day"].min().rename("bought")
    wanted = events["event_type"].isin(list(EVENT_WEIGHTS)) & events["product_id"].isin(
        bought.index.levels[1]
    )
    last = transactions["transaction_date"].max().normalize() - pd.Timedelta(days=days)
    pairs = events[wanted].assign(day=events["event_date"].dt.normalize())
    pairs = pairs.groupby(["event_type", "customer_id", "product_id"])["day"].min().reset_index()
    pairs = pairs.join(bought, on=["customer_id", "product_id"])
    pairs = pairs[(pairs["day"] <= last) & ~(pairs["bought"] < pairs["day"])]
    pairs["later"] = (pairs["bought"] - pairs["day"]).dt.days.between(1, days)
    pairs["chance"] = _by_chance(pairs, bought, days)
    rows = {}
    for kind, each in pairs.groupby("event_type"):
        same_day = each["bought"] == each["day"]
        left = each[~same_day]
        low, high = interval(left["later"])
        rows[kind] = {
            "pairs": len(each),
            "same_day": same_day.mean(),
            "open": len(left),
            "later": left["later"].mean(),
            "low": low,
            "high": high,
            "chance": left["chance"].mean(),
        }
    names = ["pairs", "same_day", "open", "later", "low", "high", "chance"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    table = table.sort_values("later", ascending=False, kind="stable")
    above = (table["later"] - table["chance"]).clip(lower=0)
    table["by_data"] = above / above.max() if above.max() > 0 else 0.0
    table["ours"] = [EVENT_WEIGHTS[kind] for kind in table.index]
    return table.astype({"pairs": int, "open": int})


def _by_chance(pairs, bought, days):
    """For each pair: of the customer's other products not yet bought, the share bought in time."""
    n_products = len(bought.index.levels[1])
    customers = bought.index.get_level_values(0).unique()
    length = 1_000_000  # more days than any shop has seen
    origin = bought.min()
    keys = np.sort(
        customers.get_indexer(bought.index.get_level_values(0)) * length
        + (bought - origin).dt.days.to_numpy()
    )
    who = customers.get_indexer(pairs["customer_id"])
    # an event may be older than the first purchase: its day is then below zero
    day = (pairs["day"] - origin).dt.days.to_numpy()

    def until(until_day):
        return np.searchsorted(keys, who * length + np.maximum(until_day, -1), side="right")

    before = until(np.full(len(pairs), -1))
    on_the_day, in_time = until(day) - before, until(day + days) - before
    others = n_products - on_the_day - 1
    found = in_time - on_the_day - pairs["later"].to_numpy()
    share = np.divide(found, others, out=np.full(len(pairs), np.nan), where=others > 0)
    share[who < 0] = 0  # never bought anything
    return share


def try_weights(
    split: Split,
    options: Mapping[str, Mapping[str, float]],
    n: int = 5,
    trend_days: int | None = None,
) -> pd.DataFrame:
    """Hide the last weeks, serve people under other event weights, and see what came true.

    Judged by customers with an open intent on the day of the cut who bought something new
    afterwards.

    Parameters
    ----------
    split : Split
    options : dict of str to (dict of str to float)
        Weights by the name they go by; differences are to the first. An empty dict: no events.
    n : int
    trend_days : int, optional
        As the engine has it; chosen on the past only.

    Returns
    -------
    DataFrame
        One row for each option, then ``best sellers`` and ``drawn by chance``: ``came_true``, the
        share of customers who bought at least one of their n; ``changed``, the share of lists that
        are others than the first option's; ``difference`` in ``came_true``, ``low``, ``high``. In
        ``attrs``: ``customers``. Empty where nobody can be judged by.
    """
    matrix, tables = split.training()
    models = {
        name: ItemBased(
            trend_days=trend_days,
            intent_days=INTENT_DAYS if weights else None,
            event_weights=dict(weights) or None,
        ).fit(matrix, **tables)
        for name, weights in options.items()
    }
    first = next(iter(models.values()))
    if first.intent_ is None:
        return pd.DataFrame()
    has_intent = first.customers_[np.diff(first.intent_.indptr)[:-1] > 0]
    relevant = relevant_products(split)
    judged = pd.Index(relevant["customer_id"].unique()).intersection(has_intent).sort_values()
    if judged.empty:
        return pd.DataFrame()
    popular = MostPopular(30).fit(matrix, **tables)
    # without events, somebody who never bought is served by popularity
    lists = {name: ladder(model, popular).recommend(judged, n) for name, model in models.items()}
    lists["best sellers"] = popular.recommend(judged, n)
    lists["drawn by chance"] = Random().fit(matrix, **tables).recommend(judged, n)
    reference, rows = next(iter(lists)), {}
    for name, table in lists.items():
        came_true = hit_rate(*hits_of(table, relevant, judged, n))
        as_text = table.groupby("customer_id")["product_id"].agg(tuple)
        if name == reference:
            reference_true, reference_lists = came_true, as_text
        low, high = interval(came_true - reference_true)
        rows[name] = {
            "changed": (as_text != reference_lists).mean(),
            "came_true": came_true.mean(),
            "difference": (came_true - reference_true).mean(),
            "low": low,
            "high": high,
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.attrs["customers"] = len(judged)
    table.attrs["with_purchases"] = int(judged.isin(matrix.customers).sum())
    return table


def steps(
    engine,
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    test_days: int = 60,
    n: int = 5,
) -> pd.DataFrame:
    """Who is served by which step of the ladder, how old what we know is, and what came true.

    Parameters
    ----------
    engine : Engine
        From :func:`helpers.production.shop_engine`. What came true is judged with its settings.
    transactions, events : DataFrame
    test_days : int
        Of the weeks that are hidden to see what came true.
    n : int

    Returns
    -------
    DataFrame
        Rows ``purchases``, ``intent``, ``popularity``. ``customers`` and their ``share``;
        ``age``, the median of days since the newest purchase or event of these customers;
        ``judged``, how many customers bought something new in the hidden weeks, ``came_true``, for
        what share of them the list of this step had one of it, and the same for ``best_sellers``
        and ``chance``; ``low``, ``high``, the 95 % interval of ``came_true`` minus
        ``best_sellers``. Missing where nobody is on a step or nobody can be judged by.
    """
    tables = [transactions.rename(columns={"transaction_date": "date"})]
    if events is not None:
        tables.append(events.rename(columns={"event_date": "date"}))
    seen = pd.concat([table[["customer_id", "date"]] for table in tables])
    newest = seen.groupby("customer_id")["date"].max().dt.normalize()
    step = _step(engine.recommend(newest.index, n))
    names = ["purchases", "intent", "popularity"]
    table = pd.DataFrame({"customers": step.value_counts().reindex(names, fill_value=0)})
    table["share"] = table["customers"] / len(newest)
    age = (newest.max() - newest).dt.days
    table["age"] = age.groupby(step).median().reindex(names)
    try:
        split = split_by_time(transactions, events, test_days)
        judged = _steps_judged(split, n, engine.model.trend_days)
    except TooShortError:
        names = ["judged", "came_true", "best_sellers", "chance", "low", "high"]
        judged = pd.DataFrame(columns=names, dtype=float)
    table = table.join(judged)
    return table.assign(judged=table["judged"].fillna(0).astype(int))


def _step(lists):
    return lists[lists["rank"] == 1].set_index("customer_id")["source"]


def _steps_judged(split, n, trend_days):
    matrix, tables = split.training()
    events = tables["events"]
    relevant = relevant_products(split)
    known = set(split.train["customer_id"])
    known |= set() if events is None else set(events["customer_id"])
    judged = pd.Index([each for each in relevant["customer_id"].unique() if each in known])
    popular = MostPopular(30).fit(matrix, **tables)
    intent_days = None if events is None else INTENT_DAYS
    model = ItemBased(trend_days=trend_days, intent_days=intent_days).fit(matrix, **tables)
    lists = ladder(model, popular).recommend(judged, n)
    rivals = {"best_sellers": popular, "chance": Random().fit(matrix, **tables)}
    asked = {"came_true": lists} | {
        name: rival.recommend(judged, n) for name, rival in rivals.items()
    }
    found = pd.DataFrame(
        {name: hit_rate(*hits_of(each, relevant, judged, n)) for name, each in asked.items()},
        index=judged,
    )
    step = _step(lists)
    without = ~step.index.isin(matrix.customers)
    step = step.mask((step == "purchases") & without, "intent").reindex(judged)
    table = found.groupby(step).mean()
    table.insert(0, "judged", step.value_counts())
    more = (found["came_true"] - found["best_sellers"]).groupby(step)
    table["low"], table["high"] = (more.agg(lambda each, end=end: interval(each)[end])
                                   for end in (0, 1))  # fmt: skip
    return table


def repeats(transactions: pd.DataFrame) -> pd.Series:
    """Share of purchases of what the same customer had bought on an earlier day.

    Parameters
    ----------
    transactions : DataFrame

    Returns
    -------
    Series of float
        By category, largest share first; empty where the shop has fewer than two. In ``attrs``:
        ``all``, the share over all purchases. Several lines of a product on one day count once.
    """
    bought = transactions.assign(day=transactions["transaction_date"].dt.normalize())
    bought = bought.sort_values("day", kind="stable")
    bought = bought.drop_duplicates(["customer_id", "product_id", "day"])
    again = bought.duplicated(["customer_id", "product_id"])
    by_category = pd.Series(dtype=float)
    if "product_category" in bought and bought["product_category"].nunique() > 1:
        by_category = again.groupby(bought["product_category"]).mean()
        by_category = by_category.sort_values(ascending=False, kind="stable")
    by_category.attrs["all"] = float(again.mean())
    return by_category


def two_questions(split: Split, n: int = 5, trend_days: int | None = None) -> pd.DataFrame:
    """The same lists judged by two questions: something new, or anything, repeats included.

    Parameters
    ----------
    split : Split
    n : int
    trend_days : int, optional
        As the engine has it; chosen on the past only.

    Returns
    -------
    DataFrame
        Rows: ``our lists``, ``the same again``, ``best sellers``, ``drawn by chance``. Columns
        ``new`` and ``anything``: the share of customers who bought at least one of their n. In
        ``attrs``: ``customers``, a number for each column.
    """
    matrix, tables = split.training()
    lists = {
        "our lists": ItemBased(trend_days=trend_days),
        "the same again": BuyAgain(),
        "best sellers": MostPopular(30),
        "drawn by chance": Random(),
    }
    rows, customers = {}, {}
    for name, recommender in lists.items():
        recommender.fit(matrix, **tables)
        rows[name] = {}
        for question, new_only in (("new", True), ("anything", False)):
            scores, _ = per_customer(recommender, split, n, new_only)
            rows[name][question] = scores["hit_rate"].mean()
            customers[question] = len(scores)
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.attrs["customers"] = customers
    return table
