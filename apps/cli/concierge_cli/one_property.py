"""The property that a one-off verb is about: its YAML, its folder, its settings."""

from __future__ import annotations

import argparse

from concierge_cli.place import Place
from concierge_core.errors import TenantFileError
from concierge_core.settings import Settings
from concierge_core.tenant.loader import load_tenant_files


def place_and_settings(arguments: argparse.Namespace) -> tuple[Place, Settings]:
    """As `concierge up` would run it. Raises `TenantFileError`."""
    loaded = load_tenant_files([arguments.file])
    if len(loaded) != 1:
        raise TenantFileError(f"{arguments.file}: holds {len(loaded)} properties; name a file with one.")
    place = Place.of(arguments.data, loaded[0].tenant.spec.property.code)
    settings = Settings(tenant_file=arguments.file, data_dir=place.folder, secrets_file=arguments.secrets)
    return place, settings
