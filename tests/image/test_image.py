"""The one image, where docker is: `make test-image`. Not part of `make test`, which needs no docker."""

from __future__ import annotations

import pytest

PUBLISHED = ("-p", "127.0.0.1::8080")
APPS = ("concierge-chat", "concierge-ai", "concierge-voice", "concierge-admin", "concierge-web")
OTHERS = ("concierge-worker", "concierge-beat", "concierge-migrate")
UP = ("concierge", "up", "-f", "/manifests/minimal.yaml", "--host", "0.0.0.0", "--port", "8080")
DATA = "/var/lib/concierge/.concierge/pension-lindenhof"


def test_it_says_what_it_can_do_when_asked_nothing(in_image):
    assert "run a property (or several) on this machine" in in_image()


@pytest.mark.parametrize("app", [*APPS, *OTHERS])
def test_every_app_is_in_it(in_image, app):
    assert f"usage: {app}" in in_image(app, "--help")


def test_it_runs_as_nobody_in_particular(in_image):
    assert in_image("id", "-u") == "65532"


def test_nothing_that_builds_is_left_in_it(in_image):
    traces = "/src /uv /dist /opt/concierge/bin/pip"
    found = in_image("sh", "-c", f"for tool in gcc cc uv git; do command -v $tool; done; ls -d {traces}; true")

    assert found == ""


def test_python_starts_without_compiling(in_image):
    code = "import os, concierge_core as ours, fastapi as theirs; print(*map(os.path.exists, ({})))"

    assert in_image("python", "-c", code.format("ours.__cached__, theirs.__cached__")) == "True True"


async def test_a_hotel_in_a_container_answers_and_keeps_what_it_knows(start, guest_of):
    first = start(*UP)
    first.until_ready()
    guest = guest_of(first.url)
    async with guest.connected():
        await guest.write("When is breakfast?")
        reply = await guest.reply()
    said, code = first.output(), first.stop()
    second = start(*UP)
    second.until_ready()
    again = guest_of(second.url)
    again.token = guest.token
    async with again.connected():
        await again.frame("message")

    assert "breakfast" in reply["text"].lower()
    assert "Password" in said
    assert code == 0
    assert again.seen[0]["text"] == "When is breakfast?"
    assert "Password" not in second.output()


async def test_the_apps_answer_as_containers_of_their_own(start, guest_of):
    opened = start(*UP)  # makes the tables and loads the knowledge
    opened.until_ready()
    opened.stop()
    settings = ("-e", "CONCIERGE_TENANT_FILE=/manifests/minimal.yaml", "-e", f"CONCIERGE_DATA_DIR={DATA}")
    chat = start("concierge-chat", options=(*settings, *PUBLISHED))
    chat.until_ready()
    beside = (*settings, "--network", f"container:{chat.id}")
    ai = start("concierge-ai", options=beside)
    voice = start("concierge-voice", "--port", "8082", options=beside)
    admin = start("concierge-admin", "--port", "8083", options=beside)
    guest = guest_of(chat.url)
    for port in ("8081", "8082", "8083"):
        _wait_for(chat, port)
    async with guest.connected():
        await guest.write("When is breakfast?")
        reply = await guest.reply()

    assert "breakfast" in reply["text"].lower()
    assert [c.stop() for c in (ai, voice, admin, chat)] == [0, 0, 0, 0]


def _wait_for(container, port):
    code = f"""
import time, urllib.request
for _ in range(150):
    try:
        urllib.request.urlopen("http://127.0.0.1:{port}/readyz", timeout=2)
        break
    except OSError:
        time.sleep(0.2)
else:
    raise SystemExit("nothing serves on port {port}")
"""
    container.run("python", "-c", code)
