"""Tells whether code stops in the middle of something: a string, a bracket, a statement, a word."""

import ast
import re
import warnings
from typing import Final

from gonogo_checkers.reading.languages import LANGUAGES

_MOST_CHARACTERS: Final = 100_000
_BRACED: Final = LANGUAGES - {"python", "ruby", "bash", "sql", "yaml", "toml", "html", "lua"}
_SKIPPED: Final = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z(?P<comment>))|#[^\n]*(?=\n|\Z)|'(?:\\.|[^'\\\n]){1,2}'"
    r'|"(?:\\.|[^"\\\n])*(?:"|(?=\n)|\Z(?P<double>))'
    r"|'(?:\\.|[^'\\\n])*(?:'|(?=\n)|\Z(?P<single>))|`(?:\\.|[^`\\])*(?:`|\Z(?P<template>))",
    re.DOTALL,
)
_JSON_PART: Final = re.compile(r'"(?:\\.|[^"\\])*(?P<closed>")?|[{}\[\]]', re.DOTALL)
_DANGLING: Final = re.compile(r"[^\s+-](?:[ \t]*(?:[=+*/,.&|<(\[{%^~]|->|=>|\\))$")
_WORD: Final = re.compile(r"[^\W\d]\w*")
_AT_LINE: Final = re.compile(r"detected at line (\d+)")


def why_code_is_cut(text: str, language: str | None) -> str | None:
    """Say what the code breaks off in.

    Args:
        text: Code; of long code only the end is read where the language allows it.
        language: Its canonical name, or None.

    Returns:
        What is left open, as a noun phrase; None where the end looks like one.
    """
    if not text.strip():
        return None
    if language == "json":
        return why_json_is_cut(text)
    if language == "python":
        why = _why_python_is_cut(text)
    elif language in _BRACED:
        why = _open_bracket(text)
    else:
        why = "an expression" if _DANGLING.search(text.rstrip()[-200:]) else None
    if why is None and re.search(r"\n[ \t]+\Z", text):
        why = "an indented line without anything on it"
    return why or _unfinished_word(text)


def why_json_is_cut(text: str) -> str | None:
    """Say what JSON breaks off in: a string, an object or an array; None where all are closed."""
    depth = 0
    for part in _JSON_PART.finditer(text):
        if part[0][0] == '"':
            if part["closed"] is None:
                return "a string"
        else:
            depth += 1 if part[0] in "{[" else -1
    return "an object or array" if depth > 0 else None


def _why_python_is_cut(text: str) -> str | None:
    if len(text) > _MOST_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return _python_reason(error, text)
    except (ValueError, MemoryError, RecursionError):
        return None
    return None


def _python_reason(error: SyntaxError, text: str) -> str | None:
    message = error.msg or ""
    last = text.rstrip().count("\n") + 1
    detected = _AT_LINE.search(message)
    line = int(detected[1]) if detected else error.lineno or 0
    if "never closed" in message:
        return "an open bracket"
    if line < last:
        return None
    if "unterminated" in message:
        return "a string"
    if "expected an indented block" in message:
        return "a block without a body"
    at_end = (error.offset or 0) >= len(text.rstrip()) - (text.rstrip().rfind("\n") + 1)
    return "a statement" if at_end and not isinstance(error, IndentationError) else None


def _open_bracket(text: str) -> str | None:
    if len(text) > _MOST_CHARACTERS:
        return None
    depth = 0
    position = 0
    for match in _SKIPPED.finditer(text):
        depth += _opened(text[position : match.start()])
        position = match.end()
        open_part = match.lastgroup
        if open_part is not None:
            return "a comment" if open_part == "comment" else "a string"
    depth += _opened(text[position:])
    return "an open bracket" if depth > 0 else None


def _opened(text: str) -> int:
    opened = text.count("{") + text.count("(") + text.count("[")
    return opened - text.count("}") - text.count(")") - text.count("]")


def _unfinished_word(text: str) -> str | None:
    """Find a last word that occurs only there and begins another word of the text.

    `return mar` in a text that speaks of `marshal` and of no other `mar`.
    """
    end = text[-60:]
    words = _WORD.findall(end)
    if not words or not end.endswith(words[-1]) or len(words[-1]) < 2:
        return None
    last = words[-1]
    others = _WORD.findall(text[-_MOST_CHARACTERS : -len(last)])
    if last in others or not any(word.startswith(last) for word in others):
        return None
    return "the middle of a word"
