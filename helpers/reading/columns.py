"""Which of a file's columns means which of ours."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass

from helpers.reading.errors import DataError, listed

_YEARS = {"year", "yr", "yyyy", "jahr", "année", "annee", "año", "ano", "anno", "jaar", "rok", "år"}
_ALIASES = {"transaction_amount": "total_amount"}
# What may separate names, where all of them stand in one.
_MARKS = re.compile(r"[^\w\s.-]|[\x00-\x1f]|\s{2,}")
#: How a table is said to have none of the separators that we know.
ONE_COLUMN = "That is one column"
# Names that are compared with ours: not the longest, nor all of a very wide table.
_LONG, _MANY = 100, 1_000


@dataclass(frozen=True)
class Contract:
    """What a kind of table consists of.

    Attributes
    ----------
    required, optional : tuple of str
        Our names.
    date : str
        The column of dates.
    numbers : tuple of str
        Columns of numbers; all others are text.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    date: str
    numbers: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, in our order."""
        return self.required + self.optional


def match_columns(
    header: list[str], contract: Contract, columns: dict[str, str] | None = None
) -> tuple[dict[str, str], list[str]]:
    """Find our columns in a header.

    Parameters
    ----------
    header : list of str
    contract : Contract
    columns : dict of str to str, optional
        Theirs: ours, where the names differ; compared as by :func:`plain_name`.

    Returns
    -------
    names : dict of str to str
        Theirs: ours, for the columns that were found.
    problems : list of str
        One sentence each.
    """
    columns, problems = columns or {}, []
    plain = {theirs: plain_name(theirs) for theirs in header}
    wanted = {plain_name(theirs): name for theirs, name in columns.items()}
    repeated = {plain_name(each.name): each.name for each in header if isinstance(each, Repeated)}
    unclear = {}
    for bare, theirs in repeated.items():
        name = wanted.get(bare) or _ALIASES.get(bare, bare)
        if name in contract.names and (bare in wanted or name not in wanted.values()):
            unclear[name] = theirs
            problems.append(
                f"the header has {theirs[:60]!r} more than once. Rename one of the columns, or say "
                f"in `columns` which is meant: {{{theirs} (1): {name}}}."
            )
    for theirs, name in columns.items():
        if plain_name(theirs) not in plain.values() and plain_name(theirs) not in repeated:
            problems.append(f"There is no column {theirs!r}, which `columns` names.")
        if name not in contract.names:
            hint = difflib.get_close_matches(str(name), contract.names, 1)
            problems.append(
                f"`columns` maps {theirs!r} to {name!r}, which is none of our names"
                + (f"; did you mean {hint[0]!r}?" if hint else f" ({', '.join(contract.names)}).")
            )
    names = {}
    for theirs, bare in plain.items():
        name = wanted.get(bare) or _ALIASES.get(bare, bare)
        # an explicit mapping wins over a column that happens to have our name
        if name in contract.names and (bare in wanted or name not in wanted.values()):
            names[theirs] = name
    for name in contract.names:
        several = [theirs for theirs in names if names[theirs] == name]
        if len(several) > 1:
            problems.append(
                f"The columns {' and '.join(map(repr, several))} both mean {name}. Say in "
                "`columns` which one to use."
            )
            for theirs in several[1:]:
                del names[theirs]
    missing = [
        name for name in contract.required if name not in names.values() and name not in unclear
    ]
    if missing:
        free = [theirs for theirs in header if theirs not in names and len(theirs) < _LONG][:_MANY]
        free = {plain[theirs]: theirs for theirs in free}
        close = {name: difflib.get_close_matches(name, free, 1, 0.5) for name in missing}
        hints = [f"{free[match[0]]}: {name}" for name, match in close.items() if match]
        elsewhere = (
            " If the names stand in another row, set `header_row` under `cleaning`."
            if len(missing) == len(contract.required) and not columns
            else ""
        )
        advice = "Name yours in the parameter `columns` (theirs: ours)" + (
            f", for example {{{', '.join(hints)}}}." if hints else "."
        )
        if len(header) == 1 and len(_MARKS.findall(header[0])) > 1 and not columns:
            advice = (
                f"{ONE_COLUMN}: what separates its values is none of comma, semicolon, tab "
                "and |. Export it again with one of these, or as xlsx."
            )
            elsewhere = ""
        elif not columns and sum(map(_is_value, header)) >= max(1, len(header) / 4):
            advice = (
                "These seem to be values, and no names. Put a row with the names of the columns "
                "before the first row."
            )
        elif contract.date in missing and _YEARS & set(plain.values()):
            advice += (
                " If the parts of the date stand in several columns, name them together, such as "
                f'{{"Year + Month + Day": {contract.date}}}.'
            )
        problems.append(
            f"There is no column for {', '.join(missing)}. The file has: "
            f"{listed(header) or 'nothing'}. {advice}{elsewhere}"
        )
    return names, problems


def plain_name(name) -> str:
    """A column's name as it is compared: case, blanks and marks without width don't count."""
    text = unicodedata.normalize("NFKC", str(name)).casefold()
    text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    return "_".join(text.split())


# Which row is the header


class Repeated(str):
    """A column of which the header has the name more than once, called by its number: Notes (2)."""

    def __new__(cls, name, number):  # noqa: D102
        self = super().__new__(cls, f"{name} ({number})")
        self.name = name
        return self


def checked_header(names, source: str, may_repeat: bool = False) -> list[str]:
    """The names of a table's columns, each once.

    Parameters
    ----------
    names : iterable
        As the file has them; what has none is called by its place.
    source : str
        What to call the file.
    may_repeat : bool
        Columns of the same name are numbered, so that nobody needs one in place of another; who
        needs one is asked which.

    Raises
    ------
    DataError
        If a name comes twice, but for what :func:`plain_name` leaves aside.
    """
    header = [str(name) if not _is_blank(name) else f"Unnamed: {at}" for at, name in
              enumerate(names)]  # fmt: skip
    first = {}
    if may_repeat:
        plain = [plain_name(name) for name in header]
        numbered = [
            Repeated(header[plain.index(each)], plain[:at].count(each) + 1)
            if plain.count(each) > 1
            else header[at]
            for at, each in enumerate(plain)
        ]
        if len(set(map(plain_name, numbered))) == len(header):
            return numbered
    for name in header:
        if (plain := plain_name(name)) in first:
            raise DataError(
                f"{source}: the header has {first[plain][:60]!r} more than once. Rename one of the "
                "columns."
            )
        first[plain] = name
    return header


def seeming_header(rows: list[list]) -> int:
    """Which of the first rows of a table seems to be the header: at least twice as wide as row 0.

    Returns
    -------
    int
        0 if there is nothing against the first.
    """
    filled = [[cell for cell in row if not _is_blank(cell)] for row in rows]
    widest = max(map(len, filled), default=0)
    for at, cells in enumerate(filled):
        if len(cells) == widest and widest > 1 and all(map(_is_name, cells)):
            follows = max(map(len, filled[at + 1 :]), default=0)
            return at if widest >= 2 * len(filled[0]) and 2 * follows >= widest else 0
    return 0


def refuse_preamble(source: str, row: int):
    """Say in which row the header seems to be."""
    raise DataError(
        f"{source}: the header seems to be in row {row}: set `header_row: {row}` under `cleaning`, "
        "or take out the rows before it."
    )


def is_another_header(cells: list, names: set[str]) -> bool:
    """Whether a row is a header: at least two, and half, of what stands in it are known names.

    Parameters
    ----------
    cells : list of str or None
    names : set of str
        As by :func:`plain_name`.
    """
    filled = [cell for cell in cells if not _is_blank(cell)]
    known = sum(plain_name(str(cell)[:_LONG]) in names for cell in filled)
    return known >= max(2, len(filled) / 2)


def other_columns(source: str, row: int, cells: list) -> DataError:
    """What to say of a header in the middle of a file, with other columns than the first one."""
    return DataError(
        f"{source}: line {row:,} is a header of its own, with other columns than the first line or "
        f"in another order: {listed(cell for cell in cells if not _is_blank(cell))}. Cut the file "
        "into two before that line, and give both, in a list or a folder: files are matched by the "
        "names of their columns."
    )


def no_such_row(source: str, row: int) -> DataError:
    """What to say where the row of the header is none."""
    return DataError(
        f"{source}: `header_row` is {row}, and there is no text in that row. Rows are counted from "
        "1, blank ones too."
    )


def _is_blank(cell):
    return cell is None or str(cell).strip("\ufeff \t\xa0") == ""


def _is_value(name):
    """Whether what should be a name is a number, a date or a time."""
    return bool(re.fullmatch(r"[-+]?[0-9][0-9.,:/TZ -]*", name.strip()))


def _is_name(cell):
    return isinstance(cell, str) and len(cell) < _LONG and re.match(r"\W*[^\W\d]", cell)
