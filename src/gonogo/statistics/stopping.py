"""How much of a sequential run of several scores is asked: until one is shown or all are futile."""

from collections.abc import Iterator
from dataclasses import dataclass

from gonogo.statistics.crossings import chance_below, go_on, start_paths
from gonogo.statistics.sequential import Design, find_bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where the run of a single score is after a round.

    Attributes:
        fraction: Share of information by then, above 0, at most 1.
        running: Chance that neither bound was reached.
        futile: Chance that the futility bound was reached first.
    """

    fraction: float
    running: float
    futile: float


def watch_run(fractions: tuple[float, ...], design: Design, *, drift: float) -> tuple[Moment, ...]:
    """Return where a single score is after each round.

    Args:
        fractions: As planned, rising, ending in 1.
        design: What the run is sized for.
        drift: Expected z at the end of the run; 0: nothing changed.
    """
    return tuple(_watch(fractions, design, drift))


def expect_family(
    fractions: tuple[float, ...], design: Design, *, scores: int, drift: float
) -> float:
    """Return the share of a run that is asked on average, stops obeyed.

    One score has the drift, nothing changed in the others. The run ends when that score is shown,
    or when all are futile. Scores are taken to be independent: where they move together, as a
    weighted score and its parts do, less is asked.

    Args:
        fractions: As planned, rising, ending in 1.
        design: Of each score, at the level that it has.
        scores: How many there are, 1 or more.
        drift: Expected z of the one at the end of the run; 0: nothing changed in it either.

    Returns:
        Above 0, at most 1; for a single score as `sequential.expect` has it.
    """
    asked, before, running = 0.0, 0.0, 1.0
    one = watch_run(fractions, design, drift=drift)
    others = watch_run(fractions, design, drift=0.0)
    for moment, other in zip(one, others, strict=True):
        asked += running * (moment.fraction - before)
        before = moment.fraction
        any_other = 1 - (1 - other.running) ** (scores - 1)
        running = moment.running + moment.futile * any_other
    return asked


def _watch(fractions: tuple[float, ...], design: Design, drift: float) -> Iterator[Moment]:
    paths, futile = start_paths(drift), 0.0
    for bound in find_bounds(fractions, design):
        futile += chance_below(paths, bound.lower, fraction=bound.fraction)
        paths = go_on(paths, low=bound.lower, high=bound.upper, fraction=bound.fraction)
        running = float(paths.masses.sum()) if bound.fraction < 1 else 0.0
        yield Moment(fraction=bound.fraction, running=running, futile=futile)
