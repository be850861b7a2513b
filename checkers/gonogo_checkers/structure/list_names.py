"""Finds the names that stand for lists in a block of code, where looking for a value is slow."""

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_tree import CodeTree, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_FEW: Final = 12
"""Elements of a literal up to which looking through it costs nothing."""

_MAKES_LIST: Final = re.compile(
    r"(?:list|sorted)\(|\[|(?:Array\.from|new Array)\b|[\w.]+\.(?:split|readlines|splitlines)\("
    r"|(?:Object|Array)\.\w+\(|[\w.]+\.(?:map|filter|slice|concat)\("
)
_TYPED_LIST: Final = re.compile(r":\s*(?:list|List|Sequence|Iterable)\b|:\s*\w+(?:<\w+>)?\[\]")
_GROWS: Final = re.compile(r"(?P<name>\w+)\.(?:append|extend|push|insert|unshift)$")
_OTHER: Final = re.compile(r"(?:set|dict|frozenset|Counter|defaultdict)\(|\{|new (?:Set|Map)\b")


def list_names(tree: CodeTree) -> frozenset[str]:
    """Return the names that are bound to lists, and never to sets, maps or short literals."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for node, _ in walk(tree.root):
        for name, kind in _kinds_at(node):
            kinds[name].add(kind)
    return frozenset(
        name
        for name, found in kinds.items()
        if "other" not in found and ("list" in found or found >= {"short", "grows"})
    )


def _kinds_at(node: "Node") -> list[tuple[str, str]]:
    if node.type in {"assignment", "variable_declarator", "assignment_expression"}:
        name = text_of(node.child_by_field_name("left") or node.child_by_field_name("name"))
        value = node.child_by_field_name("right") or node.child_by_field_name("value")
        return [(name, _kind_of(value))] if value is not None and name.isidentifier() else []
    if node.type in {"typed_parameter", "required_parameter", "typed_default_parameter"}:
        text = text_of(node)[:200]
        name = re.split(r"\W", text, maxsplit=1)[0]
        return [(name, "list" if _TYPED_LIST.search(text) else "unknown")]
    if node.type in {"call", "call_expression"}:
        grows = _GROWS.match(text_of(node.child_by_field_name("function"))[:100])
        return [(grows["name"], "grows")] if grows else []
    return []


def _kind_of(value: "Node") -> str:
    text = text_of(value)[:100]
    if _OTHER.match(text):
        return "other"
    if value.type in {"list", "array"}:
        return "list" if len(value.named_children) > _FEW else "short"
    return "list" if _MAKES_LIST.match(text) else "unknown"
