"""A way to a Service of a cluster that is elsewhere: `kubectl port-forward`, begun again whenever it ends.

kubectl picks one pod of the Service and ends with it; a guest's next request must find another.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from control_plane import Cluster
from node.routes import Backend
from running_house import free_port

_PATIENCE_SECONDS = 30
_AGAIN_AND_AGAIN = 'while :; do "$@"; sleep 0.3; done'


@contextmanager
def forwarded(cluster: Cluster, backend: Backend) -> Iterator[str]:
    """Address and port on this machine that lead there for as long as the block lasts."""
    port = free_port()
    command = [
        str(cluster.programs / "kubectl"), "--kubeconfig", str(cluster.kubeconfig), "port-forward",
        "-n", backend.namespace, f"service/{backend.service}", f"{port}:{backend.port}",
    ]  # fmt: skip
    process = subprocess.Popen(
        ["sh", "-c", _AGAIN_AND_AGAIN, "sh", *command], stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_until_open(port, backend)
        yield f"127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_open(port: int, backend: Backend) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not _is_open(port):
        assert time.monotonic() < end, f"no way to {backend}"
        time.sleep(0.1)


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
