"""Token metrics: what is recorded, by whom it may be told apart, and how it leaves the process."""

import asyncio
import gc
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client.parser import text_string_to_metric_families
from standin import Answer, CutStream, StandIn, StreamError, Text, overloaded

import gonogo
from gonogo.claude.broken_calls import usage_until_then
from gonogo.claude.limiting import Limiting
from gonogo.claude.metering import Metering
from gonogo.errors import BadSettingsError
from gonogo.exchanges import CallError, Exchange, Request, Response, Usage
from gonogo.pricing import ConfiguredPrice
from gonogo.spend.labels import OTHER, Labels, pseudonym_of
from gonogo.spend.ledger import open_ledger
from gonogo.spend.limits import decode_spend_settings
from gonogo.spend.metrics import (
    COST_BOUNDS,
    INPUT_BOUNDS,
    OUTPUT_BOUNDS,
    MetricsSettings,
    TokenMetrics,
    decode_metrics_settings,
    start_metrics,
)

MODEL = "claude-sonnet-5-5"
PRICES = {MODEL: ConfiguredPrice(input_mtok=Decimal(1), output_mtok=Decimal(10))}
ENVIRONMENT = {"GONOGO_METRICS_KEY": "synthetic-secret-of-a-test"}
ASK: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Tell me of the sea."}],
}


def exchange(model: str = MODEL, **more: Any) -> Exchange:
    usage = more.pop("usage", {"input_tokens": 1_000, "output_tokens": 100})
    return Exchange(
        id="ex",
        request=Request({"model": model, "messages": []}),
        response=Response({"model": model, "content": []}),
        usage=None if usage is None else Usage(usage),
        **more,
    )


class Board:
    """Metrics, and what was recorded."""

    def __init__(self, **given: Any) -> None:
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider(metric_readers=[self.reader], shutdown_on_exit=False)
        self.metrics = TokenMetrics(
            MetricsSettings(**given), prices=PRICES, provider=self.provider, environment=ENVIRONMENT
        )

    def points(self, name: str) -> dict[tuple[tuple[str, Any], ...], Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            tuple(sorted((point.attributes or {}).items())): point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        }

    def names(self) -> set[str]:
        data = self.reader.get_metrics_data()
        assert data is not None
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        return {metric.name for scope in scopes for metric in scope.metrics}


def test_tokens_and_cost_are_recorded_with_model_department_and_domain() -> None:
    board = Board()
    board.metrics.record(exchange(department="legal", domain="customer_support", user="kim"))
    board.metrics.record(exchange(department="legal", domain="customer_support", user="lee"))
    key = (("department", "legal"), ("domain", "customer_support"), ("model", MODEL))
    for name, total, bounds in (
        ("claude.tokens.input", 2_000, INPUT_BOUNDS),
        ("claude.tokens.output", 200, OUTPUT_BOUNDS),
        ("claude.cost.per_request", pytest.approx(0.004), COST_BOUNDS),
    ):
        points = board.points(name)
        assert list(points) == [key]
        assert (points[key].count, points[key].sum) == (2, total)
        assert tuple(points[key].explicit_bounds) == bounds
    assert points[key].bucket_counts[COST_BOUNDS.index(0.003)] == 2


def test_the_input_is_the_whole_input_and_the_counters_follow_the_conventions() -> None:
    board = Board()
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "cache_read_input_tokens": 300,
        "cache_creation_input_tokens": 7,
    }
    board.metrics.record(exchange(usage=usage))
    found = {}
    for what in ("input_tokens", "output_tokens", "cache_read.input_tokens"):
        ((attributes, point),) = board.points(f"gen_ai.client.inference.usage.{what}").items()
        found[what] = point.value
        assert dict(attributes) == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": MODEL,
            "gen_ai.response.model": MODEL,
            "gen_ai.token.modality": "unknown",
        }
    assert found == {"input_tokens": 317, "output_tokens": 5, "cache_read.input_tokens": 300}
    (written,) = board.points("gen_ai.client.inference.usage.cache_write.input_tokens").values()
    assert written.value == 7
    (own,) = board.points("claude.tokens.input").values()
    assert own.sum == 317


def test_the_legacy_histogram_is_recorded_where_it_is_asked_for() -> None:
    board, asked = Board(), Board(legacy_token_usage=True)
    for each in (board, asked):
        each.metrics.record(exchange())
    assert "gen_ai.client.token.usage" not in board.names()
    sums = {
        dict(attributes)["gen_ai.token.type"]: point.sum
        for attributes, point in asked.points("gen_ai.client.token.usage").items()
    }
    assert sums == {"input": 1_000, "output": 100}


def test_users_are_off_or_pseudonyms_by_the_secret() -> None:
    hashed = Board(user="hashed")
    hashed.metrics.record(exchange(user="kim@example.com"))
    ((attributes, _),) = hashed.points("claude.tokens.input").items()
    user = dict(attributes)["user"]
    assert user == pseudonym_of("kim@example.com", ENVIRONMENT["GONOGO_METRICS_KEY"].encode())
    assert len(user) == 16
    assert "kim" not in user
    assert pseudonym_of("kim", b"one secret") != pseudonym_of("kim", b"another")


@pytest.mark.parametrize("environment", [{}, {"GONOGO_METRICS_KEY": "too short"}])
def test_users_are_not_hashed_without_a_secret(environment: dict[str, str]) -> None:
    with pytest.raises(BadSettingsError, match="GONOGO_METRICS_KEY") as refused:
        TokenMetrics(MetricsSettings(user="hashed"), environment=environment)
    assert "too short" not in str(refused.value)


def test_what_cannot_be_measured_is_counted() -> None:
    board = Board()
    board.metrics.record(exchange("claude-of-tomorrow"))
    board.metrics.record(exchange(usage=None))
    board.metrics.record(exchange(usage={"input_tokens": 10**400, "output_tokens": 1}))
    board.metrics.record(exchange(usage={"input_tokens": -5, "output_tokens": 1}))
    found = {
        (dict(attributes)["model"], dict(attributes)["reason"]): point.value
        for attributes, point in board.points("claude.requests.unmeasured").items()
    }
    assert found == {
        ("claude-of-tomorrow", "unpriced"): 1,
        (MODEL, "no_usage"): 1,
        (MODEL, "implausible"): 2,
    }
    assert [point.count for point in board.points("claude.tokens.input").values()] == [1]


def test_calls_that_the_api_failed_are_not_measured() -> None:
    board = Board()
    failed = Exchange(
        id="ex",
        request=Request({"model": MODEL}),
        response=None,
        usage=Usage({"input_tokens": 5}),
        error=CallError("overloaded_error"),
    )
    board.metrics.record(failed)
    board.metrics.record(exchange())
    assert [point.count for point in board.points("claude.tokens.input").values()] == [1]


@pytest.mark.parametrize(
    ("content", "written"),
    [
        ([{"type": "text", "text": "x" * 400}], 214),
        ([{"type": "text", "text": "x" * 4_000}], 1_000),
        ([{"type": "thinking", "thinking": "", "signature": "x"}], 1_000),
        ([{"type": "redacted_thinking", "data": "x"}], 1_000),
        ([{"type": "thinking", "thinking": "hm " * 100, "signature": ""}], 175),
        ([], 7),
    ],
)
def test_the_output_of_a_call_that_broke_off_is_what_came_or_all_where_it_is_hidden(
    content: list[Any], written: int
) -> None:
    broken = Exchange(
        id="ex",
        request=Request({"model": MODEL, "max_tokens": 1_000}),
        response=Response({"model": MODEL, "content": content}),
        usage=Usage({"input_tokens": 5, "output_tokens": 7}),
        error=CallError("abandoned"),
    )
    usage = usage_until_then(broken)
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (5, written)


def test_values_beyond_the_limit_become_other_and_nothing_is_lost() -> None:
    board = Board(max_models=3, max_users=2, user="hashed")
    for number in range(200):
        board.metrics.record(exchange(f"model-{number % 20}", user=f"user-{number}"))
    points = board.points("claude.tokens.input")
    assert len(points) <= 4 * 3
    assert sum(point.count for point in points.values()) == 200
    assert {dict(key)["model"] for key in points} == {"model-0", "model-1", "model-2", OTHER}


def test_combinations_beyond_the_limit_give_up_the_user_first() -> None:
    labels = Labels({"model": 10, "user": 10, "department": 10}, most_series=3)
    rows = [
        labels.bounded({"model": "m", "user": f"u{number}", "department": "d"})
        for number in range(5)
    ]
    assert [row["user"] for row in rows] == ["u0", "u1", "u2", OTHER, OTHER]
    assert rows[4] == {"model": OTHER, "user": OTHER, "department": OTHER}
    room = Labels({"model": 10, "user": 2}, most_series=3)
    assert [room.bounded({"model": "m", "user": u})["user"] for u in "abcd"] == [
        *"ab",
        OTHER,
        OTHER,
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"model": st.text(max_size=3), "user": st.none() | st.text()}),
        max_size=60,
    )
)
def test_there_are_never_more_series_than_the_limits_allow(rows: list[dict[str, Any]]) -> None:
    labels = Labels({"model": 3, "user": 4}, most_series=6)
    found = {tuple(labels.bounded(row).items()) for row in rows}
    assert len(found) <= 6 + 4
    for name, most in (("model", 3), ("user", 4)):
        assert len({dict(row)[name] for row in found if name in dict(row)}) <= most + 1


def test_threads_lose_nothing() -> None:
    board = Board()

    def work() -> None:
        for number in range(100):
            board.metrics.record(exchange(department=f"d{number % 5}"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(point.count for point in board.points("claude.tokens.input").values()) == 800


# ------------------------------------------------------------------ through the middleware


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as api:
        yield api


class Desk:
    """Clients whose calls are measured."""

    def __init__(self, url: str) -> None:
        self.board = Board(user="hashed")
        self.metering = Metering(self.board.metrics.record)
        self.options: dict[str, Any] = {
            "base_url": url,
            "api_key": "test",
            "middleware": [self.metering],
            "max_retries": 1,
        }

    def client(self) -> anthropic.Anthropic:
        return anthropic.Anthropic(**self.options)

    def async_client(self) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(**self.options)

    def input(self) -> dict[tuple[tuple[str, Any], ...], Any]:
        assert self.metering.flush()
        return self.board.points("claude.tokens.input")


def test_calls_and_streams_of_both_clients_are_measured(api: StandIn) -> None:
    desk = Desk(api.url)
    with desk.client() as client:
        one = client.messages.create(**ASK)
        with client.messages.stream(**ASK) as stream:
            two = stream.get_final_message()

    async def ask() -> list[anthropic.types.Message]:
        async with desk.async_client() as client:
            three = await client.messages.create(**ASK)
            async with client.messages.stream(**ASK) as stream:
                return [three, await stream.get_final_message()]

    messages = [one, two, *asyncio.run(ask())]
    (point,) = desk.input().values()
    assert point.count == 4
    assert point.sum == sum(message.usage.input_tokens for message in messages) > 0
    (output,) = desk.board.points("claude.tokens.output").values()
    assert output.sum == sum(message.usage.output_tokens for message in messages)


def test_calls_are_attributed_as_when_they_began(api: StandIn) -> None:
    desk = Desk(api.url)
    with desk.client() as client:
        with gonogo.attributed(user="kim", department="legal", domain="customer_support"):
            stream = client.messages.create(**ASK, stream=True)
        for _ in stream:
            pass
    ((attributes, _),) = desk.input().items()
    secret = ENVIRONMENT["GONOGO_METRICS_KEY"].encode()
    assert dict(attributes) == {
        "model": MODEL,
        "user": pseudonym_of("kim", secret),
        "department": "legal",
        "domain": "customer_support",
    }


def test_failed_attempts_are_not_measured_and_broken_ones_are(api: StandIn) -> None:
    desk = Desk(api.url)
    with desk.client() as client:
        api.script(overloaded(retry_after=0), times=1)
        client.messages.create(**ASK)
        assert [point.count for point in desk.input().values()] == [1]
        api.script(StreamError(), times=1)
        with pytest.raises(anthropic.APIStatusError), client.messages.stream(**ASK) as stream:
            stream.get_final_message()
        assert [point.count for point in desk.input().values()] == [1]
        api.script(CutStream(after_events=3), times=1)
        broken = pytest.raises((httpx2.TransportError, anthropic.APIConnectionError))
        with broken, client.messages.stream(**ASK) as stream:
            stream.get_final_message()
        assert [point.count for point in desk.input().values()] == [2]
        client.messages.count_tokens(model=MODEL, messages=ASK["messages"])
        assert [point.count for point in desk.input().values()] == [2]


def test_a_stream_that_nobody_reads_to_its_end_is_measured(api: StandIn) -> None:
    api.answer = lambda _: Answer((Text("The sea is wide. " * 200),))
    desk = Desk(api.url)
    client = desk.client()
    stream = client.messages.create(**ASK, stream=True)
    next(iter(stream))
    stream.response.close()
    del stream
    gc.collect()
    assert [point.count for point in desk.input().values()] == [1]
    client.close()


@pytest.mark.parametrize("how", ["left", "cut"])
def test_a_stream_that_breaks_off_is_measured_by_the_estimate_that_limits_take(
    api: StandIn, tmp_path: Path, how: str
) -> None:
    api.answer = lambda _: Answer((Text("The sea is wide. " * 20),))
    desk = Desk(api.url)
    table = {"limits": {"all": {"amount_usd": 1, "period": "monthly"}}}
    ledger = open_ledger(decode_spend_settings(table, "test"), tmp_path)
    limiting = Limiting(ledger, prices=PRICES)
    desk.options["middleware"] = [limiting, desk.metering]
    if how == "cut":
        api.script(CutStream(after_events=20), times=1)
    broken = suppress(httpx2.TransportError, anthropic.APIConnectionError)
    asked = ASK | {"max_tokens": 500}
    with desk.client() as client, broken, client.messages.stream(**asked) as stream:
        for _ in zip(range(30), stream, strict=False):
            pass
    assert desk.input()
    assert limiting.flush()
    (status,) = ledger.status({})
    (output,) = desk.board.points("claude.tokens.output").values()
    (cost,) = desk.board.points("claude.cost.per_request").values()
    assert 10 < output.sum < 500
    assert status.spent_usd == status.estimated_usd == round(Decimal(cost.sum), 6)
    (attributes,) = desk.board.points("claude.requests.unmeasured")
    assert ("reason", "estimated") in attributes
    ledger.close()


def test_what_recording_raises_does_not_reach_the_application(
    api: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Exchange] = []

    def broken(given: Exchange) -> None:
        told.append(given)
        raise ValueError("the sea")

    desk = Desk(api.url)
    desk.options["middleware"] = [metering := Metering(broken)]
    with desk.client() as client:
        client.messages.create(**ASK)
        client.messages.create(**ASK)
    assert metering.flush()
    assert len(told) == 2
    assert "ValueError" in caplog.text
    assert "the sea" not in caplog.text
    assert "sea" not in str(told)  # nothing of what was said is kept


# ------------------------------------------------------------------------- out of the process


def scrape(port: int | None) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
        text = reply.read().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_prometheus_scrapes_what_was_recorded() -> None:
    given = MetricsSettings(exporter="prometheus", port=0, user="hashed")
    with start_metrics(given, prices=PRICES, environment=ENVIRONMENT) as running:
        hostile = 'le"gal\n# TYPE x \ud800' + "x" * 500
        running.metrics.record(exchange(department=hostile, user="kim"))
        running.metrics.record(exchange(department="legal", user="kim"))
        families = scrape(running.port)
        again = scrape(running.port)
    samples = {
        (sample.name, sample.labels.get("le"), sample.labels["department"]): sample.value
        for sample in families["claude_tokens_input"].samples
        if "department" in sample.labels
    }
    assert samples["claude_tokens_input_sum", None, "legal"] == 1_000
    assert samples["claude_tokens_input_bucket", "500.0", "legal"] == 0
    assert samples["claude_tokens_input_bucket", "1000.0", "legal"] == 1
    cost = families["claude_cost_per_request_USD"]
    sums = [sample.value for sample in cost.samples if sample.name.endswith("_sum")]
    assert sums == [pytest.approx(0.002)] * 2
    total = families["gen_ai_client_inference_usage_input_tokens"].samples[0]
    assert total.name == "gen_ai_client_inference_usage_input_tokens_total"
    assert total.value == 2_000
    assert "x" not in families
    assert families.keys() == again.keys()
    assert "kim" not in str(families)


def test_a_port_in_use_is_said() -> None:
    with start_metrics(MetricsSettings(exporter="prometheus", port=0), environment={}) as running:
        taken = MetricsSettings(exporter="prometheus", port=running.port or 0)
        with pytest.raises(BadSettingsError, match=f"127.0.0.1:{running.port}.*another `port`"):
            start_metrics(taken, environment={})


class Receiver(BaseHTTPRequestHandler):
    """Takes OTLP over HTTP."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((self.path, self.headers["content-type"], body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_otlp_sends_what_was_recorded() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.received = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}/v1/metrics"
        given = MetricsSettings(exporter="otlp", endpoint=endpoint)
        with start_metrics(given, prices=PRICES, environment={}) as running:
            running.metrics.record(exchange(department="legal\udcff"))
            assert running.flush()
            running.metrics.record(exchange(department="legal\udcff"))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    received: list[tuple[str, str, bytes]] = server.received  # type: ignore[attr-defined]
    assert len(received) == 2
    assert received[0][:2] == ("/v1/metrics", "application/x-protobuf")
    counts = []
    for _, _, body in received:
        message = ExportMetricsServiceRequest.FromString(body)
        metrics = {
            metric.name: metric
            for resource in message.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }
        (point,) = metrics["claude.tokens.input"].histogram.data_points
        counts.append((point.count, point.sum))
        assert tuple(point.explicit_bounds) == INPUT_BOUNDS
        assert {pair.key for pair in point.attributes} == {"model", "department"}
    assert counts == [(1, 1_000), (2, 2_000)]


def test_settings_are_strict_and_hold_no_password() -> None:
    good = decode_metrics_settings({"exporter": "otlp", "endpoint": "http://c:4318/x"}, "p")
    assert good.user == "off"
    with pytest.raises(BadSettingsError, match=r"p \[tool.gonogo.metrics\].*exporter"):
        decode_metrics_settings({"exportr": "otlp"}, "p")
    with pytest.raises(BadSettingsError, match="OTEL_EXPORTER_OTLP_HEADERS") as refused:
        decode_metrics_settings({"endpoint": "http://me:pw@c/x"}, "p")
    assert "pw" not in str(refused.value)
    with pytest.raises(BadSettingsError, match="'prometheus' or 'otlp'"):
        start_metrics(MetricsSettings(), environment={})
