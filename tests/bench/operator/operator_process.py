"""`concierge-operator` as a process of its own, and what it tells of itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from bench_cluster import SYSTEM, end

from control_plane import ControlPlane
from processes import cpu_seconds, resident_mb
from running_house import free_port

_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class OperatorProcess:
    """One operator. `settings` are its own, without prefix."""

    def __init__(self, plane: ControlPlane, folder: Path, name: str = "bench", **settings: Any) -> None:
        self.port = free_port()
        self.log = folder / f"operator-{name}.log"
        given = {"kubeconfig": plane.kubeconfig, "namespace": SYSTEM, "identity": name, "port": self.port}
        given |= {"listen_host": "127.0.0.1", **settings}
        env = {f"CONCIERGE_OPERATOR_{key.upper()}": str(value) for key, value in given.items()}
        self._stream = self.log.open("wb")
        self.began = time.monotonic()
        command = [str(Path(sys.executable).with_name("concierge-operator"))]
        self._process = subprocess.Popen(
            command, stdout=self._stream, stderr=self._stream, env={**os.environ, **env}, cwd=folder
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stop(self) -> None:
        """As a signal would."""
        end(self._process)
        self._stream.close()

    def kill(self) -> None:
        """It has no time to say farewell."""
        self._process.kill()
        self._process.wait()

    def told(self, event: str) -> dict[str, Any] | None:
        """The first line of its log that says this."""
        for line in self.log.read_text().splitlines():
            if event in line:
                found: dict[str, Any] = json.loads(line)
                return found
        return None

    def wait_until(self, event: str, seconds: float = 120) -> float:
        """Seconds from its start until its log said this."""
        while self.told(event) is None:
            assert self._process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < self.began + seconds, f"{event}: not within {seconds} s"
            time.sleep(0.02)
        return time.monotonic() - self.began

    def is_ready(self) -> bool:
        """Its probe says so."""
        try:
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2).status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self) -> dict[str, float]:
        """Every sample: `name{labels}` → value."""
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=20).read().decode()
        return {
            f"{name}{{{labels}}}" if labels else name: float(value) for name, labels, value in _SAMPLE.findall(text)
        }

    def writes(self) -> dict[str, float]:
        """What it has asked the API server to change so far, by verb and code; its Lease's renewals among them."""
        return {
            sample: value
            for sample, value in self.metrics().items()
            if sample.startswith("concierge_cluster_requests_total") and any(f'"{verb}"' in sample for verb in _WRITES)
        }

    def memory(self) -> dict[str, float]:
        """Resident and proportional, in MiB, and the processor seconds so far."""
        found = resident_mb(self.pid)
        mib = {name.replace("_mb", "_mib"): value * 1e6 / 2**20 for name, value in found.items()}
        return {**mib, "cpu_seconds": cpu_seconds(self.pid)}
