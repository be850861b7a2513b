"""What people read of alarms: the title and the body of each message."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gonogo.plain_text import counted
from gonogo.production.episodes import Episode, Kind
from gonogo_checkers.verdict import Severity

_MOST_TITLES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, the same to all of its receivers.

    Attributes:
        id: The same however often it is sent; stands in its last line.
        key: Of its episode; messages of one key are sent in order.
        kind: Why it is sent.
        severity: Of what it tells.
        title: One line.
        body: Plain text.
    """

    id: str
    key: str
    kind: Kind
    severity: Severity
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Messages to one receiver that were folded into one, since there were too many.

    Attributes:
        count: How many, at least 0.
        worst: The worst severity among them; None: there are none.
        titles: Some of them, with their severity, the worst first.
        said_at: When a message told of folded ones last; None: never.
        messages: How many messages did.
    """

    count: int = 0
    worst: Severity | None = None
    titles: tuple[tuple[Severity, str], ...] = ()
    said_at: datetime | None = None
    messages: int = 0

    def with_one(self, severity: Severity, title: str) -> "Storm":
        """Return it with one more."""
        titles = sorted((*self.titles, (severity, title)), key=lambda row: -row[0].rank)
        return Storm(
            count=self.count + 1,
            worst=titles[0][0],
            titles=tuple(titles[:_MOST_TITLES]),
            said_at=self.said_at,
            messages=self.messages,
        )


def message_of(episode: Episode, kind: Kind) -> Message:
    """Return what is said of an episode."""
    identity = _identity(episode.key, episode.sounded_at.isoformat(), str(episode.messages))
    label = "recovered" if kind is Kind.RECOVERED else episode.severity.value
    lines = [episode.text] if episode.text and kind is not Kind.RECOVERED else []
    lines += [f"{name}: {value}" for name, value in episode.facts.items()]
    lines.append(_history(episode, kind))
    lines.append(f"message {identity}")
    return Message(
        id=identity,
        key=episode.key,
        kind=kind,
        severity=episode.severity,
        title=f"[{label.upper()}] {episode.title}",
        body="\n".join(lines),
    )


def storm_message(storm: Storm, receiver: str, now: datetime) -> Message:
    """Return what a receiver is told of messages that were folded for it."""
    identity = _identity("storm", receiver, now.isoformat(), str(storm.messages))
    worst = storm.worst or Severity.LOW
    lines = [title for _, title in storm.titles]
    left = storm.count - len(storm.titles)
    lines += [f"and {left} more"] if left else []
    return Message(
        id=identity,
        key="",
        kind=Kind.STORM,
        severity=worst,
        title=f"[{worst.upper()}] {counted(storm.count, 'further message')}: too many to send each",
        body="\n".join([*lines, f"message {identity}"]),
    )


def trial_message(now: datetime) -> Message:
    """Return a message that only shows that messages arrive."""
    identity = _identity("test", now.isoformat())
    return Message(
        id=identity,
        key="",
        kind=Kind.TEST,
        severity=Severity.LOW,
        title="[TEST] gonogo's alarms arrive here",
        body=f"Nothing is wrong: somebody ran `gonogo alerts test`.\nmessage {identity}",
    )


def _history(episode: Episode, kind: Kind) -> str:
    first, last = _time(episode.first_at), _time(episode.last_at)
    often = "once" if episode.count == 1 else f"{episode.count} times"
    history = f"{often}, at {first}" if first == last else f"{often}, from {first} to {last}"
    over = kind is Kind.FLAPPED or kind is Kind.RECOVERED
    return f"{history}; it is over" if over else history


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _identity(*parts: str) -> str:
    return f"gn_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:20]}"
