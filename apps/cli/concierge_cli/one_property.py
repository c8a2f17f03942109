"""The property that a one-off verb is about: its YAML, its folder, its settings."""

from __future__ import annotations

import argparse

from concierge_cli.hush import hush
from concierge_cli.place import Place
from concierge_core.errors import InvalidInput, TenantFileError
from concierge_core.settings import Settings
from concierge_core.tenant.loader import load_tenant_files
from concierge_core.tenant.own_settings import complete


def place_and_settings(arguments: argparse.Namespace) -> tuple[Place, Settings]:
    """As `concierge up` would run it. Raises `TenantFileError`, and `InvalidInput` for one that never ran here."""
    hush()
    loaded = load_tenant_files([arguments.file])
    if len(loaded) != 1:
        raise TenantFileError(f"{arguments.file}: holds {len(loaded)} properties; name a file with one.")
    code = loaded[0].tenant.spec.property.code
    folder = arguments.data.resolve() / code
    settings = Settings(tenant_file=arguments.file, data_dir=folder, secrets_file=arguments.secrets)
    complete(settings, loaded[0].tenant.spec)
    if settings.database_url is None and not list(folder.glob("*.db")):
        raise InvalidInput(
            "never_started", f"{folder}: {code} was never started here; start it first, or name its folder with --data."
        )
    return Place.of(arguments.data, code), settings
