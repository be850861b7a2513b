"""Batches that are stopped at any moment: resumed from the journal, never paid twice."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from anthropic import Anthropic, APIRequest, CallNext, Middleware
from batches import Caller, Paid, client, question, questions
from hypothesis import given, settings
from hypothesis import strategies as st
from standin import DroppedConnection, Latency, Request, StandIn, server_error

from gonogo.errors import BadInputError, BatchesUnfinishedError, BatchRefusedError

BATCHES = "/v1/messages/batches"


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    return Caller(tmp_path / "recordings.batches.jsonl")


def creates(request: Request) -> bool:
    return request.method == "POST" and request.path == BATCHES


def is_read(request: Request) -> bool:
    return request.method == "GET"


def creations(api: StandIn) -> int:
    return sum(call.method == "POST" and call.path == BATCHES for call in api.calls)


class CrashError(Exception):
    """Stands for the end of the process."""


class Crash(Middleware):
    """Ends the process before or after its n-th call, counted from 0."""

    def __init__(self, number: int, *, is_after: bool) -> None:
        self.left = number
        self.is_after = is_after

    def handle(self, request: APIRequest, call_next: CallNext) -> Any:
        self.left -= 1
        if self.left < 0 and not self.is_after:
            raise CrashError
        response = call_next(request)
        if self.left < 0:
            response.http_response.close()
            raise CrashError
        return response


def crash(caller: Caller, api: StandIn, number: int, *, is_after: bool) -> bool:
    """Run until the crash, and say whether it came before the end."""
    with client(api, Crash(number, is_after=is_after)) as claude:
        try:
            caller.ask(questions(5), claude, max_requests=2)
        except CrashError:
            return True
        return False


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_crash_at_any_call_loses_nothing_and_pays_nothing_twice(
    tmp_path: Path, *, is_after: bool
) -> None:
    number, crashes = 0, True
    while crashes:
        caller, paid = Caller(tmp_path / str(number) / "journal"), Paid()
        with StandIn(batch_outcome=paid, batch_polls=1) as api:
            crashes = crash(caller, api, number, is_after=is_after)
            if crashes:
                with client(api) as claude:
                    outcome = caller.ask(questions(5), claude, max_requests=2)
                assert outcome.to_ask == ()
        assert len(caller.stored) == 5, f"crash at call {number}"
        assert (len(paid.texts), paid.most) == (5, 1), f"crash at call {number}"
        assert list(caller.journal.parent.iterdir()) == []
        number += 1
    assert number > 12  # 3 batches: newest, created, two looks and two calls for the results each


@settings(max_examples=12, deadline=None)
@given(crashes=st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=4))
def test_crashes_in_a_row_pay_nothing_twice(
    tmp_path_factory: pytest.TempPathFactory, crashes: list[tuple[int, bool]]
) -> None:
    caller = Caller(tmp_path_factory.mktemp("crashes") / "journal")
    paid = Paid(**{"1": "errored", "4": "expired"})
    with StandIn(batch_outcome=paid, batch_polls=1) as api, client(api) as claude:
        for number, is_after in crashes:
            crash(caller, api, number, is_after=is_after)
        outcome = caller.ask(questions(5), claude, max_requests=2)
    assert [asked.key for asked in outcome.to_ask] == ["case 1", "case 4"]
    assert caller.calls == {"case 0": 1, "case 2": 1, "case 3": 1}
    assert (len(paid.texts), paid.most) == (3, 1)


@pytest.mark.parametrize("stored", range(5))
def test_answers_that_were_not_stored_come_again(caller: Caller, stored: int) -> None:
    def store_some(*_: object) -> None:
        if len(caller.stored) >= stored:
            raise OSError("No space left on device")

    with StandIn(batch_outcome=Paid()) as api, client(api) as claude:
        caller.on_answer = store_some
        with pytest.raises(OSError, match="No space"):
            caller.ask(questions(5), claude)
        caller.on_answer = lambda *_: None
        caller.ask(questions(5), claude)
        assert len(api.paid_custom_ids) == 5
    assert set(caller.calls.values()) == {1}
    assert len(caller.stored) == 5


def test_ctrl_c_keeps_the_journal_and_says_how_to_resume(caller: Caller) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    asked = questions(3)
    with StandIn(batch_polls=2) as api, client(api) as claude:
        with pytest.raises(KeyboardInterrupt):
            caller.ask(asked, claude, sleep=interrupt)
        assert "1 batch of 3 questions under way; nothing is lost: run the same" in caller.text
        caller.ask(asked, claude)
        assert creations(api) == 1
    assert len(caller.stored) == 3


def test_a_run_gives_up_after_the_longest_wait_and_the_next_one_resumes(caller: Caller) -> None:
    with StandIn(batch_polls=7) as api, client(api) as claude:
        with pytest.raises(BatchesUnfinishedError, match=r"1 batch of 2 questions .* 20 seconds"):
            caller.ask(questions(2), claude, first_seconds=6, growth=1.0, max_seconds=20)
        assert caller.clock.slept == [6, 6, 6, 2]
        caller.ask(questions(2), claude)
        assert creations(api) == 1
    assert len(caller.stored) == 2


def test_a_network_that_is_gone_ends_the_run_and_the_next_one_resumes(caller: Caller) -> None:
    def cut(*_: object) -> None:
        api.script(DroppedConnection(), when=is_read, times=None)

    with StandIn(batch_polls=2) as api, client(api) as claude:
        caller.progress = Watched(cut)
        with pytest.raises(BatchesUnfinishedError, match=r"no answer, .*same command again"):
            caller.ask(questions(2), claude)
        caller.progress = []
        api.clear_script()
        caller.ask(questions(2), claude)
        assert creations(api) == 1
    assert len(caller.stored) == 2


def test_a_network_that_is_gone_for_a_while_is_waited_for(caller: Caller) -> None:
    def cut(*_: object) -> None:
        if len(caller.progress) == 1:
            api.script(DroppedConnection(), when=is_read, times=4)

    with StandIn(batch_polls=2) as api, client(api) as claude:
        caller.progress = Watched(cut)
        caller.ask(questions(2), claude)
    assert len(caller.stored) == 2


class Watched(list[Any]):
    """A list that tells when it grows."""

    def __init__(self, watch: Callable[[object], None]) -> None:
        super().__init__()
        self.watch = watch

    def append(self, item: Any) -> None:
        super().append(item)
        self.watch(item)


def unclear(caller: Caller, api: StandIn, count: int, *, is_created: bool) -> None:
    """Crash in the submission of a batch, before or after the API took it in."""
    with client(api, Crash(1, is_after=is_created)) as claude, pytest.raises(CrashError):
        caller.ask(questions(count), claude)


def others(claude: Anthropic, count: int, *, batches: int = 1) -> list[str]:
    """Submit batches that are somebody else's, and return their ids."""
    sent: Any = [
        {"custom_id": f"other-{n}", "params": question(f"o{n}", f"other {n}").request.body}
        for n in range(count)
    ]
    return [claude.messages.batches.create(requests=sent).id for _ in range(batches)]


@pytest.mark.parametrize("is_created", [True, False], ids=["taken in", "not taken in"])
def test_batches_of_others_are_not_taken_for_the_one_that_is_looked_for(
    caller: Caller, *, is_created: bool
) -> None:
    with StandIn(batch_polls=3) as api, client(api) as claude:
        others(claude, 3, batches=2)
        unclear(caller, api, 3, is_created=is_created)
        others(claude, 3, batches=2)
        others(claude, 4)
        caller.ask(questions(3), claude)
        ours = [name for name in api.paid_custom_ids if name.startswith("gonogo-")]
        assert len(ours) == 3
    assert len(caller.stored) == 3
    said = [exchange.response.text for exchange in caller.stored.values() if exchange.response]
    assert all(text.startswith("You said: Question") for text in said)


def test_batches_that_are_older_or_of_another_size_are_not_even_looked_at(caller: Caller) -> None:
    with StandIn(batch_polls=2) as api, client(api) as claude:
        older = others(claude, 3, batches=2)
        unclear(caller, api, 3, is_created=False)
        larger = others(claude, 4)
        caller.ask(questions(3), claude)
        looked_at = {call.path.removeprefix(f"{BATCHES}/") for call in api.calls}
    assert not looked_at & {*older, *larger}


def test_a_batch_that_is_known_is_not_taken_for_the_one_that_is_looked_for(caller: Caller) -> None:
    with StandIn(batch_polls=20) as api, client(api) as claude:
        api.script(server_error(), when=creates)
        caller.ask(questions(4), claude, max_requests=2)
        posts = [n for n, call in enumerate(api.calls) if call.method == "POST"]
        results = [n for n, call in enumerate(api.calls) if call.path.endswith("/results")]
    assert (len(posts), len(caller.stored)) == (3, 4)
    assert posts[-1] < results[0]  # the second is not waited for to be ruled out


def test_a_marker_that_was_deleted_leaves_the_times_to_tell(caller: Caller) -> None:
    paid = Paid()
    with StandIn(batch_polls=0, batch_outcome=paid) as api, client(api) as claude:
        (marker,) = others(claude, 1)
        claude.messages.batches.retrieve(marker)
        unclear(caller, api, 3, is_created=True)
        claude.messages.batches.delete(marker)
        caller.ask(questions(3), claude)
        assert creations(api) == 2
    assert (len(caller.stored), paid.most) == (3, 1)


@pytest.mark.parametrize("hours", [-30, 30])
def test_a_clock_that_is_wrong_by_a_day_does_not_make_it_pay_twice(
    caller: Caller, hours: int
) -> None:
    caller.clock.time += timedelta(hours=hours)
    paid = Paid()
    with StandIn(batch_outcome=paid) as api, client(api) as claude:
        others(claude, 3)
        unclear(caller, api, 3, is_created=True)
        caller.ask(questions(3), claude)
        assert creations(api) == 2
    assert (len(caller.stored), paid.most) == (3, 1)


def test_what_changed_since_it_was_submitted_is_reported_and_asked_anew(caller: Caller) -> None:
    with StandIn(batch_polls=3) as api, client(api) as claude:
        with pytest.raises(BatchesUnfinishedError):
            caller.ask(questions(3), claude, max_seconds=0)
        changed = [question("case 0", "Something else"), *questions(3)[1:]]
        caller.ask(changed, claude)
        assert creations(api) == 2
    assert "msgbatch_standin000001 asked 1 question that changed since (case 0)" in caller.text
    answer = caller.stored["case 0"].response
    assert answer is not None
    assert answer.text == "You said: Something else"
    assert len(caller.stored) == 3
    assert caller.announced[1:] == [["case 0"]]


def test_a_batch_of_which_nothing_is_asked_any_more_is_not_waited_for(caller: Caller) -> None:
    with StandIn(batch_polls=3) as api, client(api) as claude:
        with pytest.raises(BatchesUnfinishedError):
            caller.ask(questions(2), claude, max_seconds=0)
        looks = len(api.calls)
        caller.ask([question(f"case {n}", f"New {n}") for n in range(2)], claude)
        assert not any("000001" in call.path for call in api.calls[looks:])
    assert not caller.journal.exists()


def test_a_run_of_fewer_cases_keeps_what_was_paid_for_the_others(caller: Caller) -> None:
    asked = questions(4)
    with StandIn(batch_polls=3) as api, client(api) as claude:
        with pytest.raises(BatchesUnfinishedError):
            caller.ask(asked, claude, max_requests=2, max_seconds=0)
        caller.ask([asked[0]], claude)
        assert list(caller.stored) == ["case 0"]
        assert caller.journal.exists()
        caller.ask(asked, claude)
        assert creations(api) == 2
        assert len(api.paid_custom_ids) == 4
    assert len(caller.stored) == 4
    assert not caller.journal.exists()


def test_results_that_are_no_longer_kept_are_asked_anew(caller: Caller) -> None:
    with StandIn(batch_polls=3) as api, client(api) as claude:
        with pytest.raises(BatchesUnfinishedError):
            caller.ask(questions(2), claude, max_seconds=0)
        caller.clock.time += timedelta(days=30)
        caller.ask(questions(2), claude)
        assert creations(api) == 2
    assert "kept for 29 days" in caller.text
    assert len(caller.stored) == 2


def test_a_batch_that_the_account_does_not_know_is_one_clear_error(caller: Caller) -> None:
    with StandIn(batch_polls=0) as api, client(api) as claude:
        caller.on_answer = raise_crash
        with pytest.raises(CrashError):
            caller.ask(questions(2), claude)
        claude.messages.batches.delete("msgbatch_standin000001")
        with pytest.raises(BatchRefusedError, match="deleted, or the key is of another workspace"):
            caller.ask(questions(2), claude)
        assert creations(api) == 1
    assert caller.journal.exists()


def raise_crash(*_: object) -> None:
    raise CrashError


def lines_of(journal: Path) -> list[bytes]:
    return journal.read_bytes().splitlines(keepends=True)


def test_a_torn_line_of_the_journal_is_healed_wherever_it_was_torn(tmp_path: Path) -> None:
    for share in (0.0, 0.01, 0.3, 0.7, 0.99):
        caller, paid = Caller(tmp_path / str(share) / "journal"), Paid()
        with StandIn(batch_outcome=paid, batch_polls=1) as api, client(api) as claude:
            with pytest.raises(BatchesUnfinishedError):
                caller.ask(questions(3), claude, max_seconds=0)
            planned, created = lines_of(caller.journal)
            assert (b'"planned"' in planned, b'"created"' in created) == (True, True)
            caller.journal.write_bytes(planned + created[: int(len(created) * share)])
            caller.on_answer = raise_crash
            with pytest.raises(CrashError):
                caller.ask(questions(3), claude)
            assert len(lines_of(caller.journal)) == 2
            caller.on_answer = lambda *_: None
            caller.ask(questions(3), claude)
            assert creations(api) == 1
        assert (len(caller.stored), paid.most) == (3, 1)


@pytest.mark.parametrize("tail", [b'{"kind":"plan', b"\0" * 64, b"\xff\xfe"], ids=repr)
def test_an_intent_that_was_torn_was_never_submitted(caller: Caller, tail: bytes) -> None:
    with StandIn(batch_polls=1) as api, client(api) as claude:
        with pytest.raises(BatchesUnfinishedError):
            caller.ask(questions(2), claude, max_seconds=0, max_requests=1)
        with caller.journal.open("ab") as stream:
            stream.write(tail)
        caller.ask(questions(3), claude)
        assert len(api.paid_custom_ids) == 3
    assert len(caller.stored) == 3
    assert not caller.journal.exists()


PROGRAM = """
import sys
from pathlib import Path
from anthropic import Anthropic
from batches import Caller, questions
Caller(Path(sys.argv[1])).ask(questions(4), Anthropic(max_retries=0), max_requests=2)
"""


@pytest.mark.parametrize("arrived", [2, 4])
def test_a_process_that_is_killed_while_it_submits_pays_nothing_twice(
    caller: Caller, arrived: int
) -> None:
    paid = Paid()
    with StandIn(batch_outcome=paid, batch_polls=1) as api, client(api) as claude:
        # The batch is taken in at once, and its answer comes after the process is gone.
        api.script(*[None] * (arrived // 2 - 1), Latency(5.0), when=creates)
        python_path = str(Path(__file__).parents[1])
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(caller.journal)],
            env={**os.environ, **api.environment, "PYTHONPATH": python_path},
        )
        try:
            assert api.wait_for_calls(arrived)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        created = [b'"created"' in line for line in lines_of(caller.journal)]
        assert created == ([False] if arrived == 2 else [False, True, False])
        caller.ask(questions(4), claude, max_requests=2)
    assert len(caller.stored) == 4
    assert (len(paid.texts), paid.most) == (4, 1)
    assert list(caller.journal.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{}\n", "journal:2: "),
        (b"nonsense\n", "journal:2: JSON is malformed"),
        (b'{"kind":"created","token":"00000000","batch":"b"}\n', "'00000000' was never planned"),
        (b'{"kind":"dropped","token":"../etc","why":""}\n', "journal:2: "),
        (b'{"kind":"planned","schema":2,"token":"00000000"}\n', "journal:2: "),
    ],
)
def test_a_damaged_journal_is_an_error_that_says_where(
    tmp_path: Path, line: bytes, message: str
) -> None:
    caller = Caller(tmp_path / "journal")
    with StandIn(batch_polls=3) as api, client(api) as claude:
        with pytest.raises(BatchesUnfinishedError):
            caller.ask(questions(1), claude, max_seconds=0)
        planned, created = lines_of(caller.journal)
        caller.journal.write_bytes(planned + line + created)
        calls = len(api.calls)
        with pytest.raises(BadInputError, match=r"move the file away") as error:
            caller.ask(questions(1), claude)
        assert len(api.calls) == calls
    assert message in str(error.value)


def test_the_journal_holds_keys_and_fingerprints_and_no_text(caller: Caller) -> None:
    secret = question("case 0", "My name is Nobody")
    with (
        StandIn(batch_polls=3) as api,
        client(api) as claude,
        pytest.raises(BatchesUnfinishedError),
    ):
        caller.ask([secret], claude, max_seconds=0)
    text = caller.journal.read_text()
    planned = json.loads(text.splitlines()[0])
    assert planned["items"] == [["case 0", secret.request.fingerprint()]]
    assert "Nobody" not in text
