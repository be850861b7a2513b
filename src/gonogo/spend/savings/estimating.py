"""Tries all measures on a stream of exchanges, each alone and all in turn, in one pass.

The order of the total is that of `Kind`. Per call a measure adds to the total what it takes off the
bill that the measures before it left, and never more than it would have saved alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from gonogo.errors import BadInputError, Problem
from gonogo.exchanges import Exchange
from gonogo.plain_text import one_line
from gonogo.pricing import Priced, Pricer, Prices
from gonogo.spend.savings.batching import batching_of
from gonogo.spend.savings.caching import Account, CacheTrial, Marking
from gonogo.spend.savings.capping import Capping
from gonogo.spend.savings.compression import compressions_of
from gonogo.spend.savings.drafts import Change, Draft, draft_of
from gonogo.spend.savings.evidence import NO_EVIDENCE, RoutingEvidence
from gonogo.spend.savings.prompts import Prompt, prompt_of
from gonogo.spend.savings.results import Basis, Kind, Saving, SavingsReport
from gonogo.spend.savings.routing import Routing
from gonogo.spend.savings.settings import SavingsSettings
from gonogo.spend.savings.wording import effort_of, evidence_of, needs_of

_MOST_PLACES: Final = 1000
_MOST_MODELS: Final = 100
_OTHER: Final = "other places"
_ZERO: Final = Decimal(0)
_LEAST_DAYS: Final = Decimal(1)
_DAY_MICROSECONDS: Final = Decimal(86_400_000_000)


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
        days: How long the exchanges took, above 0; None: from the first to the last, at least one.

    Raises:
        BadInputError: If no exchange has a time and `days` is not given.
    """
    estimator = SavingsEstimator(prices, evidence, settings or SavingsSettings())
    for exchange in exchanges:
        estimator.see(exchange)
    return estimator.report(days=days)


@dataclass(slots=True)
class _Place:
    """What one measure comes to at one place."""

    calls: int = 0
    tokens: int = 0
    alone: Decimal = _ZERO
    in_turn: Decimal = _ZERO
    backed: Decimal = _ZERO
    notes: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Course:
    """A draft that measures change one after the other."""

    draft: Draft
    cost: Decimal


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
        self._alone, self._in_turn, self._backed = (CacheTrial(settings, prices) for _ in range(3))
        self._places: dict[tuple[Kind, str, Basis], _Place] = {}
        self._bill = _ZERO
        self._calls = self._undated = self._fixed = 0
        self._unpriced: dict[str, int] = {}
        self._first: datetime | None = None
        self._last: datetime | None = None

    def see(self, exchange: Exchange) -> None:
        """Try all measures on a call."""
        self._calls += 1
        self._note_time(exchange.at)
        priced = self._pricer.price(exchange)
        if not isinstance(priced, Priced):
            name = one_line(priced.model or exchange.answered_by or "", 100)
            if name in self._unpriced or len(self._unpriced) < _MOST_MODELS:
                self._unpriced[name] = self._unpriced.get(name, 0) + 1
            return
        self._bill += priced.cost_usd
        draft = draft_of(exchange)
        if draft is None or draft.cost_usd(self._prices) != priced.cost_usd:
            self._fixed += 1
            return
        self._try(draft, priced.cost_usd)

    def report(self, *, days: Decimal | None = None) -> SavingsReport:
        """Return what could be saved; see `estimate_savings`."""
        savings = [*self._of_places(), *self._of_caches()]
        return SavingsReport(
            savings=tuple(sorted(savings, key=lambda s: (-s.alone_usd, s.kind, s.place, s.basis))),
            bill_usd=self._bill,
            days=self._observed() if days is None else days,
            calls=self._calls,
            unpriced=MappingProxyType(dict(sorted(self._unpriced.items()))),
            undated=self._undated,
            fixed=self._fixed,
            price_version=self._pricer.version,
        )

    def _note_time(self, at: datetime | None) -> None:
        if at is None:
            self._undated += 1
            return
        self._first = at if self._first is None else min(self._first, at)
        self._last = at if self._last is None else max(self._last, at)

    def _try(self, draft: Draft, cost: Decimal) -> None:
        prompt = prompt_of(draft.exchange.request)
        in_turn, backed = _Course(draft, cost), _Course(draft, cost)
        for change in self._changes_of(draft, prompt):
            alone = self._saved(change, _Course(draft, cost))
            if alone <= 0:
                continue
            place = self._place(change)
            place.calls += 1
            place.tokens += change.tokens
            place.alone += alone
            place.in_turn += min(self._saved(change, in_turn), alone)
            if change.basis is not Basis.ASSUMED:
                place.backed += min(self._saved(change, backed), alone)
            if change.note and len(place.notes) < 3:
                place.notes[change.note] = None
        if prompt is not None:
            key = (draft.model, prompt.fixed_part[0])
            self._alone.see(key, draft, prompt, cost_usd=cost)
            self._in_turn.see(key, in_turn.draft, prompt, cost_usd=in_turn.cost)
            self._backed.see(key, backed.draft, prompt, cost_usd=backed.cost)

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

    def _saved(self, change: Change, course: _Course) -> Decimal:
        """Change the draft of a course where that saves something; return how much."""
        changed = change.redraft(course.draft)
        cost = changed.cost_usd(self._prices)
        if cost is None or cost >= course.cost:
            return _ZERO
        saved = course.cost - cost
        course.draft, course.cost = changed, cost
        return saved

    def _place(self, change: Change) -> _Place:
        key = (change.kind, one_line(change.place, 200), change.basis)
        if key not in self._places and len(self._places) >= _MOST_PLACES:
            key = (change.kind, _OTHER, change.basis)
        return self._places.setdefault(key, _Place())

    def _observed(self) -> Decimal:
        if self._first is None or self._last is None:
            if not self._calls:
                return _LEAST_DAYS
            message = "no exchange has a time: say how many days they took"
            raise BadInputError([Problem("--days", message)])
        microseconds = Decimal((self._last - self._first) // timedelta(microseconds=1))
        return max(microseconds / _DAY_MICROSECONDS, _LEAST_DAYS)

    def _of_places(self) -> Iterator[Saving]:
        for (kind, name, basis), place in self._places.items():
            yield Saving(
                kind=kind,
                place=name,
                basis=basis,
                calls=place.calls,
                alone_usd=place.alone,
                in_turn_usd=place.in_turn,
                backed_usd=place.backed,
                evidence=evidence_of(kind, place.calls, place.tokens, tuple(place.notes)),
                effort=effort_of(kind),
                needs=needs_of(kind, basis),
            )

    def _of_caches(self) -> Iterator[Saving]:
        for key, account in self._alone.accounts.items():
            marking = account.best
            alone = account.saved[marking]
            if alone <= 0:
                continue
            in_turn, backed = (
                min(max(trial.accounts.get(key, Account()).saved[marking], _ZERO), alone)
                for trial in (self._in_turn, self._backed)
            )
            yield Saving(
                kind=Kind.CACHING,
                place=one_line(f"{key[0]}, prompt {key[1].hex()[:8]}", 200),
                basis=Basis.COMPUTED,
                calls=account.calls[marking],
                alone_usd=alone,
                in_turn_usd=in_turn,
                backed_usd=backed,
                evidence=_cache_evidence(account, marking),
                effort=effort_of(Kind.CACHING),
                needs=needs_of(Kind.CACHING, Basis.COMPUTED),
            )


def _cache_evidence(account: Account, marking: Marking) -> str:
    share = account.hits[marking] / max(account.calls[marking], 1)
    example = one_line(account.example, 60)
    return (
        f"mark {marking}: {share:.0%} of {account.calls[marking]:,} uncached calls came within five"
        f" minutes of the same beginning (such as {example})"
    )
