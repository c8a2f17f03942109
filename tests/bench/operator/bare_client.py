"""A bare concurrent client of the Kubernetes API: what the operator is compared with, and the bench's own hands."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self

import aiohttp

from concierge_operator.kinds import Resource

Manifest = dict[str, Any]
AT_ONCE = 32
_APPLY = {"fieldManager": "bench", "force": "true", "fieldValidation": "Strict"}


class Bare:
    """One session, as many connections as requests at once. Raises where the server refuses."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    async def __aenter__(self) -> Self:
        context = ssl._create_unverified_context()  # its certificate was made a moment ago, by itself
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {self._token}"},
            connector=aiohttp.TCPConnector(ssl=context, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def apply(self, resource: Resource, manifest: Manifest, manager: str = "bench") -> Manifest:
        """On the server's side, forced and strict, as the operator does it."""
        metadata = manifest["metadata"]
        path = resource.path(metadata.get("namespace"), metadata["name"])
        query = {**_APPLY, "fieldManager": manager}
        return await self.ask("PATCH", path, manifest, query, "application/apply-patch+yaml")

    async def ask(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        query: dict[str, str] | None = None,
        content: str = "application/json",
    ) -> Manifest:
        """One request and its answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": content}
        async with self._session.request(method, self._url + path, data=data, params=query, headers=headers) as answer:
            text = await answer.read()
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()[:500]}")
            made: Manifest = json.loads(text)
            return made

    async def text(self, path: str) -> str:
        """What is served there, as it is."""
        async with self._session.get(self._url + path) as answer:
            return await answer.text()

    async def watch(self, path: str, query: dict[str, str] | None = None) -> AsyncIterator[tuple[str, Manifest]]:
        """Everything that is there as ADDED, then every change, until nobody listens any more.

        A server that is short of processor ends watches that it can't keep up with; they go on where they were.
        """
        params = {"watch": "true", "timeoutSeconds": "3600", "allowWatchBookmarks": "true", **(query or {})}
        while True:
            async with self._session.get(self._url + path, params=params) as answer:
                async for line in _lines(answer):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise RuntimeError(f"{path}: {event['object']}")
                    if event["type"] != "ADDED":  # what is there at first comes in no order of versions
                        params["resourceVersion"] = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        yield event["type"], event["object"]


async def _lines(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """An object may be longer than what aiohttp takes for a line."""
    held = b""
    async for chunk in answer.content.iter_any():
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            yield line


async def at_once(deeds: Iterable[Callable[[], Awaitable[Any]]], most: int = AT_ONCE) -> None:
    """Do all of them, so many at a time."""
    waiting = iter(deeds)

    async def work() -> None:
        for deed in waiting:
            await deed()

    async with asyncio.TaskGroup() as group:
        for _ in range(most):
            group.create_task(work())
