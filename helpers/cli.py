"""The ``course`` command."""

from pathlib import Path

import click

from helpers import synthetic

PROJECT = Path(__file__).resolve().parent.parent


@click.group()
def main():
    """Build, judge and ship a product recommender."""


@main.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=PROJECT / "data",
    show_default="the project's data folder",
    help="Folder to write the two CSV files into.",
)
@click.option(
    "--seed", default=synthetic.SEED, show_default=True, help="Another seed, another shop."
)
def data(out: Path, seed: int):
    """Make the bundled data: the same seed gives the same files, byte for byte."""
    out.mkdir(parents=True, exist_ok=True)
    for path in synthetic.write_csv(synthetic.make_world(seed), out):
        click.echo(f"wrote {path}")


@main.command()
@click.argument("names", nargs=-1)
def notebooks(names: tuple[str, ...]):
    """Execute the committed lessons (all, or those whose name begins so) and store the outputs."""
    from helpers.notebooks import execute, lessons

    for path in lessons():
        if not names or path.name.startswith(names):
            click.echo(path.name)
            execute(path)


if __name__ == "__main__":
    main()
