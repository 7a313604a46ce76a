"""Run a peer in an environment of its own, made by uv and kept in its cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy import sparse

HERE = Path(__file__).parent

# what each library runs with; they cannot all live together
REQUIREMENTS = {
    "implicit": ["implicit==0.7.3", "numpy==2.3.5", "scipy==1.16.3"],
    "rectools": ["rectools==0.19.0", "numpy==1.26.4", "pandas==2.3.3", "scipy==1.17.1"],
    "gbstats": ["gbstats==0.8.0"],
    "lenskit": ["lenskit==2025.8.1", "numpy==2.4.6", "pandas==2.3.3", "scipy==1.17.1"],
}


def python_of(name: str) -> list[str]:
    """The command of a Python that has the library, in an environment of its own if it must."""
    needed = REQUIREMENTS.get(name.split("_")[0])
    if not needed:
        return [sys.executable]
    options = [word for requirement in needed for word in ("--with", requirement)]
    return ["uv", "run", "--no-project", "--quiet", "--python", "3.11", *options, "python"]


def run_peer(
    name: str, matrix, k: int, customers=None, folder: Path = Path("."), repeats: int = 1
) -> tuple[np.ndarray, dict]:
    """Fit and recommend with a peer; see ``peers.py``.

    Returns
    -------
    lists : ndarray of int, shape (n_customers, k)
    figures : dict
        ``fit``, ``recommend`` (median seconds), ``peak_mb``, ``start_mb``.
    """
    source, out, who = folder / "matrix.npz", folder / "lists.npz", folder / "customers.npy"
    sparse.save_npz(source, sparse.csr_matrix(matrix), compressed=False)
    command = [str(HERE / "peers.py"), name, "--matrix", str(source), "--out", str(out)]
    command += ["--k", str(k), "--repeats", str(repeats)]
    if customers is not None:
        np.save(who, np.asarray(customers, dtype=np.int32))
        command += ["--customers", str(who)]
    # one thread a time in BLAS: implicit and ALS run their own two
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    command = [*python_of(name), *command]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    return np.load(out)["lists"], figures
