"""Names and labels of everything that is made for a tenant. One tenant lives in a namespace, so names are short."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any, Final

import orjson

FIELD_MANAGER: Final = "concierge-operator"
STATUS_MANAGER: Final = "concierge-operator-status"
DOMAIN: Final = "concierge.hotel"

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
COMPONENT: Final = "app.kubernetes.io/component"
TENANT_UID: Final = f"{DOMAIN}/tenant-uid"
CONFIG_HASH: Final = f"{DOMAIN}/config"
SECRETS_HASH: Final = f"{DOMAIN}/secrets"

GENERATED_SECRET: Final = "concierge-generated"  # noqa: S105
"""Passwords and keys that are made once."""
ARTICLES: Final = "concierge-articles"
"""ConfigMap with the articles of the tenant's own YAML; read again without a restart."""
SERVICE_ACCOUNT: Final = "concierge"


class Component(StrEnum):
    """What runs for a tenant."""

    CHAT = "chat"
    VOICE = "voice"
    AI = "ai"
    ADMIN = "admin"
    WORKER = "worker"
    BEAT = "beat"
    WEB = "web"
    """Chat, voice, dashboard and AI app in one process, of a compact tenant."""
    MIGRATION = "migration"
    POSTGRES = "postgres"
    REDIS = "redis"
    BACKUP = "backup"


APPS: Final = (Component.CHAT, Component.VOICE, Component.AI, Component.ADMIN)
BACKGROUND: Final = (Component.WORKER, Component.BEAT)


def object_name(component: Component) -> str:
    """Name of a component's Deployment, Service and so on."""
    return f"concierge-{component.value}"


def selector(tenant: str, component: Component) -> dict[str, str]:
    """Labels that pick a component's pods. They can't change later, so no version is among them."""
    return {"app.kubernetes.io/name": "concierge", "app.kubernetes.io/instance": tenant, COMPONENT: component.value}


def made_for(tenant: str) -> dict[str, str]:
    """Labels that pick everything that the operator made for a tenant, and what that made in turn."""
    return {"app.kubernetes.io/instance": tenant, MANAGED_BY: FIELD_MANAGER}


def fingerprint(value: Any) -> str:
    """Ten characters that are the same for the same value."""
    written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(written).hexdigest()[:10]
