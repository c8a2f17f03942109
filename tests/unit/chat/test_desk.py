"""Who is connected, how many from where, and how everybody is sent home."""

from __future__ import annotations

import pytest

from concierge_chat.desk import Presence
from concierge_core.errors import TooMany


class Tab:
    """A connection that notes how it was asked to leave."""

    def __init__(self) -> None:
        self.left: tuple[int, str, float] | None = None

    async def leave(self, code: int, reason: str, retry_after_seconds: float) -> None:
        self.left = code, reason, retry_after_seconds


def test_an_address_has_a_ceiling_and_who_leaves_makes_room() -> None:
    presence = Presence(per_address=2)
    with presence.connected(Tab(), "a"):
        with presence.connected(Tab(), "a"):
            with pytest.raises(TooMany), presence.connected(Tab(), "a"):
                pass
            with presence.connected(Tab(), "b"):
                pass
        with presence.connected(Tab(), "a"):
            pass


def test_a_guest_has_at_most_so_many_tabs() -> None:
    presence = Presence(per_address=99, per_session=1)
    with presence.session("g1"):
        with pytest.raises(TooMany), presence.session("g1"):
            pass
        with presence.session("g2"):
            pass


async def test_when_the_process_ends_everybody_is_asked_to_come_back_and_nobody_new_is_taken() -> None:
    presence = Presence(per_address=99)
    tabs = [Tab() for _ in range(20)]
    with presence.connected(tabs[0], "a"), presence.connected(tabs[1], "a"):
        await presence.drain()
        with pytest.raises(TooMany), presence.connected(Tab(), "a"):
            pass

    assert [tab.left[:2] for tab in tabs if tab.left] == [(1012, "restart")] * 2
    assert all(0 < tab.left[2] <= 6 for tab in tabs if tab.left)
