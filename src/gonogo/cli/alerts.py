"""`gonogo alerts`: shows that alarms arrive, sends those that wait, and says what waits.

Each command prints one JSON object.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import typer

from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.usage_lines import PlainUsage
from gonogo.errors import BadSettingsError, StoreDownError
from gonogo.production.alert_settings import AlertSettings, load_alert_settings
from gonogo.production.alerting import AlarmDoor, open_alarm_door

alerts = typer.Typer(
    name="alerts",
    help="Test the receivers of [tool.gonogo.alerts], and send the alarms that wait.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Project: TypeAlias = Annotated[
    Path, typer.Option("--project", help="Folder of the pyproject.toml with the receivers.")
]


@alerts.command("test", cls=PlainUsage)
def try_receivers(project: Project = Path()) -> None:
    """Send each receiver a message that nothing is wrong.

    Exit status: 0 all took it, 2 there is no receiver, 4 one did not take it.
    """
    with _door(project) as (settings, door):
        _demand_receivers(settings)
        results = door.test()
        _print({name: problem or "took it" for name, problem in results.items()})
        failed = {name: problem for name, problem in results.items() if problem}
        _say_of(failed)
        if failed:
            raise typer.Exit(Exit.SERVICE_FAILED)


@alerts.command(cls=PlainUsage)
def flush(
    project: Project = Path(),
    *,
    hurry: Annotated[
        bool, typer.Option("--hurry", help="Try at once what is put off after failures.")
    ] = False,
) -> None:
    """Send the alarms that wait.

    Exit status: 0 done, 2 there is no receiver, 4 a message waits that a receiver did not take, or
    was given up.
    """
    with _door(project) as (settings, door):
        _demand_receivers(settings)
        done = door.flush(hurry=hurry)
        _print(
            {
                "sent": done.sent,
                "waiting": done.waiting,
                "given_up": done.given_up,
                "problems": done.problems,
            }
        )
        _say_of(done.problems)
        if done.problems or done.given_up:
            raise typer.Exit(Exit.SERVICE_FAILED)


@alerts.command(cls=PlainUsage)
def status(project: Project = Path()) -> None:
    """Show what waits and why, was sent and was given up, by receiver.

    Exit status: 0 done, 2 bad settings, 4 the outbox cannot be read.
    """
    with _door(project) as (_, door):
        found = door.status()
        _print(
            {
                "open_episodes": found.episodes,
                "waiting": found.waiting,
                "oldest_at": found.oldest_at,
                "problems": found.problems,
                "folded": found.folded,
                "sent": found.sent,
                "given_up": found.given_up,
            }
        )


@contextmanager
def _door(project: Path) -> Iterator[tuple[AlertSettings, AlarmDoor]]:
    """Open the project's door; an outbox that cannot be used is a service that failed."""
    with reported_errors():
        settings = load_alert_settings(project)
        try:
            yield settings, open_alarm_door(settings, project, environment=os.environ)
        except StoreDownError as error:
            say(f"gonogo: {error}")
            raise typer.Exit(Exit.SERVICE_FAILED) from error


def _demand_receivers(settings: AlertSettings) -> None:
    if not settings.receivers:
        raise BadSettingsError(
            "[tool.gonogo.alerts] has no receivers: set receivers.NAME.url_variable to the name of"
            " an environment variable that holds an Apprise URL"
        )


def _say_of(problems: Mapping[str, str]) -> None:
    for name, problem in problems.items():
        say(f"gonogo: receiver {name!r}: {problem}")


def _print(row: dict[str, object]) -> None:
    typer.echo(msgspec.json.encode(row))
