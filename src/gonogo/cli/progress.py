"""Progress on a terminal for work that takes longer than a second; next to silence elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from gonogo.cli.exits import say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

T = TypeVar("T")

_QUIET_SECONDS: Final = 1.0
_LINE_SECONDS: Final = 30.0


def with_progress(items: Iterable[T], what: str, *, prints: bool = False) -> Iterator[T]:
    """Yield the items, and show on a terminal how many have gone by.

    Args:
        items: Any number of them.
        what: What they are: `exchanges`.
        prints: Whether data are printed meanwhile; on one terminal they would mix with it.
    """
    if not sys.stderr.isatty() or (prints and sys.stdout.isatty()):
        yield from items
        return
    yield from _shown(items, what)


class Bar:
    """A bar; does nothing where nobody looks."""

    def advance(self) -> None:
        """Count one more."""

    def describe(self, what: str) -> None:
        """Say what is going on."""


@contextmanager
def counting(
    total: int | None, what: str, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Bar]:
    """Show how many of a known number are done, within a block.

    On a terminal a bar, once a second has gone by; elsewhere a line every half a minute at most,
    so that the log of a long run shows that it goes on.

    Args:
        total: How many there are; None: nobody knows, and only a terminal shows that it goes on.
        what: What is done to them: `greetings: answered`.
        clock: Tells seconds.
    """
    if not sys.stderr.isatty():
        yield Bar() if total is None else _Lines(total, what, clock)
        return
    from rich.console import Console  # noqa: PLC0415 - only where a person looks
    from rich.progress import (  # noqa: PLC0415 - likewise
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = [TextColumn("{task.description}", markup=False), BarColumn()]
    columns += [TimeElapsedColumn()] if total is None else [MofNCompleteColumn()]
    columns += [] if total is None else [TimeRemainingColumn()]
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    with _shown_when_slow(progress):
        yield _RichBar(progress, progress.add_task(what, total=total))


@contextmanager
def _shown_when_slow(progress: "Progress") -> Iterator[None]:
    """Show progress from the second on in which the work turns out to be long."""
    lock = threading.Lock()
    is_over = False

    def start() -> None:
        with lock:
            if not is_over:
                progress.start()

    timer = threading.Timer(_QUIET_SECONDS, start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with lock:
            is_over = True
            progress.stop()


class _Lines(Bar):
    """A line now and then, where no bar can move."""

    def __init__(self, total: int, what: str, clock: Callable[[], float]) -> None:
        self._total, self._what, self._clock = total, what, clock
        self._done = 0
        self._said_at = clock()

    def advance(self) -> None:
        self._done += 1
        self._say(f"{self._what} {self._done} of {self._total}")

    def describe(self, what: str) -> None:
        self._say(what)

    def _say(self, text: str) -> None:
        if self._clock() - self._said_at >= _LINE_SECONDS:
            self._said_at = self._clock()
            say(text)


class _RichBar(Bar):
    def __init__(self, progress: "Progress", task: "TaskID") -> None:
        self._progress = progress
        self._task = task

    def advance(self) -> None:
        self._progress.advance(self._task)

    def describe(self, what: str) -> None:
        self._progress.update(self._task, description=what)


def _shown(items: Iterable[T], what: str) -> Iterator[T]:
    from rich.console import Console  # noqa: PLC0415 - only where a person looks
    from rich.progress import (  # noqa: PLC0415 - likewise
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    progress = Progress(
        SpinnerColumn(),
        TextColumn(f"{{task.completed:,.0f}} {what}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = progress.add_task(what, total=None)
    started = time.monotonic()
    shown = False
    try:
        for item in items:
            yield item
            progress.advance(task)
            if not shown and time.monotonic() - started > _QUIET_SECONDS:
                progress.start()
                shown = True
    finally:
        if shown:
            progress.stop()
