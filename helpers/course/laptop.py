"""Does this computer run the course? One row per question, and what to do where it fails."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import time
from importlib import metadata

import pandas as pd

from helpers.data import BUNDLED, PROJECT
from helpers.warehouse.engines import java_version

_FREE_GB = 1.0
_KERNEL_SECONDS = 60


def check_laptop() -> pd.DataFrame:
    """Check Python, packages, data, disk and the notebook kernel.

    Returns
    -------
    DataFrame
        ``check``, ``ok``, ``detail`` and ``what_to_do`` (empty where all is well).
    """
    rows = [_python(), _packages(), _data(), _disk(), _kernel(), _java()]
    return pd.DataFrame(rows, columns=["check", "ok", "detail", "what_to_do"])


def _row(check, ok, detail, what_to_do):
    return check, bool(ok), detail, "" if ok else what_to_do


def _python():
    version = ".".join(map(str, sys.version_info[:3]))
    return _row(
        "Python is 3.11 or newer", sys.version_info >= (3, 11), version,
        "Install Python 3.11, or let `uv run course check` fetch the right one.",
    )  # fmt: skip


def _packages():
    wrong = []
    for requirement in metadata.requires("recommender-course") or []:
        pinned = re.fullmatch(r"([\w.-]+)==([\w.]+)", requirement.replace(" ", ""))
        if pinned is None:
            continue  # an optional extra
        name, wanted = pinned.groups()
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "missing"
        if found != wanted:
            wrong.append(f"{name} {found} instead of {wanted}")
    return _row(
        "packages have the versions of the course", not wrong, "; ".join(wrong) or "all",
        "Run the command of the README's set-up section again.",
    )  # fmt: skip


def _data():
    missing = [path.name for path in BUNDLED.values() if not path.is_file()]
    return _row(
        "the bundled data are there", not missing, ", ".join(missing) or "both files",
        "Run `course data`.",
    )  # fmt: skip


def _disk():
    free = shutil.disk_usage(PROJECT).free / 1e9
    return _row(
        "there is disk space for results", free >= _FREE_GB, f"{free:.0f} GB free",
        f"Free at least {_FREE_GB:.0f} GB.",
    )  # fmt: skip


def _kernel():
    from jupyter_client.manager import start_new_kernel

    start = time.perf_counter()
    try:
        manager, client = start_new_kernel(
            startup_timeout=_KERNEL_SECONDS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        ok, detail = True, f"{time.perf_counter() - start:.1f} s"
    except Exception as error:
        ok, detail = False, f"{type(error).__name__}: {error}"
    return _row(
        "a notebook kernel starts", ok, detail,
        "Close other notebooks; in VS Code, see the README's note on ipykernel.",
    )  # fmt: skip


def _java():
    version = java_version()
    wanted = importlib.util.find_spec("pyspark") is not None
    detail = f"Java {version}" if version else "no Java"
    return _row(
        "Java for Spark (lesson 10, optional)", version >= 17 or not wanted,
        detail if wanted else f"{detail}; Spark is not installed, nothing to do",
        "Install Java 17: Debian `apt-get install openjdk-17-jre-headless`, others adoptium.net.",
    )  # fmt: skip
