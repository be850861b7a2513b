"""Reads answers of models from reports, baselines and exchanges, told apart by their content."""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Final, TypeAlias, cast

from gonogo.baselines import is_baseline_header
from gonogo.errors import Problem
from gonogo.exchanges import Outcome
from gonogo.json_lines import MAX_LINE_BYTES
from gonogo.model_comparison.answers import LeftOut, ModelAnswers
from gonogo.model_comparison.baseline_answers import answers_in_baseline
from gonogo.model_comparison.exchange_answers import ExchangeJudge
from gonogo.model_comparison.judges import Judges
from gonogo.model_comparison.report_answers import answers_in_report, is_report
from gonogo.settings import Settings
from gonogo.sources.exchange_files import exchanges_in
from gonogo.sources.locations import read_files

MOST_REPORT_BYTES: Final = 256 * 1024 * 1024
"""A larger report is refused: it is read as a whole."""

_MOST_BLANK: Final = 100_000
"""After more blank lines the numbers of lines in problems are off."""

Answers: TypeAlias = Iterator[ModelAnswers | LeftOut | Problem]


class AnswerReader:
    """Reads files one after the other; of exchanges one is in memory at a time."""

    def __init__(
        self, settings: Settings, wants: Callable[[str], bool], *, domain: str = "general"
    ) -> None:
        """Begin to read.

        Args:
            settings: For domains, checkers, prices, and the fields that do not say what is asked.
            wants: Tells whether a model's answers are of use; others are not judged.
            domain: Of exchanges that name none.
        """
        self._settings = settings
        self._judges = Judges()
        self.exchanges = ExchangeJudge(settings, wants, domain)

    def read(self, locations: Iterable[str]) -> Answers:
        """Yield what all files hold in order, or the problem that stands in its place.

        Args:
            locations: See `gonogo.sources.locations.read_files`.

        Raises:
            BadInputError: Before anything is read, if a location does not exist.
            StaleBaselineError: If other checkers judged a baseline than another one of its suite.
        """
        return read_files(locations, self._read_one)

    def _read_one(self, stream: IO[bytes], name: str) -> Answers:
        blank, line = _first_line(stream)
        if is_baseline_header(line.lstrip()) and not is_report(line):
            yield from answers_in_baseline(_resumed(blank + line, stream), name, self._judges)
        elif line.strip() == b"{":
            content = blank + line + stream.read(MOST_REPORT_BYTES)
            if len(content) > MOST_REPORT_BYTES:
                yield Problem(name, f"is one document of more than {MOST_REPORT_BYTES} bytes")
            else:
                yield from self._document(content, name)
        elif line.startswith(b"{") and is_report(line):
            yield from answers_in_report(line, name, self._settings, self._judges)
        else:
            yield from self._exchanges(_resumed(blank + line, stream), name)

    def _document(self, content: bytes, name: str) -> Answers:
        if is_report(content):
            yield from answers_in_report(content, name, self._settings, self._judges)
        else:
            yield from self._exchanges(io.BytesIO(content), name)

    def _exchanges(self, stream: IO[bytes], name: str) -> Answers:
        failed: dict[str, ModelAnswers | LeftOut] = {}
        for exchange in exchanges_in(stream, name):
            if isinstance(exchange, Problem):
                yield exchange
                continue
            answers = self.exchanges.judge(exchange)
            call = "" if exchange.wire is None else exchange.wire.call
            if call and exchange.outcome is Outcome.INFRASTRUCTURE_ERROR:
                failed[call] = answers  # a later attempt may still be answered
            else:
                failed.pop(call, None)
                yield answers
        yield from failed.values()


def _first_line(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """Return blank lines, and the first that is not blank; a part of it where it is too long."""
    blank = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        if line.strip():
            return b"\n" * min(blank, _MOST_BLANK), line
        blank += 1
    return b"", b""


class _Resumed(io.RawIOBase):
    """A stream with the bytes before it that were read already."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        super().__init__()
        self._head = io.BytesIO(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # Buffer: Python 3.12
        chunk = self._head.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _resumed(head: bytes, rest: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", io.BufferedReader(_Resumed(head, rest), 256 * 1024))
