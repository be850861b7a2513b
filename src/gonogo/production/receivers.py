"""Sends messages by Apprise; its URLs are secrets, and come to light nowhere."""

import logging
import warnings
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final, Protocol

from gonogo.production.alert_settings import Receiver
from gonogo.production.episodes import Kind
from gonogo.production.messages import Message
from gonogo_checkers.verdict import Severity

_IS_SENDING: Final[ContextVar[bool]] = ContextVar("_IS_SENDING", default=False)
_TALKATIVE: Final = ("apprise", "urllib3.connectionpool", "urllib3.util.retry", "requests_oauthlib")
"""Loggers that name URLs with their keys, some at level DEBUG, some when sending fails."""


class Sender(Protocol):
    """What takes messages to their receivers."""

    def send(self, receiver: str, message: Message) -> str:
        """Send a message.

        Returns:
            What went wrong, without any secret; empty: it was taken.
        """


class AppriseSender:
    """Sends to Apprise URLs that stand in the environment."""

    def __init__(
        self,
        receivers: Mapping[str, Receiver],
        environment: Mapping[str, str],
        *,
        timeout_seconds: float,
    ) -> None:
        """Take the receivers by name, and the environment that holds their URLs."""
        self._receivers = receivers
        self._environment = environment
        self._timeout_seconds = timeout_seconds

    def send(self, receiver: str, message: Message) -> str:
        """Send a message; returns what went wrong, empty where it was taken."""
        known = self._receivers.get(receiver)
        if known is None:
            return "the settings know no such receiver any more"
        url = self._environment.get(known.url_variable, "").strip()
        if not url:
            return f"the environment variable {known.url_variable} is not set"
        _silence()
        token = _IS_SENDING.set(True)
        try:
            return self._sent(url, known.url_variable, message)
        finally:
            _IS_SENDING.reset(token)

    def _sent(self, url: str, variable: str, message: Message) -> str:
        from apprise import (  # noqa: PLC0415 - 100 ms, and its 130 services as much again
            Apprise,
            AppriseAsset,
            NotifyFormat,
        )

        services = Apprise(asset=AppriseAsset(app_id="gonogo", app_desc="gonogo"))
        with warnings.catch_warnings():  # what its services import may be deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            is_known = services.add(url)
        if not is_known or len(services) != 1:
            return f"the environment variable {variable} holds no Apprise URL, or several"
        is_taken = services.notify(
            body=message.body,
            title=message.title,
            notify_type=_type_of(message),
            body_format=NotifyFormat.TEXT,
            timeout=self._timeout_seconds,
        )
        return "" if is_taken else "it did not take the message, or cannot be reached"


class _NotWhileSending(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - whatever it says
        return not _IS_SENDING.get()


_FILTER: Final = _NotWhileSending()


def _silence() -> None:
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_FILTER)  # once: a filter is not added again


def _type_of(message: Message) -> str:
    if message.kind is Kind.TEST:
        return "info"
    if message.kind in (Kind.RECOVERED, Kind.FLAPPED):
        return "success"
    return "failure" if message.severity.rank >= Severity.HIGH.rank else "warning"
