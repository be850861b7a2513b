"""Token and cost metrics of exchanges, as they happen, through OpenTelemetry's API.

Where they go is the meter provider's: the application's own, or that of `gonogo.spend.exporters`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from gonogo.claude.broken_calls import is_failed
from gonogo.errors import BadSettingsError, UnpricedModelError
from gonogo.exchanges import Exchange, Usage
from gonogo.pricing import Prices, cost_of
from gonogo.setting_tables import decode_table
from gonogo.spend.exporters import ExporterSettings, RunningExporter, start_exporter
from gonogo.spend.labels import Labels, pseudonym_of

if TYPE_CHECKING:
    from opentelemetry.metrics import Counter, Histogram, Meter, MeterProvider

INPUT_BOUNDS: Final = (
    *(100.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 64e3),
    *(100e3, 200e3, 500e3, 1e6),
)
"""Upper bounds, inclusive, of the buckets of `claude.tokens.input`; the price of some models
changes above 100,000 and 200,000 tokens."""

OUTPUT_BOUNDS: Final = (
    *(10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3),
    *(64e3, 128e3),
)
"""Upper bounds, inclusive, of the buckets of `claude.tokens.output`."""

COST_BOUNDS: Final = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Upper bounds, inclusive, of the buckets of `claude.cost.per_request`, in US dollars."""

LEGACY_BOUNDS: Final = tuple(float(4**power) for power in range(14))
"""Upper bounds of `gen_ai.client.token.usage`, as OpenTelemetry's conventions set them."""

_SHORTEST_SECRET: Final = 16
_MOST_TOKENS: Final = 10**9
"""More are no count of tokens: a gateway's mistake would outweigh all else in a sum."""

Bound = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class MetricsSettings(ExporterSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `[tool.gonogo.metrics]` may say, beside where metrics go.

    Attributes:
        user: Whether metrics have an attribute `user`, and how: `off`, or `hashed` with a secret.
        user_key_variable: The environment variable that holds the secret, at least 16 bytes.
        legacy_token_usage: Whether to record `gen_ai.client.token.usage`, too.
        max_models: Models that are told apart; further ones become `other`. Likewise
            `max_users`, `max_departments` and `max_domains`.
        max_series: Combinations of attributes that are told apart, of each group of metrics.
    """

    user: Literal["off", "hashed"] = "off"
    user_key_variable: Annotated[str, msgspec.Meta(min_length=1)] = "GONOGO_METRICS_KEY"
    legacy_token_usage: bool = False
    max_models: Bound = 50
    max_users: Bound = 200
    max_departments: Bound = 100
    max_domains: Bound = 50
    max_series: Bound = 1_000


class TokenMetrics:
    """Records what exchanges used and cost; may be called from several threads.

    What cannot be measured is counted in `claude.requests.unmeasured`, by `reason`: `no_usage` (an
    answer without its tokens), `implausible` (no counts of tokens), `unpriced` (no cost),
    `estimated` (a call that broke off: its tokens are a guess on the safe side).
    """

    def __init__(
        self,
        settings: MetricsSettings | None = None,
        *,
        prices: Prices | None = None,
        provider: "MeterProvider | None" = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Make the instruments.

        Args:
            settings: Which attributes there are, and how many values.
            prices: Configured prices by model; they go before the list's.
            provider: Where metrics go; None: OpenTelemetry's global one.
            environment: Holds the secret of users' pseudonyms; needed where they are on.

        Raises:
            BadSettingsError: If users are to be hashed, and there is no secret or a short one.
        """
        from opentelemetry.metrics import get_meter  # noqa: PLC0415 - only where there are metrics

        given = settings or MetricsSettings()
        self._prices: Prices = prices or {}
        self._secret = _secret_of(given, environment or {}) if given.user == "hashed" else None
        self._labels = Labels(
            {
                "model": given.max_models,
                "user": given.max_users,
                "department": given.max_departments,
                "domain": given.max_domains,
            },
            most_series=given.max_series,
        )
        self._models = Labels(
            {"gen_ai.request.model": given.max_models, "gen_ai.response.model": given.max_models},
            most_series=given.max_series,
        )
        meter = get_meter("gonogo", meter_provider=provider)
        self._own = _OwnInstruments(meter)
        self._usage = _UsageCounters(meter)
        self._legacy = _legacy(meter) if given.legacy_token_usage else None

    def record(self, exchange: Exchange) -> None:
        """Record one exchange; one that the API ended with an error used nothing.

        Of an answer that was cut or left it is what the exchange says; the middleware `Metering`
        estimates the output until then, as limits do.
        """
        if is_failed(exchange):
            return
        usage = exchange.usage
        labels = self._labels_of(exchange)
        if usage is None:
            if exchange.response is not None:
                self._own.unmeasured.add(1, {**labels, "reason": "no_usage"})
            return
        if not _is_plausible(usage):
            self._own.unmeasured.add(1, {**labels, "reason": "implausible"})
            return
        self._record_tokens(exchange, usage, labels)
        if exchange.error is not None:
            self._own.unmeasured.add(1, {**labels, "reason": "estimated"})
        cost = self._cost_of(exchange)
        if cost is None:
            self._own.unmeasured.add(1, {**labels, "reason": "unpriced"})
        else:
            self._own.cost.record(float(cost), labels)

    def _record_tokens(self, exchange: Exchange, usage: Usage, labels: dict[str, str]) -> None:
        self._own.input.record(usage.input_tokens, labels)
        self._own.output.record(usage.output_tokens, labels)
        response = exchange.response
        models = {
            "gen_ai.request.model": exchange.request.model or exchange.model,
            "gen_ai.response.model": None if response is None else response.model,
        }
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            **self._models.bounded(models),
        }
        self._usage.add(usage, attributes)
        if self._legacy is not None:
            for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
                self._legacy.record(tokens, {**attributes, "gen_ai.token.type": kind})

    def _labels_of(self, exchange: Exchange) -> dict[str, str]:
        user = None
        if self._secret is not None and exchange.user:
            user = pseudonym_of(exchange.user, self._secret)
        return self._labels.bounded(
            {
                "model": exchange.answered_by,
                "user": user,
                "department": exchange.department,
                "domain": exchange.domain,
            }
        )

    def _cost_of(self, exchange: Exchange) -> Decimal | None:
        try:
            return cost_of(exchange, self._prices)
        except UnpricedModelError:
            return None


class RunningMetrics:
    """Metrics that are on their way to where the settings say; a context manager that stops them.

    Attributes:
        metrics: Takes exchanges.
    """

    def __init__(self, metrics: TokenMetrics, exporter: RunningExporter) -> None:
        self.metrics = metrics
        self._exporter = exporter

    @property
    def port(self) -> int | None:
        """Where Prometheus finds them; None: they are not for it."""
        return self._exporter.port

    def flush(self) -> bool:
        """Send what has been recorded, where it is sent; returns whether it arrived."""
        return self._exporter.flush()

    def stop(self) -> None:
        """Send what is left, and end; once."""
        self._exporter.stop()

    def __enter__(self) -> "RunningMetrics":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_metrics(
    settings: MetricsSettings,
    *,
    prices: Prices | None = None,
    environment: Mapping[str, str],
) -> RunningMetrics:
    """Set up a meter provider with the exporter of the settings, and metrics that go there.

    OpenTelemetry's global provider stays as it is. An application that has its own needs none of
    this: `TokenMetrics(provider=…)`.

    Args:
        settings: `exporter` must be `prometheus` or `otlp`.
        prices: Configured prices by model.
        environment: Holds the secret of users' pseudonyms: `os.environ`.

    Raises:
        MissingExtraError: If the exporter is not installed: `pip install 'gonogo[otel]'`.
        BadSettingsError: If there is no exporter, its address is in use, or the secret is missing.
    """
    if settings.user == "hashed":
        _secret_of(settings, environment)  # before anything is started
    exporter = start_exporter(settings)
    metrics = TokenMetrics(
        settings, prices=prices, provider=exporter.provider, environment=environment
    )
    return RunningMetrics(metrics, exporter)


def decode_metrics_settings(table: Mapping[str, object], place: str) -> MetricsSettings:
    """Decode the table `[tool.gonogo.metrics]`.

    Raises:
        BadSettingsError: If a key is unknown or of a wrong type; names the place and the key.
    """
    return decode_table(table, MetricsSettings, place=place, name="metrics")


class _OwnInstruments:
    def __init__(self, meter: "Meter") -> None:
        self.input = meter.create_histogram(
            "claude.tokens.input",
            "{token}",
            "Input of a request: uncached, cache writes and cache reads",
            explicit_bucket_boundaries_advisory=INPUT_BOUNDS,
        )
        self.output = meter.create_histogram(
            "claude.tokens.output",
            "{token}",
            "Output of a request, thinking included",
            explicit_bucket_boundaries_advisory=OUTPUT_BOUNDS,
        )
        self.cost = meter.create_histogram(
            "claude.cost.per_request",
            "USD",
            "What a request cost by the price list, in US dollars",
            explicit_bucket_boundaries_advisory=COST_BOUNDS,
        )
        self.unmeasured = meter.create_counter(
            "claude.requests.unmeasured",
            "{request}",
            "Requests whose tokens or cost are not known, by reason",
        )


class _UsageCounters:
    """The counters of OpenTelemetry's conventions (development status, so names may change)."""

    def __init__(self, meter: "Meter") -> None:
        def counter(what: str, description: str) -> "Counter":
            name = f"gen_ai.client.inference.usage.{what}"
            return meter.create_counter(name, "{token}", description)

        self._input = counter("input_tokens", "Input tokens, including cached ones")
        self._output = counter("output_tokens", "Output tokens, including reasoning")
        self._read = counter("cache_read.input_tokens", "Input tokens read from the cache")
        self._written = counter("cache_write.input_tokens", "Input tokens written to the cache")

    def add(self, usage: Usage, attributes: dict[str, str]) -> None:
        # the API does not break its counts down by modality, and so the conventions want this
        attributes = {**attributes, "gen_ai.token.modality": "unknown"}
        self._input.add(usage.input_tokens, attributes)
        self._output.add(usage.output_tokens, attributes)
        self._read.add(usage.cache_read_tokens, attributes)
        self._written.add(usage.cache_write_tokens, attributes)


def _legacy(meter: "Meter") -> "Histogram":
    return meter.create_histogram(
        "gen_ai.client.token.usage",
        "{token}",
        "Input and output tokens used",
        explicit_bucket_boundaries_advisory=LEGACY_BOUNDS,
    )


def _is_plausible(usage: Usage) -> bool:
    counts = (
        usage.uncached_tokens,
        usage.cache_read_tokens,
        usage.cache_write_tokens,
        usage.output_tokens,
    )
    return all(0 <= count <= _MOST_TOKENS for count in counts)


def _secret_of(settings: MetricsSettings, environment: Mapping[str, str]) -> bytes:
    secret = environment.get(settings.user_key_variable, "").encode(errors="surrogateescape")
    if len(secret) < _SHORTEST_SECRET:
        what = "is not set" if not secret else f"holds fewer than {_SHORTEST_SECRET} bytes"
        raise BadSettingsError(
            "[tool.gonogo.metrics] user = 'hashed': the environment variable"
            f" {settings.user_key_variable} {what}: set it to a random secret, such as what"
            " `openssl rand -hex 32` prints"
        )
    return secret
