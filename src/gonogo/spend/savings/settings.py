"""What the measures take for granted, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
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
        cache_lifetime: How long an entry lives since it was last used.
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
    cache_lifetime: timedelta = timedelta(minutes=5)
