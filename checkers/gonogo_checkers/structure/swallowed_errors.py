"""Rules on handlers that make errors disappear."""

import re
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_request import CodePlace
from gonogo_checkers.structure.code_tree import Flaw, text_of
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

_WIDE: Final = re.compile(r"except\s*(?:\(?\s*(?:Base)?Exception\b[^:]*)?:")
_BARE: Final = re.compile(r"except\s*:")
_SILENT: Final = frozenset({"pass_statement", "ellipsis", "comment", "continue_statement"})
_COMMENTS: Final = frozenset({"comment", "line_comment", "block_comment"})
_WORD: Final = re.compile(r"\w+")
_WORDS_OF_A_REASON: Final = 4


def find_swallowed_error(place: CodePlace) -> Flaw | None:
    """STR008: a handler of any error that does nothing and does not say why."""
    if not _is_swallowed(place.node) or _gives_a_reason(place.node):
        return None
    message = "The error is swallowed: log it, raise it, or catch only what is expected."
    return Flaw("STR008", Severity.MEDIUM, message, Confidence.MEDIUM)


def find_bare_except(place: CodePlace) -> Flaw | None:
    """STR017: `except:` that neither raises again nor is silent; it stops even Ctrl+C."""
    text = text_of(place.node)[:5_000]
    if not _BARE.match(text) or "raise" in text or _is_swallowed(place.node):
        return None
    return Flaw("STR017", Severity.LOW, "`except:` catches even Ctrl+C: name what is expected.")


def _is_swallowed(handler: "Node") -> bool:
    if handler.type == "except_clause":
        body = _python_body(handler)
        return _WIDE.match(text_of(handler)[:200]) is not None and _is_silent(body)
    body = handler.child_by_field_name("body")
    return body is not None and not _statements(body)


def _python_body(handler: "Node") -> "Node | None":
    return next((child for child in handler.named_children if child.type == "block"), None)


def _is_silent(body: "Node | None") -> bool:
    return body is not None and all(part.type in _SILENT for part in _statements(body))


def _statements(body: "Node") -> "list[Node]":
    parts = [child for child in body.named_children if child.type not in _COMMENTS]
    return [
        part.named_children[0]
        if part.type == "expression_statement" and part.named_children
        else part
        for part in parts
        if part.type != "empty_statement"
    ]


def _gives_a_reason(handler: "Node") -> bool:
    """Tell whether a comment of four words or more stands in a handler."""
    around = [handler, *handler.named_children]
    comments = [
        child for part in around for child in part.named_children if child.type in _COMMENTS
    ]
    return any(len(_WORD.findall(text_of(c)[:500])) >= _WORDS_OF_A_REASON for c in comments)
