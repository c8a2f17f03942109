"""One part of the house as a child process: started, watched, logged, started again, stopped.

A child never outlives the supervisor: on Linux the kernel ends it when its parent dies, however that happened.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from concierge_cli.restarts import Restarts

_LOG_BYTES = 5 * 1024 * 1024
_STOP_SECONDS = 15.0
_PR_SET_PDEATHSIG = 1


class Child:
    """A part called `name` (as people read it). `say` prints one line; `command` may differ at each start."""

    def __init__(
        self,
        name: str,
        command: Callable[[], Sequence[str]],
        *,
        environment: Mapping[str, str],
        log: Path,
        say: Callable[[str], None],
        verbose: bool = False,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._command = command
        self._environment = dict(environment)
        self._log = _open_log(log)
        self._log_path = log
        self._say = say
        self._verbose = verbose
        self._pass_fds = tuple(pass_fds)
        self._restarts = Restarts()
        self._stopping = False
        self._process: asyncio.subprocess.Process | None = None
        self.last_line = ""

    async def run(self) -> int:
        """Keep it running until `stop`. Ends early, with its exit code, only when it says that it can't be (code 2)."""
        while True:
            began = time.monotonic()
            code = await self._live()
            if self._stopping or code == 2:
                return code
            pause = self._restarts.pause_after(time.monotonic() - began)
            self._say(f"{self.name} {_how_it_ended(code)}; starting it again in {pause:.1f} s. Log: {self._log_path}")
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        """Ask it to end; insist after a while."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _live(self) -> int:
        self._process = await asyncio.create_subprocess_exec(
            *self._command(),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Its own session: Ctrl-C reaches the supervisor alone, which stops everything in order.
            start_new_session=True,
            preexec_fn=_end_with_parent,
            pass_fds=self._pass_fds,
            limit=1024 * 1024,
        )
        assert self._process.stdout
        try:
            while line := await self._process.stdout.readline():
                self._note(line.decode("utf-8", "replace").rstrip())
        except ValueError:
            self._log.warning("(a line too long to keep)")
        return await self._process.wait()

    def _note(self, line: str) -> None:
        self.last_line = line
        self._log.info(line)
        if self._verbose:
            self._say(f"[{self.name}] {line}")


def python(module: str, *arguments: str) -> Callable[[], Sequence[str]]:
    """The command that runs a module of ours with this Python."""
    return lambda: [sys.executable, "-m", module, *arguments]


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class _Forgiving(RotatingFileHandler):
    """A full disk must not end the house: what can't be logged is dropped."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Say nothing."""


def _open_log(path: Path) -> logging.Logger:
    logger = logging.Logger(str(path))
    handler = _Forgiving(path, maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(handler)
    return logger


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"was killed ({signal.Signals(-code).name})"
    return f"ended by itself (code {code})"
