"""Every error this product raises on purpose.

```
ConciergeError
├── InvalidInput            a person or a peer sent something that cannot be used; the message says what and why
│   └── TenantFileError     the property's YAML: names file, field and remedy
├── NotFound                no such thing in this tenant
├── Conflict                the thing changed under the caller's hands; carries what is true now
├── NotAllowed              the caller may not do this
├── TooMany                 a limit was hit; carries when to try again
└── Unavailable             a part we need is away: database, model, broker
    └── NotMigrated         the database is there, but not yet as this version needs it
```

Expected outcomes (a duplicate message, a superseded turn, a hand-off nobody took) are values, not errors.
Messages never carry guest text or secrets.
"""

from __future__ import annotations


class ConciergeError(Exception):
    """Root of the tree."""


class InvalidInput(ConciergeError):
    """Something unusable came in. `code` is stable and for programs; the text is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class TenantFileError(InvalidInput):
    """The property's YAML cannot be used. Each sentence names file, field and remedy; the message has one a line."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("tenant_file", "\n".join(sentences))
        self.sentences = sentences


class NotFound(ConciergeError):
    """No such thing in this tenant (a foreign tenant's thing is not found either)."""


class Conflict(ConciergeError):
    """The thing is no longer as the caller believed: taken over by another, closed, already answered."""


class NotAllowed(ConciergeError):
    """The caller is known and may not do this."""


class TooMany(ConciergeError):
    """A limit was hit."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"try again in {retry_after_seconds:.0f} s")
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ConciergeError):
    """A part we need is away. `part` is one of: database, model, broker, storage."""

    def __init__(self, part: str) -> None:
        super().__init__(f"{part} is unavailable")
        self.part = part


class NotMigrated(Unavailable):
    """The database answers, but its tables are not (yet) those of this version."""

    def __init__(self) -> None:
        super().__init__("database")
        self.args = ("the database is not migrated to this version yet: run concierge-migrate, or wait for it to end",)
