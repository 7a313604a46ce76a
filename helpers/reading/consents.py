"""Who agreed, from whatever file a shop keeps of it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from helpers.handover import Found
from helpers.reading import answers
from helpers.reading.columns import plain_name
from helpers.reading.files import DataError, TextFile
from helpers.reading.once import once

_YES = answers.YES | {"x", "ok", "agreed", "accepted", "granted", "subscribed", "opted in",
                      "opt in", "confirmed"}  # fmt: skip
_NO = answers.NO | {"", "none", "never", "declined", "denied", "refused", "revoked", "withdrawn",
                    "unsubscribed", "not subscribed", "opted out", "opt out",
                    "pending"}  # fmt: skip
# A column so called says the contrary, or is about something else.
_CONTRARY = re.compile(r"unsub|opt.?out|withdr|revok|declin|refus|deni|bounce|block|no.?mail|not?_")
_CONSENT = re.compile(
    r"consent|agree|opt.?in|accept|subscri|permission|einwillig|zustimm|newsletter"
)


def read_consents(path) -> pd.DataFrame:
    """The rows of those who agreed: all columns that may hold ids.

    Parameters
    ----------
    path : path-like
        One id per line, with or without a header, or a table as :class:`TextFile` reads it. A
        column of yes and no is heeded.

    Returns
    -------
    DataFrame of str
        One row per line that does not say no, in all columns but that of yes and no, and after
        them those rows that do say no, marked in a column ``no``.

    Raises
    ------
    DataError
        If the file can't be read, or does not say clearly who agreed.
    """
    return once(lambda: Found({"rows": _read(Path(path))}), "consents", [path]).tables["rows"]


def _read(path):
    file = TextFile(path)
    if not file.header:
        return pd.DataFrame({"no": []})
    rows = pd.concat([batch.to_pandas() for batch in file.batches()])
    rows = rows.reindex(columns=file.header).astype("str").apply(lambda column: column.str.strip())
    header = pd.DataFrame([file.header], columns=rows.columns, dtype="str")
    answer = _answer(path, rows)
    # a list without a header: its first line is an id like the others
    named = plain_name(file.header[0]) == "customer_id"
    if (len(rows.columns) == 1 and not named) or (answer and answers.word(answer) in _YES | _NO):
        rows = pd.concat([header, rows])
    says_no = rows[answer].map(answers.word).isin(_NO) if answer else False
    return rows.drop(columns=[answer] if answer else []).assign(no=says_no)


def _answer(path, rows):
    """The column of yes and no, if there is one."""
    others = [name for name in rows.columns if not rows[name].isna().all()]
    about = [name for name in others if _CONSENT.search(plain_name(name))]
    flags = [name for name in others if _is_answer(rows[name])]
    if about == flags == []:
        return None
    # a list without a header, `C1,yes`
    bare = [name for name in flags if answers.word(name) in _YES | _NO]
    chosen = about or bare
    if (
        len(chosen) == 1
        and set(chosen) == set(flags)
        and not _CONTRARY.search(plain_name(chosen[0]))
    ):
        return chosen[0]
    names = " and ".join(map(repr, list(dict.fromkeys(about + flags))[:4]))
    raise DataError(
        f"consent_path: {path} does not say clearly who agreed: look at {names}. Keep the ids of "
        "those who agreed only, one per line, or one column of yes and no beside them."
    )


def _is_answer(column):
    words = set(column.dropna().map(answers.word).unique()) - {""}
    return bool(words) and words <= _YES | _NO
