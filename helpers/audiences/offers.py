"""Lesson 09, third layer. Whom to offer what: what an offer can be expected to gain."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtr

from helpers import writing
from helpers.data import line_amounts
from helpers.experiments import fraction


@dataclass(frozen=True)
class OfferRules:
    """Who gets a retention offer. The money is an *assumption*: put your own in.

    Attributes
    ----------
    margin_share : float
        Of a purchase's amount, what remains after costs.
    offer_cost : float
        Of an offer that is used, e.g. a voucher; in the shop's currency.
    contact_cost : float
        Of sending one offer, used or not.
    response : float
        Expected share of the offers that are used.
    holdout_share : float
        So large a part of the customers never gets an offer, to measure by what offers earn.
    holdout_salt : str
        Which customers these are; keep it, or last month's holdout gets mailed.
    deny_categories : collection of str
        Never offered: categories that tell something private. Where the shop knows categories, a
        product without one is not offered either.
    consent : collection of customer ids, optional
        Who agreed to personal offers; everybody, if left out.
    reminded : collection of customer ids
        Who gets a cart reminder, where that is all that the shop's ``contact_cap`` allows.
    """

    margin_share: float = 0.4
    offer_cost: float = 5.0
    contact_cost: float = 0.05
    response: float = 0.05
    holdout_share: float = 0.1
    holdout_salt: str = "retention"
    deny_categories: Collection[str] = ()
    consent: Collection[str] | None = None
    reminded: Collection[str] = ()

    def __post_init__(self):
        if isinstance(self.deny_categories, str):
            # its letters would be taken for categories, and nothing would be denied
            raise ValueError(
                f"deny_categories is {self.deny_categories!r}; it must be a list, such as "
                f"[{self.deny_categories}]."
            )
        if not 0 <= self.holdout_share < 1:
            raise ValueError(
                f"holdout_share is {self.holdout_share}; it must be a share of the customers, "
                "from 0 (nobody is held out) to below 1."
            )


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


def in_holdout(customer_ids: Iterable[str], share: float, salt: str = "retention") -> np.ndarray:
    """Who is held out: the same customers every month, on every machine, in every order.

    Parameters
    ----------
    customer_ids : iterable of str
    share : float
        0 to 1, of the customers. A larger share keeps those of a smaller one.
    salt : str
        Another text deals them anew.

    Returns
    -------
    ndarray of bool
        As many as ids: whether :func:`helpers.experiments.fraction` lies below `share`.
    """
    return np.array([fraction(each, salt) < share for each in customer_ids], bool)


def smallest_visible(n_offers: int, n_held_out: int, rate: float) -> float:
    """The smallest difference in the share of buyers that a comparison would probably show.

    With a chance of 80 % its 95 % interval then does not include zero (normal approximation:
    2.8 standard errors, 1.96 + 0.84).

    Parameters
    ----------
    n_offers, n_held_out : number
        Customers with an offer, and those who would have had one.
    rate : float
        Share that buys without an offer, 0 to 1.

    Returns
    -------
    float
        Infinite where one of the two groups is empty.
    """
    if not (n_offers and n_held_out):
        return np.inf
    return 2.8 * np.sqrt(rate * (1 - rate) * (1 / n_offers + 1 / n_held_out))


def expected_profit(amount, risk, rules: OfferRules):
    """What one offer can be expected to gain: response x (risk x margin - voucher) - contact cost.

    The voucher is paid for everybody who uses it; the margin is gained only from those who would
    have stayed away. Both respond alike: an assumption that only a test can check.

    Parameters
    ----------
    amount : number or Series
        What a purchase of the product usually costs.
    risk : number or Series
        Chance that the customer stays away without an offer; calibrated, since it is multiplied
        with money.
    rules : OfferRules
    """
    gained = risk * rules.margin_share * amount - rules.offer_cost
    return rules.response * gained - rules.contact_cost


def break_even_risk(amount: float, rules: OfferRules) -> float:
    """From which risk on an offer pays: (voucher + contact cost / response) / margin.

    Solved from :func:`expected_profit` = 0. Above 1: it never pays. Missing without an amount.
    """
    margin = rules.margin_share * amount
    if not (margin > 0 and rules.response > 0):
        return np.nan
    return (rules.offer_cost + rules.contact_cost / rules.response) / margin


def break_even_difference(amount: float, rules: OfferRules) -> float:
    """From how many new buyers per offer on a mailing pays, as a share of those mailed.

    (response x voucher + contact cost) / margin, which is the break-even risk x response. Missing
    without an amount.
    """
    return rules.response * break_even_risk(amount, rules)


def retention_offers(
    customers: pd.DataFrame,
    candidates: pd.DataFrame,
    products: pd.DataFrame,
    amounts: pd.Series | None,
    rules: OfferRules,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """One offer per customer: the next product, where it can be expected to gain something.

    Parameters
    ----------
    customers : DataFrame
        Index ``customer_id``, column ``risk`` (:func:`churn_risk`), and what else the list should
        show, e.g. ``segment``.
    candidates : DataFrame
        From :func:`helpers.production.score_everyone`, some products per customer: where a rule
        forbids the best one, the next one that it allows is offered.
    products : DataFrame
        From :func:`helpers.data.product_table`.
    amounts : Series or None
        From :func:`product_amounts`. None: nobody knows what an offer gains, so everybody gets
        one, the riskiest first.
    rules : OfferRules

    Returns
    -------
    offers : DataFrame
        One row per offer, the largest expected profit first: ``customer_id``, the columns of
        `customers`, ``product_id``, ``product_name``, ``reason``, and ``expected_profit``
        (:func:`expected_profit`) where amounts are known. Nobody of the holdout is in it.
    funnel : DataFrame
        One row per step: ``step``, ``customers`` that remain, ``products`` (candidates that they
        have left, all together), ``left_out`` (customers). A rule that can't be applied has a
        step that says so.
    held_out : DataFrame
        The holdout among those who agreed: ``customer_id`` and ``eligible`` (whether an offer
        would have gone out today: compare those with the offers' customers).
    """
    steps = []

    def note(step):
        """What remains after a step; the customers are counted who still have a product."""
        steps.append((step, len(left), len(table)))

    left = customers.index
    table = _of(candidates, left)
    note("have bought something")
    if rules.consent is None:
        note("consent not checked: everybody agreed")
    else:
        left = left[_among(left, list(rules.consent))]
        table = _of(table, left)
        nobody = not len(rules.consent)
        note("agreed to offers" + " (nobody: see consent_path, everybody_agreed)" * nobody)
    if len(rules.reminded):
        left = left[~_among(left, list(rules.reminded))]
        table = _of(table, left)
        note("get no cart reminder already (contact_cap)")
    agreed = left
    table = table[table["source"] != "popularity"]
    left = left[_among(left, table["customer_id"])]
    note("have a personal next product")
    if len(rules.deny_categories):
        known, denied = _folded(products["product_category"]), _folded(rules.deny_categories)
        category = table["product_id"].map(known)
        if known.notna().any():
            table = table[category.notna() & ~category.isin(denied)]
            left = left[_among(left, table["customer_id"])]
            unknown = [each for each, folded in zip(rules.deny_categories, denied, strict=True)
                       if folded not in set(known)]  # fmt: skip
            note(
                "have one that is not sensitive"
                + (f" (no product is of {', '.join(unknown)})" if unknown else "")
            )
        else:
            note("categories not checked: none known")
    if amounts is None:
        note("expected profit not checked: no amounts")
    else:
        amount = table["product_id"].map(amounts).astype(float)
        risk = table["customer_id"].map(customers["risk"]).astype(float)
        profit = expected_profit(amount, risk, rules)
        table = table.assign(expected_profit=profit)[profit > 0]
        left = left[_among(left, table["customer_id"])]
        note("have one that is expected to pay")
    held_out = pd.DataFrame({"customer_id": agreed, "eligible": _among(agreed, left)})
    held_out = held_out[in_holdout(agreed, rules.holdout_share, rules.holdout_salt)]
    left = left[~_among(left, held_out["customer_id"])]
    table = _of(table, left)
    note(f"are not in the holdout ({rules.holdout_share:.0%})")

    columns = ["customer_id", "product_id", "product_name", "reason"]
    columns += ["expected_profit"] * ("expected_profit" in table)
    first = table.sort_values("rank", kind="stable").drop_duplicates("customer_id")[columns]
    offers = customers.rename_axis("customer_id").reset_index()
    offers = offers.merge(first, on="customer_id", how="inner")
    by = "expected_profit" if "expected_profit" in offers else "risk"
    offers = offers.sort_values([by, "customer_id"], ascending=[False, True], kind="stable")
    funnel = pd.DataFrame(steps, columns=["step", "customers", "products"])
    funnel["left_out"] = -funnel["customers"].diff().fillna(0).astype(int)
    return offers.reset_index(drop=True), funnel, held_out.reset_index(drop=True)


def _folded(categories):
    """Categories as they are compared: case and blanks around don't count."""
    if not isinstance(categories, pd.Series):
        categories = pd.Series(list(categories))
    return categories.astype("str").str.strip().str.lower()


def _of(candidates, customer_ids):
    return candidates[_among(candidates["customer_id"], customer_ids)]


def _among(ids, wanted):
    """As `isin` says, which turns each text that is wanted into a Python object: a slow way."""
    return pd.Index(wanted).unique().get_indexer(ids) >= 0


def write_offers(offers: pd.DataFrame, held_out: pd.DataFrame, output_dir) -> None:
    """Write ``retention_offers.csv`` and ``retention_holdout.csv`` into the run's folder.

    The holdout has a file of its own, without products, so that nobody in it is mailed by
    accident. In class (`output_dir` empty) nothing is written.
    """
    if output_dir:
        writing.write_csv(offers, Path(output_dir) / "retention_offers.csv")
        writing.write_csv(held_out, Path(output_dir) / "retention_holdout.csv")


def holdout_plan(
    n: int,
    risk: float,
    response: float,
    shares=None,
    must_beat: float = 0.0,
    comes_true: float = 1.0,
) -> pd.DataFrame:
    """What one mailing can show, by the share of the customers that is held out.

    Parameters
    ----------
    n : int
        Customers who may be mailed, those held out included.
    risk : float
        Their mean chance of staying away without an offer, 0 to 1.
    response : float
        Share of the offers that are used. Expected is a difference of response x risk: at most,
        since leavers may not read mails (see `comes_true`).
    shares : sequence of float, optional
        Shares held out, above 0 and below 1.
    must_beat : float
        The 95 % interval is to lie above this difference: :func:`break_even_difference`, where a
        mailing has to pay. Zero asks only whether it changes anything.
    comes_true : float
        So much of response x risk is really won: less than 1 where leavers use fewer of the
        vouchers, or where the mail drives customers away.

    Returns
    -------
    DataFrame
        Index: share held out. ``visible`` (the smallest difference, 0 to 1, that probably shows:
        `must_beat` and :func:`smallest_visible`), ``needed`` (customers, offers and holdout
        together, to see what is expected; infinite where no more than `must_beat` is expected),
        ``expected``, the same in all rows, ``give_or_take`` (half of the 95 % interval), and
        ``chance`` (that the interval lies above `must_beat`, if what is expected is true).
    """
    shares = np.arange(1, 20) / 20 if shares is None else np.asarray(shares, dtype=float)
    expected = response * risk * comes_true
    one = np.array([smallest_visible(1 - share, share, 1 - risk) for share in shares])
    visible = must_beat + one / np.sqrt(max(n, 1))
    table = pd.DataFrame({"visible": visible}, pd.Index(shares, name="held out"))
    more = expected - must_beat
    needed = (one / more) ** 2 if more > 0 else np.inf
    error = one / np.sqrt(max(n, 1)) / 2.8
    sure = np.full(len(error), np.inf if more > 0 else -np.inf)  # all risks alike: no luck
    distance = np.divide(more, error, out=sure, where=error > 0) - 1.96
    told = {"give_or_take": 1.96 * error, "chance": ndtr(distance)}
    return table.assign(needed=needed, expected=expected, **told)


def is_private(
    table: pd.DataFrame, products: pd.DataFrame, categories: Collection[str]
) -> pd.Series:
    """Which purchases (or events) are of categories that must not decide who gets an offer.

    Parameters
    ----------
    table : DataFrame
        With a column ``product_id``.
    products : DataFrame
        From :func:`helpers.data.product_table`.
    categories : collection of str
        In any spelling of capitals.

    Returns
    -------
    Series of bool
        All False where no category is known.
    """
    known = _folded(products["product_category"])
    return table["product_id"].map(known).isin(_folded(categories))


def offered_share(groups: pd.Series, chosen: Collection[str]) -> pd.DataFrame:
    """Who never gets an offer: the share of each group that is on the list.

    Parameters
    ----------
    groups : Series
        Each customer's group, by customer id.
    chosen : collection of customer ids

    Returns
    -------
    DataFrame
        One row per group: ``customers`` and ``share`` (0 to 1), the smallest share first.
    """
    on_it = pd.Series(groups.index.isin(list(chosen)), index=groups.index).groupby(groups)
    table = pd.DataFrame({"customers": on_it.size(), "share": on_it.mean()})
    return table.sort_values("share", kind="stable")
