"""Coroutines from synchronous code: results, errors and Ctrl-C, with and without a loop around."""

import asyncio
import signal
import subprocess
import sys

import pytest

from gonogo.claude.event_loops import run_to_end

PROCESS = """
import asyncio, sys
from gonogo.claude.event_loops import run_to_end

async def work():
    print("begun", flush=True)
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        print("cleaned", flush=True)
        raise

async def around():
    run_to_end(work)

try:
    asyncio.run(around()) if sys.argv[1] == "loop" else run_to_end(work)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


async def answer() -> int:
    await asyncio.sleep(0)
    return 42


async def fail() -> None:
    raise OSError(28, "No space left on device")


def test_the_result_comes_back_with_and_without_a_loop() -> None:
    async def around() -> int:
        return run_to_end(answer)

    assert run_to_end(answer) == 42
    assert asyncio.run(around()) == 42


def test_an_error_comes_back_with_and_without_a_loop() -> None:
    async def around() -> None:
        run_to_end(fail)

    with pytest.raises(OSError, match="No space left"):
        run_to_end(fail)
    with pytest.raises(OSError, match="No space left"):
        asyncio.run(around())


@pytest.mark.parametrize("where", ["plain", "loop"])
def test_ctrl_c_cancels_and_is_raised_after_the_end(where: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS, where],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            begun = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=10)
        finally:
            process.kill()
    assert begun == "begun\n"
    assert (out, err) == ("cleaned\ninterrupted\n", "")
