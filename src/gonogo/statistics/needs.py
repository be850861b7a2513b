"""What it would take to decide: more cases or more trials than a comparison had, and why.

It reads one score's difference; `power` plans a run that was not made yet.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, harmonic_mean
from typing import Final

from gonogo.statistics.differences import Difference, Method, Shortage, Untestable
from gonogo.statistics.power import (
    Harm,
    Levels,
    Noise,
    Suite,
    estimate_noise,
    own_variance,
    smallest_drop,
)
from gonogo.statistics.sizing import (
    MOST_CLUSTERS,
    MOST_TRIALS,
    fewest_to_show,
    move_enough,
    size_drop,
)

_SHALLOWEST: Final = 1e-9
_LEVELS: Final = Levels()
_SEEN: Final = 0.0005
"""Smaller differences are shown as 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """How often the cases were asked, and what their scores are like.

    Attributes:
        before: Trials of a case in the baseline, on average; above 0.
        after: Trials of a case in the run, on average; above 0.
        noise: Of the trials of one case.
        depth: How far a trial falls that gets a little worse, above 0, at most 1.
    """

    before: float
    after: float
    noise: Noise
    depth: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a comparison could have shown, and what would decide it.

    Attributes:
        smallest_drop: Smallest drop that would have been shown with the power however it comes
            about, tolerance included, above 0, at most 1; None: not even 1.
        smallest_even_drop: The same where every trial gets a little worse; not larger.
        cases: With how many cases in all the difference seen so far, were it true, would decide;
            None: no number of them does.
        trials: With how many trials of each case, now; likewise.
        sentence: All of this in words, without a full stop.
    """

    smallest_drop: float | None
    smallest_even_drop: float | None
    cases: int | None
    trials: int | None
    sentence: str


def describe_trials(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]) -> Trials:
    """Sum up the trials of one score.

    Averages are harmonic, as variances divide by the number of trials. Cases without a trial on
    either side are left out; none left counts as one trial a side without noise.

    Args:
        before: Of each case the scores of its trials in the baseline, 0 to 1.
        after: Of the same cases, in the same order, now.
    """
    pairs = [(x, y) for x, y in zip(before, after, strict=True) if x and y]
    if not pairs:
        nothing = Noise(variance=0.0, is_bound=True)
        return Trials(before=1.0, after=1.0, noise=nothing)
    sides = [x for x, _ in pairs], [y for _, y in pairs]
    return Trials(
        before=harmonic_mean([len(case) for case in sides[0]]),
        after=harmonic_mean([len(case) for case in sides[1]]),
        noise=estimate_noise([*sides[0], *sides[1]]),
        depth=mean_depth([*sides[0], *sides[1]]),
    )


def mean_depth(trials: Iterable[Iterable[float]]) -> float:
    """Return how far scores below 1 lie below it, on average: a trial's usual fall.

    Args:
        trials: Of each case the scores of its trials, 0 to 1.

    Returns:
        Above 0, at most 1; 1, the most, where no score lies below 1.
    """
    falls = [1 - value for case in trials for value in case if value < 1]
    return max(_SHALLOWEST, fmean(falls)) if falls else 1.0


def what_it_would_take(
    difference: Difference | Untestable,
    *,
    trials: Trials,
    tolerance: float = 0.0,
    margin: float | None = None,
    levels: Levels = _LEVELS,
) -> Needs:
    """Say what a comparison could have shown, and how many cases or trials would decide it.

    The variance of a case's difference is what was measured, and at least what the trials' noise
    brings. More cases divide all of it; more trials now divide only the noise of their own side.

    Args:
        difference: As compared.
        trials: How often the cases were asked.
        tolerance: A drop that does not count, 0 or more.
        margin: None: to decide is to show the drop seen so far. Else: to exclude a drop of the
            margin, above 0 and below 1.
        levels: Errors allowed; under Holm the family's alpha divided by the number of tests.
    """
    if isinstance(difference, Untestable):
        return _need_clusters(difference, margin=margin, levels=levels)
    seen = _read(difference, trials, alpha=levels.alpha)
    smallest = _smallest(seen, Harm.BREAKS, tolerance=tolerance, levels=levels)
    even = _smallest(seen, Harm.EVEN, tolerance=tolerance, levels=levels)
    if even is not None and smallest is not None:
        even = min(even, smallest)
    cases, more, what = _what_decides(
        difference, seen, tolerance=tolerance, margin=margin, levels=levels
    )
    return Needs(
        smallest_drop=smallest,
        smallest_even_drop=even,
        cases=cases,
        trials=more,
        sentence=f"{_could_show(seen, smallest, even)}; {what}",
    )


def clusters_to_exclude(
    variance: float, *, margin: float, estimate: float = 0.0, levels: Levels = _LEVELS
) -> int | None:
    """Return with how many clusters a drop of the margin would be excluded with the power.

    Args:
        variance: Of a cluster's difference, 0 or more.
        margin: Above 0, below 1.
        estimate: What the mean difference really is; 0: nothing changed.
        levels: Errors allowed.

    Returns:
        2 or more; None where the estimate lies beyond the margin, or no number is enough.
    """
    distance = margin + estimate
    if distance <= 0:
        return None
    drop = max(0.0, -estimate)

    def excludes(clusters: int) -> bool:
        spread = _Spread(
            clusters=clusters, variance=variance, drop=drop, degrees_of_freedom=clusters - 1.0
        )
        return _excludes(spread, distance, margin=margin, levels=levels)

    return _first(excludes, 1, MOST_CLUSTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """How the differences of so many clusters vary.

    Attributes:
        variance: Of one cluster's difference.
        drop: Of their mean, 0 where there is none.
    """

    clusters: int
    variance: float
    drop: float
    degrees_of_freedom: float

    @property
    def standard_error(self) -> float:
        return math.sqrt(self.variance / self.clusters)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A difference taken apart.

    Attributes:
        fewest: Clusters that must fall before anything is shown.
        fallen: Share of cases that fell, 0 to 1.
        noise: Variance of one trial of a cluster of usual size.
        rest: Variance of a cluster's difference that trials do not explain.
        depth: Of a trial's usual fall.
    """

    cases: int
    clusters: int
    fewest: int
    fallen: float
    degrees_of_freedom: float
    drop: float
    before: float
    after: float
    noise: float
    rest: float
    depth: float

    def at(self, clusters: int, after: float) -> _Spread:
        """Return the spread of more clusters, or of more trials now."""
        return _Spread(
            clusters=clusters,
            variance=self.rest + self.noise * (1 / self.before + 1 / after),
            drop=self.drop,
            degrees_of_freedom=self.degrees_of_freedom * clusters / self.clusters,
        )


def _read(difference: Difference, trials: Trials, *, alpha: float) -> _Seen:
    sides = 1 / trials.before + 1 / trials.after
    variance = difference.standard_error**2 * difference.clusters
    noise = trials.noise.variance * difference.clusters / difference.cases
    if trials.noise.is_bound:
        noise = min(noise, variance / sides)
    return _Seen(
        cases=difference.cases,
        clusters=difference.clusters,
        fewest=fewest_to_show(2 * alpha if difference.method is Method.MCNEMAR else alpha),
        fallen=difference.worse / difference.cases,
        degrees_of_freedom=difference.degrees_of_freedom,
        drop=max(0.0, -difference.estimate),
        before=trials.before,
        after=trials.after,
        noise=noise,
        rest=max(0.0, variance - noise * sides),
        depth=trials.depth,
    )


def _smallest(seen: _Seen, harm: Harm, *, tolerance: float, levels: Levels) -> float | None:
    """Plan the same suite anew, with the noise that its differences show.

    What the drop that was seen may have brought by itself is taken out: the plan puts in again
    what the drop that is planned for brings.
    """
    own = own_variance(seen.drop, harm, trials=seen.after, depth=seen.depth)
    spread = seen.at(seen.clusters, seen.after)
    noise = max(seen.noise, (spread.variance - own) / (1 / seen.before + 1 / seen.after))
    suite = Suite(
        cases=seen.clusters,
        before=seen.before,
        after=seen.after,
        noise=Noise(variance=noise, is_bound=False),
        depth=seen.depth,
    )
    return size_drop(suite, tolerance=tolerance, harm=harm, levels=levels, fewest=seen.fewest)


def _excludes(spread: _Spread, distance: float, *, margin: float, levels: Levels) -> bool:
    """Say whether a drop of the margin would be excluded, by t and by `rare_breaks`.

    That test asks for the chance of what was seen had the mean dropped by the margin, at worst by
    cases that broke wholly: then the variance has margin (1 - margin) in it.
    """
    from scipy.special import ndtri  # noqa: PLC0415 - heavy: on use only

    from gonogo.statistics.rare_breaks import fewest_clusters  # noqa: PLC0415 - heavy: numpy

    if spread.clusters < fewest_clusters(margin=margin, alpha=levels.alpha):
        return False
    own = max(0.0, margin * (1 - margin) - spread.drop * (1 - spread.drop))
    at_worst = math.sqrt((spread.variance + own) / spread.clusters)
    reach = float(ndtri(1 - levels.alpha)) * at_worst
    reach += float(ndtri(levels.power)) * spread.standard_error
    return reach <= distance and _reaches(spread, distance, levels)


def _reaches(spread: _Spread, distance: float, levels: Levels) -> bool:
    if spread.clusters < 2:
        return False
    if spread.standard_error <= 0:
        return True
    freedom = max(1.0, spread.degrees_of_freedom)
    shown = smallest_drop(spread.standard_error, freedom, levels=levels)
    return isinstance(shown, float) and shown <= distance


def _first(is_enough: Callable[[int], bool], known: int, most: int) -> int | None:
    """Return the smallest number above `known`, which is too few, that is enough."""
    if not is_enough(most):
        return None
    low, high = known, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _scale(clusters: int | None, seen: _Seen) -> int | None:
    """Return how many cases so many clusters of the usual size hold."""
    return None if clusters is None else math.ceil(clusters * seen.cases / seen.clusters)


def _need_clusters(lacking: Untestable, *, margin: float | None, levels: Levels) -> Needs:
    from gonogo.statistics.rare_breaks import fewest_clusters  # noqa: PLC0415 - heavy: numpy

    if lacking.why is Shortage.NOT_FINITE:
        return _nothing(None, "a score is no finite number: neither cases nor trials help")
    had = f"{_counted(lacking.cases, 'case')} in a single cluster"
    if lacking.why is Shortage.NO_CASES:
        had = "no case that both sides scored"
    fewest, what = fewest_to_show(levels.alpha), "a drop can be shown"
    if margin is not None:
        fewest = fewest_clusters(margin=margin, alpha=levels.alpha)
        what = f"a drop of {margin:.3f} can be excluded"
    return _nothing(fewest, f"{had}; {what} from {fewest} independent cases on")


def _nothing(cases: int | None, sentence: str) -> Needs:
    return Needs(
        smallest_drop=None, smallest_even_drop=None, cases=cases, trials=None, sentence=sentence
    )


def _what_decides(
    difference: Difference,
    seen: _Seen,
    *,
    tolerance: float,
    margin: float | None,
    levels: Levels,
) -> tuple[int | None, int | None, str]:
    """Return the cases in all, or the trials now, that decide; and that in words."""
    question = _ask(difference, tolerance=tolerance, margin=margin)
    if question.distance <= 0:
        return None, None, question.wrong_side
    if question.p_value <= levels.alpha:
        return difference.cases, math.ceil(seen.after), "that is decided already"

    def decides(clusters: int, after: float) -> bool:
        spread = seen.at(clusters, after)
        if margin is None:
            return move_enough(
                clusters, seen.fallen, fewest=seen.fewest, power=levels.power
            ) and _reaches(spread, question.distance, levels)
        return _excludes(spread, question.distance, margin=margin, levels=levels)

    clusters = _first(lambda n: decides(n, seen.after), seen.clusters, MOST_CLUSTERS)
    more = _first(lambda n: decides(seen.clusters, n), math.floor(seen.after), MOST_TRIALS)
    cases = None if clusters is None else math.ceil(clusters * seen.cases / seen.clusters)
    return cases, more, f"{question.claim} {_ways(cases, more)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is to be decided.

    Attributes:
        distance: How far the estimate lies beyond the tolerance, or inside the margin.
        p_value: One-sided, of the claim.
        claim: In words.
        wrong_side: What to say where the distance is not above 0.
    """

    distance: float
    p_value: float
    claim: str
    wrong_side: str


def _ask(difference: Difference, *, tolerance: float, margin: float | None) -> _Question:
    estimate = difference.estimate
    if margin is None:
        return _Question(
            distance=-estimate - tolerance,
            p_value=difference.p_drop,
            claim=f"the drop of {-estimate:.3f} seen so far, were it true, would be shown",
            wrong_side="no drop beyond the tolerance was seen that more cases could show",
        )
    is_seen = abs(estimate) >= _SEEN
    seen = "were the difference of {:+.3f} seen so far true" if is_seen else "if nothing changed"
    return _Question(
        distance=estimate + margin,
        p_value=1.0 if difference.p_kept is None else difference.p_kept,
        claim=f"{seen.format(estimate)}, a drop of {margin:.3f} would be excluded",
        wrong_side="more cases will not change it: the estimate lies beyond the margin",
    )


def _could_show(seen: _Seen, smallest: float | None, even: float | None) -> str:
    cases = _counted(seen.cases, "case")
    if seen.clusters < seen.cases:
        cases += f" in {_counted(seen.clusters, 'cluster')}"
    asked = f"{cases} of {seen.after:.3g} trial{'' if seen.after == 1 else 's'} could have shown"
    if even is None:
        return f"{asked} no drop at all"
    gradual = f"of {even:.3f} where every trial gets a little worse"
    if smallest is None:
        return f"{asked} a drop {gradual}, and none where cases break wholly"
    said = f"{asked} a drop of {smallest:.3f}"
    return said if f"{even:.3f}" == f"{smallest:.3f}" else f"{said}, or {gradual}"


def _ways(cases: int | None, trials: int | None) -> str:
    ways = [] if cases is None else [f"with {cases:,} cases in all"]
    ways += [] if trials is None else [f"with {trials:,} trials of each case now"]
    return " or ".join(ways) or f"with no number of cases up to {MOST_CLUSTERS:,}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
