"""From an export's text to clean, typed rows, each kept or rejected for one reason: as SQL.

The rules are SQL because three engines must mean the same by them: DuckDB inside this process for
a lesson, DuckDB on disk and Apache Spark for a batch job. They are written once, in DuckDB's
dialect; sqlglot turns them into Spark's. Names are quoted, values bound or counted; nothing a user
wrote is pasted in as it is.

An *engine* here is anything like :class:`helpers.reading.tables.Tables`.
"""

from __future__ import annotations

from itertools import takewhile

import pandas as pd

from helpers.reading.columns import Contract
from helpers.reading.dates import MOST_UNREADABLE
from helpers.reading.export import DATE, DATE_GIVEN, FILE, ROW, Export
from helpers.reading.files import NUMBERS_OF, DataError
from helpers.reading.parameters import Cleaning

#: What counts as a blank around a value: the space, its relatives in Unicode, marks without width.
_BLANKS = "".join(map(chr, [
    9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200C),
    0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF,
]))  # fmt: skip


def _pattern(mark, group):
    """Numbers as people write them: groups of three digits, or digits; a fraction; an exponent."""
    grouped = f"[1-9][0-9]{{0,2}}({group}[0-9]{{3}})+({mark}[0-9]*)?"
    plain = f"[0-9]+({mark}[0-9]*)?|{mark}[0-9]+"
    return f"^[-+]?({grouped}|{plain})([eE][-+]?[0-9]{{1,3}})?$"


_PATTERNS = {".": _pattern("[.]", ","), ",": _pattern(",", "[.]")}
# Ids that went through a column of floats, and any number with a fraction.
_FLOAT_TAIL = "^-?(0|[1-9][0-9]*)[.,]0$"
_FRACTION = "^-?[0-9]+[.,][0-9]+$"
# The first reasons that look at other rows as well; those before them look at one row alone.
_AMONG_ROWS = {"return or cancellation", "duplicate of another row"}
# Beyond this a number is none: what does not fit, or an infinity.
_LARGEST = "1e300"


def clean(
    engine, export: Export, rules: dict[str, str], cleaning: Cleaning, columns: str = "*"
) -> dict[str, str]:
    """Keep the table ``clean`` in the engine: every row with our types and its reason.

    Parameters
    ----------
    engine
        It has the views ``export_0``, ``export_1`` ... of the export.
    export : Export
    rules : dict of str to str
        Reason for rejection: its condition in SQL. The first that applies counts. They may use
        our columns and those that :func:`typed_rows` and :func:`with_reasons` add.
    cleaning : Cleaning
    columns : str
        What to keep of a row, beside the reason.

    Returns
    -------
    dict of str to str
        Findings: the decimal marks.

    Raises
    ------
    DataError
        If columns are missing, or a whole column can't be read: with all problems of the file.
    """
    contract, found = export.contract, export.found
    engine.keep("texts", trimmed_rows(contract, found, engine.kinds), {})
    findings, decimal, asked = _decimal_mark(engine, export, cleaning.decimal)
    engine.view("typed", typed_rows(contract, found, decimal, _whole_numbers(engine, found),
                                    cleaning.merge_case))  # fmt: skip
    if cleaning.cancellation_prefix and "transaction_id" not in found:
        asked.append(
            "`cancellation_prefix` needs a column for transaction_id, and there is none. Name it "
            "in `columns`, or leave the prefix out."
        )
    problems = [*export.problems, *asked, *_unreadable_columns(engine, export)]
    if problems:
        raise DataError(f"{export.name}: " + " ".join(problems))
    engine.name_list("no_products", [code.strip(_BLANKS) for code in cleaning.non_products])
    prefix = (cleaning.cancellation_prefix or "").strip(_BLANKS)
    values = {"prefix": prefix, "tomorrow": tomorrow()}
    query = with_reasons(contract, found, rules, cleaning, columns)
    engine.keep("clean", query, {n: v for n, v in values.items() if f"${n}" in query})
    for table in ("texts", "export"):
        engine.drop(table)
    return findings


def trimmed_ids(engine) -> list[str]:
    """Ids from elsewhere, such as a list of consents, in the form that purchases have.

    Parameters
    ----------
    engine
        It has the view ``export`` with one column, ``customer_id``.

    Returns
    -------
    list of str
        Without blanks around and the tail of floats; blank ones left out.
    """
    engine.keep("texts", _select({"customer_id": _trimmed("customer_id")}, "export"), {})
    whole = _whole_numbers(engine, ["customer_id"])
    value = _without_tail("customer_id") if whole else "customer_id"
    rows = engine.frame(_select({"customer_id": value}, "texts") + " WHERE customer_id IS NOT NULL")
    return rows["customer_id"].tolist()


def tomorrow() -> pd.Timestamp:
    """Midnight after today: what lies behind it has not happened yet."""
    return pd.Timestamp.now().normalize() + pd.Timedelta(days=1)


# Text to types


def trimmed_rows(contract: Contract, found: list[str], parts: list[dict[str, str]]) -> str:
    """The query that leaves of an export what we need, without blanks around.

    Parameters
    ----------
    contract : Contract
    found : list of str
        Those of our columns that at least one part has.
    parts : list of dict of str to str
        For each of the views ``export_0``, ``export_1`` ... the kind of its columns: "text",
        "float" or "number".

    Returns
    -------
    str
        The found columns as text, missing where nothing is left of it; what was a number already,
        under ``..._typed``; ``date_given`` (was there anything to read?), ``row_key`` (equal for
        equal rows of the export), ``is_empty``, ``padded`` (the product's name has blanks around),
        and where the row stands.
    """
    everything = sorted(set().union(*parts))
    rows = [_trimmed_part(n, part, contract, found, everything) for n, part in enumerate(parts)]
    return " UNION ALL ".join(rows)


def _trimmed_part(number, kinds, contract, found, everything):
    """One part: whatever types it has, the columns that come out are the same for all."""
    chosen = {contract.date: quoted(DATE), "date_given": quoted(DATE_GIVEN)}
    for name in found:
        if name == contract.date:
            continue
        text = _trimmed(_as_text(name, kinds)) if name in kinds else "CAST(NULL AS VARCHAR)"
        if name in contract.numbers:
            chosen[f"{name}_typed"] = _already_a_number(name, kinds)
            text = text if kinds.get(name) == "text" else "CAST(NULL AS VARCHAR)"
        chosen[name] = text
    raw = [
        f"COALESCE({_as_text(name, kinds)}, '')" if name in kinds else "''" for name in everything
    ]
    chosen["row_key"] = f"MD5(CONCAT_WS(CHR(31), {', '.join(raw)}))"
    # a row with a customer is not empty: few have to be looked at as a whole
    whole_row = f"TRIM(CONCAT({', '.join(raw)}), {_literal(_BLANKS)})"
    nobody = f"{chosen.get('customer_id', 'NULL')} IS NULL"
    chosen["is_empty"] = f"CASE WHEN {nobody} THEN {whole_row} = '' ELSE FALSE END"
    if "product_name" in found:
        name = _as_text("product_name", kinds) if "product_name" in kinds else "''"
        padded = f"{name} <> {_bare(name)}"
        chosen["padded"] = f"CASE WHEN {_may_be_padded(name)} THEN {padded} ELSE FALSE END"
    return _select(chosen | {"file_no": quoted(FILE), "row_no": quoted(ROW)}, f"export_{number}")


def typed_rows(
    contract: Contract, found: list[str], decimal: str, whole: list[str], merge_case: bool
) -> str:
    """The query that gives trimmed rows our types.

    Parameters
    ----------
    contract, found
        As in :func:`trimmed_rows`.
    decimal : {",", "."}
    whole : list of str
        Id columns whose ``17850.0`` and ``17850,0`` are whole numbers.
    merge_case : bool

    Returns
    -------
    str
        What :func:`trimmed_rows` has, all of our columns (missing where the export lacks one),
        and ``..._given`` for each number.
    """
    chosen = {}
    for name in contract.names:
        if name in contract.numbers:
            chosen[name], chosen[f"{name}_given"] = _number(name, name in found, decimal)
        elif name not in found and name != contract.date:
            chosen[name] = "CAST(NULL AS VARCHAR)"
        elif name in whole:
            chosen[name] = _without_tail(name)
        else:
            chosen[name] = name
    added = ["date_given", "row_key", "is_empty", "file_no", "row_no"]
    added += ["padded"] * ("product_name" in found)
    query = _select(chosen | {name: name for name in added}, "texts")
    return _with_one_spelling(query, [*chosen, *added]) if merge_case else query


def _without_tail(name):
    looks = f"REGEXP_MATCHES({name}, {_literal(_FLOAT_TAIL)})"
    return f"CASE WHEN {looks} THEN REGEXP_REPLACE({name}, '[.,]0$', '') ELSE {name} END"


def _select(chosen, table):
    columns = ", ".join(f"{value} AS {name}" for name, value in chosen.items())
    return f"SELECT {columns} FROM {table}"


def _with_one_spelling(query, columns):
    """Product ids that are equal but for case get the spelling that most rows have."""
    others = ", ".join(f"read_rows.{name}" for name in columns if name != "product_id")
    return f"""
        WITH read_rows AS ({query}),
        spellings AS (
            SELECT
                LOWER(product_id) AS folded,
                product_id AS spelling,
                ROW_NUMBER() OVER (
                    PARTITION BY LOWER(product_id) ORDER BY COUNT(*) DESC, product_id
                ) AS place
            FROM read_rows
            WHERE product_id IS NOT NULL
            GROUP BY product_id
        )
        SELECT spellings.spelling AS product_id, {others}
        FROM read_rows
        LEFT JOIN spellings
            ON spellings.folded = LOWER(read_rows.product_id) AND spellings.place = 1
    """


def quoted(column: str) -> str:
    """A column's name as SQL has it, whatever is in it."""
    return '"' + column.replace('"', '""') + '"'


def _literal(text):
    return "'" + text.replace("'", "''") + "'"


def _as_text(name, kinds):
    """A column as text, the same in every engine and whatever its type."""
    if NUMBERS_OF.format(name) in kinds:  # a sheet with numbers and text in one column
        beside = _float_as_text(quoted(NUMBERS_OF.format(name)))
        return f"COALESCE({quoted(name)}, {beside})"
    if kinds[name] == "float":
        return _float_as_text(quoted(name))
    return f"CAST({quoted(name)} AS VARCHAR)"


def _float_as_text(column):
    # 17850.0 in a column of floats is the number 17850, in every engine's spelling
    whole = f"{column} = FLOOR({column}) AND ABS({column}) < 9e15"
    integer = f"CAST(CAST({column} AS BIGINT) AS VARCHAR)"
    text = f"CASE WHEN {whole} THEN {integer} ELSE CAST({column} AS VARCHAR) END"
    return f"CASE WHEN ISNAN({column}) THEN NULL ELSE {text} END"


def _already_a_number(name, kinds):
    """What a part has as a number and not as text; missing where it has none."""
    beside = NUMBERS_OF.format(name)
    column = beside if beside in kinds else name
    if kinds.get(column, "text") == "text":
        return "CAST(NULL AS DOUBLE)"
    value = f"CAST({quoted(column)} AS DOUBLE)"
    return f"CASE WHEN NOT ISNAN({value}) THEN {value} END"


def _trimmed(text):
    """Text without blanks around; missing where nothing is left."""
    # most values begin and end with a plain letter or digit: a quick look spares the slow trim
    text = f"TRIM({text})"
    bare = f"NULLIF({_bare(text)}, '')"
    return f"CASE WHEN {_may_be_padded(text)} THEN {bare} ELSE NULLIF({text}, '') END"


def _may_be_padded(text):
    return f"REGEXP_MATCHES({text}, '^[^!-~]|[^!-~]$')"


def _bare(text):
    return f"TRIM({text}, {_literal(_BLANKS)})"


def _number(name, is_found, decimal):
    """A column as numbers, and whether there was anything to read."""
    if not is_found:
        return "CAST(NULL AS DOUBLE)", "FALSE"
    plain = f"REPLACE({name}, ',', '')"
    if decimal == ",":
        plain = f"REPLACE(REPLACE({name}, '.', ''), ',', '.')"
    looks = f"REGEXP_MATCHES({name}, {_literal(_PATTERNS[decimal])})"
    value = f"COALESCE({name}_typed, CASE WHEN {looks} THEN TRY_CAST({plain} AS DOUBLE) END)"
    given = f"({name} IS NOT NULL OR {name}_typed IS NOT NULL)"
    return f"CASE WHEN ABS({value}) <= {_LARGEST} THEN {value} END", given


def _whole_numbers(engine, found):
    """Id columns of which every number with a fraction ends in .0: they went through floats."""
    columns = [each for each in ("customer_id", "product_id") if each in found]
    if not columns:
        return []
    other = {
        name: _count(f"REGEXP_MATCHES({name}, {_literal(_FRACTION)}) "
                     f"AND NOT REGEXP_MATCHES({name}, {_literal(_FLOAT_TAIL)})")
        for name in columns
    }  # fmt: skip
    row = engine.frame(_select(other, "texts"), {}).iloc[0]
    return [name for name in columns if not row[name]]


def _count(condition):
    return f"CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT)"


def _decimal_mark(engine, export, asked):
    """Findings, the decimal mark of the file, and what to ask where it does not say.

    ``1.234,5`` has a decimal comma and ``1,234.5`` a point; ``1.234`` and ``1,234`` may be either.
    All columns speak together, and the clear values must outnumber the doubtful ones.
    """
    texts = [name for name in export.contract.numbers if name in export.found]
    if asked or not texts:
        return {}, asked or ".", []
    counts, kinds = {}, ("point", "comma", "either")
    for name in texts:
        point, comma = (f"REGEXP_MATCHES({name}, {_literal(_PATTERNS[mark])})" for mark in ".,")
        doubtful = f"{point} AND {comma} AND REGEXP_MATCHES({name}, '[.,]')"
        counts[f"{name}_point"] = _count(f"{point} AND NOT {comma}")
        counts[f"{name}_comma"] = _count(f"{comma} AND NOT {point}")
        counts[f"{name}_either"] = _count(doubtful)
        counts[f"{name}_commas"] = _count(f"{name} LIKE '%,%'")
        counts[f"{name}_example"] = f"MIN(CASE WHEN {doubtful} THEN {name} END)"
    row = engine.frame(_select(counts, "texts"), {}).iloc[0]
    point, comma, either = (sum(int(row[f"{name}_{kind}"]) for name in texts) for kind in kinds)
    decimal = "," if comma > point else "."
    clear, against = max(point, comma), min(point, comma)
    findings = {f"decimal mark of {name}": decimal for name in texts if row[f"{name}_commas"]}
    doubtful = [name for name in texts if row[f"{name}_either"]]
    clash = against > MOST_UNREADABLE * (clear + against)
    if not clash and not (doubtful and clear <= either):
        return findings, decimal, []
    name = (doubtful or texts)[0]
    example = repr(row[f"{name}_example"]) if doubtful else "'1,5' beside '1.5'"
    question = (
        f"Column {export.theirs(name)}: {example} may have a decimal or a thousands mark, and "
        'the file does not say clearly which. Set `decimal` under `cleaning` to "," or ".".'
    )
    return findings, decimal, [question]


def _unreadable_columns(engine, export):
    """A whole column that can't be read is one problem, not many rejected rows."""
    if export.contract.date not in export.found:
        return []
    numbers = [name for name in export.contract.numbers if name in export.found]
    bad = {export.contract.date: f"date_given AND {export.contract.date} IS NULL"}
    bad |= {name: f"{name}_given AND {name} IS NULL" for name in numbers}
    given = {
        name: "date_given" if name == export.contract.date else f"{name}_given" for name in bad
    }
    counts = {f"{name}_bad": _count(condition) for name, condition in bad.items()}
    counts |= {f"{name}_all": _count(condition) for name, condition in given.items()}
    row = engine.frame(_select(counts, "typed"), {}).iloc[0]
    problems = []
    for name in bad:
        if row[f"{name}_bad"] <= MOST_UNREADABLE * row[f"{name}_all"]:
            continue
        first = _first_of(engine, export, name, bad[name])
        what, hint = "are not numbers", (
            "Set `decimal` under `cleaning` if the file has decimal commas; else mend or drop the "
            "column."
        )  # fmt: skip
        if name == export.contract.date:
            formats = " or ".join(map(repr, export.dates.formats))
            fits = export.dates.fitting()
            what = f"dates do not fit the format {formats}"
            hint = (
                f"Set `date_format`; what would fit: {' or '.join(map(repr, fits))}."
                if fits
                else "Set `date_format` to the file's own, or to a list if it has several."
            )
        problems.append(
            f"Column {export.theirs(name)}: {int(row[f'{name}_bad']):,} of "
            f"{int(row[f'{name}_all']):,} {what}{first}. {hint}"
        )
    return problems


def _first_of(engine, export, name, condition):
    """The first unreadable value and where it stands, for a message; nothing if nobody knows."""
    having = [n for n, part in enumerate(engine.kinds) if name in part]
    exports = " UNION ALL ".join(
        f"SELECT {quoted(FILE)} AS file_no, {quoted(ROW)} AS row_no, "
        f"{_as_text(name, engine.kinds[n])} AS given_text FROM export_{n}"
        for n in having
    )
    rows = engine.frame(
        f"""
        SELECT first.file_no, first.row_no, exports.given_text
        FROM (
            SELECT file_no, row_no FROM typed WHERE {condition} ORDER BY file_no, row_no LIMIT 1
        ) AS first
        JOIN ({exports}) AS exports
            ON exports.file_no = first.file_no AND exports.row_no = first.row_no
        """
    )
    if rows.empty:
        return ""
    file, row, text = rows.iloc[0]
    return f", the first in row {export.place(file, row)}: {str(text)[:60]!r}"


# Reasons


def with_reasons(
    contract: Contract,
    found: list[str],
    rules: dict[str, str],
    cleaning: Cleaning,
    columns: str = "*",
) -> str:
    """The query that gives every typed row the first reason for which it is rejected.

    Parameters
    ----------
    contract, found
        As in :func:`typed_rows`.
    rules : dict of str to str
        Those that stand before returns and duplicates look at one row alone; a return that is
        rejected by them takes nothing back.
    cleaning : Cleaning
    columns : str
        What to keep of a row, beside the reason.

    Returns
    -------
    str
        The typed columns with ``reason`` (missing: kept) and what the rules use: ``no_product``,
        ``marked`` (as a cancellation), ``returned``, ``units_back`` and ``units_bought`` of the
        row's customer and product, and ``copy`` (1 for the first of equal rows).
    """
    alone = takewhile(lambda rule: rule[0] not in _AMONG_ROWS, rules.items())
    folded = "LOWER({})" if cleaning.merge_case else "{}"
    code, product = (folded.format(x) for x in ("code", "typed.product_id"))
    units = "1"
    if "quantity" in found:
        units = "COALESCE(quantity, 1)"
    elif "total_amount" in found:
        # without quantities, money that goes back stands for what was returned
        units = "COALESCE(total_amount, 0)"
    signs = [f"COALESCE({name}, 0) < 0" for name in ("quantity", "total_amount") if name in found]
    marked = "FALSE"
    if cleaning.cancellation_prefix:
        marked = "STARTS_WITH(COALESCE(transaction_id, ''), $prefix)"
        signs.append(marked)
    returned = " OR ".join(signs) or "FALSE"
    pair = "PARTITION BY customer_id, product_id"
    # rounded: what differs by the order of adding only is equal
    back, bought = (
        f"ROUND(SUM(CASE WHEN usable AND {which} THEN ABS({units}) ELSE 0 END) OVER ({pair}), 6)"
        for which in ("returned", "NOT returned")
    )
    if not signs:  # nothing can be a return, so nothing has to be added up
        back, bought = "0", "0"
    return f"""
        SELECT {columns}, {_case(rules)} AS reason
        FROM (
            SELECT
                judged.*,
                {back} AS units_back,
                {bought} AS units_bought,
                ROW_NUMBER() OVER (PARTITION BY row_key ORDER BY file_no, row_no) AS copy
            FROM (
                SELECT looked_up.*, {_case(dict(alone))} IS NULL AS usable
                FROM (
                    SELECT
                        typed.*,
                        no_products.code IS NOT NULL AS no_product,
                        {marked} AS marked,
                        {returned} AS returned
                    FROM typed
                    LEFT JOIN (SELECT DISTINCT {code} AS code FROM no_products) AS no_products
                        ON no_products.code = {product}
                ) AS looked_up
            ) AS judged
        ) AS counted
    """


def _case(rules):
    cases = [f"WHEN {condition} THEN {_literal(reason)}" for reason, condition in rules.items()]
    return f"CASE {' '.join(cases)} END"
