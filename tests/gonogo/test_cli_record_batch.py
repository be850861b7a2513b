"""`gonogo record --batch`: half the price, resumed after a kill without paying twice."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from app import App, run_record
from standin import ErrorReply, StandIn

from gonogo.exchanges import Exchange
from gonogo.pricing import cost_of
from gonogo.recordings import load_recordings

ANSWER: Final = "Hello Kim, Lee and Max, thank you for asking: it is on its way and comes tomorrow."
BATCHES: Final = "/v1/messages/batches"
QUICK: Final = ("--batch", "--poll-seconds=0.01")


@pytest.fixture
def standin() -> Iterator[Callable[..., StandIn]]:
    started: list[StandIn] = []

    def start(**how: Any) -> StandIn:
        api = StandIn(lambda _: ANSWER, **how).start()
        started.append(api)
        for name, value in api.environment.items():
            patch.setenv(name, value)
        return api

    with pytest.MonkeyPatch.context() as patch:
        yield start
    for api in started:
        api.stop()


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    app = App(tmp_path)
    (app.dataset / "recordings.jsonl").unlink()
    monkeypatch.chdir(tmp_path)
    return app


def exchanges(app: App) -> dict[str, Exchange]:
    calls = load_recordings(app.dataset / "recordings.jsonl").calls
    found = [call.final.exchange for call in calls]
    return {exchange.tags["trial"]: exchange for exchange in found if exchange is not None}


def submitted(api: StandIn) -> int:
    return sum(call.path == BATCHES and call.method == "POST" for call in api.calls)


def journal(app: App) -> Path:
    return app.dataset / "recordings.batches.jsonl"


def ends(**by_name: str) -> Callable[[str, dict[str, Any]], Any]:
    """Say how the items of a batch end, by the name in their text."""
    return lambda _, params: next(
        (end for name, end in by_name.items() if f"I am {name}" in str(params)), "succeeded"
    )


def most(said: str) -> Decimal:
    return Decimal(re.findall(r"at most \$(\d+\.\d+)", said)[0])


def test_a_batch_is_half_the_price(app: App, standin: Callable[..., StandIn]) -> None:
    api = standin(batch_polls=3)
    full = most(run_record("greetings", "--max-cost-usd=0").stderr)
    result = run_record("greetings", *QUICK)
    assert result.exit_code == 0, result.stderr
    said = result.stderr.splitlines()
    assert re.fullmatch(r"greetings: asking 3 questions in batches: at most \$\d\.\d{4}", said[0])
    assert most(said[0]) == pytest.approx(full / 2, abs=Decimal("0.0001"))
    found = exchanges(app)
    assert sorted(found) == ["kim#1", "lee#1", "max#1"]
    spent = sum((cost_of(e, {}) or Decimal(0) for e in found.values()), Decimal(0))
    assert said[1] == f"greetings: 3 of 3 recorded; ${spent:.4f} spent"
    full_price = found["kim#1"].usage.output_tokens * Decimal("0.000015")
    assert cost_of(found["kim#1"], {}) < full_price
    assert (api.paid, len(api.paid_custom_ids), submitted(api)) == (0, 3, 1)
    assert not journal(app).exists()
    assert run_record("greetings", *QUICK).stderr == "greetings: nothing is missing\n"
    assert run_record("greetings").stderr == "greetings: nothing is missing\n"


def test_what_a_batch_could_not_answer_is_asked_one_by_one(
    app: App, standin: Callable[..., StandIn]
) -> None:
    api = standin(batch_outcome=ends(Lee="errored", Max="expired"))
    result = run_record("greetings", *QUICK)
    assert result.exit_code == 0, result.stderr
    assert "greetings: asking 2 questions: at most $0.0" in result.stderr
    assert "greetings: 3 of 3 recorded; $0.0" in result.stderr
    found = exchanges(app)
    assert {key: e.usage.is_batch for key, e in found.items()} == {
        "kim#1": True,
        "lee#1": False,
        "max#1": False,
    }
    assert (api.paid, len(api.paid_custom_ids)) == (2, 1)


def test_a_wrong_request_costs_only_itself(app: App, standin: Callable[..., StandIn]) -> None:
    api = standin(batch_outcome=ends(Lee="invalid"))
    result = run_record("greetings", *QUICK)
    assert result.exit_code == 4
    assert "greetings: 2 of 3 recorded, 1 failed; $0.0" in result.stderr
    assert "  case lee: invalid_request_error: messages: wrong\n" in result.stderr
    assert sorted(exchanges(app)) == ["kim#1", "max#1"]
    assert api.paid == 0
    run_record("greetings", *QUICK)
    assert len(api.paid_custom_ids) == 2


def test_the_cost_limit_refuses_before_anything_is_submitted(
    app: App, standin: Callable[..., StandIn]
) -> None:
    api = standin()
    result = run_record("greetings", *QUICK, "--max-cost-usd=0.001")
    assert result.exit_code == 1
    assert "raise --max-cost-usd" in result.stderr
    assert submitted(api) == 0
    assert not journal(app).exists()
    price = most(result.stderr)
    assert (
        run_record("greetings", *QUICK, f"--max-cost-usd={price + Decimal('0.0001')}").exit_code
        == 0
    )


def test_what_must_be_asked_one_by_one_is_held_within_the_limit_too(
    app: App, standin: Callable[..., StandIn]
) -> None:
    api = standin(batch_outcome=lambda *_: "errored")
    price = most(run_record("greetings", *QUICK, "--max-cost-usd=0").stderr) + Decimal("0.0001")
    result = run_record("greetings", *QUICK, f"--max-cost-usd={price}")
    assert result.exit_code == 1  # one by one it is twice as dear
    assert (api.paid, api.paid_custom_ids) == (0, [])
    assert "greetings: 0 of 3 recorded, 3 not asked; $0.0000 spent" in result.stderr


def test_a_changed_request_is_asked_anew(app: App, standin: Callable[..., StandIn]) -> None:
    api = standin()
    run_record("greetings", *QUICK)
    app.write_request(app.dataset, "You answer briefly.")
    assert run_record("greetings", *QUICK).exit_code == 0
    assert len(api.paid_custom_ids) == 6
    assert run_record("greetings", *QUICK).stderr == "greetings: nothing is missing\n"


def test_trials_and_rerecording_in_batches(app: App, standin: Callable[..., StandIn]) -> None:
    api = standin()
    run_record("greetings", *QUICK, "--trials=2")
    api.answer = lambda _: "Another answer."
    assert run_record("greetings", *QUICK, "--rerecord").exit_code == 0
    assert len(api.paid_custom_ids) == 12
    assert {e.response.text for e in exchanges(app).values()} == {"Another answer."}
    assert len(exchanges(app)) == 6


def test_a_wrong_key_is_one_message(app: App, standin: Callable[..., StandIn]) -> None:
    api = standin()
    run_record("greetings", *QUICK, "--max-cost-usd=0")
    wrong = ErrorReply("key", 401, "authentication_error", "invalid x-api-key")
    api.script(wrong, when=lambda r: r.path.startswith(BATCHES), times=None)
    result = run_record("greetings", *QUICK)
    assert result.exit_code == 4
    assert "Traceback" not in result.stderr
    assert result.stderr.count("check ANTHROPIC_API_KEY") == 1


def test_batches_under_way_are_not_paid_for_again_one_by_one(
    app: App,
    standin: Callable[..., StandIn],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(app.root)
    api = standin(batch_polls=3)
    kill_while_it_polls(app, api, "--case=kim", "--case=lee")
    before = api.paid
    run = pytester.runpytest_inprocess(
        f"--rootdir={app.root}", app.root / "evals", "--gonogo-mode=record"
    )
    run.stdout.fnmatch_lines(["*RunStoppedError: greetings: 2 questions in batches under way*"])
    assert api.paid == before
    result = run_record("greetings")
    assert result.exit_code == 2
    assert "greetings: 2 questions in batches under way, already paid for" in result.stderr
    assert "--batch" in result.stderr
    assert api.paid == before
    assert run_record("greetings", "--case=max").exit_code == 0


def test_a_killed_run_resumes_without_paying_twice(
    app: App, standin: Callable[..., StandIn]
) -> None:
    api = standin(batch_polls=3, batch_outcome=ends(Max="errored"))
    kill_while_it_polls(app, api)
    assert exchanges(app) == {}
    result = run_record("greetings", *QUICK, "--max-cost-usd=0.01")
    assert result.exit_code == 0, result.stderr
    assert "greetings: resuming: 1 batch of 3 questions under way" in result.stderr
    assert sorted(exchanges(app)) == ["kim#1", "lee#1", "max#1"]
    assert (api.paid, len(api.paid_custom_ids), submitted(api)) == (1, 2, 1)
    assert not journal(app).exists()
    spent = sum((cost_of(e, {}) or Decimal(0) for e in exchanges(app).values()), Decimal(0))
    assert f"${spent:.4f} spent" in result.stderr


def test_ctrl_c_leaves_the_batch_under_way(app: App, standin: Callable[..., StandIn]) -> None:
    api = standin(batch_polls=3)
    process = start(app)
    wait_until_it_polls(api, process)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "greetings: stopped; 1 batch of 3 questions under way" in said
    assert said.rstrip().endswith("the same command goes on from there")
    assert "Traceback" not in said
    assert run_record("greetings", *QUICK).exit_code == 0
    assert (len(api.paid_custom_ids), submitted(api)) == (3, 1)


def start(app: App, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gonogo", "record", "greetings", "--batch", *arguments],
        cwd=app.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )


def wait_until_it_polls(api: StandIn, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while not any(call.path.startswith(f"{BATCHES}/") for call in api.calls):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill_while_it_polls(app: App, api: StandIn, *arguments: str) -> None:
    process = start(app, *arguments)
    wait_until_it_polls(api, process)
    process.kill()
    process.communicate(timeout=10)
    assert json.loads(journal(app).read_text().splitlines()[0])
