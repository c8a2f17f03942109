"""How far a database is migrated, without Alembic's 10 MB: revisions are numbers that rise, and name their files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import TextClause, text

_VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"

STORED_REVISION: Final[TextClause] = text("SELECT version_num FROM alembic_version")
"""What the database says of itself; it is the one table that belongs to no tenant."""

NEEDED: Final = max(file.stem.partition("_")[0] for file in _VERSIONS.glob("[0-9]*.py"))
"""The last migration of this version."""


def is_enough(stored: Sequence[str]) -> bool:
    """What is stored is this version's last migration or a later one."""
    return bool(stored) and max(stored) >= NEEDED
