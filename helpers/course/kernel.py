"""The Python that lessons run with: the one that runs the command, whatever else is installed."""

import asyncio
import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import psutil
import pyarrow as pa
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import default

from helpers.data import PROJECT
from helpers.kernels import load_loops

#: What a run's kernels have loaded before their first cell: nearly all that lessons load there.
LOADED = (
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "scipy.stats",
    "helpers.cases",
    "helpers.channels",
    "helpers.course.exercises",
    "helpers.course.laptop",
    "helpers.course.start",
    "helpers.explorables",
    "helpers.first_look",
    "helpers.plots",
    "helpers.simulation",
)

#: Bytes that Linux takes as the address of a socket in the file system, the end included.
LONGEST_ADDRESS = 108
#: Memory that a lesson lets go of goes back to the system, for the lesson beside it: large pieces
#: at once (on Linux). What the user has set counts; what lessons start is not told of it.
SPARING = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "4194304",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


class ThisPython(AsyncKernelManager):
    """Starts ``python3`` with this interpreter.

    A kernel of that name in the user's Jupyter folders may belong to another Python, which does
    not have the course's packages; Jupyter would find it first.
    """

    @default("kernel_spec_manager")
    def _kernel_spec_manager_default(self):
        return KernelSpecManager(kernel_dirs=[])


class Loaded:
    """A kernel manager whose kernels have the course's packages loaded when they start.

    On Linux one process loads them and does nothing else, and every kernel is a fork of it. So
    they are loaded once for all lessons, which share that memory and nothing more: what a lesson
    does is never seen by another. Elsewhere forking isn't safe, and kernels start as usual.
    """

    async def _async_pre_start_kernel(self, **options):
        if sys.platform == "linux" and self.provisioner is None:
            self.provisioner = _Forks(kernel_spec=self.kernel_spec, parent=self)
            self._speak_through_files()
        return await super()._async_pre_start_kernel(**options)

    def _speak_through_files(self):
        """Sockets in a folder of the kernel's own, instead of ports.

        A port is chosen here and bound by the kernel a moment later: another program, such as a
        second run, may have taken it by then, and the kernel dies.
        """
        room = tempfile.TemporaryDirectory(prefix="kernel-")
        address = os.path.join(room.name, "k")
        if len(os.fsencode(address)) + len("-5\0") <= LONGEST_ADDRESS:
            self.provisioner.room = room
            self.connection_file, self.transport, self.ip = address + ".json", "ipc", address
        else:
            room.cleanup()


class LoadedPython(Loaded, ThisPython):
    """Starts ``python3`` with this interpreter and with the course's packages loaded already."""


def load_ahead():
    """Begin to load what kernels need, while this process does something else."""
    if sys.platform == "linux":
        _be_sparing()
        _Loaded.start()


def _be_sparing():
    """The same as :data:`SPARING`, in this process: what it holds stands beside the lessons."""
    if "ARROW_DEFAULT_MEMORY_POOL" not in os.environ:
        pa.set_memory_pool(pa.system_memory_pool())
    with contextlib.suppress(OSError, AttributeError):  # the C library of GNU alone knows it
        for name, number in (("MALLOC_ARENA_MAX", -8), ("MALLOC_MMAP_THRESHOLD_", -3)):
            if name not in os.environ:
                ctypes.CDLL(None).mallopt(number, int(SPARING[name]))


def load_loops_as_well():
    """Have kernels share the compiled loops, too: for a shop in which every lesson needs them."""
    if sys.platform == "linux":
        _Loaded.say("loops")


class _Forks(LocalProvisioner):
    """Kernels that are forks of the process which has the packages loaded."""

    room = None  # the folder of its sockets

    async def cleanup(self, restart=False):
        await super().cleanup(restart)
        if self.room and not restart:
            self.room.cleanup()

    async def launch_kernel(self, cmd, **options):
        # cmd: this Python, -m, ipykernel_launcher, and the kernel's arguments
        folder = options.get("cwd") or os.getcwd()
        asked = {"arguments": cmd[3:], "env": dict(options["env"]), "folder": str(folder)}
        self.pid = self.pgid = _Loaded.fork(asked)
        self.process = psutil.Process(self.pid)
        return self.connection_info

    async def poll(self):
        return None if self.process and self.process.is_running() else 0

    async def wait(self):
        while await self.poll() is None:
            await asyncio.sleep(0.1)
        self.process = None
        return 0

    async def send_signal(self, signum):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pgid, signum)


class _Loaded:
    """The process that is forked: started when first needed, it ends when this one does."""

    _lock = threading.Lock()  # two lessons start at the same time
    _talk = None

    @classmethod
    def fork(cls, asked):
        """Ask for a kernel; its process id."""
        for _ in range(2):  # where the process is gone, e.g. stopped with an earlier run, another
            cls.start()
            with cls._lock:
                with contextlib.suppress(BrokenPipeError):
                    cls._talk.write(json.dumps(asked) + "\n")
                    cls._talk.flush()
                if answer := cls._talk.readline():
                    return int(answer)
                cls._talk = None
        raise RuntimeError("no kernel could be started: the memory may be full")

    @classmethod
    def say(cls, something):
        """Tell what needs no answer."""
        cls.start()
        with cls._lock, contextlib.suppress(BrokenPipeError):
            cls._talk.write(json.dumps(something) + "\n")
            cls._talk.flush()

    @classmethod
    def start(cls):
        """Have the packages loaded, unless that was asked before; don't wait for it."""
        with cls._lock:
            cls._talk = cls._talk or cls._start()

    @staticmethod
    def _start():
        ours, its = socket.socketpair()
        subprocess.Popen(
            [sys.executable, "-m", "helpers.course.kernel", str(its.fileno())],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            env=SPARING | os.environ,
            pass_fds=[its.fileno()],
            start_new_session=True,  # Ctrl-C is for the run, which ends its kernels
        )
        its.close()
        return ours.makefile("rw", encoding="utf-8")


def main(talk):
    """Load the packages, then fork a kernel for each line that comes."""
    # as in every kernel; Matplotlib looks when it is loaded
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    for name in LOADED:
        importlib.import_module(name)
    _share()
    atexit.register(gc.unfreeze)  # the end tidies up as usual, in the forks as well
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the kernels here
    for line in talk:
        asked = json.loads(line)
        if asked == "loops":
            load_loops()
            _share()
            continue
        if not (pid := os.fork()):
            talk.close()
            return _be_a_kernel(**asked)
        os.setpgid(pid, pid)  # a kernel is interrupted with all that it has started
        talk.write(f"{pid}\n")
        talk.flush()


def _share():
    """Looking for garbage would copy what is shared, so it leaves that alone."""
    gc.collect()
    gc.freeze()


def _be_a_kernel(arguments, env, folder):
    from ipykernel.kernelapp import IPKernelApp, launch_new_instance

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    # a kernel ends when its parent does
    launch_new_instance([*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
    # the thread that was told to end may still be saying so through what is closed next
    control = IPKernelApp.instance().control_thread
    control.stop()
    control.join(timeout=10)
    # tidied up as at every end, but not taken to pieces: a thread of ZeroMQ that still listens
    # would end in an assertion of that library
    atexit._run_exitfuncs()
    sys.__stdout__.flush()
    sys.__stderr__.flush()
    os._exit(0)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])).makefile("rw", encoding="utf-8"))
