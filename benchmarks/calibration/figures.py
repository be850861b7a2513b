"""Figures of the calibration, their simulation error, and how they are shown and stored."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from results import store_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of one shape.

    Attributes:
        section: Heading under which it is shown.
        what: The shape, and what is asked.
        value: A share, 0 to 1, or a number in `unit`.
        error: Standard error of the simulation, in the same unit.
        n: How many runs were simulated.
        unit: `share`, `cases`.
        bar: What it must not exceed; None: shown only.
        floor: What it must not fall below; None: no such bar.
        note: Why a bar does not apply, or what is to be known.
        peers: Name and figure of what is measured against, on the same simulated data.
    """

    section: str
    what: str
    value: float
    error: float
    n: int
    unit: str = "share"
    bar: float | None = None
    floor: float | None = None
    note: str = ""
    peers: tuple[tuple[str, float], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the bars hold, two standard errors of the simulation allowed."""
        above = self.bar is not None and self.value - 2 * self.error > self.bar
        below = self.floor is not None and self.value + 2 * self.error < self.floor
        return not (above or below)

    @property
    def bars(self) -> str:
        """The bars and whether they hold, in words."""
        limits = [] if self.floor is None else [f"at least {_percent(self.floor)}"]
        limits += [] if self.bar is None else [f"at most {_percent(self.bar)}"]
        said = ", ".join(limits)
        return f"{said}: {'holds' if self.holds else 'MISSED'}" if limits else ""

    @property
    def shown(self) -> str:
        """The figure with its simulation error."""
        if self.unit == "share":
            return f"{100 * self.value:.2f} % ± {100 * self.error:.2f}"
        return f"{self.value:.4g} {self.unit}"

    @property
    def compared(self) -> str:
        """The peers with their figures."""
        of = _percent if self.unit == "share" else "{:.4g}".format
        return "; ".join(f"{name} {of(value)}" for name, value in self.peers)


def rate(section: str, what: str, hits: int, n: int, **more: object) -> Figure:
    """Return a share of simulated runs with its binomial standard error."""
    p = hits / n
    smoothed = (hits + 1) / (n + 2)
    error = (smoothed * (1 - smoothed) / n) ** 0.5
    return Figure(section=section, what=what, value=p, error=error, n=n, **more)  # type: ignore[arg-type]  # fields


def show(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for people."""
    lines = []
    for section in dict.fromkeys(figure.section for figure in figures):
        lines.append(f"\n{section}")
        for figure in (f for f in figures if f.section == section):
            parts = [f"  {figure.what:<84} {figure.shown:>17}", figure.bars, figure.compared]
            lines.append(" | ".join(part for part in (*parts, figure.note) if part))
    return "\n".join(lines)


def as_markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as sections of a Markdown page."""
    lines = []
    for section in dict.fromkeys(figure.section for figure in figures):
        lines += [
            f"\n### {section}\n",
            "| shape | ours | bar | others | note |",
            "|---|--:|---|---|---|",
        ]
        lines += [
            f"| {f.what} | {f.shown} | {f.bars} | {f.compared} | {f.note} |"
            for f in figures
            if f.section == section
        ]
    return "\n".join(lines) + "\n"


def store(name: str, figures: Sequence[Figure], folder: Path) -> Path:
    """Write `<folder>/<name>.json` and return its path."""
    return store_rows(name, [_row(figure) for figure in figures], folder)


def _row(figure: Figure) -> dict[str, object]:
    first = figure.peers[0] if figure.peers else (None, None)
    bar = figure.bar if figure.bar is not None else figure.floor
    return {
        **asdict(figure),
        "what": f"{figure.section}: {figure.what}",
        "bar": bar,
        "ceiling": figure.bar,
        "holds": figure.holds,
        "peer": first[0],
        "peer_value": first[1],
    }


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
