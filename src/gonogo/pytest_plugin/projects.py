"""The one project of a pytest run, made when a test first asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from gonogo.pytest_plugin.options import mode_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gonogo.project import Asking, Project
    from gonogo.runs import Gate

STARTED: Final = pytest.StashKey[str]()
"""When the run started, as part of a file name; workers of xdist have their controller's."""
_PROJECT: Final = pytest.StashKey["Project"]()


def project_of(config: pytest.Config) -> Project:
    """Return the project of the run."""
    if _PROJECT not in config.stash:
        from gonogo.project import Project  # noqa: PLC0415 - heavy: only for tests that use it

        datasets, baselines = config.getini("gonogo_datasets"), config.getini("gonogo_baselines")
        config.stash[_PROJECT] = Project(
            config.rootpath,
            datasets=config.rootpath / datasets if datasets else None,
            baselines=config.rootpath / baselines if baselines else None,
            candidate=config.getoption("--gonogo-candidate"),
            updating=config.getoption("--gonogo-update-baselines"),
            asking=_asking(config),
        )
    return config.stash[_PROJECT]


def live_folder(config: pytest.Config) -> Path | None:
    """Return where a live run leaves what it asked; None in other modes."""
    return project_of(config).shelf.live if mode_of(config) == "live" else None


def gate_of(project: Project, now: datetime) -> Gate:
    """Return what decides about the suites of a project."""
    from gonogo.runs import Gate  # noqa: PLC0415 - heavy: only for suites

    return Gate(
        baselines=project.baselines,
        settings=project.settings,
        registry=project.registry,
        mode=project.asking.mode,
        now=now,
    )


def _asking(config: pytest.Config) -> Asking:
    from gonogo.project import Asking  # noqa: PLC0415 - heavy: only for tests that use it
    from gonogo.recordings import Mode  # noqa: PLC0415 - likewise

    workers: dict[str, object] = getattr(config, "workerinput", {})
    return Asking(
        mode=Mode(mode_of(config)),
        trials=config.getoption("--gonogo-trials"),
        max_cost_usd=config.getoption("--gonogo-max-cost-usd"),
        workers=int(str(workers.get("workercount", 1))),
        started=str(workers.get("gonogo_started") or config.stash[STARTED]),
    )
