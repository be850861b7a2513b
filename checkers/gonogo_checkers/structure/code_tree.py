"""Reads a block of code as a syntax tree, and leads from its nodes back into the response."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from gonogo_checkers.reading.code_blocks import CodeBlock, line_of
from gonogo_checkers.reading.evidence import masked, shortened
from gonogo_checkers.reading.grammars import ParseTooSlow, has_grammar, parse
from gonogo_checkers.verdict import Confidence, Finding, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_DEPTH: Final = 200
"""Nodes deeper than this are not looked at: no person writes them."""

_MOST_NODES: Final = 300_000
_MOST_CODE: Final = 150_000
_MOST_BLOCKS: Final = 100
_TOKEN: Final = re.compile(r"(?<=['\"`])[\w+/=.-]{20,}(?=['\"`]|$)")
"""A quoted word that is as long as a key: evidence does not show it."""


class Flaw(NamedTuple):
    """What a rule says of a node."""

    rule: str
    severity: Severity
    message: str
    confidence: Confidence = Confidence.HIGH


@dataclass(frozen=True, slots=True)
class CodeTree:
    """A block of code, parsed.

    Attributes:
        block: Where it stands in the response.
        language: Canonical name.
        root: Root of its syntax tree.
        lines: Its lines as UTF-8, without the indentation that all have in common.
        indent: Characters of that indentation.
    """

    block: CodeBlock
    language: str
    root: "Node"
    lines: Sequence[bytes] = field(repr=False)
    indent: int

    def span(self, node: "Node") -> tuple[int, int]:
        """Return the offsets in the response of a node's first line, at most."""
        start = self._offset(node.start_point.row, node.start_point.column)
        if node.end_point.row == node.start_point.row:
            return start, self._offset(node.end_point.row, node.end_point.column)
        return start, self._offset(
            node.start_point.row, len(self.lines[node.start_point.row].rstrip())
        )

    def finding(
        self,
        node: "Node",
        rule: str,
        severity: Severity,
        message: str,
        confidence: Confidence = Confidence.HIGH,
    ) -> Finding:
        """Return a finding at a node; its line is counted in the block, see `place_findings`."""
        start, end = self.span(node)
        return Finding(
            rule=rule,
            severity=severity,
            confidence=confidence,
            message=message,
            start=start,
            end=max(start, end),
            evidence=shortened(_TOKEN.sub("…", masked(self.line(node)[:400]))),
        )

    def line(self, node: "Node") -> str:
        """Return the line that a node begins on, without its indentation."""
        return self.lines[node.start_point.row].decode("utf-8", "replace").strip()

    def _offset(self, row: int, column: int) -> int:
        if row >= len(self.lines):
            return self.block.end
        characters = len(self.lines[row][:column].decode("utf-8", "ignore"))
        return self.block.offset(row, characters + self.indent)


def read_trees(blocks: Iterable[CodeBlock], languages: frozenset[str]) -> Iterator[CodeTree]:
    """Parse the blocks of some languages; blocks past 150,000 characters in all are left out."""
    room = _MOST_CODE
    for block in list(blocks)[:_MOST_BLOCKS]:
        language = block.language
        if language is None or language not in languages or not has_grammar(language):
            continue
        room -= len(block.text)
        if room < 0:
            return
        lines = block.text.split("\n")
        filled = [line for line in lines if line.strip()]
        indent = min((len(line) - len(line.lstrip(" \t")) for line in filled), default=0)
        text = "\n".join(line[indent:] for line in lines)
        try:
            tree = parse(text, language)
        except ParseTooSlow:
            continue
        encoded = text.encode("utf-8", "replace").split(b"\n")
        yield CodeTree(block, language, tree.root_node, encoded, indent)


def walk(root: "Node") -> Iterator[tuple["Node", list["Node"]]]:
    """Yield each named node before its children, with its ancestors from the root on.

    The list of ancestors is the walk's own and changes with it. At most 300,000 nodes, and none
    deeper than 200.
    """
    cursor = root.walk()
    ancestors: list[Node] = []
    for _ in range(_MOST_NODES):
        node = cursor.node
        if node is None:
            return
        if node.is_named:
            yield node, ancestors
        if len(ancestors) < MOST_DEPTH and cursor.goto_first_child():
            ancestors.append(node)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            ancestors.pop()


def text_of(node: "Node | None") -> str:
    """Return the code of a node; empty where there is none."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def place_findings(findings: Iterable[Finding], response: str) -> tuple[Finding, ...]:
    """Return findings in the order of their places, each with its line in the response."""
    placed = [
        found if found.start is None else replace(found, line=line_of(response, found.start))
        for found in findings
    ]
    return tuple(sorted(placed, key=lambda found: (found.start or 0, found.rule)))
