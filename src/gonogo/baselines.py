"""Baselines: accepted scorecards of a suite, one file each, made to be read in a pull request.

The first line is the header, each other line one case, sorted by id.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import fmean
from typing import Annotated, Final, Literal

import msgspec

from gonogo.amounts import demand_amount
from gonogo.errors import BadInputError, Problem, StaleBaselineError
from gonogo.evaluation import CaseResult, Measured, Suite, TrialResult
from gonogo.json_lines import canonical_json, encode_line, load_records, write_atomically
from gonogo_checkers.verdict import Severity

SCHEMA: Final = 1
"""Version of the format."""

WEIGHTED: Final = "score"
"""Name of the weighted score among the scores of a case."""

_MOST_USD: Final = 10**9
"""A trial never costs as much."""

_Score = Annotated[float, msgspec.Meta(ge=0, le=1)]


class AcceptedRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The run that was accepted.

    Attributes:
        mode: How answers were had: `replay`, `live`, …
        model: The model that was asked; None: not named.
        commit: Abbreviated id of the commit that was checked out; None: not known.
        dirty: Whether files differed from that commit; None: not known.
        gonogo: The version of gonogo that judged.
    """

    mode: str
    model: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    gonogo: str | None = None


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One acceptance of a baseline; what older ones did not keep is None, or empty.

    Attributes:
        at: When.
        reason: Why; None where the decision was GO and nobody gave one.
        decision: What the run that was accepted had been: `GO`, `NO-GO`, `UNDECIDED`.
        by: Who accepted it.
        run: The run that was accepted.
        against: Digest of the baseline that it replaced, see `digest_of`; None: it was the first.
        dataset: Digest over all cases, as the header's.
        checkers: Digest over the checkers' versions: where it differs, scores cannot be compared.
        cases: How many cases.
        scores: Mean over cases of each score, the weighted one as `score`; four digits.
        cost_usd: Mean cost of a trial, six digits; None also where one is not known.
    """

    at: datetime
    decision: Literal["GO", "NO-GO", "UNDECIDED"]
    reason: str | None = None
    by: str | None = None
    run: AcceptedRun | None = None
    against: str | None = None
    dataset: str | None = None
    checkers: str | None = None
    cases: Annotated[int, msgspec.Meta(ge=0)] | None = None
    scores: dict[str, _Score] = {}
    cost_usd: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a cost that is none: bounds what is shown of a file."""
        demand_amount("cost_usd", self.cost_usd)
        if self.cost_usd is not None and self.cost_usd >= _MOST_USD:
            raise ValueError(f"cost_usd: expected less than {_MOST_USD}, got {self.cost_usd}")


class BaselineHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a baseline measured; another baseline is comparable only where this agrees.

    Attributes:
        schema: Version of the format.
        suite: Name of the suite.
        dataset: Digest over all cases.
        model: The model that was asked; None: not named.
        tools: Digest of the tools that all requests share; None: none.
        checkers: Version of each checker by its id.
        history: Acceptances, oldest first; never empty.
    """

    schema: int
    suite: str
    dataset: str
    model: str | None
    tools: str | None
    checkers: dict[str, str]
    history: tuple[Acceptance, ...]


class BaselineCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The accepted results of one case; lists hold one value a trial.

    Attributes:
        case: Its id.
        digest: Digest of its content.
        domain: Domain that judged it.
        scores: By checker id, and the weighted one as `score`; 0 to 1, best is 1.
        severe: How often each rule of high or critical severity fired at most in a trial, by
            `<checker id> <rule>`.
        group: Cases of one group are not independent; None: it is of none.
        answers: Digest of each response: the same answers again are judged the same, for certain.
        passed: Whether each trial passed, as `gonogo.judging.is_passed` says.
        words: Length of the response.
        input_tokens: Total input.
        output_tokens: Output.
        cost_usd: Cost.
        latency_seconds: Sum over the trial's exchanges.
    """

    case: str
    digest: str
    domain: str
    scores: dict[str, tuple[_Score, ...]]
    severe: dict[str, int] = {}
    group: str | None = None
    answers: tuple[str, ...] = ()
    passed: tuple[bool, ...] = ()
    words: tuple[int, ...] = ()
    input_tokens: tuple[int | None, ...] = ()
    output_tokens: tuple[int | None, ...] = ()
    cost_usd: tuple[float | None, ...] = ()
    latency_seconds: tuple[float | None, ...] = ()

    @property
    def trials(self) -> int:
        """How many trials were judged."""
        return max(map(len, self.scores.values()), default=0)

    @property
    def mean_words(self) -> int:
        """Mean length of the accepted responses, in words."""
        return round(fmean(self.words)) if self.words else 0


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """A header and its cases by id."""

    header: BaselineHeader
    cases: dict[str, BaselineCase]


def load_baseline(path: Path) -> Baseline | None:
    """Read a baseline; None where there is no file.

    Raises:
        BadInputError: With all problems of the file.
    """
    if not path.exists():
        return None
    records = load_records(path, decode_baseline_line)
    if not records or not isinstance(records[0][1], BaselineHeader):
        raise BadInputError([Problem(f"{path}:1", "the first line must be a baseline's header")])
    header = records[0][1]
    problems = []
    cases: dict[str, BaselineCase] = {}
    for place, record in records[1:]:
        if isinstance(record, BaselineHeader):
            problems.append(Problem(place, "a second header"))
        elif record.case in cases:
            problems.append(Problem(place, f"case {record.case!r} stands there twice"))
        else:
            cases[record.case] = record
    if header.schema != SCHEMA:
        problems.append(
            Problem(f"{path}:1", f"schema {header.schema} is not {SCHEMA}, which this gonogo reads")
        )
    if problems:
        raise BadInputError(problems)
    return Baseline(header=header, cases=cases)


def decode_baseline_line(line: bytes) -> BaselineHeader | BaselineCase:
    """Decode a line of a baseline: its header, or one case.

    Raises:
        msgspec.DecodeError: If it is neither.
    """
    if is_baseline_header(line):
        return msgspec.json.decode(line, type=BaselineHeader)
    return msgspec.json.decode(line, type=BaselineCase)


def is_baseline_header(line: bytes) -> bool:
    """Tell whether a line begins as a baseline's header does: with its schema."""
    return b'"schema"' in line[:20]


def header_of(
    suite: Suite, checkers: Mapping[str, str], history: tuple[Acceptance, ...]
) -> BaselineHeader:
    """Return the header that a baseline of a suite would have.

    Args:
        suite: What is measured.
        checkers: Version of each checker that judges it, by id.
        history: Acceptances, oldest first.
    """
    tools = suite.shared_request.get("tools")
    return BaselineHeader(
        schema=SCHEMA,
        suite=suite.name,
        dataset=_digest([case.digest() for case in sorted(suite.cases, key=lambda case: case.id)]),
        model=suite.model,
        tools=None if tools is None else _digest(tools),
        checkers=dict(sorted(checkers.items())),
        history=history,
    )


def demand_fresh(baseline: BaselineHeader, now: BaselineHeader, path: Path) -> None:
    """Refuse a baseline that measured something else than this run.

    Another prompt does not make it stale: that is what is measured. Changed cases are named by
    the comparison, one by one.

    Raises:
        StaleBaselineError: Names both sides of all that differs, and what to do.
    """
    differences = [
        f"{name}: the baseline has {before!r}, this run {after!r}"
        for name, before, after in (
            ("model", baseline.model, now.model),
            ("tools", baseline.tools, now.tools),
        )
        if before != after
    ]
    differences += [
        f"checker {checker_id}: the baseline has {baseline.checkers.get(checker_id, 'none')!r},"
        f" this run {now.checkers.get(checker_id, 'none')!r}"
        for checker_id in sorted({*baseline.checkers, *now.checkers})
        if baseline.checkers.get(checker_id) != now.checkers.get(checker_id)
    ]
    if differences:
        raise StaleBaselineError(
            f"{path} measured something else than this run ({'; '.join(differences)});"
            " accept a new baseline: pytest evals --gonogo-update-baselines"
        )


def baseline_of(results: Iterable[CaseResult], header: BaselineHeader) -> Baseline:
    """Return the baseline that results would be, without writing it."""
    return Baseline(header=header, cases={r.case_id: accept_case(r) for r in results})


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline, whole or not at all."""
    write_atomically(path, _lines_of(baseline))


def digest_of(baseline: Baseline) -> str:
    """Return the first 16 digits of the SHA-256 of the file that a baseline would be."""
    return hashlib.sha256(b"".join(_lines_of(baseline))).hexdigest()[:16]


def sum_up_acceptance(acceptance: Acceptance, baseline: Baseline) -> Acceptance:
    """Return an acceptance with what it does not keep yet of the baseline that it accepted."""
    header, cases = baseline.header, baseline.cases.values()
    return msgspec.structs.replace(
        acceptance,
        dataset=acceptance.dataset or header.dataset,
        checkers=acceptance.checkers or _digest(header.checkers),
        cases=len(cases) if acceptance.cases is None else acceptance.cases,
        scores=acceptance.scores
        or {name: round(value, 4) for name, value in mean_scores(cases).items()},
        cost_usd=_mean_cost(cases) if acceptance.cost_usd is None else acceptance.cost_usd,
    )


def mean_scores(cases: Iterable[BaselineCase]) -> dict[str, float]:
    """Return the mean of each score over the cases that have it; of a case, that of its trials."""
    means: dict[str, list[float]] = {}
    for case in cases:
        for name, values in case.scores.items():
            if values:
                means.setdefault(name, []).append(fmean(values))
    return {name: fmean(values) for name, values in sorted(means.items())}


def severe_findings(trials: Sequence[TrialResult]) -> dict[str, int]:
    """Count the findings of high and critical severity: the most of any trial, by rule."""
    most: Counter[str] = Counter()
    for trial in trials:
        if trial.scorecard is not None:
            most |= Counter(
                f"{checker_id} {finding.rule}"
                for checker_id, finding in trial.scorecard.findings
                if finding.severity.rank >= Severity.HIGH.rank
            )
    return dict(sorted(most.items()))


def scores_by_trial(trials: Sequence[TrialResult]) -> dict[str, tuple[float, ...]]:
    """Return the scores of the judged trials by checker id, the weighted one as `score`."""
    scores: dict[str, list[float]] = {}
    for trial in trials:
        card = trial.scorecard
        if card is not None:
            weighted = {} if card.score is None else {WEIGHTED: card.score}
            for name, value in (weighted | card.scores).items():
                scores.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in sorted(scores.items())}


def accept_case(result: CaseResult) -> BaselineCase:
    """Return the line that a baseline would have for a result; failed trials are left out."""
    trials = [trial for trial in result.trials if trial.scorecard is not None]
    return BaselineCase(
        case=result.case_id,
        digest=result.digest,
        domain=result.domain,
        scores=scores_by_trial(trials),
        severe=severe_findings(trials),
        group=result.group,
        answers=tuple(trial.answer for trial in trials),
        passed=tuple(trial.is_passed for trial in trials),
        words=tuple(trial.words for trial in trials),
        input_tokens=tuple(_sum(m.input_tokens for m in trial.measured) for trial in trials),
        output_tokens=tuple(_sum(m.output_tokens for m in trial.measured) for trial in trials),
        cost_usd=tuple(_cost(trial.measured) for trial in trials),
        latency_seconds=tuple(_latency(trial.measured) for trial in trials),
    )


def _lines_of(baseline: Baseline) -> list[bytes]:
    cases = sorted(baseline.cases.values(), key=lambda case: case.case)
    return [encode_line(baseline.header), *map(encode_line, cases)]


def _mean_cost(cases: Iterable[BaselineCase]) -> Decimal | None:
    costs = [cost for case in cases for cost in case.cost_usd]
    known = [Decimal(str(cost)) for cost in costs if cost is not None]
    if not known or len(known) < len(costs):
        return None
    mean = sum(known, Decimal(0)) / len(known)
    return round(mean, 6) if 0 <= mean < _MOST_USD else None


def _sum(values: Iterator[int | None]) -> int | None:
    known = list(values)
    if not known or None in known:  # nothing was measured, or not all of it
        return None
    return sum(value for value in known if value is not None)


def _cost(measured: Sequence[Measured]) -> float | None:
    costs = [m.cost_usd for m in measured]
    if not costs or None in costs:
        return None
    return round(float(sum(cost for cost in costs if cost is not None)), 6)


def _latency(measured: Sequence[Measured]) -> float | None:
    latencies = [m.latency_seconds for m in measured]
    if not latencies or None in latencies:
        return None
    return round(sum(value for value in latencies if value is not None), 3)


def _digest(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()[:16]
