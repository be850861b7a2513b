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
| STR010 | an import that nothing uses | `import os` and no `os` anywhere |
| STR011 | a local variable that nothing uses | `total = 0` and no `total` below |
| STR012 | a function that sets a variable of the module (Python) | `global count` |
| STR013 | code that stands twice but for names and values | two functions with the same steps |
| STR014 | a line too long to be read | 150 characters |
| STR015 | functions in functions in functions | five deep |
| STR016 | a value in one branch, nothing in another | `if a: return 1`, and the function ends |
| STR017 | a handler of everything that does not raise again (Python) | `except: log()` |
| STR018 | a comment in place of code | `# ... rest of the code` |

Languages: Python, JavaScript, TypeScript, TSX, Java, Go, Rust, C, C++, C#, PHP and Ruby for STR001
to STR007, STR013 to STR015 and STR018, as far as their grammars tell; STR008 for those with `try`;
STR010 and STR011 for Python, JavaScript, TypeScript and TSX; STR016 for Python and JavaScript.

**Measures.** Lines: those that are not blank. Nesting: branches, loops, `try`, `switch`, `match`
and `with` around a statement; `else if` is no deeper than its `if`. Complexity: McCabe, "A
Complexity Measure", IEEE TSE 2 (1976): 1, and 1 for each branch, loop, handler, case and operator
that joins conditions, as radon counts; ruff's C901 counts neither operators nor comprehensions.
Closures are measured by themselves. Lines that stand twice are compared without their indentation;
functions that stand twice (STR013) by their tokens, names numbered as they appear, values left out.

**Score**: the product over the findings of 1 less their share (see `score_findings`); 1 is best. A
function at up to twice a limit costs 5 %, beyond it 20 %.

**Not applicable** where there is no code in one of these languages.

**Known limits.** A long function may be the plainest one. Abstract methods, protocols, overloads,
stubs, and bases that others extend are no placeholders; a body that is `pass`, `...` or a docstring
alone is one only where the prompt names the function, and where the prompt asks for a skeleton,
an interface or an exercise none is. A swallowed error is explained by a comment of four words. An
import that another block of the same response uses is used; a block that is cut or leaves code out
shows no unused names. A flaw of one line that stands so in the prompt is not the answer's. A name
that is set twice and never used is not found. Functions of tests look alike by their nature and are
not held against each other. 150,000 characters of code are looked at.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import CodeBlock, find_code_blocks
from gonogo_checkers.structure.code_duplicates import (
    find_duplicates,
    find_near_duplicates,
    shape_of,
)
from gonogo_checkers.structure.code_request import CodePlace, CodeRequest, read_request
from gonogo_checkers.structure.code_shapes import SHAPES
from gonogo_checkers.structure.code_tree import CodeTree, Flaw, place_findings, read_trees, walk
from gonogo_checkers.structure.function_ends import find_missing_return, find_unreachable
from gonogo_checkers.structure.function_measures import FunctionMeasures, measure_functions
from gonogo_checkers.structure.python_habits import find_global, find_shared_default
from gonogo_checkers.structure.swallowed_errors import find_bare_except, find_swallowed_error
from gonogo_checkers.structure.unused_names import find_unused_names
from gonogo_checkers.structure.unwritten_bodies import (
    extended_classes,
    find_left_out,
    find_unwritten,
)
from gonogo_checkers.verdict import (
    Confidence,
    Judged,
    NotApplicable,
    Severity,
    score_findings,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_FINDINGS: Final = 40
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_OF_ONE_LINE: Final = frozenset(
    {"STR004", "STR009", "STR010", "STR011", "STR012", "STR014", "STR018"}
)
_STRING: Final = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`")
_ASIDE: Final = re.compile(r"\s(?:#|//)[^\n]*")
_TEST: Final = re.compile(r"tests?(?:_|[A-Z]|$)|\(anonymous\)$")
_ADDRESS: Final = re.compile(r"https?://|data:|[^\s]{80}")

NodeRule = Callable[[CodePlace], Flaw | None]

_COMMENT_RULES: Final[tuple[NodeRule, ...]] = (find_left_out,)
_FUNCTION_RULES: Final[tuple[NodeRule, ...]] = (find_missing_return,)
_RULES: Final[dict[str, tuple[NodeRule, ...]]] = {
    "comment": _COMMENT_RULES,
    "line_comment": _COMMENT_RULES,
    "block_comment": _COMMENT_RULES,
    "catch_clause": (find_swallowed_error,),
    "except_clause": (find_swallowed_error, find_bare_except),
    "default_parameter": (find_shared_default,),
    "typed_default_parameter": (find_shared_default,),
    "global_statement": (find_global,),
    "function_definition": _FUNCTION_RULES,
    "function_declaration": _FUNCTION_RULES,
    "method_definition": _FUNCTION_RULES,
}
"""By the type of the node that a rule is asked about."""


@dataclass(frozen=True, slots=True)
class CodeStructure:
    """Judges how code is built.

    Attributes:
        max_function_lines: Longest function, in lines that are not blank.
        max_nesting: Deepest nesting in a function.
        max_complexity: Highest cyclomatic complexity.
        max_parameters: Most parameters, `self` not counted.
        max_function_depth: Most functions around a function.
        max_line_length: Longest line, in characters; what is quoted is not counted, and lines of
            comments, addresses and data are left alone.
        min_duplicate_lines: Shortest run of equal lines that counts as written twice.
    """

    id: ClassVar[str] = "code_structure"
    version: ClassVar[int] = 1

    max_function_lines: int = 60
    max_nesting: int = 4
    max_complexity: int = 10
    max_parameters: int = 7
    max_function_depth: int = 3
    max_line_length: int = 120
    min_duplicate_lines: int = 6

    def check(self, output: Output) -> Judged | NotApplicable:
        """Judge the structure of all code of the response."""
        blocks = find_code_blocks(output)
        trees = list(read_trees(blocks, frozenset(SHAPES)))
        if not trees:
            languages = sorted({block.language for block in blocks if block.language})
            told = f" ({', '.join(languages)})" if languages else ""
            return NotApplicable(f"no code in a language whose structure is known{told}")
        request = read_request(output)
        words = _words_of(blocks)
        found = (
            tree.finding(node, *flaw)
            for tree in trees
            for node, flaw in self._find(tree, request, words)
            if not _is_given(flaw, tree.line(node), request)
        )
        findings = list(islice(found, _MOST_FINDINGS))
        return Judged(score_findings(findings), place_findings(findings, output.response))

    def _find(
        self, tree: CodeTree, request: CodeRequest, words: "Counter[str]"
    ) -> "Iterator[tuple[Node, Flaw]]":
        functions = measure_functions(tree)
        extended = extended_classes(tree)
        unwritten: set[int] = set()
        for function in functions:
            for flaw in self._find_in_measures(function):
                yield function.node, flaw
            placeholder = find_unwritten(function, request, extended)
            if placeholder is not None:
                unwritten.update(
                    range(function.node.start_point.row, function.node.end_point.row + 1)
                )
                yield function.node, placeholder
        yield from self._find_duplicates(tree, functions)
        yield from self._find_long_lines(tree)
        here = Counter(set(_WORD.findall(tree.block.text)))
        yield from find_unused_names(tree, frozenset(words - here))
        for node, flaw in _find_by_node(tree, request):
            if flaw.rule != "STR018" or node.start_point.row not in unwritten:
                yield node, flaw

    def _find_in_measures(self, function: FunctionMeasures) -> Iterator[Flaw]:
        for rule, value, limit, what in (
            ("STR001", function.lines, self.max_function_lines, "lines long"),
            ("STR002", function.nesting, self.max_nesting, "levels deep"),
            ("STR003", function.complexity, self.max_complexity, "in cyclomatic complexity"),
            ("STR004", function.parameters, self.max_parameters, "parameters wide"),
            ("STR015", function.depth, self.max_function_depth, "functions deep"),
        ):
            if value > limit:
                yield Flaw(
                    rule,
                    Severity.MEDIUM if value > 2 * limit else Severity.LOW,
                    f"{function.name!r} is {value} {what}; at most {limit} is readable.",
                )

    def _find_duplicates(
        self, tree: CodeTree, functions: "Sequence[FunctionMeasures]"
    ) -> "Iterator[tuple[Node, Flaw]]":
        taken: set[int] = set()
        for again in find_duplicates(tree, self.min_duplicate_lines):
            taken.update(range(again.again, again.last + 1))
            message = (
                f"{again.lines} lines that already stand at line {again.first + 1} of the block"
            )
            yield _node_at(tree, again.again), self._duplicate("STR005", again.lines, message)
        for again in find_near_duplicates(tree, self.min_duplicate_lines):
            rows = range(again.again, again.last + 1)
            if taken.isdisjoint(rows) and not _in_test(functions, again.again):
                taken.update(rows)
                message = f"{again.lines} lines as at line {again.first + 1}, but for values"
                yield _node_at(tree, again.again), self._duplicate("STR013", again.lines, message)
        for first, second in _twins(functions):
            if second.node.start_point.row + 1 not in taken:
                message = f"{second.name!r} does what {first.name!r} does, but for names and values"
                yield second.node, self._duplicate("STR013", second.lines, message)

    def _duplicate(self, rule: str, lines: int, message: str) -> Flaw:
        is_long = lines >= 2 * self.min_duplicate_lines
        severity = Severity.MEDIUM if is_long and rule == "STR005" else Severity.LOW
        confidence = Confidence.HIGH if rule == "STR005" else Confidence.MEDIUM
        return Flaw(rule, severity, f"{message}: one function could serve both.", confidence)

    def _find_long_lines(self, tree: CodeTree) -> "Iterator[tuple[Node, Flaw]]":
        for row, line in enumerate(tree.lines):
            if len(line) <= self.max_line_length:
                continue
            text = line.decode("utf-8", "replace").rstrip()
            node = _node_at(tree, row)
            is_prose = "comment" in node.type or "string" in node.type
            length = len(_ASIDE.sub("", _STRING.sub("", text)))
            if length > self.max_line_length and not is_prose and not _ADDRESS.search(text):
                message = f"A line of {len(text)} characters; others in this block are not counted."
                yield node, Flaw("STR014", Severity.LOW, message)
                return


def _is_given(flaw: Flaw, line: str, request: CodeRequest) -> bool:
    """Tell whether a flaw of one line stands so in what was given."""
    return flaw.rule in _OF_ONE_LINE and len(line) > 7 and line in request.given


def _words_of(blocks: "Sequence[CodeBlock]") -> "Counter[str]":
    """Count in how many blocks each word stands."""
    words: Counter[str] = Counter()
    for block in blocks:
        words.update(set(_WORD.findall(block.text)))
    return words


def _node_at(tree: CodeTree, row: int) -> "Node":
    line = tree.lines[row]
    point = (row, len(line) - len(line.lstrip()))
    return tree.root.descendant_for_point_range(point, point) or tree.root


def _in_test(functions: "Sequence[FunctionMeasures]", row: int) -> bool:
    return any(
        _TEST.match(function.name)
        and function.node.start_point.row <= row <= function.node.end_point.row
        for function in functions[:500]
    )


def _twins(
    functions: "Sequence[FunctionMeasures]",
) -> Iterator[tuple[FunctionMeasures, FunctionMeasures]]:
    """Yield pairs of functions that do the same but for names and values."""
    seen: dict[tuple[str, ...], FunctionMeasures] = {}
    for function in functions[:500]:
        shape = () if _TEST.match(function.name) else shape_of(function.node)
        if shape and seen.setdefault(shape, function) is not function:
            yield seen[shape], function


def _find_by_node(tree: CodeTree, request: CodeRequest) -> "Iterator[tuple[Node, Flaw]]":
    shape = SHAPES[tree.language]
    for node, ancestors in walk(tree.root):
        for rule in _RULES.get(node.type, ()):
            flaw = rule(CodePlace(node, ancestors, tree.language, request))
            if flaw is not None:
                yield node, flaw
        if node.type in shape.blocks:
            below = find_unreachable(node, shape.jumps)
            if below is not None:
                yield below
