"""Runs the stand-in as a process: `python -m standin --port 0` prints its URL and serves.

It ends on SIGTERM, on Ctrl-C and after its lifetime. `GET /standin/calls` tells other processes what
it has been asked.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Final

from standin import faults
from standin.server import StandIn
from standin.validation import params_type

_FAULTS: Final[Mapping[str, Callable[[], faults.Fault]]] = {
    "cut-stream": faults.CutStream,
    "dropped-connection": faults.DroppedConnection,
    "overloaded": faults.overloaded,
    "rate-limited": faults.rate_limited,
    "server-error": faults.server_error,
    "spend-limit": faults.spend_limit,
    "stream-error": faults.StreamError,
}


def main() -> int:
    """Serve until told to stop; returns the exit status."""
    given = _parser().parse_args()
    # A caller that waits for the URL should not wait again in its first request.
    params_type("message", is_beta=False)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with StandIn(batch_polls=given.batch_polls, port=given.port) as api:
        api.script(*(_FAULTS[name]() for name in given.fault))
        if given.latency_seconds > 0:
            api.script(faults.Latency(given.latency_seconds), times=None)
        sys.stdout.write(f"{api.url}\n")
        sys.stdout.flush()
        stopped.wait(given.lifetime_seconds)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--batch-polls", type=int, default=1)
    parser.add_argument("--latency-seconds", type=float, default=0.0)
    parser.add_argument("--lifetime-seconds", type=float, default=600.0)
    parser.add_argument("--fault", choices=sorted(_FAULTS), action="append", default=[])
    return parser


if __name__ == "__main__":
    sys.exit(main())
