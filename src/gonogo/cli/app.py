"""The commands of `gonogo`, each in its own file; nothing heavy is imported before it is run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gonogo import __version__
from gonogo.cli.lazy_groups import lazy_group

_COMMANDS = {
    "check": "gonogo.cli.check:check",
    "compare": "gonogo.cli.compare:compare",
    "record": "gonogo.cli.record:record",
    "usage": "gonogo.cli.usage:usage",
    "forecast": "gonogo.cli.forecast:forecast",
    "savings": "gonogo.cli.savings:savings",
    "spend": "gonogo.cli.spend:spend",
    "alerts": "gonogo.cli.alerts:alerts",
}
"""By name where a command is; imported when it is asked for."""

app = typer.Typer(
    name="gonogo",
    cls=lazy_group(_COMMANDS),
    help="The go/no-go gauge for what Claude answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
