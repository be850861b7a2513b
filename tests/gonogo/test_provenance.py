"""Who runs this, and from which commit; what cannot be found out is not known."""

import subprocess
from pathlib import Path

import pytest

from gonogo.provenance import find_provenance


def git_with(**answers: str) -> object:
    return lambda arguments: answers.get(arguments[0].replace("-", "_"))


def no_login() -> str:
    raise KeyError("getpwuid(): uid not found: 4242")


@pytest.mark.parametrize(
    ("environment", "answers", "by"),
    [
        ({"GITHUB_ACTOR": "octocat"}, {"config": "Kim\n"}, "octocat"),
        ({"GITHUB_ACTOR": "octocat", "GONOGO_ACCEPTED_BY": "team-a"}, {}, "team-a"),
        ({"GITLAB_USER_LOGIN": "tanuki", "GITHUB_ACTOR": " "}, {}, "tanuki"),
        ({}, {"config": "Kim\n"}, "Kim"),
        ({}, {"config": "a\x1b[2Jb\n"}, "a\N{REPLACEMENT CHARACTER}[2Jb"),
        ({}, {}, None),
    ],
)
def test_who_accepts_is_named_by_the_service_else_by_git(
    environment: dict[str, str], answers: dict[str, str], by: str | None
) -> None:
    found = find_provenance(
        Path(),
        environment=environment,
        ask_git=git_with(**answers),  # type: ignore[arg-type] # a lambda
        ask_login=no_login,
    )
    assert (found.by, found.commit, found.is_dirty) == (by, None, None)


def test_without_git_the_login_is_named_and_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_provenance(tmp_path, environment={}, ask_login=lambda: "kim")
    assert (found.by, found.commit, found.is_dirty) == ("kim", None, None)


def test_what_a_failing_git_prints_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\necho nonsense\nexit 1\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_provenance(tmp_path, environment={}, ask_login=no_login)
    assert (found.by, found.commit, found.is_dirty) == (None, None, None)


def test_the_commit_of_a_repository_and_whether_files_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert find_provenance(tmp_path, environment={}, ask_login=no_login).commit is None
    (tmp_path / "a").write_text("a")
    identity = ("-c", "user.name=Kim", "-c", "user.email=kim@example.com")
    for arguments in (("init",), ("add", "a"), (*identity, "commit", "-m", "a")):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607 - the installed one
    clean = find_provenance(tmp_path, environment={}, ask_login=no_login)
    assert clean.commit is not None
    assert len(clean.commit) >= 12
    assert clean.is_dirty is False
    (tmp_path / "a").write_text("b")
    assert find_provenance(tmp_path, environment={}, ask_login=no_login).is_dirty is True
