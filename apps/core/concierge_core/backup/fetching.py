"""The first half of a restore: an archive is fetched, opened and checked before anything touches the database."""

from __future__ import annotations

from typing import Final

from concierge_core.backup.archive import unpacked
from concierge_core.backup.backup_settings import BackupSettings
from concierge_core.backup.destinations import Destination
from concierge_core.backup.handover import Handover, sealed
from concierge_core.backup.manifest import KEYS, Manifest, moment_of
from concierge_core.backup.unusable import ArchiveUnusable
from concierge_core.keys import Keyring

LATEST: Final = "latest"
HANDOVER: Final = "handover.json"
"""In the work folder: what the pod's last container says when the database is restored."""


def fetch(settings: BackupSettings, place: Destination, archive: str, *, token: str) -> tuple[str, Manifest]:
    """Unpack the archive into the work folder: its name and manifest. `archive` is a name, or "latest".

    Raises `ArchiveUnusable`, `DestinationUnusable`, `KeysUnusable`.
    """
    name = _named(place, archive)
    passphrase = settings.passphrase.get_secret_value() if settings.passphrase else None
    manifest = unpacked(place.get(name), passphrase=passphrase, to=settings.work_dir)
    _refuse_foreign(manifest, settings.property)
    _refuse_newer(manifest)
    keys = (settings.work_dir / KEYS).read_text("utf-8")
    Keyring.parse(keys)
    (settings.work_dir / HANDOVER).write_text(sealed(Handover(name, keys), token=token), encoding="utf-8")
    (settings.work_dir / KEYS).unlink()  # from here on only sealed
    return name, manifest


def listed(place: Destination) -> list[str]:
    """Names of all archives, the newest first."""
    return sorted((name for name in place.names() if moment_of(name) is not None), reverse=True)


def _named(place: Destination, archive: str) -> str:
    if archive != LATEST:
        return archive if archive.endswith(".concierge") else f"{archive}.concierge"
    found = listed(place)
    if not found:
        raise ArchiveUnusable("there is no archive of this property at the destination; check destination and code")
    return found[0]


def _refuse_foreign(manifest: Manifest, code: str) -> None:
    if manifest.property != code:
        raise ArchiveUnusable(
            f'it is a backup of the property "{manifest.property}", and this one is "{code}"; take one of its own'
        )


def _refuse_newer(manifest: Manifest) -> None:
    from concierge_core.storage import knows_revision  # Alembic's 10 MB, which making a backup does without

    if not knows_revision(manifest.schema_revision):
        raise ArchiveUnusable(
            f"it was made by version {manifest.app_version}, whose tables this version does not know yet; set "
            f"spec.version to {manifest.app_version} or later, then restore"
        )
