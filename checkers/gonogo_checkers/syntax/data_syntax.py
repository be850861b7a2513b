"""Judges JSON, TOML and YAML by their own parsers, which are stricter than any grammar.

Nothing is constructed from YAML: its events are read, so that tags run nothing and aliases expand
to nothing. Placeholders (`...`, `{{ value }}`, `{% if %}`) and fragments (pairs without their
braces) are recognised before they are judged.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gonogo_checkers.syntax.syntax_problem import ProblemKind, SyntaxProblem

if TYPE_CHECKING:
    import yaml

_MAX_CHARACTERS: Final = 200_000
_ODD: Final = re.compile("[\ud800-\udfff]")
_MAX_YAML: Final = 100_000
"""YAML takes some ten times as long as the others."""
_YAML_ODD: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_JSON_SPACE: Final = re.compile(r"[ \t\n\r]*")
_JSON_PLACEHOLDER: Final = re.compile(
    r"(?:,[ \t\n]{0,200})?(?<!\.)(?:\.\.\.|…)(?!\.)(?=[ \t\n]*(?:[}\],\"]|$))"
    r"|(?:,[ \t\n]{0,200})?//[^\n]*(?:\.\.\.|…)[^\n]*(?=[ \t\n]*[}\]])|//[^\n]*(?:\.\.\.|…)[^\n]*"
)
"""`...` or `// ...` in place of members, with the comma before it."""
_TEMPLATE: Final = re.compile(
    r"\{\{[^{}\n]{0,200}\}\}|\$\{\{[^{}\n]{0,200}\}\}|<[A-Za-z][\w .-]{0,60}>"
)
_TEMPLATE_LINE: Final = re.compile(
    r"^[ \t]*(?:\{%[^\n]*%\}|\{\{-?[^\n]*\}\}|\.\.\.[ \t]*\S[^\n]*|…[^\n]*|\.\.\.)[ \t]*$",
    re.MULTILINE,
)
_TEMPLATE_FLOW: Final = re.compile(r"\{%[^%\n]{0,200}%\}")


def judge_json(code: str) -> SyntaxProblem | None:
    """Parse JSON: one value, several after each other (JSON Lines), or pairs without braces.

    Returns:
        The first problem, or None.
    """
    text = code.replace("\ufeff", "", 1).replace("\r", " ")
    if not text.strip():
        return None
    if len(text) > _MAX_CHARACTERS:
        return _too_much()
    try:
        problem = _read_json(text)
        if problem is None:
            return None
        plain = _JSON_PLACEHOLDER.sub("", text)
        readings = [plain] if plain != text else []
        if text.lstrip().startswith('"'):
            readings += [f"{{{text.strip().rstrip(',')}}}", f"{{{plain.strip().rstrip(',')}}}"]
        if any(_read_json(reading) is None for reading in readings):
            return None
    except RecursionError:
        return _too_much()
    return problem


def judge_toml(code: str) -> SyntaxProblem | None:
    """Parse TOML.

    Returns:
        The first problem, or None.
    """
    text = code.replace("\ufeff", "", 1)
    if len(text) > _MAX_CHARACTERS:
        return _too_much()
    problem = _read_toml(text)
    if problem is None:
        return None
    plain = _TEMPLATE_LINE.sub("", text)
    return None if plain != text and _read_toml(plain) is None else problem


def judge_yaml(code: str) -> SyntaxProblem | None:
    """Parse YAML, one document or several.

    Returns:
        The first problem, or None.
    """
    text = _ODD.sub("?", code.replace("\ufeff", "", 1))
    if len(text) > _MAX_YAML:
        return _too_much()
    problem = _read_yaml(text)
    if problem is None:
        return None
    plain = _TEMPLATE_LINE.sub("", text)
    plain = _TEMPLATE_FLOW.sub("", _TEMPLATE.sub("x", plain))
    return None if plain != text and _read_yaml(plain) is None else problem


class _NotJson(Exception):  # noqa: N818 - names the constant, nothing more
    """`NaN` or `Infinity`, which Python's parser would take."""


def _refuse_constant(name: str) -> float:
    raise _NotJson(name)


def _read_json(text: str) -> SyntaxProblem | None:
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    position = _end_of(_JSON_SPACE, text, 0)
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            return _json_problem(text, error)
        except _NotJson as error:
            name = str(error)
            return _problem(text, text.find(name, position), f"{name} is no JSON")
        except ValueError as error:  # a number of more digits than Python takes
            return _problem(text, position, str(error))
        after = _end_of(_JSON_SPACE, text, position)
        if after < len(text) and not isinstance(value, dict | list):
            return _problem(text, after, "text after the end of the value")
        if after < len(text) and text[after] not in "{[,":
            return _problem(text, after, "text after the end of the value")
        position = after
    return None


def _json_problem(text: str, error: json.JSONDecodeError) -> SyntaxProblem:
    """Place an error alike in all versions of Python: 3.13 puts a trailing comma elsewhere."""
    at = error.pos
    if error.msg.startswith("Illegal trailing comma"):
        at = _end_of(_JSON_SPACE, text, at + 1)
    is_trailing = text[at : at + 1] in {"}", "]"} and text[:at].rstrip().endswith(",")
    return _problem(text, at, "a comma before the end" if is_trailing else error.msg)


def _read_toml(text: str) -> SyntaxProblem | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return _toml_problem(text, str(error))
    except RecursionError:
        return _too_much()
    except ValueError as error:  # a date that does not exist, a number of too many digits
        return SyntaxProblem(line=0, column=0, what=str(error))
    return None


def _toml_problem(text: str, message: str) -> SyntaxProblem:
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if place is not None:
        what = message[: place.start()]
        return SyntaxProblem(line=int(place[1]) - 1, column=int(place[2]) - 1, what=what)
    lines = text.rstrip().split("\n")
    what = message.removesuffix(" (at end of document)")
    return SyntaxProblem(line=len(lines) - 1, column=len(lines[-1]), what=what, at_end=True)


def _read_yaml(text: str) -> SyntaxProblem | None:
    import yaml  # noqa: PLC0415 - heavy: only when YAML is judged

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _dangling_alias(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "invalid YAML"
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        at_end = "expected" in what and not "".join(text.split("\n")[line + 1 :]).strip()
        return SyntaxProblem(line=line, column=column, what=what, at_end=at_end)
    except yaml.reader.ReaderError:
        odd = _YAML_ODD.search(text)
        return _problem(text, odd.start() if odd else 0, "a character that YAML does not allow")
    except RecursionError:
        return _too_much()


def _dangling_alias(events: Iterable["yaml.Event"]) -> SyntaxProblem | None:
    """Find an alias without its anchor; reading the events finds whatever else is wrong."""
    anchors: set[str] = set()
    for event in events:
        kind = type(event).__name__
        anchor = getattr(event, "anchor", None)
        if kind == "DocumentStartEvent":
            anchors.clear()
        elif kind == "AliasEvent" and anchor not in anchors:
            mark = event.start_mark
            line, column = (mark.line, mark.column) if mark is not None else (0, 0)
            what = f"the alias {anchor!r} names no anchor before it"
            return SyntaxProblem(line=line, column=column, what=what)
        elif anchor is not None:
            anchors.add(anchor)
    return None


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _problem(text: str, position: int, what: str) -> SyntaxProblem:
    before = text[:position]
    return SyntaxProblem(
        line=before.count("\n"),
        column=position - (before.rfind("\n") + 1),
        length=1 if position < len(text) and text[position] != "\n" else 0,
        what=what,
        at_end=not text[position:].strip() or "Unterminated" in what,
    )


def _too_much() -> SyntaxProblem:
    return SyntaxProblem(
        line=0, column=0, what="too long or too deeply nested", kind=ProblemKind.TOO_MUCH
    )
