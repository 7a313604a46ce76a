"""A process that has imported what all lessons import, and forks their kernels.

Each line of its input orders a kernel, as JSON: its arguments, environment and folder. Each line of
its output is the process id of one. It ends with its input, and the kernels end with it.
"""

import ctypes
import importlib
import json
import os
import signal
import sys
from contextlib import suppress

# as ipykernel does before anything imports matplotlib
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")


_MODULES = (
    "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.zmqshell", "matplotlib.pyplot",
    "helpers.audiences", "helpers.channels", "helpers.course.exercises", "helpers.evaluate",
    "helpers.production",
)  # fmt: skip
_PR_SET_PDEATHSIG = 1  # as in sys/prctl.h: the signal a process gets when its parent ends


def serve():
    """Fork a kernel for each line of the input."""
    for module in _MODULES:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, _reap)
    this = os.getpid()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become_kernel(this, **json.loads(line))
            return
        print(pid, flush=True)


def _reap(*_):
    """Whoever ended leaves no zombie."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become_kernel(parent, arguments, env, cwd):
    """As ``python -m ipykernel_launcher`` in a process of its own."""
    from ipykernel.kernelapp import launch_new_instance

    # whoever kills the parent kills the kernel, also before it looks after its parent itself
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # the pipe is not for what a lesson's libraries print
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(parent))
    os.chdir(cwd)
    launch_new_instance(argv=arguments)


if __name__ == "__main__":
    serve()
