"""Asking many questions, against the stand-in: pace, retries, cost limit, and how a run ends."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from anthropic import AsyncAnthropic
from standin import (
    CutStream,
    DroppedConnection,
    ErrorReply,
    Fault,
    Latency,
    RateLimits,
    SlowFirstToken,
    StandIn,
    StreamError,
    overloaded,
    rate_limited,
    server_error,
    spend_limit,
)
from standin import (
    Request as Asked,
)

from gonogo.claude.asking import Asker, Question, Summary, ask_all
from gonogo.claude.cost_limit import CostLimit
from gonogo.claude.pacing import Backoff, Pace
from gonogo.errors import CostLimitError, RunStoppedError
from gonogo.exchanges import Exchange, Outcome, Request

CENT = Decimal("0.01")


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


def questions(number: int, **fields: Any) -> list[Question]:
    return [
        Question(
            f"case-{index}#1",
            Request(
                {
                    "model": "claude-sonnet-5-5",
                    "max_tokens": 50,
                    "messages": [{"role": "user", "content": f"question {index}"}],
                    **fields,
                }
            ),
        )
        for index in range(number)
    ]


def about(index: int) -> Callable[[Asked], bool]:
    return lambda request: request.last_user_text == f"question {index}"


class Answers(dict[str, Exchange]):
    """What was handed on, by key; no question is answered twice."""

    def __call__(self, question: Question, exchange: Exchange) -> None:
        assert question.key not in self
        self[question.key] = exchange


def asker(api: StandIn, **settings: Any) -> Asker:
    settings.setdefault("backoff", Backoff(first_seconds=0.002, random=lambda: 0.5))
    return Asker(connect=lambda: client_of(api), **settings)


def client_of(api: StandIn) -> AsyncAnthropic:
    return AsyncAnthropic(base_url=api.url, api_key="test")


def test_each_question_is_asked_once_and_handed_on(api: StandIn) -> None:
    answers = Answers()
    asked = questions(30)
    summary = ask_all(asker(api), asked, answers)
    assert summary == Summary(
        answered=30,
        failed=0,
        not_asked=0,
        spent_usd=summary.spent_usd,
        unpriced=0,
        stopped=None,
    )
    assert summary.spent_usd > 0
    assert set(answers) == {question.key for question in asked}
    assert set(Counter(call.digest for call in api.calls).values()) == {1}
    assert api.paid == 30
    answer = answers["case-7#1"]
    assert answer.response is not None
    assert answer.response.text == "You said: question 7"
    assert (answer.attempts, answer.status, answer.streamed) == (1, 200, True)


def test_the_body_goes_as_it_is(api: StandIn) -> None:
    asked = questions(1, metadata={"user_id": "u"}, stop_sequences=["END"])
    ask_all(asker(api), asked, Answers())
    assert api.calls[0].body == {**asked[0].request.body, "stream": True}


def test_no_questions_are_no_work(api: StandIn) -> None:
    summary = ask_all(asker(api), [], Answers())
    assert (summary.answered, summary.stopped, api.calls) == (0, None, [])


def test_eight_at_a_time_and_never_more(api: StandIn) -> None:
    api.script(Latency(0.03), times=None)
    ask_all(asker(api), questions(40), Answers())
    assert api.peak_in_flight == 8


def test_an_overload_halves_what_is_in_flight(api: StandIn) -> None:
    api.script(overloaded())
    api.script(Latency(0.1), times=7)
    api.script(Latency(0.03), times=None)
    seen: list[int] = []

    def answer(request: Asked) -> str:
        if len(api.calls) in range(9, 13):  # the first four after the eight of the burst
            seen.append(api.in_flight)
        return f"answer to {request.last_user_text}"

    api.answer = answer
    pace = Pace()
    ask_all(asker(api, pace=pace), questions(16), Answers())
    assert 1 < max(seen) <= 4
    assert 5 <= pace.concurrency < 8


FAULTS: list[Fault] = [
    rate_limited(),
    rate_limited(retry_after=0.01),
    overloaded(),
    server_error(),
    server_error(status=503),
    ErrorReply("conflict", 409, "conflict_error", "Conflict"),
    ErrorReply("timeout", 408, "timeout_error", "Timeout"),
    ErrorReply("odd", 418, "api_error", "Teapot", should_retry=True),
    DroppedConnection(),
    StreamError(),
    StreamError(kind="api_error", after_events=0),
    CutStream(),
    CutStream(is_clean=True),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.name}-{fault}"[:40])
def test_what_passes_is_asked_again(api: StandIn, fault: Fault) -> None:
    api.script(fault)
    answers = Answers()
    summary = ask_all(asker(api), questions(3), answers)
    assert (summary.answered, summary.failed, len(api.calls)) == (3, 0, 4)
    assert sorted(answer.attempts for answer in answers.values()) == [1, 1, 2]
    assert {answer.outcome for answer in answers.values()} == {Outcome.ANSWERED}


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (server_error(), 500, "api_error"),
        (overloaded(), 529, "overloaded_error"),
        (rate_limited(), 429, "rate_limit_error"),
        (StreamError(), 200, "overloaded_error"),
        (CutStream(is_clean=True), 200, "incomplete_stream"),
        (CutStream(), 200, "connection_error"),
        (DroppedConnection(), None, "connection_error"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_after_five_attempts_a_failure_is_an_output_of_its_own_kind(
    api: StandIn, fault: Fault, status: int | None, kind: str
) -> None:
    api.script(fault, when=about(1), times=None)
    answers = Answers()
    summary = ask_all(asker(api), questions(4), answers)
    assert (summary.answered, summary.failed, summary.not_asked) == (3, 1, 0)
    assert summary.stopped is None
    failed = answers["case-1#1"]
    assert failed.error is not None
    assert (failed.response, failed.status, failed.error.type) == (None, status, kind)
    assert (failed.attempts, failed.outcome) == (5, Outcome.INFRASTRUCTURE_ERROR)
    assert len(api.calls) == 3 + 5


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (ErrorReply("invalid", 400, "invalid_request_error", "max_tokens: too large"), 400),
        (ErrorReply("unknown", 404, "not_found_error", "model: house-model"), 404),
        (ErrorReply("large", 413, "request_too_large", "too large"), 413),
        (ErrorReply("hopeless", 500, "api_error", "no", should_retry=False), 500),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_would_fail_again_fails_alone_and_at_once(
    api: StandIn, fault: Fault, status: int
) -> None:
    api.script(fault, when=about(0))
    answers = Answers()
    summary = ask_all(asker(api), questions(3), answers)
    assert (summary.answered, summary.failed, len(api.calls)) == (2, 1, 3)
    assert (answers["case-0#1"].status, answers["case-0#1"].attempts) == (status, 1)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (spend_limit(), "enforced_spend_limit_reached, status 429"),
        (spend_limit("contract_spend_limit_reached"), "raise the spending limit"),
        (ErrorReply("key", 401, "authentication_error", "invalid x-api-key"), "ANTHROPIC_API_KEY"),
        (ErrorReply("403", 403, "permission_error", "no"), "the key's workspace"),
        (ErrorReply("402", 402, "billing_error", "no credit"), "billing_error, status 402"),
        (StreamError(kind="authentication_error"), "authentication_error, status 200"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_no_call_survives_stops_the_run(api: StandIn, fault: Fault, said: str) -> None:
    api.script(*[None] * 10)
    api.script(fault, times=None)
    answers = Answers()
    summary = ask_all(asker(api), questions(100), answers)
    assert isinstance(summary.stopped, RunStoppedError)
    assert said in str(summary.stopped)
    assert 10 <= summary.answered == len(answers) <= 17
    assert summary.failed == 0
    assert summary.not_asked == 100 - summary.answered
    assert len(api.calls) <= 10 + 8  # those in flight, and none again


def test_a_stop_lets_calls_in_flight_complete_and_wakes_who_waits(api: StandIn) -> None:
    api.script(Latency(0.3), when=about(0))
    api.script(server_error(), when=about(1), times=None)
    api.script(Latency(0.1), when=about(2))
    api.script(spend_limit(), when=about(3), times=None)
    answers = Answers()
    begun = time.monotonic()
    summary = ask_all(
        asker(api, pace=Pace(maximum=3), backoff=Backoff(first_seconds=60)), questions(9), answers
    )
    assert time.monotonic() - begun < 30  # a question waits for a minute in its back-off
    assert isinstance(summary.stopped, RunStoppedError)
    assert {"case-0#1", "case-2#1"} == set(answers)
    assert (summary.answered, summary.not_asked) == (2, 7)


def test_without_a_key_the_run_stops_with_the_remedy(
    api: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    keyless = Asker(connect=lambda: AsyncAnthropic(base_url=api.url))
    summary = ask_all(keyless, questions(3), Answers())
    assert "no API key is set: set ANTHROPIC_API_KEY" in str(summary.stopped)
    assert (summary.not_asked, api.calls) == (3, [])


def test_retry_after_holds_for_all_calls(api: StandIn) -> None:
    api.script(rate_limited(retry_after=2))
    api.script(Latency(1))  # in flight until the refusal has been heard
    patient = asker(api, pace=Pace(maximum=2), backoff=Backoff(first_seconds=30))
    begun = time.monotonic()
    ask_all(patient, questions(6), Answers())
    assert time.monotonic() - begun < 20  # as long as was asked for, not as long as a back-off
    before, after = api.calls[:2], api.calls[2:]
    assert len(after) == 5
    refused = max(call.at for call in before)
    assert (min(call.at for call in after) - refused).total_seconds() >= 1.8


def test_a_wait_longer_than_a_run_waits_stops_it(api: StandIn) -> None:
    api.script(rate_limited(retry_after=3600), times=None)
    summary = ask_all(asker(api), questions(3), Answers())
    assert "asks to wait 3600 s (rate_limit_error)" in str(summary.stopped)
    assert len(api.calls) <= 3


def test_nothing_remaining_waits_until_the_reset() -> None:
    with StandIn(rate_limits=RateLimits(requests_remaining=0, reset_seconds=0.2)) as api:
        ask_all(asker(api, pace=Pace(maximum=1)), questions(2), Answers())
        first, second = (call.at for call in api.calls)
        assert (second - first).total_seconds() >= 0.15


def test_time_to_the_first_token_is_measured(api: StandIn) -> None:
    api.script(SlowFirstToken(0.15))
    answers = Answers()
    ask_all(asker(api), questions(1), answers)
    answer = answers["case-0#1"]
    assert answer.ttft_seconds is not None
    assert answer.latency_seconds is not None
    assert 0.15 <= answer.ttft_seconds <= answer.latency_seconds < 2


def test_times_are_claudes_and_not_those_of_our_waits(api: StandIn) -> None:
    api.script(server_error())
    answers = Answers()
    ask_all(asker(api, backoff=Backoff(first_seconds=0.6)), questions(1), answers)
    latency = answers["case-0#1"].latency_seconds
    assert latency is not None
    assert latency < 0.3


def test_times_are_those_of_all_attempts_together(api: StandIn) -> None:
    def answer(request: Asked) -> str:
        time.sleep(0.1)
        return f"answer to {request.last_user_text}"

    api.answer = answer
    api.script(CutStream())
    answers = Answers()
    ask_all(asker(api), questions(1), answers)
    answer_of_two = answers["case-0#1"]
    assert answer_of_two.latency_seconds is not None
    assert answer_of_two.ttft_seconds is not None
    assert 0.2 <= answer_of_two.ttft_seconds <= answer_of_two.latency_seconds


def test_an_answer_is_handed_on_while_others_are_asked(api: StandIn) -> None:
    api.script(Latency(0.2), when=about(1))
    handed: list[tuple[str, int]] = []
    ask_all(asker(api), questions(2), lambda question, _: handed.append((question.key, api.paid)))
    assert [key for key, _ in handed] == ["case-0#1", "case-1#1"]
    assert api.calls[1].is_answered


class TestCostLimit:
    """Within the cost limit."""

    def test_the_run_stops_when_the_next_call_can_never_fit(self, api: StandIn) -> None:
        asked = questions(50)
        bounds = {question.key: CENT for question in asked}
        limit = CostLimit(CENT + Decimal("0.0005"))
        answers = Answers()
        summary = ask_all(asker(api, limit=limit), asked, answers, bounds=bounds)
        assert isinstance(summary.stopped, CostLimitError)
        assert "--max-cost-usd" in str(summary.stopped)
        assert 0 < summary.answered < 50
        assert summary.answered == len(answers) == api.paid == len(api.calls)
        assert summary.spent_usd == limit.spent_usd <= Decimal("0.0105")
        assert limit.spent_usd + CENT > Decimal("0.0105")  # no call that would have fit was refused

    def test_calls_wait_for_others_to_turn_out_cheaper(self, api: StandIn) -> None:
        asked = questions(10)
        api.script(Latency(0.02), times=None)
        bounds = {question.key: CENT for question in asked}
        summary = ask_all(
            asker(api, limit=CostLimit(Decimal("0.021"))), asked, Answers(), bounds=bounds
        )
        assert (summary.answered, summary.stopped) == (10, None)
        assert api.peak_in_flight == 2

    def test_no_question_overtakes_a_dearer_one(self, api: StandIn) -> None:
        asked = questions(6)
        api.script(Latency(0.1), when=about(0))
        bounds = dict.fromkeys((question.key for question in asked), CENT)
        bounds |= {"case-0#1": 90 * CENT, "case-1#1": 50 * CENT}
        ask_all(asker(api, limit=CostLimit(Decimal(1))), asked, Answers(), bounds=bounds)
        in_order = [call.body["messages"][0]["content"] for call in api.calls[:2]]
        assert in_order == ["question 0", "question 1"]

    def test_without_a_bound_nothing_is_asked(self, api: StandIn) -> None:
        summary = ask_all(asker(api, limit=CostLimit(Decimal(1))), questions(2), Answers())
        assert "case-0#1: nobody worked out what it can cost" in str(summary.stopped)
        assert api.calls == []

    @pytest.mark.parametrize("fault", [server_error(), overloaded(), rate_limited()])
    def test_a_refused_call_costs_nothing(self, api: StandIn, fault: Fault) -> None:
        api.script(fault)
        asked = questions(1)
        summary = ask_all(asker(api), asked, Answers(), bounds={asked[0].key: Decimal(1)})
        assert summary.spent_usd < CENT

    @pytest.mark.parametrize("fault", [CutStream(), StreamError(), DroppedConnection()])
    def test_a_call_whose_end_is_unknown_costs_its_upper_bound(
        self, api: StandIn, fault: Fault
    ) -> None:
        api.script(fault)
        asked = questions(1)
        summary = ask_all(asker(api), asked, Answers(), bounds={asked[0].key: Decimal(1)})
        assert 1 < summary.spent_usd < 1 + CENT

    def test_an_answer_without_a_known_price_counts_as_its_bound(self, api: StandIn) -> None:
        asked = questions(1, model="claude-mythos-5")
        summary = ask_all(asker(api), asked, Answers(), bounds={asked[0].key: CENT})
        assert (summary.answered, summary.unpriced, summary.spent_usd) == (1, 1, CENT)


def test_what_cannot_be_stored_ends_the_run_and_is_raised(api: StandIn) -> None:
    stored: list[str] = []

    def store(question: Question, exchange: Exchange) -> None:
        if question.key == "case-0#1":
            raise OSError(28, "No space left on device")
        stored.append(question.key)

    api.script(Latency(0.1), times=7, when=lambda request: not about(0)(request))
    with pytest.raises(OSError, match="No space left"):
        ask_all(asker(api), questions(50), store)
    assert len(stored) == 7  # those that were in flight
    assert len(api.calls) == 8


def test_cancelling_ends_cleanly_and_keeps_what_is_complete(api: StandIn) -> None:
    api.script(*[None] * 5)
    api.script(Latency(30), times=None)
    answers = Answers()

    asked = questions(50)
    limit = CostLimit(Decimal(100))
    bounds = {question.key: Decimal(1) for question in asked}

    async def run() -> None:
        task = asyncio.create_task(asker(api, limit=limit).ask(asked, answers, bounds=bounds))
        while api.in_flight < 8 or len(answers) < 5:
            await asyncio.sleep(0.005)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asyncio.wait_for(run(), 5))
    assert len(answers) == 5
    assert len(api.calls) == 5 + 8
    assert 8 < limit.spent_usd < 8 + CENT  # what was in flight may have to be paid
    assert limit.reserved_usd == 0


PROCESS = """
from anthropic import AsyncAnthropic
from gonogo.claude.asking import Asker, Question, ask_all
from gonogo.exchanges import Request

def question(index):
    message = {"role": "user", "content": f"question {index}"}
    return Question(f"{index}", Request(
        {"model": "claude-sonnet-5-5", "max_tokens": 50, "messages": [message]}))

def store(question, exchange):
    print(question.key, flush=True)

try:
    ask_all(Asker(), [question(index) for index in range(50)], store)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_the_process_with_what_is_done_kept(api: StandIn) -> None:
    api.script(*[None] * 5)
    api.script(Latency(30), times=None)
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS],
        env={**os.environ, **api.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert api.wait_for_calls(13)
            time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert err == ""
    lines = out.split()
    assert (len(lines), lines[-1]) == (6, "interrupted")
    assert len(api.calls) == 13


def test_works_where_a_loop_runs_already(api: StandIn) -> None:
    threads: set[threading.Thread] = set()

    async def run() -> Summary:
        return ask_all(asker(api), questions(5), lambda *_: threads.add(threading.current_thread()))

    assert asyncio.run(run()).answered == 5
    assert threading.current_thread() not in threads


def test_an_error_reaches_the_caller_through_the_thread(api: StandIn) -> None:
    def store(question: Question, exchange: Exchange) -> None:
        raise OSError(28, "No space left on device")

    async def run() -> None:
        ask_all(asker(api), questions(1), store)

    with pytest.raises(OSError, match="No space left"):
        asyncio.run(run())


def test_a_middleware_that_answers_itself_is_no_answer(api: StandIn) -> None:
    async def answer_itself(request: Any, call_next: Callable[[Any], Awaitable[Any]]) -> Any:
        class Empty:
            async def __aenter__(self) -> "Empty":
                return self

            async def __aexit__(self, *_: object) -> None:
                return None

            async def __aiter__(self) -> Any:
                for event in ():
                    yield event

        return Empty()

    def connect() -> AsyncAnthropic:
        return AsyncAnthropic(base_url=api.url, api_key="t", middleware=[answer_itself])

    answers = Answers()
    summary = ask_all(Asker(connect=connect), questions(1), answers)
    assert (summary.failed, api.calls) == (1, [])
    assert answers["case-0#1"].outcome is Outcome.INFRASTRUCTURE_ERROR
