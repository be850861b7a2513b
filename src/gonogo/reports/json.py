"""The report for machines: a JSON document; its fields only ever grow."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from gonogo.baselines import accept_case
from gonogo.comparison import Comparison
from gonogo.decisions import Decision
from gonogo.evaluation import CaseResult, TrialResult
from gonogo.json_lines import JsonObject
from gonogo.reports.comparison_document import document_of
from gonogo.reports.timelines import Step, sum_up, timeline_of, timelines_of
from gonogo.reports.usage import latency_source, summarize_usage
from gonogo.runs import Run, SuiteRun
from gonogo.scorecards import encode_scorecard
from gonogo_checkers.output import JsonValue

if TYPE_CHECKING:
    from gonogo.comparison.rounds import Rounds

SCHEMA: Final = 1
"""Version of the document."""


def render(run: Run) -> str:
    """Return the report as JSON."""
    document: JsonObject = {
        "schema": SCHEMA,
        "mode": run.mode,
        "latencies": latency_source(run.mode).value,
        "decision": run.decision.gauge.value,
        "passes": run.passes,
        "line": run.verdict_line,
        "not_run": list(run.not_run),
        "suites": [_suite(suite_run) for suite_run in run.suites],
    }
    encoded = msgspec.json.encode(document, enc_hook=str)
    return msgspec.json.format(encoded, indent=1).decode() + "\n"


def render_comparison(comparison: Comparison, decision: Decision) -> str:
    """Return a comparison and its decision as JSON."""
    document: JsonObject = {
        "schema": SCHEMA,
        "decision": decision.gauge.value,
        "reasons": _reasons(decision),
        "comparison": document_of(comparison),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _reasons(decision: Decision) -> list[JsonValue]:
    return [
        {"says": reason.says.value, "text": reason.text, "cases": list(reason.cases)}
        for reason in decision.reasons
    ]


def _suite(run: SuiteRun) -> JsonObject:
    usage = summarize_usage(run.results)
    agent_trials = sum_up(timelines_of(run.results))
    return {
        "suite": run.suite.name,
        "candidate": run.suite.candidate,
        "decision": run.decision.gauge.value,
        "reasons": _reasons(run.decision),
        "notes": list(run.notes),
        "accepted": run.accepted,
        "checkers": dict(run.checkers),
        "usage": msgspec.to_builtins(usage),
        "agent_trials": None if agent_trials is None else msgspec.to_builtins(agent_trials),
        "rounds": None if run.rounds is None else _rounds(run.rounds),
        "comparison": None if run.comparison is None else document_of(run.comparison),
        "cases": [_case(result, run) for result in run.results],
    }


def _rounds(rounds: "Rounds") -> JsonObject:
    standing = rounds.standing
    return {
        "planned_cases": rounds.planned_cases,
        "asked_cases": rounds.asked_cases,
        "stops": standing.stops or None,
        "stopped_by_hand": rounds.is_stopped_by_hand,
        "spent_calls": rounds.spent_calls,
        "spent_usd": _dollars(rounds.spent_usd),
        "saved_calls": rounds.saved_calls,
        "saved_usd": _dollars(rounds.saved_usd),
        "claims": [
            {"about": kind, "name": name or None, "step": step.value}
            for (kind, name), step in standing.steps.items()
        ],
        "looks": [
            {"cases": look.cases, "fraction": round(look.fraction, 6)} for look in rounds.looks
        ],
    }


def _dollars(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.6f}"


def _case(result: CaseResult, run: SuiteRun) -> JsonObject:
    judged = accept_case(result)
    return {
        "case": result.case_id,
        "digest": result.digest,
        "group": result.group,
        "domain": result.domain,
        "problem": result.problem,
        "failure": run.failures.get(result.case_id),
        "scores": {name: list(values) for name, values in judged.scores.items()},
        "passed": list(judged.passed),
        "answers": list(judged.answers),
        "outcomes": [trial.outcome.value for trial in result.trials],
        "trials": [_trial(result, trial) for trial in result.trials],
        "scorecards": [
            msgspec.json.decode(encode_scorecard(trial.scorecard))
            for trial in result.trials
            if trial.scorecard is not None
        ],
    }


def _trial(result: CaseResult, trial: TrialResult) -> JsonObject:
    timeline = timeline_of(result, trial)
    return {
        "trial": trial.number,
        "outcome": trial.outcome.value,
        "passed": None if trial.scorecard is None else trial.is_passed,
        "calls": trial.steps,
        "elapsed_seconds": _rounded(timeline.elapsed_seconds),
        "starts_from": timeline.starts_from.value,
        "steps": [_step(step) for step in timeline.steps],
    }


def _step(step: Step) -> JsonObject:
    measured: JsonObject = msgspec.to_builtins(step.measured)
    return {"step": step.number, "start_seconds": _rounded(step.start_seconds), **measured}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
