"""Ids as people and programs have spoiled them, and the one spelling in which each is read.

What an id becomes is settled for the *distinct* ids of a table, of which there are few: the engine
finds those that need a look, this module says what they are, and a small table ``id_changes``
(column, id, what it becomes) is joined to the rows. So each rule stands once, for all engines:

1. marks that nobody sees (zero width, direction, soft hyphens, an apostrophe that makes digits a
   text) go, odd blanks are blanks, accents are composed (NFC);
2. words for nothing (``NULL``, ``nan`` ...) are no id;
3. ``17850.0`` and ``17850,0`` went through a column of floats and are ``17850``, unless other
   fractions are common in the column (then ``1.0`` is the neighbour of ``1.5``);
4. on request, ids that are equal but for case are one.

What is not certain (``1.23E+05``, ``A12; B7``, ``017`` beside ``17``, a Cyrillic С beside a C)
stays as it is, and is said.
"""

from __future__ import annotations

import math
import re
import unicodedata

import pandas as pd

from helpers.reading.queries import count, literal, matches, one_of, select

#: What counts as a blank around a value: the space, its relatives in Unicode, marks without width.
BLANKS = "".join(map(chr, [
    9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200C),
    0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF,
]))  # fmt: skip
#: How programs write that there is nothing; compared letter by letter, since Nan is a name.
NOTHING = ("NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NULL", "Null", "null", "(null)", "#NULL!",
           "\\N", "None", "none", "NONE", "nan", "NaN", "NAN", "NaT", "#REF!", "#VALUE!", "#NAME?",
           "#DIV/0!", "undefined", "(blank)", "(not set)", "(none)", "(empty)", "(Leer)",
           "(vide)", "(en blanco)", "(vuoto)")  # fmt: skip
#: The columns of ids, and what they are called in findings.
IDS = {"customer_id": "customer ids", "product_id": "product ids",
       "transaction_id": "transaction ids"}  # fmt: skip
#: In the place of a customer or product: no purchase, but the sum of some.
TOTALS = ("total", "totals", "total:", "grand total", "grand total:", "subtotal", "sub-total",
          "sum", "sum:", "summe", "summe:", "gesamt", "gesamt:", "gesamtsumme", "gesamtergebnis",
          "zwischensumme", "total general", "total général", "totale", "totaal", "somme", "suma",
          "razem", "celkem", "итого", "合計", "合计")  # fmt: skip

_TAIL = "^-?(0|[1-9][0-9]*)[.,]0+$"
_FRACTION = "^-?[0-9]+[.,][0-9]+$"
_EXPONENT = "^[0-9]([.,][0-9]+)?[eE][+][0-9]{1,3}$"
_LONG = "^[1-9][0-9]{15,18}$"
_SEVERAL = r"^\[.*\]$|[^;| ] *[;|] *[^;| ]"
# What any of these, an odd mark or leading zeros have in common: ids without it are plain.
_ODD = r"[^!-~]|[.,;|\[]|[eE][+]|^0+[1-9][0-9]*$|" + _LONG
# Marks that some scripts spell with, and emoji are made with: they go beside ASCII only.
_JOINERS = "\u200c\u200d"
_STRAY_JOINERS = re.compile(rf"(?<![^\x00-\x7f])[{_JOINERS}]+|[{_JOINERS}]+(?![^\x00-\x7f])")
# How spreadsheets are told that digits are a text: '00123
_TEXT_MARK = re.compile("^ *'(?=[0-9]+ *$)")
# What may have any of these.
_LOOK_AT = "[^ -~]|^'[0-9]+$"
# So many of the ids with .0 may have another fraction before .0 is taken for one, too.
_FEW = 0.05
# Letters of other scripts that are drawn as Latin ones.
_DRAWN_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧοԁԛԝ", "ABESIJKMHOPCTYXaesijopcyxABEZHIKMNOPTYXodqw"
)
# Beyond it, not every whole number is a float.
_LARGEST_WHOLE = 2**53


def plain_id(text: str) -> str | None:
    """An id without marks that nobody sees, its accents composed; None where nothing is left."""
    shown = "".join(
        " " if mark.isspace() else mark
        for mark in text
        if mark.isspace() or mark in _JOINERS or unicodedata.category(mark) not in ("Cc", "Cf")
    )
    shown = _TEXT_MARK.sub("", _STRAY_JOINERS.sub("", shown))
    plain = unicodedata.normalize("NFC", shown).strip(BLANKS)
    return None if plain in NOTHING else plain or None


def drawn_alike(text: str) -> str:
    """An id as a reader sees it: Latin letters and plain digits for those of other scripts.

    Examples
    --------
    >>> drawn_alike("\u04211\uff12")
    'C12'
    """
    text = unicodedata.normalize("NFKC", text).translate(_DRAWN_ALIKE)
    return "".join(str(int(mark)) if mark.isdecimal() else mark for mark in text)


def settle_ids(
    engine, found, merge_case=False, renamed=None, files=1
) -> tuple[list[str], dict, str]:
    """Keep the table ``id_changes`` in the engine, and say what was found.

    Parameters
    ----------
    engine
        It has the table ``texts``.
    found : list of str
        The columns of ``texts``.
    merge_case : bool
    renamed : dict of str to (dict of str to str), optional
        For a column, what its values are called by us; case and blanks don't count.
    files : int
        So many files may have so many lines of totals.

    Returns
    -------
    changed : list of str
        Columns of which any value changes; see :func:`with_changes`.
    findings : dict of str to int or str
    total : str
        The condition that a row is a total: its customer or product is a word for one. A word that
        occurs more often than there are files is the name of a product or of somebody.
    """
    renamed = renamed or {}
    names = [name for name in (*IDS, *renamed) if name in found]
    distinct = (
        f"SELECT {literal(name)} AS name, {name} AS id, COUNT(*) AS n FROM texts "
        f"WHERE {name} IS NOT NULL GROUP BY {name}"
        for name in names
    )
    none = "SELECT '' AS name, '' AS id, CAST(0 AS BIGINT) AS n FROM texts WHERE FALSE"
    engine.keep("ids", " UNION ALL ".join(distinct) or none, {})
    if not renamed and _all_plain(engine):
        return [], {}, "FALSE"
    looked_at = _read_by_us(engine, renamed)
    marks = looked_at[looked_at["changes"]]
    findings = _said_of_marks(marks) | _said_of_renamed(looked_at, renamed)
    plain, tables = "ids.id", "ids"
    if len(marks):
        columns = {each: marks[each].tolist() for each in ("name", "id", "plain")}
        engine.small_table("id_marks", columns)
        plain = "CASE WHEN id_marks.id IS NULL THEN ids.id ELSE id_marks.plain END"
        tables += " LEFT JOIN id_marks ON id_marks.name = ids.name AND id_marks.id = ids.id"
    engine.view("plain_ids", f"SELECT ids.name, ids.id, ids.n, {plain} AS plain FROM {tables}")
    whole, said = _went_through_floats(engine)
    becomes = "plain"
    if whole:
        tail = f"{one_of('name', whole)} AND {matches('plain', _TAIL)}"
        becomes = f"CASE WHEN {tail} THEN REGEXP_REPLACE(plain, '[.,]0+$', '') ELSE plain END"
    engine.view("whole_ids", f"SELECT name, id, n, {becomes} AS becomes FROM plain_ids")
    findings |= said | _said_of_twins(engine, merge_case) | _said_of_look_alikes(engine, looked_at)
    total = _totals(looked_at, files)
    if marks.empty and not whole and not merge_case:
        return [], findings, total
    engine.view("named_ids", _with_one_spelling() if merge_case else "SELECT * FROM whole_ids")
    changes = "SELECT name, id, becomes FROM named_ids WHERE becomes IS NULL OR becomes <> id"
    engine.keep("id_changes", changes, {})
    changed = engine.frame("SELECT DISTINCT name FROM id_changes")["name"]
    return sorted(changed), findings, total


def with_changes(values: dict[str, str], changed: list[str]) -> tuple[dict[str, str], str]:
    """Put what ids become into a query of ``texts``.

    Parameters
    ----------
    values : dict of str to str
        Columns of ``texts``, and how they are read.
    changed : list of str
        From :func:`settle_ids`.

    Returns
    -------
    values : dict of str to str
    tables : str
        What to select from in the place of ``texts``.
    """
    tables = "texts"
    for name in changed:
        new = f"new_{name}"
        values = values | {
            name: f"CASE WHEN {new}.id IS NULL THEN texts.{name} ELSE {new}.becomes END"
        }
        tables += (
            f" LEFT JOIN (SELECT id, becomes FROM id_changes WHERE name = {literal(name)}) AS {new}"
            f" ON {new}.id = texts.{name}"
        )
    return values, tables


def _all_plain(engine):
    """Whether nothing below would find or change any id: as in most exports."""
    odd = (matches("id", _ODD), one_of("id", NOTHING), one_of("LOWER(id)", TOTALS))
    of_twins = one_of("name", ("customer_id", "product_id"))
    counts = {
        "odd": count(" OR ".join(odd)),
        "ids": count(of_twins),
        "folded": f"COUNT(DISTINCT CASE WHEN {of_twins} THEN CONCAT(name, ' ', LOWER(id)) END)",
    }
    row = engine.frame(select(counts, "ids")).iloc[0]
    return row["odd"] == 0 and row["ids"] == row["folded"]


def _totals(looked_at, files):
    """The condition that a row is a total; as it is in ``texts``, before ids change."""
    few = looked_at["id"].str.lower().isin(TOTALS) & (looked_at["n"] <= files)
    few &= looked_at["name"].isin(["customer_id", "product_id"])
    conditions = [
        f"COALESCE({one_of(f'texts.{name}', words)}, FALSE)"
        for name, words in looked_at[few].groupby("name")["id"].agg(list).items()
    ]
    return " OR ".join(conditions) or "FALSE"


def _read_by_us(engine, renamed):
    """The distinct values that need a look, and what they are."""
    asked = f"{matches('id', _LOOK_AT)} OR {one_of('id', NOTHING)} OR {one_of('LOWER(id)', TOTALS)}"
    values, wanted = {}, {}
    for column, names in renamed.items():
        wanted[column] = {theirs.strip(BLANKS).casefold(): ours for theirs, ours in names.items()}
        keys = {f"their_{n}": theirs.strip(BLANKS).lower() for n, theirs in enumerate(names)}
        values |= keys
        if keys:
            any_of = ", ".join(f"${key}" for key in keys)
            asked += f" OR (name = {literal(column)} AND LOWER(id) IN ({any_of}))"
    marks = engine.frame(f"SELECT name, id, n FROM ids WHERE {asked} ORDER BY name, id", values)
    plain = [
        wanted[name].get(text.casefold(), text) if name in wanted else plain_id(text)
        for name, text in zip(marks["name"], marks["id"], strict=True)
    ]
    marks = marks.assign(plain=pd.Series(plain, marks.index, dtype="object"))
    changes = [was != now for was, now in zip(marks["id"], plain, strict=True)]
    return marks.assign(changes=pd.Series(changes, marks.index, dtype="bool"))


def _said_of_marks(marks):
    findings = {}
    for name, what in IDS.items():
        here = marks[marks["name"] == name]
        nothing = here[here["plain"].isna()]
        if len(nothing):
            words = ", ".join(f"{ascii(r.id)[1:-1]} ({r.n:,})" for r in nothing.itertuples())
            findings[f"words for nothing in {name}, read as no id"] = words[:200]
        odd = here[here["plain"].notna()]
        if len(odd):
            first = odd.iloc[0]
            findings[f"{what} with marks that nobody sees, odd blanks or loose accents"] = (
                f"{len(odd):,}, such as {ascii(first['id'])[:60]} read as {first['plain'][:40]!r}"
            )
    return findings


def _said_of_renamed(looked_at, renamed):
    findings = {}
    for name, names in renamed.items():
        seen = {text.casefold() for text in looked_at.loc[looked_at["name"] == name, "id"]}
        never = [theirs for theirs in names if theirs.strip(BLANKS).casefold() not in seen]
        if never:
            findings[f"values of {name} that are mapped and never occur"] = ", ".join(never)[:200]
    return findings


def _went_through_floats(engine):
    """Columns whose ``.0`` is no part of the id, and findings on ids that numbers have spoiled."""
    tail, fraction = matches("plain", _TAIL), matches("plain", _FRACTION)
    exponent, several = matches("plain", _EXPONENT), matches("plain", _SEVERAL)
    rows = engine.frame(
        select(
            {
                "name": "name",
                "tails": count(tail),
                "tail": f"MIN(CASE WHEN {tail} THEN plain END)",
                "fractions": count(f"{fraction} AND NOT {tail}"),
                "exponents": count(exponent),
                "exponent": f"MIN(CASE WHEN {exponent} THEN plain END)",
                "several": count(several),
                "example": f"SUBSTR(MIN(CASE WHEN {several} THEN plain END), 1, 40)",
                "commas": count("plain LIKE '%,%'"),
                "long": count(matches("plain", _LONG)),
            },
            "plain_ids",
        )
        + " GROUP BY name ORDER BY name"
    )
    whole, findings = [], {}
    for row in rows.to_dict("records"):
        what = IDS.get(row["name"])
        if what is None:
            continue
        if row["tails"] and row["fractions"] <= _FEW * row["tails"]:
            whole.append(row["name"])
            findings[f"{what} that went through floats, read as whole numbers"] = (
                f"{row['tails']:,}, such as {row['tail'][:40]!r}"
            )
        if row["exponents"]:
            findings[f"{what} that a spreadsheet or float has destroyed"] = (
                f"{row['exponents']:,}, such as {row['exponent'][:40]!r}"
            )
        if row["name"] != "transaction_id":
            n, example = row["several"], row["example"]
            if not n and row["commas"]:
                n, example = _lists_of_ids(engine, row["name"])
            if n:
                findings[f"{what} that may be several in one cell"] = f"{n:,}, such as {example!r}"
        if row["long"] > 1 and (example := _lost_digits(engine, row["name"])):
            findings[f"{what} of 16 or more digits that lost their last ones to floats"] = (
                f"{row['long']:,}, such as {example!r}"
            )
    return whole, findings


def _lists_of_ids(engine, name):
    """How many ids are an id of the same column, a comma and more; and an example."""
    of_column = f"name = {literal(name)} AND plain IS NOT NULL"
    row = engine.frame(
        f"""
        SELECT COUNT(*) AS n, SUBSTR(MIN(lists.plain), 1, 40) AS example
        FROM (SELECT plain FROM plain_ids WHERE {of_column} AND plain LIKE '%,%') AS lists
        JOIN (SELECT DISTINCT plain FROM plain_ids WHERE {of_column}) AS known
            ON known.plain = TRIM(SPLIT_PART(lists.plain, ',', 1))
        """
    ).iloc[0]
    return int(row["n"]), row["example"]


def _lost_digits(engine, name):
    """An example, if the long ids of a column have what only floats or spreadsheets leave.

    A float has 53 bits and a spreadsheet 15 digits. That all long ids happen to fit into them
    would be as likely as one in a thousand, or less.
    """
    long = engine.frame(
        f"SELECT plain FROM plain_ids WHERE name = {literal(name)} "
        f"AND {matches('plain', _LONG)} ORDER BY plain LIMIT 10000"
    )["plain"].tolist()
    long = [each for each in long if int(each) > _LARGEST_WHOLE] or long
    bits = sum(math.log2(math.ulp(float(each))) for each in long if int(each) > _LARGEST_WHOLE)
    floats = bits >= 10 and all(int(float(each)) == int(each) for each in long)
    digits = sum(len(each) - 15 for each in long)
    sheet = digits >= 3 and all(not each[15:].strip("0") for each in long)
    return long[0] if floats or sheet else None


def _said_of_twins(engine, merge_case):
    """Ids that are equal but for case, zeros before them, blanks, or a .0 behind them."""
    number = "^0*[1-9][0-9]*$"
    kinds = {
        "case": ("LOWER(becomes)", "TRUE"),
        "leading zeros": ("REGEXP_REPLACE(becomes, '^0+', '')", matches("becomes", number)),
        "blanks": ("REPLACE(becomes, ' ', '')", "TRUE"),
        "a .0 behind": (
            "REGEXP_REPLACE(becomes, '[.,]0+$', '')",
            matches("becomes", "^[0-9]+([.,]0+)?$"),
        ),
    }
    queries = [
        f"""
        SELECT kind, name, SUM(spellings - 1) AS more, MIN(example) AS example
        FROM (
            SELECT {literal(kind)} AS kind, name, COUNT(DISTINCT becomes) AS spellings,
                CONCAT(MIN(becomes), ' and ', MAX(becomes)) AS example
            FROM whole_ids
            WHERE {condition} AND {one_of("name", ("customer_id", "product_id"))}
            GROUP BY name, {key}
            HAVING MIN(becomes) <> MAX(becomes)
        ) AS twins
        GROUP BY kind, name
        """
        for kind, (key, condition) in kinds.items()
    ]
    findings = {}
    query = (
        " UNION ALL ".join(queries) + " ORDER BY kind, name"
    )  # an engine has no order of its own
    for row in engine.frame(query).itertuples():
        what = f"{IDS[row.name]} equal but for {row.kind}"
        if row.kind == "case" and merge_case:
            what = f"{IDS[row.name]} made one, whatever their case"
        findings[what] = f"{int(row.more):,}, such as {row.example[:80]}"
    return findings


def _said_of_look_alikes(engine, looked_at):
    """Ids that are equal but for letters or digits of another script, which nobody can see."""
    odd = looked_at[looked_at["name"].isin(["customer_id", "product_id"])]
    odd = odd[odd["plain"].notna()].drop_duplicates(["name", "plain"])
    odd = odd.assign(seen=odd["plain"].map(drawn_alike))
    odd = odd[odd["plain"] != odd["seen"]]
    if odd.empty:
        return {}
    columns = {"name": "name", "id": "plain", "seen": "seen"}
    engine.small_table("id_looks", {ours: odd[theirs].tolist() for ours, theirs in columns.items()})
    rows = engine.frame(
        """
        SELECT name, SUM(spellings - 1) AS more, MIN(example) AS example
        FROM (
            SELECT name, seen, COUNT(DISTINCT id) AS spellings,
                MIN(CASE WHEN id <> seen THEN id END) AS example
            FROM (
                SELECT name, id, seen FROM id_looks
                UNION ALL
                SELECT whole_ids.name, whole_ids.becomes AS id, whole_ids.becomes AS seen
                FROM whole_ids
                JOIN (SELECT DISTINCT name, seen FROM id_looks) AS looks
                    ON looks.name = whole_ids.name AND looks.seen = whole_ids.becomes
            ) AS spelled
            GROUP BY name, seen
            HAVING MIN(id) <> MAX(id)
        ) AS twins
        GROUP BY name
        ORDER BY name
        """
    )
    return {
        f"{IDS[row.name]} equal but for letters or digits of another script": (
            f"{int(row.more):,}, such as {ascii(row.example)[1:-1][:60]}, which looks like "
            f"{drawn_alike(row.example)[:40]}"
        )
        for row in rows.itertuples(index=False)
    }


def _with_one_spelling():
    """Customers and products that are equal but for case get the spelling that most rows have."""
    return """
        SELECT whole_ids.name, whole_ids.id, whole_ids.n,
            COALESCE(spellings.becomes, whole_ids.becomes) AS becomes
        FROM whole_ids
        LEFT JOIN (
            SELECT name, becomes, ROW_NUMBER() OVER (
                PARTITION BY name, LOWER(becomes) ORDER BY SUM(n) DESC, becomes
            ) AS place
            FROM whole_ids
            WHERE becomes IS NOT NULL AND name IN ('customer_id', 'product_id')
            GROUP BY name, becomes
        ) AS spellings
            ON spellings.name = whole_ids.name AND spellings.place = 1
            AND LOWER(spellings.becomes) = LOWER(whole_ids.becomes)
    """
