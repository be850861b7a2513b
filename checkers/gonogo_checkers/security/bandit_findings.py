"""Runs bandit's tests on a parsed snippet, in process.

Imported only when Python is scanned: it loads bandit. A test of bandit that raises is reported,
not logged: bandit itself would call the code clean.
"""

import io
import logging
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from gonogo_checkers.reading.python_snippets import PythonSnippet
from gonogo_checkers.security.weaknesses import Place, Weakness
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from bandit.core.test_set import BanditTestSet

# bandit derives a module name from it and looks for packages above; `./` ends that at once.
_FILE: Final = "./snippet.py"
_SECRETS: Final = frozenset({"B105", "B106", "B107"})


class _Cwe(Protocol):
    id: int


class _Issue(Protocol):
    """What we read of `bandit.core.issue.Issue`."""

    test_id: str
    severity: str
    confidence: str
    text: str
    cwe: _Cwe
    lineno: int
    linerange: list[int]
    col_offset: int
    end_col_offset: int


@dataclass(frozen=True, slots=True)
class BanditScan:
    """What bandit found, and which of its tests could not be run on this code."""

    weaknesses: tuple[Weakness, ...]
    broken_tests: tuple[str, ...]


def scan_with_bandit(snippet: PythonSnippet) -> BanditScan:
    """Run every test of bandit; `# nosec` does not count: the response may not acquit itself."""
    tests = _load_tests()
    from bandit.core import metrics, node_visitor  # noqa: PLC0415 - heavy; after _load_tests

    text = snippet.text
    counts = metrics.Metrics()
    counts.begin(_FILE)
    visitor = node_visitor.BanditNodeVisitor(
        fname=_FILE,
        fdata=io.BytesIO(text.encode("utf-8", "replace")),
        metaast=None,
        testset=tests,
        debug=False,
        nosec_lines={},
        metrics=counts,
    )
    broken: list[str] = []
    visitor.tester.report_error = lambda test, _context, _error: broken.append(test)
    # bandit's own totals of scores are not used; summing them took a third of the time.
    visitor.update_scores = lambda _scores: None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        visitor.process(text)
    issues: list[_Issue] = visitor.tester.results
    return BanditScan(
        tuple(_weakness(issue, snippet) for issue in issues), tuple(sorted(set(broken)))
    )


@cache
def _load_tests() -> "BanditTestSet":
    shown_as = warnings.formatwarning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bandit.core import config, test_set  # noqa: PLC0415 - heavy
        from bandit.core import tester as _tester  # noqa: F401, PLC0415 - see below

        # Importing bandit's tester replaces how the whole process shows warnings: put it back.
        warnings.formatwarning = shown_as
        logging.getLogger("bandit").setLevel(logging.CRITICAL)
        return test_set.BanditTestSet(config.BanditConfig())


def _weakness(issue: _Issue, snippet: PythonSnippet) -> Weakness:
    secret = issue.test_id in _SECRETS
    return Weakness(
        rule=issue.test_id,
        severity=Severity(issue.severity.lower()) if issue.severity else Severity.LOW,
        confidence=Confidence(issue.confidence.lower()),
        message=_message(issue, secret=secret),
        cwe=issue.cwe.id or None,
        place=_place(issue, snippet),
        secret=secret,
    )


def _message(issue: _Issue, *, secret: bool) -> str:
    if secret:
        return "Possible hardcoded password: read it from the environment or a secret store."
    return " ".join(issue.text.split())[:240]


def _place(issue: _Issue, snippet: PythonSnippet) -> Place:
    last = len(snippet.lines) - 1
    row = min(max(issue.lineno - 1, 0), last)
    first = issue.linerange[0] - 1 if issue.linerange else row
    end_row = min(max(issue.linerange[-1] - 1 if issue.linerange else row, row), last)
    text = snippet.lines[row].text
    # Some tests name the line of an argument, but the column of the call.
    indentation = len(text) - len(text.lstrip())
    column = snippet.character(row, max(issue.col_offset, 0)) if first == row else indentation
    end_column = snippet.character(end_row, issue.end_col_offset)
    if end_row == row and end_column <= column:
        end_column = len(text)
    return Place(row, column, end_row, end_column)
