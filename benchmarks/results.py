"""Where measurements leave their figures: `results/<name>.json`, and the tables of a page."""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path


def store_rows(name: str, rows: Sequence[dict[str, object]], folder: Path) -> Path:
    """Write `<folder>/<name>.json` and return its path.

    Args:
        name: Of the measurement.
        rows: One a figure; each says whether its bar holds.
        folder: Made where there is none.
    """
    folder.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - the developer's own git
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    document = {
        "name": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "rows": rows,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def replace_tables(page: Path, tables: str) -> None:
    """Put tables in the place of those of a Markdown page, between its markers."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- tables -->\n")
    _, _, after = rest.partition("<!-- end of tables -->\n")
    page.write_text(
        f"{before}<!-- tables -->\n{tables}<!-- end of tables -->\n{after}", encoding="utf-8"
    )
