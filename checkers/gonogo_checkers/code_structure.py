"""Flags code that is hard to read, to test or to trust, by how it is built.

| rule | what | bad example |
|---|---|---|
| STR001 | a function is too long | 90 lines in one function |
| STR002 | statements are nested too deeply | a loop in an `if` in a `try` in a loop in an `if` |
| STR003 | a function has too many paths | cyclomatic complexity 18 |
| STR004 | a function takes too many parameters | `def f(a, b, c, d, e, f, g, h)` |
| STR005 | the same lines stand twice | a block of eight lines copied below |
| STR006 | code that is never reached | a statement below `return` in the same block |
| STR007 | a body that was not written | `pass  # your code here`, `raise NotImplementedError` |
| STR008 | an error is swallowed | `except Exception: pass`, `catch (e) {}` |
| STR009 | a default value that all calls share (Python) | `def add(item, items=[])` |
| STR010 | an import that nothing uses (Python) | `import os` and no `os` anywhere |

Languages: Python, JavaScript, TypeScript, TSX, Java, Go, Rust, C, C++, C#, PHP and Ruby for STR001
to STR005 and, where their grammar has it, STR006; STR007 and STR008 for Python, JavaScript and
TypeScript, Java, C# and PHP.

**Measures.** Lines: those that are not blank. Nesting: branches, loops, `try`, `switch`, `match`
and `with` around a statement; `else if` is no deeper than its `if`. Complexity: McCabe, "A
Complexity Measure", IEEE TSE 2 (1976): 1, and 1 for each branch, loop, handler, case and operator
that joins conditions. Closures are measured by themselves.

**Score**: the product over the findings of 1 less their share (see `score_findings`); 1 is best. A
function at up to twice a limit costs 5 %, beyond it 20 %.

**Not applicable** where there is no code in one of these languages.

**Known limits.** A long function may be the plainest one. Abstract methods, protocols, overloads,
stubs and functions whose docstring is all they have are no placeholders. An import that another
block of the same response uses is used; a block that is cut shows no unused ones. 150,000
characters of code are looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Final

from gonogo_checkers.code_blocks import find_code_blocks
from gonogo_checkers.code_duplicates import find_duplicates
from gonogo_checkers.code_shapes import SHAPES
from gonogo_checkers.code_tree import CodeTree, place_findings, read_trees, text_of, walk
from gonogo_checkers.function_measures import FunctionMeasures, measure_functions
from gonogo_checkers.output import Output
from gonogo_checkers.unwritten_bodies import is_unwritten
from gonogo_checkers.verdict import (
    Confidence,
    Finding,
    Judged,
    NotApplicable,
    Severity,
    score_findings,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_FINDINGS: Final = 40
_MUTABLE: Final = frozenset({"list", "dictionary", "set", "list_comprehension"})
_MUTABLE_CALLS: Final = frozenset({"list", "dict", "set", "defaultdict", "deque"})
_SILENT: Final = frozenset({"pass_statement", "ellipsis", "comment", "continue_statement"})
_WIDE_EXCEPTIONS: Final = re.compile(r"except\s*(?:\(?\s*(?:Base)?Exception\b[^:]*)?:")
_WORD: Final = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class CodeStructure:
    """Judges how code is built.

    Attributes:
        max_function_lines: Longest function, in lines that are not blank.
        max_nesting: Deepest nesting in a function.
        max_complexity: Highest cyclomatic complexity.
        max_parameters: Most parameters, `self` not counted.
        min_duplicate_lines: Shortest run of equal lines that counts as written twice.
    """

    id: ClassVar[str] = "code_structure"
    version: ClassVar[int] = 1

    max_function_lines: int = 60
    max_nesting: int = 4
    max_complexity: int = 10
    max_parameters: int = 7
    min_duplicate_lines: int = 6

    def check(self, output: Output) -> Judged | NotApplicable:
        """Judge the structure of all code of the response."""
        blocks = find_code_blocks(output)
        trees = list(read_trees(blocks, frozenset(SHAPES)))
        if not trees:
            languages = sorted({block.language for block in blocks if block.language})
            told = f" ({', '.join(languages)})" if languages else ""
            return NotApplicable(f"no code in a language whose structure is known{told}")
        used = frozenset(_WORD.findall(" ".join(block.text for block in blocks)))
        findings = [found for tree in trees for found in self._find(tree, used)][:_MOST_FINDINGS]
        return Judged(score_findings(findings), place_findings(findings, output.response))

    def _find(self, tree: CodeTree, used: frozenset[str]) -> Iterator[Finding]:
        for function in measure_functions(tree):
            yield from self._find_in_measures(tree, function)
            if is_unwritten(function.node, function.around, tree.language):
                yield tree.finding(
                    function.node,
                    "STR007",
                    Severity.MEDIUM,
                    f"The body of {function.name!r} was not written.",
                )
        for duplicate in find_duplicates(tree, self.min_duplicate_lines):
            node = tree.root.descendant_for_point_range((duplicate.again, 0), (duplicate.again, 0))
            yield tree.finding(
                node or tree.root,
                "STR005",
                Severity.LOW if duplicate.lines < 2 * self.min_duplicate_lines else Severity.MEDIUM,
                f"{duplicate.lines} lines that already stand at line {duplicate.first + 1} of the"
                " block: one function could serve both.",
            )
        yield from _find_by_node(tree, used)

    def _find_in_measures(self, tree: CodeTree, function: FunctionMeasures) -> Iterator[Finding]:
        for rule, value, limit, what in (
            ("STR001", function.lines, self.max_function_lines, "lines long"),
            ("STR002", function.nesting, self.max_nesting, "levels deep"),
            ("STR003", function.complexity, self.max_complexity, "in cyclomatic complexity"),
            ("STR004", function.parameters, self.max_parameters, "parameters wide"),
        ):
            if value > limit:
                yield tree.finding(
                    function.node,
                    rule,
                    Severity.MEDIUM if value > 2 * limit else Severity.LOW,
                    f"{function.name!r} is {value} {what}; at most {limit} is readable.",
                )


def _find_by_node(tree: CodeTree, used: frozenset[str]) -> Iterator[Finding]:
    shape = SHAPES[tree.language]
    for node, _ in walk(tree.root):
        if node.type in shape.blocks:
            yield from _find_unreachable(tree, node, shape.jumps)
        if node.type in {"except_clause", "catch_clause"} and _is_swallowed(node):
            yield tree.finding(
                node,
                "STR008",
                Severity.MEDIUM,
                "The error is swallowed: log it, raise it, or catch only what is expected.",
                Confidence.MEDIUM,
            )
        if tree.language == "python":
            yield from _find_in_python(tree, node, used)


def _find_unreachable(tree: CodeTree, block: "Node", jumps: frozenset[str]) -> Iterator[Finding]:
    statements = [child for child in block.named_children if child.type != "comment"]
    for statement, after in pairwise(statements):
        hoisted = after.type.endswith(("declaration", "definition")) or "label" in after.type
        if statement.type in jumps and not hoisted and not after.is_error:
            yield tree.finding(
                after, "STR006", Severity.MEDIUM, "This is never reached.", Confidence.MEDIUM
            )
            return


def _is_swallowed(handler: "Node") -> bool:
    body = handler.child_by_field_name("body")
    if handler.type == "except_clause":
        body = next((child for child in handler.named_children if child.type == "block"), None)
        if not _WIDE_EXCEPTIONS.match(text_of(handler)[:200]):
            return False
    if body is None:
        return False
    statements = [
        child.named_children[0] if child.type == "expression_statement" else child
        for child in body.named_children
        if child.type != "expression_statement" or child.named_children
    ]
    # A comment in an empty handler says why it is empty.
    if handler.type == "catch_clause":
        return not statements
    return all(statement.type in _SILENT for statement in statements)


def _find_in_python(tree: CodeTree, node: "Node", used: frozenset[str]) -> Iterator[Finding]:
    if node.type in {"default_parameter", "typed_default_parameter"}:
        value = node.child_by_field_name("value")
        called = text_of(value.child_by_field_name("function")) if value is not None else ""
        if value is not None and (value.type in _MUTABLE or called in _MUTABLE_CALLS):
            yield tree.finding(
                node,
                "STR009",
                Severity.MEDIUM,
                f"All calls share the default {text_of(value)[:20]!r}: make it inside.",
            )
    if node.type in {"import_statement", "import_from_statement"}:
        for name in _unused_names(node, tree, used):
            yield tree.finding(node, "STR010", Severity.LOW, f"{name!r} is imported, never used.")


def _unused_names(node: "Node", tree: CodeTree, used: frozenset[str]) -> Iterator[str]:
    code = tree.block.text
    if "__all__" in code or "__future__" in text_of(node) or not _is_whole(tree):
        return
    for child in node.children_by_field_name("name"):
        alias = child.child_by_field_name("alias")
        name = text_of(alias or child).split(".")[0]
        mentioned = len(re.findall(rf"\b{re.escape(name)}\b", code)) if name in used else 0
        if mentioned == 1 and text_of(node).count("\n") == 0:
            yield name


def _is_whole(tree: CodeTree) -> bool:
    """Tell whether a block shows all that it is about: not cut, and more than imports."""
    shows_more = any(
        "import" not in child.type and child.type != "comment" for child in tree.root.children
    )
    return tree.block.closed and shows_more and not tree.root.has_error
