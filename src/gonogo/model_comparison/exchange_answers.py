"""Reads answers of models from exchanges: judges those whose model may be one of the two."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final

from gonogo.errors import UnpricedModelError
from gonogo.exchanges import Exchange, Outcome, output_of
from gonogo.judging import is_passed, judge
from gonogo.model_comparison.answers import CaseKey, LeftOut, ModelAnswers, Source
from gonogo.model_comparison.judged_answers import (
    known_cost,
    known_latency,
    named,
    scores_of,
    severe_of,
)
from gonogo.plain_text import one_line
from gonogo.pricing import cost_of
from gonogo.registry import CheckerRegistry
from gonogo.settings import Settings
from gonogo_checkers.output import Expectations

_TRIAL: Final = "trial"
"""Tag that names the case and the trial which an exchange answers: `refund-late#2`."""


@dataclass
class ExchangeJudge:
    """Judges exchanges; remembers what it could not use.

    Attributes:
        settings: For domains, checkers, prices, and the fields that do not say what is asked.
        wants: Tells whether a model's answers are of use.
        domain: Of exchanges that name none.
        undefined_domains: That judged exchanges asked for and nobody defined; grows.
        unpriced: Models without a price; grows.
    """

    settings: Settings
    wants: Callable[[str], bool]
    domain: str = "general"
    undefined_domains: set[str] = field(default_factory=set)
    unpriced: set[str] = field(default_factory=set)

    @cached_property
    def _registry(self) -> CheckerRegistry:
        return CheckerRegistry(self.settings.checkers)

    @cached_property
    def _volatile(self) -> frozenset[str]:
        return self.settings.volatile | {"model"}

    def judge(self, exchange: Exchange) -> ModelAnswers | LeftOut:
        """Return what came of an exchange."""
        model = named(exchange.answered_by)
        if not model or not self.wants(model):
            return LeftOut(frozenset({model} if model else ()))
        asked = exchange.domain or self.domain
        fingerprint = exchange.request.fingerprint(self._volatile)
        key = _key_of(exchange, asked, fingerprint)
        if exchange.outcome is Outcome.INFRASTRUCTURE_ERROR:
            return ModelAnswers(model=model, case=key, failed=1)
        domain = self.settings.domain(asked)
        if domain.name != asked:
            self.undefined_domains.add(asked)
        card = judge(output_of(exchange), domain, self._registry, output_id=exchange.id)
        return ModelAnswers(
            model=model,
            case=key,
            trials=1,
            scores=scores_of(card),
            group=exchange.session,
            digest=fingerprint if key.source is Source.TRIAL else "",
            passed=(is_passed(card, domain, Expectations()),),
            severe=severe_of(card),
            costs_usd=known_cost(self._cost(exchange, model)),
            latencies_seconds=known_latency(exchange.latency_seconds),
            broken=int(bool(card.broken)),
            exchange=one_line(exchange.id, 100),
            identity=exchange.id,
        )

    def _cost(self, exchange: Exchange, model: str) -> Decimal | None:
        try:
            return cost_of(exchange, self.settings.prices)
        except UnpricedModelError:
            self.unpriced.add(model)
            return None


def _key_of(exchange: Exchange, domain: str, fingerprint: str) -> CaseKey:
    case, _, number = exchange.tags.get(_TRIAL, "").rpartition("#")
    if case and number.isdecimal():
        return CaseKey(domain, Source.TRIAL, case)
    return CaseKey(domain, Source.REQUEST, fingerprint[:16])
