"""Claims that make a run NO-GO, and the error that they share."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gonogo.statistics.multiplicity import adjust_holm

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something harmful that a run may show: a score dropped, cost rose, a case broke.

    Attributes:
        p_value: One-sided, 0 to 1, of the data where there is no such harm.
        p_adjusted: The same, adjusted for all claims of the suite together; None: the run was
            asked in rounds, whose bounds decide.
        is_shown: Whether it is shown.
    """

    p_value: float
    p_adjusted: float | None
    is_shown: bool


def judge_claims(p_values: Mapping[Key, float], *, alpha: float) -> dict[Key, Claim]:
    """Judge all claims of a suite together: the chance that any is shown by mistake is alpha.

    Args:
        p_values: One-sided, of each claim.
        alpha: Family-wise error (`gonogo.statistics.multiplicity.adjust_holm`).
    """
    adjusted = adjust_holm(list(p_values.values()))
    return {
        key: Claim(p_value=p_value, p_adjusted=together, is_shown=together <= alpha)
        for (key, p_value), together in zip(p_values.items(), adjusted, strict=True)
    }
