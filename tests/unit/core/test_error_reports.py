"""What Sentry is told, where a DSN is set: the name and kind of an error, never what a guest wrote."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
import structlog
from pydantic import SecretStr

from concierge_core import telemetry
from concierge_core.settings import Settings


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Everything that would leave for Sentry."""
    sent: list[dict[str, Any]] = []

    class Sink(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope: Any) -> None:
            sent.extend(i.payload.json for i in envelope.items if i.payload.json)

    start = sentry_sdk.init
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: start(**options, transport=Sink))
    before, level = structlog.get_config(), logging.root.level
    telemetry.set_up(Settings(sentry_dsn=SecretStr("https://k@sentry.example/1")), service="test", tenant="house")
    (handler,) = logging.root.handlers  # set_up leaves only its own; it writes to what pytest captures for now
    yield sent
    logging.root.removeHandler(handler)
    logging.root.setLevel(level)
    sentry_sdk.get_client().close()
    telemetry._sentry_is_on = False
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()
    start()


def test_our_errors_are_reported_without_their_words(reports):
    try:
        raise ValueError("my wife is ill, said the guest")
    except ValueError:
        structlog.get_logger().exception("turn_failed", turn="t1")

    assert [r.get("message") for r in reports] == ["turn_failed"]
    assert reports[0]["tags"]["error.type"] == "ValueError"
    assert "my wife" not in str(reports)


def test_logs_say_what_failed_and_where_without_its_words():
    try:
        raise ValueError("my wife is ill, said the guest")
    except ValueError:
        line = telemetry._place_of_error(None, "error", {"event": "turn_failed", "exc_info": True})

    assert (line["event"], line["error"]) == ("turn_failed", "ValueError")
    assert "test_error_reports.py" in line["at"][0]
    assert "my wife" not in str(line)


def test_warnings_are_not_reported(reports):
    structlog.get_logger().warning("broadcast_lost")

    assert reports == []
