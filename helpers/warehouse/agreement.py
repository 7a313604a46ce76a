"""Do two lists agree? Ties and rounding told from a real difference: lesson 10."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from helpers.warehouse.batch import Settings, prepare, purchases
from helpers.warehouse.engines import DuckDB

#: What :func:`compare_lists` says of a customer's two lists.
SAME, TIES, SCORES, OTHER, MISSING = (
    "same", "only ties", "other scores", "another list", "no list"
)  # fmt: skip
_RELATIVE = 1e-5  # two engines add the same numbers in another order


def compare_lists(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Compare two programs' lists, customer by customer.

    Parameters
    ----------
    ours, theirs : DataFrame
        ``customer_id``, ``rank``, ``product_id``, ``score``: not rounded, or else from
        :func:`with_our_scores`. What differs by the order of adding only is allowed.

    Returns
    -------
    DataFrame
        One row per customer of either: ``verdict`` and ``in_common`` (products on both lists, as a
        share of the longer one).

        - *same*: the same products in the same places, with the same scores.
        - *only ties*: each place has the same score, each product on both lists too, and what is on
          one list only has the score of the other's last place: another product was as good.
        - *other scores*: the same products in the same places, but another score somewhere.
        - *another list*: other products or another order, which no tie explains. *no list*: one
          side has none.
    """
    columns = ["customer_id", "rank", "product_id", "score"]
    one, other = (
        each[columns].assign(last=each.groupby("customer_id")["score"].transform("last"))
        for each in (each.sort_values(["customer_id", "rank"]) for each in (ours, theirs))
    )

    def near(a, b):
        return (a - b).abs() <= _RELATIVE * a.abs().clip(lower=0.01)

    def for_everybody(holds, table):
        return holds.groupby(table["customer_id"]).all()

    places = one.merge(other, "outer", ["customer_id", "rank"], suffixes=("", "_2"))
    level = near(places["score"], places["score_2"])  # also false where one list is shorter
    places_agree = for_everybody(places["product_id"] == places["product_id_2"], places)
    scores_agree = for_everybody(level, places)
    products = one.merge(other, "outer", ["customer_id", "product_id"], suffixes=("", "_2"))
    last = products.groupby("customer_id")[["last", "last_2"]].transform("max")
    tied = near(products["score"].fillna(last["last"]), products["score_2"].fillna(last["last_2"]))
    both = products["score"].notna() & products["score_2"].notna()
    sizes = pd.concat([each.groupby("customer_id").size() for each in (one, other)], axis=1)
    found = pd.DataFrame({"verdict": OTHER}, index=places_agree.index)
    found.loc[for_everybody(tied, products) & scores_agree, "verdict"] = TIES
    found.loc[places_agree, "verdict"] = SCORES
    found.loc[places_agree & scores_agree, "verdict"] = SAME
    found.loc[sizes.isna().any(axis=1).reindex(found.index), "verdict"] = MISSING
    found["in_common"] = both.groupby(products["customer_id"]).sum() / sizes.max(axis=1)
    return found


def with_our_scores(theirs: pd.DataFrame, longer: pd.DataFrame) -> pd.DataFrame:
    """Another program's lists, with what each product scores with us, not rounded.

    Two scores that were rounded to the same number need not be equal. So whether products are tied
    is asked of the scores before rounding.

    Parameters
    ----------
    theirs : DataFrame
        ``customer_id``, ``rank``, ``product_id``.
    longer : DataFrame
        Our lists, long enough to hold what others show; what isn't on them has no score.
    """
    scores = longer[["customer_id", "product_id", "score"]]
    return theirs.drop(columns="score").merge(scores, "left", ["customer_id", "product_id"])


def in_common_with_a_stranger(lists: pd.DataFrame, random_state: int = 0) -> float:
    """The share of products that a customer's list has in common with somebody else's, on average.

    Everybody is compared with one other customer, drawn by chance; nan for a single customer.
    """
    customers = pd.Series(np.random.default_rng(random_state).permutation(
        lists["customer_id"].unique()))  # fmt: skip
    if len(customers) < 2:
        return np.nan
    follows = dict(zip(customers, np.roll(customers, 1), strict=True))
    stranger = lists.assign(customer_id=lists["customer_id"].map(follows))
    return compare_lists(lists, stranger)["in_common"].mean()


def sorted_again(lists: pd.DataFrame, n: int, digits: int = 2) -> pd.DataFrame:
    """What a program shows that rounds scores, sorts by them, and gives ties to the smaller id.

    Parameters
    ----------
    lists : DataFrame
        Lists longer than `n`, since rounding may lift a product into the first `n`.
    n : int
        Length of the lists that are shown.
    digits : int
    """
    rounded = lists.assign(score=lists["score"].round(digits))
    # what fills up a list stays behind what the purchases speak for
    rounded = rounded.assign(filled=rounded["source"] != "purchases").sort_values(
        ["customer_id", "filled", "score", "product_id"], ascending=[True, True, False, True]
    )
    rounded["rank"] = rounded.groupby("customer_id").cumcount() + 1
    return rounded[rounded["rank"] <= n].drop(columns="filled").reset_index(drop=True)


def rows_by_step(
    transactions: pd.DataFrame, folder: Path, settings: Settings | None = None
) -> pd.Series:
    """Rows of the table that each step of the SQL leaves.

    Parameters
    ----------
    transactions : DataFrame
        ``customer_id``, ``product_id``, ``transaction_date``.
    folder : Path
        An empty one, for the tables.
    settings : Settings, optional

    Returns
    -------
    Series
        By step, in the order of :data:`helpers.warehouse.STEPS`.
    """
    folder.mkdir(parents=True)
    source = folder / "purchases.parquet"
    transactions.to_parquet(source)
    engine = DuckDB(folder / "work")
    export, cleaning = purchases(source)
    report = prepare(engine, export, settings or Settings(n_parts=1), cleaning)
    engine.close()
    return pd.Series(report["steps"], dtype=int)
