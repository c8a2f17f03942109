"""An operator in this process, on a thread of its own, as `concierge-operator` runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concierge_core.clock import SystemClock
from concierge_operator.main import run
from concierge_operator.running import Operator
from concierge_operator.settings import OperatorSettings
from in_thread import InThread, in_thread


@dataclass
class RunningOperator:
    """One that runs."""

    operator: Operator
    thread: InThread

    def stop(self) -> None:
        """End it as a signal would."""
        self.thread.stop()


@contextmanager
def running_operator(kubeconfig: Path, **settings: Any) -> Iterator[RunningOperator]:
    """For as long as the block lasts."""
    given = {"port": 0, "listen_host": "127.0.0.1", "identity": "test", "lease_seconds": 3, "renew_deadline_seconds": 2}
    made = OperatorSettings(kubeconfig=kubeconfig, **{**given, "retry_seconds": 0.3, **settings})
    operator = Operator(made, SystemClock())
    with in_thread(lambda: run(operator)) as thread:
        yield RunningOperator(operator, thread)
