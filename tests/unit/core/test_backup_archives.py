"""Archives as streams of bytes: what goes in comes out, and nothing else is taken for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concierge_core.backup import sealed_stream
from concierge_core.backup.handover import Handover, opened, sealed
from concierge_core.backup.manifest import archive_name, moment_of
from concierge_core.backup.retention import outdated
from concierge_core.backup.sealed_stream import seal, unseal
from concierge_core.backup.unusable import ArchiveUnusable

WORDS = "correct horse battery staple"
NOW = datetime(2026, 11, 26, 3, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_stream, "_COSTS", (4, 8, 1))


def cut(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


BLOCK = 64 * 1024
SEVERAL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SEVERAL
@given(
    length=st.one_of(st.integers(0, 300), st.sampled_from([BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])),
    into=st.integers(1, 200_000),
    out=st.integers(100, 200_000),
)
def test_what_was_sealed_is_unsealed_however_it_is_cut_on_its_way(length: int, into: int, out: int) -> None:
    content = bytes(n % 251 for n in range(length))

    stored = b"".join(seal(cut(content, into), WORDS))

    assert b"".join(unseal(cut(stored, out), WORDS)) == content


@SEVERAL
@given(data=st.data())
def test_a_sealed_stream_that_was_changed_anywhere_is_refused(data: st.DataObject) -> None:
    stored = bytearray(b"".join(seal(cut(bytes(2 * BLOCK + 7), BLOCK), WORDS)))
    where = data.draw(st.integers(len(sealed_stream.MAGIC), len(stored) - 1))
    stored[where] ^= data.draw(st.integers(1, 255))

    with pytest.raises(ArchiveUnusable):
        b"".join(unseal(cut(bytes(stored), 10_000), WORDS))


def test_blocks_cannot_be_dropped_doubled_or_reordered() -> None:
    content = b"".join(bytes([n]) * BLOCK for n in range(4))
    stored = b"".join(seal(cut(content, BLOCK), WORDS))
    head = len(sealed_stream.MAGIC) + 3 + 16
    blocks = list(cut(stored[head:], BLOCK + 16))

    for wrong in ([0, 2, 3], [0, 0, 1, 2, 3], [1, 0, 2, 3], [0, 1, 2], [0, 1, 2, 3, 3]):
        with pytest.raises(ArchiveUnusable):
            b"".join(unseal(iter([stored[:head], *(blocks[n] for n in wrong)]), WORDS))


def test_sealing_the_same_twice_shows_nothing_of_it() -> None:
    assert b"".join(seal([b"x"], WORDS)) != b"".join(seal([b"x"], WORDS))


def test_a_header_that_asks_for_too_much_work_is_refused() -> None:
    with pytest.raises(ArchiveUnusable, match="its beginning is damaged"):
        list(unseal([sealed_stream.MAGIC + bytes([30, 8, 1]) + bytes(40)], WORDS))


def test_names_are_moments_and_other_names_are_none_of_ours() -> None:
    assert archive_name(NOW) == "20261126T033000Z.concierge"
    assert moment_of("20261126T033000Z.concierge") == NOW
    assert moment_of("20261399T033000Z.concierge") is None
    assert moment_of(".20261126T033000Z.concierge.part") is None


@given(st.lists(st.integers(0, 4000), unique=True), st.integers(1, 3650))
def test_the_newest_archive_always_stays_and_no_young_one_goes(ages: list[int], keep_days: int) -> None:
    names = {archive_name(NOW - timedelta(days=age)): age for age in ages}

    gone = outdated([*names, "notes.txt"], now=NOW, keep_days=keep_days)

    assert all(names[name] > keep_days for name in gone)
    assert not ages or archive_name(NOW - timedelta(days=min(ages))) not in gone
    assert {name for name, age in names.items() if age > keep_days and age != min(ages)} == set(gone)


def test_keys_are_handed_over_to_nobody_but_who_knows_the_token() -> None:
    message = sealed(Handover("20261126T033000Z.concierge", "first:c2VjcmV0"), token="a")

    assert opened(message, token="a") == Handover("20261126T033000Z.concierge", "first:c2VjcmV0")
    assert "c2VjcmV0" not in message
    assert "c2VjcmV0" not in repr(opened(message, token="a"))
    for text, token in ((message, "b"), (message.replace("20261126", "20261127"), "a"), ("{}", "a"), ("[]", "a")):
        with pytest.raises(ArchiveUnusable):
            opened(text, token=token)


def test_more_keys_than_a_pod_can_say_are_told_in_time() -> None:
    with pytest.raises(ArchiveUnusable, match="more encryption keys than can be handed over"):
        sealed(Handover("x", "k" * 3500), token="a")
