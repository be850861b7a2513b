"""Sets up where metrics go: scraped by Prometheus, or sent by OTLP; needs the extra `[otel]`."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from gonogo.errors import BadSettingsError, MissingExtraError

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricReader


class ExporterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where metrics go.

    Attributes:
        exporter: `prometheus`: a port of this process shows them; `otlp`: they are sent by HTTP;
            `none`: nowhere.
        host: Address that Prometheus asks; the metrics are readable by whoever reaches it.
        port: Its port; 0: a free one.
        endpoint: URL that OTLP is sent to, with its path; None: what the environment's
            `OTEL_EXPORTER_OTLP_…` say, else `http://localhost:4318/v1/metrics`. Keys belong into
            `OTEL_EXPORTER_OTLP_HEADERS`.
        interval_seconds: How often OTLP is sent.
        timeout_seconds: How long one sending may take, its retries included.
    """

    exporter: Literal["none", "prometheus", "otlp"] = "none"
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 9464
    endpoint: str | None = None
    interval_seconds: Annotated[float, msgspec.Meta(ge=1, le=3_600)] = 60.0
    timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 10.0

    def __post_init__(self) -> None:
        """Refuse an endpoint that holds a password: settings are committed.

        Raises:
            ValueError: If it does, or is no URL.
        """
        if self.endpoint is None:
            return
        if not self.endpoint.startswith(("http://", "https://")):
            raise ValueError("endpoint: expected a URL that begins with http:// or https://")
        if "@" in self.endpoint:
            raise ValueError("endpoint: holds a user or password: use OTEL_EXPORTER_OTLP_HEADERS")


class RunningExporter:
    """A meter provider whose metrics are shown or sent until it is stopped.

    Attributes:
        provider: Makes the meters.
        port: That Prometheus asks; None: there is none.
    """

    def __init__(
        self, reader: "MetricReader", *, port: int | None, close: Callable[[], None]
    ) -> None:
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415 - heavy, an extra

        self.provider = MeterProvider(metric_readers=[reader])
        self.port = port
        self._close = close
        self._is_stopped = False

    def flush(self) -> bool:
        """Send what has been recorded; returns whether it arrived."""
        return self.provider.force_flush()

    def stop(self) -> None:
        """Send what is left, and end; once."""
        if not self._is_stopped:
            self._is_stopped = True
            self.provider.shutdown()
            self._close()


def start_exporter(settings: ExporterSettings) -> RunningExporter:
    """Start what shows or sends metrics.

    Raises:
        MissingExtraError: If it is not installed.
        BadSettingsError: If there is none, or its address is in use.
    """
    if settings.exporter == "none":
        raise BadSettingsError(
            "[tool.gonogo.metrics] exporter = 'none': expected 'prometheus' or 'otlp'"
        )
    try:
        return _started(settings)
    except ImportError as error:
        raise MissingExtraError(
            f"the exporter {settings.exporter!r} of metrics is not installed:"
            " pip install 'gonogo[otel]'"
        ) from error


def _started(settings: ExporterSettings) -> RunningExporter:
    return _prometheus(settings) if settings.exporter == "prometheus" else _otlp(settings)


def _prometheus(settings: ExporterSettings) -> RunningExporter:
    from opentelemetry.exporter.prometheus import (  # noqa: PLC0415 - an extra
        PrometheusMetricReader,
    )
    from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415 - an extra

    registry = CollectorRegistry()  # of its own: the global one is the application's
    with ExitStack() as undo:
        reader = PrometheusMetricReader(registry=registry)
        try:
            server, thread = start_http_server(settings.port, settings.host, registry)
        except OSError as error:
            raise BadSettingsError(
                f"[tool.gonogo.metrics] cannot listen on {settings.host}:{settings.port}:"
                f" {error.strerror}: set another `port`"
            ) from error

        def close() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        undo.callback(close)
        running = RunningExporter(reader, port=server.server_port, close=close)
        undo.pop_all()
    return running


def _otlp(settings: ExporterSettings) -> RunningExporter:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import (  # noqa: PLC0415 - an extra
        OTLPMetricExporter,
    )
    from opentelemetry.sdk.metrics.export import (  # noqa: PLC0415 - an extra
        PeriodicExportingMetricReader,
    )

    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(endpoint=settings.endpoint, timeout=settings.timeout_seconds),
        export_interval_millis=settings.interval_seconds * 1_000,
        export_timeout_millis=settings.timeout_seconds * 1_000,
    )
    return RunningExporter(reader, port=None, close=lambda: None)
