"""The script that builds the index of package names: what it accepts, refuses and leaves behind."""

import hashlib
import importlib.util
import json
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import marisa_trie
import pytest

SCRIPT = Path(__file__).parents[2] / "checkers" / "build_package_index.py"
DATA = SCRIPT.parent / "gonogo_checkers" / "data"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_package_index", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def names(tmp_path: Path) -> Path:
    file = tmp_path / "names.txt"
    file.write_text("# a listing\nFlask\nzope.interface\n\nruamel_yaml\nflask\n", encoding="utf-8")
    return file


def test_writes_an_exact_index_and_its_facts(
    script: ModuleType, names: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    assert script.main([str(names), "--date", "2026-01-31", "--to", str(folder)]) == 0
    trie = marisa_trie.Trie().load(str(folder / "pypi_names.marisa"))
    assert sorted(trie) == ["flask", "ruamel-yaml", "zope-interface"]
    assert "flas" not in trie
    assert json.loads((folder / "pypi_names.json").read_text(encoding="utf-8")) == {
        "source": "the list of names of the PyPI registry",
        "listed_on": "2026-01-31",
        "count": 3,
        "sha256": hashlib.sha256((folder / "pypi_names.marisa").read_bytes()).hexdigest(),
    }
    assert sorted(file.name for file in folder.iterdir()) == [
        "pypi_names.json",
        "pypi_names.marisa",
    ]
    assert "3 names of 2026-01-31" in capsys.readouterr().out


def test_the_order_of_the_names_does_not_show(script: ModuleType) -> None:
    day = date(2026, 1, 31)
    one = script.build_files(["b", "a", "c", "a"], day)
    other = script.build_files(["c", "b", "a"], day)
    assert one == other


def test_keeps_the_popular_names_in_their_order(
    script: ModuleType, names: Path, tmp_path: Path
) -> None:
    popular = tmp_path / "popular.txt"
    popular.write_text("zope.interface\nFlask\n", encoding="utf-8")
    folder = tmp_path / "data"
    script.main([str(names), "--popular", str(popular), "--to", str(folder)])
    written = (folder / "popular_packages.txt").read_text(encoding="utf-8")
    assert written == "zope-interface\nflask\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"flask\nname with spaces\n-dash\n", ["names.txt:2: 'name with spaces'", ":3: '-dash'"]),
        ("flask\npaquet-é\n".encode(), ["names.txt:2: 'paquet-é'"]),
        (b"\n# only a comment\n", ["holds no names"]),
        (b"flask\n\xff\xfe\n", ["cannot be read as UTF-8"]),
        (b"a b\n" * 30, ["and 20 more"]),
    ],
)
def test_bad_lines_end_it_before_anything_is_written(
    script: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    said: list[str],
) -> None:
    file = tmp_path / "names.txt"
    file.write_bytes(content)
    folder = tmp_path / "data"
    assert script.main([str(file), "--to", str(folder)]) == 2
    error = capsys.readouterr().err
    assert all(words in error for words in said), error
    assert not folder.exists()


def test_a_missing_file_is_said(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main([str(tmp_path / "none.txt"), "--to", str(tmp_path)]) == 2
    assert "none.txt" in capsys.readouterr().err


def test_a_write_that_fails_leaves_the_old_files_and_no_litter(
    script: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "pypi_names.json").mkdir()  # a folder cannot be replaced by a file
    files = script.build_files(["flask"], date(2026, 1, 31))
    with pytest.raises(OSError, match="pypi_names"):
        script.write_files(files, tmp_path)
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_what_ships_is_whole_and_small() -> None:
    facts = json.loads((DATA / "pypi_names.json").read_text(encoding="utf-8"))
    trie = (DATA / "pypi_names.marisa").read_bytes()
    assert hashlib.sha256(trie).hexdigest() == facts["sha256"]
    assert len(marisa_trie.Trie().frombytes(trie)) == facts["count"]
    date.fromisoformat(facts["listed_on"])
    assert sum(file.stat().st_size for file in DATA.glob("p*")) < 6_000_000
