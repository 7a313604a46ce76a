import os
import sys

# two workers, two kernels beside them: more threads than cores only wait for each other
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import pandas as pd  # noqa: E402
import pytest  # noqa: E402

from helpers import data  # noqa: E402
from helpers.matrix import build_interaction_matrix  # noqa: E402


@pytest.fixture
def small_shop():
    """Customers 1 to 4, products A to D: worked by hand all through the course."""
    return data.miniature()


@pytest.fixture
def small_matrix(small_shop):
    return build_interaction_matrix(small_shop)


@pytest.fixture(scope="session")
def shop():
    """The bundled transactions and events."""
    return data.load_shop()


@pytest.fixture(scope="session")
def bundled_matrix(shop):
    return build_interaction_matrix(shop[0])


def purchases(*rows):
    """A transactions table from (customer, product) or (customer, product, date) tuples."""
    rows = [(*row, "2024-01-01")[:3] for row in rows]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "transaction_date"])
    return table.assign(transaction_date=pd.to_datetime(table["transaction_date"]))


def command(*arguments):
    return [sys.executable, "-m", "helpers.cli", "run", *map(str, arguments)]
