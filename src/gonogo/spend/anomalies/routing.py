"""Model routing errors: calls move to a dearer model, another one answers, or tasks are trivial."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from gonogo.spend.anomalies.alarms import TOTAL, Entity, Kind, Scope, Signal
from gonogo.spend.anomalies.evidence import Evidence
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.repricing import Repricing
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting

_AFFIX: Final = re.compile(
    r"^(?:[a-z]{2,6}\.)?anthropic[./]|[-@]\d{8}(?:-v\d+(?::\d+)?)?$|-latest$"
)
_RECENT: Final = 20
_SLOWLY: Final = 0.002
_MOST_MODELS: Final = 20
_DEARER: Final = 1.3


class MismatchDetector:
    """Watches for answers of another model than was asked for."""

    def __init__(self, repricing: Repricing) -> None:
        self._repricing = repricing

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where request and response name models that differ."""
        asked, answered = sighting.exchange.request.model, sighting.model
        if not asked or not answered or _is_same_model(asked, answered):
            return
        as_asked = self._repricing.cost_as(sighting, asked)
        waste = None
        if sighting.cost is not None and as_asked is not None:
            waste = max(sighting.cost - as_asked, Decimal(0))
        yield Signal(
            kind=Kind.MODEL_MISMATCH,
            entity=sighting.owner,
            detail=f"{asked} {answered}",
            exchanges=(sighting.id,),
            since=sighting.at,
            waste_usd=waste,
            waste_now_usd=waste,
            cause=f"{asked} was asked and {answered} answered: a fallback or a gateway reroutes.",
        )


@dataclass(slots=True)
class _Shares:
    """Who answered an entity's calls, lately and usually, and the evidence that it changed."""

    seen: int = 0
    usual: dict[str, float] = field(default_factory=dict)
    since: float = 0.0
    evidence: Evidence = field(default_factory=Evidence)
    unit_price: float = 0.0
    run: deque[tuple[str, float, Decimal | None, str]] = field(
        default_factory=lambda: deque(maxlen=_RECENT)
    )


class ShiftDetector:
    """Watches the share of each model in the calls of each user and in total."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._shares = memories.remember("shares", _Shares, kept_as=list[tuple[Entity, _Shares]])

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal for each entity whose calls moved to a dearer model."""
        if not sighting.model or not sighting.weighted_tokens:
            return
        entities = [TOTAL, Entity(Scope.USER, sighting.user)] if sighting.user else [TOTAL]
        for entity in entities:
            shares = self._shares.of(entity)
            yield from self._see(shares, entity, sighting)

    def _see(self, shares: _Shares, entity: Entity, sighting: Sighting) -> Iterator[Signal]:
        model = sighting.model
        shares.run.append((sighting.id, sighting.at, sighting.cost, model))
        if not shares.seen:
            shares.since = sighting.at
        has_shifted = self._has_shifted(shares, sighting)
        price = sighting.unit_price
        is_dearer = price is None or price > _DEARER * shares.unit_price
        if has_shifted and is_dearer:
            yield self._signal(shares, entity, sighting)
        self._learn(shares, model, price, is_shifting=has_shifted)

    def _has_shifted(self, shares: _Shares, sighting: Sighting) -> bool:
        evidence = shares.evidence
        for name in dict.fromkeys((*evidence.names(), sighting.model)):
            usual = shares.usual.get(name, 0.0)
            evidence.add(name, usual, is_hit=name == sighting.model)
        is_known = (
            shares.seen >= self._settings.shift_warm_up_calls
            and sighting.at - shares.since >= self._settings.shift_warm_up_seconds
        )
        return is_known and evidence.is_enough(sighting.model, self._settings.shift_evidence)

    def _learn(
        self, shares: _Shares, model: str, price: float | None, *, is_shifting: bool
    ) -> None:
        """Remember a call; the usual price stands still during a shift, the usual share goes on."""
        shares.seen += 1
        weight = max(1 / shares.seen, _SLOWLY)
        shares.usual.setdefault(model, 0.0)
        for name in shares.usual:
            shares.usual[name] += weight * ((name == model) - shares.usual[name])
        if len(shares.usual) > _MOST_MODELS:
            rarest = min(shares.usual, key=lambda name: shares.usual[name])
            del shares.usual[rarest]
            shares.evidence.forget(rarest)
        if price is not None and not is_shifting:
            shares.unit_price += weight * (price - shares.unit_price)

    def _signal(self, shares: _Shares, entity: Entity, sighting: Sighting) -> Signal:
        run = [one for one in shares.run if one[3] == sighting.model]
        price = sighting.unit_price
        saved = 1 - shares.unit_price / price if price else 0.0
        costs = [cost for _, _, cost, _ in run if cost is not None]
        is_priced = len(costs) == len(run)
        share = len(run) / len(shares.run)
        return Signal(
            kind=Kind.MODEL_SHIFT,
            entity=entity,
            detail=sighting.model,
            exchanges=tuple(one[0] for one in run),
            since=run[0][1],
            waste_usd=sum(costs, Decimal(0)) * Decimal(saved) if is_priced else None,
            waste_now_usd=sighting.share_of_cost(saved),
            cause=(
                f"{share:.0%} of the last {len(shares.run)} calls went to {sighting.model}, before"
                f" it was {shares.usual.get(sighting.model, 0.0):.0%}: the routing sends to a"
                " dearer model what it did not."
            ),
        )


class TrivialTaskDetector:
    """Watches for a dear model that is asked trivial things, by user and model."""

    def __init__(self, settings: WatchSettings, memories: Memories, repricing: Repricing) -> None:
        self._settings = settings
        self._repricing = repricing
        self._tasks = memories.remember(
            "tasks",
            lambda: deque(maxlen=settings.trivial_calls),
            kept_as=list[tuple[tuple[str, str], deque[tuple[str, float, bool]]]],
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where most of the last calls were trivial and the model is dear."""
        if not sighting.model or not sighting.output_tokens:
            return
        tasks = self._tasks.of((sighting.user, sighting.model))
        is_trivial = self._is_trivial(sighting)
        tasks.append((sighting.id, sighting.at, is_trivial))
        trivial = [task for task in tasks if task[2]]
        if not is_trivial or len(trivial) < 0.8 * self._settings.trivial_calls:
            return
        cheapest = self._cheapest(sighting)
        if sighting.cost is None or cheapest is None:
            return
        name, cheap = cheapest
        if sighting.cost < Decimal(self._settings.dear_factor) * cheap:
            return
        yield Signal(
            kind=Kind.DEAR_MODEL,
            entity=sighting.owner,
            detail=sighting.model,
            exchanges=tuple(task[0] for task in trivial),
            since=trivial[0][1],
            waste_usd=(sighting.cost - cheap) * len(trivial),
            waste_now_usd=sighting.cost - cheap,
            cause=(
                f"{len(trivial)} of the last {len(tasks)} calls to {sighting.model} were tiny,"
                f" without tools: {name} may do at a fraction of the price."
            ),
        )

    def _cheapest(self, sighting: Sighting) -> tuple[str, Decimal] | None:
        name = self._settings.cheap_model
        if name is None:
            return self._repricing.cheapest(sighting)
        cost = self._repricing.cost_as(sighting, name)
        return None if cost is None else (name, cost)

    def _is_trivial(self, sighting: Sighting) -> bool:
        body = sighting.exchange.request.body
        return (
            sighting.input_tokens <= self._settings.trivial_input
            and sighting.output_tokens <= self._settings.trivial_output
            and not body.get("tools")
            and not body.get("thinking")
        )


def _is_same_model(asked: str, answered: str) -> bool:
    """Say whether two names mean one model: dates, `-latest` and platform prefixes do not count."""
    one, other = _plain(asked), _plain(answered)
    return one == other


def _plain(model: str) -> str:
    before = ""
    while before != model:
        before, model = model, _AFFIX.sub("", model)
    return model
