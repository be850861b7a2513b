"""The ways in which a piece of code may be read: as it is, or inside of what a fragment lacks.

A method stands inside a class, statements inside a function, declarations inside a rule; PHP gets
its tag. Placeholders (`...`, `<your key>`) are blanked by text of the same length, so that places
stay where they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gonogo_checkers.syntax.sql_dialects import in_standard_terms

_WRAPPERS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "javascript": (("class W {", "}"), ("(", ")"), ("({", "})"), ("async function* w() {", "}")),
    "typescript": (
        *(("class W {", "}"), ("(", ")"), ("({", "})"), ("interface W {", "}")),
        ("async function* w() {", "}"),
    ),
    "tsx": (("class W {", "}"), ("(", ")"), ("({", "})"), ("async function* w() {", "}")),
    "java": (("class W {", "}"), ("class W { void w() {", "} }"), ("enum W {", "}")),
    "csharp": (("class W {", "}"), ("class W { void w() {", "} }"), ("enum W {", "}")),
    "go": (
        *(("package w", ""), ("func w() {", "}"), ("type W struct {", "}")),
        ("type W interface {", "}"),
    ),
    "rust": (
        *(("fn w() {", "}"), ("impl W {", "}"), ("struct W {", "}")),
        ("fn w() { match w {", "} }"),
    ),
    "c": (("void w(void) {", "}"), ("int", ""), ("struct w {", "};")),
    "cpp": (("void w() {", "}"), ("int", ""), ("class W {", "};")),
    "ruby": (("class W", "end"), ("def w", "end"), ("{", "}")),
    "php": (("class W {", "}"), ("$w = [", "];")),
    "css": (("w {", "}"),),
    "kotlin": (("class W {", "}"), ("fun w() {", "}")),
    "swift": (("class W {", "}"), ("func w() {", "}")),
    "scala": (("class W {", "}"), ("def w() = {", "}")),
    "sql": (("SELECT * FROM w", ""),),
    "lua": (("function w()", "end"), ("return {", "}")),
}
"""What may be put around a fragment, each on a line of its own."""

_STARTS: Final = (
    ("javascript tsx", re.compile(r"\s*<(?:[A-Za-z]|>)"), ("<>", "</>")),
    ("javascript typescript tsx", re.compile(r"\s*\??\.\w"), ("w", "")),
    ("html", re.compile(r"(?i)\s*<(?:li|d[td]|option|t[rdh]|p)\b"), ("<table>", "</table>")),
)
"""Wrappers that hold nearly anything: only for fragments that start as they must."""

_SKETCH: Final = re.compile(
    r"^[ \t]*(?:\.\.\.|…)(?:[ \t][^\n]*)?$|(?<![\w\])>$&*.])(?:\.\.\.|…)(?![\w\[({.$'\"&*<])",
    re.MULTILINE,
)
_BLANK_NAME: Final = re.compile(r"<[A-Za-z][\w. -]{0,80}>")
_BLANK_VALUE: Final = re.compile(r"(?<=[=(,:] )<[A-Z][A-Z0-9]*(?:[ _-][A-Z0-9]+){1,6}>")
_HTML_LENIENT: Final = re.compile(
    r"\A\s*<\?xml[^>\n]{0,200}\?>|&(?!#?\w{1,32};)|<(?![/!?A-Za-z])|\{\{[^{}\n]{0,200}\}\}"
    r"|\{%[^%\n]{0,200}%\}|(?<=\S )>(?= \S)|=>"
)
"""What browsers take as text, or templates fill in: `Tom & Jerry`, `a < b`, `{{ name }}`."""
_SPACED_IMPORTANT: Final = re.compile(r"![ \t]{1,9}important")
_CSS_URL: Final = re.compile(r"\burl\([^\"'()\n]{1,2000}\)")
_CSS_QUERY: Final = re.compile(r"(@media|@container)\b[^{};\n]{0,300}\{")
_CONDITION: Final = re.compile(r"[ \t]*#[ \t]*(if|ifdef|ifndef|else|elif|endif)\b(.*)")
_MARKUP: Final = frozenset({"html", "javascript", "tsx", "typescript"})
_PHP_TAG: Final = re.compile(r"<\?(?:php\b|=)|\?>")


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a piece of code.

    Attributes:
        text: What is parsed.
        rows: Lines that were put before the code.
        wrapped: Whether something was put around it, which must then span it whole.
    """

    text: str
    rows: int = 0
    wrapped: bool = False


def readings_of(text: str, language: str) -> Iterator[Reading]:
    """Yield the ways to read a piece of code, the plainest first.

    Args:
        text: The code.
        language: Canonical name, or `json5`, which is read as an expression of JavaScript.
    """
    if language == "json5":
        yield Reading(f"(\n{text}\n)", rows=1)
        return
    head = "<?php\n" if language == "php" and not _PHP_TAG.search(text) else ""
    rows = 1 if head else 0
    wrappers = list(_WRAPPERS.get(language, ()))
    if language == "php" and not head:
        wrappers = []
    wrappers += [
        around
        for languages, start, around in _STARTS
        if language in languages.split() and start.match(text)
    ]
    for body in _bodies(text, language):
        yield Reading(head + body, rows=rows)
        for before, after in wrappers:
            yield Reading(f"{head}{before}\n{body}\n{after}\n", rows + 1, wrapped=True)


def _bodies(text: str, language: str) -> list[str]:
    """Return the code as it is, without placeholders, and without what the grammar lacks."""
    bodies = [text, _without_placeholders(text, language)]
    match language:
        case "sql":
            bodies.append(in_standard_terms(text))
        case "c" | "cpp" if "#" in text:
            bodies.append(_without_conditions(text))
        case "html":
            bodies.append(_HTML_LENIENT.sub(lambda match: "_" * len(match[0]), text))
        case "css":
            plain = _CSS_URL.sub("url(x)", _SPACED_IMPORTANT.sub("!important", text))
            bodies.append(_CSS_QUERY.sub(r"\1 (color) {", plain))
    return list(dict.fromkeys(bodies))


def _without_placeholders(text: str, language: str) -> str:
    blanked = _SKETCH.sub(lambda match: " " * len(match[0]), text)
    names = _BLANK_VALUE if language in _MARKUP else _BLANK_NAME
    return names.sub(lambda match: re.sub(r"\W", "_", match[0]), blanked)


def _without_conditions(text: str) -> str:
    """Return C as its preprocessor might leave it: each `#if` taken, but for `__cplusplus`."""
    kept: list[str] = []
    taken = [True]
    for line in text.split("\n"):
        match = _CONDITION.match(line)
        if match is None:
            kept.append(line if all(taken) else "")
            continue
        word, condition = match.groups()
        if word.startswith("if"):
            taken.append("__cplusplus" not in condition and condition.strip() != "0")
        elif word == "endif":
            taken = taken[:-1] if len(taken) > 1 else taken
        elif len(taken) > 1:
            taken[-1] = not taken[-1] and word == "else"
        kept.append("")
    return "\n".join(kept)
