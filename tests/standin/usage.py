"""Counts tokens: a quarter of the characters, with a prompt cache that remembers marked prefixes."""

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from standin.requests import JsonObject, digest_of

_CHARACTERS_PER_TOKEN: Final = 4
Tier: TypeAlias = Literal["standard", "batch"]


@dataclass(frozen=True, slots=True)
class InputTokens:
    """The input of a request in tokens; the three parts add up to the whole input."""

    uncached: int
    written_5m: int = 0
    written_1h: int = 0
    read: int = 0

    @property
    def total(self) -> int:
        """All the tokens of the input, cached or not."""
        return self.uncached + self.written_5m + self.written_1h + self.read


class PromptCache:
    """Remembers the prefixes that a `cache_control` mark has put into the cache.

    A prefix is read when the same tools, system and messages up to the same mark were sent before
    to the same model. It neither expires nor asks for a least length.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def count(self, body: JsonObject) -> InputTokens:
        """Count a request's input, and remember its marked prefixes."""
        parts = list(_parts(body))
        marked = [index for index, part in enumerate(parts) if part.get("cache_control")]
        if body.get("cache_control") and parts:
            marked.append(len(parts) - 1)
        total = _tokens_of(parts)
        if not marked:
            return InputTokens(total)
        cached = _tokens_of(parts[: marked[-1] + 1])
        read = self._read_and_remember(body["model"], parts, marked)
        mark = parts[marked[-1]].get("cache_control") or body["cache_control"]
        written = cached - read
        is_long = mark.get("ttl") == "1h"
        return InputTokens(
            uncached=total - cached,
            written_5m=0 if is_long else written,
            written_1h=written if is_long else 0,
            read=read,
        )

    def _read_and_remember(
        self, model: str, parts: Sequence[JsonObject], marked: Sequence[int]
    ) -> int:
        keys = [(digest_of([model, _unmarked(parts[: end + 1])]), end + 1) for end in marked]
        with self._lock:
            known = [end for key, end in keys if key in self._seen]
            self._seen.update(key for key, _ in keys)
        return _tokens_of(parts[: max(known)]) if known else 0


def count_input(body: JsonObject) -> int:
    """Count a request's input in tokens, the same as the sum that its usage will report."""
    return _tokens_of(list(_parts(body)))


def count_output(blocks: Sequence[JsonObject]) -> int:
    """Count the tokens of an answer's blocks, at least 1."""
    return max(1, sum(_quarter(_characters_of(block)) for block in blocks))


def usage_json(
    body: JsonObject, tokens: InputTokens, blocks: Sequence[JsonObject], tier: Tier
) -> JsonObject:
    """Build the `usage` of a message."""
    thinking = [block for block in blocks if block["type"] == "thinking"]
    details = {"thinking_tokens": count_output(thinking)} if thinking else None
    return {
        "input_tokens": tokens.uncached,
        "cache_creation_input_tokens": tokens.written_5m + tokens.written_1h,
        "cache_read_input_tokens": tokens.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": tokens.written_5m,
            "ephemeral_1h_input_tokens": tokens.written_1h,
        },
        "output_tokens": count_output(blocks),
        "output_tokens_details": details,
        "server_tool_use": None,
        "service_tier": tier,
        "inference_geo": body.get("inference_geo") or "global",
        "speed": body.get("speed") or "standard",
    }


def cut_to(text: str, tokens: int) -> str:
    """Return the start of a text that counts no more than that many tokens."""
    return text[: max(0, tokens) * _CHARACTERS_PER_TOKEN]


def _parts(body: JsonObject) -> Iterator[JsonObject]:
    """Yield the blocks of the input in the order of the cache: tools, system, messages."""
    yield from body.get("tools") or ()
    yield from _blocks(body.get("system") or [])
    for message in body["messages"]:
        yield from _blocks(message["content"])


def _blocks(content: str | list[JsonObject]) -> list[JsonObject]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _unmarked(parts: Sequence[JsonObject]) -> list[JsonObject]:
    return [{key: part[key] for key in part if key != "cache_control"} for part in parts]


def _tokens_of(parts: Sequence[JsonObject]) -> int:
    return sum(_quarter(_characters_of(part)) for part in parts)


def _characters_of(block: JsonObject) -> int:
    """Count what a block holds; whatever is neither text nor thinking counts as its JSON."""
    kind = block.get("type")
    if kind in ("text", "thinking"):
        return len(block[kind])
    bare = {key: block[key] for key in block if key not in ("cache_control", "id", "caller")}
    return len(json.dumps(bare, separators=(",", ":")))


def _quarter(characters: int) -> int:
    return -(-characters // _CHARACTERS_PER_TOKEN)
