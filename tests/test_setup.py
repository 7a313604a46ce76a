"""One list of dependencies, and a laptop check that can fail."""

import re
import tomllib

import yaml
from click.testing import CliRunner

from helpers import laptop
from helpers.cli import main
from helpers.data import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))


def test_dependencies_are_pinned_exactly_and_explained():
    for line in (PROJECT / "pyproject.toml").read_text("utf-8").splitlines():
        if re.match(r'    "[\w-]+[=<>]', line):
            assert re.match(r'    "[\w-]+==[\w.]+",\s+# \w', line), line


def test_environment_yml_takes_its_list_from_pyproject():
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text("utf-8"))
    *conda, pip = environment["dependencies"]
    assert pip == {"pip": ["-e .[test]"]}
    assert set(conda) == {"python=3.11", "pip"}
    assert "test" in PYPROJECT["project"]["optional-dependencies"]


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
