"""Timelines of trials that made several calls: what each step used and when, for every report.

Leaves escaping to the formats: names of tools, models and errors come from answers.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate, pairwise
from statistics import median
from typing import Final, Literal

from gonogo.decisions import Gauge
from gonogo.evaluation import CaseResult, Measured, TrialResult
from gonogo.exchanges import Outcome
from gonogo.plain_text import counted, one_line
from gonogo.runs import SuiteRun

STEPS_SHOWN: Final = 50
"""Of a longer trial the first and the last steps are shown, so many together."""

_MOST_PAUSE_SECONDS: Final = 3600.0
"""Calls that began further apart were recorded apart: their times are not those of one trial."""

_TOOLS_SHOWN: Final = 4
_TOOL_LENGTH: Final = 40
_MODEL_LENGTH: Final = 50
_CASE_LENGTH: Final = 80
NOT_RECORDED: Final = "–"
"""What stands for a value that was not recorded."""


class StartsFrom(StrEnum):
    """What the start of a step was taken from."""

    CLOCK = "clock"
    """When each call began, as it was recorded."""
    LATENCY = "latency"
    """The sum of the latencies before it: what lies between the calls is not in it."""

    @property
    def note(self) -> str:
        """What a reader of the starts must know; empty where nothing."""
        match self:
            case StartsFrom.CLOCK:
                return ""
            case StartsFrom.LATENCY:
                return "starts are sums of latencies: no usable times were recorded"


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a trial; its texts are what reports show, not yet escaped.

    Attributes:
        number: 1-based.
        start_seconds: Since the trial's first call, at least 0; None: not known.
        measured: What it used.
    """

    number: int
    start_seconds: float | None
    measured: Measured

    @property
    def end_seconds(self) -> float | None:
        """When its answer was complete, since the trial's first call; None: not known."""
        latency = self.measured.latency_seconds
        return (
            None if self.start_seconds is None or latency is None else self.start_seconds + latency
        )

    @property
    def start(self) -> str:
        """Its start in seconds: `12.30`."""
        return _seconds(self.start_seconds)

    @property
    def latency(self) -> str:
        """Its latency in seconds."""
        return _seconds(self.measured.latency_seconds)

    @property
    def first_token(self) -> str:
        """Its time to the first token, in seconds."""
        return _seconds(self.measured.ttft_seconds)

    @property
    def model(self) -> str:
        """The model that answered it."""
        model = self.measured.model
        return NOT_RECORDED if model is None else one_line(model, _MODEL_LENGTH)

    @property
    def input_tokens(self) -> str:
        """Its input."""
        return _count(self.measured.input_tokens)

    @property
    def output_tokens(self) -> str:
        """Its output."""
        return _count(self.measured.output_tokens)

    @property
    def cost_usd(self) -> str:
        """Its cost in US dollars: `0.00032`."""
        cost = self.measured.cost_usd
        return NOT_RECORDED if cost is None else f"{cost:.5f}"

    @property
    def has_failed(self) -> bool:
        """Whether the call failed."""
        return self.measured.outcome is Outcome.INFRASTRUCTURE_ERROR

    @property
    def tools(self) -> str:
        """The tools that it calls, the first few by name: `search ×2, fetch`."""
        calls = Counter(self.measured.tool_calls)
        named = [
            f"{one_line(name, _TOOL_LENGTH)} ×{count}"
            if count > 1
            else one_line(name, _TOOL_LENGTH)
            for name, count in list(calls.items())[:_TOOLS_SHOWN]
        ]
        more = sum(list(calls.values())[_TOOLS_SHOWN:]) + self.measured.more_tool_calls
        return ", ".join([*named, *([f"{more} more"] if more else [])])

    @property
    def ended(self) -> str:
        """How it ended: its error, else its stop reason."""
        measured = self.measured
        if self.has_failed:
            how = measured.error or "failed"
        else:
            how = measured.stop_reason or measured.outcome.value
        tries = f", {measured.attempts} attempts" if measured.attempts > 1 else ""
        return one_line(how, _TOOL_LENGTH) + tries


@dataclass(frozen=True, slots=True)
class Sum:
    """A total over steps.

    Attributes:
        value: Of those that recorded it; None: none did.
        is_complete: Whether all did.
    """

    value: Decimal | None
    is_complete: bool

    def text(self, form: str) -> str:
        """Return it in a format of Python's, with `≥` where some steps did not record it."""
        if self.value is None:
            return NOT_RECORDED
        return ("" if self.is_complete else "≥ ") + format(self.value, form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The steps of one trial.

    Attributes:
        name: Case id, with `#k` where the case was tried several times.
        case_id: The case.
        trial: Number of the trial, 1-based.
        steps: In the order in which the calls were made.
        starts_from: What the starts of its steps were taken from.
    """

    name: str
    case_id: str
    trial: int
    steps: tuple[Step, ...]
    starts_from: StartsFrom

    @property
    def elapsed_seconds(self) -> float | None:
        """From the first call to the end of the last; None where a step is not known."""
        ends = [step.end_seconds for step in self.steps]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None

    @property
    def tool_calls(self) -> int:
        """Number of tools called."""
        measured = [step.measured for step in self.steps]
        return sum(len(m.tool_calls) + m.more_tool_calls for m in measured)

    @property
    def failed_steps(self) -> int:
        """Number of calls that failed."""
        return sum(step.has_failed for step in self.steps)

    def total(
        self, what: Literal["input_tokens", "output_tokens", "cost_usd", "latency_seconds"]
    ) -> Sum:
        """Return the total of what the steps used."""
        values = [getattr(step.measured, what) for step in self.steps]
        known = [Decimal(str(value)) for value in values if value is not None]
        total = sum(known, Decimal(0)) if known else None
        return Sum(total, is_complete=len(known) == len(values))

    def shown_steps(self) -> Iterator[Step | int]:
        """Yield the steps to show, and between them the number of those left out."""
        steps = self.steps
        if len(steps) <= STEPS_SHOWN:
            yield from steps
            return
        head = STEPS_SHOWN // 2
        tail = STEPS_SHOWN - head
        yield from steps[:head]
        yield len(steps) - STEPS_SHOWN
        yield from steps[-tail:]

    def __str__(self) -> str:
        """Say it in one line, without its name."""
        parts = [counted(len(self.steps), "call")]
        if self.tool_calls:
            parts.append(counted(self.tool_calls, "tool call"))
        tokens = (self.total("input_tokens"), self.total("output_tokens"))
        parts.append(" + ".join(total.text(",") for total in tokens) + " tokens")
        cost = self.total("cost_usd")
        if cost.value is not None:
            parts.append(f"${cost.text('.4f')}")
        if self.elapsed_seconds is not None:
            parts.append(f"{self.elapsed_seconds:,.1f} s")
        if self.failed_steps:
            parts.append(f"{self.failed_steps} failed")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTrials:
    """How many calls the trials of a suite made, of those that made more than one.

    Attributes:
        trials: Number of these trials.
        median_calls: The median.
        most_calls: The most.
        longest: Name of the trial that made the most.
    """

    trials: int
    median_calls: float
    most_calls: int
    longest: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"agent trials: {self.figures}"

    @property
    def figures(self) -> str:
        """The same without a title: `12, median 6 calls, most 19 (case refund-loop)`."""
        longest = one_line(self.longest, _CASE_LENGTH)
        return (
            f"{self.trials}, median {self.median_calls:g} calls,"
            f" most {self.most_calls} (case {longest})"
        )


def timelines_of(results: Sequence[CaseResult]) -> tuple[Timeline, ...]:
    """Return the timelines of all trials that made more than one call, in order."""
    return tuple(
        timeline_of(result, trial)
        for result in results
        for trial in result.trials
        if trial.steps > 1
    )


def timeline_of(result: CaseResult, trial: TrialResult) -> Timeline:
    """Return the timeline of one trial, however few calls it made."""
    starts_from, starts = _starts(trial.measured)
    steps = zip(starts, trial.measured, strict=True)
    return Timeline(
        name=result.case_id if len(result.trials) == 1 else f"{result.case_id}#{trial.number}",
        case_id=result.case_id,
        trial=trial.number,
        steps=tuple(Step(number, start, m) for number, (start, m) in enumerate(steps, start=1)),
        starts_from=starts_from,
    )


def sum_up(timelines: Sequence[Timeline]) -> AgentTrials | None:
    """Sum up how many calls were made; None where there are no timelines."""
    if not timelines:
        return None
    longest = max(timelines, key=lambda timeline: len(timeline.steps))
    return AgentTrials(
        trials=len(timelines),
        median_calls=median(len(timeline.steps) for timeline in timelines),
        most_calls=len(longest.steps),
        longest=longest.name,
    )


def cases_to_look_at(run: SuiteRun) -> set[str]:
    """Return the cases that fell, failed their test, blew a budget, or are why it is NO-GO."""
    fallen = () if run.comparison is None else run.comparison.fallen
    held_against = [reason for reason in run.decision.reasons if reason.says is Gauge.NO_GO]
    return {
        *run.failures,
        *(case.case_id for case in fallen),
        *(case_id for reason in held_against for case_id in reason.cases),
    }


def choose(
    timelines: Sequence[Timeline], first: Collection[str], *, others: int, trials: int, rows: int
) -> tuple[Timeline, ...]:
    """Choose the timelines to show, at least one where there are any.

    Args:
        timelines: All.
        first: Cases whose trials go before the others.
        others: How many of the other trials to show at most, the longest of them.
        trials: How many trials to show at most.
        rows: How many steps of all together to show at most.
    """
    wanted = [timeline for timeline in timelines if timeline.case_id in first]
    rest = [timeline for timeline in timelines if timeline.case_id not in first]
    wanted += sorted(rest, key=lambda timeline: -len(timeline.steps))[:others]
    heights = accumulate(min(len(timeline.steps), STEPS_SHOWN) for timeline in wanted[:trials])
    fitting = sum(height <= rows for height in heights)
    return tuple(wanted[: max(fitting, 1)])


def _starts(measured: Sequence[Measured]) -> tuple[StartsFrom, list[float | None]]:
    """Return when each call began, in seconds since the first.

    By the clock where it can be believed: all times are recorded, not all alike (a clock too coarse
    for a trial, or a file made by hand), and no pause is longer than a trial makes (calls that were
    recorded on different days).
    """
    moments = [m.at for m in measured if m.at is not None]
    pauses = [(after - before).total_seconds() for before, after in pairwise(sorted(moments))]
    is_whole = len(moments) == len(measured)
    if is_whole and any(pauses) and max(pauses) <= _MOST_PAUSE_SECONDS:
        began = min(moments)
        return StartsFrom.CLOCK, [(moment - began).total_seconds() for moment in moments]
    return StartsFrom.LATENCY, _sums_before([m.latency_seconds for m in measured])


def _sums_before(latencies: Sequence[float | None]) -> list[float | None]:
    """Return for each step the sum of the latencies before it; None after one that is not known."""
    sums: list[float | None] = []
    total: float | None = 0.0
    for latency in latencies:
        sums.append(total)
        total = None if total is None or latency is None else total + latency
    return sums


def _seconds(seconds: float | None) -> str:
    return NOT_RECORDED if seconds is None else f"{seconds:,.2f}"


def _count(number: int | None) -> str:
    return NOT_RECORDED if number is None else f"{number:,}"
