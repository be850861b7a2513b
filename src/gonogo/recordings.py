"""Recordings: exchanges beside a suite's cases, found by the fingerprint of their request.

A changed request is a miss, never the old answer: the miss says what changed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gonogo.errors import BadInputError, MissingRecordingError, Problem
from gonogo.exchanges import Exchange, Request, decode_exchange
from gonogo.json_lines import JsonObject, canonical_json, load_records
from gonogo_checkers.output import JsonValue

_EXCERPT: Final = 70
_DIFFERENCES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Recordings:
    """The recorded exchanges of a suite.

    Attributes:
        path: Their file.
        by_fingerprint: The exchanges that answered a request, in the order of the file.
    """

    path: Path
    by_fingerprint: Mapping[str, tuple[Exchange, ...]]

    def answers_to(self, request: Request, who: str) -> tuple[Exchange, ...]:
        """Return the recorded answers to a request, one a trial.

        Args:
            request: What is asked.
            who: Who asks it, for the message of a miss: `case refund-late`.

        Raises:
            MissingRecordingError: If there are none; says what differs from the nearest one.
        """
        fingerprint = request.fingerprint()
        found = self.by_fingerprint.get(fingerprint)
        if found is None:
            raise MissingRecordingError(self._describe_miss(who, request, fingerprint))
        return found

    def _describe_miss(self, who: str, request: Request, fingerprint: str) -> str:
        lines = [f"{who}: no recording answers its request ({fingerprint[:12]})"]
        nearest = self._nearest(request)
        if nearest is None:
            lines.append(f"  {self.path} holds no recordings")
        else:
            lines.append(f"  nearest recording: {nearest.id}; what differs from it:")
            differences = list(_differences(nearest.request.body, request.body, ""))
            lines += [f"    {difference}" for difference in differences[:_DIFFERENCES_SHOWN]]
            if len(differences) > _DIFFERENCES_SHOWN:
                lines.append(f"    and {len(differences) - _DIFFERENCES_SHOWN} more")
        lines.append(
            "  an old answer proves nothing about a changed request: ask again, and put the"
            f" exchange, one line of JSON, into {self.path}"
        )
        return "\n".join(lines)

    def _nearest(self, request: Request) -> Exchange | None:
        pieces = _pieces(request)
        exchanges = [exchange for found in self.by_fingerprint.values() for exchange in found]
        return max(
            exchanges,
            key=lambda exchange: len(pieces & _pieces(exchange.request)),
            default=None,
        )


def load_recordings(path: Path) -> Recordings:
    """Read a suite's recordings; none where there is no file.

    Raises:
        BadInputError: With all problems of the file; two exchanges with one id are a problem.
    """
    if not path.exists():
        return Recordings(path, {})
    first_seen: dict[str, str] = {}
    problems = []
    by_fingerprint: dict[str, list[Exchange]] = defaultdict(list)
    for place, exchange in load_records(path, decode_exchange):
        if exchange.id in first_seen:
            problems.append(
                Problem(place, f"id {exchange.id!r} is taken by {first_seen[exchange.id]}")
            )
        first_seen.setdefault(exchange.id, place)
        by_fingerprint[exchange.request.fingerprint()].append(exchange)
    if problems:
        raise BadInputError(problems)
    return Recordings(path, {key: tuple(found) for key, found in by_fingerprint.items()})


def _pieces(request: Request) -> set[bytes]:
    """Break a request into what it shares with others: messages count by themselves."""
    pieces = {
        canonical_json([key, value]) for key, value in request.body.items() if key != "messages"
    }
    return pieces | {canonical_json(message) for message in request.messages}


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
