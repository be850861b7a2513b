"""Price jumps: the tokens are what they were, and each costs more."""

import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from gonogo.spend.anomalies.alarms import Entity, Kind, Scope, Signal
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting

_LEAST_PAST: Final = 30
_SLOWLY: Final = 0.01
"""Weight of a new price in the usual one: a price that stays is usual after some hundred calls."""


@dataclass(frozen=True, slots=True)
class _Priced:
    id: str
    at: float
    price: float
    cost: Decimal
    user: str


@dataclass(slots=True)
class _Line:
    """Prices of one model, over all its calls or those of one user."""

    last: deque[_Priced]
    medians: deque[float]
    seen: int = 0
    usual: float = 0.0
    highest: float = 0.0
    has_jumped: bool = False


class PriceDetector:
    """Watches the price of a weighted token, by model and by user and model."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._lines = memories.remember(
            "prices",
            lambda: _Line(deque(maxlen=settings.price_calls), deque(maxlen=settings.price_calls)),
            kept_as=list[tuple[tuple[str, str], _Line]],
            most=2 * settings.most_entities,
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal for the model whose price jumped, else for the user who pays more."""
        price = sighting.unit_price
        if not sighting.model or price is None or sighting.cost is None or price <= 0:
            return
        call = _Priced(sighting.id, sighting.at, price, sighting.cost, sighting.user)
        of_model = self._lines.of((sighting.model, ""))
        yield from self._see(of_model, call, Entity(Scope.MODEL, sighting.model), sighting)
        if sighting.user and not of_model.has_jumped:
            line = self._lines.of((sighting.model, sighting.user))
            yield from self._see(line, call, Entity(Scope.USER, sighting.user), sighting)

    def _see(
        self, line: _Line, call: _Priced, entity: Entity, sighting: Sighting
    ) -> Iterator[Signal]:
        if len(line.medians) == self._settings.price_calls:
            _learn(line)
        line.last.append(call)
        now = statistics.median(one.price for one in line.last)
        line.medians.append(now)
        limit = self._settings.price_factor * max(line.usual, line.highest)
        dear = [one for one in line.last if one.price >= limit]
        is_common = entity.scope is Scope.USER or not sighting.user or _users_of(dear) > 1
        line.has_jumped = line.seen >= _LEAST_PAST and now >= limit and is_common
        if line.has_jumped:
            yield _signal(line, dear, entity, sighting)


def _learn(line: _Line) -> None:
    """Take what falls out of the last calls into the past: first slowly, then a jump is usual.

    What the last calls cost is not past yet: the beginning of a jump must not be what it is held
    against.
    """
    line.seen += 1
    weight = _SLOWLY if line.has_jumped else max(_SLOWLY, 1 / line.seen)
    line.usual += weight * (line.last[0].price - line.usual)
    old = line.medians[0]
    if old > line.highest and not line.has_jumped:
        line.highest = old
    else:
        line.highest += _SLOWLY * (old - line.highest)


def _users_of(calls: list[_Priced]) -> int:
    return len({one.user for one in calls})


def _signal(line: _Line, dear: list[_Priced], entity: Entity, sighting: Sighting) -> Signal:
    now = statistics.median(one.price for one in dear)
    saved = [one.cost * Decimal(1 - line.usual / one.price) for one in dear]
    newest = 1 - line.usual / line.last[-1].price
    return Signal(
        kind=Kind.PRICE_JUMP,
        entity=entity,
        detail=sighting.model,
        exchanges=(*(one.id for one in dear if one.id != sighting.id), sighting.id),
        since=dear[0].at,
        waste_usd=sum(saved, Decimal(0)),
        waste_now_usd=sighting.share_of_cost(newest),
        cause=(
            f"A token of {sighting.model} costs {now / line.usual:.1f} times what it did, at the"
            " same use: a new price, another tier, fast mode, or a size beyond a cliff."
        ),
    )
