"""Makes alarms of signals: one an episode, raised once it wastes enough, closed when it is over."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from gonogo.spend.anomalies.alarms import Alarm, Entity, Kind, News, Signal, as_moment
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import digest
from gonogo_checkers.verdict import Severity

_Key = tuple[Kind, Entity, str]

_HOUR: Final = 3600
_LEAST_SECONDS: Final = 300.0
"""A rate over less says more of chance than of the hour to come."""

_SEVERE_FROM: Final = (
    (Decimal(100), Severity.CRITICAL),
    (Decimal(10), Severity.HIGH),
    (Decimal(1), Severity.MEDIUM),
)
"""US dollars an hour."""


class Episodes:
    """The episodes that last, each with what belongs to it."""

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self._lasting: OrderedDict[_Key, _Episode] = OrderedDict()

    @property
    def open_alarms(self) -> tuple[Alarm, ...]:
        """What was raised and is not over, as it stands."""
        return tuple(e.alarm(News.OPENED) for e in self._lasting.values() if e.raised is not None)

    def take(self, signal: Signal, at: float) -> Iterator[Alarm]:
        """Add a signal to its episode; yield the alarm where it opens or worsens."""
        key = (signal.kind, signal.entity, signal.detail)
        episode = self._lasting.get(key)
        if episode is None:
            episode = self._lasting[key] = _Episode(signal, self._settings.most_named)
        else:
            episode.add(signal)
        episode.last = at
        self._lasting.move_to_end(key)
        if episode.raised is None:
            if episode.wastes(self._settings.least_waste_usd_per_hour):
                episode.raised, episode.said = at, episode.severity
                yield episode.alarm(News.OPENED)
        elif episode.severity.rank > (episode.said or episode.severity).rank:
            episode.said = episode.severity
            yield episode.alarm(News.WORSENED)

    def close_quiet(self, at: float) -> Iterator[Alarm]:
        """End what has been quiet for long enough; yield the alarms that are over."""
        while self._lasting:
            key, episode = next(iter(self._lasting.items()))
            is_spare = len(self._lasting) > self._settings.most_entities
            if at - episode.last < self._settings.quiet_seconds and not is_spare:
                return
            yield from self._end(key)

    def close_all(self) -> Iterator[Alarm]:
        """End everything; yield the alarms that were open."""
        for key in list(self._lasting):
            yield from self._end(key)

    def _end(self, key: _Key) -> Iterator[Alarm]:
        episode = self._lasting.pop(key)
        if episode.raised is not None:
            yield episode.alarm(News.CLOSED)


@dataclass(slots=True)
class _Episode:
    """One episode: not raised until it wastes enough; `said` is the severity last reported."""

    first: Signal
    most_named: int
    last: float = 0.0
    raised: float | None = None
    said: Severity | None = None
    waste: Decimal | None = None
    count: int = 0
    cause: str = ""
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.last = self.first.since
        self.waste = self.first.waste_usd
        self.cause = self.first.cause
        self._name(self.first.exchanges)

    def add(self, signal: Signal) -> None:
        self.cause = signal.cause
        self._name(signal.exchanges[-1:])
        if self.waste is not None:
            now = signal.waste_now_usd
            self.waste = None if now is None else self.waste + now

    def wastes(self, least: Decimal) -> bool:
        """Say whether it wastes so much an hour; what cannot be priced is taken to."""
        rate = self.rate
        return rate is None or rate >= least

    @property
    def rate(self) -> Decimal | None:
        """US dollars an hour."""
        if self.waste is None:
            return None
        seconds = max(self.last - self.first.since, _LEAST_SECONDS)
        return (self.waste * _HOUR / Decimal(seconds)).quantize(Decimal("0.0001"))

    @property
    def severity(self) -> Severity:
        rate = self.rate
        if rate is None:
            return Severity.MEDIUM
        return next((name for least, name in _SEVERE_FROM if rate >= least), Severity.LOW)

    def alarm(self, news: News) -> Alarm:
        first = self.first
        is_over = news is News.CLOSED
        return Alarm(
            id=digest(f"{first.kind} {first.entity} {first.detail} {first.since}"),
            news=news,
            kind=first.kind,
            entity=first.entity,
            severity=self.severity,
            begins=as_moment(first.since),
            raised=as_moment(self.last if self.raised is None else self.raised),
            ends=as_moment(self.last) if is_over else None,
            exchanges=tuple(self.ids),
            count=self.count,
            waste_usd=self.waste,
            waste_usd_per_hour=self.rate,
            cause=self.cause,
        )

    def _name(self, ids: tuple[str, ...]) -> None:
        """Keep the first half of the ids that may be named, and the last half."""
        self.count += len(ids)
        self.ids.extend(ids)
        spare = len(self.ids) - self.most_named
        if spare > 0:
            kept = self.most_named - self.most_named // 2
            del self.ids[kept : kept + spare]
