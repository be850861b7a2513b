"""What a test says of itself: its suite, its case, and where its own recordings lie."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gonogo.cases import Case


def suite_name_of(node: pytest.Item | pytest.Function) -> str | None:
    """Return the suite that a test is marked with; None where it has no marker.

    Raises:
        pytest.Collector.CollectError: If the marker is not written as it must be.
    """
    marker = node.get_closest_marker("gonogo")
    if marker is None:
        return None
    name = marker.kwargs.get("suite")
    if marker.args or set(marker.kwargs) != {"suite"} or not isinstance(name, str):
        raise pytest.Collector.CollectError(
            f"{node.nodeid}: write the marker as @pytest.mark.gonogo(suite='<folder of datasets>')"
        )
    return name


def case_of(item: pytest.Item) -> Case | None:
    """Return the case of its suite that a test runs; None where it runs none."""
    case: Case | None = getattr(getattr(item, "callspec", None), "params", {}).get("case")
    return case


def own_recordings(node: pytest.Item) -> Path:
    """Return the file of a test's own recordings: `recordings/<module>/<test>.jsonl` beside it."""
    name = node.nodeid.partition("::")[2] or node.name
    plain = re.sub(r"[^\w.=-]+", "-", name).strip("-")
    if plain != name.replace("::", "-"):
        plain += "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return node.path.parent / "recordings" / node.path.stem / f"{plain[-100:]}.jsonl"
