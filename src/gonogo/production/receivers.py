"""Sends messages by Apprise; its URLs are secrets, and come to light nowhere."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from gonogo.production.alert_settings import Receiver
from gonogo.production.couriering import Address, Answer, Outcome, Parcel
from gonogo.production.episodes import Kind
from gonogo.production.messages import Message
from gonogo_checkers.verdict import Severity

STARTING_SECONDS: Final = 30.0
"""What a process to send with may take to start, on a busy machine; usually 0.4."""

_LEAVING_SECONDS: Final = 5.0
_SERVE: Final = (
    "import sys; sys.path += sys.argv[1:]; from gonogo.production.couriering import serve; serve()"
)

Send: TypeAlias = Callable[[Message], str]
"""Sends a message; returns what went wrong, without any secret; empty: it was taken."""


class Sender(Protocol):
    """What takes messages to their receivers, to several at a time."""

    def line_to(self, receiver: str) -> AbstractContextManager[Send]:
        """Give what sends to one receiver, message by message, for the length of a block."""


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

    @contextmanager
    def line_to(self, receiver: str) -> Iterator[Send]:
        """Give what sends to one receiver; its process is started with the first message."""
        variable = self._receivers[receiver].url_variable
        url = self._environment.get(variable, "").strip()
        if not url:
            yield lambda _: f"the environment variable {variable} is not set"
            return
        address = Address(url=url, timeout_seconds=self._timeout_seconds)
        with closing(_Courier(address, variable)) as courier:
            yield courier.take


class _Courier:
    """A process that sends to one receiver; killed, and started again, when it takes too long."""

    def __init__(self, address: Address, variable: str) -> None:
        self._address = address
        self._variable = variable
        self._process: subprocess.Popen[bytes] | None = None

    def take(self, message: Message) -> str:
        try:
            problem = self._start()
        except OSError as error:
            return f"the process to send it with cannot be started: {error.strerror}"
        parcel = Parcel(title=message.title, body=message.body, type=_type_of(message))
        # a second more, so that the receiver's own time runs out first
        return problem or self._asked(parcel, self._address.timeout_seconds + 1)

    def close(self) -> None:
        """Let the process go: at the end of its input it ends."""
        if self._process is not None:
            try:
                self._process.communicate(timeout=_LEAVING_SECONDS)
            except subprocess.TimeoutExpired:
                self._kill()

    def _start(self) -> str:
        """Start the process unless it runs; returns what went wrong."""
        if self._process is not None:
            return ""
        self._process = subprocess.Popen(  # noqa: S603 - of this Python, and constants
            [sys.executable, "-P", "-c", _SERVE, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # where services log URLs with their keys
        )
        problem = self._asked(self._address, STARTING_SECONDS)
        if problem:
            self._kill()
        return problem

    def _asked(self, line: Address | Parcel, seconds: float) -> str:
        """Have the process do something; returns what went wrong."""
        assert self._process is not None  # noqa: S101 - it was started
        answer, is_late = _answer_of(self._process, msgspec.json.encode(line), seconds)
        if answer and not is_late:
            return self._problem_of(msgspec.json.decode(answer, type=Answer))
        self._kill()
        if is_late:
            return f"it took longer than {seconds:g} s"
        return f"sending failed: look at the URL in the environment variable {self._variable}"

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _problem_of(self, answer: Answer) -> str:
        match answer.outcome:
            case Outcome.READY | Outcome.TAKEN:
                return ""
            case Outcome.BAD_URL:
                return f"the environment variable {self._variable} holds no Apprise URL, or several"
            case Outcome.UNREACHABLE:
                return "it cannot be reached, or did not answer"
            case Outcome.REFUSED if answer.status:
                return f"it answered {answer.status}"
            case Outcome.REFUSED:
                return "it did not take the message"


def _answer_of(
    process: "subprocess.Popen[bytes]", line: bytes, seconds: float
) -> tuple[bytes, bool]:
    """Write a line to a process; returns the line that it answers, and whether it was killed."""
    is_late = threading.Event()

    def kill() -> None:
        is_late.set()
        process.kill()

    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes
    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        process.stdin.write(line + b"\n")
        process.stdin.flush()
        return process.stdout.readline(), is_late.is_set()
    except BrokenPipeError:
        return b"", is_late.is_set()
    finally:
        timer.cancel()


def _type_of(message: Message) -> Literal["info", "success", "warning", "failure"]:
    if message.kind is Kind.TEST:
        return "info"
    if message.kind in (Kind.RECOVERED, Kind.FLAPPED):
        return "success"
    return "failure" if message.severity.rank >= Severity.HIGH.rank else "warning"
