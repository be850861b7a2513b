"""Runs `gonogo record` in processes that can be killed: forked from one that has imported all.

The command line holds the arguments of a run in the first process itself, which imports what it
needs. Then each line of standard input holds those of a run in a process of its own, whose id and
exit status come back, a line each.
"""

import os
import sys

from gonogo.cli.app import app


def main() -> None:
    """Run until standard input ends."""
    run(sys.argv[1:])
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            os._exit(run(line.split()))
        tell(process)
        tell(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def run(arguments: list[str]) -> int:
    """Run the command, and return its exit status."""
    try:
        app(["record", *arguments], prog_name="gonogo")
    except SystemExit as end:
        sys.stderr.flush()
        return end.code if isinstance(end.code, int) else 1
    return 0


def tell(number: int) -> None:
    """Send a number back."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
