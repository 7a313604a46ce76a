"""Several files of purchases: parts of one table, or tables that belong together by their keys."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from helpers.course.describing.looking import Sample
from helpers.course.describing.meaning import PURCHASES, meaning_of
from helpers.course.describing.phrases import percent
from helpers.course.describing.words import squeezed
from helpers.course.describing.writing import Page, quoted
from helpers.reading.files import DataError
from helpers.reading.joining import brought


@dataclass
class Lookup:
    """A table that is joined to the lines, and why."""

    sample: Sample
    paths: list[str]
    lines_key: str
    key: str
    why: str

    def write(self, page: Page) -> None:
        """Its lines of the parameter file."""
        if not any(line == "join:" for line in page.lines):
            page.put("join:")
        page.say(f"{self.sample.name}: {self.sample.seen()} were looked at; {self.why}", 2)
        page.put(
            f"- path: {quoted(self.paths if len(self.paths) > 1 else self.paths[0])}", indent=2
        )
        same = self.lines_key == self.key
        by = quoted(self.key) if same else quoted({self.lines_key: self.key})
        page.put(f"by: {by}", indent=4)
        encoding = self.sample.findings.get("encoding", "utf-8")
        if encoding not in ("utf-8", "utf-8-sig", "ascii"):
            page.put(f"encoding: {quoted(encoding)}", "detected", 4)
        if self.sample.header_row > 1:
            page.put(f"header_row: {self.sample.header_row}", indent=4)
        if self.sample.sheet:
            page.put(f"sheet: {quoted(self.sample.sheet)}", indent=4)


def arrange(samples: list[Sample]) -> tuple[Sample, list[str], list[Lookup]]:
    """The lines with the columns of the tables joined to them, their files, and those tables.

    Files with the same columns are parts of one table. Of several tables that one is the lines of
    which each other one is a list of keys: every other table has a column without repetition that
    the lines, or a table before it, refer to.

    Raises
    ------
    DataError
        If a table does not belong to the others.
    """
    groups: dict[frozenset, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(frozenset(map(squeezed, sample.header)), []).append(sample)
    tables = [_together(group) for group in groups.values()]
    if len(tables) == 1:
        return *tables[0], []
    # the lines have most rows, and a product
    tables.sort(key=lambda table: (not _has_product(table[0]), -table[0].rows))
    (lines, paths), rest, joins = tables[0], tables[1:], []
    while rest:
        fits = [
            (fit, number) for number, (table, _) in enumerate(rest) if (fit := _key(lines, table))
        ]
        if not fits:
            names = ", ".join(table.name for table, _ in rest)
            raise DataError(
                f"{names}: no column of it is a key (each value once) that the lines in "
                f"{lines.name} refer to. Describe the lines alone, or give tables that belong "
                "together."
            )
        (_, ours, theirs, why), number = max(fits, key=lambda each: each[0][0])
        table, files = rest.pop(number)
        joins.append(Lookup(table, files, ours, theirs, why))
        lines = _joined(lines, table, ours, theirs)
    return lines, paths, joins


def _together(group):
    first = group[0]
    paths = [path for sample in group for path in sample.given]
    if len(group) == 1:
        return first, paths
    frame = pd.concat([each.frame for each in group], ignore_index=True)
    counts = {name: all(getattr(each, name) for each in group)
              for name in ("is_whole", "is_counted")}  # fmt: skip
    files = [file for each in group for file in each.files]
    return replace(first, given=paths, name=f"{first.name} and others", frame=frame, files=files,
                   rows=sum(each.rows for each in group), **counts), paths  # fmt: skip


def _has_product(sample):
    chosen = meaning_of(sample.frame, PURCHASES, sample.dates).chosen
    return "product_id" in chosen and ("quantity" in chosen or "transaction_id" in chosen)


def _key(lines, table):
    """How well two tables fit, by which columns, and why; None if they don't."""
    best = None
    for theirs in table.frame:
        keys = table.frame[theirs].dropna()
        if keys.empty or keys.duplicated().any():
            continue
        known = set(keys)
        for ours in lines.frame:
            values = lines.frame[ours].dropna()
            if values.empty or values[:200].isin(known).mean() < 0.3:
                continue
            found = values.isin(known).mean()
            used = len(known & set(values)) / len(known)
            same = squeezed(ours) == squeezed(theirs)
            if found < (0.5 if same or not table.is_whole else 0.9):
                continue
            score = found * used + same
            if score > 0.1 and (best is None or score > best[0]):
                why = f"{percent(found)} of the lines' {ours} are in its {theirs}"
                best = score, ours, theirs, why
    return best


def _joined(lines, table, ours, theirs):
    """The lines' sample with the columns of a table beside them, called as a run calls them."""
    names = brought(lines.header, table.header, theirs, table.name.split(".")[0])
    right = table.frame.dropna(subset=[theirs]).drop_duplicates(theirs).set_index(theirs)
    beside = right.rename(columns=names).reindex(lines.frame[ours]).set_axis(lines.frame.index)
    frame = lines.frame.join(beside)
    dates = lines.dates | {names[each] for each in table.dates if each in names}
    return replace(lines, frame=frame, dates=dates)
