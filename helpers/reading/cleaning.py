"""From an export's text to clean, typed rows, each kept or rejected for one reason: as SQL.

The rules are SQL because three engines must mean the same by them: DuckDB inside this process for
a lesson, DuckDB on disk and Apache Spark for a batch job. They are written once, in DuckDB's
dialect; sqlglot turns them into Spark's. Names are quoted, values bound or counted; nothing a user
wrote is pasted in as it is.

An *engine* here is anything like :class:`helpers.reading.tables.Tables`.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile

import pandas as pd

from helpers.reading.columns import Contract
from helpers.reading.dates import MOST_UNREADABLE, DateReader
from helpers.reading.export import DATE, DATE_GIVEN, FILE, ROW, Export
from helpers.reading.files import NUMBERS_OF, DataError
from helpers.reading.ids import BLANKS, plain_id, settle_ids, with_changes
from helpers.reading.numbers import number, settle_numbers, with_bare_numbers
from helpers.reading.parameters import Cleaning
from helpers.reading.queries import count, literal, matches, one_of, quoted, select

# The first reasons that look at other rows as well; those before them look at one row alone.
_AMONG_ROWS = {"return or cancellation", "duplicate of another row"}


def clean(
    engine,
    export: Export,
    rules: dict[str, str],
    cleaning: Cleaning,
    columns: str = "*",
    renamed: dict[str, dict[str, str]] | None = None,
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
    renamed : dict, optional
        As in :func:`helpers.reading.ids.settle_ids`.

    Returns
    -------
    dict of str to str
        Findings: on ids, decimal marks, filled and left out rows.

    Raises
    ------
    DataError
        If columns are missing, or a whole column can't be read: with all problems of the file.
    """
    contract, found = export.contract, export.found
    left_out, taken_back, filled, problems = _named_by_the_user(export, cleaning)
    asked_of = list(dict.fromkeys([*left_out, *taken_back]))
    beside = {f"asked_{n}": called for n, called in enumerate(asked_of)}
    engine.keep("texts", trimmed_rows(contract, found, engine.kinds, beside), {})
    changed, findings, total = settle_ids(
        engine, found, cleaning.merge_case, renamed, len(export.files)
    )
    marks, odd, unreadable, said, asked = settle_numbers(engine, export, cleaning.decimal)
    findings |= said
    query = typed_rows(contract, found, marks, odd, changed, beside, total)
    engine.view("read_rows", query)
    conditions = _conditions(engine, export, beside, left_out)
    returns = _conditions(engine, export, beside, taken_back)
    inside = {name for name, called in beside.items() if called in filled}
    filled = [name for name in contract.names if name in filled] + sorted(inside)
    engine.view("typed", _settled_rows(contract, found, filled, beside, conditions, returns))
    if cleaning.cancellation_prefix and "transaction_id" not in found:
        asked.append(
            "`cancellation_prefix` needs a column for transaction_id, and there is none. Name it "
            "in `columns`, or leave the prefix out."
        )
    problems = [*export.problems, *problems, *asked, *export.dates.problems()]
    problems += _unreadable_columns(engine, export, unreadable, conditions)
    if problems:
        raise DataError(f"{export.name}: " + " ".join(problems))
    findings |= _said_of_filled(engine, filled)
    findings |= _said_of_values(engine, conditions, "drop_where")
    findings |= _said_of_values(engine, returns, "returns_where")
    engine.drop("export")  # what was asked of it is in `texts`: room for the largest query
    codes = [code for each in cleaning.non_products if (code := plain_id(each.strip(BLANKS)))]
    engine.small_table("no_products", {"code": codes})
    prefix = (cleaning.cancellation_prefix or "").strip(BLANKS)
    values = {"prefix": prefix, "tomorrow": tomorrow()}
    query = with_reasons(
        contract, found, rules, cleaning, columns, _has_prices_below_zero(engine, found)
    )
    engine.keep("clean", query, {n: v for n, v in values.items() if f"${n}" in query})
    for table in ("texts", "ids", "id_changes", "numbers"):
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
        As :mod:`helpers.reading.ids` reads them; blank ones left out.
    """
    engine.keep("texts", select({"customer_id": _trimmed("customer_id")}, "export"), {})
    changed, _, _ = settle_ids(engine, ["customer_id"])
    ids = engine.frame("SELECT customer_id FROM texts")["customer_id"].dropna()
    if changed:
        becomes = engine.frame("SELECT id, becomes FROM id_changes").set_index("id")["becomes"]
        ids = ids.where(~ids.isin(becomes.index), ids.map(becomes)).dropna()
    return ids.tolist()


def tomorrow() -> pd.Timestamp:
    """Midnight after today: what lies behind it has not happened yet."""
    return pd.Timestamp.now().normalize() + pd.Timedelta(days=1)


def _named_by_the_user(export, cleaning):
    """What the columns of these options are called here, and what is wrong."""
    left_out, taken_back, filled, problems = {}, {}, [], []
    for option, columns in (("drop_where", cleaning.drop_where),
                            ("returns_where", getattr(cleaning, "returns_where", {})),
                            ("fill_down", getattr(cleaning, "fill_down", []))):  # fmt: skip
        for column in columns:
            try:
                called = export.called(column)
            except DataError as error:
                problems.append(f"`{option}`: {error}")
                continue
            if option == "fill_down":
                filled.append(called)
            else:
                asked = left_out if option == "drop_where" else taken_back
                values = [each.strip(BLANKS) for each in columns[column]]
                asked[called] = [*asked.get(called, []), *values]
    if filled and "transaction_id" not in export.found:
        problems.append(
            "`fill_down` needs a column for transaction_id, which says what lines belong together, "
            "and there is none. Name it in `columns`."
        )
        filled = []
    if "transaction_id" in filled:
        problems.append(
            "`fill_down` fills the lines of a transaction, so transaction_id itself can't be "
            "filled; leave it out of the list."
        )
    return left_out, taken_back, filled, problems


def _has_prices_below_zero(engine, found):
    if "unit_price" not in found:
        return False
    return not engine.frame("SELECT row_no FROM typed WHERE unit_price < 0 LIMIT 1").empty


# Text to types


def trimmed_rows(
    contract: Contract,
    found: list[str],
    parts: list[dict[str, str]],
    beside: dict[str, str] | None = None,
) -> str:
    """The query that leaves of an export what we need, without blanks around.

    Parameters
    ----------
    contract : Contract
    found : list of str
        Those of our columns that at least one part has.
    parts : list of dict of str to str
        For each of the views ``export_0``, ``export_1`` ... the kind of its columns: "text",
        "float" or "number".
    beside : dict of str to str, optional
        Further columns of the views to take along as text, by the names they get.

    Returns
    -------
    str
        The found columns as text, missing where nothing is left of it; what was a number already,
        under ``..._typed``; ``date_given`` (was there anything to read?), ``row_key`` (equal for
        equal rows of the export), ``is_empty``, ``padded`` (the product's name has blanks around),
        and where the row stands.
    """
    everything = sorted(set().union(*parts))
    rows = [
        _trimmed_part(number, part, contract, found, everything, beside or {})
        for number, part in enumerate(parts)
    ]
    return " UNION ALL ".join(rows)


def _trimmed_part(number, kinds, contract, found, everything, beside):
    """One part: whatever types it has, the columns that come out are the same for all."""
    chosen = {contract.date: quoted(DATE), "date_given": quoted(DATE_GIVEN)}
    for name in found:
        if name == contract.date:
            continue
        text = _trimmed(_as_text(name, kinds)) if name in kinds else "CAST(NULL AS VARCHAR)"
        if name in contract.numbers:
            chosen[f"{name}_typed"] = _already_a_number(name, kinds)
            # what a sheet has as numbers says nothing of the marks in its texts
            is_text = kinds.get(name) == "text"
            cells = f"CAST({quoted(name)} AS VARCHAR)"  # yes and no of a parquet file, too
            text = _trimmed(cells) if is_text else "CAST(NULL AS VARCHAR)"
        chosen[name] = text
    for name, called in beside.items():
        text = _trimmed(_as_text(called, kinds)) if called in kinds else "CAST(NULL AS VARCHAR)"
        chosen[name] = f"LOWER({text})"
    raw = [
        f"COALESCE({_as_text(name, kinds)}, '')" if name in kinds else "''" for name in everything
    ]
    chosen["row_key"] = f"MD5(CONCAT_WS(CHR(31), {', '.join(raw)}))"
    # a row with a customer is not empty: few have to be looked at as a whole
    something = matches(f"CONCAT({', '.join(raw)})", f"[^{BLANKS}]")
    nobody = f"{chosen.get('customer_id', 'NULL')} IS NULL"
    chosen["is_empty"] = f"CASE WHEN {nobody} THEN NOT {something} ELSE FALSE END"
    if "product_name" in found:
        name = _as_text("product_name", kinds) if "product_name" in kinds else "''"
        chosen["padded"] = f"COALESCE({name} <> {_bare(name)}, FALSE)"
    return select(chosen | {"file_no": quoted(FILE), "row_no": quoted(ROW)}, f"export_{number}")


def typed_rows(
    contract: Contract,
    found: list[str],
    marks: dict[str, str],
    odd: list[str],
    changed: list[str],
    beside: dict[str, str],
    total: str,
) -> str:
    """The query that gives trimmed rows our types.

    Parameters
    ----------
    contract, found, beside
        As in :func:`trimmed_rows`.
    marks : dict of str to str
        The decimal mark of each column of numbers.
    odd : list of str
        Columns of numbers of which something is taken off; see
        :func:`helpers.reading.numbers.settle_numbers`.
    changed : list of str
        Columns of which ids change; see :func:`helpers.reading.ids.with_changes`.
    total : str
        The condition that a row is a total.

    Returns
    -------
    str
        What :func:`trimmed_rows` has, all of our columns (missing where the export lacks one),
        ``is_total``, and ``..._given`` for each number.
    """
    chosen = {}
    for name in contract.names:
        if name in contract.numbers:
            value, given = number(name, name in found, marks.get(name), name in odd)
            chosen[name], chosen[f"{name}_given"] = value, given
        elif name not in found and name != contract.date:
            chosen[name] = "CAST(NULL AS VARCHAR)"
        else:
            chosen[name] = f"texts.{name}"
    added = ["date_given", "row_key", "is_empty", "file_no", "row_no", *beside]
    added += ["padded"] * ("product_name" in found)
    chosen |= {name: f"texts.{name}" for name in added} | {"is_total": total}
    chosen, tables = with_changes(chosen, changed)
    return select(chosen, with_bare_numbers(tables, odd))


def _settled_rows(contract, found, filled, beside, conditions, returns):
    """Rows whose blank cells are filled from their transaction, and what was said of them.

    Whether to leave them out, and whether they take something back.
    """
    names = list(contract.names)
    added = [f"{name}_given" for name in contract.numbers]
    added += ["date_given", "row_key", "is_empty", "is_total", "file_no", "row_no"]
    added += ["padded"] * ("product_name" in found) + list(beside)
    chosen = {name: name for name in [*names, *added]}
    for name in filled:
        given = _given(name, contract)
        # an order's lines may stand apart; where they contradict each other, nobody knows
        first, last = (
            f"{which}({name}) OVER (PARTITION BY transaction_id)" for which in ("MIN", "MAX")
        )
        fills = f"transaction_id IS NOT NULL AND NOT ({given}) AND {first} = {last}"
        chosen[name] = f"CASE WHEN {fills} THEN {first} ELSE {name} END"
        chosen[f"filled_{name}"] = f"COALESCE({fills}, FALSE)"
        if given in chosen:
            chosen[given] = f"{given} OR COALESCE({fills}, FALSE)"
    query = select(chosen, "read_rows")
    every = ", ".join(chosen)
    left_out, taken_back = (
        f"COALESCE({' OR '.join(each.values()) or 'FALSE'}, FALSE)"
        for each in (conditions, returns)
    )
    return f"SELECT {every}, {left_out} AS left_out, {taken_back} AS takes_back FROM ({query}) AS f"


def _given(name, contract):
    if name == contract.date:
        return "date_given"
    return f"{name}_given" if name in contract.numbers else f"{name} IS NOT NULL"


def _said_of_filled(engine, filled):
    """How many cells were filled from the other lines of their transaction."""
    if not filled:
        return {}
    row = engine.frame(select({name: count(f"filled_{name}") for name in filled}, "typed")).iloc[0]
    return {
        f"cells of {name} filled from their transaction": int(row[name])
        for name in filled
        if not name.startswith("asked_")
    }


def _conditions(engine, export, beside, asked):
    """The condition of each value that was asked for, by its column here and itself.

    Texts are compared as people see them. Of our own columns what was read counts as well: the id
    (17850, where the file has 17850.0), the day, the number.
    """
    conditions = {}
    for name, column in beside.items():
        values = asked.get(column, [])
        looked_for = one_of(name, ["", *map(str.lower, values), *map(_as_seen, values)])
        seen = engine.frame(
            f"SELECT DISTINCT {name} AS value FROM texts "
            f"WHERE {looked_for} OR {matches(name, '[^ -~]')} ORDER BY value"
        )["value"]
        for value in values:
            same = [each for each in seen if _as_seen(each) == _as_seen(value)]
            any_of = [one_of(name, same)] if same else []
            any_of += _as_read(export, column, value)
            conditions[column, value] = " OR ".join(f"COALESCE({e}, FALSE)" for e in any_of)
    return {key: f"({condition or 'FALSE'})" for key, condition in conditions.items()}


def _as_seen(text):
    """A text without what does not count: case, blanks around, how its accents are composed."""
    return unicodedata.normalize("NFC", text).strip(BLANKS).casefold().replace("i\u0307", "i")


def _as_read(export, name, value):
    """The conditions that one of our columns has a value."""
    contract = export.contract
    if name == contract.date:
        days = [re.split("[ T]*%[HI]", each)[0] for each in export.dates.formats]
        formats = [*export.dates.formats, *filter(None, days), "iso"]
        [day] = DateReader(formats).read(pd.Series([value], dtype="str"))
        if pd.isna(day) or day != day.normalize():
            return []
        return [f"CAST({name} AS DATE) = CAST('{day:%Y-%m-%d}' AS DATE)"]
    if name in contract.numbers:
        is_number = re.fullmatch("-?[0-9]{1,15}([.][0-9]{1,9})?", value)
        return [f"{name} = CAST({value} AS DOUBLE)"] if is_number else []
    return [one_of(f"LOWER({name})", [value.lower()])] if name in contract.names else []


def _said_of_values(engine, conditions, option):
    """Values of an option that no row has: a slip of the pen, perhaps."""
    if not conditions:
        return {}
    counts = {f"n_{at}": count(each) for at, each in enumerate(conditions.values())}
    rows, never = engine.frame(select(counts, "read_rows")).iloc[0], {}
    for (column, value), n in zip(conditions, rows, strict=True):
        if not n:
            never.setdefault(column.removeprefix("other: "), []).append(value)
    return {
        f"values of {column} in {option} that never occur": ", ".join(values)[:200]
        for column, values in never.items()
    }


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
    whole = f"{column} = FLOOR({column}) AND ABS({column}) < 9e18"
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
    return f"NULLIF({_bare(text)}, '')"


def _bare(text):
    """Text without blanks around."""
    # most values begin and end with a plain letter or digit: a quick look spares the slow trim
    text = f"TRIM({text})"
    bare = f"TRIM({text}, {literal(BLANKS)})"
    return f"CASE WHEN {matches(text, '^[^!-~]|[^!-~]$')} THEN {bare} ELSE {text} END"


def _unreadable_columns(engine, export, unreadable, left_out):
    """A whole column that can't be read is one problem, not many rejected rows."""
    if export.contract.date not in export.found:
        return []
    date = export.contract.date
    bad = {date: f"date_given AND {date} IS NULL"}
    counts = {"bad": count(bad[date]), "all": count("date_given")}
    counts |= {name: count(f"{name}_typed IS NOT NULL") for name in unreadable}
    row = engine.frame(select(counts, "texts")).iloc[0]
    if row["bad"] and left_out:  # a line of totals that is left out needs no date
        stays = f"{bad[date]} AND NOT ({' OR '.join(left_out.values())})"
        row["bad"] = engine.frame(select({"bad": count(stays)}, "read_rows")).iloc[0]["bad"]
    n_bad, n_all, by_other_mark = {date: row["bad"]}, {date: row["all"]}, set()
    for name, (unread, given, other_mark_reads_more) in unreadable.items():
        if other_mark_reads_more:
            by_other_mark.add(name)
        bad[name] = f"{name}_given AND {name} IS NULL"
        n_bad[name], n_all[name] = unread, given + row[name]
    problems = []
    for name in bad:
        if n_bad[name] <= MOST_UNREADABLE * n_all[name]:
            continue
        first = _first_of(engine, export, name, bad[name])
        what = "are not numbers"
        hint = f"leave it out with `ignore: [{name}]` under `cleaning`."
        if name in by_other_mark:
            hint = f"Set `decimal` under `cleaning` to the file's own mark, or {hint}"
        elif name in export.contract.required:
            hint = "Mend the column."
        else:
            hint = f"Mend the column, or {hint}"
        if name == export.contract.date:
            formats = " or ".join(map(repr, export.dates.formats))
            what = f"dates do not fit the format {formats}"
            hint = export.dates.hint()
        problems.append(
            f"Column {export.theirs(name)}: {int(n_bad[name]):,} of {int(n_all[name]):,} "
            f"{what}{first}. {hint}"
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
    prices_go_back: bool = False,
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
    prices_go_back : bool
        Whether some prices are below zero, as some systems write what comes back.

    Returns
    -------
    str
        The typed columns with ``reason`` (missing: kept) and what the rules use: ``no_product``,
        ``marked`` (as a cancellation), ``returned``, ``copy`` (1 for the first of equal rows),
        ``counts`` (it is weighed against returns), ``units``, and of the row's customer and
        product ``units_bought`` and ``units_back``, those of them that were sent back.
    """
    alone = takewhile(lambda rule: rule[0] not in _AMONG_ROWS, rules.items())
    folded = "LOWER({})" if cleaning.merge_case else "{}"
    code, product = (folded.format(x) for x in ("code", "typed.product_id"))
    product = product if "product_id" in contract.names else "NULL"
    units = "1"
    if "quantity" in found:
        units = "ABS(COALESCE(quantity, 1))"
    elif "total_amount" in found:
        # without quantities, money that goes back stands for what was returned; where an amount
        # of the pair is blank, lines are counted
        blank = (
            "MAX(CASE WHEN counts AND total_amount IS NULL THEN 1 ELSE 0 END) "
            "OVER (PARTITION BY customer_id, product_id)"
        )
        units = f"CASE WHEN {blank} = 1 THEN 1 ELSE ABS(total_amount) END"
    signs = [f"COALESCE({name}, 0) < 0" for name in ("quantity", "total_amount") if name in found]
    if cleaning.returns_where:
        signs.append("takes_back")
    if prices_go_back:
        # at the price at which it was bought: what is less is a discount
        signs.append("COALESCE(unit_price, 0) < 0 AND MAX(unit_price) OVER (PARTITION BY "
                     "customer_id, product_id, ABS(unit_price)) > 0")  # fmt: skip
    marked = "FALSE"
    if cleaning.cancellation_prefix:
        marked = "STARTS_WITH(COALESCE(transaction_id, ''), $prefix)"
        signs.append(marked)
    returned = " OR ".join(signs) or "FALSE"
    # nothing can be a return: nothing has to be added up
    pairs, counted = "", "SELECT weighed.*, 0 AS units_back, 0 AS units_bought FROM weighed"
    if signs:
        # A return takes back what was bought on its day or before: its purchase may be older than
        # the file, and then nothing that is bought later is sent back by it. So what a customer
        # still has never falls below nothing; after the last day it is the last balance less the
        # lowest one (Lindley's recursion). Few pairs have a return: they are joined to the rows,
        # which stay where they are. Rounded: what differs by the order of adding only is equal.
        pairs = f""", days AS (
            SELECT weighed.customer_id, weighed.product_id,
                CAST(weighed.{contract.date} AS DATE) AS day,
                SUM(CASE WHEN returned THEN 0 ELSE units END) AS bought,
                SUM(CASE WHEN returned THEN -units ELSE units END) AS more
            FROM weighed
            JOIN (
                SELECT DISTINCT customer_id, product_id FROM weighed WHERE counts AND returned
            ) AS touched ON touched.customer_id = weighed.customer_id
                AND touched.product_id = weighed.product_id
            WHERE counts
            GROUP BY weighed.customer_id, weighed.product_id, CAST(weighed.{contract.date} AS DATE)
        ), balances AS (
            SELECT days.*, SUM(more) OVER (
                PARTITION BY customer_id, product_id ORDER BY day
            ) AS balance
            FROM days
        ), pairs AS (
            SELECT customer_id, product_id, ROUND(SUM(bought), 6) AS units_bought,
                ROUND(SUM(bought) - SUM(more) + LEAST(0, MIN(balance)), 6) AS units_back
            FROM balances
            GROUP BY customer_id, product_id
        )"""
        counted = """
            SELECT weighed.*, COALESCE(pairs.units_back, 0) AS units_back,
                COALESCE(pairs.units_bought, 0) AS units_bought
            FROM weighed
            LEFT JOIN pairs ON pairs.customer_id = weighed.customer_id
                AND pairs.product_id = weighed.product_id
        """
    return f"""
        WITH weighed AS (
            SELECT judged.*, {units} AS units
            FROM (
                SELECT
                    numbered.*,
                    -- a line that was exported twice was bought, or came back, once
                    copy = 1 AND {first_reason(dict(alone))} IS NULL AS counts
                FROM (
                    SELECT
                        typed.*,
                        no_products.code IS NOT NULL AS no_product,
                        {marked} AS marked,
                        {returned} AS returned,
                        ROW_NUMBER() OVER (
                            PARTITION BY row_key ORDER BY file_no, row_no
                        ) AS copy
                    FROM typed
                    LEFT JOIN (SELECT DISTINCT {code} AS code FROM no_products) AS no_products
                        ON no_products.code = {product}
                ) AS numbered
            ) AS judged
        ){pairs}
        SELECT {columns}, {first_reason(rules)} AS reason
        FROM ({counted}) AS counted
    """


def first_reason(rules: dict[str, str]) -> str:
    """The first rule that applies to a row, as SQL; missing where none does."""
    cases = [f"WHEN {condition} THEN {literal(reason)}" for reason, condition in rules.items()]
    return f"CASE {' '.join(cases)} END"
