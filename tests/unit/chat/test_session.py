"""One guest's connection: order, gaps, deltas, ownership; without sockets."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concierge_chat.protocol import Hello, MarkRead, Ping, Refused, SendMessage, SetTyping
from concierge_chat.session import (
    NOTHING,
    GuestSession,
    ReadConversation,
    ReadEverything,
    ReadMessages,
    ReadRequest,
)
from concierge_core.domain.conversation import Author, Conversation, Message, Ownership
from concierge_core.domain.events import (
    ConversationChanged,
    KnowledgeChanged,
    MessagePosted,
    OwnershipChanged,
    ReplyDelta,
    ReplyWithdrawn,
    RequestChanged,
    TurnStarted,
    TypingChanged,
)
from concierge_core.domain.ids import ConversationId, MessageId, RequestId, StaffId, TurnId
from concierge_core.domain.people import Guest
from concierge_core.ports import Resync

C = ConversationId("c1")
T1, T2 = TurnId("t1"), TurnId("t2")
Make = Callable[..., Any]


def said(frames: Any) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in frames]


def delta(index: int, *, turn: TurnId = T1, attempt: int = 1) -> ReplyDelta:
    return ReplyDelta(C, turn, attempt, index, f"sentence {index}. ")


@pytest.fixture
def session(guest: Guest, make_conversation: Make) -> GuestSession:
    session = GuestSession()
    session.welcome(make_conversation(), guest, token="secret", staff_name=None, last_seq=0)
    return session


def test_nothing_is_done_before_hello() -> None:
    step = GuestSession().command(SendMessage(client_id="c1", text="hi"))

    assert step.do is None
    assert said(step.frames)[0]["code"] == "not_hello"


def test_hello_is_said_once(session: GuestSession) -> None:
    assert said(session.command(Hello()).frames)[0]["code"] == "not_hello"


def test_a_refused_frame_is_answered_by_its_error(session: GuestSession) -> None:
    step = session.command(Refused("malformed", "no", client_id="c9", about="message.send"))

    assert said(step.frames) == [
        {"type": "error", "code": "malformed", "message": "no", "client_id": "c9", "about": "message.send"}
    ]


def test_a_ping_is_answered_at_once(session: GuestSession) -> None:
    assert said(session.command(Ping()).frames) == [{"type": "pong"}]


def test_the_welcome_says_where_the_conversation_stands(guest: Guest, make_conversation: Make) -> None:
    conversation = make_conversation(
        last_seq=4, ownership=Ownership.STAFF, staff_id=StaffId("s1"), rating=5, staff_read_seq=3, language="de"
    )

    step = GuestSession().welcome(conversation, guest, token="secret", staff_name="Mia", last_seq=4)

    assert said(step.frames) == [
        {
            "type": "welcome",
            "token": "secret",
            "conversation": "c1",
            "last_seq": 4,
            "ownership": "staff",
            "status": "with_staff",
            "staff_name": "Mia",
            "language": "de",
            "guest": {
                "name": "Ada",
                "room_number": "204",
                "has_email": False,
                "has_phone": False,
                "consent_follow_up": False,
            },
            "rating": 5,
            "read": {"guest": 0, "staff": 3},
        }
    ]
    assert step.do is None


def test_a_guest_who_comes_back_gets_exactly_the_missing(
    guest: Guest, make_conversation: Make, make_message: Make
) -> None:
    session = GuestSession()

    step = session.welcome(make_conversation(last_seq=5), guest, token="t", staff_name=None, last_seq=3)
    frames = session.messages([make_message(4), make_message(5)])

    assert step.do == ReadMessages()
    assert [frame["seq"] for frame in said(frames)] == [4, 5]


def test_a_client_that_claims_messages_that_do_not_exist_gets_all(guest: Guest, make_conversation: Make) -> None:
    session = GuestSession()

    step = session.welcome(make_conversation(last_seq=2), guest, token="t", staff_name=None, last_seq=9)

    assert session.last_seq == 0
    assert step.do == ReadMessages()


def test_news_of_a_known_message_costs_no_look_at_the_database(session: GuestSession, make_message: Make) -> None:
    session.messages([make_message(1)])

    assert session.event(MessagePosted(C, 1, "guest")) == NOTHING
    assert session.event(MessagePosted(C, 2, "concierge")).do == ReadMessages()


def test_a_gap_ends_the_batch_and_the_rest_comes_in_order(session: GuestSession, make_message: Make) -> None:
    first = session.messages([make_message(1), make_message(3)])
    second = session.messages([make_message(2), make_message(3), make_message(4)])

    assert [f["seq"] for f in said(first)] == [1]
    assert [f["seq"] for f in said(second)] == [2, 3, 4]


@given(batches=st.lists(st.lists(st.integers(1, 12), max_size=6).map(sorted), max_size=20))
def test_whatever_is_read_messages_leave_in_order_and_once(batches: list[list[int]]) -> None:
    session = GuestSession()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    sent: list[int] = []
    for batch in batches:
        messages = [Message(MessageId("m"), C, seq, Author.GUEST, "x", at) for seq in batch]
        sent += [frame["seq"] for frame in said(session.messages(messages))]

    assert sent == list(range(1, len(sent) + 1))
    assert session.last_seq == len(sent)


def test_sentences_pass_in_order(session: GuestSession) -> None:
    frames = [frame for index in range(3) for frame in said(session.event(delta(index)).frames)]

    assert [(f["type"], f["turn"], f["attempt"], f["index"]) for f in frames] == [
        ("reply.delta", "t1", 1, 0),
        ("reply.delta", "t1", 1, 1),
        ("reply.delta", "t1", 1, 2),
    ]


def test_a_sentence_twice_or_after_a_gap_is_not_shown(session: GuestSession) -> None:
    session.event(delta(0))

    assert session.event(delta(0)) == NOTHING
    assert session.event(delta(2)) == NOTHING


def test_a_guest_who_comes_back_in_the_middle_of_a_reply_waits_for_the_whole(session: GuestSession) -> None:
    assert session.event(delta(3)) == NOTHING
    assert session.event(delta(4)) == NOTHING


def test_a_new_attempt_begins_afresh_and_the_old_one_is_silent(session: GuestSession) -> None:
    session.event(delta(0))
    session.event(delta(1))

    assert session.event(delta(0, attempt=2)).frames
    assert session.event(delta(2, attempt=1)) == NOTHING


def test_a_withdrawn_attempt_may_speak_again_from_its_first_sentence(session: GuestSession) -> None:
    session.event(delta(0))
    withdrawn = session.event(ReplyWithdrawn(C, T1, 1))

    assert said(withdrawn.frames) == [{"type": "reply.withdrawn", "turn": "t1", "attempt": 1}]
    assert session.event(delta(0)).frames


def test_an_attempt_that_died_takes_nothing_back_of_the_one_that_took_over(session: GuestSession) -> None:
    session.event(delta(0, attempt=2))

    assert session.event(ReplyWithdrawn(C, T1, 1)) == NOTHING
    assert session.event(delta(1, attempt=2)).frames


def test_nothing_of_a_turn_follows_its_reply(session: GuestSession, make_message: Make) -> None:
    session.event(delta(0))
    session.messages([make_message(1, Author.CONCIERGE, turn_id=T1)])

    assert session.event(delta(1)) == NOTHING
    assert session.event(delta(0, attempt=2)) == NOTHING
    assert session.event(ReplyWithdrawn(C, T1, 2)) == NOTHING
    assert session.event(TurnStarted(C, T1, 2)) == NOTHING
    assert session.event(delta(0, turn=T2)).frames


@given(
    st.lists(
        st.builds(ReplyDelta, st.just(C), st.just(T1), st.integers(1, 3), st.integers(0, 5), st.just("x")),
        max_size=40,
    )
)
def test_sentences_are_gapless_per_attempt_and_attempts_only_rise(deltas: list[ReplyDelta]) -> None:
    session = GuestSession()
    shown = [f for d in deltas for f in said(session.event(d).frames)]

    attempts = [f["attempt"] for f in shown]
    assert attempts == sorted(attempts)
    for attempt in set(attempts):
        assert [f["index"] for f in shown if f["attempt"] == attempt] == list(range(attempts.count(attempt)))


def test_a_lost_withdrawal_is_made_good_by_a_look_at_the_database(session: GuestSession) -> None:
    session.event(delta(0))

    assert session.event(Resync()).do == ReadEverything(T1)
    assert said(session.turn_ended(T1)) == [{"type": "reply.withdrawn", "turn": "t1", "attempt": 1}]
    assert session.turn_ended(T1) == ()


def test_ownership_is_told_when_it_changes_and_only_then(session: GuestSession, make_conversation: Make) -> None:
    taken: Conversation = make_conversation(ownership=Ownership.STAFF, staff_id=StaffId("s1"))

    assert session.event(OwnershipChanged(C)).do == ReadConversation()
    assert said(session.conversation(taken, "Mia")) == [
        {"type": "ownership", "ownership": "staff", "status": "with_staff", "staff_name": "Mia"}
    ]
    assert session.conversation(taken, "Mia") == ()


def test_read_marks_rise_and_are_told_once(session: GuestSession, make_conversation: Make) -> None:
    assert session.event(ConversationChanged(C)).do == ReadConversation()
    assert said(session.conversation(make_conversation(staff_read_seq=2, guest_read_seq=1), None)) == [
        {"type": "read", "seq": 2, "by": "staff"},
        {"type": "read", "seq": 1, "by": "guest"},
    ]
    assert session.conversation(make_conversation(staff_read_seq=1), None) == ()
    assert session.command(MarkRead(seq=1)) == NOTHING
    assert session.command(MarkRead(seq=2)).do == MarkRead(seq=2)


def test_a_service_request_is_looked_up(session: GuestSession) -> None:
    assert session.event(RequestChanged(RequestId("r1"), C)).do == ReadRequest(RequestId("r1"))


def test_staff_are_seen_typing_and_the_guest_is_not_told_of_their_own(session: GuestSession) -> None:
    assert said(session.event(TypingChanged(C, "staff", True)).frames) == [
        {"type": "typing", "author": "staff", "active": True}
    ]
    assert session.event(TypingChanged(C, "guest", True)) == NOTHING


def test_that_the_guest_does_not_type_is_said_once(session: GuestSession) -> None:
    assert session.command(SetTyping(active=False)) == NOTHING
    assert session.command(SetTyping(active=True)).do == SetTyping(active=True)
    assert session.command(SetTyping(active=False)).do == SetTyping(active=False)
    assert session.command(SetTyping(active=False)) == NOTHING


def test_events_of_no_concern_to_a_guest_are_ignored(session: GuestSession) -> None:
    assert session.event(KnowledgeChanged()) == NOTHING
