"""What the stand-in refuses, and that it says it as the API does."""

from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import Anthropic
from standin import StandIn

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Where is my refund?"}],
}
HEADERS = {"x-api-key": "test", "anthropic-version": "2023-06-01"}


def content(*blocks: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"temperature": 0.5}, "temperature: Extra inputs are not permitted"),
        ({"betas": ["x"]}, "betas: Extra inputs are not permitted"),
        ({"max_tokens": "200"}, "max_tokens: Input should be a valid integer"),
        ({"max_tokens": True}, "max_tokens: Input should be a valid integer"),
        ({"max_tokens": -1}, "max_tokens: Input should be greater than or equal to 0"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"messages": "Hello"}, "messages: Input should be a valid list"),
        ({"stop_sequences": "END"}, "stop_sequences: Input should be a valid list"),
        ({"stream": "yes"}, "stream: Input should be False"),
        ({"service_tier": "gold"}, "service_tier: Input should be 'auto' or 'standard_only'"),
        (content({"type": "text"}), "messages.0.content.0.text: Field required"),
        (
            content({"type": "text", "text": "a", "bold": True}),
            "messages.0.content.0.bold: Extra inputs are not permitted",
        ),
        (
            content({"type": "txt", "text": "a"}),
            "messages.0.content.0: Input does not match any of the expected tags: type 'txt'",
        ),
        (
            {"messages": [{"role": "robot", "content": "a"}]},
            "messages.0: Input does not match any of the expected tags: role 'robot'",
        ),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0: user messages must have"),
        ({"tools": [{"name": "f"}]}, "tools.0.input_schema: Field required"),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 100}},
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 5000}},
            "max_tokens: must be greater than thinking.budget_tokens",
        ),
    ],
)
def test_a_body_that_is_no_message_create_params_is_refused(
    changed: dict[str, object], message: str
) -> None:
    with (
        StandIn() as api,
        Anthropic(base_url=api.url, api_key="test", max_retries=0) as claude,
        pytest.raises(anthropic.BadRequestError) as refused,
    ):
        claude.messages.create(**ASKED, extra_body=changed)
    assert refused.value.type == "invalid_request_error"
    assert refused.value.api_message is not None
    assert refused.value.api_message.startswith(message)
    body = refused.value.body
    assert isinstance(body, dict)
    assert body["request_id"] == refused.value.request_id == api.calls[0].request_id
    assert (api.paid, api.calls[0].status) == (0, 400)


@pytest.mark.parametrize("missing", ["model", "max_tokens", "messages"])
def test_required_keys_are_required(missing: str) -> None:
    body = {name: ASKED[name] for name in ASKED if name != missing}
    with StandIn() as api:
        reply = httpx2.post(f"{api.url}/v1/messages", json=body, headers=HEADERS)
    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == f"{missing}: Field required"


@pytest.mark.parametrize(
    "changed",
    [
        {"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 2}]},
        {"tools": [{"name": "f", "input_schema": {"type": "object", "$defs": {}}}]},
        {"system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
        {"metadata": {"user_id": "u-1"}, "stop_sequences": ["END"], "inference_geo": "us"},
        {"model": "claude-haiku-4-5"},
        content({"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}),
        content(
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "YQ=="},
            }
        ),
        content(
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "a"},
                "citations": {"enabled": True},
            }
        ),
    ],
)
def test_bodies_that_the_sdk_can_send_are_accepted(changed: dict[str, object]) -> None:
    with (
        StandIn() as api,
        Anthropic(base_url=api.url, api_key="test", max_retries=0) as claude,
    ):
        assert claude.messages.create(**ASKED, extra_body=changed).stop_reason == "end_turn"


def test_a_model_that_does_not_exist_is_not_found() -> None:
    with (
        StandIn() as api,
        Anthropic(base_url=api.url, api_key="test", max_retries=0) as claude,
        pytest.raises(anthropic.NotFoundError, match="model: claude-nine"),
    ):
        claude.messages.create(**{**ASKED, "model": "claude-nine"})


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"anthropic-version": "2023-06-01"}, 401, "authentication_error"),
        (
            {"anthropic-version": "2023-06-01", "authorization": "Bearer"},
            401,
            "authentication_error",
        ),
        ({"x-api-key": "test"}, 400, "invalid_request_error"),
        ({"authorization": "Bearer test", "anthropic-version": "2023-06-01"}, 200, None),
    ],
)
def test_a_key_and_a_version_are_required(
    headers: dict[str, str], status: int, kind: str | None
) -> None:
    with StandIn() as api:
        reply = httpx2.post(f"{api.url}/v1/messages", json=ASKED, headers=headers)
    assert reply.status_code == status
    assert reply.json().get("error", {}).get("type") == kind


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff", b"", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(raw: bytes) -> None:
    with StandIn() as api:
        reply = httpx2.post(f"{api.url}/v1/messages", content=raw, headers=HEADERS)
    assert (reply.status_code, api.calls[0].body) == (400, {})


def test_a_body_over_the_limit_is_refused_unread() -> None:
    with StandIn(max_request_bytes=1000) as api:
        asked = {**ASKED, "system": "x" * 1500}
        reply = httpx2.post(f"{api.url}/v1/messages", json=asked, headers=HEADERS)
        assert api.calls == []
    assert (reply.status_code, reply.json()["error"]["type"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/messages"), ("POST", "/v1/complete"), ("DELETE", "/v1/models"), ("GET", "/")],
)
def test_unknown_endpoints_are_not_found(method: str, path: str) -> None:
    with StandIn() as api:
        reply = httpx2.request(method, api.url + path, json={}, headers=HEADERS)
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "not_found_error")


def test_count_tokens_refuses_what_only_a_message_may_have() -> None:
    with (
        StandIn() as api,
        Anthropic(base_url=api.url, api_key="test", max_retries=0) as claude,
        pytest.raises(anthropic.BadRequestError, match="max_tokens: Extra inputs"),
    ):
        claude.messages.count_tokens(
            model=ASKED["model"], messages=ASKED["messages"], extra_body={"max_tokens": 5}
        )
