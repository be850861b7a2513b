"""The commands of `gonogo`, each in its own file; nothing heavy is imported before it is run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gonogo import __version__
from gonogo.cli.alerts import alerts
from gonogo.cli.check import check
from gonogo.cli.compare import compare
from gonogo.cli.forecast import forecast
from gonogo.cli.record import record
from gonogo.cli.savings import savings
from gonogo.cli.spend import spend
from gonogo.cli.spend_reconcile import reconcile_bill
from gonogo.cli.spend_watch import watch
from gonogo.cli.usage import usage
from gonogo.cli.usage_lines import PlainUsage

app = typer.Typer(
    name="gonogo",
    help="The go/no-go gauge for what Claude answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=PlainUsage)(check)
app.command(cls=PlainUsage)(compare)
app.command(cls=PlainUsage)(record)
app.command(cls=PlainUsage)(usage)
app.command(cls=PlainUsage)(forecast)
app.command(cls=PlainUsage)(savings)
spend.command(cls=PlainUsage)(watch)
spend.command("reconcile", cls=PlainUsage)(reconcile_bill)
app.add_typer(spend)
app.add_typer(alerts)


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
    """Run the command line; a project's own checkers are found from its folder."""
    sys.path.insert(0, str(Path.cwd()))
    app()
