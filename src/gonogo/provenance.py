"""Finds out who runs this, and from which commit: what an accepted baseline remembers of its run.

Nothing here is an error: what cannot be found out is not known.
"""

import getpass
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from gonogo.plain_text import one_line

NAMED_BY: Final = ("GONOGO_ACCEPTED_BY", "GITHUB_ACTOR", "GITLAB_USER_LOGIN")
"""Environment variables that say who runs this, the first that is set counts."""

_NAME_LENGTH: Final = 100
_GIT_SECONDS: Final = 5.0

AskGit: TypeAlias = Callable[[Sequence[str]], str | None]
"""Runs git with arguments: what it printed, None where it failed or is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a run comes from; None: not known.

    Attributes:
        by: Who runs it.
        commit: Abbreviated id of the commit that is checked out, 12 digits or more.
        is_dirty: Whether files under version control differ from that commit.
    """

    by: str | None = None
    commit: str | None = None
    is_dirty: bool | None = None


def find_provenance(
    folder: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    ask_git: AskGit | None = None,
    ask_login: Callable[[], str] = getpass.getuser,
) -> Provenance:
    """Find out where a run comes from.

    Args:
        folder: The project's.
        environment: May name who runs it, see `NAMED_BY`.
        ask_git: Runs git; None: the installed one, in the folder.
        ask_login: Names the login that runs this process; OSError and KeyError: it has none.
    """
    ask = ask_git or (lambda arguments: _ask_git(folder, arguments))
    commit = _name(ask(["rev-parse", "--short=12", "HEAD"]))
    changed = None if commit is None else ask(["status", "--porcelain", "--untracked-files=no"])
    return Provenance(
        by=_named(environment) or _name(ask(["config", "user.name"])) or _login(ask_login),
        commit=commit,
        is_dirty=None if changed is None else bool(changed.strip()),
    )


def _named(environment: Mapping[str, str]) -> str | None:
    return next(filter(None, (_name(environment.get(variable)) for variable in NAMED_BY)), None)


def _login(ask_login: Callable[[], str]) -> str | None:
    try:
        return _name(ask_login())
    except (OSError, KeyError, ImportError):  # a container's user without a name; no pwd module
        return None


def _name(text: str | None) -> str | None:
    return None if text is None else one_line(text, _NAME_LENGTH) or None


def _ask_git(folder: Path, arguments: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", "--no-optional-locks", *arguments],  # noqa: S607 - the user's own git
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout.decode(errors="replace")
