"""Compares two models by domain: is the second non-inferior, what does it cost, how fast is it?

Values in, values out; the statistics are those of `gonogo.statistics`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from gonogo.errors import BadSettingsError
from gonogo.model_comparison.answers import WEIGHTED
from gonogo.model_comparison.pairs import NANO, DomainPairs, ModelPairs, Paired
from gonogo.model_comparison.results import (
    AmountResult,
    DomainResult,
    ModelComparison,
    RoutingVerdict,
    ScoreResult,
    WorseCase,
)
from gonogo.plain_text import counted
from gonogo.settings import Policy
from gonogo.statistics.differences import Difference, Untestable
from gonogo.statistics.multiplicity import adjust_holm
from gonogo.statistics.needs import clusters_to_exclude
from gonogo.statistics.paired_scores import compare_scores
from gonogo.statistics.percentiles import TooFewValuesError
from gonogo.statistics.power import Levels, cases_to_decide
from gonogo.statistics.rare_breaks import fewest_clusters
from gonogo.statistics.ratios import PercentileRatio, compare_percentiles, compare_ratios
from gonogo.statistics.repeated_trials import Unreachable
from gonogo.statistics.sizing import fewest_to_show

FEWEST_FOR_MEDIAN: Final = 6
"""Below six values no distribution-free 95 % interval of a median exists: 2 (1/2)^5 > 0.05."""

_MOST_RESAMPLED: Final = 1_000
"""Percentiles of more values are taken from evenly spaced cases: the bootstrap needs memory."""

_MOST_CLUSTERS: Final = 1_000_000
_WORST_NAMED: Final = 5
_ROUNDING: Final = 1e-9


def compare_models(
    pairs: ModelPairs, policy: Policy, *, margin: float | None = None
) -> ModelComparison:
    """Say by domain whether the second model is non-inferior, and what it takes.

    Two claims are tested of each domain: that a drop of the margin or more is excluded, and that a
    drop beyond it is shown. Each is held at `policy.alpha` over all domains by Holm.

    Args:
        pairs: The two models and what both were asked.
        policy: Margin of the weighted score, alpha, power, and the share of calls that may fail.
        margin: In place of the policy's.

    Raises:
        BadSettingsError: If the margin is not above 0 and below 1.
    """
    margin = policy.margin_of(WEIGHTED) if margin is None else margin
    if not 0 < margin < 1:
        raise BadSettingsError(f"margin {margin!r}: give a number above 0 and below 1, as 0.05")
    weighted = [
        _compare_score(WEIGHTED, domain.scores[WEIGHTED], domain.groups, margin=margin)
        for domain in pairs.domains
    ]
    rule = _Rule(
        margin=margin,
        policy=policy,
        tested=sum(isinstance(score.difference, Difference) for score in weighted),
    )
    adjusted = _adjusted([score.difference for score in weighted])
    return ModelComparison(
        pairs=pairs,
        margin=margin,
        alpha=policy.alpha,
        power=policy.power,
        domains=tuple(
            _result(domain, score, p_values, rule, tuple(_doubts(domain, pairs, policy)))
            for domain, score, p_values in zip(pairs.domains, weighted, adjusted, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """By which a domain is decided, and how many domains are tested."""

    margin: float
    policy: Policy
    tested: int

    @property
    def levels(self) -> Levels:
        """Errors allowed in one domain."""
        return Levels(alpha=self.policy.alpha / max(1, self.tested), power=self.policy.power)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PValues:
    """Adjusted p-values of a domain."""

    kept: float
    drop: float


def _adjusted(differences: Sequence[Difference | Untestable]) -> Iterator[_PValues | None]:
    tested = [difference for difference in differences if isinstance(difference, Difference)]
    kept = iter(adjust_holm([1.0 if d.p_kept is None else d.p_kept for d in tested]))
    drop = iter(adjust_holm([d.p_drop for d in tested]))
    for difference in differences:
        is_tested = isinstance(difference, Difference)
        yield _PValues(kept=next(kept), drop=next(drop)) if is_tested else None


def _result(
    pairs: DomainPairs,
    weighted: ScoreResult,
    p_values: _PValues | None,
    rule: _Rule,
    doubts: tuple[str, ...],
) -> DomainResult:
    verdict = _verdict(p_values, alpha=rule.policy.alpha, is_sound=not doubts)
    return DomainResult(
        pairs=pairs,
        verdict=verdict,
        doubts=doubts,
        weighted=weighted,
        p_kept=None if p_values is None else p_values.kept,
        p_drop=None if p_values is None else p_values.drop,
        needed=_needed(weighted.difference, p_values, rule),
        scores=tuple(
            _compare_score(name, scores, pairs.groups)
            for name, scores in pairs.scores.items()
            if name != WEIGHTED
        ),
        passed=_compare_score("passed", pairs.passed, pairs.groups),
        cost=_compare_amounts(pairs.costs, pairs.groups, unit=NANO),
        latency=_with_percentiles(
            _compare_amounts(pairs.latencies, pairs.groups, unit=Decimal(1)), pairs.latencies
        ),
        worst=_worst(pairs),
    )


def _verdict(p_values: _PValues | None, *, alpha: float, is_sound: bool) -> RoutingVerdict:
    if p_values is None:
        return RoutingVerdict.TOO_FEW
    if p_values.drop <= alpha:
        return RoutingVerdict.INFERIOR
    if p_values.kept <= alpha and is_sound:
        return RoutingVerdict.NON_INFERIOR
    return RoutingVerdict.UNDECIDED


def _needed(
    difference: Difference | Untestable, p_values: _PValues | None, rule: _Rule
) -> int | Unreachable | None:
    """Return how many cases would decide; None where more are not what is missing."""
    fewest = fewest_clusters(margin=rule.margin, alpha=rule.levels.alpha)
    if isinstance(difference, Untestable) or p_values is None:
        return fewest
    if min(p_values.kept, p_values.drop) <= rule.policy.alpha:
        return None
    clusters = _clusters_needed(difference, rule)
    if clusters is None:
        return Unreachable(trials=_MOST_CLUSTERS)
    more = max(clusters, difference.clusters + 1)
    return math.ceil(more * difference.cases / difference.clusters)


def _clusters_needed(difference: Difference, rule: _Rule) -> int | None:
    """Return how many clusters would exclude the margin, or show a drop that lies beyond it."""
    distance = -rule.margin - difference.estimate
    if abs(distance) < _ROUNDING:
        return None
    if distance < 0:
        return clusters_to_exclude(
            difference.standard_error**2 * difference.clusters,
            margin=rule.margin,
            estimate=difference.estimate,
            levels=rule.levels,
        )
    needed = cases_to_decide(
        difference.clusters,
        distance=distance,
        standard_error=difference.standard_error,
        levels=rule.levels,
    )
    if isinstance(needed, Unreachable):
        return None
    return max(needed, fewest_to_show(rule.levels.alpha))


def _doubts(domain: DomainPairs, pairs: ModelPairs, policy: Policy) -> Iterator[str]:
    """Say what speaks against "non-inferior", whatever the scores that were measured."""
    for side, names in enumerate(pairs.models):
        if domain.broken[side]:
            yield f"a checker broke on {counted(domain.broken[side], 'answer')} of {names[-1]}"
        failed, calls = domain.failed[side], domain.calls[side]
        if calls and failed / calls > policy.max_infra_error_rate:
            most = f"at most {policy.max_infra_error_rate:.0%} may"
            yield f"{failed} of {counted(calls, 'call')} of {names[-1]} failed ({most})"
    lost = domain.scores[WEIGHTED].lost
    if lost:
        yield f"nothing could be scored of {pairs.models[1][-1]} in {counted(lost, 'case')}"


def _compare_score(
    name: str, scores: Paired, groups: Sequence[str | None], *, margin: float | None = None
) -> ScoreResult:
    """Compare one score; without a margin for its interval alone."""
    common = scores.common
    return ScoreResult(
        name=name,
        before=_mean_over_cases(scores.before, common),
        after=_mean_over_cases(scores.after, common),
        difference=compare_scores(
            [scores.before[place] for place in common],
            [scores.after[place] for place in common],
            [groups[place] for place in common],
            tolerance=margin or 0.0,
            margin=margin,
        ),
    )


def _compare_amounts(
    amounts: Paired, groups: Sequence[str | None], *, unit: Decimal
) -> AmountResult:
    """Compare amounts of which `unit` make up a dollar or a second."""
    common = amounts.common
    before, after = (
        _mean_over_cases(amounts.before, common),
        _mean_over_cases(amounts.after, common),
    )
    return AmountResult(
        before=None if before is None else _in_unit(before, unit),
        after=None if after is None else _in_unit(after, unit),
        ratio=compare_ratios(
            [_mean(amounts.before[place]) for place in common],
            [_mean(amounts.after[place]) for place in common],
            [groups[place] for place in common],
        ),
    )


def _with_percentiles(result: AmountResult, amounts: Paired) -> AmountResult:
    common = amounts.common
    values = sum(len(amounts.before[p]) + len(amounts.after[p]) for p in common)
    chosen = common[:: max(1, math.ceil(values / 2 / _MOST_RESAMPLED))]
    kept = Paired([amounts.before[p] for p in chosen], [amounts.after[p] for p in chosen])
    most = max(sum(map(len, kept.before)), sum(map(len, kept.after)))
    if len(chosen) < FEWEST_FOR_MEDIAN or most > 2 * _MOST_RESAMPLED:
        return result
    return AmountResult(
        before=result.before,
        after=result.after,
        ratio=result.ratio,
        p50=_percentile_ratio(kept, 50),
        p95=_percentile_ratio(kept, 95),
        resampled=len(chosen),
    )


def _percentile_ratio(amounts: Paired, percent: int) -> PercentileRatio | None:
    try:
        return compare_percentiles(amounts.before, amounts.after, percent)
    except TooFewValuesError:
        return None


def _worst(pairs: DomainPairs) -> tuple[WorseCase, ...]:
    scores = pairs.scores[WEIGHTED]
    differences = [
        (_mean(scores.after[place]) - _mean(scores.before[place]), place) for place in scores.common
    ]
    fallen = sorted(pair for pair in differences if pair[0] < -_ROUNDING)[:_WORST_NAMED]
    return tuple(WorseCase(pairs.cases[p], pairs.exchanges[p], fall) for fall, p in fallen)


def _in_unit(value: float, unit: Decimal) -> Decimal:
    return (Decimal(repr(value)) / unit).quantize(1 / NANO)


def _mean_over_cases(values: Sequence[Sequence[float]], places: Sequence[int]) -> float | None:
    return _mean([_mean(values[place]) for place in places]) if places else None


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
