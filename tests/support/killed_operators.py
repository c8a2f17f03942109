"""Operators as processes, of which the one that writes is killed after so many writes; a standby is always there."""

from __future__ import annotations

import itertools
import threading
from contextlib import ExitStack
from pathlib import Path

from control_plane import ControlPlane
from fault_proxy import Asked, FaultProxy, fault_proxy
from killable_operator import OperatorProcess, operator_process

_BRISK = {"lease_seconds": 4, "renew_deadline_seconds": 3, "retry_seconds": 0.3}


class KilledOperators:
    """Two of them at any time."""

    def __init__(self, plane: ControlPlane, folder: Path, stack: ExitStack) -> None:
        self._plane = plane
        self._folder = folder
        self._stack = stack
        self._numbers = itertools.count()
        self._left = 0
        self._fell = threading.Event()
        for _ in range(2):
            self._start()

    def kill_after(self, writes: int) -> None:
        """SIGKILL for whoever has written so many times from now on, as soon as the last of them was answered."""
        self._fell.clear()
        self._left = writes
        assert self._fell.wait(60), f"{self._left} writes were left when nothing more was written"
        # How long the next one waits for it is tried elsewhere.
        self._plane.kubectl("delete", "lease", "concierge-operator", "-n", "concierge-system", "--ignore-not-found")
        self._start()

    def _start(self) -> None:
        name = f"killed-{next(self._numbers)}"
        folder = self._folder / name
        folder.mkdir()
        proxy = self._stack.enter_context(fault_proxy(self._plane, folder))
        made = self._stack.enter_context(operator_process(proxy.kubeconfig, name, folder, **_BRISK))
        proxy.answered = lambda asked: self._answered(proxy, made, asked)

    def _answered(self, proxy: FaultProxy, made: OperatorProcess, asked: Asked) -> None:
        if not asked.writes or self._left == 0:
            return
        self._left -= 1
        if self._left == 0:
            made.kill()
            proxy.answered = lambda _: None
            self._fell.set()
