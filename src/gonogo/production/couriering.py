"""Takes messages to one receiver, in a process of its own that whoever started it may kill.

What Apprise's services do is out of our hands: they log addresses with their keys, and may hang,
crash, or read an answer without end. Here that harms nobody else. Neither an address nor what a
receiver answered leaves this process, but for the number of an HTTP status.
"""

import os
import re
import sys
import warnings
from contextlib import suppress
from enum import StrEnum
from typing import BinaryIO, Final, Literal

import msgspec

_MOST_MEMORY_BYTES: Final = 1 << 30
_HTTP_STATUS: Final = re.compile(r"\berror=(\d{3})\b")
"""How Apprise's services log the status of an answer that is no success."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages go: the first line that the process reads.

    Attributes:
        url: Apprise's.
        timeout_seconds: How long the receiver may take to connect, and to answer.
    """

    url: str
    timeout_seconds: float


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A message: each further line that the process reads."""

    title: str
    body: str
    type: Literal["info", "success", "warning", "failure"]


class Outcome(StrEnum):
    """What became of a message; of the address: whether it is one."""

    READY = "ready"
    TAKEN = "taken"
    BAD_URL = "bad_url"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


class Answer(msgspec.Struct, frozen=True):
    """What became of a line: each that the process writes.

    Attributes:
        outcome: In a word.
        status: Of HTTP; 0: there was none.
    """

    outcome: Outcome
    status: int = 0


def serve() -> None:
    """Answer each line of standard input by one on standard output, until there is no more."""
    answers = _own_output()
    _bound_memory()
    address = msgspec.json.decode(sys.stdin.buffer.readline(), type=Address)
    service = _Service(address)
    _write(answers, Answer(Outcome.READY if service.is_usable else Outcome.BAD_URL))
    for line in sys.stdin.buffer:
        _write(answers, service.take(msgspec.json.decode(line, type=Parcel)))


class _Service:
    """One of Apprise's services."""

    def __init__(self, address: Address) -> None:
        from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - heavy: 300 ms, with its services

        asset = AppriseAsset(
            app_id="gonogo",
            app_desc="gonogo",
            async_mode=False,  # threads of its own would outlive a call that hangs
            http_redirects=False,  # followed, a POST becomes a GET without its message: not taken
            service_timeout=0,  # whoever started the process keeps the time
        )
        self._apprise = Apprise(asset=asset)
        with warnings.catch_warnings():  # what its services import may be deprecated
            warnings.simplefilter("ignore")
            is_known = self._apprise.add(address.url)
        self.is_usable = is_known and len(self._apprise) == 1
        if self.is_usable:
            self._adjust(address)

    def take(self, parcel: Parcel) -> Answer:
        result = self._apprise.notify(
            body=parcel.body, title=parcel.title, notify_type=parcel.type, body_format="text"
        )
        attempts = [attempt for service in result for attempt in service.attempts]
        # not bool(result): it is true of a URL with `optional=yes`, whatever became of the message
        if attempts and attempts[-1]:
            return Answer(Outcome.TAKEN)
        return _failure(" ".join(line.message for attempt in attempts for line in attempt.logs))

    def _adjust(self, address: Address) -> None:
        """Set what Apprise sets otherwise, unless the URL does."""
        from apprise import NotifyBase, OverflowMode  # noqa: PLC0415 - heavy, as above

        service = self._apprise[0]
        if not isinstance(service, NotifyBase):
            return
        if "overflow=" not in address.url:
            # a text that is too long for a service would be refused for ever
            service.overflow_mode = OverflowMode.TRUNCATE
        if "rto=" not in address.url:
            # Apprise waits 4 seconds: of a slower receiver each message would be sent again
            service.socket_read_timeout = address.timeout_seconds
        if "cto=" not in address.url:
            service.socket_connect_timeout = address.timeout_seconds


def _failure(said: str) -> Answer:
    """Return what Apprise's log lines tell of, and nothing else of them."""
    statuses = _HTTP_STATUS.findall(said)
    if statuses:
        return Answer(Outcome.REFUSED, int(statuses[-1]))
    return Answer(Outcome.UNREACHABLE if "onnection error" in said else Outcome.REFUSED)


def _write(answers: BinaryIO, answer: Answer) -> None:
    answers.write(msgspec.json.encode(answer) + b"\n")
    answers.flush()


def _own_output() -> BinaryIO:
    """Return standard output, and let whoever else writes to it write into the void."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - its descriptor is what is wanted
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return own


def _bound_memory() -> None:
    """An answer without end ends this process, not the machine."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - there is none on Windows

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _MOST_MEMORY_BYTES if most < 0 else min(most, _MOST_MEMORY_BYTES)
        with suppress(ValueError, OSError):  # macOS may refuse
            resource.setrlimit(resource.RLIMIT_AS, (wanted, most))
