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
| PRF011 | two collections matched by nested loops | `for a in xs: for b in ys: if a.id == b.id` |
| PRF012 | the same work in every round | `sorted(names)` in a loop that leaves `names` alone |
| PRF013 | a file read whole, asked for big ones | `file.readlines()`; the prompt says "20 GB" |

Languages: Python, JavaScript, TypeScript and TSX. Comprehensions, and callbacks of `map`, `filter`
and their like, count as loops.

**Score**: the product over the findings of 1 less their share (see `score_findings`); 1 is best.

**Not applicable** where there is no code in one of these languages.

**Known limits.** What is slow depends on the size of the data, which code does not say: all pairs
may be wanted, a list may be short. What is bound to a name is read off the block, not followed
through calls; a list that comes in untyped is not known to be one. JavaScript's strings may grow
by `+=` (engines join them late). An unknown call may change what it is given. Each rule speaks once
for a line. 150,000 characters of code are looked at.

References: Python's wiki on time complexity (https://wiki.python.org/moin/TimeComplexity);
asyncio's "Developing with asyncio: running blocking code".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import find_code_blocks
from gonogo_checkers.structure.code_spots import SlowRule, Spot, facts_of
from gonogo_checkers.structure.code_tree import CodeTree, place_findings, read_trees, walk
from gonogo_checkers.structure.repeated_recursion import find_repeated_recursion
from gonogo_checkers.structure.slow_lookups import (
    LOOPS,
    find_list_lookup,
    find_list_membership,
    find_matching_in_comprehension,
    find_nested_loops,
    find_nested_matching,
)
from gonogo_checkers.structure.slow_rounds import (
    find_front_of_list,
    find_regex_in_loop,
    find_rows_of_table,
    find_same_work,
    find_string_building,
)
from gonogo_checkers.structure.waiting_calls import (
    find_blocking_call,
    find_query_in_loop,
    find_requests_in_turn,
    find_whole_file,
)
from gonogo_checkers.verdict import Finding, Judged, NotApplicable, score_findings

_LANGUAGES: Final = frozenset({"python", "javascript", "typescript", "tsx"})
_MOST_FINDINGS: Final = 30

_CALL_RULES: Final[tuple[SlowRule, ...]] = (
    find_list_lookup,
    find_blocking_call,
    find_query_in_loop,
    find_front_of_list,
    find_regex_in_loop,
    find_rows_of_table,
    find_same_work,
    find_whole_file,
)
_RULES: Final[dict[str, tuple[SlowRule, ...]]] = {
    "call": _CALL_RULES,
    "call_expression": (*_CALL_RULES, find_nested_matching),
    "new_expression": (find_regex_in_loop, find_same_work),
    "comparison_operator": (find_list_membership,),
    "augmented_assignment": (find_string_building,),
    "assignment": (find_string_building,),
    "await": (find_requests_in_turn,),
    "await_expression": (find_requests_in_turn,),
    "return_statement": (find_repeated_recursion,),
    **dict.fromkeys(LOOPS, (find_nested_loops, find_nested_matching)),
    "list_comprehension": (find_nested_loops, find_matching_in_comprehension),
    "generator_expression": (find_nested_loops, find_matching_in_comprehension),
}
"""By the type of the node that a rule is asked about."""


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
        found = (one for tree in trees for one in _find(tree, output.prompt))
        findings = list(islice(found, _MOST_FINDINGS))
        return Judged(score_findings(findings), place_findings(findings, output.response))


def _find(tree: CodeTree, prompt: str) -> Iterator[Finding]:
    facts = facts_of(tree, prompt)
    spoken: set[tuple[str, int]] = set()
    for node, ancestors in walk(tree.root):
        for rule in _RULES.get(node.type, ()):
            found = rule(Spot(node, ancestors, facts))
            if found is None or (found.rule, node.start_point.row) in spoken:
                continue
            spoken.add((found.rule, node.start_point.row))
            yield tree.finding(node, *found)
