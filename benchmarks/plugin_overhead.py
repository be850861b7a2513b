"""What the plugin costs a test run that does not use it: pairs of `pytest --collect-only`.

Each pair runs pytest on an empty test file with the plugin and without it, one after the other in
changing order; the figure is the median of the differences. Bar: 30 ms.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "accuracy"))

from measurement import Row, show, store

PAIRS = 10
BAR_MS = 30.0


def seconds(folder: Path, *options: str) -> float:
    """Time one run of pytest in a folder."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *options]
    started = time.perf_counter()
    finished = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    elapsed = time.perf_counter() - started
    if finished.returncode != 5:  # pytest: no tests were collected
        raise RuntimeError(finished.stdout.decode() + finished.stderr.decode())
    return elapsed


def main() -> int:
    """Measure, print, store; return 1 where the bar does not hold."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_empty.py").write_text("")
        seconds(folder)
        with_plugin, without = [], []
        for pair in range(PAIRS):
            for measured in ((True, False), (False, True))[pair % 2]:
                options = () if measured else ("-p", "no:gonogo")
                (with_plugin if measured else without).append(seconds(folder, *options))
    differences = [1000 * (a - b) for a, b in zip(with_plugin, without, strict=True)]
    rows = [
        Row(
            what="pytest --collect-only on an empty file: added by the plugin (median of 10 pairs)",
            value=statistics.median(differences),
            unit="ms",
            n=PAIRS,
            bar=BAR_MS,
            at_most=True,
            peer="the whole run without it, ms",
            peer_value=1000 * statistics.median(without),
        )
    ]
    print(show("plugin-overhead", rows))
    store("plugin-overhead", rows, Path(__file__).parents[1] / "results")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
