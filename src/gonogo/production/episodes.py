"""Episodes: alarms of one key, from the first to the recovery, and when they are spoken of.

Of each episode the opening is told at once, and so is a worsening and the recovery. What comes
within the cool-down is told in one message after it. An episode that opens within the cool-down of
the last waits likewise, so that a flapping alarm costs a message a cool-down, and none is lost.
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
        said_severity: The worst that a message of this episode told; None: none did.
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
    messages: int = 0
    is_open: bool = True

    def is_cooling(self, now: datetime, rules: Rules) -> bool:
        """Say whether it was spoken of so recently that the rest can wait."""
        return self.said_at is not None and now < self.said_at + rules.cool_down

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
    if episode is None or not episode.is_open:
        opened = _opened(episode, alarm, now)
        if opened.is_cooling(now, rules):
            return opened, None
        return _said(opened, now), Kind.OPENED
    worst = max(episode.severity, alarm.severity, key=lambda severity: severity.rank)
    heard = replace(
        episode,
        title=alarm.title,
        text=alarm.text,
        facts=alarm.facts,
        severity=worst,
        count=episode.count + 1,
        unsaid=episode.unsaid + 1,
        first_at=min(episode.first_at, alarm.at),
        last_at=max(episode.last_at, alarm.at),
        sounded_at=now,
    )
    told = heard.said_severity
    if told is not None and worst.rank > told.rank:
        return _said(heard, now), Kind.WORSENED
    if heard.is_cooling(now, rules):
        return heard, None
    return _said(heard, now), Kind.OPENED if told is None else Kind.REMINDED


def end(episode: Episode) -> tuple[Episode, Kind | None]:
    """Close an episode; if nobody was told of it, nobody is told of its end until later."""
    closed = replace(episode, is_open=False)
    if episode.said_severity is None:
        return closed, None
    return replace(closed, unsaid=0, messages=episode.messages + 1), Kind.RECOVERED


def revisit(episode: Episode, now: datetime, rules: Rules) -> tuple[Episode | None, Kind | None]:
    """Look at an episode again when it is due.

    Returns:
        The episode, None when it can be forgotten; and why it is to be spoken of.
    """
    if episode.unsaid and not episode.is_cooling(now, rules):
        told = episode.said_severity
        kind = Kind.OPENED if told is None else Kind.REMINDED
        return _said(episode, now), kind if episode.is_open else Kind.FLAPPED
    if now < episode.sounded_at + rules.quiet:
        return episode, None
    if episode.is_open:
        return end(episode)
    return (episode, None) if episode.is_cooling(now, rules) or episode.unsaid else (None, None)


def _opened(before: Episode | None, alarm: Alarm, now: datetime) -> Episode:
    """Begin an episode; what is still to be told of the last one is told with it."""
    untold = 0 if before is None else before.unsaid
    return Episode(
        key=alarm.key,
        title=alarm.title,
        text=alarm.text,
        facts=alarm.facts,
        severity=alarm.severity,
        count=1 + untold,
        unsaid=1 + untold,
        first_at=alarm.at if before is None or not untold else min(before.first_at, alarm.at),
        last_at=alarm.at,
        sounded_at=now,
        said_at=None if before is None else before.said_at,
        messages=0 if before is None else before.messages,
    )


def _said(episode: Episode, now: datetime) -> Episode:
    return replace(
        episode,
        unsaid=0,
        said_at=now,
        said_severity=episode.severity,
        messages=episode.messages + 1,
    )
