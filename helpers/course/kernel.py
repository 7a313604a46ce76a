"""The Python that lessons run with: the one that runs the command, whatever else is installed.

A kernel's start is two seconds of imports, the same for each lesson. On Linux one process does them
for a whole run; see :mod:`helpers.course.preloaded`.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress

import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

_lock = threading.Lock()
_server = None


class ThisPython(AsyncKernelManager):
    """Starts ``python3`` with this interpreter.

    A kernel of that name in the user's Jupyter folders may belong to another Python, which does
    not have the course's packages; Jupyter would find it first.
    """

    @default("kernel_spec_manager")
    def _kernel_spec_manager_default(self):
        return KernelSpecManager(kernel_dirs=[])

    async def _async_launch_kernel(self, kernel_cmd, **options):
        """Jupyter's hook for launching kernels differently."""
        kernel = _forked(kernel_cmd, options.get("env"), options.get("cwd"))
        if kernel is None:
            await super()._async_launch_kernel(kernel_cmd, **options)
        else:
            self.provisioner.process = kernel
            self.provisioner.pid = self.provisioner.pgid = kernel.pid


class _Kernel(psutil.Process):
    """As much of a :class:`subprocess.Popen` as Jupyter needs, for what is no child of ours."""

    stdin = stdout = stderr = None

    def poll(self):
        """None while it runs; how it ended only its parent could know."""
        return None if self.is_running() else 1

    def send_signal(self, number):
        """Also to what has just ended."""
        with suppress(psutil.NoSuchProcess):
            super().send_signal(number)


@atexit.register
def _stop():
    """No process outlives the run."""
    if _server is not None:
        _server.communicate()


def warm_up():
    """Begin with the imports while there is something else to do."""
    global _server
    # forking what has loaded its libraries is not safe on a Mac, and unknown to Windows
    if sys.platform == "linux" and (_server is None or _server.poll() is not None):
        _server = subprocess.Popen(
            [sys.executable, "-m", "helpers.course.preloaded"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip


def _forked(command, env, cwd):
    """A kernel from the preloaded process; None if there is none."""
    arguments = command[command.index("ipykernel_launcher") + 1 :]
    order = json.dumps(
        {"arguments": arguments, "env": dict(env or os.environ), "cwd": str(cwd or os.getcwd())}
    )
    with _lock:
        warm_up()
        try:
            _server.stdin.write(f"{order}\n")
            _server.stdin.flush()
            return _Kernel(int(_server.stdout.readline()))
        except (AttributeError, OSError, ValueError, psutil.Error):
            return None
