"""What the detectors look at: an exchange, its time, entities, tokens and cost worked out once."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from typing import Final

from gonogo.exchanges import Exchange
from gonogo.json_lines import JsonObject, canonical_json
from gonogo.spend.anomalies.alarms import TOTAL, Entity, Scope
from gonogo_checkers.output import JsonValue

_WRITE, _READ, _OUTPUT = 1.25, 0.1, 5.0
"""Prices of cache writes, cache reads and output in those of uncached input, as Claude's list has.

Reads of some models are cheaper still. They share out a cost that is known; they set none.
"""

_MOST_TEXT: Final = 4000
_MOST_TOKENS: Final = 10**9
"""More cannot be in one call; a made-up count must not swamp what is summed up."""

_NO_TOKENS: Final = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class SizedCall:
    """What detectors of sizes remember of a call; `at` in seconds since 1970."""

    id: str
    at: float
    thread: str
    tokens: int


@dataclass(frozen=True)
class Sighting:
    """One exchange as the detectors see it.

    Attributes:
        exchange: The call.
        at: When, in seconds since 1970; never before the sighting before it.
        cost: US dollars; None where it has no price.
    """

    exchange: Exchange
    at: float
    cost: Decimal | None

    @property
    def id(self) -> str:
        """The exchange's id."""
        return self.exchange.id

    @property
    def user(self) -> str:
        """Who it was made for; empty where that is not known."""
        return self.exchange.user or ""

    @cached_property
    def model(self) -> str:
        """The model that answered; empty where none is named."""
        return self.exchange.answered_by or ""

    @cached_property
    def tokens(self) -> tuple[int, int, int, int]:
        """Uncached input, cache writes, cache reads, output; each 0 to a billion."""
        usage = self.exchange.usage
        if usage is None:
            return _NO_TOKENS
        return (
            _sane(usage.uncached_tokens),
            _sane(usage.cache_write_tokens),
            _sane(usage.cache_read_tokens),
            _sane(usage.output_tokens),
        )

    @property
    def input_tokens(self) -> int:
        """Total input."""
        return sum(self.tokens[:3])

    @property
    def output_tokens(self) -> int:
        """Output."""
        return self.tokens[3]

    @property
    def read_share(self) -> float:
        """Share of the input that was read from the cache, 0 to 1."""
        return self.tokens[2] / self.input_tokens if self.input_tokens else 0.0

    @cached_property
    def weighted_tokens(self) -> float:
        """Tokens in units of an uncached input token."""
        uncached, writes, reads, output = self.tokens
        return uncached + _WRITE * writes + _READ * reads + _OUTPUT * output

    @property
    def unit_price(self) -> float | None:
        """US dollars per million weighted tokens; None where there is no price or no token."""
        if self.cost is None or not self.weighted_tokens:
            return None
        return float(self.cost) / self.weighted_tokens * 1e6

    def share_of_cost(self, share: float) -> Decimal | None:
        """Return a part of the cost; None where that is not known.

        Args:
            share: 0 to 1; beyond, it is cut.
        """
        return None if self.cost is None else self.cost * Decimal(min(max(share, 0.0), 1.0))

    def cost_of_input(self, tokens: float) -> Decimal | None:
        """Estimate what so many of its input tokens cost, at the mean price of its input."""
        if not self.input_tokens:
            return self.share_of_cost(0.0)
        of_input = 1 - _OUTPUT * self.output_tokens / self.weighted_tokens
        return self.share_of_cost(of_input * min(tokens / self.input_tokens, 1.0))

    def share_saved_by_reading(self, tokens: float) -> float:
        """Return the share of the cost saved had so many more tokens come from the cache."""
        if not self.weighted_tokens:
            return 0.0
        return (1 - _READ) * min(tokens, self.input_tokens) / self.weighted_tokens

    @property
    def has_text(self) -> bool:
        """Whether request or answer were recorded, not only their tokens."""
        response = self.exchange.response
        return bool(
            self.exchange.request.body.get("messages")
            or (response is not None and response.body.get("content"))
        )

    @cached_property
    def words(self) -> str:
        """What the user said last: the text blocks of the last message, bounded; often empty."""
        messages = self.exchange.request.body.get("messages")
        if not isinstance(messages, list) or not messages:
            return ""
        last = messages[-1]
        if not isinstance(last, dict) or last.get("role") != "user":
            return ""
        return _bounded(" ".join(_texts_of(last.get("content"))))

    @cached_property
    def reply(self) -> str:
        """The text of the answer, bounded."""
        response = self.exchange.response
        return _bounded(" ".join(_texts_of(response.body.get("content")))) if response else ""

    @cached_property
    def tool_calls(self) -> tuple[str, ...]:
        """The tools that the answer asks to call, with their arguments, as digests."""
        response = self.exchange.response
        content = response.body.get("content") if response else None
        if not isinstance(content, list):
            return ()
        return tuple(
            digest(f"{block.get('name')}{canonical_json(block.get('input')).decode()}")
            for block in content
            if isinstance(block, dict) and block.get("type") == "tool_use"
        )

    @cached_property
    def thread(self) -> str:
        """What tells conversations apart: session, else user and first message; may be empty."""
        if self.exchange.session:
            return self.exchange.session
        messages = self.exchange.request.body.get("messages")
        if not isinstance(messages, list) or not messages or not isinstance(messages[0], dict):
            return ""
        first = _bounded(" ".join(_texts_of(messages[0].get("content"))))
        return f"{self.user}/{digest(first)}" if first else ""

    @property
    def thread_entity(self) -> Entity:
        """The session, else the user, else the total."""
        if self.exchange.session:
            return Entity(Scope.SESSION, self.exchange.session)
        return self.owner

    @property
    def owner(self) -> Entity:
        """The user, else the total."""
        return Entity(Scope.USER, self.user) if self.user else TOTAL


def digest(text: str) -> str:
    """Return 16 hexadecimal characters that stand for a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def said_tokens(body: JsonObject) -> int | None:
    """Estimate from above what the last turn says anew, in tokens; None where no text is held.

    What follows the last answer in `messages`, at a token for three bytes: more than Claude's
    tokenizer makes of any running text.
    """
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return None
    said = 0
    for message in reversed(messages):
        if not isinstance(message, dict) or message.get("role") == "assistant":
            break
        said += _bytes_in(message.get("content"))
    return said // 3


def brings_results(body: JsonObject) -> bool:
    """Say whether the last message brings results of tools: an agent goes on, nobody asks."""
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    return isinstance(content, list) and any(
        isinstance(block, dict) and str(block.get("type")).endswith("tool_result")
        for block in content
    )


def _sane(tokens: int) -> int:
    return min(max(tokens, 0), _MOST_TOKENS)


def _bytes_in(value: JsonValue) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    return 0 if value is None else len(canonical_json(value))


def _texts_of(content: JsonValue) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for block in content:
            if isinstance(block, dict) and block.get("type") == "text":
                text = block.get("text")
                if isinstance(text, str):
                    yield text


def _bounded(text: str) -> str:
    """Return a text, or its beginning, its length and its end."""
    if len(text) <= _MOST_TEXT:
        return text
    return f"{text[: _MOST_TEXT // 2]} {len(text)} {text[-_MOST_TEXT // 2 :]}"
