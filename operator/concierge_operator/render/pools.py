"""How many database connections each process may hold, so that all pods together fit into what the server allows."""

from __future__ import annotations

from concierge_operator.names import APPS, BACKGROUND, Component
from concierge_operator.observe import State, Verdict
from concierge_operator.render.context import Context
from concierge_operator.render.sizes import awake, awake_replicas

_RESERVED = 10
"""For the server's own superusers (3), a migration, a backup, and a person who looks."""
_MOST = 10
_LEAST = 2
"""A process needs one for its sweep and one for a guest."""


def pool_size(ctx: Context) -> int:
    """Connections of one process, 2 to 10; less than 2 does not fit (`too_many_connections` refuses it)."""
    return min(_MOST, _room(ctx) // _pods(ctx))


def too_many_connections(ctx: Context) -> Verdict | None:
    """The refusal of a spec whose pods could ask for more connections than there are."""
    if pool_size(ctx) >= _LEAST:
        return None
    needed = _pods(ctx) * _LEAST + _RESERVED
    told = (
        f"spec.postgres.maxConnections is {ctx.spec.postgres.max_connections}, but up to {_pods(ctx)} pods need "
        f"{needed}; raise it, or lower autoscaling.*.maxReplicas."
    )
    return Verdict(State.FAILED, "TooFewConnections", told)


def _room(ctx: Context) -> int:
    return max(0, ctx.spec.postgres.max_connections - _RESERVED)


def _pods(ctx: Context) -> int:
    """At most, with one more of each while it is rolled out."""
    parts = [part for part in awake(ctx) if part in (*APPS, *BACKGROUND, Component.WEB)]
    return sum(awake_replicas(ctx, part).most + 1 for part in parts)
