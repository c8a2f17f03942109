"""Where and how the tenant runs. Most of it is the cluster's (`reach.CLUSTER`): on one machine that is only checked."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from concierge_core.tenant.cron import Schedule
from concierge_core.tenant.values import (
    Day,
    LabelName,
    LocalizedText,
    ObjectName,
    Quantity,
    SecretRef,
    Section,
    WebAddress,
    problem,
)

Replicas = Annotated[int, Field(ge=1, le=50)]
Port = Annotated[int, Field(ge=1, le=65535)]
Share = Annotated[float, Field(ge=0, le=1)]
HostName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", max_length=253)
]


def _cron(line: str) -> str:
    try:
        Schedule.parse(line)
    except ValueError as error:
        raise problem(f'{error}; write a cron line such as "30 3 * * *", each night at half past three') from None
    return line


Cron = Annotated[
    str,
    AfterValidator(_cron),
    WithJsonSchema({"type": "string", "pattern": r"^(\S+ ){4}\S+$|^@(hourly|daily|weekly|monthly)$", "maxLength": 100}),
]


class ClassRef(Section):
    """The brand's shared settings."""

    name: ObjectName
    """Name of the ConciergeClass; values of the tenant win over those of the class."""


class IssuerRef(Section):
    """A cert-manager issuer."""

    name: ObjectName
    """Name of the issuer."""
    kind: Literal["Issuer", "ClusterIssuer"] = "ClusterIssuer"
    """Issuer of this namespace, or of the cluster."""


class Tls(Section):
    """Certificate for the host."""

    secret_name: ObjectName | None = None
    """Secret of type kubernetes.io/tls; "<name>-tls" if absent and an issuer is given."""
    issuer: IssuerRef | None = None
    """cert-manager issuer that keeps the certificate; none, if the certificate is brought along."""


class Gateway(Section):
    """How requests reach the tenant: an HTTPRoute on a Gateway, or an Ingress."""

    name: ObjectName | None = None
    """Gateway (Gateway API) to attach to."""
    namespace: ObjectName | None = None
    """Namespace of the Gateway; the tenant's own if absent."""
    section_name: ObjectName | None = None
    """Listener of the Gateway; all that fit, if absent."""
    ingress_class: ObjectName | None = None
    """Make an Ingress of this class instead of an HTTPRoute."""
    annotations: Annotated[dict[LabelName, Annotated[str, Field(max_length=4000)]], Field(max_length=32)] = Field(
        default_factory=dict
    )
    """Annotations of that HTTPRoute or Ingress, such as external-dns and ingress controllers read them."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Gateway:
        if self.name and self.ingress_class:
            raise problem("cannot stand beside name; choose a Gateway or an Ingress", field="ingressClass")
        return self


class Image(Section):
    """Container image of the apps."""

    repository: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """Image without tag; the operator's own if absent."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When nodes fetch it."""
    pull_secrets: Annotated[list[ObjectName], Field(max_length=10)] = Field(default_factory=list)
    """Secrets for a private registry."""


class Worker(Section):
    """Background work (Celery)."""

    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    """Threads per worker; 1 to 64."""


class Postgres(Section):
    """The tenant's database."""

    mode: Literal["managed", "external", "cloudnativepg"] = "managed"
    """`managed`: the operator runs one (one machine: SQLite); `external`: yours, by URL; `cloudnativepg`: a cluster."""
    url_secret: SecretRef | None = None
    """Where the postgresql:// URL lies; needed with `external`. `DATABASE_URL` wins."""
    port: Port = 5432
    """With `external`: the port in your URL. Pods may reach your server at this one only."""
    version: Annotated[str, Field(pattern=r"^[0-9]{2}$")] = "18"
    """Major version of PostgreSQL; in quotes. With `external` it is your server's: its tools make the backups."""
    instances: Annotated[int, Field(ge=1, le=5)] = 1
    """Instances with `cloudnativepg`; 1 to 5."""
    max_connections: Annotated[int, Field(ge=20, le=5000)] = 100
    """What the server allows; pools of all pods together must fit into it."""

    @model_validator(mode="after")
    def _external_has_url(self) -> Postgres:
        if self.mode == "external" and self.url_secret is None:
            raise problem("is missing, but mode is external; say where the postgresql:// URL lies", field="urlSecret")
        return self


class Redis(Section):
    """Fan-out, sessions, limits, queue."""

    mode: Literal["managed", "external"] = "managed"
    """`managed`: the operator (on one machine: `concierge up`) runs a Valkey; `external`: yours, by URL."""
    url_secret: SecretRef | None = None
    """Where the redis:// URL lies; needed with `external`. `REDIS_URL` wins."""
    port: Port = 6379
    """With `external`: the port in your URL. Pods may reach your server at this one only."""
    memory: Quantity = "128Mi"
    """Memory of the managed one; above 256Mi its volume is sized by it, so it can grow, never shrink."""

    @model_validator(mode="after")
    def _external_has_url(self) -> Redis:
        if self.mode == "external" and self.url_secret is None:
            raise problem("is missing, but mode is external; say where the redis:// URL lies", field="urlSecret")
        return self


class Storage(Section):
    """Volumes of what the operator runs."""

    class_name: ObjectName | None = None
    """StorageClass; the cluster's default if absent."""
    size: Quantity = "10Gi"
    """Size of the database volume; it can grow, never shrink."""


def _backup_destination(value: str) -> str:
    if value.startswith("gs://"):
        raise problem(
            f'"{value}" is not spoken to directly; make an HMAC key for the bucket, write s3:// instead of gs://, and '
            'set endpoint to "https://storage.googleapis.com"'
        )
    if not re.fullmatch(_DESTINATION, value):
        raise problem(f'"{value}" must be a bucket as s3://bucket/path, or a volume claim as pvc:NAME')
    return value


_DESTINATION = r"s3://[a-z0-9][a-z0-9.-]*[a-z0-9](/\S*)?|pvc:[a-z0-9]([a-z0-9.-]*[a-z0-9])?"

BackupDestination = Annotated[
    str,
    AfterValidator(_backup_destination),
    WithJsonSchema({"type": "string", "pattern": f"^({_DESTINATION})$", "maxLength": 500}),
]


class Backup(Section):
    """Regular copies of the database and its encryption keys."""

    enabled: bool = False
    """Backups are made; needs `destination`."""
    destination: BackupDestination | None = None
    """Where they go, each property into a folder of its own: s3://bucket/path, or pvc:NAME for a volume claim."""
    endpoint: WebAddress | None = None
    """URL of an S3 service other than Amazon's, such as "https://storage.googleapis.com"."""
    credentials_secret: ObjectName | None = None
    """Secret with encryption-passphrase and, for a bucket, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION."""
    schedule: Cron = "30 3 * * *"
    """When, as a cron line in the property's local time."""
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long backups are kept; the newest one stays in any case."""

    @model_validator(mode="after")
    def _has_destination(self) -> Backup:
        if self.enabled and self.destination is None:
            raise problem("is missing, but backups are enabled; say where they go", field="destination")
        if self.enabled and (self.destination or "").startswith("s3://") and self.credentials_secret is None:
            raise problem(
                "is missing, but backups go to a bucket; name the Secret with its keys", field="credentialsSecret"
            )
        return self


class Scale(Section):
    """Replicas of one component."""

    min_replicas: Replicas = 1
    """At least so many pods."""
    max_replicas: Replicas = 3
    """At most so many pods."""
    target_cpu_percent: Annotated[int, Field(ge=10, le=95)] = 70
    """CPU use, in percent of the request, that autoscaling aims at."""

    @model_validator(mode="after")
    def _in_order(self) -> Scale:
        if self.max_replicas < self.min_replicas:
            raise problem(f"is smaller than minReplicas ({self.min_replicas}); raise it", field="maxReplicas")
        return self


class Autoscaling(Section):
    """Replicas per component."""

    chat: Scale = Field(default_factory=Scale)
    """Guest chat."""
    voice: Scale = Field(default_factory=Scale)
    """Calls and messages."""
    ai: Scale = Field(default_factory=Scale)
    """The concierge's mind."""
    admin: Scale = Field(default_factory=Scale)
    """Dashboard."""
    worker: Scale = Field(default_factory=Scale)
    """Background work."""


class Amounts(Section):
    """CPU and memory."""

    cpu: Quantity | None = None
    """CPU, such as "250m"."""
    memory: Quantity | None = None
    """Memory, such as "256Mi"."""


class ComponentResources(Section):
    """What one component's pods ask for and may use."""

    requests: Amounts = Field(default_factory=Amounts)
    """Reserved for each pod."""
    limits: Amounts = Field(default_factory=Amounts)
    """Most that each pod may use."""


class Resources(Section):
    """CPU and memory per component; what is absent follows `profile`."""

    chat: ComponentResources = Field(default_factory=ComponentResources)
    """Guest chat."""
    voice: ComponentResources = Field(default_factory=ComponentResources)
    """Calls and messages."""
    ai: ComponentResources = Field(default_factory=ComponentResources)
    """The concierge's mind."""
    admin: ComponentResources = Field(default_factory=ComponentResources)
    """Dashboard."""
    worker: ComponentResources = Field(default_factory=ComponentResources)
    """Background work."""
    web: ComponentResources = Field(default_factory=ComponentResources)
    """The pod that the apps share, with profile compact."""
    postgres: ComponentResources = Field(default_factory=ComponentResources)
    """Database, unless it is external; what is absent follows `size`."""
    redis: ComponentResources = Field(default_factory=ComponentResources)
    """Redis, unless it is external; what is absent follows `size` and `redis.memory`."""


class Observability(Section):
    """Traces, logs, errors, metrics."""

    otlp_endpoint: WebAddress | None = None
    """OpenTelemetry collector (OTLP over HTTP), without /v1/traces; no export if absent. `OTEL_*` variables win."""
    trace_sample_ratio: Share = 1.0
    """Share of traces that are exported, 0 to 1. `OTEL_TRACES_SAMPLER` wins."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much is logged; guest text and secrets never are. `CONCIERGE_LOG_LEVEL` wins."""
    sentry_dsn_secret: SecretRef | None = None
    """Where the Sentry DSN lies; no reports if absent. `SENTRY_DSN` wins."""
    service_monitor: bool = True
    """Make monitoring objects where the cluster knows their kinds."""


class Suspend(Section):
    """Seasonal closure: data is kept, everything rests but a page that says when the house opens again."""

    active: bool = False
    """The house is closed for the season."""
    reopens_on: Day | None = None
    """First day on which it is open again; shown to guests."""
    message: LocalizedText | None = None
    """What guests read meanwhile; a built-in text if absent."""
