"""Plays the one part of an API server that a watcher of Deployments needs. Real objects, as one server gave them."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from aiohttp import web
from many_tenants import rendered, tenant

from concierge_operator import names

CHILDREN = int(os.environ.get("CHILDREN", "5000"))
CHANGES = 5_000
_PAGE = 500


@cache
def _template() -> str:
    """A Deployment of a tenant, with who owns which field, as it comes from the server."""
    manifest = next(one for one in rendered(tenant(0, "dedicated"), "0" * 36) if one["kind"] == "Deployment")
    entry = {
        "manager": names.FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": "apps/v1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": _fields(manifest),
    }
    metadata = {
        **manifest["metadata"],
        "namespace": "hotel-NUMBER",
        "uid": "uid-NUMBER",
        "resourceVersion": "VERSION",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [entry],
    }
    status = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    return json.dumps({**manifest, "metadata": metadata, "status": status})


def child(number: int, version: int) -> str:
    """The Deployment of this tenant, written."""
    return _template().replace("NUMBER", str(number)).replace("VERSION", str(version))


def _fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"f:{key}": _fields(part) for key, part in value.items()}
    return {}


@contextmanager
def serve_children() -> Iterator[str]:
    """In a process of its own, so that its work is not counted."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        server.terminate()
        server.join()


def _serve(pipe: Any) -> None:
    asyncio.run(_run(pipe))


async def _run(pipe: Any) -> None:
    app = web.Application()
    answers = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "groups": [_group("apps"), _group("apiextensions.k8s.io")]},
        "/api/v1": _offers("v1", "Namespace", "Event"),
        "/apis/apps/v1": _offers("apps/v1", "Deployment"),
        "/apis/apiextensions.k8s.io/v1": _offers("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        "/version": {"major": "1", "minor": "35", "gitVersion": "v1.35.4"},
    }
    for path, answer in answers.items():
        app.router.add_get(path, lambda _, answer=answer: _json(answer))
    app.router.add_get("/apis/apps/v1/deployments", _deployments)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(runner.addresses[0][1])
    await asyncio.Event().wait()


def _group(name: str) -> dict[str, Any]:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _offers(version: str, *kinds: str) -> dict[str, Any]:
    verbs = ["get", "list", "watch", "patch", "create", "delete", "update"]
    resources = [
        {"name": f"{kind.lower()}s", "singularName": kind.lower(), "namespaced": True, "kind": kind, "verbs": verbs}
        for kind in kinds
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}


async def _json(answer: dict[str, Any]) -> web.Response:
    return web.json_response(answer)


async def _deployments(request: web.Request) -> web.StreamResponse:
    if "watch" in request.query:
        return await _watch(request)
    since = int(request.query.get("continue") or 0)
    page = int(request.query.get("limit") or CHILDREN)
    items = [child(number, number + 1) for number in range(since, min(since + page, CHILDREN))]
    more = str(since + page) if since + page < CHILDREN else ""
    metadata = {"resourceVersion": str(CHILDREN), **({"continue": more} if more else {})}
    head = f'{{"apiVersion":"apps/v1","kind":"DeploymentList","metadata":{json.dumps(metadata)},"items":['
    return web.Response(text=head + ",".join(items) + "]}", content_type="application/json")


async def _watch(request: web.Request) -> web.StreamResponse:
    """Silent for as long as the list settles, then the changes, then silent again."""
    response = web.StreamResponse()
    await response.prepare(request)
    if int(request.query.get("resourceVersion") or 0) == CHILDREN:
        await asyncio.sleep(SETTLE_SECONDS)
        for number in range(CHANGES):
            event = f'{{"type":"MODIFIED","object":{child(number % CHILDREN, CHILDREN + 1 + number)}}}\n'
            await response.write(event.encode())
    await asyncio.sleep(3600)
    return response


SETTLE_SECONDS = 10.0
"""Memory is read in this pause."""
