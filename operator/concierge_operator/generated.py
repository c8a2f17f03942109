"""The Secret with a tenant's own passwords and keys: made once, completed where something is missing, never changed.

Under the deletion policy `Retain` it outlives the tenant, as the volumes do: without its keys nobody can read the data.
"""

from __future__ import annotations

import base64
import binascii
import secrets as randomness
from collections.abc import Callable, Mapping
from typing import Any

from concierge_core.keys import MasterKey
from concierge_operator import names
from concierge_operator.render.context import Context, Manifest
from concierge_operator.render.secrets import (
    ENCRYPTION_KEYS,
    FIRST_PASSWORD,
    INTERNAL_TOKEN,
    POSTGRES_PASSWORD,
    REDIS_PASSWORD,
)

FINGERPRINT_KEY = "fingerprint-key"
"""With it fingerprints of secrets are made: who reads a pod's annotations can't try out passwords."""

# Letters and digits that nobody mistakes for others: the first password is read from a screen and typed.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def _token() -> str:
    return randomness.token_hex(24)


def _password() -> str:
    groups = ("".join(randomness.choice(_READABLE) for _ in range(5)) for _ in range(4))
    return "-".join(groups)


def _encryption_keys() -> str:
    key = MasterKey.generate()
    return f"{key.id}:{base64.b64encode(key.secret).decode()}"


MAKERS: dict[str, Callable[[], str]] = {
    POSTGRES_PASSWORD: _token,
    REDIS_PASSWORD: _token,
    ENCRYPTION_KEYS: _encryption_keys,
    INTERNAL_TOKEN: _token,
    FIRST_PASSWORD: _password,
    FINGERPRINT_KEY: _token,
}


def missing(live: Manifest | None) -> dict[str, str]:
    """What is not in the Secret yet, freshly made, as `data` wants it (base64)."""
    there = (live or {}).get("data") or {}
    return {name: base64.b64encode(make().encode()).decode() for name, make in MAKERS.items() if not there.get(name)}


def new_secret(ctx: Context, data: Mapping[str, str]) -> Manifest:
    """The Secret as it is created."""
    return ctx.manifest("v1", "Secret", names.GENERATED_SECRET, type="Opaque", data=dict(data))


def fingerprint_key(live: Mapping[str, Any]) -> bytes:
    """The key for fingerprints; empty where it is missing."""
    try:
        return base64.b64decode((live.get("data") or {}).get(FINGERPRINT_KEY, ""))
    except binascii.Error:
        return b""
