"""Measures checkers on public labelled data: `python benchmarks/accuracy [CHECKER ...]`.

Each `<checker>.py` beside this file has `measure(data: Path) -> list[Row]`. The data is read from
`../shared/data` (or `$GONOGO_DATA`); what is not there is said, not skipped silently.
"""

import importlib
import os
import sys
from pathlib import Path

from measurement import show, store

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Measure the named checkers, or all; return 1 where a bar does not hold."""
    root = HERE.parents[1]
    data = Path(os.environ.get("GONOGO_DATA", root.parent / "shared" / "data"))
    if not data.is_dir():
        print(f"no data at {data}: set GONOGO_DATA; docs/accuracy.md says where it can be had")
        return 1
    measured = {"__main__", "measurement"}
    chosen = names or sorted(path.stem for path in HERE.glob("*.py") if path.stem not in measured)
    held = True
    for name in chosen:
        rows = importlib.import_module(name).measure(data)
        print(show(name, rows), flush=True)
        store(f"accuracy-{name}", rows, root / "results")
        held = held and all(row.holds for row in rows)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
