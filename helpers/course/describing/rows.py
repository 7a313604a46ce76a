"""What is special about an export's rows: each a proposal with its reason, or a question."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass

import pandas as pd

from helpers.course.describing.meaning import bought_on_one_day, kinds_without
from helpers.course.describing.numbers import as_numbers
from helpers.course.describing.phrases import one_line, percent
from helpers.course.describing.words import (
    begins_like,
    event_meaning,
    parts_of,
    ranks,
    squeezed,
    squeezed_list,
    without_table,
    words,
)
from helpers.plausibility import (
    flagged,
    is_of_whom,
    several_in_a_cell,
    stand_beside,
    states_of,
    takes_back,
    totals_in,
)
from helpers.reading.ids import NOTHING, TOTALS


@dataclass
class Proposal:
    """A value of a parameter.

    Attributes
    ----------
    value : object
        As the parameter file has it.
    why : list of str
    is_sure : bool
        Whether to write it; else it stands in a comment.
    option : str
        Under which of two options, where that depends on what was seen.
    """

    value: object
    why: list[str]
    is_sure: bool = True
    option: str = "drop_where"


def fill_down(frame: pd.DataFrame, chosen: dict[str, str], statuses=()) -> Proposal | None:
    """Columns that only the first line of a transaction has.

    Parameters
    ----------
    frame : DataFrame of str
    chosen : dict of str to str
        Ours: theirs.
    statuses : iterable of str
        Columns by which rows are left out: an order's further lines go with its first.
    """
    order = chosen.get("transaction_id")
    if order is None:
        return None
    key = frame[order]
    first = ~key.duplicated() & key.notna()
    values, why = [], []
    asked = {ours: chosen[ours] for ours in ("customer_id", "transaction_date") if ours in chosen}
    asked |= {theirs: theirs for theirs in statuses if theirs not in chosen.values()}
    for ours, theirs in asked.items():
        column = frame[theirs]
        blank = column.isna() & key.notna()
        if blank.mean() < 0.02:
            continue
        opened = set(key[first & column.notna()])
        belongs = key[blank & ~first].isin(opened).sum() / max(int(blank.sum()), 1)
        if belongs > 0.7:
            values.append(ours)
            why.append(
                f"{theirs} is blank in {percent(blank.mean())} of the rows, of which "
                f"{percent(belongs)} follow a line of the same {order} that has it"
            )
    return Proposal(values, why) if values else None


def lines_below(frame: pd.DataFrame, chosen: dict[str, str]) -> list[str]:
    """Sentences on lines that lack what stands above them, and no order to find it by."""
    if not {"customer_id", "product_id"} <= set(chosen):
        return []
    names = [chosen[ours] for ours in ("customer_id", "transaction_date", "transaction_id")
             if ours in chosen]  # fmt: skip
    who, order = frame[chosen["customer_id"]], chosen.get("transaction_id")
    lost = who.isna() & frame[chosen["product_id"]].notna()
    if order is not None:
        lost &= frame[order].isna()
    empty = [name for name in names if frame.loc[lost, name].isna().all()]
    # where the date stands beside them, they may be guests; a customer once is a heading
    if lost.mean() < 0.2 or (
        chosen.get("transaction_date") not in empty and not who.dropna().is_unique
    ):
        return []
    return [f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} blank in "
            f"{percent(lost.mean())} of the rows, which have a product: as if the row above held "
            "for them. Repeat it in every row where you export; `fill_down` goes by the number of "
            "an order, which has to stand in every row"]  # fmt: skip


def drop_where(frame: pd.DataFrame, chosen: dict[str, str]) -> list[Proposal]:
    """Statuses of what was not bought, or given back; of each column that looks like a status."""
    found = []
    for column in frame:
        bare = without_table(column)
        names = {squeezed(bare), squeezed(" ".join(parts_of(bare)[-1:]))}
        counts = frame[column].value_counts()
        if not 1 < len(counts) <= 40:
            continue
        states = states_of(counts.index)
        undone = list(states.index[states == "undone"]) or flagged(column, counts.index)
        # a column of another name is one if it says so as clearly as a doubt about it needs
        named = bool(names & set(squeezed_list("status")))
        if not named and (not undone or column in chosen.values()):
            continue
        if undone and _is_of_whom(frame[column].isin(undone), frame, chosen):
            continue
        back = _takes_back(frame[column].isin(undone), frame, chosen)
        out = list(undone)
        if not back:
            out = [v for v in counts.index if v in undone or begins_like(v, "not_bought")]
        said = ", ".join(f"{value[:30]} ({n:,})" for value, n in counts.head(12).items())
        if out:
            share = counts[out].sum() / counts.sum()
            perhaps = not back and _takes_back(
                frame[column].isin(undone), frame, chosen, stand_beside
            )
            found.append(
                Proposal(
                    {column: out},
                    [
                        f"{said}: {percent(share)} of the rows seem not to "
                        "have been bought, or were given back",
                        *[_PERHAPS_BACK] * perhaps,
                    ],
                    option="returns_where" if back else "drop_where",
                )
            )
        else:
            found.append(Proposal({column: ["?"]}, [f"{said}: is there one that was not bought, or "
                                                   "given back?"], is_sure=False))  # fmt: skip
    return found


def _is_of_whom(undone, frame, chosen):
    """Whether a column speaks of customers or products: who left may have bought before."""
    day, who = chosen.get("transaction_date"), ("customer_id", "product_id")
    who = tuple(chosen[ours] for ours in who if ours in chosen)
    return day is not None and is_of_whom(undone.to_numpy(), frame, who, day)


_PERHAPS_BACK = (
    "nearly all of these have another line of the same customer and product: if that is the "
    "purchase that they take back, write `returns_where` in place of `drop_where`"
)


def _takes_back(undone, frame, chosen, by=None):
    """Whether rows of returns stand beside the purchases that they take back."""
    for ours in ("quantity", "total_amount"):  # below zero they are returns, whatever they refer to
        if ours in chosen:
            below = as_numbers(frame[chosen[ours]], ".") < 0
            if below[undone].mean() > 0.9 and below[~undone].mean() < 0.1:
                return True
    if not {"transaction_date", "customer_id", "product_id"} <= set(chosen):  # none of purchases
        return False
    who = [chosen[ours] for ours in ("customer_id", "product_id")]
    known = frame[who].notna().all(axis=1)  # nobody knows what those without a customer have
    undone, frame = undone[known].to_numpy(), frame[known]
    if by is not None:
        return bool(undone.any()) and by(undone, frame, who)
    return takes_back(undone, frame, who, chosen.get("transaction_id"))


def lists_instead(frame: pd.DataFrame) -> list[str]:
    """Sentences on columns with all products of an order in one cell."""
    found = {theirs: several_in_a_cell(frame[theirs])[1] for theirs in frame}
    return [f"{theirs} has several values in one cell, such as {one_line(example)}: if these are "
            "the products, export a row for each product of an order, since a cell is read as one "
            "product" for theirs, example in found.items() if example]  # fmt: skip


def totals(frame: pd.DataFrame, chosen: dict[str, str], mark: str) -> list[Proposal]:
    """Rows that are the sum of others, by the first column of each that says so."""
    numbers = [chosen[ours] for ours in ("total_amount", "quantity", "unit_price")
               if ours in chosen]  # fmt: skip
    amounts = [as_numbers(frame[theirs], mark) for theirs in numbers]
    needed = [chosen[ours] for ours in ("customer_id", "product_id", "transaction_date")
              if ours in chosen]  # fmt: skip
    columns = list(frame.columns.difference(numbers, sort=False))
    found, left = [], pd.Series(True, frame.index)
    summed = totals_in([frame[column] for column in columns], amounts)
    for column, rows in zip(columns, summed, strict=True):
        why, is_sure = "each is the sum of other rows by its amount", True
        if not rows.any():
            rows = frame[column].str.casefold().isin(TOTALS)
            why = "each lacks a customer, a product or a date"
            if not frame.loc[rows, needed].isna().any(axis=1).all():
                why = "are these totals? Not all are sums of other rows by their amount"
                is_sure = False
        rows &= left
        if not rows.any() or not (is_sure or column in needed):
            continue
        left &= ~rows
        values = list(frame.loc[rows, column].unique())
        why = f"{column} has a word for a total, rows: {rows.sum():,}; {why}"
        if len(values) > 40:
            why += f"; too many to list, such as {one_line(values[0])}: export without them"
            values, is_sure = ["?"], False
        found.append(Proposal({column: values}, [why], is_sure))
    return found


def no_purchases(frame: pd.DataFrame, chosen: dict[str, str]) -> Proposal | None:
    """In a log of everything that happened: the rows that are no purchases, or take one back."""
    for column in frame:
        if not 1 < frame[column].nunique() <= 50:
            continue
        counts = frame[column].value_counts()
        means = {value: event_meaning(value) for value in counts.index}
        known = [value for value, ours in means.items() if ours]
        bought = [value for value in counts.index if means[value] == "purchase"]
        # who begins to pay has not bought, where that stands in a row of its own
        done = [value for value in bought if squeezed(value) not in squeezed_list("begun_events")]
        others = [value for value in counts.index if value not in (done or bought)]
        states = states_of(others)
        is_log = any(map(event_meaning, others)) or (states == "undone").all()
        is_log |= squeezed(column) in ranks("event_type").keys() - {"type", "kind", "name"}
        if not is_log:  # sale and sale line, or ordered and shipped: nobody knows which count
            continue
        if "purchase" in means.values() and others and counts[known].sum() > 0.5 * counts.sum():
            said = ", ".join(f"{one_line(value)} ({n:,})" for value, n in counts.head(12).items())
            if (states == "undone").all() and _takes_back(
                frame[column].isin(others), frame, chosen
            ):
                return Proposal({column: others}, [
                    f"{said}: rows that take back a purchase of the same customer and product"],
                    option="returns_where")  # fmt: skip
            return Proposal({column: others}, [
                f"{said}: the file is a log of events, of which the purchases count here; give it "
                "as --events, too"])  # fmt: skip
    return None


def no_lines(frame: pd.DataFrame, chosen: dict[str, str]) -> Proposal | None:
    """Rows of an order or a payment beside those of its lines: by their kind, none has a product.

    They can't be kept in any case. Said like this, they are no purchases that nobody could read.
    """
    product = chosen.get("product_id")
    if product is None or frame[product].isna().mean() < 0.02:
        return None
    kind, out = kinds_without(frame, product, chosen.values())
    if not kind:
        return None
    counts = frame[kind].value_counts()
    said = ", ".join(f"{one_line(value)} ({counts[value]:,})" for value in out[:12])
    return Proposal({kind: out}, [f"{said}: no such row has a product"])


def has_steps(log: Proposal) -> bool:
    """Whether what is left out of a log are steps before a purchase, and not returns alone."""
    values = [value for of_column in log.value.values() for value in of_column]
    return any(map(event_meaning, values))


def cancellation_prefix(frame: pd.DataFrame, chosen: dict[str, str], mark: str) -> Proposal | None:
    """A letter before the numbers of transactions that take something back."""
    order, quantity = chosen.get("transaction_id"), chosen.get("quantity")
    if order is None:
        return None
    letters = frame[order].str.extract(r"^([A-Za-z]{1,4}|-)[-_ ]?\d", expand=False).fillna("")
    counts = letters[frame[order].notna()].value_counts()
    for prefix, n in counts.items():
        if not prefix or n > 0.3 * counts.sum():
            continue
        marked = letters == prefix
        why = (
            f"{n:,} rows ({percent(n / counts.sum())}) are of transactions that begin with {prefix}"
        )
        if quantity is None:
            return Proposal(prefix, [why, "are these cancellations?"], is_sure=False)
        negative = as_numbers(frame[quantity], mark) < 0
        if negative[marked].mean() > 0.8 and negative[~marked].mean() < 0.2:
            share = percent(negative[marked].mean())
            return Proposal(prefix, [f"{why}, and {share} of these have a negative quantity"])
    return None


def non_products(frame: pd.DataFrame, chosen: dict[str, str], mark: str) -> list[Proposal]:
    """Codes that look like no products: what is sure, and what somebody should look at.

    A code speaks by its own words (``SHIPPING``), by the words of its name, by being of letters
    where nearly all have digits, and by prices that have no rule.
    """
    code = chosen.get("product_id")
    if code is None:
        return []
    table = pd.DataFrame({"code": frame[code]})
    table["name"] = frame[chosen["product_name"]] if "product_name" in chosen else None
    price = chosen.get("unit_price")
    table["price"] = as_numbers(frame[price], mark) if price else float("nan")
    table = table.dropna(subset=["code"])
    if table.empty:
        return []
    of_code = table.groupby("code")
    seen = pd.DataFrame({"rows": of_code.size(), "name": of_code["name"].first(),
                         "prices": of_code["price"].nunique()})  # fmt: skip
    seen["wild"] = (seen["prices"] > 10) & (seen["prices"] > 0.25 * seen["rows"])
    has_digits, length = seen.index.str.contains(r"\d"), seen.index.str.len()
    seen["odd"] = ~has_digits | (length < 0.5 * length.to_series().median())
    seen["odd"] &= pd.Series(has_digits).mean() > 0.9
    seen["says"] = [_says_no_product(each, of_a_code=True) for each in seen.index]
    seen["named"] = [_says_no_product(each) for each in seen["name"].fillna("")]
    most_say = seen["says"].mean() > 0.3  # a shop of vouchers, or codes that are names
    sure = seen["odd"] & (seen["says"] | seen["named"] | seen["wild"])
    sure |= seen["says"] & ~has_digits & (not most_say)
    sure |= seen["says"] & seen["named"]
    doubtful = ~sure & (seen["odd"] | seen["says"] | seen["named"] | seen["wild"])
    proposals = []
    for rows, is_sure in ((seen[sure], True), (seen[doubtful], False)):
        rows = rows.sort_values("rows", ascending=False)
        if rows.empty or (not is_sure and len(rows) > 0.3 * len(seen)):
            continue
        rows = rows.head(60 if is_sure else 15)
        why = [f"{code}: {_of_what(row)}" for code, row in rows.head(12).iterrows()]
        proposals.append(Proposal(list(rows.index), why, is_sure))
    return proposals


def _of_what(row):
    parts = [str(row["name"])[:30]] if row["name"] and row["name"] == row["name"] else []
    parts += [f"{row['rows']:,} rows"]
    parts += [f"{row['prices']:,} prices"] * bool(row["wild"])
    return ", ".join(parts)


def _says_no_product(text, of_a_code=False):
    parts = parts_of(text)
    if not of_a_code and len(parts) > 6:
        return False
    joined = "_".join(parts)
    known = _words_of_no_product()
    if any(ord(letter) > 0x2E80 for letter in joined):  # scripts without blanks between words
        return any(word in joined for word in known if ord(word[0]) > 0x2E80)
    runs = {"_".join(parts[a:b]) for a in range(len(parts)) for b in range(a + 1, len(parts) + 1)}
    # in a name the word must be most of it: "Postage stamp set of 12" is a product
    return any(of_a_code or len(parts) <= len(word.split("_")) + 2 for word in runs & known)


@functools.cache
def _words_of_no_product():
    return {"_".join(parts_of(word)) for word in words()["no_product"]}


def merge_case(frame: pd.DataFrame, chosen: dict[str, str]) -> Proposal | None:
    """Ids of customers and products that are equal but for case."""
    found = [
        each
        for each in (_one_person(frame, chosen), _one_product(frame, chosen))
        if each is not None
    ]
    if not found:
        return None
    why = [reason for each in found for reason in each.why]
    return Proposal(True, why, is_sure=all(each.is_sure for each in found))


def _but_for_case(column, what):
    """The ids that are equal but for case, and a sentence on them."""
    ids = pd.Series(column.dropna().unique(), dtype="str")
    folded = ids.str.lower()
    twice = ids[folded.duplicated(keep=False)]
    if twice.empty:
        return twice, ""
    other = twice[folded == twice.iloc[0].lower()].iloc[1]
    return twice, (f"{twice.str.lower().nunique():,} {what} ids are equal but for case, such as "
                   f"{one_line(twice.iloc[0])} and {one_line(other)}")  # fmt: skip


def _one_person(frame, chosen):
    if "customer_id" not in chosen:
        return None
    twice, said = _but_for_case(frame[chosen["customer_id"]], "customer")
    # in an address of e-mail case says nothing
    return Proposal(True, [said], twice.str.contains("@").all()) if len(twice) else None


def _one_product(frame, chosen):
    code = chosen.get("product_id")
    if code is None:
        return None
    twice, said = _but_for_case(frame[code], "product")
    if twice.empty:
        return None
    why, name = [said], chosen.get("product_name")
    if name is None:
        return Proposal(True, why, is_sure=False)
    names = (
        frame[frame[code].isin(twice)]
        .groupby(code)[name]
        .agg(lambda x: x.mode().iloc[0].lower() if x.notna().any() else "")
    )
    same = names.groupby(names.index.str.lower()).nunique() == 1
    why.append(f"{int(same.sum()):,} of them have the same name")
    return Proposal(True, why, is_sure=same.mean() > 0.9)


def with_returns(frame: pd.DataFrame, chosen: dict[str, str], mark: str) -> str:
    """A sentence on negative quantities, if there are any."""
    if "quantity" not in chosen:
        return ""
    quantity = as_numbers(frame[chosen["quantity"]], mark)
    n = int((quantity < 0).sum())
    return (
        f"{n:,} rows have a negative quantity: they count as returns, and take purchases back"
        if n
        else ""
    )


def who_is_odd(frame: pd.DataFrame, chosen: dict[str, str]) -> list[str]:
    """Sentences on customer ids that may be something else."""
    if "customer_id" not in chosen or "transaction_date" not in chosen:
        return []
    customers = frame[chosen["customer_id"]].dropna()
    counts, said = customers.value_counts(), []
    if len(counts) > 10 and counts.iloc[0] > max(0.1 * len(customers), 5 * counts.iloc[1]):
        share = percent(counts.iloc[0] / len(customers))
        who = one_line(counts.index[0])
        name = json.dumps(chosen["customer_id"], ensure_ascii=False)
        said.append(f"{who} has {share} of the rows: is it all guests? Then name a column that "
                    f"tells them apart, or add {name}: {json.dumps([who], ensure_ascii=False)} to "
                    "`drop_where`, under `cleaning`")  # fmt: skip
    if counts.index.to_series().str.fullmatch(r"[^\W\d]+([ ,.'-]+[^\W\d]+)+\.?").mean() > 0.7:
        said.append("these are names: two people of one name would be one customer. An id or an "
                    "address of e-mail tells them apart, if the export has one")  # fmt: skip
    if bought_on_one_day(frame, chosen["customer_id"], chosen["transaction_date"]):
        said.append("nearly every customer bought on one day only: is it the order's number?")
    return said


def order_is_odd(frame: pd.DataFrame, chosen: dict[str, str]) -> list[str]:
    """Sentences on a number that stands for no order, since many customers have it."""
    if not {"transaction_id", "customer_id", "transaction_date"} <= set(chosen):
        return []
    order, who, day = (
        chosen[ours] for ours in ("transaction_id", "customer_id", "transaction_date")
    )
    counts = frame[order].value_counts()
    if not len(counts) or counts.iloc[0] < max(10, 0.01 * counts.sum()):
        return []
    value = counts.index[0]
    rows = frame[frame[order] == value]
    people, days = rows[who].nunique(), rows[day].str[:10].nunique()
    if value in NOTHING or people < 6 or days < 6:
        return []
    name, value = (json.dumps(each, ensure_ascii=False) for each in (order, value))
    return [f"{value} is no order: {people:,} customers have it, in {counts.iloc[0]:,} rows. Carts "
            f"that nobody paid? Then add {name}: [{value}] to `drop_where`, under "
            "`cleaning`"]  # fmt: skip


def odd_words(frame: pd.DataFrame, n: int = 5) -> list[str]:
    """Words with letters beyond ASCII, as they were decoded."""
    found = {}
    for column in frame:
        texts = frame[column].dropna()
        texts = texts[~texts.map(str.isascii)].drop_duplicates().head(200)
        for text in texts:
            for word in re.findall(r"\S+", text):
                letters = frozenset(c for c in word if not c.isascii() and c.isalpha())
                if letters:
                    found.setdefault(letters, word[:30])
    return [one_line(word) for word in list(found.values())[:n]]
