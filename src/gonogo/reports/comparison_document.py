"""A comparison for machines, as a part of JSON documents; its fields only ever grow."""

from typing import TYPE_CHECKING, Final

import msgspec

from gonogo.comparison import (
    AmountComparison,
    Breaks,
    CaseComparison,
    Claim,
    Comparison,
    DrawnScore,
    Repeats,
    ScoreChange,
    ScoreComparison,
    SevereFinding,
    Slide,
)
from gonogo.json_lines import JsonObject
from gonogo.reports.figures import FallenCase, fallen_cases
from gonogo.statistics.differences import Difference, Untestable
from gonogo_checkers.output import JsonValue

if TYPE_CHECKING:
    from gonogo.statistics.ratios import Ratio

_DIGITS: Final = 6
_AMOUNT_DIGITS: Final = 9


def document_of(comparison: Comparison) -> JsonObject:
    """Return a comparison as what JSON can hold."""
    return {
        "scores": [_score(score) for score in comparison.scores],
        "regressed": [_regressed(case) for case in comparison.regressed],
        "fallen": [_fallen(case) for case in fallen_cases(comparison)],
        "amounts": [_amount(amount) for amount in comparison.amounts],
        "repeats": _repeats(comparison.repeats),
        "breaks": None if comparison.breaks is None else _breaks(comparison.breaks),
        "slides": [_slide(slide) for slide in comparison.slides],
        "vanished": list(comparison.vanished),
        "unaccepted": list(comparison.unaccepted),
        "changed": list(comparison.changed),
    }


def _score(score: ScoreComparison) -> JsonObject:
    return {
        "name": score.name,
        "cases": score.cases,
        "before": round(score.before, _DIGITS),
        "after": round(score.after, _DIGITS),
        "difference": round(score.difference, _DIGITS),
        "better": score.better,
        "worse": score.worse,
        "equal": score.equal,
        "regressed": [case_id for case_id, _ in score.regressed],
        "fallen": [case_id for case_id, _ in score.fallen],
        "dropped": score.has_dropped,
        "drawn": None if score.drawn is None else _drawn(score.drawn, score),
    }


def _drawn(drawn: DrawnScore, score: ScoreComparison) -> JsonObject:
    return {
        **_difference(drawn.difference),
        **_claim(score.claim),
        "test": drawn.test,
        "bound": drawn.bound,
        "excluded": drawn.is_excluded,
        "needs": None if score.needs is None else msgspec.to_builtins(score.needs),
    }


def _difference(difference: Difference | Untestable) -> JsonObject:
    if isinstance(difference, Untestable):
        return {"untestable": difference.why.name.lower(), "cases": difference.cases}
    return {
        "untestable": None,
        "estimate": round(difference.estimate, _DIGITS),
        "low": round(difference.low, _DIGITS),
        "high": round(difference.high, _DIGITS),
        "p_drop": difference.p_drop,
        "p_kept": difference.p_kept,
        "method": difference.method.name.lower(),
        "standard_error": difference.standard_error,
        "cases": difference.cases,
        "clusters": difference.clusters,
        "better": difference.better,
        "worse": difference.worse,
        "equal": difference.equal,
    }


def _claim(claim: Claim | None) -> JsonObject:
    return {
        "p_adjusted": None if claim is None else claim.p_adjusted,
        "shown": claim is not None and claim.is_shown,
    }


def _regressed(case: CaseComparison) -> JsonObject:
    return {
        "case": case.case_id,
        "fell": [_change(change) for change in case.regressions],
        "severe": _severe(case.severe),
    }


def _fallen(fallen: FallenCase) -> JsonObject:
    return {
        "case": fallen.case.case_id,
        "fell": [
            {
                **_change(change),
                "certain": change.is_certain,
                "before_trials": list(change.before_trials),
                "after_trials": list(change.after_trials),
            }
            for change in fallen.changes
        ],
        "severe": _severe(fallen.case.severe),
        "broken": fallen.is_broken,
    }


def _change(change: ScoreChange) -> JsonObject:
    return {
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "why": change.why,
    }


def _severe(found: tuple[SevereFinding, ...]) -> list[JsonValue]:
    return [{"checker": severe.checker_id, "rule": severe.finding.rule} for severe in found]


def _amount(amount: AmountComparison) -> JsonObject:
    return {
        "name": amount.name,
        "cases": amount.cases,
        "before": round(amount.before, _AMOUNT_DIGITS),
        "after": round(amount.after, _AMOUNT_DIGITS),
        "change": None if amount.change is None else round(amount.change, _DIGITS),
        "limit": amount.limit,
        **_ratio(amount.ratio),
        "percentiles": [
            {"percent": percent, "ratio": seen.estimate, **msgspec.to_builtins(seen)}
            for percent, seen in sorted(amount.percentiles.items())
        ],
        **_claim(amount.claim),
    }


def _ratio(ratio: "Ratio | Untestable | None") -> JsonObject:
    match ratio:
        case None:
            return {"ratio": None, "untestable": None}
        case Untestable():
            return {"ratio": None, "untestable": ratio.why.name.lower()}
        case _:
            return {"ratio": msgspec.to_builtins(ratio), "untestable": None}


def _repeats(repeats: Repeats) -> JsonObject:
    return {
        "passes": msgspec.to_builtins(repeats.passes),
        "passes_before": msgspec.to_builtins(repeats.passes_before),
        "flaky": [
            {
                "case": case.case_id,
                "scores": list(case.scores),
                "noise_share": round(case.noise_share, _DIGITS),
            }
            for case in repeats.flaky
        ],
    }


def _breaks(breaks: Breaks) -> JsonObject:
    return {
        "could": breaks.could,
        "broken": list(breaks.broken),
        "shown": list(breaks.shown),
        "p_value": breaks.p_value,
        "p_adjusted": None if breaks.claim is None else breaks.claim.p_adjusted,
        "trials_needed": breaks.trials_needed,
        "trials_needed_both": breaks.trials_needed_both,
    }


def _slide(slide: Slide) -> JsonObject:
    return {
        "name": slide.name,
        "cases": slide.cases,
        "best": round(slide.best, _DIGITS),
        "now": round(slide.now, _DIGITS),
        "drop": round(slide.drop, _DIGITS),
        "tolerance": slide.tolerance,
        "certain": slide.is_certain,
        "p_adjusted": None if slide.claim is None else slide.claim.p_adjusted,
        "shown": slide.is_shown,
    }
