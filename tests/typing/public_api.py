"""The public API as a user types it; mypy --strict must accept every line."""

from dataclasses import dataclass
from typing import ClassVar

from gonogo.cases import Case
from gonogo.exchanges import Exchange, decode_exchange, encode_exchange
from gonogo.harness import Gonogo
from gonogo.scorecards import Scorecard, decode_scorecard
from gonogo_checkers.checker import Checker
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Confidence, Finding, Judged, NotApplicable, Severity


@dataclass(frozen=True, slots=True)
class Politeness:
    """A checker of an application's own."""

    id: ClassVar[str] = "politeness"
    version: ClassVar[int] = 1
    word: str = "please"

    def check(self, output: Output) -> Judged | NotApplicable:
        if not output.response:
            return NotApplicable("an empty response")
        if self.word in output.response:
            return Judged(1.0)
        finding = Finding(
            rule="POL001",
            severity=Severity.LOW,
            confidence=Confidence.HIGH,
            message=f"does not say {self.word!r}",
        )
        return Judged(0.5, (finding,))


checker: Checker = Politeness(word="thanks")


def answer(case: Case) -> str:
    return case.prompt or ""


def use_the_fixture(gonogo: Gonogo, case: Case) -> None:
    gonogo.run(case)
    gonogo.run(case, ask=answer)
    card: Scorecard = gonogo.check("text", domain="customer_support", expect={"contains": ["x"]})
    assert card.scores["expectations"] == 1.0
    with gonogo.budget(cost_usd=0.01, output_tokens=500):
        gonogo.score(gonogo.exchanges[-1], context=["a document"])


def read_and_write(line: bytes) -> bytes:
    exchange: Exchange = decode_exchange(line)
    decode_scorecard(line)
    return encode_exchange(exchange)
