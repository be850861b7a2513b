"""The report for code scanning: SARIF 2.1.0 (OASIS), one result a finding of a judged response."""

from pathlib import Path
from typing import Final

import msgspec

from gonogo import __version__
from gonogo.json_lines import JsonObject
from gonogo.runs import Run, SuiteRun
from gonogo_checkers.output import JsonValue
from gonogo_checkers.verdict import Finding, Severity

_LEVELS: Final = {
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}


def render(run: Run) -> str:
    """Return the report as SARIF; places are offsets into the responses of the recordings."""
    results: list[JsonValue] = []
    rules: dict[str, JsonValue] = {}
    for suite_run in run.suites:
        for case_id, checker_id, finding in _findings(suite_run):
            rules.setdefault(finding.rule, {"id": finding.rule, "name": checker_id})
            results.append(_result(suite_run, case_id, checker_id, finding))
    driver: JsonObject = {
        "name": "gonogo",
        "version": __version__,
        "rules": [rules[rule] for rule in sorted(rules)],
    }
    document: JsonObject = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _findings(run: SuiteRun) -> list[tuple[str, str, Finding]]:
    return [
        (result.case_id, checker_id, finding)
        for result in run.results
        for trial in result.trials
        if trial.scorecard is not None
        for checker_id, finding in trial.scorecard.findings
    ]


def _result(run: SuiteRun, case_id: str, checker_id: str, finding: Finding) -> JsonObject:
    location: JsonObject = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(run.suite.recordings.path)}},
        "logicalLocations": [{"name": case_id, "kind": "case"}],
    }
    properties: JsonObject = {"case": case_id, "confidence": finding.confidence.value}
    if finding.start is not None and finding.end is not None:
        properties["start"], properties["end"] = finding.start, finding.end
    if finding.cwe is not None:
        properties["cwe"] = finding.cwe
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{case_id}: {checker_id}: {finding.message}"},
        "locations": [location],
        "properties": properties,
    }


def _uri(path: Path) -> str:
    """Return a path as code scanning wants it: relative to the repository, where it lies in it."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
