"""Judges Python by its own compiler, after recognising what is a fragment or a notebook cell.

Nothing is executed: the code is compiled and thrown away. Code that only a newer Python than the
running one accepts (type parameters, `type` statements, nested f-string quotes) is handed to
tree-sitter, so that the answer does not depend on the version that runs the checker.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator
from typing import Final

from gonogo_checkers.reading.grammars import ParseTooSlow, parse
from gonogo_checkers.syntax.syntax_problem import ProblemKind, SyntaxProblem

_MAX_CHARACTERS: Final = 200_000
_MAX_NESTING: Final = 90
"""Brackets open at once; the compiler gives up at 200, and older ones crash before."""
_MAX_RUN: Final = 1_500
"""Unary operators, attributes or binary operators in one line: the compiler recurses on them."""

_MAGIC: Final = re.compile(r"^([ \t]*)(?:%%?[A-Za-z].*|![^=\s].*|[\w.]+\?{1,2}\s*)$", re.MULTILINE)
_PLACEHOLDER_LINE: Final = re.compile(
    r"^([ \t]*)(?:(?:\.\.\.|…)[ \t]*[^\s,)\]}=.].*|…|\.\.\.|<[\w .-]{2,60}>"
    r"|#[^\n]*(?:\.\.\.|…|(?i:your |existing |rest of|implement|todo|omitted|same as|unchanged"
    r"|remaining|other |code here|logic|goes here|body|etc))[^\n]*)$",
    re.MULTILINE,
)
"""Lines that stand for code: `... rest of it`, `# your code here`, `<your code>`."""
_PLACEHOLDER_ITEM: Final = re.compile(
    r",[ \t]*\.\.\.[ \t]*(?=\n?[ \t]*[}\])])|(?<=[{\[(])[ \t]*\.\.\."
)
_OUTSIDE: Final = re.compile(
    r"outside (?:async )?(?:function|loop)|not properly in loop|asynchronous "
)
_NEWER: Final = re.compile(
    r"^[ \t]*type[ \t]+\w+[^=\n]*=|\b(?:def|class)[ \t]+\w+\[|\bt[\"']"
    r"|^[ \t]*except\*?[ \t]+[\w.]+(?:, *[\w.]+){1,9}[ \t]*:"
)
_FORMATTED: Final = re.compile(r"\b[rR]?[fF][rR]?[\"']")
_PYTHON_2: Final = (
    ("Missing parentheses in call to 'print'", "a `print` statement"),
    ("Missing parentheses in call to 'exec'", "an `exec` statement"),
    ("multiple exception types must be parenthesized", "`except X, e`"),
    ("leading zeros in decimal integer literals are not permitted", "an octal number like `0777`"),
)
_PYTHON_2_LINE: Final = (
    (re.compile(r"^\s*print\s+[\"'\w%>]"), "a `print` statement"),
    (re.compile(r"^\s*except\s+[\w.]+\s*,\s*\w+\s*:"), "`except X, e`"),
    (re.compile(r"^\s*raise\s+[\w.]+\s*,\s*\S"), "`raise X, message`"),
    (re.compile(r"^\s*exec\s+[\"'\w]"), "an `exec` statement"),
    (re.compile(r"[\w)\]]\s*<>\s*[\w('\"]"), "the operator `<>`"),
    (re.compile(r"\b\d+[lL]\b"), "a long integer like `10L`"),
    (re.compile(r"\bur[\"']"), "a string like `ur''`"),
)


def judge_python(code: str, *, version: int = 3) -> SyntaxProblem | None:
    """Compile a piece of Python.

    Args:
        code: A module, a fragment of one (indented, a method, top-level `return` or `await`), or
            a notebook cell.
        version: 2 where the fence says that it is Python 2, which tree-sitter then judges.

    Returns:
        The first problem, or None where the code parses.
    """
    text = code.replace("\ufeff", "", 1).replace("\x0c", " ").replace("\r", " ")
    if not text.strip():
        return None
    too_much = SyntaxProblem(
        line=0, column=0, what="too long or too deeply nested", kind=ProblemKind.TOO_MUCH
    )
    if len(text) > _MAX_CHARACTERS or _is_too_deep(text):
        return too_much
    if version == 2:
        return _judge_by_tree(text)
    try:
        return _judge_by_compiler(text)
    except _TooDeep:
        return too_much


class _TooDeep(Exception):  # noqa: N818 - a limit was reached, nothing is wrong with the code
    """The compiler would need more memory or stack than it may."""


def _judge_by_compiler(text: str) -> SyntaxProblem | None:
    error = _compile(text)
    if error is None or any(_compile(attempt) is None for attempt in _attempts(text, error)):
        return None
    straight = _dedent(text)
    error = _compile(straight) or error
    return None if _is_newer_python(straight, error) else _problem(text, straight, error)


def _compile(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(
                text,
                "<response>",
                "exec",
                flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
                dont_inherit=True,
                optimize=0,
            )
    except SyntaxError as error:
        return error
    except (ValueError, UnicodeError) as error:
        return SyntaxError(str(error), ("<response>", *_place_of_odd_character(text), None))
    except (RecursionError, MemoryError, OverflowError) as error:
        raise _TooDeep from error
    return None


def _place_of_odd_character(text: str) -> tuple[int, int]:
    """Return the 1-based line and column of the NUL or lone surrogate that cannot be compiled."""
    odd = re.search("[\x00\ud800-\udfff]", text)
    at = odd.start() if odd else 0
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _attempts(text: str, error: SyntaxError) -> Iterator[str]:
    """Yield the other ways to read the code, most likely first."""
    straight = _dedent(text)
    if straight != text:
        yield straight
    plain = _MAGIC.sub(r"\1pass", straight)
    filled = _PLACEHOLDER_ITEM.sub("", _PLACEHOLDER_LINE.sub(r"\1...", plain))
    for candidate in dict.fromkeys((plain, filled)):
        if candidate not in (straight, text):
            yield candidate
        inner = _compile(candidate)
        if inner is not None and _OUTSIDE.search(inner.msg or ""):
            yield _indented_under("async def _():\n while True:", candidate)
    if (error.msg or "").startswith(("expected an indented block", "expected 'except'")):
        yield from _without_body(straight)


def _dedent(text: str) -> str:
    """Remove the common indentation, or that of the first line where later lines have less."""
    straight = textwrap.dedent(text)
    first = next((line for line in straight.split("\n") if line.strip()), "")
    margin = len(first) - len(first.lstrip(" \t"))
    if margin == 0:
        return straight
    lines = straight.split("\n")
    return "\n".join(line[min(margin, len(line) - len(line.lstrip(" \t"))) :] for line in lines)


def _indented_under(head: str, text: str) -> str:
    body = "\n".join(f"  {line}" for line in text.split("\n"))
    return f"{head}\n{body}\n"


def _without_body(text: str) -> Iterator[str]:
    """Yield the code with a body for a header that ends it: `def f(x):` alone is a signature."""
    lines = text.rstrip().split("\n")
    code = [line for line in lines if line.strip() and not line.lstrip().startswith(("#", "@"))]
    if len(code) == 1 and code[0].lstrip().startswith(("def ", "class ", "async def ")):
        margin = len(lines[-1]) - len(lines[-1].lstrip(" \t"))
        yield "\n".join(lines) + "\n" + " " * (margin + 4) + "...\n"


def _is_too_deep(text: str) -> bool:
    depth = deepest = 0
    for match in re.finditer(r"[(\[{)\]}]", text):
        depth = depth + 1 if match[0] in "([{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    if deepest > _MAX_NESTING:
        return True
    longest = max(map(len, text.split("\n")))
    if longest < _MAX_RUN:
        return False
    return any(
        len(re.findall(r"[-+*/%~&|^<>=.]|\b(?:not|and|or|if|lambda|await)\b", line)) > _MAX_RUN
        for line in text.split("\n")
    )


def _is_newer_python(text: str, error: SyntaxError) -> bool:
    if isinstance(error, IndentationError):
        return False
    line = _line(text, (error.lineno or 1) - 1)
    message = error.msg or ""
    if _NEWER.search(line) or message.startswith("f-string") or _FORMATTED.search(line):
        return _judge_by_tree(text) is None and not _is_python_2(line, message)
    return False


def _judge_by_tree(text: str) -> SyntaxProblem | None:
    try:
        root = parse(text, "python").root_node
    except ParseTooSlow:
        return SyntaxProblem(line=0, column=0, what="slow to parse", kind=ProblemKind.TOO_MUCH)
    if not root.has_error:
        return None
    return SyntaxProblem(line=0, column=0, what="invalid syntax")


def _is_python_2(line: str, message: str) -> str:
    for start, name in _PYTHON_2:
        if message.startswith(start):
            return name
    return next((name for pattern, name in _PYTHON_2_LINE if pattern.search(line)), "")


def _problem(text: str, straight: str, error: SyntaxError) -> SyntaxProblem:
    """Return the problem, its place moved back by what was dedented.

    Args:
        text: The code as it stands.
        straight: The same without its indentation, in which the error was found.
        error: What the compiler says.
    """
    row = max((error.lineno or 1) - 1, 0)
    lines = straight.split("\n")
    message = error.msg or "invalid syntax"
    at_end = row >= len(lines) - 1 or not "".join(lines[row + 1 :]).strip()
    never_closed = "was never closed" in message or "unterminated triple-quoted" in message
    row = min(row, len(lines) - 1)
    column = min(max((error.offset or 1) - 1, 0), len(lines[row]))
    length = max((error.end_offset or 0) - 1 - column, 0) if error.end_lineno == row + 1 else 0
    margin = max(len(_line(text, row)) - len(lines[row]), 0)
    old = _is_python_2(lines[row], message)
    return SyntaxProblem(
        line=row,
        column=column + margin,
        length=length,
        what=f"Python 2: {old}" if old else message,
        at_end=at_end
        or never_closed
        or message.startswith(("expected an indented block", "expected 'ex")),
        kind=ProblemKind.PYTHON_2 if old else ProblemKind.BROKEN,
    )


def _line(text: str, row: int) -> str:
    lines = text.split("\n")
    return lines[min(max(row, 0), len(lines) - 1)]
