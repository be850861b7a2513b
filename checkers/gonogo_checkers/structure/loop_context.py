"""Tells in which loops, and in which function, a node of the code runs."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_shapes import SHAPES
from gonogo_checkers.structure.code_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

COMPREHENSIONS: Final = frozenset(
    {"list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"}
)
_MOST_LOOPS: Final = 8
_CALLBACKS: Final = re.compile(
    r"\.(?:map|filter|forEach|flatMap|some|every|find|findIndex|reduce)$"
)
_DATA: Final = re.compile(
    r"range\((?:[^,()]+,\s*)?len\((?P<measured>[\w.]+)\)(?:\s*-\s*1)?\)$"
    r"|enumerate\((?P<numbered>[\w.]+)\)$|(?P<sliced>[\w.]+)\[[^\]\n]*:[^\]\n]*\]$|(?P<bare>[\w.]+)$"
)
_LENGTH: Final = re.compile(r"(?P<data>[\w.]+)\.length\b")


def loops_around(node: "Node", ancestors: "Sequence[Node]", language: str) -> "list[Node]":
    """Return the loops whose body a node stands in, innermost first, up to its function.

    Comprehensions are loops, and so are callbacks of `map`, `filter` and their like. At most eight.
    """
    shape = SHAPES[language]
    loops: list[Node] = []
    inner = node
    for position in range(len(ancestors) - 1, -1, -1):
        if len(loops) == _MOST_LOOPS:
            break
        above = ancestors[position]
        if above.type in shape.functions:
            called = _callback_of(ancestors, position)
            if called is None:
                break
            loops.append(called)
        elif (above.type in shape.loops and _is_in_body(above, inner)) or (
            above.type in COMPREHENSIONS and inner.type != "for_in_clause"
        ):
            loops.append(above)
        inner = above
    return loops


def function_around(ancestors: "Sequence[Node]", language: str) -> "Node | None":
    """Return the function that runs a node; None at the top level."""
    functions = SHAPES[language].functions
    return next((above for above in reversed(ancestors) if above.type in functions), None)


def is_async(function: "Node | None") -> bool:
    """Tell whether a function is asynchronous."""
    return function is not None and any(child.type == "async" for child in function.children[:5])


def data_of(loop: "Node") -> str:
    """Return the name of what a loop goes over; empty where it is no plain name."""
    if loop.type in COMPREHENSIONS:
        clause = next((c for c in loop.named_children if c.type == "for_in_clause"), None)
        right = None if clause is None else clause.child_by_field_name("right")
    else:
        right = loop.child_by_field_name("right")
    if right is not None:
        match = _DATA.match(text_of(right))
        return "" if match is None else next(name for name in match.groups() if name)
    condition = loop.child_by_field_name("condition")
    measured = None if condition is None else _LENGTH.search(text_of(condition)[:200])
    return "" if measured is None else measured["data"]


def index_of(loop: "Node") -> str:
    """Return the name of a loop's counter; empty where it does not count."""
    right = loop.child_by_field_name("right")
    if right is not None:
        counts = text_of(right).startswith("range(")
        return text_of(loop.child_by_field_name("left")) if counts else ""
    initializer = loop.child_by_field_name("initializer")
    declarators = [] if initializer is None else initializer.named_children
    name = declarators[0].child_by_field_name("name") if declarators else None
    return text_of(name)


def _callback_of(ancestors: "Sequence[Node]", position: int) -> "Node | None":
    if position < 2 or ancestors[position - 1].type != "arguments":
        return None
    call = ancestors[position - 2]
    if call.type != "call_expression":
        return None
    return call if _CALLBACKS.search(text_of(call.child_by_field_name("function"))[-40:]) else None


def _is_in_body(loop: "Node", inner: "Node") -> bool:
    """Tell whether a loop runs a part of it again and again: not what it goes over."""
    once = (loop.child_by_field_name("right"), loop.child_by_field_name("initializer"))
    return all(part is None or part.id != inner.id for part in once)
