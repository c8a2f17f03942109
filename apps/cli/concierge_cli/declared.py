"""What the supervisor needs to know of each property's YAML.

It is read in a process of its own: the typed model of the whole `ConciergeTenant` costs 28 MB, and the supervisor,
which only watches, would carry them for as long as the house is open.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from concierge_core.errors import ConciergeError, TenantFileError

_UNUSABLE = 2


@dataclass(frozen=True, slots=True)
class Declared:
    """One property. `model` is None when its YAML wants no model; `has_key` when it refers to a key of its own."""

    code: str
    name: str
    source: str
    model: str | None
    has_key: bool


def read(files: Sequence[Path]) -> list[Declared]:
    """Every property in these files, checked as all parts will check it. Raises `TenantFileError`."""
    command = [sys.executable, "-P", "-m", __name__, *map(str, files)]
    told = subprocess.run(  # noqa: S603  # this Python, this module, and file names as arguments
        command, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    if told.returncode == _UNUSABLE:
        raise TenantFileError(told.stdout.strip())
    if told.returncode != 0:
        raise ConciergeError(f"the YAML could not be read: {(told.stderr.strip().splitlines() or ['?'])[-1]}")
    return [Declared(**each) for each in json.loads(told.stdout)]


def main() -> int:
    """The other process: prints the properties, or the one sentence that says what is wrong."""
    from concierge_core.tenant.loader import LoadedTenant, load_tenant_files

    def declared(loaded: LoadedTenant) -> Declared:
        spec = loaded.tenant.spec
        model = None if spec.ai.provider == "none" else spec.ai.model
        has_key = spec.ai.key_secret is not None
        return Declared(spec.property.code, spec.property.name, str(loaded.source), model, has_key)

    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a pipe, never something else
    try:
        found = [asdict(declared(loaded)) for loaded in load_tenant_files([Path(word) for word in sys.argv[1:]])]
    except TenantFileError as error:
        print(error)
        return _UNUSABLE
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
