"""Judges code by tree-sitter, as a whole or as the fragment that it may be.

A reading inside of a wrapper counts only where the wrapper spans the code whole, so that a stray
bracket is not excused. Some grammars have gaps (system headers in C, a tenth of real Bash files):
for those, errors below a share of the code's bytes are none, as long as its brackets match.
"""

import time
from typing import TYPE_CHECKING, Final

from gonogo_checkers.reading.grammars import ParseTooSlow, parse
from gonogo_checkers.syntax.fragments import Reading, readings_of
from gonogo_checkers.syntax.lenient_grammars import judge_further
from gonogo_checkers.syntax.sql_dialects import has_plain_fault
from gonogo_checkers.syntax.syntax_problem import ProblemKind, SyntaxProblem
from gonogo_checkers.syntax.tree_faults import (
    broken_bytes,
    describe_fault,
    has_missing_node,
    holds_whole,
    unmatched_bracket,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_CHARACTERS: Final = 200_000
_MAX_SECONDS: Final = 1.0

_THRESHOLDS: Final = {"c": 0.05, "cpp": 0.05, "bash": 0.1, "sql": 0.3}
"""Share of bytes in ERROR nodes up to which code counts as parsed, where a grammar has gaps."""


def judge_by_tree(
    code: str, language: str, *, seconds: float = _MAX_SECONDS
) -> SyntaxProblem | None:
    """Parse a piece of code, whole or as a fragment.

    Args:
        code: The code; of more than 200,000 characters it is not judged.
        language: Canonical name of a language whose grammar is installed, or `json5` for JSON
            with comments and trailing commas.
        seconds: Bound of time over all readings.

    Returns:
        The first problem of the plainest reading, or None where some reading parses.
    """
    text = code.replace("\ufeff", "", 1).replace("\r", " ").replace("\x00", "\ufffd")
    if not text.strip():
        return None
    if len(text) > _MAX_CHARACTERS:
        return _too_much("too long")
    deadline = time.monotonic() + seconds
    first: SyntaxProblem | None = None
    try:
        for reading in readings_of(text, language):
            problem = _judge(reading, language, deadline, is_first=first is None)
            if problem is None:
                return None
            first = first or problem
    except ParseTooSlow:
        return first or _too_much("slow to parse")
    return first


def _judge(
    reading: Reading, language: str, deadline: float, *, is_first: bool
) -> SyntaxProblem | None:
    seconds = max(deadline - time.monotonic(), 0.01)
    grammar = "javascript" if language == "json5" else language
    root = parse(reading.text, grammar, seconds=seconds).root_node
    source = reading.text.encode("utf-8", "replace")
    if reading.wrapped and not _spans_whole(root, reading):
        return _too_much("not a fragment")
    if not root.has_error:
        return judge_further(root, source, grammar, rows=reading.rows)
    threshold = _THRESHOLDS.get(language)
    if threshold is not None and _is_tolerable(root, reading.text, language, threshold):
        return None
    if not is_first:
        return _too_much("no fragment of this kind")
    return describe_fault(root, source, rows=reading.rows, sure=threshold is None)


def _spans_whole(root: "Node", reading: Reading) -> bool:
    """Tell whether what was put around a fragment is one node that holds all of it."""
    outer = [node for node in root.named_children if node.type not in {"php_tag", "package_clause"}]
    if len(outer) != 1:
        return False
    last_row = reading.text.count("\n") - 2
    return holds_whole(root, first_row=reading.rows, last_row=last_row)


def _is_tolerable(root: "Node", text: str, language: str, threshold: float) -> bool:
    """Tell whether errors are no larger than gaps of the grammar leave them."""
    size = len(text.encode("utf-8", "replace"))
    if has_missing_node(root) or broken_bytes(root) > threshold * size:
        return False
    if language == "sql" and has_plain_fault(text):
        return False
    return language == "bash" or unmatched_bracket(root) is None


def _too_much(what: str) -> SyntaxProblem:
    return SyntaxProblem(line=0, column=0, what=what, kind=ProblemKind.TOO_MUCH)
