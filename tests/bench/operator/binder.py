"""Binds every pod to the one node that kwok plays: the cheapest scheduler there is. A process of its own.

The volumes of StatefulSets are bound to nothing: a played node mounts none.
"""

from __future__ import annotations

import asyncio
import sys

from bare_client import Bare, at_once

from concierge_operator.kinds import PODS

NODE = "played"


async def bind(url: str, token: str) -> None:
    """For ever."""
    waiting: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    async with Bare(url, token) as bare:

        async def one() -> None:
            while True:
                namespace, name = await waiting.get()
                target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
                body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name}, "target": target}
                try:
                    await bare.ask("POST", f"{PODS.path(namespace, name)}/binding", body)
                except RuntimeError as error:
                    print(error, file=sys.stderr)  # it went meanwhile

        workers = [asyncio.create_task(at_once([one] * 16, 16))]
        async for kind, pod in bare.watch(PODS.path(), {"fieldSelector": "spec.nodeName="}):
            if kind == "ADDED":
                waiting.put_nowait((pod["metadata"]["namespace"], pod["metadata"]["name"]))
        await asyncio.gather(*workers)


if __name__ == "__main__":
    asyncio.run(bind(sys.argv[1], sys.argv[2]))
