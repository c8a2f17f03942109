"""One reply for all that waits, one process at a time, nothing said twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from concierge_core.domain.conversation import Channel, Conversation, Ownership
from concierge_core.domain.ids import ConversationId, GuestId, TurnId
from concierge_core.domain.posting import post
from concierge_core.domain.turns import Turn, TurnState, claim, finish, is_claimable, is_current

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEASE = timedelta(seconds=8)


def conversation(ownership: Ownership = Ownership.CONCIERGE, last_seq: int = 0) -> Conversation:
    return Conversation(
        id=ConversationId("c"),
        guest_id=GuestId("g"),
        channel=Channel.WEB,
        ownership=ownership,
        created_at=NOW,
        updated_at=NOW,
        last_seq=last_seq,
    )


def posted(on: Conversation, open_turns: list[Turn], turn_id: str = "t1"):
    return post(on, open_turns, turn_id=TurnId(turn_id), holder="me", lease=LEASE, now=NOW)


def test_a_first_message_is_owed_a_reply_and_this_process_begins_at_once():
    posting = posted(conversation(), [])

    assert posting.conversation.last_seq == 1
    assert posting.owed is not None
    assert (posting.owed.state, posting.owed.holder, posting.owed.attempt) == (TurnState.RUNNING, "me", 1)


def test_writing_again_before_anything_was_shown_gets_one_reply_to_both():
    first = posted(conversation(), [])
    second = posted(first.conversation, [first.owed], "t2")

    assert second.superseded is not None
    assert second.superseded.state is TurnState.SUPERSEDED
    assert (second.owed.first_seq, second.owed.last_seq) == (1, 2)


def test_writing_again_after_something_was_shown_waits_for_its_own_reply():
    first = posted(conversation(), [])
    speaking = replace(first.owed, shown_at=NOW)
    second = posted(first.conversation, [speaking], "t2")

    assert second.superseded is None
    assert second.owed.state is TurnState.OWED
    assert (second.owed.first_seq, second.owed.last_seq) == (2, 2)


def test_messages_behind_a_reply_being_spoken_are_answered_together():
    speaking = replace(posted(conversation(), []).owed, shown_at=NOW)
    waiting = posted(conversation(last_seq=1), [speaking], "t2")
    third = posted(waiting.conversation, [speaking, waiting.owed], "t3")

    assert third.superseded.id == "t2"
    assert (third.owed.first_seq, third.owed.last_seq) == (2, 3)
    assert third.owed.state is TurnState.OWED


def test_no_reply_is_owed_while_staff_own():
    posting = posted(conversation(Ownership.STAFF, last_seq=3), [])

    assert posting.owed is None
    assert posting.conversation.last_seq == 4


def test_a_message_to_a_closed_conversation_is_owed_a_reply_again():
    posting = posted(conversation(Ownership.CLOSED, last_seq=3), [])

    assert posting.conversation.ownership is Ownership.CONCIERGE
    assert posting.owed is not None


def test_a_living_holder_keeps_its_turn():
    held = posted(conversation(), []).owed

    assert claim(held, "other", NOW + timedelta(seconds=7), LEASE) is None


def test_a_dead_holders_turn_is_taken_over_with_the_next_attempt():
    held = posted(conversation(), []).owed
    taken = claim(held, "other", NOW + timedelta(seconds=8), LEASE)

    assert taken is not None
    assert (taken.holder, taken.attempt) == ("other", 2)
    assert not is_current(taken, attempt=1)


def test_a_clock_set_back_an_hour_does_not_freeze_a_turn():
    held = posted(conversation(), []).owed

    assert is_claimable(held, NOW - timedelta(hours=1), LEASE)


def test_a_finished_turn_is_nobodys_any_more():
    done = finish(posted(conversation(), []).owed, NOW)

    assert not is_claimable(done, NOW + timedelta(days=1), LEASE)
    assert not is_current(done, 1)


@given(st.lists(st.sampled_from(["write", "show", "finish"]), max_size=30))
def test_every_guest_message_is_covered_by_exactly_one_living_or_finished_turn(steps: list[str]):
    talk, turns = conversation(), []
    for number, step in enumerate(steps):
        open_turns = [t for t in turns if t.state.is_open]
        if step == "write":
            posting = posted(talk, open_turns, f"t{number}")
            talk = posting.conversation
            if posting.superseded:
                turns = [posting.superseded if t.id == posting.superseded.id else t for t in turns]
            turns.append(posting.owed)
        elif open_turns:
            oldest = open_turns[0]
            running = oldest if oldest.state is TurnState.RUNNING else claim(oldest, "me", NOW, LEASE)
            changed = replace(running, shown_at=NOW) if step == "show" else finish(running, NOW)
            turns = [changed if t.id == oldest.id else t for t in turns]

    covering = [t for t in turns if t.state is not TurnState.SUPERSEDED]
    covered = sorted(seq for t in covering for seq in range(t.first_seq, t.last_seq + 1))
    assert covered == list(range(1, talk.last_seq + 1))
    assert sum(t.state is TurnState.RUNNING for t in turns) <= 1
