"""Trials of many calls are shown as timelines, in every report, however odd what the calls said."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from app import App
from builders import HEADER
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gonogo.baselines import baseline_of, write_baseline
from gonogo.cases import Case
from gonogo.evaluation import (
    CaseResult,
    Measured,
    Suite,
    TrialResult,
    decode_case_result,
    encode_case_result,
    evaluate_case,
)
from gonogo.exchanges import CallError, Exchange, Outcome, Request, Response, Usage
from gonogo.recordings import Mode, load_recordings
from gonogo.registry import CheckerRegistry
from gonogo.reports import html, markdown, terminal
from gonogo.reports import json as json_report
from gonogo.reports.timelines import (
    StartsFrom,
    Step,
    cases_to_look_at,
    choose,
    sum_up,
    timelines_of,
)
from gonogo.reports.usage import summarize_usage
from gonogo.runs import Failure, Gate, Row, Run
from gonogo.scorecards import Scorecard
from gonogo.settings import DomainSettings, Settings
from gonogo.trials import Trial
from gonogo_checkers.verdict import Judged

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script></details></table> | `x` **b** [x](javascript:y) @team $1$ \\| "
    '" onload="x \x1b[31m \u202e &amp; \n\n# h\r\n| a | b |' + "w" * 5000
)
SETTINGS = Settings(domains={"code_generation": DomainSettings(weights={"length": 1.0})})


def step(**measured: Any) -> Measured:
    used = {"input_tokens": 1000, "output_tokens": 50, "cost_usd": Decimal("0.00375")}
    known = {"latency_seconds": 2.0, "ttft_seconds": 0.5, "model": "claude-sonnet-5-5"}
    return Measured(**{"exchange": "ex", "stop_reason": "tool_use", **used, **known, **measured})


def steps(count: int, *, pause: float = 3.0) -> tuple[Measured, ...]:
    return tuple(
        step(exchange=f"ex_{n}", at=NOON + timedelta(seconds=pause * n)) for n in range(count)
    )


def agent_case(case_id: str, *trials: tuple[Measured, ...], score: float = 0.9) -> CaseResult:
    return CaseResult(
        suite="s",
        case_id=case_id,
        digest=Case(id=case_id, prompt="x").digest(),
        domain="code_generation",
        trials=tuple(
            TrialResult(
                number=number,
                outcome=Outcome.ANSWERED,
                measured=measured,
                words=10,
                scorecard=Scorecard(
                    id=case_id,
                    domain="code_generation",
                    verdicts={"length": Judged(score)},
                    score=score,
                ),
            )
            for number, measured in enumerate(trials, start=1)
        ),
    )


def run_of(
    folder: Path, *results: CaseResult, mode: str = "replay", failure: Failure | None = None
) -> Run:
    """A run of these cases against a baseline in which each had 0.9; the first may have failed."""
    gate = Gate(baselines=folder, settings=SETTINGS, registry=CheckerRegistry(), mode=Mode(mode))
    suite = Suite(
        name="s",
        cases=tuple(Case(id=result.case_id, prompt="x") for result in results),
        shared_request={"model": "m"},
        recordings=load_recordings(folder / "recordings.jsonl"),
    )
    header = gate._header(suite, HEADER.history)  # noqa: SLF001 - the header of this very suite
    accepted = [agent_case(result.case_id, (step(),)) for result in results]
    write_baseline(baseline_of(accepted, header), folder / "s.jsonl")
    rows = [
        Row(suite="s", case=result.case_id, result=encode_case_result(result)) for result in results
    ]
    if failure is not None:
        rows[0] = msgspec.structs.replace(rows[0], failure=failure, message="calls: 9 used")
    return gate.conclude(rows, {"s": suite})


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "hr", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, attribute: str) -> list[str]:
        return [str(value) for name, value in self.attributes if name == attribute]


ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "span", "ul", "li",
    "table", "thead", "tbody", "tfoot", "tr", "th", "td", "details", "summary", "code", "div", "a",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "http-equiv", "class", "id", "style", "title", "href",
    "colspan",
}  # fmt: skip


def as_page(text: str) -> Page:
    """Markdown as GitHub renders it: with tables, and with elements, which it filters afterwards."""
    return Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def exchange(number: int, **fields: Any) -> Exchange:
    filled = {
        "id": f"ex_{number}",
        "request": Request({"model": "claude-sonnet-5-5", "messages": []}),
        "response": Response({"content": [], "stop_reason": "end_turn"}),
        "at": NOON,
        **fields,
    }
    return Exchange(**filled)


def measure(*exchanges: Exchange) -> TrialResult:
    case = Case(id="a", prompt="x", domain="code_generation")
    result = evaluate_case(
        "s", case, [Trial("a", 1, exchanges)], settings=SETTINGS, registry=CheckerRegistry()
    )
    assert decode_case_result(encode_case_result(result)) == result
    return result.trials[0]


def test_a_step_says_what_its_call_did() -> None:
    calls = [{"type": "tool_use", "id": str(n), "name": f"tool_{n}"} for n in range(25)]
    body = {"model": "claude-haiku-5-5", "content": calls, "stop_reason": "tool_use"}
    trial = measure(
        exchange(
            1, response=Response(body), usage=Usage({"input_tokens": 7, "output_tokens": 3}),
            latency_seconds=1.5, attempts=2,
        ),
        exchange(2, response=None, status=529, error=CallError("overloaded_error", "busy")),
        exchange(3, response=None, status=500),
    )  # fmt: skip
    first, second, third = trial.measured
    assert trial.steps == 3
    assert (first.at, first.model, first.attempts) == (NOON, "claude-haiku-5-5", 2)
    assert (first.outcome, first.stop_reason, first.error) == (Outcome.ANSWERED, "tool_use", None)
    assert first.tool_calls == tuple(f"tool_{n}" for n in range(20))
    assert first.more_tool_calls == 5
    assert (second.outcome, second.error) == (Outcome.INFRASTRUCTURE_ERROR, "overloaded_error")
    assert (second.input_tokens, second.output_tokens, second.cost_usd) == (0, 0, 0)
    assert third.error == "HTTP 500"


def test_names_that_come_from_answers_are_bounded_and_on_one_line() -> None:
    call = {"type": "tool_use", "id": "1", "name": HOSTILE}
    body = {"model": HOSTILE, "content": [call], "stop_reason": HOSTILE}
    answered, failed = measure(
        exchange(1, response=Response(body)),
        exchange(2, response=None, error=CallError(HOSTILE)),
    ).measured
    for name in (answered.model, answered.stop_reason, *answered.tool_calls, failed.error):
        assert name is not None
        assert len(name) <= 101
        assert name.isprintable()


def test_a_time_without_a_zone_is_no_time() -> None:
    (measured,) = measure(exchange(1, at=NOON.replace(tzinfo=None))).measured
    assert measured.at is None


@pytest.mark.parametrize(
    "wrong", [b'"at":"2026-11-01T00:00:00"', b'"attempts":0', b'"more_tool_calls":-1', b'"x":1']
)
def test_what_a_worker_sends_is_decoded_strictly(wrong: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"exchange":"e",' + wrong + b"}", type=Measured)


def starts(*measured: Measured) -> tuple[StartsFrom, list[float | None]]:
    (timeline,) = timelines_of([agent_case("a", measured)])
    return timeline.starts_from, [step.start_seconds for step in timeline.steps]


def test_steps_start_by_the_clock() -> None:
    assert starts(*steps(3, pause=3.25)) == (StartsFrom.CLOCK, [0.0, 3.25, 6.5])


def test_calls_side_by_side_may_be_told_out_of_order() -> None:
    late, early = steps(2)[::-1]
    assert starts(late, early, early) == (StartsFrom.CLOCK, [3.0, 0.0, 0.0])


@pytest.mark.parametrize(
    "times",
    [
        pytest.param([None, None, None], id="not recorded"),
        pytest.param([0, None, 4], id="not all recorded"),
        pytest.param([0, 0, 0], id="a clock too coarse"),
        pytest.param([0, 2, 86_400], id="recorded on different days"),
    ],
)
def test_without_believable_times_latencies_are_summed_up(times: list[float | None]) -> None:
    measured = [
        step(at=None if time is None else NOON + timedelta(seconds=time), latency_seconds=latency)
        for time, latency in zip(times, [1.5, 2.0, 9.0], strict=True)
    ]
    assert starts(*measured) == (StartsFrom.LATENCY, [0.0, 1.5, 3.5])


def test_after_a_latency_that_is_not_known_no_start_is() -> None:
    measured = [step(), step(latency_seconds=None), step(), step()]
    assert starts(*measured) == (StartsFrom.LATENCY, [0.0, 2.0, None, None])
    (timeline,) = timelines_of([agent_case("a", tuple(measured))])
    assert timeline.elapsed_seconds is None


def test_totals_say_where_steps_are_missing() -> None:
    missing = step(input_tokens=None, cost_usd=None, latency_seconds=None)
    (timeline,) = timelines_of([agent_case("a", (step(), missing, step()))])
    assert timeline.total("output_tokens").text(",") == "150"
    assert timeline.total("input_tokens").text(",") == "≥ 2,000"
    assert timeline.total("latency_seconds").text(".2f") == "≥ 4.00"
    (timeline,) = timelines_of([agent_case("a", (missing, missing))])
    assert timeline.total("cost_usd").text(".5f") == "–"


def test_a_failed_step_costs_nothing_and_leaves_the_sums_whole() -> None:
    failed = exchange(1, response=None, error=CallError("overloaded_error"))
    usage = Usage({"input_tokens": 7, "output_tokens": 3})
    trial = measure(failed, exchange(2, usage=usage))
    case = replace(agent_case("a", ()), trials=(trial,))
    summary = summarize_usage([case])
    assert (summary.input_tokens, summary.output_tokens) == (7, 3)
    assert timelines_of([case])[0].failed_steps == 1


def test_a_step_names_its_tools_and_its_end() -> None:
    measured = step(
        tool_calls=("search", "fetch", "search", "a", "b", "c"), more_tool_calls=3, attempts=3
    )
    shown = Step(1, 0.0, measured)
    assert shown.tools == "search ×2, fetch, a, b, 4 more"
    assert shown.ended == "tool_use, 3 attempts"
    assert Step(1, 0.0, step(stop_reason=None, outcome=Outcome.TRUNCATED)).ended == "truncated"
    assert Step(1, 0.0, step(outcome=Outcome.INFRASTRUCTURE_ERROR)).ended == "failed"
    unknown = Step(1, None, Measured(exchange="ex"))
    assert {unknown.start, unknown.latency, unknown.model, unknown.cost_usd} == {"–"}


@pytest.mark.parametrize(
    ("count", "shown"), [(2, [2]), (50, [50]), (51, [25, 1, 25]), (180, [25, 130, 25])]
)
def test_the_middle_of_a_long_trial_is_left_out(count: int, shown: list[int]) -> None:
    (timeline,) = timelines_of([agent_case("a", steps(count))])
    rows = list(timeline.shown_steps())
    gaps = [row for row in rows if isinstance(row, int)]
    numbers = [row.number for row in rows if isinstance(row, Step)]
    assert numbers[0] == 1
    assert numbers[-1] == count
    assert len(numbers) + sum(gaps) == count
    assert len(numbers) == sum(shown) - sum(gaps)
    assert gaps == shown[1:2]


def test_trials_that_fell_are_shown_first_then_the_longest(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        agent_case("blown", steps(2)),
        agent_case("short", steps(3)),
        agent_case("fell", steps(4), score=0.1),
        agent_case("long", steps(9)),
        failure=Failure.BUDGET,
    )
    (suite_run,) = run.suites
    look_at = cases_to_look_at(suite_run)
    assert look_at == {"blown", "fell"}
    timelines = timelines_of(suite_run.results)
    chosen = choose(timelines, look_at, others=1, trials=9, rows=99)
    assert [timeline.name for timeline in chosen] == ["blown", "fell", "long"]
    assert len(choose(timelines, look_at, others=1, trials=2, rows=99)) == 2
    assert len(choose(timelines, look_at, others=1, trials=9, rows=14)) == 2
    assert len(choose(timelines, look_at, others=1, trials=9, rows=1)) == 1
    assert choose((), look_at, others=1, trials=9, rows=9) == ()


def test_how_many_calls_trials_made_is_said_in_one_line(tmp_path: Path) -> None:
    results = [
        agent_case("single", steps(1)),
        agent_case("refund-loop", steps(2), steps(19)),
        agent_case("other", steps(6)),
    ]
    said = "agent trials: 3, median 6 calls, most 19 (case refund-loop#2)"
    assert f"  {said}\n" in terminal.render(run_of(tmp_path, *results))
    assert sum_up(timelines_of(results[:1])) is None
    assert "agent trials" not in terminal.render(run_of(tmp_path, results[0]))


def test_reports_of_single_calls_have_no_timelines(tmp_path: Path) -> None:
    run = run_of(tmp_path, agent_case("a", steps(1)))
    assert "Agent trials" not in html.render(run)
    assert "agent trials" not in markdown.render(run)
    document = json.loads(json_report.render(run))
    assert document["suites"][0]["agent_trials"] is None
    assert document["suites"][0]["cases"][0]["trials"][0]["calls"] == 1


def test_markdown_shows_a_row_a_step(tmp_path: Path) -> None:
    failed = step(
        at=NOON + timedelta(seconds=9), outcome=Outcome.INFRASTRUCTURE_ERROR, error="api_error"
    )
    text = markdown.render(run_of(tmp_path, agent_case("a|b", (*steps(2), failed))))
    assert "<summary><code>a|b</code> 3 calls, 3,000 + 150 tokens" in text
    assert "\n| 2 | 3.00 | 2.00 | 0.50 | claude-sonnet-5-5 | 1,000 | 50 | 0.00375 |  | tool" in text
    assert "**api\\_error**" in text
    assert "\n| all | | 6.00 | | | 3,000 | 150 | 0.01125 |" in text
    assert "sums of latencies" not in text
    without_times = (step(), step())
    text = markdown.render(run_of(tmp_path, agent_case("a", without_times)))
    assert "In seconds (recorded latency); starts are sums of latencies" in text


def test_json_has_all_steps(tmp_path: Path) -> None:
    run = run_of(tmp_path, agent_case("a", steps(180)), agent_case("b", steps(2), steps(4)))
    (suite,) = json.loads(json_report.render(run))["suites"]
    assert suite["agent_trials"] == {
        "trials": 3, "median_calls": 4, "most_calls": 180, "longest": "a",
    }  # fmt: skip
    (trial,) = suite["cases"][0]["trials"]
    assert (trial["calls"], trial["starts_from"], len(trial["steps"])) == (180, "clock", 180)
    assert trial["steps"][179] == {
        "step": 180,
        "start_seconds": 537.0,
        "exchange": "ex_179",
        "input_tokens": 1000,
        "output_tokens": 50,
        "cost_usd": "0.00375",
        "latency_seconds": 2.0,
        "ttft_seconds": 0.5,
        "unpriced": None,
        "at": "2026-11-01T12:08:57Z",
        "model": "claude-sonnet-5-5",
        "attempts": 1,
        "outcome": "answered",
        "stop_reason": "tool_use",
        "error": None,
        "tool_calls": [],
        "more_tool_calls": 0,
    }


def test_a_page_draws_each_step_and_links_each_trial(tmp_path: Path) -> None:
    run = run_of(tmp_path, agent_case("a", steps(3)), agent_case("b", steps(60)))
    text = html.render(run)
    page = Page(text)
    assert page.open == []
    assert text.count('<div class="bar"') == 3 + 50
    assert "… 10 more" in text
    links, places = page.values("href"), page.values("id")
    assert sorted(links) == sorted(f"#{place}" for place in places)
    assert len(set(places)) == 2
    # 3 calls of 2 s, each 3 s after the one before: 8 s in all.
    assert re.findall(r'class="bar" style="([^"]*)"', text)[50:] == [
        "left:0.0%;width:25.0%",
        "left:37.5%;width:25.0%",
        "left:75.0%;width:25.0%",
    ]


moments = st.none() | st.floats(0, 1e5).map(lambda seconds: NOON + timedelta(seconds=seconds))
amounts = st.none() | st.floats(0, 1e6)
texts = st.text(max_size=60) | st.just(HOSTILE)
odd_steps = st.builds(
    step,
    at=moments,
    latency_seconds=amounts,
    ttft_seconds=amounts,
    input_tokens=st.none() | st.integers(0, 10**9),
    cost_usd=st.none() | st.decimals(0, 10**6, places=8),
    model=st.none() | texts,
    outcome=st.sampled_from(Outcome),
    stop_reason=st.none() | texts,
    error=st.none() | texts,
    attempts=st.integers(1, 9),
    tool_calls=st.lists(texts, max_size=6).map(tuple),
)


@settings(max_examples=40, deadline=None)
@given(measured=st.lists(odd_steps, min_size=2, max_size=4).map(tuple))
def test_whatever_calls_say_reports_keep_their_shape(
    tmp_path_factory: pytest.TempPathFactory, measured: tuple[Measured, ...]
) -> None:
    run = run_of(tmp_path_factory.mktemp("run"), agent_case("a", measured), mode="live")
    page = Page(html.render(run))
    assert set(page.elements) <= ELEMENTS
    assert {name for name, _ in page.attributes} <= ATTRIBUTES
    assert page.open == []
    drawn = [[float(n) for n in re.findall(r"[\d.]+", style)] for style in page.values("style")]
    assert all(min(figures) >= 0 and sum(figures) <= 100.01 for figures in drawn)
    text = markdown.render(run)
    shown = as_page(text)
    assert set(shown.elements) <= ELEMENTS | {"strong", "blockquote"}
    assert shown.attributes == [] or {name for name, _ in shown.attributes} == {"style"}
    timeline = as_page(text[text.index("<details><summary><code>") :])
    assert timeline.elements.count("td") == 10 * (len(measured) + 1)
    assert text.count("@team") == text.count("\\@team")
    assert "\x1b" not in terminal.render(run)
    json.loads(json_report.render(run))


def test_hostile_names_of_cases_and_models_stay_text(tmp_path: Path) -> None:
    measured = tuple(step(unpriced=HOSTILE, cost_usd=None) for _ in range(2))
    run = run_of(tmp_path, agent_case(HOSTILE, measured))
    assert set(Page(html.render(run)).elements) <= ELEMENTS
    shown = as_page(markdown.render(run))
    assert shown.open == []
    assert set(shown.elements) <= ELEMENTS
    assert "\x1b" not in terminal.render(run)
    assert "\u202e" not in terminal.render(run)


@pytest.mark.parametrize(
    ("mode", "label", "latencies"),
    [
        ("replay", "recorded latency", "recorded"),
        ("record", "recorded or measured latency", "recorded_or_measured"),
        ("rerecord", "latency", "measured"),
        ("live", "latency", "measured"),
    ],
)
def test_the_mode_and_whose_latency_it_is_are_named(
    tmp_path: Path, mode: str, label: str, latencies: str
) -> None:
    run = run_of(tmp_path, agent_case("a", steps(3)), mode=mode)
    document = json.loads(json_report.render(run))
    assert (document["mode"], document["latencies"]) == (mode, latencies)
    assert f"s ({mode}, " in terminal.render(run)
    assert f", {label} p50 2 s" in terminal.render(run)
    page = html.render(run)
    assert f"Mode {mode}" in page
    assert f", {label} p50 2 s" in page
    assert f"In seconds ({label}) and US dollars" in page
    text = markdown.render(run)
    assert f"Mode {mode};" in text
    assert f", {label} p50 2 s" in text
    assert f"In seconds ({label})." in text


@pytest.mark.parametrize("note", ["2 recordings are unused (ex_1, ex_2)", HOSTILE])
def test_notes_are_in_every_report(tmp_path: Path, note: str) -> None:
    run = run_of(tmp_path, agent_case("a", steps(2)))
    noted = replace(run, suites=(replace(run.suites[0], notes=(note,)),))
    beginning = note[:20]
    assert json.loads(json_report.render(noted))["suites"][0]["notes"] == [note]
    assert f"note: {beginning}" in terminal.render(noted)
    assert "\x1b" not in terminal.render(noted)
    assert f"> {markdown.escape(beginning)}" in markdown.render(noted)
    assert set(as_page(markdown.render(noted)).elements) <= ELEMENTS | {"blockquote"}
    page = html.render(noted)
    assert f"Note: {beginning.replace('<', '&lt;').replace('>', '&gt;')}" in page
    assert set(Page(page).elements) <= ELEMENTS


def test_reports_of_many_long_trials_stay_readable(tmp_path: Path) -> None:
    results = [agent_case(f"c{n}", steps(20), score=0.1 if n < 30 else 0.9) for n in range(200)]
    run = run_of(tmp_path, *results)
    text = markdown.render(run)
    assert len(text) < 40_000  # GitHub takes comments of up to 65,536 characters
    assert text.count("<details>") == 8
    assert "192 more in the HTML and JSON reports" in text
    page = html.render(run)
    assert page.count('<div class="bar"') == 200 * 20
    assert len(page) < 4_000_000
    assert len(terminal.render(run).splitlines()) < 60


ASKED = {"model": "claude-sonnet-5-5", "max_tokens": 300, "system": "Be kind."}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "find_order", "input": {"number": 7}}
AGENT = """
import pytest

def ask(case, client):
    messages = [{"role": "user", "content": case.id}]
    while True:
        answer = client.messages.create(
            model="claude-sonnet-5-5", max_tokens=300, system="Be kind.", messages=messages
        )
        calls = [block for block in answer.content if block.type == "tool_use"]
        if not calls:
            return answer.content[0].text
        called = [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}
            for call in calls
        ]
        found = [
            {"type": "tool_result", "tool_use_id": call.id, "content": "shipped"} for call in calls
        ]
        messages += [
            {"role": "assistant", "content": called}, {"role": "user", "content": found}
        ]

@pytest.mark.gonogo(suite="greetings")
@pytest.mark.budget(LIMITS)
def test_agent(gonogo, case):
    client = gonogo.client()
    result = gonogo.run(case, ask=lambda case: ask(case, client))
    assert result.trials[0].steps == len(result.trials[0].measured) > 1
"""


def write_agent(app: App, calls: dict[str, int], limits: str = "calls=9") -> None:
    """A suite of agents: each case calls a tool again and again, then answers."""
    app.names = tuple(calls)
    app.write_cases()
    app.write("evals/greetings/test_greetings.py", AGENT.replace("LIMITS", limits))
    recordings = []
    for name, count in calls.items():
        messages: list[dict[str, Any]] = [{"role": "user", "content": name.lower()}]
        for number in range(count):
            content = [CALL] if number < count - 1 else [{"type": "text", "text": f"Hi {name}."}]
            recordings.append(
                app.exchange(name, "", "")
                | {
                    "id": f"ex_{name}_{number}",
                    "at": f"2026-11-01T00:00:{3 * number:02}Z",
                    "request": {**ASKED, "messages": list(messages)},
                    "response": {
                        "model": "claude-sonnet-5-5",
                        "content": content,
                        "stop_reason": "tool_use" if number < count - 1 else "end_turn",
                    },
                }
            )
            found = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "shipped"}
            messages += [
                {"role": "assistant", "content": content},
                {"role": "user", "content": [found]},
            ]
    app.write_lines(app.dataset / "recordings.jsonl", recordings)


def test_an_agent_is_one_trial_with_a_timeline(app: App, pytester: pytest.Pytester) -> None:
    write_agent(app, {"Kim": 2, "Lee": 5, "Max": 3})
    reports = [f"--gonogo-report=r.{suffix}" for suffix in ("json", "md", "html")]
    result = pytester.runpytest_inprocess("evals", *reports)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*agent trials: 3, median 3 calls, most 5 (case lee)"])
    (suite,) = json.loads((app.root / "r.json").read_text())["suites"]
    (trial,) = suite["cases"][1]["trials"]
    assert [step["start_seconds"] for step in trial["steps"]] == [0, 3, 6, 9, 12]
    assert [step["tool_calls"] for step in trial["steps"]] == [["find_order"]] * 4 + [[]]
    assert trial["elapsed_seconds"] == 13.5
    assert (
        "<code>lee</code> 5 calls, 4 tool calls, 300 + 100 tokens"
        in (app.root / "r.md").read_text()
    )
    assert (app.root / "r.html").read_text().count('<div class="bar"') == 2 + 5 + 3


def test_the_budget_of_an_agent_covers_all_its_calls(app: App, pytester: pytest.Pytester) -> None:
    write_agent(app, {"Kim": 2, "Lee": 5, "Max": 2}, "output_tokens=60, tool_calls=3")
    assert pytester.runpytest_inprocess("evals", "--gonogo-update-baselines").ret == 1
    result = pytester.runpytest_inprocess("evals", "--gonogo-report=r.md")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*BudgetBlownError: budget blown*trial lee#1*",
            "*output_tokens: 100 used, 60 allowed*",
            "*tool_calls: 4 used, 3 allowed*",
        ]
    )
    text = (app.root / "r.md").read_text()
    assert re.findall(r"<details><summary><code>(\w+)", text)[0] == "lee"
