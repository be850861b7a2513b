"""Output caps: answers far longer than is usual for their domain and model.

`max_tokens` itself costs nothing; what lies beyond the cap does. Whether long answers are needed
cannot be seen here, so it is an assumption. Learns the usual length from the answers before, the
last few hundred; an answer that was cut or refused teaches nothing and is let be.
"""

import statistics
from collections import OrderedDict, deque
from dataclasses import dataclass, field, replace
from typing import Final

from gonogo.exchanges import Outcome
from gonogo.spend.savings.drafts import GENERAL, Change, Draft
from gonogo.spend.savings.results import Basis, Kind
from gonogo.spend.savings.settings import SavingsSettings

_REMEMBERED: Final = 400
_LEARN_EVERY: Final = 25
_MOST_LINES: Final = 5000


@dataclass(slots=True)
class _Line:
    """Lengths of the answers of one model in one domain."""

    outputs: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    seen: int = 0
    usual: float = 0.0


class Capping:
    """Finds answers that are far longer than usual."""

    def __init__(self, settings: SavingsSettings) -> None:
        self._settings = settings
        self._lines: OrderedDict[tuple[str, str], _Line] = OrderedDict()

    def change_of(self, draft: Draft) -> Change | None:
        """Return the cap on an answer; None: it is not long, or nobody knows yet what is."""
        if draft.exchange.outcome is not Outcome.ANSWERED:
            return None
        domain = draft.exchange.domain or GENERAL
        line = self._line((domain, draft.model))
        cap = int(line.usual * self._settings.long_answer)
        is_known = line.seen >= self._settings.least_answers and line.usual > 0
        self._learn(line, draft.output)
        if not is_known or draft.output <= cap:
            return None
        return Change(
            kind=Kind.OUTPUT_CAPS,
            place=f"domain {domain}, {draft.model}",
            basis=Basis.ASSUMED,
            redraft=lambda other: replace(other, output=min(other.output, cap)),
            tokens=draft.output - cap,
            note=f"a cap of {_rounded(cap):,} tokens",
        )

    def _line(self, key: tuple[str, str]) -> _Line:
        line = self._lines.setdefault(key, _Line())
        self._lines.move_to_end(key)
        if len(self._lines) > _MOST_LINES:
            self._lines.popitem(last=False)
        return line

    def _learn(self, line: _Line, output: int) -> None:
        line.outputs.append(output)
        line.seen += 1
        if line.seen == self._settings.least_answers or line.seen % _LEARN_EVERY == 0:
            line.usual = statistics.median(line.outputs)


def _rounded(tokens: int) -> int:
    """Return the two leading digits and zeros: what is usual moves, and each cap is a note."""
    return round(tokens, 2 - len(str(tokens)))
