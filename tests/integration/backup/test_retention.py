"""Old archives go, the last good one never does."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from concierge_core.backup.manifest import archive_name


def aged(house, *days):
    """Archives of so many days ago, beside what else lies there."""
    folder = house.node.claim("backups") / "house"
    folder.mkdir()
    names = [archive_name(datetime.now(UTC) - timedelta(days=ago)) for ago in days]
    for name in (*names, "notes.txt"):
        (folder / name).write_bytes(b"x")
    return names


def test_a_good_backup_removes_what_is_older_than_was_asked(make_house):
    house = make_house(retentionDays=7)
    old, older, young = aged(house, 8, 400, 6)

    outcome = house.back_up()

    there = {path.name for path in house.archives}
    assert f"Removed, older than 7 days: {older}, {old}." in outcome.output
    assert {young, "notes.txt"} < there
    assert not {old, older} & there


def test_a_backup_that_fails_removes_nothing(make_house):
    house = make_house(retentionDays=7)
    names = aged(house, 8, 400)
    house.run_sql("DROP TABLE alembic_version")

    outcome = house.back_up()

    assert outcome.code != 0
    assert set(names) < {path.name for path in house.archives}


def test_what_a_killed_pod_left_is_cleared_away_and_what_another_one_writes_is_not(house):
    aged(house)
    folder = house.node.claim("backups") / "house"
    old, young = folder / ".20260101T000000Z.concierge.part", folder / ".20260102T000000Z.concierge.part"
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))

    house.back_up()

    assert (old.exists(), young.exists()) == (False, True)


def command(verb, **variables):
    """`concierge-backup VERB` on its own."""
    program = Path(sys.executable).parent / "concierge-backup"
    return subprocess.run([program, verb], env=variables, capture_output=True, text=True)


def test_archives_are_listed_the_newest_first(house):
    old, newer = aged(house, 8, 6)

    folder = str(house.node.claim("backups"))
    listed = command("list", CONCIERGE_BACKUP_DESTINATION=folder, CONCIERGE_BACKUP_PROPERTY="house")

    assert listed.stdout.splitlines() == [newer, old]


def test_what_is_not_said_is_asked_for_by_its_variable():
    refused = command("list", CONCIERGE_BACKUP_PROPERTY="house")

    assert refused.returncode == 2
    assert refused.stderr == "CONCIERGE_BACKUP_DESTINATION is missing; set it.\n"
