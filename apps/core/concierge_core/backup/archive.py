"""One archive as a stream: a tar of manifest and parts, sealed when there is a passphrase. Memory stays bounded."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from concierge_core.backup import sealed_stream
from concierge_core.backup.manifest import PARTS, Manifest
from concierge_core.backup.unusable import ArchiveUnusable

_MANIFEST: Final = "manifest.json"
_LONGEST_MANIFEST: Final = 1_000_000
_CHUNK: Final = 256 * 1024


def packed(manifest: Manifest, files: Mapping[str, Path], *, passphrase: str | None) -> Iterator[bytes]:
    """The archive's bytes. The files must be those that the manifest describes."""
    plain = _tar(manifest, files)
    return sealed_stream.seal(plain, passphrase) if passphrase else plain


def unpacked(archive: Iterable[bytes], *, passphrase: str | None, to: Path | None = None) -> Manifest:
    """Check every byte of the archive's parts, and write them into the folder `to` unless that is None.

    Raises `ArchiveUnusable`; what was written by then is not to be used.
    """
    stream = _plain(archive, passphrase)
    try:
        with tarfile.open(fileobj=_Readable(stream), mode="r|") as tar:
            manifest = _read(tar, to)
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveUnusable("it is damaged or was cut off; take another archive") from error
    for _ in stream:  # to the end, whose seal says that nothing was cut off
        pass
    return manifest


def _tar(manifest: Manifest, files: Mapping[str, Path]) -> Iterator[bytes]:
    text = manifest.model_dump_json(indent=1).encode()
    yield from _entry(_MANIFEST, len(text), iter([text]), manifest)
    for name in PARTS:
        yield from _entry(name, manifest.parts[name].bytes, _chunks(files[name]), manifest)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _entry(name: str, size: int, content: Iterator[bytes], manifest: Manifest) -> Iterator[bytes]:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(manifest.made_at.timestamp())
    yield entry.tobuf(tarfile.PAX_FORMAT)
    yield from content
    yield bytes(-size % tarfile.BLOCKSIZE)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _plain(archive: Iterable[bytes], passphrase: str | None) -> Iterator[bytes]:
    beginning, rest = sealed_stream.split(archive, len(sealed_stream.MAGIC))
    whole = _joined(beginning, rest)
    if beginning == sealed_stream.MAGIC:
        if not passphrase:
            raise ArchiveUnusable("it is encrypted; put its passphrase into the Secret, under encryption-passphrase")
        return sealed_stream.unseal(whole, passphrase)
    if passphrase:
        # Whoever can write there could put an archive of his own in the place of ours.
        raise ArchiveUnusable(
            "it is not encrypted, although a passphrase is set, so it may not be ours; if you know that it is, take "
            "encryption-passphrase out of the Secret while you restore it"
        )
    return whole


def _joined(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _read(tar: tarfile.TarFile, to: Path | None) -> Manifest:
    manifest = _manifest(tar)
    for name in PARTS:
        content = _content(tar, name)
        digest, size = _copied(content, to / name if to else None)
        facts = manifest.parts.get(name)
        if facts is None or (digest, size) != (facts.sha256, facts.bytes):
            raise ArchiveUnusable(f"its {name} is not what was stored; take another archive")
    return manifest


def _manifest(tar: tarfile.TarFile) -> Manifest:
    text = _content(tar, _MANIFEST).read(_LONGEST_MANIFEST)
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise ArchiveUnusable("its manifest is damaged, or of a later version of this program") from error


def _content(tar: tarfile.TarFile, name: str) -> io.BufferedIOBase | tarfile.ExFileObject:
    entry = tar.next()
    content = tar.extractfile(entry) if entry is not None and entry.isreg() and entry.name == name else None
    if content is None:
        raise ArchiveUnusable(f"it has no {name} where it should be, so it is no backup or a damaged one")
    return content  # type: ignore[return-value]  # typeshed knows it as IO[bytes]


def _copied(content: io.BufferedIOBase | tarfile.ExFileObject, path: Path | None) -> tuple[str, int]:
    """Checksum and size of the content; written to the path, for its owner only, unless there is none."""
    digest, size = hashlib.sha256(), 0
    where = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if path else os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(where, "wb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return digest.hexdigest(), size


class _Readable(io.RawIOBase):
    """An iterator of bytes as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._waiting = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """As much as there is at once, at most `size`; nothing at the end."""
        while not self._waiting:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._waiting = chunk
        given, self._waiting = self._waiting[:size], self._waiting[size:]
        return given
