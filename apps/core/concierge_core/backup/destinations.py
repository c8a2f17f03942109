"""Where archives lie: a folder (a mounted volume claim) or an S3 bucket, in a folder of each property's own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from concierge_core.backup.backup_settings import BackupSettings
from concierge_core.backup.manifest import moment_of
from concierge_core.backup.unusable import ArchiveUnusable, DestinationUnusable

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

_PART: Final = 8 * 2**20
"""Bytes of an upload's part: two of them are in memory, and 10,000 of them, as many as S3 takes, are 80 GiB."""

_UNFINISHED_SECONDS: Final = 24 * 3600


class Destination(Protocol):
    """Archives of one property. All raise `DestinationUnusable`."""

    def names(self) -> list[str]:
        """Names of all files there, in no order."""
        ...

    def put(self, name: str, content: Iterable[bytes]) -> None:
        """Store it whole, or not at all; one of that name is replaced."""
        ...

    def get(self, name: str) -> Iterator[bytes]:
        """Its content. Raises `ArchiveUnusable` where there is none."""
        ...

    def delete(self, name: str) -> None:
        """Remove it."""
        ...


def destination(settings: BackupSettings) -> Destination:
    """The property's folder at the destination."""
    if settings.destination.startswith("s3://"):
        return Bucket(_s3(settings), settings.destination)
    return Folder(Path(settings.destination) / settings.property)


class Folder:
    """A folder on a volume. It is made when something is stored."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """As `Destination.names`."""
        with self._explained():
            return [path.name for path in self._path.iterdir()] if self._path.is_dir() else []

    def put(self, name: str, content: Iterable[bytes]) -> None:
        """As `Destination.put`: written beside, brought to the disk, then named."""
        with self._explained():
            self._path.mkdir(parents=True, exist_ok=True)
            self._forget_unfinished()
            unfinished = self._path / f".{name}.part"
            try:
                self._write(unfinished, content)
                unfinished.replace(self._path / name)
            finally:
                unfinished.unlink(missing_ok=True)

    def get(self, name: str) -> Iterator[bytes]:
        """As `Destination.get`."""
        if name not in self.names():
            raise _absent(name, self.names())
        with self._explained(), (self._path / name).open("rb") as file:
            while chunk := file.read(_PART):
                yield chunk

    def delete(self, name: str) -> None:
        """As `Destination.delete`."""
        with self._explained():
            (self._path / name).unlink(missing_ok=True)

    def _forget_unfinished(self) -> None:
        """What a pod left that was killed; another one may be at work, so only what is old."""
        for path in self._path.glob(".*.part"):
            if path.stat().st_mtime < time.time() - _UNFINISHED_SECONDS:
                path.unlink(missing_ok=True)

    @staticmethod
    def _write(path: Path, content: Iterable[bytes]) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for chunk in content:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DestinationUnusable(
                f"the volume for backups can't be used ({error.strerror}); give it room and the right to write there"
            ) from error


class Bucket:
    """A folder in an S3 bucket."""

    def __init__(self, store: S3Store, shown: str) -> None:
        self._store = store
        self._shown = shown

    def names(self) -> list[str]:
        """As `Destination.names`; folders below it (CloudNativePG's own backups) are left out."""
        with self._explained():
            return [str(entry["path"]) for entry in self._store.list_with_delimiter()["objects"]]

    def put(self, name: str, content: Iterable[bytes]) -> None:
        """As `Destination.put`: the object is there when its last part is."""
        with self._explained():
            self._store.put(name, content, chunk_size=_PART, max_concurrency=2)

    def get(self, name: str) -> Iterator[bytes]:
        """As `Destination.get`."""
        if name not in self.names():
            raise _absent(name, self.names())
        with self._explained():
            # Part by part: each has its own time-out and is tried again by itself.
            size = self._store.head(name)["size"]
            for start in range(0, size, _PART):
                yield bytes(self._store.get_range(name, start=start, end=min(start + _PART, size)))

    def delete(self, name: str) -> None:
        """As `Destination.delete`."""
        with self._explained():
            self._store.delete(name)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise DestinationUnusable(
                f"{self._shown} refuses these credentials; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the "
                "Secret, and that they may list, read, write and delete there"
            ) from error
        except FileNotFoundError as error:
            raise DestinationUnusable(f"{self._shown} is not there; make the bucket or correct its name") from error
        except (BaseError, OSError) as error:
            raise DestinationUnusable(
                f"{self._shown} can't be used; check bucket, endpoint and region, and that the network policy leads "
                "there"
            ) from error


def _s3(settings: BackupSettings) -> S3Store:
    from obstore.store import S3Store  # 15 MB that a folder does without

    if settings.access_key_id is None or settings.secret_access_key is None:
        raise DestinationUnusable(
            "the Secret with the credentials needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; add them"
        )
    bucket, _, path = settings.destination.removeprefix("s3://").partition("/")
    config: S3Config = {
        "access_key_id": settings.access_key_id.get_secret_value(),
        "secret_access_key": settings.secret_access_key.get_secret_value(),
        "region": settings.region,
    }
    if settings.endpoint:
        config["endpoint"] = settings.endpoint
    return S3Store(
        bucket,
        prefix="/".join(part for part in (path.strip("/"), settings.property) if part),
        config=config,
        client_options={
            "allow_http": (settings.endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=10),
            "timeout": timedelta(seconds=settings.part_timeout_seconds),
        },
        retry_config={
            "max_retries": settings.retries,
            "retry_timeout": timedelta(minutes=5),
            "backoff": {"base": 2, "init_backoff": timedelta(seconds=0.5), "max_backoff": timedelta(seconds=20)},
        },
    )


def _absent(name: str, there: list[str]) -> ArchiveUnusable:
    ours = [other for other in there if moment_of(other) is not None]
    newest = f"; the newest is {max(ours)}" if ours else "; there is none of this property at all"
    return ArchiveUnusable(f'there is no archive "{name}"{newest}')
