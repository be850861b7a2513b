"""Tells bodies that nobody wrote from bodies that are meant to be empty."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gonogo_checkers.code_tree import text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_LANGUAGES: Final = frozenset(
    {"python", "javascript", "typescript", "tsx", "java", "csharp", "php"}
)
_NOT_IMPLEMENTED: Final = re.compile(
    r"raise\s+NotImplementedError|throw\s+new\s+\w*(?:NotImplemented|UnsupportedOperation|"
    r"NotSupported)\w*|throw\s+new\s+\\?\w*(?:Error|Exception)\s*\(\s*['\"`][^'\"`]{0,60}"
    r"(?:not (?:yet )?implemented|todo|implement me)",
    re.IGNORECASE,
)
_TO_BE_WRITTEN: Final = re.compile(
    r"(?:#|//|/\*)\s*(?:todo|fixme|your (?:code|logic|implementation)|"
    r"(?:add|insert|put|write) (?:your|the|actual) (?:code|logic|implementation)|"
    r"implement(?:ation)?\b|\.\.\.|rest of (?:the )?(?:code|implementation|function)|"
    r"(?:code|logic|implementation) (?:goes )?here)",
    re.IGNORECASE,
)
_MEANT_TO_BE_EMPTY: Final = re.compile(
    r"abstract|overload|Protocol|interface|noop|no-op|stub|mock|fake|dummy|override", re.IGNORECASE
)
_MOST_STATEMENTS: Final = 2


def is_unwritten(function: "Node", around: "Sequence[Node]", language: str) -> bool:
    """Tell whether the body of a function is a placeholder for one.

    Abstract methods, protocols, overloads, and classes made to stand in for others are meant to
    be empty; so is a body that is one docstring, or `pass` without a word.

    Args:
        function: The definition.
        around: What it stands in, the nearest last.
        language: Canonical name of its language.
    """
    body = function.child_by_field_name("body")
    if body is None or language not in _LANGUAGES or _is_meant_to_be_empty(function, around):
        return False
    statements = [child for child in body.named_children if child.type != "comment"]
    written = [child for child in statements if not _says_nothing(child)]
    if len(statements) > _MOST_STATEMENTS + 1:
        return False
    if not written:
        return bool(_TO_BE_WRITTEN.search(text_of(function)))
    return len(written) == 1 and bool(_NOT_IMPLEMENTED.match(text_of(written[0]).strip()))


def _says_nothing(statement: "Node") -> bool:
    if statement.type in {"pass_statement", "empty_statement"}:
        return True
    if statement.type == "return_statement":
        return text_of(statement).strip("; ") in {
            "return", "return None", "return null", "return undefined", "return []", "return {}",
            "return \"\"", "return ''", "return False", "return false", "return 0",
        }  # fmt: skip
    inner = statement.named_children
    return statement.type == "expression_statement" and all(
        child.type in {"string", "ellipsis"} for child in inner
    )


def _is_meant_to_be_empty(function: "Node", around: "Sequence[Node]") -> bool:
    seen = text_of(function)[:200]
    for above in around:
        if above.type in {"interface_declaration", "interface_body"}:
            return True
        if above.type in {"decorated_definition", "class_definition", "class_declaration"}:
            seen += text_of(above)[:200]
    return bool(_MEANT_TO_BE_EMPTY.search(seen))
