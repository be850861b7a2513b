"""Message batches: created, polled until they end, their results told in another order."""

import hashlib
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

from standin.failures import error_body, invalid_request, not_found
from standin.requests import BATCHES, JsonObject

Outcome: TypeAlias = Literal["succeeded", "errored", "invalid", "expired", "canceled"]
"""How an item ends; `errored` by the server's fault, `invalid` by its own (`invalid_request_error`)."""

ItemOutcome: TypeAlias = Callable[[str, JsonObject], Outcome]
"""Says by custom id and parameters how an item of a batch ends."""

Answerer: TypeAlias = Callable[[JsonObject], JsonObject]
"""Turns the parameters of an item into the message that answers it."""

_DEFAULT_PAGE: Final = 20
_LARGEST_PAGE: Final = 1000


def always_succeeds(custom_id: str, params: JsonObject) -> Outcome:
    """Say that an item is answered."""
    return "succeeded"


@dataclass(slots=True)
class _Batch:
    """A batch; `results` is set once, when it ends."""

    id: str
    items: list[JsonObject]
    created_at: datetime
    polls_left: int
    polls: int
    cancel_initiated_at: datetime | None = None
    ended_at: datetime | None = None
    results: list[JsonObject] = field(default_factory=list)


class BatchStore:
    """The batches of one server; safe to use from several threads."""

    def __init__(self, *, polls: int, outcome: ItemOutcome, answer: Answerer) -> None:
        """Take how batches go.

        Args:
            polls: How many retrievals find a batch in progress before one finds it ended.
            outcome: How each item ends.
            answer: Makes the message of an item that succeeds.
        """
        self.polls = polls
        self.outcome = outcome
        self._answer = answer
        self._batches: dict[str, _Batch] = {}
        self._created = 0
        self._paid: list[str] = []
        self._lock = threading.Lock()

    def paid_custom_ids(self) -> list[str]:
        """Return the custom ids of the items that were answered, in batches that have ended."""
        with self._lock:
            return list(self._paid)

    def create(self, items: list[JsonObject], url: str) -> JsonObject:
        """Take in a batch and return it as the API shows it."""
        with self._lock:
            self._created += 1
            batch_id = f"msgbatch_standin{self._created:06d}"
            batch = _Batch(batch_id, items, datetime.now(UTC), self.polls, self.polls)
            self._batches[batch.id] = batch
            return _shown(batch, url)

    def retrieve(self, batch_id: str, url: str) -> JsonObject:
        """Return a batch; this is one poll, and a batch that is due ends in it."""
        with self._lock:
            batch = self._found(batch_id)
            if batch.ended_at is None:
                if batch.polls_left <= 0 or batch.cancel_initiated_at is not None:
                    self._end(batch)
                else:
                    batch.polls_left -= 1
            return _shown(batch, url)

    def page(self, query: Mapping[str, str], url: str) -> JsonObject:
        """Return a page of batches, the newest first; no poll."""
        with self._lock:
            shown = [_shown(batch, url) for batch in reversed(self._batches.values())]
        return page_of(shown, query)

    def cancel(self, batch_id: str, url: str) -> JsonObject:
        """Begin to cancel a batch: it ends in the next poll, with what was done until now."""
        with self._lock:
            batch = self._found(batch_id)
            if batch.ended_at is not None:
                raise invalid_request(f"Batch {batch_id} has already ended")
            batch.cancel_initiated_at = batch.cancel_initiated_at or datetime.now(UTC)
            return _shown(batch, url)

    def delete(self, batch_id: str) -> JsonObject:
        """Forget a batch that has ended."""
        with self._lock:
            if self._found(batch_id).ended_at is None:
                raise invalid_request(f"Batch {batch_id} is in progress: cancel it first")
            del self._batches[batch_id]
        return {"id": batch_id, "type": "message_batch_deleted"}

    def results(self, batch_id: str) -> list[JsonObject]:
        """Return the results of a batch that has ended, in an order that is not the requests'."""
        with self._lock:
            batch = self._found(batch_id)
            if batch.ended_at is None:
                raise not_found(f"Batch {batch_id} has no results yet")
            return _shuffled(batch)

    def _found(self, batch_id: str) -> _Batch:
        if batch_id not in self._batches:
            raise not_found(f"Batch {batch_id[:80]} not found")
        return self._batches[batch_id]

    def _end(self, batch: _Batch) -> None:
        """Work out the results; a canceled batch has done the share of its polls, in order."""
        done = len(batch.items)
        if batch.cancel_initiated_at is not None:
            done = done * (batch.polls - batch.polls_left) // (batch.polls + 1)
        batch.results = [
            {
                "custom_id": item["custom_id"],
                "result": self._result(item) if index < done else {"type": "canceled"},
            }
            for index, item in enumerate(batch.items)
        ]
        self._paid += [
            result["custom_id"]
            for result in batch.results
            if result["result"]["type"] == "succeeded"
        ]
        batch.ended_at = datetime.now(UTC)

    def _result(self, item: JsonObject) -> JsonObject:
        match self.outcome(item["custom_id"], item["params"]):
            case "succeeded":
                return {"type": "succeeded", "message": self._answer(item["params"])}
            case "errored":
                request_id = f"req_{item['custom_id']}"
                error = error_body("api_error", "Internal server error", request_id, None)
                return {"type": "errored", "error": error}
            case "invalid":
                request_id = f"req_{item['custom_id']}"
                error = error_body("invalid_request_error", "messages: wrong", request_id, None)
                return {"type": "errored", "error": error}
            case "expired" | "canceled" as kind:
                return {"type": kind}


def page_of(shown: list[JsonObject], query: Mapping[str, str]) -> JsonObject:
    """Cut one page out of a list, by `limit` and by `after_id` or `before_id`."""
    limit = query.get("limit", str(_DEFAULT_PAGE))
    if not limit.isdecimal() or not 1 <= int(limit) <= _LARGEST_PAGE:
        raise invalid_request(f"limit: Input should be from 1 to {_LARGEST_PAGE}")
    ids = [one["id"] for one in shown]
    size, cursor = int(limit), query.get("after_id") or query.get("before_id")
    if cursor is not None and cursor not in ids:
        raise not_found(f"cursor {cursor[:80]} not found")
    start, end = 0, len(shown)
    if "after_id" in query:
        start = ids.index(query["after_id"]) + 1
    elif "before_id" in query:
        end = ids.index(query["before_id"])
        start = max(0, end - size)
    data = shown[start : min(end, start + size)]
    has_more = start > 0 if "before_id" in query else start + size < end
    return {
        "data": data,
        "has_more": has_more,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def _shown(batch: _Batch, url: str) -> JsonObject:
    counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
    # The API counts outcomes only when the whole batch has ended.
    for result in batch.results:
        counts[result["result"]["type"]] += 1
    if batch.ended_at is None:
        counts["processing"] = len(batch.items)
    is_canceling = batch.cancel_initiated_at is not None
    running = "canceling" if is_canceling else "in_progress"
    has_ended = batch.ended_at is not None
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": "ended" if has_ended else running,
        "request_counts": counts,
        "created_at": _stamp(batch.created_at),
        "expires_at": _stamp(batch.created_at + timedelta(hours=24)),
        "ended_at": _stamp(batch.ended_at),
        "cancel_initiated_at": _stamp(batch.cancel_initiated_at),
        "archived_at": None,
        "results_url": f"{url}{BATCHES}/{batch.id}/results" if has_ended else None,
    }


def _shuffled(batch: _Batch) -> list[JsonObject]:
    """Return the results in an order that follows from the batch's id and is not the requests'."""
    seed = int.from_bytes(hashlib.sha256(batch.id.encode()).digest()[:8])
    results = list(batch.results)
    random.Random(seed).shuffle(results)  # noqa: S311 - an order, no secret
    if len(results) > 1 and results == batch.results:
        results.reverse()
    return results


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
