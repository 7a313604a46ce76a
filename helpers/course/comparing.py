"""What is in the lists, for people: a summary, and what changed since the last run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

MOST_SHOWN = 10
NO_PURCHASE = "no purchase yet"
#: The method whose quality is followed from run to run.
FOLLOWED = "item_based"


@dataclass
class Delivered:
    """What one run delivered, and what is known of it.

    Attributes
    ----------
    lists : DataFrame or None
        ``customer_id``, ``rank``, ``product_id``, ``product_name``, ``source``; None where they
        can't be read.
    counts : dict
        ``read`` and ``kept`` rows, ``customers`` and ``products`` of the purchases; ``events``.
    quality : dict
        What lesson 05 found; empty where it did not judge.
    as_of : str
        When the run began, as an ISO time.
    """

    lists: pd.DataFrame | None
    counts: dict = field(default_factory=dict)
    quality: dict = field(default_factory=dict)
    as_of: str = ""


def summary(lists: pd.DataFrame, segments: pd.Series, n: int) -> pd.DataFrame:
    """Who gets lists of what kind: all customers, by source and by segment.

    Parameters
    ----------
    lists : DataFrame
        As ``recommendations.parquet`` has them.
    segments : Series of str
        Of lesson 09, by customer id. Whoever is not in it has not bought anything.
    n : int
        Length of a full list.

    Returns
    -------
    DataFrame
        ``by`` ("everyone", "source" of the first place, or "segment"), ``group``, ``customers``,
        ``mean_length``, ``full_lists`` (share, 0 to 1) and ``most_shown``: three products, each
        with the share of the group's customers who see it.
    """
    customer, ids = pd.factorize(lists["customer_id"], sort=True)
    product, products = pd.factorize(lists["product_id"], sort=True)
    length = np.bincount(customer, minlength=len(ids))
    in_order = np.argsort(lists["rank"].to_numpy(), kind="stable")
    first = in_order[np.unique(customer[in_order], return_index=True)[1]]
    source = lists["source"].to_numpy()[first]
    segment = segments.reindex(ids).fillna(NO_PURCHASE).to_numpy()
    name = _names(lists)

    def described(by, group, members):
        shown = np.bincount(product[members[customer]], minlength=len(products))
        most = [at for at in np.argsort(-shown, kind="stable")[:3] if shown[at]]
        return {
            "by": by,
            "group": group,
            "customers": int(members.sum()),
            "mean_length": length[members].mean() if members.any() else 0.0,
            "full_lists": (length[members] >= n).mean() if members.any() else 0.0,
            "most_shown": "; ".join(
                f"{name[products[at]]} ({shown[at] / members.sum():.0%})" for at in most
            ),
        }

    rows = [described("everyone", "", np.ones(len(ids), dtype=bool))]
    for by, of_customer in (("source", source), ("segment", segment)):
        rows += [described(by, each, of_customer == each) for each in sorted(set(of_customer))]
    return pd.DataFrame(rows)


def _names(*tables):
    """A product's name, or its id where it has none."""
    known = pd.concat(tables)[["product_id", "product_name"]].drop_duplicates("product_id")
    name = known["product_name"].fillna(known["product_id"])
    return name.set_axis(known["product_id"])


def compare(before: Delivered | None, now: Delivered) -> dict:
    """What changed since the lists that were published before.

    Parameters
    ----------
    before : Delivered or None
        None where nothing was published before.
    now : Delivered

    Returns
    -------
    dict
        ``with`` (the day of the earlier lists) and the figures: ``customers``, ``changed_lists``,
        ``most_shown_products``, ``sources``, ``quality`` and ``data``; ``rows``, the same in
        words: ``what``, ``before``, ``now`` and ``change``. Where there is nothing to compare, one
        row says why.
    """
    if before is None:
        return _nothing("There are no earlier lists in this folder to compare with.")
    if before.lists is None:
        return _nothing("The earlier lists in this folder can't be read, so nothing is compared.")
    figures, rows = {"with": before.as_of[:10]}, []
    parts = [_customers, _changed_lists, _most_shown_products, _sources, _quality, _data]
    for part in parts:
        found, said = part(before, now)
        figures[part.__name__.removeprefix("_")] = found
        rows += said
    return figures | {"rows": rows}


def to_table(comparison: dict) -> pd.DataFrame:
    """The comparison for a spreadsheet."""
    return pd.DataFrame(comparison["rows"], columns=["what", "before", "now", "change"])


def _nothing(why):
    return {"with": None, "rows": [_row(why)]}


def _row(what, before="", now="", change=""):
    return {"what": what, "before": before, "now": now, "change": change}


def _customers(before, now):
    customer, _, of_then = _coded("customer_id", before, now)
    then, today = (np.bincount(customer[side], minlength=customer.max(initial=-1) + 1) > 0
                   for side in (of_then, ~of_then))  # fmt: skip
    figures = {"before": int(then.sum()), "now": int(today.sum())}
    figures |= {"gained": int((today & ~then).sum()), "lost": int((then & ~today).sum())}
    change = f"{figures['gained']:,} gained a list, {figures['lost']:,} lost theirs"
    texts = [f"{figures[when]:,}" for when in ("before", "now")]
    return figures, [_row("customers with a list", *texts, change)]


def _coded(name, before, now):
    """Numbers for the ids of both lists, how many ids there are, and which rows are the earlier."""
    codes, ids = pd.factorize(pd.concat([before.lists[name], now.lists[name]]))
    return codes, len(ids), np.arange(len(codes)) < len(before.lists)


def _changed_lists(before, now):
    what = "lists of those who had one before"
    longest = [int(each.lists["rank"].max()) if len(each.lists) else 0 for each in (before, now)]
    if longest[0] != longest[1]:
        lengths = [f"up to {length} products" for length in longest]
        return None, [_row(what, *lengths, "not compared: lists of another length")]
    customer, n_customers, of_then = _coded("customer_id", before, now)
    product, n_products, _ = _coded("product_id", before, now)
    pair = customer * n_products + product
    rank = np.concatenate([each.lists["rank"].to_numpy() for each in (before, now)])
    place = pair * (longest[0] + 1) + rank
    lengths = [np.bincount(customer[side], minlength=n_customers) for side in (of_then, ~of_then)]
    in_both = (lengths[0] > 0) & (lengths[1] > 0)
    if not in_both.any():
        return None, [_row(what, change="nobody has a list in both")]

    def shared(keys):
        """How many of the earlier rows a customer still has."""
        stayed = pd.Series(keys[of_then]).isin(keys[~of_then])
        return np.bincount(customer[of_then], stayed, minlength=n_customers)[in_both]

    then, today = (length[in_both] for length in lengths)
    changed = float(((shared(place) < then) | (today != then)).mean())
    kept = float((shared(pair) / then).mean())
    figures = {"customers": int(in_both.sum()), "changed": changed, "products_kept": kept}
    change = f"{changed:.0%} changed; of an earlier list {kept:.0%} of the products stayed"
    return figures, [_row(what, change=change)]


def _most_shown_products(before, now):
    then, today = (_leaders(each.lists) for each in (before, now))
    name = _names(now.lists, before.lists)
    figures = {
        "entered": [name[each] for each in today if each not in then],
        "left": [name[each] for each in then if each not in today],
    }
    change = "the same products"
    if figures["entered"] or figures["left"]:
        came, went = (", ".join(figures[each]) or "none" for each in ("entered", "left"))
        change = f"new: {came}; no longer: {went}"
    return figures, [_row(f"the {MOST_SHOWN} products shown most", change=change)]


def _leaders(lists):
    counts = lists["product_id"].value_counts().sort_index()
    return list(counts.sort_values(ascending=False, kind="stable").index[:MOST_SHOWN])


def _sources(before, now):
    shares = [
        each.lists.loc[each.lists["rank"] == 1, "source"].value_counts(normalize=True)
        for each in (before, now)
    ]
    then, today = (share.to_dict() for share in shares)
    figures = {
        source: {"before": then.get(source, 0.0), "now": today.get(source, 0.0)}
        for source in sorted(then | today)
    }
    return figures, [
        _row(f"lists that begin with {source}", f"{share['before']:.0%}", f"{share['now']:.0%}")
        for source, share in figures.items()
    ]


def _quality(before, now):
    """Other customers are judged each time, so the two are taken as independent."""
    what = "quality (NDCG)"
    then, today = (_judged(each.quality) for each in (before, now))
    if then is None or today is None:
        when = "before" if then is None else "in this run"
        said = [f"{each['ndcg']:.3f}" if each else "not judged" for each in (then, today)]
        return None, [_row(what, *said, f"not compared: nobody judged {when} (lesson 05)")]
    if then["k"] != today["k"]:
        at = [f"of the first {each['k']}" for each in (then, today)]
        return None, [_row(what, *at, "not compared: lists of another length")]
    difference = today["ndcg"] - then["ndcg"]
    half = math.hypot(*((each["ndcg_high"] - each["ndcg_low"]) / 2 for each in (then, today)))
    low, high = difference - half, difference + half
    figures = {
        "before": then["ndcg"],
        "now": today["ndcg"],
        "difference": difference,
        "low": low,
        "high": high,
        "moved": not low <= 0 <= high,
    }
    texts = [
        f"{e['ndcg']:.3f} ({e['ndcg_low']:.3f} to {e['ndcg_high']:.3f})" for e in (then, today)
    ]
    verdict = "it moved" if figures["moved"] else "within its interval, so this may be chance"
    word = "down" if difference < 0 else "up"  # a cell that begins with a sign looks like a formula
    change = f"{word} by {abs(difference):.3f} ({low:+.3f} to {high:+.3f}): {verdict}"
    return figures, [_row(what, *texts, change)]


def _judged(evaluation):
    """The followed method's figures, or None where they are missing or damaged."""
    try:
        figures = evaluation["methods"][FOLLOWED]
        found = {name: float(figures[name]) for name in ("ndcg", "ndcg_low", "ndcg_high")}
        return found | {"k": int(evaluation["k"])}
    except (KeyError, TypeError, ValueError):
        return None


def _data(before, now):
    names = {
        "read": "rows of purchases",
        "customers": "customers in the purchases",
        "products": "products in the purchases",
    }
    if any(_count(each.counts, "events") for each in (before, now)):
        names["events"] = "rows of events"
    figures, rows = {}, []
    for name, what in names.items():
        then, today = (_count(each.counts, name) for each in (before, now))
        figures[name] = {"before": then, "now": today}
        texts = ["not known" if value is None else f"{value:,}" for value in (then, today)]
        change = "" if None in (then, today) else _more_or_fewer(today - then)
        rows.append(_row(what, *texts, change))
    shares = [_rejected(each.counts) for each in (before, now)]
    figures["rejected"] = dict(zip(("before", "now"), shares, strict=True))
    texts = ["not known" if share is None else f"{share:.1%}" for share in shares]
    return figures, [*rows, _row("rows rejected", *texts)]


def _more_or_fewer(number):
    return f"{abs(number):,} {'more' if number > 0 else 'fewer'}" if number else "as many"


def _count(counts, name):
    value = counts.get(name)
    return value if isinstance(value, int) else None


def _rejected(counts):
    read, kept = _count(counts, "read"), _count(counts, "kept")
    return None if not read or kept is None else 1 - kept / read
