"""The best accepted scores of a suite: what a slide of many small accepted drops is held against.

They lie beside the baseline, in a file of the same format, as long as some score lies below them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

import msgspec

from gonogo.baselines import (
    WEIGHTED,
    Acceptance,
    Baseline,
    BaselineCase,
    BaselineHeader,
    digest_of,
    load_baseline,
    sum_up_acceptance,
    write_baseline,
)
from gonogo.errors import BadInputError, BaselineRefusedError, Problem

_SUFFIX: Final = ".best"
_REMEDY: Final = "restore the file, or remove it: the current baseline then counts as the best"
_ROUNDING: Final = 1e-9
"""Means that are equal on paper may differ by so much as binary floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BelowBest:
    """A score that lies below its best accepted one.

    Attributes:
        name: Checker id, or `score` for the weighted one.
        cases: Number of cases that both have, and that did not change.
        best: Mean over them at its best, 0 to 1.
        source: The acceptance in which it was best; None: not kept.
        now: Mean over them now.
    """

    name: str
    cases: int
    best: float
    source: Acceptance | None
    now: float

    @property
    def drop(self) -> float:
        """How far it fell, above 0, at most 1."""
        return self.best - self.now


def best_path(path: Path) -> Path:
    """Return the file of the best accepted scores that belongs to a baseline's file."""
    return path.with_name(f"{path.stem}{_SUFFIX}{path.suffix}")


def is_best_path(path: Path) -> bool:
    """Tell whether a file in a folder of baselines holds best accepted scores, by its name."""
    return path.stem.endswith(_SUFFIX)


def load_best(path: Path) -> Baseline | None:
    """Read the best accepted scores beside a baseline; None: it is itself the best in all.

    Args:
        path: The file of the baseline.

    Returns:
        A baseline whose cases hold scores only. Its history is of the acceptances that they come
        from, each with the scores that come from it.

    Raises:
        BadInputError: If the file cannot be used; says how to do without it.
    """
    file = best_path(path)
    try:
        best = load_baseline(file)
    except BadInputError as error:
        raise BadInputError([*error.problems, Problem(str(file), _REMEDY)]) from error
    if best is not None and best.header.suite != path.stem:
        what = f"holds scores of suite {best.header.suite!r}, not of {path.stem!r}"
        raise BadInputError([Problem(f"{file}:1", what), Problem(str(file), _REMEDY)])
    return best


def accept_baseline(
    now: Baseline, before: Baseline | None, acceptance: Acceptance, path: Path
) -> None:
    """Write a new baseline and the best accepted scores beside it, each whole or not at all.

    Args:
        now: The new baseline, without a history.
        before: The one that it replaces; None: it is the first.
        acceptance: Who accepts it, and why; the rest is summed up here.
        path: Its file.

    Raises:
        BaselineRefusedError: If the best accepted scores so far cannot be read, or its name is
            that of another suite's.
    """
    if is_best_path(path):
        raise BaselineRefusedError(
            f"baseline not updated: {path.name} is kept for the best scores of"
            f" {path.stem.removesuffix(_SUFFIX)!r}: rename the suite"
        )
    against = None if before is None else digest_of(before)
    acceptance = msgspec.structs.replace(sum_up_acceptance(acceptance, now), against=against)
    history = () if before is None else before.header.history
    now = _with_history(now, (*history, acceptance))
    best = best_of(_demand_best(path), before, now)
    write_baseline(now, path)
    if best is None:
        best_path(path).unlink(missing_ok=True)
    else:
        write_baseline(best, best_path(path))


def best_of(best: Baseline | None, before: Baseline | None, now: Baseline) -> Baseline | None:
    """Return the best accepted scores after another acceptance.

    A score stays as it was at its best where its mean over the cases that both have is lower now;
    a tie goes to the newer. A case that is new, or that changed, takes its score of now, the first
    that can be compared with later ones. What is no longer comparable is left out: other models
    and tools, a score whose checker has another version (the weighted one: any checker), a case
    that vanished, whose content changed, that another domain judges, or without the score now.

    Args:
        best: The best accepted scores so far; None: those of `before`.
        before: The baseline until now; None: there was none.
        now: The newly accepted baseline.

    Returns:
        None where `now` is the best in all scores.
    """
    reference = best
    if before is not None:
        reference = _own_best(before) if best is None else _raised(best, before)
    if reference is None:
        return None
    stays = {below.name for below in below_best(reference, now)}
    return _raised(reference, now) if stays else None


def below_best(best: Baseline, now: Baseline) -> tuple[BelowBest, ...]:
    """Return the scores of a baseline that lie below the best accepted ones, the deepest first.

    Args:
        best: The best accepted scores.
        now: What is held against them.
    """
    kept = _comparable(best, now)
    below = []
    for name in sorted({name for scores in kept.values() for name in scores}):
        common = [case_id for case_id in kept if name in kept[case_id]]
        highest = _mean(kept[case_id][name] for case_id in common)
        mean = _mean(now.cases[case_id].scores[name] for case_id in common)
        if mean < highest - _ROUNDING:
            below.append(
                BelowBest(
                    name=name,
                    cases=len(common),
                    best=highest,
                    source=_source_of(name, best.header.history),
                    now=mean,
                )
            )
    return tuple(sorted(below, key=lambda score: (-score.drop, score.name)))


def are_comparable(name: str, before: BaselineHeader, now: BaselineHeader) -> bool:
    """Tell whether a score says the same in both: judged by the same checkers, of one model.

    Args:
        name: Checker id, or `score` for the weighted one, to which all checkers belong.
        before: One side.
        now: The other.
    """
    if (before.model, before.tools) != (now.model, now.tools):
        return False
    if name == WEIGHTED:
        return before.checkers == now.checkers
    return before.checkers.get(name) == now.checkers.get(name)


def picked_from(name: str, history: Sequence[Acceptance]) -> int:
    """Count the acceptances of which the best of a score was picked, at least 1.

    The highest of k noisy means is high by luck, too: held against it, a run that is as good as
    all of them falls short too often. A p value times k keeps its promise (Bonferroni over the k
    comparisons of which it is one).

    Args:
        name: Checker id, or `score` for the weighted one.
        history: Of the baseline, oldest first.

    Returns:
        How many in a row, up to the newest, asked one model (and, for the weighted score, were
        judged by the same versions of checkers), as far as that was kept: never too few.
    """
    count = 0
    model: str | None = None
    checkers: str | None = None
    for acceptance in reversed(history):
        asked = None if acceptance.run is None else acceptance.run.model
        judged = acceptance.checkers if name == WEIGHTED else None
        if _differ(asked, model) or _differ(judged, checkers):
            break
        count += 1
        model, checkers = asked or model, judged or checkers
    return max(count, 1)


def _differ(one: str | None, other: str | None) -> bool:
    return None not in (one, other) and one != other


def _demand_best(path: Path) -> Baseline | None:
    try:
        return load_best(path)
    except BadInputError as error:
        what = f"baseline not updated: {error.problems[0]}; {_REMEDY}"
        raise BaselineRefusedError(what) from error


def _raised(best: Baseline, now: Baseline) -> Baseline:
    """Return the best scores with those of `now` that are better, or new, in their place."""
    stays = {below.name for below in below_best(best, now)}
    kept = _comparable(best, now)
    cases = {}
    for case_id, case in now.cases.items():
        staying = {name: values for name, values in kept.get(case_id, {}).items() if name in stays}
        cases[case_id] = _scores_only(case, {**case.scores, **staying})
    sources = [_with_scores(source, stays) for source in best.header.history]
    (newest,) = _own_best(now).header.history or (None,)
    if newest is not None:
        sources.append(_with_scores(newest, newest.scores.keys() - stays))
    history = tuple(source for source in sources if source.scores)
    return _with_history(Baseline(header=now.header, cases=cases), history)


def _own_best(baseline: Baseline) -> Baseline:
    """Return the scores of a baseline as if they were the best."""
    history = tuple(
        sum_up_acceptance(acceptance, baseline) for acceptance in baseline.header.history[-1:]
    )
    cases = {case_id: _scores_only(case, case.scores) for case_id, case in baseline.cases.items()}
    return _with_history(Baseline(header=baseline.header, cases=cases), history)


def _comparable(best: Baseline, now: Baseline) -> dict[str, dict[str, tuple[float, ...]]]:
    """Return the best scores that can be held against those of now, by case and name."""
    return {
        case_id: {
            name: values
            for name, values in case.scores.items()
            if values
            and now.cases[case_id].scores.get(name)
            and are_comparable(name, best.header, now.header)
        }
        for case_id, case in best.cases.items()
        if case_id in now.cases and _is_same(case, now.cases[case_id])
    }


def _is_same(before: BaselineCase, now: BaselineCase) -> bool:
    return (before.digest, before.domain) == (now.digest, now.domain)


def _mean(values: Iterable[tuple[float, ...]]) -> float:
    return fmean(fmean(trials) for trials in values)


def _source_of(name: str, history: tuple[Acceptance, ...]) -> Acceptance | None:
    return next((source for source in history if name in source.scores), None)


def _scores_only(case: BaselineCase, scores: dict[str, tuple[float, ...]]) -> BaselineCase:
    return BaselineCase(
        case=case.case,
        digest=case.digest,
        domain=case.domain,
        scores=dict(sorted(scores.items())),
        group=case.group,
    )


def _with_scores(acceptance: Acceptance, names: Iterable[str]) -> Acceptance:
    kept = set(names)
    scores = {name: mean for name, mean in acceptance.scores.items() if name in kept}
    return msgspec.structs.replace(acceptance, scores=scores)


def _with_history(baseline: Baseline, history: tuple[Acceptance, ...]) -> Baseline:
    header = msgspec.structs.replace(baseline.header, history=history)
    return msgspec.structs.replace(baseline, header=header)
