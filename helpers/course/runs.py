"""``course run``: execute the lessons on any shop's data and gather what they found.

Everything is written into a staging folder first, a folder per lesson, and moved to its final name
when the run is over, so that a run that dies leaves the earlier results alone. What is published
then, and how it is put beside what earlier runs have left, says :mod:`helpers.course.publishing`.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pandas as pd
import psutil

from helpers import audiences, catalogue, channels, data, handover, memo, production, progress
from helpers.course.notebooks import LOADED_PYTHON, MADE_UP, lessons, number
from helpers.course.publishing import ENGINE, finish_publishing, publish
from helpers.kernels import loops_are_loaded
from helpers.reading.databases import Query
from helpers.reading.files import MEMORY_OF_A_ROW, input_files, memory_needed
from helpers.reading.once import collected, hand_over
from helpers.reading.parameters import READING, Parameters, Written
from helpers.reading.tables import let_go

STAGING = ".staging-"
#: Lessons that take long begin first, so that none of them is left for one processor at the end.
LONG = ("06", "09", "10")
#: In it, what the run has read, for its lessons.
CLEAN = "clean"


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
    parameters : Parameters
        With absolute paths; see :func:`plan_run`.
    folder : Path
    publish_anyway : bool
        Also lists that fail a health check which stops publication.
    started : str
        ISO time with zone.
    fingerprint, counts, segments : str, dict and Series
        Of the data; known once they are read. Rows ``read`` and ``kept``, ``customers`` and
        ``products`` of the purchases; each customer's segment (lesson 09).
    thin_end : str
        How many purchases the newest day and week have, where that is fewer than usual.
    rules : Rules or None
        What must not be shown to whom; known once the data are read.
    agreed : list of str or None
        Customers who agreed to mails, reminders and offers; None: all, or made up.
    outcomes : list of Outcome
    metrics : dict
        What ``metrics.json`` holds now.
    written : list of Path
        The results and summaries that this run wrote, below `folder`.
    stopped_by : list of str
        Failed checks that stop publication.
    held_back : bool
        Whether the results were held back because of them.
    remarks : list of str
        Sentences on what in the folder is not of this run, or was not published.
    """

    lessons: list[Path]
    parameters: Parameters
    folder: Path
    publish_anyway: bool = False
    started: str = field(
        default_factory=lambda: datetime.now().astimezone().isoformat(timespec="seconds")
    )
    fingerprint: str = ""
    counts: dict = field(default_factory=dict)
    segments: pd.Series = field(default_factory=lambda: pd.Series(dtype="str"))
    thin_end: str = ""
    rules: catalogue.Rules | None = None
    agreed: list[str] | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    metrics: dict = field(default_factory=dict)
    written: list[Path] = field(default_factory=list)
    stopped_by: list[str] = field(default_factory=list)
    held_back: bool = False
    remarks: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict:
        """Those parameters that do not say where and how to read the data, as JSON has them."""
        given = self.parameters.model_dump(mode="json", exclude_unset=True)
        return {name: value for name, value in given.items() if name not in READING}


def read_parameter_file(path: Path) -> Written:
    """Read a YAML file of parameters.

    Raises
    ------
    RunError, ParameterError
        If it is missing or no mapping of names to values.
    """
    try:
        return Written(Path(path).read_text(encoding="utf-8-sig"), f"{path}")
    except OSError:
        raise RunError(f"There is no parameter file {path}.") from None
    except UnicodeDecodeError:
        raise RunError(f"{path} is not UTF-8 text; a parameter file is YAML.") from None


def select_lessons(names: tuple[str, ...]) -> list[Path]:
    """The lessons whose file names begin with one of `names`; all, if there are none.

    Those that deal shops of their own are in no run.

    Raises
    ------
    RunError
        If a name fits no lesson, or only one that deals its own shops.
    """
    available = [path for path in lessons() if number(path) not in MADE_UP]
    for name in names:
        if any(path.name.startswith(name) for path in available):
            continue
        for path in lessons():
            if path.name.startswith(name):
                raise RunError(
                    f"Lesson {number(path)} deals made-up shops and takes no data, so a run leaves "
                    f"it out. Open it instead: notebooks/{path.name}."
                )
        have = ", ".join(path.stem for path in available)
        raise RunError(f"There is no lesson {name!r}. There are: {have}.")
    return [path for path in available if not names or path.name.startswith(names)]


def plan_run(chosen: list[Path], parameters: Parameters, folder: Path) -> Run:
    """A run of some lessons with parameters, in which paths are absolute.

    Parameters
    ----------
    chosen : list of Path
    parameters : Parameters
        Paths in it are relative to the folder the user stands in.
    folder : Path

    Returns
    -------
    Run
    """
    return Run(chosen, parameters.in_folder(Path.cwd()), folder.absolute())


def declared_parameters(path: Path) -> set[str]:
    """Names in a lesson's cell tagged ``parameters``."""
    from papermill import inspect_notebook

    return set(inspect_notebook(_literally(path)))


def _literally(path):
    """A path for papermill, which would fill in what stands in braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def check_data(parameters: Parameters) -> tuple:
    """Load the data once, so that bad input is one sentence and not a failed lesson.

    Returns
    -------
    transactions : DataFrame
    events : DataFrame or None
    report : HealthReport
        Of the purchases.

    Raises
    ------
    DataError
    """
    (transactions, report), (events, _) = data.read_shop(parameters)
    try:
        check_enough(transactions, parameters)
    except data.DataError as error:  # a doubt may say why
        why = [f"{doubt.seen} {doubt.mend}" for doubt in report.doubts if doubt.stops]
        raise data.DataError(" ".join([str(error), *why[:1]])) from None
    customers = catalogue.all_customers(transactions, events)
    channels.consent_list(parameters.consent_path, customers=customers)
    data.read_test_results(parameters)
    return transactions, events, report


def _look_at(run, transactions, events, report):
    """Note what the run's digests need to know of the data and of what must not be shown."""
    known = data.product_table(transactions)
    products = data.load_products(run.parameters, known.index)
    customers = catalogue.all_customers(transactions, events)
    run.rules = catalogue.rules_for(known, products, run.parameters, customers)
    if run.parameters.transactions_path:  # the bundled shop's consents are made up in the lessons
        run.agreed = channels.consent_list(
            run.parameters.consent_path, (), run.parameters.everybody_agreed, customers=customers
        )
    products = None if products is None else products.reset_index()
    run.fingerprint = production.data_fingerprint(transactions, events, products)
    run.counts = {"read": report.read, "kept": report.kept}
    for name in ("customer", "product"):
        run.counts[f"{name}s"] = int(transactions[f"{name}_id"].nunique())
    run.counts["events"] = 0 if events is None else len(events)
    run.segments = audiences.segment_by_scores(audiences.rfm(transactions))
    _, as_full_as_usual, _, newest = production.newest_days(transactions)
    run.thin_end = "" if as_full_as_usual else newest


def check_enough(transactions, parameters: Parameters) -> None:
    """Refuse a shop of one's own from which nothing can be learned."""
    if source := parameters.source("transactions"):
        name = "transactions_path" if isinstance(source, list) else _name_of(source)
        data.check_enough(transactions, name)


def _name_of(source):
    return source.name if isinstance(source, Query) else Path(source).name


def execute(run: Run, jobs: int | None = 2, report=print) -> Run:
    """Read the data, build the run's engine, execute the lessons and publish their results.

    Parameters
    ----------
    run : Run
    jobs : int or None
        Lessons at the same time; None: see :func:`side_by_side`.
    report : callable
        Receives one line per finished lesson.

    Returns
    -------
    Run
        With ``outcomes`` and what was published.

    Raises
    ------
    DataError
        If the data cannot be used; nothing is written then.
    RunError
        If the folder cannot be written, or another run is writing into it.
    """
    from filelock import FileLock, Timeout

    _load_ahead(jobs)
    with collected() as readings:
        with progress.shown():
            *tables, of_purchases = check_data(run.parameters)
        _look_at(run, *tables, of_purchases)
    jobs = jobs or side_by_side(run.parameters, of_purchases.read)
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(run.folder / ".lock", timeout=0)
        with lock:
            remove_left_overs(run.folder)
            staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=run.folder))
            try:
                with _leaving_nothing(staging), handover.handed_over(staging / CLEAN):
                    hand_over(readings, staging / CLEAN)
                    readings.clear()
                    _build_engine(run, staging, *tables, of_purchases.undone)
                    _share_loops()
                    del tables, of_purchases
                    gc.collect()
                    let_go()  # the lessons need it
                    _execute_lessons(run, staging, jobs, report)
                publish(run, staging)
            finally:
                _remove(staging)
    except Timeout:
        raise RunError(
            f"Another run is writing into {run.folder}. Wait for it, or choose another --out."
        ) from None
    except OSError as error:
        raise RunError(in_words(run.folder, error, "written")) from None
    return run


@contextmanager
def _leaving_nothing(staging):
    """A run that the system ends takes its staging along: customers' data are in it."""

    def end(*_):
        _end_kernels()
        _remove(staging)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    if threading.current_thread() is not threading.main_thread():  # others get no signals
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _remove(folder):
    """Remove a folder into which threads may write: under another name, they don't find it."""
    gone = folder.with_name(f"{folder.name}-gone")
    with suppress(OSError):
        folder = folder.replace(gone)
    shutil.rmtree(folder, ignore_errors=True)


def _end_kernels():
    kernels = psutil.Process().children(recursive=True)
    for kernel in kernels:
        with suppress(psutil.Error):
            kernel.terminate()
    psutil.wait_procs(kernels, timeout=2)


def in_words(path, error: OSError, verb: str = "used") -> str:
    """What the system says of a path, in a sentence."""
    path = str(path) if len(str(path)) <= 200 else f"{str(path)[:200]}..."
    why = error.strerror or str(error)
    if isinstance(error, FileExistsError | NotADirectoryError):
        why = "there is a file where a folder should be"
    return f"{path} cannot be {verb}: {why[:1].lower()}{why[1:]}. Choose another place."


def side_by_side(parameters: Parameters, rows: int = 0) -> int:
    """How many lessons fit into the memory at the same time: 2 or 1.

    Parameters
    ----------
    parameters : Parameters
    rows : int
        Of the purchases, from which the size of a query's result is known.
    """
    source = parameters.source("transactions")
    if isinstance(source, Query):
        need = MEMORY_OF_A_ROW * rows
    else:
        need = memory_needed(input_files(source)) if source else 0
    return 2 if 2 * need < psutil.virtual_memory().available else 1


def remove_left_overs(folder):
    """What a run that was killed could not finish or clean up."""
    finish_publishing(folder)
    for staging in folder.glob(f"{STAGING}*"):
        _remove(staging)
    for part in [*folder.glob(".*.part"), *folder.glob("html/.*.part")]:
        part.unlink(missing_ok=True)


def doubts(run: Run) -> list[str]:
    """Why the data must be mended first, as this run's memo found it: what was seen, the key."""
    if run.metrics["as_of"].get("memo") != run.started:
        return []
    found = run.metrics["memo"]["data"]["doubts"]
    return ["{seen} {mend}".format(**doubt) for doubt in found if doubt["stops"]]


def verdict(run: Run) -> str:
    """What the memo recommends and why, in two sentences; empty where this run made none."""
    if run.metrics["as_of"].get("memo") != run.started:
        return ""
    decision = run.metrics["memo"]["decision"]
    said = f"Recommendation: {memo.headline(decision)}. {decision['because']}"
    said = f"{said} {decision.get('holds_once') or ''}".strip()
    # what to do about doubts was said before
    return said if doubts(run) else f"{said} {decision['what_to_do']}"


def worth_a_look(run: Run) -> list[str]:
    """Failed health checks of this run's lists that do not stop publication."""
    if run.metrics["as_of"].get("recommendations") != run.started:
        return []
    failed = run.metrics["recommendations"].get("failed_checks", [])
    return [check for check in failed if check not in run.stopped_by]


def _build_engine(run, staging, transactions, events, undone):
    """One engine for all lessons of the run that use it; each finds it in its folder."""
    if not any(_uses_engine(path) for path in run.lessons):
        return
    test_days, n = run.parameters.test_days, run.parameters.n_recommendations
    try:
        production.shop_engine(transactions, events, test_days, n, staging, run.rules, undone)
    except OSError:
        raise
    except Exception:
        # a lesson that can't do without will try again, and say what is wrong where it is seen;
        # lessons that don't need it go on
        (staging / ENGINE).unlink(missing_ok=True)


def _load_ahead(jobs):
    """Kernels load their packages while this process reads the data."""
    from helpers.course.kernel import load_ahead

    if jobs != 1:
        # kernels side by side: more threads than cores would only wait for each other
        for library in ("OMP", "OPENBLAS", "MKL"):
            os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    load_ahead()


def _share_loops():
    """What this process needed to build the engine, its lessons will need, too."""
    from helpers.course.kernel import load_loops_as_well

    if loops_are_loaded():
        load_loops_as_well()


def _uses_engine(path):
    text = path.read_text(encoding="utf-8")
    return "shop_engine(" in text or "memo.collect(" in text


def _folder_of(path, staging):
    """A folder for what one lesson leaves, with the run's engine in it."""
    folder = staging / path.stem
    folder.mkdir()
    if (staging / ENGINE).exists():
        try:
            os.link(staging / ENGINE, folder / ENGINE)
        except OSError:  # a file system without links
            shutil.copy(staging / ENGINE, folder / ENGINE)
    return folder


def _execute_lessons(run, staging, jobs, report):
    (staging / "notebooks").mkdir()
    with ThreadPoolExecutor(jobs) as pool:
        longest_first = sorted(run.lessons, key=lambda path: number(path) not in LONG)
        futures = [pool.submit(_execute_lesson, path, run, staging) for path in longest_first]
        try:
            for done in as_completed(futures):
                outcome = done.result()
                run.outcomes.append(outcome)
                word = "failed" if outcome.error else "done"
                report(f"{outcome.lesson.stem:<24} {word} in {outcome.seconds:.0f} s")
        except BaseException:
            # Ctrl-C reaches this process only; without their kernels the threads end as well
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in futures):  # one may only just be starting
                _end_kernels()
                time.sleep(0.1)
            raise
    run.outcomes.sort(key=lambda outcome: outcome.lesson)


def _execute_lesson(path, run, staging):
    import papermill

    names = declared_parameters(path)
    parameters = run.parameters.for_lesson(names)
    if "output_dir" in names:
        parameters["output_dir"] = str(_folder_of(path, staging))
    start = time.perf_counter()
    error = ""
    try:
        papermill.execute_notebook(
            _literally(path),
            _literally(staging / "notebooks" / path.name),
            parameters,
            kernel_name="python3",
            kernel_manager_class=LOADED_PYTHON,
            progress_bar=False,
            request_save_on_cell_execute=False,  # it is saved at the end, failed or not
            # no `cwd`: papermill would change this process's folder under the other threads
            # the kernel's remarks on its own transport are of no use to an analyst
            extra_arguments=["--log-level=CRITICAL", "--HistoryManager.enabled=False"],
        )
    except papermill.PapermillExecutionError as failed:
        error = f"{failed.ename}: {failed.evalue}"
    except OSError:  # a full disk ends the run: half a notebook helps nobody
        raise
    except Exception as failed:
        error = f"{type(failed).__name__}: {failed}"
    return Outcome(path, time.perf_counter() - start, error)
