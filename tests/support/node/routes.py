"""What HTTPRoutes and Ingresses say, as a configuration of nginx: a gateway's part that can be had anywhere.

Pure: objects in, text out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Backend:
    """A Service's port."""

    namespace: str
    service: str
    port: int


@dataclass(frozen=True)
class Way:
    """Requests whose path begins with this, element by element, go there."""

    prefix: str
    backend: Backend


@dataclass(frozen=True)
class Listener:
    """Where the gateway listens, and the file with certificate and key that each host shows."""

    address: str
    port: int
    certificate: Callable[[str], str]


# The worker reads what lies in this user's own folders; not started by root, nginx stays who it is.
_HEAD = """\
daemon off;
user root root;
pid {folder}/nginx.pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    map $http_upgrade $connection_wanted {{ default upgrade; '' ''; }}
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_read_timeout 1h;
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_wanted;
    server {{ listen {address}:{port} ssl default_server; ssl_reject_handshake on; }}
"""
_SERVER = """\
    server {{
        listen {address}:{port} ssl;
        server_name {host};
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
{locations}
    }}
"""


def ways(objects: Iterable[Manifest]) -> dict[str, list[Way]]:
    """Host → where its requests go, the longest prefix first. What is neither route nor ingress says nothing."""
    found: dict[str, list[Way]] = {}
    for thing in objects:
        for host, way in _said_by(thing):
            found.setdefault(host, []).append(way)
    return {host: sorted(each, key=lambda way: -len(way.prefix)) for host, each in sorted(found.items())}


def nginx(hosts: Mapping[str, list[Way]], *, at: Listener, folder: str, address_of: Callable[[Backend], str]) -> str:
    """The whole configuration. `address_of` says how a Service is reached; an unknown host is not even greeted."""
    head = _HEAD.format(folder=folder, address=at.address, port=at.port)
    return head + "".join(_server(host, each, at, address_of) for host, each in hosts.items()) + "}\n"


def _said_by(thing: Manifest) -> list[tuple[str, Way]]:
    if thing["kind"] == "HTTPRoute":
        return _of_route(thing)
    return _of_ingress(thing) if thing["kind"] == "Ingress" else []


def _of_route(route: Manifest) -> list[tuple[str, Way]]:
    namespace = route["metadata"]["namespace"]
    return [
        (host, Way(match["path"]["value"], Backend(ref.get("namespace", namespace), ref["name"], ref["port"])))
        for host in route["spec"]["hostnames"]
        for rule in route["spec"]["rules"]
        for match in rule["matches"]
        for ref in rule["backendRefs"]
    ]


def _of_ingress(ingress: Manifest) -> list[tuple[str, Way]]:
    namespace = ingress["metadata"]["namespace"]
    return [
        (rule["host"], Way(path["path"], Backend(namespace, service["name"], service["port"]["number"])))
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
        for service in [path["backend"]["service"]]
    ]


def _server(host: str, each: list[Way], at: Listener, address_of: Callable[[Backend], str]) -> str:
    locations = [line for way in each for line in _locations(way, address_of(way.backend))]
    if all(way.prefix != "/" for way in each):
        locations.append("location / { return 404; }")
    indented = "\n".join(f"        {line}" for line in locations)
    certificate = at.certificate(host)
    return _SERVER.format(host=host, address=at.address, port=at.port, certificate=certificate, locations=indented)


def _locations(way: Way, address: str) -> list[str]:
    """`/voice` is `/voice` and `/voice/…`, never `/voices`."""
    there = f"{{ proxy_pass http://{address}; }}"
    if way.prefix == "/":
        return [f"location / {there}"]
    prefix = way.prefix.rstrip("/")
    return [f"location = {prefix} {there}", f"location {prefix}/ {there}"]
