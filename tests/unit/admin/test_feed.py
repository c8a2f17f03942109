from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from concierge_admin.feed import Feed
from concierge_core.domain.events import (
    Event,
    MessagePosted,
    OutboxAdvanced,
    OwnershipChanged,
    ReplyDelta,
    to_json,
)
from concierge_core.domain.ids import ConversationId, TurnId

HERE = ConversationId("c1")


@dataclass
class Entry:
    id: int
    position: int | None
    kind: str
    payload: dict[str, Any]
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


def stored(position: int, event: Event) -> Entry:
    return Entry(position, position, event.kind, to_json(event))


def test_an_event_is_told_at_once_and_only_its_position_later() -> None:
    feed, event = Feed(position=4), MessagePosted(HERE, 1, "guest", "00-trace")

    at_once = feed.heard(event)
    later = feed.stored([stored(5, event)])

    assert at_once is not None
    assert at_once.data == {"kind": "message_posted", "conversation_id": "c1", "seq": 1, "author": "guest"}
    assert [n.encode() for n in later] == [b"id: 5\n\n"]
    assert feed.position == 5


def test_what_the_broadcast_lost_is_told_from_the_outbox() -> None:
    feed = Feed(position=4)

    [notice] = feed.stored([stored(5, OwnershipChanged(HERE))])

    assert notice.encode() == (
        b'id: 5\nevent: notice\ndata: {"conversation_id": "c1", "kind": "ownership_changed"}\n\n'
    ) or notice.data == {"kind": "ownership_changed", "conversation_id": "c1"}


def test_the_same_change_twice_is_told_twice() -> None:
    feed, event = Feed(position=0), OwnershipChanged(HERE)

    feed.heard(event)
    notices = feed.stored([stored(1, event), stored(2, event)])

    assert [n.data is None for n in notices] == [True, False]


def test_a_reply_as_it_grows_never_waits_for_a_position() -> None:
    feed = Feed(position=0)

    notice = feed.heard(ReplyDelta(HERE, TurnId("t"), 1, 0, "Guten Tag\n\ndata: forged"))

    assert notice is not None
    assert notice.position is None
    assert notice.encode().count(b"\n") == 3


def test_the_relays_word_only_means_read_on() -> None:
    assert Feed(position=0).heard(OutboxAdvanced(9)) is None


def test_after_too_much_was_missed_the_page_reads_everything_again() -> None:
    feed = Feed(position=0)

    notice = feed.start_over(9000)

    assert notice.data == {"kind": "resync"}
    assert feed.position == 9000
