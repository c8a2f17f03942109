"""What every page of one property's dashboard works with: the runtime, sessions, templates, assets, counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from jinja2 import Environment

from concierge_admin import theme
from concierge_admin.assets import Assets
from concierge_admin.attempts import Attempts
from concierge_admin.places import Places
from concierge_admin.rendering import environment
from concierge_admin.sessions import Sessions
from concierge_core.runtime import Runtime


@dataclass(frozen=True)
class Desk:
    """One property's dashboard."""

    rt: Runtime
    sessions: Sessions
    attempts: Attempts
    assets: Assets
    templates: Environment
    live_places: Places

    @property
    def cookie(self) -> str:
        """Name of the session cookie.

        It carries the property's code, because ports of one host share cookies. `__Host-` (https only) makes the
        browser refuse it from any other host and for any part of the site.
        """
        name = f"concierge-staff-{self.rt.tenant_id}"
        return f"__Host-{name}" if self.rt.settings.https else name


def open_desk(runtime: Runtime) -> Desk:
    """Everything that one property's dashboard needs."""
    brand = runtime.tenant.spec.property.branding.primary_color
    assets = Assets({"theme.css": theme.style_sheet(brand).encode()})
    return Desk(
        rt=runtime,
        sessions=Sessions(runtime),
        attempts=Attempts(runtime),
        assets=assets,
        templates=environment(runtime, assets),
        live_places=Places(),
    )


def desk_of(request: Request) -> Desk:
    """The desk that the router was made for (several properties never share one router)."""
    desk: Desk = request.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(desk_of)]
