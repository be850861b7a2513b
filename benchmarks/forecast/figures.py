"""Figures of the forecast: what is measured, its bar, and how it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Attributes:
        section: Heading under which it is shown.
        what: What is measured.
        value: In `unit`.
        unit: `MASE`, `ratio`, `share`, `seconds`, `clients`.
        most: What it must not exceed; None: no such bar.
        least: What it must not fall below; None: no such bar.
        peers: Name and figure of what is measured against, on the same data.
        note: What is to be known.
    """

    section: str
    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None
    peers: tuple[tuple[str, float], ...] = ()
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the bars hold."""
        above = self.most is not None and self.value > self.most
        below = self.least is not None and self.value < self.least
        return not (above or below)

    @property
    def bar(self) -> str:
        """The bars and whether they hold, in words."""
        limits = [] if self.least is None else [f"at least {self.least:g}"]
        limits += [] if self.most is None else [f"at most {self.most:g}"]
        return f"{', '.join(limits)}: {'holds' if self.holds else 'MISSED'}" if limits else ""

    @property
    def compared(self) -> str:
        """The peers with their figures."""
        return "; ".join(f"{name} {value:.3f}" for name, value in self.peers)


def show(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for people."""
    lines = []
    for section in dict.fromkeys(figure.section for figure in figures):
        lines.append(f"\n{section}")
        for figure in (f for f in figures if f.section == section):
            shown = f"  {figure.what:<72} {figure.value:8.3f} {figure.unit:<8}"
            parts = (shown, figure.bar, figure.compared, figure.note)
            lines.append(" | ".join(part for part in parts if part))
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
            f"| {f.what} | {f.value:.3f} {f.unit} | {f.bar} | {f.compared} | {f.note} |"
            for f in figures
            if f.section == section
        ]
    return "\n".join(lines) + "\n"


def as_row(figure: Figure) -> dict[str, object]:
    """Return a figure as a row of `results/forecast.json`."""
    peer, peer_value = figure.peers[0] if figure.peers else (None, None)
    return {
        "what": f"{figure.section}: {figure.what}",
        "value": figure.value,
        "unit": figure.unit,
        "bar": figure.most if figure.most is not None else figure.least,
        "least": figure.least,
        "most": figure.most,
        "holds": figure.holds,
        "peer": peer,
        "peer_value": peer_value,
        "peers": dict(figure.peers),
        "note": figure.note,
    }
