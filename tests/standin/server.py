"""The stand-in as tests use it: a server on loopback that starts and stops in a `with` block."""

import socket
import socketserver
import sys
import threading
import time
from types import TracebackType
from typing import Any, Final, Self

from standin.admin import AdminReports
from standin.answers import Answering, echo
from standin.batches import ItemOutcome, always_succeeds
from standin.calls import Call
from standin.connections import Compression, Connection
from standin.faults import Fault
from standin.rate_limits import RateLimits
from standin.requests import Predicate
from standin.service import Service
from standin.validation import sdk_models

_MAX_REQUEST_BYTES: Final = 32 * 1024 * 1024
_POLL_SECONDS: Final = 0.02
_STOP_SECONDS: Final = 2.0


class StandIn:
    """A stand-in for the Messages API over real HTTP on 127.0.0.1.

        with StandIn() as api:
            client = Anthropic(base_url=api.url, api_key="test")

    Attributes:
        url: Where it listens, for `base_url` or `ANTHROPIC_BASE_URL`.
    """

    def __init__(
        self,
        answer: Answering = echo,
        *,
        batch_polls: int = 1,
        batch_outcome: ItemOutcome = always_succeeds,
        rate_limits: RateLimits | None = None,
        compression: Compression = "bodies",
        models: tuple[str, ...] | None = None,
        max_request_bytes: int = _MAX_REQUEST_BYTES,
        port: int = 0,
    ) -> None:
        """Bind the socket; nothing is served before `start`.

        Args:
            answer: What is said to each request; a string or an `Answer`.
            batch_polls: How many retrievals find a batch in progress before it has ended.
            batch_outcome: How an item of a batch ends, by custom id and parameters.
            rate_limits: What the rate-limit headers say.
            compression: What is sent as gzip to clients that accept it.
            models: The models that exist; None: those that the SDK's types list.
            max_request_bytes: The largest body that is read.
            port: 0: any free one.
        """
        self._service = Service(
            answer,
            models=sdk_models() if models is None else models,
            rate_limits=rate_limits or RateLimits(),
            batch_polls=batch_polls,
            batch_outcome=batch_outcome,
        )
        self._stopping = threading.Event()
        settings: dict[str, Any] = {
            "service": self._service,
            "compression": compression,
            "max_request_bytes": max_request_bytes,
            "pause": self._stopping.wait,
        }
        self._server = _Server(
            port, type("BoundConnection", (Connection,), settings), self._service
        )
        self._thread: threading.Thread | None = None
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._service.url = self.url

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None and self._service.broken:
            raise self._service.broken[0]

    def start(self) -> Self:
        """Serve from a thread until `stop`."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving: waits end at once, open connections are closed, threads are joined."""
        self._stopping.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(_STOP_SECONDS)
            self._thread = None
        self._server.server_close()
        self._server.close_connections(_STOP_SECONDS)

    def script(
        self, *faults: Fault | None, when: Predicate | None = None, times: int | None = 1
    ) -> None:
        """Say what happens to the next calls.

        Args:
            faults: Each to the next call that fits, in this order; None lets one call pass.
            when: Which requests; None: those that ask for a message (`any_request`: all).
            times: How often each happens; None: for ever.
        """
        self._service.script.add(*faults, when=when, times=times)

    def clear_script(self) -> None:
        """Forget the faults that have not happened."""
        self._service.script.clear()

    def wait_for_calls(self, count: int, *, timeout_seconds: float = 10.0) -> bool:
        """Wait until that many calls have arrived in all, and say whether they have."""
        return self._service.log.wait_for(count, timeout_seconds)

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in the order of arrival; a copy."""
        return self._service.log.snapshot()

    @property
    def paid(self) -> int:
        """How many messages were answered with 200, batches apart."""
        return sum(call.is_paid for call in self.calls)

    @property
    def paid_custom_ids(self) -> list[str]:
        """The custom ids of the items of batches that were answered, once an answer."""
        return self._service.batches.paid_custom_ids()

    @property
    def reports(self) -> AdminReports:
        """What the Admin API reports; its buckets may be set at any time."""
        return self._service.reports

    @property
    def pending_faults(self) -> int:
        """How many scripted faults have not happened yet."""
        return self._service.script.pending()

    @property
    def in_flight(self) -> int:
        """How many calls are being answered now."""
        return self._service.log.in_flight()

    @property
    def peak_in_flight(self) -> int:
        """How many calls were in flight at most at one time."""
        return self._service.log.peak()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point a process at this server."""
        return {"ANTHROPIC_BASE_URL": self.url, "ANTHROPIC_API_KEY": "test"}

    @property
    def answer(self) -> Answering:
        """What is said to each request; may be set at any time."""
        return self._service.answer

    @answer.setter
    def answer(self, answer: Answering) -> None:
        self._service.answer = answer

    @property
    def rate_limits(self) -> RateLimits:
        """What the rate-limit headers say; may be set at any time."""
        return self._service.rate_limits

    @rate_limits.setter
    def rate_limits(self, limits: RateLimits) -> None:
        self._service.rate_limits = limits


class _Server(socketserver.ThreadingTCPServer):
    """Accepts connections, and keeps them so that it can close them.

    Not `http.server.HTTPServer`, which looks up the name of the host when it binds.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, handler: type[Connection], service: Service) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self._service = service
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection from a thread of its own."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's
        """Keep what went wrong, unless it is a client that went away."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):
            self._service.broken.append(error)

    def close_connections(self, timeout_seconds: float) -> None:
        """Close what is open, and wait for the threads that served it."""
        with self._lock:
            still_open = dict(self._open)
        for connection in still_open:
            _hang_up(connection)
        deadline = time.monotonic() + timeout_seconds
        for thread in still_open.values():
            thread.join(max(0.0, deadline - time.monotonic()))


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
