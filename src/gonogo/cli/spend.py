"""`gonogo spend`: the ledger for gateways in other languages, and what has been spent for people.

Each command prints one JSON object a line.
"""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec
import typer

from gonogo.amounts import parse_amount
from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.lazy_groups import lazy_group
from gonogo.cli.telling import Telling
from gonogo.cli.usage_lines import PlainUsage
from gonogo.errors import BadInputError, BudgetExceeded, Problem
from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.json_lines import JsonObject
from gonogo.pricing import (
    Prices,
    cost_of,
    input_tokens_at_most,
    price_version,
    upper_bound_of,
)
from gonogo.spend.ledger import Ledger, open_ledger
from gonogo.spend.limits import load_spend_settings
from gonogo.spend.reservations import ScopeStatus, SpendWarning

spend = typer.Typer(
    name="spend",
    help="Reserve, settle and show spending: the ledger behind the limits of [tool.gonogo.spend].",
    no_args_is_help=True,
    rich_markup_mode=None,
    cls=lazy_group(
        {
            "watch": "gonogo.cli.spend_watch:watch",
            "reconcile": "gonogo.cli.spend_reconcile:reconcile_bill",
        }
    ),
)

_STANDARD_INPUT: Final = "-"

Id: TypeAlias = Annotated[str, typer.Argument(help="Of the reservation: unique to the call.")]
Attributes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--attribute", "-a", help="NAME=VALUE: user, department, model, or any tag."),
]
Project: TypeAlias = Annotated[
    Path, typer.Option("--project", help="Folder of the pyproject.toml with the limits.")
]
At: TypeAlias = Annotated[
    datetime | None, typer.Option("--at", help="When, in UTC.  [default: now]", show_default=False)
]
Alert: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--alert",
        help="Let warnings and refusals wait in the outbox of [tool.gonogo.alerts] to be sent.",
    ),
]
Usd: TypeAlias = Annotated[str | None, typer.Option("--usd", help="US dollars.")]


@spend.command(
    cls=PlainUsage,
    epilog="\b\nExamples:\n"
    "  gonogo spend reserve call-1 --usd 0.12 -a user=u-17 -a department=legal --sent\n"
    "  gonogo spend reserve call-2 --request body.json -a user=u-17 --sent",
)
def reserve(  # noqa: PLR0913 - each is an option of the command
    id: Id,  # noqa: A002 - the argument's name
    attribute: Attributes = None,
    usd: Usd = None,
    request: Annotated[
        str | None,
        typer.Option("--request", help="The body of the call as a JSON file, or -, in its place."),
    ] = None,
    *,
    sent: Annotated[
        bool,
        typer.Option(
            "--sent",
            help="The call is sent at once: if nobody settles it, this counts as spent.",
        ),
    ] = False,
    alert: Alert = False,
    project: Project = Path(),
    at: At = None,
) -> None:
    """Set aside what a call can cost at most, before it is made; in all scopes or in none.

    Exit status: 0 go ahead, 1 a hard limit does not let it, 2 bad input, 4 the store is down.
    """
    with reported_errors():
        attributes = _attributes_of(attribute)
        bound, version = _bound_of(usd, request, attributes, project)
        try:
            with _ledger(project, alert=alert) as ledger:
                made = ledger.reserve(
                    id, attributes, upper_bound_usd=bound, is_sent=sent, at=_utc(at)
                )
        except BudgetExceeded as refused:
            _print(_refusal(id, refused))
            say(f"gonogo: {refused}")
            raise typer.Exit(Exit.NO_GO) from refused
        _print(
            {
                "id": id,
                "granted": True,
                "state": made.state.value,
                "is_new": made.is_new,
                "is_recorded": made.is_recorded,
                "upper_bound_usd": made.bound_usd,
                "cost_usd": made.cost_usd,
                "price_version": version,
                "warnings": [_warning(warning) for warning in made.warnings],
            }
        )


@spend.command(
    cls=PlainUsage,
    epilog="\b\nExamples:\n"
    "  gonogo spend settle call-1 --usd 0.034\n"
    "  gonogo spend settle call-2 --response answer.json",
)
def settle(  # noqa: PLR0913 - each is an option of the command
    id: Id,  # noqa: A002 - the argument's name
    usd: Usd = None,
    response: Annotated[
        str | None,
        typer.Option("--response", help="The answer as a JSON file, or -, in its place."),
    ] = None,
    *,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Nobody knows what it cost: this is a guess.")
    ] = False,
    alert: Alert = False,
    project: Project = Path(),
    at: At = None,
) -> None:
    """Take what a call cost in place of what was set aside; a second time does nothing.

    Exit status: 0 done, 2 bad input, 4 the store is down.
    """
    with reported_errors():
        cost, version = _cost_of(id, usd, response, project)
        with _ledger(project, alert=alert) as ledger:
            done = ledger.settle(id, cost, is_estimate=estimate, at=_utc(at))
    _print(
        {
            "id": id,
            "state": done.state.value,
            "cost_usd": done.cost_usd,
            "is_repeated": done.is_repeated,
            "is_late": done.is_late,
            "price_version": version,
            "warnings": [_warning(warning) for warning in done.warnings],
        }
    )


@spend.command(cls=PlainUsage, epilog="\b\nExample:\n  gonogo spend release call-3")
def release(
    id: Id,  # noqa: A002 - the argument's name
    project: Project = Path(),
    at: At = None,
) -> None:
    """Give back what was set aside for a call that failed or was not made.

    Exit status: 0 done, 2 bad input, 4 the store is down.
    """
    with reported_errors(), _ledger(project) as ledger:
        done = ledger.release(id, at=_utc(at))
    _print({"id": id, "state": done.state.value, "is_repeated": done.is_repeated})


@spend.command(
    cls=PlainUsage,
    epilog="\b\nExamples:\n"
    "  gonogo spend status\n"
    "  gonogo spend status -a user=u-17 -a department=legal",
)
def status(
    attribute: Attributes = None,
    project: Project = Path(),
    at: At = None,
) -> None:
    """Show what has been spent and is set aside: of all, or in the scopes of one call.

    Exit status: 0 done, 2 bad input, 4 the store is down.
    """
    with reported_errors():
        attributes = _attributes_of(attribute) if attribute else None
        with _ledger(project) as ledger:
            found = ledger.status(attributes, at=_utc(at))
    for scope in found:
        _print(_scope(scope))
    if not found:
        say("gonogo: no limit of [tool.gonogo.spend.limits] has been used, or there is none")


@contextmanager
def _ledger(project: Path, *, alert: bool = False) -> Iterator[Ledger]:
    """Open the project's ledger; a store that is down is a service that failed."""
    telling = Telling(project, alert=alert)
    opened = open_ledger(
        load_spend_settings(project),
        project,
        on_warning=lambda warning: _tell(warning, telling) if alert else None,
    )
    with closing(opened):
        try:
            yield opened
        except BudgetExceeded as refused:
            if alert:
                _tell(refused, telling)
            raise
        except ValueError as error:
            raise BadInputError([Problem("gonogo spend", str(error))]) from error


def _tell(what: SpendWarning | BudgetExceeded, telling: Telling) -> None:
    """Put a warning or a refusal into the outbox; `gonogo alerts flush` sends it."""
    from gonogo.spending_alarms import (  # noqa: PLC0415 - only where one is told
        alarm_of_refusal,
        alarm_of_warning,
    )

    if isinstance(what, BudgetExceeded):
        telling.sound(alarm_of_refusal(what))
    else:
        telling.sound(alarm_of_warning(what))


def _attributes_of(given: list[str] | None) -> dict[str, str]:
    attributes = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise BadInputError([Problem("--attribute", f"expected NAME=VALUE, got {text!r}")])
        attributes[name] = value
    return attributes


def _bound_of(
    usd: str | None, request: str | None, attributes: dict[str, str], project: Path
) -> tuple[Decimal, str | None]:
    """Return the upper bound, and by which prices; the request's model becomes an attribute."""
    _demand_one(usd, request, "--request")
    if request is None:
        return _amount_of(usd), None
    asked = Request(_object_in(request))
    if asked.model is not None:
        attributes.setdefault("model", asked.model)
    prices = _prices_of(project)
    bound = upper_bound_of(
        asked,
        input_tokens_at_most(asked),
        prices,
        at=datetime.now(UTC),
        unknown_as_dearest=True,
    )
    return bound, price_version(prices)


def _cost_of(
    id_: str, usd: str | None, response: str | None, project: Path
) -> tuple[Decimal, str | None]:
    """Return what a call cost, and by which prices."""
    _demand_one(usd, response, "--response")
    if response is None:
        return _amount_of(usd), None
    body = _object_in(response)
    usage = body.get("usage")
    exchange = Exchange(
        id=id_,
        request=Request({}),
        response=Response(body),
        usage=Usage(usage) if isinstance(usage, dict) else None,
        at=datetime.now(UTC),
    )
    prices = _prices_of(project)
    cost = cost_of(exchange, prices)
    if cost is None:
        remedy = "give --usd in its place, or `gonogo spend release` a call that failed"
        raise BadInputError([Problem(response, f"holds no `usage`: {remedy}")])
    return cost, price_version(prices)


def _demand_one(usd: str | None, file: str | None, option: str) -> None:
    if (usd is None) == (file is None):
        raise BadInputError([Problem("gonogo spend", f"expected one of --usd and {option}")])


def _amount_of(usd: str | None) -> Decimal:
    try:
        return parse_amount(usd or "")
    except ValueError as error:
        raise BadInputError([Problem("--usd", str(error))]) from error


def _object_in(path: str) -> JsonObject:
    try:
        data = sys.stdin.buffer.read() if path == _STANDARD_INPUT else Path(path).read_bytes()
        return msgspec.json.decode(data, type=JsonObject)
    except OSError as error:
        raise BadInputError([Problem(path, f"cannot be read: {error.strerror}")]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInputError([Problem(path, f"is no JSON object: {error}")]) from error


def _prices_of(project: Path) -> Prices:
    from gonogo.settings import load_settings  # noqa: PLC0415 - heavy: knows of all parts

    return load_settings(project).prices


def _refusal(id_: str, refused: BudgetExceeded) -> dict[str, object]:
    return {
        "id": id_,
        "granted": False,
        "limit": refused.limit,
        "scope": refused.scope,
        "left_usd": refused.left_usd,
        "asked_usd": refused.asked_usd,
        "resets_at": refused.resets_at,
    }


def _warning(warning: SpendWarning) -> dict[str, object]:
    return {"threshold_usd": warning.threshold_usd, **_scope(warning.status)}


def _scope(status: ScopeStatus) -> dict[str, object]:
    return {
        "limit": status.limit,
        "scope": status.scope,
        "kind": "hard" if status.is_hard else "soft",
        "amount_usd": status.amount_usd,
        "spent_usd": status.spent_usd,
        "held_usd": status.held_usd,
        "left_usd": status.left_usd,
        "estimated_usd": status.estimated_usd,
        "starts_at": status.starts_at,
        "ends_at": status.ends_at,
    }


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)


def _print(row: dict[str, object]) -> None:
    typer.echo(msgspec.json.Encoder(decimal_format="number").encode(row))
