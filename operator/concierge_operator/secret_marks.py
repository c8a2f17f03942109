"""Fingerprints of the Secrets that a tenant uses: pods restart when a content changes, and for nothing else. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from concierge_core.tenant.values import SecretRef
from concierge_operator import names
from concierge_operator.generated import FINGERPRINT_KEY
from concierge_operator.names import Component
from concierge_operator.observe import State, Verdict
from concierge_operator.render import secrets
from concierge_operator.render.context import Context
from concierge_operator.render.sizes import running


def content_mark(key: bytes, live: Mapping[str, Any]) -> str:
    """Keyed fingerprint of a Secret's content."""
    digest = hmac.new(key, digestmod=hashlib.sha256)
    for name, value in sorted((live.get("data") or {}).items()):
        if name != FINGERPRINT_KEY:
            digest.update(f"{name}={value}\n".encode())
    return digest.hexdigest()[:10]


def used_names(ctx: Context) -> list[str]:
    """Every Secret that something of the tenant uses; nothing of the tenant's own while the house is closed."""
    if ctx.suspended:
        return [names.GENERATED_SECRET]
    backup = (Component.BACKUP,) if ctx.spec.backup.enabled else ()
    parts = (*running(ctx), Component.MIGRATION, *backup)
    return sorted({name for part in parts for name in secrets.used(ctx, part)} | {names.GENERATED_SECRET})


def used_keys(ctx: Context) -> list[SecretRef]:
    """Every key of the tenant's own Secrets that its pods can't start without."""
    if ctx.suspended:
        return []
    found = {(ref.name, ref.key): ref for ref in _references(ctx)}
    return [found[place] for place in sorted(found)]


def _references(ctx: Context) -> Iterable[SecretRef]:
    for part in (*running(ctx), Component.MIGRATION):
        yield from secrets.referenced(ctx, part)
    for ref in (secrets.database_secret(ctx), secrets.redis_secret(ctx)):
        if ref is not None:
            yield ref


def lacking(wanted: Iterable[SecretRef], keys_of: Mapping[str, frozenset[str] | None], ctx: Context) -> Verdict | None:
    """What is not there. `keys_of`: name → keys of the Secret, None where there is no such Secret."""
    made_by_others = ctx.spec.postgres.mode == "cloudnativepg"
    for ref in wanted:
        keys = keys_of.get(ref.name)
        if keys is not None and ref.key in keys:
            continue
        if made_by_others and ref == secrets.database_secret(ctx):
            return Verdict(State.PROGRESSING, "SecretNotThereYet", f"CloudNativePG has not made {ref.name} yet.")
        what = f"has no key {ref.key}" if keys is not None else "does not exist"
        told = f"Secret {ctx.namespace}/{ref.name} {what}. Create it, or correct the reference in the spec."
        return Verdict(State.FAILED, "SecretMissing", told)
    return None
