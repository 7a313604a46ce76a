"""YAML without surprises, and with the line of every value.

What YAML would take for something else than it looks like (``NO``, ``010``, ``1:20``) stays what
was written, marked as odd; what stands there twice, anchors, tags and depths without end are
refused.
"""

from __future__ import annotations

import re

import yaml

from helpers.reading.errors import DataError, masked

# More levels of lists and mappings than any parameter has.
_DEEPEST = 8
_LARGEST_FILE = 1_000_000


class ParameterError(DataError):
    """A parameter that can't be used. The message names it, its line and what it must be."""


class Odd:
    """What YAML would take for something else than it looks like, such as ``NO`` or ``010``."""

    def __init__(self, text, meaning):
        self.text, self.meaning = text, meaning

    def __repr__(self):
        return f"{self.text}, which YAML reads as {self.meaning}"


class Written:
    """A parameter file: what it says, and where.

    Attributes
    ----------
    values : dict
    source : str
        What to call it in messages.
    lines : dict of tuple to int
        Line of each value, by the keys that lead to it.
    """

    def __init__(self, text: str, source: str):
        self.source, self.lines = source, {}
        if len(text) > _LARGEST_FILE:
            raise ParameterError(f"{source} is too long for a parameter file.")
        try:
            events = yaml.parse(text, Loader=yaml.SafeLoader)
            self._next = iter(events).__next__
            self.values = self._document()
        except yaml.YAMLError as error:
            raise ParameterError(self._broken(text, error)) from None

    def place(self, keys: tuple) -> str:
        """Where a value stands: the file, and the line of the innermost key that is known."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.lines:
                return f"{self.source}, line {self.lines[keys[:end]]}"
        return self.source

    def _broken(self, text, error):
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            return f"{self.source} is not valid YAML: {' '.join(str(error).split())[:200]}."
        rows = text.splitlines()
        row = masked(rows[mark.line].strip()) if mark.line < len(rows) else ""
        hint = "Put texts with odd signs in quotes."
        if re.search(r"[:\s\[,]%", row):
            hint = f"Put what begins with % in quotes: {re.sub('(%[^,#]*[^,# ])', _in_quotes, row)}"
        elif "\t" in (rows[mark.line] if mark.line < len(rows) else ""):
            hint = "Indent with blanks, not with tabs."
        return f"{self.source} is not valid YAML in line {mark.line + 1}: {row[:100]!r}. {hint}"

    def _document(self):
        self._next()  # begin of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return {}
        event = self._next()
        values = self._value(event, ())
        self._next()
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise ParameterError(f"{self.source} has several documents (---); one is enough.")
        if values is None:
            return {}
        if not isinstance(values, dict):
            raise ParameterError(f"{self.source} must have lines of the form `name: value`.")
        return values

    def _value(self, event, keys):
        line = event.start_mark.line + 1
        self.lines.setdefault(keys, line)
        where = f"{self.source}, line {line}"
        if len(keys) > _DEEPEST:
            raise ParameterError(f"{where}: lists and mappings are too deep inside each other.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ParameterError(
                f"{where}: `&` and `*` (anchors) are not understood here. Write the value out, or "
                "put a text that begins so in quotes."
            )
        if getattr(event, "tag", None):
            raise ParameterError(f"{where}: `!` (a tag) is not understood. Put a text in quotes.")
        if isinstance(event, yaml.ScalarEvent):
            return _plain(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            values = []
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                values.append(self._value(event, (*keys, len(values))))
            return values
        return self._mapping(keys)

    def _mapping(self, keys):
        values = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise ParameterError(
                    f"{self.source}, line {line}: a name must be a text, in quotes if it has odd "
                    "signs."
                )
            name = event.value
            typed = _plain(name) if event.implicit[0] else name
            if not isinstance(typed, str):
                raise ParameterError(
                    f"{self.source}, line {line}: the name {name[:60]} must be a text. Put it in "
                    f'quotes: "{name[:60]}".'
                )
            if name in values:
                before = self.lines[(*keys, name)]
                raise ParameterError(
                    f"{self.source}: {name[:60]!r} stands in line {before} and again in line "
                    f"{line}. Keep one of them."
                )
            self.lines[(*keys, name)] = line
            values[name] = self._value(self._next(), (*keys, name))
        return values


def _in_quotes(found):
    return '"' + found.group(1).strip("'\"") + '"'


def _plain(text):
    """A scalar without quotes: text, unless it is a number, true, false or empty."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    if re.fullmatch(r"[-+]?([0-9]{1,20}\.[0-9]{0,20}|\.[0-9]{1,20})([eE][-+]?[0-9]{1,3})?", text):
        return float(text)
    if re.fullmatch(r"[-+]?[0-9_]{18,}", text):
        return Odd(f"{text[:20]} ({len(text):,} digits)", "a number")
    kind = yaml.SafeLoader("").resolve(yaml.ScalarNode, text, (True, False)).split(":")[-1]
    if kind == "str":
        return text
    meanings = {"bool": "true or false", "timestamp": "a date", "int": "a number",
                "float": "a number"}  # fmt: skip
    return Odd(text, meanings.get(kind, kind))
