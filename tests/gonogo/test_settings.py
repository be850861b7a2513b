"""`[tool.gonogo]`: one frozen value, and errors that name the key."""

from pathlib import Path

import pytest

from gonogo.errors import BadSettingsError
from gonogo.settings import Settings, decode_settings, load_settings


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()


def test_reads_its_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.gonogo.policy]\ntolerance = 0.2\ntolerances = {pii = 0.0}\n"
        "[tool.gonogo.suites.s.budget]\ncost_usd_total = 0.1\n"
    )
    settings = load_settings(tmp_path)
    assert settings.policy.tolerance_of("pii") == 0.0
    assert settings.policy.tolerance_of("length") == 0.2
    assert str(settings.suite("s").budget.cost_usd_total) == "0.1"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"colour": 1}, "unknown field `colour`; there are: datasets"),
        ({"policy": {"tolerence": 1}}, "`tolerence`.*; there are: tolerance, tolerances"),
        ({"suites": {"s": {"budget": {"cost": 1}}}}, "`cost`.*; there are: cost_usd_total"),
        ({"suites": {"s": {"budgets": {}}}}, "`budgets`.*; there are: domain, budget"),
        ({"policy": {"tolerance": 2}}, r"<= 1.*policy.tolerance"),
        ({"policy": {"undecided": "maybe"}}, "undecided"),
        ({"suites": {"s": {"budget": {"cost_usd_total": -1}}}}, "at least 0"),
        ({"domains": {"d": {"weights": {"pii": -1}}}}, r"weights"),
        ({"prices": {"m": {"input_mtok": 1}}}, "output_mtok"),
    ],
)
def test_bad_settings_name_the_key(table: dict[str, object], said: str) -> None:
    with pytest.raises(BadSettingsError, match=said):
        decode_settings(table, "pyproject.toml")


def test_broken_toml_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool")
    with pytest.raises(BadSettingsError, match=r"pyproject\.toml: cannot be read"):
        load_settings(tmp_path)


def test_domains_of_ours_the_apps_own_and_unknown_ones() -> None:
    settings = decode_settings(
        {
            "domains": {
                "legal": {"weights": {"grounding": 1.0}, "threshold": 0.9},
                "code_generation": {"threshold": 0.8},
            }
        },
        "pyproject.toml",
    )
    assert settings.domain("legal").weights == {"grounding": 1.0}
    assert settings.domain("legal").required == ()
    changed = settings.domain("code_generation")
    assert changed.threshold == 0.8
    assert changed.required == ("code_syntax",)
    assert settings.domain("cooking").name == "general"
    assert settings.domain("cooking").weights["coherence"] == 0.3


def test_tables_of_other_parts_are_left_to_them(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gonogo.spend]\nstore = 7\n")
    assert load_settings(tmp_path) == Settings()


def test_what_is_no_table_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\ngonogo = 7\n")
    with pytest.raises(
        BadSettingsError, match=r"\[tool.gonogo\]: expected a table, got a value of type int"
    ):
        load_settings(tmp_path)
