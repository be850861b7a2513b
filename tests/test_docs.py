"""What the documentation shows is what the code reads."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from gonogo.baselines import BaselineCase, BaselineHeader, decode_baseline_line
from gonogo.cases import decode_case
from gonogo.cli.app import app
from gonogo.cli.exits import Exit
from gonogo.exchanges import decode_exchange
from gonogo.recordings import Mode
from gonogo.recordings.attempts import decode_attempt
from gonogo.scorecards import decode_scorecard
from gonogo.settings import Policy, RecordingSettings, Rises, Settings, decode_settings
from gonogo.wires import Ending, Wire
from gonogo_checkers.output import Output
from gonogo_checkers.verdict import Judged

ROOT = Path(__file__).parents[1]
FORMATS = (ROOT / "docs" / "reference" / "formats.md").read_text()
COMMANDS = (ROOT / "docs" / "reference" / "command-line.md").read_text()


def section(title: str) -> str:
    return re.split(rf"^## {title}$", FORMATS, flags=re.MULTILINE)[1].split("\n## ")[0]


def examples(title: str) -> list[bytes]:
    return [block.encode() for block in re.findall(r"```json\n(.*?)```", section(title), re.DOTALL)]


def test_the_exchange_of_the_reference() -> None:
    (example,) = examples("Exchange")
    assert decode_exchange(example).request.model == "claude-sonnet-5-5"
    shortest = re.search(r"The shortest: `(.*)`", section("Exchange"))
    assert shortest is not None
    assert decode_exchange(shortest[1].encode()).request.prompt == "Where is my refund?"


def test_the_case_of_the_reference() -> None:
    (example,) = examples("Case")
    assert decode_case(example).expect.max_words == 120


def test_the_scorecard_of_the_reference() -> None:
    (example,) = examples("Scorecard")
    assert decode_scorecard(example).broken == {"pii": "KeyError at pii.py:12"}


def test_the_baseline_of_the_reference() -> None:
    (example,) = examples("Baseline")
    header, case = (decode_baseline_line(line) for line in example.splitlines())
    assert isinstance(header, BaselineHeader)
    assert isinstance(case, BaselineCase)


@pytest.mark.parametrize("page", ["guide.md", "checkers.md"])
def test_the_settings_of_the_guides(page: str) -> None:
    for block in re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL):
        table = tomllib.loads(block).get("tool", {}).get("gonogo", {})
        assert isinstance(decode_settings(table, page), Settings)


def test_the_checker_of_the_guide_works() -> None:
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "checkers.md").read_text(), re.DOTALL
    )
    names: dict[str, object] = {"__name__": "acme.checks"}
    exec(code, names)  # noqa: S102 - our own documentation
    verdict = names["BrandName"]().check(Output(response="Try Gonogo."))  # type: ignore[operator]  # a class
    assert isinstance(verdict, Judged)
    assert verdict.findings[0].rule == "BRA001"


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_setting_is_in_the_reference() -> None:
    reference = (ROOT / "docs" / "reference" / "command-line.md").read_text()
    for name in Settings.__struct_fields__:
        assert f"`{name}" in reference
    assert json.dumps("fail").strip() in reference


def test_the_recordings_of_the_reference() -> None:
    (example,) = examples("Wire")
    attempt = decode_attempt(example)
    assert attempt.exchange is not None
    assert attempt.number == attempt.exchange.attempts == 2
    (example,) = examples("Other calls")
    other = decode_attempt(example)
    assert other.exchange is None
    assert other.wire is not None
    assert [piece for _, piece in other.wire.chunks()] == [b'{"input_tokens":1}']


def test_every_field_of_a_wire_is_in_the_reference() -> None:
    for name in [*Wire.__struct_fields__, *Ending]:
        assert f"`{name}`" in section("Wire")


def test_every_setting_of_recordings_is_in_the_reference() -> None:
    for name in RecordingSettings.__struct_fields__:
        assert f"| `recordings.{name}` |" in COMMANDS


def test_every_setting_of_the_policy_is_in_the_reference() -> None:
    for name in Policy.__struct_fields__:
        assert f"| `policy.{name}" in COMMANDS
    (rises,) = re.findall(r"^\| `policy\.rises\.cost_usd`.*\n.*$", COMMANDS, re.MULTILINE)
    for name in Rises.__struct_fields__:
        assert f".{name}`" in rises
    for checker in Policy().measured_by_score:
        assert f"`{checker}`" in COMMANDS


def test_the_settings_of_the_reference() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", COMMANDS, re.DOTALL)
    table = tomllib.loads(block)["tool"]["gonogo"]
    assert decode_settings(table, "command-line.md").policy.slide == "no-go"


@pytest.mark.parametrize(("command", "option"), [("record", "--batch"), ("compare", "--history")])
def test_every_option_of_a_command_is_in_the_reference(command: str, option: str) -> None:
    (text,) = re.findall(rf"^## `gonogo {command}`$(.*?)^## ", COMMANDS, re.DOTALL | re.MULTILINE)
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    options = [p.opts[0] for p in group.commands[command].params if p.opts[0].startswith("--")]
    assert option in options
    for name in options:
        assert f"| `{name}" in text


def test_every_mode_option_and_exit_status_is_in_the_reference(pytestconfig: pytest.Config) -> None:
    for mode in Mode:
        assert f"| `{mode}` |" in COMMANDS
    for status in Exit:
        assert f"| {status.value} |" in COMMANDS
    group = next(g for g in pytestconfig._parser._groups if g.name == "gonogo")  # noqa: SLF001 - none public
    for option in group.options:
        (name,) = option.names()
        assert f"| `{name}" in COMMANDS


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_to_headings_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
            there = page.parent / target if target else page
            assert anchor in anchors(there), f"{page.name} links to {target}#{anchor}"
