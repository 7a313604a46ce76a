import os
import sys

# every kernel, and every process of its own, would compile the helpers anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# two workers, two kernels beside them: more threads than cores only wait for each other
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# nobody looks at the pictures that lessons draw here; how one reaches the page: test_plots.py
os.environ.setdefault("PICTURE_DOTS", "40")

import nbval.kernel  # noqa: E402
import pytest  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402

from helpers import data  # noqa: E402
from helpers.course.kernel import Loaded  # noqa: E402
from helpers.matrix import build_interaction_matrix  # noqa: E402


class LoadedKernel(Loaded, KernelManager):
    """Each lesson's kernel is a fork of one process per worker: the course is loaded once."""

    async def _async_pre_start_kernel(self, **options):
        quiet = ["--log-level=CRITICAL", "--HistoryManager.hist_file=:memory:"]
        return await super()._async_pre_start_kernel(extra_arguments=quiet, **options)


nbval.kernel.KernelManager = LoadedKernel


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


def _kept(monkeypatch, of):
    """What `of` takes from each figure that is shown, with its alt text as ``alt``."""
    import matplotlib.pyplot as plt

    from helpers import plots

    kept = []

    def show(figure, alt):
        figure.canvas.draw()
        bars = [line for axes in figure.axes for line in axes.lines if line.get_linewidth() >= 4]
        # else an interval is drawn longer than it is
        assert all(line.get_solid_capstyle() == "butt" for line in bars)
        kept.append(of(figure))
        kept[-1].alt = alt
        plt.close(figure)

    monkeypatch.setattr(plots.style, "show", show)
    return kept


@pytest.fixture
def figures(monkeypatch):
    """The figures that a test draws, each with its alt text as ``alt``."""
    return _kept(monkeypatch, lambda figure: figure)


@pytest.fixture
def drawn(monkeypatch):
    """Their first axes alone."""
    return _kept(monkeypatch, lambda figure: figure.axes[0])
