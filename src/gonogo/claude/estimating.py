"""Estimates what a run costs at most, before its first paid call.

Input is counted by the API, which charges nothing for it; a count is kept in a file, so that no
request is counted twice. Prices and their upper bounds are worked out elsewhere.
"""

import asyncio
import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Annotated, Any, Final

import msgspec
from anthropic import AsyncAnthropic
from anthropic.types import MessageCountTokensParams

from gonogo.claude.asking import Asker, Question, demand_own_keys
from gonogo.claude.cost_limit import CostLimit
from gonogo.claude.event_loops import run_to_end
from gonogo.claude.failures import CAUGHT, Failure, Fate, failure_of, no_credentials
from gonogo.claude.pacing import Pace, retry_after_seconds
from gonogo.errors import CostLimitError, Problem, UnboundedCostError, UnpricedModelError
from gonogo.exchanges import Request
from gonogo.fingerprints import fingerprint_of
from gonogo.json_lines import JsonObject, decode_record, encode_line, read_lines
from gonogo.plain_text import counted, one_line
from gonogo.pricing import Prices, grows_its_input, upper_bound_of

COUNT_PATH: Final = "/v1/messages/count_tokens"

_SENT_AS_HEADERS: Final = frozenset({"betas", "user_profile_id", "workspace_id"})
_COUNTED: Final = frozenset(MessageCountTokensParams.__annotations__) - _SENT_AS_HEADERS
"""Fields of a request that its count takes, as the SDK's types say."""

_HEADROOM_SHARE: Final = 0.02
_HEADROOM_TOKENS: Final = 20
"""A count "is an estimate; the actual number might differ by a small amount"
(https://platform.claude.com/docs/en/build-with-claude/token-counting). How small is not said: a
generous guess, which an upper bound can afford."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run costs at most.

    Attributes:
        calls: How many calls it makes, retries apart.
        bounds: By question the upper bound in US dollars, for those that have one.
        unpriced: By question why its price is not known.
        unbounded: By question why it has no upper bound although the price is known.
        growing: Questions whose server tools add to the input what cannot be counted before: their
            bound holds for the input as it was counted.
    """

    calls: int
    bounds: Mapping[str, Decimal]
    unpriced: Mapping[str, str] = field(default_factory=dict)
    unbounded: Mapping[str, str] = field(default_factory=dict)
    growing: tuple[str, ...] = ()

    @property
    def upper_bound_usd(self) -> Decimal:
        """The sum of the upper bounds; of the whole run where every question has one."""
        return sum(self.bounds.values(), Decimal(0))

    def demand_within(self, limit: CostLimit) -> None:
        """Refuse a run that may cost more than its limit, or nobody knows how much.

        Raises:
            CostLimitError: If so, with the first question that has no bound; never without a limit.
        """
        if limit.limit_usd is None:
            return
        reasons = [*self.unpriced.items(), *self.unbounded.items()]
        if reasons:
            key, reason = reasons[0]
            raise CostLimitError(
                f"{len(reasons)} of {counted(self.calls, 'call')} have no upper bound, and the run"
                f" has a cost limit; {key}: {reason}"
            )
        limit.demand_total(self.upper_bound_usd)


class _Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fingerprint: str
    input_tokens: Annotated[int, msgspec.Meta(ge=0)]


class TokenCounts:
    """Counts of input tokens by fingerprint of what was counted, in a file of JSON Lines.

    A line that cannot be read, such as the torn last one of a killed process, is passed over: what
    it held is counted again.
    """

    def __init__(self, path: Path) -> None:
        """Read what is there; the file is made when the first count is added."""
        self._path = path
        self._counts: dict[str, int] = {}
        decode = msgspec.json.Decoder(_Count).decode
        if path.exists():
            with path.open("rb") as stream:
                for line in read_lines(stream, str(path)):
                    row = line if isinstance(line, Problem) else decode_record(line[1], decode, "")
                    if not isinstance(row, Problem):
                        self._counts[row.fingerprint] = row.input_tokens

    def get(self, fingerprint: str) -> int | None:
        """Return a count, in tokens; None where there is none."""
        return self._counts.get(fingerprint)

    def add(self, fingerprint: str, input_tokens: int) -> None:
        """Keep a count."""
        self._counts[fingerprint] = input_tokens
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as stream:
            line = encode_line(_Count(fingerprint, input_tokens))
            stream.write(b"\n" + line if _is_torn(stream) else line)


async def estimate(
    questions: Sequence[Question],
    asker: Asker,
    *,
    counts: TokenCounts,
    at: datetime | None,
    batch: bool = False,
) -> Estimate:
    """Work out what questions cost at most.

    Args:
        questions: Any number; the same request is counted once.
        asker: How the API is asked; its cost limit is left alone, counting is free.
        counts: Counts of earlier runs; grows.
        at: When the questions will be asked; None: at the newest prices.
        batch: Whether they will be asked by the Message Batches API.

    Raises:
        RunStoppedError: If the API answers no call at all: a wrong key, a spending limit.
        ValueError: If two questions have the same key.
    """
    demand_own_keys(questions)
    bodies = {
        fingerprint_of("POST", COUNT_PATH, body): body
        for body in (count_body(question.request) for question in questions)
    }
    missing = {key: body for key, body in bodies.items() if counts.get(key) is None}
    refused: dict[str, str] = {}
    if missing:
        async with asker.connect() as client:
            refused = await _Counting(asker, client, counts).count(missing)
    bounding = _Bounding(asker.prices, at, batch, counts, refused)
    for question in questions:
        bounding.add(question)
    return Estimate(
        calls=len(questions),
        bounds=bounding.bounds,
        unpriced=bounding.unpriced,
        unbounded=bounding.unbounded,
        growing=tuple(q.key for q in questions if grows_its_input(q.request)),
    )


def estimate_all(
    questions: Sequence[Question],
    asker: Asker,
    *,
    counts: TokenCounts,
    at: datetime | None,
    batch: bool = False,
) -> Estimate:
    """Work out from synchronous code what questions cost at most; otherwise as `estimate`."""
    return run_to_end(lambda: estimate(questions, asker, counts=counts, at=at, batch=batch))


def count_body(request: Request) -> JsonObject:
    """Return what of a request is sent to be counted."""
    return {name: value for name, value in request.body.items() if name in _COUNTED}


def with_headroom(tokens: int) -> int:
    """Return how many tokens the input has at most, by its count."""
    return math.ceil(tokens * (1 + _HEADROOM_SHARE)) + _HEADROOM_TOKENS


@dataclass(slots=True)
class _Bounding:
    """Bounds of questions while they are worked out."""

    prices: Prices
    at: datetime | None
    batch: bool
    counts: TokenCounts
    refused: Mapping[str, str]
    bounds: dict[str, Decimal] = field(default_factory=dict)
    unpriced: dict[str, str] = field(default_factory=dict)
    unbounded: dict[str, str] = field(default_factory=dict)

    def add(self, question: Question) -> None:
        """Work out the bound of a question, or why it has none."""
        counted_as = fingerprint_of("POST", COUNT_PATH, count_body(question.request))
        tokens = self.counts.get(counted_as)
        try:
            bound = upper_bound_of(
                question.request,
                with_headroom(tokens or 0),
                self.prices,
                at=self.at,
                batch=self.batch,
            )
        except UnpricedModelError as error:
            self.unpriced[question.key] = str(error)
        except UnboundedCostError as error:
            self.unbounded[question.key] = str(error)
        else:
            if tokens is None:
                self.unbounded[question.key] = self.refused[counted_as]
            else:
                self.bounds[question.key] = bound


class _Counting:
    """Counts requests at a pace of its own: counting has rate limits of its own."""

    def __init__(self, asker: Asker, client: AsyncAnthropic, counts: TokenCounts) -> None:
        self._asker = asker
        self._client = client.with_options(max_retries=0)
        self._counts = counts
        self._pace: Pace = asker.pace.afresh()
        self._refused: dict[str, str] = {}

    async def count(self, bodies: Mapping[str, JsonObject]) -> dict[str, str]:
        """Count each, and return why some could not be counted; both by fingerprint."""
        left = iter(bodies.items())
        number = min(len(bodies), self._pace.maximum)
        workers = [asyncio.create_task(self._work(left)) for _ in range(number)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return self._refused

    async def _work(self, left: Iterator[tuple[str, JsonObject]]) -> None:
        for fingerprint, body in left:
            tokens = await self._tokens_of(body)
            if isinstance(tokens, Failure):
                said = one_line(tokens.error.message, 200)
                self._refused[fingerprint] = (
                    f"its input could not be counted: {tokens.error.type}: {said}"
                )
            else:
                self._counts.add(fingerprint, tokens)

    async def _tokens_of(self, body: JsonObject) -> int | Failure:
        for attempt in itertools.count(1):
            tokens = await self._attempt(body)
            if not isinstance(tokens, Failure):
                return tokens
            if tokens.fate is Fate.STOP:
                raise tokens.stopping_error()
            if tokens.fate is Fate.GIVE_UP or attempt >= self._asker.attempts:
                return tokens
            asked = retry_after_seconds(tokens.headers, self._pace.now())
            await self._asker.sleep(asked or self._asker.backoff.seconds(attempt))
        raise AssertionError("unreachable: the loop has no end")

    async def _attempt(self, body: JsonObject) -> int | Failure:
        async with self._pace.slot() as slot:
            try:
                answer: Any = await self._client.post(COUNT_PATH, body=body, cast_to=object)
                tokens = msgspec.convert(answer, _Counted).input_tokens
            except CAUGHT as error:  # msgspec's own is a ValueError
                failure = failure_of(error)
            except TypeError as error:  # what the SDK raises where it finds no key
                if "authentication" not in str(error):
                    raise
                failure = no_credentials()
            else:
                self._pace.succeeded(slot, {})
                return tokens
            if failure.is_overload:
                self._pace.overloaded(slot, failure.headers)
            else:
                self._pace.failed(failure.headers)
            return failure


class _Counted(msgspec.Struct, frozen=True):
    input_tokens: Annotated[int, msgspec.Meta(ge=0)]


def _is_torn(stream: IO[bytes]) -> bool:
    """Say whether a file does not end with a line's end."""
    if stream.seek(0, os.SEEK_END) == 0:
        return False
    stream.seek(-1, os.SEEK_END)
    return stream.read(1) != b"\n"
