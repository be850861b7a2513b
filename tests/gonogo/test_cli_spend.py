"""`gonogo spend`: the ledger for gateways in other languages."""

import json
import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from standin import DroppedConnection, StandIn, overloaded
from typer.testing import CliRunner

from gonogo.cli.app import app

if TYPE_CHECKING:
    from click.testing import Result

REFERENCE = Path(__file__).parents[2] / "docs/reference/spending-limits.md"
MODEL = "claude-sonnet-5-5"
PYPROJECT = """
[tool.gonogo.prices.m]
input_mtok = 1
output_mtok = 10

[tool.gonogo.spend]
time_zone = "Europe/Berlin"

[tool.gonogo.spend.limits.each_user]
amount_usd = 0.05
period = "daily"
per = ["user"]
"""


class Gateway:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pyproject.toml").write_text(PYPROJECT)

    def run(self, command: str, *arguments: str, stdin: str = "") -> "Result":
        given = ["spend", command, "--project", str(self.folder), *arguments]
        result = CliRunner().invoke(app, given, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def row(self, command: str, *arguments: str, stdin: str = "") -> dict[str, Any]:
        result = self.run(command, *arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        row: dict[str, Any] = json.loads(result.stdout)
        return row


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def test_a_call_is_reserved_and_settled(gateway: Gateway) -> None:
    made = gateway.row("reserve", "r1", "--usd", "0.04", "-a", "user=kim")
    assert made == {
        "id": "r1",
        "granted": True,
        "state": "open",
        "is_new": True,
        "is_recorded": True,
        "upper_bound_usd": 0.04,
        "cost_usd": None,
        "price_version": None,
        "warnings": [],
    }
    settled = gateway.row("settle", "r1", "--usd", "0.04")
    assert (settled["state"], settled["cost_usd"]) == ("settled", 0.04)
    (warning,) = settled["warnings"]
    assert (warning["limit"], warning["threshold_usd"]) == ("each_user", 0.04)
    assert gateway.row("settle", "r1", "--usd", "0.01")["is_repeated"]


def test_warnings_and_refusals_wait_in_the_outbox_where_that_is_asked_for(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = gateway.folder / "pyproject.toml"
    receiver = '[tool.gonogo.alerts.receivers.ops]\nurl_variable = "OPS_URL"\n'
    path.write_text(PYPROJECT + receiver)
    monkeypatch.setenv("OPS_URL", "json://127.0.0.1:9/")
    gateway.row("reserve", "r1", "--usd", "0.04", "-a", "user=kim")
    assert len(gateway.row("settle", "r1", "--usd", "0.04", "--alert")["warnings"]) == 1
    waiting = CliRunner().invoke(app, ["alerts", "status", "--project", str(gateway.folder)])
    assert json.loads(waiting.stdout)["waiting"] == {"ops": 1}
    assert "kim" not in waiting.stdout
    refused = gateway.run("reserve", "r2", "--usd", "9", "-a", "user=kim", "--alert")
    assert refused.exit_code == 1
    waiting = CliRunner().invoke(app, ["alerts", "status", "--project", str(gateway.folder)])
    assert json.loads(waiting.stdout)["waiting"] == {"ops": 2}


def test_a_refusal_says_which_limit_and_when_it_resets(gateway: Gateway) -> None:
    at = ("--at", "2026-11-24T12:00:00")
    gateway.row("reserve", "r1", "--usd", "0.03", "-a", "user=kim", *at)
    refused = gateway.run("reserve", "r2", "--usd", "0.03", "-a", "user=kim", *at)
    assert refused.exit_code == 1
    assert json.loads(refused.stdout) == {
        "id": "r2",
        "granted": False,
        "limit": "each_user",
        "scope": {"user": "kim"},
        "left_usd": 0.02,
        "asked_usd": 0.03,
        "resets_at": "2026-11-24T23:00:00Z",
    }
    assert "kim" not in refused.stderr
    assert gateway.row("release", "r1", *at) == {
        "id": "r1",
        "state": "released",
        "is_repeated": False,
    }
    gateway.row("reserve", "r2", "--usd", "0.03", "-a", "user=kim", *at)


def test_requests_and_answers_are_priced(gateway: Gateway) -> None:
    ask = {"model": "m", "max_tokens": 1000, "messages": [{"role": "user", "content": "Hi"}]}
    made = gateway.row("reserve", "r1", "--request", "-", stdin=json.dumps(ask))
    assert 0.011 <= made["upper_bound_usd"] < 0.013
    assert re.fullmatch(r"genai-prices [\d.]+, rules \d+, overlay \w{12}", made["price_version"])
    answer = {"model": "m", "content": [], "usage": {"input_tokens": 100, "output_tokens": 50}}
    (gateway.folder / "answer.json").write_text(json.dumps(answer))
    settled = gateway.row("settle", "r1", "--response", str(gateway.folder / "answer.json"))
    assert Decimal(str(settled["cost_usd"])) == Decimal("0.0006")
    assert settled["price_version"] == made["price_version"]


def test_what_was_sent_and_never_settled_counts_as_spent(gateway: Gateway) -> None:
    then, later = ("--at", "2026-11-24T12:00:00"), ("--at", "2026-11-24T13:00:00")
    gateway.row("reserve", "r1", "--usd", "0.01", "--sent", *then)
    gateway.row("reserve", "r2", "--usd", "0.02", *then)
    status = gateway.row("status", *later)
    assert (status["spent_usd"], status["estimated_usd"], status["held_usd"]) == (0.01, 0.01, 0)
    assert gateway.row("release", "r1", *later)["state"] == "released"
    assert gateway.row("status", *later)["spent_usd"] == 0


def test_a_status_of_nothing_says_so(gateway: Gateway) -> None:
    result = gateway.run("status")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no limit of [tool.gonogo.spend.limits] has been used, or there is none" in result.stderr


def test_an_answer_that_is_an_error_is_to_be_released(gateway: Gateway) -> None:
    gateway.row("reserve", "r1", "--usd", "0.01")
    error = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": ""}})
    result = gateway.run("settle", "r1", "--response", "-", stdin=error)
    assert result.exit_code == 2
    assert "gonogo spend release" in result.stderr


def test_a_step_imports_nothing_that_it_does_not_need() -> None:
    """A gateway starts the command twice a call."""
    code = (
        "import sys; from typer.main import get_command; from gonogo.cli.app import app;"
        "get_command(app).commands['spend'];"
        "print([n for n in ('numpy', 'anthropic', 'gonogo.decisions', 'genai_prices')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_status_shows_every_scope(gateway: Gateway) -> None:
    at = ("--at", "2026-11-24T12:00:00")
    gateway.row("reserve", "r1", "--usd", "0.01", "-a", "user=kim", *at)
    assert gateway.row("status", *at) == {
        "limit": "each_user",
        "scope": {"user": "kim"},
        "kind": "hard",
        "amount_usd": 0.05,
        "spent_usd": 0,
        "held_usd": 0.01,
        "left_usd": 0.04,
        "estimated_usd": 0,
        "starts_at": "2026-11-23T23:00:00Z",
        "ends_at": "2026-11-24T23:00:00Z",
    }
    assert gateway.row("status", "-a", "user=lee", *at)["left_usd"] == 0.05


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["reserve", "r"], "expected one of --usd and --request"),
        (["reserve", "r", "--usd", "much"], "expected an amount of US dollars, got 'much'"),
        (["reserve", "r", "--usd", "1", "-a", "user"], "expected NAME=VALUE, got 'user'"),
        (["reserve", "", "--usd", "1"], "reservation id: expected 1 to 256 characters"),
        (["reserve", "r", "--request", "missing.json"], "missing.json: cannot be read"),
        (["reserve", "r", "--request", "-"], "-: is no JSON object"),
        (["settle", "r", "--usd", "1"], "there is no reservation 'r'"),
        (["settle", "r", "--usd", "2000000000"], "cost_usd: expected US dollars from 0 to"),
    ],
)
def test_bad_input_is_told(gateway: Gateway, arguments: list[str], said: str) -> None:
    result = gateway.run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_bad_setting_is_told(gateway: Gateway) -> None:
    path = gateway.folder / "pyproject.toml"
    path.write_text(PYPROJECT.replace("amount_usd", "amount"))
    result = gateway.run("status")
    assert result.exit_code == 2
    assert "unknown field" in result.stderr
    assert "there are: amount_usd, period, length" in result.stderr


def test_a_store_that_is_down_is_a_service_that_failed(gateway: Gateway) -> None:
    path = gateway.folder / "pyproject.toml"
    down = 'store = "redis://127.0.0.1:9/0"\nstore_timeout_seconds = 0.2\n'
    path.write_text(PYPROJECT.replace("[tool.gonogo.spend]\n", "[tool.gonogo.spend]\n" + down))
    assert gateway.run("reserve", "r", "--usd", "0.01").exit_code == 4
    assert gateway.run("status").exit_code == 4


@pytest.mark.skipif(
    not all(map(shutil.which, ("sh", "curl", "openssl"))), reason="needs curl and openssl"
)
def test_the_shell_script_of_the_reference_settles_releases_and_estimates(
    gateway: Gateway,
) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", REFERENCE.read_text(), re.DOTALL)
    ask = {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
    (gateway.folder / "body.json").write_text(json.dumps(ask))
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    more = {"PATH": places, "USER": "kim", "ANTHROPIC_API_KEY": "test"}
    states = []
    with StandIn() as api:
        script = script.replace("https://api.anthropic.com", api.url)
        for failure in (None, overloaded(), DroppedConnection()):
            if failure is not None:
                api.script(failure, times=1)
            done = subprocess.run(
                ["sh", "-c", script],  # noqa: S607 - whichever a person has
                cwd=gateway.folder,
                env=os.environ | more,
                capture_output=True,
                text=True,
                check=True,
            )
            states.append(json.loads(done.stdout)["state"])
    assert states == ["settled", "released", "settled"]
    status = gateway.row("status")
    assert status["spent_usd"] > status["estimated_usd"] > 0 == status["held_usd"]
