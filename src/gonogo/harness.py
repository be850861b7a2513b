"""What a test holds in its hands: the object behind the fixture `gonogo`.

Knows nothing of pytest: the plugin makes it, and asks it afterwards what happened.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import msgspec

from gonogo.budgets import Budget, check_budget
from gonogo.cases import Case
from gonogo.claude.capturing import Capture
from gonogo.comparison import compare_case
from gonogo.domains import GENERAL, Domain
from gonogo.errors import (
    NOT_RUN,
    BadSettingsError,
    BelowThresholdError,
    BudgetBlownError,
    GonogoError,
    NotScoredError,
    RegressionError,
    StoppedEarlyError,
)
from gonogo.evaluation import CaseResult, Suite, encode_case_result, evaluate_case
from gonogo.exchanges import Exchange, output_of
from gonogo.failure_messages import describe_card, describe_regression, describe_unscored
from gonogo.judging import judge, missed_expectations
from gonogo.plain_text import counted
from gonogo.project import Project
from gonogo.recordings import Book, Mode, Tape
from gonogo.running import Ask, ask_application, replay_trials
from gonogo.runs import Row
from gonogo.scorecards import Scorecard
from gonogo.trials import Trial
from gonogo_checkers.output import Expectations, Output

if TYPE_CHECKING:
    from anthropic import Anthropic, AsyncAnthropic

Limit = int | float | str
"""A limit as a test writes it; `cost_usd` may be a string, to be exact."""


@dataclass(repr=False)
class Gonogo:
    """The fixture `gonogo`: runs cases, judges outputs, holds budgets.

    Attributes:
        project: The project under test.
        suite_name: Suite of the test's marker; None: the test is not one of a suite.
        own_recordings: File of the recordings of a test that is not one of a suite.
        exchanges: All calls that the test made, in order.
        rows: What the test reports of its cases.
        results: How the cases that it ran ended.
        trials: The trials that `run` made.
    """

    project: Project
    suite_name: str | None = None
    own_recordings: Path | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    results: list[CaseResult] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)

    @cached_property
    def tape(self) -> Tape:
        """What the test hears and records."""
        return Tape(self._book, self.exchanges)

    @cached_property
    def capture(self) -> Capture:
        """The clients of the test."""
        return Capture(self.tape, self.project.spending)

    def __repr__(self) -> str:
        """Say what a failing test shows of the fixture."""
        return f"<gonogo, suite {self.suite_name}, {len(self.exchanges)} exchanges>"

    def run(self, case: Case, ask: Ask | None = None) -> CaseResult:
        """Run a case of the test's suite, score it, and hold it against the baseline.

        Args:
            case: The fixture `case`.
            ask: The application's own function, where the suite tests the application; it
                returns the answer as text or as an exchange. None: replay what was recorded.

        Returns:
            The result of each trial.

        Raises:
            MissingRecordingError: If no recording answers the case's request.
            CostLimitError: If asking it would cost more than the run may spend.
            RunStoppedError: If Claude cannot be asked: a wrong key, a spending limit.
            SecretInRecordingError: If its request or answer may not be recorded.
            NotScoredError: If a checker broke.
            BudgetBlownError: If a trial used more than the case's `expect.budget`.
            RegressionError: If the case answers worse than its baseline.
            StoppedEarlyError: If the decision is certain, so that it is not asked any more.
        """
        __tracebackhide__ = True
        suite = self._suite()
        sequential = self.project.sequential.get(suite.name)
        if sequential is not None and (why_not := sequential.why_not(case.id)):
            raise StoppedEarlyError(f"not asked, the decision is certain: {why_not}")
        before = self._ids()
        try:
            trials = self._trials(suite, case, ask)
        except NOT_RUN as error:
            asked = case.domain or suite.name
            failed = CaseResult(
                suite=suite.name,
                case_id=case.id,
                digest=case.digest(),
                domain=asked,
                problem=str(error),
            )
            self.rows.append(Row(suite=suite.name, case=case.id, result=encode_case_result(failed)))
            raise error.with_traceback(None) from None
        self.trials += trials
        made = [exchange for trial in trials for exchange in trial.exchanges]
        self.exchanges[:] = [e for e in self.exchanges if e.id in before] + made
        result = self._evaluate(suite, case, trials)
        self._demand_scored(result)
        if case.expect.budget is not None:
            self._demand_budget(case.expect.budget, f"case {case.id}")
        self._demand_no_regression(suite, result)
        return result

    def client(self, **options: Any) -> "Anthropic":
        """Return a client of Claude's SDK whose calls are captured.

        They are answered as the mode says: from recordings, or by Claude. They are in `exchanges`,
        and count towards the test's budget.

        Args:
            options: Further options of `anthropic.Anthropic`.
        """
        return self.capture.client(options)

    def async_client(self, **options: Any) -> "AsyncAnthropic":
        """Return an asynchronous client; otherwise as `client`."""
        return self.capture.async_client(options)

    @contextmanager
    def capturing(self) -> Iterator[None]:
        """Capture the calls of clients that the application makes itself, within a block."""
        if self.project.settings.recordings.capture:
            with self.capture.capturing():
                yield
        else:
            yield

    def finish(self) -> None:
        """End the test's recordings: streams that are still open are recorded as abandoned.

        Raises:
            GonogoError: If an answer could not be recorded.
        """
        __tracebackhide__ = True
        self.capture.finish()
        problems, self.tape.problems = self.tape.problems, []
        if problems:
            raise problems[0]

    def unused_recordings(self) -> list[str]:
        """Return what a person should know of recordings of its own that the test did not use."""
        book = self.project.books.get(self.own_recordings) if self.own_recordings else None
        if book is None or self.project.asking.mode is not Mode.REPLAY:
            return []
        unused = [c.final.id for c in book.recordings.calls if c.final.id not in self.tape.used]
        if not unused:
            return []
        return [
            f"{book.recordings.path}: {counted(len(unused), 'recording')} not used"
            f" ({', '.join(unused[:3])}): remove their lines, or the file, and record again"
        ]

    def score(
        self,
        output: Output | Exchange | str | None = None,
        *,
        domain: str = GENERAL.name,
        prompt: str = "",
        context: tuple[str, ...] | list[str] = (),
        language: str | None = None,
        expect: Mapping[str, object] | Expectations | None = None,
    ) -> Scorecard:
        """Judge an output, asserting nothing.

        Args:
            output: An output, an exchange, the text of a response; None: the last exchange.
            domain: Domain whose checkers judge it.
            prompt: What was asked, for a text.
            context: Texts that the answer must be true to.
            language: Natural or programming language of the answer.
            expect: What can be checked of the answer, as in a case.

        Raises:
            GonogoError: If there is no exchange yet, or `expect` has an unknown field.
        """
        __tracebackhide__ = True
        expected = _expectations(expect)
        judged = self._output(output, prompt, tuple(context), language, expected)
        found = self.project.settings.domain(domain)
        if found.name != domain:
            warnings.warn(
                f"domain {domain!r} is not defined: judged as {found.name!r}", stacklevel=3
            )
        if expect is not None:
            found = _with_expectations(found)
        return judge(judged, found, self.project.registry, output_id="output")

    def check(
        self,
        output: Output | Exchange | str | None = None,
        *,
        domain: str = GENERAL.name,
        prompt: str = "",
        context: tuple[str, ...] | list[str] = (),
        language: str | None = None,
        expect: Mapping[str, object] | Expectations | None = None,
    ) -> Scorecard:
        """Judge an output and fail the test below the domain's threshold.

        Whatever `expect` says must hold. Arguments as for `score`.

        Raises:
            BelowThresholdError: If the weighted score is below the threshold, or an expectation
                does not hold.
            NotScoredError: If a checker broke, or nothing could be judged.
        """
        __tracebackhide__ = True
        card = self.score(
            output,
            domain=domain,
            prompt=prompt,
            context=context,
            language=language,
            expect=expect,
        )
        if card.broken or not card.scores:
            raise NotScoredError(describe_unscored(card))
        threshold = self.project.settings.domain(domain).threshold
        missed = missed_expectations(card, _expectations(expect))
        if missed or (card.score is not None and card.score < threshold):
            raise BelowThresholdError(describe_card(card, threshold, missed))
        return card

    @contextmanager
    def budget(self, **limits: Limit) -> Iterator[None]:
        """Hold the exchanges made within a `with` block to a budget.

        Args:
            limits: Fields of `Budget`: `cost_usd`, `output_tokens`, `latency_seconds`, …

        Raises:
            BudgetBlownError: At the end of the block, if they used more.
            BadSettingsError: If a limit has an unknown name or a value out of range.
        """
        __tracebackhide__ = True
        wanted = budget_of(limits)
        before = self._ids()
        yield
        self._hold(wanted, [e for e in self.exchanges if e.id not in before], "within the block")

    def hold_budget(self, limits: Mapping[str, Limit]) -> None:
        """Hold the test to the limits of its marker: each trial, else all exchanges together.

        Raises:
            BudgetBlownError: If more was used.
            BadSettingsError: If a limit has an unknown name or a value out of range.
        """
        __tracebackhide__ = True
        self._demand_budget(budget_of(limits), "the test's budget")

    def _demand_budget(self, budget: Budget, whose: str) -> None:
        __tracebackhide__ = True
        if not self.trials:
            self._hold(budget, self.exchanges, whose)
        for trial in self.trials:
            self._hold(budget, list(trial.exchanges), f"{whose}, trial {trial.id}")

    def _hold(self, budget: Budget, exchanges: list[Exchange], where: str) -> None:
        __tracebackhide__ = True
        overruns = check_budget(budget, exchanges, self.project.settings.prices)
        if overruns:
            lines = [f"budget blown ({where})", *(f"  {overrun}" for overrun in overruns)]
            raise BudgetBlownError("\n".join(lines), overruns[0].brief())

    def _ids(self) -> frozenset[str]:
        """Return the ids of the calls so far: a later one may stand before them, if it began so."""
        return frozenset(exchange.id for exchange in self.exchanges)

    def _book(self) -> Book:
        if self.suite_name is not None:
            return self.project.suite_book(self.suite_name)
        if self.own_recordings is None:
            raise GonogoError("this test has no file of recordings: run it by pytest")
        return self.project.book(self.own_recordings, self.project.name_of(self.own_recordings))

    def _suite(self) -> Suite:
        __tracebackhide__ = True
        if self.suite_name is None:
            raise GonogoError(
                "this needs a suite: mark the test with @pytest.mark.gonogo(suite='…')"
            )
        return self.project.suite(self.suite_name)

    def _trials(self, suite: Suite, case: Case, ask: Ask | None) -> tuple[Trial, ...]:
        asking = self.project.asking
        if ask is not None:
            return tuple(
                ask_application(case, suite.shared_request, ask, self.exchanges, number=number)
                for number in range(1, (asking.trials or 1) + 1)
            )
        failures: list[Exchange] = []
        if asking.mode.asks:
            with self.capture.paused():
                asked = self.project.ask(suite.name, case)
            failures = asked.failures.get(case.id, [])
            reason = asked.not_run(case.id)
            if reason is not None and not self._is_recorded(suite, case):
                raise reason
        trials = replay_trials(
            case,
            suite.shared_request,
            self.project.suite_book(suite.name).recordings,
            wanted=asking.trials,
            failures=failures,
        )
        self.tape.used.update(trial.final.id for trial in trials)
        return trials

    def _is_recorded(self, suite: Suite, case: Case) -> bool:
        recordings = self.project.suite_book(suite.name).recordings
        request = case.request_with(suite.shared_request)
        recorded = recordings.by_fingerprint.get(request.fingerprint(recordings.volatile), ())
        return len(recorded) >= (self.project.asking.trials or 1)

    def _evaluate(self, suite: Suite, case: Case, trials: tuple[Trial, ...]) -> CaseResult:
        accepted = self.project.accepted(suite.name, case.id)
        result = self._evaluate_against(
            suite, case, trials, None if accepted is None else accepted.mean_words
        )
        self.results.append(result)
        if suite.name in self.project.sequential:
            self.project.sequential[suite.name].take(result)
        new_accepted = None
        if self.project.updating:
            words = round(fmean(trial.words for trial in result.trials))
            new_accepted = encode_case_result(self._evaluate_against(suite, case, trials, words))
        self.rows.append(
            Row(
                suite=suite.name,
                case=case.id,
                result=encode_case_result(result),
                accepted=new_accepted,
            )
        )
        return result

    def _evaluate_against(
        self, suite: Suite, case: Case, trials: tuple[Trial, ...], baseline_words: int | None
    ) -> CaseResult:
        return evaluate_case(
            suite.name,
            case,
            trials,
            settings=self.project.settings,
            registry=self.project.registry,
            baseline_words=baseline_words,
        )

    def _demand_scored(self, result: CaseResult) -> None:
        __tracebackhide__ = True
        for trial in result.trials:
            if trial.scorecard is not None and trial.scorecard.broken:
                raise NotScoredError(describe_unscored(trial.scorecard))

    def _demand_no_regression(self, suite: Suite, result: CaseResult) -> None:
        __tracebackhide__ = True
        accepted = self.project.accepted(suite.name, result.case_id)
        if accepted is None or self.project.updating:
            return
        if all(trial.scorecard is None for trial in result.trials):
            return
        comparison = compare_case(
            accepted,
            result,
            self.project.settings,
            replayed=self.project.asking.mode is not Mode.LIVE,
        )
        if comparison.is_regression:
            raise RegressionError(describe_regression(comparison, suite.name))

    def _output(
        self,
        output: Output | Exchange | str | None,
        prompt: str,
        context: tuple[str, ...],
        language: str | None,
        expect: Expectations,
    ) -> Output:
        __tracebackhide__ = True
        match output:
            case Output():
                return replace(
                    output,
                    prompt=prompt or output.prompt,
                    context=(*output.context, *context),
                    language=language or output.language,
                    expect=output.expect if expect == Expectations() else expect,
                )
            case str():
                return Output(
                    response=output,
                    prompt=prompt,
                    context=context,
                    language=language,
                    expect=expect,
                )
            case Exchange():
                exchange = output
            case None:
                if not self.exchanges:
                    raise GonogoError("nothing to judge: the test made no call, and gave no output")
                exchange = self.exchanges[-1]
        return output_of(exchange, expect=expect, context=context, language=language)


def budget_of(limits: Mapping[str, Limit]) -> Budget:
    """Return the budget that a test's limits describe.

    Raises:
        BadSettingsError: If a limit has an unknown name or a value out of range.
    """
    __tracebackhide__ = True
    try:
        return msgspec.convert(dict(limits), Budget)
    except msgspec.ValidationError as error:
        names = ", ".join(Budget.__struct_fields__)
        raise BadSettingsError(f"budget {dict(limits)!r}: {error}; limits are: {names}") from error


def _expectations(expect: Mapping[str, object] | Expectations | None) -> Expectations:
    if expect is None:
        return Expectations()
    if isinstance(expect, Expectations):
        return expect
    try:
        return msgspec.convert(dict(expect), Expectations)
    except msgspec.ValidationError as error:
        raise GonogoError(f"expect {dict(expect)!r}: {error}") from error


def _with_expectations(domain: Domain) -> Domain:
    """Return the domain with the checkers that judge what is expected; their weight stays."""
    judges = {"expectations": 0.0, "refusal": 0.0}
    return replace(domain, weights=judges | dict(domain.weights))
