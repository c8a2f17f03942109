"""Making a backup: what the pod's first container left, keys and YAML become one archive, checked where it lies."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import yaml

from concierge_core.backup.archive import packed, unpacked
from concierge_core.backup.backup_settings import BackupSettings
from concierge_core.backup.destinations import Destination
from concierge_core.backup.manifest import DUMP, FORMAT, KEYS, TENANT, Manifest, archive_name, facts_of
from concierge_core.backup.retention import outdated
from concierge_core.backup.unusable import ArchiveUnusable, DestinationUnusable
from concierge_core.keys import Keyring

REVISION: Final = "revision.sql"
"""The content of the table in which migrations note how far they are, as `pg_restore` prints it from the dump."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A backup that was made."""

    name: str
    manifest: Manifest
    removed: list[str]
    """Archives that were too old."""
    kept_against_will: list[str]
    """Archives that were too old and could not be removed."""


def store(settings: BackupSettings, place: Destination, *, keys: str, now: datetime) -> Stored:
    """Store what lies in the work folder, read it back to its last byte, and remove what is too old.

    Raises `ArchiveUnusable` (nothing to store, or not readable where it was stored), `DestinationUnusable`,
    `KeysUnusable`. Nothing is removed unless the new archive is good.
    """
    files = _gathered(settings, keys)
    manifest = _manifest(settings, files, keys=keys, now=now)
    name = archive_name(now)
    passphrase = settings.passphrase.get_secret_value() if settings.passphrase else None
    place.put(name, packed(manifest, files, passphrase=passphrase))
    _read_back(place, name, manifest, passphrase)
    removed, kept = _tidied(place, now, settings.retention_days)
    return Stored(name, manifest, removed, kept)


def _gathered(settings: BackupSettings, keys: str) -> dict[str, Path]:
    files = {name: settings.work_dir / name for name in (KEYS, TENANT, DUMP)}
    if not files[DUMP].is_file():
        raise ArchiveUnusable("there is no dump of the database; see the log of the container that makes it")
    _write(files[KEYS], keys)
    documents = [_tenant(settings.tenant_dir), *_knowledge(settings)]
    _write(files[TENANT], yaml.safe_dump_all(documents, allow_unicode=True, sort_keys=False, width=120))
    return files


def _tenant(folder: Path) -> dict[str, Any]:
    """The tenant's YAML with its own articles in their place again."""
    document: dict[str, Any] = yaml.safe_load((folder / "tenant.yaml").read_text("utf-8"))
    articles = folder / "articles.yaml"
    if articles.is_file() and (written := yaml.safe_load(articles.read_text("utf-8"))):
        document["spec"].setdefault("knowledge", {})["articles"] = written
    return document


def _knowledge(settings: BackupSettings) -> list[dict[str, Any]]:
    """The ConfigMaps with articles that the tenant names, so that its YAML is whole."""
    if not settings.knowledge_dir.is_dir():
        return []
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": folder.name}, "data": _data(folder)}
        for folder in sorted(settings.knowledge_dir.iterdir())
    ]


def _data(folder: Path) -> dict[str, str]:
    # The kubelet keeps the versions of a mounted ConfigMap in folders that begin with two dots.
    files = [path for path in sorted(folder.iterdir()) if not path.name.startswith("..")]
    return {path.name: path.read_text("utf-8") for path in files}


def _manifest(settings: BackupSettings, files: Mapping[str, Path], *, keys: str, now: datetime) -> Manifest:
    return Manifest(
        format=FORMAT,
        property=settings.property,
        made_at=now,
        app_version=metadata.version("concierge"),
        schema_revision=_revision(settings.work_dir / REVISION),
        key_ids=[key.id for key in Keyring.parse(keys).keys],
        parts=facts_of(files),
    )


def _revision(path: Path) -> str:
    """The one row of the table, from the lines of its COPY command."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    begin = next((n for n, line in enumerate(lines) if line.startswith("COPY public.alembic_version ")), len(lines))
    rows = lines[begin + 1 :]
    if "\\." not in rows[1:]:
        raise ArchiveUnusable(
            "the dump has no table alembic_version in the schema public, so it is not this property's database; check "
            "DATABASE_URL, and that the tables lie in the schema public"
        )
    return rows[0]


def _read_back(place: Destination, name: str, manifest: Manifest, passphrase: str | None) -> None:
    try:
        if unpacked(place.get(name), passphrase=passphrase) != manifest:
            raise ArchiveUnusable("it is not what was stored")
    except ArchiveUnusable as error:
        place.delete(name)
        raise ArchiveUnusable(
            f"the archive was stored, but read back {error}; the older ones were left alone"
        ) from error


def _tidied(place: Destination, now: datetime, keep_days: int) -> tuple[list[str], list[str]]:
    removed: list[str] = []
    kept: list[str] = []
    for name in outdated(place.names(), now=now, keep_days=keep_days):
        try:
            place.delete(name)
            removed.append(name)
        except DestinationUnusable:  # a bucket may be locked against it on purpose
            kept.append(name)
    return removed, kept


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
