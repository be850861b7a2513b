"""Each fault: what the real SDK makes of it without retries, and that its retries get over it."""

import asyncio
import time
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import Anthropic, AsyncAnthropic
from standin import (
    CutStream,
    DroppedConnection,
    ErrorReply,
    Fault,
    Latency,
    RefusedAnswer,
    SlowChunks,
    SlowFirstToken,
    StandIn,
    StreamError,
    TruncatedAnswer,
    any_request,
    overloaded,
    rate_limited,
    server_error,
    spend_limit,
)

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Where is my refund?"}],
}
SOON = 0.01


def client(api: StandIn, *, max_retries: int = 0, **settings: Any) -> Anthropic:
    return Anthropic(base_url=api.url, api_key="test", max_retries=max_retries, **settings)


ERRORS: list[tuple[Fault, type[anthropic.APIError], str | None]] = [
    (rate_limited(), anthropic.RateLimitError, "rate_limit_error"),
    (rate_limited(retry_after=SOON), anthropic.RateLimitError, "rate_limit_error"),
    (spend_limit(), anthropic.RateLimitError, "rate_limit_error"),
    (overloaded(), anthropic.OverloadedError, "overloaded_error"),
    (server_error(), anthropic.InternalServerError, "api_error"),
    (server_error(status=503), anthropic.ServiceUnavailableError, "api_error"),
    (
        ErrorReply("forbidden", 403, "permission_error", "no"),
        anthropic.PermissionDeniedError,
        "permission_error",
    ),
    (DroppedConnection(), anthropic.APIConnectionError, None),
    (CutStream(), anthropic.APIConnectionError, None),
]


@pytest.mark.parametrize(("fault", "raised", "kind"), ERRORS)
def test_a_fault_raises_what_the_api_would_make_the_sdk_raise(
    fault: Fault, raised: type[anthropic.APIError], kind: str | None
) -> None:
    with StandIn() as api, client(api) as claude:
        api.script(fault)
        with pytest.raises(raised) as error:
            claude.messages.create(**ASKED)
        (call,) = api.calls
        assert claude.messages.create(**ASKED).stop_reason == "end_turn"
    assert getattr(error.value, "type", None) == kind
    assert call.fault == fault.name
    assert api.pending_faults == 0


@pytest.mark.parametrize(("fault", "raised", "kind"), ERRORS)
def test_a_fault_raises_the_same_in_an_async_client(
    fault: Fault, raised: type[anthropic.APIError], kind: str | None
) -> None:
    async def ask(api: StandIn) -> None:
        async with AsyncAnthropic(base_url=api.url, api_key="test", max_retries=0) as claude:
            await claude.messages.create(**ASKED)

    with StandIn() as api:
        api.script(fault)
        with pytest.raises(raised) as error:
            asyncio.run(ask(api))
    assert getattr(error.value, "type", None) == kind


def test_only_a_rate_limit_says_when_to_come_back() -> None:
    with StandIn() as api, client(api) as claude:
        api.script(rate_limited(retry_after=2.5), rate_limited(), spend_limit())
        headers = []
        for _ in range(3):
            with pytest.raises(anthropic.RateLimitError) as error:
                claude.messages.create(**ASKED)
            headers.append(error.value.response.headers.get("retry-after"))
    assert headers == ["2.5", None, None]
    assert error.value.error_code == "enforced_spend_limit_reached"


@pytest.mark.parametrize(
    "fault",
    [rate_limited(SOON), overloaded(SOON), server_error(SOON)],
    ids=lambda fault: fault.name,
)
def test_the_sdks_retries_get_over_two_faults_and_pay_once(fault: Fault) -> None:
    with StandIn() as api, client(api, max_retries=2) as claude:
        api.script(fault, fault)
        assert claude.messages.create(**ASKED).stop_reason == "end_turn"
        calls = api.calls
    assert [call.status == 200 for call in calls] == [False, False, True]
    assert [call.retry for call in calls] == [0, 1, 2]
    assert [call.fault for call in calls] == [fault.name, fault.name, None]
    assert len({call.digest for call in calls}) == 1
    assert api.paid == 1


def test_the_retries_of_an_async_stream_get_over_two_faults() -> None:
    async def ask(api: StandIn) -> str:
        async with (
            AsyncAnthropic(base_url=api.url, api_key="test", max_retries=2) as claude,
            claude.messages.stream(**ASKED) as stream,
        ):
            return await stream.get_final_text()

    with StandIn() as api:
        api.script(rate_limited(SOON), overloaded(SOON))
        assert asyncio.run(ask(api)) == "You said: Where is my refund?"
        assert [call.status for call in api.calls] == [429, 529, 200]


def test_a_call_that_times_out_is_asked_again() -> None:
    with StandIn() as api, client(api, max_retries=1, timeout=2) as claude:
        api.script(Latency(5))
        assert claude.messages.create(**ASKED).stop_reason == "end_turn"
        assert [call.fault for call in api.calls] == ["latency", None]
    assert api.paid == 1


def test_latency_without_retries_is_a_timeout() -> None:
    with StandIn() as api, client(api, timeout=1) as claude:
        api.script(Latency(5))
        with pytest.raises(anthropic.APITimeoutError):
            claude.messages.create(**ASKED)


def test_a_little_latency_is_only_late() -> None:
    with StandIn() as api, client(api) as claude:
        claude.messages.create(**ASKED)
        api.script(Latency(0.15))
        start = time.monotonic()
        claude.messages.create(**ASKED)
        assert time.monotonic() - start >= 0.15
    assert api.paid == 2


def test_an_error_in_mid_stream_has_status_200_and_its_own_type() -> None:
    with StandIn() as api, client(api, max_retries=2) as claude:
        api.script(StreamError(after_events=4))
        kinds: list[str] = []
        with pytest.raises(anthropic.APIStatusError) as error:
            kinds.extend(event.type for event in claude.messages.create(**ASKED, stream=True))
        (call,) = api.calls
    assert kinds == ["message_start", "content_block_start", "content_block_delta"]
    assert (error.value.status_code, error.value.type) == (200, "overloaded_error")
    assert (call.status, call.is_paid, call.fault) == (200, True, "stream_error")


def test_a_torn_stream_is_an_error_of_the_transport() -> None:
    with StandIn() as api, client(api) as claude:
        api.script(CutStream(after_events=4))
        with pytest.raises(httpx2.RemoteProtocolError):
            list(claude.messages.create(**ASKED, stream=True))
        (call,) = api.calls
    assert (call.is_paid, call.is_answered) == (True, False)


def test_a_stream_that_ends_early_but_cleanly_raises_nothing() -> None:
    with StandIn() as api, client(api) as claude:
        api.script(CutStream(after_events=4, is_clean=True))
        kinds = [event.type for event in claude.messages.create(**ASKED, stream=True)]
    assert kinds == ["message_start", "content_block_start", "content_block_delta"]


@pytest.mark.parametrize(
    ("before", "first_kinds"),
    [
        ("message_start", []),
        ("content_block_delta", ["message_start", "content_block_start"]),
    ],
)
def test_a_slow_first_token_comes_after_the_headers(before: Any, first_kinds: list[str]) -> None:
    with StandIn() as api, client(api) as claude:
        claude.messages.create(**ASKED)
        api.script(SlowFirstToken(2, before=before))
        start = time.monotonic()
        stream = claude.messages.create(**ASKED, stream=True)
        assert time.monotonic() - start < 1.8
        early = []
        for event in stream:
            if time.monotonic() - start >= 2:
                break
            early.append(event.type)
        stream.close()
    assert early == first_kinds


def test_a_stream_that_is_abandoned_is_paid_but_not_answered() -> None:
    with StandIn(lambda _: "x" * 3200) as api, client(api) as claude:
        api.script(SlowChunks(0.01))
        with claude.messages.stream(**ASKED) as stream:
            next(iter(stream))
        deadline = time.monotonic() + 5
        while api.in_flight and time.monotonic() < deadline:
            time.sleep(0.01)
        (call,) = api.calls
        assert api.in_flight == 0
    assert (call.is_paid, call.is_answered) == (True, False)


def test_slow_chunks_wait_before_every_delta() -> None:
    with StandIn(lambda _: "x" * 48) as api, client(api) as claude:
        api.script(SlowChunks(0.05))
        start = time.monotonic()
        with claude.messages.stream(**ASKED) as stream:
            assert stream.get_final_text() == "x" * 48
        assert time.monotonic() - start >= 0.15


@pytest.mark.parametrize("is_streamed", [False, True])
def test_answers_can_be_truncated_and_refused(is_streamed: bool) -> None:  # noqa: FBT001 - a parameter
    def ask() -> Any:
        if not is_streamed:
            return claude.messages.create(**ASKED)
        with claude.messages.stream(**ASKED) as stream:
            return stream.get_final_message()

    with StandIn() as api, client(api) as claude:
        api.script(TruncatedAnswer(tokens=2), RefusedAnswer())
        truncated, refused = ask(), ask()
    assert (truncated.stop_reason, truncated.content[0].text) == ("max_tokens", "You said")
    assert truncated.usage.output_tokens == 2
    assert (refused.stop_reason, refused.content) == ("refusal", [])
    assert refused.stop_details.category == "general_harms"
    assert api.paid == 2


def test_none_in_a_script_lets_one_call_pass() -> None:
    with StandIn() as api, client(api) as claude:
        api.script(None, overloaded())
        claude.messages.create(**ASKED)
        with pytest.raises(anthropic.OverloadedError):
            claude.messages.create(**ASKED)
    assert [call.fault for call in api.calls] == [None, "overloaded"]


def test_a_predicate_chooses_the_requests_a_fault_happens_to() -> None:
    with StandIn() as api, client(api) as claude:
        api.script(
            overloaded(), when=lambda request: "refund" in request.last_user_text, times=None
        )
        other: Any = [{"role": "user", "content": "Hello"}]
        claude.messages.create(**{**ASKED, "messages": other})
        for _ in range(2):
            with pytest.raises(anthropic.OverloadedError):
                claude.messages.create(**ASKED)
        api.clear_script()
        claude.messages.create(**ASKED)


def test_faults_spare_what_is_no_message_unless_told() -> None:
    counted = {name: ASKED[name] for name in ("model", "messages")}
    with StandIn() as api, client(api) as claude:
        api.script(overloaded())
        claude.messages.count_tokens(**counted)
        assert api.pending_faults == 1
        api.clear_script()
        api.script(rate_limited(), CutStream(), when=any_request)
        with pytest.raises(anthropic.RateLimitError):
            claude.models.list()
        with pytest.raises(anthropic.APIConnectionError):
            claude.messages.count_tokens(**counted)


def test_a_fault_can_depend_on_how_many_calls_are_in_flight() -> None:
    async def ask_all(api: StandIn) -> list[object]:
        async with AsyncAnthropic(base_url=api.url, api_key="test", max_retries=0) as claude:
            calls = [claude.messages.create(**ASKED) for _ in range(8)]
            return await asyncio.gather(*calls, return_exceptions=True)

    with StandIn() as api:
        api.script(rate_limited(), when=lambda _: api.in_flight > 3, times=None)
        api.script(Latency(0.3), times=None)
        results = asyncio.run(ask_all(api))
        assert api.peak_in_flight > 3
    limited = [result for result in results if isinstance(result, anthropic.RateLimitError)]
    assert limited
    assert api.paid == 8 - len(limited)
