"""`gonogo spend`: the ledger for gateways in other languages."""

import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from gonogo.cli.app import app

if TYPE_CHECKING:
    from click.testing import Result

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
        "warnings": [],
    }
    settled = gateway.row("settle", "r1", "--usd", "0.04")
    assert (settled["state"], settled["cost_usd"]) == ("settled", 0.04)
    (warning,) = settled["warnings"]
    assert (warning["limit"], warning["threshold_usd"]) == ("each_user", 0.04)
    assert gateway.row("settle", "r1", "--usd", "0.01")["is_repeated"]


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
    answer = {"model": "m", "content": [], "usage": {"input_tokens": 100, "output_tokens": 50}}
    (gateway.folder / "answer.json").write_text(json.dumps(answer))
    settled = gateway.row("settle", "r1", "--response", str(gateway.folder / "answer.json"))
    assert Decimal(str(settled["cost_usd"])) == Decimal("0.0006")


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
