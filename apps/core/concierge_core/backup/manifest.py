"""What an archive says of itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT: Final = 1
DUMP: Final = "database.dump"
KEYS: Final = "encryption-keys"
TENANT: Final = "tenant.yaml"
PARTS: Final = (KEYS, TENANT, DUMP)
"""In the order in which they stand in the archive; what is small comes first."""

_NAME: Final = re.compile(r"(\d{8}T\d{6}Z)\.concierge")
_MOMENT: Final = "%Y%m%dT%H%M%SZ"


class PartFacts(BaseModel):
    """Size and checksum of one part."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """The archive's first entry. A later version may add fields, and raises `format` when old ones can't read it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1]
    property: str
    """The property's code."""
    made_at: datetime
    app_version: str
    schema_revision: str
    """Revision of the tables, as migrations name it."""
    key_ids: list[str]
    """Ids of the encryption keys that are in the archive."""
    parts: Mapping[str, PartFacts]


def facts_of(files: Mapping[str, Path]) -> dict[str, PartFacts]:
    """Size and checksum of each file."""
    return {name: _facts(path) for name, path in files.items()}


def _facts(path: Path) -> PartFacts:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PartFacts(bytes=path.stat().st_size, sha256=digest)


def archive_name(made_at: datetime) -> str:
    """Name of an archive: its moment in UTC, so that names sort by age."""
    return f"{made_at.astimezone(UTC):{_MOMENT}}.concierge"


def moment_of(name: str) -> datetime | None:
    """When the archive of this name was made; None for what is none of ours."""
    found = _NAME.fullmatch(name)
    try:
        return datetime.strptime(found[1], _MOMENT).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None
