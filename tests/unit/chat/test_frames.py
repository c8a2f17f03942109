"""Frames to the guest: valid JSON, plain text, nothing that is not theirs to know."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from concierge_chat import frames
from concierge_core.domain.conversation import Author
from concierge_core.domain.ids import TurnId
from concierge_core.domain.understanding import Provenance, Rung, Source

Make = Callable[..., Any]


@given(text=st.text(st.characters(codec=None)), index=st.integers(0, 1000))
def test_any_text_becomes_a_frame_that_can_be_sent_and_read_back(text: str, index: int) -> None:
    frame = frames.reply_delta("t1", 1, index, text)

    frame.encode("utf-8")
    shown = json.loads(frame)
    assert shown["index"] == index
    assert shown["text"] == text.encode("utf-8", "replace").decode()


def test_a_reply_says_that_it_is_an_ais_and_what_it_rests_on(make_message: Make) -> None:
    provenance = Provenance(
        Rung.EMBEDDED,
        model="secret-model",
        confidence=0.7,
        sources=(Source("a1", "Breakfast", datetime(2026, 5, 1, tzinfo=UTC)), Source("a2", "Pool")),
        quick_replies=("Thanks",),
        input_tokens=99,
    )
    message = make_message(2, Author.CONCIERGE, provenance=provenance, turn_id=TurnId("t1"))

    assert json.loads(frames.message(message)) == {
        "type": "message",
        "seq": 2,
        "author": "concierge",
        "text": "message 2",
        "at": "2026-11-24T12:00:00.000Z",
        "turn": "t1",
        "ai": True,
        "rung": "embedded",
        "sources": [{"title": "Breakfast", "updated_at": "2026-05-01T00:00:00.000Z"}, {"title": "Pool"}],
        "quick_replies": ["Thanks"],
    }


def test_a_guests_own_message_carries_its_client_id_and_a_staff_members_does_not(make_message: Make) -> None:
    own = json.loads(frames.message(make_message(1, client_id="c1")))
    theirs = json.loads(frames.message(make_message(2, Author.STAFF, client_id="staff:1:c1", staff_name="Mia")))

    assert own["client_id"] == "c1"
    assert own["ai"] is False
    assert "client_id" not in theirs
    assert theirs["staff_name"] == "Mia"


def test_waiting_times_are_whole_seconds_of_at_least_one() -> None:
    assert json.loads(frames.error("too_many", "wait", retry_after_seconds=0.2))["retry_after_seconds"] == 1
    assert "retry_after_seconds" not in json.loads(frames.error("malformed", "no"))
