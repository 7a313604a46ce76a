"""Files that are complete or not there: what a lesson or a batch job leaves in a folder."""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd


@contextmanager
def replacing(path: Path):
    """Write to a temporary name beside `path`, and rename when complete.

    Whoever reads `path` sees the old file or the new one, never half of one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    try:
        yield Path(name)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def record(output_dir, section: str, figures: dict) -> None:
    """Leave a lesson's figures in the run's folder; ``course run`` gathers ``metrics.json``.

    Parameters
    ----------
    output_dir : path-like
        Empty: nothing is written, as in class.
    section : str
    figures : dict
        Plain numbers and texts.
    """
    if output_dir:
        with replacing(Path(output_dir) / "figures" / f"{section}.json") as part:
            told = json.dumps(_finite(figures), indent=2, default=_plain, allow_nan=False)
            part.write_text(told, encoding="utf-8")


def _finite(value):
    """The same with None for what JSON has no sign for: infinity, and what is not a number."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    if isinstance(value, float | np.floating) and not np.isfinite(value):
        return None
    return value


def write_recommendations(table: pd.DataFrame, output_dir) -> None:
    """Write ``recommendations.csv`` and ``.parquet`` into the run's folder.

    Names are made safe for spreadsheets: a name that begins like a formula gets an apostrophe in
    front, in the CSV only. Ids stay exact.
    """
    if not output_dir:
        return
    columns = ["customer_id", "rank", "product_id", "product_name", "score", "reason", "source"]
    table = table[columns]
    with replacing(Path(output_dir) / "recommendations.parquet") as part:
        table.to_parquet(part, index=False)
    write_csv(table, Path(output_dir) / "recommendations.csv")


def write_csv(table: pd.DataFrame, path) -> None:
    """Write a table for spreadsheets: all or nothing, ids exact, no text that acts as a formula.

    Parameters
    ----------
    table : DataFrame
        Texts in columns other than ids get an apostrophe in front where they begin like a formula.
    path : path-like
    """
    texts = [name for name in table.select_dtypes(["str", "object"]) if name not in _IDS]
    safe = table.assign(**{name: _not_a_formula(table[name]) for name in texts})
    with replacing(Path(path)) as part:
        safe.to_csv(part, index=False, lineterminator="\n", float_format="%.6g", encoding="utf-8")


def read_csv(path) -> pd.DataFrame:
    """What :func:`write_csv` wrote, as text and without its apostrophes; missing where blank."""
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    texts = {name: table[name].str.replace(_GUARDED, "", regex=True) for name in table}
    return table.assign(**{name: texts[name] for name in set(table) - _IDS}).replace("", pd.NA)


# An arm is compared with what another system writes, as an id is.
_IDS = {"customer_id", "product_id", "in_view", "arm"}
_GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")


def _not_a_formula(text):
    risky = text.str.match(r"[=+\-@\t\r]", na=False)
    return text.mask(risky, "'" + text)


def _plain(value):
    """NumPy and pandas scalars as JSON."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
