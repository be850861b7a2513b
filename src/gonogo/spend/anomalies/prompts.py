"""Inefficient prompts: unused tools, repeated documents, much input for hardly any output."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gonogo.exchanges import Request
from gonogo.json_lines import canonical_json
from gonogo.spend.anomalies.alarms import Kind, Signal
from gonogo.spend.anomalies.remembering import Memories
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.sightings import Sighting, digest

_BYTES_PER_TOKEN: Final = 4
_MOST_TOOLS: Final = 200
_MOST_DOCUMENTS: Final = 64
_READ_FROM_CACHE: Final = 0.5
_UNUSED_SHARE: Final = 0.5
_HEAVY_SHARE: Final = 0.9

_Times = deque[tuple[str, float]]


@dataclass(slots=True)
class _Tools:
    """The tools that one user sends along: their sizes in tokens, and which were called."""

    calls: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    ids: deque[tuple[str, float]] = field(default_factory=lambda: deque(maxlen=20))


class ToolsDetector:
    """Watches which of the tools that are sent along are ever called, by user and set of tools."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._tools = memories.remember(
            "tools", _Tools, kept_as=list[tuple[tuple[str, str], _Tools]]
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where after many calls much of what is sent along was never called."""
        sizes = _tool_sizes(sighting.exchange.request)
        if not sizes:
            return
        tools = self._tools.of((sighting.user, digest(",".join(sizes))))
        tools.calls += 1
        tools.sizes = sizes
        tools.ids.append((sighting.id, sighting.at))
        response = sighting.exchange.response
        if response is not None:
            tools.called.update(c.name for c in response.tool_calls if c.name in sizes)
        unused = [name for name in sizes if name not in tools.called]
        tokens = sum(sizes[name] for name in unused)
        is_much = tokens >= max(self._settings.tools_tokens, _UNUSED_SHARE * sum(sizes.values()))
        if tools.calls < self._settings.tools_calls or not is_much:
            return
        now = sighting.cost_of_input(tokens)
        yield Signal(
            kind=Kind.UNUSED_TOOLS,
            entity=sighting.owner,
            detail=digest(",".join(sizes)),
            exchanges=tuple(id_ for id_, _ in tools.ids),
            since=tools.ids[0][1],
            waste_usd=None if now is None else now * len(tools.ids),
            waste_now_usd=now,
            cause=(
                f"{len(unused)} of {len(sizes)} tools (some {tokens:,} tokens a call) were never"
                f" called in {tools.calls:,} calls that carried them."
            ),
        )


class DocumentDetector:
    """Watches for the same document twice in a request, and again and again uncached."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._sent = memories.remember(
            "documents", dict[str, _Times], kept_as=list[tuple[str, dict[str, _Times]]]
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield at most one signal: of the document that was sent most needlessly."""
        documents = [
            text
            for text in sighting.exchange.request.documents
            if len(text) >= _BYTES_PER_TOKEN * self._settings.document_tokens
        ][:_MOST_DOCUMENTS]
        if not documents or sighting.read_share > _READ_FROM_CACHE:
            return
        sizes = {digest(text): len(text) // _BYTES_PER_TOKEN for text in documents}
        twice = sum(len(text) // _BYTES_PER_TOKEN for text in documents) - sum(sizes.values())
        if twice:
            yield self._signal(sighting, "", [(sighting.id, sighting.at)], twice)
            return
        sent = self._sent.of(sighting.user)
        for key, tokens in sizes.items():
            times = sent.pop(key, None) or deque(maxlen=self._settings.document_repeats)
            times.append((sighting.id, sighting.at))
            sent[key] = times
            if len(sent) > _MOST_DOCUMENTS:
                del sent[next(iter(sent))]
            if self._is_often(times):
                yield self._signal(sighting, key, list(times), tokens)
                return

    def _is_often(self, times: _Times) -> bool:
        in_time = times[-1][1] - times[0][1] <= self._settings.loop_seconds
        return len(times) == self._settings.document_repeats and in_time

    def _signal(
        self, sighting: Sighting, key: str, times: list[tuple[str, float]], tokens: int
    ) -> Signal:
        now = sighting.cost_of_input(tokens)
        what = (
            f"the same document of some {tokens:,} tokens was sent {len(times)} times uncached:"
            " mark it for the cache, or send what is needed of it"
            if key
            else f"one request holds the same documents twice (some {tokens:,} tokens too many)"
        )
        return Signal(
            kind=Kind.REPEATED_DOCUMENT,
            entity=sighting.owner,
            detail=key,
            exchanges=tuple(id_ for id_, _ in times),
            since=times[0][1],
            waste_usd=None if now is None else now * max(len(times) - 1, 1),
            waste_now_usd=now,
            cause=f"{what[0].upper()}{what[1:]}.",
        )


class RatioDetector:
    """Watches for calls with huge input and hardly any output, by user and model."""

    def __init__(self, settings: WatchSettings, memories: Memories) -> None:
        self._settings = settings
        self._calls = memories.remember(
            "ratios",
            lambda: deque(maxlen=settings.heavy_calls),
            kept_as=list[tuple[tuple[str, str], deque[tuple[str, float, bool]]]],
        )

    def watch(self, sighting: Sighting) -> Iterator[Signal]:
        """Yield a signal where nearly all of the last calls were so."""
        if not sighting.output_tokens:
            return
        calls = self._calls.of((sighting.user, sighting.model))
        is_heavy = (
            sighting.input_tokens >= self._settings.heavy_input
            and sighting.output_tokens <= self._settings.heavy_ratio * sighting.input_tokens
            and sighting.read_share <= _READ_FROM_CACHE
        )
        calls.append((sighting.id, sighting.at, is_heavy))
        heavy = [call for call in calls if call[2]]
        if not is_heavy or len(heavy) < _HEAVY_SHARE * self._settings.heavy_calls:
            return
        now = sighting.cost_of_input(sighting.input_tokens / 2)
        yield Signal(
            kind=Kind.INPUT_HEAVY,
            entity=sighting.owner,
            detail=sighting.model,
            exchanges=tuple(call[0] for call in heavy),
            since=heavy[0][1],
            waste_usd=None if now is None else now * len(heavy),
            waste_now_usd=now,
            cause=(
                f"{len(heavy)} of the last {len(calls)} calls sent {self._settings.heavy_input:,}"
                " tokens or more for an answer of next to nothing: half of that input is taken to"
                " be needless; retrieve less, or cache it."
            ),
        )


def _tool_sizes(request: Request) -> dict[str, int]:
    """Return the tools that are sent along, each with its size in tokens, roughly."""
    tools = request.body.get("tools")
    if not isinstance(tools, list):
        return {}
    return {
        str(tool.get("name"))[:100]: len(canonical_json(tool)) // _BYTES_PER_TOKEN
        for tool in tools[:_MOST_TOOLS]
        if isinstance(tool, dict)
    }
