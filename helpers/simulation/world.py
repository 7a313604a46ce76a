"""The bundled data: a synthetic customer data platform (CDP) with something to find in it.

A shop of 53 products and 5,000 customers over 2023 and 2024. Every customer has a *taste*, a
mixture of seven ways of life that cut across the shop's categories, and buys what fits the taste,
the season and what was bought before. The true taste is kept in :class:`World`, so that lessons
can show the ceiling that no real company ever sees.

The same seed gives the same files, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 2024
N_CUSTOMERS = 5_000
N_BUYERS = 4_290
N_TRANSACTIONS = 24_419
N_EVENTS = 27_560
FIRST_DAY = pd.Timestamp("2023-01-01")
LAST_DAY = pd.Timestamp("2024-12-31")
N_DAYS = (LAST_DAY - FIRST_DAY).days + 1

TASTES = ["cook", "nest", "active", "gamer", "reader", "parent", "style"]
TASTE_WEIGHT = 5.4  # how much a matching taste adds to a product's log-attraction
FASHION_WEIGHT = 0.4  # amplitude of the slow waves of popularity
# how much less attractive a product becomes once the customer has bought it
REBUY_PENALTY = 0.3  # a consumable: bought again now and then
OWNED_PENALTY = 4.5  # anything else: practically never bought again
SAME_DAY_PENALTY = 99.0  # a basket's further lines are things that are not owned at all
PAYMENT_METHODS = ["Credit Card", "Debit Card", "PayPal", "Gift Card", "Bank Transfer"]
PAYMENT_SHARES = [0.42, 0.25, 0.20, 0.05, 0.08]

# name, category, price, tastes that like it, month of the seasonal peak (0: none),
# bought again?, first day on sale (days after FIRST_DAY)
_CATALOGUE = [
    ("Coffee", "Groceries", 9.5, "cook reader", 0, True, 0),
    ("Olive Oil", "Groceries", 12.0, "cook", 0, True, 0),
    ("Dark Chocolate", "Groceries", 4.5, "reader cook", 12, True, 0),
    ("Green Tea", "Groceries", 6.0, "reader active", 0, True, 0),
    ("Protein Bars", "Groceries", 18.0, "active", 0, True, 0),
    ("Pasta Set", "Groceries", 14.0, "cook parent", 0, True, 0),
    ("Chef Knife", "Kitchen", 49.0, "cook", 0, False, 0),
    ("Cast Iron Pan", "Kitchen", 59.0, "cook", 0, False, 0),
    ("Coffee Grinder", "Kitchen", 39.0, "cook reader", 12, False, 0),
    ("Baking Set", "Kitchen", 29.0, "cook parent", 12, False, 0),
    ("Spice Rack", "Kitchen", 25.0, "cook nest", 0, False, 0),
    ("Air Fryer", "Kitchen", 99.0, "cook active", 0, False, 410),
    ("Rug", "Home", 89.0, "nest", 0, False, 0),
    ("Table Lamp", "Home", 45.0, "nest reader", 11, False, 0),
    ("Scented Candle", "Home", 15.0, "nest style", 12, True, 0),
    ("Throw Blanket", "Home", 35.0, "nest reader", 11, False, 0),
    ("Wall Shelf", "Home", 55.0, "nest reader", 0, False, 0),
    ("House Plant", "Home", 22.0, "nest", 4, False, 0),
    ("Garden Tools", "Garden", 42.0, "nest", 4, False, 0),
    ("Plant Pot", "Garden", 18.0, "nest style", 4, False, 0),
    ("Flower Seeds", "Garden", 6.0, "nest parent", 4, True, 0),
    ("Patio Lights", "Garden", 32.0, "nest", 6, False, 250),
    ("Yoga Mat", "Sports", 28.0, "active style", 1, False, 0),
    ("Dumbbells", "Sports", 65.0, "active", 1, False, 0),
    ("Running Shoes", "Sports", 95.0, "active", 4, False, 0),
    ("Water Bottle", "Sports", 19.0, "active parent", 6, False, 0),
    ("Resistance Bands", "Sports", 17.0, "active", 1, False, 0),
    ("Foam Roller", "Sports", 24.0, "active", 1, False, 330),
    ("Vitamins", "Health", 16.0, "active parent", 1, True, 0),
    ("Sleep Mask", "Health", 12.0, "style reader", 0, False, 0),
    ("First Aid Kit", "Health", 27.0, "parent active", 0, False, 0),
    ("Massage Gun", "Health", 119.0, "active", 12, False, 0),
    ("Face Cream", "Beauty", 32.0, "style", 0, True, 0),
    ("Lipstick", "Beauty", 21.0, "style", 12, True, 0),
    ("Hair Dryer", "Beauty", 58.0, "style", 0, False, 0),
    ("Perfume", "Beauty", 72.0, "style", 12, False, 0),
    ("Sunscreen", "Beauty", 14.0, "style active parent", 7, True, 0),
    ("Leather Bag", "Fashion", 129.0, "style", 0, False, 0),
    ("Silk Scarf", "Fashion", 49.0, "style", 11, False, 0),
    ("Sunglasses", "Fashion", 69.0, "style active", 7, False, 0),
    ("Wool Socks", "Fashion", 16.0, "nest reader style", 12, False, 0),
    ("Video Game", "Electronics", 59.0, "gamer", 12, False, 0),
    ("Gaming Headset", "Electronics", 79.0, "gamer", 12, False, 0),
    ("Game Controller", "Electronics", 54.0, "gamer", 12, False, 0),
    ("Wireless Mouse", "Electronics", 34.0, "gamer reader", 0, False, 0),
    ("E-Reader", "Electronics", 109.0, "reader", 12, False, 0),
    ("Energy Drink", "Groceries", 11.0, "gamer active", 0, True, 0),
    ("Action Figure", "Toys", 24.0, "gamer parent", 12, False, 0),
    ("Board Game", "Toys", 36.0, "gamer parent reader", 12, False, 0),
    ("Building Blocks", "Toys", 44.0, "parent", 12, False, 0),
    ("Picture Book", "Books", 13.0, "parent", 12, False, 0),
    ("Crime Novel", "Books", 12.0, "reader", 7, False, 0),
    ("Graphic Novel", "Books", 19.0, "gamer reader", 0, False, 480),
]

# bought together, or soon after: the second follows the first
_COMPLEMENTS = [
    ("Coffee Grinder", "Coffee"), ("Cast Iron Pan", "Olive Oil"),
    ("Chef Knife", "Spice Rack"), ("Baking Set", "Dark Chocolate"),
    ("Plant Pot", "House Plant"), ("Garden Tools", "Flower Seeds"),
    ("Table Lamp", "Crime Novel"), ("Throw Blanket", "Scented Candle"),
    ("Rug", "Wall Shelf"), ("Running Shoes", "Protein Bars"),
    ("Dumbbells", "Resistance Bands"), ("Yoga Mat", "Foam Roller"),
    ("Video Game", "Game Controller"), ("Gaming Headset", "Energy Drink"),
    ("E-Reader", "Green Tea"), ("Board Game", "Dark Chocolate"),
    ("Building Blocks", "Picture Book"), ("Perfume", "Silk Scarf"),
    ("Face Cream", "Sleep Mask"), ("Sunglasses", "Sunscreen"),
    ("Massage Gun", "Vitamins"), ("Leather Bag", "Lipstick"),
]  # fmt: skip


@dataclass(frozen=True)
class World:
    """The two tables and the truth behind them.

    Attributes
    ----------
    transactions, events : DataFrame
        As in the CSV files, dates as timestamps.
    products : DataFrame
        One row per product: id, name, category, price, launch date, ``consumable``.
    taste : DataFrame, shape (5000, 7)
        Each customer's shares of the seven tastes; a row sums to 1.
    preference : DataFrame, shape (5000, 53)
        Log-attraction of each product for each customer, before season and purchase history.
        What a perfect recommender would know.
    """

    transactions: pd.DataFrame
    events: pd.DataFrame
    products: pd.DataFrame
    taste: pd.DataFrame
    preference: pd.DataFrame


def make_products() -> pd.DataFrame:
    """The catalogue: one row per product, PROD_001 to PROD_053."""
    products = pd.DataFrame(
        _CATALOGUE,
        columns=["product_name", "product_category", "price", "tastes", "peak_month",
                 "consumable", "launch_day"],
    )  # fmt: skip
    products.insert(0, "product_id", [f"PROD_{n:03d}" for n in range(1, len(products) + 1)])
    products["launch_date"] = FIRST_DAY + pd.to_timedelta(products["launch_day"], unit="D")
    return products


def owned_penalty(consumable) -> np.ndarray:
    """How much less a customer is drawn to what they already own (log-attraction, not negative).

    Parameters
    ----------
    consumable : array-like of bool
        Of the products: are they used up, and bought again?
    """
    return np.where(consumable, REBUY_PENALTY, OWNED_PENALTY)


def make_world(seed: int = SEED, taste_strength: float = 1.0, pushed=0.0) -> World:
    """Make the shop: customers with tastes, their purchases and their events.

    Parameters
    ----------
    seed : int
        Same seed, same world.
    taste_strength : float
        1 for the bundled data; 0 switches personal taste off: everyone likes the same products.
        Counts stay the same, so it is the control in which no recommender can beat popularity.
    pushed : float or ndarray, shape (days, products)
        As in :func:`replay_purchases`: what fashion or a homepage adds, for everyone.

    Returns
    -------
    World
    """
    rng = np.random.default_rng(seed)
    products = make_products()
    taste, preference = _draw_tastes(rng, products, taste_strength)
    bought = _draw_purchases(rng, products, preference, pushed)
    transactions = _transactions_table(rng, products, bought)
    events = _events_table(rng, products, preference, bought)
    customers = pd.Index([f"CUST{n:05d}" for n in range(1, N_CUSTOMERS + 1)], name="customer_id")
    return World(
        transactions,
        events,
        products,
        pd.DataFrame(taste, index=customers, columns=TASTES),
        pd.DataFrame(preference, index=customers, columns=products["product_id"]),
    )


def replay_purchases(pushed, seed: int = SEED) -> pd.DataFrame:
    """The bundled shop's two years once more, with a homepage that pushes some products.

    Same customers, same tastes, same days and the same dice: what differs comes from the push.

    Parameters
    ----------
    pushed : ndarray, shape (days, products) or (1, products)
        Added to the products' log-attraction, for everyone: log(2) makes a product twice as
        attractive as it is. Zeros give the bundled purchases.
    seed : int

    Returns
    -------
    DataFrame
        ``customer_id``, ``product_id``, ``transaction_date``; one row per purchase.
    """
    rng = np.random.default_rng(seed)
    products = make_products()
    _, preference = _draw_tastes(rng, products, 1.0)
    bought = _draw_purchases(rng, products, preference, pushed)
    return pd.DataFrame(
        {
            "customer_id": (bought["customer"] + 1).map("CUST{:05d}".format),
            "product_id": products["product_id"].to_numpy()[bought["product"]],
            "transaction_date": FIRST_DAY + pd.to_timedelta(bought["day"], unit="D"),
        }
    )


def write_csv(world: World, folder: Path) -> tuple[Path, Path]:
    """Write the two CSV files of the data contract into `folder`; dates become DD-MM-YYYY."""
    paths = folder / "cdp_transactions.csv", folder / "cdp_behavioral_events.csv"
    for path, table, date in zip(
        paths,
        (world.transactions, world.events),
        ("transaction_date", "event_date"),
        strict=True,
    ):
        table.assign(**{date: table[date].dt.strftime("%d-%m-%Y")}).to_csv(
            path, index=False, lineterminator="\n", float_format="%.2f", encoding="utf-8"
        )
    return paths


def _draw_tastes(rng, products, taste_strength):
    """Shares of the tastes per customer, and the attraction of each product."""
    # Dirichlet(0.22): most customers have one dominant taste and a second one
    shares = rng.gamma(0.22, size=(N_CUSTOMERS, len(TASTES))) + 1e-9
    shares /= shares.sum(axis=1, keepdims=True)
    likes = np.array(
        [[t in tastes.split() for t in TASTES] for tastes in products["tastes"]], float
    )
    # a product that speaks to several tastes speaks a little less to each
    likes /= np.sqrt(likes.sum(axis=1, keepdims=True))
    general = rng.permutation(np.linspace(-1.1, 1.1, len(products)))  # the long tail
    personal = rng.normal(0, 0.5, size=(N_CUSTOMERS, len(products)))
    preference = general + taste_strength * (TASTE_WEIGHT * shares @ likes.T + personal)
    return shares, preference


def _draw_dates(rng):
    """Purchase days of every buyer, sorted: (buyer, day) of all transactions.

    Customers join over the two years, most of them early, and half of them fade away.
    """
    weight = rng.lognormal(0, 0.75, N_BUYERS)
    extra = rng.multinomial(N_TRANSACTIONS - N_BUYERS, weight / weight.sum())
    join = np.floor(N_DAYS * 0.92 * rng.random(N_BUYERS) ** 1.6)
    left = rng.random(N_BUYERS) < 0.5
    lifetime = np.where(left, 30 + rng.exponential(200, N_BUYERS), N_DAYS)
    end = np.minimum(join + lifetime, N_DAYS)

    buyer = np.repeat(np.arange(N_BUYERS), 1 + extra)
    # the shop is busier before Christmas: a uniform draw, bent towards the days with more traffic
    day_of_year = np.arange(N_DAYS) % 365
    traffic = 1 + 0.5 * np.exp(-(((day_of_year - 345) / 22) ** 2))
    cumulative = np.concatenate([[0], np.cumsum(traffic)])
    low, high = (np.interp(t, np.arange(N_DAYS + 1), cumulative) for t in (join[buyer], end[buyer]))
    at = low + (high - low) * rng.random(len(buyer))
    day = np.minimum(np.searchsorted(cumulative, at, side="right") - 1, N_DAYS - 1)
    order = np.lexsort((day, buyer))
    buyer, day = buyer[order], day[order]
    # a third of the lines join the basket of the customer's previous line
    same_basket = (rng.random(len(day)) < 0.30) & np.concatenate([[False], buyer[1:] == buyer[:-1]])
    first_line = np.maximum.accumulate(np.where(same_basket, -1, np.arange(len(day))))
    return buyer, day[first_line]


def _draw_fashion(rng, n_products):
    """Slow waves of popularity, (days, products): what is hot this season is not next year."""
    period = rng.uniform(250, 500, n_products)
    phase = rng.uniform(0, 2 * np.pi, n_products)
    return FASHION_WEIGHT * np.sin(2 * np.pi * np.arange(N_DAYS)[:, None] / period + phase)


def _draw_purchases(rng, products, preference, pushed=0.0):
    """Who buys what when, one step per customer at a time, all customers together."""
    buyer, day = _draw_dates(rng)
    # the newest account is a buyer, so that ids visibly run up to CUST05000
    others = rng.permutation(N_CUSTOMERS - 1)[: N_BUYERS - 1]
    customer_of_buyer = np.append(np.sort(others), N_CUSTOMERS - 1)
    month = (FIRST_DAY + pd.to_timedelta(day, unit="D")).month.to_numpy()
    distance = np.abs(month[:, None] - products["peak_month"].to_numpy())
    distance = np.minimum(distance, 12 - distance)
    seasonal = products["peak_month"].to_numpy() > 0
    season = np.where(seasonal, np.select([distance == 0, distance == 1], [0.9, 0.45], -0.15), 0)
    fashion = (_draw_fashion(rng, len(products)) + pushed)[day]
    on_sale = products["launch_day"].to_numpy() <= day[:, None]

    number = products.reset_index().set_index("product_name")["index"]
    complement = np.zeros((len(products), len(products)))
    for first, second in _COMPLEMENTS:
        complement[number[first], number[second]] = 1
    consumable = products["consumable"].to_numpy()

    ordinal = np.arange(len(buyer)) - np.searchsorted(buyer, buyer)
    product = np.full(len(buyer), -1)
    owned = np.zeros((N_BUYERS, len(products)), bool)
    for step in range(ordinal.max() + 1):
        rows = np.flatnonzero(ordinal == step)
        who = buyer[rows]
        attraction = preference[customer_of_buyer[who]] + season[rows] + fashion[rows]
        if step:
            close = np.exp(-(day[rows] - day[rows - 1]) / 30.0)
            attraction = attraction + 1.6 * close[:, None] * complement[product[rows - 1]]
        attraction = attraction - np.where(owned[who], owned_penalty(consumable), 0)
        if step:
            same_day = day[rows] == day[rows - 1]
            attraction[same_day] -= np.where(owned[who[same_day]], SAME_DAY_PENALTY, 0)
        attraction = np.where(on_sale[rows], attraction, -np.inf)
        gumbel = -np.log(-np.log(rng.random(attraction.shape)))
        product[rows] = (attraction + gumbel).argmax(axis=1)
        owned[who, product[rows]] = True
    return pd.DataFrame({"customer": customer_of_buyer[buyer], "day": day, "product": product})


def _transactions_table(rng, products, bought):
    """The transactions file: one line per product bought, in order of date."""
    bought = bought.sort_values(["day", "customer", "product"], kind="stable", ignore_index=True)
    product = products.loc[bought["product"]].reset_index(drop=True)
    count = len(bought)
    quantity = 1 + (rng.random(count) < np.where(product["consumable"], 0.35, 0.06)).astype(int)
    quantity += ((rng.random(count) < 0.25) & (quantity == 2)).astype(int)
    # list price, 0 to 20 % off, in whole cents
    cents = np.round(product["price"].to_numpy() * 100).astype(int)
    off = np.array([0, 0, 0, 5, 10, 20])[rng.integers(0, 6, count)]
    unit_cents = cents * (100 - off) // 100
    basket = bought["day"] * N_CUSTOMERS + bought["customer"]
    payment = rng.choice(len(PAYMENT_METHODS), size=count, p=PAYMENT_SHARES)
    payment = pd.Series(payment).groupby(basket).transform("first")
    return pd.DataFrame(
        {
            "transaction_id": [f"TXN{n:06d}" for n in range(1, count + 1)],
            "customer_id": [f"CUST{n + 1:05d}" for n in bought["customer"]],
            "transaction_date": FIRST_DAY + pd.to_timedelta(bought["day"], unit="D"),
            "product_id": product["product_id"],
            "product_category": product["product_category"],
            "product_name": product["product_name"],
            "quantity": quantity,
            "unit_price": unit_cents / 100,
            "total_amount": unit_cents * quantity / 100,
            "payment_method": np.array(PAYMENT_METHODS)[payment],
        }
    )


def _events_table(rng, products, preference, bought):
    """The events file: interest before purchases, browsing without, pages and searches."""
    # 1. a view, sometimes a cart, hours to days before some of the purchases
    seen = bought[rng.random(len(bought)) < 0.20]
    lead = np.minimum(np.floor(rng.exponential(2.5, len(seen))), 14).astype(int)
    views = seen.assign(day=seen["day"] - lead, event_type="product_view")
    carted = rng.random(len(seen)) < 0.45
    cart_lead = np.minimum(lead, np.floor(rng.exponential(0.6, len(seen))).astype(int))
    carts = seen.assign(day=seen["day"] - cart_lead, event_type="add_to_cart")[carted]
    searched = rng.random(len(seen)) < 0.12
    searches = seen.assign(day=seen["day"] - lead, event_type="search")[searched]

    # 2. browsing by taste that leads nowhere yet, and carts that are left behind; 88 % of the
    # customers do it at all
    browsers = np.flatnonzero(rng.random(N_CUSTOMERS) < 0.88)
    rest = N_EVENTS - len(views) - len(carts) - len(searches)
    n_abandoned = int(0.10 * rest)
    count = rest - n_abandoned
    kind = rng.choice(3, size=count, p=[0.32, 0.46, 0.22])
    event_type = np.array(["page_view", "product_view", "search"])[kind]
    customer = browsers[rng.integers(0, len(browsers), count)]
    active = _days_near_purchases(rng, bought, customer)
    attraction = 0.8 * preference[customer]
    attraction = np.where(products["launch_day"].to_numpy() <= active[:, None], attraction, -np.inf)
    gumbel = -np.log(-np.log(rng.random(attraction.shape)))
    product = (attraction + gumbel).argmax(axis=1)
    no_product = (kind == 0) | ((kind == 2) & (rng.random(count) < 0.5))
    browsing = pd.DataFrame(
        {
            "customer": customer,
            "day": active,
            "product": np.where(no_product, -1, product),
            "event_type": event_type,
        }
    )
    left_behind = np.sort(rng.permutation(np.flatnonzero(kind == 1))[:n_abandoned])
    abandoned = browsing.iloc[left_behind].assign(event_type="add_to_cart")

    events = pd.concat([views, carts, searches, browsing, abandoned], ignore_index=True)
    # nobody looks at a product before it is on sale
    launch = np.where(
        events["product"] >= 0, products["launch_day"].to_numpy()[events["product"]], 0
    )
    events["day"] = np.maximum(events["day"], launch)
    # within one day: search, look, cart
    step = events["event_type"].map(
        {"page_view": 0, "search": 1, "product_view": 2, "add_to_cart": 3}
    )
    events = events.assign(step=step).sort_values(
        ["day", "customer", "step", "product"], kind="stable", ignore_index=True
    )
    has_product = (events["product"] >= 0).to_numpy()
    at = events["product"].clip(lower=0).to_numpy()
    return pd.DataFrame(
        {
            "event_id": [f"EVT{n:06d}" for n in range(1, len(events) + 1)],
            "customer_id": [f"CUST{n + 1:05d}" for n in events["customer"]],
            "event_date": FIRST_DAY + pd.to_timedelta(events["day"], unit="D"),
            "event_type": events["event_type"],
            "product_id": np.where(has_product, products["product_id"].to_numpy()[at], None),
            "product_category": np.where(
                has_product, products["product_category"].to_numpy()[at], None
            ),
        }
    )


def _days_near_purchases(rng, bought, customer):
    """A day of browsing for each: around the customer's active time, anywhere for non-buyers."""
    span = bought.groupby("customer")["day"].agg(["min", "max"]).reindex(range(N_CUSTOMERS))
    low = (span["min"] - 30).clip(lower=0).fillna(0).to_numpy()[customer]
    high = (span["max"] + 30).clip(upper=N_DAYS - 1).fillna(N_DAYS - 1).to_numpy()[customer]
    return np.floor(low + (high - low) * rng.random(len(customer))).astype(int)
