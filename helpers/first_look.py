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
    TooShortError,
    catalogue_coverage,
    hit_rate,
    hits_of,
    interval,
    personalization,
    relevant_products,
    split_by_time,
    too_few,
)
from helpers.matrix import InteractionMatrix
from helpers.recommend import (
    EVENT_WEIGHTS,
    INTENT_DAYS,
    ItemBased,
    MostPopular,
    Random,
    ladder,
)

#: With fewer pairs still open, nobody should read a weight out of the data; with fewer purchases in
#: a category, nobody should read out of them whether it is bought again.
ENOUGH_PAIRS = ENOUGH_PURCHASES = 100
#: A row of its own for what is bought again: from one purchase in ten on. Our rule, no law.
ROW_FROM = 0.1
ALL_PRODUCTS = "all products"


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


def rising(recommendations: pd.DataFrame) -> pd.Series:
    """Which lists have a score that rises from one place to the next, within one source.

    Places filled from the next step of a ladder have scores of another kind, so a list is compared
    within each `source`, where there is one.

    Parameters
    ----------
    recommendations : DataFrame
        With ``customer_id``, ``rank``, ``score`` and perhaps ``source``.

    Returns
    -------
    Series of bool, indexed by customer id
    """
    owner = ["customer_id", *({"source"} & set(recommendations))]
    table = recommendations.sort_values(["customer_id", "rank"], kind="stable")
    before = table.groupby(owner)["score"].shift()
    # as float32, in which scores are ranked: what differs by the order of adding only is a tie
    rises = table["score"].astype(np.float32) > before.astype(np.float32)
    return rises.groupby(table["customer_id"]).any()


def side_by_side(
    lists: Mapping[str, pd.DataFrame], scores: pd.Series | None, names: pd.Series
) -> pd.DataFrame:
    """Two or more lists for one customer, to be read by a person.

    Parameters
    ----------
    lists : mapping of str to DataFrame
        Per list: ``product_id``, from the first place to the last.
    scores : Series of float, by product id, or None
    names : Series of str, by product id

    Returns
    -------
    DataFrame
        ``place``, and a column per list, with each product behind its id and score, or by its name
        alone where there are no scores.
    """

    def told(product):
        name = str(names[product])
        if scores is None:
            return name
        return f"{product} {scores[product]:.3f}" + f" {name}" * (name != str(product))

    columns = {title: [told(each) for each in one["product_id"]] for title, one in lists.items()}
    lines = max(map(len, columns.values()), default=0)
    columns = {"place": list(range(1, lines + 1))} | columns
    # what is missing in a shorter column stays empty
    return pd.DataFrame(
        {name: [*column, *[""] * (lines - len(column))] for name, column in columns.items()}
    )


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
        One row for each of the lists: ``coverage``, ``personalization`` and ``owned`` (share of
        all places whose product the customer has bought already).
    """
    rows = {}
    for name, table in lists.items():
        customer = matrix.customers.get_indexer(table["customer_id"])
        product = matrix.products.get_indexer(table["product_id"])
        owned = np.asarray(matrix.values[customer, product]).ravel() > 0
        rows[name] = {
            "coverage": catalogue_coverage(table, len(matrix.products)),
            "personalization": personalization(table),
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


def no_id(usual: str, customers: Iterable[object]) -> str:
    """An id that nobody has and that looks otherwise: an underscore too many.

    Parameters
    ----------
    usual : str
    customers : iterable of str

    Examples
    --------
    >>> no_id("CUST01", ["CUST01"]), no_id("CUST01", ["CUST01", "CUST_01"])
    ('CUST_01', 'CUST_01_')
    """
    known = set(customers)
    wrong = re.sub(r"(?<=[^\W\d_])(?=\d)", "_", str(usual), count=1)
    while wrong in known:
        wrong += "_"
    return wrong


def _shape(identifier):
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", str(identifier)))


def newcomers(transactions: pd.DataFrame, events: pd.DataFrame) -> dict:
    """Who is in the events and never bought, and whether their ids are of the same system.

    Parameters
    ----------
    transactions, events : DataFrame

    Returns
    -------
    dict
        ``people``, how many; ``share`` of all we know; ``fits``, the share of them whose id looks
        as most buyers' ids do (missing without newcomers); ``buyers``, the share of people in the
        events who ever bought; ``met``, the share of buyers who are in the events; ``usual``, the
        share of buyers' ids that look as most do; ``example``, how one of those looks that don't
        (missing if all do).
    """
    buyers, seen = (pd.Index(each["customer_id"].unique()) for each in (transactions, events))
    new = seen.difference(buyers)
    shape, usual = id_shape(buyers)
    others = [each for each in new if not has_shape(shape, each)]
    return {
        "people": len(new),
        "share": len(new) / len(buyers.union(seen)),
        "fits": float(np.mean([has_shape(shape, each) for each in new])) if len(new) else np.nan,
        "buyers": float(seen.isin(buyers).mean()) if len(seen) else np.nan,
        "met": float(buyers.isin(seen).mean()),
        "usual": usual,
        "example": others[0] if others else None,
    }


def other_ids(found: Mapping) -> bool:
    """Whether the events' ids are probably another system's: hardly anybody is in both tables.

    How ids look proves nothing: visitors without a login have ids of their own in many shops.

    Parameters
    ----------
    found : dict
        From :func:`newcomers`.
    """
    return bool(found["buyers"] < 0.01 and found["met"] < 0.01)


def days_silent(transactions: pd.DataFrame, events: pd.DataFrame) -> int:
    """How many days the newest event is older than the newest purchase; 0 where it isn't.

    Parameters
    ----------
    transactions, events : DataFrame
    """
    newest = transactions["transaction_date"].max().normalize()
    last = events["event_date"].max()
    if pd.isna(last):
        return 0
    return max((newest - last.normalize()).days, 0)


def followed_by_purchase(
    transactions: pd.DataFrame,
    events: pd.DataFrame,
    days: int = INTENT_DAYS,
    since: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """How often a product that somebody looked at was bought by the same person afterwards.

    A pair of customer and product counts from its first event of a type, if it was not bought on
    an earlier day and `days` are left to see what happens. What is bought on the day itself is a
    purchase by the evening, before the next list is made; what is still open then is what a weight
    speaks about.

    Chance is asked of the same customers and of what sells: had they dealt their own new purchases
    of these days over the products that they did not own, each as often as others bought it then,
    how often would this product have been among them?

    Parameters
    ----------
    transactions, events : DataFrame
    days : int
    since : Timestamp, optional
        Count pairs whose first event is not older than that.

    Returns
    -------
    DataFrame
        Indexed by those event types of :data:`helpers.recommend.EVENT_WEIGHTS` that occur, furthest
        above chance first: ``pairs``; ``same_day``, the share of them bought on that day; ``open``,
        how many were not; ``later``, the share of the open ones bought within `days`; ``chance``;
        ``above``, the difference, with ``low`` and ``high``, its 95 % interval over customers, wide
        enough to hold for all types together; ``ours``, our weight.
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
    if since is not None:
        pairs = pairs[pairs["day"] >= since]
    pairs["later"] = (pairs["bought"] - pairs["day"]).dt.days.between(1, days)
    pairs["chance"] = _by_chance(pairs, bought, days)
    rows, kinds = {}, pairs["event_type"].nunique()
    for kind, each in pairs.groupby("event_type"):
        same_day = each["bought"] == each["day"]
        left = each[~same_day]
        above = left["later"] - left["chance"]
        low, high = _interval_over(above, left["customer_id"], kinds)
        rows[kind] = {
            "pairs": len(each),
            "same_day": same_day.mean(),
            "open": len(left),
            "later": left["later"].mean(),
            "chance": left["chance"].mean(),
            "above": above.mean(),
            "low": low,
            "high": high,
        }
    names = ["pairs", "same_day", "open", "later", "chance", "above", "low", "high"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    table = table.sort_values("above", ascending=False, kind="stable")
    table["ours"] = [EVENT_WEIGHTS[kind] for kind in table.index]
    return table.astype({"pairs": int, "open": int})


def _interval_over(values, owners, comparisons=1):
    """The interval of a mean whose values belong together by owner: owners are what is drawn."""
    mean = values.mean()
    strays = (values - mean).groupby(owners.to_numpy()).sum()
    return interval(mean + strays * len(strays) / max(len(values), 1), comparisons)


def _by_chance(pairs, bought, days):
    """For each pair: the chance that one of the customer's purchases would have been this one."""
    products = bought.index.levels[1]
    customers = bought.index.get_level_values(0).unique()
    origin = bought.min()
    who, what = (customers.get_indexer(bought.index.get_level_values(0)),
                 products.get_indexer(bought.index.get_level_values(1)))  # fmt: skip
    at = (bought - origin).dt.days.to_numpy()
    # an event may be older than the first purchase: its day is then below zero
    day = (pairs["day"] - origin).dt.days.to_numpy()
    customer = customers.get_indexer(pairs["customer_id"])
    product = products.get_indexer(pairs["product_id"])
    length = 1_000_000  # more days than any shop has seen

    def in_time(owner, asked):
        keys = np.sort(owner * length + at)
        until = [
            np.searchsorted(keys, asked * length + np.maximum(end, -1), side="right")
            for end in (day, day + days)
        ]
        return until[1] - until[0]

    later = pairs["later"].to_numpy()
    own = in_time(who, customer)
    sold = in_time(what, product) - later
    everything = in_time(np.zeros(len(at), dtype=int), np.zeros(len(day), dtype=int)) - own
    # what the customer owned by then can't be bought for the first time
    order = np.lexsort((at, who))
    share = np.bincount(what, minlength=len(products)) / len(what)
    sums = np.concatenate([[0.0], np.cumsum(share[what[order]])])
    keys = who[order] * length + at[order]
    upto = np.searchsorted(keys, customer * length + np.maximum(day, -1), side="right")
    start = np.searchsorted(keys, customer * length - 1, side="right")
    free = 1 - (sums[upto] - sums[start])
    one = np.divide(sold, everything * free, out=np.zeros(len(pairs)),
                    where=(everything > 0) & (free > 0))  # fmt: skip
    chance = 1 - (1 - np.clip(one, 0, 1)) ** own
    chance[customer < 0] = 0  # never bought anything
    return chance


def two_times(transactions: pd.DataFrame, events: pd.DataFrame, days: int = INTENT_DAYS):
    """What events are followed by, before a day and from it on; the day leaves both enough pairs.

    Parameters
    ----------
    transactions, events : DataFrame
    days : int
        See :func:`followed_by_purchase`: younger events can't be judged yet.

    Returns
    -------
    tuple of (DataFrame, DataFrame, Timestamp)
        Both tables of :func:`followed_by_purchase`, and the first day of the second time. About two
        thirds of the events that can be judged lie before it.
    """
    last = transactions["transaction_date"].max().normalize() - pd.Timedelta(days=days)
    dates = events.loc[events["event_date"] <= last, "event_date"].dt.normalize()
    cut = dates.quantile(2 / 3, interpolation="nearest") if len(dates) else last
    past = transactions[transactions["transaction_date"] < cut]
    if past.empty:
        cut, past = last, transactions
    before = events[events["event_date"] < cut]
    return (
        followed_by_purchase(past, before, days),
        followed_by_purchase(transactions, events, days, cut),
        cut,
    )


def weights_tried(
    transactions: pd.DataFrame,
    events: pd.DataFrame,
    weights: Mapping[str, float],
    test_days: int = 60,
    n: int = 5,
    undone: pd.DataFrame | None = None,
    model: ItemBased | None = None,
) -> dict[str, float]:
    """What other event weights would have changed, on hidden days.

    Parameters
    ----------
    transactions, events : DataFrame
    weights : dict of str to float
        By event type; compared with :data:`helpers.recommend.EVENT_WEIGHTS`.
    test_days, n, undone
        As in :func:`steps`.
    model : ItemBased, optional
        Whose settings are used; it stays as it is.

    Returns
    -------
    dict
        ``judged``, how many people; ``changed``, for how many *came true* is another; ``more``, how
        many more (or, below 0, fewer) are right with the other weights; ``low``, ``high``, the 95 %
        interval of the difference of the shares.

    Raises
    ------
    TooShortError
        If nothing would be left to learn from.
    """
    split = split_by_time(transactions, events, test_days, undone)
    matrix, tables = split.training()
    relevant, judged = relevant_products(split), _judged(split)
    popular = MostPopular(30).fit(matrix, **tables)
    found = []
    for each in (EVENT_WEIGHTS, dict(weights)):
        trying = (model or ItemBased()).with_settings(intent_days=INTENT_DAYS, event_weights=each)
        lists = ladder(trying.fit(matrix, **tables), popular).recommend(judged, n)
        found.append(hit_rate(*hits_of(lists, relevant, judged, n)))
    more = found[1] - found[0]
    low, high = interval(more) if len(more) else (np.nan, np.nan)
    return {
        "judged": len(judged),
        "changed": int((more != 0).sum()),
        "more": int(more.sum()),
        "low": low,
        "high": high,
    }


def what_events_say(before: pd.DataFrame, after: pd.DataFrame) -> str:
    """Do the events agree with our weights, beyond noise, in the weeks before *and* after a cut?

    Parameters
    ----------
    before, after : DataFrame
        From :func:`followed_by_purchase`, of two times that don't overlap.

    Returns
    -------
    str
        ``"too few"``: fewer than two types have enough pairs, both times; ``"nothing"``: no type is
        clearly above chance before, nor after; ``"contradict"``: a type that we count less is
        clearly further above chance than one that we count more, both times; ``"agree"``: the other
        way round; ``"open"``: none of these.
    """
    enough = [table[table["open"] >= ENOUGH_PAIRS] for table in (before, after)]
    both = enough[0].index.intersection(enough[1].index)
    if len(both) < 2:
        return "too few"
    if not any((table["low"] > 0).any() for table in enough):
        return "nothing"
    found = set()
    for more in both:
        for less in both:
            if all(table.loc[more, "low"] > table.loc[less, "high"] for table in enough):
                found.add(np.sign(EVENT_WEIGHTS[more] - EVENT_WEIGHTS[less]))
    if -1 in found:
        return "contradict"
    return "agree" if 1 in found else "open"


def steps(
    engine,
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    test_days: int = 60,
    n: int = 5,
    undone: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Who is served by which step of the ladder, and what came true.

    Parameters
    ----------
    engine : Engine
        From :func:`helpers.production.shop_engine`. What came true is judged with its settings.
    transactions, events : DataFrame
    test_days : int
        Of the weeks that are hidden to see what came true.
    n : int
    undone : DataFrame, optional
        ``HealthReport.undone``, so that the past is judged as it was known then.

    Returns
    -------
    DataFrame
        Rows ``purchases``, ``intent``, ``popularity``. ``customers`` and their ``share`` of all
        we know (somebody who owns everything gets no list and stands on no step);
        ``judged``, how many customers bought something new in the hidden weeks, ``came_true``, for
        what share of them the list of this step had one of it, ``unseen``, the same without what
        they had already looked at, and the share for ``best_sellers`` (``best_unseen``: without
        what they had looked at) and ``chance``; ``one_only``, how many customers had a hit in
        just one of ``came_true`` and ``best_sellers``; ``low``, ``high``, the 95 % interval of
        ``came_true`` minus ``best_sellers``, wide enough for all steps with a verdict (of too few
        nothing is said, see :func:`status`). Missing where nobody is on a step or nobody can be
        judged by. ``status``: see
        :func:`status`.
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
    try:
        split = split_by_time(transactions, events, test_days, undone)
        judged = _steps_judged(split, n, engine.model)
    except TooShortError:
        names = ["judged", "came_true", "unseen", "best_sellers", "best_unseen", "chance"]
        names += ["one_only", "low", "high"]
        judged = pd.DataFrame(columns=names, dtype=float)
    table = table.join(judged)
    table = table.assign(judged=table["judged"].fillna(0).astype(int))
    return table.assign(status=[status(row) for _, row in table.iterrows()])


def status(row: pd.Series) -> str:
    """What may be said of a step of the ladder: one rule for the text, the table and the plan.

    Parameters
    ----------
    row : Series
        ``judged``, ``one_only``, ``low``, ``high``; see :func:`steps`.

    Returns
    -------
    str
        ``"not judged"``; ``"too few"``: see :func:`helpers.evaluate.too_few`;
        ``"better"`` or ``"worse"`` than best sellers, beyond chance; ``"open"``: neither.
    """
    if not row["judged"]:
        return "not judged"
    if too_few(row["judged"], row["one_only"]):
        return "too few"
    if row["low"] > 0:
        return "better"
    return "worse" if row["high"] < 0 else "open"


def _step(lists):
    return lists[lists["rank"] == 1].set_index("customer_id")["source"]


def _judged(split):
    """Who bought something new in the hidden days, and was known before."""
    known = set(split.train["customer_id"])
    events = split.training()[1]["events"]
    known |= set() if events is None else set(events["customer_id"])
    bought = relevant_products(split)["customer_id"].unique()
    return pd.Index([each for each in bought if each in known])


def _steps_judged(split, n, model):
    matrix, tables = split.training()
    events = tables["events"]
    relevant, judged = relevant_products(split), _judged(split)
    popular = MostPopular(30).fit(matrix, **tables)
    intent_days = None if events is None else INTENT_DAYS
    model = model.with_settings(intent_days=intent_days).fit(matrix, **tables)
    lists = ladder(model, popular).recommend(judged, n)
    rivals = {"best_sellers": popular, "chance": Random().fit(matrix, **tables)}
    asked = {"came_true": lists} | {
        name: rival.recommend(judged, n) for name, rival in rivals.items()
    }
    found = pd.DataFrame(
        {name: hit_rate(*hits_of(each, relevant, judged, n)) for name, each in asked.items()},
        index=judged,
    )
    unseen = relevant
    if events is not None and "product_id" in events:
        pair = ["customer_id", "product_id"]
        looked_at = pd.MultiIndex.from_frame(events[pair])
        unseen = relevant[~pd.MultiIndex.from_frame(relevant[pair]).isin(looked_at)]
    found["unseen"] = hit_rate(*hits_of(lists, unseen, judged, n))
    found["best_unseen"] = hit_rate(*hits_of(asked["best_sellers"], unseen, judged, n))
    step = _step(lists)
    without = ~step.index.isin(matrix.customers)
    step = step.mask((step == "purchases") & without, "intent").reindex(judged)
    table = found.groupby(step).mean()
    table.insert(0, "judged", step.value_counts())
    more = (found["came_true"] - found["best_sellers"]).groupby(step)
    table["one_only"] = more.agg(lambda each: (each != 0).sum())
    verdicts = sum(not too_few(*each) for each in table[["judged", "one_only"]].to_numpy())
    wide = max(1, verdicts)
    table["low"], table["high"] = (more.agg(lambda each, end=end: interval(each, wide)[end])
                                   for end in (0, 1))  # fmt: skip
    return table


def repeats(transactions: pd.DataFrame, draws: int = 20, random_state: int = 0) -> pd.DataFrame:
    """Share of purchases of what the same customer had bought on an earlier day, beside chance.

    Product by product: a category holds creams, which are used up, and a hair dryer.

    Parameters
    ----------
    transactions : DataFrame
    draws : int
        How often the products are dealt anew over the same purchases, for chance.
    random_state : int

    Returns
    -------
    DataFrame
        By product, largest share first, then ``all products``: ``purchases``; ``share`` that is
        repeated; ``chance``, the same with products dealt; ``low``, ``high``, the 95 % interval of
        their difference over customers, wide enough for all products with
        :data:`ENOUGH_PURCHASES` (the others have none); ``early``, ``late``, the days between a
        purchase and its repeat that a quarter and three quarters of the repeats need at most;
        ``row``, whether a row shows it again: clearly above chance, and :data:`ROW_FROM` or more.
        Several lines of a product on one day count once.
    """
    pair = ["customer_id", "product_id"]
    bought = pd.DataFrame({  # millions of texts would take a gigabyte, and longer
        "customer_id": pd.factorize(transactions["customer_id"])[0],
        "product_id": transactions["product_id"].astype("category"),
        "day": transactions["transaction_date"].dt.normalize(),
    })  # fmt: skip
    bought = bought.drop_duplicates([*pair, "day"]).sort_values("day", kind="stable")
    bought["again"] = bought.duplicated(pair)
    before = bought.groupby(pair, observed=True)["day"].shift()
    bought["days"] = (bought["day"] - before).dt.days
    by_dice = _repeats_by_dice(bought, draws, np.random.default_rng(random_state))
    table = pd.DataFrame({
        "purchases": _whole_last(bought, lambda each: each["again"].size()),
        "share": _whole_last(bought, lambda each: each["again"].mean()),
        "chance": by_dice,
        "early": _whole_last(bought, lambda each: each["days"].quantile(0.25)),
        "late": _whole_last(bought, lambda each: each["days"].quantile(0.75)),
    }).rename_axis("product_id")  # fmt: skip
    looked_at = table.index[table["purchases"] >= ENOUGH_PURCHASES].drop(
        ALL_PRODUCTS, errors="ignore"
    )
    parts = bought[bought["product_id"].isin(looked_at)].groupby("product_id", observed=True)
    ends = {ALL_PRODUCTS: _interval_over(bought["again"], bought["customer_id"])}
    for name, each in parts:
        ends[name] = _interval_over(each["again"], each["customer_id"], len(looked_at))
    ends = pd.DataFrame.from_dict(ends, orient="index", columns=["low", "high"])
    table[["low", "high"]] = ends.reindex(table.index).sub(table["chance"], axis=0)
    enough = table["purchases"] >= ENOUGH_PURCHASES
    table["row"] = enough & (table["low"] > 0) & (table["share"] >= ROW_FROM)
    parts = table.drop(ALL_PRODUCTS).sort_values("share", ascending=False, kind="stable")
    return pd.concat([parts, table.loc[[ALL_PRODUCTS]]])


def _whole_last(bought, told):
    """What is told of each product, and then of all together."""
    parts = told(bought.groupby("product_id", observed=True))
    whole = told(bought.groupby(np.zeros(len(bought), dtype=int)))
    return pd.concat([parts, whole.set_axis([ALL_PRODUCTS])])


def _repeats_by_dice(bought, draws, generator):
    """The share of repeats of each product, and of all, if products are dealt anew: on average."""
    who, what, when = (
        pd.factorize(bought[name])[0].astype(np.int64)
        for name in ("customer_id", "product_id", "day")
    )
    products = bought["product_id"].unique()
    shares = []
    for _ in range(draws):
        pairs = who * len(products) + generator.permutation(what)
        # several lines on one day count once, and the first day of a pair is no repeat
        purchases = _once(np.sort(pairs * (when.max() + 1) + when)) // (when.max() + 1)
        counts = [
            np.bincount(each % len(products), minlength=len(products))
            for each in (purchases, _once(purchases))
        ]
        purchases, first = (np.append(each, each.sum()) for each in counts)
        shares.append(1 - first / np.maximum(purchases, 1))
    return pd.Series(np.mean(shares, axis=0), [*products, ALL_PRODUCTS])


def _once(in_order):
    """Each value once. np.unique takes ten times as long."""
    return in_order[np.append(True, in_order[1:] != in_order[:-1])]
