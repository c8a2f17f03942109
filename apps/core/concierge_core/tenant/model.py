"""`ConciergeTenant`: everything that one property is and wants, as one typed, immutable value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, model_validator

from concierge_core.tenant.channels import (
    Chat,
    ChatLimits,
    Handoff,
    Messaging,
    RosterEntry,
    Speech,
    TextChannel,
    TwilioAccount,
    Voice,
    Widget,
)
from concierge_core.tenant.cluster import (
    Autoscaling,
    Backup,
    ClassRef,
    Gateway,
    HostName,
    Image,
    Observability,
    Postgres,
    Redis,
    Resources,
    Storage,
    Suspend,
    Tls,
    Worker,
)
from concierge_core.tenant.hours import Hours
from concierge_core.tenant.knowledge import ArticleTextSpec, Knowledge, KnowledgeArticle
from concierge_core.tenant.mind import Ai, Escalation, Tools
from concierge_core.tenant.placing import Scheduling
from concierge_core.tenant.property import Address, Branding, Department, Property
from concierge_core.tenant.staff import Admin, FirstAccount, Notifications, Pms, Retention, Smtp, Webhook
from concierge_core.tenant.values import ObjectName, SecretRef, Section, Version, in_language, problems

API_VERSION: Final = "concierge.hotel/v1alpha1"
KIND: Final = "ConciergeTenant"

__all__ = [
    "API_VERSION",
    "KIND",
    "Address",
    "Admin",
    "Ai",
    "ArticleTextSpec",
    "Branding",
    "Chat",
    "ChatLimits",
    "ConciergeTenant",
    "Department",
    "Escalation",
    "FirstAccount",
    "Handoff",
    "Hours",
    "Knowledge",
    "KnowledgeArticle",
    "Messaging",
    "Metadata",
    "Notifications",
    "Property",
    "Retention",
    "RosterEntry",
    "SecretRef",
    "Smtp",
    "Speech",
    "TenantSpec",
    "TextChannel",
    "Tools",
    "TwilioAccount",
    "Voice",
    "Webhook",
    "Widget",
    "in_language",
]


class Metadata(Section):
    """Kubernetes metadata; fields that only the API server writes are passed over."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[ObjectName, Field(max_length=63)]
    """Name of the tenant in its namespace; every object carries it as a label."""
    namespace: ObjectName | None = None
    """Namespace in the cluster; means nothing on one machine."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations."""


class TenantSpec(Section):
    """What the property is and wants."""

    class_ref: ClassRef | None = None
    """The brand's ConciergeClass."""
    profile: Literal["dedicated", "compact"] = "dedicated"
    """`dedicated`: each app has pods of its own; `compact`: they share pods, for a small inn."""
    size: Literal["small", "medium", "large"] = "small"
    """Size of the installation: about 100, 300 or 1000 rooms; sets replicas and resources that are not given."""
    property: Property
    """The house."""
    host: HostName | None = None
    """DNS name under which guests reach it from outside the cluster."""
    tls: Tls | None = None
    """Certificate."""
    gateway: Gateway | None = None
    """Gateway or Ingress."""
    image: Image = Field(default_factory=Image)
    """Container image."""
    version: Version | None = None
    """Version of the apps; its class's if absent, else the operator's own."""
    chat: Chat = Field(default_factory=Chat)
    """Guest chat."""
    widget: Widget = Field(default_factory=Widget)
    """Widget on the hotel's website."""
    voice: Voice = Field(default_factory=Voice)
    """Telephone."""
    messaging: Messaging = Field(default_factory=Messaging)
    """SMS and WhatsApp."""
    ai: Ai = Field(default_factory=Ai)
    """The concierge's mind."""
    knowledge: Knowledge = Field(default_factory=Knowledge)
    """What it knows."""
    notifications: Notifications = Field(default_factory=Notifications)
    """Who is told."""
    admin: Admin = Field(default_factory=Admin)
    """Staff dashboard."""
    pms: Pms = Field(default_factory=Pms)
    """Property management system."""
    retention: Retention = Field(default_factory=Retention)
    """How long data is kept."""
    postgres: Postgres = Field(default_factory=Postgres)
    """Database."""
    redis: Redis = Field(default_factory=Redis)
    """Fan-out and queue."""
    storage: Storage = Field(default_factory=Storage)
    """Volumes."""
    backup: Backup = Field(default_factory=Backup)
    """Backups."""
    worker: Worker = Field(default_factory=Worker)
    """Background work."""
    autoscaling: Autoscaling = Field(default_factory=Autoscaling)
    """Replicas."""
    resources: Resources = Field(default_factory=Resources)
    """CPU and memory."""
    scheduling: Scheduling = Field(default_factory=Scheduling)
    """On which nodes."""
    observability: Observability = Field(default_factory=Observability)
    """Traces, logs, errors, metrics."""
    suspend: Suspend = Field(default_factory=Suspend)
    """Seasonal closure."""
    deletion_policy: Literal["Retain", "Snapshot", "Delete"] = "Retain"
    """What happens to data when the tenant is deleted: kept, saved to the backup destination first, or erased."""

    @model_validator(mode="after")
    def _parts_fit(self) -> TenantSpec:
        found = [
            *self._unknown_departments(),
            *self._untold_default_language(),
            *self._messages_without_account(),
            *self._snapshot_without_place(),
        ]
        if found:
            raise problems(found)
        return self

    def _unknown_departments(self) -> Iterator[tuple[str, str]]:
        named = [("chat.handoff.fallbackDepartment", self.chat.handoff.fallback_department)]
        for i, entry in enumerate(self.voice.roster):
            named += [(f"voice.roster.{i}.departments", code) for code in entry.departments]
        for i, article in enumerate(self.knowledge.articles):
            named += [(f"knowledge.articles.{i}.department", article.department)] if article.department else []
        known = ", ".join(department.code for department in self.property.departments)
        for field, code in named:
            if self.property.department(code) is None:
                yield field, f'names the department "{code}", which property.departments lacks; known: {known}'

    def _untold_default_language(self) -> Iterator[tuple[str, str]]:
        language = self.property.default_language
        for field, texts in (("chat.greeting", self.chat.greeting), ("voice.greeting", self.voice.greeting)):
            if texts and language not in texts:
                yield field, f'has no text for the default language "{language}"; add one'

    def _messages_without_account(self) -> Iterator[tuple[str, str]]:
        account = self.messaging.twilio or self.voice.twilio
        for name, channel in (("sms", self.messaging.sms), ("whatsapp", self.messaging.whatsapp)):
            if channel.enabled and account is None:
                yield "messaging.twilio", f"is missing, but messaging.{name} is enabled; add the account"
            if channel.enabled and account and not (channel.number or account.number):
                yield f"messaging.{name}.number", "is missing, but the channel is enabled; add a number"

    def _snapshot_without_place(self) -> Iterator[tuple[str, str]]:
        # A class may say where; it is asked when both are put together.
        if self.deletion_policy == "Snapshot" and self.backup.destination is None and self.class_ref is None:
            yield "backup.destination", "is missing, but deletionPolicy is Snapshot; say where the last backup goes"


class ConciergeTenant(Section):
    """One property's installation of the concierge."""

    api_version: Literal["concierge.hotel/v1alpha1"] = API_VERSION
    """Always concierge.hotel/v1alpha1."""
    kind: Literal["ConciergeTenant"] = KIND
    """Always ConciergeTenant."""
    metadata: Metadata
    """Name and labels."""
    spec: TenantSpec
    """What the property is and wants."""

    @model_validator(mode="before")
    @classmethod
    def _without_status(cls, value: Any) -> Any:
        return without_status(value)


def without_status(value: Any) -> Any:
    """An object read from a cluster carries its status; it belongs to the operator."""
    return {key: part for key, part in value.items() if key != "status"} if isinstance(value, dict) else value
