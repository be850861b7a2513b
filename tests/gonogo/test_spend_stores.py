"""Stores that are damaged, full, of another version or forgetful: an error, and no call passes."""

import logging
import multiprocessing
import multiprocessing.synchronize
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from servers import postgres_url, redis_server, redis_url  # noqa: F401 - fixtures

from gonogo.errors import BadSettingsError, StoreDownError
from gonogo.spend.ledger import Ledger, open_ledger
from gonogo.spend.limits import decode_spend_settings

CENT = Decimal("0.01")
OPENED: list[Ledger] = []


def ledger_in(folder: Path, store: str = "ledger.db", *, name: str = "gonogo") -> Ledger:
    limits = {"daily": {"amount_usd": 1, "period": "daily"}}
    table = {"limits": limits, "store": store, "name": name, "store_timeout_seconds": 1}
    ledger = open_ledger(decode_spend_settings(table, "test"), folder)
    OPENED.append(ledger)
    return ledger


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def spent(ledger: Ledger) -> Decimal:
    return ledger.status({})[0].spent_usd


def spend(ledger: Ledger, name: str) -> None:
    ledger.reserve(name, {}, upper_bound_usd=CENT)
    ledger.settle(name, CENT)


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"x" * 99]
)
def test_a_file_that_is_no_ledger_is_an_error_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(StoreDownError, match=r"ledger\.db.* cannot be used: .*store"):
        ledger_in(tmp_path).reserve("a", {}, upper_bound_usd=CENT)
    assert path.read_bytes() == content


@pytest.mark.parametrize("parts", [b"{", b"[[1]]"])
def test_rows_that_cannot_be_read_are_an_error(tmp_path: Path, parts: bytes) -> None:
    ledger = ledger_in(tmp_path)
    ledger.reserve("a", {}, upper_bound_usd=CENT)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
        connection.execute("UPDATE reservations SET parts = ?", (parts,))
    with pytest.raises(StoreDownError, match="cannot be used"):
        ledger.settle("a", CENT)
    ledger.reserve("b", {}, upper_bound_usd=CENT)


def test_a_ledger_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreDownError, match=r"version 99.*upgrade gonogo"):
        ledger_in(tmp_path).reserve("a", {}, upper_bound_usd=CENT)


def test_a_ledger_of_the_first_form_goes_on(tmp_path: Path) -> None:
    spend(ledger_in(tmp_path), "a")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection, connection:
        connection.execute("ALTER TABLE reservations DROP COLUMN charges")
        connection.execute("PRAGMA user_version = 0")
    ledger = ledger_in(tmp_path)
    spend(ledger, "b")
    assert ledger.settle("a", CENT).is_repeated
    assert spent(ledger) == 2 * CENT


def test_a_disk_that_is_full_is_an_error_until_there_is_room(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path)
    spend(ledger, "before")
    with no_file_above(200_000), pytest.raises(StoreDownError, match="cannot be used"):
        fill(ledger)
    spend(ledger, "after")
    assert spent(ledger) == 2 * CENT


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreDownError, match="cannot be used"):
        ledger_in(tmp_path, "file/ledger.db").reserve("a", {}, upper_bound_usd=CENT)


def test_a_file_that_was_deleted_is_not_written_to_unseen(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = ledger_in(tmp_path), ledger_in(tmp_path)
    spend(one, "a")
    for path in tmp_path.iterdir():
        path.unlink()
    spend(other, "b")
    spend(one, "c")
    assert spent(one) == spent(other) == 2 * CENT
    assert caplog.text.count("what had been spent is forgotten") == 1


def test_many_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """SQLite does not wait its turn where a file is made, whatever its timeout."""
    context = multiprocessing.get_context("fork")
    for round_ in range(5):
        folder, together = tmp_path / str(round_), context.Barrier(16)
        workers = [context.Process(target=begin, args=(folder, together, n)) for n in range(16)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert [worker.exitcode for worker in workers] == [0] * 16
        assert spent(ledger_in(folder)) == 16 * CENT


def begin(folder: Path, together: "multiprocessing.synchronize.Barrier", number: int) -> None:
    ledger = ledger_in(folder)
    together.wait()
    spend(ledger, str(number))


def test_a_redis_that_was_emptied_is_said(
    tmp_path: Path,
    redis_url: str,  # noqa: F811 - the fixture
    caplog: pytest.LogCaptureFixture,
) -> None:
    import redis

    one, other = (ledger_in(tmp_path, redis_url, name="emptied") for _ in range(2))
    spend(one, "a")
    spend(other, "b")
    assert "forgotten" not in caplog.text
    redis.Redis.from_url(redis_url).delete("{emptied}:counters")  # as where it is evicted
    spend(one, "c")
    assert spent(one) == CENT
    assert caplog.text.count("what had been spent is forgotten") == 1


def test_a_schema_of_the_first_form_goes_on(tmp_path: Path, postgres_url: str) -> None:  # noqa: F811 - the fixture
    from pg8000.native import Connection

    spend(ledger_in(tmp_path, postgres_url, name="old"), "a")
    port = urlsplit(postgres_url).port
    connection = Connection("gonogo", host="127.0.0.1", port=port, database="postgres")
    connection.run("ALTER TABLE old.reservations DROP COLUMN charges")
    connection.run("DROP FUNCTION old.count_v2")
    connection.close()
    ledger = ledger_in(tmp_path, postgres_url, name="old")
    spend(ledger, "b")
    assert spent(ledger) == 2 * CENT


def test_a_redis_that_may_forget_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as url:
        ledger = ledger_in(tmp_path, url)
        with caplog.at_level(logging.WARNING, "gonogo.spend"):
            spend(ledger, "a")
            spend(ledger, "b")
    assert caplog.text.count("allkeys-lru") == 1


def test_a_redis_that_is_full_says_so_and_lets_nothing_pass(tmp_path: Path) -> None:
    full = pytest.raises(StoreDownError, match="OutOfMemoryError")
    with redis_server("--maxmemory", "1") as url, full:
        ledger_in(tmp_path, url).reserve("a", {}, upper_bound_usd=CENT)


def test_what_is_no_script_reply_is_an_error(tmp_path: Path, redis_url: str) -> None:  # noqa: F811 - the fixture
    import redis

    redis.Redis.from_url(redis_url).set("{wrong}:counters", "a string")
    with pytest.raises(StoreDownError, match="ResponseError"):
        ledger_in(tmp_path, redis_url, name="wrong").reserve("a", {}, upper_bound_usd=CENT)


def test_a_cluster_that_is_down_is_a_store_that_is_down(tmp_path: Path) -> None:
    ledger = ledger_in(tmp_path, "redis+cluster://127.0.0.1:9")
    with pytest.raises(StoreDownError, match="see whether it runs"):
        ledger.reserve("a", {}, upper_bound_usd=CENT)


@pytest.mark.parametrize(
    "url",
    ["redis://host:port/0", "postgresql://u:secret@host:port/x", "redis://h/0?socket_timeout=x"],
)
def test_a_url_that_cannot_be_used_is_said_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadSettingsError, match="store") as refused:
        ledger_in(tmp_path, url)
    assert "secret" not in str(refused.value)


def fill(ledger: Ledger) -> None:
    for number in range(2_000):
        ledger.reserve(f"{number}{'x' * 200}", {}, upper_bound_usd=Decimal(0))


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
