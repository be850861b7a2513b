"""Reports hold what a response said without letting it speak."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from builders import HEADER, case_result
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.baselines import baseline_of, write_baseline
from gonogo.cases import Case
from gonogo.evaluation import CaseResult, Suite, encode_case_result
from gonogo.recordings import Recordings
from gonogo.registry import CheckerRegistry
from gonogo.reports import html, markdown, sarif, terminal
from gonogo.reports import json as json_report
from gonogo.runs import Gate, Row, Run
from gonogo.settings import DomainSettings, Settings
from gonogo_checkers.verdict import Confidence, Finding, Judged, Severity

HOSTILE = "<script>alert(1)</script> | [x](javascript:y) \x1b[31m ![i](http://e.org/p.png) @team `"


def run_of(folder: Path, message: str) -> Run:
    """A run whose one case fell, with a finding that says `message`."""
    domains = {"code_generation": DomainSettings(weights={"length": 1.0})}
    gate = Gate(baselines=folder, settings=Settings(domains=domains), registry=CheckerRegistry())
    case = Case(id="a", prompt="x", domain="code_generation")
    suite = Suite(
        name="s", cases=(case,), shared_request={"model": "m"}, recordings=Recordings(folder, {})
    )
    header = gate._header(suite, HEADER.history)  # noqa: SLF001 - the header of this very suite
    accepted = [dig(case_result("a", {"length": 0.9}, weighted=0.9), case)]
    write_baseline(baseline_of(accepted, header), folder / "s.jsonl")
    finding = Finding(
        rule="LEN001",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message=message,
        start=0,
        end=4,
        line=1,
    )
    after = dig(case_result("a", {"length": Judged(0.2, (finding,))}, weighted=0.2), case)
    rows = [Row(suite="s", case="a", result=encode_case_result(after), message=message)]
    return gate.conclude(rows, {"s": suite})


def dig(result: CaseResult, case: Case) -> CaseResult:
    """The same result, of that very case."""
    return CaseResult(
        suite="s",
        case_id=result.case_id,
        digest=case.digest(),
        domain=result.domain,
        trials=result.trials,
    )


class Elements(HTMLParser):
    """The names of a page's elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(name for name, _ in attrs)}


ALLOWED = {
    "html", "lang", "head", "meta", "charset", "name", "content", "http-equiv", "title", "style",
    "body", "h1", "h2", "p", "span", "class", "ul", "li", "table", "thead", "tbody", "tr", "th",
    "td", "details", "summary", "code", "div",
}  # fmt: skip


@settings(deadline=None)
@given(message=st.text(max_size=80) | st.just(HOSTILE))
def test_a_page_has_no_element_of_a_responses_making(
    tmp_path_factory: pytest.TempPathFactory, message: str
) -> None:
    page = html.render(run_of(tmp_path_factory.mktemp("run"), message))
    parser = Elements()
    parser.feed(page)
    assert parser.names <= ALLOWED


def test_markdown_escapes_what_a_response_said(tmp_path: Path) -> None:
    text = markdown.render(run_of(tmp_path, HOSTILE))
    assert not re.search(r"(?<!\\)(<script|\]\(http)", text)
    assert "\\@team" in text
    assert all(line.count(" | ") == 2 for line in text.splitlines() if line.startswith("| a |"))


def test_a_terminal_gets_no_control_characters(tmp_path: Path) -> None:
    text = terminal.render(run_of(tmp_path, HOSTILE))
    assert "\x1b" not in text


def test_json_says_what_the_terminal_says(tmp_path: Path) -> None:
    run = run_of(tmp_path, "is far too short")
    document = json.loads(json_report.render(run))
    assert document["decision"] == "NO-GO"
    assert document["line"] == "NO-GO: s: length fell by 0.70 in 1 case (a)"
    (fell,) = document["suites"][0]["comparison"]["regressed"]
    assert fell["fell"][0]["name"] == "length"
    assert "is far too short" in terminal.render(run)


def test_sarif_has_a_rule_for_each_result(tmp_path: Path) -> None:
    (run,) = json.loads(sarif.render(run_of(tmp_path, "is far too short")))["runs"]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == rules == {"LEN001"}
    assert run["results"][0]["level"] == "error"
