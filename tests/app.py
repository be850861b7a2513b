"""Makes small application repositories for tests that drive the plugin as an application would."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from click.testing import Result

SYSTEM = "You answer customers of a shop for outdoor gear."

PYPROJECT = """
[tool.pytest.ini_options]
addopts = "--import-mode=importlib -p no:cacheprovider -p no:hypothesispytest -p no:anyio"

[tool.gonogo.domains.greetings]
weights = {expectations = 2.0, length = 1.0}
"""

TEST = """
import pytest

@pytest.mark.gonogo(suite="greetings")
def test_greetings(gonogo, case):
    gonogo.run(case)
"""

GOOD = "Hello {name}, thank you for asking. Your order is on its way and arrives tomorrow."


class App:
    """An application repository in a folder of its own."""

    def __init__(self, root: Path, names: tuple[str, ...] = ("Kim", "Lee", "Max")) -> None:
        self.root = root
        self.names = names
        self.dataset = root / "datasets" / "greetings"
        self.write("pyproject.toml", PYPROJECT)
        self.write("evals/greetings/test_greetings.py", TEST)
        self.write_cases()
        self.write_request(self.dataset, SYSTEM)
        self.write_recordings(self.dataset, SYSTEM, {})

    @property
    def baseline(self) -> Path:
        return self.root / "baselines" / "greetings.jsonl"

    def write(self, path: str, text: str) -> Path:
        written = self.root / path
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(text, encoding="utf-8")
        return written

    def write_cases(self, **extra: Any) -> None:
        self.write_lines(
            self.dataset / "cases.jsonl",
            [
                {
                    "id": name.lower(),
                    "domain": "greetings",
                    "prompt": f"I am {name}. Where is my order?",
                    "expect": {"contains": [name]},
                    **extra,
                }
                for name in self.names
            ],
        )

    def write_request(self, folder: Path, system: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "request.toml").write_text(
            f'model = "claude-sonnet-5-5"\nmax_tokens = 300\nsystem = "{system}"\n'
        )

    def write_recordings(
        self, folder: Path, system: str, answers: Mapping[str, str], **extra: Any
    ) -> None:
        self.write_lines(
            folder / "recordings.jsonl",
            [self.exchange(name, system, answers.get(name, GOOD), **extra) for name in self.names],
        )

    def exchange(self, name: str, system: str, answer: str, **extra: Any) -> dict[str, Any]:
        return {
            "id": f"ex_{name.lower()}",
            "at": "2026-11-01T00:00:00Z",
            "request": {
                "model": "claude-sonnet-5-5",
                "max_tokens": 300,
                "system": system,
                "messages": [{"role": "user", "content": f"I am {name}. Where is my order?"}],
            },
            "response": {
                "model": "claude-sonnet-5-5",
                "content": [{"type": "text", "text": answer.format(name=name)}],
                "stop_reason": "end_turn",
            },
            "usage": {"input_tokens": 60, "output_tokens": 20},
            "latency_seconds": 1.5,
            "ttft_seconds": 0.4,
            **extra,
        }

    @staticmethod
    def write_lines(path: Path, records: list[dict[str, Any]]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records))


def run_record(*arguments: str) -> "Result":
    """Run `gonogo record` in this process; what it raises beside an exit is raised here."""
    from typer.testing import CliRunner

    from gonogo.cli.app import app as command

    result = CliRunner().invoke(command, ["record", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
