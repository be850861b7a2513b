"""The console that reports for people are printed to: into text, and as the text stands there."""

import io
from typing import Final

from rich.console import Console

_NARROWEST: Final = 60


def text_console(width: int, *, color: bool = False) -> tuple[Console, io.StringIO]:
    """Return a console, and what is printed to it; it reads no markup into names of strangers.

    Args:
        width: Columns of the terminal.
        color: Whether it shows colours.
    """
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=max(width, _NARROWEST),
        force_terminal=color,
        no_color=not color,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
        soft_wrap=True,
    )
    return console, stream
