"""Lesson 07. One scored table, four places to show it: each has rules of its own.

Every function takes and returns tidy tables: one row per place in somebody's list, with
``customer_id`` (or the product in view), ``place`` (from 1), ``product_id`` and why.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.data import DataError, product_table
from helpers.matrix import build_interaction_matrix
from helpers.production import Engine
from helpers.similarity import product_affinity

# Rules that every shop has. Each takes a scored table and returns the rows that may stay.


def without_products(table: pd.DataFrame, product_ids) -> pd.DataFrame:
    """Drop products that are out of stock, or on a deny list."""
    return table[~table["product_id"].isin(list(product_ids))]


def only_products(table: pd.DataFrame, product_ids) -> pd.DataFrame:
    """Keep the products of an allow list."""
    return table[table["product_id"].isin(list(product_ids))]


def with_margin(table: pd.DataFrame, margin: pd.Series, floor: float) -> pd.DataFrame:
    """Keep products that earn at least `floor`; a product without a known margin goes.

    Parameters
    ----------
    table : DataFrame
    margin : Series
        By product id, in the unit of `floor`: a share of the price or an amount.
    floor : float
    """
    return table[table["product_id"].map(margin) >= floor]


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


def first_n(table: pd.DataFrame, n: int) -> pd.DataFrame:
    """Cut every customer's list to n rows and number the places anew."""
    place = table.groupby("customer_id").cumcount() + 1
    table = table.assign(place=place)
    return table[table["place"] <= n].reset_index(drop=True)


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
        that there is something to choose from.
    products : DataFrame
        From :func:`helpers.data.product_table`.
    n, per_category : int
    shown : DataFrame, optional
        What was shown on the last visit: ``customer_id``, ``product_id``.

    Returns
    -------
    DataFrame
        ``customer_id``, ``place``, ``product_id``, ``product_name``, ``reason``. Where the rules
        leave too little, what they left out comes last: a full row matters more.
    """
    fresh = table if shown is None else not_shown_before(table, shown)
    varied = at_most_per_category(fresh, products["product_category"], per_category)
    filled = pd.concat([varied, fresh, table]).drop_duplicates(["customer_id", "product_id"])
    filled = filled.sort_values("customer_id", kind="stable")
    return first_n(filled, n)[["customer_id", "place", "product_id", "product_name", "reason"]]


def email(
    table: pd.DataFrame,
    transactions: pd.DataFrame,
    n: int = 3,
    recent_days: int = 30,
    consent=None,
    last_mail: pd.Series | None = None,
    cap_days: int = 7,
) -> tuple[pd.DataFrame, pd.Series]:
    """Recommended for you: few products, each with one reason, to those who should get a mail.

    Parameters
    ----------
    table : DataFrame
        From :func:`helpers.production.score_everyone`.
    transactions : DataFrame
    n : int
    recent_days : int
        Nothing that the customer bought in the last so many days.
    consent : collection of customer ids, optional
        Who agreed to mails; everybody, if left out.
    last_mail : Series of Timestamp, optional
        By customer id: when the last one went out.
    cap_days : int
        At most one mail in so many days.

    Returns
    -------
    mails : DataFrame
        ``customer_id``, ``place``, ``product_id``, ``product_name``, ``because``.
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
    if consent is not None:
        why[~customers.isin(list(consent))] = "no consent"
    recent = transactions["transaction_date"] > today - pd.Timedelta(days=recent_days)
    personal = table[table["source"] != "popularity"]
    personal = first_n(not_shown_before(personal, transactions[recent]), n)
    why[(why == "") & ~customers.isin(personal["customer_id"])] = "nothing personal to say"
    mails = personal[personal["customer_id"].isin(why.index[why == ""])].reset_index(drop=True)
    mails = mails.assign(because="you " + strongest_cause(mails["reason"]))
    columns = ["customer_id", "place", "product_id", "product_name", "because"]
    return mails[columns], why[why != ""].value_counts()


def strongest_cause(reason: pd.Series) -> pd.Series:
    """The first of the causes without its share: "bought Coffee (61%), ..." -> "bought Coffee"."""
    return reason.str.replace(r" \(\d+%\)(, .*)?$", "", regex=True)


def consent_list(path="", made_up_of=None) -> list[str] | None:
    """Ids of the customers who agreed to personal offers.

    Parameters
    ----------
    path : path-like
        A text file, one id per line.
    made_up_of : Index of customer ids, optional
        Without a file, for the bundled shop: all of these but each tenth.

    Returns
    -------
    list of str or None
        None: nothing is known of consent.

    Raises
    ------
    DataError
        If there is no such file, or nothing in it.
    """
    if not path:
        known = made_up_of is not None
        return [each for at, each in enumerate(made_up_of) if at % 10] if known else None
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(f"consent_path: {path} is no readable text file with ids.") from None
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise DataError(f"consent_path: {path} holds no id, so nobody could get an offer.")
    return ids


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

    Returns
    -------
    DataFrame
        ``in_view``, ``place``, ``product_id``, ``similarity``. A product that nobody bought
        together with another one gets what sells best, with a similarity of 0.
    """
    model = engine.model
    near = model.similarity_.values.tocoo()
    table = pd.DataFrame(
        {
            "in_view": model.products_[near.coords[0]],
            "product_id": model.products_[near.coords[1]],
            "similarity": near.data,
        }
    )
    bought = set()
    strength = table["similarity"]
    if customer_id in model.customers_:
        row = model.customers_.get_loc(customer_id)
        bought = set(model.products_[model.purchases_[[row]].indices])
        own = model.recommend([customer_id], len(model.products_)).set_index("product_id")["score"]
        own = own / own.max() if len(own) else own
        strength = strength * (1 + table["product_id"].map(own).fillna(0))
    popular = engine.popular.recommend([None], n + 1)["product_id"]
    alone = model.products_.difference(table["in_view"])
    fallback = pd.MultiIndex.from_product([alone, popular], names=["in_view", "product_id"])
    fallback = fallback.to_frame(index=False).assign(similarity=0.0, strength=0.0)
    table = pd.concat([table.assign(strength=strength), fallback], ignore_index=True)
    table = table[~table["product_id"].isin(bought) & (table["in_view"] != table["product_id"])]
    table = table.sort_values(
        ["in_view", "strength", "product_id"], ascending=[True, False, True], kind="stable"
    )
    table = table.assign(place=table.groupby("in_view").cumcount() + 1)
    table = table[table["place"] <= n].reset_index(drop=True)
    return table[["in_view", "place", "product_id", "similarity"]]


def bought_together(
    transactions: pd.DataFrame, n: int = 4, min_customers: int = 20
) -> pd.DataFrame:
    """Frequently bought together: the highest lift among pairs with enough common buyers.

    Parameters
    ----------
    transactions : DataFrame
    n : int
    min_customers : int
        Minimum support. Raw lift recommends noise: two products with one buyer each, the same
        one, have the highest lift of all.

    Returns
    -------
    DataFrame
        ``in_view``, ``place``, ``product_id``, ``customers``, ``support``, ``confidence``,
        ``lift``.
    """
    pairs = product_affinity(build_interaction_matrix(transactions), min_customers)
    pairs = pairs.rename(columns={"product_id": "in_view", "other_product_id": "product_id"})
    pairs = pairs.sort_values("in_view", kind="stable")
    pairs.insert(1, "place", pairs.groupby("in_view").cumcount() + 1)
    return pairs[pairs["place"] <= n].reset_index(drop=True)


def abandoned_carts(
    events: pd.DataFrame,
    transactions: pd.DataFrame,
    engine: Engine,
    n: int = 3,
    hours: float = 48,
    last_days: int = 30,
) -> pd.DataFrame:
    """Carts that were not bought: the product left behind first, then what goes with it.

    Parameters
    ----------
    events, transactions : DataFrame
    engine : Engine
    n : int
    hours : float
        A purchase of the product within so many hours after the cart means that it was not left.
    last_days : int
        Carts of the last so many days, of which `hours` have passed.

    Returns
    -------
    DataFrame
        ``customer_id``, ``place``, ``product_id``, ``product_name``, ``why`` ("left in the cart"
        or "goes with it"). Nothing that is in the cart twice, nothing already bought.
    """
    pair = ["customer_id", "product_id"]
    now = max(events["event_date"].max(), transactions["transaction_date"].max())
    carts = events[(events["event_type"] == "add_to_cart") & events["product_id"].notna()]
    carts = carts[carts["event_date"] > now - pd.Timedelta(days=last_days)]
    carts = carts[carts["event_date"] <= now - pd.Timedelta(hours=hours)]
    later = carts.merge(transactions[[*pair, "transaction_date"]], on=pair)
    wait = later["transaction_date"] - later["event_date"]
    bought = later[(wait >= pd.Timedelta(0)) & (wait <= pd.Timedelta(hours=hours))]
    key = [*pair, "event_date"]
    kept = ~pd.MultiIndex.from_frame(carts[key]).isin(pd.MultiIndex.from_frame(bought[key]))
    left = carts[kept].sort_values("event_date", kind="stable").drop_duplicates(pair, keep="last")
    # the newest cart speaks for a customer with several
    left = left.sort_values(["customer_id", "event_date"], ascending=[True, False], kind="stable")
    newest = left.drop_duplicates("customer_id")[pair]
    near = product_page(engine, n=len(engine.model.products_))
    beside = newest.merge(near, left_on="product_id", right_on="in_view", suffixes=("_cart", ""))
    beside = beside[["customer_id", "product_id"]].assign(why="goes with it")
    in_cart = left[pair]
    owned = transactions[pair].drop_duplicates()
    beside = not_shown_before(not_shown_before(beside, in_cart), owned)
    table = pd.concat([newest.assign(why="left in the cart"), beside], ignore_index=True)
    table = first_n(table.sort_values("customer_id", kind="stable"), n)
    table["product_name"] = engine.names.reindex(table["product_id"]).to_numpy()
    return table[["customer_id", "place", "product_id", "product_name", "why"]]


def placements(
    engine: Engine,
    candidates: pd.DataFrame,
    transactions: pd.DataFrame,
    events: pd.DataFrame | None = None,
    n: int = 5,
    consent=None,
) -> dict[str, pd.DataFrame]:
    """All four tables from one scored one, with the usual rules of each place.

    Parameters
    ----------
    engine : Engine
    candidates : DataFrame
        From :func:`helpers.production.score_everyone`, three times `n` per customer.
    transactions, events : DataFrame
        Without events nobody knows what was left in a cart: that table is empty.
    n : int
        Length of the homepage's row.
    consent : collection of customer ids, optional
        Who agreed to mails; everybody, if left out.

    Returns
    -------
    dict of str to DataFrame
        ``homepage``, ``email``, ``product_page``, ``cart``.
    """
    cart = pd.DataFrame(columns=["customer_id", "place", "product_id", "product_name", "why"])
    if events is not None:
        cart = abandoned_carts(events, transactions, engine)
    return {
        "homepage": homepage(candidates, product_table(transactions), n),
        "email": email(candidates, transactions, consent=consent)[0],
        "product_page": product_page(engine, 3),
        "cart": cart,
    }
