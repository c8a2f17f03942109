"""From sightings to the details that conditions are made of: database, apps, background work, the way in. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from concierge_operator import names
from concierge_operator.names import BACKGROUND, Component
from concierge_operator.observe import READY, State, Verdict, absent
from concierge_operator.render.context import Context
from concierge_operator.render.migration import migration_name
from concierge_operator.render.sizes import data
from concierge_operator.render.workloads import apps
from concierge_operator.sightings import Place, Sighting
from concierge_operator.status_model import Endpoints, Migration

Seen = Mapping[Place, Sighting]


def details(ctx: Context, seen: Seen) -> dict[str, Verdict]:
    """Every detail that sightings tell; the migration's is the gate's."""
    found = {"DatabaseReady": data_ready(ctx, seen), "WorkersReady": background_ready(ctx, seen)}
    found["AppsReady"] = apps_ready(ctx, seen)
    if ctx.suspended:
        found = {"AppsReady": found["AppsReady"]}
    route = route_ready(ctx, seen)
    return found if route is None else {**found, "RouteReady": route}


def data_ready(ctx: Context, seen: Seen) -> Verdict:
    """Database and Redis. What the tenant brings itself is taken for ready: its apps say so when it is not."""
    parts = [("StatefulSet", names.object_name(part)) for part in data(ctx)]
    if ctx.spec.postgres.mode == "cloudnativepg":
        parts.insert(0, ("Cluster", names.object_name(Component.POSTGRES)))
    return worst(_verdict(ctx, place, seen) for place in parts)


def migration_state(ctx: Context, recorded: Migration | None, seen: Seen) -> Verdict | None:
    """How far the migration is that this version needs; None when it has not begun. The gate opens when it is ready."""
    name = migration_name(ctx)
    if recorded is not None and recorded.job == name and recorded.succeeded:
        return READY
    live = _ours(ctx, ("Job", name), seen)
    if live is None or live.verdict is None or live.verdict.state is not State.PROGRESSING:
        return live.verdict if live is not None else None
    return migrating(ctx)


def migrating(ctx: Context) -> Verdict:
    """The migration is at work."""
    told = f"The database is made ready for version {ctx.version} (Job {migration_name(ctx)})."
    return Verdict(State.PROGRESSING, "JobRunning", told)


def background_ready(ctx: Context, seen: Seen) -> Verdict:
    """Worker and beat."""
    return worst(_deployment(ctx, part, seen) for part in apps(ctx) if part in BACKGROUND)


def apps_ready(ctx: Context, seen: Seen) -> Verdict:
    """Everything that guests and staff talk to."""
    return worst(_deployment(ctx, part, seen) for part in apps(ctx) if part not in BACKGROUND)


def route_ready(ctx: Context, seen: Seen) -> Verdict | None:
    """The way in; None where the tenant has none of ours: no host, or a route of somebody else's making."""
    gateway = ctx.spec.gateway
    if not ctx.spec.host or gateway is None or not (gateway.name or gateway.ingress_class):
        return None
    kind = "Ingress" if gateway.ingress_class else "HTTPRoute"
    if kind == "HTTPRoute" and not ctx.offers("HTTPRoute", "gateway.networking.k8s.io"):
        told = "This cluster has no Gateway API. Install it, or set spec.gateway.ingressClass for an Ingress."
        return Verdict(State.FAILED, "GatewayApiMissing", told)
    routes = (live for place in seen if place[0] == kind and (live := _ours(ctx, place, seen)) is not None)
    found = [live.verdict or READY for live in routes if live.owned]
    return worst(found) if found else absent(kind, ctx.tenant)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The first that failed, else the first that is not ready, else ready."""
    found = [verdict for verdict in verdicts if not verdict.ready]
    failed = (verdict for verdict in found if verdict.state is State.FAILED)
    return next(failed, found[0] if found else READY)


def endpoints(ctx: Context) -> Endpoints:
    """Where the property is reached."""
    url = ctx.public_url
    if ctx.suspended:
        return Endpoints(guest=f"{url}/")
    return Endpoints(guest=f"{url}/", staff=f"{ctx.staff_url}/", widget=f"{url}/widget.js")


def _deployment(ctx: Context, component: Component, seen: Seen) -> Verdict:
    return _verdict(ctx, ("Deployment", names.object_name(component)), seen)


def _ours(ctx: Context, place: Place, seen: Seen) -> Sighting | None:
    """What a tenant of the same name has left, and the cluster has not tidied up yet, says nothing of this one."""
    live = seen.get(place)
    return live if live is not None and live.tenant_uid == ctx.uid else None


def _verdict(ctx: Context, place: Place, seen: Seen) -> Verdict:
    live = _ours(ctx, place, seen)
    if live is None:
        return absent(*place)
    return live.verdict or READY
