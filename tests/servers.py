"""Starts real servers for tests, on free ports of loopback: Redis, alone or as a cluster, PostgreSQL.

Each is ended by its process. Where its program is missing the test is skipped, and says how to
install it; with GONOGO_DEMAND_SERVERS=1 it fails.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_PATIENCE_SECONDS = 30.0
_OLD_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


@contextmanager
def redis_server(*options: str) -> Iterator[str]:
    """Run a Redis; yields its URL."""
    program = _program("redis-server", "apt-get install -y redis-server")
    with tempfile.TemporaryDirectory(prefix="gonogo-redis-") as folder:
        port = _free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--save", "", "--appendonly", "no", *options]
        with _running(command):
            _wait_until(lambda: _answers(port, b"PING\r\n", b"+PONG"))
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def redis_cluster() -> Iterator[str]:
    """Run a cluster of one Redis, which takes a script only with keys of one slot."""
    bus = str(_free_port())
    with redis_server("--cluster-enabled", "yes", "--cluster-port", bus) as url:
        port = int(url.rsplit(":", 1)[1].split("/")[0])
        _answers(port, b"CLUSTER ADDSLOTSRANGE 0 16383\r\n", b"+OK")
        _wait_until(lambda: _answers(port, b"CLUSTER INFO\r\n", b"cluster_state:ok"))
        yield f"redis+cluster://127.0.0.1:{port}"


@contextmanager
def postgres_server(*options: str) -> Iterator[str]:
    """Run a PostgreSQL; yields its URL."""
    places = os.pathsep.join([os.environ["PATH"], *map(str, _OLD_PLACES)])
    install = "apt-get install -y postgresql"
    initdb = _program("initdb", install, places)
    postgres = _program("postgres", install, places)
    with tempfile.TemporaryDirectory(prefix="gonogo-postgres-") as folder:
        data, user = Path(folder) / "data", _unprivileged(folder)
        made = [initdb, "-D", str(data), "-U", "gonogo", "-A", "trust", "-N", "-E", "UTF8"]
        subprocess.run([*made, "--locale=C"], check=True, capture_output=True, **user)
        port = _free_port()
        command = [postgres, "-D", str(data), "-p", str(port), "-k", folder]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200", *options]
        with _running(command, stop=signal.SIGINT, **user):
            _wait_until(lambda: (data / "postmaster.pid").exists() and _is_ready(data))
            yield f"postgresql://gonogo@127.0.0.1:{port}/postgres?sslmode=disable"


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_cluster_url() -> Iterator[str]:
    with redis_cluster() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server("-c", "fsync=off") as url:
        yield url


def _program(name: str, install: str, places: str | None = None) -> str:
    found = shutil.which(name, path=places)
    if found is not None:
        return found
    message = f"{name} is missing: {install}"
    if os.environ.get("GONOGO_DEMAND_SERVERS") == "1":
        pytest.fail(message)
    pytest.skip(message)


def _unprivileged(folder: str) -> dict[str, str]:
    """Return as whom to run PostgreSQL, which refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, user)
    return {"user": user}


@contextmanager
def _running(
    command: list[str], *, stop: signal.Signals = signal.SIGTERM, user: str | None = None
) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user
    )
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not start")
        time.sleep(0.02)


def _answers(port: int, said: bytes, expected: bytes) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(said)
        return expected in connection.recv(4096)
    return False


def _is_ready(data: Path) -> bool:
    lines = (data / "postmaster.pid").read_text().splitlines()
    return len(lines) >= 8 and lines[7].strip() == "ready"
