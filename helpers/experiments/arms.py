"""Who sees which list: dealing customers to arms, and checking that they were dealt so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

#: The arm of those who take part in no test and get nothing new, ever.
HOLDOUT = "holdout"
#: Below it a split is broken. Smaller than usual: a broken split makes all else worthless, so it
#: is looked at in every test, and often.
MISMATCH = 0.001


def fraction(customer_id, salt: str) -> float:
    """A number from 0 to 1 that looks like chance and is always the same for one customer.

    Parameters
    ----------
    customer_id : str
    salt : str
        Another salt gives another number, which has nothing to do with the first.

    Notes
    -----
    The first eight bytes of SHA-256 of ``salt:customer_id``, so that anybody can compute it anew,
    in any language.
    """
    digest = hashlib.sha256(f"{salt}:{customer_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign_arms(
    customers: Iterable[str], shares: Mapping[str, float], salt: str, holdout: float = 0.0
) -> pd.DataFrame:
    """Deal customers to the arms of a test.

    Parameters
    ----------
    customers : iterable of str
        Ids; one that comes twice counts once.
    shares : mapping of str to float
        Share of each arm, of all who are not held out; together at most 1. Who is left over takes
        no part and is not in the result.
    salt : str
        The test's name. The same salt deals the same customers to the same arms, whoever else
        there is and on whatever machine; another test needs another one, or its arms would be
        those of this test. A roll-out keeps it, with a smaller share for the first of two arms:
        nobody who had the second loses it, and those who are kept back are of the first.
    holdout : float
        Share of the customers who are held out of every test. They are chosen without the salt, so
        they are the same ones in each; a larger share keeps those of a smaller one.

    Returns
    -------
    DataFrame
        ``customer_id`` and ``arm`` (:data:`HOLDOUT` for those held out), in the order given.

    Raises
    ------
    ValueError
        If shares are not above 0, are more than 1 together, or an arm or the test is called like
        the holdout.
    """
    if not shares or min(shares.values()) <= 0 or sum(shares.values()) > 1 + 1e-9:
        raise ValueError(f"Shares must be above 0 and at most 1 together; they are {dict(shares)}.")
    # that name deals those held out: as a salt, it would take all of them out of the first arm
    if HOLDOUT in {*shares, salt} or not 0 <= holdout < 1:
        raise ValueError(
            f"No arm and no test may be called {HOLDOUT!r}; `holdout` must be from 0 to below 1."
        )
    ids = list(dict.fromkeys(customers))
    edges = np.cumsum(list(shares.values()))
    if edges[-1] > 1 - 1e-9:
        edges[-1] = 1  # a rounding error must not leave anybody out
    names = np.array([*shares, None], dtype=object)
    drawn = np.array([fraction(each, salt) for each in ids])
    arm = names[np.searchsorted(edges, drawn, side="right")]
    if holdout:
        arm[[fraction(each, HOLDOUT) < holdout for each in ids]] = HOLDOUT
    table = pd.DataFrame({"customer_id": pd.Series(ids, dtype="str"), "arm": arm})
    return table.dropna(subset="arm").astype({"arm": "str"}).reset_index(drop=True)


def sample_ratio_mismatch(
    customers: Sequence[int], shares: Sequence[float] | None = None
) -> dict[str, float | str | bool]:
    """Did each arm get its share of the customers? If not, don't read the test.

    Parameters
    ----------
    customers : sequence of int
        By arm. Customers, not visits: they are what was dealt.
    shares : sequence of float, optional
        What was planned; equal ones, if left out. They need not sum to 1.

    Returns
    -------
    dict
        ``p_value`` of a chi-squared test (Pearson 1900): how often an intact split is at least as
        uneven as this; ``broken``: whether that is below :data:`MISMATCH`; and ``words``.
    """
    from scipy.stats import chisquare

    customers = np.asarray(customers, dtype=float)
    shares = np.ones(len(customers)) if shares is None else np.asarray(shares, dtype=float)
    p_value = float(chisquare(customers, customers.sum() * shares / shares.sum()).pvalue)
    broken = p_value < MISMATCH
    words = "the split is broken: find out why before reading on" if broken else "as planned"
    return {"p_value": p_value, "broken": broken, "words": words}
