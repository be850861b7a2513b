"""A watch that outlives its process: two halves through a saved state are one stream."""

import json
import random
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from traffic import BEGIN, CHEAP, DEAR, PRICES, call
from typer.testing import CliRunner

from gonogo.cli.app import app
from gonogo.errors import BadInputError
from gonogo.exchanges import Exchange
from gonogo.spend.anomalies import Alarm, Kind, News, Watcher, WatchSettings, resumed_watch
from gonogo.spend.anomalies.plain_data import UnreadableStateError

EAGER = WatchSettings(least_waste_usd_per_hour=Decimal(0))
LOOPING = "please book the same table for two people at eight again and again"


def busy_days(seed: int) -> list[Exchange]:
    """Two days and a bit of every kind of trouble: loops, giants, shifts, caches, tools, prices."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    calls = []
    for i in range(900):
        late = i > 700
        more: dict[str, Any] = {"user": f"u{i % 3}", "input_tokens": rng.randint(500, 3000)}
        if i % 3 == 0:
            more |= {"session": f"s{i // 90}", "text": LOOPING if late else f"{rng.random()} ask"}
            more |= {"reply": " ".join(["it is booked for you at eight"] * 6)}
        elif i % 3 == 1:
            more |= {"model": DEAR if late else CHEAP}
            more |= {"tools": [{"name": "spare", "description": "y " * 3000}]}
        else:
            more |= {"input_tokens": 250_000 + i if i > 850 else 9000, "reads": 0 if late else 8000}
            more |= {"messages": [{"role": "user", "content": "x" * rng.randint(10, 900)}]}
        calls.append(call(i, 200.0 * i + rng.uniform(0, 90), **more))
    return calls


def fed(watcher: Watcher, calls: list[Exchange]) -> list[Alarm]:
    return [alarm for one in calls for alarm in watcher.feed(one)]


def test_two_halves_through_a_saved_state_raise_what_one_stream_does() -> None:
    for seed in range(3):
        calls = busy_days(seed)
        whole = Watcher(EAGER, PRICES)
        expected = [*fed(whole, calls), *whole.finish()]
        assert len({alarm.kind for alarm in expected}) >= 4
        for cut in (1, 350, 720, 870):
            first, second = Watcher(EAGER, PRICES), Watcher(EAGER, PRICES)
            early = fed(first, calls[:cut])
            second.load(first.dump())
            assert [*early, *fed(second, calls[cut:]), *second.finish()] == expected


STREAM = busy_days(7)[680:]
LATER = [call(9000 + i, 200_000.0 + 60 * i, session="s10", text=LOOPING) for i in range(9)]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, len(STREAM) - 1), max_size=4))
def test_any_number_of_restarts_changes_nothing(cuts: list[int]) -> None:
    whole = Watcher(EAGER, PRICES)
    expected = fed(whole, STREAM)
    got: list[Alarm] = []
    watcher = Watcher(EAGER, PRICES)
    places = [0, *sorted(cuts), len(STREAM)]
    for begin, end in pairwise(places):
        got += fed(watcher, STREAM[begin:end])
        state = watcher.dump()
        watcher = Watcher(EAGER, PRICES)
        watcher.load(state)
    assert got == expected
    assert [*fed(watcher, LATER), *watcher.finish()] == [*fed(whole, LATER), *whole.finish()]


def test_what_was_looked_at_is_not_fed_twice(tmp_path: Path) -> None:
    path = tmp_path / "watch.state"
    calls = busy_days(1)
    whole = Watcher(EAGER, PRICES)
    expected = fed(whole, calls)
    got: list[Alarm] = []
    for end in (300, 300, 760, 900):  # a log that grows, read from its beginning each time
        with resumed_watch(path, Watcher(EAGER, PRICES)) as watch:
            got += [alarm for one in calls[:end] for alarm in watch.feed(one)]
    assert got == expected


def test_old_exchanges_whose_ids_are_forgotten_are_not_fed_again(tmp_path: Path) -> None:
    path = tmp_path / "watch.state"
    calls = [call(i, float(i)) for i in range(20)]
    with resumed_watch(path, Watcher(EAGER, PRICES), most_seen=5) as watch:
        for one in calls:
            watch.feed(one)
    resumed = Watcher(EAGER, PRICES)
    with resumed_watch(path, resumed, most_seen=5) as watch:
        before = resumed.dump()
        for one in calls:
            watch.feed(one)
        assert resumed.dump() == before
        watch.feed(call(21, 21.0))
        assert resumed.now == (BEGIN + timedelta(seconds=21)).timestamp()


def state_in(path: Path) -> bytes:
    with resumed_watch(path, Watcher(EAGER, PRICES)) as watch:
        for one in busy_days(1)[:200]:
            watch.feed(one)
    return path.read_bytes()


@pytest.mark.parametrize("what", ["", "not a state", "{}", "\x00" * 400])
def test_a_file_that_is_no_state_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "watch.state"
    path.write_text(what)
    with pytest.raises(BadInputError, match="delete it"), resumed_watch(path, Watcher(EAGER)):
        pass
    assert path.read_text() == what


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_state_with_one_wrong_byte_is_refused(tmp_path: Path, place: int, change: int) -> None:
    path = tmp_path / "watch.state"
    kept = tmp_path / "kept.state"
    raw = bytearray(kept.read_bytes() if kept.exists() else state_in(kept))
    raw[place % len(raw)] ^= change
    path.write_bytes(raw)
    with pytest.raises(BadInputError), resumed_watch(path, Watcher(EAGER, PRICES)):
        pass


def test_a_state_of_other_settings_or_another_version_is_refused() -> None:
    watcher = Watcher(EAGER, PRICES)
    state = watcher.dump()
    with pytest.raises(UnreadableStateError, match="settings"):
        Watcher(WatchSettings(), PRICES).load(state)
    with pytest.raises(UnreadableStateError, match="version"):
        watcher.load(state.replace(b"\xa7version\x01", b"\xa7version\x63"))


def test_a_watch_that_fails_leaves_the_state_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "watch.state"
    before = state_in(path)

    def broken() -> None:
        with resumed_watch(path, Watcher(EAGER, PRICES)) as watch:
            watch.feed(call(9999, 10.0**6))
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        broken()
    assert path.read_bytes() == before


def test_two_watches_of_one_state_at_once_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "watch.state"
    with (
        resumed_watch(path, Watcher(EAGER)),
        pytest.raises(BadInputError, match="another watch"),
        resumed_watch(path, Watcher(EAGER)),
    ):
        pass


def test_a_state_is_bounded() -> None:
    watcher = Watcher(WatchSettings(most_entities=10), PRICES)

    def dumped(first: int) -> int:
        for i in range(first, first + 1500):
            tokens = 900 + i * 37 % 997
            watcher.feed(call(i, 20.0 * i, user=f"u{i}", session=f"s{i}", input_tokens=tokens))
        return len(watcher.dump())

    assert dumped(1500) < 1.2 * dumped(0)


def line_of(exchange: Exchange) -> str:
    return json.dumps(
        {
            "id": exchange.id,
            "at": exchange.at.isoformat() if exchange.at else None,
            "request": exchange.request.body,
            "response": exchange.response.body if exchange.response else None,
            "usage": exchange.usage.body if exchange.usage else None,
            "user": exchange.user,
            "session": exchange.session,
        }
    )


def test_watch_from_cron_raises_each_episode_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    calls = [
        call(i, 20.0 * i, session="s", text=LOOPING, input_tokens=1500, output_tokens=i)
        for i in range(40)
    ]
    log, state = tmp_path / "log.jsonl", tmp_path / "watch.state"
    runs = []
    for end in (3, 12, 40):
        log.write_text("\n".join(map(line_of, calls[:end])))
        runs.append(
            CliRunner().invoke(
                app, ["spend", "watch", str(log), "--state", str(state), "--format", "jsonl"]
            )
        )
    news = [[json.loads(line)["kind"] for line in run.stdout.splitlines()] for run in runs]
    assert news == [[], [Kind.RUNAWAY_LOOP], []]
    assert [run.exit_code for run in runs] == [0, 1, 0]
    later = line_of(call(99, 90_000.0, input_tokens=900))
    log.write_text(later)
    run = CliRunner().invoke(
        app, ["spend", "watch", str(log), "--state", str(state), "--format", "jsonl"]
    )
    (closed,) = [json.loads(line) for line in run.stdout.splitlines()]
    assert (closed["news"], closed["count"]) == (News.CLOSED, 40)


def test_watch_refuses_a_state_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log, state = tmp_path / "log.jsonl", tmp_path / "watch.state"
    log.write_text(line_of(call(1, 0.0)))
    state.write_text("nonsense")
    result = CliRunner().invoke(app, ["spend", "watch", str(log), "--state", str(state)])
    assert result.exit_code == 2
    assert "watch.state: no state of the watch" in result.stderr
    assert "Traceback" not in result.output
