"""What every app is handed at start: one property's specification and everything it needs from the outside.

`open_runtime.open_runtime` is the only place that decides which adapters are real. An app is a function
`create_app(runtime: Runtime) -> FastAPI`; it starts and stops nothing that the runtime owns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from concierge_core.domain.ids import TenantId
from concierge_core.ports import Broadcast, Clock, Concierge, Store
from concierge_core.settings import Settings
from concierge_core.tenant.model import ConciergeTenant

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from concierge_core.turn_runner import TurnRunner


@dataclass
class Runtime:
    """One property, wired. `redis` is None when no Redis is configured; callers bring their own fallback.

    `tenant` is what holds now: the YAML with what staff overrode. It changes while we run (`use_cases.settings` puts
    another value in its place), so read it when it is needed and keep no part of it that staff may override.
    """

    settings: Settings
    tenant: ConciergeTenant
    clock: Clock
    store: Store
    broadcast: Broadcast
    concierge: Concierge
    redis: Redis | None = None
    turns: TurnRunner = field(init=False)
    declared: ConciergeTenant = field(init=False)
    """The YAML's own, as it was at the start."""
    overrides: Mapping[str, Mapping[str, Any]] = field(init=False, default_factory=dict)
    """The overrides that `tenant` was made with."""

    def __post_init__(self) -> None:
        from concierge_core.turn_runner import TurnRunner

        self.declared = self.tenant
        self.turns = TurnRunner(self)

    @property
    def tenant_id(self) -> TenantId:
        """The property's code."""
        return TenantId(self.tenant.spec.property.code)
