"""The whole product, running as its user starts it: `concierge up` as a child process on free ports."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from concierge_cli import port_choice

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


@dataclass
class House:
    """A running `concierge up` with one property or several."""

    process: subprocess.Popen[str]
    urls: list[str]
    data: Path
    log: Path
    passwords: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The first property's guest page, without a trailing slash."""
        return self.urls[0]

    @property
    def password(self) -> str:
        """The first property's once-only password."""
        return self.passwords[0]

    @property
    def email(self) -> str:
        """The first property's first account."""
        return re.findall(r"Sign in\W+(\S+@\S+)", self.output())[0]

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8")

    def stop(self) -> int:
        """Ctrl-C, as a person would; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


def start_house(folder: Path, manifests: list[Path], data: Path, env: dict[str, str]) -> House:
    """Start it and wait until every property answers."""
    log = folder / "up.log"
    port = free_port()
    command = [sys.executable, "-m", "concierge_cli.main", "up", "--data", str(data), "--port", str(port)]
    for manifest in manifests:
        command += ["-f", str(manifest)]
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, text=True, cwd=folder, env=clean_environment(env)
        )
    house = House(process, [], data, log)
    _wait_until_it_says_so(house, len(manifests))
    return house


def clean_environment(extra: dict[str, str]) -> dict[str, str]:
    """The machine's, less whatever would lead to a real database, broker or model."""
    ours = ("DATABASE_URL", "REDIS_URL", "GEMINI_", "CONCIERGE_", "OTEL_", "SENTRY_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return {**kept, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", **extra}


def _wait_until_it_says_so(house: House, properties: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if house.process.poll() is not None:
            raise AssertionError(f"concierge up ended with {house.process.returncode}:\n{house.output()}")
        house.urls = _guest_urls(house.output())
        if len(house.urls) == properties and all(_ready(url) for url in house.urls):
            house.passwords = re.findall(r"[Pp]assword\W+(\S+)", house.output())
            return
        time.sleep(0.1)
    raise AssertionError(f"concierge up was not ready in {START_SECONDS} s:\n{house.output()}")


def _guest_urls(output: str) -> list[str]:
    found = re.findall(r"https?://[\w.\-]+:\d+(?=/?\s)", output)
    return list(dict.fromkeys(found))


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """A port that nobody listens on just now, and that no outgoing connection takes before its program listens."""
    return port_choice.any_free()
