"""Tries all measures on a stream of exchanges, each alone and all in turn, in one pass.

The order of the total is that of `Kind`. Per call a measure adds to the total what it takes off the
bill that the measures before it left, and never more than it would have saved alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange
from gonogo.plain_text import one_line
from gonogo.pricing import Priced, Pricer, Prices
from gonogo.spend.savings.batching import batching_of
from gonogo.spend.savings.caching import CacheTrial
from gonogo.spend.savings.capping import Capping
from gonogo.spend.savings.compression import compressions_of
from gonogo.spend.savings.courses import Course, CourseSavings, PlaceKey, Step, Tried
from gonogo.spend.savings.drafts import Change, Draft, draft_of
from gonogo.spend.savings.evidence import NO_EVIDENCE, RoutingEvidence
from gonogo.spend.savings.observing import ObservedTime
from gonogo.spend.savings.prompts import Prompt, prompt_of
from gonogo.spend.savings.results import Basis, Kind, Saving, SavingsReport
from gonogo.spend.savings.routing import Routing
from gonogo.spend.savings.settings import SavingsSettings
from gonogo.spend.savings.wording import cache_evidence_of, effort_of, evidence_of, needs_of

_MOST_PLACES: Final = 1000
_MOST_MODELS: Final = 100
_OTHER: Final = "other places"
_ZERO: Final = Decimal(0)


def estimate_savings(
    exchanges: Iterable[Exchange],
    *,
    prices: Prices = MappingProxyType({}),
    evidence: RoutingEvidence = NO_EVIDENCE,
    settings: SavingsSettings | None = None,
    days: Decimal | None = None,
) -> SavingsReport:
    """Estimate what could be saved.

    Args:
        exchanges: In the order of time as far as caching is to be seen; read once.
        prices: Configured prices by model.
        evidence: What is known about routing.
        settings: What the measures take for granted; None: as it is documented.
        days: How long the exchanges took, above 0; None: as their times say, see `ObservedTime`.

    Raises:
        BadInputError: If no exchange has a time and `days` is not given.
    """
    estimator = SavingsEstimator(prices, evidence, settings or SavingsSettings())
    for exchange in exchanges:
        estimator.see(exchange)
    return estimator.report(days=days)


@dataclass(slots=True)
class _Place:
    """What one measure comes to at one place as the only one."""

    calls: int = 0
    tokens: int = 0
    alone: Decimal = _ZERO
    notes: dict[str, None] = field(default_factory=dict)


class SavingsEstimator:
    """Takes exchanges one by one; memory is bounded by places, not by exchanges."""

    def __init__(
        self, prices: Prices, evidence: RoutingEvidence, settings: SavingsSettings
    ) -> None:
        self._prices = prices
        self._settings = settings
        self._pricer = Pricer(prices)
        self._routing = Routing(evidence, settings, prices)
        self._capping = Capping(settings)
        self._cached = CacheTrial(settings, prices)
        self._in_turn, self._backed = Course(settings, prices), Course(settings, prices)
        self._places: dict[PlaceKey, _Place] = {}
        self._bill = _ZERO
        self._calls = self._undated = self._fixed = 0
        self._unpriced: dict[str, int] = {}
        self._time = ObservedTime()

    def see(self, exchange: Exchange) -> None:
        """Try all measures on a call."""
        self._calls += 1
        if exchange.at is None:
            self._undated += 1
        else:
            self._time.note(exchange.at)
        priced = self._pricer.price(exchange)
        if not isinstance(priced, Priced):
            name = one_line(priced.model or exchange.answered_by or "", 100)
            if name in self._unpriced or len(self._unpriced) < _MOST_MODELS:
                self._unpriced[name] = self._unpriced.get(name, 0) + 1
            return
        self._bill += priced.cost_usd
        draft = draft_of(exchange, priced)
        if draft is None or draft.cost_usd(self._prices) != priced.cost_usd:
            self._fixed += 1
            return
        self._try(Step(draft, priced.cost_usd))

    def report(self, *, days: Decimal | None = None) -> SavingsReport:
        """Return what could be saved; see `estimate_savings`."""
        observed = self._time.observed()
        if days is None and observed.first is None and self._calls:
            message = "no exchange has a time: say how many days they took"
            raise BadInputError([Problem("--days", message)])
        in_turn, backed = (course.savings(self._cached) for course in (self._in_turn, self._backed))
        savings = [*self._of_places(in_turn, backed), *self._of_caches(in_turn, backed)]
        return SavingsReport(
            savings=tuple(sorted(savings, key=lambda s: (-s.alone_usd, s.kind, s.place, s.basis))),
            bill_usd=self._bill,
            days=Decimal(observed.days) if days is None else days,
            observed=observed,
            calls=self._calls,
            unpriced=MappingProxyType(dict(sorted(self._unpriced.items()))),
            undated=self._undated,
            fixed=self._fixed,
            price_version=self._pricer.version,
        )

    def _try(self, made: Step) -> None:
        prompt = prompt_of(made.draft.exchange.request)
        tried = list(self._tried(made, prompt))
        application = None if prompt is None else (made.draft.model, prompt.fixed_part[0])
        backed = [each for each in tried if each.change.basis is not Basis.ASSUMED]
        self._in_turn.see(application, made, tried, prompt)
        self._backed.see(application, made, backed, prompt)
        if application is not None and prompt is not None:
            self._cached.see(application, made.draft, prompt)

    def _tried(self, made: Step, prompt: Prompt | None) -> Iterator[Tried]:
        """Yield the measures that would have saved something as the only one."""
        for change in self._changes_of(made.draft, prompt):
            alone = made.cost - made.after(change, self._prices).cost
            if alone <= 0:
                continue
            key = self._key_of(change)
            place = self._places.setdefault(key, _Place())
            place.calls += 1
            place.tokens += change.tokens
            place.alone += alone
            if change.note and len(place.notes) < 3:
                place.notes[change.note] = None
            yield Tried(key, change, alone)

    def _changes_of(self, draft: Draft, prompt: Prompt | None) -> Iterator[Change]:
        """Yield the measures for a call in the order of the total, caching aside."""
        routed = self._routing.change_of(draft)
        if routed is not None:
            yield routed
        yield from compressions_of(draft, prompt, self._settings)
        capped = self._capping.change_of(draft)
        if capped is not None:
            yield capped
        batched = batching_of(draft, self._settings)
        if batched is not None:
            yield batched

    def _key_of(self, change: Change) -> PlaceKey:
        key = (change.kind, one_line(change.place, 200), change.basis)
        has_room = key in self._places or len(self._places) < _MOST_PLACES
        return key if has_room else (change.kind, _OTHER, change.basis)

    def _of_places(self, in_turn: CourseSavings, backed: CourseSavings) -> Iterator[Saving]:
        for key, place in self._places.items():
            kind, name, basis = key
            yield Saving(
                kind=kind,
                place=name,
                basis=basis,
                calls=place.calls,
                alone_usd=place.alone,
                in_turn_usd=in_turn.places.get(key, _ZERO),
                backed_usd=backed.places.get(key, _ZERO),
                evidence=evidence_of(kind, place.calls, place.tokens, tuple(place.notes)),
                effort=effort_of(kind),
                needs=needs_of(kind, basis),
            )

    def _of_caches(self, in_turn: CourseSavings, backed: CourseSavings) -> Iterator[Saving]:
        for application, account in self._cached.accounts.items():
            if not account.most_saved:
                continue
            model, digest = application
            way = account.best
            yield Saving(
                kind=Kind.CACHING,
                place=one_line(f"{model}, prompt {digest.hex()[:8]}", 200),
                basis=Basis.COMPUTED,
                calls=account.calls[way],
                alone_usd=account.most_saved,
                in_turn_usd=in_turn.caches.get(application, _ZERO),
                backed_usd=backed.caches.get(application, _ZERO),
                evidence=cache_evidence_of(account),
                effort=effort_of(Kind.CACHING),
                needs=needs_of(Kind.CACHING, Basis.COMPUTED),
            )
