"""The report for machines: a JSON document; its fields only ever grow."""

from typing import Final

import msgspec

from gonogo.baselines import scores_by_trial
from gonogo.comparison import CaseComparison, Comparison
from gonogo.decisions import Decision
from gonogo.evaluation import CaseResult, TrialResult
from gonogo.json_lines import JsonObject
from gonogo.reports.timelines import Step, sum_up, timeline_of, timelines_of
from gonogo.reports.usage import latency_source, summarize_usage
from gonogo.runs import Run, SuiteRun
from gonogo.scorecards import encode_scorecard
from gonogo_checkers.output import JsonValue

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
        "comparison": _comparison(comparison),
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
        "usage": msgspec.to_builtins(usage),
        "agent_trials": None if agent_trials is None else msgspec.to_builtins(agent_trials),
        "comparison": None if run.comparison is None else _comparison(run.comparison),
        "cases": [_case(result, run) for result in run.results],
    }


def _comparison(comparison: Comparison) -> JsonObject:
    return {
        "scores": [
            {
                "name": score.name,
                "cases": score.cases,
                "before": round(score.before, 6),
                "after": round(score.after, 6),
                "difference": round(score.difference, 6),
                "better": score.better,
                "worse": score.worse,
                "equal": score.equal,
                "regressed": [case_id for case_id, _ in score.regressed],
            }
            for score in comparison.scores
        ],
        "regressed": [_case_comparison(case) for case in comparison.regressed],
        "vanished": list(comparison.vanished),
        "unaccepted": list(comparison.unaccepted),
        "changed": list(comparison.changed),
    }


def _case_comparison(case: CaseComparison) -> JsonObject:
    return {
        "case": case.case_id,
        "fell": [
            {
                "name": change.name,
                "before": change.before,
                "after": change.after,
                "why": change.why,
            }
            for change in case.regressions
        ],
        "severe": [
            {"checker": severe.checker_id, "rule": severe.finding.rule} for severe in case.severe
        ],
    }


def _case(result: CaseResult, run: SuiteRun) -> JsonObject:
    return {
        "case": result.case_id,
        "domain": result.domain,
        "problem": result.problem,
        "failure": run.failures.get(result.case_id),
        "scores": {name: list(values) for name, values in scores_by_trial(result.trials).items()},
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
