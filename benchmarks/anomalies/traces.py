"""Public traces of language model traffic as exchanges: whose tokens when, without any text.

Who asked, in which session and of which model is not in the traces (Mooncake's sessions apart): it
is made up here, with a seed. ServeGen's rates are thinned, evenly over each client's time, so that
bursts and seasons stay.
"""

import ast
import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np

from gonogo.exchanges import Exchange, Request, Response, Usage
from gonogo.pricing import ConfiguredPrice

BEGIN = datetime(2026, 9, 7, tzinfo=UTC)
BIN_SECONDS = 600
_READ = Decimal("0.1")
"""Price of a cache read in that of uncached input."""

CHEAP, DEAR = "claude-haiku-4-5", "claude-opus-5-5"
PRICES = {
    CHEAP: ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(5)),
    DEAR: ConfiguredPrice(input_mtok=Decimal(4), output_mtok=Decimal(20)),
}
"""Of the price list, without tiers: the list's own look-up takes longer than the watching."""


@dataclass(slots=True)
class Call:
    """One call of a trace, before it is made an exchange; injections change these.

    Attributes:
        at: Seconds since the trace began.
        user: Made up, or the trace's client.
        input: Tokens.
        output: Tokens.
        model: Made up.
        session: The trace's own, or an injection's; None otherwise.
        factor: Of the price.
        text: What an injection says; None: no text was recorded.
        reply: What is answered.
        reads: Tokens of the input that come from the cache.
        label: Which incident it belongs to; empty for the trace's own.
    """

    at: float
    user: str
    input: int
    output: int
    model: str
    session: str | None = None
    factor: float = 1.0
    text: str | None = None
    reply: str | None = None
    reads: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """A ServeGen client: its rates by ten minutes, and the sizes that it draws.

    Attributes:
        dear_share: Share of its calls that the dear model answers; made up.
        stays: How often a call goes to the model of the call before without being drawn anew.
    """

    name: str
    rates: np.ndarray
    sizes: np.ndarray
    dear_share: float
    stays: float

    def thinned(self, per_bin: float) -> np.ndarray:
        """Return mean calls by bin, such that half of the active bins have more than `per_bin`."""
        active = self.rates[self.rates > 0]
        scale = per_bin / float(np.median(active)) if len(active) else 0.0
        return np.minimum(self.rates * scale, 30 * per_bin)


def read_clients(folder: Path, seed: int) -> list[Client]:
    """Read the 43 clients of two weeks; those without sizes of their own draw of Azure's chats."""
    rng = np.random.default_rng(seed)
    chats = read_azure(folder, "conv")
    pool = np.array([(call.input, call.output) for call in chats])
    servegen = folder / "servegen" / "language" / "m-small"
    clients = []
    for path in sorted(servegen.glob("chunk-*-trace.csv"), key=lambda p: int(p.name.split("-")[1])):
        with path.open(newline="") as lines:
            rates = np.array([float(row[1]) for row in csv.reader(lines)])
        own = path.with_name(path.name.replace("trace.csv", "dataset.json"))
        has_own = own.exists() and own.stat().st_size > 0
        sizes = _own_sizes(own, rng) if has_own else pool
        shift = rng.lognormal(0, 0.5)
        scaled = np.maximum((sizes * [shift, 1.0]).round(), 1).astype(int)
        name = f"client-{path.name.split('-')[1]}"
        dear_share, stays = rng.choice([0.0, 0.1, 0.3]), rng.choice([0.0, 0.9])
        clients.append(Client(name, rates, scaled, float(dear_share), float(stays)))
    return clients


def calls_of(
    client: Client, rng: np.random.Generator, *, bins: range, per_bin: float
) -> list[Call]:
    """Draw the calls of a client in some of its ten minutes, in the order of time."""
    means = client.thinned(per_bin)
    calls: list[Call] = []
    for number in bins:
        for at in np.sort(rng.uniform(0, BIN_SECONDS, rng.poisson(means[number]))):
            size = client.sizes[rng.integers(len(client.sizes))]
            model = DEAR if rng.random() < client.dear_share else CHEAP
            if calls and rng.random() < client.stays:
                model = calls[-1].model
            calls.append(
                Call(number * BIN_SECONDS + at, client.name, int(size[0]), int(size[1]), model)
            )
    return calls


def read_azure(folder: Path, which: str, *, users: int = 8, seed: int = 0) -> list[Call]:
    """Read an hour of Azure's `conv` or `code` traffic; users are drawn at random."""
    rng = np.random.default_rng(seed)
    path = folder / "azure_llm_2023" / f"AzureLLMInferenceTrace_{which}.csv"
    calls: list[Call] = []
    with path.open(newline="") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["TIMESTAMP"][:26]).replace(tzinfo=UTC).timestamp()
            user = f"{which}-{rng.integers(users)}"
            tokens = int(row["ContextTokens"]), int(row["GeneratedTokens"])
            calls.append(Call(at, user, *tokens, CHEAP))
    begin = calls[0].at
    for call in calls:
        call.at -= begin
    return calls


def read_mooncake(folder: Path, which: str, *, users: int = 50, seed: int = 0) -> list[Call]:
    """Read Mooncake's traffic; a call whose prefix is a whole earlier call goes on its session."""
    rng = np.random.default_rng(seed)
    sessions: dict[tuple[int, ...], str] = {}
    owners: dict[str, str] = {}
    calls = []
    with (folder / "mooncake" / f"{which}_trace.jsonl").open() as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            blocks = tuple(row["hash_ids"])
            session = next(
                (
                    sessions[blocks[:size]]
                    for size in range(len(blocks) - 1, 0, -1)
                    if blocks[:size] in sessions
                ),
                f"{which}-{number}",
            )
            sessions[blocks[:-1] or blocks] = session
            user = owners.setdefault(session, f"{which}-u{rng.integers(users)}")
            at = row["timestamp"] / 1000
            tokens = row["input_length"], row["output_length"]
            calls.append(Call(at, user, *tokens, CHEAP, session=session))
    return calls


def exchanges_of(calls: list[Call], prefix: str = "x") -> Iterator[tuple[Exchange, Decimal]]:
    """Yield calls as exchanges in the order of time, each with its cost."""
    for number, call in enumerate(sorted(calls, key=lambda one: one.at)):
        price = PRICES[call.model]
        full = call.input - call.reads + _READ * call.reads
        cost = (full * price.input_mtok + call.output * price.output_mtok) / 1_000_000
        messages = [] if call.text is None else [{"role": "user", "content": call.text}]
        content = [] if call.reply is None else [{"type": "text", "text": call.reply}]
        exchange = Exchange(
            id=f"{prefix}{number}",
            request=Request({"model": call.model, "messages": messages}),
            response=Response({"model": call.model, "content": content}),
            usage=Usage(
                {
                    "input_tokens": call.input - call.reads,
                    "output_tokens": call.output,
                    "cache_read_input_tokens": call.reads,
                }
            ),
            at=BEGIN + timedelta(seconds=call.at),
            user=call.user or None,
            session=call.session,
        )
        yield exchange, cost * Decimal(call.factor)


@cache
def _histograms(path: Path) -> list[dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Read the histograms of each six hours that have any: lengths and their weights."""
    windows = [w for w in json.loads(path.read_text()).values() if len(w["input_tokens"]) > 2]
    read = [{name: ast.literal_eval(text) for name, text in window.items()} for window in windows]
    return [
        {
            name: (np.array(list(lengths), float), np.array(list(lengths.values()), float))
            for name, lengths in window.items()
        }
        for window in read
    ]


def _own_sizes(path: Path, rng: np.random.Generator, draws: int = 4000) -> np.ndarray:
    """Draw input and output tokens, apart from each other, of a client's published histograms."""
    windows = _histograms(path)
    columns = []
    for name in ("input_tokens", "output_tokens"):
        drawn = []
        for window in windows:
            values, weights = window[name]
            size = draws // len(windows) + 1
            drawn.append(rng.choice(values, size, p=weights / weights.sum()))
        columns.append(rng.permutation(np.concatenate(drawn))[:draws])
    return np.stack(columns, axis=1)
