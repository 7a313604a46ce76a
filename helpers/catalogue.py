"""Lesson 06. What may be shown, and to whom: catalogue, stock, deny lists, new products.

An engine learns from all purchases, also of what is out of stock today: a sold-out kettle says as
much about its buyers as any other. The rules apply where products are ranked, so that a list is
filled from further down. What can't be checked is not shown: where the catalogue has a column
``in_stock``, a product without an answer in it is not in stock.

Evaluation (lesson 05, the memo) judges without these rules: nobody knows what was in stock then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import gammaln

from helpers import evaluate
from helpers.data import (
    DataError,
    Parameters,
    as_known,
    clean_ids,
    product_table,
    read_products,
)
from helpers.kernels import scale_rows
from helpers.matrix import build_interaction_matrix
from helpers.recommend import ItemBased, Recommender


@dataclass(frozen=True, eq=False)
class Rules:
    """What must not be shown, and what else a shop wants of its lists.

    Attributes
    ----------
    products : DataFrame
        Indexed by ``product_id``: ``product_name``, ``product_category``, ``price`` (the
        catalogue's where it has them, else the purchases'), ``may_be_shown``, ``may_be_named``
        (as a reason), ``is_new`` (in the catalogue, and nobody has bought it), and why it isn't
        shown: ``is_forbidden`` (denied, or not allowed), ``is_sold_out``.
    no_personal_list : tuple of customer ids
        They get best sellers, and no mail, reminder or offer.
    one_of_category : tuple of str
        Categories of which one product is enough.
    contact_cap : int, optional
    everybody_agreed : bool
    places_for_new : int
        The last so many places of a personal list are for new products.
    findings : dict of str to int
        Products that are not shown, by the first reason that applies.
    unknown : dict of str to str
        Names that nothing in the shop has, misspelled or long gone, by the parameter that has them.
    """

    products: pd.DataFrame
    no_personal_list: tuple[str, ...] = ()
    one_of_category: tuple[str, ...] = ()
    contact_cap: int | None = None
    everybody_agreed: bool = False
    places_for_new: int = 0
    findings: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def shown(self, product_ids) -> np.ndarray:
        """Whether each product may be shown; what is not known may not."""
        return self._flag("may_be_shown", product_ids)

    def not_shown(self) -> pd.Index:
        """The products that must not be shown."""
        return self.products.index[~self.products["may_be_shown"]]

    def named(self, product_ids) -> np.ndarray:
        """Whether each product may be named as a reason; what is not known may not."""
        return self._flag("may_be_named", product_ids)

    def _flag(self, name, product_ids):
        return self.products[name].reindex(product_ids, fill_value=False).to_numpy()

    def enough_of(self, product_ids) -> pd.Series:
        """Each product's category if one of it is enough, else missing; by product id."""
        category = self.products["product_category"].reindex(product_ids)
        return category.where(_folded(category).isin(_folded_list(self.one_of_category)))

    def silent_about(self, categories) -> Rules:
        """The same, but products of these categories are not named as reasons either."""
        sensitive = _folded(self.products["product_category"]).isin(_folded_list(categories))
        named = self.products["may_be_named"] & ~sensitive
        return replace(self, products=self.products.assign(may_be_named=named))

    def settings(self) -> dict:
        """All but the products, as plain values."""
        return {
            "no_personal_list": list(self.no_personal_list),
            "one_of_category": list(self.one_of_category),
            "contact_cap": self.contact_cap,
            "everybody_agreed": self.everybody_agreed,
            "places_for_new": self.places_for_new,
            "findings": self.findings,
            "unknown": self.unknown,
        }

    @classmethod
    def restore(cls, products: pd.DataFrame, settings: dict) -> Rules:
        """The rules again from their parts, e.g. from a file."""
        lists = {n: tuple(v) if isinstance(v, list) else v for n, v in settings.items()}
        return cls(products, **lists)


def shop_rules(
    transactions: pd.DataFrame, shop: Parameters, events: pd.DataFrame | None = None
) -> Rules:
    """A shop's rules, from its parameters and its catalogue.

    Parameters
    ----------
    transactions : DataFrame
        From :mod:`helpers.data`.
    shop : Parameters
    events : DataFrame, optional
        They have customers without a purchase.

    Returns
    -------
    Rules

    Raises
    ------
    DataError
        As in :func:`rules_for`, and if the catalogue can't be read.
    """
    known = product_table(transactions)
    catalogue = read_products(shop, known.index)[0]
    return rules_for(known, catalogue, shop, all_customers(transactions, events))


def all_customers(*tables: pd.DataFrame | None) -> pd.Index:
    """Everybody in the purchases and the events."""
    return pd.Index(pd.concat([t["customer_id"] for t in tables if t is not None]).unique())


def rules_for(
    known: pd.DataFrame,
    catalogue: pd.DataFrame | None = None,
    shop: Parameters | None = None,
    customers: pd.Index | None = None,
) -> Rules:
    """Rules from what is known of the products.

    Parameters
    ----------
    known : DataFrame
        Of the products that were bought; from :func:`helpers.data.product_table`, or an index of
        their ids alone.
    catalogue : DataFrame, optional
        From :func:`helpers.data.read_products`.
    shop : Parameters, optional
        Without them, everything may be shown to everybody.
    customers : Index of ids, optional
        Who is known; see :func:`all_customers`. Denied customers are then found whatever the case
        of their ids, as products are.

    Returns
    -------
    Rules

    Raises
    ------
    DataError
        If a rule can't be applied, if the catalogue has none of the products that were bought,
        or if nothing remains that may be shown.
    """
    shop = shop or Parameters()
    if catalogue is not None and not known.index.isin(catalogue.index).any():
        raise DataError(
            f"products_path: none of the {len(known):,} products that were bought is among the "
            f"{len(catalogue):,} of the catalogue: ids look like {known.index[0]!r} in the "
            f"purchases and like {catalogue.index[0]!r} there. Name the right column in "
            "`product_columns`, or set `merge_case` if they differ by case."
        )
    products = described(known, catalogue)
    reasons = _reasons(products, known, catalogue, shop)
    hidden = pd.Series(False, products.index)
    findings = {}
    for reason, applies in reasons.items():
        # what is new and can't be shown is nobody's loss: only what was bought is counted
        findings[reason] = int((applies & ~hidden & products.index.isin(known.index)).sum())
        hidden |= applies
    if hidden.reindex(known.index).all() and len(known):
        why = ", ".join(f"{reason}: {n:,}" for reason, n in findings.items() if n)
        raise DataError(
            f"Nothing is left to recommend: of the {len(known):,} products that were bought, none "
            f"may be shown ({why}). Look at the catalogue, or loosen the rules."
        )
    nothing = pd.Series(False, products.index)
    denied = reasons.get("denied", nothing)
    products = products.assign(may_be_shown=~hidden, may_be_named=~denied,
                               is_new=~products.index.isin(known.index),
                               is_forbidden=denied | reasons.get("not allowed", nothing),
                               is_sold_out=reasons.get("out of stock", nothing))  # fmt: skip
    alone = clean_ids(shop.deny_customers) if shop.deny_customers else []
    alone = alone if customers is None else as_known(alone, customers)
    return Rules(
        products,
        tuple(alone),
        tuple(shop.one_of_category),
        shop.contact_cap,
        shop.everybody_agreed,
        shop.places_for_new,
        {name: count for name, count in findings.items() if count},
        _unknown_names(products, shop, alone, customers),
    )


def described(known: pd.DataFrame, catalogue: pd.DataFrame | None = None) -> pd.DataFrame:
    """Names, categories and prices of all products: the catalogue's stand above the purchases'.

    Returns
    -------
    DataFrame
        Indexed by ``product_id``, sorted: ``product_name``, ``product_category``, ``price``.
    """
    ids = known.index if catalogue is None else known.index.union(catalogue.index)
    columns = ["product_name", "product_category", "price"]
    products = known.reindex(index=ids, columns=columns).astype(object)
    for name in columns:
        if catalogue is not None and name in catalogue:
            products[name] = catalogue[name].reindex(ids).astype(object).fillna(products[name])
    products["product_name"] = products["product_name"].fillna(ids.to_series())
    products["price"] = pd.to_numeric(products["price"], errors="coerce").astype("float64")
    text = ["product_name", "product_category"]
    return products.astype(dict.fromkeys(text, "str")).rename_axis("product_id")


def _reasons(products, known, catalogue, shop):
    """Why a product is not shown: for each reason, whether it applies."""
    reasons = {}
    if catalogue is not None:
        rows = catalogue.reindex(products.index)
        reasons["not in the catalogue"] = ~products.index.isin(catalogue.index)
        if "allowed" in rows:
            reasons["not allowed"] = rows["allowed"] != 1
        if "in_stock" in rows:
            reasons["out of stock"] = rows["in_stock"] != 1
        if "launched" in rows:  # most products are older than anybody's notes: no date, no rule
            reasons["not launched yet"] = rows["launched"] > pd.Timestamp.now()
    if shop.margin_floor is not None:
        if catalogue is None or "margin" not in catalogue:
            raise DataError(
                "margin_floor is given, but there is no catalogue with a column `margin`. Name "
                "the file in `products_path`, its column in `product_columns`; or leave it out."
            )
        # also what has no known margin
        reasons["below the margin floor"] = ~(rows["margin"] >= shop.margin_floor)
    if shop.places_for_new and catalogue is None:
        raise DataError(
            "places_for_new is given, but there is no catalogue that could name new products. "
            "Name the file in `products_path`, or leave it out."
        )
    if shop.deny_products or shop.deny_categories:
        reasons["denied"] = products.index.isin(_denied_ids(products.index, shop))
    if shop.deny_categories:
        category = products["product_category"]
        if category.isna().all():
            raise DataError(
                "deny_categories is given, but no product has a category. Name the column "
                "`product_category` of the purchases or of the catalogue, or list the products in "
                "`deny_products`."
            )
        # a product without a category may be of a denied one
        reasons["denied"] |= category.isna() | _folded(category).isin(
            _folded_list(shop.deny_categories)
        )
    return {name: pd.Series(np.asarray(rule), products.index) for name, rule in reasons.items()}


def _denied_ids(ids, shop):
    return as_known(clean_ids(shop.deny_products), ids) if shop.deny_products else []


def _unknown_names(products, shop, alone, customers):
    """Names in the rules that nothing in the shop has; customers are counted, not named."""
    unknown = {"deny_products": set(_denied_ids(products.index, shop)) - set(products.index)}
    categories = set(_folded(products["product_category"]).dropna())
    for name in ("deny_categories", "one_of_category"):
        unknown[name] = {e for e in getattr(shop, name) if e.strip().lower() not in categories}
    said = {name: ", ".join(sorted(names))[:200] for name, names in unknown.items() if names}
    new = products.index[products["is_new"]]
    nearly = new[_bare(new).isin(_bare(products.index[~products["is_new"]]))]
    if len(nearly):
        said["products_path"] = (
            f"{len(nearly):,} id(s) that differ from the purchases' by case or leading zeros only, "
            f"such as {nearly[0]!r}"
        )
    strangers = set(alone) - set(alone if customers is None else customers)
    return said | ({"deny_customers": f"{len(strangers):,} id(s)"} if strangers else {})


def _bare(ids):
    return ids.str.lower().str.lstrip("0")


def _folded(category):
    """Categories as they are compared: case and blanks around don't count."""
    return category.str.strip().str.lower()


def _folded_list(categories):
    return [str(each).strip().lower() for each in categories]


# Products that nobody has bought


class NewProducts(Recommender):
    """New products, by how much they look like what a customer bought or looked at.

    A product is described by its category, its price level (a quarter of all products each) and
    the words of its name; a word in many names counts less, one in all of them nothing. The score
    is the sum of its cosines with the customer's purchases.

    Parameters
    ----------
    products : DataFrame
        As in :class:`Rules`; those that are new and may be shown are recommended.

    Attributes
    ----------
    products_ : Index
        The new products.
    weights_ : csr_array, shape (n_known, n_new)
        What a purchase (row) says for each new product (column).
    """

    def __init__(self, products: pd.DataFrame):
        self.products = products

    def beside(self, model: ItemBased) -> NewProducts:
        """Learn of a fitted model's customers; there is nothing else to learn.

        Returns
        -------
        self
        """
        new = self.products["is_new"] & self.products["may_be_shown"]
        self.customers_, self.products_ = model.customers_, self.products.index[new]
        self.known_ = model.products_
        self.histories_ = {"bought": model.purchases_, "looked at": model.intent_}
        known = self.products.index.get_indexer(model.products_)
        self.weights_ = _likeness(self.products, known, np.flatnonzero(new))
        return self

    def _scores(self, rows):
        parts = [each[rows] for each in self.histories_.values() if each is not None]
        return (sum(parts[1:], parts[0]) @ self.weights_).toarray()

    def explain(self, recommendations: pd.DataFrame, rules: Rules, names: pd.Series) -> pd.Series:
        """The reason for each recommendation: the purchase that it looks most like.

        Parameters
        ----------
        recommendations : DataFrame
            ``customer_id`` and ``product_id``.
        rules : Rules
            Say what may be named.
        names : Series
            By product id.
        """
        rows = self.customers_.get_indexer(recommendations["customer_id"])
        columns = self.products_.get_indexer(recommendations["product_id"])
        speaks = self.weights_.T.tocsr()[columns]
        said = pd.Series("new, like something that you bought", recommendations.index)
        found = pd.Series(False, recommendations.index)
        for how, history in self.histories_.items():
            if history is None:
                continue
            part = sparse.coo_array(history[rows].multiply(speaks))
            causes = pd.DataFrame({"at": part.coords[0], "of": self.known_[part.coords[1]],
                                   "much": part.data})  # fmt: skip
            causes = causes[rules.named(causes["of"])].sort_values(
                ["at", "much", "of"], ascending=[True, False, True], kind="stable"
            )
            best = causes.drop_duplicates("at").set_index("at")["of"]
            here = best.reindex(range(len(said))).to_numpy()
            fill = pd.notna(here) & ~found.to_numpy()
            texts = "new, like " + names.reindex(here[fill]) + f" that you {how}"
            said[fill] = texts.to_numpy()
            found |= fill
        return said


def _likeness(products, known, new):
    """Cosines of known products (rows) and new ones (columns); a price alone is no likeness."""
    kinds = [_category(products), _words(products)]
    kinds = sparse.csr_array(sparse.hstack(kinds, format="csr"))
    features = sparse.csr_array(sparse.hstack([kinds, _price_level(products)], format="csr"))
    kinds, features = _unit_rows(kinds), _unit_rows(features)
    alike = (kinds[known] @ kinds[new].T) > 0
    return sparse.csr_array((features[known] @ features[new].T).multiply(alike))


def _category(products):
    return _indicators(_folded(products["product_category"]))


def _price_level(products):
    """A quarter of all prices each; as in ContentBased, half as much as a category."""
    level = pd.Series(np.nan, products.index)
    if products["price"].nunique() > 3:
        level = pd.qcut(products["price"].rank(method="first"), 4, labels=False)
    return _indicators(level) * 0.5


def _indicators(values):
    column, names = pd.factorize(values)
    row = np.flatnonzero(column >= 0)
    shape = (len(values), max(len(names), 1))
    return sparse.csr_array((np.ones(len(row)), (row, column[row])), shape)


def _words(products):
    """The words of a name that others have as well, the rarer the more, as rows of length 1."""
    words = products["product_name"].str.lower().str.findall(r"[^\W\d_]{3,}").explode().dropna()
    words = words.reset_index().drop_duplicates()
    words.columns = ["product_id", "word"]
    words = words[words["word"].duplicated(keep=False)]
    column, vocabulary = pd.factorize(words["word"])
    row = products.index.get_indexer(words["product_id"])
    rare = np.log(len(products) / np.bincount(column))
    shape = (len(products), max(len(vocabulary), 1))
    return _unit_rows(sparse.csr_array((rare[column], (row, column)), shape))


def _unit_rows(values):
    values.eliminate_zeros()
    return scale_rows(values)


def judge_launches(
    transactions: pd.DataFrame,
    rules: Rules,
    test_days: int = 60,
    places: int = 1,
) -> dict | None:
    """Would the places for new products have named what was bought of the launches?

    Products first sold after the cut are the new ones at the cut. Judged are customers who had
    bought before, and bought one of them after.

    Parameters
    ----------
    transactions : DataFrame
    rules : Rules
        Names, categories and prices: those are known on the day of a launch.
    test_days : int
        As in lesson 05.
    places : int

    Returns
    -------
    dict or None
        ``launches``, ``customers``, ``hit_rate`` (share of the customers for whom one of the
        places had a product that they bought), ``chance`` (the same for places filled by chance
        from the same launches) and ``difference`` with its 95 % interval, ``low`` and ``high``.
        None where nothing can be judged.
    """
    try:
        split = evaluate.split_by_time(transactions, None, test_days)
    except evaluate.TooShortError:
        return None
    matrix = build_interaction_matrix(split.train)
    new = pd.Index(split.test["product_id"].unique()).difference(matrix.products)
    later = split.test[split.test["product_id"].isin(new)]
    later = later[later["customer_id"].isin(matrix.customers)]
    later = later[["customer_id", "product_id"]].drop_duplicates()
    if later.empty:
        return None
    there = rules.products.loc[matrix.products.union(new)]
    there = there.assign(is_new=there.index.isin(new), may_be_shown=True)
    model = ItemBased().fit(matrix)
    bought = later["customer_id"].value_counts()
    lists = NewProducts(there).beside(model).recommend(bought.index, places, False)
    hits = lists.merge(later)["customer_id"].unique()
    hit = bought.index.isin(hits).astype(float)
    chance = _by_chance(len(new), bought.to_numpy(), min(places, len(new)))
    low, high = evaluate.interval(hit - chance)
    return {
        "launches": len(new),
        "customers": len(bought),
        "hit_rate": float(hit.mean()),
        "chance": float(chance.mean()),
        "difference": float((hit - chance).mean()),
        "low": float(low),
        "high": float(high),
    }


def _by_chance(n, right, places):
    """The chance that `places` of n things, drawn by chance, hold at least one of the right."""

    def ways(some):  # logarithm of the number of ways to draw from so many
        return gammaln(some + 1) - gammaln(places + 1) - gammaln(some - places + 1)

    wrong = n - right
    misses = np.where(wrong >= places, np.exp(ways(np.maximum(wrong, places)) - ways(n)), 0)
    return 1 - misses
