"""`gonogo forecast` and `gonogo spend watch` on logs; all data is synthetic."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import Result
from standin import StandIn
from typer.testing import CliRunner

from gonogo.cli.app import app

BEGAN = datetime(2026, 11, 9, tzinfo=UTC)


def call(at: datetime, number: int, *, input_tokens: int = 1000, **extra: Any) -> dict[str, Any]:
    return {
        "id": f"ex_{number}",
        "at": at.isoformat(),
        "model": "claude-sonnet-5-5",
        "prompt": f"Question {number}",
        "response": {
            "model": "claude-sonnet-5-5",
            "content": [{"type": "text", "text": f"Answer {number}"}],
            "stop_reason": "end_turn",
        },
        "usage": {"input_tokens": input_tokens, "output_tokens": 200},
        **extra,
    }


def days_of_calls(days: int) -> list[dict[str, Any]]:
    """Return a call an hour, and five at each hour of the working day."""
    calls = []
    for hour in range(24 * days):
        at = BEGAN + timedelta(hours=hour)
        for minute in range(5 if 8 <= at.hour < 18 else 1):
            calls.append(call(at + timedelta(minutes=minute), len(calls), user=f"u{minute}"))
    return calls


def looping_session() -> list[dict[str, Any]]:
    """Return a session that asks with its whole past, again and again."""
    began = BEGAN + timedelta(days=3)
    return [
        call(
            began + timedelta(minutes=n),
            10_000 + n,
            input_tokens=2_000 + 9_000 * n,
            user="u-loop",
            session="conv-loop",
        )
        for n in range(50)
    ]


def write(path: Path, calls: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(c) + "\n" for c in sorted(calls, key=lambda c: c["at"])))
    return str(path)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gonogo(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_forecast_says_rate_month_days_and_limit(folder: Path) -> None:
    log = write(folder / "log.jsonl", days_of_calls(7))
    result = gonogo("forecast", log, "--now", "2026-11-16T00:00:00Z", "--limit", "4")
    assert result.exit_code == 1, result.output
    head = result.stdout.splitlines()
    assert head[0].startswith("burn rate: $")
    assert head[1].startswith("2026-11: $")
    assert "likely hit 2026-11-" in head[2]
    assert [line.split()[0] for line in head if line.startswith(("Mon", "Tue", "Sun"))] == [
        "Mon",
        "Tue",
        "Sun",
    ]


def test_a_limit_out_of_reach_is_no_failure(folder: Path) -> None:
    log = write(folder / "log.jsonl", days_of_calls(7))
    result = gonogo(
        "forecast", log, "--now", "2026-11-16T00:00:00Z", "--limit", "900", "--format", "json"
    )
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["limit_hit"]["likely"] is None
    month = document["month"]["total"]
    assert float(month["low_95"]) <= float(month["low_80"]) <= float(month["likely"])
    assert float(month["likely"]) <= float(month["high_80"]) <= float(month["high_95"])


def test_tokens_and_bars(folder: Path) -> None:
    log = write(folder / "log.jsonl", days_of_calls(7))
    result = gonogo(
        "forecast", log, "--now", "2026-11-16T00:00:00Z", "--measure", "tokens", "--plot"
    )
    assert result.exit_code == 0
    assert "█" in result.stdout
    assert "$" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--now", "2026-11-10T00:00:00Z"), "a forecast needs 48"),
        (("--now", "yesterday"), "--now: 'yesterday' is no time"),
        (("--limit", "0"), "--limit: expected more than 0"),
        (("--timezone", "Mars/Olympus"), "--timezone: 'Mars/Olympus' is no time zone"),
    ],
)
def test_bad_input_of_a_forecast_is_one_message(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    log = write(folder / "log.jsonl", days_of_calls(1))
    result = gonogo("forecast", log, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_watch_names_what_went_wrong(folder: Path) -> None:
    log = write(folder / "log.jsonl", [*days_of_calls(4), *looping_session()])
    result = gonogo("spend", "watch", log)
    assert result.exit_code == 1
    assert "session conv-loop: " in result.stdout
    assert "wasted" in result.stdout


def test_watch_of_a_healthy_log_is_quiet(folder: Path) -> None:
    result = gonogo("spend", "watch", write(folder / "log.jsonl", days_of_calls(4)))
    assert (result.exit_code, result.stdout) == (0, "nothing went wrong\n")


def test_watch_prints_each_news_for_machines(folder: Path) -> None:
    log = write(folder / "log.jsonl", [*days_of_calls(4), *looping_session()])
    result = gonogo("spend", "watch", log, "--format", "jsonl")
    news = [json.loads(line) for line in result.stdout.splitlines()]
    assert {item["news"] for item in news} >= {"opened"}
    assert all(item["cause"] and item["exchanges"] for item in news)


class _Receiver(BaseHTTPRequestHandler):
    taken: list[Any]

    def do_POST(self) -> None:
        self.taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[Any]]]:
    taken: list[Any] = []
    handler = type("Handler", (_Receiver,), {"taken": taken})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/", taken
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_watch_tells_the_receivers_without_naming_whom(
    folder: Path, receiver: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, taken = receiver
    monkeypatch.setenv("OPS_URL", url)
    (folder / "pyproject.toml").write_text(
        '[tool.gonogo.alerts.receivers.ops]\nurl_variable = "OPS_URL"\n'
    )
    log = write(folder / "log.jsonl", [*days_of_calls(4), *looping_session()])
    result = gonogo("spend", "watch", log, "--alert")
    assert result.exit_code == 1, result.output
    assert taken
    assert "conv-loop" not in json.dumps(taken)
    assert "u-loop" not in json.dumps(taken)


def test_watch_prints_what_it_found_though_nobody_can_be_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_URL", "json://127.0.0.1:9/")
    (folder / "pyproject.toml").write_text(
        '[tool.gonogo.alerts.receivers.ops]\nurl_variable = "OPS_URL"\n'
    )
    (folder / ".gonogo").mkdir()
    (folder / ".gonogo" / "alerts.db").write_bytes(b"no outbox" * 100)
    log = write(folder / "log.jsonl", [*days_of_calls(4), *looping_session()])
    result = gonogo("spend", "watch", log, "--alert")
    assert result.exit_code == 4
    assert "runaway_loop" in result.stdout or "context_bloat" in result.stdout
    assert "alerts.db" in result.stderr


def test_forecast_tells_that_a_limit_is_near_and_that_it_no_longer_is(
    folder: Path, receiver: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, taken = receiver
    monkeypatch.setenv("OPS_URL", url)
    (folder / "pyproject.toml").write_text(
        '[tool.gonogo.alerts.receivers.ops]\nurl_variable = "OPS_URL"\n'
    )
    log = write(folder / "log.jsonl", days_of_calls(14))
    now = ("--now", "2026-11-16T00:00:00Z", "--alert")
    near = gonogo("forecast", log, "--limit", "4", *now)
    assert near.exit_code == 1, near.output
    assert len(taken) == 1
    assert "4 US dollars of the monthly period until 2026-12-01" in json.dumps(taken[0])
    few = write(folder / "few.jsonl", days_of_calls(14)[::10])
    gone = gonogo("forecast", few, "--limit", "4", *now)
    assert gone.exit_code == 0, gone.output
    assert len(taken) == 2
    alone = gonogo("forecast", log, "--alert")
    assert alone.exit_code == 2
    assert "give --limit" in alone.stderr


BILL = Path(__file__).parent / "fixtures" / "reconciliation"


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with StandIn() as api:
        api.reports.costs = json.loads((BILL / "cost_report.json").read_bytes())["data"]
        api.reports.usage = json.loads((BILL / "usage_report.json").read_bytes())["data"]
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-of-the-stand-in")
        yield


@pytest.mark.usefixtures("admin")
def test_reconcile_holds_exchanges_against_the_bill(folder: Path) -> None:
    none = write(folder / "none.jsonl", [])
    days = ("--from", "2026-11-01", "--until", "2026-11-04")
    missing = gonogo("spend", "reconcile", none, *days, "--format", "json")
    assert missing.exit_code == 1, missing.output
    assert json.loads(missing.stdout)["holds"] is False
    agreed = gonogo("spend", "reconcile", str(BILL / "exchanges.jsonl"), *days)
    assert agreed.exit_code == 0, agreed.output
    assert "in all" in agreed.stdout


@pytest.mark.usefixtures("admin")
def test_reconcile_tells_the_receivers_what_differs_and_that_it_no_longer_does(
    folder: Path, receiver: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, taken = receiver
    monkeypatch.setenv("OPS_URL", url)
    (folder / "pyproject.toml").write_text(
        '[tool.gonogo.alerts.receivers.ops]\nurl_variable = "OPS_URL"\n'
    )
    none = write(folder / "none.jsonl", [])
    days = ("--from", "2026-11-01", "--until", "2026-11-04", "--alert")
    assert gonogo("spend", "reconcile", none, *days).exit_code == 1
    assert len(taken) == 1
    assert "the bill of 2026-11-01 to 2026-11-04 differs" in json.dumps(taken[0])
    assert gonogo("spend", "reconcile", str(BILL / "exchanges.jsonl"), *days).exit_code == 0
    assert len(taken) == 2


@pytest.mark.usefixtures("admin")
def test_reconcile_tolerates_what_it_is_told_and_looks_at_the_workspaces_it_is_told(
    folder: Path,
) -> None:
    none = write(folder / "none.jsonl", [])
    days = ("--from", "2026-11-01", "--until", "2026-11-04")
    assert gonogo("spend", "reconcile", none, *days, "--tolerance", "1").exit_code == 0
    assert gonogo("spend", "reconcile", none, *days, "--workspace", "wrkspc_none").exit_code == 0
    assert gonogo("spend", "reconcile", none, *days, "--workspace", "default").exit_code == 1
    assert gonogo("spend", "reconcile", none, *days, "--tolerance", "2").exit_code == 2


@pytest.mark.usefixtures("admin")
def test_reconcile_says_where_the_bill_may_not_be_complete(folder: Path) -> None:
    none = write(folder / "none.jsonl", [])
    until = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    result = gonogo("spend", "reconcile", none, "--from", "2026-11-01", "--until", until)
    assert f"the last days before {until} may not be complete yet" in result.stderr


def test_reconcile_without_an_admin_key_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY", raising=False)
    log = write(folder / "none.jsonl", [])
    result = gonogo("spend", "reconcile", log, "--from", "2026-11-01", "--until", "2026-11-04")
    assert result.exit_code == 2
    assert "ANTHROPIC_ADMIN_KEY is not set" in result.stderr


def test_savings_are_estimated_from_a_log(folder: Path) -> None:
    log = write(folder / "log.jsonl", days_of_calls(4))
    result = gonogo("savings", log, "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["schema"] == 1
