"""Computed sentences and tables, shown as the text around them.

What depends on the data (a number, a name, a verdict) is said by a cell, not typed. Names that
come from the data may hold anything: ``show`` escapes all of a table, :func:`plain` what goes into
a sentence.
"""

from __future__ import annotations

import html
import re
import string
from collections.abc import Iterable, Mapping

import pandas as pd
from IPython.display import display

# a dollar alone in its element is no beginning of a formula; the rest has no meaning in an entity
_ENTITIES = {ord(sign): f"&#{ord(sign)};" for sign in string.punctuation if sign not in ",'"}
_ENTITIES[ord("$")] = "<span>&#36;</span>"

#: Of fewer than so many, a share is told as a count: *4 of 14* doesn't look surer than it is.
FEW = 50

# markup, code and entities of names from the data stay as they are
_APART = re.compile(
    r"(<style\b.*?</style>|<script\b.*?</script>|<[^<>]*>|`[^`]*`|&#?\w+;|\]\([^)]*\))", re.S
)
_PERCENT = re.compile(r"(?<=\d) ?%(?![0-9A-Fa-f]{2}\b)")
# in a table "100% cotton" is a name, "54% of the rows" a count
_NAMED = re.compile(
    r"(?<=\d)(?= ?% (?!(?:of|to|in|on|at|for|from|with|and|or|than|more|less|fewer)\b)[^\W\d_])"
)
_IN_BRACKETS = re.compile(r"^[^%]*[^\W\d_] \(\d+ ?%\)$")
_KEEP = "\u2060"  # seen by nobody: in front of a sign that stays as it is
_MINUS = re.compile(r"(?<![\w%;)\]./\u2212\u2060-])-(?=\.?\d)")


def typeset(text: str) -> str:
    r"""The signs of print: *8 %* with a space at which no line breaks, and a true minus.

    Parameters
    ----------
    text : str
        Plain text, Markdown or HTML; markup and code in it stay as they are, and so does a text
        that is nothing but a whole negative number, since that may be an id.

    Returns
    -------
    str

    Examples
    --------
    >>> typeset("-8% (-10% to 3%)").replace("\xa0", "_")
    '−8_% (−10_% to 3_%)'
    >>> typeset("from 2024-01-05, 3-4 weeks, <p style='width: 8%'>")
    "from 2024-01-05, 3-4 weeks, <p style='width: 8%'>"
    """
    if re.fullmatch(r"-\d+", text):
        return text
    parts = _APART.split(text)
    parts[::2] = [_MINUS.sub("\u2212", _PERCENT.sub("\xa0%", part)) for part in parts[::2]]
    return re.sub(f"{_KEEP}(?=[ %-])", "", "".join(parts))


def kept(name: object) -> str:
    r"""A name from the data that :func:`typeset` leaves as it stands: *100% cotton*, *-5 pack*.

    Parameters
    ----------
    name : object

    Returns
    -------
    str
        Looks like the name; :func:`typeset` takes out again what keeps it.

    Examples
    --------
    >>> typeset(f"8% bought {kept('100% cotton')}").replace("\xa0", "_")
    '8_% bought 100% cotton'
    """
    return re.sub(r"(?<=\d)(?= ?%)|(?=-\.?\d)", _KEEP, str(name))


def say(text: str) -> None:
    """Show a sentence whose numbers and names were computed, as the text around it is shown.

    Parameters
    ----------
    text : str
        Markdown. Names from the data go through :func:`plain`.
    """
    text = typeset(text)
    spoken = html.unescape(re.sub(r"</?span>", "", text))
    display({"text/markdown": text, "text/plain": spoken}, raw=True)


def show_page(told: str, page: str) -> None:
    """Show a piece of HTML, and for those who see none a sentence.

    Parameters
    ----------
    told : str
        What is there to see; strict nbval compares it.
    page : str
        HTML. Names from the data must be escaped in it.
    """
    display({"text/plain": typeset(told), "text/html": typeset(page)}, raw=True)


def plain(name: object) -> str:
    """A name from the data as text: a product called ``<b>`` or ``**`` stays what it is.

    Parameters
    ----------
    name : object

    Returns
    -------
    str
        Markdown in which nothing of the name has a meaning.
    """
    return " ".join(str(name).split()).translate(_ENTITIES)


def listing(names: Iterable[object], most: int = 5) -> str:
    """Names in a sentence: *A, B and C*, escaped by :func:`plain`; *and 7 more* beyond the most.

    Parameters
    ----------
    names : iterable of str
    most : int

    Returns
    -------
    str
        Markdown; "none" without names.
    """
    told = [plain(name) for name in names]
    if len(told) > most:
        told = [*told[:most], f"{len(told) - most:,} more"]
    return (
        " and ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else (told or ["none"])[0]
    )


#: How what is counted reads where there is one of it.
_ONE = {"people": "person", "people get": "person gets", "places have": "place has", "ids": "id"}


def counted(number: int, things: str) -> str:
    """A number and what is counted, as one says it.

    Parameters
    ----------
    number : int
    things : str
        In the plural.

    Examples
    --------
    >>> counted(1, "customers"), counted(2_000, "customers"), counted(1, "people get")
    ('1 customer', '2,000 customers', '1 person gets')
    """
    one = _ONE.get(things, things.removesuffix("s"))
    return f"{number:,} {one if number == 1 else things}"


def percent(share: float) -> str:
    """A share in words: no more digits than it deserves, and never 0% for what is there.

    Examples
    --------
    >>> percent(0.514), percent(0.084), percent(0.0004), percent(0.9996)
    ('51%', '8.4%', 'less than 0.1%', 'more than 99.9%')
    """
    if share != share:
        return "no share"
    if 0 < share < 0.001:
        return "less than 0.1%"
    if 0.999 < share < 1:
        return "more than 99.9%"
    if share in (0, 1) or 0.0995 <= share <= 0.99:
        return f"{share:.0%}"
    return f"{share:.1%}"


def share_of(share: float, whole: float) -> str:
    """A share of so many in words: by :func:`percent`, and of fewer than :data:`FEW` as a count.

    Parameters
    ----------
    share : float
    whole : int
        How many the share was counted of.

    Returns
    -------
    str

    Examples
    --------
    >>> share_of(0.543, 1_056), share_of(4 / 14, 14)
    ('54%', '4 of 14')
    >>> share_of(0.5, FEW)
    '50%'

    An average need not be a whole number:

    >>> share_of(0.2, 9)
    'about 1.8 of 9'
    """
    if share != share or whole >= FEW:
        return percent(share)
    count = share * whole
    if abs(count - round(count)) < 1e-6:
        return f"{count:.0f} of {whole:.0f}"
    return f"about {count:.1f} of {whole:.0f}"


def show(table: pd.DataFrame, formats: Mapping[str, str] | None = None, folded: str = "") -> None:
    """Show a table for people: no index, words to the left, numbers to the right and rounded.

    Parameters
    ----------
    table : DataFrame
        At most six columns, named as a reader would name them, with units. True and False become a
        tick and a cross, what is missing a dash.
    formats : dict of column name to format, optional
        As in ``{"share": "{:.0%}"}``. Whole numbers get commas, other numbers two decimals.
    folded : str
        What to call the table where one has to open it first.
    """
    formats = formats or {}
    columns = [table.iloc[:, place] for place in range(table.shape[1])]
    cells = [_column(column, formats.get(column.name)) for column in columns]
    aligns = ["right" if column.dtype.kind in "iuf" else "left" for column in columns]
    rows = [_row("th", map(str, table.columns), aligns)]
    rows += [_row("td", row, aligns) for row in zip(*cells, strict=True)]
    page = f"<table><thead>{rows[0]}</thead><tbody>\n" + "\n".join(rows[1:]) + "</tbody></table>"
    if folded:
        page = f"<details><summary>{html.escape(folded)}</summary>{page}</details>"
    spoken = pd.DataFrame(dict(enumerate(cells))).set_axis(table.columns, axis=1)
    display({"text/html": page, "text/plain": spoken.to_string(index=False)}, raw=True)


def _column(column, form):
    """The cells of a column; beside *100% cotton*, *Cotton (100%)* is a name, too."""
    cells = [_cell(value, form) for value in column]
    named = any(_NAMED.search(cell) for cell in cells)
    return [
        typeset(kept(cell) if named and _IN_BRACKETS.search(cell) else _NAMED.sub(_KEEP, cell))
        for cell in cells
    ]


def _row(tag, texts, aligns):
    # the style stands in each cell: JupyterLab takes a table's style sheet away until it is run
    cells = [
        f'<{tag} style="text-align: {align}">{html.escape(text, quote=False)}</{tag}>'
        for text, align in zip(texts, aligns, strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>".replace("$", _ENTITIES[ord("$")])


def _cell(value, form):
    value = getattr(value, "item", lambda: value)()  # NumPy's numbers as Python's
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if pd.isna(value):
        return "–"
    if form:
        return form.format(value)
    match value:
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}"
        case pd.Timestamp():
            return f"{value:%d %b %Y}"
    return " ".join(str(value).split())
