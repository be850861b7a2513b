"""`--gonogo-mode=record` under xdist, killed with its workers: it goes on where it was."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from app import App
from standin import SlowChunks, StandIn

from gonogo.recordings import load_recordings

CASES: Final = tuple(f"N{number:03d}" for number in range(12))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn() as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        api.script(SlowChunks(0.004), when=lambda request: "stream" in request.body, times=None)
        yield api


def test_pytest_killed_with_its_workers_goes_on_where_it_was(tmp_path: Path, api: StandIn) -> None:
    chance = random.Random(20261124)  # noqa: S311 - moments, no secrets
    app = App(tmp_path, CASES)
    path = app.dataset / "recordings.jsonl"
    path.unlink()
    paid_before, lost = 0, 0
    for _ in range(2):
        process = start_pytest(app)
        wait_until_paid(api, paid_before + chance.randrange(2, 5))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)
        wait_until_idle(api)
        paid_before, lost = api.paid, api.paid - lines_in(path)
    process = start_pytest(app)
    said = process.communicate(timeout=60)[0]
    assert "12 passed" in said, said
    assert path.read_bytes().endswith(b"\n")
    calls = list(load_recordings(path).calls)
    tags = sorted(call.final.exchange.tags["trial"] for call in calls)
    assert tags == [f"{name.lower()}#1" for name in CASES]
    assert all(call.final.exchange.response is not None for call in calls)
    assert api.paid - len(CASES) == lost <= 2 * 2  # a worker asks one case at a time


def lines_in(path: Path) -> int:
    """Count the complete lines of a file."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def wait_until_idle(api: StandIn) -> None:
    deadline = time.monotonic() + 5
    while api.in_flight and time.monotonic() < deadline:
        time.sleep(0.005)


def start_pytest(app: App) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "evals", "-n2", "--gonogo-mode=record", "-q"],
        cwd=app.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=dict(os.environ),
    )


def wait_until_paid(api: StandIn, number: int) -> None:
    deadline = time.monotonic() + 30
    while api.paid < number:
        assert time.monotonic() < deadline
        time.sleep(0.005)
