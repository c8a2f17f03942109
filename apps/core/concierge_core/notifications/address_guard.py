"""Where webhooks may go: https to public addresses, so that a URL can't be turned on the property's own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from concierge_core.work.registry import GiveUp


@dataclass(frozen=True, slots=True)
class Place:
    """A checked URL: connect to `address` (not to the name, which might resolve otherwise the next time)."""

    url: str
    host: str
    host_header: str


async def checked(url: str, *, may_be_private: bool) -> Place:
    """Resolve and check the URL. Raises `GiveUp` for one that may not be used, OSError when the name is unknown now.

    With `may_be_private`, http and private addresses are fine: for tests, and for peers in the same network.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or parts.username or (parts.scheme != "https" and not (may_be_private and parts.scheme == "http")):
        raise GiveUp("the webhook's URL must be https, with a host and without a login")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = await _resolve(host, port)
    if not may_be_private and not all(is_public(address) for address in addresses):
        raise GiveUp("the webhook's host is not on the public internet")
    netloc = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    pinned = parts._replace(netloc=f"{netloc}:{port}", fragment="").geturl()
    return Place(pinned, host, parts.netloc)


def is_public(address: str) -> bool:
    """Reachable for everyone: not private, loopback, link-local, reserved or multicast, also not dressed up as IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip.sixtofour or ip
    return ip.is_global and not ip.is_multicast


async def _resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]
