"""Instant feedback on the exercises of all lessons.

``check`` never raises: it answers every attempt, however odd, in a sentence. What is right is
computed from the lesson's own tables, so exercises work on any shop's data.
"""

from __future__ import annotations

import numbers
from dataclasses import replace

import pandas as pd

from helpers.audiences import retention_offers
from helpers.evaluate import compare
from helpers.recommend import get_recommendations
from helpers.similarity import similar_products

_CHECKS = {}


def check(name: str, answer, **facts) -> None:
    """Say whether an answer is right, and if not, what to look at.

    Parameters
    ----------
    name : str
        Lesson and number, e.g. ``"02-1"``.
    answer : object
        What the learner found; ``...`` is "not answered yet".
    **facts
        The tables that the check computes the right answer from.
    """
    if answer is ...:
        print("Not answered yet: replace the three dots in the first line, then run the cell.")
        return
    try:
        right, message = _CHECKS[name](answer, **facts)
    except Exception:
        right = False
        message = f"this exercise expects another kind of answer than {type(answer).__name__}."
    print(("Correct: " if right else "Not yet: ") + message)


def exercise(name):
    """Register a check: a function of the answer and the facts that returns (right, message)."""

    def register(function):
        _CHECKS[name] = function
        return function

    return register


def number(answer, right, because, hints=(), tolerance=0.005):
    """Judge a number.

    Parameters
    ----------
    answer : number
    right : number
    because : str
        What a right answer means.
    hints : list of (number, str)
        Likely wrong answers, and what to say to each.
    tolerance : float
        Relative to `right`.

    Returns
    -------
    tuple of (bool, str)
    """
    if isinstance(answer, bool) or not isinstance(answer, numbers.Real):
        return False, f"a number is asked for, and this is a {type(answer).__name__}."

    def near(a, b):
        return abs(a - b) <= tolerance * max(abs(b), 1e-9)

    if near(answer, right):
        return True, because
    for wrong, hint in hints:
        if near(answer, wrong):
            return False, hint
    return False, f"{answer:,} is too {'high' if answer > right else 'low'}."


def choice(answer, right, because, hints, options):
    """Judge a choice among a few texts.

    Parameters
    ----------
    answer : str
    right : str
    because : str
    hints : dict of str to str
        What to say to each wrong option.
    options : list of str

    Returns
    -------
    tuple of (bool, str)
    """
    given = str(answer).strip().lower()
    if given == right.lower():
        return True, because
    for option, hint in hints.items():
        if given == option.lower():
            return False, hint
    return False, f"choose one of {', '.join(map(repr, options))}."


def id_list(answer, right, because, hints=()):
    """Judge a list of ids in order.

    Parameters
    ----------
    answer : list, Index or Series of ids
    right : list of ids
    because : str
    hints : list of (list of ids, str)

    Returns
    -------
    tuple of (bool, str)
    """
    given = [answer] if isinstance(answer, str) else list(pd.Series(list(answer)))
    if given == list(right):
        return True, because
    for wrong, hint in hints:
        if given == list(wrong):
            return False, hint
    if sorted(map(str, given)) == sorted(map(str, right)):
        return False, "these are the right ids in another order."
    if len(given) != len(right):
        return False, f"{len(right)} ids are asked for, and these are {len(given)}."
    return False, "some of these ids do not belong here."


def decision(name, right, because, hints, options):
    """Register an exercise that is a choice, and needs no facts: see :func:`choice`."""
    exercise(name)(lambda answer: choice(answer, right, because, hints, options))


# Lesson 00: start here


@exercise("00-1")
def _(answer, small_shop):
    return number(
        answer,
        small_shop["A"].sum(),
        "you know how exercises work now.",
        hints=[
            (small_shop["B"].sum(), "this is column B."),
            (len(small_shop), "these are all customers; count the ones in column A."),
        ],
    )


decision(
    "00-2",
    "content-based",
    "it needs descriptions and no history.",
    {
        "user-based": "it compares customers' purchases, and there are hardly any.",
        "item-based": "it compares who bought the products, and hardly anybody did yet.",
    },
    ["content-based", "user-based", "item-based"],
)


@exercise("00-3")
def _(answer, shown, matrix):
    return number(
        answer,
        min(10, matrix.shape[1]),
        "a longer list for everybody is still one list.",
        hints=[
            (shown.iloc[0], "that is today's; the list is longer now."),
            (shown.iloc[1], "that many needs personal lists; here everybody gets the same one."),
            (10 * matrix.shape[0], "this counts places; the same product stands in many of them."),
        ],
        tolerance=0,
    )


# Lesson 01: loading the data


@exercise("01-1")
def _(answer, transactions):
    sales = transactions["product_id"].value_counts()
    share = sales.iloc[0] / sales.sum()
    return number(
        answer,
        share,
        "even the best seller is far from being everyone's wish.",
        hints=[
            (share * 100, "give the share as a number between 0 and 1."),
            (sales.iloc[0], "this counts its purchases; divide by all purchases."),
            (sales.iloc[-1] / sales.sum(), "this is the product that sells least."),
        ],
    )


decision(
    "01-2",
    "the date format",
    "it costs a minute, and nothing warns you when it is wrong.",
    {
        "the campaign": "possible, but first be sure that December's sales are in December.",
        "the prices": "prices don't move purchases to other months.",
    },
    ["the campaign", "the date format", "the prices"],
)


@exercise("01-3")
def _(answer, kept):
    return number(
        answer,
        kept + 1,
        "a piece was kept, so the purchase counts; the return never does.",
        hints=[
            (kept, "as many as before. But one piece stayed with c3: does the purchase count now?"),
            (kept + 2, "one too many: a return is never a purchase."),
            (1, "that is how many more; the whole count is asked for."),
        ],
        tolerance=0,
    )


# Lesson 02: the interaction matrix


@exercise("02-1")
def _(answer, matrix):
    stored = matrix.values.nnz
    cells = matrix.shape[0] * matrix.shape[1]
    return number(
        answer,
        stored / matrix.shape[0],
        "so much is known about an average customer; the rest of the row is unknown.",
        hints=[
            (stored / matrix.shape[1], "this is buyers per product; divide by the customers."),
            (stored / cells, "this is the share of filled cells; multiply it by the products."),
            (matrix.shape[1], "this is the width of the row; count only its filled cells."),
        ],
    )


@exercise("02-2")
def _(answer, transactions):
    pairs = ["customer_id", "product_id"]
    return number(
        answer,
        len(transactions) - len(transactions.drop_duplicates(pairs)),
        "these purchases are repeats, and the binary matrix can't tell them from the first ones.",
        hints=[
            (len(transactions), "this counts all purchases; take away those that are no repeats."),
            (
                len(transactions.drop_duplicates(pairs)),
                "these are the purchases that the matrix keeps; what did it start from?",
            ),
            (
                len(transactions[pairs][transactions.duplicated(pairs, keep=False)]),
                "this counts the first purchase of each repeated pair too; only the later ones "
                "are forgotten.",
            ),
        ],
        tolerance=0,
    )


decision(
    "02-3",
    "unknown",
    "most empty cells are products that the customer never looked at.",
    {
        "dislikes": "then almost every customer would dislike almost every product. Did they "
        "all see all of them?",
        "likes": "a purchase says so; an empty cell is no purchase.",
    },
    ["likes", "dislikes", "unknown"],
)


@exercise("02-4")
def _(answer, counts):
    times = counts.values.data
    return number(
        answer,
        (times >= 2).mean(),
        "surer cells, and fewer of them.",
        hints=[
            ((times > 2).mean(), "at least twice includes exactly twice."),
            ((times < 2).mean(), "this is the share that disappears."),
            ((times >= 2).sum(), "this counts them; divide by all filled cells."),
            (100 * (times >= 2).mean(), "give the share as a number between 0 and 1."),
        ],
    )


# Lesson 03: similarity


@exercise("03-1")
def _(answer, common_buyers):
    common = common_buyers.loc["A", "B"]
    buyers = common_buyers.loc["A", "A"] * common_buyers.loc["B", "B"]
    return number(
        answer,
        common / buyers**0.5,
        "one common buyer, corrected for the popularity of both.",
        hints=[
            (common, "this is the number of common buyers; now divide by popularity."),
            (common / buyers, "take the square root of the product of both buyers."),
            (
                common_buyers.loc["A", "C"]
                / (common_buyers.loc["A", "A"] * common_buyers.loc["C", "C"]) ** 0.5,
                "this is A and C.",
            ),
        ],
    )


@exercise("03-2")
def _(answer, similarity, product):
    nearest = similar_products(similarity, product, n=len(similarity.products))["product_id"]
    return id_list(
        answer,
        nearest.head(3).tolist(),
        "these share most of its buyers, popularity taken out.",
        hints=[
            (nearest.tail(3).tolist(), "these are the least similar ones."),
            (
                [product, *nearest.head(2)],
                "every product is most similar to itself; we ask for others.",
            ),
        ],
    )


decision(
    "03-3",
    "two",
    "a pattern among hundreds, not an anecdote.",
    {
        "one": "two common buyers: would you bet a place on the page on two people?",
        "neither": "three times more than chance, among hundreds of customers, is worth it.",
    },
    ["one", "two", "neither"],
)


@exercise("03-4")
def _(answer, small):
    both = small["B"] * small["D"]
    buyers_b, buyers_d = small["B"].sum() + 1, small["D"].sum()
    right = both.sum() / (buyers_b * buyers_d) ** 0.5
    return number(
        answer,
        right,
        "lower than before: B became more popular, and D's buyers are the same.",
        hints=[
            (both.sum() / (small["B"].sum() * buyers_d) ** 0.5, "this is what it was before."),
            (
                (both.sum() + 1) / (buyers_b * buyers_d) ** 0.5,
                "customer 4 did not buy D, so there is no new common buyer.",
            ),
            (both.sum() / (buyers_b * buyers_d), "take the square root of the product."),
        ],
    )


# Lesson 04: recommendations


@exercise("04-1")
def _(answer, by_hand):
    return number(
        answer,
        by_hand.loc["B", "score"],
        "two weak ties together beat D's single strong one.",
        hints=[
            (by_hand.loc["D", "score"], "this is the score of D."),
            (by_hand.loc["B", "because of A"], "this is only one of the two purchases' part."),
        ],
    )


@exercise("04-2")
def _(answer, matrix, similarity, n):
    customers = matrix.customers

    def right(customer, length):
        return get_recommendations(customer, matrix, similarity, length)

    return id_list(
        answer,
        right(customers[1], n),
        "best score first, nothing owned.",
        hints=[
            (right(customers[0], n), "this is the list of the first customer."),
            (right(customers[1], n)[::-1], "these are the right ids, but the worst score first."),
        ],
    )


decision(
    "04-3",
    "buy it again",
    "two rows, two questions.",
    {
        "new for you": "a product the customer owns is not new.",
        "both": "then the row of new things fills up with old ones.",
        "neither": "then nobody is reminded of coffee.",
    },
    ["buy it again", "new for you", "both", "neither"],
)


@exercise("04-4")
def _(answer, table):
    return choice(
        answer,
        table["C"].idxmax(),
        "it is closest to C, and no longer owned.",
        {
            "D": "it beats B now. But is A still owned?",
            "B": "half of its score came from A, which is gone.",
            "C": "customer 4 still owns it.",
        },
        ["A", "B", "D"],
    )


# Lesson 05: evaluation


@exercise("05-1")
def _(answer, results):
    rate = results["hit_rate"]
    return number(
        answer,
        rate["item_based"] / rate["random"],
        "so much better than a dice; now read popularity in the same way.",
        hints=[
            (rate["item_based"], "this is the hit rate itself; divide it by the dice's."),
            (rate["random"] / rate["item_based"], "turn the fraction over."),
            (rate["item_based"] - rate["random"], "this is the difference; a ratio is asked for."),
            (rate["item_based"] / rate["most_popular"], "this compares with most_popular."),
        ],
    )


decision(
    "05-2",
    "a time split",
    "only what people bought later tells a recommender from a dice.",
    {
        "more coverage": "a dice reaches all of it already.",
        "a contract": "not before you know that it beats a dice.",
    },
    ["more coverage", "a time split", "a contract"],
)


@exercise("05-3")
def _(answer):
    return number(
        answer,
        (1 / 2 + 1 + 1 / 3) / 3,
        "late hits count, and count less.",
        hints=[
            (1 / 2, "this is the MRR before; customer 3 has a hit now."),
            (1 / 2 + 1 + 1 / 3, "this is the sum; the mean of three customers is asked for."),
            ((1 / 2 + 1 + 1) / 3, "a hit in place 3 does not count 1."),
            ((1 / 2 + 1 + 3) / 3, "reciprocal: place 3 counts one third."),
        ],
    )


@exercise("05-4")
def _(answer, model, split, n):
    longer, now = (compare({"it": model}, split, k).iloc[0] for k in (2 * n, n))
    return number(
        answer,
        longer["precision"],
        "a longer list never finds fewer customers; what it wastes, the precision shows.",
        hints=[
            (now["precision"], "this is the precision of the list as it is; make it longer."),
            (longer["hit_rate"], "this is the new hit rate; the precision is asked for."),
            (2 * now["precision"], "twice the places do not bring twice the hits in each."),
            (now["precision"] / 2, "the new places bring some hits, too: compute it."),
        ],
    )


# Lesson 06: production


@exercise("06-1")
def _(answer, table):
    share = (table.loc[table["rank"] == 1, "source"] == "purchases").mean()
    return number(
        answer,
        share,
        "the rest is known from events only.",
        hints=[
            (share * 100, "give the share as a number between 0 and 1."),
            (
                (table.loc[table["rank"] == 1, "source"] == "purchases").sum(),
                "this counts the customers; divide by all of them.",
            ),
            (1 - share, "this is the share of the others."),
        ],
        tolerance=0.0005,
    )


decision(
    "06-2",
    "send yesterday's",
    "a day-old list is nearly as good as a fresh one.",
    {
        "send it": "the check says that most customers would see the same product first.",
        "send nothing": "the contract says: never an empty page.",
    },
    ["send it", "send yesterday's", "send nothing"],
)


@exercise("06-3")
def _(answer, engine, customer):
    everything = len(engine.recommend_products("a stranger", 10_000))
    return number(
        answer,
        everything,
        "all products there are; nothing is owned, so nothing is left out.",
        hints=[
            (
                len(engine.recommend_products(customer, 10_000)),
                "so many get customers who own some; what does a stranger own?",
            ),
            (10_000, "more than the shop has."),
            (0, "the contract says: never an empty page."),
        ],
        tolerance=0,
    )


# Lesson 07: channels and tests


@exercise("07-1")
def _(answer, plan):
    return number(
        answer,
        plan(0.08, 0.15),
        "per arm: you need this twice, and whole weeks.",
        hints=[
            (2 * plan(0.08, 0.15), "this is both arms together; one arm is asked for."),
            (plan(0.08, 0.15 / 0.08), "the lift is relative: 0.15, not 15 points."),
            (plan(0.15, 0.08), "the rate of today comes first, then the lift."),
        ],
    )


@exercise("07-2")
def _(answer, result):
    rate, clicks = result["carts_per_visit"], result["carts_per_click"]
    return number(
        answer,
        rate["improved"] / rate["popular"],
        "in this made-up shop; yours has its own number.",
        hints=[
            (clicks["improved"] / clicks["popular"], "this is per click; per visit is asked for."),
            (rate["improved"] - rate["popular"], "this is the difference; divide instead."),
            (rate["popular"] / rate["improved"], "turn the fraction over."),
        ],
    )


decision(
    "07-3",
    "wait for the planned end",
    "the plan was made so that one look at the end is enough.",
    {
        "stop and ship": "early looks cry wolf; see the curve of peeking.",
        "stop and drop": "significant or not, three days decide nothing.",
    },
    ["stop and ship", "wait for the planned end", "stop and drop"],
)


@exercise("07-4")
def _(answer, plan, days):
    needed = plan(0.08, 0.10)
    return number(
        answer,
        days(needed, 500),
        "whole weeks, so not exactly twice as long.",
        hints=[
            (days(needed, 1_000), "this is with 1,000 clicks a day; fewer take longer."),
            (
                2 * days(needed, 1_000),
                "this doubles a number that was rounded up to whole weeks; start from the clicks.",
            ),
            (2 * needed / 500, "nearly: a test runs whole weeks, so round up to them."),
            (days(needed, 2_000), "fewer clicks a day take longer, not shorter."),
        ],
        tolerance=0,
    )


# Lesson 08: layering


@exercise("08-1")
def _(answer, campaigns):
    needed = campaigns["offers_per_saved"]
    blanket, layered = needed["blanket"], needed["value x risk x product"]
    saved = campaigns["saved"]
    return number(
        answer,
        blanket / layered,
        "most of it comes from the product, less from the risk.",
        hints=[
            (layered / blanket, "turn the fraction around: blanket needs more."),
            (blanket - layered, "how many times as many: divide instead of subtracting."),
            (
                saved["blanket"] / saved["value x risk x product"],
                "these are all saved purchases, of campaigns of different size.",
            ),
        ],
    )


@exercise("08-2")
def _(answer, away):
    share = away.mean()
    return number(
        answer,
        share,
        "ask every vendor for this number beside theirs.",
        hints=[
            (share * 100, "give the share as a number between 0 and 1."),
            (
                1 - share,
                "this is the share of those who came back: for them the sentence is wrong.",
            ),
            (away.sum(), "this counts the customers; divide by all of them."),
        ],
        tolerance=0.0005,
    )


decision(
    "08-3",
    "next product",
    "it adds most saved purchases per offer, and its interval is far from zero.",
    {
        "segments": "value makes a saved customer worth more, and saves no more of them.",
        "churn risk": "it helps, but compare its `adds` with the product's.",
    },
    ["segments", "churn risk", "next product"],
)


@exercise("08-4")
def _(answer, layers, rules):
    _, now = retention_offers(*layers, rules)
    _, funnel = retention_offers(*layers, replace(rules, offer_cost=4 * rules.offer_cost))
    left, before = (steps.iloc[-1] for steps in (funnel, now))
    return number(
        answer,
        left["customers"],
        "the margin is an average: what is dearer still pays.",
        hints=[
            (0, "the margin is an average: what about products that cost more than that?"),
            (before["customers"], "this is with today's voucher."),
            (left["products"], "these are the products that remain; count the customers."),
            (before["customers"] / 4, "not in proportion: compute it with the new rules."),
        ],
        tolerance=0,
    )


# Lesson 09: scale


@exercise("09-1")
def _(answer):
    return number(
        answer,
        499_500,
        "half a million pairs, from one customer.",
        hints=[
            (999_000, "every pair is counted twice here: halve it."),
            (1_000_000, "a product makes no pair with itself, and each pair counts once."),
            (500_000, "nearly: a product makes no pair with itself."),
        ],
        tolerance=0.0002,
    )


@exercise("09-2")
def _(answer):
    return number(
        answer,
        8,
        "twice for the customers, four times for the baskets.",
        hints=[
            (4, "that is the baskets alone, or both without the square."),
            (2, "that is the customers alone."),
            (16, "customers count in proportion, only baskets with the square."),
        ],
    )


decision(
    "09-3",
    "the laptop",
    "eight million purchases lie between the two shops measured above: less than a minute.",
    {
        "the cluster": "look at the seconds above: a cluster starts to pay much later.",
        "a neural network": "nothing here asks for another method; lesson 05 would have to.",
    },
    ["the laptop", "the cluster", "a neural network"],
)


# Lesson 10: the decision memo


@exercise("10-1")
def _(answer, facts):
    quality = facts["quality"]
    own = quality["methods"]["personal list"]["hit_rate"]
    rival = quality["methods"][quality["rival"]]["hit_rate"]
    chance = quality["methods"]["drawn by chance"]["hit_rate"]
    return number(
        answer,
        100 * (own - rival),
        "so many customers more, of a hundred.",
        hints=[
            (own - rival, "this is the share: of a *hundred* customers, please."),
            (own / rival, "this is how many times as many; subtract instead."),
            (100 * (own - chance), "compare with the best sellers, not chance."),
        ],
    )


decision(
    "10-2",
    "not yet",
    "the test would take far longer than twelve weeks; nothing else has changed.",
    {
        "ship a test": "work out the days: five times as many.",
        "don't": "that is for lists that do no good. What is missing here is traffic.",
    },
    ["ship a test", "not yet", "don't"],
)


decision(
    "10-3",
    "rerun next month",
    "more purchases narrow the interval, and a rerun costs one command.",
    {
        "test anyway": "the lists may be worse than what customers see today.",
        "give up": "an interval that holds zero is no proof of anything.",
    },
    ["test anyway", "rerun next month", "give up"],
)
