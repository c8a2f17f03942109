"""Which address a connection really comes from, behind proxies that we trust and nobody else. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

UNKNOWN = "unknown"


class TrustedProxies:
    """The networks whose `X-Forwarded-For` is believed. Raises `ValueError` for text that names no network."""

    def __init__(self, networks: str) -> None:
        self._networks = [ip_network(part.strip(), strict=False) for part in networks.split(",") if part.strip()]

    def client(self, peer: str | None, forwarded_for: Sequence[str]) -> str:
        """The right-most address that is not a trusted proxy: whatever stands left of it was written by the client.

        `forwarded_for` are the header's lines in order. IPv6 addresses count by their /64, which one guest owns whole.
        """
        address = _address(peer or "")
        hops = [hop for line in forwarded_for for hop in line.split(",")]
        while self._trusts(address, peer) and hops:
            hop = _address(hops.pop())
            if hop is None:
                break
            address, peer = hop, str(hop)
        return _counted(address)

    def _trusts(self, address: IPv4Address | IPv6Address | None, peer: str | None) -> bool:
        if address is None:
            # A Unix socket has no address: only a proxy on this machine can be behind it.
            return not peer and bool(self._networks)
        return any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].split("]")[0]
    elif text.count(":") == 1:
        text = text.split(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _counted(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
