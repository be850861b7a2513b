"""Rules on what a loop does again in every round although once would do."""

import re
from typing import TYPE_CHECKING, Final

from gonogo_checkers.structure.code_spots import Spot
from gonogo_checkers.structure.code_tree import Flaw, text_of
from gonogo_checkers.structure.loop_changes import names_in
from gonogo_checkers.verdict import Confidence, Severity

if TYPE_CHECKING:
    from tree_sitter import Node

_REGEX: Final = re.compile(r"re\.compile$|RegExp$")
_FRONT: Final = re.compile(r"(?!sys\.path\b)(?P<name>\w+)(?:\.\w+)*\.(?:pop\(0\)|insert\(0\s*,)")
_ROWS: Final = re.compile(r"(?:pd|pandas)\.concat$|(?:df|\w*_df|frame)\.append$")
_WHOLE: Final = re.compile(
    r"(?:sorted|sum|max|min|set|frozenset|Counter|Object\.(?:keys|values|entries)|Set"
    r"|Math\.(?:max|min)|JSON\.parse|json\.loads)$"
)
_READS_FILE: Final = re.compile(
    r"open\(\s*r?['\"][^'\"\n]{1,200}['\"]\s*(?:,\s*['\"]r[bt]?['\"]\s*)?(?:\)|,\s*(?:encoding|errors)=)"
)


def find_string_building(spot: Spot) -> Flaw | None:
    """PRF003: a string that grows by `+=` or `s = s + x` in a loop (Python copies it)."""
    left, right = spot.node.child_by_field_name("left"), spot.node.child_by_field_name("right")
    if left is None or right is None or left.type != "identifier" or not _grows(spot, left, right):
        return None
    name, loops = text_of(left), spot.loops
    # A loop that begins the string again in every round keeps it short.
    if all(name in spot.strings_begun_in(loop) for loop in loops):
        return None
    if name not in spot.strings_begun_in(spot.function or spot.facts.tree.root):
        return None
    message = f"Builds {name[:40]!r} piece by piece: collect the pieces and join them."
    return Flaw("PRF003", Severity.LOW, message, Confidence.MEDIUM)


def find_front_of_list(spot: Spot) -> Flaw | None:
    """PRF007: taking from or adding to the front of a list in a loop."""
    match = _FRONT.match(text_of(spot.node)[:120])
    if match is None or not spot.outlives_a_round(match["name"]):
        return None
    message = "Moves the whole list in every round: collections.deque takes from both ends."
    return Flaw("PRF007", Severity.LOW, message, Confidence.MEDIUM)


def find_regex_in_loop(spot: Spot) -> Flaw | None:
    """PRF008: the same regular expression compiled in every round."""
    if not _REGEX.match(spot.called) or not _is_same_in_every_round(spot):
        return None
    message = "Compiles the same pattern in every round: compile it once before the loop."
    return Flaw("PRF008", Severity.LOW, message, Confidence.MEDIUM)


def find_rows_of_table(spot: Spot) -> Flaw | None:
    """PRF009: a pandas table gone through or grown row by row."""
    if spot.called.endswith(".iterrows"):
        message = "Goes through a table row by row: columns at once are a hundred times faster."
        return Flaw("PRF009", Severity.LOW, message, Confidence.HIGH)
    if not _ROWS.match(spot.called) or not spot.loops:
        return None
    message = "Copies the whole table in every round: collect the parts and concatenate once."
    return Flaw("PRF009", Severity.MEDIUM, message, Confidence.HIGH)


def find_same_work(spot: Spot) -> Flaw | None:
    """PRF012: the same data sorted, summed, parsed or read in every round."""
    if _READS_FILE.match(text_of(spot.node)[:300]) and spot.loops:
        message = "Opens the same file in every round: read it once before the loop."
        return Flaw("PRF012", Severity.LOW, message, Confidence.MEDIUM)
    given = _arguments(spot.node)
    if not _WHOLE.match(spot.called) or len(given) != 1 or given[0].type not in _PLAIN:
        return None
    if not names_in(given[0]) or not _is_same_in_every_round(spot):
        return None
    message = f"Works out {text_of(spot.node)[:40]!r} again in every round: once before would do."
    return Flaw("PRF012", Severity.LOW, message, Confidence.MEDIUM)


_PLAIN: Final = frozenset({"identifier", "attribute", "member_expression", "spread_element"})


def _arguments(call: "Node") -> "list[Node]":
    """Return what a call is given by position."""
    given = call.child_by_field_name("arguments")
    if given is None or given.type not in {"arguments", "argument_list"}:
        return []
    return [child for child in given.named_children if child.type != "keyword_argument"]


def _is_same_in_every_round(spot: Spot) -> bool:
    loops = spot.loops
    given = spot.node.child_by_field_name("arguments")
    return bool(loops) and spot.changes_of(loops[0]).keeps(names_in(given))


def _grows(spot: Spot, left: "Node", right: "Node") -> bool:
    if spot.node.type == "augmented_assignment":
        return text_of(spot.node.child_by_field_name("operator")) == "+="
    first = right.child_by_field_name("left") if right.type == "binary_operator" else None
    for _ in range(20):
        inner = None if first is None else first.child_by_field_name("left")
        if inner is None:
            break
        first = inner
    return first is not None and text_of(first) == text_of(left)
