"""A property in a cluster: what the operator renders for it, run by a kubelet of processes on real databases."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest
import yaml

from concierge_core.keys import MasterKey
from concierge_core.tenant.model import ConciergeTenant
from concierge_operator import names
from concierge_operator.render import render, secrets
from guest_client import Guest
from kubelet import Kubelet
from rendered import ROOT, context, property_of

MIGRATION_SECONDS = 120
PASSWORD = "korb-welle-moewe-duene"
THROUGH_THE_GATEWAY = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7"}


@dataclass
class Cluster:
    """One property's objects and the node that runs them."""

    kubelet: Kubelet
    objects: list[dict[str, Any]]
    spec: Any

    @property
    def host(self) -> str:
        """The property's name on the internet."""
        return str(self.spec.host)

    def migrate(self) -> int:
        """Run the migration's pod; its exit code."""
        return self.kubelet.start("concierge-migrate").process.wait(MIGRATION_SECONDS)

    def running(self, name: str) -> Any:
        """The pod that runs under this name."""
        return next(p for p in self.kubelet.pods if p.name == name and p.process.poll() is None)

    def browser(self) -> httpx.Client:
        """Somebody outside, who comes through the rendered route."""
        (route,) = (o for o in self.objects if o["kind"] == "HTTPRoute")
        rules = {r["matches"][0]["path"]["value"]: r["backendRefs"][0]["name"] for r in route["spec"]["rules"]}
        return httpx.Client(base_url=f"https://{self.host}", transport=_Gateway(self, rules), trust_env=False)

    def sign_in(self, browser: httpx.Client, email: str) -> httpx.Response:
        """The answer to the first account's password, as the operator made it."""
        token = browser.get("/admin/login").text.split('name="csrf_token" value="')[1].split('"')[0]
        fields = {"email": email, "password": PASSWORD, "csrf_token": token}
        return browser.post("/admin/login", data=fields, headers={"sec-fetch-site": "same-origin"})

    def guest(self) -> Guest:
        """A guest's browser, on the page that the property's front serves."""
        front = next(p for p in self.kubelet.pods if p.name in ("concierge-chat", "concierge-web"))
        return Guest(front.url, origin=f"https://{self.host}", headers=THROUGH_THE_GATEWAY)


class _Gateway(httpx.BaseTransport):
    """Ends TLS and sends a request where the rendered route says."""

    def __init__(self, cluster: Cluster, rules: dict[str, str]) -> None:
        self._cluster = cluster
        self._rules = rules
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = max((p for p in self._rules if request.url.path.startswith(p)), key=len)
        pod = self._cluster.running(self._rules[path])
        inside = request.url.copy_with(scheme="http", host="127.0.0.1", port=pod.port)
        headers = {**request.headers, **THROUGH_THE_GATEWAY}
        return self._inner.handle_request(
            httpx.Request(request.method, inside, headers=headers, stream=request.stream, extensions=request.extensions)
        )

    def close(self) -> None:
        self._inner.close()


@pytest.fixture(scope="module")
def cluster_of(
    postgres_server: Any, valkey_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Cluster]]:
    """Render the property of this file (with these sections of its spec) and give it a node; nothing runs yet."""
    clusters: list[Cluster] = []
    databases: list[str] = []

    def make(manifest: str, *, own_secrets: dict[str, dict[str, str]] | None = None, **sections: Any) -> Cluster:
        path = ROOT / "manifests" / manifest
        tenant = _with(property_of(path), sections)
        objects = render(context(tenant)).all
        theirs = [d for d in yaml.safe_load_all(path.read_text("utf-8")) if d["kind"] == "ConfigMap"]
        databases.append(f"pods_{uuid.uuid4().hex[:12]}")
        _administer(postgres_server.get_uri(), f'CREATE DATABASE "{databases[-1]}"')
        url = postgres_server.get_uri().replace("/postgres?", f"/{databases[-1]}?")
        addresses = {"DATABASE_URL": url, "REDIS_URL": f"{valkey_url}/0"}
        folder = tmp_path_factory.mktemp("node")
        kept = {names.GENERATED_SECRET: _generated(), **(own_secrets or {})}
        kubelet = Kubelet(folder, [*objects, *theirs], kept, addresses)
        clusters.append(Cluster(kubelet, objects, tenant.spec))
        return clusters[-1]

    yield make
    for cluster in clusters:
        cluster.kubelet.end()
    for name in databases:
        _administer(postgres_server.get_uri(), f'DROP DATABASE "{name}" WITH (FORCE)')


def _with(tenant: ConciergeTenant, sections: dict[str, Any]) -> ConciergeTenant:
    document = tenant.model_dump(by_alias=True, exclude_unset=True, mode="json")
    document["spec"] |= {
        "host": f"{tenant.spec.property.code}.example",
        "gateway": {"name": "public", "namespace": "gateways"},
        **sections,
    }
    return ConciergeTenant.model_validate(document)


def _generated() -> dict[str, str]:
    """What the operator makes once for a tenant."""
    key = MasterKey.generate()
    return {
        secrets.POSTGRES_PASSWORD: "a-database-password",
        secrets.REDIS_PASSWORD: "a-redis-password",
        secrets.ENCRYPTION_KEYS: f"{key.id}:{base64.b64encode(key.secret).decode()}",
        secrets.INTERNAL_TOKEN: "an-internal-token",
        secrets.FIRST_PASSWORD: PASSWORD,
    }


def _administer(url: str, command: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(command)  # type: ignore[call-overload]  # names are made here
