"""The middleware that holds an application's calls within the limits of a ledger.

`Anthropic(middleware=[Limiting(ledger)])`: before each paid attempt the most that it can cost is
set aside, or the call is refused; at its end, or that of its stream, what it did cost takes its
place.
"""

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio.to_thread
import httpx2
import msgspec
from anthropic import APIConnectionError, Middleware

from gonogo.attribution import current_attributes
from gonogo.claude.recording import Recorder
from gonogo.claude.requests import is_upload, sent_of
from gonogo.claude.settling import Charge, Settled, Settler
from gonogo.claude.upper_bounds import BYTES_PER_TOKEN, bound_usd, input_tokens_at_most
from gonogo.errors import UnpricedModelError
from gonogo.exchanges import Exchange, Request, Usage
from gonogo.json_lines import JsonObject
from gonogo.pricing import Prices, cost_of
from gonogo.recordings.attempts import Attempt
from gonogo.recordings.tape import Sent
from gonogo.wires import MESSAGES_PATH, Ending

if TYPE_CHECKING:
    from anthropic import APIRequest, AsyncCallNext, CallNext
    from anthropic._response import APIResponse, AsyncAPIResponse

_BATCHES_PATH: Final = "/v1/messages/batches"
_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_BROKEN_OFF: Final = frozenset(
    {"incomplete_stream", "unreadable_answer", "connection_error", "timeout_error", "abandoned"}
)
"""Errors that are the recorder's, not the API's: what such a call cost is not known."""

_PATIENCE_SECONDS: Final = 5.0


class Reserved(Protocol):
    """A reservation, as the middleware needs it."""

    @property
    def is_new(self) -> bool:
        """Whether it was made now."""

    @property
    def is_recorded(self) -> bool:
        """Whether the ledger knows of it."""


class SpendingLedger(Settled, Protocol):
    """A ledger, as the middleware needs it: `gonogo.spend.ledger.Ledger`."""

    def reserve(
        self, reservation_id: str, attributes: Mapping[str, str], *, upper_bound_usd: Decimal
    ) -> Reserved:
        """Set aside what a call can cost at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paid:
    """An attempt that costs money.

    Attributes:
        requests: What is asked: one call, or those of a batch.
        bound: What it can cost at most, in US dollars.
        is_batch: Whether it is a batch: its cost is not known when it was accepted.
    """

    requests: tuple[Request, ...]
    bound: Decimal
    is_batch: bool


class Limiting(Middleware):
    """Refuses calls that a hard limit does not let pass, and settles what the others cost."""

    def __init__(
        self,
        ledger: SpendingLedger,
        *,
        prices: Prices | None = None,
        attributes: Callable[[], Mapping[str, str]] = current_attributes,
        bytes_per_token: float = BYTES_PER_TOKEN,
    ) -> None:
        """Take the ledger, and how calls are priced and attributed.

        Args:
            ledger: Knows the limits, and what has been spent.
            prices: Configured prices by model; they go before the list's.
            attributes: For whom a call is made, asked before each; the model is added to it.
            bytes_per_token: Of input, at least 1; lower is surer, higher sets less aside.
        """
        self._ledger = ledger
        self._prices: Prices = prices or {}
        self._attributes = attributes
        self._bytes_per_token = bytes_per_token
        self._settler = Settler(ledger)

    def handle(self, request: "APIRequest", call_next: "CallNext") -> "APIResponse[Any]":
        """Make an attempt of a synchronous client.

        Raises:
            BudgetExceeded: If a hard limit does not let it.
            StoreDownError: If the ledger does not answer, and a hard limit holds for it.
            UnpricedModelError: If no price is known that may apply.
            UnboundedCostError: If nobody can tell what it costs at most.
        """
        sent, paid = self._read(request)
        if sent is None or paid is None:
            return call_next(request)
        reservation = self._reserve(request, paid, dict(self._attributes()))
        if reservation is None:
            return call_next(request)
        recorder = Recorder(self._keeper(reservation, paid, waits=True))
        try:
            return recorder.record(request, call_next, sent)
        except BaseException as error:
            self._fail(reservation, paid, error)
            raise

    async def handle_async(
        self, request: "APIRequest", call_next: "AsyncCallNext"
    ) -> "AsyncAPIResponse[Any]":
        """Make an attempt of an asynchronous client; otherwise as `handle`."""
        sent, paid = self._read(request)
        if sent is None or paid is None:
            return await call_next(request)
        attributes = dict(self._attributes())
        reservation = await anyio.to_thread.run_sync(self._reserve, request, paid, attributes)
        if reservation is None:
            return await call_next(request)
        recorder = Recorder(self._keeper(reservation, paid, waits=False))
        try:
            return await recorder.record_async(request, call_next, sent)
        except BaseException as error:
            self._fail(reservation, paid, error)
            raise

    def flush(self, timeout_seconds: float = _PATIENCE_SECONDS) -> bool:
        """Wait until the ends of calls so far are settled; for the end of a program.

        Returns:
            Whether they are.
        """
        return self._settler.flush(timeout_seconds)

    def _read(self, request: "APIRequest") -> tuple[Sent | None, _Paid | None]:
        if request.method.upper() != "POST" or is_upload(request):
            return None, None
        sent = sent_of(request)
        body = sent.body
        if not isinstance(body, dict):
            return sent, None
        if sent.path == MESSAGES_PATH:
            return sent, self._paid((Request(body),), is_batch=False)
        if sent.path == _BATCHES_PATH:
            return sent, self._paid(_requests_in(body), is_batch=True)
        return sent, None

    def _paid(self, requests: tuple[Request, ...], *, is_batch: bool) -> _Paid:
        now = datetime.now(UTC)
        bounds = (
            bound_usd(
                request,
                input_tokens_at_most(request, self._bytes_per_token),
                self._prices,
                at=now,
                batch=is_batch,
            )
            for request in requests
        )
        return _Paid(requests=requests, bound=sum(bounds, Decimal(0)), is_batch=is_batch)

    def _reserve(
        self, request: "APIRequest", paid: _Paid, attributes: dict[str, str]
    ) -> str | None:
        """Return the id of a new reservation; None where the ledger is down and lets calls pass.

        It is the SDK's idempotency key. Each further attempt has its own, since each may cost; and
        so has a call to which the application gave a key that another call had.
        """
        self._settler.start()
        self._settler.flush(_PATIENCE_SECONDS)
        models = {model for model in (asked.model for asked in paid.requests) if model}
        if len(models) == 1:
            attributes["model"] = models.pop()
        key = request.options.idempotency_key or uuid.uuid4().hex
        attempt = request.retries_taken + 1
        name = key[:200] if attempt == 1 else f"{key[:200]}#{attempt}"
        made = self._ledger.reserve(name, attributes, upper_bound_usd=paid.bound)
        if not made.is_new:
            name = f"{name}~{uuid.uuid4().hex}"
            made = self._ledger.reserve(name, attributes, upper_bound_usd=paid.bound)
        return name if made.is_recorded else None

    def _keeper(self, reservation: str, paid: _Paid, *, waits: bool) -> Callable[[Attempt], None]:
        """Return what settles an attempt when its body has ended."""

        def keep(attempt: Attempt) -> None:
            ending = None if attempt.wire is None else attempt.wire.ending
            if ending is Ending.NO_ANSWER:
                return  # what the transport says of it decides
            self._settler.put(self._charge(reservation, paid, attempt, ending))
            if waits and ending is Ending.COMPLETE:  # others may come from a finalizer
                self._settler.flush(_PATIENCE_SECONDS)

        return keep

    def _charge(
        self, reservation: str, paid: _Paid, attempt: Attempt, ending: Ending | None
    ) -> Charge:
        if attempt.status is not None and attempt.status >= 400:
            return Charge(reservation, None)
        exchange = attempt.exchange
        if exchange is None:  # a batch that was accepted, or a call of which nothing is known
            return Charge(reservation, paid.bound, is_estimate=True)
        if _is_failed(exchange):
            return Charge(reservation, None)
        is_whole = ending is Ending.COMPLETE and exchange.error is None
        usage = exchange.usage
        if usage is not None and not is_whole:
            exchange = replace(exchange, usage=_guessed(exchange, usage))
        try:
            cost = None if usage is None else cost_of(exchange, self._prices)
        except UnpricedModelError:
            cost = None
        if cost is None:
            return Charge(reservation, paid.bound, is_estimate=True)
        return Charge(reservation, cost, is_estimate=not is_whole)

    def _fail(self, reservation: str, paid: _Paid, error: BaseException) -> None:
        """Settle an attempt without an answer: it may have cost if it was sent."""
        if not isinstance(error, APIConnectionError):
            if isinstance(error, Exception):
                self._settler.put(Charge(reservation, None))
            return  # else abandoned, which the recorder has told
        if isinstance(error.__cause__, _NOT_SENT):
            self._settler.put(Charge(reservation, None))
        else:
            self._settler.put(Charge(reservation, paid.bound, is_estimate=True))


def _requests_in(batch: JsonObject) -> tuple[Request, ...]:
    requests = batch.get("requests")
    rows = requests if isinstance(requests, list) else []
    params = (row.get("params") for row in rows if isinstance(row, dict))
    return tuple(Request(body) for body in params if isinstance(body, dict))


def _is_failed(exchange: Exchange) -> bool:
    """Say whether the API itself ended a stream with an error: a failed call costs nothing."""
    return exchange.error is not None and exchange.error.type not in _BROKEN_OFF


def _guessed(exchange: Exchange, usage: Usage) -> Usage:
    """Return the tokens of an answer that did not come whole: its input is known by then.

    The output is what came, at two bytes a token; the most that was asked for where that is gone.
    """
    if exchange.response is None:
        most = exchange.request.body.get("max_tokens")
        output = most if isinstance(most, int) else 0
    else:
        content = msgspec.json.encode(exchange.response.body.get("content"))
        output = math.ceil(len(content) / BYTES_PER_TOKEN)
    return Usage({**usage.body, "output_tokens": max(output, usage.output_tokens)})
