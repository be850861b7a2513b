"""The calls of the Message Batches API: made through Claude's SDK, their failures told apart.

What a failure means for the questions is left to the caller.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import httpx2
import msgspec
from anthropic import Anthropic, APIConnectionError, Middleware

from gonogo.claude.batch_journal import Planned
from gonogo.claude.failures import CAUGHT, Failure, Fate, failure_of, no_credentials
from gonogo.errors import BatchRefusedError
from gonogo.json_lines import MAX_LINE_BYTES, JsonObject
from gonogo.plain_text import one_line

if TYPE_CHECKING:
    from anthropic import APIRequest, CallNext
    from anthropic._response import APIResponse
    from anthropic.types.messages import MessageBatch
    from anthropic.types.messages.batch_create_params import Request as BatchRequest

_OVERLOADED: Final = 529
_PAGE: Final = 1000
_MOST_LISTED: Final = 5000
_CLOCK_SKEW: Final = timedelta(hours=24)
"""How far this machine's clock may be off where only times tell which batches are newer."""


class TroubleError(Exception):
    """A call that failed for now: the network, a limit of rates, a server's error, a cut answer."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The API took the batch in."""

    batch: "MessageBatch"


@dataclass(frozen=True, slots=True)
class Unclear:
    """The answer was lost: the batch may have been taken in, and then is paid for."""

    why: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """The API took nothing in, but may do so later."""

    why: str


Submission: TypeAlias = Submitted | Unclear | Postponed


class BatchLine(msgspec.Struct, frozen=True):
    """One line of a batch's results.

    Attributes:
        custom_id: Which question.
        result: `type`, with `message` or `error`.
    """

    custom_id: str
    result: JsonObject


class BatchCalls:
    """The batches of one account.

    Reading calls are retried by the SDK. A submission is retried by the SDK where the API surely
    did not take it in (no connection, 429, 529), and not at all where it may have: the SDK sends
    no idempotency key, so a second submission would be a second batch.
    """

    def __init__(self, client: Anthropic) -> None:
        """Take the client; its key says which workspace's batches are seen.

        Raises:
            BatchRefusedError: If clients of its kind have no batches.
        """
        if getattr(client.messages, "batches", None) is None:
            raise BatchRefusedError(
                f"{type(client).__name__} has no batches: ask without them, or with Anthropic()"
            )
        self._batches = client.messages.batches
        self._submitting = client.with_middleware(_NoSecondBatch()).messages.batches

    def create(self, items: Sequence[JsonObject]) -> Submission:
        """Submit a batch.

        Args:
            items: `custom_id` and `params` of each request.

        Raises:
            RunStoppedError: If the API would refuse any batch: the key, a spending limit.
            BatchRefusedError: If the API refuses this one.
        """
        requests = cast("Sequence[BatchRequest]", items)
        try:
            batch = self._submitting.create(requests=requests)
        except _MaybeTakenInError as unclear:
            return Unclear(str(unclear))
        except CAUGHT as error:
            failure = failure_of(error)
            if failure.status == httpx2.codes.OK:
                return Unclear("the answer was cut off")
            if failure.fate is Fate.ASK_AGAIN:
                return Postponed(_said(failure))
            if failure.fate is Fate.STOP:
                raise failure.stopping_error() from error
            raise BatchRefusedError(f"the batch was not taken in: {_said(failure)}") from error
        return Submitted(batch) if isinstance(batch.id, str) else Unclear("it names no batch")

    def newest(self) -> str | None:
        """Return the id of the newest batch; None where there is none.

        Raises:
            TroubleError: If the call fails for now.
            RunStoppedError: If the API would refuse any call.
            BatchRefusedError: If the API refuses it.
        """
        with _translated("the list of batches"):
            page = self._batches.list(limit=1)
        return page.data[0].id if page.data else None

    def created_since(self, planned: Planned) -> list["MessageBatch"]:
        """Return the batches that may be a planned one: newer, and with as many requests.

        Those are newer that the list (newest first) has before the batch that was the newest then.
        Only where that one was deleted, times tell, with a day to spare.

        Raises:
            TroubleError: If the call fails for now.
            RunStoppedError: If the API would refuse any call.
            BatchRefusedError: If the API refuses it, or lists too many batches to tell.
        """
        newer: list[MessageBatch] = []
        is_found = planned.newest is None
        with _translated("the list of batches"):
            for batch in self._batches.list(limit=_PAGE):
                if batch.id == planned.newest:
                    is_found = True
                    break
                if len(newer) >= _MOST_LISTED:
                    break
                newer.append(batch)
        if not is_found:
            newer = [batch for batch in newer if batch.created_at >= planned.at - _CLOCK_SKEW]
        if len(newer) >= _MOST_LISTED:
            raise BatchRefusedError(
                f"cannot tell whether batch gonogo-{planned.token} was taken in: the account has"
                f" {_MOST_LISTED} newer ones. Look for its custom ids in the Console"
            )
        return [batch for batch in newer if requests_in(batch) == len(planned.items)]

    def retrieve(self, batch_id: str) -> "MessageBatch":
        """Return a batch as it is now.

        Raises:
            TroubleError: If the call fails for now.
            RunStoppedError: If the API would refuse any call.
            BatchRefusedError: If the API refuses it, or does not know the batch.
        """
        with _translated(f"batch {batch_id}"):
            return self._batches.retrieve(batch_id)

    def results(self, batch: "MessageBatch") -> Iterator[BatchLine]:
        """Yield the results of a batch that has ended, as they come; memory holds one line.

        Raises:
            TroubleError: If they cannot be read to their end.
            RunStoppedError: If the API would refuse any call.
            BatchRefusedError: If the API refuses them.
        """
        count = 0
        with _translated(f"the results of batch {batch.id}"):
            streaming = self._batches.with_streaming_response
            with streaming.results(batch.id) as response:
                for line in _lines(response.iter_bytes()):
                    yield _decoded(line)
                    count += 1
        if count < requests_in(batch):
            raise TroubleError(f"batch {batch.id}: {count} of {requests_in(batch)} results came")

    def first_custom_id(self, batch: "MessageBatch") -> str | None:
        """Return the custom id of any one result of a batch that has ended; raises as `results`."""
        results = self.results(batch)
        try:
            return next((line.custom_id for line in results), None)
        finally:
            cast("Any", results).close()


def requests_in(batch: "MessageBatch") -> int:
    """Return how many requests a batch holds, whatever became of them."""
    counts = batch.request_counts
    return counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired


class _MaybeTakenInError(Exception):
    """A submission whose answer was lost; not a type that the SDK retries."""


class _NoSecondBatch(Middleware):
    """Ends the SDK's retries of a submission that may have been taken in."""

    def handle(self, request: "APIRequest", call_next: "CallNext") -> "APIResponse[Any]":
        """Make one attempt; `from None`, since the SDK also looks at causes to retry."""
        try:
            response = call_next(request)
        except APIConnectionError as error:
            failure = failure_of(error)
            if not failure.may_have_cost:
                raise
            raise _MaybeTakenInError(_said(failure)) from None
        status = response.http_response.status_code
        if status == httpx2.codes.REQUEST_TIMEOUT or (status >= 500 and status != _OVERLOADED):
            response.http_response.close()
            raise _MaybeTakenInError(f"status {status}")
        return response


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except CAUGHT as error:
        failure = failure_of(error)
        if failure.fate is Fate.ASK_AGAIN:
            raise TroubleError(f"{what}: {_said(failure)}") from error
        if failure.fate is Fate.STOP:
            raise failure.stopping_error() from error
        hint = (
            ": it was deleted, or the key is of another workspace than the one that submitted it"
            if failure.status == httpx2.codes.NOT_FOUND
            else ""
        )
        raise BatchRefusedError(f"{what}: {_said(failure)}{hint}") from error
    except TypeError as error:  # what the SDK raises where it finds no key
        if "authentication" not in str(error):
            raise
        raise no_credentials().stopping_error() from error


def _said(failure: Failure) -> str:
    status = "no answer" if failure.status is None else f"status {failure.status}"
    return f"{status}, {one_line(failure.error.message or failure.error.type, 200)}"


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut bytes at line feeds alone: Unicode's separators may stand raw within JSON strings."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            line = b"".join((*parts, piece))
            parts, size = [], 0
            if line.strip():
                yield line
        parts.append(rest)
        size += len(rest)
        if size > MAX_LINE_BYTES:
            raise TroubleError(f"a line of results is longer than {MAX_LINE_BYTES} bytes")
    if last := b"".join(parts).strip():
        yield last


_LINE: Final = msgspec.json.Decoder(BatchLine)


def _decoded(line: bytes) -> BatchLine:
    try:
        return _LINE.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TroubleError(f"a line of results cannot be read: {one_line(str(error))}") from error
