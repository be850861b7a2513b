"""The canary: says which piece of Claude's SDK has moved, and what it is needed for.

Recording, replay and capture build on pieces that the SDK does not promise to keep. Each is named
here with its need; the names are held against our sources, so that none is forgotten.
"""

import ast
import asyncio
import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import APIRequest, Middleware, _base_client, _constants, _response

import gonogo
from gonogo.errors import GonogoError

SOURCES = Path(gonogo.__file__).parent
ASK: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": "Hello"}],
}
MESSAGE = (
    b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":'
    b'[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":'
    b'{"input_tokens":3,"output_tokens":1}}'
)
EVENT = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def sentence(what: str, lacks: Iterable[str], need: str) -> str:
    """Return what to tell whoever reads a failure; empty where nothing is lacking."""
    names = ", ".join(sorted(lacks))
    if not names:
        return ""
    return (
        f"anthropic {anthropic.__version__}: {what} lacks {names}, which gonogo needs to {need}:"
        " adapt src/gonogo/claude, or narrow the range of versions in pyproject.toml"
    )


def lacking(owner: object, *names: str) -> set[str]:
    return {name for name in names if not hasattr(owner, name)}


def lacking_parameters(function: Callable[..., object], *names: str) -> set[str]:
    return set(names) - set(inspect.signature(function).parameters)


def test_what_has_moved_is_said_in_a_sentence() -> None:
    said = sentence("Middleware", lacking(object(), "handle", "mro"), "record calls")
    assert said.startswith(
        f"anthropic {anthropic.__version__}: Middleware lacks handle, mro, which"
    )
    assert sentence("Middleware", [], "record calls") == ""
    assert lacking_parameters(lambda raw: raw, "raw", "options") == {"options"}


WRAPPERS = [_response.APIResponse, _response.AsyncAPIResponse]


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_an_answer_can_be_built(wrapper: Any) -> None:
    parameters = ("raw", "cast_to", "client", "stream", "stream_cls", "options", "retries_taken")
    need = "hand a recorded answer to the SDK"
    moved = sentence(wrapper.__name__, lacking_parameters(wrapper, *parameters), need)
    assert not moved, moved
    others = [
        name
        for name, parameter in inspect.signature(wrapper).parameters.items()
        if name not in parameters and parameter.default is inspect.Parameter.empty
    ]
    assert not others, (
        f"anthropic {anthropic.__version__}: {wrapper.__name__} now asks for {others}, which"
        " gonogo.claude.replaying does not give"
    )


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_an_answer_tells_what_came_over_the_wire(wrapper: Any) -> None:
    given = set(vars(wrapper)) | set(getattr(_response.BaseAPIResponse, "__annotations__", ()))
    moved = sentence(wrapper.__name__, {"http_response"} - given, "record what came")
    assert not moved, moved


@pytest.mark.parametrize(("name", "is_async"), [("SyncAPIClient", False), ("AsyncAPIClient", True)])
def test_the_one_place_through_which_clients_call(name: str, *, is_async: bool) -> None:
    need = "capture clients that an application makes itself"
    moved = sentence("anthropic._base_client", lacking(_base_client, name), need)
    assert not moved, moved
    kind = getattr(_base_client, name)
    moved = sentence(f"_base_client.{name}", {"request"} - set(vars(kind)), need)
    assert not moved, moved
    assert inspect.iscoroutinefunction(kind.request) is is_async
    overriding = [kind.__name__ for kind in every_subclass(kind) if "request" in vars(kind)]
    assert not overriding, (
        f"anthropic {anthropic.__version__}: {overriding} call by a `request` of their own, which"
        " gonogo.claude.capturing does not see"
    )


def every_subclass(kind: type) -> Iterator[type]:
    for below in kind.__subclasses__():
        if below.__module__.startswith("anthropic"):
            yield below
            yield from every_subclass(below)


def test_calls_side_by_side_begin_in_order_where_the_platform_is_known() -> None:
    need = "let calls side by side begin in the order in which they are made"
    moved = sentence("anthropic._base_client", lacking(_base_client, "get_platform"), need)
    assert not moved, moved
    client = anthropic.AsyncAnthropic(api_key="x")
    moved = sentence("AsyncAnthropic", lacking(client, "_platform"), need)
    assert not moved, moved


def test_importing_the_sdk_imports_that_place() -> None:
    code = "import sys, anthropic; sys.exit('anthropic._base_client' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0, (
        f"anthropic {anthropic.__version__} no longer imports anthropic._base_client with itself:"
        " gonogo.claude.capturing waits for that import"
    )


def used_of_requests() -> set[str]:
    """Return what our sources read of an `APIRequest`, as dotted names."""
    used = set()
    for path in sorted((SOURCES / "claude").glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                used |= set(_read_in(function))
    return used


def _read_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    requests = {
        argument.arg
        for argument in function.args.args
        if argument.annotation is not None and "APIRequest" in ast.unparse(argument.annotation)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute):
            name, _, rest = ast.unparse(node).partition(".")
            if name in requests and rest.replace(".", "").replace("_", "").isalnum():
                yield rest


def test_a_request_tells_what_is_sent() -> None:
    seen: list[APIRequest] = []

    class Seeing(Middleware):
        def handle(self, request: APIRequest, call_next: Any) -> Any:
            seen.append(request)
            return call_next(request)

    with answering(MESSAGE) as sender:
        client = anthropic.Anthropic(api_key="x", http_client=sender, middleware=[Seeing()])
        client.messages.create(**ASK)
    used = used_of_requests()
    assert {"options.idempotency_key", "options.json_data", "retries_taken", "url"} <= used
    missing = {name for name in used if not _has(seen[0], name)}
    moved = sentence("APIRequest", missing, "know what is asked")
    assert not moved, moved
    assert (seen[0].method.upper(), seen[0].url) == ("POST", "/v1/messages")
    assert dict(seen[0].options.json_data) == ASK  # type: ignore[call-overload]  # an object
    lacks = lacking_parameters(APIRequest.copy, "url", "body")
    moved = sentence("APIRequest.copy", lacks, "count the tokens of a call before it is made")
    assert not moved, moved


def _has(value: object, dotted: str) -> bool:
    for name in dotted.split("."):
        if not hasattr(value, name):
            return False
        value = getattr(value, name)
    return True


PRIVATE = {
    "anthropic._base_client": {"SyncAPIClient", "AsyncAPIClient", "get_platform"},
    "anthropic._response": {"APIResponse", "AsyncAPIResponse"},
}
"""Every private piece that gonogo imports or patches; each has its test here."""


def test_no_private_piece_is_used_that_is_not_watched() -> None:
    used: dict[str, set[str]] = {}
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and is_private(node.module or ""):
                used.setdefault(node.module or "", set()).update(a.name for a in node.names)
            elif isinstance(node, ast.Import):
                found = [alias.name for alias in node.names if is_private(alias.name)]
                assert not found, f"{path}: import what is needed of {found} by name"
            elif isinstance(node, ast.Constant) and is_private(str(node.value)):
                used.setdefault(str(node.value), set()).update(PRIVATE.get(str(node.value), ()))
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                is_of_sdk = node.value.id in ("client", "response", "error", "stream", "anthropic")
                assert not (is_of_sdk and node.attr.startswith("_") and node.attr[1] != "_"), (
                    f"{path}:{node.lineno}: {ast.unparse(node)} is the SDK's own affair"
                )
    assert used == PRIVATE, "watch each private piece of the SDK in this file"


def is_private(name: str) -> bool:
    package, *rest = name.split(".")
    return package in ("anthropic", "httpx2") and any(
        part.startswith("_") and part.strip("_").isidentifier() for part in rest
    )


@pytest.mark.parametrize(
    "name",
    [name for name in dir(anthropic) if hasattr(getattr(anthropic, name), "with_middleware")],
)
def test_a_client_can_be_copied_with_further_middleware(name: str) -> None:
    kind = getattr(anthropic, name)
    need = "put a test's tape on a client that the application made"
    moved = sentence(name, lacking(kind, "middleware", "with_options", "copy"), need)
    assert not moved, moved
    moved = sentence(f"{name}.copy", lacking_parameters(kind.copy, "middleware"), need)
    assert not moved, moved


def test_what_a_caller_who_reads_the_body_himself_is_marked_with() -> None:
    assert _constants.RAW_RESPONSE_HEADER.lower() == "x-stainless-raw-response", (
        f"anthropic {anthropic.__version__} marks `with_streaming_response` by another header than"
        " gonogo.claude.replaying looks for"
    )
    modes = []

    class Seeing(Middleware):
        def handle(self, request: APIRequest, call_next: Any) -> Any:
            modes.append(
                {k.lower(): v for k, v in request.headers.items()}.get("x-stainless-raw-response")
            )
            return call_next(request)

    with answering(MESSAGE) as sender:
        client = anthropic.Anthropic(api_key="x", http_client=sender, middleware=[Seeing()])
        client.messages.create(**ASK)
        client.messages.with_raw_response.create(**ASK)
        with client.messages.with_streaming_response.create(**ASK):
            pass
    assert modes == [None, "raw", "stream"]


def answering(body: bytes, status: int = 200, **headers: str) -> httpx2.Client:
    """Return what sends nothing and is answered all the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers=named, content=body, request=request)

    return httpx2.Client(transport=httpx2.MockTransport(answer))


class Chunks(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in two chunks."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks

    async def __aiter__(self) -> Any:
        for chunk in self._chunks:
            yield chunk


def test_the_body_of_an_answer_can_be_taken_over() -> None:
    response = httpx2.Response(200, stream=Chunks(b"not ", b"this"))
    response.stream = Chunks(b"but ", b"that")
    need = f"httpx2 {httpx2.__version__}: Response.stream cannot be replaced: gonogo records by it"
    assert list(response.iter_raw()) == [b"but ", b"that"], need

    async def read() -> list[bytes]:
        response = httpx2.Response(200, stream=Chunks(b"not ", b"this"))
        response.stream = Chunks(b"but ", b"that")
        return [chunk async for chunk in response.aiter_raw()]

    assert asyncio.run(read()) == [b"but ", b"that"], need


class Replaying(Middleware):
    """Answers as `gonogo.claude.replaying` does, with nothing else of ours."""

    client: Any = None

    def handle(self, request: APIRequest, call_next: Any) -> Any:  # noqa: ARG002 - it asks nobody
        return _response.APIResponse(**self._arguments(request))

    async def handle_async(self, request: APIRequest, call_next: Any) -> Any:  # noqa: ARG002 - likewise
        return _response.AsyncAPIResponse(**self._arguments(request))

    def _arguments(self, request: APIRequest) -> dict[str, Any]:
        body: dict[str, Any] = {"content": MESSAGE}
        if request.stream:
            started = b'event: message_start\ndata: {"type":"message_start","message":%s}\n\n'
            body = {"stream": Chunks(started % MESSAGE, EVENT)}
        kind = "text/event-stream" if request.stream else "application/json"
        asked = httpx2.Request(request.method, "https://replay.invalid/v1/messages")
        return {
            "raw": httpx2.Response(200, headers={"content-type": kind}, request=asked, **body),
            "cast_to": request.cast_to,
            "client": self.client,
            "stream": request.stream,
            "stream_cls": request.stream_cls,
            "options": request.options,
            "retries_taken": request.retries_taken,
        }


def test_the_sdk_parses_an_answer_that_was_never_sent() -> None:
    replaying = Replaying()
    client = anthropic.Anthropic(api_key="x", middleware=[replaying])
    replaying.client = client
    assert client.messages.create(**ASK).usage.input_tokens == 3
    with client.messages.stream(**ASK) as stream:
        assert [event.type for event in stream] == ["message_start", "message_stop"]
        assert stream.get_final_message().id == "msg_1"


def test_so_does_an_asynchronous_client() -> None:
    async def ask() -> None:
        replaying = Replaying()
        client = anthropic.AsyncAnthropic(api_key="x", middleware=[replaying])
        replaying.client = client
        assert (await client.messages.create(**ASK)).usage.input_tokens == 3
        async with client.messages.stream(**ASK) as stream:
            assert (await stream.get_final_message()).id == "msg_1"

    asyncio.run(ask())


@pytest.mark.parametrize(("retry", "attempts"), [("true", 3), ("false", 1)])
def test_headers_say_whether_to_try_again_and_middleware_runs_for_each_attempt(
    retry: str, attempts: int
) -> None:
    seen: list[tuple[int, str | None]] = []

    class Seeing(Middleware):
        def handle(self, request: APIRequest, call_next: Any) -> Any:
            seen.append((request.retries_taken, request.options.idempotency_key))
            return call_next(request)

    with answering(b"{}", 500, x_should_retry=retry, retry_after_ms="1") as sender:
        client = anthropic.Anthropic(api_key="x", http_client=sender, middleware=[Seeing()])
        with pytest.raises(anthropic.InternalServerError):
            client.messages.create(**ASK)
    assert [taken for taken, _ in seen] == list(range(attempts))
    assert len({key for _, key in seen}) == 1, (
        f"anthropic {anthropic.__version__}: attempts of one call no longer share their key: a"
        " recording cannot tell them from several calls"
    )
    assert seen[0][1]


def test_an_error_of_ours_reaches_the_caller_at_once() -> None:
    calls = []

    class Denying(Middleware):
        def handle(self, request: APIRequest, call_next: Any) -> Any:  # noqa: ARG002 - it asks nobody
            calls.append(request.url)
            raise GonogoError("denied")

    client = anthropic.Anthropic(api_key="x", middleware=[Denying()])
    with pytest.raises(GonogoError, match="denied"):
        client.messages.create(**ASK)
    assert len(calls) == 1


def test_what_an_error_of_the_api_tells() -> None:
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"no"}}'
    with answering(body, 400) as sender:
        client = anthropic.Anthropic(api_key="x", http_client=sender)
        with pytest.raises(anthropic.APIStatusError) as raised:
            client.messages.create(**ASK)
    names = ("type", "api_message", "error_code", "status_code", "response")
    moved = sentence("APIStatusError", lacking(raised.value, *names), "classify a failed call")
    assert not moved, moved
    assert (raised.value.type, raised.value.api_message) == ("invalid_request_error", "no")


def test_a_client_without_a_key_says_so_as_our_message_expects(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in os.environ:
        if name.startswith("ANTHROPIC_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    with answering(MESSAGE) as sender, pytest.raises(TypeError, match="authentication"):
        anthropic.Anthropic(http_client=sender).messages.create(**ASK)
