"""Starting, stopping, recording calls, and running as a process of its own."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anthropic import Anthropic
from standin import Latency, StandIn

TESTS = Path(__file__).parents[1]
SECRET = "sk-ant-made-up-for-this-test"
ASKED: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Where is my refund?"}],
}


def test_it_starts_in_under_50_milliseconds_and_stops_at_once() -> None:
    durations = []
    for _ in range(3):
        start = time.monotonic()
        api = StandIn().start()
        durations.append(time.monotonic() - start)
        assert httpx2.get(f"{api.url}/standin/calls").json()["calls"] == []
        api.stop()
    assert min(durations) < 0.05


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(10) == b""
    except ConnectionResetError:  # closed before all that was sent had been read
        return True


def test_stopping_ends_waits_and_closes_connections() -> None:
    api = StandIn().start()
    api.script(Latency(30))
    host, port = api.url.removeprefix("http://").split(":")
    raw = json.dumps(ASKED).encode()
    head = (
        f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: k\r\nanthropic-version: 1\r\n"
        f"content-length: {len(raw)}\r\n\r\n"
    ).encode()
    before = threading.active_count()
    with (
        socket.create_connection((host, int(port))) as waiting,
        socket.create_connection((host, int(port))) as idle,
    ):
        waiting.sendall(head + raw)
        assert api.wait_for_calls(1)
        start = time.monotonic()
        api.stop()
        assert time.monotonic() - start < 10  # not the 30 s of the fault
        assert is_closed(waiting)
        assert is_closed(idle)
    assert threading.active_count() < before + 2
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))
    assert api.calls[0].status is None


def test_it_listens_on_loopback_only_and_may_be_stopped_twice() -> None:
    api = StandIn()
    assert api.url.startswith("http://127.0.0.1:")
    api.stop()
    api.stop()


def test_calls_are_recorded_without_the_key() -> None:
    with StandIn() as api:
        for key in (SECRET, "another-key"):
            with Anthropic(base_url=api.url, api_key=key, max_retries=0) as claude:
                claude.messages.create(**ASKED)
        first, second = api.calls
    assert (first.method, first.path, first.body) == ("POST", "/v1/messages", ASKED)
    assert (first.status, first.is_paid, first.is_answered) == (200, True, True)
    assert SECRET not in repr(first)
    assert first.headers_digest == second.headers_digest
    assert first.at <= second.at


def test_a_client_that_goes_away_within_its_request_is_no_call() -> None:
    with StandIn() as api:
        host, port = api.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as dying:
            dying.sendall(b"POST /v1/messages HTTP/1.1\r\ncontent-length: 100\r\n\r\n{")
        httpx2.get(f"{api.url}/v1/models", headers={"x-api-key": "k", "anthropic-version": "1"})
        assert [call.path for call in api.calls] == ["/v1/models"]


def test_one_connection_serves_many_calls() -> None:
    opened = []

    class Counting(httpx2.HTTPTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            response = super().handle_request(request)
            opened.append(response.extensions["network_stream"].get_extra_info("client_addr"))
            return response

    with (
        StandIn() as api,
        httpx2.Client(transport=Counting()) as http,
        Anthropic(base_url=api.url, api_key="test", http_client=http) as claude,
    ):
        for _ in range(3):
            claude.messages.create(**ASKED)
        with claude.messages.stream(**ASKED) as stream:
            stream.get_final_message()
        claude.messages.create(**ASKED)
    assert len(opened) == 5
    assert len(set(opened)) == 1


def test_the_environment_points_a_client_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn() as api:
        for name, value in api.environment.items():
            monkeypatch.setenv(name, value)
        with Anthropic() as claude:
            claude.messages.create(**ASKED)
        assert api.paid == 1


def test_it_runs_as_a_process_that_prints_its_url() -> None:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", "standin", "--port", "0", "--fault", "overloaded"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with Anthropic(base_url=url, api_key=SECRET, max_retries=1) as claude:
                assert claude.messages.create(**ASKED).stop_reason == "end_turn"
            record = httpx2.get(f"{url}/standin/calls")
        finally:
            process.terminate()
        assert process.wait(10) == 0
    assert SECRET not in record.text
    assert record.json()["paid"] == 1
    assert [call["status"] for call in record.json()["calls"]] == [529, 200]
