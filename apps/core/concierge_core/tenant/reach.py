"""Where a field of the tenant's YAML counts: everywhere, in a cluster only, or not before a later version.

`docs/tenant.md`, `concierge up` and `concierge doctor` say so to people; `tests/unit/core/test_tenant_reach.py` fails
when a field is read by nobody and is not in here, and when one in here is read after all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from concierge_core.tenant.model import ConciergeTenant

CLUSTER: Final = (
    "metadata.name",
    "metadata.namespace",
    "metadata.labels",
    "metadata.annotations",
    "spec.classRef",
    "spec.profile",
    "spec.size",
    "spec.host",
    "spec.tls",
    "spec.gateway",
    "spec.image",
    "spec.version",
    "spec.voice.fallbackUrl",
    "spec.postgres.port",
    "spec.postgres.version",
    "spec.postgres.instances",
    "spec.postgres.maxConnections",
    "spec.redis.port",
    "spec.redis.memory",
    "spec.storage",
    "spec.backup",
    "spec.autoscaling",
    "spec.resources",
    "spec.scheduling",
    "spec.observability.serviceMonitor",
    "spec.deletionPolicy",
)
"""The operator's: checked on one machine and otherwise left alone. A section stands for all that is in it."""

LATER: Final = {
    "spec.property.rooms": "",
    "spec.property.departments[].hours": "",
    "spec.property.departments[].phone": "",
    "spec.voice.mode": "",
    "spec.voice.roster": "callers who want a person are noted as a request, no phone rings",
    "spec.voice.ringSeconds": "",
    "spec.voice.speech.ttsProvider": "",
    "spec.voice.speech.transcriptionProvider": "",
    "spec.voice.speech.voices": "",
    "spec.messaging": "SMS and WhatsApp are not answered",
    "spec.ai.tools.lateCheckOut.latest": "",
    "spec.ai.tools.tableBooking": "",
    "spec.ai.tools.stayLookup": "",
    "spec.knowledge.urls": "web pages are not read, so write what they say as articles",
    "spec.admin.oidc": "staff sign in with e-mail address and password",
    "spec.pms": "",
}
"""What this version checks and does not use, with what that means where somebody would wait for it in vain."""


def reach_of(path: str) -> str:
    """What to add to the meaning of a field; empty for one that counts everywhere."""
    if _is_among(path, CLUSTER):
        return "Cluster only."
    return "Not used by this version." if _is_among(path, tuple(LATER)) else ""


def unused(tenant: ConciergeTenant) -> list[str]:
    """The fields of `LATER` that this tenant's YAML gives, in its order of fields."""
    written = list(dict.fromkeys(_written(tenant, "")))
    return [path for path in written if path in LATER]


def unmet(tenant: ConciergeTenant) -> list[str]:
    """One sentence for each of them that somebody would wait for in vain."""
    return [f"{path} is not used by this version: {LATER[path]}" for path in unused(tenant) if LATER[path]]


def _is_among(path: str, listed: tuple[str, ...]) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[]")) for each in listed)


def _written(part: Any, path: str) -> Iterator[str]:
    """Dotted paths of all that is written, as in the documentation: `[]` stands for any entry of a list."""
    if isinstance(part, list):
        for entry in part:
            yield from _written(entry, f"{path}[]")
    if isinstance(part, BaseModel):
        for name, info in type(part).model_fields.items():
            if name in part.model_fields_set:
                below = f"{path}.{info.alias}" if path else str(info.alias)
                yield below
                yield from _written(getattr(part, name), below)
