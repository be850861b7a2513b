"""What several trials of a case say: how often it passes, which wobble, which broke for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from gonogo.baselines import WEIGHTED, BaselineCase
from gonogo.comparison.amounts import Pair
from gonogo.comparison.claims import Claim
from gonogo.statistics.repeated_trials import (
    Unreachable,
    could_have_broken,
    estimate_pass_all,
    estimate_pass_at,
    find_hard_breaks,
    hard_break_p,
    trials_for_hard_break,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRates:
    """How often the cases of one side pass, on average over cases.

    Attributes:
        k: How many trials are meant, 1 or more.
        cases: Number of cases that had so many.
        one: Chance that a trial passes.
        any_of_k: pass@k: that at least one of k trials passes.
        all_of_k: pass^k: that all of k trials pass.
    """

    k: int
    cases: int
    one: float
    any_of_k: float
    all_of_k: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyCase:
    """A case whose own trials disagree more than its peers' do.

    Attributes:
        case_id: The case.
        scores: Weighted score of each trial, 0 to 1.
        noise_share: Its share of the variance that trials bring to the suite's mean, 0 to 1.
    """

    case_id: str
    scores: tuple[float, ...]
    noise_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaks:
    """Cases whose every trial passed in the baseline, and every trial fails now.

    Attributes:
        could: Number of drawn cases that could have broken, given how many of their trials passed
            in all (`gonogo.statistics.repeated_trials.could_have_broken`).
        best_p_value: The smallest p-value that so many trials allow, whatever passed.
        p_value: Of "none broke": the smallest of all cases, times `could`; at most 1.
        broken: All that did, the clearest first.
        trials_needed: Trials of a case now that would show a single break, the baseline's being
            as they are; None: no number of them would.
        trials_needed_both: The same number in the baseline, too.
        claim: That some broke; `shown` are those for which chance is excluded.
        shown: See `claim`.
    """

    could: int
    best_p_value: float
    p_value: float
    broken: tuple[str, ...]
    trials_needed: int | None
    trials_needed_both: int | None
    claim: Claim | None = None
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """What repeated trials say of a run.

    Attributes:
        passes: How often cases pass now, for as many trials as most cases had; None: for one.
        passes_before: In the baseline, for the same k; None: it has too few trials.
        flaky: Flaky cases, the noisiest first.
    """

    passes: PassRates | None
    passes_before: PassRates | None
    flaky: tuple[FlakyCase, ...]


NOTHING_REPEATED: Final = Repeats(passes=None, passes_before=None, flaky=())


def describe_repeats(pairs: Sequence[Pair]) -> Repeats:
    """Say what repeated trials tell of the cases that both sides have."""
    now = [after for _, after in pairs]
    counts = [len(case.passed) for case in now if case.passed]
    if max(counts, default=0) < 2:
        return NOTHING_REPEATED
    # Not the fewest: a single case whose calls failed would leave nothing to say of the others.
    k = max(set(counts), key=lambda count: (counts.count(count), count))
    return Repeats(
        passes=None if k < 2 else rate_passes(now, k),
        passes_before=None if k < 2 else rate_passes([before for before, _ in pairs], k),
        flaky=find_flaky(now),
    )


def rate_passes(cases: Sequence[BaselineCase], k: int) -> PassRates | None:
    """Return how often cases pass; those with fewer than k trials are left out.

    Returns:
        None: no case has so many trials.
    """
    counts = [(len(case.passed), sum(case.passed)) for case in cases if len(case.passed) >= k]
    if not counts:
        return None
    return PassRates(
        k=k,
        cases=len(counts),
        one=fmean(passed / trials for trials, passed in counts),
        any_of_k=fmean(estimate_pass_at(k, trials=t, passed=c) for t, c in counts),
        all_of_k=fmean(estimate_pass_all(k, trials=t, passed=c) for t, c in counts),
    )


def find_flaky(cases: Sequence[BaselineCase]) -> tuple[FlakyCase, ...]:
    """Name the cases whose trials disagree more than their peers', the noisiest first."""
    from gonogo.statistics.flakiness import measure_noise  # noqa: PLC0415 - heavy: numpy

    scores = [case.scores.get(WEIGHTED, ()) for case in cases]
    noises = measure_noise(scores)
    flaky = [
        FlakyCase(case_id=case.case, scores=values, noise_share=noise.noise_share)
        for case, values, noise in zip(cases, scores, noises, strict=True)
        if noise.is_flaky()
    ]
    return tuple(sorted(flaky, key=lambda case: (-case.noise_share, case.case_id)))


def find_breaks(pairs: Sequence[Pair], *, claims: int, alpha: float) -> Breaks | None:
    """Look for cases that broke in every trial, among those whose answers are draws.

    Args:
        pairs: Drawn cases.
        claims: How many claims the suite's error is shared by, this one included.
        alpha: That error.

    Returns:
        None: no case was tried on both sides.
    """
    tried = [(old, now) for old, now in pairs if old.passed and now.passed]
    if not tried:
        return None
    chances = {now.case: hard_break_p(len(old.passed), len(now.passed)) for old, now in tried}
    could = sum(could_have_broken(_count(old), _count(now)) for old, now in tried)
    broken = {
        now.case: chances[now.case] for old, now in tried if all(old.passed) and not any(now.passed)
    }
    fewest = min(len(old.passed) for old, now in tried if now.case in broken or not broken)
    tests = claims * max(1, could)
    return Breaks(
        could=could,
        best_p_value=min(chances.values()),
        p_value=min(1.0, min(broken.values(), default=1.0) * max(1, could)),
        broken=tuple(sorted(broken, key=lambda case: (broken[case], case))),
        trials_needed=_number(trials_for_hard_break(tests=tests, alpha=alpha, before=fewest)),
        trials_needed_both=_number(trials_for_hard_break(tests=tests, alpha=alpha)),
    )


def shown_breaks(pairs: Sequence[Pair], *, level: float) -> tuple[str, ...]:
    """Name the cases for whose break chance is excluded at a level, for all of them together."""
    before = [_count(old) for old, _ in pairs]
    after = [_count(now) for _, now in pairs]
    return tuple(pairs[i][1].case for i in find_hard_breaks(before, after, alpha=level))


def _count(case: BaselineCase) -> tuple[int, int]:
    """Return how many trials a case had, and how many passed."""
    return len(case.passed), sum(case.passed)


def _number(trials: int | Unreachable) -> int | None:
    return None if isinstance(trials, Unreachable) else trials
