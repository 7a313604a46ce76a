"""Small things that several test modules use."""

import sys

import pandas as pd


def purchases(*rows):
    """A transactions table from (customer, product) or (customer, product, date) tuples."""
    rows = [(*row, "2024-01-01")[:3] for row in rows]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "transaction_date"])
    return table.assign(transaction_date=pd.to_datetime(table["transaction_date"]))


def command(*arguments):
    return [sys.executable, "-m", "helpers.course.command", "run", *map(str, arguments)]
