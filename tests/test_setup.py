"""One list of dependencies, and a laptop check that can fail."""

import json
import re
import tomllib
from pathlib import Path

import yaml
from click.testing import CliRunner
from jupyterlab.commands import get_app_dir
from jupyterlab_server.settings_utils import get_settings

from helpers.course import laptop
from helpers.course.command import main
from helpers.course.notebooks import lessons, pictures
from helpers.data import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))


def test_dependencies_are_pinned_exactly_and_explained():
    for line in (PROJECT / "pyproject.toml").read_text("utf-8").splitlines():
        if re.match(r'    "[\w-]+[=<>]', line):
            assert re.match(r'    "[\w-]+==[\w.]+",\s+# \w', line), line


def test_jupyterlab_neither_asks_about_news_of_its_own_nor_fetches_any():
    """Its question would lie over the lesson; what JupyterLab is installed with answers it."""
    lab = Path(get_app_dir())
    notification = "@jupyterlab/apputils-extension:notification"
    settings, _ = get_settings(f"{lab / 'settings'}", f"{lab / 'schemas'}", "", notification)
    defaults = settings["schema"]["properties"]
    assert defaults["fetchNews"]["default"] == "false"
    assert defaults["checkForUpdates"]["default"] is False


def test_environment_yml_takes_its_list_from_pyproject():
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text("utf-8"))
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-e .[test]"]}
    assert set(conda) == {"python=3.11", "pip"}
    assert "test" in PYPROJECT["project"]["optional-dependencies"]


def test_containers_take_their_list_from_pyproject():
    python = "3.11"
    assert PYPROJECT["project"]["requires-python"] == f">={python}"
    binder = PROJECT / ".binder"
    assert (binder / "runtime.txt").read_text("utf-8").strip() == f"python-{python}"
    assert (binder / "requirements.txt").read_text("utf-8").split() == ["-e", "."]
    container = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert container["image"].startswith(f"python:{python}-")
    [extra] = re.findall(
        r"^pip install uv && uv sync --extra (\w+)$", container["postCreateCommand"]
    )
    assert extra in PYPROJECT["project"]["optional-dependencies"]
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].startswith(".venv/"), "where uv sync puts it"


def test_readme_says_what_is_true():
    project, readme = PYPROJECT["project"], (PROJECT / "README.md").read_text("utf-8")
    cited = yaml.safe_load((PROJECT / "CITATION.cff").read_text("utf-8"))
    assert (
        cited["version"] == project["version"]
        and " AND ".join(cited["license"]) == "MIT AND CC-BY-4.0"
    )
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in readme
    assert project["license"] == "MIT AND CC-BY-4.0"
    assert "Code MIT, text and data\nCC BY 4.0" in readme
    guide = PROJECT / "notebooks" / "own_data_guide.md"
    for page in (PROJECT / "README.md", guide):
        targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
        assert all((page.parent / target).exists() for target in targets), targets
    shown = re.findall(r'<img src="([^"]+)" width="600" alt="([^"]*)">', readme)
    assert len(shown) == 4 and all(len(alt) > 40 for _, alt in shown)
    assert all((PROJECT / picture).exists() for picture, _ in shown)
    told, _ = pictures(lessons())["customers"]  # the first result is the one of lesson 00
    found = re.search(
        r"(\d+) of 100.*?, (\d+) in the best\s+sellers, (\d+) in a list", readme, re.S
    )
    assert list(found.groups()) == re.findall(r": (\d+)\s%", told)


def test_readme_commands_are_the_ones_ci_runs():
    readme = (PROJECT / "README.md").read_text("utf-8")
    assert "pip install uv && uv run course run" in readme
    command = "uv run --extra test pytest"
    assert f"pip install uv && {command}" in readme
    assert command in (PROJECT / ".ci" / "run").read_text("utf-8")


def test_laptop_check(monkeypatch, tmp_path):
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 0, result.output
    assert result.output.count("ok  ") == 6
    monkeypatch.setattr(laptop, "BUNDLED", {"transactions": tmp_path / "gone.csv"})
    monkeypatch.setattr(laptop, "_FREE_GB", 1e9)
    monkeypatch.setattr(laptop.metadata, "version", lambda name: "0.0")
    result = CliRunner().invoke(main, ["check"])
    assert result.exit_code == 1
    assert result.output.count("FAIL") == 3
    assert "course data" in result.output and "gone.csv" in result.output
