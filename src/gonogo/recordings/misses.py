"""Misses: what a request differs in from the nearest recording, and how to record it."""

from collections.abc import Iterable, Iterator
from typing import Final

from gonogo.json_lines import JsonObject, canonical_json
from gonogo.recordings.attempts import Attempt
from gonogo_checkers.output import JsonValue

_EXCERPT: Final = 70
_DIFFERENCES_SHOWN: Final = 5


def describe_differences(body: JsonValue, attempts: Iterable[Attempt]) -> list[str]:
    """Return lines that name the nearest recording, and the JSON paths where it differs.

    Args:
        body: What is sent.
        attempts: The recordings of requests of its kind; none: there is no line.
    """
    pieces = _pieces(body)
    nearest = max(attempts, key=lambda attempt: len(pieces & _pieces(attempt.body)), default=None)
    if nearest is None:
        return []
    lines = [f"  nearest recording: {nearest.id}; what differs from it:"]
    differences = list(_differences(nearest.body, body, ""))
    lines += [f"    {difference}" for difference in differences[:_DIFFERENCES_SHOWN]]
    if len(differences) > _DIFFERENCES_SHOWN:
        lines.append(f"    and {len(differences) - _DIFFERENCES_SHOWN} more")
    if nearest.wire is not None and nearest.wire.redacted:
        lines.append("    (it was redacted when it was recorded: markers differ from what is sent)")
    return lines


def _pieces(body: JsonValue) -> set[bytes]:
    """Break a request into what it shares with others: messages count by themselves."""
    if not isinstance(body, dict):
        return {canonical_json(body)}
    pieces = {canonical_json([key, value]) for key, value in body.items() if key != "messages"}
    messages = body.get("messages")
    return pieces | {
        canonical_json(message) for message in (messages if isinstance(messages, list) else [])
    }


def _differences(recorded: JsonValue, now: JsonValue, path: str) -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(now, dict):
        yield from _object_differences(recorded, now, path)
    elif isinstance(recorded, list) and isinstance(now, list):
        for index in range(max(len(recorded), len(now))):
            yield from _differences(
                recorded[index] if index < len(recorded) else None,
                now[index] if index < len(now) else None,
                f"{path}[{index}]",
            )
    elif recorded != now:
        before, after = _excerpts(recorded, now)
        yield f"{path}: recorded {before}, now {after}"


def _object_differences(recorded: JsonObject, now: JsonObject, path: str) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    for key in sorted({*recorded, *now} - ({"metadata"} if not path else set())):
        if key not in now:
            yield f"{prefix}{key}: recorded, now missing"
        elif key not in recorded:
            yield f"{prefix}{key}: not recorded, now {_excerpt(now[key])}"
        else:
            yield from _differences(recorded[key], now[key], f"{prefix}{key}")


def _excerpts(recorded: JsonValue, now: JsonValue) -> tuple[str, str]:
    """Show two values from where they begin to differ."""
    if not (isinstance(recorded, str) and isinstance(now, str)):
        return _excerpt(recorded), _excerpt(now)
    pairs = zip(recorded, now, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(recorded), len(now)))
    start = max(0, same - 20)
    lead = "…" if start else ""
    return _excerpt(recorded[start:], lead), _excerpt(now[start:], lead)


def _excerpt(value: JsonValue, lead: str = "") -> str:
    text = value if isinstance(value, str) else canonical_json(value).decode()
    return repr(lead + (text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"))
