"""Text to dates, by the formats that the user names; never guessed."""

from __future__ import annotations

import pandas as pd

from helpers.reading.files import DataError

_COMMON_FORMATS = [
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%d-%m-%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%Y%m%d",
]
#: More unreadable values than this share are a wrong format, not bad rows.
MOST_UNREADABLE = 0.05
# So many different dates show which format would fit.
_ENOUGH = 10_000


class DateReader:
    """Reads a column batch by batch, and remembers what the health report says of it.

    Parameters
    ----------
    formats : str or list of str
        As in :meth:`datetime.datetime.strftime`; of several, the first that fits a value.

    Attributes
    ----------
    one_way, both_ways : int
        Rows whose day and month can be told apart, and rows that would be another day with the
        two turned.
    """

    def __init__(self, formats):
        several = isinstance(formats, (list, tuple))
        self.formats = list(formats) if several else [formats]
        if not self.formats or not all(isinstance(each, str) and each for each in self.formats):
            raise DataError(
                f"date_format is {formats!r}; it must be a format such as '%d-%m-%Y', in quotes, "
                "or a list of them."
            )
        self.one_way = self.both_ways = 0
        self._seen = pd.Index([], dtype="str")

    def read(self, text: pd.Series) -> pd.Series:
        """Timestamps; missing where the text is blank or does not fit.

        Parameters
        ----------
        text : Series of str, or of timestamps (with a zone: brought to UTC)

        Returns
        -------
        Series of Timestamp (microseconds, without a zone)
        """
        if pd.api.types.is_datetime64_any_dtype(text):
            dates = text.dt.tz_convert("UTC").dt.tz_localize(None) if text.dt.tz else text
            return dates.astype("datetime64[us]")
        if pd.api.types.is_float_dtype(text):  # 20240105 beside a blank
            text = text.where(text % 1 == 0).astype("Int64")
        text = text.astype("str").where(text.notna()).str.strip()
        # a date occurs many times: read each once
        codes, values = pd.factorize(text.where(text != ""))
        values = pd.Series(values, dtype="str")
        if len(self._seen) < _ENOUGH:
            self._seen = self._seen.union(values[:_ENOUGH], sort=False)
        if not len(values):
            return pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
        dates = _first_fit(values, self.formats)
        self._count_ambiguity(values, codes)
        return dates.take(codes).set_axis(text.index).mask(codes < 0)

    def fitting(self) -> list[str]:
        """Common formats that nearly all of the dates seen would fit."""
        values = pd.Series(self._seen, dtype="str")
        return [
            f
            for f in _COMMON_FORMATS
            if f not in self.formats and _read_dates(values, f).isna().mean() < MOST_UNREADABLE
        ]

    def findings(self) -> dict[str, int]:
        """How many dates prove the order of day and month, and how many fit both."""
        turned = self._turned()
        if turned is None:
            return {}
        return {
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

    def _count_ambiguity(self, values, codes):
        turned = self._turned()
        if turned is None:
            return
        as_asked, otherwise = _read_dates(values, self.formats[0]), _read_dates(values, turned)
        fits = as_asked.notna()
        rows = codes[codes >= 0]
        self.one_way += int((fits & otherwise.isna()).to_numpy()[rows].sum())
        differs = fits & otherwise.notna() & (as_asked != otherwise)
        self.both_ways += int(differs.to_numpy()[rows].sum())


def _read_dates(values, date_format):
    """Dates by one format, missing where it does not fit; zones are brought to UTC."""
    if date_format == "mixed":
        raise DataError(
            "date_format 'mixed' would guess the order of day and month. Name the formats, in a "
            "list if there are several."
        )
    zoned = "%z" in date_format or date_format == "ISO8601"
    try:
        dates = pd.to_datetime(values, format=date_format, errors="coerce", utc=zoned)
    except ValueError as error:
        raise DataError(f"date_format {date_format!r} is no date format: {error}.") from None
    dates = dates.dt.tz_localize(None) if dates.dt.tz is not None else dates
    return dates.astype("datetime64[us]")


def _first_fit(values, formats):
    dates = _read_dates(values, formats[0])
    for other in formats[1:]:
        dates = dates.fillna(_read_dates(values, other))
    return dates
