"""Rules on names that a block of code binds and never uses."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_shapes import SHAPES
from gonogo_checkers.structure.code_tree import CodeTree, Flaw, text_of, walk
from gonogo_checkers.verdict import Severity

if TYPE_CHECKING:
    from tree_sitter import Node

Found = tuple["Node", Flaw]

_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx"})
_IMPORTS: Final = frozenset({"import_statement", "import_from_statement"})
_NAMES: Final = frozenset(
    {
        "identifier",
        "type_identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "jsx_identifier",
    }
)
_BINDS: Final = {"assignment": "left", "variable_declarator": "name"}
_FOR_THEIR_EFFECT: Final = frozenset({"readline", "Axes3D", "React", "h", "jsx", "annotations"})
"""Names that are imported for what importing them does."""
_SEES_ALL: Final = re.compile(r"\b(?:locals|globals|eval|exec|vars)\(|__all__|__future__")
_LEFT_OUT: Final = re.compile(r"^[ \t]*(?:#|//|/\*)?[ \t]*(?:\.\.\.|…)", re.MULTILINE)
_QUOTED: Final = re.compile(
    r"['\"]([\w.]{1,60}(?:\[[\w., |\[\]]{1,60}\])?(?: \| [\w.]{1,60})?)['\"]"
)
"""A string that may be an annotation."""
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_PROBES: Final = frozenset({"try_statement", "except_clause"})


def find_unused_names(tree: CodeTree, other_words: frozenset[str]) -> "Iterator[Found]":
    """Yield imports (STR010) and local variables (STR011) that nothing uses.

    Only of blocks that are whole: closed, without errors or marks of what was left out, and with
    more than imports in them.

    Args:
        tree: A block.
        other_words: Words of the other blocks of the response, which may use its names.
    """
    if tree.language not in _LANGUAGES or not _is_whole(tree):
        return
    counts, bound = _count_names(tree)
    text = tree.block.text
    quoted = set(_WORD.findall(" ".join(_QUOTED.findall(text))))
    for node, name, is_import in bound:
        is_kept = name in _FOR_THEIR_EFFECT or name.startswith("_") or name in quoted
        if counts[name] != 1 or is_kept or (is_import and name in other_words):
            continue
        rule, what = ("STR010", "imported") if is_import else ("STR011", "set")
        yield node, Flaw(rule, Severity.LOW, f"{name[:60]!r} is {what}, never used.")


def _count_names(tree: CodeTree) -> "tuple[Counter[str], list[tuple[Node, str, bool]]]":
    """Count the mentions of every name, and list the places that bind one."""
    counts: Counter[str] = Counter()
    bound: list[tuple[Node, str, bool]] = []
    functions = SHAPES[tree.language].functions
    for node, ancestors in walk(tree.root):
        if node.type in _NAMES:
            counts[text_of(node)] += 1
        elif node.type in _IMPORTS:
            if not any(above.type in _PROBES for above in ancestors[-4:]):
                bound += [(node, name, True) for name in _imported(node)]
        elif node.type in _BINDS and _is_local(node, ancestors, functions):
            name = node.child_by_field_name(_BINDS[node.type])
            if name is not None and name.type == "identifier":
                bound.append((node, text_of(name), False))
    return counts, bound


def _is_local(node: "Node", ancestors: "Sequence[Node]", functions: frozenset[str]) -> bool:
    """Tell whether a binding stands in a function, and not in a class there."""
    if node.type == "assignment" and node.child_by_field_name("right") is None:
        return False
    scope = next(
        (a for a in reversed(ancestors) if a.type in functions or a.type.startswith("class_")), None
    )
    return scope is not None and scope.type in functions


def _imported(node: "Node") -> Iterator[str]:
    """Yield the names that an import binds; not those that it hands on (`import a as a`)."""
    if "noqa" in text_of(node)[:500] or "__future__" in text_of(node)[:60]:
        return
    specifiers = list(node.children_by_field_name("name"))
    for clause in node.named_children:
        if clause.type == "import_clause":
            specifiers += _specifiers(clause)
    for specifier in specifiers:
        alias = specifier.child_by_field_name("alias")
        name = specifier.child_by_field_name("name") or specifier
        if alias is None:
            yield text_of(name).split(".")[0]
        elif text_of(alias) != text_of(name):
            yield text_of(alias)


def _specifiers(clause: "Node") -> "Iterator[Node]":
    for child in clause.named_children:
        if child.type == "identifier":
            yield child
        elif child.type == "namespace_import":
            yield from child.named_children
        elif child.type == "named_imports":
            yield from (part for part in child.named_children if part.type == "import_specifier")


def _is_whole(tree: CodeTree) -> bool:
    shows_more = any(
        "import" not in child.type and child.type != "comment" for child in tree.root.named_children
    )
    text = tree.block.text
    return (
        tree.block.closed
        and shows_more
        and not tree.root.has_error
        and not _SEES_ALL.search(text)
        and not _LEFT_OUT.search(text)
    )
