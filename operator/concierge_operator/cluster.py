"""The one module that talks to Kubernetes: the `kubernetes` client's asyncio side, with plain dicts in and out.

Objects are applied on the server's side with a field manager of ours, forced and with strict field validation, so no
read is needed before. The generated model classes are passed over: they cost memory and know no custom kinds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode
from urllib.request import getproxies

import aiohttp
import orjson
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from concierge_core.errors import ConciergeError
from concierge_operator.kinds import Resource
from concierge_operator.refusals import AwayError, Refusal, refusal

Manifest = dict[str, Any]
Page = tuple[list[Manifest], str]
"""Objects, and the resource version from which to watch."""

_APPLY = "application/apply-patch+yaml;charset=utf-8"
"""With its charset the client takes the body as it is, already written, instead of writing it itself, slowly."""
_MERGE = "application/merge-patch+json"
_PAGE = 50
"""An object of ten kilobytes is fifty in memory for as long as its page is looked through."""
ANSWER_SECONDS = 30.0
"""A request that has no whole answer by then is given up."""
SILENCE_SECONDS = 75.0
"""The server sends a bookmark each minute; a watch that says nothing for longer is dead on one side."""
_META = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
_NOBODYS_VERSION = "1"
"""What is applied with a version is refused where the object has another; the store's first object has 2. Where there
is no object the version is not looked at, so this makes one, without asking first whether it is there."""
_ALL_GROUPS = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

Fence = Callable[[], None]
"""Raises where nothing may be written (any more)."""
Tell = Callable[[str, int], None]
"""Hears of each answer: verb and HTTP status."""


class KubeconfigError(ConciergeError):
    """How to reach the API server can't be read."""


async def configuration(kubeconfig: Path | None, *, context: str | None = None) -> Configuration:
    """From the file and its current or this context, or of the pod's own ServiceAccount. Raises `KubeconfigError`."""
    made = Configuration()
    try:
        if kubeconfig is not None:
            await load_kube_config(str(kubeconfig), context=context, client_configuration=made)  # type: ignore[no-untyped-call]
        else:
            load_incluster_config(client_configuration=made)  # type: ignore[no-untyped-call]
    except (ConfigException, TypeError) as error:  # an empty file is a TypeError to the client
        raise KubeconfigError(str(error)) from None
    return made


class Cluster:
    """A connection to one API server. Every method raises a `Refusal` for what the server refuses, and `AwayError`
    when it can't be reached or gives no answer in time."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        fence: Fence = lambda: None,
        tell: Tell = lambda verb, status: None,
        at_once: int = 32,
        answer_seconds: float = ANSWER_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        configuration.connection_pool_maxsize = 0  # bounded here: watches must not wait for a free connection
        # The environment is asked where proxies are only if there are any: each request would be a thread's work.
        configuration.client_session_kwargs = {"trust_env": bool(getproxies())}
        self._client: Any = ApiClient(configuration)  # it is typed in part only
        self._fence = fence
        self._tell = tell
        self._answer_seconds = answer_seconds
        self._silence_seconds = silence_seconds
        self._room = asyncio.Semaphore(at_once)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pool = self._client.rest_client.pool_manager
        if pool is not None:  # a watch that is broken off is not worth a farewell, and nobody waits for one
            await pool.connector.close(abort_ssl=True)
        await self._client.close()

    async def apply(
        self,
        resource: Resource,
        manifest: Manifest,
        *,
        manager: str,
        subresource: str | None = None,
        dry_run: bool = False,
        only_new: bool = False,
    ) -> Manifest:
        """Apply what the manifest says of the object; the object as it is now.

        `only_new`: a `Refusal` with status 409, and nothing is changed, when there is one of its name already.
        """
        metadata = manifest["metadata"]
        if only_new:
            manifest = {**manifest, "metadata": {**metadata, "resourceVersion": _NOBODYS_VERSION}}
        query = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        path = resource.path(metadata.get("namespace"), metadata["name"], subresource)
        return await self._ask("PATCH", path, query, orjson.dumps(manifest), _APPLY)

    async def create(self, resource: Resource, manifest: Manifest, *, manager: str) -> Manifest:
        """Make the object; a `Refusal` with status 409 when there is one already."""
        path = resource.path(manifest["metadata"].get("namespace"))
        return await self._ask("POST", path, {"fieldManager": manager, "fieldValidation": "Strict"}, manifest)

    async def merge(self, resource: Resource, name: str, namespace: str | None, patch: Manifest) -> Manifest:
        """Merge the patch into an object that is there; a `Refusal` with 409 when its resourceVersion is another."""
        return await self._ask("PATCH", resource.path(namespace, name), None, patch, _MERGE)

    async def replace(self, resource: Resource, manifest: Manifest) -> Manifest:
        """Put this in the object's place; a `Refusal` with 409 when somebody else was first."""
        metadata = manifest["metadata"]
        return await self._ask("PUT", resource.path(metadata.get("namespace"), metadata["name"]), None, manifest)

    async def get(
        self, resource: Resource, name: str, namespace: str | None = None, *, only_metadata: bool = False
    ) -> Manifest | None:
        """The object, or None where there is none."""
        accept = _META.format("") if only_metadata else None
        try:
            return await self._ask("GET", resource.path(namespace, name), accept=accept)
        except Refusal as refused:
            if refused.status == 404:
                return None
            raise

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Page:
        """All objects that carry these labels and fields, and the resource version from which to watch."""
        items: list[Manifest] = []
        version = ""
        async for page, version in self.pages(resource, namespace, labels=labels, fields=fields):  # noqa: B007
            items += page
        return items, version

    async def pages(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
        only_metadata: bool = False,
    ) -> AsyncIterator[Page]:
        """The same in pages of 50, so that never more than one page is held: each is emptied before the next comes."""
        query = {"limit": str(_PAGE)} | _selector(labels) | _selector(fields, "fieldSelector")
        accept = _META.format("List") if only_metadata else None
        while True:
            page = await self._ask("GET", resource.path(namespace), query, accept=accept)
            items, told = page["items"] or [], page["metadata"]
            yield items, told["resourceVersion"]
            if not told.get("continue"):
                return
            query["continue"] = told["continue"]
            items.clear()  # whoever looked through it still holds it, and the next one comes whole

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str | None = None,
        *,
        uid: str | None = None,
        orphan: bool = False,
    ) -> None:
        """Delete the object, in the background, and only if it still is the one of this uid; gone already is fine.

        `orphan`: what it made stays.
        """
        body: Manifest = {"propagationPolicy": "Orphan" if orphan else "Background"}
        if uid is not None:
            body["preconditions"] = {"uid": uid}
        try:
            await self._ask("DELETE", resource.path(namespace, name), None, body)
        except Refusal as refused:
            if refused.status != 404:
                raise

    async def kinds(self) -> frozenset[str]:
        """Every kind that the server knows, as "Kind.group"; built-in kinds of the core group are left out."""
        listed = await self._ask("GET", "/apis", accept=_ALL_GROUPS)
        return frozenset(
            f"{resource['responseKind']['kind']}.{group['metadata']['name']}"
            for group in listed["items"]
            for version in group["versions"]
            for resource in version["resources"]
        )

    async def watch(
        self,
        resource: Resource,
        since: str,
        namespace: str | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        only_metadata: bool = False,
        seconds: int = 300,
        opened: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[tuple[str, Manifest]]:
        """Changes after the resource version, as (type, object), bookmarks among them; ends after `seconds`.

        `opened` is called when the server has begun to answer; it sends nothing more of a kind that never changes.
        A `Refusal` with status 410 means that the version is too old: list again.
        """
        query = {
            "watch": "true",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        } | _selector(labels)
        accept = _META.format("") if only_metadata else None
        wait = aiohttp.ClientTimeout(total=seconds + self._answer_seconds, sock_read=self._silence_seconds)
        response = await self._send("GET", resource.path(namespace), query, None, None, accept, wait)
        opened()
        try:
            async for line in response.response.content:
                event = orjson.loads(line)
                if event["type"] == "ERROR":
                    raise refusal(event["object"].get("code", 500), event["object"])
                yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:  # a line that was cut is no JSON
            raise AwayError(type(error).__name__) from None
        finally:
            _break_off(response.response)

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Manifest | bytes | None = None,
        content: str | None = None,
        accept: str | None = None,
    ) -> Manifest:
        async with self._room:
            if method != "GET":
                self._fence()
            wait = aiohttp.ClientTimeout(total=self._answer_seconds)
            response = await self._send(method, path, query, body, content, accept, wait)
            try:
                answer: Manifest = orjson.loads(await response.read())
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise AwayError(type(error).__name__) from None
            return answer

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Manifest | bytes | None,
        content: str | None,
        accept: str | None,
        wait: aiohttp.ClientTimeout,
    ) -> Any:
        headers = {"Accept": accept or "application/json"} | ({"Content-Type": content} if content else {})
        configuration = self._client.configuration
        await self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = f"{configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            response = await self._client.call_api(method, url, headers, body, _request_timeout=wait)
            self._tell(method, response.status)
            if response.status >= 400:
                after = response.headers.get("Retry-After")
                raise refusal(response.status, _status(await response.read()), after)
        except (aiohttp.ClientError, TimeoutError, OSError, ApiException) as error:
            self._tell(method, 0)
            raise AwayError(type(error).__name__) from None
        return response


def _break_off(response: aiohttp.ClientResponse) -> None:
    """Without a farewell, that the server might be too far away to answer."""
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()


def _selector(wanted: Mapping[str, str] | None, name: str = "labelSelector") -> dict[str, str]:
    return {name: ",".join(f"{k}={v}" for k, v in wanted.items())} if wanted else {}


def _status(body: bytes) -> Manifest:
    try:
        answer = orjson.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
