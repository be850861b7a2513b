"""What draws show is in every report: intervals, amounts, the cases behind a drop, repeats."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builders import HEADER, finding
from drawn_suites import drawn_case
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gonogo.baselines import baseline_of
from gonogo.cases import Case
from gonogo.comparison import Claim, Comparison, Slide, compare_results
from gonogo.comparison.notes import describe_draws
from gonogo.decisions import combine, decide
from gonogo.evaluation import CaseResult, Measured, Suite
from gonogo.recordings import Recordings
from gonogo.reports import html, markdown, terminal
from gonogo.reports import json as json_report
from gonogo.reports.figures import BEHIND_DRAWS, amount_text, p_text, rise_text
from gonogo.runs import Run, SuiteRun
from gonogo.settings import Policy, Rises, Settings, SuiteBudget
from gonogo_checkers.verdict import Finding, Judged

HOSTILE = (
    "<script>alert(1)</script></details></table> | `x` **b** [x](javascript:y) @team $1$ \x1b[31m"
)

Change = Callable[[Comparison], Comparison]


def as_is(comparison: Comparison) -> Comparison:
    return comparison


def run_of(
    before: Sequence[CaseResult],
    after: Sequence[CaseResult],
    policy: Policy | None = None,
    *,
    replayed: bool = False,
    change: Change = as_is,
) -> Run:
    """A run of one suite; `change` does to its comparison what the settings of a project would."""
    policy = Policy() if policy is None else policy
    ids = {result.case_id for result in after}
    comparison = change(
        compare_results(
            baseline_of(before, HEADER), after, ids, Settings(policy=policy), replayed=replayed
        )
    )
    decision = decide(after, comparison, policy=policy, budget=SuiteBudget())
    suite = SuiteRun(
        suite=Suite(
            name="s",
            cases=tuple(Case(id=id_, prompt="x") for id_ in sorted(ids)),
            shared_request={"model": "m"},
            recordings=Recordings(Path("recordings.jsonl"), {}),
        ),
        results=tuple(after),
        comparison=comparison,
        decision=decision,
        notes=describe_draws(comparison, policy),
        failures={},
    )
    combined = combine({"s": decision})
    return Run(
        mode="replay" if replayed else "live",
        suites=(suite,),
        not_run=(),
        decision=combined,
        passes=combined.passes(policy),
    )


def case(
    case_id: str,
    scores: Sequence[float],
    *,
    name: str = "length",
    cost: str = "0.01",
    seconds: float | None = None,
    findings: tuple[Finding, ...] = (),
    group: str | None = None,
    passed: bool | None = None,
) -> CaseResult:
    """A case with a trial a score."""
    result = drawn_case(
        case_id,
        [{name: Judged(score, findings)} for score in scores],
        costs=[cost] * len(scores),
        group=group,
        passed=passed,
    )
    if seconds is None:
        return result
    trials = tuple(
        replace(t, measured=tuple(with_latency(m, seconds * t.number) for m in t.measured))
        for t in result.trials
    )
    return replace(result, trials=trials)


def with_latency(measured: Measured, seconds: float) -> Measured:
    return msgspec.structs.replace(measured, latency_seconds=seconds)


def cases(count: int, scores: Callable[[int], Sequence[float]], **fields: Any) -> list[CaseResult]:
    return [case(f"c{i:02}", scores(i), **fields) for i in range(count)]


def dropped(count: int = 12) -> Run:
    """A run in which every case fell from about 0.9 to about 0.4, five trials each."""
    return run_of(
        cases(count, lambda i: [0.9 + i / 1000] * 5, passed=True),
        cases(count, lambda i: [0.4 - i / 1000] * 5, passed=True),
    )


def document_of(run: Run) -> Any:
    return json.loads(json_report.render(run))["suites"][0]


def rows_of(text: str, first: str) -> list[list[str]]:
    """The cells of a Markdown table's rows that begin with some cell."""
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in cells] for cells in rows if cells[0].strip() == first]


def table_of(text: str) -> list[str]:
    """The lines of the terminal's table of scores."""
    lines = text.splitlines()
    return [line for line in lines if re.match(r"  (score|length)  ", line)]


@pytest.mark.parametrize(("width", "last"), [(100, "equal"), (80, "p")], ids=["wide", "narrow"])
def test_a_terminal_shows_the_interval_and_p_of_draws(width: int, last: str) -> None:
    head, weighted, length = table_of(terminal.render(dropped(), width=width))
    assert head.split()[-1] == last
    assert max(map(len, (head, weighted, length))) <= width
    low, high = re.search(r" -0\.511 +(\S+)\.\.(\S+) +<0\.001", length).groups()  # type: ignore[union-attr]
    assert float(low) < -0.511 < float(high) < -0.4


def test_markdown_and_the_page_show_the_interval_and_p_of_draws() -> None:
    run = dropped()
    text = markdown.render(run)
    (head,) = rows_of(text, "score")[:1]
    assert head[4:7] == ["change", "95 %", "p"]
    ((*_, change, interval, p_value, better, worse, equal),) = rows_of(text, "length")
    assert (change, p_value) == ("**-0.511**", "\\<0.001")
    assert re.fullmatch(r"-0\.\d{3}\.\.-0\.\d{3}", interval)
    assert (better, worse, equal) == ("0", "12", "0")
    page = html.render(run)
    assert f'<td class="n fell">-0.511</td><td class="n">{interval}</td>' in page
    assert "after Holm over all claims" in page
    assert "after Holm" not in text + terminal.render(run)


def test_exact_runs_have_no_columns_of_draws() -> None:
    before, after = [case("a", [0.9])], [case("a", [0.4])]
    run = run_of(before, after, replayed=True)
    text = markdown.render(run)
    assert rows_of(text, "length") == [
        ["length", "1", "0.900", "0.400", "**-0.500**", "0", "1", "0"]
    ]
    assert rows_of(text, "a") == [
        ["a", "length 0.90 → 0.40", ""],
        ["a", "score 0.90 → 0.40", ""],
    ]
    for said in (text, html.render(run), terminal.render(run)):
        assert "95 %" not in said
        assert "trial" not in said
        assert "cost_usd" not in said.replace("\\", "")


def test_scores_that_cannot_be_tested_need_no_columns() -> None:
    run = run_of([case("a", [0.9, 0.8])], [case("a", [0.4, 0.3])])
    assert "| 95 % |" not in markdown.render(run)
    assert "95 %" not in terminal.render(run)
    assert "score, length: nothing can be said, all cases are one cluster." in html.render(run)
    drawn = document_of(run)["comparison"]["scores"][0]["drawn"]
    assert (drawn["untestable"], drawn["shown"]) == ("one_cluster", False)
    assert drawn["needs"]["cases"] > 1


def test_what_is_excluded_has_a_column_where_it_is_asked() -> None:
    before = cases(12, lambda i: [0.5 + i / 100] * 3)
    run = run_of(before, before, Policy(tests={"length": "non-inferiority"}, margin=0.3))
    (row,) = rows_of(markdown.render(run), "length")
    assert row[7] == "0.3\\: yes"
    assert '<td class="n">0.3: yes</td>' in html.render(run)
    assert document_of(run)["comparison"]["scores"][1]["drawn"]["excluded"] is True
    assert "excluded" not in markdown.render(dropped())


def test_cases_behind_a_drop_are_marked_as_draws() -> None:
    run = dropped()
    for text in (markdown.render(run), html.render(run), terminal.render(run)):
        assert BEHIND_DRAWS in text
    assert rows_of(markdown.render(run), "c11") == [["c11", "length 0.91 → 0.39 (5 trials)", ""]]
    assert "<td>length 0.91 → 0.39 (5 trials)</td>" in html.render(run)
    shown = re.findall(r"^  (c\d\d)$", terminal.render(run), re.MULTILINE)
    assert shown == [f"c{i:02}" for i in range(11, 1, -1)]
    assert "and 2 more cases" in terminal.render(run)


def test_both_sides_trials_are_told_where_they_differ() -> None:
    before, after = cases(12, lambda _: [0.9] * 3), cases(12, lambda _: [0.4])
    assert "0.90 -> 0.40 (3 and 1 trial)" in terminal.render(run_of(before, after))


def test_a_draw_that_shows_nothing_names_no_case() -> None:
    before = cases(12, lambda i: [0.5 + i / 100] * 3)
    after = [case("c00", [0.2] * 3), *before[1:]]
    run = run_of(before, after)
    assert rows_of(markdown.render(run), "c00") == []
    assert document_of(run)["comparison"]["fallen"] == []
    assert document_of(run)["comparison"]["scores"][1]["fallen"] == ["c00"]


def test_a_page_folds_a_long_list_of_draws() -> None:
    page = html.render(dropped(25))
    assert "<details><summary>5 more</summary>" in page
    assert page.index("c24") < page.index("<summary>5 more") < page.index("<td>c04</td>")


def test_a_broken_case_is_named_with_all_that_fell() -> None:
    before = cases(10, lambda _: [1.0] * 8)
    run = run_of(before, [case("c03", [0.0] * 8), *before[:3], *before[4:]])
    said = "length 1.00 -> 0.00 (8 trials, broken)"
    assert said in terminal.render(run)
    assert f'<td class="fell">{said.replace("->", "→")}</td>' in html.render(run)
    assert BEHIND_DRAWS not in terminal.render(run)
    document = document_of(run)["comparison"]
    assert [(case["case"], case["broken"]) for case in document["fallen"]] == [("c03", True)]
    assert document["breaks"]["shown"] == ["c03"]
    for text in (markdown.render(run), html.render(run)):
        assert re.search(r"fail in every trial now\\?: c03 \\?\(shown\\?\)\. To exclude", text)


def test_a_new_severe_finding_of_a_draw_is_shown() -> None:
    before = cases(12, lambda _: [0.9] * 2, name="code_security")
    unsafe = case("c05", [0.9] * 2, name="code_security", findings=(finding("B602"),))
    after = [unsafe, *before[:5], *before[6:]]
    text = markdown.render(run_of(before, after))
    assert rows_of(text, "c05") == [["c05", "new high finding B602", "is wrong"]]


def test_amounts_that_changed_are_shown_with_their_limits() -> None:
    before = cases(25, lambda _: [0.9] * 2, cost="0.002", seconds=2.0)
    after = cases(25, lambda _: [0.9] * 2, cost="0.003", seconds=1.0)
    run = run_of(before, after)
    lines = [line.strip() for line in terminal.render(run).splitlines()]
    assert "cost_usd $0.050000 -> $0.075000, +50% (+50%..+50%) a case; +10% allowed" in lines
    assert "latency_seconds 75 s -> 37.5 s, -50% (-50%..-50%) a case" in lines
    assert "latency_seconds p95 4 s -> 2 s, -50% (-50%..-50%)" in lines
    ((_, count, old, new, change, limit, p_value),) = rows_of(markdown.render(run), "cost\\_usd")
    assert (count, old, new, limit) == ("25", "\\$0.050000", "\\$0.075000", "\\+10%")
    assert (change, p_value) == ("**\\+50% \\(\\+50%..\\+50%\\)**", "\\<0.001")
    assert '<td class="n fell">+50% (+50%..+50%)</td>' in html.render(run)
    cost, latency = document_of(run)["comparison"]["amounts"]
    assert (cost["name"], cost["limit"], cost["shown"]) == ("cost_usd", 0.1, True)
    assert cost["ratio"]["estimate"] == pytest.approx(1.5)
    assert [p["percent"] for p in latency["percentiles"]] == [50, 95]


def test_an_amount_that_did_not_change_is_shown_where_draws_have_a_limit() -> None:
    before = cases(12, lambda i: [0.9 + i / 1000])
    after = cases(12, lambda i: [0.8 + i / 1000])
    assert "cost_usd $0.120000 -> $0.120000, as before a case; +10%" in terminal.render(
        run_of(before, after)
    )
    unlimited = Policy(rises=Rises(cost_usd=None))
    assert "cost_usd" not in terminal.render(run_of(before, after, unlimited))
    assert "cost_usd" not in terminal.render(run_of(before, after, replayed=True))


def test_recorded_latencies_are_labelled() -> None:
    before, after = cases(3, lambda _: [0.9], seconds=2.0), cases(3, lambda _: [0.9], seconds=3.0)
    said = "latency_seconds (recorded latency) 6 s -> 9 s, +50%"
    assert said in terminal.render(run_of(before, after, replayed=True))
    assert "<td>latency_seconds (recorded latency)</td>" in html.render(
        run_of(before, after, replayed=True)
    )
    assert "recorded" not in terminal.render(run_of(before, after))


def test_repeated_trials_are_told() -> None:
    steady = cases(20, lambda _: [0.9] * 4)
    run = run_of([case("flaky", [1.0] * 4), *steady], [case("flaky", [0.0, 1.0] * 2), *steady])
    text = markdown.render(run)
    assert rows_of(text, "flaky") == [["flaky", "0.00, 1.00, 0.00, 1.00", "100%"]]
    assert rows_of(text, "all of 4 \\(pass^4\\)") == [["all of 4 \\(pass^4\\)", "100.0%", "95.2%"]]
    assert rows_of(text, "one of 4 \\(pass\\@4\\)")[0][1:] == ["100.0%", "100.0%"]
    page = html.render(run)
    assert "<td>flaky</td><td>0.00, 1.00, 0.00, 1.00</td>" in page
    assert "<td>all of 4 (pass^4)</td>" in page
    repeats = document_of(run)["comparison"]["repeats"]
    assert repeats["flaky"] == [
        {"case": "flaky", "scores": [0.0, 1.0, 0.0, 1.0], "noise_share": 1.0}
    ]
    assert repeats["passes"]["k"] == repeats["passes_before"]["k"] == 4


def slid(comparison: Comparison) -> Comparison:
    slide = {"cases": 12, "best": 0.95, "tolerance": 0.01, "is_certain": True}
    return replace(
        comparison,
        slides=(Slide(name="length", now=0.8, **slide), Slide(name=HOSTILE, now=0.945, **slide)),
    )


def test_slides_are_told_once_one_is_beyond_its_tolerance() -> None:
    same = cases(12, lambda _: [0.8])
    run = run_of(same, same, replayed=True, change=slid)
    _, (*_, change, tolerance, p_value) = rows_of(markdown.render(run), "length")
    assert (change, tolerance, p_value) == ("**-0.150**", "0.01", "")
    assert '<td class="n fell">-0.150</td>' in html.render(run)
    shown = [slide["shown"] for slide in document_of(run)["comparison"]["slides"]]
    assert shown == [True, False]
    one = replace(slid(run.suites[0].comparison), slides=slid(run.suites[0].comparison).slides[1:])
    assert "below its best" not in markdown.render(run_of(same, same, change=lambda _: one))


def in_rounds(comparison: Comparison) -> Comparison:
    """Claims as the bounds of rounds decide them: without a p-value after Holm."""
    return replace(
        comparison,
        scores=tuple(
            replace(score, claim=Claim(p_value=0.001, p_adjusted=None, is_shown=n == 1))
            for n, score in enumerate(comparison.scores)
        ),
    )


def test_rounds_decide_without_a_p_value() -> None:
    same = cases(12, lambda i: [0.8 + i / 100])
    run = run_of(same, cases(12, lambda _: [0.8]), change=in_rounds)
    assert rows_of(markdown.render(run), "length")[0][6] == "shown"
    assert rows_of(markdown.render(run), "score")[1][6] == "not shown"
    assert "by the bounds of the rounds" in html.render(run)
    assert document_of(run)["comparison"]["scores"][1]["drawn"]["p_adjusted"] is None


def test_json_says_all_of_a_drawn_score() -> None:
    _, length = document_of(dropped())["comparison"]["scores"]
    drawn = length["drawn"]
    assert set(drawn) == {
        "untestable", "estimate", "low", "high", "p_drop", "p_kept", "p_adjusted", "shown",
        "excluded", "method", "cases", "clusters", "better", "worse", "equal", "standard_error",
        "test", "bound", "needs",
    }  # fmt: skip
    assert set(drawn["needs"]) == {
        "smallest_drop", "smallest_even_drop", "cases", "trials", "sentence",
    }  # fmt: skip
    assert drawn["estimate"] == pytest.approx(length["difference"])
    assert drawn["low"] < drawn["estimate"] < drawn["high"]
    assert (drawn["shown"], drawn["test"], drawn["excluded"]) == (True, "regression", None)
    assert length["dropped"] is True
    assert length["regressed"] == []
    fell = document_of(dropped())["comparison"]["fallen"][0]["fell"][0]
    assert (fell["certain"], fell["after_trials"]) == (False, [0.389] * 5)


def test_json_says_of_a_case_what_a_comparison_of_models_needs() -> None:
    answered = case("a", [0.9, 0.2], group="g")
    failed = replace(answered.trials[1], number=3, scorecard=None)
    result = replace(answered, trials=(*answered.trials, failed))
    (found,) = document_of(run_of([result], [result]))["cases"]
    assert (found["case"], found["digest"], found["group"]) == ("a", "d", "g")
    assert (found["passed"], found["answers"]) == ([True, False], ["", ""])
    assert [trial["passed"] for trial in found["trials"]] == [True, False, None]


class Page(HTMLParser):
    """The elements and attributes of a page; every element must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(name for name, _ in attrs)}
        if tag not in {"meta", "hr", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


NAMES = {
    "html", "lang", "head", "meta", "charset", "name", "content", "http-equiv", "title", "style",
    "body", "h1", "h2", "h3", "p", "span", "class", "ul", "li", "table", "thead", "tbody", "tr",
    "th", "td", "details", "summary", "code", "div", "strong", "blockquote",
}  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(name=st.text(min_size=1, max_size=30).filter(str.strip) | st.just(HOSTILE))
def test_whatever_cases_and_scores_are_called_reports_keep_their_shape(name: str) -> None:
    steady = [case(f"{name}{i}", [0.9] * 4, name=name) for i in range(12)]
    worse = [case(f"{name}{i}", [0.2] * 4, name=name, cost="0.02") for i in range(10)]
    flaky = [case(f"{name}{i}", [0.0, 1.0, 0.0, 1.0], name=name) for i in (10, 11)]
    run = run_of(steady, [*worse, *flaky], change=slid)
    page = Page(html.render(run))
    assert page.names <= NAMES
    assert page.open == []
    text = markdown.render(run)
    shown = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    assert shown.names <= NAMES
    assert shown.open == []
    assert text.count("@team") == text.count("\\@team")
    assert "\x1b" not in terminal.render(run)
    assert json.loads(json_report.render(run))["decision"] == "NO-GO"


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (1.0, "+0.0%"),
        (1.034, "+3.4%"),
        (1.0996, "+10%"),
        (0.5, "-50%"),
        (0.0, "-100%"),
        (9.9, "+890%"),
        (12.4, "x12"),
        (1234.0, ">x1000"),
        (float("inf"), ">x1000"),
    ],
)
def test_a_rise_is_told_as_a_share(ratio: float, said: str) -> None:
    assert rise_text(ratio) == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("cost_usd", 0.000123, "$0.000123"),
        ("cost_usd", 1234.5, "$1,234.5000"),
        ("input_tokens", 12345.4, "12,345"),
        ("latency_seconds", 0.0412, "0.0412 s"),
        ("latency_seconds", 12345.6, "12,346 s"),
    ],
)
def test_amounts_have_units(name: str, value: float, said: str) -> None:
    assert amount_text(name, value) == said


@pytest.mark.parametrize(
    ("p_value", "said"), [(0.0, "<0.001"), (0.00099, "<0.001"), (0.001, "0.001"), (1.0, "1.000")]
)
def test_a_p_value_has_three_digits(p_value: float, said: str) -> None:
    assert p_text(p_value) == said
