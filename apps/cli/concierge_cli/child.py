"""One part of the house as a child process: started, watched, logged, started again, stopped.

A child never outlives the supervisor: on Linux the kernel ends it when its parent dies, however that happened.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from concierge_cli import surfacing
from concierge_cli.child_log import open_log
from concierge_cli.restarts import Restarts

CANNOT_BE = 2
"""The exit code of a part that can't run as it is told to; the reason is its last line."""

_LAST_WORDS_SECONDS = 1.0
_TRIES_BEFORE_FIRST_SERVICE = 3
_LONGEST_LINE_BYTES = 1024 * 1024
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Part:
    """What to run: `name` as people read it; `command` is asked at each start; `pass_fds` stay open in the child."""

    name: str
    command: Callable[[], Sequence[str]]
    environment: Mapping[str, str]
    log: Path
    pass_fds: tuple[int, ...] = ()


@dataclass
class Child:
    """A part while it is kept running. `say` prints one line."""

    part: Part
    say: Callable[[str], None]
    verbose: bool = False
    restarts: Restarts = field(default_factory=Restarts)
    has_served: bool = False
    """Set by the supervisor: from then on nothing but `stop` ends the part for good."""
    last_line: str = ""

    def __post_init__(self) -> None:
        self._log = open_log(self.part.log)
        self._surfaced = surfacing.Surfaced()
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def name(self) -> str:
        """As people read it."""
        return self.part.name

    async def run(self) -> int:
        """Keep it running until `stop`; its last exit code.

        Ends early only before it has ever served: when it says that it can't be, or has died several times.
        """
        try:
            return await self._keep_running()
        finally:
            for handler in self._log.handlers:
                handler.close()

    async def _keep_running(self) -> int:
        deaths = 0
        while True:
            began = time.monotonic()
            code = await self._live()
            deaths += 1
            if self._stopping.is_set() or self._is_hopeless(code, deaths):
                return code
            pause = self.restarts.pause_after(time.monotonic() - began)
            self.say(f"{self.name} {how_it_ended(code)}; starting it again in {pause:.1f} s. Log: {self.part.log}")
            if await self._told_to_stop_within(pause):
                return code

    async def stop(self, *, within_seconds: float) -> None:
        """Ask it to end; what doesn't in time is killed, and that is said."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), within_seconds)
        except TimeoutError:
            self.say(f"{self.name} did not end within {within_seconds:g} s and was killed")
            self.kill()
            await process.wait()

    def kill(self) -> None:
        """End it and whatever it started, at once."""
        self._stopping.set()
        if self._process is not None:
            _kill_group(self._process.pid)

    def _is_hopeless(self, code: int, deaths: int) -> bool:
        return not self.has_served and (code == CANNOT_BE or deaths >= _TRIES_BEFORE_FIRST_SERVICE)

    async def _told_to_stop_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _live(self) -> int:
        # A pipe of our own: one of asyncio's would make us wait for whoever else has it open.
        reading, writing = os.pipe()
        try:
            self._process = process = await self._start(writing)
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        if self._stopping.is_set():
            process.terminate()
        listening = asyncio.create_task(self._listen_at(reading))
        code = await process.wait()
        # What it started ends with it, and lets go of the pipe.
        _kill_group(process.pid)
        await asyncio.wait([listening], timeout=_LAST_WORDS_SECONDS)
        listening.cancel()
        await asyncio.wait([listening])
        return code

    async def _start(self, output: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.part.command(),
            env=dict(self.part.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            # Its own session: Ctrl-C reaches the supervisor alone, which stops everything in order.
            start_new_session=True,
            preexec_fn=_end_with_parent(os.getpid()),
            pass_fds=self.part.pass_fds,
        )

    async def _listen_at(self, reading: int) -> None:
        output = asyncio.StreamReader(limit=_LONGEST_LINE_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), os.fdopen(reading, "rb", 0)
        )
        try:
            await self._listen(output)
        finally:
            transport.close()

    async def _listen(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:
                continue  # a line too long to keep; readline has dropped it
            if not line:
                return
            self._note(line.decode("utf-8", "replace").rstrip())

    def _note(self, line: str) -> None:
        self.last_line = line or self.last_line
        self._log.info(line)
        if self.verbose:
            self.say(f"[{self.name}] {line}")
        elif trouble := self._surfaced.worth_saying(line):
            self.say(f"{self.name} reports: {trouble}. Log: {self.part.log}")


def python(module: str, *arguments: str) -> Callable[[], Sequence[str]]:
    """The command that runs a module of ours with this Python; nothing in the current folder can shadow a module."""
    return lambda: [sys.executable, "-P", "-m", module, *arguments]


def how_it_ended(code: int) -> str:
    """In words."""
    if code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended by itself (code {code})"


def _end_with_parent(parent: int) -> Callable[[], None]:
    def in_child() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)  # it died before we asked

    return in_child


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nobody is left
