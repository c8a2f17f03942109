"""Archives in an S3 bucket: the real client against a service that checks its signatures."""

from __future__ import annotations

import pytest

from concierge_core.backup.backup_settings import BackupSettings
from concierge_core.backup.destinations import destination
from concierge_core.backup.unusable import ArchiveUnusable, DestinationUnusable
from s3_service import BUCKET, s3_service

QUESTION = "Is there a pool?"


@pytest.fixture(scope="module")
def service():
    with s3_service() as running:
        yield running


@pytest.fixture
def bucket_house(make_house, service):
    """Its backups go to the bucket."""
    house = make_house(destination=f"s3://{BUCKET}/hotels/north", endpoint=service.url)
    house.secrets["backups"].update(service.credentials)
    return house


def place(service, **other):
    """The bucket as the command sees it."""
    given = {"access_key_id": service.key_id, "secret_access_key": service.secret, "endpoint": service.url, **other}
    given = {"destination": f"s3://{BUCKET}/unit", "property": "house", "retries": 0, **given}
    return destination(BackupSettings(**given))


async def test_a_house_comes_back_from_a_bucket(bucket_house, service):
    await bucket_house.asked(QUESTION)
    stored = bucket_house.back_up()
    bucket_house.lose_everything()

    restored = bucket_house.restore()

    assert (stored.code, restored.code) == (0, 0), stored.output + restored.output
    assert await bucket_house.told() == {QUESTION: [QUESTION, f"Gladly: {QUESTION}"]}
    (name,) = [name for name in service.names() if name.startswith("hotels/")]
    assert name.startswith("hotels/north/house/")
    assert name.endswith(".concierge")


async def test_wrong_credentials_are_said_so_by_their_names_and_never_shown(bucket_house, service):
    bucket_house.secrets["backups"]["AWS_SECRET_ACCESS_KEY"] = "w" * 40

    outcome = bucket_house.back_up()

    assert outcome.code == 1
    assert "refuses these credentials; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in outcome.output
    assert "w" * 40 not in outcome.output
    assert service.key_id not in outcome.output


def test_a_large_archive_goes_up_and_down_in_parts(service):
    there = place(service)
    part = bytes(range(256)) * 4096  # 1 MiB

    there.put("20260101T000000Z.concierge", (part for _ in range(20)))

    assert b"".join(there.get("20260101T000000Z.concierge")) == part * 20


def test_an_archive_that_could_not_be_made_whole_is_not_there(service):
    there = place(service)

    def breaks_off():
        yield bytes(20 * 2**20)
        raise ArchiveUnusable("the dump is gone")

    with pytest.raises(ArchiveUnusable):
        there.put("20260102T000000Z.concierge", breaks_off())

    assert "20260102T000000Z.concierge" not in there.names()


def test_folders_of_others_below_ours_are_no_archives(service):
    there = place(service)
    service.client().put_object(Bucket=BUCKET, Key="unit/house/concierge-postgres/base/1/data.tar", Body=b"x")

    assert all("/" not in name for name in there.names())


def test_an_archive_can_be_removed(service):
    there = place(service)
    there.put("20260103T000000Z.concierge", [b"x"])

    there.delete("20260103T000000Z.concierge")

    assert "20260103T000000Z.concierge" not in there.names()


def test_a_bucket_that_is_not_there_is_said_so(service):
    with pytest.raises(DestinationUnusable, match="s3://elsewhere/x is not there; make the bucket or correct its name"):
        place(service, destination="s3://elsewhere/x").put("20260101T000000Z.concierge", [b"x"])


def test_an_endpoint_that_is_away_is_said_so(service):
    with pytest.raises(DestinationUnusable, match="can't be used; check bucket, endpoint and region"):
        place(service, endpoint="http://127.0.0.1:1").names()


def test_a_bucket_without_credentials_is_said_so(service):
    with pytest.raises(DestinationUnusable, match="needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        place(service, access_key_id=None)
