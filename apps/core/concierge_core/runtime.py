"""What every app is handed at start: one property's specification and everything it needs from the outside.

`open_runtime.open_runtime` is the only place that decides which adapters are real. An app is a function
`create_app(runtime: Runtime) -> FastAPI`; it starts and stops nothing that the runtime owns.

The arrows run one way: use cases know the runtime, the loops (`turn_runner`, `relay`) know the use cases, and only
`open_runtime.wired` knows the loops.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from concierge_core.domain.conversation import Message
from concierge_core.domain.ids import TenantId, TurnId
from concierge_core.domain.turns import Turn
from concierge_core.ports import Broadcast, Clock, Concierge, Store
from concierge_core.settings import Settings
from concierge_core.tenant.model import ConciergeTenant

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Turns(Protocol):
    """What this process does of its own accord, as its callers see it."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Sweep, renew leases and relay for as long as the block lasts; at its end, `give_back`."""
        ...

    def start(self, turn: Turn) -> None:
        """Answer the turn in the background: at once if it is leased to us, else after claiming it."""
        ...

    async def answer(self, turn_id: TurnId) -> Message | None:
        """Wait until the turn is over, whoever answers it; its reply, or None when there is none."""
        ...

    def in_background(self, deed: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for."""
        ...

    def wake_relay(self) -> None:
        """Something new is in the outbox."""
        ...

    async def give_back(self) -> None:
        """Begin no turn any more, give running ones a moment to end, and the rest to other processes at once."""
        ...


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
    turns: Turns = field(init=False)
    """Set by `open_runtime.wired`, for it needs the rest."""
    declared: ConciergeTenant = field(init=False)
    """The YAML's own, as it was at the start."""
    overrides: Mapping[str, Mapping[str, Any]] = field(init=False, default_factory=dict)
    """The overrides that `tenant` was made with."""

    def __post_init__(self) -> None:
        self.declared = self.tenant

    @property
    def tenant_id(self) -> TenantId:
        """The property's code."""
        return TenantId(self.tenant.spec.property.code)
