"""Shows that leaks are told from echoes."""

from gonogo_checkers.output import Output
from gonogo_checkers.pii import Pii
from gonogo_checkers.verdict import Judged


def test_leak_and_echo() -> None:
    response = "Write to l.marchetti@example.org or call 020 7946 0831."
    given = Output(response=response, prompt="Who is on +44 (0)20 7946 0831?")
    verdict = Pii().check(given)
    assert isinstance(verdict, Judged)
    assert [finding.rule for finding in verdict.findings] == ["PII001"]
