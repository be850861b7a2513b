"""What recording and replaying cost a call: against the bare SDK and against vcrpy, in one run.

All ask the stand-in of the Messages API, a process of its own on this machine, in changing order; a
figure is the median over the repetitions. A replay of 1,000 calls must take at most 1 s, and the
first chunk of a stream must come at most 10 ms later while it is recorded. `--page` writes the rows
to a Markdown page.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import vcr  # type: ignore[import-untyped]  # ships no types
from anthropic import Anthropic

sys.path.insert(0, str(Path(__file__).parent / "accuracy"))

from measurement import Row, as_markdown, show, store

from gonogo.claude.capturing import Capture
from gonogo.recordings import Mode, Shelf, Tape

ROOT = Path(__file__).parents[1]
REPETITIONS = 10
CALLS = {"create": 100, "stream": 15}
"""Calls of one repetition; those of all repetitions of `create` are the 1,000 of the bar."""
REPLAYS = 5
"""Of the 1,000 calls: a machine that does something else meanwhile makes some of them slow."""
FIRST_CHUNKS = 100
REPLAY_BAR_SECONDS = 1.0
FIRST_CHUNK_BAR_MS = 10.0
WORDS = " ".join(f"word{number}" for number in range(60))

Call = Callable[[Anthropic, int], object]


def ask(number: int) -> dict[str, Any]:
    """Return the parameters of a request; another number is another request."""
    content = f"Question {number}: what of {WORDS}?"
    messages = [{"role": "user", "content": content}]
    return {"model": "claude-sonnet-5-5", "max_tokens": 300, "messages": messages}


def create(client: Anthropic, number: int) -> object:
    """Ask for a whole answer."""
    return client.messages.create(**ask(number)).content


def stream(client: Anthropic, number: int) -> object:
    """Ask for a stream, and read it."""
    with client.messages.stream(**ask(number)) as streamed:
        return streamed.get_final_message().content


WAYS: dict[str, Call] = {"create": create, "stream": stream}


@dataclass(frozen=True, slots=True)
class Bench:
    """Where is asked, and where it is recorded."""

    url: str
    folder: Path

    def client(self) -> Anthropic:
        """Return a client as an application makes it."""
        return Anthropic(base_url=self.url, api_key="of-the-stand-in")

    def capture(self, mode: Mode, path: Path) -> Capture:
        """Return what a test's clients share."""
        shelf = Shelf(mode=mode, live=self.folder)
        return Capture(Tape(lambda: shelf.open(path, "live"), []))

    @contextmanager
    def bare(self, _: Path) -> Iterator[Anthropic]:
        """Lend the SDK as it is."""
        with self.client() as client:
            yield client

    @contextmanager
    def recording(self, path: Path) -> Iterator[Anthropic]:
        """Lend gonogo's client, which records."""
        capture = self.capture(Mode.RECORD, path)
        yield capture.client({"base_url": self.url, "api_key": "of-the-stand-in"})
        capture.finish()

    @contextmanager
    def replaying(self, path: Path) -> Iterator[Anthropic]:
        """Lend gonogo's client, which replays; what is recorded is loaded first."""
        capture = self.capture(Mode.REPLAY, path)
        yield capture.client({})
        capture.finish()

    @contextmanager
    def own_recording(self, path: Path) -> Iterator[Anthropic]:
        """Lend an application's own client, whose calls are captured and recorded."""
        capture = self.capture(Mode.RECORD, path)
        with self.client() as client, capture.capturing():
            yield client
            capture.finish()

    @contextmanager
    def own_replaying(self, path: Path) -> Iterator[Anthropic]:
        """Lend an application's own client, whose calls are captured and replayed."""
        with self.client() as client, self.capture(Mode.REPLAY, path).capturing():
            yield client

    @contextmanager
    def vcr_recording(self, path: Path) -> Iterator[Anthropic]:
        """Lend the SDK as it is, under vcrpy with its defaults; it writes at the end."""
        with self._cassette(path, "all"), self.client() as client:
            yield client

    @contextmanager
    def vcr_replaying(self, path: Path) -> Iterator[Anthropic]:
        """Lend the SDK as it is, answered by vcrpy."""
        with self._cassette(path, "none"), self.client() as client:
            yield client

    def _cassette(self, path: Path, mode: str) -> Any:
        return vcr.VCR(record_mode=mode).use_cassette(str(path.with_suffix(".yaml")))


Lend = Callable[[Bench, Path], Any]

VARIANTS: dict[str, Lend] = {
    "bare": Bench.bare,
    "record": Bench.recording,
    "record own": Bench.own_recording,
    "record vcrpy": Bench.vcr_recording,
}
REPLAYING: dict[str, Lend] = {
    "replay": Bench.replaying,
    "replay own": Bench.own_replaying,
    "replay vcrpy": Bench.vcr_replaying,
}
RECORDED_AS = {"replay": "record", "replay own": "record own", "replay vcrpy": "record vcrpy"}

Times = dict[tuple[str, str], list[float]]


def main() -> int:
    """Measure, print, store; return 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, help="Markdown page to write")
    page = parser.parse_args().page
    with tempfile.TemporaryDirectory() as name, stand_in() as url:
        bench = Bench(url, Path(name))
        warm_up(bench)
        times: Times = defaultdict(list)
        for repetition in range(REPETITIONS):
            for way in WAYS:
                measure_calls(bench, way, repetition, times)
        rows = [*cost_rows(times), sync_row(bench), *replay_rows(bench), *first_chunk_rows(bench)]
    print(show("wire", rows))
    store("wire", rows, ROOT / "results")
    if page is not None:
        page.write_text(f"# {PAGE_TITLE}\n\n{PAGE_TEXT}{as_markdown('wire', rows)}", "utf-8")
    return 0 if all(row.holds for row in rows) else 1


PAGE_TITLE = "What recording and replaying cost a call"
PAGE_TEXT = """\
`make bench` measures it against the bare SDK and against vcrpy, asks a stand-in of the Messages
API on the same machine, and prints this table; it writes `results/wire.json` too. Times are medians
over repetitions in changing order, loading and writing of recordings included; they are those of
one machine: their ratios say more. gonogo waits for the disk after each call, so that what was paid
for is kept when the process dies; vcrpy writes once, at the end.
"""


@contextmanager
def stand_in() -> Iterator[str]:
    """Start the stand-in as a process of its own; give its URL."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    command = [sys.executable, "-m", "standin"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def warm_up(bench: Bench) -> None:
    """Let everything be imported and compiled before anything is timed."""
    for way, call in WAYS.items():
        for variant, lend in (VARIANTS | REPLAYING).items():
            path = bench.folder / f"warm-{way}-{RECORDED_AS.get(variant, variant)}.jsonl"
            with lend(bench, path) as client:
                call(client, -1)


def measure_calls(bench: Bench, way: str, repetition: int, times: Times) -> None:
    """Time each variant once; what one has recorded is then replayed, and must be the same."""
    heard: dict[str, list[object]] = {}
    count = CALLS[way]
    for variants in (VARIANTS, REPLAYING):
        order = list(variants)
        for variant in order[repetition % len(order) :] + order[: repetition % len(order)]:
            recorded_as = RECORDED_AS.get(variant, variant)
            path = bench.folder / f"{way}-{repetition}-{recorded_as}.jsonl"
            numbers = range(repetition * count, (repetition + 1) * count)
            started = time.perf_counter()
            with variants[variant](bench, path) as client:
                heard[variant] = [WAYS[way](client, number) for number in numbers]
            times[way, variant].append((time.perf_counter() - started) / count)
            if heard[variant] != heard[recorded_as]:
                raise RuntimeError(f"{variant}, {way}: what was replayed is not what was heard")


def cost_rows(times: Times) -> list[Row]:
    """Return what a call costs, in milliseconds and as a ratio to the bare SDK's."""
    rows = []
    for way in WAYS:
        medians = {
            variant: 1000 * statistics.median(found)
            for (of_way, variant), found in times.items()
            if of_way == way
        }
        bare = medians["bare"]
        n = CALLS[way] * REPETITIONS
        rows.append(Row(what=f"{way}: bare SDK, per call", value=bare, unit="ms", n=n))
        for variant, peer in PEERS.items():
            what = f"{way}: {NAMES[variant]}"
            rows += [
                Row(
                    what=f"{what}, per call",
                    value=medians[variant],
                    unit="ms",
                    n=n,
                    peer=f"{peer}, ms",
                    peer_value=medians[peer],
                ),
                Row(
                    what=f"{what}, to the bare SDK",
                    value=medians[variant] / bare,
                    unit="times",
                    n=n,
                    peer=f"{peer}, times",
                    peer_value=medians[peer] / bare,
                ),
            ]
    return rows


NAMES = {
    "record": "record",
    "record own": "record, the application's own client",
    "replay": "replay",
    "replay own": "replay, the application's own client",
}
PEERS = {
    "record": "record vcrpy",
    "record own": "record",
    "replay": "replay vcrpy",
    "replay own": "replay",
}


def sync_row(bench: Bench) -> Row:
    """Return what a call's line costs to be safe on the disk: most of what recording adds."""
    waits = []
    with (bench.folder / "synced").open("ab") as file:
        for _ in range(CALLS["create"]):
            started = time.perf_counter()
            file.write(b"x" * 3000)
            file.flush()
            os.fsync(file.fileno())
            waits.append(1000 * (time.perf_counter() - started))
    return Row(
        what="one line written and synced by itself",
        value=statistics.median(waits),
        unit="ms",
        n=len(waits),
    )


def replay_rows(bench: Bench) -> list[Row]:
    """Return how long 1,000 recorded calls take to replay, the fastest time and the median."""
    path = bench.folder / "thousand.jsonl"
    parts = [bench.folder / f"create-{number}-record.jsonl" for number in range(REPETITIONS)]
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    with_loading, without = [], []
    for _ in range(REPLAYS):
        started = time.perf_counter()
        with bench.replaying(path) as client:
            loaded = time.perf_counter()
            for number in range(1000):
                create(client, number)
            ended = time.perf_counter()
        with_loading.append(ended - started)
        without.append(ended - loaded)
    rows = []
    for what, found in (("loading included", with_loading), ("loaded", without)):
        named = f"replay of 1,000 calls, {what}"
        rows += [
            Row(
                what=f"{named}: fastest",
                value=min(found),
                unit="s",
                n=REPLAYS,
                bar=REPLAY_BAR_SECONDS,
                at_most=True,
            ),
            Row(what=f"{named}: median", value=statistics.median(found), unit="s", n=REPLAYS),
        ]
    return rows


def first_chunk_rows(bench: Bench) -> list[Row]:
    """Return how much later the first event of a stream comes while it is recorded."""
    waits: dict[str, list[float]] = {"bare": [], "record": []}
    path = bench.folder / "first.jsonl"
    with bench.bare(path) as bare, bench.recording(path) as recording:
        clients = {"bare": bare, "record": recording}
        for number in range(FIRST_CHUNKS):
            order = list(clients) if number % 2 else list(reversed(clients))
            for variant in order:
                started = time.perf_counter()
                with clients[variant].messages.create(stream=True, **ask(number)) as events:
                    next(iter(events))
                    waits[variant].append(1000 * (time.perf_counter() - started))
                    for _ in events:
                        pass
    medians = {variant: statistics.median(found) for variant, found in waits.items()}
    return [
        Row(
            what="first event of a stream: later while recording (medians)",
            value=medians["record"] - medians["bare"],
            unit="ms",
            n=FIRST_CHUNKS,
            bar=FIRST_CHUNK_BAR_MS,
            at_most=True,
            peer="bare SDK, ms",
            peer_value=medians["bare"],
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
