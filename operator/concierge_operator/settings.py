"""The operator's own configuration, read once at start from `CONCIERGE_OPERATOR_*`; the chart's values fill it in."""

from __future__ import annotations

import math
import secrets
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel
from pydantic_settings import SettingsConfigDict

from concierge_core.settings import ProcessSettings, known_level
from concierge_operator.cluster import ANSWER_SECONDS, SILENCE_SECONDS
from concierge_operator.render.context import OperatorDefaults

_BUILT_IN = OperatorDefaults()
Seconds = Annotated[float, Field(gt=0)]


_SHORTER_THAN = {
    "renew_deadline_seconds": ("lease_seconds", "two operators could lead at once"),
    "retry_seconds": ("renew_deadline_seconds", "the Lease is lost before it is renewed"),
}
"""Which of the Lease's terms is shorter than which, and what would happen else."""


class OperatorSettings(ProcessSettings):
    """One operator process's settings. Units are in the names; lists are separated by commas."""

    model_config = SettingsConfigDict(env_prefix="CONCIERGE_OPERATOR_")

    namespace: str = "concierge-system"
    """Where the operator itself lives, and its Lease."""
    identity: str = Field(default_factory=lambda: f"{socket.gethostname()}-{secrets.token_hex(3)}")
    """Its name on the Lease, which nobody else may have: a pod's name, or this machine's and something by chance."""
    kubeconfig: Path | None = None
    """How to reach the API server; the pod's own ServiceAccount when absent."""

    image: str = _BUILT_IN.image
    """Image of the apps, without tag, for tenants that name none."""
    version: str = Field(default_factory=lambda: version("concierge"))
    """Version of the apps for tenants and classes that name none; without it new tenants get the operator's own, and
    keep it."""
    postgres_image: str = _BUILT_IN.postgres_image
    redis_image: str = _BUILT_IN.redis_image
    cnpg_image: str = _BUILT_IN.cnpg_image
    pod_monitor_labels: str = ""
    """Labels of the hotels' PodMonitors, each name=value."""
    dns_namespace: str = _BUILT_IN.dns_namespace
    dns_ports: str = ",".join(map(str, _BUILT_IN.dns_ports))
    dns_cidrs: str = ",".join(_BUILT_IN.dns_cidrs)
    gateway_namespaces: str = ",".join(_BUILT_IN.gateway_namespaces)
    gateway_cidrs: str = ",".join(_BUILT_IN.gateway_cidrs)
    monitoring_namespaces: str = ",".join(_BUILT_IN.monitoring_namespaces)
    cnpg_namespace: str = _BUILT_IN.cnpg_namespace

    workers: Annotated[int, Field(ge=1, le=256)] = 32
    """Tenants that are worked on at the same time."""
    requests_at_once: Annotated[int, Field(ge=1, le=512)] = 32
    """Requests that the API server is asked at the same time."""
    resync_seconds: Seconds = 2700.0
    """Every tenant is looked at again this often, spread evenly."""
    lease_seconds: Seconds = 10.0
    """A leader that has not renewed for this long is followed by another."""
    renew_deadline_seconds: Annotated[Seconds, Field(validate_default=True)] = 7.0
    """A leader that could not renew for this long stops writing."""
    retry_seconds: Annotated[Seconds, Field(validate_default=True)] = 2.0
    """How often the Lease is renewed, or asked for."""

    answer_seconds: Seconds = ANSWER_SECONDS
    """A request to the API server that has no answer by then is given up, and made again later."""
    watch_silence_seconds: Seconds = SILENCE_SECONDS
    """A watch that says nothing for this long is begun again. The server speaks each minute."""

    listen_host: str = "0.0.0.0"  # noqa: S104  # a container is reached from outside; its NetworkPolicy says by whom
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Where /healthz, /readyz and /metrics are served; 0: any free one."""
    twilio_base_url: str | None = None
    """A proxy or a test server in front of Twilio."""
    otlp_endpoint: str | None = None
    """Where traces go, without `/v1/traces`; none, if absent."""
    log_format: str = "json"
    log_level: Annotated[str, AfterValidator(known_level)] = "INFO"

    @field_validator(*_SHORTER_THAN)
    @classmethod
    def _leaves_time(cls, told: float, others: ValidationInfo) -> float:
        longer, why = _SHORTER_THAN[others.field_name or ""]
        if told >= others.data.get(longer, math.inf):
            raise ValueError(f"must be less than {to_camel(longer)}, else {why}")
        return told

    def defaults(self) -> OperatorDefaults:
        """What rendering needs of them."""
        return OperatorDefaults(
            image=self.image,
            version=self.version,
            version_was_told="version" in self.model_fields_set,
            postgres_image=self.postgres_image,
            redis_image=self.redis_image,
            cnpg_image=self.cnpg_image,
            pod_monitor_labels=dict(_label(part) for part in _names(self.pod_monitor_labels)),
            dns_namespace=self.dns_namespace,
            dns_ports=tuple(int(port) for port in _names(self.dns_ports)),
            dns_cidrs=_names(self.dns_cidrs),
            gateway_namespaces=_names(self.gateway_namespaces),
            gateway_cidrs=_names(self.gateway_cidrs),
            monitoring_namespaces=_names(self.monitoring_namespaces),
            cnpg_namespace=self.cnpg_namespace,
        )


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name for part in listed.split(",") if (name := part.strip()))


def _label(written: str) -> tuple[str, str]:
    name, _, value = written.partition("=")
    return name, value
