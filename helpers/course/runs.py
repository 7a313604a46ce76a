"""``course run``: execute the lessons on any shop's data and gather what they found.

Everything is written into a staging folder first and moved to its final name when the run is
over, so that a run that dies leaves the earlier results alone.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml

from helpers import channels, data, memo
from helpers.course.notebooks import lessons
from helpers.writing import replacing

CHANNELS = [f"{name}.csv" for name in channels.CHANNELS]
OFFERS = "retention_offers.csv"
RESULTS = ["recommendations.csv", "recommendations.parquet", "engine.zip", *CHANNELS, OFFERS]
_STAGING = ".staging-"
_DATA_PARAMETERS = [
    "transactions_path",
    "events_path",
    "columns",
    "event_columns",
    "date_format",
    "cleaning",
]


class RunError(ValueError):
    """A run that cannot start. The message says what to change."""


@dataclass
class Outcome:
    """What became of one lesson: seconds it took, and the error that stopped it."""

    lesson: Path
    seconds: float
    error: str = ""


@dataclass
class Run:
    """Lessons to execute with parameters, and where to.

    Attributes
    ----------
    lessons : list of Path
    parameters : dict
        Checked and with absolute paths; see :func:`plan_run`.
    folder : Path
    """

    lessons: list[Path]
    parameters: dict
    folder: Path
    outcomes: list[Outcome] = field(default_factory=list)
    metrics: dict = field(default_factory=dict)


def read_parameter_file(path: Path) -> dict:
    """Read a YAML file of parameters.

    Raises
    ------
    RunError
        If it is missing or no mapping of names to values.
    """
    try:
        return parse_yaml(Path(path).read_text(encoding="utf-8"), f"{path}")
    except OSError:
        raise RunError(f"There is no parameter file {path}.") from None
    except UnicodeDecodeError:
        raise RunError(f"{path} is not UTF-8 text; a parameter file is YAML.") from None


def parse_yaml(text: str, source: str) -> dict:
    """Read YAML that must be a mapping of parameter names to values."""
    try:
        parameters = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}" if where else ""
        raise RunError(f"{source} is not valid YAML{line}.") from None
    if not isinstance(parameters, dict):
        raise RunError(f"{source} must have lines of the form `name: value`.")
    return parameters


def select_lessons(names: tuple[str, ...]) -> list[Path]:
    """The lessons whose file names begin with one of `names`; all, if there are none.

    Raises
    ------
    RunError
        If a name fits no lesson.
    """
    available = lessons()
    for name in names:
        if not any(path.name.startswith(name) for path in available):
            have = ", ".join(path.stem for path in available)
            raise RunError(f"There is no lesson {name!r}. There are: {have}.")
    return [path for path in available if not names or path.name.startswith(names)]


def plan_run(chosen: list[Path], parameters: dict, folder: Path) -> Run:
    """Check a run before anything is executed.

    Parameters
    ----------
    chosen : list of Path
    parameters : dict
        Paths in it are relative to the folder the user stands in.
    folder : Path

    Returns
    -------
    Run

    Raises
    ------
    RunError
        If no lesson knows a parameter; papermill alone would only warn.
    """
    known = set().union(*(declared_parameters(path) for path in lessons())) - {"output_dir"}
    for name in parameters:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise RunError(
                f"There is no parameter {name!r}.{hint} There are: {', '.join(sorted(known))}."
            )
    resolved = {
        name: str(Path(value).expanduser().absolute())
        if name.endswith("_path") and value
        else value
        for name, value in parameters.items()
    }
    return Run(chosen, resolved, folder.absolute())


def declared_parameters(path: Path) -> set[str]:
    """Names in a lesson's cell tagged ``parameters``."""
    from papermill import inspect_notebook

    return set(inspect_notebook(str(path)))


def health_reports(parameters: dict) -> list[data.HealthReport]:
    """What happened to every row of the one or two files.

    Raises
    ------
    DataError
    """
    path = parameters.get("transactions_path")
    events_path = parameters.get("events_path")
    columns, formats = parameters.get("columns"), parameters.get("date_format", data.DATE_FORMAT)
    reports = [
        data.read_transactions(path, columns, formats, **(parameters.get("cleaning") or {}))[1]
    ]
    if events_path or not path:
        reports.append(data.read_events(events_path, parameters.get("event_columns"), formats)[1])
    return reports


def check_data(parameters: dict) -> None:
    """Load the data once, so that bad input is one sentence and not a failed lesson.

    Raises
    ------
    DataError
    """
    given = {name: parameters[name] for name in _DATA_PARAMETERS if name in parameters}
    if given.get("transactions_path"):
        transactions, _ = data.load_shop(**given)
        data.check_enough(transactions, Path(given["transactions_path"]).name)


def execute(run: Run, jobs: int = 2, report=print) -> Run:
    """Execute the lessons and publish their results under the run's folder.

    Parameters
    ----------
    run : Run
    jobs : int
        Lessons at the same time.
    report : callable
        Receives one line per finished lesson.

    Returns
    -------
    Run
        With ``outcomes``.

    Raises
    ------
    RunError
        If the folder cannot be written, or another run is writing into it.
    """
    from filelock import FileLock, Timeout

    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(run.folder / ".lock", timeout=0)
        with lock:
            _remove_left_overs(run.folder)
            staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=run.folder))
            try:
                _execute_lessons(run, staging, jobs, report)
                _publish(run, staging)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except Timeout:
        raise RunError(
            f"Another run is writing into {run.folder}. Wait for it, or choose another --out."
        ) from None
    except OSError as error:
        raise RunError(f"{run.folder} cannot be written: {error.strerror or error}.") from None
    return run


def side_by_side(parameters: dict) -> int:
    """How many lessons fit into the memory at the same time: 2 or 1."""
    path = Path(parameters.get("transactions_path") or "")
    if not path.is_file():
        return 2
    # measured: a lesson's peak is about 13 times a plain CSV file, whose packed forms are smaller
    plain = path.suffix.lower() in (".csv", ".tsv", ".txt")
    need = path.stat().st_size * (13 if plain else 60)
    return 2 if 2 * need < psutil.virtual_memory().available else 1


def _remove_left_overs(folder):
    """What a run that was killed could not clean up."""
    for staging in folder.glob(f"{_STAGING}*"):
        shutil.rmtree(staging, ignore_errors=True)
    for part in [*folder.glob(".*.part"), *folder.glob("html/.*.part")]:
        part.unlink(missing_ok=True)


def verdict(metrics: dict) -> str:
    """What the memo recommends and why, in two sentences; empty where lesson 10 did not run."""
    decision = metrics.get("memo", {}).get("decision")
    if not decision:
        return ""
    return "Recommendation: {decision}. {because} {what_to_do}".format(**decision)


def _execute_lessons(run, staging, jobs, report):
    (staging / "notebooks").mkdir()
    if jobs > 1:
        # kernels side by side: more threads than cores would only wait for each other
        for library in ("OMP", "OPENBLAS", "MKL"):
            os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(_execute_lesson, path, run, staging) for path in run.lessons]
        try:
            for done in as_completed(futures):
                outcome = done.result()
                run.outcomes.append(outcome)
                word = "failed" if outcome.error else "done"
                report(f"{outcome.lesson.stem:<24} {word} in {outcome.seconds:.0f} s")
        except BaseException:
            # Ctrl-C reaches this process only; without their kernels the threads end as well
            pool.shutdown(wait=False, cancel_futures=True)
            for kernel in psutil.Process().children(recursive=True):
                kernel.terminate()
            raise
    run.outcomes.sort(key=lambda outcome: outcome.lesson)


def _execute_lesson(path, run, staging):
    import papermill

    names = declared_parameters(path)
    parameters = {name: value for name, value in run.parameters.items() if name in names}
    if "output_dir" in names:
        parameters["output_dir"] = str(staging)
    start = time.perf_counter()
    error = ""
    try:
        papermill.execute_notebook(
            str(path),
            str(staging / "notebooks" / path.name),
            parameters,
            kernel_name="python3",
            progress_bar=False,
            # no `cwd`: papermill would change this process's folder under the other threads
            # the kernel's remarks on its own transport are of no use to an analyst
            extra_arguments=["--log-level=CRITICAL"],
        )
    except papermill.PapermillExecutionError as failed:
        error = f"{failed.ename}: {failed.evalue}"
    except OSError:  # a full disk ends the run: half a notebook helps nobody
        raise
    except Exception as failed:
        error = f"{type(failed).__name__}: {failed}"
    return Outcome(path, time.perf_counter() - start, error)


def _publish(run, staging):
    """Move the results to their final names; the summary files come last."""
    for folder in ("notebooks", "html"):
        (run.folder / folder).mkdir(exist_ok=True)
    for notebook in sorted((staging / "notebooks").glob("*.ipynb")):
        with replacing(run.folder / "html" / f"{notebook.stem}.html") as part:
            part.write_text(lesson_html(notebook), encoding="utf-8")
        os.replace(notebook, run.folder / "notebooks" / notebook.name)
    for name in RESULTS:
        if (staging / name).exists():
            os.replace(staging / name, run.folder / name)
    run.metrics = metrics = _gather(run, staging)
    with replacing(run.folder / "metrics.json") as part:
        part.write_text(json.dumps(metrics, indent=2, ensure_ascii=False), encoding="utf-8")
    with replacing(run.folder / "index.html") as part:
        part.write_text(run_page(run, metrics), encoding="utf-8")


def _gather(run, staging):
    """All lessons' figures in one mapping, and the lessons that failed."""
    metrics = {}
    for path in sorted((staging / "figures").glob("*.json")):
        metrics[path.stem] = json.loads(path.read_text(encoding="utf-8"))
    metrics["failed"] = {o.lesson.stem: o.error for o in run.outcomes if o.error}
    return metrics


def lesson_html(notebook: Path) -> str:
    """An executed lesson as one HTML page that loads nothing from elsewhere."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="classic", require_js_url="", jquery_url="", mathjax_url=""
    )
    page = exporter.from_filename(str(notebook))[0]
    # the template's own style hides the triangle that says: fold me open
    triangle = "<style>summary { display: list-item; cursor: pointer; }</style></head>"
    return page.replace("</head>", triangle, 1)


def run_page(run: Run, metrics: dict) -> str:
    """The decision memo, with the run's files and lessons as its appendix."""
    files = [name for name in (*RESULTS, "metrics.json") if (run.folder / name).exists()]
    return memo.page(metrics.get("memo"), run.folder.name, metrics, run.outcomes, files)
