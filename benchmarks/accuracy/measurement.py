"""Rows of a measurement, their intervals, and how they are shown and stored."""

import math
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from results import store_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure.

    Attributes:
        what: Data set, class and measure: `sallm python: recall`.
        value: The figure, in `unit`.
        unit: `share`, `ms`, `count`, ...
        low: Lower end of its 95 % interval, where it has one.
        high: Upper end.
        n: How many cases it is the share of.
        bar: What it must reach; None: shown only.
        at_most: True where smaller is better.
        peer: What it is measured against.
        peer_value: The peer's figure in the same run.
    """

    what: str
    value: float
    unit: str = "share"
    low: float | None = None
    high: float | None = None
    n: int | None = None
    bar: float | None = None
    at_most: bool = False
    peer: str | None = None
    peer_value: float | None = None

    @property
    def holds(self) -> bool:
        """Tell whether the bar, if any, is met."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.at_most else self.value >= self.bar


def share(what: str, hits: int, n: int, *, bar: float | None = None, at_most: bool = False) -> Row:
    """Return a share with its Wilson 95 % interval (Wilson 1927); n = 0 gives [0, 1]."""
    if n == 0:
        return Row(what=what, value=0.0, low=0.0, high=1.0, n=0, bar=bar, at_most=at_most)
    z = 1.959964
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Row(what=what, value=p, low=low, high=high, n=n, bar=bar, at_most=at_most)


def precision_recall(what: str, pairs: Iterable[tuple[bool, bool]]) -> list[Row]:
    """Return precision, recall and the rate of false alarms.

    Args:
        what: Prefix of the rows.
        pairs: For each case, whether it is bad (label) and whether it was flagged.
    """
    counted = list(pairs)
    hits = sum(label and flagged for label, flagged in counted)
    flagged_all = sum(flagged for _, flagged in counted)
    bad = sum(label for label, _ in counted)
    false_alarms = flagged_all - hits
    return [
        share(f"{what}: precision", hits, flagged_all),
        share(f"{what}: recall", hits, bad),
        share(f"{what}: false alarms among the good", false_alarms, len(counted) - bad),
    ]


def show(name: str, rows: list[Row]) -> str:
    """Return the rows as a table for people."""
    lines = [f"\n{name}"]
    for row in rows:
        interval = f" [{row.low:.3f}, {row.high:.3f}]" if row.low is not None else ""
        count = f" n={row.n}" if row.n is not None else ""
        bar = f" bar {row.bar}: {'holds' if row.holds else 'MISSED'}" if row.bar is not None else ""
        peer = f" | {row.peer}: {row.peer_value:.4g}" if row.peer_value is not None else ""
        lines.append(f"  {row.what:<64} {row.value:>8.4g} {row.unit}{interval}{count}{bar}{peer}")
    return "\n".join(lines)


def as_markdown(name: str, rows: list[Row]) -> str:
    """Return the rows as a section of a Markdown page."""
    lines = [
        f"\n### `{name}`\n",
        "| what | value | 95 % interval | n | bar | peer |",
        "|---|--:|---|--:|---|---|",
    ]
    for row in rows:
        interval = f"{row.low:.3f} to {row.high:.3f}" if row.low is not None else ""
        bar = f"{row.bar}, {'holds' if row.holds else 'missed'}" if row.bar is not None else ""
        peer = f"{row.peer}: {row.peer_value:.4g}" if row.peer_value is not None else ""
        unit = "" if row.unit == "share" else f" {row.unit}"
        lines.append(
            f"| {row.what} | {row.value:.4g}{unit} | {interval} | {row.n or ''} | {bar} | {peer} |"
        )
    return "\n".join(lines) + "\n"


def store(name: str, rows: list[Row], folder: Path) -> Path:
    """Write `<folder>/<name>.json` and return its path."""
    return store_rows(name, [asdict(row) | {"holds": row.holds} for row in rows], folder)
