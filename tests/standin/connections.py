"""HTTP/1.1 on one connection: reads a request within limits, sends the reply at its pace."""

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import ClassVar, Final, Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from standin.calls import Call
from standin.failures import ApiFailure, error_body
from standin.faults import MAX_WAIT_SECONDS
from standin.platforms import as_first_party, framed, is_framed
from standin.replies import NoReply, Reply
from standin.requests import Request, asks_for_a_message
from standin.service import CONTROL, Service

Compression: TypeAlias = Literal["none", "bodies", "everything"]
"""What is sent as gzip to a client that accepts it: nothing, whole bodies, or streams too."""

_IDLE_SECONDS: Final = 30.0
_READ_BYTES: Final = 65_536
_ALWAYS: Final = {
    "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
    "server": "standin",
    "set-cookie": "standin=not-for-recordings; Path=/; HttpOnly",
}
"""Headers that the API sends beside the documented ones, and that no recording should keep."""


class Connection(BaseHTTPRequestHandler):
    """Serves the requests of one connection, one after the other.

    Attributes:
        service: What decides; set in a subclass that belongs to one server.
        compression: What is compressed.
        max_request_bytes: The largest body that is read.
        pause: Waits that many seconds, and says whether the server is stopping.
    """

    service: ClassVar[Service]
    compression: ClassVar[Compression]
    max_request_bytes: ClassVar[int]
    pause: ClassVar[Callable[[float], bool]]

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Serve a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Serve a POST."""
        self._serve()

    def do_DELETE(self) -> None:
        """Serve a DELETE."""
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the record of calls is the log."""

    def _serve(self) -> None:
        if self.path == CONTROL:
            self._send_whole(Reply(200, json.dumps(self.service.calls_json()).encode()), {})
            return
        try:
            raw = self._read_body()
        except ApiFailure as failure:
            self.close_connection = True
            body = error_body(failure.kind, failure.message, "req_unread", None)
            self._send_whole(Reply(failure.status, json.dumps(body).encode()), {})
            return
        if raw is None:
            self.close_connection = True
            return
        sent = _request(self.command, self.path, dict(self.headers.items()), raw)
        request = as_first_party(sent)
        call = self.service.log.open(request)
        try:
            self._answer(request, call, is_framed=is_framed(sent.path))
        finally:
            self.service.log.close(call.number)

    def _read_body(self) -> bytes | None:
        """Read the body; None if the client went away within it.

        Raises:
            ApiFailure: 411 without a length, 413 for a body that is too large.
        """
        if "transfer-encoding" in self.headers:
            raise ApiFailure(411, "invalid_request_error", "a content-length is required")
        told = self.headers.get("content-length", "0")
        if not told.isdecimal():
            raise ApiFailure(400, "invalid_request_error", "content-length is no number")
        length = int(told)
        if length > self.max_request_bytes:
            # A client that is still sending would see a reset in place of the reply.
            self._skip(min(length, 2 * self.max_request_bytes))
            raise ApiFailure(413, "request_too_large", "Request exceeds the maximum size")
        raw = self.rfile.read(length)
        return raw if len(raw) == length else None

    def _skip(self, length: int) -> None:
        while length > 0 and (part := self.rfile.read(min(length, _READ_BYTES))):
            length -= len(part)

    def _answer(self, request: Request, call: Call, *, is_framed: bool) -> None:
        reply = self.service.respond(request, call)
        self.service.log.update(call.number, fault=reply.fault)
        if isinstance(reply, NoReply):
            self.close_connection = True
            return
        if is_framed:
            reply = framed(reply)
        if self._waits(reply.wait_seconds):
            return
        headers = {
            "request-id": call.request_id,
            **self.service.rate_limits.headers(),
            **_ALWAYS,
            **reply.headers,
        }
        is_paid = reply.status == 200 and asks_for_a_message(request)
        self.service.log.update(call.number, status=reply.status, is_paid=is_paid)
        if not reply.pieces:
            # Before the last byte: a client that has its answer may look at the record at once.
            self.service.log.update(call.number, is_answered=not reply.is_cut)
            sent = self._guarded(call, lambda: self._send_whole(reply, headers))
        else:
            sent = self._guarded(call, lambda: self._send_pieces(reply, headers, call))
        if not sent or reply.is_cut:
            self.close_connection = True

    def _guarded(self, call: Call, send: Callable[[], None]) -> bool:
        """Send, and return whether the client was there until the end."""
        try:
            send()
        except OSError:
            self.service.log.update(call.number, is_answered=False)
            return False
        return True

    def _send_whole(self, reply: Reply, headers: Mapping[str, str]) -> None:
        body, encoding = reply.body, {}
        if self._compresses(is_stream=False):
            body = gzip.compress(body, mtime=0)
            encoding = {"content-encoding": "gzip", "vary": "accept-encoding"}
        head = _head(
            reply,
            {**headers, **encoding, "content-length": str(len(body))},
            is_last=self.close_connection,
        )
        self.wfile.write(head + (body[: len(body) // 2] if reply.is_cut else body))

    def _send_pieces(self, reply: Reply, headers: Mapping[str, str], call: Call) -> None:
        """Send a chunked body, one chunk a piece; a cut one lacks its last chunk."""
        packer = None
        encoding = {}
        if self._compresses(is_stream=True):
            packer = zlib.compressobj(wbits=31)
            encoding = {"content-encoding": "gzip", "vary": "accept-encoding"}
        framing = {"transfer-encoding": "chunked", "cache-control": "no-cache"}
        self.wfile.write(_head(reply, {**headers, **encoding, **framing}, is_last=False))
        for piece in reply.pieces:
            if self._waits(piece.wait_seconds):
                return
            data = piece.data
            if packer is not None:
                data = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
            self.wfile.write(_chunk(data))
        if not reply.is_cut:
            self.service.log.update(call.number, is_answered=True)
            self.wfile.write((_chunk(packer.flush()) if packer is not None else b"") + _chunk(b""))

    def _waits(self, seconds: float) -> bool:
        """Wait, and return whether the server stops: nothing more is sent then."""
        if seconds <= 0:
            return False
        is_stopping = type(self).pause(min(seconds, MAX_WAIT_SECONDS))
        self.close_connection = self.close_connection or is_stopping
        return is_stopping

    def _compresses(self, *, is_stream: bool) -> bool:
        if self.compression == "none" or (is_stream and self.compression != "everything"):
            return False
        return "gzip" in self.headers.get("accept-encoding", "")


def _request(method: str, target: str, headers: Mapping[str, str], raw: bytes) -> Request:
    parts = urlsplit(target)
    lowered = {name.lower(): value for name, value in headers.items()}
    body, problem = {}, ""
    if raw:
        try:
            parsed = json.loads(raw)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, dict):
            body = parsed
        else:
            problem = "The request body is not valid JSON"
    elif method == "POST" and not parts.path.endswith("/cancel"):
        problem = "The request body is empty"
    query = dict(parse_qsl(parts.query))
    return Request(method, parts.path, query, lowered, body, problem=problem)


def _head(reply: Reply, headers: Mapping[str, str], *, is_last: bool) -> bytes:
    """Build status line and headers, to be sent in one write with a short body."""
    phrase = "Overloaded" if reply.status == 529 else HTTPStatus(reply.status).phrase
    lines = [f"HTTP/1.1 {reply.status} {phrase}", f"content-type: {reply.content_type}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if is_last:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
