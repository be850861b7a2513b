"""Rules on looking values up where the work grows with the square of the data."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_spots import Spot
from gonogo_checkers.structure.code_tree import Flaw, text_of
from gonogo_checkers.structure.loop_changes import LoopChanges, names_in, nodes_in
from gonogo_checkers.structure.loop_context import COMPREHENSIONS, data_of, index_of
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

LOOPS: Final = frozenset({"for_statement", "for_in_statement"}) | COMPREHENSIONS

_LOOKUP: Final = re.compile(r"(?P<name>\w+)\.(?:index|count|includes|indexOf|lastIndexOf)$")
_VALUES: Final = re.compile(r"(?P<name>\w+)\.values\(\)$")
_SEARCHES: Final = re.compile(r"(?P<name>\w+)\.(?:find|findIndex|filter|some)$")
_EQUALS: Final = frozenset({"==", "===", "is"})
_BODIES: Final = frozenset({"block", "statement_block"})


def find_nested_loops(spot: Spot) -> Flaw | None:
    """PRF001: a loop over the data that a loop around it goes over."""
    around = [loop for loop in spot.loops if loop.type in LOOPS]
    data = data_of(spot.node)
    if data and any(data_of(loop) == data for loop in around):
        confidence = Confidence.MEDIUM
    else:
        data = next((name for loop in around[:3] if (name := _indexed_by(loop, spot.node))), "")
        confidence = Confidence.LOW
    if not data:
        return None
    message = f"Goes over {data[:40]!r} for each element of it: the work grows with its square."
    return Flaw("PRF001", Severity.LOW, message, confidence)


def find_list_membership(spot: Spot) -> Flaw | None:
    """PRF002: `x in list` in a loop, where the list is not made anew in every round."""
    operators = {child.type for child in spot.node.children if not child.is_named}
    right = spot.node.named_children[-1] if spot.node.named_children else None
    if not operators & {"in", "not in"} or right is None:
        return None
    name = text_of(right)[-80:]
    values = _VALUES.match(name)
    if values is not None and spot.outlives_a_round(values["name"]):
        return _slow_lookup(name)
    return _slow_lookup(name) if _is_list_kept(spot, name) else None


def find_list_lookup(spot: Spot) -> Flaw | None:
    """PRF002: `list.index(x)`, `list.includes(x)` in a loop."""
    match = _LOOKUP.match(spot.called)
    if match is None or not _is_list_kept(spot, match["name"]):
        return None
    return _slow_lookup(match["name"])


def find_nested_matching(spot: Spot) -> Flaw | None:
    """PRF011: all of one collection searched for the equal of each element of another."""
    for loop in spot.loops[:3]:
        if loop.type not in LOOPS and loop.type != "call_expression":
            continue
        around = spot.changes_of(loop)
        data = _searched_data(spot.node)
        if not data or data.isupper() or data == data_of(loop):
            return None
        if not around.keeps(frozenset({data})):
            continue
        own = spot.changes_of(spot.node).assigned
        if any(_joins(pair, own, around) for pair in _equalities(spot.node)):
            return _slow_matching(data)
    return None


def find_matching_in_comprehension(spot: Spot) -> Flaw | None:
    """PRF011: `[(a, b) for a in xs for b in ys if a.id == b.id]`."""
    clauses = [child for child in spot.node.named_children if child.type == "for_in_clause"]
    if len(clauses) != 2:
        return find_nested_matching(spot)
    outer, inner = (names_in(clause.child_by_field_name("left")) for clause in clauses)
    data = text_of(clauses[1].child_by_field_name("right"))
    if not data.isidentifier() or data in outer or data.isupper():
        return None
    around = LoopChanges(outer | inner, frozenset())
    if any(_joins(pair, inner, around) for pair in _equalities(spot.node)):
        return _slow_matching(data)
    return None


def _slow_lookup(name: str) -> Flaw:
    message = f"Looks through the list {name[:40]!r} in every round: a set or a map finds at once."
    return Flaw("PRF002", Severity.MEDIUM, message, Confidence.MEDIUM)


def _slow_matching(data: str) -> Flaw:
    message = f"Searches all of {data[:40]!r} in every round: a map by that key finds at once."
    return Flaw("PRF011", Severity.MEDIUM, message, Confidence.MEDIUM)


def _is_list_kept(spot: Spot, name: str) -> bool:
    return name in spot.facts.lists and spot.outlives_a_round(name)


def _indexed_by(outer: "Node", inner: "Node") -> str:
    """Return the name of what the counters of both loops index; empty where there is none."""
    first, second = index_of(outer), index_of(inner)
    if not first or not second or first == second:
        return ""
    text = text_of(inner)[:5_000]
    by_first, by_second = (
        set(re.findall(rf"(?<![\w.\]])(\w+)\[{re.escape(name)}\](?!\s*\[)", text))
        for name in (first, second)
    )
    return min(by_first & by_second, default="")


def _searched_data(node: "Node") -> str:
    if node.type == "call_expression":
        match = _SEARCHES.match(text_of(node.child_by_field_name("function"))[-120:])
        return "" if match is None else match["name"]
    data = data_of(node)
    return data if data.isidentifier() else ""


def _equalities(node: "Node") -> "Iterator[tuple[Node, Node]]":
    """Yield both sides of the comparisons that decide whether an element is the wanted one."""
    for condition in _conditions(node):
        for part in nodes_in(condition, 40):
            sides = part.named_children
            operators = {child.type for child in part.children if not child.is_named}
            if len(sides) == 2 and operators & _EQUALS:
                yield sides[0], sides[1]


def _conditions(node: "Node") -> "Iterator[Node]":
    if node.type in COMPREHENSIONS:
        yield from (child for child in node.named_children if child.type == "if_clause")
        return
    if node.type == "call_expression":
        arguments = node.child_by_field_name("arguments")
        callback = arguments.named_children[0] if arguments and arguments.named_children else None
        body = None if callback is None else callback.child_by_field_name("body")
        if body is not None and body.type not in _BODIES:
            yield body
        return
    body = node.child_by_field_name("body")
    statements = [] if body is None else [c for c in body.named_children if c.type != "comment"]
    if body is not None and body.type == "if_statement":
        statements = [body]
    if not statements or statements[-1].type != "if_statement":
        return
    condition = statements[-1].child_by_field_name("condition")
    if condition is not None and statements[-1].child_by_field_name("alternative") is None:
        yield condition


def _joins(pair: "tuple[Node, Node]", own: frozenset[str], around: LoopChanges) -> bool:
    """Tell whether a comparison holds an element of the inner loop against one of the outer."""
    left, right = (names_in(side) for side in pair)
    if not left & own:
        left, right = right, left
    return bool(left & own) and not right & own and bool(right & around.assigned)
