"""Lists what modules of the standard library have beyond their stubs: a table for the checker.

`python checkers/build_undocumented_members.py` imports the modules of the standard library of the
Python that runs it, and adds to `undocumented_members.tsv` the public names that typeshed's stubs
do not know: left-overs, and names that a module imports for its own use. They work, so that they
must not be called made up. Names that are in the table already stay, so that running it under
several Pythons gives the names of all of them.
"""

import importlib
import sys
import warnings
from pathlib import Path
from typing import Final

from gonogo_checkers.references.module_tables import undocumented_members
from gonogo_checkers.references.standard_library import Answer, Module, find_member
from gonogo_checkers.references.stub_modules import standard_modules

TABLE: Final = Path(__file__).parent / "gonogo_checkers" / "data" / "undocumented_members.tsv"
_HEADER: Final = """\
# Public names that modules of the standard library have beyond what typeshed's stubs say.
# Module, tab, names. Written by checkers/build_undocumented_members.py.
"""
_WITH_EFFECTS: Final = frozenset({"antigravity", "this", "idlelib", "__main__", "msilib"})
"""Importing them opens a browser, prints, or starts something."""


def names_beyond_stub(path: str) -> set[str]:
    """Return the public names of a module that its stub does not have; imports the module."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = importlib.import_module(path)
        except ImportError:  # another platform's
            return set()
    return {
        name
        for name in dir(module)
        if not name.startswith("_") and find_member(Module(path), name) is Answer.ABSENT
    }


def format_table(members: dict[str, frozenset[str]]) -> str:
    """Return the text of the table, sorted."""
    rows = (f"{path}\t{' '.join(sorted(names))}\n" for path, names in sorted(members.items()))
    return _HEADER + "".join(rows)


def main() -> int:
    """Bring the table up to date with the Python that runs this; return 0."""
    members = dict(undocumented_members())
    for path in standard_modules():
        parts = path.split(".")
        if not any(part.startswith("_") or part in _WITH_EFFECTS for part in parts):
            names = names_beyond_stub(path)
            if names:
                members[path] = members.get(path, frozenset()) | names
    TABLE.write_text(format_table(members), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
