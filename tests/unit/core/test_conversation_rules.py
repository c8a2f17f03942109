"""Who may speak, and when that changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from concierge_core.domain.conversation import (
    Channel,
    Conversation,
    Ownership,
    Priority,
    Status,
    closed,
    handed_back,
    handed_off,
    handoff_expired,
    may_reply_as_staff,
    reopened,
    taken_over,
)
from concierge_core.domain.ids import ConversationId, GuestId, StaffId
from concierge_core.errors import Conflict

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ANNA, BEN = StaffId("anna"), StaffId("ben")


def conversation(**changes: object) -> Conversation:
    plain = Conversation(
        id=ConversationId("c"),
        guest_id=GuestId("g"),
        channel=Channel.WEB,
        ownership=Ownership.CONCIERGE,
        created_at=NOW,
        updated_at=NOW,
        last_seq=7,
    )
    return replace(plain, **changes)


def waiting() -> Conversation:
    return handed_off(conversation(), reason="guest_wish", accept_by=NOW + timedelta(minutes=2), now=NOW)


def test_a_handed_off_conversation_waits_for_a_person():
    assert waiting().status is Status.WAITING
    assert waiting().ownership is Ownership.STAFF


def test_handing_off_what_staff_already_own_changes_nothing():
    owned = taken_over(conversation(), ANNA, NOW)

    assert handed_off(owned, reason="again", accept_by=NOW, now=NOW) == owned


def test_taking_over_ends_the_waiting():
    owned = taken_over(waiting(), ANNA, NOW)

    assert owned.status is Status.WITH_STAFF
    assert owned.accept_by is None


def test_a_second_colleague_is_refused():
    with pytest.raises(Conflict):
        taken_over(taken_over(conversation(), ANNA, NOW), BEN, NOW)


def test_taking_over_twice_is_the_same_as_once():
    once = taken_over(conversation(), ANNA, NOW)

    assert taken_over(once, ANNA, NOW) == once


def test_a_hand_back_starts_with_fresh_context():
    back = handed_back(taken_over(conversation(), ANNA, NOW), ANNA, NOW)

    assert back.ownership is Ownership.CONCIERGE
    assert back.context_from_seq == 8


def test_only_the_owner_hands_back():
    with pytest.raises(Conflict):
        handed_back(taken_over(conversation(), ANNA, NOW), BEN, NOW)


def test_a_hand_off_in_time_does_not_expire():
    assert handoff_expired(waiting(), NOW + timedelta(seconds=119)) is None


def test_a_hand_off_nobody_accepted_goes_back_with_its_context():
    back = handoff_expired(waiting(), NOW + timedelta(minutes=2))

    assert back is not None
    assert back.ownership is Ownership.CONCIERGE
    assert back.context_from_seq == 1


def test_an_accepted_hand_off_never_expires():
    assert handoff_expired(taken_over(waiting(), ANNA, NOW), NOW + timedelta(days=1)) is None


def test_writing_to_a_closed_conversation_reopens_it_afresh():
    again = reopened(closed(conversation(), ANNA, NOW), NOW)

    assert again.ownership is Ownership.CONCIERGE
    assert again.context_from_seq == 8


def test_a_reply_blind_to_the_last_message_is_refused():
    owned = taken_over(conversation(), ANNA, NOW)

    with pytest.raises(Conflict):
        may_reply_as_staff(owned, ANNA, last_seen_seq=6)
    may_reply_as_staff(owned, ANNA, last_seen_seq=7)


def test_a_reply_by_somebody_who_does_not_own_is_refused():
    with pytest.raises(Conflict):
        may_reply_as_staff(conversation(), ANNA, last_seen_seq=7)


def test_a_clock_set_back_does_not_keep_a_guest_waiting():
    assert handoff_expired(waiting(), NOW - timedelta(hours=1)) is not None


def test_an_emergency_waits_for_a_person_for_as_long_as_it_takes():
    emergency = replace(waiting(), priority=Priority.URGENT)
    later = handoff_expired(emergency, NOW + timedelta(minutes=2))

    assert later is not None
    assert later.status is Status.WAITING
    assert handoff_expired(later, NOW + timedelta(hours=2)) is None


def test_a_colleagues_conversation_is_not_closed_under_their_hands():
    with pytest.raises(Conflict):
        closed(taken_over(conversation(), ANNA, NOW), BEN, NOW)
