"""Makes alarms of signals: one an episode, raised once it wastes enough, closed when it is over.

Episodes of one cause are folded: one of them leads and is told to people, the others are part of
it. They share a cause where they name an exchange in common, or where the same goes wrong for
several at about the same time.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from gonogo.spend.anomalies.alarms import Alarm, Entity, Kind, News, Signal, as_moment
from gonogo.spend.anomalies.plain_data import decode, encode
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

_SYMPTOMS: Final = {
    Kind.SPEND_SPIKE: 2,
    Kind.PRICE_JUMP: 1,
    Kind.MODEL_SHIFT: 1,
    Kind.INPUT_HEAVY: 1,
}
"""How far a kind is from naming the cause; what is not listed names it."""

_STANDING: Final = frozenset(
    {
        Kind.DEAR_MODEL,
        Kind.UNREAD_CACHE,
        Kind.UNUSED_TOOLS,
        Kind.REPEATED_DOCUMENT,
        Kind.INPUT_HEAVY,
    }
)
"""Kinds that do not come over several at once: one cause is seen by the same detail only."""

_LONGEST_LEAD: Final = 86400.0
"""Seconds for which an alarm takes in others of its kind; then what comes is news again."""

_MOST_RECENT: Final = 200
_MOST_ENTITIES: Final = 1000
_SPREADS: Final = 5
"""Times as many entities that are news of an alarm that leads."""


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
        """Add a signal to its episode; yield the alarms that open or worsen by it."""
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
                yield from self._raise(episode, at)
        elif episode.severity.rank > (episode.said or episode.severity).rank:
            # Worse than was told: what it is part of does not speak for it any more.
            episode.said, episode.part_of = episode.severity, None
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

    def dump(self) -> bytes:
        """Return what lasts as plain data."""
        return encode(list(self._lasting.values()))

    def load(self, raw: bytes) -> None:
        """Take up what was dumped."""
        lasting = decode(raw, list[_Episode])
        self._lasting = OrderedDict((episode.key, episode) for episode in lasting)

    def _raise(self, episode: "_Episode", at: float) -> Iterator[Alarm]:
        related = [lead for lead in self._leads() if self._is_one_cause(lead, episode, at)]
        episode.raised, episode.said = at, episode.severity
        nearest = min(related, key=lambda lead: lead.is_symptom, default=None)
        if nearest is not None and nearest.is_symptom <= episode.is_symptom:
            yield from self._fold(episode, nearest, at)
            return
        for lead in related:
            self._put_under(lead, episode)
        episode.joined = at
        yield episode.alarm(News.OPENED)

    def _leads(self) -> Iterator["_Episode"]:
        return (
            one for one in self._lasting.values() if one.raised is not None and one.part_of is None
        )

    def _is_one_cause(self, lead: "_Episode", episode: "_Episode", at: float) -> bool:
        is_same = lead.first.kind is episode.first.kind and (
            lead.first.kind not in _STANDING or lead.first.detail == episode.first.detail
        )
        is_near = (
            at - lead.joined <= self._settings.quiet_seconds
            and at - (lead.raised or at) <= _LONGEST_LEAD
        )
        return (is_same and is_near) or not set(episode.recent).isdisjoint(lead.recent)

    def _fold(self, episode: "_Episode", lead: "_Episode", at: float) -> Iterator[Alarm]:
        """Make an episode part of another; where it is worse than was told, it is told too."""
        is_worse = episode.severity.rank > (lead.said or lead.severity).rank
        lead.joined = at
        if not is_worse:
            episode.part_of, episode.said = lead.id, lead.said
        yield episode.alarm(News.OPENED)
        if not is_worse and lead.takes_in([episode.first.entity]):
            yield lead.alarm(News.WORSENED)

    def _put_under(self, former: "_Episode", lead: "_Episode") -> None:
        """Make what led before, and all that is part of it, part of what names the cause."""
        for one in self._lasting.values():
            if one.part_of == former.id:
                one.part_of = lead.id
        lead.takes_in(former.entities)
        lead.spread = max(lead.spread, len(lead.entities))
        former.part_of = lead.id

    def _end(self, key: _Key) -> Iterator[Alarm]:
        episode = self._lasting.pop(key)
        if episode.raised is not None:
            yield episode.alarm(News.CLOSED)


@dataclass(slots=True)
class _Episode:
    """One episode: not raised until it wastes enough.

    Attributes:
        said: The severity that people were told last, by itself or by what it is part of.
        part_of: Id of the alarm of the same cause that is told in its place.
        joined: When the last other episode of its cause was raised.
        entities: Whom its cause concerns.
        spread: How many of them were told last.
        recent: Ids of the last exchanges, by which a common cause is recognised.
    """

    first: Signal
    most_named: int
    last: float = 0.0
    raised: float | None = None
    said: Severity | None = None
    waste: Decimal | None = None
    count: int = 0
    cause: str = ""
    ids: list[str] = field(default_factory=list)
    part_of: str | None = None
    joined: float = 0.0
    entities: list[Entity] = field(default_factory=list)
    spread: int = 1
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_RECENT))

    def __post_init__(self) -> None:
        if self.count:  # read back, with all that it had
            return
        self.last = self.first.since
        self.waste = self.first.waste_usd
        self.cause = self.first.cause
        self.entities = [self.first.entity]
        self._name(self.first.exchanges)

    @property
    def key(self) -> _Key:
        return (self.first.kind, self.first.entity, self.first.detail)

    @property
    def id(self) -> str:
        first = self.first
        return digest(f"{first.kind} {first.entity} {first.detail} {first.since}")

    @property
    def is_symptom(self) -> int:
        """How far it is from naming the cause; 0: it names it."""
        return _SYMPTOMS.get(self.first.kind, 0)

    def add(self, signal: Signal) -> None:
        self.cause = signal.cause
        self._name(signal.exchanges[-1:])
        if self.waste is not None:
            now = signal.waste_now_usd
            self.waste = None if now is None else self.waste + now

    def takes_in(self, entities: list[Entity]) -> bool:
        """Add entities; say whether it has spread so far that it is news."""
        self.entities += [one for one in entities[:_MOST_ENTITIES] if one not in self.entities]
        del self.entities[_MOST_ENTITIES:]
        if len(self.entities) < _SPREADS * self.spread:
            return False
        self.spread = len(self.entities)
        return True

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
            id=self.id,
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
            part_of=self.part_of,
            entities=len(self.entities),
        )

    def _name(self, ids: tuple[str, ...]) -> None:
        """Keep the first half of the ids that may be named, and the last half."""
        self.count += len(ids)
        self.recent.extend(ids)
        self.ids.extend(ids)
        spare = len(self.ids) - self.most_named
        if spare > 0:
            kept = self.most_named - self.most_named // 2
            del self.ids[kept : kept + spare]
