"""What a scorecard, a cost and a latency of one answer come to."""

from collections import Counter
from decimal import Decimal
from typing import Final

from gonogo.model_comparison.answers import WEIGHTED
from gonogo.plain_text import one_line
from gonogo.scorecards import Scorecard
from gonogo_checkers.verdict import Severity

_NAME_LENGTH: Final = 100
_MOST_USD: Final = Decimal(1_000_000)
_MOST_SECONDS: Final = 1_000_000.0


def named(model: str | None) -> str:
    """Return the name of a model on one line, not too long: it comes from an answer."""
    return "" if model is None else one_line(model, _NAME_LENGTH)


def scores_of(card: Scorecard) -> dict[str, tuple[float]]:
    """Return the scores of one answer by checker id, the weighted one as `score`."""
    weighted = {} if card.score is None else {WEIGHTED: card.score}
    return {name: (value,) for name, value in (weighted | card.scores).items()}


def severe_of(card: Scorecard) -> dict[str, int]:
    """Count the findings of high and critical severity by `<checker id> <rule>`."""
    return Counter(
        f"{checker_id} {finding.rule}"
        for checker_id, finding in card.findings
        if finding.severity.rank >= Severity.HIGH.rank
    )


def known_cost(cost_usd: Decimal | None) -> tuple[Decimal, ...]:
    """Return a cost where it is known, and an amount that a call can have."""
    is_known = cost_usd is not None and cost_usd.is_finite() and 0 <= cost_usd <= _MOST_USD
    return (cost_usd,) if is_known and cost_usd is not None else ()


def known_latency(seconds: float | None) -> tuple[float, ...]:
    """Return a latency where it is known, and a time that a call can take."""
    return () if seconds is None or not 0 < seconds <= _MOST_SECONDS else (seconds,)
