import logging
import subprocess
import sys
import time
import warnings

import pytest

from gonogo_checkers.code_security import CodeSecurity
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Finding, Judged, NotApplicable, Severity


def judge(response: str, **settings: tuple[str, ...]) -> Judged:
    verdict = CodeSecurity(**settings).check(Output(response=response))
    assert isinstance(verdict, Judged)
    return verdict


def fenced(code: str, language: str = "python") -> str:
    return f"Intro.\n\n```{language}\n{code}\n```\n"


def quoted(response: str, finding: Finding) -> str:
    return response[finding.start : finding.end]


def test_a_finding_keeps_what_bandit_says_of_it():
    response = fenced("import subprocess\nsubprocess.run(cmd, shell=True)")
    (finding,) = judge(response).findings
    assert (finding.rule, finding.cwe, finding.line) == ("B602", 78, 5)
    assert (finding.severity, finding.confidence) == ("high", "high")
    assert quoted(response, finding) == "subprocess.run(cmd, shell=True)"


@pytest.mark.parametrize(
    ("code", "language", "place"),
    [
        ('    def f(self):\n        é = "日本"; eval(x)', "python", "eval(x)"),
        (">>> total = 1\n>>> eval(total)\n1", "python", "eval(total)"),
        ("        a = 1\n    def g(self):\n        eval(a)", "python", "eval(a)"),
        ("except ValueError:\n    eval(x)", "python", "eval(x)"),
        ("# comment\reval(x)", "python", "eval(x)"),
        ("run = subprocess.call(\n    cmd,\n    shell=True,\n)", "python", "shell=True,\n)"),
        ("a = 1\r\neval(x)\r", "python", "eval(x)"),
        ('cur.execute(\n    f"SELECT a FROM t WHERE b = {b}"\n)', "python", None),
        ("render() {\n  const é = '日'; eval(this.x);\n}", "js", "eval(this.x)"),
        ("const é = 1; eval(x);", "ts", "eval(x)"),
    ],
)
def test_spans_lead_back_to_the_response(code: str, language: str, place: str | None):
    response = fenced(code, language)
    (finding,) = judge(response).findings
    assert quoted(response, finding) == (code if place is None else place)
    assert finding.line == response.count("\n", 0, finding.start) + 1


def test_a_broken_line_is_reported_where_it_stands_and_the_rest_is_scanned():
    response = fenced('def f(x):\n    print "a"\n    return eval(x)\n')
    broken, found = judge(response).findings
    assert (broken.rule, broken.severity) == ("SEC001", Severity.MEDIUM)
    assert quoted(response, broken) == '    print "a"'
    assert quoted(response, found) == "eval(x)"


@pytest.mark.parametrize(
    "code",
    [
        "def f(:\n",
        "x = " + "(" * 150 + ")" * 150 + "+1" * 200,
        "x = " + "[" * 90_000,
        "x = " + "-" * 90_000 + "1",
        "\0",
        "x = '\ud800'",
        "x = " + "9" * 5_000,
        "x = foo(a)\n" * 9_000,
        "'''",
        "\\",
    ],
    ids=lambda code: repr(code[:12]),
)
def test_what_is_not_scanned_never_passes(code: str):
    verdict = judge(fenced(code))
    assert {finding.rule for finding in verdict.findings} == {"SEC001"}
    assert verdict.score <= 0.8


def test_nothing_scanned_weighs_more_than_something_skipped():
    skipped = judge(fenced("def f(:\n") + fenced("x = 1"))
    nothing = judge(fenced("def f(:\n"))
    assert [finding.severity for finding in skipped.findings] == ["medium"]
    assert [finding.severity for finding in nothing.findings] == ["high"]
    assert nothing.score < skipped.score < 1.0


def test_code_past_the_bound_is_reported():
    response = fenced("x = 1\n" * 5_000) + fenced("y = 2\n" * 13_000) + fenced("eval(z)")
    rules = [finding.rule for finding in judge(response).findings]
    assert rules == ["SEC001"]


def test_secrets_do_not_reach_messages_or_evidence():
    response = fenced('import jwt\nlogin(password="hunter2hunter2")\njwt.encode(c, "k9Lq2vXk9")')
    findings = judge(response).findings
    assert {finding.rule for finding in findings} == {"B106", "SEC210"}
    assert "hunter2" not in repr(findings)
    assert "k9Lq2" not in repr(findings)


def test_rules_can_be_ignored_and_asked_for():
    response = fenced("assert x\neval(y)")
    assert [finding.rule for finding in judge(response, ignore=()).findings] == ["B101", "B307"]
    assert judge(response, ignore=("B101", "B307")) == Judged(1.0)


def test_languages_without_a_scanner_are_named():
    verdict = CodeSecurity().check(Output(response=fenced("fn main() {}", "rust")))
    assert verdict == NotApplicable("no scanner for rust")


def test_a_test_of_bandit_that_breaks_is_visible():
    # B613 reads the coding comment; one that names no codec breaks it, and bandit only logs that.
    verdict = judge(fenced("# -*- coding: nosuchcodec -*-\nx = 1"))
    assert [finding.rule for finding in verdict.findings] == ["SEC002"]
    assert verdict.score < 1.0


def test_bandit_says_nothing_of_its_own(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        judge(fenced("eval(x)"))
    assert not caplog.records


def test_bandit_leaves_warnings_as_they_were():
    code = (
        "import warnings; before = warnings.formatwarning\n"
        "from gonogo_checkers.code_security import CodeSecurity\n"
        "from gonogo_checkers.output import Output\n"
        "CodeSecurity().check(Output(response='```python\\neval(x)\\n```'))\n"
        "assert warnings.formatwarning is before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_warning_of_the_code_reaches_the_caller():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert judge(fenced(r"x = '\d'" + "\nif 1 is 1: pass")).score == 1.0


@pytest.mark.parametrize(
    "response",
    [
        fenced("x = foo(a, 'b')\n" * 60_000),
        fenced("eval(x)\n" * 12_000),
        fenced("if x:\n print x\n" * 6_000),
        fenced("q = 'a'\n" + "q += b\n" * 5_000 + "cur.execute(q)\n" * 500),
        fenced("q = 'SELECT a FROM t WHERE b = ' + b\n" * 2_500),
        fenced("n = request.args['n']\n" + "open(n)\n" * 6_000),
        fenced("redirect(request.args['n'])\n" * 3_000),
        fenced("s = f'SELECT a FROM t WHERE b = {s}'\n" * 1_500 + "cur.execute(s)\n" * 1_500),
        "".join(fenced("a;" * 3_000) for _ in range(150)),
        fenced("eval(x);" * 120_000, "js"),
        fenced("eval(x);" * 12_000, "js"),
        fenced("(" * 90_000, "js"),
        fenced("a = `${" * 15_000, "ts"),
        fenced("x = y + 'a' + " * 6_000 + "1", "js"),
    ],
    ids=[
        *("long", "findings", "broken", "string-built-long", "sql", "paths"),
        *("redirects", "sql-run", "many-blocks"),
        *("js-long", "js-findings", "js-brackets", "js-templates", "js-sum"),
    ],
)
def test_hostile_code_is_judged_in_bounded_time(response: str):
    judge(fenced("x = 1"))
    began = time.process_time()
    judge(response)
    assert time.process_time() - began < 6.0
