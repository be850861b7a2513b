"""`--gonogo-mode=rerecord`: all is asked anew, and takes the place of what was recorded."""

import json
from collections.abc import Iterator

import pytest
from app import App
from standin import StandIn, spend_limit

ANSWER = "Hello Kim, Lee and Max, here is a new answer: it arrives the day after tomorrow."


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn(lambda _: ANSWER) as started:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", started.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key-of-the-stand-in")
        yield started


def texts(app: App) -> dict[str, str]:
    """What each recorded request was answered."""
    lines = (app.dataset / "recordings.jsonl").read_text().splitlines()
    exchanges = [json.loads(line) for line in lines]
    return {
        e["request"]["messages"][0]["content"][5:8]: e["response"]["content"][0]["text"]
        for e in exchanges
    }


def test_all_is_asked_anew(app: App, pytester: pytest.Pytester, api: StandIn) -> None:
    pytester.runpytest_inprocess("evals", "--gonogo-mode=rerecord").assert_outcomes(passed=3)
    assert api.paid == 3
    assert texts(app) == dict.fromkeys(app.names, ANSWER)
    assert [path.name for path in app.dataset.glob("recordings*")] == ["recordings.jsonl"]


def test_a_partial_run_replaces_only_what_it_asked(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    before = texts(app)
    pytester.runpytest_inprocess("evals", "--gonogo-mode=rerecord", "-k", "lee").assert_outcomes(
        passed=1
    )
    assert api.paid == 1
    assert texts(app) == {**before, "Lee": ANSWER}


def test_what_could_not_be_asked_stays_as_it_was(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    before = texts(app)
    api.script(spend_limit(), times=None)
    result = pytester.runpytest_inprocess("evals", "--gonogo-mode=rerecord")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*RunStoppedError: *"])
    assert texts(app) == before
    assert len([call for call in api.calls if call.path == "/v1/messages"]) <= 3


def test_several_workers_record_side_by_side(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    result = pytester.runpytest_inprocess("evals", "--gonogo-mode=rerecord", "-n", "2")
    result.assert_outcomes(passed=3)
    assert api.paid == 3
    assert texts(app) == dict.fromkeys(app.names, ANSWER)


def test_a_test_of_its_own_is_recorded_anew(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    app.write(
        "tests/test_own.py",
        """
import pytest

@pytest.mark.parametrize("question", ["Where is it?", "What/is\\n that?"])
def test_own(gonogo, question):
    gonogo.client().messages.create(
        model="claude-sonnet-5-5", max_tokens=9, messages=[{"role": "user", "content": question}]
    )
""",
    )
    pytester.runpytest_inprocess("tests", "--gonogo-mode=record").assert_outcomes(passed=2)
    files = sorted((app.root / "tests/recordings/test_own").iterdir())
    first = [path.read_text() for path in files]
    assert len(files) == 2
    pytester.runpytest_inprocess("tests", "--gonogo-mode=rerecord").assert_outcomes(passed=2)
    assert api.paid == 4
    assert sorted((app.root / "tests/recordings/test_own").iterdir()) == files
    assert [path.read_text() for path in files] != first
    pytester.runpytest_inprocess("tests").assert_outcomes(passed=2)
