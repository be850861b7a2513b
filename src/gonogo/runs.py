"""A run: what a session collected of its suites, compared, decided, and accepted where asked.

Rows come in from the tests, one a case, whichever process ran it; this is the one place where
they become decisions.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from gonogo import __version__
from gonogo.baselines import (
    Acceptance,
    AcceptedRun,
    Baseline,
    BaselineHeader,
    baseline_of,
    demand_fresh,
    header_of,
    load_baseline,
)
from gonogo.best_scores import accept_baseline, load_best
from gonogo.comparison import Comparison, compare_results
from gonogo.comparison.notes import describe_draws
from gonogo.decisions import Decision, Gauge, Reason, combine, conclude, decide
from gonogo.errors import BaselineRefusedError, GonogoError
from gonogo.evaluation import CaseResult, Suite, decode_case_result
from gonogo.plain_text import counted
from gonogo.provenance import Provenance
from gonogo.recordings import Mode
from gonogo.registry import CheckerRegistry
from gonogo.settings import Settings

if TYPE_CHECKING:
    from gonogo.comparison.rounds import Rounds
    from gonogo.sequential_runs import SequentialRun


class Failure(StrEnum):
    """Why a test of a suite failed."""

    ALREADY_COUNTED = "already_counted"
    BUDGET = "budget"
    TEST = "test"


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one test of a suite reports.

    Attributes:
        suite: Its suite.
        case: Its case; empty for a test that is not one of a case.
        result: Encoded result; None where the case was not run.
        accepted: The result to accept as the new baseline, where one was asked for.
        failure: Why the test failed; None: it did not.
        message: What the failure said, in one line.
        skipped: Why the test was skipped; None: it was not.
        used: Ids of the recordings that answered.
        is_spared: Whether the test was skipped because the decision was certain without it.
    """

    suite: str
    case: str
    result: str | None = None
    accepted: str | None = None
    failure: Failure | None = None
    message: str = ""
    skipped: str | None = None
    used: tuple[str, ...] = ()
    is_spared: bool = False


def encode_row(row: Row) -> str:
    """Return a row as JSON, to be carried from a worker to the session."""
    return msgspec.json.encode(row).decode()


def decode_row(text: str) -> Row:
    """Read back what `encode_row` wrote.

    Raises:
        msgspec.DecodeError: If it is anything else.
    """
    return msgspec.json.decode(text, type=Row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptances:
    """What to do with the baselines after a run.

    Attributes:
        at: Time to write into their history.
        reason: Why a run is accepted that is NO-GO; None: such a run is refused.
        source: Who accepts it, and the commit that ran.
    """

    at: datetime
    reason: str | None
    source: Provenance = field(default_factory=Provenance)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """One suite of a run.

    Attributes:
        suite: The suite.
        results: Of the cases that were run, in the order of the dataset.
        comparison: Against the baseline; None: there is none that can be compared.
        decision: About this suite.
        notes: What a reader should know beside the decision.
        failures: What failed tests said, by case.
        accepted: Whether a new baseline was written.
        rounds: How it was asked in rounds; None: it was not.
        checkers: Version of each checker that judges it, by id.
    """

    suite: Suite
    results: tuple[CaseResult, ...]
    comparison: Comparison | None
    decision: Decision
    notes: tuple[str, ...] = ()
    failures: Mapping[str, str]
    accepted: bool = False
    rounds: "Rounds | None" = None
    checkers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_stopped_early(self) -> bool:
        """Whether cases were not asked because the decision was certain without them."""
        return (
            self.rounds is not None
            and bool(self.rounds.standing.stops)
            and self.rounds.asked_cases < self.rounds.planned_cases
        )

    @property
    def is_partial(self) -> bool:
        """Whether some cases of the dataset were not run."""
        return len(self.results) < len(self.suite.cases)

    @property
    def unexplained_failures(self) -> dict[str, str]:
        """What failed tests said of cases that the comparison does not name, by case."""
        named = set() if self.comparison is None else {c.case_id for c in self.comparison.regressed}
        return {case: said for case, said in self.failures.items() if case not in named}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A whole run.

    Attributes:
        mode: How answers were had: `replay`.
        suites: In alphabetical order.
        not_run: Suites of the project that no test ran.
        decision: About all that were run.
        passes: Whether that decision passes under the policy.
    """

    mode: str
    suites: tuple[SuiteRun, ...]
    not_run: tuple[str, ...]
    decision: Decision
    passes: bool

    @property
    def verdict_line(self) -> str:
        """The one line that a run ends with."""
        line = ": ".join([self.decision.gauge, *self._said()])
        partial = [
            f"{len(run.results)} of {len(run.suite.cases)} cases of {run.suite.name}"
            for run in self.suites
            if run.is_partial and not run.is_stopped_early
        ]
        stopped = [
            f"{run.suite.name} after {run.rounds.asked_cases} of {run.rounds.planned_cases} cases"
            for run in self.suites
            if run.rounds is not None and run.is_stopped_early
        ]
        accepted = [run.suite.name for run in self.suites if run.accepted]
        if partial:
            line += f" (partial: {', '.join(partial)})"
        if stopped:
            line += f" (stopped early: {', '.join(stopped)})"
        if self.not_run:
            line += f" (not run: {', '.join(self.not_run)})"
        if accepted:
            line += f" (baselines accepted: {', '.join(accepted)})"
        return line

    def _said(self) -> list[str]:
        said = [
            f"{run.suite.name}: {run.decision.brief()}"
            for run in self.suites
            if run.decision.reasons
        ]
        return [" | ".join(said)] if said else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Decides about runs of suites.

    Attributes:
        baselines: Folder of the baselines.
        settings: Policy, budgets, domains.
        registry: Where the checkers are; their versions show whether a baseline is stale.
        mode: How answers were had.
        now: When the run ended.
    """

    baselines: Path
    settings: Settings
    registry: CheckerRegistry
    mode: Mode = Mode.REPLAY
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def conclude(
        self,
        rows: Iterable[Row],
        suites: Mapping[str, Suite],
        *,
        present: Iterable[str] = (),
        acceptances: Acceptances | None = None,
        sequential: "Mapping[str, SequentialRun]" = MappingProxyType({}),
    ) -> Run:
        """Decide about all suites of a run, and write new baselines where asked.

        Args:
            rows: Of all tests, in any order. Where two tests ran one case, the later result
                counts, and a failure of either.
            suites: The suites that the rows name.
            present: All suites of the project.
            acceptances: Write new baselines; None: do not.
            sequential: By suite, the rounds in which it was asked.
        """
        by_suite: dict[str, list[Row]] = {name: [] for name in sorted(suites)}
        for row in rows:
            by_suite[row.suite].append(row)
        runs = tuple(
            self._conclude_suite(suites[name], suite_rows, acceptances, sequential.get(name))
            for name, suite_rows in by_suite.items()
        )
        decision = combine({run.suite.name: run.decision for run in runs})
        return Run(
            mode=self.mode.value,
            suites=runs,
            not_run=tuple(sorted(set(present) - set(suites))),
            decision=decision,
            passes=decision.passes(self.settings.policy),
        )

    def path_of(self, suite: Suite) -> Path:
        """Return the file of a suite's baseline."""
        return self.baselines / f"{suite.name}.jsonl"

    def _conclude_suite(
        self,
        suite: Suite,
        rows: Sequence[Row],
        acceptances: Acceptances | None,
        sequential: "SequentialRun | None",
    ) -> SuiteRun:
        by_case = {row.case: row for row in rows if row.result is not None}
        results = _results(suite, by_case)
        reasons = list(_row_reasons(rows))
        baseline: Baseline | None = None
        comparison: Comparison | None = None
        rounds: Rounds | None = None
        checkers: dict[str, str] = {}
        try:
            baseline = load_baseline(self.path_of(suite))
            checkers = self._checkers(suite)
            comparison = self._compare(suite, results, baseline)
            if sequential is not None and comparison is not None:
                comparison, rounds = sequential.finish(comparison)
                reasons += _round_reasons(rounds)
        except GonogoError as error:
            reasons.append(Reason(says=Gauge.UNDECIDED, text=str(error)))
        if baseline is None and not reasons:
            text = "there is no baseline, accept one with --gonogo-update-baselines"
            reasons.append(Reason(says=Gauge.UNDECIDED, text=text))
        run = SuiteRun(
            suite=suite,
            results=results,
            comparison=comparison,
            decision=decide(
                results,
                comparison,
                policy=self.settings.policy,
                budget=self.settings.suite(suite.name).budget,
                other=reasons,
            ),
            notes=(
                *(() if rounds is None else (str(rounds),)),
                *_notes(results, self.settings),
                *(() if comparison is None else describe_draws(comparison, self.settings.policy)),
                *self._recording_notes(suite, rows),
            ),
            failures={row.case: row.message for row in rows if row.failure is not None},
            rounds=rounds,
            checkers=checkers,
        )
        return run if acceptances is None else self._accept(run, by_case, baseline, acceptances)

    def _recording_notes(self, suite: Suite, rows: Sequence[Row]) -> Iterator[str]:
        """Say of a complete replay which recordings nobody used, and which are old."""
        used = {id_ for row in rows for id_ in row.used}
        ran = {row.case for row in rows if row.result is not None}
        if not used or self.mode is not Mode.REPLAY or ran < {case.id for case in suite.cases}:
            return
        finals = [call.final for call in suite.recordings.calls]
        unused = [attempt.id for attempt in finals if attempt.id not in used]
        if unused:
            yield (
                f"{counted(len(unused), 'recording')} not used: {_first(unused)}: remove"
                f" their lines from {suite.recordings.path.name}"
            )
        days = self.settings.recordings.max_age_days
        oldest = None if days is None else self.now - timedelta(days=days)
        old = [a.id for a in finals if oldest and a.at is not None and a.at < oldest]
        if old:
            yield (
                f"{counted(len(old), 'recording')} older than {days} days: {_first(old)}: make"
                " anew with --gonogo-mode=rerecord"
            )

    def baseline_for(self, suite: Suite) -> Baseline:
        """Return the baseline that a suite can be held against.

        Raises:
            GonogoError: If there is none, or it measured something else.
        """
        path = self.path_of(suite)
        baseline = load_baseline(path)
        if baseline is None:
            raise GonogoError(f"{path}: there is no baseline to hold {suite.name!r} against")
        demand_fresh(baseline.header, self._header(suite, ()), path)
        return baseline

    def _compare(
        self, suite: Suite, results: Sequence[CaseResult], baseline: Baseline | None
    ) -> Comparison | None:
        if baseline is None:
            return None
        demand_fresh(baseline.header, self._header(suite, ()), self.path_of(suite))
        return compare_results(
            baseline,
            results,
            {case.id for case in suite.cases},
            self.settings,
            replayed=self.mode is not Mode.LIVE,
            best=load_best(self.path_of(suite)),
        )

    def _header(self, suite: Suite, history: tuple[Acceptance, ...]) -> BaselineHeader:
        return header_of(suite, self._checkers(suite), history)

    def _checkers(self, suite: Suite) -> dict[str, str]:
        """Return the version of each checker that judges a suite, by id."""
        own = self.settings.suite(suite.name).domain or suite.name
        domains = {self.settings.domain(case.domain or own).name for case in suite.cases}
        checkers = {id_ for name in domains for id_ in self.settings.domain(name).weights}
        return {checker: self.registry.version(checker) for checker in sorted(checkers)}

    def _accept(
        self,
        run: SuiteRun,
        rows: Mapping[str, Row],
        baseline: Baseline | None,
        acceptances: Acceptances,
    ) -> SuiteRun:
        encoded = (rows[case.id].accepted or rows[case.id].result for case in run.suite.cases)
        try:
            _demand_acceptable(run, acceptances.reason)
            results = [decode_case_result(text) for text in encoded if text is not None]
            accept_baseline(
                baseline_of(results, self._header(run.suite, ())),
                baseline,
                self._acceptance(run, acceptances),
                self.path_of(run.suite),
            )
        except BaselineRefusedError as error:
            refused = Reason(says=Gauge.NO_GO, text=str(error))
            return replace(run, decision=conclude([refused, *run.decision.reasons]))
        return replace(run, decision=Decision(gauge=Gauge.GO), accepted=True)

    def _acceptance(self, run: SuiteRun, acceptances: Acceptances) -> Acceptance:
        source = acceptances.source
        return Acceptance(
            at=acceptances.at,
            decision=run.decision.gauge.value,
            reason=acceptances.reason,
            by=source.by,
            run=AcceptedRun(
                mode=self.mode.value,
                model=run.suite.model,
                commit=source.commit,
                dirty=source.is_dirty,
                gonogo=__version__,
            ),
        )


def _results(suite: Suite, rows: Mapping[str, Row]) -> tuple[CaseResult, ...]:
    encoded = [rows[case.id].result for case in suite.cases if case.id in rows]
    return tuple(decode_case_result(text) for text in encoded if text is not None)


def _round_reasons(rounds: "Rounds") -> Iterator[Reason]:
    if rounds.is_stopped_by_hand:
        asked = f"{rounds.asked_cases} of {rounds.planned_cases} cases"
        text = f"stopped by hand after {asked}, before anything was certain"
        yield Reason(says=Gauge.UNDECIDED, text=text)


def _row_reasons(rows: Collection[Row]) -> Iterator[Reason]:
    skipped = tuple(row.case for row in rows if row.skipped is not None and not row.is_spared)
    if skipped:
        yield Reason(says=Gauge.UNDECIDED, text="were skipped", cases=skipped)
    blown = {row.case: row.message for row in rows if row.failure is Failure.BUDGET}
    if blown:
        text = f"budget exceeded: {next(iter(blown.values()))}"
        yield Reason(says=Gauge.NO_GO, text=text, cases=tuple(blown))
    for row in rows:
        if row.failure is Failure.TEST:
            yield Reason(says=Gauge.NO_GO, text=f"test failed: {row.message}", cases=(row.case,))


def _notes(results: Sequence[CaseResult], settings: Settings) -> tuple[str, ...]:
    undefined = sorted(
        {
            result.domain
            for result in results
            if result.trials and settings.domain(result.domain).name != result.domain
        }
    )
    return tuple(
        f"domain {name!r} is not defined: its cases are judged as 'general'" for name in undefined
    )


def _first(ids: Sequence[str]) -> str:
    return ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")


def _demand_acceptable(run: SuiteRun, reason: str | None) -> None:
    if run.suite.candidate is not None:
        raise BaselineRefusedError("baseline not updated: a candidate is not the accepted prompt")
    if run.is_partial:
        raise BaselineRefusedError(
            f"baseline not updated: only {len(run.results)} of {len(run.suite.cases)} cases ran"
        )
    unjudged = [
        result.case_id
        for result in run.results
        if result.problem is not None
        or not any(trial.scorecard is not None for trial in result.trials)
        or any(trial.scorecard is not None and trial.scorecard.broken for trial in result.trials)
    ]
    if unjudged:
        raise BaselineRefusedError(
            f"baseline not updated: without a judged answer: {', '.join(unjudged[:5])}"
        )
    if run.decision.gauge is Gauge.NO_GO and reason is None:
        raise BaselineRefusedError(
            "baseline not updated: accept a NO-GO with --gonogo-reason 'why it is accepted'"
        )
