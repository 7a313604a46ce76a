"""Text to dates, by the formats that the user names; never guessed."""

from __future__ import annotations

import difflib
import os
import re
import zoneinfo
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from babel.dates import get_month_names

from helpers.reading.errors import listed
from helpers.reading.files import DataError

#: Formats with a name, beside those of :meth:`datetime.datetime.strftime`.
NAMED = {
    "iso": "ISO 8601",
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "epoch_us": "microseconds since 1970",
    "epoch_ns": "nanoseconds since 1970",
    "excel": "Excel's day numbers",
}
_COMMON_FORMATS = [
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%d-%m-%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %I:%M %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M:%S %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y%m%d",
    *NAMED,
]
#: The finding of times whose zones are too far apart to be one zone's summer and winter.
MIXED_ZONES = "times of several zones"
#: The finding of names of zones that mean another offset elsewhere.
UNCLEAR_ZONES = "names of zones with two meanings"
_SUMMER = 1.0
#: More unreadable values than this share are a wrong format, not bad rows.
MOST_UNREADABLE = 0.05
#: No shop's purchases are older; what is, is a default of some program.
OLDEST = pd.Timestamp("1990-01-01")
# A number read as a date beyond these years is no date of that kind.
_FIRST, _LAST = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")
# What programs write where there is no date.
_NOTHING = frozenset(
    ("", "NA", "N/A", "#N/A", "NULL", "null", "None", "nan", "NaN", "NaT", "\\N", "0000-00-00",
     "0000-00-00 00:00:00", "00.00.0000", "00/00/0000", "00000000", "undefined",
     "none", "(blank)", "(not set)")
)  # fmt: skip
# So many different dates show which format would fit.
_ENOUGH = 10_000
# Months are read in these languages, beside English.
_LANGUAGES = ("cs", "da", "de", "de_AT", "el", "es", "fi", "fr", "hu", "id", "it", "nb", "nl", "pl",
              "pt", "ro", "ru", "sv", "tr", "uk")  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]{3,}\.?")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_HALF = re.compile(r"\b([ap])\.\s?m(?:\.|\b)", re.I)  # 8:05 p. m.
# 20240105.0, and what JavaScript writes behind a time: (Central European Standard Time)
_BESIDE = r"(?<=^\d{8})\.0+$|(?<=\d) \([^\d()]+\)$"
# Zones by the names that shops' programs write, and their offsets from UTC.
ZONES = {
    "WET": "+0000", "WEST": "+0100", "BST": "+0100", "CET": "+0100", "MEZ": "+0100",
    "CEST": "+0200", "MESZ": "+0200", "EET": "+0200", "EEST": "+0300", "MSK": "+0300",
    "IDT": "+0300",
    "IST": "+0530", "SGT": "+0800", "HKT": "+0800", "AWST": "+0800", "JST": "+0900",
    "KST": "+0900", "AEST": "+1000", "AEDT": "+1100", "NZST": "+1200", "NZDT": "+1300",
    "BRT": "-0300", "ADT": "-0300", "AST": "-0400", "EDT": "-0400", "EST": "-0500",
    "CDT": "-0500", "CST": "-0600", "MDT": "-0600", "MST": "-0700", "PDT": "-0700",
    "PST": "-0800", "AKDT": "-0800", "AKST": "-0900", "HST": "-1000",
}  # fmt: skip
# What some of the names mean elsewhere; the shop's own zone decides, if it has the name.
_ELSEWHERE = {
    "CST": "China +08:00, Cuba -05:00", "CDT": "Cuba -04:00", "AST": "Arabia +03:00",
    "IST": "Israel +02:00, Ireland +01:00", "BST": "Bangladesh +06:00",
}  # fmt: skip
_ZONE = re.compile(rf"(?<=[\dMm])(\s?)({'|'.join(ZONES)})(?=$| \d{{4}}$)")

_ISO = re.compile(
    r"^(\d{4})-?(\d{2})-?(\d{2})"
    r"(?:(?:[Tt]| +)(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?"
    r" ?(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_OFFSET = re.compile(r"(?:Z|z|UTC|GMT|([+-])(\d{2}):?(\d{2})(?::?(\d{2}))?)$")


class DateReader:
    """Reads a column batch by batch, and remembers what the health report says of it.

    Days are those of the shop: a time with a zone is brought to `time_zone`; without one, the day
    is the one that is written.

    Parameters
    ----------
    formats : str or list of str
        As in :meth:`datetime.datetime.strftime`, or one of :data:`NAMED`; of several, the first
        that fits a value.
    time_zone : str, optional
        The shop's.

    Attributes
    ----------
    one_way, both_ways : int
        Rows whose day and month can be told apart, and rows that would be another day with the
        two turned.
    read_rows, fits_two : int
        Rows that were read, and of several formats, those that two of them read as different days.
    zoned : bool
        Whether times with a zone were seen.
    zones : set of str
        Zones that were seen by their names (:data:`ZONES`).
    offsets : Series
        The least and the largest offset from UTC that were seen, in hours; empty without any.

    Raises
    ------
    DataError
        If the formats or the zone are none.
    """

    def __init__(self, formats, time_zone=None):
        several = isinstance(formats, (list, tuple))
        self.formats = list(formats) if several else [formats]
        if not self.formats or not all(isinstance(each, str) and each for each in self.formats):
            raise DataError(
                f"date_format is {formats!r}; it must be a format such as '%d-%m-%Y', in quotes, "
                "or a list of them."
            )
        self.time_zone = _zone(time_zone)
        self._own_names = _names_of(self.time_zone)
        self.one_way = self.both_ways = self.read_rows = self.fits_two = 0
        self.two_ways, self.zoned, self.zones = None, False, set()
        self.offsets = pd.Series(dtype="float64")
        self._seen, self._reads = pd.Index([], dtype="str"), [0] * len(self.formats)

    def read(self, text: pd.Series) -> pd.Series:
        """Timestamps; missing where the text is blank or does not fit.

        Parameters
        ----------
        text : Series of str, of numbers, or of timestamps

        Returns
        -------
        Series of Timestamp (microseconds, without a zone)
        """
        if pd.api.types.is_datetime64_any_dtype(text):
            if text.dt.tz is None:
                return text.astype("datetime64[us]")
            self.zoned = True
            text = text.dt.tz_convert(self.time_zone) if self.time_zone else text
            return text.dt.tz_localize(None).astype("datetime64[us]")
        text = as_text(text)
        # a date occurs many times: read each once
        codes, values = pd.factorize(text.where(is_given(text)))
        values = pd.Series(values, dtype="str")
        self.zones |= names_of_zones(values)
        values = plainly(values, self._own_names)
        if len(self._seen) < _ENOUGH:
            self._seen = self._seen.union(values[:_ENOUGH], sort=False)
        if not len(values):
            return pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
        readings = [self._read(values, each) for each in self.formats]
        dates = readings[0]
        for other in readings[1:]:
            # what would be older than any shop is no fit where another format does better
            dates = other.where(dates.isna() | ((dates < OLDEST) & (other >= OLDEST)), dates)
        rows = codes[codes >= 0]
        for at, each in enumerate(readings):
            self._reads[at] += int(each.notna().to_numpy()[rows].sum())
        self.read_rows += int(dates.notna().to_numpy()[rows].sum())
        self._count_turned(values, readings, rows)
        self._count_two_ways(values, readings, rows)
        return dates.take(codes).set_axis(text.index).mask(codes < 0)

    def fitting(self) -> list[str]:
        """Common formats that nearly all of the dates seen would fit."""
        values = pd.Series(self._seen, dtype="str")
        if values.empty:
            return []
        return [
            f
            for f in _COMMON_FORMATS
            if f not in self.formats and _plausible(self._read(values, f)) > 1 - MOST_UNREADABLE
        ]

    def hint(self) -> str:
        """What to set, where the dates do not fit."""
        seen = pd.Series(self._seen, dtype="str")
        read = pd.DataFrame({each: self._read(seen, each) for each in self.formats}).notna()
        if len(seen) and read.any(axis=1).mean() > 1 - MOST_UNREADABLE:
            return (
                "Nearly all other dates fit: mend these where you export. (A spreadsheet shows "
                "#### for a date where the column is too narrow.)"
            )
        fits, turned = self.fitting(), self._turned()
        rest = seen[~read.any(axis=1)]
        if turned and len(rest) < len(seen) and (other := self._read(rest, turned)).notna().all():
            text = rest[other.index[0]]
            return (
                f"{text!r} and all others that do not fit are written as {turned!r}: day and month "
                "stand both ways in this file, and where both are below 13 nobody can tell which "
                "is meant. Write the dates in one form where you export."
            )
        named = [f for f in fits if f in NAMED and f != "iso"]
        if named:
            return f"These look like {NAMED[named[0]]}: set `date_format: {named[0]}`."
        if fits:
            return f"Set `date_format`; what would fit: {' or '.join(map(repr, fits[:4]))}."
        return (
            "Set `date_format` to the file's own, or to a list if it has several; `course "
            "describe` shows what fits."
        )

    def problems(self) -> list[str]:
        """A sentence, if nobody can tell which of several formats a large part of the dates has."""
        if self.fits_two <= MOST_UNREADABLE * self.read_rows:
            return []
        text, one, other = self.two_ways
        mend = "Keep one of the two in `date_format`, or write the dates in one form."
        if max(self._reads) < (1 - MOST_UNREADABLE) * self.read_rows:  # none reads all
            mend = "Write the dates in one form where you export."
        return [
            f"{self.fits_two:,} of {self.read_rows:,} dates, such as {text[:40]!r}, fit both "
            f"{one!r} and {other!r}, as different days, and nobody can tell which is meant. {mend}"
        ]

    def findings(self) -> dict[str, int | str]:
        """How many dates prove the order of day and month, and how many fit both."""
        said = {}
        if self.fits_two:
            said["dates that fit two of the formats as different days (the first was taken)"] = (
                self.fits_two
            )
        if self.zoned and not self.time_zone:
            said["times with a zone"] = (
                "days are those of the zone that is written (no time_zone is set)"
            )
        elif self.zoned:
            said["times with a zone"] = f"brought to {self.time_zone}"
        if len(self.offsets) and not self.time_zone and np.ptp(self.offsets) > _SUMMER:
            least, most = self.offsets
            said[MIXED_ZONES] = f"{least:+g} to {most:+g} hours from UTC"
        if self.zones and self.zoned:
            taken = {name: (ZONES | self._own_names)[name] for name in sorted(self.zones)}
            said["zones by their names, read as these offsets from UTC"] = ", ".join(
                f"{name} {offset[:3]}:{offset[3:]}" for name, offset in taken.items()
            )
            if unclear := meanings_elsewhere(self.zones - set(self._own_names)):
                said[UNCLEAR_ZONES] = unclear
        turned = self._turned()
        if turned is None:
            return said
        return said | {
            f"dates that fit {self.formats[0]} only": self.one_way,
            f"dates that would be another day by {turned}": self.both_ways,
        }

    def _turned(self):
        """The format with day and month turned, if it has both and is the only one."""
        asked = self.formats[0]
        parts = {asked[at : at + 2] for at in range(len(asked)) if asked[at] == "%"}
        if len(self.formats) > 1 or not {"%d", "%m"} <= parts:
            return None
        return asked.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")

    def _count_turned(self, values, readings, rows):
        turned = self._turned()
        if turned is None:
            return
        as_asked, otherwise = readings[0], self._read(values, turned)
        fits = as_asked.notna()
        self.one_way += int((fits & otherwise.isna()).to_numpy()[rows].sum())
        differs = fits & otherwise.notna() & (as_asked != otherwise)
        self.both_ways += int(differs.to_numpy()[rows].sum())

    def _count_two_ways(self, values, readings, rows):
        taken, by = readings[0], pd.Series(0, values.index)
        twice = pd.Series(False, values.index)
        for number, other in enumerate(readings[1:], 1):
            # 20240105 is also a second of 1970, which nobody can mean
            both = taken.notna() & (taken >= OLDEST) & (other >= OLDEST)
            differs = both & (taken.dt.normalize() != other.dt.normalize())
            if differs.any() and self.two_ways is None:
                at = differs.idxmax()
                self.two_ways = values[at], self.formats[by[at]], self.formats[number]
            twice |= differs
            by = by.mask(taken.isna() & other.notna(), number)
            taken = taken.fillna(other)
        self.fits_two += int(twice.to_numpy()[rows].sum())

    def _read(self, values, date_format):
        """Dates by one format, missing where it does not fit."""
        if date_format in NAMED:
            local, instants = _BY_NAME[date_format](values)
        else:
            local, instants = _by_format(values, date_format)
        zoned = instants.notna()
        if zoned.any():
            if date_format in self.formats:
                self.zoned = True
                hours = (local - instants)[zoned].dt.total_seconds() / 3_600
                self.offsets = pd.concat([self.offsets, hours]).agg(["min", "max"])
            if self.time_zone:
                days = instants.dt.tz_localize("UTC").dt.tz_convert(self.time_zone)
                local = local.mask(zoned, days.dt.tz_localize(None))
        return local.astype("datetime64[us]")


def as_text(cells: pd.Series) -> pd.Series:
    """A column as text without blanks around; whole numbers without a fraction."""
    if pd.api.types.is_float_dtype(cells):  # 20240105 beside a blank
        whole = cells.notna() & (cells % 1 == 0) & (cells.abs() < 2**53)
        text = cells.astype("str").mask(whole, cells.where(whole).astype("Int64").astype("str"))
        return text.where(cells.notna())
    return cells.astype("str").where(cells.notna()).str.strip()


def plainly(values: pd.Series, own_names: dict[str, str] | None = None) -> pd.Series:
    """Dates with the digits 0 to 9, and months as ``%b`` has them: ``1 Jan 2024`` for ``1 janv.``.

    Names of zones become offsets (``CET``: ``+0100``), ``p.m.`` is ``pm``, and ``3rd`` is ``3``.
    Several blanks are one; the ``.0`` of a column of floats and a zone in brackets go.

    Parameters
    ----------
    values : Series of str
    own_names : dict of str to str, optional
        Names of zones that have other offsets in the shop's own one than in :data:`ZONES`.

    Returns
    -------
    Series of str
        What is no month in any of our languages stays as it is.
    """
    values = values.str.replace(_BESIDE, "", regex=True).str.replace(r" {2,}", " ", regex=True)
    odd = values.str.contains(r"[^\x00-\x7f]|[^\W\d_]{3}|[apAP]\.", na=False)
    zones = ZONES | (own_names or {})
    return values.where(~odd, values[odd].map(lambda text: _plain_date(text, zones)))


def names_of_zones(values: pd.Series) -> set[str]:
    """The names of zones that stand behind times."""
    return set(values.str.extract(_ZONE)[1].dropna())


def meanings_elsewhere(names) -> str:
    """What was taken for names of zones that have another meaning, and what it is."""
    return "; ".join(
        f"{name} was taken as {ZONES[name][:3]}:{ZONES[name][3:]}, elsewhere it is "
        f"{_ELSEWHERE[name]}"
        for name in sorted(names)
        if name in _ELSEWHERE
    )


def _plain_date(text, zones):
    text = "".join(str(int(each)) if each.isdecimal() else each for each in text)
    text = _HALF.sub(r"\1m", _ORDINAL.sub("", text))
    text = _ZONE.sub(lambda found: found[1] + zones[found[2]], text)
    return _LETTERS.sub(lambda word: _in_english(word[0]), text)


def _in_english(word):
    month = _months().get(word.casefold().rstrip("."))
    return word if month is None else get_month_names("abbreviated", locale="en")[month]


# A year, with or without month and day behind it; or a day with a short one.
_IN_A_NAME = re.compile(r"(?<!\d)(?:(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:[0-3]\d)?)?"
                        r"|\d\d?[-._]\d\d?[-._]\d\d)(?!\d)")  # fmt: skip


def dates_in_names(files) -> str:
    """A sentence on the dates that all names of a table's files, sheets or folders have.

    Parameters
    ----------
    files : list of TextFile
        Of the folders that they have in common the last one counts, if they are several.

    Returns
    -------
    str
        Empty if they have none, or are no files.
    """
    if not all(isinstance(file.path, Path) for file in files):
        return ""
    above = Path(os.path.commonpath([file.path.absolute().parent for file in files]))
    above = above.parent if len(files) > 1 else above  # 2023 may have twelve files of one year
    names = [(file.path.absolute().parent / file.name).relative_to(above).as_posix()
             for file in files]  # fmt: skip
    months = [{word for word in re.findall(r"[^\W\d_]+", name.casefold()) if word in _months()}
              for name in names]  # fmt: skip
    in_months = len(names) > 1 and all(months) and len(set(map(frozenset, months))) > 1
    if not (in_months or all(map(_IN_A_NAME.search, names))):
        return ""
    return (
        "Names of files, sheets and folders are not read, and seem to have dates "
        f"({listed(names, 2)}): if no column has the day of each row, add one to every file."
    )


@cache
def _months():
    """Number of the month by its name, as Unicode's CLDR has it: no name has two in our languages.

    (In Croatian, listopad is October; in Polish and Czech, November.)
    """
    return {
        name.casefold().rstrip("."): month
        for language in ("en", *_LANGUAGES)
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for month, name in get_month_names(width, context, language).items()
    }


def is_given(text: pd.Series) -> pd.Series:
    """Whether there is anything to read: neither a blank nor a word for nothing."""
    return text.notna() & ~text.isin(_NOTHING)


def _zone(name):
    if not name:
        return None
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, KeyError, TypeError):
        known = zoneinfo.available_timezones()
        near = difflib.get_close_matches(str(name), known, 1) or ["Europe/Berlin"]
        raise DataError(
            f"time_zone is {str(name)[:60]!r}, which is no time zone; it must be a name such as "
            f"{near[0]!r}."
        ) from None
    return name


def _names_of(time_zone):
    """The offsets of the names that a zone has itself, in winter and summer: of those we read."""
    if not time_zone:
        return {}
    days = [pd.Timestamp(2024, month, 1, tz=time_zone) for month in (1, 7)]
    return {day.tzname(): day.strftime("%z") for day in days if day.tzname() in ZONES}


def _plausible(dates):
    """The share of dates that a shop may have."""
    return ((dates >= OLDEST) & (dates < pd.Timestamp("2100-01-01"))).mean()


def _nothing_like(values):
    return pd.Series(pd.NaT, values.index, dtype="datetime64[us]")


def _iso(values):
    """Dates, date-times, fractions, offsets; in the basic form, too."""
    parts = values.str.extract(_ISO)
    fits = parts[0].notna()
    second = parts[5].fillna("00")
    text = parts[0] + "-" + parts[1] + "-" + parts[2] + "T"
    text += parts[3].fillna("00") + ":" + parts[4].fillna("00") + ":" + second
    text += "." + parts[6].fillna("0").str[:6]
    local = pd.to_datetime(text.where(fits), format="%Y-%m-%dT%H:%M:%S.%f", errors="coerce")
    return local, local - _offsets(parts[7])


def _offsets(text):
    """Offsets such as ``+0100``, ``-05:00``, ``+02`` and ``Z``; missing where there is none."""
    parts = text.str.extract(r"^([+-])(\d{2}):?(\d{2})?:?(\d{2})?$")
    seconds = sum(
        pd.to_numeric(parts[at]).fillna(0) * size for at, size in ((1, 3600), (2, 60), (3, 1))
    )
    seconds = seconds.where(parts[0] != "-", -seconds)
    return pd.to_timedelta(seconds.where(text.notna()), unit="s")


def _since_1970(a_second):
    """Reads numbers of which so many make a second."""

    def read(values):
        number = pd.to_numeric(values.str.replace(",", "."), errors="coerce")
        inside = number.abs() < _LAST.timestamp() * a_second
        number = number.where(inside, 0)
        if a_second > 1_000_000:  # down, so that the last moment of a day stays in it
            micros = number // (a_second // 1_000_000)
        else:
            micros = (number * (1_000_000 // a_second)).round()
        dates = micros.astype("int64").astype("datetime64[us]").where(inside)
        dates = dates.where((dates >= _FIRST) & _looks_like_number(values))
        return dates, dates

    return read


def _excel(values):
    """Days since the 30th of December 1899; a fraction is a time of day, to the second."""
    number = pd.to_numeric(values.str.replace(",", "."), errors="coerce")
    inside = (number >= 1) & (number < (_LAST - _FIRST).days) & _looks_like_number(values)
    seconds = (number.where(inside, 0) * 86_400).round()
    dates = pd.Timestamp("1899-12-30") + pd.to_timedelta(seconds, unit="s")
    return dates.where(inside).astype("datetime64[us]"), _nothing_like(values)


def _looks_like_number(values):
    return values.str.fullmatch(r"-?\d+([.,]\d*)?").fillna(False).astype(bool)


# a zone's name at the end of a format
_NAMED_ZONE = re.compile(rf"(?<=[%\w] )(?:{'|'.join(ZONES)})$|(?<=%[SMp])(?:{'|'.join(ZONES)})$")
_BY_NAME = {
    "iso": _iso,
    "excel": _excel,
    "epoch_s": _since_1970(1),
    "epoch_ms": _since_1970(1_000),
    "epoch_us": _since_1970(1_000_000),
    "epoch_ns": _since_1970(1_000_000_000),
}


def in_full_width(values, date_format):
    """Dates of digits without marks between them, as many as there must be; missing otherwise.

    Without this, 3012024 by ``%d%m%Y`` would be the 30th of January: a program took the date for a
    number, and its first zero is lost.

    Parameters
    ----------
    values : Series of str
    date_format : str

    Returns
    -------
    Series of str
        A lost first zero is there again; where the format begins otherwise, nothing changes.
    """
    run = re.match(r"(?:%[dmyYHIMS]){2,}", date_format)
    if not run:
        return values
    width = sum(4 if each == "Y" else 2 for each in run[0][1::2])
    digits = values.str.extract(r"^(\d+)")[0]
    missing = width - digits.str.len()
    if run[0][1] != "Y":
        values = values.mask(missing == 1, "0" + values)
        missing = missing.mask(missing == 1, 0)
    return values.where(missing == 0)


def _by_format(values, date_format):
    """Dates as they are written, and the instants (in UTC) of those with an offset."""
    if date_format == "mixed":
        raise DataError(
            "date_format 'mixed' would guess the order of day and month. Name the formats, in a "
            "list if there are several."
        )
    if date_format == "ISO8601":
        return _iso(values)
    given, date_format = date_format, re.sub("%[bB][.]?", "%b", date_format)  # as plainly() writes
    date_format = re.sub(" {2,}", " ", date_format)
    date_format = _NAMED_ZONE.sub("%z", date_format)
    if "%Z" in date_format and not values.str.contains("/").any():  # no names such as Europe/Paris
        values = values.str.replace(r"\b(?:UTC|GMT|Z)(?=$| \d{4}$)", "+0000", regex=True)
        date_format = date_format.replace("%Z", "%z")
    zoned = "%z" in date_format
    values = in_full_width(values, date_format)
    try:
        dates = pd.to_datetime(values, format=date_format, errors="coerce", utc=zoned)
    except ValueError as error:
        named = ", ".join(NAMED)
        raise DataError(
            f"date_format {given!r} is no date format: {error}. It is a format such as "
            f"'%d-%m-%Y', or one of {named}."
        ) from None
    if dates.dt.tz is None:
        return dates, _nothing_like(values)
    if not zoned:  # %Z: the name of a zone
        return dates.dt.tz_localize(None), dates.dt.tz_convert("UTC").dt.tz_localize(None)
    instants = dates.dt.tz_localize(None)
    if date_format.endswith("%z"):
        offsets = values.str.extract(rf"({_OFFSET.pattern})")[0].replace(
            {"Z": "+00", "z": "+00", "UTC": "+00", "GMT": "+00"}
        )
        return instants + _offsets(offsets), instants
    fits = instants.notna()
    written = [datetime.strptime(text, date_format) for text in values[fits]]
    local = pd.Series([each.replace(tzinfo=None) for each in written], values.index[fits])
    return local.reindex(values.index).astype("datetime64[us]"), instants
