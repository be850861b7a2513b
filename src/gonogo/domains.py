"""Domains: which checkers judge a kind of task, and how much each counts.

Every checker that a domain names judges its outputs, and every one of its scores is held against
the baseline; the weight is its part in the weighted score (0: none).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A kind of task.

    Attributes:
        name: `code_generation`, or the application's own.
        weights: Weight of each checker by its id, at least 0; they need not add up to 1, since
            the weighted score is over the checkers that had something to say.
        threshold: What the weighted score of one output must reach in `gonogo.check`, 0 to 1.
        required: Checkers whose silence, where the baseline has their score, is a regression: an
            answer without code is no better for having no syntax error.
    """

    name: str
    weights: Mapping[str, float]
    threshold: float = 0.7
    required: tuple[str, ...] = field(default=())


GENERAL: Final = Domain(
    name="general",
    weights={
        "length": 0.2,
        "coherence": 0.3,
        "grounding": 0.3,
        "prompt_following": 0.2,
        "expectations": 0.0,
        "pii": 0.0,
        "refusal": 0.0,
        "truncation": 0.0,
    },
)
"""What judges an output of a domain that nobody defined."""

DOMAINS: Final[Mapping[str, Domain]] = {
    domain.name: domain
    for domain in (
        GENERAL,
        Domain(
            name="code_generation",
            weights={
                "code_syntax": 0.25,
                "code_hallucination": 0.2,
                "code_security": 0.2,
                "expectations": 0.1,
                "code_structure": 0.05,
                "code_performance": 0.05,
                "pii": 0.05,
                "refusal": 0.05,
                "truncation": 0.05,
            },
            required=("code_syntax",),
        ),
        Domain(
            name="document_analysis",
            weights={
                "grounding": 0.3,
                "expectations": 0.25,
                "pii": 0.1,
                "prompt_following": 0.1,
                "coherence": 0.1,
                "length": 0.05,
                "refusal": 0.05,
                "truncation": 0.05,
            },
        ),
        Domain(
            name="customer_support",
            weights={
                "support_reply": 0.25,
                "expectations": 0.2,
                "pii": 0.2,
                "grounding": 0.1,
                "refusal": 0.1,
                "coherence": 0.05,
                "length": 0.05,
                "truncation": 0.05,
            },
        ),
        Domain(
            name="content_creation",
            weights={
                "prompt_following": 0.25,
                "expectations": 0.25,
                "coherence": 0.15,
                "length": 0.1,
                "readability": 0.1,
                "pii": 0.05,
                "refusal": 0.05,
                "truncation": 0.05,
            },
        ),
    )
}
