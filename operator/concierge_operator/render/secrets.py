"""Which component uses which secret. Secrets are mounted, or given as variables; their content is never rendered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from concierge_core.tenant.values import SecretRef
from concierge_operator import names
from concierge_operator.names import APPS, BACKGROUND, Component
from concierge_operator.render.context import Context
from concierge_operator.render.ports import POSTGRES_PORT, REDIS_PORT

SECRETS_PATH = "/etc/concierge/secrets"

POSTGRES_PASSWORD = "postgres-password"  # noqa: S105  # the key it lies under
REDIS_PASSWORD = "redis-password"  # noqa: S105
ENCRYPTION_KEYS = "encryption-keys"
INTERNAL_TOKEN = "internal-token"  # noqa: S105
FIRST_PASSWORD = "first-account-password"  # noqa: S105

_ALL_WITH_DATA = (*APPS, *BACKGROUND, Component.WEB, Component.MIGRATION)


def referenced(ctx: Context, component: Component) -> list[SecretRef]:
    """The tenant's own secrets that the component reads, each once, in a fixed order."""
    found = {(ref.name, ref.key): ref for ref in _possible(ctx, component) if ref is not None}
    return [found[place] for place in sorted(found)]


def used(ctx: Context, component: Component) -> list[str]:
    """Names of all Secrets that the component uses, ours included: a change of one restarts its pods."""
    own = {ref.name for ref in referenced(ctx, component)}
    if component in _ALL_WITH_DATA or component in (Component.POSTGRES, Component.REDIS, Component.BACKUP):
        own |= {names.GENERATED_SECRET}
    if component in (*_ALL_WITH_DATA, Component.BACKUP):
        own |= {ref.name for ref in (database_secret(ctx), redis_secret(ctx)) if ref is not None}
    if component is Component.BACKUP and ctx.spec.backup.credentials_secret:
        own |= {ctx.spec.backup.credentials_secret}
    return sorted(own)


def restart_marks(ctx: Context, component: Component) -> dict[str, str]:
    """The fingerprint of all secrets that the component uses, for its pods: they restart when one of them changes."""
    marks = {name: ctx.secret_fingerprints.get(name, "absent") for name in used(ctx, component)}
    return {names.SECRETS_HASH: names.fingerprint(marks)}


def _possible(ctx: Context, component: Component) -> Iterator[SecretRef | None]:
    spec = ctx.spec
    together = component is Component.WEB
    if component in _ALL_WITH_DATA:
        yield spec.observability.sentry_dsn_secret
    if component is Component.AI or together:
        yield spec.ai.key_secret
    if component in (Component.VOICE, Component.WORKER) or together:
        for account in (spec.voice.twilio, spec.messaging.twilio):
            yield account.auth_token_secret if account else None
    if component is Component.ADMIN or together:
        yield spec.admin.oidc.client_secret if spec.admin.oidc else None
    if component is Component.WORKER:
        yield spec.notifications.smtp.password_secret if spec.notifications.smtp else None
        for hook in spec.notifications.webhooks:
            yield hook.secret


def volume(ctx: Context, component: Component) -> dict[str, Any]:
    """All referenced keys as files `<name>/<key>`, as `concierge_core.settings` expects them."""
    sources = [
        {"secret": {"name": ref.name, "items": [{"key": ref.key, "path": f"{ref.name}/{ref.key}"}]}}
        for ref in referenced(ctx, component)
    ]
    return {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": sources}}


def variables(ctx: Context, component: Component) -> list[dict[str, Any]]:
    """Where database, Redis, keys and the apps' shared token are; `$(…)` is filled in by the kubelet."""
    shared = [
        *database_variables(ctx),
        *_redis_variables(ctx),
        from_secret("CONCIERGE_ENCRYPTION_KEYS", names.GENERATED_SECRET, ENCRYPTION_KEYS),
        from_secret("CONCIERGE_INTERNAL_TOKEN", names.GENERATED_SECRET, INTERNAL_TOKEN),
    ]
    if component is Component.MIGRATION:
        shared.append(from_secret("CONCIERGE_FIRST_PASSWORD", names.GENERATED_SECRET, FIRST_PASSWORD))
    return shared


def database_variables(ctx: Context) -> list[dict[str, Any]]:
    """Where the database is."""
    ref = database_secret(ctx)
    if ref is not None:
        return [from_secret("DATABASE_URL", ref.name, ref.key)]
    host = names.object_name(Component.POSTGRES)
    return [
        from_secret("POSTGRES_PASSWORD", names.GENERATED_SECRET, POSTGRES_PASSWORD),
        {
            "name": "DATABASE_URL",
            "value": f"postgresql://concierge:$(POSTGRES_PASSWORD)@{host}:{POSTGRES_PORT}/concierge",
        },
    ]


def _redis_variables(ctx: Context) -> list[dict[str, Any]]:
    ref = redis_secret(ctx)
    if ref is not None:
        return [from_secret("REDIS_URL", ref.name, ref.key)]
    host = names.object_name(Component.REDIS)
    return [
        from_secret("REDIS_PASSWORD", names.GENERATED_SECRET, REDIS_PASSWORD),
        {"name": "REDIS_URL", "value": f"redis://:$(REDIS_PASSWORD)@{host}:{REDIS_PORT}/0"},
    ]


def database_secret(ctx: Context) -> SecretRef | None:
    """Where the database's URL lies; None where the operator runs it."""
    if ctx.spec.postgres.mode == "cloudnativepg":
        # CloudNativePG writes the owner's credentials, the whole URI among them, into this Secret.
        return SecretRef(name=f"{names.object_name(Component.POSTGRES)}-app", key="uri")
    return ctx.spec.postgres.url_secret if ctx.spec.postgres.mode == "external" else None


def redis_secret(ctx: Context) -> SecretRef | None:
    """Where Redis' URL lies; None where the operator runs it."""
    return ctx.spec.redis.url_secret if ctx.spec.redis.mode == "external" else None


def from_secret(variable: str, name: str, key: str) -> dict[str, Any]:
    """A variable of a container, from a key of a Secret."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}
