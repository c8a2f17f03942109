"""What is looked after beside the pods: telephone numbers, backups, restores; and what is done before a tenant goes."""

from __future__ import annotations

import base64
from typing import Any

from concierge_simulators.twilio_numbers import TwilioNumbers
from hotel import Hotel
from numbered_house import ACCOUNT, TOKEN
from played_kubelet import ARCHIVED_KEYS

TO_A_VOLUME = {"enabled": True, "destination": "pvc:backups", "schedule": "30 3 * * *"}


def _calls(hotel: Hotel, number: str) -> dict[str, Any]:
    """A compact tenant with this number, whose account's token lies in a Secret."""
    account = {"accountSid": ACCOUNT, "authTokenSecret": {"name": "twilio", "key": "auth-token"}, "number": number}
    return {
        "profile": "compact",
        "host": f"{hotel.namespace}.example",
        "gateway": {"ingressClass": "nginx"},
        "voice": {"enabled": True, "twilio": account},
    }


def _one_waits_for_the_other(number: str, first: Hotel, second: Hotel, **spec: Any) -> None:
    """Both name the number: it leads to the first, whose spec has these fields too, and the second waits for it."""
    for one in (first, second):
        one.kubectl("create", "secret", "generic", "twilio", f"--from-literal=auth-token={TOKEN}")
    first.apply(**_calls(first, number), **spec)
    first.wait(lambda: first.condition("VoiceNumberConfigured").get("status") == "True")
    second.apply(**_calls(second, number))
    second.wait(lambda: second.condition("VoiceNumberConfigured").get("reason") == "NumberTaken")


def test_a_number_leads_to_its_tenant_and_back_to_where_it_led_before(hotel: Hotel, twilio: TwilioNumbers) -> None:
    number = "+493839310001"
    twilio.add(number, voice_url="https://before.example/call")
    hotel.kubectl("create", "secret", "generic", "twilio", f"--from-literal=auth-token={TOKEN}")
    hotel.apply(**_calls(hotel, number))

    ours = f"https://{hotel.namespace}.example/voice/incoming"
    hotel.wait(lambda: twilio.number(number)["voice_url"] == ours)
    hotel.wait(lambda: hotel.condition("VoiceNumberConfigured").get("status") == "True")

    hotel.kubectl("delete", "ct", "--all", "--timeout=60s")
    assert twilio.number(number)["voice_url"] == "https://before.example/call"


def test_a_number_that_two_tenants_name_stays_with_the_first_until_it_parts_with_it(
    hotel: Hotel, second_hotel: Hotel, twilio: TwilioNumbers
) -> None:
    number = "+493839310003"
    twilio.add(number, voice_url="https://before.example/call")
    _one_waits_for_the_other(number, hotel, second_hotel)

    assert f"leads to the tenant {hotel.namespace}/" in second_hotel.condition("VoiceNumberConfigured")["message"]
    assert twilio.number(number)["voice_url"] == f"https://{hotel.namespace}.example/voice/incoming"

    hotel.edit(voice={"enabled": False})
    second_hotel.wait(lambda: second_hotel.condition("VoiceNumberConfigured").get("status") == "True", 30)
    assert twilio.number(number)["voice_url"] == f"https://{second_hotel.namespace}.example/voice/incoming"


def test_a_number_goes_from_a_tenant_that_is_deleted_to_the_next_and_at_last_back_to_where_it_led_before(
    hotel: Hotel, second_hotel: Hotel, twilio: TwilioNumbers
) -> None:
    number = "+493839310004"
    twilio.add(number, voice_url="https://before.example/call")
    _one_waits_for_the_other(number, hotel, second_hotel, backup=TO_A_VOLUME, deletionPolicy="Snapshot")
    hotel.is_ready()

    hotel.kubectl("delete", "ct", "--all", "--timeout=90s")
    second_hotel.wait(lambda: second_hotel.condition("VoiceNumberConfigured").get("status") == "True", 30)
    theirs = twilio.number(number)["voice_url"]
    second_hotel.kubectl("delete", "ct", "--all", "--timeout=60s")

    assert theirs == f"https://{second_hotel.namespace}.example/voice/incoming"
    assert twilio.number(number)["voice_url"] == "https://before.example/call"


def test_a_wrong_token_is_told_and_holds_no_deletion_up(hotel: Hotel, twilio: TwilioNumbers) -> None:
    number = "+493839310002"
    twilio.add(number, voice_url="https://before.example/call")
    hotel.kubectl("create", "secret", "generic", "twilio", "--from-literal=auth-token=wrong")
    hotel.apply(**_calls(hotel, number))

    hotel.wait(lambda: hotel.condition("VoiceNumberConfigured").get("reason") == "CredentialsRefused")
    hotel.is_ready()
    hotel.kubectl("delete", "ct", "--all", "--timeout=60s")
    assert hotel.list("ct") == []


def test_with_the_policy_snapshot_a_last_backup_is_made_before_anything_goes(hotel: Hotel) -> None:
    hotel.apply(profile="compact", backup=TO_A_VOLUME, deletionPolicy="Snapshot").is_ready()
    assert hotel.condition("BackupHealthy")["reason"] == "NoneYet"
    hotel.kubectl("delete", "ct", "--all", "--wait=false")

    hotel.wait(lambda: hotel.get("jobs", "concierge-backup-final") or not hotel.list("ct"))
    hotel.wait(lambda: not any(hotel.list(kind) for kind in ("ct", "deployments", "secrets", "pvc")), 90)


def test_a_closed_house_wakes_its_database_for_the_last_backup(hotel: Hotel) -> None:
    hotel.apply(profile="compact", backup=TO_A_VOLUME, deletionPolicy="Snapshot").is_ready()
    hotel.edit(suspend={"active": True})
    hotel.wait(lambda: not hotel.pod_uids("postgres") and hotel.condition("Suspended").get("status") == "True")
    hotel.kubectl("delete", "ct", "--all", "--wait=false")

    hotel.wait(lambda: hotel.pod_uids("postgres") or not hotel.list("ct"))
    hotel.wait(lambda: not any(hotel.list(kind) for kind in ("ct", "deployments", "secrets", "pvc")), 90)


def test_a_last_backup_that_fails_holds_the_deletion_up_and_says_so(hotel: Hotel) -> None:
    hotel.apply(profile="compact", backup=TO_A_VOLUME, deletionPolicy="Snapshot").is_ready()
    hotel.edit(version="1.1.0-unmigratable")  # its images fail in every Job
    hotel.kubectl("delete", "ct", "--all", "--wait=false")

    assert "concierge-backup-final" in hotel.stalls("JobFailed", 120)
    assert hotel.list("secrets")
    hotel.edit(deletionPolicy="Delete")
    hotel.wait(lambda: not hotel.list("ct"))


def test_a_restore_lets_the_apps_rest_adds_the_archives_keys_and_opens_again(hotel: Hotel) -> None:
    hotel.apply(profile="compact", backup=TO_A_VOLUME).is_ready()
    before = hotel.pod_uids("web")
    own = _keys(hotel)
    hotel.kubectl("annotate", "ct", hotel.name, "concierge.hotel/restore=20260503T033000Z")

    hotel.wait(lambda: hotel.list("ct")[0]["metadata"]["annotations"].get("concierge.hotel/restored"), 90)
    assert _keys(hotel) == f"{own},{ARCHIVED_KEYS}"
    hotel.is_ready(90)
    assert not hotel.pod_uids("web") & before
    assert not [one for one in hotel.list("jobs") if "restore" in one["metadata"]["name"]]


def test_the_same_archive_is_restored_again_when_it_is_asked_for_again_and_nobody_is_blamed(hotel: Hotel) -> None:
    hotel.apply(profile="compact", backup=TO_A_VOLUME).is_ready()
    pods = [_restored(hotel) for _ in range(2)]

    assert pods[0] != pods[1]
    assert [one for one in hotel.list("events") if one["reason"] == "DriftCorrected"] == []


def _restored(hotel: Hotel) -> set[str]:
    """Ask for it, and wait until the house is open again; the pods that are then there."""
    notes = ("concierge.hotel/restore=20260503T033000Z", "concierge.hotel/restored-")
    hotel.kubectl("annotate", "ct", hotel.name, "--overwrite", *notes)
    hotel.wait(lambda: hotel.list("ct")[0]["metadata"]["annotations"].get("concierge.hotel/restored"), 90)
    hotel.is_ready(90)
    return hotel.pod_uids("web")


def test_an_archive_that_has_no_such_name_is_refused_in_words(hotel: Hotel) -> None:
    hotel.apply(profile="compact", backup=TO_A_VOLUME).is_ready()
    hotel.kubectl("annotate", "ct", hotel.name, "concierge.hotel/restore=yesterday")

    assert "latest" in hotel.stalls("NoSuchArchive")
    hotel.kubectl("annotate", "ct", hotel.name, "concierge.hotel/restore-")
    hotel.is_ready()


def _keys(hotel: Hotel) -> str:
    secret = hotel.get("secrets", "concierge-generated")
    assert secret is not None
    return base64.b64decode(secret["data"]["encryption-keys"]).decode()


def test_a_namespace_that_is_deleted_is_not_held_up_by_a_backup_that_nobody_can_make_any_more(hotel: Hotel) -> None:
    hotel.apply(profile="compact", backup=TO_A_VOLUME, deletionPolicy="Snapshot").is_ready()

    hotel.plane.kubectl("delete", "namespace", hotel.namespace, "--timeout=90s")

    assert "NotFound" in hotel.plane.kubectl("get", "namespace", hotel.namespace, check=False)


def test_a_last_backup_that_has_no_room_is_told_while_it_is_waited_for(hotel: Hotel) -> None:
    hotel.apply(profile="compact", backup=TO_A_VOLUME, deletionPolicy="Snapshot").is_ready()
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight", "namespace": hotel.namespace}}
    jobs = str(len(hotel.list("jobs")))
    hotel.plane.apply({**quota, "spec": {"hard": {"count/jobs.batch": jobs}}})
    hotel.wait(lambda: (hotel.get("resourcequota", "tight") or {}).get("status", {}).get("used"))
    hotel.kubectl("delete", "ct", "--all", "--wait=false")

    assert "concierge-backup-final" in hotel.stalls("QuotaExceeded", 90)
    hotel.kubectl("delete", "resourcequota", "tight")
    hotel.wait(lambda: not hotel.list("ct"), 90)


def test_a_closed_house_that_is_edited_wrongly_is_still_told_to_be_closed(hotel: Hotel) -> None:
    hotel.apply(profile="compact").edit(suspend={"active": True})
    hotel.wait(lambda: hotel.condition("Suspended").get("status") == "True")
    hotel.is_ready()
    hotel.edit(classRef={"name": "nobody"})

    hotel.stalls("ClassNotFound")
    assert hotel.condition("Suspended")["status"] == "True"
    assert hotel.condition("AppsReady")["status"] == "True"
    assert "Open" not in {one["reason"] for one in hotel.list("events")}
