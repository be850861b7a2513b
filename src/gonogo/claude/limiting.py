"""The middleware that holds an application's calls within the limits of a ledger.

`Anthropic(middleware=[Limiting(ledger)])`: before each paid attempt the most that it can cost is
set aside, or the call is refused; at its end, or that of its stream, what it did cost takes its
place.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import anyio.to_thread
import httpx2
from anthropic import APIConnectionError, Middleware

from gonogo.attribution import current_attributes
from gonogo.claude.broken_calls import is_failed, is_whole, usage_until_then
from gonogo.claude.recording import Recorder
from gonogo.claude.requests import is_upload, sent_of
from gonogo.claude.settling import Hold, Settled, Settler
from gonogo.errors import BudgetExceeded, UnpricedModelError
from gonogo.exchanges import Exchange, Request
from gonogo.json_lines import JsonObject
from gonogo.pricing import (
    BYTES_PER_TOKEN,
    Prices,
    cost_of,
    input_tokens_at_most,
    upper_bound_of,
)
from gonogo.recordings.attempts import Attempt
from gonogo.recordings.tape import Sent
from gonogo.wires import MESSAGES_PATH, Ending

if TYPE_CHECKING:
    from anthropic import APIRequest, AsyncCallNext, CallNext
    from anthropic._response import APIResponse, AsyncAPIResponse

_Bounds: TypeAlias = Mapping[str | None, Decimal]
"""By model what an attempt can cost at most, in US dollars; several only of a batch."""

_BATCHES_PATH: Final = "/v1/messages/batches"
_NOT_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
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
        self,
        reservation_id: str,
        attributes: Mapping[str, str],
        *,
        upper_bound_usd: Decimal,
        is_sent: bool,
    ) -> Reserved:
        """Set aside what a call can cost at most, which is sent at once."""


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
            bytes_per_token: Of words of the input, at least 1; lower is surer, higher sets less
                aside.
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
            UnboundedCostError: If it does not say how many tokens are written at most.
        """
        sent, bounds = self._read(request)
        if sent is None or bounds is None:
            return call_next(request)
        hold = Hold(self._settler)
        try:
            self._reserve(request, bounds, dict(self._attributes()), hold)
        except BaseException:
            hold.release()  # nothing was sent
            raise
        if hold.is_empty:
            return call_next(request)
        recorder = Recorder(self._keeper(hold, waits=True))
        try:
            return recorder.record(request, call_next, sent)
        except BaseException as error:
            _fail(hold, error)
            raise

    async def handle_async(
        self, request: "APIRequest", call_next: "AsyncCallNext"
    ) -> "AsyncAPIResponse[Any]":
        """Make an attempt of an asynchronous client; otherwise as `handle`."""
        sent, bounds = self._read(request)
        if sent is None or bounds is None:
            return await call_next(request)
        hold = Hold(self._settler)
        attributes = dict(self._attributes())
        try:
            await anyio.to_thread.run_sync(self._reserve, request, bounds, attributes, hold)
        except BaseException:
            hold.release()  # cancelled while it was reserved, too
            raise
        if hold.is_empty:
            return await call_next(request)
        recorder = Recorder(self._keeper(hold, waits=False))
        try:
            return await recorder.record_async(request, call_next, sent)
        except BaseException as error:
            _fail(hold, error)
            raise

    def flush(self, timeout_seconds: float = _PATIENCE_SECONDS) -> bool:
        """Wait until the ends of calls so far are settled; for the end of a program.

        Returns:
            Whether they are.
        """
        return self._settler.flush(timeout_seconds)

    def _read(self, request: "APIRequest") -> tuple[Sent | None, _Bounds | None]:
        """Return what is sent, and what it can cost at most; None where it costs nothing."""
        if request.method.upper() != "POST" or is_upload(request):
            return None, None
        sent = sent_of(request)
        body = sent.body
        if not isinstance(body, dict):
            return sent, None
        if sent.path == MESSAGES_PATH:
            return sent, self._bounds_of((Request(body),), is_batch=False)
        if sent.path == _BATCHES_PATH:
            return sent, self._bounds_of(_requests_in(body), is_batch=True)
        return sent, None

    def _bounds_of(self, requests: tuple[Request, ...], *, is_batch: bool) -> _Bounds:
        now = datetime.now(UTC)
        bounds: dict[str | None, Decimal] = {}
        for request in requests:
            bound = upper_bound_of(
                request,
                input_tokens_at_most(request, self._bytes_per_token),
                self._prices,
                at=now,
                batch=is_batch,
                unknown_as_dearest=True,
            )
            bounds[request.model] = bounds.get(request.model, Decimal(0)) + bound
        return bounds

    def _reserve(
        self, request: "APIRequest", bounds: _Bounds, attributes: dict[str, str], hold: Hold
    ) -> None:
        """Make the reservations; none where the ledger is down and lets calls pass.

        The first one's id is the SDK's idempotency key. Each further attempt has its own, since
        each may cost; and so have further models of a batch, and a call to which the application
        gave a key that another call had.
        """
        self._settler.start()
        self._settler.catch_up(_PATIENCE_SECONDS)
        key = (request.options.idempotency_key or uuid.uuid4().hex)[:200]
        attempt = request.retries_taken + 1
        name = key if attempt == 1 else f"{key}#{attempt}"
        for number, (model, bound) in enumerate(bounds.items()):
            whose = attributes if model is None else {**attributes, "model": model}
            own = name if number == 0 else f"{name}+{number}"
            if not self._is_new(own, whose, bound, hold):
                self._is_new(f"{own}~{uuid.uuid4().hex}", whose, bound, hold)

    def _is_new(self, name: str, attributes: Mapping[str, str], bound: Decimal, hold: Hold) -> bool:
        """Reserve, and say whether there was no reservation of that name."""
        hold.add(name, bound)
        try:
            made = self._ledger.reserve(name, attributes, upper_bound_usd=bound, is_sent=True)
        except BudgetExceeded:
            hold.drop(name)
            raise
        if not (made.is_new and made.is_recorded):
            hold.drop(name)
        return made.is_new

    def _keeper(self, hold: Hold, *, waits: bool) -> Callable[[Attempt], None]:
        """Return what settles an attempt when its body has ended."""

        def keep(attempt: Attempt) -> None:
            ending = None if attempt.wire is None else attempt.wire.ending
            if ending is Ending.NO_ANSWER:
                return  # what the transport says of it decides
            self._settle(hold, attempt)
            if waits and ending is Ending.COMPLETE:  # others may come from a finalizer
                self._settler.flush(_PATIENCE_SECONDS)

        return keep

    def _settle(self, hold: Hold, attempt: Attempt) -> None:
        exchange = attempt.exchange
        if attempt.status is not None and attempt.status >= 400:
            hold.release()
        elif exchange is None:  # a batch that was accepted
            hold.charge_bounds()
        elif is_failed(exchange):
            hold.release()
        else:
            cost = self._cost_of(exchange)
            if cost is None:
                hold.charge_bounds()
            else:
                hold.settle(cost, is_estimate=not is_whole(exchange))

    def _cost_of(self, exchange: Exchange) -> Decimal | None:
        """Return what a call cost, if need be by estimate; None where that is not known."""
        usage = exchange.usage if is_whole(exchange) else usage_until_then(exchange)
        try:
            return None if usage is None else cost_of(replace(exchange, usage=usage), self._prices)
        except UnpricedModelError:
            return None


def _fail(hold: Hold, error: BaseException) -> None:
    """Settle an attempt without an answer: it may have cost if it was sent."""
    if not isinstance(error, APIConnectionError):
        if isinstance(error, Exception):
            hold.release()
        return  # else abandoned, which the recorder has told
    if isinstance(error.__cause__, _NOT_SENT):
        hold.release()
    else:
        hold.charge_bounds()


def _requests_in(batch: JsonObject) -> tuple[Request, ...]:
    requests = batch.get("requests")
    rows = requests if isinstance(requests, list) else []
    params = (row.get("params") for row in rows if isinstance(row, dict))
    return tuple(Request(body) for body in params if isinstance(body, dict))
