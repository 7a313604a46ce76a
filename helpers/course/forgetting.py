"""``course forget``: take a customer out of everything that a run has left in its folder.

What is removed: rows of tables, the customer's row in the engine, outputs of executed cells that
name the customer, and examples in the memo. What can't be: the export itself, copies elsewhere, and
what was learned from everybody together. At the end the whole folder is searched, and whatever
still names the customer is named.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import html
import io
import json
import lzma
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers import data, production
from helpers.course import pages, publishing, runs
from helpers.writing import replacing

CUSTOMER = "customer_id"
#: Columns of products. An id that stands there as well can't be told from other text.
OF_PRODUCTS = ["product_id", "in_view", "product_name", "product_category"]
NOTE = "(The output named a customer who asked to be forgotten; it was removed.)\n"
GONE = "(forgotten)"
#: Too short to be told from other numbers and words in a page.
_SHORT = re.compile(r"\d{1,4}|\w{1,3}")
#: pandas cuts texts that are longer than 50 characters in what it displays.
_CUT_AT = 40
#: Where `course score` keeps what is not complete yet.
UNFINISHED = ".next"
#: What shows that a folder is one of `course run`, `course score` or a live test.
_OF_A_FOLDER = ("metrics.json", "report.json", "arms.csv", "readout.json")
#: Where an id is a customer's for certain.
_CERTAIN = {".csv", ".parquet", ".zip", ".json"}
_PACKED = {".gz": gzip, ".bz2": bz2, ".xz": lzma}


class ForgetError(ValueError):
    """Nobody could be forgotten. The message says why and what to do."""


@dataclass
class Forgotten:
    """What was removed, and what was not.

    Attributes
    ----------
    removed : dict of str to str
        By file, below the folder: how much.
    indistinct : list of str
        Ids that are searched for in columns of customers and in outputs only.
    left : list of str
        Files that still have an id in them.
    remains : list of str
        Sentences on what was not touched.
    """

    removed: dict[str, str] = field(default_factory=dict)
    indistinct: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    remains: list[str] = field(default_factory=list)


class _Wanted:
    """The ids, and where they stand in a text as whole words."""

    def __init__(self, ids):
        self.ids, self.distinct = set(ids), set(ids)

    def set_apart(self, texts_of_products: str):
        """Give up to search for ids that mean something else as well."""
        self.distinct = {
            each
            for each in self.ids
            if not _SHORT.fullmatch(each) and not _pattern([each]).search(texts_of_products)
        }

    def among(self, values) -> set[str]:
        return self.ids.intersection(values)

    def within(self, text: str, ids=None) -> set[str]:
        """Those ids (or all) that a text has, also if it is HTML or Markdown with its escapes."""
        ids = self.ids if ids is None else ids
        forms = {text, html.unescape(text), text.replace("\\", "")} if ids else ()
        return {each for each in ids for form in forms if _pattern([each]).search(form)}

    def blot_out(self, text: str) -> str:
        """A text in which the ids that can't mean anything else are replaced."""
        forms = {form for each in self.distinct for form in (each, html.escape(each))}
        forms |= {form.replace("&quot;", "&#34;").replace("&#x27;", "&#39;") for form in forms}
        forms |= {json.dumps(each)[1:-1] for each in self.distinct}
        return _pattern(forms).sub(GONE, text) if forms else text


def _pattern(texts):
    """Matches one of some texts as a whole: not as part of a word, nor of a number."""
    return re.compile("|".join(map(_whole, sorted(texts, key=len, reverse=True))))


def _whole(text):
    begin, end = r"(?<!\w)", r"(?!\w)"
    if text[:1].isdigit():
        begin += r"(?<!\d\.)"
    if text[-1:].isdigit():
        end += r"(?!\.(?!0(?!\d))\d)"  # 17850.0 may be the id 17850, 17850.5 is not
    whole = f"{begin}{re.escape(text)}{end}"
    return whole if len(text) <= _CUT_AT else f"{whole}|{begin}{re.escape(text[:_CUT_AT])}"


def forget(folder: Path, ids: list[str], dry_run: bool = False) -> Forgotten:
    """Remove every trace of some customers from the folder of a run, or of ``course score``.

    Parameters
    ----------
    folder : Path
    ids : list of str
        By the rules for ids of purchases: blanks around and the tail of floats don't count.
    dry_run : bool
        Only say what would be removed.

    Returns
    -------
    Forgotten

    Raises
    ------
    ForgetError
        If the folder is none of a run or in use, an id is not found in it, or a file can't be
        opened. Nothing was changed then.
    """
    from filelock import FileLock, Timeout

    folder = Path(folder)
    if not any((folder / name).exists() for name in _OF_A_FOLDER):
        raise ForgetError(
            f"{folder} is no folder of a run, of `course score` or of a live test: it has none "
            f"of {', '.join(_OF_A_FOLDER)}. Name the folder that has the lists."
        )
    if (folder / UNFINISHED / ".complete").exists():
        raise ForgetError(f"A job died while it published into {folder}. Start it again first.")
    wanted = _Wanted(each for given in ids for each in data.clean_ids([given]))
    if not wanted.ids:
        raise ForgetError("Name at least one customer id.")
    try:
        with FileLock(folder / ".lock", timeout=0):
            return _forget(folder, wanted, dry_run)
    except Timeout:
        raise ForgetError(f"A run is writing into {folder}. Wait for it.") from None


def _forget(folder, wanted, dry_run):
    if not dry_run:
        runs.remove_left_overs(folder)
    wanted.set_apart("\n".join(_texts_of_products(folder)))
    result = Forgotten(indistinct=sorted(wanted.ids - wanted.distinct))
    found, traces = set(), []
    for path in _files(folder):
        said, ids = _scrub(path, wanted, write=False)
        if ids:
            # a short id stands in any output, as some other number
            found |= ids if path.suffix in _CERTAIN else ids & wanted.distinct
            traces.append(path)
            result.removed[path.relative_to(folder).as_posix()] = said
    if unknown := sorted(wanted.ids - found):
        raise ForgetError(
            f"Nothing in {folder} names {', '.join(map(repr, unknown[:5]))}. "
            f"{_looks(folder)}Nothing was changed."
        )
    if (folder / UNFINISHED).exists():
        result.removed[UNFINISHED] = "all of a job that died; the next one begins anew"
    result.remains = _remains(folder)
    if dry_run:
        return result
    for path in traces:
        _scrub(path, wanted, write=True)
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
    _count_again(folder)
    result.left = [
        path.relative_to(folder).as_posix() for path in _files(folder) if _is_left(path, wanted)
    ]
    return result


def _files(folder):
    """All files of the folder, the pages after the notebooks that they are made of.

    Without what a run or a job that died has begun: it is removed as a whole.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock"]
    begun = (runs.STAGING, UNFINISHED)
    paths = [p for p in paths if not p.relative_to(folder).parts[0].startswith(begun)]
    return sorted(paths, key=lambda path: path.suffix == ".html")


def _scrub(path, wanted, write):
    """Take the ids out of one file, or only look: what was removed in words, and which ids."""
    kinds = {".csv": _csv, ".parquet": _parquet, ".ipynb": _notebook, ".html": _page}
    kind = kinds.get(path.suffix)
    if path.name == publishing.ENGINE:
        kind = _engine
    if path.name == "metrics.json":
        kind = _metrics
    try:
        return kind(path, wanted, write) if kind else ("", set())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        if isinstance(error, OSError) and write:
            raise
        why = error if isinstance(error, production.EngineError) else type(error).__name__
        raise ForgetError(
            f"{path} can't be opened ({why}). Remove it, or mend it, and start again."
        ) from None


def _many(number, thing):
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _csv(path, wanted, write):
    found, rows = set(), 0
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if CUSTOMER not in header:
            return "", found
        at = header.index(CUSTOMER)
        for row in reader:
            if len(row) > at and row[at] in wanted.ids:
                found.add(row[at])
                rows += 1
    if write and rows:
        with path.open(encoding="utf-8", newline="") as file, replacing(path) as part:
            others = (r for r in csv.reader(file) if len(r) <= at or r[at] not in wanted.ids)
            with part.open("w", encoding="utf-8", newline="") as new:  # noqa: SIM117
                csv.writer(new, lineterminator="\n").writerows(others)
    return _many(rows, "row"), found


def _parquet(path, wanted, write):
    if CUSTOMER not in pq.read_schema(path).names:
        return "", set()
    ids = pq.ParquetFile(path).read([CUSTOMER])[CUSTOMER].cast(pa.string())
    hit = pc.is_in(ids, pa.array(wanted.ids, pa.string()))
    found = set(ids.filter(hit).unique().to_pylist())
    if write and found:
        kept = pq.ParquetFile(path).read().filter(pc.invert(hit))
        with replacing(path) as part:
            pq.write_table(kept, part)
        # a checksum that Spark puts beside its files
        (path.parent / f".{path.name}.crc").unlink(missing_ok=True)
    return _many(pc.sum(hit).as_py() or 0, "row"), found


def _engine(path, wanted, write):
    """The customer's purchases and intent go; what was learned from everybody together stays."""
    engine = production.load_engine(path)
    model, rules = engine.model, engine.rules
    found = wanted.among(model.customers_)
    ruled = wanted.among(rules.no_personal_list)
    if write and found | ruled:
        others = tuple(each for each in rules.no_personal_list if each not in ruled)
        engine.rules = replace(rules, no_personal_list=others)
        stays = ~model.customers_.isin(list(found))
        model.customers_ = model.customers_[stays]
        rows = np.append(stays, True)  # the last row is that of an unknown customer
        model.purchases_ = model.purchases_[rows]
        if model.intent_ is not None:
            model.intent_ = model.intent_[rows]
        production.save_engine(engine, path)
    said = [f"{_many(len(found), 'customer')}, with purchases and intent"] * bool(found)
    return " and ".join(said + ["deny_customers"] * bool(ruled)), found | ruled


def _notebook(path, wanted, write):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    found, cells = set(), 0
    for cell in notebook["cells"]:
        if named := wanted.within("\n".join(_texts(cell.get("outputs", [])))):
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": [NOTE]}]
            found |= named
            cells += 1
    listed = _listed(notebook.get("metadata"), wanted)
    for cell in notebook["cells"]:
        if "injected-parameters" in cell.get("metadata", {}).get("tags", []):
            for each in listed:
                said = json.dumps(each, ensure_ascii=False)
                cell["source"] = "".join(cell["source"]).replace(said, json.dumps(GONE))
    elsewhere = listed | wanted.within(_all(notebook), wanted.distinct)
    if write and found | elsewhere:
        text = json.dumps(_blotted(notebook, wanted), indent=1, ensure_ascii=False)
        with replacing(path) as part:
            part.write_text(text + "\n", encoding="utf-8")
    said = [f"outputs of {_many(cells, 'cell')}"] * bool(cells) + ["parameters"] * bool(elsewhere)
    return " and ".join(said), found | elsewhere


def _metrics(path, wanted, write):
    metrics = json.loads(path.read_text(encoding="utf-8"))
    found = _listed(metrics, wanted)
    found |= wanted.within(_all(metrics), wanted.distinct)
    if write and found:
        with replacing(path) as part:
            text = json.dumps(_blotted(metrics, wanted), indent=2, ensure_ascii=False)
            part.write_text(text, encoding="utf-8")
    return "examples and parameters", found


def _page(path, wanted, write):
    """The page of a lesson is made again from its notebook; from others, rows and words go."""
    notebook = path.parent.parent / "notebooks" / f"{path.stem}.ipynb"
    if path.parent.name == "html" and notebook.exists():
        if not write:
            return "made again", _notebook(notebook, wanted, write=False)[1]
        beside = {page.stem for page in path.parent.glob("[0-9]*.html")}
        text, found = pages.lesson_html(notebook, beside), set()
    else:
        text, found = _without_rows(path.read_text(encoding="utf-8"), wanted)
        found |= wanted.within(_readable(text), wanted.distinct)
        text = wanted.blot_out(text)
    if write:
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
    return "examples", found


def _without_rows(page, wanted):
    """Take out the memo's examples of customers; which ones were found."""
    found = set()

    def without(row):
        name = re.search(r'<th scope="row" class="id">(.*?)</th>', row[0], flags=re.S)
        named = wanted.among([html.unescape(name[1]).strip()] if name else [])
        found.update(named)
        return "" if named else row[0]

    return re.sub(r"<tr>.*?</tr>\s*", without, page, flags=re.S), found


def _readable(page):
    """A page without what nobody reads: styles, scripts and the bytes of pictures."""
    page = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.S | re.I)
    return re.sub(r"data:[\w/+;.=-]*base64,[A-Za-z0-9+/=\s]+", " ", page)


def _texts(value) -> Iterator[str]:
    """All texts in what JSON has, but the bytes of pictures; pieces of one text are joined."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        yield "".join(value)
        yield from value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            if isinstance(each, dict) or not name.startswith("image/") or "svg" in name:
                yield from _texts(each)


def _all(value):
    return "\n".join(_texts(value))


def _listed(value, wanted):
    """Take ids out where customers are listed: among parameters and the memo's examples."""
    found = set()
    if isinstance(value, dict):
        for name in value.keys() & {"deny_customers", "examples"}:
            if isinstance(value[name], list):
                found |= wanted.among(map(_id_of, value[name]))
                value[name] = [each for each in value[name] if _id_of(each) not in wanted.ids]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found.union(*(_listed(each, wanted) for each in inner))


def _id_of(entry):
    return entry.get(CUSTOMER) if isinstance(entry, dict) else entry


def _blotted(value, wanted):
    """The same with ids replaced in all texts, where they can't mean anything else."""
    if isinstance(value, str):
        return wanted.blot_out(value)
    if isinstance(value, list):
        return [_blotted(each, wanted) for each in value]
    if isinstance(value, dict):
        return {wanted.blot_out(name): _blotted(each, wanted) for name, each in value.items()}
    return value


# What is left


def _is_left(path, wanted):
    """Whether a file still names a customer, or nobody can tell."""
    try:
        return _names_one(path.name, path.read_bytes(), wanted)
    except Exception:  # damaged or locked: it raises whatever its damage happens to touch
        return True


def _names_one(name, content, wanted):
    """Whether a file's bytes still name a customer; packed ones are unpacked."""
    suffix = Path(name).suffix.lower()
    if suffix in _PACKED:
        return _names_one(Path(name).stem, _PACKED[suffix].decompress(content), wanted)
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(_names_one(each, archive.read(each), wanted) for each in archive.namelist())
    if content.startswith(b"PAR1"):
        return _table_names_one(pq.read_table(io.BytesIO(content)), wanted)
    text = content.decode("utf-8", errors="replace")
    if suffix in (".json", ".ipynb"):
        parsed = json.loads(text)
        outputs = [cell.get("outputs") for cell in parsed["cells"]] if suffix == ".ipynb" else []
        outputs = [each for each in outputs if each and NOTE not in _all(each)]
        return bool(
            wanted.within(_all(outputs))
            or _listed(parsed, wanted)
            or wanted.within(_all(parsed), wanted.distinct)
        )
    if suffix == ".csv" and (rows := list(csv.reader(io.StringIO(text, newline="")))):
        if CUSTOMER in rows[0]:
            at = rows[0].index(CUSTOMER)
            if wanted.among(row[at] for row in rows if len(row) > at):
                return True
        if name in publishing.RESULTS:  # amounts are no ids
            text = "\n".join(each for row in rows for each in row if not _is_number(each))
    if suffix == ".html":
        text = _readable(text)
    return bool(wanted.within(text, wanted.distinct))


def _table_names_one(table, wanted):
    for name in table.column_names:
        column = table[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_integer(column.type) and name not in ("rank", "place", "recent_buyers"):
            column = column.cast(pa.string())
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            values = [each for each in column.unique().to_pylist() if each is not None]
            if name == CUSTOMER and wanted.among(values):
                return True
            if wanted.within("\n".join(values), wanted.distinct):
                return True
    return False


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def _texts_of_products(folder):
    """Ids, names and categories of products in the folder's tables."""
    for path in _files(folder):
        if path.suffix == ".parquet":
            names = [name for name in OF_PRODUCTS if name in pq.read_schema(path).names]
            table = pq.ParquetFile(path).read(names)
            for name in names:
                yield from (str(each) for each in table[name].unique().to_pylist())
        elif path.name == publishing.ENGINE:
            try:
                names = production.load_engine(path).names
            except production.EngineError:
                continue  # said where it is opened to be changed
            yield from map(str, [*names.index, *names])


def _count_again(folder):
    """``metrics.json`` says how many customers and rows its lists have."""
    path = folder / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    counts = metrics.get("recommendations")
    if not isinstance(counts, dict):
        return
    below = folder if counts.get("published", True) else folder / publishing.HELD_BACK
    lists = below / "recommendations.parquet"
    if lists.exists():
        customers = pq.ParquetFile(lists).read([CUSTOMER])[CUSTOMER]
        counts |= {"customers": len(customers.unique()), "rows": len(customers)}
        with replacing(path) as part:
            part.write_text(json.dumps(metrics, indent=2, ensure_ascii=False), encoding="utf-8")


def _looks(folder):
    for path in _files(folder):
        if path.suffix == ".parquet" and CUSTOMER in pq.read_schema(path).names:
            ids = pq.ParquetFile(path).read([CUSTOMER])[CUSTOMER]
            if len(ids):
                return f"Ids there look like {ids[0].as_py()!r}. "
    return ""


def _remains(folder):
    """Sentences on what ``course forget`` does not touch."""
    sources = sorted(set(_sources(folder)))
    said = [
        "The export itself" + (f": {', '.join(sources)}" if sources else "") + ". Take the "
        "customer out of it (and of lists of consents and parameter files), or the next run has "
        "them again."
    ]
    beside = sorted(
        each.name
        for each in folder.absolute().parent.iterdir()
        if each != folder.absolute() and any((each / name).exists() for name in _OF_A_FOLDER)
    )
    if beside:
        said.append(f"Other runs beside this one: {', '.join(beside)}.")
    said.append(
        "Copies elsewhere: backups, mails, a website made of the run; a database that `course "
        "publish` wrote into (publish twice: it keeps the lists before, too)."
    )
    if (folder / "arms.csv").exists():
        said.append(
            "The live test itself: whoever runs it has a copy of arms.csv. `course arms` deals the "
            "customer again, if the purchases or events still have them."
        )
    said.append(
        "Outputs and pictures of lessons that show a customer without the id: pixels can't be "
        "searched. Run the lessons again to have them without."
    )
    said.append(
        "What was learned from everybody together: similarities, best sellers, figures and "
        "pictures in which this customer is one of many. Run again without them to learn it anew."
    )
    return said


def _sources(folder):
    """The files that the run has read, as its notebooks say."""
    for path in folder.glob("notebooks/*.ipynb"):
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            parameters = dict(notebook["metadata"]["papermill"]["parameters"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        parameters |= parameters.get("reading") or {}
        for name, value in parameters.items():
            if name.endswith("_path") and value:
                yield from map(str, value if isinstance(value, list) else [value])
