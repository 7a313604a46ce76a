"""Text to numbers: signs, currencies, thousands and decimal marks as people write them.

As with ids, what is odd is looked at once per distinct text: :func:`bare_number` takes off what
stands around a number (``(1)``, ``1-``, ``$``, ``kr``) or between its groups of three digits
(``1 234,50``, ``1'234.50``). What remains has digits, points and commas; which of these is the
decimal mark, the file says clearly, or the user.
"""

from __future__ import annotations

import re

from helpers.reading.dates import MOST_UNREADABLE
from helpers.reading.ids import BLANKS, NOTHING
from helpers.reading.queries import count, literal, matches, one_of, select


def _pattern(mark, group):
    """Numbers as people write them: groups of three digits, or digits; a fraction; an exponent."""
    grouped = f"[1-9][0-9]{{0,2}}({group}[0-9]{{3}})+({mark}[0-9]*)?"
    plain = f"[0-9]+({mark}[0-9]*)?|{mark}[0-9]+"
    return f"^[-+]?({grouped}|{plain})([eE][-+]?[0-9]{{1,3}})?$"


_PATTERNS = {".": _pattern("[.]", ","), ",": _pattern(",", "[.]")}
# Beyond this a number is none: what does not fit, or an infinity.
_LARGEST = "1e300"

_MINUS = "-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
_CODES = (
    "AED ARS AUD BDT BGN BHD BRL CAD CHF CLP CNY COP CRC CZK DKK DOP DZD EGP EUR GBP GEL "
    "GHS HKD HRK HUF IDR ILS INR ISK JOD JPY KES KRW KWD KZT LKR MAD MXN MYR NGN NOK NZD OMR PEN "
    "PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD TZS UAH UGX USD UYU VND XAF XOF ZAR "
    "ZMW kr kr. Kr Kr. Kč zł Ft lei leu лв лв. руб руб. р. грн тг Fr Fr. SFr SFr. Rs Rs. R RM Rp "
    "Rp. TL din. DH Dhs SR Ksh KSh Lek Bs S/ S/. B/. euro euros Euro EURO"
)
# longest first, so that no sign is taken for the beginning of another
_SIGNS = "|".join(re.escape(each) for each in sorted(_CODES.split(), key=len, reverse=True))
_CURRENCY = rf"(?:(?:[A-Z]{{1,3}} ?)?[$¢-¥֏؋߾߿৲৳৻૱௹฿៛₠-⃀﷼﹩＄￠￡￥￦]|{_SIGNS}|元|円|원)"
_SPACE = f"[{re.escape(BLANKS)}]"
_BEFORE = re.compile(rf"^{_CURRENCY}{_SPACE}*(?=[-+(.,0-9])")
_AFTER = re.compile(rf"(?<=[-+).,0-9]){_SPACE}*{_CURRENCY}$")
_GROUP = f"[{re.escape(BLANKS)}'’´`ʼ]"
# groups of three between blanks or apostrophes, and India's groups of two
_GROUPED = re.compile(rf"^[0-9]{{1,3}}({_GROUP})[0-9]{{3}}(?:\1[0-9]{{3}})*([.,][0-9]*)?$")
_INDIAN = re.compile(r"^[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}([.][0-9]*)?$")
# credit and debit behind the number: money or goods that go back, or not
_CREDIT = re.compile(r"(?<=[0-9.,)]) ?(CR|DR|Cr|Dr|cr|dr)\.?$")
_ROUND = re.compile(r"(?<=[0-9])[.,:]-+$")  # 5,- and 5.– and 5:-
# pieces behind or before a quantity: 2 pcs, 3 Stk., x2
_PIECES = re.compile(
    rf"(?<=[0-9]){_SPACE}*(?:pcs?|pces?|pieces?|units?|ea|each|qty|st|stk|stck|stück|szt|ks|kpl|uds?|"
    r"unidad|unidades|un|pz|pzas?|pezzi|pièces?|adet|шт|個|个|개|x|×)\.?$|^(?:x|×) ?(?=[0-9])",
    re.I,
)
# What a sign may mean, where it is no code itself or may mean several.
_DOLLARS = "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP DOP UYU"
_CODES_OF = {
    "$": _DOLLARS, "＄": _DOLLARS, "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD",
    "CA$": "CAD", "NZ$": "NZD", "S$": "SGD", "HK$": "HKD", "NT$": "TWD", "MX$": "MXN", "R$": "BRL",
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "£": "GBP EGP", "￡": "GBP EGP", "¥": "JPY CNY",
    "￥": "JPY CNY", "円": "JPY", "元": "CNY TWD", "원": "KRW", "₩": "KRW", "￦": "KRW",
    "KR": "SEK NOK DKK ISK", "KČ": "CZK", "ZŁ": "PLN", "FT": "HUF", "LEI": "RON", "LEU": "RON",
    "ЛВ": "BGN", "₽": "RUB", "РУБ": "RUB", "Р": "RUB", "₴": "UAH", "ГРН": "UAH", "₸": "KZT",
    "ТГ": "KZT", "FR": "CHF", "SFR": "CHF", "RS": "INR PKR LKR", "₹": "INR", "₨": "INR PKR LKR",
    "R": "ZAR", "RM": "MYR", "RP": "IDR", "TL": "TRY", "₺": "TRY", "DIN": "RSD", "DH": "AED MAD",
    "DHS": "AED", "SR": "SAR", "KSH": "KES", "S/": "PEN", "₫": "VND", "฿": "THB", "₪": "ILS",
    "₱": "PHP", "₦": "NGN", "৳": "BDT",
}  # fmt: skip


def bare_number(text: str) -> str | None:
    """A number without currency, groups by blanks or apostrophes, and its sign in front.

    Returns
    -------
    str or None
        Digits, points and commas as they were; None where it is no number for certain.

    Examples
    --------
    >>> bare_number("($1,234.50)"), bare_number("1 234,50 kr"), bare_number("5 %")
    ('-1,234.50', '1234,50', None)
    """
    text = "".join(str(int(x)) if x.isdecimal() else "-" if x in _MINUS else x for x in text)
    text = text.strip(BLANKS)
    text = re.sub(r"^['’](?=[-+(.0-9])", "", text)  # how spreadsheets are told that it is text
    booked = _CREDIT.search(text)
    text = _PIECES.sub("", _CREDIT.sub("", text))
    negative = False
    rest = _without_currency(text)
    if rest.startswith("(") and rest.endswith(")"):
        negative, rest = True, _without_currency(rest[1:-1].strip(BLANKS))
    rest = _ROUND.sub("", rest)
    signs = int(bool(booked))
    negative |= bool(booked) and booked[1].upper() == "CR"
    for sign in "+-":
        if rest.startswith(sign) or rest.endswith(sign):
            before = rest.startswith(sign)
            rest = _without_currency((rest[1:] if before else rest[:-1]).strip(BLANKS))
            negative |= sign == "-"
            signs += 1
    if signs > 1 or (signs and text.startswith("(")):
        return None
    if _GROUPED.match(rest):
        rest = re.sub(_GROUP, "", rest)
    elif _INDIAN.match(rest):
        rest = rest.replace(",", "")
    if not any(re.match(pattern, rest) for pattern in _PATTERNS.values()) or rest[0] in "+-":
        return None
    return "-" * negative + rest


def are_several(signs) -> bool:
    """Whether signs of currencies can't all mean the same one.

    Examples
    --------
    >>> are_several(["$", "USD", "US$"]), are_several(["$", "EUR"]), are_several(["€", "Euro"])
    (False, True, False)
    """
    keys = ("".join(each.upper().split()).strip(".") for each in signs)
    meant = [_CODES_OF.get(key, _DOLLARS if key.endswith("$") else key).split() for key in keys]
    return bool(meant) and not set(meant[0]).intersection(*meant[1:])


def is_currency(text: str) -> bool:
    """Whether a text is a currency's code of three letters, or its sign, and nothing else."""
    text = str(text).strip(BLANKS)
    if re.fullmatch("[A-Z]{3}|[a-z]{3}", text):
        return text.upper() in _CODES.split()
    return text.upper() in _CODES_OF and not text.isalpha()


def _sign_of(text):
    """The currency beside a number; empty where there is none."""
    found = re.search(_CURRENCY, _PIECES.sub("", _CREDIT.sub("", text.strip(BLANKS))))
    return found[0].strip(". ") if found else ""


def _said_of_currencies(texts):
    """Columns in which amounts are of several currencies, and how many of each."""
    texts = texts.assign(sign=texts["given_text"].map(_sign_of))
    findings = {}
    for name, of_column in texts[texts["sign"] != ""].groupby("name"):
        counts = of_column.groupby("sign")["n"].sum().sort_values(ascending=False)
        if are_several(counts.index):
            said = ", ".join(f"{sign} ({n:,})" for sign, n in counts.head(5).items())
            findings[f"several currencies in {name}"] = said
    return findings


def _without_currency(text):
    return _AFTER.sub("", _BEFORE.sub("", text, count=1), count=1).strip(BLANKS)


def settle_numbers(engine, export, asked) -> tuple[dict, list[str], dict, dict, list[str]]:
    """Keep the table ``number_changes`` in the engine, and find each column's decimal mark.

    Parameters
    ----------
    engine
        It has the table ``texts``.
    export : Export
    asked : str or dict of str to str, optional
        The user's word on the marks: for all columns, or by our names.

    Returns
    -------
    marks : dict of str to str
        Each column's.
    odd : list of str
        Columns with texts of which something was taken off.
    unreadable : dict of str to (int, int, bool)
        Of each column: texts that are no numbers, all that are not for nothing, and whether the
        other decimal mark would read more of them.
    findings : dict
    problems : list of str
        Sentences.
    """
    contract = export.contract
    names = [name for name in contract.numbers if name in export.found]
    given = asked if isinstance(asked, dict) else dict.fromkeys(names, asked) if asked else {}
    problems = [
        f"`decimal` names {name!r}, which is no column of numbers; there are "
        f"{', '.join(contract.numbers) or 'none'}."
        for name in given
        if name not in contract.numbers
    ]
    given = {name: mark for name, mark in given.items() if name in names}
    if not names:
        return {}, [], {}, {}, problems
    distinct = (
        f"SELECT {literal(name)} AS name, {name} AS given_text, COUNT(*) AS n FROM texts "
        f"WHERE {name} IS NOT NULL GROUP BY {name}"
        for name in names
    )
    engine.keep("numbers", " UNION ALL ".join(distinct), {})
    looks = " OR ".join(matches("given_text", pattern) for pattern in _PATTERNS.values())
    texts = engine.frame(
        f"SELECT name, given_text, n FROM numbers "
        f"WHERE NOT ({looks}) AND NOT {one_of('given_text', NOTHING)}"
    )
    bare = {text: bare_number(text) for text in texts["given_text"]}
    bare = {text: now for text, now in bare.items() if now is not None}
    texts = texts[texts["given_text"].isin(list(bare))]
    odd = sorted(set(texts["name"]))
    engine.small_table("number_changes", {"given_text": list(bare), "bare": list(bare.values())})
    counts = _counts(engine, names)
    marks, findings, questions = _decimal_marks(counts, export, given)
    unread = counts.rename(columns={"no_point": ".", "no_comma": ","})[[".", ","]].astype("int64")
    unreadable = {}
    for name, mark in marks.items():
        # what either mark would read is asked about already
        asked = questions and name not in given
        bad = counts.at[name, "neither"] if asked else unread.at[name, mark]
        given_texts = int(counts.at[name, "given"])
        unreadable[name] = int(bad), given_texts, bool(unread.loc[name].min() < bad)
    findings |= _said_of_currencies(texts)
    return marks, odd, unreadable, findings, problems + questions


def number(name: str, is_found: bool, decimal: str | None, odd: bool) -> tuple[str, str]:
    """A column of ``texts`` as numbers, and whether there was anything to read: as SQL.

    Parameters
    ----------
    name : str
    is_found : bool
    decimal : {",", "."}
    odd : bool
        Whether any of its texts is in ``number_changes``, joined as ``bare_{name}``.
    """
    if not is_found:
        return "CAST(NULL AS DOUBLE)", "FALSE"
    text = f"COALESCE(bare_{name}.bare, texts.{name})" if odd else f"texts.{name}"
    plain = f"REPLACE({text}, ',', '')"
    if decimal == ",":
        plain = f"REPLACE(REPLACE({text}, '.', ''), ',', '.')"
    read = f"CASE WHEN {matches(text, _PATTERNS[decimal])} THEN TRY_CAST({plain} AS DOUBLE) END"
    value = f"COALESCE({name}_typed, {read})"
    written = f"{name} IS NOT NULL AND NOT {one_of(name, NOTHING)}"
    given = f"({written} OR {name}_typed IS NOT NULL)"
    return f"CASE WHEN ABS({value}) <= {_LARGEST} THEN {value} END", given


def with_bare_numbers(tables: str, names: list[str]) -> str:
    """Join ``number_changes`` for each column."""
    for name in names:
        tables += (
            f" LEFT JOIN number_changes AS bare_{name} ON bare_{name}.given_text = texts.{name}"
        )
    return tables


def _counts(engine, names):
    """What the texts of each column say, and what they would be by either mark."""
    point, comma = (matches("written", _PATTERNS[mark]) for mark in ".,")
    doubtful = f"{point} AND {comma} AND {matches('written', '[.,]')}"
    given = f"NOT {one_of('written', NOTHING)}"
    counts = {
        "name": "name",
        "point": count(f"{point} AND NOT {comma}", "n"),
        "comma": count(f"{comma} AND NOT {point}", "n"),
        "either": count(doubtful, "n"),
        "commas": count("written LIKE '%,%'"),
        "example": f"MIN(CASE WHEN {doubtful} THEN written END)",
        "with_point": f"MIN(CASE WHEN {point} AND NOT {comma} THEN written END)",
        "with_comma": f"MIN(CASE WHEN {comma} AND NOT {point} THEN written END)",
        "no_point": count(f"{given} AND NOT {point}", "n"),
        "no_comma": count(f"{given} AND NOT {comma}", "n"),
        "neither": count(f"{given} AND NOT {point} AND NOT {comma}", "n"),
        "given": count(given, "n"),
    }
    # all distinct texts, what stands around numbers taken off
    texts = """(
        SELECT numbers.name, numbers.n, COALESCE(number_changes.bare, numbers.given_text) AS written
        FROM numbers
        LEFT JOIN number_changes ON number_changes.given_text = numbers.given_text
    ) AS written_numbers"""
    rows = engine.frame(select(counts, texts) + " GROUP BY name").set_index("name").reindex(names)
    examples = ["example", "with_point", "with_comma"]
    return rows.fillna(dict.fromkeys(rows.columns.drop(examples), 0))


def _decimal_marks(counts, export, given):
    """Each column's mark, findings, and what to ask where the file does not say.

    ``1.234,5`` has a decimal comma and ``1,234.5`` a point; ``1.234`` and ``1,234`` may be either.
    All columns that the user said nothing of speak together, and the clear values must outnumber
    the doubtful ones.
    """
    open_ones = [name for name in counts.index if name not in given]
    if not open_ones:
        return given, {}, []
    rows = counts.loc[open_ones]
    sums = rows[["point", "comma", "either"]].sum().astype("int64")
    decimal = "," if sums["comma"] > sums["point"] else "."
    marks = dict.fromkeys(open_ones, decimal) | given
    findings = {
        f"decimal mark of {name}": decimal for name in open_ones if (rows["commas"] > 0)[name]
    }
    clear, against = sorted((sums["point"], sums["comma"]), reverse=True)
    doubtful = [name for name in open_ones if (rows["either"] > 0)[name]]
    clash = against > MOST_UNREADABLE * (clear + against)
    if not clash and not (doubtful and clear <= sums["either"]):
        return marks, findings, []
    several = len(counts) > 1
    if doubtful:
        name = doubtful[0]
        seen = f"{rows['example'][name]!r} may have a decimal or a thousands mark"
    else:
        # real values, of one column or of two
        name, other = (rows.index[rows[each] > 0][0] for each in ("comma", "point"))
        beside = f" of column {export.theirs(other)}" if other != name else ""
        seen = (
            f"{rows['with_comma'][name]!r} has a decimal comma, and "
            f"{rows['with_point'][other]!r}{beside} a decimal point"
        )
    question = (
        f"Column {export.theirs(name)}: {seen}, and the file does not say clearly which is meant. "
        'Set `decimal` under `cleaning` to "," or "."'
        + (f', for one column as {{{name}: ","}}.' if several else ".")
    )
    return marks, findings, [question]
