"""What is written in a column of numbers: decimal marks, and what is no number at all."""

from __future__ import annotations

import re

import pandas as pd

from helpers.course.describing.phrases import percent
from helpers.reading.numbers import bare_number

_NUMBER = r"[0-9]*([.,][0-9]+)*[.,]?([eE][-+]?[0-9]{1,3})?"
_EITHER = r"[1-9][0-9]{0,2}([.][0-9]{3}|,[0-9]{3})"


def bare_numbers(column: pd.Series) -> pd.Series:
    """Values as the reader takes them, without a sign; blank where they are no number to it."""
    codes, values = pd.factorize(column)  # a price occurs many times
    bare = pd.Series([(bare_number(text) or "").lstrip("+-") for text in values], dtype="str")
    return bare.take(codes).set_axis(column.index).mask(codes < 0)


def share_of_numbers(column: pd.Series) -> float:
    """The share of the filled cells that are numbers, by whatever marks."""
    bare = bare_numbers(column.dropna())
    return (
        float((bare.str.fullmatch(_NUMBER) & bare.str.contains(r"\d")).mean()) if len(bare) else 0
    )


def marks_of(column: pd.Series) -> dict[str, int]:
    """Values that can only have a decimal point, or a comma, and those that could have either."""
    bare = bare_numbers(column.dropna())
    either = bare.str.fullmatch(_EITHER)
    ends = bare.str.extract(r"([.,])[0-9]+$")[0]
    # 1.234.567 and 1,234,567: the sign stands more than once, so it is no decimal mark
    twice = {mark: bare.str.count(re.escape(mark)) > 1 for mark in ".,"}
    comma = (ends.eq(",") & ~either & ~twice[","]) | twice["."]
    point = (ends.eq(".") & ~either & ~twice["."]) | twice[","]
    return {".": int((point & ~comma).sum()), ",": int((comma & ~point).sum()),
            "either": int(either.sum())}  # fmt: skip


def decimal_of(column: pd.Series) -> tuple[str, str]:
    """A column's decimal mark and why; "" where it needs none, "TODO" where it does not say."""
    marks = marks_of(column)
    n, clear = column.notna().sum(), marks["."] + marks[","]
    mark = "," if marks[","] > marks["."] else "."
    if not clear and not marks["either"]:
        return "", ""
    example = next((text for text in column.dropna() if re.fullmatch(_EITHER, text)), "")
    if not clear and (example_of_few := _has_thousands(column)):
        return (
            "." if "," in example else ",",
            f"{example} beside {example_of_few}: only thousands have the sign, so it is no "
            "decimal mark",
        )
    if not clear:
        return (
            "TODO",
            f"{example} may be a thousand or a fraction: no value says which mark is meant",
        )
    against = clear - marks[mark]
    if against > 0.05 * clear:
        return "TODO", f"{marks['.']:,} values have a decimal point, {marks[',']:,} a decimal comma"
    name = "comma" if mark == "," else "point"
    why = f"{percent(marks[mark] / n)} of the values have a decimal {name}"
    if marks["either"]:
        why += f"; {example} is then read by it, too"
    return mark, why


def _has_thousands(column):
    """A number below a thousand, where only numbers above it have a sign: 1,200 beside 550."""
    bare = bare_numbers(column.dropna())
    whole = bare[bare.str.fullmatch("[0-9]+")]
    digits = whole.str.len()
    # hundreds prove it: a weight of 5 may stand beside one of 1,250
    if len(whole) < 0.01 * len(bare) or digits.max() != 3:
        return ""
    return whole[digits == 3].iloc[0]


def as_numbers(column: pd.Series, mark: str) -> pd.Series:
    """Values as numbers, as far as a look needs them; missing where they are none."""
    bare = bare_numbers(column)
    text = (
        bare.str.replace(".", "").str.replace(",", ".")
        if mark == ","
        else bare.str.replace(",", "")
    )
    negative = column.str.match(r"^\s*\W{0,2}[-(]|.*[-)]$", na=False)
    return pd.to_numeric(text, errors="coerce").where(lambda x: ~negative, lambda x: -x)
