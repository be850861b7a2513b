"""Finds where a tree of tree-sitter broke, and says what is wrong there."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gonogo_checkers.syntax.syntax_problem import SyntaxProblem

if TYPE_CHECKING:
    from tree_sitter import Node

_MAX_NODES: Final = 400_000
_OPENERS: Final = {"(": ")", "[": "]", "{": "}"}
_BRACKETS: Final = frozenset("()[]{}")
_UNPAIRED: Final = frozenset({"case", "#if", "#ifdef", "#ifndef", "case_item"})
"""Tokens that show that brackets need not match: cases of Bash, conditional code of C."""


def nodes_of(root: "Node", *, only_broken: bool = False) -> Iterator["Node"]:
    """Yield nodes in the order of the text, without recursion, at most 400,000.

    Args:
        root: Where to start.
        only_broken: Leave out what parses.
    """
    cursor = root.walk()
    for _ in range(_MAX_NODES):
        node = cursor.node
        if node is None:
            return
        yield node
        if (not only_broken or node.has_error) and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def broken_bytes(root: "Node") -> int:
    """Return how many bytes lie in the outermost ERROR nodes."""
    total = reached = 0
    for node in nodes_of(root, only_broken=True):
        if node.is_error and node.start_byte >= reached:
            total += node.end_byte - node.start_byte
            reached = node.end_byte
    return total


def has_missing_node(root: "Node") -> bool:
    """Tell whether the parser had to make up a token."""
    return any(node.is_missing for node in nodes_of(root, only_broken=True))


def unmatched_bracket(root: "Node") -> "tuple[Node, str] | None":
    """Return the first bracket outside of strings and comments that has no partner.

    Returns:
        The token and its bracket: a closer without its opener, or an opener that another kind of
        closer or the end of the text leaves open; None where all match, or where the language
        lets them stand alone.
    """
    opened: list[tuple[Node, str]] = []
    for node, bracket in _brackets_of(root):
        if bracket == "":
            return None
        if bracket in _OPENERS:
            opened.append((node, bracket))
        elif not opened:
            return node, bracket
        elif _OPENERS[opened[-1][1]] != bracket:
            return opened[-1]
        else:
            opened.pop()
    return opened[0] if opened else None


def holds_whole(root: "Node", *, first_row: int, last_row: int) -> bool:
    """Tell whether no bracket of the code closes one that was put before it.

    Args:
        root: The root of a tree without errors.
        first_row: First row of the code.
        last_row: Its last row.
    """
    opened: list[int] = []
    for node, bracket in _brackets_of(root):
        row = node.start_point.row
        if bracket in _OPENERS:
            opened.append(row)
        elif bracket and opened and opened.pop() < first_row <= row <= last_row:
            return False
    return True


def _brackets_of(root: "Node") -> "Iterator[tuple[Node, str]]":
    """Yield the tokens that are brackets, and with no bracket those that leave them unpaired."""
    for node in nodes_of(root):
        if node.type in _UNPAIRED:
            yield node, ""
        if node.child_count or node.is_named or node.is_missing or node.type.isalnum():
            continue
        for bracket in filter(_BRACKETS.__contains__, node.type):  # `${` and `((` are one token
            yield node, bracket


def describe_fault(root: "Node", source: bytes, *, rows: int, sure: bool) -> SyntaxProblem:
    """Return the first fault of a broken tree.

    Args:
        root: The root of the tree, which has an error.
        source: What was parsed.
        rows: Lines before the code that are not part of it.
        sure: Whether the grammar has no known gaps.
    """
    unmatched = unmatched_bracket(root)
    if unmatched is not None and unmatched[0].start_point.row >= rows:
        token, bracket = unmatched
        opens = bracket in _OPENERS
        what = f"{bracket!r} is never closed" if opens else f"unexpected {bracket!r}"
        return problem_at(token, source, what, rows=rows, sure=sure, at_end=opens)
    node, parent = _first_fault(root)
    if not node.is_missing and node.child_count and not source[node.end_byte :].strip():
        return _ends_early(node, source, rows=rows, sure=sure)
    parent = "the code" if parent == "ERROR" else parent
    if node.is_missing:
        what = f"missing {node.type!r} in {parent}"
    else:
        shown = _token(node, source)
        what = f"unexpected {shown!r} in {parent}" if shown else f"unexpected code in {parent}"
    at_end = node.is_missing and not source[node.start_byte :].strip(b" \t\r\n})]")
    return problem_at(node, source, what, rows=rows, sure=sure, at_end=at_end)


def problem_at(
    node: "Node", source: bytes, what: str, *, rows: int, sure: bool = True, at_end: bool = False
) -> SyntaxProblem:
    """Return a problem at the start of a node; columns of bytes become those of characters."""
    row, column = node.start_point
    first = node.start_byte - column
    before = source[first : node.start_byte].decode("utf-8", "replace")
    return SyntaxProblem(
        line=max(row - rows, 0),
        column=len(before),
        length=len(_token(node, source)),
        what=what,
        at_end=at_end,
        sure=sure,
    )


def _ends_early(node: "Node", source: bytes, *, rows: int, sure: bool) -> SyntaxProblem:
    """Return the problem of code that ends inside of something: its place is the end."""
    lines = source.decode("utf-8", "replace").rstrip().split("\n")
    begun = problem_at(node, source, "", rows=rows)
    return SyntaxProblem(
        line=max(len(lines) - 1 - rows, 0),
        column=len(lines[-1]),
        what=f"the code ends inside of {_token(node, source)!r}, begun at line {begun.line + 1}",
        at_end=True,
        sure=sure,
    )


def _first_fault(root: "Node") -> tuple["Node", str]:
    """Return the first MISSING node, or the innermost of the first ERROR nodes, and its parent.

    The parent is its type, known from the way down: asking a node for its parent overflows the
    stack of the C library on trees some 30,000 levels deep.
    """
    found, found_in = root, root.type
    above: list[str] = []
    cursor = root.walk()
    for _ in range(_MAX_NODES):
        node = cursor.node
        if node is None or (found is not root and node.start_byte >= found.end_byte):
            break
        parent = above[-1] if above else root.type
        if node.is_missing:
            return node, parent
        if node.is_error:
            found, found_in = node, parent
        if node.has_error and cursor.goto_first_child():
            above.append(node.type)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found, found_in
            above.pop()
    return found, found_in


def _token(node: "Node", source: bytes) -> str:
    """Return the first line of a node's text, at most 40 characters."""
    text = source[node.start_byte : min(node.end_byte, node.start_byte + 400)]
    line = text.decode("utf-8", "replace").split("\n", 1)[0].strip()
    return line[:40]
