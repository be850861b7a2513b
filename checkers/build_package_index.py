"""Builds the offline index of package names: `python checkers/build_package_index.py NAMES.txt`.

Reads names one a line, normalises them (PEP 503), and writes `pypi_names.marisa`, a trie that
answers exactly whether a name is registered, with `pypi_names.json` (date, count, digest) beside
it. With `--popular`, the names of a second file, the most downloaded first, go to
`popular_packages.txt`. The same names give the same bytes. A line that is no package name ends the
run before anything is written.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import marisa_trie

DATA: Final = Path(__file__).parent / "gonogo_checkers" / "data"
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SHOWN_ERRORS: Final = 10


class BadNames(Exception):  # noqa: N818 - what is wrong is the file
    """A file of names holds lines that are no names; the message lists them."""


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """What is to be written, by file name."""

    contents: dict[str, bytes]
    count: int


def normalise(name: str) -> str:
    """Return the normal form of a package name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_names(path: Path) -> list[str]:
    """Read names one a line; blank lines and lines that begin with `#` are passed over.

    Returns:
        The normalised names in the order of the file, each once.

    Raises:
        BadNames: If the file cannot be read, holds no name, or has lines that are no names.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadNames(f"{path}: cannot be read as UTF-8 text: {error}") from error
    problems = []
    names: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        if _NAME.fullmatch(word):
            names[normalise(word)] = None
        else:
            problems.append(f"{path}:{number}: {word[:80]!r} is no package name")
    if problems:
        more = len(problems) - _SHOWN_ERRORS
        shown = problems[:_SHOWN_ERRORS] + ([f"... and {more} more"] if more > 0 else [])
        raise BadNames("\n".join(shown) + "\nexpected one name a line (PEP 508); nothing written")
    if not names:
        raise BadNames(f"{path}: holds no names; nothing written")
    return list(names)


def build_files(names: Iterable[str], listed_on: date, popular: Iterable[str] = ()) -> IndexFiles:
    """Compute the files of an index; writes nothing.

    Args:
        names: Normalised names, in any order.
        listed_on: Day on which the registry was listed.
        popular: Normalised names, the most downloaded first; none: no such file.
    """
    ordered = sorted(set(names))
    trie = marisa_trie.Trie(ordered).tobytes()
    facts = {
        "source": "the list of names of the PyPI registry",
        "listed_on": listed_on.isoformat(),
        "count": len(ordered),
        "sha256": hashlib.sha256(trie).hexdigest(),
    }
    contents = {
        "pypi_names.marisa": trie,
        "pypi_names.json": (json.dumps(facts, indent=1) + "\n").encode(),
    }
    most_downloaded = list(popular)
    if most_downloaded:
        contents["popular_packages.txt"] = ("\n".join(most_downloaded) + "\n").encode()
    return IndexFiles(contents, len(ordered))


def write_files(files: IndexFiles, folder: Path) -> None:
    """Write the files of an index, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.contents.items():
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(folder / name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0, or 2 where the input is bad."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("names", type=Path, help="registered names, one a line")
    parser.add_argument("--date", type=date.fromisoformat, help="day of the listing, YYYY-MM-DD")
    parser.add_argument("--popular", type=Path, help="names, the most downloaded first")
    parser.add_argument("--to", type=Path, default=DATA, help="folder to write to")
    chosen = parser.parse_args(arguments)
    listed_on = chosen.date or datetime.now(UTC).date()
    try:
        popular = read_names(chosen.popular) if chosen.popular else []
        files = build_files(read_names(chosen.names), listed_on, popular)
    except BadNames as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command line speaks to people
        return 2
    write_files(files, chosen.to)
    print(f"{files.count} names of {listed_on} in {chosen.to}")  # noqa: T201 - a script says what it wrote
    return 0


if __name__ == "__main__":
    sys.exit(main())
