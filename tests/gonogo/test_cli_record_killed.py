"""What was paid for outlives SIGKILL at any moment: all is recorded once in the end, none torn."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from app import App
from standin import SlowChunks, StandIn

from gonogo.exchanges import decode_exchange
from gonogo.recordings import load_recordings

KILLS: Final = 30
IN_FLIGHT: Final = 8
CASES: Final = tuple(f"N{number:03d}" for number in range(200))
PROCESSES: Final = Path(__file__).parents[1] / "recording_processes.py"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """Answer in streams, some faster than others."""
    with StandIn() as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        for remainder, seconds in enumerate((0.0, 0.004, 0.012)):
            api.script(
                SlowChunks(seconds),
                when=lambda r, rest=remainder: "stream" in r.body and number_of(r.body) % 3 == rest,
                times=None,
            )
        yield api


def number_of(body: dict[str, Any]) -> int:
    return int(re.findall(r"I am N(\d+)", str(body))[0])


class Processes:
    """Runs of `gonogo record`, one at a time."""

    def __init__(self, folder: Path, *first: str) -> None:
        """Start them, with the arguments of a run that is not killed."""
        self._server = subprocess.Popen(
            [sys.executable, str(PROCESSES), *first],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=dict(os.environ),
        )

    def start(self, *arguments: str) -> int:
        """Start a run, and return its process id."""
        self._server.stdin.write(" ".join(arguments) + "\n")
        self._server.stdin.flush()
        return self._number()

    def wait(self) -> int:
        """Wait for the run to end, and return its exit status; below 0: the signal."""
        return self._number()

    def close(self) -> None:
        self._server.communicate(timeout=10)

    def _number(self) -> int:
        return int(self._server.stdout.readline())


def on_file(app: App) -> list[int]:
    """Return whose answers are recorded, complete lines only."""
    path = app.dataset / "recordings.jsonl"
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [number_of(decode_exchange(line).request.body) for line in lines]


def paid_for(api: StandIn) -> Counter[int]:
    return Counter(number_of(call.body) for call in api.calls if call.is_paid)


def test_thirty_kills_lose_at_most_what_is_in_flight(tmp_path: Path, api: StandIn) -> None:
    chance = random.Random(20261124)  # noqa: S311 - moments, no secrets
    app = App(tmp_path, CASES)
    (app.dataset / "recordings.jsonl").unlink()
    processes = Processes(app.root, "greetings", "--case=n000")
    processes.start("greetings", "--max-cost-usd=0")  # counts the tokens of all
    assert processes.wait() == 1
    there = on_file(app)
    for _ in range(KILLS):
        paid_before, there_before = api.paid, len(there)
        process = processes.start("greetings")
        api.wait_for_calls(len(api.calls) + chance.randrange(16), timeout_seconds=2.0)
        time.sleep(chance.random() * 0.03)
        os.kill(process, signal.SIGKILL)
        assert processes.wait() == -signal.SIGKILL, "all was recorded before the last kill"
        wait_until_idle(api)
        there = on_file(app)
        assert (api.paid - paid_before) - (len(there) - there_before) <= IN_FLIGHT
    assert len(there) > KILLS, "the kills must fall into the work"
    processes.start("greetings")
    assert processes.wait() == 0
    processes.close()
    assert_recorded_once(app, CASES)
    assert api.paid - len(CASES) <= IN_FLIGHT * KILLS


def wait_until_idle(api: StandIn) -> None:
    deadline = time.monotonic() + 5
    while api.in_flight and time.monotonic() < deadline:
        time.sleep(0.005)


def assert_recorded_once(app: App, names: tuple[str, ...]) -> None:
    path = app.dataset / "recordings.jsonl"
    assert path.read_bytes().endswith(b"\n")
    assert sorted(on_file(app)) == [int(name[1:]) for name in names]
    recordings = load_recordings(path)
    tags = sorted(call.final.exchange.tags["trial"] for call in recordings.calls)
    assert tags == [f"{name.lower()}#1" for name in names]
    for call in recordings.calls:
        assert call.final.exchange.response is not None
        assert call.final.exchange.error is None


def test_a_torn_line_is_asked_again(tmp_path: Path, api: StandIn) -> None:
    """What a crash of the machine leaves: a line of which the disk has only the beginning."""
    app = App(tmp_path, CASES[:3])
    (app.dataset / "recordings.jsonl").unlink()
    processes = Processes(app.root, "greetings")
    processes.start("greetings")
    assert processes.wait() == 0
    path = app.dataset / "recordings.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    processes.start("greetings")
    assert processes.wait() == 0
    processes.close()
    assert_recorded_once(app, CASES[:3])
    assert api.paid == 4
