"""What the next start finds, and other ways to begin and to end."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
import urllib.request
from pathlib import Path

import pytest

MANIFESTS = Path(__file__).parents[3] / "manifests"


def post(url: str, body: dict, token: str | None = None) -> dict:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def conversation(url: str, token: str) -> list[dict]:
    request = urllib.request.Request(f"{url}/api/conversation", headers={"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["messages"]


@pytest.mark.timeout(240)
def test_later_starts_keep_everything_and_know_no_password(start_house, concierge, eventually, tmp_path):
    data = tmp_path / "data"
    first = start_house("minimal.yaml", data=data)
    token = post(f"{first.url}/api/sessions", {})["token"]
    post(f"{first.url}/api/messages", {"client_id": "m1", "text": "Is there a sauna in the cellar?"}, token)
    eventually(lambda: len(conversation(first.url, token)) >= 2)
    before = conversation(first.url, token)
    assert first.stop() == 0

    rotated = concierge("rotate-keys", "-f", MANIFESTS / "minimal.yaml", "--data", data)
    began = time.monotonic()
    second = start_house("minimal.yaml", data=data)
    seconds = time.monotonic() - began

    assert rotated.returncode == 0, rotated.stderr
    assert conversation(second.url, token) == before
    assert first.passwords
    assert not second.passwords
    assert "Password" not in second.output()
    print(f"a later start: {seconds:.1f} s until ready")
    assert second.stop() == 0


@pytest.mark.timeout(240)
def test_two_properties_stand_side_by_side(start_house, family_of, eventually):
    house = start_house("minimal.yaml", "strandhaus-ruegen.yaml")
    family = family_of(house.process.pid)
    names = [json.loads(_get(f"{url}/api/property"))["name"] for url in house.urls]

    assert names == ["Pension Lindenhof", "Strandhaus Rügen"]
    assert len(set(house.passwords)) == 2
    assert len(family.with_word("concierge_cli.web")) == 2
    assert len(family.with_word("valkey-server")) == 1
    eventually(lambda: len(family.with_word("concierge_core.work.beat")) == 2)
    (victim, _) = family.with_word("concierge_core.work.beat")
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: "pension-lindenhof beat was killed (SIGKILL)" in house.output())
    assert house.stop() == 0


@pytest.mark.timeout(240)
def test_your_own_database_and_broker_are_used(start_house, family_of, valkey_url, empty_postgres_url):
    house = start_house("minimal.yaml", env={"REDIS_URL": valkey_url, "DATABASE_URL": empty_postgres_url})
    token = post(f"{house.url}/api/sessions", {})["token"]

    assert conversation(house.url, token) == []
    assert not family_of(house.process.pid).with_word("valkey-server")
    assert not list(house.data.rglob("*.db"))
    assert house.stop() == 0


@pytest.mark.timeout(240)
def test_a_changed_yaml_is_what_the_next_start_knows(start_house, tmp_path):
    hotel = tmp_path / "hotel.yaml"
    minimal = (MANIFESTS / "minimal.yaml").read_text()
    hotel.write_text(minimal)
    first = start_house(hotel, data=tmp_path / "data")
    assert first.stop() == 0

    hotel.write_text(minimal.replace("Pension Lindenhof", "Pension Lindenblatt"))
    second = start_house(hotel, data=tmp_path / "data")

    assert "Pension Lindenblatt is open." in second.output()
    assert second.stop() == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: [", ["hotel.yaml", "line"]),
        ("kind: ConciergeTenant\napiVersion: concierge.hotel/v1alpha1\nspec: {}\n", ["hotel.yaml", "metadata"]),
        ("apiVersion: concierge.hotel/v1alpha1\nkind: ConciergeTennant\n", ["hotel.yaml", "ConciergeTennant"]),
    ],
)
def test_a_broken_yaml_is_a_sentence_a_mistake_and_2(concierge, tmp_path, text, words):
    (tmp_path / "hotel.yaml").write_text(text)

    ended = concierge("up", "-f", "hotel.yaml", "--data", "data")

    assert ended.returncode == 2
    assert all(line.startswith("hotel.yaml") for line in ended.stderr.splitlines())
    assert all(word in ended.stderr for word in words)
    assert not (tmp_path / "data").exists()


def test_a_port_that_was_asked_for_and_is_taken_is_one_sentence_and_2(concierge, tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = concierge("up", "-f", MANIFESTS / "minimal.yaml", "--data", tmp_path / "data", "--port", str(port))

    assert ended.returncode == 2
    another = "choose another one with --port (with make: PORT=…)."
    assert ended.stderr == f"Port {port} is taken by another program: {another}\n"


def test_a_damaged_database_is_said_and_ends_the_start(concierge, tmp_path):
    folder = tmp_path / "data" / "pension-lindenhof"
    folder.mkdir(parents=True)
    (folder / "concierge.db").write_bytes(b"this is no database, whatever its name says" * 200)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(folder / "concierge.db").execute("SELECT * FROM sqlite_master").fetchall()

    ended = concierge("up", "-f", MANIFESTS / "minimal.yaml", "--data", tmp_path / "data", timeout=90)

    assert ended.returncode != 0
    assert len(ended.stderr.splitlines()) == 1
    assert "database" in ended.stderr


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode()
