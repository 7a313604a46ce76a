"""A parameter file for an export that nobody has described yet."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pandas as pd
import pyarrow as pa

from helpers.course.describing import dates, rows
from helpers.course.describing.looking import Sample, look_at
from helpers.course.describing.meaning import CATALOGUE, EVENTS, PURCHASES, REQUIRED, meaning_of
from helpers.course.describing.numbers import decimal_of, marks_of, share_of_numbers
from helpers.course.describing.phrases import examples, one_line, percent
from helpers.course.describing.tables import arrange
from helpers.course.describing.words import event_guess, event_meaning
from helpers.course.describing.writing import TODO, Page, quoted
from helpers.data import TRANSACTIONS
from helpers.reading.columns import ONE_COLUMN, match_columns
from helpers.reading.dates import OLDEST, dates_in_names
from helpers.reading.errors import DataError
from helpers.reading.joining import AND, as_one

# So many columns and event types are named; of more, how many there are.
_NAMED = 40
_OPTIONAL_NUMBERS = ("quantity", "unit_price", "total_amount")


def describe(
    purchases: list[str], events: list[str] = (), products: list[str] = (), out: str = "",
    queries: dict[str, str | None] | None = None,
) -> str:  # fmt: skip
    """Propose a parameter file.

    Parameters
    ----------
    purchases, events, products : list of str
        Files, folders or globs. Purchases of several tables are joined by the keys they share.
    out : str
        What the file will be called, for the advice in it.
    queries : dict of str to str, optional
        By "transactions", "events", "products": what to ask the database for whose URL is given.

    Returns
    -------
    str
        YAML with comments, by which `course run` reads the export.

    Raises
    ------
    DataError
        If a file is missing or no table.
    """
    page, name = Page(), out or "my_shop.yaml"
    queries = {table: query for table, query in (queries or {}).items() if query}
    for table, given in (("events", events), ("products", products)):
        if table in queries and not given:
            raise DataError(
                f"--{table}-query is given without --{table}, the URL of the database to ask."
            )
    asked = [*purchases, *(f"--events {each}" for each in events)]
    asked += [f"--products {each}" for each in products]
    page.say(f"Proposed by `course describe {' '.join(asked)}`. Read it once from top to bottom: a "
             "line says what it proposes and why. Change what is wrong, take away a `#` where you "
             "agree, and decide what says TODO. Then:")  # fmt: skip
    page.lines.append(f"#   course health -f {shlex.quote(name)}   # every row: kept, or why not")
    page.lines.append(f"#   course run -f {shlex.quote(name)}      # lists, figures and the memo")
    page.blank()

    asked = queries.get("transactions")
    in_parts = [purchases] if asked else [[each] for each in purchases]
    sample, parts, joins = arrange([look_at(each, asked) for each in in_parts])
    _, said = match_columns(sample.header, TRANSACTIONS) if len(sample.header) == 1 else ([], [])
    if said and ONE_COLUMN in said[-1]:
        raise DataError(f"{sample.name}: {' '.join(said)}")
    sample, meaning = _with_date_of_parts(sample)
    found = _Table(page, sample, meaning, ("", "columns", "date_format", "cleaning"))
    page.put('shop_name: "My shop"', "as the memo's title has it", is_sure=False)
    page.put('currency: "EUR"', "of all amounts; three letters, in quotes", is_sure=False)
    page.blank()
    page.say(f"Purchases, {sample.name}: {sample.seen()} were looked at.")
    page.put(f"transactions_path: {quoted(parts if len(parts) > 1 else parts[0])}")
    _put_query(page, queries, "transactions")
    for join in joins:
        join.write(page)
    days = found.columns_and_dates()
    found.cleaning()

    ids = {ours: set(sample.frame[theirs].dropna()) for ours, theirs in meaning.chosen.items()
           if ours in ("customer_id", "product_id")}  # fmt: skip
    if events:
        _events(page, list(events), ids, queries)
    if products:
        _catalogue(page, list(products), ids, queries)
    _held_out(page, days, sample.is_whole)
    return page.text()


def _with_date_of_parts(sample):
    """What the purchases' columns mean; year, month and day of their own are one column."""
    meaning = meaning_of(sample.frame, PURCHASES, sample.dates)
    date = meaning.chosen.get("transaction_date")
    if date and (date in sample.dates or dates.dates_of(sample.frame[date]).formats):
        return sample, meaning
    parts = dates.parts_of_a_date(sample.frame)
    if not parts:
        return sample, meaning
    together = as_one([pa.array(sample.frame[each], pa.string()) for each in parts])
    together = pd.Series(together.to_pandas(), sample.frame.index, dtype="str")
    sample = replace(sample, frame=sample.frame.assign(**{AND.join(parts): together}))
    return sample, meaning_of(sample.frame, PURCHASES, sample.dates)


def _put_query(page, queries, table):
    if table in queries:
        page.put(f"{table}_query: {quoted(queries[table])}")


def _events(page, given, ids, queries):
    page.blank()
    sample = look_at(given, queries.get("events"), "--events-query")
    meaning = meaning_of(sample.frame, EVENTS, sample.dates, ids)
    found = _Table(page, sample, meaning,
                   ("event_", "event_columns", "event_date_format", "event_cleaning"))  # fmt: skip
    page.say(f"Events, {sample.name}: {sample.seen()} were looked at.")
    page.put(f"events_path: {quoted(given if len(given) > 1 else given[0])}")
    _put_query(page, queries, "events")
    found.columns_and_dates()
    for ours in ("customer_id", "product_id"):
        if ours in meaning.chosen and ids.get(ours):
            here = sample.frame[meaning.chosen[ours]].dropna()
            page.say(f"{percent(here.isin(ids[ours]).mean())} of the events' {ours} occur in the "
                     "purchases")  # fmt: skip
    if "event_type" in meaning.chosen:
        _event_types(page, sample.frame[meaning.chosen["event_type"]])
    found.cleaning()


def _event_types(page, column):
    counts = column.value_counts()
    page.put("event_types:")
    for theirs, n in counts.head(_NAMED).items():
        ours = event_meaning(theirs)
        guess = ours or event_guess(theirs)
        if guess == "purchase":
            why = "events are left out, since purchases are counted from the purchases' file"
            page.say(f"{quoted(theirs)}: {n:,} {why}", 2)
        elif ours == theirs:
            page.say(f"{quoted(theirs)} has our name: {n:,} events", 2)
        elif guess:
            page.put(f"{quoted(theirs)}: {guess}", f"{n:,} events", 2, is_sure=bool(ours))
        else:
            page.say(
                f"{quoted(theirs)}: {n:,} events are left out, unless you say what they are", 2
            )
    if len(counts) > _NAMED:
        page.say(f"and {len(counts) - _NAMED:,} further types", 2)
    if not any(event_meaning(theirs) not in ("", "purchase") for theirs in counts.index):
        page.say("none of them is clear: say which is a view, a cart or a search", 2)
        page.put(f"{TODO}: product_view", indent=2)


def _catalogue(page, given, ids, queries):
    page.blank()
    sample = look_at(given, queries.get("products"), "--products-query")
    meaning = meaning_of(
        sample.frame, CATALOGUE, sample.dates, {"product_id": ids.get("product_id")}
    )
    found = _Table(
        page,
        sample,
        meaning,
        ("product_", "product_columns", "product_date_format", "product_cleaning"),
    )
    page.say(f"Catalogue, {sample.name}: {sample.seen()} were looked at.")
    page.put(f"products_path: {quoted(given if len(given) > 1 else given[0])}")
    _put_query(page, queries, "products")
    found.columns_and_dates()
    if "product_id" in meaning.chosen and ids.get("product_id"):
        known = set(sample.frame[meaning.chosen["product_id"]].dropna())
        share = len(ids["product_id"] & known) / len(ids["product_id"])
        page.say(f"{percent(share)} of the products that were bought are in it")
    found.cleaning()


def _held_out(page, days, is_whole):
    """How many days to judge by: the last two months, or a fifth of a short export."""
    page.blank()
    page.say("How many of the last days are held out, to judge by.")
    if days is not None:  # a run leaves the others out
        days = days.where((days >= OLDEST) & (days <= pd.Timestamp.now()))
    span = (days.max() - days.min()).days if days is not None and days.notna().any() else None
    if span is None:
        page.put("test_days: 60", is_sure=False)
        return
    test_days = min(60, max(span // 5, 1))
    late = int((days > days.max() - pd.Timedelta(days=test_days)).sum())
    why = f"of {span + 1:,} days from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
    share = f"; {percent(late / days.notna().sum())} of the rows" if is_whole else ""
    page.put(f"test_days: {test_days}", why + share)


class _Table:
    """One table's part of the page."""

    def __init__(self, page: Page, sample: Sample, meaning, keys):
        self.page, self.sample, self.meaning = page, sample, meaning
        self.frame = sample.frame
        _, self.columns_key, self.format_key, self.cleaning_key = keys
        self.mark, self.is_own = ".", keys[0] == ""

    def columns_and_dates(self) -> pd.Series | None:
        """Which column means what, and how dates are written; returns the dates."""
        page, chosen = self.page, self.meaning.chosen
        page.blank()
        page.put(f"{self.columns_key}:  # their name: our name")
        present = {**chosen, **self.meaning.others}
        for ours in sorted(present, key=lambda each: (each not in REQUIRED, each not in chosen)):
            self._column(ours)
        known = set(chosen.values()).union(*self.meaning.others.values())
        rest = [theirs for theirs in self.frame if theirs not in known]
        if rest:
            said = (f"{theirs} ({examples(self.frame[theirs], 2) or 'blank'})"
                    for theirs in rest[:_NAMED])  # fmt: skip
            more = f"; and {len(rest) - _NAMED:,} more" if len(rest) > _NAMED else ""
            page.say("not needed: " + "; ".join(said) + more, 2)
        return self._dates()

    def _column(self, ours):
        page, theirs = self.page, self.meaning.chosen.get(ours)
        if theirs is not None:
            doubt = self.meaning.doubted.get(ours)
            why = self._of_column(theirs)
            said = [self.meaning.remarks[ours]] if ours in self.meaning.remarks else []
            if ours == "customer_id":
                said += rows.who_is_odd(self.frame, self.meaning.chosen)
            if ours == "transaction_id":
                said += rows.order_is_odd(self.frame, self.meaning.chosen)
            page.put(f"{quoted(theirs)}: {ours}", [*said, *([doubt] if doubt else []), why], 2,
                     is_sure=not doubt)  # fmt: skip
            if doubt and theirs.strip().lower().replace(" ", "_") in (ours, "transaction_amount"):
                self.meaning.doubted[ours] = "ignore"
        elif ours in REQUIRED:
            page.say(f"no column is surely {ours}; name the right one", 2)
            said = [self.meaning.remarks[ours]] if ours in self.meaning.remarks else []
            if "date" in ours:
                named = dates_in_names(self.sample.files)
                said += dates.periods_instead(self.frame) + [named] * bool(named)
            if ours == "product_id":
                said += rows.lists_instead(self.frame)
            for each in said:
                page.say(each, 2)
        for other in self.meaning.others.get(ours, []):
            page.put(f"{quoted(other)}: {ours}", f"or: {self._of_column(other)}", 2, is_sure=False)
        if theirs is None and ours in REQUIRED:
            page.put(f"{TODO} {ours}: {ours}", indent=2)

    def _of_column(self, theirs):
        column = self.frame[theirs]
        filled = column.notna().mean()
        share = "" if filled == 1 else f"{percent(filled)} filled, "
        return f"{share}{column.nunique():,} different: {examples(column)}"

    def _dates(self):
        ours = next((each for each in ("transaction_date", "event_date", "launched")
                     if each in self.meaning.chosen), None)  # fmt: skip
        if ours is None:
            return None
        theirs, page = self.meaning.chosen[ours], self.page
        found = dates.dates_of(self.frame[theirs], theirs in self.sample.dates)
        page.blank()
        if found.formats == [""]:
            page.say(f"{theirs}: {found.why[0]}")
        elif len(found.formats) == 1:
            page.put(f"{self.format_key}: {quoted(found.formats[0])}", found.why)
        elif ours == "launched" and not found.formats:
            page.put(f"{self.format_key}: {TODO}", found.why, is_sure=False)
        else:
            for each in found.why:
                page.say(each)
            for each in found.formats:
                page.put(f"{self.format_key}: {quoted(each)}", is_sure=False)
            page.put(f"{self.format_key}: {TODO}")
        if found.zones and self.is_own:
            zone = found.zone or "Europe/Berlin"
            why = "name the shop's zone to have its days"
            why += f"; {zone} has these offsets" if found.zone else ""
            page.put(f"time_zone: {quoted(zone)}", [*found.zones, why], is_sure=False)
        return found.days

    def cleaning(self) -> None:
        """How the file is read, and which rows are left out."""
        inner = Page()
        self._reading(inner)
        self._numbers(inner)
        statuses = []
        if self.cleaning_key in ("cleaning", "event_cleaning"):
            statuses = self._statuses(inner)
        if self.is_own:
            self._purchases(inner, statuses)
        if not inner.lines:
            return
        self.page.blank()
        has_lines = any(not line.lstrip().startswith("#") for line in inner.lines if line)
        self.page.lines.append(f"{'' if has_lines else '# '}{self.cleaning_key}:")
        self.page.lines += inner.lines

    def _reading(self, page):
        sample = self.sample
        encoding = sample.findings.get("encoding")
        odd = rows.odd_words(sample.frame)
        words = f"words with other letters are read as {', '.join(odd)}; do they look right?"
        if encoding and encoding not in ("utf-8", "utf-8-sig", "ascii"):
            why = ["detected from all bytes", *([words] if odd else [])]
            page.put(f"encoding: {quoted(encoding)}", why, 2)
        elif odd:
            page.say(words, 2)
        if sample.header_row > 1:
            why = f"the names of the columns stand there: {', '.join(sample.header[:4])}"
            page.put(f"header_row: {sample.header_row}", one_line(why, 200), 2)
        if sample.sheet:
            alike = isinstance(sample.sheet, list)
            why = ["these have the same columns"] if alike else []
            named = sample.sheet if alike else [sample.sheet]
            others = [each for each in sample.sheets if each not in named]
            page.put(f"sheet: {quoted(sample.sheet)}", [*why, f"others: {', '.join(others)}"], 2)

    def _numbers(self, page):
        chosen = {
            ours: self.meaning.chosen[ours]
            for ours in (*_OPTIONAL_NUMBERS, "price", "margin")
            if ours in self.meaning.chosen
        }
        chosen = {ours: theirs for ours, theirs in chosen.items()
                  if self.meaning.doubted.get(ours, "ignore") == "ignore"}  # fmt: skip
        ignored = [ours for ours in chosen if self.meaning.doubted.get(ours)]
        for ours, theirs in chosen.items():
            column = self.frame[theirs].dropna()
            if ours not in ignored and (share := 1 - share_of_numbers(column)) > 0.05:
                ignored.append(ours)
                page.say(f"{theirs} can't be read as numbers in {percent(share)} of the rows: "
                         f"{examples(column)}", 2)  # fmt: skip
        marks = {ours: decimal_of(self.frame[theirs]) for ours, theirs in chosen.items()
                 if ours not in ignored}  # fmt: skip
        marks = {ours: (mark, why) for ours, (mark, why) in marks.items() if mark}
        given = {mark for mark, _ in marks.values()}
        said = {}
        for ours, (_, reason) in marks.items():
            said.setdefault(reason, []).append(chosen[ours])
        why = [f"{', '.join(theirs)}: {reason}" for reason, theirs in said.items()]
        clear = given - {TODO}
        asked = [marks_of(self.frame[chosen[ours]]) for ours in marks if marks[ours][0] == TODO]
        if asked and len(clear) == 1 and not any(each["."] or each[","] for each in asked):
            given = clear  # who writes 54,23 in one column means one by 1,000 in another
            why.append("so all are read by it: one file has one mark")
        if TODO in given:
            page.put(f"decimal: {TODO}", [*why, 'a comma is ",", a point is "."'], 2)
        elif len(given) > 1:
            page.put(
                f"decimal: {quoted({ours: mark for ours, (mark, _) in marks.items()})}", why, 2
            )
        elif given:
            self.mark = given.pop()
            page.put(f"decimal: {quoted(self.mark)}", why, 2)
        if ignored:
            page.put(f"ignore: [{', '.join(ignored)}]", "optional, and left out", 2)

    def _statuses(self, page):
        proposals = rows.drop_where(self.frame, self.meaning.chosen)
        asked = {column for each in proposals if each.is_sure for column in each.value}
        log = rows.no_purchases(self.frame, self.meaning.chosen) if self.is_own else None
        if log and rows.has_steps(log):  # refunds of a log are not all that is no purchase
            proposals = [each for each in proposals if not set(log.value) & set(each.value)]
            proposals.append(log)
        elif log and not asked & set(log.value):
            proposals.append(log)
        known = self.meaning.chosen if self.is_own else {}
        if lines := rows.no_lines(self.frame, known):
            (column,) = lines.value
            sure = [each.value for each in proposals if each.is_sure and column in each.value]
            seen = [value for each in sure for value in each[column]]
            lines.value[column] = [each for each in lines.value[column] if each not in seen]
            proposals = [each for each in proposals if each.is_sure or column not in each.value]
            proposals += [lines] * bool(lines.value[column])
        if self.is_own:
            totals = rows.totals(self.frame, self.meaning.chosen, self.mark)
            for each in totals:
                for column, values in each.value.items():
                    self.frame = self.frame[~self.frame[column].isin(values)]
            proposals += totals
        sure = [each for each in proposals if each.is_sure]
        for option in dict.fromkeys(each.option for each in sure):
            alike = [each for each in sure if each.option == option]
            together = {}
            for each in alike:
                for key, values in each.value.items():
                    together.setdefault(key, []).extend(values)
            page.put(f"{option}: {quoted(together)}", [w for each in alike for w in each.why], 2)
        for each in proposals:
            if not each.is_sure:
                page.put(f"drop_where: {quoted(each.value)}", each.why, 2, is_sure=False)
        return [column for each in sure for column in each.value]

    def _purchases(self, page, statuses):
        frame, chosen = self.frame, self.meaning.chosen
        proposed = {
            "fill_down": rows.fill_down(frame, chosen, statuses),
            "cancellation_prefix": rows.cancellation_prefix(frame, chosen, self.mark),
            "merge_case": rows.merge_case(frame, chosen),
        }
        for said in rows.lines_below(frame, chosen):
            page.say(said, 2)
        if said := rows.with_returns(frame, chosen, self.mark):
            page.say(said, 2)
        for key, each in proposed.items():
            if each is not None:
                page.put(f"{key}: {quoted(each.value)}", each.why, 2, is_sure=each.is_sure)
        perhaps = self.meaning.others.get("product_id", [])[:1]
        decided = "product_id" in chosen or not perhaps
        chosen = chosen if decided else {**chosen, "product_id": perhaps[0]}
        for each in rows.non_products(frame, chosen, self.mark):
            if not decided:
                each = replace(each, is_sure=False)
                self._codes(page, each, f"these may be no products, if {perhaps[0]} is product_id")
            elif each.is_sure:
                self._codes(page, each, "these codes look like no products")
            else:
                self._codes(page, each, "or these, too? They may be products")

    def _codes(self, page, proposal, why):
        page.say(why, 2)
        for each in proposal.why:
            page.say(each, 4)
        page.put(f"non_products: {quoted(proposal.value)}", indent=2, is_sure=proposal.is_sure)
