"""The middleware that a test's clients carry: answers from its tape, or asks and records."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

from anthropic import Anthropic, AnthropicError, APIError, AsyncAnthropic, Middleware
from anthropic._base_client import get_platform

from gonogo.claude.recording import Recorder, raw_of
from gonogo.claude.replaying import replayed, replayed_async
from gonogo.claude.requests import is_upload, sent_of
from gonogo.claude.spending import Spending
from gonogo.errors import CostLimitError, MissingRecordingError
from gonogo.recordings.tape import Tape

if TYPE_CHECKING:
    from anthropic import APIRequest, AsyncCallNext, CallNext
    from anthropic._response import APIResponse, AsyncAPIResponse


_KEY: Final = "replayed-without-a-key"


class Copyable(Protocol):
    """A client of the SDK, of whichever platform."""

    @property
    def middleware(self) -> tuple[Any, ...]: ...  # noqa: D102 - the SDK's own

    def copy(self, *, middleware: list[Any]) -> Self: ...  # noqa: D102 - the SDK's own


AnyClient = TypeVar("AnyClient", bound=Copyable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the clients of one test share.

    Attributes:
        tape: Answers their calls.
        recorder: Records to it what is asked.
        spending: The cost limit of the run; None: there is none.
    """

    tape: Tape
    recorder: Recorder
    spending: Spending | None = None


class Taped(Middleware):
    """Answers each call from a tape; what the tape does not have is asked, and goes on it.

    The SDK does not tell a middleware which client it serves: `client` is set when one is made.
    """

    def __init__(self, wiring: Wiring) -> None:
        """Take what the clients of the test share."""
        self._tape = wiring.tape
        self._recorder = wiring.recorder
        self._spending = wiring.spending
        self.client: Any = None

    def handle(self, request: "APIRequest", call_next: "CallNext") -> "APIResponse[Any]":
        """Answer a synchronous client.

        Raises:
            MissingRecordingError: If nothing recorded answers, and Claude is not to be asked.
            SecretInRecordingError: If the request may not be recorded.
            CostLimitError: If it may cost more than is left, or nobody can tell how much.
        """
        if is_upload(request):
            self._demand_asking(request)
            return call_next(request)
        sent = sent_of(request)
        recorded = self._tape.answer(sent)
        if recorded is not None:
            return replayed(recorded, request, self.client)
        if self._spending is None:
            return self._recorder.record(request, call_next, sent)
        count = self._spending.to_count(request, sent)
        if count is not None:
            with _counting():
                counted = raw_of(call_next(count))
            self._spending.take_count(sent, counted.status_code, counted.read())
        with self._spending.reserved(sent):
            return self._recorder.record(request, call_next, sent)

    async def handle_async(
        self, request: "APIRequest", call_next: "AsyncCallNext"
    ) -> "AsyncAPIResponse[Any]":
        """Answer an asynchronous client; otherwise as `handle`."""
        if is_upload(request):
            self._demand_asking(request)
            return await call_next(request)
        sent = sent_of(request)
        recorded = self._tape.answer(sent)
        if recorded is not None:
            return replayed_async(recorded, request, self.client)
        if self._spending is None:
            return await self._recorder.record_async(request, call_next, sent)
        count = self._spending.to_count(request, sent)
        if count is not None:
            with _counting():
                counted = raw_of(await call_next(count))
            self._spending.take_count(sent, counted.status_code, await counted.aread())
        with self._spending.reserved(sent):
            return await self._recorder.record_async(request, call_next, sent)

    def _demand_asking(self, request: "APIRequest") -> None:
        if not self._tape.book.asks:
            raise MissingRecordingError(
                f"{request.url} sends a file: uploads are not recorded, and cannot be replayed"
            )


def client_of(wiring: Wiring, options: dict[str, Any]) -> Anthropic:
    """Return a client of the SDK that carries the test's tape.

    Args:
        wiring: What the clients of the test share.
        options: Further options of the client; where nothing is asked it needs no key.
    """
    taped = Taped(wiring)
    taped.client = client = Anthropic(**_with(taped, wiring, options))
    return client


def async_client_of(wiring: Wiring, options: dict[str, Any]) -> AsyncAnthropic:
    """Return an asynchronous client; otherwise as `client_of`."""
    taped = Taped(wiring)
    taped.client = client = AsyncAnthropic(**_with(taped, wiring, options))
    _tell_platform(client)
    return client


def carrying(wiring: Wiring, client: AnyClient) -> AnyClient:
    """Return a copy of an application's own client that carries the tape; itself where it does.

    The copy shares the connections, and sends what the client sends.
    """
    if any(isinstance(middleware, Taped) for middleware in client.middleware):
        _tell_platform(client)  # one made by `with_options` does not know it
        return client
    taped = Taped(wiring)
    taped.client = copy = client.copy(middleware=[*client.middleware, taped])
    _tell_platform(copy)
    return copy


def _tell_platform(client: Any) -> None:
    """Tell a client where it runs, so that its calls begin in the order in which they are made.

    An asynchronous one finds it out in a thread, each of its first calls by itself: of calls side
    by side it is then chance which comes first, and with it which answer is whose.
    """
    known = vars(client)
    if "_platform" in known and known["_platform"] is None:
        known["_platform"] = get_platform()


@contextmanager
def _counting() -> Iterator[None]:
    """Say what it means where a platform counts no tokens, as Amazon Bedrock: the SDK refuses."""
    try:
        yield
    except APIError:
        raise
    except AnthropicError as error:
        raise CostLimitError(
            f"the input of a call cannot be counted ({error}), and the run has a cost limit: run it"
            " without one"
        ) from error


def _with(taped: Taped, wiring: Wiring, options: dict[str, Any]) -> dict[str, Any]:
    key = {} if wiring.tape.book.asks else {"api_key": _KEY}
    return {**key, **options, "middleware": [*options.get("middleware", ()), taped]}
