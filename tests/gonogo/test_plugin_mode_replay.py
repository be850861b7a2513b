"""`--gonogo-mode=replay`, the default: no network; a miss says which part of the request is new."""

import json
import socket

import pytest
from app import SYSTEM, App


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a socket was connected: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)


def test_a_changed_prompt_is_a_miss_that_says_what_is_new(
    accepted: App, pytester: pytest.Pytester
) -> None:
    accepted.write_request(accepted.dataset, SYSTEM + " Be brief.")
    result = pytester.runpytest_inprocess("evals")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*MissingRecordingError: case kim: no recording answers its request*",
            "*nearest recording: ex_kim; what differs from it:",
            "*system: recorded *, now * Be brief.'",
            "*record it with --gonogo-mode=record*",
        ]
    )


def test_a_call_of_an_application_that_is_not_recorded_is_our_own_error(
    app: App, pytester: pytest.Pytester
) -> None:
    app.write(
        "tests/test_own.py",
        """
import anthropic

def test_own(gonogo):
    anthropic.Anthropic().messages.create(
        model="claude-sonnet-5-5", max_tokens=9, messages=[{"role": "user", "content": "Hi"}]
    )
""",
    )
    result = pytester.runpytest_inprocess("tests")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*MissingRecordingError: the test's call: no recording answers*"])


def test_unused_and_old_recordings_are_named_on_complete_runs_only(
    accepted: App, pytester: pytest.Pytester
) -> None:
    other = accepted.exchange("Ada", SYSTEM, "Hello {name}.")
    accepted.write_recordings(accepted.dataset, SYSTEM, {}, at="2020-01-01T00:00:00Z")
    with (accepted.dataset / "recordings.jsonl").open("a") as stream:
        stream.write(json.dumps(other) + "\n")
    with (accepted.root / "pyproject.toml").open("a") as settings:
        settings.write("\n[tool.gonogo.recordings]\nmax_age_days = 1000\n")
    result = pytester.runpytest_inprocess("evals")
    result.stdout.fnmatch_lines(
        ["*1 recording not used: ex_ada*", "*3 recordings older than 1000 days: ex_kim, ex_lee*"]
    )
    partial = pytester.runpytest_inprocess("evals", "-k", "kim")
    partial.stdout.no_fnmatch_line("*not used*")
    partial.stdout.no_fnmatch_line("*older than*")


def test_an_unused_recording_of_a_test_of_its_own_is_a_warning(
    app: App, pytester: pytest.Pytester
) -> None:
    app.write("tests/test_own.py", "def test_own(gonogo):\n    gonogo.client().messages\n")
    app.write_lines(
        app.root / "tests/recordings/test_own/test_own.jsonl", [app.exchange("Kim", SYSTEM, "Hi")]
    )
    result = pytester.runpytest_inprocess("tests", "-W", "default")
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*test_own.jsonl: 1 recording not used (ex_kim)*"])


def test_a_recording_with_a_wrong_request_is_refused(
    accepted: App, pytester: pytest.Pytester
) -> None:
    line = accepted.exchange("Kim", SYSTEM, "Hello {name}.", wire={"fingerprint": "0" * 64})
    accepted.write_lines(accepted.dataset / "recordings.jsonl", [line])
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*recordings.jsonl:1: ex_kim: its request is not the one that*"])


def test_an_answer_without_a_request_is_refused(accepted: App, pytester: pytest.Pytester) -> None:
    line = accepted.exchange("Kim", SYSTEM, "Hello {name}.")
    del line["request"]
    accepted.write_lines(accepted.dataset / "recordings.jsonl", [line])
    result = pytester.runpytest_inprocess("evals")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*recordings.jsonl:1: exactly one of `request` and `prompt`*"])


def test_a_test_without_the_fixture_is_left_alone(app: App, pytester: pytest.Pytester) -> None:
    app.write(
        "tests/test_other.py",
        """
import anthropic, httpx2

def test_other():
    answer = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [],
              "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 1}}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=answer))
    with anthropic.Anthropic(api_key="k", http_client=httpx2.Client(transport=transport)) as client:
        assert client.messages.create(model="m", max_tokens=9, messages=[]).id == "m"
""",
    )
    pytester.runpytest_inprocess("tests").assert_outcomes(passed=1)
