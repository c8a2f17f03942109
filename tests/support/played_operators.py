"""Plays the kubelet for the operator itself: for each pod of its Deployment a process with that pod's settings and the
rights of that pod's account, told to stop when the pod goes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from control_plane import ControlPlane
from killable_operator import OperatorProcess, operator_process
from operator_account import signed_in

_LABELS = "app.kubernetes.io/component=operator,app.kubernetes.io/part-of=concierge"
_PREFIX = "CONCIERGE_OPERATOR_"


class PlayedOperators:
    """Those of one namespace."""

    def __init__(self, plane: ControlPlane, namespace: str, folder: Path) -> None:
        self._plane = plane
        self._namespace = namespace
        self._folder = folder
        self._stacks: dict[str, ExitStack] = {}
        self.processes: dict[str, OperatorProcess] = {}
        """By the pod's name; those that were stopped too."""

    @property
    def running(self) -> set[str]:
        """The pods that have a process now."""
        return set(self._stacks)

    def leader(self) -> str:
        """The pod that holds the Lease."""
        where = ("get", "lease", "concierge-operator", "-n", self._namespace, "-o", "jsonpath={.spec.holderIdentity}")
        return self._plane.kubectl(*where, check=False)

    def caught_up(self) -> bool:
        """The leader has looked at every tenant since it leads."""
        process = self.processes.get(self.leader())
        return process is not None and "everything was looked at once" in process.log.read_text(encoding="utf-8")

    def keep(self, over: threading.Event) -> None:
        """Until it is over."""
        while not over.wait(0.3):
            self._step()
        for stack in self._stacks.values():
            stack.close()

    def _step(self) -> None:
        told = self._plane.kubectl("get", "pods", "-n", self._namespace, "-l", _LABELS, "-o", "json")
        pods = {pod["metadata"]["name"]: pod for pod in json.loads(told)["items"]}
        for name in pods.keys() - self._stacks.keys():
            self._start(name, pods[name])
        for name in self._stacks.keys() - pods.keys():
            self._stacks.pop(name).close()

    def _start(self, name: str, pod: dict[str, Any]) -> None:
        folder = self._folder / name
        folder.mkdir()
        account = pod["spec"]["serviceAccountName"]
        token = self._plane.kubectl("create", "token", account, "-n", self._namespace).strip()
        path = signed_in(self._plane.kubeconfig, token, folder / "kubeconfig")
        stack = self._stacks[name] = ExitStack()
        self.processes[name] = stack.enter_context(operator_process(path, name, folder, **self._settings(pod)))

    def _settings(self, pod: dict[str, Any]) -> dict[str, str]:
        """What its variables say, but for those that only a kubelet can fill in."""
        (container,) = pod["spec"]["containers"]
        given = {one["name"]: one["value"] for one in container["env"] if "value" in one}
        ours = {name.removeprefix(_PREFIX).lower(): v for name, v in given.items() if name.startswith(_PREFIX)}
        del ours["identity"]
        return {**ours, "namespace": self._namespace}


@contextmanager
def played_operators(plane: ControlPlane, namespace: str, folder: Path) -> Iterator[PlayedOperators]:
    """For as long as the block lasts."""
    made, over = PlayedOperators(plane, namespace, folder), threading.Event()
    thread = threading.Thread(target=made.keep, args=(over,))
    thread.start()
    try:
        yield made
    finally:
        over.set()
        thread.join()
