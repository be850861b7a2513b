"""Measures `code_security` on functions before and after a fix, and on tested model outputs.

The peer is bandit as it comes: all its tests, on the same text as it stands, one call a snippet.
What bandit could not parse counts as not flagged for it. A case counts as flagged where there is a
finding of another rule than SEC001 (not scanned), which has a row of its own.
"""

import ast
import io
import json
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from measurement import Row, precision_recall, share

from gonogo_checkers.code_security import CodeSecurity
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged

PYTHON = frozenset({"py", "python"})
JAVASCRIPT = frozenset({"js", "jsx", "javascript"})
PEER = "bandit's defaults"


@dataclass(frozen=True, slots=True)
class Case:
    """A snippet; `pair` names the two sides of a fix, and is empty where there are none."""

    code: str
    language: str
    is_bad: bool
    pair: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scanner said: the score is 1 for nothing found, less with every finding."""

    is_flagged: bool
    score: float
    is_whole: bool = True


Scanner = Callable[[Case], Scan]


def measure(data: Path) -> list[Row]:
    """Measure precision, recall, false alarms, pairs and time, for Python and JavaScript."""
    rows: list[Row] = []
    peer = _bandit()
    for name, read in (
        ("sallm", _sallm),
        ("sven", _pairs),
        ("cweval", _pairs),
        ("safecoder_new", _pairs),
        ("cyberseceval_origin", _pairs),
    ):
        for what, languages in (("python", PYTHON), ("javascript", JAVASCRIPT)):
            cases = [case for case in read(data / name) if case.language in languages]
            if cases:
                rows += _rows(f"{name} {what}", cases, peer if what == "python" else None)
    return rows


def _rows(what: str, cases: list[Case], peer: Scanner | None) -> Iterator[Row]:
    began = time.process_time()
    ours = [_ours(case) for case in cases]
    spent = (time.process_time() - began) / len(cases)
    figures = _figures(what, cases, ours)
    theirs = _figures(what, cases, [peer(case) for case in cases]) if peer else figures
    for row, other in zip(figures, theirs, strict=True):
        yield replace(row, peer=PEER, peer_value=other.value) if peer else row
    yield share(
        f"{what}: not scanned, or not wholly", sum(not scan.is_whole for scan in ours), len(ours)
    )
    yield Row(what=f"{what}: time per snippet", value=1e3 * spent, unit="ms", n=len(cases))


def _figures(what: str, cases: list[Case], scans: list[Scan]) -> list[Row]:
    labels = [case.is_bad for case in cases]
    if all(labels):
        return [share(f"{what}: recall", sum(scan.is_flagged for scan in scans), len(scans))]
    flags = [scan.is_flagged for scan in scans]
    rows = precision_recall(what, zip(labels, flags, strict=True))
    sides: dict[str, dict[bool, float]] = defaultdict(dict)
    for case, scan in zip(cases, scans, strict=True):
        if case.pair:
            sides[case.pair][case.is_bad] = scan.score
    both = [side for side in sides.values() if len(side) == 2]
    if both:
        falls = sum(side[True] < side[False] for side in both)
        rises = sum(side[True] > side[False] for side in both)
        rows.append(share(f"{what}: pairs where the vulnerable one scores lower", falls, len(both)))
        rows.append(share(f"{what}: pairs where the fixed one scores lower", rises, len(both)))
    return rows


def _ours(case: Case) -> Scan:
    response = f"```{case.language}\n{case.code}\n```"
    verdict = CodeSecurity().check(Output(response=response))
    if not isinstance(verdict, Judged):
        return Scan(is_flagged=False, score=1.0, is_whole=False)
    rules = {finding.rule for finding in verdict.findings}
    return Scan(bool(rules - {"SEC001"}), verdict.score, "SEC001" not in rules)


def _bandit() -> Scanner:
    _ours(Case("x = 1", "python", is_bad=False))
    # Not before our own scan: bandit warns when it is imported, and ours silences that.
    from bandit.core import config, metrics, node_visitor, test_set  # noqa: PLC0415 - see above

    tests = test_set.BanditTestSet(config.BanditConfig())

    def scan(case: Case) -> Scan:
        counts = metrics.Metrics()
        counts.begin("./snippet.py")
        text = case.code.encode("utf-8", "replace")
        visitor = node_visitor.BanditNodeVisitor(
            fname="./snippet.py",
            fdata=io.BytesIO(text),
            metaast=None,
            testset=tests,
            debug=False,
            nosec_lines={},
            metrics=counts,
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(text)
                visitor.process(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Scan(is_flagged=False, score=1.0, is_whole=False)
        issues = visitor.tester.results
        harm = {"LOW": 0.05, "MEDIUM": 0.2, "HIGH": 0.5}
        score = 1.0
        for issue in issues:
            score *= 1.0 - harm.get(issue.severity, 0.05)
        return Scan(bool(issues), score)

    return scan


def _sallm(folder: Path) -> Iterator[Case]:
    """Yield the outputs that pass their functional tests, once each; the security test decides."""
    seen: set[str] = set()
    for row in _read(folder / "llm_outputs.jsonl"):
        verdict = row["test_vulnerability"]
        is_tested = row["test_success"] == "success" and verdict in {"success", "failure"}
        if is_tested and row["code"] not in seen:
            seen.add(row["code"])
            yield Case(row["code"], "python", is_bad=verdict == "failure")


def _pairs(folder: Path) -> Iterator[Case]:
    for row in _read(folder / "samples.jsonl"):
        is_paired = "pair" in row or row["id"].endswith(("_before", "_after"))
        pair = row.get("pair") or (row["id"].rpartition("_")[0] if is_paired else "")
        yield Case(row["code"], row["lang"], is_bad=bool(row["label"]), pair=pair)


def _read(path: Path) -> Iterator[dict]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)
