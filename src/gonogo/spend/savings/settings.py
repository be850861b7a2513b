"""What the measures take for granted, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

_TAGS: Final = MappingProxyType(
    {
        "awaited": frozenset({"no", "false"}),
        "batch": frozenset({"yes", "true"}),
        "priority": frozenset({"batch", "low"}),
    }
)
_LEAST_CACHEABLE: Final = MappingProxyType({"sonnet": 2048})
_SMALLER: Final = MappingProxyType({"opus": "sonnet", "sonnet": "haiku"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsSettings:
    """What the measures take for granted.

    Attributes:
        smaller_lines: The line of models that is assumed to do where nothing was measured.
        least_document_bytes: Shorter texts that stand twice are let be.
        kept_messages: The last so many messages of a history stay as they are.
        least_history_tokens: Less that is old is let be.
        summary_share: Size of a summary to what it replaces, 0 to 1; what making it costs is in it.
        long_answer: An answer so many times as long as the median of its kind is long.
        least_answers: So many answers are seen before one is called long.
        batch_tags: Tags and their values, in lower case, that say that nobody waits.
        batch_domains: Domains in which nobody waits.
        least_cacheable_tokens: A shorter beginning is not cached: the most that any model asks for.
        least_cacheable_lines: The same of lines of models whose models all ask for less.
    """

    smaller_lines: Mapping[str, str] = field(default_factory=lambda: _SMALLER)
    least_document_bytes: int = 400
    kept_messages: int = 6
    least_history_tokens: int = 4000
    summary_share: Decimal = Decimal("0.3")
    long_answer: int = 4
    least_answers: int = 50
    batch_tags: Mapping[str, frozenset[str]] = field(default_factory=lambda: _TAGS)
    batch_domains: frozenset[str] = field(default=frozenset())
    least_cacheable_tokens: int = 4096
    least_cacheable_lines: Mapping[str, int] = field(default_factory=lambda: _LEAST_CACHEABLE)

    def least_cacheable_of(self, model: str) -> int:
        """Return how many tokens a beginning needs to be cached."""
        lines = (least for line, least in self.least_cacheable_lines.items() if line in model)
        return min(self.least_cacheable_tokens, *lines, self.least_cacheable_tokens)
