"""Compares what the cases take: tokens, cost and latency, by their ratios."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING, Final

from gonogo.baselines import BaselineCase
from gonogo.comparison.claims import Claim
from gonogo.settings import Rises
from gonogo.statistics.differences import Untestable
from gonogo.statistics.percentiles import TooFewValuesError

if TYPE_CHECKING:
    from gonogo.statistics.ratios import PercentileRatio, Ratio

AMOUNTS: Final = ("cost_usd", "input_tokens", "output_tokens", "latency_seconds")

_PERCENTILES: Final = (50, 95)

Pair = tuple[BaselineCase, BaselineCase]
"""A case in the baseline, and now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountComparison:
    """How much of one thing the cases take, each the mean of its trials.

    Attributes:
        name: `cost_usd`, `input_tokens`, `output_tokens` or `latency_seconds`.
        cases: Number of cases of which both sides recorded it.
        before: Sum over them in the baseline.
        after: Sum now.
        limit: How much a case may take more, as a share; None: whatever it takes.
        ratio: Case by case, with its interval; None: no case changed.
        percentiles: Of all trials, by percent, where there are enough; of latency alone.
        claim: That it rose beyond the limit; None: there is no limit, or nothing can be said.
    """

    name: str
    cases: int
    before: float
    after: float
    limit: float | None
    ratio: "Ratio | Untestable | None"
    percentiles: "Mapping[int, PercentileRatio]" = field(default_factory=dict)
    claim: Claim | None = None

    @property
    def p_rise(self) -> float | None:
        """One-sided p-value of "it rose by no more than the limit"; None: nothing can be said."""
        if self.ratio is None or isinstance(self.ratio, Untestable):
            return None
        return self.ratio.p_rise

    @property
    def change(self) -> float | None:
        """How much more all cases together take, as a share; None: they took nothing."""
        return self.after / self.before - 1 if self.before > 0 else None


def compare_amounts(pairs: Sequence[Pair], rises: Rises) -> tuple[AmountComparison, ...]:
    """Compare what cases take, amount by amount; those that nobody recorded are left out.

    Claims are not judged.

    Args:
        pairs: The cases that both sides have.
        rises: How much more they may take.
    """
    return tuple(_amounts(pairs, rises))


def _amounts(pairs: Sequence[Pair], rises: Rises) -> Iterator[AmountComparison]:
    for name in AMOUNTS:
        recorded = [
            (before, after, now.group or accepted.group)
            for accepted, now in pairs
            if (before := _known(getattr(accepted, name))) and (after := _known(getattr(now, name)))
        ]
        if recorded:
            yield _compare(name, recorded, rises)


def _compare(
    name: str,
    recorded: Sequence[tuple[tuple[float, ...], tuple[float, ...], str | None]],
    rises: Rises,
) -> AmountComparison:
    before = [_mean(values) for values, _, _ in recorded]
    after = [_mean(values) for _, values, _ in recorded]
    limit = rises.limit_of(name)
    ratio: Ratio | Untestable | None = None
    percentiles: dict[int, PercentileRatio] = {}
    if before != after:
        from gonogo.statistics.ratios import compare_ratios  # noqa: PLC0415 - heavy: numpy, scipy

        groups = [group for _, _, group in recorded]
        ratio = compare_ratios(before, after, groups, tolerance=limit or 0.0)
        if name == "latency_seconds":
            percentiles = _percentiles([(old, new) for old, new, _ in recorded])
    return AmountComparison(
        name=name,
        cases=len(recorded),
        before=fsum(before),
        after=fsum(after),
        limit=limit,
        ratio=ratio,
        percentiles=percentiles,
    )


def _percentiles(
    recorded: Sequence[tuple[tuple[float, ...], tuple[float, ...]]],
) -> "dict[int, PercentileRatio]":
    from gonogo.statistics.ratios import compare_percentiles  # noqa: PLC0415 - heavy: numpy

    # Sorted, so that the bootstrap draws alike whatever the order of cases.
    usable = sorted((old, new) for old, new in recorded if min(*old, *new) > 0)
    found = {}
    for percent in _PERCENTILES:
        try:
            found[percent] = compare_percentiles(
                [old for old, _ in usable], [new for _, new in usable], percent
            )
        except TooFewValuesError:
            continue
    return found


def _known(values: Iterable[float | None]) -> tuple[float, ...]:
    """Return the values of a case's trials; none where one of them was not recorded."""
    known = tuple(values)
    return () if None in known else tuple(value for value in known if value is not None)


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
