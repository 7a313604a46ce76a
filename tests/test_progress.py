"""Bars for who looks at a terminal, and not a letter for anybody else."""

import io
import os
import re
import subprocess
import sys

import pytest

from helpers import data, progress


@pytest.fixture(scope="module")
def score(tmp_path_factory):
    """The command that scores a small shop of 300 rows, and the customers in it."""
    folder = tmp_path_factory.mktemp("progress")
    table = data.read_transactions()[0].head(300)
    table.to_csv(folder / "shop.csv", index=False, date_format="%d-%m-%Y")
    command = [sys.executable, "-m", "helpers.course.command", "score", "--engine", "scipy",
               "--transactions", folder / "shop.csv", "--out", folder / "out"]  # fmt: skip
    return command, table["customer_id"].nunique()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_terminal_shows_rows_and_customers_and_a_file_nothing(score):
    import pty
    import termios

    command, customers = score
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (24, 100))
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=its, check=True)
    os.close(its)
    said = b""
    while part := _read(ours):
        said += part
    os.close(ours)
    assert re.search(r"reading: 300 rows \[\d\d:\d\d\]", said.decode())
    assert re.search(
        rf"scoring: 100 %\|.+\| {customers} of {customers} customers \[", said.decode()
    )
    command[command.index("scipy")] = "duckdb"  # begun anew
    silent = subprocess.run(command, capture_output=True, check=True)
    assert silent.stderr == b""


def _read(terminal):
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux: nobody writes to it any more
        return b""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_job_that_goes_on_begins_where_it_was(monkeypatch):
    said = Terminal()
    monkeypatch.setattr(sys, "stderr", said)
    with progress.shown():
        progress.rows(1_200_000)
        assert list(progress.customers(["c", "d"], 1_001, 4)) == ["c", "d"]
    counts = re.findall(r"([\d,]+) of 1,001 customers", said.getvalue())
    assert (counts[0], counts[-1]) == ("500", "1,001")
    assert "reading: 1,200,000 rows" in said.getvalue()


def test_nothing_is_shown_where_no_command_asks_for_it(monkeypatch):
    said = Terminal()
    monkeypatch.setattr(sys, "stderr", said)
    data.read_transactions()
    assert list(progress.customers(["0", "1"], 10, 2)) == ["0", "1"]
    assert said.getvalue() == ""
