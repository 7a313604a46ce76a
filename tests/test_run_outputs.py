"""What a run leaves beside its lessons, wherever it is put and whatever the computer is like."""

import json
import os
import subprocess
import sys

import nbformat
import pytest

from helpers.data import BUNDLED

COMMAND = [sys.executable, "-m", "helpers.course.command"]


def course(*arguments, **environment):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, timeout=600,
        encoding=environment.get("PYTHONIOENCODING", "utf-8"), env=os.environ | environment,
    )  # fmt: skip


def test_a_folder_may_have_any_name_and_another_pythons_kernel_is_left_alone(tmp_path):
    """Braces were filled in by papermill; a kernel ``python3`` may lead to another Python."""
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    other = {"argv": ["/usr/bin/false"], "display_name": "Another Python", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(other))
    out = tmp_path / "out {2024} {} %d [a-z] 'q' ~nobody" / "Läden"
    export = tmp_path / "Заказы {0}.csv"
    export.write_bytes(BUNDLED["transactions"].read_bytes())
    result = course(
        "run", "02", "-p", "transactions_path", export, "--out", out,
        JUPYTER_PATH=str(tmp_path / "jupyter"), PYTHONIOENCODING="cp1252",
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert (out / "html" / "02_matrix.html").exists()
    assert json.loads((out / "metrics.json").read_text("utf-8"))["matrix"]["customers"] > 0
    notebook = nbformat.read(out / "notebooks" / "02_matrix.ipynb", as_version=4)
    assert notebook.metadata.papermill.parameters.transactions_path == str(export)


def test_a_name_that_the_outputs_code_page_lacks_is_no_error(tmp_path):
    export = tmp_path / "Заказы.csv"
    export.write_bytes(BUNDLED["transactions"].read_bytes())
    result = course("health", "-p", "transactions_path", export, PYTHONIOENCODING="cp1252")
    assert result.returncode == 0, result.stderr
    assert r"\u0417\u0430\u043a\u0430\u0437\u044b.csv: 24,419 rows read" in result.stdout


@pytest.mark.parametrize("command", ["run 02", "data", "workshop", "score --transactions {}"])
@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("a file/sub", "there is a file where a folder should be"),
        ("x" * 300, "file name too long"),
    ],
)
def test_a_folder_that_cannot_be_is_said_in_a_sentence(command, out, why, tmp_path):
    (tmp_path / "a file").touch()
    words = command.format(BUNDLED["transactions"]).split()
    result = course(*words, "--out", tmp_path / out)
    assert result.returncode == 2, result.stdout
    said = result.stderr.splitlines()[-1]
    assert said.startswith("Error: ") and why in said and len(said) <= 500
    assert "Traceback" not in result.stderr
