"""Questions, a clock that does not wait, and a caller's store, for tests of batches."""

import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from anthropic import Anthropic, DefaultHttpxClient
from standin import StandIn

from gonogo.claude.asking import Question
from gonogo.claude.batch_options import (
    BatchHooks,
    BatchLimits,
    BatchOptions,
    BatchOutcome,
    BatchProgress,
    BatchWaiting,
)
from gonogo.claude.batching import ask_in_batches
from gonogo.exchanges import Exchange, Request

_TLS: Final = ssl.create_default_context()
"""Made once: it takes longer than a test, and loopback does not use it."""


def question(key: str, text: str | None = None, **extra: Any) -> Question:
    body = {
        "model": "claude-haiku-5-5",
        "max_tokens": 100,
        "messages": [{"role": "user", "content": text or f"Question {key}"}],
        **extra,
    }
    return Question(key, Request(body))


def questions(count: int) -> list[Question]:
    return [question(f"case {number}") for number in range(count)]


def client(api: StandIn, *middleware: Any, max_retries: int = 0) -> Anthropic:
    return Anthropic(
        base_url=api.url,
        api_key="test",
        max_retries=max_retries,
        middleware=middleware,
        http_client=DefaultHttpxClient(verify=_TLS),
    )


class Clock:
    """Time that passes only while something sleeps."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class Paid:
    """How an account's batches end, and what was paid for, by the text that was asked."""

    def __init__(self, **ends: str) -> None:
        self.ends = ends
        self.texts: Counter[str] = Counter()

    def __call__(self, _custom_id: str, params: dict[str, Any]) -> Any:
        text = params["messages"][-1]["content"]
        end = self.ends.get(text.rpartition(" ")[2], "succeeded")
        if end == "succeeded":
            self.texts[text] += 1
        return end

    @property
    def most(self) -> int:
        return max(self.texts.values(), default=0)


@dataclass
class Caller:
    """What uses batches: a store of answers, and what it was told."""

    journal: Path
    clock: Clock = field(default_factory=Clock)
    stored: dict[str, Exchange] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    notices: list[str] = field(default_factory=list)
    progress: list[BatchProgress] = field(default_factory=list)
    announced: list[list[str]] = field(default_factory=list)
    on_answer: Callable[[Question, Exchange], None] = lambda *_: None

    def ask(
        self, asked: Sequence[Question], claude: Anthropic, *, max_requests: int = 100, **how: Any
    ) -> BatchOutcome:
        return ask_in_batches(
            asked,
            claude,
            journal=self.journal,
            hooks=BatchHooks(
                on_answer=self._store,
                on_notice=self.notices.append,
                on_progress=self.progress.append,
                before_submission=lambda new: self.announced.append([q.key for q in new]),
            ),
            options=self.options(max_requests=max_requests, **how),
        )

    def options(self, *, max_requests: int = 100, **how: Any) -> BatchOptions:
        waiting = BatchWaiting(now=self.clock.now, sleep=self.clock.sleep)
        return BatchOptions(
            already_answered=self.stored.keys(),
            limits=BatchLimits(max_requests=max_requests),
            waiting=replace(waiting, **how),
        )

    def _store(self, asked: Question, exchange: Exchange) -> None:
        self.on_answer(asked, exchange)
        self.calls[asked.key] += 1
        if exchange.response is not None:
            self.stored[asked.key] = exchange

    @property
    def text(self) -> str:
        return "\n".join(self.notices)
