"""Holds the calls that an application makes itself within the cost limit of the run.

Before each paid attempt the most that it can cost is set aside; what it did cost takes its place.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from gonogo.claude.cost_limit import CostLimit, Reservation
from gonogo.claude.estimating import COUNT_PATH, TokenCounts, count_body, with_headroom
from gonogo.errors import CostLimitError, UnpricedModelError
from gonogo.exchanges import Request
from gonogo.fingerprints import fingerprint_of
from gonogo.json_lines import JsonObject
from gonogo.pricing import Prices, cost_of, upper_bound_of
from gonogo.recordings.attempts import Attempt
from gonogo.recordings.tape import Sent
from gonogo.wires import MESSAGES_PATH, Ending

if TYPE_CHECKING:
    from anthropic import APIRequest

_BATCHES_PATH: Final = "/v1/messages/batches"


class _Counted(msgspec.Struct, frozen=True):
    input_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """The cost limit of a run, as an application's own calls meet it.

    Attributes:
        limit: Shared with all else that the run asks.
        prices: Configured prices by model.
        counts: Counts of input tokens; grows.
    """

    limit: CostLimit
    prices: Prices
    counts: TokenCounts
    _open: dict[tuple[str, int], Reservation] = field(default_factory=dict)

    def to_count(self, request: "APIRequest", sent: Sent) -> "APIRequest | None":
        """Return the request that counts the input of a paid one; None where that is not needed.

        Raises:
            CostLimitError: If the call is paid for, and nobody can tell beforehand how much.
        """
        if sent.path.startswith(_BATCHES_PATH) and sent.method == "POST":
            raise CostLimitError(
                "the application submits a batch, whose cost is not known beforehand, and the run"
                " has a cost limit: run it without one, or use gonogo record --batch"
            )
        body = _paid_body(sent)
        if body is None or self.counts.get(_counted_as(body)) is not None:
            return None
        return request.copy(url=COUNT_PATH, body=count_body(Request(body)))

    def take_count(self, sent: Sent, status: int, answer: bytes) -> None:
        """Keep a count.

        Raises:
            CostLimitError: If there is none.
        """
        try:
            tokens = msgspec.json.decode(answer, type=_Counted).input_tokens
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CostLimitError(
                f"the input of a call could not be counted (status {status}), and the run has a"
                " cost limit: run it without one"
            ) from error
        self.counts.add(_counted_as(_paid_body(sent) or {}), tokens)

    @contextmanager
    def reserved(self, sent: Sent) -> Iterator[None]:
        """Set aside what an attempt can cost at most, while it is made.

        An answer settles it, when its body has ended; an attempt that was never made costs nothing.

        Raises:
            CostLimitError: If that is more than is left.
            UnpricedModelError: If its model has no price.
            UnboundedCostError: If its cost has no bound.
        """
        body = _paid_body(sent)
        if body is None:
            yield
            return
        tokens = with_headroom(self.counts.get(_counted_as(body)) or 0)
        bound = upper_bound_of(Request(body), tokens, self.prices, at=datetime.now(UTC))
        key = sent.call, sent.attempt
        self._open[key] = self.limit.reserve(bound)
        try:
            yield
        except BaseException:  # what was made is settled by then, however it ended
            unmade = self._open.pop(key, None)
            if unmade is not None:
                self.limit.release(unmade)
            raise

    def settle(self, attempt: Attempt) -> None:
        """Take what an attempt cost; its upper bound where nobody knows."""
        if attempt.wire is None:
            return
        reservation = self._open.pop((attempt.wire.call, attempt.number), None)
        if reservation is not None:
            self.limit.settle(reservation, self._charge(attempt, reservation.bound_usd))

    def _charge(self, attempt: Attempt, bound: Decimal) -> Decimal:
        if attempt.status is not None and attempt.status >= 400:
            return Decimal(0)
        if attempt.exchange is None or attempt.wire is None:
            return bound
        if attempt.wire.ending is not Ending.COMPLETE or attempt.exchange.error is not None:
            return bound
        try:
            cost = cost_of(attempt.exchange, self.prices)
        except UnpricedModelError:
            return bound
        return bound if cost is None else cost


def _paid_body(sent: Sent) -> JsonObject | None:
    is_paid = sent.path == MESSAGES_PATH and sent.method == "POST"
    return sent.body if is_paid and isinstance(sent.body, dict) else None


def _counted_as(body: JsonObject) -> str:
    return fingerprint_of("POST", COUNT_PATH, count_body(Request(body)))
