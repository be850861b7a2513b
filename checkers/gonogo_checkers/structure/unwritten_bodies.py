"""Tells bodies that nobody wrote from bodies that are meant to be empty."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_request import CodePlace, CodeRequest
from gonogo_checkers.structure.code_tree import CodeTree, Flaw, text_of
from gonogo_checkers.structure.function_measures import FunctionMeasures
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

_NOT_IMPLEMENTED: Final = re.compile(
    r"raise\s+NotImplementedError(?!\([^)\n]{0,80}(?:support|subclass|overrid|must))|throw\s+new\s+\w*(?:NotImplemented|"
    r"UnsupportedOperation)\w*|throw\s+(?:new\s+)?\\?\w*(?:Error|Exception)\s*\(\s*['\"`]"
    r"[^'\"`\n]{0,60}(?:not (?:yet )?implemented|todo|implement me)|(?:todo|unimplemented)!\s*\(|"
    r"panic\(\s*['\"`][^'\"`\n]{0,60}(?:not (?:yet )?implemented|todo|implement me)",
    re.IGNORECASE,
)
_TO_BE_WRITTEN: Final = re.compile(
    r"(?:#|//|/\*)\s*(?:todo|fixme|your (?:code|logic|implementation)|"
    r"(?:add|insert|put|write) (?:your|the|actual) (?:code|logic|implementation)|"
    r"implement(?:ation)?\b|\.\.\.|rest of (?:the )?(?:code|implementation|function)|"
    r"(?:code|logic|implementation) (?:goes )?here|placeholder)",
    re.IGNORECASE,
)
_LEFT_OUT: Final = re.compile(
    r"(?:\.{3}|…)\s*(?:\(?the )?(?:existing|rest|other|remaining|previous|your|same|omitted|as "
    r"before)|\b(?:rest|remainder) of (?:the |your )?(?:\w+ )?(?:code|function|implementation|"
    r"class|file|logic)"
    r"|\b(?:todo|fixme)\b:?\s*(?:implement|add|write|finish|complete|fill|replace)\b"
    r"|\b(?:implementation|code|details) (?:is |are )?omitted\b"
    r"|\bimplement (?:this|me|the rest)\b",
    re.IGNORECASE,
)
_CODE_GOES_HERE: Final = re.compile(
    r"\b(?:code|logic|implementation) (?:goes )?here\b", re.IGNORECASE
)
_MEANT_TO_BE_EMPTY: Final = re.compile(
    r"abstract|overload|Protocol|interface|noop|no_op|stub|mock|fake|dummy|override|hookimpl|"
    r"\bBase[A-Z]?|\w+Base\b|Mixin|Exception|Error\b|null",
    re.IGNORECASE,
)
_BASES: Final = re.compile(
    r"\bclass[ \t]+\w{1,80}[ \t]*(?:\(|:|\bextends\b|\bimplements\b)([^)\n{]{1,200})"
)
_WORD: Final = re.compile(r"\w+")
_CLASSES: Final = frozenset({"class_definition", "class_declaration", "class_body"})
_INTERFACES: Final = frozenset({"interface_declaration", "interface_body", "trait_item"})
_MOST_STATEMENTS: Final = 3


def extended_classes(tree: CodeTree) -> frozenset[str]:
    """Return the names of classes that others in a block extend: they may leave bodies to those."""
    return frozenset(
        name for bases in _BASES.findall(tree.block.text) for name in _WORD.findall(bases)
    )


def find_unwritten(
    function: FunctionMeasures, request: CodeRequest, extended: frozenset[str]
) -> Flaw | None:
    """STR007: a function whose body is a placeholder for one.

    Abstract methods, protocols, overloads, bases that others extend, and classes made to stand in
    for others are meant to be empty. A body that is one docstring, `pass` or `...` without a word
    is a placeholder only where the prompt names the function.

    Args:
        function: The function, measured.
        request: What was asked.
        extended: Names of classes that others extend, see `extended_classes`.
    """
    body = function.node.child_by_field_name("body")
    if body is None or request.wants_gaps or not _is_placeholder(function, body, request):
        return None
    if _is_meant_to_be_empty(function.node, function.around, extended):
        return None
    message = f"The body of {function.name!r} was not written."
    return Flaw("STR007", Severity.MEDIUM, message)


def find_left_out(place: CodePlace) -> Flaw | None:
    """STR018: a comment that stands for code."""
    text = text_of(place.node)[:300]
    left_out = _LEFT_OUT.search(text)
    # A template's "your code here" that was left above the code is no gap.
    is_gap = left_out or (_CODE_GOES_HERE.search(text) and not _is_followed(place.node))
    if not is_gap or place.request.wants_gaps:
        return None
    message = "A part of the code was left to be written."
    return Flaw("STR018", Severity.LOW, message, Confidence.MEDIUM)


def _is_followed(comment: "Node") -> bool:
    following = comment.next_named_sibling
    for _ in range(20):
        if following is None or "comment" not in following.type:
            break
        following = following.next_named_sibling
    return following is not None


def _is_placeholder(function: FunctionMeasures, body: "Node", request: CodeRequest) -> bool:
    statements = [child for child in body.named_children if "comment" not in child.type]
    if len(statements) == 1 and statements[0].type == "statement_list":
        statements = [c for c in statements[0].named_children if "comment" not in c.type]
    if len(statements) > _MOST_STATEMENTS or body.type not in _BODIES:
        return False
    written = [child for child in statements if not _says_nothing(child)]
    if len(written) == 1 and _NOT_IMPLEMENTED.match(text_of(written[0])[:300].strip()):
        return True
    if any(child.type != "return_statement" for child in written):
        return False
    # A comment above the first statement belongs to the function in tree-sitter's Python.
    around = [*function.node.named_children, *body.named_children]
    comments = (text_of(child)[:300] for child in around if "comment" in child.type)
    if any(_TO_BE_WRITTEN.search(comment) for comment in comments):
        return all(_returns_nothing(child) for child in written)
    return not written and len(function.name) > 2 and function.name in request.words


_BODIES: Final = frozenset({"block", "statement_block", "compound_statement", "constructor_body"})


def _says_nothing(statement: "Node") -> bool:
    if statement.type in {"pass_statement", "empty_statement"}:
        return True
    return statement.type == "expression_statement" and all(
        child.type in {"string", "ellipsis"} for child in statement.named_children
    )


def _returns_nothing(statement: "Node") -> bool:
    return text_of(statement).strip("; ") in {
        "return", "return None", "return null", "return nil", "return undefined", "return []",
        "return {}", 'return ""', "return ''", "return False", "return false", "return 0",
    }  # fmt: skip


def _is_meant_to_be_empty(
    function: "Node", around: "Sequence[Node]", extended: frozenset[str]
) -> bool:
    seen = [_before(function, "parameters")]
    for above in around:
        if above.type in _INTERFACES:
            return True
        if above.type == "decorated_definition":
            seen.append(_before(above, "definition"))
        if above.type in _CLASSES:
            seen.append(_before(above, "body"))
            if text_of(above.child_by_field_name("name")) in extended:
                return True
    return any(_MEANT_TO_BE_EMPTY.search(text) for text in seen)


def _before(node: "Node", field: str) -> str:
    """Return the code of a node up to one of its parts: the head of a class or a function."""
    part = node.child_by_field_name(field)
    text = node.text
    if part is None or text is None:
        return ""
    return text[: part.start_byte - node.start_byte][:1_000].decode("utf-8", "replace")
