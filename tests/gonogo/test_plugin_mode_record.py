"""`--gonogo-mode=record`: what is missing is asked and recorded; the rest is replayed."""

import json

import pytest
from app import App
from standin import StandIn, server_error

ANSWER = "Hello Kim, Lee and Max, thank you for asking: it is on its way and arrives tomorrow."

OWN = """
import anthropic

CLIENT = anthropic.Anthropic()

def answer(question):
    return CLIENT.messages.create(
        model="claude-sonnet-5-5", max_tokens=300,
        messages=[{"role": "user", "content": question}],
    ).content[0].text
"""

OWN_TEST = """
import pytest
import answering

@pytest.mark.budget(calls=1, output_tokens=500)
def test_refund(gonogo):
    assert "refund" in answering.answer("Where is my refund?")
    gonogo.check(domain="greetings", expect={"contains": ["refund"]})
    assert gonogo.exchanges[-1].usage.output_tokens > 0
"""


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> "object":
    with StandIn(
        lambda request: ANSWER if "order" in str(request) else "Your refund is here."
    ) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key-of-the-stand-in")
        yield api


def lines(app: App) -> list[dict[str, object]]:
    return [
        json.loads(line) for line in (app.dataset / "recordings.jsonl").read_text().splitlines()
    ]


def test_only_the_missing_case_is_asked(app: App, pytester: pytest.Pytester, api: StandIn) -> None:
    app.write_lines(app.dataset / "recordings.jsonl", lines(app)[:2])
    result = pytester.runpytest_inprocess("evals", "--gonogo-mode=record")
    result.assert_outcomes(passed=3)
    assert api.paid == 1
    assert len(lines(app)) == 3
    result.stdout.fnmatch_lines(["gonogo: asking 1 question: at most $0.0*"])
    pytester.runpytest_inprocess("evals").assert_outcomes(passed=3)
    assert api.paid == 1


def test_trials_are_asked_until_there_are_enough(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    pytester.runpytest_inprocess(
        "evals", "--gonogo-mode=record", "--gonogo-trials=3"
    ).assert_outcomes(passed=3)
    assert api.paid == 6
    assert len(lines(app)) == 9
    result = pytester.runpytest_inprocess("evals", "--gonogo-trials=4")
    result.stdout.fnmatch_lines(["*case kim: 4 trials wanted, but * holds 3 answers*"])


def test_an_applications_own_client_is_captured(
    app: App, pytester: pytest.Pytester, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.write("answering.py", OWN)
    app.write("tests/test_own.py", OWN_TEST)
    pytester.syspathinsert(app.root)
    result = pytester.runpytest_inprocess("tests", "--gonogo-mode=record")
    result.assert_outcomes(passed=1)
    assert api.paid == 1
    assert (app.root / "tests/recordings/test_own/test_refund.jsonl").exists()
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    pytester.runpytest_inprocess("tests").assert_outcomes(passed=1)
    assert api.paid == 1


def test_capture_can_be_switched_off(
    app: App, pytester: pytest.Pytester, api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.write("answering2.py", OWN)
    app.write(
        "tests/test_own.py",
        "import answering2\n\ndef test_own(gonogo):\n    answering2.answer('Where is my refund?')\n"
        "    assert gonogo.exchanges == []\n",
    )
    with (app.root / "pyproject.toml").open("a") as settings:
        settings.write("\n[tool.gonogo.recordings]\ncapture = false\n")
    pytester.syspathinsert(app.root)
    pytester.runpytest_inprocess("tests").assert_outcomes(passed=1)
    assert api.paid == 1


def test_a_call_that_fails_for_good_is_no_answer_and_is_not_recorded(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    app.write_lines(app.dataset / "recordings.jsonl", lines(app)[:2])
    api.script(server_error(retry_after=0.001), times=None)
    result = pytester.runpytest_inprocess("evals", "--gonogo-mode=record")
    assert len(lines(app)) == 2
    assert result.outlines[-1].startswith("UNDECIDED")


def test_the_cost_limit_refuses_the_run_before_its_first_call(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    (app.dataset / "recordings.jsonl").unlink()
    result = pytester.runpytest_inprocess(
        "evals", "--gonogo-mode=record", "--gonogo-max-cost-usd=0.001"
    )
    assert api.paid == 0
    result.stdout.fnmatch_lines(["*the run can cost up to *raise --max-cost-usd*"])
    assert result.outlines[-1].startswith("NO-GO: greetings: nothing was scored")


def test_the_cost_limit_holds_for_an_applications_own_calls(
    app: App, pytester: pytest.Pytester, api: StandIn
) -> None:
    app.write(
        "tests/test_own.py",
        """
import anthropic, asyncio, pytest
from gonogo.errors import CostLimitError

ASK = dict(model="claude-sonnet-5-5", max_tokens=1000, messages=[{"role": "user", "content": "Hi"}])

def test_own(gonogo):
    client = anthropic.Anthropic()
    client.messages.create(**ASK)
    with client.messages.stream(**ASK) as stream:
        stream.until_done()
    with pytest.raises(CostLimitError, match="the next call can cost up to"):
        client.messages.create(**{**ASK, "max_tokens": 2000})
    with pytest.raises(CostLimitError, match="batch"):
        client.messages.batches.create(requests=[{"custom_id": "a", "params": ASK}])

    async def ask():
        async with anthropic.AsyncAnthropic() as client:
            await client.messages.create(**ASK)
            await client.messages.create(**{**ASK, "max_tokens": 2000})

    with pytest.raises(CostLimitError):
        asyncio.run(ask())
    assert len(gonogo.exchanges) == 3
""",
    )
    result = pytester.runpytest_inprocess(
        "tests", "--gonogo-mode=record", "--gonogo-max-cost-usd=0.020"
    )
    result.assert_outcomes(passed=1)
    assert api.paid == 3
