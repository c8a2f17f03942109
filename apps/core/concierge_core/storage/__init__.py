"""The database: SQLite on one machine, PostgreSQL in a cluster. Nothing outside this package knows SQL.

`open_store` gives the repositories of `concierge_core.ports`; `migrate` brings the schema up to date before.
"""

from concierge_core.storage.migration import knows_revision, migrate, schema_is_current
from concierge_core.storage.rotation import rotate
from concierge_core.storage.store import SqlStore, open_store

__all__ = ["SqlStore", "knows_revision", "migrate", "open_store", "rotate", "schema_is_current"]
