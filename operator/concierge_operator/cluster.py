"""The one module that talks to Kubernetes: the `kubernetes` client's asyncio side, with plain dicts in and out.

Objects are applied on the server's side with a field manager of ours, forced and with strict field validation, so no
read is needed before. The generated model classes are passed over: they cost memory and know no custom kinds.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.exceptions import ApiException

from concierge_operator.refusals import AwayError, Refusal, refusal

Manifest = dict[str, Any]

_APPLY = "application/apply-patch+yaml"
_PAGE = 500
_QUICK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind as the API server names it in paths: ("apps", "v1", "Deployment", "deployments")."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """Path of the collection, the object, or a part of it."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        tail = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}{within}/{self.plural}{tail}"


class Cluster:
    """A connection to one API server. Every method raises a `Refusal` for what the server refuses, and `AwayError`
    when it can't be reached or gives no answer in time."""

    def __init__(self, configuration: Configuration) -> None:
        self._client: Any = ApiClient(configuration)  # it is typed in part only

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def apply(
        self,
        resource: Resource,
        manifest: Manifest,
        *,
        manager: str,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> Manifest:
        """Apply what the manifest says of the object; the object as it is now."""
        metadata = manifest["metadata"]
        query = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        path = resource.path(metadata.get("namespace"), metadata["name"], subresource)
        return await self._ask("PATCH", path, query, manifest, _APPLY)

    async def create(self, resource: Resource, manifest: Manifest, *, manager: str) -> Manifest:
        """Make the object; a `Refusal` with status 409 when there is one already."""
        path = resource.path(manifest["metadata"].get("namespace"))
        return await self._ask("POST", path, {"fieldManager": manager, "fieldValidation": "Strict"}, manifest)

    async def get(self, resource: Resource, name: str, namespace: str | None = None) -> Manifest | None:
        """The object, or None where there is none."""
        try:
            return await self._ask("GET", resource.path(namespace, name))
        except Refusal as refused:
            if refused.status == 404:
                return None
            raise

    async def list(
        self, resource: Resource, namespace: str | None = None, *, labels: Mapping[str, str] | None = None
    ) -> tuple[list[Manifest], str]:
        """All objects that carry these labels, and the resource version from which to watch."""
        items: list[Manifest] = []
        query = {"limit": str(_PAGE)} | _selector(labels)
        while True:
            page = await self._ask("GET", resource.path(namespace), query)
            items += page["items"]
            more = page["metadata"].get("continue")
            if not more:
                return items, page["metadata"]["resourceVersion"]
            query["continue"] = more

    async def delete(
        self, resource: Resource, name: str, namespace: str | None = None, *, uid: str | None = None
    ) -> None:
        """Delete the object, in the background, and only if it still is the one of this uid; gone already is fine."""
        body: Manifest = {"propagationPolicy": "Background"}
        if uid is not None:
            body["preconditions"] = {"uid": uid}
        try:
            await self._ask("DELETE", resource.path(namespace, name), None, body)
        except Refusal as refused:
            if refused.status != 404:
                raise

    async def kinds(self) -> frozenset[str]:
        """Every kind that the server knows, as "Kind.group"; built-in kinds of the core group are left out."""
        found: set[str] = set()
        for group in (await self._ask("GET", "/apis"))["groups"]:
            for version in group["versions"]:
                listed = await self._ask("GET", f"/apis/{version['groupVersion']}")
                found |= {f"{r['kind']}.{group['name']}" for r in listed["resources"] if "/" not in r["name"]}
        return frozenset(found)

    async def watch(
        self,
        resource: Resource,
        since: str,
        namespace: str | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        seconds: int = 300,
    ) -> AsyncIterator[tuple[str, Manifest]]:
        """Changes after the resource version, as (type, object), bookmarks among them; ends after `seconds`.

        A `Refusal` with status 410 means that the version is too old: list again.
        """
        query = {
            "watch": "true",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        } | _selector(labels)
        response = await self._send("GET", resource.path(namespace), query, None, None, seconds + _QUICK_SECONDS)
        try:
            async for line in response.response.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise refusal(event["object"].get("code", 500), event["object"])
                yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AwayError(type(error).__name__) from None
        finally:
            response.response.close()

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content: str | None = None,
    ) -> Manifest:
        response = await self._send(method, path, query, body, content, _QUICK_SECONDS)
        try:
            answer: Manifest = json.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise AwayError(type(error).__name__) from None
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Manifest | None,
        content: str | None,
        seconds: float,
    ) -> Any:
        headers = {"Accept": "application/json"} | ({"Content-Type": content} if content else {})
        configuration = self._client.configuration
        await self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = f"{configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            response = await self._client.call_api(method, url, headers, body, _request_timeout=timeout)
            if response.status >= 400:
                raise refusal(response.status, _status(await response.read()))
        except (aiohttp.ClientError, TimeoutError, OSError, ApiException) as error:
            raise AwayError(type(error).__name__) from None
        return response


def _selector(labels: Mapping[str, str] | None) -> dict[str, str]:
    return {"labelSelector": ",".join(f"{k}={v}" for k, v in labels.items())} if labels else {}


def _status(body: bytes) -> Manifest:
    try:
        answer = json.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
