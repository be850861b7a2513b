"""Tools that the API runs itself within a call: which they are, and how often they may be used."""

from collections.abc import Iterator
from typing import Final

from gonogo.exchanges import Request
from gonogo.json_lines import JsonObject

MOST_ROUNDS: Final = 10
"""Rounds after which the API hands a turn back unfinished (`pause_turn`), and so the most uses that
a request without `max_uses` is taken to set off; by experience, the API promises no number."""

_CLIENT_TOOLS: Final = ("bash_", "browser_", "computer_", "memory_", "text_editor_")
"""How the types of Anthropic's tools begin that the application runs, not the API."""


def tools_of(request: Request) -> Iterator[JsonObject]:
    """Yield the tools of a request."""
    tools = request.body.get("tools")
    if isinstance(tools, list):
        yield from (tool for tool in tools if isinstance(tool, dict))


def server_tools_of(request: Request) -> Iterator[JsonObject]:
    """Yield the tools that the API may run itself; one of a kind that is not known is one."""
    for tool in tools_of(request):
        kind = tool.get("type") or "custom"
        if kind != "custom" and not str(kind).startswith(_CLIENT_TOOLS):
            yield tool


def given_uses(tool: JsonObject) -> int | None:
    """Return the `max_uses` of a tool; None: it names none."""
    uses = tool.get("max_uses")
    is_number = isinstance(uses, int) and not isinstance(uses, bool) and uses >= 0
    return uses if is_number else None  # type: ignore[return-value]  # mypy forgets what it is


def most_uses(tool: JsonObject) -> int:
    """Return how often a tool may be used in a call."""
    uses = given_uses(tool)
    return MOST_ROUNDS if uses is None else uses
