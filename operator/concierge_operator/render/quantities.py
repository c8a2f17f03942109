"""Kubernetes quantities as numbers, in the form in which the API server writes them back."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS: dict[str, int | Decimal] = {
    "": 1, "m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip


def _plain(quantity: str) -> Decimal:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)", quantity)
    assert match is not None, quantity
    return Decimal(match[1]) * _UNITS[match[2]]


def millicores(cpu: str) -> int:
    """CPU in thousandths of a core, rounded up."""
    return int((_plain(cpu) * 1000).to_integral_value(rounding="ROUND_CEILING"))


def mebibytes(memory: str) -> int:
    """Memory in MiB, rounded up."""
    return int((_plain(memory) / 2**20).to_integral_value(rounding="ROUND_CEILING"))


def as_millicores(cpu: int) -> str:
    """Canonical: whole cores without the m."""
    return str(cpu // 1000) if cpu % 1000 == 0 else f"{cpu}m"


def as_mebibytes(memory: int) -> str:
    """Canonical: whole GiB as Gi."""
    return f"{memory // 1024}Gi" if memory % 1024 == 0 else f"{memory}Mi"
