"""Finding checkers: ours, the settings' own, and those of installed packages."""

import sys
from pathlib import Path

import pytest

from gonogo.domains import DOMAINS
from gonogo.errors import BadSettingsError, UnknownCheckerError
from gonogo.registry import CheckerRegistry
from gonogo_checkers import CHECKERS
from gonogo_checkers.length import Length

CHECKER = """
from dataclasses import dataclass
from typing import ClassVar
from gonogo_checkers.verdict import Judged

@dataclass(frozen=True)
class Shouting:
    id: ClassVar[str] = "{id}"
    version: ClassVar[int] = 3
    limit: float = 0.5

    def check(self, output):
        letters = [c for c in output.response if c.isalpha()] or ["a"]
        return Judged(1.0 - sum(c.isupper() for c in letters) / len(letters))

class NoChecker:
    pass
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"acme_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(CHECKER.format(id="shouting"))
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


def offer(folder: Path, name: str, entries: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[gonogo.checkers]\n{entries}\n")


@pytest.mark.parametrize("checker_id", sorted(CHECKERS))
def test_every_checker_of_ours_loads_and_knows_its_id(checker_id: str) -> None:
    checker = CheckerRegistry().load(checker_id)
    assert checker.id == checker_id
    assert CheckerRegistry().version(checker_id) == str(checker.version)


def test_every_domain_names_checkers_that_exist() -> None:
    assert {name for domain in DOMAINS.values() for name in domain.weights} <= set(CHECKERS)


def test_settings_reach_the_checker_and_its_version() -> None:
    registry = CheckerRegistry({"length": {"longest_ratio": 3.0}})
    assert registry.load("length") == Length(longest_ratio=3.0)
    assert registry.version("length").endswith(" longest_ratio=3.0")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"colour": 1}, "unknown: colour; there are: .*longest_ratio"),
        ({"longest_ratio": "3"}, "float"),
    ],
)
def test_bad_settings_name_the_table_and_the_key(settings: dict[str, str], said: str) -> None:
    with pytest.raises(BadSettingsError, match=rf"\[tool.gonogo.checkers.length\].*{said}"):
        CheckerRegistry({"length": settings}).load("length")


def test_unknown_checker_names_what_there_is() -> None:
    with pytest.raises(UnknownCheckerError, match=r"'lenght'; there are: .*length"):
        CheckerRegistry().load("lenght")


def test_the_settings_own_checker(package: str) -> None:
    registry = CheckerRegistry({"shouting": {"use": f"{package}:Shouting", "limit": 0.1}})
    assert registry.load("shouting").limit == 0.1  # type: ignore[attr-defined]  # its setting
    assert registry.version("shouting") == f"{package}:Shouting 3 limit=0.1"


@pytest.mark.parametrize(
    ("target", "said"), [("Nowhere", "cannot be loaded"), ("NoChecker", "lacks `id`")]
)
def test_what_is_no_checker_is_refused(package: str, target: str, said: str) -> None:
    with pytest.raises(BadSettingsError, match=said):
        CheckerRegistry({"x": {"use": f"{package}:{target}"}}).load("x")


def test_a_package_offers_and_replaces_checkers(package: str, tmp_path: Path) -> None:
    offer(tmp_path, package, f"shouting = {package}:Shouting\nlength = {package}:Shouting")
    registry = CheckerRegistry()
    assert type(registry.load("shouting")).__name__ == "Shouting"
    assert type(registry.load("length")).__name__ == "Shouting"
    assert registry.version("length") == f"{package}:Shouting 3"
