"""Flags patterns that make code slow on real data.

| rule | what | bad example |
|---|---|---|
| PRF001 | nested loops over the same data | `for a in xs: for b in xs` |
| PRF002 | looking a value up in a list, again and again | `if x in seen` in a loop, `seen = []` |
| PRF003 | a string built piece by piece in a loop (Python) | `text += line` |
| PRF004 | a call that blocks in asynchronous code | `time.sleep(1)` in `async def` |
| PRF005 | a query for each round of a loop | `cursor.execute(...)` in `for user in users` |
| PRF006 | requests that wait for each other in a loop | `await fetch(url)` for each url |
| PRF007 | taking from or adding to the front of a list (Python) | `queue.pop(0)` in a loop |
| PRF008 | a regular expression compiled in a loop | `re.compile(p)` in `for line in lines` |
| PRF009 | a table gone through or grown row by row (pandas) | `df.iterrows()` |
| PRF010 | a recursion that solves the same part again | `fib(n - 1) + fib(n - 2)` without a cache |

Languages: Python, JavaScript, TypeScript and TSX. Comprehensions, and callbacks of `map`, `filter`
and their like, count as loops.

**Score**: the product over the findings of 1 less their share (see `score_findings`); 1 is best.

**Not applicable** where there is no code in one of these languages.

**Known limits.** What is slow depends on the size of the data, which code does not say: all pairs
may be wanted, a list may be short. What is bound to a name is read off the block, not followed
through calls; a list that comes in untyped is not known to be one. Each rule speaks once for a
line. 150,000 characters of code are looked at.

References: Python's wiki on time complexity (https://wiki.python.org/moin/TimeComplexity);
asyncio's "Developing with asyncio: running blocking code".
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from gonogo_checkers.code_blocks import find_code_blocks
from gonogo_checkers.code_tree import CodeTree, place_findings, read_trees, text_of, walk
from gonogo_checkers.list_names import list_names
from gonogo_checkers.loop_context import (
    COMPREHENSIONS,
    calls_in,
    data_of,
    function_around,
    is_async,
    loops_around,
)
from gonogo_checkers.output import Output
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

_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx"})
_MOST_FINDINGS: Final = 30
_LOOPS: Final = frozenset({"for_statement", "for_in_statement"}) | COMPREHENSIONS

_BLOCKING: Final = re.compile(
    r"(?:time\.sleep|requests\.(?:get|post|put|patch|delete|head|request)|urllib\.request\.urlopen"
    r"|urlopen|subprocess\.(?:run|call|check_call|check_output|getoutput)|os\.system|input"
    r"|sqlite3\.connect|psycopg2\.connect|pymysql\.connect|socket\.create_connection"
    r"|(?:fs\.|child_process\.)?\w{2,30}Sync|Atomics\.wait)$"
)
_QUERY: Final = re.compile(
    r"(?:(?:self\.|this\.)?_?(?:cursor|cur|conn|connection|db|database|session|pool|tx|trx|knex)"
    r"(?:\(\))?\.(?:execute|query|scalar|scalars|fetch|fetchrow|fetchval|fetch_one|fetch_all|get"
    r"|find|find_one|one|raw)"
    r"|[\w.]+\.objects\.(?:get|filter|exclude|create|update|count|first|get_or_create)"
    r"|(?:this\.)?prisma\.\w+\.(?:find\w*|create|update|count)"
    r"|(?:this\.)?\w*(?:[rR]epository|[rR]epo|Model)\.(?:find\w*|get\w*|count\w*|load\w*)"
    r"|[\w.]*\.(?:findOne|findById|findUnique|find_one|fetch_one|executeQuery))$"
)
_REQUEST: Final = re.compile(
    r"(?:fetch|axios(?:\.\w+)?|got(?:\.\w+)?|(?:self\.|this\.)?_?(?:http|client|session|api)\w*"
    r"\.(?:get|post|put|patch|delete|request))$"
)
_FRONT: Final = re.compile(r"[\w.]+\.(?:pop\(0\)|insert\(0\s*,)")
_REGEX: Final = re.compile(r"re\.compile$|RegExp$")
_ROWS: Final = re.compile(r"(?:pd|pandas)\.concat$|(?:df|\w*_df|frame)\.append$")
_SMALLER: Final = re.compile(r"\(\s*\w+\s*-\s*\d+")
_CACHED: Final = re.compile(r"cache|memo", re.IGNORECASE)
_LOOKUP: Final = re.compile(r"(?P<name>\w+)\.(?:index|count|includes|indexOf|lastIndexOf)$")


@dataclass(frozen=True, slots=True)
class CodePerformance:
    """Judges code by patterns that grow slow with the data."""

    id: ClassVar[str] = "code_performance"
    version: ClassVar[int] = 1

    def check(self, output: Output) -> Judged | NotApplicable:
        """Judge all Python, JavaScript and TypeScript of the response."""
        blocks = find_code_blocks(output)
        trees = list(read_trees(blocks, _LANGUAGES))
        if not trees:
            languages = sorted({block.language for block in blocks if block.language})
            told = f" ({', '.join(languages)})" if languages else ""
            return NotApplicable(f"no Python, JavaScript or TypeScript code{told}")
        findings = [found for tree in trees for found in _find(tree)][:_MOST_FINDINGS]
        return Judged(score_findings(findings), place_findings(findings, output.response))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A node, with all that the rules ask about it."""

    node: "Node"
    ancestors: "Sequence[Node]"
    tree: CodeTree
    lists: frozenset[str]

    @property
    def loops(self) -> "list[Node]":
        return loops_around(self.node, self.ancestors, self.tree.language)

    @property
    def function(self) -> "Node | None":
        return function_around(self.ancestors, self.tree.language)

    @property
    def called(self) -> str:
        """What a call calls, as written; empty for other nodes."""
        name = self.node.child_by_field_name("function") or self.node.child_by_field_name(
            "constructor"
        )
        return text_of(name)[-120:]


_Rule = Callable[[_Spot], "tuple[str, Severity, str, Confidence] | None"]


def _find(tree: CodeTree) -> Iterator[Finding]:
    lists = list_names(tree)
    spoken: set[tuple[str, int]] = set()
    for node, ancestors in walk(tree.root):
        for rule in _RULES.get(node.type, ()):
            found = rule(_Spot(node, ancestors, tree, lists))
            if found is None or (found[0], node.start_point.row) in spoken:
                continue
            spoken.add((found[0], node.start_point.row))
            yield tree.finding(node, *found)


def _nested_loops(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    data = data_of(spot.node)
    around = [loop for loop in spot.loops if loop.type in _LOOPS]
    if not data or all(data_of(loop) != data for loop in around):
        return None
    message = f"Goes over {data[:40]!r} for each element of it: the work grows with its square."
    return "PRF001", Severity.LOW, message, Confidence.MEDIUM


def _list_membership(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    operators = {child.type for child in spot.node.children if not child.is_named}
    right = spot.node.named_children[-1] if spot.node.named_children else None
    if not operators & {"in", "not in"} or text_of(right) not in spot.lists or not spot.loops:
        return None
    return _slow_lookup(text_of(right))


def _list_lookup(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    match = _LOOKUP.match(spot.called)
    if match is None or match["name"] not in spot.lists or not spot.loops:
        return None
    return _slow_lookup(match["name"])


def _slow_lookup(name: str) -> tuple[str, Severity, str, Confidence]:
    message = f"Looks through the list {name[:40]!r} in every round: a set or a map finds at once."
    return "PRF002", Severity.MEDIUM, message, Confidence.MEDIUM


def _string_building(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    left, right = spot.node.child_by_field_name("left"), spot.node.child_by_field_name("right")
    operator = spot.node.child_by_field_name("operator")
    if text_of(operator) != "+=" or left is None or right is None or not spot.loops:
        return None
    function = spot.function or spot.tree.root
    begun = re.search(
        rf"\b{re.escape(text_of(left))}\s*(?::\s*str\s*)?=\s*f?['\"]", text_of(function)
    )
    if begun is None or left.type != "identifier":
        return None
    message = f"Builds {text_of(left)[:40]!r} piece by piece: collect the pieces and join them."
    return "PRF003", Severity.LOW, message, Confidence.MEDIUM


def _blocking_call(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    if not _BLOCKING.match(spot.called) or not is_async(spot.function):
        return None
    message = f"{spot.called[-40:]!r} blocks the event loop: everything else waits for it."
    return "PRF004", Severity.MEDIUM, message, Confidence.HIGH


def _query_in_loop(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    if not _QUERY.match(spot.called) or not _goes_over_data(spot):
        return None
    message = f"{spot.called[-40:]!r} asks the database in every round: ask once for all."
    return "PRF005", Severity.MEDIUM, message, Confidence.MEDIUM


def _requests_in_turn(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    awaited = spot.node.named_children[0] if spot.node.named_children else None
    called = "" if awaited is None else text_of(awaited.child_by_field_name("function"))[-120:]
    if not _REQUEST.match(called) or not _goes_over_data(spot):
        return None
    message = f"Each {called[-40:]!r} waits for the one before: start them together."
    return "PRF006", Severity.LOW, message, Confidence.MEDIUM


def _front_of_list(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    if not _FRONT.match(text_of(spot.node)[:120]) or not spot.loops:
        return None
    message = "Moves the whole list in every round: collections.deque takes from both ends."
    return "PRF007", Severity.LOW, message, Confidence.MEDIUM


def _regex_in_loop(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    if not _REGEX.match(spot.called) or not spot.loops:
        return None
    message = "Compiles the pattern in every round: compile it once before the loop."
    return "PRF008", Severity.LOW, message, Confidence.MEDIUM


def _rows_of_table(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    if spot.called.endswith(".iterrows"):
        message = "Goes through a table row by row: columns at once are a hundred times faster."
        return "PRF009", Severity.LOW, message, Confidence.HIGH
    if not _ROWS.match(spot.called) or not spot.loops:
        return None
    message = "Copies the whole table in every round: collect the parts and concatenate once."
    return "PRF009", Severity.MEDIUM, message, Confidence.HIGH


def _repeated_recursion(spot: _Spot) -> tuple[str, Severity, str, Confidence] | None:
    function = spot.function
    if function is None or _CACHED.search(text_of(function)):
        return None
    above = spot.ancestors[-20:]
    if any(_CACHED.search(text_of(a)[:200]) for a in above if a.type == "decorated_definition"):
        return None
    name = text_of(function.child_by_field_name("name"))
    own = {
        text_of(call)
        for call in calls_in(spot.node)
        if name and text_of(call.child_by_field_name("function")) == name
    }
    if len([call for call in own if _SMALLER.search(call)]) < 2:
        return None
    message = f"{name[:40]!r} solves the same parts again and again: keep what it found."
    return "PRF010", Severity.MEDIUM, message, Confidence.HIGH


def _goes_over_data(spot: _Spot) -> bool:
    """Tell whether a loop around goes over data, and not over tries or pages."""
    for loop in spot.loops:
        right = loop.child_by_field_name("right")
        if loop.type in COMPREHENSIONS or loop.type == "call_expression":
            return True
        if right is not None and not text_of(right).startswith("range("):
            return True
    return False


_CALL_RULES: Final[tuple[_Rule, ...]] = (
    _list_lookup,
    _blocking_call,
    _query_in_loop,
    _front_of_list,
    _regex_in_loop,
    _rows_of_table,
)
_LOOP_RULES: Final[tuple[_Rule, ...]] = (_nested_loops,)
_RULES: Final[dict[str, tuple[_Rule, ...]]] = {
    "call": _CALL_RULES,
    "call_expression": _CALL_RULES,
    "new_expression": (_regex_in_loop,),
    "comparison_operator": (_list_membership,),
    "augmented_assignment": (_string_building,),
    "await": (_requests_in_turn,),
    "await_expression": (_requests_in_turn,),
    "return_statement": (_repeated_recursion,),
    **dict.fromkeys(_LOOPS, _LOOP_RULES),
}
