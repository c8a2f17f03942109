"""Secrets that the tenant's YAML refers to, found where this process runs."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from concierge_core.errors import TenantFileError
from concierge_core.settings import Settings
from concierge_core.tenant.documents import parse, read_text
from concierge_core.tenant.values import SecretRef


def environment_name(ref: SecretRef) -> str:
    """`CONCIERGE_SECRET_<NAME>_<KEY>`, upper case, everything but letters and digits as `_`."""
    return "CONCIERGE_SECRET_" + re.sub(r"[^A-Z0-9]", "_", f"{ref.name}_{ref.key}".upper())


def several(written: str) -> list[str]:
    """A secret that is being changed lists both, the newer first, with commas, spaces or line ends between them."""
    return [one for one in re.split(r"[,\s]+", written) if one]


class SecretSource:
    """Looks secrets up in the mounted folder, then in the secrets file, then in the environment.

    Everything is read afresh, so that a rotated secret is seen at its next use.
    """

    def __init__(self, settings: Settings, environment: Mapping[str, str] | None = None) -> None:
        self._settings = settings
        self._environment = os.environ if environment is None else environment

    def get(self, ref: SecretRef | None) -> SecretStr | None:
        """The secret, or None when it is nowhere or empty. Raises `TenantFileError` for an unusable secrets file."""
        if ref is None:
            return None
        found = self._mounted(ref) or self._in_file(ref) or self._environment.get(environment_name(ref))
        return SecretStr(found) if found else None

    def remedy(self, ref: SecretRef) -> str:
        """What to do when it is missing, in words."""
        return f'put "{ref.name}: {{{ref.key}: …}}" into the file given by --secrets, or set {environment_name(ref)}'

    def _mounted(self, ref: SecretRef) -> str | None:
        if self._settings.secrets_dir is None:
            return None
        file = self._settings.secrets_dir / ref.name / ref.key
        # Secrets made with an editor end in a line feed that was never meant.
        try:
            return file.read_text("utf-8").rstrip("\r\n") if file.is_file() else None
        except (OSError, UnicodeDecodeError):
            raise TenantFileError(f"{file}: cannot be read as text; check its permissions and encoding.") from None

    def _in_file(self, ref: SecretRef) -> str | None:
        path = self._settings.secrets_file
        if path is None:
            return None
        documents = parse(read_text(path), str(path))
        secrets: Any = documents[0].value if documents else {}
        keys = secrets.get(ref.name, {}) if isinstance(secrets, dict) else None
        if len(documents) > 1 or not isinstance(keys, dict):
            raise TenantFileError(f'{path}: {ref.name}: must be a section "name: {{key: value}}"; see docs/tenant.md.')
        value = keys.get(ref.key)
        if value is not None and not isinstance(value, str):
            raise TenantFileError(f"{path}: {ref.name}.{ref.key}: must be a text; put it in quotes.")
        return value
