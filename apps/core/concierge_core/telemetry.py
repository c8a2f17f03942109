"""Traces and logs. One trace leads from the guest's message through the model to the delivered reply.

Export happens only where the standard `OTEL_EXPORTER_OTLP_*` variables or the property's YAML say so; the trace context
is always kept, so that logs carry it. Nothing here ever sees guest text: attributes are ids, counts, names, durations.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind

from concierge_core.settings import Settings

tracer = trace.get_tracer("concierge")


def set_up(settings: Settings, *, service: str, tenant: str) -> None:
    """Call once per process, after any fork: logging, tracer provider, and Sentry where a DSN is set. A process that
    serves all tenants gives none."""
    _set_up_logging(settings)
    structlog.contextvars.bind_contextvars(service=service, **({"tenant": tenant} if tenant else {}))
    _set_up_tracing(settings, service, tenant)
    if settings.sentry_dsn is not None:
        _set_up_sentry(settings.sentry_dsn.get_secret_value(), service, tenant)


def current_traceparent() -> str | None:
    """The W3C context of the current span, to be stored with work that another process may do."""
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get("traceparent")


def outgoing_headers() -> dict[str, str]:
    """Headers that continue the current trace in the peer."""
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier


@contextmanager
def span(
    name: str,
    *,
    traceparent: str | None = None,
    headers: Mapping[str, str] | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    **attributes: Any,
) -> Iterator[Span]:
    """A span, continuing a stored context or a peer's headers when given. Attributes that are None are left out."""
    carrier = {"traceparent": traceparent} if traceparent else dict(headers or {})
    context = extract(carrier) if carrier.get("traceparent") else None
    known = {k.replace("__", "."): v for k, v in attributes.items() if v is not None}
    # An exception's words may repeat what a guest wrote: only its kind is told.
    with tracer.start_as_current_span(
        name, context=context, kind=kind, attributes=known, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            raise


def _set_up_tracing(settings: Settings, service: str, tenant: str) -> None:
    resource = Resource.create({"service.name": f"concierge-{service}", "concierge.tenant": tenant})
    provider = TracerProvider(resource=resource, sampler=_sampler(settings))
    standard = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    if standard or settings.otlp_endpoint:
        # Imported only when used: the exporter brings protobuf and requests, 15 MB.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        own = None if standard else f"{settings.otlp_endpoint}".rstrip("/") + "/v1/traces"
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=own)))
    trace.set_tracer_provider(provider)


def _sampler(settings: Settings) -> Sampler | None:
    """The property's share of traces; None leaves it to the standard variables."""
    if os.environ.get("OTEL_TRACES_SAMPLER"):
        return None
    return ParentBased(TraceIdRatioBased(settings.trace_sample_ratio))


def _set_up_sentry(dsn: str, service: str, tenant: str) -> None:
    global _sentry_is_on
    import sentry_sdk
    from sentry_sdk.integrations.logging import ignore_logger

    # Local variables would carry guest text; request bodies are guest text.
    sentry_sdk.init(
        dsn=dsn,
        include_local_variables=False,
        max_request_body_size="never",
        server_name=service,
        default_integrations=True,
    )
    sentry_sdk.set_tag("tenant", tenant)
    ignore_logger("celery.worker.consumer.consumer")  # a broker that is away is no error of ours: work waits
    _sentry_is_on = True


def _set_up_logging(settings: Settings) -> None:
    level = logging.getLevelNamesMapping().get(settings.log_level.upper(), logging.INFO)
    console = settings.log_format == "console"
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace_id,
    ]
    structlog.configure(
        processors=[*shared, _tell_sentry, _place_of_error, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Access lines and SQL would repeat URLs and values; our own events say what matters.
    for name in ("uvicorn.access", "uvicorn.error", "httpx", "httpcore", "sqlalchemy.engine"):
        logging.getLogger(name).setLevel(logging.WARNING)


_sentry_is_on = False


def _tell_sentry(_logger: Any, method: str, event: Any) -> Any:
    """Our own errors, which never pass through the standard library's logging: their name, kind and ids."""
    if not _sentry_is_on or method not in ("error", "exception", "critical"):
        return event
    import sentry_sdk

    with sentry_sdk.new_scope() as scope:
        for key, value in event.items():
            if key not in ("event", "exc_info", "exception") and isinstance(value, str | int | float | bool):
                scope.set_tag(key, value)
        error = sys.exc_info()[1]
        scope.set_tag("error.type", type(error).__name__ if error else "none")
        sentry_sdk.capture_message(str(event.get("event")), level="error")
    return event


def _place_of_error(_logger: Any, _method: str, event: Any) -> Any:
    """An exception's kind and where it came from. Its words may repeat what a guest wrote, so they are left out."""
    if event.pop("exc_info", None):
        error = sys.exc_info()[1]
        frames = traceback.extract_tb(error.__traceback__)[-6:] if error else []
        event["error"] = type(error).__name__
        event["at"] = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
    return event


def _add_trace_id(_logger: Any, _method: str, event: Any) -> Any:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = trace.format_trace_id(context.trace_id)
    return event
