"""Brownian motion watched at some moments: the chance to cross a bound first at each of them.

The statistic of a sequential run, times the square root of the share of information, behaves like
Brownian motion with a drift (Jennison and Turnbull 2000, "Group Sequential Methods", chapters 3
and 19; the recursion is of Armitage, McPherson and Rowe 1969).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_WIDEST: Final = 8.0
"""Nothing of interest lies further out, in standard deviations: 1e-15 of a normal distribution."""

_NODES_PER_STEP: Final = 3.0
_FEWEST_NODES: Final = 48
_MOST_NODES: Final = 1200
_PANEL: Final = 16
_NEVER: Final = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where the paths are that have not yet crossed.

    Attributes:
        fraction: Share of information at which they were last watched; 0 at the start.
        drift: Expected position at fraction 1.
        places: Nodes of positions, not standardised.
        masses: Chance at each node; together the chance of not having crossed.
    """

    fraction: float
    drift: float
    places: Floats
    masses: Floats


def start_paths(drift: float = 0.0) -> Paths:
    """Return all paths at the start: position 0, fraction 0."""
    return Paths(fraction=0.0, drift=drift, places=np.zeros(1), masses=np.ones(1))


def chance_above(paths: Paths, z: float, *, fraction: float) -> float:
    """Return the chance that a path gets this far without crossing and then is above z.

    Args:
        paths: Those that have not crossed.
        z: Standardised position, any real number or infinity.
        fraction: Of information, above `paths.fraction`.
    """
    from scipy.special import ndtr  # noqa: PLC0415 - heavy: on use only

    step = fraction - paths.fraction
    distance = (paths.places + paths.drift * step - z * fraction**0.5) / step**0.5
    return float(ndtr(distance) @ paths.masses)


def chance_below(paths: Paths, z: float, *, fraction: float) -> float:
    """Return the chance that a path gets this far without crossing and then is below z."""
    return float(paths.masses.sum()) - chance_above(paths, z, fraction=fraction)


def bound_above(paths: Paths, chance: float, *, fraction: float) -> float:
    """Return the z that a path exceeds first at this moment with the given chance.

    Args:
        paths: Those that have not crossed.
        chance: 0 gives infinity.
        fraction: Of information.
    """
    if chance <= _NEVER:
        return float("inf")
    low, high = -_WIDEST - abs(paths.drift), _WIDEST + abs(paths.drift)
    for _ in range(48):
        middle = (low + high) / 2
        exceeds = chance_above(paths, middle, fraction=fraction) > chance
        low, high = (middle, high) if exceeds else (low, middle)
    return (low + high) / 2


def bound_below(paths: Paths, chance: float, *, fraction: float) -> float:
    """Return the z that a path falls below first at this moment with the given chance."""
    if chance <= _NEVER:
        return float("-inf")
    mirrored = Paths(
        fraction=paths.fraction, drift=-paths.drift, places=-paths.places, masses=paths.masses
    )
    return -bound_above(mirrored, chance, fraction=fraction)


def go_on(paths: Paths, *, low: float, high: float, fraction: float) -> Paths:
    """Return the paths that are between two standardised bounds at this moment.

    Args:
        paths: Those that have not crossed before.
        low: Lower bound; -infinity for none.
        high: Upper bound; infinity for none.
        fraction: Of information, above `paths.fraction`.
    """
    root, centre = fraction**0.5, paths.drift * fraction
    bottom = max(low * root, centre - _WIDEST * root)
    top = max(bottom, min(high * root, centre + _WIDEST * root))
    step = fraction - paths.fraction
    count = int(np.clip(_NODES_PER_STEP * (top - bottom) / step**0.5, _FEWEST_NODES, _MOST_NODES))
    nodes, weights = _quadrature(count)
    places = bottom + (top - bottom) * (nodes + 1) / 2
    distances = (places[:, None] - paths.places[None, :] - paths.drift * step) / step**0.5
    densities = np.exp(-0.5 * distances**2) @ paths.masses / (2 * np.pi * step) ** 0.5
    return Paths(
        fraction=fraction,
        drift=paths.drift,
        places=places,
        masses=densities * weights * (top - bottom) / 2,
    )


def _quadrature(count: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of the composite Gauss-Legendre rule on [-1, 1]."""
    panels = -(-count // _PANEL)
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL)
    centres = (2 * np.arange(panels) + 1) / panels - 1
    return (centres[:, None] + nodes / panels).ravel(), np.tile(weights / panels, panels)
