"""Evaluates a suite: its cases become trials, its trials scorecards.

A case's result is a plain value that travels as JSON: workers send it, the session collects it.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import msgspec

from gonogo.cases import Case, load_cases, load_shared_request
from gonogo.domains import Domain
from gonogo.errors import BadInputError, Problem, UnpricedModelError
from gonogo.exchanges import Exchange, Outcome, output_of
from gonogo.fingerprints import VOLATILE
from gonogo.json_lines import JsonObject, canonical_json
from gonogo.judging import is_passed, judge
from gonogo.plain_text import one_line
from gonogo.pricing import Prices, cost_of
from gonogo.recordings import Recordings, load_recordings
from gonogo.registry import CheckerRegistry
from gonogo.scorecards import Scorecard, decode_scorecard, encode_scorecard
from gonogo.settings import Settings
from gonogo.trials import Trial
from gonogo_checkers.output import Output
from gonogo_checkers.reading.word_counts import count_words

_NAME_LENGTH: Final = 100
"""Longer names of models, tools and errors are cut: they come from answers."""

_TOOLS_NAMED: Final = 20
"""So many tools of one call are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A dataset, ready to be evaluated.

    Attributes:
        name: Its folder's name.
        cases: In the order of the file.
        shared_request: What all its requests share.
        recordings: Its recorded answers.
        candidate: Name of the candidate whose prompt and recordings these are; None: the accepted.
    """

    name: str
    cases: tuple[Case, ...]
    shared_request: JsonObject
    recordings: Recordings
    candidate: str | None = None

    @property
    def model(self) -> str | None:
        """The model that its requests ask for."""
        model = self.shared_request.get("model")
        return model if isinstance(model, str) else None


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one exchange used; None: not recorded.

    Attributes:
        exchange: Its id.
        input_tokens: Total input; 0 for a failed call without usage.
        output_tokens: Output; likewise.
        cost_usd: Cost; None also where the model has no price.
        latency_seconds: From sending to the last byte.
        ttft_seconds: From sending to the first token.
        unpriced: The model that has no price; None: it has one, or nothing was used.
        at: When the call began.
        model: The model that answered, else the one that was asked.
        attempts: HTTP attempts, at least 1.
        outcome: How the call ended.
        stop_reason: Why the answer ended.
        error: Type of the error of a failed call; None: it did not fail.
        tool_calls: Names of the tools that the answer calls, in order, 20 at most.
        more_tool_calls: How many tools it calls beside these.
    """

    exchange: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    latency_seconds: float | None = None
    ttft_seconds: float | None = None
    unpriced: str | None = None
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    model: str | None = None
    attempts: Annotated[int, msgspec.Meta(ge=1)] = 1
    outcome: Outcome = Outcome.ANSWERED
    stop_reason: str | None = None
    error: str | None = None
    tool_calls: tuple[str, ...] = ()
    more_tool_calls: Annotated[int, msgspec.Meta(ge=0)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """How one trial ended.

    Attributes:
        number: 1-based.
        outcome: How its last call ended.
        measured: What each of its exchanges used.
        words: Length of the response.
        scorecard: None where the call failed: there was nothing to judge.
        answer: Digest of the response, its tool calls included; empty: not known.
        is_passed: Whether it reached its domain's threshold and all that is expected holds.
    """

    number: int
    outcome: Outcome
    measured: tuple[Measured, ...]
    words: int
    scorecard: Scorecard | None
    answer: str = ""
    is_passed: bool = False

    @property
    def steps(self) -> int:
        """Number of calls that it made."""
        return len(self.measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one case ended.

    Attributes:
        suite: Its suite.
        case_id: The case.
        digest: Digest of the case's content.
        domain: Domain that it asked for.
        trials: In order; empty where it could not be run.
        problem: Why it could not be run; None: it was.
        group: Cases of one group are not independent; None: it is of none.
    """

    suite: str
    case_id: str
    digest: str
    domain: str
    trials: tuple[TrialResult, ...] = ()
    problem: str | None = None
    group: str | None = None


def load_suite(
    name: str,
    datasets: Path,
    *,
    candidate: str | None = None,
    volatile: Collection[str] = VOLATILE,
) -> Suite:
    """Read a suite from its folder.

    Args:
        name: Folder below `datasets`.
        datasets: Folder of all datasets.
        candidate: Take the shared request and the recordings from `candidates/<candidate>`.
        volatile: Fields of a request that its fingerprint leaves out.

    Raises:
        BadInputError: If a folder or file is missing, or holds what cannot be used.
    """
    folder = datasets / name
    _demand_folder(folder, f"no suite is called {name!r}")
    asked = asked_folder(folder, candidate)
    if candidate is not None:
        _demand_folder(asked, f"suite {name!r} has no candidate {candidate!r}")
    return Suite(
        name=name,
        cases=load_cases(folder / "cases.jsonl"),
        shared_request=load_shared_request(asked / "request.toml"),
        recordings=load_recordings(asked / "recordings.jsonl", volatile=volatile),
        candidate=candidate,
    )


def asked_folder(folder: Path, candidate: str | None) -> Path:
    """Return the folder of a suite's, or of its candidate's, shared request and recordings."""
    return folder if candidate is None else folder / "candidates" / candidate


def evaluate_case(
    suite: str,
    case: Case,
    trials: Iterable[Trial],
    *,
    settings: Settings,
    registry: CheckerRegistry,
    baseline_words: int | None = None,
) -> CaseResult:
    """Judge and measure the trials of a case.

    Args:
        suite: Name of its suite.
        case: The case.
        trials: Its trials.
        settings: For domains and prices.
        registry: Where the checkers are.
        baseline_words: Length of the accepted response, for the checker `length`.
    """
    asked = case.domain or settings.suite(suite).domain or suite
    domain = settings.domain(asked)
    return CaseResult(
        suite=suite,
        case_id=case.id,
        digest=case.digest(),
        domain=asked,
        group=case.group,
        trials=tuple(
            _evaluate_trial(case, trial, domain, registry, settings.prices, baseline_words)
            for trial in trials
        ),
    )


def _evaluate_trial(
    case: Case,
    trial: Trial,
    domain: Domain,
    registry: CheckerRegistry,
    prices: Prices,
    baseline_words: int | None,
) -> TrialResult:
    output = output_of(
        trial.final,
        expect=case.expect,
        context=case.context,
        language=case.language,
        baseline_words=baseline_words,
    )
    failed = trial.outcome is Outcome.INFRASTRUCTURE_ERROR
    card = (
        None if failed else judge(output, domain, registry, output_id=case.id, trial=trial.number)
    )
    return TrialResult(
        number=trial.number,
        outcome=trial.outcome,
        measured=tuple(_measure(exchange, prices) for exchange in trial.exchanges),
        words=count_words(output.response),
        scorecard=card,
        answer=_digest_of(output),
        is_passed=card is not None and is_passed(card, domain, case.expect),
    )


def _digest_of(output: Output) -> str:
    answer = canonical_json([output.response, msgspec.to_builtins(output.tool_calls)])
    return hashlib.sha256(answer).hexdigest()[:16]


def _measure(exchange: Exchange, prices: Prices) -> Measured:
    usage, response = exchange.usage, exchange.response
    cost, unpriced = None, None
    try:
        cost = cost_of(exchange, prices)
    except UnpricedModelError:
        unpriced = exchange.answered_by or "(no model)"
    unused = 0 if response is None else None
    tools = () if response is None else response.tool_calls
    return Measured(
        exchange=exchange.id,
        input_tokens=unused if usage is None else usage.input_tokens,
        output_tokens=unused if usage is None else usage.output_tokens,
        cost_usd=cost,
        latency_seconds=exchange.latency_seconds,
        ttft_seconds=exchange.ttft_seconds,
        unpriced=_name(unpriced),
        at=_moment(exchange.at),
        model=_name(exchange.answered_by),
        attempts=exchange.attempts,
        outcome=exchange.outcome,
        stop_reason=_name(None if response is None else response.stop_reason),
        error=_name(_error_type(exchange)),
        tool_calls=tuple(one_line(tool.name, _NAME_LENGTH) for tool in tools[:_TOOLS_NAMED]),
        more_tool_calls=len(tools[_TOOLS_NAMED:]),
    )


def _moment(at: datetime | None) -> datetime | None:
    """Return a time; none where an application left out the zone, which makes it no moment."""
    return None if at is None or at.tzinfo is None else at


def _error_type(exchange: Exchange) -> str | None:
    if exchange.error is not None:
        return exchange.error.type
    failed = exchange.response is None and exchange.status is not None
    return f"HTTP {exchange.status}" if failed else None


def _name(text: str | None) -> str | None:
    return None if text is None else one_line(text, _NAME_LENGTH)


def _demand_folder(folder: Path, what: str) -> None:
    if folder.is_dir():
        return
    parent = folder.parent
    present = (
        sorted(path.name for path in parent.iterdir() if path.is_dir()) if (parent.is_dir()) else []
    )
    raise BadInputError(
        [Problem(str(parent), f"{what}; there are: {', '.join(present) or 'none'}")]
    )


class _TrialRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: int
    outcome: Outcome
    measured: tuple[Measured, ...]
    words: int
    scorecard: msgspec.Raw
    answer: str
    is_passed: bool


class _CaseRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    suite: str
    case_id: str
    digest: str
    domain: str
    trials: tuple[_TrialRow, ...]
    problem: str | None
    group: str | None


_DECODER: Final = msgspec.json.Decoder(_CaseRow)
_NO_SCORECARD: Final = b"null"


def encode_case_result(result: CaseResult) -> str:
    """Return a result as JSON, to be carried from a worker to the session."""
    row = _CaseRow(
        suite=result.suite,
        case_id=result.case_id,
        digest=result.digest,
        domain=result.domain,
        trials=tuple(
            _TrialRow(
                number=trial.number,
                outcome=trial.outcome,
                measured=trial.measured,
                words=trial.words,
                scorecard=msgspec.Raw(
                    _NO_SCORECARD if trial.scorecard is None else encode_scorecard(trial.scorecard)
                ),
                answer=trial.answer,
                is_passed=trial.is_passed,
            )
            for trial in result.trials
        ),
        problem=result.problem,
        group=result.group,
    )
    return msgspec.json.encode(row).decode()


def decode_case_result(text: str) -> CaseResult:
    """Read back what `encode_case_result` wrote.

    Raises:
        msgspec.DecodeError: If it is anything else.
    """
    row = _DECODER.decode(text)
    return CaseResult(
        suite=row.suite,
        case_id=row.case_id,
        digest=row.digest,
        domain=row.domain,
        trials=tuple(
            TrialResult(
                number=trial.number,
                outcome=trial.outcome,
                measured=trial.measured,
                words=trial.words,
                scorecard=None
                if bytes(trial.scorecard) == _NO_SCORECARD
                else decode_scorecard(bytes(trial.scorecard)),
                answer=trial.answer,
                is_passed=trial.is_passed,
            )
            for trial in row.trials
        ),
        problem=row.problem,
        group=row.group,
    )
