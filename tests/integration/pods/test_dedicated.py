"""A property whose apps have pods of their own: every rendered command really runs, with every rendered variable."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from concierge_core.work.alive import LONGEST_SILENCE_SECONDS
from concierge_simulators.twilio_signature import sign
from kubelet import Pod, until

pytestmark = pytest.mark.timeout(400)  # several processes begin at once, on machines that have other things to do
PODS = ("chat", "voice", "ai", "admin", "worker", "beat")
TOKEN = "token-of-the-account"
ACCOUNT = {
    "accountSid": "AC" + "1" * 32,
    "authTokenSecret": {"name": "twilio", "key": "auth-token"},
    "number": "+493839312345",
}
MANAGER = "leitung@strandhaus-ruegen.example"


@pytest.fixture(scope="module")
def house(cluster_of: Callable[..., Any]) -> Iterator[Any]:
    """The Strandhaus, open: migrated first, as the operator does it."""
    cluster = cluster_of(
        "strandhaus-ruegen.yaml",
        own_secrets={"twilio": {"auth-token": TOKEN}},
        voice={"enabled": True, "mode": "gather", "twilio": ACCOUNT},
    )
    assert cluster.migrate() == 0, cluster.kubelet.pods[-1].log
    started = [cluster.kubelet.start(f"concierge-{name}") for name in PODS]
    for pod in started:
        pod.until("startupProbe")
        if "readinessProbe" in pod.container:
            pod.until("readinessProbe")
    yield cluster
    # A pod of every kind ends well within its grace, and without a word of complaint.
    codes = [pod.end() for pod in started]
    assert codes == [0] * len(started), dict(zip(PODS, codes, strict=True))
    assert [pod.name for pod in cluster.kubelet.pods if "Traceback" in pod.log] == []


async def test_a_guest_is_answered_from_the_propertys_own_articles(house: Any) -> None:
    guest = house.guest()
    async with guest.connected():
        await guest.write("How do I get onto the Wi-Fi?")
        reply = await guest.reply()

    assert "wi-fi" in reply["text"].lower()
    assert reply["sources"]


def test_staff_sign_in_with_the_password_that_was_made_for_them(house: Any) -> None:
    with house.browser() as browser:
        answer = house.sign_in(browser, MANAGER)
        desk = browser.get("/admin/")

    assert answer.status_code == 303
    assert "secure" in answer.headers["set-cookie"].lower()
    assert (desk.status_code, "Wiebke Carstens" in desk.text) == (200, True)


def test_a_call_is_answered_when_it_is_signed_with_the_mounted_secret(house: Any) -> None:
    fields = {"CallSid": "CA" + "2" * 32, "AccountSid": ACCOUNT["accountSid"], "From": "+4915112345678"}
    fields |= {"To": ACCOUNT["number"], "CallStatus": "ringing", "Direction": "inbound"}
    address = f"https://{house.host}/voice/incoming"
    with house.browser() as twilio:
        signed = {"x-twilio-signature": sign(TOKEN, address, fields.items())}
        answered = twilio.post("/voice/incoming", data=fields, headers=signed)
        refused = twilio.post("/voice/incoming", data=fields, headers={"x-twilio-signature": "forged"})

    assert (answered.status_code, "<Gather" in answered.text) == (200, True)
    assert refused.status_code == 403


async def test_a_changed_article_is_answered_from_without_a_restart(house: Any) -> None:
    theirs = house.kubelet.content("strandhaus-ruegen-table")
    changed = {key: text.replace("from 7:00 to 10:30", "from 6:15 to 10:45") for key, text in theirs.items()}
    guest = house.guest()
    async with guest.connected():
        await guest.write("When is breakfast served?")
        before = await guest.reply()
        house.kubelet.change("strandhaus-ruegen-table", changed)
        until(lambda: _facts(house.running("concierge-ai"), "knowledge_indexed")[1:], what="knowing the change")
        await guest.write("When is breakfast served?")
        after = await guest.reply()

    assert "7:00" in before["text"]
    assert "6:15" in after["text"]
    assert _facts(house.running("concierge-ai"), "knowledge_declared")[-1]["changed"] == 1


def test_a_second_migration_changes_nothing(house: Any) -> None:
    code = house.migrate()

    assert code == 0, house.kubelet.pods[-1].log
    assert _facts(house.kubelet.pods[-1], "first_account")[0]["made"] is False
    with house.browser() as browser:
        assert house.sign_in(browser, MANAGER).status_code == 303


@pytest.mark.parametrize("name", ["concierge-worker", "concierge-beat"])
def test_worker_and_beat_are_alive_and_one_that_hangs_is_not(house: Any, name: str) -> None:
    pod = house.running(name)
    pod.until("livenessProbe")
    pod.process.send_signal(signal.SIGSTOP)
    _let_time_pass(pod)

    hung = pod.probe("livenessProbe")
    pod.process.send_signal(signal.SIGCONT)

    assert not hung
    pod.until("livenessProbe")


def test_nothing_is_written_outside_the_temporary_folder(house: Any) -> None:
    assert [pod.written() for pod in house.kubelet.pods] == [[] for _ in house.kubelet.pods]


def _let_time_pass(pod: Pod) -> None:
    """As much as a probe finds too long; waiting for it would take a minute."""
    (pulse,) = (pod.folder / "root" / "tmp" / "concierge").glob("*.alive")
    pulse.write_text(str(time.monotonic() - LONGEST_SILENCE_SECONDS - 1))


def _facts(pod: Pod, event: str) -> list[dict[str, Any]]:
    lines = [line for line in pod.log.splitlines() if line.startswith("{")]
    return [facts for facts in map(json.loads, lines) if facts["event"] == event]
