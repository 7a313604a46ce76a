"""What the subcommands of ``course`` share: parameters on the command line, errors as sentences."""

import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from helpers.course import forgetting, runs
from helpers.course.describing import refuse_undecided
from helpers.course.website import SiteError
from helpers.course.workshop import WorkshopError
from helpers.data import DataError
from helpers.reading.databases import is_database
from helpers.reading.parameters import ParameterError, Parameters, Written


def parameter_options(command):
    """The options that say what the parameters are; they mean the same as papermill's."""
    options = [
        click.option("files", "-f", "--parameters_file", multiple=True, type=Path,
                     help="YAML file of parameters."),
        click.option("typed", "-p", "--parameters", nargs=2, multiple=True, metavar="NAME VALUE",
                     help="One parameter; numbers, True, False and None are understood."),
        click.option("raw", "-r", "--parameters_raw", nargs=2, multiple=True,
                     metavar="NAME VALUE", help="One parameter as text."),
        click.option("inline", "-y", "--parameters_yaml", multiple=True, metavar="YAML",
                     help="Parameters as YAML text."),
        click.option("--debug", is_flag=True, help="Show the traceback of an error."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def gather_parameters(
    files=(), typed=(), raw=(), inline=(), purchases=(), bundled_too=False
) -> Parameters:
    """One set of parameters from all options; the later kinds win: files, YAML, single values.

    Whoever writes a parameter file means a shop of their own, but for the plan of a live test,
    which may be that of the bundled shop (`bundled_too`).
    """
    written = [runs.read_parameter_file(path) for path in files]
    written += [Written(text, "-y") for text in inline]
    given = {name: value for each in written for name, value in each.values.items()}
    for each in written:  # so that a message can name the line
        refuse_undecided(each)
        Parameters.of(each.values, each)
    given |= {name: _as_value(text) for name, text in typed} | dict(raw)
    if purchases:
        given["transactions_path"] = (
            purchases[0] if len(purchases) == 1 and is_database(purchases[0]) else purchases
        )
    parameters = Parameters.of(given)
    if files and not parameters.transactions_path and not bundled_too:
        raise runs.RunError(
            f"{files[-1]} has no transactions_path. Name your purchases in it; for the bundled "
            "shop, leave the file out and give single parameters with -p."
        )
    return parameters


def _as_value(text):
    """What a single value means, as papermill has it; importing that takes two seconds."""
    named = {"True": True, "False": False, "None": None}
    if text in named:
        return named[text]
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


@contextmanager
def sentences(debug=False, where_to_look=True):
    """Say what is wrong with the input in a sentence, with exit code 2 and no traceback."""
    try:
        yield
    except (DataError, runs.RunError, forgetting.ForgetError, SiteError, WorkshopError) as error:
        if debug:
            raise
        click.echo(f"Error: {error}", err=True)
        if where_to_look and isinstance(error, DataError) and not isinstance(error, ParameterError):
            click.echo(_LOOK, err=True)
        sys.exit(2)
    except OSError as error:
        if debug or not error.filename:
            raise
        click.echo(f"Error: {runs.in_words(error.filename, error)}", err=True)
        sys.exit(2)


_LOOK = "`course describe FILE` looks at an export and proposes a parameter file."
