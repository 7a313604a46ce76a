"""JupyterLab for real: open a lesson, run everything, answer an exercise wrong and then right."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from helpers.course.notebooks import FOLDER, lessons


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the lessons; its address."""
    folder = tmp_path_factory.mktemp("lab")
    for path in lessons():
        shutil.copy(path, folder)
    shutil.copytree(FOLDER / "images", folder / "images")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"JUPYTER_CONFIG_DIR": str(folder / ".config"), "HOME": str(folder)}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}",
         "--ip=127.0.0.1", "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True",
         f"--notebook-dir={folder}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | settings,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 300
    while True:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2).read()
            break
        except OSError:
            assert time.monotonic() < deadline and server.poll() is None
            time.sleep(0.3)
    yield address
    server.terminate()
    server.wait(timeout=20)


OUTPUT_OF = """number => jupyterapp.shell.currentWidget.content.widgets[number]
    .model.outputs.toJSON().map(output => [].concat(output.text || []).join("")).join("")"""
ANSWER = """async ([number, line]) => {
    const notebook = jupyterapp.shell.currentWidget.content;
    const cell = notebook.widgets[number].model.sharedModel;
    cell.setSource(cell.getSource().replace(/^answer = .*$/m, line));
    notebook.activeCellIndex = number;
    await jupyterapp.commands.execute("notebook:run-cell");
}"""


@pytest.mark.parametrize(
    ("lesson", "wrong", "right"),
    [
        ("01_load_data", 'answer = "nothing"', 'answer = "cancelled purchases are still in"'),
        ("05a_evaluation", 'answer = "length and coverage"', 'answer = "length and settings"'),
        ("11_decision_memo", 'answer = "ship a test"', 'answer = "don\'t"'),
    ],
)
def test_a_learner_runs_a_lesson_and_answers(lab, watched, lesson, wrong, right):
    page = watched.page
    page.goto(f"{lab}/lab/tree/{lesson}.ipynb?reset")
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 10", timeout=60_000
    )
    page.wait_for_function(
        "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'",
        timeout=60_000,
    )
    assert page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')") is not False
    cells = page.evaluate(
        "jupyterapp.shell.currentWidget.content.widgets.map(cell => ({"
        "kind: cell.model.type, source: cell.model.sharedModel.getSource(),"
        "count: cell.model.executionCount, errors: cell.model.outputs ?"
        " cell.model.outputs.toJSON().filter(o => o.output_type === 'error').length : 0}))"
    )
    counts = [cell["count"] for cell in cells if cell["kind"] == "code"]
    assert counts == list(range(1, len(counts) + 1)), "a cell was not run"
    assert sum(cell["errors"] for cell in cells) == 0
    number = next(n for n, cell in enumerate(cells) if '-2"' in cell["source"] and
                  cell["source"].startswith("answer = ..."))  # fmt: skip
    assert "Not answered yet" in page.evaluate(OUTPUT_OF, number)
    page.evaluate(ANSWER, [number, wrong])
    assert "Not right" in page.evaluate(OUTPUT_OF, number)
    page.evaluate(ANSWER, [number, right])
    assert "Correct" in page.evaluate(OUTPUT_OF, number)
    page.evaluate("number => jupyterapp.shell.currentWidget.content.scrollToItem(number)", number)
    assert page.get_by_text(re.compile(r"Correct\b")).first.is_visible()
    assert not page.get_by_text("Jupyter news").count(), "its question lies over the lesson"
    assert watched.elsewhere == []
