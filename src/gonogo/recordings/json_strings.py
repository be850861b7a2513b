"""Walks the strings of a JSON value: each with its place, and to replace them.

Knows nothing of what the strings mean. How deep a value may nest is bounded, so that a hostile one
is refused with its place and not by the interpreter.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from gonogo.errors import BadInputError, Problem
from gonogo.json_lines import JsonObject
from gonogo_checkers.output import JsonValue

MOST_LEVELS: Final = 200
"""Arrays and objects within each other; bodies of the API nest a tenth of that."""

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]{0,31}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is.

    Attributes:
        steps: Keys and indices from the root.
        parent: The object that holds it, if the last step is a key.
    """

    steps: tuple[str | int, ...] = ()
    parent: JsonObject | None = None

    def __str__(self) -> str:
        """Return `messages[0].content`; a key that is no plain word is not shown: `{…}`."""
        shown = "".join(map(_shown_step, self.steps))
        return shown.removeprefix(".") or "the whole value"

    def inner(self, step: str | int, parent: JsonObject | None = None) -> "Place":
        """Return the place of a member.

        Args:
            step: Its key or index.
            parent: The object that holds it; None for an array.

        Raises:
            BadInputError: If the value nests deeper than `MOST_LEVELS`.
        """
        if len(self.steps) >= MOST_LEVELS:
            where = f"{Place(self.steps[:8])}…"
            message = f"the JSON nests deeper than {MOST_LEVELS} levels: flatten it"
            raise BadInputError([Problem(where, message)])
        return Place((*self.steps, step), parent)


Change: TypeAlias = Callable[[str, Place], JsonValue]
ChangeNumber: TypeAlias = Callable[[int, Place], JsonValue]


def strings_in(value: JsonValue, place: Place = Place()) -> Iterator[tuple[str, Place]]:
    """Yield every string of a value in order, the keys of objects too, each with its place.

    Raises:
        BadInputError: If the value nests deeper than `MOST_LEVELS`.
    """
    match value:
        case str():
            yield value, place
        case dict():
            for key, item in value.items():
                inner = place.inner(key, value)
                yield key, inner
                yield from strings_in(item, inner)
        case list():
            for index, item in enumerate(value):
                yield from strings_in(item, place.inner(index))


def with_strings(
    value: JsonValue,
    change: Change,
    *,
    change_key: Callable[[str], str] = str,
    change_number: ChangeNumber | None = None,
    place: Place = Place(),
) -> JsonValue:
    """Return a value with its strings replaced, in the order of `strings_in`; the rest is kept.

    Args:
        value: Any JSON.
        change: Returns what stands for a string.
        change_key: Returns what stands for a key. A key that would be taken gets ` (2)`.
        change_number: Returns what stands for a whole number; None: they are kept.
        place: Where the value is.

    Raises:
        BadInputError: If the value nests deeper than `MOST_LEVELS`.
    """
    if isinstance(value, str):
        return change(value, place)
    if isinstance(value, int) and not isinstance(value, bool) and change_number is not None:
        return change_number(value, place)
    go_on = partial(with_strings, change=change, change_key=change_key, change_number=change_number)
    if isinstance(value, list):
        return [go_on(item, place=place.inner(index)) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    changed: JsonObject = {}
    for key, item in value.items():
        free_key = _free_key(change_key(key), changed)
        changed[free_key] = go_on(item, place=place.inner(key, value))
    return changed


def _free_key(key: str, taken: JsonObject) -> str:
    if key not in taken:
        return key
    number = 2
    while f"{key} ({number})" in taken:
        number += 1
    return f"{key} ({number})"


def _shown_step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else ".{…}"
