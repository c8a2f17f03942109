"""What the supervisor needs to know of each property's YAML.

It is read in a process of its own: the typed model of the whole `ConciergeTenant` costs 28 MB, and the supervisor,
which only watches, would carry them for as long as the house is open.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from concierge_core.errors import ConciergeError, InvalidInput, TenantFileError

if TYPE_CHECKING:
    from concierge_core.tenant.loader import LoadedTenant

_UNUSABLE = 2


@dataclass(frozen=True, slots=True)
class Declared:
    """One property. `model` is None when its YAML wants no model; `has_key` when it brings a key of its own."""

    code: str
    name: str
    source: str
    model: str | None
    has_key: bool
    redis_url: str | None = field(default=None, repr=False)
    """The Redis to use, from the environment or the YAML; None: the bundled one."""
    notes: tuple[str, ...] = ()
    """What the YAML asks for and doesn't get here, a sentence each."""


def read(files: Sequence[Path], secrets_file: Path | None = None) -> list[Declared]:
    """Every property in these files, checked as all parts will check it. Raises `TenantFileError`."""
    command = [sys.executable, "-P", "-m", __name__, str(secrets_file or ""), *map(str, files)]
    told = subprocess.run(  # noqa: S603  # this Python, this module, and file names as arguments
        command, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    if told.returncode == _UNUSABLE:
        raise TenantFileError(*told.stdout.splitlines())
    if told.returncode != 0:
        raise ConciergeError(f"the YAML could not be read: {(told.stderr.strip().splitlines() or ['?'])[-1]}")
    return [Declared(**{**each, "notes": tuple(each["notes"])}) for each in json.loads(told.stdout)]


def main() -> int:
    """The other process: prints the properties, or what is wrong, a sentence a line."""
    from concierge_core.tenant.loader import load_tenant_files

    secrets_file, *files = sys.argv[1:]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a pipe, never something else
    try:
        loaded = load_tenant_files([Path(file) for file in files])
        found = [asdict(_declared(each, Path(secrets_file) if secrets_file else None)) for each in loaded]
    except InvalidInput as error:  # the environment's mistakes too
        print(error)
        return _UNUSABLE
    print(json.dumps(found))
    return 0


def _declared(loaded: LoadedTenant, secrets_file: Path | None) -> Declared:
    from concierge_core.settings import Settings
    from concierge_core.tenant.own_settings import complete, not_found
    from concierge_core.tenant.reach import unmet
    from concierge_core.tenant.secrets import SecretSource

    settings = Settings() if secrets_file is None else Settings(secrets_file=secrets_file)
    spec, secrets = loaded.tenant.spec, SecretSource(settings)
    complete(settings, spec)
    missing = [
        f"{path}: the secret is not there, so {INSTEAD[path]}; {secrets.remedy(ref)}"
        for path, ref in not_found(settings, spec).items()
    ]
    return Declared(
        spec.property.code,
        spec.property.name,
        str(loaded.source),
        None if spec.ai.provider == "none" else spec.ai.model,
        secrets.get(spec.ai.key_secret) is not None,
        settings.redis_url.get_secret_value() if settings.redis_url else None,
        (*missing, *unmet(loaded.tenant)),
    )


INSTEAD = {
    "spec.postgres.urlSecret": "SQLite in the data folder is used",
    "spec.redis.urlSecret": "the bundled Valkey is used",
    "spec.observability.sentryDsnSecret": "errors are not reported to Sentry",
}
"""What happens when a property's own is not found."""


if __name__ == "__main__":
    raise SystemExit(main())
