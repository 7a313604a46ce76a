"""Lines of a parameter file, with comments that say why."""

from __future__ import annotations

import textwrap

import yaml

from helpers.course.describing.phrases import one_line
from helpers.reading.parameters import ParameterError, Written

TODO = "TODO"
_WIDTH = 98


class Page:
    """A parameter file as it is written, from top to bottom."""

    def __init__(self):
        self.lines = []

    def say(self, text: str, indent: int = 0) -> None:
        """A comment."""
        margin = " " * indent + "# "
        self.lines += textwrap.wrap(one_line(text, 2_000), _WIDTH, initial_indent=margin,
                                    subsequent_indent=margin + "  ", break_long_words=False,
                                    break_on_hyphens=False)  # fmt: skip

    def put(self, text: str, why=(), indent: int = 0, is_sure: bool = True) -> None:
        """A line, or with less than certainty a comment that is one without its ``#``."""
        why = [why] if isinstance(why, str) else list(why)
        line = " " * indent + ("" if is_sure else "# ") + text
        if len(why) == 1 and len(line) + 4 + len(why[0]) <= _WIDTH:
            self.lines.append(f"{line}  # {one_line(why[0], _WIDTH)}")
            return
        for each in why:
            self.say(each, indent)
        self.lines.append(line)

    def blank(self) -> None:
        """An empty line between two thoughts."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines).strip() + "\n"


def quoted(value) -> str:
    """A value as YAML, on one line; texts in quotes, so that YAML takes them for nothing else."""
    if isinstance(value, list):
        return "[" + ", ".join(map(quoted, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)}: {quoted(v)}" for k, v in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if value == TODO or not isinstance(value, str):
        return str(value)
    return yaml.dump(value, default_style='"', allow_unicode=True, width=10**6).strip()


def refuse_undecided(written: Written) -> None:
    """Refuse a parameter file in which something still has to be decided.

    Raises
    ------
    ParameterError
        With the first line that says TODO.
    """
    for keys, value in _leaves(written.values, ()):
        said = [each for each in (*keys, value) if isinstance(each, str) and _is_open(each)]
        if said:
            name = ".".join(str(key) for key in keys if not _is_open(str(key)))
            raise ParameterError(
                f"{written.place(keys)}: {name} is not decided yet ({said[0]}). The comments above "
                "it say what speaks for which; write your choice in place of TODO, or take the "
                "line out."
            )


def _is_open(text):
    return text == TODO or text.startswith(TODO + " ")


def _leaves(value, keys):
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _leaves(each, (*keys, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*keys, number))
    else:
        yield keys, value
