"""A backup is one that can be restored: the rendered commands run on a real PostgreSQL, and guests read on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from concierge_core.backup.handover import merged_keys, opened
from concierge_core.keys import Keyring, KeysUnusable
from concierge_core.tenant.loader import load_tenant_files

QUESTIONS = ("Is there a pool? 🏊", "Wann gibt es Frühstück?")
ANSWERED = {question: [question, f"Gladly: {question}"] for question in QUESTIONS}


async def test_after_a_disaster_guests_read_what_was_said_with_the_keys_of_the_archive(house):
    await house.asked(*QUESTIONS)
    stored = house.back_up()
    house.lose_everything()

    restored = house.restore()

    assert stored.code == 0, stored.output
    assert restored.code == 0, restored.output
    handed = opened(restored.message, token="internal-token")
    assert handed.archive == house.archives[0].name
    new_cluster = f"fresh:{'Z' * 43}="
    assert await house.told(merged_keys(new_cluster, handed.keys)) == ANSWERED


async def test_a_restore_brings_back_exactly_the_moment_of_the_backup(house):
    await house.asked(QUESTIONS[0])
    house.snapshot()
    await house.asked(QUESTIONS[1])
    house.run_sql("CREATE TABLE of_a_later_version (id serial PRIMARY KEY, kind integer)")
    house.run_sql("CREATE VIEW later AS SELECT id FROM of_a_later_version", "CREATE TYPE mood AS ENUM ('calm')")

    assert house.restore().code == 0

    told = await house.told()
    assert told[QUESTIONS[0]] == ANSWERED[QUESTIONS[0]]
    assert told[QUESTIONS[1]] == []
    left = house.run_sql("SELECT typname FROM pg_type WHERE typname = 'mood' OR typname LIKE '%later%'")
    assert left == []


async def test_what_was_restored_can_be_backed_up_and_written_to_again(house):
    await house.asked(QUESTIONS[0])
    house.snapshot()
    house.restore()

    await house.asked(QUESTIONS[1])
    again = house.snapshot()

    assert again.code == 0, again.output
    assert await house.told() == ANSWERED


def test_the_log_says_what_is_in_the_backup_and_holds_no_secret(house):
    stored = house.back_up()
    restored = house.restore()

    said = stored.output + restored.output + restored.message
    assert "encrypted) and read it back." in stored.output
    assert "It needs the encryption keys first, which are in it." in restored.output
    assert "The database is restored." in restored.output
    for secret in (house.keys, house.keys.partition(":")[2], "internal-token", "correct horse"):
        assert secret not in said


def test_each_container_knows_only_the_secrets_of_its_step(house):
    given = {**house.back_up().environments, **house.restore().environments}

    holders = {
        variable: {name for name, variables in given.items() if variable in variables}
        for variable in ("DATABASE_URL", "CONCIERGE_ENCRYPTION_KEYS", "CONCIERGE_BACKUP_PASSPHRASE")
    }
    assert holders == {
        "DATABASE_URL": {"dump", "restore"},
        "CONCIERGE_ENCRYPTION_KEYS": {"store"},
        "CONCIERGE_BACKUP_PASSPHRASE": {"store", "fetch"},
    }


async def test_nothing_of_an_encrypted_archive_can_be_read_without_the_passphrase(house):
    await house.asked(*QUESTIONS)
    house.back_up()

    raw = house.archives[0].read_bytes()

    assert house.archives[0].stat().st_mode & 0o777 == 0o600
    for readable in (b"house", b"alembic", b"first:", b"Dorfstra"):
        assert readable not in raw


def test_without_a_passphrase_the_log_says_so(make_house):
    house = make_house(passphrase=None)

    stored = house.back_up()

    assert "NOT encrypted: no encryption-passphrase is set" in stored.output
    assert house.restore().code == 0


def opened_here(house, folder):
    """The newest archive, unpacked by the command for that."""
    command = [Path(sys.executable).parent / "concierge-backup", "unpack", house.archives[-1], "--to", folder]
    environment = {"CONCIERGE_BACKUP_PASSPHRASE": "correct horse battery staple"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert folder.stat().st_mode & 0o777 == 0o700
    return folder


def restored_by_hand(house, dump):
    """As docs/backup.md writes it."""
    asked = ["--schema=public", "--no-owner", "--no-privileges", "--single-transaction"]
    subprocess.run([house.node.tools / "pg_restore", f"--dbname={house.url}", *asked, dump], check=True)


async def test_an_archive_can_be_opened_and_restored_by_hand(house, tmp_path):
    await house.asked(*QUESTIONS)
    house.back_up()
    house.lose_everything()

    opened = opened_here(house, tmp_path / "opened")
    restored_by_hand(house, opened / "database.dump")

    assert await house.told((opened / "encryption-keys").read_text()) == ANSWERED


def test_the_yaml_in_the_archive_is_the_tenant_with_all_its_articles(house, tmp_path):
    (tmp_path / "knowledge" / "more" / "..data").mkdir(parents=True)
    articles = "- {slug: bar, text: {en: {question: Is there a bar?, answer: In the cellar.}}}"
    (tmp_path / "knowledge" / "more" / "articles.yaml").write_text(articles)
    house.knowledge["configMaps"] = [{"name": "more"}]
    house.back_up()

    loaded = load_tenant_files([opened_here(house, tmp_path / "opened") / "tenant.yaml"])[0]

    assert loaded.tenant.spec == house.tenant.spec
    assert {article.slug for article in loaded.articles} == {"pool", "bar"}


def test_the_keys_in_use_go_on_writing_and_those_of_the_archive_read(house):
    fresh = Keyring.parse(house.keys).rotated()
    current = f"{fresh.current.id}:{'Y' * 43}="

    both = Keyring.parse(merged_keys(current, house.keys))

    assert [key.id for key in both.keys] == [fresh.current.id, "first"]
    assert merged_keys(merged_keys(current, house.keys), house.keys) == merged_keys(current, house.keys)
    with pytest.raises(KeysUnusable, match="another key under an id that is in use"):
        merged_keys(house.keys, f"first:{'X' * 43}=")


async def test_a_role_that_owns_nothing_but_its_tables_is_enough(make_house, postgres_server, empty_postgres_url):
    admin = make_house()
    admin.lose_everything()
    admin.run_sql(
        "DROP ROLE IF EXISTS hotel", "CREATE ROLE hotel LOGIN", "GRANT USAGE, CREATE ON SCHEMA public TO hotel"
    )
    house = make_house(url=empty_postgres_url.replace("//postgres", "//hotel"))
    await house.asked(*QUESTIONS)

    stored, restored = house.back_up(), house.restore()

    admin.run_sql("DROP OWNED BY hotel")
    assert (stored.code, restored.code) == (0, 0), stored.output + restored.output


def test_the_url_of_a_python_driver_is_understood(make_house, empty_postgres_url):
    house = make_house(url=empty_postgres_url.replace("postgresql://", "postgresql+psycopg://"))

    assert house.back_up().code == 0
