"""What every app is handed at start: one property's specification and everything it needs from the outside.

`open_runtime` is the only place that decides which adapters are real. An app is a function
`create_app(runtime: Runtime) -> FastAPI`; it starts and stops nothing that the runtime owns.
"""

from __future__ import annotations

from dataclasses import dataclass

from concierge_core.domain.ids import TenantId
from concierge_core.ports import Broadcast, Clock, Concierge, Store
from concierge_core.settings import Settings
from concierge_core.tenant.model import ConciergeTenant


@dataclass
class Runtime:
    """One property, wired."""

    settings: Settings
    tenant: ConciergeTenant
    clock: Clock
    store: Store
    broadcast: Broadcast
    concierge: Concierge

    @property
    def tenant_id(self) -> TenantId:
        """The property's code."""
        return TenantId(self.tenant.spec.property.code)
