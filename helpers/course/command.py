"""The ``course`` command."""

import io
import sys
from pathlib import Path

import click

from helpers.catalogue import all_customers, rules_for
from helpers.channels import consent_list
from helpers.course import forgetting, livetest, runs
from helpers.course.options import gather_parameters, parameter_options, sentences
from helpers.course.website import build_site
from helpers.course.workshop import write_workshop
from helpers.data import PROJECT, product_table, read_products, read_shop, read_test_results
from helpers.reading.databases import Query, absolute
from helpers.simulation import world


class _InOrder(click.Group):
    """Lists its commands in the order of their use, not of the alphabet."""

    def list_commands(self, ctx):
        first = ["check", "describe", "health", "run", "score", "publish", "forget", "parameters",
                 "arms", "rehearse", "readout"]  # fmt: skip
        return first + [name for name in self.commands if name not in first]


@click.group(cls=_InOrder)
def main():
    """Build, judge and ship a product recommender.

    Own data: `course describe FILE` looks at an export and proposes a parameter file; `course
    health` says what becomes of every row of it, and `course run` what it is good for.

    A live test: `course arms` says who sees which list and how long it takes, `course rehearse`
    plays it on the made-up shop, and `course readout` says what its export decides.
    """
    for stream in (sys.stdout, sys.stderr):
        # a file's name may have letters that a redirected output's code page has not
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@main.command()
@click.argument("names", nargs=-1, metavar="[LESSON]...")
@parameter_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the results.  [default: runs/ and the parameter file's name]",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Lessons at the same time.  [default: 2, or 1 for a file that is large for the memory]",
)
@click.option(
    "--publish-anyway",
    is_flag=True,
    help="Publish lists that fail a check which would hold them back.",
)
def run(names, files, typed, raw, inline, debug, out, jobs, publish_anyway):
    """Run the lessons (all, or those named by their number) on the bundled or on your own data.

    Lesson 12 is in no run: it deals made-up shops of its own.

    Writes executed notebooks, recommendations.csv and .parquet, metrics.json and index.html.
    `course describe FILE` looks at an export and proposes a parameter file; `course parameters`
    lists all that may stand in one. Paths are relative to the folder you stand in. Some lessons
    only, into the folder of an earlier run, replace their own part of it.

    Exit codes: 0, all is well; 1, a lesson failed; 2, the input or a parameter can't be used;
    3, the lists failed a health check, so the new tables are in held_back/ and the earlier ones
    stay.
    """
    folder = out or Path("runs") / (files[0].stem if files else "bundled")
    with sentences(debug):
        parameters = gather_parameters(files, typed, raw, inline)
        planned = runs.plan_run(runs.select_lessons(names), parameters, folder)
        planned.publish_anyway = publish_anyway
        done = runs.execute(planned, jobs, click.echo)
    failed = [outcome for outcome in done.outcomes if outcome.error]
    for outcome in failed:
        notebook = folder / "notebooks" / outcome.lesson.name
        click.echo(f"{outcome.lesson.stem} failed: {outcome.error} See {notebook}.", err=True)
    if done.rules.findings:
        reasons = ", ".join(f"{reason}: {n:,}" for reason, n in done.rules.findings.items())
        click.echo(
            f"Of {done.counts['products']:,} products bought, these are not shown: {reasons}"
        )
    for doubt in runs.doubts(done):
        click.echo(f"Fix first: {doubt}")
    if sentence := runs.verdict(done):
        click.echo(sentence)
    for remark in done.remarks:
        click.echo(remark, err=True)
    if checks := runs.worth_a_look(done):
        click.echo(f"Look at the lists. Not true: {'; '.join(checks)}.", err=True)
    if done.held_back:
        click.echo("Publish them all the same with --publish-anyway.", err=True)
    click.echo("wrote " + ", ".join(str(folder / path) for path in done.written))
    sys.exit(3 if done.held_back else 1 if failed else 0)


@main.command()
@click.option(
    "--engine",
    type=click.Choice(["scipy", "duckdb", "spark"]),
    help="Where to compute; the lists are the same.  [default: scipy while the data fit into "
    "memory, else duckdb]",
)
@click.option(
    "--transactions",
    multiple=True,
    help="Purchases: CSV, parquet or xlsx; a file, a folder of parts or a glob in quotes. May be "
    "given several times. Or the URL of a database.  [default: `transactions_path` of the "
    "parameter file]",
)
@click.option(
    "--query",
    help="What to ask that database for.  [default: `transactions_query` of the parameter file]",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the lists, one subfolder per part of the customers.",
)
@click.option(
    "-f",
    "--parameters_file",
    "file",
    type=Path,
    help="YAML file as for `course run`. What says how to read the purchases and the catalogue, "
    "what must not be shown, and `n_recommendations` counts here.",
)
@click.option(
    "--n",
    type=click.IntRange(1),
    help="Length of a list.  [default: `n_recommendations` of the parameter file, or 5]",
)
@click.option(
    "--neighbors",
    default=50,
    show_default=True,
    type=click.IntRange(1),
    help="How many similar products each product keeps.",
)
@click.option("--trend-days", type=click.IntRange(1), help="Count recent buyers more (lesson 05).")
@click.option(
    "--history-cap",
    type=click.IntRange(2),
    help="Latest purchases with which a customer speaks for similarity; duckdb and spark only.  "
    "[default: all]",
)
@click.option(
    "--parts",
    type=click.Choice(["1", "16", "256"]),
    default="16",
    show_default=True,
    help="Parts of the customers; a job that died goes on with the missing ones.",
)
@click.option("--csv", is_flag=True, help="Write recommendations.csv as well.")
@click.option("--master", default="local[*]", show_default=True, help="Spark's master.")
@click.option("--conf", multiple=True, metavar="NAME=VALUE", help="A setting of Spark.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def score(engine, transactions, query, out, file, n, neighbors, trend_days, history_cap, parts, csv,
          master, conf, debug):  # fmt: skip
    """Score every customer without notebooks: the batch job, every night or month.

    Lists are item-based by similarity, whatever the engine. Where `course run` chose a blend with
    EASE (lesson 05a says so), take its lists: SQL has no inverse.
    """
    from helpers import progress, warehouse

    with sentences(debug):
        asked = [("transactions_query", query)] * (query is not None)
        given = gather_parameters([file] * (file is not None), [], asked, [], list(transactions))
        given = given.in_folder(Path.cwd())
        source = given.source("transactions")
        if not source:
            raise runs.RunError("Name the purchases with --transactions, or in the file.")
        wrong = [each for each in conf if "=" not in each]
        if wrong:
            raise runs.RunError(f"--conf {wrong[0]} has no `=`; write it as NAME=VALUE.")
        if engine is None:
            engine = _engine_for(source, history_cap)
        settings = warehouse.Settings(
            n=n or given.n_recommendations,
            n_neighbors=neighbors,
            trend_days=trend_days,
            history_cap=history_cap or warehouse.NO_CAP,
            n_parts=int(parts),
        )
        with progress.shown():
            report = warehouse.score(
                engine, source, out, settings, given.columns, given.date_format, given.cleaning,
                csv, master, dict(each.split("=", 1) for each in conf), given.time_zone,
                given.join, given,
            )  # fmt: skip
    click.echo(f"read {report['read']:,} rows, kept {report['kept']:,}")
    for reason, rows in report["rejected"].items():
        click.echo(f"  rejected: {reason}: {rows:,}")
    for name, names in report.get("unknown", {}).items():
        click.echo(f"{name} names what the purchases do not have: {names}")
    click.echo(
        f"{report['customers']:,} customers, {report['products']:,} products: "
        f"{report['rows']:,} rows in {out} ({report['parts']} parts written now)"
    )


def _engine_for(source, history_cap):
    """The engine for somebody who named none, and a line that says why."""
    import psutil

    from helpers import warehouse
    from helpers.reading.files import input_files

    if isinstance(source, Query):
        click.echo("engine: duckdb (nobody knows before how large a query's result is)")
        return "duckdb"
    if history_cap:
        return "duckdb"
    engine, reason = warehouse.choose_engine(input_files(source), psutil.virtual_memory().available)
    click.echo(reason)
    return engine


@main.command()
@parameter_options
def health(files, typed, raw, inline, debug):
    """Is this export usable? Print the data-health report, without running a lesson."""
    with sentences(debug):
        parameters = gather_parameters(files, typed, raw, inline).in_folder(Path.cwd())
        (purchases, of_purchases), (events, of_events) = read_shop(parameters)
        known = product_table(purchases)
        products, of_products = read_products(parameters, known.index)
        reports = [of_purchases, of_events, of_products, read_test_results(parameters)[1]]
        for report in [report for report in reports if report is not None]:
            click.echo(f"{report.source}: {report.read:,} rows read, {report.kept:,} kept")
            for reason, rows in report.rejected.items():
                first = ", ".join(map(str, report.examples[reason]))
                click.echo(f"  rejected: {reason}: {rows:,} (rows {first})")
            for finding, value in report.findings.items():
                click.echo(f"  found: {finding}: {value}")
            for doubt in report.doubts:
                click.echo(f"  {'fix first' if doubt.stops else 'worth a look'}: {doubt.seen}")
                click.echo(f"    why it matters: {doubt.matters}")
                click.echo(f"    what mends it: {doubt.mend}")
        runs.check_enough(purchases, parameters)
        customers = all_customers(purchases, events)
        if parameters.consent_path:
            agreed = len(consent_list(parameters.consent_path, customers=customers))
            click.echo(f"agreed to mails and offers: {agreed:,} of {len(customers):,} customers")
        rules = rules_for(known, products, parameters, customers)
        for finding, value in rules.findings.items():
            click.echo(f"not shown: {finding}: {value}")
        for name, names in rules.unknown.items():
            click.echo(f"{name} names what the shop does not have: {names}")


@main.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--query", help="What to ask for, where FILE is the URL of a database.")
@click.option("--events", multiple=True, help="Behavioural events; may be given several times.")
@click.option("--events-query", help="The same for the events.")
@click.option("--products", multiple=True, help="The catalogue; may be given several times.")
@click.option("--products-query", help="The same for the catalogue.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Parameter file to write; an existing one stays.  [default: printed]",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def describe(files, query, events, events_query, products, products_query, out, debug):
    """Look at an export, and propose a parameter file for `course run -f`.

    FILEs are purchases: parts of one table, or tables that refer to each other (orders, lines,
    products); or the URL of a database, in single quotes, its password by the name of an
    environment variable: 'postgresql://shop:${SHOP_PASSWORD}@localhost/shop'. Each line of the
    proposal says why it is there. Nothing is decided for you: what is not clear stands in a
    comment, or says TODO.
    """
    from helpers.course.describing import describe as propose

    with sentences(debug, where_to_look=False):
        if out is not None and out.exists():
            raise runs.RunError(f"{out} exists. Choose another --out, or take it away first.")
        queries = {"transactions": query, "events": events_query, "products": products_query}
        text = propose(list(files), list(events), list(products), str(out or ""), queries)
        if out is None:
            click.echo(text, nl=False)
            return
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise runs.RunError(f"{out} cannot be written: {error.strerror or error}.") from None
    n = sum("TODO" in line.split("#")[0] for line in text.splitlines())
    click.echo(f"wrote {out}" + (f"; {n} lines to decide (TODO)" if n else ""))


@main.command()
def parameters():
    """List all parameters: what they mean, what they must be, and what they are if left out."""
    from helpers import data
    from helpers.reading.columns import Contract
    from helpers.reading.parameters import reference

    click.echo(reference())
    click.echo("Our names of columns:")
    for table, contract in vars(data).items():
        if isinstance(contract, Contract):
            required, optional = ", ".join(contract.required), ", ".join(contract.optional)
            click.echo(f"{table.lower()}: {required}; optional: {optional}")


@main.command()
@click.option(
    "--to",
    "url",
    required=True,
    metavar="URL",
    help="A PostgreSQL or SQLite database, in single quotes, its password by the name of an "
    "environment variable: 'postgresql://shop:${SHOP_PASSWORD}@localhost/shop'.",
)
@click.option(
    "--run",
    "--out",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the run.",
)
@click.option("--schema", help="Where the tables stand.  [default: where the database puts them]")
@click.option(
    "--publish-anyway",
    is_flag=True,
    help="Also if a tenth of the customers whose lists are in the database would lose them.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def publish(url, folder, schema, publish_anyway, debug):
    """Write a run's lists and channel tables into a database: all of them, or none.

    Each table (course_recommendations, course_homepage ...) takes the place of the last one, which
    stays as course_..._previous, with the rights of those who could read it. A view would go along
    with the last table: let programs ask the table by its name. course_published says from when
    each is.

    Exit codes: 0, published; 2, a parameter, the folder or the database can't be used; 3, the lists
    failed a health check. Only after 0 is anything changed.
    """
    from helpers.course import delivering

    with sentences(debug, where_to_look=False):
        try:
            done = delivering.deliver(absolute(url, Path.cwd()), folder, schema, publish_anyway)
        except delivering.HeldBackError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(3)
    for each in done:
        click.echo(f"{each.table}: {each.rows:,} rows, of the run of {each.made}")


@main.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--run",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of a run, or of `course score`.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
def forget(ids, folder, dry_run):
    """Remove every trace of customers who ask for it from a run's folder.

    Says what was removed and what is left to do. Exit codes: 0, all is gone; 1, something is
    left; 2, an id is not known there, and nothing was changed.
    """
    with sentences():
        result = forgetting.forget(folder, list(ids), dry_run)
    click.echo("Would be removed:" if dry_run else "Removed:")
    for path, what in result.removed.items():
        click.echo(f"  {path}: {what}")
    if result.indistinct:
        click.echo(
            f"Looked for in columns of customers and in outputs only, since it also stands for "
            f"something else or is short: {', '.join(result.indistinct)}."
        )
    click.echo("Not touched:")
    for sentence in result.remains:
        click.echo(f"  {sentence}")
    if result.left:
        click.echo(f"STILL NAMED in {', '.join(result.left)}: remove it there by hand.", err=True)
        sys.exit(1)


@main.command()
def check():
    """Does this computer run the course? One line per question."""
    from helpers.course.laptop import check_laptop

    table = check_laptop()
    for row in table.itertuples():
        click.echo(f"{'ok  ' if row.ok else 'FAIL'} {row.check}: {row.detail}")
        if not row.ok:
            click.echo(f"     {row.what_to_do}")
    sys.exit(0 if table["ok"].all() else 1)


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=PROJECT / "data",
    show_default="the project's data folder",
    help="Folder to write the two CSV files into.",
)
@click.option("--seed", default=world.SEED, show_default=True, help="Another seed, another shop.")
def data(out: Path, seed: int):
    """Make the bundled data: the same seed gives the same files, byte for byte."""
    with sentences():
        out.mkdir(parents=True, exist_ok=True)
        for path in world.write_csv(world.make_world(seed), out):
            click.echo(f"wrote {path}")


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("site"),
    show_default=True,
    help="Folder for the pages.",
)
@click.option(
    "--run",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Build a run's folder instead of the committed lessons.",
)
def site(out, folder):
    """Build the course, or a run, as a website that works without a network."""
    with sentences():
        click.echo(f"wrote {build_site(out, folder)}")


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("workshop"),
    show_default=True,
    help="Folder for the three sets.",
)
def workshop(out):
    """Write the learners' notebooks, the instructor's, and slides."""
    with sentences():
        for name, count in write_workshop(out).items():
            click.echo(f"wrote {count} files into {out / name}")


@main.command()
@click.argument("names", nargs=-1)
def notebooks(names: tuple[str, ...]):
    """Execute the committed lessons (all, or those whose name begins so) and store the outputs."""
    from helpers.course.notebooks import execute, export_pictures, lessons

    for path in lessons():
        if not names or path.name.startswith(names):
            click.echo(path.name)
            execute(path)
    export_pictures()


for each in (livetest.arms, livetest.rehearse, livetest.readout):
    main.add_command(each)


if __name__ == "__main__":
    main()
