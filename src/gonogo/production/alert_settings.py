"""Who is told of alarms, and how often, as `[tool.gonogo.alerts]` sets it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import msgspec

from gonogo.production.alarms import FACTS
from gonogo.production.episodes import Rules
from gonogo.setting_tables import decode_table, load_table
from gonogo_checkers.verdict import Severity

_MONTH_SECONDS: Final = 86_400 * 31
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}", re.ASCII)

Name: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$")]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=_MONTH_SECONDS)]


class Receiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told.

    Attributes:
        url_variable: The environment variable that holds the Apprise URL, such as
            `slack://…` or `mailto://…`: it is a secret, and has no place in a file.
        at_least: The severity from which on.
    """

    url_variable: str
    at_least: Severity = Severity.LOW

    def __post_init__(self) -> None:
        """Refuse what names no variable; it may be a URL, so that the error does not repeat it.

        Raises:
            ValueError: If it does not.
        """
        if not _VARIABLE.fullmatch(self.url_variable):
            raise ValueError(
                "url_variable: expected the name of the environment variable that holds the URL,"
                " such as OPS_ALERTS_URL"
            )


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `[tool.gonogo.alerts]` may say.

    Attributes:
        receivers: By name.
        outbox: File in which messages wait; relative to the settings' file.
        cool_down_seconds: The least time between two messages of an episode, but for worsening
            and recovery.
        recovery_seconds: An episode of which nothing is heard for so long is over; longer than a
            day, so that the same alarm of a nightly run is one episode.
        most_per_hour: Messages that are sent each; further ones are folded into one.
        retry_seconds: After how long a message that was not taken is sent again; twice as long
            each time.
        retry_at_most_seconds: At most after so long.
        give_up_seconds: A message that nobody took for so long is given up, which `gonogo alerts
            status` says.
        timeout_seconds: How long a receiver may take.
        facts: Those of an alarm's facts that are sent.
    """

    receivers: dict[Name, Receiver] = {}
    outbox: Annotated[str, msgspec.Meta(min_length=1)] = ".gonogo/alerts.db"
    cool_down_seconds: Seconds = 3_600.0
    recovery_seconds: Seconds = 93_600.0
    most_per_hour: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 30
    retry_seconds: Seconds = 30.0
    retry_at_most_seconds: Seconds = 900.0
    give_up_seconds: Seconds = 604_800.0
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=120)] = 20.0
    facts: tuple[str, ...] = FACTS

    @property
    def rules(self) -> Rules:
        """When an episode is spoken of, and when it is over."""
        return Rules(
            cool_down=timedelta(seconds=self.cool_down_seconds),
            quiet=timedelta(seconds=self.recovery_seconds),
        )

    def receivers_of(self, severity: Severity) -> list[str]:
        """Return the names of those who are told of this severity."""
        return [
            name
            for name, receiver in self.receivers.items()
            if severity.rank >= receiver.at_least.rank
        ]


def decode_alert_settings(table: Mapping[str, object], place: str) -> AlertSettings:
    """Decode the table `[tool.gonogo.alerts]`.

    Raises:
        BadSettingsError: If a key is unknown or of a wrong type; names the place and the key.
    """
    return decode_table(
        table, AlertSettings, place=place, name="alerts", parts={"$.receivers": Receiver}
    )


def load_alert_settings(root: Path) -> AlertSettings:
    """Read the table of a project; without it nobody is told.

    Args:
        root: Folder of its pyproject.toml.

    Raises:
        BadSettingsError: If the file is not TOML, or a key is unknown or of a wrong type.
    """
    return decode_alert_settings(load_table(root, "alerts"), str(root / "pyproject.toml"))
