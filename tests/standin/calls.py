"""The record of what reached the server: one `Call` a request, in the order of arrival."""

import dataclasses
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from standin.requests import JsonObject, Request

_NEVER_HASHED: Final = frozenset({"authorization", "x-api-key", "cookie", "host"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request and what became of it.

    Attributes:
        number: From 1, in the order of arrival.
        method: GET, POST or DELETE.
        path: Without the query.
        is_beta: Whether it came with `?beta=true` or an `anthropic-beta` header.
        body: As it was sent; empty without a body, or with one that is no JSON object.
        digest: SHA-256 of method, path and body: the same for the same request.
        headers_digest: SHA-256 of the headers without key, cookie and host.
        retry: What the SDK says it is: 0 the first attempt, 1 the first retry.
        at: When it arrived, UTC.
        status: The status of the reply; None as long as none was sent.
        fault: The name of the fault that it ran into; None: none.
        is_paid: Whether a message was answered with 200: what the API charges for, also when
            the caller was gone or the stream was cut.
        is_answered: Whether the whole reply was handed to the system for sending.
        request_id: The `request-id` of the reply.
    """

    number: int
    method: str
    path: str
    is_beta: bool
    body: JsonObject
    digest: str
    headers_digest: str
    retry: int
    at: datetime
    request_id: str
    status: int | None = None
    fault: str | None = None
    is_paid: bool = False
    is_answered: bool = False


class CallLog:
    """Calls as they come in and are answered; safe to use from several threads."""

    def __init__(self) -> None:
        """Start empty."""
        self._calls: list[Call] = []
        self._open: set[int] = set()
        self._peak = 0
        self._changed = threading.Condition()

    def open(self, request: Request) -> Call:
        """Record that a request has arrived, and return its call."""
        digest, headers_digest = request.digest, _hash_headers(request.headers)
        with self._changed:
            number = len(self._calls) + 1
            call = Call(
                number=number,
                method=request.method,
                path=request.path,
                is_beta=request.is_beta,
                body=request.body,
                digest=digest,
                headers_digest=headers_digest,
                retry=request.retry,
                at=datetime.now(UTC),
                request_id=f"req_standin{number:08d}",
            )
            self._calls.append(call)
            self._open.add(number)
            self._peak = max(self._peak, len(self._open))
            self._changed.notify_all()
        return call

    def update(self, number: int, **known: int | str | bool | None) -> None:
        """Replace what is now known of a call: fields of `Call`."""
        with self._changed:
            call = self._calls[number - 1]
            self._calls[number - 1] = dataclasses.replace(call, **known)  # type: ignore[arg-type]  # fields of Call
            self._changed.notify_all()

    def close(self, number: int) -> None:
        """Record that nothing more is sent for a call."""
        with self._changed:
            self._open.discard(number)
            self._changed.notify_all()

    def snapshot(self) -> list[Call]:
        """Return the calls as they stand, in a list of its own."""
        with self._changed:
            return list(self._calls)

    def in_flight(self) -> int:
        """Count the calls that are not answered yet."""
        with self._changed:
            return len(self._open)

    def peak(self) -> int:
        """Return how many calls were in flight at most at one time."""
        with self._changed:
            return self._peak

    def wait_for(self, count: int, timeout_seconds: float) -> bool:
        """Wait until that many calls have arrived, and say whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._calls) >= count, timeout_seconds)


def _hash_headers(headers: Mapping[str, str]) -> str:
    lines = [f"{name}: {headers[name]}" for name in sorted(headers) if name not in _NEVER_HASHED]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
