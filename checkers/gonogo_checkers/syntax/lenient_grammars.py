"""Finds errors that a grammar lets pass although every engine or the standard refuses them.

In JavaScript and TypeScript `i++++` and `--1`, and tags of JSX that are closed by another name; in
HTML an end tag that closes nothing; in CSS a declaration that runs into the next line.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gonogo_checkers.syntax.syntax_problem import SyntaxProblem
from gonogo_checkers.syntax.tree_faults import nodes_of, problem_at

if TYPE_CHECKING:
    from tree_sitter import Node

_UPDATES: Final = re.compile(rb"(?:\+\+|--)\s*(?:\+\+|--|[-+\d(])|[\d)]\s*(?:\+\+|--)")
_NEXT_DECLARATION: Final = re.compile(rb"\n[ \t]*(?!progid)[a-z-]+[ \t]*:[^:;{}]")
_UPDATABLE: Final = frozenset(
    {"identifier", "member_expression", "subscript_expression", "non_null_expression"}
    | {"parenthesized_expression", "undefined", "call_expression"}
)
"""What `++` may stand at; engines take a call for compatibility with old pages."""


def judge_further(root: "Node", source: bytes, grammar: str, *, rows: int) -> SyntaxProblem | None:
    """Look for what the grammar lets pass in a tree without errors.

    Args:
        root: The root of the tree.
        source: What was parsed.
        grammar: Name of its grammar.
        rows: Lines before the code that are not part of it.

    Returns:
        The first problem, or None.
    """
    fault = _fault_finder(source, grammar)
    if fault is None:
        return None
    for node in nodes_of(root):
        found = fault(node)
        if found is not None:
            place, what = found
            return problem_at(place, source, what, rows=rows)
    return None


_Fault = tuple["Node", str]


def _fault_finder(source: bytes, grammar: str) -> "Callable[[Node], _Fault | None] | None":
    """Return what to ask each node, or None where the text shows no sign of these errors."""
    if grammar == "html":
        return _stray_end_tag if b"</" in source else None
    if grammar == "css":
        return _missing_semicolon
    if grammar not in {"javascript", "typescript", "tsx"}:
        return None
    return _script_fault if b"</" in source or _UPDATES.search(source) else None


def _stray_end_tag(node: "Node") -> _Fault | None:
    if node.type != "erroneous_end_tag":
        return None
    return node, "an end tag that closes nothing"


def _missing_semicolon(node: "Node") -> _Fault | None:
    if node.type != "declaration" or _NEXT_DECLARATION.search(node.text or b"") is None:
        return None
    return node, "a declaration without its semicolon"


def _script_fault(node: "Node") -> _Fault | None:
    if node.type == "update_expression":
        argument = node.child_by_field_name("argument")
        if argument is not None and argument.type not in _UPDATABLE:
            return argument, f"`++` or `--` on what cannot be assigned to ({argument.type})"
    elif node.type == "jsx_element":
        opening, closing = (
            node.child_by_field_name("open_tag"),
            node.child_by_field_name("close_tag"),
        )
        if opening is not None and closing is not None:
            names = [tag.child_by_field_name("name") for tag in (opening, closing)]
            opened, closed = (name.text if name is not None else b"" for name in names)
            if opened != closed:
                return closing, f"the tag <{_shown(opened)}> is closed by </{_shown(closed)}>"
    return None


def _shown(name: bytes | None) -> str:
    return (name or b"").decode("utf-8", "replace")[:40]
