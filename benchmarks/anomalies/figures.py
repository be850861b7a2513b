"""Figures of the anomaly measurements: intervals, and how they are shown and stored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from results import store_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Attributes:
        section: Heading under which it is shown.
        what: What is measured.
        value: In `unit`.
        unit: `share`, `minutes`, `score`, …
        low: Lower end of the 95 % interval; None where there is none.
        high: Its upper end.
        bar: What it must not exceed; None: no such bar.
        floor: What it must not fall below; None: no such bar.
        peers: Name and figure of what it is measured against.
        note: What is to be known.
    """

    section: str
    what: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    bar: float | None = None
    floor: float | None = None
    peers: tuple[tuple[str, float], ...] = ()
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the bars hold."""
        below = self.bar is None or self.value <= self.bar
        above = self.floor is None or self.value >= self.floor
        return bool(below and above)

    @property
    def bars(self) -> str:
        """The bars and whether they hold, in words."""
        limits = [] if self.floor is None else [f"at least {_say(self.floor, self.unit)}"]
        limits += [] if self.bar is None else [f"at most {_say(self.bar, self.unit)}"]
        return f"{', '.join(limits)}: {'holds' if self.holds else 'MISSED'}" if limits else ""

    @property
    def shown(self) -> str:
        """The figure with its interval."""
        said = _say(self.value, self.unit)
        if self.low is None or self.high is None:
            return said
        return f"{said} ({_say(self.low, self.unit)} to {_say(self.high, self.unit)})"

    @property
    def compared(self) -> str:
        """The peers with their figures."""
        return "; ".join(f"{name} {_say(value, self.unit)}" for name, value in self.peers)


def show(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for people."""
    lines = []
    for section in dict.fromkeys(figure.section for figure in figures):
        lines.append(f"\n{section}")
        for figure in (f for f in figures if f.section == section):
            parts = [f"  {figure.what:<56} {figure.shown:>32}", figure.bars, figure.compared]
            lines.append(" | ".join(part for part in (*parts, figure.note) if part))
    return "\n".join(lines)


def as_markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as sections of a Markdown page."""
    lines = []
    for section in dict.fromkeys(figure.section for figure in figures):
        lines += [
            f"\n### {section}\n",
            "| what | ours | bar | others | note |",
            "|---|--:|---|---|---|",
        ]
        lines += [
            f"| {f.what} | {f.shown} | {f.bars} | {f.compared} | {f.note} |"
            for f in figures
            if f.section == section
        ]
    return "\n".join(lines) + "\n"


def store(figures: Sequence[Figure], folder: Path) -> Path:
    """Write `<folder>/anomalies.json` and return its path."""
    return store_rows("anomalies", [_row(figure) for figure in figures], folder)


def _row(figure: Figure) -> dict[str, object]:
    first = figure.peers[0] if figure.peers else (None, None)
    return {
        **asdict(figure),
        "what": f"{figure.section}: {figure.what}",
        "bar": figure.bar if figure.bar is not None else figure.floor,
        "ceiling": figure.bar,
        "holds": figure.holds,
        "peer": first[0],
        "peer_value": first[1],
    }


def _say(value: float, unit: str) -> str:
    return f"{100 * value:.1f} %" if unit == "share" else f"{value:.3g} {unit}".strip()
