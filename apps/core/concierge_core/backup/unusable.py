"""What can be wrong with an archive, or with the place where archives lie."""

from __future__ import annotations

from concierge_core.errors import ConciergeError


class ArchiveUnusable(ConciergeError):
    """The archive is damaged, locked or of another property. The message says what to do."""


class DestinationUnusable(ConciergeError):
    """The place where archives lie refuses us or is out of reach. The message says what to do; no secret is in it."""
