"""Lesson 07. One scored table, four places to show it: each has rules of its own.

Every function takes and returns tidy tables: one row per rank in somebody's list, with
``customer_id`` (or the product in view), ``rank`` (from 1), ``product_id`` and why.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from helpers import evaluate
from helpers.catalogue import Rules
from helpers.data import DataError, as_known, clean_ids
from helpers.matrix import InteractionMatrix, build_interaction_matrix
from helpers.production import Engine, build_engine, with_new
from helpers.reading.consents import read_consents
from helpers.recommend import ItemBased
from helpers.similarity import product_affinity, usual_times_chance


class Channel(NamedTuple):
    """What people call a channel, and whom or what it has one list for."""

    title: str
    one_list_per: str


#: All channels; a run writes a table of each name, and the memo counts its lists.
CHANNELS = {
    "homepage": Channel("homepage", "customers"),
    "email": Channel("e-mail", "customers"),
    "product_page": Channel("product page", "products"),
    "cart": Channel("cart reminder", "customers"),
}

# From which share of its buyers on a product counts as something that people buy again, and from
# how many buyers on that share says anything. On the made-up shop's known consumables these
# numbers find all and nothing else; see `bought_again`.
BOUGHT_AGAIN_SHARE = 0.03
BOUGHT_AGAIN_BUYERS = 50

# Rules that every shop has. Each takes a scored table and returns the rows that may stay.


def without_products(table: pd.DataFrame, product_ids) -> pd.DataFrame:
    """Drop products that are out of stock, or on a deny list."""
    return table[~table["product_id"].isin(list(product_ids))]


def not_shown_before(table: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Drop what the customer has seen already: pairs of ``customer_id`` and ``product_id``."""
    pair = ["customer_id", "product_id"]
    return table[~pd.MultiIndex.from_frame(table[pair]).isin(pd.MultiIndex.from_frame(shown[pair]))]


def at_most_per_category(table: pd.DataFrame, category: pd.Series, limit: int) -> pd.DataFrame:
    """Keep each list's best `limit` products of a category; an unknown one is not limited.

    Parameters
    ----------
    table : DataFrame
        Best first within a customer.
    category : Series
        By product id.
    limit : int
    """
    name = table["product_id"].map(category)
    within = table.assign(category=name).groupby(["customer_id", "category"], dropna=False)
    return table[name.isna() | (within.cumcount() < limit)]


def not_a_second(table: pd.DataFrame, transactions: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Of a category of which one is enough, drop all others for whoever has bought one.

    Parameters
    ----------
    table : DataFrame
    transactions : DataFrame
    rules : Rules
        With ``one_of_category``. How long ago it was bought doesn't count.
    """
    enough = rules.enough_of(rules.products.index)
    if enough.isna().all():
        return table
    pair = ["customer_id", "category"]
    owned = transactions.assign(category=transactions["product_id"].map(enough))
    owned = pd.MultiIndex.from_frame(owned.dropna(subset=["category"])[pair].drop_duplicates())
    listed = table.assign(category=table["product_id"].map(enough))[pair]
    return table[~pd.MultiIndex.from_frame(listed).isin(owned)]


def first_n(table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Cut every customer's list to n rows and number the ranks anew."""
    table = table.assign(rank=table.groupby("customer_id").cumcount() + 1)
    return table[table["rank"] <= n].reset_index(drop=True)


def homepage(
    table: pd.DataFrame,
    products: pd.DataFrame,
    n: int = 5,
    per_category: int = 2,
    shown: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The personal row: another one on every visit, and not five times the same category.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.production.score_everyone`, with more rows per customer than `n`, so
        that there is something to choose from; of what one is enough of, from
        :func:`not_a_second`.
    products : DataFrame
        With ``product_category``, by product id: the engine's ``rules.products``.
    n, per_category : int
    shown : DataFrame, optional
        What was shown on the last visit: ``customer_id``, ``product_id``.

    Returns
    -------
    DataFrame
        ``customer_id``, ``rank``, ``product_id``, ``product_name``, ``reason``. Where the rules
        leave too little, what they left out comes last: a full row matters more. New products
        stand in the last places, as in `table`.
    """
    new = table[table["source"] == "new"]
    table = table[table["source"] != "new"]
    fresh = table if shown is None else not_shown_before(table, shown)
    varied = at_most_per_category(fresh, products["product_category"], per_category)
    filled = pd.concat([varied, fresh, table]).drop_duplicates(["customer_id", "product_id"])
    filled = filled.sort_values("customer_id", kind="stable")
    if len(new):
        filled = with_new(filled, new if shown is None else not_shown_before(new, shown), n)
    return first_n(filled, n)[["customer_id", "rank", "product_id", "product_name", "reason"]]


def email(
    table: pd.DataFrame,
    transactions: pd.DataFrame,
    engine: Engine,
    n: int = 3,
    recent_days: int = 30,
    consent=None,
    last_mail: pd.Series | None = None,
    cap_days: int = 7,
    reminders: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.Series]:
    """Recommended for you: few products, each with one reason, to those who should get a mail.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.production.score_everyone`.
    transactions : DataFrame
    engine : Engine
        The one that made `table`: it knows the strongest cause of each recommendation.
    n : int
    recent_days : int
        Nothing that the customer bought in the last so many days, and of a category of which one
        is enough (the rules' ``one_of_category``) nothing for whoever has one.
    consent : collection of customer ids, optional
        Who agreed to mails; everybody, if left out.
    last_mail : Series of Timestamp, optional
        By customer id: when the last one went out.
    cap_days : int
        At most one mail in so many days.
    reminders : DataFrame, optional
        Of this run, from :func:`abandoned_carts`: where the shop's rules have a ``contact_cap``,
        each counts as a contact, and a cart reminder goes first.

    Returns
    -------
    mails : DataFrame
        ``customer_id``, ``rank``, ``product_id``, ``product_name``, ``because``.
    left_out : Series
        Customers without a mail, counted by the first reason that applies. Together with the
        customers in `mails` these are all in `table`.
    """
    today = transactions["transaction_date"].max()
    customers = pd.Index(table["customer_id"].unique())
    why = pd.Series("", index=customers)
    if last_mail is not None:
        lately = last_mail.reindex(customers) > today - pd.Timedelta(days=cap_days)
        why[lately] = f"had a mail in the last {cap_days} days"
    if reminders is not None and engine.rules.contact_cap == 1:
        why[customers.isin(reminders["customer_id"])] = "a cart reminder already (contact_cap)"
    why[customers.isin(engine.rules.no_personal_list)] = "on the list deny_customers"
    if consent is not None:
        why[~customers.isin(list(consent))] = "no consent"
    recent = transactions["transaction_date"] > today - pd.Timedelta(days=recent_days)
    table = not_shown_before(table, transactions[recent])
    table = not_a_second(table, transactions, engine.rules)
    personal = table[~table["source"].isin(["popularity", "new"])]
    personal = first_n(with_new(personal, table[table["source"] == "new"], n), n)
    why[(why == "") & ~customers.isin(personal["customer_id"])] = "nothing personal to say"
    mails = personal[personal["customer_id"].isin(why.index[why == ""])].reset_index(drop=True)
    because = engine.explain(mails, n_reasons=1, shares=False)
    mails = mails.assign(because=because.where(mails["source"] == "new", "you " + because))
    columns = ["customer_id", "rank", "product_id", "product_name", "because"]
    return mails[columns], why[why != ""].value_counts()


def consent_list(
    path="", made_up_of=(), everybody_agreed: bool = False, *, customers=None
) -> list[str] | None:
    """Ids of the customers who agreed to personal mails, reminders and offers.

    Parameters
    ----------
    path : path-like
        One id per line, or a table with the ids in ``customer_id``, in the column that most
        customers are found in, or in the first one. Whoever says no in a column of yes and no did
        not agree.
    made_up_of : sequence of customer ids
        Without a file, for the bundled shop: all of these but each tenth.
    everybody_agreed : bool
        So says the shop. A file says it more exactly, and counts if there is one.
    customers : collection of customer ids, optional
        Who is known. Ids are then found however they are written (capital or small letters), and
        those of nobody are left out.

    Returns
    -------
    list of str or None
        None: everybody agreed. Where nobody is known to have agreed, the list is empty.

    Raises
    ------
    DataError
        If there is no such file, nothing in it, or nobody in it is a customer.
    """
    if not path:
        if everybody_agreed:
            return None
        return [each for at, each in enumerate(made_up_of) if at % 10]
    try:
        rows = read_consents(path)
    except DataError as error:
        text = str(error)
        raise DataError(text if text.startswith("consent_path") else f"consent_path: {text}") from (
            None
        )
    except OSError:
        raise DataError(f"consent_path: {path} is no readable file with ids.") from None
    known = pd.Index([] if customers is None else customers).unique()
    columns = [name for name in rows if name != "no"]
    columns = [name for name in columns if name.strip().lower() == "customer_id"] or columns
    read = [_agreed(rows[name], rows["no"], known) for name in columns]
    ids = max(read, key=lambda found: known.isin(found).sum(), default=[])
    if not ids:
        raise DataError(
            f"consent_path: {path} holds no id, so nobody could get an offer. Write one per line."
        )
    agreed = known[known.isin(ids)].tolist()
    if len(known) and not agreed:
        raise DataError(
            f"consent_path: nobody in {path} is a customer. Its first id is {ids[0][:60]!r}; ids "
            f"of customers look like {known[0][:60]!r}. Export the ids that the purchases have."
        )
    return ids if customers is None else agreed


def _agreed(ids, no, known):
    """The ids of one column, as the shop spells them, without those that say no anywhere."""
    declined, agreed = (
        as_known(clean_ids(ids[no == says_no].dropna().tolist()), known)
        for says_no in (True, False)
    )
    return [each for each in agreed if each not in set(declined)]


def product_page(engine: Engine, n: int = 4, customer_id=None) -> pd.DataFrame:
    """Customers like you also bought: for every product in view, its neighbours.

    Parameters
    ----------
    engine : Engine
    n : int
    customer_id : str, optional
        Re-rank for this customer: a neighbour's similarity is multiplied by 1 + the customer's
        own score for it (as a share of the best one), and what was bought is left out. Unknown
        customers get the list that everybody gets.

    Notes
    -----
    Of a category of which one is enough (the rules' ``one_of_category``) nothing stands beside
    its products, nor where the customer owns one.

    Returns
    -------
    DataFrame
        ``in_view``, ``rank``, ``product_id``, ``similarity`` and ``why``: "goes with it", or
        "popular" (similarity 0) where too few neighbours are left and what sells best fills up.
        Every list is full, unless the customer owns so much that fewer products remain.
    """
    model, rules = engine.model, engine.rules
    bought = np.zeros(len(model.products_), dtype=bool)
    own = pd.Series(dtype=float)
    if customer_id in model.customers_:
        bought[model.purchases_[[model.customers_.get_loc(customer_id)]].indices] = True
        if customer_id not in rules.no_personal_list:
            own = engine.shown_model.recommend([customer_id], len(bought))
            own = own.set_index("product_id")["score"]
    enough = rules.enough_of(model.products_)
    left = engine.may_show & ~bought & ~(enough.notna() & enough.isin(enough[bought])).to_numpy()
    table = _neighbours(model)
    table = table[left[model.products_.get_indexer(table["product_id"])]]
    table = _beside(table, enough)
    table["strength"] = table["similarity"]
    if len(own):
        table["strength"] *= 1 + table["product_id"].map(own / own.max()).fillna(0)
    # as float32: what differs by the order of adding only is a tie
    table["strength"] = table["strength"].astype("float32")
    table = table.sort_values(["strength", "product_id"], ascending=[False, True], kind="stable")
    found = table["in_view"].value_counts().reindex(model.products_, fill_value=0)
    # the product in view, its neighbours (fewer than n), and others of a category of which one is
    # enough may be among them
    popular = engine.shown_popular.recommend([None], len(left))["product_id"]
    popular = popular[left[model.products_.get_indexer(popular)]]
    popular = popular[: n + 1 + enough.value_counts().max() if enough.notna().any() else n + 1]
    short = found.index[found < n]
    filler = pd.MultiIndex.from_product([short, popular], names=["in_view", "product_id"])
    filler = filler.to_frame(index=False).assign(similarity=0.0, why="popular")
    filler = _beside(filler[filler["in_view"] != filler["product_id"]], enough)
    table = pd.concat([table.assign(why="goes with it"), filler], ignore_index=True)
    table = table.drop_duplicates(["in_view", "product_id"]).sort_values("in_view", kind="stable")
    table = table.assign(rank=table.groupby("in_view").cumcount() + 1)
    table = table[table["rank"] <= n].reset_index(drop=True)
    return table[["in_view", "rank", "product_id", "similarity", "why"]]


def _neighbours(model) -> pd.DataFrame:
    """All that the model keeps of the similarities: ``in_view``, ``product_id``, ``similarity``."""
    near = model.similarity_.values.tocoo()
    return pd.DataFrame(
        {
            "in_view": model.products_[near.coords[0]],
            "product_id": model.products_[near.coords[1]],
            "similarity": near.data,
        }
    )


def _beside(table, enough):
    """Rows whose product is of another category than what is in view, if one of it is enough."""
    in_view = table["in_view"].map(enough)
    return table[in_view.isna() | (in_view != table["product_id"].map(enough))].copy()


def bought_together(
    transactions: pd.DataFrame, n: int = 4, min_customers: int = 20, rules: Rules | None = None
) -> pd.DataFrame:
    """Frequently bought together: the highest lift among pairs with enough common buyers.

    Parameters
    ----------
    transactions : DataFrame
    n : int
    min_customers : int
        Minimum support. Raw lift recommends noise: two products with one buyer each, the same
        one, have the highest lift of all.
    rules : Rules, optional
        What may be shown.

    Returns
    -------
    DataFrame
        ``in_view``, ``rank``, ``product_id``, ``customers``, ``support``, ``confidence``,
        ``lift``. No row where no two products have so many common buyers.
    """
    pairs = product_affinity(build_interaction_matrix(transactions), min_customers)
    pairs = pairs.rename(columns={"product_id": "in_view", "other_product_id": "product_id"})
    if rules is not None:
        pairs = pairs[rules.shown(pairs["product_id"])]
    pairs = pairs.sort_values("in_view", kind="stable")
    pairs.insert(1, "rank", pairs.groupby("in_view").cumcount() + 1)
    return pairs[pairs["rank"] <= n].reset_index(drop=True)


def bought_again(transactions: pd.DataFrame) -> pd.Index:
    """Products that people buy again: coffee, not a kettle.

    A product is one if at least `BOUGHT_AGAIN_SHARE` of its buyers bought it on more than one day,
    and it has at least `BOUGHT_AGAIN_BUYERS` buyers. With fewer nobody can tell, and it counts as
    bought once.

    Returns
    -------
    Index of product ids
    """
    pair = ["product_id", "customer_id"]
    days = transactions.assign(day=transactions["transaction_date"].dt.normalize())
    more_than_one = days.groupby(pair)["day"].nunique() > 1
    by_product = more_than_one.groupby("product_id").agg(["mean", "size"])
    enough = by_product["size"] >= BOUGHT_AGAIN_BUYERS
    return by_product.index[enough & (by_product["mean"] >= BOUGHT_AGAIN_SHARE)]


def abandoned_carts(
    events: pd.DataFrame | None,
    transactions: pd.DataFrame,
    engine: Engine,
    n: int = 3,
    hours: float = 48,
    last_days: int = 30,
    consent=None,
) -> pd.DataFrame:
    """Carts that were not bought: the product left behind first, then what goes with it.

    Parameters
    ----------
    events : DataFrame, optional
        Without events nobody knows what was left in a cart: no rows.
    transactions : DataFrame
    engine : Engine
    n : int
    hours : float
        How long a customer gets to buy before a cart counts as left.
    last_days : int
        Carts of the last so many days, of which `hours` have passed.
    consent : collection of customer ids, optional
        Who agreed to reminders; everybody, if left out.

    Returns
    -------
    DataFrame
        ``customer_id``, ``rank``, ``product_id``, ``product_name``, ``why`` ("left in the cart"
        or "goes with it"). Nothing that is in the cart twice, and nothing already bought, except
        a product left in the cart that people buy again (see :func:`bought_again`) and that this
        customer has not bought since. Nothing that the engine's rules forbid; of a category of
        which one is enough, nothing beside a product of it, and nothing at all once one was
        bought.
    """
    columns = ["customer_id", "rank", "product_id", "product_name", "why"]
    pair = ["customer_id", "product_id"]
    if events is None:
        return pd.DataFrame(columns=columns)
    now = max(events["event_date"].max(), transactions["transaction_date"].max())
    carts = events[(events["event_type"] == "add_to_cart") & events["product_id"].notna()]
    carts = carts[carts["event_date"] > now - pd.Timedelta(days=last_days)]
    left = carts[carts["event_date"] <= now - pd.Timedelta(hours=hours)]
    if consent is not None:
        left = left[left["customer_id"].isin(list(consent))]
    rules = engine.rules
    left = left[~left["customer_id"].isin(rules.no_personal_list) & rules.shown(left["product_id"])]
    enough = rules.enough_of(rules.products.index)
    left = _not_replaced(_not_bought(left, transactions), transactions, enough)
    # the newest cart speaks for a customer with several
    left = left.sort_values(["customer_id", "event_date"], ascending=[True, False], kind="stable")
    newest = left.drop_duplicates("customer_id")[pair]
    near = _neighbours(engine.model).sort_values(
        ["similarity", "product_id"], ascending=[False, True], kind="stable"
    )
    beside = newest.merge(near, left_on="product_id", right_on="in_view", suffixes=("_cart", ""))
    beside = beside[rules.shown(beside["product_id"])]
    beside = not_shown_before(not_shown_before(_beside(beside, enough), carts), transactions)
    # a category of which one is enough: whoever has one needs no other
    owned = transactions[pair].assign(category=transactions["product_id"].map(enough))
    owned = pd.MultiIndex.from_frame(owned.dropna()[["customer_id", "category"]])
    category = beside["product_id"].map(enough)
    beside = beside[~pd.MultiIndex.from_arrays([beside["customer_id"], category]).isin(owned)][pair]
    table = pd.concat([newest.assign(why="left in the cart"), beside.assign(why="goes with it")])
    table = first_n(table.sort_values("customer_id", kind="stable"), n)
    table["product_name"] = engine.names.reindex(table["product_id"]).to_numpy()
    return table[columns]


def _not_bought(carts, transactions):
    """The latest cart of each customer and product, unless the product was bought.

    A purchase on the day of the cart or later, whenever, settles it. So does an earlier one,
    except of what people buy again.
    """
    pair = ["customer_id", "product_id"]
    latest = carts.sort_values("event_date", kind="stable").drop_duplicates(pair, keep="last")
    last_bought = transactions.groupby(pair)["transaction_date"].max().dt.normalize()
    bought = pd.MultiIndex.from_frame(latest[pair])
    bought = pd.Series(last_bought.reindex(bought).to_numpy(), latest.index)
    # by the day: many files know purchases by the day and events by the second
    again = latest["product_id"].isin(bought_again(transactions))
    again &= bought < latest["event_date"].dt.normalize()
    return latest[bought.isna() | again]


def _not_replaced(carts, transactions, enough):
    """Carts without those whose customer has since bought another one, where one is enough."""
    bought = transactions.assign(category=transactions["product_id"].map(enough))
    bought = bought.dropna(subset=["category"])
    last = bought.groupby(["customer_id", "category"])["transaction_date"].max()
    category = carts["product_id"].map(enough)
    if last.empty or category.isna().all():
        return carts
    at = pd.MultiIndex.from_arrays([carts["customer_id"], category])
    last = pd.Series(last.dt.normalize().reindex(at).to_numpy(), carts.index)
    return carts[~(last >= carts["event_date"].dt.normalize())]


def placements(
    engine: Engine,
    candidates: pd.DataFrame,
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    n: int = 5,
    consent=None,
) -> dict[str, pd.DataFrame]:
    """All four tables from one scored one, with the rules of the shop and of each place.

    Parameters
    ----------
    engine : Engine
    candidates : DataFrame
        From :func:`helpers.production.score_everyone`, three times `n` per customer.
    transactions, events : DataFrame
        Without events that of the carts is empty.
    n : int
        Length of the homepage's row.
    consent : collection of customer ids, optional
        Who agreed to mails and reminders; everybody, if left out.

    Returns
    -------
    dict of str to DataFrame
        By the names of `CHANNELS`.
    """
    cart = abandoned_carts(events, transactions, engine, consent=consent)
    mails = email(candidates, transactions, engine, consent=consent, reminders=cart)[0]
    tables = {
        "homepage": homepage(
            not_a_second(candidates, transactions, engine.rules), engine.rules.products, n
        ),
        "email": mails,
        "product_page": product_page(engine, 3),
        "cart": cart,
    }
    return {name: tables[name] for name in CHANNELS}


# What each change of a list costs


def holes(
    candidates: pd.DataFrame,
    n: int = 5,
    reserve: int = 3,
    most: int = 10,
    products: int | None = None,
) -> pd.DataFrame:
    """In how many rows something is missing, once the products that most rows show are sold out.

    Parameters
    ----------
    candidates : DataFrame
        Lists with at least `n` + `reserve` rows each, as a place would show them: from
        :func:`homepage`, say.
    n : int
        Places of a row.
    reserve : int
        So many more candidates are stored, to move up.
    most : int
        Sell out so many products, one after the other: what stands in most rows comes first.
    products : int, optional
        That may be shown. If given, ``attrs["by_chance"]`` is what the last row would be on
        average if as many were sold out, drawn by chance from all of these.

    Returns
    -------
    DataFrame
        Indexed by the number of products sold out, from 0: ``no reserve`` and ``reserve``, the
        share of rows shorter than they were at night; ``attrs`` have the products in
        ``sold_out``, and ``n`` and ``reserve``.
    """
    lists = candidates[["customer_id", "rank", "product_id"]]  # the reasons are long texts
    lists = lists.sort_values(["customer_id", "rank"], kind="stable")
    place = lists.groupby("customer_id", dropna=False).cumcount().to_numpy()
    row = pd.factorize(lists["customer_id"], use_na_sentinel=False)[0]
    number_of, ids = pd.factorize(lists["product_id"])
    full = np.bincount(row[place < n])
    in_rows = lists["product_id"][place < n].value_counts(sort=True)
    sold_out = in_rows.sort_index().sort_values(ascending=False, kind="stable").index[:most]
    shares = []
    for number in range(len(sold_out) + 1):
        left = ~np.isin(number_of, ids.get_indexer(sold_out[:number]))
        stored = [(place < kept) & left for kept in (n, n + reserve)]
        shares.append([(np.bincount(row[each], minlength=len(full)) < full).mean()
                       for each in stored])  # fmt: skip
    table = pd.DataFrame(shares, columns=["no reserve", "reserve"]).rename_axis("sold out")
    table.attrs = {"sold_out": list(sold_out), "n": n, "reserve": reserve}
    if products:
        from scipy.stats import hypergeom  # takes half a second to import

        # a row has a hole if more of what is stored for it has gone than it has in reserve
        length = np.bincount(row)
        table.attrs["by_chance"] = {
            name: float(hypergeom.sf(np.minimum(length, kept) - full, max(products, length.max()),
                                     np.minimum(length, kept), len(sold_out)).mean())
            for name, kept in (("no reserve", n), ("reserve", n + reserve))
        }  # fmt: skip
    return table


def within_categories(matrix: InteractionMatrix, products: pd.DataFrame) -> pd.DataFrame:
    """Are products of one category bought instead of each other, or as well?

    Parameters
    ----------
    matrix : InteractionMatrix
        Of 0 and 1.
    products : DataFrame
        With ``product_category``, by product id.

    Returns
    -------
    DataFrame
        Indexed by category, of those with two products or more in which chance gives ten common
        buyers: ``products``, ``common`` (buyers of all pairs of its products, added up),
        ``times_chance`` (what they are of what chance would give, as in lesson 03), and ``low``
        and ``high``, ends of an interval over customers, wide enough for all categories together.
        ``attrs["usual"]`` is what any two products of the shop get. Lowest first.
    """
    category = products["product_category"].reindex(matrix.products)
    bought = matrix.values.astype(bool).astype(float)
    buyers = np.asarray(bought.sum(axis=0)).ravel()
    judged = {}
    for name in category.dropna().unique():
        inside = np.flatnonzero(category == name)
        sizes = buyers[inside]
        by_chance = (sizes.sum() ** 2 - (sizes**2).sum()) / 2 / matrix.shape[0]
        if len(inside) > 1 and by_chance >= 10:
            judged[name] = inside, by_chance
    rows = {}
    for name, (inside, by_chance) in judged.items():
        own = np.asarray(bought[:, inside].sum(axis=1)).ravel()
        pairs = own * (own - 1) / 2
        ends = evaluate.interval(pairs * matrix.shape[0] / by_chance, len(judged))
        rows[name] = [len(inside), int(pairs.sum()), pairs.sum() / by_chance, *ends]
    columns = ["products", "common", "times_chance", "low", "high"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    table = table.astype({"products": int, "common": int}).rename_axis("category")
    table = table.sort_values("times_chance", kind="stable")
    table.attrs["usual"] = usual_times_chance(matrix)
    return table


def one_is_enough(within: pd.DataFrame) -> list[str]:
    """Categories whose products are clearly bought less together than any two of the shop.

    Parameters
    ----------
    within : DataFrame
        From :func:`within_categories`.
    """
    return within.index[within["high"] < within.attrs["usual"]].tolist()


def who_came_first(transactions: pd.DataFrame, one, other) -> tuple[int, int]:
    """Of the buyers of both products: how many bought the one on an earlier day, how many later.

    Parameters
    ----------
    transactions : DataFrame
    one, other : product ids

    Returns
    -------
    tuple of (int, int)
        Who bought both on the same day first is in neither.
    """
    rows = transactions[transactions["product_id"].isin([one, other])]
    first = rows.groupby(["customer_id", "product_id"])["transaction_date"].min().dt.normalize()
    first = first.unstack().dropna()
    if not {one, other} <= set(first.columns):
        return 0, 0
    return int((first[one] < first[other]).sum()), int((first[one] > first[other]).sum())


def stands_out(both: int, by_chance: float, pairs: int = 1) -> bool:
    """Whether two products have more common buyers than the luckiest of so many pairs would.

    Parameters
    ----------
    both : int
        Their common buyers.
    by_chance : float
        As many as any two products with as many buyers have in this shop.
    pairs : int
        It is the best of so many: by luck alone, the best of them would have as many in one shop
        of forty at most.
    """
    from scipy.stats import poisson  # takes half a second to import

    return bool(poisson.sf(both - 1, by_chance) < 0.025 / max(1, pairs))


def worth_of(products: pd.DataFrame, catalogue: pd.DataFrame | None = None) -> pd.Series:
    """What a sale of each product earns: the catalogue's margin, else its price stands in.

    Parameters
    ----------
    products : DataFrame
        With ``price``, by product id.
    catalogue : DataFrame, optional
        Perhaps with ``margin``: an amount, or, if none is above 1, a share of the price.

    Returns
    -------
    Series
        By product id, named ``margin`` or ``price``; all missing where neither is known.
    """
    price = pd.to_numeric(products["price"], errors="coerce")
    if catalogue is None or "margin" not in catalogue or catalogue["margin"].isna().all():
        return price.rename("price")
    margin = catalogue["margin"].reindex(products.index)
    return (margin * price if margin.max() <= 1 else margin).rename("margin")


def judged_lists(engine: Engine, split: evaluate.Split, n: int = 15) -> pd.DataFrame:
    """Lists made from the past with the engine's settings, and what was bought of them later.

    Parameters
    ----------
    engine : Engine
    split : Split
    n : int
        Length of the lists.

    Returns
    -------
    DataFrame
        ``customer_id``, ``rank``, ``product_id``, ``score``, ``hit``; customers who bought
        something new after the cut. ``attrs``: ``customers``, their number, and ``chance``, hits
        of one place for which dice choose, per customer.
    """
    matrix, tables = split.training()
    scores, lists = evaluate.per_customer(_fitted(engine, matrix, tables), split, n)
    relevant = evaluate.relevant_products(split)
    pair = ["customer_id", "product_id"]
    later = pd.MultiIndex.from_frame(relevant[pair])
    lists = lists.assign(hit=pd.MultiIndex.from_frame(lists[pair]).isin(later))
    bought = relevant["customer_id"].value_counts().reindex(scores.index, fill_value=0).to_numpy()
    at = matrix.customers.get_indexer(scores.index)
    open_to = matrix.shape[1] - np.asarray(matrix.values.astype(bool).sum(axis=1)).ravel()[at]
    chance = np.minimum(1, bought / np.maximum(1, open_to))
    lists.attrs = {"customers": len(scores),
                   "chance": float(chance.mean()) if len(chance) else np.nan}  # fmt: skip
    return lists


def _fitted(engine, matrix, tables) -> ItemBased:
    """The engine's model, with its settings, fitted to the past."""
    model = copy.copy(engine.model)
    if tables.get("events") is None:
        model.intent_days = None
    return model.fit(matrix, **tables)


def hits_by_place(lists: pd.DataFrame, n: int = 5) -> pd.DataFrame:
    """What each place of a list found, in hits per 100 customers.

    Parameters
    ----------
    lists : DataFrame
        From :func:`judged_lists`, with more than `n` places.
    n : int
        Places of the row.

    Returns
    -------
    DataFrame
        Indexed by place, 1 to `n` + 1, the first that is not shown: ``hits``, with the ends of a
        95 % interval in ``low`` and ``high``; ``attrs``: ``chance`` per 100, ``customers``.
    """
    customers = lists.attrs["customers"]
    rows = {}
    for place in range(1, n + 2):
        hit = np.zeros(customers)
        found = lists.loc[lists["rank"] == place, "hit"].to_numpy()
        hit[: len(found)] = 100 * found
        rows[place] = [hit.mean(), *evaluate.interval(hit)]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["hits", "low", "high"])
    table.attrs = {"chance": 100 * lists.attrs["chance"], "customers": customers}
    return table.rename_axis("place")


def dearer_first(
    table: pd.DataFrame, worth: pd.Series, tolerance: float, n: int = 5
) -> pd.DataFrame:
    """Margin as a tie-break: of products that score nearly alike, the one that earns most.

    Each place goes to the product that earns most among those whose score is at most `tolerance`
    below the best one left, a share of it.

    Parameters
    ----------
    table : DataFrame
        ``customer_id``, ``rank``, ``product_id``, ``score`` and perhaps ``source``: products from
        different sources are never compared.
    worth : Series
        By product id: margin or price. A product without one is never moved ahead.
    tolerance : float
        0: by score alone. 1: by worth alone, of what the lists hold.
    n : int
        Length of the lists.

    Returns
    -------
    DataFrame
        The rows that stay, ranks anew, in the order of the customers of `table`.
    """
    table = table.reset_index(drop=True)
    row = pd.factorize(table["customer_id"], use_na_sentinel=False)[0]
    column = table.groupby("customer_id", dropna=False).cumcount().to_numpy()
    shape = (row.max() + 1 if len(row) else 0, column.max() + 1 if len(column) else 0)
    score, earns = np.full(shape, np.nan), np.full(shape, -np.inf)
    source, where = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int)
    score[row, column] = table["score"]
    earns[row, column] = table["product_id"].map(worth).fillna(-np.inf)
    if "source" in table:
        source[row, column] = pd.factorize(table["source"])[0]
    where[row, column] = np.arange(len(table))
    left = ~np.isnan(score)
    kept, ranks = [], []
    everyone = np.arange(shape[0])
    for rank in range(1, min(n, shape[1]) + 1):
        first = left.argmax(axis=1)
        best, kind = score[everyone, first][:, None], source[everyone, first][:, None]
        near = left & (source == kind) & (score >= best - tolerance * np.abs(best))
        # of equals, whoever stands first
        pick = np.where(near, earns, -np.inf).argmax(axis=1)
        pick = np.where(near[everyone, pick], pick, first)
        has = left[everyone, pick]
        kept.append(where[everyone, pick][has])
        ranks.append(np.full(has.sum(), rank))
        left[everyone, pick] = False
    if not kept:
        return table
    kept, ranks = np.concatenate(kept), np.concatenate(ranks)
    order = np.lexsort((ranks, row[kept]))
    return table.iloc[kept[order]].assign(rank=ranks[order]).reset_index(drop=True)


def price_of_margin(
    lists: pd.DataFrame,
    worth: pd.Series,
    n: int = 5,
    tolerances: Sequence[float] = (0, 0.05, 0.1, 0.2, 0.3, 0.5),
    alone: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """What a tie-break by margin gains and costs, judged by what was bought later.

    Parameters
    ----------
    lists : DataFrame
        From :func:`judged_lists`, with more than `n` places.
    worth : Series
        By product id: margin or price.
    n : int
        Places of the row.
    tolerances : sequence of float
        The first is what the others are compared with; see :func:`dearer_first`.
    alone : DataFrame, optional
        From :func:`by_worth_alone`: the last row, at a tolerance of infinity.

    Returns
    -------
    DataFrame
        Indexed by tolerance: ``hits`` and ``worth`` of the hits, per 100 customers; and their
        changes, as shares of the first row's: ``hits_change``, ``worth_change``, each with the
        ends of a paired interval over customers, ``_low`` and ``_high``, wide enough for all
        tolerances together.
    """
    everyone = pd.Index(lists["customer_id"].unique())
    found = {}
    for tolerance in tolerances:
        shown = dearer_first(lists, worth, tolerance, n)
        hit = shown["hit"].astype(float)
        amount = hit * shown["product_id"].map(worth).fillna(0)
        sums = pd.DataFrame({"hits": hit, "worth": amount}).groupby(shown["customer_id"]).sum()
        found[tolerance] = sums.reindex(everyone, fill_value=0.0)
    if alone is not None:
        found[np.inf] = alone.reindex(everyone, fill_value=0.0)
    now, rows = found[tolerances[0]], {}
    for tolerance, sums in found.items():
        row = {}
        for name in ("hits", "worth"):
            mean = now[name].mean() or np.nan
            change = sums[name] - now[name]
            low, high = evaluate.interval(change, max(1, len(found) - 1))
            row |= {name: 100 * sums[name].mean(), f"{name}_change": change.mean() / mean,
                    f"{name}_low": low / mean, f"{name}_high": high / mean}  # fmt: skip
        rows[tolerance] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("tolerance")


def by_worth_alone(split: evaluate.Split, worth: pd.Series, n: int = 5) -> pd.DataFrame:
    """What rows of the products that earn most would have found, whoever looks at them.

    Parameters
    ----------
    split : Split
    worth : Series
        By product id: margin or price. What has none is never shown.
    n : int
        Places of the row: what the customer has not bought yet.

    Returns
    -------
    DataFrame
        By customer, of those who came back: ``hits``, and their ``worth``.
    """
    matrix, _ = split.training()
    relevant = evaluate.relevant_products(split)
    customers = matrix.customers[matrix.customers.isin(relevant["customer_id"])]
    bought = sparse.csr_array(matrix.values)[matrix.customers.get_indexer(customers)].astype(bool)
    earns = matrix.products.map(worth).to_numpy(dtype=float)
    order = np.argsort(-earns, kind="stable")[: np.isfinite(earns).sum()]
    # nobody needs more of the order than a row and all that the keenest customer has
    order = order[: n + int(bought.sum(axis=1).max(initial=0))]
    left = ~bought[:, order].toarray()
    row, place = np.nonzero(left & (left.cumsum(axis=1) <= n))
    ids = matrix.products[order[place]]
    shown = pd.DataFrame({"customer_id": customers[row], "product_id": ids})
    pair = ["customer_id", "product_id"]
    hits = shown[pd.MultiIndex.from_frame(shown).isin(pd.MultiIndex.from_frame(relevant[pair]))]
    hits = hits.assign(hits=1.0, worth=hits["product_id"].map(worth).astype(float))
    sums = hits.groupby("customer_id")[["hits", "worth"]].sum().astype(float)
    return sums.reindex(customers.rename("customer_id"), fill_value=0.0)


def affordable_tolerance(prices: pd.DataFrame, most: float = 0.05) -> float | None:
    """The widest tie-break that surely loses less than `most` of the hits and surely earns more.

    Parameters
    ----------
    prices : DataFrame
        From :func:`price_of_margin`.
    most : float
        Agreed on before anybody looks.

    Returns
    -------
    float or None
        None if no tolerance does.
    """
    fits = (prices["hits_low"] > -most) & (prices["worth_low"] > 0)
    fits &= (prices.index > 0) & (prices.index < np.inf)
    return float(prices.index[fits].max()) if fits.any() else None


def sensitive_example(
    engine: Engine, transactions: pd.DataFrame, wanted: str = "Health"
) -> tuple[str, list]:
    """A part of the catalogue to take as sensitive: what the shop denies, a category, a product.

    Returns
    -------
    name : str
        Of the category, or of the one product; "what the rules deny" of several.
    product_ids : list
        Not more than half of the products that were bought.
    """
    model, products = engine.model, engine.rules.products
    known = products.reindex(model.products_)
    denied = known.index[~known["may_be_named"].astype(bool)]
    if 0 < len(denied) <= len(known) / 2:
        return "what the rules deny", denied.tolist()
    category = known["product_category"]
    sizes = category.value_counts()
    sizes = sizes[sizes <= len(known) / 2]
    if len(sizes):
        alike = [name for name in sizes.index if str(name).strip().lower() == wanted.lower()]
        buyers = transactions.assign(category=transactions["product_id"].map(category))
        buyers = buyers.groupby("category")["customer_id"].nunique().reindex(sizes.index)
        middle = buyers.sort_index().sort_values(kind="stable").index[len(buyers) // 2]
        name = alike[0] if alike else middle
        return str(name), category.index[category == name].tolist()
    buyers = transactions.groupby("product_id")["customer_id"].nunique()
    product = buyers.sort_index().sort_values(kind="stable").index[3 * len(buyers) // 4]
    return str(engine.names[product]), [product]


def traces(
    engine: Engine,
    transactions: pd.DataFrame,
    events: pd.DataFrame | None,
    product_ids,
    n: int = 5,
) -> pd.DataFrame:
    """Products are hidden, and not named as reasons: do the rows of their buyers still tell?

    Each customer's row, from an engine that neither shows nor names these products, is compared
    with that of an engine which has never seen them bought or looked at.

    Parameters
    ----------
    engine : Engine
    transactions, events : DataFrame
        What `engine` has learned from.
    product_ids : collection of product ids
    n : int

    Returns
    -------
    DataFrame
        Rows ``buyers`` (of any of these products, or who looked at them lately) and ``others``:
        ``customers``, ``rows`` (the share of them whose row has another product in it) and
        ``places`` (the share of their places).
    """
    out = set(product_ids)
    products = engine.rules.products
    shown = products["may_be_shown"] & ~products.index.isin(list(out))
    products = products.assign(may_be_shown=shown)  # which reasons are named changes no list
    hidden = replace(engine, rules=replace(engine.rules, products=products))
    clean = transactions[~transactions["product_id"].isin(out)]
    if events is not None and "product_id" in events:
        events = events[~events["product_id"].isin(out)]
    blind = build_engine(clean, events, copy.copy(engine.model), hidden.rules)
    everyone = engine.model.customers_
    rows = [each.recommend(list(everyone), n)[["customer_id", "product_id"]]
            for each in (hidden, blind)]  # fmt: skip
    same = rows[0].merge(rows[1])["customer_id"].value_counts().reindex(everyone, fill_value=0)
    length = rows[0]["customer_id"].value_counts().reindex(everyone, fill_value=0)
    changed = length - same
    model = engine.model
    columns = np.flatnonzero(model.products_.isin(list(out)))
    owned = np.asarray(model.purchases_[:-1][:, columns].sum(axis=1)).ravel() > 0
    if model.intent_ is not None:
        owned |= np.asarray(model.intent_[:-1][:, columns].sum(axis=1)).ravel() > 0
    table = {
        name: [int(who.sum()), (changed[who] > 0).mean() if who.any() else np.nan,
               changed[who].sum() / max(1, length[who].sum())]
        for name, who in (("buyers", owned), ("others", ~owned))
    }  # fmt: skip
    return pd.DataFrame.from_dict(table, orient="index", columns=["customers", "rows", "places"])


def price_of_the_input(
    engine: Engine, split: evaluate.Split, product_ids, n: int = 5
) -> tuple[pd.DataFrame, tuple[float, float]]:
    """What it costs the buyers of hidden products that their purchases are not learned from.

    Parameters
    ----------
    engine : Engine
        Its settings are used.
    split : Split
    product_ids : collection of product ids
        Hidden from all rows, and no hit.
    n : int

    Returns
    -------
    found : DataFrame
        By customer, of those who had bought one of the products and something else, and came back:
        hits with the input ``open`` and with it ``closed``.
    change : tuple of float
        Ends of a paired 95 % interval of the change, hits per customer.
    """
    out = list(set(product_ids))

    def without(table):
        keep = table is None or "product_id" not in table
        return table if keep else table[~table["product_id"].isin(out)]

    clean = replace(split, train=without(split.train), test=without(split.test),
                    train_events=without(split.train_events))  # fmt: skip
    empty = pd.DataFrame({"open": [], "closed": []}, dtype=float)
    if clean.train.empty or clean.test.empty:
        return empty, (np.nan, np.nan)
    hidden = _fitted(engine, *split.training())
    hidden = hidden.showing(~hidden.products_.isin(out))
    blind = _fitted(engine, *clean.training())
    buyers = pd.Index(split.train.loc[split.train["product_id"].isin(out), "customer_id"].unique())
    buyers = buyers.intersection(pd.Index(clean.train["customer_id"].unique()))
    hits = {}
    for name, model, past in [("open", hidden, replace(split, test=clean.test)),
                              ("closed", blind, clean)]:  # fmt: skip
        scores, _ = evaluate.per_customer(model, past, n, customers=buyers)
        hits[name] = n * scores["precision"]
    found = pd.DataFrame(hits).dropna()
    if found.empty:
        return empty, (np.nan, np.nan)
    return found, evaluate.interval(found["closed"] - found["open"])
