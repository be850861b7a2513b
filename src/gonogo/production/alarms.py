"""The alarm: what somebody should know of now, made fit to leave the process."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gonogo.plain_text import one_line
from gonogo_checkers.verdict import Severity

FACTS: Final = (
    "amount_usd",
    "baseline",
    "budget",
    "case",
    "cause",
    "checker",
    "cost_usd",
    "department",
    "domain",
    "entities",
    "error_rate",
    "exchanges",
    "expected",
    "input_tokens",
    "kind",
    "latency_seconds",
    "left_usd",
    "limit",
    "model",
    "n",
    "output_tokens",
    "period",
    "prompt_version",
    "region",
    "resets_at",
    "score",
    "since",
    "spent_usd",
    "status",
    "suite",
    "threshold",
    "until",
    "value",
    "waste_usd_per_hour",
)
"""Facts that leave the process unless the settings say otherwise: neither a user nor a session."""

_LONGEST_TITLE: Final = 150
_LONGEST_LINE: Final = 300
_MOST_LINES: Final = 20
_LONGEST_KEY: Final = 200
_LOOKED_AT: Final = 4
"""Times as much text is looked at as is kept, so that a text without end costs little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What somebody should know of now.

    Attributes:
        key: Alarms of one key are one episode: `spend_spike/department/legal`. It does not leave
            the process.
        severity: How bad it is.
        title: One line that says what is wrong; neither secrets nor personal data.
        text: More of it, and what to do; likewise.
        at: When it happened, with its time zone.
        facts: Figures and names; only those that the settings allow are sent.
    """

    key: str
    severity: Severity
    title: str
    text: str = ""
    at: datetime
    facts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what can be no episode.

        Raises:
            ValueError: If the key is blank, or the time has no zone.
        """
        if not self.key.strip():
            raise ValueError("key: expected what names the episode, got a blank one")
        if self.at.tzinfo is None:
            raise ValueError(f"at: expected a time with its zone, got {self.at!r}")

    def sendable(self, allowed: Collection[str]) -> "Alarm":
        """Return the alarm as it may leave: bounded, without control characters or other facts."""
        facts = {
            name: _line(self.facts[name], _LONGEST_LINE)
            for name in sorted(set(self.facts) & set(allowed))
        }
        lines = self.text[: _LOOKED_AT * _MOST_LINES * _LONGEST_LINE].splitlines()[:_MOST_LINES]
        return Alarm(
            key=short_key(self.key),
            severity=self.severity,
            title=_line(self.title, _LONGEST_TITLE),
            text="\n".join(_line(line, _LONGEST_LINE) for line in lines),
            at=self.at,
            facts=facts,
        )


def short_key(key: str) -> str:
    """Return a key of bounded length, as episodes are kept by; it is no other's."""
    if len(key) <= _LONGEST_KEY and key.isprintable():
        return key
    digest = hashlib.sha256(key.encode(errors="backslashreplace")).hexdigest()
    return f"{one_line(key, 100)} {digest}"


def _line(text: str, limit: int) -> str:
    """Return text on one line that calls nobody (`@here`, `<!channel>`), and hides no address."""
    line = one_line(text[: _LOOKED_AT * limit], limit)
    line = line.replace("@", "@\u200b").replace("<!", "<\u200b!")
    return line.replace("](", "]\u200b(")  # Markdown's link: what it shows is not where it leads
