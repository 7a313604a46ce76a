"""What a run leaves in its folder: its own part only, and of everything from when it is.

A run may be partial (``course run 06``, every night) or hold lessons that stop with an error. What
an earlier run left stays then, and ``metrics.json`` says from when it is. Beside the lessons'
sections and ``failed`` it has:

- ``as_of``: for each section, when the run began that found these figures;
- ``lessons``: for each lesson, when it ``ran`` last and the ``error`` that stopped it, if any; from
  when its figures are (``as_of``), and of which ``data`` (a fingerprint), ``parameters`` and
  ``counts`` of rows; under ``published`` the same of its tables that were published last;
- ``files`` and ``held_back``: for each table and the engine, from when it is.

``comparison`` says what changed since the lists that were published before.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import jinja2
import pandas as pd

from helpers import channels, memo, production, writing
from helpers.course import comparing
from helpers.course.notebooks import titles
from helpers.course.pages import glossary_html, lesson_html
from helpers.data import shop_called

CHANNELS = [f"{name}.csv" for name in channels.CHANNELS]
OFFERS, HOLDOUT = "retention_offers.csv", "retention_holdout.csv"
ENGINE = "engine.zip"
LISTS = ["recommendations.csv", "recommendations.parquet"]
SUMMARY, COMPARISON = "summary.csv", "comparison.csv"
RESULTS = [*LISTS, SUMMARY, COMPARISON, ENGINE, *CHANNELS, OFFERS, HOLDOUT]
TO_THOSE_WHO_AGREED = ["email.csv", "cart.csv", OFFERS]
HELD_BACK = "held_back"
_READY = ".ready"
_NOTES = ["as_of", "data", "parameters", "counts"]
BOOKS = ["failed", "as_of", "lessons", "files", "held_back"]


def earlier_metrics(folder: Path) -> dict:
    """``metrics.json`` of the runs before, with all its books; empty ones where there is none."""
    path = folder / "metrics.json"
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        metrics = {name: value for name, value in metrics.items() if isinstance(value, dict)}
    except (OSError, ValueError, AttributeError):
        metrics = {}
    books = {name: metrics.pop(name, {}) for name in BOOKS}
    for name in ("as_of", "files", "held_back"):
        books[name] = {what: when for what, when in books[name].items() if _is_moment(when)}
    books["lessons"] = {stem: book for stem, book in books["lessons"].items() if _is_complete(book)}
    if metrics and not books["as_of"]:  # left by an older version of the course
        books["as_of"] = dict.fromkeys(metrics, modified(path))
    return metrics | books


def _is_moment(text):
    try:
        return bool(datetime.fromisoformat(text))
    except (TypeError, ValueError):
        return False


def _is_complete(book):
    """Whether a note on a lesson has what is asked of it."""
    return (
        isinstance(book, dict)
        and {"as_of", "ran", "error"} <= set(book)
        and _is_moment(book["ran"])
        and (book["as_of"] is None or _is_moment(book["as_of"]))
        and isinstance(book.get("parameters", {}), dict)
        and isinstance(book.get("published", {}), dict)
    )


def publish(run, staging: Path) -> None:
    """Lay out the whole folder in `staging`, then move it file by file; the summaries come last.

    Whoever sees the new ``metrics.json`` sees all that it speaks of. Fills in ``run.metrics``,
    ``run.remarks``, ``run.written``, ``run.stopped_by`` and ``run.held_back``.
    """
    before, metrics = earlier_metrics(run.folder), earlier_metrics(run.folder)
    run.stopped_by = stopping_checks(run, staging)
    run.held_back = bool(run.stopped_by) and not run.publish_anyway
    ready = staging / "ready"
    for part in ("notebooks", "html"):
        (ready / part).mkdir(parents=True)
    made = [staging / "notebooks" / outcome.lesson.name for outcome in run.outcomes]
    made = [notebook for notebook in made if notebook.exists()]
    beside = {notebook.stem for notebook in [*made, *(run.folder / "html").glob("[0-9]*.html")]}
    for notebook in made:
        page = ready / "html" / f"{notebook.stem}.html"
        page.write_text(lesson_html(notebook, beside), encoding="utf-8")
        os.replace(notebook, ready / "notebooks" / notebook.name)
    gather(run, staging, metrics)
    digest(run, staging, before, metrics)
    results = lay_out_results(run, staging, ready, metrics)
    run.metrics, run.remarks = metrics, remarks(run, metrics) + outdated(run, results)
    summary = json.dumps(metrics, indent=2, ensure_ascii=False, default=str)
    (ready / "metrics.json").write_text(summary, encoding="utf-8")
    (ready / "index.html").write_text(run_page(run, metrics), encoding="utf-8")

    # the same for every run: it is no part of what has to change together
    (run.folder / "html").mkdir(exist_ok=True)
    (run.folder / "html" / "glossary.html").write_text(glossary_html(), encoding="utf-8")
    run.written = [*results, Path("metrics.json"), Path("index.html")]
    os.replace(ready, run.folder / _READY)
    finish_publishing(run.folder)


def finish_publishing(folder: Path) -> None:
    """Move what a run has laid out to its final names; nothing, if nothing waits.

    From the moment on that the whole lies in the run's folder, nothing of it is lost: whoever
    comes after a run that was killed in the middle of its moves goes on with them.
    """
    ready = folder / _READY
    if not ready.exists():
        return
    below = [path.relative_to(ready) for path in sorted(ready.rglob("*")) if path.is_file()]
    last = [Path("metrics.json"), Path("index.html")]
    in_order = sorted((path for path in below if path not in last), key=lambda p: len(p.parts) < 2)
    for path in in_order + [path for path in last if path in below]:
        (folder / path).parent.mkdir(exist_ok=True)
        os.replace(ready / path, folder / path)
    forget_published(folder, earlier_metrics(folder))
    shutil.rmtree(ready)


def stopping_checks(run, staging: Path) -> list[str]:
    """The failed health checks that keep this run's tables from being published.

    Lesson 06 looks at its own table. Where it is not part of the run, the engine's lists are
    checked here: nothing goes out unchecked.
    """
    done = [staging / outcome.lesson.stem for outcome in run.outcomes if not outcome.error]
    for folder in done:
        figures = folder / "figures" / "recommendations.json"
        if figures.exists():
            found = json.loads(figures.read_text(encoding="utf-8"))["stopped_by"]
            return found + losses(run, staging, folder)
    if not (staging / ENGINE).exists() or not any(results_of(folder) for folder in done):
        return []
    engine = production.load_engine(staging / ENGINE)
    n = run.parameters.n_recommendations
    checks = production.health_checks(engine, production.score_everyone(engine, n), n)
    return production.stopped_by(checks) + losses(run, staging)


def losses(run, staging: Path, folder: Path | None = None) -> list[str]:
    """The checks that fail beside the engine that lies published, and its lists.

    A table can be right in itself, and half. `folder` is the one with new lists, if there are any.
    """
    checks = []
    if folder and (folder / LISTS[1]).exists():
        published = _published_before(run.folder, folder.name, {"lessons": {}, "files": {}})
        if published and published.lists is not None:
            lists = pd.read_parquet(folder / LISTS[1], columns=["customer_id"])
            checks.append(production.kept_customers(lists, published.lists))
    with suppress(production.EngineError):  # none lies there yet, or it can't be read
        engines = [production.load_engine(each / ENGINE) for each in (staging, run.folder)]
        checks += [production.kept_purchases(*engines), production.kept_forbidden(*engines)]
    return [f"{check} ({detail})" for check, passed, _, detail in checks if not passed]


def lost_rows(run, metrics: dict) -> list[str]:
    """A sentence for each source that has lost a tenth of its rows since the published lists."""
    if metrics["as_of"].get("comparison") != run.started:
        return []
    found = metrics["comparison"].get("data", {})
    said = []
    for name, what in {"read": "purchases", "events": "events"}.items():
        now, then = (found.get(name, {}).get(when) for when in ("now", "before"))
        if None not in (now, then) and not production.kept_rows(what, now, then)[1]:
            said.append(
                f"Of {what}, {now:,} rows came, and {then:,} for the lists before: is the export "
                "complete?"
            )
    return said


def results_of(folder: Path) -> list[str]:
    """Names of the results that a lesson left; the engine is published with its lists only."""
    names = [name for name in RESULTS if (folder / name).exists()]
    return names if LISTS[0] in names else [name for name in names if name != ENGINE]


def lay_out_results(run, staging: Path, ready: Path, metrics: dict) -> list[Path]:
    """Results of the lessons that succeeded, under their final names or all of them held back.

    Keeps ``files`` and ``held_back`` in `metrics`; returns the paths below `ready`.
    """
    results = []
    for outcome in run.outcomes:
        folder = staging / outcome.lesson.stem
        for name in [] if outcome.error else results_of(folder):
            path = Path(HELD_BACK, name) if run.held_back else Path(name)
            (ready / path).parent.mkdir(exist_ok=True)
            os.replace(folder / name, ready / path)
            metrics["held_back" if run.held_back else "files"][name] = run.started
            if not run.held_back:
                metrics["held_back"].pop(name, None)
                book = metrics["lessons"][outcome.lesson.stem]
                book["published"] = {each: book[each] for each in _NOTES}
            results.append(path)
    run.held_back = run.held_back and bool(results)
    if "recommendations" in metrics:
        metrics["recommendations"]["published"] = LISTS[0] not in metrics["held_back"]
    return results


def digest(run, staging: Path, before: dict, metrics: dict) -> None:
    """Beside new lists: what is in them, and what changed since those that lie in the folder.

    Parameters
    ----------
    run : Run
    staging : Path
    before, metrics : dict
        ``metrics.json`` as it was, and with this run's figures.
    """
    for outcome in run.outcomes:
        folder, stem = staging / outcome.lesson.stem, outcome.lesson.stem
        if outcome.error or not (folder / LISTS[1]).exists():
            continue
        lists = pd.read_parquet(folder / LISTS[1])
        table = comparing.summary(lists, run.segments, run.parameters.n_recommendations)
        writing.write_csv(table, folder / SUMMARY)
        judged = metrics["as_of"].get("evaluation") == run.started
        now = comparing.Delivered(lists, run.counts, metrics["evaluation"] if judged else {})
        comparison = comparing.compare(_published_before(run.folder, stem, before), now)
        writing.write_csv(comparing.to_table(comparison), folder / COMPARISON)
        metrics["comparison"], metrics["as_of"]["comparison"] = comparison, run.started


def _published_before(folder, stem, metrics):
    """What lies in the folder under its final name, and what is known of it; or None."""
    if not (folder / LISTS[0]).exists():
        return None
    noted = metrics["lessons"].get(stem, {}).get("published", {})
    try:
        lists = pd.read_parquet(folder / LISTS[1])
        lists = lists[["customer_id", "rank", "product_id", "product_name", "source"]]
    except Exception:  # a damaged file raises whatever its damage happens to touch
        lists = None
    moment = metrics["files"].get(LISTS[0]) or modified(folder / LISTS[0])
    quality = metrics.get("evaluation", {})
    return comparing.Delivered(lists, noted.get("counts", {}), quality, moment)


def forget_published(folder: Path, metrics: dict) -> None:
    """Remove what was held back before, and has now been replaced by something better."""
    for name in RESULTS:
        if name not in metrics["held_back"]:
            (folder / HELD_BACK / name).unlink(missing_ok=True)
    with suppress(OSError):  # not there, or not empty
        (folder / HELD_BACK).rmdir()


def gather(run, staging: Path, metrics: dict) -> None:
    """Put this run's figures in place of earlier ones, and write down when each lesson ran."""
    for outcome in run.outcomes:
        stem = outcome.lesson.stem
        book = metrics["lessons"].setdefault(stem, {"as_of": None})
        book |= {"ran": run.started, "error": outcome.error}
        metrics["failed"].pop(stem, None)
        if outcome.error:
            metrics["failed"][stem] = outcome.error
            continue
        book |= {"as_of": run.started, "data": run.fingerprint, "parameters": run.settings}
        book["counts"] = run.counts
        for path in sorted((staging / stem / "figures").glob("*.json")):
            metrics[path.stem] = json.loads(path.read_text(encoding="utf-8"))
            metrics["as_of"][path.stem] = run.started


def remarks(run, metrics: dict) -> list[str]:
    """Sentences on what does not fit: names, results of other runs, what was not published."""
    unknown = run.rules.unknown if run.rules else {}
    said = [f"{name} names what the shop does not have: {u}." for name, u in unknown.items()]
    untrue = "; ".join(run.stopped_by)
    if run.held_back:
        said.append(
            f"Nothing was published, because this is not true of the new lists: {untrue}. The "
            f"new tables are in {HELD_BACK}/; earlier ones stay. If that is meant, "
            "--publish-anyway overrules that."
        )
    elif run.stopped_by and run.publish_anyway:
        said.append(f"Published as asked, although this is not true of the lists: {untrue}.")
    elif metrics["held_back"]:
        since = day_and_time(max(metrics["held_back"].values()))
        said.append(
            f"The tables in {HELD_BACK}/, of {since}, failed a check and are not published."
        )
    said += lost_rows(run, metrics)
    if run.thin_end:
        said.append(
            f"The newest days have fewer purchases than usual: {run.thin_end}. Is the export "
            "complete, up to the end of a day?"
        )
    for stem, book in metrics["lessons"].items():
        tables = book.get("published", book)
        if tables.get("data") != book.get("data"):
            number, moment = stem.split("_")[0], day_and_time(tables["as_of"])
            said.append(
                f"The published tables of lesson {number}, of {moment}, are of other purchases or "
                "events than its figures."
            )
    ran = {outcome.lesson.stem for outcome in run.outcomes}
    kept = {stem: book for stem, book in metrics["lessons"].items() if book["as_of"]}
    kept = {stem: book for stem, book in kept.items() if stem not in ran or book["error"]}
    for stem in sorted(ran & set(kept)):
        before, number = day_and_time(kept[stem]["as_of"]), stem.split("_")[0]
        said.append(f"Lesson {number} stopped with an error; its results are those of {before}.")
    memo = metrics["as_of"].get("memo", run.started)
    if memo != run.started:
        said.append(f"The decision is of {day_and_time(memo)}.")
    other = [stem for stem, book in kept.items() if book.get("data") != run.fingerprint]
    if other:
        said.append(
            f"The data have changed since: figures and tables of {numbers(other)} are of other "
            f"purchases or events than those of {numbers(ran)}. Run all lessons to compare them."
        )
    if changed := _changed_parameters(run, kept):
        said.append(f"Parameters have changed since {changed}.")
    return said


def outdated(run, results: list[Path]) -> list[str]:
    """A sentence on tables of earlier runs, if today they must not go out as they are.

    Parameters
    ----------
    run : Run
    results : list of Path
        What this run publishes or holds back.
    """
    rows = {}
    for name in [LISTS[0], *CHANNELS, OFFERS]:
        path = run.folder / name
        if run.rules is None or Path(name) in results or not path.exists():
            continue
        try:
            table = pd.read_csv(path, dtype="str", keep_default_na=False)
            wrong = table["product_id"].isin(run.rules.not_shown())
            if name in TO_THOSE_WHO_AGREED:
                wrong |= table["customer_id"].isin(run.rules.no_personal_list)
                if run.agreed is not None:
                    wrong |= ~table["customer_id"].isin(run.agreed)
        except (OSError, ValueError, KeyError):  # somebody has changed it
            continue
        rows[name] = int(wrong.sum())
    found = ", ".join(f"{name}: {n:,}" for name, n in rows.items() if n)
    if not found:
        return []
    return [
        f"Tables of earlier runs have rows that today's catalogue, rules or consents forbid: "
        f"{found}. Do not send or show them; run their lessons again."
    ]


def _changed_parameters(run, kept):
    """Which lessons' results come from other parameters than this run's, and from which."""
    names, stems = set(), []
    for stem, book in kept.items():
        before = book.get("parameters", {})
        differ = {
            name for name in run.settings | before if run.settings.get(name) != before.get(name)
        }
        if differ:
            names |= differ
            stems.append(stem)
    return f"{numbers(stems)} ran: {', '.join(sorted(names))}" if stems else ""


def numbers(stems) -> str:
    """Lessons in words, such as "lesson 06" or "lessons 00 to 05 and 07"."""
    found = sorted({int(stem[:2]) for stem in stems})  # 05a and 05b are lesson 05
    spans = []
    for number in found:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    texts = [
        f"{span[0]:02d}" if len(span) == 1 else f"{span[0]:02d} to {span[-1]:02d}" for span in spans
    ]
    listed = " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
    return f"lesson{'s' if len(found) > 1 else ''} {listed}"


def day_and_time(moment: str) -> str:
    """An ISO time for people, such as "1 March 2026, 02:10"."""
    moment = datetime.fromisoformat(moment)
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def run_page(run, metrics: dict) -> str:
    """The decision memo, with the run's files and lessons as its appendix."""
    lessons = [
        {"name": stem, "error": book["error"], "ran": day_and_time(book["ran"])} | called(stem)
        for stem, book in sorted(metrics["lessons"].items())
    ]
    files = {name: metrics["files"].get(name) for name in RESULTS if is_there(run, name, metrics)}
    files = {
        name: "" if moment == run.started else day_and_time(moment or modified(run.folder / name))
        for name, moment in files.items()
    } | {"metrics.json": ""}
    remarks, title = list(run.remarks), shop_called(run.parameters)
    try:
        return memo.page(metrics.get("memo"), title, metrics, lessons, files, remarks)
    except (jinja2.UndefinedError, TypeError, KeyError):
        if metrics["as_of"].get("memo") == run.started:
            raise
        # facts that an older version of the course has left
        remarks.append(
            "The earlier decision is by an older version of the course: run all lessons."
        )
        return memo.page(None, title, metrics, lessons, files, remarks)


def called(stem: str) -> dict[str, str]:
    """A lesson's name, where the course has such a lesson."""
    return {"called": titles()[stem]} if stem in titles() else {}


def is_there(run, name: str, metrics: dict) -> bool:
    """Whether a result will lie under its final name when this run is published."""
    return metrics["files"].get(name) == run.started or (run.folder / name).exists()


def modified(path: Path) -> str:
    """When a file was written last, as an ISO time."""
    moment = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    return moment.isoformat(timespec="seconds")
