"""What a reader should know of a comparison beside the decision, each in one sentence."""

from collections.abc import Iterator
from typing import Final

from gonogo.comparison.repeats import Breaks, PassRates, Repeats
from gonogo.comparison.results import Comparison
from gonogo.plain_text import counted
from gonogo.settings import Policy

_CASES_NAMED: Final = 5


def describe_draws(comparison: Comparison, policy: Policy) -> tuple[str, ...]:
    """Say what draws could have shown, which cases wobble or broke, and what slid slowly."""
    return tuple(_notes(comparison, policy))


def _notes(comparison: Comparison, policy: Policy) -> Iterator[str]:
    first = comparison.scores[0] if comparison.scores else None
    if first is not None and first.needs is not None and not first.has_dropped:
        yield f"answers are draws; {first.name}: {first.needs.sentence}"
    yield from _describe_repeats(comparison.repeats)
    if comparison.breaks is not None and len(comparison.breaks.broken) > len(
        comparison.breaks.shown
    ):
        yield _describe_breaks(comparison.breaks)
    if policy.slide == "warn":
        yield from (
            f"{slide}: many small drops were accepted"
            for slide in comparison.slides
            if slide.is_shown
        )


def _describe_repeats(repeats: Repeats) -> Iterator[str]:
    if repeats.passes is not None:
        before = (
            "" if repeats.passes_before is None else f" (before: {_rates(repeats.passes_before)})"
        )
        yield f"{_rates(repeats.passes)}{before}"
    if repeats.flaky:
        named = [
            f"{case.case_id} ({case.noise_share:.0%} of the noise)"
            for case in repeats.flaky[:_CASES_NAMED]
        ]
        more = len(repeats.flaky) - len(named)
        yield f"flaky: {', '.join(named)}" + (f" and {more} more" if more else "")


def _rates(rates: PassRates) -> str:
    return (
        f"a trial passes in {rates.one:.1%}, all of {rates.k} (pass^{rates.k}) in"
        f" {rates.all_of_k:.1%}, one of {rates.k} (pass@{rates.k}) in {rates.any_of_k:.1%}"
    )


def _describe_breaks(breaks: Breaks) -> str:
    unclear = [case for case in breaks.broken if case not in breaks.shown]
    named = ", ".join(unclear[:_CASES_NAMED]) + (" …" if len(unclear) > _CASES_NAMED else "")
    what = f"{named}: passed in every trial of the baseline, fail in every trial now"
    if breaks.trials_needed is not None:
        return f"{what}; {counted(breaks.trials_needed, 'trial')} now would exclude chance"
    return (
        f"{what}; only {counted(breaks.trials_needed_both or 0, 'trial')} in the baseline and now"
        " would exclude chance"
    )
