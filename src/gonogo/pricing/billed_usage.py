"""What the API charges for, read from an exchange's raw usage: which model, which tokens.

Rates are left to others. What usage does not count, or counts otherwise than it is billed, is named
as a caveat, never guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from gonogo.exchanges import Exchange, Response, Usage
from gonogo.json_lines import JsonObject
from gonogo_checkers.output import JsonValue

_REFUSALS_FREE_SINCE: Final = datetime(2026, 6, 2, tzinfo=UTC)
"""Since then a request that is refused before any output is not billed (release notes of the
Claude API)."""

_FREE_TOOLS: Final = frozenset({"web_search_requests", "web_fetch_requests"})
"""Server tools of which searches have a rate and fetches cost nothing but tokens."""

_ATTEMPTS: Final = ("message", "fallback_message")
"""Iterations of a model that was asked what the request asks."""

_CODE_EXECUTION: Final = "code_execution_requests"
_FREES_CODE_EXECUTION: Final = ("web_search_2026", "web_fetch_2026")
"""Tools beside which code execution is not charged (documentation of that tool)."""


class Caveat(StrEnum):
    """Why what was billed may differ from the cost."""

    CODE_EXECUTION = "code_execution"
    """Charged by container time over an organisation's free hours, which usage does not say."""
    UNKNOWN_SERVER_TOOL = "unknown_server_tool"
    """A server tool was used whose price is not known."""
    FALLBACK_CREDIT = "fallback_credit"
    """Cache writes were billed as reads in part, which usage does not say: it cost less."""
    PRIORITY_TIER = "priority_tier"
    """Tokens of a commitment, which is billed apart."""
    UNDATED = "undated"
    """Priced at the newest price of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """Tokens and searches of one inference, at least 0."""

    uncached: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    cache_read: int = 0
    output: int = 0
    web_searches: int = 0

    @property
    def input_tokens(self) -> int:
        """The whole input; it decides on which side of a cliff the inference is."""
        return self.uncached + self.cache_write_5m + self.cache_write_1h + self.cache_read


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """One run of one model within an exchange.

    Attributes:
        model: Which; None where nobody said it.
        counts: What it is charged for.
        is_fast: Whether it ran in fast mode.
    """

    model: str | None
    counts: TokenCounts
    is_fast: bool


def counts_of(body: JsonObject) -> TokenCounts:
    """Read the counts of a usage, or of one of its iterations.

    What is missing counts as 0. Cache writes that the split by lifetime does not cover were for
    five minutes; where the split is more than the sum, the split is believed.
    """
    split = body.get("cache_creation")
    split = split if isinstance(split, dict) else {}
    hour = _count(split, "ephemeral_1h_input_tokens")
    minutes = _count(split, "ephemeral_5m_input_tokens")
    written = max(_count(body, "cache_creation_input_tokens"), hour + minutes)
    tools = body.get("server_tool_use")
    return TokenCounts(
        uncached=_count(body, "input_tokens"),
        cache_write_5m=written - hour,
        cache_write_1h=hour,
        cache_read=_count(body, "cache_read_input_tokens"),
        output=_count(body, "output_tokens"),
        web_searches=_count(tools, "web_search_requests") if isinstance(tools, dict) else 0,
    )


def is_counted(usage: Usage) -> bool:
    """Say whether a usage says anything that can be charged for."""
    counted = ("input_tokens", "output_tokens", "cache_read_input_tokens")
    return any(isinstance(usage.body.get(name), int) for name in counted) or bool(
        _iterations_of(usage)
    )


def inferences_of(exchange: Exchange, usage: Usage) -> list[Inference]:
    """Return the inferences that an exchange is billed for; none where it is free.

    Where the API lists `iterations`, they count and the sums beside them do not: those leave out
    compaction, advisors and declined models, and take the input of the first iteration only
    (documentation of the advisor tool, of compaction and of fallbacks).
    """
    if _is_free_refusal(exchange, usage):
        return []
    whole = counts_of(usage.body)
    fast = usage.body.get("speed") == "fast"
    iterations = _iterations_of(usage)
    if not iterations:
        return [Inference(model=exchange.answered_by, counts=whole, is_fast=fast)]
    fell_back = any(entry.get("type") == "fallback_message" for entry in iterations)
    executor = (exchange.request.model if fell_back else None) or exchange.answered_by
    inferences = [
        Inference(
            model=_text(entry.get("model")) or executor,
            counts=counts_of(entry),
            is_fast=_is_fast(entry, fast=fast),
        )
        for entry in _billed(iterations, exchange)
    ]
    if whole.web_searches:
        fees = TokenCounts(web_searches=whole.web_searches)
        inferences.append(Inference(model=exchange.answered_by, counts=fees, is_fast=fast))
    return inferences


def caveats_of(exchange: Exchange, usage: Usage) -> tuple[Caveat, ...]:
    """Return why what was billed may differ from the cost, in the order of their names."""
    return tuple(sorted(set(_caveats(exchange, usage))))


def _caveats(exchange: Exchange, usage: Usage) -> Iterator[Caveat]:
    used = usage.body.get("server_tool_use")
    tools: JsonObject = used if isinstance(used, dict) else {}
    for name in tools:
        if name not in _FREE_TOOLS and _count(tools, name):
            if name != _CODE_EXECUTION:
                yield Caveat.UNKNOWN_SERVER_TOOL
            elif not _frees_code_execution(exchange):
                yield Caveat.CODE_EXECUTION
    credit = usage.body.get("fallback_credit")
    status = credit.get("status") if isinstance(credit, dict) else None
    if isinstance(status, dict) and status.get("type") == "redeemed":
        yield Caveat.FALLBACK_CREDIT
    if usage.body.get("service_tier") == "priority":
        yield Caveat.PRIORITY_TIER
    if exchange.at is None:
        yield Caveat.UNDATED


def _frees_code_execution(exchange: Exchange) -> bool:
    tools = exchange.request.body.get("tools")
    return isinstance(tools, list) and any(
        str(tool.get("type")).startswith(_FREES_CODE_EXECUTION)
        for tool in tools
        if isinstance(tool, dict)
    )


def _is_free_refusal(exchange: Exchange, usage: Usage) -> bool:
    return (
        _was_silently_refused(exchange.response)
        and usage.output_tokens <= 1  # the API may count one token where it says nothing
        and not _iterations_of(usage)
        and _are_refusals_free(exchange.at)
    )


def _was_silently_refused(response: Response | None) -> bool:
    if response is None or response.stop_reason != "refusal":
        return False
    content = response.body.get("content")
    return isinstance(content, list) and not any(
        isinstance(block, dict) and block.get("type") != "fallback" for block in content
    )


def _billed(iterations: list[JsonObject], exchange: Exchange) -> Iterator[JsonObject]:
    """Leave out models that declined before they said anything.

    Each handed on to the next; the last one did so where the whole was refused.
    """
    is_refused = _was_silently_refused(exchange.response)
    last = len(iterations) - 1
    for index, entry in enumerate(iterations):
        declined = (
            is_refused if index == last else iterations[index + 1].get("type") == "fallback_message"
        )
        is_silent = entry.get("type") in _ATTEMPTS and not _count(entry, "output_tokens")
        if not (declined and is_silent and _are_refusals_free(exchange.at)):
            yield entry


def _are_refusals_free(at: datetime | None) -> bool:
    return at is None or at >= _REFUSALS_FREE_SINCE


def _is_fast(entry: JsonObject, *, fast: bool) -> bool:
    """An advisor has a speed of its own; all others run at that of the request."""
    speed = entry.get("speed")
    if isinstance(speed, str):
        return speed == "fast"
    return fast and entry.get("type") != "advisor_message"


def _iterations_of(usage: Usage) -> list[JsonObject]:
    iterations = usage.body.get("iterations")
    if not isinstance(iterations, list):
        return []
    return [entry for entry in iterations if isinstance(entry, dict)]


def _count(body: JsonObject, name: str) -> int:
    value = body.get(name)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if is_count else 0  # type: ignore[return-value]  # mypy forgets what it is


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None
