"""Small made-up exports with the columns that real programs write, and what they say.

Customers have tastes, so that there is something to recommend. Each writer returns the lines that
count: customer, product and day.
"""

import numpy as np
import pandas as pd

N_PRODUCTS = 40


def purchases(n_customers=240, seed=0):
    """Lines of orders: a customer buys within a taste most of the time."""
    rng = np.random.default_rng(seed)
    rows, order = [], 1000
    for customer in range(n_customers):
        taste = customer % 4
        for _ in range(rng.integers(2, 7)):
            order += 1
            minute = int(rng.integers(0, 400 * 1440))
            wanted = np.where(rng.random(3) < 0.8, taste, rng.integers(0, 4, 3))
            for product in sorted(set((rng.integers(0, 10, 3) + 10 * wanted).tolist())):
                rows.append((order, customer, minute, product, int(rng.integers(1, 4))))
    lines = pd.DataFrame(rows, columns=["order", "customer", "minute", "product", "quantity"])
    lines["time"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(lines["minute"], unit="min")
    lines["price"] = 5 + 1.25 * lines["product"]
    # the order's number says when it was placed, as in a shop
    lines = lines.sort_values(["time", "order"], kind="stable").reset_index(drop=True)
    return lines.assign(order=1001 + pd.factorize(lines["order"])[0])


def truth(lines, customer, product, days=None):
    """What a reader should find."""
    days = lines["time"].dt.normalize() if days is None else days
    return pd.DataFrame({"customer_id": customer, "product_id": product, "day": days})


def of_order(lines, values, seed):
    """Something that each order has, by chance."""
    drawn = np.random.default_rng(seed).choice(values, lines["order"].max() + 1)
    return pd.Series(drawn[lines["order"]], lines.index)


def shopify(folder, lines):
    first = ~lines["order"].duplicated()
    status = of_order(lines, ["paid", "paid", "paid", "paid", "refunded", "pending"], 1)
    email = lines["customer"].map("c{}@example.com".format)
    summer = lines["time"].dt.month.between(4, 10)
    sku = lines["product"].map("SKU-{:03}".format)
    time = lines["time"].dt.strftime("%Y-%m-%d %H:%M:%S ") + np.where(summer, "+0200", "+0100")
    total = (lines["quantity"] * lines["price"]).groupby(lines["order"]).transform("sum")
    columns = {
        "Name": "#" + lines["order"].astype(str), "Email": email.where(first),
        "Financial Status": status.where(first), "Paid at": time.where(first & (status == "paid")),
        "Fulfillment Status": pd.Series("fulfilled", lines.index).where(first),
        "Fulfilled at": None, "Accepts Marketing": pd.Series("no", lines.index).where(first),
        "Currency": pd.Series("EUR", lines.index).where(first),
        "Subtotal": total.where(first), "Shipping": pd.Series("0.00", lines.index).where(first),
        "Taxes": None, "Total": total.where(first), "Discount Code": None, "Discount Amount": None,
        "Shipping Method": None, "Created at": time.where(first),
        "Lineitem quantity": lines["quantity"],
        "Lineitem name": lines["product"].map("Thing number {}".format),
        "Lineitem price": lines["price"].map("{:.2f}".format),
        "Lineitem compare at price": None, "Lineitem sku": sku,
        "Lineitem requires shipping": "true", "Lineitem taxable": "true",
        "Lineitem fulfillment status": "fulfilled",
        "Billing Name": lines["customer"].map("Ann Example {}".format).where(first),
        "Notes": None, "Cancelled at": None,
        "Payment Method": pd.Series("Visa", lines.index).where(first),
        "Refunded Amount": None, "Vendor": "Us", "Id": None, "Tags": None, "Source": "web",
    }  # fmt: skip
    pd.DataFrame(columns).to_csv(folder / "orders_export.csv", index=False)
    keep = status != "refunded"
    return truth(lines, email, sku)[keep]


def woocommerce(folder, lines):
    status = of_order(lines, ["Completed", "Completed", "Processing", "Cancelled", "Failed"], 2)
    email = lines["customer"].map("kunde{}@example.org".format)
    sku = lines["product"].map("woo-{}-{}".format("shirt", "{}").format)
    columns = {
        "Order Number": lines["order"], "Order Status": status,
        "Order Date": lines["time"].dt.strftime("%Y-%m-%d %H:%M"), "Customer Note": None,
        "First Name (Billing)": "Ann", "Last Name (Billing)": "Example",
        "Country Code (Billing)": "DE", "Email (Billing)": email, "Phone (Billing)": None,
        "Payment Method Title": "PayPal", "Cart Discount Amount": 0,
        "Order Subtotal Amount": 10, "Shipping Method Title": "Flat rate",
        "Order Shipping Amount": 4.9, "Order Refund Amount": 0,
        "Order Total Amount": lines["price"].groupby(lines["order"]).transform("sum"),
        "Order Total Tax Amount": 1, "SKU": sku, "Item #": lines.groupby("order").cumcount() + 1,
        "Item Name": lines["product"].map("Shirt no {}".format),
        "Category": (lines["product"] // 10).map("Family {}".format),
        "Quantity (- Refund)": lines["quantity"], "Item Cost": lines["price"],
        "Coupon Code": None, "Discount Amount": None, "Discount Amount Tax": None,
    }  # fmt: skip
    pd.DataFrame(columns).to_csv(folder / "orders.csv", index=False)
    return truth(lines, email, sku)[status.isin(["Completed", "Processing"])]


def magento(folder, lines):
    email = lines["customer"].map("m{}@example.net".format)
    sku = lines["product"].map("MG-{:03}-BLUE".format)
    status = of_order(lines, ["complete", "complete", "processing", "canceled", "closed"], 3)
    time = lines["time"].dt.strftime("%Y-%m-%d %H:%M:%S")
    items = pd.DataFrame({
        "item_id": 2 * lines.index + 1, "order_id": lines["order"] - 1000, "parent_item_id": "NULL",
        "store_id": 1, "created_at": time, "product_id": lines["product"] + 7000,
        "product_type": "configurable", "sku": sku,
        "name": lines["product"].map("Jacket {}".format),
        "qty_ordered": lines["quantity"].map("{}.0000".format), "qty_refunded": "0.0000",
        "price": lines["price"].map("{:.4f}".format),
    })  # fmt: skip
    # the variant that belongs to it stands in a row of its own, with price zero
    variants = items.assign(item_id=items["item_id"] + 1, parent_item_id=items["item_id"],
                            product_type="simple", price="0.0000")  # fmt: skip
    items = pd.concat([items, variants]).sort_values("item_id", kind="stable")
    items.to_csv(folder / "sales_order_item.csv", index=False)
    orders = pd.DataFrame({
        "entity_id": lines["order"] - 1000, "state": status, "status": status,
        "increment_id": lines["order"].map("{:09}".format),
        "customer_id": lines["customer"].where(lines["customer"] % 2 == 0, -1).astype(str).replace(
            "-1", "NULL"), "customer_email": email, "grand_total": 10, "created_at": time,
    }).drop_duplicates("entity_id")  # fmt: skip
    orders.to_csv(folder / "sales_order.csv", index=False)
    return truth(lines, email, sku)[status.isin(["complete", "processing"])]


def visits(lines, seed=4):
    """Views and carts around the purchases, searches and pages without a product."""
    rng = np.random.default_rng(seed)
    seen = lines.sample(frac=0.7, random_state=seed)
    seen = seen.assign(time=seen["time"] - pd.to_timedelta(rng.integers(5, 5000, len(seen)), "min"))
    seen["kind"] = rng.choice(["view", "view", "cart", "search", "page"], len(seen))
    return seen[seen["time"] > "2023-01-02"].sort_values("time").reset_index(drop=True)


def milliseconds(times):
    return times.astype("datetime64[ms]").astype("int64")


def microseconds(times):
    return times.astype("datetime64[us]").astype("int64")


def ga4(folder, lines):
    person = lines["customer"].map("{0}.16{0:08}".format)
    item = lines["product"].map("GGO{:04}".format)
    pd.DataFrame({
        "event_timestamp": microseconds(lines["time"]), "user_pseudo_id": person,
        "transaction_id": lines["order"].map("T-{}".format), "item_id": item,
        "item_name": lines["product"].map("Mug {}".format), "item_category": "Drinkware",
        "quantity": lines["quantity"], "price": lines["price"],
    }).to_csv(folder / "purchases.csv", index=False)  # fmt: skip
    seen = visits(lines)
    names = {"view": "view_item", "cart": "add_to_cart", "search": "view_search_results",
             "page": "page_view"}  # fmt: skip
    pd.DataFrame({
        "event_timestamp": microseconds(seen["time"]),
        "user_pseudo_id": seen["customer"].map("{0}.16{0:08}".format),
        "event_name": seen["kind"].map(names),
        "item_id": seen["product"].map("GGO{:04}".format).where(
            seen["kind"].isin(["view", "cart"])),
        "item_category": "Drinkware",
    }).to_csv(folder / "events.csv", index=False)  # fmt: skip
    return truth(lines, person, item)


def joined_tables(folder, lines):
    status = of_order(lines, ["shipped", "shipped", "shipped", "cancelled"], 5)
    customer, article = lines["customer"].map("K{:04}".format), lines["product"].map("{:06}".format)
    pd.DataFrame({
        "line": lines.index + 1, "order_id": lines["order"], "article": article,
        "qty": lines["quantity"], "status": "picked",
    }).to_csv(folder / "order_lines.csv", index=False)  # fmt: skip
    pd.DataFrame({
        "order_id": lines["order"], "customer": customer,
        "ordered_on": lines["time"].dt.strftime("%Y-%m-%d"), "status": status,
    }).drop_duplicates("order_id").to_csv(folder / "orders.csv", index=False)  # fmt: skip
    numbers = range(N_PRODUCTS)
    pd.DataFrame({
        "id": [f"{n:06}" for n in numbers], "title": [f"Screw {n}" for n in numbers],
        "group": [f"Group {n // 10}" for n in numbers], "stock": 100,
    }).to_csv(folder / "products.csv", index=False)  # fmt: skip
    return truth(lines, customer, article)[status == "shipped"]


def point_of_sale(folder, lines):
    """A European till: semicolons, decimal commas, D.M.Y, cp1252, returns, deposits."""
    card, article = (
        lines["customer"].add(200_000).astype(str),
        lines["product"].map("A{:05}".format),
    )

    def comma(numbers):
        return numbers.map("{:,.2f}".format).str.translate(str.maketrans(",.", ".,"))

    table = pd.DataFrame({
        "Bon-Nr.": lines["order"], "Datum": lines["time"].dt.strftime("%d.%m.%Y"),
        "Kundenkarte": card, "Artikelnummer": article,
        "Bezeichnung": lines["product"].map("Käse Größe {}".format),
        "Warengruppe": (lines["product"] // 10).map("Gruppe {}".format),
        "Menge": lines["quantity"], "Einzelpreis": comma(lines["price"]),
        "Betrag": comma(lines["price"] * lines["quantity"]),
    })  # fmt: skip
    # the last 40 lines are brought back, and 90 bottles have a deposit
    back = table.tail(40).assign(Menge=-lines["quantity"].tail(40))
    back["Betrag"] = "-" + back["Betrag"]
    deposit = table.head(90).assign(Artikelnummer="PFAND", Bezeichnung="Pfand", Betrag="0,25")
    pd.concat([table, back, deposit]).to_csv(
        folder / "kasse.csv", sep=";", index=False, encoding="cp1252"
    )
    kept = truth(lines, card, article)
    pairs = pd.MultiIndex.from_frame(kept[["customer_id", "product_id"]])
    bought = lines["quantity"].groupby([card, article]).transform("sum")
    returned = lines["quantity"].tail(40).groupby([card.tail(40), article.tail(40)]).sum()
    undone = bought.to_numpy() <= returned.reindex(pairs).fillna(0).to_numpy()
    return kept[~undone]


def app(folder, lines):
    """An app's log: times in milliseconds, events with names of its own."""
    user, item = lines["customer"].map("u{}".format), lines["product"].map("i{}".format)
    pd.DataFrame({
        "device": user, "item": item, "ts": milliseconds(lines["time"]),
        "amount": (lines["price"] * lines["quantity"]).map("{:.2f}".format),
    }).to_csv(folder / "purchases.csv", index=False)  # fmt: skip
    seen = visits(lines)
    names = {"view": "view", "cart": "atc", "search": "search", "page": "heartbeat"}
    pd.DataFrame({
        "user_id": seen["customer"].map("u{}".format), "action": seen["kind"].map(names),
        "item": seen["product"].map("i{}".format), "timestamp": milliseconds(seen["time"]),
    }).to_csv(folder / "events.csv", index=False)  # fmt: skip
    return truth(lines, user, item)


def online_retail(folder, lines):
    customer, code = (
        lines["customer"].add(17_000),
        lines["product"].map("{}A".format("85{:03}").format),
    )
    table = pd.DataFrame({
        "InvoiceNo": lines["order"].add(536_000).astype(str), "StockCode": code,
        "Description": lines["product"].map("HEART T-LIGHT HOLDER {}".format),
        "Quantity": lines["quantity"],
        "InvoiceDate": lines["time"].dt.strftime("%m/%d/%Y %H:%M"),
        "UnitPrice": lines["price"], "CustomerID": customer.map("{}.0".format),
        "Country": "United Kingdom",
    })  # fmt: skip
    postage = table.head(50).assign(StockCode="POST", Description="POSTAGE", UnitPrice=18)
    back = table.tail(1).assign(InvoiceNo="C539999", Quantity=-99)
    guests = table.head(30).assign(CustomerID=None)
    pd.concat([table, postage, back, guests]).to_csv(
        folder / "OnlineRetail.csv", index=False, encoding="cp1252"
    )
    kept = truth(lines, customer.astype(str), code)
    last = kept.iloc[-1]
    same = (kept["customer_id"] == last["customer_id"]) & (kept["product_id"] == last["product_id"])
    return kept[~same]


def complete_journey(folder, lines):
    kind = lines["product"].map("KIND {}".format)
    pd.DataFrame({
        "household_id": lines["customer"].astype(str), "store_id": "1",
        "basket_id": lines["order"].astype(str), "product_id": lines.index.astype(str),
        "quantity": lines["quantity"].astype(float), "sales_value": lines["price"],
        "transaction_timestamp": lines["time"], "department": "GROCERY", "product_type": kind,
    }).to_parquet(folder / "grocer.parquet", index=False)  # fmt: skip
    return truth(lines, lines["customer"].astype(str), kind)


def check(found, expected):
    """That the same customers bought the same products on the same days."""
    found = found.assign(day=found["transaction_date"].dt.normalize())
    names = ["customer_id", "product_id", "day"]
    found, expected = (
        table[names].astype({"day": "datetime64[us]"}).sort_values(names, ignore_index=True)
        for table in (found, expected)
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
