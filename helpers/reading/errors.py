"""What is said of input that cannot be used."""

from __future__ import annotations

import lzma
import re
import zipfile
import zlib
from contextlib import contextmanager

# A message is read by a person: what is longer loses its middle, since advice stands at the end.
_LONGEST, _TAIL = 600, 200
# A password in a URL, but for the name of an environment variable.
_WRITTEN = re.compile(r"(\w://[^\s/:]*:)(?!\$\{\w+\}@)\S*@")


def masked(text: str) -> str:
    """A text without the passwords of URLs that stand in it."""
    return _WRITTEN.sub(r"\1***@", text)


class DataError(ValueError):
    """Input that cannot be used. The message names file, column, row and what to do.

    It has 600 characters at most, and no password of a URL.
    """

    def __init__(self, message: str = ""):
        message = masked(str(message))
        if len(message) > _LONGEST:
            message = f"{message[: _LONGEST - _TAIL - 5]} ... {message[-_TAIL:]}"
        super().__init__(message)

    def _render_traceback_(self):
        """In a notebook the sentence is enough; this is what IPython asks for."""
        return [f"DataError: {self}"]


def listed(names, at_most: int = 12) -> str:
    """Some names for a message, each and all of them of bounded length."""
    names = list(names)
    shown = [str(name) if len(str(name)) <= 40 else f"{str(name)[:36]} ..." for name in names]
    more = f" and {len(names) - at_most:,} more" if len(names) > at_most else ""
    return ", ".join(shown[:at_most]) + more


@contextmanager
def sentences(name: str):
    """Turn what goes wrong while a file is opened and read into one sentence about it.

    Parameters
    ----------
    name : str
        What to call the file.
    """
    try:
        yield
    except (DataError, MemoryError, GeneratorExit):
        raise
    except FileNotFoundError:
        raise DataError(f"There is no file {name}. Check the path in your parameters.") from None
    except PermissionError:
        raise DataError(
            f"{name} may not be read: permission denied. Change who may read it, or copy it."
        ) from None
    except (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise DataError(
            f"{name} is damaged or incomplete and can't be unpacked ({_said(error)}). Export or "
            "copy it again."
        ) from None
    except Exception as error:  # each reader has exceptions of its own; all mean the same here
        raise DataError(
            f"{name} could not be read as a table: {_said(error)}. Open it, and export it again "
            "as CSV, parquet or xlsx."
        ) from None


def _said(error):
    return " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
