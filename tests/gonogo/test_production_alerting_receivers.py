"""Alarms over real HTTP on loopback: receivers that are up, down, slow, gone and ill-mannered."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from gonogo.cli.alerts import alerts
from gonogo.production.alarms import FACTS, Alarm
from gonogo.production.alert_settings import decode_alert_settings
from gonogo.production.alerting import AlarmDoor, open_alarm_door
from gonogo_checkers.verdict import Severity

SECRET = "t0ken-of-a-test"
START = datetime(2026, 11, 24, 2, tzinfo=UTC)


# ---------------------------------------------------------------------- over real HTTP


class Inbox:
    """A receiver on loopback, of Apprise's json:// or another; the path says how it behaves."""

    def __init__(self, port: int = 0) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                owner.answer(self, self.rfile.read(int(self.headers["content-length"])))

            def do_GET(self) -> None:
                owner.paths.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        owner = self
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.status, self.kills = 200, 0
        self._is_closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        self.paths.append(request.path)
        status = self.status
        match request.path.strip("/").split("-"):
            case ["drops"]:
                request.connection.close()
                return
            case ["drips"]:
                self._drip(request)
                return
            case ["hangs"]:
                self._is_closing.wait(60)
            case ["says", number]:
                status = int(number)
        if status == 200:
            self.bodies.append(body)
        if self.kills:
            os.kill(self.kills, signal.SIGKILL)
        request.send_response(status)
        request.send_header("location", "/elsewhere")
        request.end_headers()

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            while not self._is_closing.wait(0.1):
                request.wfile.write(b"x")

    @property
    def taken(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    @property
    def url(self) -> str:
        return f"json://me:{SECRET}@127.0.0.1:{self.port}/hook-{SECRET}/?+x-key={SECRET}"

    def close(self) -> None:
        self._is_closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    yield made
    made.close()


RECEIVERS = {"receivers": {"chat": {"url_variable": "CHAT_URL"}}}


def _door(
    folder: Path, url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> AlarmDoor:
    given = decode_alert_settings({**RECEIVERS, "retry_seconds": 0.01}, "test")
    return open_alarm_door(given, folder, environment={"CHAT_URL": url}, now=now)


def _alarm(key: str = "spend/legal") -> Alarm:
    return Alarm(key=key, severity=Severity.HIGH, title="Spending of legal tripled", at=START)


def test_a_receiver_gets_the_alarm_when_it_is_up_again(tmp_path: Path, inbox: Inbox) -> None:
    door = _door(tmp_path, inbox.url)
    door.sound(_alarm())
    inbox.status = 503
    assert (door.flush().sent, inbox.taken) == (0, [])
    port = inbox.port
    inbox.close()
    done = door.flush(hurry=True)
    assert (done.sent, done.waiting) == (0, 1)
    assert done.problems == {"chat": "it cannot be reached, or did not answer"}
    again = Inbox(port)
    try:
        assert door.flush(hurry=True).sent == 1
        (message,) = again.taken
    finally:
        again.close()
        inbox.__init__()  # type: ignore[misc] # for the fixture to close
    assert message["title"] == "[HIGH] Spending of legal tripled"
    assert message["type"] == "failure"
    assert "once, at 2026-11-24T02:00:00Z" in message["message"]


def _doors_of(folder: Path, urls: dict[str, str], **given: Any) -> AlarmDoor:
    receivers = {name: {"url_variable": name.upper()} for name in urls}
    return open_alarm_door(
        decode_alert_settings({"receivers": receivers, **given}, "test"),
        folder,
        environment={name.upper(): url for name, url in urls.items()},
    )


def test_ill_mannered_receivers_hold_up_nobody_and_each_is_told_of(
    tmp_path: Path, inbox: Inbox
) -> None:
    manners = ("hangs", "drips", "drops", "says_302", "says_429")
    host = f"json://127.0.0.1:{inbox.port}"
    urls = {name: f"{host}/{name.replace('_', '-')}" for name in manners}
    urls["well"] = f"{host}/well"
    urls["shrugs"] = f"{host}/says-503?optional=yes"  # Apprise calls that a success
    door = _doors_of(tmp_path, urls, timeout_seconds=1.5)
    door.sound(_alarm())
    done = door.flush()
    assert (done.sent, done.waiting) == (1, len(urls) - 1)
    assert [message["title"] for message in inbox.taken] == ["[HIGH] Spending of legal tripled"]
    assert done.problems == door.status().problems
    unreachable = "it cannot be reached, or did not answer"
    assert done.problems == {
        "hangs": unreachable,  # after the time of the settings: Apprise's own would be 4 s
        "drips": "it took longer than 2.5 s",
        "drops": unreachable,
        "says_302": "it answered 302",
        "says_429": "it answered 429",
        "shrugs": "it answered 503",
    }
    assert "/elsewhere" not in inbox.paths
    assert door.flush().sent == 0  # nobody is sent twice what another did not take
    assert len(inbox.bodies) == 1


def test_texts_of_strangers_are_text_to_every_format(tmp_path: Path, inbox: Inbox) -> None:
    host = f"127.0.0.1:{inbox.port}"
    door = _doors_of(tmp_path, {name: f"{name}://{host}/" for name in ("json", "xml", "form")})
    hostile = "<b>]]></Message>&\x00\ud800 [here](http://127.0.0.1/) \U0001f600"
    door.sound(Alarm(key="k", severity=Severity.LOW, title=hostile, text=hostile * 9_000, at=START))
    done = door.flush()
    assert (done.sent, done.problems) == (3, {})
    (xml,) = (body for body in inbox.bodies if body.startswith(b"<"))
    tree = ElementTree.fromstring(xml.decode())  # noqa: S314 - made by Apprise, on loopback
    said = [element.text for element in tree.iter() if element.text and "<b>" in element.text]
    assert len(said) == 2
    assert "](http" not in str(said)
    assert all(len(body) < 4_000 for body in inbox.bodies)


def test_a_text_that_is_too_long_for_a_service_is_cut_and_not_refused_for_ever(
    tmp_path: Path, inbox: Inbox
) -> None:
    door = _doors_of(tmp_path, {"ntfy": f"ntfy://127.0.0.1:{inbox.port}/topic"})
    facts = dict.fromkeys(FACTS, "x" * 300)
    door.sound(Alarm(key="k", severity=Severity.LOW, title="t", at=START, facts=facts))
    assert door.flush().sent == 1
    (body,) = inbox.bodies
    assert 5_000 < len(body) < 8_500  # ntfy takes 7,800 characters


def test_secrets_reach_neither_logs_nor_errors_nor_the_outbox(
    tmp_path: Path, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    for name in ("apprise", "urllib3"):
        caplog.set_level(logging.NOTSET, logger=name)
    door = _door(tmp_path, inbox.url)
    door.sound(_alarm())
    inbox.status = 500
    said = [door.flush(), door.test()]
    inbox.status = 200
    said += [door.flush(hurry=True), door.test()]
    for bad in (f"nonsense://{SECRET}", f"{SECRET}", f"json://{SECRET}:port:port/"):
        said.append(_door(tmp_path, bad).test())
    said.append(_door(tmp_path, "").test())
    assert len(inbox.taken) == 2
    assert SECRET not in caplog.text
    assert SECRET not in str(said)
    assert "CHAT_URL is not set" in str(said[-1])
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()
    logging.getLogger("apprise").warning("others may still speak")
    assert "others may still speak" in caplog.text


_KILLED = """
import sys
from pathlib import Path
from gonogo.production.alerting import open_alarm_door
from gonogo.production.alert_settings import decode_alert_settings
import os
given = decode_alert_settings({"receivers": {"chat": {"url_variable": "CHAT_URL"}},
                               "timeout_seconds": 0.5}, "t")
door = open_alarm_door(given, Path(sys.argv[1]), environment=os.environ)
if sys.argv[2] == "sound":
    from datetime import datetime, UTC
    from gonogo.production.alarms import FACTS, Alarm
    from gonogo_checkers.verdict import Severity
    door.sound(Alarm(key="k", severity=Severity.HIGH, title="t", at=datetime(2026, 11, 24, tzinfo=UTC)))
    os.kill(os.getpid(), 9)
print(os.getpid(), flush=True)
sys.stdin.readline()
door.flush()
"""


def _run(folder: Path, what: str, url: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(folder), what],
        env={**os.environ, "CHAT_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_process_killed_between_writing_and_sending_loses_nothing(
    tmp_path: Path, inbox: Inbox
) -> None:
    with _run(tmp_path, "sound", inbox.url) as process:
        assert process.wait(30) == -signal.SIGKILL
    assert inbox.taken == []
    assert _door(tmp_path, inbox.url).flush().sent == 1
    assert len(inbox.taken) == 1


def test_a_process_killed_between_sending_and_noting_it_sends_the_same_message_again(
    tmp_path: Path, inbox: Inbox
) -> None:
    door = _door(tmp_path, inbox.url)
    door.sound(_alarm())
    with _run(tmp_path, "flush", inbox.url) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        inbox.kills = int(process.stdout.readline())
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(30) == -signal.SIGKILL
    inbox.kills = 0
    assert len(inbox.taken) == 1
    assert door.flush(hurry=True).sent == 0  # somebody may be sending it
    later = datetime.now(UTC) + timedelta(minutes=3)
    assert _door(tmp_path, inbox.url, now=lambda: later).flush().sent == 1
    first, second = (message["message"].splitlines()[-1] for message in inbox.taken)
    assert first == second
    assert first.startswith("message gn_")


# ---------------------------------------------------------------------- command line


def test_the_test_command_says_who_took_it(
    tmp_path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '[tool.gonogo.alerts.receivers.chat]\nurl_variable = "CHAT_URL"\n'
    (tmp_path / "pyproject.toml").write_text(table)
    run, where = CliRunner(), ["--project", str(tmp_path)]
    monkeypatch.setenv("CHAT_URL", inbox.url)
    good = run.invoke(alerts, ["test", *where])
    assert (good.exit_code, json.loads(good.stdout)) == (0, {"chat": "took it"})
    assert inbox.taken[0]["type"] == "info"
    inbox.status = 403
    bad = run.invoke(alerts, ["test", *where])
    assert bad.exit_code == 4
    assert "receiver 'chat'" in bad.stderr
    monkeypatch.delenv("CHAT_URL")
    unset = run.invoke(alerts, ["test", *where])
    assert unset.exit_code == 4
    assert "CHAT_URL is not set" in unset.stderr
    assert SECRET not in good.output + bad.output + unset.output
    (tmp_path / "pyproject.toml").write_text("")
    none = run.invoke(alerts, ["test", *where])
    assert none.exit_code == 2
    assert "url_variable" in none.stderr


def test_the_other_commands_send_and_count(
    tmp_path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '[tool.gonogo.alerts.receivers.chat]\nurl_variable = "CHAT_URL"\n'
    (tmp_path / "pyproject.toml").write_text(table)
    run, where = CliRunner(), ["--project", str(tmp_path)]
    monkeypatch.setenv("CHAT_URL", inbox.url)
    _door(tmp_path, inbox.url).sound(_alarm())
    before = json.loads(run.invoke(alerts, ["status", *where]).stdout)
    assert (before["open_episodes"], before["waiting"]) == (1, {"chat": 1})
    sent = run.invoke(alerts, ["flush", *where])
    assert (sent.exit_code, json.loads(sent.stdout)["sent"]) == (0, 1)
    after = json.loads(run.invoke(alerts, ["status", *where]).stdout)
    assert (after["waiting"], after["sent"], after["oldest_at"]) == ({}, {"chat": 1}, None)
