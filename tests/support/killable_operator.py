"""Operators as processes of their own, which can be stopped, resumed and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class OperatorProcess:
    """One that was started."""

    process: subprocess.Popen[bytes]
    log: Path

    def pause(self) -> None:
        """It stands still and knows nothing of it."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on as if nothing had been."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """At once, without a word."""
        self.process.kill()
        self.process.wait()


@contextmanager
def operator_process(kubeconfig: Path, identity: str, folder: Path, **settings: Any) -> Iterator[OperatorProcess]:
    """`concierge-operator`, for as long as the block lasts."""
    given = {"kubeconfig": kubeconfig, "identity": identity, "port": 0, "listen_host": "127.0.0.1", **settings}
    variables = {f"CONCIERGE_OPERATOR_{name.upper()}": str(value) for name, value in given.items()}
    log = folder / f"{identity}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "concierge_operator.main"],
            stdout=out,
            stderr=out,
            env={**os.environ, **variables},
        )
        made = OperatorProcess(process, log)
        try:
            yield made
        finally:
            made.resume() if process.poll() is None else None
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                made.kill()
