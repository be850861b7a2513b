"""What a comparison of two models says, by domain and as a whole."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from gonogo.model_comparison.pairs import DomainPairs, ModelPairs
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.ratios import PercentileRatio, Ratio
from gonogo.statistics.repeated_trials import Unreachable


class RoutingVerdict(StrEnum):
    """May the second model answer in place of the first?"""

    NON_INFERIOR = "non_inferior"
    """A drop of the margin or more is excluded."""
    INFERIOR = "inferior"
    """A drop beyond the margin is shown."""
    UNDECIDED = "undecided"
    """Neither is shown, or what was measured does not bear a conclusion."""
    TOO_FEW = "too_few"
    """Nothing can be tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreResult:
    """One score of both models over the cases that have it on both sides.

    Attributes:
        name: Checker id, `score` for the weighted one, `passed` for the share of trials that pass.
        before: Mean over cases of the first model, 0 to 1; None: no case has it on both sides.
        after: Of the second.
        difference: Second less first, with its interval.
    """

    name: str
    before: float | None
    after: float | None
    difference: Difference | Untestable


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountResult:
    """What a trial takes by the second model, in relation to the first.

    Attributes:
        before: Mean over cases for the first model: US dollars or seconds; None: no case has it
            on both sides.
        after: For the second.
        ratio: Second by first, case by case.
        p50: Ratio of the medians of all trials; None: too few cases, or not asked for.
        p95: Of the 95th percentiles.
        resampled: Number of cases from which the percentiles are taken.
    """

    before: Decimal | None
    after: Decimal | None
    ratio: Ratio | Untestable
    p50: PercentileRatio | None = None
    p95: PercentileRatio | None = None
    resampled: int = 0


@dataclass(frozen=True, slots=True)
class WorseCase:
    """A case in which the second model does worse.

    Attributes:
        case: Its name.
        exchange: An answer of the second model to look at; empty: not known.
        difference: Of the weighted scores, below 0.
    """

    case: str
    exchange: str
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainResult:
    """How the second model does in one domain.

    Attributes:
        pairs: What was compared.
        verdict: May it answer there?
        doubts: Why what was measured does not bear "non-inferior", in words; empty: it does.
        weighted: The weighted score, which the verdict is about.
        p_kept: Of "it drops by the margin or more", adjusted over the domains; None: not tested.
        p_drop: Of "it drops by no more than the margin", adjusted likewise.
        needed: With how many cases in all the difference seen so far would decide; None: more
            cases are not what is missing.
        scores: The single scores, without a decision.
        passed: The share of trials that pass.
        cost: Of a trial.
        latency: Of a trial.
        worst: The cases whose weighted score is lower by the second model, the most harmful first,
            five at most.
    """

    pairs: DomainPairs
    verdict: RoutingVerdict
    doubts: tuple[str, ...]
    weighted: ScoreResult
    p_kept: float | None
    p_drop: float | None
    needed: int | Unreachable | None
    scores: tuple[ScoreResult, ...]
    passed: ScoreResult
    cost: AmountResult
    latency: AmountResult
    worst: tuple[WorseCase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelComparison:
    """Whether the second model may answer in place of the first.

    Attributes:
        pairs: The two models and what was compared.
        margin: The drop of the weighted score that is to be excluded, above 0 and below 1.
        alpha: One-sided chance of a false exclusion over all domains together, and of a drop
            that is shown falsely.
        power: For which what is missing is worked out.
        domains: Sorted by name.
    """

    pairs: ModelPairs
    margin: float
    alpha: float
    power: float
    domains: tuple[DomainResult, ...]

    @property
    def verdict(self) -> RoutingVerdict:
        """Of all domains together: inferior goes before undecided, undecided before the rest."""
        verdicts = {domain.verdict for domain in self.domains}
        if RoutingVerdict.INFERIOR in verdicts:
            return RoutingVerdict.INFERIOR
        if verdicts == {RoutingVerdict.NON_INFERIOR}:
            return RoutingVerdict.NON_INFERIOR
        if verdicts <= {RoutingVerdict.TOO_FEW}:
            return RoutingVerdict.TOO_FEW
        return RoutingVerdict.UNDECIDED
