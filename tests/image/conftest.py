"""Containers of the one image, as a cluster would run them: nothing writable but /tmp and the volume, no capability."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator

import pytest

from running_house import ROOT

IMAGE = os.environ.get("IMAGE", "concierge:dev")
CONFINED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]


def docker(*arguments: str) -> str:
    """What docker says; a refusal fails the test with docker's own words."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


@pytest.fixture
def in_image() -> Callable[..., str]:
    """Run one command in a container of its own, to its end; what it printed."""
    return lambda *command: docker("run", "--rm", *CONFINED, IMAGE, *command)


@pytest.fixture
def volume() -> Iterator[str]:
    """A volume that is removed afterwards."""
    name = docker("volume", "create", f"concierge-test-{uuid.uuid4().hex[:8]}")
    yield name
    docker("volume", "rm", name)


class Container:
    """A running container, its guests' port published on loopback."""

    def __init__(self, id_: str) -> None:
        self.id = id_

    @property
    def url(self) -> str:
        """Where it is reached from this machine."""
        return "http://" + docker("port", self.id, "8080/tcp").splitlines()[0]

    def output(self) -> str:
        """What it has printed so far."""
        done = subprocess.run(["docker", "logs", self.id], capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def run(self, *command: str) -> str:
        """Run a command inside it."""
        return docker("exec", self.id, *command)

    def until_ready(self, seconds: float = 60) -> None:
        """Wait until it serves."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert docker("inspect", "-f", "{{.State.Running}}", self.id) == "true", self.output()
            if _ready(f"{self.url}/readyz"):
                return
            time.sleep(0.2)
        raise AssertionError(f"not ready in {seconds} s:\n{self.output()}")

    def stop(self) -> int:
        """SIGTERM, as a cluster does; the exit code (137: it had to be killed)."""
        docker("stop", "--time", "30", self.id)
        return int(docker("inspect", "-f", "{{.State.ExitCode}}", self.id))


@pytest.fixture
def start(volume: str) -> Iterator[Callable[..., Container]]:
    """Start a command of the image in the background, on the test's volume; removed afterwards."""
    started: list[Container] = []

    def start_one(*command: str, options: tuple[str, ...] = ("-p", "127.0.0.1::8080")) -> Container:
        mounts = ["-v", f"{volume}:/var/lib/concierge", "-v", f"{ROOT / 'manifests'}:/manifests:ro"]
        container = Container(docker("run", "--detach", *CONFINED, *mounts, *options, IMAGE, *command))
        started.append(container)
        return container

    yield start_one
    for container in reversed(started):
        docker("rm", "--force", container.id)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False
