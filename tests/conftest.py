import os
import sys

# every kernel, and every process of its own, would compile the helpers anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# two workers, two kernels beside them: more threads than cores only wait for each other
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

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
