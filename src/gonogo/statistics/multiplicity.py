"""Many tests at once: what holds for all of them together.

Written out, though statsmodels has it: there each call collects garbage (0.1 s) and the first
imports pandas.
"""

from collections.abc import Sequence


def adjust_holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted so that comparing each with alpha holds the family-wise error.

    The chance that any true null hypothesis is rejected is at most alpha, whatever the dependence
    of the tests (Holm 1979, "A simple sequentially rejective multiple test procedure").

    Args:
        p_values: 0 to 1, in any order; may be empty.

    Returns:
        Adjusted p-values, 0 to 1, in the same order, none below its own p-value.

    Raises:
        ValueError: A p-value that is not between 0 and 1.
    """
    _check(p_values)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for place, i in enumerate(_ascending(p_values)):
        highest = max(highest, min(1.0, p_values[i] * (len(p_values) - place)))
        adjusted[i] = highest
    return tuple(adjusted)


def adjust_benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted so that comparing each with q holds the false discovery rate.

    Of those named, an expected share of at most q is named by chance (Benjamini and Hochberg 1995,
    "Controlling the false discovery rate"). For lists that a person looks at, not for decisions.

    Args:
        p_values: 0 to 1, in any order; may be empty.

    Raises:
        ValueError: A p-value that is not between 0 and 1.
    """
    _check(p_values)
    adjusted, lowest = [0.0] * len(p_values), 1.0
    for place, i in reversed(list(enumerate(_ascending(p_values), start=1))):
        lowest = min(lowest, p_values[i] * len(p_values) / place)
        adjusted[i] = lowest
    return tuple(adjusted)


def p_of_all(p_values: Sequence[float]) -> float:
    """Return the p-value of "not everything is shown": the largest.

    A claim that needs every one of several findings ("no score dropped beyond its margin") keeps
    its level without any adjustment: the intersection-union test (Berger 1982, "Multiparameter
    hypothesis testing and acceptance sampling").

    Args:
        p_values: 0 to 1; none shows nothing and gives 1.
    """
    return max(p_values, default=1.0)


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=p_values.__getitem__)


def _check(p_values: Sequence[float]) -> None:
    for p in p_values:
        if not 0 <= p <= 1:
            raise ValueError(f"{p!r} is no p-value: give numbers from 0 to 1")
