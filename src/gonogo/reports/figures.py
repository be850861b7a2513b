"""Figures of a comparison as text, alike in every report; each format escapes and lays them out."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.baselines import WEIGHTED
from gonogo.comparison import (
    AmountComparison,
    Breaks,
    CaseComparison,
    Claim,
    Comparison,
    PassRates,
    Repeats,
    ScoreChange,
    ScoreComparison,
    Slide,
)
from gonogo.plain_text import counted
from gonogo.reports.usage import LatencySource
from gonogo.statistics.differences import Difference, Untestable

BEHIND_DRAWS: Final = (
    "Numbers of trials mark draws: any single case may have fallen by chance, the drop of the mean"
    " is what is shown."
)
"""What is said where single cases stand behind a drop that all of them show together."""

_UNKNOWN: Final = "-"
_LATENCY: Final = LatencySource.MEASURED.label
_TRIALS_LISTED: Final = 10
_CASES_NAMED: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFigures:
    """What draws show of one score.

    Attributes:
        score: The score.
        interval: Of the difference, 95 %; empty: it is no draw.
        p_value: That it dropped, adjusted; empty likewise.
        excluded: Which drop is excluded, or is not; empty: it is not asked.
    """

    score: ScoreComparison
    interval: str
    p_value: str
    excluded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountFigures:
    """How much of one thing the cases take, in its unit.

    Attributes:
        name: What.
        cases: Number of cases; empty: of all trials together.
        before: In the baseline.
        after: Now.
        change: Of a case, with its interval.
        limit: How much more is allowed; empty: there is no limit.
        p_value: That it rose beyond, adjusted; empty likewise.
        is_shown: Whether that is shown.
    """

    name: str
    cases: str
    before: str
    after: str
    change: str
    limit: str = ""
    p_value: str = ""
    is_shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FallenCase:
    """A case behind what is shown.

    Attributes:
        case: The case.
        changes: Its scores that fell for certain, and those whose drop the suite shows; all that
            fell where the case is broken. The weighted one among draws only where it is alone.
        is_broken: Whether it fails in every trial, chance being excluded.
    """

    case: CaseComparison
    changes: tuple[ScoreChange, ...]
    is_broken: bool

    def is_shown(self, change: ScoreChange) -> bool:
        """Whether it is shown of this very case that a score fell."""
        return self.is_broken or change.is_certain

    def text(self, change: ScoreChange, *, arrow: str = "->") -> str:
        """Return a score's means before and now, of draws with the number of trials."""
        after = "gone" if change.after is None else f"{change.after:.2f}"
        means = f"{change.before:.2f} {arrow} {after}"
        if change.is_certain:
            return means
        return f"{means} ({_trials(change)}{', broken' if self.is_broken else ''})"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassFigures:
    """How often cases pass; `before` is empty where the baseline has too few trials."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyFigures:
    """A flaky case, the score of each of its trials, and its share of the noise."""

    case_id: str
    scores: str
    noise_share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlideFigures:
    """A score below its best accepted one."""

    name: str
    cases: int
    best: str
    now: str
    change: str
    tolerance: str
    p_value: str
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that a report shows of a comparison beside what exact comparisons show.

    Attributes:
        scores: Of each score.
        evidence: How intervals and p-values were found; empty: nothing was drawn.
        amounts: Those that changed, or that draws are held against a limit of.
        fallen: The cases behind what is shown, the most harmful first.
        passes: How often cases pass; empty: no case was tried twice.
        flaky: Flaky cases, the noisiest first.
        breaks: What there is to say of cases that break in every trial; empty: nothing.
        slides: Scores below their best; empty: none beyond its tolerance.
    """

    scores: tuple[ScoreFigures, ...]
    evidence: tuple[str, ...]
    amounts: tuple[AmountFigures, ...]
    fallen: tuple[FallenCase, ...]
    passes: tuple[PassFigures, ...]
    flaky: tuple[FlakyFigures, ...]
    breaks: str
    slides: tuple[SlideFigures, ...]

    @property
    def has_intervals(self) -> bool:
        """Whether some score has an interval."""
        return any(row.interval not in {"", _UNKNOWN} for row in self.scores)

    @property
    def has_exclusions(self) -> bool:
        """Whether the drop of some score is to be excluded."""
        return any(row.excluded for row in self.scores)

    @property
    def has_limits(self) -> bool:
        """Whether some amount has a limit."""
        return any(row.limit for row in self.amounts)

    @property
    def has_draws(self) -> bool:
        """Whether a draw by itself stands among the cases that fell."""
        return any(
            not fallen.is_shown(change) for fallen in self.fallen for change in fallen.changes
        )

    @property
    def has_repeats(self) -> bool:
        """Whether there is something to say of repeated trials."""
        return bool(self.passes or self.flaky or self.breaks)


def figures_of(comparison: Comparison, *, latency: str = _LATENCY) -> Figures:
    """Put the figures of a comparison into text.

    Args:
        comparison: The comparison.
        latency: What latencies are called, by where they come from (`LatencySource`).
    """
    return Figures(
        scores=tuple(_score(score) for score in comparison.scores),
        evidence=tuple(_evidence(comparison.scores)),
        amounts=tuple(_amounts(comparison, latency)),
        fallen=fallen_cases(comparison),
        passes=tuple(_passes(comparison.repeats)),
        flaky=tuple(
            FlakyFigures(
                case_id=case.case_id,
                scores=_listed([f"{score:.2f}" for score in case.scores], _TRIALS_LISTED),
                noise_share=f"{case.noise_share:.0%}",
            )
            for case in comparison.repeats.flaky
        ),
        breaks="" if comparison.breaks is None else _breaks(comparison.breaks),
        slides=tuple(_slides(comparison.slides)),
    )


def fallen_cases(comparison: Comparison) -> tuple[FallenCase, ...]:
    """Return the cases behind what is shown, the most harmful first."""
    dropped = {score.name for score in comparison.scores if score.has_dropped}
    broken = set() if comparison.breaks is None else set(comparison.breaks.shown)
    return tuple(
        FallenCase(
            case=case,
            changes=_behind(case, dropped, is_broken=case.case_id in broken),
            is_broken=case.case_id in broken,
        )
        for case in comparison.fallen
    )


def p_text(p_value: float) -> str:
    """Return a p-value in three digits."""
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def interval_text(low: float, high: float) -> str:
    """Return an interval of a difference of scores."""
    return f"{low:+.3f}..{high:+.3f}"


def rise_text(ratio: float) -> str:
    """Return by how much something rose, as a share; as a factor from 10 on."""
    if ratio >= 1000:
        return ">x1000"
    if ratio >= 10:
        return f"x{ratio:.0f}"
    share = ratio - 1
    return f"{share:+.1%}" if abs(share) < 0.0995 else f"{share:+.0%}"


def ratio_text(estimate: float, low: float, high: float) -> str:
    """Return a ratio and its interval, each as what it rose by."""
    return f"{rise_text(estimate)} ({rise_text(low)}..{rise_text(high)})"


def amount_text(name: str, value: float) -> str:
    """Return an amount in its unit; money in dollars, to the millionth where it is little."""
    match name:
        case "cost_usd":
            return f"${value:,.4f}" if value >= 1 else f"${value:.6f}"
        case "latency_seconds":
            return f"{value:,.0f} s" if value >= 1000 else f"{value:.3g} s"
        case _:
            return f"{value:,.0f}"


def _behind(
    case: CaseComparison, dropped: Collection[str], *, is_broken: bool
) -> tuple[ScoreChange, ...]:
    changes = [c for c in case.fallen if c.is_certain or is_broken or c.name in dropped]
    single = [c for c in changes if c.is_certain or c.name != WEIGHTED]
    return tuple(single or changes)


def _score(score: ScoreComparison) -> ScoreFigures:
    drawn = score.drawn
    if drawn is None:
        return ScoreFigures(score=score, interval="", p_value="", excluded="")
    interval = _UNKNOWN
    if isinstance(drawn.difference, Difference):
        interval = interval_text(drawn.difference.low, drawn.difference.high)
    excluded = "" if drawn.is_excluded is None else f"{drawn.bound:g}: "
    if drawn.is_excluded is not None:
        excluded += "yes" if drawn.is_excluded else "no"
    return ScoreFigures(
        score=score, interval=interval, p_value=_claim_text(score.claim), excluded=excluded
    )


def _claim_text(claim: Claim | None) -> str:
    if claim is None:
        return _UNKNOWN
    if claim.p_adjusted is None:
        return "shown" if claim.is_shown else "not shown"
    return p_text(claim.p_adjusted)


def _evidence(scores: Sequence[ScoreComparison]) -> Iterator[str]:
    names: dict[str, list[str]] = defaultdict(list)
    lacking: dict[str, list[str]] = defaultdict(list)
    claims = [score.claim for score in scores if score.claim is not None]
    for score in scores:
        if score.drawn is not None:
            seen = score.drawn.difference
            if isinstance(seen, Untestable):
                lacking[seen.why].append(score.name)
            else:
                names[seen.method].append(score.name)
    if names:
        how = "after Holm over all claims of the suite"
        if any(claim.p_adjusted is None for claim in claims):
            how = "by the bounds of the rounds in which it was asked"
        yield f"95 %: interval of the change. p: of no drop beyond the tolerance, {how}."
    yield from (f"{', '.join(named)}: {method}." for method, named in names.items())
    yield from (
        f"{', '.join(named)}: nothing can be said, {why}." for why, named in lacking.items()
    )


def _amounts(comparison: Comparison, latency: str) -> Iterator[AmountFigures]:
    for amount in comparison.amounts:
        if amount.ratio is None and (amount.limit is None or not comparison.has_draws):
            continue
        claim = amount.claim
        is_labelled = amount.name == "latency_seconds" and latency != _LATENCY
        label = f" ({latency})" if is_labelled else ""
        yield AmountFigures(
            name=f"{amount.name}{label}",
            cases=str(amount.cases),
            before=amount_text(amount.name, amount.before),
            after=amount_text(amount.name, amount.after),
            change=_amount_change(amount),
            limit="" if amount.limit is None else f"+{100 * amount.limit:.3g}%",
            p_value="" if amount.limit is None else _claim_text(claim),
            is_shown=claim is not None and claim.is_shown,
        )
        for percent, seen in sorted(amount.percentiles.items()):
            yield AmountFigures(
                name=f"{amount.name} p{percent}{label}",
                cases="",
                before=amount_text(amount.name, seen.before),
                after=amount_text(amount.name, seen.after),
                change=ratio_text(seen.estimate, seen.low, seen.high),
            )


def _amount_change(amount: AmountComparison) -> str:
    match amount.ratio:
        case None:
            return "as before"
        case Untestable():
            return _UNKNOWN
        case ratio:
            return ratio_text(ratio.estimate, ratio.low, ratio.high)


def _trials(change: ScoreChange) -> str:
    before, after = len(change.before_trials), len(change.after_trials)
    return counted(after, "trial") if before == after else f"{before} and {counted(after, 'trial')}"


def _passes(repeats: Repeats) -> Iterator[PassFigures]:
    if repeats.passes is None:
        return
    k = repeats.passes.k
    what = ("a trial", f"all of {k} (pass^{k})", f"one of {k} (pass@{k})")
    now, before = _rates(repeats.passes), _rates(repeats.passes_before)
    for name, old, new in zip(what, before, now, strict=True):
        yield PassFigures(what=name, before=old, after=new)


def _rates(rates: PassRates | None) -> tuple[str, str, str]:
    if rates is None:
        return "", "", ""
    return f"{rates.one:.1%}", f"{rates.all_of_k:.1%}", f"{rates.any_of_k:.1%}"


def _breaks(breaks: Breaks) -> str:
    shown = set(breaks.shown)
    marked = [f"{case} (shown)" if case in shown else case for case in breaks.broken]
    broken = _listed(marked, _CASES_NAMED) if marked else "none"
    return (
        f"Passed in every trial of the baseline, fail in every trial now: {broken}."
        f" {_trials_needed(breaks)}"
    )


def _trials_needed(breaks: Breaks) -> str:
    ways = []
    if breaks.trials_needed is not None:
        ways.append(f"{counted(breaks.trials_needed, 'trial')} of it now")
    if breaks.trials_needed_both is not None:
        ways.append(f"{counted(breaks.trials_needed_both, 'trial')} in the baseline and now")
    if not ways:
        return "No number of trials excludes chance for a single broken case."
    return f"To exclude chance for a single broken case takes {', or '.join(ways)}."


def _slides(slides: Sequence[Slide]) -> Iterator[SlideFigures]:
    if not any(slide.is_shown for slide in slides):
        return
    for slide in slides:
        yield SlideFigures(
            name=slide.name,
            cases=slide.cases,
            best=f"{slide.best:.3f}",
            now=f"{slide.now:.3f}",
            change=f"{-slide.drop:+.3f}",
            tolerance=f"{slide.tolerance:g}",
            p_value="" if slide.is_certain else _claim_text(slide.claim),
            is_shown=slide.is_shown,
        )


def _listed(values: Sequence[str], most: int) -> str:
    more = len(values) - most
    return ", ".join(values[:most]) + (f" and {more} more" if more > 0 else "")
