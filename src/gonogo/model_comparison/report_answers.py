"""Reads answers of models from the JSON report of a pytest run."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import msgspec

from gonogo.errors import Problem
from gonogo.exchanges import Outcome
from gonogo.json_lines import decode_record
from gonogo.judging import is_passed
from gonogo.model_comparison.answers import CaseKey, LeftOut, ModelAnswers, Source
from gonogo.model_comparison.judged_answers import (
    known_cost,
    known_latency,
    named,
    scores_of,
    severe_of,
)
from gonogo.model_comparison.judges import Judges
from gonogo.plain_text import one_line
from gonogo.scorecards import Scorecard, decode_scorecard
from gonogo.settings import Settings
from gonogo_checkers.output import Expectations

_SCHEMA: Final = 1


class _Step(msgspec.Struct, frozen=True):
    outcome: Outcome
    exchange: str = ""
    at: str | None = None
    model: str | None = None
    cost_usd: Decimal | None = None
    latency_seconds: float | None = None


class _Trial(msgspec.Struct, frozen=True):
    trial: int
    outcome: Outcome
    steps: tuple[_Step, ...]
    passed: bool | None = None


class _Case(msgspec.Struct, frozen=True):
    case: str
    domain: str
    trials: tuple[_Trial, ...]
    scorecards: tuple[msgspec.Raw, ...]
    group: str | None = None
    digest: str = ""


class _Suite(msgspec.Struct, frozen=True):
    suite: str
    cases: tuple[_Case, ...]
    checkers: dict[str, str] = {}


class _Report(msgspec.Struct, frozen=True):
    schema: int
    suites: tuple[_Suite, ...]


class _Keys(msgspec.Struct):
    suites: msgspec.Raw
    mode: msgspec.Raw


def is_report(content: bytes) -> bool:
    """Tell whether a JSON document is the report of a run."""
    try:
        msgspec.json.decode(content, type=_Keys)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def answers_in_report(
    content: bytes, name: str, settings: Settings, judges: Judges
) -> Iterator[ModelAnswers | LeftOut | Problem]:
    """Yield what came of each trial of a report, or the problem that the report has.

    Args:
        content: The document.
        name: What it is called in problems.
        settings: For the domains' thresholds.
        judges: Those of the files before; grows.

    Raises:
        StaleBaselineError: If other checkers judged it than another file of its suite.
    """
    report = decode_record(content, msgspec.json.Decoder(_Report).decode, name)
    if isinstance(report, Problem):
        yield report
        return
    if report.schema != _SCHEMA:
        yield Problem(name, f"schema {report.schema} is not {_SCHEMA}, which this gonogo reads")
        return
    for suite in report.suites:
        if suite.checkers:
            judges.demand_same(suite.suite, suite.checkers, name)
        for case in suite.cases:
            yield from _of_case(suite.suite, case, f"{name}: case {case.case}", settings)


def _of_case(
    suite: str, case: _Case, place: str, settings: Settings
) -> Iterator[ModelAnswers | LeftOut | Problem]:
    cards: dict[int, Scorecard] = {}
    for raw in case.scorecards:
        card = decode_record(bytes(raw), decode_scorecard, place)
        if isinstance(card, Problem):
            yield card
            return
        cards[card.trial] = card
    for trial in case.trials:
        yield _of_trial(suite, case, trial, cards.get(trial.trial), settings)


def _of_trial(
    suite: str, case: _Case, trial: _Trial, card: Scorecard | None, settings: Settings
) -> ModelAnswers | LeftOut:
    key = CaseKey(case.domain, Source.SUITE, f"{suite}/{case.case}")
    if card is None or trial.outcome is Outcome.INFRASTRUCTURE_ERROR:
        asked = trial.steps[-1].model if trial.steps else None
        return ModelAnswers(model=named(asked), case=key, failed=1)
    models = _models_of(trial)
    if len(models) != 1:
        return LeftOut(models)
    passed = trial.passed
    if passed is None:
        passed = is_passed(card, settings.domain(case.domain), Expectations())
    return ModelAnswers(
        model=next(iter(models)),
        case=key,
        trials=1,
        scores=scores_of(card),
        group=None if case.group is None else f"{suite}/{case.group}",
        digest=case.digest,
        passed=(passed,),
        severe=severe_of(card),
        costs_usd=_cost(trial),
        latencies_seconds=known_latency(_latency(trial)),
        broken=int(bool(card.broken)),
        exchange=one_line(trial.steps[-1].exchange, 100),
        identity=_identity(trial),
    )


def _models_of(trial: _Trial) -> frozenset[str]:
    """Return the models that answered; of a call that failed only the wish is known."""
    answered = (s.model for s in trial.steps if s.outcome is not Outcome.INFRASTRUCTURE_ERROR)
    return frozenset(named(model) for model in answered if model)


def _cost(trial: _Trial) -> tuple[Decimal, ...]:
    costs = [cost for step in trial.steps for cost in known_cost(step.cost_usd)]
    return (sum(costs, Decimal(0)),) if len(costs) == len(trial.steps) else ()


def _latency(trial: _Trial) -> float | None:
    seconds = [step.latency_seconds for step in trial.steps]
    return None if None in seconds else sum(s for s in seconds if s is not None)


def _identity(trial: _Trial) -> str:
    """Return the exchanges of a trial; what an application answered without one has no time."""
    if not trial.steps or any(step.at is None for step in trial.steps):
        return ""
    return " ".join(f"{step.exchange} {step.at}" for step in trial.steps)
