"""The two ends of a NetworkPolicy's rule: who is on the other side, and at which port. Each call makes a new value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from concierge_operator import names
from concierge_operator.names import Component

Rule = dict[str, Any]

_PRIVATE_V4 = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
_PRIVATE_V6 = ("fc00::/7", "fe80::/10")


def internet() -> list[Rule]:
    """Without private ranges: what a pod of a hotel has no business to reach in the cluster's own network."""
    return [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": list(_PRIVATE_V4)}},
        {"ipBlock": {"cidr": "::/0", "except": list(_PRIVATE_V6)}},
    ]


def anywhere() -> list[Rule]:
    """Also inside: for what the tenant's owner names by host, which may be a neighbour."""
    return addresses(("0.0.0.0/0", "::/0"))


def addresses(ranges: Iterable[str]) -> list[Rule]:
    """These ranges of addresses."""
    return [{"ipBlock": {"cidr": cidr}} for cidr in ranges]


def spaces(namespaces: Iterable[str]) -> list[Rule]:
    """All pods of these namespaces, each once."""
    return [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
        for name in dict.fromkeys(namespaces)
    ]


def own(tenant: str, components: Iterable[Component]) -> list[Rule]:
    """The tenant's own pods of these components."""
    return [{"podSelector": {"matchLabels": names.selector(tenant, component)}} for component in components]


def tcp(*ports: int) -> list[Rule]:
    """These ports, in order, each once."""
    return [{"protocol": "TCP", "port": port} for port in sorted(set(ports))]


def port_of(url: str) -> int:
    """The one that the URL names, else that of its scheme."""
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)
