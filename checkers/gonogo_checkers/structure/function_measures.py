"""Measures the functions of a block of code: length, nesting, complexity, parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_shapes import SHAPES, CodeShape
from gonogo_checkers.structure.code_tree import CodeTree, text_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_NO_PARAMETERS: Final = frozenset({"comment", "keyword_separator", "positional_separator"})


@dataclass(slots=True)
class FunctionMeasures:
    """What was measured of one function; closures inside it are measured by themselves.

    Attributes:
        node: Its definition.
        around: What it stands in, the nearest last, six levels at most.
        name: As written; `(anonymous)` where it has none.
        lines: Lines that are not blank, from its first to its last.
        nesting: Depth of the deepest statement in it: 0 without any branch or loop.
        complexity: Cyclomatic complexity (McCabe 1976): 1, and 1 for each branch, loop, handler,
            case and operator that joins conditions.
        parameters: Number of parameters that a caller passes.
        depth: Number of functions around it, those that are one expression not counted.
    """

    node: "Node"
    around: "tuple[Node, ...]"
    name: str
    lines: int
    parameters: int
    depth: int = 0
    nesting: int = 0
    complexity: int = 1


@dataclass(slots=True)
class _Open:
    """A function that the walk is in: where its ancestors begin, and what was measured."""

    depth: int
    measures: FunctionMeasures

    @property
    def has_block(self) -> bool:
        body = self.measures.node.child_by_field_name("body")
        return body is not None and "block" in body.type


def measure_functions(tree: CodeTree) -> list[FunctionMeasures]:
    """Measure every function of a block, in the order of their definitions."""
    shape = SHAPES[tree.language]
    measured: list[FunctionMeasures] = []
    inside: list[_Open] = []
    for node, ancestors in walk(tree.root):
        while inside and len(ancestors) <= inside[-1].depth:
            inside.pop()
        if node.type in shape.functions and node.child_by_field_name("body") is not None:
            measures = _begin(node, tuple(ancestors[-6:]), tree, shape)
            measures.depth = sum(outer.has_block for outer in inside)
            measured.append(measures)
            inside.append(_Open(len(ancestors), measures))
        elif inside:
            _count(node, ancestors, inside[-1], shape)
    return measured


def name_of(function: "Node", around: "Sequence[Node]") -> str:
    """Return the name of a function's definition, or of what it is bound to."""
    name = function.child_by_field_name("name")
    declarator = function.child_by_field_name("declarator")
    for _ in range(5):
        if name is not None or declarator is None:
            break
        inner = declarator.child_by_field_name("declarator")
        name, declarator = (declarator, None) if inner is None else (None, inner)
    if name is None and around and around[-1].type == "variable_declarator":
        name = around[-1].child_by_field_name("name")
    return text_of(name)[:60] or "(anonymous)"


def parameters_of(function: "Node", shape: CodeShape) -> int:
    """Count the parameters that a caller passes."""
    listed = function.child_by_field_name("parameters")
    declarator = function.child_by_field_name("declarator")
    for _ in range(5):
        if listed is not None or declarator is None:
            break
        listed = declarator.child_by_field_name("parameters")
        declarator = declarator.child_by_field_name("declarator")
    if listed is None:
        return 0
    given = [child for child in listed.named_children if child.type not in _NO_PARAMETERS]
    # Go: `a, b int` is one declaration of two.
    return sum(
        max(len(child.children_by_field_name("name")), 1)
        for child in given
        if text_of(child) not in shape.receivers
    )


def _begin(
    node: "Node", around: "tuple[Node, ...]", tree: CodeTree, shape: CodeShape
) -> FunctionMeasures:
    rows = tree.lines[node.start_point.row : node.end_point.row + 1]
    return FunctionMeasures(
        node=node,
        around=around,
        name=name_of(node, around),
        lines=sum(bool(row.strip()) for row in rows),
        parameters=parameters_of(node, shape),
    )


def _count(node: "Node", ancestors: "list[Node]", inside: _Open, shape: CodeShape) -> None:
    measures = inside.measures
    if node.type in shape.branches:
        measures.complexity += 1
    operator = node.child_by_field_name("operator")
    if operator is not None and operator.type in shape.operators:
        measures.complexity += 1
    if node.type in shape.nesting and not _is_else_if(node, ancestors[-1]):
        levels = sum(
            above.type in shape.nesting and not _is_else_if(above, ancestors[position - 1])
            for position, above in enumerate(ancestors)
            if position >= inside.depth
        )
        measures.nesting = max(measures.nesting, levels + 1)


def _is_else_if(node: "Node", parent: "Node") -> bool:
    """Tell whether an `if` continues another one: it is no deeper than that."""
    if node.type not in {"if_statement", "if_expression"}:
        return False
    if parent.type == "else_clause":
        return True
    alternative = parent.child_by_field_name("alternative")
    return parent.type == node.type and alternative is not None and alternative.id == node.id
