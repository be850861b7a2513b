"""`gonogo record` as a user meets it: what it asks, says, refuses, and how it ends."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
from app import App, run_record
from click.testing import Result
from standin import (
    Latency,
    Request,
    StandIn,
    any_request,
    asks_for_a_message,
    rate_limited,
    server_error,
    spend_limit,
)
from typer.testing import CliRunner

from gonogo.cli.app import app as command
from gonogo.cli.progress import counting
from gonogo.exchanges import decode_exchange
from gonogo.pricing import cost_of
from gonogo.recordings import load_recordings

ANSWER: Final = "Hello Kim, Lee and Max, thank you for asking: it is on its way and comes tomorrow."
CASSETTE: Final = Path(__file__).parent / "fixtures" / "cassettes" / "pytest_recording.yaml"
SECRET: Final = (
    "sk-ant-api03-" + "".join(sha256(bytes([i])).hexdigest() for i in range(2))[:93] + "AA"
)
ESTIMATE: Final = re.compile(r"at most \$(\d+\.\d+)")


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn(lambda _: ANSWER) as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        yield api


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    app = App(tmp_path)
    (app.dataset / "recordings.jsonl").unlink()
    monkeypatch.chdir(tmp_path)
    return app


def record(*arguments: str) -> Result:
    result = run_record(*arguments)
    assert result.stdout == ""
    return result


def recorded(folder: Path) -> dict[str, list[str]]:
    """Return the trials on file by what was asked."""
    found: dict[str, list[str]] = {}
    for line in (folder / "recordings.jsonl").read_bytes().splitlines():
        exchange = decode_exchange(line)
        asked = exchange.request.body["messages"][0]["content"]
        found.setdefault(re.findall(r"I am (\w+)", asked)[0].lower(), []).append(
            exchange.tags.get("trial", "")
        )
    return {name: sorted(trials) for name, trials in found.items()}


def answers(folder: Path) -> set[str]:
    return {
        decode_exchange(line).response.text
        for line in (folder / "recordings.jsonl").read_bytes().splitlines()
    }


def asks(name: str) -> Any:
    return lambda request: asks_for_a_message(request) and f"I am {name}" in request.last_user_text


def paid_for(api: StandIn) -> list[str]:
    return [re.findall(r"I am (\w+)", str(call.body))[0] for call in api.calls if call.is_paid]


def counted(api: StandIn) -> int:
    return sum("count_tokens" in call.path for call in api.calls)


def settings(app: App, text: str) -> None:
    with (app.root / "pyproject.toml").open("a") as file:
        file.write(text)


def suite(app: App, name: str) -> Path:
    """Add a suite like `greetings`."""
    folder = app.root / "datasets" / name
    for part in ("cases.jsonl", "request.toml"):
        text = (app.dataset / part).read_text().replace("Where is", f"{name}: where is")
        app.write(f"datasets/{name}/{part}", text)
    return folder


def test_it_asks_only_what_is_missing(app: App, api: StandIn) -> None:
    app.write_lines(app.dataset / "recordings.jsonl", [app.exchange("Lee", "old", "Old.")])
    old = app.exchange("Kim", "You answer customers of a shop for outdoor gear.", "Old answer.")
    app.write_lines(app.dataset / "recordings.jsonl", [old])
    result = record("greetings")
    assert result.exit_code == 0
    assert sorted(paid_for(api)) == ["Lee", "Max"]
    assert recorded(app.dataset) == {"kim": [""], "lee": ["lee#1"], "max": ["max#1"]}
    again = record("greetings")
    assert (again.exit_code, again.stderr) == (0, "greetings: nothing is missing\n")
    assert api.paid == 2


def test_the_cost_is_said_before_the_first_paid_call_and_what_was_spent_at_the_end(
    app: App, api: StandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    paid_at_announcement: list[int] = []

    def answer(_: Request) -> str:
        paid_at_announcement.append(len(api.calls))
        return ANSWER

    api.answer = answer
    result = record("greetings")
    said = result.stderr.splitlines()
    assert said[0].startswith("greetings: asking 3 questions: at most $0.0")
    assert re.fullmatch(r"greetings: 3 of 3 recorded; \$0\.000\d spent", said[1])
    assert len(said) == 2
    paths = [call.path for call in api.calls]
    assert paths == ["/v1/messages/count_tokens"] * 3 + ["/v1/messages"] * 3
    calls = load_recordings(app.dataset / "recordings.jsonl").calls
    spent = sum((cost_of(call.final.exchange, {}) for call in calls), Decimal(0))
    assert f"${spent:.4f} spent" in said[1]


def test_trials_and_cases(app: App, api: StandIn) -> None:
    record("greetings", "--case", "kim")
    assert recorded(app.dataset) == {"kim": ["kim#1"]}
    record("greetings", "--trials", "3", "--case", "kim", "--case", "max")
    assert recorded(app.dataset) == {
        "kim": ["kim#1", "kim#2", "kim#3"],
        "max": ["max#1", "max#2", "max#3"],
    }
    record("greetings", "--trials=2")
    assert api.paid == 8


def test_the_same_request_is_counted_once_for_all_runs(app: App, api: StandIn) -> None:
    record("greetings", "--max-cost-usd=0.001")
    assert counted(api) == 3
    record("greetings")
    record("greetings", "--trials=2")
    assert (counted(api), api.paid) == (3, 6)


def test_a_candidate_has_recordings_of_its_own(app: App, api: StandIn) -> None:
    candidate = app.dataset / "candidates" / "brief"
    app.write_request(candidate, "Be brief.")
    assert record("greetings", "--candidate", "brief").exit_code == 0
    assert len(recorded(candidate)) == 3
    assert not (app.dataset / "recordings.jsonl").exists()
    assert all(call.body["system"] == "Be brief." for call in api.calls)


def test_several_suites_are_priced_together_before_the_first_is_asked(
    app: App, api: StandIn
) -> None:
    partings = suite(app, "partings")
    first = record("greetings", "--max-cost-usd=0.0001").stderr
    each = Decimal(ESTIMATE.findall(first)[0])
    refused = record("greetings", "partings", f"--max-cost-usd={each * Decimal('1.5')}")
    assert refused.exit_code == 1
    assert api.paid == 0
    result = record("greetings", "partings", "greetings")
    assert result.exit_code == 0
    assert "gonogo: all 2 suites: at most $0.0" in result.stderr
    assert len(recorded(app.dataset)) == len(recorded(partings)) == 3
    assert api.paid == 6


def test_rerecord_replaces_only_when_all_is_answered(app: App, api: StandIn) -> None:
    api.answer = lambda _: "The first answer."
    record("greetings", "--trials=2")
    api.answer = lambda _: "The second answer."
    api.script(server_error(retry_after=0.001), when=asks("Max"), times=None)
    result = record("greetings", "--rerecord")
    assert result.exit_code == 4
    assert "greetings: the old recordings stay until all is answered" in result.stderr
    assert answers(app.dataset) == {"The first answer."}
    api.clear_script()
    paid = api.paid
    assert record("greetings", "--rerecord").exit_code == 0
    assert api.paid == paid + 2
    assert answers(app.dataset) == {"The second answer."}
    assert sum(map(len, recorded(app.dataset).values())) == 6
    assert list(app.dataset.glob("*rerecording*")) == []


def test_a_rerecording_that_was_stopped_is_ended_before_another_begins(
    app: App, api: StandIn
) -> None:
    record("greetings", "--trials=2")
    api.script(None, None)
    api.script(spend_limit(), times=None)
    assert record("greetings", "--rerecord").exit_code == 4
    api.clear_script()
    paid = api.paid
    result = record("greetings", "--rerecord", "--case=max")
    assert result.exit_code == 2
    assert "end it with the same command as then, or remove " in result.stderr
    assert api.paid == paid
    assert record("greetings", "--rerecord").exit_code == 0
    assert sum(map(len, recorded(app.dataset).values())) == 6


def test_rerecord_of_one_case_leaves_the_others(app: App, api: StandIn) -> None:
    api.answer = lambda _: "The first answer."
    record("greetings")
    api.answer = lambda _: "The second answer."
    assert record("greetings", "--rerecord", "--case=lee").exit_code == 0
    lines = (app.dataset / "recordings.jsonl").read_text().splitlines()
    assert ["The second answer" in line for line in lines if "I am Lee" in line] == [True]
    assert ["The second answer" in line for line in lines if "I am Lee" not in line] == [
        False,
        False,
    ]
    assert api.paid == 4


def test_the_cost_limit_refuses_before_the_first_paid_call(app: App, api: StandIn) -> None:
    result = record("greetings", "--max-cost-usd", "0.002")
    assert result.exit_code == 1
    assert api.paid == 0
    assert "raise --max-cost-usd or [tool.gonogo] max_cost_usd" in result.stderr
    assert not (app.dataset / "recordings.jsonl").exists()


def test_the_limit_of_the_settings_holds_where_none_is_given(app: App, api: StandIn) -> None:
    settings(app, '\n[tool.gonogo]\nmax_cost_usd = "0.002"\n')
    assert record("greetings").exit_code == 1
    assert api.paid == 0
    assert record("greetings", "--max-cost-usd=1").exit_code == 0


def test_a_model_without_a_price_is_refused_under_a_limit(app: App, api: StandIn) -> None:
    request = app.dataset / "request.toml"
    request.write_text(request.read_text().replace("claude-sonnet-5-5", "claude-next-99"))
    result = record("greetings", "--max-cost-usd=5")
    assert result.exit_code == 1
    assert "3 of 3 calls have no upper bound" in result.stderr
    assert "claude-next-99" in result.stderr
    assert api.paid == 0


def test_the_sum_never_passes_the_limit_while_it_runs(app: App, api: StandIn) -> None:
    """Streams that are cut may have been charged for in full: retrying them uses the limit up."""
    estimate = record("greetings", "--max-cost-usd=0").stderr
    limit = Decimal(ESTIMATE.findall(estimate)[0]) + Decimal("0.0001")
    from standin import CutStream

    api.script(CutStream(after_events=6), times=None)
    result = record("greetings", f"--max-cost-usd={limit}")
    assert result.exit_code == 1
    bound = limit / 3
    assert api.paid * bound <= limit + bound / 10
    assert api.paid == 3
    assert "the next call can cost up to" in result.stderr


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (spend_limit(), "raise the spending limit in the Claude Console"),
        ("key", "check ANTHROPIC_API_KEY"),
    ],
)
def test_what_no_call_would_survive_is_one_clear_message(
    app: App, api: StandIn, fault: Any, said: str
) -> None:
    from standin import ErrorReply

    if fault == "key":
        fault = ErrorReply("key", 401, "authentication_error", "invalid x-api-key")
    suite(app, "partings")
    api.script(fault, when=any_request, times=None)
    result = record("greetings", "partings")
    assert result.exit_code == 4
    assert result.stderr.count("gonogo:") == 1
    assert said in result.stderr
    api.clear_script()
    record("greetings", "partings", "--max-cost-usd=0")
    api.script(fault, times=None)
    during = record("greetings", "partings")
    assert during.exit_code == 4
    assert during.stderr.count(said) == 1
    assert "greetings: 0 of 3 recorded, 3 not asked" in during.stderr
    assert "partings: not asked" in during.stderr
    assert api.paid == 0


def test_without_a_key_nothing_is_sent(
    app: App, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    result = record("greetings")
    assert result.exit_code == 4
    assert "ANTHROPIC_API_KEY" in result.stderr
    assert api.calls == []


def test_a_question_that_fails_for_good_costs_only_itself(app: App, api: StandIn) -> None:
    api.script(server_error(retry_after=0.001), when=asks("Lee"), times=5)
    result = record("greetings")
    assert result.exit_code == 4
    assert "greetings: 2 of 3 recorded, 1 failed; $0.0" in result.stderr
    assert "  case lee: api_error: Internal server error\n" in result.stderr
    assert result.stderr.endswith("greetings: the same command asks only what failed\n")
    assert sorted(recorded(app.dataset)) == ["kim", "max"]
    assert record("greetings").exit_code == 0
    assert sorted(paid_for(api)) == ["Kim", "Lee", "Max"]


def test_a_passing_failure_is_asked_again_by_itself(app: App, api: StandIn) -> None:
    api.script(rate_limited(retry_after=0.01), server_error(retry_after=0.01))
    assert record("greetings").exit_code == 0
    assert sorted(recorded(app.dataset)) == ["kim", "lee", "max"]
    assert api.paid == 3


def write_secret(app: App) -> None:
    cases = (app.dataset / "cases.jsonl").read_text()
    (app.dataset / "cases.jsonl").write_text(
        cases.replace("I am Lee. Where", f"I am Lee, key {SECRET}. Where")
    )


def test_a_secret_in_a_case_is_never_sent(app: App, api: StandIn) -> None:
    write_secret(app)
    result = record("greetings")
    assert result.exit_code == 2
    assert "case lee: the request holds a secret (Anthropic API key" in result.stderr
    assert "redact = true" in result.stderr
    assert "greetings: 2 of 3 recorded, 1 not asked" in result.stderr
    assert SECRET not in result.stderr
    assert not any(SECRET in json.dumps(call.body) for call in api.calls)
    assert sorted(recorded(app.dataset)) == ["kim", "max"]


def test_what_is_redacted_is_recorded_and_found_again(app: App, api: StandIn) -> None:
    settings(app, "\n[tool.gonogo.recordings]\nredact = true\n")
    write_secret(app)
    assert record("greetings").exit_code == 0
    assert SECRET not in (app.dataset / "recordings.jsonl").read_text()
    assert record("greetings").stderr == "greetings: nothing is missing\n"
    assert api.paid == 3


def test_a_secret_in_an_answer_is_not_recorded(app: App, api: StandIn) -> None:
    api.answer = lambda request: SECRET if "Lee" in request.last_user_text else ANSWER
    result = record("greetings")
    assert result.exit_code == 2
    assert "greetings: 2 of 3 recorded, 1 may not be recorded; $0.0" in result.stderr
    assert "case lee: the answer holds a secret" in result.stderr
    assert SECRET not in result.stderr
    assert SECRET not in (app.dataset / "recordings.jsonl").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no suite is called 'nowhere'; there are: greetings"),
        (["greetings", "--case=joe"], "--case joe: no such case in greetings; there are: kim, lee"),
        (["greetings", "--candidate=x"], "suite 'greetings' has no candidate 'x'; there are: none"),
        (["greetings", "--max-cost-usd=much"], "expected an amount of US dollars, got 'much'"),
        (["greetings", "--max-cost-usd=-1"], "expected at least 0, got -1"),
        (["greetings", "--trials=0"], "Input should be greater than or equal to 1"),
        ([], "Missing argument 'SUITE'"),
        (["greetings", "--from-cassette=nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["greetings", "--from-cassette=x.yaml", "--batch"], "leave out --rerecord, --batch"),
        (["greetings", "other", "--from-cassette=x.yaml"], "name the one suite"),
    ],
)
def test_bad_input_is_exit_2_and_says_what_there_is(
    app: App, api: StandIn, arguments: list[str], said: str
) -> None:
    result = record(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert api.calls == []


def test_bad_cases_and_damaged_recordings_are_exit_2(app: App, api: StandIn) -> None:
    (app.dataset / "recordings.jsonl").write_text('{"id": "a", "prompt": 5}\n')
    result = record("greetings")
    assert result.exit_code == 2
    assert "recordings.jsonl:1" in result.stderr
    assert api.calls == []


def test_cassettes_become_recordings_once(app: App, api: StandIn) -> None:
    case = {"id": "tent", "prompt": "Where is my tent?", "domain": "greetings"}
    app.write_lines(app.dataset / "cases.jsonl", [case])
    request = app.dataset / "request.toml"
    request.write_text(request.read_text().replace("300", "200"))
    result = record("greetings", f"--from-cassette={CASSETTE}")
    assert result.exit_code == 0
    assert f"{CASSETTE}: 1 call of other endpoints left out\n" in result.stderr
    assert "greetings: 4 recordings taken over; 1 of 1 case has an answer" in result.stderr
    before = (app.dataset / "recordings.jsonl").read_bytes()
    again = record("greetings", f"--from-cassette={CASSETTE}", f"--from-cassette={CASSETTE}")
    assert again.exit_code == 0
    assert "greetings: 0 recordings taken over" in again.stderr
    assert (app.dataset / "recordings.jsonl").read_bytes() == before
    load_recordings(app.dataset / "recordings.jsonl")
    assert b"made-up-key" not in before
    assert record("greetings").stderr == "greetings: nothing is missing\n"
    assert api.calls == []


def test_help_reads_well() -> None:
    shown = CliRunner().invoke(command, ["record", "--help"], prog_name="gonogo").stdout
    assert shown.startswith("Usage: gonogo record [OPTIONS] SUITE...\n")
    assert not re.search(r"[{}<]|list\[|TEXT|INTEGER", shown)
    assert all(len(line) <= 80 for line in shown.splitlines())
    for option in ("--trials N", "--case ID", "--max-cost-usd USD", "--poll-seconds SECONDS"):
        assert option in shown
    for status in ("0 all is recorded", "1 the cost limit", "2 bad input", "4 Claude", "130"):
        assert status in " ".join(shown.split())


def test_without_a_terminal_a_long_run_says_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = 0.0
    with counting(100, "greetings: answered", clock=lambda: now) as bar:
        for _ in range(70):
            now += 1.0
            bar.advance()
    assert capsys.readouterr().err.splitlines() == [
        "greetings: answered 30 of 100",
        "greetings: answered 60 of 100",
    ]


def test_what_was_recorded_is_replayed_without_a_network(
    app: App, api: StandIn, monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    monkeypatch.chdir(app.root)
    assert record("greetings", "--trials=2").exit_code == 0
    api.stop()

    def no_network(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    result = pytester.runpytest_inprocess(f"--rootdir={app.root}", str(app.root / "evals"))
    result.assert_outcomes(passed=3)


def start(app: App, *arguments: str, stderr: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "gonogo", "record", *arguments],
        cwd=app.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=os.environ | {"COLUMNS": "100", "LINES": "24", "TERM": "xterm-256color"},
    )


def test_ctrl_c_ends_it_at_once_and_keeps_what_is_done(app: App, api: StandIn) -> None:
    api.script(Latency(30), when=asks("Max"), times=None)
    process = start(app, "greetings", stderr=subprocess.PIPE)
    path = app.dataset / "recordings.jsonl"
    wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") == 2)
    process.send_signal(signal.SIGINT)
    sent = time.monotonic()
    out, said = process.communicate(timeout=20)
    assert time.monotonic() - sent < 15  # not the 30 s of the answer
    assert process.returncode == 130
    assert out == b""
    lines = said.decode().splitlines()
    assert re.fullmatch(r"greetings: 2 of 3 recorded; at most \$0\.00\d\d spent", lines[1])
    assert lines[2] == (
        "gonogo: stopped; what was answered is recorded: the same command goes on from there"
    )
    assert len(lines) == 3
    assert sorted(recorded(app.dataset)) == ["kim", "lee"]
    api.clear_script()
    assert record("greetings").exit_code == 0
    assert [paid_for(api).count(name) for name in ("Kim", "Lee")] == [1, 1]


def test_on_a_terminal_a_bar_shows_how_far_it_is_and_is_gone_at_the_end(
    app: App, api: StandIn
) -> None:
    api.script(None, Latency(2.0), Latency(2.2))
    ours, theirs = pty.openpty()
    process = start(app, "greetings", stderr=theirs)
    os.close(theirs)
    screen = read_all(ours).decode()
    assert process.wait(10) == 0
    assert process.communicate()[0] == b""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)
    assert re.search(r"greetings: answered [━╸╺ ]+ 1/3", plain)
    assert shown_in_the_end(screen) == [
        plain.split("\r\n")[0],
        re.findall(r"greetings: 3 of 3 recorded; .*spent", plain)[0],
    ]
    assert screen.count("\x1b[?25l") == screen.count("\x1b[?25h")  # the cursor is back


def wait_until(is_so: Any, timeout_seconds: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def read_all(descriptor: int) -> bytes:
    """Read what a process writes to its terminal, until it has ended."""
    parts = []
    while select.select([descriptor], [], [], 30)[0]:
        try:
            part = os.read(descriptor, 4096)
        except OSError:  # how Linux says that the other end is closed
            part = b""
        if not part:
            break
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts)


def shown_in_the_end(screen: str) -> list[str]:
    """Return the lines that a terminal shows in the end: knows what a bar of rich sends."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", screen):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif token == "\x1b[2K":
            lines[row] = ""
        elif re.fullmatch(r"\x1b\[\d*A", token):
            row -= int(token[2:-1] or 1)
        elif not token.startswith("\x1b"):
            lines[row] = (
                lines[row][:column].ljust(column) + token + lines[row][column + len(token) :]
            )
            column += len(token)
    return [line.rstrip() for line in lines if line.strip()]
