"""Which column seems to mean which of ours: by its name first, held against what is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pandas as pd

from helpers.course.describing.dates import looks_like_dates
from helpers.course.describing.numbers import as_numbers, decimal_of, share_of_numbers
from helpers.course.describing.words import (
    event_meaning,
    parts_of,
    ranks,
    squeezed,
    squeezed_list,
    without_table,
    words,
    written_out,
)
from helpers.plausibility import grows_with_quantity, several_in_a_cell, states_of

# In this order, since a column has one meaning only.
PURCHASES = ("transaction_date", "customer_id", "product_id", "transaction_id", "quantity",
             "unit_price", "total_amount", "product_category", "product_name",
             "payment_method")  # fmt: skip
EVENTS = ("event_date", "event_type", "customer_id", "product_id", "event_id", "product_category")
CATALOGUE = ("product_id", "product_category", "product_name", "price", "margin", "in_stock",
             "launched", "allowed")  # fmt: skip
REQUIRED = {"transaction_date", "customer_id", "product_id", "event_date", "event_type"}
_DATES = {"transaction_date", "event_date", "launched"}
_NUMBERS = {"quantity", "unit_price", "total_amount", "price", "margin"}


@dataclass
class Meaning:
    """What the columns of a table seem to mean.

    Attributes
    ----------
    chosen : dict of str to str
        Ours: theirs.
    others : dict of str to list of str
        Ours: further columns that could mean it.
    doubted : dict of str to str
        Ours: why the choice may be wrong; it is left to the user.
    remarks : dict of str to str
        Ours: what else is worth knowing of the choice.
    """

    chosen: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)
    doubted: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)


def meaning_of(
    frame: pd.DataFrame, names: tuple[str, ...], dates: set[str], known: dict | None = None
) -> Meaning:
    """Propose a meaning for a table's columns.

    Parameters
    ----------
    frame : DataFrame of str
    names : tuple of str
        Ours, in the order in which they choose.
    dates : set of str
        Columns whose cells are dates already.
    known : dict of str to set of str, optional
        Ids of another table; the column that has most of them is meant.

    Returns
    -------
    Meaning
    """
    found, taken = Meaning(), set()
    for ours in names:
        free = [theirs for theirs in frame if theirs not in taken]
        ranked = [(rank, theirs) for theirs in free
                  if (rank := _rank(ours, theirs)) is not None
                  and _fits(ours, frame[theirs], theirs, frame, dates, found)]  # fmt: skip
        ids = (known or {}).get(ours)
        ranked.sort(key=lambda each: (-_overlap(frame[each[1]], ids),
                                      _is_of_a_line(ours, frame[each[1]]), each[0]))  # fmt: skip
        candidates = [theirs for _, theirs in ranked]
        if candidates:
            found.chosen[ours] = candidates[0]
            taken.add(candidates[0])
            found.others[ours] = candidates[1:4]
        elif ours in REQUIRED:
            likely, why = _by_content(ours, frame, found, taken, dates, ids)
            why = why and f"{why}, whatever its name"
            if not likely and ours in _DATES:
                named = [(rank, theirs) for theirs in free
                         if (rank := _rank(ours, theirs)) is not None]  # fmt: skip
                likely, why = [theirs for _, theirs in sorted(named)[:1]], "its name says so"
            if why and len(likely) == 1:  # nothing else can be meant
                found.chosen[ours] = likely[0]
                taken.add(likely[0])
                found.remarks[ours] = why
            else:
                found.others[ours] = likely
    found.others = {
        ours: [theirs for theirs in others if theirs not in taken]
        for ours, others in found.others.items()
    }
    _ask_where_side_by_side(frame, found)
    _prefer_people(frame, found)
    _prefer_the_line(frame, found)
    if theirs := found.chosen.get("total_amount"):
        found.doubted |= _order_totals(frame, found.chosen, theirs)
    return found


def _rank(ours, theirs):
    """How clearly a name says what is meant; None if it does not."""
    bare, ranked = squeezed(theirs), ranks(ours)
    if bare in ranked:
        return ranked[bare]
    if (short := squeezed(without_table(theirs))) in ranked:
        return 500 + ranked[short]
    if (long := written_out(without_table(theirs))) in ranked:
        return 700 + ranked[long]
    parts = parts_of(theirs)
    beside = set(parts) & set(words()["not_paid"])
    if ours in _NUMBERS and beside and not set(parts) & set(words()["with_or_without"]):
        return None
    for start in range(1, len(parts)):  # shop_customer_id, item.item_id, Kunden-Nr. (neu)
        for ends in ("".join(parts[start:]), "".join(parts[:-start])):
            # a single short word at an end says too little: "name", "id", "type", "day"
            if ends in ranked and len(ends) > 5:
                return 1_000 + ranked[ends]
    return None


def _fits(ours, column, theirs, frame, dates, found):
    """Whether what is in a column can be what its name says."""
    filled = column.dropna()
    may_be_one = ours in _NUMBERS or ours == "payment_method"
    if filled.empty or (filled.nunique() == 1 and len(filled) > 1 and not may_be_one):
        return False
    if ours in _DATES:
        return theirs in dates or looks_like_dates(column)
    if theirs in dates:
        return False
    if ours in _NUMBERS:
        return share_of_numbers(filled) > 0.5 or _rank(ours, theirs) < 3
    share = len(filled) / len(column)
    if ours == "product_id":
        if 0.1 < share <= 0.5:  # of the lines, where orders and payments have rows of their own
            kind, out = kinds_without(frame, theirs, found.chosen.values())
            share = column[~frame[kind].isin(out)].notna().mean() if kind else share
        return share > 0.5 and not several_in_a_cell(filled)[0]
    if ours == "customer_id":  # numbers of five digits may be days of Excel, and are customers
        return share > 0.1 and (_is_digits(column) or not looks_like_dates(column))
    if ours == "payment_method":
        return filled.nunique() <= 50
    if squeezed(theirs) == "name":
        coded = filled.str.fullmatch(r"\S*\d\S*").mean() > 0.9
        if coded == (ours != "transaction_id"):
            return False
    if ours == "transaction_id" and filled.nunique() < min(10, 0.01 * len(filled)):
        return False
    if ours == "event_type":
        return filled.nunique() <= max(200, 0.01 * len(filled))
    if ours == "product_category":
        few = "type" in parts_of(theirs) and filled.nunique() <= 40
        undone = few and (states_of(filled.unique()) == "undone").any()
        undone |= few and _is_one_of_products(column, frame, found)
        if undone or (few and _is_no_trait(column, frame, found)):
            return False  # of Sale and Return: a kind of row, and no kind of product
        return filled.nunique() <= 0.5 * len(filled) and share_of_numbers(filled) < 0.9
    if ours != "product_name":
        return True
    if squeezed(theirs) in ranks("product_id") and squeezed(theirs) not in ranks(ours):
        return False  # a product_number is no name
    is_text = filled.str.contains(r"[^\W\d]{2}").mean() > 0.5
    return is_text and not _is_no_trait(column, frame, found, most=0.5)


def _is_one_of_products(column, frame, found):
    """Whether all rows with a product have one value: the others are no lines."""
    product = found.chosen.get("product_id")
    return product is not None and column[frame[product].notna()].nunique() < 2


def _is_no_trait(column, frame, found, most=0.99):
    """Whether products have several values, each of several products: a buyer's name.

    A variant's name is of one product, though the product has several; so is a new name.
    """
    product = found.chosen.get("product_id")
    if product is None:
        return False
    rows = pd.DataFrame({"product": frame[product], "value": column}).dropna()
    together = rows.value_counts()
    for one, least in (("product", 5), ("value", 1)):
        seen = together.groupby(level=one).agg(["sum", "max"])
        often = seen[seen["sum"] >= 5]
        # how much of it the commonest is, of nearly each of them
        if len(often) < least or (often["max"] / often["sum"]).quantile(0.8) > most:
            return False
    return True


def kinds_without(frame: pd.DataFrame, product: str, taken=()) -> tuple[str, list[str]]:
    """Kinds of rows that never have a product, beside others that nearly always have.

    Parameters
    ----------
    frame : DataFrame of str
    product : str
        Its column of products.
    taken : iterable of str
        Columns that mean something else.

    Returns
    -------
    str, list of str
        The column of the kinds, and these kinds; empty if there is none.
    """
    for column in frame.columns.difference([product, *taken], sort=False):
        names = {squeezed(without_table(column)), *parts_of(without_table(column))[-1:]}
        if not names & {*squeezed_list("status"), "type", "typ", "kind", "art", "tipo", "event"}:
            continue
        has = frame[product].notna().groupby(frame[column]).agg(["size", "mean"])
        out = has.index[(has["mean"] < 0.01) & (has["size"] >= 5)]
        if 1 < len(has) <= 50 and len(out) and (has["mean"] > 0.9).any():
            return column, list(out)
    return "", []


def _overlap(column, ids):
    """In tenths, so that names decide between columns that have about as many."""
    return round(column.dropna().isin(ids).mean(), 1) if ids and column.notna().any() else 0.0


def _is_of_a_line(ours, column):
    """Whether an id differs in each row: of a line, where that of its order is looked for."""
    return ours == "transaction_id" and not column.dropna().duplicated().any()


def bought_on_one_day(frame: pd.DataFrame, customer: str, day: str) -> bool:
    """Whether nearly every id that comes more than once does so on one day: is it an order's?"""
    days = frame[day].str[:10].groupby(frame[customer])
    counts = days.size()
    return bool(len(counts) > 10 and counts.mean() > 1.2 and (days.nunique() <= 1).mean() > 0.98)


def _prefer_people(frame, found):
    """If the customer seems to be an order's number, take another column that is none."""
    customer, day = found.chosen.get("customer_id"), found.chosen.get("transaction_date")
    if not (customer and day) or not bought_on_one_day(frame, customer, day):
        return
    for other in found.others.get("customer_id", []):
        if other not in found.chosen.values() and not bought_on_one_day(frame, other, day):
            found.chosen["customer_id"] = other
            found.others["customer_id"] = [customer]
            found.remarks["customer_id"] = f"in {customer} each id occurs on one day only"
            return


def _ask_where_side_by_side(frame, found):
    """An order's products in columns beside each other: each of them is one of several."""
    chosen = found.chosen.get("product_id") or next(iter(found.others.get("product_id", [])), "")
    stem, ids = re.sub(r"\d+", "", squeezed(chosen)), set(frame.get(chosen, ()))
    beside = [theirs for theirs in frame if re.sub(r"\d+", "", squeezed(theirs)) == stem
              and (theirs == chosen or _overlap(frame[theirs], ids) > 0.5)]  # fmt: skip
    if len(beside) > 1:
        found.chosen = {ours: each for ours, each in found.chosen.items() if each not in beside}
        found.others["product_id"], found.others["product_name"] = beside[:4], []
        found.remarks["product_id"] = (
            f"{', '.join(beside[:4])} have the same ids: it seems that a row is a whole order; "
            "export a row for each product, since only one of these columns can be read"
        )


def _prefer_the_line(frame, found):
    """A price that grows with the quantity is the amount of its line."""
    names = ("unit_price", "quantity", "product_id")
    if "total_amount" in found.chosen or not set(names) <= set(found.chosen):
        return
    price, quantity = (as_numbers(frame[found.chosen[each]], ".") for each in names[:2])
    if decimal_of(frame[found.chosen["unit_price"]])[0] == ",":
        price = as_numbers(frame[found.chosen["unit_price"]], ",")
    if grows_with_quantity(price, quantity, frame[found.chosen["product_id"]]):
        found.chosen["total_amount"] = found.chosen.pop("unit_price")
        found.remarks["total_amount"] = "it grows with the quantity, so it is of the whole line"
        found.others["unit_price"] = []


def _by_content(ours, frame, found, taken, dates, ids):
    """Columns that could mean it by what is in them, although their names don't say so.

    And what would make a single one of them sure.
    """
    # who has more columns than that will find it sooner by eye
    free = [theirs for theirs in frame.columns[:200] if theirs not in taken]
    free = [theirs for theirs in free if frame[theirs].nunique() > 1]
    is_date = {theirs: theirs in dates or looks_like_dates(frame[theirs]) for theirs in free}
    if ours in _DATES:
        found_dates = [theirs for theirs in free if is_date[theirs]]
        # what is written as a date is one sooner than a number that could be
        written = [theirs for theirs in found_dates if not _is_digits(frame[theirs])]
        return (written or found_dates)[:4], "the only column with dates"
    if ours == "event_type":
        few = [theirs for theirs in free if frame[theirs].nunique() <= 50][:4]
        known = [theirs for theirs in few if any(map(event_meaning, frame[theirs].unique()))]
        return (known, "the only column with types of events") if known else (few, "")
    free = [theirs for theirs in free if not _is_measured(frame[theirs])
            and (_is_digits(frame[theirs]) or not is_date[theirs])]  # fmt: skip
    if ours == "product_id":
        free = [theirs for theirs in free if not several_in_a_cell(frame[theirs])[0]]
    if ids and (known := [theirs for theirs in free if _overlap(frame[theirs], ids) > 0.5]):
        return known[:4], "it has the ids of the purchases"
    repeats = {theirs: frame[theirs].count() / frame[theirs].nunique() for theirs in free}
    day = found.chosen.get("transaction_date")
    repeats = {theirs: n for theirs, n in repeats.items() if n > 1.2 and frame[theirs].nunique() > 9
               and not (day and bought_on_one_day(frame, theirs, day))}  # fmt: skip
    return sorted(repeats, key=repeats.get)[:4], ""


def _is_digits(column):
    """Whether these are whole numbers."""
    return bool(column.dropna().str.fullmatch(r"\d+").mean() > 0.9)


def _is_measured(column):
    """Whether these are amounts or times of a day, and no ids: 12.50, 1,250, 17:45, 5:45 PM."""
    measured = r"\D{0,3}\d[\d.,' ]*(\.\d\d?|,\d{1,3})\D{0,4}"
    measured += r"|\d?\d:\d\d(:\d\d([.,]\d+)?)?(\s?[AaPp]\.?[Mm]\.?)?"
    return column.dropna().str.fullmatch(measured).mean() > 0.9


def _order_totals(frame, chosen, theirs):
    """Whether an amount is of a whole order, and not of its line."""
    order = chosen.get("transaction_id")
    product = chosen.get("product_id")
    if order is None:
        return {}
    lines = frame[[order, theirs]].dropna(subset=[order])
    if product and frame[product].notna().mean() - frame[theirs].notna().mean() > 0.1:
        return {"total_amount": "blank in many lines: it seems to be of the whole order"}
    several = lines[lines[order].duplicated(keep=False)].groupby(order)[theirs].nunique()
    if len(several) > 9 and (several == 1).mean() > 0.9:
        return {"total_amount": "the same in all lines of an order: it seems to be of the whole "
                                "order, not of a line"}  # fmt: skip
    return {}
