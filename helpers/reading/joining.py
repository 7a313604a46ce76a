"""Tables that an export keeps apart (orders, lines, products), put together again by their keys.

Each line keeps its place; what another table knows of its key is written beside it. Columns that
come in so are matched to ours like the lines' own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from helpers.reading.columns import plain_name
from helpers.reading.files import (
    DATES_OF,
    NUMBERS_OF,
    DataError,
    Reading,
    TextFile,
    input_files,
    tables_of,
)
from helpers.reading.ids import plain_id
from helpers.reading.parameters import Join

_EXAMPLES = 3


def with_joined(files: list[TextFile], join: list[Join]) -> list:
    """The files of an export, with the columns of further tables beside their own.

    Parameters
    ----------
    files : list of TextFile
        The lines.
    join : list of Join
        In this order; a table may be looked up by a column that one before it brought.

    Returns
    -------
    list of TextFile or of JoinedFile
        The files themselves if there is nothing to join.

    Raises
    ------
    DataError
        If a table can't be read, has no such key, or has a key twice.
    """
    for each in join:
        try:
            table = LookedUp(each, len(files))
        except DataError as error:  # how it is read stands under its own key
            raise DataError(str(error).replace("under `cleaning`", "under `join`")) from None
        files = [JoinedFile(file, table, number) for number, file in enumerate(files)]
    return files


def brought(header: list[str], other: list[str], key: str, name: str) -> dict[str, str]:
    """The columns that a table brings, and what they are called beside the lines' own.

    Parameters
    ----------
    header, other : list of str
        Columns of the lines and of the table.
    key : str
        The table's key, which is not brought: the lines have it.
    name : str
        Of the table. A column whose name the lines have, too, gets it behind its own in brackets:
        ``date (orders)``. Case and blanks don't make a name another one.

    Returns
    -------
    dict of str to str
        Name in the table: name beside the lines.
    """
    taken, called = {plain_name(each) for each in header}, {}
    for theirs in other:
        if theirs == key:
            continue
        new = f"{theirs} ({name})" if plain_name(theirs) in taken else theirs
        while plain_name(new) in taken:
            new += " again"
        taken.add(plain_name(new))
        called[theirs] = new
    return called


class LookedUp:
    """A table that is looked up by a key; it is held in memory.

    Parameters
    ----------
    join : Join
    n_files : int
        Files of lines that will be looked up in it.

    Attributes
    ----------
    name : str
        Of its (first) file.
    header : list of str
    """

    def __init__(self, join: Join, n_files: int):
        paths = input_files(join.path)
        self.name, self.short = paths[0].name, paths[0].name.split(".")[0]
        if not isinstance(join.path, list) and Path(join.path).is_dir():
            self.name = self.short = Path(join.path).name
        ours, self._key = (join.by, join.by) if isinstance(join.by, str) else _only(join.by)
        self.lines_key, self._n_files, self._missing = ours, n_files, {}
        how = Reading(join.encoding, join.header_row, join.sheet)
        try:
            files = [file for path in paths for file in tables_of(path, how) if file.header]
        except DataError as error:
            raise DataError(str(error).replace("under `cleaning`", "under `join`")) from None
        if not files:
            raise DataError(f"{self.name} is empty: it has not even a header line.")
        self.header = list(dict.fromkeys(name for file in files for name in file.header))
        self._key = find(self.header, self._key, self.name)
        for file in files:
            find(file.header, self._key, file.name)
        self._keys, self._table = self._read(files)

    def _read(self, files):
        """The keys, and the rows that belong to them."""
        tables, places = [], []
        for file in files:
            key = find(file.header, self._key, file.name)
            batches = [
                batch.rename_columns([self._key if n == key else n for n in batch.column_names])
                for batch in file.batches()
            ]
            end = file.first_row + sum(map(len, batches))
            places += [(file.name, range(file.first_row, end))]
            tables += batches
        try:
            table = pa.concat_tables(tables, promote_options="permissive")
        except pa.ArrowException as error:
            raise DataError(
                f"The files of {self.name} have a column of different types: "
                f"{' '.join(str(error).split())[:200]}. Export them alike, or as CSV."
            ) from None
        keys = _key_text(table[self._key])
        # 17850.0 went through a column of floats, unless there is a 17850.5
        whole = _whole(keys)
        self._whole = not pc.any(pc.match_substring_regex(whole, r"^-?[0-9]+[.,][0-9]+$")).as_py()
        keys = whole if self._whole else keys
        counts = pc.value_counts(keys.drop_null())
        twice = counts.filter(pc.greater(counts.field("counts"), 1))
        if len(twice):
            key = twice[0]["values"].as_py()
            rows = pc.indices_nonzero(pc.fill_null(pc.equal(keys, key), False)).to_pylist()
            named = " and ".join(_place(places, row) for row in rows[:_EXAMPLES])
            raise DataError(
                f"{self.name} has {len(twice):,} values of {self._key} more than once, for "
                f"example {key[:60]!r} in rows {named}. A joined table must have one row for each "
                "key: name another column under `by`, or give the larger table as the lines."
            )
        has_key = pc.is_valid(keys)
        return keys.filter(has_key).combine_chunks(), table.filter(has_key).combine_chunks()

    def beside(self, batch: pa.Table, header: list[str]) -> tuple[pa.Table, int]:
        """A batch of lines with this table's columns, and how many lines found nothing.

        Parameters
        ----------
        batch : pa.Table
        header : list of str
            The lines' columns.
        """
        lines = _key_text(batch[find(header, self.lines_key, "the lines")])
        if self._whole:
            lines = _whole(lines)
        at = pc.index_in(lines, value_set=self._keys, skip_nulls=True)
        found = self._table.take(at)
        names = brought(header, self.header, self._key, self.short)
        for column in self._table.column_names:
            beside = next((f for f in (NUMBERS_OF, DATES_OF) if _stands_beside(column, f)), "{}")
            theirs = column.removeprefix(beside[:-2])
            if theirs in names:
                batch = batch.append_column(beside.format(names[theirs]), found[column])
        return batch, at.null_count

    def nested(self, columns: list[str], header: list[str]) -> list[str]:
        """Those of the brought columns whose values are no single ones."""
        names = brought(header, self.header, self._key, self.short)
        return [called for theirs, called in names.items() if called in columns
                and pa.types.is_nested(self._table.schema.field(theirs).type)]  # fmt: skip

    def account(self, number: int, lines: int, missing: int, example: str | None) -> None:
        """Note what a file of lines found; when none of the files found anything, say so.

        Raises
        ------
        DataError
            If no line has an entry here: the keys are not the same ones.
        """
        self._missing[number] = (lines, missing)
        if len(self._missing) < self._n_files:
            return
        lines, missing = map(sum, zip(*self._missing.values(), strict=True))
        if lines and lines == missing:
            theirs = self._keys[0].as_py() if len(self._keys) else None
            raise DataError(
                f"None of the {lines:,} lines has its {self.lines_key} in {self.name}: there it "
                f"looks like {str(theirs)[:60]!r}, in the lines like {str(example)[:60]!r}. Check "
                "`by` under `join`."
            )


class JoinedFile:
    """A file of lines with a table's columns beside its own; to its readers a TextFile.

    Parameters
    ----------
    file : TextFile or JoinedFile
    table : LookedUp
    number : int
        Of the file among the lines'.
    """

    #: No engine can read it by itself, whatever the lines' file is.
    kind = "joined"

    def __init__(self, file, table: LookedUp, number: int):
        self.path, self.findings, self._file, self._table = file.path, file.findings, file, table
        self._number = number
        find(file.header, table.lines_key, file.name)
        names = brought(file.header, table.header, table._key, table.short)
        self.header = [*file.header, *names.values()]

    def batches(self) -> Iterator[pa.Table]:
        """The lines, some at a time; the first batch has none, only the columns."""
        lines = missing = 0
        example = None
        for batch in self._file.batches():
            joined, without = self._table.beside(batch, self._file.header)
            lines, missing = lines + len(batch), missing + without
            if example is None and len(batch):
                key = find(self._file.header, self._table.lines_key, self._file.name)
                example = batch[key][0].as_py()
            yield joined
        if missing:
            name = f"lines without their {self._table.lines_key} in {self._table.name}"
            self.findings[name] = missing
        self._table.account(self._number, lines, missing, example)

    def nested(self, columns: list[str]) -> list[str]:
        """Those of some columns whose values are no single ones (lists, structs, maps)."""
        own = [name for name in columns if name in self._file.header]
        rest = [name for name in columns if name not in own]
        return self._file.nested(own) + self._table.nested(rest, self._file.header)

    def __getattr__(self, name):
        """Whatever else is known of the lines' file."""
        return getattr(self._file, name)


#: Between the names of columns that together are one of ours: "Year + Month + Day".
AND = " + "


class WithTogether:
    """A file with a column beside its own that several of them make up; to its readers a TextFile.

    Parameters
    ----------
    file : TextFile or JoinedFile
    together : dict of str to list of str
        What the user calls the column: the file's columns whose texts stand in it, with a blank
        between them; what is blank is left out.
    """

    #: No engine can read it by itself.
    kind = "together"

    def __init__(self, file, together: dict[str, list[str]]):
        self._file, self._together = file, together
        self.header = [*file.header, *together]

    def batches(self) -> Iterator[pa.Table]:
        """The rows, some at a time; the first batch has none, only the columns."""
        for batch in self._file.batches():
            for name, columns in self._together.items():
                batch = batch.append_column(name, as_one([batch[each] for each in columns]))
            yield batch

    def nested(self, columns: list[str]) -> list[str]:
        """Those of some columns whose values are no single ones (lists, structs, maps)."""
        return self._file.nested([name for name in columns if name not in self._together])

    def __getattr__(self, name):
        """Whatever else is known of the file."""
        return getattr(self._file, name)


def as_one(columns: list) -> pa.Array:
    """The texts of several columns with a blank between them; missing where all of them are.

    Parameters
    ----------
    columns : list of pyarrow arrays

    Returns
    -------
    pyarrow array of string
    """
    texts = [_whole(_key_text(each)) for each in columns]
    joined = pc.binary_join_element_wise(*texts, " ", null_handling="skip")
    return pc.if_else(pc.equal(joined, ""), pa.scalar(None, pa.string()), joined)


def with_together(files: list, columns: dict[str, str] | None) -> list:
    """Files, each with the columns beside its own that the user makes up of several of them.

    Parameters
    ----------
    files : list of TextFile or JoinedFile
    columns : dict of str to str, optional
        Theirs: ours; theirs may be several with :data:`AND` between them.
    """
    asked = {name: name.split("+") for name in columns or {} if isinstance(name, str)}
    found = []
    for file in files:
        names = {plain_name(each): each for each in file.header}
        together = {
            name: [names[plain_name(part)] for part in parts]
            for name, parts in asked.items()
            if len(parts) > 1
            and plain_name(name) not in names
            and all(plain_name(part) in names for part in parts)
        }
        found.append(WithTogether(file, together) if together else file)
    return found


def find(header: list[str], name: str, source: str) -> str:
    """A column by its name; case and blanks around don't count.

    Raises
    ------
    DataError
        If there is none.
    """
    for theirs in header:
        if plain_name(theirs) == plain_name(name):
            return theirs
    raise DataError(
        f"{source} has no column {name!r}, which `by` under `join` names. It has: "
        f"{', '.join(header)[:300]}."
    )


def _place(files, number):
    """Where a row stands, from its number in all files together."""
    for name, rows in files:
        if number < len(rows):
            return f"{rows[number]:,}" + (f" of {name}" if len(files) > 1 else "")
        number -= len(rows)


def _only(by):
    pairs = list(by.items())
    if len(pairs) != 1:
        raise DataError(
            f"`by` under `join` has {len(pairs)} lines; it must have one: the lines' column: the "
            "other table's column."
        )
    return pairs[0]


def _stands_beside(column, form):
    return column.startswith(form[:-2])


def _key_text(column):
    """Keys as they are compared: plain text; missing where nothing is left."""
    if pa.types.is_floating(column.type):  # 17850.0 is the number 17850
        whole = pc.equal(column, pc.floor(column))
        column = pc.if_else(whole, column.cast(pa.int64(), safe=False).cast(pa.string()),
                            column.cast(pa.string()))  # fmt: skip
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    if pc.any(pc.match_substring_regex(text, "[^ -~]")).as_py():  # marks that nobody sees
        plain = [key if not key or key.isascii() else plain_id(key) for key in text.to_pylist()]
        text = pa.chunked_array([pa.array(plain, pa.string())])
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _whole(keys):
    """Keys without what a column of floats has added."""
    return pc.replace_substring_regex(keys, r"^(-?(?:0|[1-9][0-9]*))[.,]0+$", r"\1")
