"""Kernels that are forks of one process: as good as kernels of their own."""

import ast
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

import nbformat
import papermill
import psutil
import pytest

from helpers.course import kernel
from helpers.course.notebooks import LOADED_PYTHON, MADE_UP, THIS_PYTHON, lessons, number
from helpers.data import PROJECT
from tests.common import thorough

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


def said(folder, manager, *cells):
    """What cells print, each its own text, in a kernel of this manager."""
    path = folder / "cells.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)]), path)
    done = papermill.execute_notebook(
        path, path, kernel_name="python3", kernel_manager_class=manager, progress_bar=False
    )
    return ["".join(out.get("text", "") for out in cell.outputs) for cell in done.cells]


def imports(path):
    """The modules that a lesson's cells import, at the top."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code" and not cell.source.lstrip().startswith("%"):
            for each in ast.parse(cell.source).body:
                if isinstance(each, ast.Import):
                    yield from (name.name for name in each.names)
                elif isinstance(each, ast.ImportFrom):
                    yield each.module
                    yield from (f"{each.module}.{name.name}" for name in each.names)


@thorough
def test_kernels_have_loaded_what_lessons_load_and_no_thread_that_a_fork_would_miss():
    """Arrow's allocator has one of its own, and knows what to do when a process is forked."""
    ask = (
        f"import sys, importlib, pathlib, helpers.kernels\n"
        f"for name in {kernel.LOADED}: importlib.import_module(name)\n"
        f"helpers.kernels.load_loops()\n"
        f"threads = pathlib.Path('/proc/self/task').glob('*/comm')\n"
        f"threads = [each.read_text().strip() for each in threads]\n"
        f"print(len(threads), *{{*threads}} - {{'jemalloc_bg_thd'}}, *sys.modules)"
    )
    one = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    n_threads, thread, *loaded = subprocess.run(
        [sys.executable, "-c", ask],
        env=os.environ | one,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert int(n_threads) <= 2
    assert thread.startswith("python")
    assert "numba" in loaded
    needed = {name for path in lessons() if number(path) not in MADE_UP for name in imports(path)}
    modules = {name for name in needed if name.startswith("helpers") and _is_module(name)}
    assert len(modules) > 20
    assert modules <= set(loaded)


def _is_module(name):
    path = os.path.join(kernel.PROJECT, *name.split("."))
    return os.path.exists(f"{path}.py") or os.path.isdir(path)


def test_a_fork_is_like_a_kernel_of_its_own_and_sees_nothing_of_another(tmp_path, monkeypatch):
    monkeypatch.setenv("SEEN_BY_KERNELS", "yes")
    monkeypatch.chdir(tmp_path)
    about = (
        "import os, sys\n"
        "import matplotlib\n"
        "print(os.getcwd(), os.environ['SEEN_BY_KERNELS'], matplotlib.get_backend())\n"
        "print(sorted(name for name in globals() if name[0] != '_'))"
    )
    spoil = (
        "import helpers.data, tempfile\n"
        "helpers.data.SPOILED, os.environ['SPOILED'] = True, 'yes'\n"
        "folder = tempfile.TemporaryDirectory()\n"
        "print(folder.name)"
    )
    unspoiled = (
        "import helpers.data; print(hasattr(helpers.data, 'SPOILED'), 'SPOILED' in os.environ)"
    )
    first, folder = said(tmp_path, LOADED_PYTHON, about, spoil)
    assert not os.path.exists(folder.strip())  # it has tidied up when it ended
    second, told = said(tmp_path, LOADED_PYTHON, about, unspoiled)
    own = said(tmp_path, THIS_PYTHON, about)[0]
    assert first == second == own
    assert told.split() == ["False", "False"]


def test_a_fork_needs_no_port_that_another_program_could_take_first(tmp_path, monkeypatch):
    ask = "import ipykernel; print(ipykernel.get_connection_info())"
    about = json.loads(said(tmp_path, LOADED_PYTHON, ask)[0])
    assert about["transport"] == "ipc"
    assert not os.path.exists(os.path.dirname(about["ip"]))  # it has ended
    # where temporary files lie too deep for the address of a socket, ports it is
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    assert json.loads(said(tmp_path, LOADED_PYTHON, ask)[0])["transport"] == "tcp"
    assert not [*deep.glob("kernel-*")]


@thorough
def test_a_fork_that_is_slow_to_say_that_it_ends_ends_quietly(tmp_path, capfd):
    slow = (
        "import collections, threading, time\n"
        "from ipykernel.kernelapp import IPKernelApp\n"
        "class Slow(collections.deque):\n"
        "    def append(self, event):\n"
        "        if threading.current_thread().name == 'Control':\n"
        "            time.sleep(0.4)\n"
        "        super().append(event)\n"
        "IPKernelApp.instance().iopub_thread._events = Slow()"
    )
    said(tmp_path, LOADED_PYTHON, slow)
    told = capfd.readouterr().err
    assert "Error" not in told and "Assertion" not in told, told


@thorough
def test_kernels_share_the_compiled_loops_of_a_run_that_needed_them(tmp_path, monkeypatch):
    ask = "import helpers.kernels; print(helpers.kernels.loops_are_loaded())"
    monkeypatch.setattr(kernel._Loaded, "_talk", None)
    assert said(tmp_path, LOADED_PYTHON, ask) == ["False\n"]
    kernel.load_loops_as_well()
    assert said(tmp_path, LOADED_PYTHON, ask) == ["True\n"]


@thorough
def test_a_killed_loader_is_replaced_and_one_that_cannot_start_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel._Loaded, "_talk", None)
    said(tmp_path, LOADED_PYTHON, "1")
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.ZombieProcess):  # another test's, which has ended
            if "helpers.course.kernel" in child.cmdline():
                child.kill()
                child.wait()
    assert said(tmp_path, LOADED_PYTHON, "print(2)") == ["2\n"]

    def gone():
        ours, its = socket.socketpair()
        its.close()
        return ours.makefile("rw")

    monkeypatch.setattr(kernel._Loaded, "_talk", None)
    monkeypatch.setattr(kernel._Loaded, "_start", gone)
    with pytest.raises(RuntimeError, match="memory"):
        said(tmp_path, LOADED_PYTHON, "1")


@thorough
def test_a_fork_ends_with_who_asked_for_it():
    ask = (
        "import time\n"
        "from helpers.course.kernel import _Loaded\n"
        "import os\n"
        "asked = {'arguments': [], 'env': dict(os.environ), 'folder': '.'}\n"
        "print(_Loaded.fork(asked), flush=True)\n"
        "time.sleep(600)"
    )
    who = subprocess.Popen([sys.executable, "-c", ask], stdout=subprocess.PIPE, text=True)
    forked = psutil.Process(int(who.stdout.readline()))
    loaded = forked.parent()
    time.sleep(1.5)  # a kernel looks for its parent once it has started
    assert forked.is_running()
    who.kill()
    who.wait()
    assert not psutil.wait_procs([forked, loaded], timeout=60)[1]


@thorough
def test_memory_that_a_lesson_lets_go_of_goes_back_and_the_user_s_settings_count(tmp_path):
    """A run's lessons share the machine; what they start, and the user's shell, is left alone."""
    ask = (
        "import os, pathlib, subprocess, sys, pyarrow\n"
        "told = pathlib.Path(f'/proc/{os.getpid()}/environ').read_text().split(chr(0))\n"
        "print([each for each in told if each.startswith('MALLOC_')])\n"
        "print(pyarrow.default_memory_pool().backend_name)\n"
        "echo = [sys.executable, '-c', 'import os; print(os.environ.get(\"MALLOC_ARENA_MAX\"))']\n"
        "print(subprocess.run(echo, capture_output=True, text=True).stdout.strip())"
    )
    folders = [tmp_path / "told", tmp_path / "untold"]
    program = (
        "import sys, pathlib; sys.path.insert(0, 'tests')\n"
        "import test_kernel\n"
        f"print(test_kernel.said(pathlib.Path(sys.argv[1]), {LOADED_PYTHON!r}, {ask!r})[0])"
    )
    answers = []
    for folder, setting in zip(folders, ({"MALLOC_ARENA_MAX": "7"}, {}), strict=True):
        folder.mkdir()
        mine = {name: value for name, value in os.environ.items() if name not in kernel.SPARING}
        done = subprocess.run(
            [sys.executable, "-c", program, folder],
            env=mine | setting,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        answers.append(done.stdout.split("\n"))
    (theirs, pool, seen, *_), (ours, *_) = answers[0], answers[1]
    assert "MALLOC_ARENA_MAX=7" in theirs and pool == "system" and seen == "7"
    assert "MALLOC_ARENA_MAX=2" in ours and answers[1][2] == "None"


@thorough
def test_the_run_itself_gives_memory_back_unless_the_user_says_how():
    """What it held for building the engine would stand beside every lesson."""
    ask = (
        "import psutil, pyarrow, numpy\n"
        "from helpers.course import kernel\n"
        "kernel._be_sparing()\n"
        "print(pyarrow.default_memory_pool().backend_name)\n"
        "mine = psutil.Process().memory_info\n"
        "before, held = mine().rss, [numpy.ones(1_000_000) for _ in range(50)]\n"
        "pieces, held = held[::2], None\n"  # every second one is let go of
        "print(mine().rss - before < 250e6)"
    )

    def told(**settings):
        mine = {name: value for name, value in os.environ.items() if name not in kernel.SPARING}
        done = subprocess.run(
            [sys.executable, "-c", ask], env=mine | settings, cwd=PROJECT,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()

    assert told() == ["system", "True"]
    assert told(ARROW_DEFAULT_MEMORY_POOL="mimalloc")[0] == "mimalloc"
