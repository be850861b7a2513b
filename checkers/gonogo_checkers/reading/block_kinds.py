"""Tells programs from what else stands in code blocks: sessions, diffs, output, plain text.

A Python session (`>>>`, `In [1]:`) and a shell session (`$ `) are reduced to the code that was
typed; what they printed is left out. Everything works on lines and is linear.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final


class BlockKind(StrEnum):
    """What a block of code is."""

    PROGRAM = "program"
    SESSION = "session"
    DIFF = "diff"
    OUTPUT = "output"
    TEXT = "text"


Lines = Sequence[tuple[str, int]]
"""Lines of a block, each with the offset in the response of its first character."""

_MAX_LINES: Final = 400
"""How many lines of a block are looked at to tell what it is."""

_DIFF_WORDS: Final = frozenset({"diff", "patch", "udiff"})
_SESSION_WORDS: Final = frozenset(
    {"console", "shell-session", "shellsession", "sh-session", "terminal", "cmd", "powershell"}
    | {"ps1", "ps", "bat", "batch", "dos", "pycon", "irb", "session", "repl"}
)
_OUTPUT_WORDS: Final = frozenset(
    {"output", "out", "log", "logs", "stdout", "stderr", "result", "traceback", "pytb"}
    | {"error", "stacktrace", "tree", "ascii"}
)
_TEXT_WORDS: Final = frozenset(
    {"text", "txt", "plain", "plaintext", "none", "nohighlight", "md", "markdown", "mdx"}
)

_LOOSE_WORDS: Final = frozenset({"", "bash", "sh", "shell", "code", "nohighlight"})
"""Words under which output is put as often as programs."""

_HUNK: Final = re.compile(r"@@ .{0,60}@@|diff --git |--- \S|\+\+\+ \S|Index: \S|\*\*\* \S")
_PYTHON_PROMPT: Final = re.compile(r"(?:>>>|\.\.\.)(?: |$)|In ?\[\d{1,4}\]: ?| {3,9}\.{3,6}: ?")
_PYTHON_TYPED: Final = re.compile(r">>>(?: |$)|In ?\[\d{1,4}\]: ?")
_SHELL_PROMPT: Final = re.compile(
    r"(?:\([\w.-]{1,30}\) ?)?(?:\[?[\w.-]{1,40}@[\w.-]{1,60}[: ][^\s$#%]{0,80}\]?)?[$%❯] (?=\S)"
    r"|[\w.-]{1,40}@[\w.-]{1,60}:[^\s$#%]{0,80}# (?=\S)"
)
_OTHER_PROMPT: Final = re.compile(
    r"irb\([^)\n]{1,40}\)[:\d]{0,12}[>*] |(?:mysql|sqlite|redis [\d.:]{1,30}|MariaDB \[.{1,40}\])> "
    r"|[\w-]{1,40}=[#>] (?i:select|insert|update|delete|create|alter|drop|explain|\\)"
    r"|PS [A-Z]:\\[^>\n]{0,120}> |[A-Z]:\\[^>\n]{0,120}>|scala> |jshell> |ghci> |iex\(\d{1,4}\)> "
)
_NODE_PROMPT: Final = re.compile(r"> (?=[\w({\['\"$])")
_TRACE: Final = re.compile(
    r"Traceback \(most recent call last\):|Exception in thread \"|panic: |goroutine \d+ \["
    r"|\s+at [\w$.<>]{3,200}\(.{0,200}\)\s*$|\s+File \".{1,200}\", line \d+|npm ERR!"
    r"|error\[E\d{4}\]|[\w.]{2,80}(?:Error|Exception): |=+ .{1,80} =+$|(?:FAILED|PASSED) "
    r"|\w[\w./-]{1,120}:\d+(?::\d+)?: (?:error|warning|note)|Process finished with "
)
_LOG: Final = re.compile(
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\[?(?:INFO|DEBUG|WARN(?:ING)?|ERROR|FATAL)\b[\]:]? "
    r"|\d{1,3}(?:\.\d{1,3}){3} - "
)
_DRAWING: Final = re.compile(r"[│├└┌┐┘─═║╔╗╚╝▼▲→↓]|\+-{3,}|\|\s*-{3,}|^\s*\|.*\|\s*$")
_TYPED_ERROR: Final = re.compile(r"\b(?:SyntaxError|IndentationError|TabError):")


def kind_of(lines: Lines, word: str) -> BlockKind:
    """Tell what a block is, by the word on its fence and by its lines.

    Args:
        lines: The block.
        word: What its fence says, in lower case; empty where it says nothing.
    """
    if word in _DIFF_WORDS:
        return BlockKind.DIFF
    texts = [text for text, _ in lines[:_MAX_LINES] if text.strip()]
    if word in _SESSION_WORDS or _is_session(texts, word):
        return BlockKind.SESSION
    if word in _OUTPUT_WORDS:
        return BlockKind.OUTPUT
    if word in _TEXT_WORDS:
        return BlockKind.TEXT
    if _is_diff(texts):
        return BlockKind.DIFF
    return BlockKind.OUTPUT if _is_output(texts, word) else BlockKind.PROGRAM


def typed_code(lines: Lines, word: str) -> tuple[list[tuple[str, int]], str] | None:
    """Reduce a session to the code that was typed in it.

    Args:
        lines: The session.
        word: What its fence says.

    Returns:
        The typed lines with their offsets, and their language; None where it cannot be told what
        was typed, or where what was typed is shown to be wrong.
    """
    first = next((row for row, (text, _) in enumerate(lines) if _PYTHON_TYPED.match(text)), None)
    if first is not None:
        if any(_TYPED_ERROR.search(text) for text, _ in lines):
            return None
        before = list(lines[:first]) if word in {"python", "py", "python3"} else []
        return before + _without_prompts(lines[first:], _PYTHON_PROMPT), "python"
    if word in {"cmd", "powershell", "ps1", "ps", "bat", "batch", "dos"}:
        return None
    if any(_SHELL_PROMPT.match(text) for text, _ in lines):
        return _without_prompts(lines, _SHELL_PROMPT), "bash"
    return None


def _is_session(texts: Sequence[str], word: str) -> bool:
    if not texts:
        return False
    if any(_PYTHON_TYPED.match(text) for text in texts):
        first = next(text for text in texts if not text.startswith("#"))
        return _PYTHON_TYPED.match(first) is not None or word in {"", "python", "py"}
    first = next((text for text in texts if not text.startswith("#")), texts[0])
    if _SHELL_PROMPT.match(first):
        return word not in {"php", "perl", "powershell", "scss", "sass"}
    if word in {"js", "javascript", "node"} and _NODE_PROMPT.match(first):
        return True
    return _OTHER_PROMPT.match(first) is not None


def _is_diff(texts: Sequence[str]) -> bool:
    if any(text.startswith(("@@ -", "diff --git ")) for text in texts[:60]):
        return True
    marks = {text[0] for text in texts}
    if not {"+", "-"} <= marks or not marks <= {"+", "-", " ", "@", "\\", "d", "i"}:
        return False
    odd = sum(text[0] not in "+- @" and not _HUNK.match(text) for text in texts)
    return odd == 0


def _is_output(texts: Sequence[str], word: str) -> bool:
    if not texts:
        return False
    if texts[0].startswith("Traceback (most recent call last):"):
        return True
    if word not in _LOOSE_WORDS:
        return False
    odd = sum(
        bool(_TRACE.match(text) or _LOG.match(text) or _DRAWING.search(text)) for text in texts
    )
    return odd * 2 > len(texts)


def _without_prompts(lines: Lines, prompt: re.Pattern[str]) -> list[tuple[str, int]]:
    typed: list[tuple[str, int]] = []
    continued = False
    for text, offset in lines:
        match = prompt.match(text)
        if match is not None:
            typed.append((text[match.end() :], offset + match.end()))
        elif continued or text.startswith("#"):
            typed.append((text, offset))
        else:
            continue
        continued = typed[-1][0].endswith("\\")
    return typed
