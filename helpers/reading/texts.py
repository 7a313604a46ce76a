"""Text files as tables: separator, header, quotes, and what else people's exports have."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from itertools import chain, islice

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from helpers.reading.columns import (
    checked_header,
    is_another_header,
    no_such_row,
    other_columns,
    plain_name,
    refuse_preamble,
    seeming_header,
)
from helpers.reading.encodings import BAD_BYTES, ENTITY, listed_words, look_at
from helpers.reading.errors import DataError

_SEPARATORS = [",", ";", "\t", "|"]
# Rows that are held at a time.
_BATCH = 500_000
# So many lines show where the header is, and what a column looks like.
_FIRST_LINES, _ROWS_TO_LEARN, _FEW = 60, 1_000, 5
# So many lines are named of those that share a fault.
_SHOWN = 3
# A column of ids or dates looks in so many ways at most: with and without letters, blank.
_FEW_LOOKS = 3
_SEP_LINE = re.compile(r'^"?sep=(.)"?$', re.I)
_EQUALS = r'^="([^"]*)"$'
# What MySQL writes where there is nothing.
_NULL = r"\N"


class Text:
    """A text file as batches of columns of text.

    Parameters
    ----------
    source : Source
    options : FileOptions
        ``encoding`` and ``header_row`` are used.

    Attributes
    ----------
    header : list of str
        Names of the columns; none for a file without any.
    first_row : int
        Row in which the first row after the header stands.
    findings : dict of str to str or int
    """

    def __init__(self, source, options):
        self.source = source
        self._look = look_at(source, options.encoding)
        self._given = options.encoding is not None
        self.header, self.first_row, self._separator, self._spare = [], 2, ",", 0
        self._escape = self._spaced = False
        self._names, self.line_breaks = [], (0, 0)
        self._find_header(options.header_row)
        self._escape = self._look.escaped and self._backslash_escapes()
        name = {"\t": "tab"}.get(self._separator, self._separator)
        self.findings = {"encoding": self._look.encoding, "separator": name}
        self._tell_of_letters()
        if self._escape:
            self.findings["quotes inside values"] = 'written as \\"'

    def _tell_of_letters(self):
        look = self._look
        if look.odd_lines:
            self.findings["lines that are not UTF-8"] = look.odd_lines
        if look.mixed:
            more = " ..." if look.odd_lines > len(look.first_odd) else ""
            lines = ", ".join(map(str, look.first_odd)) + more
            self.findings["lines read as cp1252, the rest as UTF-8"] = lines
        if look.samples:
            self.findings["letters outside ASCII"] = listed_words(look.samples)

    def batches(self) -> Iterator[pa.Table]:
        """The rows, some at a time; the first batch has none, only the columns."""
        yield _arrow(pd.DataFrame(columns=self.header, dtype="str"))
        again = "lines that repeat the header, read as empty"
        row, counts = self.first_row, {"HTML entities decoded": 0, 'values written as ="..."': 0}
        ends_blank = False
        try:
            with self._after_header() as text, self._chunks(text) as chunks:
                for chunk in chunks:
                    chunk = self._without_spare(chunk, row)
                    ends_blank |= bool(chunk.iloc[:, -1].isna().any())
                    # files were put together, each with its header
                    headers = self._like_header(chunk)
                    counts[again] = counts.get(again, 0) + int(headers.sum())
                    table = _arrow(chunk.mask(headers) if headers.any() else chunk)
                    if self._look.has_entities:
                        table, n = mended(table, ENTITY, unescaped)
                        counts["HTML entities decoded"] += n
                    if self._look.has_equals:
                        table, n = mended(table, _EQUALS, _bare)
                        counts['values written as ="..."'] += n
                    yield table
                    row += len(chunk)
        except pd.errors.EmptyDataError:
            pass
        except pd.errors.ParserError as error:
            raise self._sentence(str(error)) from None
        self.findings |= {what: n for what, n in counts.items() if n}
        self._compare_with_lines(row - self.first_row)
        if ends_blank:
            self._tell_of_short_rows()

    def _chunks(self, text):
        if self._escape:
            text = _WithoutNulls(text, self._separator)
        names = range(len(self.header) + self._spare)
        return pd.read_csv(
            text, header=None, names=names, index_col=False, dtype=str, keep_default_na=False,
            na_values=["", _NULL], skip_blank_lines=False, chunksize=_BATCH, **self._dialect("sep"),
        )  # fmt: skip

    def _dialect(self, name):
        return {
            name: self._separator,
            "escapechar": "\\" if self._escape else None,
            "skipinitialspace": self._spaced,
        }

    def _without_spare(self, chunk, row):
        """The columns that have a name; the spare ones take up an empty tail of a row."""
        n = len(self.header)
        for spare in chunk.columns[n:]:
            if (filled := chunk[spare].notna()).any():
                at = int(filled.to_numpy().argmax())
                self._refuse_long_row(row + at, int(chunk.iloc[at].last_valid_index()) + 1)
        return chunk.iloc[:, :n].set_axis(self.header, axis=1)

    def _like_header(self, chunk):
        first, *others = self._names
        like = chunk.iloc[:, 0] == first
        if like.any():
            like &= (chunk.iloc[:, 1:].fillna("") == others).all(axis=1)
        return like

    def _refuse_long_row(self, row, fields):
        names = {plain_name(name) for name in self.header}
        for at, (_, cells, _) in enumerate(self._rows(), self.first_row):
            if at == row and is_another_header(cells, names):
                raise other_columns(self.source.name, row, cells)
            if at > row:
                break
        raise DataError(
            f"{self.source.name}: line {row:,} has {fields} fields, more fields than the header "
            f"({len(self.header)}). Give every column a name; a {self._separator!r} inside a value "
            "must stand in quotes."
        )

    # what the first lines say

    def _open(self):
        errors = "strict" if self._given else "replace"
        if self._look.mixed:
            errors = BAD_BYTES
        reader = _WithoutMarks if self._look.has_marks else io.TextIOWrapper
        return reader(self.source.open(), self._look.encoding, errors, newline="")

    def _after_header(self):
        text = self._open()
        for _ in _records(text, self._lines_before, self._separator, self._spaced):
            break
        return text

    def _find_header(self, header_row):
        with self._open() as text:
            lines = _lines(text)
            for _ in islice(lines, (header_row or 1) - 1):
                pass
            first = list(islice(lines, _FIRST_LINES))
        before = (header_row or 1) - 1
        if header_row and not any(line.strip() for line in first[:1]):
            raise no_such_row(self.source.name, header_row)
        given = None
        while first and not header_row:
            bare = first[0].strip("\ufeff\r\n ")
            if bare.strip() and not (sep := _SEP_LINE.match(bare)):
                break
            given = sep.group(1) if bare else given
            first, before = first[1:], before + 1
        if not first:
            return
        self._separator = given or _separator(first[0])
        # ``a, "b, c"``: a quote opens behind a blank
        self._spaced = any(f'{self._separator} "' in line for line in first)
        rows = _split(first, self._separator, self._spaced)
        if not header_row and not given:
            self._refuse_preamble(first, before + 1)
        self._refuse_quoted_lines(rows)
        # the header may have a line break in quotes
        self._lines_before = before
        with self._open() as text:
            records = _records(text, before, self._separator, self._spaced)
            fields, self._header_ends = next(records, []), before + records.line_num
            # pandas measures by the first row, which may have line breaks in it
            widest = max(map(len, [_next(records), *rows[1:]]))
        self.header = checked_header(map(_bare, fields), self.source.name, may_repeat=True)
        self._names = fields
        self.first_row = before + 2
        self._spare = max(0, min(widest - len(self.header), 1_000))

    def _refuse_preamble(self, first, row):
        """Whether the first line is none of the table, whatever its separator."""
        own = _split(first, self._separator)
        narrow = sum(map(bool, own[0]))
        for mark in _SEPARATORS:
            rows = _split(first, mark)
            if not (at := seeming_header(rows)) or len(rows[at]) < 2 * narrow:
                continue
            # ``x,,b;c`` below ``order,sku,note`` is a row of that table, with a text in it
            is_row = mark != self._separator and narrow > 1 and len(own[at]) == len(own[0])
            if not is_row:
                refuse_preamble(self.source.name, row + at)

    def _refuse_quoted_lines(self, rows):
        """What a spreadsheet makes of lines that it took for single values."""
        whole = [row[0] for row in rows if len(row) == 1 and row[0].strip()]
        if len(whole) < max(len(rows) - 1, 1):  # the header may have been spared
            return
        for mark in _SEPARATORS:
            if all(len(fields) > 2 for fields in _split(whole, mark)):
                raise DataError(
                    f"{self.source.name}: each line as a whole stands in quotes, so that all of it "
                    "is one value. Take the outer quotes off, or export it again as CSV."
                )

    def _backslash_escapes(self):
        r"""Whether ``\"`` is a quote inside a value: by the lines that have one.

        Elsewhere it is a backslash before a closing quote, as in ``"C:\"``.
        """
        votes = 0
        with self._open() as text:
            telling = (line for line in _lines(text) if '\\"' in line)
            for line in islice(telling, _ROWS_TO_LEARN):
                with_escape, without = (self._fits(line, escape) for escape in ("\\", None))
                votes += with_escape - without
        return votes > 0

    def _fits(self, line, escape):
        how = self._dialect("delimiter") | {"escapechar": escape, "strict": True}
        reader = csv.reader([line], **how)
        try:
            return len(next(reader, [])) == len(self.header)
        except csv.Error:
            return False

    # what was read, against what is there

    def _compare_with_lines(self, rows):
        lines = self._look.lines + self._look.unended - self._header_ends
        if rows == lines or not self._look.quoted:
            return
        longest = self._refuse_swallowed()
        if lines > rows:
            self.findings["line breaks inside values"] = lines - rows
            self.line_breaks = lines - rows, longest

    def _tell_of_short_rows(self):
        """Rows that end before their last column, which are read as if the rest were blank.

        Some programs leave blank ends out; but a row may also have lost its end, and a copy that
        broke off ends so.
        """
        count, first, least = 0, [], len(self.header)
        for line, fields in self._fields_by_row():
            if 0 < fields < len(self.header):
                count, least = count + 1, min(least, fields)
                first += [f"{line:,}"] * (count <= _SHOWN)
                last = line
        if count:
            lines = ", ".join(first) + " ..." * (count > _SHOWN)
            self.findings["rows with fewer fields than the header, blank from there on"] = (
                f"{count:,} (line{'s' * (count > 1)} {lines}; the first column missing: "
                f"{self.header[least]})"
            )
            if last > self._look.lines:  # it has no line break
                self.findings["the last line breaks off"] = (
                    f"line {last:,} of {self.source.name}: was the whole file copied?"
                )

    def _fields_by_row(self):
        """Each row's first line and its number of fields; 0 for a blank line."""
        if self._look.quoted:
            for start, fields, lines in self._rows():
                yield start, len(fields) if any(map(str.strip, lines)) else 0
            return
        with self._open() as text:
            for line, row in enumerate(_lines(text), start=1):
                if line > self._header_ends:
                    yield line, row.count(self._separator) + 1 if row.strip() else 0

    def _sentence(self, said):
        """What pandas says of a file that is none, as we say it."""
        if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said):
            _, row, fields = map(int, found.groups())
            self._refuse_swallowed()
            self._refuse_long_row(row + self.first_row - 1, fields)
        self._refuse_swallowed()
        if "EOF inside string" in said:
            return self._open_quote(*self._last_row())
        return DataError(
            f"{self.source.name} could not be read as a table: {' '.join(said.split())[:200]}. "
            "Open it, and export it again as CSV, parquet or xlsx."
        )

    def _open_quote(self, line, until):
        return DataError(
            f"{self.source.name}: a quotation mark in line {line:,} is not closed, so that all to "
            f"line {until:,} or beyond would be one value. Take it out, or write a quotation mark "
            'inside a value twice (""), and the value in quotes.'
        )

    def _refuse_swallowed(self):
        """End in a sentence if a quoted value holds whole rows; else, lines of the longest row.

        A value may have line breaks. But where a line inside of it has as many fields as the
        header, which look like those of their columns elsewhere, a quote was not closed.
        """
        looks, longest = self._looks(), 1
        for start, _, lines in self._rows():
            if any(self._is_row(line, looks) for line in lines[1:]):
                raise self._open_quote(start, start + len(lines) - 1)
            longest = max(longest, len(lines))
        return longest

    def _rows(self):
        """Each row after the header: its first line's number, fields, and lines."""
        with self._open() as text:
            kept = []
            lines = (kept.append(line) or line for line in _lines(text))
            for _ in islice(lines, self._header_ends):
                pass
            kept.clear()
            reader, start = csv.reader(lines, **self._dialect("delimiter")), self._header_ends + 1
            while True:
                try:
                    fields = next(reader, None)
                except csv.Error:  # a value of more characters than it takes
                    fields = []
                if fields is None:
                    return
                yield start, fields, list(kept)
                start += len(kept)
                kept.clear()

    def _looks(self):
        """What the columns look like in the first rows, but for values over several lines."""
        rows = [row for _, row, _ in islice(self._rows(), _ROWS_TO_LEARN)]
        if len(rows) < _FEW:  # nearly all was swallowed
            with self._open() as text:
                lines = islice(_lines(text), self._header_ends, self._header_ends + _ROWS_TO_LEARN)
                rows = [self._fields(line) for line in lines]
        looks = [set() for _ in self.header]
        for row in rows:
            if len(row) == len(looks):
                for look, value in zip(looks, row, strict=True):
                    if not re.search("[\r\n]", value):
                        look.add(_look(value))
        return looks

    def _is_row(self, line, looks):
        row = self._fields(line)
        # behind a quote that closes here stands the tail of a row
        if len(row) != len(looks) or ('"' in row[0] and not line.startswith('"')):
            return False
        alike = [_look(value) in look for value, look in zip(row, looks, strict=True)]
        # ids and dates look alike in all rows; a remark with as many commas has none
        sure = [here for here, look in zip(alike, looks, strict=True) if len(look) <= _FEW_LOOKS]
        return alike[0] and all(sure) and sum(alike) >= 0.75 * len(alike)

    def _fields(self, line):
        try:
            return next(csv.reader([line], **self._dialect("delimiter")), [])
        except csv.Error:
            return []

    def _last_row(self):
        for start, _, lines in self._rows():  # noqa: B007
            pass
        return start, start + len(lines) - 1


class _WithoutMarks(io.TextIOWrapper):
    """A text without the byte-order marks of the files that it was put together from."""

    _before = "\n"

    def read(self, size=-1):
        text = (self._before + super().read(size)).replace("\n\ufeff", "\n")[1:]
        self._before = text[-1:] or "\n"
        return text

    def readline(self, size=-1):
        return super().readline(size).removeprefix("\ufeff")


class _WithoutNulls:
    r"""A text whose ``\N`` are gone, which would be read as an escaped N."""

    def __init__(self, text, separator):
        self._text = text
        mark = re.escape(separator)
        self._null = re.compile(rf"(?<![^\r\n{mark}])\\N(?=[\r\n{mark}]|$)")

    def read(self, size=-1):
        return self._null.sub("", self._text.read(size) + self._text.readline())

    def __iter__(self):  # by this pandas knows a file
        return iter(self._text)


def _lines(text):
    """Lines of bounded length."""
    while line := text.readline():
        yield line


def _records(text, before, separator, spaced):
    """The rows after some lines, as lists; from the text's own position on."""
    lines = _lines(text)
    for _ in islice(lines, before):
        pass
    first = (line.lstrip("\ufeff") for line in islice(lines, 1))
    return csv.reader(chain(first, lines), delimiter=separator, skipinitialspace=spaced)


def _next(records):
    try:
        return next(records, [])
    except csv.Error:  # a value of more characters than it takes
        return []


def _split(lines, separator, spaced=False):
    how = {"delimiter": separator, "skipinitialspace": spaced}
    try:
        return [next(csv.reader([line], **how), []) for line in lines]
    except csv.Error:  # a value of more characters than it takes
        return [line.split(separator) for line in lines]


def _separator(header):
    """The separator that makes most of the header line."""
    fields = {mark: len(_split([header], mark)[0]) for mark in _SEPARATORS}
    return max(fields, key=fields.get)


def _look(value):
    """A value's kinds of characters: ``C016`` and ``D7`` look alike, ``a mug`` does not."""
    kinds = {"9" if each.isdigit() else "a" if each.isalpha() else each for each in value.strip()}
    return "".join(sorted(kinds))


def _bare(value):
    """A value without ``="..."`` around, which protects it from Excel."""
    found = re.match(_EQUALS, value)
    return found.group(1) if found else value


def unescaped(value: str) -> str:
    """A value whose HTML entities are the letters they mean."""
    return re.sub(ENTITY, lambda found: html.unescape(found.group()), value)


def mended(table: pa.Table, pattern: str, mend) -> tuple[pa.Table, int]:
    """A table of text whose values that have a pattern are mended, and how many were.

    Parameters
    ----------
    table : pa.Table
    pattern : str
        Regular expression.
    mend : callable
        From a value to another one.
    """
    count = 0
    for at, field in enumerate(table.schema):
        if not (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)):
            continue
        column = table.column(at).combine_chunks()
        has = pc.fill_null(pc.match_substring_regex(column, pattern), False)
        if pc.any(has).as_py():
            values = pa.array([mend(each) for each in column.filter(has).to_pylist()], field.type)
            table = table.set_column(at, field, pc.replace_with_mask(column, has, values))
            count += pc.sum(pc.not_equal(values, column.filter(has))).as_py()
    return table, count


def _arrow(table):
    return pa.Table.from_pandas(table.reset_index(drop=True), preserve_index=False)
