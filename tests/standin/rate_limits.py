"""The `anthropic-ratelimit-*` headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What the headers say is allowed, is left, and when it is full again.

    They are told, not enforced: script a `rate_limited()` to enforce them.

    Attributes:
        requests_limit: Requests a minute.
        requests_remaining: Requests left.
        input_tokens_limit: Uncached input tokens a minute.
        input_tokens_remaining: Input tokens left.
        output_tokens_limit: Output tokens a minute.
        output_tokens_remaining: Output tokens left.
        reset_seconds: When all are full again, from now.
    """

    requests_limit: int = 4_000
    requests_remaining: int = 3_999
    input_tokens_limit: int = 2_000_000
    input_tokens_remaining: int = 2_000_000
    output_tokens_limit: int = 400_000
    output_tokens_remaining: int = 400_000
    reset_seconds: float = 1.0

    def headers(self) -> Mapping[str, str]:
        """Return the headers; `tokens` is the sum of input and output."""
        reset = datetime.now(UTC) + timedelta(seconds=self.reset_seconds)
        stamp = reset.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        limits = {
            "requests": (self.requests_limit, self.requests_remaining),
            "input-tokens": (self.input_tokens_limit, self.input_tokens_remaining),
            "output-tokens": (self.output_tokens_limit, self.output_tokens_remaining),
            "tokens": (
                self.input_tokens_limit + self.output_tokens_limit,
                self.input_tokens_remaining + self.output_tokens_remaining,
            ),
        }
        lines = {}
        for name, (limit, remaining) in limits.items():
            lines[f"anthropic-ratelimit-{name}-limit"] = str(limit)
            lines[f"anthropic-ratelimit-{name}-remaining"] = str(remaining)
            lines[f"anthropic-ratelimit-{name}-reset"] = stamp
        return lines
