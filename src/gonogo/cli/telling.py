"""Tells the receivers of `[tool.gonogo.alerts]` of what a command found, if asked to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.cli.exits import say
from gonogo.errors import StoreDownError

if TYPE_CHECKING:
    from gonogo.production.alarms import Alarm
    from gonogo.production.alerting import AlarmDoor


class Telling:
    """The door of a project; does nothing where nobody is to be told.

    What a command found is printed whatever becomes of its alarms: where they cannot be told this
    is said, once, and `is_complete` turns false.
    """

    def __init__(self, project: Path, *, alert: bool) -> None:
        """Take the folder of the pyproject.toml, and whether anybody is to be told.

        Raises:
            BadSettingsError: If `[tool.gonogo.alerts]` holds what it may not.
        """
        self.is_complete = True
        self._door = _door_of(project) if alert else None

    def sound(self, alarm: "Alarm") -> None:
        """Take an alarm."""
        if self._door is not None and self.is_complete:
            with self._said():
                self._door.sound(alarm)

    def recover(self, key: str) -> None:
        """End an episode."""
        if self._door is not None and self.is_complete:
            with self._said():
                self._door.recover(key)

    def flush(self) -> bool:
        """Send what waits; returns whether everybody was told, as far as they were to be."""
        if self._door is not None and self.is_complete:
            with self._said():
                for receiver, problem in self._door.flush().problems.items():
                    say(
                        f"gonogo: receiver {receiver!r}: {problem}; its messages wait in the outbox"
                    )
                    self.is_complete = False
        return self.is_complete

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Say that the outbox cannot be used, and go on."""
        try:
            yield
        except StoreDownError as error:
            say(f"gonogo: {error}")
            self.is_complete = False


def _door_of(project: Path) -> "AlarmDoor":
    from gonogo.production.alert_settings import (  # noqa: PLC0415 - only where somebody is told
        load_alert_settings,
    )
    from gonogo.production.alerting import open_alarm_door  # noqa: PLC0415 - likewise

    return open_alarm_door(load_alert_settings(project), project, environment=os.environ)
