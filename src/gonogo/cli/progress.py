"""Progress on a terminal for work that takes longer than a second; silence elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

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
