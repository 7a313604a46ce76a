"""Dirty exports in every form that people have, and a slow, plain second opinion on cleaning."""

import gzip
import math
import re
from collections import Counter, defaultdict

import pandas as pd
from hypothesis import strategies as st

STATUS = ["done", " Cancelled", "cancelled", "Refunded", " refunded", ""]
COLUMNS = ["customer_id", "product_id", "transaction_date", "quantity", "unit_price",
           "total_amount", "transaction_id"]  # fmt: skip
FORMS = ["csv", "gz", "CSV", "list", "folder", "glob", "parquet", "dated", "types"]

_values = {
    "customer_id": [
        "c1",
        "c2",
        "17850",
        "17850.0",
        "017",
        " c1",
        "\tc2",
        "c1\u00a0",
        "",
        "  ",
        "C1",
        "c\u200b1",
        "\u200ec2",
        "NULL",
        "Caf\u00e9",
        "Cafe\u0301",
    ],
    "product_id": ["A", "a", "B", " B ", "POST", "post", "7", "7.0", "", "nan", "B\u00ad", "7,0"],
    "transaction_date": [
        "01-02-2024",
        "1-2-2024",
        "28-02-2024",
        " 03-02-2024",
        "01-01-2999",
        "01-01-1970",
    ],
    "quantity": ["1", "2", "-1", "-2", "0", "", "+3", "1e1", "1-", "(2)", "\u22121", "NA"],
    "unit_price": [
        "2.5",
        "2.50",
        "0",
        "-1",
        "-2.5",
        "",
        "1,250.75",
        "$2.50",
        "1'250.75",
        "2.5 EUR",
    ],
    "total_amount": ["5.1", "-5.1", "10.2", "0", "", "\u20ac5.1", "5.1-"],
    "transaction_id": ["T1", "T2", "C1", "C2", ""],
    "status": STATUS,
}
# few enough that they stay rows and are not taken for a wrong format
_unreadable = {
    "transaction_date": ["31-02-2024", "soon", ""],
    "quantity": ["many", "inf", "5 %", "1e400", "1,2", "--1"],
    "unit_price": ["free", "2,50", "Infinity"],
    "total_amount": ["?", "1.2.3"],
}


@st.composite
def tables(draw):
    """A table of text with at most five rows of each unreadable kind, and how to clean it."""
    optional = [name for name in COLUMNS[3:] if draw(st.booleans())]
    names = COLUMNS[:3] + optional
    names += ["status"] * draw(st.booleans())
    row = st.fixed_dictionaries({name: st.sampled_from(_values[name]) for name in names})
    rows = draw(st.lists(row, min_size=5, max_size=30))
    for name in set(names) & set(_unreadable):
        at = draw(st.lists(st.integers(0, len(rows) - 1), max_size=4, unique=True))
        for number in at:
            rows[number] = rows[number] | {name: draw(st.sampled_from(_unreadable[name]))}
    again = draw(st.lists(st.sampled_from(rows), max_size=5))
    plain = {"status": "done", "quantity": "1", "unit_price": "2.5", "total_amount": "2.5"}
    good = [
        {name: plain.get(name, f"{name[0]}{n % (7 + 4 * (name[0] == 'c'))}") for name in names}
        | {"transaction_date": f"{n % 27 + 1:02d}-01-2024"}
        for n in range(200)
    ]
    table = pd.DataFrame(rows + again + good, columns=names).sample(
        frac=1, random_state=draw(st.integers(0, 9))
    )
    cleaning = {
        "non_products": draw(st.sampled_from([[], ["POST"], ["post", "POST", "7"]])),
        "cancellation_prefix": draw(st.sampled_from([None, "C"]))
        if "transaction_id" in names
        else None,
        "merge_case": draw(st.booleans()),
        "decimal": ".",
        "drop_where": {"status": ["CANCELLED"]} if "status" in names else {},
        "returns_where": draw(st.sampled_from([{}, {"status": ["Refunded"]}]))
        if "status" in names
        else {},
        "fill_down": draw(st.sampled_from([[], ["customer_id", "transaction_date"]]))
        if "transaction_id" in names
        else [],
    }
    return table.reset_index(drop=True), cleaning, draw(st.sampled_from(FORMS))


def write(table, form, folder):
    """The table in one of the forms; what to read, in the order of the rows."""
    if form == "parquet":
        table.to_parquet(folder / "shop.parquet", index=False)
        return folder / "shop.parquet"
    if form == "dated":
        dates = pd.to_datetime(table["transaction_date"].str.strip(), format="%d-%m-%Y",
                               errors="coerce")  # fmt: skip
        table.assign(transaction_date=dates).to_parquet(folder / "shop.parquet", index=False)
        return folder / "shop.parquet"
    if form == "types":
        (folder / "parts").mkdir()
        for number, piece in enumerate(thirds(table)):
            piece = with_numbers(piece) if number == 1 else piece
            piece.to_parquet(folder / "parts" / f"{number}.parquet", index=False)
        return folder / "parts"
    text = table.to_csv(index=False)
    if form == "gz":
        (folder / "shop.csv.gz").write_bytes(gzip.compress(text.encode()))
        return folder / "shop.csv.gz"
    if form in ("csv", "CSV"):
        (folder / f"shop.{form}").write_text(text)
        return folder / f"shop.{form}"
    # parts: other orders of columns, a further one, none, an empty file, other endings
    parts = folder / "parts"
    parts.mkdir()
    pieces = thirds(table)
    pieces[1] = pieces[1][pieces[1].columns[::-1]]
    pieces[0].to_csv(parts / "1.csv", index=False)
    pieces[1].to_csv(parts / "2.CSV", index=False)
    (parts / "3.csv").write_text("")
    (parts / "4.csv").write_text(",".join(table) + "\n")
    packed = gzip.compress(pieces[2].to_csv(index=False).encode())
    (parts / "5.csv.gz").write_bytes(packed)
    if form == "folder":
        return parts
    return str(parts / "*.[cC]*") if form == "glob" else sorted(parts.iterdir())


def thirds(table):
    third = len(table) // 3
    return [table[:third], table[third : 2 * third], table[2 * third :]]


def with_numbers(piece):
    """The part with numbers where all values of a column are numbers."""
    for name in set(piece) & {"quantity", "unit_price", "total_amount"}:
        numbers = piece[name].map(lambda text: _number(_blank(text)))
        if (numbers.notna() | (piece[name].str.strip() == "")).all():
            piece = piece.assign(**{name: numbers.astype(float)})
    return piece


def as_seen(table, form, source):
    """What is in the files: the same as the table, but where types were changed."""
    if form == "dated":
        return pd.read_parquet(source)
    if form != "types":
        return table
    pieces = thirds(table)
    written = with_numbers(pieces[1])
    for name in written.select_dtypes("float"):
        text = written[name].map(lambda x: "" if pd.isna(x) else f"{x:g}" if x % 1 else f"{x:.0f}")
        written = written.assign(**{name: text})
    return pd.concat([pieces[0], written, pieces[2]])


def second_opinion(
    table,
    non_products=(),
    cancellation_prefix=None,
    merge_case=False,
    decimal=".",
    drop_where=None,
    returns_where=None,
    fill_down=(),
):
    """Each row's reason, by rules written down once more, row by row; None: kept."""
    rows = [
        {name: _blank(value) for name, value in row.items()} for row in table.to_dict("records")
    ]
    for name in ("customer_id", "product_id"):
        for row in rows:
            row[name] = _bare_id(row[name])
        ids = {row[name] for row in rows if row[name]}
        fractions = {each for each in ids if re.fullmatch(r"-?\d+[.,]\d+", each)}
        tails = {each for each in fractions if re.fullmatch(r"-?(0|[1-9]\d*)[.,]0+", each)}
        if len(fractions - tails) <= 0.05 * len(tails):
            for row in rows:
                if row[name] in tails:
                    row[name] = re.split("[.,]", row[name])[0]
        spellings = defaultdict(Counter)
        for row in rows:
            if row[name]:
                spellings[row[name].lower()][row[name]] += 1
        if merge_case:
            for row in rows:
                if row[name]:
                    counts = spellings[row[name].lower()]
                    row[name] = min(counts, key=lambda each: (-counts[each], each))
    for name in fill_down:
        _fill(rows, name)
    if merge_case:
        non_products = [each.lower() for each in non_products]
    blank = [all(pd.isna(each) or not str(each).strip() for each in row)
             for row in table.itertuples(index=False)]  # fmt: skip
    reasons, returned = [], []
    for row, is_empty in zip(rows, blank, strict=True):
        for name in ("quantity", "unit_price", "total_amount"):
            row[f"{name}_text"], row[name] = row.get(name), _number(row.get(name))
        status = (row.get("status") or "").lower()
        left_out = drop_where and status in [each.lower() for each in drop_where["status"]]
        alone = _alone(row, non_products, merge_case)
        reasons.append("empty row" if is_empty else "left out by drop_where" if left_out else alone)
        marked = cancellation_prefix and (row.get("transaction_id") or "").startswith("C")
        goes_back = any((row[name] or 0) < 0 for name in ("quantity", "total_amount"))
        goes_back |= bool(returns_where) and status in map(str.lower, returns_where["status"])
        returned.append(bool(marked) or goes_back)
    for number, row in enumerate(rows):
        # a price below zero is a return where somebody bought at that price
        returned[number] |= (row["unit_price"] or 0) < 0 and any(
            (row["customer_id"], row["product_id"], -row["unit_price"])
            == (other["customer_id"], other["product_id"], other["unit_price"])
            for other in rows
        )
    raw = [tuple(row) for row in table.fillna("").itertuples(index=False)]
    first = [raw.index(each) == number for number, each in enumerate(raw)]
    by_pair = defaultdict(list)
    for row, reason, is_return, is_first in zip(rows, reasons, returned, first, strict=True):
        if reason is None and is_first:
            by_pair[row["customer_id"], row["product_id"]].append((row, is_return))
    bought, left = {}, {}
    for pair, lines in by_pair.items():
        units = _units(table, [row for row, _ in lines])
        bought[pair] = sum(n for n, (_, is_return) in zip(units, lines, strict=True)
                           if not is_return)  # fmt: skip
        by_day = defaultdict(int)
        for n, (row, is_return) in zip(units, lines, strict=True):
            by_day[_date(row["transaction_date"]).normalize()] += -n if is_return else n
        left[pair] = 0  # what is still there; nothing can be sent back that is not there
        for day in sorted(by_day):
            left[pair] = max(0, left[pair] + by_day[day])
    for number, row in enumerate(rows):
        pair = row["customer_id"], row["product_id"]
        if reasons[number] is None:
            if returned[number]:
                reasons[number] = "return or cancellation"
            elif bought[pair] > 0 and round(left[pair], 6) <= 0:
                reasons[number] = "purchase that was returned"
            elif not first[number]:
                reasons[number] = "duplicate of another row"
            elif row["quantity"] == 0:
                reasons[number] = "quantity is zero"
            elif row["unit_price"] is not None and row["unit_price"] <= 0:
                reasons[number] = "unit_price not above zero"
            elif row["total_amount"] is not None and row["total_amount"] <= 0:
                reasons[number] = "total_amount not above zero"
    return reasons, rows


def _units(table, lines):
    """What each line of a customer and product counts: units, money, or one where that is blank."""
    if "quantity" in table:
        return [abs(1 if row["quantity"] is None else row["quantity"]) for row in lines]
    amounts = [row["total_amount"] for row in lines] if "total_amount" in table else [None]
    return [1] * len(lines) if None in amounts else [abs(each) for each in amounts]


def _fill(rows, name):
    """Blank cells get the one value that the other lines of the transaction have."""
    for order in {row.get("transaction_id") for row in rows} - {None, ""}:
        lines = [row for row in rows if row.get("transaction_id") == order]
        given = {row[name] for row in lines if row[name] and not pd.isna(row[name])}
        if name == "transaction_date":
            given = {_date(each) for each in given}
            given = {each for each in given if not pd.isna(each)}
        if len(given) == 1:
            for row in lines:
                if not row[name] or pd.isna(row[name]):
                    row[name] = next(iter(given))


def _date(value):
    if isinstance(value, str):
        return pd.to_datetime(value, format="%d-%m-%Y", errors="coerce")
    return value


def _blank(value):
    return (value.strip() or None) if isinstance(value, str) else value


def _bare_id(text):
    if not text or text in ("NULL", "nan"):
        return None
    for mark in "\u200b\u200e\u00ad":
        text = text.replace(mark, "")
    return text.replace("e\u0301", "\u00e9")


def _number(text):
    if text is None or text == "NA":
        return None
    bare = text
    for around in ("$", "EUR", "\u20ac", " ", "'"):
        bare = bare.replace(around, "")
    bare = bare.replace("\u2212", "-").replace("(2)", "-2")
    bare = re.sub("^([0-9.]+)-$", r"-\1", bare)
    if not re.fullmatch(r"[-+]?([1-9]\d{0,2}(,\d{3})+(\.\d*)?|\d+(\.\d*)?|\.\d+)(e\d+)?", bare):
        return None
    value = float(bare.replace(",", ""))
    return value if math.isfinite(value) else None


def _alone(row, non_products, merge_case):
    """The reason that lies in the row itself."""
    date = row["transaction_date"]
    if not row["customer_id"]:
        return "no customer id"
    if not row["product_id"]:
        return "no product id"
    if date is None or (not isinstance(date, str) and pd.isna(date)):
        return "no date"
    date = _date(date)
    if pd.isna(date):
        return "unreadable date"
    if date.year < 1990:
        return "date before 1990"
    if date > pd.Timestamp.now() + pd.Timedelta(days=1):
        return "date in the future"
    for name in ("quantity", "unit_price", "total_amount"):
        if row[f"{name}_text"] not in (None, "NA") and row[name] is None:
            return f"unreadable {name}"
    product = row["product_id"].lower() if merge_case else row["product_id"]
    return "not a product" if product in non_products else None
