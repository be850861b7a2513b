"""Tells what a loop changes, and so what stays the same from round to round."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_NODES: Final = 3_000
"""Nodes of one loop that are looked at: a longer one is taken to change everything."""

_TARGETS: Final = {
    "assignment": ("left",),
    "augmented_assignment": ("left",),
    "for_statement": ("left",),
    "for_in_clause": ("left",),
    "named_expression": ("name",),
    "as_pattern": ("alias",),
    "lambda": ("parameters",),
    "function_definition": ("parameters", "name"),
    "delete_statement": (),
    "variable_declarator": ("name",),
    "assignment_expression": ("left",),
    "augmented_assignment_expression": ("left",),
    "update_expression": ("argument",),
    "for_in_statement": ("left",),
    "arrow_function": ("parameter", "parameters"),
    "function_expression": ("parameters",),
    "function_declaration": ("parameters", "name"),
}
_NAMES: Final = frozenset({"identifier", "shorthand_property_identifier_pattern"})
_PLACES: Final = frozenset({"attribute", "subscript", "member_expression", "subscript_expression"})
_READS: Final = re.compile(
    r"\.(?:find|findIndex|filter|map|some|every|includes|indexOf|forEach|reduce|slice|concat|at|get|has"
    r"|keys|values|items|entries|index|count|copy|join|split|strip|lower|upper|startswith|endswith"
    r"|startsWith|endsWith|trim|toLowerCase|toUpperCase|match|test|format|replace)$"
)
"""Methods that change nothing."""
_CALLS: Final = frozenset({"call", "call_expression"})


@dataclass(frozen=True, slots=True)
class LoopChanges:
    """The names that a loop changes.

    Attributes:
        assigned: Names that it binds anew, its own variables among them.
        touched: Names of what it changes in place, or calls a method of that may change it.
        is_known: False where the loop is too long to be looked at.
    """

    assigned: frozenset[str]
    touched: frozenset[str]
    is_known: bool = True

    def keeps(self, names: frozenset[str]) -> bool:
        """Tell whether these names stand for the same values in every round."""
        return self.is_known and not names & (self.assigned | self.touched)


def changes_in(loop: "Node") -> LoopChanges:
    """Return what a loop changes; looks at 3,000 nodes of it."""
    assigned: set[str] = set()
    touched: set[str] = set()
    looked_at = 0
    for node in nodes_in(loop, _MOST_NODES + 1):
        looked_at += 1
        for field in _TARGETS.get(node.type, ()):
            for name, is_place in _targets_of(node.child_by_field_name(field)):
                (touched if is_place else assigned).add(name)
        called = node.child_by_field_name("function") if node.type in _CALLS else None
        if called is None or called.type not in _PLACES:
            continue
        if not _READS.search(text_of(called)[-40:]):
            touched.add(root_name(called))
    return LoopChanges(frozenset(assigned), frozenset(touched), looked_at <= _MOST_NODES)


def names_in(node: "Node | None", most: int = 300) -> frozenset[str]:
    """Return the identifiers that an expression mentions."""
    if node is None:
        return frozenset()
    return frozenset(text_of(part) for part in nodes_in(node, most) if part.type == "identifier")


def nodes_in(root: "Node", most: int) -> "Iterator[Node]":
    """Yield a node and the named nodes below it, at most so many."""
    waiting = [root]
    for _ in range(most):
        if not waiting:
            return
        node = waiting.pop()
        yield node
        waiting += reversed(node.named_children)


def root_name(place: "Node") -> str:
    """Return the name that an attribute or an element belongs to: `a` of `a.b[0].c`."""
    node = place
    for _ in range(50):
        inner = node.child_by_field_name("object") or node.child_by_field_name("value")
        if inner is None:
            break
        node = inner
    return text_of(node)[:80]


def _targets_of(target: "Node | None") -> Iterator[tuple[str, bool]]:
    """Yield the names that a target binds, and those whose parts it sets (True)."""
    waiting = [] if target is None else [target]
    for _ in range(200):
        if not waiting:
            return
        node = waiting.pop()
        if node.type in _PLACES:
            yield root_name(node), True
        elif node.type in _NAMES:
            yield text_of(node), False
        else:
            waiting += node.named_children
