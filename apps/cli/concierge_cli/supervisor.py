"""Starts everything in order, watches it, and stops everything in order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from concierge_cli import port_choice
from concierge_cli.announcement import FD_VARIABLE, Announcement, first_announcement
from concierge_cli.child import CANNOT_BE, Child, Part, how_it_ended, python
from concierge_cli.house import House
from concierge_cli.printing import say, welcome
from concierge_cli.valkey import BundledValkey
from concierge_core.errors import ConciergeError, InvalidInput

STOP_SECONDS = 12.0
"""A little more than a server process gives itself (`concierge_core.serving.STOP_SECONDS`); then it is killed."""
_VALKEY_STOP_SECONDS = 3.0
_VALKEY = "valkey"
_BACKGROUND = {"worker": "concierge_core.work.worker", "beat": "concierge_core.work.beat"}


class Supervisor:
    """All parts of all houses. `host`: the address to listen on; `verbose`: show what the parts log."""

    def __init__(self, houses: Sequence[House], *, host: str, secrets_file: Path | None, verbose: bool) -> None:
        self._houses = houses
        self._host = host
        self._secrets_file = secrets_file
        self._verbose = verbose
        self._tasks: dict[asyncio.Task[int], Child] = {}
        self._end: asyncio.Future[int]

    async def run(self) -> int:
        """Until a signal comes (0), or a part says that it can't be (2) or can't be kept alive at the start (1)."""
        loop = asyncio.get_running_loop()
        self._end = loop.create_future()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means to go on
                loop.add_signal_handler(number, self._hear)
        starting = asyncio.create_task(self._start_all())
        starting.add_done_callback(self._note_start)
        try:
            return await self._end
        except ConciergeError as error:
            print(error, file=sys.stderr)
            return CANNOT_BE if isinstance(error, InvalidInput) else 1
        finally:
            starting.cancel()
            await self._stop_all()

    def _hear(self) -> None:
        """Ctrl-C: orderly; a second one: at once."""
        if not self._end.done():
            most = STOP_SECONDS + _VALKEY_STOP_SECONDS
            say(f"Stopping … ({most:.0f} s at most; Ctrl-C again ends everything at once)")
            self._end.set_result(0)
            return
        for child in self._tasks.values():
            child.kill()

    def _note_start(self, starting: asyncio.Task[None]) -> None:
        failure = None if starting.cancelled() else starting.exception()
        if failure is not None and not self._end.done():
            self._end.set_exception(failure)

    def _note_end(self, ended: asyncio.Task[int]) -> None:
        if self._end.done() or ended.cancelled():
            return
        child, code = self._tasks[ended], ended.result()
        print(_why_it_ended(child, code), file=sys.stderr)
        self._end.set_result(CANNOT_BE if code == CANNOT_BE else 1)

    async def _start_all(self) -> None:
        bundled = None if all(house.declared.redis_url for house in self._houses) else await self._start_valkey()
        environments = [
            house.environment(house.declared.redis_url or bundled or "", self._secrets_file) for house in self._houses
        ]
        starts = zip(self._houses, environments, strict=True)
        news = await asyncio.gather(*(self._start_web(house, environment) for house, environment in starts))
        for house, environment in zip(self._houses, environments, strict=True):
            for name, module in _BACKGROUND.items():
                # Guests are served already: a worker that can't start is tried for ever.
                self._launch(house, name, python(module), environment).has_served = True
        for house, told in zip(self._houses, news, strict=True):
            welcome(house, told)
        say("Press Ctrl-C to stop.")

    async def _start_valkey(self) -> str:
        """One for all houses; it lives in the first one's folder. Its URL."""
        house = self._houses[0]
        valkey = BundledValkey(house.place.folder / _VALKEY, port_choice.any_free())
        child = self._launch(house, _VALKEY, valkey.command, os.environ)
        await valkey.wait_until_ready()
        child.has_served = True
        return valkey.url

    async def _start_web(self, house: House, environment: Mapping[str, str]) -> Announcement:
        reading, writing = os.pipe()
        command = python("concierge_cli.web", "--host", self._host, "--port", str(house.port))
        told = {**environment, FD_VARIABLE: str(writing)}
        child = self._launch(house, "web", command, told, pass_fds=(writing,))
        news = await first_announcement(reading)
        if news.error is not None:
            raise InvalidInput("web", news.error)
        child.has_served = True
        return news

    def _launch(
        self,
        house: House,
        name: str,
        command: Callable[[], Sequence[str]],
        environment: Mapping[str, str],
        pass_fds: tuple[int, ...] = (),
    ) -> Child:
        shown = name if name == _VALKEY or len(self._houses) == 1 else f"{house.code} {name}"
        part = Part(shown, command, environment, house.place.logs / f"{name}.log", pass_fds)
        child = Child(part, say, verbose=self._verbose)
        task = asyncio.create_task(child.run())
        self._tasks[task] = child
        task.add_done_callback(self._note_end)
        return child

    async def _stop_all(self) -> None:
        """Those who speak to guests first; Valkey when nobody needs it any more."""
        children = list(self._tasks.values())
        parts = [child.stop(within_seconds=STOP_SECONDS) for child in children if child.name != _VALKEY]
        await asyncio.gather(*parts)
        stores = [child.stop(within_seconds=_VALKEY_STOP_SECONDS) for child in children if child.name == _VALKEY]
        await asyncio.gather(*stores)
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _why_it_ended(child: Child, code: int) -> str:
    if code == CANNOT_BE and child.last_line:
        return child.last_line
    last = f' Its last words: "{child.last_line[:300]}".' if child.last_line else ""
    return f"{child.name} can't be started: it {how_it_ended(code)}.{last} Its log: {child.part.log}"
