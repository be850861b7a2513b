"""Reads the syntax tree of JavaScript: what is called, what is built, what comes from a request.

Names only, in source order, over the whole block; see `python_dataflow` for the same in Python.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

MAX_NODES: Final = 60_000
_LONGEST_TEXT: Final = 4_000
_MOST_PARTS: Final = 300
"""Nodes of one value that are looked at; longer ones are data, or meant to take time."""

_REQUEST: Final = re.compile(
    r"\b(?:req|request|ctx(?:\.request)?|event)\.(?:query|params|body|headers|cookies|files?|url"
    r"|originalUrl|path|hash|queryStringParameters|pathParameters|param|get)\b"
    r"|\blocation\.(?:hash|search|href)\b|\bdocument\.(?:URL|referrer|cookie)\b|\bsearchParams\b"
)
_CLEANING: Final = re.compile(
    r"(?:^|\.)(?:parseInt|parseFloat|Number|Boolean|encodeURIComponent|encodeURI|escape\w*"
    r"|sanitize\w*|\w*[eE]scape(?:d|Html|HTML|Id)?|basename|toString|stringify|length|test)$"
)
_FUNCTIONS: Final = frozenset(
    {
        *("function_declaration", "function_expression", "arrow_function", "method_definition"),
        *("generator_function_declaration", "generator_function"),
    }
)
_LITERALS: Final = frozenset({"string", "number", "true", "false", "null", "undefined", "regex"})
_NAMES: Final = frozenset({"identifier", "shorthand_property_identifier_pattern"})


@dataclass(slots=True)
class Script:
    """A block of JavaScript with what its rules ask of it.

    Attributes:
        nodes: Its nodes in source order.
        source: The text that was parsed, as UTF-8; nodes themselves are slow to give their text.
        given: Names that hold data of a web request.
        literals: Names that hold a literal.
        texts: Names that hold a string built from parts, by the node that builds it.
    """

    nodes: list["Node"]
    source: bytes
    given: set[str] = field(default_factory=set)
    literals: set[str] = field(default_factory=set)
    texts: dict[str, "Node"] = field(default_factory=dict)

    def text(self, node: "Node | None") -> str:
        """Return the text of a node, at most its first 4,000 bytes; empty for None."""
        if node is None:
            return ""
        end = min(node.end_byte, node.start_byte + _LONGEST_TEXT)
        return self.source[node.start_byte : end].decode("utf-8", "replace")

    def callee(self, call: "Node") -> str:
        """Return what is called, as written without white space; empty for anything but names."""
        function = call.child_by_field_name("function")
        function = function or call.child_by_field_name("constructor")
        if function is None or function.type not in {"identifier", "member_expression"}:
            return ""
        return re.sub(r"\s+|\?(?=\.)", "", self.text(function)[:200])

    def function_name(self, function: "Node | None") -> str:
        """Return the name of a function, or of what it is assigned to; empty where it has none."""
        if function is None:
            return ""
        name = function.child_by_field_name("name")
        parent = function.parent
        if name is None and parent is not None and parent.type in {"variable_declarator", "pair"}:
            name = parent.child_by_field_name("name") or parent.child_by_field_name("key")
        return self.text(name)

    def is_given(self, node: "Node") -> bool:
        """Tell whether a value comes from a web request."""
        for part in islice(self._parts_followed(node), _MOST_PARTS):
            if part.type in _NAMES and self.text(part) in self.given:
                return True
            if part.type in {"member_expression", "subscript_expression"} and _REQUEST.match(
                self.text(part)
            ):
                return True
        return False

    def resolve(self, node: "Node") -> "Node":
        """Return the node that built the string in a name, or the node itself."""
        return self.texts.get(self.text(node), node) if node.type == "identifier" else node

    def is_fixed(self, node: "Node") -> bool:
        """Tell whether a value holds nothing but literals."""
        resolved = self.resolve(node)
        return all(
            part.type not in _NAMES | {"member_expression", "call_expression", "this"}
            or (part.type == "identifier" and self._is_constant(self.text(part)))
            for part in islice(_walk(resolved), _MOST_PARTS)
        )

    def _parts_followed(self, node: "Node") -> Iterator["Node"]:
        """Yield the parts of a value, without what calls have cleaned and functions hold."""
        pending = [node]
        while pending:
            current = pending.pop()
            if current.type == "call_expression" and _CLEANING.search(self.callee(current)):
                continue
            if current.type in _FUNCTIONS:
                continue
            yield current
            pending.extend(reversed(current.named_children))

    def _is_constant(self, name: str) -> bool:
        return name in self.literals or re.fullmatch(r"[A-Z][A-Z0-9_]+", name) is not None

    def is_built(self, node: "Node") -> bool:
        """Tell whether a value is a string built from parts that are not all literals."""
        resolved = self.resolve(node)
        if resolved.type == "template_string":
            return any(
                child.type == "template_substitution" and not self.is_fixed(child)
                for child in resolved.named_children
            )
        if resolved.type == "binary_expression":
            parts = islice(_walk(resolved), _MOST_PARTS)
            has_text = any(part.type in {"string", "template_string"} for part in parts)
            is_sum = self.text(resolved.child_by_field_name("operator")) == "+"
            return is_sum and has_text and not self.is_fixed(resolved)
        return False


def read_script(tree: "Tree", source: bytes) -> Script | None:
    """Follow the data of a block.

    Returns:
        The script; None where it has over 60,000 nodes.
    """
    nodes = []
    for node in _walk(tree.root_node):
        nodes.append(node)
        if len(nodes) > MAX_NODES:
            return None
    script = Script(nodes, source)
    for node in nodes:
        if node.type == "variable_declarator":
            _assign(script, node.child_by_field_name("name"), node.child_by_field_name("value"))
        elif node.type == "assignment_expression":
            _assign(script, node.child_by_field_name("left"), node.child_by_field_name("right"))
    return script


def arguments_of(call: "Node") -> list["Node"]:
    """Return the arguments of a call or of `new`."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None:
        return []
    return [child for child in arguments.named_children if child.type != "comment"]


def enclosing_function(node: "Node") -> "Node | None":
    """Return the innermost function around a node."""
    current = node.parent
    while current is not None and current.type not in _FUNCTIONS:
        current = current.parent
    return current


def _assign(script: Script, target: "Node | None", value: "Node | None") -> None:
    if target is None or value is None:
        return
    if target.type == "identifier":
        name = script.text(target)
        script.literals.discard(name)
        script.texts.pop(name, None)
        if value.type in _LITERALS:
            script.literals.add(name)
        elif script.is_built(value):
            script.texts[name] = script.resolve(value)
    names = {
        script.text(part) for part in islice(_walk(target), _MOST_PARTS) if part.type in _NAMES
    }
    if script.is_given(value):
        script.given |= names
    elif target.type == "identifier":
        script.given -= names


def _walk(node: "Node") -> Iterator["Node"]:
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.named_children))
