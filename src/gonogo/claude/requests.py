"""What the SDK is about to send, as our own value: the one reading of its requests."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, MappingView, Sequence, Set
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import httpx2
import msgspec
from pydantic import BaseModel

from gonogo.recordings.tape import Sent
from gonogo_checkers.output import JsonValue

if TYPE_CHECKING:
    from anthropic import APIRequest

_SAME_CALL: Final = frozenset({"beta"})
"""Parameters that do not say what is asked: `beta.messages` is the same call as `messages`."""


def sent_of(request: "APIRequest") -> Sent:
    """Return the attempt that a request of the SDK makes; to be asked once an attempt.

    It is the same for whichever platform: a client of Amazon Bedrock or Vertex AI gives a request
    its own path and body only after the middleware. What differs is what the application says
    itself, such as a platform's own name of a model.

    Raises:
        TypeError: If its body holds what is not JSON.
    """
    return Sent(
        method=request.method.upper(),
        path=_path_of(request),
        body=_body_of(request),
        call=_call_of(request),
        attempt=request.retries_taken + 1,
    )


def is_upload(request: "APIRequest") -> bool:
    """Return whether a request sends files or bytes: such calls are not recorded."""
    return request.options.files is not None or request.options.content is not None


_KEYLESS: Final[ContextVar[str]] = ContextVar("_KEYLESS", default="")
"""The last call without an idempotency key.

The SDK gives no key to a GET. It makes the attempts of a call one after the other in one context.
"""


def _call_of(request: "APIRequest") -> str:
    """Return what the attempts of a call share: a hash, an application may choose the key."""
    key = request.options.idempotency_key
    if key:
        return hashlib.sha256(key.encode()).hexdigest()[:16]
    if request.retries_taken == 0 or not _KEYLESS.get():
        _KEYLESS.set(uuid.uuid4().hex[:16])
    return _KEYLESS.get()


def _path_of(request: "APIRequest") -> str:
    path, in_url = _split(request.url)
    given = {key: str(value) for key, value in request.query_params.items()}
    params = {**dict(in_url), **given}
    query = httpx2.QueryParams(
        sorted((key, value) for key, value in params.items() if key not in _SAME_CALL)
    )
    return f"{path}?{query}" if query else path


@lru_cache(maxsize=256)  # parsing a URL costs more than all else that is read of a request
def _split(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the path of a URL from its version on, and its query."""
    parsed = httpx2.URL(url)
    _, marker, rest = parsed.path.rpartition("/v1/")  # a gateway's own path may begin with another
    return marker + rest if marker else parsed.path, tuple(parsed.params.items())


def _body_of(request: "APIRequest") -> JsonValue:
    body = request.options.json_data
    extra = request.options.extra_json
    if extra is not None:
        body = {**(dict(body) if isinstance(body, Mapping) else {}), **extra}
    if body is None:
        return None
    decoded: JsonValue = msgspec.json.decode(msgspec.json.encode(body, enc_hook=_plain))
    return decoded


def _plain(value: object) -> object:
    """Return what the SDK makes of values that JSON does not have."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True, by_alias=True)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence | Set | MappingView) and isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"a request's body holds {type(value).__name__}, which is not JSON")
