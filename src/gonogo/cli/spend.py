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
from gonogo.cli.usage_lines import PlainUsage
from gonogo.errors import BadInputError, BudgetExceeded, Problem
from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.json_lines import JsonObject
from gonogo.pricing import Prices, cost_of
from gonogo.settings import load_settings
from gonogo.spend.ledger import Ledger, open_ledger
from gonogo.spend.limits import load_spend_settings
from gonogo.spend.reservations import ScopeStatus, SpendWarning

spend = typer.Typer(
    name="spend",
    help="Reserve, settle and show spending: the ledger behind the limits of [tool.gonogo.spend].",
    no_args_is_help=True,
    rich_markup_mode=None,
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
Usd: TypeAlias = Annotated[str | None, typer.Option("--usd", help="US dollars.")]


@spend.command(cls=PlainUsage)
def reserve(
    id: Id,  # noqa: A002 - the argument's name
    attribute: Attributes = None,
    usd: Usd = None,
    request: Annotated[
        str | None,
        typer.Option("--request", help="The body of the call as a JSON file, or -, in its place."),
    ] = None,
    project: Project = Path(),
    at: At = None,
) -> None:
    """Set aside what a call can cost at most, before it is made; in all scopes or in none.

    Exit status: 0 go ahead, 1 a hard limit does not let it, 2 bad input, 4 the store is down.
    """
    with reported_errors():
        attributes = _attributes_of(attribute)
        bound = _bound_of(usd, request, attributes, project)
        with _ledger(project) as ledger:
            try:
                made = ledger.reserve(id, attributes, upper_bound_usd=bound, at=_utc(at))
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
                    "warnings": [_warning(warning) for warning in made.warnings],
                }
            )


@spend.command(cls=PlainUsage)
def settle(
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
    project: Project = Path(),
    at: At = None,
) -> None:
    """Take what a call cost in place of what was set aside; a second time does nothing.

    Exit status: 0 done, 2 bad input, 4 the store is down.
    """
    with reported_errors():
        cost = _cost_of(id, usd, response, project)
        with _ledger(project) as ledger:
            done = ledger.settle(id, cost, is_estimate=estimate, at=_utc(at))
    _print(
        {
            "id": id,
            "state": done.state.value,
            "cost_usd": done.cost_usd,
            "is_repeated": done.is_repeated,
            "is_late": done.is_late,
            "warnings": [_warning(warning) for warning in done.warnings],
        }
    )


@spend.command(cls=PlainUsage)
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


@spend.command(cls=PlainUsage)
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


@contextmanager
def _ledger(project: Path) -> Iterator[Ledger]:
    """Open the project's ledger; a store that is down is a service that failed."""
    opened = open_ledger(load_spend_settings(project), project, on_warning=lambda _: None)
    with closing(opened):
        try:
            yield opened
        except ValueError as error:
            raise BadInputError([Problem("gonogo spend", str(error))]) from error


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
) -> Decimal:
    """Return the upper bound; what the request says of its model becomes an attribute."""
    _demand_one(usd, request, "--request")
    if request is None:
        return _amount_of(usd)
    from gonogo.claude.upper_bounds import (  # noqa: PLC0415 - only where a request is read
        bound_usd,
        input_tokens_at_most,
    )

    asked = Request(_object_in(request))
    if asked.model is not None:
        attributes.setdefault("model", asked.model)
    tokens = input_tokens_at_most(asked)
    return bound_usd(asked, tokens, _prices_of(project), at=datetime.now(UTC))


def _cost_of(id_: str, usd: str | None, response: str | None, project: Path) -> Decimal:
    _demand_one(usd, response, "--response")
    if response is None:
        return _amount_of(usd)
    body = _object_in(response)
    usage = body.get("usage")
    exchange = Exchange(
        id=id_,
        request=Request({}),
        response=Response(body),
        usage=Usage(usage) if isinstance(usage, dict) else None,
        at=datetime.now(UTC),
    )
    cost = cost_of(exchange, _prices_of(project))
    if cost is None:
        raise BadInputError([Problem(response, "holds no `usage`: give --usd in its place")])
    return cost


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
