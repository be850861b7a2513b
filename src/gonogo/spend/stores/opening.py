"""Opens the store that a URL names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from gonogo.errors import BadSettingsError
from gonogo.spend.steps import Store


def open_store(url: str, *, name: str, timeout_seconds: float, root: Path) -> Store:
    """Open a store; nothing is connected before it is used.

    Args:
        url: A path, `sqlite:///…`, `redis://…`, `rediss://…`, `unix://…`, `redis+cluster://…` or
            `postgresql://…`.
        name: Of the ledger, where several share a store.
        timeout_seconds: After how long it counts as down.
        root: What a relative path is relative to.

    Raises:
        BadSettingsError: If there is no such kind of store.
        MissingExtraError: If its driver is not installed.
    """
    scheme = urlsplit(url).scheme if "://" in url else ""
    match scheme:
        case "" | "sqlite":
            from gonogo.spend.stores.sqlite import SqliteStore  # noqa: PLC0415 - one of three

            path = unquote(url.removeprefix("sqlite:///")) if scheme else url
            return SqliteStore(root / path, timeout_seconds=timeout_seconds)
        case "redis" | "rediss" | "unix" | "redis+cluster":
            from gonogo.spend.stores.redis import RedisStore  # noqa: PLC0415 - one of three

            return RedisStore(url, name=name, timeout_seconds=timeout_seconds)
        case "postgresql" | "postgres":
            from gonogo.spend.stores.postgres import PostgresStore  # noqa: PLC0415 - one of three

            return PostgresStore(url, name=name, timeout_seconds=timeout_seconds)
        case _:
            raise BadSettingsError(
                f"[tool.gonogo.spend] store: no store is known for {scheme + '://'!r}: expected a"
                " path, sqlite:///, redis://, rediss://, redis+cluster:// or postgresql://"
            )
