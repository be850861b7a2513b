"""Episodes: alarms of one key, from the first to the recovery, and when they are spoken of.

Of each episode the opening is told at once, and so is a worsening and the recovery. What comes
within the cool-down is told in one message after it. An episode that opens within the cool-down of
the last waits likewise unless it is worse, so that a flapping alarm costs a message a cool-down,
and none is lost. An alarm of an episode that is over, and no newer than it, is no news: logs are
read again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from gonogo.production.alarms import Alarm
from gonogo_checkers.verdict import Severity


class Kind(StrEnum):
    """Why a message is sent."""

    OPENED = "opened"
    WORSENED = "worsened"
    REMINDED = "reminded"
    RECOVERED = "recovered"
    FLAPPED = "flapped"
    STORM = "storm"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When an episode is spoken of, and when it is over.

    Attributes:
        cool_down: The least time between two messages of a key, but for worsening and recovery.
        quiet: An episode is over when nothing was heard of it for so long.
    """

    cool_down: timedelta
    quiet: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Alarms of one key.

    Attributes:
        key: Theirs.
        title: Of the last; likewise `text` and `facts`.
        severity: The worst of the episode.
        count: How many alarms, at least 1.
        unsaid: How many of them no message has told of.
        first_at: When the first happened.
        last_at: When the last happened.
        sounded_at: When the last was heard.
        said_at: When a message, other than of a recovery, was made last; None: never.
        said_severity: The worst that messages told, of the episode before too where this one began
            within its cool-down; None: none did.
        is_told: Whether a message told of this episode.
        messages: How many messages there were of this key.
        is_open: Whether it goes on.
    """

    key: str
    title: str
    text: str
    facts: Mapping[str, str] = field(default_factory=dict)
    severity: Severity
    count: int
    unsaid: int
    first_at: datetime
    last_at: datetime
    sounded_at: datetime
    said_at: datetime | None = None
    said_severity: Severity | None = None
    is_told: bool = False
    messages: int = 0
    is_open: bool = True

    def is_cooling(self, now: datetime, rules: Rules) -> bool:
        """Say whether it was spoken of so recently that the rest can wait."""
        # either way: of a clock that went wrong, and was set right, alarms do not wait for long
        return self.said_at is not None and abs(now - self.said_at) < rules.cool_down

    @property
    def is_worse(self) -> bool:
        """Say whether it is worse than anybody was told."""
        told = self.said_severity
        return told is not None and self.severity.rank > told.rank

    def due_at(self, rules: Rules) -> datetime:
        """Return when to look at it again without a further alarm."""
        quiet_end = self.sounded_at + rules.quiet
        if self.said_at is None:
            return quiet_end
        cool_end = self.said_at + rules.cool_down
        if self.is_open:
            return min(quiet_end, cool_end) if self.unsaid else quiet_end
        return cool_end if self.unsaid else max(quiet_end, cool_end)


def hear(
    episode: Episode | None, alarm: Alarm, now: datetime, rules: Rules
) -> tuple[Episode, Kind | None]:
    """Add an alarm to its episode.

    Returns:
        The episode, and why it is to be spoken of now; None: it is not.
    """
    if episode is None:
        return _told(_opened(alarm, now), now, rules)
    if not episode.is_open:
        if alarm.at <= episode.last_at:
            return replace(episode, sounded_at=now), None
        return _told(_opened_again(episode, alarm, now, rules), now, rules)
    heard = replace(
        episode,
        title=alarm.title,
        text=alarm.text,
        facts=alarm.facts,
        severity=_worst(episode.severity, alarm.severity),
        count=episode.count + 1,
        unsaid=episode.unsaid + 1,
        first_at=min(episode.first_at, alarm.at),
        last_at=max(episode.last_at, alarm.at),
        sounded_at=now,
    )
    return _told(heard, now, rules)


def end(episode: Episode) -> tuple[Episode, Kind | None]:
    """Close an episode; if nobody was told of it, nobody is told of its end until later."""
    closed = replace(episode, is_open=False)
    if not episode.is_told:
        return closed, None
    return replace(closed, unsaid=0, messages=episode.messages + 1), Kind.RECOVERED


def revisit(episode: Episode, now: datetime, rules: Rules) -> tuple[Episode | None, Kind | None]:
    """Look at an episode again when it is due.

    Returns:
        The episode, None when it can be forgotten; and why it is to be spoken of.
    """
    if episode.unsaid and not episode.is_cooling(now, rules):
        told, kind = _told(episode, now, rules)
        return told, kind if episode.is_open else Kind.FLAPPED
    if now < episode.sounded_at + rules.quiet:
        return episode, None
    if episode.is_open:
        return end(episode)
    return (episode, None) if episode.is_cooling(now, rules) or episode.unsaid else (None, None)


def _told(episode: Episode, now: datetime, rules: Rules) -> tuple[Episode, Kind | None]:
    """Return the episode, and why it is to be spoken of now; None: it can wait."""
    if episode.is_cooling(now, rules) and not episode.is_worse:
        return episode, None
    kind = Kind.REMINDED if episode.is_told else Kind.OPENED
    said = replace(
        episode,
        unsaid=0,
        said_at=now,
        said_severity=episode.severity,
        is_told=True,
        messages=episode.messages + 1,
    )
    return said, Kind.WORSENED if episode.is_worse else kind


def _opened(alarm: Alarm, now: datetime) -> Episode:
    return Episode(
        key=alarm.key,
        title=alarm.title,
        text=alarm.text,
        facts=alarm.facts,
        severity=alarm.severity,
        count=1,
        unsaid=1,
        first_at=alarm.at,
        last_at=alarm.at,
        sounded_at=now,
    )


def _opened_again(before: Episode, alarm: Alarm, now: datetime, rules: Rules) -> Episode:
    """Begin an episode; what is still to be told of the last one is told with it."""
    opened = replace(
        _opened(alarm, now),
        said_at=before.said_at,
        said_severity=before.said_severity if before.is_cooling(now, rules) else None,
        messages=before.messages,
    )
    if not before.unsaid:
        return opened
    return replace(
        opened,
        severity=_worst(before.severity, alarm.severity),
        count=1 + before.unsaid,
        unsaid=1 + before.unsaid,
        first_at=min(before.first_at, alarm.at),
    )


def _worst(one: Severity, other: Severity) -> Severity:
    return max(one, other, key=lambda severity: severity.rank)
