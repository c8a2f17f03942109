"""`concierge up` as its user sees it: started, disturbed, stopped."""

from __future__ import annotations

import json
import os
import signal
import urllib.request

import pytest

PARTS = ("concierge_cli.web", "concierge_core.work.worker", "concierge_core.work.beat", "valkey-server")


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()


@pytest.fixture(scope="module")
def house(start_house):
    return start_house("strandhaus-ruegen.yaml")


def test_guests_find_their_page_and_staff_their_door(house):
    assert "Strandhaus Rügen" in get(f"{house.url}/")
    assert "password" in get(f"{house.url}/admin/")
    assert json.loads(get(f"{house.url}/api/property?language=de"))["name"] == "Strandhaus Rügen"


def test_what_it_prints_leads_everywhere(house):
    said = house.output()

    assert "Strandhaus Rügen is open." in said
    assert f"{house.url}/admin/" in said
    assert "70 articles from strandhaus-ruegen.yaml" in said
    assert "the embedded answerer (no Gemini key is set: GEMINI_API_KEY)" in said
    assert str(house.data) in said
    assert len(house.passwords) == 1


def test_all_four_parts_run(house, family_of, eventually):
    family = family_of(house.process.pid)

    eventually(lambda: all(len(family.with_word(part)) == 1 for part in PARTS))


def test_the_password_is_printed_and_nowhere_else(house):
    written = [path for path in house.data.rglob("*") if path.is_file()]

    assert written
    assert not [path for path in written if house.password.encode() in path.read_bytes()]


def test_the_ai_app_is_nobody_elses_business(house):
    (socket,) = house.data.rglob("ai.sock")

    assert socket.stat().st_mode & 0o777 == 0o600
    assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_a_second_one_on_the_same_data_is_refused(house, concierge, free_port):
    second = concierge("up", "-f", _manifest("strandhaus-ruegen.yaml"), "--data", house.data, "--port", free_port())

    assert second.returncode == 2
    (sentence,) = second.stderr.splitlines()
    assert f"process {house.process.pid}" in sentence
    assert "--data" in sentence
    assert get(f"{house.url}/readyz") == "ready"


def test_keys_are_not_rotated_under_a_running_house(house, concierge):
    refused = concierge("rotate-keys", "-f", _manifest("strandhaus-ruegen.yaml"), "--data", house.data)

    assert refused.returncode == 2
    assert "is in use" in refused.stderr


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_is_started_again_and_that_is_said(house, family_of, eventually, part):
    family = family_of(house.process.pid)
    (before,) = family.with_word(part)
    said = len(house.output())

    os.kill(before, signal.SIGKILL)

    eventually(lambda: family.with_word(part) not in ([before], []))
    line = house.output()[said:].splitlines()[0]
    name = part.rpartition(".")[2].removesuffix("-server")
    assert line.startswith(f"{name} was killed (SIGKILL); starting it again in ")
    eventually(lambda: _ready(house.url))


def test_a_lost_password_is_replaced_while_it_runs(house, concierge):
    email = "leitung@strandhaus-ruegen.example"

    given = concierge("password", email, "-f", _manifest("strandhaus-ruegen.yaml"), "--data", house.data)

    assert given.returncode == 0
    assert given.stdout.startswith(f"New password of {email}: ")
    assert house.password not in given.stdout


def test_a_password_for_nobody_is_one_sentence(house, concierge):
    given = concierge("password", "who@is.example", "-f", _manifest("strandhaus-ruegen.yaml"), "--data", house.data)

    assert given.returncode == 1
    assert len(given.stderr.splitlines()) == 1


def test_ctrl_c_stops_everything_in_order(house, family_of, eventually):
    members = family_of(house.process.pid).members()

    assert house.stop() == 0

    assert house.output().splitlines()[-1].startswith("Stopping … (15 s at most")
    eventually(lambda: not family_of.alive(members), seconds=5)


def _ready(url: str) -> bool:
    try:
        return get(f"{url}/readyz") == "ready"
    except OSError:
        return False


def _manifest(name: str) -> str:
    from pathlib import Path

    return str(Path(__file__).parents[3] / "manifests" / name)
