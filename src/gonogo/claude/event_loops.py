"""Event loops: runs a coroutine from synchronous code, wherever that is called from."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

_LOOK_SECONDS: Final = 0.1
"""How often a thread that is held up looks whether its own task was cancelled: by Ctrl-C, which
asyncio turns into that."""


def run_to_end(begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine from synchronous code, in a thread of its own where a loop is running.

    Ctrl-C cancels it, and is raised when it has ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin())
    return _Threaded(begin).wait()


class _Threaded(Generic[T]):
    """A coroutine in a thread of its own, which another thread waits for."""

    def __init__(self, begin: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._begin = begin
        self._outcome: Future[T] = Future()
        self._cancel: Future[Callable[[], object]] = Future()
        self._thread = threading.Thread(target=self._work, name="gonogo-asking")

    def wait(self) -> T:
        """Return what the coroutine returns, or raise what it raises."""
        self._thread.start()
        try:
            while not self._outcome.done():
                self._look()
        except KeyboardInterrupt:
            self._cancel.result()()
            raise
        finally:
            self._thread.join()
        return self._outcome.result()

    def _look(self) -> None:
        """Wait for a moment; pass on that the task that waits was cancelled."""
        try:
            self._outcome.exception(_LOOK_SECONDS)
        except TimeoutError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                self._cancel.result()()

    def _work(self) -> None:
        try:
            self._outcome.set_result(asyncio.run(self._main()))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            self._outcome.set_exception(error)
        finally:
            if not self._cancel.done():
                self._cancel.set_result(lambda: None)

    async def _main(self) -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        self._cancel.set_result(lambda: task and loop.call_soon_threadsafe(task.cancel))
        return await self._begin()
