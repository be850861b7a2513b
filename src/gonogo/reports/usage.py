"""Sums up what a suite used, for every report alike."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from gonogo.evaluation import CaseResult
from gonogo.exchanges import Outcome
from gonogo.plain_text import counted, one_line
from gonogo.statistics.percentiles import TooFewValuesError, percentile

_MODELS_LENGTH: Final = 200


class LatencySource(StrEnum):
    """Where the latencies of a run come from; reports label them so."""

    RECORDED = "recorded"
    """Of exchanges that were recorded earlier: nothing was asked."""
    MIXED = "recorded_or_measured"
    """Recorded where an answer was replayed, else of this run."""
    MEASURED = "measured"
    """Of this run's own calls."""

    @property
    def label(self) -> str:
        """What reports call a latency."""
        match self:
            case LatencySource.RECORDED:
                return "recorded latency"
            case LatencySource.MIXED:
                return "recorded or measured latency"
            case LatencySource.MEASURED:
                return "latency"


def latency_source(mode: str) -> LatencySource:
    """Return where the latencies of a run in a mode come from."""
    match mode:
        case "replay":
            return LatencySource.RECORDED
        case "record":
            return LatencySource.MIXED
        case _:
            return LatencySource.MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSummary:
    """What the exchanges of a suite used; None: not all of them recorded it.

    Attributes:
        calls: Number of exchanges.
        outcomes: Number of trials by how they ended.
        input_tokens: Total input.
        output_tokens: Total output.
        cost_usd: Total cost.
        unpriced: Models without a price.
        latency_p50: Median latency in seconds; None also where nothing was recorded.
        latency_p95: 95th percentile; None also below 20 values.
    """

    calls: int
    outcomes: dict[Outcome, int]
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    unpriced: tuple[str, ...]
    latency_p50: float | None
    latency_p95: float | None

    def describe(self, mode: str) -> str:
        """Say it in one line.

        Args:
            mode: How answers were had: it says what latencies are called.
        """
        parts = [counted(self.calls, "call")]
        if self.input_tokens is not None and self.output_tokens is not None:
            parts.append(f"{self.input_tokens:,} + {self.output_tokens:,} tokens")
        if self.unpriced:
            models = ", ".join(self.unpriced)
            parts.append(f"no price for {one_line(models, _MODELS_LENGTH)}")
        elif self.cost_usd is not None:
            parts.append(f"${self.cost_usd:.4f}")
        if self.latency_p50 is not None:
            p95 = "n too small" if self.latency_p95 is None else f"{self.latency_p95:.3g} s"
            parts.append(f"{latency_source(mode).label} p50 {self.latency_p50:.3g} s, p95 {p95}")
        parts += [
            f"{count} {outcome.replace('_', ' ')}"
            for outcome, count in self.outcomes.items()
            if outcome is not Outcome.ANSWERED
        ]
        return ", ".join(parts)


def summarize_usage(results: Sequence[CaseResult]) -> UsageSummary:
    """Sum up what the exchanges of a suite's results used."""
    trials = [trial for result in results for trial in result.trials]
    measured = [m for trial in trials for m in trial.measured]
    latencies = [m.latency_seconds for m in measured if m.latency_seconds is not None]
    costs = [m.cost_usd for m in measured]
    return UsageSummary(
        calls=len(measured),
        outcomes=dict(sorted(Counter(trial.outcome for trial in trials).items())),
        input_tokens=_total([m.input_tokens for m in measured]),
        output_tokens=_total([m.output_tokens for m in measured]),
        cost_usd=None
        if None in costs
        else sum((cost for cost in costs if cost is not None), Decimal(0)),
        unpriced=tuple(sorted({m.unpriced for m in measured if m.unpriced is not None})),
        latency_p50=_percentile(latencies, 50),
        latency_p95=_percentile(latencies, 95),
    )


def _total(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _percentile(values: Sequence[float], percent: int) -> float | None:
    try:
        return percentile(values, percent)
    except TooFewValuesError:
        return None
