"""What the web process tells the supervisor once it serves, over a private pipe: never a log, never a file."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict, dataclass

FD_VARIABLE = "CONCIERGE_ANNOUNCE_FD"


@dataclass(frozen=True, slots=True)
class Announcement:
    """`password` is the first account's, only at the very first start. `error` is the one sentence why it can't be."""

    email: str = ""
    password: str | None = None
    articles: int = 0
    voice: bool = False
    error: str | None = None


def announce(announcement: Announcement) -> None:
    """Tell the supervisor, if there is one that listens."""
    number = os.environ.get(FD_VARIABLE)
    if number is None:
        return
    try:
        os.write(int(number), json.dumps(asdict(announcement)).encode() + b"\n")
    except OSError:
        return  # it has heard us before: this is a restart


def understand(line: bytes) -> Announcement:
    """The announcement of one line."""
    return Announcement(**json.loads(line))


async def first_announcement(reading: int) -> Announcement:
    """Wait for it at the reading end of the pipe, however often the web process has to be started."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", 0)
    )
    try:
        return understand(await reader.readline())
    finally:
        transport.close()
