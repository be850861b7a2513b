"""The rule on recursion that solves the same parts again and again."""

import re
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_spots import Spot
from gonogo_checkers.structure.code_tree import Flaw, text_of
from gonogo_checkers.structure.loop_changes import nodes_in
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

_SMALLER: Final = re.compile(r"\(\s*[^()]{0,80}?\b\w+\s*-\s*\d+")
_CACHED: Final = re.compile(r"cache|memo", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")


def find_repeated_recursion(spot: Spot) -> Flaw | None:
    """PRF010: a function that calls itself on two smaller problems which overlap, uncached."""
    function = spot.function
    if function is None or _CACHED.search(text_of(function)[:20_000]) or _is_cached(spot):
        return None
    name = text_of(function.child_by_field_name("name"))
    own = {text_of(call)[:300] for call in _own_calls(spot.node, name)}
    smaller = [call for call in own if _SMALLER.search(call)]
    # The same words in another order are other problems: the towers of Hanoi.
    if len({tuple(sorted(_WORD.findall(call))) for call in smaller}) < 2:
        return None
    message = f"{name[:40]!r} solves the same parts again and again: keep what it found."
    return Flaw("PRF010", Severity.MEDIUM, message, Confidence.HIGH)


def _is_cached(spot: Spot) -> bool:
    return any(
        _CACHED.search(text_of(above)[:200])
        for above in spot.ancestors[-20:]
        if above.type == "decorated_definition"
    )


def _own_calls(node: "Node", name: str) -> "list[Node]":
    return [
        call
        for call in nodes_in(node, 500)
        if call.type in {"call", "call_expression"}
        and name
        and text_of(call.child_by_field_name("function")) == name
    ]
