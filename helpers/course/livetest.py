"""The commands of a live test: who sees which list, a rehearsal, and what the export decides."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import click
import pandas as pd

from helpers import data, experiments
from helpers.catalogue import all_customers
from helpers.course.options import gather_parameters, parameter_options, sentences
from helpers.course.runs import RunError
from helpers.experiments.page import page
from helpers.experiments.readout import percent
from helpers.reading.files import input_files
from helpers.reading.parameters import LiveTest, Parameters
from helpers.simulation.world import SEED
from helpers.writing import replacing, write_csv

ARMS, PAGE, FIGURES = "arms.csv", "readout.html", "readout.json"
#: A column that only a rehearsed export has: nobody takes it for a real one, or overwrites one.
REHEARSED = "rehearsed"
#: Lists that a rehearsal can show, in the order of the plan's arms.
LISTS = (
    "today's best sellers",
    "the course's personal list",
    "textbook item-based",
    "user-based",
    "content-based",
    "drawn by dice",
)

_out = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the results.  [default: runs/ and the parameter file's name]",
)


def _folder(out, files):
    return out or Path("runs") / (files[0].stem if files else "live_test")


def _plan_of(parameters: Parameters, files) -> LiveTest:
    """The plan, which has to stand in the parameters."""
    if parameters.live_test is None:
        where = f"{files[-1]} has" if files else "There is"
        raise RunError(
            f"{where} no plan of a test. Write one under `live_test`: arms, metric, weeks, what is "
            "worth having; data/examples/live_test.yaml is an example."
        )
    return parameters.live_test


# arms


@click.command()
@parameter_options
@_out
def arms(files, typed, raw, inline, debug, out):
    """Who sees which list in a live test, and for how long?

    Deals all customers with a purchase or an event to the arms of the plan (`live_test`), and
    writes arms.csv (customer_id, arm) for the engineers. Says which lift the test can find in how
    many weeks, from the shop's tables or from visits_per_week, click_rate and cart_rate. The test's
    name and the customer's id decide, nothing else: another day, with more customers, the same ones
    are in the same arms.
    """
    with sentences(debug):
        parameters = gather_parameters(files, typed, raw, inline, bundled_too=True)
        parameters = parameters.in_folder(Path.cwd())
        plan = _plan_of(parameters, files)
        (purchases, _), (events, _) = data.read_shop(parameters)
        customers = all_customers(purchases, events)
        table = experiments.assign_arms(customers, plan.arms, plan.name, plan.holdout)
        path = _folder(out, files) / ARMS
        _refuse_other_arms(path, table)
        write_csv(table, path)
        sizes = table["arm"].value_counts()
        for arm in [*plan.arms, *([experiments.HOLDOUT] if plan.holdout else [])]:
            click.echo(f"{arm}: {_customers(sizes.get(arm, 0))}")
        if left := len(customers) - len(table):
            click.echo(f"not in the test: {_customers(left)}")
        for line in _how_long(parameters, plan, purchases, events, len(customers)):
            click.echo(line)
    click.echo(f"wrote {path}")


def _customers(number):
    return f"{number:,} customer{'' if number == 1 else 's'}"


def _refuse_other_arms(path, table):
    """A running test must not be dealt anew: who changes the arm has seen both lists."""
    if not path.exists():
        return
    before = read_arms(path).set_index("customer_id")["arm"]
    now = table.set_index("customer_id")["arm"]
    moved = int((now.reindex(before.index).fillna("") != before).sum())
    gone = int((~before.index.isin(now.index)).sum())
    if moved:
        raise RunError(
            f"By this plan {moved:,} of the {len(before):,} customers in {path} change their arm "
            f"({gone:,} are in none now). In a running test they would see both lists. Another "
            "test needs another `name` and another --out; if this one has not begun, take "
            f"{path} away first."
        )


def read_arms(path: Path) -> pd.DataFrame:
    """Read ``arms.csv``: ``customer_id`` and ``arm``, both as text.

    Raises
    ------
    RunError
        If it is no such file, or a customer stands in it twice.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise RunError(f"{path} can't be read: {error.strerror or error}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise RunError(f"{path} is no CSV file in UTF-8.") from None
    if not rows or not {"customer_id", "arm"} <= set(rows[0]):
        raise RunError(f"{path} must have the columns customer_id and arm, and rows.")
    table = pd.DataFrame(rows)[["customer_id", "arm"]].fillna("").astype("str")
    if twice := int(table["customer_id"].duplicated().sum()):
        raise RunError(f"{path} has {twice:,} customers in several rows; each can be in one arm.")
    return table


def _how_long(parameters, plan, purchases, events, n_customers):
    """The smallest lift that the test finds, against the weeks; sentences."""
    seen, source, missing = _seen(parameters, plan, purchases, events, n_customers)
    if missing:
        return [f"How long it must run can't be said: {missing}"]
    weeks = sorted({*range(1, 13), plan.weeks})
    try:
        table = experiments.plan_test(plan, seen, weeks)
    except ValueError as error:
        return [f"How long it must run can't be said: {error}"]
    table = table.dropna(subset="smallest_lift")
    if table.empty:
        return ["How long it must run can't be said: there are too few customers to plan with."]
    times, per = (100, "100 visits") if plan.metric.endswith("visit") else (1, "customer")
    rate = times * table["rate"].iloc[-1]
    lines = [f"{plan.metric.split(' per ')[0]} per {per} today: {rate:,.3g} ({source})",
             "weeks  smallest lift that it finds four times in five"]  # fmt: skip
    lines += [
        f"{week:5}  {percent(row['smallest_lift'], '')}" + " (planned)" * (week == plan.weeks)
        for week, row in table.iterrows()
    ]
    worth = f"the smallest lift worth having, {percent(plan.worth_having, '')}"
    enough = table.index[table["enough"]]
    if plan.weeks not in table.index:
        lines.append(f"What was seen is shorter than the {plan.weeks} planned weeks.")
    elif table.loc[plan.weeks, "enough"]:
        lines.append(f"The {plan.weeks} planned weeks are enough for {worth}.")
    else:
        lines.append(
            f"The {plan.weeks} planned weeks are too short for {worth}: "
            + (f"it takes {enough[0]}." if len(enough) else f"so are {table.index[-1]} weeks.")
            + " Plan more weeks, larger shares, or a place where more happens."
        )
    return lines


def _seen(parameters, plan, purchases, events, n_customers):
    """What to plan with: the shop's tables or assumed traffic, what to call it, what is missing."""
    numerator, unit = plan.metric.split(" per ")
    weekly, of_place = parameters.visits_per_week, numerator in ("clicked", "carted")
    if weekly and unit == "visit" and of_place:
        rate = parameters.click_rate * (1 if numerator == "clicked" else parameters.cart_rate)
        each = parameters.visits_per_customer
        if "visits_per_customer" not in parameters.model_fields_set:
            each = weekly / n_customers
        source = f"assumed: {weekly:,.0f} visits a week, click_rate" + " x cart_rate" * (
            numerator == "carted"
        )
        traffic = experiments.Traffic(weekly, rate, each)
        if events is not None and len(events):
            traffic = replace(traffic, unevenness=experiments.unevenness(events, n_customers))
        return traffic, source, ""
    if numerator == "clicked":
        return None, "", (
            "the shop's tables know no clicks on the list. Enter visits_per_week, its visits, and "
            "plan per visit."
        )  # fmt: skip
    history = experiments.shop_history(purchases, events)
    if numerator not in history:
        needs = {"revenue": "amounts", "carted": "events with add_to_cart"}[numerator]
        return None, "", (
            f"the shop's tables have no {needs}."
            + " Enter visits_per_week, the visits of the place." * of_place
        )  # fmt: skip
    source = "of the whole shop, by its tables; a day with a purchase or an event is a visit"
    return history, source, ""


# rehearse


@click.command()
@parameter_options
@click.option("--arms", "arms_file", type=Path, metavar="FILE",
              help="Who sees which list, as `course arms` wrote it.  [default: dealt anew by the "
              "plan, which is the same]")  # fmt: skip
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the export.  [default: `test_results_path` of the parameter file]",
)
@click.option("--seed", type=click.IntRange(0), default=SEED, show_default="the bundled shop's",
              help="Another seed: another shop, other visits.")  # fmt: skip
@click.option(
    "--taste-strength",
    type=click.FloatRange(0, 2),
    default=1.0,
    show_default=True,
    help="0: all customers like the same, so that there is nothing to find.",
)
def rehearse(files, typed, raw, inline, debug, arms_file, out, seed, taste_strength):
    """Play a planned live test on the made-up shop.

    Writes what a company would export. The first arm shows today's best sellers, the second the
    course's personal list; further ones show textbook item-based, user-based and content-based
    lists and one drawn by dice. `course readout` reads the result as it reads a real test. A team
    that has rehearsed a test without an effect (`--taste-strength 0`) knows what chance looks like.
    """
    with sentences(debug):
        parameters = gather_parameters(files, typed, raw, inline, bundled_too=True)
        parameters = parameters.in_folder(Path.cwd())
        plan = _plan_of(parameters, files)
        if parameters.transactions_path:
            raise RunError(
                "A rehearsal needs to know what customers would do, and nobody knows that of your "
                "own: it is for the made-up shop only. Take transactions_path out, or write the "
                "plan into a file of its own."
            )
        if len(plan.arms) > len(LISTS):
            raise RunError(
                f"The plan has {len(plan.arms)} arms, and a rehearsal only {len(LISTS)} lists to "
                f"show: {', '.join(LISTS)}."
            )
        path = _export_to_write(parameters, out)
        rows = _played(plan, arms_file and read_arms(arms_file), arms_file, seed, taste_strength)
        _write_export(rows, parameters, path, f"seed {seed}; taste strength {taste_strength:g}")
    for arm, shown in zip(plan.arms, LISTS, strict=False):
        click.echo(f"{arm}: {shown}, {(rows['arm'] == arm).sum():,} visits")
    click.echo(f"wrote {path}")


def _export_to_write(parameters, out):
    """Where the export goes; never over one that was not rehearsed."""
    path = out or parameters.test_results_path
    if not path:
        raise RunError("Name the file to write: test_results_path in the plan's file, or --out.")
    if not isinstance(path, (str, Path)) or Path(path).suffix.lower() != ".csv":
        raise RunError(f"A rehearsal writes one file that ends in .csv, not {path}.")
    path = Path(path)
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as file:
            header = file.readline()
        if REHEARSED not in header.strip().split(","):
            raise RunError(f"{path} exists and was not rehearsed; it stays. Name another --out.")
    return path


def _played(plan, assigned, arms_file, seed, taste_strength):
    from helpers import recommend, simulation
    from helpers.matrix import build_interaction_matrix
    from helpers.simulation.visits import FIRST_MONDAY

    world = simulation.make_world(seed, taste_strength)
    purchases = world.transactions
    buyers = pd.Index(purchases["customer_id"].unique())
    if assigned is None:
        assigned = experiments.assign_arms(buyers, plan.arms, plan.name, plan.holdout)
    strange = sorted(set(assigned["arm"]) - {*plan.arms, experiments.HOLDOUT})
    if strange:
        raise RunError(
            f"{arms_file} has the arm {strange[0]!r}, and the plan has {', '.join(plan.arms)}: it "
            "is of another test. Write it anew with `course arms`."
        )
    # whoever has only looked around has no tastes that are known, and does not come
    assigned = assigned[assigned["customer_id"].isin(buyers)]
    if assigned.empty:
        raise RunError(f"{arms_file} has no customer of the made-up shop.")
    today, personal = simulation.two_lists(purchases).values()
    matrix = build_interaction_matrix(purchases)
    others = [recommend.ItemBased(None, False), recommend.UserBased(), recommend.ContentBased(),
              recommend.Random()][: len(plan.arms) - 2]  # fmt: skip
    fitted = [model.fit(matrix, products=world.products) for model in others]
    shown = [today, personal, *(recommend.ladder(model, today) for model in fitted)]
    lists = dict(zip(plan.arms, shown, strict=True))
    first_day = plan.starts or FIRST_MONDAY
    return simulation.live_test(world, lists, assigned, first_day, plan.weeks, random_state=seed)


def _write_export(rows, parameters, path, how):
    """As the parameters say that such an export looks: names of columns, dates."""
    form = parameters.test_date_format or parameters.date_format
    form = form if isinstance(form, str) else form[0]
    form = "%Y-%m-%d" if form == "iso" else form
    if "%" not in form:
        raise RunError(f"A rehearsal writes dates as text; it can't write {form!r}.")
    theirs = {ours: name for name, ours in parameters.test_columns.items()}
    table = rows.assign(date=rows["date"].dt.strftime(form), **{REHEARSED: how})
    with replacing(path) as part:
        table.rename(columns=theirs).to_csv(
            part, index=False, lineterminator="\n", float_format="%.2f", encoding="utf-8"
        )


# readout


@click.command()
@parameter_options
@_out
def readout(files, typed, raw, inline, debug, out):
    """What does the export of a live test decide, by its plan?

    Writes readout.html, one page to mail or print, and readout.json with its figures. Without a
    plan (`live_test`) the test is described, and nothing is decided.
    """
    with sentences(debug, where_to_look=False):
        parameters = gather_parameters(files, typed, raw, inline, bundled_too=True)
        parameters = parameters.in_folder(Path.cwd())
        if not parameters.test_results_path:
            raise RunError(
                "There is no export to read. Name it in test_results_path: customer, arm, and "
                "what you count (date, visits, clicked, carted, bought, revenue)."
            )
        rows, report = data.read_test_results(parameters)
        plan = parameters.live_test
        read = experiments.of_export(rows, report, plan)
        rehearsed = _is_rehearsed(parameters)
        folder = _folder(out, files)
        figures = experiments.plain(read) | {"rows": report.summary(), "rehearsed": rehearsed}
        text = page(read, report, plan, rows, rehearsed)
        with replacing(folder / PAGE) as part:
            part.write_text(text, encoding="utf-8")
        with replacing(folder / FIGURES) as part:
            said = json.dumps(figures, indent=2, ensure_ascii=False, allow_nan=False)
            part.write_text(said, encoding="utf-8")
    for line in experiments.words(read, plan):
        click.echo(line)
    click.echo(f"wrote {folder / PAGE}, {folder / FIGURES}")


def _is_rehearsed(parameters):
    """Whether the export is one of `course rehearse`."""
    for path in input_files(parameters.test_results_path):
        if Path(path).suffix.lower() == ".csv":
            with Path(path).open(encoding="utf-8", errors="replace") as file:
                if REHEARSED in file.readline().strip().split(","):
                    return True
    return False
