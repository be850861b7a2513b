"""Measures checkers on public labelled data: `python benchmarks/accuracy [CHECKER ...]`.

Each `<checker>.py` beside this file has `measure(data: Path) -> list[Row]`. The data is read from
`../shared/data` (or `$GONOGO_DATA`); what is not there is said, not skipped silently. With
`--page` the same rows replace the tables of a Markdown page, between its markers.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

from measurement import as_markdown, show, store
from results import replace_tables

HERE = Path(__file__).parent


def main() -> int:
    """Measure the named checkers, or all; return 1 where a bar does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkers", nargs="*", help="which to measure  [default: all]")
    parser.add_argument("--page", type=Path, help="Markdown page whose tables to replace")
    options = parser.parse_args()
    root = HERE.parents[1]
    data = Path(os.environ.get("GONOGO_DATA", root.parent / "shared" / "data"))
    if not data.is_dir():
        print(f"no data at {data}: set GONOGO_DATA; docs/accuracy.md says where it can be had")
        return 1
    measured = {"__main__", "measurement"}
    known = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in measured)
    tables, held = [], True
    for name in options.checkers or known:
        rows = importlib.import_module(name).measure(data)
        print(show(name, rows), flush=True)
        store(f"accuracy-{name}", rows, root / "results")
        tables.append(as_markdown(name, rows))
        held = held and all(row.holds for row in rows)
    if options.page is not None:
        replace_tables(options.page, "\n".join(tables))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
