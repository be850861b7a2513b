"""The commands of `gonogo`, each in its own file; nothing heavy is imported before it is run."""

from typing import Annotated

import typer

from gonogo import __version__
from gonogo.cli.check import check
from gonogo.cli.compare import compare

app = typer.Typer(
    name="gonogo",
    help="The go/no-go gauge for what Claude answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(check)
app.command()(compare)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        typer.echo(f"gonogo {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    app()
