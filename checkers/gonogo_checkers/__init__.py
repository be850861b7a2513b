"""The checkers of gonogo: one file each, usable without the harness."""

from typing import Final

CHECKERS: Final = {
    "code_hallucination": "gonogo_checkers.code_hallucination:CodeHallucination",
    "code_performance": "gonogo_checkers.code_performance:CodePerformance",
    "code_security": "gonogo_checkers.code_security:CodeSecurity",
    "code_structure": "gonogo_checkers.code_structure:CodeStructure",
    "code_syntax": "gonogo_checkers.code_syntax:CodeSyntax",
    "coherence": "gonogo_checkers.coherence:Coherence",
    "expectations": "gonogo_checkers.expectations:ExpectationsMet",
    "grounding": "gonogo_checkers.grounding:Grounding",
    "length": "gonogo_checkers.length:Length",
    "pii": "gonogo_checkers.pii:Pii",
    "prompt_following": "gonogo_checkers.prompt_following:PromptFollowing",
    "readability": "gonogo_checkers.readability:Readability",
    "refusal": "gonogo_checkers.refusal:Refusal",
    "support_reply": "gonogo_checkers.support_reply:SupportReply",
    "truncation": "gonogo_checkers.truncation:Truncation",
}
"""Where each checker is, by its id; loaded when a domain first asks for it."""
