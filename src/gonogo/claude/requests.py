"""What the SDK is about to send, as our own value: the one reading of its requests."""

import hashlib
from collections.abc import Iterable, Mapping, MappingView, Sequence, Set
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
    """Return the attempt that a request of the SDK makes.

    Raises:
        TypeError: If its body holds what is not JSON.
    """
    return Sent(
        method=request.method.upper(),
        path=_path_of(request),
        body=_body_of(request),
        call=_call_of(request.options.idempotency_key),
        attempt=request.retries_taken + 1,
    )


def is_upload(request: "APIRequest") -> bool:
    """Return whether a request sends files or bytes: such calls are not recorded."""
    return request.options.files is not None or request.options.content is not None


def _call_of(idempotency_key: str | None) -> str:
    """Return what the attempts of a call share: a hash, an application may choose the key."""
    if not idempotency_key:
        return ""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()[:16]


def _path_of(request: "APIRequest") -> str:
    url = httpx2.URL(request.url)
    _, marker, rest = url.path.partition("/v1/")
    path = marker + rest if marker else url.path
    given = {key: str(value) for key, value in request.query_params.items()}
    params = {**dict(url.params), **given}
    query = httpx2.QueryParams(
        sorted((key, value) for key, value in params.items() if key not in _SAME_CALL)
    )
    return f"{path}?{query}" if query else path


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
