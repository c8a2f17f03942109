"""What can't be trusted is refused in one sentence, and what the house has stays as it is."""

from __future__ import annotations

import json

import psycopg
import pytest

from concierge_operator.render.backup import restore_job

QUESTION = "Is there a pool?"
ANSWERED = {QUESTION: [QUESTION, f"Gladly: {QUESTION}"]}


async def refused(house, *, archive="latest", before=None):
    """What a restore says that fails; the house's data is untouched by it."""
    outcome = house.restore(archive, before=before)

    assert outcome.code != 0
    assert outcome.message == ""
    assert await house.told() == ANSWERED
    return outcome.output


@pytest.fixture
async def full(house):
    """One conversation, and one archive of it."""
    await house.asked(QUESTION)
    assert house.back_up().code == 0
    return house


def damaged(content):
    """Archives to which something has happened: a byte was changed, or the end is missing."""
    for share in (0.5, 0.99):
        changed = bytearray(content)
        changed[int(len(content) * share)] ^= 1
        yield bytes(changed)
    for share in (0.0, 0.0005, 0.3, 0.9):
        yield content[: int(len(content) * share)]


async def test_a_changed_byte_and_a_missing_end_are_noticed(full):
    content = full.archives[0].read_bytes()
    for wrong in damaged(content):
        full.archives[0].write_bytes(wrong)

        assert "The archive can't be used: it" in await refused(full)


async def test_they_are_noticed_without_encryption_as_well(make_house):
    house = make_house(passphrase=None)
    await house.asked(QUESTION)
    house.back_up()
    content = house.archives[0].read_bytes()
    for share in (0.3, 0.9):
        house.archives[0].write_bytes(content[: int(len(content) * share)])

        assert "it is damaged or was cut off; take another archive." in await refused(house)
    changed = bytearray(content)
    changed[len(content) // 2] ^= 1
    house.archives[0].write_bytes(changed)

    assert "its database.dump is not what was stored; take another archive." in await refused(house)


async def test_a_wrong_passphrase_is_said_so(full):
    full.secrets["backups"]["encryption-passphrase"] = "another sixteen letters"

    assert "it can't be opened with this passphrase" in await refused(full)


async def test_a_missing_passphrase_is_said_so(full):
    full.secrets["backups"].clear()

    assert "it is encrypted; put its passphrase into the Secret, under encryption-passphrase." in await refused(full)


async def test_an_unencrypted_archive_in_the_place_of_ours_is_not_trusted(make_house):
    house = make_house(passphrase=None)
    await house.asked(QUESTION)
    house.back_up()
    house.secrets["backups"]["encryption-passphrase"] = "correct horse battery staple"
    house.backup["credentialsSecret"] = "backups"

    assert "it is not encrypted, although a passphrase is set, so it may not be ours" in await refused(house)


async def test_a_name_that_is_not_there_is_told_with_the_newest(full):
    (full.node.claim("backups") / "house" / "notes.txt").write_text("none of ours")
    newest = full.archives[0].name

    said = await refused(full, archive="20200101T000000Z")

    assert f'there is no archive "20200101T000000Z.concierge"; the newest is {newest}.' in said


async def test_the_archive_of_another_hotel_is_refused(full):
    folder = full.node.claim("backups")
    (folder / "house").rename(folder / "other")
    full.code = "other"

    outcome = full.restore()

    assert 'it is a backup of the property "house", and this one is "other"' in outcome.output
    full.code = "house"
    assert await full.told() == ANSWERED


async def test_the_archive_of_a_later_version_is_refused(full):
    full.run_sql("UPDATE alembic_version SET version_num = '9999_of_tomorrow'")
    full.archives[0].unlink()
    full.back_up()

    assert "whose tables this version does not know yet; set spec.version to" in await refused(full)


async def test_a_restore_that_breaks_in_the_middle_leaves_the_old_data(full):
    mishaps = (
        "truncate -s -500 database.dump",  # its tail is gone: pg_restore stops in the middle
        "printf garbage >database.dump",
        "rm database.dump",
    )
    for mishap in mishaps:
        await refused(full, before={"restore": mishap})


async def test_a_restore_waits_for_nobody_who_holds_the_tables(full):
    """Somebody is still at work: nothing is replaced under his hands."""
    with psycopg.connect(full.url) as busy:
        busy.execute("SELECT 1 FROM conversations LIMIT 1")  # an open transaction
        outcome = full.node.run(hurried(full.context))

    assert outcome.code != 0
    assert "lock timeout" in outcome.output
    assert await full.told() == ANSWERED


def hurried(ctx):
    """The restore with less patience."""
    return json.loads(json.dumps(restore_job(ctx, "latest")).replace("lock_timeout = '30s'", "lock_timeout = '200ms'"))


def test_another_database_is_not_backed_up_as_ours(house):
    house.lose_everything()

    outcome = house.back_up()

    assert outcome.code != 0
    assert not (house.node.claim("backups") / "house").exists()


def test_a_database_that_is_away_is_said_by_the_tool_itself(house):
    house.secrets["database"]["url"] = "postgresql://nobody@127.0.0.1:1/none"

    outcome = house.back_up()

    assert outcome.code != 0
    assert "connection to server" in outcome.output


def test_a_short_passphrase_is_refused_before_anything_is_stored(house):
    house.secrets["backups"]["encryption-passphrase"] = "hotel"

    outcome = house.back_up()

    assert outcome.code == 2
    assert "must have at least 16 characters" in outcome.output
    assert "hotel" not in outcome.output.replace("Concierge", "")


def test_a_full_volume_is_said_so_and_leaves_no_half_archive(house):
    folder = house.node.claim("backups")
    (folder / "house").write_text("a file where the folder should be")

    outcome = house.back_up()

    assert outcome.code == 1
    assert "the volume for backups can't be used" in outcome.output
