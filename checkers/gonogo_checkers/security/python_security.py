"""Scans a block of Python by bandit and by our own rules, and settles where both fire."""

import re
from collections.abc import Iterator
from typing import Final

from gonogo_checkers.reading.code_blocks import CodeBlock
from gonogo_checkers.reading.python_snippets import PythonSnippet, SkippedPart, read_python
from gonogo_checkers.security.placeholder_secrets import looks_secret
from gonogo_checkers.security.python_weaknesses import find_python_weaknesses, rows_of_built_sql
from gonogo_checkers.security.weaknesses import CodeScan, LocatedWeakness, Weakness

_PASSWORD_RULES: Final = frozenset({"B105", "B106", "B107"})
_LITERAL: Final = re.compile(r"(['\"])([^'\"\n]{0,400})\1")


def scan_python(block: CodeBlock) -> CodeScan:
    """Scan a block of Python."""
    snippet = read_python(block)
    if isinstance(snippet, SkippedPart):
        return CodeScan(skipped=(snippet,), is_empty=True)
    from gonogo_checkers.security.bandit_findings import scan_with_bandit  # noqa: PLC0415 - heavy: bandit

    scan = scan_with_bandit(snippet)
    own = find_python_weaknesses(snippet)
    kept = [*own, *_kept(scan.weaknesses, own, snippet)]
    return CodeScan(
        found=tuple(_located(weakness, snippet) for weakness in kept),
        skipped=snippet.skipped,
        broken_tests=scan.broken_tests,
    )


def _kept(
    weaknesses: tuple[Weakness, ...], own: tuple[Weakness, ...], snippet: PythonSnippet
) -> Iterator[Weakness]:
    has_sql = any(weakness.rule == "SEC205" for weakness in own)
    asks = not has_sql and any(weakness.rule == "B608" for weakness in weaknesses)
    sql_rows = rows_of_built_sql(snippet) if asks else frozenset()
    for weakness in weaknesses:
        if weakness.rule in _PASSWORD_RULES and not _shows_secret(weakness, snippet):
            continue
        if weakness.rule != "B608" or weakness.place.row in sql_rows:
            yield weakness


def _shows_secret(weakness: Weakness, snippet: PythonSnippet) -> bool:
    place = weakness.place
    text = "\n".join(line.text for line in snippet.lines[place.row : place.end_row + 1])
    return any(looks_secret(value) for _quote, value in _LITERAL.findall(text[:2_000]))


def _located(weakness: Weakness, snippet: PythonSnippet) -> LocatedWeakness:
    place = weakness.place
    start = snippet.offset(place.row, place.column)
    return LocatedWeakness(
        weakness, start, max(start, snippet.offset(place.end_row, place.end_column))
    )
