"""`concierge-backup`: what the apps' image does in a backup's or a restore's pod, and on a laptop in an emergency.

    store            one archive of what the pod's first container dumped
    fetch ARCHIVE    fetch, open and check an archive; the next container puts it into the database
    list             names of the archives, the newest first
    unpack FILE      open an archive that lies here: database dump, keys and YAML

Exit codes: 0 done, 1 it did not work (one sentence says why), 2 the command line or a variable can't be used.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from concierge_core.backup.archive import unpacked
from concierge_core.backup.backup_settings import BackupSettings
from concierge_core.backup.destinations import destination
from concierge_core.backup.fetching import fetch, listed
from concierge_core.backup.manifest import Manifest
from concierge_core.backup.storing import store
from concierge_core.backup.unusable import ArchiveUnusable
from concierge_core.errors import ConciergeError, InvalidInput
from concierge_core.settings import Settings


def main(argv: list[str] | None = None) -> None:
    """Run and leave with the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except InvalidInput as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except ArchiveUnusable as error:
        print(f"The archive can't be used: {error}.", file=sys.stderr)
        raise SystemExit(1) from None
    except ConciergeError as error:
        print(f"This did not work: {error}.", file=sys.stderr)
        raise SystemExit(1) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="concierge-backup", description="Backups of one property, and their restore.")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verbs.add_parser("store", help="store what was dumped").set_defaults(run=_store)
    fetching = verbs.add_parser("fetch", help="fetch and check an archive")
    fetching.add_argument("archive", help='its name, or "latest"')
    fetching.set_defaults(run=_fetch)
    verbs.add_parser("list", help="name the archives, the newest first").set_defaults(run=_list)
    unpacking = verbs.add_parser("unpack", help="open an archive that lies here")
    unpacking.add_argument("file", type=Path)
    unpacking.add_argument("--to", type=Path, required=True, metavar="DIR", help="a folder that is not there yet")
    unpacking.set_defaults(run=_unpack)
    return parser


def _store(_: argparse.Namespace) -> None:
    settings = BackupSettings()
    keys = _needed(Settings().encryption_keys, "CONCIERGE_ENCRYPTION_KEYS")
    stored = store(settings, destination(settings), keys=keys, now=datetime.now(UTC))
    how = "encrypted" if settings.passphrase else "NOT encrypted: no encryption-passphrase is set"
    print(f"Stored {stored.name} ({_size(stored.manifest)}, {how}) and read it back.")
    print(f"It holds the encryption keys {', '.join(stored.manifest.key_ids)}.")
    if stored.removed:
        print(f"Removed, older than {settings.retention_days} days: {', '.join(stored.removed)}.")
    if stored.kept_against_will:
        print(f"Old, but could not be removed: {', '.join(stored.kept_against_will)}.", file=sys.stderr)


def _fetch(arguments: argparse.Namespace) -> None:
    settings = BackupSettings()
    token = _needed(Settings().internal_token, "CONCIERGE_INTERNAL_TOKEN")
    name, manifest = fetch(settings, destination(settings), arguments.archive, token=token)
    print(f"{name} is whole. {_told(manifest)}")


def _list(_: argparse.Namespace) -> None:
    settings = BackupSettings()
    for name in listed(destination(settings)):
        print(name)


def _unpack(arguments: argparse.Namespace) -> None:
    try:
        arguments.to.mkdir(mode=0o700)
        manifest = unpacked(_content(arguments.file), passphrase=_passphrase(), to=arguments.to)
    except OSError as error:
        raise InvalidInput("files", f"{error.filename}: {error.strerror}; name another file or folder.") from error
    print(f"Unpacked into {arguments.to}. {_told(manifest)}")
    print("The folder holds the encryption keys in plain text: remove it when you are done.")


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            yield chunk


def _passphrase() -> str | None:
    return os.environ.get("CONCIERGE_BACKUP_PASSPHRASE") or None


def _needed(value: SecretStr | None, variable: str) -> str:
    if value is None:
        raise InvalidInput("settings", f"{variable} is not set; the operator gives it from the generated Secret.")
    return value.get_secret_value()


def _told(manifest: Manifest) -> str:
    return (
        f"Property {manifest.property}, made {manifest.made_at:%Y-%m-%d %H:%M} UTC by version {manifest.app_version}, "
        f"tables of revision {manifest.schema_revision}, {_size(manifest)}. "
        f"It needs the encryption keys {', '.join(manifest.key_ids)}, which are in it."
    )


def _size(manifest: Manifest) -> str:
    return f"{sum(part.bytes for part in manifest.parts.values()) / 1e6:.1f} MB"
