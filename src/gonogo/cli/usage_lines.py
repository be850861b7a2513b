"""The usage line of a command, as command lines are commonly written: `SUITE...`, `[FILE]...`."""

import re
from typing import TYPE_CHECKING

from typer.core import TyperCommand

if TYPE_CHECKING:
    from typer import Context


class PlainUsage(TyperCommand):
    """A command whose usage line has no braces around what must be given."""

    def collect_usage_pieces(  # type: ignore[override] # the class that typer's own extends is private
        self, ctx: "Context"
    ) -> list[str]:
        """Return the pieces of the usage line."""
        return [_plain(piece) for piece in super().collect_usage_pieces(ctx)]


def _plain(piece: str) -> str:
    """Return `SUITE...` for typer's `{SUITE}...`."""
    required = re.fullmatch(r"\{([^{}]+)\}(\.\.\.)?", piece)
    return piece if required is None else required[1] + (required[2] or "")
