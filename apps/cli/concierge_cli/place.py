"""Where one property's data lies on this machine, held by one `concierge up` at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from concierge_core.errors import InvalidInput

# The kernel takes 107 bytes as a socket's path; deeper folders get one in the system's temporary folder.
_SOCKET_PATH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one property below `--data`."""

    folder: Path

    @classmethod
    def of(cls, data: Path, code: str) -> Place:
        """The property's folder, made (private) if it isn't there. Raises `InvalidInput` when that can't be."""
        folder = data.resolve() / code
        try:
            (folder / "log").mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            _probe(folder)
        except OSError as error:
            raise InvalidInput("data_dir", _cannot_write(folder, error)) from error
        return cls(folder)

    @property
    def logs(self) -> Path:
        """Where its parts' logs go."""
        return self.folder / "log"

    def ai_socket(self) -> Path:
        """The private socket of the AI app."""
        path = self.folder / "ai.sock"
        if len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT:
            return path
        return Path(tempfile.mkdtemp(prefix="concierge-")) / "ai.sock"

    def drop_socket(self, path: Path) -> None:
        """Leave nothing of it behind."""
        path.unlink(missing_ok=True)
        if path.parent != self.folder:
            path.parent.rmdir()

    def hold(self) -> IO[str]:
        """Hold the folder until the returned file is closed (or this process dies).

        Raises `InvalidInput` when another `concierge up` holds it.
        """
        lock = (self.folder / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            lock.close()
            raise InvalidInput(
                "in_use",
                f"{self.folder} is in use by concierge up (process {holder}): stop that one first, "
                "or choose another folder with --data.",
            ) from error
        os.set_inheritable(lock.fileno(), False)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        return lock


def _probe(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"\0" * 65536)


def _cannot_write(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{folder}: the disk is full; free some space, or choose another folder with --data."
    return f"{folder}: can't be written ({error.strerror}); mend its rights, or choose another folder with --data."
