"""Builds the API's `Message` from a request and an answer, cut where the API would cut it."""

from dataclasses import dataclass

from standin.answers import Answer, Block, StopReason, Text, Thinking, ToolUse, block_json
from standin.requests import JsonObject, Request
from standin.usage import InputTokens, Tier, count_output, cut_to, usage_json

_REFUSED = "The stand-in was told to refuse."


@dataclass(frozen=True, slots=True)
class _Cut:
    blocks: tuple[Block, ...]
    stop_reason: StopReason
    stop_sequence: str | None = None


def build_message(
    request: Request, answer: Answer, tokens: InputTokens, *, tier: Tier = "standard"
) -> JsonObject:
    """Build the message that answers a request.

    Its id follows from the request and from how often the same was asked before.
    """
    cut = _cut(request.body, answer)
    seed = f"{request.question_digest[:20]}{request.repeat:04d}"
    blocks = [block_json(block, index, seed) for index, block in enumerate(cut.blocks)]
    return {
        "id": f"msg_{seed}",
        "type": "message",
        "role": "assistant",
        "model": answer.model or request.body["model"],
        "content": blocks,
        "container": None,
        "stop_reason": cut.stop_reason,
        "stop_sequence": cut.stop_sequence,
        "stop_details": _stop_details(cut.stop_reason),
        "usage": {**usage_json(request.body, tokens, blocks, tier), **(answer.usage or {})},
    }


def truncate_answer(answer: Answer, tokens: int) -> Answer:
    """Return an answer that ran into `max_tokens` after that many tokens."""
    return Answer(_within(answer.blocks, tokens), "max_tokens", answer.model, answer.usage)


def refuse_answer(answer: Answer) -> Answer:
    """Return an answer that a classifier stopped at once: a refusal without content."""
    return Answer((), "refusal", answer.model, answer.usage)


def _cut(body: JsonObject, answer: Answer) -> _Cut:
    if answer.stop_reason is not None:
        return _Cut(answer.blocks, answer.stop_reason)
    blocks, sequence = _before_stop(answer.blocks, body.get("stop_sequences") or [])
    within = _within(blocks, body["max_tokens"])
    if within != blocks:
        return _Cut(within, "max_tokens")
    if sequence is not None:
        return _Cut(blocks, "stop_sequence", sequence)
    uses_tools = any(isinstance(block, ToolUse) for block in blocks)
    return _Cut(blocks, "tool_use" if uses_tools else "end_turn")


def _before_stop(
    blocks: tuple[Block, ...], sequences: list[str]
) -> tuple[tuple[Block, ...], str | None]:
    """Return the blocks up to the first stop sequence, and which it was."""
    for index, block in enumerate(blocks):
        if not isinstance(block, Text):
            continue
        found = [(block.text.find(sequence), sequence) for sequence in sequences if sequence]
        start, sequence = min((hit for hit in found if hit[0] >= 0), default=(-1, ""))
        if start >= 0:
            return (*blocks[:index], Text(block.text[:start])), sequence
    return blocks, None


def _within(blocks: tuple[Block, ...], tokens: int) -> tuple[Block, ...]:
    """Return the blocks that fit into that many tokens; a tool's call is kept whole or left out."""
    kept: list[Block] = []
    for block in blocks:
        needed = count_output([block_json(block, 0, "")])
        if needed <= tokens:
            kept.append(block)
            tokens -= needed
            continue
        match block:
            case Text(text) if tokens > 0:
                kept.append(Text(cut_to(text, tokens)))
            case Thinking(thinking) if tokens > 0:
                kept.append(Thinking(cut_to(thinking, tokens)))
        break
    return tuple(kept)


def _stop_details(reason: StopReason) -> JsonObject | None:
    if reason != "refusal":
        return None
    return {"type": "refusal", "category": "general_harms", "explanation": _REFUSED}
