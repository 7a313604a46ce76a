"""Small things that several test modules use."""

import os
import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.course.command import main

#: CI asks for all of it after the test command, which has to be quick.
THOROUGH = os.environ.get("THOROUGH") == "all"
#: What the test command leaves out: it takes long, or kills processes and waits for them.
thorough = pytest.mark.thorough
#: What it tries with a few examples or shops, and CI once more with many.
deeper = pytest.mark.deeper


def examples(n):
    """How many examples of a slow property: a few in the test command, five times as many in CI."""
    return 5 * n if THOROUGH else n


def purchases(*rows):
    """A transactions table from (customer, product) or (customer, product, date) tuples."""
    rows = [(*row, "2024-01-01")[:3] for row in rows]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "transaction_date"])
    return table.assign(transaction_date=pd.to_datetime(table["transaction_date"]))


def course(*arguments, **environment):
    """Run the command in this process, which has loaded what a new one has to load."""
    result = CliRunner().invoke(main, [str(each) for each in arguments], env=environment)
    # what would be a traceback
    assert isinstance(result.exception, SystemExit | None), result.exception
    return result


def command(*arguments):
    """How a process of its own starts a run, where it is killed or short of something."""
    return [sys.executable, "-m", "helpers.course.command", "run", *map(str, arguments)]
