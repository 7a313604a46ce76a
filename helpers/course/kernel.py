"""The Python that lessons run with: the one that runs the command, whatever else is installed."""

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default


class ThisPython(AsyncKernelManager):
    """Starts ``python3`` with this interpreter.

    A kernel of that name in the user's Jupyter folders may belong to another Python, which does
    not have the course's packages; Jupyter would find it first.
    """

    @default("kernel_spec_manager")
    def _kernel_spec_manager_default(self):
        return KernelSpecManager(kernel_dirs=[])
