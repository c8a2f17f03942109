"""Why a property can't be opened, said to whoever runs it: what happened, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from concierge_core.errors import ConciergeError, NotMigrated, Unavailable
from concierge_core.settings import Settings


def why(error: ConciergeError, settings: Settings) -> str:
    """One sentence."""
    if not isinstance(error, Unavailable) or isinstance(error, NotMigrated):
        return str(error)
    if error.part == "storage":
        return f"{settings.data_dir}: the disk is full; free some space, or choose another folder with --data."
    if error.part == "database" and settings.database_url is not None:
        where = "DATABASE_URL" if os.environ.get("DATABASE_URL") else "spec.postgres.urlSecret"
        return f"{where}: no database answers there; check the address and that the database is running."
    if error.part == "database":
        return (
            f"{settings.data_dir}: the database in this folder can't be read; it is damaged or not ours: restore it "
            "from a backup, or choose another folder with --data."
        )
    return f"{error}; concierge doctor says more."


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Raise what is unavailable inside as an error that says `why`."""
    try:
        yield
    except Unavailable as error:
        raise ConciergeError(why(error, settings)) from error
