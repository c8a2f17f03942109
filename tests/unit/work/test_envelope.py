"""What travels beside a task's arguments."""

from __future__ import annotations

from datetime import UTC, datetime

from concierge_core.work.envelope import Envelope


def test_an_envelope_arrives_as_it_was_sent() -> None:
    envelope = Envelope(42, datetime(2026, 11, 24, 2, tzinfo=UTC), "00-" + "a" * 32 + "-" + "b" * 16 + "-01")

    assert Envelope.from_headers(envelope.to_headers()) == envelope


def test_work_of_beat_has_no_entry() -> None:
    assert Envelope.from_headers({"celery_beat_task": True}) == Envelope()
    assert Envelope().to_headers() == {}
