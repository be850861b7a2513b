"""`gonogo record`: asks Claude what the recordings of suites lack, and records the answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from gonogo.amounts import parse_amount
from gonogo.cli.cassettes import take_over
from gonogo.cli.exits import Exit, reported_errors, say
from gonogo.cli.recording import Recording
from gonogo.errors import BadSettingsError
from gonogo.project import Asking, Project
from gonogo.recordings import Mode


def _amount(text: str) -> Decimal:
    try:
        return parse_amount(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def record(  # noqa: PLR0913 - a parameter an option
    *,
    suites: Annotated[list[str], typer.Argument(metavar="SUITE", hidden=True)],
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many answers each case is to have: 1, or with --rerecord as many as are"
            " recorded, unless given.",
        ),
    ] = None,
    cases: Annotated[
        list[str] | None,
        typer.Option("--case", metavar="ID", help="Only this case; may be given more than once."),
    ] = None,
    candidate: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Record for datasets/SUITE/candidates/NAME."),
    ] = None,
    rerecord: Annotated[
        bool,
        typer.Option(
            "--rerecord",
            help="Ask all anew; what was recorded is replaced when all is answered.",
        ),
    ] = False,
    batch: Annotated[
        bool,
        typer.Option("--batch", help="Use the Message Batches API: half the price, within a day."),
    ] = False,
    poll_seconds: Annotated[
        float,
        typer.Option(
            min=0.01,
            metavar="SECONDS",
            help="Between the first two looks at the batches; later ones are longer.",
        ),
    ] = 5.0,
    max_cost_usd: Annotated[
        Decimal | None,
        typer.Option(
            parser=_amount,
            metavar="USD",
            help="Spend no more.  [default: max_cost_usd of the settings]",
        ),
    ] = None,
    from_cassette: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Ask nothing: take over what vcrpy or pytest-recording recorded; may be given"
            " more than once.",
        ),
    ] = None,
) -> None:
    """Ask Claude what the recordings of suites lack, and record the answers.

    A suite is named after its folder below the datasets. What that costs at most is said
    first, and nothing is asked above the limit. Each answer is recorded as it comes: stop at any
    moment, and the same command goes on from there.

    Exit status: 0 all is recorded, 1 the cost limit was reached, 2 bad input or an answer that may
    not be recorded, 4 Claude could not be asked or did not answer, 130 stopped by Ctrl-C.
    """
    with _stoppable(), reported_errors():
        names = list(dict.fromkeys(suites))
        if from_cassette:
            _demand_nothing_else(asks=rerecord or batch or bool(cases) or trials is not None)
            if len(names) != 1:
                raise BadSettingsError(
                    f"--from-cassette: name the one suite whose recordings they become, not"
                    f" {', '.join(names)}"
                )
            project = Project(Path.cwd(), candidate=candidate, asking=Asking(mode=Mode.RECORD))
            raise typer.Exit(take_over(project, names[0], from_cassette))
        project = Project(
            Path.cwd(),
            candidate=candidate,
            asking=Asking(
                mode=Mode.RERECORD if rerecord else Mode.RECORD,
                trials=trials,
                max_cost_usd=max_cost_usd,
            ),
        )
        recording = Recording(project, names, frozenset(cases or ()), batch=batch)
        raise typer.Exit(recording.run(poll_seconds=poll_seconds))


@contextmanager
def _stoppable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        say("gonogo: stopped; what was answered is recorded: the same command goes on from there")
        raise typer.Exit(Exit.INTERRUPTED) from None


def _demand_nothing_else(*, asks: bool) -> None:
    if asks:
        raise BadSettingsError(
            "--from-cassette asks nothing: leave out --rerecord, --batch, --case and --trials"
        )
