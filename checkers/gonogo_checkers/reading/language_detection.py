"""Guesses the programming language of a text by the constructs it shows; abstains when unsure.

Each construct counts with a weight, at most three times. The language with the highest sum wins
if the sum is high enough and stands clear of the next. Texts that a strict parser takes (JSON,
TOML with a table) are settled by it. Only the first 20,000 characters are looked at.
"""

import json
import re
import tomllib
from functools import cache
from typing import Final

from gonogo_checkers.reading.language_marks import HTML_TAG, MARKS

_MAX_CHARACTERS: Final = 20_000
_MAX_COUNT: Final = 3
_MAX_LINE: Final = 300
"""Longer lines are cut: the time of a few patterns grows with the square of a line's length."""
_LEAST_SCORE: Final = 4.0
_LEAST_LEAD: Final = 1.2
"""The winner's score over that of the next."""

_YAML_LINE: Final = re.compile(
    r"\s*(?:- )*(?:[\w./$@*\"'-][\w./$@*\"' -]{0,60}:(?: .*)?|- \S.*|---|\.\.\.)\s*$"
)
_YAML_KEY: Final = re.compile(r"\s*(?:- )?[a-z_][\w./-]*:(?: |$)")
_COMMENT_LINE: Final = re.compile(r"^[ \t]*(?:#(?=[ \t#\n])|//).*$", re.MULTILINE)
_JSON_PAIR: Final = re.compile(r"[{,\s]\"[^\"\n]{1,80}\"\s*:")
_JSX: Final = re.compile(
    r"(?:return|=>|[(?:]|&&)\s*\(?\s*<(?:[A-Za-z]\w*|>)[^<>]{0,200}/?>|</[A-Z]\w*>"
)
_TERMINATED: Final = ("c", "cpp", "csharp", "java")
"""Languages in which hardly a line does without a semicolon."""
_FAMILIES: Final = (("javascript", "typescript", 3.0), ("c", "cpp", 1.0))
"""Languages that share marks, and by how much the wider one must lead."""


def detect_language(text: str) -> str | None:
    """Return the language of a piece of code, or None when unsure.

    Args:
        text: Code; prose is mostly met with None, but whether a text is code at all is another
            question.
    """
    head = text[:_MAX_CHARACTERS].replace("\r\n", "\n").strip("\ufeff\n\r\t ")
    if not head:
        return None
    settled = _by_parser(head)
    if settled is not None:
        return settled
    cut = "\n".join(line[:_MAX_LINE] for line in head.split("\n"))
    return _by_first_character(cut) or _by_marks(cut) or _by_lines(cut)


def _by_parser(text: str) -> str | None:
    if text[0] in "{[":
        try:
            if isinstance(json.loads(text), dict | list):
                return "json"
        except (ValueError, RecursionError):
            pass
    if "=" in text and re.search(r"^\[", text, re.MULTILINE):
        try:
            return (
                "toml" if any(isinstance(v, dict) for v in tomllib.loads(text).values()) else None
            )
        except (ValueError, RecursionError):
            pass
    return None


def _by_first_character(text: str) -> str | None:
    if text.startswith(("<?php", "<?=")):
        return "php"
    if text[0] in "{[" and len(_JSON_PAIR.findall(text)) >= max(1, text.count("\n") // 3):
        return "json"
    if text[0] == "<" and re.match(rf"(?i:<!doctype html|<!--|<{HTML_TAG}[\s>/])", text):
        return "html"
    return None


def _by_marks(text: str) -> str | None:
    code = _without_comments(text)
    scores = {language: _score(code, marks) for language, marks in _compiled().items()}
    if ";" not in code:
        scores |= dict.fromkeys(_TERMINATED, 0.0)
    if not text.startswith("<"):
        scores["html"] /= 2
    for narrow, wide, lead in _FAMILIES:
        loser = narrow if scores[wide] >= scores[narrow] + lead else wide
        scores[loser] = 0.0
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    (best, score), (_, second) = ranked[0], ranked[1]
    if score < _LEAST_SCORE or score < second * _LEAST_LEAD:
        return None
    if best == "typescript" and _JSX.search(text):
        return "tsx"
    return best


def _without_comments(text: str) -> str:
    """Return the text without whole comments, whose words would count for whatever they quote."""
    pieces = text.split("/*")
    kept = [pieces[0]]
    for piece in pieces[1:]:
        end = piece.find("*/")
        kept.append(piece[end + 2 :] if end >= 0 else "")
    return _COMMENT_LINE.sub("", "".join(kept))


@cache
def _compiled() -> dict[str, tuple[tuple[float, re.Pattern[str]], ...]]:
    """Compile the marks on first use; white space at a line's start must not run over lines."""
    return {
        language: tuple(
            (weight, re.compile(pattern.replace(r"^\s*", r"^[ \t]*"), re.MULTILINE))
            for weight, pattern in marks
        )
        for language, marks in MARKS.items()
    }


def _score(text: str, marks: tuple[tuple[float, re.Pattern[str]], ...]) -> float:
    total = 0.0
    for weight, pattern in marks:
        for count, _ in enumerate(pattern.finditer(text), 1):
            total += weight
            if count == _MAX_COUNT:
                break
    return total


def _by_lines(text: str) -> str | None:
    lines = [line for line in text.split("\n") if line.strip() and line.lstrip()[0] != "#"]
    if len(lines) < 2 or not all(_YAML_LINE.match(line) for line in lines):
        return None
    keys = sum(bool(_YAML_KEY.match(line)) for line in lines)
    nested = any(line.startswith((" ", "\t", "- ")) for line in lines)
    return "yaml" if keys >= 2 and nested and keys * 2 >= len(lines) else None
