"""Which of a file's columns means which of ours."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

_ALIASES = {"transaction_amount": "total_amount"}


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
        Theirs: ours, where the names differ. Case and blanks around don't count.

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
    for theirs, name in columns.items():
        if plain_name(theirs) not in plain.values():
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
    missing = [name for name in contract.required if name not in names.values()]
    if missing:
        free = [theirs for theirs in header if theirs not in names]
        close = {name: difflib.get_close_matches(name, free, 1, 0.5) for name in missing}
        hints = [f"{match[0]}: {name}" for name, match in close.items() if match]
        problems.append(
            f"There is no column for {', '.join(missing)}. The file has: "
            f"{', '.join(header) or 'nothing'}. Name yours in the parameter `columns` "
            "(theirs: ours)" + (f", for example {{{', '.join(hints)}}}." if hints else ".")
        )
    return names, problems


def plain_name(name) -> str:
    """A column's name as it is compared: case and blanks around don't count."""
    return str(name).strip().lower().replace(" ", "_")
