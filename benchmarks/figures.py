"""A measured figure with its bar, and how figures are shown to people, on a page, and stored."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.results import store_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure.

    Attributes:
        section: Heading under which it is shown.
        what: What is measured, and on what.
        value: In `unit`; a share is 0 to 1.
        unit: `share`, `MASE`, `seconds`, `cases`, …
        error: Standard error of a simulation, in the same unit; None where nothing is simulated.
        n: How many runs were simulated, or cases counted; None where that says nothing.
        low: Lower end of the 95 % interval; None where there is none.
        high: Its upper end.
        most: What it must not exceed; None: no such bar.
        least: What it must not fall below; None: no such bar.
        peers: Name and figure of what is measured against, on the same data.
        note: Why a bar does not apply, or what is to be known.
    """

    section: str
    what: str
    value: float
    unit: str = "share"
    error: float | None = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    most: float | None = None
    least: float | None = None
    peers: tuple[tuple[str, float], ...] = ()
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the bars hold, two standard errors of a simulation allowed."""
        slack = 2 * (self.error or 0.0)
        above = self.most is not None and self.value - slack > self.most
        below = self.least is not None and self.value + slack < self.least
        return not (above or below)

    @property
    def shown(self) -> str:
        """The figure with its simulation error or its interval."""
        if self.error is not None and self.unit == "share":
            return f"{100 * self.value:.2f} % ± {100 * self.error:.2f}"
        said = _say(self.value, self.unit)
        if self.low is None or self.high is None:
            return said
        return f"{said} ({_say(self.low, self.unit)} to {_say(self.high, self.unit)})"

    @property
    def bars(self) -> str:
        """The bars and whether they hold, in words."""
        limits = [] if self.least is None else [f"at least {_say(self.least, self.unit)}"]
        limits += [] if self.most is None else [f"at most {_say(self.most, self.unit)}"]
        return f"{', '.join(limits)}: {'holds' if self.holds else 'MISSED'}" if limits else ""

    @property
    def compared(self) -> str:
        """The peers with their figures."""
        return "; ".join(f"{name} {_say(value, self.unit)}" for name, value in self.peers)


def rate(section: str, what: str, hits: int, n: int, **more: object) -> Figure:
    """Return a share of simulated runs with its binomial standard error."""
    smoothed = (hits + 1) / (n + 2)
    error = (smoothed * (1 - smoothed) / n) ** 0.5
    return Figure(section=section, what=what, value=hits / n, error=error, n=n, **more)  # type: ignore[arg-type]  # fields


def show(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for people."""
    lines = []
    for section, of_section in _by_section(figures):
        lines.append(f"\n{section}")
        widest = max(len(figure.what) for figure in of_section)
        for figure in of_section:
            parts = (f"  {figure.what:<{widest}} {figure.shown:>18}", figure.bars, figure.compared)
            lines.append(" | ".join(part for part in (*parts, figure.note) if part))
    return "\n".join(lines)


def as_markdown(figures: Sequence[Figure]) -> str:
    """Return the figures as sections of a Markdown page."""
    lines = []
    for section, of_section in _by_section(figures):
        lines += [
            f"\n### {section}\n",
            "| what | ours | bar | others | note |",
            "|---|--:|---|---|---|",
        ]
        lines += [
            f"| {f.what} | {f.shown} | {f.bars} | {f.compared} | {f.note} |" for f in of_section
        ]
    return "\n".join(lines) + "\n"


def store(name: str, figures: Sequence[Figure], folder: Path) -> Path:
    """Write `<folder>/<name>.json` and return its path."""
    return store_rows(name, [_row(figure) for figure in figures], folder)


def _by_section(figures: Sequence[Figure]) -> Iterator[tuple[str, list[Figure]]]:
    for section in dict.fromkeys(figure.section for figure in figures):
        yield section, [figure for figure in figures if figure.section == section]


def _row(figure: Figure) -> dict[str, object]:
    peer, peer_value = figure.peers[0] if figure.peers else (None, None)
    return {
        **asdict(figure),
        "what": f"{figure.section}: {figure.what}",
        "bar": figure.most if figure.most is not None else figure.least,
        "holds": figure.holds,
        "peer": peer,
        "peer_value": peer_value,
    }


def _say(value: float, unit: str) -> str:
    return f"{100 * value:.3g} %" if unit == "share" else f"{value:.4g} {unit}".strip()
