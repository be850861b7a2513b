"""Reports of a run, one file a format."""

from pathlib import Path

from gonogo.json_lines import write_atomically
from gonogo.reports import html, json, markdown, sarif
from gonogo.runs import Run

_RENDERERS = {
    ".md": markdown.render,
    ".html": html.render,
    ".json": json.render,
    ".sarif": sarif.render,
}


def write_report(run: Run, path: Path) -> None:
    """Write a report in the format that its file's name ends in.

    Args:
        run: The run.
        path: Ends in `.md`, `.html`, `.json` or `.sarif`.

    Raises:
        KeyError: If it ends in anything else.
        OSError: If it cannot be written.
    """
    write_atomically(path, [_RENDERERS[path.suffix](run).encode()])


__all__ = ["write_report"]
