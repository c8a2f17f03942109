"""What the API server refuses although each field is right by itself: CEL rules, each with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

ListType = tuple[Literal["map", "set", "atomic"], tuple[str, ...]]

DEFAULT_STORAGE = "10Gi"
DEFAULT_REDIS = "128Mi"
SMALLEST_REDIS = "256Mi"
"""Up to here its volume has the smallest size there is (`render.redis`)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A CEL expression over the node at `path` ("": the whole object); where it is not true, `message` is shown."""

    path: str
    rule: str
    message: str
    field: str | None = None

    def as_validation(self) -> dict[str, Any]:
        """As it stands in the schema."""
        written: dict[str, Any] = {"rule": self.rule, "message": self.message}
        if self.field:
            written["fieldPath"] = self.field
        return written


def _size(of: str) -> str:
    given = f"has({of}.storage) && has({of}.storage.size)"
    return f"quantity({given} ? {of}.storage.size : '{DEFAULT_STORAGE}')"


def _redis(of: str) -> str:
    given = f"has({of}.redis) && has({of}.redis.memory)"
    return f"quantity({given} ? {of}.redis.memory : '{DEFAULT_REDIS}')"


_CHANNEL_ON = (
    "has(self.messaging) && has(self.messaging.{0}) && has(self.messaging.{0}.enabled) && self.messaging.{0}.enabled"
)
_ACCOUNT = "has(self.messaging) && has(self.messaging.twilio) || has(self.voice) && has(self.voice.twilio)"

TENANT_LISTS: dict[str, ListType] = {
    "spec.property.languages": ("atomic", ()),
    "spec.property.departments": ("map", ("code",)),
    "spec.knowledge.articles": ("map", ("slug",)),
    "spec.knowledge.configMaps": ("map", ("name",)),
    "spec.widget.allowedOrigins": ("set", ()),
    "spec.image.pullSecrets": ("set", ()),
    "spec.voice.roster": ("atomic", ()),
}
"""Lists whose entries are merged by key when several writers apply; the others are atomic."""


def _tolerations(path: str) -> tuple[Rule, ...]:
    return (
        Rule(
            path,
            "has(self.key) || has(self.operator) && self.operator == 'Exists'",
            "A toleration without a key is for every taint; add a key, or set operator: Exists.",
        ),
        Rule(
            path,
            "!(has(self.operator) && self.operator == 'Exists' && has(self.value))",
            "With operator Exists no value is looked at; take value out.",
        ),
        Rule(
            path,
            "!has(self.tolerationSeconds) || has(self.effect) && self.effect == 'NoExecute'",
            "tolerationSeconds only counts with effect: NoExecute; set that, or take it out.",
        ),
    )


TENANT_RULES = (
    Rule(
        "",
        "size(self.metadata.name) <= 63",
        "Every object carries the name as a label, which has room for 63 characters; choose a shorter one.",
    ),
    *_tolerations("spec.scheduling.tolerations[]"),
    Rule(
        "spec.property.code",
        "self == oldSelf",
        "The code separates this property's data from all others and can't change; make a new tenant for another code.",
    ),
    Rule(
        "spec.property.languages",
        "self.all(one, self.exists_one(other, other == one))",
        "A language stands there twice; keep one.",
    ),
    Rule(
        "spec",
        f"{_size('self')}.compareTo({_size('oldSelf')}) >= 0",
        "A volume can grow but never shrink; leave storage.size as it was or make it larger.",
        field=".storage",
    ),
    Rule(
        "spec",
        f"{_redis('oldSelf')}.compareTo(quantity('{SMALLEST_REDIS}')) <= 0 || "
        f"{_redis('self')}.compareTo({_redis('oldSelf')}) >= 0",
        "Redis' volume is sized by its memory and never shrinks; leave redis.memory as it was or make it larger.",
        field=".redis",
    ),
    Rule(
        "spec.voice",
        "!(has(self.enabled) && self.enabled) || has(self.twilio) && has(self.twilio.number)",
        "Voice is enabled but twilio is not whole; add accountSid, authTokenSecret and number, or set enabled: false.",
        field=".twilio",
    ),
    Rule(
        "spec",
        f"!({_CHANNEL_ON.format('sms')}) || ({_ACCOUNT})",
        "messaging.sms is enabled but there is no account; add messaging.twilio.",
        field=".messaging",
    ),
    Rule(
        "spec",
        f"!({_CHANNEL_ON.format('whatsapp')}) || ({_ACCOUNT})",
        "messaging.whatsapp is enabled but there is no account; add messaging.twilio.",
        field=".messaging",
    ),
    Rule(
        "spec.gateway",
        "!(has(self.name) && has(self.ingressClass))",
        "A tenant is reached through a Gateway or an Ingress; keep name or ingressClass.",
    ),
    Rule(
        "spec.postgres",
        "!(has(self.mode) && self.mode == 'external') || has(self.urlSecret)",
        "Mode is external but urlSecret is missing; say where the postgresql:// URL lies.",
        field=".urlSecret",
    ),
    Rule(
        "spec.redis",
        "!(has(self.mode) && self.mode == 'external') || has(self.urlSecret)",
        "Mode is external but urlSecret is missing; say where the redis:// URL lies.",
        field=".urlSecret",
    ),
    Rule(
        "spec.backup",
        "!(has(self.enabled) && self.enabled) || has(self.destination)",
        "Backups are enabled but destination is missing; say where they go, such as s3://bucket/path or pvc:NAME.",
        field=".destination",
    ),
    # What follows may be said by the class instead; then it is checked when both are put together.
    Rule(
        "spec",
        "!(has(self.backup) && has(self.backup.enabled) && self.backup.enabled && has(self.backup.destination) && "
        "self.backup.destination.startsWith('s3://')) || has(self.backup.credentialsSecret) || has(self.classRef)",
        "Backups go to a bucket but credentialsSecret is missing; name the Secret with its keys.",
        field=".backup",
    ),
    Rule(
        "spec",
        "!(has(self.deletionPolicy) && self.deletionPolicy == 'Snapshot') || "
        "has(self.backup) && has(self.backup.destination) || has(self.classRef)",
        "deletionPolicy is Snapshot but backup.destination is missing; say where the last backup goes.",
        field=".backup",
    ),
    Rule(
        "spec.notifications",
        "!(has(self.handoffEmails) && size(self.handoffEmails) > 0) || has(self.smtp)",
        "handoffEmails has addresses but smtp is missing; add the mail server or take the addresses out.",
        field=".smtp",
    ),
    Rule(
        "spec.notifications.smtp",
        "has(self.username) == has(self.passwordSecret)",
        "A login needs both username and passwordSecret.",
    ),
    *(
        Rule(
            f"spec.autoscaling.{component}",
            "(has(self.maxReplicas) ? self.maxReplicas : 3) >= (has(self.minReplicas) ? self.minReplicas : 1)",
            "maxReplicas is smaller than minReplicas; raise it.",
            field=".maxReplicas",
        )
        for component in ("chat", "voice", "ai", "admin", "worker")
    ),
)

CLASS_RULES = (
    *_tolerations("spec.defaults.scheduling.tolerations[]"),
    Rule(
        "spec.rollout.waves",
        "self[size(self) - 1] == 100",
        "The last wave must be 100 percent, such as [10, 50, 100].",
    ),
    Rule(
        "spec.rollout.waves",
        "self.all(one, self.exists_one(other, other == one)) && self == self.sort()",
        "Waves must rise, such as [10, 50, 100].",
    ),
)
