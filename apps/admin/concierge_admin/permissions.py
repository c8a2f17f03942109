"""Who may do what: named permissions, given to roles, checked in one place (`gate.require`)."""

from __future__ import annotations

from enum import StrEnum

from concierge_core.domain.people import Role


class Permission(StrEnum):
    """`thing:deed`. Each route of the dashboard names exactly one."""

    CONVERSATION_READ = "conversation:read"
    CONVERSATION_ANSWER = "conversation:answer"
    REQUEST_READ = "request:read"
    REQUEST_WORK = "request:work"
    KNOWLEDGE_READ = "knowledge:read"
    KNOWLEDGE_EDIT = "knowledge:edit"
    FIGURES_READ = "figures:read"
    SETTINGS_CHANGE = "settings:change"
    AUDIT_READ = "audit:read"
    ACCOUNT_OWN = "account:own"


_AGENT = frozenset(
    {
        Permission.CONVERSATION_READ,
        Permission.CONVERSATION_ANSWER,
        Permission.REQUEST_READ,
        Permission.REQUEST_WORK,
        Permission.KNOWLEDGE_READ,
        Permission.ACCOUNT_OWN,
    }
)
_MANAGER = _AGENT | {Permission.KNOWLEDGE_EDIT, Permission.FIGURES_READ, Permission.SETTINGS_CHANGE}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _AGENT,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: frozenset(Permission),
}


def allowed(role: Role, permission: Permission) -> bool:
    """The role has the permission."""
    return permission in GRANTS[role]
