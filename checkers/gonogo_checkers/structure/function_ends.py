"""Rules on where functions end: code below the end, and ends that return nothing."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_request import CodePlace
from gonogo_checkers.structure.code_tree import Flaw, text_of
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

_ENDS: Final = frozenset({"return_statement", "raise_statement", "throw_statement"})
_NOT_FOLLOWED: Final = frozenset(
    {"for_statement", "while_statement", "do_statement", "for_in_statement", "labeled_statement"}
    | {"try_statement", "with_statement", "match_statement", "switch_statement"}
)
"""Statements that may end in ways that are not looked into: taken to end."""
_EXITS: Final = re.compile(
    r"(?:await )?(?:sys\.exit|exit|quit|os\._exit|process\.exit|\w*\.fail|\w*\.error|abort|"
    r"assert_never|pytest\.skip|notFound|redirect)\("
)
_NAMED: Final = frozenset({"function_definition", "function_declaration", "method_definition"})
_BLOCKS: Final = frozenset({"block", "statement_block"})
_OTHER_FUNCTIONS: Final = _NAMED | {"arrow_function", "function_expression", "lambda"}
_MAY_BE_NOTHING: Final = re.compile(r"None|undefined|void|null|Optional|yield")
_MOST_NODES: Final = 2_000
_MOST_DEPTH: Final = 30


def find_unreachable(block: "Node", jumps: frozenset[str]) -> "tuple[Node, Flaw] | None":
    """STR006: a statement below one that never hands over to it."""
    statements = [child for child in block.named_children if child.type != "comment"]
    for statement, after in pairwise(statements):
        hoisted = after.type.endswith(("declaration", "definition")) or "label" in after.type
        # A `yield` below `return` makes an empty generator.
        makes_generator = text_of(after).startswith("yield")
        if statement.type in jumps and not hoisted and not after.is_error and not makes_generator:
            return after, Flaw(
                "STR006", Severity.MEDIUM, "This is never reached.", Confidence.MEDIUM
            )
    return None


def find_missing_return(place: CodePlace) -> Flaw | None:
    """STR016: a function whose last `if` returns a value in one branch and nothing in another.

    Functions that say that they may give nothing (`None`, `undefined` in their signature or
    docstring), generators and callbacks are left alone, and so are searches that end in a loop.
    """
    function = place.node
    body = function.child_by_field_name("body")
    if place.language not in {"python", "javascript"} or body is None:
        return None
    if _MAY_BE_NOTHING.search(_said(function)):
        return None
    last = _last_statement(body)
    if last is None or last.type != "if_statement" or _ends(last, 0):
        return None
    if not _returns_value(last) or any(text_of(n) == "return" for n in _returns(body)):
        return None
    message = "One branch returns a value, another falls off the end and returns nothing."
    return Flaw("STR016", Severity.LOW, message, Confidence.MEDIUM)


def _said(function: "Node") -> str:
    """Return what a function says of itself, and where it would yield."""
    text = text_of(function)
    return text if len(text) < 20_000 else "None"


def _last_statement(block: "Node") -> "Node | None":
    statements = [child for child in block.named_children if child.type != "comment"]
    return statements[-1] if statements else None


def _ends(statement: "Node | None", depth: int) -> bool:
    """Tell whether nothing below a statement is reached."""
    if statement is None or depth > _MOST_DEPTH:
        return depth > _MOST_DEPTH
    if statement.type in _BLOCKS:
        return _ends(_last_statement(statement), depth + 1)
    if statement.type == "if_statement":
        arms = list(_arms(statement))
        has_else = any(child.type == "else_clause" for child in statement.named_children)
        return has_else and all(_ends(arm, depth + 1) for arm in arms)
    if statement.type in {"expression_statement", "assert_statement"}:
        text = text_of(statement)[:80]
        return _EXITS.match(text) is not None or text.startswith("assert False")
    return statement.type in _ENDS or statement.type in _NOT_FOLLOWED


def _arms(statement: "Node") -> "Iterator[Node | None]":
    yield statement.child_by_field_name("consequence")
    for other in statement.children_by_field_name("alternative"):
        if other.type == "elif_clause":
            yield other.child_by_field_name("consequence")
        elif other.type == "else_clause":
            named = [child for child in other.named_children if child.type != "comment"]
            yield named[-1] if named else None


def _returns_value(node: "Node") -> bool:
    return any(len(found.named_children) > 0 for found in _returns(node))


def _returns(node: "Node") -> "Iterator[Node]":
    waiting = [node]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        current = waiting.pop()
        if current.type == "return_statement":
            yield current
        elif current.type not in _OTHER_FUNCTIONS:
            waiting += current.named_children
