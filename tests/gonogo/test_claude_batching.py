"""Batches through the real SDK against the stand-in: limits, results of every kind, failures."""

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anthropic import Anthropic, AnthropicFoundry
from batches import Caller, Paid, client, question, questions
from hypothesis import given
from hypothesis import strategies as st
from standin import (
    CutStream,
    ErrorReply,
    Request,
    StandIn,
    overloaded,
    rate_limited,
    server_error,
    spend_limit,
)

from gonogo.claude.asking import Question
from gonogo.claude.batch_journal import BatchJournal
from gonogo.claude.batch_options import BatchHooks, BatchLimits, BatchOptions
from gonogo.claude.batch_splitting import batch_item, split_into_batches
from gonogo.claude.batching import ask_in_batches, unsubmitted
from gonogo.claude.cost_limit import CostLimit
from gonogo.errors import (
    BatchesUnfinishedError,
    BatchRefusedError,
    CostLimitError,
    GonogoError,
    JournalInUseError,
    RunStoppedError,
)
from gonogo.exchanges import Exchange, Usage, decode_exchange, encode_exchange
from gonogo.pricing import cost_of, upper_bound_of

BATCHES = "/v1/messages/batches"


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    return Caller(tmp_path / "recordings.batches.jsonl")


def creates(request: Request) -> bool:
    return request.method == "POST" and request.path == BATCHES


def reads_results(request: Request) -> bool:
    return request.path.endswith("/results")


def is_read(request: Request) -> bool:
    return request.method == "GET"


def creations(api: StandIn) -> int:
    return sum(call.method == "POST" and call.path == BATCHES for call in api.calls)


def test_each_answer_reaches_its_question_though_results_come_in_another_order(
    caller: Caller,
) -> None:
    with StandIn(batch_polls=3) as api, client(api) as claude:
        outcome = caller.ask(questions(9), claude)
        assert len(api.paid_custom_ids) == 9
    assert sorted(outcome.answered) == [f"case {n}" for n in range(9)]
    assert list(outcome.answered) != sorted(outcome.answered)
    assert (outcome.failed, outcome.to_ask) == ((), ())
    for key, exchange in caller.stored.items():
        assert exchange.response is not None
        assert exchange.response.text == f"You said: Question {key}"
        assert exchange.request == question(key).request
        assert (exchange.latency_seconds, exchange.streamed, exchange.status) == (None, False, 200)
        assert decode_exchange(encode_exchange(exchange)) == exchange
    assert len({exchange.id for exchange in caller.stored.values()}) == 9
    assert list(caller.journal.parent.iterdir()) == []


def test_an_answer_of_a_batch_costs_half(caller: Caller) -> None:
    with StandIn() as api, client(api) as claude:
        caller.ask(questions(1), claude)
    (exchange,) = caller.stored.values()
    assert exchange.usage is not None
    assert exchange.usage.is_batch
    standard = replace(exchange, usage=Usage({**exchange.usage.body, "service_tier": "standard"}))
    whole = cost_of(standard, {})
    assert whole is not None
    assert whole > 0
    assert cost_of(exchange, {}) == whole / 2


def test_waits_grow_up_to_the_longest_and_progress_is_told(caller: Caller) -> None:
    with StandIn(batch_polls=6) as api, client(api) as claude:
        caller.ask(questions(4), claude, first_seconds=5, growth=2.0, longest_seconds=30)
    assert caller.clock.slept == [5, 10, 20, 30, 30, 30]
    first, last = caller.progress[0], caller.progress[-1]
    assert (first.batches, first.ended_batches, first.processing) == (1, 0, 4)
    assert (last.ended_batches, last.succeeded, last.processing) == (1, 4, 0)
    assert last.waited_seconds == 125


def test_all_batches_are_submitted_before_one_is_waited_for(caller: Caller) -> None:
    with StandIn(batch_polls=2) as api, client(api) as claude:
        caller.ask(questions(7), claude, max_requests=3)
        posts = [n for n, call in enumerate(api.calls) if call.method == "POST"]
        looks = [n for n, call in enumerate(api.calls) if call.path.startswith(f"{BATCHES}/")]
    assert len(posts) == 3
    assert max(posts) < min(looks)
    assert len(caller.stored) == 7
    assert caller.announced == [[f"case {n}" for n in range(7)]]


@given(
    sizes=st.lists(st.integers(0, 400), max_size=20),
    max_requests=st.integers(1, 5),
    max_bytes=st.integers(200, 1500),
)
def test_batches_keep_within_the_limits_and_waste_no_room(
    sizes: list[int], max_requests: int, max_bytes: int
) -> None:
    asked = [question(str(n), "é" * size or "?") for n, size in enumerate(sizes)]
    batches, too_large = split_into_batches(
        asked, BatchLimits(max_requests=max_requests, max_bytes=max_bytes)
    )

    def size_of(batch: list[Any]) -> int:
        items = [batch_item("0" * 16, n, one) for n, one in enumerate(batch)]
        sent = json.dumps({"requests": items}, ensure_ascii=False, separators=(",", ":"))
        return len(sent.encode())

    placed = [one for batch in batches for one in batch]
    assert placed == [one for one in asked if one not in too_large]
    for batch in batches:
        assert 1 <= len(batch) <= max_requests
        assert size_of(batch) <= max_bytes
    for one in too_large:
        assert size_of([one]) > max_bytes - 1  # each request is counted with its comma
    for batch, following in itertools.pairwise(batches):
        is_full = len(batch) == max_requests
        assert is_full or size_of([*batch, following[0]]) > max_bytes - 1


def test_the_bytes_on_the_wire_are_those_that_were_measured(caller: Caller) -> None:
    asked = [question(str(n), "天気 \u2028" * n + "?") for n in range(40)]
    limit = 3000
    with StandIn(max_request_bytes=limit) as api, client(api) as claude:
        options = caller.options()
        batches, too_large = split_into_batches(asked, BatchLimits(max_bytes=limit))
        assert (len(batches) > 1, too_large) == (True, [])
        for batch in batches:
            items: Any = [batch_item("0" * 16, n, one) for n, one in enumerate(batch)]
            claude.messages.batches.create(requests=items)  # a larger body would be refused
    assert options.limits.max_bytes == 256_000_000


def test_what_is_too_large_for_a_batch_is_left_to_be_asked_by_itself(caller: Caller) -> None:
    small, large = question("small"), question("large", "x" * 5000)
    batches, too_large = split_into_batches([large, small], BatchLimits(max_bytes=1000))
    assert (batches, too_large) == ([[small]], [large])


def test_every_kind_of_result_finds_its_way(caller: Caller) -> None:
    ends = {"1": "errored", "2": "expired", "3": "canceled", "4": "invalid"}
    with StandIn(batch_outcome=Paid(**ends)) as api, client(api) as claude:
        outcome = caller.ask(questions(6), claude)
    assert [asked.key for asked in outcome.to_ask] == ["case 1", "case 2", "case 3"]
    assert outcome.failed == ("case 4",)
    assert sorted(outcome.answered) == ["case 0", "case 5"]
    assert caller.calls == {"case 0": 1, "case 4": 1, "case 5": 1}
    assert not caller.journal.exists()


def test_a_request_that_is_wrong_is_a_failure_of_its_own(caller: Caller) -> None:
    failures = []
    caller.on_answer = lambda _, exchange: failures.append(exchange)
    with StandIn(batch_outcome=Paid(**{"0": "invalid"})) as api, client(api) as claude:
        caller.ask(questions(1), claude)
    (failed,) = failures
    assert failed.response is None
    assert failed.error is not None
    assert (failed.error.type, failed.error.message) == ("invalid_request_error", "messages: wrong")
    assert cost_of(failed, {}) == Decimal(0)
    assert decode_exchange(encode_exchange(failed)) == failed


def test_keys_are_free_text_and_custom_ids_are_not(caller: Caller) -> None:
    keys = ["a b", "ä/ö#3", "x" * 300, "", "\N{SNOWMAN}\n"]
    with StandIn() as api, client(api) as claude:
        caller.ask([question(key, f"about {n}") for n, key in enumerate(keys)], claude)
        ids = api.paid_custom_ids
    assert set(caller.stored) == set(keys)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", custom_id) for custom_id in ids)


def test_a_streamed_question_is_asked_without_its_stream(caller: Caller) -> None:
    streamed = question("s", stream=True)
    with StandIn() as api, client(api) as claude:
        caller.ask([streamed], claude)
    exchange = caller.stored["s"]
    assert "stream" not in exchange.request.body
    assert exchange.request.fingerprint() == streamed.request.fingerprint()


def test_what_was_answered_is_not_asked(caller: Caller) -> None:
    with StandIn() as api, client(api) as claude:
        caller.ask(questions(2), claude)
        outcome = caller.ask(questions(3), claude)
        assert len(api.paid_custom_ids) == 3
        nothing = caller.ask(questions(3), claude)
        assert creations(api) == 2
    assert outcome.answered == ("case 2",)
    assert (nothing.answered, nothing.failed, nothing.to_ask) == ((), (), ())


def test_two_questions_with_one_key_are_refused(caller: Caller) -> None:
    with (
        StandIn() as api,
        client(api) as claude,
        pytest.raises(ValueError, match="'case 0' stands for two questions"),
    ):
        caller.ask([*questions(2), question("case 0", "another")], claude)
    assert api.calls == []


def test_a_batch_that_the_api_refuses_is_one_clear_error(caller: Caller) -> None:
    unknown = question("q", model="claude-unknown")
    with StandIn() as api, client(api) as claude:
        with pytest.raises(
            BatchRefusedError, match="not taken in: status 404, model: claude-unknown"
        ):
            caller.ask([unknown], claude)
        assert creations(api) == 1
    assert list(caller.journal.parent.iterdir()) == []


def test_a_wrong_key_is_one_clear_error(caller: Caller) -> None:
    wrong = ErrorReply("wrong_key", 401, "authentication_error", "invalid x-api-key")
    with StandIn() as api, client(api) as claude:
        api.script(wrong, when=is_read, times=None)
        with pytest.raises(RunStoppedError, match=r"invalid x-api-key; check ANTHROPIC_API_KEY"):
            caller.ask(questions(1), claude)
        assert creations(api) == 0


def test_a_missing_key_is_one_clear_error(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with StandIn() as api, client(api) as claude:
        claude.api_key = None
        with pytest.raises(RunStoppedError, match="no API key is set"):
            caller.ask(questions(1), claude)
        assert api.calls == []
    assert not caller.journal.exists()


@pytest.mark.parametrize("fault", [rate_limited(0.01), overloaded(0.01)])
def test_the_sdk_retries_a_submission_that_was_surely_not_taken_in(
    caller: Caller, fault: ErrorReply
) -> None:
    with StandIn() as api, client(api, max_retries=2) as claude:
        api.script(fault, when=creates, times=2)
        caller.ask(questions(1), claude)
        assert creations(api) == 3
        assert len(api.paid_custom_ids) == 1
    assert caller.notices == []


def test_batches_that_the_api_has_no_room_for_are_submitted_when_others_have_ended(
    caller: Caller,
) -> None:
    with StandIn(batch_polls=4) as api, client(api) as claude:
        api.script(None, rate_limited(), when=creates)
        caller.ask(questions(4), claude, max_requests=2)
        assert creations(api) == 3
        assert len(api.paid_custom_ids) == 4
        posts = [n for n, call in enumerate(api.calls) if call.method == "POST"]
        results = [n for n, call in enumerate(api.calls) if call.path.endswith("/results")]
    assert results[0] < posts[-1]
    assert len(caller.stored) == 4
    assert caller.announced == [[f"case {n}" for n in range(4)]]


def test_room_for_a_batch_is_asked_for_again_after_ten_minutes(caller: Caller) -> None:
    with StandIn(batch_polls=30) as api, client(api) as claude:
        api.script(None, rate_limited(), when=creates)
        caller.ask(questions(2), claude, max_requests=1, first_seconds=60)
        posts = [n for n, call in enumerate(api.calls) if call.method == "POST"]
        looks = [call.path.endswith("000001") for call in api.calls[posts[1] : posts[2]]]
        assert len(api.paid_custom_ids) == 2
    assert sum(looks) == 10


def test_a_service_that_takes_no_batches_in_ends_the_run(caller: Caller) -> None:
    with StandIn() as api, client(api) as claude:
        api.script(rate_limited(), when=creates, times=None)
        with pytest.raises(BatchesUnfinishedError, match=r"status 429, .* same command again"):
            caller.ask(questions(1), claude)
        assert creations(api) == 5
    assert not caller.journal.exists()


def test_a_spending_limit_is_not_waited_for(caller: Caller) -> None:
    with StandIn() as api, client(api) as claude:
        api.script(spend_limit(), when=creates)
        with pytest.raises(RunStoppedError, match="raise the spending limit"):
            caller.ask(questions(1), claude)
    assert caller.clock.slept == []
    assert not caller.journal.exists()


def test_a_submission_whose_answer_is_lost_is_found_in_the_account(caller: Caller) -> None:
    paid = Paid()
    with StandIn(batch_outcome=paid) as api, client(api, max_retries=2) as claude:
        api.script(CutStream(), when=creates)
        caller.ask(questions(3), claude)
        assert creations(api) == 1  # the SDK by itself would have submitted a second batch
    assert (len(caller.stored), paid.most) == (3, 1)
    assert "not known whether a batch was taken in" in caller.text


@pytest.mark.parametrize("status", [408, 500, 502, 504])
def test_a_submission_that_failed_unclearly_is_looked_for_before_it_is_made_again(
    caller: Caller, status: int
) -> None:
    with StandIn() as api, client(api, max_retries=2) as claude:
        api.script(server_error(status=status), when=creates)
        caller.ask(questions(2), claude)
        assert creations(api) == 2
        assert len(api.paid_custom_ids) == 2
    assert caller.announced == [["case 0", "case 1"]]
    assert sum(caller.clock.slept) >= 60  # the list of the account may lag behind
    assert "did not take it in" in caller.text


def test_submissions_that_always_fail_unclearly_end_the_run(caller: Caller) -> None:
    with StandIn() as api, client(api) as claude:
        api.script(server_error(), when=creates, times=None)
        with pytest.raises(BatchesUnfinishedError, match="no batch can be submitted"):
            caller.ask(questions(2), claude)
        assert creations(api) == 5


def test_results_that_break_off_are_read_again_and_each_answer_is_handed_on_once(
    caller: Caller,
) -> None:
    with StandIn() as api, client(api) as claude:
        api.script(CutStream(), CutStream(), when=reads_results)
        caller.ask(questions(8), claude)
        assert sum(call.path.endswith("/results") for call in api.calls) == 3
        assert len(api.paid_custom_ids) == 8
    assert set(caller.calls.values()) == {1}
    assert len(caller.calls) == 8


def test_a_second_run_beside_the_first_is_refused(caller: Caller) -> None:
    refusals = []

    def start_another(*_: object) -> None:
        with pytest.raises(JournalInUseError, match="another run") as refused:
            Caller(caller.journal).ask(questions(1), claude)
        refusals.append(refused)

    caller.on_answer = start_another
    with StandIn() as api, client(api) as claude:
        caller.ask(questions(1), claude)
        assert creations(api) == 1
    assert len(refusals) == 1


def test_what_a_run_would_pay_for_is_known_before_it_starts(caller: Caller) -> None:
    asked = questions(4)
    assert unsubmitted(asked, caller.journal) == tuple(asked)
    with StandIn(batch_polls=10_000) as api, client(api) as claude:
        with pytest.raises(BatchesUnfinishedError):
            caller.ask(asked[:2], claude, max_seconds=10)
        options = BatchOptions(already_answered={"case 3"})
        assert unsubmitted(asked, caller.journal, options) == (asked[2],)
        changed = question("case 0", "another question")
        assert unsubmitted([changed], caller.journal, options) == (changed,)


def test_a_caller_that_refuses_to_pay_ends_the_run_before_anything_is_submitted(
    caller: Caller,
) -> None:
    class TooDearError(GonogoError):
        pass

    class Thrifty(list[Any]):
        def append(self, new: Any) -> None:
            raise TooDearError(len(new))

    caller.announced = Thrifty()
    with StandIn() as api, client(api) as claude:
        with pytest.raises(TooDearError, match="4"):
            caller.ask(questions(4), claude, max_requests=2)
        assert api.calls == []
    assert list(caller.journal.parent.iterdir()) == []


def test_half_of_the_bound_is_reserved_before_anything_is_submitted(caller: Caller) -> None:
    asked = questions(3)
    whole, half = (
        sum(upper_bound_of(one.request, 50, {}, at=None, batch=batch) for one in asked)
        for batch in (False, True)
    )
    assert half == Decimal(whole) / 2

    def run(limit_usd: Decimal) -> CostLimit:
        limit = CostLimit(limit_usd)

        def reserve(new: Sequence[Question]) -> None:
            for one in new:
                limit.reserve(upper_bound_of(one.request, 50, {}, at=None, batch=True))

        hooks = BatchHooks(on_answer=spent.add, before_submission=reserve)
        ask_in_batches(asked, claude, journal=caller.journal, hooks=hooks, options=caller.options())
        return limit

    spent = Spent()
    with StandIn() as api, client(api) as claude:
        with pytest.raises(CostLimitError):
            run(Decimal(half) - Decimal("0.000001"))
        assert creations(api) == 0
        limit = run(Decimal(half))
    assert 0 < spent.total <= limit.reserved_usd == half


class Spent:
    """Adds up what answers cost."""

    def __init__(self) -> None:
        self.total = Decimal(0)

    def add(self, _: Question, exchange: Exchange) -> None:
        self.total += cost_of(exchange, {}) or Decimal(0)


def test_a_kind_of_client_without_batches_is_refused(caller: Caller) -> None:
    foundry: Any = AnthropicFoundry(api_key="test", resource="r")
    with pytest.raises(BatchRefusedError, match="AnthropicFoundry has no batches"):
        caller.ask(questions(1), foundry)


def scripted(
    caller: Caller,
    *lines: bytes,
    times: int = 1,
    submissions: Sequence[bytes | Exception] = (),
) -> Anthropic:
    """Return a client of a service whose one batch ends at once with these lines of results."""
    counts = {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0}
    batch = {
        "id": "msgbatch_1",
        "type": "message_batch",
        "processing_status": "ended",
        "request_counts": counts,
        "created_at": "2026-11-24T00:00:00Z",
        "expires_at": "2026-11-25T00:00:00Z",
        "results_url": f"http://127.0.0.1:9{BATCHES}/msgbatch_1/results",
    }
    reads, failures = iter(range(times)), iter(submissions)

    def serve(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/results"):
            (entry,) = BatchJournal(caller.journal).load()
            body = b"\n".join(lines) if next(reads, None) is not None else GOOD
            return httpx2.Response(200, content=body.replace(b"TOKEN", entry.token.encode()))
        if request.method == "GET" and request.url.path == BATCHES:
            return httpx2.Response(200, json={"data": [], "has_more": False})
        failure = next(failures, None) if request.method == "POST" else None
        if isinstance(failure, Exception):
            raise failure
        return httpx2.Response(200, json=batch) if failure is None else _json(failure)

    transport = httpx2.MockTransport(serve)
    return Anthropic(
        base_url="http://127.0.0.1:9",
        api_key="test",
        max_retries=1,
        http_client=httpx2.Client(transport=transport),
    )


def _json(content: bytes) -> httpx2.Response:
    return httpx2.Response(200, content=content, headers={"content-type": "application/json"})


GOOD = (
    b'{"custom_id":"gonogo-TOKEN-00000","result":{"type":"succeeded","message":{"id":"m","model":'
    b'"claude-haiku-5-5","content":[{"type":"text","text":"fine \xe2\x80\xa8 so"}],"new":{"a":1.50},'
    b'"usage":{"input_tokens":3,"output_tokens":4}}}}'
)
"""A raw U+2028 in a text, a field that nobody knows yet, and a usage that names no tier."""


def test_the_sdk_retries_a_submission_that_was_never_sent(caller: Caller) -> None:
    refused = httpx2.ConnectError("connection refused")
    outcome = caller.ask(questions(1), scripted(caller, GOOD, submissions=[refused]))
    assert outcome.answered == ("case 0",)
    assert (caller.notices, caller.clock.slept) == ([], [])


@pytest.mark.parametrize(
    "lost", [b'{"id": "msgbat', b"{}", httpx2.ReadTimeout("slow"), httpx2.ReadError("reset")]
)
def test_a_submission_that_may_have_been_taken_in_is_looked_for(
    caller: Caller, lost: bytes | Exception
) -> None:
    outcome = caller.ask(questions(1), scripted(caller, GOOD, submissions=[lost]))
    assert outcome.answered == ("case 0",)
    assert "not known whether a batch was taken in" in caller.text
    assert sum(caller.clock.slept) >= 60


def test_a_response_is_kept_as_it_came(caller: Caller) -> None:
    caller.ask(questions(1), scripted(caller, GOOD))
    (exchange,) = caller.stored.values()
    assert exchange.response is not None
    assert exchange.response.text == "fine \u2028 so"
    assert exchange.response.body == json.loads(GOOD)["result"]["message"]
    assert exchange.usage is not None
    assert exchange.usage.is_batch  # what came in a batch was charged as such


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (GOOD[:-20],),
        (GOOD, b"<html>"),
        (b'{"custom_id": 7}',),
        (b"<html>",),
        (b"[" * 100_000,),
        (b'{"custom_id":"\xff","result":{}}',),
    ],
)
def test_results_that_cannot_be_read_are_read_again(caller: Caller, lines: tuple[bytes]) -> None:
    outcome = caller.ask(questions(1), scripted(caller, *lines, times=2))
    assert outcome.answered == ("case 0",)
    assert caller.calls == {"case 0": 1}
    with pytest.raises(BatchesUnfinishedError, match=r"results .*same command again"):
        caller.ask([question("other")], scripted(caller, *lines, times=99))
    assert caller.journal.exists()


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"type": "succeeded"},
        {"type": "succeeded", "message": {"content": "text"}},
        {"type": "errored", "error": "?"},
        {"type": "errored", "error": {"type": "error", "error": {"type": 5}}},
        {"type": "errored", "error": {"type": "error", "error": {"type": "overloaded_error"}}},
        {"type": "of the future"},
    ],
)
def test_a_result_that_says_nothing_leaves_its_question_to_be_asked(
    caller: Caller, result: dict[str, Any]
) -> None:
    line = json.dumps({"custom_id": "gonogo-TOKEN-00000", "result": result}).encode()
    outcome = caller.ask(questions(1), scripted(caller, line))
    assert [asked.key for asked in outcome.to_ask] == ["case 0"]
    assert caller.calls == {}


def test_results_of_unknown_custom_ids_are_nobodys_answer(caller: Caller) -> None:
    foreign = [
        GOOD.replace(b"gonogo-TOKEN-00000", custom_id)
        for custom_id in (b"gonogo-TOKEN-00001", b"gonogo-TOKEN-99999999999999", b"x", b"")
    ]
    outcome = caller.ask(questions(1), scripted(caller, *foreign))
    assert [asked.key for asked in outcome.to_ask] == ["case 0"]
    assert caller.calls == {}
