"""Guards of the tree: what belongs where, and what the wheel holds."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gonogo.best_scores import is_best_path
from gonogo_checkers import CHECKERS

ROOT = Path(__file__).parents[1]
SOURCES = [
    *ROOT.glob("src/**/*.py"),
    *ROOT.glob("checkers/**/*.py"),
    *ROOT.glob("tests/**/*.py"),
    *ROOT.glob("benchmarks/**/*.py"),
]


@pytest.mark.parametrize("folder", ["evals", "datasets", "baselines"])
def test_folders_of_data_are_no_packages(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))
    if folder != "evals":
        assert not list((ROOT / folder).rglob("*.py"))


def test_no_file_is_too_long_to_read() -> None:
    long = {str(p.relative_to(ROOT)) for p in SOURCES if len(p.read_text().splitlines()) > 700}
    assert long == set()


@pytest.mark.parametrize("checker_id", sorted(CHECKERS))
def test_every_checker_has_its_file_its_cases_and_its_test(checker_id: str) -> None:
    for path in (
        f"checkers/gonogo_checkers/{checker_id}.py",
        f"checkers/cases/{checker_id}.jsonl",
        f"tests/gonogo_checkers/test_{checker_id}.py",
    ):
        assert (ROOT / path).is_file(), f"{checker_id} lacks {path}"
    assert f"`{checker_id}`" in (ROOT / "checkers" / "README.md").read_text()


def test_every_suite_has_its_dataset_its_card_and_its_baseline() -> None:
    suites = {path.parent.name for path in ROOT.glob("datasets/*/cases.jsonl")}
    assert {path.parent.name for path in ROOT.glob("evals/*/test_*.py")} == suites
    accepted = {path.stem for path in ROOT.glob("baselines/*.jsonl") if not is_best_path(path)}
    assert accepted == suites
    assert all((ROOT / "datasets" / suite / "README.md").is_file() for suite in suites)


def test_what_the_plugin_imports_at_once_is_the_standard_library_and_pytest() -> None:
    package = ROOT / "src" / "gonogo"
    plugin = sorted((package / "pytest_plugin").glob("*.py"))
    assert plugin
    for path in (package / "__init__.py", *plugin):
        for node in ast.parse(path.read_text()).body:
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            others = {name for name in modules if not name.startswith("gonogo.pytest_plugin.")}
            assert {name.split(".")[0] for name in others} <= {*sys.stdlib_module_names, "pytest"}


def test_the_wheel_holds_two_packages_with_their_data(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"gonogo", "gonogo_checkers"}
    assert "gonogo/reports/run.html.jinja" in names
    assert "gonogo_checkers/data/pypi_names.marisa" in names
    assert "gonogo/py.typed" in names
