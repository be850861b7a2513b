"""Progress on a terminal for work that takes longer than a second; silence elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

T = TypeVar("T")

_QUIET_SECONDS: Final = 1.0


def with_progress(items: Iterable[T], what: str) -> Iterator[T]:
    """Yield the items, and show on a terminal how many have gone by.

    Args:
        items: Any number of them.
        what: What they are: `exchanges`.
    """
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield from items
        return
    yield from _shown(items, what)


class Bar:
    """A bar of known length; does nothing where nobody looks."""

    def advance(self) -> None:
        """Count one more."""

    def describe(self, what: str) -> None:
        """Say what is going on."""


@contextmanager
def counting(total: int, what: str) -> Iterator[Bar]:
    """Show on a terminal how many of a known number are done, within a block.

    Args:
        total: How many there are.
        what: What they are.
    """
    if not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console  # noqa: PLC0415 - only where a person looks
    from rich.progress import (  # noqa: PLC0415 - likewise
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield _RichBar(progress, progress.add_task(what, total=total))


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
