"""Captures the calls of clients that an application makes itself, without changing it.

While a test runs, each client of the SDK that makes a call does so through a copy of itself that
carries the test's tape. The SDK is imported only if the application does.
"""

import functools
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from gonogo.recordings.attempts import Attempt
from gonogo.recordings.tape import Tape

if TYPE_CHECKING:
    from anthropic import Anthropic, AsyncAnthropic

    from gonogo.claude.spending import Spending
    from gonogo.claude.taping import Wiring

_MODULE: Final = "anthropic._base_client"
"""Where the SDK's clients make their calls: `SyncAPIClient.request`, `AsyncAPIClient.request`."""


class Capture:
    """The clients of one test: those that it asks for, and those that its application makes."""

    def __init__(self, tape: Tape, spending: "Callable[[], Spending | None] | None" = None) -> None:
        """Take the test's tape, and what returns the cost limit of the run."""
        self._tape = tape
        self._spending = spending
        self._copies: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
        self._made: list[Anthropic] = []
        self._is_paused = False

    @cached_property
    def _wiring(self) -> "Wiring":
        from gonogo.claude.recording import Recorder  # noqa: PLC0415 - heavy: imports the SDK
        from gonogo.claude.taping import Wiring  # noqa: PLC0415 - likewise

        spending = None if self._spending is None else self._spending()

        def keep(attempt: Attempt) -> None:
            if spending is not None:
                spending.settle(attempt)
            self._tape.keep(attempt)

        return Wiring(tape=self._tape, recorder=Recorder(keep), spending=spending)

    def client(self, options: dict[str, Any]) -> "Anthropic":
        """Return a client of the SDK that carries the tape."""
        from gonogo.claude.taping import client_of  # noqa: PLC0415 - heavy: imports the SDK

        client = client_of(self._wiring, options)
        self._made.append(client)
        return client

    def async_client(self, options: dict[str, Any]) -> "AsyncAnthropic":
        """Return an asynchronous client; otherwise as `client`."""
        from gonogo.claude.taping import async_client_of  # noqa: PLC0415 - heavy: imports the SDK

        return async_client_of(self._wiring, options)

    def finish(self) -> None:
        """Record what is still open as abandoned, and close the clients that the test asked for."""
        if "_wiring" in vars(self):
            self._wiring.recorder.finish()
        while self._made:
            self._made.pop().close()

    @contextmanager
    def capturing(self) -> Iterator[None]:
        """Let each client that makes a call carry the tape, as long as the block lasts."""
        undo: list[Callable[[], None]] = []

        def patch(module: ModuleType) -> None:
            for name, make in (("SyncAPIClient", _sync), ("AsyncAPIClient", _async)):
                undo.append(_patch(getattr(module, name), make, self._carrying))

        finder = _OnImport(patch)
        if _MODULE in sys.modules:
            patch(sys.modules[_MODULE])
        else:
            sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)
            for restore in undo:
                restore()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let clients be as they are within a block: those with which gonogo itself asks."""
        self._is_paused = True
        try:
            yield
        finally:
            self._is_paused = False

    def _carrying(self, client: Any) -> Any:
        if self._is_paused:
            return client
        from gonogo.claude.taping import carrying  # noqa: PLC0415 - heavy: imports the SDK

        copy = self._copies.get(client)
        if copy is None:
            copy = carrying(self._wiring, client)
            if copy is client:
                return client
            self._copies[client] = copy
        return copy


def _patch(
    kind: type, make: Callable[[Any, Callable[[Any], Any]], Any], carrying: Callable[[Any], Any]
) -> Callable[[], None]:
    """Replace how a kind of client makes its calls; return what puts it back."""
    original = vars(kind)["request"]
    kind.request = make(original, carrying)  # type: ignore[attr-defined]  # every client has it
    return lambda: setattr(kind, "request", original)


def _sync(original: Any, carrying: Callable[[Any], Any]) -> Any:
    @functools.wraps(original)
    def request(client: Any, *args: Any, **options: Any) -> Any:
        return original(carrying(client), *args, **options)

    return request


def _async(original: Any, carrying: Callable[[Any], Any]) -> Any:
    @functools.wraps(original)
    async def request(client: Any, *args: Any, **options: Any) -> Any:
        return await original(carrying(client), *args, **options)

    return request


class _OnImport(MetaPathFinder):
    """Calls back once the SDK's module has been imported."""

    def __init__(self, patch: Callable[[ModuleType], None]) -> None:
        self._patch = patch

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - of the protocol
        target: ModuleType | None = None,  # noqa: ARG002 - of the protocol
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Patching(spec.loader, self._patch)
        return spec


class _Patching(Loader):
    """Loads a module as its own loader does, then calls back."""

    def __init__(self, loader: Loader, patch: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._then = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._then(module)
