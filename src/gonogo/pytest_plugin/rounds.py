"""Plans a session: which cases are asked side by side, and in which rounds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gonogo.pytest_plugin.marked_tests import case_of, suite_name_of
from gonogo.pytest_plugin.projects import gate_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gonogo.project import Project


def planned_cases(items: Sequence[pytest.Item]) -> dict[str, frozenset[str]]:
    """Return the ids of the cases that will be run, by suite."""
    planned: dict[str, set[str]] = {}
    for item in items:
        suite_name, case = suite_name_of(item), case_of(item)
        if suite_name is not None and case is not None:
            planned.setdefault(suite_name, set()).add(case.id)
    return {name: frozenset(cases) for name, cases in planned.items()}


def plan_rounds(session: pytest.Session, project: Project) -> None:
    """Put the cases of each suite into random order, round by round.

    Raises:
        pytest.UsageError: If a suite has nothing that a run could stop by.
    """
    from gonogo.errors import GonogoError  # noqa: PLC0415 - heavy: only for suites
    from gonogo.sequential_runs import ROUNDS, SequentialRun  # noqa: PLC0415 - likewise

    gate = gate_of(project, datetime.now(UTC))
    for name, planned in project.planned.items():
        suite = project.suite(name)
        try:
            project.sequential[name] = SequentialRun(
                [case for case in suite.cases if case.id in planned],
                gate.baseline_for(suite),
                project.settings,
                trials=project.asking.trials or 1,
                rounds=session.config.getoption("--gonogo-rounds") or ROUNDS,
                seed=project.asking.started,
            )
        except GonogoError as error:
            raise pytest.UsageError(f"--gonogo-stop-early: {error}") from error
    places = {
        (name, case_id): place
        for name, run in project.sequential.items()
        for place, case_id in enumerate(case_id for ids in run.order for case_id in ids)
    }
    session.items.sort(key=lambda item: _place_of(item, places))


def _place_of(item: pytest.Item, places: Mapping[tuple[str, str], int]) -> tuple[str, int]:
    """Return what the items of suites are sorted by; all others stay before them, as they are."""
    suite_name, case = suite_name_of(item), case_of(item)
    if suite_name is None or case is None:
        return "", 0
    return suite_name, places.get((suite_name, case.id), 0)
