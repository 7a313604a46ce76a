"""Unseen shops, made from a number: what a learner would be handed, and what is wrong with it.

Every shop comes out of the made-up world (:mod:`helpers.simulation.world`), with other customers
and other tastes for each number, and then has one thing happen to it, or nothing. What comes out
is written into files, as a shop would export it, so that the course's own tools read it.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow.csv import write_csv

from helpers import catalogue, data, experiments, production
from helpers.packaged import packaged_yaml
from helpers.recommend import ItemBased
from helpers.simulation.world import FIRST_DAY, LAST_DAY, N_DAYS, World, make_products, make_world

#: Days that every shop hides to judge by, places in a list, days back that lists look for carts.
TEST_DAYS, PLACES, CART_DAYS = 60, 5, 60
CUT = LAST_DAY - pd.Timedelta(days=TEST_DAYS - 1)

SALT = 239
# How much a new fashion, and offers, add to some products' log-attraction, and the share of the
# usual tastes beside that fashion
NEW_FASHION, FASHION_TASTE, OFFERS, ONCE = 2.0, 0.8, 0.5, 0.25
# One of each row in any three numbers in a row, so never two of a kind, nor two without a fault.
# The decisions are mixed within a row.
ROWS = (
    ("turned dates", "healthy", "leak", "too few"),
    ("one customer", "no taste", "one group", "broken split"),
    ("half a table", "last week", "sold out", "forbidden"),
)
KINDS = tuple(kind for row in ROWS for kind in row)
# How often a shop has, beside its fault: something else that is no fault; a later no, which the
# first one makes unimportant; just enough judges. Which kinds can have the latter two.
ODDITY, LATER_NO, JUST_ENOUGH = 0.5, 0.35, 0.3
LATER = ("turned dates", "one customer", "half a table", "broken split", "too few", "no taste",
         "last week")  # fmt: skip
SMALL = ("healthy", "sold out")
# A test of the personal lists fits a shop only if its lists gain nothing, or nobody knows yet.
# Where they gain nothing, so many take part that the test decides.
DECIDED = ("no taste", "last week", "leak")
_AFTER_THE_LIFT = ("events known until", "gain")  # asked later: no first no, if the lift says it
_TESTED = ("turned dates", "half a table", *DECIDED)
_SHOPS = ("general store", "department store", "members' shop", "mail-order house", "gift shop",
          "marketplace")  # fmt: skip


@functools.cache
def texts() -> dict:
    """What ``cases.yaml`` says: of every kind, of each decision, fault and gauge."""
    return packaged_yaml(Path(__file__).with_name("cases.yaml"))


@dataclass(frozen=True)
class Truth:
    """What a case hides.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    decision, fault : str
        The right ones.
    gauges : tuple of str
        Those of the desk that show it; any of them is right.
    sentence : str
        The right letter among the case's sentences for the head of product.
    clue : str
        What decided, what to know of it, and what a missed clue would have cost.
    later : str
        A second fault, which the routine reaches later; empty if there is none.
    """

    kind: str
    decision: str
    fault: str
    gauges: tuple[str, ...]
    sentence: str
    clue: str
    later: str = ""


@dataclass(frozen=True, eq=False)
class Case:
    """One shop, as somebody who has never seen it would get it.

    Attributes
    ----------
    shop : int
        Its number.
    what : str
        Which kind of shop.
    files : Parameters
        Where its tables lie and how to read them: for :func:`helpers.data.read_shop`.
    lists : DataFrame
        The lists that a colleague wants to publish: ``customer_id``, ``rank``, ``product_id``,
        ``score``, ``source``.
    known_until : dict of str to Timestamp
        Up to which day the colleague's own score knew ``purchases`` and ``events``.
    sentences : dict of str to str
        Four to choose from for the head of product, by their letter.
    """

    shop: int
    what: str
    files: data.Parameters = field(repr=False)
    lists: pd.DataFrame = field(repr=False)
    known_until: Mapping[str, pd.Timestamp] = field(repr=False)
    sentences: Mapping[str, str] = field(repr=False)
    truth: Truth = field(repr=False)
    _folder: tempfile.TemporaryDirectory = field(repr=False)  # goes when nobody holds the case
    _read: dict = field(default_factory=dict, repr=False)  # what the desk has read


def make(shop: int, kind: str, attempt: int = 0) -> Case:
    """Make a shop to which one thing has happened.

    Parameters
    ----------
    shop : int
        The seed.
    kind : str
        One of :data:`KINDS`.
    attempt : int
        Another one gives other customers.

    Returns
    -------
    Case
    """
    # another kind of the same number comes out of the same world
    dice = np.random.default_rng([SALT, shop % 2**32, attempt])
    rng = np.random.default_rng([SALT, shop % 2**32, KINDS.index(kind), attempt])
    world = _world(kind, int(dice.integers(1_000, 2**31)), rng)
    customers = _customers(kind, world, rng)
    tables = _sampled(world, customers, rng)
    _innocent(kind, has_large(shop, kind), tables, rng)
    known_until = dict.fromkeys(("purchases", "events"), CUT - pd.Timedelta(days=1))
    if kind == "leak":
        tables["events"] = _carts_of_the_day(tables, rng)
        known_until["events"] = LAST_DAY
    elif kind in _HAPPENS:
        tables["transactions"] = _HAPPENS[kind](tables["transactions"], world.products, rng)
    folder = tempfile.TemporaryDirectory(prefix="shop-")
    here = Path(folder.name)
    reading = {"products_path": str(here / "products.csv")}
    if has_test(shop, kind):
        reading |= _live_test(shop, kind, tables["transactions"], here, rng)
    _write(tables, here)
    paths = (str(here / name) for name in ("orders.csv", "events.csv"))
    files = data.shop_parameters(*paths, reading=reading)
    lists = _lists(kind, later_no(shop, kind), tables, world.products, files, here, rng)
    sentences, letter = sentences_of(shop, kind)
    about = texts()["kinds"][kind]
    truth = Truth(kind, about["decision"], about["fault"], gauges_of(shop, kind), letter,
                  about["clue"], later_no(shop, kind))  # fmt: skip
    what = _SHOPS[rng.integers(len(_SHOPS))]
    return Case(int(shop), what, files, lists, known_until, sentences, truth, folder)


def kind_of(shop: int) -> str:
    """What happened to the shop of a number.

    Parameters
    ----------
    shop : int

    Returns
    -------
    str
        One of :data:`helpers.cases.KINDS`. Any three numbers in a row have three kinds, at most one
        of them without a fault; twelve in a row from a multiple of twelve have all of them.
    """
    block, place = divmod(shop, 12)
    row, at = place % 3, place // 3
    order = np.random.default_rng([SALT, block % 2**32, row]).permutation(4)
    return ROWS[row][order[at]]


def _chance(shop, kind, about, share):
    """Whether a shop has something that a share of all shops have: the same for each attempt."""
    return bool(np.random.default_rng([SALT, shop % 2**32, KINDS.index(kind), about]).random()
                < share)  # fmt: skip


def has_test(shop: int, kind: str) -> bool:
    """Whether a live test has ended in a shop.

    Parameters
    ----------
    shop : int
    kind : str
        One of :data:`KINDS`.
    """
    return kind == "broken split" or _chance(shop, kind, 1, 0.4)


def lift_decides(shop: int, kind: str) -> bool:
    """Whether a live test of the personal lists has ended below what is worth having.

    Parameters
    ----------
    shop : int
    kind : str
        One of :data:`KINDS`.
    """
    return kind in DECIDED and has_test(shop, kind) and _tests_lists(shop, kind)


def _tests_lists(shop, kind):
    return kind == "broken split" or kind in _TESTED and _chance(shop, kind, 6, 0.7)


def gauges_of(shop: int, kind: str) -> tuple[str, ...]:
    """The gauges that show what the matter is, the one with the first no in front.

    Parameters
    ----------
    shop : int
    kind : str
        One of :data:`KINDS`.
    """
    gauges = tuple(texts()["kinds"][kind]["gauges"])
    if lift_decides(shop, kind):  # of the others, only those that say why
        return ("lift", *(each for each in gauges if each not in _AFTER_THE_LIFT))
    return gauges


def has_large(shop: int, kind: str) -> bool:
    """Whether a shop has two large but honest customers.

    Parameters
    ----------
    shop : int
    kind : str
        One of :data:`KINDS`.
    """
    return _chance(shop, kind, 4, ODDITY)


def later_no(shop: int, kind: str) -> str:
    """The fault that a shop has beside its first one, and that comes later in the routine.

    Parameters
    ----------
    shop : int
    kind : str
        One of :data:`KINDS`.

    Returns
    -------
    str
        Empty if there is none.
    """
    return "must not be shown" if kind in LATER and _chance(shop, kind, 2, LATER_NO) else ""


def _world(kind, seed, rng):
    """The world a shop is drawn from, its tastes as the kind needs them."""
    if kind in ("no taste", "leak"):
        return _plain_world(seed, 0.0)
    if kind == "one group":
        return _only_some_have_tastes(seed, rng)
    if kind == "last week":
        # a few products become the fashion in the days before the cut, and stay it
        pushed = np.zeros((N_DAYS, len(make_products())))
        start = (CUT - FIRST_DAY).days - int(rng.integers(8, 12))
        # of those that hardly anybody bought before, or best sellers of all time knew them, too
        sold = _plain_world(seed, 1.0).transactions["product_id"].value_counts()
        rare = make_products()["product_id"].isin(sold.index[len(sold) // 2 :])
        pushed[start:, rng.choice(np.flatnonzero(rare), 5, replace=False)] = NEW_FASHION
        return make_world(seed, FASHION_TASTE, pushed)
    return _plain_world(seed, 1.0)


@functools.lru_cache(maxsize=2)
def _plain_world(seed, taste_strength):
    return make_world(seed, taste_strength)


def _only_some_have_tastes(seed, rng):
    """Customers with one purchase so far buy what is on offer, those with several what they like.

    Both worlds have the same customers on the same days, so a customer's lines can come from one
    of them.
    """
    offers = rng.normal(0, OFFERS, size=(1, len(make_products())))
    liking, plain = _plain_world(seed, 1.0), make_world(seed, 0.0, offers)
    day = plain.transactions["transaction_date"]
    early = plain.transactions[day < CUT].sort_values("transaction_date", kind="stable")
    buyers = np.sort(early["customer_id"].unique())
    once = rng.permutation(buyers)[: int(ONCE * len(buyers))]
    last = early.drop_duplicates("customer_id", keep="last")
    later = plain.transactions[day >= CUT]
    of_once = pd.concat([last, later])
    of_once = of_once[of_once["customer_id"].isin(once)]
    several = liking.transactions
    past = several[several["transaction_date"] < CUT]
    products = past.groupby("customer_id")["product_id"].nunique()
    several = several[several["customer_id"].isin(products.index[products > 1].difference(once))]
    transactions = pd.concat([of_once, several]).sort_values(
        ["transaction_date", "customer_id", "product_id"], kind="stable", ignore_index=True
    )
    mine = liking.events["customer_id"].isin(several["customer_id"])
    return World(transactions, liking.events[mine], liking.products, liking.taste,
                 liking.preference)  # fmt: skip


def _customers(kind, world, rng):
    """The customers of the shop."""
    buyers = np.sort(world.transactions["customer_id"].unique())
    size = int(rng.integers(2_800, 3_600))
    if kind == "too few":
        size = int(rng.integers(270, 360))
    elif kind in SMALL and rng.random() < JUST_ENOUGH:
        size = int(rng.integers(430, 560))
    elif kind == "one group":
        size = len(buyers)
    return rng.permutation(buyers)[:size]


def _sampled(world, customers, rng):
    """Tables of some customers, under new ids."""
    numbers = rng.choice(np.arange(10_000, 100_000), len(customers), replace=False)
    called = pd.Series([f"K{number}" for number in numbers], customers)
    tables = {}
    for name in ("transactions", "events"):
        table = getattr(world, name)
        table = table[table["customer_id"].isin(customers)]
        tables[name] = table.assign(customer_id=table["customer_id"].map(called)).reset_index(
            drop=True
        )
    return tables


# What looks odd and is no fault


def _innocent(kind, large, tables, rng):
    """Two large but honest customers, and a customer whose id looks like a test."""
    ids = tables["transactions"]["customer_id"].unique()
    named = {}
    if large:
        # a school and an office: each buys for many, neither for more than the other
        # beside a reseller smaller ones, or the report of lesson 01 only asks about the reseller
        largest = rng.uniform(0.01, 0.02) if kind == "one customer" else rng.uniform(0.02, 0.045)
        shares = largest * np.array([1, rng.uniform(0.7, 0.95)])
        sizes = np.maximum((shares * len(ids)).astype(int), 2)
        chosen = rng.permutation(ids)[: sizes.sum()]
        for group in (chosen[: sizes[0]], chosen[sizes[0] :]):
            named |= dict.fromkeys(group, group[0])
    if rng.random() < ODDITY:
        tested = rng.permutation(ids)[0]
        named = {old: new for old, new in named.items() if tested not in (old, new)}
        named[tested] = "test"
    for name, table in tables.items():
        called = [named.get(customer, customer) for customer in table["customer_id"]]
        tables[name] = table.assign(customer_id=called)


# What happens to a shop's purchases


def _turned(transactions, products, rng):
    """From a day on, a spreadsheet took the day for the month wherever it could."""
    day = transactions["transaction_date"]
    since = pd.Timestamp("2024-04-01") + pd.Timedelta(days=int(rng.integers(0, 60)))
    # the file stays in the order in which it was written
    two = (day >= since) & (day.dt.day <= 12)
    return transactions.assign(transaction_date=day.mask(two, data.other_reading(day)))


def _reseller(transactions, products, rng):
    """One account orders three products, every day and for others."""
    share = rng.uniform(0.25, 0.32)
    count = int(len(transactions) * share / (1 - share))
    start = int(rng.integers(330, 370))
    day = FIRST_DAY + pd.to_timedelta(rng.integers(start, N_DAYS, count), unit="D")
    buyers = transactions.groupby("product_id")["customer_id"].nunique().sort_values()
    chosen = rng.choice(buyers.index[: len(buyers) // 2], 3, replace=False)
    product = products.set_index("product_id").loc[rng.choice(chosen, count, p=[0.6, 0.3, 0.1])]
    quantity = rng.integers(1, 4, count)
    lines = pd.DataFrame(
        {
            "customer_id": f"K{rng.integers(10_000, 100_000)}R",
            "transaction_date": day,
            "product_id": product.index,
            "product_category": product["product_category"].to_numpy(),
            "product_name": product["product_name"].to_numpy(),
            "quantity": quantity,
            "unit_price": product["price"].to_numpy(),
            "total_amount": product["price"].to_numpy() * quantity,
            "payment_method": "Bank Transfer",
        }
    )
    both = pd.concat([transactions, lines])
    return both.sort_values(["transaction_date", "customer_id"], kind="stable", ignore_index=True)


def _half(transactions, products, rng):
    """The export stops some weeks before its end; a few late corrections come after."""
    day = transactions["transaction_date"]
    stops = LAST_DAY - pd.Timedelta(days=int(rng.integers(36, 50)))
    late = rng.random(len(day)) < 0.015
    late[-1] = True
    return transactions[(day <= stops) | late].reset_index(drop=True)


_HAPPENS = {"turned dates": _turned, "one customer": _reseller, "half a table": _half}


def _carts_of_the_day(tables, rng):
    """Nearly everything that was bought lay in the cart on that very day."""
    bought = tables["transactions"]
    carts = bought[rng.random(len(bought)) < 0.8]
    carts = pd.DataFrame(
        {
            "event_id": [f"CART{n:06d}" for n in range(len(carts))],
            "customer_id": carts["customer_id"],
            "event_date": carts["transaction_date"],
            "event_type": "add_to_cart",
            "product_id": carts["product_id"],
            "product_category": carts["product_category"],
        }
    )
    both = pd.concat([tables["events"], carts])
    return both.sort_values("event_date", kind="stable", ignore_index=True)


# What else is handed in


def _live_test(shop, kind, transactions, here, rng):
    """A finished test of two lists that do equally well, or of one list twice.

    In the broken one, a part of those who put nothing into the cart are missing from the new arm,
    whose page was slow to load: who is left looks keener. A sound one may be off as well, by less
    than chance allows.
    """
    broken = kind == "broken split"
    new = "personal" if _tests_lists(shop, kind) else "today again"
    # a test that decides has more people, and less luck
    people, luck = (8_000, 0.02) if lift_decides(shop, kind) else (2_500, 0.05)
    arms = ["today", new]
    # those who shop now: all customers of the file, and as many that it doesn't know
    ids = list(transactions["customer_id"].unique())
    ids += [f"V{number}" for number in range(100_000, 100_000 + max(people - len(ids), 0))]
    allowed, at_least = experiments.deviation_allowed(len(ids)), rng.choice([0, 0.4])
    for _ in range(40):
        name = f"test {rng.integers(100, 1_000)}"
        dealt = experiments.assign_arms(ids, dict.fromkeys(arms, 0.5), name)
        off = abs((dealt["arm"] == new).sum() - len(ids) / 2) / allowed
        if broken or at_least <= off < 0.9:
            break
    keen = rng.gamma(8, 0.08 / 8, len(dealt))
    for _ in range(20):
        visits = 1 + rng.poisson(rng.gamma(2, 2.5, len(dealt)))
        carted = rng.binomial(visits, np.minimum(keen, 1))
        rates = [carted[dealt["arm"] == arm].sum() / visits[dealt["arm"] == arm].sum()
                 for arm in arms]  # fmt: skip
        if abs(rates[1] / rates[0] - 1) < luck:  # equal lists, and no luck that looks like more
            break
    missing = broken & (dealt["arm"] == new) & (carted == 0)
    missing &= rng.random(len(dealt)) < rng.uniform(0.27, 0.4)
    who = np.repeat(np.flatnonzero(~missing), visits[~missing])
    nth = np.concatenate([np.arange(visits[one]) for one in np.flatnonzero(~missing)])
    day = pd.Timestamp("2025-01-06") + pd.to_timedelta(rng.integers(0, 28, len(who)), unit="D")
    rows = pd.DataFrame(
        {
            "customer_id": dealt["customer_id"].to_numpy()[who],
            "arm": dealt["arm"].to_numpy()[who],
            "date": _written(pd.Series(day)),
            "carted": (nth < carted[who]).astype(int),
        }
    )
    write_csv(pa.Table.from_pandas(rows, preserve_index=False), here / "test.csv")
    plan = {"name": name, "arms": dict.fromkeys(arms, 0.5), "starts": "2025-01-06", "weeks": 4,
            "metric": "carted per visit", "worth_having": 0.1}  # fmt: skip
    return {"test_results_path": str(here / "test.csv"), "live_test": plan}


def _write(tables, here):
    for name, file, date in (("transactions", "orders.csv", "transaction_date"),
                             ("events", "events.csv", "event_date")):  # fmt: skip
        table = tables[name].assign(**{date: _written(tables[name][date])})
        if name == "transactions":
            table["transaction_id"] = [f"B{n:06d}" for n in range(1, len(table) + 1)]
        write_csv(pa.Table.from_pandas(table, preserve_index=False), here / file)


def _written(dates):
    """Dates as the export has them; each day is written once."""
    days = dates.drop_duplicates()
    return dates.map(dict(zip(days, days.dt.strftime("%d-%m-%Y"), strict=True)))


def _lists(kind, later, tables, products, files, here, rng):
    """Everybody's list, by the rules of the catalogue, which may change afterwards.

    In some shops a few lists are short, which only asks somebody to look.
    """
    stock = products[["product_id", "product_name", "product_category"]].assign(
        in_stock="yes", allowed="yes"
    )
    chosen = rng.choice(stock.index, 3, replace=False)
    stock.loc[chosen[:2], "in_stock"] = "no"
    stock.loc[chosen[2], "allowed"] = "no"
    stock.to_csv(files.products_path, index=False)
    lists = engine_of(tables["transactions"], tables["events"], files).recommend(n=PLACES)
    if rng.random() < ODDITY:
        short = rng.choice(np.flatnonzero(lists["rank"] == PLACES), int(rng.integers(5, 60)), False)
        lists = lists.drop(lists.index[short]).reset_index(drop=True)
    if later or kind in ("sold out", "forbidden"):
        places = lists["product_id"].value_counts()
        if kind == "forbidden":
            health = stock.loc[stock["product_category"].isin(["Health", "Beauty"]), "product_id"]
            places = places[places.index.isin(health)]
        column = "allowed" if kind == "forbidden" else "in_stock"
        stock.loc[stock["product_id"] == places.index[0], column] = "no"
        stock.to_csv(files.products_path, index=False)
    return lists


def engine_of(
    transactions: pd.DataFrame, events: pd.DataFrame, files: data.Parameters
) -> production.Engine:
    """The engine of the lists handed in, by the shop's catalogue as it is now.

    Parameters
    ----------
    transactions, events : DataFrame
    files : Parameters
        Of the shop.
    """
    rules = catalogue.shop_rules(transactions, files, events)
    return production.build_engine(transactions, events, ItemBased(intent_days=CART_DAYS), rules)


def sentences_of(shop: int, kind: str) -> tuple[dict[str, str], str]:
    """Four sentences for the head of product by letter, and the right letter.

    Parameters
    ----------
    shop : int
    kind : str
        One of :data:`KINDS`.
    """
    about = texts()["kinds"][kind]
    later = later_no(shop, kind)
    beside = [each for each in about["beside"] if each != later]
    chosen = [about["fault"], *([later] if later else []), *beside][:4]
    order = np.random.default_rng([SALT, shop % 2**32, len(KINDS)]).permutation(len(chosen))
    sentences = {letter: texts()["faults"][chosen[at]]["sentence"]
                 for letter, at in zip("ABCD", order, strict=True)}  # fmt: skip
    return sentences, "ABCD"[int(np.flatnonzero(order == 0)[0])]
