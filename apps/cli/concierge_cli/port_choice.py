"""Which port each property gets: the one asked for, or the next that is free."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator

from concierge_core.errors import InvalidInput

FIRST_PORT = 8080
_ANOTHER = "choose another one with --port (with make: PORT=…)."
_TRIES = 200
# Below what a system gives to outgoing connections (Linux from 32768, others from 49152), and to NodePorts (30000):
# between our look and our program's start, no connection of anybody's takes such a port.
_QUIET = range(12_000, 30_000)


def choose(host: str, asked: int | None, count: int) -> list[int]:
    """`count` ports on `host`. Raises `InvalidInput` when it is none of this machine's, or the port is taken."""
    if not is_free(host, 0):
        raise InvalidInput("host", f"{host} is no address of this machine: choose another one with --host.")
    if asked is not None and not is_free(host, asked):
        raise InvalidInput("port", f"Port {asked} is taken by another program: {_ANOTHER}")
    found: list[int] = []
    for port in _candidates(asked or FIRST_PORT):
        if len(found) == count:
            return found
        if is_free(host, port):
            found.append(port)
    if len(found) == count:
        return found
    raise InvalidInput("port", f"There is no free port from {asked or FIRST_PORT} on: {_ANOTHER}")


def is_free(host: str, port: int) -> bool:
    """Nobody listens there, and we may."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError):
            return False
    return True


def any_free(host: str = "127.0.0.1") -> int:
    """Some free port, for what people never type. Raises `InvalidInput` when there seems to be none."""
    for _ in range(_TRIES):
        if is_free(host, port := secrets.choice(_QUIET)):
            return port
    raise InvalidInput("port", f"No port of {host} from {_QUIET.start} to {_QUIET.stop - 1} seems to be free.")


def _candidates(first: int) -> Iterator[int]:
    return iter(range(first, min(first + _TRIES, 65_536)))
