"""Which formats fit a column of dates, and what speaks for which if there are several."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from helpers.course.describing.phrases import percent
from helpers.course.describing.words import parts_of, words
from helpers.reading.dates import (
    NAMED,
    DateReader,
    in_full_width,
    meanings_elsewhere,
    names_of_zones,
    plainly,
)

# So many different values are tried; a format fits if it reads nearly all of them.
_MOST = 5_000
FITS = 0.95
_DAYS = ["%Y-%m-%d", "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d",
         "%Y.%m.%d", "%Y%m%d", "%d-%m-%y", "%m-%d-%y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y",
         "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%d. %b %Y", "%d-%b-%y", "%d/%b/%Y",
         "%d.%b.%Y", "%b-%d-%Y", "%b-%d-%y", "%d de %b de %Y", "%Y年%m月%d日", "%Y %m %d",
         "%Y %b %d", "%d%b%Y"]  # fmt: skip
# Digits without marks: what else they may be is looked at first.
_COMPACT = ["%Y%m%d%H%M%S", "%Y%m%d%H%M", "%d%m%Y", "%m%d%Y", "%y%m%d", "%d%m%y", "%m%d%y"]
_WEEKDAY = re.compile(
    r"^(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)(?P<whole>day)|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun))"
    r"(?P<gap>,? )"
)
_TIME = re.compile(
    r"^(?P<day>.*?\S)(?P<between>T|,? at |, | |:)(?P<clock>\d{1,2}[:.]\d{2})(?P<seconds>[:.]\d{2})?"
    r"(?P<fraction>[.,]\d+)?(?P<half>\s?[AaPp][Mm])?(?P<zone>\s?(?:Z|UTC|[+-]\d{2}:?\d{2}))?$"
)
_NUMBERS = {  # digits as dates: what they look like, their format, and what one is
    "epoch_s": (r"\d{10}([.,]\d+)?", 3e8, 4e9),
    "epoch_ms": (r"\d{13}([.,]\d+)?", 3e11, 4e12),
    "epoch_us": (r"\d{16}([.,]\d+)?", 3e14, 4e15),
    "epoch_ns": (r"\d{19}", 3e17, 4e18),
    "excel": (r"\d{5}([.,]\d+)?", 2e4, 7e4),
}


@dataclass
class Dates:
    """What can be said of a column of dates.

    Attributes
    ----------
    formats : list of str or of list of str
        Each reads nearly all values; several: the values don't say which is meant.
    why : list of str
        Sentences on it.
    zones : list of str
        Sentences on the offsets from UTC, and which zone has them.
    zone : str
        A zone with these offsets; empty if there are none.
    days : Series of Timestamp
        The values read by the first format; missing where it does not fit.
    """

    formats: list
    why: list[str] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    zone: str = ""
    days: pd.Series | None = None


def looks_like_dates(column: pd.Series) -> bool:
    """Whether some format reads most of a column's first values."""
    values = plainly(pd.Series(column.dropna().unique()[:50], dtype="str"))
    return bool(len(values)) and bool(_number_format(values) or _fitting(values)[0])


def dates_of(column: pd.Series, typed: bool = False) -> Dates:
    """Look at a column of dates.

    Parameters
    ----------
    column : Series of str
        In the order of the file.
    typed : bool
        The cells are dates already, so that no format is needed.

    Returns
    -------
    Dates
    """
    if typed:
        days = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601").dt.tz_localize(
            None
        )
        return Dates([""], ["the cells are dates already: no format is needed"], days=days)
    written = pd.Series(column.dropna().unique(), dtype="str")
    written = written.iloc[:: max(len(written) // _MOST, 1)]
    values = plainly(written)
    if not len(values):
        return Dates([])
    if name := _number_format(values):
        return _of_numbers(name, values, column)
    formats, shares = _fitting(values)
    if not formats and values.str.fullmatch(r"\d+").mean() > FITS:
        compact, compact_shares = _fitting(values, _COMPACT)
        formats, shares = (compact, compact_shares) if compact else (formats, shares)
    zones, zone = _zones(values, formats)
    if unclear := meanings_elsewhere(names_of_zones(written)):
        zones.append(f"{unclear}: set `time_zone` to the shop's own if that is meant")
    if not formats:
        return Dates([], _why_none(values, shares), zones, zone)
    choice = [_plain(_as_written(each, written)) for each in formats]
    is_read = _read_all(values, formats[0]).notna()
    example = written[is_read].iloc[0][:40]
    share = f"{percent(shares[0])} of {len(values):,} different values, such as {example}"
    if not is_read.all() and (n := int(column.isin(written[~is_read]).sum())) > 0.05 * len(column):
        share += f"; but {n:,} rows, such as {written[~is_read].iloc[0][:40]}, have no such date"
    found = Dates(choice, [share], zones, zone, _read(column, formats[0]))
    turned = [_turned(each) for each in formats[0]]
    if (
        turned != formats[0]
        and turned not in formats
        and set(turned) & {day + shape for day in _DAYS + _COMPACT for shape in _shapes(values)}
    ):
        proven = 1 - _share(values, turned)
        found.why[0] += f"; {percent(proven)} can't be read with day and month turned"
    if len(formats) > 1:
        found.formats, found.why = _which(column, values, formats, choice)
    return found


_PARTS = {
    "year": r"(?:19|20)\d\d(?:\.0)?", "month": r"(?:0?[1-9]|1[0-2])(?:\.0)?|[^\W\d_]{3,}\.?",
    "day": r"(?:0?[1-9]|[12]\d|3[01])(?:\.0)?",
}  # fmt: skip


def parts_of_a_date(frame: pd.DataFrame) -> list[str]:
    """The columns with year, month and day, if a table has one of each by its name."""
    found = []
    for part, shape in _PARTS.items():
        names = set(words()["parts_of_dates"][part])
        columns = [each for each in frame if names & set(parts_of(each))
                   and frame[each].dropna().str.fullmatch(shape).mean() > FITS]  # fmt: skip
        if len(columns) != 1:
            return []
        found += columns
    return found


def _as_written(formats, written):
    """With the sign for whole names of months, where they are whole: either reads both."""
    whole = written.str.contains(r"[^\W\d_]{6}").any()
    return [each.replace("%b", "%B") if whole else each for each in formats]


def _number_format(values):
    for name, (pattern, least, most) in _NUMBERS.items():
        fits = values[values.str.fullmatch(pattern)]
        if len(fits) > FITS * len(values):
            numbers = fits.str.replace(",", ".").astype("float64")
            if numbers.between(least, most).mean() > FITS:
                return name
    return ""


def _of_numbers(name, values, column):
    days = DateReader(name).read(column)
    read = f"{values.iloc[0]} would be {days.dropna().iloc[0]:%Y-%m-%d %H:%M}"
    zones = [] if name == "excel" else ["seconds since 1970 are in UTC"]
    return Dates([name], [f"{NAMED[name]}: {read}"], zones, days=days)


def _shapes(values):
    """Formats of the times behind the days, the commonest first; "" where there is none."""
    shapes = Counter(_time_format(value) for value in values)
    return [shape for shape, count in shapes.most_common(4) if count >= 0.001 * len(values)]


def _time_format(value):
    parts = _TIME.match(value)
    if not parts:
        return ""
    zone = parts["zone"] or ""
    bare = zone.strip()
    zone = zone.replace(bare, "UTC" if bare == "UTC" else "%z") if zone else ""
    half = re.sub("[AaPp][Mm]", "%p", parts["half"] or "")
    mark = parts["clock"][-3]
    seconds = (parts["seconds"] or "")[:1] + "%S" if parts["seconds"] else ""
    fraction = (parts["fraction"] or "")[:1] + "%f" if parts["fraction"] else ""
    hour = ("%I" if half else "%H") + mark + "%M"
    return parts["between"] + hour + seconds + fraction + half + zone


def _fitting(values, days=None):
    """Formats (lists, by the shapes of the times) that fit, and which share of the values."""
    shapes = _shapes(values)
    if days is None:
        weekday = _WEEKDAY.match(values.iloc[0])
        name = ("%A" if weekday["whole"] else "%a") + weekday["gap"] if weekday else ""
        days = [name + day for day in _DAYS]
    few = values.iloc[:: max(len(values) // 40, 1)]
    signs = [_signs(each) for each in few]
    found = []
    for day in days:
        if not any(_marks(day) <= each for each in signs):
            continue  # to try a format takes a hundred times as long
        formats = [day + shape for shape in shapes]
        if _share(few, formats) > 0.02:
            found.append((formats, _share(values, formats)))
    fits = [(formats, share) for formats, share in found if share > FITS]
    fits = _without_proven_wrong(values, fits or _of_two_kinds(values, found))
    if fits:
        return [formats for formats, _ in fits], [share for _, share in fits]
    return [], found


def _signs(value):
    """A value's signs, in small letters; "%b" if there is any letter."""
    return {*value.lower(), *["%b"] * any(map(str.isalpha, value))}


@functools.cache
def _marks(date_format):
    """The signs without which a value can't have a format, as in :func:`_signs`."""
    marks = re.sub(r"%.|\s", "", date_format).lower()
    return {*marks, *["%b"] * bool(re.search("%[aAbB]", date_format))}


def _of_two_kinds(values, found):
    """Two formats that read nearly all values between them, and none twice."""
    pairs = []
    for (one, _), (other, _) in itertools.combinations(found, 2):
        reads_one, reads_other = (_read_all(values, each).notna() for each in (one, other))
        share = (reads_one | reads_other).mean()
        if share > FITS and not (reads_one & reads_other).any():
            pairs.append((one + other, share))
    return pairs


def _without_proven_wrong(values, fits):
    """If one format reads all that another reads, and more, the values prove it."""
    read = [_read_all(values, formats).notna() for formats, _ in fits]
    kept = []
    for number, each in enumerate(fits):
        beaten = any(
            (other & ~read[number]).any() and not (read[number] & ~other).any() for other in read
        )
        if not beaten:
            kept.append(each)
    return kept


def _turned(date_format):
    return date_format.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")


def _read_all(values, formats):
    dates = pd.Series(pd.NaT, index=values.index, dtype="datetime64[us]")
    for each in formats:
        zoned = "%z" in each
        given = in_full_width(values, each)
        more = pd.to_datetime(given, format=each, errors="coerce", utc=zoned)
        dates = dates.fillna(more.dt.tz_localize(None) if zoned else more)
    return dates


def _read(column, formats):
    codes, values = pd.factorize(column)
    dates = _read_all(plainly(pd.Series(values, dtype="str")), formats)
    return dates.take(codes).set_axis(column.index).mask(codes < 0)


def _share(values, formats):
    return _read_all(values, formats).notna().mean() if len(values) else 0.0


def _plain(formats):
    """How a proposal is written: one format, ``iso`` for what ISO 8601 is, or a list."""
    iso = all(each.startswith("%Y-%m-%d") and "%I" not in each and "UTC" not in each and
              each[8:9] in ("", "T", " ") for each in formats)  # fmt: skip
    if iso and (len(formats) > 1 or "T" in formats[0] or "%f" in formats[0]):
        return "iso"
    return formats[0] if len(formats) == 1 else formats


def _which(column, values, formats, choice):
    """What speaks for which of several formats that all fit."""
    why = [
        f"{len(formats)} formats fit all of {len(values):,} different values, such as "
        f"{values.iloc[0][:40]}: no value has a number above 12 where the day would be"
    ]
    now = pd.Timestamp.now()
    for each, plain in zip(formats, choice, strict=True):
        days = _read(column, each).dropna()
        forward = (days.diff().dropna() >= pd.Timedelta(0)).mean() if len(days) > 1 else 1.0
        months = days.dt.to_period("M").nunique()
        said = f"{plain}: {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}, {months} months, "
        said += f"{days.dt.day.nunique()} days of the month; "
        said += f"{percent(forward)} of the rows follow the one before in time"
        future = int((days > now).sum())
        why.append(said + (f"; {future:,} dates lie in the future" if future else ""))
    return choice, why


# What no format can read, and what to do about it.
_NO_DATES = {
    r"\d{4}[- ]?[WwKk]\w?\d{1,2}|[WwKk]\w?\d{1,2}[-/ ]\d{4}": "these are weeks, which say no day: "
    "export the day of each purchase, or the first day of its week",
    r"\d{4}[-/. ]?(0?[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/.]\d{4}|[A-Za-z]{3}[- ]\d{2,4}": "these are "
    "months, which say no day: export the day of each purchase, since lists are judged by days",
    r"[1-9]|[12]\d|3[01]": "these are days of the month: if year and month stand in columns of "
    'their own, name all three, such as "Year + Month + Day": transaction_date, with date_format '
    '"%Y %m %d"',
    r"\d([.,]\d+)?[eE]\+\d+": "a spreadsheet has rounded these numbers: export the file anew, and "
    "do not save it there",
}
# Weeks, months and quarters of a year, in a cell or in the name of a column.
_PERIOD = (
    r"(?:19|20)\d\d[-/. ]?[WKMQT]\w?\d{1,2}|[WKQT]\w?\d{1,2}[-/ ](?:19|20)\d\d"
    r"|(?:19|20)\d\d[-/. ]?(?:0[1-9]|1[0-2])|\d{1,2}[-/.](?:19|20)\d\d"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-. ]{1,2}\d{2,4}"
)
_DAY_NUMBER = r"[2-6]\d{4}([.,]\d+)?"


def periods_instead(frame: pd.DataFrame) -> list[str]:
    """Sentences on what says when something was bought, but not the day."""
    said = []
    for theirs in frame:
        values = pd.Series(frame[theirs].dropna().unique(), dtype="str")
        if len(values) > 1 and values.str.fullmatch(_PERIOD, case=False).mean() > FITS:
            said.append(f"{theirs} ({', '.join(values[:2])}) says no day: export the day of each "
                        "purchase, since lists are judged by days")  # fmt: skip
    named = [theirs for theirs in frame if re.fullmatch(_PERIOD, theirs, re.IGNORECASE)]
    if len(named) > 2:
        said.append(f"{', '.join(named[:3])} are columns for periods: export a row for each "
                    "purchase, with its day")  # fmt: skip
    return said


def _why_none(values, found):
    examples = ", ".join(values.iloc[:: max(len(values) // 3, 1)].str[:40][:3])
    why = [f"no single format reads more than {percent(FITS)} of the values, such as {examples}"]
    for formats, share in sorted(found, key=lambda each: -each[1])[:3]:
        plain = _plain(formats)
        plain = plain if isinstance(plain, str) else " or ".join(plain)
        why.append(f"{plain} reads {percent(share)}")
    why += [said for shape, said in _NO_DATES.items() if values.str.fullmatch(shape).mean() > FITS]
    numbers = values.str.fullmatch(_DAY_NUMBER).mean()
    if 0.02 < numbers < FITS:
        why.append(
            f"{percent(numbers)} look like Excel's day numbers: a spreadsheet took a part of the "
            "texts for dates, often with day and month turned. Export the file anew; a list with "
            "excel in it reads the numbers as they are now"
        )
    parts = [{day for day in ("%d", "%m") if day in formats[0]} for formats, _ in found]
    if sum(part == {"%d", "%m"} for part in parts) > 1:
        why.append(
            "day and month seem to be turned in a part of the file: mend it where it is "
            "exported, since a list of formats would misread values that fit two"
        )
    return why


def _zones(values, formats=()):
    """What the offsets from UTC are, and which zone has them on the days when they were written."""
    found = values.str.extract(r"[\dMm]\s?(Z|UTC|[+-]\d{2}:?\d{2})$")[0].dropna()
    if found.empty or not values.map(lambda value: bool(_TIME.match(value))).any():
        return [], ""
    counts = found.replace({"Z": "+0000", "UTC": "+0000"}).str.replace(":", "").value_counts()
    shares = ", ".join(
        f"{name} ({percent(n / counts.sum())})" for name, n in counts.head(4).items()
    )
    if list(counts.index) == ["+0000"]:
        return ["times are in UTC"], ""
    hours = {int(each[:3]) + int(each[0] + each[3:]) / 60 for each in counts.index}
    offsets = found.replace({"Z": "+0000", "UTC": "+0000"}).str.replace(":", "")
    instants = _read_all(values[offsets.index], formats[0] if formats else [])
    zone = next((name for name, has in words()["zones"].items()
                 if hours <= set(has) and _has(name, instants.dropna(), offsets)), "")  # fmt: skip
    return [f"offsets from UTC: {shares}"], zone


def _has(zone, instants, offsets):
    """Whether a zone has these offsets at these times."""
    there = instants.dt.tz_localize("UTC").dt.tz_convert(zone).dt.strftime("%z")
    return instants.empty or (there == offsets[instants.index]).mean() > FITS
