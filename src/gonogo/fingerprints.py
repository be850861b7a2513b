"""Fingerprints: what identifies a request, so that a recording answers it and no other."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from gonogo.json_lines import canonical_json
from gonogo_checkers.output import JsonValue

VOLATILE: Final = frozenset({"metadata", "stream"})
"""Who asks, and how the answer travels: not what is asked."""


def fingerprint_of(
    method: str, path: str, body: JsonValue, *, volatile: Collection[str] = VOLATILE
) -> str:
    """Return the fingerprint of a request: SHA-256 over its canonical JSON, in hexadecimal.

    The order of keys and the way equal numbers are written do not matter.

    Args:
        method: HTTP method.
        path: Path, with the query where it says what is asked.
        body: What is sent; None where nothing is.
        volatile: Fields of the body that do not count, as dotted paths; a path goes through lists:
            `messages.content.cache_control`.
    """
    document = {"method": method, "path": path, "body": without_fields(body, volatile)}
    return hashlib.sha256(canonical_json(document)).hexdigest()


def without_fields(value: JsonValue, paths: Iterable[str]) -> JsonValue:
    """Return a JSON value without the fields at dotted paths."""
    dropped: set[str] = set()
    deeper: dict[str, set[str]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        if rest:
            deeper.setdefault(first, set()).add(rest)
        else:
            dropped.add(first)
    return _without(value, dropped, deeper)


def _without(value: JsonValue, dropped: set[str], deeper: Mapping[str, set[str]]) -> JsonValue:
    if isinstance(value, list):
        return [_without(item, dropped, deeper) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: without_fields(item, deeper[key]) if key in deeper else item
        for key, item in value.items()
        if key not in dropped
    }
