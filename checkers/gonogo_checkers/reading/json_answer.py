"""Finds the JSON that a response is, or holds."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NoReturn, TypeAlias

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import find_code_blocks

JsonFound: TypeAlias = "bool | int | Decimal | str | list[JsonFound] | dict[str, JsonFound] | None"

_OPENING: Final = re.compile(r"[{\[]")
_ATTEMPTS: Final = 64
_LONGEST: Final = 4_000_000
_LONGEST_WITH_BLOCKS: Final = 400_000


@dataclass(frozen=True, slots=True)
class JsonAnswer:
    """The JSON of a response.

    Attributes:
        value: What it says; numbers with a fraction or an exponent are decimals, as written.
        start: Offset in the response of its first character.
        end: One past its last.
        alone: True where the response holds nothing beside it (and its fence).
    """

    value: JsonFound
    start: int
    end: int
    alone: bool


def find_json(output: Output) -> JsonAnswer | None:
    """Find the JSON: the whole response, else its JSON block, else the longest object or array.

    Where several fenced blocks hold JSON, the longest counts; blocks are looked for in responses of
    up to 400,000 characters. In running text, at most 64 places
    where an object or array could begin are tried, so that hostile text costs little.

    Returns:
        The JSON, or None where none can be read: also where it is nested deeper than Python's
        reader goes, or holds `NaN` or `Infinity`, which are no JSON.
    """
    response = output.response
    if len(response) > _LONGEST:
        return None
    stripped = response.strip()
    start = response.find(stripped)
    value, ok = _read(stripped)
    if ok:
        return JsonAnswer(value, start, start + len(stripped), alone=True)
    return _find_in_blocks(output) or _find_in_text(response)


def _find_in_blocks(output: Output) -> JsonAnswer | None:
    found: list[JsonAnswer] = []
    if len(output.response) > _LONGEST_WITH_BLOCKS:
        return None
    for block in find_code_blocks(output):
        if not block.fenced or block.language not in {None, "json", "javascript"}:
            continue
        value, ok = _read(block.text.strip())
        if ok:
            outside = output.response[: block.start] + output.response[block.end :]
            alone = not re.sub(r"[`~]{3,}[^\n`]*", "", outside).strip()
            found.append(JsonAnswer(value, block.start, block.end, alone=alone))
    return max(found, key=lambda answer: answer.end - answer.start, default=None)


def _find_in_text(response: str) -> JsonAnswer | None:
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)
    longest: JsonAnswer | None = None
    position = 0
    for _ in range(_ATTEMPTS):
        match = _OPENING.search(response, position)
        if match is None:
            break
        start = match.start()
        try:
            value, end = decoder.raw_decode(response, start)
        except (ValueError, RecursionError):
            position = start + 1
            continue
        if longest is None or end - start > longest.end - longest.start:
            longest = JsonAnswer(value, start, end, alone=False)
        position = end
    return longest


def _read(text: str) -> tuple[JsonFound, bool]:
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse), True
    except (ValueError, RecursionError):
        return None, False


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
