"""What every app is handed at start: one property's specification and everything it needs from the outside.

`open_runtime.open_runtime` is the only place that decides which adapters are real. An app is a function
`create_app(runtime: Runtime) -> FastAPI`; it starts and stops nothing that the runtime owns.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from concierge_core.domain.ids import TenantId
from concierge_core.ports import Broadcast, Clock, Concierge, Store
from concierge_core.settings import Settings
from concierge_core.tenant.model import ConciergeTenant

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from concierge_core.turn_runner import TurnRunner


@dataclass
class Runtime:
    """One property, wired. `redis` is None when no Redis is configured; callers bring their own fallback."""

    settings: Settings
    tenant: ConciergeTenant
    clock: Clock
    store: Store
    broadcast: Broadcast
    concierge: Concierge
    redis: Redis | None = None
    turns: TurnRunner = field(init=False)

    def __post_init__(self) -> None:
        from concierge_core.turn_runner import TurnRunner

        self.turns = TurnRunner(self)

    @property
    def tenant_id(self) -> TenantId:
        """The property's code."""
        return TenantId(self.tenant.spec.property.code)
