"""`--gonogo-mode=live`: all is asked, stored apart; recordings stay as they are."""

from collections.abc import Iterator

import pytest
from app import App
from standin import StandIn, overloaded

from gonogo.recordings import load_recordings

ANSWER = "Hello Kim, Lee and Max, thank you for asking: it is on its way and arrives tomorrow."


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn(lambda _: ANSWER) as started:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", started.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key-of-the-stand-in")
        yield started


def test_all_is_asked_and_stored_apart(
    accepted: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    before = (accepted.dataset / "recordings.jsonl").read_bytes()
    result = pytester.runpytest_inprocess("evals", "--gonogo-mode=live", "--gonogo-trials=2")
    result.assert_outcomes(passed=3)
    assert api.paid == 6
    assert (accepted.dataset / "recordings.jsonl").read_bytes() == before
    (stored,) = accepted.root.glob(".gonogo/live/*/greetings.jsonl")
    assert len(list(load_recordings(stored).calls)) == 6
    assert (accepted.root / ".gonogo/.gitignore").read_text() == "*\n"
    result.stdout.fnmatch_lines(
        ["greetings (live, 3 cases)", "*asked and stored in *.gonogo*live*"]
    )
    assert result.outlines[-1] == "GO"


def test_a_second_live_run_asks_all_again(
    accepted: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    for _ in range(2):
        pytester.runpytest_inprocess("evals", "--gonogo-mode=live", "-k", "kim")
    assert api.paid == 2


def test_it_runs_side_by_side_within_the_concurrency(
    accepted: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    with (accepted.root / "pyproject.toml").open("a") as settings:
        settings.write("\n[tool.gonogo]\nconcurrency = 2\n")
    pytester.runpytest_inprocess("evals", "--gonogo-mode=live", "--gonogo-trials=4")
    assert api.paid == 12
    assert api.peak_in_flight <= 2


def test_failed_calls_are_trials_of_their_own_kind(
    accepted: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    api.script(overloaded(retry_after=0.001), when=lambda r: "Lee" in str(r.body), times=None)
    result = pytester.runpytest_inprocess("evals", "--gonogo-mode=live")
    assert result.outlines[-1].startswith("UNDECIDED: greetings: ")
    result.stdout.fnmatch_lines(["*1 of 3 calls failed*"])


def test_a_live_test_of_an_applications_own_client_leaves_no_recordings(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    app.write(
        "tests/test_own.py",
        """
import anthropic, asyncio

ASK = dict(model="claude-sonnet-5-5", max_tokens=9, messages=[{"role": "user", "content": "Hi"}])

def test_own(gonogo):
    async def ask():
        async with anthropic.AsyncAnthropic() as client:
            return await client.messages.create(**ASK)
    asyncio.run(ask())
    assert [exchange.outcome for exchange in gonogo.exchanges] == ["truncated"]
""",
    )
    pytester.runpytest_inprocess("tests", "--gonogo-mode=live").assert_outcomes(passed=1)
    assert not (app.root / "tests/recordings").exists()
    assert (app.root / ".gonogo/.gitignore").read_text() == "*\n"
    assert list(app.root.glob(".gonogo/live/*/tests/recordings/test_own/test_own.jsonl"))
