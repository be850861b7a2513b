"""What the clouds do to the Messages API: their routes in, and Bedrock's frames out."""

import base64
import dataclasses
import json
import re
import zlib
from typing import Final
from urllib.parse import unquote

from standin.replies import EVENT_STREAM, Piece, Reply
from standin.requests import COUNT_TOKENS, MESSAGES, JsonObject, Request

FRAMES: Final = "application/vnd.amazon.eventstream"

_BEDROCK: Final = re.compile(r"/model/([^/]+)/invoke(-with-response-stream)?")
_VERTEX: Final = re.compile(
    r"(?:/v1)?/projects/[^/]+/locations/[^/]+/publishers/anthropic/models/([^/:]+):(?:streamR|r)awPredict"
)
_COUNTING: Final = "count-tokens"


def is_framed(path: str) -> bool:
    """Say whether what is asked at a path is streamed in Bedrock's frames."""
    return path.endswith("/invoke-with-response-stream")


def as_first_party(request: Request) -> Request:
    """Return a request of Bedrock or Vertex as the Messages API has it; any other as it is."""
    if found := _BEDROCK.fullmatch(request.path):
        streams: JsonObject = {"stream": True} if found[2] else {}
        return _translated(request, MESSAGES, {"model": unquote(found[1]), **streams})
    if found := _VERTEX.fullmatch(request.path):
        if found[1] == _COUNTING:
            return _translated(request, COUNT_TOKENS, {})
        return _translated(request, MESSAGES, {"model": unquote(found[1])})
    return request


def framed(reply: Reply) -> Reply:
    """Return a reply whose events are in frames; a torn event is half a frame."""
    if reply.content_type != EVENT_STREAM:
        return reply
    pieces = tuple(dataclasses.replace(piece, data=_framed(piece)) for piece in reply.pieces)
    return dataclasses.replace(reply, pieces=pieces, content_type=FRAMES)


def _translated(request: Request, path: str, given: JsonObject) -> Request:
    body = {**request.body, **given}
    headers = dict(request.headers)
    version = body.pop("anthropic_version", None)
    if version is not None:
        headers["anthropic-version"] = str(version)
    betas = body.pop("anthropic_beta", None)
    if betas:
        headers["anthropic-beta"] = ",".join(betas)
    return dataclasses.replace(request, path=path, headers=headers, body=body)


def _framed(piece: Piece) -> bytes:
    name, _, rest = piece.data.partition(b"\n")
    data = rest.removeprefix(b"data: ")
    if not data.endswith(b"\n\n"):
        return _frame("event", ":event-type", "chunk", {"bytes": ""})[:20]
    if name == b"event: error":
        error = json.loads(data)["error"]
        # Bedrock's own kinds of exception; `serviceUnavailableException` is its overload.
        kind = "serviceUnavailableException"
        return _frame("exception", ":exception-type", kind, {"message": error["message"]})
    payload = {"bytes": base64.b64encode(data.strip()).decode(), "p": "abcdefgh"}
    return _frame("event", ":event-type", "chunk", payload)


def _frame(message: str, name: str, kind: str, payload: JsonObject) -> bytes:
    """Build a frame: lengths, their checksum, headers, payload, checksum of all before."""
    told = {name: kind, ":content-type": "application/json", ":message-type": message}
    head = b"".join(
        len(key).to_bytes(1, "big")
        + key.encode()
        + b"\x07"
        + len(text).to_bytes(2, "big")
        + text.encode()
        for key, text in told.items()
    )
    body = json.dumps(payload).encode()
    lengths = (16 + len(head) + len(body)).to_bytes(4, "big") + len(head).to_bytes(4, "big")
    frame = lengths + zlib.crc32(lengths).to_bytes(4, "big") + head + body
    return frame + zlib.crc32(frame).to_bytes(4, "big")
